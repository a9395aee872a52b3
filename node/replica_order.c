#include "node/replica_internal.h"

#include <stdlib.h>

enum { EXECUTING_MAX = 16 };

#define UNPROVEN UINT64_MAX /* as the record that proves a decision */

/* Its number. */
uint64_t journal_decided(struct replica *r, const struct entry *entry)
{
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    write_u64(&w, r->config.epoch);
    proposal_write(&w, &entry->proposal);
    write_bytes32(&w, entry->proof ? blob_span(entry->proof) : span_of("", 0));
    return append_record(r, JOURNAL_DECIDED, blob_of_writer(r, &w));
}

/* This decision comes with a proof, which is one for its ancestors too. */
static void order_proven(struct replica *r, struct entry *entry)
{
    uint64_t record = entry->record;
    for (uint64_t index = entry->proposal.index - 1; index >= r->decided_first; index--) {
        struct entry *before = store_decided(r, index);
        if (!before || before->record != UNPROVEN) return;
        before->record = record;
    }
}

/* A decision: its record first, the ledger when that is durable, and the proof with it: a restart
 * drops a decision that it cannot prove (journal_drop_unproven), so the ledger must not hold it.
 * Decisions follow one another; only after sealed blocks from peers may some be missing, and those
 * the ledger holds already. */
void order_decided(struct replica *r, const struct proposal *proposal, struct span proof)
{
    if (proposal->index <= r->decided_last) return;
    bool follows = proposal->index == r->decided_last + 1;
    ASSERT(follows || proposal->index <= r->executed_sequence + 1);
    struct digest digest = proposal_digest(proposal);
    struct entry *entry = store_add(r, proposal, &digest, NULL, true);
    if (!entry) return;
    entry->decided = true;
    if (proof.size > 0 && !entry->proof) {
        entry->proof = blob_copy(proof);
        if (!entry->proof) out_of_memory(r);
    }
    store_mark(r, entry);
    if (!follows || r->decided_first == 0) r->decided_first = proposal->index;
    r->decided_last = proposal->index;
    entry->record = journal_decided(r, entry);
    if (entry->proof)
        order_proven(r, entry);
    else
        entry->record = UNPROVEN;
    execute_gated(r);
    fetch_settled(r);
    store_prune(r);
}

/* Gives decided batches to the ledger, in order, as far as they are durable and here. */
void order_hand_over(struct replica *r)
{
    if (r->sync.active) return; /* The ledger is taking sealed blocks; these come after. */
    /* This ledger is wrong, or perhaps so; nothing goes on top of it. */
    if (r->sync.diverged_height != 0 || r->doubt.height != 0) return;
    if (r->boundary != 0) return; /* The rest of the epoch is void. */
    r->handed = max_u64(r->handed, r->executed_sequence);
    while (r->handed < r->decided_last && r->executing < EXECUTING_MAX) {
        struct entry *entry = store_decided(r, r->handed + 1);
        if (!entry) return; /* Behind what we know: sync brings the blocks before it. */
        if (!entry->batch) {
            fetch_want(r, &r->batch_fetch, VALIDATOR_NONE, &entry->digest, entry->proposal.index);
            return;
        }
        journal_proposal(r, entry);
        if (entry->record > r->durable) return;
        struct output *output = output_push(r, OUTPUT_EXECUTE);
        if (!output) return;
        output->epoch = r->config.epoch;
        output->sequence = entry->proposal.index;
        output->payload = blob_ref(entry->batch);
        r->handed = entry->proposal.index;
        r->executing++;
    }
}

/* The ledger's head has moved. */
void order_head(struct replica *r, const struct header *header, const struct digest *hash)
{
    r->head.header = *header;
    r->head.hash = *hash;
    r->head_changed_ms = r->moment.now_ms;
    r->sync.behind_since_ms = 0;
    if (r->tick_wish_ms < header->time_ms) r->tick_wish_ms = 0;
}

static void tell_committed(struct replica *r, struct execution *execution)
{
    struct output *output = output_push(r, OUTPUT_COMMITTED);
    if (output)
        output->execution = execution;
    else
        execution_free(execution);
}

void order_executed(struct replica *r, struct execution *execution)
{
    ASSERT(r->executing > 0);
    r->executing--;
    r->executed_sequence = max_u64(r->executed_sequence, execution->sequence);
    pool_skipped(r, execution);
    if (execution->kind == EXECUTION_BLOCK) {
        order_head(r, &execution->header, &execution->hash);
        epoch_executed(r, execution);
        pool_block_executed(r, execution);
        seal_executed(r, &execution->header, &execution->hash);
    }
    struct entry *entry = store_decided(r, execution->sequence);
    if (entry) store_executed(r, entry, execution->kind == EXECUTION_BLOCK);
    store_prune(r);
    if (execution->kind == EXECUTION_BLOCK || execution->skipped_count > 0)
        tell_committed(r, execution);
    else
        execution_free(execution);
    order_hand_over(r);
}
