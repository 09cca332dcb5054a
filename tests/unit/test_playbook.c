/* playbooks: a good one is read as it is meant; of a bad one every mistake is told, with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "playbook.h"
#include "support/broken_playbook.h"
#include "support/shipped.h"

static struct arena *arena;
static struct mistakes mistakes;

static struct playbook *parse_slice(struct slice text)
{
    mistakes = (struct mistakes){.file = "p.yaml", .arena = arena};
    return playbook_parse(text, arena, &mistakes);
}

static struct playbook *parse(const char *text)
{
    return parse_slice((struct slice){(const uint8_t *)text, strlen(text)});
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

static const struct playbook *shipped(void)
{
    const struct playbook *playbook = parse_slice(shipped_file(arena, "deploy/playbooks/auto-dealer.yaml"));
    if (!playbook)
        fail_msg("%s", mistakes.lines[0]);
    return playbook;
}

/* -------- the shipped playbook */

static void assert_span(struct span span, int days, int64_t ms)
{
    assert_int_equal(span.days, days);
    assert_int_equal(span.ms, ms);
}

static const struct outcome_rule *outcome_of(const struct step *step, int outcome)
{
    for (size_t i = 0; i < step->outcomes.count; i++)
        if (step->outcomes.at[i].outcome == outcome)
            return &step->outcomes.at[i];
    fail_msg("%s: no such outcome", step->name);
    return NULL;
}

/* F1 */
static void delivery_is_followed_at_two_hours_three_days_seven_days(void **state)
{
    (void)state;
    const struct rule *rule = &shipped()->rules[0];
    assert_int_equal(rule->on, EVENT_CAR_DELIVERED);
    assert_int_equal(rule->step_count, 3);
    const struct step *thanks = &rule->steps[0], *call = &rule->steps[1], *week = &rule->steps[2];
    assert_int_equal(thanks->kind, STEP_MESSAGE);
    assert_string_equal(thanks->name, "delivery-thanks");
    assert_string_equal(thanks->template.at[0].value, "delivery-thanks");
    assert_span(thanks->after, 0, 2 * HOUR_MS);
    assert_span(thanks->valid_for, 1, 0);
    assert_string_equal(call->name, "first-follow-up");
    assert_string_equal(call->task_kind, "call");
    assert_span(call->after, 1, 0);
    assert_span(call->before, 3, 0);
    assert_string_equal(call->window->name, "follow-up");
    assert_string_equal(call->role, "follow-up-agent");
    assert_string_equal(call->purpose, "care");
    assert_int_equal(call->priority, PRIORITY_NORMAL);
    assert_int_equal(call->retry.attempts, 3);
    assert_span(call->retry.gaps[0], 0, 2 * HOUR_MS);
    assert_span(call->retry.gaps[1], 1, 0);
    assert_span(week->after, 7, 0);
}

/* F6, F8 */
static void outcomes_lead_where_they_should(void **state)
{
    (void)state;
    const struct playbook *playbook = shipped();
    const struct step *call = &playbook->rules[0].steps[1], *closing = &playbook->rules[2].steps[0];
    const struct outcome_rule *dissatisfied = outcome_of(call, OUTCOME_DISSATISFIED);
    assert_true(dissatisfied->complaint);
    assert_int_equal(dissatisfied->complaint_channel, CHANNEL_IN_FOLLOW_UP);
    assert_string_equal(outcome_of(call, OUTCOME_UNREACHABLE)->message, "sorry-we-missed-you");
    assert_true(outcome_of(call, OUTCOME_REFUSED)->stop);
    assert_true(outcome_of(closing, OUTCOME_DISSATISFIED)->reopen);
    assert_false(outcome_of(closing, OUTCOME_DISSATISFIED)->complaint);
    assert_int_equal(playbook->dissatisfied_at_most, 2);
}

static const char *class_and_kind(void *context, const char *path)
{
    const char *const *facts = context;
    if (!strcmp(path, "customer.class"))
        return facts[0];
    if (!strcmp(path, "customer.kind"))
        return facts[1];
    return !strcmp(path, "kind") ? facts[2] : NULL;
}

