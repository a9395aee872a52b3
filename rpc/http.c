/* rpc/http.c -- HTTP by libmicrohttpd. */
#include "rpc/http.h"
#include "rpc/health.h"
#include "rpc/http_rules.h"
#include "rpc/openrpc.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { POOL_BYTES = 16 * 1024, POOL_STEP = 1024 };
enum { CONNECTIONS_SPARE = 16 }; /* our own limit must be met before the library's */

struct http {
    const struct http_shared *shared;
    enum meter_transport transport;
    struct MHD_Daemon *daemon;
    int listener;
    atomic_uint suspended;
    atomic_bool draining;
};

enum route { ROUTE_NONE, ROUTE_RPC, ROUTE_OPENRPC, ROUTE_LIVE, ROUTE_READY, ROUTE_METRICS };

/* One request and its response. */
struct exchange {
    struct http *http;
    struct MHD_Connection *connection;
    struct link *link;
    bool begun;       /* the head has been looked at */
    enum route route; /* and names a path that is answered */
    char request_id[HTTP_REQUEST_ID_MAX + 1];
    char trace[TRACE_TEXT];
    const char *cors_origin; /* the library's memory; NULL: no CORS headers */
    char *body;
    size_t body_size, body_capacity;
    struct rpc_request *request; /* after the body came whole */
};

/* ---- responses ------------------------------------------------------------------------------ */

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    MHD_add_response_header(response, name, value); /* Fails only without memory. */
}

static void add_cors(const struct exchange *x, struct MHD_Response *response)
{
    if (!x->cors_origin) return;
    add_header(response, "Access-Control-Allow-Origin", x->cors_origin);
    add_header(response, "Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
    add_header(response, "Vary", "Origin");
}

/* Queues bytes, which are taken over (malloc, or a constant with keep). */
static enum MHD_Result respond(struct exchange *x, unsigned http_status, const char *type,
                               char *bytes, size_t size, enum MHD_ResponseMemoryMode mode,
                               const char *name, const char *value)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(size, bytes, mode);
    if (!response) {
        if (mode == MHD_RESPMEM_MUST_FREE) free(bytes);
        return MHD_NO;
    }
    if (type) add_header(response, "Content-Type", type);
    add_header(response, "Cache-Control", "no-store");
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "X-Request-Id", x->request_id);
    if (name) add_header(response, name, value);
    add_cors(x, response);
    link_enter(x->link, LINK_ANSWER, rpc_monotonic_ms());
    enum MHD_Result result = MHD_queue_response(x->connection, http_status, response);
    MHD_destroy_response(response);
    return result;
}

/* A JSON-RPC error with a null id; name and value are one more header, or NULL. */
static enum MHD_Result refuse(struct exchange *x, unsigned http_status, enum rpc_rejection reason,
                              enum rpc_error error, json_t *data, const char *name,
                              const char *value)
{
    meter_reject(x->http->shared->core->meter, reason);
    size_t size;
    char *line = request_error_line(error, data, x->request_id, &size);
    if (!line) return MHD_NO;
    return respond(x, http_status, "application/json", line, size, MHD_RESPMEM_MUST_FREE, name,
                   value);
}

static enum MHD_Result refuse_request(struct exchange *x, unsigned http_status,
                                      enum rpc_rejection reason, const char *detail)
{
    return refuse(x, http_status, reason, RPC_ERROR_invalid_request,
                  json_pack("{s:s}", "detail", detail), NULL, NULL);
}

static enum MHD_Result refuse_busy(struct exchange *x)
{
    const struct rpc_core *core = x->http->shared->core;
    if (atomic_load(&x->http->draining))
        return refuse(x, MHD_HTTP_SERVICE_UNAVAILABLE, RPC_REJECTION_queue, RPC_ERROR_unavailable,
                      json_pack("{s:s}", "reason", "draining"), "Retry-After", "1");
    json_t *data = json_pack("{s:s, s:I, s:i}", "limit", "rpc_queue", "max",
                             (json_int_t)core->limits.queue_max, "retry_after_ms", 1000);
    return refuse(x, MHD_HTTP_SERVICE_UNAVAILABLE, RPC_REJECTION_queue, RPC_ERROR_limit_exceeded,
                  data, "Retry-After", "1");
}

