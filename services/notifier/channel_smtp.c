#include "parcel.h"

#include <string.h>

static size_t give_mail(char *bytes, size_t size, size_t count, void *context)
{
    struct parcel *parcel = context;
    size_t left = parcel->request.bytes - parcel->request_at, given = size * count < left ? size * count : left;
    if (given)
        memcpy(bytes, parcel->request.at + parcel->request_at, given);
    parcel->request_at += given;
    parcel->request_over = parcel->request_at == parcel->request.bytes;
    return given;
}

static void set_login(struct parcel *parcel)
{
    static const long tls[] = {CURLUSESSL_NONE, CURLUSESSL_TRY, CURLUSESSL_ALL};
    curl_easy_setopt(parcel->easy, CURLOPT_USE_SSL, tls[parcel->gateway->tls]);
    if (!*parcel->gateway->username)
        return;
    curl_easy_setopt(parcel->easy, CURLOPT_USERNAME, parcel->gateway->username);
    curl_easy_setopt(parcel->easy, CURLOPT_PASSWORD, parcel->gateway->password);
}

bool parcel_smtp(struct parcel *parcel, wall_ms now)
{
    const struct mail mail = {
        .from = parcel->gateway->from, .to = parcel->to, .name = parcel->name, .subject = parcel->subject,
        .text = parcel->text, .notice = parcel->order.notice, .attempt = parcel->order.attempt, .at = now,
    };
    mail_write(&mail, &parcel->request);
    parcel->recipients = curl_slist_append(NULL, arena_printf(parcel->arena, "<%s>", parcel->to));
    curl_easy_setopt(parcel->easy, CURLOPT_URL, parcel->gateway->url);
    curl_easy_setopt(parcel->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(parcel->easy, CURLOPT_MAIL_FROM,
                     arena_printf(parcel->arena, "<%s>", mail_address(parcel->arena, parcel->gateway->from)));
    curl_easy_setopt(parcel->easy, CURLOPT_MAIL_RCPT, parcel->recipients);
    curl_easy_setopt(parcel->easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(parcel->easy, CURLOPT_READFUNCTION, give_mail);
    curl_easy_setopt(parcel->easy, CURLOPT_READDATA, parcel);
    set_login(parcel);
    return true;
}
