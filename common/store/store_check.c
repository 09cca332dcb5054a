#include "store_check.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *store_status_text(enum store_status status)
{
    static const char *const texts[] = {
        [STORE_OK] = "done",
        [STORE_GONE] = "the store did not answer",
        [STORE_FULL] = "the store is full",
        [STORE_FENCED] = "the lease is not ours",
        [STORE_STALE] = "the checkpoint is not where we thought",
        [STORE_CHANGED] = "something was changed by another",
        [STORE_REFUSED] = "the call is malformed or over a limit",
    };
    return (size_t)status < sizeof texts / sizeof *texts ? texts[status] : "unknown";
}

static const char *text_or_empty(const char *text)
{
    return text ? text : "";
}

static const char *fact_fault(const struct fact *fact)
{
    if (!fact->key || !*fact->key || strnlen(fact->key, KEY_BYTES_MAX + 1) > KEY_BYTES_MAX)
        return "a fact's key is empty or too long";
    if (!fact->packed.bytes || fact->packed.bytes > EVENT_BYTES_MAX)
        return "a fact is empty or over 64 KiB";
    if (!fact->chain_id)
        return "a fact has no chain id";
    if (fact->stage >= STAGE_COUNT)
        return "there is no such stage";
    return NULL;
}

const char *append_fault(uint32_t partitions, const struct append *append)
{
    const struct fact *facts = append->facts;
    if (append->partition >= partitions)
        return "there is no such partition";
    if (append->count > BATCH_EVENTS_MAX)
        return "too many facts in one call";
    size_t bytes = 0;
    for (size_t i = 0; i < append->count; i++) {
        const char *fault = fact_fault(&facts[i]);
        if (fault)
            return fault;
        if (facts[i].stage != facts[0].stage)
            return "the facts of one call are by more than one stage";
        bytes += facts[i].packed.bytes;
    }
    return bytes > BATCH_BYTES_MAX ? "too many bytes in one call" : NULL;
}

enum store_status exchange_status(const enum store_status *each, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (each[i] != STORE_GONE)
            return STORE_OK;
    return count ? STORE_GONE : STORE_OK;
}

const char *lease_fault(uint32_t partitions, const struct lease *lease)
{
    if (lease->partition >= partitions)
        return "there is no such partition";
    if (lease->stage <= STAGE_NONE || lease->stage >= STAGE_COUNT)
        return "there is no such stage";
    size_t bytes = strnlen(lease->owner, OWNER_BYTES_MAX);
    return !bytes || bytes >= OWNER_BYTES_MAX ? "an owner's id is empty or too long" : NULL;
}

const char *leases_fault(uint32_t partitions, const struct lease *leases, size_t count)
{
    const char *fault = NULL;
    for (size_t i = 0; i < count && !fault; i++)
        fault = lease_fault(partitions, &leases[i]);
    return fault;
}

const char *fire_fault(uint32_t partitions, const struct lease *lease, wall_ms now)
{
    const char *fault = lease_fault(partitions, lease);
    if (!fault && lease->stage != STAGE_SCHEDULER)
        fault = "only the scheduler fires timers";
    if (!fault && (now < 0 || now > DUE_MAX))
        fault = "the time is out of bounds";
    return fault;
}

const char *name_fault(const char *name)
{
    return !name || !*name || strnlen(name, KEY_BYTES_MAX + 1) > KEY_BYTES_MAX ? "a name is empty or too long" : NULL;
}

const char *queue_fault(const char *prefix, const char *after)
{
    bool fits = strnlen(prefix, QUEUE_BYTES_MAX + 1) <= QUEUE_BYTES_MAX &&
                strnlen(after, QUEUE_BYTES_MAX + 1) <= QUEUE_BYTES_MAX;
    return fits ? NULL : "a place in the queue is too long";
}

const char *note_fault(const char *map, const char *field, struct slice value)
{
    const char *fault = name_fault(map);
    if (!fault)
        fault = name_fault(field);
    return fault ? fault : value.bytes > NOTE_BYTES_MAX ? "a note is too large" : NULL;
}

const char *content_fault(const char *hash, struct slice content)
{
    const char *fault = name_fault(hash);
    return fault ? fault : content.bytes > CONTENT_BYTES_MAX ? "a content is too large" : NULL;
}

const char *entity_fault(enum entity_kind kind, const char *id)
{
    if (kind < 0 || kind >= ENTITY_COUNT)
        return "there is no such kind of entity";
    if (!id || !*id || *id == '/' || strnlen(id, ENTITY_ID_BYTES_MAX + 1) > ENTITY_ID_BYTES_MAX)
        return "an entity's id is empty, too long or without a site";
    return NULL;
}

const char *entities_fault(uint32_t partitions, const struct entities_read *read)
{
    const char *fault = read->partition < partitions ? NULL : "there is no such partition";
    if (!fault && read->count > READ_IDS_MAX)
        fault = "too many entities are asked for in one call";
    for (size_t i = 0; i < read->count && !fault; i++)
        fault = entity_fault(read->kind, read->ids[i]);
    return fault;
}

