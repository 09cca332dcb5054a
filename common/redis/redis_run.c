/* One run of a link: rounds, each of which sends every command that has no reply yet to its node. */
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "clock_real.h"
#include "redis_link_parts.h"

enum {
    ROUNDS_MAX = 6,
    LATE_MS = 50,                   /* for an answer that should be there already */
    ROUND_WAIT_MS = 5               /* before the second round; doubles: 155 ms in all */
};

/* What an error reply means; anything else is a mistake of ours. */
static const struct { const char *begins; enum redis_verdict verdict; } meanings[] = {
    {"OOM ", VERDICT_FULL},
    {"MISCONF ", VERDICT_FULL},
    {"READONLY ", VERDICT_GONE},
    {"LOADING ", VERDICT_GONE},
    {"MASTERDOWN ", VERDICT_GONE},
    {"NOREPLICAS ", VERDICT_GONE},
    {"BUSY ", VERDICT_GONE},
    {"UNKILLABLE ", VERDICT_GONE},
    {"CLUSTERDOWN ", VERDICT_ELSEWHERE},
    {"MOVED ", VERDICT_AGAIN},
    {"ASK ", VERDICT_AGAIN},
    {"TRYAGAIN ", VERDICT_AGAIN},
    {"ERR Function not found", VERDICT_UNPREPARED},
    {"NOAUTH ", VERDICT_GONE},
    {"NOPERM ", VERDICT_GONE},
    {"ERR The user executing the script", VERDICT_GONE},
    {"WRONGPASS ", VERDICT_GONE},
};

static enum redis_verdict error_verdict(const char *error)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (strncmp(error, meanings[i].begins, strlen(meanings[i].begins)) == 0)
            return meanings[i].verdict;
    return VERDICT_REFUSED;
}

static const enum redis_outcome outcomes[] = {
    [VERDICT_GOOD] = REDIS_DONE, [VERDICT_AGAIN] = REDIS_GONE, [VERDICT_ELSEWHERE] = REDIS_GONE,
    [VERDICT_UNPREPARED] = REDIS_REFUSED, [VERDICT_REFUSED] = REDIS_REFUSED, [VERDICT_FULL] = REDIS_FULL,
    [VERDICT_GONE] = REDIS_GONE,
};

enum redis_outcome redis_reply_outcome(const redisReply *reply)
{
    if (!reply)
        return REDIS_GONE;
    return outcomes[reply->type == REDIS_REPLY_ERROR ? error_verdict(reply->str) : VERDICT_GOOD];
}

static enum redis_verdict worse(enum redis_verdict a, enum redis_verdict b)
{
    return a > b ? a : b;
}

static enum redis_verdict judge(struct redis_link *link, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ERROR)
        return VERDICT_GOOD;
    enum redis_verdict verdict = error_verdict(reply->str);
    bool alone = link->route.place.scheme != REDIS_CLUSTER &&
                 (verdict == VERDICT_AGAIN || verdict == VERDICT_ELSEWHERE);
    snprintf(link->message, sizeof link->message, "Redis: %s%.100s",
             alone ? "it is of a Cluster: is the address cluster://…? " : redis_error_hint(reply->str), reply->str);
    return alone ? VERDICT_GONE : verdict;
}

/* -------- who gets what */

static struct redis_node *node_of(struct redis_link *link, const struct command *command)
{
    return command->node < link->route.count ? &link->route.nodes[command->node] : NULL;
}

/* false: nobody serves a command's slot now. */
static bool commands_assign(struct redis_link *link)
{
    unsigned keyless = 0;
    for (size_t i = link->run->count; i-- > 0;)
        if (link->run->commands[i].keyed)
            keyless = redis_route_node(&link->route, link->run->commands[i].slot);
    for (size_t i = 0; i < link->run->count; i++) {
        struct command *command = &link->run->commands[i];
        if (!command->fixed)
            command->node = command->keyed ? redis_route_node(&link->route, command->slot) : keyless;
        if (!command->done && !node_of(link, command)) {
            snprintf(link->message, sizeof link->message, "no node of the Redis Cluster serves slot %u", command->slot);
            return false;
        }
    }
    return true;
}

static bool is_for(const struct command *command, unsigned node)
{
    return !command->done && command->node == node;
}

static bool has_work(const struct redis_link *link, unsigned node)
{
    for (size_t i = 0; i < link->run->count; i++)
        if (is_for(&link->run->commands[i], node))
            return true;
    return false;
}

/* The first command for the node that must reach the replicas; NULL: none does. */
static const struct command *first_write(const struct redis_link *link, unsigned node)
{
    for (size_t i = 0; i < link->run->count && link->access.replicas; i++)
        if (link->run->commands[i].writes && is_for(&link->run->commands[i], node))
            return &link->run->commands[i];
    return NULL;
}

/* -------- sending */

static struct slice command_slice(const struct redis_link *link, size_t i)
{
    size_t end = i + 1 < link->run->count ? link->run->commands[i + 1].from : link->run->wire.bytes;
    return (struct slice){link->run->wire.at + link->run->commands[i].from, end - link->run->commands[i].from};
}

