/* rpc/methods_submit.c -- tx_submit, tx_status, tx_wait. */
#include "rpc/methods.h"
#include "rpc/refusal.h"
#include "rpc/tx_wait.h"

#include <stdlib.h>

/* How long admission may take before the client is told to come again. Far above any real check;
 * only a node that stands still comes near it. */
enum { ADMISSION_MS_MAX = 10000 };

/* ---- tx_submit ------------------------------------------------------------------------------ */

enum submit_wait { SUBMIT_WAIT_ADMITTED, SUBMIT_WAIT_COMMITTED, SUBMIT_WAIT_SEALED };
static const char *const words_wait[] = { "admitted", "committed", "sealed", NULL };

static const struct rpc_parameter submit_parameters[] = {
    PARAMETER_REQUIRED("tx", ARGUMENT_HEX),
    PARAMETER_WORD("wait", words_wait, SUBMIT_WAIT_ADMITTED),
    PARAMETER_INTEGER("timeout_ms", 0, 0, RPC_WAIT_MS_MAX),
};

/* From turn to turn. */
struct submission {
    struct waiter *admission; /* until its answer came */
    struct tx_wait wait;
    bool waits; /* admitted: the rest is waiting */
};

static void submission_free(void *state)
{
    struct submission *s = state;
    if (s->admission) waiter_drop(s->admission);
    tx_wait_end(&s->wait);
    free(s);
}

/* The transaction is here: answers, or waits as long as the client wants. */
static json_t *submission_known(struct rpc_call *call, struct submission *s, bool duplicate)
{
    uint64_t wanted = call_argument(call, "wait")->number;
    s->waits = true;
    s->wait.extra.has_duplicate = true;
    s->wait.extra.duplicate = duplicate;
    s->wait.sealed = wanted == SUBMIT_WAIT_SEALED;
    if (s->wait.waiter && !duplicate) return tx_wait_admitted(call, &s->wait);
    tx_wait_end(&s->wait);
    if (wanted != SUBMIT_WAIT_ADMITTED)
        return tx_wait_begin(call, &s->wait, call_argument(call, "timeout_ms")->number);

    struct tx_status status = { .txid = s->wait.txid,
                                .state = TX_PENDING,
                                .not_after_ms = s->wait.not_after_ms };
    if (duplicate) {
        enum status looked = tx_status_look(call, &s->wait.txid, s->wait.not_after_ms, &status);
        if (looked != STATUS_OK) return call_status(call, looked);
    } else {
        struct rpc_head head;
        waiters_head(call_core(call)->waiters, &head);
        status.place.ledger_height = head.height;
        status.place.ledger_time_ms = head.time_ms;
    }
    return tx_status_json(&status, &s->wait.extra);
}

static json_t *fail_busy(struct rpc_call *call)
{
    return call_error(call, RPC_ERROR_limit_exceeded,
                      json_pack("{s:s, s:i}", "limit", "submit_queue", "retry_after_ms", 100));
}

/* Whoever waits for the end of a transaction waits from before it is handed over. */
static bool wait_ahead(struct rpc_call *call, struct submission *s)
{
    uint64_t wanted = call_argument(call, "wait")->number;
    uint64_t timeout_ms = call_argument(call, "timeout_ms")->number;
    if (wanted == SUBMIT_WAIT_ADMITTED || timeout_ms == 0) return true;
    s->wait.sealed = wanted == SUBMIT_WAIT_SEALED;
    if (!tx_wait_ahead(call, &s->wait, timeout_ms)) return false;
    waiter_then(s->admission, s->wait.waiter);
    return true;
}

static json_t *hand_over(struct rpc_call *call, struct submission *s, struct span bytes,
                         bool decodes)
{
    const struct rpc_backend *backend = call->backend;
    struct blob *blob = blob_copy(bytes);
    if (!blob) return NULL;
    s->admission =
        waiters_add_submit(call_core(call)->waiters, rpc_monotonic_ms() + ADMISSION_MS_MAX);
    if (!s->admission) {
        blob_unref(blob);
        return fail_busy(call);
    }
    if (decodes && !wait_ahead(call, s)) {
        blob_unref(blob);
        waiter_not_submitted(s->admission);
        return NULL;
    }
    bool taken = backend->submit(backend->context, blob, waiter_submitted, s->admission);
    blob_unref(blob);
    if (!taken) waiter_not_submitted(s->admission);
    return call_later(call, s->admission);
}

/* A known id is answered before anybody looks at signatures. Bytes that do not decode go to
 * admission all the same, which says what is wrong with them in the order of its checks. */
static json_t *submit_begin(struct rpc_call *call, struct submission *s)
{
    struct transaction tx;
    struct span bytes = call_argument(call, "tx")->bytes;
    if (transaction_decode(bytes, &tx, NULL) != STATUS_OK) return hand_over(call, s, bytes, false);
    s->wait.txid = tx.txid;
    s->wait.not_after_ms = tx.not_after_ms;
    struct tx_status status;
    enum status looked = tx_status_look(call, &tx.txid, 0, &status);
    if (looked != STATUS_OK) return call_status(call, looked);
    bool known = status.state == TX_PENDING || status.state == TX_COMMITTED;
    return known ? submission_known(call, s, true) : hand_over(call, s, bytes, true);
}

