#include <string.h>

#include "consumer.h"

static void pack_number(struct buffer *to, const char *key, uint64_t value)
{
    pack_text(to, key);
    pack_uint(to, value);
}

static void pack_word(struct buffer *to, const char *key, const char *value)
{
    pack_text(to, key);
    pack_text(to, value);
}

static void pack_list(struct buffer *to, const char *key, const struct list *list)
{
    pack_text(to, key);
    pack_array(to, list->count);
    for (size_t i = 0; i < list->count; i++)
        pack_text(to, list->at[i]);
}

static void pack_point(struct buffer *to, uint32_t partition, struct mark mark)
{
    pack_array(to, 3);
    pack_uint(to, partition);
    pack_uint(to, mark.seq);
    pack_uint(to, mark.id);
}

static void pack_lasts(struct careline_consumer *consumer, struct buffer *to)
{
    pack_text(to, "at");
    pack_array(to, consumer->flow_count);
    for (size_t i = 0; i < consumer->flow_count; i++)
        pack_point(to, consumer->flows[i].partition, consumer->flows[i].last);
}

static void pack_partitions(const struct careline_consumer *consumer, struct buffer *to)
{
    pack_text(to, "partitions");
    pack_array(to, consumer->partition_count);
    for (size_t i = 0; i < consumer->partition_count; i++)
        pack_uint(to, consumer->partitions[i]);
}

static bool may_ask(const struct careline_consumer *consumer, enum request kind, int64_t now_ms)
{
    const struct pending *pending = &consumer->pending[kind];
    return now_ms >= pending->not_before_ms && (!pending->number || now_ms >= pending->until_ms);
}

static void request_send(struct careline_consumer *consumer, enum request kind, struct flow *flow, struct buffer *body,
                         int64_t now_ms)
{
    struct pending *pending = &consumer->pending[kind];
    uint64_t number = ++consumer->number;
    const char *key = consumer->key ? consumer->key : "";
    *pending = (struct pending){.not_before_ms = now_ms + RETRY_MS};
    if (zmq_send(consumer->dealer, &number, sizeof number, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 &&
        zmq_send(consumer->dealer, key, strlen(key), ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 &&
        zmq_send(consumer->dealer, body->at, body->bytes, ZMQ_DONTWAIT) >= 0)
        *pending = (struct pending){.number = number, .until_ms = now_ms + ANSWER_MS, .flow = flow};
    buffer_free(body);
}

void consumer_ask_hello(struct careline_consumer *consumer, int64_t now_ms)
{
    static const char *const from_words[] = {"now", "beginning", "seq", "time"};
    struct buffer body = {0};
    if (!may_ask(consumer, REQUEST_HELLO, now_ms))
        return;
    pack_map(&body, 10);
    pack_word(&body, "ask", "hello");
    pack_word(&body, "name", consumer->name);
    pack_text(&body, "durable");
    pack_bool(&body, consumer->durable);
    pack_word(&body, "from", from_words[consumer->from]);
    pack_number(&body, "seq", consumer->seq);
    pack_text(&body, "time");
    pack_int(&body, consumer->time_ms);
    pack_list(&body, "sites", &consumer->sites);
    pack_list(&body, "types", &consumer->types);
    pack_partitions(consumer, &body);
    pack_lasts(consumer, &body);
    request_send(consumer, REQUEST_HELLO, NULL, &body, now_ms);
}

void consumer_ask_fetch(struct careline_consumer *consumer, struct flow *flow, int64_t now_ms)
{
    struct buffer body = {0};
    if (!may_ask(consumer, REQUEST_FETCH, now_ms))
        return;
    pack_map(&body, 8);
    pack_word(&body, "ask", "fetch");
    pack_word(&body, "name", consumer->durable ? consumer->name : "");
    pack_number(&body, "partition", flow->partition);
    pack_number(&body, "seq", flow->last.seq);
    pack_number(&body, "id", flow->last.id);
    pack_list(&body, "sites", &consumer->sites);
    pack_list(&body, "types", &consumer->types);
    pack_text(&body, "at");
    pack_array(&body, flow->trail.count);
    for (size_t i = 0; i < flow->trail.count; i++)
        pack_point(&body, flow->partition, flow->trail.at[i]);
    request_send(consumer, REQUEST_FETCH, flow, &body, now_ms);
}

void consumer_ask_lag(struct careline_consumer *consumer, int64_t now_ms)
{
    struct buffer body = {0};
    if (!may_ask(consumer, REQUEST_LAG, now_ms))
        return;
    pack_map(&body, 4);
    pack_word(&body, "ask", "lag");
    pack_partitions(consumer, &body);
    pack_list(&body, "sites", &consumer->sites);
    pack_lasts(consumer, &body);
    request_send(consumer, REQUEST_LAG, NULL, &body, now_ms);
}

static bool is_untold(const struct flow *flow)
{
    struct mark done = flow_acknowledged(flow);
    return done.seq != flow->told.seq || done.id != flow->told.id;
}

void consumer_ask_acknowledge(struct careline_consumer *consumer, int64_t now_ms)
{
    struct buffer body = {0};
    size_t count = 0;
    for (size_t i = 0; i < consumer->flow_count; i++)
        count += is_untold(&consumer->flows[i]);
    if (!consumer->durable || !count || !may_ask(consumer, REQUEST_ACKNOWLEDGE, now_ms))
        return;
    pack_map(&body, 3);
    pack_word(&body, "ask", "acknowledge");
    pack_word(&body, "name", consumer->name);
    pack_text(&body, "at");
    pack_array(&body, count);
    for (size_t i = 0; i < consumer->flow_count; i++)
        if (is_untold(&consumer->flows[i]))
            pack_point(&body, consumer->flows[i].partition, flow_acknowledged(&consumer->flows[i]));
    request_send(consumer, REQUEST_ACKNOWLEDGE, NULL, &body, now_ms);
}
