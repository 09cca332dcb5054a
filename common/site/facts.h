/* facts: what an event said, kept as one small map, so that later steps can test it and texts can show it. */
#ifndef CARELINE_FACTS_H
#define CARELINE_FACTS_H

#include "event.h"

enum {
    FACTS_BYTES_MAX = 4000,             /* fits the fields `variables` of plans and tasks */
    NOTICE_FACTS_BYTES_MAX = 16000      /* and of notices, which can carry those of several plans */
};

/* The plain fields of a record (texts, words, numbers, times, truth values; nothing personal) as a packed map, with
 * `about` added, and of a form what stands in it, as field.NAME (texts of up to 512 bytes). What would go over the bound is left out, later fields first. Into the arena. */
struct slice facts_pack(const struct record *record, const void *data, const char *about, struct arena *arena);

/* The facts with those of the record's fields that `anew` tells put in their place. Into the arena. */
struct slice facts_update(struct slice facts, struct slice anew, const struct record *record, struct arena *arena);

/* The facts with one more value, packed already. Into the arena. */
struct slice facts_with_raw(struct slice facts, const char *name, struct slice value, struct arena *arena);
/* The facts with one more text. Into the arena. */
struct slice facts_with(struct slice facts, const char *name, const char *text, struct arena *arena);

/* The facts with what stands in a form, a map of its fields, as facts_pack has it of a form's own event. Into the arena. */
struct slice facts_with_fields(struct slice facts, struct slice fields, struct arena *arena);

/* The struct again, with the fields that were kept. Never NULL. */
const void *facts_data(struct slice facts, const struct record *record, struct arena *arena);

/* One text of the map; "" if there is none. Into the arena. */
const char *facts_text(struct slice facts, const char *name, struct arena *arena);

#endif