/* WAIT speaks of the connection's own writes, and a command may have found its work done by an earlier one: so a write
 * of our own goes before it, in the same slot. */
static bool wait_put(struct redis_link *link, struct redis_node *node, const struct command *write)
{
    struct buffer text = {0};
    char number[16], wait_ms[16];
    struct slice tag = redis_key_tag((struct slice){link->run->wire.at + write->key_at, write->key_bytes});
    snprintf(number, sizeof number, "%u", link->access.replicas);
    snprintf(wait_ms, sizeof wait_ms, "%d", WAIT_MS);
    buffer_printf(&text, "*3\r\n$3\r\nSET\r\n$%zu\r\n{%.*s}touched\r\n$0\r\n\r\n", tag.bytes + strlen("{}touched"),
                  (int)tag.bytes, (const char *)tag.at);
    buffer_printf(&text, "*3\r\n$4\r\nWAIT\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n", strlen(number), number, strlen(wait_ms),
                  wait_ms);
    bool put = redis_node_put(node, buffer_slice(&text), link->message);
    buffer_free(&text);
    return put;
}

static bool node_put(struct redis_link *link, unsigned number)
{
    struct redis_node *node = &link->route.nodes[number];
    const struct command *write = first_write(link, number);
    bool good = true;
    for (size_t i = 0; i < link->run->count && good; i++)
        if (is_for(&link->run->commands[i], number))
            good = redis_node_put(node, command_slice(link, i), link->message);
    return good && (!write || wait_put(link, node, write)) && redis_node_flush(node, link->message);
}

/* -------- taking */

static enum redis_verdict reached_judge(struct redis_link *link, struct redis_node *node, const redisReply *reached)
{
    enum redis_verdict verdict = judge(link, reached);
    if (verdict != VERDICT_GOOD || reply_number(reached) >= (int64_t)link->access.replicas)
        return verdict;
    snprintf(link->message, sizeof link->message, "only %d of %u replicas of Redis have the write",
             (int)reply_number(reached), link->access.replicas);
    node->held_until = (mono_ms){real_mono_now().ms + HOLD_OFF_MS_MAX};
    return VERDICT_GONE;
}

/* The replies to what wait_put sent; they count if something was `written`. If memory is out, the touch is refused;
 * whatever is not refused then has written something itself. */
static enum redis_verdict wait_take(struct redis_link *link, struct redis_node *node, bool written)
{
    redisReply *touched = redis_node_take(node, link->message);
    redisReply *reached = touched ? redis_node_take(node, link->message) : NULL;
    enum redis_verdict verdict = reached ? VERDICT_GOOD : VERDICT_GONE;
    if (reached && written) {
        verdict = judge(link, touched);
        if (verdict == VERDICT_GOOD || verdict == VERDICT_FULL)
            verdict = reached_judge(link, node, reached);
        verdict = verdict == VERDICT_GOOD ? VERDICT_GOOD : VERDICT_GONE;
    }
    freeReplyObject(touched);
    freeReplyObject(reached);
    return verdict;
}

static enum redis_verdict reply_take(struct redis_link *link, struct redis_node *node, size_t i)
{
    redisReply *reply = redis_node_take(node, link->message);
    if (!reply)
        return VERDICT_GONE;
    enum redis_verdict verdict = judge(link, reply);
    if (verdict == VERDICT_UNPREPARED)
        node->prepared = false;
    if (verdict == VERDICT_AGAIN && strncmp(reply->str, "MOVED ", 6) == 0)
        redis_cluster_moved(&link->route, node, reply->str);
    if (verdict >= VERDICT_AGAIN && verdict <= VERDICT_UNPREPARED) {
        freeReplyObject(reply);
        return verdict;
    }
    link->run->replies[i] = reply;
    link->run->commands[i].done = true;
    return verdict;
}

/* Every reply is taken, whatever the first ones say: the connection stays in step. */
static enum redis_verdict node_take(struct redis_link *link, unsigned number)
{
    struct redis_node *node = &link->route.nodes[number];
    bool waits = first_write(link, number), written = false;
    enum redis_verdict verdict = VERDICT_GOOD;
    for (size_t i = 0; i < link->run->count && node->context; i++) {
        struct command *command = &link->run->commands[i];
        if (!is_for(command, number))
            continue;
        verdict = worse(verdict, reply_take(link, node, i));
        written |= command->done && command->writes;
    }
    if (!node->context)
        return VERDICT_GONE;
    return waits ? worse(verdict, wait_take(link, node, written)) : verdict;
}

/* -------- rounds */

/* What a node did before it was lost, or before its replicas were, is not known. */
static void replies_drop(struct redis_link *link, unsigned node)
{
    for (size_t i = 0; i < link->run->count; i++) {
        if (link->run->commands[i].node != node)
            continue;
        freeReplyObject(link->run->replies[i]);
        link->run->replies[i] = NULL;
        link->run->commands[i].done = false;
    }
}

