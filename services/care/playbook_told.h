/* playbook_told: a playbook read back in plain sentences: on what, when, what, by whom, by when, and what follows. */
#ifndef CARELINE_PLAYBOOK_TOLD_H
#define CARELINE_PLAYBOOK_TOLD_H

#include "command.h"
#include "playbook.h"

/* Lines in the caller's language, into the call's arena; at most 4096. */
struct texts playbook_told(const struct invocation *call, const struct playbook *playbook);

#endif
