/* dice: what random tests throw, and what the environment asks of them: the same seed gives the same run. */
#ifndef CARELINE_TESTS_DICE_H
#define CARELINE_TESTS_DICE_H

#include <stdint.h>

/* From now on the throws of this seed. */
void dice_seed(uint64_t seed);
/* 0 to sides - 1. */
int dice(int sides);

/* A number that the environment sets, such as STEPS or SEED. */
int64_t number_of(const char *name, int64_t otherwise);

#endif
