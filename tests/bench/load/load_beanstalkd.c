/* load_beanstalkd: jobs into beanstalkd over one connection, pipelined, and out of it over others; to hold ourselves against.
 *
 *     load_beanstalkd port=N jobs=N [window=6400] [workers=8] [delay_s=0] [fill_first=0] [put_only=0]
 *
 * At most `window` jobs are put and not yet worked. Each worker reserves a job, deletes it and asks for the next in one
 * packet. `fill_first=1`: all are put before the first is reserved. `delay_s`: they become ready so long after the put.
 * `put_only=1`: a job is done when it is put.
 * Prints what offer_print does, from a job's put until it is reserved; with `delay_s` from when it was to be ready. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arguments.h"
#include "buffer.h"
#include "offer.h"

enum { WORKERS_MAX = 64, PAYLOAD_BYTES = 100, PUTS_A_TURN = 100, READ_BYTES = 65536 };

struct connection {
    int fd;
    struct buffer in;
};

struct load {
    struct offer offer;
    struct connection producer, workers[WORKERS_MAX];
    size_t worker_count, put;       /* `put`: answered by beanstalkd */
    int64_t delay_ns;
    bool fills_first, puts_only;
    struct buffer out;
};

static void connection_open(struct connection *connection, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int yes = 1;
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&to, sizeof to)) {
        fprintf(stderr, "load_beanstalkd: port %d: %s\n", port, strerror(errno));
        exit(69);
    }
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

static void connection_send(struct connection *connection, struct slice bytes)
{
    while (bytes.bytes) {
        ssize_t sent = send(connection->fd, bytes.at, bytes.bytes, MSG_NOSIGNAL);
        assert(sent > 0 || errno == EINTR);
        if (sent > 0)
            bytes = (struct slice){bytes.at + sent, bytes.bytes - (size_t)sent};
    }
}

static void connection_read(struct connection *connection)
{
    char bytes[READ_BYTES];
    ssize_t count = recv(connection->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    assert(count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR)));
    if (count > 0)
        buffer_append(&connection->in, bytes, (size_t)count);
}

static void connection_drop(struct connection *connection, size_t bytes)
{
    memmove(connection->in.at, connection->in.at + bytes, connection->in.bytes - bytes);
    connection->in.bytes -= bytes;
}

/* Bytes of the line that has come, with its end; 0: not yet. */
static size_t line_bytes(const struct connection *connection, size_t from)
{
    const uint8_t *at = connection->in.bytes > from ? connection->in.at + from : NULL;
    const uint8_t *end = at ? memchr(at, '\n', connection->in.bytes - from) : NULL;
    return end ? (size_t)(end + 1 - at) : 0;
}

/* -------- putting */

static void jobs_put(struct load *load, int64_t delay_s)
{
    char body[PAYLOAD_BYTES + 1];
    buffer_clear(&load->out);
    for (int i = 0; i < PUTS_A_TURN && offer_is_due(&load->offer); i++) {
        size_t number = offer_sent(&load->offer);
        snprintf(body, sizeof body, "%0*zu", PAYLOAD_BYTES, number);
        buffer_printf(&load->out, "put 10 %lld 60 %d\r\n%s\r\n", (long long)delay_s, PAYLOAD_BYTES, body);
    }
    connection_send(&load->producer, buffer_slice(&load->out));
}

static void puts_answered(struct load *load)
{
    size_t bytes, used = 0;
    connection_read(&load->producer);
    while ((bytes = line_bytes(&load->producer, used))) {
        assert(!memcmp(load->producer.in.at + used, "INSERTED", 8));
        used += bytes;
        if (load->puts_only)            /* answers come in the order of the puts */
            offer_answered(&load->offer, load->put, true);
        load->put++;
    }
    connection_drop(&load->producer, used);
}

/* -------- working */

