/* rpc/refusal.c -- a refusal of admission as a JSON-RPC error. */
#include "rpc/refusal.h"
#include "ledger/pool.h"
#include "rpc/json_ledger.h"

#include <stdlib.h>

enum { RETRY_MS = 1000, OUTSIDE_OPERATIONS = 255 };

static json_t *count(uint64_t value)
{
    return value_height(min_u64(value, HEIGHT_LIMIT - 1));
}

static const char *level_word(uint8_t level)
{
    return level == LEVEL_HIGH ? "high" : level == LEVEL_MEDIUM ? "medium" : "low";
}

static json_t *add_source(json_t *o, const struct refusal *r)
{
    return json_with(o, "source", value_address(ADDRESS_ACCOUNT, &r->account));
}

static json_t *malformed_data(const struct refusal *r)
{
    json_t *o = json_with(json_object(), "offset", count(r->offset));
    if (r->operation != OUTSIDE_OPERATIONS) o = json_with(o, "op", count(r->operation));
    return json_with(o, "detail", json_string(r->detail));
}

static json_t *not_permitted_data(const struct refusal *r)
{
    json_t *o = json_with(json_object(), "account", value_address(ADDRESS_ACCOUNT, &r->account));
    o = json_with(o, "level", json_string(level_word(r->level)));
    o = json_with(o, "weight_need", count(r->weight_need));
    return json_with(o, "weight_have", count(r->weight_have));
}

static json_t *conflict_data(const struct refusal *r, const struct refusal_facts *f)
{
    json_t *o = add_source(json_object(), r);
    if (f->tx) o = json_with(o, "client_ref", value_id16(&f->tx->client_ref));
    o = json_with(o, "tx_id", value_hash(&r->txid));
    return json_with(o, "status", json_string(f->other_status ? f->other_status : "unknown"));
}

/* value is the number that came, limit the one that is next. */
static json_t *lane_data(const struct refusal *r, const struct refusal_facts *f)
{
    json_t *o = add_source(json_object(), r);
    if (f->tx) o = json_with(o, "lane", count(f->tx->lane));
    o = json_with(o, "seq", count(r->value));
    o = json_with(o, "next", count(r->limit));
    if (r->code == REFUSAL_tx_lane_gap)
        return json_with(o, "ahead_max", count(POOL_LANE_AHEAD_MAX));
    if (!digest_is_zero(&r->txid)) o = json_with(o, "tx_id", value_hash(&r->txid));
    return o;
}

static json_t *expired_data(const struct refusal *r, const struct refusal_facts *f)
{
    json_t *o = json_with(json_object(), "not_after", value_time(r->limit));
    o = json_with(o, "ledger_time", value_time(f->ledger_time_ms));
    return json_with(o, "node_time", value_time(f->node_time_ms));
}

static json_t *window_data(const struct refusal *r)
{
    json_t *o = json_with(json_object(), "not_after", value_time(r->value));
    return json_with(o, "latest", value_time(r->limit));
}

/* Time comes from the later of block time and the node's clock. */
static json_t *early_data(const struct refusal *r, const struct refusal_facts *f)
{
    uint64_t now_ms = max_u64(f->ledger_time_ms, f->node_time_ms);
    uint64_t wait_ms = r->limit > now_ms ? r->limit - now_ms : 0;
    json_t *o = json_with(json_object(), "not_before", value_time(r->limit));
    o = json_with(o, "ledger_time", value_time(f->ledger_time_ms));
    return json_with(o, "retry_after_ms", count(wait_ms));
}

static json_t *full_data(const struct rpc_backend *backend)
{
    struct node_view *view = malloc(sizeof *view);
    if (!view) return NULL;
    backend->view(backend->context, view);
    json_t *o = json_with(json_object(), "txs", count(view->mempool_txs));
    o = json_with(o, "txs_max", count(view->mempool_txs_max));
    o = json_with(o, "bytes", count(view->mempool_bytes));
    o = json_with(o, "bytes_max", count(view->mempool_bytes_max));
    free(view);
    return json_with(o, "retry_after_ms", count(RETRY_MS));
}

static json_t *quota_data(const struct refusal *r)
{
    json_t *o = add_source(json_object(), r);
    o = json_with(o, "txs", count(r->value));
    o = json_with(o, "txs_max", count(r->limit));
    return json_with(o, "retry_after_ms", count(RETRY_MS));
}

static json_t *data_of(const struct rpc_call *call, const struct refusal *r,
                       const struct refusal_facts *f)
{
    switch (r->code) {
    case REFUSAL_tx_malformed: return malformed_data(r);
    case REFUSAL_tx_too_large:
        return json_with(json_with(json_object(), "max_bytes", count(r->limit)), "got_bytes",
                         count(r->value));
    case REFUSAL_tx_wrong_chain:
        return json_with(json_with(json_object(), "expected", value_hash(&r->expected)), "got",
                         value_hash(&r->got));
    case REFUSAL_tx_bad_signature:
        return json_with(json_with(json_object(), "public_key", value_key(&r->key)), "reason",
                         json_string(r->detail));
    case REFUSAL_tx_ref_conflict: return conflict_data(r, f);
    case REFUSAL_tx_lane_past:
    case REFUSAL_tx_lane_gap: return lane_data(r, f);
    case REFUSAL_tx_expired: return expired_data(r, f);
    case REFUSAL_tx_too_early: return early_data(r, f);
    case REFUSAL_tx_window_too_long: return window_data(r);
    case REFUSAL_tx_unknown_source:
        return json_with(add_source(json_object(), r), "ledger_height", count(f->ledger_height));
    case REFUSAL_tx_source_frozen: return add_source(json_object(), r);
    case REFUSAL_tx_not_permitted: return not_permitted_data(r);
    case REFUSAL_mempool_full: return full_data(call->backend);
    case REFUSAL_source_quota: return quota_data(r);
    case REFUSAL_none:
    case REFUSAL_duplicate: break;
    }
    return NULL;
}

json_t *call_refusal(struct rpc_call *call, const struct refusal *refusal,
                     const struct refusal_facts *facts)
{
    /* Both tables use the same numbers; a test compares them. */
    enum rpc_error error = rpc_error_by_code(refusal->code);
    ASSERT(error != RPC_ERROR_none);
    return call_error(call, error, data_of(call, refusal, facts));
}
