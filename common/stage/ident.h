/* ident: ids of entities, `<site>/<local id>`, made so that they always fit NAME_BYTES_MAX. */
#ifndef CARELINE_IDENT_H
#define CARELINE_IDENT_H

#include "event.h"

/* The part after the site; the whole if there is no slash. Points into `id`. */
const char *ident_local(const char *id);

/* `id` with the site in front of it, if it is not there yet. An id of another site stays as it is. Into the arena. */
const char *ident_of_site(struct arena *arena, const char *site, const char *id);

/* `<site>/<local>`, the local part as formatted. One that is too long is cut and ends in a hash of the whole instead. */
const char *ident_make(struct arena *arena, const char *site, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* `name` if it has at most `bytes_max` bytes, else its beginning and a hash of the whole. Into the arena. */
const char *ident_fit(struct arena *arena, const char *name, size_t bytes_max);

#endif