static enum MHD_Result respond_text(struct exchange *x, unsigned http_status, const char *type,
                                    struct span text)
{
    char *copy = malloc(text.size + 1);
    if (!copy) return MHD_NO;
    memcpy(copy, text.data, text.size);
    return respond(x, http_status, type, copy, text.size, MHD_RESPMEM_MUST_FREE,
                   http_status == MHD_HTTP_SERVICE_UNAVAILABLE ? "Retry-After" : NULL, "1");
}

/* ---- the head ------------------------------------------------------------------------------- */

struct head {
    const char *host, *origin, *content_type, *length, *encoding, *request_id, *trace;
    unsigned hosts, origins, content_types, lengths, encodings;
};

static void count_header(const char **slot, unsigned *count, const char *value)
{
    *slot = value;
    ++*count;
}

static enum MHD_Result read_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct head *head = context;
    (void)kind;
    if (strcasecmp(name, "Host") == 0)
        count_header(&head->host, &head->hosts, value);
    else if (strcasecmp(name, "Origin") == 0)
        count_header(&head->origin, &head->origins, value);
    else if (strcasecmp(name, "Content-Type") == 0)
        count_header(&head->content_type, &head->content_types, value);
    else if (strcasecmp(name, "Content-Length") == 0)
        count_header(&head->length, &head->lengths, value);
    else if (strcasecmp(name, "Transfer-Encoding") == 0)
        count_header(&head->encoding, &head->encodings, value);
    else if (strcasecmp(name, "X-Request-Id") == 0)
        head->request_id = value;
    else if (strcasecmp(name, "traceparent") == 0)
        head->trace = value;
    return MHD_YES;
}

static const char *head_wrong(const struct head *head, const char *version)
{
    if (strcmp(version, MHD_HTTP_VERSION_1_1) != 0) return "only HTTP/1.1";
    if (head->hosts != 1) return "exactly one Host";
    if (head->lengths > 1) return "two Content-Length";
    if (head->lengths && head->encodings) return "Content-Length and Transfer-Encoding";
    if (head->origins > 1 || head->content_types > 1) return "a header repeated";
    return NULL;
}

static bool host_is_listed(const struct http_shared *shared, const char *host)
{
    const char *const *allowed;
    size_t count = names_read(shared->hosts, &allowed);
    bool listed = host_allowed(host, allowed, count);
    names_done(shared->hosts);
    return listed;
}

static enum origin origin_of(const struct http_shared *shared, const struct head *head)
{
    const char *const *allowed;
    size_t count = names_read(shared->origins, &allowed);
    enum origin origin = origin_judge(head->origin, head->host, allowed, count);
    names_done(shared->origins);
    return origin;
}

/* true: refused, and *result is what queueing the response said. */
static bool refuse_head(struct exchange *x, const struct head *head, const char *version,
                        enum MHD_Result *result)
{
    const struct http_shared *shared = x->http->shared;
    const char *wrong = head_wrong(head, version);
    if (wrong) {
        *result = refuse_request(x, MHD_HTTP_BAD_REQUEST, RPC_REJECTION_header, wrong);
        return true;
    }
    if (!host_is_listed(shared, head->host)) {
        *result =
            refuse(x, MHD_HTTP_FORBIDDEN, RPC_REJECTION_host, RPC_ERROR_forbidden,
                   json_pack("{s:s}", "hint", "this Host is not in rpc.allowed_hosts"), NULL, NULL);
        return true;
    }
    enum origin origin = origin_of(shared, head);
    if (origin == ORIGIN_REFUSED) {
        *result = refuse(x, MHD_HTTP_FORBIDDEN, RPC_REJECTION_origin, RPC_ERROR_forbidden,
                         json_pack("{s:s}", "hint", "this Origin is not in rpc.allowed_origins"),
                         NULL, NULL);
        return true;
    }
    if (origin == ORIGIN_LISTED) x->cors_origin = head->origin;
    return false;
}

/* ---- GET ------------------------------------------------------------------------------------ */

struct query {
    struct health_query health;
    bool wrong;
};

static enum MHD_Result read_query(void *context, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct query *query = context;
    (void)kind;
    if (!health_query_add(&query->health, name, value)) query->wrong = true;
    return MHD_YES;
}

