#include "node/check.h"

#include <stdlib.h>

struct check_job *check_new(enum check_kind kind, uint16_t from, uint64_t ticket, struct blob *blob,
                            const struct check_context *context)
{
    struct check_job *job = calloc(1, sizeof *job);
    if (!job) return NULL;
    job->kind = kind;
    job->from = from;
    job->ticket = ticket;
    job->blob = blob_ref(blob);
    job->context = context;
    return job;
}

void check_free(struct check_job *job)
{
    if (!job) return;
    for (uint32_t i = 0; i < job->transactions_count; i++)
        blob_unref(job->transactions[i].blob);
    free(job->transactions);
    free(job->txids);
    free(job->votes);
    free(job->blocks);
    free(job->proposals);
    blob_unref(job->blob);
    free(job);
}

/* A proposal brings its batch along, and nothing else does. */
static enum status check_message(struct check_job *job)
{
    const struct check_context *context = job->context;
    enum status status = message_read(
        blob_span(job->blob), (size_t)context->params.values[PARAM_batch_bytes_max], &job->message);
    if (status != STATUS_OK) return status;
    status = context->engine->check(&context->config, job->from, &job->message, &job->facts);
    if (status != STATUS_OK) return status;
    if (!job->facts.has_proposal)
        return job->message.batch.size == 0 ? STATUS_OK : STATUS_MALFORMED;

    job->batch_hash = batch_digest(job->message.batch);
    if (!digest_equal(&job->batch_hash, &job->facts.proposal.batch)) return STATUS_MISMATCH;
    status = batch_decode(job->message.batch, &context->params, &job->batch);
    if (status != STATUS_OK) return status;
    job->txids = calloc(job->batch.count ? job->batch.count : 1, sizeof *job->txids);
    if (!job->txids) return STATUS_NO_MEMORY;
    return batch_check(job->message.batch, &context->chain_id, &context->params, context->cache,
                       &job->batch, job->txids);
}

