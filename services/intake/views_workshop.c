#include <string.h>

#include "civil.h"
#include "clock_record.h"
#include "entity.h"
#include "partition.h"
#include "views.h"
#include "views_waiting.h"

/* A workshop's day, as a board or a chart needs it, and the places that a job could have on it. Asked of the same
 * functions that book it. */

enum { OFFERS_DEFAULT = 8, OFFERS_MAX = 64, FREE_MINUTES_DEFAULT = 30 };

struct look {
    const struct site *site;
    struct json_style style;
    struct arena *arena;
    struct workday day;
};

static const char *asked(const struct view_request *request, const char *name)
{
    const char *text = request->argument(request->context, name);
    return text ? text : "";
}

static bool time_now(const struct views *views, struct arena *arena, wall_ms *ret)
{
    struct clock_record record;
    struct slice packed;
    wall_ms real = 0;
    if (clock_record_read(views->store, arena, &record, &packed) != STORE_OK ||
        (record.mode != CLOCK_STEPPED && views->store->functions->now(views->store, &real) != STORE_OK))
        return false;
    *ret = clock_record_now(&record, real);
    return true;
}

/* Noon of the date; `now` without one; 0: it is none. */
static wall_ms day_asked(const struct look *look, const char *text, wall_ms now)
{
    int64_t day;
    if (!*text)
        return now;
    if (strlen(text) != strlen("2026-03-10") || !civil_parse(text, &day))
        return 0;
    struct civil date = civil_date(day);
    return calendar_instant(look->site->calendar, date.year, date.month, date.day, 12, 0, 0);
}

static bool day_read(struct views *views, struct look *look, wall_ms at, wall_ms now)
{
    struct local_time local = calendar_local(look->site->calendar, at);
    const char *id = arena_printf(look->arena, "%s/%04d-%02d-%02d", look->site->id, local.year, local.month, local.day);
    struct stored_entity entity;
    const struct workshop_day *stored = NULL;
    if (store_read_entities_one(views->store, partition_of_site(look->site->id, views->partitions),
                                               ENTITY_WORKSHOP_DAY, &id, 1, look->arena, &entity) != STORE_OK)
        return false;
    if (entity.version) {
        stored = entity_read(ENTITY_WORKSHOP_DAY, id, entity.packed, look->arena);
        if (!stored)
            return false;
    }
    workday_open(&look->day, look->site->workshop, look->site->calendar, at, now, stored, id, look->arena);
    return true;
}

/* -------- the day */

static json_t *span_json(const struct look *look, wall_ms from, wall_ms to)
{
    return json_pack("{s:o, s:o}", "from", view_time(from, &look->style, look->arena), "to",
                     view_time(to, &look->style, look->arena));
}

static json_t *texts_json(struct texts texts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < texts.count; i++)
        json_array_append_new(list, json_string(texts.at[i]));
    return list;
}

static json_t *technician_json(const struct look *look, size_t number, const struct free_time *free_time,
                               size_t free_count)
{
    const struct technician *technician = &look->site->workshop->technicians[number];
    json_t *hours = json_array(), *free = json_array();
    for (int i = 0; i < look->day.hours[number].count; i++)
        json_array_append_new(hours, span_json(look, look->day.hours[number].opening[i].from,
                                               look->day.hours[number].opening[i].to));
    for (size_t i = 0; i < free_count; i++)
        if (free_time[i].technician == technician)
            json_array_append_new(free, span_json(look, free_time[i].from, free_time[i].to));
    return json_pack("{s:s, s:o, s:o, s:o}", "id", technician->id, "skills", texts_json(technician->skills), "hours",
                     hours, "free", free);
}

static json_t *day_json(const struct look *look, int64_t free_minutes)
{
    const struct workshop *workshop = look->site->workshop;
    const struct workshop_day *plan = &look->day.plan;
    json_t *technicians = json_array(), *bays = json_array(), *jobs = json_array(), *absences = json_array();
    struct free_time *free_time;
    size_t free_count = workday_free(&look->day, free_minutes, &free_time);
    for (size_t i = 0; i < workshop->technician_count; i++)
        json_array_append_new(technicians, technician_json(look, i, free_time, free_count));
    for (size_t i = 0; i < workshop->bay_count; i++)
        json_array_append_new(bays, json_pack("{s:s, s:o}", "id", workshop->bays[i].id, "equipment",
                                              texts_json(workshop->bays[i].equipment)));
    for (size_t i = 0; i < plan->jobs.count; i++)
        json_array_append_new(jobs, record_to_json(&workshop_job_record, &plan->jobs.at[i], &look->style));
    for (size_t i = 0; i < plan->absences.count; i++)
        json_array_append_new(absences, record_to_json(&workshop_absence_record, &plan->absences.at[i], &look->style));
    return json_pack("{s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "site", look->site->id,
                     "day", strrchr(plan->id, '/') + 1, "revision", (json_int_t)plan->revision,
                     "now", view_time(look->day.now, &look->style, look->arena),
                     "closes", view_time(look->day.closes, &look->style, look->arena),
                     "technicians", technicians, "bays", bays, "jobs", jobs, "absences", absences);
}

