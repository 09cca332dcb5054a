#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "records.h"
#include "site.h"

/* Contents never change under their hash, so what was parsed once stays right for ever. */

enum { BUCKETS = 256 };

struct content {
    struct content *next;
    char hash[65];
    int kind;                       /* enum config_kind */
    struct arena *arena;            /* NULL: nothing came of it */
    const void *parsed;             /* NULL: broken */
};

struct content_cache {
    content_reader reader;
    void *context;
    struct content *buckets[BUCKETS];
};

struct content_cache *content_cache_new(content_reader reader, void *context)
{
    struct content_cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        abort();
    cache->reader = reader;
    cache->context = context;
    return cache;
}

static void content_free(struct content *content)
{
    arena_free(&content->arena);
    free(content);
}

void content_cache_free(struct content_cache **cache)
{
    if (!cache || !*cache)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct content *at = (*cache)->buckets[i], *next; at; at = next) {
            next = at->next;
            content_free(at);
        }
    free(*cache);
    *cache = NULL;
}

/* -------- parsing */

static const void *parse_playbook(struct slice text, struct arena *arena, struct mistakes *mistakes)
{
    return playbook_parse(text, arena, mistakes);
}

static const void *parse_calendar(struct slice text, struct arena *arena, struct mistakes *mistakes)
{
    return calendar_parse(text, arena, mistakes);
}

static const void *parse_templates(struct slice text, struct arena *arena, struct mistakes *mistakes)
{
    return templates_parse(text, arena, mistakes);
}

static const void *parse_staff(struct slice text, struct arena *arena, struct mistakes *mistakes)
{
    return staff_parse(text, arena, mistakes);
}

static const void *parse_workshop(struct slice text, struct arena *arena, struct mistakes *mistakes)
{
    return workshop_parse(text, arena, mistakes);
}

static const void *(*const parsers[config_kind_count])(struct slice, struct arena *, struct mistakes *) = {
    [CONFIG_PLAYBOOK] = parse_playbook,
    [CONFIG_CALENDAR] = parse_calendar,
    [CONFIG_TEMPLATES] = parse_templates,
    [CONFIG_STAFF] = parse_staff,
    [CONFIG_WORKSHOP] = parse_workshop,
};

/* What was in force before this build may be wrong for it: told once, then as if it were not there. */
static void content_parse(struct content *content, struct slice text)
{
    struct mistakes mistakes = {.file = words_name(&config_kind_words, content->kind), .arena = content->arena};
    content->parsed = parsers[content->kind](text, content->arena, &mistakes);
    if (!content->parsed)
        log_error("content.broken", log_text("hash", content->hash),
                  log_text("mistake", mistakes.count ? mistakes.lines[0] : ""),
                  log_int("mistakes", (int64_t)mistakes.count));
}

static size_t bucket_of(const char *hash)
{
    size_t sum = 0;
    for (; *hash; hash++)
        sum = sum * 31 + (unsigned char)*hash;
    return sum % BUCKETS;
}

static const void *content_get(struct content_cache *cache, const char *hash, int kind)
{
    struct slice text = {NULL, 0};
    if (!hash || !*hash || strlen(hash) > 64)
        return NULL;
    struct content **bucket = &cache->buckets[bucket_of(hash)];
    for (struct content *at = *bucket; at; at = at->next)
        if (at->kind == kind && !strcmp(at->hash, hash))
            return at->parsed;
    struct arena *arena = arena_new();
    if (!cache->reader(cache->context, hash, arena, &text)) {
        arena_free(&arena);
        return NULL;
    }
    struct content *made = calloc(1, sizeof *made);
    if (!made)
        abort();
    *made = (struct content){.next = *bucket, .kind = kind, .arena = arena};
    strcpy(made->hash, hash);
    content_parse(made, text);
    *bucket = made;
    return made->parsed;
}

const struct playbook *content_playbook(struct content_cache *cache, const char *hash)
{
    return content_get(cache, hash, CONFIG_PLAYBOOK);
}

const struct templates *content_templates(struct content_cache *cache, const char *hash)
{
    return content_get(cache, hash, CONFIG_TEMPLATES);
}

const struct calendar *content_calendar(struct content_cache *cache, const char *hash)
{
    return content_get(cache, hash, CONFIG_CALENDAR);
}

const struct staff *content_staff(struct content_cache *cache, const char *hash)
{
    return content_get(cache, hash, CONFIG_STAFF);
}

/* -------- a site */

static void site_take(struct content_cache *cache, const struct active_config *active, struct site *site)
{
    const void *parsed = content_get(cache, active->hash, active->kind);
    if (!parsed)
        return;
    switch (active->kind) {
    case CONFIG_PLAYBOOK:
        site->playbooks[site->playbook_count++] = (struct playbook_in_force){active->hash, parsed};
        break;
    case CONFIG_CALENDAR:
        site->calendar = parsed;
        site->calendar_hash = active->hash;
        break;
    case CONFIG_TEMPLATES:
        site->templates[site->templates_count++] = (struct templates_in_force){active->hash, parsed};
        break;
    case CONFIG_STAFF:
        site->staff = parsed;
        break;
    case CONFIG_WORKSHOP:
        site->workshop = parsed;
        break;
    }
}

const struct site *content_site(struct content_cache *cache, const char *site_id, const struct site_config *config,
                                struct arena *arena)
{
    struct site *site = arena_alloc(arena, sizeof *site);
    *site = (struct site){.id = site_id, .calendar = calendar_everyday(), .calendar_hash = "", .config = config};
    site->playbooks = arena_alloc(arena, (config->active.count + 1) * sizeof *site->playbooks);
    site->templates = arena_alloc(arena, (config->active.count + 1) * sizeof *site->templates);
    for (size_t i = 0; i < config->active.count; i++)
        if (config->active.at[i].kind > CONFIG_NONE)
            site_take(cache, &config->active.at[i], site);
    return site;
}

void content_hash(struct slice content, char ret[65])
{
    unsigned char hash[32];
    crypto_generichash(hash, sizeof hash, content.at, content.bytes, NULL, 0);
    sodium_bin2hex(ret, 65, hash, sizeof hash);
}
