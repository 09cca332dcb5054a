#include "redis_node.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSWORD_BYTES_MAX = 512, MS_PER_S = 1000 };

static bool given(const char *text)
{
    return text && *text;
}

const char *redis_node_name(const struct redis_node *node, char ret[REDIS_HOST_BYTES + 8])
{
    if (node->at.port)
        snprintf(ret, REDIS_HOST_BYTES + 8, strchr(node->at.host, ':') ? "[%s]:%d" : "%s:%d", node->at.host,
                 node->at.port);
    else
        snprintf(ret, REDIS_HOST_BYTES + 8, "%s", node->at.host);
    return ret;
}

void redis_node_close(struct redis_node *node)
{
    if (node->context)
        redisFree(node->context);
    node->context = NULL;
    node->prepared = false;
}

static bool lose(struct redis_node *node, const char *doing, char message[160])
{
    char name[REDIS_HOST_BYTES + 8];
    const char *why = node->context && node->context->err ? node->context->errstr : "no memory";
    snprintf(message, REDIS_MESSAGE_BYTES, "%s Redis at %.64s: %.60s", doing, redis_node_name(node, name), why);
    redis_node_close(node);
    return false;
}

/* A connection that Redis has closed must be an error of the write, not the end of the process. */
static void ignore_broken_pipes(void)
{
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

/* -------- logging in */

/* The first line of the file. The caller wipes it. */
static bool password_read(const char *path, char ret[PASSWORD_BYTES_MAX], char message[160])
{
    FILE *file = fopen(path, "re");
    bool read = file && setvbuf(file, NULL, _IONBF, 0) == 0 && fgets(ret, PASSWORD_BYTES_MAX, file);
    if (read)
        ret[strcspn(ret, "\r\n")] = 0;
    if (!read)
        snprintf(message, REDIS_MESSAGE_BYTES, "the password file %.80s cannot be read: %s", path,
                 file && !ferror(file) ? "it is empty" : strerror(errno));
    if (file)
        fclose(file);
    return read;
}

static bool answer_good(struct redis_node *node, const struct redis_login *login, redisReply *answer, char message[160])
{
    char name[REDIS_HOST_BYTES + 8];
    bool good = answer && answer->type != REDIS_REPLY_ERROR;
    if (answer && !good)
        snprintf(message, REDIS_MESSAGE_BYTES, "Redis at %.30s does not let user %.20s in: is %.40s right? %.20s",
                 redis_node_name(node, name), given(login->user) ? login->user : "default", login->password_file,
                 answer->str);
    if (answer)
        freeReplyObject(answer);
    return good;
}

static bool log_in(struct redis_node *node, const struct redis_login *login, char message[160])
{
    char password[PASSWORD_BYTES_MAX];
    if (!given(login->password_file))
        return true;
    bool good = password_read(login->password_file, password, message);
    if (good) {
        redisReply *answer = given(login->user) ? REDIS_ASK(node, message, "AUTH", login->user, password)
                                                : REDIS_ASK(node, message, "AUTH", password);
        good = answer_good(node, login, answer, message);
    }
    explicit_bzero(password, sizeof password);
    return good;
}

static struct timeval interval(int64_t ms)
{
    return (struct timeval){.tv_sec = ms / MS_PER_S, .tv_usec = ms % MS_PER_S * 1000};
}

void redis_node_patience(struct redis_node *node, int64_t timeout_ms)
{
    if (node->context)
        redisSetTimeout(node->context, interval(timeout_ms));
}

bool redis_node_open(struct redis_node *node, const struct redis_login *login, int timeout_ms,
                     char message[REDIS_MESSAGE_BYTES])
{
    const struct timeval timeout = interval(timeout_ms);
    ignore_broken_pipes();
    redis_node_close(node);
    node->context = node->at.port ? redisConnectWithTimeout(node->at.host, node->at.port, timeout)
                                  : redisConnectUnixWithTimeout(node->at.host, timeout);
    if (!node->context || node->context->err || redisSetTimeout(node->context, timeout) != REDIS_OK)
        return lose(node, "could not connect to", message);
    bool good = (!login->tls || redis_tls_start(node->context, login, node->at.host, message)) &&
                log_in(node, login, message);
    if (!good)
        redis_node_close(node);
    return good;
}

/* -------- asking */

bool redis_node_put(struct redis_node *node, struct slice commands, char message[REDIS_MESSAGE_BYTES])
{
    return redisAppendFormattedCommand(node->context, (const char *)commands.at, commands.bytes) == REDIS_OK ||
           lose(node, "could not send to", message);
}

bool redis_node_flush(struct redis_node *node, char message[REDIS_MESSAGE_BYTES])
{
    for (int done = 0; !done;)
        if (redisBufferWrite(node->context, &done) != REDIS_OK)
            return lose(node, "could not send to", message);
    return true;
}

redisReply *redis_node_take(struct redis_node *node, char message[REDIS_MESSAGE_BYTES])
{
    void *answer = NULL;
    if (redisGetReply(node->context, &answer) == REDIS_OK && answer)
        return answer;
    lose(node, "no answer from", message);
    return NULL;
}

redisReply *redis_node_ask(struct redis_node *node, const char *const *words, size_t count,
                           char message[REDIS_MESSAGE_BYTES])
{
    redisReply *answer = redisCommandArgv(node->context, (int)count, (const char **)words, NULL);
    if (!answer)
        lose(node, "no answer from", message);
    return answer;
}

const char *redis_error_hint(const char *error)
{
    static const struct { const char *begins, *hint; } hints[] = {
        {"NOAUTH ", "it wants a password, which the settings do not name. "},
        {"WRONGPASS ", "it does not let us in. "},
        {"NOPERM ", "its user may not do this. "},
        {"ERR The user executing the script", "its user may not do this. "},
        {"ERR This instance has cluster support disabled", "it is of no Cluster: is the address tcp://…? "},
    };
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (strncmp(error, hints[i].begins, strlen(hints[i].begins)) == 0)
            return hints[i].hint;
    return "";
}
