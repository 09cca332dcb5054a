/* log: what happened, as JSON lines, one write each, so that lines of several threads and processes do not mix.
 *
 *     log_warn("lease.lost", log_int("partition", 7), log_text("owner", owner));
 *     {"time":"2026-03-06T16:00:00.123Z","level":"warn","program":"scheduler","pid":812,"what":"lease.lost",
 *      "partition":7,"owner":"…"}
 *
 * `what` is a fixed name to search for; what varies goes into fields. Never a name, number or address of a customer.
 * The time is always real time, also where the installation's clock is virtual. */
#ifndef CARELINE_LOG_H
#define CARELINE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR, LEVEL_NONE };

enum { LOG_LINE_BYTES_MAX = 4096 };     /* a longer line is cut at a field, with "cut":true */

struct log_field {
    const char *key;
    enum { LOG_FIELD_TEXT, LOG_FIELD_INT, LOG_FIELD_NUMBER, LOG_FIELD_BOOL } kind;
    union { const char *text; int64_t integer; double number; bool truth; };
};

/* Before the first line: the program's name and from which level on lines are written. Without it: "careline", info. */
void log_start(const char *program, enum log_level level);
/* "debug", "info", "warn", "error", "none"; NULL or "" is info. false: no such level. */
bool log_level_parse(const char *word, enum log_level *ret);
/* Where lines go; standard error (2) at first. */
void log_to(int fd);
bool log_on(enum log_level level);

/* Writes one line. A line that cannot be written is lost and counted; it never blocks the program's work on an error.
 * */
void log_write(enum log_level level, const char *what, const struct log_field *fields, size_t count);
uint64_t log_lost(void);

/* One field. A NULL text is written as null. */
struct log_field log_text(const char *key, const char *value);
struct log_field log_int(const char *key, int64_t value);
struct log_field log_number(const char *key, double value);
struct log_field log_bool(const char *key, bool value);

/* The first, empty field lets a line have none. */
#define LOG_LINE(level, what, ...) do { \
        if (log_on(level)) { \
            const struct log_field log_fields_[] = {{0}, ##__VA_ARGS__}; \
            log_write(level, what, log_fields_ + 1, sizeof log_fields_ / sizeof log_fields_[0] - 1); \
        } \
    } while (0)

#define log_debug(what, ...) LOG_LINE(LEVEL_DEBUG, what, ##__VA_ARGS__)
#define log_info(what, ...) LOG_LINE(LEVEL_INFO, what, ##__VA_ARGS__)
#define log_warn(what, ...) LOG_LINE(LEVEL_WARN, what, ##__VA_ARGS__)
#define log_error(what, ...) LOG_LINE(LEVEL_ERROR, what, ##__VA_ARGS__)

#endif
