/* What a message comes to: asked for, attempted and its end recorded, by the whole notifier with the store in memory; and
 * what the sender has to do for it, from the order to the line in the gateway's file. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../services/notifier/sender.h"
#include "clock_real.h"
#include "subject.h"
#include "world.h"

extern const struct core notifier_core;
static const char site[] = "bench-00";
static const char *const settings[] = {
    "templates: bench\nversion: 1\ntexts:\n  thanks:\n"
    "    zh-CN: 【{{site.name}}】{{customer.name}}您好，感谢您选择我们，恭喜您喜提{{model}}！\n",
    "playbook: bench\nversion: 1\nrules:\n  - on: car.delivered\n    steps:\n      - message: thanks\n",
};

enum { CUSTOMERS = 64, BATCH = 64 };

struct messages {
    struct arena *arena;
    struct world *world;
    struct gateway_list *gateways;
    struct clock *clock;
    struct sender *sender;
    char customers[CUSTOMERS][24], hash[65], directory[32];
    uint8_t variables[64];
    size_t variables_bytes, finished;
    struct arena *kept;
    struct slice sealed[CUSTOMERS], settings;
};

/* -------- what is there before */

static struct slice text_of(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

static struct slice sealed_record(struct messages *messages, const char *customer, const char *mobile)
{
    struct customer_recorded *said = record_new(&customer_recorded_record, messages->arena);
    struct buffer plain = {0}, sealed = {0};
    said->name = "王芳";
    said->mobile = mobile;
    record_pack_only(&customer_recorded_record, said, PERSONAL, &plain);
    bool made = seal_make(world_sealer(messages->world), customer, buffer_slice(&plain), &sealed);
    assert(made);
    struct slice copy = {arena_copy(messages->kept, sealed.at, sealed.bytes), sealed.bytes};
    buffer_free(&plain);
    buffer_free(&sealed);
    return copy;
}

static struct entity_put customer_put(struct messages *messages, size_t number)
{
    struct customer *customer = record_new(&customer_record, messages->arena);
    struct buffer packed = {0};
    const char *mobile = arena_printf(messages->arena, "138%08zu", number);
    seal_customer_id(world_sealer(messages->world), site, mobile, messages->customers[number]);
    customer->id = arena_printf(messages->arena, "%s/%s", site, messages->customers[number]);
    customer->site = site;
    customer->has_mobile = true;
    customer->sealed = messages->sealed[number] = sealed_record(messages, messages->customers[number], mobile);
    record_pack(&customer_record, customer, 0, &packed);
    struct slice copy = {arena_copy(messages->arena, packed.at, packed.bytes), packed.bytes};
    buffer_free(&packed);
    return (struct entity_put){.kind = ENTITY_CUSTOMER, .id = customer->id, .version = 1, .packed = copy};
}

/* As the scheduler, which has worked nothing, would have stored them. */
static void put_customers(struct messages *messages)
{
    struct store *store = world_store(messages->world);
    struct entity_put puts[CUSTOMERS];
    struct standing standing;
    struct checkpoint first;
    struct entry_list entries;
    uint32_t partition = world_partition(messages->world, site);
    for (size_t i = 0; i < CUSTOMERS; i++)
        puts[i] = customer_put(messages, i);
    enum store_status status = store_claim_one(store, partition, STAGE_SCHEDULER, "bench", MINUTE_MS, &standing);
    assert(status == STORE_OK);
    status = store_read_log_one(store, partition, 1, 1, messages->arena, &entries);
    assert(status == STORE_OK && entries.count == 1);
    first = (struct checkpoint){entries.at[0].place.seq, entries.at[0].place.id};
    struct commit commit = {.lease = standing.lease, .from = standing.checkpoint, .to = first, .puts = puts,
                            .put_count = CUSTOMERS};
    status = store_commit_one(store, &commit);
    assert(status == STORE_OK);
}

/* As an order brings them. */
static void read_settings(struct messages *messages)
{
    struct stored_entity stored;
    const char *id = site;
    enum store_status status = store_read_entities_one(world_store(messages->world), world_partition(messages->world, site),
                                                       ENTITY_NOTIFIER_SITE, &id, 1, messages->kept, &stored);
    assert(status == STORE_OK && stored.version);
    messages->settings = stored.packed;
}

static struct messages *messages_new(void)
{
    static const struct core *const cores[] = {&notifier_core, NULL};
    struct messages *messages = calloc(1, sizeof *messages);
    struct buffer variables = {0};
    messages->arena = arena_new();
    messages->kept = arena_new();
    messages->world = world_new(&(struct world_options){.seed = 1, .cores = cores});
    world_apply(messages->world, CONFIG_TEMPLATES, "bench", text_of(settings[0]), site);
    world_apply(messages->world, CONFIG_PLAYBOOK, "bench", text_of(settings[1]), site);
    world_settle(messages->world);
    put_customers(messages);
    read_settings(messages);
    content_hash(text_of(settings[0]), messages->hash);
    pack_map(&variables, 1);
    pack_text(&variables, "model");
    pack_text(&variables, "UNI-K");
    memcpy(messages->variables, variables.at, messages->variables_bytes = variables.bytes);
    buffer_free(&variables);
    return messages;
}

static void messages_free(struct messages *messages)
{
    world_free(&messages->world);
    arena_free(&messages->arena);
    arena_free(&messages->kept);
    free(messages);
}

static struct slice variables_of(const struct messages *messages)
{
    return (struct slice){messages->variables, messages->variables_bytes};
}

/* -------- decided */

static void *decide_begin(void)
{
    return messages_new();
}

static void decide_once(void *context, size_t number)
{
    struct messages *messages = context;
    arena_reset(messages->arena);
    struct notice_wanted *wanted = record_new(event_types[EVENT_NOTICE_WANTED].data, messages->arena);
    struct event event = event_of(EVENT_NOTICE_WANTED);
    event.site = site;
    event.customer = messages->customers[number % CUSTOMERS];
    event.subject = wanted->notice = arena_printf(messages->arena, "%s/r1-%08zu.thanks", site, number);
    wanted->template = "thanks";
    wanted->plan = arena_printf(messages->arena, "%s/r1-%08zu.bench.0", site, number);
    wanted->step = "thanks";
    wanted->about = arena_printf(messages->arena, "r1-%08zu", number);
    wanted->playbook = "bench";
    wanted->variables = variables_of(messages);
    bool is_new = world_append(messages->world, &event, wanted);
    assert(is_new);
    if (number % BATCH == BATCH - 1)            /* as they come when there is much */
        world_settle(messages->world);
}

static void decide_end(void *context)
{
    messages_free(context);
}

/* -------- sent */

static bool finished(void *context, const struct send_order *order, enum send_result result, const char *detail)
{
    struct messages *messages = context;
    (void)order;
    (void)detail;
    assert(result == SEND_ACCEPTED);
    messages->finished++;
    return true;
}

static void *send_begin(void)
{
    struct messages *messages = messages_new();
    struct mistakes mistakes = {.arena = messages->arena};
    char message[160];
    strcpy(messages->directory, "/tmp/careline-count-XXXXXX");
    bool made = mkdtemp(messages->directory);
    messages->gateways = gateways_read(messages->directory, &mistakes);
    made = made && gateway_parse(messages->gateways, text_of("{ gateway: bench, channel: sms, kind: file, path: out.jsonl, "
                                                             "concurrency: 64, per_second: 10000 }"),
                                 messages->directory, &mistakes);
    messages->clock = clock_real_new();
    messages->sender = sender_new(&(struct sender_options){
        .store = world_store(messages->world), .sealer = world_sealer(messages->world), .clock = messages->clock,
        .gateways = messages->gateways, .finished = finished, .context = messages}, message);
    assert(made && messages->sender);
    return messages;
}

static void send_once(void *context, size_t number)
{
    struct messages *messages = context;
    arena_reset(messages->arena);
    const struct send_order order = {
        .notice = arena_printf(messages->arena, "%s/r1-%08zu.thanks", site, number), .site = site, .to_staff = "",
        .customer = messages->customers[number % CUSTOMERS], .template = "thanks", .templates_hash = messages->hash,
        .channel = NOTICE_SMS, .priority = PRIORITY_NORMAL, .variables = variables_of(messages), .attempt = 1, .cause = "",
        .settings = messages->settings, .sealed = messages->sealed[number % CUSTOMERS], .language = "",
    };
    mono_ms ends = {clock_mono(messages->clock).ms + LEASE_MS};
    sender_send(messages->sender, world_partition(messages->world, site), &order, ends);
    while (number % BATCH == BATCH - 1 && messages->finished <= number)
        sender_step(messages->sender);
}

static void send_end(void *context)
{
    struct messages *messages = context;
    char path[64];
    sender_free(&messages->sender);
    gateways_free(&messages->gateways);
    messages->clock->functions->free(&messages->clock);
    snprintf(path, sizeof path, "%s/out.jsonl", messages->directory);
    unlink(path);
    rmdir(messages->directory);
    messages_free(messages);
}

const struct subject message_subjects[] = {
    {"message-decided", decide_begin, decide_once, decide_end},
    {"message-sent", send_begin, send_once, send_end},
    {0},
};
