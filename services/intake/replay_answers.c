#include "replay_answers.h"

#include <string.h>

#include "cursor.h"
#include "curve.h"

enum { WRITE_TRIES = 8 };           /* another process of the same name may have written in between */

/* What a consumer of a name is told that can't be. */
static const char no_such_name[] = "no durable consumer of this name is known: say hello first";
static const char not_yours[] = "this name belongs to another key";
static const char too_many[] = "there are as many durable consumers as may be: forget one";

static void text_pair(struct buffer *to, const char *key, const char *value)
{
    pack_text(to, key);
    pack_text(to, value);
}

static void number_pair(struct buffer *to, const char *key, uint64_t value)
{
    pack_text(to, key);
    pack_uint(to, value);
}

static void checkpoint_pair(struct buffer *to, const char *key, struct checkpoint at)
{
    pack_text(to, key);
    pack_array(to, 2);
    pack_uint(to, at.seq);
    pack_uint(to, at.id);
}

/* -------- the durable record */

/* *ret: its record, or a new one for hello; NULL with *ret_reason when it must be refused. */
static enum store_status record_read(const struct replay_scene *scene, const struct replay_request *request,
                                     struct consumer **ret, const char **ret_reason)
{
    struct consumer_list all;
    *ret = NULL;
    *ret_reason = NULL;
    enum store_status status = consumers_read(scene->store, scene->arena, &all);
    if (status != STORE_OK)
        return status;
    *ret = consumers_find(&all, request->name);
    if (!*ret && request->ask == ASK_HELLO && all.count < CONSUMERS_MAX) {
        *ret = arena_alloc(scene->arena, sizeof **ret);
        **ret = (struct consumer){.name = request->name, .actor = scene->credential->actor};
    }
    if (!*ret)
        *ret_reason = request->ask == ASK_HELLO ? too_many : no_such_name;
    else if (scene->secured && strcmp((*ret)->actor, scene->credential->actor))
        *ret_reason = not_yours;
    return STORE_OK;
}

/* -------- hello */

/* `head`: what is settled of the log; nobody is told of more. */
static enum store_status start_of(const struct replay_scene *scene, const struct replay_request *request,
                                  uint32_t partition, const struct partition_view *view, const struct checkpoint *head,
                                  struct checkpoint *ret)
{
    uint64_t first = view->first.seq ? view->first.seq : 1, seq = first;
    enum store_status status = STORE_OK;
    if (request->from == FROM_NOW)
        seq = head->seq + 1;
    else if (request->from == FROM_SEQ)
        seq = request->seq;
    else if (request->from == FROM_TIME)
        status = log_seq_of_time(scene->store, partition, first, head->seq, request->time, scene->arena, &seq);
    seq = seq < first ? first : seq > head->seq ? head->seq + 1 : seq;
    return status == STORE_OK ? log_point_before(scene->store, partition, seq, head, scene->arena, ret) : status;
}

/* Where each partition begins: where the consumer says, else where its name stands, else as `from` says. */
static enum store_status starts_of(const struct replay_scene *scene, const struct replay_request *request,
                                   const struct point_list *stored, struct point_list *ret)
{
    uint32_t *each = arena_alloc(scene->arena, (scene->partitions + 1) * sizeof *each);
    size_t count = replay_request_partitions(request, scene->partitions, each);
    struct partition_view *views = arena_alloc(scene->arena, (count + 1) * sizeof *views);
    struct checkpoint *settled = arena_alloc(scene->arena, (count + 1) * sizeof *settled);
    enum store_status status = scene->store->functions->settled(scene->store, each, count, NULL, settled);
    if (status == STORE_OK)
        status = scene->store->functions->view(scene->store, each, count, views);
    *ret = (struct point_list){0};
    for (size_t i = 0; i < count && status == STORE_OK; i++) {
        const struct point *own = points_find(&request->at, each[i]), *held = points_find(stored, each[i]);
        struct point start = {.partition = each[i]};
        if (own || held)
            start = own ? *own : *held;
        else
            status = start_of(scene, request, each[i], &views[i], &settled[i], &start.at);
        points_set(ret, start, scene->arena);
    }
    return status;
}

