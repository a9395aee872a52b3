/* format/result.h -- the two lists of words that a transaction can meet: refusals and results.
 *
 * A *refusal* (10xx) is the answer to a submission that is not admitted: the node keeps nothing. At
 * execution the same checks decide that a transaction is skipped: it is in no block. A *result
 * code* belongs to a transaction that was executed; whatever it is, it is final.
 */
#ifndef FORMAT_RESULT_H
#define FORMAT_RESULT_H

#include "crypto/base.h"

/* X(name, number) in the normative order of the checks where more than one could fail. */
#define REFUSAL_LIST(X) \
    X(tx_too_large, 1002) \
    X(tx_malformed, 1001) \
    X(tx_wrong_chain, 1003) \
    X(tx_bad_signature, 1004) \
    X(tx_ref_conflict, 1007) \
    X(tx_lane_past, 1017) \
    X(tx_lane_gap, 1008) \
    X(tx_expired, 1009) \
    X(tx_too_early, 1015) \
    X(tx_window_too_long, 1010) \
    X(tx_unknown_source, 1005) \
    X(tx_source_frozen, 1016) \
    X(tx_not_permitted, 1006) \
    X(mempool_full, 1012) \
    X(source_quota, 1013)

enum refusal_code {
    REFUSAL_none = 0,
#define X(name, number) REFUSAL_##name = number,
    REFUSAL_LIST(X)
#undef X
        REFUSAL_duplicate =
            1, /* not an error: the txid is on the ledger; answered with its status */
};

const char *refusal_name(enum refusal_code code);

/* X(name, number) */
#define RESULT_LIST(X) \
    X(ok, 0) \
    X(assert_failed, 10) \
    X(account_unknown, 20) \
    X(account_exists, 21) \
    X(account_frozen, 22) \
    X(account_protected, 23) \
    X(account_not_empty, 24) \
    X(role_missing, 25) \
    X(key_unknown, 26) \
    X(key_exists, 27) \
    X(asset_unknown, 30) \
    X(asset_exists, 31) \
    X(not_issuer, 32) \
    X(supply_limit, 33) \
    X(flag_fixed, 34) \
    X(not_authorised, 35) \
    X(insufficient_funds, 40) \
    X(hold_unknown, 50) \
    X(hold_expired, 51) \
    X(not_arbiter, 52) \
    X(hold_amount, 53) \
    X(term_out_of_range, 54) \
    X(bad_preimage, 55) \
    X(hold_exists, 56) \
    X(version_mismatch, 60) \
    X(value_too_large, 61) \
    X(grant_limit, 62) \
    X(not_member, 70) \
    X(proposal_unknown, 71) \
    X(proposal_closed, 72) \
    X(proposal_limit, 73) \
    X(params_changed, 74) \
    X(action_invalid, 75) \
    X(not_ready, 76) \
    X(validator_unknown, 77) \
    X(approval_exists, 80) \
    X(approval_unknown, 81) \
    X(not_signer, 82) \
    X(evidence_invalid, 83) \
    X(evidence_known, 84)

enum result_code {
#define X(name, number) RESULT_##name = number,
    RESULT_LIST(X)
#undef X
};

/* The word, or "unknown". */
const char *result_name(uint16_t code);

#endif
