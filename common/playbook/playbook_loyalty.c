#include <string.h>

#include "playbook_reading.h"

/* Loyalty: what earns points, when they end, what they are good for, which levels there are. */

enum { EARN_RULES_MAX = 32, LEVELS_MAX = 16, BENEFITS_MAX = 16, POINTS_MAX = 1000000, PERCENT_MAX = 1000 };

/* -------- earning */

static bool is_own_event(enum event_number number)
{
    return !strncmp(event_types[number].name, "points.", 7);
}

/* A number of the event, or of its form. */
static void read_of(struct playbook_reading *reading, const struct yaml *node, struct earn_rule *to)
{
    to->of = yaml_text(node, "", reading->mistakes);
    if (!node || to->on == EVENT_UNKNOWN)
        return;
    const struct form_field *of_form =
        to->form && !strncmp(to->of, "field.", 6) ? form_field(to->form, to->of + 6) : NULL;
    const struct field *field = record_field(event_types[to->on].data, to->of);
    bool number = (of_form && of_form->kind == FORM_NUMBER && !of_form->personal) ||
                  (field && field->kind == FIELD_INT && !(field->flags & PERSONAL));
    if (!number)
        yaml_mistake(reading->mistakes, node, "\"%.60s\" is no number that this event tells", to->of);
}

static void read_earn(struct playbook_reading *reading, const struct yaml *node, struct earn_rule *to)
{
    static const char *const keys[] = {"rule", "on", "form", "when", "points", "per", "of", NULL};
    const struct yaml *points = yaml_get(node, "points"), *per = yaml_get(node, "per"), *of = yaml_get(node, "of");
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    to->name = reading_name(reading, yaml_get(node, "rule"), "rule: NAME", node);
    to->on = reading_event(reading, yaml_get(node, "on"));
    if (is_own_event(to->on))
        yaml_mistake(reading->mistakes, yaml_get(node, "on"), "points earn no points");
    to->form = reading_form(reading, yaml_get(node, "form"));
    reading_check_form(reading, yaml_get(node, "form"), to->on);
    reading->form = to->form;
    to->when = reading_conditions(reading, yaml_get(node, "when"), SCOPE_EVENT, to->on);
    reading->form = NULL;
    to->points = yaml_int(points, 0, 1, POINTS_MAX, reading->mistakes);
    to->per = yaml_int(per, 0, 1, INT64_MAX, reading->mistakes);
    read_of(reading, of, to);
    if (!points)
        yaml_mistake(reading->mistakes, node, "points are missing: how many does it earn?");
    if (!per != !of)
        yaml_mistake(reading->mistakes, node, "per and of belong together: points: 1, per: 100, of: amount_cents");
}

static void read_earning(struct playbook_reading *reading, const struct yaml *node)
{
    struct loyalty_rules *loyalty = &reading->playbook->loyalty;
    size_t count = reading_count(reading, node, YAML_LIST);
    if (count > EARN_RULES_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d rules that earn", EARN_RULES_MAX);
        count = EARN_RULES_MAX;
    }
    loyalty->earn = reading_array(reading, count, sizeof *loyalty->earn);
    for (size_t i = 0; i < count; i++) {
        struct earn_rule *rule = &loyalty->earn[i];
        read_earn(reading, node->items[i], rule);
        for (size_t k = 0; k < i; k++)
            if (*rule->name && !strcmp(loyalty->earn[k].name, rule->name))
                yaml_mistake(reading->mistakes, node->items[i], "rule \"%s\" stands there twice", rule->name);
        loyalty->earn_count++;
    }
}

/* -------- the end of points */

static void read_expiry(struct playbook_reading *reading, const struct yaml *node)
{
    static const char *const keys[] = {"after", "end_of", "remind", NULL};
    static const char *const units[] = {"day", "month", "year", NULL};
    struct loyalty_rules *loyalty = &reading->playbook->loyalty;
    loyalty->end_of = units[0];
    if (!node)
        return;
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    loyalty->expires_after = reading_span(reading, yaml_get(node, "after"));
    loyalty->end_of = reading_choice(reading, yaml_get(node, "end_of"), units);
    loyalty->remind_ahead = reading_span(reading, yaml_get(node, "remind"));
    if (!loyalty->expires_after.days && node->kind == YAML_MAP)
        yaml_mistake(reading->mistakes, node, "after: how many days are points worth something?");
    if (span_rough_ms(loyalty->remind_ahead) >= span_rough_ms(loyalty->expires_after) &&
        span_rough_ms(loyalty->remind_ahead))
        yaml_mistake(reading->mistakes, yaml_get(node, "remind"), "comes before the points are earned");
}

/* -------- redeeming, correcting */

