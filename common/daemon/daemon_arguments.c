#include <stdlib.h>
#include <string.h>

#include "daemon_parts.h"
#include "file_bytes.h"
#include "json.h"
#include "log.h"

enum { CONFIG_BYTES_MAX = 1024 * 1024 };

static const char *const level_names[] = {"debug", "info", "warn", "error", "none"};
static const struct words level_words = {"log_level", level_names, 5};

const struct setting daemon_settings[] = {
    {"master_key", SETTING_TEXT, "%s/keys/master.key", 0, 0, NULL, "file with the key that wraps the customers' keys"},
    {"bus", SETTING_TEXT, "tcp://127.0.0.1:*", 0, 0, NULL,
     "where this daemon publishes: tcp://127.0.0.1:* or ipc:///path; with curve_dir also tcp://10.0.0.5:*"},
    {"curve_dir", SETTING_TEXT, "", 0, 0, NULL, "directory of the keys between machines; empty: ZeroMQ stays on this one"},
    {"http", SETTING_TEXT, "127.0.0.1:0", 0, 0, NULL,
     "where HTTP is served: 127.0.0.1:8080, 127.0.0.1:0 or unix:/path"},
    {"http_certificate", SETTING_TEXT, "", 0, 0, NULL, "file of the certificate and its chain, PEM: HTTP is served over TLS"},
    {"http_key", SETTING_TEXT, "", 0, 0, NULL, "file of the certificate's private key, PEM"},
    {"http_without_tls", SETTING_BOOL, "no", 0, 0, NULL,
     "yes: HTTP may leave this machine in the open, since a proxy or a closed network protects it"},
    {"http_without_keys", SETTING_BOOL, "no", 0, 0, NULL,
     "yes: HTTP may leave this machine though nobody is asked for a key"},
    {"partitions", SETTING_INT, "64", 1, PARTITIONS_MAX, NULL, "partitions, settled when first started"},
    {"clock", SETTING_WORD, "real", 0, 0, &clock_mode_words, "where time comes from, settled when first started"},
    {"clock_start", SETTING_TEXT, "", 0, 0, NULL, "virtual time to begin at, as 2026-03-06T16:00:00+08:00"},
    {"clock_until", SETTING_TEXT, "", 0, 0, NULL, "stepped time moves on its own no further than this"},
    {"speed", SETTING_INT, "1", 1, CLOCK_SPEED_MAX, NULL, "scaled time: virtual seconds in a real one"},
    {"run", SETTING_TEXT, "", 0, 0, NULL, "name of this start of the installation, for scaled time"},
    {"log", SETTING_TEXT, "", 0, 0, NULL, "file for log lines; standard error if empty"},
    {"log_level", SETTING_WORD, "info", 0, 0, &level_words, "debug, info, warn, error or none"},
    {"watchdog_s", SETTING_INT, "30", 0, 3600, NULL, "seconds that one turn may take; 0: no watchdog"},
    {0}
};

static void print_help(struct daemon *daemon)
{
    const struct daemon_part *part = daemon->part;
    printf("%s: %s\n\nusage: %s [--dir DIR] [--config FILE] [--ready-fd N] [setting=value …]\n\n"
           "  --dir DIR        directory of the installation\n"
           "  --config FILE    settings as YAML, name: value\n"
           "  --ready-fd N     write one line there when ready\n\nsettings:\n",
           part->program, part->about, part->program);
    config_help(daemon->config, stdout);
    printf("\nexit codes: 0 stopped as asked, %d wrong arguments or settings, %d store, port or file not to be had\n",
           EXIT_CONFIG, EXIT_ENVIRONMENT);
}

static void config_file(struct daemon *daemon, const char *path, struct mistakes *mistakes)
{
    struct buffer text = {0};
    if (file_bytes(path, CONFIG_BYTES_MAX, &text)) {
        config_yaml(daemon->config, buffer_slice(&text), path, mistakes);
    } else {
        yaml_mistake(mistakes, NULL, "--config %.200s cannot be read: %m", path);
    }
    buffer_free(&text);
}

struct arguments { const char *dir, *config, *ready_fd; bool help; char **rest; int rest_count; };

