/* why: how a time came about, in the reader's language. Events and entities say it in English, in fixed phrases; here is what
 * each of them is in others. */
#ifndef CARELINE_WHY_H
#define CARELINE_WHY_H

#include "arena.h"

/* The text in zh-CN, or as it stands in any other language. Names (holidays, fields) stay as they are. Into the arena. */
const char *why_in(const char *why, const char *language, struct arena *arena);

#endif
