/* setting_file: one file of settings, ready to be stored: told apart by its first key, checked, a calendar's holidays put
 * inside. */
#ifndef CARELINE_SETTING_FILE_H
#define CARELINE_SETTING_FILE_H

#include "site.h"

struct setting_file {
    const char *path;
    int kind;                   /* enum config_kind */
    const char *name;
    struct slice content;       /* as it is to be stored */
    const void *parsed;         /* struct playbook, calendar, templates or staff; NULL: there were mistakes */
};

/* false: it cannot be read or has mistakes, which are added. */
bool setting_read(const char *path, struct arena *arena, struct setting_file *ret, struct mistakes *mistakes);

/* Parses its content; false: it has mistakes, which are added. */
bool setting_parse(struct setting_file *setting, struct arena *arena, struct mistakes *mistakes);

/* Do these settings fit together? Lines for a person: templates and roles that a playbook names and the templates and
 * staff lists beside it do not have (nothing of that if there are none beside it); texts that stand in several sets though
 * a playbook does not say from which it takes them: it is the first. `whole`: what is not among the files is nowhere. */
struct texts setting_gaps(const struct setting_file *files, size_t count, bool whole, struct arena *arena);

#endif
