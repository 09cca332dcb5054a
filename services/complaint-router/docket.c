#include "docket.h"

#include <assert.h>
#include <string.h>

#include "ident.h"

static const struct complaint_rules no_rules = {.warn_percent = 80};

/* -------- opening and storing */

const char *docket_case_id(struct turn *turn, const char *name)
{
    const char *site = turn_event(turn)->site;
    size_t bytes = strlen(site);
    const char *id = ident_of_site(turn_arena(turn), site, name);
    return !strncmp(id, site, bytes) && id[bytes] == '/' ? id : NULL;
}

static void docket_begin(struct docket *docket, struct turn *turn)
{
    memset(docket, 0, sizeof *docket);
    docket->turn = turn;
    docket->arena = turn_arena(turn);
    docket->now = turn_now(turn);
    docket->site = turn_site(turn, turn_event(turn)->site);
    docket->calendar = docket->site ? docket->site->calendar : calendar_everyday();
    docket->rules = &no_rules;
    docket->note = docket->reason = docket->templates = docket->placed = "";
}

static void docket_take_rules(struct docket *docket)
{
    const struct playbook *playbook = NULL;
    if (*docket->file.playbook_hash)
        playbook = turn_playbook(docket->turn, docket->file.playbook_hash);
    if (!playbook && docket->site) {
        const struct playbook_in_force *now = site_complaint_playbook(docket->site);
        playbook = now ? now->playbook : NULL;
    }
    if (!playbook || !playbook->complaints.present)
        return;
    docket->rules = &playbook->complaints;
    docket->templates = playbook->templates;
}

static struct case_clock *clocks_copy(struct arena *arena, const struct case_clock_list *from)
{
    assert(from->count <= CASE_CLOCKS_MAX);
    struct case_clock *to = arena_alloc(arena, CASE_CLOCKS_MAX * sizeof *to);
    if (from->count)
        memcpy(to, from->at, from->count * sizeof *to);
    return to;
}

bool docket_load(struct docket *docket, struct turn *turn, const char *case_id)
{
    const struct complaint_case *stored = turn_get(turn, ENTITY_CASE, case_id);
    if (!stored)
        return false;
    docket_begin(docket, turn);
    docket->file = *stored;
    docket->file.clocks.at = clocks_copy(docket->arena, &stored->clocks);
    docket_take_rules(docket);
    return true;
}

void docket_new(struct docket *docket, struct turn *turn, const char *case_id)
{
    docket_begin(docket, turn);
    docket->file = *(struct complaint_case *)record_new(&complaint_case_record, docket->arena);
    docket->file.id = case_id;
    docket->file.site = turn_event(turn)->site;
    docket->file.clocks.at = clocks_copy(docket->arena, &docket->file.clocks);
    const struct playbook_in_force *now = docket->site ? site_complaint_playbook(docket->site) : NULL;
    docket->file.playbook_hash = now ? now->hash : "";
    docket_take_rules(docket);
}

void docket_attach(struct docket *docket, const struct texts *added)
{
    const struct texts *before = &docket->file.attachments;
    struct texts all = {arena_alloc(docket->arena, (before->count + added->count + 1) * sizeof *all.at), 0};
    docket->attachments = *added;
    for (size_t i = 0; i < before->count; i++)
        all.at[all.count++] = before->at[i];
    for (size_t i = 0; i < added->count; i++)
        all.at[all.count++] = added->at[i];
    size_t over = all.count > CASE_ATTACHMENTS_MAX ? all.count - CASE_ATTACHMENTS_MAX : 0;
    docket->file.attachments = (struct texts){all.at + over, all.count - over};
}

bool docket_open(const struct docket *docket)
{
    return docket->file.state != CASE_CLOSED && docket->file.state != CASE_LINKED;
}

/* Graver first; of the same grade, a key customer's first. */
static int queue_rank(const struct complaint_case *file)
{
    int grade = file->grade ? file->grade : GRADE_MINOR;
    return 2 * grade - (file->customer_class == CLASS_KEY);
}

