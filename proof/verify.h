/* proof/verify.h -- is it true? From the genesis and a file's bytes to a verdict.
 *
 * Checks run in the order of their numbers as docs/reference/proofs.md tells it: the form of the
 * file, the chain of validator sets with the seals, what the kind adds, the policy. The first that
 * fails is the verdict. Without one, everything that the sentence of proof/say.h says is
 * established, given that more than max_faulty validators of no epoch lied.
 */
#ifndef PROOF_VERIFY_H
#define PROOF_VERIFY_H

#include "proof/proof.h"
#include "proof/trust.h"

struct proof_policy {
    bool allow_crash;           /* accept headers of the crash-fault model */
    const struct trust *trust;  /* remembered, of any chain; may be NULL */
    struct verify_cache *cache; /* for who judges many proofs of one chain; may be NULL */
};

/* A sealed block whose seal is verified. */
struct sealed_facts {
    uint64_t height, epoch, time_ms;
    struct digest hash;
    uint16_t signatures, validators, quorum;
    uint8_t fault_model;
};

enum { VERDICT_SEALED_MAX = 3, VERDICT_TEXT = 400 };

struct verdict {
    enum proof_check check;  /* CHECK_NONE: verified */
    char text[VERDICT_TEXT]; /* of a refusal: what failed where, with the values */

    struct proof proof; /* decoded, borrows from the bytes; valid unless an F check failed */

    /* The rest only if verified; `sealed` also if nothing but T.1, the last check, failed. */

    /* The sealed blocks in the order of the file: of a receipt its own or the later one; first and
     * second of a consistency proof or fork; of a state or absence its block, or last and next, or
     * last and now; of a statement that of the closing; of epochs the last boundary, if any. None
     * of an anchor or equivocation. */
    unsigned sealed_count;
    struct sealed_facts sealed[VERDICT_SEALED_MAX];
    uint32_t epochs; /* items of the chain: finished epochs */
    bool crash;      /* some header is of the crash-fault model */

    struct movement opening;   /* P7: before the first line of the range; zeros: none */
    struct movement closing;   /* P7: the last up to its end; zeros: none */
    uint32_t lines;            /* P7: movements of the range, without the one before */
    struct public_key accused; /* P9 equivocation: seal key, and whose it is */
    struct id accused_id, accused_member;
    uint16_t both_count; /* P9 fork within one epoch and set: who signed both */
    uint16_t both[COMMITTEE_MAX];
    struct trust seen; /* the highest sealed block, for trust_update; height 0: none */
};

void verdict_init(struct verdict *verdict);
void verdict_free(struct verdict *verdict);

/* Judges a binary proof file. Pure; about 100 us a signature. The verdict was initialised, or used
 * before. STATUS_OK: verified. STATUS_REFUSED: verdict->check says why. STATUS_NO_MEMORY: nothing
 * is known. policy may be NULL: no crash model, nothing remembered. */
enum status proof_verify(struct span bytes, const struct genesis *genesis,
                         const struct proof_policy *policy, struct verdict *verdict);

#endif
