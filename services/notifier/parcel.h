/* parcel: one attempt to send on its way through the sender.
 *
 *     waiting --room, rate, lease--> rendered --> in flight --answer--> done --recorded--> gone */
#ifndef CARELINE_NOTIFIER_PARCEL_H
#define CARELINE_NOTIFIER_PARCEL_H

#include <curl/curl.h>
#include <sys/types.h>

#include "core.h"
#include "gateway.h"

enum { ANSWER_BYTES_MAX = 4096 };       /* more of an answer is not looked at */

struct parcel {
    struct parcel *next;
    struct send_order order;            /* what it points at lies behind the parcel */
    uint32_t partition;
    mono_ms lease_ends, taken_at;
    const struct gateway *gateway;
    struct arena *arena;                /* from its start on, of all that follows */
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
    char *answer;                       /* room for ANSWER_BYTES_MAX */
    size_t answer_bytes;
    char *fault;                        /* room for CURL_ERROR_SIZE */
    /* done */
    enum send_result result;
    const char *detail;                 /* NULL: not yet */
};

/* One that waits, with copies of all that the order points at. Freed by free(), once what came with its start is. */
struct parcel *parcel_new(const struct send_order *order);

/* Makes the transfer ready; false: result and detail say why not. (channel_http.c, channel_smtp.c) */
bool parcel_http(struct parcel *parcel);
bool parcel_smtp(struct parcel *parcel, wall_ms now);

/* The file that a gateway writes to. It stays open; one that was moved away or deleted is followed by a new one. */
struct outfile {
    int fd;                             /* -1: not open */
    int error;                          /* why not */
    dev_t device;
    ino_t inode;
};

/* Before some lines are written: the file at this path is the one that is open, if it can be. (channel_file.c) */
void outfile_follow(struct outfile *file, const char *path);
void outfile_close(struct outfile *file);

/* Appends it as a line of JSON, at once: result and detail are set. */
void parcel_file(struct parcel *parcel, const struct outfile *file);

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
