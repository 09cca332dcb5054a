/* turn_rig: one turn of one partition over a store and a sealer in memory, and a core that does what the test says. */
#ifndef CARELINE_TESTS_TURN_RIG_H
#define CARELINE_TESTS_TURN_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"
#include "sealer.h"
#include "turn.h"

/* What the core does with a car that was delivered, a task claimed or wanted, and with timers; whether it was called. It
 * reads ahead tasks "sample/1" and "sample/none" and the plan "sample/foreign"; at a task's timer the customer of its id. */
extern struct turn_script {
    void (*on_event)(struct turn *turn, const struct event *event, const void *data);
    void (*on_timer)(struct turn *turn, const char *id, const void *entity);
    bool was_called;
} turn_script;

extern struct turn_rig {
    struct store *store;
    struct sealer *sealer;
    struct content_source source;
    struct turn_tools tools;
    struct turn *turn;
    struct arena *arena;
    struct dice dice;
    struct lease lease;
    struct checkpoint at;
    struct commit commit;
    int reads;                      /* calls of read_entities */
    bool gone;                      /* the store does not answer */
} turn_rig;

/* For cmocka: before and after each test. */
int turn_rig_up(void **state);
int turn_rig_down(void **state);

/* An event of the site "sample"; whoever wants gives it data. */
struct event turn_rig_event(enum event_number number);
struct slice turn_rig_packed(const struct record *record, const void *from, unsigned leave_out);
struct task turn_rig_task(const char *id);

/* Works the event in the current turn. In the log stands a fact for it: results and fired timers are not ours to append. */
enum turn_result turn_rig_work_event(const struct event *event);
enum turn_result turn_rig_work(enum event_number number, const void *data,
                               void (*on_event)(struct turn *, const struct event *, const void *));
/* One with turn_rig_delivered. */
extern const struct car_delivered turn_rig_delivered;
enum turn_result turn_rig_work_car(void (*on_event)(struct turn *, const struct event *, const void *));

/* Commits the turn and begins another. */
void turn_rig_commit(void);

#endif
