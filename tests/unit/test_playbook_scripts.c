/* Scripts of calls: lines, replies, conditions, phrases to avoid; of a bad script every mistake is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "playbook.h"
#include "support/broken_playbook.h"

#define QUESTIONS "playbook: p\nquestionnaires: { q: [{ question: gone, zh: 好, en: ok, kind: yes_no }] }\n"
#define SCRIPT QUESTIONS "scripts:\n  s:\n    lines:\n"
#define TALK "      - { say: talk, zh: 好, en: ok, ends: completed }\n"
#define CALL "rules: [{ on: visit.finished, steps: [{ call: c, "

static struct playbook *parse(const char *text, struct arena *arena)
{
    struct mistakes mistakes = {.file = "p.yaml", .arena = arena};
    struct playbook *playbook = playbook_parse((struct slice){(const uint8_t *)text, strlen(text)}, arena, &mistakes);
    if (!playbook)
        fail_msg("%s", mistakes.lines[0]);
    return playbook;
}

static void lines_lead_where_they_say(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const struct playbook *playbook = parse(
        SCRIPT "      - { say: leave, zh: 方便吗, en: May I, replies: [{ reply: good, zh: 好, en: Yes, goto: ask }, { reply: bad, zh: 不, en: No, goto: bye }] }\n"
               "      - { say: bye, zh: 再见, en: Bye, ends: refused }\n"
               "      - { say: ask, zh: 问, en: Ask, questions: yes }\n"
               "      - { say: sorry, zh: 抱歉, en: Sorry, when: { answer.gone: no, satisfaction: { max: 2 } }, goto: talk }\n"
               TALK "    avoid:\n      - { zh: 不可能, en: Never, instead: { zh: 我查, en: I check } }\n"
               CALL "questionnaire: q, script: s, read_back: required }, { call: d }] }]\n", arena);
    const struct script *script = playbook_script(playbook, "s");
    assert_int_equal(script->line_count, 5);
    assert_int_equal(script->lines[0].replies[0].next, 2);
    assert_int_equal(script->lines[0].replies[1].next, 1);
    assert_int_equal(script->lines[0].next, LINE_END);
    assert_int_equal(script->lines[1].ends, OUTCOME_REFUSED);
    assert_true(script->lines[2].questions);
    assert_int_equal(script->lines[2].next, 3);
    assert_string_equal(script->lines[3].when.at[0].path, "answer.gone");
    assert_string_equal(script->lines[3].when.at[0].values.at[0], "no");
    assert_int_equal(script->lines[3].when.at[1].max, 2);
    assert_int_equal(script->lines[3].next, 4);
    assert_string_equal(script->avoid[0].instead_en, "I check");
    assert_string_equal(playbook->rules[0].steps[0].script, "s");
    assert_true(playbook->rules[0].steps[0].read_back);
    assert_string_equal(playbook->rules[0].steps[1].script, "");
    assert_false(playbook->rules[0].steps[1].read_back);
    assert_null(playbook_script(playbook, "t"));
    arena_free(&arena);
}

static const struct broken_playbook broken[] = {
    {QUESTIONS "scripts: { s: {} }\n", {"scripts.s: a script without lines"}},
    {SCRIPT "      - { say: a, zh: 好, ends: completed }\n", {"p.yaml:6:9: scripts.s.lines[0]: has no wording in \"en\""}},
    {SCRIPT "      - { say: a, zh: 好, en: ok }\n", {"the script stops here: say how the call ends"}},
    {SCRIPT "      - { say: a, zh: 好, en: ok, goto: tlk }\n" TALK, {"this script has no line \"tlk\", did you mean talk?", "nothing leads to line \"talk\""}},
    {SCRIPT "      - { say: a, zh: 好, en: ok, ends: refused }\n" TALK, {"nothing leads to line \"talk\""}},
    {SCRIPT "      - { say: a, zh: 好, en: ok, replies: [{ reply: r, zh: 好, en: ok }] }\n" TALK, {"which line follows?", "nothing leads to line \"talk\""}},
    {SCRIPT TALK "      - { say: talk, zh: 好, en: ok, ends: completed }\n", {"line \"talk\" stands there twice", "nothing leads to line \"talk\""}},
    {SCRIPT "      - { say: a, zh: 好, en: ok, when: { answer.lost: yes } }\n" TALK, {"a script asks for satisfaction, outcome and answer.QUESTION"}},
    {SCRIPT "      - { say: a, zh: 好, en: ok, when: { outcome: angry } }\n" TALK, {"angry is not known"}},
    {SCRIPT "      - { say: a, zh: 好, en: ok, ends: busy }\n", {"a call ends with completed, refused", "the script stops here"}},
    {SCRIPT TALK "    avoid: [{ zh: 不, en: No }]\n", {"what is said instead?"}},
    {SCRIPT TALK CALL "script: t }] }]\n", {"no script \"t\" is described under scripts"}},
    {SCRIPT "      - { say: a, zh: 好, en: ok, when: { answer.gone: yes } }\n" TALK CALL "script: s }] }]\n",
     {"line \"a\" asks for answer.gone, which no questionnaire of this step has"}},
    {SCRIPT TALK CALL "read_back: maybe }] }]\n", {"\"maybe\" is not one of no, required"}},
    {SCRIPT TALK "rules: [{ on: visit.finished, steps: [{ message: m, script: s }] }]\n", {"unknown key"}},
};

static void every_mistake_is_told_with_its_place(void **state)
{
    (void)state;
    assert_int_equal(broken_playbooks_wrongly_told(broken, sizeof broken / sizeof broken[0]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_lead_where_they_say),
        cmocka_unit_test(every_mistake_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
