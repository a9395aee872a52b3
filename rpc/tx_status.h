/* rpc/tx_status.h -- where a transaction stands, and its JSON (the schema TxStatus).
 *
 * The order of the look-up matters. The pool is asked first and the ledger after: a transaction
 * leaves the pool only once the ledger holds it, so what is in neither was not there at any one
 * moment. The ledger's word wins. `expired` needs proof from the ledger: a committed block later
 * than not_after, and no block that holds it.
 */
#ifndef RPC_TX_STATUS_H
#define RPC_TX_STATUS_H

#include "rpc/request.h"

enum tx_state { TX_UNKNOWN, TX_PENDING, TX_COMMITTED, TX_EXPIRED };

const char *tx_state_word(enum tx_state state);

struct tx_status {
    struct digest txid;
    enum tx_state state;
    struct tx_place place; /* ledger height, time, seal; the rest if committed */
    uint64_t not_after_ms; /* 0: unknown */
};

bool tx_status_final(const struct tx_status *status);
bool tx_status_sealed(const struct tx_status *status);

/* Looks. not_after_ms: what the caller knows of it, or 0. */
enum status tx_status_look(struct rpc_call *call, const struct digest *txid, uint64_t not_after_ms,
                           struct tx_status *status);

/* Members that stand only in some answers. */
struct tx_status_extra {
    bool has_duplicate, duplicate;
    bool timed_out;
};

/* New reference; NULL without memory. */
json_t *tx_status_json(const struct tx_status *status, const struct tx_status_extra *extra);

#endif