static void worker_ask(struct connection *worker)
{
    static const char reserve[] = "reserve\r\n";
    connection_send(worker, (struct slice){(const uint8_t *)reserve, sizeof reserve - 1});
}

/* RESERVED <id> <bytes>, then the job; or DELETED. False: nothing whole has come. */
static bool worker_take(struct load *load, struct connection *worker)
{
    size_t head = line_bytes(worker, 0);
    unsigned long long id;
    char body[PAYLOAD_BYTES + 1] = "", line[64] = "";
    if (!head)
        return false;
    memcpy(line, worker->in.at, head < sizeof line ? head : sizeof line - 1);
    if (sscanf(line, "RESERVED %llu", &id) != 1) {
        connection_drop(worker, head);
        return true;
    }
    if (worker->in.bytes < head + PAYLOAD_BYTES + 2)
        return false;
    memcpy(body, worker->in.at + head, PAYLOAD_BYTES);
    size_t number = strtoul(body, NULL, 10);
    load->offer.meant_ns[number] += load->delay_ns;
    offer_answered(&load->offer, number, true);
    connection_drop(worker, head + PAYLOAD_BYTES + 2);
    buffer_clear(&load->out);
    buffer_printf(&load->out, "delete %llu\r\nreserve\r\n", id);
    connection_send(worker, buffer_slice(&load->out));
    return true;
}

static void workers_begin(struct load *load)
{
    for (size_t i = 0; i < load->worker_count; i++)
        worker_ask(&load->workers[i]);
}

static void load_run(struct load *load, int64_t delay_s)
{
    struct pollfd polls[WORKERS_MAX + 1];
    bool working = !load->fills_first && !load->puts_only;
    offer_begin(&load->offer);
    if (working)
        workers_begin(load);
    while (!offer_is_over(&load->offer)) {
        if (offer_is_due(&load->offer))
            jobs_put(load, delay_s);
        polls[0] = (struct pollfd){load->producer.fd, POLLIN, 0};
        for (size_t i = 0; i < load->worker_count; i++)
            polls[i + 1] = (struct pollfd){load->workers[i].fd, POLLIN, 0};
        poll(polls, load->worker_count + 1, offer_is_due(&load->offer) ? 0 : 1000);
        puts_answered(load);
        if (load->fills_first && !working && load->put == load->offer.count) {
            working = true;
            load->offer.begun_ns = now_ns();
            workers_begin(load);
        }
        for (size_t i = 0; i < load->worker_count; i++) {
            connection_read(&load->workers[i]);
            while (worker_take(load, &load->workers[i]))
                ;
        }
    }
}

int main(int count, char **main_words)
{
    static struct load load;
    (void)count;
    struct arguments arguments = arguments_of(main_words);
    int port = (int)argument_count(arguments, "port", NULL);
    int64_t delay_s = (int64_t)argument_count(arguments, "delay_s", "0");
    load.offer = (struct offer){.count = argument_count(arguments, "jobs", NULL),
                                .window = argument_count(arguments, "window", "6400")};
    load.worker_count = argument_count(arguments, "workers", "8");
    load.fills_first = argument_count(arguments, "fill_first", "0");
    load.puts_only = argument_count(arguments, "put_only", "0");
    load.delay_ns = delay_s * 1000000000;
    if (load.fills_first || (delay_s && !load.puts_only))
        load.offer.window = load.offer.count;
    if (!load.worker_count || load.worker_count > WORKERS_MAX)
        return 64;
    connection_open(&load.producer, port);
    for (size_t i = 0; i < load.worker_count; i++)
        connection_open(&load.workers[i], port);
    load_run(&load, delay_s);
    offer_print(&load.offer, 1);
    offer_free(&load.offer);
    buffer_free(&load.out);
    buffer_free(&load.producer.in);
    close(load.producer.fd);
    for (size_t i = 0; i < load.worker_count; i++) {
        close(load.workers[i].fd);
        buffer_free(&load.workers[i].in);
    }
    return 0;
}
