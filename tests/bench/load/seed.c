/* seed: many entities at once: copies of one that the engine made.
 *
 *     seed redis=ADDRESS kind=plan|task|… model=NAME-10000000 count=N [spread_ms=0]
 *
 * The model is an entity of the site bench-00 whose id begins with that name, whose number has eight digits. Copies go to
 * the sites bench-00 to bench-63 in turn and are numbered on; wherever the model names itself, its site or its customer, a
 * copy names its own, which are as long. So copies of a customer, who is found by the fact of the model's name, are those of
 * the plans and tasks of the same number. Each has the model's timer, later by its part of `spread_ms`, and its place in
 * the queue. No daemon may run meanwhile: the stage's leases are taken. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "event.h"
#include "partition.h"
#include "store.h"

#define MODEL_SITE "bench-00"

enum { SITES = 64, SITE_BYTES = 8, PUTS = 1000, LEASE_MS = 600000, DIGITS = 8, CUSTOMER_BYTES = 21 };

/* A customer's id, which is of hexadecimal digits, as text and as entities keep it: two digits a byte. All copies have the
 * model's last digit, which shares its byte with nothing. */
struct customer_name {
    char text[CUSTOMER_BYTES + 1];
    uint8_t packed[CUSTOMER_BYTES / 2];
};

struct seed {
    struct store *store;
    struct arena *arena;
    enum entity_kind kind;
    const char *name;               /* of the model */
    size_t number;                  /* of the model, in its name */
    struct customer_name customer;  /* of the model */
    struct stored_entity model;
    wall_ms spread_ms;
    size_t count, made;
};

static enum entity_kind kind_of(const char *name)
{
    for (int kind = 0; kind < ENTITY_COUNT; kind++)
        if (!strcmp(entity_types[kind].name, name))
            return (enum entity_kind)kind;
    fprintf(stderr, "seed: no kind of entity %s\n", name);
    exit(64);
}

typedef bool match(const struct seed *seed, const struct stored_entity *entity);

/* The first entity of the model's site that matches; NULL: none, or the store failed. */
static const struct stored_entity *found(struct seed *seed, enum entity_kind kind, match *matches)
{
    uint64_t cursor = 0;
    uint32_t partition = partition_of_site(MODEL_SITE, PARTITIONS_DEFAULT);
    struct stored_entity_list list;
    do {
        if (seed->store->functions->scan_entities(seed->store, partition, kind, &cursor, seed->arena, &list))
            return NULL;
        for (size_t i = 0; i < list.count; i++)
            if (!strncmp(list.at[i].id, MODEL_SITE "/", SITE_BYTES + 1) && matches(seed, &list.at[i]))
                return &list.at[i];
    } while (cursor);
    return NULL;
}

static bool is_of_the_fact(const struct seed *seed, const struct stored_entity *customer)
{
    return memmem(customer->packed.at, customer->packed.bytes, seed->name, strlen(seed->name));
}

static bool begins_with_name(const struct seed *seed, const struct stored_entity *entity)
{
    return !strncmp(entity->id + SITE_BYTES + 1, seed->name, strlen(seed->name));
}

