/* rpc/tx_wait.c -- waiting for the end of a transaction. */
#include "rpc/tx_wait.h"

static bool satisfied(const struct tx_wait *wait, const struct tx_status *status)
{
    if (status->state == TX_EXPIRED) return true;
    return status->state == TX_COMMITTED && (!wait->sealed || tx_status_sealed(status));
}

static json_t *answer(struct tx_wait *wait, const struct tx_status *status)
{
    wait->extra.timed_out = !satisfied(wait, status);
    return tx_status_json(status, &wait->extra);
}

/* Asks the ledger once more and answers whatever it says. */
static json_t *look_and_answer(struct rpc_call *call, struct tx_wait *wait)
{
    struct tx_status status;
    enum status looked = tx_status_look(call, &wait->txid, wait->not_after_ms, &status);
    if (looked != STATUS_OK) return call_status(call, looked);
    return answer(wait, &status);
}

static json_t *fail_waiters(struct rpc_call *call)
{
    return call_error(call, RPC_ERROR_limit_exceeded,
                      json_pack("{s:s, s:I, s:i}", "limit", "waiters", "max",
                                (json_int_t)call->limits->waiters_max, "retry_after_ms", 1000));
}

static void add_waiter(struct rpc_call *call, struct tx_wait *wait)
{
    wait->waiter = waiters_add_tx(call_core(call)->waiters, &wait->txid, wait->not_after_ms,
                                  wait->sealed, wait->deadline_ms);
}

/* The waiter stands before the ledger is asked, so that no block falls between both. */
static json_t *wait_on(struct rpc_call *call, struct tx_wait *wait)
{
    add_waiter(call, wait);
    if (!wait->waiter) return fail_waiters(call);
    struct tx_status status;
    enum status looked = tx_status_look(call, &wait->txid, wait->not_after_ms, &status);
    if (looked != STATUS_OK) return call_status(call, looked);
    if (satisfied(wait, &status)) return answer(wait, &status);
    if (status.state == TX_COMMITTED)
        waiter_set_height(wait->waiter, position_height(status.place.position));
    return call_later(call, wait->waiter);
}

json_t *tx_wait_begin(struct rpc_call *call, struct tx_wait *wait, uint64_t timeout_ms)
{
    if (timeout_ms == 0) return look_and_answer(call, wait);
    wait->deadline_ms = rpc_monotonic_ms() + timeout_ms;
    return wait_on(call, wait);
}

/* The news itself says everything about a transaction that succeeded; what a failed one observed is
 * in the ledger. */
static json_t *answer_news(struct rpc_call *call, struct tx_wait *wait)
{
    struct tx_status status = { .txid = wait->txid, .state = TX_COMMITTED };
    if (!waiter_place(wait->waiter, &status.place) || status.place.code != RESULT_ok)
        return look_and_answer(call, wait);
    return answer(wait, &status);
}

/* A block is later than not_after. Either that ends it, or a block before holds it and only the
 * seal is missing. */
static json_t *check_end(struct rpc_call *call, struct tx_wait *wait)
{
    tx_wait_end(wait);
    if (rpc_monotonic_ms() >= wait->deadline_ms) return look_and_answer(call, wait);
    return wait_on(call, wait);
}

json_t *tx_wait_turn(struct rpc_call *call, struct tx_wait *wait)
{
    enum wait_end end = waiter_end(wait->waiter);
    ASSERT(end != WAIT_GOES_ON);
    if (end == WAIT_HAPPENED) return answer_news(call, wait);
    if (end == WAIT_CHECK) return check_end(call, wait);
    if (end == WAIT_TIMEOUT) return look_and_answer(call, wait);
    return call_error(call, RPC_ERROR_unavailable, json_pack("{s:s}", "reason", "draining"));
}

bool tx_wait_ahead(struct rpc_call *call, struct tx_wait *wait, uint64_t timeout_ms)
{
    wait->deadline_ms = rpc_monotonic_ms() + timeout_ms;
    add_waiter(call, wait);
    if (!wait->waiter) fail_waiters(call);
    return wait->waiter != NULL;
}

json_t *tx_wait_admitted(struct rpc_call *call, struct tx_wait *wait)
{
    if (waiter_end(wait->waiter) == WAIT_GOES_ON) return call_later(call, wait->waiter);
    return tx_wait_turn(call, wait);
}

void tx_wait_end(struct tx_wait *wait)
{
    if (wait->waiter) waiter_drop(wait->waiter);
    wait->waiter = NULL;
}
