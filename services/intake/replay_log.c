#include "replay_log.h"

#include <stdlib.h>
#include <string.h>

#include "cursor.h"

enum { CHUNK = 64 };                /* entries in one read: at most 4 MiB, whatever they hold */

struct checkpoint point_before(const struct entry_list *entries)
{
    const struct place *first = &entries->at[0].place;
    return (struct checkpoint){first->seq - 1, first->prev};
}

enum resume resume_decide(struct checkpoint done, const struct entry_list *entries, struct checkpoint *ret_first)
{
    if (!entries->count)
        return done.seq ? RESUME_REWOUND : RESUME_HERE; /* the head is never trimmed: the log is shorter than that */
    const struct place *first = &entries->at[0].place;
    if (first->seq == done.seq)
        return first->id == done.id ? RESUME_HERE : RESUME_REWOUND;
    if (first->seq == done.seq + 1)
        return first->prev == done.id ? RESUME_HERE : RESUME_REWOUND;
    *ret_first = point_before(entries);
    return RESUME_TRIMMED;
}

/* -------- pages */

static void list_add(struct entry_list *list, const struct entry *entries, size_t count)
{
    memcpy(list->at + list->count, entries, count * sizeof *entries);
    list->count += count;
}

/* More of them behind those that are there, until there are `max`, or enough bytes, or no more. */
static enum store_status read_on(struct store *store, uint32_t partition, size_t max, struct arena *arena,
                                 struct entry_list *list)
{
    struct entry_list some = {0};
    size_t bytes = 0, counted = 0;
    do {
        for (; counted < list->count; counted++)
            bytes += list->at[counted].packed.bytes;
        if (list->count >= max || bytes >= PAGE_BYTES_MAX)
            return STORE_OK;
        size_t want = max - list->count < CHUNK ? max - list->count : CHUNK;
        uint64_t from = list->at[list->count - 1].place.seq + 1;
        enum store_status status = store_read_log_one(store, partition, from, want, arena, &some);
        if (status != STORE_OK)
            return status;
        list_add(list, some.at, some.count);
    } while (some.count == CHUNK);
    return STORE_OK;
}

static int newest_first(const void *a, const void *b)
{
    uint64_t left = ((const struct point *)a)->at.seq, right = ((const struct point *)b)->at.seq;
    return left < right ? 1 : left > right ? -1 : 0;
}

static enum store_status is_on_log(struct store *store, uint32_t partition, struct checkpoint point,
                                   struct arena *arena, bool *ret)
{
    struct entry_list found = {0};
    enum store_status status = store_read_log_one(store, partition, point.seq, 1, arena, &found);
    struct checkpoint first;
    *ret = status == STORE_OK && resume_decide(point, &found, &first) == RESUME_HERE;
    return status;
}

/* The newest of the points that stands on the log; else the one before the first entry kept. */
static enum store_status last_in_common(struct store *store, uint32_t partition, const struct point_list *points,
                                        struct arena *arena, struct checkpoint *ret)
{
    struct entry_list first = {0};
    struct point *sorted = arena_copy(arena, points->at, points->count * sizeof *sorted);
    size_t count = points->count < POINTS_MAX ? points->count : POINTS_MAX;
    enum store_status status = STORE_OK;
    if (points->count > 1)
        qsort(sorted, points->count, sizeof *sorted, newest_first);
    for (size_t i = 0; i < count && status == STORE_OK; i++) {
        bool there = false;
        status = is_on_log(store, partition, sorted[i].at, arena, &there);
        *ret = sorted[i].at;
        if (there)
            return STORE_OK;
    }
    if (status == STORE_OK)
        status = store_read_log_one(store, partition, 1, 1, arena, &first);
    *ret = first.count ? point_before(&first) : (struct checkpoint){0};
    return status;
}

enum store_status page_read(struct store *store, uint32_t partition, struct checkpoint done, size_t max,
                            const struct point_list *points, struct arena *arena, struct page *ret)
{
    *ret = (struct page){.to = done};
    struct entry_list some = {0};
    enum store_status status = store_read_log_one(store, partition, done.seq, CHUNK, arena, &some);
    if (status != STORE_OK)
        return status;
    ret->resume = resume_decide(done, &some, &ret->to);
    if (ret->resume == RESUME_REWOUND)
        return last_in_common(store, partition, points, arena, &ret->to);
    if (ret->resume == RESUME_TRIMMED || !some.count)
        return STORE_OK;
    bool again = some.at[0].place.seq == done.seq;          /* it stands first, to be compared; it is not told again */
    bool more = some.count == CHUNK;
    ret->entries.at = arena_alloc(arena, (CHUNK + max) * sizeof *ret->entries.at);
    list_add(&ret->entries, some.at + again, some.count - again);
    if (ret->entries.count > max)
        ret->entries.count = max;
    if (more)
        status = read_on(store, partition, max, arena, &ret->entries);
    return status;
}

/* -------- times */

static wall_ms time_of(const struct entry *entry)
{
    struct slice value;
    struct cursor cursor;
    wall_ms time = 0;
    if (cursor_find(entry->packed, "time", &value)) {
        cursor = cursor_over(value);
        cursor_int(&cursor, &time);
    }
    return time;
}

enum store_status log_seq_of_time(struct store *store, uint32_t partition, uint64_t first, uint64_t head, wall_ms time,
                                  struct arena *arena, uint64_t *ret)
{
    uint64_t low = first, high = head + 1;                  /* the answer lies from low to high */
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct entry_list one = {0};
        enum store_status status = store_read_log_one(store, partition, middle, 1, arena, &one);
        if (status != STORE_OK)
            return status;
        if (one.count && one.at[0].place.seq == middle && time_of(&one.at[0]) < time)
            low = middle + 1;
        else
            high = middle;
    }
    *ret = low;
    return STORE_OK;
}

enum store_status log_point_before(struct store *store, uint32_t partition, uint64_t seq, const struct checkpoint *head,
                                   struct arena *arena, struct checkpoint *ret)
{
    struct entry_list one = {0};
    if (seq > head->seq) {
        *ret = *head;
        return STORE_OK;
    }
    enum store_status status = store_read_log_one(store, partition, seq, 1, arena, &one);
    if (status == STORE_OK)
        *ret = one.count ? point_before(&one) : *head;
    return status;
}
