#include "quarantine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"

enum { STAGE_BYTES_MAX = 32 };

struct found {
    struct quarantined told;
    char stage[STAGE_BYTES_MAX], type[NAME_BYTES_MAX + 1];
};

struct place_read { struct checkpoint at; bool behind; };

struct quarantine {
    uint32_t partitions;
    struct place_read *read;        /* by partition: how far */
    struct found *found;
    size_t count;
};

struct quarantine *quarantine_new(uint32_t partitions)
{
    struct quarantine *quarantine = calloc(1, sizeof *quarantine);
    assert(quarantine);
    quarantine->partitions = partitions;
    quarantine->read = calloc(partitions, sizeof *quarantine->read);
    quarantine->found = calloc(QUARANTINE_MAX, sizeof *quarantine->found);
    assert(quarantine->read && quarantine->found);
    return quarantine;
}

void quarantine_free(struct quarantine **quarantine)
{
    if (!quarantine || !*quarantine)
        return;
    free((*quarantine)->read);
    free((*quarantine)->found);
    free(*quarantine);
    *quarantine = NULL;
}

/* -------- what is found */

/* Those of the partition that stand before `first` or after `last` go. */
static void forget(struct quarantine *quarantine, uint32_t partition, uint64_t first, uint64_t last)
{
    size_t kept = 0;
    for (size_t i = 0; i < quarantine->count; i++) {
        const struct quarantined *told = &quarantine->found[i].told;
        if (told->partition != partition || (told->at >= first && told->at <= last))
            quarantine->found[kept++] = quarantine->found[i];
    }
    quarantine->count = kept;
}

static bool tells_quarantine(struct slice packed)
{
    struct slice value, type;
    if (!cursor_find(packed, "type", &value))
        return false;
    struct cursor cursor = cursor_over(value);
    return cursor_text(&cursor, &type) && slice_is(type, event_types[EVENT_EVENT_QUARANTINED].name);
}

static void keep(struct quarantine *quarantine, const struct entry *entry, struct arena *arena)
{
    struct event event;
    struct fault fault;
    const struct event_quarantined *data = NULL;
    if (tells_quarantine(entry->packed) && event_unpack(entry->packed, arena, &event, &fault))
        data = event_data(&event, (struct slice){0}, arena, &fault);
    if (!data || quarantine->count == QUARANTINE_MAX)
        return;
    struct found *found = &quarantine->found[quarantine->count++];
    found->told = (struct quarantined){entry->place.partition, entry->place.seq, (uint64_t)data->seq, NULL, NULL};
    snprintf(found->stage, sizeof found->stage, "%s", data->stage);
    snprintf(found->type, sizeof found->type, "%s", data->type);
}

/* -------- reading on */

/* Is where we stand still on the log? One that was trimmed since is as good as any. */
static bool stands(struct store *store, uint32_t partition, struct checkpoint at, uint64_t first, struct arena *arena)
{
    struct entry_list one = {0};
    if (!at.seq || at.seq < first)
        return true;
    if (store_read_log_one(store, partition, at.seq, 1, arena, &one) != STORE_OK)
        return true;                            /* cannot tell: the next look will */
    return one.count && one.at[0].place.seq == at.seq && one.at[0].place.id == at.id;
}

static bool read_page(struct quarantine *quarantine, struct store *store, uint32_t partition, struct arena *arena)
{
    struct entry_list page = {0};
    struct checkpoint *at = &quarantine->read[partition].at;
    if (store_read_log_one(store, partition, at->seq + 1, READ_MAX, arena, &page) != STORE_OK || !page.count)
        return false;
    for (size_t i = 0; i < page.count; i++)
        keep(quarantine, &page.at[i], arena);
    *at = (struct checkpoint){page.at[page.count - 1].place.seq, page.at[page.count - 1].place.id};
    return true;
}

void quarantine_look(struct quarantine *quarantine, struct store *store, uint32_t partition, struct checkpoint first,
                     struct checkpoint head, struct arena *arena, size_t *pages_left)
{
    struct place_read *read = &quarantine->read[partition];
    bool same = read->at.seq == head.seq && read->at.id == head.id;
    if (!same && !stands(store, partition, read->at, first.seq, arena))
        read->at = (struct checkpoint){0};
    forget(quarantine, partition, first.seq, read->at.seq);
    while (read->at.seq < head.seq && *pages_left && read_page(quarantine, store, partition, arena))
        --*pages_left;
    read->behind = read->at.seq < head.seq;
}

size_t quarantine_count(const struct quarantine *quarantine)
{
    return quarantine->count;
}

const struct quarantined *quarantine_at(const struct quarantine *quarantine, size_t number)
{
    struct found *found = &quarantine->found[number];
    found->told.stage = found->stage;
    found->told.type = found->type;
    return &found->told;
}

bool quarantine_is_complete(const struct quarantine *quarantine)
{
    bool complete = quarantine->count < QUARANTINE_MAX;
    for (uint32_t p = 0; p < quarantine->partitions; p++)
        complete = complete && !quarantine->read[p].behind;
    return complete;
}
