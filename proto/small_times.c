/* Texts that tell how a time came about, "Sat 2026-03-07 10:00 + 1d = Sun 2026-03-08 10:00, next opening Mon 10:00-11:30",
 * are mostly times. Kept as pieces: a number, doubled, and one more if a time follows: 1 and the bytes of a text, then
 * these; or 0: " + ", the time between, " = ". The first time is 3 bytes, minutes since 2020; each other one a signed number,
 * minutes since the one before it. */
#include <string.h>

#include "field.h"
#include "small.h"

enum {
    TIME_TEXT_BYTES = 20, COLON_AT = 17,        /* "Sat 2026-03-07 10:00" */
    MINUTES_MAX = 1 << 24,
    DAYS_TO_2020 = 18262,                       /* from 1970 */
    TIMES_MAX = 32,
    SUM_BYTES = 32
};

static void digits_write(char *to, int number, size_t count)
{
    for (; count; count--, number /= 10)
        to[count - 1] = (char)('0' + number % 10);
}

static void time_write(int64_t minutes, char to[TIME_TEXT_BYTES])
{
    static const char days[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    int year, month, day;
    int64_t days_since = DAYS_TO_2020 + minutes / 1440;
    moment_date(days_since, &year, &month, &day);
    memcpy(to, "Mon 0000-00-00 00:00", TIME_TEXT_BYTES);
    memcpy(to, days[(days_since + 3) % 7], 3);
    digits_write(to + 4, year, 4);
    digits_write(to + 9, month, 2);
    digits_write(to + 12, day, 2);
    digits_write(to + 15, (int)(minutes % 1440 / 60), 2);
    digits_write(to + 18, (int)(minutes % 60), 2);
}

static int number_at(const uint8_t *at, size_t count)
{
    int number = 0;
    for (size_t i = 0; i < count; i++)
        number = number * 10 + at[i] - '0';
    return number;
}

/* Minutes since 2020 of the text there; -1: it is no time. */
static int64_t time_read(const uint8_t *at)
{
    static const char form[] = "--- 0000-00-00 00:00";
    char again[TIME_TEXT_BYTES];
    for (size_t i = 3; i < TIME_TEXT_BYTES; i++)
        if (form[i] == '0' ? at[i] < '0' || at[i] > '9' : at[i] != form[i])
            return -1;
    int month = number_at(at + 9, 2);
    if (month < 1 || month > 12)
        return -1;
    int64_t day = moment_day(number_at(at + 4, 4), month, number_at(at + 12, 2)) - DAYS_TO_2020;
    int64_t minutes = day * 1440 + number_at(at + 15, 2) * 60 + number_at(at + 18, 2);
    if (minutes < 0 || minutes >= MINUTES_MAX)
        return -1;
    time_write(minutes, again);
    return memcmp(again, at, TIME_TEXT_BYTES) ? -1 : minutes;
}

/* The next time in the text from `*from` on, by its colon. */
static int64_t time_next(struct slice text, size_t from, size_t *ret_at)
{
    while (from + TIME_TEXT_BYTES <= text.bytes) {
        const uint8_t *colon = memchr(text.at + from + COLON_AT, ':', text.bytes - from - COLON_AT);
        if (!colon || colon + 3 > text.at + text.bytes)
            return -1;
        *ret_at = (size_t)(colon - text.at) - COLON_AT;
        int64_t minutes = time_read(text.at + *ret_at);
        if (minutes >= 0)
            return minutes;
        from = *ret_at + 1;
    }
    return -1;
}

/* " + 1d = "; returns its bytes, 0 for what no such text says. */
static size_t sum_write(int64_t minutes, char to[SUM_BYTES])
{
    if (minutes <= 0)
        return 0;
    int64_t unit = minutes % 1440 == 0 ? 1440 : minutes % 60 == 0 ? 60 : 1, number = minutes / unit;
    size_t digits = 1;
    for (int64_t rest = number; rest > 9; rest /= 10)
        digits++;
    memcpy(to, " + ", 3);
    digits_write(to + 3, (int)number, digits);
    to[3 + digits] = unit == 1440 ? 'd' : unit == 60 ? 'h' : 'm';
    memcpy(to + 3 + digits + 1, " = ", 3);
    return 3 + digits + 1 + 3;
}

static void piece_pack(struct buffer *to, struct slice piece, bool more)
{
    small_number_pack(to, (uint64_t)(piece.bytes + 1) << 1 | more);
    buffer_append(to, piece.at, piece.bytes);
}

static void first_pack(struct buffer *to, struct slice piece, int64_t minutes)
{
    piece_pack(to, piece, true);
    buffer_append(to, (uint8_t[]){(uint8_t)(minutes >> 16), (uint8_t)(minutes >> 8), (uint8_t)minutes}, 3);
}

static void next_pack(struct buffer *to, struct slice piece, int64_t since)
{
    char sum[SUM_BYTES];
    size_t sum_bytes = sum_write(since, sum);
    if (sum_bytes && sum_bytes == piece.bytes && !memcmp(piece.at, sum, sum_bytes))
        small_number_pack(to, 1);
    else
        piece_pack(to, piece, true);
    small_int_pack(to, since);
}

bool small_times_pack(struct buffer *to, struct slice text)
{
    size_t at, done = 0;
    if (text.bytes < TIME_TEXT_BYTES)
        return false;
    int64_t before = 0, minutes = time_next(text, 0, &at);
    if (minutes < 0)
        return false;
    small_number_pack(to, LISTED_TIMES << 2 | TEXT_LISTED);
    for (int count = 0; minutes >= 0 && count < TIMES_MAX; count++) {
        struct slice piece = {text.at + done, at - done};
        if (count)
            next_pack(to, piece, minutes - before);
        else
            first_pack(to, piece, minutes);
        done = at + TIME_TEXT_BYTES;
        before = minutes;
        minutes = time_next(text, done, &at);
    }
    piece_pack(to, (struct slice){text.at + done, text.bytes - done}, false);
    return true;
}

/* -------- reading */

static bool minutes_unpack(struct small_reader *from, bool first, int64_t *minutes)
{
    struct slice bytes;
    int64_t since;
    if (first) {
        if (!small_take(from, 3, &bytes))
            return false;
        *minutes = bytes.at[0] << 16 | bytes.at[1] << 8 | bytes.at[2];
        return true;
    }
    if (!small_int_unpack(from, &since) || since < -MINUTES_MAX || since > MINUTES_MAX)
        return false;
    *minutes += since;
    return *minutes >= 0 && *minutes < MINUTES_MAX;
}

/* A piece and, if `*more`, the time after it. */
static bool piece_unpack(struct small_reader *from, int count, int64_t *minutes, bool *more, struct buffer *to)
{
    char sum[SUM_BYTES], time[TIME_TEXT_BYTES];
    struct slice piece = {0};
    uint64_t head;
    int64_t before = *minutes;
    if (!small_number_unpack(from, &head) || (head >> 1 && !small_take(from, (head >> 1) - 1, &piece)))
        return false;
    *more = head & 1;
    if ((!*more && !(head >> 1)) || (*more && (count == TIMES_MAX || !minutes_unpack(from, !count, minutes))))
        return false;
    if (!(head >> 1))
        piece = (struct slice){(const uint8_t *)sum, count ? sum_write(*minutes - before, sum) : 0};
    buffer_append(to, piece.at, piece.bytes);
    if (*more) {
        time_write(*minutes, time);
        buffer_append(to, time, sizeof time);
    }
    return true;
}

bool small_times_unpack(struct small_reader *from, struct slice *ret)
{
    struct buffer text = {0};
    int64_t minutes = 0;
    bool more = true, good = true;
    for (int count = 0; good && more; count++)
        good = piece_unpack(from, count, &minutes, &more, &text);
    *ret = (struct slice){(const uint8_t *)arena_text(from->arena, text.at, text.bytes), text.bytes};
    buffer_free(&text);
    return good && text_is_plain(*ret);
}
