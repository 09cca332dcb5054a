/* rendering: what turns orders into addresses and texts, at hand for many parcels: the sites' settings put together, texts
 * by hash, customers' records and keys. */
#ifndef CARELINE_NOTIFIER_RENDERING_H
#define CARELINE_NOTIFIER_RENDERING_H

#include "parcel.h"
#include "seal.h"
#include "store.h"

enum { KNOWN_MS = 1000 };           /* what an order brought of recipient and site holds for so long; then it is read anew */

struct rendering;

/* The caller owns it; store and sealer must outlive it. */
struct rendering *rendering_new(struct store *store, struct sealer *sealer);
void rendering_free(struct rendering **rendering);

/* Before these parcels (a list) are rendered: what their orders did not bring, or too long ago, is read for all of them in
 * one exchange, their keys in another. For what cannot be had, result and detail say so. It holds until the next call. */
void rendering_prepare(struct rendering *rendering, struct parcel *first, mono_ms now);

/* Fills in recipient and text of one that was prepared, opening what is sealed. false: result and detail say why it cannot
 * be sent. (render.c) */
bool parcel_render(struct parcel *parcel, struct rendering *rendering);

/* -------- for render.c */

struct sealer *rendering_sealer(const struct rendering *rendering);
/* The site by the parcel's settings, until the next call; NULL: result and detail say why not. */
const struct site *rendering_site(struct rendering *rendering, struct parcel *parcel);
/* *ret is NULL if there are no such texts. false: result and detail say why nobody knows. */
bool rendering_templates(struct rendering *rendering, struct parcel *parcel, const char *hash, const struct templates **ret);

#endif
