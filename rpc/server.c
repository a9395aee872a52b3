/* rpc/server.c -- the RPC of a node: listeners, threads, and what wakes the waiters. */
#include "rpc/server.h"
#include "ledger/reader.h"
#include "rpc/http.h"
#include "rpc/listen.h"
#include "rpc/queue.h"
#include "rpc/request.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    READERS_MAX = 64,
    LISTENERS_MAX = RPC_LISTEN_MAX + 1, /* and the local socket */
    STACK_BYTES = 8 * 1024 * 1024,      /* jansson recurses */
    SWEEP_MS = 100,                     /* while a connection is open */
    SWEEP_IDLE_MS = 5000,               /* while none is */
    GRACE_MS = 500,                     /* for the last answers to leave */
    SUBMITS_PER_CONNECTION = 2, /* submissions under way: those given up are still counted */
};

struct reader_thread {
    struct rpc_server *server;
    pthread_t thread;
    bool started;
    struct rpc_reader reader;
};

struct rpc_server {
    struct rpc_core core;
    struct http_shared shared;
    struct queue *queue;
    struct links *links;
    char *socket_path; /* NULL: no local socket */
    bool socket_made;  /* the file is ours to remove */
    struct names *hosts, *origins, *disabled;
    struct http *listeners[LISTENERS_MAX];
    size_t listener_count;
    uint16_t ports[RPC_LISTEN_MAX];
    size_t port_count;

    struct reader_thread readers[READERS_MAX];
    pthread_t timer;
    bool timer_started;
    pthread_mutex_t timer_lock;
    pthread_cond_t timer_kick;
    bool kicked, stopping;
};

void rpc_limits_default(struct rpc_limits *limits)
{
    *limits = (struct rpc_limits){
        .body_max = 1024 * 1024,
        .response_max = 16 * 1024 * 1024,
        .batch_items_max = 100,
        .connections_max = 512,
        .readers = 4,
        .queue_max = 256,
        .read_ms_max = 2000,
        .wait_ms_max = RPC_WAIT_MS_MAX,
        .waiters_max = 1000,
        .head_ms_max = 5000,
        .request_ms_max = 15000,
        .answer_ms_max = 30000,
        .idle_ms_max = 60000,
    };
}

/* ---- threads -------------------------------------------------------------------------------- */

static void *reader_main(void *context)
{
    struct reader_thread *self = context;
    struct queue *queue = self->server->queue;
    for (;;) {
        struct rpc_request *request = queue_pop(queue);
        if (!request) return NULL;
        if (request_run(request, &self->reader) == REQUEST_DONE) http_finish(request);
    }
}

static void wake(void *context, struct rpc_request *request)
{
    struct rpc_server *server = context;
    if (request_wake(request)) queue_push(server->queue, request, false);
}

static void kick_timer(void *context)
{
    struct rpc_server *server = context;
    pthread_mutex_lock(&server->timer_lock);
    server->kicked = true;
    pthread_cond_signal(&server->timer_kick);
    pthread_mutex_unlock(&server->timer_lock);
}

/* true: go on; false: the server stops. */
static bool timer_sleep(struct rpc_server *server, uint64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t nanoseconds = (uint64_t)until.tv_nsec + ms % 1000 * 1000000;
    until.tv_sec += (time_t)(ms / 1000 + nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    pthread_mutex_lock(&server->timer_lock);
    int waited = 0;
    while (!server->kicked && !server->stopping && waited == 0)
        waited = pthread_cond_timedwait(&server->timer_kick, &server->timer_lock, &until);
    server->kicked = false;
    bool goes_on = !server->stopping;
    pthread_mutex_unlock(&server->timer_lock);
    return goes_on;
}

/* Deadlines of connections and waits, and the wish for a tick. While no connection is open there is
 * nothing to do: every wait has a connection. */
static void *timer_main(void *context)
{
    struct rpc_server *server = context;
    const struct rpc_backend *backend = server->core.backend;
    uint64_t pause_ms = 0;
    while (timer_sleep(server, pause_ms)) {
        uint64_t now_ms = rpc_monotonic_ms();
        uint32_t open = links_sweep(server->links, now_ms);
        uint64_t next_ms = waiters_sweep(server->core.waiters, now_ms);
        uint64_t not_after_ms = waiters_not_after(server->core.waiters);
        if (not_after_ms && backend->now_ms(backend->context) > not_after_ms)
            backend->tick_wish(backend->context, not_after_ms);
        pause_ms = open > 0 ? SWEEP_MS : SWEEP_IDLE_MS;
        if (next_ms != UINT64_MAX && next_ms > now_ms)
            pause_ms = min_u64(pause_ms, next_ms - now_ms);
    }
    return NULL;
}

static enum status start_thread(pthread_t *thread, const char *name, void *(*run)(void *),
                                void *context, struct problem *problem)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return problem_set(problem, STATUS_NO_MEMORY, "no memory for a thread");
    int error = pthread_attr_setstacksize(&attributes, STACK_BYTES);
    if (error == 0) error = pthread_create(thread, &attributes, run, context);
    pthread_attr_destroy(&attributes);
    if (error == 0) {
        pthread_setname_np(*thread, name); /* For `top -H` and profiles. */
        return STATUS_OK;
    }
    return problem_set(problem, STATUS_FULL, "an RPC thread does not start: %s", strerror(error));
}

