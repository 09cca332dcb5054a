#include <string.h>

#include "playbook_reading.h"

/* The work of a rule: its steps, in stages or in one go, and whether every one of them can be come to and left again. */

static const char *const stage_keys[] = {"stage", "zh", "en", "when", "steps", "exit", "next", "within", "business", "else",
                                         NULL};

/* A rule as a list of stages: where each is told, NULL for the only one of a rule without stages. */
struct stages {
    struct rule *rule;
    const struct yaml *list;        /* of stages, or of steps */
    bool named;
};

static const struct yaml *steps_of(const struct stages *stages, size_t stage)
{
    return stages->named ? yaml_get(stages->list->items[stage], "steps") : stages->list;
}

/* -------- names first: steps may lead to a stage further down */

static void name_stages(struct playbook_reading *reading, struct stages *stages)
{
    struct rule *rule = stages->rule;
    size_t count = stages->named ? stages->list->count : 1;
    if (count > STAGES_MAX) {
        yaml_mistake(reading->mistakes, stages->list, "at most %d stages", STAGES_MAX);
        count = STAGES_MAX;
    }
    rule->stages = reading_array(reading, count, sizeof *rule->stages);
    for (size_t i = 0; i < count; i++) {
        struct rule_stage *stage = &rule->stages[i];
        const struct yaml *node = stages->named ? stages->list->items[i] : NULL;
        *stage = (struct rule_stage){.name = "", .next = i + 1 < count ? (int)i + 1 : STAGE_END};
        if (node)
            stage->name = reading_name(reading, yaml_get(node, "stage"), "stage: NAME", node);
        stage->zh = yaml_text(yaml_get(node, "zh"), stage->name, reading->mistakes);
        stage->en = yaml_text(yaml_get(node, "en"), stage->name, reading->mistakes);
        for (size_t j = 0; node && j < i; j++)
            if (*stage->name && !strcmp(stage->name, rule->stages[j].name))
                yaml_mistake(reading->mistakes, node, "stage \"%s\" stands there twice", stage->name);
        if (!strcmp(stage->name, "end"))
            yaml_mistake(reading->mistakes, node, "end is where a plan ends: give the stage another name");
        rule->stage_count++;
    }
}

/* -------- steps */

static size_t count_steps(struct playbook_reading *reading, const struct stages *stages)
{
    size_t all = 0;
    for (size_t i = 0; i < stages->rule->stage_count; i++) {
        const struct yaml *steps = steps_of(stages, i);
        size_t count = reading_count(reading, steps, YAML_LIST);
        if (count > STEPS_MAX - 1)
            yaml_mistake(reading->mistakes, steps, "at most %d steps", STEPS_MAX - 1);
        all += count + 1;           /* one more for the stage's own limit */
    }
    if (all > RULE_STEPS_MAX)
        yaml_mistake(reading->mistakes, stages->list, "at most %d steps in all stages", RULE_STEPS_MAX);
    return all;
}

/* The time that a stage may take is a last step of it, which nothing waits for. */
static void read_limit(struct playbook_reading *reading, const struct yaml *node, struct rule *rule,
                       struct rule_stage *stage)
{
    const struct yaml *within = yaml_get(node, "within"), *other = yaml_get(node, "else");
    if (other && !within)
        yaml_mistake(reading->mistakes, other, "else never comes: within is missing");
    if (!within)
        return;
    struct step *to = &rule->steps[rule->step_count++];
    *to = (struct step){.name = arena_printf(reading->arena, "%s.late", stage->name), .kind = STEP_LIMIT, .role = "",
                        .window_name = "", .task_kind = "", .to = "customer", .link = "", .purpose = "care",
                        .optional = true,
                        .from = "", .at_min = -1, .assign = {.skill = "", .skill_field = "", .who = "", .other_than = ""},
                        .priority = PRIORITY_NORMAL};
    to->after = reading_span(reading, within);
    to->business = yaml_bool(yaml_get(node, "business"), false, reading->mistakes);
    if (!to->after.ms && !to->after.days)
        yaml_mistake(reading->mistakes, within, "within nothing: it would be late at once");
    reading_outcomes(reading, NULL, EVENT_UNKNOWN, to);
    if (other)
        reading_consequence(reading, other, OUTCOME_LATE, EVENT_UNKNOWN, to);
    stage->count++;
}

