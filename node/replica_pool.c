#include "node/replica_internal.h"

#include <stdlib.h>

enum { ADMISSIONS_MAX = 1024, GOSSIP_FRAME_BYTES = 240 * 1024 };

static void answer(struct replica *r, uint64_t ticket, const struct refusal *refusal,
                   const struct digest *txid)
{
    ASSERT(r->submissions > 0);
    r->submissions--;
    struct output *output = output_push(r, OUTPUT_ANSWER);
    if (!output) return;
    output->ticket = ticket;
    output->refusal = *refusal;
    output->txid = *txid;
}

static void admit(struct replica *r, struct check_job *job)
{
    struct output *output = output_push(r, OUTPUT_ADMIT);
    if (!output) {
        check_free(job);
        return;
    }
    output->job = job;
    if (!job->ticket) r->admissions++;
}

/* A client's transaction whose bytes were looked at. Takes the job over. */
void pool_submission_checked(struct replica *r, struct check_job *job)
{
    struct check_transaction *item = &job->transactions[0];
    if (job->status != STATUS_OK) {
        struct refusal full = { .code = REFUSAL_mempool_full };
        answer(r, job->ticket, &full, &item->txid);
        check_free(job);
        return;
    }
    if (item->refusal.code != REFUSAL_none) {
        answer(r, job->ticket, &item->refusal, &item->txid);
        check_free(job);
        return;
    }
    admit(r, job);
}

/* Transactions of a peer. Takes the job over. */
void pool_gossip_checked(struct replica *r, struct check_job *job)
{
    bool any = false;
    for (uint32_t i = 0; job->status == STATUS_OK && i < job->transactions_count; i++) {
        struct check_transaction *item = &job->transactions[i];
        if (pool_has(r->pool, &item->txid))
            item->refusal.code = REFUSAL_duplicate;
        else
            any = true;
    }
    if (any && r->admissions < ADMISSIONS_MAX)
        admit(r, job);
    else
        check_free(job);
}

static void pool_take_in(struct replica *r, struct check_job *job, struct check_transaction *item,
                         struct transaction *tx)
{
    if (item->refusal.code != REFUSAL_none || !item->blob) return;
    enum status status = transaction_decode_again(blob_span(item->blob), tx);
    ASSERT(status == STATUS_OK);
    bool local = job->ticket != 0;
    pool_add(r->pool, item->blob, tx, item->next_lane, local, r->moment.now_ms, &item->refusal);
    if (local && item->refusal.code == REFUSAL_none) r->gossip_waits = true;
}

/* The ledger's word is here: what passed goes into the pool. */
void pool_admission_done(struct replica *r, struct check_job *job)
{
    if (!job->ticket) {
        ASSERT(r->admissions > 0);
        r->admissions--;
    }
    struct transaction *tx = malloc(sizeof *tx);
    if (!tx) {
        out_of_memory(r);
        return;
    }
    for (uint32_t i = 0; i < job->transactions_count; i++)
        pool_take_in(r, job, &job->transactions[i], tx);
    free(tx);
    if (job->ticket)
        answer(r, job->ticket, &job->transactions[0].refusal, &job->transactions[0].txid);
}

/* ---- gossip ---- */

struct gossip {
    struct writer w;
    uint32_t count;
};

static void gossip_take(void *context, struct blob *blob)
{
    struct gossip *gossip = context;
    write_bytes32(&gossip->w, blob_span(blob));
    gossip->count++;
}

/* What a frame holds: at least one transaction, however large the chain allows them to be. */
static size_t gossip_limit(const struct replica *r)
{
    size_t limit = 0;
    frame_limit(FRAME_TRANSACTIONS, (size_t)r->config.params->values[PARAM_batch_bytes_max],
                &limit);
    return limit;
}

/* One frame to every validator; true if there was something to send. */
static bool gossip_send(struct replica *r, uint64_t older_than_ms)
{
    struct gossip gossip = { .count = 0 };
    writer_init(&gossip.w, gossip_limit(r));
    write_u32(&gossip.w, 0);
    pool_gossip(r->pool, r->moment.now_ms, older_than_ms, GOSSIP_TXS_MAX,
                min_u64(GOSSIP_FRAME_BYTES, gossip_limit(r) - sizeof(uint32_t)), gossip_take,
                &gossip);
    if (gossip.count == 0) {
        writer_free(&gossip.w);
        return false;
    }
    if (writer_status(&gossip.w) == STATUS_OK) store_u32(gossip.w.buffer.data, gossip.count);
    send_frame(r, NODE_ALL, FRAME_TRANSACTIONS, blob_of_writer(r, &gossip.w), true);
    return true;
}

/* After so long what was told to all is told again: a frame may have been lost. */
uint64_t pool_patience_ms(const struct replica *r)
{
    return 2 * engine_option(&r->context.config, "view_ms", 1000);
}

