#include "playbook_reading.h"

#include <string.h>

const char *reading_hint(struct playbook_reading *reading, const char *name, const char *const *known)
{
    const char *near = nearest_name(name, known);
    return near ? arena_printf(reading->arena, ", did you mean %s?", near) : "";
}

void *reading_array(struct playbook_reading *reading, size_t count, size_t bytes)
{
    return arena_alloc(reading->arena, (count ? count : 1) * bytes);
}

size_t reading_count(struct playbook_reading *reading, const struct yaml *node, enum yaml_kind kind)
{
    if (!node)
        return 0;
    if (node->kind == kind)
        return node->count;
    yaml_mistake(reading->mistakes, node, kind == YAML_LIST ? "must be a list" : "must be a map of keys and values");
    return 0;
}

const char *reading_name(struct playbook_reading *reading, const struct yaml *node, const char *key,
                         const struct yaml *required_in)
{
    if (!node && required_in)
        yaml_mistake(reading->mistakes, required_in, "%s is missing", key);
    const char *name = yaml_text(node, "", reading->mistakes);
    if (!*name || (name_is_plain(name) && strlen(name) < 64))
        return name;
    yaml_mistake(reading->mistakes, node, "\"%.40s\" is no name: letters, digits, dots, dashes, at most 63 bytes",
                 name);
    return "";
}

struct texts reading_texts(struct playbook_reading *reading, const struct yaml *node)
{
    struct texts texts = {NULL, 0};
    if (!node)
        return texts;
    bool list = node->kind == YAML_LIST;
    size_t count = list ? node->count : 1;
    texts.at = reading_array(reading, count, sizeof *texts.at);
    for (size_t i = 0; i < count; i++) {
        const char *text = yaml_text(list ? node->items[i] : node, "", reading->mistakes);
        if (*text)
            texts.at[texts.count++] = text;
    }
    return texts;
}

struct span reading_span(struct playbook_reading *reading, const struct yaml *node)
{
    struct span span = {0, 0};
    const char *text = yaml_text(node, "", reading->mistakes);
    if (!*text)
        return span;
    if (!span_parse(text, &span) || span.ms < 0 || span.days < 0) {
        yaml_mistake(reading->mistakes, node, "\"%.20s\" is no duration: write it as 90s, 30m, 2h, 3d or 2w", text);
        return (struct span){0, 0};
    }
    return span;
}

static bool texts_hold(const struct texts *texts, const char *wanted)
{
    for (size_t i = 0; i < texts->count; i++)
        if (!strcmp(texts->at[i], wanted))
            return true;
    return false;
}

const char *reading_role(struct playbook_reading *reading, const struct yaml *node, const char *fallback)
{
    const char *role = node ? reading_name(reading, node, "role", NULL) : fallback;
    if (!*role || !reading->roles_told || texts_hold(&reading->roles, role))
        return role;
    const char **known = reading_array(reading, reading->roles.count + 1, sizeof *known);
    memcpy(known, reading->roles.at, reading->roles.count * sizeof *known);
    yaml_mistake(reading->mistakes, node, "role \"%s\" is not in the list of roles%s", role,
                 reading_hint(reading, role, known));
    return role;
}

bool reading_is_person(const char *to)
{
    return !strncmp(to, "field.", 6) || !strncmp(to, "event.", 6);
}

/* A field of the rule's form that holds somebody, or a text of its event. */
static bool names_person(const struct playbook_reading *reading, const char *path)
{
    const struct form_field *of_form = reading->form ? form_field(reading->form, path + 6) : NULL;
    const struct record *record = reading->rule ? event_types[reading->rule->on].data : NULL;
    const struct field *of_event = record ? record_field(record, path + 6) : NULL;
    if (*path == 'e')
        return of_event && of_event->kind == FIELD_TEXT && !(of_event->flags & PERSONAL);
    return of_form && of_form->kind == FORM_STAFF && !of_form->personal;
}

const char *reading_addressee(struct playbook_reading *reading, const struct yaml *node)
{
    const char *to = yaml_text(node, "", reading->mistakes);
    if (!strcmp(to, "owner"))
        return "owner";
    if (!reading_is_person(to))
        return reading_role(reading, node, "");
    if (!names_person(reading, to))
        yaml_mistake(reading->mistakes, node, "\"%.60s\" names nobody: a field of kind staff of the rule's form does, or a "
                     "text of its event (event.NAME)", to);
    return to;
}

const char *reading_choice(struct playbook_reading *reading, const struct yaml *node, const char *const *names)
{
    const char *text = yaml_text(node, names[0], reading->mistakes);
    for (size_t i = 0; names[i]; i++)
        if (!strcmp(names[i], text))
            return names[i];
    struct buffer all = {0};
    for (size_t i = 0; names[i]; i++)
        buffer_printf(&all, "%s%s", i ? ", " : "", names[i]);
    yaml_mistake(reading->mistakes, node, "\"%.40s\" is not one of %s", text, buffer_text(&all));
    buffer_free(&all);
    return names[0];
}

struct retry reading_retry(struct playbook_reading *reading, const struct yaml *node, struct retry otherwise)
{
    static const char *const keys[] = {"attempts", "gaps", NULL};
    struct retry retry = otherwise;
    if (!node)
        return retry;
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    retry.attempts = (int)yaml_int(yaml_get(node, "attempts"), otherwise.attempts, 1, GAPS_MAX + 1, reading->mistakes);
    const struct yaml *gaps = yaml_get(node, "gaps");
    size_t count = reading_count(reading, gaps, YAML_LIST);
    if (count > GAPS_MAX) {
        yaml_mistake(reading->mistakes, gaps, "at most %d gaps", GAPS_MAX);
        count = GAPS_MAX;
    }
    if (gaps)
        retry.gap_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct span gap = reading_span(reading, gaps->items[i]);
        if (span_rough_ms(gap))
            retry.gaps[retry.gap_count++] = gap;
        else if (gaps->items[i]->kind == YAML_SCALAR && !strncmp(gaps->items[i]->text, "0", 1))
            yaml_mistake(reading->mistakes, gaps->items[i], "a gap cannot be nothing: it would retry at once");
    }
    return retry;
}

int64_t span_rough_ms(struct span span)
{
    return span.ms + span.days * DAY_MS;
}
