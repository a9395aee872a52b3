#include "node/replica_internal.h"

#include <stdlib.h>

/* ---- work ---- */

static bool tick_on_its_way(const struct replica *r, uint64_t gap_ms)
{
    uint64_t wall_ms = r->moment.wall_ms;
    return r->tick_offered_ms <= wall_ms && wall_ms < r->tick_offered_ms + gap_ms;
}

/* Long enough behind the head, and behind our own last tick: that one is on its way, and while the
 * ledger is slow more of them would only make it slower. */
static bool tick_possible(const struct replica *r, uint64_t gap_ms)
{
    return r->moment.wall_ms >= r->head.header.time_ms + gap_ms && !tick_on_its_way(r, gap_ms);
}

/* A tick is due when somebody waits for a time that the ledger has not reached. */
static bool tick_due(const struct replica *r)
{
    bool wished = r->tick_wish_ms != 0 && r->tick_wish_ms >= r->head.header.time_ms;
    if (wished && tick_possible(r, r->tick_gap_ms)) return true;
    /* What the members have decided is due: it makes a block however short the last one is ago. */
    return r->next_due_ms <= r->moment.wall_ms && !tick_on_its_way(r, r->tick_gap_ms);
}

/* While too much is unsealed no transactions are ordered, but now and then a tick: its height is
 * one that nobody has signed yet, so that nodes which agree again can seal it and all before it. */
bool stall_tick_due(const struct replica *r)
{
    return tick_possible(r, STALL_TICK_MS);
}

/* A block that others have executed and that has no seal comes by its decision alone, and whoever
 * missed that is helped when it asks for the next view. */
bool engine_has_work(const struct replica *r)
{
    if (!r->started) return false;
    if (r->boundary != 0) return true; /* What is under way must be decided for all to seal it. */
    if (seal_exhausted(r, 1)) return stall_tick_due(r);
    struct pool_stats stats;
    pool_stats(r->pool, &stats);
    return stats.unmarked > 0 || tick_due(r) || r->seen_height > r->head.header.height;
}

/* ---- steps ---- */

static void engine_step(struct replica *r, struct event *event)
{
    event->now_ms = r->moment.now_ms;
    event->work = r->work = engine_has_work(r);
    event->hollow = r->hollow = r->undecided_hollow;
    effects_reset(r->effects);
    r->ops->step(r->engine, event, r->effects);
    engine_effects(r);
}

void engine_timer(struct replica *r)
{
    struct event event = { .kind = EVENT_TIMER };
    engine_step(r, &event);
}

void engine_message(struct replica *r, uint16_t from, const struct message *message)
{
    struct event event = { .kind = EVENT_MESSAGE, .from = from, .message = message };
    engine_step(r, &event);
}

void engine_own_message(struct replica *r, struct blob *payload)
{
    struct message message;
    enum status status = message_read(blob_span(payload), SIZE_MAX, &message);
    ASSERT(status == STATUS_OK);
    engine_message(r, r->config.self, &message);
}

void engine_fetched(struct replica *r, const struct proposal *proposal)
{
    struct event event = { .kind = EVENT_FETCHED, .proposal = proposal };
    engine_step(r, &event);
}

void engine_decided(struct replica *r, const struct proposal *list, size_t count, struct span proof)
{
    struct event event = { .kind = EVENT_DECIDED };
    event.decided.list = list;
    event.decided.count = count;
    event.decided.proof = proof;
    event.decided.executed = r->executed_sequence;
    engine_step(r, &event);
}

void engine_read(struct replica *r, uint64_t number)
{
    struct event event = { .kind = EVENT_READ, .read = number };
    engine_step(r, &event);
}

void engine_transfer(struct replica *r)
{
    struct event event = { .kind = EVENT_TRANSFER, .transfer = VALIDATOR_NONE };
    engine_step(r, &event);
}

/* ---- effects ---- */

