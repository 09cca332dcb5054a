#include "fnv.h"
#include "letter.h"

#include <string.h>

static const struct channel_rules usual = {
    .retry = {.attempts = 4, .gap_count = 3, .gaps = {{MINUTE_MS, 0}, {5 * MINUTE_MS, 0}, {30 * MINUTE_MS, 0}}},
    .on_unknown = "resend",
};

const struct channel_rules *channel_rules_of(const struct site *site, int channel)
{
    for (size_t i = 0; site && i < site->playbook_count; i++) {
        const struct playbook *playbook = site->playbooks[i].playbook;
        for (size_t k = 0; k < playbook->channel_count; k++)
            if (playbook->channels[k].channel == channel)
                return &playbook->channels[k];
    }
    return &usual;
}

/* Up to a tenth of the gap, the same when the log is worked again: a crowd that failed comes back spread. */
static int64_t jitter_ms(const struct notice *notice, int64_t gap_ms)
{
    uint64_t hash = (fnv_text(FNV_START, notice->id) ^ (uint64_t)notice->attempt) * FNV_PRIME;
    hash ^= hash >> 29;
    return (int64_t)(hash % (uint64_t)(gap_ms / 10 + 1));
}

wall_ms retry_at(const struct letter *letter)
{
    const struct notice *notice = &letter->notice;
    const struct retry *retry = &channel_rules_of(letter->site, letter_channel(letter))->retry;
    if (notice->channel_attempt >= retry->attempts)
        return 0;
    int64_t made = notice->channel_attempt > 0 ? notice->channel_attempt : 1;
    struct span gap = {MINUTE_MS, 0};
    if (retry->gap_count)
        gap = retry->gaps[made <= retry->gap_count ? made - 1 : retry->gap_count - 1];
    wall_ms at = calendar_add(letter->calendar, letter->now, gap);
    return at + jitter_ms(notice, at - letter->now);
}
