#include "consumer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    QUEUE_MESSAGES_MAX = 10000, /* frames that wait for the program; what is over is dropped, and read from the log */
    MESSAGE_BYTES_MAX = 8 * 1024 * 1024,
    OPEN_MS = 5000,
    LAG_TOLD = 10000,
    PLACE_BYTES = 28
};

int64_t consumer_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool place_read(struct slice bytes, struct careline_place *ret)
{
    uint64_t numbers[4] = {0};
    static const uint8_t ends[4] = {4, 12, 20, 28};
    if (bytes.bytes != PLACE_BYTES)
        return false;
    for (size_t i = 0, at = 0; i < 4; i++)
        for (; at < ends[i]; at++)
            numbers[i] = numbers[i] << 8 | bytes.at[at];
    *ret = (struct careline_place){(uint32_t)numbers[0], numbers[1], numbers[2], numbers[3]};
    return true;
}

static bool event_text(struct slice event, const char *name, struct slice *ret)
{
    struct slice value;
    if (!cursor_find(event, name, &value))
        return false;
    struct cursor cursor = cursor_over(value);
    return cursor_text(&cursor, ret);
}

static bool is_listed(const struct list *list, struct slice event, const char *name)
{
    struct slice text;
    return !list->count || (event_text(event, name, &text) && list_has(list, text.at, text.bytes));
}

/* -------- what is handed out */

static int give(struct flow *flow, const struct careline_place *place, struct slice event, struct careline_item *ret)
{
    flow->given = (struct mark){place->seq, place->id};
    *ret = (struct careline_item){CARELINE_EVENT, *place, event.at, event.bytes, 0};
    return 1;
}

static void page_end(struct consumer_page *page)
{
    flow_page_end(page->flow, page->to, page->head);
    page->flow = NULL;
}

/* The next event of the page. */
static bool page_give(struct careline_consumer *consumer, struct careline_item *ret)
{
    struct consumer_page *page = &consumer->page;
    struct slice head, event;
    struct careline_place place;
    size_t two;
    if (!page->flow)
        return false;
    if (!page->left) {
        page_end(page);
        return false;
    }
    page->left--;
    if (!cursor_array(&page->events, &two) || two != 2 || !cursor_bytes(&page->events, &head) ||
        !cursor_bytes(&page->events, &event) || !place_read(head, &place)) {
        page->flow = NULL;                      /* nonsense: asked for again */
        return false;
    }
    flow_advance(page->flow, (struct mark){place.seq, place.id});
    return give(page->flow, &place, event, ret);
}

/* Places and events of the frames that have come, until one is to be handed out. */
static bool frame_receive(struct careline_consumer *consumer, struct careline_place *ret, struct slice *ret_event)
{
    zmq_msg_t parts[2];
    int count = 0, more = 1;
    bool good = false;
    zmq_msg_init(&parts[0]);
    zmq_msg_init(&parts[1]);
    for (; more; count++) {
        zmq_msg_t *to = count == 2 ? &consumer->frame : &parts[count > 0];
        if (zmq_msg_recv(to, consumer->sub, ZMQ_DONTWAIT) < 0)
            break;
        more = zmq_msg_more(to);
    }
    if (count == 3 && !more)
        good = place_read((struct slice){zmq_msg_data(&parts[1]), zmq_msg_size(&parts[1])}, ret);
    *ret_event = (struct slice){zmq_msg_data(&consumer->frame), zmq_msg_size(&consumer->frame)};
    if (count && !good)
        *ret = (struct careline_place){.partition = PARTITIONS_MAX};    /* no frame of ours */
    zmq_msg_close(&parts[0]);
    zmq_msg_close(&parts[1]);
    return count > 0;
}

static bool frame_give(struct careline_consumer *consumer, int64_t now_ms, struct careline_item *ret)
{
    struct careline_place place;
    struct slice event;
    size_t at;
    while (frame_receive(consumer, &place, &event)) {
        struct flow *flow = place.partition < PARTITIONS_MAX ? consumer->flow_of[place.partition] : NULL;
        if (!flow || guard_check(event, &at) || flow_offer(flow, &place, now_ms) != FIT_TAKEN)
            continue;
        if (is_listed(&consumer->sites, event, "site") && is_listed(&consumer->types, event, "type"))
            return give(flow, &place, event, ret);
    }
    return false;
}

/* -------- what is asked */

static void ask_for_log(struct careline_consumer *consumer, int64_t now_ms)
{
    for (size_t i = 0; i < consumer->flow_count && !consumer->page.flow; i++) {
        struct flow *flow = &consumer->flows[(consumer->flow_next + i) % consumer->flow_count];
        if (!flow_wants_log(flow, now_ms))
            continue;
        consumer_ask_fetch(consumer, flow, now_ms);
        consumer->flow_next = (consumer->flow_next + i + 1) % consumer->flow_count;
        return;
    }
}

