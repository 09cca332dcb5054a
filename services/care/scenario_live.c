#include "scenario_live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fnv.h"
#include "pace.h"
#include "scenario_state.h"
#include "seal.h"

enum { WRONG_MAX = 200, LOOKS_MAX = 20000, LOOK_MS = 3 };

struct live {
    struct live_play *plays;
    size_t count;
    const char *deploy;
    struct pace pace;
    struct arena *arena;
};

static void wrong_add(struct live_play *play, struct arena *arena, const char *line)
{
    if (!play->wrong.at)
        play->wrong.at = arena_alloc(arena, WRONG_MAX * sizeof *play->wrong.at);
    if (play->wrong.count < WRONG_MAX)
        play->wrong.at[play->wrong.count++] = line;
}

/* -------- a site of its own */

static const char *site_of_file(const char *file, struct arena *arena)
{
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    return arena_text(arena, name, strcspn(name, "."));
}

/* Texts that are ids of the site that the scenario names. A new reference. */
static json_t *moved(json_t *value, const char *from, const char *to, struct arena *arena)
{
    const char *key, *text = json_string_value(value);
    json_t *member, *copy;
    size_t i, bytes = strlen(from);
    if (text && !strncmp(text, from, bytes) && text[bytes] == '/')
        return json_string(arena_printf(arena, "%s%s", to, text + bytes));
    if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach(value, i, member)
            json_array_append_new(copy, moved(member, from, to, arena));
        return copy;
    }
    if (!json_is_object(value))
        return json_incref(value);
    copy = json_object();
    json_object_foreach(value, key, member)
        json_object_set_new(copy, key, moved(member, from, to, arena));
    return copy;
}

static bool tells_of_somebody(const json_t *data, const struct record *record)
{
    for (size_t i = 0; i < record->field_count; i++)
        if ((record->fields[i].flags & PERSONAL) && json_object_get(data, record->fields[i].name))
            return true;
    return false;
}

/* A name in place of the id that is made of mobile or e-mail; for somebody unknown, of the fact. NULL: about nobody. */
static const char *customer_named(const struct scenario *scenario, size_t number, struct arena *arena)
{
    const struct happening *happening = &scenario->happenings[number];
    const char *contact = json_string_value(json_object_get(happening->data, "mobile"));
    if (!contact || !*contact)
        contact = json_string_value(json_object_get(happening->data, "email"));
    if (!contact || !*contact)
        return tells_of_somebody(happening->data, event_types[happening->number].data)
                   ? arena_printf(arena, "unknown-%zu", number) : NULL;
    contact = contact_normal(arena, contact);
    return arena_printf(arena, "c%016llx", (unsigned long long)fnv_bytes(FNV_START, contact, strlen(contact)));
}

static void settle_in(struct scenario *scenario, struct arena *arena)
{
    const char *from = scenario->site, *to = site_of_file(scenario->file, arena);
    for (size_t i = 0; i < scenario->happening_count; i++) {
        struct happening *happening = &scenario->happenings[i];
        json_t *data = moved(happening->data, from, to, arena);
        json_decref(happening->data);
        happening->data = data;
        bool named = happening->customer && *happening->customer;
        if (!named && event_types[happening->number].class == FACT)
            happening->customer = customer_named(scenario, i, arena);
    }
    for (size_t i = 0; i < scenario->expectation_count; i++) {
        struct expectation *expectation = &scenario->expectations[i];
        if (expectation->id)
            expectation->id = arena_printf(arena, "%s%s", to, strchr(expectation->id, '/'));
    }
    scenario->site = to;
}

/* -------- in memory */

struct watching {
    struct live_play *play;
    FILE *sends;
};

