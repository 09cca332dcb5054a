#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "site.h"
#include "template_escape.h"

/* Templates come from the shop, values from customers: every loop and every byte has a bound. */
enum {
    OUTPUT_BYTES_MAX = 64 * 1024,
    PATH_BYTES_MAX = 128,
    ELEMENT_BYTES_MAX = 512,        /* of a path through nested lists */
    SUFFIX_BYTES_MAX = 8,           /* what is asked of a path: .length */
    DEPTH_MAX = 8,
    ELEMENTS_MAX = 1000,            /* of one list */
    TAGS_MAX = 100000               /* worked in one rendering: lists in lists multiply */
};

/* Where paths are looked for first: an element of a list. */
struct scope {
    const struct scope *outer;
    const char *element;
};

struct rendering {
    const char *text;
    enum escape escape;
    template_lookup lookup;
    void *context;
    struct buffer *to;
    size_t bytes_before;
    struct fault *fault;
    int tags;
};

enum tag_kind { TAG_END_OF_TEXT, TAG_VALUE, TAG_IF, TAG_EACH, TAG_ELSE, TAG_END_IF, TAG_END_EACH, TAG_WRONG };

struct tag {
    enum tag_kind kind;
    char path[PATH_BYTES_MAX + 1];
};

/* -------- faults */

static bool refuse(struct rendering *r, const char *at, const char *what)
{
    snprintf(r->fault->field, sizeof r->fault->field, "byte %zu", (size_t)(at - r->text));
    snprintf(r->fault->what, sizeof r->fault->what, "%s", what);
    return false;
}

static bool put(struct rendering *r, const char *at, const char *from, size_t bytes, bool live)
{
    if (!live || !bytes)
        return true;
    if (r->to->bytes - r->bytes_before + bytes > OUTPUT_BYTES_MAX)
        return refuse(r, at, "the text would be longer than 64 KiB");
    buffer_append(r->to, from, bytes);
    return true;
}

static bool put_value(struct rendering *r, const char *at, const char *value)
{
    template_escape(r->escape, value, OUTPUT_BYTES_MAX, r->to);
    if (r->to->bytes - r->bytes_before > OUTPUT_BYTES_MAX)
        return refuse(r, at, "the text would be longer than 64 KiB");
    return true;
}

/* -------- tags */

static bool path_is_sound(const char *path)
{
    for (const char *at = path; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("_.-[]", *at))
            return false;
    return *path != 0;
}

static bool tag_take_path(const char *text, const char *word, char path[PATH_BYTES_MAX + 1])
{
    size_t bytes = strlen(word);
    if (strncmp(text, word, bytes) || (bytes && text[bytes] != ' '))
        return false;
    text += bytes + strspn(text + bytes, " ");
    memcpy(path, text, strlen(text) + 1);       /* of a tag, so it fits */
    return path_is_sound(path);
}

/* `inside`: between the braces, without blanks around. */
static enum tag_kind tag_kind_of(const char *inside, char path[PATH_BYTES_MAX + 1])
{
    static const struct { const char *text; enum tag_kind kind; } fixed[] = {
        {"else", TAG_ELSE}, {"/if", TAG_END_IF}, {"/each", TAG_END_EACH}
    };
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (!strcmp(inside, fixed[i].text))
            return fixed[i].kind;
    if (tag_take_path(inside, "#if", path))
        return TAG_IF;
    if (tag_take_path(inside, "#each", path))
        return TAG_EACH;
    return tag_take_path(inside, "", path) ? TAG_VALUE : TAG_WRONG;
}

/* The tag that begins at `at` ("{{"); *at is set behind it. */
static bool tag_read(struct rendering *r, const char **at, struct tag *ret)
{
    char inside[PATH_BYTES_MAX + 1];
    const char *from = *at + 2, *end = strstr(from, "}}");
    if (++r->tags > TAGS_MAX)
        return refuse(r, *at, "too much work: more than 100,000 tags");
    if (!end)
        return refuse(r, *at, "{{ without }}");
    const char *after = end + 2;
    while (from < end && *from == ' ')
        from++;
    while (end > from && end[-1] == ' ')
        end--;
    if ((size_t)(end - from) > PATH_BYTES_MAX)
        return refuse(r, *at, "a tag of more than 128 bytes");
    memcpy(inside, from, (size_t)(end - from));
    inside[end - from] = 0;
    ret->kind = tag_kind_of(inside, ret->path);
    if (ret->kind == TAG_WRONG)
        return refuse(r, *at, "unknown tag: write {{path}}, {{#if path}} {{else}} {{/if}} or {{#each path}} {{/each}}");
    *at = after;
    return true;
}

/* -------- values */

/* What `path` is called when it is taken of `element`; "", which nothing is called, if that is too long. */
static const char *path_in_element(const char *element, const char *path, char to[ELEMENT_BYTES_MAX])
{
    bool of_this = !strncmp(path, "this", 4) && (!path[4] || path[4] == '.' || path[4] == '[');
    const char *rest = of_this ? path + 4 : path;
    size_t element_bytes = strlen(element), rest_bytes = strlen(rest);
    to[0] = 0;
    if (element_bytes + 1 + rest_bytes >= ELEMENT_BYTES_MAX)
        return to;
    memcpy(to, element, element_bytes);
    if (!of_this)
        to[element_bytes++] = '.';
    memcpy(to + element_bytes, rest, rest_bytes + 1);
    return to;
}

