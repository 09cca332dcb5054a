#include "store_memory_parts.h"

#include <stdlib.h>
#include <string.h>

static void *allocate(size_t bytes)
{
    void *at = calloc(1, bytes);
    if (!at)
        abort();
    return at;
}

int note_compare(const void *a, const void *b)
{
    const struct note *left = a, *right = b;
    int order = strcmp(left->map, right->map);
    return order ? order : strcmp(left->field, right->field);
}

int content_compare(const void *a, const void *b)
{
    return strcmp(((const struct content *)a)->hash, ((const struct content *)b)->hash);
}

int announced_compare(const void *a, const void *b)
{
    return strcmp(((const struct announced *)a)->name, ((const struct announced *)b)->name);
}

struct note *note_new(const char *map, const char *field, struct slice value)
{
    size_t map_bytes = strlen(map) + 1, field_bytes = strlen(field) + 1;
    struct note *note = allocate(sizeof *note + map_bytes + field_bytes + value.bytes);
    memcpy(note->map, map, map_bytes);
    note->field = memcpy(note->map + map_bytes, field, field_bytes);
    note->value = (uint8_t *)note->field + field_bytes;
    if (value.bytes)
        memcpy(note->value, value.at, value.bytes);
    note->bytes = value.bytes;
    return note;
}

struct content *content_new(const char *hash, struct slice content)
{
    size_t hash_bytes = strlen(hash) + 1;
    struct content *copy = allocate(sizeof *copy + hash_bytes + content.bytes);
    memcpy(copy->hash, hash, hash_bytes);
    copy->at = (uint8_t *)copy->hash + hash_bytes;
    if (content.bytes)
        memcpy(copy->at, content.at, content.bytes);
    copy->bytes = content.bytes;
    return copy;
}

static char *append_text(char *to, const char *text, const char **ret)
{
    *ret = to;
    return stpcpy(to, text ? text : "") + 1;
}

static size_t text_bytes(const char *text)
{
    return (text ? strlen(text) : 0) + 1;
}

struct announced *announced_new(const struct member *member, wall_ms expires)
{
    struct announced *copy = allocate(sizeof *copy + text_bytes(member->name) + text_bytes(member->stage) +
                                      text_bytes(member->endpoint) + text_bytes(member->details));
    char *tail = stpcpy(copy->name, member->name) + 1;
    tail = append_text(tail, member->stage, &copy->stage);
    tail = append_text(tail, member->endpoint, &copy->endpoint);
    append_text(tail, member->details, &copy->details);
    copy->expires = expires;
    return copy;
}

static void replace(struct ordered *list, void *item)
{
    free(ordered_remove(list, item));
    ordered_insert(list, item);
}

static bool begin(struct store_memory *memory, const char *call, bool writes, const char *fault, bool *ret_lost,
                  enum store_status *ret_status)
{
    if (!fault)
        return !store_memory_fate(memory, call, writes, ret_lost, ret_status);
    *ret_status = store_memory_refuse(memory, fault);
    return false;
}

enum store_status memory_content_put(struct store *store, const char *hash, struct slice content)
{
    struct store_memory *memory = store_memory_of(store);
    bool lost;
    enum store_status status;
    if (!begin(memory, "content_put", true, content_fault(hash, content), &lost, &status))
        return status;
    replace(&memory->contents, content_new(hash, content));
    return lost ? STORE_GONE : STORE_OK;
}

enum store_status memory_content_get(struct store *store, const char *hash, struct arena *arena, struct slice *ret)
{
    struct store_memory *memory = store_memory_of(store);
    bool lost;
    enum store_status status;
    if (!begin(memory, "content_get", false, name_fault(hash), &lost, &status))
        return status;
    if (lost)
        return STORE_GONE;
    struct content *wanted = content_new(hash, (struct slice){0});
    const struct content *found = ordered_find(&memory->contents, wanted);
    *ret = (struct slice){0};
    if (found)
        *ret = (struct slice){arena_copy(arena, found->at, found->bytes), found->bytes};
    free(wanted);
    return STORE_OK;
}