static enum MHD_Result get_health(struct exchange *x, bool live)
{
    const struct rpc_backend *backend = x->http->shared->core->backend;
    struct query query;
    memset(&query, 0, sizeof query);
    MHD_get_connection_values(x->connection, MHD_GET_ARGUMENT_KIND, read_query, &query);
    if (query.wrong)
        return refuse_request(x, MHD_HTTP_BAD_REQUEST, RPC_REJECTION_header,
                              "the query has verbose, exclude=CHECK and behind_max=N only");
    struct node_view *view = malloc(sizeof *view);
    if (!view) return MHD_NO;
    backend->view(backend->context, view);
    struct buffer text;
    buffer_init(&text, HEALTH_TEXT_MAX);
    bool good = live ? health_live(view) : health_ready(view, &query.health, &text);
    if (live) buffer_append(&text, span_text(good ? "live\n" : "the loop does not turn\n"));
    free(view);
    enum MHD_Result result = respond_text(x, good ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                                          "text/plain; charset=utf-8", buffer_span(&text));
    buffer_free(&text);
    return result;
}

static enum MHD_Result get_metrics(struct exchange *x)
{
    const struct rpc_core *core = x->http->shared->core;
    const struct rpc_backend *backend = core->backend;
    meter_levels(core->meter, queue_size(x->http->shared->queue), waiters_count(core->waiters));
    char *text = backend->metrics(backend->context);
    if (!text) return MHD_NO;
    return respond(x, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text, strlen(text),
                   MHD_RESPMEM_MUST_FREE, NULL, NULL);
}

static enum MHD_Result get_openrpc(struct exchange *x)
{
    struct span text = openrpc_text();
    return respond(x, MHD_HTTP_OK, "application/json", (char *)(uintptr_t)text.data, text.size,
                   MHD_RESPMEM_PERSISTENT, NULL, NULL);
}

/* ---- POST ----------------------------------------------------------------------------------- */

static enum MHD_Result begin_post(struct exchange *x, const struct head *head)
{
    uint32_t body_max = x->http->shared->core->limits.body_max;
    if (head->lengths == 0)
        return refuse_request(x, MHD_HTTP_LENGTH_REQUIRED, RPC_REJECTION_body,
                              "a body needs Content-Length; chunked bodies are refused");
    uint64_t size = strtoull(head->length, NULL, 10); /* The library has checked its digits. */
    if (size > body_max)
        return refuse(x, MHD_HTTP_CONTENT_TOO_LARGE, RPC_REJECTION_body, RPC_ERROR_limit_exceeded,
                      json_pack("{s:s, s:I, s:I}", "limit", "body_max", "max", (json_int_t)body_max,
                                "got", (json_int_t)min_u64(size, INT64_MAX)),
                      NULL, NULL);
    if (!content_type_is_json(head->content_type))
        return refuse_request(x, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, RPC_REJECTION_content_type,
                              "Content-Type must be application/json");
    x->body = malloc((size_t)size + 1);
    if (!x->body) return MHD_NO;
    x->body_capacity = (size_t)size;
    return MHD_YES; /* and now the body */
}

static enum MHD_Result take_body(struct exchange *x, const char *bytes, size_t *size)
{
    if (*size > x->body_capacity - x->body_size) return MHD_NO;
    memcpy(x->body + x->body_size, bytes, *size);
    x->body_size += *size;
    *size = 0;
    return MHD_YES;
}

static void suspend(struct exchange *x)
{
    link_enter(x->link, LINK_WORK, rpc_monotonic_ms());
    atomic_fetch_add(&x->http->suspended, 1);
    MHD_suspend_connection(x->connection);
}

static enum MHD_Result start_request(struct exchange *x)
{
    struct http *http = x->http;
    const struct http_shared *shared = http->shared;
    meter_request(shared->core->meter);
    if (atomic_load(&http->draining) || !queue_reserve(shared->queue)) return refuse_busy(x);

