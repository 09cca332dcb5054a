#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "command.h"
#include "why.h"

enum { COLUMNS_MAX = 16, CELL_WIDTH_MAX = 60 };

struct column {
    const char *key;
    const char *heading;
    int width;
};

void print_json(const json_t *value)
{
    char *text = json_dumps(value, JSON_INDENT(1) | JSON_ENCODE_ANY);
    puts(text ? text : "null");
    free(text);
}

/* Columns on a terminal that a UTF-8 text takes. */
static int text_width(const char *text)
{
    int width = 0;
    wchar_t letter;
    size_t left = strlen(text);
    mbstate_t state = {0};
    while (left) {
        size_t bytes = mbrtowc(&letter, text, left, &state);
        if (bytes == (size_t)-1 || bytes == (size_t)-2 || bytes == 0)
            return width + (int)left;
        int columns = wcwidth(letter);
        width += columns > 0 ? columns : 0;
        text += bytes;
        left -= bytes;
    }
    return width;
}

static const json_t *value_at(const json_t *object, const char *path)
{
    char key[64];
    while (object && *path) {
        size_t bytes = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)bytes, path);
        object = json_object_get(object, key);
        path += bytes + (path[bytes] == '.');
    }
    return object;
}

static const char *cell_text(const struct invocation *call, const json_t *value)
{
    struct arena *arena = call->arena;
    if (json_is_string(value))
        return word_said(call, json_string_value(value));
    if (json_is_integer(value))
        return arena_printf(arena, "%lld", (long long)json_integer_value(value));
    if (json_is_real(value))
        return arena_printf(arena, "%.1f", json_real_value(value));
    if (json_is_boolean(value))
        return word_said(call, json_is_true(value) ? "yes" : "no");
    if (json_is_array(value) && json_array_size(value) && json_is_string(json_array_get(value, 0))) {
        const char *all = word_said(call, json_string_value(json_array_get(value, 0)));
        for (size_t i = 1; i < json_array_size(value); i++)
            all = arena_printf(arena, "%s,%s", all, word_said(call, json_string_value(json_array_get(value, i))));
        return all;
    }
    return json_is_array(value) ? arena_printf(arena, "%zu", json_array_size(value)) : "";
}

static const char *cell_at(const struct invocation *call, const json_t *object, const char *key)
{
    const char *text = cell_text(call, value_at(object, key));
    return call->chinese && (!strcmp(key, "why") || !strcmp(key, "placed")) ? why_in(text, "zh-CN", call->arena) : text;
}

static size_t parse_columns(const struct invocation *call, const char *text, struct column *columns)
{
    size_t count = 0;
    while (*text && count < COLUMNS_MAX) {
        size_t key = strcspn(text, "="), english = strcspn(text + key + 1, "/");
        const char *chinese = text + key + 1 + english + 1;
        size_t rest = strcspn(chinese, ",");
        columns[count].key = arena_text(call->arena, text, key);
        columns[count].heading = call->chinese ? arena_text(call->arena, chinese, rest)
                                               : arena_text(call->arena, text + key + 1, english);
        columns[count].width = text_width(columns[count].heading);
        count++;
        text = chinese + rest + (chinese[rest] == ',');
    }
    return count;
}

static void print_cell(const char *text, int width, bool last)
{
    int pad = width - text_width(text);
    printf("%s%*s", text, last ? 0 : (pad > 0 ? pad : 0) + 2, "");
}

void print_list(const struct invocation *call, const json_t *list, const char *text)
{
    if (call->json) {
        print_json(list);
        return;
    }
    struct column columns[COLUMNS_MAX];
    size_t count = parse_columns(call, text, columns), row;
    const json_t *object;
    json_array_foreach(list, row, object)
        for (size_t i = 0; i < count; i++) {
            int width = text_width(cell_at(call, object, columns[i].key));
            if (width > columns[i].width)
                columns[i].width = width > CELL_WIDTH_MAX ? CELL_WIDTH_MAX : width;
        }
    for (size_t i = 0; i < count; i++)
        print_cell(columns[i].heading, columns[i].width, i + 1 == count);
    puts("");
    json_array_foreach(list, row, object) {
        for (size_t i = 0; i < count; i++)
            print_cell(cell_at(call, object, columns[i].key), columns[i].width, i + 1 == count);
        puts("");
    }
}

void print_line(const struct invocation *call, const char *name, const json_t *object, const char *key)
{
    enum { NAME_WIDTH = 14 };
    const json_t *value = value_at(object, key);
    const char *text = json_is_array(value) && !json_array_size(value) ? "" : cell_text(call, value);
    if (!*text || strcmp(text, "none") == 0)
        return;
    print_cell(name, NAME_WIDTH, false);
    puts(text);
}
