/* robots: plays the staff of a site through the public interface only. What they do depends on the seed and on what they
 * work on, never on chance or on how fast anything is, so that a run can be repeated. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "fnv.h"
#include "json.h"
#include "pace.h"
#include "random.h"
#include "site.h"

struct robots {
    struct invocation *call;
    struct pace pace;
    const char *site;
    const struct staff *staff;
    const struct calendar *calendar;
    uint64_t seed;
    FILE *journal;
    size_t calls, acts;
    size_t done[16];            /* by enum outcome */
};

/* The same number for the same seed, thing and purpose. */
static uint64_t roll(const struct robots *robots, const char *thing, const char *purpose, uint64_t below)
{
    struct dice dice = dice_of(fnv_text(fnv_text(FNV_START ^ robots->seed, thing), purpose));
    return dice_below(&dice, below);
}

/* -------- acts */

static void write_journal(struct robots *robots, const json_t *body, const struct client_answer *answer)
{
    if (!robots->journal)
        return;
    json_t *line = json_pack("{s:O, s:i, s:O*}", "act", body, "status", answer->status, "answer", answer->body);
    json_dumpf(line, robots->journal, JSON_COMPACT);
    fputc('\n', robots->journal);
    fflush(robots->journal);
    json_decref(line);
}

/* Posts an act until it has an answer; its id makes repeating safe. The answer's body is the caller's. */
static struct client_answer do_act(struct robots *robots, const char *type, const char *who, json_t *data)
{
    enum { TRIES = 60 };
    char id[17];
    random_hex(id, 16);
    json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", id, "source", "robots", "type", type, "site",
                             robots->site, "data", data);
    client_act_as(robots->pace.client, who, NULL);
    struct client_answer answer = {0};
    for (int try = 0; try < TRIES; try++) {
        json_decref(answer.body);
        answer = client_post(robots->pace.client, "/v1/acts", body);
        if (answer.status == 200 || answer.status == 409 ||
            (answer.status >= 400 && answer.status < 500 && answer.status != 429))
            break;
        pace_start(&robots->pace);          /* asks again and again until the system answers */
    }
    robots->acts++;
    write_journal(robots, body, &answer);
    json_decref(body);
    return answer;
}

/* -------- calls */

static json_t *outcome_of(struct robots *robots, const char *task, size_t attempt)
{
    const char *name = arena_printf(robots->call->arena, "%s#%zu", task, attempt);
    uint64_t chance = roll(robots, name, "outcome", 1000);
    json_t *data = json_pack("{s:s, s:I}", "task", task, "talk_seconds",
                             (json_int_t)(30 + roll(robots, name, "seconds", 300)));
    const char *outcome = chance < 180 ? "no_answer" : chance < 230 ? "busy" : chance < 245 ? "wrong_number"
                        : chance < 280 ? "refused" : chance < 320 ? "call_back" : "completed";
    json_object_set_new(data, "outcome", json_string(outcome));
    robots->done[words_find(&outcome_words, outcome)]++;
    if (strcmp(outcome, "call_back") == 0) {
        wall_ms at = calendar_add_days(robots->calendar, robots->pace.now, 1);
        struct local_time local = calendar_local(robots->calendar, at);
        at = calendar_instant(robots->calendar, local.year, local.month, local.day, 16,
                              (int)roll(robots, name, "minute", 60), 0);
        json_object_set_new(
            data, "call_back_at",
            json_string(moment_text(robots->call->arena, at, calendar_offset_min(robots->calendar, at))));
    } else if (strcmp(outcome, "completed") == 0) {
        uint64_t mood = roll(robots, name, "mood", 100);
        int score = mood < 4 ? 1 : mood < 9 ? 2 : mood < 20 ? 3 : mood < 55 ? 4 : 5;
        json_object_set_new(data, "satisfaction", json_integer(score));
        if (score <= 2) {
            json_object_set_new(data, "understood", json_string("客户对本次服务不满意，希望有人尽快联系"));
            json_object_set_new(data, "read_back", json_string("yes"));
            json_object_set_new(data, "remedy", json_string("由负责人当天回电，约定处理时间"));
        }
        if (score == 1)
            json_object_set_new(data, "complaint", json_string("车辆问题没有解决，要求尽快处理"));
    }
    return data;
}

/* Takes the next task of the agent's lists and works it at once. false: nothing is on them, which holds for whoever has the
 * same role. */
