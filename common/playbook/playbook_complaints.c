#include <ctype.h>
#include <string.h>

#include "playbook_reading.h"

static const char *const complaint_keys[] = {
    "categories", "departments", "grades", "repeat_within", "duplicate_within", "ladder", "entry", "clocks",
    "warn_percent", "approval_role", "cause_required", "causes", "tell", NULL
};
enum { CATEGORIES_MAX = 64, GRADES_MAX = 64, CAUSES_MAX = 64, WARN_PERCENT_DEFAULT = 80 };

/* -------- categories and departments */

const char complaint_category_other[] = "other";

static void tell_taken(struct playbook_reading *reading, const struct yaml *node, const char *what, const char *value,
                       const char *category)
{
    yaml_mistake(reading->mistakes, node, "%s \"%s\" belongs to %s already: it never leads here", what, value, category);
}

static bool texts_have(const struct texts *texts, const char *value, size_t below)
{
    for (size_t i = 0; i < texts->count && i < below; i++)
        if (!strcmp(texts->at[i], value))
            return true;
    return false;
}

static void check_taken(struct playbook_reading *reading, const struct yaml *node, size_t rule)
{
    const struct complaint_rules *rules = &reading->playbook->complaints;
    const struct category_rule *own = &rules->categories[rule];
    for (size_t i = 0; i <= rule; i++) {
        const struct category_rule *other = &rules->categories[i];
        for (size_t j = 0; j < own->code_letters.count; j++)
            if (texts_have(&other->code_letters, own->code_letters.at[j], i == rule ? j : SIZE_MAX))
                tell_taken(reading, yaml_get(node, "codes"), "code letter", own->code_letters.at[j], other->category);
        for (size_t j = 0; j < own->words.count; j++)
            if (texts_have(&other->words, own->words.at[j], i == rule ? j : SIZE_MAX))
                tell_taken(reading, yaml_get(node, "words"), "the word", own->words.at[j], other->category);
    }
}

static void check_letters(struct playbook_reading *reading, const struct yaml *node, const struct texts *letters)
{
    for (size_t i = 0; i < letters->count; i++)
        if (!isupper((unsigned char)letters->at[i][0]) || letters->at[i][1])
            yaml_mistake(reading->mistakes, node, "\"%.20s\" is no code letter: one capital letter each",
                         letters->at[i]);
}

static void read_category(struct playbook_reading *reading, const struct yaml *key, const struct yaml *node)
{
    static const char *const keys[] = {"codes", "words", NULL};
    struct complaint_rules *rules = &reading->playbook->complaints;
    struct category_rule *to = &rules->categories[rules->category_count++];
    to->category = reading_name(reading, key, "category", NULL);
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    to->code_letters = reading_texts(reading, yaml_get(node, "codes"));
    to->words = reading_texts(reading, yaml_get(node, "words"));
    check_letters(reading, yaml_get(node, "codes"), &to->code_letters);
    if (!to->code_letters.count && !to->words.count && strcmp(to->category, complaint_category_other))
        yaml_mistake(reading->mistakes, node, "no complaint can get here: give codes or words");
    check_taken(reading, node, rules->category_count - 1);
}

static void read_categories(struct playbook_reading *reading, const struct yaml *node, const struct yaml *complaints)
{
    struct complaint_rules *rules = &reading->playbook->complaints;
    size_t count = reading_count(reading, node, YAML_MAP);
    if (!node)
        yaml_mistake(reading->mistakes, complaints, "categories are missing");
    if (count > CATEGORIES_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d categories", CATEGORIES_MAX);
        count = CATEGORIES_MAX;
    }
    rules->categories = reading_array(reading, count, sizeof *rules->categories);
    for (size_t i = 0; i < count; i++)
        read_category(reading, node->keys[i], node->items[i]);
}

const char *reading_category(struct playbook_reading *reading, const struct yaml *node)
{
    const struct complaint_rules *rules = &reading->playbook->complaints;
    const char *category = reading_name(reading, node, "category", NULL);
    struct texts known = complaint_categories(rules, reading->arena);
    const char **names = reading_array(reading, known.count + 1, sizeof *names);
    memcpy(names, known.at, known.count * sizeof *names);
    if (*category && !complaint_has_category(rules, category))
        yaml_mistake(reading->mistakes, node, "no category \"%.40s\" is described under categories%s", category,
                     reading_hint(reading, category, names));
    return category;
}

static void read_departments(struct playbook_reading *reading, const struct yaml *node)
{
    struct complaint_rules *rules = &reading->playbook->complaints;
    size_t count = reading_count(reading, node, YAML_MAP);
    rules->departments = reading_array(reading, count, sizeof *rules->departments);
    for (size_t i = 0; i < count; i++) {
        struct department_rule *to = &rules->departments[rules->department_count++];
        to->category = reading_name(reading, node->keys[i], "category", NULL);
        to->department = reading_name(reading, node->items[i], "department", NULL);
    }
    struct texts categories = complaint_categories(rules, reading->arena);
    for (size_t i = 0; count && i < categories.count; i++)
        if (!yaml_get(node, categories.at[i]))
            yaml_mistake(reading->mistakes, node, "who answers for %s? its department is missing", categories.at[i]);
}

/* -------- grades */

static void read_grade(struct playbook_reading *reading, const struct yaml *node, struct grade_rule *to)
{
    static const char *const keys[] = {"grade", "name", "when", NULL};
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    to->name = reading_name(reading, yaml_get(node, "name"), "name: NAME", node);
    to->grade = yaml_word(yaml_get(node, "grade"), &grade_words, reading->mistakes);
    if (!yaml_get(node, "grade") || !to->grade)
        yaml_mistake(reading->mistakes, node, "which grade? one of major, general, minor");
    to->when = reading_conditions(reading, yaml_get(node, "when"), SCOPE_COMPLAINT, EVENT_COMPLAINT_RECEIVED);
}