/* Two pairs of a map: where to connect to, and the public key of each; "" for one without. */
enum { PUBLISHERS_PAIRS = 2 };
static void publishers_pack(const struct member_list *members, struct buffer *to)
{
    size_t count = 0;
    char key[CURVE_KEY_DIGITS + 1];
    for (size_t i = 0; i < members->count; i++)
        count += *members->at[i].endpoint != 0;
    pack_text(to, "publishers");
    pack_array(to, count);
    for (size_t i = 0; i < members->count; i++)
        if (*members->at[i].endpoint)
            pack_text(to, members->at[i].endpoint);
    pack_text(to, "publisher_keys");
    pack_array(to, count);
    for (size_t i = 0; i < members->count; i++) {
        curve_announced(members->at[i].details, key);
        if (*members->at[i].endpoint)
            pack_text(to, key);
    }
}

static enum store_status hello_answer(const struct replay_scene *scene, const struct replay_request *request,
                                      const struct point_list *starts, bool resumed, struct buffer *to)
{
    struct member_list members = {0};
    enum store_status status = scene->store->functions->members(scene->store, scene->arena, &members);
    if (status != STORE_OK)
        return status;
    pack_map(to, 6 + PUBLISHERS_PAIRS);
    text_pair(to, "answer", "hello");
    number_pair(to, "partitions", scene->partitions);
    pack_text(to, "resumed");
    pack_bool(to, resumed);
    pack_text(to, "at");
    points_array_pack(starts, to);
    pack_text(to, "sites");
    texts_array_pack(&request->sites, to);
    pack_text(to, "types");
    texts_array_pack(&request->types, to);
    publishers_pack(&members, to);
    return STORE_OK;
}

/* The name is written down with where it begins, so that from now on the log waits for it. */
static enum store_status record_begin(const struct replay_scene *scene, const struct replay_request *request,
                                      struct consumer *record, struct point_list *ret_starts)
{
    enum store_status status = starts_of(scene, request, &record->points, ret_starts);
    if (status != STORE_OK)
        return status;
    for (size_t i = 0; i < ret_starts->count; i++)
        if (!points_find(&record->points, ret_starts->at[i].partition))
            points_set(&record->points, ret_starts->at[i], scene->arena);
    record->seen = scene->now;
    return consumer_write(scene->store, record);
}

static enum store_status hello_durable(const struct replay_scene *scene, const struct replay_request *request,
                                       struct buffer *to)
{
    enum store_status status = STORE_CHANGED;
    struct point_list starts;
    struct consumer *record = NULL;
    const char *reason = NULL;
    for (int tries = 0; tries < WRITE_TRIES && status == STORE_CHANGED; tries++) {
        status = record_read(scene, request, &record, &reason);
        if (status == STORE_OK && !reason)
            status = record_begin(scene, request, record, &starts);
    }
    if (status != STORE_OK)
        return status;
    if (!reason)
        return hello_answer(scene, request, &starts, record->stored.bytes > 0, to);
    replay_refuse(to, "refused", reason);
    return STORE_OK;
}

static enum store_status answer_hello(const struct replay_scene *scene, struct replay_request *request,
                                      struct buffer *to)
{
    static const struct point_list nothing;
    struct point_list starts;
    if (request->durable)
        return hello_durable(scene, request, to);
    enum store_status status = starts_of(scene, request, &nothing, &starts);
    return status == STORE_OK ? hello_answer(scene, request, &starts, false, to) : status;
}

/* -------- fetch */

static void page_events_pack(const struct replay_request *request, const struct page *page, struct buffer *to)
{
    size_t count = 0;
    uint8_t place[PLACE_BYTES];
    for (size_t i = 0; i < page->entries.count; i++)
        count += replay_request_wants(request, page->entries.at[i].packed);
    pack_text(to, "events");
    pack_array(to, count);
    for (size_t i = 0; i < page->entries.count; i++) {
        const struct entry *entry = &page->entries.at[i];
        if (!replay_request_wants(request, entry->packed))
            continue;
        place_pack(&entry->place, place);
        pack_array(to, 2);
        pack_bytes(to, (struct slice){place, sizeof place});
        pack_bytes(to, entry->packed);
    }
}

