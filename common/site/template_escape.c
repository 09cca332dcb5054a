#include "template_escape.h"

#include <ctype.h>
#include <string.h>

typedef void (*byte_writer)(unsigned char byte, struct buffer *to);

static void write_html(unsigned char byte, struct buffer *to)
{
    switch (byte) {
    case '&': buffer_string(to, "&amp;"); break;
    case '<': buffer_string(to, "&lt;"); break;
    case '>': buffer_string(to, "&gt;"); break;
    case '"': buffer_string(to, "&quot;"); break;
    case '\'': buffer_string(to, "&#39;"); break;
    }
}

/* A line break in a header would begin a header of the customer's making. */
static void write_header(unsigned char byte, struct buffer *to)
{
    (void)byte;
    buffer_append(to, " ", 1);
}

/* RFC 3986, 2.1. */
static void write_url(unsigned char byte, struct buffer *to)
{
    buffer_printf(to, "%%%02X", byte);
}

/* RFC 8259, 7. */
static void write_json(unsigned char byte, struct buffer *to)
{
    if (byte < 0x20)
        buffer_printf(to, "\\u%04x", byte);
    else
        buffer_printf(to, "\\%c", byte);
}

static bool is_plain_html(unsigned char byte)
{
    return byte != '&' && byte != '<' && byte != '>' && byte != '"' && byte != '\'';
}

static bool is_plain_header(unsigned char byte)
{
    return byte >= 0x20 && byte != 0x7f;
}

/* RFC 3986, 2.3: unreserved characters. */
static bool is_plain_url(unsigned char byte)
{
    return byte < 0x80 && (isalnum(byte) || byte == '-' || byte == '.' || byte == '_' || byte == '~');
}

static bool is_plain_json(unsigned char byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

/* What stands as it is goes over in one piece. */
static const struct {
    bool (*is_plain)(unsigned char byte);
    byte_writer write;
} escapes[] = {
    [ESCAPE_HTML] = {is_plain_html, write_html}, [ESCAPE_HEADER] = {is_plain_header, write_header},
    [ESCAPE_URL] = {is_plain_url, write_url}, [ESCAPE_JSON] = {is_plain_json, write_json},
};

void template_escape(enum escape escape, const char *value, size_t bytes_max, struct buffer *to)
{
    size_t before = to->bytes;
    if (escape == ESCAPE_NONE) {
        size_t bytes = strlen(value);
        buffer_append(to, value, bytes > bytes_max ? bytes_max + 1 : bytes);
        return;
    }
    while (*value && to->bytes - before <= bytes_max) {
        size_t plain = 0, room = bytes_max + 1 - (to->bytes - before);
        while (plain < room && value[plain] && escapes[escape].is_plain((unsigned char)value[plain]))
            plain++;
        buffer_append(to, value, plain);
        value += plain;
        if (*value && plain < room)
            escapes[escape].write((unsigned char)*value++, to);
    }
}
