/* From records to an engine, and from an engine to a few records. */
#include "consensus/hotstuff.h"

#include <stddef.h>

/* The ballots stand behind the engine in the memory that open is given. */
static size_t ballots_offset(void)
{
    const size_t align = _Alignof(max_align_t);
    return (sizeof(struct hotstuff) + align - 1) / align * align;
}

size_t hotstuff_size(const struct engine_config *config)
{
    return ballots_offset() + votes_size(config->committee->count);
}

/* Of the family's parameters only votes to all and a leader for each view. */
static enum status check_options(const struct engine_config *config)
{
    uint64_t phases = engine_option(config, "phases", TWO_CHAIN);
    bool known = (phases == TWO_CHAIN || phases == THREE_CHAIN) &&
                 engine_option(config, "votes_to", 0) == 0 &&
                 engine_option(config, "leader_turn", 1) == 1;
    return known ? STATUS_OK : STATUS_UNSUPPORTED;
}

static void hotstuff_init(struct hotstuff *h, const struct engine_config *config)
{
    h->config = *config;
    h->phases = hotstuff_phases(config);
    pacer_init(&h->pacer, config);
    h->quorum = committee_quorum(config->committee);
    h->some_honest = (uint16_t)(committee_max_faulty(config->committee) + 1);
    h->undecided_max = max_u64(engine_option(config, "undecided_max", 8), 1);
    h->now_ms = config->now_ms;
    h->deadline_ms = UINT64_MAX;
    h->hint = config->self == 0 && config->committee->count > 1 ? 1 : 0;
    votes_init(&h->votes, (uint8_t *)h + ballots_offset(), config->committee->count);
    certificate_of_root(config, &h->high);
    certificate_of_root(config, &h->timeouts_high);
    h->decided.index = config->executed;
    h->decided_known = config->executed == 0;
    if (h->decided_known) h->decided.digest = config->root;
}

/* ---- Replay: what we knew ---- */

static void replay_certificates(struct hotstuff *h, const struct certificate *high,
                                const struct timeout_certificate *timeouts)
{
    if (high && high->statement.view > h->high.statement.view) h->high = *high;
    if (!timeouts) return;
    if (timeouts->high.statement.view > h->high.statement.view) h->high = timeouts->high;
    if (timeouts->timeouts.certificate.statement.view >
        h->timeouts.timeouts.certificate.statement.view)
        h->timeouts = *timeouts;
}

static void replay_header(struct hotstuff *h, const struct proposal *header)
{
    if (header->index <= h->decided.index || header->view <= h->decided.view) return;
    struct digest digest = proposal_digest(header);
    tree_insert(&h->tree, header, &digest);
    tree_mark_stored(&h->tree, &digest);
}

/* ---- Replay: what we promised ---- */

static enum status replay_timeout(struct hotstuff *h, const struct record *record)
{
    const struct statement *statement = &record->statement;
    const struct statement *high = &h->incoming.high.statement;
    if (timeout_attachment_read(record->attachment, &h->incoming) != STATUS_OK)
        return STATUS_MALFORMED;
    if (statement->view == 0 || !warrant_admits(&h->incoming, statement->view, h->phases))
        return STATUS_MALFORMED;
    if (statement->aux != high->view || high->index >= VIEW_LIMIT) return STATUS_MALFORMED;
    replay_certificates(h, &h->incoming.high,
                        h->incoming.has_timeouts ? &h->incoming.timeouts : NULL);
    h->one_chain_view = max_u64(h->one_chain_view, statement->aux);
    h->voted_view = max_u64(h->voted_view, statement->view);
    if (statement->view <= h->last_timeout.view) return STATUS_OK;
    h->last_timeout = *statement;
    memcpy(h->last_timeout_bytes, record->attachment.data, record->attachment.size);
    h->last_timeout_size = record->attachment.size;
    return STATUS_OK;
}