static void note_set(struct store_memory *memory, const char *map, const char *field, struct slice value)
{
    struct note *note = note_new(map, field, value);
    if (value.bytes) {
        replace(&memory->notes, note);
        return;
    }
    free(ordered_remove(&memory->notes, note));
    free(note);
}

enum store_status memory_note_put(struct store *store, const char *map, const char *field, struct slice value)
{
    struct store_memory *memory = store_memory_of(store);
    bool lost;
    enum store_status status;
    if (!begin(memory, "note_put", true, note_fault(map, field, value), &lost, &status))
        return status;
    note_set(memory, map, field, value);
    return lost ? STORE_GONE : STORE_OK;
}

static bool note_holds(const struct store_memory *memory, const char *map, const char *field, struct slice expected)
{
    struct note *wanted = note_new(map, field, (struct slice){0});
    const struct note *found = ordered_find(&memory->notes, wanted);
    bool holds = (found ? found->bytes : 0) == expected.bytes &&
                 (!expected.bytes || memcmp(found->value, expected.at, expected.bytes) == 0);
    free(wanted);
    return holds;
}

enum store_status memory_note_swap(struct store *store, const char *map, const char *field, struct slice expected,
                                   struct slice value)
{
    struct store_memory *memory = store_memory_of(store);
    bool lost;
    enum store_status status;
    if (!begin(memory, "note_swap", true, note_fault(map, field, value), &lost, &status))
        return status;
    bool holds = note_holds(memory, map, field, expected);
    if (holds)
        note_set(memory, map, field, value);
    return lost ? STORE_GONE : holds ? STORE_OK : STORE_CHANGED;
}

enum store_status memory_note_get(struct store *store, const char *map, struct arena *arena, struct texts *ret_fields,
                                  struct slice **ret_values)
{
    struct store_memory *memory = store_memory_of(store);
    bool lost;
    enum store_status status;
    if (!begin(memory, "note_get", false, name_fault(map), &lost, &status))
        return status;
    if (lost)
        return STORE_GONE;
    struct note *wanted = note_new(map, "", (struct slice){0});
    size_t first = ordered_place(&memory->notes, wanted, NULL), end = first;
    free(wanted);
    while (end < memory->notes.count && strcmp(((struct note *)memory->notes.at[end])->map, map) == 0)
        end++;
    ret_fields->count = end - first;
    ret_fields->at = arena_alloc(arena, ret_fields->count * sizeof *ret_fields->at);
    *ret_values = arena_alloc(arena, ret_fields->count * sizeof **ret_values);
    for (size_t i = 0; i < ret_fields->count; i++) {
        const struct note *note = memory->notes.at[first + i];
        ret_fields->at[i] = arena_string(arena, note->field);
        (*ret_values)[i] = (struct slice){arena_copy(arena, note->value, note->bytes), note->bytes};
    }
    return STORE_OK;
}

enum store_status memory_announce(struct store *store, const struct member *member, int64_t ttl_ms)
{
    struct store_memory *memory = store_memory_of(store);
    bool lost;
    enum store_status status;
    if (!begin(memory, "announce", true, name_fault(member->name), &lost, &status))
        return status;
    struct announced *announced = announced_new(member, store_memory_now(memory) + ttl_ms);
    if (ttl_ms > 0) {
        replace(&memory->announced, announced);
    } else {
        free(ordered_remove(&memory->announced, announced));
        free(announced);
    }
    return lost ? STORE_GONE : STORE_OK;
}

enum store_status memory_members(struct store *store, struct arena *arena, struct member_list *ret)
{
    struct store_memory *memory = store_memory_of(store);
    bool lost;
    enum store_status status;
    if (!begin(memory, "members", false, NULL, &lost, &status))
        return status;
    if (lost)
        return STORE_GONE;
    ret->at = arena_alloc(arena, memory->announced.count * sizeof *ret->at);
    ret->count = 0;
    for (size_t i = 0; i < memory->announced.count; i++) {
        const struct announced *announced = memory->announced.at[i];
        if (announced->expires <= store_memory_now(memory))
            continue;
        ret->at[ret->count++] = (struct member){arena_string(arena, announced->name),
                                                arena_string(arena, announced->stage),
                                                arena_string(arena, announced->endpoint),
                                                arena_string(arena, announced->details)};
    }
    return STORE_OK;
}
