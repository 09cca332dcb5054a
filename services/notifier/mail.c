#include "fnv.h"
#include "parcel.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A mail after RFC 5322 and 2045: any text in base64, so that no line is too long and no byte is lost. */

enum {
    LINE_BYTES = 57,                /* before base64: lines of 76 */
    WORD_BYTES = 42                 /* encoded words of less than 75 */
};

static void base64(const uint8_t *from, size_t bytes, struct buffer *to)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes; i += 3) {
        size_t left = bytes - i;
        uint32_t three = (uint32_t)from[i] << 16 | (left > 1 ? from[i + 1] << 8 : 0) | (left > 2 ? from[i + 2] : 0);
        char four[4] = {digits[three >> 18 & 63], digits[three >> 12 & 63], left > 1 ? digits[three >> 6 & 63] : '=',
                        left > 2 ? digits[three & 63] : '='};
        buffer_append(to, four, 4);
    }
}

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f || strchr("\"\\<>=?", *text))
            return false;
    return true;
}

/* At most `max` bytes that end with a whole character. */
static size_t whole_characters(const char *text, size_t max)
{
    size_t bytes = strlen(text);
    if (bytes <= max)
        return bytes;
    for (bytes = max; bytes > 1 && ((uint8_t)text[bytes] & 0xc0) == 0x80;)
        bytes--;
    return bytes;
}

static void encoded_words(const char *text, struct buffer *to)
{
    if (is_plain(text) && strlen(text) < 60) {
        buffer_string(to, text);
        return;
    }
    for (bool first = true; *text; first = false) {
        size_t bytes = whole_characters(text, WORD_BYTES);
        buffer_string(to, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
        base64((const uint8_t *)text, bytes, to);
        buffer_string(to, "?=");
        text += bytes;
    }
}

/* Text in a header (RFC 2047): as it is, or in encoded words on lines of their own, in any case without line breaks. */
static void header_text(const char *text, struct buffer *to)
{
    struct buffer clean = {0};
    buffer_string(&clean, text);
    for (size_t i = 0; i < clean.bytes; i++)
        if (clean.at[i] < ' ' || clean.at[i] == 0x7f)
            clean.at[i] = ' ';
    encoded_words(buffer_text(&clean), to);
    buffer_free(&clean);
}

static void body_text(const char *text, struct buffer *to)
{
    size_t bytes = strlen(text);
    for (size_t i = 0; i < bytes; i += LINE_BYTES) {
        base64((const uint8_t *)text + i, bytes - i < LINE_BYTES ? bytes - i : LINE_BYTES, to);
        buffer_string(to, "\r\n");
    }
}

const char *mail_address(struct arena *arena, const char *from)
{
    const char *open = strrchr(from, '<'), *close = open ? strchr(open, '>') : NULL;
    return close ? arena_text(arena, open + 1, (size_t)(close - open - 1)) : from;
}

static void address_header(const char *header, const char *name, const char *address, size_t bytes, struct buffer *to)
{
    buffer_printf(to, "%s: ", header);
    if (*name) {
        header_text(name, to);
        buffer_string(to, " ");
    }
    buffer_printf(to, "<%.*s>\r\n", (int)bytes, address);
}

static void from_header(const char *from, struct buffer *to)
{
    const char *open = strrchr(from, '<'), *close = open ? strchr(open, '>') : NULL;
    char name[128];
    if (!close) {
        address_header("From", "", from, strlen(from), to);
        return;
    }
    snprintf(name, sizeof name, "%.*s", (int)(open - from), from);
    while (*name && name[strlen(name) - 1] == ' ')
        name[strlen(name) - 1] = '\0';
    address_header("From", name, open + 1, (size_t)(close - open - 1), to);
}

/* The same for each attempt at a notice, so that a mail that came twice is known as one. */
static void message_id(const struct mail *mail, struct buffer *to)
{
    uint64_t one = fnv_text(FNV_START, mail->notice), two = 0x9ae16a3b2f90404fu;
    for (const char *at = mail->notice; *at; at++)
        two = (two ^ (uint8_t)*at) * 0xff51afd7ed558ccdu;
    const char *domain = strrchr(mail->from, '@');
    size_t bytes = domain ? strcspn(domain + 1, "> ") : 0;
    buffer_printf(to, "Message-ID: <%016llx%016llx@%.*s>\r\n", (unsigned long long)one, (unsigned long long)two,
                  bytes ? (int)bytes : 8, bytes ? domain + 1 : "careline");
}

static void date_header(wall_ms at, struct buffer *to)
{
    time_t seconds = at / SECOND_MS;
    struct tm utc;
    char text[48];
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &utc);
    buffer_printf(to, "Date: %s\r\n", text);
}

void mail_write(const struct mail *mail, struct buffer *to)
{
    buffer_clear(to);
    date_header(mail->at, to);
    from_header(mail->from, to);
    address_header("To", mail->name, mail->to, strlen(mail->to), to);
    buffer_string(to, "Subject: ");
    header_text(mail->subject, to);
    buffer_string(to, "\r\n");
    message_id(mail, to);
    buffer_string(to, "X-Careline-Notice: ");
    header_text(mail->notice, to);
    buffer_printf(to, "\r\nX-Careline-Attempt: %d\r\n", mail->attempt);
    buffer_string(to, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    body_text(mail->text, to);
}
