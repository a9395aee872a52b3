/* rpc/tx_wait.h -- waiting for the end of a transaction: what tx_submit and tx_wait share.
 *
 *     tx_wait_begin --> satisfied already, or no time: answers
 *           |
 *           v sleeps: a block that holds it, its seal, a block past not_after, or the deadline
 *     tx_wait_turn  --> answers, or sleeps on
 *
 * A submission that is new begins to wait before it is handed over (tx_wait_ahead), so that nothing
 * is missed without looking, and goes on when it is admitted (tx_wait_admitted).
 */
#ifndef RPC_TX_WAIT_H
#define RPC_TX_WAIT_H

#include "rpc/tx_status.h"

struct tx_wait {
    struct digest txid;
    uint64_t not_after_ms; /* 0: unknown */
    bool sealed;           /* wait for the seal, too */
    uint64_t deadline_ms;  /* monotonic */
    struct tx_status_extra extra;
    struct waiter *waiter;
};

/* Both return the result, NULL with an error, or NULL with call->later. timeout_ms 0: looks once.
 */
json_t *tx_wait_begin(struct rpc_call *call, struct tx_wait *wait, uint64_t timeout_ms);
json_t *tx_wait_turn(struct rpc_call *call, struct tx_wait *wait);

/* false: there are too many waiters; the error is set. */
bool tx_wait_ahead(struct rpc_call *call, struct tx_wait *wait, uint64_t timeout_ms);
json_t *tx_wait_admitted(struct rpc_call *call, struct tx_wait *wait);

/* Drops the waiter if there is one. */
void tx_wait_end(struct tx_wait *wait);

#endif