static struct customer_name customer_name_of(const char *text)
{
    struct customer_name name = {.text = ""};
    snprintf(name.text, sizeof name.text, "%s", text);
    for (size_t i = 0; i < sizeof name.packed; i++) {
        const char digits[] = {text[2 * i], text[2 * i + 1], 0};
        name.packed[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return name;
}

static bool model_find(struct seed *seed)
{
    const struct stored_entity *model = found(seed, seed->kind, seed->kind == ENTITY_CUSTOMER ? is_of_the_fact : begins_with_name);
    if (model)
        seed->model = *model;
    return model;
}

static bool customer_find(struct seed *seed)
{
    const struct stored_entity *customer = found(seed, ENTITY_CUSTOMER, is_of_the_fact);
    if (!customer || strlen(customer->id) != SITE_BYTES + 1 + CUSTOMER_BYTES)
        return false;
    seed->customer = customer_name_of(customer->id + SITE_BYTES + 1);
    return true;
}

/* Every `old` becomes `new`, which is as long. */
static void replace(char *at, size_t bytes, const void *old, const void *new, size_t length)
{
    for (char *end = at + bytes, *next; (next = memmem(at, (size_t)(end - at), old, length)); at = next + length)
        memcpy(next, new, length);
}

static struct customer_name customer_of_copy(const struct seed *seed, size_t number)
{
    char text[CUSTOMER_BYTES + 1];
    snprintf(text, sizeof text, "c%0*zx%c", CUSTOMER_BYTES - 2, number, seed->customer.text[CUSTOMER_BYTES - 1]);
    return customer_name_of(text);
}

static char *copied(const struct seed *seed, const void *from, size_t bytes, const char *site, size_t number,
                    struct arena *arena)
{
    char *copy = arena_alloc(arena, bytes + 1), name[80];
    struct customer_name customer = customer_of_copy(seed, number);
    memcpy(copy, from, bytes);
    snprintf(name, sizeof name, "%.*s%0*zu", (int)(strlen(seed->name) - DIGITS), seed->name, DIGITS, number);
    replace(copy, bytes, MODEL_SITE, site, SITE_BYTES);
    replace(copy, bytes, seed->name, name, strlen(seed->name));
    replace(copy, bytes, seed->customer.text, customer.text, CUSTOMER_BYTES);
    replace(copy, bytes, seed->customer.packed, customer.packed, sizeof customer.packed);
    return copy;
}

static struct entity_put put_of(const struct seed *seed, const char *site, size_t number, struct arena *arena)
{
    const struct stored_entity *model = &seed->model;
    size_t named = seed->number + 1 + number;
    return (struct entity_put){
        .kind = seed->kind, .version = 1, .queue_before = "",
        .id = copied(seed, model->id, strlen(model->id), site, named, arena),
        .packed = {(uint8_t *)copied(seed, model->packed.at, model->packed.bytes, site, named, arena), model->packed.bytes},
        .due = model->due ? model->due + seed->spread_ms * (wall_ms)number / (wall_ms)seed->count : 0,
        .queue = model->queue ? copied(seed, model->queue, strlen(model->queue), site, named, arena) : "",
    };
}

static bool puts_commit(struct seed *seed, const struct standing *standing, const char *site, size_t count)
{
    struct arena *arena = arena_new();
    struct entity_put *puts = arena_alloc(arena, count * sizeof *puts);
    for (size_t i = 0; i < count; i++)
        puts[i] = put_of(seed, site, seed->made + i, arena);
    struct commit commit = {.lease = standing->lease, .from = standing->checkpoint, .to = standing->checkpoint,
                            .puts = puts, .put_count = count};
    bool done = store_commit_one(seed->store, &commit) == STORE_OK;
    seed->made += done ? count : 0;
    arena_free(&arena);
    return done;
}

static bool site_seed(struct seed *seed, unsigned number)
{
    char site[SITE_BYTES + 1];
    struct standing standing;
    size_t left = seed->count / SITES + (number < seed->count % SITES);
    bool good = true;
    snprintf(site, sizeof site, "bench-%02u", number % SITES);
    if (store_claim_one(seed->store, partition_of_site(site, PARTITIONS_DEFAULT), entity_types[seed->kind].stage, "seed",
                        LEASE_MS, &standing) != STORE_OK)
        return false;
    while (left && good) {
        size_t count = left < PUTS ? left : PUTS;
        good = puts_commit(seed, &standing, site, count);
        left -= count;
    }
    return store_release_one(seed->store, &standing.lease) == STORE_OK && good;
}

int main(int count, char **main_words)
{
    char message[160] = "";
    (void)count;
    struct arguments arguments = arguments_of(main_words);
    struct redis_access access = {.address = argument_text(arguments, "redis", NULL), .user = "", .password_file = ""};
    struct seed seed = {
        .arena = arena_new(), .kind = kind_of(argument_text(arguments, "kind", NULL)),
        .name = argument_text(arguments, "model", NULL), .count = argument_count(arguments, "count", NULL),
        .spread_ms = (wall_ms)argument_number(arguments, "spread_ms", "0"),
        .store = store_redis_new(&access, PARTITIONS_DEFAULT, message),
    };
    if (!seed.store || strlen(seed.name) <= DIGITS) {
        fprintf(stderr, "seed: %s\n", message);
        return 69;
    }
    seed.number = strtoul(seed.name + strlen(seed.name) - DIGITS, NULL, 10);
    bool good = model_find(&seed) && customer_find(&seed);
    for (unsigned i = 0; i < SITES && good; i++)
        good = site_seed(&seed, i);
    if (!good)
        fprintf(stderr, "seed: %zu of %zu made: %s\n", seed.made, seed.count, seed.store->functions->message(seed.store));
    printf("{\"made\": %zu}\n", seed.made);
    seed.store->functions->free(&seed.store);
    arena_free(&seed.arena);
    return !good;
}
