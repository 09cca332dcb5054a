/* contact: one spelling for a phone number or address, so that the same person is found again. */
#include "seal.h"

#include <string.h>

/* What people write between digits, beside ASCII, and what it becomes. */
static const struct { const char *from; char to; } separators[] = {
    {"\u3000", ' '}, {"\u00a0", ' '}, {"\u2009", ' '}, {"\u200b", ' '}, {"\u2010", '-'}, {"\u2011", '-'},
    {"\u2012", '-'}, {"\u2013", '-'}, {"\u2014", '-'}, {"\u2015", '-'}, {"\u2212", '-'}};

/* A full-width form, U+FF01 to U+FF5E, as the ASCII character that it stands for, or 0. */
static char full_width(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    if (at[0] != 0xef || (at[1] & 0xc0) != 0x80 || (at[2] & 0xc0) != 0x80)
        return 0;
    int character = (at[0] & 0x0f) << 12 | (at[1] & 0x3f) << 6 | (at[2] & 0x3f);
    return character >= 0xff01 && character <= 0xff5e ? (char)(character - 0xff01 + '!') : 0;
}

/* Takes one character, or one byte of a longer one that stays as it is. */
static char take_plain(const char **text)
{
    bool is_ascii = !(**text & 0x80);
    for (size_t i = 0; !is_ascii && i < sizeof separators / sizeof separators[0]; i++) {
        size_t bytes = strlen(separators[i].from);
        if (!strncmp(*text, separators[i].from, bytes)) {
            *text += bytes;
            return separators[i].to;
        }
    }
    char narrow = full_width(*text);
    char character = narrow ? narrow : **text;
    *text += narrow ? 3 : 1;
    return character >= 'A' && character <= 'Z' ? (char)(character + ('a' - 'A')) : character;
}

/* ASCII where there is an ASCII form, in lower case, without spaces around it. */
static char *plain_spelling(struct arena *arena, const char *contact)
{
    char *plain = arena_alloc(arena, strlen(contact) + 1);
    size_t bytes = 0;
    while (*contact)
        plain[bytes++] = take_plain(&contact);
    while (bytes && strchr(" \t\r\n", plain[bytes - 1]))
        bytes--;
    plain[bytes] = 0;
    return plain + strspn(plain, " \t\r\n");
}

/* Digits and a leading plus; NULL if there is anything that no phone number has. */
static char *phone_digits(struct arena *arena, const char *plain)
{
    char *digits = arena_alloc(arena, strlen(plain) + 1);
    size_t bytes = 0;
    for (; *plain; plain++) {
        if ((*plain >= '0' && *plain <= '9') || (*plain == '+' && !bytes))
            digits[bytes++] = *plain;
        else if (!strchr(" \t-().", *plain))
            return NULL;
    }
    return bytes ? digits : NULL;
}

static bool is_chinese_mobile(const char *digits)
{
    return strlen(digits) == 11 && digits[0] == '1';
}

const char *contact_normal(struct arena *arena, const char *contact)
{
    const char *plain = plain_spelling(arena, contact ? contact : "");
    const char *digits = phone_digits(arena, plain);
    if (!digits)
        return plain;
    if (!strncmp(digits, "+86", 3))
        return digits + 3;
    if (!strncmp(digits, "0086", 4))
        return digits + 4;
    return !strncmp(digits, "86", 2) && is_chinese_mobile(digits + 2) ? digits + 2 : digits;
}
