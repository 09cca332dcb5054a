#include <string.h>

#include "cursor.h"
#include "facts.h"
#include "views.h"

/* What an agent sees during a call: who is called, what was before, what to say and to ask, and what comes of it. Names and
 * words that somebody may not see are masked as everywhere: the parts come from the same views. */

struct screen {
    struct views *views;
    const struct view_request *request;
    struct arena *arena;
    const char *language;           /* zh or en */
    const struct task *task;
    const struct site *site;        /* may be NULL */
    const struct playbook *playbook;/* may be NULL */
    const struct step *step;        /* may be NULL */
    const json_t *customer;         /* as it may be seen; NULL: no record */
};

/* -------- texts */

static const char *fact_said(const struct screen *screen, const char *path)
{
    struct slice value, text;
    int64_t number;
    if (!screen->task->variables.bytes || !cursor_find(screen->task->variables, path, &value))
        return NULL;
    struct cursor cursor = cursor_over(value);
    if (cursor_text(&cursor, &text))
        return arena_text(screen->arena, text.at, text.bytes);
    return cursor_int(&cursor, &number) ? arena_printf(screen->arena, "%lld", (long long)number) : NULL;
}

static const char *value_said(void *context, const char *path)
{
    const struct screen *screen = context;
    const struct staff *staff = screen->site ? screen->site->staff : NULL;
    const struct person *agent = staff ? staff_person(staff, screen->task->assignee) : NULL;
    if (!strcmp(path, "customer.name"))
        return json_string_value(json_object_get(screen->customer, "name"));
    if (!strcmp(path, "staff.name"))
        return agent ? agent->name : screen->task->assignee;
    return fact_said(screen, path);
}

/* A text with its values; as it is written, if it cannot be rendered. */
static json_t *text_said(struct screen *screen, const char *zh, const char *en)
{
    const char *text = strcmp(screen->language, "en") ? zh : en;
    struct site_text_facts facts = {screen->site, NULL, screen->language, value_said, screen, screen->arena};
    struct buffer rendered = {0};
    struct fault fault;
    bool good = screen->site ? template_render(text, ESCAPE_NONE, site_text_fact, &facts, &rendered, &fault)
                             : template_render(text, ESCAPE_NONE, value_said, screen, &rendered, &fault);
    json_t *said = json_string(good ? buffer_text(&rendered) : text);
    buffer_free(&rendered);
    return said;
}

/* -------- the script */

static json_t *condition_json(const struct condition *condition)
{
    json_t *json = json_pack("{s:s, s:b}", "of", condition->path, "not", condition->negated);
    json_t *values = json_array();
    for (size_t i = 0; i < condition->values.count; i++)
        json_array_append_new(values, json_string(condition->values.at[i]));
    json_object_set_new(json, "values", values);
    if (condition->has_min)
        json_object_set_new(json, "min", json_integer(condition->min));
    if (condition->has_max)
        json_object_set_new(json, "max", json_integer(condition->max));
    return json;
}

static json_t *line_json(struct screen *screen, const struct script *script, const struct script_line *line)
{
    json_t *json = json_pack("{s:s, s:o, s:b}", "line", line->name, "text", text_said(screen, line->zh, line->en),
                             "questions", line->questions);
    json_t *when = json_array(), *replies = json_array();
    for (size_t i = 0; i < line->when.count; i++)
        json_array_append_new(when, condition_json(&line->when.at[i]));
    for (size_t i = 0; i < line->reply_count; i++)
        json_array_append_new(replies, json_pack("{s:s, s:o, s:s}", "reply", line->replies[i].name, "text",
                                                 text_said(screen, line->replies[i].zh, line->replies[i].en), "goto",
                                                 script->lines[line->replies[i].next].name));
    json_object_set_new(json, "when", when);
    json_object_set_new(json, "replies", replies);
    json_object_set_new(json, "goto", line->next == LINE_END ? json_null() : json_string(script->lines[line->next].name));
    json_object_set_new(json, "ends", line->ends ? json_string(words_name(&outcome_words, line->ends)) : json_null());
    return json;
}

