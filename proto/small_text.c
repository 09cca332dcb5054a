/* Texts as they are kept: many are part of the entity's id, names that everybody uses, or digits. */
#include <assert.h>
#include <string.h>

#include "small.h"

enum {
    LISTED_BYTES_MAX = 24, LISTED_SLOTS = 512,
    HEX_DIGITS_MIN = 8, HEX_DIGITS_MAX = 128,       /* as ids and hashes have */
    OF_ID_BYTES_MIN = 4             /* fewer are not worth it */
};

struct listed {
    const char *text;
    size_t bytes;
};

static const struct listed listed[] = {
#define LISTED(text) {text, sizeof text - 1},
#include "texts.def"
#undef LISTED
};

enum { LISTED_COUNT = sizeof listed / sizeof listed[0] };

/* By hash: one more than the place in the list; 0: free. */
static uint16_t slots[LISTED_SLOTS];

/* Of a few bytes only: every text that is kept is looked for. */
static size_t slot_of(struct slice text)
{
    unsigned first = text.at[0], middle = text.at[text.bytes / 2], last = text.at[text.bytes - 1];
    return (((first * 31 + middle) * 31 + last) * 31 + (unsigned)text.bytes) % LISTED_SLOTS;
}

static void __attribute__((constructor)) fill_slots(void)
{
    assert(2 * LISTED_COUNT <= LISTED_SLOTS);
    for (size_t i = 0; i < LISTED_COUNT; i++) {
        assert(listed[i].bytes <= LISTED_BYTES_MAX);
        size_t at = slot_of((struct slice){(const uint8_t *)listed[i].text, listed[i].bytes});
        while (slots[at])
            at = (at + 1) % LISTED_SLOTS;
        slots[at] = (uint16_t)(i + 1);
    }
}

/* Its number, or -1. */
static int listed_find(struct slice text)
{
    if (!text.bytes || text.bytes > LISTED_BYTES_MAX)
        return -1;
    for (size_t at = slot_of(text); slots[at]; at = (at + 1) % LISTED_SLOTS) {
        const struct listed *one = &listed[slots[at] - 1];
        if (one->bytes == text.bytes && !memcmp(one->text, text.at, text.bytes))
            return slots[at] - 1 + LISTED_FIRST;
    }
    return -1;
}

/* -------- writing */

static void form_pack(struct buffer *to, enum text_form form, uint64_t count)
{
    small_number_pack(to, count << 2 | form);
}

