/* example: prints every event, and shows how to have each exactly once.
 *
 *     consumer-example ENDPOINT [--name NAME] [--key KEY] [--from now|beginning] [--site SITE]… [--type TYPE]…
 *                      [--list FILE] [--lag EVENTS] [--server-key KEY --secret FILE]
 *                      [--open-timeout MS]     -1: whichever of the two is started first
 *
 * With --list the events are kept in FILE, one line each: partition, seq, id, type. A line is what was made of an event
 * and the checkpoint at once: it is written whole or not at all, and after a crash the file tells from where to go on.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "careline-consumer.h"

enum { PARTITIONS_MAX = 1024, FILTERS_MAX = 32, LINE_BYTES_MAX = 256, WAIT_MS = 100 };

struct example {
    struct careline_options options;
    const char *sites[FILTERS_MAX + 1], *types[FILTERS_MAX + 1];
    struct careline_place at[PARTITIONS_MAX];
    const char *path;
    FILE *list;
};

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

/* -------- the list */

/* The place in a line; false: the line is not whole. */
static bool line_read(const char *line, struct careline_place *ret)
{
    *ret = (struct careline_place){0};
    return strchr(line, '\n') &&
           sscanf(line, "%" SCNu32 " %" SCNu64 " %" SCNx64, &ret->partition, &ret->seq, &ret->id) == 3 &&
           ret->partition < PARTITIONS_MAX;
}

/* Copies the list without what `keep` refuses, and puts the copy in its place. */
static void list_filter(struct example *example,
                        bool (*keep)(const struct careline_place *, const struct careline_place *),
                        const struct careline_place *cut)
{
    char line[LINE_BYTES_MAX], new_path[4096];
    struct careline_place place;
    FILE *from = fopen(example->path, "r");
    snprintf(new_path, sizeof new_path, "%s.new", example->path);
    FILE *to = fopen(new_path, "w");
    memset(example->at, 0, sizeof example->at);
    while (from && to && fgets(line, sizeof line, from))
        if (line_read(line, &place) && keep(&place, cut)) {
            example->at[place.partition] = place;
            fputs(line, to);
        }
    if (from)
        fclose(from);
    if (!to || fclose(to) || rename(new_path, example->path)) {
        perror(new_path);
        exit(1);
    }
    if (example->list)
        fclose(example->list);
    example->list = fopen(example->path, "a");
}

static bool keep_whole(const struct careline_place *place, const struct careline_place *cut)
{
    (void)cut;
    return place->seq > 0;
}

static bool keep_before_cut(const struct careline_place *place, const struct careline_place *cut)
{
    return place->partition != cut->partition || place->seq <= cut->seq;
}

/* -------- items */

static void on_event(struct example *example, struct careline_consumer *consumer, const struct careline_item *item)
{
    size_t bytes = 0;
    const char *type = careline_text(item, "type", &bytes);
    FILE *to = example->list ? example->list : stdout;
    fprintf(to, "%" PRIu32 " %" PRIu64 " %016" PRIx64 " %.*s\n", item->place.partition, item->place.seq, item->place.id,
            (int)bytes, type ? type : "");
    if (fflush(to)) {
        perror("list");
        exit(1);
    }
    careline_acknowledge(consumer, &item->place);
}

static void on_item(struct example *example, struct careline_consumer *consumer, const struct careline_item *item)
{
    static const char *const words[] = {"event", "trimmed", "rewound", "lag"};
    if (item->kind == CARELINE_EVENT) {
        on_event(example, consumer, item);
        return;
    }
    fprintf(stderr, "%s: partition %" PRIu32 ", goes on after %" PRIu64 ", behind %" PRIu64 "\n", words[item->kind],
            item->place.partition, item->place.seq, item->lag);
    if (item->kind == CARELINE_REWOUND && example->path)
        list_filter(example, keep_before_cut, &item->place);
}

/* -------- from start to end */

static void add_filter(const char *list[FILTERS_MAX + 1], const char *text)
{
    for (size_t i = 0; i < FILTERS_MAX; i++)
        if (!list[i]) {
            list[i] = text;
            return;
        }
}

static bool option_take(struct example *example, const char *name, const char *value)
{
    struct careline_options *options = &example->options;
    if (!strcmp(name, "--name"))
        options->name = value;
    else if (!strcmp(name, "--key"))
        options->key = value;
    else if (!strcmp(name, "--server-key"))
        options->server_key = value;
    else if (!strcmp(name, "--secret"))
        options->secret_file = value;
    else if (!strcmp(name, "--list"))
        example->path = value;
    else if (!strcmp(name, "--site"))
        add_filter(example->sites, value);
    else if (!strcmp(name, "--type"))
        add_filter(example->types, value);
    else if (!strcmp(name, "--open-timeout"))
        options->open_timeout_ms = atoi(value);
    else if (!strcmp(name, "--lag"))
        options->lag_told = strtoull(value, NULL, 10);
    else if (!strcmp(name, "--from"))
        options->from = strcmp(value, "now") ? CARELINE_BEGINNING : CARELINE_NOW;
    else
        return false;
    return true;
}

static bool options_read(struct example *example, int argc, char **argv)
{
    bool good = argc >= 2 && argc % 2 == 0;
    example->options.from = CARELINE_BEGINNING;
    for (int i = 2; good && i + 1 < argc; i += 2)
        good = option_take(example, argv[i], argv[i + 1]);
    example->options.endpoint = argv[1];
    example->options.durable = example->options.name;
    example->options.sites = example->sites;
    example->options.types = example->types;
    return good;
}

/* The places that the list tells, one behind another, as the library wants them. */
static void resume(struct example *example)
{
    static struct careline_place places[PARTITIONS_MAX];
    if (!example->path)
        return;
    list_filter(example, keep_whole, NULL);
    for (size_t i = 0; i < PARTITIONS_MAX; i++)
        if (example->at[i].seq)
            places[example->options.at_count++] = example->at[i];
    example->options.at = places;
}

int main(int argc, char **argv)
{
    static struct example example;
    struct careline_consumer *consumer;
    struct careline_item item;
    char message[160];
    int told;
    if (!options_read(&example, argc, argv)) {
        fprintf(stderr, "usage: %s ENDPOINT [--name NAME] [--key KEY] [--from now|beginning]\n"
                        "       [--site SITE]… [--type TYPE]… [--list FILE] [--lag EVENTS]\n"
                        "       [--server-key KEY --secret FILE] [--open-timeout MS]\n", argv[0]);
        return 64;
    }
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    resume(&example);
    if (careline_open(&example.options, &consumer, message) < 0) {
        fprintf(stderr, "%s\n", message);
        return 1;
    }
    while (!stopping && (told = careline_next(consumer, WAIT_MS, &item)) >= 0)
        if (told)
            on_item(&example, consumer, &item);
    if (!stopping)
        fprintf(stderr, "refused: %s\n", careline_message(consumer));
    careline_close(&consumer);
    return !stopping;
}
