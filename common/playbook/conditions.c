#include "playbook.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "records.h"

/* -------- how one value matches */

static bool absent_matches(const char *value)
{
    return !strcmp(value, "no") || !strcmp(value, "none");
}

static bool match_whole(const char *found, const char *value)
{
    return *found ? !strcmp(found, value) : absent_matches(value);
}

/* `found` holds codes separated by commas. */
static bool match_code(const char *found, const char *value)
{
    size_t bytes = strlen(value);
    for (const char *code = found; *code; code += strcspn(code, ","), code += *code == ',') {
        size_t length = strcspn(code, ",");
        if (length < bytes || strncmp(code, value, bytes))
            continue;
        if (length == bytes || isdigit((unsigned char)code[bytes]))
            return true;
    }
    return false;
}

static bool match_within(const char *found, const char *value)
{
    return strstr(found, value) != NULL;
}

/* `found` holds words separated by commas, of which one is enough; a single word is such a list, too. */
static bool match_element(const char *found, const char *value)
{
    size_t bytes = strlen(value);
    for (const char *word = found; *word; word += strcspn(word, ","), word += *word == ',')
        if (strcspn(word, ",") == bytes && !strncmp(word, value, bytes))
            return true;
    return match_whole(found, value);
}

static bool (*matcher_of(const char *path))(const char *, const char *)
{
    static const struct { const char *path; bool (*matches)(const char *, const char *); } matchers[] = {
        {"code", match_code}, {"words", match_within}, {"changed", match_element}, {"missing", match_element},
        {"customer.interests", match_element},
    };
    for (size_t i = 0; i < sizeof matchers / sizeof matchers[0]; i++)
        if (!strcmp(path, matchers[i].path))
            return matchers[i].matches;
    return strncmp(path, "field.", 6) ? match_whole : match_element;
}

static bool in_range(const struct condition *condition, const char *found)
{
    char *end;
    long long number = strtoll(found, &end, 10);
    if (end == found || *end)
        return false;
    return (!condition->has_min || number >= condition->min) && (!condition->has_max || number <= condition->max);
}

static bool one_of_values(const struct condition *condition, const char *found)
{
    bool (*matches)(const char *, const char *) = matcher_of(condition->path);
    for (size_t i = 0; i < condition->values.count; i++)
        if (matches(found, condition->values.at[i]))
            return true;
    return false;
}

/* What never was lies before everything. */
static bool time_holds(const struct condition *condition, condition_lookup lookup, void *context)
{
    const char *found = lookup(context, condition->path), *moment = lookup(context, condition->moment);
    int64_t at = found && *found ? strtoll(found, NULL, 10) : INT64_MIN;
    bool earlier = at < (moment && *moment ? strtoll(moment, NULL, 10) : 0);
    return earlier == condition->earlier;
}

/* Both may be lists. What names nothing restricts nothing. */
static bool among_holds(const struct condition *condition, const char *found, const char *allowed)
{
    if (!allowed || !*allowed)
        return true;
    for (const char *word = found ? found : ""; *word; word += strcspn(word, ","), word += *word == ',')
        for (const char *other = allowed; *other; other += strcspn(other, ","), other += *other == ',')
            if (strcspn(word, ",") == strcspn(other, ",") && !strncmp(word, other, strcspn(word, ",")))
                return !condition->negated;
    return condition->negated;
}

static bool condition_holds(const struct condition *condition, const char *found)
{
    if (!found)
        found = "";
    bool number = condition->has_min || condition->has_max;
    bool holds = (!number || in_range(condition, found)) &&
                 (!condition->values.count || one_of_values(condition, found));
    return holds != condition->negated;
}

static bool one_holds(const struct condition *condition, condition_lookup lookup, void *context)
{
    if (condition->moment)
        return time_holds(condition, lookup, context);
    const char *found = lookup(context, condition->path);
    return condition->among ? among_holds(condition, found, lookup(context, condition->among))
                            : condition_holds(condition, found);
}

bool conditions_hold(const struct condition_list *conditions, condition_lookup lookup, void *context)
{
    for (size_t i = 0; i < conditions->count; i++)
        if (!one_holds(&conditions->at[i], lookup, context))
            return false;
    return true;
}

static bool asks_customer(const struct condition *condition)
{
    static const char *const prefixes[] = {"customer.", "last.", "count."};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (!strncmp(condition->path, prefixes[i], strlen(prefixes[i])))
            return true;
    return false;
}

bool conditions_hold_for_all(const struct condition_list *conditions, condition_lookup lookup, void *context)
{
    for (size_t i = 0; i < conditions->count; i++)
        if (!asks_customer(&conditions->at[i]) && !one_holds(&conditions->at[i], lookup, context))
            return false;
    return true;
}

const char *variant_choose(const struct variant_list *variants, condition_lookup lookup, void *context)
{
    for (size_t i = 0; i < variants->count; i++)
        if (conditions_hold(&variants->at[i].when, lookup, context))
            return variants->at[i].value;
    return "";
}

const struct grade_rule *complaint_grade(const struct complaint_rules *rules, condition_lookup lookup, void *context)
{
    for (size_t i = 0; i < rules->grade_count; i++)
        if (conditions_hold(&rules->grades[i].when, lookup, context))
            return &rules->grades[i];
    return NULL;
}

/* -------- looking up a record's field */

