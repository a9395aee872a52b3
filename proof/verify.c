#include "proof/judge.h"

#include "proof/anchor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool judge_fail(struct judge *judge, enum proof_check check, const char *format, ...)
{
    va_list arguments;
    judge->verdict->check = check;
    va_start(arguments, format);
    (void)vsnprintf(judge->verdict->text, sizeof judge->verdict->text, format, arguments);
    va_end(arguments);
    return false;
}

void verdict_init(struct verdict *verdict)
{
    memset(verdict, 0, sizeof *verdict);
    trust_init(&verdict->seen);
}

void verdict_free(struct verdict *verdict)
{
    trust_free(&verdict->seen);
    verdict_init(verdict);
}

/* ---- P0 -------------------------------------------------------------------------------------- */

static bool document_decodes(struct judge *judge, struct span document, struct genesis **genesis)
{
    struct problem problem;
    enum status status = genesis_decode(document, genesis, &problem);
    if (status == STATUS_OK) return true;
    if (status == STATUS_NO_MEMORY) {
        judge->status = status;
        return false;
    }
    enum proof_check check =
        status == STATUS_BAD_SIGNATURE ? CHECK_P0_POSSESSION : CHECK_P0_DOCUMENT;
    return judge_fail(judge, check, "%s", problem.text);
}

static bool block_0_is(struct judge *judge, const struct genesis *genesis,
                       const struct header *shown)
{
    struct header header;
    char value[80], value_shown[80];
    judge->status = anchor_header(genesis, &header);
    if (judge->status != STATUS_OK) return false;
    struct digest root = header.state_root;
    header.state_root = shown->state_root;
    const char *field = header_difference(&header, shown, value, value_shown);
    if (field)
        return judge_fail(judge, CHECK_P0_HEADER, "%s is %s, the document gives %s", field,
                          value_shown, value);
    if (!digest_equal(&root, &shown->state_root))
        return judge_fail(judge, CHECK_P0_STATE, "the allocations give another state root");
    if (shown->fault_model == FAULT_CRASH) judge->verdict->crash = true;
    return true;
}

bool judge_anchor(struct judge *judge, const struct anchor_proof *anchor)
{
    struct genesis *genesis;
    if (!document_decodes(judge, anchor->document, &genesis)) return false;
    bool same = digest_equal(&genesis->chain_id, &judge->genesis->chain_id);
    bool ok = same ? block_0_is(judge, genesis, &anchor->header)
                   : judge_fail(judge, CHECK_P0_CHAIN_ID, "the document is of another chain");
    genesis_free(genesis);
    return ok;
}

/* ---- the sealed blocks of a proof, in the order of the file -----------------------------------
 */

struct subjects {
    struct subject list[VERDICT_SEALED_MAX];
    unsigned count;
};

static void add_subject(struct subjects *subjects, struct judge *judge, const struct sealed *sealed,
                        const char *what)
{
    ASSERT(subjects->count < VERDICT_SEALED_MAX);
    subjects->list[subjects->count] =
        (struct subject){ sealed, what, &judge->verdict->sealed[subjects->count], false };
    subjects->count++;
}

static void add_state(struct subjects *subjects, struct judge *judge,
                      const struct state_proof *state)
{
    if (state->form == STATE_BETWEEN || state->form == STATE_SINCE)
        add_subject(subjects, judge, &state->last.sealed, "the block of the first receipt");
    if (state->form == STATE_BETWEEN)
        add_subject(subjects, judge, &state->next.sealed, "the block of the second receipt");
    else
        add_subject(subjects, judge, &state->sealed, "the block of the state");
}

static void add_subjects(struct subjects *subjects, struct judge *judge, const struct proof *proof)
{
    static const char receipt_block[] = "the block of the receipt";
    switch (proof->kind) {
    case PROOF_SEAL: add_subject(subjects, judge, &proof->seal, "the block"); return;
    case PROOF_RECEIPT: add_subject(subjects, judge, &proof->receipt.sealed, receipt_block); return;
    case PROOF_CONSISTENCY:
        add_subject(subjects, judge, &proof->consistency.first, "the first block");
        add_subject(subjects, judge, &proof->consistency.second, "the second block");
        return;
    case PROOF_STATE: add_state(subjects, judge, &proof->state); return;
    case PROOF_ABSENCE:
        if (proof->absence.form == ABSENCE_STATE)
            add_state(subjects, judge, &proof->absence.state);
        else
            add_subject(subjects, judge, &proof->absence.other.sealed, receipt_block);
        return;
    case PROOF_STATEMENT:
        if (proof->statement.form == CLOSING_STATE)
            add_state(subjects, judge, &proof->statement.state);
        else
            add_subject(subjects, judge, &proof->statement.next.sealed, receipt_block);
        return;
    default: return; /* no seal, or evidence with chains of its own */
    }
}

