/* What is wrong with an installation, told from its numbers. A line each in the table below. */
#include <stdlib.h>
#include <string.h>

#include "clock_check.h"
#include "installation.h"

enum {
    LATE_MS_MAX = 10000,            /* a due time waits for a batch, an owner, a restart; not for so long */
    LAG_MAX = 1000,                 /* as the alert CarelineLagging */
    CONSUMER_LAG_MAX = 10000,
    DAYS_LEFT_MIN = 7
};
#define CONSUMER_SILENT_MS_MAX HOUR_MS

const char *const finding_levels[] = {"note", "degraded", "broken"};

struct findings { struct finding *at; size_t count; };

static void find(struct findings *findings, enum finding_level level, const char *what, const char *subject,
                 int64_t number)
{
    if (findings->count < FINDINGS_MAX)
        findings->at[findings->count++] = (struct finding){level, what, subject, number};
}

static void find_in_stages(const struct installation *now, struct findings *to)
{
    for (int s = STAGE_NONE + 1; s < STAGE_COUNT; s++) {
        const struct stage_glance *stage = &now->stages[s];
        if (!stage->replicas)
            find(to, FINDING_BROKEN, "stage_missing", stage_names[s], 0);
        else if (stage->owned < now->partitions)
            find(to, FINDING_DEGRADED, "partitions_unowned", stage_names[s], now->partitions - stage->owned);
        if (stage->late_ms > LATE_MS_MAX)
            find(to, FINDING_DEGRADED, "late", stage_names[s], stage->late_ms);
        if (stage->lag > LAG_MAX)
            find(to, FINDING_DEGRADED, "lagging", stage_names[s], (int64_t)stage->lag);
    }
}

static void find_in_store(const struct installation *now, struct findings *to)
{
    const struct store_health *health = &now->health;
    if (health->limit_bytes && health->used_bytes * 100 >= health->limit_bytes * now->limits.memory_percent)
        find(to, FINDING_BROKEN, "store_full", "", health->used_bytes * 100 / health->limit_bytes);
    else if (now->days_left >= 0 && now->days_left < DAYS_LEFT_MIN)
        find(to, FINDING_DEGRADED, "store_filling", "", now->days_left);
    if (!health->limit_bytes)
        find(to, FINDING_NOTE, "store_unbounded", "", 0);
}

static void find_in_work(const struct installation *now, struct findings *to)
{
    if (now->quarantined)
        find(to, FINDING_DEGRADED, "quarantined", "", (int64_t)now->quarantined);
    if (now->dead)
        find(to, FINDING_DEGRADED, "dead_letters", "", (int64_t)now->dead);
    if (now->stopped)
        find(to, FINDING_DEGRADED, "sending_stopped", "", (int64_t)now->stopped);
}

static void find_in_channels(const struct installation *now, struct findings *to)
{
    for (size_t i = 0; i < now->channel_count; i++)
        if (!now->channels[i].up)
            find(to, FINDING_DEGRADED, "channel_down", now->channels[i].channel,
                 now->channels[i].success_at ? now->now - now->channels[i].success_at : 0);
}

static void find_in_consumers(const struct installation *now, struct findings *to)
{
    for (size_t i = 0; i < now->consumer_count; i++) {
        const struct consumer_glance *at = &now->consumers[i];
        if (at->lag && at->silent_ms > CONSUMER_SILENT_MS_MAX)
            find(to, FINDING_DEGRADED, "consumer_silent", at->consumer->name, at->silent_ms);
        else if (at->lag > CONSUMER_LAG_MAX)
            find(to, FINDING_DEGRADED, "consumer_behind", at->consumer->name, (int64_t)at->lag);
    }
}

static bool all_on_one_host(const struct installation *now, const char *program, bool *ret_more_hosts)
{
    const char *host = NULL;
    bool one = true;
    *ret_more_hosts = false;
    for (size_t i = 0; i < now->member_count; i++) {
        *ret_more_hosts = *ret_more_hosts || strcmp(now->members[i].host, now->members[0].host);
        if (strcmp(now->members[i].member->stage, program))
            continue;
        one = one && (!host || !strcmp(host, now->members[i].host));
        host = now->members[i].host;
    }
    return host && one;
}

static bool clock_is_off(const struct member_glance *at)
{
    const char *mark = strstr(at->member->stage, CLOCK_OFF_MARK);
    return mark && !strcmp(mark, CLOCK_OFF_MARK);
}

/* Once for each host. */
static void find_in_clocks(const struct installation *now, struct findings *to)
{
    for (size_t i = 0; i < now->member_count; i++) {
        bool told = false;
        for (size_t before = 0; before < i; before++)
            told = told || (clock_is_off(&now->members[before]) && !strcmp(now->members[before].host, now->members[i].host));
        if (clock_is_off(&now->members[i]) && !told)
            find(to, FINDING_DEGRADED, "clock_off", now->members[i].host, 0);
    }
}

static void find_in_members(const struct installation *now, struct findings *to)
{
    bool differ = false, more_hosts;
    for (size_t i = 1; i < now->member_count; i++)
        differ = differ || strcmp(now->members[i].build, now->members[0].build);
    if (differ)
        find(to, FINDING_NOTE, "builds_differ", "", 0);
    for (int s = STAGE_NONE + 1; s < STAGE_COUNT; s++)
        if (all_on_one_host(now, stage_names[s], &more_hosts) && more_hosts)
            find(to, FINDING_NOTE, "one_host_only", stage_names[s], 0);
}

static int by_level(const void *a, const void *b)
{
    const struct finding *left = a, *right = b;
    if (left->level != right->level)
        return left->level > right->level ? -1 : 1;
    return strcmp(left->what, right->what) ? strcmp(left->what, right->what) : strcmp(left->subject, right->subject);
}

size_t installation_findings(const struct installation *installation, struct finding ret[FINDINGS_MAX])
{
    static void (*const looks[])(const struct installation *, struct findings *) = {
        find_in_stages, find_in_store, find_in_work, find_in_channels, find_in_consumers, find_in_clocks, find_in_members,
    };
    struct findings findings = {ret, 0};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        looks[i](installation, &findings);
    qsort(ret, findings.count, sizeof *ret, by_level);
    return findings.count;
}
