#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "partition.h"
#include "plan_fold.h"
#include "views.h"

/* The site of the entities at hand; asked again only when it changes. */
struct site_memo {
    const char *id;
    const struct site *site;
};

static const struct site *memo_site(struct site_memo *memo, struct views *views, const char *id, struct arena *arena)
{
    if (!memo->id || strcmp(memo->id, id) != 0)
        *memo = (struct site_memo){id, view_site(views, id, arena)};
    return memo->site;
}

/* One kind of list. Arguments of the query that carry a field's name filter by it. */
struct list {
    enum entity_kind kind;
    const char *order_by;                   /* TIME or TEXT field */
    bool (*keep)(struct views *views, struct site_memo *memo, const void *record,
                 const struct view_request *request); /* or NULL */
    void (*add)(struct views *views, const struct view_request *request, const void *record, json_t *to);
    void (*unfold)(struct views *views, struct site_memo *memo, void *record, struct arena *arena);   /* or NULL */
};

struct found {
    const void *record;
    wall_ms due;
    const struct list *list;
};

struct found_list {
    struct found *at;
    size_t count, room;
};

static const char *text_at(const void *record, const struct field *field)
{
    const char *text = *(const char *const *)((const char *)record + field->offset);
    return text ? text : "";
}

static const char *field_text(const struct record *record, const void *at, const char *name)
{
    const struct field *field = record_field(record, name);
    if (!field)
        return "";
    if (field->kind == FIELD_WORD)
        return words_name(field->words, *(const int *)((const char *)at + field->offset));
    return field->kind == FIELD_TEXT ? text_at(at, field) : "";
}

static const char *site_of(const struct record *record, const void *at, struct arena *arena)
{
    const char *id = field_text(record, at, "id");
    return arena_text(arena, id, strcspn(id, "/"));
}

static const char *const filters[] = {"site", "role", "assignee", "customer", "state", "grade", "class", "category", "voice",
                                      "book"};
enum { FILTERS = sizeof filters / sizeof *filters };

/* What no entity can be is told, rather than answered with an empty list. NULL: all is well. */
static const char *wrong_filter(const struct list *list, const struct view_request *request, const char **ret_hint)
{
    const char *limit = request->argument(request->context, "limit"),
               *open = request->argument(request->context, "open");
    if (limit && (!*limit || strspn(limit, "0123456789") != strlen(limit)))
        return *ret_hint = "a whole number", "limit";
    if (open && strcmp(open, "yes") && strcmp(open, "no"))
        return *ret_hint = "yes or no", "open";
    for (size_t i = 0; i < FILTERS; i++) {
        const struct field *field = record_field(entity_types[list->kind].record, filters[i]);
        const char *wanted = request->argument(request->context, filters[i]);
        if (!wanted || !field || field->kind != FIELD_WORD || !strcmp(wanted, "all") ||
            words_find(field->words, wanted) >= 0)
            continue;
        *ret_hint = "all";
        for (size_t k = 1; k < field->words->count; k++)
            *ret_hint = arena_printf(request->arena, "%s, %s", *ret_hint, field->words->word[k]);
        return filters[i];
    }
    return NULL;
}

static bool passes(struct views *views, const struct list *list, struct site_memo *memo, const void *record,
                   const struct view_request *request)
{
    const struct record *kind = entity_types[list->kind].record;
    if (!request->may_see(request->context, site_of(kind, record, request->arena)))
        return false;
    for (size_t i = 0; i < FILTERS; i++) {
        const char *wanted = request->argument(request->context, filters[i]);
        if (wanted && strcmp(wanted, "all") != 0 && record_field(kind, filters[i]) &&
            strcmp(field_text(kind, record, filters[i]), wanted) != 0)
            return false;
    }
    return !list->keep || list->keep(views, memo, record, request);
}

