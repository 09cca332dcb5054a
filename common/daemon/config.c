#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct value {
    const struct setting *setting;
    const char *text;
    int64_t number;
};

struct config {
    struct arena *arena;
    const char *dir;
    size_t count;
    struct value values[SETTINGS_MAX];
    const char *names[SETTINGS_MAX + 1];    /* for hints; ends with NULL */
};

static struct value *value_find(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->count; i++)
        if (!strcmp(config->values[i].setting->name, name))
            return (struct value *)&config->values[i];
    return NULL;
}

static const char *default_text(struct config *config, const struct setting *setting)
{
    const char *text = setting->otherwise ? setting->otherwise : "";
    const char *mark = strstr(text, "%s");
    if (!mark)
        return text;
    if (!config->dir)
        return "";
    return arena_printf(config->arena, "%.*s%s%s", (int)(mark - text), text, config->dir, mark + 2);
}

/* Reads a node as its setting's kind says. */
static void value_take(struct config *config, struct value *value, const struct yaml *node, struct mistakes *mistakes)
{
    const struct setting *setting = value->setting;
    size_t before = mistakes->count;
    int64_t number = 0;
    const char *text = "";
    if (setting->kind == SETTING_INT)
        number = yaml_int(node, value->number, setting->min, setting->max, mistakes);
    else if (setting->kind == SETTING_BOOL)
        number = yaml_bool(node, value->number, mistakes);
    else if (setting->kind == SETTING_WORD)
        number = yaml_word(node, setting->words, mistakes);
    else
        text = yaml_text(node, value->text, mistakes);
    if (mistakes->count != before)
        return;
    value->number = number;
    value->text = arena_string(config->arena, text);
}

static struct yaml *scalar(struct config *config, const char *name, const char *text)
{
    struct yaml *node = arena_alloc(config->arena, sizeof *node);
    *node = (struct yaml){.kind = YAML_SCALAR, .text = arena_string(config->arena, text), .line = 1, .column = 1,
                          .path = arena_string(config->arena, name)};
    return node;
}

static void value_start(struct config *config, const struct setting *setting)
{
    assert(config->count < SETTINGS_MAX);
    config->names[config->count] = setting->name;
    struct value *value = &config->values[config->count++];
    *value = (struct value){.setting = setting, .text = ""};
    const char *text = default_text(config, setting);
    struct mistakes mistakes = {.file = "default", .arena = config->arena};
    if (*text)
        value_take(config, value, scalar(config, setting->name, text), &mistakes);
    assert(!mistakes.count);
}

struct config *config_new(const struct setting *const *tables, const char *dir)
{
    struct config *config = calloc(1, sizeof *config);
    assert(config);
    config->arena = arena_new();
    config->dir = dir ? arena_string(config->arena, dir) : NULL;
    for (; *tables; tables++)
        for (const struct setting *setting = *tables; setting->name; setting++)
            value_start(config, setting);
    return config;
}

void config_free(struct config **config)
{
    if (!config || !*config)
        return;
    arena_free(&(*config)->arena);
    free(*config);
    *config = NULL;
}

void config_yaml(struct config *config, struct slice text, const char *file, struct mistakes *mistakes)
{
    const char *file_before = mistakes->file;
    mistakes->file = file;
    struct yaml *root = yaml_parse(text, config->arena, mistakes);
    if (root && root->kind != YAML_MAP)
        yaml_mistake(mistakes, root, "settings are written as name: value");
    else if (root)
        yaml_known_keys(root, config->names, mistakes);
    for (size_t i = 0; root && root->kind == YAML_MAP && i < config->count; i++) {
        const struct yaml *node = yaml_get(root, config->values[i].setting->name);
        if (node)
            value_take(config, &config->values[i], node, mistakes);
    }
    mistakes->file = file_before;
}

void config_word_set(struct config *config, const char *name_value, struct mistakes *mistakes)
{
    size_t name_bytes = strcspn(name_value, "=");
    const char *name = arena_text(config->arena, name_value, name_bytes);
    struct yaml *node = scalar(config, name, name_value[name_bytes] ? name_value + name_bytes + 1 : "");
    struct value *value = value_find(config, name);
    if (value && name_value[name_bytes])
        value_take(config, value, node, mistakes);
    else if (value)
        yaml_mistake(mistakes, node, "write %s=value", name);
    else {
        const char *near = nearest_name(name, config->names);
        yaml_mistake(mistakes, node, "there is no such setting%s%s", near ? ", did you mean " : "", near ? near : "");
    }
}

static const struct value *value_of(const struct config *config, const char *name)
{
    const struct value *value = value_find(config, name);
    assert(value);
    return value;
}

const char *config_text(const struct config *config, const char *name)
{
    return value_of(config, name)->text;
}

int64_t config_int(const struct config *config, const char *name)
{
    return value_of(config, name)->number;
}

bool config_bool(const struct config *config, const char *name)
{
    return value_of(config, name)->number;
}

int config_word(const struct config *config, const char *name)
{
    return (int)value_of(config, name)->number;
}

void config_help(const struct config *config, FILE *to)
{
    for (size_t i = 0; i < config->count; i++) {
        const struct setting *setting = config->values[i].setting;
        const char *otherwise = setting->otherwise ? setting->otherwise : "";
        const char *mark = strstr(otherwise, "%s");
        fprintf(to, "  %-16s %s", setting->name, setting->about);
        if (mark)
            fprintf(to, " [%.*sDIR%s]\n", (int)(mark - otherwise), otherwise, mark + 2);
        else
            fprintf(to, *otherwise ? " [%s]\n" : "\n", otherwise);
    }
}
