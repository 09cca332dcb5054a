#include "clock_record.h"

#include <stdio.h>
#include <string.h>

#include "cursor.h"

static const char *const mode_names[] = {"real", "scaled", "stepped"};
const struct words clock_mode_words = {"clock_mode", mode_names, 3};

void clock_record_pack(const struct clock_record *record, struct buffer *to)
{
    const struct { const char *key; int64_t value; } numbers[] = {
        {"base", record->base}, {"real_base", record->real_base}, {"speed", record->speed},
        {"now", record->now}, {"until", record->until},
    };
    size_t count = sizeof numbers / sizeof *numbers;
    pack_map(to, count + 2);
    pack_text(to, "mode");
    pack_text(to, mode_names[record->mode]);
    for (size_t i = 0; i < count; i++) {
        pack_text(to, numbers[i].key);
        pack_int(to, numbers[i].value);
    }
    pack_text(to, "run");
    pack_text(to, record->run);
}

static int64_t map_int(struct slice map, const char *key)
{
    struct slice value;
    int64_t number = 0;
    if (cursor_find(map, key, &value)) {
        struct cursor cursor = cursor_over(value);
        cursor_int(&cursor, &number);
    }
    return number;
}

static struct slice map_text(struct slice map, const char *key)
{
    struct slice value, text = {0};
    if (cursor_find(map, key, &value)) {
        struct cursor cursor = cursor_over(value);
        cursor_text(&cursor, &text);
    }
    return text;
}

bool clock_record_unpack(struct slice packed, struct clock_record *ret)
{
    size_t at;
    if (guard_check(packed, &at))
        return false;
    struct clock_record record = {
        .base = map_int(packed, "base"), .real_base = map_int(packed, "real_base"), .speed = map_int(packed, "speed"),
        .now = map_int(packed, "now"), .until = map_int(packed, "until"),
    };
    struct slice mode = map_text(packed, "mode"), run = map_text(packed, "run");
    size_t number = 0;
    while (number < clock_mode_words.count && !slice_is(mode, mode_names[number]))
        number++;
    if (number == clock_mode_words.count || run.bytes >= RUN_BYTES_MAX || record.speed < 0 ||
        record.speed > CLOCK_SPEED_MAX)
        return false;
    record.mode = (enum clock_mode)number;
    if (run.bytes)
        memcpy(record.run, run.at, run.bytes);
    *ret = record;
    return true;
}

wall_ms clock_record_now(const struct clock_record *record, wall_ms real_now)
{
    switch (record->mode) {
    case CLOCK_SCALED:
        return record->base + (real_now > record->real_base ? real_now - record->real_base : 0) * record->speed;
    case CLOCK_STEPPED:
        return record->now;
    default:
        return real_now;
    }
}

enum store_status clock_record_read(struct store *store, struct arena *arena, struct clock_record *ret,
                                    struct slice *ret_packed)
{
    struct texts fields;
    struct slice *values;
    enum store_status status = store->functions->note_get(store, "clock", arena, &fields, &values);
    if (status != STORE_OK)
        return status;
    *ret = (struct clock_record){.mode = CLOCK_REAL};
    *ret_packed = (struct slice){0};
    for (size_t i = 0; i < fields.count; i++)
        if (!strcmp(fields.at[i], "record") && clock_record_unpack(values[i], ret))
            *ret_packed = values[i];
    return STORE_OK;
}

static enum store_status record_swap(struct store *store, struct slice expected, const struct clock_record *record)
{
    struct buffer packed = {0};
    clock_record_pack(record, &packed);
    enum store_status status = store->functions->note_swap(store, "clock", "record", expected, buffer_slice(&packed));
    buffer_free(&packed);
    return status == STORE_CHANGED ? STORE_OK : status;     /* somebody else has settled it */
}

enum store_status clock_record_settle(struct store *store, const struct clock_record *wanted, wall_ms real_now)
{
    struct arena *arena = arena_new();
    struct clock_record record;
    struct slice packed;
    enum store_status status = clock_record_read(store, arena, &record, &packed);
    if (status == STORE_OK && !packed.bytes && wanted->mode != CLOCK_REAL) {
        record = *wanted;
        record.base = record.now = wanted->base ? wanted->base : real_now;
        record.real_base = real_now;
        status = record_swap(store, packed, &record);
    } else if (status == STORE_OK && record.mode == CLOCK_SCALED && *wanted->run && strcmp(record.run, wanted->run)) {
        record.base = record.now;
        record.real_base = real_now;
        record.speed = wanted->mode == CLOCK_SCALED ? wanted->speed : record.speed;
        snprintf(record.run, sizeof record.run, "%s", wanted->run);
        status = record_swap(store, packed, &record);
    }
    arena_free(&arena);
    return status;
}

/* -------- participants */

static enum store_status participant_put(struct store *store, const char *name, wall_ms wake_at, int64_t ttl_ms)
{
    wall_ms real_now;
    struct buffer packed = {0};
    enum store_status status = store->functions->now(store, &real_now);
    if (status != STORE_OK)
        return status;
    pack_map(&packed, 2);
    pack_text(&packed, "wake_at");
    pack_int(&packed, wake_at);
    pack_text(&packed, "expires_at");
    pack_int(&packed, real_now + ttl_ms);
    status = store->functions->note_put(store, "participants", name, buffer_slice(&packed));
    buffer_free(&packed);
    return status;
}

enum store_status participant_park(struct store *store, const char *name, wall_ms wake_at, int64_t ttl_ms)
{
    return participant_put(store, name, wake_at, ttl_ms);
}

enum store_status participant_busy(struct store *store, const char *name, int64_t ttl_ms)
{
    return participant_put(store, name, 0, ttl_ms);
}

enum store_status participant_leave(struct store *store, const char *name)
{
    return store->functions->note_put(store, "participants", name, (struct slice){0});
}

enum store_status participants_read(struct store *store, struct arena *arena, struct participant_list *ret)
{
    struct texts fields;
    struct slice *values;
    wall_ms real_now = 0;
    enum store_status status = store->functions->note_get(store, "participants", arena, &fields, &values);
    *ret = (struct participant_list){0};
    if (status != STORE_OK || !fields.count)
        return status;
    status = store->functions->now(store, &real_now);
    ret->at = arena_alloc(arena, fields.count * sizeof *ret->at);
    for (size_t i = 0; status == STORE_OK && i < fields.count && ret->count < PARTICIPANTS_MAX; i++) {
        size_t at;
        struct participant one = {.name = fields.at[i]};
        if (!guard_check(values[i], &at)) {
            one.wake_at = map_int(values[i], "wake_at");
            one.expires_at = map_int(values[i], "expires_at");
        }
        if (one.expires_at > real_now)
            ret->at[ret->count++] = one;
        else
            status = participant_leave(store, one.name);
    }
    return status;
}
