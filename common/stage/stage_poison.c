/* An event that kills whoever works it must not take the fleet down.
 *
 * The store counts claims that followed an expired lease at an unchanged checkpoint. But a process that dies leaves all
 * its partitions, the innocent ones too: so after a second such claim a note says "being worked from here" while a batch
 * is decided and committed, alone, and only deaths under that note count on. From the third the batch is one event, the
 * fifth sets it aside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "stage_parts.h"

static const char notes[] = "working";

static void field_of(const struct stage_loop *stage, const struct stage_partition *partition, char ret[64])
{
    snprintf(ret, 64, "%s/%04u", stage_names[stage->options.core->stage], partition->number);
}

void stage_read_deaths(struct stage_loop *stage, struct deaths *ret)
{
    struct store *store = stage->options.store;

    *ret = (struct deaths){0};
    if (store->functions->note_get(store, notes, stage->arena, &ret->fields, &ret->values) != STORE_OK)
        ret->fields.count = 0;
}

/* Deaths noted at this checkpoint; -1: there is no note. */
static int deaths_noted(struct stage_loop *stage, const struct stage_partition *partition, const struct deaths *noted)
{
    char field[64];
    unsigned long long seq;
    int count;

    field_of(stage, partition, field);
    for (size_t i = 0; i < noted->fields.count; i++) {
        if (strcmp(noted->fields.at[i], field) != 0)
            continue;
        const char *value = arena_text(stage->arena, noted->values[i].at, noted->values[i].bytes);
        if (sscanf(value, "%llu %d", &seq, &count) == 2 && seq == partition->checkpoint.seq)
            return count;
    }
    return -1;
}

void stage_suspect(struct stage_loop *stage, struct stage_partition *partition, int unclean, const struct deaths *noted)
{
    int suspected = unclean >= POISON_NOTED ? deaths_noted(stage, partition, noted) + 1 : unclean;

    if (unclean >= POISON_NOTED && suspected < POISON_NOTED)
        suspected = POISON_NOTED;
    if (suspected > unclean)
        suspected = unclean;
    partition->deaths = suspected;
    partition->careful = suspected >= POISON_NOTED;
    partition->marked = partition->noted = false;
    partition->singles_left = suspected >= POISON_SINGLE ? BATCH_EVENTS_MAX : 0;
    partition->set_aside = suspected >= POISON_ASIDE;
    partition->batch_max = BATCH_EVENTS_MAX;
    if (suspected >= POISON_SINGLE)
        log_warn("takeover.unclean", log_text("stage", stage_names[stage->options.core->stage]),
                 log_int("partition", partition->number), log_int("deaths", suspected),
                 log_int("checkpoint", (int64_t)partition->checkpoint.seq));
}

bool stage_mark(struct stage_loop *stage, struct stage_partition *partition)
{
    struct store *store = stage->options.store;
    char field[64], value[64];

    if (!partition->careful || partition->marked)
        return true;
    field_of(stage, partition, field);
    int bytes = snprintf(value, sizeof value, "%llu %d", (unsigned long long)partition->checkpoint.seq,
                         partition->deaths);
    struct slice note = {(const uint8_t *)value, (size_t)bytes};
    if (store->functions->note_put(store, notes, field, note) != STORE_OK)
        return false;
    partition->marked = partition->noted = true;
    return true;
}

/* The note itself says nothing any more once the checkpoint has moved: it goes when there is nothing better to do. */
void stage_unmark(struct stage_partition *partition)
{
    partition->deaths = 0;
    partition->careful = partition->singles_left > 0;
    partition->marked = false;
}

void stage_tidy(struct stage_loop *stage, struct stage_partition *partition)
{
    struct store *store = stage->options.store;
    char field[64];

    if (!partition->noted || partition->marked)
        return;
    field_of(stage, partition, field);
    enum store_status status = store->functions->note_put(store, notes, field, (struct slice){0});
    stage_look(stage);
    if (status == STORE_OK)
        partition->noted = false;
    else
        backoff_more(&partition->backoff, stage_mono(stage));
}