/* A transaction that has expired here while the ledger stood still is refused by all others: nobody
 * else has work, and would wait for our turn to lead. So they are asked for a block that is later.
 */
static void wish_for_expiry(struct replica *r)
{
    uint64_t end = pool_earliest_end(r->pool);
    if (end < r->moment.wall_ms && end >= r->head.header.time_ms) tick_wish(r, end);
}

/* What clients have sent goes to the others as soon as it is admitted: all of it that the ledger
 * has looked at together, in one frame. */
void pool_gossip_fresh(struct replica *r)
{
    if (!r->gossip_waits) return;
    r->gossip_waits = false;
    while (gossip_send(r, 0) && !r->stopped)
        continue;
}

/* What has waited for two view timeouts is told once more, for a frame may have been lost. */
void pool_timer(struct replica *r)
{
    uint64_t now = r->moment.now_ms;
    if (r->tick_wish_ms > r->moment.wall_ms) r->tick_wish_ms = 0; /* Our clock has been set back. */
    if (r->tick_wish_ms != 0 && now >= r->tick_again_ms) tick_wish(r, r->tick_wish_ms);
    struct pool_stats stats;
    pool_stats(r->pool, &stats);
    if (stats.txs == 0) {
        r->regossip_at_ms = now + pool_patience_ms(r);
    } else if (now >= r->regossip_at_ms) {
        r->regossip_at_ms = now + pool_patience_ms(r);
        wish_for_expiry(r);
        if (now > pool_patience_ms(r)) gossip_send(r, now - pool_patience_ms(r));
    }
}

uint64_t pool_wake_at(const struct replica *r)
{
    uint64_t at = UINT64_MAX;
    struct pool_stats stats;
    pool_stats(r->pool, &stats);
    if (stats.txs > 0) at = min_u64(at, r->regossip_at_ms);
    if (r->tick_wish_ms != 0) at = min_u64(at, r->moment.now_ms + r->tick_gap_ms);
    if (r->next_due_ms != UINT64_MAX) {
        uint64_t wall_ms = r->moment.wall_ms;
        uint64_t wait_ms = r->next_due_ms > wall_ms ? r->next_due_ms - wall_ms : r->tick_gap_ms;
        at = min_u64(at, r->moment.now_ms + wait_ms);
    }
    if (seal_exhausted(r, 1)) {
        uint64_t due_ms = r->head.header.time_ms + STALL_TICK_MS;
        uint64_t wait_ms =
            due_ms > r->moment.wall_ms ? due_ms - r->moment.wall_ms : STALL_TICK_MS / 60;
        at = min_u64(at, r->moment.now_ms + wait_ms);
    }
    return at;
}

/* ---- execution ---- */

static void tell_left(struct replica *r, const struct digest *txid, enum refusal_code why)
{
    struct output *output = output_push(r, OUTPUT_LEFT);
    if (!output) return;
    output->txid = *txid;
    output->refusal.code = why;
}

static void on_expired(void *context, const struct digest *txid, bool committed)
{
    if (!committed) tell_left(context, txid, REFUSAL_tx_expired);
}

/* Another transaction has used the reference or the lane number: that is no expiry. */
static void on_displaced(void *context, const struct digest *txid, bool committed)
{
    if (!committed) tell_left(context, txid, REFUSAL_tx_ref_conflict);
}

/* What execution skips leaves, or it would be proposed for ever. */
void pool_skipped(struct replica *r, const struct execution *execution)
{
    for (uint32_t i = 0; i < execution->skipped_count; i++) {
        const struct skipped_transaction *skipped = &execution->skipped[i];
        if (!pool_has(r->pool, &skipped->txid)) continue;
        pool_remove(r->pool, &skipped->txid);
        if (skipped->refusal != REFUSAL_duplicate) tell_left(r, &skipped->txid, skipped->refusal);
    }
}

void pool_block_executed(struct replica *r, const struct execution *execution)
{
    struct transaction *tx = malloc(sizeof *tx);
    if (!tx) {
        out_of_memory(r);
        return;
    }
    for (uint32_t i = 0; i < execution->entry_count; i++) {
        const struct executed_entry *entry = &execution->entries[i];
        if (entry->kind != ENTRY_TRANSACTION) continue;
        enum status status = transaction_decode_again(entry->transaction, tx);
        ASSERT(status == STATUS_OK);
        pool_committed(r->pool, tx, on_displaced, r);
    }
    free(tx);
    pool_expire(r->pool, execution->header.time_ms, on_expired, r);
}

void replica_limit_pool(struct replica *r, const struct pool_limits *limits)
{
    r->config.pool = *limits;
    pool_set_limits(r->pool, limits);
}
