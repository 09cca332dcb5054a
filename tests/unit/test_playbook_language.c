/* The parts of the language that reach beyond one step: waits, stages. Of a bad playbook every mistake is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "playbook.h"
#include "support/broken_playbook.h"

static struct arena *arena;
static struct mistakes mistakes;

static struct playbook *parse(const char *text)
{
    mistakes = (struct mistakes){.file = "p.yaml", .arena = arena};
    return playbook_parse((struct slice){(const uint8_t *)text, strlen(text)}, arena, &mistakes);
}

static int arena_begin(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int arena_end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static const struct playbook *sound(const char *text)
{
    const struct playbook *playbook = parse(text);
    if (!playbook)
        fail_msg("%s", mistakes.lines[0]);
    return playbook;
}

#define RULE "playbook: p\nrules:\n  - on: visit.finished\n    steps:\n"
#define STAGES "playbook: p\nrules:\n  - on: visit.finished\n    stages:\n"
#define FORM "playbook: p\nforms:\n  f:\n    fields:\n"
#define FIELD "      - { field: a, zh: 甲, en: A }\n"

/* -------- as it is meant */

static void a_wait_is_read(void **state)
{
    (void)state;
    const struct playbook *playbook = sound(
        RULE "      - { wait: w, event: car.delivered, of: customer, match: { model: X }, within: 3d, then: { message: t },\n"
             "          else: { message: e, notify: { owner: o, manager: m }, stop: yes } }\n"
             "      - { call: c, follows: w, when: { step.w: late } }\n");
    const struct step *wait = &playbook->rules[0].steps[0], *call = &playbook->rules[0].steps[1];
    assert_int_equal(wait->kind, STEP_WAIT);
    assert_int_equal(wait->event, EVENT_CAR_DELIVERED);
    assert_true(wait->of_customer);
    assert_int_equal(wait->match.count, 1);
    assert_int_equal(wait->within.days, 3);
    assert_int_equal(wait->outcomes.count, 2);
    assert_int_equal(wait->outcomes.at[0].outcome, OUTCOME_ARRIVED);
    assert_int_equal(wait->outcomes.at[1].notes.count, 2);
    assert_string_equal(wait->outcomes.at[1].notes.at[0].to, "owner");
    assert_true(wait->outcomes.at[1].stop);
    assert_string_equal(call->follows.at[0], "w");
    assert_string_equal(call->when.at[0].path, "step.w");
}

static void stages_lead_where_they_say(void **state)
{
    (void)state;
    const struct playbook *playbook = sound(
        STAGES "      - { stage: a, within: 2h, else: { goto: c }, steps: [{ form: f }, { message: m, to: manager }] }\n"
               "      - { stage: b, exit: any, next: end, when: { kind: repair }, steps: [{ form: g, outcome: { refused: { goto: a } } }] }\n"
               "      - { stage: c, steps: [{ call: h }] }\n");
    const struct rule *rule = &playbook->rules[0];
    assert_int_equal(rule->stage_count, 3);
    assert_int_equal(rule->stages[0].count, 3);         /* its limit is the third */
    assert_int_equal(rule->steps[2].kind, STEP_LIMIT);
    assert_int_equal(rule->steps[2].outcomes.at[0].go_to, 2);
    assert_string_equal(rule->steps[1].to, "manager");
    assert_int_equal(rule->stages[0].next, 1);
    assert_int_equal(rule->stages[1].first, 3);
    assert_int_equal(rule->stages[1].next, STAGE_END);
    assert_true(rule->stages[1].any);
    assert_int_equal(rule->steps[3].outcomes.at[0].go_to, 0);
    assert_int_equal(rule->stages[2].next, STAGE_END);
}

