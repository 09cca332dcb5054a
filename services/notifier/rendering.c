#include "rendering.h"

#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "fnv.h"

enum { SITES = 256 };               /* that are kept put together */

/* A site as its stored settings make it. */
struct known_site {
    struct arena *arena;            /* NULL: none is kept here */
    const char *id;
    struct slice settings;
    const struct site *site;
};

struct rendering {
    struct store *store;
    struct sealer *sealer;
    struct content_cache *contents;
    bool gone;                      /* the store did not answer when a content was looked for */
    struct known_site sites[SITES]; /* by hash of the id; one that comes to the same place takes it */
    struct arena *arena;            /* of what was read for the parcels at hand */
};

/* -------- beginning and end */

static bool read_content(void *context, const char *hash, struct arena *arena, struct slice *ret)
{
    struct rendering *rendering = context;
    struct slice content = {0};
    if (rendering->store->functions->content_get(rendering->store, hash, arena, &content) != STORE_OK)
        rendering->gone = true;
    if (!content.bytes)
        return false;
    *ret = content;
    return true;
}

struct rendering *rendering_new(struct store *store, struct sealer *sealer)
{
    struct rendering *rendering = calloc(1, sizeof *rendering);
    if (!rendering)
        abort();
    rendering->store = store;
    rendering->sealer = sealer;
    rendering->contents = content_cache_new(read_content, rendering);
    rendering->arena = arena_new();
    return rendering;
}

void rendering_free(struct rendering **rendering)
{
    if (!*rendering)
        return;
    for (size_t i = 0; i < SITES; i++)
        arena_free(&(*rendering)->sites[i].arena);
    content_cache_free(&(*rendering)->contents);
    arena_free(&(*rendering)->arena);
    free(*rendering);
    *rendering = NULL;
}

struct sealer *rendering_sealer(const struct rendering *rendering)
{
    return rendering->sealer;
}

/* -------- records that did not come with the order */

/* What is read for one parcel. */
struct missing {
    struct parcel *parcel;
    const char *site, *customer;    /* ids of the entities */
    struct stored_entity entities[2];
    size_t read;                    /* its first read; the customer's is the next */
};

static bool is_known(const struct parcel *parcel, mono_ms now)
{
    return parcel->order.settings.bytes && now.ms - parcel->taken_at.ms < KNOWN_MS;
}

static bool is_to_customer(const struct parcel *parcel)
{
    return !*parcel->order.to_staff;
}

static struct missing *missing_of(struct rendering *rendering, struct parcel *first, mono_ms now, size_t *ret_count)
{
    size_t count = 0;
    for (const struct parcel *at = first; at; at = at->next)
        count += !is_known(at, now);
    struct missing *missing = arena_alloc(rendering->arena, (count + 1) * sizeof *missing);
    *ret_count = 0;
    for (struct parcel *at = first; at; at = at->next)
        if (!is_known(at, now))
            missing[(*ret_count)++] = (struct missing){
                .parcel = at, .site = at->order.site,
                .customer = arena_printf(rendering->arena, "%s/%s", at->order.site, at->order.customer)};
    return missing;
}

static size_t reads_of(struct missing *missing, size_t count, struct entities_read *reads)
{
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        struct missing *one = &missing[i];
        uint32_t partition = one->parcel->partition;
        one->read = made;
        reads[made++] = (struct entities_read){.partition = partition, .kind = ENTITY_NOTIFIER_SITE, .ids = &one->site,
                                               .count = 1, .entities = &one->entities[0]};
        if (is_to_customer(one->parcel))
            reads[made++] = (struct entities_read){.partition = partition, .kind = ENTITY_CUSTOMER, .ids = &one->customer,
                                                   .count = 1, .entities = &one->entities[1]};
    }
    return made;
}

static bool take_customer(struct rendering *rendering, struct parcel *parcel, const char *id,
                          const struct stored_entity *stored)
{
    if (!stored->version)
        return parcel_fail(parcel, SEND_PERMANENT, "not sent: no such customer");
    const struct customer *customer = entity_read(ENTITY_CUSTOMER, id, stored->packed, rendering->arena);
    if (!customer)
        return parcel_fail(parcel, SEND_PERMANENT, "not sent: the recipient's record cannot be read");
    if (customer->do_not_message)
        return parcel_fail(parcel, SEND_PERMANENT, "not sent: do_not_message");
    parcel->order.sealed = customer->sealed;
    parcel->order.language = customer->language;
    return true;
}