static bool take_call(struct robots *robots, const struct person *agent)
{
    struct client_answer claimed = do_act(robots, "task.claim", agent->id, json_pack("{s:s}", "agent", agent->id));
    const json_t *data = json_object_get(claimed.body, "data");
    const char *task = claimed.status == 200 ? json_string_value(json_object_get(data, "task")) : NULL;
    if (task) {
        size_t attempt = (size_t)json_integer_value(json_object_get(data, "attempts"));
        struct client_answer answer = do_act(robots, "task.outcome", agent->id, outcome_of(robots, task, attempt));
        json_decref(answer.body);
        robots->calls++;
    }
    const char *reason = json_string_value(json_object_get(data, "reason"));
    bool nothing = claimed.status == 409 && reason && strcmp(reason, "nothing_due") == 0;
    json_decref(claimed.body);
    return !nothing;
}

static bool is_agent(const struct person *person)
{
    return person_has_role(person, "follow-up-agent");
}

/* Is anything on the lists? Looking costs the system less than asking for a task that is not there. */
static bool lists_hold_something(struct robots *robots)
{
    const char *path = arena_printf(robots->call->arena, "/v1/tasks?state=open&limit=1&site=%s",
                                    url_text(robots->call->arena, robots->site));
    struct client_answer answer = client_get(robots->pace.client, path);
    bool something = answer.status != 200 || json_array_size(answer.body);
    json_decref(answer.body);
    return something;
}

/* Each agent takes a call, another one first in each look. */
static void work_calls(struct robots *robots, size_t look)
{
    size_t count = robots->staff->count;
    bool more = lists_hold_something(robots);
    for (size_t i = 0; i < count && more; i++) {
        const struct person *person = &robots->staff->people[(i + look) % count];
        if (is_agent(person))
            more = take_call(robots, person);
    }
}

/* -------- complaints */

/* What the holder of a case does next in each state, how soon as a rule (minutes), and at the latest when careless. */
static const struct next_act { const char *state, *act; int soon_min, late_min; } next_acts[] = {
    {"received", "case.acknowledge", 40, 2000},
    {"acknowledged", "case.assess", 60, 3000},
    {"assessed", "case.assign", 30, 300},
    {"assigned", "case.start", 60, 600},
    {"reopened", "case.start", 60, 600},
    {"in_progress", "case.resolve", 1500, 12000},
    {"resolved", "case.verify", 600, 6000},
    {"verified", "case.close", 120, 600},
};

/* How the customer takes the result: of each round anew. */
static json_int_t verdict(const struct robots *robots, const json_t *complaint, const char *id)
{
    const char *round = arena_printf(robots->call->arena, "verify %lld",
                                     (long long)json_integer_value(json_object_get(complaint, "reopened")));
    return (json_int_t)(1 + roll(robots, id, round, 5));
}

static json_t *case_data(struct robots *robots, const json_t *complaint, const char *act, const char *holder)
{
    const char *id = json_string_value(json_object_get(complaint, "id"));
    json_t *data = json_pack("{s:s}", "case_id", id);
    if (strcmp(act, "case.assign") == 0)
        json_object_set_new(data, "assignee", json_string(holder));
    if (strcmp(act, "case.verify") == 0)
        json_object_set_new(data, "satisfaction", json_integer(verdict(robots, complaint, id)));
    if (strcmp(act, "case.resolve") == 0 || strcmp(act, "case.close") == 0)
        json_object_set_new(data, "cause_found", json_string("零件磨损，已更换"));
    return data;
}

static wall_ms last_change(const json_t *complaint)
{
    wall_ms last = 0, at = 0;
    size_t i;
    json_t *clock;
    if (moment_parse(json_string_value(json_object_get(complaint, "opened_at")), &at))
        last = at;
    json_array_foreach(json_object_get(complaint, "clocks"), i, clock) {
        const char *met = json_string_value(json_object_get(clock, "met_at"));
        if (met && *met && moment_parse(met, &at) && at > last)
            last = at;
    }
    return last;
}

static void work_case(struct robots *robots, const json_t *complaint)
{
    const char *id = json_string_value(json_object_get(complaint, "id"));
    const char *state = json_string_value(json_object_get(complaint, "state"));
    const char *holder = json_string_value(json_object_get(complaint, "assignee"));
    for (size_t i = 0; id && state && i < sizeof next_acts / sizeof *next_acts; i++) {
        const struct next_act *next = &next_acts[i];
        if (strcmp(next->state, state) != 0)
            continue;
        bool careless = roll(robots, id, state, 100) < 15;
        uint64_t minutes = roll(robots, id, next->act, (uint64_t)(careless ? next->late_min : next->soon_min));
        if (last_change(complaint) + (wall_ms)minutes * MINUTE_MS > robots->pace.now)
            return;
        const char *who = holder && *holder ? holder : "administrator";
        struct client_answer answer = do_act(robots, next->act, who, case_data(robots, complaint, next->act, who));
        json_decref(answer.body);
        return;
    }
}

