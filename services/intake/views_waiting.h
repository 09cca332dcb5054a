/* views_waiting: a car of the day as the screen of the waiting room shows it. */
#ifndef CARELINE_VIEWS_WAITING_H
#define CARELINE_VIEWS_WAITING_H

#include "views.h"

/* {job, name (masked, whoever asks), stage with its names in zh and en, since, start_at, hand_over_at, late}; owned by
 * the caller. */
json_t *waiting_json(struct views *views, const struct view_request *request, const struct site *site,
                     const struct workshop_job *job, wall_ms now);

#endif
