/* random: numbers that nobody can guess, and numbers that a seed repeats. */
#ifndef CARELINE_RANDOM_H
#define CARELINE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* From the system (libsodium). Shaped as stage_options wants it; the context is not used. Never 0. */
uint64_t random_chance(void *context);

/* `digits` random hex digits and a NUL: names of processes, ids made for clients. */
void random_hex(char *to, size_t digits);

/* Repeatable: the same seed gives the same row (splitmix64). For simulations and robots. */
struct dice { uint64_t state; };
struct dice dice_of(uint64_t seed);
uint64_t dice_next(struct dice *dice);
/* 0 .. below - 1; 0 if below is 0. */
uint64_t dice_below(struct dice *dice, uint64_t below);
/* As stage_options wants it: context is the struct dice. Never 0. */
uint64_t dice_chance(void *dice);

#endif
