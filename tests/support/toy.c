#include "toy.h"

#include <stdio.h>
#include <string.h>

void (*toy_before)(const char *order);

/* Effects tell the order, which is the entity's id without its site. */
static void emit(struct turn *turn, enum event_number number, const void *data, const char *id, wall_ms occurred_at)
{
    struct event like = event_of(number);

    like.subject = strchr(id, '/') + 1;
    like.occurred_at = occurred_at;
    turn_emit(turn, number, data, &like);
}

/* ---------------------------------------------------------------- scheduler */

static void count(struct turn *turn, bool visit, bool spending)
{
    const char *site = turn_event(turn)->site;
    const char *id = arena_printf(turn_arena(turn), "%s/all", site);
    const struct customer *before = turn_get(turn, ENTITY_CUSTOMER, id);
    struct customer after = before ? *before : (struct customer){.id = id, .site = site};

    after.visits += visit;
    after.spending_cents += spending;
    turn_put(turn, ENTITY_CUSTOMER, id, &after, 0, "");
}

static void on_delivered(struct turn *turn, const struct event *event, const void *data)
{
    const struct car_delivered *delivered = data;
    const char *id = arena_printf(turn_arena(turn), "%s/%s", event->site, delivered->order);
    turn_expect_none(turn, ENTITY_PLAN, id);        /* which is wrong when an order is told again */
    const struct plan *before = turn_get(turn, ENTITY_PLAN, id);
    struct plan plan = before ? *before : (struct plan){.id = id, .site = event->site, .customer = "all",
                                                        .playbook_hash = "toy",
                                                        .about = delivered->order, .about_type = event->type};
    struct plan_made made = {.plan = id, .playbook = "toy", .playbook_hash = "toy", .about = delivered->order};

    if (toy_before)
        toy_before(delivered->order);
    plan.rule++;
    if (plan.steps.count == 0)
        plan.occurred_at = turn_now(turn) + delivered->amount_cents;
    turn_put(turn, ENTITY_PLAN, id, &plan, plan.steps.count == 0 ? plan.occurred_at : 0, "");
    count(turn, true, false);
    emit(turn, EVENT_PLAN_MADE, &made, id, plan.occurred_at);
}

/* Tells what the log says up to here, and changes nothing. */
static void on_visit(struct turn *turn, const struct event *event, const void *data)
{
    const char *id = arena_printf(turn_arena(turn), "%s/all", event->site);
    const struct customer *all = turn_get(turn, ENTITY_CUSTOMER, id);
    struct customer_changed changed = {.class = 0};
    struct event like = event_of(EVENT_CUSTOMER_CHANGED);

    (void)data;
    like.subject = arena_printf(turn_arena(turn), "%lld", all ? (long long)all->visits : 0);
    turn_emit(turn, EVENT_CUSTOMER_CHANGED, &changed, &like);
}

static void on_plan_timer(struct turn *turn, enum entity_kind kind, const char *id, const void *entity)
{
    const struct plan *plan = entity;
    struct plan after = *plan;
    struct task_wanted wanted = {.task = id, .step = "call", .kind = "call", .role = "agent", .due_at = turn_now(turn)};

    (void)kind;
    after.steps = (struct planned_step_list){arena_alloc(turn_arena(turn),
                                                         (plan->steps.count + 1) * sizeof *after.steps.at),
                                             plan->steps.count + 1};
    if (plan->steps.count > 0)
        memcpy(after.steps.at, plan->steps.at, plan->steps.count * sizeof *after.steps.at);
    after.steps.at[plan->steps.count] = (struct planned_step){.name = "call", .kind = STEP_CALL,
                                                              .due_at = turn_now(turn)};
    turn_put(turn, ENTITY_PLAN, id, &after, 0, "");
    count(turn, false, true);
    emit(turn, EVENT_TASK_WANTED, &wanted, id, 0);
}

static const event_handler scheduler_handlers[EVENT_COUNT] = {[EVENT_CAR_DELIVERED] = on_delivered,
                                                              [EVENT_VISIT_FINISHED] = on_visit};

static void scheduler_prefetch(const struct event *event, const void *data,
                               void (*want)(void *context, enum entity_kind, const char *id), void *context)
{
    char id[2 * NAME_BYTES_MAX + 2];

    (void)data;
    if (event->number != EVENT_CAR_DELIVERED)
        return;
    snprintf(id, sizeof id, "%s/all", event->site);
    want(context, ENTITY_CUSTOMER, id);
}

const struct core toy_scheduler = {.stage = STAGE_SCHEDULER, .handlers = scheduler_handlers, .on_timer = on_plan_timer,
                                   .site_kind = ENTITY_SCHEDULER_SITE, .prefetch = scheduler_prefetch};

/* ---------------------------------------------------------------- follow-up */

