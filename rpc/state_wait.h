/* rpc/state_wait.h -- a reading of the state, and the seal of its block: what the methods that
 * prove something of the state wait for.
 *
 *     turn 0   state_wait_ask            the node takes a reading between two blocks
 *     turn n   state_wait_ready          true: wait->reading is there, try to build the proof
 *              STATUS_NO_QUORUM:         state_wait_seal sleeps until that block is sealed, or
 *                                        takes a newer reading if only a later block is
 *
 * All functions that return json_t * return NULL: an error is recorded or the call sleeps.
 */
#ifndef RPC_STATE_WAIT_H
#define RPC_STATE_WAIT_H

#include "ledger/prove_reading.h"
#include "rpc/request.h"

struct prover;

struct state_wait {
    struct state_question question;
    uint64_t deadline_ms; /* monotonic: so long a seal is waited for; 0: not at all */
    struct state_reading *reading;
    struct waiter *waiter;
    bool asking; /* the waiter is for a reading, else for a seal */
};

/* Takes a reading; one that is there already is dropped. */
json_t *state_wait_ask(struct rpc_call *call, struct state_wait *wait);

/* After a turn that slept. false: an error is recorded, or a window entry without a time is absent
 * (wait->reading is NULL and no error is recorded). */
bool state_wait_ready(struct rpc_call *call, struct state_wait *wait);

/* The block p->unsealed is not sealed here. */
json_t *state_wait_seal(struct rpc_call *call, struct state_wait *wait, const struct prover *p);

void state_wait_end(struct state_wait *wait);

/* not_sealed, with what the prover has found. */
json_t *call_not_sealed(struct rpc_call *call, const struct prover *p);

/* proof_unavailable: reason is a word ("busy", "window_over", "pruned"). */
json_t *call_no_proof(struct rpc_call *call, const char *reason);

#endif