static json_t *avoided_json(struct screen *screen, const struct avoided_phrase *phrase)
{
    return json_pack("{s:o, s:o}", "avoid", text_said(screen, phrase->zh, phrase->en), "instead",
                     text_said(screen, phrase->instead_zh, phrase->instead_en));
}

static json_t *question_json(struct screen *screen, const struct question *question)
{
    json_t *choices = json_array();
    for (size_t i = 0; i < question->choices.count; i++)
        json_array_append_new(choices, json_string(question->choices.at[i]));
    return json_pack("{s:s, s:s, s:o, s:o, s:b}", "question", question->name, "kind", question->kind, "text",
                     text_said(screen, question->zh, question->en), "choices", choices, "required", question->required);
}

static void add_script(struct screen *screen, json_t *to)
{
    const struct script *script = screen->step ? playbook_script(screen->playbook, screen->step->script) : NULL;
    json_t *lines = json_array(), *avoid = json_array();
    for (size_t i = 0; script && i < script->line_count; i++)
        json_array_append_new(lines, line_json(screen, script, &script->lines[i]));
    for (size_t i = 0; script && i < script->avoid_count; i++)
        json_array_append_new(avoid, avoided_json(screen, &script->avoid[i]));
    json_object_set_new(to, "script", lines);
    json_object_set_new(to, "avoid", avoid);
    json_object_set_new(to, "read_back", json_string(screen->step && screen->step->read_back ? "required" : "no"));
}

static void add_questions(struct screen *screen, json_t *to)
{
    const struct playbook *playbook = screen->playbook;
    const struct questionnaire *list = playbook ? playbook_questionnaire(playbook, screen->task->questionnaire) : NULL;
    json_t *questions = json_array();
    for (size_t i = 0; list && i < list->count; i++)
        json_array_append_new(questions, question_json(screen, &list->questions[i]));
    json_object_set_new(to, "questions", questions);
}

/* -------- what was before, and what comes */

/* The request for one record, or for the tasks of one customer. */
struct narrowed { const struct view_request *request; const char *customer, *site; };

static const char *narrowed_argument(void *context, const char *name)
{
    const struct narrowed *narrowed = context;
    if (!narrowed->customer)
        return NULL;
    return !strcmp(name, "customer") ? narrowed->customer : !strcmp(name, "site") ? narrowed->site : NULL;
}

static bool narrowed_may_see(void *context, const char *site)
{
    const struct narrowed *narrowed = context;
    return narrowed->request->may_see(narrowed->request->context, site);
}

static json_t *view_of(const struct screen *screen, view_handler handler, const char *rest, const char *customer)
{
    struct narrowed narrowed = {screen->request, customer, screen->task->site};
    struct view_request request = *screen->request;
    request.rest = rest;
    request.argument = narrowed_argument;
    request.may_see = narrowed_may_see;
    request.context = &narrowed;
    struct view_answer answer = handler(screen->views, &request);
    if (answer.status == 200)
        return answer.body;
    json_decref(answer.body);
    return NULL;
}

/* What has come of the other calls and tasks for this customer. */
static json_t *earlier_tasks(const struct screen *screen)
{
    static const char *const kept[] = {"id",           "step",     "about", "closed_at", "assignee", "outcome",
                                       "satisfaction", "complaint"};
    json_t *all = view_of(screen, view_tasks, "", screen->task->customer), *list = json_array(), *one;
    size_t i;
    json_array_foreach(all, i, one) {
        const char *id = json_string_value(json_object_get(one, "id"));
        const char *state = json_string_value(json_object_get(one, "state"));
        if (!id || !strcmp(id, screen->task->id) || !state || strcmp(state, "closed"))
            continue;
        json_t *task = json_object();
        for (size_t k = 0; k < sizeof kept / sizeof kept[0]; k++)
            if (json_object_get(one, kept[k]))
                json_object_set(task, kept[k], json_object_get(one, kept[k]));
        json_array_append_new(list, task);
    }
    json_decref(all);
    return list;
}

