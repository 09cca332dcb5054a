/* calls: a shop whose customers are called, and the acts of its agents, in short. */
#ifndef CARELINE_TEST_CALLS_H
#define CARELINE_TEST_CALLS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "support/shop.h"

#define WINDOWS "playbook: p\nversion: 1\nwindows: { follow-up: { mon-sat: [10:00-11:30, 15:00-17:30] } }\n"
#define QUESTIONS \
    "questionnaires:\n  q:\n" \
    "    - { question: satisfaction, kind: score, satisfaction: yes, zh: 满意吗, en: Satisfied }\n" \
    "    - { question: fixed, kind: yes_no, required: yes, zh: 好了吗, en: Fixed }\n" \
    "    - { question: again, kind: choice, choices: [sure, maybe], zh: 再来吗, en: Again }\n" \
    "    - { question: words, kind: text, zh: 建议, en: Words }\n"

static const char calls_playbook[] = WINDOWS QUESTIONS
    "contact: { quiet_hours: 21:00-08:00 }\n"
    "rules:\n  - on: visit.finished\n    steps:\n"
    "      - { call: care, after: 1d, before: 3d, window: follow-up, role: follow-up-agent,\n"
    "          retry: { attempts: 3, gaps: [2h, 1d] },\n"
    "          outcome: { dissatisfied: { complaint: { channel: follow_up } }, unreachable: { message: sorry },\n"
    "                     refused: { stop: yes } } }\n"
    "  - on: car.delivered\n    steps:\n"
    "      - { call: first, after: 1d, before: 3d, window: follow-up, role: follow-up-agent, questionnaire: q,\n"
    "          outcome: { refused: { stop: yes } } }\n"
    "      - { call: second, after: 1d, before: 4d, window: follow-up, role: follow-up-agent }\n"
    "  - on: case.closed\n    steps:\n"
    "      - { call: verify, after: 1d, role: follow-up-agent, outcome: { dissatisfied: { reopen: yes } } }\n";

static inline void visit(struct showroom *shop, const char *customer, const char *number)
{
    char envelope[64];
    snprintf(envelope, sizeof envelope, "'customer':'%s'", customer);
    shop_post(shop, "visit.finished", envelope, "'visit':'%s','kind':'repair','advisor':'luo','model':'CS75'", number);
}

static inline void claim(struct showroom *shop, const char *agent, const char *task)
{
    shop_post(shop, "task.claim", "", "'agent':'%s'%s%s%s", agent, *task ? ",'task':'" : "", task, *task ? "'" : "");
}

static inline void outcome(struct showroom *shop, const char *task, const char *outcome, const char *more)
{
    shop_post(shop, "task.outcome", "", "'task':'%s','outcome':'%s'%s%s", task, outcome, *more ? "," : "", more);
}

/* A shop on Tuesday 15:10 in which the task v1.care of customer c1 is open. */
static inline struct showroom *shop_with_task(void)
{
    struct showroom *shop = shop_open("2026-03-02 15:10", calls_playbook);
    visit(shop, "c1", "v1");
    shop_run(shop, "2026-03-03 15:10");
    assert_int_equal(shop_task(shop, "v1.care")->state, TASK_OPEN);
    shop_forget(shop);
    return shop;
}

#endif