static void on_sent(void *context, const struct send_order *order, enum send_result result)
{
    struct watching *watching = context;
    json_t *line = json_pack("{s:s, s:i, s:s, s:s}", "notice", order->notice, "attempt", (int)order->attempt, "channel",
                             words_name(&notice_channel_words, order->channel), "result",
                             words_name(&send_result_words, (int)result));
    json_dumpf(line, watching->sends, JSON_COMPACT);
    fputc('\n', watching->sends);
    json_decref(line);
}

static void on_ended(void *context, struct world *world)
{
    struct live_play *play = ((struct watching *)context)->play;
    state_add_world(play->simulated, world, play->scenario->site);
}

static void on_seen(void *context, const struct event *event, const void *data)
{
    state_add_seen(((struct watching *)context)->play->simulated, event, data);
}

/* What a stage says cannot be brought in from outside. */
static const char *what_cannot(const struct scenario *scenario, struct arena *arena)
{
    for (size_t i = 0; i < scenario->happening_count; i++) {
        const struct happening *happening = &scenario->happenings[i];
        int class = event_types[happening->number].class;
        if (!happening->apply.path && class != FACT && class != ACT)
            return arena_printf(arena, "line %d: %s is said by the system itself only", happening->line,
                                event_types[happening->number].name);
    }
    return NULL;
}

void live_prepare(struct live_play *play, const char *deploy, struct arena *arena, FILE *sends)
{
    struct watching watching = {play, sends};
    struct scenario_watch watch = {on_sent, on_seen, on_ended, &watching};
    struct texts ignored;               /* what does not hold is told where it runs as it stands */
    size_t events;
    scenario_order(play->scenario);
    play->cannot = what_cannot(play->scenario, arena);
    if (play->cannot)
        return;
    settle_in(play->scenario, arena);
    play->simulated = json_object();
    scenario_run(play->scenario, deploy, arena, &ignored, &events, &watch);
}

void live_play_free(struct live_play *play)
{
    json_decref(play->simulated);
    play->simulated = NULL;
}

/* -------- in the running system */

static void wait_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
}

/* Works until nothing more happens at this time in the site. false: it does not answer, or never comes to rest. */
static bool rest(struct live *live, const char *site)
{
    const char *path = arena_printf(live->arena, "/v1/clock?site=%s", url_text(live->arena, site));
    bool at_rest = false;
    for (int look = 0; look < LOOKS_MAX && !at_rest; look++) {
        if (look)
            wait_a_little();
        struct client_answer answer = client_get(live->pace.client, path);
        at_rest = answer.status == 200 && json_is_true(json_object_get(answer.body, "at_rest"));
        json_decref(answer.body);
    }
    return at_rest;
}

static bool is_taken(const struct client_answer *answer)
{
    return answer->status == 200 || answer->status == 201 || answer->status == 202 || answer->status == 409;
}

/* What the system cannot take just now it gets again, under the same id. */
static void post(struct live *live, struct live_play *play, const char *path, json_t *body, const char *what, int line)
{
    struct client_answer answer = client_post(live->pace.client, path, body);
    for (int look = 0; look < LOOKS_MAX && (answer.status == 503 || !answer.status); look++) {
        json_decref(answer.body);
        wait_a_little();
        answer = client_post(live->pace.client, path, body);
    }
    if (!is_taken(&answer))
        wrong_add(play, live->arena, arena_printf(live->arena, "line %d: %s: %s", line, what, answer.message));
    json_decref(answer.body);
    json_decref(body);
}

static void apply(struct live *live, struct live_play *play, const char *name, const struct changed_file *changed,
                  size_t number, int line)
{
    struct setting_file file;
    char hash[65];
    struct texts wrong = scenario_setting(live->deploy, name, changed, live->arena, &file);
    for (size_t i = 0; i < wrong.count; i++)
        wrong_add(play, live->arena, wrong.at[i]);
    if (wrong.count)
        return;
    const char *kind = words_name(&config_kind_words, file.kind);
    content_hash(file.content, hash);
    post(live, play, "/v1/contents",
         json_pack("{s:s, s:s, s:s, s:s%}", "kind", kind, "name", file.name, "hash", hash, "content",
                   (const char *)file.content.at, file.content.bytes), name, line);
    post(live, play, "/v1/events",
         json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s}}", "id",
                   arena_printf(live->arena, "%zu.%s", number, file.name), "source", "scenario.settings", "type",
                   "config.activated", "site", play->scenario->site, "data", "kind", kind, "name", file.name, "hash",
                   hash), name, line);
}

