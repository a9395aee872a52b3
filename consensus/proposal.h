/* consensus/proposal.h -- a batch with a place in a protocol.
 *
 * Engines order proposals and never look into batches: a proposal names its batch by digest, and
 * the replica keeps the bytes. The proposal's own digest covers everything that fixes its place, so
 * that a chain of proposals is bound by the parents' digests:
 *
 *     H(witan/proposal/v1, index u64 | view u64 | parent view u64 | parent digest 32 | batch digest
 * 32)
 *
 * The root of an epoch is the proposal that nobody made: index 0, view 0, and the digest
 * H(witan/root/v1, epoch u64 | block hash of block 0 or of the epoch's boundary).
 */
#ifndef CONSENSUS_PROPOSAL_H
#define CONSENSUS_PROPOSAL_H

#include "crypto/codec.h"

enum { PROPOSAL_BYTES = 88 };

struct proposal {
    uint64_t index; /* the parent's plus 1; becomes the sequence of the block */
    uint64_t view;
    uint64_t parent_view;
    struct digest parent; /* digest of the parent proposal, or of the root */
    struct digest batch;  /* H(witan/batch/v1, batch) */
};

void proposal_write(struct writer *w, const struct proposal *proposal);
void proposal_read(struct reader *r, struct proposal *proposal);
struct digest proposal_digest(const struct proposal *proposal);
struct digest root_digest(uint64_t epoch, const struct digest *block_hash);

#endif