static void ask(struct careline_consumer *consumer, int64_t now_ms)
{
    if (!consumer->ready) {
        consumer_ask_hello(consumer, now_ms);
        return;
    }
    const struct pending *fetch = &consumer->pending[REQUEST_FETCH];
    if (!fetch->number || now_ms >= fetch->until_ms)
        ask_for_log(consumer, now_ms);
    if (now_ms >= consumer->tail_due_ms) {
        consumer->tail_due_ms = now_ms + TAIL_MS;
        consumer_ask_lag(consumer, now_ms);
    }
    if (now_ms >= consumer->acknowledge_due_ms) {
        consumer->acknowledge_due_ms = now_ms + ACKNOWLEDGE_MS;
        consumer_ask_acknowledge(consumer, now_ms);
    }
}

static void wait_for_news(struct careline_consumer *consumer, int64_t now_ms, int64_t until_ms)
{
    bool soon = false;                          /* something is about to be asked */
    for (size_t i = 0; i < consumer->flow_count; i++)
        soon |= consumer->flows[i].behind;
    int64_t wait_ms = soon ? FLOW_HOLD_MS : RETRY_MS;
    if (until_ms - now_ms < wait_ms)
        wait_ms = until_ms - now_ms;
    zmq_pollitem_t items[] = {{consumer->sub, 0, ZMQ_POLLIN, 0}, {consumer->dealer, 0, ZMQ_POLLIN, 0}};
    zmq_poll(items, 2, wait_ms > 0 ? wait_ms : 0);
}

/* All answers that have come, until one is to be told. */
static bool answers_hear(struct careline_consumer *consumer, int64_t now_ms, struct careline_item *ret)
{
    int told;
    while ((told = consumer_hear(consumer, now_ms, ret)) == 0)
        if (consumer->page.flow || consumer->refused)
            return false;
    return told == 1;
}

int careline_next(struct careline_consumer *consumer, int timeout_ms, struct careline_item *ret)
{
    int64_t now_ms = consumer_now_ms(), until_ms = now_ms + timeout_ms;
    for (;;) {
        if (page_give(consumer, ret) || answers_hear(consumer, now_ms, ret))
            return 1;
        if (consumer->refused) {
            consumer->refused = false;
            return -1;
        }
        if (consumer->page.flow)
            continue;
        if (frame_give(consumer, now_ms, ret))
            return 1;
        ask(consumer, now_ms);
        if (now_ms >= until_ms)
            return 0;
        wait_for_news(consumer, now_ms, until_ms);
        now_ms = consumer_now_ms();
    }
}

/* -------- from start to end */

static char *text_copy(const char *text)
{
    char *copy = strdup(text ? text : "");
    if (!copy)
        abort();
    return copy;
}

static void list_copy(struct list *list, const char *const *texts)
{
    for (; texts && *texts; texts++)
        list_add(list, *texts, strlen(*texts));
}

static void *socket_new(void *context, int type)
{
    void *socket = zmq_socket(context, type);
    const struct { int option, value; } options[] = {
        {ZMQ_LINGER, 0}, {ZMQ_SNDHWM, 100}, {ZMQ_RCVHWM, QUEUE_MESSAGES_MAX}, {ZMQ_RECONNECT_IVL, 50},
        {ZMQ_RECONNECT_IVL_MAX, 500}, {ZMQ_IMMEDIATE, 1}, {ZMQ_TCP_KEEPALIVE, 1}, {ZMQ_TCP_KEEPALIVE_IDLE, 10},
        {ZMQ_TCP_KEEPALIVE_INTVL, 5}, {ZMQ_TCP_KEEPALIVE_CNT, 3}, {ZMQ_TCP_MAXRT, 15000},
    };
    int64_t bytes_max = MESSAGE_BYTES_MAX;
    for (size_t i = 0; socket && i < sizeof options / sizeof *options; i++)
        zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof options[i].value);
    if (socket)
        zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max);
    return socket;
}

