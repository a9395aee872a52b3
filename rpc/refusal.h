/* rpc/refusal.h -- a refusal of admission as a JSON-RPC error, with the data that its kind names.
 */
#ifndef RPC_REFUSAL_H
#define RPC_REFUSAL_H

#include "rpc/method.h"

/* What the error's data may need beside the refusal. */
struct refusal_facts {
    const struct transaction *tx; /* NULL if the bytes do not decode */
    uint64_t ledger_height;
    uint64_t ledger_time_ms;
    uint64_t node_time_ms;
    const char *other_status; /* tx_ref_conflict: of the transaction that was first */
};

/* Records the error of a refusal (not `none`, not `duplicate`) and returns NULL. */
json_t *call_refusal(struct rpc_call *call, const struct refusal *refusal,
                     const struct refusal_facts *facts);

#endif
