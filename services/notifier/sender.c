#include "sender.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "log.h"
#include "rendering.h"

enum {
    EVENTS_PER_STEP = 64,
    HAND_ON_AGAIN_MS = 50,
    ARENAS_KEPT = SENDER_START_MAX,
    PRIORITIES = priority_count
};

/* Orders of one channel that wait for their turn. */
struct lane {
    struct parcel *first[PRIORITIES], **last[PRIORITIES];
    int in_flight;
    int64_t credit_ms;              /* how much of the rate is not used yet, in ms of its time */
    mono_ms credited_at;
    struct outfile file;            /* of a gateway that writes to one */
};

struct sender {
    struct sender_options options;
    struct rendering *rendering;
    struct lane lanes[notice_channel_count];
    struct parcel *flying, *done;
    size_t load;
    uint64_t results[notice_channel_count][send_result_count], results_told[notice_channel_count][send_result_count];
    struct arena *arenas[ARENAS_KEPT];      /* of parcels that are gone, for the next ones */
    size_t arena_count;
    CURLM *multi;
    int epoll_fd;
    bool draining;
    bool timer_set;
    mono_ms timer_at;
};

static const char *const stopping = "not sent: the sender stops";

enum { RESULTS, IN_HAND };
static const struct metric sender_metrics[] = {
    [RESULTS] = {METRIC_COUNTER, "careline_send_results_total", "Attempts to send that ended, by channel and result",
                 "result", NULL},
    [IN_HAND] = {METRIC_GAUGE, "careline_send_in_hand", "Orders to send that are not finished", NULL, NULL},
};

