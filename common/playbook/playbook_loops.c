#include <string.h>

#include "playbook_reading.h"

/* Rules that start each other for ever: a message that thanks for a message. What needs somebody's decision in between
 * (a customer who complains, a case that is closed) is no such loop. */

static const enum event_number of_every_rule[] = {
    EVENT_PLAN_MADE, EVENT_PLAN_STEP_SKIPPED, EVENT_PLAN_FINISHED, EVENT_UNKNOWN
};
static const enum event_number of_messages[] = {
    EVENT_NOTICE_WANTED, EVENT_NOTICE_POSTPONED, EVENT_NOTICE_ATTEMPTED, EVENT_SEND_FINISHED, EVENT_NOTICE_RETRIED,
    EVENT_NOTICE_SENT, EVENT_NOTICE_SKIPPED, EVENT_NOTICE_HELD, EVENT_NOTICE_DEAD, EVENT_RECEIPT_ARRIVED, EVENT_UNKNOWN
};
static const enum event_number of_tasks[] = {
    EVENT_TASK_WANTED, EVENT_TASK_OPENED, EVENT_TASK_CLAIMED, EVENT_TASK_RELEASED, EVENT_TASK_REASSIGNED,
    EVENT_TASK_RESCHEDULED, EVENT_TASK_ATTEMPTED, EVENT_TASK_OVERDUE, EVENT_TASK_CLOSED, EVENT_UNKNOWN
};

static bool is_among(enum event_number event, const enum event_number *list)
{
    for (; *list; list++)
        if (*list == event)
            return true;
    return false;
}

/* Could a condition on `path` hold when it is `value`? */
static bool can_be(const struct condition_list *when, const char *path, const char *value)
{
    for (size_t i = 0; i < when->count; i++) {
        const struct condition *condition = &when->at[i];
        bool found = false;
        if (strcmp(condition->path, path))
            continue;
        for (size_t j = 0; j < condition->values.count; j++)
            found |= !strcmp(condition->values.at[j], value);
        if (found == condition->negated)
            return false;
    }
    return true;
}

/* What comes of a rule as a whole. */
static bool rule_starts(const struct rule *rule, const struct rule *next)
{
    bool staged = rule->stage_count > 1 || (rule->stage_count && *rule->stages[0].name);
    bool limited = rule->limit.per_customer || rule->limit.per_day;
    if (next->on == EVENT_PLAN_STAGE_ENTERED)
        for (size_t i = 0; staged && i < rule->stage_count; i++)
            if (can_be(&next->when, "stage", rule->stages[i].name))
                return true;
    return next->on == EVENT_PLAN_LIMITED && limited && (!*rule->name || can_be(&next->when, "rule", rule->name));
}

/* Can it be late? */
static bool step_is_watched(const struct step *step)
{
    return step->kind == STEP_LIMIT || step->within.ms || step->within.days || step->before.ms || step->before.days;
}

/* What a record says already is no change: only two rules of different opinion go on for ever. */
static bool rule_sets_otherwise(const struct rule *rule, int class)
{
    for (size_t i = 0; i < rule->step_count; i++)
        if (rule->steps[i].kind == STEP_SET && rule->steps[i].sets.class && rule->steps[i].sets.class != class)
            return true;
    return false;
}

static bool step_starts(const struct step *step, const struct rule *next)
{
    bool of_step = false;
    if (next->on == EVENT_PLAN_STEP_LATE)
        return step_is_watched(step) && can_be(&next->when, "step", step->name);
    if (next->on == EVENT_CUSTOMER_CHANGED && step->kind == STEP_SET && step->sets.class)
        return can_be(&next->when, "class", words_name(&customer_class_words, step->sets.class)) &&
               rule_sets_otherwise(next, step->sets.class);
    if (is_among(next->on, of_every_rule))
        return next->on == EVENT_PLAN_MADE || can_be(&next->when, "step", step->name);
    if (step->kind == STEP_MESSAGE)
        of_step = is_among(next->on, of_messages);
    else if (*step->task_kind)
        of_step = is_among(next->on, of_tasks) && can_be(&next->when, "kind", step->task_kind);
    return of_step && can_be(&next->when, "step", step->name);
}

static const struct step *starting_step(const struct rule *rule, const struct rule *next)
{
    for (size_t i = 0; next->on && i < rule->step_count; i++)
        if (step_starts(&rule->steps[i], next) || rule_starts(rule, next))
            return &rule->steps[i];
    return NULL;
}

/* Which rule starts which: row by row, directly or through others. */
struct starts {
    size_t count;
    bool *directly, *at_all;
};

static struct starts find_starts(struct playbook_reading *reading)
{
    const struct playbook *playbook = reading->playbook;
    size_t n = playbook->rule_count;
    struct starts starts = {n, reading_array(reading, n * n, 1), reading_array(reading, n * n, 1)};
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            starts.directly[i * n + j] = starts.at_all[i * n + j] =
                starting_step(&playbook->rules[i], &playbook->rules[j]) != NULL;
    /* Warshall, "A theorem on Boolean matrices", 1962 */
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; starts.at_all[i * n + k] && j < n; j++)
                starts.at_all[i * n + j] |= starts.at_all[k * n + j];
    return starts;
}

/* The rule that `from`, which leads back to itself, starts on the way. */
static size_t next_on_the_way(const struct starts *starts, size_t from)
{
    size_t next = 0;
    while (!starts->directly[from * starts->count + next] ||
           (next != from && !starts->at_all[next * starts->count + from]))
        next++;
    return next;
}

static void tell_loop(struct playbook_reading *reading, const struct yaml *at, size_t rule, size_t next)
{
    const struct rule *from = &reading->playbook->rules[rule], *to = &reading->playbook->rules[next];
    const struct step *step = starting_step(from, to);
    if (rule == next)
        yaml_mistake(reading->mistakes, at, "endless: step \"%s\" leads to %s, which starts this rule again; add a "
                     "condition such as step: NAME", step->name, to->on_text);
    else
        yaml_mistake(reading->mistakes, at, "endless: step \"%s\" leads to %s, which starts rules[%zu], and that leads "
                     "back here", step->name, to->on_text, next);
}

void reading_loops(struct playbook_reading *reading, const struct yaml *rules)
{
    struct starts starts = find_starts(reading);
    bool *told = reading_array(reading, starts.count, sizeof *told);
    for (size_t i = 0; i < starts.count; i++) {
        if (!starts.at_all[i * starts.count + i] || told[i])
            continue;
        size_t next = next_on_the_way(&starts, i);
        tell_loop(reading, rules->items[i], i, next);
        told[next] = next > i;      /* the same loop, seen from its other end */
    }
}
