#include "offer.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void offer_begin(struct offer *offer)
{
    assert(offer->count && offer->window);
    offer->meant_ns = calloc(offer->count, sizeof *offer->meant_ns);
    offer->took_us = calloc(offer->count, sizeof *offer->took_us);
    offer->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    assert(offer->meant_ns && offer->took_us && offer->alarm >= 0);
    offer->begun_ns = now_ns();
}

void offer_free(struct offer *offer)
{
    free(offer->meant_ns);
    free(offer->took_us);
    close(offer->alarm);
}

static int64_t meant_at_ns(const struct offer *offer, size_t number)
{
    return offer->begun_ns + (int64_t)((double)number * 1e9 / offer->rate_per_s);
}

static bool has_room(const struct offer *offer)
{
    return offer->sent < offer->count && offer->sent - offer->answered < offer->window;
}

bool offer_is_due(const struct offer *offer)
{
    return has_room(offer) && (offer->rate_per_s <= 0 || now_ns() >= meant_at_ns(offer, offer->sent));
}

size_t offer_sent(struct offer *offer)
{
    size_t number = offer->sent++;
    offer->meant_ns[number] = offer->rate_per_s > 0 ? meant_at_ns(offer, number) : now_ns();
    return number;
}

void offer_answered(struct offer *offer, size_t number, bool good)
{
    assert(number < offer->sent && offer->answered < offer->sent);
    offer->ended_ns = now_ns();
    offer->took_us[offer->answered++] = (offer->ended_ns - offer->meant_ns[number]) / 1000;
    offer->failed += !good;
}

bool offer_is_over(const struct offer *offer)
{
    return offer->answered == offer->count;
}

int offer_alarm(struct offer *offer)
{
    struct itimerspec when = {.it_value = {0}};     /* never */
    if (offer->rate_per_s > 0 && has_room(offer)) {
        int64_t at_ns = meant_at_ns(offer, offer->sent);
        when.it_value = (struct timespec){.tv_sec = at_ns / INT64_C(1000000000), .tv_nsec = at_ns % INT64_C(1000000000)};
    }
    if (offer->rate_per_s > 0)
        timerfd_settime(offer->alarm, TFD_TIMER_ABSTIME, &when, NULL);
    return offer->alarm;
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static int64_t at_permille(const int64_t *sorted, size_t count, size_t permille)
{
    size_t rank = (count * permille + 999) / 1000;
    return sorted[rank ? rank - 1 : 0];
}

void spread_print(const char *name, int64_t *values, size_t count)
{
    static const size_t permilles[] = {10, 50, 100, 250, 500, 750, 900, 950, 990, 999, 1000};
    assert(count);
    qsort(values, count, sizeof *values, by_size);
    printf("\"p50_%s\": %" PRId64 ", \"p99_%s\": %" PRId64 ", \"min_%s\": %" PRId64 ", \"max_%s\": %" PRId64 ", \"curve_%s\": [",
           name, at_permille(values, count, 500), name, at_permille(values, count, 990), name, values[0], name,
           values[count - 1], name);
    for (size_t i = 0; i < sizeof permilles / sizeof *permilles; i++)
        printf("%s%" PRId64, i ? ", " : "", at_permille(values, count, permilles[i]));
    printf("]");
}

void offer_print(struct offer *offer, size_t each)
{
    size_t count = offer->answered;
    double seconds = (double)(offer->ended_ns - offer->begun_ns) / 1e9;
    printf("{\"count\": %zu, \"failed\": %zu, \"seconds\": %.6f, \"per_s\": %.1f, ", count * each, offer->failed * each, seconds,
           (double)(count * each) / seconds);
    spread_print("us", offer->took_us, count);
    printf("}\n");
}
