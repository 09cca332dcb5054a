#include "gate.h"

#include <string.h>

enum { MINUTES_PER_DAY = 1440, OBSTACLES_MAX = 32, WEEK_DAYS = 7 };

#define WEEK_MS (WEEK_DAYS * DAY_MS)

/* What stands in the way at one instant; until 0: nothing. */
struct obstacle {
    wall_ms until;
    const char *reason;
};

static bool is_purpose(const struct gate_question *q, const char *purpose)
{
    return q->purpose && !strcmp(q->purpose, purpose);
}

/* -------- consent */

/* Marketing needs leave to send messages even where it calls. */
static const char *forbidden(const struct gate_question *q)
{
    const struct customer *customer = q->customer;
    if (!customer || is_purpose(q, "staff"))
        return NULL;
    if (customer->do_not_call && q->call)
        return "do_not_call";
    if (customer->do_not_message && (!q->call || is_purpose(q, "marketing")))
        return "do_not_message";
    return NULL;
}

/* -------- quiet hours */

static bool within_quiet(int64_t from_min, int64_t to_min, int minute)
{
    if (from_min == to_min)
        return false;
    if (from_min < to_min)
        return minute >= from_min && minute < to_min;
    return minute >= from_min || minute < to_min;
}

/* When the clock next shows `to_min`. */
static wall_ms quiet_end(const struct calendar *calendar, wall_ms at, int64_t to_min)
{
    struct local_time t = calendar_local(calendar, at);
    int left_min = (int)((to_min - (t.hour * 60 + t.minute) + MINUTES_PER_DAY) % MINUTES_PER_DAY);
    int days = t.hour * 60 + t.minute >= to_min;
    wall_ms until = calendar_instant(calendar, t.year, t.month, t.day + days, (int)to_min / 60, (int)to_min % 60, 0);
    if (until > at)
        return until;
    /* the clock was put back and showed that time before: it does so again */
    return at + left_min * MINUTE_MS - t.second * SECOND_MS - t.milli;
}

wall_ms gate_quiet_until(const struct calendar *calendar, wall_ms at, int64_t from_min, int64_t to_min)
{
    struct local_time t = calendar_local(calendar, at);
    return within_quiet(from_min, to_min, t.hour * 60 + t.minute) ? quiet_end(calendar, at, to_min) : 0;
}

/* The site's quiet hours and the customer's own: both count. */
static struct obstacle quiet_obstacle(const struct gate_question *q, const struct contact_rules *rules, wall_ms at)
{
    const struct calendar *calendar = q->site->calendar;
    wall_ms sites = rules ? gate_quiet_until(calendar, at, rules->quiet_from_min, rules->quiet_to_min) : 0;
    wall_ms own = 0;
    if (q->customer && !is_purpose(q, "staff"))
        own = gate_quiet_until(calendar, at, q->customer->quiet_from_min, q->customer->quiet_to_min);
    return (struct obstacle){sites > own ? sites : own, "quiet_hours"};
}

/* -------- caps */

/* The stricter of the site's and the customer's own; 0: none. */
static int64_t lower_cap(int64_t site, int64_t own)
{
    if (site <= 0)
        return own > 0 ? own : 0;
    return own > 0 && own < site ? own : site;
}

bool gate_is_exempt(const struct contact_rules *rules, const char *purpose)
{
    if (!purpose)
        return false;
    if (!strcmp(purpose, "complaint") || !strcmp(purpose, "staff"))
        return true;
    for (size_t i = 0; rules && i < rules->exempt_purposes.count; i++)
        if (!strcmp(rules->exempt_purposes.at[i], purpose))
            return true;
    return false;
}

static int64_t day_cap(const struct gate_question *q, const struct contact_rules *rules)
{
    return lower_cap(rules ? rules->cap_per_day : 0, q->customer->cap_per_day);
}

static int64_t week_cap(const struct gate_question *q, const struct contact_rules *rules)
{
    return lower_cap(rules ? rules->cap_per_week : 0, q->customer->cap_per_week);
}

static bool caps_apply(const struct gate_question *q, const struct contact_rules *rules)
{
    return q->customer && !gate_is_exempt(rules, q->purpose) && (day_cap(q, rules) || week_cap(q, rules));
}

bool gate_counts(const struct gate_question *question)
{
    return caps_apply(question, site_contact_rules(question->site));
}

/* Contacts made in [from, to]. */
static int64_t contacts_made(const struct contacts *contacts, wall_ms from, wall_ms to)
{
    int64_t count = 0;
    for (size_t i = 0; i < contacts->made.count; i++)
        count += contacts->made.at[i].at >= from && contacts->made.at[i].at <= to;
    return count;
}

static wall_ms day_cap_until(const struct gate_question *q, int64_t cap, wall_ms at)
{
    wall_ms start = calendar_day_start(q->site->calendar, at);
    if (!cap || contacts_made(q->contacts, start, at) < cap)
        return 0;
    return calendar_day_start(q->site->calendar, calendar_add_days(q->site->calendar, start, 1));
}

/* In any seven days at most `cap`: until enough of those made are older than that. */
static wall_ms week_cap_until(const struct gate_question *q, int64_t cap, wall_ms at)
{
    wall_ms until = 0;
    if (!cap || contacts_made(q->contacts, at - WEEK_MS + 1, at) < cap)
        return 0;
    for (size_t i = 0; i < q->contacts->made.count; i++) {
        wall_ms made = q->contacts->made.at[i].at;
        bool enough = contacts_made(q->contacts, made + 1, at) < cap;
        if (made > at - WEEK_MS && made <= at && enough && (!until || made + WEEK_MS < until))
            until = made + WEEK_MS;
    }
    return until;
}

static struct obstacle cap_obstacle(const struct gate_question *q, const struct contact_rules *rules, wall_ms at)
{
    if (!q->contacts || !caps_apply(q, rules))
        return (struct obstacle){0, NULL};
    wall_ms day = day_cap_until(q, day_cap(q, rules), at), week = week_cap_until(q, week_cap(q, rules), at);
    return (struct obstacle){day > week ? day : week, "cap"};
}

/* -------- the answer */

/* Goes from obstacle to obstacle until there is none: the first names the reason. */
struct gate_result gate_ask(const struct gate_question *question)
{
    const struct contact_rules *rules = site_contact_rules(question->site);
    const char *closed = forbidden(question);
    struct gate_result result = {GATE_OPEN, 0, ""};
    if (closed)
        return (struct gate_result){GATE_CLOSED, 0, closed};
    wall_ms at = question->now;
    for (int i = 0; i < OBSTACLES_MAX; i++) {
        struct obstacle obstacle = quiet_obstacle(question, rules, at);
        if (!obstacle.until)
            obstacle = cap_obstacle(question, rules, at);
        if (!obstacle.until)
            break;
        if (result.answer == GATE_OPEN)
            result = (struct gate_result){GATE_LATER, 0, obstacle.reason};
        at = result.until = obstacle.until;
    }
    return result;
}
