#include "letter.h"

#include <string.h>

#include "ident.h"

/* -------- reasons to wait */

/* What leads to a notice and to its customer's record is worked by different stages: give the other one time. */
static wall_ms customer_expected_at(const struct letter *letter)
{
    static const int64_t after_ms[] = {SECOND_MS, 5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS};
    const struct notice *notice = &letter->notice;
    wall_ms since = notice->asked_at > notice->attempt_at ? notice->asked_at : notice->attempt_at;
    for (size_t i = 0; i < sizeof after_ms / sizeof after_ms[0]; i++)
        if (since + after_ms[i] > letter->now)
            return since + after_ms[i];
    return 0;
}

static void wait_for_customer(struct letter *letter)
{
    wall_ms at = customer_expected_at(letter);
    if (!at) {
        letter_skip(letter, "no_contact");
        return;
    }
    letter->notice.due_at = at;
    letter->notice.reason = "customer_unknown";
}

static void wait_paused(struct letter *letter)
{
    bool told = !strcmp(letter->notice.reason, "paused");
    letter->notice.due_at = 0;
    letter->notice.reason = "paused";
    if (!told)
        letter_emit(letter, EVENT_NOTICE_POSTPONED, SEND_NONE, 0, "paused", "");
}

static void wait_stopped(struct letter *letter)
{
    letter->notice.due_at = 0;
    letter->notice.reason = "stopped";
    letter_emit(letter, EVENT_NOTICE_POSTPONED, SEND_NONE, 0, "stopped", "");
}

static void wait_until(struct letter *letter, wall_ms until, const char *reason)
{
    if (until <= letter->now)
        until = letter->now + MINUTE_MS;
    if (letter->notice.valid_until && until > letter->notice.valid_until) {
        letter_skip(letter, "expired");
        return;
    }
    letter->notice.due_at = until;
    letter->notice.reason = reason;
    letter_emit(letter, EVENT_NOTICE_POSTPONED, SEND_NONE, until, reason, "");
}

/* May the customer be contacted now? If not, it waits or is skipped. */
static bool gate_lets_pass(struct letter *letter)
{
    struct gate_question question = {
        .site = letter->site, .customer = letter->customer, .call = false, .purpose = letter->notice.purpose,
        .now = letter->now,
    };
    if (gate_counts(&question))
        question.contacts = contacts_before(letter);
    struct gate_result result = gate_ask(&question);
    if (result.answer == GATE_CLOSED)
        letter_skip(letter, result.reason);
    if (result.answer == GATE_LATER)
        wait_until(letter, result.until, result.reason);
    return result.answer == GATE_OPEN;
}

/* -------- the attempt */

static void sent(struct letter *letter, const char *detail)
{
    letter->notice.state = NOTICE_SENT;
    letter->notice.reason = "";
    letter_emit(letter, EVENT_NOTICE_SENT, SEND_ACCEPTED, 0, "", detail);
}

/* Who makes the calls that messages become. */
static const char *phone_role(const struct site *site)
{
    for (size_t i = 0; site && i < site->playbook_count; i++)
        if (*site->playbooks[i].playbook->phone_role)
            return site->playbooks[i].playbook->phone_role;
    return "follow-up-agent";
}

/* A call: a person tells it to the customer, with the text's facts on the task. */
static void hand_to_person(struct letter *letter)
{
    const struct notice *notice = &letter->notice;
    struct task_wanted wanted = {
        .task = ident_make(letter->arena, notice->site, "%s.call", ident_local(notice->id)), .kind = "call",
        .step = notice->template, .role = phone_role(letter->site), .due_at = letter->now, .about = notice->about,
        .deadline_at = notice->valid_until, .variables = notice->variables,
        .customer_class = letter->customer ? letter->customer->class : CLASS_NONE,
    };
    struct event like = event_of(EVENT_TASK_WANTED);
    like.subject = wanted.task;
    like.customer = notice->customer;
    turn_emit(letter->turn, EVENT_TASK_WANTED, &wanted, &like);
}

/* Of these nothing leaves the house. */
static bool stays_inside(int channel)
{
    return channel == NOTICE_PHONE || channel == NOTICE_IN_APP;
}

static void hand_to_sender(struct letter *letter)
{
    const struct notice *notice = &letter->notice;
    const struct customer *customer = letter->customer;
    struct send_order order = {
        .notice = notice->id, .site = notice->site, .customer = customer ? ident_local(customer->id) : notice->customer,
        .sealed = customer ? customer->sealed : (struct slice){0}, .language = customer ? customer->language : "",
        .to_staff = notice->to_staff,
        .template = notice->template, .templates_hash = notice->templates_hash, .channel = letter_channel(letter),
        .priority = notice->priority, .variables = notice->variables, .attempt = (int)notice->attempt, .at = letter->now,
    };
    turn_send(letter->turn, &order);
}

