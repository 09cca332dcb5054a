#include "playbook_told.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINES_MAX = 4096, LINE_BYTES_MAX = 2048 };

struct telling {
    const struct invocation *call;
    struct arena *arena;
    struct texts lines;
    bool chinese;
    char line[LINE_BYTES_MAX];
    size_t bytes;
};

/* -------- building lines */

__attribute__((format(printf, 3, 0))) static void add_v(struct telling *t, size_t room, const char *format, va_list values)
{
    int more = vsnprintf(t->line + t->bytes, room, format, values);
    t->bytes += more < 0 ? 0 : (size_t)more < room ? (size_t)more : room - 1;
}

/* Adds to the line, in the language of the reader. */
__attribute__((format(printf, 2, 4), format(printf, 3, 4))) static void add(struct telling *t, const char *english,
                                                                            const char *chinese, ...)
{
    va_list values;
    va_start(values, chinese);
    add_v(t, sizeof t->line - t->bytes, t->chinese ? chinese : english, values);
    va_end(values);
}

static void end_line(struct telling *t)
{
    if (t->lines.count < LINES_MAX)
        t->lines.at[t->lines.count++] = arena_text(t->arena, t->line, t->bytes);
    t->bytes = 0;
}

/* A role, an outcome and the like. */
static const char *word(const struct telling *t, const char *text)
{
    return word_said(t->call, text);
}

static bool is_none(struct span span)
{
    return !span.ms && !span.days;
}

/* Spans, roles and names stand as the file has them; in Chinese units are translated. */
static const char *span_said(struct telling *t, struct span span)
{
    static const struct { char unit; const char *zh; } units[] = {
        {'s', "秒"}, {'m', "分钟"}, {'h', "小时"}, {'d', "天"}, {'w', "周"}};
    const char *text = span_text(t->arena, span), *said = "";
    for (; t->chinese && *text; text++) {
        const char *piece = arena_text(t->arena, text, 1);
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (*text == units[i].unit)
                piece = units[i].zh;
        said = arena_printf(t->arena, "%s%s", said, piece);
    }
    return t->chinese ? said : text;
}

static const char *list_said(struct telling *t, const struct texts *names)
{
    const char *all = "";
    for (size_t i = 0; i < names->count; i++)
        all = arena_printf(t->arena, "%s%s%s", all, i ? (t->chinese ? "、" : ", ") : "", names->at[i]);
    return all;
}

static const char *clock_said(struct telling *t, int minute)
{
    return arena_printf(t->arena, "%02d:%02d", minute / 60, minute % 60);
}

/* -------- conditions */

/* A moment: the beginning of a day, week, month, year; or another time. */
static const char *moment_said(struct telling *t, const char *moment)
{
    static const struct { const char *word, *en, *zh; } begins[] = {
        {"@start day", "today began", "今天开始"}, {"@start week", "this week began", "本周开始"},
        {"@start month", "this month began", "本月开始"}, {"@start year", "this year began", "今年开始"}};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (!strcmp(moment, begins[i].word))
            return t->chinese ? begins[i].zh : begins[i].en;
    return moment;
}

static void tell_condition(struct telling *t, const struct condition *condition)
{
    add(t, "%s", "%s", condition->path);
    if (condition->moment)
        add(t, condition->earlier ? " before %s" : " not before %s", condition->earlier ? "早于%s" : "不早于%s",
            moment_said(t, condition->moment));
    if (condition->among)
        add(t, condition->negated ? " not among %s" : " among %s", condition->negated ? "不在%s之中" : "在%s之中", condition->among);
    if (condition->values.count)
        add(t, condition->negated ? " is not %s" : " is %s", condition->negated ? "不是%s" : "是%s", list_said(t, &condition->values));
    if (condition->has_min)
        add(t, " at least %lld", "至少%lld", (long long)condition->min);
    if (condition->has_max)
        add(t, " at most %lld", "至多%lld", (long long)condition->max);
}

static void tell_conditions(struct telling *t, const struct condition_list *when, const char *english, const char *chinese)
{
    for (size_t i = 0; i < when->count; i++) {
        add(t, i ? " and " : "%s", i ? "且" : "%s", t->chinese ? chinese : english);
        tell_condition(t, &when->at[i]);
    }
}

static void tell_variants(struct telling *t, const struct variant_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        add(t, "%s%s", "%s%s", i ? (t->chinese ? "；" : "; ") : "", *list->at[i].value ? list->at[i].value : "-");
        tell_conditions(t, &list->at[i].when, " if ", "（当");
        if (t->chinese && list->at[i].when.count)
            add(t, ")", "）");
    }
}

