#include "bench_fact.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parts {
    char name[64], site[32], mobile[16];
    wall_ms occurred_at;
};

struct bench_run bench_run_of(struct arguments arguments, size_t count)
{
    return (struct bench_run){
        .name = argument_text(arguments, "run", NULL), .first = argument_count(arguments, "first", "0"),
        .sites = (unsigned)argument_count(arguments, "sites", "64"), .customers = (unsigned)argument_count(arguments, "customers", "10000"),
        .occurred_at = (wall_ms)argument_number(arguments, "occurred_at", "0"),
        .spread_ms = (wall_ms)argument_number(arguments, "spread_ms", "0"), .count = count,
        .is_complaint = !strcmp(argument_text(arguments, "type", "car.delivered"), "complaint.received"),
    };
}

static struct parts parts_of(const struct bench_run *run, uint64_t number)
{
    struct parts parts = {.occurred_at = run->occurred_at};
    if (run->occurred_at)
        parts.occurred_at += run->spread_ms * (wall_ms)number / (wall_ms)run->count;
    number += run->first;
    snprintf(parts.name, sizeof parts.name, "%.40s-%" PRIu64, run->name, number);
    snprintf(parts.site, sizeof parts.site, "bench-%02u", (unsigned)(number % run->sites));
    snprintf(parts.mobile, sizeof parts.mobile, "138%08" PRIu64, number % run->customers);
    return parts;
}

void bench_fact_json(struct buffer *to, const struct bench_run *run, uint64_t number)
{
    struct parts parts = parts_of(run, number);
    buffer_printf(to, "{\"id\":\"%s\",\"source\":\"bench\",\"type\":\"%s\",\"site\":\"%s\",", parts.name,
                  run->is_complaint ? "complaint.received" : "car.delivered", parts.site);
    if (parts.occurred_at)
        buffer_printf(to, "\"occurred_at\":%" PRId64 ",", parts.occurred_at);
    buffer_printf(to, "\"data\":{%s\"%s\",\"name\":\"王芳\",\"mobile\":\"%s\",\"model\":\"UNI-K\"}}",
                  run->is_complaint ? "\"channel\":\"phone\",\"complaint\":" : "\"order\":", parts.name, parts.mobile);
}

static void pair(struct buffer *to, const char *name, const char *text)
{
    pack_text(to, name);
    pack_text(to, text);
}

void bench_fact_pack(struct buffer *to, const struct bench_run *run, uint64_t number)
{
    struct parts parts = parts_of(run, number);
    pack_map(to, parts.occurred_at ? 6 : 5);
    pair(to, "id", parts.name);
    pair(to, "source", "bench");
    pair(to, "type", run->is_complaint ? "complaint.received" : "car.delivered");
    pair(to, "site", parts.site);
    if (parts.occurred_at) {
        pack_text(to, "occurred_at");
        pack_int(to, parts.occurred_at);
    }
    pack_text(to, "data");
    pack_map(to, run->is_complaint ? 5 : 4);
    if (run->is_complaint)
        pair(to, "channel", "phone");
    pair(to, run->is_complaint ? "complaint" : "order", parts.name);
    pair(to, "name", "王芳");
    pair(to, "mobile", parts.mobile);
    pair(to, "model", "UNI-K");
}

bool bench_fact_number(struct slice name, const struct bench_run *run, uint64_t *ret)
{
    size_t length = strlen(run->name);
    char digits[24] = "";
    if (name.bytes <= length + 1 || name.bytes - length > sizeof digits || memcmp(name.at, run->name, length) ||
        name.at[length] != '-')
        return false;
    memcpy(digits, name.at + length + 1, name.bytes - length - 1);
    uint64_t number = strtoull(digits, NULL, 10);
    *ret = number - run->first;
    return number >= run->first && *ret < run->count;
}
