#include "value.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>

#include "head.h"

enum { MEMBERS_FEW = 64 };              /* of so many each is compared with those before it */

static struct value *values_new(struct arena *arena, size_t count)
{
    return arena_alloc(arena, count * sizeof(struct value));
}

static struct slice slice_of(const char *text, size_t bytes)
{
    return (struct slice){(const uint8_t *)text, bytes};
}

const struct value *value_member(const struct value *object, const char *name)
{
    for (size_t i = 0; object && object->kind == VALUE_OBJECT && i < object->count; i++)
        if (slice_is(object->at[i].name, name))
            return &object->at[i];
    return NULL;
}

/* -------- in order */

static int name_order(const struct value *a, const struct value *b)
{
    size_t shorter = a->name.bytes < b->name.bytes ? a->name.bytes : b->name.bytes;
    for (size_t i = 0; i < shorter; i++)        /* most differ in their first bytes */
        if (a->name.at[i] != b->name.at[i])
            return a->name.at[i] < b->name.at[i] ? -1 : 1;
    return (a->name.bytes > b->name.bytes) - (a->name.bytes < b->name.bytes);
}

/* Equal ones stay as they stood. */
static int by_name(const void *a, const void *b)
{
    const struct value *one = *(const struct value *const *)a, *other = *(const struct value *const *)b;
    int order = name_order(one, other);
    return order ? order : (one > other) - (one < other);
}

static void sort_few(const struct value **members, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct value *member = members[i];
        size_t j = i;
        for (; j && name_order(members[j - 1], member) > 0; j--)
            members[j] = members[j - 1];
        members[j] = member;
    }
}

void value_sorted(const struct value *object, const struct value **ret)
{
    for (size_t i = 0; i < object->count; i++)
        ret[i] = &object->at[i];
    if (object->count <= MEMBERS_FEW)
        sort_few(ret, object->count);
    else
        qsort(ret, object->count, sizeof *ret, by_name);
}

/* Is the name of this member that of one before it? */
static bool is_repeated(const struct value *object, const struct value *member)
{
    for (const struct value *before = object->at; before < member; before++)
        if (before->name.bytes == member->name.bytes &&
            !memcmp(before->name.at, member->name.at, member->name.bytes))
            return true;
    return false;
}

static bool many_repeat(const struct value *object, struct arena *arena)
{
    const struct value **sorted = arena_alloc(arena, object->count * sizeof *sorted);
    value_sorted(object, sorted);
    for (size_t i = 1; i < object->count; i++)
        if (!name_order(sorted[i - 1], sorted[i]))
            return true;
    return false;
}

/* Are two of its members of the same name? */
static bool is_repetitive(const struct value *object, struct arena *arena)
{
    uint64_t seen = 0;
    if (object->count > MEMBERS_FEW)
        return many_repeat(object, arena);
    for (size_t i = 0; i < object->count; i++) {
        uint64_t bit = text_bit(object->at[i].name);
        if ((seen & bit) && is_repeated(object, &object->at[i]))
            return true;
        seen |= bit;
    }
    return false;
}

/* -------- of JSON */

static void read_json(const json_t *json, struct arena *arena, struct value *to);

static void read_json_list(const json_t *array, struct arena *arena, struct value *to)
{
    to->count = json_array_size(array);
    to->at = values_new(arena, to->count);
    for (size_t i = 0; i < to->count; i++)
        read_json(json_array_get(array, i), arena, &to->at[i]);
}

static void read_json_object(const json_t *json, struct arena *arena, struct value *to)
{
    json_t *object = (json_t *)(uintptr_t)json;
    struct value *member = to->at = values_new(arena, json_object_size(object));
    to->count = json_object_size(object);
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at), member++) {
        member->name = slice_of(json_object_iter_key(at), json_object_iter_key_len(at));
        read_json(json_object_iter_value(at), arena, member);
    }
}

