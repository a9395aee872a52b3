#include "ledger/audit_internal.h"
#include <inttypes.h>
#include <stdlib.h>

/* What the signatures of one block turned out to be. */
struct seal_tally {
    uint32_t valid, bad, foreign, other;
    uint64_t foreign_index;   /* of one of them */
    uint64_t bad_index;       /* of one of them */
    struct digest other_hash; /* what one of the others signed */
    uint64_t other_height;
};

static bool verifies(const struct audit *audit, const struct audit_signature *by, uint64_t epoch,
                     uint64_t height, const struct digest *hash)
{
    struct seal_vote vote = { .epoch = epoch, .height = height, .block_hash = *hash };
    vote.by.validator = (uint16_t)by->validator;
    vote.by.signature = by->signature;
    return seal_vote_check(&vote, &audit->genesis->chain_id, &audit->committee, audit->cache) ==
           STATUS_OK;
}

/* A signature that does not verify may be a good one in the wrong place: over the header that
 * execution gives, over the hash that is stored beside the header, or over a neighbour. */
static bool signs_other(struct audit *audit, const struct audit_signature *by,
                        const struct header *header, const struct digest *executed,
                        struct seal_tally *tally)
{
    uint64_t height = audit->block.height; /* of the row, whatever the header says */
    struct header next;
    bool has_next = false;
    struct digest candidates[4];
    uint64_t heights[4];
    unsigned count = 0;
    if (executed) {
        candidates[count] = *executed;
        heights[count++] = height;
    }
    candidates[count] = audit->block.stored_hash;
    heights[count++] = height;
    if (audit->has_previous) {
        candidates[count] = audit->previous_hash;
        heights[count++] = height - 1;
    }
    if (audit_source_header(audit->reader, height + 1, &has_next, &next) == STATUS_OK && has_next) {
        candidates[count] = header_hash(&next);
        heights[count++] = height + 1;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!verifies(audit, by, header->epoch, heights[i], &candidates[i])) continue;
        tally->other_hash = candidates[i];
        tally->other_height = heights[i];
        return true;
    }
    return false;
}

static void judge(struct audit *audit, const struct audit_signature *by,
                  const struct header *header, const struct digest *hash,
                  const struct digest *executed, struct seal_tally *tally)
{
    if (by->validator >= audit->committee.count) {
        tally->foreign++;
        tally->foreign_index = by->validator;
    } else if (by->whole && verifies(audit, by, header->epoch, audit->block.height, hash)) {
        tally->valid++;
    } else if (by->whole && signs_other(audit, by, header, executed, tally)) {
        tally->other++;
    } else {
        tally->bad++;
        tally->bad_index = by->validator;
    }
}

static void report_tally(struct audit *audit, uint64_t height, const struct seal_tally *tally)
{
    uint32_t stored = audit->block.signatures_stored;
    char hex[65];
    if (tally->foreign > 0)
        audit_find(audit, FINDING_seal_unknown_signer, height, FINDING_NO_ENTRY,
                   "%" PRIu32 " of %" PRIu32 " signatures, one as of validator %" PRIu64
                   " of a set of %u",
                   tally->foreign, stored, tally->foreign_index, audit->committee.count);
    if (tally->bad > 0)
        audit_find(audit, FINDING_seal_bad_signature, height, FINDING_NO_ENTRY,
                   "%" PRIu32 " of %" PRIu32 " signatures, one as of validator %" PRIu64,
                   tally->bad, stored, tally->bad_index);
    if (tally->other > 0) {
        hex_encode(digest_span(&tally->other_hash), hex);
        audit_find(audit, FINDING_seal_other_block, height, FINDING_NO_ENTRY,
                   "%" PRIu32 " of %" PRIu32 " signatures are over block %" PRIu64 ", hash %s",
                   tally->other, stored, tally->other_height, hex);
    }
}

/* ---- blocks without an own quorum ----------------------------------------------------------- */

static void uncovered_add(struct uncovered *run, uint64_t height, uint32_t valid)
{
    if (run->first > run->last) *run = (struct uncovered){ .first = height };
    run->last = height;
    run->most = valid > run->most ? valid : run->most;
}

static void uncovered_clear(struct uncovered *run)
{
    *run = (struct uncovered){ .first = 1, .last = 0 };
}

