#include <string.h>

#include "playbook_reading.h"
#include "workshop.h"

enum { ABILITIES_MAX = 32 };

/* 1 m to 4 h; whole minutes. */
static int64_t read_minutes_ms(struct playbook_reading *reading, const struct yaml *node, int64_t otherwise)
{
    if (!node)
        return otherwise * MINUTE_MS;
    struct span span = reading_span(reading, node);
    if (span.days || span.ms < MINUTE_MS || span.ms > 4 * HOUR_MS || span.ms % MINUTE_MS)
        yaml_mistake(reading->mistakes, node, "whole minutes, from 1m to 4h");
    return span.ms;
}

static struct texts read_abilities(struct playbook_reading *reading, const struct yaml *node, const char *what)
{
    struct texts texts = {NULL, 0};
    size_t count = reading_count(reading, node, YAML_LIST);
    if (count > ABILITIES_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d of them", ABILITIES_MAX);
        count = ABILITIES_MAX;
    }
    texts.at = reading_array(reading, count, sizeof *texts.at);
    for (size_t i = 0; i < count; i++)
        texts.at[texts.count++] = reading_name(reading, node->items[i], what, NULL);
    return texts;
}

static void read_technician(struct playbook_reading *reading, const struct yaml *node, struct technician *to)
{
    static const char *const keys[] = {"id", "skills", "hours", NULL};
    const struct yaml *hours = yaml_get(node, "hours");
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    to->id = reading_name(reading, yaml_get(node, "id"), "id", node);
    to->skills = read_abilities(reading, yaml_get(node, "skills"), "skill");
    if (!to->skills.count && node->kind == YAML_MAP)
        yaml_mistake(reading->mistakes, node, "skills are missing: what can this technician do?");
    if (!hours)
        return;
    struct week *week = reading_array(reading, 1, sizeof *week);
    week_parse(hours, week, reading->mistakes);
    week->name = "hours";
    to->hours = week;
}

static void read_bay(struct playbook_reading *reading, const struct yaml *node, struct bay *to)
{
    static const char *const keys[] = {"id", "equipment", NULL};
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    to->id = reading_name(reading, yaml_get(node, "id"), "id", node);
    to->equipment = read_abilities(reading, yaml_get(node, "equipment"), "equipment");
}

static size_t list_count(struct playbook_reading *reading, const struct yaml *top, const char *key, size_t max)
{
    const struct yaml *node = yaml_get(top, key);
    size_t count = reading_count(reading, node, YAML_LIST);
    if (!count)
        yaml_mistake(reading->mistakes, node ? node : top, "%s: at least one", key);
    if (count > max)
        yaml_mistake(reading->mistakes, node, "at most %zu %s", max, key);
    return count < max ? count : max;
}

static void check_ids(struct playbook_reading *reading, const struct yaml *top, const struct workshop *workshop)
{
    const struct yaml *technicians = yaml_get(top, "technicians"), *bays = yaml_get(top, "bays");
    for (size_t i = 0; i < workshop->technician_count; i++)
        if (*workshop->technicians[i].id &&
            workshop_technician(workshop, workshop->technicians[i].id) != &workshop->technicians[i])
            yaml_mistake(reading->mistakes, technicians->items[i], "\"%s\" is there already",
                         workshop->technicians[i].id);
    for (size_t i = 0; i < workshop->bay_count; i++) {
        const char *id = workshop->bays[i].id;
        if (*id && (workshop_bay(workshop, id) != &workshop->bays[i] || workshop_technician(workshop, id)))
            yaml_mistake(reading->mistakes, bays->items[i], "\"%s\" is there already", id);
    }
}

struct workshop *workshop_parse(struct slice yaml, struct arena *arena, struct mistakes *mistakes)
{
    static const char *const keys[] = {"workshop", "buffer", "reserve", "card", "grid", "technicians", "bays", NULL};
    size_t mistakes_before = mistakes->count;
    const struct yaml *top = yaml_parse(yaml, arena, mistakes);
    if (!top)
        return NULL;
    struct playbook_reading reading = {.arena = arena, .mistakes = mistakes};
    struct workshop *workshop = arena_alloc(arena, sizeof *workshop);
    reading_count(&reading, top, YAML_MAP);
    yaml_known_keys(top, keys, mistakes);
    workshop->name = reading_name(&reading, yaml_get(top, "workshop"), "workshop: NAME", top);
    workshop->buffer_ms = read_minutes_ms(&reading, yaml_get(top, "buffer"), 15);
    workshop->reserve_ms = read_minutes_ms(&reading, yaml_get(top, "reserve"), 15);
    workshop->card_ms = read_minutes_ms(&reading, yaml_get(top, "card"), 15);
    workshop->grid_ms = read_minutes_ms(&reading, yaml_get(top, "grid"), 15);
    workshop->technician_count = list_count(&reading, top, "technicians", WORKSHOP_TECHNICIANS_MAX);
    workshop->bay_count = list_count(&reading, top, "bays", WORKSHOP_BAYS_MAX);
    workshop->technicians = reading_array(&reading, workshop->technician_count, sizeof *workshop->technicians);
    workshop->bays = reading_array(&reading, workshop->bay_count, sizeof *workshop->bays);
    for (size_t i = 0; i < workshop->technician_count; i++)
        read_technician(&reading, yaml_get(top, "technicians")->items[i], &workshop->technicians[i]);
    for (size_t i = 0; i < workshop->bay_count; i++)
        read_bay(&reading, yaml_get(top, "bays")->items[i], &workshop->bays[i]);
    check_ids(&reading, top, workshop);
    return mistakes->count == mistakes_before ? workshop : NULL;
}

const struct technician *workshop_technician(const struct workshop *workshop, const char *id)
{
    for (size_t i = 0; i < workshop->technician_count; i++)
        if (!strcmp(workshop->technicians[i].id, id))
            return &workshop->technicians[i];
    return NULL;
}

const struct bay *workshop_bay(const struct workshop *workshop, const char *id)
{
    for (size_t i = 0; i < workshop->bay_count; i++)
        if (!strcmp(workshop->bays[i].id, id))
            return &workshop->bays[i];
    return NULL;
}