/* Options first, then setting=value words; "--name=value" and "--name value" are the same. */
static const char *arguments_parse(int argc, char **argv, struct arguments *ret)
{
    const struct { const char *name; const char **to; } options[] = {
        {"--dir", &ret->dir}, {"--config", &ret->config}, {"--ready-fd", &ret->ready_fd}
    };
    for (int i = 1; i < argc; i++) {
        bool taken = strncmp(argv[i], "--", 2);
        if (taken)
            ret->rest[ret->rest_count++] = argv[i];
        if (!strcmp(argv[i], "--help"))
            ret->help = taken = true;
        for (size_t o = 0; !taken && o < sizeof options / sizeof *options; o++) {
            size_t bytes = strlen(options[o].name);
            if (strncmp(argv[i], options[o].name, bytes) || (argv[i][bytes] && argv[i][bytes] != '='))
                continue;
            taken = argv[i][bytes] || i + 1 < argc;
            if (taken)
                *options[o].to = argv[i][bytes] ? argv[i] + bytes + 1 : argv[++i];
        }
        if (!taken)
            return argv[i];
    }
    return NULL;
}

static int mistakes_told(const struct mistakes *mistakes, const char *program)
{
    for (size_t i = 0; i < mistakes->count; i++)
        fprintf(stderr, "%s\n", mistakes->lines[i]);
    if (!mistakes->count)
        return -1;
    fprintf(stderr, "%s: see %s --help\n", program, program);
    return EXIT_CONFIG;
}

static int arguments_apply(struct daemon *daemon, const struct arguments *arguments)
{
    const struct setting *tables[] = {access_settings, daemon_settings, daemon->part->settings, NULL};
    struct arena *arena = arena_new();
    struct mistakes mistakes = {.file = "command line", .arena = arena};
    snprintf(daemon->dir, sizeof daemon->dir, "%s", arguments->dir ? arguments->dir : "");
    daemon->ready_fd = arguments->ready_fd ? atoi(arguments->ready_fd) : -1;
    daemon->config = config_new(tables, arguments->dir);
    if (arguments->config)
        config_file(daemon, arguments->config, &mistakes);
    for (int i = 0; i < arguments->rest_count; i++)
        config_word_set(daemon->config, arguments->rest[i], &mistakes);
    int code = mistakes_told(&mistakes, daemon->part->program);
    arena_free(&arena);
    if (arguments->help) {
        print_help(daemon);
        return 0;
    }
    if (code < 0 && !*config_text(daemon->config, "store")) {
        fprintf(stderr, "%s: where is the store? Give --dir DIR or store=unix:/path\n", daemon->part->program);
        code = EXIT_CONFIG;
    }
    return code;
}

int daemon_arguments(struct daemon *daemon, int argc, char **argv)
{
    struct arguments arguments = {.rest = calloc((size_t)argc, sizeof *arguments.rest)};
    const char *unknown = arguments_parse(argc, argv, &arguments);
    int code = EXIT_CONFIG;
    if (unknown)
        fprintf(stderr, "%s: %s is not known or lacks its value; see %s --help\n", daemon->part->program, unknown,
                daemon->part->program);
    else
        code = arguments_apply(daemon, &arguments);
    free(arguments.rest);
    return code;
}

static bool moment_wanted(const struct daemon *daemon, const char *name, wall_ms *ret, char message[160])
{
    const char *text = config_text(daemon->config, name);
    if (!*text || moment_parse(text, ret))
        return true;
    snprintf(message, 160, "%s=%.40s is no time: write 2026-03-06T16:00:00+08:00", name, text);
    return false;
}

bool daemon_clock_wanted(const struct daemon *daemon, struct clock_record *ret, char message[160])
{
    *ret = (struct clock_record){
        .mode = (enum clock_mode)config_word(daemon->config, "clock"), .speed = config_int(daemon->config, "speed")
    };
    snprintf(ret->run, sizeof ret->run, "%s", config_text(daemon->config, "run"));
    return moment_wanted(daemon, "clock_start", &ret->base, message) &&
           moment_wanted(daemon, "clock_until", &ret->until, message);
}
