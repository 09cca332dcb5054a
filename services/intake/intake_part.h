/* intake_part: what intake adds to a daemon; see daemon.h. */
#ifndef CARELINE_INTAKE_PART_H
#define CARELINE_INTAKE_PART_H

#include "intake.h"

enum { INTAKE_CONNECTIONS_MAX = 512 };

extern const struct setting intake_settings[];

void *intake_start(struct daemon *daemon, char message[160]);
bool intake_is_secured(void *context);
int intake_fd(void *context);
int64_t intake_step(void *context);
void intake_report(void *context);
void intake_reload(void *context);
void intake_stop(void **context);

#endif