static enum status replay_promise(struct hotstuff *h, const struct record *record)
{
    const struct statement *statement = &record->statement;
    bool names_header = statement->kind == PROPOSAL || statement->kind == VOTE;
    bool locks = is_three_chain(h) && statement->kind == VOTE;
    if (record->has_header != names_header || record->has_lock != locks) return STATUS_MALFORMED;
    if (locks && record->lock_view > record->header.parent_view) return STATUS_MALFORMED;
    if (names_header) {
        struct statement own =
            proposal_statement((enum hotstuff_kind)statement->kind, &record->header);
        if (!statement_equal(&own, statement)) return STATUS_MALFORMED;
        replay_header(h, &record->header);
    }
    switch (statement->kind) {
    case PROPOSAL:
        if (statement->view > h->last_proposal.view) h->last_proposal = record->header;
        return STATUS_OK;
    case VOTE:
        h->one_chain_view = max_u64(h->one_chain_view, record->header.parent_view);
        h->voted_view = max_u64(h->voted_view, statement->view);
        if (locks) h->lock_view = max_u64(h->lock_view, record->lock_view);
        if (statement->view > h->last_vote.view) h->last_vote = record->header;
        return STATUS_OK;
    case COMMIT_VOTE:
        if (is_three_chain(h)) return STATUS_MALFORMED;
        h->one_chain_view = max_u64(h->one_chain_view, statement->view);
        if (statement->view > h->last_commit_vote.view) h->last_commit_vote = *statement;
        return STATUS_OK;
    case TIMEOUT: return replay_timeout(h, record);
    default: return STATUS_MALFORMED;
    }
}

/* ---- Replay: what was decided ---- */

/* A proof of something above is what we strive for; one of what the ledger holds is kept for peers
 * and for the next fold, and may tell which proposal that is. */
static void replay_proof(struct hotstuff *h, const struct position *position, struct span proof)
{
    if (position->index > h->decided.index) {
        h->has_goal = true;
        h->goal = *position;
        memcpy(h->goal_proof, proof.data, proof.size);
        h->goal_proof_size = proof.size;
        return;
    }
    if (position->index >= h->decided_proof_index) keep_proof(h, position->index, proof);
    if (position->index < h->decided.index || h->decided_known) return;
    h->decided = *position;
    h->decided_known = true;
}

/* Delivers again what the ledger has not executed, as far as the records reach without a gap. */
static enum status replay_decided(struct hotstuff *h, const struct record *record,
                                  struct effects *out)
{
    if (hotstuff_proof_read(record->proof, &h->proof) != STATUS_OK) return STATUS_MALFORMED;
    if (!proof_fits(h->proof.form, h->phases)) return STATUS_MALFORMED;
    /* No promise had to rest on this certificate for it to be the highest that we know. */
    if (h->proof.certificate.statement.kind == VOTE)
        replay_certificates(h, &h->proof.certificate, NULL);
    const struct position *position = &h->proof.position;
    struct reader r = reader_of(record->headers);
    for (uint32_t i = 0; i < record->headers_count; i++) {
        struct proposal header;
        proposal_read(&r, &header);
        struct digest digest = proposal_digest(&header);
        bool last = i + 1 == record->headers_count;
        if (header.view >= VIEW_LIMIT) return STATUS_MALFORMED;
        if (last && !digest_equal(&digest, &position->digest)) return STATUS_MALFORMED;
        h->recent[header.index % RECENT_MAX] = header;
        if (header.index != h->decided.index + 1 || out->count >= DECIDED_MAX) continue;
        chain_deliver(h, &header, &digest, last ? record->proof : span_of(NULL, 0), out);
    }
    replay_proof(h, position, record->proof);
    tree_prune(&h->tree, h->decided.index, h->decided.view, NULL);
    return STATUS_OK;
}

static enum status replay_record(struct hotstuff *h, struct span bytes, struct effects *out)
{
    struct record *record = &h->record;
    if (record_read(bytes, record) != STATUS_OK) return STATUS_MALFORMED;
    if (record->type == RECORD_DECIDED) return replay_decided(h, record, out);
    replay_certificates(h, record->has_high ? &record->warrant.high : NULL,
                        record->has_timeouts ? &record->warrant.timeouts : NULL);
    if (record->type == RECORD_PROMISE) return replay_promise(h, record);
    if (record->type == RECORD_HEADER) replay_header(h, &record->header);
    return STATUS_OK;
}

/* ---- Opening ---- */