static const char *work_place(struct turn *turn, const struct task *task)
{
    return arena_printf(turn_arena(turn), "work/%s/agent/1/%013lld/%s", task->site, (long long)task->due_at, task->id);
}

static void on_wanted(struct turn *turn, const struct event *event, const void *data)
{
    const struct task_wanted *wanted = data;
    const struct plan *plan = turn_get(turn, ENTITY_PLAN, wanted->task);
    const struct customer *all = turn_get(turn, ENTITY_CUSTOMER, arena_printf(turn_arena(turn), "%s/all", event->site));
    const struct task *before = turn_get(turn, ENTITY_TASK, wanted->task);
    struct task task = {.id = wanted->task, .site = event->site, .customer = "all", .kind = "call", .state = TASK_OPEN,
                        .role = "agent", .due_at = wanted->due_at, .about = plan ? plan->about : "nothing"};
    struct task_changed opened = {.task = wanted->task};

    task.rule = before ? before->rule + 1 : 1;
    task.deadline_at = all ? all->visits : 0;
    turn_put(turn, ENTITY_TASK, task.id, &task, turn_now(turn) + TOY_TASK_MS, work_place(turn, &task));
    emit(turn, EVENT_TASK_OPENED, &opened, task.id, 0);
}

static void on_task_timer(struct turn *turn, enum entity_kind kind, const char *id, const void *entity)
{
    struct task task = *(const struct task *)entity;
    struct task_changed closed = {.task = id};

    task.state = TASK_CLOSED;
    task.closed_at = turn_now(turn);
    task.rule_step++;
    turn_put(turn, kind, id, &task, 0, "");
    emit(turn, EVENT_TASK_CLOSED, &closed, id, 0);
}

static const event_handler follow_up_handlers[EVENT_COUNT] = {[EVENT_TASK_WANTED] = on_wanted};

const struct core toy_follow_up = {.stage = STAGE_FOLLOW_UP, .handlers = follow_up_handlers, .on_timer = on_task_timer,
                                   .site_kind = ENTITY_FOLLOW_UP_SITE};

/* ---------------------------------------------------------------- notifier */

static void attempt(struct turn *turn, struct notice *notice)
{
    const char *place = arena_printf(turn_arena(turn), "sending/%s/%s", notice->site, notice->id);
    struct send_order order = {.notice = notice->id, .site = notice->site, .customer = "all", .template = "toy",
                               .channel = NOTICE_SMS, .at = turn_now(turn)};

    notice->attempt++;
    notice->state = NOTICE_SENDING;
    order.attempt = (int)notice->attempt;
    turn_put(turn, ENTITY_NOTICE, notice->id, notice, 0, place);
    turn_send(turn, &order);
}

static void on_closed(struct turn *turn, const struct event *event, const void *data)
{
    const struct task_changed *closed = data;
    struct notice notice = {.id = closed->task, .site = event->site, .customer = "all", .template = "toy",
                            .asked_at = turn_now(turn)};

    if (!turn_get(turn, ENTITY_NOTICE, closed->task))
        attempt(turn, &notice);
}

static void on_sent(struct turn *turn, const struct event *event, const void *data)
{
    const struct send_finished *finished = data;
    const struct notice *before = turn_get(turn, ENTITY_NOTICE, finished->notice);
    struct notice_changed sent = {.notice = finished->notice, .attempt = finished->attempt};

    (void)event;
    if (!before || before->state != NOTICE_SENDING || before->attempt != finished->attempt)
        return;
    struct notice notice = *before;
    if (finished->result == SEND_TEMPORARY) {
        notice.state = NOTICE_RETRYING;
        turn_put(turn, ENTITY_NOTICE, notice.id, &notice, turn_now(turn) + TOY_RETRY_MS, "");
        return;
    }
    if (finished->result != SEND_ACCEPTED) {
        attempt(turn, &notice);
        return;
    }
    notice.state = NOTICE_SENT;
    turn_put(turn, ENTITY_NOTICE, notice.id, &notice, 0, "");
    emit(turn, EVENT_NOTICE_SENT, &sent, notice.id, 0);
}

static void on_notice_timer(struct turn *turn, enum entity_kind kind, const char *id, const void *entity)
{
    struct notice notice = *(const struct notice *)entity;

    (void)kind;
    (void)id;
    attempt(turn, &notice);
}

static const event_handler notifier_handlers[EVENT_COUNT] = {[EVENT_TASK_CLOSED] = on_closed,
                                                             [EVENT_SEND_FINISHED] = on_sent};

const struct core toy_notifier = {.stage = STAGE_NOTIFIER, .handlers = notifier_handlers,
                                  .on_timer = on_notice_timer, .site_kind = ENTITY_NOTIFIER_SITE};

const struct core *const toy_cores[] = {&toy_scheduler, &toy_follow_up, &toy_notifier, NULL};
