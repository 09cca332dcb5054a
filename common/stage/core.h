/* core: what a service is, with all input and output taken away.
 *
 * A stage's core is a table of small functions, one per event type: (state, event, now) in, effects out. It never touches
 * a socket, the store, a clock or chance. The runtime (stage.h) reads what the core asks for, commits what it decides,
 * publishes, and does it all again from the log after a crash. `now` is the time at which the event was appended, so
 * working the same log again decides the same. */
#ifndef CARELINE_CORE_H
#define CARELINE_CORE_H

#include "event.h"

struct site;        /* site.h: playbooks, calendar, templates, staff in force */
struct playbook;    /* playbook.h */

/* State as the core sees it and effects as it makes them: one turn. An effect is seen by the next read. */
struct turn;

struct core {
    enum stage stage;
    /* handler by event number; NULL: of no interest */
    void (*const *handlers)(struct turn *turn, const struct event *event, const void *data);
    /* a timer of one of this stage's entities; called only if the entity still expects this due time. NULL if none */
    void (*on_timer)(struct turn *turn, enum entity_kind kind, const char *id, const void *entity);
    enum entity_kind site_kind;     /* where this stage keeps site_config; the runtime handles config.activated */
    /* names the entities that the event will surely touch, so that one read fetches those of a whole batch; or NULL */
    void (*prefetch)(const struct event *event, const void *data, void (*want)(void *context, enum entity_kind, const char *id),
                     void *context);
    /* the same for a timer, by its entity, which is read by then: what will be touched besides; or NULL */
    void (*prefetch_due)(enum entity_kind kind, const void *entity, void (*want)(void *context, enum entity_kind, const char *id),
                         void *context);
    /* may events of that type concern nobody, as things stand at their site? Then `minds` is asked when their turn has come;
     * it is told type and site, and only if it says so the rest is read and the handler called. Both, or neither */
    bool (*optional)(enum event_number number);
    bool (*minds)(struct turn *turn, const struct event *event);
    /* an own entity as it is to be kept, and, of one just read, back: what settings say by themselves need not be kept. Both
     * into the turn's arena, or neither */
    const void *(*fold)(struct turn *turn, enum entity_kind kind, const void *entity);
    void (*unfold)(struct turn *turn, enum entity_kind kind, void *entity);
};

extern const struct core scheduler_core;
extern const struct core follow_up_core;
extern const struct core complaint_router_core;
extern const struct core notifier_core;

typedef void (*event_handler)(struct turn *turn, const struct event *event, const void *data);

wall_ms turn_now(const struct turn *turn);
struct arena *turn_arena(struct turn *turn);
const struct event *turn_event(const struct turn *turn);

/* -------- state */

/* The entity as its struct, or NULL. Read-only: copy it before changing (struct x y = *p; lists with arena_copy).
 * Entities of other stages are read too; the commit then depends on their version. */
const void *turn_get(struct turn *turn, enum entity_kind kind, const char *id);

/* Entities that turn_get will be asked for one after the other: read in one exchange, READ_IDS_MAX at most. Those known
 * already are not read again, and the commit depends only on what is asked for. */
void turn_read_ahead(struct turn *turn, enum entity_kind kind, const struct texts *ids);

/* This entity of the stage's own does not exist yet, by all that is known without a look: the store is not asked. Should
 * it exist after all, the commit fails, and the batch is worked again with a look. For what is only told once. */
void turn_expect_none(struct turn *turn, enum entity_kind kind, const char *id);

/* The customer with this local id, or whom the record was merged into; NULL: there is none. Sealed with the key of
 * ident_local(id). */
const struct customer *turn_customer(struct turn *turn, const char *site, const char *customer);
/* The local id of whom the record was merged into; `customer` itself if it was not, or is not known. */
const char *turn_survivor(struct turn *turn, const char *site, const char *customer);
/* That id, then all that were merged into it: under these stands what is known of one person. At most 64, into the arena. */
struct texts turn_family(struct turn *turn, const char *site, const char *customer);

