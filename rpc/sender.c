/* rpc/sender.c -- many transactions in flight to several nodes. */
#include "rpc/sender.h"

#include "genesis/json.h"
#include "rpc/client_internal.h"
#include "rpc/request.h"
#include "rpc/submit_rule.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    WAIT_MS = 5000,   /* of one call */
    MARGIN_MS = 5000, /* a call's time on top of its wait */
    PAUSE_MS_MIN = 50,
    PAUSE_MS_MAX = 2000,
    AVOID_MS = 500, /* a node that has just failed gets no new ones for so long */
    TICK_MS = 100,
    EVENTS_MAX = 256,
    CALL_ID = 1,
};

enum flight_state {
    FLIGHT_FREE,
    FLIGHT_ASKING, /* a request is under way */
    FLIGHT_PAUSED, /* until due_ms */
};

/* One transaction under way. */
struct flight {
    enum flight_state state;
    bool waits; /* the request is tx_wait, not tx_submit */
    struct send_item item;
    struct submit_course course;
    struct rpc_client *client; /* while asking */
    char *body;                /* of the request under way */
    size_t node;
    uint32_t attempts, pause_ms;
    uint64_t started_us, due_ms;
    json_t *status;
    struct rpc_failure failure;
};

/* A node, and its connections that nobody uses at the moment. */
struct target {
    const char *url;
    struct rpc_client **idle;
    size_t idle_count;
    uint64_t avoid_until_ms;
};

struct sender {
    const struct sender_options *options;
    struct target targets[SUBMIT_NODES_MAX];
    struct flight *flights;
    uint32_t busy;   /* not free */
    uint32_t paused; /* of them */
    size_t turn;     /* node of the next new one */
    bool ended;      /* there are no more */
    CURLM *multi;
    int epoll;
    uint64_t timer_ms; /* libcurl's; UINT64_MAX: none */
    uint64_t tick_ms;
    enum status status;
};

static void sender_fail(struct sender *s, enum status status)
{
    if (s->status == STATUS_OK) s->status = status;
}

/* ---- libcurl's sockets and timer ---- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
    struct sender *s = user;
    struct epoll_event event = { .data.fd = fd };
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, NULL);
        curl_multi_assign(s->multi, fd, NULL);
        return 0;
    }
    if (what & CURL_POLL_IN) event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
    if (epoll_ctl(s->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0)
        sender_fail(s, STATUS_IO);
    curl_multi_assign(s->multi, fd, s);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct sender *s = user;
    (void)multi;
    s->timer_ms = timeout_ms < 0 ? UINT64_MAX : rpc_monotonic_ms() + (uint64_t)timeout_ms;
    return 0;
}

/* ---- connections ---- */

static struct rpc_client *client_take(struct sender *s, size_t node)
{
    struct target *target = &s->targets[node];
    if (target->idle_count > 0) return target->idle[--target->idle_count];
    struct rpc_client *client;
    if (rpc_client_open(&client, target->url, WAIT_MS + MARGIN_MS, NULL) != STATUS_OK) return NULL;
    return client;
}

/* There are never more of a node than flights, and so many fit. */
static void client_give(struct sender *s, size_t node, struct rpc_client *client)
{
    struct target *target = &s->targets[node];
    ASSERT(target->idle != NULL);
    ASSERT(target->idle_count < s->options->in_flight);
    target->idle[target->idle_count++] = client;
}

/* ---- requests ---- */

static char *submit_body(const struct sender *s, const struct flight *f)
{
    static const char *const words[] = { "admitted", "committed", "sealed" };
    size_t hex_size = 2 * f->item.bytes.size;
    size_t size = hex_size + 192;
    char *body = malloc(size);
    if (!body) return NULL;
    int at = snprintf(
        body, size, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tx_submit\",\"params\":{\"tx\":\"",
        CALL_ID);
    hex_encode(f->item.bytes, body + at);
    enum submit_until until = s->options->until;
    snprintf(body + at + hex_size, size - (size_t)at - hex_size,
             "\",\"wait\":\"%s\",\"timeout_ms\":%d}}", words[until],
             until == SUBMIT_UNTIL_ADMITTED ? 0 : WAIT_MS);
    return body;
}

