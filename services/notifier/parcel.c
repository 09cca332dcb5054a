#include "parcel.h"

#include <stdlib.h>
#include <string.h>

static const char *place_text(char **at, const char *text)
{
    size_t bytes = text ? strlen(text) + 1 : 1;
    char *place = *at;
    memcpy(place, text ? text : "", bytes);
    *at += bytes;
    return place;
}

static struct slice place_slice(char **at, struct slice from)
{
    char *place = *at;
    if (from.bytes)
        memcpy(place, from.at, from.bytes);
    *at += from.bytes;
    return (struct slice){(const uint8_t *)place, from.bytes};
}

/* All that an order points at. */
static size_t order_bytes(const struct send_order *order)
{
    const char *const texts[] = {order->notice, order->site, order->customer, order->to_staff, order->template,
                                 order->templates_hash, order->cause, order->language};
    size_t bytes = order->variables.bytes + order->settings.bytes + order->sealed.bytes;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        bytes += (texts[i] ? strlen(texts[i]) : 0) + 1;
    return bytes;
}

/* One piece of memory, for many may wait. */
struct parcel *parcel_new(const struct send_order *order)
{
    struct parcel *parcel = malloc(sizeof *parcel + order_bytes(order));
    if (!parcel)
        abort();
    char *at = (char *)(parcel + 1);
    *parcel = (struct parcel){.order = *order};
    struct send_order *copy = &parcel->order;
    copy->notice = place_text(&at, order->notice);
    copy->site = place_text(&at, order->site);
    copy->customer = place_text(&at, order->customer);
    copy->to_staff = place_text(&at, order->to_staff);
    copy->template = place_text(&at, order->template);
    copy->templates_hash = place_text(&at, order->templates_hash);
    copy->cause = place_text(&at, order->cause);
    copy->language = place_text(&at, order->language);
    copy->variables = place_slice(&at, order->variables);
    copy->settings = place_slice(&at, order->settings);
    copy->sealed = place_slice(&at, order->sealed);
    return parcel;
}
