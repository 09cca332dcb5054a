#include "support/sink.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "arena.h"

enum { START_MS = 10000, ARGUMENTS_MAX = 24 };

struct sink {
    pid_t pid;
    int output;
    int http_port, smtp_port;
    char journal[64];
    struct arena *arena;
};

static void run_child(const struct sink *sink, const char *arguments, int output)
{
    char *argv[ARGUMENTS_MAX] = {"python3", "tests/support/sink.py", "--journal", (char *)sink->journal},
        *rest = strdup(arguments);
    int count = 4;
    for (char *word = strtok(rest, " "); word && count < ARGUMENTS_MAX - 1; word = strtok(NULL, " "))
        argv[count++] = word;
    prctl(PR_SET_PDEATHSIG, SIGKILL);       /* never outlives the test */
    dup2(output, STDOUT_FILENO);
    execvp("python3", argv);
    _exit(127);
}

static bool read_ready(struct sink *sink)
{
    char line[128] = "";
    size_t bytes = 0;
    struct pollfd wait = {.fd = sink->output, .events = POLLIN};
    while (!strchr(line, '\n') && bytes < sizeof line - 1 && poll(&wait, 1, START_MS) == 1) {
        ssize_t count = read(sink->output, line + bytes, sizeof line - 1 - bytes);
        if (count <= 0)
            break;
        bytes += (size_t)count;
    }
    return sscanf(line, "ready http=%d smtp=%d", &sink->http_port, &sink->smtp_port) == 2;
}

struct sink *sink_start(const char *arguments)
{
    struct sink *sink = calloc(1, sizeof *sink);
    int pipes[2];
    snprintf(sink->journal, sizeof sink->journal, "/tmp/careline-sink-XXXXXX");
    int journal = mkstemp(sink->journal);
    assert_true(journal >= 0 && pipe(pipes) == 0);
    close(journal);
    sink->arena = arena_new();
    sink->pid = fork();
    if (sink->pid == 0) {
        close(pipes[0]);
        run_child(sink, arguments, pipes[1]);
    }
    close(pipes[1]);
    sink->output = pipes[0];
    if (!read_ready(sink)) {
        sink_stop(&sink);
        fail_msg("tests/support/sink.py does not start: run the tests from the top of the repository");
    }
    return sink;
}

void sink_stop(struct sink **sink)
{
    if (!*sink)
        return;
    kill((*sink)->pid, SIGTERM);
    while (waitpid((*sink)->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    close((*sink)->output);
    unlink((*sink)->journal);
    arena_free(&(*sink)->arena);
    free(*sink);
    *sink = NULL;
}

int sink_http_port(const struct sink *sink) { return sink->http_port; }
int sink_smtp_port(const struct sink *sink) { return sink->smtp_port; }

void sink_forget(struct sink *sink)
{
    assert_int_equal(truncate(sink->journal, 0), 0);        /* the child appends */
}

/* The n-th line, or NULL; the caller owns the reference. */
static json_t *line_read(const struct sink *sink, size_t n)
{
    char *line = NULL;
    size_t room = 0;
    json_t *read = NULL;
    FILE *file = fopen(sink->journal, "r");
    for (size_t i = 0; file && getline(&line, &room, file) > 0; i++)
        if (i == n)
            read = json_loads(line, 0, NULL);
    free(line);
    if (file)
        fclose(file);
    return read;
}

size_t sink_count(struct sink *sink)
{
    size_t lines = 0, count = 0;
    for (json_t *line; (line = line_read(sink, lines)) != NULL; lines++) {
        count += json_is_true(json_object_get(line, "taken"));
        json_decref(line);
    }
    return count;
}

const char *sink_text(struct sink *sink, size_t n, const char *field)
{
    json_t *line = line_read(sink, n), *value = json_object_get(line, field);
    const char *text = json_string_value(value);
    char *dumped = text || !value ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *copy = arena_string(sink->arena, text ? text : dumped ? dumped : "");
    free(dumped);
    json_decref(line);
    return copy;
}