static json_t *past_complaints(const struct screen *screen)
{
    struct json_style style = view_style(screen->site);
    const char *id = arena_printf(screen->arena, "%s/%s", screen->task->site, screen->task->customer);
    const struct complainant *complainant = view_entity(screen->views, ENTITY_COMPLAINANT, screen->task->site, id,
                                                        screen->arena);
    json_t *all = complainant ? record_to_json(&complainant_record, complainant, &style) : NULL;
    json_t *list = all ? json_incref(json_object_get(all, "complaints")) : json_array();
    json_decref(all);
    return list ? list : json_array();
}

static void add_history(const struct screen *screen, json_t *to)
{
    json_t *happened = json_object_get(screen->customer, "history");
    json_object_set_new(to, "history",
                        json_pack("{s:o, s:o, s:o}", "happened", happened ? json_incref(happened) : json_array(), "tasks",
                                  earlier_tasks(screen), "complaints", past_complaints(screen)));
}

/* What each outcome leads to, and the steps of the plan that are still to come: what the customer may be promised. */
static void add_next(const struct screen *screen, json_t *to)
{
    json_t *leads_to = json_array(), *steps = json_array(), *plan, *step;
    size_t i;
    for (i = 0; screen->step && i < screen->step->outcomes.count; i++) {
        const struct outcome_rule *rule = &screen->step->outcomes.at[i];
        const char *outcome = words_name(&outcome_words, rule->outcome);
        json_array_append_new(leads_to, json_pack("{s:s, s:b, s:b, s:b, s:s}", "outcome", outcome, "complaint",
                                                  rule->complaint, "reopens", rule->reopen, "stops", rule->stop, "message",
                                                  rule->message));
    }
    plan = *screen->task->plan ? view_of(screen, view_plans, screen->task->plan, NULL) : NULL;
    json_array_foreach(json_object_get(plan, "steps"), i, step) {
        const char *state = json_string_value(json_object_get(step, "state"));
        if (state && (!strcmp(state, "pending") || !strcmp(state, "blocked")))
            json_array_append_new(steps, json_pack("{s:O, s:O, s:O}", "step", json_object_get(step, "name"),
                                                   "kind", json_object_get(step, "kind"),
                                                   "due_at", json_object_get(step, "due_at")));
    }
    json_decref(plan);
    json_object_set_new(to, "next", json_pack("{s:o, s:o}", "outcomes", leads_to, "steps", steps));
}

/* -------- the screen */

/* As asked for; else as the customer speaks. */
static const char *language_of(const struct screen *screen)
{
    const char *asked = screen->request->argument(screen->request->context, "lang");
    const char *customers = json_string_value(json_object_get(screen->customer, "language"));
    const char *language = asked && *asked ? asked : customers ? customers : "";
    return strncmp(language, "en", 2) ? "zh" : "en";
}

struct view_answer view_screen(struct views *views, const struct view_request *request)
{
    if (!*request->rest)
        return view_error(400, "which one? /v1/screens/SITE/TASK", "/v1/tasks lists them");
    struct view_answer one = view_tasks(views, request);
    if (one.status != 200)
        return one;
    const char *site = arena_text(request->arena, request->rest, strcspn(request->rest, "/"));
    struct screen screen = {.views = views, .request = request, .arena = request->arena};
    screen.task = view_entity(views, ENTITY_TASK, site, request->rest, request->arena);
    if (!screen.task) {
        json_decref(one.body);
        return view_error(503, "the store does not answer", views->store->functions->message(views->store));
    }
    screen.site = view_site(views, site, request->arena);
    screen.playbook = content_playbook(views->contents, screen.task->playbook_hash);
    screen.step = screen.playbook ? playbook_step(screen.playbook, screen.task->rule, screen.task->rule_step) : NULL;
    const char *customer_id = arena_printf(request->arena, "%s/%s", site, screen.task->customer);
    json_t *customer = view_of(&screen, view_customers, customer_id, NULL);
    screen.customer = customer;
    screen.language = language_of(&screen);
    json_t *body = json_pack("{s:o, s:s}", "task", one.body, "language", screen.language);
    json_object_set_new(body, "customer", customer ? customer : json_null());
    add_history(&screen, body);
    add_script(&screen, body);
    add_questions(&screen, body);
    add_next(&screen, body);
    return (struct view_answer){200, body};
}