static void read_stage(struct playbook_reading *reading, const struct stages *stages, size_t index)
{
    struct rule *rule = stages->rule;
    struct rule_stage *stage = &rule->stages[index];
    const struct yaml *steps = steps_of(stages, index), *node = stages->named ? stages->list->items[index] : NULL;
    static const char *const exits[] = {"all", "any", NULL};
    size_t count = steps && steps->kind == YAML_LIST ? steps->count : 0;
    stage->first = rule->step_count;
    for (size_t i = 0; i < count && rule->step_count < RULE_STEPS_MAX; i++) {
        reading_step(reading, steps->items[i], rule->on, &rule->steps[rule->step_count++]);
        stage->count++;
    }
    if (!node)
        return;
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, stage_keys, reading->mistakes);
    if (rule->on)
        stage->when = reading_conditions(reading, yaml_get(node, "when"), SCOPE_EVENT, rule->on);
    stage->any = !strcmp(reading_choice(reading, yaml_get(node, "exit"), exits), "any");
    if (!count)
        yaml_mistake(reading->mistakes, node, "a stage without steps does nothing");
    if (rule->step_count < RULE_STEPS_MAX)
        read_limit(reading, node, rule, stage);
}

static void read_next(struct playbook_reading *reading, const struct stages *stages, size_t index)
{
    struct rule *rule = stages->rule;
    const struct yaml *node = stages->named ? yaml_get(stages->list->items[index], "next") : NULL;
    const char *name = yaml_text(node, "", reading->mistakes);
    const char **known = reading_array(reading, rule->stage_count + 2, sizeof *known);
    if (!*name)
        return;
    rule->stages[index].next = STAGE_END;
    for (size_t i = 0; i < rule->stage_count; i++) {
        known[i] = rule->stages[i].name;
        if (!strcmp(name, rule->stages[i].name))
            rule->stages[index].next = (int)i;
    }
    known[rule->stage_count] = "end";
    if (rule->stages[index].next == STAGE_END && strcmp(name, "end"))
        yaml_mistake(reading->mistakes, node, "this rule has no stage \"%.60s\"%s", name,
                     reading_hint(reading, name, known));
}

/* -------- does it hold together? */

static const struct yaml *place_of(const struct stages *stages, size_t stage, size_t step)
{
    const struct yaml *steps = steps_of(stages, stage);
    size_t at = step - stages->rule->stages[stage].first;
    return steps && at < steps->count ? steps->items[at] : stages->list->items[stage];
}

static const struct step *step_named(const struct rule *rule, size_t from, size_t to, const char *name)
{
    for (size_t i = from; i < to; i++)
        if (!strcmp(rule->steps[i].name, name))
            return &rule->steps[i];
    return NULL;
}

static void check_follows(struct playbook_reading *reading, const struct stages *stages, size_t stage, size_t step)
{
    const struct rule *rule = stages->rule;
    const struct step *at = &rule->steps[step];
    for (size_t i = 0; i < at->follows.count; i++)
        if (!step_named(rule, rule->stages[stage].first, step, at->follows.at[i]))
            yaml_mistake(reading->mistakes, yaml_get(place_of(stages, stage, step), "follows"),
                         "no step \"%.60s\" stands before this one in %s", at->follows.at[i],
                         stages->named ? "its stage" : "its rule");
}

static void check_link(struct playbook_reading *reading, const struct stages *stages, size_t stage, size_t step)
{
    const struct rule_stage *at = &stages->rule->stages[stage];
    const char *name = stages->rule->steps[step].link;
    const struct step *to = step_named(stages->rule, at->first, at->first + at->count, name);
    if (*name && (!to || to->kind != STEP_FORM || !to->form))
        yaml_mistake(reading->mistakes, yaml_get(place_of(stages, stage, step), "link"),
                     "no step \"%.60s\" in %s has a form that the customer could fill in", name,
                     stages->named ? "this stage" : "this rule");
}

static void check_results_named(struct playbook_reading *reading, const struct rule *rule,
                                const struct condition_list *when, const struct yaml *node)
{
    for (size_t i = 0; i < when->count; i++) {
        const char *path = when->at[i].path;
        if (!strncmp(path, "step.", 5) && !step_named(rule, 0, rule->step_count, path + 5))
            yaml_mistake(reading->mistakes, node, "this rule has no step \"%.60s\" to ask for", path + 5);
    }
}