/* -------- a step */

/* "2h after it", 此事之后2小时: the base stands on the other side. */
static void tell_base(struct telling *t, const struct step *step, const char *base)
{
    bool ahead = !is_none(step->ahead);
    const char *business = !step->business ? "" : t->chinese ? "（营业时间）" : " of business time";
    const char *span = span_said(t, ahead ? step->ahead : step->after);
    if (!ahead && is_none(step->after))
        add(t, "at once after %s", "%s之后立即", base);
    else if (t->chinese)
        add(t, "%s%s%s%s", "%s%s%s%s", base, ahead ? "之前" : "之后", business, span);
    else
        add(t, "%s%s %s %s", "%s%s %s %s", span, business, ahead ? "before" : "after", base);
}

static void tell_when(struct telling *t, const struct step *step)
{
    const char *fact = t->chinese ? "此事" : "it";
    tell_base(t, step, *step->from ? step->from : step->follows.count ? list_said(t, &step->follows) : fact);
    if (step->at_min >= 0)
        add(t, ", at %s", "，%s", clock_said(t, step->at_min));
    if (step->window)
        add(t, ", in the window %s", "，在时段“%s”内", step->window_name);
    if (step->then_window)
        add(t, " (later %s)", "（之后改为%s）", step->then_window_name);
    if (!is_none(step->before))
        add(t, ", by %s at the latest", "，最迟%s", span_said(t, step->before));
    if (!is_none(step->every))
        add(t, ", again every %s", "，每%s一次", span_said(t, step->every));
    if (step->repeat)
        add(t, ", again and again", "，按期重复");
    tell_conditions(t, &step->when, ", if ", "，条件：");
}

static void tell_settings(struct telling *t, const struct customer_settings *sets)
{
    const struct { const char *en, *zh, *value; } fields[] = {
        {" class %s", " 类别 %s", sets->class ? word(t, words_name(&customer_class_words, sets->class)) : ""},
        {" owner %s", " 负责人 %s", sets->owner},
        {" language %s", " 语言 %s", sets->language},
        {" preference %s", " 服务偏好 %s", sets->preference},
    };
    add(t, ": into the customer's record", "：写入客户档案");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (*fields[i].value)
            add(t, "%s", "%s", arena_printf(t->arena, t->chinese ? fields[i].zh : fields[i].en, fields[i].value));
}

static void tell_work(struct telling *t, const struct step *step)
{
    switch ((enum step_kind)step->kind) {
    case STEP_MESSAGE:
        add(t, ": message ", "：发送消息 ");
        tell_variants(t, &step->template);
        add(t, " to %s", "，发给%s", *step->to && strcmp(step->to, "customer") ? word(t, step->to) : t->chinese ? "客户" : "the customer");
        if (!is_none(step->valid_for))
            add(t, ", not any more after %s", "，%s后不再发送", span_said(t, step->valid_for));
        break;
    case STEP_WAIT:
        add(t, ": wait for %s", "：等待%s", event_types[step->event].name);
        if (!is_none(step->within))
            add(t, ", at most %s", "，最多%s", span_said(t, step->within));
        break;
    case STEP_DEADLINE: add(t, ": everything before it must be over, else %s is told", "：之前各步须已完成，否则通知%s", word(t, step->role)); break;
    case STEP_CALL: add(t, ": %s calls", "：由%s致电", word(t, step->role)); break;
    case STEP_FORM: add(t, ": %s fills in the form %s", "：由%s填写表单%s", word(t, step->role), step->form ? step->form->name : ""); break;
    case STEP_APPROVAL:
        add(t, step->by_other ? ": %s approves, somebody other than the author" : ": %s approves",
            step->by_other ? "：由%s审批（不得为提出人本人）" : "：由%s审批", word(t, step->role));
        break;
    case STEP_CHECKLIST: add(t, ": %s ticks off %zu items", "：由%s逐项完成%zu项清单", word(t, step->role), step->item_count); break;
    case STEP_SET: tell_settings(t, &step->sets); break;
    default: add(t, ": %s by %s", "：%s（%s）", word(t, words_name(&step_kind_words, step->kind)), word(t, step->role));
    }
}

