#include <string.h>

#include "setting_file.h"

enum { GAPS_TOLD_MAX = 200 };

struct gaps {
    const struct setting_file *files;
    size_t count;
    bool whole;
    struct arena *arena;
    struct texts lines;
};

static void tell(struct gaps *gaps, const char *line)
{
    if (gaps->lines.count < GAPS_TOLD_MAX)
        gaps->lines.at[gaps->lines.count++] = line;
}

/* -------- texts */

/* Can the playbook's texts be in this file? */
static bool serves(const struct setting_file *file, const struct playbook *playbook)
{
    return file->kind == CONFIG_TEMPLATES && file->parsed &&
           (!*playbook->templates || !strcmp(file->name, playbook->templates));
}

static void check_text(struct gaps *gaps, const struct setting_file *file, const char *text)
{
    const struct playbook *playbook = file->parsed;
    const struct setting_file *first = NULL;
    bool asked = false;
    for (size_t i = 0; i < gaps->count; i++) {
        const struct setting_file *set = &gaps->files[i];
        if (!serves(set, playbook))
            continue;
        asked = true;
        if (!templates_has(set->parsed, text))
            continue;
        if (first)
            tell(gaps, arena_printf(gaps->arena, "%s takes the text \"%s\" from the set %s, though %s has it, too: "
                                    "`templates: NAME` in the playbook says from which",
                                    file->path, text, first->name, set->name));
        else
            first = set;
    }
    if (asked && !first)
        tell(gaps, arena_printf(gaps->arena, "%s names the text \"%s\", which no templates in force or given with it have%s%s",
                                file->path, text, *playbook->templates ? " in the set " : "", playbook->templates));
}

static void check_texts(struct gaps *gaps, const struct setting_file *file)
{
    const struct playbook *playbook = file->parsed;
    struct texts texts = playbook_templates(playbook, gaps->arena);
    bool set_is_there = !*playbook->templates;
    for (size_t i = 0; i < gaps->count && !set_is_there; i++)
        set_is_there = serves(&gaps->files[i], playbook);
    if (!set_is_there && gaps->whole)
        tell(gaps, arena_printf(gaps->arena, "%s takes its texts from the set \"%s\", which is not in force", file->path,
                                playbook->templates));
    for (size_t i = 0; i < texts.count; i++)
        check_text(gaps, file, texts.at[i]);
}

/* -------- roles */

static bool staff_has_role(const struct staff *staff, const char *role)
{
    for (size_t i = 0; i < staff->count; i++)
        if (person_has_role(&staff->people[i], role))
            return true;
    return false;
}

static void check_roles(struct gaps *gaps, const struct setting_file *file)
{
    struct texts roles = playbook_roles(file->parsed, gaps->arena);
    for (size_t i = 0; i < roles.count; i++) {
        bool asked = false, held = false;
        for (size_t k = 0; k < gaps->count; k++) {
            if (gaps->files[k].kind != CONFIG_STAFF || !gaps->files[k].parsed)
                continue;
            asked = true;
            held = held || staff_has_role(gaps->files[k].parsed, roles.at[i]);
        }
        if (asked && !held)
            tell(gaps, arena_printf(gaps->arena, "%s names the role \"%s\", which nobody on the staff list has", file->path,
                                    roles.at[i]));
    }
}

struct texts setting_gaps(const struct setting_file *files, size_t count, bool whole, struct arena *arena)
{
    struct gaps gaps = {files, count, whole, arena, {arena_alloc(arena, GAPS_TOLD_MAX * sizeof *gaps.lines.at), 0}};
    for (size_t i = 0; i < count; i++) {
        if (files[i].kind != CONFIG_PLAYBOOK || !files[i].parsed)
            continue;
        check_texts(&gaps, &files[i]);
        check_roles(&gaps, &files[i]);
    }
    return gaps.lines;
}