static const char *queue_member(const struct docket *docket)
{
    const struct complaint_case *file = &docket->file;
    if (!docket_open(docket))
        return "";
    return arena_printf(docket->arena, "case/%s/%s/%d/%013lld/%s", file->site, *file->role ? file->role : "-",
                        queue_rank(file), (long long)file->opened_at, file->id);
}

void docket_save(struct docket *docket)
{
    wall_ms due = docket_open(docket) ? clocks_next(&docket->file) : 0;
    turn_put(docket->turn, ENTITY_CASE, docket->file.id, &docket->file, due, queue_member(docket));
}

/* -------- telling what became of it */

const char *docket_time(const struct docket *docket, wall_ms at)
{
    struct local_time local = calendar_local(docket->calendar, at);
    return arena_printf(docket->arena, "%04d-%02d-%02d %02d:%02d", local.year, local.month, local.day, local.hour,
                        local.minute);
}

static struct case_changed changed_of(const struct docket *docket)
{
    const struct complaint_case *file = &docket->file;
    return (struct case_changed){
        .case_id = file->id, .state = file->state, .category = file->category, .also = file->also, .grade = file->grade,
        .department = file->department, .role = file->role, .assignee = file->assignee, .linked_to = file->linked_to,
        .compensation = file->compensation, .amount_cents = file->amount_cents, .cause_found = file->cause_found,
        .voice = file->voice, .placed = docket->placed, .attachments = docket->attachments,
        .satisfaction = docket->satisfaction, .note = *file->customer ? docket->note : "",
    };
}

void docket_record(struct docket *docket, enum event_number number, const struct case_clock *clock, const char *reason)
{
    struct case_changed changed = changed_of(docket);
    changed.reason = reason;
    changed.clock = clock ? clock->name : "";
    changed.due_at = clock ? clock->due_at : 0;
    struct event like = event_of(number);
    like.subject = docket->file.id;
    like.case_id = docket->file.id;
    like.customer = docket->file.customer;
    turn_emit(docket->turn, number, &changed, &like);
}

/* An old file taken in today writes to nobody; what people do with the case, and its deadlines, are told. */
static bool is_old_news(const struct docket *docket)
{
    return docket->file.arrived_late && event_types[turn_event(docket->turn)->number].class == FACT;
}

void docket_emit(struct docket *docket, enum event_number number, const struct case_clock *clock, const char *reason)
{
    docket_record(docket, number, clock, reason);
    docket->reason = reason;
    if (!docket->quiet && !is_old_news(docket))
        tell_all(docket, event_types[number].name, clock);
}

/* -------- ends and beginnings */

void docket_end(struct docket *docket, enum case_state state)
{
    assert(docket_open(docket));
    holder_count(docket, -1);
    clocks_cancel(docket);
    docket->file.state = state;
    docket->file.closed_at = docket->now;
    docket->file.waiting_since = docket->file.waiting_until = 0;
    docket_remember_open(docket, false);
}

void docket_reopen(struct docket *docket, const char *reason)
{
    if (!docket_open(docket)) {
        docket->file.closed_at = 0;
        holder_count(docket, 1);
        docket_remember_open(docket, true);
    }
    docket->file.state = CASE_REOPENED;
    docket->file.reopened++;
    clock_cancel(docket, "verified");
    clock_begin(docket, "resolved");
    clock_begin(docket, "progress");
    ladder_climb(docket);
    docket_emit(docket, EVENT_CASE_REOPENED, NULL, reason);
}

static void docket_add_linked(struct docket *docket, const char *case_id)
{
    struct texts *linked = &docket->file.linked;
    if (linked->count == CASE_LINKED_MAX)
        return;
    const char **at = arena_alloc(docket->arena, (linked->count + 1) * sizeof *at);
    for (size_t i = 0; i < linked->count; i++)
        at[i] = linked->at[i];
    at[linked->count] = case_id;
    linked->at = at;
    linked->count++;
}