static void page_pack(const struct replay_request *request, const struct page *page, uint64_t head, struct buffer *to)
{
    struct checkpoint from = {request->seq, request->id}, end = from;
    if (page->entries.count) {
        const struct place *last = &page->entries.at[page->entries.count - 1].place;
        end = (struct checkpoint){last->seq, last->id};
    }
    pack_map(to, 7);
    text_pair(to, "answer", "events");
    number_pair(to, "partition", request->partition);
    checkpoint_pair(to, "from", from);
    checkpoint_pair(to, "to", end);
    number_pair(to, "head", head > end.seq ? head : end.seq);
    number_pair(to, "lag", head > end.seq ? head - end.seq : 0);
    page_events_pack(request, page, to);
}

static void resume_pack(const struct replay_request *request, const struct page *page, struct buffer *to)
{
    bool trimmed = page->resume == RESUME_TRIMMED;
    pack_map(to, 3 + trimmed);
    text_pair(to, "answer", trimmed ? "trimmed" : "rewound");
    number_pair(to, "partition", request->partition);
    checkpoint_pair(to, "to", page->to);
    if (trimmed)
        number_pair(to, "first", page->to.seq + 1);
}

/* Without points of its own, what its name stands at is the one that it may have in common with the log. */
static enum store_status stored_point_add(const struct replay_scene *scene, struct replay_request *request)
{
    struct consumer *record;
    const char *reason;
    enum store_status status = record_read(scene, request, &record, &reason);
    const struct point *stored =
        status == STORE_OK && !reason ? points_find(&record->points, request->partition) : NULL;
    if (stored)
        points_set(&request->at, *stored, scene->arena);
    return status;
}

/* A page; one that was rewound with the last point in common. */
static enum store_status page_of(const struct replay_scene *scene, struct replay_request *request, struct page *ret)
{
    struct checkpoint done = {request->seq, request->id};
    enum store_status status =
        page_read(scene->store, request->partition, done, request->max, &request->at, scene->arena, ret);
    if (status != STORE_OK || ret->resume != RESUME_REWOUND || request->at.count || !*request->name)
        return status;
    status = stored_point_add(scene, request);
    if (status != STORE_OK)
        return status;
    return page_read(scene->store, request->partition, done, request->max, &request->at, scene->arena, ret);
}

/* What a fail-over may still take back is not told. */
static void page_cut(struct page *page, uint64_t settled)
{
    while (page->entries.count && page->entries.at[page->entries.count - 1].place.seq > settled)
        page->entries.count--;
}

static enum store_status answer_fetch(const struct replay_scene *scene, struct replay_request *request,
                                      struct buffer *to)
{
    struct page page;
    struct checkpoint head = {0};
    const uint64_t wanted = request->seq + 1;
    enum store_status status = scene->store->functions->settled(scene->store, &request->partition, 1, &wanted, &head);
    if (status == STORE_OK)
        status = page_of(scene, request, &page);
    if (status != STORE_OK)
        return status;
    page_cut(&page, head.seq);
    if (page.resume == RESUME_HERE)
        page_pack(request, &page, head.seq, to);
    else
        resume_pack(request, &page, to);
    return STORE_OK;
}

/* -------- acknowledge */

/* false: the answer tells that the point is not on the log. One that was trimmed since is as good as any. */
static enum store_status point_check(const struct replay_scene *scene, const struct replay_request *request,
                                     struct point point, struct buffer *to, bool *ret_good)
{
    struct replay_request fetch = {.ask = ASK_FETCH, .name = request->name, .partition = point.partition,
                                   .seq = point.at.seq, .id = point.at.id, .max = 1};
    struct page page;
    enum store_status status = page_of(scene, &fetch, &page);
    *ret_good = status == STORE_OK && page.resume != RESUME_REWOUND;
    if (status == STORE_OK && !*ret_good)
        resume_pack(&fetch, &page, to);
    return status;
}

