#include <string.h>

#include "setting_file.h"

enum { GAPS_TOLD_MAX = 200 };

typedef bool (*holder_check)(const void *parsed, const char *name);

static bool templates_have(const void *parsed, const char *name)
{
    return templates_has(parsed, name);
}

static bool staff_has_role(const void *parsed, const char *role)
{
    const struct staff *staff = parsed;
    for (size_t i = 0; i < staff->count; i++)
        if (person_has_role(&staff->people[i], role))
            return true;
    return false;
}

/* What a playbook needs and which kind of file has it. */
static const struct need {
    struct texts (*names)(const struct playbook *playbook, struct arena *arena);
    int kind;
    holder_check has;
    const char *what, *gap;
} needs[] = {
    {playbook_templates, CONFIG_TEMPLATES, templates_have, "the text", "which no templates given with it have"},
    {playbook_roles, CONFIG_STAFF, staff_has_role, "the role", "which nobody on the staff list given with it has"},
};

static bool any_has(const struct setting_file *files, size_t count, const struct need *need, const char *name)
{
    bool found = false, asked = false;
    for (size_t i = 0; i < count && !found; i++) {
        if (files[i].kind != need->kind || !files[i].parsed)
            continue;
        asked = true;
        found = need->has(files[i].parsed, name);
    }
    return found || !asked;
}

static void add_gap(struct texts *gaps, const struct setting_file *playbook, const struct need *need, const char *name,
                    struct arena *arena)
{
    if (gaps->count < GAPS_TOLD_MAX)
        gaps->at[gaps->count++] =
            arena_printf(arena, "%s names %s \"%s\", %s", playbook->path, need->what, name, need->gap);
}

struct texts setting_gaps(const struct setting_file *files, size_t count, struct arena *arena)
{
    struct texts gaps = {arena_alloc(arena, GAPS_TOLD_MAX * sizeof *gaps.at), 0};
    for (size_t i = 0; i < count; i++) {
        if (files[i].kind != CONFIG_PLAYBOOK || !files[i].parsed)
            continue;
        for (size_t k = 0; k < sizeof needs / sizeof needs[0]; k++) {
            struct texts names = needs[k].names(files[i].parsed, arena);
            for (size_t j = 0; j < names.count; j++)
                if (!any_has(files, count, &needs[k], names.at[j]))
                    add_gap(&gaps, &files[i], &needs[k], names.at[j], arena);
        }
    }
    return gaps;
}
