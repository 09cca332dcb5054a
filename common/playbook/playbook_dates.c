#include <stdio.h>
#include <string.h>

#include "playbook_reading.h"
#include "records.h"

/* Times that do not come of an event: dates that are known beforehand, and what comes again. */

enum { AT_DEFAULT_MIN = 9 * 60 };

/* "09:30" as a minute of the day; `otherwise` if missing. */
static int read_at(struct playbook_reading *reading, const struct yaml *node, int otherwise)
{
    const char *text = yaml_text(node, "", reading->mistakes);
    int hour, minute, end = 0;
    if (!*text)
        return otherwise;
    if (sscanf(text, "%2d:%2d%n", &hour, &minute, &end) == 2 && !text[end] && hour >= 0 && hour < 24 && minute >= 0 &&
        minute < 60)
        return hour * 60 + minute;
    yaml_mistake(reading->mistakes, node, "\"%.20s\" is no time of day: write it as 09:30", text);
    return otherwise;
}

static const struct recurrence *read_rule(struct playbook_reading *reading, const struct yaml *node)
{
    const char *why, *text = yaml_text(node, "", reading->mistakes);
    const struct recurrence *repeat = recurrence_parse(text, reading->arena, &why);
    if (!repeat)
        yaml_mistake(reading->mistakes, node, "\"%.60s\": %s", text, why);
    return repeat;
}

/* -------- steps */

static bool is_date_of_form(const struct playbook_reading *reading, const char *path)
{
    const struct form_field *field =
        reading->form && !strncmp(path, "field.", 6) ? form_field(reading->form, path + 6) : NULL;
    return field && !field->personal && (field->kind == FORM_DATE || field->kind == FORM_DAY || field->kind == FORM_TIME);
}

static bool is_time_of_customer(const char *path)
{
    const struct field *field = strncmp(path, "customer.", 9) ? NULL : record_field(&customer_record, path + 9);
    return field && field->kind == FIELD_TIME;
}

static bool is_time_of_event(const struct playbook_reading *reading, const char *path)
{
    const struct record *record = reading->rule ? event_types[reading->rule->on].data : NULL;
    const struct field *field = record ? record_field(record, path) : NULL;
    return field && field->kind == FIELD_TIME && !(field->flags & PERSONAL);
}

static void read_from(struct playbook_reading *reading, const struct yaml *node, struct step *to)
{
    const struct yaml *from = yaml_get(node, "from"), *ahead = yaml_get(node, "ahead");
    to->from = yaml_text(from, "", reading->mistakes);
    to->ahead = reading_span(reading, ahead);
    if (*to->from && !is_date_of_form(reading, to->from) && !is_time_of_customer(to->from) &&
        !is_time_of_event(reading, to->from))
        yaml_mistake(reading->mistakes, from, "\"%.60s\" is no date to count from: a date, day or time of the rule's form "
                     "(field.NAME, not personal), a time of its event, customer.first_recorded_at or customer.last_seen_at",
                     to->from);
    if (ahead && !from)
        yaml_mistake(reading->mistakes, ahead, "ahead of what? from is missing");
}

static void read_every(struct playbook_reading *reading, const struct yaml *node, struct step *to)
{
    const struct yaml *every = yaml_get(node, "every"), *times = yaml_get(node, "times");
    const char *text = yaml_text(every, "", reading->mistakes);
    to->times = (int)yaml_int(times, 0, 1, 100000, reading->mistakes);
    if (times && !every)
        yaml_mistake(reading->mistakes, times, "times of what? every is missing");
    if (!*text)
        return;
    if (!span_parse(text, &to->every))
        to->repeat = read_rule(reading, every);
    else if (span_rough_ms(to->every) < MINUTE_MS)
        yaml_mistake(reading->mistakes, every, "comes again after a minute at the least");
}

void reading_dates(struct playbook_reading *reading, const struct yaml *node, struct step *to)
{
    read_from(reading, node, to);
    read_every(reading, node, to);
    to->at_min = read_at(reading, yaml_get(node, "at"), -1);
    bool days_after = to->after.days && !to->after.ms && !to->business;
    if (yaml_get(node, "at") && !*to->from && !to->repeat && !days_after)
        yaml_mistake(reading->mistakes, yaml_get(node, "at"),
                     "on which day? from, every with a rule, or after in whole days is missing");
}

/* -------- rules */

/* Each day is looked at for the first of a holiday with one of these names. */
static void read_holidays(struct playbook_reading *reading, const struct yaml *every, struct rule *to)
{
    static const char *const keys[] = {"holidays", NULL};
    const char *why;
    yaml_known_keys(every, keys, reading->mistakes);
    to->holidays = reading_texts(reading, yaml_get(every, "holidays"));
    to->repeat = recurrence_parse("daily", reading->arena, &why);
    if (!to->holidays.count)
        yaml_mistake(reading->mistakes, every, "holidays: which ones, by the names that the site's calendar has for them?");
}

void reading_schedule(struct playbook_reading *reading, const struct yaml *node, struct rule *to)
{
    static const char *const audiences[] = {"site", "customers", NULL};
    const struct yaml *every = yaml_get(node, "every"), *audience = yaml_get(node, "audience");
    to->at_min = read_at(reading, yaml_get(node, "at"), AT_DEFAULT_MIN);
    to->audience = !strcmp(reading_choice(reading, audience, audiences), "customers") ? AUDIENCE_CUSTOMERS : AUDIENCE_SITE;
    if (to->audience == AUDIENCE_CUSTOMERS && !*to->name)
        yaml_mistake(reading->mistakes, node, "rule: NAME is missing: what goes through all customers must be known again");
    if (!every) {
        if (yaml_get(node, "at"))
            yaml_mistake(reading->mistakes, yaml_get(node, "at"), "belongs to a rule that comes again: every is missing");
        return;
    }
    if (every->kind == YAML_MAP)
        read_holidays(reading, every, to);
    else
        to->repeat = read_rule(reading, every);
    to->on = EVENT_SCHEDULE_DUE;
    if (yaml_get(node, "on"))
        yaml_mistake(reading->mistakes, every, "either on an event or every so often");
    if (!*to->name)
        yaml_mistake(reading->mistakes, node, "rule: NAME is missing: what comes again must be known again");
}

/* -------- how much */

void reading_limit(struct playbook_reading *reading, const struct yaml *node, struct rule *to)
{
    static const char *const keys[] = {"per_customer", "within", "per_day", NULL};
    if (!node)
        return;
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    to->limit.per_customer = (int)yaml_int(yaml_get(node, "per_customer"), 0, 1, 32, reading->mistakes);
    to->limit.within = reading_span(reading, yaml_get(node, "within"));
    to->limit.per_day = (int)yaml_int(yaml_get(node, "per_day"), 0, 1, 1000000, reading->mistakes);
    if (yaml_get(node, "within") && !to->limit.per_customer)
        yaml_mistake(reading->mistakes, yaml_get(node, "within"), "within belongs to per_customer, which is missing");
    if (!to->limit.per_customer && !to->limit.per_day && node->kind == YAML_MAP)
        yaml_mistake(reading->mistakes, node, "limits nothing: give per_customer or per_day");
}
