#include "support/dice.h"

#include <stdlib.h>

static uint64_t dice_state = 1;

void dice_seed(uint64_t seed)
{
    dice_state = seed * 0x9e3779b97f4a7c15u;
    dice_state += dice_state == 0;              /* nothing but 0 would follow */
}

/* Marsaglia's xorshift with 64 bits of state. */
int dice(int sides)
{
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 7;
    dice_state ^= dice_state << 17;
    return (int)(dice_state % (uint64_t)sides);
}

int64_t number_of(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoll(text, NULL, 10) : otherwise;
}
