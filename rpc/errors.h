/* rpc/errors.h -- every error that the JSON-RPC interface can answer, in one list.
 *
 * A program switches on `kind`, never on the message; `retry` tells any client what to do without
 * knowing the kind:
 *
 *     never          a bug or a refusal: the same request will be refused again
 *     same_request   the same bytes again, after retry_after_ms
 *     after_delay    the state will change
 *     other_node     this node lacks it
 *     re_sign        build a new body, by the rule of reliable submission
 *
 * Codes from -32768 to -32000 are JSON-RPC's own; ours are positive: 10xx admission (the same
 * numbers as enum refusal_code), 20xx history and proofs. Unused for ever: -32000, -32003, -32006,
 * 1011, 1014. `docs/reference/rpc-errors.md` has a row for each; a test compares them both ways.
 */
#ifndef RPC_ERRORS_H
#define RPC_ERRORS_H

#include "crypto/base.h"
#include <jansson.h>

/* X(kind, code, message, retry, members of data beside kind, retry and request_id) */
#define RPC_ERROR_LIST(X) \
    X(parse_error, -32700, "Parse error", NEVER, "offset detail") \
    X(invalid_request, -32600, "Invalid Request", NEVER, "detail") \
    X(method_not_found, -32601, "Method not found", NEVER, "method did_you_mean") \
    X(invalid_params, -32602, "Invalid params", NEVER, "path expected got did_you_mean") \
    X(internal_error, -32603, "Internal error", AFTER_DELAY, "incident_id") \
    X(not_found, -32001, "Not found", NEVER, "what key ledger_height") \
    X(unavailable, -32002, "Node not ready", AFTER_DELAY, "reason height target_height") \
    X(method_disabled, -32004, "Method disabled on this node", OTHER_NODE, "method enable_with") \
    X(limit_exceeded, -32005, "Limit exceeded", AFTER_DELAY, "limit max got retry_after_ms") \
    X(unauthenticated, -32010, "Authentication required", NEVER, "required_access") \
    X(forbidden, -32011, "Not permitted here", NEVER, "required_access have_access hint") \
    X(tx_malformed, 1001, "Transaction is malformed", NEVER, "offset op detail") \
    X(tx_too_large, 1002, "Transaction is too large", NEVER, "max_bytes got_bytes") \
    X(tx_wrong_chain, 1003, "Transaction is for another chain", NEVER, "expected got") \
    X(tx_bad_signature, 1004, "A signature does not verify", NEVER, "public_key reason") \
    X(tx_unknown_source, 1005, "Source account does not exist", AFTER_DELAY, \
      "source ledger_height") \
    X(tx_not_permitted, 1006, "An acting account has not authorised this", NEVER, \
      "account level weight_need weight_have") \
    X(tx_ref_conflict, 1007, "client_ref belongs to another transaction", NEVER, \
      "source client_ref tx_id status") \
    X(tx_lane_gap, 1008, "Lane sequence number is too far ahead", AFTER_DELAY, \
      "source lane seq next ahead_max") \
    X(tx_expired, 1009, "Transaction is past its not_after", RE_SIGN, \
      "not_after ledger_time node_time") \
    X(tx_window_too_long, 1010, "not_after is too far ahead", RE_SIGN, "not_after latest") \
    X(mempool_full, 1012, "Mempool is full", SAME_REQUEST, \
      "txs txs_max bytes bytes_max retry_after_ms") \
    X(source_quota, 1013, "Source has its share of the mempool", SAME_REQUEST, \
      "source txs txs_max retry_after_ms") \
    X(tx_too_early, 1015, "not_before has not come", AFTER_DELAY, \
      "not_before ledger_time retry_after_ms") \
    X(tx_source_frozen, 1016, "Source account is frozen", AFTER_DELAY, "source") \
    X(tx_lane_past, 1017, "Lane sequence number is already used", RE_SIGN, \
      "source lane seq next tx_id") \
    X(pruned, 2001, "Height is no longer kept here", OTHER_NODE, "what height earliest_height") \
    X(height_not_reached, 2002, "Height is not committed yet", AFTER_DELAY, \
      "height ledger_height") \
    X(range_too_large, 2003, "Height range is too large", NEVER, "max_blocks got") \
    X(cursor_invalid, 2004, "Cursor does not match this query", NEVER, "reason") \
    X(proof_unavailable, 2005, "This node cannot build that proof", OTHER_NODE, \
      "reason earliest_height") \
    X(not_sealed, 2006, "Block is committed but not sealed yet", AFTER_DELAY, \
      "height signers quorum retry_after_ms") \
    X(tx_present, 2007, "Transaction is in a block", NEVER, "tx_id location result") \
    X(tx_may_execute, 2008, "Transaction may still be executed", AFTER_DELAY, \
      "not_after ledger_time retry_after_ms")

enum rpc_error {
    RPC_ERROR_none,
#define X(kind, code, message, retry, fields) RPC_ERROR_##kind,
    RPC_ERROR_LIST(X)
#undef X
        RPC_ERROR_COUNT
};

enum rpc_retry {
    RETRY_NEVER,
    RETRY_SAME_REQUEST,
    RETRY_AFTER_DELAY,
    RETRY_OTHER_NODE,
    RETRY_RE_SIGN,
};

struct rpc_error_row {
    const char *kind;
    int code;
    const char *message;
    enum rpc_retry retry;
    const char *fields; /* names with spaces between */
};

/* The row of an error; RPC_ERROR_none has none. */
const struct rpc_error_row *rpc_error_row(enum rpc_error error);

/* "never", "same_request", ... and back; an unknown word reads as RETRY_NEVER. */
const char *rpc_retry_word(enum rpc_retry retry);
enum rpc_retry rpc_retry_of(const char *word);

/* By kind or by code; RPC_ERROR_none if there is no such row. */
enum rpc_error rpc_error_by_kind(const char *kind);
enum rpc_error rpc_error_by_code(int64_t code);

/* {"code", "message", "data": {"kind", "retry", ...data, "request_id"}}. data may be NULL and is
 * taken over, also on failure. NULL without memory. */
json_t *rpc_error_object(enum rpc_error error, json_t *data, const char *request_id);

#endif
