/* event: what happened, in its envelope.
 *
 * An event is a msgpack map with the CloudEvents 1.0 attributes (id, source, type, subject, time, dataschema) and ours
 * (site, customer, cause, cause_seq, case, actor, role, depth, occurred_at, received_at, data, sealed). Empty ones are
 * left out. Its place in a partition's log (seq, chain id, id before it) is not inside it but in its header. */
#ifndef CARELINE_EVENT_H
#define CARELINE_EVENT_H

#include "buffer.h"
#include "records.h"

enum {
    EVENT_BYTES_MAX = 64 * 1024,    /* one event must fit a batch of 1 MiB many times */
    NAME_BYTES_MAX = 128,           /* ids, types, sites: they become keys and topics */
    CHAIN_DEPTH_MAX = 16            /* facts that rules answer with facts: deeper is a loop */
};

enum stage { STAGE_NONE, STAGE_SCHEDULER, STAGE_FOLLOW_UP, STAGE_COMPLAINT_ROUTER, STAGE_NOTIFIER, STAGE_COUNT };

extern const char *const stage_names[STAGE_COUNT];      /* "none", "scheduler", "follow-up", … */

/* Who may append an event: a stage, or one of these. */
enum { FACT = 100, ACT, ANY_STAGE };

enum event_number {
    EVENT_UNKNOWN,                  /* a type that this build does not know: passed through, never refused on reading */
#define EVENT(constant, type, record, class, about) constant,
#include "events.def"
#undef EVENT
    EVENT_COUNT
};

struct event_type {
    const char *name;
    const struct record *data;
    int class;
    const char *about;
};

extern const struct event_type event_types[EVENT_COUNT];

enum event_number event_number(const char *type);

/* May this stage append such an event in a commit? STAGE_NONE stands for the outside, by way of intake: facts, acts and
 * types that this build does not know. Nobody appends timer.fired: the store makes it of a timer that is due. */
bool stage_may_append(enum stage stage, enum event_number number);

enum entity_kind {
#define ENTITY(constant, letter, record, stage, about) constant,
#include "entities.def"
#undef ENTITY
    ENTITY_COUNT
};

struct entity_type {
    const char *name;               /* record's name, with the stage for site_config: "site_config.scheduler" */
    char letter;
    const struct record *record;
    enum stage stage;
    const char *about;
};

extern const struct entity_type entity_types[ENTITY_COUNT];

/* The kind with this letter, or ENTITY_COUNT. */
enum entity_kind entity_kind_of_letter(char letter);

struct event {
    enum event_number number;
    const char *type;
    const char *id;                 /* unique with source */
    const char *source;
    const char *subject;
    const char *dataschema;         /* "1" */
    wall_ms time;                   /* when it was appended, by the system's clock: the `now` of whoever works it */
    const char *site;
    const char *customer;
    const char *cause;              /* id of the event that led to it */
    int64_t cause_seq;              /* and its seq in the same partition; 0: none */
    const char *case_id;            /* wire name "case" */
    const char *actor;              /* who acted; from the credential */
    const char *role;
    int64_t depth;                  /* facts that led to facts: 0 from outside */
    wall_ms occurred_at;            /* when it happened in the world; 0: at received_at */
    wall_ms received_at;            /* when intake took it */
    struct slice data;              /* packed map */
    struct slice sealed;            /* personal fields of data, sealed with the customer's key */
    struct slice unknown;           /* attributes this build does not know: key, value … */
};

/* The envelope as a record: its attributes by their wire names. */
extern const struct record event_record;

/* Where an event stands in its partition's log. */
struct place {
    uint32_t partition;
    uint64_t seq;                   /* dense from 1 */
    uint64_t id;                    /* random */
    uint64_t prev;                  /* id of the event before it; 0 for the first */
};

enum { PLACE_BYTES = 28 };          /* big-endian: partition 4, seq 8, id 8, prev 8 */

void place_pack(const struct place *place, uint8_t to[PLACE_BYTES]);
bool place_unpack(struct slice from, struct place *ret);

/* Appends the packed event to `to`. */
void event_pack(const struct event *event, struct buffer *to);

/* Reads a packed event; all of it is copied into the arena. The guard runs first.
 * false with *fault: not an event, over a bound, required attributes (id, source, type) missing. */
bool event_unpack(struct slice packed, struct arena *arena, struct event *ret, struct fault *fault);

/* Id and type of a packed event, without reading the rest: an event begins with id, source and type, each of 255 bytes at
 * most, as event_pack writes it. The slices point into `packed`. false: it does not begin so. Safe on any bytes. */
bool event_peek(struct slice packed, struct slice *ret_id, struct slice *ret_type);
bool event_peek_type(struct slice packed, struct slice *ret_type);

/* The data of a known type as its struct, merged with `personal` (a packed map of the unsealed fields, or empty).
 * NULL with *fault on malformed data; never NULL for events that passed intake. */
const void *event_data(const struct event *event, struct slice personal, struct arena *arena, struct fault *fault);

/* An empty event of this type. */
struct event event_of(enum event_number number);

/* Is the name one to make keys and topics of? Letters, digits, . _ - and non-ASCII; 1 to 128 bytes; no slash, space,
 * brace, asterisk, quote or control characters. */
bool name_is_plain(const char *name);

#endif
