#include "head.h"

/* What stands behind first bytes 0xc0 to 0xdf, as the msgpack specification lists them. */
struct form {
    enum cursor_type type;
    uint8_t value_bytes;    /* a number that is the value itself */
    uint8_t length_bytes;   /* a number that is the length or count of what follows */
    uint8_t fixed_payload;  /* fixext: bytes beside the type byte */
};

static const struct form forms[0x20] = {
    [0x00] = {CURSOR_NIL, 0, 0, 0},
    [0x02] = {CURSOR_BOOL, 0, 0, 0}, [0x03] = {CURSOR_BOOL, 0, 0, 0},
    [0x04] = {CURSOR_BYTES, 0, 1, 0}, [0x05] = {CURSOR_BYTES, 0, 2, 0}, [0x06] = {CURSOR_BYTES, 0, 4, 0},
    [0x07] = {CURSOR_EXTENSION, 0, 1, 0}, [0x08] = {CURSOR_EXTENSION, 0, 2, 0}, [0x09] = {CURSOR_EXTENSION, 0, 4, 0},
    [0x0a] = {CURSOR_REAL, 4, 0, 0}, [0x0b] = {CURSOR_REAL, 8, 0, 0},
    [0x0c] = {CURSOR_UINT, 1, 0, 0}, [0x0d] = {CURSOR_UINT, 2, 0, 0},
    [0x0e] = {CURSOR_UINT, 4, 0, 0}, [0x0f] = {CURSOR_UINT, 8, 0, 0},
    [0x10] = {CURSOR_INT, 1, 0, 0}, [0x11] = {CURSOR_INT, 2, 0, 0},
    [0x12] = {CURSOR_INT, 4, 0, 0}, [0x13] = {CURSOR_INT, 8, 0, 0},
    [0x14] = {CURSOR_EXTENSION, 0, 0, 1}, [0x15] = {CURSOR_EXTENSION, 0, 0, 2}, [0x16] = {CURSOR_EXTENSION, 0, 0, 4},
    [0x17] = {CURSOR_EXTENSION, 0, 0, 8}, [0x18] = {CURSOR_EXTENSION, 0, 0, 16},
    [0x19] = {CURSOR_TEXT, 0, 1, 0}, [0x1a] = {CURSOR_TEXT, 0, 2, 0}, [0x1b] = {CURSOR_TEXT, 0, 4, 0},
    [0x1c] = {CURSOR_ARRAY, 0, 2, 0}, [0x1d] = {CURSOR_ARRAY, 0, 4, 0},
    [0x1e] = {CURSOR_MAP, 0, 2, 0}, [0x1f] = {CURSOR_MAP, 0, 4, 0},
};

uint64_t big_endian(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

/* Types whose length, count or value is in the first byte itself. */
static bool head_short(uint8_t first, struct head *ret)
{
    *ret = (struct head){.bytes = 1};
    if (first < 0x80) {
        ret->type = CURSOR_UINT;
    } else if (first < 0x90) {
        ret->type = CURSOR_MAP;
        ret->children = 2 * (first & 0x0fu);
    } else if (first < 0xa0) {
        ret->type = CURSOR_ARRAY;
        ret->children = first & 0x0fu;
    } else if (first < 0xc0) {
        ret->type = CURSOR_TEXT;
        ret->payload = first & 0x1fu;
    } else if (first >= 0xe0) {
        ret->type = CURSOR_INT;
    } else {
        return false;
    }
    return true;
}

const char *head_read(const uint8_t *at, const uint8_t *end, struct head *ret)
{
    if (at >= end)
        return "it ends in the middle of a value";
    if (head_short(*at, ret))
        return NULL;
    const struct form *form = &forms[*at - 0xc0];
    if (form->type == CURSOR_END)
        return "a byte that msgpack does not use";
    *ret = (struct head){.type = form->type, .bytes = 1u + form->value_bytes + form->length_bytes};
    if ((size_t)(end - at) < ret->bytes)
        return "it ends in the middle of a value";
    uint64_t length = form->length_bytes ? big_endian(at + 1, form->length_bytes) : form->fixed_payload;
    if (form->type == CURSOR_ARRAY)
        ret->children = length;
    else if (form->type == CURSOR_MAP)
        ret->children = 2 * length;
    else
        ret->payload = length + (form->type == CURSOR_EXTENSION);
    return NULL;
}
