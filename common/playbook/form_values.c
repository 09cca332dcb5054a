#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "json.h"
#include "playbook.h"

/* Values of forms: what people and programs write, brought into one form. */

enum { TEXT_BYTES_MAX = 4096, YEAR_MIN = 1900, YEAR_MAX = 2199 };

typedef const char *(*value_check)(const struct form_field *field, const char *told, const struct calendar *calendar,
                                   struct arena *arena, const char **ret);

static const char *check_text(const struct form_field *field, const char *told, const struct calendar *calendar,
                              struct arena *arena, const char **ret)
{
    (void)field, (void)calendar;
    *ret = arena_string(arena, told);
    return strlen(told) > TEXT_BYTES_MAX ? "a text of at most 4096 bytes" : NULL;
}

static const char *check_number(const struct form_field *field, const char *told, const struct calendar *calendar,
                                struct arena *arena, const char **ret)
{
    (void)calendar;
    char *end;
    long long number = strtoll(told, &end, 10);
    if (end == told || *end)
        return "a whole number";
    if (field->has_min && number < field->min)
        return arena_printf(arena, "a number from %lld", (long long)field->min);
    if (field->has_max && number > field->max)
        return arena_printf(arena, "a number up to %lld", (long long)field->max);
    *ret = arena_printf(arena, "%lld", number);
    return NULL;
}

/* -------- dates and times */

static bool date_read(const char *told, int *year, int *month, int *day, int *ret_end)
{
    *ret_end = 0;
    return sscanf(told, "%4d-%2d-%2d%n", year, month, day, ret_end) == 3 && *ret_end &&
           *year >= YEAR_MIN && *year <= YEAR_MAX && civil_valid(*year, *month, *day);
}

static const char *check_date(const struct form_field *field, const char *told, const struct calendar *calendar,
                              struct arena *arena, const char **ret)
{
    (void)field, (void)calendar;
    int year, month, day, end;
    if (!date_read(told, &year, &month, &day, &end) || told[end])
        return "a date such as 2026-03-06";
    *ret = arena_printf(arena, "%04d-%02d-%02d", year, month, day);
    return NULL;
}

static const char *check_day(const struct form_field *field, const char *told, const struct calendar *calendar,
                             struct arena *arena, const char **ret)
{
    (void)field, (void)calendar;
    int year, month, day, end = 0;
    bool whole = date_read(told, &year, &month, &day, &end) && !told[end];
    bool brief = !whole && sscanf(told, "%2d-%2d%n", &month, &day, &end) == 2 && !told[end] && civil_valid(2000, month, day);
    if (!whole && !brief)
        return "a day of the year such as 03-06";
    *ret = arena_printf(arena, "%02d-%02d", month, day);
    return NULL;
}

static bool time_read(const char *told, const struct calendar *calendar, wall_ms *ret)
{
    int year, month, day, hour, minute, end, rest = 0;
    if (!date_read(told, &year, &month, &day, &end) || (told[end] != ' ' && told[end] != 'T') ||
        sscanf(told + end + 1, "%2d:%2d%n", &hour, &minute, &rest) != 2 || hour > 23 || minute > 59 || hour < 0 || minute < 0)
        return false;
    if (!told[end + 1 + rest]) {
        *ret = calendar_instant(calendar, year, month, day, hour, minute, 0);
        return true;
    }
    return moment_parse(told, ret);         /* with seconds and zone */
}

static const char *check_time(const struct form_field *field, const char *told, const struct calendar *calendar,
                              struct arena *arena, const char **ret)
{
    (void)field;
    wall_ms at;
    if (!time_read(told, calendar, &at))
        return "a time such as 2026-03-06 16:00";
    struct local_time local = calendar_local(calendar, at);
    *ret = arena_printf(arena, "%04d-%02d-%02d %02d:%02d", local.year, local.month, local.day, local.hour, local.minute);
    return NULL;
}

bool form_instant(const char *value, const struct calendar *calendar, wall_ms *ret)
{
    int year, month, day, end;
    if (!date_read(value, &year, &month, &day, &end))
        return false;
    if (value[end])
        return time_read(value, calendar, ret);
    *ret = calendar_instant(calendar, year, month, day, 0, 0, 0);
    return true;
}

