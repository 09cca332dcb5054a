/* load_http: facts to intake over keep-alive HTTP, one request after the other on each of many connections.
 *
 *     load_http port=N run=NAME requests=N [host=127.0.0.1] [each=1] [connections=64] [rate=0] [sites=64] …
 *
 * `requests` of `each` facts (1: a single object, else an array), `rate` requests a second over all connections (0: as
 * fast as they are answered). What facts there are: bench_fact.h. Prints what offer_print does; exit code 1 if an answer was not 200 or 201. */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <arpa/inet.h>

#include "bench_fact.h"
#include "offer.h"

enum { CONNECTIONS_MAX = 1024, ANSWER_BYTES_MAX = 256 * 1024, WAITING_EVENTS = 64 };

struct connection {
    int fd;
    size_t number;                  /* of the request on its way */
    struct buffer in;
};

struct load {
    struct offer offer;
    struct bench_run run;
    size_t each;
    int epoll;
    struct connection connections[CONNECTIONS_MAX];
    struct connection *idle[CONNECTIONS_MAX];
    size_t idle_count;
    struct buffer body, request;
};

/* -------- one request */

static void body_write(struct load *load, size_t number)
{
    buffer_clear(&load->body);
    if (load->each > 1)
        buffer_string(&load->body, "[");
    for (size_t i = 0; i < load->each; i++) {
        if (i)
            buffer_string(&load->body, ",");
        bench_fact_json(&load->body, &load->run, number * load->each + i);
    }
    if (load->each > 1)
        buffer_string(&load->body, "]");
}

static void request_send(struct load *load)
{
    struct connection *connection = load->idle[--load->idle_count];
    connection->number = offer_sent(&load->offer);
    body_write(load, connection->number);
    buffer_clear(&load->request);
    buffer_printf(&load->request, "POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                                  "Content-Length: %zu\r\n\r\n", load->body.bytes);
    buffer_append(&load->request, load->body.at, load->body.bytes);
    for (size_t at = 0; at < load->request.bytes;) {
        ssize_t sent = send(connection->fd, load->request.at + at, load->request.bytes - at, MSG_NOSIGNAL);
        assert(sent > 0 || errno == EINTR);
        at += sent > 0 ? (size_t)sent : 0;
    }
}

/* -------- one answer */

/* Bytes of the whole answer, once its head is there; 0 before. */
static size_t answer_bytes(struct buffer *in)
{
    const char *text = buffer_text(in), *end = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "content-length:");
    if (!end)
        return 0;
    assert(length && length < end);
    return (size_t)(end - text) + 4 + strtoul(length + strlen("content-length:"), NULL, 10);
}

static bool answer_is_good(struct buffer *in)
{
    const char *text = buffer_text(in);
    return !strncmp(text, "HTTP/1.1 201", 12) || !strncmp(text, "HTTP/1.1 200", 12);
}

static void answer_take(struct load *load, struct connection *connection)
{
    char bytes[65536];
    ssize_t read_bytes = recv(connection->fd, bytes, sizeof bytes, 0);
    assert(read_bytes > 0);
    buffer_append(&connection->in, bytes, (size_t)read_bytes);
    assert(connection->in.bytes <= ANSWER_BYTES_MAX);
    size_t whole = answer_bytes(&connection->in);
    if (!whole || connection->in.bytes < whole)
        return;
    offer_answered(&load->offer, connection->number, answer_is_good(&connection->in));
    buffer_clear(&connection->in);
    load->idle[load->idle_count++] = connection;
}

static void load_run(struct load *load)
{
    struct epoll_event ready[WAITING_EVENTS], alarm = {.events = EPOLLIN | EPOLLET};
    offer_begin(&load->offer);
    epoll_ctl(load->epoll, EPOLL_CTL_ADD, offer_alarm(&load->offer), &alarm);
    while (!offer_is_over(&load->offer)) {
        while (load->idle_count && offer_is_due(&load->offer))
            request_send(load);
        if (load->idle_count)
            offer_alarm(&load->offer);
        int count = epoll_wait(load->epoll, ready, WAITING_EVENTS, -1);
        for (int i = 0; i < count; i++)
            if (ready[i].data.ptr)      /* else the alarm: something is due */
                answer_take(load, ready[i].data.ptr);
    }
}

/* -------- connections */

static void connection_open(struct load *load, struct connection *connection, const char *host, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int yes = 1;
    inet_pton(AF_INET, host, &to.sin_addr);
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&to, sizeof to)) {
        fprintf(stderr, "load_http: %s:%d: %s\n", host, port, strerror(errno));
        exit(69);
    }
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event);
    load->idle[load->idle_count++] = connection;
}

int main(int count, char **main_words)
{
    static struct load load;
    (void)count;
    struct arguments arguments = arguments_of(main_words);
    size_t connections = argument_count(arguments, "connections", "64");
    if (!connections || connections > CONNECTIONS_MAX)
        return 64;
    load.each = argument_count(arguments, "each", "1");
    load.offer = (struct offer){.count = argument_count(arguments, "requests", NULL), .window = SIZE_MAX,
                                .rate_per_s = argument_number(arguments, "rate", "0")};
    load.run = bench_run_of(arguments, load.offer.count * load.each);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < connections; i++)
        connection_open(&load, &load.connections[i], argument_text(arguments, "host", "127.0.0.1"),
                        (int)argument_count(arguments, "port", NULL));
    load_run(&load);
    offer_print(&load.offer, load.each);
    for (size_t i = 0; i < connections; i++) {
        close(load.connections[i].fd);
        buffer_free(&load.connections[i].in);
    }
    bool failed = load.offer.failed;
    offer_free(&load.offer);
    buffer_free(&load.body);
    buffer_free(&load.request);
    close(load.epoll);
    return failed;
}
