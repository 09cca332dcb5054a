/* probe: is each channel's gateway there? Asked once a minute without sending anything: a mail server is greeted (and
 * logged in to), another server connected to, a file's directory looked at. What was really sent counts as success, too.
 * Never blocks; one thread. */
#ifndef CARELINE_NOTIFIER_PROBE_H
#define CARELINE_NOTIFIER_PROBE_H

#include "clock.h"
#include "gateway.h"
#include "metrics.h"

enum { PROBE_EVERY_MS = 60 * 1000, PROBE_TIMEOUT_MS = 5000 };

struct probe;

/* The gateways and metrics (NULL: none are kept) must outlive it, or the next probe_gateways. The caller owns it. */
struct probe *probe_new(struct clock *clock, const struct gateway_list *gateways, struct metrics *metrics);
void probe_free(struct probe **probe);

/* Does what can be done now; the milliseconds until it wants to be called again. */
int64_t probe_step(struct probe *probe);

/* A message was accepted by the channel. */
void probe_sent(struct probe *probe, int channel);

/* Once a second: metrics of what was sent. */
void probe_report(struct probe *probe);

/* Other gateways from now on; they are asked at once. */
void probe_gateways(struct probe *probe, const struct gateway_list *gateways);

/* What is known, for the members list: `"channels":[{"channel":…,"gateway":…,"up":true,"success_at":ms,"detail":…}]`, or "". */
const char *probe_details(const struct probe *probe, struct arena *arena);

#endif
