#include "supervisor.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATS_PER_WATCHDOG = 2, US_PER_MS = 1000 };

static bool address_set(struct supervisor *supervisor, const char *name)
{
    size_t bytes = strlen(name);
    if ((*name != '/' && *name != '@') || bytes < 2 || bytes >= sizeof supervisor->address.sun_path)
        return false;
    supervisor->address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(supervisor->address.sun_path, name, bytes);
    if (*name == '@')
        supervisor->address.sun_path[0] = '\0';
    supervisor->address_bytes = (unsigned)(offsetof(struct sockaddr_un, sun_path) + bytes + (*name == '/'));
    return true;
}

/* The watchdog may be meant for another process of the unit. */
static int64_t watchdog_pat_ms(void)
{
    const char *whole_us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (!whole_us || (pid && *pid && atoll(pid) != (long long)getpid()))
        return 0;
    int64_t us = atoll(whole_us);
    int64_t half_ms = us / US_PER_MS / PATS_PER_WATCHDOG;
    return us <= 0 ? 0 : half_ms > 0 ? half_ms : 1;
}

bool supervisor_open(struct supervisor *supervisor, char message[160])
{
    const char *name = getenv("NOTIFY_SOCKET");
    *supervisor = (struct supervisor){.fd = -1};
    if (!name || !*name)
        return true;
    if (!address_set(supervisor, name)) {
        snprintf(message, 160, "NOTIFY_SOCKET=%.80s is neither /path nor @name", name);
        return false;
    }
    supervisor->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const struct timeval wait = {.tv_usec = SUPERVISOR_WAIT_MS * US_PER_MS};
    if (supervisor->fd < 0 || setsockopt(supervisor->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait)) {
        snprintf(message, 160, "no socket to the service manager: %s", strerror(errno));
        supervisor_close(supervisor);
        return false;
    }
    supervisor->pat_ms = watchdog_pat_ms();
    return true;
}

void supervisor_close(struct supervisor *supervisor)
{
    if (supervisor->fd >= 0)
        close(supervisor->fd);
    supervisor->fd = -1;
}

static bool tell(struct supervisor *supervisor, const char *text)
{
    ssize_t sent;
    if (supervisor->fd < 0)
        return true;
    do
        sent = sendto(supervisor->fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&supervisor->address,
                      supervisor->address_bytes);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)strlen(text);
}

bool supervisor_ready(struct supervisor *supervisor)
{
    return tell(supervisor, "READY=1\n");
}

bool supervisor_stopping(struct supervisor *supervisor)
{
    return tell(supervisor, "STOPPING=1\n");
}

bool supervisor_status(struct supervisor *supervisor, const char *text)
{
    char status[SUPERVISOR_STATUS_BYTES_MAX], line[SUPERVISOR_STATUS_BYTES_MAX + 16];
    snprintf(status, sizeof status, "%s", text);
    for (char *at = status; *at; at++)
        if (*at == '\n' || *at == '\r')
            *at = ' ';
    if (strcmp(status, supervisor->status) == 0)
        return true;
    snprintf(line, sizeof line, "STATUS=%s\n", status);
    if (!tell(supervisor, line))
        return false;
    memcpy(supervisor->status, status, sizeof status);
    return true;
}

void supervisor_pat(struct supervisor *supervisor, mono_ms now)
{
    if (supervisor->fd < 0 || !supervisor->pat_ms ||
        (supervisor->patted_at.ms && now.ms - supervisor->patted_at.ms < supervisor->pat_ms))
        return;
    if (tell(supervisor, "WATCHDOG=1\n"))
        supervisor->patted_at = now;
}