static enum status check_one_transaction(struct check_job *job, struct span bytes,
                                         struct check_transaction *out, struct transaction *tx)
{
    const struct check_context *context = job->context;
    enum status status = transaction_check(bytes, &context->chain_id, &context->params,
                                           context->cache, tx, &out->refusal);
    if (status != STATUS_OK) return status;
    out->txid = tx->txid;
    out->blob = blob_copy(bytes);
    return out->blob ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status check_transactions(struct check_job *job, struct span list, uint32_t count)
{
    struct transaction *tx = malloc(sizeof *tx);
    job->transactions = calloc(count, sizeof *job->transactions);
    if (!tx || !job->transactions) {
        free(tx);
        return STATUS_NO_MEMORY;
    }
    enum status status = STATUS_OK;
    struct span bytes;
    while (status == STATUS_OK && job->transactions_count < count && batch_next(&list, &bytes)) {
        struct check_transaction *out = &job->transactions[job->transactions_count++];
        status = check_one_transaction(job, bytes, out, tx);
    }
    free(tx);
    return status;
}

/* One transaction of a client, who gets the refusal: the job itself is in order. */
static enum status check_submission(struct check_job *job)
{
    struct transaction *tx = malloc(sizeof *tx);
    job->transactions = calloc(1, sizeof *job->transactions);
    if (!tx || !job->transactions) {
        free(tx);
        return STATUS_NO_MEMORY;
    }
    job->transactions_count = 1;
    enum status status =
        check_one_transaction(job, blob_span(job->blob), &job->transactions[0], tx);
    free(tx);
    return status == STATUS_NO_MEMORY ? status : STATUS_OK;
}

static enum status check_gossip(struct check_job *job)
{
    struct reader r = reader_of(blob_span(job->blob));
    uint32_t count = read_u32(&r);
    if (reader_status(&r) != STATUS_OK) return STATUS_MALFORMED;
    if (count < 1 || count > GOSSIP_TXS_MAX) return STATUS_TOO_LARGE;
    struct span list = r.rest;
    for (uint32_t i = 0; i < count; i++)
        read_bytes32(&r, TX_BYTES_LIMIT);
    if (reader_end(&r) != STATUS_OK) return STATUS_MALFORMED;
    return check_transactions(job, list, count);
}

static enum status check_seal_votes(struct check_job *job)
{
    const struct check_context *context = job->context;
    struct reader r = reader_of(blob_span(job->blob));
    uint16_t count = read_u16(&r);
    if (reader_status(&r) != STATUS_OK) return STATUS_MALFORMED;
    if (count < 1 || count > SEAL_VOTES_MAX) return STATUS_TOO_LARGE;
    job->votes = calloc(count, sizeof *job->votes);
    if (!job->votes) return STATUS_NO_MEMORY;
    for (uint16_t i = 0; i < count; i++) {
        struct seal_vote *vote = &job->votes[job->votes_count];
        seal_vote_read(&r, vote);
        if (reader_status(&r) != STATUS_OK) return STATUS_MALFORMED;
        /* Another epoch has other members: nothing of ours, and no fault of the sender's. */
        if (vote->epoch != context->config.domain.epoch) continue;
        enum status status = seal_vote_check(vote, &context->chain_id, context->config.committee,
                                             context->config.cache);
        if (status != STATUS_OK) return status;
        job->votes_count++;
    }
    return reader_end(&r);
}

/* Its shape, and that it is of our chain. An empty seal is filled in with the block's place and no
 * signature. */
static enum status read_block(const struct check_context *context, struct reader *r,
                              struct check_block *out)
{
    out->block = read_bytes32(r, r->rest.size);
    struct span seal_bytes = read_bytes16(r, SEAL_BYTES_MAX);
    if (reader_status(r) != STATUS_OK) return STATUS_MALFORMED;
    uint32_t count;
    struct span list;
    enum status status = block_decode(out->block, &out->header, &count, &list);
    if (status != STATUS_OK) return status;
    out->hash = header_hash(&out->header);
    if (!digest_equal(&out->header.chain_id, &context->chain_id)) return STATUS_MISMATCH;
    if (out->header.epoch != context->config.domain.epoch) return STATUS_STALE;
    if (seal_bytes.size == 0) {
        out->seal.epoch = out->header.epoch;
        out->seal.height = out->header.height;
        out->seal.block_hash = out->hash;
        return STATUS_OK;
    }
    struct reader seal = reader_of(seal_bytes);
    seal_read(&seal, &out->seal);
    return reader_end(&seal) == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
}

/* A block proves itself by its seal, or is what the block behind it was built upon. */
static enum status prove_block(const struct check_context *context, const struct check_block *block,
                               const struct check_block *next)
{
    if (block->seal.count > 0)
        return seal_check(&block->seal, &block->header, context->config.committee,
                          context->config.cache, NULL);
    if (!next) return STATUS_NO_QUORUM;
    if (next->header.height != block->header.height + 1) return STATUS_MISMATCH;
    return digest_equal(&next->header.parent_hash, &block->hash) ? STATUS_OK : STATUS_MISMATCH;
}

/* Proofs run backwards: job->blocks_count becomes the number of blocks up to the first that is not
 * proven. The status is that of the last bad one. */
static enum status prove_blocks(struct check_job *job, uint16_t count)
{
    enum status result = STATUS_OK;
    job->blocks_count = count;
    const struct check_block *next = NULL;
    for (uint16_t i = count; i-- > 0;) {
        enum status status = prove_block(job->context, &job->blocks[i], next);
        next = status == STATUS_OK ? &job->blocks[i] : NULL;
        if (status == STATUS_OK) continue;
        if (result == STATUS_OK) result = status;
        job->blocks_count = i;
    }
    return result;
}

/* The signatures of the transactions are verified here, on a worker, so that execution finds them
 * in the cache; what they are worth is for execution to say. */
static enum status verify_ahead(const struct check_context *context,
                                const struct check_block *block)
{
    struct header header;
    uint32_t count;
    struct span list;
    struct span bytes;
    struct transaction *tx = malloc(sizeof *tx);
    if (!tx) return STATUS_NO_MEMORY;
    enum status status = block_decode(block->block, &header, &count, &list);
    ASSERT(status == STATUS_OK);
    for (uint32_t i = 0; i < count && batch_next(&list, &bytes); i++)
        transaction_check(bytes, &context->chain_id, &context->params, context->cache, tx, NULL);
    free(tx);
    return STATUS_OK;
}

static enum status check_blocks(struct check_job *job)
{
    struct reader r = reader_of(blob_span(job->blob));
    uint16_t count = read_u16(&r);
    if (reader_status(&r) != STATUS_OK) return STATUS_MALFORMED;
    if (count > SYNC_BLOCKS_MAX) return STATUS_TOO_LARGE;
    job->blocks = calloc(count ? count : 1, sizeof *job->blocks);
    if (!job->blocks) return STATUS_NO_MEMORY;
    enum status status = STATUS_OK;
    uint16_t read = 0;
    while (read < count && status == STATUS_OK) {
        status = read_block(job->context, &r, &job->blocks[read]);
        if (status == STATUS_OK) read++;
    }
    if (status == STATUS_OK) status = reader_end(&r);
    enum status proven = prove_blocks(job, read);
    for (uint16_t i = 0; i < job->blocks_count; i++)
        if (verify_ahead(job->context, &job->blocks[i]) != STATUS_OK) return STATUS_NO_MEMORY;
    return status != STATUS_OK ? status : proven;
}

/* epoch | count | proposals | proof: consecutive, each the parent of the next, the last decided. */
static enum status check_anchor(struct check_job *job)
{
    const struct check_context *context = job->context;
    struct reader r = reader_of(blob_span(job->blob));
    uint64_t epoch = read_u64(&r);
    uint32_t count = read_u32(&r);
    if (reader_status(&r) != STATUS_OK) return STATUS_MALFORMED;
    if (epoch != context->config.domain.epoch) return STATUS_STALE;
    if (count < 1 || count > ANCHOR_PROPOSALS_MAX) return STATUS_TOO_LARGE;
    job->proposals = calloc(count, sizeof *job->proposals);
    if (!job->proposals) return STATUS_NO_MEMORY;
    struct digest parent;
    for (uint32_t i = 0; i < count; i++) {
        struct proposal *proposal = &job->proposals[i];
        proposal_read(&r, proposal);
        if (reader_status(&r) != STATUS_OK) return STATUS_MALFORMED;
        if (i > 0 && (proposal->index != job->proposals[i - 1].index + 1 ||
                      !digest_equal(&proposal->parent, &parent)))
            return STATUS_MALFORMED;
        parent = proposal_digest(proposal);
    }
    job->proposals_count = count;
    job->proof = read_bytes32(&r, ATTACHMENT_BYTES_MAX);
    if (reader_end(&r) != STATUS_OK) return STATUS_MALFORMED;
    return context->engine->check_decided(&context->config, &job->proposals[count - 1], job->proof);
}

void check_run(struct check_job *job)
{
    switch (job->kind) {
    case CHECK_MESSAGE: job->status = check_message(job); return;
    case CHECK_TRANSACTION: job->status = check_submission(job); return;
    case CHECK_GOSSIP: job->status = check_gossip(job); return;
    case CHECK_SEAL_VOTES: job->status = check_seal_votes(job); return;
    case CHECK_BLOCKS: job->status = check_blocks(job); return;
    case CHECK_ANCHOR: job->status = check_anchor(job); return;
    }
}

enum { ADMIT_TOGETHER = 4 }; /* so many reads are worth a transaction of their own */

static void admit_job(struct check_job *job, struct ledger *ledger, uint64_t now_ms,
                      struct transaction *tx)
{
    for (uint32_t i = 0; i < job->transactions_count; i++) {
        struct check_transaction *item = &job->transactions[i];
        if (item->refusal.code != REFUSAL_none || !item->blob) continue;
        enum status status = transaction_decode_again(blob_span(item->blob), tx);
        ASSERT(status == STATUS_OK);
        ledger_admit(ledger, tx, now_ms, &item->next_lane, &item->refusal);
    }
}

void check_admit(struct check_job *jobs, struct ledger *ledger, uint64_t now_ms)
{
    struct transaction *tx = malloc(sizeof *tx);
    uint64_t count = 0;
    for (struct check_job *job = jobs; job; job = job->next)
        count += job->transactions_count;
    bool together = count >= ADMIT_TOGETHER;
    if (tx && together) ledger_admit_begin(ledger);
    for (struct check_job *job = jobs; tx && job; job = job->next)
        admit_job(job, ledger, now_ms, tx);
    if (tx && together) ledger_admit_end(ledger);
    enum status status = tx ? ledger_status(ledger) : STATUS_NO_MEMORY;
    for (struct check_job *job = jobs; job; job = job->next)
        job->status = status;
    free(tx);
}
