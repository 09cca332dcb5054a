#include "yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

enum { MISTAKES_MAX = 200 };

/* -------- mistakes */

static void keep_line(struct mistakes *mistakes, const char *line)
{
    if (!mistakes->lines)
        mistakes->lines = arena_alloc(mistakes->arena, MISTAKES_MAX * sizeof *mistakes->lines);
    if (mistakes->count < MISTAKES_MAX)
        mistakes->lines[mistakes->count++] = line;
    else
        mistakes->lines[MISTAKES_MAX - 1] = arena_printf(mistakes->arena, "%s: and more mistakes after these",
                                                         mistakes->file ? mistakes->file : "");
}

/* Bytes of the UTF-8 character at `text`; 0 if it is cut off. */
static size_t character_bytes(const char *text)
{
    unsigned char lead = (unsigned char)*text;
    size_t bytes = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    for (size_t i = 1; i < bytes; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
    return bytes;
}

/* Takes out characters that were cut in two where a long value was shortened. */
static void drop_cut_characters(char *text)
{
    char *to = text;
    while (*text) {
        size_t bytes = character_bytes(text);
        memmove(to, text, bytes);
        to += bytes;
        text += bytes ? bytes : 1;
        while (!bytes && ((unsigned char)*text & 0xc0) == 0x80)
            text++;
    }
    *to = 0;
}

void yaml_mistake(struct mistakes *mistakes, const struct yaml *at, const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    drop_cut_characters(what);
    const char *file = mistakes->file ? mistakes->file : "";
    if (!at)
        keep_line(mistakes, arena_printf(mistakes->arena, "%s: %s", file, what));
    else if (!at->path || !*at->path)
        keep_line(mistakes, arena_printf(mistakes->arena, "%s:%d:%d: %s", file, at->line, at->column, what));
    else
        keep_line(mistakes,
                  arena_printf(mistakes->arena, "%s:%d:%d: %s: %s", file, at->line, at->column, at->path, what));
}

/* -------- maps */

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
    if (!map || map->kind != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (!strcmp(map->keys[i]->text, key))
            return map->items[i];
    return NULL;
}

static bool name_known(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (!strcmp(name, *names))
            return true;
    return false;
}

/* "name, name, name" of a NULL-ended list, cut where it gets long. */
static void names_listed(const char *const *names, char *to, size_t room)
{
    size_t used = 0;
    to[0] = 0;
    for (size_t i = 0; names[i]; i++) {
        if (used + strlen(names[i]) + 8 > room) {
            snprintf(to + used, room - used, ", …");
            return;
        }
        used += (size_t)snprintf(to + used, room - used, "%s%s", i ? ", " : "", names[i]);
    }
}

void yaml_known_keys(const struct yaml *map, const char *const *known, struct mistakes *mistakes)
{
    if (!map || map->kind != YAML_MAP)
        return;
    for (size_t i = 0; i < map->count; i++) {
        const char *key = map->keys[i]->text;
        if (name_known(key, known))
            continue;
        const char *near = nearest_name(key, known);
        char all[256];
        names_listed(known, all, sizeof all);
        if (near)
            yaml_mistake(mistakes, map->keys[i], "unknown key, did you mean %s?", near);
        else
            yaml_mistake(mistakes, map->keys[i], "unknown key: known here are %s", all);
    }
}

/* -------- typed readings */

static const char *const kind_names[] = {
    [YAML_SCALAR] = "a single value", [YAML_LIST] = "a list", [YAML_MAP] = "a map",
};

static bool is_null(const struct yaml *node)
{
    return !node->quoted && (!*node->text || !strcmp(node->text, "~") || !strcmp(node->text, "null"));
}

/* Is there a value to be read? A mistake if something else stands there. */
static bool is_value(const struct yaml *node, const char *wanted, struct mistakes *mistakes)
{
    if (!node)
        return false;
    if (node->kind != YAML_SCALAR)
        yaml_mistake(mistakes, node, "wants %s, not %s", wanted, kind_names[node->kind]);
    else if (is_null(node))
        yaml_mistake(mistakes, node, "has no value: wants %s", wanted);
    else
        return true;
    return false;
}

const char *yaml_text(const struct yaml *node, const char *otherwise, struct mistakes *mistakes)
{
    return is_value(node, "a text", mistakes) ? node->text : otherwise;
}

int64_t yaml_int(const struct yaml *node, int64_t otherwise, int64_t min, int64_t max, struct mistakes *mistakes)
{
    if (!is_value(node, "a whole number", mistakes))
        return otherwise;
    char *end;
    errno = 0;
    long long value = strtoll(node->text, &end, 10);
    bool plain = !node->quoted && strspn(node->text, "0123456789+-") == strlen(node->text);
    if (!plain || *end || end == node->text)
        yaml_mistake(mistakes, node, "wants a whole number, not %s%.60s%s", node->quoted ? "\"" : "", node->text,
                     node->quoted ? "\"" : "");
    else if (errno || value < min || value > max)
        yaml_mistake(mistakes, node, "wants a number from %lld to %lld", (long long)min, (long long)max);
    else
        return value;
    return otherwise;
}

bool yaml_bool(const struct yaml *node, bool otherwise, struct mistakes *mistakes)
{
    static const struct { const char *word; bool value; } truth[] = {
        {"true", true}, {"yes", true}, {"false", false}, {"no", false},
    };
    if (!is_value(node, "yes or no", mistakes))
        return otherwise;
    for (size_t i = 0; !node->quoted && i < sizeof truth / sizeof truth[0]; i++)
        if (!strcmp(node->text, truth[i].word))
            return truth[i].value;
    yaml_mistake(mistakes, node, "wants yes or no, not %.60s", node->text);
    return otherwise;
}

int yaml_word(const struct yaml *node, const struct words *words, struct mistakes *mistakes)
{
    enum { WORDS_SHOWN = 64 };
    const char *names[WORDS_SHOWN + 1] = {NULL};
    if (!is_value(node, "a word", mistakes))
        return -1;
    for (size_t i = 0; i < words->count; i++) {
        if (!strcmp(words->word[i], node->text))
            return (int)i;
        if (i < WORDS_SHOWN)
            names[i] = words->word[i];
    }
    const char *near = nearest_name(node->text, names);
    char all[256];
    names_listed(names, all, sizeof all);
    if (near)
        yaml_mistake(mistakes, node, "%.60s is not known, did you mean %s?", node->text, near);
    else
        yaml_mistake(mistakes, node, "%.60s is not known: one of %s", node->text, all);
    return -1;
}
