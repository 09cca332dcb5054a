/* listen: how late events are that have a due time, when a consumer has them.
 *
 *     listen buses=ENDPOINT,… type=TYPE count=N [timeout_s=60]
 *
 * Waits for `count` events of the type and prints the spread of (the time they are here - their data's `due`), and how
 * many came before their time, as one line of JSON; "listening" first, once it does. Exit code 1 if they did not all come. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "listener.h"
#include "offer.h"
#include "arguments.h"

enum { MEET_US = 300000, POLL_MS = 100 };

static int64_t wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static size_t late_collect(struct listener *listener, int64_t *late_us, size_t wanted, int64_t timeout_ns)
{
    struct pollfd polls[LISTENER_ENDPOINTS_MAX];
    size_t count = 0, poll_count = listener_polls(listener, polls);
    while (count < wanted && now_ns() < timeout_ns) {
        struct slice packed;
        poll(polls, poll_count, POLL_MS);
        while (count < wanted && listener_next(listener, &packed))
            late_us[count++] = wall_us() - event_int(packed, "due") * 1000;
    }
    return count;
}

int main(int word_count, char **main_words)
{
    (void)word_count;
    struct arguments arguments = arguments_of(main_words);
    size_t wanted = argument_count(arguments, "count", NULL), early = 0;
    struct listener *listener = listener_new(argument_text(arguments, "buses", NULL), argument_text(arguments, "type", NULL));
    int64_t *late_us = calloc(wanted, sizeof *late_us);
    usleep(MEET_US);
    printf("listening\n");
    fflush(stdout);
    size_t count = late_collect(listener, late_us, wanted, now_ns() + (int64_t)(argument_number(arguments, "timeout_s", "60") * 1e9));
    for (size_t i = 0; i < count; i++)
        early += late_us[i] < 0;
    if (count) {
        printf("{\"count\": %zu, \"early\": %zu, ", count, early);
        spread_print("us", late_us, count);
        printf("}\n");
    }
    free(late_us);
    listener_free(&listener);
    return count != wanted;
}
