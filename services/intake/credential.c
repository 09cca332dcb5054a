#include "credential.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 1000, HASH_BYTES = 32, HASH_DIGITS = 2 * HASH_BYTES };

struct key {
    uint8_t hash[HASH_BYTES];
    struct credential credential;
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

static void hash_parse(const struct yaml *node, uint8_t ret[HASH_BYTES], struct mistakes *mistakes,
                       const struct yaml *key)
{
    const char *text = yaml_text(node, "", mistakes);
    size_t bytes = 0;
    if (strlen(text) != HASH_DIGITS || sodium_hex2bin(ret, HASH_BYTES, text, HASH_DIGITS, NULL, &bytes, NULL) ||
        bytes != HASH_BYTES)
        yaml_mistake(mistakes, node ? node : key, "hash: write the 64 hex digits of the key's BLAKE2b-256");
}

static void key_parse(const struct yaml *node, struct arena *arena, struct key *ret, struct mistakes *mistakes)
{
    static const char *const known[] = {"name", "hash", "roles", "sites", "types", "personal", NULL};
    yaml_known_keys(node, known, mistakes);
    hash_parse(yaml_get(node, "hash"), ret->hash, mistakes, node);
    ret->credential = (struct credential){
        .actor = arena_string(arena, yaml_text(yaml_get(node, "name"), "", mistakes)),
        .roles = texts_parse(yaml_get(node, "roles"), arena, mistakes),
        .sites = texts_parse(yaml_get(node, "sites"), arena, mistakes),
        .types = texts_parse(yaml_get(node, "types"), arena, mistakes),
        .personal = yaml_bool(yaml_get(node, "personal"), false, mistakes),
    };
    if (!*ret->credential.actor)
        yaml_mistake(mistakes, node, "name: who acts with this key");
    ret->credential.role = ret->credential.roles.count ? ret->credential.roles.at[0] : "";
}

static void keys_take(struct keys *keys, const struct yaml *root, struct mistakes *mistakes)
{
    static const char *const known[] = {"keys", NULL};
    yaml_known_keys(root, known, mistakes);
    const struct yaml *list = yaml_get(root, "keys");
    if (!list || list->kind != YAML_LIST || list->count > KEYS_MAX) {
        yaml_mistake(mistakes, list ? list : root, "keys: a list of at most %d keys", KEYS_MAX);
        return;
    }
    keys->at = arena_alloc(keys->arena, (list->count + 1) * sizeof *keys->at);
    for (size_t i = 0; i < list->count; i++)
        key_parse(list->items[i], keys->arena, &keys->at[keys->count++], mistakes);
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
        keys_take(keys, root, mistakes);
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

/* -------- rights */

static struct texts texts_copy(struct arena *arena, struct texts from)
{
    struct texts to = {arena_alloc(arena, (from.count + 1) * sizeof *to.at), from.count};
    for (size_t i = 0; i < from.count; i++)
        to.at[i] = arena_string(arena, from.at[i]);
    return to;
}

static bool texts_have(struct texts texts, const char *text)
{
    for (size_t i = 0; i < texts.count; i++)
        if (!strcmp(texts.at[i], text))
            return true;
    return false;
}

/* All keys are compared, each in constant time: how long it takes tells nothing. */
static const struct key *key_find(const struct keys *keys, const char *key)
{
    uint8_t hash[HASH_BYTES];
    const struct key *found = NULL;
    crypto_generichash(hash, sizeof hash, (const uint8_t *)key, strlen(key), NULL, 0);
    for (size_t i = 0; i < keys->count; i++)
        if (!sodium_memcmp(hash, keys->at[i].hash, HASH_BYTES))
            found = &keys->at[i];
    return found;
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
    *ret = (struct credential){
        .actor = arena_string(arena, found->credential.actor), .role = arena_string(arena, found->credential.role),
        .roles = texts_copy(arena, found->credential.roles), .sites = texts_copy(arena, found->credential.sites),
        .types = texts_copy(arena, found->credential.types), .personal = found->credential.personal,
    };
    if (role && *role && texts_have(ret->roles, role))
        ret->role = arena_string(arena, role);
    return true;
}

bool credential_may_see(const struct credential *credential, const char *site)
{
    return !credential->sites.count || texts_have(credential->sites, site);
}

bool credential_may_post(const struct credential *credential, const char *site, const char *type)
{
    return credential_may_see(credential, site) && (!credential->types.count || texts_have(credential->types, type));
}
