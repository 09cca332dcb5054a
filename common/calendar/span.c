#include <string.h>

#include "calendar.h"

static const struct { const char *unit; int64_t ms; int days; } units[] = {
    {"s", SECOND_MS, 0}, {"m", MINUTE_MS, 0}, {"h", HOUR_MS, 0}, {"d", 0, 1}, {"w", 0, 7},
};

enum { SPAN_DAYS_MAX = 36525, UNIT_COUNT = sizeof units / sizeof units[0] };
#define SPAN_MS_MAX (SPAN_DAYS_MAX * DAY_MS)

/* One number and its unit, as "90s", added to the span. */
static bool read_part(const char **text, struct span *to)
{
    int64_t number = 0;
    const char *at = *text;
    for (; *at >= '0' && *at <= '9'; at++) {
        number = number * 10 + (*at - '0');
        if (number > SPAN_MS_MAX / SECOND_MS)
            return false;
    }
    for (size_t i = 0; at > *text && i < UNIT_COUNT; i++) {
        if (*at != units[i].unit[0])
            continue;
        if (units[i].ms ? number > SPAN_MS_MAX / units[i].ms : number > SPAN_DAYS_MAX / units[i].days)
            return false;
        to->ms += number * units[i].ms;
        to->days += (int)number * units[i].days;
        *text = at + 1;
        return to->ms <= SPAN_MS_MAX && to->days <= SPAN_DAYS_MAX;
    }
    return false;
}

bool span_parse(const char *text, struct span *ret)
{
    struct span span = {0, 0};
    if (!text || !*text)
        return false;
    while (*text)
        if (!read_part(&text, &span))
            return false;
    *ret = span;
    return true;
}

static const char *ms_text(struct arena *arena, int64_t ms)
{
    for (size_t i = UNIT_COUNT; i-- > 0;)
        if (units[i].ms && ms % units[i].ms == 0)
            return arena_printf(arena, "%lld%s", (long long)(ms / units[i].ms), units[i].unit);
    return arena_printf(arena, "%lldms", (long long)ms);
}

const char *span_text(struct arena *arena, struct span span)
{
    const char *days = span.days ? arena_printf(arena, "%dd", span.days) : "";
    if (!span.ms)
        return span.days ? days : "0s";
    return arena_printf(arena, "%s%s", days, ms_text(arena, span.ms));
}
