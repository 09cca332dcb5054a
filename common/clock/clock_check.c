#include "clock_check.h"

#include <stdlib.h>

bool clock_check_measure(struct clock_check *check, const struct clock_sample *sample)
{
    int64_t round_trip_ms = sample->answered.ms - sample->asked.ms;
    bool was_off = check->off;

    check->offset_ms = sample->real + round_trip_ms / 2 - sample->store;
    check->doubt_ms = (round_trip_ms + 1) / 2;
    if (llabs(check->offset_ms) - check->doubt_ms > CLOCK_OFF_MS)
        check->off = true;
    else if (llabs(check->offset_ms) + check->doubt_ms <= CLOCK_OFF_MS)
        check->off = false;
    if (!check->off)
        check->trusted_ms = sample->real - sample->asked.ms;
    check->measured = true;
    return check->off != was_off;
}

bool clock_check_is_right(const struct clock_check *check, wall_ms real, mono_ms mono)
{
    return check->measured && !check->off && llabs(real - mono.ms - check->trusted_ms) <= CLOCK_OFF_MS;
}
