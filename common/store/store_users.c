#include "store_users.h"

#include <assert.h>
#include <string.h>

#include "event.h"

/* What a rule is for: a command is bound to the keys that it is needed for, so that who may append to a log may not set
 * a text in its place. FCALL wants the right to all keys of the call, to read and to write; inside, each command counts
 * for itself. */
#define FRESH "reset on"

#define READING                                                                                                   \
    " +ping +time +info +role +wait +cluster|slots +function|list +get +hget +hmget +hgetall +hlen +hscan +xrange" \
    " +xlen +zrange +zrangebyscore +zrangebylex +zcard +zlexcount +memory|usage"                                   \
    " %R~{p*}* %R~note:* %R~content:* %R~{members}*"

/* Every daemon announces itself, may be the one that moves stepped time, which lets go of participants that went without a
 * word, and settles at its first start what was not. */
#define WORKING                                                                                          \
    READING " (+fcall ~{p*}* ~{note:*}never ~note:* ~{members}*) (+set ~{*}touched)"                      \
            " (+hset +hdel ~note:clock ~note:meta) (+hdel ~note:participants)"                            \
            " (+zadd +zrem ~{members}) (+hset +hdel ~{members}about)"

#define APPENDING " (+xadd ~{p*}log) (+set ~{p*}head)"
#define TIMERS_AND_QUEUES " (+zadd +zrem ~{p*}timers ~{p*}queue)"

/* Who may load functions may put others in their place, which act with the rights of whoever calls them: so only a
 * daemon that nobody outside can talk to. */
#define LOADING " +function|load"

#define SEALING " +ping +role +cluster|slots +wait (+hget +hsetnx ~key:*) (+set ~{*}touched)"
#define OPERATING                                                                                     \
    " +info +config|get +config|set +acl|load +acl|whoami +acl|log +function|load +function|list" \
    " +function|delete +function|stats"
#define REPLICATING " +ping +psync +replconf"
#define WATCHING                                                                                              \
    " &* +ping +info +role +multi +exec +slaveof +replicaof +subscribe +publish +config|rewrite +client|setname" \
    " +client|kill +script|kill"

static const struct user { const char *name; enum stage stage; const char *rules[SERVER_COUNT]; } users[] = {
    {"intake", STAGE_NONE,
     {FRESH WORKING APPENDING " (+hset +pexpireat ~{p*}keys ~{p*}keys:*) (+xtrim ~{p*}log) (+set ~content:*)"
      " (+hset +hdel ~note:participants ~note:consumers)",
      FRESH SEALING " (+hdel ~key:*)"}},
    {"scheduler", STAGE_SCHEDULER,
     {FRESH LOADING WORKING APPENDING TIMERS_AND_QUEUES " (+zremrangebyrank ~{p*}timers)", FRESH SEALING}},
    {"follow-up", STAGE_FOLLOW_UP, {FRESH WORKING APPENDING TIMERS_AND_QUEUES, FRESH SEALING}},
    {"complaint-router", STAGE_COMPLAINT_ROUTER, {FRESH WORKING APPENDING TIMERS_AND_QUEUES, FRESH SEALING}},
    {"notifier", STAGE_NOTIFIER,
     {FRESH WORKING APPENDING TIMERS_AND_QUEUES " (+hset +pexpireat ~{p*}keys.notifier ~{p*}keys.notifier:*)",
      FRESH SEALING}},
    /* the operator: settings, functions, the users themselves; reads the truth, but nobody's key */
    {"care", STAGE_NONE, {FRESH READING OPERATING, FRESH " +ping +role" OPERATING}},
    /* reads the truth and does nothing */
    {"observer", STAGE_NONE, {FRESH READING " +scan", NULL}},
    /* servers among themselves */
    {"replica", STAGE_NONE, {FRESH REPLICATING, FRESH REPLICATING}},
    {"sentinel", STAGE_NONE, {FRESH WATCHING, FRESH WATCHING}},
};

enum { USERS = sizeof users / sizeof *users };

_Static_assert((int)USERS <= (int)USERS_MAX, "USERS_MAX is too small");

const char *const store_server_names[SERVER_COUNT] = {"store", "keys"};

size_t store_users(enum store_server server, const char *ret_names[USERS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < USERS; i++)
        if (users[i].rules[server])
            ret_names[count++] = users[i].name;
    return count;
}

/* Its lease and checkpoint, its kinds of entity, and the note of what it was at when it died. */
static void add_stage(enum stage stage, struct buffer *to)
{
    buffer_printf(to, " (+hset ~{p*}stage:%s) (+hset +hdel ~note:working", stage_names[stage]);
    for (int kind = 0; kind < ENTITY_COUNT; kind++)
        if (entity_types[kind].stage == stage)
            buffer_printf(to, " ~{p*}entity:%c", entity_types[kind].letter);
    buffer_string(to, ")");
}

void store_user_rules(enum store_server server, const char *name, struct buffer *to)
{
    const struct user *user = users;
    while (user < users + USERS && strcmp(user->name, name))
        user++;
    assert(user < users + USERS && user->rules[server]);
    buffer_string(to, user->rules[server]);
    if (server == SERVER_STORE && user->stage != STAGE_NONE)
        add_stage(user->stage, to);
}
