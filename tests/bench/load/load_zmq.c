/* load_zmq: facts to intake's ROUTER, in requests of several, pipelined; timed until they are acknowledged, or until what
 * they lead to is on the bus.
 *
 *     load_zmq to=ENDPOINT run=NAME requests=N [each=1] [window=N] [rate=0] [watch=TYPE buses=ENDPOINT,… [name=about]] …
 *
 * `requests` of `each` facts, at most `window` on their way, `rate` requests a second (0: as fast as they are answered).
 * With `watch`, a request is done when for each of its facts an event of that type came whose `name` is the fact's order
 * or complaint, or SITE/ and that.
 * What facts there are: bench_fact.h. Prints what offer_print does; exit code 1 if a fact was not new, or what it leads
 * to did not come within ten seconds after the last that came. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_fact.h"
#include "cursor.h"
#include "listener.h"
#include "offer.h"
#include "wire.h"

enum { SILENCE_MS_MAX = 10000, POLL_MS = 1000, MEET_US = 300000 };

struct load {
    struct offer offer;
    struct bench_run run;
    size_t each, refused;
    struct wire *wire;
    struct listener *listener;      /* NULL: acknowledgements are what is waited for */
    const char *name;               /* of the member that names the fact */
    uint32_t *left;                 /* per request: events still to come */
    struct buffer body;
    int64_t heard_ns;               /* when the last came */
};

static void request_send(struct load *load)
{
    uint64_t number = offer_sent(&load->offer);
    buffer_clear(&load->body);
    pack_array(&load->body, load->each);
    for (size_t i = 0; i < load->each; i++)
        bench_fact_pack(&load->body, &load->run, number * load->each + i);
    wire_send(load->wire, &number, sizeof number, true);
    wire_send(load->wire, "bench", 5, true);
    wire_send(load->wire, load->body.at, load->body.bytes, false);
}

/* Is each of the answers "new"? */
static bool all_new(struct slice answers, size_t each)
{
    struct cursor cursor = cursor_over(answers);
    size_t count = 0, at = 0;
    bool good = !guard_check(answers, &at) && cursor_array(&cursor, &count) && count == each;
    for (size_t i = 0; i < count && good; i++) {
        struct slice answer, value, status;
        good = cursor_skip(&cursor, &answer) && cursor_find(answer, "status", &value);
        struct cursor inside = cursor_over(value);
        good = good && cursor_text(&inside, &status) && slice_is(status, "new");
    }
    return good;
}

static bool answer_take(struct load *load)
{
    struct slice frames[WIRE_FRAMES_MAX];
    uint64_t number = 0;
    size_t count = wire_next(load->wire, frames);
    if (!count)
        return false;
    assert(count == 2 && frames[0].bytes == sizeof number);
    memcpy(&number, frames[0].at, sizeof number);
    bool good = all_new(frames[1], load->each);
    load->refused += !good;
    load->heard_ns = now_ns();
    if (!load->listener)
        offer_answered(&load->offer, number, good);
    return true;
}

/* Without the site before it. */
static struct slice local_name(struct slice name)
{
    const uint8_t *slash = name.bytes ? memchr(name.at, '/', name.bytes) : NULL;
    return slash ? (struct slice){slash + 1, name.bytes - (size_t)(slash + 1 - name.at)} : name;
}

static bool event_take(struct load *load)
{
    struct slice packed;
    uint64_t number;
    if (!load->listener || !listener_next(load->listener, &packed))
        return false;
    load->heard_ns = now_ns();
    if (bench_fact_number(local_name(event_text(packed, load->name)), &load->run, &number) && load->left[number / load->each] &&
        --load->left[number / load->each] == 0)
        offer_answered(&load->offer, number / load->each, true);
    return true;
}

static bool is_silent(const struct load *load)
{
    return (now_ns() - load->heard_ns) / 1000000 > SILENCE_MS_MAX;
}

/* What was refused leads to nothing. */
static bool is_hopeless(const struct load *load)
{
    return load->listener && load->refused;
}

static void load_run(struct load *load)
{
    struct pollfd polls[2 + LISTENER_ENDPOINTS_MAX] = {{wire_fd(load->wire), POLLIN, 0}, {.events = POLLIN}};
    size_t poll_count = 2 + (load->listener ? listener_polls(load->listener, polls + 2) : 0);
    offer_begin(&load->offer);
    load->heard_ns = now_ns();
    while (!offer_is_over(&load->offer) && !is_silent(load) && !is_hopeless(load)) {
        while (offer_is_due(&load->offer))
            request_send(load);
        while (answer_take(load))
            ;
        while (event_take(load))
            ;
        polls[1].fd = offer_alarm(&load->offer);
        if (!offer_is_due(&load->offer))
            poll(polls, poll_count, POLL_MS);
    }
}

static void load_open(struct load *load, const char *endpoint, const char *type, const char *buses)
{
    load->wire = wire_open(endpoint, "DEALER");
    if (!*type)
        return;
    load->listener = listener_new(buses, type);
    load->left = calloc(load->offer.count, sizeof *load->left);
    assert(load->left);
    for (size_t i = 0; i < load->offer.count; i++)
        load->left[i] = (uint32_t)load->each;
    usleep(MEET_US);                /* a publisher tells nobody when a subscription has come */
}

int main(int count, char **main_words)
{
    (void)count;
    struct arguments arguments = arguments_of(main_words);
    const char *type = argument_text(arguments, "watch", "");
    struct load load = {.name = argument_text(arguments, "name", "about"),
                        .each = argument_count(arguments, "each", "1"),
                        .offer = {.count = argument_count(arguments, "requests", NULL), .window = argument_count(arguments, "window", "1e9"),
                                  .rate_per_s = argument_number(arguments, "rate", "0")}};
    load.run = bench_run_of(arguments, load.offer.count * load.each);
    load_open(&load, argument_text(arguments, "to", NULL), type, *type ? argument_text(arguments, "buses", NULL) : "");
    load_run(&load);
    bool missed = !offer_is_over(&load.offer);
    if (missed || load.refused)
        fprintf(stderr, "load_zmq: %zu of %zu requests done, %zu refused\n", load.offer.answered, load.offer.count, load.refused);
    if (load.offer.answered)
        offer_print(&load.offer, load.each);
    offer_free(&load.offer);
    buffer_free(&load.body);
    free(load.left);
    if (load.listener)
        listener_free(&load.listener);
    wire_free(&load.wire);
    return missed || load.refused;
}