static char *wait_body(const struct sender *s, const struct flight *f)
{
    char txid[65], not_after[TIME_TEXT];
    enum { BODY_SIZE = 320 };
    char *body = malloc(BODY_SIZE);
    if (!body) return NULL;
    hex_encode(digest_span(&f->item.txid), txid);
    time_encode(f->item.not_after_ms, not_after);
    snprintf(body, BODY_SIZE,
             "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tx_wait\",\"params\":{\"tx_id\":\"%s\","
             "\"until\":\"%s\",\"not_after\":\"%s\",\"timeout_ms\":%d}}",
             CALL_ID, txid, s->options->until == SUBMIT_UNTIL_SEALED ? "sealed" : "committed",
             not_after, WAIT_MS);
    return body;
}

static void flight_ask(struct sender *s, struct flight *f, bool waits)
{
    f->waits = waits;
    f->attempts++;
    f->state = FLIGHT_ASKING;
    f->client = client_take(s, f->node);
    f->body = waits ? wait_body(s, f) : submit_body(s, f);
    if (!f->client || !f->body) {
        sender_fail(s, STATUS_NO_MEMORY);
        return;
    }
    CURLcode code = client_prepare_post(f->client, f->body);
    if (code == CURLE_OK) code = curl_easy_setopt(f->client->curl, CURLOPT_PRIVATE, (char *)f);
    if (code != CURLE_OK || curl_multi_add_handle(s->multi, f->client->curl) != CURLM_OK)
        sender_fail(s, STATUS_NO_MEMORY);
}

/* ---- the course of a flight ---- */

/* The next node after this one that has not just failed; if all have, the next one. */
static size_t node_after(const struct sender *s, size_t node)
{
    size_t count = s->options->url_count;
    ASSERT(count > 0);
    uint64_t now_ms = rpc_monotonic_ms();
    for (size_t i = 1; i <= count; i++)
        if (s->targets[(node + i) % count].avoid_until_ms <= now_ms) return (node + i) % count;
    return (node + 1) % count;
}

static void flight_end(struct sender *s, struct flight *f, enum submit_end end)
{
    struct send_result result = { .end = end,
                                  .status = f->status,
                                  .failure = &f->failure,
                                  .attempts = f->attempts,
                                  .latency_us = rpc_monotonic_us() - f->started_us,
                                  .node = f->node };
    s->options->done(s->options->context, &f->item, &result);
    json_decref(f->status);
    rpc_failure_clear(&f->failure);
    *f = (struct flight){ .state = FLIGHT_FREE };
    s->busy--;
}

static void flight_pause(struct sender *s, struct flight *f)
{
    uint32_t draw;
    random_bytes(&draw, sizeof draw);
    uint64_t now_ms = rpc_monotonic_ms();
    uint64_t patience_ms = s->options->patience_ms;
    if (patience_ms && now_ms >= f->started_us / 1000 + patience_ms) {
        flight_end(s, f, SUBMIT_END_OPEN);
        return;
    }
    /* Jitter between half and all of it, so that they do not all come back together. */
    f->due_ms = now_ms + f->pause_ms / 2 + draw % (f->pause_ms / 2 + 1);
    f->pause_ms = (uint32_t)min_u64(2ull * f->pause_ms, PAUSE_MS_MAX);
    f->node = node_after(s, f->node);
    f->state = FLIGHT_PAUSED;
    s->paused++;
}

/* The node's own trouble, not that of the transaction. */
static bool node_is_out(const struct rpc_failure *failure)
{
    return failure->what == FAILURE_CONNECT || failure->what == FAILURE_LOST ||
           failure->what == FAILURE_TIMEOUT ||
           (failure->what == FAILURE_ERROR &&
            rpc_error_by_code(failure->code) == RPC_ERROR_unavailable);
}

