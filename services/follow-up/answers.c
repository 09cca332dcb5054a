#include <stdlib.h>
#include <string.h>

#include "follow_up.h"

/* Answers against the questionnaire. */

static const struct questionnaire *questionnaire_of(const struct job *job)
{
    if (!job->playbook || !*job->task.questionnaire)
        return NULL;
    return playbook_questionnaire(job->playbook, job->task.questionnaire);
}

static bool is_score(const char *value)
{
    return value[0] >= '1' && value[0] <= '5' && !value[1];
}

static bool is_choice(const struct question *question, const char *value)
{
    for (size_t i = 0; i < question->choices.count; i++)
        if (!strcmp(question->choices.at[i], value))
            return true;
    return false;
}

static bool value_fits(const struct question *question, const char *value)
{
    if (!strcmp(question->kind, "score"))
        return is_score(value);
    if (!strcmp(question->kind, "choice"))
        return is_choice(question, value);
    if (!strcmp(question->kind, "yes_no"))
        return !strcmp(value, "yes") || !strcmp(value, "no");
    return *value != 0;
}

static const char *value_expected(const struct question *question)
{
    if (!strcmp(question->kind, "score"))
        return "a score from 1 to 5";
    if (!strcmp(question->kind, "choice"))
        return "one of its choices";
    return !strcmp(question->kind, "yes_no") ? "yes or no" : "a text";
}

static const struct answer *answer_find(const struct answer_list *answers, const char *question)
{
    for (size_t i = 0; i < answers->count; i++)
        if (!strcmp(answers->at[i].question, question))
            return &answers->at[i];
    return NULL;
}

static const char *answer_wrong(const struct job *job, const struct questionnaire *list, const struct answer_list *answers,
                                const struct answer *answer)
{
    struct arena *arena = turn_arena(job->turn);
    const struct question *question = questionnaire_question(list, answer->question);
    if (!question)
        return arena_printf(arena, "answers: %s does not ask %.64s", list->name, answer->question);
    if (answer_find(answers, answer->question) != answer)
        return arena_printf(arena, "answers: %s is answered twice", question->name);
    if (!value_fits(question, answer->value))
        return arena_printf(arena, "answers: %s needs %s", question->name, value_expected(question));
    return NULL;
}

/* A form may be left aside, but one that is filled in is filled in whole. How content somebody is who complains need not be
 * asked. */
static const char *answer_missing(const struct job *job, const struct questionnaire *list, const struct answer_list *answers,
                                  bool is_known)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct question *question = &list->questions[i];
        bool needed = question->satisfaction ? !is_known : question->required && answers->count;
        if (needed && !answer_find(answers, question->name))
            return arena_printf(turn_arena(job->turn), "answers: %s is missing", question->name);
    }
    return NULL;
}

static const char *satisfaction_take(const struct questionnaire *list, const struct answer_list *answers, int64_t *satisfaction)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct answer *answer = list->questions[i].satisfaction ? answer_find(answers, list->questions[i].name) : NULL;
        if (!answer)
            continue;
        int64_t score = atoi(answer->value);
        if (*satisfaction && *satisfaction != score)
            return "satisfaction: the answers say otherwise";
        *satisfaction = score;
    }
    return NULL;
}

const char *answers_check(const struct job *job, const struct answer_list *answers, const char *complaint, int64_t *satisfaction)
{
    const struct questionnaire *list = questionnaire_of(job);
    if (*satisfaction < 0 || *satisfaction > 5)
        return "satisfaction: a score from 1 to 5";
    if (!list)
        return answers->count ? "answers: this task has no questionnaire" : NULL;
    for (size_t i = 0; i < answers->count; i++) {
        const char *wrong = answer_wrong(job, list, answers, &answers->at[i]);
        if (wrong)
            return wrong;
    }
    const char *differs = satisfaction_take(list, answers, satisfaction);
    return differs ? differs : answer_missing(job, list, answers, *satisfaction || *complaint);
}
