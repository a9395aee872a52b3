/* Proofs of decisions, and seals, taken apart byte by byte and counted by loops, as
 * docs/maintainers/formats-consensus.md and formats-ledger.md write them. What was found right is
 * not computed again for the other replicas that store it. */
#include "checker_internal.h"

#include <stdlib.h>

enum { VOTE = 2, COMMIT_VOTE = 3, HEADER_SIZE = 88 };

/* ---- proofs of a decision ---- */

/* index | view | parent view | parent 32 | batch 32. */
struct child {
    uint64_t index, view, parent_view;
    struct digest parent, digest;
};

static bool take_child(struct taking *t, struct child *child)
{
    const uint8_t *bytes = take(t, HEADER_SIZE);
    if (t->failed) return false;
    child->index = load_u64(bytes);
    child->view = load_u64(bytes + 8);
    child->parent_view = load_u64(bytes + 16);
    memcpy(child->parent.bytes, bytes + 24, 32);
    child->digest = digest_of(TAG_PROPOSAL, span_of(bytes, HEADER_SIZE));
    return true;
}

/* Is it the next of the chain, proposed in the very next view? */
static bool follows(const struct child *child, uint64_t index, uint64_t view,
                    const struct digest *digest)
{
    return child->index == index + 1 && child->view == view + 1 && child->parent_view == view &&
           memcmp(child->parent.bytes, digest->bytes, 32) == 0;
}

/* 1: a quorum of commit votes on it. 2: a certificate of its child of the next view. 3, where
 * views have three phases: of its grandchild, one view further. */
static const char *take_apart(struct checker *checker, const struct proposal *proposal,
                              const struct digest *digest, struct span proof)
{
    struct taking t = { proof.data, proof.size, false };
    struct certified c;
    struct child child = { proposal->index, proposal->view, 0, { { 0 } }, *digest };
    const uint8_t *form = take(&t, 1);
    if (!form || *form < 1 || *form > 3) return "no proof";
    if ((checker->plan->phases == 3) != (*form == 3)) return "a proof by another rule";
    for (unsigned i = 1; i < *form; i++) {
        struct child next;
        if (!take_child(&t, &next)) return "no proof";
        if (!follows(&next, child.index, child.view, &child.digest)) return "no chain";
        child = next;
    }
    const char *why = certificate_fails(checker, &t, false, &c);
    if (why) return why;
    uint8_t kind = *form == 1 ? COMMIT_VOTE : VOTE;
    bool names = c.kind == kind && c.index == child.index && c.view == child.view &&
                 memcmp(&c.digest, &child.digest, sizeof c.digest) == 0;
    return names && t.size == 0 ? NULL : "a certificate of something else";
}

const char *proof_fails(struct checker *checker, const struct proposal *proposal,
                        const struct digest *digest, struct span proof)
{
    bool added;
    uint64_t print = fingerprint(proof, load_u64(digest->bytes));
    if (shelf_find(&checker->right, &print)) return NULL;
    const char *why = checker->raft ? raft_proof_fails(proposal, digest, proof)
                                    : take_apart(checker, proposal, digest, proof);
    if (!why) shelf_add(&checker->right, &print, &added);
    return why;
}

/* ---- seals ---- */

/* chain id 32 | epoch u64 | height u64 | block hash 32. */
static bool sealed_by(const struct checker *checker, const struct seal *seal, uint16_t member,
                      const struct signature *signature)
{
    uint8_t bytes[80];
    memcpy(bytes, checker->genesis->chain_id.bytes, 32);
    store_u64(bytes + 32, seal->epoch);
    store_u64(bytes + 40, seal->height);
    memcpy(bytes + 48, seal->block_hash.bytes, 32);
    return key_verify(&checker->genesis->committee.validators[member].seal_key, TAG_SEAL,
                      span_of(bytes, sizeof bytes), signature);
}

static bool signature_holds(struct checker *checker, struct block *block, const struct seal *seal,
                            const struct seal_signature *by)
{
    uint64_t bit = UINT64_C(1) << by->validator;
    if (!block->signed_by) {
        block->signed_by = calloc(checker->members, sizeof *block->signed_by);
        ASSERT(block->signed_by != NULL);
    }
    struct signature *known = &block->signed_by[by->validator];
    if ((block->signed_set & bit) && memcmp(known, &by->signature, sizeof *known) == 0) return true;
    if (!sealed_by(checker, seal, by->validator, &by->signature)) return false;
    block->signed_set |= bit;
    *known = by->signature;
    return true;
}

/* block->hash is what it must sign. */
const char *seal_fails(struct checker *checker, struct block *block, const struct seal *seal)
{
    uint64_t signers = 0;
    if (seal->epoch != 0 || memcmp(&block->hash, &seal->block_hash, sizeof block->hash) != 0)
        return "of another epoch or block";
    for (uint16_t i = 0; i < seal->count; i++) {
        const struct seal_signature *by = &seal->signatures[i];
        if (by->validator >= checker->members) return "signed by no member";
        if (signers >> by->validator & 1) return "signed twice by one";
        if (!signature_holds(checker, block, seal, by))
            return "with a signature that does not hold";
        signers |= UINT64_C(1) << by->validator;
    }
    return seal->count >= checker->quorum ? NULL : "by fewer than a quorum";
}
