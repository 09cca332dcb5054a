/* supervisor: tells the service manager how the program is: ready, alive, what it does, stopping.
 *
 * Speaks systemd's notification protocol (sd_notify(3)): one datagram of NAME=value lines to the unix socket that
 * NOTIFY_SOCKET names, "@" for an abstract one. Where the variable is not set, everything here does nothing. A manager
 * that does not read never holds the program up for longer than SUPERVISOR_WAIT_MS. */
#ifndef CARELINE_SUPERVISOR_H
#define CARELINE_SUPERVISOR_H

#include <stdbool.h>
#include <sys/un.h>

#include "moment.h"

enum { SUPERVISOR_WAIT_MS = 200, SUPERVISOR_STATUS_BYTES_MAX = 256 };

struct supervisor {
    int fd;                         /* -1: nobody to tell */
    struct sockaddr_un address;
    unsigned address_bytes;
    int64_t pat_ms;                 /* between two signs of life; 0: none are wanted */
    mono_ms patted_at;
    char status[SUPERVISOR_STATUS_BYTES_MAX];
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. false with a message: the variable is set but nothing can be sent
 * there; the supervisor then stays silent. */
bool supervisor_open(struct supervisor *supervisor, char message[160]);
void supervisor_close(struct supervisor *supervisor);

/* false: it was not taken. */
bool supervisor_ready(struct supervisor *supervisor);
bool supervisor_stopping(struct supervisor *supervisor);
/* One line for people; told only when it differs from the last. Line breaks in it become blanks. */
bool supervisor_status(struct supervisor *supervisor, const char *text);
/* To be called in every turn of the loop: a sign of life at half of the time that the manager waits for one. */
void supervisor_pat(struct supervisor *supervisor, mono_ms now);

#endif
