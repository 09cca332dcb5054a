#include "redis_link.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "clock_real.h"
#include "redis_link_parts.h"

redisReply *const *redis_link_replies(const struct redis_link *link)
{
    return link->last->replies;
}

const char *redis_link_message(const struct redis_link *link)
{
    return link->message;
}

unsigned redis_link_nodes(const struct redis_link *link)
{
    return link->route.found ? (unsigned)link->route.count : 0;
}

mono_ms held_until(mono_ms begun)
{
    mono_ms now = real_mono_now();
    int64_t took_ms = now.ms - begun.ms;
    return (mono_ms){now.ms + (took_ms < HOLD_OFF_MS_MAX ? took_ms : HOLD_OFF_MS_MAX)};
}

bool link_open(struct redis_link *link, struct redis_node *node)
{
    mono_ms begun = real_mono_now();
    if (begun.ms < node->held_until.ms)
        return false;
    bool good = redis_route_open(&link->route, node, link->message);
    if (good && !node->prepared && link->prepare)
        good = link->prepare(link->context, node, link->message);
    node->prepared = good;
    if (good)
        return true;
    redis_node_close(node);
    redis_route_forget(&link->route);
    node->held_until = held_until(begun);
    return false;
}

bool link_find(struct redis_link *link)
{
    mono_ms begun = real_mono_now();
    if (link->route.found)
        return true;
    if (begun.ms < link->find_held_until.ms)
        return false;
    if (redis_route_find(&link->route, link->message))
        return true;
    link->find_held_until = held_until(begun);
    return false;
}

static bool connect_once(struct redis_link *link)
{
    bool good = link_find(link);
    for (size_t i = 0; good && i < link->route.count; i++)
        good = link_open(link, &link->route.nodes[i]);
    return good;
}

/* Each Sentinel in turn, if those before it name one that is not the primary. */
enum redis_outcome redis_link_connect(struct redis_link *link)
{
    size_t tries = link->route.place.scheme == REDIS_SENTINEL ? link->route.place.count : 1;
    while (tries > 0 && !connect_once(link))
        tries--;
    return tries > 0 ? REDIS_DONE : REDIS_GONE;
}

/* -------- from start to end */

static char *copy(const char *text)
{
    char *made = strdup(text ? text : "");
    assert(made);
    return made;
}

static void access_copy(const struct redis_access *from, struct redis_access *to)
{
    *to = (struct redis_access){
        .address = copy(from->address), .user = copy(from->user), .password_file = copy(from->password_file),
        .sentinel_password_file = copy(from->sentinel_password_file), .ca_file = copy(from->ca_file),
        .certificate_file = copy(from->certificate_file), .key_file = copy(from->key_file), .replicas = from->replicas,
    };
}

static void access_free(struct redis_access *access)
{
    const char *const texts[] = {access->address, access->user, access->password_file, access->sentinel_password_file,
                                 access->ca_file, access->certificate_file, access->key_file};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free((char *)texts[i]);
}

static bool logins_make(struct redis_link *link, char message[160])
{
    const struct redis_access *access = &link->access;
    struct redis_route *route = &link->route;
    bool spread = route->place.scheme == REDIS_SENTINEL || route->place.scheme == REDIS_CLUSTER;
    route->login = (struct redis_login){
        .user = access->user, .password_file = access->password_file,
        .tls = route->place.scheme == REDIS_TLS || (spread && *access->ca_file),
        .ca_file = access->ca_file, .certificate_file = access->certificate_file, .key_file = access->key_file,
    };
    route->sentinel_login = route->login;
    route->sentinel_login.user = "";
    route->sentinel_login.password_file = access->sentinel_password_file;
    return !route->login.tls || redis_tls_possible(&route->login, message);
}

struct redis_link *redis_link_new(const struct redis_access *access, redis_prepare *prepare, void *context,
                                  char message[REDIS_MESSAGE_BYTES])
{
    struct redis_link *link = calloc(1, sizeof *link);
    assert(link);
    link->run = link->runs;
    link->last = link->runs;
    link->prepare = prepare;
    link->context = context;
    access_copy(access, &link->access);
    if (!redis_address_read(link->access.address, &link->route.place, message) || !logins_make(link, message))
        redis_link_free(&link);
    return link;
}

static void run_free(struct redis_run *run)
{
    for (size_t i = 0; i < run->reply_count; i++)
        freeReplyObject(run->replies[i]);
    buffer_free(&run->wire);
}

void redis_link_free(struct redis_link **link)
{
    if (!*link)
        return;
    for (size_t i = 0; i < sizeof (*link)->runs / sizeof *(*link)->runs; i++)
        run_free(&(*link)->runs[i]);
    redis_route_close(&(*link)->route);
    access_free(&(*link)->access);
    free(*link);
    *link = NULL;
}
