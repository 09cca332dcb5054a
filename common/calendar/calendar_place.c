#include <string.h>

#include "calendar_inside.h"

static const char *const day_names[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* How the place was found; each has its words in `why`. */
enum found { FOUND_FREE, FOUND_OPEN, FOUND_NEXT, FOUND_EARLIER, FOUND_OUTSIDE, FOUND_LATE, FOUND_NEVER };

struct search {
    const struct calendar *calendar;
    const struct placing *placing;
    wall_ms earliest;               /* event + after */
    wall_ms floor;                  /* not before this: the event, and now */
    wall_ms deadline;               /* that a place is looked for; 0: none */
    enum found found;
    wall_ms due;
    struct opening opening;
};

static wall_ms later(wall_ms a, wall_ms b)
{
    return a > b ? a : b;
}

static bool span_is_zero(struct span span)
{
    return !span.ms && !span.days;
}

static wall_ms add(const struct search *s, struct span span)
{
    return s->placing->business ? calendar_add_business(s->calendar, s->placing->event, span)
                                : calendar_add(s->calendar, s->placing->event, span);
}

static void take(struct search *s, enum found found, wall_ms due, struct opening opening)
{
    s->found = found;
    s->due = due;
    s->opening = opening;
}

/* The next opening of `week` at or after `from`; false if it would begin at or after the deadline. */
static bool next_in_time(struct search *s, const struct week *week, wall_ms from, enum found found)
{
    struct opening o;
    if (!calendar_next_opening(s->calendar, week, from, &o))
        return false;
    wall_ms due = later(o.from, from);
    if (s->deadline && due >= s->deadline)
        return false;
    take(s, found, due, o);
    return true;
}

/* The last opening of which something lies between the floor and the deadline. */
static bool last_in_time(struct search *s)
{
    struct opening o;
    if (!s->deadline || !calendar_last_opening(s->calendar, s->placing->week, s->deadline, &o) || o.to <= s->floor)
        return false;
    take(s, FOUND_EARLIER, later(o.from, s->floor), o);
    return true;
}

static void next_too_late(struct search *s, wall_ms from)
{
    struct opening o;
    if (calendar_next_opening(s->calendar, s->placing->week, from, &o))
        take(s, FOUND_LATE, later(o.from, from), o);
    else
        take(s, FOUND_NEVER, from, (struct opening){0, 0});
}

/* A preferred window that cannot be met in time is left for the business hours before the deadline; a strict one
 * never. */
static void find_place(struct search *s)
{
    const struct week *week = s->placing->week;
    wall_ms from = later(s->earliest, s->floor);
    if (!week) {
        take(s, FOUND_FREE, from, (struct opening){0, 0});
        return;
    }
    if (next_in_time(s, week, from, FOUND_NEXT)) {
        s->found = s->due == from ? FOUND_OPEN : FOUND_NEXT;
        return;
    }
    if (last_in_time(s))
        return;
    if (s->deadline && !week->strict && next_in_time(s, &s->calendar->business, from, FOUND_OUTSIDE))
        return;
    next_too_late(s, from);
}

/* -------- in words */

/* Puts digits in the places of a text made for them. */
static void put_digits(char *last, int number, int count)
{
    for (; count > 0; count--, number /= 10)
        *last-- = (char)('0' + number % 10);
}

static void put_time(char *at, int hour, int minute)
{
    put_digits(at + 1, hour, 2);
    put_digits(at + 4, minute, 2);
}

static const char *moment_in_words(const struct calendar *calendar, wall_ms at, struct arena *arena)
{
    struct local_time t = calendar_local(calendar, at);
    char text[] = "Day 0000-00-00 00:00";
    memcpy(text, day_names[t.weekday], 3);
    put_digits(text + 7, t.year, 4);
    put_digits(text + 10, t.month, 2);
    put_digits(text + 13, t.day, 2);
    put_time(text + 15, t.hour, t.minute);
    return arena_text(arena, text, sizeof text - 1);
}

const char *calendar_opening_text(const struct calendar *calendar, struct opening opening, struct arena *arena)
{
    struct local_time from = calendar_local(calendar, opening.from), to = calendar_local(calendar, opening.to);
    bool midnight = !to.hour && !to.minute && opening.to > opening.from;
    char text[] = "Day 00:00-00:00";
    memcpy(text, day_names[from.weekday], 3);
    put_time(text + 4, from.hour, from.minute);
    put_time(text + 10, midnight ? 24 : to.hour, to.minute);
    return arena_text(arena, text, sizeof text - 1);
}

/* "open 15:00-17:30" on the day of `beside`, with the date on another. */
static const char *opening_in_words(const struct search *s, wall_ms beside, struct arena *arena)
{
    const char *hours = strchr(calendar_opening_text(s->calendar, s->opening, arena), ' ') + 1;
    if (local_day(s->calendar, beside) == local_day(s->calendar, s->opening.from))
        return hours;
    return arena_printf(arena, "%.14s %s", moment_in_words(s->calendar, s->opening.from, arena), hours);
}

/* Why the window is closed at the wished time: " (holiday: 清明节)", or nothing to add. */
static const char *closed_because(const struct search *s, wall_ms at, struct arena *arena)
{
    const char *name;
    if (!calendar_is_holiday(s->calendar, at, &name))
        return "";
    return *name ? arena_printf(arena, " (holiday: %s)", name) : " (holiday)";
}

static const char *place_in_words(const struct search *s, wall_ms wished, struct arena *arena)
{
    const char *because = s->placing->week ? closed_because(s, wished, arena) : "";
    const char *hours = s->found == FOUND_FREE || s->found == FOUND_NEVER ? "" : opening_in_words(s, wished, arena);
    const char *deadline = s->deadline ? moment_in_words(s->calendar, s->deadline, arena) : "";
    switch (s->found) {
    case FOUND_FREE:
        return "";
    case FOUND_OPEN:
        return arena_printf(arena, ", open %s", hours);
    case FOUND_NEXT:
        return arena_printf(arena, ", closed%s, next opening %s", because, hours);
    case FOUND_EARLIER:
        return arena_printf(arena, ", closed%s from then to %s, last opening before: %s", because, deadline, hours);
    case FOUND_OUTSIDE:
        return arena_printf(arena, ", window closed%s to %s, left for the business hours %s", because, deadline, hours);
    case FOUND_LATE:
        return arena_printf(arena, ", closed%s, next opening %s%s%s", because, hours,
                            *deadline ? ", too late for " : "", deadline);
    case FOUND_NEVER:
        break;
    }
    return arena_printf(arena, ", no opening within %d days", CALENDAR_DAYS_AHEAD_MAX);
}

/* "Fri 2026-03-06 16:00 + 1d = Sat 2026-03-07 16:00, open 15:00-17:30" */
static const char *why(const struct search *s, bool late, struct arena *arena)
{
    const struct placing *p = s->placing;
    wall_ms wished = later(s->earliest, s->floor);
    const char *business = p->business ? " business" : "";
    const char *sum = "";
    if (!span_is_zero(p->after))
        sum = arena_printf(arena, " + %s%s = %s", span_text(arena, p->after), business,
                           moment_in_words(s->calendar, s->earliest, arena));
    const char *from_now = wished == s->earliest ? "" :
        arena_printf(arena, ", %s, so from now %s", late ? "past its deadline" : "already past",
                     moment_in_words(s->calendar, wished, arena));
    return arena_printf(arena, "%s%s%s%s", moment_in_words(s->calendar, p->event, arena), sum, from_now,
                        place_in_words(s, wished, arena));
}

struct placed calendar_place(const struct calendar *calendar, const struct placing *placing, struct arena *arena)
{
    struct search s = {.calendar = calendar, .placing = placing};
    s.earliest = add(&s, placing->after);
    s.floor = later(s.earliest < placing->event ? s.earliest : placing->event, placing->now);
    wall_ms deadline = span_is_zero(placing->before) ? 0 : add(&s, placing->before);
    bool late = deadline && deadline <= placing->now;
    s.deadline = late ? 0 : deadline;
    find_place(&s);
    return (struct placed){
        .due = s.due, .deadline = deadline, .opening = s.opening, .breach_foreseen = deadline && s.due > deadline,
        .arrived_late = late, .why = why(&s, late, arena),
    };
}
