#include <stdio.h>
#include <string.h>

#include "scheduler.h"

/* What a customer allows and prefers. What cannot be read leaves what there was. */

static void yes_or_no(const char *text, bool *to)
{
    if (!strcmp(text, "yes"))
        *to = true;
    else if (!strcmp(text, "no"))
        *to = false;
}

static void quiet_hours(const char *text, struct customer *to)
{
    unsigned from_hour, from_min, to_hour, to_min;
    char rest;
    if (!strcmp(text, "none")) {
        to->quiet_from_min = to->quiet_to_min = 0;
        return;
    }
    if (sscanf(text, "%2u:%2u-%2u:%2u%c", &from_hour, &from_min, &to_hour, &to_min, &rest) != 4 ||
        from_hour > 24 || to_hour > 24 || from_min > 59 || to_min > 59)
        return;
    to->quiet_from_min = from_hour * 60 + from_min;
    to->quiet_to_min = to_hour * 60 + to_min;
}

/* -1 clears the customer's own cap; 0 is left out of the message and changes nothing. */
static void cap(int64_t told, int64_t *to)
{
    if (told < 0)
        *to = 0;
    else if (told > 0)
        *to = told;
}

void customer_prefer(struct turn *turn, const struct event *event, const struct customer_preferred *data)
{
    if (!*event->customer)
        return;
    const struct customer *before = customer_of(turn, event->site, event->customer);
    struct customer after = customer_copy(turn, event);
    if (data->channels.count)
        after.channels = data->channels;
    if (*data->language)
        after.language = data->language;
    quiet_hours(data->quiet_hours, &after);
    yes_or_no(data->do_not_call, &after.do_not_call);
    yes_or_no(data->do_not_message, &after.do_not_message);
    cap(data->cap_per_day, &after.cap_per_day);
    cap(data->cap_per_week, &after.cap_per_week);
    customer_store(turn, before, &after);
}
