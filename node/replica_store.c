#include "node/replica_internal.h"

#include <stdlib.h>

void entry_clear(struct entry *entry)
{
    blob_unref(entry->batch);
    blob_unref(entry->proof);
    free(entry->txids);
    memset(entry, 0, sizeof *entry);
}

void store_clear(struct replica *r)
{
    for (uint32_t i = 0; i < r->entries_count; i++) {
        entry_clear(r->entries[i]);
        free(r->entries[i]);
    }
    free(r->entries);
    r->entries = NULL;
    r->entries_count = r->entries_capacity = 0;
}

/* A few hundred entries at most are alive, and a search happens a few times for each proposal. */
struct entry *store_find(const struct replica *r, const struct digest *digest)
{
    for (uint32_t i = r->entries_count; i-- > 0;)
        if (digest_equal(&r->entries[i]->digest, digest)) return r->entries[i];
    return NULL;
}

struct entry *store_find_batch(const struct replica *r, const struct digest *batch)
{
    for (uint32_t i = r->entries_count; i-- > 0;)
        if (digest_equal(&r->entries[i]->proposal.batch, batch)) return r->entries[i];
    return NULL;
}

struct entry *store_decided(const struct replica *r, uint64_t index)
{
    for (uint32_t i = r->entries_count; i-- > 0;)
        if (r->entries[i]->decided && r->entries[i]->proposal.index == index) return r->entries[i];
    return NULL;
}

static uint32_t store_count_view(const struct replica *r, uint64_t view)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->entries_count; i++)
        if (r->entries[i]->proposal.view == view) count++;
    return count;
}

/* The time, the number and the ids of a batch's transactions. A batch that does not decode is an
 * empty one of time 0 (it was certified all the same, or it would not be here). */
static void entry_read_batch(struct replica *r, struct entry *entry)
{
    struct batch batch;
    if (batch_decode(blob_span(entry->batch), &r->context.params, &batch) != STATUS_OK) return;
    entry->time_ms = batch.time_ms;
    entry->orders = batch.count > 0 || batch.flags != 0;
    r->undecided_hollow = store_hollow(r);
    if (batch.count == 0) return;
    struct transaction *tx = malloc(sizeof *tx);
    entry->txids = calloc(batch.count, sizeof *entry->txids);
    if (!tx || !entry->txids) {
        free(tx);
        out_of_memory(r);
        return;
    }
    struct span list = batch.transactions;
    struct span bytes;
    while (entry->tx_count < batch.count && batch_next(&list, &bytes)) {
        bool decodes = transaction_decode(bytes, tx, NULL) == STATUS_OK;
        if (decodes) entry->txids[entry->tx_count] = tx->txid;
        entry->tx_count++;
    }
    free(tx);
}

/* Up to here the ledger holds everything for good, and nobody will ask for a batch any more. */
static uint64_t batches_done(const struct replica *r)
{
    return min_u64(min_u64(r->sealed_sequence, r->executed_sequence), r->checkpoint_sequence);
}

/* A batch that was dropped may come again, in a message that is late; it stays away. */
void store_give_batch(struct replica *r, struct entry *entry, struct blob *batch)
{
    bool done = entry->decided && entry->proposal.index <= batches_done(r);
    if (entry->batch || done) return;
    entry->batch = blob_ref(batch);
    entry_read_batch(r, entry);
}

static bool has_undecided_child(const struct replica *r, const struct entry *parent)
{
    for (uint32_t i = 0; i < r->entries_count; i++)
        if (!r->entries[i]->decided &&
            digest_equal(&r->entries[i]->proposal.parent, &parent->digest))
            return true;
    return false;
}

static void store_remove(struct replica *r, uint32_t i);

/* A long time without a decision leaves a proposal for each failed view. The oldest ones that
 * nothing was built upon go; should one of them be decided all the same, it is fetched. */
