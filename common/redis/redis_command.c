/* Commands as Redis takes them (RESP), and what its replies hold. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_link_parts.h"

/* "*3\r\n", "$12\r\n": stands before every word, so it is not formatted. */
static void count_put(struct redis_link *link, char mark, size_t count)
{
    char text[24], *at = text + sizeof text;
    *--at = '\n';
    *--at = '\r';
    do
        *--at = (char)('0' + count % 10);
    while (count /= 10);
    *--at = mark;
    buffer_append(&link->run->wire, at, (size_t)(text + sizeof text - at));
}

void command_begin(struct redis_link *link, size_t words)
{
    assert(link->run->count < PIPELINE_MAX);
    link->run->commands[link->run->count++] = (struct command){.from = link->run->wire.bytes, .node = NODE_NONE};
    count_put(link, '*', words);
}

static struct command *command_now(struct redis_link *link)
{
    assert(link->run->count > 0);
    return &link->run->commands[link->run->count - 1];
}

void command_writes(struct redis_link *link)
{
    command_now(link)->writes = true;
}

void command_to_node(struct redis_link *link, unsigned node)
{
    struct command *command = command_now(link);
    command->fixed = true;
    command->node = node;
}

void command_joined(struct redis_link *link, struct slice first, struct slice second)
{
    count_put(link, '$', first.bytes + second.bytes);
    buffer_append(&link->run->wire, first.at, first.bytes);
    buffer_append(&link->run->wire, second.at, second.bytes);
    buffer_append(&link->run->wire, "\r\n", 2);
}

void command_bytes(struct redis_link *link, struct slice bytes)
{
    command_joined(link, bytes, (struct slice){0});
}

void command_text(struct redis_link *link, const char *text)
{
    command_bytes(link, (struct slice){(const uint8_t *)text, strlen(text)});
}

/* Callers bound their names far below this. */
static void text_format(char ret[1024], const char *format, va_list args)
{
    int bytes = vsnprintf(ret, 1024, format, args);
    assert(bytes >= 0 && bytes < 1024);
}

void command_printf(struct redis_link *link, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    text_format(text, format, args);
    va_end(args);
    command_text(link, text);
}

void command_key(struct redis_link *link, const char *format, ...)
{
    char key[1024];
    va_list args;
    va_start(args, format);
    text_format(key, format, args);
    va_end(args);
    command_key_joined(link, key, "");
}

void command_key_joined(struct redis_link *link, const char *first, const char *second)
{
    struct slice begin = {(const uint8_t *)first, strlen(first)}, end = {(const uint8_t *)second, strlen(second)};
    command_joined(link, begin, end);
    struct command *command = command_now(link);
    if (command->keyed)
        return;
    command->keyed = true;
    command->key_bytes = begin.bytes + end.bytes;
    command->key_at = link->run->wire.bytes - 2 - command->key_bytes;
    command->slot = redis_slot((struct slice){link->run->wire.at + command->key_at, command->key_bytes});
}

/* -------- replies */

struct slice reply_bytes(const redisReply *reply)
{
    if (!reply || reply->type != REDIS_REPLY_STRING)
        return (struct slice){0};
    return (struct slice){(const uint8_t *)reply->str, (size_t)reply->len};
}

int64_t reply_number(const redisReply *reply)
{
    if (reply && reply->type == REDIS_REPLY_INTEGER)
        return reply->integer;
    struct slice bytes = reply_bytes(reply);
    return bytes.bytes ? strtoll((const char *)bytes.at, NULL, 10) : 0;
}