static void check_grades(struct playbook_reading *reading, const struct yaml *node)
{
    const struct complaint_rules *rules = &reading->playbook->complaints;
    for (size_t i = 0; i < rules->grade_count; i++) {
        bool last = i + 1 == rules->grade_count;
        bool always = !yaml_get(node->items[i], "when");
        if (always && !last)
            yaml_mistake(reading->mistakes, node->items[i + 1], "never reached: the rule before it has no conditions");
        if (!always && last)
            yaml_mistake(reading->mistakes, node->items[i],
                         "the last rule takes what remains: it must have no conditions");
        for (size_t j = 0; j < i; j++)
            if (*rules->grades[i].name && !strcmp(rules->grades[i].name, rules->grades[j].name))
                yaml_mistake(reading->mistakes, node->items[i], "rule \"%s\" stands there twice",
                             rules->grades[i].name);
    }
}

static void read_grades(struct playbook_reading *reading, const struct yaml *node, const struct yaml *complaints)
{
    struct complaint_rules *rules = &reading->playbook->complaints;
    size_t count = reading_count(reading, node, YAML_LIST);
    if (!node || (node->kind == YAML_LIST && !count))
        yaml_mistake(reading->mistakes, complaints, "grades are missing: a list of rules, the first that holds counts");
    if (count > GRADES_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d grade rules", GRADES_MAX);
        count = GRADES_MAX;
    }
    rules->grades = reading_array(reading, count, sizeof *rules->grades);
    for (size_t i = 0; i < count; i++)
        read_grade(reading, node->items[i], &rules->grades[rules->grade_count++]);
    check_grades(reading, node);
}

/* -------- root causes */

static struct texts read_causes(struct playbook_reading *reading, const struct yaml *node)
{
    struct texts causes = {NULL, 0};
    size_t count = reading_count(reading, node, YAML_LIST);
    if (count > CAUSES_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d causes", CAUSES_MAX);
        count = CAUSES_MAX;
    }
    causes.at = reading_array(reading, count, sizeof *causes.at);
    for (size_t i = 0; i < count; i++) {
        const char *cause = reading_name(reading, node->items[i], "cause", NULL);
        if (*cause && texts_have(&causes, cause, causes.count))
            yaml_mistake(reading->mistakes, node->items[i], "cause %s stands there twice", cause);
        causes.at[causes.count++] = cause;
    }
    return causes;
}

/* -------- all of it */

void reading_complaints(struct playbook_reading *reading, const struct yaml *node)
{
    struct complaint_rules *rules = &reading->playbook->complaints;
    rules->warn_percent = WARN_PERCENT_DEFAULT;
    rules->approval_role = "";
    if (!node)
        return;
    rules->present = true;
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, complaint_keys, reading->mistakes);
    read_categories(reading, yaml_get(node, "categories"), node);
    read_departments(reading, yaml_get(node, "departments"));
    read_grades(reading, yaml_get(node, "grades"), node);
    rules->repeat_within = reading_span(reading, yaml_get(node, "repeat_within"));
    rules->duplicate_within = reading_span(reading, yaml_get(node, "duplicate_within"));
    rules->warn_percent = (int)yaml_int(yaml_get(node, "warn_percent"), WARN_PERCENT_DEFAULT, 1, 99, reading->mistakes);
    rules->approval_role = reading_role(reading, yaml_get(node, "approval_role"), "");
    rules->cause_required = yaml_bool(yaml_get(node, "cause_required"), false, reading->mistakes);
    rules->causes = read_causes(reading, yaml_get(node, "causes"));
    reading_ladder(reading, node);
    reading_clocks(reading, yaml_get(node, "clocks"), node);
    reading_tell(reading, yaml_get(node, "tell"));
}

bool complaint_has_category(const struct complaint_rules *rules, const char *category)
{
    for (size_t i = 0; i < rules->category_count; i++)
        if (!strcmp(rules->categories[i].category, category))
            return true;
    for (size_t i = 0; i < rules->department_count; i++)
        if (!strcmp(rules->departments[i].category, category))
            return true;
    return !strcmp(category, complaint_category_other);
}

static void name_add(struct texts *names, const char *name)
{
    if (!texts_have(names, name, names->count))
        names->at[names->count++] = name;
}

struct texts complaint_categories(const struct complaint_rules *rules, struct arena *arena)
{
    size_t room = rules->category_count + rules->department_count + 1;
    struct texts names = {arena_alloc(arena, room * sizeof *names.at), 0};
    for (size_t i = 0; i < rules->category_count; i++)
        name_add(&names, rules->categories[i].category);
    for (size_t i = 0; i < rules->department_count; i++)
        name_add(&names, rules->departments[i].category);
    name_add(&names, complaint_category_other);
    return names;
}

const char *complaint_category_of_code(const struct complaint_rules *rules, const char *code)
{
    char letter[2] = {code[0], 0};
    for (size_t i = 0; i < rules->category_count; i++)
        if (letter[0] && texts_have(&rules->categories[i].code_letters, letter, SIZE_MAX))
            return rules->categories[i].category;
    return "";
}

const char *complaint_category_of_text(const struct complaint_rules *rules, const char *text)
{
    for (size_t i = 0; i < rules->category_count; i++)
        for (size_t j = 0; j < rules->categories[i].words.count; j++)
            if (strstr(text, rules->categories[i].words.at[j]))
                return rules->categories[i].category;
    return "";
}
