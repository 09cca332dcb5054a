/* rehearsal: one fact tried against a playbook in memory: what would be planned, when, and why then. */
#ifndef CARELINE_REHEARSAL_H
#define CARELINE_REHEARSAL_H

#include "command.h"
#include "setting_file.h"

/* --event TYPE with the call's key=value arguments, from the third on; --at TIME; --calendar FILE. Prints and gives the exit
 * code. */
int rehearse(struct invocation *call, const struct setting_file *playbook);

#endif
