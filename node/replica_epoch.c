/* The last block of an epoch: executed, it makes all behind it void; sealed, it ends this replica.
 */
#include "node/replica_internal.h"

static bool ends_epoch(const struct replica *r, const struct header *header)
{
    return (header->flags & HEADER_EPOCH_END) != 0 && header->epoch == r->config.epoch;
}

/* Where the ledger stands in our epoch. One that has executed the last block counts in the next
 * epoch already, and we are here to have that block sealed. */
void epoch_begin(struct replica *r)
{
    const struct ledger_head *head = &r->head;
    r->next_due_ms = r->config.next_due_ms;
    r->tick_gap_ms = r->config.tick_gap_ms;
    if (ends_epoch(r, &head->header)) r->boundary = head->header.height;
    r->executed_sequence = r->boundary != 0 ? head->header.sequence : head->sequence;
}

/* What a block means for those behind it. */
void epoch_executed(struct replica *r, const struct execution *execution)
{
    r->next_due_ms = execution->next_due_ms;
    if (execution->changed) r->tick_gap_ms = execution->changed->values[PARAM_tick_gap_ms_min];
    if (ends_epoch(r, &execution->header)) r->boundary = execution->header.height;
}

/* True once the epoch has ended. Said once: then nothing more is promised, what waits for the disk
 * with a promise in it stays here, and only what is under way comes back. */
bool epoch_end(struct replica *r)
{
    if (r->ended) return true;
    if (r->boundary == 0 || r->sealed_height < r->boundary) return false;
    r->ended = true;
    reads_end(r);
    struct output *output = output_push(r, OUTPUT_EPOCH_ENDED);
    if (!output) return true;
    output->epoch = r->config.epoch;
    output->height = r->boundary;
    return true;
}

bool replica_quiet(const struct replica *r)
{
    return r->checks == 0 && r->submissions == 0 && r->admissions == 0 && r->executing == 0 &&
           r->sync.executing == 0 && r->outputs.count == 0;
}

struct pool *replica_pool_take(struct replica *r)
{
    ASSERT(replica_quiet(r));
    for (uint32_t i = 0; i < r->entries_count; i++)
        store_unmark(r, r->entries[i]);
    struct pool *pool = r->pool;
    r->pool = NULL;
    return pool;
}

/* ---- peers in other epochs ---- */

void replica_peer_epoch(struct replica *r, struct moment moment, uint16_t peer, uint64_t epoch)
{
    r->moment = moment;
    struct replica_peer *state = peer_of(r, peer);
    if (state) state->epoch = epoch;
}

bool peer_is_abreast(const struct replica *r, uint16_t peer)
{
    if (peer >= OBSERVER_FIRST) return true;
    return peer >= r->config.committee->count || r->peers[peer].epoch == r->config.epoch;
}
