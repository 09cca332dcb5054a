/* json: records to and from JSON, for the HTTP interface and the command line. */
#ifndef CARELINE_JSON_H
#define CARELINE_JSON_H

#include <jansson.h>

#include "record.h"

struct value;

/* How times are written: RFC 3339 with milliseconds and an offset. `offset_minutes` is asked for each instant so that a
 * site's daylight saving shows; NULL writes UTC. */
struct json_style {
    int (*offset_minutes)(void *context, wall_ms at);
    void *context;
    bool empty_fields;      /* write empty texts and lists too, so that every reader finds every key */
};

/* The struct at `from` as a JSON object; the caller owns the reference. */
json_t *record_to_json(const struct record *record, const void *from, const struct json_style *style);

/* One packed msgpack value as JSON (unknown types as null). */
json_t *packed_to_json(struct slice packed);

/* Fills the struct at `to` from a JSON object. Unknown members are kept (in `unknown`). Times are RFC 3339 texts or
 * integers in ms. false with *fault: which member and what was expected. */
bool record_from_json(const struct record *record, const json_t *from, struct arena *arena, void *to,
                      struct fault *fault);

/* The same from a value, but that unknown members are a fault: for what comes from outside. */
bool record_from_value(const struct record *record, const struct value *from, struct arena *arena, void *to,
                       struct fault *fault);

/* Text forms of an instant. parse takes RFC 3339 with an offset or Z; false leaves *ret alone. */
const char *moment_text(struct arena *arena, wall_ms at, int offset_minutes);
bool moment_parse(const char *text, wall_ms *ret);

#endif
