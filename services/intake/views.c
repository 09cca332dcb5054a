#include "views.h"

#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "partition.h"

const struct view_route view_routes[] = {
    {"GET", "/v1/tasks", view_tasks, "work lists", "site, agent, role, customer, state (open, claimed, waiting, closed), limit"},
    {"GET", "/v1/screens", view_screen,
     "a call's screen: the customer and what was before, the script with its branches, phrases to avoid, questions, what comes next",
     "lang (zh, en; the customer's)"},
    {"GET", "/v1/cases", view_cases, "complaints with their clocks", "site, state, open (yes, no), grade, category, voice, role, assignee, customer, limit"},
    {"GET", "/v1/case-files", view_case_file, "the whole file of a case: every event, call, notice and attachment in order", ""},
    {"GET", "/v1/complaints/pareto", view_pareto, "a month's complaints by cause, category, product and employee, most first",
     "site, month (as 2026-03), by (cause, category, product, employee; all of them)"},
    {"GET", "/v1/customers", view_customers, "customers", "site, class, limit"},
    {"GET", "/v1/notices", view_notices, "messages", "site, state (dead, held, waiting, sending, sent …), customer, limit"},
    {"GET", "/v1/books", view_books, "forms counted, page by page, with what is stated against them", "site, book, limit"},
    {"GET", "/v1/plans", view_plans, "planned follow-ups", "site, customer, limit"},
    {"GET", "/v1/forms", view_forms, "forms with what stands in them; one of them with what is missing and which others name it",
     "site, form, open (yes: something is still missing), customer, limit"},
    {"GET", "/v1/blanks", view_blanks, "the forms that can be filled in, field by field", "site"},
    {"GET", "/v1/answers", view_answers, "what the link SITE/TASK/CODE of a message asks its customer", ""},
    {"GET", "/v1/points", view_points, "entries of the loyalty points ledger; a customer's account stands in /v1/customers/ID",
     "site, customer, state (asked, booked, declined), limit"},
    {"GET", "/v1/workshop", view_workshop, "a workshop's day: technicians, bays, jobs, free time; with /offers the places that a job could have; with /waiting each car's stage, masked, with /waiting/JOB one car's",
     "site, day (as 2026-03-10; today), free (minutes that free time must have); offers: minutes, skill, equipment, technician, ready_by, limit"},
    {"GET", "/v1/events", view_events, "the log", "site, type, from (cursor of the last answer, seq, start or now), limit"},
    {"GET", "/v1/trace", view_trace, "what led to what", "site"},
    {"GET", "/v1/status", view_status, "the installation at a glance", ""},
    {"GET", "/v1/consumers", view_consumers, "other teams' programs that have a durable name, and how far they are", ""},
    {"DELETE", "/v1/consumers", view_consumer_forget, "forget a durable name: the log waits for it no longer",
     "force (yes: though it was heard of a moment ago)"},
    {"GET", "/v1/check", view_check, "does every open entity have its timer and its list entry, and the reverse", "site"},
    {"GET", "/v1/config", view_config, "what is in force for a site", "site, kind (playbook, calendar, templates, staff, workshop), name; proposed (yes: what waits to be released)"},
    {"POST", "/v1/contents", view_contents_put, "store a playbook, calendar, set of templates, staff list or workshop, checked", ""},
    {"POST", "/v1/attachments", view_attachment_put,
     "store a copy of a paper for a customer, sealed: {site, customer, name, type, content}, content in base64, 512 KiB at most", ""},
    {"GET", "/v1/attachments", view_attachment, "such a copy: /v1/attachments/SITE/HASH", ""},
    {"GET", "/v1/clock", view_clock, "the installation's time",
     "until (wait until it has come there, at most five seconds), site (is all that was due there by now worked: at_rest)"},
    {"POST", "/v1/clock/participants", view_clock_park, "take part in stepped time: {name, wake_at} parks, {name, busy: true}, {name, leave: true}",
     "until (then wait until time has come there, at most five seconds)"},
};
const size_t view_route_count = sizeof view_routes / sizeof *view_routes;

struct view_answer view_error(int status, const char *error, const char *hint)
{
    return (struct view_answer){status, json_pack("{s:s, s:s}", "error", error, "hint", hint)};
}

uint32_t view_partitions(const struct views *views, const struct view_request *request, uint32_t *ret_first)
{
    const char *site = request->argument(request->context, "site");
    *ret_first = site ? partition_of_site(site, views->partitions) : 0;
    return site ? 1 : views->partitions;
}

const struct site *view_site(const struct views *views, const char *site, struct arena *arena)
{
    struct stored_entity entity;
    uint32_t partition = partition_of_site(site, views->partitions);
    enum store_status status = store_read_entities_one(views->store, partition, ENTITY_SCHEDULER_SITE, &site, 1,
                                                                      arena, &entity);
    if (status != STORE_OK || !entity.version)
        return NULL;
    const struct site_config *config = entity_read(ENTITY_SCHEDULER_SITE, site, entity.packed, arena);
    return config ? content_site(views->contents, site, config, arena) : NULL;
}

const void *view_entity(struct views *views, enum entity_kind kind, const char *site, const char *id, struct arena *arena)
{
    struct stored_entity entity;
    uint32_t partition = partition_of_site(site, views->partitions);
    bool read = store_read_entities_one(views->store, partition, kind, &id, 1, arena, &entity) == STORE_OK && entity.version;
    return read ? entity_read(kind, id, entity.packed, arena) : NULL;
}

static int site_offset(void *context, wall_ms at)
{
    const struct site *site = context;
    return site ? calendar_offset_min(site->calendar, at) : 0;
}

struct json_style view_style(const struct site *site)
{
    return (struct json_style){.offset_minutes = site_offset, .context = (void *)site, .empty_fields = true};
}

json_t *view_time(wall_ms at, const struct json_style *style, struct arena *arena)
{
    return at ? json_string(moment_text(arena, at, style->offset_minutes(style->context, at))) : json_null();
}

const char *view_mask(const char *text, struct arena *arena)
{
    if (!*text)
        return "";
    size_t first = 1;
    while (((unsigned char)text[first] & 0xc0) == 0x80)
        first++;
    return arena_printf(arena, "*%s", text + first);
}

int64_t view_number(const struct view_request *request, const char *name, int64_t otherwise, int64_t max)
{
    const char *text = request->argument(request->context, name);
    if (!text || !*text)
        return otherwise;
    int64_t number = strtoll(text, NULL, 10);
    return number < 0 ? 0 : number > max ? max : number;
}
