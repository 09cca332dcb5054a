/* parcel: one attempt to send on its way through the sender.
 *
 *     waiting --room, rate, lease--> rendered --> in flight --answer--> done --recorded--> gone */
#ifndef CARELINE_NOTIFIER_PARCEL_H
#define CARELINE_NOTIFIER_PARCEL_H

#include <curl/curl.h>

#include "core.h"
#include "gateway.h"

enum { ANSWER_BYTES_MAX = 4096 };       /* more of an answer is not looked at */

struct parcel {
    struct parcel *next;
    struct arena *arena;                /* everything of the parcel, itself too */
    struct send_order order;
    uint32_t partition;
    mono_ms lease_ends;
    const struct gateway *gateway;
    /* rendered */
    const char *to;                     /* number, address or URL */
    const char *name;                   /* of the recipient */
    const char *subject, *text;
    /* in flight */
    CURL *easy;
    struct curl_slist *headers, *recipients;
    struct buffer request;              /* body */
    size_t request_at;
    bool request_over;                  /* the body was handed over to its end: it may have arrived */
    char answer[ANSWER_BYTES_MAX];
    size_t answer_bytes;
    char fault[CURL_ERROR_SIZE];
    /* done */
    enum send_result result;
    const char *detail;
};

/* Fills in recipient and text, opening what is sealed. false: result and detail say why it cannot be sent.
 * (render.c) */
struct rendering;
bool parcel_render(struct parcel *parcel, struct rendering *rendering);

/* Makes the transfer ready; false: result and detail say why not. (channel_http.c, channel_smtp.c) */
bool parcel_http(struct parcel *parcel);
bool parcel_smtp(struct parcel *parcel, wall_ms now);

/* Appends it to a file as a line of JSON, at once: result and detail are set. (channel_file.c) */
void parcel_file(struct parcel *parcel);

/* Sets result and detail from how the transfer ended. (answer.c) */
void parcel_answered(struct parcel *parcel, CURLcode code);

/* What an HTTP status and text, or an SMTP code, mean. */
enum send_result answer_of_http(const struct gateway *gateway, long status, const char *text);
enum send_result answer_of_smtp(long code);

static inline bool parcel_fail(struct parcel *parcel, enum send_result result, const char *detail)
{
    parcel->result = result;
    parcel->detail = detail;
    return false;
}

/* What renders need beside the order. */
struct rendering {
    struct store *store;
    struct sealer *sealer;
    struct content_cache *contents;
};

/* A mail as it goes over the wire: headers, blank line, base64 text. (mail.c) */
struct mail {
    const char *from, *to, *name, *subject, *text;
    const char *notice;                 /* id: Message-ID is the same at each attempt */
    int attempt;
    wall_ms at;
};
void mail_write(const struct mail *mail, struct buffer *to);

/* The address within "Name <address>". Into the arena. */
const char *mail_address(struct arena *arena, const char *from);

#endif
