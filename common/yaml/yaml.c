#include "yaml.h"

#include <libyaml.h>
#include <stdio.h>
#include <string.h>

/* A configuration written by people stays far below these; what is over them is an accident or an attack. */
enum {
    YAML_BYTES_MAX = 1024 * 1024,
    YAML_DEPTH_MAX = 24,
    YAML_NODES_MAX = 50000,
    YAML_PAIRS_MAX = 4096,          /* of one map: keys are compared with each other */
    YAML_KEY_BYTES_MAX = 128        /* a key is part of the path of everything below it */
};

struct reading {
    yaml_parser_t parser;
    yaml_event_t event;
    struct slice text;
    struct arena *arena;
    struct mistakes *mistakes;
    size_t nodes;
    bool broken;                    /* no use going on */
};

static struct yaml place_at(size_t line, size_t column, const char *path)
{
    return (struct yaml){.line = (int)line + 1, .column = (int)column + 1, .path = path};
}

static struct yaml place_of(const struct reading *r, const char *path)
{
    return place_at(r->event.start_mark.line, r->event.start_mark.column, path);
}

/* A place for a byte offset: the library gives no line where the text is not even UTF-8. */
static struct yaml place_of_byte(struct slice text, size_t offset)
{
    size_t line = 0, column = 0;
    for (size_t i = 0; i < offset && i < text.bytes; i++) {
        column++;
        if (text.at[i] == '\n') {
            line++;
            column = 0;
        }
    }
    return place_at(line, column, "");
}

static bool tab_at(const struct reading *r, size_t line, size_t column)
{
    size_t at = 0;
    for (; line && at < r->text.bytes; at++)
        line -= r->text.at[at] == '\n';
    return at + column < r->text.bytes && r->text.at[at + column] == '\t';
}

static void tell_syntax(struct reading *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_READER_ERROR) {
        struct yaml at = place_of_byte(r->text, p->problem_offset);
        yaml_mistake(r->mistakes, &at, "the text is not UTF-8, or holds a control character (%s)", p->problem);
        return;
    }
    struct yaml at = place_at(p->problem_mark.line, p->problem_mark.column, "");
    const char *problem = p->problem ? p->problem : "no memory";
    if (tab_at(r, p->problem_mark.line, p->problem_mark.column))
        yaml_mistake(r->mistakes, &at, "a tab: indent with blanks");
    else if (p->context && p->context_mark.line != p->problem_mark.line)
        yaml_mistake(r->mistakes, &at, "%s %s that begins in line %zu", problem, p->context, p->context_mark.line + 1);
    else
        yaml_mistake(r->mistakes, &at, "%s %s", problem, p->context ? p->context : "");
}

static bool next_event(struct reading *r)
{
    yaml_event_delete(&r->event);
    if (r->broken)
        return false;
    if (yaml_parser_parse(&r->parser, &r->event))
        return true;
    tell_syntax(r);
    r->broken = true;
    return false;
}

static void give_up(struct reading *r, const char *path, const char *why)
{
    struct yaml at = place_of(r, path);
    yaml_mistake(r->mistakes, &at, "%s", why);
    r->broken = true;
}

static void refuse_anchor(struct reading *r, const struct yaml *node, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        yaml_mistake(r->mistakes, node, "anchors (&%s) are not used here: write it out", (const char *)anchor);
    if (tag)
        yaml_mistake(r->mistakes, node, "tags (%s) are not used here", (const char *)tag);
}

static struct yaml *new_node(struct reading *r, enum yaml_kind kind, const char *path)
{
    struct yaml *node = arena_alloc(r->arena, sizeof *node);
    *node = place_of(r, path);
    node->kind = kind;
    node->text = "";
    if (++r->nodes > YAML_NODES_MAX)
        give_up(r, path, "too much: at most 50,000 values in one file");
    return node;
}

static struct yaml *read_scalar(struct reading *r, const char *path)
{
    struct yaml *node = new_node(r, YAML_SCALAR, path);
    const char *value = (const char *)r->event.data.scalar.value;
    size_t bytes = r->event.data.scalar.length;
    node->quoted = r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = arena_text(r->arena, value, bytes);
    if (strlen(node->text) != bytes)
        yaml_mistake(r->mistakes, node, "a text cannot hold the character NUL");
    refuse_anchor(r, node, r->event.data.scalar.anchor, r->event.data.scalar.tag);
    return node;
}

/* An alias is told and then stands for an empty text, so that reading goes on. */
static struct yaml *read_alias(struct reading *r, const char *path)
{
    struct yaml *node = new_node(r, YAML_SCALAR, path);
    node->quoted = true;
    yaml_mistake(r->mistakes, node, "aliases (*%s) are not used here: write it out",
                 (const char *)r->event.data.alias.anchor);
    return node;
}

/* `list` with room for one more; doubles. */
static struct yaml **list_room(struct arena *arena, struct yaml **list, size_t count)
{
    if (count && (count < 4 || (count & (count - 1))))
        return list;
    struct yaml **bigger = arena_alloc(arena, (count < 4 ? 4 : 2 * count) * sizeof *bigger);
    if (count)
        memcpy(bigger, list, count * sizeof *list);
    return bigger;
}

