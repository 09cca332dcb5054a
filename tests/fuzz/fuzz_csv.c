/* fuzz: any bytes as a front desk's file, read by the shipped maps and taken in. Every row is counted once, every bad one
 * has a line and a reason, and what import calls good intake does not refuse. The first byte chooses the map, whether the
 * map's own header is put before the rest, and whether a map of its own stands before the file, up to a NUL. Runs from
 * the top of the repository. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../services/care/import_map.h"
#include "../services/intake/accept.h"
#include "../services/intake/credential.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { HAS_HEADER = 0x10, HAS_MAP = 0x20 };
enum { MAPS = 4, MAP_BYTES_MAX = 64 * 1024, SEALER_INPUTS = 500 };
static const wall_ms end_of_2199 = 7258118400000;       /* later than any date that is read: none lies too far ahead */
static const char *const paths[MAPS] = {"deploy/imports/settlement.yaml", "deploy/imports/deliveries.yaml",
                                        "deploy/imports/complaints.yaml", "deploy/imports/customers.yaml"};
static const struct import_map *maps[MAPS];
static struct arena *maps_arena;                        /* lives as long as the process */

static void check(bool held)
{
    if (!held)
        abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    maps_arena = arena_new();
    for (size_t i = 0; i < MAPS; i++) {
        uint8_t *at = arena_alloc(maps_arena, MAP_BYTES_MAX);
        FILE *file = fopen(paths[i], "r");
        if (!file) {
            fprintf(stderr, "%s is not there: run this from the top of the repository\n", paths[i]);
            exit(1);
        }
        struct mistakes mistakes = {.file = paths[i], .arena = maps_arena};
        maps[i] = import_map_parse((struct slice){at, fread(at, 1, MAP_BYTES_MAX, file)}, maps_arena, &mistakes);
        check(maps[i] != NULL);
        fclose(file);
    }
    return 0;
}

static uint64_t next_number(void *context)
{
    return ++*(uint64_t *)context;
}

static struct sealer *sealer_of_now(void)
{
    static struct sealer *sealer;
    static int inputs;
    if (inputs++ % SEALER_INPUTS == 0) {
        sealer_free(&sealer);
        sealer = sealer_memory_new();
    }
    return sealer;
}

static void take_in(const json_t *event, struct sealer *sealer)
{
    uint64_t count = 0;
    struct arena *arena = arena_new();
    struct scratch scratch = {0};
    struct acceptor acceptor = {.scratch = &scratch, .sealer = sealer, .partitions = 64, .now = end_of_2199, .random = next_number,
                                .random_context = &count};
    struct credential credential = {.actor = "tester", .role = "integration"};
    struct accepted accepted;
    struct refusal refusal = {0};
    struct value sent = value_of_json(event, scratch_values(&scratch));
    if (!accept_event(&acceptor, &credential, FACT, &sent, arena, &accepted, &refusal)) {
        fprintf(stderr, "%s %s\n", refusal.field, refusal.error);
        abort();
    }
    check(accepted_seal(&accepted, sealer, &scratch));
    scratch_free(&scratch);
    arena_free(&arena);
}

static void check_result(const struct import_result *result)
{
    check(result->rows == result->good + result->duplicate + result->bad.count);
    check(json_array_size(result->events) >= result->good && json_array_size(result->events) <= 2 * result->good);
    for (size_t i = 0; i < result->bad.count; i++)
        check(result->bad.at[i].line > (i ? result->bad.at[i - 1].line : 0) && *result->bad.at[i].field &&
              *result->bad.at[i].reason);
}

/* A map that somebody made up may set what does not go together; the shipped ones may not. */
static void take_all(const struct import_result *result)
{
    struct sealer *sealer = sealer_of_now();
    for (size_t i = 0; i < json_array_size(result->events); i++)
        take_in(json_array_get(result->events, i), sealer);
}

/* The map before the file, taken off it; NULL: there is none, or a wrong one. */
static const struct import_map *map_of_file(struct slice *file, struct arena *arena)
{
    struct mistakes mistakes = {.file = "m", .arena = arena};
    const uint8_t *end = file->bytes ? memchr(file->at, 0, file->bytes) : NULL;
    struct slice text = {file->at, end ? (size_t)(end - file->at) : 0};
    if (!end)
        return NULL;
    *file = (struct slice){end + 1, file->bytes - text.bytes - 1};
    const struct import_map *map = import_map_parse(text, arena, &mistakes);
    check(map || mistakes.count);
    return map;
}

static void with_header(const struct import_map *map, struct buffer *to)
{
    for (size_t i = 0; i < map->column_count; i++)
        buffer_printf(to, "%s%s", i ? "," : "", map->columns[i].title);
    buffer_string(to, "\r\n");
}

static void read_file(const struct import_map *map, unsigned choice, struct slice rest, struct arena *arena)
{
    struct buffer file = {0};
    struct import_result result;
    struct fault fault = {"", ""};
    if (choice & HAS_HEADER)
        with_header(map, &file);
    buffer_append(&file, rest.at, rest.bytes);
    bool read = import_read(map, "sample", NULL, buffer_slice(&file), arena, &result, &fault);
    check(read || *fault.what);
    if (read)
        check_result(&result);
    if (read && !(choice & HAS_MAP))
        take_all(&result);
    if (result.events)
        json_decref(result.events);
    buffer_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (!bytes)
        return 0;
    struct arena *arena = arena_new();
    struct slice rest = {data + 1, bytes - 1};
    const struct import_map *map = data[0] & HAS_MAP ? map_of_file(&rest, arena) : maps[data[0] % MAPS];
    if (map)
        read_file(map, data[0], rest, arena);
    arena_free(&arena);
    return 0;
}