static void flight_answered(struct sender *s, struct flight *f, json_t *status)
{
    enum submit_end end = SUBMIT_END_OPEN;
    enum submit_verdict verdict;
    if (status) {
        json_decref(f->status);
        f->status = status;
        verdict = submit_judge_status(&f->course, f->node, status, &end);
        if (f->waits && verdict == VERDICT_WAIT) verdict = VERDICT_AGAIN;
    } else {
        if (node_is_out(&f->failure))
            s->targets[f->node].avoid_until_ms = rpc_monotonic_ms() + AVOID_MS;
        verdict =
            f->waits ? VERDICT_AGAIN : submit_judge_failure(&f->course, f->node, &f->failure, &end);
    }
    switch (verdict) {
    case VERDICT_END: flight_end(s, f, end); return;
    case VERDICT_WAIT: flight_ask(s, f, true); return;
    case VERDICT_AGAIN: flight_pause(s, f); return;
    }
}

/* A transfer has ended, well or badly. */
static void on_done(struct sender *s, CURL *easy, CURLcode code)
{
    char *private = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    struct flight *f = (struct flight *)(void *)private;
    curl_multi_remove_handle(s->multi, easy);
    rpc_failure_clear(&f->failure);
    json_t *status = NULL;
    if (client_conclude(f->client, code, &f->failure))
        status =
            rpc_answer_read(client_answer(f->client), CALL_ID, f->failure.http_status, &f->failure);
    client_give(s, f->node, f->client);
    free(f->body);
    f->client = NULL;
    f->body = NULL;
    flight_answered(s, f, status);
}

/* ---- the loop ---- */

static void flights_begin(struct sender *s)
{
    for (uint32_t i = 0; i < s->options->in_flight; i++) {
        if (s->ended || s->busy == s->options->in_flight || s->status != STATUS_OK) return;
        struct flight *f = &s->flights[i];
        if (f->state != FLIGHT_FREE) continue;
        enum sender_next next = s->options->next(s->options->context, &f->item);
        s->ended = next == SENDER_END;
        if (next != SENDER_ITEM) return;
        s->busy++;
        f->started_us = rpc_monotonic_us();
        f->pause_ms = PAUSE_MS_MIN;
        f->node = s->turn = node_after(s, s->turn);
        submit_course_begin(&f->course, s->options->until, s->options->url_count,
                            s->options->agree);
        flight_ask(s, f, false);
    }
}

static uint64_t flights_due(struct sender *s, uint64_t now_ms)
{
    uint64_t next_ms = UINT64_MAX;
    for (uint32_t i = 0; i < s->options->in_flight && s->paused > 0; i++) {
        struct flight *f = &s->flights[i];
        if (f->state != FLIGHT_PAUSED) continue;
        if (f->due_ms > now_ms) {
            next_ms = min_u64(next_ms, f->due_ms);
            continue;
        }
        s->paused--;
        flight_ask(s, f, false);
    }
    return next_ms;
}

static void flights_stop(struct sender *s)
{
    s->ended = true;
    for (uint32_t i = 0; i < s->options->in_flight; i++) {
        struct flight *f = &s->flights[i];
        if (f->state == FLIGHT_FREE) continue;
        if (f->state == FLIGHT_PAUSED) s->paused--;
        if (f->client) {
            curl_multi_remove_handle(s->multi, f->client->curl);
            rpc_client_close(f->client);
        }
        free(f->body);
        flight_end(s, f, SUBMIT_END_OPEN);
    }
}

static void take_finished(struct sender *s)
{
    int left;
    CURLMsg *message;
    while (s->status == STATUS_OK && (message = curl_multi_info_read(s->multi, &left)))
        if (message->msg == CURLMSG_DONE) on_done(s, message->easy_handle, message->data.result);
}