static const char *value_of(struct rendering *r, const struct scope *scope, const char *path, const char *suffix,
                            char found[ELEMENT_BYTES_MAX])
{
    char asked[PATH_BYTES_MAX + SUFFIX_BYTES_MAX + 1];
    size_t path_bytes = strlen(path), suffix_bytes = strlen(suffix);
    memcpy(asked, path, path_bytes);
    memcpy(asked + path_bytes, suffix, suffix_bytes + 1);
    for (; scope; scope = scope->outer) {
        const char *value = r->lookup(r->context, path_in_element(scope->element, asked, found));
        if (value)
            return value;
    }
    memcpy(found, asked, path_bytes + suffix_bytes + 1);
    return r->lookup(r->context, asked);
}

static long list_length(struct rendering *r, const struct scope *scope, const char *path, char list[ELEMENT_BYTES_MAX])
{
    const char *length = value_of(r, scope, path, ".length", list);
    size_t bytes = strlen(list), suffix = strlen(".length");
    if (bytes >= suffix)
        list[bytes - suffix] = 0;
    return length ? strtol(length, NULL, 10) : 0;
}

static bool value_is_true(struct rendering *r, const struct scope *scope, const char *path)
{
    static const char *const falsehoods[] = {"", "0", "no", "false", "none"};
    char found[ELEMENT_BYTES_MAX];
    const char *value = value_of(r, scope, path, "", found);
    if (!value)
        return list_length(r, scope, path, found) > 0;
    for (size_t i = 0; i < sizeof falsehoods / sizeof falsehoods[0]; i++)
        if (!strcmp(value, falsehoods[i]))
            return false;
    return true;
}

/* -------- blocks */

static bool render_block(struct rendering *r, const char **at, const struct scope *scope, bool live, int depth,
                         enum tag_kind *ret_end);

/* {{#if}} was read; works up to and with its {{/if}}. */
static bool render_if(struct rendering *r, const char **at, const struct tag *tag, const struct scope *scope, bool live,
                      int depth)
{
    const char *opened = *at;
    enum tag_kind end;
    bool holds = live && value_is_true(r, scope, tag->path);
    if (!render_block(r, at, scope, live && holds, depth + 1, &end))
        return false;
    if (end == TAG_ELSE && !render_block(r, at, scope, live && !holds, depth + 1, &end))
        return false;
    return end == TAG_END_IF || refuse(r, opened, "{{#if}} is not closed by {{/if}}");
}

/* {{#each}} was read; works its body for each element, and once without effect if there are none. */
static bool render_each(struct rendering *r, const char **at, const struct tag *tag, const struct scope *scope,
                        bool live, int depth)
{
    const char *opened = *at;
    enum tag_kind end;
    char list[ELEMENT_BYTES_MAX] = "", element[ELEMENT_BYTES_MAX + 24];
    long count = live ? list_length(r, scope, tag->path, list) : 0;
    if (count > ELEMENTS_MAX)
        return refuse(r, opened, "a list of more than 1,000 elements");
    for (long i = 0; i < (count > 0 ? count : 1); i++) {
        snprintf(element, sizeof element, "%s[%ld]", list, i);
        struct scope inner = {scope, element};
        *at = opened;
        if (!render_block(r, at, count > 0 ? &inner : scope, live && count > 0, depth + 1, &end))
            return false;
        if (end != TAG_END_EACH)
            return refuse(r, opened, "{{#each}} is not closed by {{/each}}");
    }
    return true;
}

static bool render_tag(struct rendering *r, const char **at, const struct tag *tag, const struct scope *scope,
                       bool live, int depth)
{
    char found[ELEMENT_BYTES_MAX];
    if (tag->kind == TAG_IF)
        return render_if(r, at, tag, scope, live, depth);
    if (tag->kind == TAG_EACH)
        return render_each(r, at, tag, scope, live, depth);
    const char *value = live ? value_of(r, scope, tag->path, "", found) : NULL;
    return !value || put_value(r, *at, value);
}

/* Works until a tag that ends or divides a block, or the end of the text. */
static bool render_block(struct rendering *r, const char **at, const struct scope *scope, bool live, int depth,
                         enum tag_kind *ret_end)
{
    if (depth > DEPTH_MAX)
        return refuse(r, *at, "blocks in more than 8 blocks");
    for (;;) {
        struct tag tag;
        const char *open = strstr(*at, "{{");
        size_t plain = open ? (size_t)(open - *at) : strlen(*at);
        if (!put(r, *at, *at, plain, live))
            return false;
        *at += plain;
        *ret_end = TAG_END_OF_TEXT;
        if (!open)
            return true;
        if (!tag_read(r, at, &tag))
            return false;
        *ret_end = tag.kind;
        if (tag.kind >= TAG_ELSE)
            return true;
        if (!render_tag(r, at, &tag, scope, live, depth))
            return false;
    }
}

bool template_render(const char *template, enum escape escape, template_lookup lookup, void *context, struct buffer *to,
                     struct fault *fault)
{
    struct rendering r = {template, escape, lookup, context, to, to->bytes, fault, 0};
    const char *at = template;
    enum tag_kind end;
    bool done = render_block(&r, &at, NULL, true, 0, &end);
    if (done && end != TAG_END_OF_TEXT)
        done = refuse(&r, at, "{{else}}, {{/if}} or {{/each}} without a block that it belongs to");
    if (!done)
        to->bytes = r.bytes_before;
    return done;
}
