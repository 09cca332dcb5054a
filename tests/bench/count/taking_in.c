/* What intake does with a fact, from its bytes to what the store is given. */
#include <assert.h>
#include <stdlib.h>

#include "../../../services/intake/accept.h"
#include "../../../services/intake/credential.h"
#include "../load/bench_fact.h"
#include "cursor.h"
#include "random.h"
#include "subject.h"

enum { FACTS = 64 };

struct taking_in {
    struct arena *arena, *kept;
    struct acceptor acceptor;
    struct scratch scratch;
    struct credential credential;
    struct dice dice;
    struct accepted *batch[FACTS];
    const char *customers[FACTS];
    struct buffer json[FACTS], packed[FACTS];
};

static void *begin(void)
{
    static const struct bench_run run = {.name = "r1", .sites = 64, .customers = 16, .count = FACTS};
    struct taking_in *in = calloc(1, sizeof *in);
    in->arena = arena_new();
    in->kept = arena_new();
    in->dice = dice_of(1);
    in->acceptor = (struct acceptor){.scratch = &in->scratch, .sealer = sealer_memory_new(), .partitions = 64, .now = 1772784000000,
                                     .random = dice_chance, .random_context = &in->dice};
    credential_of(NULL, NULL, "li-na", "agent", in->kept, &in->credential);
    for (size_t i = 0; i < FACTS; i++) {
        bench_fact_json(&in->json[i], &run, i);
        bench_fact_pack(&in->packed[i], &run, i);
    }
    return in;
}

static void end(void *context)
{
    struct taking_in *in = context;
    for (size_t i = 0; i < FACTS; i++) {
        buffer_free(&in->json[i]);
        buffer_free(&in->packed[i]);
    }
    sealer_free(&in->acceptor.sealer);
    scratch_free(&in->scratch);
    arena_free(&in->arena);
    arena_free(&in->kept);
    free(in);
}

/* As a batch is flushed: keys are fetched for all at once. */
static void flush(struct taking_in *in)
{
    seal_fetch(in->acceptor.sealer, in->customers, FACTS, true);
    for (size_t i = 0; i < FACTS; i++) {
        bool good = accepted_seal(in->batch[i], in->acceptor.sealer, &in->scratch);
        assert(good);
    }
    arena_reset(in->arena);
}

static void take(struct taking_in *in, const struct value *sent, size_t number)
{
    struct refusal refusal;
    struct accepted *accepted = arena_alloc(in->arena, sizeof *accepted);
    bool good = accept_event(&in->acceptor, &in->credential, FACT, sent, in->arena, accepted, &refusal);
    assert(good);
    in->batch[number % FACTS] = accepted;
    in->customers[number % FACTS] = accepted->key;
    if (number % FACTS == FACTS - 1)
        flush(in);
}

static void json_once(void *context, size_t number)
{
    struct taking_in *in = context;
    const struct slice text = buffer_slice(&in->json[number % FACTS]);
    json_t *json = json_loadb((const char *)text.at, text.bytes, JSON_REJECT_DUPLICATES, NULL);
    assert(json);
    struct value sent = value_of_json(json, scratch_values(&in->scratch));
    take(in, &sent, number);
    json_decref(json);
}

/* As of a message: the guard walks it first. */
static void msgpack_once(void *context, size_t number)
{
    struct taking_in *in = context;
    const struct slice fact = buffer_slice(&in->packed[number % FACTS]);
    const char *wrong = guard_check(fact, NULL);
    assert(!wrong);
    struct value sent = value_of_packed(fact, scratch_values(&in->scratch));
    take(in, &sent, number);
}

const struct subject intake_subjects[] = {
    {"fact-from-json", begin, json_once, end},
    {"fact-from-msgpack", begin, msgpack_once, end},
    {0},
};