/* -------- beginning and end */

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
    struct sender *sender = context;
    struct epoll_event event = {.data.fd = fd};
    static char yes;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(sender->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
    if (epoll_ctl(sender->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event))
        epoll_ctl(sender->epoll_fd, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
    curl_multi_assign(sender->multi, fd, &yes);
    return 0;
}

static int watch_timer(CURLM *multi, long wait_ms, void *context)
{
    struct sender *sender = context;
    (void)multi;
    sender->timer_set = wait_ms >= 0;
    sender->timer_at = (mono_ms){clock_mono(sender->options.clock).ms + wait_ms};
    return 0;
}

static bool open_multi(struct sender *sender, char message[160])
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return snprintf(message, 160, "libcurl does not start"), false;
    sender->multi = curl_multi_init();
    sender->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (!sender->multi || sender->epoll_fd < 0)
        return snprintf(message, 160, "no descriptors for the sender"), false;
    curl_multi_setopt(sender->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(sender->multi, CURLMOPT_SOCKETDATA, sender);
    curl_multi_setopt(sender->multi, CURLMOPT_TIMERFUNCTION, watch_timer);
    curl_multi_setopt(sender->multi, CURLMOPT_TIMERDATA, sender);
    return true;
}

struct sender *sender_new(const struct sender_options *options, char message[160])
{
    struct sender *sender = calloc(1, sizeof *sender);
    if (!sender)
        abort();
    sender->options = *options;
    sender->epoll_fd = -1;
    for (int i = 0; i < notice_channel_count; i++) {
        sender->lanes[i].file.fd = -1;
        for (int k = 0; k < PRIORITIES; k++)
            sender->lanes[i].last[k] = &sender->lanes[i].first[k];
    }
    sender->rendering = rendering_new(options->store, options->sealer);
    if (options->metrics)
        metrics_table(options->metrics, sender_metrics, sizeof sender_metrics / sizeof sender_metrics[0]);
    if (!open_multi(sender, message))
        sender_free(&sender);
    return sender;
}

static void parcel_unload(struct sender *sender, struct parcel *parcel)
{
    if (parcel->easy) {
        curl_multi_remove_handle(sender->multi, parcel->easy);
        curl_easy_cleanup(parcel->easy);
    }
    curl_slist_free_all(parcel->headers);
    curl_slist_free_all(parcel->recipients);
    buffer_free(&parcel->request);
    parcel->easy = NULL;
    parcel->headers = parcel->recipients = NULL;
}

static void parcel_free(struct sender *sender, struct parcel *parcel)
{
    parcel_unload(sender, parcel);
    if (parcel->arena && sender->arena_count < ARENAS_KEPT) {
        arena_reset(parcel->arena);
        sender->arenas[sender->arena_count++] = parcel->arena;
    } else {
        arena_free(&parcel->arena);
    }
    free(parcel);
    sender->load--;
}

static void parcels_free(struct sender *sender, struct parcel *first)
{
    while (first) {
        struct parcel *next = first->next;
        parcel_free(sender, first);
        first = next;
    }
}

void sender_free(struct sender **sender)
{
    struct sender *end = *sender;
    if (!end)
        return;
    for (int i = 0; i < notice_channel_count; i++) {
        outfile_close(&end->lanes[i].file);
        for (int k = 0; k < PRIORITIES; k++)
            parcels_free(end, end->lanes[i].first[k]);
    }
    parcels_free(end, end->flying);
    parcels_free(end, end->done);
    if (end->multi)
        curl_multi_cleanup(end->multi);
    if (end->epoll_fd >= 0)
        close(end->epoll_fd);
    while (end->arena_count)
        arena_free(&end->arenas[--end->arena_count]);
    rendering_free(&end->rendering);
    free(end);
    *sender = NULL;
}

/* -------- orders */

/* It waits until its result is recorded. */
static void parcel_finish(struct sender *sender, struct parcel *parcel)
{
    const char *channel = words_name(&notice_channel_words, parcel->order.channel);
    const char *result = words_name(&send_result_words, (int)parcel->result);
    log_debug("send.finished", log_text("notice", parcel->order.notice), log_int("attempt", parcel->order.attempt),
              log_text("channel", channel), log_text("result", result), log_text("detail", parcel->detail));
    sender->results[parcel->order.channel][parcel->result]++;
    parcel_unload(sender, parcel);
    parcel->next = sender->done;
    sender->done = parcel;
}

/* Results go on; those that nobody can take now stay. */
static int64_t hand_on(struct sender *sender)
{
    struct parcel **at = &sender->done;
    while (*at) {
        struct parcel *parcel = *at;
        if (!sender->options.finished(sender->options.context, &parcel->order, parcel->result, parcel->detail))
            return HAND_ON_AGAIN_MS;
        *at = parcel->next;
        parcel_free(sender, parcel);
    }
    return SENDER_IDLE_MS;
}

void sender_send(void *context, uint32_t partition, const struct send_order *order, mono_ms lease_ends)
{
    struct sender *sender = context;
    assert(order->channel >= 0 && order->channel < notice_channel_count);
    struct parcel *parcel = parcel_new(order);
    sender->load++;
    parcel->taken_at = clock_mono(sender->options.clock);
    parcel->partition = partition;
    parcel->lease_ends = lease_ends;
    parcel->gateway = gateway_of_channel(sender->options.gateways, order->channel);
    if (!parcel->gateway) {
        parcel_fail(parcel, SEND_PERMANENT, "not sent: no gateway serves this channel");
        parcel_finish(sender, parcel);
    } else if (sender->draining || sender->load > SENDER_WAITING_MAX) {
        parcel_fail(parcel, SEND_TEMPORARY, sender->draining ? stopping : "not sent: too many are waiting");
        parcel_finish(sender, parcel);
    } else {
        struct lane *lane = &sender->lanes[order->channel];
        bool told = order->priority > PRIORITY_NONE && order->priority < PRIORITIES;
        int priority = told ? order->priority : PRIORITY_NORMAL;
        *lane->last[priority] = parcel;
        lane->last[priority] = &parcel->next;
    }
    if (sender->draining)
        hand_on(sender);
}

static bool list_has(const struct parcel *first, const char *notice, int attempt)
{
    for (; first; first = first->next)
        if (first->order.attempt == attempt && !strcmp(first->order.notice, notice))
            return true;
    return false;
}

bool sender_is_sending(void *context, const char *notice, int attempt)
{
    const struct sender *sender = context;
    for (int i = 0; i < notice_channel_count; i++)
        for (int k = 0; k < PRIORITIES; k++)
            if (list_has(sender->lanes[i].first[k], notice, attempt))
                return true;
    return list_has(sender->flying, notice, attempt) || list_has(sender->done, notice, attempt);
}

/* -------- starting */

static struct parcel *lane_take(struct lane *lane)
{
    for (int i = PRIORITY_URGENT; i < PRIORITIES; i++) {
        struct parcel *parcel = lane->first[i];
        if (!parcel)
            continue;
        lane->first[i] = parcel->next;
        if (!parcel->next)
            lane->last[i] = &lane->first[i];
        parcel->next = NULL;
        return parcel;
    }
    return NULL;
}

static const struct parcel *lane_first(const struct lane *lane)
{
    for (int i = PRIORITY_URGENT; i < PRIORITIES; i++)
        if (lane->first[i])
            return lane->first[i];
    return NULL;
}

/* One message costs 1000 / per_second ms of credit; a second's worth can be saved up. */
static int64_t lane_rate_wait_ms(struct lane *lane, const struct gateway *gateway, mono_ms now)
{
    int64_t cost_ms = SECOND_MS / gateway->per_second;
    lane->credit_ms += lane->credited_at.ms ? now.ms - lane->credited_at.ms : SECOND_MS;
    lane->credited_at = now;
    if (lane->credit_ms > SECOND_MS)
        lane->credit_ms = SECOND_MS;
    return lane->credit_ms >= cost_ms ? 0 : cost_ms - lane->credit_ms;
}

static bool lease_outlasts(const struct sender *sender, const struct parcel *parcel, mono_ms now)
{
    mono_ms ends = parcel->lease_ends;
    if (sender->options.lease_ends) {
        mono_ms better = sender->options.lease_ends(sender->options.context, parcel->partition);
        ends = better.ms > ends.ms ? better : ends;
    }
    return now.ms + SEND_TIMEOUT_MS <= ends.ms;
}

static bool parcel_load(struct sender *sender, struct parcel *parcel)
{
    parcel->easy = curl_easy_init();
    if (!parcel->easy)
        return parcel_fail(parcel, SEND_TEMPORARY, "not sent: no memory");
    parcel->answer = arena_alloc(parcel->arena, ANSWER_BYTES_MAX);
    parcel->fault = arena_alloc(parcel->arena, CURL_ERROR_SIZE);
    curl_easy_setopt(parcel->easy, CURLOPT_PRIVATE, parcel);
    curl_easy_setopt(parcel->easy, CURLOPT_ERRORBUFFER, parcel->fault);
    curl_easy_setopt(parcel->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(parcel->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(parcel->easy, CURLOPT_TIMEOUT_MS, (long)SEND_TIMEOUT_MS);
    /* a connection used before may die under the request, and the library would send it a second time by itself */
    curl_easy_setopt(parcel->easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(parcel->easy, CURLOPT_FORBID_REUSE, 1L);
    if (parcel->gateway->kind == GATEWAY_SMTP)
        return parcel_smtp(parcel, clock_now(sender->options.clock));
    return parcel_http(parcel);
}

static bool parcel_fly(struct sender *sender, struct parcel *parcel)
{
    if (!parcel_load(sender, parcel))
        return false;
    if (curl_multi_add_handle(sender->multi, parcel->easy))
        return parcel_fail(parcel, SEND_TEMPORARY, "not sent: the transfer cannot be started");
    sender->lanes[parcel->order.channel].in_flight++;
    parcel->next = sender->flying;
    sender->flying = parcel;
    return true;
}

static void parcel_start(struct sender *sender, struct parcel *parcel, const struct outfile *file)
{
    bool flies = false;
    parcel->arena = sender->arena_count ? sender->arenas[--sender->arena_count] : arena_new();
    if (!lease_outlasts(sender, parcel, clock_mono(sender->options.clock))) {
        parcel_fail(parcel, SEND_TEMPORARY, "not sent: the lease runs out");
    } else if (parcel_render(parcel, sender->rendering)) {
        if (parcel->gateway->kind == GATEWAY_FILE)
            parcel_file(parcel, file);
        else
            flies = parcel_fly(sender, parcel);
    }
    if (!flies)
        parcel_finish(sender, parcel);
}

/* Is there one more that may go beside those taken? 0: yes; else the milliseconds until there may be. What is written to
 * a file is over at once: it takes no room. */
static int64_t lane_wait_ms(struct lane *lane, mono_ms now, int taken)
{
    const struct parcel *next = lane_first(lane);
    if (!next || (next->gateway->kind != GATEWAY_FILE && lane->in_flight + taken >= next->gateway->concurrency))
        return SENDER_IDLE_MS;
    return lane_rate_wait_ms(lane, next->gateway, now);
}

static struct parcel *lane_take_ready(struct lane *lane, mono_ms now)
{
    struct parcel *first = NULL, **last = &first;
    for (int taken = 0; taken < SENDER_START_MAX && !lane_wait_ms(lane, now, taken); taken++) {
        *last = lane_take(lane);
        lane->credit_ms -= SECOND_MS / (*last)->gateway->per_second;
        last = &(*last)->next;
    }
    return first;
}

/* Starts what may go now; the milliseconds until more may. */
static int64_t lane_start(struct sender *sender, struct lane *lane)
{
    const struct gateway *gateway = NULL;
    mono_ms now = clock_mono(sender->options.clock);
    struct parcel *parcel = lane_take_ready(lane, now);
    rendering_prepare(sender->rendering, parcel, now);
    for (struct parcel *next; parcel; parcel = next) {
        next = parcel->next;
        if (parcel->gateway != gateway && parcel->gateway->kind == GATEWAY_FILE)
            outfile_follow(&lane->file, parcel->gateway->url);
        gateway = parcel->gateway;
        parcel_start(sender, parcel, &lane->file);
    }
    return lane_wait_ms(lane, now, 0);
}

/* -------- answers */

static void parcel_land(struct sender *sender, struct parcel *parcel, CURLcode code)
{
    struct parcel **at = &sender->flying;
    while (*at != parcel)
        at = &(*at)->next;
    *at = parcel->next;
    sender->lanes[parcel->order.channel].in_flight--;
    parcel_answered(parcel, code);
    parcel_finish(sender, parcel);
}

static void take_answers(struct sender *sender)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(sender->multi, &left)) != NULL) {
        struct parcel *parcel = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&parcel);
        parcel_land(sender, parcel, message->data.result);
    }
}