/* Finds the bytes of a batch: of a known proposal, or the one just offered. */
static struct blob *batch_bytes(struct replica *r, const struct digest *batch)
{
    if (r->offering && digest_equal(&r->offered.proposal.batch, batch)) return r->offered.batch;
    struct entry *entry = store_find_batch(r, batch);
    return entry ? entry->batch : NULL;
}

static void effect_send(struct replica *r, const struct effect *effect)
{
    struct message message = { .statement = effect->send.statement,
                               .attachment = effect->send.attachment };
    struct blob *batch = NULL;
    if (effect->send.batch) {
        batch = batch_bytes(r, &effect->send.batch_digest);
        if (!batch) return; /* A repetition of a proposal that has long been dropped. */
        message.batch = blob_span(batch);
    }
    if (engine_signs(r->ops, message.statement.kind)) {
        ASSERT(r->config.signer != NULL);
        enum status status = signer_sign(r->config.signer, &r->context.config.domain,
                                         &message.statement, &message.signature);
        ASSERT(status == STATUS_OK);
    }
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    message_write(&w, &message);
    struct blob *payload = blob_of_writer(r, &w);
    if (!payload) return;
    if (effect->kind == EFFECT_SEND)
        send_gated(r, effect->to, FRAME_ENGINE, payload, false);
    else
        send_frame(r, effect->to, FRAME_ENGINE, payload, true);
}

/* Header and batch, once. */
void journal_proposal(struct replica *r, struct entry *entry)
{
    if (entry->journaled || !entry->batch) return;
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    proposal_write(&w, &entry->proposal);
    write_bytes32(&w, blob_span(entry->batch));
    append_record(r, JOURNAL_PROPOSAL, blob_of_writer(r, &w));
    entry->journaled = true;
}

void promise_remember(struct replica *r, uint8_t kind, uint64_t epoch, uint64_t slot)
{
    if (kind >= SIGNER_KINDS) return;
    struct promise *promise = &r->promises[kind];
    bool higher = epoch > promise->epoch || (epoch == promise->epoch && slot > promise->slot);
    if (!r->promised[kind] || higher) *promise = (struct promise){ kind, epoch, slot };
    r->promised[kind] = true;
}

static void effect_persist(struct replica *r, const struct effect *effect)
{
    if (effect->persist.stores) {
        const struct proposal *proposal = &effect->persist.proposal;
        struct digest digest = proposal_digest(proposal);
        struct entry *entry =
            store_add(r, proposal, &digest, batch_bytes(r, &proposal->batch), true);
        if (entry) {
            journal_proposal(r, entry);
            store_mark(r, entry);
        }
    }
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    write_bool(&w, effect->persist.promises);
    if (effect->persist.promises) statement_write(&w, &effect->persist.promise);
    write_bytes(&w, effect->persist.record);
    append_record(r, JOURNAL_ENGINE, blob_of_writer(r, &w));
    if (!effect->persist.promises || !r->config.signer) return;
    promise_remember(r, effect->persist.promise.kind, r->config.epoch,
                     effect->persist.promise.view);
    enum status status =
        signer_restore(r->config.signer, r->config.epoch, &effect->persist.promise);
    ASSERT(status == STATUS_OK); /* An engine that promises two things for one slot is broken. */
}

static void effect_commit(struct replica *r, const struct effect *effect)
{
    const struct proposal *proposal = &effect->commit.proposal;
    struct digest digest = proposal_digest(proposal);
    struct entry *entry = store_find(r, &digest);
    if (entry) journal_proposal(r, entry);
    order_decided(r, proposal, effect->commit.proof);
}

static void engine_effect(struct replica *r, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_SEND:
    case EFFECT_SEND_EARLY: effect_send(r, effect); return;
    case EFFECT_PERSIST: effect_persist(r, effect); return;
    case EFFECT_COMMIT: effect_commit(r, effect); return;
    case EFFECT_FETCH:
        fetch_want(r, &r->fetch, effect->to, &effect->fetch.digest, effect->fetch.index);
        return;
    case EFFECT_READ:
        reads_answered(r, effect->read.number, effect->read.refused, effect->read.index);
        return;
    case EFFECT_NOTE:
        note(r, "%.*s", (int)effect->note.size, (const char *)effect->note.data);
        return;
    }
}

