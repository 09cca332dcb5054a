#include "pace.h"

#include <string.h>
#include <time.h>

enum { TRIES = 100, TRY_MS = 300, SAY_AGAIN_S = 8 };

static void rest_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

/* One question about time; *ret_rest_ms is how long asking again can wait. */
static bool ask(struct pace *pace, json_t *saying, wall_ms until, long *ret_rest_ms)
{
    struct client_answer answer = {0};
    for (int try = 0; try < TRIES && answer.status != 200; try++) {
        if (try)
            rest_ms(TRY_MS);
        json_decref(answer.body);
        answer = saying ? client_post(pace->client, "/v1/clock/participants", saying) : client_get(pace->client, "/v1/clock");
    }
    if (answer.status == 200)
        pace->now = json_integer_value(json_object_get(answer.body, "now_ms"));
    const char *mode = json_string_value(json_object_get(answer.body, "mode"));
    json_int_t speed = json_integer_value(json_object_get(answer.body, "speed"));
    bool stepped = mode && strcmp(mode, "stepped") == 0;
    int64_t left = stepped ? 1 : (until - pace->now) / (speed > 0 ? speed : 1);
    *ret_rest_ms = left < 1 ? 1 : left > 200 ? 200 : (long)left;
    json_decref(answer.body);
    json_decref(saying);
    return answer.status == 200;
}

bool pace_start(struct pace *pace)
{
    long rest;
    return ask(pace, json_pack("{s:s, s:b}", "name", pace->name, "busy", 1), 0, &rest);
}

bool pace_until(struct pace *pace, wall_ms at)
{
    time_t said = 0;
    while (pace->now < at) {
        bool say = time(NULL) - said >= SAY_AGAIN_S;
        long rest = 1;
        if (!ask(pace, say ? json_pack("{s:s, s:I}", "name", pace->name, "wake_at", (json_int_t)at) : NULL, at, &rest))
            return false;
        if (say)
            said = time(NULL);
        if (pace->now < at)
            rest_ms(rest);
    }
    return true;
}

void pace_leave(struct pace *pace)
{
    long rest;
    ask(pace, json_pack("{s:s, s:b}", "name", pace->name, "leave", 1), 0, &rest);
}
