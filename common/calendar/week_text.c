#include <string.h>

#include "calendar.h"
#include "weekday.h"

/* A week in words: days that are alike stand together. */

static bool days_alike(const struct week *week, int a, int b)
{
    if (week->day[a].count != week->day[b].count)
        return false;
    for (int i = 0; i < week->day[a].count; i++)
        if (week->day[a].opening[i].from_min != week->day[b].opening[i].from_min ||
            week->day[a].opening[i].to_min != week->day[b].opening[i].to_min)
            return false;
    return true;
}

static const char *day_said(const struct week *week, int first, int last, struct arena *arena)
{
    const char *text = first == last ? weekday_short[first]
                                     : arena_printf(arena, "%s-%s", weekday_short[first], weekday_short[last]);
    for (int i = 0; i < week->day[first].count; i++) {
        int from = week->day[first].opening[i].from_min, to = week->day[first].opening[i].to_min;
        text = arena_printf(arena, "%s%s%02d:%02d-%02d:%02d", text, i ? "," : " ", from / 60, from % 60, to / 60, to % 60);
    }
    return text;
}

const char *week_text(const struct week *week, struct arena *arena)
{
    const char *text = "";
    for (int first = 0, last; first < 7; first = last + 1) {
        for (last = first; last < 6 && days_alike(week, first, last + 1); last++)
            ;
        if (week->day[first].count)
            text = arena_printf(arena, "%s%s%s", text, *text ? "; " : "", day_said(week, first, last, arena));
    }
    return text;
}
