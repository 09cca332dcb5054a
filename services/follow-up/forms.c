#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "fnv.h"
#include "follow_up.h"
#include "ident.h"

/* Forms: filled in field by field, at once or bit by bit, checked against the playbook that they began with. */

enum { FORM_NAME_BYTES = 64, LINKS_MAX = 16 };

static const char *const customer_role = "customer";    /* who comes over a link */

/* One filling. */
struct filling {
    struct turn *turn;
    const struct event *event;
    const struct form_fill *act;
    const struct site *site;
    const struct playbook *playbook;
    const struct form *form;
    struct filled_form after;       /* the form as it will be */
    bool is_new;
    struct job job;                 /* the task that asked for it */
    bool has_job;
    const char **values;            /* by field; "" for none */
    struct form_words said;
    const char *changed, *missing, *wrong;      /* names separated by commas; wrong: what is wanted instead */
};

static bool refuse(struct filling *filling, const char *reason, const char *detail)
{
    turn_refuse(filling->turn, reason, detail);
    return false;
}

/* -------- which form, by which playbook */

static const struct playbook *playbook_with(const struct filling *filling, const char **ret_hash)
{
    const struct site *site = filling->site;
    for (size_t i = 0; site && i < site->playbook_count; i++)
        if (playbook_form(site->playbooks[i].playbook, filling->act->form)) {
            *ret_hash = site->playbooks[i].hash;
            return site->playbooks[i].playbook;
        }
    return NULL;
}

/* The version that the form began with; else that of the task; else the one in force. */
static bool playbook_find(struct filling *filling)
{
    const char *hash = *filling->after.playbook_hash ? filling->after.playbook_hash : "";
    if (!*hash && filling->has_job && filling->job.playbook && playbook_form(filling->job.playbook, filling->act->form))
        hash = filling->job.task.playbook_hash;
    filling->playbook = *hash ? turn_playbook(filling->turn, hash) : playbook_with(filling, &hash);
    filling->form = filling->playbook ? playbook_form(filling->playbook, filling->act->form) : NULL;
    filling->after.playbook_hash = hash;
    return filling->form || refuse(filling, "not_found", arena_printf(turn_arena(filling->turn),
                                   "form: no playbook in force has a form %.64s", filling->act->form));
}

/* The number of the form that the task's plan follows, if it is one of this kind; NULL: it follows something else. */
static const char *number_followed(const struct filling *filling)
{
    const char *about = filling->has_job ? filling->job.task.about : "", *form = filling->act->form;
    size_t bytes = strlen(form);
    return !strncmp(about, form, bytes) && about[bytes] == '.' ? about + bytes + 1 : NULL;
}

/* A form that comes with a task is the one that its plan follows, or has the task's number; another one is numbered by the
 * act, so that the same act again is it. */
static const char *number_of(const struct filling *filling)
{
    struct arena *arena = turn_arena(filling->turn);
    const char *followed = number_followed(filling);
    if (*filling->act->number)
        return filling->act->number;
    if (followed)
        return followed;
    if (filling->has_job)
        return ident_fit(arena, ident_local(filling->job.task.id), FORM_NAME_BYTES);
    const char *act = arena_printf(arena, "%s\n%s", filling->event->source, filling->event->id);
    uint64_t hash = fnv_text(FNV_START, act);
    return arena_printf(arena, "%08llx", (unsigned long long)(hash ^ hash >> 32) & 0xffffffffu);
}

static bool form_find(struct filling *filling)
{
    struct turn *turn = filling->turn;
    const char *number = number_of(filling);
    if (!name_is_plain(number))
        return refuse(filling, "bad_value", "number: letters, digits, dots, dashes");
    const char *id = ident_make(turn_arena(turn), filling->event->site, "%s.%s", filling->act->form, number);
    const struct filled_form *stored = turn_get(turn, ENTITY_FORM, id);
    filling->is_new = !stored;
    filling->after = stored ? *stored : *(const struct filled_form *)record_new(&filled_form_record, turn_arena(turn));
    filling->after.id = id;
    filling->after.site = filling->event->site;
    filling->after.form = filling->act->form;
    filling->after.number = number;
    return true;
}

/* -------- who may */

static const char *value_in(struct slice map, const char *name, struct arena *arena)
{
    struct slice value, text;
    int64_t number;
    bool truth;
    if (!map.bytes || !cursor_find(map, name, &value))
        return NULL;
    struct cursor cursor = cursor_over(value);
    if (cursor_text(&cursor, &text))
        return arena_text(arena, text.at, text.bytes);
    if (cursor_int(&cursor, &number))
        return arena_printf(arena, "%lld", (long long)number);
    if (cursor_bool(&cursor, &truth))
        return truth ? "yes" : "no";
    return "?";                     /* a list or a map: no field takes that */
}