static void read_redeeming(struct playbook_reading *reading, const struct yaml *node)
{
    static const char *const keys[] = {"at_least", "in_steps_of", NULL};
    struct loyalty_rules *loyalty = &reading->playbook->loyalty;
    if (node)
        reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    loyalty->redeem_at_least = yaml_int(yaml_get(node, "at_least"), 1, 1, POINTS_MAX, reading->mistakes);
    loyalty->redeem_steps = yaml_int(yaml_get(node, "in_steps_of"), 1, 1, POINTS_MAX, reading->mistakes);
}

/* -------- levels */

static void read_benefits(struct playbook_reading *reading, const struct yaml *node, struct loyalty_level *to)
{
    static const char *const keys[] = {"benefit", "zh", "en", NULL};
    size_t count = reading_count(reading, node, YAML_LIST);
    if (count > BENEFITS_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d benefits", BENEFITS_MAX);
        count = BENEFITS_MAX;
    }
    to->benefits = reading_array(reading, count, sizeof *to->benefits);
    for (size_t i = 0; i < count; i++) {
        const struct yaml *item = node->items[i];
        struct benefit *benefit = &to->benefits[to->benefit_count++];
        reading_count(reading, item, YAML_MAP);
        yaml_known_keys(item, keys, reading->mistakes);
        benefit->name = reading_name(reading, yaml_get(item, "benefit"), "benefit: NAME", item);
        benefit->zh = yaml_text(yaml_get(item, "zh"), "", reading->mistakes);
        benefit->en = yaml_text(yaml_get(item, "en"), "", reading->mistakes);
        if (item->kind == YAML_MAP && (!*benefit->zh || !*benefit->en))
            yaml_mistake(reading->mistakes, item, "zh and en: what does the customer get?");
    }
}

static void read_level(struct playbook_reading *reading, const struct yaml *node, struct loyalty_level *to)
{
    static const char *const keys[] = {"level", "from", "earn_percent", "benefits", "zh", "en", NULL};
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    to->name = reading_name(reading, yaml_get(node, "level"), "level: NAME", node);
    to->zh = yaml_text(yaml_get(node, "zh"), to->name, reading->mistakes);
    to->en = yaml_text(yaml_get(node, "en"), to->name, reading->mistakes);
    to->from = yaml_int(yaml_get(node, "from"), 0, 0, INT64_MAX, reading->mistakes);
    to->earn_percent = (int)yaml_int(yaml_get(node, "earn_percent"), 100, 1, PERCENT_MAX, reading->mistakes);
    read_benefits(reading, yaml_get(node, "benefits"), to);
}

static void read_levels(struct playbook_reading *reading, const struct yaml *node)
{
    struct loyalty_rules *loyalty = &reading->playbook->loyalty;
    size_t count = reading_count(reading, node, YAML_LIST);
    if (count > LEVELS_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d levels", LEVELS_MAX);
        count = LEVELS_MAX;
    }
    loyalty->levels = reading_array(reading, count, sizeof *loyalty->levels);
    for (size_t i = 0; i < count; i++) {
        struct loyalty_level *level = &loyalty->levels[i];
        read_level(reading, node->items[i], level);
        if (i && level->from <= level[-1].from)
            yaml_mistake(reading->mistakes, node->items[i], "from must be more than that of the level before");
        for (size_t k = 0; k < i; k++)
            if (*level->name && !strcmp(loyalty->levels[k].name, level->name))
                yaml_mistake(reading->mistakes, node->items[i], "level \"%s\" stands there twice", level->name);
        loyalty->level_count++;
    }
}

void reading_loyalty(struct playbook_reading *reading, const struct yaml *node)
{
    static const char *const keys[] = {"earn", "expires", "redeem", "approval_role", "levels", NULL};
    struct loyalty_rules *loyalty = &reading->playbook->loyalty;
    if (!node)
        return;
    loyalty->present = true;
    if (!reading_count(reading, node, YAML_MAP) && node->kind == YAML_MAP)
        yaml_mistake(reading->mistakes, node, "says nothing: what earns points?");
    yaml_known_keys(node, keys, reading->mistakes);
    read_earning(reading, yaml_get(node, "earn"));
    read_expiry(reading, yaml_get(node, "expires"));
    read_redeeming(reading, yaml_get(node, "redeem"));
    loyalty->approval_role = reading_role(reading, yaml_get(node, "approval_role"), "manager");
    read_levels(reading, yaml_get(node, "levels"));
}

const struct loyalty_level *loyalty_level(const struct loyalty_rules *loyalty, int64_t points)
{
    const struct loyalty_level *level = NULL;
    for (size_t i = 0; i < loyalty->level_count && loyalty->levels[i].from <= points; i++)
        level = &loyalty->levels[i];
    return level;
}

const struct loyalty_level *loyalty_level_named(const struct loyalty_rules *loyalty, const char *name)
{
    for (size_t i = 0; i < loyalty->level_count; i++)
        if (!strcmp(loyalty->levels[i].name, name))
            return &loyalty->levels[i];
    return NULL;
}