/* P2, a chain alone: its last boundary is the block that it shows. */
static bool judge_epochs(struct judge *judge, const struct epoch_chain *chain)
{
    if (!judge_chain(judge, chain, NULL, 0, chain->count)) return false;
    judge->verdict->sealed_count = chain->count > 0;
    judge->verdict->sealed[0] = judge->boundary;
    return true;
}

/* ---- the verdict ----------------------------------------------------------------------------- */

static bool judge_kind(struct judge *judge, const struct proof *proof)
{
    switch (proof->kind) {
    case PROOF_RECEIPT: return judge_receipt(judge, &proof->receipt, "the receipt");
    case PROOF_CONSISTENCY: return judge_consistency(judge, &proof->consistency);
    case PROOF_STATE: return judge_state(judge, &proof->state);
    case PROOF_ABSENCE: return judge_absence(judge, &proof->absence);
    case PROOF_STATEMENT: return judge_statement(judge, &proof->statement);
    default: return true; /* a seal is its seal */
    }
}

static bool judge_proof(struct judge *judge, const struct proof *proof)
{
    struct subjects subjects = { .count = 0 };
    if (proof->kind == PROOF_ANCHOR) return judge_anchor(judge, &proof->anchor);
    if (proof->kind == PROOF_EVIDENCE) return judge_evidence(judge, &proof->evidence);
    if (proof->kind == PROOF_EPOCHS) return judge_epochs(judge, &proof->epochs);
    add_subjects(&subjects, judge, proof);
    if (!judge_chain(judge, &proof->epochs, subjects.list, subjects.count, 0)) return false;
    judge->verdict->sealed_count = subjects.count;
    return judge_kind(judge, proof);
}

/* P11 and the memory: what the verifier decides, not the proof. */
static bool judge_policy(struct judge *judge)
{
    if (judge->verdict->crash && !judge->policy->allow_crash)
        return judge_fail(judge, CHECK_P11_CRASH,
                          "a header is of the crash-fault model: valid only if no validator lied");
    if (judge->contradicted) return judge_fail(judge, CHECK_TRUST, "%s", judge->contradiction);
    return true;
}

static bool judge_file(struct judge *judge, struct span bytes)
{
    struct proof *proof = &judge->verdict->proof;
    struct proof_refusal refusal;
    if (proof_decode(bytes, proof, &refusal) != STATUS_OK)
        return judge_fail(judge, refusal.check, "byte %zu: %s", refusal.offset, refusal.text);
    if (!digest_equal(&proof->chain_id, &judge->genesis->chain_id))
        return judge_fail(judge, CHECK_CHAIN, "the proof is of another chain than the genesis");
    return judge_proof(judge, proof) && judge_policy(judge);
}

/* Heads are remembered only out of what was verified whole. */
static void end_verdict(struct verdict *verdict, bool verified)
{
    if (!verified) verdict->seen.height = 0;
    if (verdict->seen.height == 0) verdict->seen.epoch = 0;
    ASSERT(verdict->seen.epoch <= verdict->seen.boundary_count);
    verdict->seen.boundary_count = (uint32_t)verdict->seen.epoch;
}

enum status proof_verify(struct span bytes, const struct genesis *genesis,
                         const struct proof_policy *policy, struct verdict *verdict)
{
    static const struct proof_policy strict;
    struct judge judge = { .genesis = genesis,
                           .policy = policy ? policy : &strict,
                           .verdict = verdict,
                           .set = malloc(sizeof *judge.set),
                           .next_set = malloc(sizeof *judge.next_set) };
    verdict_free(verdict);
    if (!judge.set || !judge.next_set) judge.status = STATUS_NO_MEMORY;
    bool verified = judge.status == STATUS_OK && judge_file(&judge, bytes);
    free(judge.next_set);
    free(judge.set);
    if (judge.status != STATUS_OK) verdict_free(verdict);
    if (judge.status != STATUS_OK) return judge.status;
    end_verdict(verdict, verified);
    return verified ? STATUS_OK : STATUS_REFUSED;
}
