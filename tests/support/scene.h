/* scene: a small shop in a world, told in short texts: for tests of cores.
 *
 * The shop is the site `s1` in Asia/Shanghai, open Monday to Friday 09:00-18:00. A scene begins on Monday 2026-03-02 at
 * 09:00. Times are "2026-03-02 09:30" by the shop's clock. What a function returns lives until the scene ends. */
#ifndef CARELINE_SCENE_H
#define CARELINE_SCENE_H

#include "world.h"

enum { SCENE_EVENTS_MAX = 4096, SCENE_ANSWERS_MAX = 64 };

struct scene_event {
    const char *type;
    const char *time;               /* by the shop's clock */
    const char *subject, *customer, *role;
    json_t *data;
};

struct scene {
    struct world *world;
    struct arena *arena;
    struct scene_event events[SCENE_EVENTS_MAX];
    size_t event_count;
    /* what attempts to send come to, in order; accepted when there is none left */
    enum send_result answers[SCENE_ANSWERS_MAX];
    size_t answer_count, answered;
    char orders[SCENE_ANSWERS_MAX][16];     /* channel of each attempt */
    size_t order_count;
};

/* `playbook` may be NULL. The caller owns it. */
struct scene *scene_new(const struct core *const *cores, const char *playbook, const char *staff,
                        const char *templates);
void scene_free(struct scene **scene);

/* From now on this is in force; NULL: nothing new. */
void scene_apply(struct scene *scene, enum config_kind kind, const char *yaml);

/* Appends {type, site s1, …} given as JSON without the outer braces, after formatting; fails the test if it is no
 * event. */
void scene_post(struct scene *scene, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Lets time pass. */
void scene_until(struct scene *scene, const char *time);

/* How many events of this type there were. */
size_t scene_count(const struct scene *scene, const char *type);

/* A field of the last event of this type, as text; its time as `time`, its subject as `subject`. "" if there is
 * none. */
const char *scene_last(struct scene *scene, const char *type, const char *field);

/* A field of the n-th event (from 0) of this type. */
const char *scene_nth(struct scene *scene, const char *type, size_t n, const char *field);

/* A field of an entity, as text; a path such as clocks.acknowledged.due_at, list elements by their name.
 * Times by the shop's clock. */
const char *scene_field(struct scene *scene, enum entity_kind kind, const char *id, const char *path);

/* Queue members that begin with the prefix, joined by blanks. */
const char *scene_queue(struct scene *scene, const char *prefix);

#endif