static int curl_flags(uint32_t events)
{
    return (events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? CURL_CSELECT_IN : 0) |
           (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) | (events & EPOLLERR ? CURL_CSELECT_ERR : 0);
}

static void drive(struct sender *sender)
{
    struct epoll_event events[EVENTS_PER_STEP];
    int running, count = epoll_wait(sender->epoll_fd, events, EVENTS_PER_STEP, 0);
    for (int i = 0; i < count; i++)
        curl_multi_socket_action(sender->multi, events[i].data.fd, curl_flags(events[i].events), &running);
    if (sender->timer_set && clock_mono(sender->options.clock).ms >= sender->timer_at.ms) {
        sender->timer_set = false;
        curl_multi_socket_action(sender->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    take_answers(sender);
}

static int64_t shorter(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static int64_t timer_wait_ms(const struct sender *sender)
{
    if (!sender->timer_set)
        return SENDER_IDLE_MS;
    int64_t wait_ms = sender->timer_at.ms - clock_mono(sender->options.clock).ms;
    return wait_ms > 0 ? wait_ms : 0;
}

int64_t sender_step(void *context)
{
    struct sender *sender = context;
    int64_t wait_ms = SENDER_IDLE_MS;
    if (!sender->load)
        return wait_ms;
    drive(sender);
    for (int i = 0; i < notice_channel_count; i++)
        wait_ms = shorter(wait_ms, lane_start(sender, &sender->lanes[i]));
    wait_ms = shorter(wait_ms, hand_on(sender));
    return shorter(wait_ms, timer_wait_ms(sender));
}

/* -------- the rest */

bool sender_drain(void *context)
{
    struct sender *sender = context;
    sender->draining = true;
    for (int i = 0; i < notice_channel_count; i++)
        for (struct parcel *parcel; (parcel = lane_take(&sender->lanes[i])) != NULL;) {
            parcel_fail(parcel, SEND_TEMPORARY, stopping);
            parcel_finish(sender, parcel);
        }
    drive(sender);
    hand_on(sender);
    return !sender->flying;
}

int sender_fd(void *context)
{
    return ((struct sender *)context)->epoll_fd;
}

size_t sender_load(const struct sender *sender)
{
    return sender->load;
}

static void report_results(struct sender *sender, int channel, int result)
{
    char label[64];
    uint64_t new = sender->results[channel][result] - sender->results_told[channel][result];
    if (!new)
        return;
    snprintf(label, sizeof label, "%s %s", words_name(&notice_channel_words, channel), words_name(&send_result_words, result));
    metrics_add(sender->options.metrics, &sender_metrics[RESULTS], label, (double)new);
    sender->results_told[channel][result] += new;
}

void sender_report(void *context)
{
    struct sender *sender = context;
    for (int channel = 0; channel < notice_channel_count; channel++)
        for (int result = 0; result < send_result_count; result++)
            report_results(sender, channel, result);
    metrics_set(sender->options.metrics, &sender_metrics[IN_HAND], NULL, (double)sender->load);
}

void sender_gateways(struct sender *sender, const struct gateway_list *gateways)
{
    sender->options.gateways = gateways;
}
