/* proof/check.h -- every check that a proof can fail, once.
 *
 * A refusal names exactly one: its number ("P3.5") and word ("path") are stable, programs may rely
 * on them and vectors do. The list below makes the enumerators, the names, the texts of `witan
 * explain` and the table of docs/reference/proofs.md (a test compares). Checks that only say "P1
 * and P2 hold" (P2.1, P3.1, ...) are not here: what fails inside of them is named itself.
 */
#ifndef PROOF_CHECK_H
#define PROOF_CHECK_H

#include "crypto/base.h"

/* X(name, number, word, text) in the order of the numbers. */
#define PROOF_CHECK_LIST(X) \
    X(MAGIC, "F.1", "magic", "The file begins with WTNPROOF.") \
    X(VERSION, "F.2", "version", "The version is one that this program knows: 1.") \
    X(KIND, "F.3", "kind", "The kind is one that this program knows; 8 and 10 are reserved.") \
    X(SIZE, "F.4", "size", "The file and every list in it are within their limits.") \
    X(FORM, "F.5", "form", "Every byte is where the format wants it, none is left over.") \
    X(CHAIN, "F.6", "chain", "The file is of the chain that the genesis describes.") \
    X(P0_DOCUMENT, "P0.1", "document", "The genesis document decodes and keeps its own rules.") \
    X(P0_CHAIN_ID, "P0.2", "chain_id", "The chain id is the hash of the document.") \
    X(P0_POSSESSION, "P0.3", "possession", "Each validator has signed with its seal key.") \
    X(P0_HEADER, "P0.4", "block_0", "The header of block 0 is what the document gives.") \
    X(P0_STATE, "P0.5", "state_root", "The state root of block 0 is that of the allocations.") \
    X(P1_HEADER, "P1.1", "header", "The header decodes and is of this chain.") \
    X(P1_HASH, "P1.2", "hash", "The seal is over the hash of this header.") \
    X(P1_PLACE, "P1.3", "place", "Epoch and height of the seal are those of the header.") \
    X(P1_SET, "P1.4", "set", "The header names the validator set of its epoch.") \
    X(P1_MODEL, "P1.5", "fault_model", "Header and validator set have the same fault model.") \
    X(P1_SIGNERS, "P1.6", "signers", "Signers ascend and are in the set: none counts twice.") \
    X(P1_QUORUM, "P1.7", "quorum", "The signatures are at least a quorum of the set.") \
    X(P1_SIGNATURE, "P1.8", "signature", "Every signature of the seal is valid.") \
    X(P2_BOUNDARY, "P2.2", "boundary", "Each item is the last block of its epoch, in order.") \
    X(P2_NEXT, "P2.3", "next_set", "The next set is the one that the boundary names.") \
    X(P2_SET, "P2.4", "set_form", "The next set is sorted, with distinct valid keys.") \
    X(P2_SUBJECT, "P2.5", "subject", "The sealed block lies in the epoch that the chain gives.") \
    X(P3_LATER, "P3.2", "later", "The block is in the history of the later sealed block.") \
    X(P3_TRANSACTION, "P3.3", "transaction", "The transaction is the entry's, and signed.") \
    X(P3_EFFECTS, "P3.4", "effects", "The effects are those that the entry names.") \
    X(P3_PATH, "P3.5", "path", "The entry is in the block.") \
    X(P4_HISTORY, "P4.2", "history", "The first history is the beginning of the second.") \
    X(P4_ORDER, "P4.3", "order", "Height rises from the first block to the second, and time.") \
    X(P5_OBJECT, "P5.2", "object", "Kind, key and value are an object of the state.") \
    X(P5_LEAF, "P5.3", "leaf", "The leaf is the object's, or shows that it has none.") \
    X(P5_ROOT, "P5.4", "root", "The path leads from the leaf to the state root.") \
    X(P5_LAST, "P5.5", "last", "The first receipt changed the object, and left it in being.") \
    X(P5_NEXT, "P5.6", "next", "What comes next follows the first receipt directly.") \
    X(P6_BODY, "P6.2", "body", "The proof is about this transaction's reference or lane.") \
    X(P6_TIME, "P6.3", "time", "Its time is over, and the window reaches back to it.") \
    X(P6_OTHER, "P6.4", "other", "What stands in its place is not this transaction.") \
    X(P7_CLOSING, "P7.1", "closing", "The balance's last movement up to the end is proven.") \
    X(P7_CHAIN, "P7.2", "chain", "The movements are numbered and chained to the last one.") \
    X(P7_RANGE, "P7.3", "range", "The movements are those of the range and the one before.") \
    X(P7_SUMS, "P7.4", "sums", "Each result is the result before it and the change.") \
    X(P9_VALIDATOR, "P9.1", "validator", "The accused is in the set of that epoch.") \
    X(P9_CONFLICT, "P9.2", "conflict", "The two blocks contradict each other.") \
    X(P9_SIGNATURE, "P9.3", "signatures", "Both signatures are the accused's.") \
    X(P11_CRASH, "P11", "crash", "No header is of the crash-fault model, unless allowed.") \
    X(TRUST, "T.1", "remembered", "Nothing contradicts the sealed head that is remembered.")

enum proof_check {
    CHECK_NONE, /* nothing failed */
#define X(name, number, word, text) CHECK_##name,
    PROOF_CHECK_LIST(X)
#undef X
        CHECK_COUNT
};

const char *proof_check_number(enum proof_check check); /* "P3.5"; "" for none */
const char *proof_check_word(enum proof_check check);   /* "path" */
const char *proof_check_text(enum proof_check check);   /* what must hold */

/* "P3.5 path". */
const char *proof_check_name(enum proof_check check);
bool proof_check_find(const char *name, enum proof_check *check);

#endif
