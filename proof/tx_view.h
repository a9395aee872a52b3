/* proof/tx_view.h -- what a verifier reads of a transaction.
 *
 *     transaction = u32 body_size | body | u8 count | count x (public key 32 | signature 64)
 *     body        = version u16 = 1 | chain id 32 | source 16 | client_ref 16 | not_before u64 |
 *                   not_after u64 | order u8 | lane u32 | seq u64 | memo hash 32 | the rest
 *
 * The rest (asserts, operations) is not taken apart: what matters is that its hash is the txid that
 * a quorum sealed, or that no quorum ever will. So a verifier goes on reading proofs of chains that
 * have learned new operations.
 */
#ifndef PROOF_TX_VIEW_H
#define PROOF_TX_VIEW_H

#include "format/transaction.h"

struct tx_view {
    struct digest chain_id;
    struct id source, client_ref;
    uint64_t not_after_ms;
    enum order order;
    uint32_t lane;
    uint64_t seq;
    struct digest txid;
    struct digest signed_hash; /* zeros of a body alone */
    uint8_t signature_count;
    struct span signatures; /* signature_count x 96 */
};

/* Frame and head. NULL, or what is wrong, in words. */
const char *tx_view_read(struct span bytes, struct tx_view *view);
const char *tx_view_read_body(struct span body, struct tx_view *view);

/* Number `index` of its signatures. */
struct tx_signature tx_view_signature(const struct tx_view *view, uint8_t index);

#endif