/* All but its name. */
static void read_json(const json_t *json, struct arena *arena, struct value *to)
{
    static const enum value_kind kinds[] = {
        [JSON_NULL] = VALUE_NULL, [JSON_FALSE] = VALUE_FALSE, [JSON_TRUE] = VALUE_TRUE, [JSON_INTEGER] = VALUE_INT,
        [JSON_REAL] = VALUE_REAL, [JSON_STRING] = VALUE_TEXT, [JSON_ARRAY] = VALUE_LIST, [JSON_OBJECT] = VALUE_OBJECT,
    };
    to->kind = kinds[json_typeof(json)];
    switch (to->kind) {
    case VALUE_INT: to->number = json_integer_value(json); break;
    case VALUE_REAL: to->real = json_real_value(json); break;
    case VALUE_TEXT: to->text = slice_of(json_string_value(json), json_string_length(json)); break;
    case VALUE_LIST: read_json_list(json, arena, to); break;
    case VALUE_OBJECT: read_json_object(json, arena, to); break;
    default: break;
    }
}

struct value value_of_json(const json_t *json, struct arena *arena)
{
    struct value value = {0};
    read_json(json, arena, &value);
    return value;
}

/* -------- of msgpack */

static void read_packed(struct cursor *from, struct arena *arena, struct value *to);

static void read_list(struct cursor *from, struct arena *arena, struct value *to)
{
    cursor_array(from, &to->count);
    to->at = values_new(arena, to->count);
    for (size_t i = 0; i < to->count; i++)
        read_packed(from, arena, &to->at[i]);
}

/* The first of equal members takes what the last one says; the others go. */
static void drop_repeated(struct value *object, struct arena *arena)
{
    const struct value **sorted = arena_alloc(arena, object->count * sizeof *sorted);
    value_sorted(object, sorted);
    bool *gone = arena_alloc(arena, object->count);
    for (size_t i = 0, first = 0; i < object->count; i++) {
        if (!i || name_order(sorted[first], sorted[i]))
            first = i;
        if (first == i)
            continue;
        object->at[sorted[first] - object->at] = *sorted[i];
        gone[sorted[i] - object->at] = true;
    }
    size_t left = 0;
    for (size_t i = 0; i < object->count; i++)
        if (!gone[i])
            object->at[left++] = object->at[i];
    object->count = left;
}

static void read_object(struct cursor *from, struct arena *arena, struct value *to)
{
    size_t pairs;
    cursor_map(from, &pairs);
    to->at = values_new(arena, pairs);
    to->count = 0;
    while (pairs--) {
        struct value *member = &to->at[to->count];
        bool named = cursor_text(from, &member->name);
        if (!named)
            cursor_skip(from, &member->name);
        read_packed(from, arena, member);
        to->count += named;
    }
    if (is_repetitive(to, arena))
        drop_repeated(to, arena);
}