/* -------- copies of papers */

/* Named by the hash of what is stored. */
static const char *check_attachment(const struct form_field *field, const char *told, const struct calendar *calendar,
                                    struct arena *arena, const char **ret)
{
    (void)field, (void)calendar, (void)arena;
    enum { HASH_DIGITS = 64 };
    *ret = told;
    return strlen(told) == HASH_DIGITS && strspn(told, "0123456789abcdef") == HASH_DIGITS
               ? NULL : "the hash that storing the copy was answered with";
}

/* -------- closed lists */

static const char *check_yes_no(const struct form_field *field, const char *told, const struct calendar *calendar,
                                struct arena *arena, const char **ret)
{
    (void)field, (void)calendar, (void)arena;
    bool yes = !strcmp(told, "yes") || !strcmp(told, "true"), no = !strcmp(told, "no") || !strcmp(told, "false");
    *ret = yes ? "yes" : "no";
    return yes || no ? NULL : "yes or no";
}

static const char *check_score(const struct form_field *field, const char *told, const struct calendar *calendar,
                               struct arena *arena, const char **ret)
{
    (void)field, (void)calendar;
    *ret = arena_string(arena, told);
    return told[0] >= '1' && told[0] <= '5' && !told[1] ? NULL : "a score from 1 to 5";
}

static bool is_choice(const struct form_field *field, const char *told, size_t bytes)
{
    for (size_t i = 0; i < field->choices.count; i++)
        if (strlen(field->choices.at[i]) == bytes && !strncmp(field->choices.at[i], told, bytes))
            return true;
    return false;
}

static const char *choices_wanted(const struct form_field *field, const char *before, struct arena *arena)
{
    for (size_t i = 0; i < field->choices.count; i++)
        before = arena_printf(arena, "%s%s%s", before, i ? ", " : " ", field->choices.at[i]);
    return before;
}

static const char *check_choice(const struct form_field *field, const char *told, const struct calendar *calendar,
                                struct arena *arena, const char **ret)
{
    (void)calendar;
    *ret = arena_string(arena, told);
    return is_choice(field, told, strlen(told)) ? NULL : choices_wanted(field, "one of", arena);
}

static const char *check_choices(const struct form_field *field, const char *told, const struct calendar *calendar,
                                 struct arena *arena, const char **ret)
{
    (void)calendar;
    const char *all = "";
    for (const char *word = told; *word; word += strcspn(word, ","), word += *word == ',') {
        while (*word == ' ')
            word++;
        size_t bytes = strcspn(word, ",");
        while (bytes && word[bytes - 1] == ' ')
            bytes--;
        if (!is_choice(field, word, bytes))
            return choices_wanted(field, "some of", arena);
        all = arena_printf(arena, "%s%s%.*s", all, *all ? "," : "", (int)bytes, word);
    }
    *ret = all;
    return NULL;
}

static const char *check_name(const struct form_field *field, const char *told, const struct calendar *calendar,
                              struct arena *arena, const char **ret)
{
    (void)field, (void)calendar;
    *ret = arena_string(arena, told);
    return name_is_plain(told) && strlen(told) <= 64 ? NULL : "a number or name of at most 64 letters, digits, dots, dashes";
}

static const value_check checks[FORM_FIELD_KINDS] = {
    [FORM_TEXT] = check_text, [FORM_NUMBER] = check_number, [FORM_DATE] = check_date, [FORM_DAY] = check_day,
    [FORM_TIME] = check_time, [FORM_YES_NO] = check_yes_no, [FORM_SCORE] = check_score, [FORM_CHOICE] = check_choice,
    [FORM_CHOICES] = check_choices, [FORM_LINK] = check_name, [FORM_STAFF] = check_name,
    [FORM_ATTACHMENT] = check_attachment,
};

const char *form_value(const struct form_field *field, const char *told, const struct calendar *calendar, struct arena *arena,
                       const char **ret)
{
    return checks[field->kind](field, told, calendar, arena, ret);
}