/* All were asked at the same time: what one took to fail, the next ones have had too. */
static enum redis_verdict node_take_late(struct redis_link *link, unsigned number, mono_ms begun)
{
    struct redis_node *node = &link->route.nodes[number];
    int64_t left_ms = begun.ms + REDIS_TIMEOUT_MS - real_mono_now().ms;
    bool late = left_ms < REDIS_TIMEOUT_MS / 2;
    if (late)
        redis_node_patience(node, left_ms > LATE_MS ? left_ms : LATE_MS);
    enum redis_verdict verdict = node_take(link, number);
    if (late)
        redis_node_patience(node, REDIS_TIMEOUT_MS);
    return verdict;
}

/* A node that cannot answer may have a successor: its connection is closed. So is one to a node that does not know who
 * has what: others are to be asked. */
static enum redis_verdict node_finish(struct redis_link *link, unsigned number, mono_ms begun)
{
    struct redis_node *node = &link->route.nodes[number];
    enum redis_verdict verdict = node->context ? node_take_late(link, number, begun) : VERDICT_GONE;
    if (verdict == VERDICT_ELSEWHERE)
        redis_node_close(node);
    if (verdict != VERDICT_GONE)
        return verdict;
    mono_ms held = held_until(begun);
    if (held.ms > node->held_until.ms)
        node->held_until = held;
    redis_node_close(node);
    replies_drop(link, number);
    return verdict;
}

/* All that can be reached work at the same time. */
static enum redis_verdict nodes_ask(struct redis_link *link)
{
    bool *asked = link->run->asked;
    enum redis_verdict verdict = VERDICT_GOOD;
    for (unsigned node = 0; node < link->route.count; node++) {
        if (!has_work(link, node))
            continue;
        asked[node] = link_open(link, &link->route.nodes[node]);
        verdict = asked[node] ? verdict : VERDICT_GONE;
    }
    for (unsigned node = 0; node < link->route.count; node++)
        if (asked[node])
            node_put(link, node);
    return verdict;
}

static void round_ask(struct redis_link *link)
{
    struct redis_run *run = link->run;
    memset(run->asked, 0, sizeof run->asked);
    run->asked_at = real_mono_now();
    if (!link_find(link))
        run->verdict = VERDICT_GONE;
    else if (!commands_assign(link))
        run->verdict = VERDICT_ELSEWHERE;
    else
        run->verdict = nodes_ask(link);
}

/* What is sent to one while another is lost must still be answered: nothing is left on a connection. */
static enum redis_verdict round_answer(struct redis_link *link)
{
    struct redis_run *run = link->run;
    for (unsigned node = 0; node < link->route.count; node++)
        if (run->asked[node])
            run->verdict = worse(run->verdict, node_finish(link, node, run->asked_at));
    return run->verdict;
}

static void replies_forget(struct redis_run *run)
{
    for (size_t i = 0; i < run->reply_count; i++)
        freeReplyObject(run->replies[i]);
    memset(run->replies, 0, run->reply_count * sizeof *run->replies);
    run->reply_count = 0;
}

static void run_begin(struct redis_link *link)
{
    replies_forget(link->run);
    link->run->reply_count = link->run->count;
    round_ask(link);
}

static enum redis_outcome run_end(struct redis_link *link)
{
    enum redis_verdict verdict = round_answer(link);
    for (int round = 1, wait_ms = ROUND_WAIT_MS; round < ROUNDS_MAX; round++, wait_ms *= 2) {
        if (verdict < VERDICT_AGAIN || verdict > VERDICT_UNPREPARED)
            break;
        if (verdict == VERDICT_ELSEWHERE)
            redis_route_forget(&link->route);
        poll(NULL, 0, wait_ms);
        round_ask(link);
        verdict = round_answer(link);
    }
    if (outcomes[verdict] == REDIS_GONE)
        redis_route_forget(&link->route);
    buffer_clear(&link->run->wire);
    link->run->count = 0;
    return outcomes[verdict];
}

/* -------- runs */

/* Its answers come before any others on the same connections. */
static void ahead_answer(struct redis_link *link)
{
    struct redis_run *run = link->run, *ahead = link->ahead;
    if (!ahead || ahead->answered)
        return;
    link->run = ahead;
    ahead->outcome = run_end(link);
    ahead->answered = true;
    link->run = run;
}

enum redis_outcome redis_link_run(struct redis_link *link)
{
    ahead_answer(link);
    run_begin(link);
    link->last = link->run;
    return run_end(link);
}

void redis_link_begin(struct redis_link *link)
{
    assert(!link->ahead);
    run_begin(link);
    link->ahead = link->run;
    link->ahead->answered = false;
    link->run = &link->runs[link->run == link->runs];
}

enum redis_outcome redis_link_finish(struct redis_link *link)
{
    assert(link->ahead);
    ahead_answer(link);
    link->last = link->ahead;
    link->ahead = NULL;
    return link->last->outcome;
}
