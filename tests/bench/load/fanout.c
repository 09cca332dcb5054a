/* fanout: several consumers of everything on the bus in one process.
 *
 *     fanout buses=ENDPOINT,… consumers=N count=N [timeout_s=60]
 *
 * Prints "listening" once it does; then, when each has `count` events, how many events a second the slowest
 * of them took since the first event, as JSON. Exit code 1 if they did not all get them. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "listener.h"
#include "offer.h"
#include "arguments.h"

enum { CONSUMERS_MAX = 64, MEET_US = 300000, POLL_MS = 100 };

struct consumer {
    struct listener *listener;
    size_t count;
    int64_t begun_ns, ended_ns;
};

static void consumer_read(struct consumer *consumer, size_t wanted)
{
    struct slice packed;
    while (consumer->count < wanted && listener_next(consumer->listener, &packed)) {
        consumer->ended_ns = now_ns();
        if (!consumer->count++)
            consumer->begun_ns = consumer->ended_ns;
    }
}

static size_t all_read(struct consumer *consumers, size_t count, size_t wanted, int64_t until_ns)
{
    struct pollfd polls[CONSUMERS_MAX * LISTENER_ENDPOINTS_MAX];
    size_t done = 0, poll_count = 0;
    for (size_t i = 0; i < count; i++)
        poll_count += listener_polls(consumers[i].listener, polls + poll_count);
    while (done < count && now_ns() < until_ns) {
        poll(polls, poll_count, POLL_MS);
        for (size_t i = done = 0; i < count; i++) {
            consumer_read(&consumers[i], wanted);
            done += consumers[i].count == wanted;
        }
    }
    return done;
}

int main(int word_count, char **main_words)
{
    (void)word_count;
    struct consumer consumers[CONSUMERS_MAX] = {0};
    struct arguments arguments = arguments_of(main_words);
    size_t count = argument_count(arguments, "consumers", NULL), wanted = argument_count(arguments, "count", NULL);
    if (!count || count > CONSUMERS_MAX)
        return 64;
    for (size_t i = 0; i < count; i++)
        consumers[i].listener = listener_new(argument_text(arguments, "buses", NULL), NULL);
    usleep(MEET_US);
    printf("listening\n");
    fflush(stdout);
    int64_t until_ns = now_ns() + (int64_t)(argument_number(arguments, "timeout_s", "60") * 1e9);
    size_t done = all_read(consumers, count, wanted, until_ns);
    double slowest_per_s = 1e12;
    for (size_t i = 0; i < count; i++) {
        double per_s = (double)consumers[i].count * 1e9 / (double)(consumers[i].ended_ns - consumers[i].begun_ns + 1);
        slowest_per_s = per_s < slowest_per_s ? per_s : slowest_per_s;
    }
    printf("{\"consumers\": %zu, \"done\": %zu, \"per_s\": %.1f}\n", count, done, slowest_per_s);
    for (size_t i = 0; i < count; i++)
        listener_free(&consumers[i].listener);
    return done != count;
}
