/* store_check: what both stores refuse before they touch anything, and the timer.fired event that both must make alike. */
#ifndef CARELINE_STORE_CHECK_H
#define CARELINE_STORE_CHECK_H

#include "store.h"

enum {
    MESSAGE_BYTES = 160,
    MEMBER_BYTES_MAX = 160,
    NOTE_BYTES_MAX = 1024 * 1024,
    CONTENT_BYTES_MAX = 16 * 1024 * 1024
};

/* Each is NULL if all is well, else a text that says what is wrong with the caller's arguments. */
const char *append_fault(uint32_t partitions, uint32_t partition, const struct fact *facts, size_t count);
const char *commit_fault(uint32_t partitions, const struct commit *commit);
const char *lease_fault(uint32_t partitions, const struct lease *lease);
const char *fire_fault(uint32_t partitions, const struct lease *lease, wall_ms now);
const char *claim_fault(uint32_t partitions, uint32_t partition, enum stage stage, const char *owner);
const char *name_fault(const char *name);
const char *note_fault(const char *map, const char *field, struct slice value);
const char *content_fault(const char *hash, struct slice content);
const char *entity_fault(enum entity_kind kind, const char *id);

/* The name of an entity's timer: its letter, a slash, its id. */
void member_write(enum entity_kind kind, const char *id, char ret[MEMBER_BYTES_MAX + 1]);

/* The event that says that this timer's time has come; `site` is the part of the entity's id before the first slash. */
struct fired { const char *member, *id, *site; wall_ms due, now; };
void fired_pack(const struct fired *fired, struct buffer *to);

/* The timer's event id, "timer/<member>@<due>", and its site. */
enum { FIRED_ID_BYTES = MEMBER_BYTES_MAX + 32 };
void fired_id(const char *member, wall_ms due, char ret[FIRED_ID_BYTES]);
void fired_site(const char *member, char ret[MEMBER_BYTES_MAX + 1]);

#endif