static const char *field_as_text(const struct field *field, const void *record, struct arena *arena)
{
    const char *at = (const char *)record + field->offset;
    switch (field->kind) {
    case FIELD_TEXT:
        return *(const char *const *)at;
    case FIELD_WORD:
        return *(const int *)at ? words_name(field->words, *(const int *)at) : NULL;
    case FIELD_TIME:
        return *(const wall_ms *)at ? arena_printf(arena, "%lld", (long long)*(const wall_ms *)at) : NULL;
    case FIELD_INT:
        return arena_printf(arena, "%lld", (long long)*(const int64_t *)at);
    case FIELD_BOOL:
        return *(const bool *)at ? "yes" : "no";
    default:
        return NULL;
    }
}

static const char *fact_in(const struct record *record, const void *data, const char *name, struct arena *arena)
{
    const struct field *field = data ? record_field(record, name) : NULL;
    return field ? field_as_text(field, data, arena) : NULL;
}

/* A value of a packed map as text. */
static const char *fact_in_map(struct slice map, const char *name, struct arena *arena)
{
    struct slice value, text;
    int64_t number;
    bool truth;
    if (!map.bytes || !cursor_find(map, name, &value))
        return "";
    struct cursor cursor = cursor_over(value);
    if (cursor_text(&cursor, &text))
        return arena_text(arena, text.at, text.bytes);
    if (cursor_int(&cursor, &number))
        return arena_printf(arena, "%lld", (long long)number);
    return cursor_bool(&cursor, &truth) && truth ? "yes" : "no";
}

/* -------- moments */

static const struct calendar *calendar_of(const struct condition_facts *facts)
{
    return facts->calendar ? facts->calendar : calendar_everyday();
}

static const char *time_text(const struct condition_facts *facts, wall_ms at)
{
    return arena_printf(facts->arena, "%lld", (long long)at);
}

/* The beginning of the present day, week, month or year. */
static wall_ms start_of(const struct condition_facts *facts, const char *unit)
{
    const struct calendar *calendar = calendar_of(facts);
    struct local_time now = calendar_local(calendar, facts->now);
    wall_ms today = calendar_day_start(calendar, facts->now);
    if (!strcmp(unit, "week"))
        return calendar_add_days(calendar, today, -now.weekday);
    if (!strcmp(unit, "day"))
        return today;
    return calendar_instant(calendar, now.year, strcmp(unit, "year") ? now.month : 1, 1, 0, 0, 0);
}

static const char *moment_fact(const struct condition_facts *facts, const char *path)
{
    struct span span;
    if (!strncmp(path, "@start ", 7))
        return time_text(facts, start_of(facts, path + 7));
    if (strncmp(path, "@ago ", 5) || !span_parse(path + 5, &span))
        return NULL;
    return time_text(facts, calendar_add(calendar_of(facts), facts->now, (struct span){-span.ms, -span.days}));
}

/* -------- forms and history */

/* A date or time of a form as an instant, so that it can be compared; all else as it stands. */
static const char *value_fact(const struct condition_facts *facts, const char *value)
{
    wall_ms at;
    bool dated = strlen(value) >= 10 && value[4] == '-' && form_instant(value, calendar_of(facts), &at);
    return dated ? time_text(facts, at) : value;
}

static const char *history_fact(const struct condition_facts *facts, const char *what, bool count)
{
    wall_ms last = 0;
    size_t times = 0;
    for (size_t i = 0; facts->customer && i < facts->customer->history.count; i++) {
        const struct past_contact *past = &facts->customer->history.at[i];
        if (strcmp(past->what, what))
            continue;
        times++;
        last = past->at > last ? past->at : last;
    }
    if (count)
        return arena_printf(facts->arena, "%zu", times);
    return last ? time_text(facts, last) : NULL;
}

static const char *field_fact(const struct condition_facts *facts, const char *name)
{
    const struct field *fields = facts->data ? record_field(facts->record, "fields") : NULL;
    if (facts->fields.bytes || !fields || fields->kind != FIELD_MAP)
        return value_fact(facts, fact_in_map(facts->fields, name, facts->arena));
    return value_fact(facts, fact_in_map(*(const struct slice *)((const char *)facts->data + fields->offset), name, facts->arena));
}

/* The last result of a step counts: a stage may be gone through again. */
static const char *result_of(const struct step_result_list *results, const char *step)
{
    const char *result = "";
    for (size_t i = 0; results && i < results->count; i++)
        if (!strcmp(results->at[i].step, step))
            result = results->at[i].result;
    return result;
}

const char *condition_fact(void *context, const char *path)
{
    static const char prefix[] = "customer.", of_step[] = "step.", of_form[] = "field.", last[] = "last.", count[] = "count.";
    const struct condition_facts *facts = context;
    if (*path == '@')
        return moment_fact(facts, path);
    if (!strncmp(path, last, sizeof last - 1))
        return history_fact(facts, path + sizeof last - 1, false);
    if (!strncmp(path, count, sizeof count - 1))
        return history_fact(facts, path + sizeof count - 1, true);
    if (!strncmp(path, of_form, sizeof of_form - 1))
        return field_fact(facts, path + sizeof of_form - 1);
    if (!strncmp(path, of_step, sizeof of_step - 1))
        return result_of(facts->results, path + sizeof of_step - 1);
    if (!strcmp(path, "customer.owner_gone"))
        return facts->owner_gone ? "yes" : "no";
    if (!strncmp(path, prefix, sizeof prefix - 1))
        return fact_in(&customer_record, facts->customer, path + sizeof prefix - 1, facts->arena);
    return fact_in(facts->record, facts->data, path, facts->arena);
}
