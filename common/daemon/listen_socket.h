/* listen_socket: a socket that waits for connections at an address as people write it. */
#ifndef CARELINE_LISTEN_SOCKET_H
#define CARELINE_LISTEN_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

enum { LISTEN_ADDRESS_BYTES_MAX = 160 };

/* Binds to "127.0.0.1:0", "[::1]:8080" or "unix:/path" (a stale socket there is removed; mode 0600) and listens. Port 0
 * takes a free one. `lacks`: what it would need to be reached from other machines; NULL: it may be. The descriptor,
 * non-blocking, is the caller's; ret_address is what clients connect to, "127.0.0.1:4711". -1 with a message for the
 * operator. */
int listen_socket_new(const char *address, const char *lacks, char ret_address[LISTEN_ADDRESS_BYTES_MAX],
                      char message[160]);

#endif
