#include "playbook.h"

#include <string.h>

#include "fnv.h"
#include "playbook_reading.h"

enum { WINDOWS_MAX = 64, DISSATISFIED_DEFAULT = 2 };

static const char *const top_keys[] = {
    "playbook", "version", "templates", "roles", "windows", "variants", "rules", "forms", "books", "questionnaires", "scripts",
    "dissatisfied_at_most", "late_after", "claim_for", "complaints", "classes", "loyalty", "contact", "notices", NULL
};

static void read_windows(struct playbook_reading *reading, const struct yaml *node)
{
    struct playbook *playbook = reading->playbook;
    size_t count = reading_count(reading, node, YAML_MAP);
    if (count > WINDOWS_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d windows", WINDOWS_MAX);
        count = WINDOWS_MAX;
    }
    playbook->windows = reading_array(reading, count, sizeof *playbook->windows);
    for (size_t i = 0; i < count; i++) {
        struct week *week = &playbook->windows[playbook->window_count++];
        week_parse(node->items[i], week, reading->mistakes);
        week->name = reading_name(reading, node->keys[i], "window", NULL);
    }
}

static struct span read_span_or(struct playbook_reading *reading, const struct yaml *node, struct span otherwise)
{
    return node ? reading_span(reading, node) : otherwise;
}

static void read_head(struct playbook_reading *reading, const struct yaml *top)
{
    struct playbook *playbook = reading->playbook;
    playbook->name = reading_name(reading, yaml_get(top, "playbook"), "playbook: NAME", top);
    playbook->version = (int)yaml_int(yaml_get(top, "version"), 1, 1, 1000000, reading->mistakes);
    playbook->templates = reading_name(reading, yaml_get(top, "templates"), "templates: NAME", NULL);
    playbook->dissatisfied_at_most = (int)yaml_int(yaml_get(top, "dissatisfied_at_most"), DISSATISFIED_DEFAULT, 0, 4,
                                                   reading->mistakes);
    playbook->late_after = read_span_or(reading, yaml_get(top, "late_after"), (struct span){0, 30});
    playbook->claim_for = read_span_or(reading, yaml_get(top, "claim_for"), (struct span){2 * HOUR_MS, 0});
    reading->roles = reading_texts(reading, yaml_get(top, "roles"));
    reading->roles_told = yaml_get(top, "roles") != NULL;
    reading->variants = yaml_get(top, "variants");
}

/* Variants are read once for each step that uses them: what is wrong in one is told once. */
static void forget_repeated(struct mistakes *mistakes, size_t from)
{
    size_t kept = from;
    for (size_t i = from; i < mistakes->count; i++) {
        bool again = false;
        for (size_t j = from; j < kept && !again; j++)
            again = !strcmp(mistakes->lines[i], mistakes->lines[j]);
        if (!again)
            mistakes->lines[kept++] = mistakes->lines[i];
    }
    mistakes->count = kept;
}

struct playbook *playbook_parse(struct slice yaml, struct arena *arena, struct mistakes *mistakes)
{
    size_t mistakes_before = mistakes->count;
    struct yaml *top = yaml_parse(yaml, arena, mistakes);
    if (!top)
        return NULL;
    struct playbook_reading reading = {.arena = arena, .mistakes = mistakes};
    reading.playbook = arena_alloc(arena, sizeof *reading.playbook);
    if (!reading_count(&reading, top, YAML_MAP) && top->kind == YAML_MAP)
        yaml_mistake(mistakes, top, "is empty");
    yaml_known_keys(top, top_keys, mistakes);
    read_head(&reading, top);
    read_windows(&reading, yaml_get(top, "windows"));
    reading_check_variants(&reading);
    reading_questionnaires(&reading, yaml_get(top, "questionnaires"));
    reading_scripts(&reading, yaml_get(top, "scripts"));
    reading_forms(&reading, yaml_get(top, "forms"));
    reading_complaints(&reading, yaml_get(top, "complaints"));
    reading_books(&reading, yaml_get(top, "books"));
    reading_rules(&reading, yaml_get(top, "rules"));
    reading_loops(&reading, yaml_get(top, "rules"));
    reading_classes(&reading, yaml_get(top, "classes"));
    reading_loyalty(&reading, yaml_get(top, "loyalty"));
    reading_contact(&reading, yaml_get(top, "contact"));
    reading_notices(&reading, yaml_get(top, "notices"));
    forget_repeated(mistakes, mistakes_before);
    return mistakes->count == mistakes_before ? reading.playbook : NULL;
}

uint64_t playbook_name_bit(const char *name)
{
    return (uint64_t)1 << (fnv_text(FNV_START, name) & 63);
}

const struct questionnaire *playbook_questionnaire(const struct playbook *playbook, const char *name)
{
    for (size_t i = 0; i < playbook->questionnaire_count; i++)
        if (!strcmp(playbook->questionnaires[i].name, name))
            return &playbook->questionnaires[i];
    return NULL;
}

const struct question *questionnaire_question(const struct questionnaire *questionnaire, const char *name)
{
    for (size_t i = 0; i < questionnaire->count; i++)
        if (!strcmp(questionnaire->questions[i].name, name))
            return &questionnaire->questions[i];
    return NULL;
}

const struct script *playbook_script(const struct playbook *playbook, const char *name)
{
    for (size_t i = 0; i < playbook->script_count; i++)
        if (!strcmp(playbook->scripts[i].name, name))
            return &playbook->scripts[i];
    return NULL;
}

const struct step *playbook_step(const struct playbook *playbook, int64_t rule, int64_t step)
{
    if (rule < 0 || (size_t)rule >= playbook->rule_count || step < 0 || (size_t)step >= playbook->rules[rule].step_count)
        return NULL;
    return &playbook->rules[rule].steps[step];
}

const struct form *playbook_form(const struct playbook *playbook, const char *name)
{
    for (size_t i = 0; i < playbook->form_count; i++)
        if (!strcmp(playbook->forms[i].name, name))
            return &playbook->forms[i];
    return NULL;
}