static struct slice base64(struct slice bytes, struct arena *arena)
{
    size_t room = sodium_base64_encoded_len(bytes.bytes, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_alloc(arena, room);
    sodium_bin2base64(text, room, bytes.at, bytes.bytes, sodium_base64_VARIANT_ORIGINAL);
    return slice_of(text, room - 1);
}

static void read_number(struct cursor *from, struct value *to)
{
    uint64_t large = 0;
    to->kind = VALUE_INT;
    if (cursor_int(from, &to->number))
        return;
    cursor_uint(from, &large);
    to->kind = VALUE_REAL;              /* whole numbers of JSON have 63 bits here */
    to->real = (double)large;
}

static void read_real(struct cursor *from, struct value *to)
{
    cursor_real(from, &to->real);
    to->kind = isfinite(to->real) ? VALUE_REAL : VALUE_NULL;
}

static void read_other(struct cursor *from, struct arena *arena, struct value *to)
{
    static const enum value_kind kinds[] = {
        [CURSOR_TEXT] = VALUE_TEXT, [CURSOR_BYTES] = VALUE_TEXT, [CURSOR_ARRAY] = VALUE_LIST, [CURSOR_MAP] = VALUE_OBJECT,
        [CURSOR_EXTENSION] = VALUE_NULL,
    };
    enum cursor_type type = cursor_type(from);
    struct slice taken;
    bool truth = false;
    to->kind = kinds[type];
    switch (type) {
    case CURSOR_BOOL: to->kind = cursor_bool(from, &truth) && truth ? VALUE_TRUE : VALUE_FALSE; break;
    case CURSOR_INT:
    case CURSOR_UINT: read_number(from, to); break;
    case CURSOR_REAL: read_real(from, to); break;
    case CURSOR_TEXT: cursor_text(from, &to->text); break;
    case CURSOR_BYTES:
        cursor_bytes(from, &taken);
        to->text = base64(taken, arena);
        break;
    case CURSOR_ARRAY: read_list(from, arena, to); break;
    case CURSOR_MAP: read_object(from, arena, to); break;
    default: cursor_skip(from, &taken); break;
    }
}

/* All but its name. What most values are, short texts, without more ado. */
static void read_packed(struct cursor *from, struct arena *arena, struct value *to)
{
    if (!head_short_text(from->at, from->end, &to->text)) {
        read_other(from, arena, to);
        return;
    }
    to->kind = VALUE_TEXT;
    from->at = to->text.at + to->text.bytes;
}

struct value value_take(struct cursor *from, struct arena *arena)
{
    struct cursor top = *from;
    struct value value = {0};
    size_t pairs;
    read_packed(from, arena, &value);
    if (cursor_map(&top, &pairs) && (pairs != value.count || pairs > PAIRS_MAX))
        value = (struct value){0};
    return value;
}

struct value value_of_packed(struct slice packed, struct arena *arena)
{
    struct cursor cursor = cursor_over(packed);
    return value_take(&cursor, arena);
}

/* -------- to JSON, and to msgpack */

static json_t *list_to_json(const struct value *value)
{
    json_t *array = json_array();
    for (size_t i = 0; i < value->count; i++)
        json_array_append_new(array, value_to_json(&value->at[i]));
    return array;
}

static json_t *object_to_json(const struct value *value)
{
    json_t *object = json_object();
    for (size_t i = 0; i < value->count; i++)
        json_object_setn_new(object, (const char *)value->at[i].name.at, value->at[i].name.bytes,
                             value_to_json(&value->at[i]));
    return object;
}

json_t *value_to_json(const struct value *value)
{
    switch (value->kind) {
    case VALUE_NULL: break;
    case VALUE_FALSE: return json_false();
    case VALUE_TRUE: return json_true();
    case VALUE_INT: return json_integer(value->number);
    case VALUE_REAL: return json_real(value->real);
    case VALUE_TEXT: return json_stringn((const char *)value->text.at, value->text.bytes);
    case VALUE_LIST: return list_to_json(value);
    case VALUE_OBJECT: return object_to_json(value);
    }
    return json_null();
}

static void pack_members(const struct value *value, bool named, struct buffer *to)
{
    for (size_t i = 0; i < value->count; i++) {
        if (named)
            pack_text_slice(to, value->at[i].name);
        value_pack(&value->at[i], to);
    }
}

void value_pack(const struct value *value, struct buffer *to)
{
    switch (value->kind) {
    case VALUE_NULL: pack_nil(to); break;
    case VALUE_FALSE:
    case VALUE_TRUE: pack_bool(to, value->kind == VALUE_TRUE); break;
    case VALUE_INT: pack_int(to, value->number); break;
    case VALUE_REAL: pack_real(to, value->real); break;
    case VALUE_TEXT: pack_text_slice(to, value->text); break;
    case VALUE_LIST:
        pack_array(to, value->count);
        pack_members(value, false, to);
        break;
    case VALUE_OBJECT:
        pack_map(to, value->count);
        pack_members(value, true, to);
        break;
    }
}
