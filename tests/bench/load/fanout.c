/* fanout: several consumers of everything on the bus in one process; the last of them may be stalled: it reads nothing.
 *
 *     fanout buses=ENDPOINT,… consumers=N stalled=0 count=N [timeout_s=60]
 *
 * Prints "listening" once it does; then, when each that reads has `count` events, how many events a second the slowest
 * of them took since the first event, as JSON. Exit code 1 if they did not all get them. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

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

static size_t all_read(struct consumer *consumers, size_t reading, size_t wanted, int64_t until_ns)
{
    zmq_pollitem_t items[CONSUMERS_MAX];
    size_t done = 0;
    for (size_t i = 0; i < reading; i++)
        items[i] = (zmq_pollitem_t){.socket = listener_socket(consumers[i].listener), .events = ZMQ_POLLIN};
    while (done < reading && now_ns() < until_ns) {
        zmq_poll(items, (int)reading, POLL_MS);
        for (size_t i = done = 0; i < reading; i++) {
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
    size_t reading = count - argument_count(arguments, "stalled", "0");
    void *context = zmq_ctx_new();
    if (!reading || reading > count || count > CONSUMERS_MAX)
        return 64;
    for (size_t i = 0; i < count; i++)
        consumers[i].listener = listener_new(context, argument_text(arguments, "buses", NULL), NULL);
    usleep(MEET_US);
    printf("listening\n");
    fflush(stdout);
    size_t done = all_read(consumers, reading, wanted, now_ns() + (int64_t)(argument_number(arguments, "timeout_s", "60") * 1e9));
    double slowest_per_s = 1e12;
    for (size_t i = 0; i < reading; i++) {
        double per_s = (double)consumers[i].count * 1e9 / (double)(consumers[i].ended_ns - consumers[i].begun_ns + 1);
        slowest_per_s = per_s < slowest_per_s ? per_s : slowest_per_s;
    }
    printf("{\"consumers\": %zu, \"done\": %zu, \"per_s\": %.1f}\n", count, done, slowest_per_s);
    for (size_t i = 0; i < count; i++)
        listener_free(&consumers[i].listener);
    zmq_ctx_term(context);
    return done != reading;
}
