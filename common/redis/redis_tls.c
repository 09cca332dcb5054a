/* TLS to Redis: hiredis has it from 1.0 on, in a library of its own. */
#include <stdio.h>

#include "redis_node.h"

#if HIREDIS_MAJOR >= 1 && __has_include(<hiredis/hiredis_ssl.h>)

#include <hiredis/hiredis_ssl.h>
#include <pthread.h>

static const char *none_if_empty(const char *text)
{
    return text && *text ? text : NULL;
}

static void library_start(void)
{
    redisInitOpenSSL();
}

/* A certificate is taken if `ca_file` vouches for it, whatever name it carries: hiredis does not compare names. So it
 * has to be the authority of these servers alone, and there is none by default. */
bool redis_tls_possible(const struct redis_login *login, char message[REDIS_MESSAGE_BYTES])
{
    bool pair = !none_if_empty(login->certificate_file) == !none_if_empty(login->key_file);
    if (!none_if_empty(login->ca_file))
        snprintf(message, REDIS_MESSAGE_BYTES, "TLS to Redis needs store_ca_file: who signs its certificate");
    else if (!pair)
        snprintf(message, REDIS_MESSAGE_BYTES, "store_certificate_file and store_key_file belong together");
    return none_if_empty(login->ca_file) && pair;
}

/* Files are read at each connection: a renewed certificate needs no restart. */
bool redis_tls_start(redisContext *context, const struct redis_login *login, const char *host,
                     char message[REDIS_MESSAGE_BYTES])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, library_start);
    redisSSLContextError error = REDIS_SSL_CTX_NONE;
    redisSSLContext *tls = redisCreateSSLContext(login->ca_file, NULL, none_if_empty(login->certificate_file),
                                                 none_if_empty(login->key_file), host, &error);
    bool good = tls && redisInitiateSSLWithContext(context, tls) == REDIS_OK;
    if (!tls)
        snprintf(message, REDIS_MESSAGE_BYTES,
                 "TLS to Redis: %.60s: look at store_ca_file, store_certificate_file, store_key_file",
                 redisSSLContextGetError(error));
    else if (!good)
        snprintf(message, REDIS_MESSAGE_BYTES, "TLS to Redis at %.60s: %.70s", host, context->errstr);
    if (tls)
        redisFreeSSLContext(tls);
    return good;
}

#else

bool redis_tls_possible(const struct redis_login *login, char message[REDIS_MESSAGE_BYTES])
{
    (void)login;
    snprintf(message, REDIS_MESSAGE_BYTES,
             "TLS to Redis needs hiredis 1.0 or newer, this build has %d.%d: use tcp:// in a tunnel, or build with it",
             HIREDIS_MAJOR, HIREDIS_MINOR);
    return false;
}

bool redis_tls_start(redisContext *context, const struct redis_login *login, const char *host,
                     char message[REDIS_MESSAGE_BYTES])
{
    (void)context;
    (void)host;
    return redis_tls_possible(login, message);
}

#endif
