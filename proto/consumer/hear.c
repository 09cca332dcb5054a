#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consumer.h"

/* -------- parts of an answer */

static bool field(struct slice answer, const char *key, struct cursor *ret)
{
    struct slice value;
    if (!cursor_find(answer, key, &value))
        return false;
    *ret = cursor_over(value);
    return true;
}

static bool field_number(struct slice answer, const char *key, uint64_t *ret)
{
    struct cursor cursor;
    return field(answer, key, &cursor) && cursor_uint(&cursor, ret);
}

static bool field_mark(struct slice answer, const char *key, struct mark *ret)
{
    struct cursor cursor;
    size_t two;
    return field(answer, key, &cursor) && cursor_array(&cursor, &two) && two == 2 && cursor_uint(&cursor, &ret->seq) &&
           cursor_uint(&cursor, &ret->id);
}

static bool point_take(struct cursor *cursor, uint64_t *ret_partition, struct mark *ret)
{
    size_t three;
    return cursor_array(cursor, &three) && three == 3 && cursor_uint(cursor, ret_partition) &&
           cursor_uint(cursor, &ret->seq) && cursor_uint(cursor, &ret->id) && *ret_partition < PARTITIONS_MAX;
}

static void field_list(struct slice answer, const char *key, struct list *to)
{
    struct cursor cursor;
    struct slice text;
    size_t count;
    if (!field(answer, key, &cursor) || !cursor_array(&cursor, &count))
        return;
    list_clear(to);
    while (count-- && cursor_text(&cursor, &text))
        list_add(to, (const char *)text.at, text.bytes);
}

/* -------- publishers */

/* "endpoint key" of each. An older intake tells no keys. */
static void publishers_read(struct slice answer, struct list *ret)
{
    struct list endpoints = {0}, keys = {0};
    char text[ENDPOINT_BYTES_MAX + CURVE_KEY_DIGITS + 2];
    field_list(answer, "publishers", &endpoints);
    field_list(answer, "publisher_keys", &keys);
    for (size_t i = 0; i < endpoints.count && i < PUBLISHERS_MAX; i++) {
        const char *key = i < keys.count ? keys.at[i] : "";
        int bytes = snprintf(text, sizeof text, "%s %s", endpoints.at[i], key);
        if (bytes > 0 && (size_t)bytes < sizeof text)
            list_add(ret, text, (size_t)bytes);
    }
    list_clear(&endpoints);
    list_clear(&keys);
}

/* Those gone are left first: one may have come back at its old endpoint with another key. */
static void publishers_meet(struct careline_consumer *consumer, struct slice answer)
{
    struct list now = {0}, before = consumer->publishers;
    publishers_read(answer, &now);
    for (size_t i = 0; i < before.count; i++)
        if (!list_has(&now, before.at[i], strlen(before.at[i])))
            consumer_publisher_leave(consumer, before.at[i]);
    for (size_t i = 0; i < now.count; i++)
        if (!list_has(&before, now.at[i], strlen(now.at[i])))
            consumer_publisher_meet(consumer, now.at[i]);
    list_clear(&consumer->publishers);
    consumer->publishers = now;
}

/* -------- hello */

static void flows_start(struct careline_consumer *consumer, struct slice answer)
{
    struct cursor cursor;
    size_t count;
    uint64_t partition;
    struct mark at;
    char topic[16];
    if (!field(answer, "at", &cursor) || !cursor_array(&cursor, &count) || count > PARTITIONS_MAX)
        return;
    free(consumer->flows);
    consumer->flows = calloc(count + 1, sizeof *consumer->flows);
    if (!consumer->flows)
        abort();
    for (consumer->flow_count = 0; count-- && point_take(&cursor, &partition, &at);) {
        struct flow *flow = &consumer->flows[consumer->flow_count++];
        flow_start(flow, (uint32_t)partition, at);
        consumer->flow_of[partition] = flow;
        int bytes = snprintf(topic, sizeof topic, "p/%04u/", (unsigned)partition);
        zmq_setsockopt(consumer->sub, ZMQ_SUBSCRIBE, topic, (size_t)bytes);
    }
}

static int hear_hello(struct careline_consumer *consumer, struct slice answer, struct careline_item *ret)
{
    (void)ret;
    publishers_meet(consumer, answer);
    if (!consumer->ready) {
        flows_start(consumer, answer);
        field_list(answer, "sites", &consumer->sites);
        field_list(answer, "types", &consumer->types);
    }
    consumer->ready = true;
    return 0;
}

/* -------- the log */

/* Its message is kept by the page: the caller gives it up. */
static int hear_events(struct careline_consumer *consumer, struct slice answer, struct careline_item *ret)
{
    struct consumer_page *page = &consumer->page;
    struct flow *flow = consumer->pending[REQUEST_FETCH].flow;
    struct mark from;
    (void)ret;
    if (!flow || !field_mark(answer, "from", &from) || from.seq != flow->last.seq || from.id != flow->last.id)
        return 0;                           /* frames came first: what is missing is asked for again */
    if (field_mark(answer, "to", &page->to) && field_number(answer, "head", &page->head) &&
        field(answer, "events", &page->events) && cursor_array(&page->events, &page->left))
        page->flow = flow;
    return 0;
}

static int place_lost(struct careline_consumer *consumer, struct slice answer, enum careline_kind kind,
                      struct careline_item *ret)
{
    uint64_t partition;
    struct mark to;
    struct flow *flow = field_number(answer, "partition", &partition) && partition < PARTITIONS_MAX
        ? consumer->flow_of[partition] : NULL;
    if (!flow || !field_mark(answer, "to", &to))
        return 0;
    flow_reset(flow, to);
    *ret = (struct careline_item){.kind = kind, .place = {flow->partition, to.seq, to.id, 0}};
    return 1;
}