static enum store_status points_write(const struct replay_scene *scene, const struct replay_request *request,
                                      struct buffer *to)
{
    enum store_status status = STORE_CHANGED;
    struct consumer *record;
    const char *reason = NULL;
    for (int tries = 0; tries < WRITE_TRIES && status == STORE_CHANGED && !reason; tries++) {
        status = record_read(scene, request, &record, &reason);
        if (status != STORE_OK || reason)
            break;
        for (size_t i = 0; i < request->at.count; i++)
            points_set(&record->points, request->at.at[i], scene->arena);
        record->seen = scene->now;
        status = consumer_write(scene->store, record);
    }
    if (status != STORE_OK)
        return status;
    if (reason) {
        replay_refuse(to, "refused", reason);
        return STORE_OK;
    }
    pack_map(to, 2);
    text_pair(to, "answer", "acknowledged");
    pack_text(to, "at");
    points_array_pack(&request->at, to);
    return STORE_OK;
}

static enum store_status answer_acknowledge(const struct replay_scene *scene, struct replay_request *request,
                                            struct buffer *to)
{
    bool good = true;
    for (size_t i = 0; i < request->at.count && good; i++) {
        enum store_status status = point_check(scene, request, request->at.at[i], to, &good);
        if (status != STORE_OK)
            return status;
    }
    return good ? points_write(scene, request, to) : STORE_OK;
}

/* -------- lag */

static enum store_status answer_lag(const struct replay_scene *scene, struct replay_request *request, struct buffer *to)
{
    uint32_t *each = arena_alloc(scene->arena, (scene->partitions + 1) * sizeof *each);
    size_t count = replay_request_partitions(request, scene->partitions, each);
    struct checkpoint *heads = arena_alloc(scene->arena, (count + 1) * sizeof *heads);
    struct point *points = arena_alloc(scene->arena, (count + 1) * sizeof *points);
    struct member_list members = {0};
    uint64_t lag = 0;
    enum store_status status = scene->store->functions->settled(scene->store, each, count, NULL, heads);
    if (status == STORE_OK)
        status = scene->store->functions->members(scene->store, scene->arena, &members);
    if (status != STORE_OK)
        return status;
    for (size_t i = 0; i < count; i++) {
        const struct point *done = points_find(&request->at, each[i]);
        points[i] = (struct point){each[i], heads[i]};
        if (done && heads[i].seq > done->at.seq)
            lag += heads[i].seq - done->at.seq;
    }
    pack_map(to, 3 + PUBLISHERS_PAIRS);
    text_pair(to, "answer", "lag");
    number_pair(to, "lag", lag);
    pack_text(to, "heads");
    points_array_pack(&(struct point_list){points, count}, to);
    publishers_pack(&members, to);
    return STORE_OK;
}

/* -------- forget */

static enum store_status answer_forget(const struct replay_scene *scene, struct replay_request *request,
                                       struct buffer *to)
{
    struct consumer *record;
    const char *reason;
    enum store_status status = record_read(scene, request, &record, &reason);
    if (status == STORE_OK && !reason)
        status = consumer_forget(scene->store, record);
    if (status != STORE_OK)
        return status;
    if (reason) {
        replay_refuse(to, "refused", reason);
        return STORE_OK;
    }
    pack_map(to, 1);
    text_pair(to, "answer", "forgotten");
    return STORE_OK;
}

enum store_status replay_answer(const struct replay_scene *scene, struct replay_request *request, struct buffer *to)
{
    static enum store_status (*const answers[ASK_COUNT])(const struct replay_scene *, struct replay_request *,
                                                         struct buffer *) = {
        [ASK_HELLO] = answer_hello, [ASK_FETCH] = answer_fetch,   [ASK_ACKNOWLEDGE] = answer_acknowledge,
        [ASK_LAG] = answer_lag,     [ASK_FORGET] = answer_forget,
    };
    if (!replay_request_narrow(request, scene->credential, scene->arena)) {
        replay_refuse(to, "refused", "this key may see nothing of what was wished");
        return STORE_OK;
    }
    return answers[request->ask](scene, request, to);
}
