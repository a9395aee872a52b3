/* format/seal.h -- a quorum's signatures on a block hash, given after execution.
 *
 *     seal = epoch u64 | height u64 | block hash 32 | u16 count |
 *            count x (validator index u16 | signature 64), ascending by index
 *
 * The index is that in the validator set of the epoch. The same for every engine: receipts, audit,
 * sync and light clients know nothing of views, terms or ballots.
 */
#ifndef FORMAT_SEAL_H
#define FORMAT_SEAL_H

#include "crypto/certificate.h"
#include "format/block.h"

struct seal_signature {
    uint16_t validator;
    struct signature signature;
};

struct seal {
    uint64_t epoch;
    uint64_t height;
    struct digest block_hash;
    uint16_t count;
    struct seal_signature signatures[COMMITTEE_MAX]; /* ascending by index */
};

enum { SEAL_BYTES_MAX = 50 + 66 * COMMITTEE_MAX };

void seal_write(struct writer *w, const struct seal *seal);
void seal_read(struct reader *r, struct seal *seal); /* order and count */

/* Checks 3 to 8 of proof P1: the seal is of this header, the set is the header's, a quorum of valid
 * signatures. *signer (may be NULL) is the index that failed. STATUS_MISMATCH, STATUS_NOT_MEMBER,
 * STATUS_NO_QUORUM, STATUS_BAD_SIGNATURE. */
enum status seal_check(const struct seal *seal, const struct header *header,
                       const struct committee *committee, struct verify_cache *cache,
                       uint16_t *signer);

/* One validator's signature of a block, as it travels before there is a seal:
 * epoch u64 | height u64 | block hash 32 | validator u16 | signature 64       114 bytes */
struct seal_vote {
    uint64_t epoch;
    uint64_t height;
    struct digest block_hash;
    struct seal_signature by;
};

enum { SEAL_VOTE_BYTES = 114 };
void seal_vote_write(struct writer *w, const struct seal_vote *vote);
void seal_vote_read(struct reader *r, struct seal_vote *vote);
/* Two signatures of one validator for one epoch and height, of two blocks, ascending by their
 * hashes: epoch u64 | height u64 | validator u16 | two hashes 32 | two signatures 64       210
 * bytes */
struct seal_pair {
    struct seal_vote first, second;
};

enum { SEAL_PAIR_BYTES = 210 };
void seal_pair_write(struct writer *w, const struct seal_pair *pair);

enum status seal_vote_check(const struct seal_vote *vote, const struct digest *chain_id,
                            const struct committee *committee, struct verify_cache *cache);

#endif
