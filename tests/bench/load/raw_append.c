/* raw_append: the store's own limit: what the function in Redis takes, called with nothing before it.
 *
 *     raw_append redis=ADDRESS run=NAME exchanges=N each=N [partitions=64]
 *
 * `exchanges`, one after the other, of one call for each of the first `partitions` partitions, `each` ready-packed facts a
 * call. Prints what offer_print does. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "event.h"
#include "offer.h"
#include "store.h"
#include "arguments.h"

static struct slice fact_packed(const char *run, uint64_t number, struct arena *arena)
{
    struct buffer data = {0}, packed = {0};
    struct event event = event_of(EVENT_CAR_DELIVERED);
    event.id = arena_printf(arena, "%s-%llu", run, (unsigned long long)number);
    event.source = "bench";
    event.site = "bench-00";
    event.customer = "0123456789abcdef";
    event.time = event.received_at = 1772760000000;
    pack_map(&data, 2);
    pack_text(&data, "order");
    pack_text(&data, event.id);
    pack_text(&data, "model");
    pack_text(&data, "UNI-K");
    event.data = buffer_slice(&data);
    event.sealed = (struct slice){arena_alloc(arena, 80), 80};      /* as large as a sealed name and number */
    event_pack(&event, &packed);
    struct slice kept = {arena_copy(arena, packed.at, packed.bytes), packed.bytes};
    buffer_free(&data);
    buffer_free(&packed);
    return kept;
}

static struct fact *facts_make(const char *run, size_t call, size_t each, struct arena *arena)
{
    struct fact *facts = arena_alloc(arena, each * sizeof *facts);
    for (size_t i = 0; i < each; i++) {
        uint64_t number = call * each + i;
        facts[i] = (struct fact){
            .key = arena_printf(arena, "bench\n%s-%llu\nbench-00", run, (unsigned long long)number), .natural = true,
            .digest = number, .chain_id = number + 1, .packed = fact_packed(run, number, arena)
        };
    }
    return facts;
}

struct exchange { struct append calls[PARTITIONS_MAX]; };

static struct exchange *exchange_make(const char *run, size_t number, size_t each, size_t partitions, struct arena *arena)
{
    struct exchange *exchange = arena_alloc(arena, sizeof *exchange);
    for (size_t i = 0; i < partitions; i++)
        exchange->calls[i] = (struct append){
            .partition = (uint32_t)i, .facts = facts_make(run, number * partitions + i, each, arena), .count = each
        };
    return exchange;
}

static bool exchange_run(struct store *store, const struct exchange *exchange, size_t partitions)
{
    enum store_status statuses[PARTITIONS_MAX];
    bool good = store->functions->append(store, exchange->calls, partitions, statuses) == STORE_OK;
    for (size_t i = 0; i < partitions; i++)
        good = good && statuses[i] == STORE_OK;
    return good;
}

int main(int count, char **main_words)
{
    char message[160] = "";
    (void)count;
    struct arguments arguments = arguments_of(main_words);
    struct offer offer = {.count = argument_count(arguments, "exchanges", NULL), .window = 1};
    size_t each = argument_count(arguments, "each", NULL), partitions = argument_count(arguments, "partitions", "64");
    struct redis_access access = {.address = argument_text(arguments, "redis", NULL), .user = "", .password_file = ""};
    struct store *store = store_redis_new(&access, PARTITIONS_DEFAULT, message);
    if (!store || partitions > PARTITIONS_DEFAULT) {
        fprintf(stderr, "raw_append: %s\n", message);
        return 69;
    }
    struct arena *arena = arena_new();
    struct exchange **exchanges = arena_alloc(arena, offer.count * sizeof *exchanges);
    for (size_t i = 0; i < offer.count; i++)
        exchanges[i] = exchange_make(argument_text(arguments, "run", NULL), i, each, partitions, arena);
    offer_begin(&offer);
    while (!offer_is_over(&offer)) {
        size_t number = offer_sent(&offer);
        offer_answered(&offer, number, exchange_run(store, exchanges[number], partitions));
    }
    offer_print(&offer, each * partitions);
    bool failed = offer.failed;
    offer_free(&offer);
    arena_free(&arena);
    store->functions->free(&store);
    return failed;
}
