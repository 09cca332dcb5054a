#include "consumers.h"

#include <string.h>

#include "clock_record.h"
#include "cursor.h"
#include "head.h"

enum { POINT_BYTES = 20 };          /* big-endian: partition 4, seq 8, id 8 */

static const char map_name[] = "consumers";

const struct point *points_find(const struct point_list *points, uint32_t partition)
{
    for (size_t i = 0; i < points->count; i++)
        if (points->at[i].partition == partition)
            return &points->at[i];
    return NULL;
}

void points_set(struct point_list *points, struct point point, struct arena *arena)
{
    size_t i = 0;
    while (i < points->count && points->at[i].partition < point.partition)
        i++;
    if (i < points->count && points->at[i].partition == point.partition) {
        points->at[i] = point;
        return;
    }
    struct point *grown = arena_alloc(arena, (points->count + 1) * sizeof *grown);
    if (points->count) {
        memcpy(grown, points->at, i * sizeof *grown);
        memcpy(grown + i + 1, points->at + i, (points->count - i) * sizeof *grown);
    }
    grown[i] = point;
    *points = (struct point_list){grown, points->count + 1};
}

/* -------- the record */

static void points_pack(const struct point_list *points, struct buffer *to)
{
    struct buffer bytes = {0};
    for (size_t i = 0; i < points->count; i++) {
        uint8_t place[PLACE_BYTES];
        place_pack(&(struct place){points->at[i].partition, points->at[i].at.seq, points->at[i].at.id, 0}, place);
        buffer_append(&bytes, place, POINT_BYTES);
    }
    pack_bytes(to, buffer_slice(&bytes));
    buffer_free(&bytes);
}

static struct point_list points_unpack(struct slice bytes, struct arena *arena)
{
    struct point_list points = {arena_alloc(arena, bytes.bytes / POINT_BYTES * sizeof *points.at), 0};
    for (size_t at = 0; at + POINT_BYTES <= bytes.bytes; at += POINT_BYTES) {
        const uint8_t *from = bytes.at + at;
        struct checkpoint done = {big_endian(from + 4, 8), big_endian(from + 12, 8)};
        points.at[points.count++] = (struct point){(uint32_t)big_endian(from, 4), done};
    }
    return points;
}

static bool found(struct slice map, const char *key, struct cursor *ret)
{
    struct slice value;
    if (!cursor_find(map, key, &value))
        return false;
    *ret = cursor_over(value);
    return true;
}

static struct consumer consumer_unpack(const char *name, struct slice stored, struct arena *arena)
{
    struct consumer consumer = {.name = name, .actor = "", .stored = stored};
    struct cursor cursor;
    struct slice bytes;
    if (guard_check(stored, &(size_t){0}))
        return consumer;
    if (found(stored, "actor", &cursor) && cursor_text(&cursor, &bytes))
        consumer.actor = arena_text(arena, bytes.at, bytes.bytes);
    if (found(stored, "seen", &cursor))
        cursor_int(&cursor, &consumer.seen);
    if (found(stored, "at", &cursor) && cursor_bytes(&cursor, &bytes))
        consumer.points = points_unpack(bytes, arena);
    return consumer;
}

enum store_status consumers_read(struct store *store, struct arena *arena, struct consumer_list *ret)
{
    struct texts names;
    struct slice *values;
    enum store_status status = store->functions->note_get(store, map_name, arena, &names, &values);
    if (status != STORE_OK)
        return status;
    ret->count = names.count;
    ret->at = arena_alloc(arena, (names.count + 1) * sizeof *ret->at);
    for (size_t i = 0; i < names.count; i++)
        ret->at[i] = consumer_unpack(names.at[i], values[i], arena);
    return STORE_OK;
}

struct consumer *consumers_find(const struct consumer_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->at[i].name, name))
            return &list->at[i];
    return NULL;
}

enum store_status consumer_write(struct store *store, const struct consumer *consumer)
{
    struct buffer packed = {0};
    pack_map(&packed, 3);
    pack_text(&packed, "actor");
    pack_text(&packed, consumer->actor);
    pack_text(&packed, "seen");
    pack_int(&packed, consumer->seen);
    pack_text(&packed, "at");
    points_pack(&consumer->points, &packed);
    enum store_status status =
        store->functions->note_swap(store, map_name, consumer->name, consumer->stored, buffer_slice(&packed));
    buffer_free(&packed);
    return status;
}

enum store_status consumer_forget(struct store *store, const struct consumer *consumer)
{
    return store->functions->note_swap(store, map_name, consumer->name, consumer->stored, (struct slice){0});
}

/* -------- how far behind */

uint64_t consumer_lag(const struct consumer *consumer, const struct checkpoint *heads, uint32_t partitions)
{
    uint64_t lag = 0;
    for (size_t i = 0; i < consumer->points.count; i++) {
        const struct point *point = &consumer->points.at[i];
        if (point->partition < partitions && heads[point->partition].seq > point->at.seq)
            lag += heads[point->partition].seq - point->at.seq;
    }
    return lag;
}

uint64_t consumers_slowest(const struct consumer_list *list, uint32_t partition)
{
    uint64_t slowest = UINT64_MAX;
    for (size_t i = 0; i < list->count; i++) {
        const struct point *point = points_find(&list->at[i].points, partition);
        if (point && point->at.seq < slowest)
            slowest = point->at.seq;
    }
    return slowest;
}

static enum store_status heads_read(struct store *store, uint32_t partitions, struct arena *arena,
                                    struct checkpoint **ret)
{
    uint32_t *numbers = arena_alloc(arena, partitions * sizeof *numbers);
    for (uint32_t p = 0; p < partitions; p++)
        numbers[p] = p;
    *ret = arena_alloc(arena, partitions * sizeof **ret);
    return store->functions->heads(store, numbers, partitions, *ret);
}

static enum store_status time_read(struct store *store, struct arena *arena, wall_ms *ret_now, int64_t *ret_speed)
{
    struct clock_record record;
    struct slice packed;
    wall_ms real = 0;
    enum store_status status = store->functions->now(store, &real);
    if (status == STORE_OK)
        status = clock_record_read(store, arena, &record, &packed);
    if (status != STORE_OK)
        return status;
    *ret_now = clock_record_now(&record, real);
    *ret_speed = record.mode == CLOCK_SCALED && record.speed > 1 ? record.speed : 1;
    return STORE_OK;
}

enum store_status consumers_glance(struct store *store, uint32_t partitions, struct arena *arena,
                                   struct consumer_glance **ret, size_t *ret_count)
{
    struct consumer_list list = {0};
    struct checkpoint *heads = NULL;
    wall_ms now = 0;
    int64_t speed = 1;
    enum store_status status = consumers_read(store, arena, &list);
    if (status == STORE_OK)
        status = heads_read(store, partitions, arena, &heads);
    if (status == STORE_OK)
        status = time_read(store, arena, &now, &speed);
    *ret_count = status == STORE_OK ? list.count : 0;
    *ret = arena_alloc(arena, (list.count + 1) * sizeof **ret);
    for (size_t i = 0; i < *ret_count; i++) {
        int64_t silent_ms = (now - list.at[i].seen) / speed;
        (*ret)[i] = (struct consumer_glance){&list.at[i], consumer_lag(&list.at[i], heads, partitions),
                                             silent_ms > 0 ? silent_ms : 0};
    }
    return status;
}