static void add_found(struct found_list *found, const void *record, wall_ms due, const struct list *list)
{
    if (found->count == found->room) {
        found->room = found->room ? 2 * found->room : 256;
        found->at = realloc(found->at, found->room * sizeof *found->at);
    }
    found->at[found->count++] = (struct found){record, due, list};
}

static const void *decode(enum entity_kind kind, const struct stored_entity *entity, struct arena *arena)
{
    return entity_read(kind, entity->id, entity->packed, arena);
}

static const void *decode_of_list(struct views *views, const struct list *list, struct site_memo *memo,
                                  const struct stored_entity *entity, struct arena *arena)
{
    void *record = entity_read(list->kind, entity->id, entity->packed, arena);
    if (record && list->unfold)
        list->unfold(views, memo, record, arena);
    return record;
}

static bool scan_partition(struct views *views, uint32_t partition, const struct list *list,
                           const struct view_request *request, struct found_list *found)
{
    uint64_t cursor = 0;
    struct site_memo memo = {0};
    do {
        struct stored_entity_list page = {0};
        if (views->store->functions->scan_entities(views->store, partition, list->kind, &cursor, request->arena,
                                                   &page) != STORE_OK)
            return false;
        for (size_t i = 0; i < page.count; i++) {
            const void *record = decode_of_list(views, list, &memo, &page.at[i], request->arena);
            if (record && passes(views, list, &memo, record, request))
                add_found(found, record, page.at[i].due, list);
        }
    } while (cursor);
    return true;
}

static int by_order(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    const struct record *record = entity_types[left->list->kind].record;
    const struct field *field = record_field(record, left->list->order_by);
    if (field->kind == FIELD_TIME) {
        wall_ms l = *(const wall_ms *)((const char *)left->record + field->offset);
        wall_ms r = *(const wall_ms *)((const char *)right->record + field->offset);
        if (l != r)
            return l < r ? -1 : 1;
    }
    return strcmp(field_text(record, left->record, "id"), field_text(record, right->record, "id"));
}

static json_t *describe(struct views *views, const struct view_request *request, const struct found *found,
                        struct site_memo *memo)
{
    const struct record *kind = entity_types[found->list->kind].record;
    const struct site *site = memo_site(memo, views, site_of(kind, found->record, request->arena), request->arena);
    struct json_style style = view_style(site);
    json_t *object = record_to_json(kind, found->record, &style);
    json_object_del(object, "sealed");
    json_object_del(object, "survivor");
    if (found->due)
        json_object_set_new(object, "next_due_at", json_string(moment_text(request->arena, found->due,
                            style.offset_minutes(style.context, found->due))));
    if (found->list->add)
        found->list->add(views, request, found->record, object);
    return object;
}

static struct view_answer answer_list(struct views *views, const struct view_request *request, struct found_list *found)
{
    if (found->count)
        qsort(found->at, found->count, sizeof *found->at, by_order);
    size_t limit = (size_t)view_number(request, "limit", VIEW_LIMIT_MAX, VIEW_LIMIT_MAX);
    struct site_memo memo = {0};
    json_t *array = json_array();
    for (size_t i = 0; i < found->count && i < limit; i++)
        json_array_append_new(array, describe(views, request, &found->at[i], &memo));
    free(found->at);
    return (struct view_answer){200, array};
}

static struct view_answer gone(struct views *views)
{
    return view_error(503, "the store does not answer", views->store->functions->message(views->store));
}

static struct view_answer answer_one(struct views *views, const struct view_request *request, const struct list *list)
{
    const char *site = arena_text(request->arena, request->rest, strcspn(request->rest, "/"));
    uint32_t partition = partition_of_site(site, views->partitions);
    struct stored_entity entity;
    if (store_read_entities_one(views->store, partition, list->kind, &request->rest, 1, request->arena,
                                               &entity) != STORE_OK)
        return gone(views);
    struct site_memo memo = {0};
    const void *record = entity.version ? decode_of_list(views, list, &memo, &entity, request->arena) : NULL;
    if (!record || !request->may_see(request->context, site))
        return view_error(404, "there is none with this id", "ids read site/number, as the lists show them");
    struct found found = {record, entity.due, list};
    return (struct view_answer){200, describe(views, request, &found, &memo)};
}