/* Queue members that begin with `prefix`, in byte order, at most `max`; with this batch's changes. */
struct texts turn_queue(struct turn *turn, const char *prefix, size_t max);
/* The same, only those after `after` ("" for the first): to go through a long list piece by piece. */
struct texts turn_queue_after(struct turn *turn, const char *prefix, const char *after, size_t max);

/* Ids of this stage's entities of that kind which the event being worked has put with a due time that has come by now, in
 * the order in which their timers will fire: what can be done for them at once needs no timer. None if the event is worked
 * minutes after it was appended: what depends on the hour is then better decided by timers, which fire in the true time. */
struct texts turn_due(struct turn *turn, enum entity_kind kind);

/* Ids of some of this stage's entities that stand in no place of the queue, of all sites of the partition. *cursor is 0 at
 * first, and again when all have been shown; one may be shown twice. For what an earlier version stored in another way. */
struct texts turn_unplaced(struct turn *turn, enum entity_kind kind, uint64_t *cursor);

/* What is in force for a site; NULL: no such site is set up. A version by content, for cases that go on by the one they
 * began with; NULL: gone or broken (logged once). */
const struct site *turn_site(struct turn *turn, const char *site);
const struct playbook *turn_playbook(struct turn *turn, const char *hash);

/* -------- effects */

/* Stores an entity of this stage with its one timer (0: none) and its one place in the queue ("" or NULL: none). */
void turn_put(struct turn *turn, enum entity_kind kind, const char *id, const void *record, wall_ms due, const char *queue);
/* The same of a record of which all that it points at stays as it is as long as the arena: turn_get then lends a copy of the
 * struct itself, and need not read back what was just written. Its texts are not NULL. */
void turn_put_lasting(struct turn *turn, enum entity_kind kind, const char *id, const void *record, wall_ms due,
                      const char *queue);
void turn_delete(struct turn *turn, enum entity_kind kind, const char *id);

/* Appends an event of this type about the same site (and, if not set in `like`, customer, case) as the event being
 * worked. Cause, depth, source, id and time are filled in; personal fields of `data` are sealed. `like` may be NULL or an
 * event_of() with subject, customer, case_id, occurred_at set. Facts too deep (CHAIN_DEPTH_MAX) become a dead letter. */
void turn_emit(struct turn *turn, enum event_number number, const void *data, const struct event *like);

/* A chain of events or plans ends here, for all to see: event.quarantined, `what` saying which would have been the next. */
void turn_dead_letter(struct turn *turn, const char *what);

/* turn_emit of act.refused for the act being worked. */
void turn_refuse(struct turn *turn, const char *reason, const char *detail);

/* Notifier: after the commit, hand this attempt to the sender. Everything is copied. */
struct send_order;
void turn_send(struct turn *turn, const struct send_order *order);

/* Seals the personal fields of `data` with the customer's key, to be kept in an entity; empty if there are none. */
struct slice turn_seal(struct turn *turn, const char *customer, enum event_number number, const void *data);

/* A keyed hash of a contact, however it was spelled: the same for the same one, telling nothing without the installation's
 * key. "" for "". Into the arena. */
const char *turn_contact_key(struct turn *turn, const char *site, const char *contact);

/* Opens what turn_seal or an event's `sealed` holds: a struct of `record` with the personal fields set, all others empty.
 * NULL: nothing is sealed, or the customer was erased. Into the arena. */
const void *turn_open(struct turn *turn, const char *customer, struct slice sealed, const struct record *record);

struct send_order {
    const char *notice;             /* id */
    const char *site;
    const char *customer;           /* or */
    const char *to_staff;
    const char *template;
    const char *templates_hash;
    int attempt;
    int channel;                    /* enum notice_channel */
    int priority;                   /* enum priority: which goes first when the sender has many */
    struct slice variables;
    wall_ms at;
    /* of the customer's record, so that nobody has to read it again at once */
    struct slice sealed;
    const char *language;
    /* filled in by turn_send: the event that led to this attempt; the site's settings as stored */
    const char *cause;
    int64_t cause_seq;
    struct slice settings;
};

#endif
