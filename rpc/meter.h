/* rpc/meter.h -- the RPC counts itself: a few totals of its own, and each event told to the node.
 *
 * The node has the one registry of metrics, with final names and labels; the RPC tells it every
 * answered call and every refusal (rpc_backend.observe). What the server needs to know itself, the
 * open connections and the totals of rpc_stats, is counted here. Any thread.
 */
#ifndef RPC_METER_H
#define RPC_METER_H

#include "rpc/backend.h"

enum meter_transport { TRANSPORT_HTTP, TRANSPORT_LOCAL, TRANSPORT_COUNT };

struct meter;

/* backend outlives the meter; NULL: nobody is told. NULL without memory. */
struct meter *meter_new(const struct rpc_backend *backend);
void meter_free(struct meter *meter);

/* A call was answered. method: its index in the table, or the table's size for an unknown one. */
void meter_call(struct meter *meter, size_t method, enum meter_transport transport, bool ok,
                uint64_t microseconds);
void meter_reject(struct meter *meter, enum rpc_rejection reason);
void meter_request(struct meter *meter); /* an HTTP request that was read whole */

void meter_connection(struct meter *meter, enum meter_transport transport, int change);
uint32_t meter_connections(const struct meter *meter, enum meter_transport transport);

/* Tells the node how many connections, queued and waiting requests there are now. */
void meter_levels(const struct meter *meter, uint32_t queue, uint32_t waiters);

struct meter_totals {
    uint64_t requests, calls, errors, rejected;
};
void meter_totals(const struct meter *meter, struct meter_totals *totals);

#endif