static void work_cases(struct robots *robots)
{
    const char *path = arena_printf(robots->call->arena, "/v1/cases?open=yes&site=%s",
                                    url_text(robots->call->arena, robots->site));
    struct client_answer answer = client_get(robots->pace.client, path);
    size_t i;
    json_t *complaint;
    if (answer.status == 200)
        json_array_foreach(answer.body, i, complaint)
            work_case(robots, complaint);
    json_decref(answer.body);
}

/* -------- the day */

static const char *content(struct robots *robots, const char *kind)
{
    struct client_answer answer = client_get(robots->pace.client,
                                             arena_printf(robots->call->arena, "/v1/config?site=%s&kind=%s",
                                                          url_text(robots->call->arena, robots->site), kind));
    const char *text = json_string_value(json_object_get(json_array_get(answer.body, 0), "content"));
    const char *copy = text ? arena_string(robots->call->arena, text) : NULL;
    json_decref(answer.body);
    return copy;
}

static bool learn_site(struct robots *robots)
{
    const char *staff = content(robots, "staff"), *calendar = content(robots, "calendar");
    struct mistakes mistakes = {.file = robots->site, .arena = robots->call->arena};
    if (staff)
        robots->staff = staff_parse((struct slice){(const uint8_t *)staff, strlen(staff)}, robots->call->arena,
                                    &mistakes);
    if (calendar)
        robots->calendar = calendar_parse((struct slice){(const uint8_t *)calendar, strlen(calendar)},
                                          robots->call->arena, &mistakes);
    if (!robots->staff || !robots->calendar)
        fprintf(stderr, "care: site %s has no staff or no calendar yet; care apply sets it up\n", robots->site);
    return robots->staff && robots->calendar;
}

/* The next look at the lists: every so many minutes, while the site is open or a window is. */
static wall_ms next_look(const struct robots *robots, int64_t every_min)
{
    wall_ms next = (robots->pace.now / (every_min * MINUTE_MS) + 1) * every_min * MINUTE_MS;
    struct opening opening;
    if (calendar_is_open(robots->calendar, calendar_business(robots->calendar), next))
        return next;
    return calendar_next_opening(robots->calendar, calendar_business(robots->calendar), next, &opening) ? opening.from
                                                                                                        : next + DAY_MS;
}

static void tell(const struct robots *robots)
{
    json_t *sum = json_pack("{s:I, s:I}", "calls", (json_int_t)robots->calls, "acts", (json_int_t)robots->acts);
    for (size_t i = 1; i < outcome_words.count && i < 16; i++)
        if (robots->done[i])
            json_object_set_new(sum, outcome_words.word[i], json_integer((json_int_t)robots->done[i]));
    char *text = json_dumps(sum, JSON_COMPACT);
    puts(text);
    free(text);
    json_decref(sum);
}

static bool until_of(struct invocation *call, wall_ms *ret)
{
    const char *text = option(call, "until");
    *ret = INT64_MAX;
    if (!text || moment_parse(text, ret))
        return true;
    fprintf(stderr, "care: --until wants a time like 2026-04-20T00:00:00+08:00\n");
    return false;
}

int run_robots(struct invocation *call)
{
    wall_ms until;
    const char *site = site_of_call(call, NULL), *every = option(call, "every"), *journal = option(call, "journal");
    struct robots robots = {.call = call, .pace = {.client = call->client}, .site = site,
                            .seed = option(call, "seed") ? strtoull(option(call, "seed"), NULL, 10) : 1};
    int64_t every_min = every ? strtoll(every, NULL, 10) : 5;
    if (!site || every_min < 1 || !until_of(call, &until))
        return EXIT_USAGE;
    robots.pace.name = arena_printf(call->arena, "robots-%s", site);      /* those of another site take part beside them */
    if (!pace_start(&robots.pace) || !learn_site(&robots))
        return EXIT_NO_ANSWER;
    if (journal && !(robots.journal = fopen(journal, "ae"))) {
        fprintf(stderr, "care: cannot write %s: %m\n", journal);
        return EXIT_USAGE;
    }
    bool answers = true;
    for (size_t look = 0; answers && robots.pace.now < until; look++) {
        wall_ms next = next_look(&robots, every_min);
        answers = pace_until(&robots.pace, next < until ? next : until);
        if (answers && robots.pace.now < until) {
            work_calls(&robots, look);
            if (look % 6 == 0)
                work_cases(&robots);
        }
    }
    pace_leave(&robots.pace);
    tell(&robots);
    if (robots.journal)
        fclose(robots.journal);
    return answers ? EXIT_OK : EXIT_NO_ANSWER;
}
