/* Any bytes at all as an entity of any kind. What can be read and is written again must be read as the same. */
#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static const char id[] = "bench-00/r1-17.bench.0";

/* NULL bytes if it cannot be read. */
static struct slice rewrite(enum entity_kind kind, struct slice packed, struct arena *arena)
{
    const void *entity = entity_read(kind, id, packed, arena);
    struct buffer again = {0};
    if (!entity)
        return (struct slice){0};
    json_decref(record_to_json(entity_types[kind].record, entity, NULL));
    entity_pack(kind, id, entity, &again);
    struct slice kept = {arena_copy(arena, again.at, again.bytes), again.bytes};
    buffer_free(&again);
    return kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (!bytes)
        return 0;
    struct arena *arena = arena_new();
    enum entity_kind kind = (enum entity_kind)(data[0] % ENTITY_COUNT);
    struct slice once = rewrite(kind, (struct slice){data + 1, bytes - 1}, arena);
    if (once.at) {
        struct slice twice = rewrite(kind, once, arena);
        if (twice.bytes != once.bytes || memcmp(twice.at, once.at, once.bytes))
            abort();
    }
    arena_free(&arena);
    return 0;
}
