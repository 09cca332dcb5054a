/* small: how an entity's values are kept. What entity_pack.c and entity_unpack.c share; nobody else needs it.
 *
 *   number   7 bits a byte, the lowest first, the highest bit says that more follow; a signed one is doubled, and the
 *            negative ones are the odd ones between
 *   time     5 bytes: milliseconds since 2020; five times 255, then 8 bytes since 1970: one that this cannot say
 *   text     a number: its lowest two bits say what the rest counts (enum text_form), then what that form needs
 *   map      0 and a msgpack map with its bytes before it; else the pairs and one, then keys and values as texts; a value
 *            that is none is listed text 0 and the msgpack value */
#ifndef CARELINE_SMALL_H
#define CARELINE_SMALL_H

#include "buffer.h"
#include "cursor.h"
#include "record.h"

enum {
    ENTITY_MARK = 0xc1,             /* the first byte; msgpack, as earlier builds kept entities, never begins so */
    LISTED_VALUE = 0,               /* listed text 0: not a text but a msgpack value (in a map) */
    LISTED_TIMES = 1,               /* 1: a text with times in it, see small_times.c */
    LISTED_FIRST = 2                /* from here on: those of texts.def */
};

enum text_form {
    TEXT_PLAIN,                     /* so many bytes */
    TEXT_HEX,                       /* so many hexadecimal digits, two a byte */
    TEXT_LISTED,                    /* the text of this number in texts.def */
    TEXT_OF_ID                      /* the first bytes of the entity's id, twice their number; one more: of what follows
                                     * the site; then another text, which is the rest */
};

/* The id of the entity at hand. */
struct small_id {
    const char *whole;
    size_t bytes;
    size_t site_bytes;              /* before the slash; all of it, if there is none */
};

struct small_reader {
    const uint8_t *at, *end;
    const struct small_id *id;
    struct arena *arena;
};

struct small_id small_id_of(const char *id);

void small_number_pack(struct buffer *to, uint64_t number);
bool small_number_unpack(struct small_reader *from, uint64_t *ret);
void small_int_pack(struct buffer *to, int64_t number);
bool small_int_unpack(struct small_reader *from, int64_t *ret);
void small_time_pack(struct buffer *to, wall_ms at);
bool small_time_unpack(struct small_reader *from, wall_ms *ret);
/* A number of bytes, and these. The slice points into what is read. */
void small_bytes_pack(struct buffer *to, struct slice bytes);
bool small_bytes_unpack(struct small_reader *from, struct slice *ret);
bool small_take(struct small_reader *from, uint64_t bytes, struct slice *ret);

void small_text_pack(struct buffer *to, const struct small_id *id, struct slice text);
/* Ends in a NUL, which does not count; it lives as long as the arena. false: no text. */
bool small_text_unpack(struct small_reader *from, struct slice *ret);
/* As above; *ret_value: it is LISTED_VALUE, and no text. */
bool small_text_or_value(struct small_reader *from, struct slice *ret, bool *ret_value);

/* A text with times as calendars write them, "Sat 2026-03-07 10:00". false: it has none, and nothing is written. */
bool small_times_pack(struct buffer *to, struct slice text);
bool small_times_unpack(struct small_reader *from, struct slice *ret);

/* Is it one well-formed msgpack value? As part of something: only an outermost map must have different texts as keys. */
bool small_value_is_whole(struct slice packed);
void small_map_pack(struct buffer *to, const struct small_id *id, struct slice map);
bool small_map_unpack(struct small_reader *from, struct slice *ret);

#endif
