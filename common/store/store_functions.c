#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "fnv.h"
#include "store_redis_parts.h"

__asm__(".section .rodata\n"
        "functions_text:\n"
        ".incbin \"common/store/functions_rights.lua\"\n"
        ".incbin \"common/store/functions_log.lua\"\n"
        ".incbin \"common/store/functions.lua\"\n"
        "functions_text_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const char functions_text[], functions_text_end[];

static struct buffer library;
static char library_build[BUILD_BYTES];

static uint32_t bytes_hash(struct slice bytes)
{
    uint64_t hash = fnv_bytes(FNV_START, bytes.at, bytes.bytes);
    return (uint32_t)(hash ^ hash >> 32);
}

static void add_constants(struct buffer *to)
{
    const struct { const char *name; int64_t value; } constants[] = {
        {"OK", STORE_OK}, {"FENCED", STORE_FENCED}, {"STALE", STORE_STALE}, {"CHANGED", STORE_CHANGED},
        {"REFUSED", STORE_REFUSED}, {"GENERATION", FUNCTION_GENERATION}, {"FIRE_MAX", FIRE_MAX},
        {"TRIM_MAX", TRIM_MAX}, {"ENTRY_EVENTS_MAX", ENTRY_EVENTS_MAX},
        {"NAME_BYTES_MAX", NAME_BYTES_MAX}, {"GENERATION_MS", KEY_GENERATION_DAYS * DAY_MS},
        {"GENERATIONS_KEPT", KEY_GENERATIONS_KEPT},
    };
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        buffer_printf(to, "local %s = %" PRId64 "\n", constants[i].name, constants[i].value);
}

static void add_writer(struct buffer *to, enum stage stage, enum event_number number)
{
    if (stage_may_append(stage, number))
        buffer_printf(to, "['%s']=true,", writer_name(stage));
}

/* Who may append an event of each type that this build knows. */
static void add_writers(struct buffer *to)
{
    buffer_string(to, "local WRITERS = {\n");
    for (int number = EVENT_UNKNOWN + 1; number < EVENT_COUNT; number++) {
        buffer_printf(to, "['%s']={", event_types[number].name);
        for (int stage = STAGE_NONE; stage < STAGE_COUNT; stage++)
            add_writer(to, (enum stage)stage, (enum event_number)number);
        buffer_string(to, "},\n");
    }
    buffer_string(to, "}\n");
}

static void build_library(void)
{
    struct buffer text = {0};
    add_constants(&text);
    add_writers(&text);
    buffer_append(&text, functions_text, (size_t)(functions_text_end - functions_text));
    snprintf(library_build, sizeof library_build, "%08" PRIx32, bytes_hash(buffer_slice(&text)));
    buffer_printf(&library, "#!lua name=care_%s\nlocal BUILD = '%s'\n", library_build, library_build);
    buffer_append(&library, text.at, text.bytes);
    buffer_text(&library);
    buffer_free(&text);
}

const char *functions_library(char ret_build[BUILD_BYTES])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, build_library);
    memcpy(ret_build, library_build, BUILD_BYTES);
    return (const char *)library.at;
}

const char *store_functions_build(void)
{
    char build[BUILD_BYTES];
    functions_library(build);
    return library_build;
}
