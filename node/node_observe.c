/* node/node_observe.c -- what the RPC tells about its calls, as metrics. */
#include "node/metrics.h"
#include "node/node_internal.h"
#include "rpc/methods.h"

#include <assert.h>
#include <stdlib.h>

enum { NS_PER_MICROSECOND = 1000 };

static_assert((int)RPC_REJECTION_COUNT == (int)LABEL_rejection_COUNT,
              "node/metrics.def and rpc/backend.h list the same reasons, in the same order");

/* The methods by their place in the table, and what is none of them. */
void node_observe_init(void)
{
    const char **names = calloc(rpc_method_count + 1, sizeof *names);
    if (!names) return; /* the metrics of methods stay empty */
    for (size_t i = 0; i < rpc_method_count; i++)
        names[i] = rpc_methods[i]->name;
    names[rpc_method_count] = "unknown";
    metrics_labels_set(LABELS_method, names, rpc_method_count + 1);
    free(names);
}

static void observe_call(const struct rpc_observation *o)
{
    uint32_t method = (uint32_t)o->method;
    uint32_t transport = o->local ? LABEL_transport_unix : LABEL_transport_http;
    uint32_t answer = o->ok ? LABEL_answer_ok : LABEL_answer_error;
    metric_add(METRIC_rpc_requests_total,
               metric_cell3(METRIC_rpc_requests_total, method, transport, answer), 1);
    metric_observe_ns(METRIC_rpc_request_seconds, method, o->microseconds * NS_PER_MICROSECOND);
}

void node_observe_rpc(void *context, const struct rpc_observation *o)
{
    (void)context;
    switch (o->kind) {
    case RPC_OBSERVED_CALL: observe_call(o); break;
    case RPC_OBSERVED_REJECTION: metric_add(METRIC_rpc_rejected_total, o->reason, 1); break;
    case RPC_OBSERVED_LEVELS:
        metric_set(METRIC_rpc_connections, LABEL_transport_http, o->connections[0]);
        metric_set(METRIC_rpc_connections, LABEL_transport_unix, o->connections[1]);
        metric_set(METRIC_rpc_queue, 0, o->queue);
        metric_set(METRIC_rpc_waiters, 0, o->waiters);
        break;
    }
}