/* Places that the program brings stand as flows until hello is answered: it names them. */
static void options_take(struct careline_consumer *consumer, const struct careline_options *options)
{
    consumer->key = text_copy(options->key);
    consumer->name = text_copy(options->name);
    consumer->durable = options->durable;
    consumer->from = options->from;
    consumer->seq = options->seq;
    consumer->time_ms = options->time_ms;
    consumer->lag_told = options->lag_told ? options->lag_told : LAG_TOLD;
    list_copy(&consumer->sites, options->sites);
    list_copy(&consumer->types, options->types);
    consumer->partition_count = options->partition_count;
    consumer->partitions = calloc(options->partition_count + 1, sizeof *consumer->partitions);
    consumer->flows = calloc(options->at_count + 1, sizeof *consumer->flows);
    if (!consumer->partitions || !consumer->flows)
        abort();
    if (options->partition_count)
        memcpy(consumer->partitions, options->partitions, options->partition_count * sizeof *consumer->partitions);
    for (size_t i = 0; i < options->at_count; i++)
        flow_start(&consumer->flows[consumer->flow_count++], options->at[i].partition,
                   (struct mark){options->at[i].seq, options->at[i].id});
}

static bool hello_wait(struct careline_consumer *consumer, int timeout_ms, char message[160])
{
    struct careline_item item;
    if (timeout_ms < 0)
        return true;
    int64_t now_ms = consumer_now_ms(), until_ms = now_ms + (timeout_ms ? timeout_ms : OPEN_MS);
    while (!consumer->ready && !consumer->refused && now_ms < until_ms) {
        ask(consumer, now_ms);
        wait_for_news(consumer, now_ms, until_ms);
        now_ms = consumer_now_ms();
        consumer_hear(consumer, now_ms, &item);
    }
    snprintf(message, 160, "%s",
             consumer->refused   ? consumer->message
             : *consumer->secret ? "no answer: is intake running, this its replay address and key, and ours allowed?"
                                 : "no answer: is intake running, and this its replay address?");
    return consumer->ready;
}

int careline_open(const struct careline_options *options, struct careline_consumer **ret, char message[160])
{
    struct careline_consumer *consumer = calloc(1, sizeof *consumer);
    if (!consumer)
        abort();
    consumer->context = zmq_ctx_new();
    consumer->dealer = socket_new(consumer->context, ZMQ_DEALER);
    consumer->sub = socket_new(consumer->context, ZMQ_SUB);
    zmq_msg_init(&consumer->frame);
    zmq_msg_init(&consumer->page.message);
    options_take(consumer, options);
    snprintf(message, 160, "no sockets: %s", zmq_strerror(errno));
    *ret = consumer;
    if (consumer->dealer && consumer->sub && consumer_secret_read(consumer, options->secret_file, message) &&
        consumer_endpoints_connect(consumer, options->endpoint, options->server_key, message) &&
        hello_wait(consumer, options->open_timeout_ms, message))
        return 0;
    consumer->durable = false;                  /* nothing to tell */
    careline_close(ret);
    return -1;
}

void careline_acknowledge(struct careline_consumer *consumer, const struct careline_place *place)
{
    struct flow *flow = place->partition < PARTITIONS_MAX ? consumer->flow_of[place->partition] : NULL;
    if (flow && place->seq > flow->done.seq && place->seq <= flow->given.seq)
        flow->done = (struct mark){place->seq, place->id};
}

uint64_t careline_lag(const struct careline_consumer *consumer)
{
    return consumer->lag;
}

const char *careline_message(const struct careline_consumer *consumer)
{
    return consumer->message;
}

const char *careline_text(const struct careline_item *item, const char *name, size_t *ret_bytes)
{
    struct slice text;
    if (item->kind != CARELINE_EVENT || !event_text((struct slice){item->event, item->event_bytes}, name, &text))
        return NULL;
    *ret_bytes = text.bytes;
    return (const char *)text.at;
}

static void last_acknowledgements(struct careline_consumer *consumer)
{
    struct careline_item item;
    int64_t now_ms = consumer_now_ms(), until_ms = now_ms + CLOSE_MS;
    consumer_ask_acknowledge(consumer, now_ms);
    while (consumer->pending[REQUEST_ACKNOWLEDGE].number && now_ms < until_ms) {
        wait_for_news(consumer, now_ms, until_ms);
        now_ms = consumer_now_ms();
        consumer_hear(consumer, now_ms, &item);
    }
}

void careline_close(struct careline_consumer **consumer)
{
    struct careline_consumer *c = consumer ? *consumer : NULL;
    if (!c)
        return;
    if (c->durable && c->ready)
        last_acknowledgements(c);
    if (c->dealer)
        zmq_close(c->dealer);
    if (c->sub)
        zmq_close(c->sub);
    zmq_msg_close(&c->frame);
    zmq_msg_close(&c->page.message);
    if (c->context)
        zmq_ctx_term(c->context);
    list_clear(&c->sites);
    list_clear(&c->types);
    list_clear(&c->publishers);
    free(c->partitions);
    free(c->flows);
    free(c->key);
    free(c->name);
    free(c);
    *consumer = NULL;
}
