/* rpc/dispatch.h -- one call: from a method's name to a result or an error.
 *
 * The order of the checks: the method exists, is not disabled, may be called by the way the request
 * came in, gets the parameters it wants, and does not wait inside a batch. Then the dispatcher
 * waits for min_height where that is given, and for all that is decided where consistency says so,
 * and runs the handler, inside a ledger snapshot if the method reads.
 */
#ifndef RPC_DISPATCH_H
#define RPC_DISPATCH_H

#include "rpc/request.h"

struct dispatch {
    struct rpc_call call;
    size_t method_index; /* core->method_count: unknown */
    bool prepared;       /* checks done */
    struct waiter *height_waiter;
    struct waiter *read_waiter;
    uint64_t started_us;
};

/* Begins a call. name and params stay valid until dispatch_end. */
void dispatch_begin(struct dispatch *d, const struct rpc_core *core, struct rpc_request *request,
                    enum rpc_access granted, bool in_batch, const char *request_id);

/* One turn. NULL with call.later set: not finished, run again after the wake. Else the result, or
 * NULL and call.error is set. */
json_t *dispatch_turn(struct dispatch *d, const struct rpc_core *core, struct rpc_reader *reader,
                      const char *name, const json_t *params);

/* Frees what the call held, result and error data excepted. */
void dispatch_end(struct dispatch *d);

#endif
