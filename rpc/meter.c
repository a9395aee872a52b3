/* rpc/meter.c -- the RPC counts itself. */
#include "rpc/meter.h"

#include <stdatomic.h>
#include <stdlib.h>

struct meter {
    const struct rpc_backend *backend;
    atomic_uint_fast64_t requests, calls, errors, rejected;
    atomic_int connections[TRANSPORT_COUNT];
};

struct meter *meter_new(const struct rpc_backend *backend)
{
    struct meter *meter = calloc(1, sizeof *meter);
    if (meter) meter->backend = backend;
    return meter;
}

void meter_free(struct meter *meter)
{
    free(meter);
}

static void tell(const struct meter *meter, const struct rpc_observation *observation)
{
    const struct rpc_backend *backend = meter->backend;
    if (backend && backend->observe) backend->observe(backend->context, observation);
}

void meter_call(struct meter *meter, size_t method, enum meter_transport transport, bool ok,
                uint64_t microseconds)
{
    atomic_fetch_add(&meter->calls, 1);
    if (!ok) atomic_fetch_add(&meter->errors, 1);
    const struct rpc_observation observation = { .kind = RPC_OBSERVED_CALL,
                                                 .method = method,
                                                 .local = transport == TRANSPORT_LOCAL,
                                                 .ok = ok,
                                                 .microseconds = microseconds };
    tell(meter, &observation);
}

void meter_reject(struct meter *meter, enum rpc_rejection reason)
{
    atomic_fetch_add(&meter->rejected, 1);
    const struct rpc_observation observation = { .kind = RPC_OBSERVED_REJECTION, .reason = reason };
    tell(meter, &observation);
}

void meter_request(struct meter *meter)
{
    atomic_fetch_add(&meter->requests, 1);
}

void meter_connection(struct meter *meter, enum meter_transport transport, int change)
{
    atomic_fetch_add(&meter->connections[transport], change);
}

uint32_t meter_connections(const struct meter *meter, enum meter_transport transport)
{
    int count = atomic_load(&meter->connections[transport]);
    return count > 0 ? (uint32_t)count : 0;
}

void meter_levels(const struct meter *meter, uint32_t queue, uint32_t waiters)
{
    const struct rpc_observation observation = {
        .kind = RPC_OBSERVED_LEVELS,
        .connections = { meter_connections(meter, TRANSPORT_HTTP),
                         meter_connections(meter, TRANSPORT_LOCAL) },
        .queue = queue,
        .waiters = waiters,
    };
    tell(meter, &observation);
}

void meter_totals(const struct meter *meter, struct meter_totals *totals)
{
    *totals = (struct meter_totals){ .requests = atomic_load(&meter->requests),
                                     .calls = atomic_load(&meter->calls),
                                     .errors = atomic_load(&meter->errors),
                                     .rejected = atomic_load(&meter->rejected) };
}
