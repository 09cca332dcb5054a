#include <stdlib.h>
#include <string.h>

#include "partition.h"
#include "views.h"

/* Holds entities against timers and queue, both ways. A timer that has just fired, or an entity that is just being
 * written, can look wrong for a moment: a partition is looked at again, and only what is wrong each time is reported. */

enum { LOOKS = 3, PAGE = 512 };

struct claim {                  /* what an entity says it has */
    const char *name;           /* timer member or queue member */
    wall_ms due;
};

struct claims {
    struct claim *at;
    size_t count, room;
};

struct look {
    struct views *views;
    struct arena *arena;
    uint32_t partition;
    struct claims timers, queue;            /* said by entities */
    struct claims stored_timers, stored_queue;
    size_t entities;
    struct texts wrong;
    size_t wrong_room;
};

static void claim_add(struct claims *claims, const char *name, wall_ms due)
{
    if (claims->count == claims->room) {
        claims->room = claims->room ? 2 * claims->room : 256;
        claims->at = realloc(claims->at, claims->room * sizeof *claims->at);
    }
    claims->at[claims->count++] = (struct claim){name, due};
}

static void wrong_add(struct look *look, const char *line)
{
    if (look->wrong.count == look->wrong_room) {
        size_t room = look->wrong_room ? 2 * look->wrong_room : 16;
        const char **grown = arena_alloc(look->arena, room * sizeof *grown);
        if (look->wrong.count)
            memcpy(grown, look->wrong.at, look->wrong.count * sizeof *grown);
        look->wrong.at = grown;
        look->wrong_room = room;
    }
    look->wrong.at[look->wrong.count++] = line;
}

static bool read_kind(struct look *look, enum entity_kind kind)
{
    struct store *store = look->views->store;
    uint64_t cursor = 0;
    do {
        struct stored_entity_list page = {0};
        if (store->functions->scan_entities(store, look->partition, kind, &cursor, look->arena, &page) != STORE_OK)
            return false;
        for (size_t i = 0; i < page.count; i++) {
            look->entities++;
            if (page.at[i].due)
                claim_add(&look->timers, arena_printf(look->arena, "%c/%s", entity_types[kind].letter, page.at[i].id),
                          page.at[i].due);
            if (page.at[i].queue && *page.at[i].queue)
                claim_add(&look->queue, page.at[i].queue, 0);
        }
    } while (cursor);
    return true;
}

static bool read_timers(struct look *look)
{
    struct store *store = look->views->store;
    for (size_t skip = 0;; skip += PAGE) {
        struct timer_list page = {0};
        if (store->functions->read_timers(store, look->partition, 0, skip, PAGE, look->arena, &page) != STORE_OK)
            return false;
        for (size_t i = 0; i < page.count; i++)
            claim_add(&look->stored_timers, page.at[i].member, page.at[i].due);
        if (page.count < PAGE)
            return true;
    }
}

static bool read_queue(struct look *look)
{
    struct store *store = look->views->store;
    const char *after = "";
    for (;;) {
        struct texts page = {0};
        if (store->functions->read_queue(store, look->partition, "", after, PAGE, look->arena, &page) != STORE_OK)
            return false;
        for (size_t i = 0; i < page.count; i++)
            claim_add(&look->stored_queue, page.at[i], 0);
        if (page.count < PAGE)
            return true;
        after = page.at[page.count - 1];
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct claim *)a)->name, ((const struct claim *)b)->name);
}

/* Walks two sorted lists side by side: an entity paging twice through a scan may say a thing twice. */
static void compare(struct look *look, struct claims *said, struct claims *stored, const char *what)
{
    if (said->count)
        qsort(said->at, said->count, sizeof *said->at, by_name);
    if (stored->count)
        qsort(stored->at, stored->count, sizeof *stored->at, by_name);
    size_t i = 0, k = 0;
    while (i < said->count || k < stored->count) {
        int order = i == said->count ? 1 : k == stored->count ? -1 : by_name(&said->at[i], &stored->at[k]);
        if (order < 0)
            wrong_add(look, arena_printf(look->arena, "%s: an entity says so, but there is none: %s", what,
                                         said->at[i].name));
        else if (order > 0)
            wrong_add(look,
                      arena_printf(look->arena, "%s: there, but no entity says so: %s", what, stored->at[k].name));
        else if (said->at[i].due != stored->at[k].due)
            wrong_add(look, arena_printf(look->arena, "%s: entity says %lld, stored is %lld: %s", what,
                                         (long long)said->at[i].due, (long long)stored->at[k].due, said->at[i].name));
        const char *name = order <= 0 ? said->at[i].name : NULL;
        while (name && i < said->count && strcmp(said->at[i].name, name) == 0)
            i++;
        k += order >= 0;
    }
}

static bool look_once(struct look *look)
{
    for (int kind = 0; kind < ENTITY_COUNT; kind++)
        if (!read_kind(look, (enum entity_kind)kind))
            return false;
    if (!read_timers(look) || !read_queue(look))
        return false;
    compare(look, &look->timers, &look->stored_timers, "timer");
    compare(look, &look->queue, &look->stored_queue, "list entry");
    return true;
}

static void look_free(struct look *look)
{
    free(look->timers.at);
    free(look->queue.at);
    free(look->stored_timers.at);
    free(look->stored_queue.at);
}

static bool still_wrong(const struct texts *before, const char *line)
{
    for (size_t i = 0; i < before->count; i++)
        if (strcmp(before->at[i], line) == 0)
            return true;
    return false;
}

/* -1: the store does not answer; else the entities seen, with what is wrong in `to`. */
static int64_t check_partition(struct views *views, uint32_t partition, struct arena *arena, json_t *to)
{
    struct texts wrong = {0};
    size_t entities = 0;
    for (int round = 0; round < LOOKS; round++) {
        struct look look = {.views = views, .arena = arena, .partition = partition};
        bool read = look_once(&look);
        look_free(&look);
        if (!read)
            return -1;
        struct texts kept = {arena_alloc(arena, (look.wrong.count + 1) * sizeof(char *)), 0};
        for (size_t i = 0; i < look.wrong.count; i++)
            if (round == 0 || still_wrong(&wrong, look.wrong.at[i]))
                kept.at[kept.count++] = look.wrong.at[i];
        wrong = kept;
        entities = look.entities;
        if (!wrong.count)
            break;
    }
    for (size_t i = 0; i < wrong.count; i++)
        json_array_append_new(to, json_pack("{s:I, s:s}", "partition", (json_int_t)partition, "wrong", wrong.at[i]));
    return (int64_t)entities;
}

struct view_answer view_check(struct views *views, const struct view_request *request)
{
    uint32_t first, count = view_partitions(views, request, &first);
    json_t *wrong = json_array();
    int64_t entities = 0;
    for (uint32_t p = first; p < first + count; p++) {
        int64_t seen = check_partition(views, p, request->arena, wrong);
        if (seen < 0) {
            json_decref(wrong);
            return view_error(503, "the store does not answer", views->store->functions->message(views->store));
        }
        entities += seen;
    }
    return (struct view_answer){200, json_pack("{s:b, s:I, s:o}", "consistent", json_array_size(wrong) == 0, "entities",
                                               (json_int_t)entities, "wrong", wrong)};
}
