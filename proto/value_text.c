/* JSON as most programs write it. Whatever is rarer is left to jansson, which also words what is wrong. */
#include "value.h"

#include "eight.h"
#include "head.h"

enum {
    NESTING_PLAIN_MAX = 32,
    DIGITS_PLAIN_MAX = 18,              /* of a number that fits whatever its digits are */
    STACK_FIRST = 64
};

struct reader {
    const uint8_t *at, *end;
    struct arena *arena;
    struct value *stack;                /* members of the lists and objects that are still open */
    size_t used, room;
};

static void push(struct reader *reader, const struct value *value)
{
    if (reader->used == reader->room) {
        size_t room = reader->room ? 2 * reader->room : STACK_FIRST;
        struct value *stack = arena_alloc(reader->arena, room * sizeof *stack);
        if (reader->used)
            memcpy(stack, reader->stack, reader->used * sizeof *stack);
        reader->stack = stack;
        reader->room = room;
    }
    reader->stack[reader->used++] = *value;
}

static void skip_space(struct reader *reader)
{
    while (reader->at < reader->end &&
           (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
        reader->at++;
}

/* Takes this character and the space before it; else only that. */
static bool take(struct reader *reader, char character)
{
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != (uint8_t)character)
        return false;
    reader->at++;
    return true;
}

/* -------- texts */

static bool hex_digits(const uint8_t *at, uint32_t *ret)
{
    *ret = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = at[i], small = c | 0x20;
        if (!(c >= '0' && c <= '9') && !(small >= 'a' && small <= 'f'))
            return false;
        *ret = *ret << 4 | (uint32_t)(c <= '9' ? c - '0' : small - 'a' + 10);
    }
    return true;
}

