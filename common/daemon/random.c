#include "random.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

static void random_ready(void)
{
    if (sodium_init() < 0) {
        fprintf(stderr, "the system gives no random numbers\n");
        abort();
    }
}

/* One call into the kernel for many numbers: each event that is appended needs one. */
uint64_t random_chance(void *context)
{
    static _Thread_local uint64_t drawn[32];
    static _Thread_local size_t left;
    uint64_t number = 0;

    (void)context;
    while (number == 0) {
        if (!left) {
            random_ready();
            randombytes_buf(drawn, sizeof drawn);
            left = sizeof drawn / sizeof *drawn;
        }
        number = drawn[--left];
    }
    return number;
}

void random_hex(char *to, size_t digits)
{
    random_ready();
    for (size_t i = 0; i < digits; i++)
        to[i] = "0123456789abcdef"[randombytes_random() & 15];
    to[digits] = '\0';
}

struct dice dice_of(uint64_t seed)
{
    return (struct dice){.state = seed};
}

uint64_t dice_next(struct dice *dice)
{
    uint64_t z = dice->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t dice_below(struct dice *dice, uint64_t below)
{
    return below ? dice_next(dice) % below : 0;
}

uint64_t dice_chance(void *dice)
{
    uint64_t number = 0;

    while (number == 0)
        number = dice_next(dice);
    return number;
}