static bool is_customer(const struct filling *filling)
{
    return !strcmp(filling->event->role, customer_role);
}

/* Whoever comes over a link has one task, once, and answers what is asked of customers. */
static bool customer_is_allowed(struct filling *filling)
{
    const struct form *form = filling->form;
    if (!filling->has_job || filling->job.task.state == TASK_CLOSED)
        return refuse(filling, filling->has_job ? "closed" : "not_allowed", "this has been answered already");
    for (size_t i = 0; i < form->field_count; i++)
        if (!form->fields[i].asked && value_in(filling->act->fields, form->fields[i].name, turn_arena(filling->turn)))
            return refuse(filling, "not_allowed", arena_printf(turn_arena(filling->turn), "field %.64s is not asked of "
                                                               "customers", form->fields[i].name));
    return true;
}

static bool is_allowed(struct filling *filling)
{
    if (is_customer(filling))
        return customer_is_allowed(filling);
    const struct site *site = filling->site;
    const char *actor = filling->event->actor;
    const struct person *person = site && site->staff && *actor ? staff_person(site->staff, actor) : NULL;
    for (size_t i = 0; person && i < filling->form->roles.count; i++)
        if (person_has_role(person, filling->form->roles.at[i]))
            return true;
    if (!filling->form->roles.count || is_overseer(filling->event, site))
        return true;
    return refuse(filling, "not_allowed", arena_printf(turn_arena(filling->turn), "form %.64s is for others to fill in",
                                                       filling->form->name));
}

static bool task_find(struct filling *filling)
{
    const struct form_fill *act = filling->act;
    if (!*act->task)
        return true;
    filling->has_job = job_open(filling->turn, filling->event->site, act->task, &filling->job);
    if (!filling->has_job)
        return refuse(filling, "not_found", "task: no such task");
    const struct task *task = &filling->job.task;
    if (*task->form && strcmp(task->form, act->form))
        return refuse(filling, "bad_value", arena_printf(turn_arena(filling->turn), "form: the task asks for %.64s",
                                                         task->form));
    bool of_other = task->state == TASK_CLAIMED && *filling->event->actor && strcmp(task->assignee, filling->event->actor);
    if (of_other && !is_overseer(filling->event, filling->site))
        return refuse(filling, "not_yours", "another agent has the task");
    return true;
}

/* -------- values */

static const char *list_add(const struct filling *filling, const char *list, const char *name)
{
    return arena_printf(turn_arena(filling->turn), "%s%s%s", list, *list ? "," : "", name);
}

static const char *wrong_add(const struct filling *filling, const char *name, const char *what)
{
    return arena_printf(turn_arena(filling->turn), "%s%s%.64s: %s", filling->wrong, *filling->wrong ? "; " : "", name, what);
}

static void values_load(struct filling *filling)
{
    const struct form *form = filling->form;
    struct arena *arena = turn_arena(filling->turn);
    const struct form_changed *opened =
        turn_open(filling->turn, filling->after.customer, filling->after.sealed, &form_changed_record);
    filling->values = arena_alloc(arena, form->field_count * sizeof *filling->values);
    for (size_t i = 0; i < form->field_count; i++) {
        struct slice from = filling->after.fields;
        if (form->fields[i].personal)
            from = opened ? opened->personal : (struct slice){0};
        const char *value = value_in(from, form->fields[i].name, arena);
        filling->values[i] = value ? value : "";
    }
}

/* What stands in the field that means this to the engine; "" if there is none. */
static const char *meaning_text(const struct filling *filling, enum form_meaning meaning)
{
    for (size_t i = 0; i < filling->form->field_count; i++)
        if (filling->form->fields[i].means == meaning)
            return filling->values[i];
    return "";
}

static int64_t meaning_number(const struct filling *filling, enum form_meaning meaning)
{
    return strtoll(meaning_text(filling, meaning), NULL, 10);
}