static bool begin(struct live *live, struct live_play *play)
{
    const struct scenario *scenario = play->scenario;
    client_act_as(live->pace.client, NULL, NULL);
    for (size_t i = 0; i < scenario->setup_count; i++)
        apply(live, play, scenario->setup_paths[i], &scenario->changed, i, 0);
    play->begun = true;
    return rest(live, scenario->site);
}

static bool happen(struct live *live, struct live_play *play, size_t number)
{
    const struct happening *happening = &play->scenario->happenings[number];
    client_act_as(live->pace.client, happening->actor, happening->role);
    if (happening->apply.path) {
        apply(live, play, happening->apply.path, &happening->apply, play->scenario->setup_count + number,
              happening->line);
    } else {
        bool act = event_types[happening->number].class == ACT;
        post(live, play, act ? "/v1/acts" : "/v1/events",
             scenario_event(play->scenario, happening, number, live->arena), event_types[happening->number].name,
             happening->line);
    }
    return rest(live, play->scenario->site);
}

static bool end(struct live *live, struct live_play *play)
{
    const char *message = "";
    json_t *state = state_of_system(live->pace.client, play->scenario->site, live->arena, &message);
    if (!state)
        return false;
    struct texts lines = state_differences(play->simulated, state, live->arena);
    for (size_t i = 0; i < lines.count; i++)
        wrong_add(play, live->arena, lines.at[i]);
    play->entities = json_object_size(state);
    play->ended = true;
    json_decref(state);
    return true;
}

/* All that this scenario has at this instant. */
static bool work(struct live *live, struct live_play *play, wall_ms now)
{
    const struct scenario *scenario = play->scenario;
    if (!play->begun && scenario->start <= now && !begin(live, play))
        return false;
    if (!play->begun || !rest(live, scenario->site))
        return !play->begun;
    for (; play->next < scenario->happening_count && scenario->happenings[play->next].at <= now; play->next++)
        if (!happen(live, play, play->next))
            return false;
    return now < scenario->until || end(live, play);
}

static wall_ms next_of(const struct live_play *play)
{
    const struct scenario *scenario = play->scenario;
    wall_ms next = play->begun ? scenario->until : scenario->start;
    if (play->begun && play->next < scenario->happening_count && scenario->happenings[play->next].at < next)
        next = scenario->happenings[play->next].at;
    return next;
}

/* The scenario whose turn is next; NULL: all have ended. */
static struct live_play *next_play(const struct live *live)
{
    struct live_play *next = NULL;
    for (size_t i = 0; i < live->count; i++) {
        struct live_play *play = &live->plays[i];
        if (!play->cannot && !play->ended && (!next || next_of(play) < next_of(next)))
            next = play;
    }
    return next;
}

bool live_run(struct live_play *plays, size_t count, const char *deploy, struct client *client, struct arena *arena)
{
    struct live live = {plays, count, deploy, {.client = client, .name = "scenarios"}, arena};
    struct live_play *play;
    bool answers = pace_start(&live.pace);
    while (answers && (play = next_play(&live)))
        answers = pace_until(&live.pace, next_of(play)) && work(&live, play, live.pace.now);
    for (size_t i = 0; i < count; i++)
        if (!plays[i].cannot && !plays[i].ended)
            wrong_add(&plays[i], arena, "it was not played to its end: the system does not answer, or does not come to rest");
    pace_leave(&live.pace);
    return answers;
}
