#include <sodium.h>
#include <string.h>

#include "entity.h"
#include "partition.h"
#include "views.h"

/* Forms: what stands in one and what belongs to it; which there are, field by field; what a link asks its customer. */

static const char *const kind_words[FORM_FIELD_KINDS] = {
    [FORM_TEXT] = "text", [FORM_NUMBER] = "number", [FORM_DATE] = "date", [FORM_DAY] = "day", [FORM_TIME] = "time",
    [FORM_YES_NO] = "yes_no", [FORM_SCORE] = "score", [FORM_CHOICE] = "choice", [FORM_CHOICES] = "choices",
    [FORM_LINK] = "link", [FORM_STAFF] = "staff", [FORM_ATTACHMENT] = "attachment",
};

static struct view_answer no_store(struct views *views)
{
    return view_error(503, "the store does not answer", views->store->functions->message(views->store));
}

static const char *asked_for(const struct view_request *request, const char *name)
{
    const char *text = request->argument(request->context, name);
    return text ? text : "";
}

/* -------- one form */

bool view_form_keep(const void *record, const struct view_request *request)
{
    const struct filled_form *form = record;
    const char *open = asked_for(request, "open"), *wanted = asked_for(request, "form");
    return (!*wanted || !strcmp(form->form, wanted)) && (!*open || !strcmp(open, "yes") == !form->complete);
}

static const struct form *description(struct views *views, const struct filled_form *form, struct arena *arena)
{
    const struct playbook *playbook = content_playbook(views->contents, form->playbook_hash);
    (void)arena;
    return playbook ? playbook_form(playbook, form->form) : NULL;
}

static json_t *personal_json(struct views *views, const struct view_request *request, const struct filled_form *form)
{
    const char *owner = *form->customer ? form->customer : arena_printf(request->arena, "site/%s", form->site);
    struct form_changed *opened = record_new(&form_changed_record, request->arena);
    struct json_style style = view_style(NULL);
    struct slice plain;
    struct fault fault;
    if (!views->sealer || !form->sealed.bytes ||
        seal_open(views->sealer, owner, form->sealed, request->arena, &plain) != 1 ||
        !record_unpack(&form_changed_record, plain, request->arena, opened, &fault))
        return NULL;
    json_t *all = record_to_json(&form_changed_record, opened, &style);
    json_t *personal = json_incref(json_object_get(all, "personal"));
    json_decref(all);
    return personal;
}

/* The other way round: the forms that name this one. */
static json_t *linked_by(struct views *views, const struct view_request *request, const struct filled_form *form)
{
    const char *about = strchr(form->id, '/') + 1;
    uint32_t partition = partition_of_site(form->site, views->partitions);
    json_t *list = json_array();
    uint64_t cursor = 0;
    do {
        struct stored_entity_list page = {0};
        if (views->store->functions->scan_entities(views->store, partition, ENTITY_FORM, &cursor, request->arena, &page) !=
            STORE_OK)
            break;
        for (size_t i = 0; i < page.count; i++) {
            const struct stored_entity *at = &page.at[i];
            const struct filled_form *other = entity_read(ENTITY_FORM, at->id, at->packed, request->arena);
            if (!other || strcmp(other->site, form->site))
                continue;
            for (size_t k = 0; k < other->links.count; k++)
                if (!strcmp(other->links.at[k], about))
                    json_array_append_new(list, json_string(strchr(other->id, '/') + 1));
        }
    } while (cursor);
    return list;
}

void view_form_add(struct views *views, const struct view_request *request, const void *record, json_t *to)
{
    const struct filled_form *form = record;
    const struct form *described = description(views, form, request->arena);
    if (described) {
        json_object_set_new(to, "zh", json_string(described->zh));
        json_object_set_new(to, "en", json_string(described->en));
    }
    if (!*request->rest)
        return;
    json_t *missing = json_array(), *personal = request->personal ? personal_json(views, request, form) : NULL;
    for (size_t i = 0; described && i < described->field_count; i++) {
        const struct form_field *field = &described->fields[i];
        bool told = json_object_get(json_object_get(to, "fields"), field->name) || json_object_get(personal, field->name);
        if (field->required && !told && (!field->personal || request->personal))
            json_array_append_new(missing, json_string(field->name));
    }
    if (personal)
        json_object_set_new(to, "personal", personal);
    json_object_set_new(to, "missing", missing);
    json_object_set_new(to, "linked_by", linked_by(views, request, form));
}

