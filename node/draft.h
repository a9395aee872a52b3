/* node/draft.h -- transactions built by this program itself: import, demo, payments.
 *
 *     struct transaction *tx = ...;                 about 25 KiB: on the heap
 *     draft_begin(tx, &chain_id, &source, not_after_ms);
 *     draft_add(tx, OP_TRANSFER, &alice)->transfer = ...;
 *     status = draft_sign(tx, &secret, &bytes, &txid);
 */
#ifndef NODE_DRAFT_H
#define NODE_DRAFT_H

#include "format/transaction.h"

/* An empty transaction with a new reference. */
void draft_begin(struct transaction *tx, const struct digest *chain_id, const struct id *source,
                 uint64_t not_after_ms);

/* A further operation of actor, its union zeroed; at most TX_OPERATIONS_MAX. */
struct operation *draft_add(struct transaction *tx, enum operation_code code,
                            const struct id *actor);

/* One more: an account with this key as its only signer. */
void draft_add_account(struct transaction *tx, const struct id *actor, const struct id *id,
                       const uint8_t signer[SIGNER_BYTES]);

/* key 32 | weight u8 = 1, for draft_add_account. */
void draft_signer(const struct public_key *key, uint8_t signer[SIGNER_BYTES]);

/* The signed bytes into *bytes (replaced; malloc, the caller frees data) and the id. STATUS_INVALID
 * if a static rule is broken, STATUS_NO_MEMORY. */
enum status draft_sign(const struct transaction *tx, const struct secret_key *secret,
                       struct span *bytes, struct digest *txid);

/* A new reference: UUIDv7 (RFC 9562), which sorts by time. */
struct id draft_reference(uint64_t now_ms);

/* Milliseconds of the wall clock. */
uint64_t draft_now_ms(void);

#endif