/* F2 */
static void questionnaire_fits_customer_and_work(void **state)
{
    (void)state;
    const struct playbook *playbook = shipped();
    static const struct { const char *facts[3]; const char *questionnaire; } cases[] = {
        {{"regular", "person", "repair"}, "repair-standard"},  {{NULL, NULL, "maintenance"}, "repair-standard"},
        {{"key", "person", "repair"}, "repair-vip"},           {{"key", "corporate", "overhaul"}, "repair-vip"},
        {{"regular", "corporate", "repair"}, "repair-corporate"}, {{"regular", "person", "overhaul"}, "repair-overhaul"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *chosen = variant_choose(&playbook->rules[1].steps[0].questionnaire, class_and_kind, (void *)cases[i].facts);
        assert_string_equal(chosen, cases[i].questionnaire);
        assert_non_null(playbook_questionnaire(playbook, chosen));
    }
    assert_null(playbook_questionnaire(playbook, "nothing"));
}

static void every_questionnaire_asks_for_satisfaction(void **state)
{
    (void)state;
    const struct playbook *playbook = shipped();
    for (size_t i = 0; i < playbook->questionnaire_count; i++) {
        int scores = 0;
        for (size_t j = 0; j < playbook->questionnaires[i].count; j++) {
            const struct question *question = &playbook->questionnaires[i].questions[j];
            scores += question->satisfaction;
            assert_true(*question->zh && *question->en);
            if (question->satisfaction)
                assert_string_equal(question->kind, "score");
        }
        assert_int_equal(scores, 1);
    }
}

/* K4 */
static void deadlines_are_those_of_the_published_table(void **state)
{
    (void)state;
    const struct complaint_rules *rules = &shipped()->complaints;
    static const struct { const char *name; bool recurring; struct span major, general, minor; } wants[] = {
        {"acknowledged", false, {30 * MINUTE_MS, 0}, {2 * HOUR_MS, 0}, {0, 1}},
        {"assessed", false, {2 * HOUR_MS, 0}, {0, 1}, {0, 2}},
        {"first_response", false, {4 * HOUR_MS, 0}, {0, 1}, {0, 2}},
        {"progress", true, {0, 1}, {0, 2}, {0, 7}},
        {"resolved", false, {0, 3}, {0, 7}, {0, 15}},
        {"verified", false, {0, 1}, {0, 3}, {0, 7}},
    };
    assert_int_equal(rules->clock_count, 6);
    for (size_t i = 0; i < rules->clock_count; i++) {
        const struct clock_rule *clock = &rules->clocks[i];
        assert_string_equal(clock->name, wants[i].name);
        assert_int_equal(clock->recurring, wants[i].recurring);
        assert_span(clock->major, wants[i].major.days, wants[i].major.ms);
        assert_span(clock->general, wants[i].general.days, wants[i].general.ms);
        assert_span(clock->minor, wants[i].minor.days, wants[i].minor.ms);
    }
    assert_int_equal(rules->warn_percent, 80);
    assert_span(rules->repeat_within, 30, 0);
    assert_string_equal(rules->approval_role, "regional-office");
}

/* K2 */
static void categories_follow_code_letters_and_words(void **state)
{
    (void)state;
    const struct complaint_rules *rules = &shipped()->complaints;
    static const struct { const char *codes, *category; } letters[] = {
        {"ABCDEFGH", "product_quality"}, {"IJLMN", "service_quality"}, {"K", "price"}, {"OQ", "other"},
    };
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
        for (const char *letter = letters[i].codes; *letter; letter++) {
            const char code[] = {*letter, '1', 0};
            assert_string_equal(complaint_category_of_code(rules, code), letters[i].category);
        }
    static const struct { const char *text, *category; } texts[] = {
        {"变速箱换挡顿挫，厂家不管", "product_quality"}, {"保养多收了两百块", "price"},
        {"说好月底提车，迟迟不交车", "delivery_time"}, {"接待的人态度很差", "service_quality"},
        {"the brakes squeal", "product_quality"}, {"随便说说", ""}, {"", ""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(complaint_category_of_text(rules, texts[i].text), texts[i].category))
            fail_msg("%s: %s", texts[i].text,
                     complaint_category_of_text(rules, texts[i].text));
    assert_string_equal(complaint_category_of_code(rules, ""), "");
    assert_string_equal(complaint_category_of_code(rules, "Z9"), "");
}

struct complaint_said { const char *code, *words, *channel, *class, *repeat, *scope, *amount; };

static const char *said_of(void *context, const char *path)
{
    const struct complaint_said *said = context;
    const struct { const char *path, *value; } known[] = {
        {"code", said->code}, {"words", said->words}, {"channel", said->channel}, {"customer.class", said->class},
        {"repeat", said->repeat}, {"scope", said->scope}, {"amount_cents", said->amount},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (!strcmp(known[i].path, path))
            return known[i].value;
    return NULL;
}

static void grade_is_that_of_the_first_rule_that_holds(void **state)
{
    (void)state;
    const struct complaint_rules *rules = &shipped()->complaints;
    static const struct { struct complaint_said said; int grade; const char *name; } cases[] = {
        {{.channel = "media", .code = "K1"}, GRADE_MAJOR, "public-channel"},
        {{.channel = "phone", .scope = "public"}, GRADE_MAJOR, "public-scope"},
        {{.channel = "phone", .words = "高速上刹车失灵"}, GRADE_MAJOR, "danger"},
        {{.channel = "phone", .class = "key", .repeat = "yes"}, GRADE_MAJOR, "key-customer-again"},
        {{.channel = "phone", .amount = "5000000"}, GRADE_MAJOR, "large-sum"},
        {{.channel = "phone", .amount = "4999999"}, GRADE_GENERAL, "notable-sum"},
        {{.channel = "web_forum", .code = "H79,A12"}, GRADE_GENERAL, "safety-parts"},
        {{.channel = "phone", .class = "key", .repeat = "no"}, GRADE_GENERAL, "key-customer"},
        {{.channel = "phone", .repeat = "yes"}, GRADE_GENERAL, "repeat"},
        {{.channel = "manufacturer", .code = "H79"}, GRADE_GENERAL, "from-manufacturer"},
        {{.channel = "phone", .scope = "several"}, GRADE_GENERAL, "several-touched"},
        {{.channel = "web_forum", .code = "H79", .words = "车身生锈"}, GRADE_MINOR, "the-rest"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct grade_rule *rule = complaint_grade(rules, said_of, (void *)&cases[i].said);
        assert_non_null(rule);
        assert_string_equal(rule->name, cases[i].name);
        assert_int_equal(rule->grade, cases[i].grade);
    }
}

/* K3, K11 */
static void ladder_entries_and_departments_are_read(void **state)
{
    (void)state;
    const struct complaint_rules *rules = &shipped()->complaints;
    static const struct { int channel, rung; } entries[] = {
        {CHANNEL_IN_MANUFACTURER, 4}, {CHANNEL_IN_MEDIA, 3}, {CHANNEL_IN_CONSUMER_ASSOCIATION, 3},
    };
    assert_int_equal(rules->ladder_count, 5);
    assert_string_equal(rules->ladder[0], "follow-up-agent");
    assert_string_equal(rules->ladder[4], "general-manager");
    assert_int_equal(rules->entry_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rules->entries[i].channel, entries[i].channel);
        assert_int_equal(rules->entries[i].rung, entries[i].rung);
    }
    assert_int_equal(rules->department_count, 5);
    assert_string_equal(rules->departments[0].department, "after-sales");
}

/* U5, U6, N3 */
static void classes_contact_and_channels_are_read(void **state)
{
    (void)state;
    const struct playbook *playbook = shipped();
    assert_true(playbook->classes.present && playbook->has_contact);
    assert_string_equal(playbook->classes.owner_role[CLASS_KEY], "sales-consultant");
    assert_string_equal(playbook->classes.owner_role[CLASS_POTENTIAL], "marketing");
    assert_int_equal(playbook->classes.key_spending_cents, 30000000);
    assert_int_equal(playbook->contact.quiet_from_min, 21 * 60);
    assert_int_equal(playbook->contact.quiet_to_min, 8 * 60);
    assert_int_equal(playbook->contact.exempt_purposes.count, 2);
    assert_string_equal(playbook->channel_order.at[0], "sms");
    assert_int_equal(playbook->channel_count, 3);
    assert_int_equal(playbook->channels[0].channel, NOTICE_SMS);
    assert_string_equal(playbook->channels[0].on_unknown, "resend");
    assert_span(playbook->late_after, 30, 0);
    assert_span(playbook->claim_for, 0, 2 * HOUR_MS);
}

/* -------- defaults */

static void what_is_not_said_has_its_default(void **state)
{
    (void)state;
    const struct playbook *playbook = parse("playbook: small\nrules:\n  - on: car.delivered\n    steps:\n      - call: hello\n");
    assert_non_null(playbook);
    const struct step *step = &playbook->rules[0].steps[0];
    assert_int_equal(playbook->version, 1);
    assert_int_equal(playbook->dissatisfied_at_most, 2);
    assert_span(playbook->late_after, 30, 0);
    assert_string_equal(step->role, "follow-up-agent");
    assert_int_equal(step->retry.attempts, 3);
    assert_int_equal(step->retry.gap_count, 2);
    assert_string_equal(step->window_name, "");
    assert_null(step->window);
    assert_int_equal(step->template.count, 0);
    assert_false(playbook->complaints.present);
    assert_int_equal(playbook->complaints.warn_percent, 80);
    assert_int_equal(playbook->rules[0].line, 3);
}

static void documented_example_is_sound(void **state)
{
    (void)state;
    const struct playbook *playbook = parse_slice(shipped_example(arena, "deploy/playbooks/README.md"));
    if (!playbook)
        fail_msg("%s", mistakes.lines[0]);
    assert_string_equal(playbook->name, "tyre-shop");
    assert_true(playbook->windows[0].strict);
    assert_string_equal(playbook->rules[0].steps[1].questionnaire.at[0].value, "long");
}

/* -------- mistakes */

#define RULE "playbook: p\nrules:\n  - on: visit.finished\n    steps:\n"
#define COMPLAINTS "playbook: p\ncomplaints:\n"
#define REST "  clocks: {}\n  grades: [{ name: rest, grade: minor }]\n"
#define LADDER "  ladder: [a, b]\n"
#define CATEGORIES "  categories: { other: {} }\n"

static const struct broken_playbook broken[] = {
    {"[]", {"p.yaml:1:1: must be a map", "playbook: NAME is missing"}},
    {"playbook: p\nrulez: []\n", {"p.yaml:2:1: rulez: unknown key, did you mean rules?"}},
    {"playbook: p\nversion: 0\n", {"p.yaml:2:10: version: wants a number from 1"}},
    {"playbook: p q\n", {"p.yaml:1:11: playbook: \"p q\" is no name"}},
    {"playbook: p\nlate_after: soon\n", {"p.yaml:2:13: late_after: \"soon\" is no duration"}},
    /* events and conditions */
    {"playbook: p\nrules:\n  - on: car.deliverd\n    steps: [{ message: m }]\n",
     {"p.yaml:3:9: rules[0].on: there is no event \"car.deliverd\", did you mean car.delivered?"}},
    {"playbook: p\nrules:\n  - steps: [{ message: m }]\n", {"p.yaml:3:5: rules[0]: on is missing"}},
    {"playbook: p\nrules:\n  - { on: task.claim, steps: [{ message: m }] }\n", {"no rule can follow task.claim: it may be refused"}},
    {"playbook: p\nrules:\n  - { on: timer.fired, steps: [{ message: m }] }\n", {"no rule can follow timer.fired"}},
    {"playbook: p\nrules:\n  - { on: car.delivered, when: { kind: repair }, steps: [{ message: m }] }\n",
     {"p.yaml:3:34: rules[0].when.kind: conditions on car.delivered know no \"kind\""}},
    {RULE "      - { message: m, when: { kimd: repair } }\n", {"p.yaml:5:31: rules[0].steps[0].when.kimd: conditions on visit.finished know no \"kimd\", did you mean kind?"}},
    {RULE "      - { message: m, when: { kind: repairs } }\n", {"repairs is not known, did you mean repair?"}},
    {RULE "      - { message: m, when: { plate: X } }\n", {"\"plate\" is personal and sealed"}},
    {RULE "      - { message: m, when: { customer.clas: key } }\n", {"know no \"customer.clas\", did you mean customer.class?"}},
    {RULE "      - { message: m, when: { kind: { min: 3 } } }\n", {"kind is no number"}},
    {RULE "      - { message: m, when: { amount_cents: { min: 3, max: 2 } } }\n", {"min is over max"}},
    {RULE "      - { message: m, when: { amount_cents: much } }\n", {"wants a whole number, not much"}},
    {RULE "      - { message: m, when: { message_first: maybe } }\n", {"wants yes or no, not maybe"}},
    {RULE "      - { message: m, when: { kind: [] } }\n", {"an empty list never holds"}},
    {RULE "      - { message: m, when: { kind: {} } }\n", {"says nothing"}},
    /* steps */
    {"playbook: p\nrules:\n  - on: visit.finished\n", {"p.yaml:3:5: rules[0]: a rule without steps does nothing"}},
    {RULE "      - { after: 1d }\n", {"p.yaml:5:9: rules[0].steps[0]: what is done? give one of wait, call, message, form"}},
    {RULE "      - { message: m, call: c }\n", {"a step is either a call or a message", "unknown key"}},
    {RULE "      - { message: m, retry: {} }\n", {"p.yaml:5:23: rules[0].steps[0].retry: unknown key"}},
    {RULE "      - { call: c, after: 1 day }\n", {"p.yaml:5:27: rules[0].steps[0].after: \"1 day\" is no duration: write it as 90s, 30m, 2h, 3d or 2w"}},
    {RULE "      - { call: c, after: 3d, before: 2d }\n", {"the deadline is not later than after: 3d"}},
    {RULE "      - { deadline: d, after: 3d }\n", {"a deadline needs before"}},
    {RULE "      - { call: c, retry: { attempts: 0 } }\n", {"wants a number from 1 to 17"}},
    {RULE "      - { call: c, retry: { gaps: [0m] } }\n", {"a gap cannot be nothing"}},
    {RULE "      - { call: c, priority: high }\n", {"high is not known"}},
    {RULE "      - { call: c, purpose: fun }\n", {"\"fun\" is not one of care, complaint, marketing, staff"}},
    {RULE "      - { call: c }\n      - { form: c }\n", {"p.yaml:6:9: rules[0].steps[1]: step \"c\" stands there twice"}},
    {"playbook: p\nwindows: { morning: { mon-fri: [09:00-11:00] } }\nrules:\n  - { on: car.delivered, steps: [{ call: c, window: mornin }] }\n",
     {"no window \"mornin\" is described under windows, did you mean morning?"}},
    {"playbook: p\nroles: [agent]\nrules:\n  - { on: car.delivered, steps: [{ call: c, role: agnt }] }\n",
     {"role \"agnt\" is not in the list of roles, did you mean agent?"}},
    {RULE "      - { call: c, questionnaire: short }\n", {"no questionnaire \"short\" is described under questionnaires"}},
    {RULE "      - { call: c, questionnaire: { vip: q, default: q } }\nquestionnaires: { q: [{ question: s, zh: 好, en: ok }] }\n",
     {"no variant \"vip\" is described under variants"}},
    {RULE "      - { message: { default: m, vip: n } }\nvariants: { vip: { customer.class: key } }\n",
     {"default must stand last"}},
    {RULE "      - { message: { vip: n } }\nvariants: { vip: { customer.class: key } }\n", {"default is missing"}},
    {RULE "      - { message: { vip: n, default: m } }\n      - { message: { vip: o, default: l } }\nvariants: { vip: { clas: key } }\n",
     {"p.yaml:7:20: variants.vip.clas: conditions on visit.finished know no \"clas\""}},
    {"playbook: p\nvariants: { vip: {} }\n", {"every customer would be of this variant"}},
    /* outcomes */
    {RULE "      - { call: c, outcome: { angry: { stop: yes } } }\n", {"angry is not known"}},
    {RULE "      - { call: c, outcome: { busy: { stop: yes } } }\n", {"busy does not end a call"}},
    {RULE "      - { call: c, outcome: { refused: {} } }\n", {"leads to nothing"}},
    {RULE "      - { call: c, outcome: { dissatisfied: { reopen: yes } } }\n", {"only a rule on a case can reopen it, not one on visit.finished"}},
    {RULE "      - { call: c, outcome: { dissatisfied: { complaint: { channel: follow-up } } } }\n", {"follow-up is not known, did you mean follow_up?"}},
    /* loops */
    {"playbook: p\nrules:\n  - { on: notice.sent, steps: [{ message: thanks }] }\n",
     {"p.yaml:3:5: rules[0]: endless: step \"thanks\" leads to notice.sent, which starts this rule again"}},
    {"playbook: p\nrules:\n  - { on: task.closed, steps: [{ message: a }] }\n  - { on: notice.dead, steps: [{ call: b }] }\n",
     {"p.yaml:3:5: rules[0]: endless: step \"a\" leads to notice.dead, which starts rules[1], and that leads back here"}},
    {"playbook: p\nrules:\n  - { on: plan.made, steps: [{ deadline: d, before: 1d }] }\n", {"endless: step \"d\" leads to plan.made"}},
    /* questionnaires */
    {"playbook: p\nquestionnaires:\n  q:\n    - { question: a, zh: 好, kind: skore }\n    - { question: a, zh: 好, en: ok, kind: choice }\n",
     {"p.yaml:4:35: questionnaires.q[0].kind: \"skore\" is not one of score, choice, yes_no, text",
      "p.yaml:4:7: questionnaires.q[0]: the question has no wording in \"en\"", "a choice needs at least two choices",
      "question \"a\" stands there twice"}},
    {"playbook: p\nquestionnaires: { q: [{ question: a, zh: 好, en: ok, kind: text, satisfaction: yes }] }\n", {"satisfaction is a score"}},
    {"playbook: p\nquestionnaires: { q: [] }\n", {"a questionnaire without questions"}},
    /* complaints */
    {COMPLAINTS CATEGORIES LADDER "  clocks: {}\n", {"p.yaml:3:3: complaints: grades are missing"}},
    {COMPLAINTS "  categories: { price: {}, other: {} }\n" LADDER REST, {"complaints.categories.price: no complaint can get here"}},
    {COMPLAINTS "  categories: { price: { codes: [K] }, other: { codes: [O, K] } }\n" LADDER REST, {"code letter \"K\" belongs to price already"}},
    {COMPLAINTS "  categories: { price: { codes: [K1], words: [贵] }, other: { words: [贵] } }\n" LADDER REST,
     {"\"K1\" is no code letter", "the word \"贵\" belongs to price already"}},
    {COMPLAINTS "  categories: { a b: { codes: [K] } }\n" LADDER REST, {"\"a b\" is no name"}},
    {COMPLAINTS "  categories: { price: { codes: [K] } }\n" LADDER
     "  clocks: {}\n  grades: [{ name: a, grade: major, when: { category: prise } }, { name: b, grade: minor }]\n",
     {"no category \"prise\" is described under categories, did you mean price?"}},
    {COMPLAINTS CATEGORIES LADDER REST "  causes: [habit, habit]\n", {"cause habit stands there twice"}},
    {COMPLAINTS CATEGORIES LADDER "  clocks: {}\n  grades: [{ name: a, grade: minor }, { name: b, grade: major }]\n",
     {"complaints.grades[1]: never reached"}},
    {COMPLAINTS CATEGORIES LADDER "  clocks: {}\n  grades: [{ name: a, grade: minor, when: { repeat: yes } }]\n",
     {"the last rule takes what remains"}},
    {COMPLAINTS CATEGORIES LADDER "  clocks: {}\n  grades: [{ name: a, grade: huge, when: { chanel: media } }, { name: a, grade: minor }]\n",
     {"huge is not known", "conditions on a complaint know no \"chanel\", did you mean channel?", "rule \"a\" stands there twice"}},
    {COMPLAINTS CATEGORIES "  ladder: [a, a]\n" REST "  entry: { media: c, fax: a }\n",
     {"a is on the ladder already", "c is not on the ladder", "fax is not known"}},
    {COMPLAINTS CATEGORIES LADDER "  grades: [{ name: rest, grade: minor }]\n  clocks:\n    resolvd: { major: 3d, general: 7d, minor: 15d }\n    assessed: { major: 2h, general: 0h }\n",
     {"there is no clock \"resolvd\", did you mean resolved?", "p.yaml:8:37: complaints.clocks.assessed.general: a deadline of nothing is late at once",
      "minor is missing: how long for a minor complaint?"}},
    {COMPLAINTS "  categories: { billing: { words: [bill] }, rooms: { words: [room] } }\n" LADDER REST
     "  departments: { billing: finance, room: house }\n", {"who answers for rooms?", "who answers for other?"}},
    {COMPLAINTS CATEGORIES LADDER REST "  tell: { case.open: { customer: x } }\n", {"\"case.open\" is nothing that becomes of a case, did you mean case.opened?"}},
    {COMPLAINTS CATEGORIES LADDER REST "  warn_percent: 100\n", {"wants a number from 1 to 99"}},
    /* customers and channels */
    {"playbook: p\nclasses: { key: { visits: 2 }, regular: { visits: 2 } }\n", {"nobody would ever be regular"}},
    {"playbook: p\nclasses: { regular: { spending_cents: 2 } }\n", {"only the class key goes by spending"}},
    {"playbook: p\ncontact: { quiet_hours: 21-8, per_day: 9, per_week: 3 }\n", {"\"21-8\" are no hours", "per_day is over per_week"}},
    {"playbook: p\ncontact: { quiet_hours: 08:00-08:00, exempt: [fun] }\n", {"begins and ends at the same time", "\"fun\" is not one of"}},
    {"playbook: p\nnotices: { order: [sms, fax, sms], channels: { sms: { on_unknown: pray } } }\n",
     {"fax is not known", "sms stands there twice", "\"pray\" is not one of resend, hold, query"}},
};

static void every_mistake_is_told_with_its_place(void **state)
{
    (void)state;
    assert_int_equal(broken_playbooks_wrongly_told(broken, sizeof broken / sizeof broken[0]), 0);
}

/* What a person has to decide in between is no endless loop, nor what a condition rules out. */
static void chains_that_end_are_taken(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "playbook: p\nrules:\n  - { on: case.closed, steps: [{ call: c, outcome: { dissatisfied: { reopen: yes } } }] }\n",
        "playbook: p\nrules:\n  - { on: task.closed, when: { step: a }, steps: [{ call: b }] }\n",
        "playbook: p\nrules:\n  - { on: task.closed, when: { step: { not: b } }, steps: [{ call: b }] }\n",
        "playbook: p\nrules:\n  - { on: task.overdue, when: { kind: form }, steps: [{ call: b }] }\n",
        "playbook: p\nrules:\n  - { on: notice.dead, steps: [{ call: b }] }\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!parse(texts[i]))
            fail_msg("%s\n%s", texts[i], mistakes.lines[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivery_is_followed_at_two_hours_three_days_seven_days),
        cmocka_unit_test(outcomes_lead_where_they_should),
        cmocka_unit_test(questionnaire_fits_customer_and_work),
        cmocka_unit_test(every_questionnaire_asks_for_satisfaction),
        cmocka_unit_test(deadlines_are_those_of_the_published_table),
        cmocka_unit_test(categories_follow_code_letters_and_words),
        cmocka_unit_test(grade_is_that_of_the_first_rule_that_holds),
        cmocka_unit_test(ladder_entries_and_departments_are_read),
        cmocka_unit_test(classes_contact_and_channels_are_read),
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(documented_example_is_sound),
        cmocka_unit_test(every_mistake_is_told_with_its_place),
        cmocka_unit_test(chains_that_end_are_taken),
    };
    return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