static int hear_trimmed(struct careline_consumer *consumer, struct slice answer, struct careline_item *ret)
{
    return place_lost(consumer, answer, CARELINE_TRIMMED, ret);
}

static int hear_rewound(struct careline_consumer *consumer, struct slice answer, struct careline_item *ret)
{
    return place_lost(consumer, answer, CARELINE_REWOUND, ret);
}

/* -------- the rest */

static int hear_acknowledged(struct careline_consumer *consumer, struct slice answer, struct careline_item *ret)
{
    struct cursor cursor;
    size_t count;
    uint64_t partition;
    struct mark told;
    (void)ret;
    if (!field(answer, "at", &cursor) || !cursor_array(&cursor, &count))
        return 0;
    while (count-- && point_take(&cursor, &partition, &told))
        if (consumer->flow_of[partition])
            consumer->flow_of[partition]->told = told;
    return 0;
}

static int hear_lag(struct careline_consumer *consumer, struct slice answer, struct careline_item *ret)
{
    struct cursor cursor;
    size_t count;
    uint64_t partition;
    struct mark head;
    int64_t now_ms = consumer_now_ms();
    publishers_meet(consumer, answer);
    field_number(answer, "lag", &consumer->lag);
    if (field(answer, "heads", &cursor) && cursor_array(&cursor, &count))
        while (count-- && point_take(&cursor, &partition, &head))
            if (consumer->flow_of[partition])
                flow_head(consumer->flow_of[partition], head, now_ms);
    if (consumer->lag < consumer->lag_told || now_ms < consumer->lag_due_ms)
        return 0;
    consumer->lag_due_ms = now_ms + LAG_TOLD_MS;
    *ret = (struct careline_item){.kind = CARELINE_LAG, .lag = consumer->lag};
    return 1;
}

static int hear_refused(struct careline_consumer *consumer, struct slice answer, struct careline_item *ret)
{
    struct cursor cursor;
    struct slice reason = {(const uint8_t *)"refused", 7};
    (void)ret;
    if (field(answer, "reason", &cursor))
        cursor_text(&cursor, &reason);
    snprintf(consumer->message, sizeof consumer->message, "%.*s", (int)(reason.bytes < 159 ? reason.bytes : 159),
             (const char *)reason.at);
    consumer->refused = true;
    return 0;
}

static int hear_busy(struct careline_consumer *consumer, struct slice answer, struct careline_item *ret)
{
    (void)answer;
    (void)ret;
    consumer->busy = true;
    return 0;
}

static const struct {
    const char *word;
    int (*hear)(struct careline_consumer *, struct slice, struct careline_item *);
} answers[] = {
    {"events", hear_events}, {"lag", hear_lag},         {"acknowledged", hear_acknowledged},
    {"hello", hear_hello},   {"trimmed", hear_trimmed}, {"rewound", hear_rewound},
    {"busy", hear_busy},     {"refused", hear_refused},
};

static int answer_hear(struct careline_consumer *consumer, enum request kind, struct slice answer,
                       struct careline_item *ret)
{
    struct cursor cursor;
    struct slice word;
    size_t at;
    if (guard_check(answer, &at) || !field(answer, "answer", &cursor) || !cursor_text(&cursor, &word))
        return 0;
    /* Its name was forgotten, or the history in which it stood was cut: it is written down again. */
    if (kind == REQUEST_ACKNOWLEDGE && slice_is(word, "refused")) {
        consumer_ask_hello(consumer, consumer_now_ms());
        return 0;
    }
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (slice_is(word, answers[i].word))
            return answers[i].hear(consumer, answer, ret);
    return 0;
}

/* Which request a number belongs to; REQUEST_COUNT: none that still waits. */
static enum request request_of(struct careline_consumer *consumer, zmq_msg_t *number)
{
    uint64_t wanted;
    if (zmq_msg_size(number) != sizeof wanted)
        return REQUEST_COUNT;
    memcpy(&wanted, zmq_msg_data(number), sizeof wanted);
    for (int kind = 0; kind < REQUEST_COUNT; kind++)
        if (wanted && consumer->pending[kind].number == wanted)
            return (enum request)kind;
    return REQUEST_COUNT;
}

static bool frames_receive(struct careline_consumer *consumer, zmq_msg_t parts[2])
{
    int count = 0, more = 1;
    for (; more && zmq_msg_recv(&parts[count < 2 ? count : 1], consumer->dealer, ZMQ_DONTWAIT) >= 0; count++)
        more = zmq_msg_more(&parts[count < 2 ? count : 1]);
    return count == 2;
}

int consumer_hear(struct careline_consumer *consumer, int64_t now_ms, struct careline_item *ret)
{
    zmq_msg_t parts[2];
    int told = -1;
    zmq_msg_init(&parts[0]);
    zmq_msg_init(&parts[1]);
    if (frames_receive(consumer, parts)) {
        enum request kind = request_of(consumer, &parts[0]);
        struct slice answer = {zmq_msg_data(&parts[1]), zmq_msg_size(&parts[1])};
        told = kind < REQUEST_COUNT ? answer_hear(consumer, kind, answer, ret) : 0;
        if (kind < REQUEST_COUNT)
            consumer->pending[kind] = (struct pending){.not_before_ms = consumer->busy ? now_ms + RETRY_MS : 0};
        consumer->busy = false;
        if (consumer->page.flow && kind == REQUEST_FETCH)
            zmq_msg_move(&consumer->page.message, &parts[1]);
    }
    zmq_msg_close(&parts[0]);
    zmq_msg_close(&parts[1]);
    return told;
}
