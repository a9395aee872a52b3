/* Decisions and blocks. The first honest replica that executes a height says what it is; the
 * reference executor judges it once, and all others are compared with it. */
#include "checker_internal.h"

#include <inttypes.h>
#include <stdlib.h>

enum { HEADER_SIZE = 88, CHAIN_EXPECTED = 1024 };

/* ---- what there is ---- */

static void *grown(void *list, uint64_t *count, uint64_t wanted, size_t size)
{
    uint64_t more = *count ? *count : CHAIN_EXPECTED;
    if (wanted < *count) return list;
    while (more <= wanted)
        more *= 2;
    uint8_t *bytes = realloc(list, more * size);
    ASSERT(bytes != NULL);
    memset(bytes + *count * size, 0, (more - *count) * size);
    *count = more;
    return bytes;
}

struct decision *chain_decision(struct checker *checker, uint64_t index)
{
    checker->decisions =
        grown(checker->decisions, &checker->decisions_count, index, sizeof *checker->decisions);
    return &checker->decisions[index];
}

struct block *chain_block(struct checker *checker, uint64_t height)
{
    checker->blocks =
        grown(checker->blocks, &checker->blocks_count, height, sizeof *checker->blocks);
    return &checker->blocks[height];
}

void chain_free(struct checker *checker)
{
    for (uint64_t i = 0; i < checker->blocks_count; i++) {
        execution_free(checker->blocks[i].later);
        free(checker->blocks[i].signed_by);
    }
    for (uint32_t i = 0; i < checker->batches.count; i++)
        blob_unref(((struct kept_batch *)shelf_at(&checker->batches, i))->bytes);
    free(checker->blocks);
    free(checker->decisions);
}

/* ---- proposals and decisions ---- */

/* proposal 88 | bytes32 batch. The batch's digest is the last field of the proposal. */
void chain_proposal(struct checker *checker, struct span payload)
{
    struct digest digest;
    bool added;
    if (payload.size < HEADER_SIZE + 4) return;
    memcpy(digest.bytes, payload.data + HEADER_SIZE - 32, 32);
    struct kept_batch *kept = shelf_add(&checker->batches, &digest, &added);
    if (!added) return;
    struct span batch = span_of(payload.data + HEADER_SIZE + 4, payload.size - HEADER_SIZE - 4);
    struct digest real = digest_of(TAG_BATCH, batch);
    if (memcmp(&real, &digest, sizeof real) != 0)
        checker_fail(checker, CHECK_CERTIFICATE, "a proposal is stored with another batch");
    kept->bytes = blob_copy(batch);
    ASSERT(kept->bytes != NULL);
}

static struct proposal proposal_of(const uint8_t *bytes)
{
    struct proposal p = {
        load_u64(bytes), load_u64(bytes + 8), load_u64(bytes + 16), { { 0 } }, { { 0 } }
    };
    memcpy(p.parent.bytes, bytes + 24, 32);
    memcpy(p.batch.bytes, bytes + 56, 32);
    return p;
}

static bool same_proposal(const struct proposal *a, const struct proposal *b)
{
    return a->index == b->index && a->view == b->view && a->parent_view == b->parent_view &&
           memcmp(&a->parent, &b->parent, sizeof a->parent) == 0 &&
           memcmp(&a->batch, &b->batch, sizeof a->batch) == 0;
}

/* One proposal for each index, each the child of the one before. */
static bool agrees(struct checker *checker, uint16_t replica, const struct proposal *p,
                   const uint8_t *header)
{
    struct decision *decision = chain_decision(checker, p->index);
    if (decision->known) {
        if (same_proposal(&decision->proposal, p)) return true;
        return checker_fail(checker, checker->raft ? CHECK_STATE_MACHINE : CHECK_AGREEMENT,
                            "node %u decides another proposal at index %" PRIu64 " than others",
                            replica, p->index);
    }
    decision->known = true;
    decision->proposal = *p;
    decision->digest = digest_of(TAG_PROPOSAL, span_of(header, HEADER_SIZE));
    raft_decided(checker, replica, p->index);
    const struct decision *after = chain_decision(checker, p->index + 1);
    const struct decision *before = &checker->decisions[p->index - 1];
    decision = &checker->decisions[p->index];
    if ((before->known && memcmp(&before->digest, &p->parent, sizeof p->parent) != 0) ||
        (after->known &&
         memcmp(&after->proposal.parent, &decision->digest, sizeof decision->digest) != 0))
        return checker_fail(checker, CHECK_AGREEMENT,
                            "node %u decides at index %" PRIu64 " what does not fit its neighbours",
                            replica, p->index);
    return true;
}