/* A quorum at sealed covers them: its header's history root commits to their hashes. */
static void report_run(struct audit *audit, struct uncovered *run, enum finding_code code,
                       uint64_t sealed)
{
    static const char format[] =
        "blocks %" PRIu64 " to %" PRIu64 ", at most %" PRIu32 " of %u signatures needed; the seal "
        "of block %" PRIu64 " covers them";
    if (run->first > run->last) return;
    unsigned quorum = committee_quorum(&audit->committee);
    if (audit->options->every_seal)
        audit_find(audit, code, run->first, FINDING_NO_ENTRY, format, run->first, run->last,
                   run->most, quorum, sealed);
    else
        audit_note(audit, code, run->first, format, run->first, run->last, run->most, quorum,
                   sealed);
    uncovered_clear(run);
}

static void count_quorum(struct audit *audit, uint64_t height, uint32_t valid)
{
    if (valid >= committee_quorum(&audit->committee)) {
        report_run(audit, &audit->missing, FINDING_seal_missing, height);
        report_run(audit, &audit->short_of_quorum, FINDING_seal_below_quorum, height);
        audit->report->seals++;
        audit->report->sealed_height = height;
    } else if (audit->block.signatures_stored == 0) {
        uncovered_add(&audit->missing, height, 0);
    } else {
        uncovered_add(&audit->short_of_quorum, height, valid);
    }
}

/* The set of an epoch stands on the seal of the last block before it, and on no later one: a block
 * that the new set has sealed proves nothing of its mandate. */
static void check_boundary(struct audit *audit)
{
    const struct header *boundary = &audit->previous;
    bool sealed = audit->report->sealed_height == boundary->height;
    if (!audit->has_previous || (boundary->flags & HEADER_EPOCH_END) == 0 || sealed) return;
    bool some = audit->short_of_quorum.first <= audit->short_of_quorum.last &&
                audit->short_of_quorum.last == boundary->height;
    audit_find(audit, some ? FINDING_seal_below_quorum : FINDING_seal_missing, boundary->height,
               FINDING_NO_ENTRY,
               "the last block of epoch %" PRIu64 " has no quorum of its own: nothing proves the "
               "next set",
               boundary->epoch);
}

void audit_seal(struct audit *audit, const struct header *header, const struct digest *hash,
                const struct digest *executed)
{
    struct seal_tally tally = { 0 };
    uint64_t height = audit->block.height;
    if (!audit->has_committee) return;
    check_boundary(audit);
    for (uint32_t i = 0; i < audit->block.signature_count; i++)
        judge(audit, &audit->block.signatures[i], header, hash, executed, &tally);
    tally.foreign += audit->block.signatures_stored - audit->block.signature_count;
    audit->report->signatures += tally.valid;
    report_tally(audit, height, &tally);
    count_quorum(audit, height, tally.valid);
    if (audit->committee.fault_model == FAULT_CRASH) {
        if (audit->crash_blocks++ == 0) audit->crash_first = height;
        audit->crash_last = height;
    }
}

/* Their headers are those of the ledger that was executed again: whether the file still has them is
 * seen when rows are compared. */
void audit_seal_again(struct audit *audit, uint64_t first, uint64_t last)
{
    struct epoch_record *epoch = calloc(1, sizeof *epoch);
    if (!epoch) audit->failed = STATUS_NO_MEMORY;
    for (uint64_t height = first; epoch && height <= last && audit->failed == STATUS_OK; height++) {
        struct header header;
        bool present = false;
        audit->failed = audit_source_block(audit->reader, height, &audit->block);
        if (audit->failed == STATUS_OK)
            audit->failed = audit_source_header(audit->reader, height, &present, &header);
        if (audit->failed != STATUS_OK || !present || !audit->block.present) continue;
        audit->failed = ledger_read_epoch(audit->ledger, header.epoch, epoch);
        if (audit->failed != STATUS_OK) continue;
        struct digest hash = header_hash(&header);
        audit->committee = epoch->committee;
        audit->has_committee = true;
        audit->has_previous = false;
        audit_seal(audit, &header, &hash, NULL);
    }
    free(epoch);
}

void audit_seals_end(struct audit *audit, uint64_t last)
{
    uint64_t sealed = audit->report->sealed_height;
    if (last > sealed)
        audit_note(audit, FINDING_unsealed_tail, sealed + 1,
                   "blocks %" PRIu64 " to %" PRIu64 " are covered by no quorum in this file",
                   sealed + 1, last);
    if (audit->crash_blocks > 0)
        audit_note(audit, FINDING_crash_model_range, audit->crash_first,
                   "blocks %" PRIu64 " to %" PRIu64 ": valid only if no validator lied",
                   audit->crash_first, audit->crash_last);
}
