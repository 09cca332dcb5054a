/* shop: a small dealer in a world of its own, for tests of the stages' cores. The site is "s", its zone Asia/Shanghai, its
 * call window mon-sat 10:00-11:30 and 15:00-17:30. Agents: ann, bob, cat; boss is a supervisor, sam sells, max markets. */
#ifndef CARELINE_TEST_SHOP_H
#define CARELINE_TEST_SHOP_H

#include "world.h"

enum { SHOP_SEEN_MAX = 4096 };

struct seen {
    enum event_number number;
    struct event event;
    const void *data;               /* without personal fields */
};

struct showroom {
    struct world *world;
    struct arena *arena;
    size_t seen_count;
    struct seen seen[SHOP_SEEN_MAX];
    size_t from;                    /* searches begin here: what came before is forgotten */
    int posted;
};

/* A world with scheduler and follow-up at this local time ("2026-03-06 16:00"), and this playbook. */
struct showroom *shop_open(const char *start, const char *playbook);
void shop_close(struct showroom *shop);

/* Local time as an instant. */
wall_ms shop_time(const char *local);
void shop_run(struct showroom *shop, const char *until);

/* Posts an event: its type, members of the envelope ("'customer':'c1'", may be ""), and its data, single quotes for
 * double ones. Settles. Data's times are written as {@2026-03-06 16:00}. */
void shop_post(struct showroom *shop, const char *type, const char *envelope, const char *data, ...)
    __attribute__((format(printf, 4, 5)));

/* Events of a type seen since shop_forget: how many, the nth (fails if there is none), the last one's data. */
size_t shop_count(const struct showroom *shop, enum event_number number);
const struct seen *shop_seen(const struct showroom *shop, enum event_number number, size_t nth);
const void *shop_last(const struct showroom *shop, enum event_number number);
void shop_forget(struct showroom *shop);

/* The reason of the only act refused since shop_forget; "" for none. */
const char *shop_refusal(const struct showroom *shop);

const void *shop_entity(struct showroom *shop, enum entity_kind kind, const char *id);
const struct task *shop_task(struct showroom *shop, const char *local_id);

/* Every open task has its timer and its list entry, and the other way round. */
void shop_check(struct showroom *shop);

#endif
