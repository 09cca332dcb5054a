#include "civil.h"

#include <ctype.h>
#include <stddef.h>

/* Years are counted from March, so that the leap day is a year's last and months need no table. */
enum { DAY_OF_1970 = 719468 };      /* days from 0000-03-01 to 1970-01-01 */

static int64_t year_start(int64_t march_year)
{
    return 365 * march_year + march_year / 4 - march_year / 100 + march_year / 400;
}

int64_t civil_day(int year, int month, int day)
{
    int since_march = (month + 9) % 12;
    int64_t march_year = since_march >= 10 ? year - 1 : year;
    return year_start(march_year) + (153 * since_march + 2) / 5 + day - 1 - DAY_OF_1970;
}

struct civil civil_date(int64_t day)
{
    int64_t since = day + DAY_OF_1970;
    int64_t march_year = since * 400 / 146097;
    while (year_start(march_year + 1) <= since)
        march_year++;
    while (year_start(march_year) > since)
        march_year--;
    int of_year = (int)(since - year_start(march_year));
    int since_march = (5 * of_year + 2) / 153;
    struct civil date = {.day = of_year - (153 * since_march + 2) / 5 + 1};
    date.month = since_march < 10 ? since_march + 3 : since_march - 9;
    date.year = (int)march_year + (since_march >= 10);
    return date;
}

bool civil_valid(int year, int month, int day)
{
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    return civil_date(civil_day(year, month, day)).day == day;
}

int civil_weekday(int64_t day)
{
    return (int)floor_rest(day + 3, 7);
}

static bool digits(const char **text, int count, int *ret)
{
    for (*ret = 0; count > 0; count--, (*text)++) {
        if (!isdigit((unsigned char)**text))
            return false;
        *ret = *ret * 10 + (**text - '0');
    }
    return true;
}

bool civil_parse(const char *text, int64_t *ret_day)
{
    int year, month, day;
    if (!digits(&text, 4, &year) || *text++ != '-' || !digits(&text, 2, &month) || *text++ != '-' ||
        !digits(&text, 2, &day))
        return false;
    if (!civil_valid(year, month, day))
        return false;
    *ret_day = civil_day(year, month, day);
    return true;
}
