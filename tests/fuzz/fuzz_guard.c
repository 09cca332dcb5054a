/* Any bytes at all to the guard, the cursor, the record codec and the event reader. What the guard lets pass must be
 * read whole by all of them; what is read and written again must not change any more. */
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "event.h"
#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* A cursor may be told nonsense by bytes that no guard has seen, but stays within them. */
static void wander(struct slice packed)
{
    struct cursor cursor = cursor_over(packed);
    struct slice taken;
    size_t count;
    int64_t number;
    double real;
    while (cursor_int(&cursor, &number) || cursor_real(&cursor, &real) || cursor_text(&cursor, &taken) ||
           cursor_array(&cursor, &count) || cursor_map(&cursor, &count) || cursor_skip(&cursor, &taken))
        require(cursor.at <= cursor.end);
    cursor_find(packed, "data", &taken);
}

static void read_with_msgpack(struct slice packed)
{
    msgpack_unpacked unpacked;
    size_t offset = 0;
    msgpack_unpacked_init(&unpacked);
    require(msgpack_unpack_next(&unpacked, (const char *)packed.at, packed.bytes, &offset) == MSGPACK_UNPACK_SUCCESS);
    require(offset == packed.bytes);
    msgpack_unpacked_destroy(&unpacked);
}

/* Reads into a new struct and writes again; NULL bytes if it cannot be read. */
static struct slice rewrite(const struct record *record, struct slice packed, struct arena *arena)
{
    struct fault fault;
    void *at = record_new(record, arena);
    if (!record_unpack(record, packed, arena, at, &fault))
        return (struct slice){0};
    struct buffer again = {0};
    record_pack(record, at, 0, &again);
    struct slice kept = {arena_copy(arena, again.at, again.bytes), again.bytes};
    buffer_free(&again);
    json_decref(record_to_json(record, at, NULL));
    return kept;
}

static void check_record(const struct record *record, struct slice packed, struct arena *arena)
{
    struct slice once = rewrite(record, packed, arena);
    if (!once.at)
        return;
    struct slice twice = rewrite(record, once, arena);
    require(twice.bytes == once.bytes && !memcmp(twice.at, once.at, once.bytes));
}

static void check_event(struct slice packed, struct arena *arena)
{
    struct event event;
    struct fault fault;
    if (event_unpack(packed, arena, &event, &fault))
        event_data(&event, (struct slice){0}, arena, &fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (!bytes)
        return 0;
    struct slice packed = {data + 1, bytes - 1}, whole;
    wander(packed);
    if (guard_check(packed, NULL))
        return 0;
    struct cursor cursor = cursor_over(packed);
    require(cursor_skip(&cursor, &whole) && whole.bytes == packed.bytes);
    read_with_msgpack(packed);
    json_decref(packed_to_json(packed));
    struct arena *arena = arena_new();
    unsigned choice = data[0] % (EVENT_COUNT + ENTITY_COUNT);
    const struct record *record =
        choice < EVENT_COUNT ? event_types[choice].data : entity_types[choice - EVENT_COUNT].record;
    check_record(record ? record : &event_record, packed, arena);
    check_event(packed, arena);
    arena_free(&arena);
    return 0;
}