static struct view_answer answer(struct views *views, const struct view_request *request, const struct list *list)
{
    if (*request->rest)
        return answer_one(views, request, list);
    const char *hint, *wrong = wrong_filter(list, request, &hint);
    if (wrong) {
        struct view_answer answer = view_error(400, "is not known", hint);
        json_object_set_new(answer.body, "field", json_string(wrong));
        return answer;
    }
    struct found_list found = {0};
    uint32_t first, count = view_partitions(views, request, &first);
    for (uint32_t i = 0; i < count; i++)
        if (!scan_partition(views, first + i, list, request, &found)) {
            free(found.at);
            return gone(views);
        }
    return answer_list(views, request, &found);
}

/* -------- what only a key opens */

static bool open_sealed(struct views *views, const char *owner, struct slice sealed, const struct record *record,
                        void *to, struct arena *arena)
{
    struct slice plain;
    struct fault fault;
    return views->sealer && sealed.bytes && seal_open(views->sealer, owner, sealed, arena, &plain) == 1 &&
           record_unpack(record, plain, arena, to, &fault);
}

/* By which channels the customer can be reached, without saying where. */
static void add_channels(const struct customer_recorded *person, json_t *to)
{
    const struct { const char *name, *contact; } ways[] = {
        {"phone", person->mobile}, {"sms", person->mobile}, {"email", person->email}, {"webhook", person->webhook},
        {"wechat", person->wechat}, {"weibo", person->weibo},
    };
    json_t *channels = json_array();
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (*ways[i].contact)
            json_array_append_new(channels, json_string(ways[i].name));
    json_object_set_new(to, "reached_by", channels);
}

static void add_person(struct views *views, const struct view_request *request, const struct customer *customer,
                       bool whole, json_t *to)
{
    const char *id = strchr(customer->id, '/');
    struct customer_recorded *person = record_new(&customer_recorded_record, request->arena);
    if (!id || !open_sealed(views, id + 1, customer->sealed, &customer_recorded_record, person, request->arena))
        return;
    const char *name = request->personal ? person->name : view_mask(person->name, request->arena);
    json_object_set_new(to, "name", json_string(name));
    add_channels(person, to);
    if (!request->personal)
        return;
    json_object_set_new(to, "mobile", json_string(person->mobile));
    json_object_set_new(to, "email", json_string(person->email));
    if (!whole)
        return;
    json_object_set_new(to, "address", json_string(person->address));
    json_object_set_new(to, "webhook", json_string(person->webhook));
    json_object_set_new(to, "summary", json_string(person->summary));
    json_object_set_new(to, "attributes", person->attributes.bytes ? packed_to_json(person->attributes) : json_object());
}

/* The record, or that of whom it was merged into; NULL: none. */
static const struct customer *customer_read(struct views *views, const struct view_request *request, const char *site,
                                            const char *customer)
{
    enum { MERGES_MAX = 8 };
    const struct customer *found = NULL;
    for (int i = 0; i < MERGES_MAX && *customer; i++) {
        const char *id = arena_printf(request->arena, "%s/%s", site, customer);
        struct stored_entity entity;
        if (store_read_entities_one(views->store, partition_of_site(site, views->partitions), ENTITY_CUSTOMER,
                                                   &id, 1, request->arena, &entity) != STORE_OK || !entity.version)
            return found;
        const struct customer *next = decode(ENTITY_CUSTOMER, &entity, request->arena);
        if (!next)
            return found;
        found = next;
        customer = next->merged_into;
    }
    return found;
}