    struct request_options options = { .granted = http->transport == TRANSPORT_LOCAL
                                                      ? ACCESS_ADMIN
                                                      : ACCESS_SUBMIT,
                                       .transport = http->transport,
                                       .owner = x };
    memcpy(options.request_id, x->request_id, sizeof options.request_id);
    memcpy(options.trace, x->trace, sizeof options.trace);
    link_peer(x->link, &options.uid, &options.pid);
    x->request = request_new(shared->core, &options, x->body, x->body_size);
    x->body = NULL;
    if (!x->request) {
        queue_release(shared->queue);
        return MHD_NO;
    }
    suspend(x);
    queue_push(shared->queue, x->request, true);
    return MHD_YES;
}

void http_finish(struct rpc_request *request)
{
    struct exchange *x = request_owner(request);
    struct http *http = x->http; /* Once resumed, the exchange may be gone. */
    MHD_resume_connection(x->connection);
    atomic_fetch_sub(&http->suspended, 1);
}

static enum MHD_Result finish_request(struct exchange *x)
{
    size_t size;
    char *bytes = request_take_answer(x->request, &size);
    if (size == 0) {
        free(bytes);
        return respond(x, MHD_HTTP_NO_CONTENT, NULL, NULL, 0, MHD_RESPMEM_PERSISTENT, NULL, NULL);
    }
    return respond(x, MHD_HTTP_OK, "application/json", bytes, size, MHD_RESPMEM_MUST_FREE, NULL,
                   NULL);
}

/* ---- paths ---------------------------------------------------------------------------------- */

static enum route route_of(const char *path)
{
    static const struct {
        const char *path;
        enum route route;
    } routes[] = {
        { "/", ROUTE_RPC },         { "/rpc", ROUTE_RPC },
        { "/livez", ROUTE_LIVE },   { "/openrpc.json", ROUTE_OPENRPC },
        { "/readyz", ROUTE_READY }, { "/metrics", ROUTE_METRICS },
    };
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].path, path) == 0) return routes[i].route;
    return ROUTE_NONE;
}

static enum MHD_Result refuse_verb(struct exchange *x, const char *allowed)
{
    return refuse(x, MHD_HTTP_METHOD_NOT_ALLOWED, RPC_REJECTION_method, RPC_ERROR_invalid_request,
                  json_pack("{s:s}", "detail", "this path does not know that verb"), "Allow",
                  allowed);
}

