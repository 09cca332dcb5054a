#include <libical/ical.h>
#include <string.h>

#include "calendar_inside.h"
#include "weekday.h"

enum { EVENTS_MAX = 5000, EVENT_DAYS_MAX = 366, FIRST_YEAR = 1990, LAST_YEAR = 2100 };

struct reading {
    const struct yaml *node;
    struct day_rules *rules;
    struct mistakes *mistakes;
    bool working_pass;              /* holidays are read first, so that working days override them */
    size_t events;
};

/* One event, while its days are added. */
struct event_days {
    struct reading *r;
    int pattern;
    const char *name;
    int64_t length;
    bool full;
};

static const char *summary_of(icalcomponent *event)
{
    const char *summary = icalcomponent_get_summary(event);
    return summary ? summary : "";
}

static bool has_category(icalcomponent *event, const char *wanted)
{
    icalproperty *p = icalcomponent_get_first_property(event, ICAL_CATEGORIES_PROPERTY);
    for (; p; p = icalcomponent_get_next_property(event, ICAL_CATEGORIES_PROPERTY)) {
        const char *text = icalproperty_get_categories(p);
        if (text && strcasestr(text, wanted))
            return true;
    }
    return false;
}

static bool is_working_day(icalcomponent *event)
{
    return has_category(event, "WORKDAY") || strstr(summary_of(event), "班");
}

/* The weekday that X-CARELINE-PATTERN names; Monday without it. */
static int pattern_of(icalcomponent *event, struct reading *r)
{
    icalproperty *p = icalcomponent_get_first_property(event, ICAL_X_PROPERTY);
    for (; p; p = icalcomponent_get_next_property(event, ICAL_X_PROPERTY)) {
        const char *name = icalproperty_get_x_name(p), *value = icalproperty_get_x(p);
        if (!name || strcmp(name, "X-CARELINE-PATTERN"))
            continue;
        int weekday = value ? weekday_find(value, strlen(value)) : -1;
        if (weekday < 0)
            yaml_mistake(r->mistakes, r->node, "event %.60s: X-CARELINE-PATTERN wants mon to sun, not %.20s",
                         summary_of(event), value ? value : "");
        return weekday < 0 ? 0 : weekday;
    }
    return 0;
}

static int64_t day_of(struct icaltimetype time)
{
    return civil_day(time.year, time.month, time.day);
}

/* DTEND of whole days is the first day after. */
static int64_t length_of(icalcomponent *event, struct icaltimetype start)
{
    struct icaltimetype end = icalcomponent_get_dtend(event);
    if (icaltime_is_null_time(end))
        return 1;
    int64_t days = day_of(end) - day_of(start);
    bool into_the_day = !end.is_date && (end.hour || end.minute || end.second);
    return days + into_the_day > 1 ? days + into_the_day : 1;
}

static void add_days(struct event_days *event, int64_t first)
{
    for (int64_t i = 0; i < event->length && !event->full; i++)
        event->full = !day_rules_add(event->r->rules, first + i, event->pattern, event->name);
}

/* The library tells an occurrence by instants, those of whole days in UTC. */
static void add_occurrence(icalcomponent *component, struct icaltime_span *span, void *context)
{
    (void)component;
    add_days(context, floor_div(span->start, 86400));
}

/* A whole day; the library's own makers of dates leave -1 in the time of day, by which recurrences then miss. */
static struct icaltimetype date_of(int year, int month, int day)
{
    return (struct icaltimetype){.year = year, .month = month, .day = day, .is_date = 1};
}

/* Does each rule repeat by days or more? One by seconds would run for ever. */
static bool repeats_by_days(icalcomponent *component)
{
    icalproperty *p = icalcomponent_get_first_property(component, ICAL_RRULE_PROPERTY);
    for (; p; p = icalcomponent_get_next_property(component, ICAL_RRULE_PROPERTY)) {
        struct icalrecurrencetype rule = icalproperty_get_rrule(p);
        bool by_days = rule.freq == ICAL_YEARLY_RECURRENCE || rule.freq == ICAL_MONTHLY_RECURRENCE ||
                       rule.freq == ICAL_WEEKLY_RECURRENCE || rule.freq == ICAL_DAILY_RECURRENCE;
        if (!by_days || rule.by_hour[0] != ICAL_RECURRENCE_ARRAY_MAX ||
            rule.by_minute[0] != ICAL_RECURRENCE_ARRAY_MAX || rule.by_second[0] != ICAL_RECURRENCE_ARRAY_MAX)
            return false;
    }
    return true;
}