/* The customer of a task or case, as far as the credential may see. */
static void add_customer_of(struct views *views, const struct view_request *request, const char *site,
                            const char *customer, json_t *to)
{
    if (!*customer)
        return;
    const struct customer *record = customer_read(views, request, site, customer);
    if (!record)
        return;
    json_t *person = json_object();
    add_person(views, request, record, false, person);
    json_object_set_new(to, "contact", person);
}

/* What somebody said, by name; what was not said is left out. Ends with a name of NULL. */
struct said_word { const char *name, *text; };

static void add_words(json_t *to, const struct said_word *words)
{
    for (; words->name; words++)
        if (*words->text)
            json_object_set_new(to, words->name, json_string(words->text));
}

/* What the agent wrote down of the call. */
static void add_words_of_task(struct views *views, const struct view_request *request, const struct task *task, json_t *to)
{
    struct task_changed *said = record_new(&task_changed_record, request->arena);
    if (request->personal && open_sealed(views, task->customer, task->sealed, &task_changed_record, said, request->arena))
        add_words(to, (const struct said_word[]){{"understood", said->understood}, {"remedy", said->remedy},
                                                 {"suggestion", said->suggestion}, {"note", said->note}, {0}});
}

static void add_to_task(struct views *views, const struct view_request *request, const void *record, json_t *to)
{
    const struct task *task = record;
    if (*request->rest || request->argument(request->context, "agent"))
        add_customer_of(views, request, task->site, task->customer, to);
    if (*request->rest)
        add_words_of_task(views, request, task, to);
}

/* What comes next: the clock that is due first, and what the customer was promised. Times as the clocks show them. */
static void add_next(const struct complaint_case *complaint, json_t *to)
{
    const json_t *clocks = json_object_get(to, "clocks");
    json_t *next = NULL, *promise = NULL;
    wall_ms due = 0;
    for (size_t i = 0; i < complaint->clocks.count; i++) {
        const struct case_clock *clock = &complaint->clocks.at[i];
        if (clock->state != CLOCK_RUNNING)
            continue;
        if (!strcmp(clock->name, "promise"))
            promise = json_array_get(clocks, i);
        if (!next || clock->due_at < due) {
            next = json_array_get(clocks, i);
            due = clock->due_at;
        }
    }
    json_object_set_new(to, "next_clock", next ? json_incref(json_object_get(next, "name")) : json_null());
    json_object_set_new(to, "next_clock_due_at", next ? json_incref(json_object_get(next, "due_at")) : json_null());
    json_object_set_new(to, "promised_at", promise ? json_incref(json_object_get(promise, "due_at")) : json_null());
}

static void add_to_case(struct views *views, const struct view_request *request, const void *record, json_t *to)
{
    const struct complaint_case *complaint = record;
    add_next(complaint, to);
    if (!*request->rest)
        return;
    add_customer_of(views, request, complaint->site, complaint->customer, to);
    const char *owner = *complaint->customer ? complaint->customer
                                             : arena_printf(request->arena, "site/%s", complaint->site);
    struct complaint_received *said = record_new(&complaint_received_record, request->arena);
    if (!request->personal ||
        !open_sealed(views, owner, complaint->sealed, &complaint_received_record, said, request->arena))
        return;
    json_object_set_new(to, "text", json_string(said->text));
    add_words(to, (const struct said_word[]){{"understood", said->understood}, {"read_back", said->read_back},
                                             {"remedy", said->remedy}, {0}});
}

static void add_to_customer(struct views *views, const struct view_request *request, const void *record, json_t *to)
{
    add_person(views, request, record, *request->rest != 0, to);
    if (*request->rest)
        view_add_points(views, request, record, to);
}

