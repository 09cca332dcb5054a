#include "cell_values.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The ASCII of a full-width character at `at` (3 bytes of UTF-8), or 0. */
static char narrow(const unsigned char *at)
{
    if (at[0] == 0xe3 && at[1] == 0x80 && at[2] == 0x80)
        return ' ';
    if (at[0] != 0xef || (at[1] != 0xbc && at[1] != 0xbd))
        return 0;
    unsigned point = 0xf000u | (unsigned)(at[1] & 0x3f) << 6 | (at[2] & 0x3f);
    return point >= 0xff01 && point <= 0xff5e ? (char)(point - 0xff01 + 0x21) : 0;
}

const char *cell_fold(struct arena *arena, const char *cell)
{
    char *folded = arena_alloc(arena, strlen(cell) + 1), *to = folded;
    for (const unsigned char *at = (const unsigned char *)cell; *at;) {
        char ascii = narrow(at);
        *to++ = ascii ? ascii : (char)*at;
        at += ascii ? 3 : 1;
    }
    while (to > folded && isspace((unsigned char)to[-1]))
        *--to = 0;
    while (isspace((unsigned char)*folded))
        folded++;
    return folded;
}

static bool day_exists(const struct cell_date *date)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (date->year < 1971 || date->year > 2199 || date->month < 1 || date->month > 12)
        return false;
    bool leap = (date->year % 4 == 0 && date->year % 100 != 0) || date->year % 400 == 0;
    int last = days[date->month - 1] + (date->month == 2 && leap);
    return date->day >= 1 && date->day <= last && date->hour >= 0 && date->hour < 24 && date->minute >= 0 &&
           date->minute < 60 && date->second >= 0 && date->second < 60;
}

/* The separators of the written forms as one: 2026年3月7日 16:54 -> 2026-3-7 16:54. */
static bool plain_date(const char *cell, char to[40])
{
    static const struct { const char *from; char to;
    } separators[] = {{"年", '-'}, {"月", '-'}, {"日", ' '}, {"号", ' '}, {"时", ':'},
                      {"点", ':'}, {"分", ' '}, {"/", '-'},  {".", '-'},  {"T", ' '}};
    size_t bytes = 0;
    while (*cell && bytes < 39) {
        size_t step = 1;
        char plain = *cell;
        for (size_t i = 0; i < sizeof separators / sizeof *separators; i++)
            if (strncmp(cell, separators[i].from, strlen(separators[i].from)) == 0) {
                plain = separators[i].to;
                step = strlen(separators[i].from);
            }
        to[bytes++] = plain;
        cell += step;
    }
    while (bytes && to[bytes - 1] == ' ')
        bytes--;
    to[bytes] = 0;
    return !*cell;
}

static bool run_of_digits(const char *text, struct cell_date *date)
{
    size_t digits = strspn(text, "0123456789");
    if (text[digits] || (digits != 8 && digits != 12 && digits != 14))
        return false;
    date->has_time = digits > 8;
    return sscanf(text, "%4d%2d%2d%2d%2d%2d", &date->year, &date->month, &date->day, &date->hour, &date->minute,
                  &date->second) >= 3;
}

static bool separated(const char *text, struct cell_date *date)
{
    int used = 0, time_used = 0, seconds_used = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &date->year, &date->month, &date->day, &used) < 3)
        return false;
    const char *rest = text + used;
    if (!*rest)
        return true;
    if (*rest != ' ' || sscanf(rest, "%2d:%2d%n", &date->hour, &date->minute, &time_used) < 2)
        return false;
    date->has_time = true;
    rest += time_used;
    if (*rest == ':' && sscanf(rest, ":%2d%n", &date->second, &seconds_used) == 1)
        rest += seconds_used;
    return !*rest;
}

bool cell_date(const char *cell, struct cell_date *ret)
{
    char text[40];
    struct cell_date date = {0};
    if (!plain_date(cell, text) ||
        (!run_of_digits(text, &date) && (date = (struct cell_date){0}, !separated(text, &date))))
        return false;
    if (!day_exists(&date))
        return false;
    *ret = date;
    return true;
}

const char *cell_phone(struct arena *arena, const char *cell)
{
    char digits[24];
    size_t count = 0;
    bool plus = *cell == '+';
    for (const char *at = cell + plus; *at; at++) {
        if (strchr(" -().", *at))
            continue;
        if (!isdigit((unsigned char)*at) || count == sizeof digits - 1)
            return NULL;
        digits[count++] = *at;
    }
    digits[count] = 0;
    const char *number = digits;
    bool china = strncmp(number, "86", 2) == 0 && (plus || count == 13);
    if (china)
        number += 2;
    size_t length = strlen(number);
    bool mobile = length == 11 && number[0] == '1' && number[1] >= '3';
    bool landline = length >= 10 && length <= 12 && number[0] == '0';
    bool service = length == 10 && (strncmp(number, "400", 3) == 0 || strncmp(number, "800", 3) == 0);
    if (mobile || landline || service)
        return arena_string(arena, number);
    return plus && !china && length >= 8 && length <= 15 ? arena_printf(arena, "+%s", number) : NULL;
}

bool cell_money(const char *cell, int64_t *ret_cents)
{
    static const char *const signs[] = {"¥", "￥", "$", "€"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strncmp(cell, signs[i], strlen(signs[i])) == 0)
            cell += strlen(signs[i]);
    bool negative = *cell == '-';
    int64_t cents = 0;
    int digits = 0, decimals = -1;
    for (cell += negative; *cell; cell++) {
        if (*cell == ',' && decimals < 0)
            continue;
        if (*cell == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (!isdigit((unsigned char)*cell) || ++digits > 15 || (decimals >= 0 && ++decimals > 2))
            return false;
        cents = cents * 10 + (*cell - '0');
    }
    if (!digits)
        return false;
    for (int i = decimals < 0 ? 0 : decimals; i < 2; i++)
        cents *= 10;
    *ret_cents = negative ? -cents : cents;
    return true;
}
