#include "json.h"

#include <stdio.h>

#include "field.h"

/* Years begin in March, so that a leap day is the last; 400 years are one era of 146,097 days. */
int64_t moment_day(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = year / 400, year_of_era = year % 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void moment_date(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = days / 146097, day_of_era = days % 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (int)(era * 400 + year_of_era + (*month <= 2));
}

const char *moment_text(struct arena *arena, wall_ms at, int offset_minutes)
{
    if (at < 0 || at > MOMENT_MAX)
        return "";
    int64_t local = at + offset_minutes * MINUTE_MS;
    if (local < 0 || local > MOMENT_MAX)
        return moment_text(arena, at, 0);
    int year, month, day, ms = (int)(local % DAY_MS);
    moment_date(local / DAY_MS, &year, &month, &day);
    const char *format = "%04d-%02d-%02dT%02d:%02d:%02d.%03d";
    char text[48], offset[16] = "Z";
    snprintf(text, sizeof text, format, year, month, day, ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
    int minutes = offset_minutes < 0 ? -offset_minutes : offset_minutes;
    if (minutes)
        snprintf(offset, sizeof offset, "%c%02d:%02d", offset_minutes < 0 ? '-' : '+', minutes / 60 % 24, minutes % 60);
    return arena_printf(arena, "%s%s", text, offset);
}

/* Takes exactly `digits` digits; false leaves *text where it was. */
static bool take_number(const char **text, int digits, int from, int to, int *ret)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        char c = (*text)[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    if (value < from || value > to)
        return false;
    *text += digits;
    *ret = value;
    return true;
}

static bool take_one_of(const char **text, const char *characters)
{
    for (; *characters; characters++)
        if (**text == *characters) {
            (*text)++;
            return true;
        }
    return false;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(const char **text, int64_t *ret_days)
{
    int year, month, day;
    if (!take_number(text, 4, 1970, 9999, &year) || !take_one_of(text, "-") || !take_number(text, 2, 1, 12, &month) ||
        !take_one_of(text, "-") || !take_number(text, 2, 1, days_of_month(year, month), &day))
        return false;
    *ret_days = moment_day(year, month, day);
    return true;
}

/* Digits beyond the third are cut off: an instant has milliseconds. */
static bool take_fraction(const char **text, int *ret_ms)
{
    *ret_ms = 0;
    if (!take_one_of(text, "."))
        return true;
    if (**text < '0' || **text > '9')
        return false;
    for (int scale = 100; **text >= '0' && **text <= '9'; scale /= 10)
        *ret_ms += (*(*text)++ - '0') * scale;
    return true;
}

static bool take_time(const char **text, int64_t *ret_ms)
{
    int hour, minute, second, ms;
    if (!take_number(text, 2, 0, 23, &hour) || !take_one_of(text, ":") || !take_number(text, 2, 0, 59, &minute) ||
        !take_one_of(text, ":") || !take_number(text, 2, 0, 60, &second) || !take_fraction(text, &ms))
        return false;
    *ret_ms = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + ms;
    return true;
}

static bool take_offset(const char **text, int64_t *ret_ms)
{
    *ret_ms = 0;
    if (take_one_of(text, "Zz"))
        return true;
    bool west = **text == '-';
    int hours, minutes;
    if (!take_one_of(text, "+-") || !take_number(text, 2, 0, 23, &hours) || !take_one_of(text, ":") ||
        !take_number(text, 2, 0, 59, &minutes))
        return false;
    *ret_ms = (hours * HOUR_MS + minutes * MINUTE_MS) * (west ? -1 : 1);
    return true;
}

/* RFC 3339, 5.6; a leap second reads as the second after it. */
bool moment_parse(const char *text, wall_ms *ret)
{
    int64_t days, ms, offset;
    if (!take_date(&text, &days) || !take_one_of(&text, "Tt ") || !take_time(&text, &ms) ||
        !take_offset(&text, &offset) || *text)
        return false;
    wall_ms at = days * DAY_MS + ms - offset;
    if (at < 0 || at > MOMENT_MAX)
        return false;
    *ret = at;
    return true;
}
