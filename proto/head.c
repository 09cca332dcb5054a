#include "head.h"

const struct form head_forms[256] = {
    [0x00 ... 0x7f] = {CURSOR_UINT},
    [0x80 ... 0x8f] = {CURSOR_MAP, .children_bits = 0x0f},
    [0x90 ... 0x9f] = {CURSOR_ARRAY, .children_bits = 0x0f},
    [0xa0 ... 0xbf] = {CURSOR_TEXT, .payload_bits = 0x1f},
    [0xc0] = {CURSOR_NIL},
    [0xc2] = {CURSOR_BOOL}, [0xc3] = {CURSOR_BOOL},
    [0xc4] = {CURSOR_BYTES, .length_bytes = 1}, [0xc5] = {CURSOR_BYTES, .length_bytes = 2},
    [0xc6] = {CURSOR_BYTES, .length_bytes = 4},
    [0xc7] = {CURSOR_EXTENSION, .length_bytes = 1}, [0xc8] = {CURSOR_EXTENSION, .length_bytes = 2},
    [0xc9] = {CURSOR_EXTENSION, .length_bytes = 4},
    [0xca] = {CURSOR_REAL, .value_bytes = 4}, [0xcb] = {CURSOR_REAL, .value_bytes = 8},
    [0xcc] = {CURSOR_UINT, .value_bytes = 1}, [0xcd] = {CURSOR_UINT, .value_bytes = 2},
    [0xce] = {CURSOR_UINT, .value_bytes = 4}, [0xcf] = {CURSOR_UINT, .value_bytes = 8},
    [0xd0] = {CURSOR_INT, .value_bytes = 1}, [0xd1] = {CURSOR_INT, .value_bytes = 2},
    [0xd2] = {CURSOR_INT, .value_bytes = 4}, [0xd3] = {CURSOR_INT, .value_bytes = 8},
    [0xd4] = {CURSOR_EXTENSION, .payload = 1 + 1}, [0xd5] = {CURSOR_EXTENSION, .payload = 1 + 2},
    [0xd6] = {CURSOR_EXTENSION, .payload = 1 + 4}, [0xd7] = {CURSOR_EXTENSION, .payload = 1 + 8},
    [0xd8] = {CURSOR_EXTENSION, .payload = 1 + 16},
    [0xd9] = {CURSOR_TEXT, .length_bytes = 1}, [0xda] = {CURSOR_TEXT, .length_bytes = 2},
    [0xdb] = {CURSOR_TEXT, .length_bytes = 4},
    [0xdc] = {CURSOR_ARRAY, .length_bytes = 2}, [0xdd] = {CURSOR_ARRAY, .length_bytes = 4},
    [0xde] = {CURSOR_MAP, .length_bytes = 2}, [0xdf] = {CURSOR_MAP, .length_bytes = 4},
    [0xe0 ... 0xff] = {CURSOR_INT},
};

const char *head_read_long(const uint8_t *at, const uint8_t *end, struct head *ret)
{
    const struct form *form = &head_forms[*at];
    if (form->type == CURSOR_END)
        return "a byte that msgpack does not use";
    *ret = (struct head){.type = (enum cursor_type)form->type, .bytes = 1u + form->value_bytes + form->length_bytes};
    if ((size_t)(end - at) < ret->bytes)
        return "it ends in the middle of a value";
    uint64_t length = big_endian(at + 1, form->length_bytes);
    if (form->type == CURSOR_ARRAY)
        ret->children = length;
    else if (form->type == CURSOR_MAP)
        ret->children = 2 * length;
    else
        ret->payload = length + (form->type == CURSOR_EXTENSION);
    return NULL;
}
