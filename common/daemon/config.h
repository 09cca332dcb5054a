/* config: a program's settings, from a YAML file and from name=value words of the command line, which win.
 *
 * Each part of a program lists its settings once, in a table with their help texts. All mistakes are reported at once,
 * with what was probably meant. */
#ifndef CARELINE_CONFIG_H
#define CARELINE_CONFIG_H

#include <stdio.h>

#include "record.h"
#include "yaml.h"

enum setting_kind { SETTING_TEXT, SETTING_INT, SETTING_BOOL, SETTING_WORD };

struct setting {
    const char *name;
    enum setting_kind kind;
    const char *otherwise;          /* as it would be written; %s stands for --dir */
    int64_t min, max;               /* SETTING_INT */
    const struct words *words;      /* SETTING_WORD */
    const char *about;
};

enum { SETTING_TABLES_MAX = 4, SETTINGS_MAX = 128 };

struct config;

/* `tables`: NULL-ended, at most SETTING_TABLES_MAX; each table ends with a NULL name. `dir` may be NULL: then settings
 * whose default needs it are empty. */
struct config *config_new(const struct setting *const *tables, const char *dir);
void config_free(struct config **config);

/* Both add to the mistakes; what is wrong keeps its default. */
void config_yaml(struct config *config, struct slice text, const char *file, struct mistakes *mistakes);
void config_word_set(struct config *config, const char *name_value, struct mistakes *mistakes);

/* Asking for a setting that is in no table is a bug and aborts. Texts live as long as the config. */
const char *config_text(const struct config *config, const char *name);
int64_t config_int(const struct config *config, const char *name);
bool config_bool(const struct config *config, const char *name);
int config_word(const struct config *config, const char *name);

/* One line per setting: name, default, what it does. */
void config_help(const struct config *config, FILE *to);

#endif