static int hex_value(uint8_t digit)
{
    return digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool is_hex(struct slice text)
{
    if (text.bytes < HEX_DIGITS_MIN || text.bytes > HEX_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text.bytes; i++)
        if (hex_value(text.at[i]) < 0)
            return false;
    return true;
}

static void hex_pack(struct buffer *to, struct slice text)
{
    uint8_t bytes[HEX_DIGITS_MAX / 2];
    form_pack(to, TEXT_HEX, text.bytes);
    for (size_t i = 0; i < text.bytes; i += 2) {
        int low = i + 1 < text.bytes ? hex_value(text.at[i + 1]) : 0;
        bytes[i / 2] = (uint8_t)(hex_value(text.at[i]) << 4 | low);
    }
    buffer_append(to, bytes, (text.bytes + 1) / 2);
}

static void by_itself_pack(struct buffer *to, struct slice text)
{
    if (is_hex(text)) {
        hex_pack(to, text);
    } else if (!small_times_pack(to, text)) {
        form_pack(to, TEXT_PLAIN, text.bytes);
        buffer_append(to, text.at, text.bytes);
    }
}

/* How many bytes both begin with, never ending within a character. */
static size_t common_bytes(struct slice text, const char *id, size_t id_bytes)
{
    size_t count = 0;
    while (count < text.bytes && count < id_bytes && text.at[count] == (uint8_t)id[count])
        count++;
    while (count && count < text.bytes && (text.at[count] & 0xc0) == 0x80)
        count--;
    return count;
}

/* What it has in common with the id. */
static bool of_id_pack(struct buffer *to, const struct small_id *id, struct slice text, struct slice *ret_rest)
{
    size_t local_from = id->site_bytes < id->bytes ? id->site_bytes + 1 : id->bytes;
    size_t whole = common_bytes(text, id->whole, id->bytes);
    size_t local = common_bytes(text, id->whole + local_from, id->bytes - local_from);
    size_t most = whole > local ? whole : local;
    if (most < OF_ID_BYTES_MIN)
        return false;
    form_pack(to, TEXT_OF_ID, 2 * most + (most != whole));
    *ret_rest = (struct slice){text.at + most, text.bytes - most};
    return true;
}

void small_text_pack(struct buffer *to, const struct small_id *id, struct slice text)
{
    int number = listed_find(text);
    if (number < 0 && of_id_pack(to, id, text, &text))
        number = listed_find(text);
    if (number < 0)
        by_itself_pack(to, text);
    else
        form_pack(to, TEXT_LISTED, (uint64_t)number);
}

/* -------- reading */

static bool plain_unpack(struct small_reader *from, uint64_t bytes, struct slice *ret)
{
    if (!small_take(from, bytes, ret) || !text_is_plain(*ret))
        return false;
    ret->at = (const uint8_t *)(bytes ? arena_text(from->arena, ret->at, ret->bytes) : "");
    return true;
}

static bool hex_unpack(struct small_reader *from, uint64_t digits, struct slice *ret)
{
    static const char digit[] = "0123456789abcdef";
    struct slice packed;
    if (!small_take(from, digits / 2 + digits % 2, &packed))
        return false;
    char *text = arena_alloc(from->arena, packed.bytes * 2 + 1);
    for (size_t i = 0; i < digits; i++)
        text[i] = digit[packed.at[i / 2] >> (i % 2 ? 0 : 4) & 15];
    *ret = (struct slice){(const uint8_t *)text, (size_t)digits};
    return true;
}

static bool listed_unpack(struct small_reader *from, uint64_t number, struct slice *ret)
{
    if (number == LISTED_TIMES)
        return small_times_unpack(from, ret);
    if (number < LISTED_FIRST || number - LISTED_FIRST >= LISTED_COUNT)
        return false;
    const struct listed *one = &listed[number - LISTED_FIRST];
    *ret = (struct slice){(const uint8_t *)one->text, one->bytes};
    return true;
}

static bool by_itself_unpack(struct small_reader *from, uint64_t head, struct slice *ret)
{
    switch ((enum text_form)(head & 3)) {
    case TEXT_PLAIN: return plain_unpack(from, head >> 2, ret);
    case TEXT_HEX: return hex_unpack(from, head >> 2, ret);
    case TEXT_LISTED: return listed_unpack(from, head >> 2, ret);
    case TEXT_OF_ID: return false;      /* not within another */
    }
    return false;
}

static bool of_id_unpack(struct small_reader *from, uint64_t count, struct slice *ret)
{
    const struct small_id *id = from->id;
    size_t begin = count & 1 ? id->site_bytes + 1 : 0;
    uint64_t head, bytes = count >> 1;
    struct slice rest;
    if (begin > id->bytes || bytes > id->bytes - begin || !small_number_unpack(from, &head) ||
        !by_itself_unpack(from, head, &rest))
        return false;
    char *text = arena_alloc(from->arena, (size_t)bytes + rest.bytes + 1);
    memcpy(text, id->whole + begin, (size_t)bytes);
    memcpy(text + bytes, rest.at, rest.bytes);
    *ret = (struct slice){(const uint8_t *)text, (size_t)bytes + rest.bytes};
    return text_is_plain(*ret);
}

bool small_text_or_value(struct small_reader *from, struct slice *ret, bool *ret_value)
{
    uint64_t head;
    if (!small_number_unpack(from, &head))
        return false;
    *ret_value = head == (LISTED_VALUE << 2 | TEXT_LISTED);
    if (*ret_value)
        return true;
    return (head & 3) == TEXT_OF_ID ? of_id_unpack(from, head >> 2, ret) : by_itself_unpack(from, head, ret);
}

bool small_text_unpack(struct small_reader *from, struct slice *ret)
{
    bool is_value;
    return small_text_or_value(from, ret, &is_value) && !is_value;
}
