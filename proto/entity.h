/* entity: how entities are kept in the store: small, for a site has millions of them and all stand in memory.
 *
 * What a field is called is not kept, only its number, which is its place in its record; words are their numbers in their
 * list, numbers take the bytes that they need, texts are shared with the entity's id and with a list of texts that everybody
 * uses (texts.def), and what the id says by itself (IS_ID, IS_SITE) is left out. So in a record that is kept a new field
 * comes last, and nothing is taken out of a record, a list of words or texts.def (README.md, "Never").
 *
 * Earlier builds kept entities as record_pack writes them: these are read, too. */
#ifndef CARELINE_ENTITY_H
#define CARELINE_ENTITY_H

#include "buffer.h"
#include "event.h"

/* Writes the entity of this id as it is kept. What is over a limit is cut as record_pack does it. */
void entity_pack(enum entity_kind kind, const char *id, const void *from, struct buffer *to);

/* Reads what entity_pack wrote of the same id into the struct at `to`, which must be empty (record_new). Everything is
 * copied into the arena. What a newer build has said stays in `unknown`, to be written again. Safe on any bytes.
 * false with *fault set: it is none; `to` is then partly filled. */
bool entity_unpack(enum entity_kind kind, const char *id, struct slice from, struct arena *arena, void *to,
                   struct fault *fault);

/* The same in a new struct; NULL if it cannot be read. */
void *entity_read(enum entity_kind kind, const char *id, struct slice from, struct arena *arena);

/* Both for any record, of fewer than 127 fields. */
void entity_record_pack(const struct record *record, const char *id, const void *from, struct buffer *to);
bool entity_record_unpack(const struct record *record, const char *id, struct slice from, struct arena *arena, void *to,
                          struct fault *fault);

#endif