/* -------- offers */

static json_t *slot_json(const struct look *look, const struct slot *slot)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "technician", slot->technician->id, "bay", slot->bay->id,
                     "start_at", view_time(slot->start, &look->style, look->arena),
                     "end_at", view_time(slot->end, &look->style, look->arena),
                     "hand_over_at", view_time(slot->hand_over, &look->style, look->arena));
}

static struct view_answer offers_answer(const struct look *look, const struct view_request *request)
{
    const struct workshop_job job = {
        .job = "", .technician = "", .bay = "",
        .skill = asked(request, "skill"), .equipment = asked(request, "equipment"),
        .minutes = view_number(request, "minutes", 0, DAY_MS / MINUTE_MS),
    };
    const char *technician = asked(request, "technician"), *ready_by = asked(request, "ready_by");
    struct slot_wish wish = {.technician = workshop_technician(look->site->workshop, technician)};
    struct slot slots[OFFERS_MAX];
    if (job.minutes <= 0)
        return view_error(400, "minutes", "how long does the job take? minutes=60");
    if (*technician && !wish.technician)
        return view_error(400, "technician", "the workshop has no such technician");
    if (*ready_by && !moment_parse(ready_by, &wish.ready_by))
        return view_error(400, "ready_by", "a time with its offset, as 2026-03-10T16:00:00+08:00");
    int64_t max = view_number(request, "limit", OFFERS_DEFAULT, OFFERS_MAX);
    size_t count = max > 0 ? slot_offers(&look->day, &job, &wish, (size_t)max, slots) : 0;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, slot_json(look, &slots[i]));
    return (struct view_answer){200, list};
}

/* -------- the waiting room: the whole screen, or one job */

static struct view_answer waiting_answer(struct views *views, const struct view_request *request, const struct look *look)
{
    const char *job = request->rest + strlen("waiting");
    const struct workshop_day *plan = &look->day.plan;
    json_t *list = json_array();
    for (size_t i = 0; i < plan->jobs.count; i++) {
        if (*job && strcmp(plan->jobs.at[i].job, job + 1))
            continue;
        json_array_append_new(list, waiting_json(views, request, look->site, &plan->jobs.at[i], look->day.now));
    }
    if (!*job)
        return (struct view_answer){200, list};
    json_t *one = json_incref(json_array_get(list, 0));
    json_decref(list);
    return one ? (struct view_answer){200, one} : view_error(404, "no such job on this day", "/v1/workshop/waiting lists them");
}

struct view_answer view_workshop(struct views *views, const struct view_request *request)
{
    const char *site_id = asked(request, "site");
    struct look look = {.arena = request->arena};
    wall_ms now;
    if (!*site_id)
        return view_error(400, "site", "which site? site=…");
    if (!request->may_see(request->context, site_id))
        return view_error(403, "this key has no right at that site", "");
    look.site = view_site(views, site_id, request->arena);
    if (!look.site || !look.site->workshop)
        return view_error(404, "no workshop is set up for this site", "care apply workshop.yaml");
    look.style = view_style(look.site);
    if (!time_now(views, request->arena, &now))
        return view_error(503, "the store does not answer", views->store->functions->message(views->store));
    wall_ms at = day_asked(&look, asked(request, "day"), now);
    if (!at)
        return view_error(400, "day", "a date, as 2026-03-10");
    if (!day_read(views, &look, at, now))
        return view_error(503, "the plan cannot be read", views->store->functions->message(views->store));
    if (!strcmp(request->rest, "offers"))
        return offers_answer(&look, request);
    if (!strcmp(request->rest, "waiting") || !strncmp(request->rest, "waiting/", strlen("waiting/")))
        return waiting_answer(views, request, &look);
    if (*request->rest)
        return view_error(404, "no such view", "/v1/workshop, /v1/workshop/offers or /v1/workshop/waiting");
    return (struct view_answer){200, day_json(&look, view_number(request, "free", FREE_MINUTES_DEFAULT,
                                                                 DAY_MS / MINUTE_MS))};
}
