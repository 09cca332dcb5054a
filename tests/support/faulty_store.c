#include "faulty_store.h"

#include "store_check.h"

static struct faulty_store *faulty_of(struct store *store)
{
    return (struct faulty_store *)store;
}

/* Passes one call on, unless it is fated otherwise. */
#define PASS(name, writes, ...) PASS_WATCHED(name, writes, (void)0, __VA_ARGS__)
#define PASS_WATCHED(name, writes, watching, ...) \
    PASS_BY(#name, writes, watching, faulty->inner->functions->name(faulty->inner, __VA_ARGS__))
#define PASS_ONE(name, writes, watching, ...) \
    PASS_BY(#name, writes, watching, store_##name##_one(faulty->inner, __VA_ARGS__))
#define PASS_BY(name, writes, watching, call)                                                      \
    struct faulty_store *faulty = faulty_of(store);                                                \
    int fate = faulty->before ? faulty->before(faulty->context, name) : FATE_DONE;                 \
    if (fate == FATE_GONE)                                                                         \
        return STORE_GONE;                                                                         \
    if (fate == FATE_FULL && (writes))                                                             \
        return STORE_FULL;                                                                         \
    enum store_status status = (call);                                                             \
    watching;                                                                                      \
    if (faulty->after)                                                                             \
        faulty->after(faulty->context, name);                                                      \
    return fate == FATE_ANSWER_LOST ? STORE_GONE : status

#define WATCH(what, ...) \
    (faulty->watch ? faulty->watch->what(faulty->watch_context, __VA_ARGS__, status) : (void)0)

/* Of many in one exchange each has a fate of its own: a process may die after some of them, an answer be lost. */
static enum store_status append_one(struct store *store, uint32_t partition, struct fact *facts, size_t count)
{
    PASS_ONE(append, true, WATCH(appended, partition, facts, count), partition, facts, count);
}

static enum store_status f_append(struct store *store, const struct append *each, size_t count,
                                  enum store_status *statuses)
{
    faulty_of(store)->append_exchanges++;
    for (size_t i = 0; i < count; i++) {
        faulty_of(store)->place = i;
        statuses[i] = append_one(store, each[i].partition, each[i].facts, each[i].count);
    }
    faulty_of(store)->place = 0;
    return exchange_status(statuses, count);
}

static enum store_status commit_one(struct store *store, struct commit *commit)
{
    PASS_ONE(commit, true, WATCH(committed, commit), commit);
}

static enum store_status f_commit(struct store *store, struct commit *const *each, size_t count,
                                  enum store_status *statuses)
{
    faulty_of(store)->commit_exchanges++;
    for (size_t i = 0; i < count; i++) {
        faulty_of(store)->place = i;
        statuses[i] = commit_one(store, each[i]);
    }
    faulty_of(store)->place = 0;
    return exchange_status(statuses, count);
}

static enum store_status fire_one(struct store *store, struct fire *fire, struct arena *arena)
{
    PASS_ONE(fire, true, WATCH(fired, &fire->lease, fire->now, &fire->fired), &fire->lease, fire->now, fire->chain_seed,
             arena, &fire->fired, &fire->earliest_due);
}

static enum store_status f_fire(struct store *store, struct fire *each, size_t count, struct arena *arena,
                                enum store_status *statuses)
{
    for (size_t i = 0; i < count; i++) {
        faulty_of(store)->place = i;
        statuses[i] = fire_one(store, &each[i], arena);
    }
    faulty_of(store)->place = 0;
    return exchange_status(statuses, count);
}

static void watch_claims(const struct faulty_store *faulty, const struct lease *wanted, size_t count, int64_t ttl,
                         const struct standing *each, const enum store_status *statuses, enum store_status status)
{
    for (size_t i = 0; faulty->watch && i < count; i++)
        faulty->watch->claimed(faulty->watch_context, wanted[i].partition, wanted[i].stage, wanted[i].owner, ttl,
                               &each[i], status == STORE_OK ? statuses[i] : status);
}

static enum store_status f_claim(struct store *store, const struct lease *wanted, size_t count, int64_t ttl,
                                 struct standing *ret, enum store_status *statuses)
{
    PASS_WATCHED(claim, false, watch_claims(faulty, wanted, count, ttl, ret, statuses, status),
                 wanted, count, ttl, ret, statuses);
}

static enum store_status f_renew(struct store *store, const struct lease *leases, size_t count, int64_t ttl,
                                 struct standing *ret, enum store_status *statuses)
{
    PASS_WATCHED(renew, false, WATCH(renewed, leases, count, ttl, statuses), leases, count, ttl, ret, statuses);
}

static void watch_releases(const struct faulty_store *faulty, const struct lease *leases, size_t count,
                           const enum store_status *statuses, enum store_status status)
{
    for (size_t i = 0; faulty->watch && i < count; i++)
        faulty->watch->released(faulty->watch_context, &leases[i], status == STORE_OK ? statuses[i] : status);
}

static enum store_status f_release(struct store *store, const struct lease *leases, size_t count,
                                   enum store_status *statuses)
{
    PASS_WATCHED(release, false, watch_releases(faulty, leases, count, statuses, status), leases, count, statuses);
}

static enum store_status read_log_one(struct store *store, struct log_read *read, struct arena *arena)
{
    PASS_ONE(read_log, false, (void)0, read->partition, read->from_seq, read->max, arena, &read->entries);
}

static enum store_status f_read_log(struct store *store, struct log_read *each, size_t count, struct arena *arena,
                                    enum store_status *statuses)
{
    for (size_t i = 0; i < count; i++) {
        faulty_of(store)->place = i;
        statuses[i] = read_log_one(store, &each[i], arena);
    }
    faulty_of(store)->place = 0;
    return exchange_status(statuses, count);
}

static enum store_status read_entities_one(struct store *store, const struct entities_read *read, struct arena *arena)
{
    PASS_ONE(read_entities, false, (void)0, read->partition, read->kind, read->ids, read->count, arena, read->entities);
}

static enum store_status f_read_entities(struct store *store, struct entities_read *each, size_t count,
                                         struct arena *arena, enum store_status *statuses)
{
    for (size_t i = 0; i < count; i++) {
        faulty_of(store)->place = i;
        statuses[i] = read_entities_one(store, &each[i], arena);
    }
    faulty_of(store)->place = 0;
    return exchange_status(statuses, count);
}

static enum store_status f_scan_entities(struct store *store, uint32_t partition, enum entity_kind kind,
                                         uint64_t *cursor,
                                         struct arena *arena, struct stored_entity_list *ret)
{
    PASS(scan_entities, false, partition, kind, cursor, arena, ret);
}

static enum store_status f_read_queue(struct store *store, uint32_t partition, const char *prefix, const char *after,
                                      size_t max, struct arena *arena, struct texts *ret)
{
    PASS(read_queue, false, partition, prefix, after, max, arena, ret);
}

static enum store_status f_read_timers(struct store *store, uint32_t partition, wall_ms from, size_t skip, size_t max,
                                       struct arena *arena, struct timer_list *ret)
{
    PASS(read_timers, false, partition, from, skip, max, arena, ret);
}

static enum store_status f_view(struct store *store, const uint32_t *partitions, size_t count,
                                struct partition_view *ret)
{
    PASS(view, false, partitions, count, ret);
}

static enum store_status f_heads(struct store *store, const uint32_t *partitions, size_t count, struct checkpoint *ret)
{
    PASS(heads, false, partitions, count, ret);
}

static enum store_status f_settled(struct store *store, const uint32_t *partitions, size_t count,
                                   const uint64_t *wanted, struct checkpoint *ret)
{
    PASS(settled, false, partitions, count, wanted, ret);
}

static enum store_status f_trim(struct store *store, uint32_t partition, uint64_t before_seq, struct trimmed *ret)
{
    PASS(trim, false, partition, before_seq, ret);
}

static enum store_status f_content_put(struct store *store, const char *hash, struct slice content)
{
    PASS(content_put, true, hash, content);
}

static enum store_status f_content_get(struct store *store, const char *hash, struct arena *arena, struct slice *ret)
{
    PASS(content_get, false, hash, arena, ret);
}

static enum store_status f_note_put(struct store *store, const char *map, const char *field, struct slice value)
{
    PASS(note_put, true, map, field, value);
}

static enum store_status f_note_get(struct store *store, const char *map, struct arena *arena, struct texts *fields,
                                    struct slice **values)
{
    PASS(note_get, false, map, arena, fields, values);
}

static enum store_status f_note_swap(struct store *store, const char *map, const char *field, struct slice expected,
                                     struct slice value)
{
    PASS(note_swap, true, map, field, expected, value);
}

static enum store_status f_announce(struct store *store, const struct member *member, int64_t ttl)
{
    PASS(announce, false, member, ttl);
}

static enum store_status f_members(struct store *store, struct arena *arena, struct member_list *ret)
{
    PASS(members, false, arena, ret);
}

static enum store_status f_now(struct store *store, wall_ms *ret)
{
    PASS(now, false, ret);
}

static void f_health(struct store *store, struct store_health *ret)
{
    struct store *inner = faulty_of(store)->inner;

    inner->functions->health(inner, ret);
}

static const char *f_message(struct store *store)
{
    struct store *inner = faulty_of(store)->inner;

    return inner->functions->message(inner);
}

static void f_free(struct store **store)
{
    *store = NULL;
}

static const struct store_functions faulty_functions = {
    .append = f_append, .commit = f_commit, .fire = f_fire, .claim = f_claim, .renew = f_renew, .release = f_release,
    .read_log = f_read_log, .read_entities = f_read_entities, .scan_entities = f_scan_entities, .read_queue = f_read_queue,
    .read_timers = f_read_timers, .view = f_view, .heads = f_heads, .settled = f_settled, .trim = f_trim,
    .content_put = f_content_put, .content_get = f_content_get,
    .note_put = f_note_put, .note_get = f_note_get, .note_swap = f_note_swap, .announce = f_announce, .members = f_members,
    .now = f_now, .health = f_health, .message = f_message, .free = f_free,
};

void faulty_store_over(struct faulty_store *faulty, struct store *inner)
{
    *faulty = (struct faulty_store){.store = {&faulty_functions}, .inner = inner};
}
