/* store_check: what both stores refuse before they touch anything, and the timer.fired event that both make alike. */
#ifndef CARELINE_STORE_CHECK_H
#define CARELINE_STORE_CHECK_H

#include "store.h"

enum {
    MESSAGE_BYTES = 160,
    MEMBER_BYTES_MAX = ENTITY_ID_BYTES_MAX + 2,
    KEY_GENERATION_DAYS = 4,        /* keys that expire are kept in as many generations; at least 8 days, at most 12 */
    KEY_GENERATIONS_KEPT = 3,
    NOTE_BYTES_MAX = 1024 * 1024,
    CONTENT_BYTES_MAX = 16 * 1024 * 1024
};

/* Each is NULL if all is well, else a text that says what is wrong with the caller's arguments. */
const char *append_fault(uint32_t partitions, const struct append *append);
const char *commit_fault(uint32_t partitions, const struct commit *commit);
const char *lease_fault(uint32_t partitions, const struct lease *lease);
const char *leases_fault(uint32_t partitions, const struct lease *leases, size_t count);
const char *fire_fault(uint32_t partitions, const struct lease *lease, wall_ms now);
const char *name_fault(const char *name);
const char *queue_fault(const char *prefix, const char *after);
const char *note_fault(const char *map, const char *field, struct slice value);
const char *content_fault(const char *hash, struct slice content);
const char *entity_fault(enum entity_kind kind, const char *id);
const char *entities_fault(uint32_t partitions, const struct entities_read *read);

/* What an exchange as a whole comes to: STORE_GONE if each of its answers is. */
enum store_status exchange_status(const enum store_status *each, size_t count);

/* NULL if the stage may append this event, else what is wrong; it may point into `text`. Both stores say the same. */
const char *writer_fault(enum stage stage, struct slice packed, char text[MESSAGE_BYTES]);

/* Who appends, by name: a stage, or "intake" for STAGE_NONE. */
const char *writer_name(enum stage stage);

/* The name of an entity's timer: its letter, a slash, its id. */
void member_write(enum entity_kind kind, const char *id, char ret[MEMBER_BYTES_MAX + 1]);

/* The event that says that this timer's time has come. */
struct fired {
    const char *member;
    wall_ms due;
    wall_ms now;
    uint64_t chain_id;
};
void fired_pack(const struct fired *fired, struct buffer *to);

/* The same event for all timers fired at `now`, in pieces: between them stand its id, its site, the member and the due
 * time. They point into the buffer. */
enum { FIRED_PIECES = 5 };
void fired_pieces_pack(wall_ms now, struct buffer *to, struct slice ret[FIRED_PIECES]);

#endif
