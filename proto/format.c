#include "format.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

enum { DIGITS_MAX = 20, PRECISION_NONE = -1 };

/* What stands between % and the letter. */
struct directive {
    size_t zeros_to;            /* filled with zeros up to so many characters */
    int precision;              /* characters of a text at most */
    char length;                /* 'l' for ll, 'z', or 0 */
};

struct output {
    char *at;
    size_t bytes, room_bytes;   /* room_bytes: without the NUL */
};

static bool put(struct output *to, const char *from, size_t bytes)
{
    if (to->room_bytes - to->bytes < bytes)
        return false;
    memcpy(to->at + to->bytes, from, bytes);
    to->bytes += bytes;
    return true;
}

static bool put_letter(struct output *to, char letter)
{
    if (to->bytes == to->room_bytes)
        return false;
    to->at[to->bytes++] = letter;
    return true;
}

static bool put_number(struct output *to, uint64_t number, bool negative, unsigned base, size_t zeros_to)
{
    char digits[DIGITS_MAX], *at = digits + sizeof digits;
    do
        *--at = "0123456789abcdef"[base == 16 ? number & 15 : number % 10];
    while (number = base == 16 ? number >> 4 : number / 10, number);
    size_t count = (size_t)(digits + sizeof digits - at);
    if (negative && !put_letter(to, '-'))
        return false;
    for (size_t filled = count + negative; filled < zeros_to; filled++)
        if (!put_letter(to, '0'))
            return false;
    return put(to, at, count);
}

static size_t decimal(const char **at)
{
    size_t number = 0;
    for (; **at >= '0' && **at <= '9' && number < UINT16_MAX; ++*at)
        number = number * 10 + (size_t)(**at - '0');
    return number;
}

/* *at comes to stand on the letter. */
static struct directive directive_read(const char **at, va_list *args)
{
    struct directive directive = {.precision = PRECISION_NONE};
    if (**at == 's')
        return directive;
    if (**at == '0')
        directive.zeros_to = decimal(at);
    if (**at == '.') {
        ++*at;
        bool given = **at == '*';
        directive.precision = given ? va_arg(*args, int) : (int)decimal(at);
        *at += given;
    }
    if (**at == 'z') {
        directive.length = *(*at)++;
    } else if (**at == 'l' && (*at)[1] == 'l') {
        directive.length = 'l';
        *at += 2;
    }
    return directive;
}

static bool put_signed(struct output *to, const struct directive *directive, va_list *args)
{
    int64_t number = directive->length == 'l' ? va_arg(*args, long long)
                   : directive->length == 'z' ? va_arg(*args, ssize_t) : va_arg(*args, int);
    return put_number(to, number < 0 ? -(uint64_t)number : (uint64_t)number, number < 0, 10, directive->zeros_to);
}

static bool put_unsigned(struct output *to, const struct directive *directive, unsigned base, va_list *args)
{
    uint64_t number = directive->length == 'l' ? va_arg(*args, unsigned long long)
                    : directive->length == 'z' ? va_arg(*args, size_t) : va_arg(*args, unsigned);
    return put_number(to, number, false, base, directive->zeros_to);
}

static bool put_text(struct output *to, const struct directive *directive, va_list *args)
{
    const char *text = va_arg(*args, const char *);
    if (!text)
        return false;
    return put(to, text, directive->precision < 0 ? strlen(text) : strnlen(text, (size_t)directive->precision));
}

static bool put_directive(struct output *to, const char **at, va_list *args)
{
    struct directive directive = directive_read(at, args);
    bool plain = !directive.zeros_to && !directive.length, has_precision = directive.precision != PRECISION_NONE;
    char letter = *(*at)++;
    if (letter == 's')
        return plain && put_text(to, &directive, args);
    if (has_precision)
        return false;
    switch (letter) {
    case 'd': return put_signed(to, &directive, args);
    case 'u': return put_unsigned(to, &directive, 10, args);
    case 'x': return put_unsigned(to, &directive, 16, args);
    case 'c': return plain && put_letter(to, (char)va_arg(*args, int));
    case '%': return plain && put_letter(to, '%');
    default: return false;
    }
}

int format_short(char *to, size_t room_bytes, const char *format, va_list args)
{
    struct output output = {.at = to, .room_bytes = room_bytes - 1};
    va_list own;
    bool good = true;
    va_copy(own, args);
    while (good && *format) {
        if (*format != '%') {
            good = put_letter(&output, *format++);
            continue;
        }
        format++;
        good = put_directive(&output, &format, &own);
    }
    va_end(own);
    to[output.bytes] = 0;
    return good ? (int)output.bytes : FORMAT_NOT;
}
