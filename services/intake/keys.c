#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "allowance.h"
#include "credential.h"
#include "event.h"

enum { KEYS_MAX = 1000, HASH_BYTES = 32, HASH_DIGITS = 2 * HASH_BYTES };

struct key {
    uint8_t hash[HASH_BYTES];
    struct credential credential;
    struct allowance allowance;
};

struct keys {
    struct arena *arena;
    size_t count;
    struct key *at;
};

/* -------- the file */

static struct texts texts_parse(const struct yaml *node, struct arena *arena, struct mistakes *mistakes)
{
    struct texts texts = {0};
    if (!node)
        return texts;
    if (node->kind != YAML_LIST) {
        yaml_mistake(mistakes, node, "write a list, as [a, b]");
        return texts;
    }
    texts.at = arena_alloc(arena, (node->count + 1) * sizeof *texts.at);
    for (size_t i = 0; i < node->count; i++)
        texts.at[texts.count++] = arena_string(arena, yaml_text(node->items[i], "", mistakes));
    return texts;
}

/* Names of the acts, ended by NULL. */
static const char **act_names(struct arena *arena)
{
    const char **names = arena_alloc(arena, (EVENT_COUNT + 1) * sizeof *names);
    size_t count = 0;
    for (int i = EVENT_UNKNOWN + 1; i < EVENT_COUNT; i++)
        if (event_types[i].class == ACT)
            names[count++] = event_types[i].name;
    names[count] = NULL;
    return names;
}

static bool act_known(const char *act, const char *const *names)
{
    size_t bytes = strlen(act);
    bool all = bytes && act[bytes - 1] == '*';
    for (; *names; names++)
        if (all ? !strncmp(*names, act, bytes - 1) : !strcmp(*names, act))
            return true;
    return false;
}

static struct texts acts_parse(const struct yaml *node, struct arena *arena, struct mistakes *mistakes)
{
    struct texts acts = texts_parse(node, arena, mistakes);
    const char **names = act_names(arena);
    for (size_t i = 0; i < acts.count; i++) {
        if (act_known(acts.at[i], names))
            continue;
        const char *near = nearest_name(acts.at[i], names);
        yaml_mistake(mistakes, node->items[i], "%.60s is no act%s%s", acts.at[i], near ? ", did you mean " : "",
                     near ? near : "");
    }
    return acts;
}

static void hash_parse(const struct yaml *node, uint8_t ret[HASH_BYTES], struct mistakes *mistakes,
                       const struct yaml *key)
{
    const char *text = yaml_text(node, "", mistakes);
    size_t bytes = 0;
    if (strlen(text) != HASH_DIGITS || sodium_hex2bin(ret, HASH_BYTES, text, HASH_DIGITS, NULL, &bytes, NULL) ||
        bytes != HASH_BYTES)
        yaml_mistake(mistakes, node ? node : key, "hash: write the 64 hex digits of the key's BLAKE2b-256");
}

static void rate_parse(const struct yaml *key, struct allowance *ret, struct mistakes *mistakes)
{
    const struct yaml *rate = yaml_get(key, "rate"), *burst = yaml_get(key, "burst");
    int64_t events = yaml_int(burst, 0, 1, BURST_MAX, mistakes);
    if (rate && !allowance_parse(yaml_text(rate, "", mistakes), events, ret))
        yaml_mistake(mistakes, rate, "write so many a second, minute or hour: 100/s, 600/m, 5000/h; at most %d",
                     RATE_COUNT_MAX);
    if (burst && !rate)
        yaml_mistake(mistakes, burst, "a burst needs a rate");
}

static void key_parse(const struct yaml *node, struct arena *arena, struct key *ret, struct mistakes *mistakes)
{
    static const char *const known[] = {"name", "hash",     "roles", "sites", "types",
                                        "acts", "personal", "rate",  "burst", NULL};
    yaml_known_keys(node, known, mistakes);
    hash_parse(yaml_get(node, "hash"), ret->hash, mistakes, node);
    rate_parse(node, &ret->allowance, mistakes);
    ret->credential = (struct credential){
        .actor = arena_string(arena, yaml_text(yaml_get(node, "name"), "", mistakes)),
        .roles = texts_parse(yaml_get(node, "roles"), arena, mistakes),
        .sites = texts_parse(yaml_get(node, "sites"), arena, mistakes),
        .types = texts_parse(yaml_get(node, "types"), arena, mistakes),
        .acts = acts_parse(yaml_get(node, "acts"), arena, mistakes),
        .personal = yaml_bool(yaml_get(node, "personal"), false, mistakes),
    };
    if (!*ret->credential.actor)
        yaml_mistake(mistakes, node, "name: who acts with this key");
    ret->credential.role = ret->credential.roles.count ? ret->credential.roles.at[0] : "";
}

