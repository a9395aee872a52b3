#include "node/metrics.h"
#include "node/node_internal.h"
#include "rpc/methods.h"

#include <criterion/criterion.h>

static char text[METRICS_TEXT_MAX];

static void open_all(void)
{
    cr_assert_eq(metrics_start(), STATUS_OK);
    node_observe_init();
}

TestSuite(node_observe, .init = open_all, .fini = metrics_stop);

static bool has(const char *line)
{
    struct buffer out;
    buffer_init(&out, sizeof text - 1);
    cr_assert_eq(metrics_write(&out), STATUS_OK);
    memcpy(text, out.data, out.size);
    text[out.size] = 0;
    buffer_free(&out);
    return strstr(text, line) != NULL;
}

Test(node_observe, calls)
{
    struct rpc_observation call = { .kind = RPC_OBSERVED_CALL, .ok = true, .microseconds = 700 };
    node_observe_rpc(NULL, &call);
    call.local = true;
    call.ok = false;
    node_observe_rpc(NULL, &call);
    call.method = rpc_method_count;
    node_observe_rpc(NULL, &call);
    cr_assert(has("\nwitan_rpc_requests_total{method=\"node_status\",transport=\"http\","
                  "result=\"ok\"} 1\n"));
    cr_assert(has("\nwitan_rpc_requests_total{method=\"node_status\",transport=\"unix\","
                  "result=\"error\"} 1\n"));
    cr_assert(has("\nwitan_rpc_requests_total{method=\"unknown\",transport=\"unix\","
                  "result=\"error\"} 1\n"));
    cr_assert(has("\nwitan_rpc_request_seconds_count{method=\"node_status\"} 2\n"));
    cr_assert(has("\nwitan_rpc_request_seconds_bucket{method=\"node_status\",le=\"0.0005\"} 0\n"));
    cr_assert(has("\nwitan_rpc_request_seconds_bucket{method=\"node_status\",le=\"0.001\"} 2\n"));
}

/* Both lists of reasons say the same words in the same order. */
Test(node_observe, rejections)
{
    static const char *const words[] = {
#define X(name) #name,
        RPC_REJECTION_LIST(X)
#undef X
    };
    for (unsigned i = 0; i < RPC_REJECTION_COUNT; i++) {
        char line[96];
        struct rpc_observation rejection = { .kind = RPC_OBSERVED_REJECTION,
                                             .reason = (enum rpc_rejection)i };
        node_observe_rpc(NULL, &rejection);
        snprintf(line, sizeof line, "\nwitan_rpc_rejected_total{reason=\"%s\"} 1\n", words[i]);
        cr_assert(has(line), "%s", line);
    }
}

Test(node_observe, levels)
{
    const struct rpc_observation levels = {
        .kind = RPC_OBSERVED_LEVELS, .connections = { 5, 6 }, .queue = 7, .waiters = 8
    };
    node_observe_rpc(NULL, &levels);
    cr_assert(has("\nwitan_rpc_connections{transport=\"http\"} 5\n"));
    cr_assert(has("\nwitan_rpc_connections{transport=\"unix\"} 6\n"));
    cr_assert(has("\nwitan_rpc_queue 7\n"));
    cr_assert(has("\nwitan_rpc_waiters 8\n"));
}
