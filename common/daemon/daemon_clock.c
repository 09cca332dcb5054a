/* Is this machine's clock right? Asked once a second; stepped time is everybody's alike and needs no clock. */
#include <stdio.h>

#include "clock_real.h"
#include "daemon_parts.h"
#include "log.h"

bool daemon_clock_is_right(void *context)
{
    struct daemon *daemon = context;
    return clock_store_mode(daemon->clock) == CLOCK_STEPPED ||
           clock_check_is_right(&daemon->clock_check, clock_store_real(daemon->clock), real_mono_now());
}

const char *daemon_role(struct daemon *daemon)
{
    if (!daemon->clock_check.off)
        return daemon->part->program;
    snprintf(daemon->role, sizeof daemon->role, "%.40s" CLOCK_OFF_MARK, daemon->part->program);
    return daemon->role;
}

static void say(const struct clock_check *check)
{
    if (check->off)
        log_warn("clock.off", log_int("by_ms", check->offset_ms), log_int("doubt_ms", check->doubt_ms));
    else
        log_info("clock.right", log_int("by_ms", check->offset_ms), log_int("doubt_ms", check->doubt_ms));
}

void daemon_clock_pass(struct daemon *daemon, mono_ms now)
{
    struct clock_check *check = &daemon->clock_check;
    if (now.ms < daemon->clock_at.ms)
        return;
    daemon->clock_at.ms = now.ms + DAEMON_TICK_MS;
    if (clock_store_mode(daemon->clock) == CLOCK_STEPPED)
        return;
    struct clock_sample sample = {.asked = real_mono_now(), .real = clock_store_real(daemon->clock)};
    if (daemon->store->functions->now(daemon->store, &sample.store) != STORE_OK)
        return;
    sample.answered = real_mono_now();
    if (clock_check_measure(check, &sample))
        say(check);
}
