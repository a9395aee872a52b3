#include "rpc/meter.h"

#include <criterion/criterion.h>

static struct rpc_observation seen[8];
static size_t seen_count;

static void observe(void *context, const struct rpc_observation *observation)
{
    (void)context;
    seen[seen_count++] = *observation;
}

Test(meter, totals)
{
    struct meter *meter = meter_new(NULL); /* nobody is told */
    meter_call(meter, 0, TRANSPORT_HTTP, true, 900);
    meter_call(meter, 2, TRANSPORT_LOCAL, false, 250);
    meter_reject(meter, RPC_REJECTION_host);
    meter_request(meter);
    struct meter_totals totals;
    meter_totals(meter, &totals);
    cr_assert_eq(totals.calls, 2);
    cr_assert_eq(totals.errors, 1);
    cr_assert_eq(totals.rejected, 1);
    cr_assert_eq(totals.requests, 1);
    meter_free(meter);
}

Test(meter, connections)
{
    struct meter *meter = meter_new(NULL);
    meter_connection(meter, TRANSPORT_HTTP, 2);
    meter_connection(meter, TRANSPORT_HTTP, -1);
    meter_connection(meter, TRANSPORT_LOCAL, 1);
    cr_assert_eq(meter_connections(meter, TRANSPORT_HTTP), 1);
    cr_assert_eq(meter_connections(meter, TRANSPORT_LOCAL), 1);
    meter_free(meter);
}

Test(meter, the_node_is_told)
{
    struct rpc_backend backend = { .observe = observe };
    struct meter *meter = meter_new(&backend);
    meter_call(meter, 7, TRANSPORT_LOCAL, true, 1234);
    meter_reject(meter, RPC_REJECTION_queue);
    meter_connection(meter, TRANSPORT_LOCAL, 1);
    meter_levels(meter, 3, 4);
    cr_assert_eq(seen_count, 3);
    cr_assert_eq(seen[2].kind, RPC_OBSERVED_LEVELS);
    cr_assert_eq(seen[2].connections[0], 0);
    cr_assert_eq(seen[2].connections[1], 1);
    cr_assert_eq(seen[2].queue, 3);
    cr_assert_eq(seen[2].waiters, 4);
    cr_assert_eq(seen[0].kind, RPC_OBSERVED_CALL);
    cr_assert_eq(seen[0].method, 7);
    cr_assert(seen[0].local);
    cr_assert(seen[0].ok);
    cr_assert_eq(seen[0].microseconds, 1234);
    cr_assert_eq(seen[1].kind, RPC_OBSERVED_REJECTION);
    cr_assert_eq(seen[1].reason, RPC_REJECTION_queue);
    meter_free(meter);
}

Test(meter, a_backend_that_does_not_observe)
{
    struct rpc_backend backend = { .observe = NULL };
    struct meter *meter = meter_new(&backend);
    meter_call(meter, 0, TRANSPORT_HTTP, true, 1);
    meter_reject(meter, RPC_REJECTION_other);
    meter_free(meter);
}