void engine_effects(struct replica *r)
{
    for (uint32_t i = 0; i < r->effects->count && !r->stopped; i++)
        engine_effect(r, &r->effects->list[i]);
    r->engine_wake_ms = r->effects->wake_at_ms;
    r->ops->status(r->engine, &r->engine_status);
    r->undecided_hollow = store_hollow(r);
    uint32_t undecided = store_undecided(r);
    if (undecided > r->undecided_max) r->undecided_max = undecided;
    if (r->engine_status.view == r->marks_view && !r->marks_added) return;
    r->marks_view = r->engine_status.view;
    r->marks_added = false;
    store_unmark_lost(r, &r->effects->parent, r->marks_view);
}

/* ---- proposals of others ---- */

/* The time of a parent's batch; of one that is not here (or holds nothing) the ledger's. */
uint64_t entry_time(const struct replica *r, const struct entry *entry)
{
    return entry && entry->time_ms != 0 ? entry->time_ms : r->head.header.time_ms;
}

/* A first proposal is measured against its sender and our clock; one that a certificate supports
 * already is measured against neither. There is no lower bound: a slow network makes every batch
 * old. */
static bool batch_acceptable(struct replica *r, const struct check_job *job)
{
    if (job->facts.certified) return true;
    const struct validator *sender = &r->config.committee->validators[job->from];
    if (!id_equal(&job->batch.proposer, &sender->id)) {
        note(r, "proposal_refused proposer differs from its sender");
        return false;
    }
    if (job->batch.count > 0 && seal_exhausted(r, 2)) return false;
    struct entry *parent = store_find(r, &job->facts.proposal.parent);
    uint64_t parent_time = entry_time(r, parent);
    bool known = parent && parent->time_ms != 0;
    bool follows = known && job->batch.time_ms == parent_time + 1;
    if (known && job->batch.time_ms <= parent_time) {
        note(r, "proposal_refused its time is not above its parent's");
        return false;
    }
    if (!follows &&
        job->batch.time_ms > r->moment.wall_ms + r->config.params->values[PARAM_skew_ms_max]) {
        note(r, "proposal_refused its time is %llu ms ahead of our clock",
             (unsigned long long)(job->batch.time_ms - r->moment.wall_ms));
        return false;
    }
    return true;
}

void on_engine_checked(struct replica *r, struct check_job *job)
{
    if (job->status != STATUS_OK || message_of_a_twin(r, job)) return;
    if (job->facts.has_proposal) {
        if (!batch_acceptable(r, job)) return;
        struct blob *batch = blob_copy(job->message.batch);
        if (!batch) {
            out_of_memory(r);
            return;
        }
        struct entry *entry = store_add(r, &job->facts.proposal, &job->message.statement.digest,
                                        batch, job->facts.certified);
        blob_unref(batch);
        if (!entry) return;
        store_mark(r, entry);
        r->marks_added = true;
    }
    engine_message(r, job->from, &job->message);
    /* An old one, sent to fill our memory or late; the engine has heard it and that is all. */
    if (job->facts.has_proposal && job->facts.proposal.index <= r->decided_last) store_prune(r);
}

/* ---- our own proposals ---- */

struct offer {
    struct writer w;
    struct digest *txids;
    uint32_t count;
};

static void offer_take(void *context, struct blob *blob, const struct digest *txid)
{
    struct offer *offer = context;
    write_bytes32(&offer->w, blob_span(blob));
    offer->txids[offer->count++] = *txid;
}

/* What waits although nothing of it can be chosen is past its time, or before it. A tick moves
 * block time on, and with it what is expired leaves every pool: or it would look like work for
 * ever. */
static bool offer_clears_pool(const struct replica *r)
{
    return r->effects->invite == INVITE_WORK && !seal_exhausted(r, 1) &&
           tick_possible(r, r->tick_gap_ms);
}