/* -------- which forms there are */

static json_t *choices_json(struct texts choices)
{
    json_t *list = json_array();
    for (size_t i = 0; i < choices.count; i++)
        json_array_append_new(list, json_string(choices.at[i]));
    return list;
}

static json_t *field_json(const struct form_field *field)
{
    json_t *to = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b}", "field", field->name, "kind", kind_words[field->kind],
                           "zh", field->zh, "en", field->en, "required", field->required, "personal", field->personal,
                           "asked", field->asked);
    if (field->choices.count)
        json_object_set_new(to, "choices", choices_json(field->choices));
    if (*field->form)
        json_object_set_new(to, "form", json_string(field->form));
    if (field->has_min)
        json_object_set_new(to, "min", json_integer(field->min));
    if (field->has_max)
        json_object_set_new(to, "max", json_integer(field->max));
    return to;
}

/* `asked_only`: what a customer is asked for, and no more. */
static json_t *form_json(const struct form *form, bool asked_only)
{
    json_t *fields = json_array();
    for (size_t i = 0; i < form->field_count; i++)
        if (!asked_only || form->fields[i].asked)
            json_array_append_new(fields, field_json(&form->fields[i]));
    return json_pack("{s:s, s:s, s:s, s:o}", "form", form->name, "zh", form->zh, "en", form->en, "fields", fields);
}

struct view_answer view_blanks(struct views *views, const struct view_request *request)
{
    const char *site_id = asked_for(request, "site");
    if (!*site_id || !request->may_see(request->context, site_id))
        return view_error(*site_id ? 403 : 400, "site", "which site? site=…");
    const struct site *site = view_site(views, site_id, request->arena);
    json_t *list = json_array();
    for (size_t i = 0; site && i < site->playbook_count; i++) {
        const struct playbook *playbook = site->playbooks[i].playbook;
        for (size_t k = 0; k < playbook->form_count; k++) {
            if (*request->rest && strcmp(request->rest, playbook->forms[k].name))
                continue;
            json_t *form = form_json(&playbook->forms[k], false);
            json_object_set_new(form, "playbook", json_string(playbook->name));
            json_object_set_new(form, "shop", json_string(site->staff ? site->staff->shop.name : site_id));
            json_object_set_new(form, "shop_en", json_string(site->staff ? site->staff->shop.name_en : site_id));
            json_array_append_new(list, form);
        }
    }
    if (!*request->rest)
        return (struct view_answer){200, list};
    json_t *first = json_incref(json_array_get(list, 0));
    json_decref(list);
    return first ? (struct view_answer){200, first}
                 : view_error(404, "no playbook in force has such a form", "GET /v1/blanks?site=… lists them");
}

/* -------- what a link asks */

bool view_link_is_right(struct sealer *sealer, const char *site, const char *task, const char *code)
{
    char right[24] = "";
    if (!sealer)
        return false;
    seal_link_code(sealer, site, task, right);
    return strlen(code) == strlen(right) && !sodium_memcmp(code, right, strlen(right));
}

/* SITE/TASK/CODE into its parts; false: it has not got three. */
static bool link_parts(const struct view_request *request, const char *ret[3])
{
    const char *first = strchr(request->rest, '/'), *last = strrchr(request->rest, '/');
    if (!first || first == last)
        return false;
    ret[0] = arena_text(request->arena, request->rest, (size_t)(first - request->rest));
    ret[1] = arena_text(request->arena, first + 1, (size_t)(last - first - 1));
    ret[2] = last + 1;
    return true;
}

struct view_answer view_answers(struct views *views, const struct view_request *request)
{
    const char *parts[3];
    if (!link_parts(request, parts) || !request->may_see(request->context, parts[0]) ||
        !view_link_is_right(views->sealer, parts[0], parts[1], parts[2]))
        return view_error(404, "this link leads nowhere", "it is SITE/TASK/CODE, as the message had it");
    const struct task *task = view_entity(views, ENTITY_TASK, parts[0],
                                          arena_printf(request->arena, "%s/%s", parts[0], parts[1]), request->arena);
    const struct playbook *playbook = task ? content_playbook(views->contents, task->playbook_hash) : NULL;
    const struct form *form = playbook ? playbook_form(playbook, task->form) : NULL;
    if (!task)
        return no_store(views);
    if (!form || task->state == TASK_CLOSED)
        return view_error(410, "closed", "this has been answered already");
    return (struct view_answer){200, form_json(form, true)};
}
