#include "log.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The one exception to "no globals": every part of a program writes to its one log. */
static struct {
    char program[64];
    enum log_level level;
    int fd;
    atomic_uint_fast64_t lost;
} the_log = {.program = "careline", .level = LEVEL_INFO, .fd = 2};

static const char *const level_words[] = {"debug", "info", "warn", "error", "none"};

/* A line being written; `at` never passes the room that its end needs. */
struct line {
    size_t bytes;
    bool cut;
    char text[LOG_LINE_BYTES_MAX];
};

enum { LINE_END_BYTES = 32 };           /* room for ,"cut":true} and the line's end */

void log_start(const char *program, enum log_level level)
{
    snprintf(the_log.program, sizeof the_log.program, "%s", program);
    the_log.level = level;
}

bool log_level_parse(const char *word, enum log_level *ret)
{
    if (!word || !*word)
        word = "info";
    for (size_t i = 0; i < sizeof level_words / sizeof level_words[0]; i++)
        if (!strcmp(word, level_words[i])) {
            *ret = (enum log_level)i;
            return true;
        }
    return false;
}

void log_to(int fd)
{
    the_log.fd = fd;
}

bool log_on(enum log_level level)
{
    return level >= the_log.level;
}

uint64_t log_lost(void)
{
    return atomic_load(&the_log.lost);
}

struct log_field log_text(const char *key, const char *value)
{
    return (struct log_field){.key = key, .kind = LOG_FIELD_TEXT, .text = value};
}

struct log_field log_int(const char *key, int64_t value)
{
    return (struct log_field){.key = key, .kind = LOG_FIELD_INT, .integer = value};
}

struct log_field log_number(const char *key, double value)
{
    return (struct log_field){.key = key, .kind = LOG_FIELD_NUMBER, .number = value};
}

struct log_field log_bool(const char *key, bool value)
{
    return (struct log_field){.key = key, .kind = LOG_FIELD_BOOL, .truth = value};
}

/* -------- the line */

static void put(struct line *line, const char *text, size_t bytes)
{
    if (line->cut || line->bytes + bytes > sizeof line->text - LINE_END_BYTES) {
        line->cut = true;
        return;
    }
    memcpy(line->text + line->bytes, text, bytes);
    line->bytes += bytes;
}

static void put_string(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* Length of the well-formed UTF-8 character at `at`; 0: it is none. */
static size_t utf8_bytes(const unsigned char *at)
{
    size_t bytes = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < bytes; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool surrogate = at[0] == 0xed && at[1] >= 0xa0;
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool beyond = at[0] == 0xf4 && at[1] >= 0x90;
    return surrogate || overlong || beyond ? 0 : bytes;
}

static void put_character(struct line *line, const char *at, size_t bytes)
{
    static const char escapes[][2] = {{'"', '"'}, {'\\', '\\'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}};
    char code[8];
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++)
        if (*at == escapes[i][0]) {
            put(line, (char[]){'\\', escapes[i][1]}, 2);
            return;
        }
    if ((unsigned char)*at >= 0x20 && *at != 0x7f) {
        put(line, at, bytes);
        return;
    }
    snprintf(code, sizeof code, "\\u%04x", (unsigned char)*at);
    put_string(line, code);
}

/* A JSON text; bytes that are no UTF-8 become U+FFFD. */
static void put_json_text(struct line *line, const char *text)
{
    put(line, "\"", 1);
    while (*text) {
        size_t bytes = utf8_bytes((const unsigned char *)text);
        if (bytes)
            put_character(line, text, bytes);
        else
            put_string(line, "\xef\xbf\xbd");
        text += bytes ? bytes : 1;
    }
    put(line, "\"", 1);
}

static void put_value(struct line *line, const struct log_field *field)
{
    char number[40];
    if (field->kind == LOG_FIELD_TEXT && field->text) {
        put_json_text(line, field->text);
        return;
    }
    snprintf(number, sizeof number, "null");
    if (field->kind == LOG_FIELD_INT)
        snprintf(number, sizeof number, "%lld", (long long)field->integer);
    else if (field->kind == LOG_FIELD_NUMBER && isfinite(field->number))
        snprintf(number, sizeof number, "%.9g", field->number);
    else if (field->kind == LOG_FIELD_BOOL)
        snprintf(number, sizeof number, "%s", field->truth ? "true" : "false");
    put_string(line, number);
}

/* A field is there whole or not at all. */
static void put_field(struct line *line, const struct log_field *field)
{
    size_t before = line->bytes;
    if (line->cut)
        return;
    put(line, line->bytes > 1 ? "," : "", line->bytes > 1);
    put_json_text(line, field->key);
    put(line, ":", 1);
    put_value(line, field);
    if (line->cut)
        line->bytes = before;
}

static const char *real_time(char text[40])
{
    struct timespec now;
    struct tm parts;
    char day[24];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, 40, "%s.%03dZ", day, (int)(now.tv_nsec / 1000000));
    return text;
}

static void write_whole(const char *text, size_t bytes)
{
    ssize_t written;
    do
        written = write(the_log.fd, text, bytes);
    while (written < 0 && errno == EINTR);
    if (written != (ssize_t)bytes)
        atomic_fetch_add(&the_log.lost, 1);
}

void log_write(enum log_level level, const char *what, const struct log_field *fields, size_t count)
{
    struct line line;
    char time_text[40];
    int error = errno;
    if (!log_on(level) || level >= LEVEL_NONE)
        return;
    line.bytes = 0;
    line.cut = false;
    put(&line, "{", 1);
    const struct log_field head[] = {log_text("time", real_time(time_text)), log_text("level", level_words[level]),
                                     log_text("program", the_log.program), log_int("pid", getpid()),
                                     log_text("what", what)};
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
        put_field(&line, &head[i]);
    for (size_t i = 0; i < count; i++)
        put_field(&line, &fields[i]);
    const char *end = line.cut ? ",\"cut\":true}\n" : "}\n";
    memcpy(line.text + line.bytes, end, strlen(end));
    write_whole(line.text, line.bytes + strlen(end));
    errno = error;
}
