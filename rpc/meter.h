/* rpc/meter.h -- the RPC's own metrics: counters that any thread may raise, and their text.
 *
 * Labels come from closed sets: names of methods, transports, words of this file.
 */
#ifndef RPC_METER_H
#define RPC_METER_H

#include "crypto/codec.h"
#include "rpc/method.h"

enum meter_transport { TRANSPORT_HTTP, TRANSPORT_LOCAL, TRANSPORT_COUNT };

/* Why a request was refused before a call was read. X(name) */
#define REJECT_LIST(X) \
    X(head) \
    X(host) \
    X(origin) \
    X(path) \
    X(verb) \
    X(content_type) \
    X(length) \
    X(body_max) \
    X(rpc_queue) \
    X(connections) \
    X(deadline)

enum meter_reject {
#define X(name) REJECT_##name,
    REJECT_LIST(X)
#undef X
        REJECT_COUNT
};

struct meter;

/* methods outlive the meter. NULL without memory. */
struct meter *meter_new(const struct rpc_method *const *methods, size_t method_count);
void meter_free(struct meter *meter);

/* A call was answered. method: its index, or method_count for an unknown one. */
void meter_call(struct meter *meter, size_t method, enum meter_transport transport, bool ok,
                uint64_t microseconds);
void meter_reject(struct meter *meter, enum meter_reject reason);
void meter_request(struct meter *meter); /* an HTTP request that was read whole */

void meter_connection(struct meter *meter, enum meter_transport transport, int change);
uint32_t meter_connections(const struct meter *meter, enum meter_transport transport);

struct meter_totals {
    uint64_t requests, calls, errors, rejected;
};
void meter_totals(const struct meter *meter, struct meter_totals *totals);

/* Appends witan_rpc_... in the Prometheus text format 0.0.4. */
enum status meter_write(const struct meter *meter, uint32_t queue, uint32_t waiters,
                        struct buffer *out);

#endif