static void wait_for_events(struct sender *s, uint64_t until_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int running;
    uint64_t now_ms = rpc_monotonic_ms();
    uint64_t left_ms = until_ms > now_ms ? until_ms - now_ms : 0;
    int count = epoll_wait(s->epoll, events, EVENTS_MAX, (int)min_u64(left_ms, TICK_MS));
    if (count < 0 && errno != EINTR) sender_fail(s, STATUS_IO);
    for (int i = 0; i < count; i++) {
        int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(s->multi, events[i].data.fd, what, &running);
    }
    if (s->timer_ms <= rpc_monotonic_ms()) {
        s->timer_ms = UINT64_MAX;
        curl_multi_socket_action(s->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

static bool wants_stop(struct sender *s, uint64_t now_ms)
{
    if (!s->options->stop || now_ms < s->tick_ms) return false;
    s->tick_ms = now_ms + TICK_MS;
    return s->options->stop(s->options->context);
}

static void run(struct sender *s)
{
    while (s->status == STATUS_OK) {
        uint64_t now_ms = rpc_monotonic_ms();
        if (wants_stop(s, now_ms)) flights_stop(s);
        flights_begin(s);
        uint64_t until_ms = flights_due(s, now_ms);
        if (s->busy == 0 && s->ended) return;
        wait_for_events(s, min_u64(until_ms, s->timer_ms));
        take_finished(s);
    }
}

/* ---- open and close ---- */

static enum status sender_open(struct sender *s, const struct sender_options *options,
                               struct problem *problem)
{
    s->options = options;
    s->timer_ms = UINT64_MAX;
    s->flights = calloc(options->in_flight, sizeof *s->flights);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->multi = curl_multi_init();
    if (!s->flights || s->epoll < 0 || !s->multi)
        return problem_set(problem, STATUS_NO_MEMORY, "no memory for %u transactions in flight",
                           options->in_flight);
    for (size_t i = 0; i < options->url_count; i++) {
        struct target *target = &s->targets[i];
        target->url = options->urls[i];
        target->idle = calloc(options->in_flight, sizeof *target->idle);
        if (!target->idle) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
        /* The first one tells whether the address is one at all. */
        struct rpc_client *client;
        enum status status = rpc_client_open(&client, target->url, WAIT_MS + MARGIN_MS, problem);
        if (status != STATUS_OK) return status;
        client_give(s, i, client);
    }
    bool set =
        curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
        curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s) == CURLM_OK &&
        curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
        curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, s) == CURLM_OK &&
        curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, 2L * options->in_flight) == CURLM_OK;
    return set ? STATUS_OK : problem_set(problem, STATUS_NO_MEMORY, "out of memory");
}

static void sender_close(struct sender *s)
{
    for (size_t i = 0; i < s->options->url_count; i++) {
        struct target *target = &s->targets[i];
        while (target->idle_count > 0)
            rpc_client_close(target->idle[--target->idle_count]);
        free(target->idle);
    }
    if (s->multi) curl_multi_cleanup(s->multi);
    if (s->epoll >= 0) close(s->epoll);
    free(s->flights);
    free(s);
}

enum status sender_run(const struct sender_options *options, struct problem *problem)
{
    ASSERT(options->url_count >= 1);
    ASSERT(options->url_count <= SUBMIT_NODES_MAX);
    ASSERT(options->in_flight >= 1);
    ASSERT(options->in_flight <= SENDER_IN_FLIGHT_MAX);
    struct sender *s = calloc(1, sizeof *s);
    if (!s || rpc_client_start() != STATUS_OK) {
        free(s);
        return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    }
    enum status status = sender_open(s, options, problem);
    if (status == STATUS_OK) {
        run(s);
        status = s->status;
        if (status != STATUS_OK) {
            problem_set(problem, status, "sending: %s", status_text(status));
            flights_stop(s);
        }
    }
    sender_close(s);
    return status;
}