static void take_missing(struct rendering *rendering, const struct missing *missing, const enum store_status *statuses)
{
    struct parcel *parcel = missing->parcel;
    const enum store_status *own = &statuses[missing->read];
    bool answered = own[0] == STORE_OK && (!is_to_customer(parcel) || own[1] == STORE_OK);
    if (!answered)
        parcel_fail(parcel, SEND_TEMPORARY, "not sent: the store does not answer");
    else if (!missing->entities[0].version)
        parcel_fail(parcel, SEND_PERMANENT, "not sent: the site is not set up");
    else if (!is_to_customer(parcel) || take_customer(rendering, parcel, missing->customer, &missing->entities[1]))
        parcel->order.settings = missing->entities[0].packed;
}

static void read_missing(struct rendering *rendering, struct parcel *first, mono_ms now)
{
    size_t count;
    struct missing *missing = missing_of(rendering, first, now, &count);
    if (!count)
        return;
    struct entities_read *reads = arena_alloc(rendering->arena, 2 * count * sizeof *reads);
    enum store_status *statuses = arena_alloc(rendering->arena, 2 * count * sizeof *statuses);
    size_t made = reads_of(missing, count, reads);
    struct store *store = rendering->store;
    enum store_status status = store->functions->read_entities(store, reads, made, rendering->arena, statuses);
    for (size_t i = 0; i < made && status != STORE_OK; i++)
        statuses[i] = status;
    for (size_t i = 0; i < count; i++)
        take_missing(rendering, &missing[i], statuses);
}

/* An erased customer gets no new key by it. */
static void fetch_keys(struct rendering *rendering, const struct parcel *first)
{
    size_t most = 0, count = 0;
    for (const struct parcel *at = first; at; at = at->next)
        most++;
    const char **customers = arena_alloc(rendering->arena, (most + 1) * sizeof *customers);
    for (const struct parcel *at = first; at; at = at->next)
        if (is_to_customer(at) && !at->detail)
            customers[count++] = at->order.customer;
    seal_fetch(rendering->sealer, customers, count, false);
}

void rendering_prepare(struct rendering *rendering, struct parcel *first, mono_ms now)
{
    if (!first)
        return;
    arena_reset(rendering->arena);
    read_missing(rendering, first, now);
    fetch_keys(rendering, first);
}

/* -------- settings */

/* Was the store asked for a content, and did not answer? */
static bool was_gone(struct rendering *rendering)
{
    bool gone = rendering->gone;
    rendering->gone = false;
    return gone;
}

bool rendering_templates(struct rendering *rendering, struct parcel *parcel, const char *hash, const struct templates **ret)
{
    *ret = content_templates(rendering->contents, hash);
    return !was_gone(rendering) || parcel_fail(parcel, SEND_TEMPORARY, "not sent: the store does not answer");
}

static bool site_put_together(struct rendering *rendering, struct parcel *parcel, struct known_site *to)
{
    const struct send_order *order = &parcel->order;
    struct arena *arena = to->arena ? to->arena : arena_new();
    arena_reset(arena);
    *to = (struct known_site){.arena = arena, .id = arena_string(arena, order->site)};
    to->settings = (struct slice){arena_copy(arena, order->settings.at, order->settings.bytes), order->settings.bytes};
    const struct site_config *config = entity_read(ENTITY_NOTIFIER_SITE, to->id, to->settings, arena);
    if (!config)
        return parcel_fail(parcel, SEND_PERMANENT, "not sent: the site's settings cannot be read");
    to->site = content_site(rendering->contents, to->id, config, arena);
    return !was_gone(rendering) || parcel_fail(parcel, SEND_TEMPORARY, "not sent: the store does not answer");
}

static bool is_as_settled(const struct known_site *known, const struct send_order *order)
{
    return known->site && known->settings.bytes == order->settings.bytes && !strcmp(known->id, order->site) &&
           !memcmp(known->settings.at, order->settings.at, order->settings.bytes);
}

const struct site *rendering_site(struct rendering *rendering, struct parcel *parcel)
{
    struct known_site *known = &rendering->sites[fnv_text(FNV_START, parcel->order.site) % SITES];
    if (!is_as_settled(known, &parcel->order) && !site_put_together(rendering, parcel, known))
        known->site = NULL;
    return known->site;
}
