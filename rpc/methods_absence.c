/* rpc/methods_absence.c -- tx_prove_absent: a transaction that was not and never can be executed.
 *
 *     in a block             tx_present
 *     time(h) <= not_after   tx_may_execute; with timeout_ms it waits and looks again
 *     window passed it       the proof, if it was wished for before; else proof_unavailable
 *     else                   a reading of its window entry or lane, and its seal: the proof
 *
 * Whoever has signed the transaction with its source is remembered: the node asks for a block
 * behind not_after, and takes the reading then. That costs a block on an idle chain, so bytes that
 * anybody can make up do not bring it about.
 */
#include "ledger/prove.h"
#include "proof/text.h"
#include "rpc/json_entry.h"
#include "rpc/methods.h"
#include "rpc/refusal.h"
#include "rpc/state_wait.h"

#include <stdlib.h>

struct absence {
    struct transaction tx;
    struct state_wait wait;
    struct waiter *time;  /* for a block behind not_after */
    uint64_t deadline_ms; /* monotonic */
};

static void free_absence(void *state)
{
    struct absence *a = state;
    if (a->time) waiter_drop(a->time);
    state_wait_end(&a->wait);
    free(a);
}

/* ---- refusals ------------------------------------------------------------------------------- */

static json_t *fail_present(struct rpc_call *call, const struct absence *a,
                            const struct tx_place *place)
{
    json_t *data = json_with(json_object(), "tx_id", value_hash(&a->tx.txid));
    data = json_with(data, "location",
                     json_location(place->position, &place->block_hash, place->block_time_ms));
    data = json_with(
        data, "result",
        json_result(place->code, place->at, span_of(place->effects, place->effects_size)));
    return call_error(call, RPC_ERROR_tx_present, data);
}

static json_t *fail_early(struct rpc_call *call, const struct absence *a, uint64_t ledger_time_ms)
{
    uint64_t now = call->backend->now_ms(call->backend->context);
    uint64_t left = a->tx.not_after_ms > now ? a->tx.not_after_ms - now : 0;
    json_t *data = json_with(json_object(), "not_after", value_time(a->tx.not_after_ms));
    data = json_with(data, "ledger_time", value_time(ledger_time_ms));
    data = json_with(data, "retry_after_ms", value_height(min_u64(left + 1000, INT32_MAX)));
    return call_error(call, RPC_ERROR_tx_may_execute, data);
}

/* ---- the wish ------------------------------------------------------------------------------- */

/* Is it signed so that its source would be charged with it? Bytes without signatures are not. */
static bool signed_by_source(const struct rpc_call *call, const struct transaction *tx)
{
    struct account account;
    unsigned weight = 0;
    if (tx->signature_count == 0) return false;
    if (ledger_read_account(call->reader, &tx->source, &account) != STATUS_OK) return false;
    for (unsigned i = 0; i < tx->signature_count; i++)
        for (unsigned j = 0; j < account.signer_count; j++)
            if (key_equal(&tx->signatures[i].key, &account.signers[j].key))
                weight += account.signers[j].weight;
    return weight >= account.low;
}

static bool signatures_valid(const struct transaction *tx)
{
    uint8_t statement[64];
    memcpy(statement, tx->chain_id.bytes, 32);
    memcpy(statement + 32, tx->txid.bytes, 32);
    struct span bytes = span_of(statement, sizeof statement);
    for (unsigned i = 0; i < tx->signature_count; i++)
        if (!key_verify(&tx->signatures[i].key, TAG_TRANSACTION_SIGNATURE, bytes,
                        &tx->signatures[i].signature))
            return false;
    return true;
}

static void wish(struct rpc_call *call, const struct absence *a)
{
    if (!signed_by_source(call, &a->tx) || !signatures_valid(&a->tx)) return;
    const struct absence_wish wanted = { .source = a->tx.source,
                                         .txid = a->tx.txid,
                                         .not_after_ms = a->tx.not_after_ms,
                                         .question = &a->wait.question };
    call->backend->wish_absence(call->backend->context, &wanted);
}

/* Sleeps until a block is later than not_after, or holds the transaction. */
static json_t *wait_for_time(struct rpc_call *call, struct absence *a, uint64_t ledger_time_ms)
{
    if (rpc_monotonic_ms() >= a->deadline_ms) return fail_early(call, a, ledger_time_ms);
    a->time = waiters_add_tx(call_core(call)->waiters, &a->tx.txid, a->tx.not_after_ms, false,
                             a->deadline_ms);
    if (!a->time)
        return call_error(call, RPC_ERROR_limit_exceeded,
                          json_pack("{s:s, s:I, s:i}", "limit", "waiters", "max",
                                    (json_int_t)call->limits->waiters_max, "retry_after_ms", 1000));
    return call_later(call, a->time);
}

/* ---- the proof ------------------------------------------------------------------------------ */