static json_t *fail_refused(struct rpc_call *call, const struct refusal *refusal)
{
    struct transaction tx;
    struct span bytes = call_argument(call, "tx")->bytes;
    bool decodes = transaction_decode(bytes, &tx, NULL) == STATUS_OK;
    struct rpc_head head;
    waiters_head(call_core(call)->waiters, &head);
    struct refusal_facts facts = { .tx = decodes ? &tx : NULL,
                                   .ledger_height = head.height,
                                   .ledger_time_ms = head.time_ms,
                                   .node_time_ms = call->backend->now_ms(call->backend->context) };
    if (refusal->code == REFUSAL_tx_ref_conflict) {
        struct tx_status first;
        enum status looked = tx_status_look(call, &refusal->txid, 0, &first);
        if (looked != STATUS_OK) return call_status(call, looked);
        facts.other_status = tx_state_word(first.state);
    }
    return call_refusal(call, refusal, &facts);
}

static json_t *fail_unavailable(struct rpc_call *call, const char *reason)
{
    struct rpc_head head;
    waiters_head(call_core(call)->waiters, &head);
    return call_error(
        call, RPC_ERROR_unavailable,
        json_pack("{s:s, s:o}", "reason", reason, "height", value_height(head.height)));
}

static json_t *submit_answered(struct rpc_call *call, struct submission *s)
{
    const struct submit_outcome *outcome = waiter_outcome(s->admission);
    switch (outcome->kind) {
    case SUBMIT_ADMITTED: return submission_known(call, s, false);
    case SUBMIT_PENDING:
    case SUBMIT_COMMITTED: return submission_known(call, s, true);
    case SUBMIT_REFUSED: return fail_refused(call, &outcome->refusal);
    case SUBMIT_UNAVAILABLE: return fail_unavailable(call, outcome->reason);
    case SUBMIT_BUSY: break;
    }
    return fail_busy(call);
}

static json_t *tx_submit(struct rpc_call *call)
{
    if (!call->state) {
        call->state = calloc(1, sizeof(struct submission));
        if (!call->state) return NULL;
        call->state_free = submission_free;
        return submit_begin(call, call->state);
    }
    struct submission *s = call->state;
    if (s->waits) return tx_wait_turn(call, &s->wait);
    switch (waiter_end(s->admission)) {
    case WAIT_HAPPENED: return submit_answered(call, s);
    case WAIT_STOPPED: return fail_unavailable(call, "draining");
    default: return fail_unavailable(call, "stalled");
    }
}

const struct rpc_method method_tx_submit = {
    METHOD("tx_submit", ACCESS_SUBMIT, submit_parameters),
    .handle = tx_submit,
};

/* ---- tx_status ------------------------------------------------------------------------------ */

static const struct rpc_parameter status_parameters[] = {
    PARAMETER_REQUIRED("tx_id", ARGUMENT_HASH),
    PARAMETER_OPTIONAL("not_after", ARGUMENT_TIME),
    PARAMETERS_READ,
    PARAMETERS_CONSISTENCY,
};

static json_t *tx_status(struct rpc_call *call)
{
    static const struct tx_status_extra nothing;
    struct tx_status status;
    enum status looked = tx_status_look(call, &call_argument(call, "tx_id")->digest,
                                        call_argument(call, "not_after")->number, &status);
    if (looked != STATUS_OK) return call_status(call, looked);
    return tx_status_json(&status, &nothing);
}

const struct rpc_method method_tx_status = {
    METHOD("tx_status", ACCESS_READ, status_parameters),
    .handle = tx_status,
};

/* ---- tx_wait -------------------------------------------------------------------------------- */

enum tx_wait_until { UNTIL_COMMITTED, UNTIL_SEALED };
static const char *const words_until[] = { "committed", "sealed", NULL };

static const struct rpc_parameter wait_parameters[] = {
    PARAMETER_REQUIRED("tx_id", ARGUMENT_HASH),
    PARAMETER_WORD("until", words_until, UNTIL_COMMITTED),
    PARAMETER_OPTIONAL("not_after", ARGUMENT_TIME),
    PARAMETER_INTEGER("timeout_ms", 10000, 1, RPC_WAIT_MS_MAX),
};

static void wait_free(void *state)
{
    tx_wait_end(state);
    free(state);
}

static json_t *tx_wait(struct rpc_call *call)
{
    if (call->state) return tx_wait_turn(call, call->state);
    struct tx_wait *wait = calloc(1, sizeof *wait);
    if (!wait) return NULL;
    call->state = wait;
    call->state_free = wait_free;
    wait->txid = call_argument(call, "tx_id")->digest;
    wait->not_after_ms = call_argument(call, "not_after")->number;
    wait->sealed = call_argument(call, "until")->number == UNTIL_SEALED;
    return tx_wait_begin(call, wait, call_argument(call, "timeout_ms")->number);
}

const struct rpc_method method_tx_wait = {
    METHOD("tx_wait", ACCESS_READ, wait_parameters),
    .waits = true,
    .handle = tx_wait,
};