static void attempt(struct letter *letter)
{
    struct notice *notice = &letter->notice;
    int channel = letter_channel(letter);
    notice->attempt++;
    notice->channel_attempt++;
    notice->attempt_at = letter->now;
    notice->state = NOTICE_SENDING;
    notice->reason = "";
    const struct contact_rules *rules = letter->site ? site_contact_rules(letter->site) : NULL;
    if (*notice->customer && channel != NOTICE_PHONE && !gate_is_exempt(rules, notice->purpose))
        contact_note(letter->turn, letter->customer->id, "message", notice->id, true);
    letter_emit(letter, EVENT_NOTICE_ATTEMPTED, SEND_NONE, 0, "", "");
    if (!stays_inside(channel)) {
        hand_to_sender(letter);
        return;
    }
    if (channel == NOTICE_PHONE)
        hand_to_person(letter);
    sent(letter, "");
}

/* Nothing that is not urgent at night. */
static bool staff_sleeps(struct letter *letter)
{
    const struct notice *notice = &letter->notice;
    const struct staff_rules *rules = letter->site ? site_staff_rules(letter->site) : NULL;
    if (!rules || !*notice->to_staff || notice->priority == PRIORITY_URGENT)
        return false;
    wall_ms until = gate_quiet_until(letter->calendar, letter->now, rules->quiet_from_min, rules->quiet_to_min);
    if (until)
        wait_until(letter, until, "quiet_hours");
    return until;
}

static bool is_to_customer(const struct letter *letter)
{
    return *letter->notice.customer != '\0';
}

/* The version that was in force when it was asked for; if there was none, what has come since. */
static bool has_text(struct letter *letter)
{
    return *letter->notice.templates_hash || letter_find_text(letter);
}

static void consider(struct letter *letter)
{
    struct notice *notice = &letter->notice;
    letter_know_customer(letter);
    if (notice->valid_until && letter->now > notice->valid_until)
        letter_skip(letter, "expired");
    else if (letter->site && letter->site->config && letter->site->config->sending_paused)
        wait_paused(letter);
    else if (is_to_customer(letter) && !letter->customer)
        wait_for_customer(letter);
    else if (digest_takes(letter) || staff_sleeps(letter))
        return;
    else if (!notice->channel_attempt && !notice->channel_index && !letter_address(letter))
        letter_skip(letter, "no_contact");
    else if (!has_text(letter))
        letter_die(letter, "no_template", notice->template);
    else if (is_to_customer(letter) && !gate_lets_pass(letter))
        return;
    else if (!notice->attempt && !pace_allows(letter))
        wait_stopped(letter);
    else
        attempt(letter);
}

void letter_try(struct letter *letter)
{
    consider(letter);
    letter_save(letter);
}

/* -------- its end */

/* The next channel takes over at once; after the last it is a dead letter. */
static void next_channel(struct letter *letter, int result, const char *reason, const char *detail)
{
    struct notice *notice = &letter->notice;
    notice->channel_index++;
    notice->channel_attempt = 0;
    if (letter_channel(letter) == NOTICE_CHANNEL_NONE) {
        letter_die(letter, reason, detail);
        return;
    }
    notice->state = NOTICE_RETRYING;
    notice->due_at = letter->now;
    letter_emit(letter, EVENT_NOTICE_RETRIED, result, letter->now, "fall_over", detail);
    consider(letter);
}

static void again(struct letter *letter, int result, const char *reason, const char *detail)
{
    wall_ms at = retry_at(letter);
    if (!at) {
        next_channel(letter, result, "exhausted", detail);
        return;
    }
    letter->notice.state = NOTICE_RETRYING;
    letter->notice.due_at = at;
    letter->notice.reason = reason;
    letter_emit(letter, EVENT_NOTICE_RETRIED, result, at, reason, detail);
}

/* It may have arrived or not. `query` waits for the gateway's receipt before it is sent again. */
static void unknown(struct letter *letter, const char *detail)
{
    const char *rule = channel_rules_of(letter->site, letter_channel(letter))->on_unknown;
    if (!strcmp(rule, "hold"))
        letter_hold(letter, "unknown", detail);
    else
        again(letter, SEND_UNKNOWN, !strcmp(rule, "query") ? "query" : "unknown", detail);
}

void letter_finish(struct letter *letter, int result, const char *detail)
{
    if (result == SEND_ACCEPTED)
        sent(letter, detail);
    else if (result == SEND_TEMPORARY)
        again(letter, result, "temporary", detail);
    else if (result == SEND_PERMANENT)
        next_channel(letter, result, "refused", detail);
    else
        unknown(letter, detail);
    letter_save(letter);
}

void letter_came_back(struct letter *letter, const char *reason, const char *detail)
{
    next_channel(letter, SEND_PERMANENT, reason, detail);
    letter_save(letter);
}
