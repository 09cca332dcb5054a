#include "pace.h"

#include <stdio.h>
#include <time.h>

#define PATH "/v1/clock/participants"

enum { TRIES = 100, TRY_MS = 300 };

static void rest_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

/* Says something, and learns what time it is then. */
static bool say(struct pace *pace, const char *path, json_t *saying)
{
    struct client_answer answer = {0};
    for (int try = 0; try < TRIES && answer.status != 200; try++) {
        if (try)
            rest_ms(TRY_MS);
        json_decref(answer.body);
        answer = client_post(pace->client, path, saying);
    }
    if (answer.status == 200)
        pace->now = json_integer_value(json_object_get(answer.body, "now_ms"));
    json_decref(answer.body);
    json_decref(saying);
    return answer.status == 200;
}

bool pace_start(struct pace *pace)
{
    return say(pace, PATH, json_pack("{s:s, s:b}", "name", pace->name, "busy", 1));
}

/* The answer comes when time has come there, or after some seconds: then it is said again, which also keeps the place. */
bool pace_until(struct pace *pace, wall_ms at)
{
    char path[80];
    snprintf(path, sizeof path, PATH "?until=%lld", (long long)at);
    while (pace->now < at)
        if (!say(pace, path, json_pack("{s:s, s:I}", "name", pace->name, "wake_at", (json_int_t)at)))
            return false;
    return true;
}

void pace_leave(struct pace *pace)
{
    say(pace, PATH, json_pack("{s:s, s:b}", "name", pace->name, "leave", 1));
}
