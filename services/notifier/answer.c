#include "parcel.h"

#include <string.h>

enum {
    HTTP_REQUEST_TIMEOUT = 408, HTTP_TOO_EARLY = 425, HTTP_TOO_MANY = 429,
    SMTP_AUTH_NEEDED = 530, SMTP_AUTH_WRONG = 535
};

/* The gateway's own words go before the status. */
enum send_result answer_of_http(const struct gateway *gateway, long status, const char *text)
{
    if (pattern_matches(&gateway->permanent, text))
        return SEND_PERMANENT;
    if (pattern_matches(&gateway->temporary, text))
        return SEND_TEMPORARY;
    if (status >= 200 && status < 300)
        return !gateway->accepted.given || pattern_matches(&gateway->accepted, text) ? SEND_ACCEPTED : SEND_UNKNOWN;
    if (status == HTTP_REQUEST_TIMEOUT || status == HTTP_TOO_EARLY || status == HTTP_TOO_MANY || status >= 500)
        return SEND_TEMPORARY;
    return SEND_PERMANENT;
}

/* Wrong credentials are ours to mend, not the recipient's fault. */
enum send_result answer_of_smtp(long code)
{
    if (code == SMTP_AUTH_NEEDED || code == SMTP_AUTH_WRONG)
        return SEND_TEMPORARY;
    if (code >= 500)
        return SEND_PERMANENT;
    return code >= 400 ? SEND_TEMPORARY : SEND_UNKNOWN;
}

/* No answer came. Nothing of it can have been taken if the request never went out whole. */
static enum send_result answer_missing(const struct parcel *parcel, CURLcode code)
{
    long request_bytes = 0;
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
        return SEND_PERMANENT;
    if (parcel->gateway->kind == GATEWAY_SMTP)
        return parcel->request_over ? SEND_UNKNOWN : SEND_TEMPORARY;
    curl_easy_getinfo(parcel->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
    return request_bytes ? SEND_UNKNOWN : SEND_TEMPORARY;
}

static const char *detail_text(const struct parcel *parcel, long status, CURLcode code)
{
    if (code != CURLE_OK)
        return arena_printf(parcel->arena, "%.200s", *parcel->fault ? parcel->fault : curl_easy_strerror(code));
    if (parcel->gateway->kind == GATEWAY_SMTP)
        return arena_printf(parcel->arena, "%ld", status);
    size_t line = strcspn(parcel->answer, "\r\n");
    return arena_printf(parcel->arena, "%ld %.*s", status, line < 120 ? (int)line : 120, parcel->answer);
}

/* Printable, and not cut within a character: it stands in events and on screens. */
static const char *detail_clean(struct arena *arena, const char *detail)
{
    char *clean = arena_copy(arena, detail, strlen(detail) + 1);
    for (char *at = clean; *at; at++)
        if ((unsigned char)*at < ' ' || (unsigned char)*at >= 0x7f)
            *at = '?';
    return clean;
}

void parcel_answered(struct parcel *parcel, CURLcode code)
{
    long status = 0;
    bool smtp = parcel->gateway->kind == GATEWAY_SMTP;
    curl_easy_getinfo(parcel->easy, CURLINFO_RESPONSE_CODE, &status);
    parcel->answer[parcel->answer_bytes] = '\0';
    if (code != CURLE_OK && smtp && status >= 400)
        parcel->result = answer_of_smtp(status);
    else if (code != CURLE_OK)
        parcel->result = answer_missing(parcel, code);
    else
        parcel->result = smtp ? SEND_ACCEPTED : answer_of_http(parcel->gateway, status, parcel->answer);
    parcel->detail = detail_clean(parcel->arena, detail_text(parcel, status, code));
}