/* The character of \uXXXX in UTF-8, three bytes at most; 0: a half of a pair, NUL, or no digits. */
static size_t put_character(const uint8_t *digits, uint8_t *to)
{
    uint32_t code;
    if (!hex_digits(digits, &code) || !code || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    if (code < 0x80) {
        to[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (uint8_t)(0xc0 | code >> 6);
        to[1] = (uint8_t)(0x80 | (code & 0x3f));
        return 2;
    }
    to[0] = (uint8_t)(0xe0 | code >> 12);
    to[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    to[2] = (uint8_t)(0x80 | (code & 0x3f));
    return 3;
}

/* What stands after a backslash; it never takes more room than it is written with. *ret_bytes: written. */
static bool take_escape(struct reader *reader, uint8_t *to, size_t *ret_bytes)
{
    static const char plain[256] = {['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n',
                                    ['r'] = '\r', ['t'] = '\t'};
    if (reader->at == reader->end)
        return false;
    uint8_t letter = *reader->at++;
    if (letter != 'u') {
        *to = (uint8_t)plain[letter];
        *ret_bytes = 1;
        return plain[letter];
    }
    if (reader->end - reader->at < 4)
        return false;
    *ret_bytes = put_character(reader->at, to);
    reader->at += 4;
    return *ret_bytes;
}

/* Where the text ends whose inside `at` points into: its quote, or the end of all. */
static const uint8_t *closing_quote(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at != '"')
        at += *at == '\\' && end - at > 1 ? 2 : 1;
    return at;
}

static bool read_escaped(struct reader *reader, const uint8_t *begin, struct slice *to)
{
    uint8_t *text = arena_alloc(reader->arena, (size_t)(closing_quote(reader->at, reader->end) - begin));
    size_t bytes = (size_t)(reader->at - begin), some;
    memcpy(text, begin, bytes);
    for (; reader->at < reader->end && *reader->at != '"'; bytes += some) {
        uint8_t byte = *reader->at++;
        text[bytes] = byte;
        some = 1;
        if (!byte_is_unescaped(byte) && (byte != '\\' || !take_escape(reader, text + bytes, &some)))
            return false;
    }
    *to = (struct slice){text, bytes};
    return reader->at < reader->end && *reader->at++ == '"';
}

static bool read_text(struct reader *reader, struct slice *to)
{
    if (!take(reader, '"'))
        return false;
    const uint8_t *begin = reader->at;
    uint64_t eight;
    for (; reader->end - reader->at >= 8; reader->at += sizeof eight) {
        memcpy(&eight, reader->at, sizeof eight);
        if (!eight_are_unescaped(eight))
            break;
    }
    while (reader->at < reader->end && byte_is_unescaped(*reader->at))
        reader->at++;
    if (reader->at == reader->end || *reader->at != '"')
        return reader->at < reader->end && read_escaped(reader, begin, to);
    *to = (struct slice){begin, (size_t)(reader->at++ - begin)};
    return true;
}

/* -------- other values */

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool read_number(struct reader *reader, struct value *to)
{
    bool negative = *reader->at == '-';
    const uint8_t *first = reader->at += negative;
    int64_t number = 0;
    for (; reader->at < reader->end && is_digit(*reader->at) && reader->at - first < DIGITS_PLAIN_MAX; reader->at++)
        number = number * 10 + (*reader->at - '0');
    to->kind = VALUE_INT;
    to->number = negative ? -number : number;
    uint8_t next = reader->at < reader->end ? *reader->at : 0;
    bool leading_zero = reader->at - first > 1 && *first == '0';
    return reader->at > first && !leading_zero && !is_digit(next) && next != '.' && (next | 0x20) != 'e';
}

static bool read_word(struct reader *reader, struct value *to)
{
    static const struct { const char *word; size_t bytes; enum value_kind kind; } words[] = {
        {"null", 4, VALUE_NULL}, {"true", 4, VALUE_TRUE}, {"false", 5, VALUE_FALSE}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((size_t)(reader->end - reader->at) >= words[i].bytes && !memcmp(reader->at, words[i].word, words[i].bytes)) {
            reader->at += words[i].bytes;
            to->kind = words[i].kind;
            return true;
        }
    return false;
}

static bool read_value(struct reader *reader, int depth_left, struct value *to);

static bool read_members(struct reader *reader, bool named, int depth_left, struct value *to)
{
    size_t base = reader->used;
    char close = named ? '}' : ']';
    to->kind = named ? VALUE_OBJECT : VALUE_LIST;
    to->count = 0;
    if (!depth_left)
        return false;
    if (take(reader, close))
        return true;
    do {
        struct value member = {0};
        if ((named && (!read_text(reader, &member.name) || !take(reader, ':'))) ||
            !read_value(reader, depth_left - 1, &member))
            return false;
        push(reader, &member);
    } while (take(reader, ','));
    to->count = reader->used - base;
    to->at = arena_copy(reader->arena, reader->stack + base, to->count * sizeof *to->at);
    reader->used = base;
    return take(reader, close) && !(named && value_repeats(to, reader->arena));
}

/* All but its name. */
static bool read_value(struct reader *reader, int depth_left, struct value *to)
{
    if (take(reader, '{') || take(reader, '['))
        return read_members(reader, reader->at[-1] == '{', depth_left, to);
    if (reader->at == reader->end)
        return false;
    if (*reader->at == '"') {
        to->kind = VALUE_TEXT;
        return read_text(reader, &to->text);
    }
    return is_digit(*reader->at) || *reader->at == '-' ? read_number(reader, to) : read_word(reader, to);
}

bool value_of_text(struct slice text, struct arena *arena, struct value *ret)
{
    struct reader reader = {.at = text.at, .end = slice_end(text), .arena = arena};
    *ret = (struct value){0};
    if (!text_is_plain(text) || !read_value(&reader, NESTING_PLAIN_MAX, ret))
        return false;
    skip_space(&reader);
    return reader.at == reader.end && (ret->kind == VALUE_OBJECT || ret->kind == VALUE_LIST);
}