static void store_evict(struct replica *r)
{
    uint32_t undecided = 0;
    for (uint32_t i = 0; i < r->entries_count; i++)
        if (!r->entries[i]->decided) undecided++;
    if (undecided < UNDECIDED_KEEP) return;
    uint32_t oldest = UINT32_MAX;
    for (uint32_t i = 0; i < r->entries_count; i++) {
        const struct entry *entry = r->entries[i];
        if (entry->decided) continue;
        if (oldest != UINT32_MAX && entry->proposal.view >= r->entries[oldest]->proposal.view)
            continue;
        if (!has_undecided_child(r, entry)) oldest = i;
    }
    if (oldest != UINT32_MAX) store_remove(r, oldest);
}

/* NULL if it must not be kept: more than two proposals of one view are nobody's honest doing. What
 * is certain (decided, certified, our own) is kept all the same. */
struct entry *store_add(struct replica *r, const struct proposal *proposal,
                        const struct digest *digest, struct blob *batch, bool certain)
{
    struct entry *entry = store_find(r, digest);
    if (entry) {
        if (batch) store_give_batch(r, entry, batch);
        return entry;
    }
    if (!certain && (r->entries_count >= PROPOSALS_MAX ||
                     store_count_view(r, proposal->view) >= PROPOSALS_A_VIEW_MAX))
        return NULL;
    store_evict(r);
    if (r->entries_count == r->entries_capacity) {
        uint32_t capacity = r->entries_capacity ? r->entries_capacity * 2 : 64;
        struct entry **entries = realloc(r->entries, capacity * sizeof(struct entry *));
        if (!entries) {
            out_of_memory(r);
            return NULL;
        }
        r->entries = entries;
        r->entries_capacity = capacity;
    }
    entry = calloc(1, sizeof *entry);
    if (!entry) {
        out_of_memory(r);
        return NULL;
    }
    entry->digest = *digest;
    entry->proposal = *proposal;
    if (batch) store_give_batch(r, entry, batch);
    r->entries[r->entries_count++] = entry;
    return entry;
}

void store_mark(struct replica *r, struct entry *entry)
{
    if (entry->marked || entry->tx_count == 0 || !entry->txids) return;
    pool_mark(r->pool, &entry->proposal.batch, entry->txids, entry->tx_count);
    entry->marked = true;
}

void store_unmark(struct replica *r, struct entry *entry)
{
    if (!entry->marked) return;
    pool_unmark(r->pool, &entry->proposal.batch);
    entry->marked = false;
}

static bool is_ancestor(const struct replica *r, const struct entry *entry,
                        const struct digest *branch)
{
    const struct digest *digest = branch;
    for (struct entry *step; (step = store_find(r, digest)) && !step->decided;) {
        if (step == entry) return true;
        digest = &step->proposal.parent;
    }
    return false;
}

/* A proposal of an earlier view that the highest certified one (the branch) does not grow from has
 * probably lost, whether its view failed before or after it came: its transactions count as waiting
 * again. Should it live after all, its branch is marked when somebody extends it. */
void store_unmark_lost(struct replica *r, const struct digest *branch, uint64_t view)
{
    for (uint32_t i = 0; i < r->entries_count; i++) {
        struct entry *entry = r->entries[i];
        if (entry->decided || !entry->marked || entry->proposal.view >= view) continue;
        if (!is_ancestor(r, entry, branch)) store_unmark(r, entry);
    }
}

void store_unmark_undecided(struct replica *r)
{
    for (uint32_t i = 0; i < r->entries_count; i++)
        if (!r->entries[i]->decided) store_unmark(r, r->entries[i]);
}

/* Exactly the undecided ancestors of a new proposal hold what it must leave out. */
void store_mark_branch(struct replica *r, const struct digest *parent)
{
    store_unmark_undecided(r);
    const struct digest *digest = parent;
    for (struct entry *entry; (entry = store_find(r, digest)) && !entry->decided;) {
        store_mark(r, entry);
        digest = &entry->proposal.parent;
    }
}

/* The ledger holds it now: what it contained has left the pool. If none of it came into a block
 * there is nothing that waits for a seal. */