/* What a browser asks before it lets a page of a listed origin send JSON. */
static enum MHD_Result answer_preflight(struct exchange *x)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (!response) return MHD_NO;
    add_cors(x, response);
    add_header(response, "Access-Control-Allow-Methods", "POST, GET");
    add_header(response, "Access-Control-Allow-Headers", "Content-Type, X-Request-Id, traceparent");
    add_header(response, "Access-Control-Max-Age", "600");
    add_header(response, "X-Request-Id", x->request_id);
    link_enter(x->link, LINK_ANSWER, rpc_monotonic_ms());
    enum MHD_Result result = MHD_queue_response(x->connection, MHD_HTTP_NO_CONTENT, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_get(struct exchange *x)
{
    switch (x->route) {
    case ROUTE_OPENRPC: return get_openrpc(x);
    case ROUTE_LIVE: return get_health(x, true);
    case ROUTE_READY: return get_health(x, false);
    case ROUTE_METRICS: return get_metrics(x);
    case ROUTE_NONE:
    case ROUTE_RPC: break;
    }
    return MHD_NO;
}

static enum MHD_Result begin(struct exchange *x, const char *path, const char *verb,
                             const char *version)
{
    struct head head;
    memset(&head, 0, sizeof head);
    MHD_get_connection_values(x->connection, MHD_HEADER_KIND, read_header, &head);
    request_id_choose(head.request_id, x->request_id);
    trace_choose(head.trace, x->trace);
    x->begun = true;
    link_enter(x->link, LINK_BODY, rpc_monotonic_ms());

    enum MHD_Result result;
    if (refuse_head(x, &head, version, &result)) return result;
    x->route = route_of(path);
    bool post = strcmp(verb, MHD_HTTP_METHOD_POST) == 0;
    bool get = strcmp(verb, MHD_HTTP_METHOD_GET) == 0 || strcmp(verb, MHD_HTTP_METHOD_HEAD) == 0;
    if (x->route == ROUTE_NONE)
        return refuse_request(x, MHD_HTTP_NOT_FOUND, RPC_REJECTION_path, "no such path");
    if (x->cors_origin && strcmp(verb, MHD_HTTP_METHOD_OPTIONS) == 0) return answer_preflight(x);
    if (x->route == ROUTE_RPC) return post ? begin_post(x, &head) : refuse_verb(x, "POST");
    /* Answered when it has come whole: the library closes a connection after an early answer. */
    return get ? MHD_YES : refuse_verb(x, "GET, HEAD");
}

/* ---- the library's callbacks ---------------------------------------------------------------- */

static struct exchange *exchange_new(struct http *http, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (!info || !info->socket_context) return NULL;
    struct exchange *x = calloc(1, sizeof *x);
    if (!x) return NULL;
    x->http = http;
    x->connection = connection;
    x->link = info->socket_context;
    return x;
}

/* The request line has come: from here on the head has its deadline. */
static void *on_request_line(void *context, const char *uri, struct MHD_Connection *connection)
{
    (void)uri;
    struct exchange *x = exchange_new(context, connection);
    if (x) link_enter(x->link, LINK_HEAD, rpc_monotonic_ms());
    return x;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *verb, const char *version,
                                  const char *upload, size_t *upload_size, void **state)
{
    (void)context;
    (void)connection;
    struct exchange *x = *state;
    if (!x) return MHD_NO;
    if (!x->begun) return begin(x, path, verb, version);
    if (x->request) return finish_request(x);
    if (*upload_size > 0) return take_body(x, upload, upload_size);
    return x->route == ROUTE_RPC ? start_request(x) : answer_get(x);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    struct exchange *x = *state;
    if (!x) return;
    link_enter(x->link, LINK_IDLE, rpc_monotonic_ms());
    request_free(x->request);
    free(x->body);
    free(x);
    *state = NULL;
}

static enum MHD_Result on_accept(void *context, const struct sockaddr *address, socklen_t size)
{
    struct http *http = context;
    (void)address;
    (void)size;
    if (http->transport == TRANSPORT_LOCAL || links_room(http->shared->links)) return MHD_YES;
    meter_reject(http->shared->core->meter, RPC_REJECTION_connections);
    return MHD_NO;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **link,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *http = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*link) link_close(*link);
        *link = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *link = link_open(http->shared->links, info->connect_fd, http->transport);
    if (*link) http->shared->connected(http->shared->context);
}

/* The library's own words about malformed requests are of no use to an operator. */
static void on_log(void *context, const char *format, va_list arguments)
{
    (void)context;
    (void)format;
    (void)arguments;
}

/* ---- life ----------------------------------------------------------------------------------- */

enum status http_open(struct http **out, int listener, enum meter_transport transport,
                      const struct http_shared *shared, struct problem *problem)
{
    struct http *http = calloc(1, sizeof *http);
    if (!http) {
        close(listener);
        return problem_set(problem, STATUS_NO_MEMORY, "no memory for a listener");
    }
    http->shared = shared;
    http->transport = transport;
    http->listener = listener;
    const unsigned flags = MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD |
                           MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    http->daemon = MHD_start_daemon(
        flags, 0, on_accept, http, on_request, http, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        shared->core->limits.connections_max + CONNECTIONS_SPARE,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES,
        MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)POOL_STEP, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, on_request_line, http, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, http, MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_END);
    if (!http->daemon) {
        int error = errno;
        close(listener);
        free(http);
        return problem_set(problem, STATUS_IO, "the HTTP server does not start: %s",
                           strerror(error));
    }
    *out = http;
    return STATUS_OK;
}

void http_drain(struct http *http)
{
    if (atomic_exchange(&http->draining, true)) return;
    MHD_quiesce_daemon(http->daemon); /* gives the listening socket back */
    /* Refuses from now on. Closed only when the library's thread has ended, which may be about to
     * use the descriptor. */
    shutdown(http->listener, SHUT_RDWR);
}

uint32_t http_suspended(const struct http *http)
{
    return atomic_load(&http->suspended);
}

void http_close(struct http *http)
{
    if (!http) return;
    http_drain(http);
    ASSERT(http_suspended(http) == 0);
    MHD_stop_daemon(http->daemon);
    close(http->listener);
    free(http);
}
