/* TLS to Redis: hiredis has it from 1.0 on, in a library of its own. */
#include "redis_node.h"

#include <stdio.h>

bool redis_tls_possible(char message[REDIS_MESSAGE_BYTES])
{
    snprintf(message, REDIS_MESSAGE_BYTES,
             "TLS to Redis needs hiredis 1.0 or newer, this build has %d.%d: use tcp:// in a tunnel, or build with it",
             HIREDIS_MAJOR, HIREDIS_MINOR);
    return false;
}

bool redis_tls_start(redisContext *context, const struct redis_login *login, const char *host,
                     char message[REDIS_MESSAGE_BYTES])
{
    (void)context;
    (void)login;
    (void)host;
    return redis_tls_possible(message);
}
