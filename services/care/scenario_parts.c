/* What a scenario brings, wherever it is played: settings, events, and when. */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "scenario.h"
#include "setting_file.h"

enum { WRONG_MAX = 200 };

/* -------- settings */

static void wrong_add(struct texts *wrong, const char *line)
{
    if (wrong->count < WRONG_MAX)
        wrong->at[wrong->count++] = line;
}

static struct slice replaced(const struct changed_file *changed, struct slice content, struct arena *arena,
                             struct texts *wrong)
{
    const char *text = arena_text(arena, content.at, content.bytes);
    for (size_t i = 0; i < changed->count; i++) {
        const char *from = changed->from[i], *at = strstr(text, from);
        if (!at)
            wrong_add(wrong, arena_printf(arena, "the text to be replaced is not in %s: %s", changed->path, from));
        else
            text = arena_printf(arena, "%.*s%s%s", (int)(at - text), text, changed->to[i], at + strlen(from));
    }
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

struct texts scenario_setting(const char *deploy, const char *name, const struct changed_file *changed,
                              struct arena *arena, struct setting_file *ret)
{
    struct texts wrong = {arena_alloc(arena, WRONG_MAX * sizeof *wrong.at), 0};
    const char *path = arena_printf(arena, "%s/%s", deploy, name);
    struct mistakes mistakes = {.file = path, .arena = arena};
    if (!setting_read(path, arena, ret, &mistakes)) {
        for (size_t i = 0; mistakes.lines && i < mistakes.count && i < WRONG_MAX; i++)
            wrong_add(&wrong, mistakes.lines[i]);
        if (!wrong.count)
            wrong_add(&wrong, arena_printf(arena, "cannot read %s", path));
    } else if (changed->path && strcmp(name, changed->path) == 0) {
        ret->content = replaced(changed, ret->content, arena, &wrong);
    }
    return wrong;
}

/* -------- events */

json_t *scenario_event(const struct scenario *scenario, const struct happening *happening, size_t number,
                       struct arena *arena)
{
    const char *id = happening->id ? happening->id : arena_printf(arena, "%zu", number);
    json_t *event = json_pack("{s:s, s:s, s:s, s:s, s:s, s:O}", "type", event_types[happening->number].name, "site",
                              scenario->site, "id", id, "source", "scenario", "customer",
                              happening->customer ? happening->customer : "", "data", happening->data);
    if (happening->occurred_at)
        json_object_set_new(event, "occurred_at", json_string(moment_text(arena, happening->occurred_at, 0)));
    return event;
}

/* -------- when */

static int by_time(const void *a, const void *b)
{
    const struct happening *left = a, *right = b;
    return left->at != right->at ? (left->at < right->at ? -1 : 1) : left->line - right->line;
}

wall_ms scenario_next_instant(const struct scenario *scenario, wall_ms now)
{
    wall_ms next = scenario->until;
    for (size_t i = 0; i < scenario->happening_count; i++)
        if (scenario->happenings[i].at > now && scenario->happenings[i].at < next)
            next = scenario->happenings[i].at;
    for (size_t i = 0; i < scenario->expectation_count; i++) {
        const struct expectation *expectation = &scenario->expectations[i];
        bool looked_at = expectation->what == EXPECT_ENTITY || expectation->what == EXPECT_CLOCK;
        if (looked_at && expectation->at > now && expectation->at < next)
            next = expectation->at;
    }
    return next;
}

void scenario_order(struct scenario *scenario)
{
    qsort(scenario->happenings, scenario->happening_count, sizeof *scenario->happenings, by_time);
}
