/* keys_redis: `care keys redis DIR`. */
#ifndef CARELINE_CARE_KEYS_REDIS_H
#define CARELINE_CARE_KEYS_REDIS_H

#include "command.h"

int keys_redis(struct invocation *call);

#endif
