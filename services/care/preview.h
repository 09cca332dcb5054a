/* preview: what would become of a site's plans by other settings, before anything is changed. Everything is read over the
 * read interface into a world of its own, in which the scheduler then does what it would do: what is shown is what comes. */
#ifndef CARELINE_PREVIEW_H
#define CARELINE_PREVIEW_H

#include "client.h"
#include "setting_file.h"

/* A list of {plan, customer, about, step, before_at, due_at, deadline_at, window, why, outcome}, by plan and step:
 * before_at null: it has no time now; due_at null: it ends, with the reason in `outcome`. Rules that come again have `rule`
 * instead of plan and step. `setting` is a playbook or a calendar. The caller owns it. NULL with a message. */
json_t *preview_moves(struct client *client, const char *site, const struct setting_file *setting, struct arena *arena,
                      const char **ret_message);

/* The acts by which the site's plans get their times anew, once the setting is in force: {plan, anew, same_version}. The
 * caller owns the list. NULL with a message. */
json_t *preview_acts(struct client *client, const char *site, const struct setting_file *setting, struct arena *arena,
                     const char **ret_message);

#endif
