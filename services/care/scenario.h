/* scenario: a story with exact times, read from YAML (tests/flows/README.md documents the form). */
#ifndef CARELINE_SCENARIO_H
#define CARELINE_SCENARIO_H

#include <jansson.h>

#include "calendar.h"
#include "setting_file.h"
#include "world.h"

enum { EXPECTED_TIMES_MAX = 4 };

/* A copy of a settings file with texts replaced. */
struct changed_file {
    const char *path;                   /* below deploy/; "": none */
    size_t count;
    const char **from, **to;
};

struct happening {
    wall_ms at;
    struct changed_file apply;          /* instead of an event: settings that come into force */
    enum event_number number;
    json_t *data;
    const char *customer, *actor, *role, *id;
    wall_ms occurred_at;
    int line;
};

struct sending_rule {
    const char *channel, *template;     /* NULL: any */
    int result;                         /* enum send_result */
    int times, used;
};

enum expecting { EXPECT_EVENT, EXPECT_NO_EVENT, EXPECT_ENTITY, EXPECT_CLOCK };

/* A field that must have this value; times are compared as instants. */
struct expected_field {
    const char *name;
    const char *text;
    bool is_time;
    wall_ms time;
};

struct expectation {
    enum expecting what;
    wall_ms at;                         /* EVENT: exactly then; ENTITY, CLOCK: looked at then */
    enum event_number number;
    enum entity_kind kind;
    const char *id;                     /* ENTITY, CLOCK */
    const char *clock;
    size_t field_count;
    struct expected_field *fields;
    int line;
    const char *text;                   /* as a person reads it */
    /* while running */
    bool met;
    const char *seen;                   /* the nearest thing seen instead */
};

struct scenario {
    const char *file, *name, *site;
    wall_ms start, until;
    const struct calendar *calendar;    /* its zone is how times are read and told */
    size_t setup_count;
    const char **setup_paths;           /* below deploy/ */
    struct changed_file changed;        /* one of these, in its own version */
    size_t happening_count;
    struct happening *happenings;
    size_t sending_count;
    struct sending_rule *sending;
    size_t expectation_count;
    struct expectation *expectations;
    bool nothing_else;
};

/* NULL if there were mistakes. `calendar` is the sample site's. Lives in the arena (but for the JSON in happenings:
 * scenario_free). */
struct scenario *scenario_parse(struct slice yaml, const struct calendar *calendar, struct arena *arena,
                                struct mistakes *mistakes);
void scenario_free(struct scenario *scenario);

/* The times that it expects, to be moved one by one; NULL past the last. */
wall_ms *scenario_time(struct scenario *scenario, size_t number);

/* -------- what it brings (scenario_parts.c), wherever it is played */

/* A file below `deploy`, as it is to be stored; changed if `changed` names it. Lines that say what is wrong; none: it is
 * good. All in the arena. */
struct texts scenario_setting(const char *deploy, const char *name, const struct changed_file *changed,
                              struct arena *arena, struct setting_file *ret);

/* The event that happens, as a client posts it, without who acts; the caller owns it. `number` names it where the
 * scenario does not: its place in the order. */
json_t *scenario_event(const struct scenario *scenario, const struct happening *happening, size_t number,
                       struct arena *arena);

/* Puts what happens in the order in which it happens. */
void scenario_order(struct scenario *scenario);

/* The next instant after `now` at which something happens or is looked at; `until` if nothing is. */
wall_ms scenario_next_instant(const struct scenario *scenario, wall_ms now);

/* -------- playing it */

/* Who looks on while it runs in memory. */
struct scenario_watch {
    void (*sent)(void *context, const struct send_order *order, enum send_result result);
    void (*seen)(void *context, const struct event *event, const void *data);       /* each event, in order */
    void (*ended)(void *context, struct world *world);      /* the world as it is at the end */
    void *context;
};

/* Runs it; lines that say what did not hold are added to `wrong` (owned by the arena). `watch` may be NULL. true:
 * it holds. */
bool scenario_run(struct scenario *scenario, const char *deploy, struct arena *arena, struct texts *wrong,
                  size_t *ret_events, const struct scenario_watch *watch);

#endif