void store_executed(struct replica *r, struct entry *entry, bool made_block)
{
    store_unmark(r, entry);
    free(entry->txids);
    entry->txids = NULL;
    if (!made_block) entry->tx_count = 0;
}

/* The same for all that a sealed block has overtaken; the last of them is its own. */
void store_executed_up_to(struct replica *r, uint64_t sequence, uint64_t block_sequence)
{
    for (uint32_t i = 0; i < r->entries_count; i++) {
        struct entry *entry = r->entries[i];
        if (!entry->decided || entry->proposal.index > sequence || !entry->txids) continue;
        store_executed(r, entry, entry->proposal.index == block_sequence);
    }
}

/* After a restart: of what the ledger holds, which made a block? Of the rest, what do we hold that
 * a proposer must leave out? */
void store_restored(struct replica *r)
{
    for (uint32_t i = 0; i < r->entries_count; i++) {
        struct entry *entry = r->entries[i];
        if (!entry->decided) continue;
        if (entry->proposal.index <= r->executed_sequence)
            store_executed(r, entry, seal_made_block(r, entry->proposal.index));
        else
            store_mark(r, entry);
    }
}

static void store_remove(struct replica *r, uint32_t i)
{
    store_unmark(r, r->entries[i]);
    entry_clear(r->entries[i]);
    free(r->entries[i]);
    r->entries[i] = r->entries[--r->entries_count];
}

/* Undecided ones at or below the decided index have lost. Decided ones are kept until a seal covers
 * them (whoever lacks them can neither execute nor sign); their headers a while longer, for
 * anchors; their batches only as long as neither a seal nor a checkpoint covers them. */
void store_prune(struct replica *r)
{
    uint64_t keep = r->config.params->values[PARAM_unsealed_max] + KEEP_INDEXES;
    uint64_t settled = min_u64(r->sealed_sequence, r->executed_sequence);
    for (uint32_t i = r->entries_count; i-- > 0;) {
        struct entry *entry = r->entries[i];
        uint64_t index = entry->proposal.index;
        if (!entry->decided) {
            if (index <= r->decided_last) store_remove(r, i);
            continue;
        }
        if (index <= batches_done(r) && entry->batch) {
            blob_unref(entry->batch);
            entry->batch = NULL;
        }
        /* The last decided one stays: it is where the engine stands. */
        if (index + keep <= settled && index < r->decided_last) {
            if (index == r->decided_first) r->decided_first++;
            store_remove(r, i);
        }
    }
    while (r->decided_first < r->decided_last && !store_decided(r, r->decided_first))
        r->decided_first++;
}

/* Proposals in flight: shown to us and not decided. */
uint32_t store_undecided(const struct replica *r)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->entries_count; i++) {
        const struct entry *entry = r->entries[i];
        if (!entry->decided && entry->proposal.index > r->decided_last) count++;
    }
    return count;
}

/* The highest index that is decided for us: an engine that has learned its place from an anchor may
 * stand above the last decision that it has told us. */
uint64_t store_passed(const struct replica *r)
{
    uint64_t engine = r->engine_status.placed ? r->engine_status.index_decided : 0;
    return max_u64(r->decided_last, engine);
}

/* Does nothing that is certified and not decided order anything, as far as we know? Only the branch
 * of the highest certificate counts: what was proposed beside it is lost. */
bool store_hollow(const struct replica *r)
{
    const struct digest *digest = &r->effects->parent;
    uint64_t passed = store_passed(r);
    for (uint64_t index = r->effects->parent_index; index > passed; index--) {
        const struct entry *entry = store_find(r, digest);
        if (!entry || !entry->batch || entry->orders) return false;
        digest = &entry->proposal.parent;
    }
    return true;
}

/* Decided batches that carry transactions and are not yet in a sealed block. */
uint32_t store_unsealed(const struct replica *r)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->entries_count; i++)
        if (r->entries[i]->decided && r->entries[i]->tx_count > 0 &&
            r->entries[i]->proposal.index > r->sealed_sequence)
            count++;
    return count;
}