/* Ascending by one; further on only where the ledger stands already. A fold repeats. */
static bool decided_in_order(struct watched *w, uint64_t index)
{
    if (index <= w->repeat_until) {
        bool rises = index > w->repeat_at;
        w->repeat_at = index;
        return rises;
    }
    uint64_t last = w->decided_last;
    w->decided_last = index;
    if (last == 0 || index == last + 1 || w->sequence_unknown) return true;
    return index > last && index - 1 <= w->sequence;
}

/* epoch u64 | proposal 88 | bytes32 proof, which may be empty. */
void chain_decided(struct checker *checker, uint16_t replica, struct span payload)
{
    struct watched *w = &checker->watched[replica];
    if (payload.size < 8 + HEADER_SIZE + 4) return;
    const uint8_t *header = payload.data + 8;
    struct proposal p = proposal_of(header);
    if (p.index == 0 || chain_absurd(p.index)) {
        checker_fail(checker, CHECK_ORDER, "node %u decides index %" PRIu64, replica, p.index);
        return;
    }
    uint64_t before = w->decided_last;
    if (!decided_in_order(w, p.index))
        checker_fail(checker, CHECK_ORDER,
                     "node %u decides index %" PRIu64 " behind %" PRIu64 ", its ledger at %" PRIu64,
                     replica, p.index, before, w->sequence);
    if (!agrees(checker, replica, &p, header)) return;
    struct span proof =
        span_of(payload.data + 8 + HEADER_SIZE + 4, payload.size - 8 - HEADER_SIZE - 4);
    const struct digest *digest = &checker->decisions[p.index].digest;
    const char *why = proof.size > 0 ? proof_fails(checker, &p, digest, proof) : NULL;
    if (why)
        checker_fail(checker, CHECK_CERTIFICATE,
                     "node %u decides index %" PRIu64 " on a proof that does not hold: %s", replica,
                     p.index, why);
}

void chain_folded(struct checker *checker, uint16_t replica)
{
    struct watched *w = &checker->watched[replica];
    w->repeat_until = w->decided_last;
    w->repeat_at = 0;
}

/* ---- blocks ---- */

/* A copy to be kept: a replica that a crash has taken from us in mid-commit may be one ahead. */
static struct execution *copy_of(const struct execution *e)
{
    struct execution *copy = malloc(sizeof *copy);
    size_t size = 0;
    ASSERT(copy != NULL);
    *copy = *e;
    for (uint32_t i = 0; i < e->entry_count; i++)
        size += e->entries[i].transaction.size;
    copy->skipped = NULL;
    copy->skipped_count = 0;
    copy->entries = malloc((e->entry_count + 1) * sizeof *copy->entries);
    copy->bytes = malloc(size + 1);
    ASSERT(copy->entries != NULL);
    ASSERT(copy->bytes != NULL);
    size = 0;
    for (uint32_t i = 0; i < e->entry_count; i++) {
        struct span bytes = e->entries[i].transaction;
        copy->entries[i] = e->entries[i];
        if (bytes.size > 0) memcpy(copy->bytes + size, bytes.data, bytes.size);
        copy->entries[i].transaction = span_of(copy->bytes + size, bytes.size);
        size += bytes.size;
    }
    return copy;
}

static void judge_waiting(struct checker *checker)
{
    while (!checker->reported) {
        struct block *next = chain_block(checker, checker->height + 1);
        struct execution *e = next->later;
        if (!e) return;
        next->later = NULL;
        judge_block(checker, e);
        execution_free(e);
    }
}

static void new_block(struct checker *checker, uint16_t replica, struct block *block,
                      const struct execution *e)
{
    uint64_t height = e->header.height;
    if (block->hash_known && memcmp(&block->hash, &e->hash, sizeof e->hash) != 0) {
        checker_fail(checker, CHECK_SEAL,
                     "node %u executes block %" PRIu64 " to another hash than a seal holds",
                     replica, height);
        return;
    }
    block->known = block->hash_known = true;
    block->hash = e->hash;
    block->sequence = e->sequence;
    block->parent = e->header.parent_hash;
    const struct block *parent = &checker->blocks[height - 1];
    if (parent->known && memcmp(&parent->hash, &block->parent, sizeof block->parent) != 0) {
        checker_fail(checker, CHECK_AGREEMENT,
                     "node %u: block %" PRIu64 " has another parent than block %" PRIu64, replica,
                     height, height - 1);
        return;
    }
    if (height == checker->height + 1)
        judge_block(checker, e);
    else
        block->later = copy_of(e);
    judge_waiting(checker);
}

