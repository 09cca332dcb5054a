#include <string.h>

#include "playbook_reading.h"

enum { QUESTIONNAIRES_MAX = 64, QUESTIONS_MAX = 64 };     /* an outcome carries 64 answers at most */

static const char *const question_keys[] = {
    "question", "kind", "zh", "en", "choices", "required", "satisfaction", NULL
};
static const char *const question_kinds[] = {"score", "choice", "yes_no", "text", NULL};

static const char *wording(struct playbook_reading *reading, const struct yaml *node, const char *language)
{
    const struct yaml *text = yaml_get(node, language);
    if (!text && node->kind == YAML_MAP)
        yaml_mistake(reading->mistakes, node, "the question has no wording in \"%s\"", language);
    return yaml_text(text, "", reading->mistakes);
}

static void check_question(struct playbook_reading *reading, const struct yaml *node, const struct question *question)
{
    bool choice = !strcmp(question->kind, "choice");
    if (choice && question->choices.count < 2)
        yaml_mistake(reading->mistakes, node, "a choice needs at least two choices");
    if (!choice && question->choices.count)
        yaml_mistake(reading->mistakes, yaml_get(node, "choices"), "only a question of kind choice has choices");
    if (question->satisfaction && strcmp(question->kind, "score"))
        yaml_mistake(reading->mistakes, yaml_get(node, "satisfaction"), "satisfaction is a score: set kind: score");
}

static void read_question(struct playbook_reading *reading, const struct yaml *node, struct question *to)
{
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, question_keys, reading->mistakes);
    to->name = reading_name(reading, yaml_get(node, "question"), "question: NAME", node);
    to->kind = reading_choice(reading, yaml_get(node, "kind"), question_kinds);
    to->zh = wording(reading, node, "zh");
    to->en = wording(reading, node, "en");
    to->choices = reading_texts(reading, yaml_get(node, "choices"));
    to->satisfaction = yaml_bool(yaml_get(node, "satisfaction"), false, reading->mistakes);
    to->required = yaml_bool(yaml_get(node, "required"), to->satisfaction, reading->mistakes);
    check_question(reading, node, to);
}

static void check_names(struct playbook_reading *reading, const struct yaml *node, const struct questionnaire *list)
{
    int scores = 0;
    for (size_t i = 0; i < list->count; i++) {
        scores += list->questions[i].satisfaction;
        for (size_t j = 0; j < i; j++)
            if (*list->questions[i].name && !strcmp(list->questions[i].name, list->questions[j].name))
                yaml_mistake(reading->mistakes, node->items[i], "question \"%s\" stands there twice",
                             list->questions[i].name);
    }
    if (scores > 1)
        yaml_mistake(reading->mistakes, node, "%d questions claim to be the satisfaction: one is enough", scores);
    if (!list->count)
        yaml_mistake(reading->mistakes, node, "a questionnaire without questions");
}

static void read_questionnaire(struct playbook_reading *reading, const struct yaml *node, struct questionnaire *to)
{
    size_t count = reading_count(reading, node, YAML_LIST);
    if (count > QUESTIONS_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d questions", QUESTIONS_MAX);
        count = QUESTIONS_MAX;
    }
    to->questions = reading_array(reading, count, sizeof *to->questions);
    for (size_t i = 0; i < count; i++)
        read_question(reading, node->items[i], &to->questions[to->count++]);
    if (node->kind == YAML_LIST)
        check_names(reading, node, to);
}

void reading_questionnaires(struct playbook_reading *reading, const struct yaml *node)
{
    struct playbook *playbook = reading->playbook;
    size_t count = reading_count(reading, node, YAML_MAP);
    if (count > QUESTIONNAIRES_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d questionnaires", QUESTIONNAIRES_MAX);
        count = QUESTIONNAIRES_MAX;
    }
    playbook->questionnaires = reading_array(reading, count, sizeof *playbook->questionnaires);
    for (size_t i = 0; i < count; i++) {
        struct questionnaire *to = &playbook->questionnaires[playbook->questionnaire_count++];
        to->name = reading_name(reading, node->keys[i], "questionnaire", NULL);
        read_questionnaire(reading, node->items[i], to);
    }
}