static void check_steps(struct playbook_reading *reading, const struct stages *stages)
{
    const struct rule *rule = stages->rule;
    for (size_t stage = 0; stage < rule->stage_count; stage++) {
        const struct rule_stage *at = &rule->stages[stage];
        for (size_t i = at->first; i < at->first + at->count; i++) {
            const struct yaml *node = place_of(stages, stage, i);
            check_follows(reading, stages, stage, i);
            check_link(reading, stages, stage, i);
            check_results_named(reading, rule, &rule->steps[i].when, node);
            if (*rule->steps[i].name && step_named(rule, 0, i, rule->steps[i].name))
                yaml_mistake(reading->mistakes, node, "step \"%s\" stands there twice: give one a name of its own",
                             rule->steps[i].name);
        }
        if (stages->named)
            check_results_named(reading, rule, &at->when, stages->list->items[stage]);
    }
}

/* -------- can every stage be reached, and does no circle of them go round by itself? */

/* Calls `visit` for each stage that `stage` may lead to. */
static void each_way(const struct rule *rule, size_t stage, void (*visit)(void *context, size_t to), void *context)
{
    const struct rule_stage *at = &rule->stages[stage];
    if (at->next >= 0)
        visit(context, (size_t)at->next);
    for (size_t i = at->first; i < at->first + at->count; i++)
        for (size_t j = 0; j < rule->steps[i].outcomes.count; j++)
            if (rule->steps[i].outcomes.at[j].go_to >= 0)
                visit(context, (size_t)rule->steps[i].outcomes.at[j].go_to);
}

struct reached { const struct rule *rule; bool *at; };

static void reach(void *context, size_t stage)
{
    struct reached *reached = context;
    if (reached->at[stage])
        return;
    reached->at[stage] = true;
    each_way(reached->rule, stage, reach, reached);
}

/* A step that neither time nor anybody holds up. */
static bool is_instant(const struct step *step)
{
    return step->kind == STEP_MESSAGE && !step->after.ms && !step->after.days && !step->window;
}

static bool passes_at_once(const struct rule *rule, const struct rule_stage *stage)
{
    bool all = true;
    for (size_t i = stage->first; i < stage->first + stage->count; i++) {
        const struct step *step = &rule->steps[i];
        if (stage->any && is_instant(step))
            return true;
        all &= step->optional || is_instant(step);
    }
    return all && !stage->any;
}

/* Follows `next` through stages that are over at once; true: it comes back. */
static bool circles(const struct rule *rule, size_t from)
{
    int at = (int)from;
    for (size_t i = 0; i <= rule->stage_count && at >= 0; i++) {
        if (!passes_at_once(rule, &rule->stages[at]))
            return false;
        at = rule->stages[at].next;
        if (at == (int)from)
            return true;
    }
    return false;
}

static void check_ways(struct playbook_reading *reading, const struct stages *stages)
{
    const struct rule *rule = stages->rule;
    struct reached reached = {rule, reading_array(reading, rule->stage_count, sizeof *reached.at)};
    reach(&reached, 0);
    for (size_t i = 0; i < rule->stage_count; i++) {
        if (!reached.at[i])
            yaml_mistake(reading->mistakes, stages->list->items[i], "stage \"%s\" is never come to: nothing leads there",
                         rule->stages[i].name);
        if (circles(rule, i))
            yaml_mistake(reading->mistakes, stages->list->items[i], "endless: stage \"%s\" leads back to itself, and "
                         "neither time nor anybody holds it up", rule->stages[i].name);
    }
}

void reading_stages(struct playbook_reading *reading, const struct yaml *node, bool named, struct rule *rule)
{
    struct stages stages = {rule, node, named};
    rule->stages = reading_array(reading, 1, sizeof *rule->stages);
    if (!node || !reading_count(reading, node, YAML_LIST))
        return;
    name_stages(reading, &stages);
    rule->steps = reading_array(reading, count_steps(reading, &stages), sizeof *rule->steps);
    for (size_t i = 0; i < rule->stage_count; i++)
        read_next(reading, &stages, i);
    for (size_t i = 0; i < rule->stage_count; i++)
        read_stage(reading, &stages, i);
    check_steps(reading, &stages);
    if (stages.named)
        check_ways(reading, &stages);
}