/* A plan is told as it was made; how it is kept is nobody's business. */
static void unfold_plan(struct views *views, struct site_memo *memo, void *record, struct arena *arena)
{
    struct plan *plan = record;
    if (!plan->version)
        return;
    const struct site *site = memo_site(memo, views, plan->site, arena);
    if (!site || !*plan_playbook_hash(plan, site->config)) {    /* it came into force since the site was read */
        *memo = (struct site_memo){0};
        site = memo_site(memo, views, plan->site, arena);
    }
    const struct site_config *config = site ? site->config : NULL;
    plan_unfold(plan, config, content_playbook(views->contents, plan_playbook_hash(plan, config)), arena);
}

static void add_to_plan(struct views *views, const struct view_request *request, const void *record, json_t *to)
{
    (void)views, (void)request, (void)record;
    json_object_del(to, "version");
}

/* -------- the lists */

/* Works this person in one of the roles that the task is for? Without a staff list everybody does. */
static bool works_as(const struct site *site, const char *agent, const char *role)
{
    const struct person *person = site && site->staff ? staff_person(site->staff, agent) : NULL;
    return !site || !site->staff || (person && person_has_role(person, role));
}

/* An agent's list: what the agent holds, and what waits for one of the agent's roles. */
static bool keep_task(struct views *views, struct site_memo *memo, const void *record,
                      const struct view_request *request)
{
    const struct task *task = record;
    const char *agent = request->argument(request->context, "agent");
    if (!agent)
        return true;
    if (task->state == TASK_CLOSED && !request->argument(request->context, "state"))
        return false;
    return strcmp(task->assignee, agent) == 0 ||
           (!*task->assignee && task->state == TASK_OPEN &&
            works_as(memo_site(memo, views, task->site, request->arena), agent, task->role));
}

static bool keep_case(struct views *views, struct site_memo *memo, const void *record,
                      const struct view_request *request)
{
    (void)views, (void)memo;
    const struct complaint_case *complaint = record;
    const char *open = request->argument(request->context, "open");
    bool is_open = complaint->state != CASE_CLOSED && complaint->state != CASE_LINKED;
    return !open || (strcmp(open, "yes") == 0) == is_open;
}

static bool keep_form(struct views *views, struct site_memo *memo, const void *record,
                      const struct view_request *request)
{
    (void)views, (void)memo;
    return view_form_keep(record, request);
}

static const struct list tasks = {ENTITY_TASK, "due_at", keep_task, add_to_task, NULL};
static const struct list cases = {ENTITY_CASE, "opened_at", keep_case, add_to_case, NULL};
static const struct list customers = {ENTITY_CUSTOMER, "first_recorded_at", NULL, add_to_customer, NULL};
static const struct list notices = {ENTITY_NOTICE, "asked_at", NULL, NULL, NULL};
static const struct list books = {ENTITY_BOOK_PAGE, "id", NULL, NULL, NULL};
static const struct list points = {ENTITY_POINTS_ENTRY, "at", NULL, NULL, NULL};
static const struct list plans = {ENTITY_PLAN, "occurred_at", NULL, add_to_plan, unfold_plan};
static const struct list forms = {ENTITY_FORM, "begun_at", keep_form, view_form_add, NULL};

struct view_answer view_tasks(struct views *views, const struct view_request *request)
{
    return answer(views, request, &tasks);
}

struct view_answer view_cases(struct views *views, const struct view_request *request)
{
    return answer(views, request, &cases);
}

struct view_answer view_customers(struct views *views, const struct view_request *request)
{
    return answer(views, request, &customers);
}

struct view_answer view_notices(struct views *views, const struct view_request *request)
{
    return answer(views, request, &notices);
}

struct view_answer view_books(struct views *views, const struct view_request *request)
{
    return answer(views, request, &books);
}

struct view_answer view_points(struct views *views, const struct view_request *request)
{
    return answer(views, request, &points);
}

struct view_answer view_plans(struct views *views, const struct view_request *request)
{
    return answer(views, request, &plans);
}

struct view_answer view_forms(struct views *views, const struct view_request *request)
{
    return answer(views, request, &forms);
}
