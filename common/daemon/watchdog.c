#include "watchdog.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAT_MS = 1000 };

static int64_t watchdog_seconds;
static mono_ms patted_at;

static void on_alarm(int number)
{
    static const char words[] = "watchdog: one turn of the loop took too long; ending so that a fresh process takes over\n";
    (void)number;
    if (write(STDERR_FILENO, words, sizeof words - 1) < 0)
        _exit(1);
    abort();
}

void watchdog_start(int64_t seconds)
{
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    watchdog_seconds = seconds;
    alarm((unsigned)seconds);
}

void watchdog_pat(mono_ms now)
{
    if (!watchdog_seconds || now.ms - patted_at.ms < PAT_MS)
        return;
    patted_at = now;
    alarm((unsigned)watchdog_seconds);
}

void watchdog_stop(void)
{
    alarm(0);
    watchdog_seconds = 0;
}
