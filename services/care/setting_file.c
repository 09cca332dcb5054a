#include "setting_file.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"

typedef const void *(*setting_parser)(struct slice yaml, struct arena *arena, struct mistakes *mistakes);

static const void *parse_playbook(struct slice yaml, struct arena *arena, struct mistakes *mistakes)
{
    return playbook_parse(yaml, arena, mistakes);
}

static const void *parse_calendar(struct slice yaml, struct arena *arena, struct mistakes *mistakes)
{
    return calendar_parse(yaml, arena, mistakes);
}

static const void *parse_templates(struct slice yaml, struct arena *arena, struct mistakes *mistakes)
{
    return templates_parse(yaml, arena, mistakes);
}

static const void *parse_staff(struct slice yaml, struct arena *arena, struct mistakes *mistakes)
{
    return staff_parse(yaml, arena, mistakes);
}

static const void *parse_workshop(struct slice yaml, struct arena *arena, struct mistakes *mistakes)
{
    return workshop_parse(yaml, arena, mistakes);
}

static const setting_parser parsers[] = {
    [CONFIG_PLAYBOOK] = parse_playbook, [CONFIG_CALENDAR] = parse_calendar, [CONFIG_TEMPLATES] = parse_templates,
    [CONFIG_STAFF] = parse_staff, [CONFIG_WORKSHOP] = parse_workshop,
};

/* A calendar's holidays stand in a file beside it. */
static bool put_holidays_inside(const struct yaml *root, struct arena *arena, struct setting_file *file,
                                struct mistakes *mistakes)
{
    const struct yaml *holidays = yaml_get(root, "holidays");
    if (!holidays || holidays->kind != YAML_SCALAR)
        return true;
    const char *slash = strrchr(file->path, '/');
    const char *path = arena_printf(arena, "%.*s%s", slash ? (int)(slash - file->path + 1) : 0, file->path,
                                    holidays->text);
    struct slice ics;
    if (!file_read(path, arena, &ics.at, &ics.bytes)) {
        yaml_mistake(mistakes, holidays, "cannot read %s", path);
        return false;
    }
    file->content = calendar_bundle(file->content, ics, arena);
    return true;
}

bool setting_parse(struct setting_file *setting, struct arena *arena, struct mistakes *mistakes)
{
    setting->parsed = setting->kind > 0 ? parsers[setting->kind](setting->content, arena, mistakes) : NULL;
    return setting->parsed;
}

bool setting_read(const char *path, struct arena *arena, struct setting_file *ret, struct mistakes *mistakes)
{
    struct slice yaml;
    size_t before = mistakes->count;
    if (!file_read(path, arena, &yaml.at, &yaml.bytes)) {
        mistakes->count++;
        return false;
    }
    struct yaml *root = yaml_parse(yaml, arena, mistakes);
    bool named = root && root->kind == YAML_MAP && root->count && root->items[0]->kind == YAML_SCALAR;
    int kind = named ? words_find(&config_kind_words, root->keys[0]->text) : -1;
    *ret = (struct setting_file){path, kind, kind > 0 ? root->items[0]->text : "", yaml, NULL};
    if (root && kind <= 0)
        yaml_mistake(mistakes, root, "the first key must say what it is: playbook, calendar, templates, staff or workshop");
    if (kind == CONFIG_CALENDAR && !put_holidays_inside(root, arena, ret, mistakes))
        return false;
    if (kind > 0 && mistakes->count == before)
        setting_parse(ret, arena, mistakes);
    return mistakes->count == before;
}
