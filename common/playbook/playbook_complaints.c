#include <ctype.h>
#include <string.h>

#include "playbook_reading.h"

static const char *const complaint_keys[] = {
    "categories", "departments", "grades", "repeat_within", "duplicate_within", "ladder", "entry", "clocks",
    "warn_percent", "approval_role", "tell", NULL
};
enum { GRADES_MAX = 64, WARN_PERCENT_DEFAULT = 80 };

/* -------- categories and departments */

static void tell_taken(struct playbook_reading *reading, const struct yaml *node, const char *what, const char *value,
                       int category)
{
    yaml_mistake(reading->mistakes, node, "%s \"%s\" belongs to %s already: it never leads here", what, value,
                 words_name(&category_words, category));
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
    to->category = yaml_word(key, &category_words, reading->mistakes);
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    to->code_letters = reading_texts(reading, yaml_get(node, "codes"));
    to->words = reading_texts(reading, yaml_get(node, "words"));
    check_letters(reading, yaml_get(node, "codes"), &to->code_letters);
    if (!to->code_letters.count && !to->words.count && to->category != CATEGORY_OTHER)
        yaml_mistake(reading->mistakes, node, "no complaint can get here: give codes or words");
    check_taken(reading, node, rules->category_count - 1);
}

static void read_categories(struct playbook_reading *reading, const struct yaml *node, const struct yaml *complaints)
{
    struct complaint_rules *rules = &reading->playbook->complaints;
    size_t count = reading_count(reading, node, YAML_MAP);
    if (!node)
        yaml_mistake(reading->mistakes, complaints, "categories are missing");
    rules->categories = reading_array(reading, count, sizeof *rules->categories);
    for (size_t i = 0; i < count; i++)
        read_category(reading, node->keys[i], node->items[i]);
}

static void read_departments(struct playbook_reading *reading, const struct yaml *node)
{
    struct complaint_rules *rules = &reading->playbook->complaints;
    size_t count = reading_count(reading, node, YAML_MAP);
    rules->departments = reading_array(reading, count, sizeof *rules->departments);
    for (size_t i = 0; i < count; i++) {
        struct department_rule *to = &rules->departments[rules->department_count++];
        to->category = yaml_word(node->keys[i], &category_words, reading->mistakes);
        to->department = reading_name(reading, node->items[i], "department", NULL);
    }
    for (int category = 1; count && category < category_count; category++)
        if (!yaml_get(node, words_name(&category_words, category)))
            yaml_mistake(reading->mistakes, node, "who answers for %s? its department is missing",
                         words_name(&category_words, category));
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
    reading_ladder(reading, node);
    reading_clocks(reading, yaml_get(node, "clocks"), node);
    reading_tell(reading, yaml_get(node, "tell"));
}

int complaint_category_of_code(const struct complaint_rules *rules, const char *code)
{
    char letter[2] = {code[0], 0};
    for (size_t i = 0; i < rules->category_count; i++)
        if (letter[0] && texts_have(&rules->categories[i].code_letters, letter, SIZE_MAX))
            return rules->categories[i].category;
    return CATEGORY_NONE;
}

int complaint_category_of_text(const struct complaint_rules *rules, const char *text)
{
    for (size_t i = 0; i < rules->category_count; i++)
        for (size_t j = 0; j < rules->categories[i].words.count; j++)
            if (strstr(text, rules->categories[i].words.at[j]))
                return rules->categories[i].category;
    return CATEGORY_NONE;
}
