/* What every stage does with every event: the guard, the envelope, the data; and an entity back and forth. */
#include <assert.h>
#include <stdlib.h>

#include "cursor.h"
#include "entity.h"
#include "event.h"
#include "subject.h"

struct codec {
    struct arena *arena;
    struct event event;
    struct task task;
    struct buffer packed, packed_task, scratch;
};

static const struct task open_task = {
    .id = "bench-00/r1-17.call-now", .site = "bench-00", .customer = "cd3fed02e1e83517390ae", .kind = "call",
    .step = "call-now", .plan = "bench-00/r1-17.bench.0", .about = "r1-17", .about_type = "car.delivered",
    .playbook_hash = "b7faa2bd0943e0bc6582910ebdb3babb98af2cb39aaa3c171c701bbddf8da0c3", .state = 1,
    .role = "follow-up-agent", .opened_at = 1772760000000, .due_at = 1772760000000, .deadline_at = 1772960000000,
};

static void *codec_begin(void)
{
    static const struct car_delivered delivered = {.order = "r1-17", .model = "UNI-K"};
    static const uint8_t sealed[80];
    struct codec *codec = calloc(1, sizeof *codec);
    struct buffer data = {0};
    struct fault fault;
    codec->arena = arena_new();
    codec->event = event_of(EVENT_CAR_DELIVERED);
    codec->event.id = "r1-17";
    codec->event.source = "bench";
    codec->event.site = "bench-00";
    codec->event.customer = "cd3fed02e1e83517390ae";
    codec->event.time = codec->event.received_at = 1772760000000;
    struct car_delivered *full = record_new(event_types[EVENT_CAR_DELIVERED].data, codec->arena);
    full->order = delivered.order;
    full->model = delivered.model;
    record_pack(event_types[EVENT_CAR_DELIVERED].data, full, PERSONAL, &data);
    codec->event.data = (struct slice){arena_copy(codec->arena, data.at, data.bytes), data.bytes};
    codec->event.sealed = (struct slice){sealed, sizeof sealed};
    buffer_free(&data);
    event_pack(&codec->event, &codec->packed);
    codec->task = open_task;
    entity_pack(ENTITY_TASK, open_task.id, &codec->task, &codec->packed_task);
    bool whole = entity_unpack(ENTITY_TASK, open_task.id, buffer_slice(&codec->packed_task), codec->arena, &codec->task,
                               &fault);
    assert(whole);
    return codec;
}

static void codec_end(void *context)
{
    struct codec *codec = context;
    arena_free(&codec->arena);
    buffer_free(&codec->packed);
    buffer_free(&codec->packed_task);
    buffer_free(&codec->scratch);
    free(codec);
}

static void guard_once(void *context, size_t number)
{
    struct codec *codec = context;
    (void)number;
    const char *fault = guard_check(buffer_slice(&codec->packed), NULL);
    assert(!fault);
}

static void event_pack_once(void *context, size_t number)
{
    struct codec *codec = context;
    (void)number;
    buffer_clear(&codec->scratch);
    event_pack(&codec->event, &codec->scratch);
}

static void event_unpack_once(void *context, size_t number)
{
    struct codec *codec = context;
    struct event event;
    struct fault fault;
    (void)number;
    arena_reset(codec->arena);
    bool whole = event_unpack(buffer_slice(&codec->packed), codec->arena, &event, &fault) &&
                 event_data(&event, (struct slice){0}, codec->arena, &fault);
    assert(whole);
}

static void entity_pack_once(void *context, size_t number)
{
    struct codec *codec = context;
    (void)number;
    buffer_clear(&codec->scratch);
    entity_pack(ENTITY_TASK, open_task.id, &open_task, &codec->scratch);
}

static void entity_unpack_once(void *context, size_t number)
{
    struct codec *codec = context;
    struct fault fault;
    (void)number;
    arena_reset(codec->arena);
    struct task *task = record_new(entity_types[ENTITY_TASK].record, codec->arena);
    bool whole = entity_unpack(ENTITY_TASK, open_task.id, buffer_slice(&codec->packed_task), codec->arena, task, &fault);
    assert(whole);
}

const struct subject codec_subjects[] = {
    {"guard", codec_begin, guard_once, codec_end},
    {"event-pack", codec_begin, event_pack_once, codec_end},
    {"event-unpack", codec_begin, event_unpack_once, codec_end},
    {"entity-pack", codec_begin, entity_pack_once, codec_end},
    {"entity-unpack", codec_begin, entity_unpack_once, codec_end},
    {0},
};