/* ---- start ---------------------------------------------------------------------------------- */

static enum status check_limits(const struct rpc_limits *limits, struct problem *problem)
{
    if (limits->readers < 1 || limits->readers > READERS_MAX)
        return problem_set(problem, STATUS_INVALID, "rpc.readers: %u, from 1 to %d",
                           limits->readers, READERS_MAX);
    if (limits->queue_max < 1 || limits->connections_max < 1 || limits->batch_items_max < 1)
        return problem_set(problem, STATUS_INVALID,
                           "rpc: queue_max, connections_max and batch_items_max are at least 1");
    if (limits->body_max < 1024 || limits->response_max < 2 * (uint64_t)limits->body_max)
        return problem_set(problem, STATUS_INVALID,
                           "rpc: body_max is at least 1KiB, response_max at least twice body_max");
    if (limits->wait_ms_max > RPC_WAIT_MS_MAX)
        return problem_set(problem, STATUS_INVALID, "rpc.wait_time_max: at most %d ms",
                           RPC_WAIT_MS_MAX);
    return STATUS_OK;
}

static enum status set_names(struct rpc_server *s, const struct rpc_options *options)
{
    enum status status = names_set(s->hosts, options->allowed_hosts, options->allowed_hosts_count);
    if (status == STATUS_OK)
        status = names_set(s->origins, options->allowed_origins, options->allowed_origins_count);
    if (status == STATUS_OK)
        status = names_set(s->disabled, options->disabled_methods, options->disabled_methods_count);
    return status;
}

static bool make_parts(struct rpc_server *s, const struct rpc_options *options)
{
    const struct rpc_limits *limits = &s->core.limits;
    uint32_t submits = limits->connections_max * SUBMITS_PER_CONNECTION;
    /* One request for each connection: TCP, and as many on the local socket; spare included. */
    uint32_t capacity = 2 * limits->connections_max + 64;
    s->core.meter = meter_new(s->core.backend);
    s->core.waiters = waiters_new(limits->waiters_max, submits, wake, s);
    s->queue = queue_new(limits->queue_max, capacity);
    s->links = s->core.meter ? links_new(&s->core.limits, s->core.meter) : NULL;
    s->hosts = names_new();
    s->origins = names_new();
    s->disabled = names_new();
    bool names = s->hosts && s->origins && s->disabled && set_names(s, options) == STATUS_OK;
    if (options->socket) s->socket_path = strdup(options->socket);
    return s->core.meter && s->core.waiters && s->queue && s->links && names &&
           (s->socket_path || !options->socket);
}

static void fill_shared(struct rpc_server *s)
{
    s->core.disabled = s->disabled;
    s->shared = (struct http_shared){ .core = &s->core,
                                      .queue = s->queue,
                                      .links = s->links,
                                      .hosts = s->hosts,
                                      .origins = s->origins,
                                      .connected = kick_timer,
                                      .context = s };
}