/* Where the certificates lead us; and what was decided but lies beyond the ledger and a gap. */
static void resume(struct hotstuff *h, struct effects *out)
{
    uint64_t timed_out = h->timeouts.timeouts.certificate.statement.view;
    h->recorded_high = h->high.statement.view;
    h->recorded_timeouts = timed_out;
    enter_view(h, max_u64(h->high.statement.view, timed_out) + 1, out);
    h->progress_view = h->view - 1; /* The time before says nothing about the time now. */
    tree_prune(&h->tree, h->decided.index, h->decided.view,
               h->decided_known ? &h->decided.digest : NULL);
    chain_advance(h, out);
}

enum status hotstuff_open(void *engine, const struct engine_config *config,
                          const struct span *records, size_t records_count, struct effects *out)
{
    struct hotstuff *h = engine;
    enum status status = check_options(config);
    if (status != STATUS_OK) return status;
    hotstuff_init(h, config);
    for (size_t i = 0; i < records_count; i++) {
        status = replay_record(h, records[i], out);
        if (status != STATUS_OK) return status;
    }
    resume(h, out);
    repeat_promises(h, out);
    hotstuff_finish(h, out);
    return STATUS_OK;
}

/* ---- Folding ---- */

static void fold_decided(const struct hotstuff *h, struct effects *out)
{
    if (h->decided_proof_size == 0) return;
    uint64_t last = h->decided_proof_index;
    uint64_t first = last + 1;
    while (first > 1 && last - first + 2 <= RECENT_MAX &&
           h->recent[(first - 1) % RECENT_MAX].index == first - 1)
        first--;
    const struct proposal *headers[RECENT_MAX];
    size_t count = 0;
    for (uint64_t index = first; index <= last; index++)
        headers[count++] = &h->recent[index % RECENT_MAX];
    struct writer w;
    effects_write_begin(out, &w);
    record_write_decided(&w, headers, count, span_of(h->decided_proof, h->decided_proof_size));
    emit_persist(out, effects_write_end(out, &w), NULL, NULL);
}

static void fold_promise(const struct statement *statement, const struct record_parts *parts,
                         struct effects *out)
{
    if (statement->view == 0) return;
    struct writer w;
    effects_write_begin(out, &w);
    record_write_promise(&w, statement, parts);
    emit_persist(out, effects_write_end(out, &w), statement, NULL);
}

static void fold_certificates(const struct hotstuff *h, struct effects *out)
{
    bool timed_out = h->timeouts.timeouts.certificate.statement.view > 0;
    struct record_parts parts = { .high = &h->high, .timeouts = timed_out ? &h->timeouts : NULL };
    struct writer w;
    effects_write_begin(out, &w);
    record_write_certificates(&w, &parts);
    emit_persist(out, effects_write_end(out, &w), NULL, NULL);
}

/* A vote says that we hold the batch, so undecided ones are stored anew in the new segment. */
static void fold_tree(const struct hotstuff *h, struct effects *out)
{
    for (size_t i = 0; i < h->tree.count; i++) {
        const struct proposal *proposal = &h->tree.entries[i].proposal;
        struct writer w;
        effects_write_begin(out, &w);
        record_write_header(&w, proposal);
        emit_persist(out, effects_write_end(out, &w), NULL, proposal);
    }
}

void hotstuff_fold(const void *engine, struct effects *out)
{
    const struct hotstuff *h = engine;
    struct record_parts proposed = { .header = &h->last_proposal };
    struct record_parts voted = { .header = &h->last_vote,
                                  .lock_view = is_three_chain(h) ? &h->lock_view : NULL };
    struct record_parts nothing = { 0 };
    struct record_parts timed_out = { .attachment =
                                          span_of(h->last_timeout_bytes, h->last_timeout_size) };
    struct statement proposal = proposal_statement(PROPOSAL, &h->last_proposal);
    struct statement vote = proposal_statement(VOTE, &h->last_vote);
    fold_decided(h, out);
    fold_promise(&proposal, &proposed, out);
    fold_promise(&vote, &voted, out);
    fold_promise(&h->last_commit_vote, &nothing, out);
    fold_promise(&h->last_timeout, &timed_out, out);
    fold_certificates(h, out);
    fold_tree(h, out);
}
