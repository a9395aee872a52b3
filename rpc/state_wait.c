/* rpc/state_wait.c -- a reading of the state, and the seal of its block. */
#include "rpc/state_wait.h"
#include "ledger/prove.h"

/* For the ledger's thread to come to it: far more than a block takes. */
enum { READING_MS_MAX = 5000, RETRY_MS = 500 };

json_t *call_no_proof(struct rpc_call *call, const char *reason)
{
    return call_error(call, RPC_ERROR_proof_unavailable, json_pack("{s:s}", "reason", reason));
}

json_t *call_not_sealed(struct rpc_call *call, const struct prover *p)
{
    return call_error(call, RPC_ERROR_not_sealed,
                      json_pack("{s:o, s:i, s:i, s:i}", "height", value_height(p->unsealed),
                                "signers", (int)p->signed_by, "quorum", (int)p->quorum,
                                "retry_after_ms", RETRY_MS));
}

static json_t *fail_draining(struct rpc_call *call)
{
    return call_error(call, RPC_ERROR_unavailable, json_pack("{s:s}", "reason", "draining"));
}

static void drop_waiter(struct state_wait *wait)
{
    if (wait->waiter) waiter_drop(wait->waiter);
    wait->waiter = NULL;
}

void state_wait_end(struct state_wait *wait)
{
    drop_waiter(wait);
    state_reading_free(wait->reading);
    wait->reading = NULL;
}

json_t *state_wait_ask(struct rpc_call *call, struct state_wait *wait)
{
    const struct rpc_backend *backend = call->backend;
    state_wait_end(wait);
    wait->asking = true;
    wait->waiter = waiters_add_state(call_core(call)->waiters, rpc_monotonic_ms() + READING_MS_MAX);
    if (!wait->waiter) return call_no_proof(call, "busy");
    if (!backend->prove(backend->context, &wait->question, waiter_state_done, wait->waiter))
        waiter_not_proven(wait->waiter);
    return call_later(call, wait->waiter);
}

static bool take_reading(struct rpc_call *call, struct state_wait *wait)
{
    switch (waiter_state(wait->waiter, &wait->reading)) {
    case STATE_READ: return true;
    case STATE_NONE: return false;
    case STATE_BUSY: call_no_proof(call, "busy"); return false;
    case STATE_DRAINING: fail_draining(call); return false;
    case STATE_FAILED: break;
    }
    call_error(call, RPC_ERROR_internal_error, NULL);
    return false;
}

bool state_wait_ready(struct rpc_call *call, struct state_wait *wait)
{
    ASSERT(wait->waiter != NULL);
    enum wait_end end = waiter_end(wait->waiter);
    ASSERT(end != WAIT_GOES_ON);
    bool ready = true;
    if (end == WAIT_STOPPED) {
        fail_draining(call);
        ready = false;
    } else if (wait->asking && end == WAIT_HAPPENED) {
        ready = take_reading(call, wait);
    } else if (wait->asking) {
        call_no_proof(call, "busy");
        ready = false;
    }
    drop_waiter(wait);
    return ready;
}

json_t *state_wait_seal(struct rpc_call *call, struct state_wait *wait, const struct prover *p)
{
    struct waiters *waiters = call_core(call)->waiters;
    struct rpc_head head;
    uint64_t height = max_u64(p->unsealed, 1); /* Block 0 never has a seal; what follows has. */
    if (rpc_monotonic_ms() >= wait->deadline_ms) return call_not_sealed(call, p);
    waiters_head(waiters, &head);
    if (wait->reading && head.sealed_height >= height && head.height > p->unsealed)
        return state_wait_ask(call, wait);
    wait->asking = false;
    wait->waiter = waiters_add_sealed(waiters, height, wait->deadline_ms);
    if (!wait->waiter)
        return call_error(call, RPC_ERROR_limit_exceeded,
                          json_pack("{s:s, s:I, s:i}", "limit", "waiters", "max",
                                    (json_int_t)call->limits->waiters_max, "retry_after_ms", 1000));
    return call_later(call, wait->waiter);
}