static void tell_more(struct telling *t, const struct step *step)
{
    if (step->kind == STEP_CALL && step->questionnaire.count) {
        add(t, "; questions: ", "；问卷：");
        tell_variants(t, &step->questionnaire);
    }
    if (step->kind == STEP_CALL && *step->script)
        add(t, "; script: %s", "；话术：%s", step->script);
    if (step->read_back)
        add(t, "; what a dissatisfied customer said is read back", "；客户不满意时须复述确认");
    if (step->kind == STEP_CALL) {
        add(t, "; tried %d times", "；最多拨打%d次", step->retry.attempts);
        for (int i = 0; i < step->retry.gap_count; i++)
            add(t, i ? ", %s" : ", apart: %s", i ? "、%s" : "，间隔%s", span_said(t, step->retry.gaps[i]));
    }
    if (step->assign.by)
        add(t, "; given to somebody without being claimed", "；自动分派，无须领取");
    if (step->optional)
        add(t, "; its stage does not wait for it", "；本阶段不等待此步");
}

static void tell_outcome(struct telling *t, const struct outcome_rule *rule, const struct rule *of)
{
    add(t, "      if %s:", "      若%s：", word(t, words_name(&outcome_words, rule->outcome)));
    if (rule->complaint)
        add(t, " a complaint is opened;", "立即立案投诉；");
    if (rule->reopen)
        add(t, " the case is opened again, one rung higher;", "投诉重新打开并上升一级；");
    if (*rule->message)
        add(t, " message %s;", "发送消息%s；", rule->message);
    for (size_t i = 0; i < rule->notes.count; i++)
        add(t, " %s is told (%s);", "通知%s（%s）；", word(t, rule->notes.at[i].to), rule->notes.at[i].template);
    if (rule->go_to >= 0)
        add(t, " on to stage %s;", "进入阶段%s；", of->stages[rule->go_to].name);
    if (rule->stop || rule->go_to == STAGE_END)
        add(t, " nothing more follows;", "后续步骤不再进行；");
    end_line(t);
}

static void tell_step(struct telling *t, const struct step *step, const struct rule *of)
{
    add(t, "    %s: ", "    %s：", step->name);
    tell_when(t, step);
    tell_work(t, step);
    tell_more(t, step);
    end_line(t);
    for (size_t i = 0; i < step->outcomes.count; i++)
        tell_outcome(t, &step->outcomes.at[i], of);
}

/* -------- rules */

static void tell_rule_head(struct telling *t, const struct rule *rule, size_t number)
{
    if (*rule->name)
        add(t, "%s. ", "%s。", rule->name);
    else
        add(t, "Rule %zu. ", "规则%zu。", number + 1);
    if (rule->repeat || rule->holidays.count)
        add(t, "Again and again, at %s", "按期进行，%s", clock_said(t, rule->at_min));
    else
        add(t, "When %s comes", "发生%s时", rule->on_text ? rule->on_text : event_types[rule->on].name);
    if (rule->holidays.count)
        add(t, ", on %s", "，逢%s", list_said(t, &rule->holidays));
    if (rule->form)
        add(t, " (form %s)", "（表单%s）", rule->form->name);
    if (rule->audience == AUDIENCE_CUSTOMERS)
        add(t, ", for each customer", "，对每位客户");
    tell_conditions(t, &rule->when, ", if ", "，条件：");
    if (rule->limit.per_customer)
        add(t, "; at most %d times for one customer", "；每位客户最多%d次", rule->limit.per_customer);
    if (rule->limit.per_day)
        add(t, "; at most %d a day", "；每天最多%d个", rule->limit.per_day);
    end_line(t);
}

static void tell_rule(struct telling *t, const struct rule *rule, size_t number)
{
    tell_rule_head(t, rule, number);
    for (size_t i = 0; i < rule->stage_count; i++) {
        const struct rule_stage *stage = &rule->stages[i];
        if (*stage->name) {
            add(t, "  stage %s", "  阶段%s", stage->name);
            tell_conditions(t, &stage->when, ", if ", "，条件：");
            end_line(t);
        }
        for (size_t k = stage->first; k < stage->first + stage->count; k++)
            tell_step(t, &rule->steps[k], rule);
    }
}

/* -------- the rest */

static void tell_complaints(struct telling *t, const struct complaint_rules *rules)
{
    add(t, "Complaints climb: ", "投诉逐级上升：");
    for (size_t i = 0; i < rules->ladder_count; i++)
        add(t, i ? ", then %s" : "%s", i ? "，再到%s" : "%s", word(t, rules->ladder[i]));
    end_line(t);
    for (size_t i = 0; i < rules->clock_count; i++) {
        const struct clock_rule *clock = &rules->clocks[i];
        add(t, "    %s within %s (major), %s (general), %s (minor) of business time", "    %s：营业时间内 %s（重大）、%s（一般）、%s（轻微）", clock->name,
            span_said(t, clock->major), span_said(t, clock->general), span_said(t, clock->minor));
        if (clock->recurring)
            add(t, ", again and again", "，周期重复");
        end_line(t);
    }
}