static json_t *answer(struct rpc_call *call, struct absence *a, struct prover *p,
                      enum status status)
{
    json_t *twin = NULL;
    if (status == STATUS_OK)
        twin = proof_json(&p->proof);
    else if (status == STATUS_NO_QUORUM)
        state_wait_seal(call, &a->wait, p);
    else if (status == STATUS_NOT_FOUND)
        call_no_proof(call, "pruned");
    else
        call_status(call, status);
    prover_free(p);
    return twin;
}

static json_t *prove(struct rpc_call *call, struct absence *a)
{
    struct prover p;
    prover_init(&p, call->reader);
    switch (absence_of(&a->tx, a->wait.reading)) {
    case ABSENCE_SHOWN: return answer(call, a, &p, prove_absence(&p, &a->tx, a->wait.reading));
    case ABSENCE_LANE_USED: return answer(call, a, &p, prove_absence_other(&p, &a->tx));
    case ABSENCE_TOO_LATE: return call_no_proof(call, "window_over");
    case ABSENCE_TOO_EARLY: return fail_early(call, a, a->wait.reading->header.time_ms);
    case ABSENCE_PRESENT: break;
    }
    return call_error(call, RPC_ERROR_internal_error, NULL); /* It was looked for and not found. */
}

/* What the ledger says now, from the beginning. */
static json_t *look(struct rpc_call *call, struct absence *a)
{
    const struct rpc_backend *backend = call->backend;
    struct tx_place place = { .found = false };
    struct ledger_read_head head;
    enum status status = backend->find_tx(backend->context, call->reader, &a->tx.txid, &place);
    if (status == STATUS_OK) status = ledger_read_head(call->reader, &head);
    if (status != STATUS_OK) return call_status(call, status);
    if (place.found) return fail_present(call, a, &place);

    if (a->wait.reading) return prove(call, a);
    if (head.header.time_ms <= a->tx.not_after_ms) {
        wish(call, a);
        return wait_for_time(call, a, head.header.time_ms);
    }
    if (a->tx.order == ORDER_NONE && head.header.window_horizon_ms > a->tx.not_after_ms) {
        a->wait.reading = backend->absence(backend->context, &a->tx.txid);
        return a->wait.reading ? prove(call, a) : call_no_proof(call, "window_over");
    }
    return state_wait_ask(call, &a->wait);
}

static json_t *go_on(struct rpc_call *call, struct absence *a)
{
    if (!a->time) {
        if (state_wait_ready(call, &a->wait)) return look(call, a);
        if (call->error != RPC_ERROR_none) return NULL;
        return call_no_proof(call, "window_over"); /* A not_after of zero has no window. */
    }
    enum wait_end end = waiter_end(a->time);
    waiter_drop(a->time);
    a->time = NULL;
    if (end == WAIT_STOPPED)
        return call_error(call, RPC_ERROR_unavailable, json_pack("{s:s}", "reason", "draining"));
    return look(call, a);
}

/* A transaction, or its body alone. */
static bool read_tx(struct rpc_call *call, struct transaction *tx)
{
    struct span bytes = call_argument(call, "tx")->bytes;
    struct refusal refusal = { .code = REFUSAL_none };
    const struct digest *chain_id = &call->backend->genesis->chain_id;
    if (transaction_decode(bytes, tx, &refusal) != STATUS_OK &&
        transaction_decode_body(bytes, tx, NULL) != STATUS_OK) {
        refusal.code = REFUSAL_tx_malformed;
    } else if (!digest_equal(&tx->chain_id, chain_id)) {
        refusal = (struct refusal){ .code = REFUSAL_tx_wrong_chain,
                                    .expected = *chain_id,
                                    .got = tx->chain_id };
    } else {
        return true;
    }
    const struct refusal_facts facts = { .tx = NULL };
    call_refusal(call, &refusal, &facts);
    return false;
}

static json_t *tx_prove_absent(struct rpc_call *call)
{
    struct absence *a = call->state;
    if (a) return go_on(call, a);
    a = calloc(1, sizeof *a);
    if (!a) return NULL;
    call->state = a;
    call->state_free = free_absence;
    if (!read_tx(call, &a->tx)) return NULL;
    uint64_t timeout_ms = call_argument(call, "timeout_ms")->number;
    if (timeout_ms > 0) a->deadline_ms = rpc_monotonic_ms() + timeout_ms;
    a->wait.deadline_ms = a->deadline_ms;
    absence_question(&a->tx, &a->wait.question);
    return look(call, a);
}

static const struct rpc_parameter tx_prove_absent_parameters[] = {
    PARAMETER_REQUIRED("tx", ARGUMENT_HEX),
    PARAMETER_INTEGER("timeout_ms", 0, 0, RPC_WAIT_MS_MAX),
};

const struct rpc_method method_tx_prove_absent = {
    METHOD("tx_prove_absent", ACCESS_READ, tx_prove_absent_parameters),
    .reads = true,
    .waits = true,
    .handle = tx_prove_absent,
};