static enum status read_head(struct rpc_server *s, struct problem *problem)
{
    const struct rpc_backend *backend = s->core.backend;
    struct node_view *view = calloc(1, sizeof *view);
    if (!view) return problem_set(problem, STATUS_NO_MEMORY, "no memory for the RPC");
    backend->view(backend->context, view);
    struct rpc_head head = { .height = view->height,
                             .time_ms = view->block_time_ms,
                             .sealed_height = view->sealed_height,
                             .hash = view->block_hash };
    free(view);
    waiters_head_set(s->core.waiters, &head);
    return STATUS_OK;
}

static enum status start_readers(struct rpc_server *s, const struct rpc_options *options,
                                 struct problem *problem)
{
    const struct ledger_reader_options ledger = { .cache_kib = s->core.limits.reader_cache_kib };
    for (uint32_t i = 0; i < s->core.limits.readers; i++) {
        struct reader_thread *r = &s->readers[i];
        r->server = s;
        enum status status = STATUS_OK;
        if (options->ledger_path)
            status = ledger_reader_open(&r->reader.ledger, options->ledger_path, &ledger, problem);
        if (status != STATUS_OK) return status;
        if (r->reader.ledger) ledger_reader_limit(r->reader.ledger, rpc_reader_expired, &r->reader);
        status = start_thread(&r->thread, "rpc-reader", reader_main, r, problem);
        if (status != STATUS_OK) return status;
        r->started = true;
    }
    enum status status = start_thread(&s->timer, "rpc-timer", timer_main, s, problem);
    if (status == STATUS_OK) s->timer_started = true;
    return status;
}

static enum status start_listeners(struct rpc_server *s, const struct rpc_options *options,
                                   struct problem *problem)
{
    int fd;
    for (size_t i = 0; i < options->listen_count; i++) {
        enum status status = listen_tcp(options->listen[i], &fd, &s->ports[i], problem);
        if (status != STATUS_OK) return status;
        status =
            http_open(&s->listeners[s->listener_count], fd, TRANSPORT_HTTP, &s->shared, problem);
        if (status != STATUS_OK) return status;
        s->listener_count++;
        s->port_count++;
    }
    if (!s->socket_path) return STATUS_OK;
    enum status status = listen_local(s->socket_path, options->socket_mode, &fd, problem);
    if (status != STATUS_OK) return status;
    s->socket_made = true;
    status = http_open(&s->listeners[s->listener_count], fd, TRANSPORT_LOCAL, &s->shared, problem);
    if (status == STATUS_OK) s->listener_count++;
    return status;
}

static enum status start(struct rpc_server *s, const struct rpc_options *options,
                         struct problem *problem)
{
    enum status status = check_limits(&options->limits, problem);
    if (status != STATUS_OK) return status;
    if (!make_parts(s, options))
        return problem_set(problem, STATUS_NO_MEMORY, "no memory for the RPC");
    fill_shared(s);
    if ((status = read_head(s, problem)) != STATUS_OK) return status;
    if ((status = start_readers(s, options, problem)) != STATUS_OK) return status;
    return start_listeners(s, options, problem);
}

static bool init_timer(struct rpc_server *s)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) return false;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    bool made = pthread_mutex_init(&s->timer_lock, NULL) == 0 &&
                pthread_cond_init(&s->timer_kick, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return made;
}

enum status rpc_start(struct rpc_server **server, const struct rpc_options *options,
                      const struct rpc_backend *backend, struct problem *problem)
{
    ASSERT(options->listen_count <= RPC_LISTEN_MAX);
    struct rpc_server *s = calloc(1, sizeof *s);
    if (!s || !init_timer(s)) {
        free(s);
        return problem_set(problem, STATUS_NO_MEMORY, "no memory for the RPC");
    }
    s->core.backend = backend;
    s->core.methods = options->methods;
    s->core.method_count = options->method_count;
    s->core.limits = options->limits;
    enum status status = start(s, options, problem);
    if (status == STATUS_OK)
        *server = s;
    else
        rpc_stop(s);
    return status;
}

enum status rpc_reload(struct rpc_server *s, const struct rpc_options *options,
                       struct problem *problem)
{
    const struct rpc_limits *limits = &options->limits;
    enum status status = check_limits(limits, problem);
    if (status == STATUS_OK) status = set_names(s, options);
    if (status != STATUS_OK) return status;
    struct rpc_limits *now = &s->core.limits;
    now->body_max = limits->body_max;
    now->response_max = limits->response_max;
    now->batch_items_max = limits->batch_items_max;
    now->wait_ms_max = limits->wait_ms_max;
    now->waiters_max = limits->waiters_max;
    waiters_limit(s->core.waiters, limits->waiters_max);
    return STATUS_OK;
}