/* What needs more than the value itself to be right. */
static const char *value_resolve(struct filling *filling, const struct form_field *field, const char **value)
{
    struct arena *arena = turn_arena(filling->turn);
    if (field->kind == FORM_LINK &&
        !turn_get(filling->turn, ENTITY_FORM, ident_make(arena, filling->event->site, "%s.%s", field->form, *value)))
        return arena_printf(arena, "a form %s that exists", field->form);
    if (field->kind != FORM_STAFF)
        return NULL;
    const struct staff *staff = filling->site ? filling->site->staff : NULL;
    const struct person *person = staff ? staff_person(staff, *value) : NULL;
    if (!person || (*field->role && !person_has_role(person, field->role)))
        return *field->role ? arena_printf(arena, "somebody who is %s", field->role) : "somebody of the staff";
    *value = person->id;
    return NULL;
}

static void value_take(struct filling *filling, size_t index, const char *told)
{
    const struct form_field *field = &filling->form->fields[index];
    const struct calendar *calendar = filling->site ? filling->site->calendar : calendar_everyday();
    const char *value = "", *wrong = NULL;
    if (*told)
        wrong = form_value(field, told, calendar, turn_arena(filling->turn), &value);
    if (*told && !wrong)
        wrong = value_resolve(filling, field, &value);
    if (wrong) {
        filling->wrong = wrong_add(filling, field->name, wrong);
    } else if (strcmp(filling->values[index], value)) {
        filling->values[index] = value;
        filling->changed = list_add(filling, filling->changed, field->name);
    }
}

/* The form that the task's plan follows is linked by itself. */
static void link_what_is_followed(struct filling *filling)
{
    const char *about = filling->has_job ? filling->job.task.about : "";
    for (size_t i = 0; i < filling->form->field_count; i++) {
        const struct form_field *field = &filling->form->fields[i];
        size_t bytes = strlen(field->form);
        if (field->kind == FORM_LINK && !*filling->values[i] && !strncmp(about, field->form, bytes) && about[bytes] == '.')
            value_take(filling, i, about + bytes + 1);
    }
}

static void unknown_told(struct filling *filling, struct slice fields)
{
    struct cursor cursor = cursor_over(fields);
    struct slice name, skipped;
    size_t pairs = 0;
    if (!fields.bytes || !cursor_map(&cursor, &pairs))
        return;
    for (; pairs && cursor_text(&cursor, &name); pairs--) {
        const char *text = arena_text(turn_arena(filling->turn), name.at, name.bytes);
        if (!form_field(filling->form, text))
            filling->wrong = wrong_add(filling, text, "the form has no such field");
        cursor_skip(&cursor, &skipped);
    }
}

/* false: something is wrong; all of it is told. */
static bool values_read(struct filling *filling)
{
    const struct form *form = filling->form;
    filling->changed = filling->missing = filling->wrong = "";
    values_load(filling);
    filling->said.satisfaction_before = meaning_number(filling, MEANS_SATISFACTION);
    unknown_told(filling, filling->act->fields);
    for (size_t i = 0; i < form->field_count; i++) {
        const char *told = value_in(filling->act->fields, form->fields[i].name, turn_arena(filling->turn));
        if (told)
            value_take(filling, i, told);
    }
    link_what_is_followed(filling);
    filling->said.satisfaction_now = meaning_number(filling, MEANS_SATISFACTION);
    filling->said.words = meaning_text(filling, MEANS_WORDS);
    for (size_t i = 0; i < form->field_count; i++)
        if (form->fields[i].required && !*filling->values[i])
            filling->missing = list_add(filling, filling->missing, form->fields[i].name);
    if (*filling->wrong)
        return refuse(filling, "bad_value", arena_printf(turn_arena(filling->turn), "fields: %.900s", filling->wrong));
    if (filling->after.complete && *filling->missing)
        return refuse(filling, "bad_value", arena_printf(turn_arena(filling->turn), "fields: %.200s must not be cleared",
                                                         filling->missing));
    return true;
}

/* -------- storing and telling */

static struct slice values_pack(const struct filling *filling, bool personal)
{
    struct buffer pairs = {0}, map = {0};
    size_t count = 0;
    for (size_t i = 0; i < filling->form->field_count; i++) {
        if (filling->form->fields[i].personal != personal || !*filling->values[i])
            continue;
        pack_text(&pairs, filling->form->fields[i].name);
        pack_text(&pairs, filling->values[i]);
        count++;
    }
    pack_map(&map, count);
    pack_raw(&map, buffer_slice(&pairs));
    struct slice packed = {arena_copy(turn_arena(filling->turn), map.at, map.bytes), count ? map.bytes : 0};
    buffer_free(&pairs);
    buffer_free(&map);
    return packed;
}

