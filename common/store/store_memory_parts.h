/* store_memory_parts: what the memory store is made of; for its own files only. */
#ifndef CARELINE_STORE_MEMORY_PARTS_H
#define CARELINE_STORE_MEMORY_PARTS_H

#include "ordered.h"
#include "store_check.h"

struct logged {
    uint64_t id, prev;
    bool begins;                    /* what the log keeps together: what stands before it may go */
    size_t bytes;
    uint8_t packed[];
};

/* Scanned in the order of a hash, so that a scan's place stays valid whatever comes and goes. */
struct stored {
    uint64_t hash;
    uint64_t version;
    wall_ms due;
    const char *id, *queue;         /* these three point behind the struct */
    const uint8_t *packed;
    size_t bytes;
};

struct timer {
    wall_ms due;
    char member[MEMBER_BYTES_MAX + 1];
};

struct key {
    int64_t generation;             /* KEY_NATURAL: never expires */
    enum stage stage;               /* whose key it is */
    uint64_t digest, seq;
    char text[];
};

#define KEY_NATURAL (-1)

struct held {                       /* lease and checkpoint of one stage */
    char owner[OWNER_BYTES_MAX];    /* "": free */
    uint64_t epoch;
    wall_ms expires;
    struct checkpoint checkpoint;
    int unclean;
};

/* One step of a write, with what is needed to take it back. */
enum change_kind { CHANGE_APPENDED, CHANGE_INSERTED, CHANGE_REMOVED, CHANGE_MOVED };

struct change {
    enum change_kind kind;
    struct ordered *list;           /* INSERTED, REMOVED */
    void *item;
    struct held *held;              /* MOVED */
    struct checkpoint checkpoint;
    int unclean;
};

struct write { struct change *at; size_t count, room, appended; };

struct partition {
    struct logged **log;
    size_t log_count, log_room;
    uint64_t trimmed;               /* entries before the first of log */
    struct ordered entities[ENTITY_COUNT];
    struct ordered timers;
    struct ordered queue;
    struct ordered keys;
    struct held held[STAGE_COUNT];
    struct write writes[REWIND_MAX];    /* a ring: newest at (write_first + write_count - 1) % REWIND_MAX */
    size_t write_first, write_count;
};

struct note { char *field; uint8_t *value; size_t bytes; char map[]; };
struct content { size_t bytes; uint8_t *at; char hash[]; };
struct announced { wall_ms expires; const char *stage, *endpoint, *details; char name[]; };

struct store_memory {
    struct store store;
    uint32_t partitions;
    struct partition **partition;
    struct ordered notes, contents, announced;
    wall_ms (*now)(void *context);
    void *now_context;
    int (*fate)(void *context, const char *call);
    void *fate_context;
    uint64_t unsettled;             /* events at the end of each log that `settled` leaves out */
    char message[MESSAGE_BYTES];
};

struct store_memory *store_memory_of(struct store *store);
wall_ms store_memory_now(struct store_memory *memory);

/* What shall become of this call. True: nothing is to be done, *ret_status is the answer. *ret_lost: do it, then answer
 * STORE_GONE and tell nothing. */
bool store_memory_fate(struct store_memory *memory, const char *call, bool writes, bool *ret_lost,
                       enum store_status *ret_status);
enum store_status store_memory_refuse(struct store_memory *memory, const char *fault);

/* store_memory_partition.c: the only ways to change a partition; each is remembered in the write that is open. */
struct partition *partition_new(void);
void partition_free(struct partition *partition);
struct partition *partition_copy(const struct partition *from);
void partition_write_begin(struct partition *partition);
void partition_append(struct partition *partition, uint64_t chain_id, struct slice packed, struct place *ret);
void partition_insert(struct partition *partition, struct ordered *list, void *item);
void partition_remove(struct partition *partition, struct ordered *list, const void *item);
void partition_move(struct partition *partition, enum stage stage, struct checkpoint to);
bool partition_take_back(struct partition *partition);

/* Lets go of that many of the oldest, or fewer so that what is kept together stays together: tells how many. What was
 * written before can't be taken back any more. */
size_t partition_trim(struct partition *partition, size_t count);
struct checkpoint partition_head(const struct partition *partition);
wall_ms partition_earliest(const struct partition *partition);
struct stored *partition_entity(const struct partition *partition, enum entity_kind kind, const char *id);
struct stored *stored_new(const struct entity_put *put);
struct key *key_new(const char *text, enum stage stage, int64_t generation);
bool partition_on_log(const struct partition *partition, struct checkpoint at);

/* store_memory_write.c, store_memory_lease.c, store_memory_read.c, store_memory_note.c: the functions of the store. */
enum store_status memory_append(struct store *, const struct append *, size_t, enum store_status *);
enum store_status memory_commit(struct store *, struct commit *const *, size_t, enum store_status *);
enum store_status memory_fire(struct store *, struct fire *, size_t, struct arena *, enum store_status *);
enum store_status memory_claim(struct store *, const struct lease *, size_t, int64_t, struct standing *,
                               enum store_status *);
enum store_status memory_renew(struct store *, const struct lease *, size_t, int64_t, struct standing *,
                               enum store_status *);
enum store_status memory_release(struct store *, const struct lease *, size_t, enum store_status *);
/* NULL if it is not the lease's owner, in its epoch, who claimed it last; it may have expired since. */
struct held *memory_held(struct store_memory *memory, const struct lease *lease);
enum store_status memory_read_log(struct store *, struct log_read *, size_t, struct arena *, enum store_status *);
enum store_status memory_read_entities(struct store *, struct entities_read *, size_t, struct arena *,
                                     enum store_status *);
enum store_status memory_scan_entities(struct store *, uint32_t, enum entity_kind, uint64_t *, struct arena *,
                                       struct stored_entity_list *);
enum store_status memory_read_queue(struct store *, uint32_t, const char *, const char *, size_t, struct arena *,
                                    struct texts *);
enum store_status memory_read_timers(struct store *, uint32_t, wall_ms, size_t, size_t, struct arena *,
                                     struct timer_list *);
enum store_status memory_view(struct store *, const uint32_t *, size_t, struct partition_view *);
enum store_status memory_heads(struct store *, const uint32_t *, size_t, struct checkpoint *);
enum store_status memory_settled(struct store *, const uint32_t *, size_t, const uint64_t *, struct checkpoint *);
enum store_status memory_trim(struct store *, uint32_t, uint64_t, struct trimmed *);
enum store_status memory_content_put(struct store *, const char *, struct slice);
enum store_status memory_content_get(struct store *, const char *, struct arena *, struct slice *);
enum store_status memory_note_put(struct store *, const char *, const char *, struct slice);
enum store_status memory_note_get(struct store *, const char *, struct arena *, struct texts *, struct slice **);
enum store_status memory_note_swap(struct store *, const char *, const char *, struct slice, struct slice);
enum store_status memory_announce(struct store *, const struct member *, int64_t);
enum store_status memory_members(struct store *, struct arena *, struct member_list *);

int note_compare(const void *, const void *);
int content_compare(const void *, const void *);
int announced_compare(const void *, const void *);
struct note *note_new(const char *map, const char *field, struct slice value);
struct content *content_new(const char *hash, struct slice content);
struct announced *announced_new(const struct member *member, wall_ms expires);

#endif
