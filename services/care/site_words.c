/* What people type short: ids without their site, times in the site's own zone. */
#include <stdlib.h>
#include <string.h>

#include "cell_values.h"
#include "command.h"
#include "json.h"

const char *full_id(const struct invocation *call, const char *id)
{
    if (!id || strchr(id, '/'))
        return id;
    const char *site = site_of_call(call, id);
    return site ? arena_printf(call->arena, "%s/%s", site, id) : NULL;
}

const struct calendar *site_calendar(const struct invocation *call, const char *site)
{
    const char *path = arena_printf(call->arena, "/v1/config?site=%s&kind=calendar", url_text(call->arena, site));
    struct client_answer answer = client_get(call->client, path);
    const char *content = json_string_value(json_object_get(json_array_get(answer.body, 0), "content"));
    struct mistakes mistakes = {.file = "calendar", .arena = call->arena};
    const struct calendar *calendar = NULL;
    if (answer.status == 200 && content) {
        struct slice yaml = {(const uint8_t *)arena_string(call->arena, content), strlen(content)};
        calendar = calendar_parse(yaml, call->arena, &mistakes);
    }
    json_decref(answer.body);
    return calendar;
}

const char *site_time(const struct invocation *call, const char *site, const char *text)
{
    struct cell_date date;
    wall_ms at;
    if (!text || moment_parse(text, &at) || !cell_date(text, &date) || !date.has_time)
        return text;                    /* with its offset; or no time, as the system will say */
    const struct calendar *calendar = site ? site_calendar(call, site) : NULL;
    if (!calendar)
        return text;
    at = calendar_instant(calendar, date.year, date.month, date.day, date.hour, date.minute, date.second);
    return moment_text(call->arena, at, calendar_offset_min(calendar, at));
}
