#include "recurrence.h"

#include <libical/ical.h>
#include <string.h>

#include "civil.h"

enum { YEARS_AHEAD_MAX = 50, STEPS_MAX = 20000 };

struct recurrence {
    bool anniversary;
    struct icalrecurrencetype rule;
};

/* -------- reading */

static const struct { const char *word, *rule; } words[] = {
    {"daily", "FREQ=DAILY"}, {"weekly", "FREQ=WEEKLY"}, {"monthly", "FREQ=MONTHLY"}, {"yearly", "FREQ=YEARLY"},
};

static bool is_by_days(const struct icalrecurrencetype *rule)
{
    bool by_days = rule->freq == ICAL_YEARLY_RECURRENCE || rule->freq == ICAL_MONTHLY_RECURRENCE ||
                   rule->freq == ICAL_WEEKLY_RECURRENCE || rule->freq == ICAL_DAILY_RECURRENCE;
    return by_days && rule->by_hour[0] == ICAL_RECURRENCE_ARRAY_MAX && rule->by_minute[0] == ICAL_RECURRENCE_ARRAY_MAX &&
           rule->by_second[0] == ICAL_RECURRENCE_ARRAY_MAX;
}

const struct recurrence *recurrence_parse(const char *text, struct arena *arena, const char **ret_why)
{
    struct recurrence *recurrence = arena_alloc(arena, sizeof *recurrence);
    const char *rule = text;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strcmp(text, words[i].word))
            rule = words[i].rule;
    recurrence->anniversary = !strcmp(text, "yearly");
    icalerror_clear_errno();
    recurrence->rule = icalrecurrencetype_from_string(rule);
    *ret_why = NULL;
    if (recurrence->rule.freq == ICAL_NO_RECURRENCE || icalerrno != ICAL_NO_ERROR)
        *ret_why = "no rule: write daily, weekly, monthly, yearly or such as FREQ=MONTHLY;BYMONTHDAY=18";
    else if (!is_by_days(&recurrence->rule))
        *ret_why = "comes again by days or more, not by hours";
    else if (recurrence->rule.count || !icaltime_is_null_time(recurrence->rule.until))
        *ret_why = "COUNT and UNTIL end it by themselves: leave them out";
    icalerror_clear_errno();
    return *ret_why ? NULL : recurrence;
}

/* -------- the next day */

static struct icaltimetype date_of(int64_t day)
{
    struct civil date = civil_date(day);
    return (struct icaltimetype){.year = date.year, .month = date.month, .day = date.day, .is_date = 1};
}

static int64_t anniversary_in(struct civil start, int year)
{
    bool leapt = start.month == 2 && start.day == 29 && !civil_valid(year, 2, 29);
    return civil_day(year, start.month, leapt ? 28 : start.day);
}

static bool anniversary_next(int64_t start, int64_t after, int64_t *ret_day)
{
    struct civil first = civil_date(start);
    int year = civil_date(after > start ? after : start).year;
    int64_t day = anniversary_in(first, year);
    while (day <= after || day < start)
        day = anniversary_in(first, ++year);
    *ret_day = day;
    return true;
}

bool recurrence_next(const struct recurrence *recurrence, int64_t start, int64_t after, int64_t *ret_day)
{
    if (recurrence->anniversary)
        return anniversary_next(start, after, ret_day);
    icalrecur_iterator *days = icalrecur_iterator_new(recurrence->rule, date_of(start));
    int64_t last = (after > start ? after : start) + YEARS_AHEAD_MAX * 366;
    bool found = false;
    if (!days)
        return false;
    if (after > start)
        icalrecur_iterator_set_start(days, date_of(after));
    for (int step = 0; step < STEPS_MAX && !found; step++) {
        struct icaltimetype date = icalrecur_iterator_next(days);
        if (icaltime_is_null_time(date))
            break;
        int64_t day = civil_day(date.year, date.month, date.day);
        if (day > last)
            break;
        found = day > after && day >= start;
        *ret_day = found ? day : *ret_day;
    }
    icalrecur_iterator_free(days);
    return found;
}
