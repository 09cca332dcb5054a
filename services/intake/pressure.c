#include "pressure.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "log.h"

enum { LOOK_MS = 1000 };

struct pressure {
    struct store *store;
    int memory_percent_max;
    const char *dir;
    int64_t disk_bytes_min;
    mono_ms look_at;
    bool pressed;
    char reason[160];
};

struct pressure *pressure_new(struct store *store, int memory_percent_max, const char *dir, int64_t disk_bytes_min)
{
    struct pressure *pressure = calloc(1, sizeof *pressure);
    assert(pressure);
    *pressure = (struct pressure){.store = store, .memory_percent_max = memory_percent_max, .dir = dir,
                                  .disk_bytes_min = disk_bytes_min};
    return pressure;
}

void pressure_free(struct pressure **pressure)
{
    free(*pressure);
    *pressure = NULL;
}

static bool memory_is_short(struct pressure *pressure)
{
    struct store_health health = {0};
    pressure->store->functions->health(pressure->store, &health);
    if (!health.reachable || health.limit_bytes <= 0 ||
        health.used_bytes * 100 < health.limit_bytes * pressure->memory_percent_max)
        return false;
    snprintf(pressure->reason, sizeof pressure->reason,
             "the store is full: %lld of %lld MB used, from %d %% on nothing is taken",
             (long long)(health.used_bytes >> 20), (long long)(health.limit_bytes >> 20), pressure->memory_percent_max);
    return true;
}

static bool disk_is_short(struct pressure *pressure)
{
    struct statvfs disk;
    if (!*pressure->dir || statvfs(pressure->dir, &disk))
        return false;
    int64_t free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
    if (free_bytes >= pressure->disk_bytes_min)
        return false;
    snprintf(pressure->reason, sizeof pressure->reason, "the disk is full: %lld MB left, under %lld nothing is taken",
             (long long)(free_bytes >> 20), (long long)(pressure->disk_bytes_min >> 20));
    return true;
}

void pressure_look(struct pressure *pressure, mono_ms now)
{
    if (now.ms < pressure->look_at.ms)
        return;
    pressure->look_at = (mono_ms){now.ms + LOOK_MS};
    bool before = pressure->pressed;
    pressure->pressed = memory_is_short(pressure) || disk_is_short(pressure);
    if (pressure->pressed && !before)
        log_warn("intake.pressed", log_text("reason", pressure->reason));
    if (!pressure->pressed && before)
        log_info("intake.relieved");
}

const char *pressure_reason(const struct pressure *pressure)
{
    return pressure->pressed ? pressure->reason : NULL;
}