/* The customer is the act's own, the task's, or that of the first form it links to. */
static void links_settle(struct filling *filling)
{
    struct filled_form *after = &filling->after;
    struct arena *arena = turn_arena(filling->turn);
    after->links = (struct texts){arena_alloc(arena, LINKS_MAX * sizeof *after->links.at), 0};
    if (!*after->customer)
        after->customer = filling->has_job && *filling->job.task.customer ? filling->job.task.customer
                                                                          : filling->event->customer;
    for (size_t i = 0; i < filling->form->field_count; i++) {
        const struct form_field *field = &filling->form->fields[i];
        if (field->kind != FORM_LINK || !*filling->values[i] || after->links.count == LINKS_MAX)
            continue;
        const char *link = arena_printf(arena, "%s.%s", field->form, filling->values[i]);
        const struct filled_form *linked =
            turn_get(filling->turn, ENTITY_FORM, ident_make(arena, after->site, "%s", link));
        after->links.at[after->links.count++] = link;
        if (linked && !*after->customer)
            after->customer = linked->customer;
    }
}

static struct form_changed change_of(const struct filling *filling)
{
    const struct filled_form *after = &filling->after;
    return (struct form_changed){
        .about = ident_local(after->id), .form = after->form, .number = after->number, .fields = after->fields,
        .personal = values_pack(filling, true), .links = after->links,
        .changed = ident_fit(turn_arena(filling->turn), filling->changed, 1024),
        .missing = ident_fit(turn_arena(filling->turn), filling->missing, 1024), .by = filling->event->actor,
        .task = filling->has_job ? filling->job.task.id : "", .reason = filling->act->reason,
        .changes = after->changes,
    };
}

static void form_store(struct filling *filling)
{
    struct filled_form *after = &filling->after;
    struct turn *turn = filling->turn;
    wall_ms now = turn_now(turn);
    bool was_complete = after->complete;
    links_settle(filling);
    after->fields = values_pack(filling, false);
    after->complete = !*filling->missing;
    if (filling->is_new) {
        after->begun_at = now;
        after->begun_by = filling->event->actor;
    }
    if (after->complete && !was_complete)
        after->complete_at = now;
    after->changed_at = now;
    after->changed_by = filling->event->actor;
    after->changes++;
    if (filling->has_job)
        after->task = filling->job.task.id;
    struct form_changed change = change_of(filling);
    after->sealed = turn_seal(turn, after->customer, EVENT_FORM_CHANGED, &change);
    const struct filled_form *stored = turn_get(turn, ENTITY_FORM, after->id);
    turn_put(turn, ENTITY_FORM, after->id, after, 0,
             arena_printf(turn_arena(turn), "form/%s/%s/%s", after->site, after->form, after->id));
    struct event like = event_of(EVENT_FORM_FILLED);
    like.customer = after->customer;
    like.subject = after->id;
    like.occurred_at = filling->event->occurred_at;
    if (after->complete && !was_complete)
        turn_emit(turn, EVENT_FORM_FILLED, &change, &like);
    else
        turn_emit(turn, filling->is_new ? EVENT_FORM_BEGUN : EVENT_FORM_CHANGED, &change, &like);
    books_follow(turn, filling->playbook, stored, after);
}

/* The task that asked for it is done with the form; who filled it in has done it. */
static void task_complete(struct filling *filling)
{
    struct job *job = &filling->job;
    if (!filling->has_job || !filling->after.complete || job->task.state == TASK_CLOSED)
        return;
    if (job->task.state != TASK_CLAIMED && *filling->event->actor)
        job->task.assignee = filling->event->actor;
    job_finish(job, OUTCOME_COMPLETED, job_change(job), "");
}

/* A task that asks to look at the form again is done though all is still as it stands there. */
static bool is_confirmed(const struct filling *filling)
{
    return filling->has_job && filling->after.complete && filling->job.task.state != TASK_CLOSED;
}

void on_form_fill(struct turn *turn, const struct event *event, const void *data)
{
    struct filling filling = {.turn = turn, .event = event, .act = data, .site = turn_site(turn, event->site)};
    if (!task_find(&filling) || !form_find(&filling) || !playbook_find(&filling) || !is_allowed(&filling) ||
        !values_read(&filling))
        return;
    if (!*filling.changed && !filling.is_new && !is_confirmed(&filling)) {
        refuse(&filling, "nothing_due", "nothing is changed: all this stands there already");
        return;
    }
    if (*filling.changed || filling.is_new)
        form_store(&filling);
    task_complete(&filling);
    filling.said.at_most = filling.playbook->dissatisfied_at_most;
    form_unhappy_follow(turn, event, &filling.after, &filling.said);
}
