/* format/transaction_json.h -- a transaction as people read and write it.
 *
 * JSON is only a carrier: nothing is hashed or signed as JSON, and what is read here becomes bytes
 * before anybody judges it. `tx_decode`, `tx_get` and `witan tx decode` show this form, `witan tx
 * build` and the tests write it.
 *
 *     {"tx_id": hash, "version": 1, "chain_id": hash, "source": "acc1...", "client_ref": 32 hex,
 *      "not_before": time, "not_after": time,
 *      "asserts": [{"kind": "balance", "account": ..., "asset": ..., "field": "posted",
 *                   "relation": "at_least", "amount": "500"}, ...],
 *      "ops": [{"op": "transfer", "args": {"from": ..., "to": ..., "asset": ..., "amount": "75"}}],
 *      "signatures": [{"public_key": ..., "signature": ...}], "size_bytes": 288,
 *      "order": {"lane": 7, "seq": 1}, "memo_hash": hash}
 *
 * The arguments of each operation carry the names of ledger.md, section 5, in its order; the table
 * is in docs/reference/transaction-json.md. Amounts are decimal strings, versions are positions
 * ("1042.3.0"), record keys and values hex. What is "none" in the bytes is left out: order,
 * memo_hash, metadata_hash; "version" stands only where "expect" is "version".
 */
#ifndef FORMAT_TRANSACTION_JSON_H
#define FORMAT_TRANSACTION_JSON_H

#include "format/transaction.h"
#include <jansson.h>

/* The whole transaction, or one part. A body alone (transaction_decode_body) has an empty list of
 * signatures, and size_bytes is the body's. New reference; NULL without memory. */
json_t *transaction_json(const struct transaction *tx);
json_t *operation_json(const struct operation *operation);
json_t *assert_json(const struct tx_assert *assertion);

/* Reads that form, strictly: unknown members, wrong types and broken static rules are refused and
 * *problem names the member. tx_id and size_bytes may be left out; if they stand there they must be
 * right (STATUS_MISMATCH). Also optional: version (1), not_before (at once), asserts, signatures
 * (none). The body is appended to *body; signatures has room for TX_SIGNATURES_MAX and gets them as
 * they stand, unverified. STATUS_MALFORMED, STATUS_INVALID, STATUS_TOO_LARGE, STATUS_MISMATCH,
 * STATUS_UNSUPPORTED, STATUS_NO_MEMORY. */
enum status transaction_json_read(const json_t *document, struct writer *body,
                                  struct tx_signature *signatures, uint8_t *count,
                                  struct problem *problem);

/* The words of the JSON form, by their numbers in the bytes; NULL beyond the list. */
const char *assert_kind_word(unsigned kind);
const char *balance_field_word(unsigned field);
const char *relation_word(unsigned relation);
const char *expect_word(unsigned expect);

#endif