static void tell_earning(struct telling *t, const struct earn_rule *rule)
{
    add(t, "    %s: %lld points", "    %s：%lld 积分", rule->name, (long long)rule->points);
    if (rule->per)
        add(t, " for each full %lld of %s", "（每满 %lld，按 %s）", (long long)rule->per, rule->of);
    add(t, " when %s comes", "，发生%s时", event_types[rule->on].name);
    if (rule->form)
        add(t, " (form %s)", "（表单%s）", rule->form->name);
    tell_conditions(t, &rule->when, ", if ", "，条件：");
    end_line(t);
}

static void tell_level(struct telling *t, const struct loyalty_level *level)
{
    add(t, "    %s from %lld points earned in all, earns %d %%", "    %s：累计获得 %lld 积分起，积分按 %d %% 计",
        t->chinese ? level->zh : level->en, (long long)level->from, level->earn_percent);
    for (size_t i = 0; i < level->benefit_count; i++)
        add(t, i ? "; %s" : ", brings: %s", i ? "；%s" : "，权益：%s", t->chinese ? level->benefits[i].zh : level->benefits[i].en);
    end_line(t);
}

static const char *end_said(const struct telling *t, const char *end_of)
{
    static const struct { const char *word, *en, *zh; } ends[] = {
        {"day", "of that day", "当日"}, {"month", "of that month", "当月底"}, {"year", "of that year", "当年底"}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!strcmp(ends[i].word, end_of))
            return t->chinese ? ends[i].zh : ends[i].en;
    return end_of;
}

static void tell_loyalty(struct telling *t, const struct loyalty_rules *rules)
{
    add(t, "Points are earned:", "获得积分：");
    end_line(t);
    for (size_t i = 0; i < rules->earn_count; i++)
        tell_earning(t, &rules->earn[i]);
    if (!is_none(rules->expires_after)) {
        add(t, "They end %s later, at the end %s", "获得满%s后于%s到期", span_said(t, rules->expires_after), end_said(t, rules->end_of));
        if (!is_none(rules->remind_ahead))
            add(t, "; said %s before", "；提前%s提醒", span_said(t, rules->remind_ahead));
        end_line(t);
    }
    add(t, "At least %lld are redeemed at a time, in steps of %lld; a correction is approved by %s, not by who asked for it.",
        "每次至少兑换 %lld 分，以 %lld 分为单位；更正须由%s审批，不得为申请人本人。", (long long)rules->redeem_at_least,
        (long long)rules->redeem_steps, word(t, rules->approval_role));
    end_line(t);
    for (size_t i = 0; i < rules->level_count; i++)
        tell_level(t, &rules->levels[i]);
}

static void tell_contact(struct telling *t, const struct contact_rules *contact)
{
    if (contact->quiet_from_min || contact->quiet_to_min) {
        add(t, "Nobody is contacted between %s and %s.", "%s 至 %s 之间不联系客户。", clock_said(t, contact->quiet_from_min),
            clock_said(t, contact->quiet_to_min));
        end_line(t);
    }
    if (contact->cap_per_day || contact->cap_per_week) {
        add(t, "At most %d contacts a day and %d in seven days.", "每位客户每天最多联系%d次，七天内最多%d次。", contact->cap_per_day,
            contact->cap_per_week);
        end_line(t);
    }
}

struct texts playbook_told(const struct invocation *call, const struct playbook *playbook)
{
    struct telling *t = arena_alloc(call->arena, sizeof *t);
    *t = (struct telling){.call = call, .arena = call->arena, .chinese = call->chinese,
                          .lines = {arena_alloc(call->arena, LINES_MAX * sizeof(char *)), 0}};
    add(t, "Playbook %s, version %d.", "剧本 %s，第 %d 版。", playbook->name, playbook->version);
    end_line(t);
    for (size_t i = 0; i < playbook->rule_count; i++)
        tell_rule(t, &playbook->rules[i], i);
    if (playbook->complaints.present)
        tell_complaints(t, &playbook->complaints);
    if (playbook->loyalty.present)
        tell_loyalty(t, &playbook->loyalty);
    if (playbook->has_contact)
        tell_contact(t, &playbook->contact);
    return t->lines;
}