static void executed_block(struct checker *checker, uint16_t replica, const struct execution *e)
{
    struct watched *w = &checker->watched[replica];
    uint64_t height = e->header.height;
    if (height != w->height + 1 || chain_absurd(height) || e->sequence <= w->sequence ||
        e->header.sequence != e->sequence || e->header.entry_count != e->entry_count) {
        checker_fail(checker, CHECK_ORDER,
                     "node %u executes block %" PRIu64 " (sequence %" PRIu64
                     ") behind block %" PRIu64 " (sequence %" PRIu64 ")",
                     replica, height, e->sequence, w->height, w->sequence);
        return;
    }
    w->height = height;
    w->sequence = e->sequence;
    w->sequence_unknown = false;
    if (w->frail) return; /* A bit of its ledger may have flipped. */
    struct block *block = chain_block(checker, height);
    if (!block->known)
        new_block(checker, replica, block, e);
    else if (memcmp(&block->hash, &e->hash, sizeof e->hash) != 0)
        checker_fail(checker, CHECK_AGREEMENT, "node %u has another block %" PRIu64 " than others",
                     replica, height);
}

void chain_executed(struct checker *checker, uint16_t replica, const struct execution *e)
{
    struct watched *w = &checker->watched[replica];
    switch (e->kind) {
    case EXECUTION_BLOCK: executed_block(checker, replica, e); break;
    case EXECUTION_EMPTY:
        if (w->sequence_unknown ? e->sequence <= w->sequence : e->sequence != w->sequence + 1)
            checker_fail(checker, CHECK_ORDER,
                         "node %u executes sequence %" PRIu64 " behind %" PRIu64, replica,
                         e->sequence, w->sequence);
        w->sequence = e->sequence;
        w->sequence_unknown = false;
        judge_empty(checker, replica, e);
        break;
    case EXECUTION_PAST:
        if (e->sequence > w->sequence && !w->sequence_unknown)
            checker_fail(checker, CHECK_ORDER,
                         "node %u takes sequence %" PRIu64 " for done, standing at %" PRIu64,
                         replica, e->sequence, w->sequence);
        break;
    case EXECUTION_VOID:
        checker_fail(checker, CHECK_ORDER, "node %u finds its epoch ended", replica);
        break;
    }
}

/* ---- the door ---- */

void checker_executed(struct checker *checker, uint16_t replica, const struct execution *execution)
{
    if (checker->watched[replica].honest && !checker->reported)
        chain_executed(checker, replica, execution);
}

/* A ledger that comes back stands at a batch with a block, or at one of the empty ones behind it;
 * at none that it had not executed, unless the crash came before it could tell. */
void checker_ledger_at(struct checker *checker, uint16_t replica, uint64_t height)
{
    struct watched *w = &checker->watched[replica];
    w->height = height;
    w->sequence = 0;
    w->sequence_unknown = true;
    if (height == 0 || chain_absurd(height)) return;
    const struct block *block = chain_block(checker, height);
    if (block->known) w->sequence = block->sequence;
}

void checker_made(struct checker *checker, const struct digest *txid, struct span bytes)
{
    bool added;
    (void)bytes;
    shelf_add(&checker->transactions, txid, &added);
}

void checker_sealed(struct checker *checker, uint16_t replica, const struct seal *seal)
{
    if (!checker->watched[replica].honest || checker->reported) return;
    if (seal->height == 0 || chain_absurd(seal->height)) {
        checker_fail(checker, CHECK_SEAL, "node %u stores a seal of block %" PRIu64, replica,
                     seal->height);
        return;
    }
    struct block *block = chain_block(checker, seal->height);
    if (!block->hash_known) {
        block->hash_known = true;
        block->hash = seal->block_hash;
    }
    const char *why = seal_fails(checker, block, seal);
    if (why)
        checker_fail(checker, CHECK_SEAL, "node %u stores a seal of block %" PRIu64 " %s", replica,
                     seal->height, why);
    else if (seal->height > checker->sealed)
        checker->sealed = seal->height;
}
