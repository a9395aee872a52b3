/* From records to an engine, and from an engine to a few records. */
#include "consensus/raft.h"

enum { HEARTBEAT_MS = 50, ELECTION_MS_MIN = 500, ELECTION_MS_MAX = 1000 };

size_t raft_size(const struct engine_config *config)
{
    (void)config;
    return sizeof(struct raft);
}

/* All members of the committee, or the first so many. */
static struct members first_members(const struct engine_config *config)
{
    struct members members = { .joint = false };
    uint64_t voters = engine_option(config, "voters_first", config->committee->count);
    for (uint16_t i = 0; i < config->committee->count && i < voters; i++)
        signer_set_add(&members.voters, i);
    return members;
}

static enum status check_options(const struct raft *r)
{
    bool possible = r->heartbeat_ms > 0 && r->election_ms_min >= 2 * r->heartbeat_ms &&
                    r->election_ms_max >= r->election_ms_min && r->election_ms_max < TERM_LIMIT &&
                    r->lease_ms < r->election_ms_min;
    return possible ? STATUS_OK : STATUS_UNSUPPORTED;
}

static void raft_init(struct raft *r, const struct engine_config *config)
{
    r->config = *config;
    r->heartbeat_ms = engine_option(config, "heartbeat_ms", HEARTBEAT_MS);
    r->election_ms_min = engine_option(config, "election_ms_min", ELECTION_MS_MIN);
    r->election_ms_max = engine_option(config, "election_ms_max", ELECTION_MS_MAX);
    r->lease_ms = engine_option(config, "lease_ms", 0);
    r->random = config->seed;
    r->now_ms = r->opened_ms = config->now_ms;
    r->voted_for = VALIDATOR_NONE;
    r->leader = VALIDATOR_NONE;
    r->transfer_to = VALIDATOR_NONE;
    struct log_base root = { .digest = config->root, .members = first_members(config) };
    log_reset(&r->log, &root);
    r->delivered = config->executed;
}

/* ---- replay ---- */

static enum status replay_term(struct raft *r, const struct raft_record *record)
{
    if (record->term < r->term) return STATUS_MALFORMED;
    if (record->voted_for != VALIDATOR_NONE && record->voted_for >= r->config.committee->count)
        return STATUS_MALFORMED;
    r->term = record->term;
    r->voted_for = record->voted_for;
    if (record->voted_for != VALIDATOR_NONE) {
        r->vote_term = record->term;
        r->vote_for = record->voted_for;
    }
    return STATUS_OK;
}

static enum status replay_entry(struct raft *r, const struct log_entry *entry)
{
    const struct proposal *p = &entry->proposal;
    bool fits = p->index > r->log.base.index && p->index <= r->log.last + 1 &&
                p->index - r->log.base.index < LOG_MAX && p->index > r->commit &&
                p->parent_view == log_view(&r->log, p->index - 1) &&
                digest_equal(&p->parent, log_digest(&r->log, p->index - 1));
    if (!fits) return STATUS_MALFORMED;
    log_put(&r->log, entry);
    return STATUS_OK;
}

/* Commits make room for entries as they did when they were written. If the ledger has fallen back
 * further than that (it was rebuilt), an anchor helps. */
static void forget_decided(struct raft *r)
{
    if (r->commit > r->log.base.index + LOG_RETAINED) log_forget(&r->log, r->commit - LOG_RETAINED);
}

static enum status replay_log(struct raft *r, struct raft_record *record)
{
    log_reset(&r->log, &record->base);
    r->commit = record->base.index;
    for (uint32_t i = 0; i < record->entries_count; i++) {
        log_entry_read(&record->entries, &record->entry);
        enum status status = replay_entry(r, &record->entry);
        if (status != STATUS_OK) return status;
    }
    r->commit = r->log.last;
    return STATUS_OK;
}

static enum status replay(struct raft *r, struct span bytes)
{
    struct raft_record record;
    enum status status = raft_record_read(bytes, &record);
    if (status != STATUS_OK) return STATUS_MALFORMED;
    switch (record.type) {
    case RECORD_TERM: return replay_term(r, &record);
    case RECORD_ENTRY: return replay_entry(r, &record.entry);
    case RECORD_COMMIT:
        if (record.commit < r->log.base.index || record.commit > r->log.last)
            return STATUS_MALFORMED;
        r->commit = max_u64(r->commit, record.commit);
        forget_decided(r);
        return STATUS_OK;
    case RECORD_LOG: return replay_log(r, &record);
    }
    return STATUS_MALFORMED;
}

/* ---- opening ---- */

/* Do we know which entry stands where the ledger stands? If the ledger has moved by sealed blocks
 * we do not, and an anchor tells. Votes and acknowledgements rest on the log alone, so they need
 * not wait for it. */
static bool is_placed(const struct raft *r)
{
    return r->delivered >= r->log.base.index && r->delivered <= r->commit;
}

enum status raft_open(void *engine, const struct engine_config *config, const struct span *records,
                      size_t records_count, struct effects *out)
{
    struct raft *r = engine;
    raft_init(r, config);
    enum status status = check_options(r);
    for (size_t i = 0; status == STATUS_OK && i < records_count; i++)
        status = replay(r, records[i]);
    if (status != STATUS_OK) return status;
    r->placed = is_placed(r);
    reset_deadline(r);
    if (config->committee->count == 1) r->deadline_ms = r->now_ms; /* Nobody else to wait for. */
    deliver(r, out);
    raft_finish(r, out);
    return STATUS_OK;
}

/* ---- folding ---- */

/* Our last vote, and our term if that is a later one. */
static void fold_term(const struct raft *r, struct effects *out)
{
    struct statement vote = { .kind = VOTE, .view = r->vote_term, .aux = r->vote_for };
    struct writer w;
    if (r->vote_term > 0) {
        effects_write_begin(out, &w);
        record_write_term(&w, r->vote_term, r->vote_for);
        emit_persist(out, effects_write_end(out, &w), &vote, NULL);
    }
    if (r->vote_term > 0 && r->vote_term == r->term) return;
    effects_write_begin(out, &w);
    record_write_term(&w, r->term, VALIDATOR_NONE);
    emit_persist(out, effects_write_end(out, &w), NULL, NULL);
}

/* What is decided, as one record. An acknowledgement says that we hold the batch, so those that are
 * not committed are stored anew in the new segment. */
void raft_fold(const void *engine, struct effects *out)
{
    const struct raft *r = engine;
    fold_term(r, out);
    persist_log(r, r->commit, out);
    for (uint64_t i = r->commit + 1; i <= r->log.last; i++)
        persist_entry(log_at(&r->log, i), out);
}
