/* Commands as Redis takes them (RESP), and what its replies hold. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_link_parts.h"

void command_begin(struct redis_link *link, size_t words)
{
    assert(link->count < PIPELINE_MAX);
    link->commands[link->count++] = (struct command){.from = link->wire.bytes, .node = NODE_NONE};
    buffer_printf(&link->wire, "*%zu\r\n", words);
}

static struct command *command_now(struct redis_link *link)
{
    assert(link->count > 0);
    return &link->commands[link->count - 1];
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

void command_bytes(struct redis_link *link, struct slice bytes)
{
    buffer_printf(&link->wire, "$%zu\r\n", bytes.bytes);
    buffer_append(&link->wire, bytes.at, bytes.bytes);
    buffer_append(&link->wire, "\r\n", 2);
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
    command_text(link, key);
    struct command *command = command_now(link);
    if (command->keyed)
        return;
    command->keyed = true;
    command->key_bytes = strlen(key);
    command->key_at = link->wire.bytes - 2 - command->key_bytes;
    command->slot = redis_slot((struct slice){(const uint8_t *)key, command->key_bytes});
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
