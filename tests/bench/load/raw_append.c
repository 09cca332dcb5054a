/* raw_append: the store's own limit: what the function in Redis takes, called with nothing before it.
 *
 *     raw_append redis=ADDRESS run=NAME calls=N each=N [partitions=64]
 *
 * `calls` of `each` ready-packed facts, one after the other, spread over the first `partitions` partitions. Prints what
 * offer_print does. */
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

int main(int count, char **main_words)
{
    char message[160] = "";
    (void)count;
    struct arguments arguments = arguments_of(main_words);
    struct offer offer = {.count = argument_count(arguments, "calls", NULL), .window = 1};
    size_t each = argument_count(arguments, "each", NULL), partitions = argument_count(arguments, "partitions", "64");
    struct redis_access access = {.address = argument_text(arguments, "redis", NULL), .user = "", .password_file = ""};
    struct store *store = store_redis_new(&access, PARTITIONS_DEFAULT, message);
    if (!store) {
        fprintf(stderr, "raw_append: %s\n", message);
        return 69;
    }
    struct arena *arena = arena_new();
    struct fact **calls = arena_alloc(arena, offer.count * sizeof *calls);
    for (size_t i = 0; i < offer.count; i++)
        calls[i] = facts_make(argument_text(arguments, "run", NULL), i, each, arena);
    offer_begin(&offer);
    while (!offer_is_over(&offer)) {
        size_t number = offer_sent(&offer);
        enum store_status status =
            store_append_one(store, (uint32_t)(number % partitions), calls[number], each);
        offer_answered(&offer, number, status == STORE_OK);
    }
    offer_print(&offer, each);
    bool failed = offer.failed;
    offer_free(&offer);
    arena_free(&arena);
    store->functions->free(&store);
    return failed;
}