static const char *put_fault(const struct entity_put *put, enum stage stage)
{
    const char *fault = entity_fault(put->kind, put->id);
    if (fault)
        return fault;
    if (entity_types[put->kind].stage != stage)
        return "an entity belongs to another stage";
    if (!put->version)
        return "an entity is put with version 0";
    if (put->packed.bytes > ENTITY_BYTES_MAX)
        return "an entity is too large";
    if (put->due < 0 || put->due > DUE_MAX || put->due_before < 0 || put->due_before > DUE_MAX)
        return "a due time is out of bounds";
    const char *queue = text_or_empty(put->queue);
    if (strnlen(queue, QUEUE_BYTES_MAX + 1) > QUEUE_BYTES_MAX ||
        strnlen(text_or_empty(put->queue_before), QUEUE_BYTES_MAX + 1) > QUEUE_BYTES_MAX)
        return "a place in the queue is too long";
    if (!put->packed.bytes && (put->due || *queue))
        return "an entity that is deleted has a timer or a place in the queue";
    return NULL;
}

static int compare_puts(const void *a, const void *b)
{
    const struct entity_put *left = *(const struct entity_put *const *)a, *right = *(const struct entity_put *const *)b;
    return left->kind != right->kind ? (left->kind < right->kind ? -1 : 1) : strcmp(left->id, right->id);
}

static const char *twice_fault(const struct commit *commit)
{
    if (commit->put_count < 2)
        return NULL;
    const struct entity_put **sorted = malloc(commit->put_count * sizeof *sorted);
    assert(sorted);
    for (size_t i = 0; i < commit->put_count; i++)
        sorted[i] = &commit->puts[i];
    qsort(sorted, commit->put_count, sizeof *sorted, compare_puts);
    const char *fault = NULL;
    for (size_t i = 1; i < commit->put_count && !fault; i++)
        if (compare_puts(&sorted[i - 1], &sorted[i]) == 0)
            fault = "an entity is put twice in one commit";
    free(sorted);
    return fault;
}

static const char *puts_fault(const struct commit *commit, size_t *bytes)
{
    for (size_t i = 0; i < commit->put_count; i++) {
        const char *fault = put_fault(&commit->puts[i], commit->lease.stage);
        if (fault)
            return fault;
        *bytes += commit->puts[i].packed.bytes;
    }
    return twice_fault(commit);
}

static const char *events_fault(const struct commit *commit, size_t *bytes)
{
    for (size_t i = 0; i < commit->event_count; i++) {
        const struct new_event *event = &commit->events[i];
        if (!event->chain_id)
            return "an event has no chain id";
        if (!event->packed.bytes || event->packed.bytes > EVENT_BYTES_MAX)
            return "an event is empty or over 64 KiB";
        *bytes += event->packed.bytes;
    }
    return NULL;
}

static const char *conditions_fault(const struct commit *commit)
{
    for (size_t i = 0; i < commit->condition_count; i++) {
        const char *fault = entity_fault(commit->conditions[i].kind, commit->conditions[i].id);
        if (fault)
            return fault;
    }
    return NULL;
}

const char *commit_fault(uint32_t partitions, const struct commit *commit)
{
    const char *fault = lease_fault(partitions, &commit->lease);
    if (fault)
        return fault;
    if (commit->to.seq < commit->from.seq)
        return "a checkpoint goes backwards";
    if (commit->to.seq == commit->from.seq && commit->to.id != commit->from.id)
        return "one seq has two ids";
    if (commit->put_count > COMMIT_PUTS_MAX || commit->event_count > COMMIT_EVENTS_MAX ||
        commit->condition_count > COMMIT_CONDITIONS_MAX)
        return "too many entities, conditions or events in one commit";
    size_t bytes = 0;
    fault = puts_fault(commit, &bytes);
    if (!fault)
        fault = events_fault(commit, &bytes);
    if (!fault)
        fault = conditions_fault(commit);
    if (!fault && bytes > COMMIT_BYTES_MAX)
        fault = "too many bytes in one commit";
    return fault;
}

const char *writer_name(enum stage stage)
{
    return stage == STAGE_NONE ? "intake" : stage_names[stage];
}

const char *writer_fault(enum stage stage, struct slice packed, char text[MESSAGE_BYTES])
{
    struct slice type;
    char name[NAME_BYTES_MAX + 1];
    if (!event_peek_type(packed, &type))
        return "an event does not begin with its id, source and type";
    if (type.bytes > NAME_BYTES_MAX)
        return "the type of an event is too long";
    memcpy(name, type.at, type.bytes);
    name[type.bytes] = '\0';
    if (stage_may_append(stage, event_number(name)))
        return NULL;
    snprintf(text, MESSAGE_BYTES, "%s may not append %s", writer_name(stage), name);
    return text;
}

void member_write(enum entity_kind kind, const char *id, char ret[MEMBER_BYTES_MAX + 1])
{
    int bytes = snprintf(ret, MEMBER_BYTES_MAX + 1, "%c/%s", entity_types[kind].letter, id);
    assert(bytes > 0 && bytes <= MEMBER_BYTES_MAX);
}

