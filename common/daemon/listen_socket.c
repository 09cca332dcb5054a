#include "listen_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 511 };

static bool port_parse(const char *text, in_port_t *ret)
{
    char *end;
    long port = strtol(text, &end, 10);
    if (end == text || *end || port < 0 || port > 65535)
        return false;
    *ret = htons((uint16_t)port);
    return true;
}

static bool host_parse(const char *host, in_port_t port, struct sockaddr_storage *ret, socklen_t *ret_bytes)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
    memset(ret, 0, sizeof *ret);
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = port;
        *ret_bytes = sizeof *v4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
        return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = port;
    *ret_bytes = sizeof *v6;
    return true;
}

static bool address_parse(const char *address, struct sockaddr_storage *ret, socklen_t *ret_bytes)
{
    char host[64];
    const char *colon = strrchr(address, ':');
    in_port_t port;
    if (!colon || !port_parse(colon + 1, &port))
        return false;
    bool brackets = *address == '[' && colon > address && colon[-1] == ']';
    snprintf(host, sizeof host, "%.*s", (int)(colon - address - 2 * brackets), address + brackets);
    return host_parse(host, port, ret, ret_bytes);
}

static bool address_is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
    return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
}

static void address_text(int fd, char ret[LISTEN_ADDRESS_BYTES_MAX])
{
    char host[INET6_ADDRSTRLEN] = "";
    struct sockaddr_storage at;
    socklen_t bytes = sizeof at;
    getsockname(fd, (struct sockaddr *)&at, &bytes);
    if (at.ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&at)->sin6_addr, host, sizeof host);
        snprintf(ret, LISTEN_ADDRESS_BYTES_MAX, "[%s]:%u", host, ntohs(((struct sockaddr_in6 *)&at)->sin6_port));
    } else {
        inet_ntop(AF_INET, &((struct sockaddr_in *)&at)->sin_addr, host, sizeof host);
        snprintf(ret, LISTEN_ADDRESS_BYTES_MAX, "%s:%u", host, ntohs(((struct sockaddr_in *)&at)->sin_port));
    }
}

static int socket_bound(int family, const struct sockaddr *address, socklen_t bytes)
{
    int on = 1, fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!bind(fd, address, bytes) && !listen(fd, BACKLOG))
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int unix_listen(const char *path, char message[160])
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof at.sun_path) {
        snprintf(message, 160, "the path of a unix socket is too long (%zu bytes, at most %zu)", strlen(path),
                 sizeof at.sun_path - 1);
        return -1;
    }
    memcpy(at.sun_path, path, strlen(path) + 1);
    unlink(path);
    int fd = socket_bound(AF_UNIX, (struct sockaddr *)&at, sizeof at);
    if (fd < 0)
        snprintf(message, 160, "unix:%.100s: %s", path, strerror(errno));
    else
        chmod(path, 0600);
    return fd;
}

static int tcp_listen(const char *address, const char *lacks, char message[160])
{
    struct sockaddr_storage at;
    socklen_t bytes;
    if (!address_parse(address, &at, &bytes)) {
        snprintf(message, 160, "%.80s is no address: write 127.0.0.1:8080, [::1]:8080 or unix:/path", address);
        return -1;
    }
    if (lacks && !address_is_loopback(&at)) {
        snprintf(message, 160, "%.40s can be reached from other machines; that needs %.70s", address, lacks);
        return -1;
    }
    int fd = socket_bound(at.ss_family, (struct sockaddr *)&at, bytes);
    if (fd < 0)
        snprintf(message, 160, "%.80s: %s", address, strerror(errno));
    return fd;
}

int listen_socket_new(const char *address, const char *lacks, char ret_address[LISTEN_ADDRESS_BYTES_MAX],
                      char message[160])
{
    bool local = !strncmp(address, "unix:", 5);
    int fd = local ? unix_listen(address + 5, message) : tcp_listen(address, lacks, message);
    if (fd >= 0 && local)
        snprintf(ret_address, LISTEN_ADDRESS_BYTES_MAX, "%s", address);
    else if (fd >= 0)
        address_text(fd, ret_address);
    return fd;
}
