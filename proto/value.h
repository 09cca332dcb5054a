/* value: one value as JSON has it, as a tree in an arena: what somebody sent, whether it came as JSON or as msgpack. Its
 * texts point into what it was made of, its members stand one beside the other, so that it costs a handful of
 * instructions each, and nothing to give back. */
#ifndef CARELINE_VALUE_H
#define CARELINE_VALUE_H

#include <jansson.h>

#include "buffer.h"
#include "cursor.h"

enum value_kind { VALUE_NULL, VALUE_FALSE, VALUE_TRUE, VALUE_INT, VALUE_REAL, VALUE_TEXT, VALUE_LIST, VALUE_OBJECT };

struct value {
    struct slice name;              /* of a member of an object */
    enum value_kind kind;
    union {
        int64_t number;             /* VALUE_INT */
        double real;                /* finite */
        struct slice text;          /* UTF-8 */
        struct { struct value *at; size_t count; };         /* LIST, OBJECT: names of members differ */
    };
};

/* Lives as long as the arena and the JSON that it was made of. */
struct value value_of_json(const json_t *json, struct arena *arena);

/* Of one packed value, on its own or within another, that the guard has walked; lives as long as both. Bytes are base64,
 * what JSON has not (extensions, infinity) is null, numbers over 63 bits are fractions; keys that are no texts are left
 * out, of equal keys the last counts. But a map that the guard would not let stand alone for its keys is null. */
struct value value_of_packed(struct slice packed, struct arena *arena);
/* The same of the value that comes next. */
struct value value_take(struct cursor *from, struct arena *arena);

/* The caller owns the reference. */
json_t *value_to_json(const struct value *value);

/* As JSON text, as json_dumps writes it with JSON_COMPACT and JSON_SORT_KEYS: one way only to write each. */
void value_write(const struct value *value, struct buffer *to);
/* A text alone, in its quotes: UTF-8 stays; quotes, backslashes and control characters are escaped. */
void text_write(struct slice text, struct buffer *to);

/* As msgpack, each value in its smallest form. */
void value_pack(const struct value *value, struct buffer *to);

/* The member of this name; NULL: there is none, or it is no object. */
const struct value *value_member(const struct value *object, const char *name);

/* The members of an object in the order of their names, byte by byte, into `ret`, which has room for all. */
void value_sorted(const struct value *object, const struct value **ret);

#endif