static void add_event(icalcomponent *component, struct icaltimetype start, struct event_days *event)
{
    bool repeats = icalcomponent_get_first_property(component, ICAL_RRULE_PROPERTY) ||
                   icalcomponent_get_first_property(component, ICAL_RDATE_PROPERTY);
    if (!repeats) {
        add_days(event, day_of(start));
        return;
    }
    start = date_of(start.year, start.month, start.day);
    icalproperty_set_dtstart(icalcomponent_get_first_property(component, ICAL_DTSTART_PROPERTY), start);
    icalproperty *end = icalcomponent_get_first_property(component, ICAL_DTEND_PROPERTY);
    if (end) {
        icalcomponent_remove_property(component, end);
        icalproperty_free(end);
    }
    icalcomponent_foreach_recurrence(component, date_of(FIRST_YEAR, 1, 1), date_of(LAST_YEAR + 1, 1, 1), add_occurrence,
                                     event);
}

static void read_event(struct reading *r, icalcomponent *component)
{
    struct event_days event = {.r = r, .pattern = PATTERN_CLOSED, .name = summary_of(component)};
    bool working = is_working_day(component);
    if (working != r->working_pass || icalcomponent_get_status(component) == ICAL_STATUS_CANCELLED)
        return;
    struct icaltimetype start = icalcomponent_get_dtstart(component);
    if (icaltime_is_null_time(start) || !civil_valid(start.year, start.month, start.day)) {
        yaml_mistake(r->mistakes, r->node, "event %.60s: has no day (DTSTART)", event.name);
        return;
    }
    event.pattern = working ? pattern_of(component, r) : PATTERN_CLOSED;
    event.length = length_of(component, start);
    if (event.length > EVENT_DAYS_MAX)
        yaml_mistake(r->mistakes, r->node, "event %.60s: lasts over a year", event.name);
    else if (!repeats_by_days(component))
        yaml_mistake(r->mistakes, r->node, "event %.60s: repeats by less than a day, or in a way that is not known",
                     event.name);
    else
        add_event(component, start, &event);
    if (event.full)
        yaml_mistake(r->mistakes, r->node, "event %.60s: too many days, at most %d in all", event.name, DAY_RULES_MAX);
}

/* What the library could not read is left in the component as properties. The name is fetched first: the component has
 * but one place from which all its "next" go on. */
static void tell_errors(struct reading *r, icalcomponent *component)
{
    const char *summary = summary_of(component);
    icalproperty *p = icalcomponent_get_first_property(component, ICAL_XLICERROR_PROPERTY);
    for (; p; p = icalcomponent_get_next_property(component, ICAL_XLICERROR_PROPERTY)) {
        const char *what = icalproperty_get_xlicerror(p);
        yaml_mistake(r->mistakes, r->node, "%.60s: %.160s", summary, what ? what : "cannot be read");
    }
}

static void read_calendar(struct reading *r, icalcomponent *calendar)
{
    if (!r->working_pass)
        tell_errors(r, calendar);
    icalcomponent *c = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
    for (; c && r->events < EVENTS_MAX; c = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
        r->events++;
        if (!r->working_pass)
            tell_errors(r, c);
        read_event(r, c);
    }
}

/* One calendar, or several in one text, which the library puts under a root of its own. */
static void read_pass(struct reading *r, icalcomponent *root, bool working)
{
    r->working_pass = working;
    r->events = 0;
    if (icalcomponent_isa(root) == ICAL_VCALENDAR_COMPONENT)
        read_calendar(r, root);
    icalcomponent *c = icalcomponent_get_first_component(root, ICAL_VCALENDAR_COMPONENT);
    for (; c; c = icalcomponent_get_next_component(root, ICAL_VCALENDAR_COMPONENT))
        read_calendar(r, c);
    if (r->events == EVENTS_MAX && !working)
        yaml_mistake(r->mistakes, r->node, "too many events: fewer than %d, please", EVENTS_MAX);
}

void day_rules_read_ics(const struct yaml *node, struct day_rules *rules, struct mistakes *mistakes)
{
    struct reading r = {.node = node, .rules = rules, .mistakes = mistakes};
    const char *text = yaml_text(node, "", mistakes);
    icalcomponent *root = strstr(text, "BEGIN:VCALENDAR") ? icalparser_parse_string(text) : NULL;
    if (!root) {
        yaml_mistake(mistakes, node, "is no iCalendar text (BEGIN:VCALENDAR … END:VCALENDAR)");
        return;
    }
    read_pass(&r, root, false);
    read_pass(&r, root, true);
    icalcomponent_free(root);
}
