/* P9: one validator signed two blocks, or two sealed blocks contradict each other. */
#include "proof/judge.h"

#include "crypto/signer.h"

#include <inttypes.h>

/* ---- one validator --------------------------------------------------------------------------- */

/* P9.3: both seal statements are the accused's. */
static bool accused_signed_both(struct judge *judge, const struct evidence_proof *evidence,
                                const struct public_key *key)
{
    for (unsigned i = 0; i < 2; i++) {
        uint8_t statement[SEAL_STATEMENT_BYTES];
        seal_statement_encode(&judge->genesis->chain_id, evidence->epoch, evidence->height,
                              &evidence->hashes[i], statement);
        if (!verify_cached(judge->policy->cache, key, TAG_SEAL,
                           span_of(statement, sizeof statement), &evidence->signatures[i]))
            return judge_fail(judge, CHECK_P9_SIGNATURE, "signature %u is not validator %u's", i,
                              evidence->validator);
    }
    return true;
}

static bool judge_equivocation(struct judge *judge, const struct evidence_proof *evidence)
{
    if (!judge_chain(judge, &judge->verdict->proof.epochs, NULL, 0, evidence->epoch)) return false;
    if (evidence->validator >= judge->set->count)
        return judge_fail(judge, CHECK_P9_VALIDATOR, "validator %u of a set of %u",
                          evidence->validator, judge->set->count);
    if (digest_compare(&evidence->hashes[0], &evidence->hashes[1]) >= 0)
        return judge_fail(judge, CHECK_P9_CONFLICT, "the two hashes are not two, in order");
    const struct validator *accused = &judge->set->validators[evidence->validator];
    judge->verdict->accused = accused->seal_key;
    judge->verdict->accused_id = accused->id;
    judge->verdict->accused_member = accused->member;
    return accused_signed_both(judge, evidence, &accused->seal_key);
}

/* ---- two seals ------------------------------------------------------------------------------- */

/* P9.2. */
static bool blocks_contradict(struct judge *judge, const struct evidence_proof *evidence)
{
    const struct header *first = &evidence->first.header, *second = &evidence->second.header;
    struct digest a = header_hash(first), b = header_hash(second);
    if (evidence->form == FORK_HEIGHT) {
        if (first->height != second->height)
            return judge_fail(judge, CHECK_P9_CONFLICT, "the blocks are of two heights");
        if (digest_compare(&a, &b) >= 0)
            return judge_fail(judge, CHECK_P9_CONFLICT, "the two hashes are not two, in order");
        return true;
    }
    if (digest_equal(&evidence->other, &a))
        return judge_fail(judge, CHECK_P9_CONFLICT, "the second history has the first block");
    if (!merkle_verify_inclusion(&evidence->other, first->height, second->height,
                                 evidence->other_path.hashes, evidence->other_path.count,
                                 &second->history_root))
        return judge_fail(judge, CHECK_P9_CONFLICT,
                          "the other block %" PRIu64 " is not in the second history",
                          first->height);
    return true;
}

/* Who signed both, if both are of one set. Signers ascend in each (P1.6). */
static void find_both(struct verdict *verdict, const struct evidence_proof *evidence)
{
    const struct header *first = &evidence->first.header, *second = &evidence->second.header;
    struct seal_view a = seal_view_of(evidence->first.seal);
    struct seal_view b = seal_view_of(evidence->second.seal);
    if (first->epoch != second->epoch) return;
    if (!digest_equal(&first->validators_hash, &second->validators_hash)) return;
    for (uint16_t i = 0, j = 0; i < a.count && j < b.count;) {
        uint16_t signer_a = seal_view_signature(&a, i).validator;
        uint16_t signer_b = seal_view_signature(&b, j).validator;
        if (signer_a == signer_b) verdict->both[verdict->both_count++] = signer_a;
        if (signer_a <= signer_b) i++;
        if (signer_b <= signer_a) j++;
    }
}

static bool judge_fork(struct judge *judge, const struct evidence_proof *evidence)
{
    struct verdict *verdict = judge->verdict;
    struct subject first = { &evidence->first, "the first block", &verdict->sealed[0], false };
    struct subject second = { &evidence->second, "the second block", &verdict->sealed[1], false };
    if (!judge_chain(judge, &evidence->first_epochs, &first, 1, 0)) return false;
    if (!judge_chain(judge, &verdict->proof.epochs, &second, 1, 0)) return false;
    verdict->sealed_count = 2;
    if (!blocks_contradict(judge, evidence)) return false;
    find_both(verdict, evidence);
    return true;
}

bool judge_evidence(struct judge *judge, const struct evidence_proof *evidence)
{
    judge->evidence = true;
    bool ok = evidence->type == EVIDENCE_EQUIVOCATION ? judge_equivocation(judge, evidence)
                                                      : judge_fork(judge, evidence);
    judge->verdict->seen.height = 0; /* a head out of a dispute is not remembered */
    return ok;
}
