#include <iconv.h>
#include <string.h>

#include "csv_rows.h"

static bool is_utf8(struct slice text)
{
    iconv_t check = iconv_open("UTF-32LE", "UTF-8");
    char *from = (char *)text.at;
    size_t left = text.bytes;
    bool good = true;
    while (left && good) {
        char out[16384];
        char *to = out;
        size_t room = sizeof out;
        good = iconv(check, &from, &left, &to, &room) != (size_t)-1 || room < sizeof out;
    }
    iconv_close(check);
    return good;
}

/* What cannot be read becomes U+FFFD, so that one bad byte does not cost the file. */
static struct slice convert(struct slice bytes, const char *encoding, struct arena *arena)
{
    size_t room = bytes.bytes * 3 + 16;
    char *at = arena_alloc(arena, room), *to = at, *from = (char *)bytes.at;
    size_t left = bytes.bytes;
    iconv_t decode = iconv_open("UTF-8", encoding);
    while (left && room >= 3) {
        if (iconv(decode, &from, &left, &to, &room) != (size_t)-1 || room < 3)
            continue;
        memcpy(to, "\xef\xbf\xbd", 3);
        to += 3, room -= 3, from++, left--;
    }
    iconv_close(decode);
    return (struct slice){(uint8_t *)at, (size_t)(to - at)};
}

struct slice text_decode(struct slice bytes, struct arena *arena, const char **ret_encoding)
{
    if (bytes.bytes >= 3 && memcmp(bytes.at, "\xef\xbb\xbf", 3) == 0)
        bytes = (struct slice){bytes.at + 3, bytes.bytes - 3};
    bool utf8 = is_utf8(bytes);
    *ret_encoding = utf8 ? "UTF-8" : "GB18030";
    return utf8 ? bytes : convert(bytes, "GB18030", arena);
}
