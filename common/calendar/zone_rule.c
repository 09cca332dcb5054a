#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "zone.h"

/* A zone's abbreviation: letters, or anything in <>. */
static bool skip_name(const char **text)
{
    const char *at = *text;
    if (*at == '<') {
        at = strchr(at, '>');
        if (!at)
            return false;
        *text = at + 1;
        return true;
    }
    while (isalpha((unsigned char)*at))
        at++;
    bool some = at > *text;
    *text = at;
    return some;
}

static bool read_number(const char **text, int max, int *ret)
{
    if (!isdigit((unsigned char)**text))
        return false;
    for (*ret = 0; isdigit((unsigned char)**text); (*text)++) {
        *ret = *ret * 10 + (**text - '0');
        if (*ret > max)
            return false;
    }
    return true;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool read_time(const char **text, int64_t *ret_sec)
{
    int sign = **text == '-' ? -1 : 1, hour, minute = 0, second = 0;
    if (**text == '-' || **text == '+')
        (*text)++;
    if (!read_number(text, 167, &hour))
        return false;
    if (**text == ':' && ((*text)++, !read_number(text, 59, &minute)))
        return false;
    if (**text == ':' && ((*text)++, !read_number(text, 59, &second)))
        return false;
    *ret_sec = sign * (hour * 3600 + minute * 60 + second);
    return true;
}

/* ,Mm.w.d[/time]  ,Jn[/time]  ,n[/time] */
static bool read_date(const char **text, struct rule_date *ret)
{
    *ret = (struct rule_date){.kind = 'n', .at_sec = 2 * 3600};
    if (*(*text)++ != ',')
        return false;
    if (**text == 'M' || **text == 'J')
        ret->kind = *(*text)++;
    if (ret->kind != 'M') {
        if (!read_number(text, 365, &ret->day))
            return false;
    } else {
        if (!read_number(text, 12, &ret->month) || *(*text)++ != '.' || !read_number(text, 5, &ret->week) ||
            *(*text)++ != '.' || !read_number(text, 6, &ret->day) || !ret->month || !ret->week)
            return false;
    }
    return **text != '/' || ((*text)++, read_time(text, &ret->at_sec));
}

bool zone_rule_parse(const char *text, struct zone_rule *ret)
{
    *ret = (struct zone_rule){0};
    if (!skip_name(&text) || !read_time(&text, &ret->standard_sec))
        return false;
    ret->standard_sec = -ret->standard_sec;         /* POSIX counts westward */
    if (!*text)
        return true;
    ret->has_summer = true;
    ret->summer_sec = ret->standard_sec + 3600;
    if (!skip_name(&text))
        return false;
    if (*text != ',') {
        if (!read_time(&text, &ret->summer_sec))
            return false;
        ret->summer_sec = -ret->summer_sec;
    }
    return read_date(&text, &ret->begins) && read_date(&text, &ret->ends) && !*text;
}

/* The w-th weekday d (0 Sunday) of the month; week 5 is the last. */
static int64_t weekday_of_month(const struct rule_date *date, int year)
{
    int64_t first = civil_day(year, date->month, 1);
    int64_t next_month = date->month == 12 ? civil_day(year + 1, 1, 1) : civil_day(year, date->month + 1, 1);
    int wanted = (date->day + 6) % 7;
    int64_t day = first + floor_rest(wanted - civil_weekday(first), 7) + 7 * (date->week - 1);
    return day >= next_month ? day - 7 : day;
}

static int64_t rule_day(const struct rule_date *date, int year)
{
    if (date->kind == 'M')
        return weekday_of_month(date, year);
    int64_t new_year = civil_day(year, 1, 1);
    if (date->kind == 'n')
        return new_year + date->day;
    /* J counts from 1 and never the leap day */
    return new_year + date->day - 1 + (date->day >= 60 && civil_valid(year, 2, 29));
}

int64_t zone_rule_begins(const struct zone_rule *rule, int year)
{
    return rule_day(&rule->begins, year) * 86400 + rule->begins.at_sec - rule->standard_sec;
}

int64_t zone_rule_ends(const struct zone_rule *rule, int year)
{
    return rule_day(&rule->ends, year) * 86400 + rule->ends.at_sec - rule->summer_sec;
}
