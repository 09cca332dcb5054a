/* help: what commands there are, in groups, and how each is called. */
#ifndef CARELINE_CARE_HELP_H
#define CARELINE_CARE_HELP_H

#include "command.h"

/* All commands by group, the options that all have, the exit codes. Gives the exit code. */
int help_overview(const struct invocation *call);

/* One command: how it is called, what it does, its options, an example. Gives the exit code. */
int help_command(const struct invocation *call);

#endif
