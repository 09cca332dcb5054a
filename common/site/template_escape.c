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
    default: buffer_append(to, &byte, 1);
    }
}

/* A line break in a header would begin a header of the customer's making. */
static void write_header(unsigned char byte, struct buffer *to)
{
    unsigned char plain = byte < 0x20 || byte == 0x7f ? ' ' : byte;
    buffer_append(to, &plain, 1);
}

/* RFC 3986, 2.3: unreserved characters stand as they are. */
static void write_url(unsigned char byte, struct buffer *to)
{
    if (byte < 0x80 && (isalnum(byte) || strchr("-._~", byte)))
        buffer_append(to, &byte, 1);
    else
        buffer_printf(to, "%%%02X", byte);
}

/* RFC 8259, 7. */
static void write_json(unsigned char byte, struct buffer *to)
{
    if (byte == '"' || byte == '\\')
        buffer_printf(to, "\\%c", byte);
    else if (byte < 0x20)
        buffer_printf(to, "\\u%04x", byte);
    else
        buffer_append(to, &byte, 1);
}

static const byte_writer writers[] = {
    [ESCAPE_HTML] = write_html, [ESCAPE_HEADER] = write_header, [ESCAPE_URL] = write_url, [ESCAPE_JSON] = write_json
};

void template_escape(enum escape escape, const char *value, size_t bytes_max, struct buffer *to)
{
    size_t before = to->bytes;
    if (escape == ESCAPE_NONE) {
        size_t bytes = strlen(value);
        buffer_append(to, value, bytes > bytes_max ? bytes_max + 1 : bytes);
        return;
    }
    for (; *value && to->bytes - before <= bytes_max; value++)
        writers[escape]((unsigned char)*value, to);
}