/* ---- stop ----------------------------------------------------------------------------------- */

static void sleep_ms(long ms)
{
    const struct timespec pause = { .tv_sec = 0, .tv_nsec = ms * 1000000 };
    nanosleep(&pause, NULL);
}

static bool is_quiet(struct rpc_server *s)
{
    /* In this order: what has a place will be suspended before the place is given back. */
    if (queue_fresh(s->queue) > 0) return false;
    uint32_t suspended = 0;
    for (size_t i = 0; i < s->listener_count; i++)
        suspended += http_suspended(s->listeners[i]);
    return suspended == 0;
}

/* All waits are over, so what is suspended ends within the time of one read. */
static void finish_requests(struct rpc_server *s)
{
    for (size_t i = 0; i < s->listener_count; i++)
        http_drain(s->listeners[i]);
    queue_drain(s->queue);
    waiters_stop(s->core.waiters);
    while (!is_quiet(s))
        sleep_ms(1);
    uint64_t until_ms = rpc_monotonic_ms() + GRACE_MS;
    while (links_answering(s->links) > 0 && rpc_monotonic_ms() < until_ms)
        sleep_ms(1);
}

static void stop_threads(struct rpc_server *s)
{
    queue_close(s->queue);
    for (size_t i = 0; i < READERS_MAX; i++) {
        if (s->readers[i].started) pthread_join(s->readers[i].thread, NULL);
        if (s->readers[i].reader.ledger) ledger_reader_close(s->readers[i].reader.ledger);
    }
    pthread_mutex_lock(&s->timer_lock);
    s->stopping = true;
    pthread_cond_signal(&s->timer_kick);
    pthread_mutex_unlock(&s->timer_lock);
    if (s->timer_started) pthread_join(s->timer, NULL);
}

void rpc_stop(struct rpc_server *s)
{
    if (!s) return;
    bool made = s->core.waiters && s->queue && s->links;
    if (made) finish_requests(s);
    for (size_t i = 0; i < s->listener_count; i++)
        http_close(s->listeners[i]);
    if (made) stop_threads(s);
    if (s->socket_made) unlink(s->socket_path);
    links_free(s->links);
    queue_free(s->queue);
    waiters_free(s->core.waiters);
    meter_free(s->core.meter);
    free(s->socket_path);
    names_free(s->hosts);
    names_free(s->origins);
    names_free(s->disabled);
    pthread_cond_destroy(&s->timer_kick);
    pthread_mutex_destroy(&s->timer_lock);
    free(s);
}

/* ---- the rest ------------------------------------------------------------------------------- */

uint16_t rpc_port(const struct rpc_server *server, size_t listener)
{
    ASSERT(listener < server->port_count);
    return server->ports[listener];
}

void rpc_on_block(struct rpc_server *server, uint64_t height, uint64_t time_ms,
                  const struct digest *hash, uint64_t sealed_height,
                  const struct rpc_entry *entries, size_t count)
{
    const struct rpc_head head = {
        .height = height, .time_ms = time_ms, .sealed_height = sealed_height, .hash = *hash
    };
    waiters_on_block(server->core.waiters, &head, entries, count);
}

void rpc_on_sealed(struct rpc_server *server, uint64_t sealed_height)
{
    waiters_on_sealed(server->core.waiters, sealed_height);
}

void rpc_stats(const struct rpc_server *server, struct rpc_stats *stats)
{
    struct meter_totals totals;
    meter_totals(server->core.meter, &totals);
    *stats = (struct rpc_stats){
        .requests = totals.requests,
        .calls = totals.calls,
        .errors = totals.errors,
        .rejected = totals.rejected,
        .connections_tcp = meter_connections(server->core.meter, TRANSPORT_HTTP),
        .connections_local = meter_connections(server->core.meter, TRANSPORT_LOCAL),
        .queue = queue_size(server->queue),
        .waiters = waiters_count(server->core.waiters),
    };
}