static void docket_remove_linked(struct docket *docket, const char *case_id)
{
    const struct texts *before = &docket->file.linked;
    struct texts rest = {arena_alloc(docket->arena, (before->count + 1) * sizeof *rest.at), 0};
    for (size_t i = 0; i < before->count; i++)
        if (strcmp(before->at[i], case_id))
            rest.at[rest.count++] = before->at[i];
    docket->file.linked = rest;
}

/* One that was linked as it came in was never given to anybody. */
void docket_unlink(struct docket *docket)
{
    struct complaint_case *file = &docket->file;
    struct docket from;
    if (docket_load(&from, docket->turn, file->linked_to)) {
        docket_remove_linked(&from, file->id);
        docket_save(&from);
    }
    file->state = file->linked_from ? file->linked_from : CASE_RECEIVED;
    file->linked_to = "";
    file->linked_from = CASE_NONE;
    file->closed_at = 0;
    if (*file->role)
        holder_count(docket, 1);
    else
        ladder_place(docket, ladder_entry(docket, (int)file->channel));
    clocks_restart(docket);
    docket_remember(docket);
}

void docket_link(struct docket *docket, struct docket *into)
{
    docket->file.linked_from = docket->file.state;
    docket_end(docket, CASE_LINKED);
    docket->file.linked_to = into->file.id;
    docket_add_linked(into, docket->file.id);
    if (into->file.state == CASE_VERIFIED || into->file.state == CASE_CLOSED)
        docket_reopen(into, "complained again");
    docket_save(into);
}

/* -------- a customer's complaints */

static const char *complainant_id(const struct docket *docket)
{
    return arena_printf(docket->arena, "%s/%s", docket->file.site, docket->file.customer);
}

/* The place that is given up when the list is full: the oldest closed one, else the oldest. */
static size_t forgettable(const struct past_complaint_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (!list->at[i].open)
            return i;
    return 0;
}

static void complaint_drop(struct past_complaint_list *list, const char *case_id)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->at[i].case_id, case_id))
            list->at[count++] = list->at[i];
    list->count = count;
}

static void complaint_add(struct past_complaint_list *list, struct past_complaint added)
{
    if (list->count == COMPLAINTS_KEPT_MAX) {
        size_t gone = forgettable(list);
        memmove(&list->at[gone], &list->at[gone + 1], (list->count - gone - 1) * sizeof *list->at);
        list->count--;
    }
    list->at[list->count++] = added;
}

static struct complainant complainant_copy(const struct docket *docket, const char *id)
{
    const struct complainant *stored = turn_get(docket->turn, ENTITY_COMPLAINANT, id);
    struct complainant copy = stored ? *stored : (struct complainant){.id = id};
    struct past_complaint *at = arena_alloc(docket->arena, COMPLAINTS_KEPT_MAX * sizeof *at);
    if (copy.complaints.count)
        memcpy(at, copy.complaints.at, copy.complaints.count * sizeof *at);
    copy.complaints.at = at;
    return copy;
}

void docket_remember(struct docket *docket)
{
    const struct complaint_case *file = &docket->file;
    if (!*file->customer)
        return;
    const char *id = complainant_id(docket);
    struct complainant complainant = complainant_copy(docket, id);
    complaint_drop(&complainant.complaints, file->id);
    complaint_add(&complainant.complaints, (struct past_complaint){
        .case_id = file->id, .category = file->category, .about = file->about, .model = file->product, .at = file->opened_at,
        .open = true});
    turn_put(docket->turn, ENTITY_COMPLAINANT, id, &complainant, 0, NULL);
}

void docket_remember_open(struct docket *docket, bool open)
{
    if (!*docket->file.customer)
        return;
    const char *id = complainant_id(docket);
    struct complainant complainant = complainant_copy(docket, id);
    for (size_t i = 0; i < complainant.complaints.count; i++) {
        struct past_complaint *past = &complainant.complaints.at[i];
        if (strcmp(past->case_id, docket->file.id) || past->open == open)
            continue;
        past->open = open;
        turn_put(docket->turn, ENTITY_COMPLAINANT, id, &complainant, 0, NULL);
    }
}