static struct yaml *read_node(struct reading *r, const char *path, int depth);

static void read_items(struct reading *r, struct yaml *list, int depth)
{
    while (next_event(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
        const char *path = arena_printf(r->arena, "%s[%zu]", list->path, list->count);
        struct yaml *item = read_node(r, path, depth + 1);
        if (!item)
            return;
        list->items = list_room(r->arena, list->items, list->count);
        list->items[list->count++] = item;
    }
}

static const char *key_path(struct reading *r, const struct yaml *map)
{
    const char *key = (const char *)r->event.data.scalar.value;
    return arena_printf(r->arena, "%s%s%s", map->path, *map->path ? "." : "", key);
}

/* The key, or NULL when reading cannot go on. */
static struct yaml *read_key(struct reading *r, const struct yaml *map)
{
    if (r->event.type == YAML_ALIAS_EVENT)
        return read_alias(r, map->path);
    if (r->event.type != YAML_SCALAR_EVENT) {
        give_up(r, map->path, "a key must be a plain text");
        return NULL;
    }
    if (r->event.data.scalar.length > YAML_KEY_BYTES_MAX) {
        give_up(r, map->path, "a key has at most 128 bytes");
        return NULL;
    }
    return read_scalar(r, key_path(r, map));
}

static bool key_is_new(struct reading *r, const struct yaml *map, const struct yaml *key)
{
    for (size_t i = 0; i < map->count; i++)
        if (!strcmp(map->keys[i]->text, key->text)) {
            yaml_mistake(r->mistakes, key, "stands here twice, first in line %d", map->keys[i]->line);
            return false;
        }
    return true;
}

static void read_pairs(struct reading *r, struct yaml *map, int depth)
{
    while (next_event(r) && r->event.type != YAML_MAPPING_END_EVENT) {
        struct yaml *key = read_key(r, map);
        if (!key || !next_event(r))
            return;
        struct yaml *value = read_node(r, key->path, depth + 1);
        if (!value)
            return;
        if (!key_is_new(r, map, key))
            continue;
        if (map->count == YAML_PAIRS_MAX) {
            give_up(r, map->path, "too much: at most 4,096 keys in one map");
            return;
        }
        map->keys = list_room(r->arena, map->keys, map->count);
        map->items = list_room(r->arena, map->items, map->count);
        map->keys[map->count] = key;
        map->items[map->count++] = value;
    }
}

static struct yaml *read_list(struct reading *r, const char *path, int depth)
{
    struct yaml *node = new_node(r, YAML_LIST, path);
    refuse_anchor(r, node, r->event.data.sequence_start.anchor, r->event.data.sequence_start.tag);
    read_items(r, node, depth);
    return node;
}

static struct yaml *read_map(struct reading *r, const char *path, int depth)
{
    struct yaml *node = new_node(r, YAML_MAP, path);
    refuse_anchor(r, node, r->event.data.mapping_start.anchor, r->event.data.mapping_start.tag);
    read_pairs(r, node, depth);
    return node;
}

/* Reads the node that the current event begins; NULL when reading cannot go on. */
static struct yaml *read_node(struct reading *r, const char *path, int depth)
{
    struct yaml *node = NULL;
    if (depth > YAML_DEPTH_MAX)
        give_up(r, path, "nested too deeply: at most 24 levels");
    else if (r->event.type == YAML_SCALAR_EVENT)
        node = read_scalar(r, path);
    else if (r->event.type == YAML_ALIAS_EVENT)
        node = read_alias(r, path);
    else if (r->event.type == YAML_SEQUENCE_START_EVENT)
        node = read_list(r, path, depth);
    else if (r->event.type == YAML_MAPPING_START_EVENT)
        node = read_map(r, path, depth);
    return r->broken ? NULL : node;
}

/* Stream start, document start, the one node, document end, stream end. */
static struct yaml *read_document(struct reading *r)
{
    if (!next_event(r) || !next_event(r))
        return NULL;
    if (r->event.type != YAML_DOCUMENT_START_EVENT) {
        give_up(r, "", "the file is empty");
        return NULL;
    }
    struct yaml *root = next_event(r) ? read_node(r, "", 1) : NULL;
    if (!root || !next_event(r) || !next_event(r))
        return NULL;
    if (r->event.type != YAML_STREAM_END_EVENT)
        give_up(r, "", "a second document begins here: one file holds one");
    return r->broken ? NULL : root;
}

struct yaml *yaml_parse(struct slice text, struct arena *arena, struct mistakes *mistakes)
{
    struct reading r = {.text = text, .arena = arena, .mistakes = mistakes};
    if (text.bytes > YAML_BYTES_MAX) {
        yaml_mistake(mistakes, NULL, "the file has %zu bytes: at most 1 MiB", text.bytes);
        return NULL;
    }
    if (!yaml_parser_initialize(&r.parser)) {
        yaml_mistake(mistakes, NULL, "no memory to read it");
        return NULL;
    }
    yaml_parser_set_input_string(&r.parser, text.at ? text.at : (const uint8_t *)"", text.bytes);
    struct yaml *root = read_document(&r);
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    return root;
}