/* Chooses transactions into *offer; the head is written last, into the space left for it. */
static bool offer_fill(struct replica *r, struct offer *offer, struct batch *batch)
{
    const uint64_t *values = r->config.params->values;
    uint8_t head[BATCH_HEAD_BYTES] = { 0 };
    writer_init(&offer->w, (size_t)values[PARAM_batch_bytes_max]);
    write_bytes(&offer->w, span_of(head, sizeof head));
    struct pool_stats stats;
    pool_stats(r->pool, &stats);
    uint64_t most = min_u64(values[PARAM_batch_txs_max], stats.txs);
    offer->txids = calloc((size_t)most + 1, sizeof *offer->txids);
    if (!offer->txids) return false;
    /* What stands behind the last block of the epoch is void. */
    if (!seal_exhausted(r, 1) && r->boundary == 0)
        pool_choose(r->pool, batch->time_ms, (uint32_t)values[PARAM_batch_txs_max],
                    values[PARAM_batch_bytes_max] - BATCH_HEAD_BYTES, offer_take, offer);
    batch->count = offer->count;
    if (batch->count == 0 && offer_clears_pool(r)) batch->flags = BATCH_FLAG_TICK;
    struct writer head_writer;
    writer_init_fixed(&head_writer, head, sizeof head);
    batch_write_head(&head_writer, batch);
    if (writer_status(&offer->w) != STATUS_OK) return false;
    memcpy(offer->w.buffer.data, head, sizeof head);
    return true;
}

/* The time of a proposal: our clock, but always above its parent's. */
static uint64_t offer_time(const struct replica *r, const struct digest *parent)
{
    return max_u64(r->moment.wall_ms, entry_time(r, store_find(r, parent)) + 1);
}

static bool offer_build(struct replica *r)
{
    store_mark_branch(r, &r->effects->parent);
    bool tick = seal_exhausted(r, 1) ? stall_tick_due(r) : tick_due(r);
    struct batch batch = { .proposer = r->config.committee->validators[r->config.self].id,
                           .time_ms = offer_time(r, &r->effects->parent),
                           .flags = tick ? BATCH_FLAG_TICK : 0 };
    struct offer offer = { 0 };
    bool filled = offer_fill(r, &offer, &batch);
    entry_clear(&r->offered);
    r->offered.batch = filled ? blob_copy(writer_span(&offer.w)) : NULL;
    writer_free(&offer.w);
    free(offer.txids);
    if (!r->offered.batch) {
        out_of_memory(r);
        return false;
    }
    r->offered.proposal.batch = batch_digest(blob_span(r->offered.batch));
    if (batch.flags & BATCH_FLAG_TICK) r->tick_offered_ms = r->moment.wall_ms;
    return batch.count > 0 || batch.flags != 0 || r->effects->invite == INVITE_ANY;
}

/* A block costs the same records, syncs, signatures and rows of the ledger however few transactions
 * it has. So while some are under way, until they are executed, the next batch gathers. One that
 * comes alone never waits, and one that is large enough follows at once, so that under load
 * decisions and execution overlap. A node in doubt of its own ledger executes nothing for seconds,
 * and does not make the others wait for that. */
static bool offer_gathers(const struct replica *r)
{
    if (r->boundary != 0 || r->doubt.height != 0 || seal_exhausted(r, 1) || tick_due(r))
        return false;
    struct pool_stats stats;
    pool_stats(r->pool, &stats);
    bool under_way = stats.txs > stats.unmarked;
    return under_way && stats.unmarked < GATHER_TXS_MAX;
}

/* Whenever the engine would welcome a batch and there is something to put into it. */
void engine_offer(struct replica *r)
{
    if (!r->started || r->stopped || r->offering || r->gated.count >= GATED_MAX) return;
    if (r->effects->invite == INVITE_NONE) return;
    if (r->effects->invite == INVITE_WORK && (!engine_has_work(r) || offer_gathers(r))) return;
    if (!offer_build(r)) return;
    r->offering = true;
    struct event event = { .kind = EVENT_BATCH, .batch = r->offered.proposal.batch };
    engine_step(r, &event);
    r->offering = false;
}