static void keys_fill(struct keys *keys, const struct yaml *root, struct mistakes *mistakes)
{
    static const char *const known[] = {"keys", NULL};
    yaml_known_keys(root, known, mistakes);
    const struct yaml *list = yaml_get(root, "keys");
    if (!list || list->kind != YAML_LIST || list->count > KEYS_MAX) {
        yaml_mistake(mistakes, list ? list : root, "keys: a list of at most %d keys", KEYS_MAX);
        return;
    }
    keys->at = arena_alloc(keys->arena, (list->count + 1) * sizeof *keys->at);
    memset(keys->at, 0, (list->count + 1) * sizeof *keys->at);
    for (size_t i = 0; i < list->count; i++) {
        key_parse(list->items[i], keys->arena, &keys->at[i], mistakes);
        keys->at[i].credential.key = i;
        keys->count++;
    }
}

struct keys *keys_parse(struct slice yaml, const char *file, struct mistakes *mistakes)
{
    struct keys *keys = calloc(1, sizeof *keys);
    assert(keys);
    keys->arena = arena_new();
    mistakes->file = file;
    size_t before = mistakes->count;
    struct yaml *root = yaml_parse(yaml, keys->arena, mistakes);
    if (root)
        keys_fill(keys, root, mistakes);
    if (!root || mistakes->count != before)
        keys_free(&keys);
    return keys;
}

void keys_free(struct keys **keys)
{
    if (!keys || !*keys)
        return;
    arena_free(&(*keys)->arena);
    free(*keys);
    *keys = NULL;
}

size_t keys_count(const struct keys *keys)
{
    return keys->count;
}

/* -------- finding one */

/* All keys are compared, each in constant time: how long it takes tells nothing. */
static struct key *key_of_hash(const struct keys *keys, const uint8_t hash[HASH_BYTES])
{
    struct key *found = NULL;
    for (size_t i = 0; i < keys->count; i++)
        if (!sodium_memcmp(hash, keys->at[i].hash, HASH_BYTES))
            found = &keys->at[i];
    return found;
}

static const struct key *key_find(const struct keys *keys, const char *key)
{
    uint8_t hash[HASH_BYTES];
    crypto_generichash(hash, sizeof hash, (const uint8_t *)key, strlen(key), NULL, 0);
    return key_of_hash(keys, hash);
}

static struct texts texts_copy(struct arena *arena, struct texts from)
{
    struct texts to = {arena_alloc(arena, (from.count + 1) * sizeof *to.at), from.count};
    for (size_t i = 0; i < from.count; i++)
        to.at[i] = arena_string(arena, from.at[i]);
    return to;
}

static const char *role_of(const struct key *key, const char *wanted)
{
    for (size_t i = 0; wanted && i < key->credential.roles.count; i++)
        if (!strcmp(key->credential.roles.at[i], wanted))
            return wanted;
    return key->credential.role;
}

bool credential_of(const struct keys *keys, const char *key, const char *actor, const char *role, struct arena *arena,
                   struct credential *ret)
{
    if (!keys) {
        *ret = (struct credential){
            .actor = arena_string(arena, actor), .role = arena_string(arena, role), .personal = true
        };
        return true;
    }
    const struct key *found = key ? key_find(keys, key) : NULL;
    if (!found)
        return false;
    const struct credential *held = &found->credential;
    *ret = (struct credential){
        .actor = arena_string(arena, held->actor), .role = arena_string(arena, role_of(found, role)),
        .roles = texts_copy(arena, held->roles), .sites = texts_copy(arena, held->sites),
        .types = texts_copy(arena, held->types), .acts = texts_copy(arena, held->acts),
        .personal = held->personal, .key = held->key,
    };
    return true;
}

/* -------- how often */

static bool same_rate(const struct allowance *a, const struct allowance *b)
{
    return a->count == b->count && a->period_ms == b->period_ms && a->burst == b->burst;
}

void keys_inherit(struct keys *keys, const struct keys *before)
{
    for (size_t i = 0; before && i < keys->count; i++) {
        const struct key *same = key_of_hash(before, keys->at[i].hash);
        if (same && same_rate(&same->allowance, &keys->at[i].allowance))
            keys->at[i].allowance = same->allowance;
    }
}

int64_t keys_take(struct keys *keys, const struct credential *credential, mono_ms now)
{
    if (!keys)
        return 0;
    assert(credential->key < keys->count);
    return allowance_take(&keys->at[credential->key].allowance, now);
}

void keys_charge(struct keys *keys, const struct credential *credential, size_t events)
{
    if (!keys)
        return;
    assert(credential->key < keys->count);
    allowance_charge(&keys->at[credential->key].allowance, events);
}