static void values_have_one_form(void **state)
{
    (void)state;
    static const char *const words[] = {"high", "low"};
    static const struct { enum form_field_kind kind; const char *told, *kept; } cases[] = {
        {FORM_TEXT, "甲 , 乙", "甲 , 乙"}, {FORM_NUMBER, "007", "7"}, {FORM_NUMBER, "-1", NULL}, {FORM_NUMBER, "1.5", NULL},
        {FORM_NUMBER, "", NULL}, {FORM_NUMBER, "101", NULL}, {FORM_DATE, "2026-3-6", "2026-03-06"}, {FORM_DATE, "2026-02-29", NULL},
        {FORM_DATE, "6.3.2026", NULL}, {FORM_DATE, "2026-03-06 16:00", NULL}, {FORM_DAY, "2-29", "02-29"},
        {FORM_DAY, "1990-05-21", "05-21"}, {FORM_DAY, "13-01", NULL}, {FORM_TIME, "2026-03-06 16:00", "2026-03-06 16:00"},
        {FORM_TIME, "2026-03-06T16:00:00+08:00", "2026-03-06 08:00"}, {FORM_TIME, "2026-03-06", NULL},
        {FORM_TIME, "2026-03-06 24:00", NULL}, {FORM_YES_NO, "true", "yes"}, {FORM_YES_NO, "no", "no"}, {FORM_YES_NO, "maybe", NULL},
        {FORM_SCORE, "5", "5"}, {FORM_SCORE, "6", NULL}, {FORM_CHOICE, "low", "low"}, {FORM_CHOICE, "lower", NULL},
        {FORM_CHOICES, "low, high", "low,high"}, {FORM_CHOICES, "low,", "low"}, {FORM_CHOICES, "low,middle", NULL},
        {FORM_LINK, "N-1.2", "N-1.2"}, {FORM_LINK, "a/b", NULL}, {FORM_STAFF, "li", "li"},
        {FORM_ATTACHMENT, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
         "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
        {FORM_ATTACHMENT, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00A08", NULL},
        {FORM_ATTACHMENT, "licence.jpg", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct form_field field = {.kind = cases[i].kind, .choices = {(const char **)words, 2}, .has_min = true, .max = 100,
                                   .has_max = true};
        const char *kept = "", *wrong = form_value(&field, cases[i].told, calendar_everyday(), arena, &kept);
        if (cases[i].kept ? wrong || strcmp(kept, cases[i].kept) : !wrong)
            fail_msg("%s: %s, %s", cases[i].told, kept, wrong ? wrong : "taken");
    }
}

/* What others must provide for a playbook is known, wherever it is named. */
static void what_is_needed_is_named(void **state)
{
    (void)state;
    const struct playbook *playbook = sound(
        RULE "      - { wait: w, event: car.delivered, within: 1d, else: { notify: { owner: t1, boss: t2 } } }\n"
             "      - { message: t3, to: clerk }\n      - { approval: a, role: judge }\n");
    static const char *const templates[] = {"t1", "t2", "t3"}, *const roles[] = {"boss", "clerk", "judge"};
    struct texts needed = playbook_templates(playbook, arena), held = playbook_roles(playbook, arena);
    assert_int_equal(needed.count, 3);
    assert_int_equal(held.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(needed.at[i], templates[i]);
        assert_string_equal(held.at[i], roles[i]);
    }
}

static void points_and_levels_are_read(void **state)
{
    (void)state;
    const struct playbook *playbook = sound(
        "playbook: p\nloyalty:\n  earn:\n    - { rule: v, on: visit.finished, points: 2, per: 100, of: amount_cents }\n"
        "    - { rule: w, on: car.delivered, points: 5 }\n  expires: { after: 365d, end_of: year, remind: 30d }\n"
        "  redeem: { at_least: 100 }\n  levels:\n    - { level: a, from: 0 }\n    - level: b\n      from: 100\n"
        "      earn_percent: 150\n      benefits: [{ benefit: wash, zh: 洗车, en: A wash }]\n");
    const struct loyalty_rules *loyalty = &playbook->loyalty;
    assert_true(loyalty->present);
    assert_int_equal(loyalty->earn_count, 2);
    assert_int_equal(loyalty->earn[0].per, 100);
    assert_string_equal(loyalty->earn[0].of, "amount_cents");
    assert_int_equal(loyalty->earn[1].per, 0);
    assert_int_equal(loyalty->expires_after.days, 365);
    assert_string_equal(loyalty->end_of, "year");
    assert_int_equal(loyalty->redeem_at_least, 100);
    assert_int_equal(loyalty->redeem_steps, 1);
    assert_string_equal(loyalty->approval_role, "manager");
    assert_string_equal(loyalty_level(loyalty, 99)->name, "a");
    assert_string_equal(loyalty_level(loyalty, 100)->name, "b");
    assert_null(loyalty_level(loyalty, -1));
    assert_string_equal(loyalty_level_named(loyalty, "b")->benefits[0].name, "wash");
    assert_null(loyalty_level_named(loyalty, ""));
}

static void a_rule_sets_what_stands_in_the_record(void **state)
{
    (void)state;
    const struct playbook *playbook = sound(
        "playbook: p\nrules:\n  - { on: customer.changed, when: { class: regular }, steps: [{ set: s, after: 1d, "
        "customer: { class: key, language: en } }] }\n");
    assert_int_equal(playbook->rules[0].steps[0].sets.class, CLASS_KEY);
    assert_string_equal(playbook->rules[0].steps[0].sets.language, "en");
    assert_string_equal(playbook->rules[0].steps[0].sets.owner, "");
}

static void holidays_make_a_rule_come_again(void **state)
{
    (void)state;
    const struct playbook *playbook =
        sound("playbook: p\nrules:\n  - { rule: r, every: { holidays: [春节] }, steps: [{ message: m }] }\n");
    assert_int_equal(playbook->rules[0].holidays.count, 1);
    assert_non_null(playbook->rules[0].repeat);
}

/* -------- mistakes */

#define POINTS "playbook: p\nloyalty:\n"

static const struct broken_playbook broken[] = {
    /* waits */
    {RULE "      - { wait: w }\n", {"p.yaml:5:9: rules[0].steps[0]: event is missing: what is waited for?"}},
    {RULE "      - { wait: w, event: visit.finishd }\n", {"there is no event \"visit.finishd\", did you mean visit.finished?"}},
    {RULE "      - { wait: w, event: task.claim }\n", {"no rule can follow task.claim"}},
    {RULE "      - { wait: w, event: car.delivered, match: { kind: repair }, of: nobody }\n",
     {"conditions on car.delivered know no \"kind\"", "\"nobody\" is not one of this, customer"}},
    {RULE "      - { wait: w, event: car.delivered, else: { message: m } }\n", {"else never comes: within is missing"}},
    {RULE "      - { wait: w, event: car.delivered, within: 0s }\n", {"within nothing: it would be late at once"}},
    {RULE "      - { wait: w, event: car.delivered, within: 1d, then: { complaint: {} } }\n", {"no complaint comes of arrived"}},
    {RULE "      - { wait: w, event: car.delivered, within: 1d, then: {} }\n", {"leads to nothing"}},
    {RULE "      - { wait: w, event: car.delivered, within: 1d, then: { goto: x } }\n", {"this rule has no stage \"x\""}},
    /* order */
    {RULE "      - { call: a, follows: b }\n      - { call: b, follows: b }\n",
     {"p.yaml:5:29: rules[0].steps[0].follows: no step \"b\" stands before this one in its rule", "rules[0].steps[1].follows: no step \"b\""}},
    {RULE "      - { call: a }\n      - { call: b, follows: a, when: { step.c: late } }\n", {"this rule has no step \"c\" to ask for"}},
    {RULE "      - { call: a }\n      - { call: b, follows: a, when: { step.a: lost } }\n", {"\"lost\" is no outcome of a step"}},
    {"playbook: p\nrules:\n  - { on: visit.finished, when: { step.a: late }, steps: [{ call: a }] }\n", {"conditions on visit.finished know no \"step.a\""}},
    {"playbook: p\nroles: [a]\nrules:\n  - { on: visit.finished, steps: [{ message: m, to: b }, { call: c, role: a, outcome: { late: { notify: { d: t } } } }] }\n",
     {"role \"b\" is not in the list", "role \"d\" is not in the list"}},
    {RULE "      - { call: a, outcome: { late: { complaint: {} } } }\n", {"no complaint comes of late"}},
    {RULE "      - { call: a, outcome: { arrived: { stop: yes } } }\n", {"arrived does not end a call"}},
    /* stages */
    {STAGES "      - { steps: [{ call: a }] }\n", {"p.yaml:5:9: rules[0].stages[0]: stage: NAME is missing"}},
    {STAGES "      - { stage: a }\n", {"a stage without steps does nothing"}},
    {STAGES "      - { stage: a, steps: [{ call: c }] }\n      - { stage: a, steps: [{ call: d }] }\n", {"stage \"a\" stands there twice"}},
    {STAGES "      - { stage: end, steps: [{ call: c }] }\n", {"end is where a plan ends"}},
    {STAGES "      - { stage: a, steps: [{ call: c }] }\n      - { stage: b, steps: [{ call: c }] }\n", {"step \"c\" stands there twice"}},
    {STAGES "      - { stage: a, next: c, steps: [{ call: x }] }\n      - { stage: b, steps: [{ call: y }] }\n",
     {"this rule has no stage \"c\"", "stage \"b\" is never come to"}},
    {STAGES "      - { stage: a, next: end, steps: [{ call: x }] }\n      - { stage: b, steps: [{ call: y }] }\n", {"stage \"b\" is never come to"}},
    {STAGES "      - { stage: a, steps: [{ message: x }] }\n      - { stage: b, next: a, steps: [{ message: y }] }\n",
     {"endless: stage \"a\" leads back to itself", "endless: stage \"b\""}},
    {STAGES "      - { stage: a, else: { goto: b }, exit: most, stepz: [], steps: [{ call: x }] }\n",
     {"else never comes: within is missing", "\"most\" is not one of all, any", "stepz: unknown key, did you mean steps?"}},
    /* forms */
    {"playbook: p\nforms: { f: {} }\n", {"p.yaml:2:13: forms.f: a form without fields holds nothing"}},
    {FORM "      - { field: a, kind: datum, zh: 甲, en: A }\n", {"\"datum\" is not one of text, number, date, day, time, yes_no, score, choice"}},
    {FORM "      - { kind: date, zh: 甲, en: A }\n", {"field: NAME is missing"}},
    {FORM "      - { field: a, kind: choice, zh: 甲, en: A }\n", {"a choice needs choices"}},
    {FORM "      - { field: a, kind: choice, choices: [\"x,y\", z], zh: 甲, en: A }\n", {"a choice cannot have a comma"}},
    {FORM "      - { field: a, kind: link, zh: 甲, en: A }\n      - { field: b, kind: link, form: g, zh: 甲, en: A }\n",
     {"a link to which form?", "no form \"g\" is described under forms"}},
    {FORM "      - { field: a, min: 1, zh: 甲 }\n", {"only a number has min and max", "zh and en: how is it called on the form?"}},
    {FORM FIELD FIELD, {"p.yaml:6:9: forms.f.fields[1]: field \"a\" stands there twice"}},
    {FORM FIELD "rules:\n  - { on: visit.finished, form: f, steps: [{ wait: w, event: plan.stage_entered, form: f }] }\n",
     {"visit.finished is not about a form", "plan.stage_entered is not about a form"}},
    {FORM FIELD "rules:\n  - { on: plan.stage_entered, form: f, when: { field.b: x }, steps: [{ call: c }] }\n", {"form f has no field \"b\""}},
    {FORM FIELD "rules:\n  - { on: form.filled, form: g, steps: [{ call: c }] }\n", {"no form \"g\" is described under forms"}},
    {FORM FIELD "rules:\n  - { on: visit.finished, form: f, steps: [{ call: c }] }\n", {"visit.finished is not about a form"}},
    {FORM FIELD "rules:\n  - { on: form.filled, when: { field.a: x }, steps: [{ call: c }] }\n", {"a field of which form? say form: NAME"}},
    {FORM FIELD "rules:\n  - { on: form.filled, form: f, when: { field.b: x }, steps: [{ call: c }] }\n", {"form f has no field \"b\""}},
    {FORM "      - { field: a, personal: yes, zh: 甲, en: A }\nrules:\n  - { on: form.filled, form: f, when: { field.a: x }, steps: [{ call: c }] }\n",
     {"\"a\" is personal and sealed"}},
    {FORM FIELD "rules:\n  - { on: visit.finished, steps: [{ form: c, fills: g }, { wait: w, event: car.delivered, form: f }] }\n",
     {"no form \"g\" is described under forms", "car.delivered is not about a form"}},
    {FORM "      - { field: a, means: satisfaction, record: age, zh: 甲, en: A }\n",
     {"satisfaction is a score", "\"age\" is not one of none, name, mobile"}},
    {FORM "      - { field: a, kind: score, means: words, record: name, zh: 甲, en: A }\n",
     {"words are a text", "takes text, choice or staff"}},
    /* books */
    {FORM FIELD "books: { b: { counts: f, by: [a, c.month], sums: [a] } }\n",
     {"no page can be of \"a\"", "form f has no field \"c\"", "\"a\" is no number"}},
    {FORM FIELD "      - { field: d, kind: date, zh: 甲, en: A }\nbooks: { b: { counts: f, by: [d.week], against: { count: a } }, c: { by: [] } }\n",
     {"a date can be cut to its .month or .year", "which form states it?", "which form is counted?", "one to 4 fields"}},
    /* dates */
    {RULE "      - { call: c, from: field.a }\n", {"\"field.a\" is no date to count from"}},
    {FORM FIELD "rules:\n  - { on: form.filled, form: f, steps: [{ call: c, from: field.a, ahead: 1d }] }\n", {"\"field.a\" is no date"}},
    {RULE "      - { call: c, ahead: 1d, at: \"10:00\", times: 2 }\n",
     {"ahead of what? from is missing", "on which day?", "times of what? every is missing"}},
    {RULE "      - { call: c, every: sometimes }\n      - { call: d, every: 10s }\n", {"\"sometimes\": no rule", "after a minute at the least"}},
    {RULE "      - { call: c, from: customer.last_seen_at, at: \"25:00\" }\n", {"\"25:00\" is no time of day"}},
    {"playbook: p\nrules:\n  - { every: monthly, steps: [{ call: c }] }\n", {"rule: NAME is missing"}},
    {"playbook: p\nrules:\n  - { rule: r, every: FREQ=HOURLY, on: visit.finished, steps: [{ call: c }] }\n",
     {"comes again by days or more", "either on an event or every so often"}},
    {"playbook: p\nrules:\n  - { on: visit.finished, audience: customers, steps: [{ call: c, when: { customer.interests: { in: kind } } }] }\n",
     {"rule: NAME is missing", "write it as field.NAME"}},
    {RULE "      - { call: c, when: { customer.last_seen_at: yes } }\n", {"last_seen_at is a time: ask for one of"}},
    {RULE "      - { call: c, when: { customer.last_seen_at: { since: fortnight } } }\n", {"\"fortnight\" is not one of day, week"}},
    {RULE "      - { call: c, when: { last.task.closed: { within: 1d }, count.form.g: { min: 1 } } }\n",
     {"a customer's history keeps car.delivered", "not \"form.g\""}},
    /* work */
    {RULE "      - { call: c, assign: { by: turn, skill: field.x, at_most: 0 } }\n",
     {"\"turn\" is not one of none, even, weighted", "\"field.x\" is no field of the rule's form", "wants a number from 1", "by: even, weighted, owner, same or named is missing"}},
    {RULE "      - { call: c, assign: { by: named, who: service-advisor } }\n      - { message: m, to: field.a }\n",
     {"by: named belongs to who: field.NAME", "\"field.a\" names nobody"}},
    {RULE "      - { form: f }\n      - { message: m, link: f }\n", {"no step \"f\" in this rule has a form that the customer could fill in"}},
    {RULE "      - { call: c, window: [a, b, d], assign: { by: even, count: all } }\n      - { call: e, window: [a, b] }\n",
     {"a window, or two: [first, then]", "\"all\" is not one of open, given", "no window \"a\" is described", "no window \"b\" is described"}},
    {RULE "      - { checklist: c, items: [{ item: a, zh: 甲, en: A }, { item: a, zh: 甲 }] }\n",
     {"item \"a\" stands there twice", "zh and en: what is to be done?"}},
    {RULE "      - { checklist: c, items: [{ item: a, zh: 甲, en: A, optional: yes }] }\n", {"a checklist needs items"}},
    {RULE "      - { approval: c, outcome: { completed: { stop: yes } } }\n", {"completed does not end a approval: one of approved, declined"}},
    {RULE "      - { call: c, by_other: yes, items: [] }\n", {"by_other: unknown key", "items: unknown key"}},
    /* what is set */
    {RULE "      - { set: s }\n      - { set: t, customer: {} }\n", {"sets nothing", "sets nothing"}},
    {RULE "      - { set: s, customer: { class: none, name: x }, role: r }\n",
     {"role: unknown key", "name: unknown key", "a customer's class cannot be taken away"}},
    {"playbook: p\nrules:\n  - { on: customer.changed, when: { class: key }, steps: [{ set: a, customer: { class: regular } }] }\n"
     "  - { on: customer.changed, when: { class: regular }, steps: [{ set: b, customer: { class: key } }] }\n",
     {"endless: step \"a\" leads to customer.changed"}},
    /* points */
    {POINTS "  earn: [{ rule: a, on: points.earned, points: 1 }]\n", {"points earn no points"}},
    {POINTS "  earn: [{ rule: a, on: visit.finished }, { rule: a, on: car.delivered, points: 0 }]\n",
     {"points are missing: how many", "rule \"a\" stands there twice", "wants a number from 1"}},
    {POINTS "  earn: [{ rule: a, on: visit.finished, points: 1, per: 100 }]\n", {"per and of belong together"}},
    {POINTS "  earn: [{ rule: a, on: visit.finished, points: 1, per: 100, of: model }]\n",
     {"\"model\" is no number that this event tells"}},
    {POINTS "  expires: { after: 30d, remind: 31d, end_of: week }\n",
     {"\"week\" is not one of day, month, year", "comes before the points are earned"}},
    {POINTS "  expires: { remind: 1d }\n", {"after: how many days", "comes before"}},
    {POINTS "  redeem: { at_least: 0, most: 5 }\n", {"wants a number from 1", "most: unknown key"}},
    {POINTS "  levels: [{ level: a, from: 5 }, { level: a, from: 5 }]\n",
     {"from must be more than that of the level before", "level \"a\" stands there twice"}},
    {POINTS "  levels: [{ level: a, benefits: [{ benefit: b, zh: 乙 }] }]\n", {"zh and en: what does the customer get?"}},
    {"playbook: p\nloyalty: {}\n", {"says nothing: what earns points?"}},
    /* holidays */
    {"playbook: p\nrules:\n  - { rule: r, every: { holidays: [] }, steps: [{ message: m }] }\n", {"holidays: which ones"}},
    {"playbook: p\nrules:\n  - { rule: r, every: { holiday: 春节 }, steps: [{ message: m }] }\n",
     {"holiday: unknown key", "holidays: which ones"}},
    /* endless */
    {"playbook: p\nrules:\n  - { on: plan.stage_entered, stages: [{ stage: a, steps: [{ call: c }] }] }\n", {"endless: step \"c\" leads to plan.stage_entered"}},
    {"playbook: p\nrules:\n  - { on: plan.step_late, steps: [{ wait: w, event: car.delivered, within: 1d }] }\n", {"endless: step \"w\" leads to plan.step_late"}},
    {"playbook: p\nrules:\n  - { on: plan.limited, limit: { per_day: 1 }, steps: [{ call: c }] }\n", {"endless: step \"c\" leads to plan.limited"}},
    {"playbook: p\nrules:\n  - { on: visit.finished, limit: { within: 1d }, steps: [{ call: c }] }\n",
     {"within belongs to per_customer", "limits nothing"}},
    {"playbook: p\nrules:\n  - { on: visit.finished, limit: { per_day: 0 }, steps: [{ call: c }] }\n", {"wants a number from 1", "limits nothing"}},
    {"playbook: p\nrules:\n  - { on: visit.finished, steps: [{ call: a }], stages: [{ stage: s, steps: [{ call: b }] }] }\n", {"either steps or stages"}},
    {"playbook: p\nrules:\n  - { rule: r, on: visit.finished, steps: [{ call: a }] }\n  - { rule: r, on: visit.finished, steps: [{ call: b }] }\n", {"rule \"r\" stands there twice"}},
};

static void every_mistake_is_told_with_its_place(void **state)
{
    (void)state;
    assert_int_equal(broken_playbooks_wrongly_told(broken, sizeof broken / sizeof broken[0]), 0);
}

/* A circle that somebody or something holds up is none. */
static void circles_with_work_in_them_are_taken(void **state)
{
    (void)state;
    sound(STAGES "      - { stage: a, steps: [{ call: x }, { message: m }] }\n      - { stage: b, next: a, steps: [{ message: y }] }\n");
    sound(STAGES "      - { stage: a, next: a, steps: [{ message: x, after: 1d }] }\n");
    sound("playbook: p\nrules:\n  - { on: plan.stage_entered, when: { stage: b }, stages: [{ stage: a, steps: [{ call: c }] }] }\n");
    sound(STAGES "      - { stage: a, next: a, steps: [{ wait: w, event: visit.finished }] }\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_is_read),
        cmocka_unit_test(stages_lead_where_they_say),
        cmocka_unit_test(values_have_one_form),
        cmocka_unit_test(what_is_needed_is_named),
        cmocka_unit_test(points_and_levels_are_read),
        cmocka_unit_test(a_rule_sets_what_stands_in_the_record),
        cmocka_unit_test(holidays_make_a_rule_come_again),
        cmocka_unit_test(every_mistake_is_told_with_its_place),
        cmocka_unit_test(circles_with_work_in_them_are_taken),
    };
    return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
