/* tests/unit/rpc/harness.h -- JSON-RPC requests against a fake node, without HTTP and threads.
 *
 * harness_send runs a request until it answers or waits; after a wait the test makes its block,
 * lets the time run out or stops, and harness_resume goes on.
 */
#ifndef TESTS_RPC_HARNESS_H
#define TESTS_RPC_HARNESS_H

#include "rpc/methods.h"
#include "tests/unit/rpc/fake_node.h"

struct harness {
    struct fake_node *node;
    struct rpc_core core;
    struct rpc_reader reader;
    struct rpc_request *request; /* the one that waits, or NULL */
    bool woken;
    enum rpc_access granted;
};

static inline void harness_wake(void *context, struct rpc_request *request)
{
    struct harness *h = context;
    h->woken |= request_wake(request);
}

static inline void harness_open_with(struct harness *h, const struct rpc_method *const *methods,
                                     size_t method_count)
{
    struct problem problem = { .status = STATUS_OK };
    struct genesis *genesis;
    ASSERT(crypto_start(NULL) == STATUS_OK);
    ASSERT(genesis_load(WITAN_SOURCE "/genesis/samples/byzantine-4.json", &genesis, &problem) ==
           STATUS_OK);
    memset(h, 0, sizeof *h);
    h->node = fake_new(genesis);
    h->granted = ACCESS_ADMIN;
    h->core.backend = &h->node->backend;
    h->core.methods = methods;
    h->core.method_count = method_count;
    rpc_limits_default(&h->core.limits);
    h->core.meter = meter_new(&h->node->backend);
    h->core.waiters = waiters_new(4, 8, harness_wake, h);
    const struct node_view *v = &h->node->view;
    const struct rpc_head head = { .height = v->height,
                                   .time_ms = v->block_time_ms,
                                   .sealed_height = v->sealed_height,
                                   .hash = v->block_hash };
    waiters_head_set(h->core.waiters, &head);
    h->node->waiters = h->core.waiters;
}

static inline void harness_open(struct harness *h)
{
    harness_open_with(h, rpc_methods, rpc_method_count);
}

static inline void harness_close(struct harness *h)
{
    request_free(h->request);
    waiters_free(h->core.waiters);
    meter_free(h->core.meter);
    fake_free(h->node);
}

/* The answer's line (the caller frees), or NULL: it waits. */
static inline char *harness_step(struct harness *h)
{
    h->woken = false;
    if (request_run(h->request, &h->reader) == REQUEST_WAITS) return NULL;
    struct span answer = request_answer(h->request);
    char *line = malloc(answer.size + 1);
    ASSERT(line);
    if (answer.size) memcpy(line, answer.data, answer.size);
    line[answer.size] = 0;
    request_free(h->request);
    h->request = NULL;
    return line;
}

static inline char *harness_send(struct harness *h, const char *body)
{
    struct request_options options = { .granted = h->granted, .transport = TRANSPORT_LOCAL };
    snprintf(options.request_id, sizeof options.request_id, "test-1");
    ASSERT(!h->request);
    h->request = request_new(&h->core, &options, strdup(body), strlen(body));
    ASSERT(h->request);
    return harness_step(h);
}

/* Runs on after a wake, which must have come. */
static inline char *harness_resume(struct harness *h)
{
    ASSERT(h->woken);
    return harness_step(h);
}

/* One call with these params (JSON text, or ""): its parsed answer, or NULL: it waits. */
static inline json_t *harness_call(struct harness *h, const char *method, const char *params)
{
    size_t size = strlen(params) + 256;
    char *body = malloc(size);
    ASSERT(body);
    snprintf(body, size, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"%s%s}", method,
             params[0] ? ",\"params\":" : "", params);
    char *line = harness_send(h, body);
    free(body);
    if (!line) return NULL;
    json_t *answer = json_loads(line, 0, NULL);
    free(line);
    ASSERT(answer);
    return answer;
}

static inline json_t *harness_resumed(struct harness *h)
{
    char *line = harness_resume(h);
    if (!line) return NULL;
    json_t *answer = json_loads(line, 0, NULL);
    free(line);
    ASSERT(answer);
    return answer;
}

/* A value by a path of names with slashes between: "error/data/kind". NULL if there is none. */
static inline const json_t *at(const json_t *value, const char *path)
{
    char name[64];
    while (value && *path) {
        size_t size = strcspn(path, "/");
        ASSERT(size < sizeof name);
        memcpy(name, path, size);
        name[size] = 0;
        path += size + (path[size] == '/');
        value = json_is_array(value) ? json_array_get(value, strtoul(name, NULL, 10))
                                     : json_object_get(value, name);
    }
    return value;
}

static inline const char *text_at(const json_t *value, const char *path)
{
    const char *text = json_string_value(at(value, path));
    return text ? text : "";
}

#endif
