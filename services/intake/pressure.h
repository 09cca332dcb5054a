/* pressure: whether the store may be given more: its memory and the disk beneath it. Looked at once a second. */
#ifndef CARELINE_PRESSURE_H
#define CARELINE_PRESSURE_H

#include "moment.h"
#include "store.h"

struct pressure;

/* `dir` lies on the disk that the store writes to; "" if it is elsewhere. */
struct pressure *pressure_new(struct store *store, int memory_percent_max, const char *dir, int64_t disk_bytes_min);
void pressure_free(struct pressure **pressure);
void pressure_look(struct pressure *pressure, mono_ms now);
/* NULL, or why facts are refused now; a sentence for clients. */
const char *pressure_reason(const struct pressure *pressure);

#endif
