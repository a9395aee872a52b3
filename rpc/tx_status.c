/* rpc/tx_status.c -- where a transaction stands. */
#include "rpc/tx_status.h"
#include "rpc/json_entry.h"

const char *tx_state_word(enum tx_state state)
{
    static const char *const words[] = { "unknown", "pending", "committed", "expired" };
    ASSERT((size_t)state < sizeof words / sizeof words[0]);
    return words[state];
}

bool tx_status_final(const struct tx_status *status)
{
    return status->state == TX_COMMITTED || status->state == TX_EXPIRED;
}

bool tx_status_sealed(const struct tx_status *status)
{
    return status->state == TX_COMMITTED &&
           position_height(status->place.position) <= status->place.sealed_height;
}

enum status tx_status_look(struct rpc_call *call, const struct digest *txid, uint64_t not_after_ms,
                           struct tx_status *status)
{
    const struct rpc_backend *backend = call->backend;
    memset(status, 0, sizeof *status);
    status->txid = *txid;
    status->not_after_ms = not_after_ms;
    uint64_t pool_not_after_ms = 0;
    bool pending = backend->pending(backend->context, txid, &pool_not_after_ms);
    if (pending) status->not_after_ms = pool_not_after_ms;

    enum status found = call_find_tx(call, txid, &status->place);
    if (found != STATUS_OK) return found;
    bool over = status->not_after_ms && status->place.ledger_time_ms > status->not_after_ms;
    if (status->place.found)
        status->state = TX_COMMITTED;
    else if (over)
        status->state = TX_EXPIRED;
    else if (pending)
        status->state = TX_PENDING;
    return STATUS_OK;
}

json_t *tx_status_json(const struct tx_status *status, const struct tx_status_extra *extra)
{
    const struct tx_place *place = &status->place;
    bool committed = status->state == TX_COMMITTED;
    json_t *o = json_with(json_object(), "tx_id", value_hash(&status->txid));
    o = json_with(o, "status", json_string(tx_state_word(status->state)));
    o = json_with(o, "final", json_boolean(tx_status_final(status)));
    o = json_with(o, "sealed", json_boolean(tx_status_sealed(status)));
    o = json_with(o, "ledger_height", value_height(place->ledger_height));
    o = json_with(o, "ledger_time", value_time(place->ledger_time_ms));
    if (committed) {
        o = json_with(o, "location",
                      json_location(place->position, &place->block_hash, place->block_time_ms));
        o = json_with(
            o, "result",
            json_result(place->code, place->at, span_of(place->effects, place->effects_size)));
    } else if (status->not_after_ms) {
        o = json_with(o, "not_after", value_time(status->not_after_ms));
    }
    if (extra->has_duplicate) o = json_with(o, "duplicate", json_boolean(extra->duplicate));
    if (extra->timed_out) o = json_with(o, "timed_out", json_true());
    return o;
}
