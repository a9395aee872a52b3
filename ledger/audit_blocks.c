#include "ledger/audit_internal.h"
#include "ledger/ledger_inside.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Empty batches between two blocks; more is no chain that ran, but a number that was altered. */
#define SEQUENCE_GAP_MAX ((uint64_t)1 << 32)

/* ---- two headers, field by field ------------------------------------------------------------ */

/* Which finding a field's difference is. The proposer and the sequence are what the batch said:
 * execution has no other opinion, only the seal speaks for them. */
static const struct {
    enum finding_code code;
    const char *name;
    size_t offset;
} digests[] = {
    { FINDING_genesis_other_chain, "chain id", offsetof(struct header, chain_id) },
    { FINDING_parent_mismatch, "parent hash", offsetof(struct header, parent_hash) },
    { FINDING_tx_root_mismatch, "entry root", offsetof(struct header, tx_root) },
    { FINDING_state_root_mismatch, "state root", offsetof(struct header, state_root) },
    { FINDING_history_mismatch, "history root", offsetof(struct header, history_root) },
    { FINDING_validators_mismatch, "validators hash", offsetof(struct header, validators_hash) },
    { FINDING_validators_mismatch, "next validators hash",
      offsetof(struct header, next_validators_hash) },
    { FINDING_members_mismatch, "members hash", offsetof(struct header, members_hash) },
    { FINDING_params_mismatch, "parameters hash", offsetof(struct header, params_hash) },
};

static void compare_digest(struct audit *audit, uint64_t height, unsigned which,
                           const struct header *stored, const struct header *right)
{
    const uint8_t *have = (const uint8_t *)stored + digests[which].offset;
    const uint8_t *want = (const uint8_t *)right + digests[which].offset;
    char have_hex[65], want_hex[65];
    if (memcmp(have, want, sizeof(struct digest)) == 0) return;
    hex_encode(span_of(have, sizeof(struct digest)), have_hex);
    hex_encode(span_of(want, sizeof(struct digest)), want_hex);
    audit_find(audit, digests[which].code, height, FINDING_NO_ENTRY, "%s is %s, not %s",
               digests[which].name, have_hex, want_hex);
}

static void compare_number(struct audit *audit, uint64_t height, enum finding_code code,
                           const char *name, uint64_t stored, uint64_t right)
{
    if (stored == right) return;
    audit_find(audit, code, height, FINDING_NO_ENTRY, "%s is %" PRIu64 ", not %" PRIu64, name,
               stored, right);
}

/* The header of a block against the one that execution gives. */
static void compare_headers(struct audit *audit, uint64_t height, const struct header *stored,
                            const struct header *right)
{
    unsigned tick_stored = stored->flags & HEADER_TICK, tick_right = right->flags & HEADER_TICK;
    compare_number(audit, height, FINDING_validators_mismatch, "fault model", stored->fault_model,
                   right->fault_model);
    compare_number(audit, height, FINDING_tick_without_reason, "tick flag", tick_stored,
                   tick_right);
    compare_number(audit, height, FINDING_governance_mismatch, "flags beside tick",
                   stored->flags & (unsigned)~HEADER_TICK, right->flags & (unsigned)~HEADER_TICK);
    compare_number(audit, height, FINDING_entry_count_mismatch, "entry count", stored->entry_count,
                   right->entry_count);
    compare_number(audit, height, FINDING_epoch_link_broken, "epoch", stored->epoch, right->epoch);
    compare_number(audit, height, FINDING_parent_mismatch, "height", stored->height, right->height);
    compare_number(audit, height, FINDING_epoch_link_broken, "sequence", stored->sequence,
                   right->sequence);
    compare_number(audit, height, FINDING_time_not_rising, "time", stored->time_ms, right->time_ms);
    compare_number(audit, height, FINDING_horizon_wrong, "window horizon",
                   stored->window_horizon_ms, right->window_horizon_ms);
    for (unsigned i = 0; i < sizeof digests / sizeof *digests; i++)
        compare_digest(audit, height, i, stored, right);
}

/* ---- the chain, as it goes on --------------------------------------------------------------- */

static void continue_from(struct audit *audit, const struct header *header,
                          const struct digest *hash)
{
    audit->previous = *header;
    audit->previous_hash = *hash;
    audit->has_previous = true;
    if (audit->has_history) merkle_frontier_append(&audit->history, hash, NULL, NULL);
}

void audit_lost_block(struct audit *audit)
{
    audit->executing = false;
    audit->has_previous = false;
    audit->has_history = false;
}

static void compare_stored_hash(struct audit *audit, uint64_t height, const struct digest *hash)
{
    char have[65], want[65];
    if (digest_equal(hash, &audit->block.stored_hash)) return;
    hex_encode(digest_span(&audit->block.stored_hash), have);
    hex_encode(digest_span(hash), want);
    audit_find(audit, FINDING_block_hash_mismatch, height, FINDING_NO_ENTRY,
               "stored hash is %s, the header's is %s", have, want);
}

/* false: a finding says so. */
static bool decode_header(struct audit *audit, struct header *header)
{
    const struct audit_block *block = &audit->block;
    struct reader r = reader_of(span_of(block->header, HEADER_BYTES));
    if (block->header_size == HEADER_BYTES) {
        header_read(&r, header);
        if (reader_end(&r) == STATUS_OK) return true;
        audit_find(audit, FINDING_header_malformed, block->height, FINDING_NO_ENTRY,
                   "%s at offset %zu", status_text(reader_status(&r)), r.offset);
    } else {
        audit_find(audit, FINDING_header_malformed, block->height, FINDING_NO_ENTRY,
                   "%zu bytes, not %d", block->header_size, HEADER_BYTES);
    }
    return false;
}

void audit_genesis_start(struct audit *audit)
{
    const struct ledger_head *right = ledger_head(audit->ledger);
    merkle_frontier_init(&audit->history);
    audit->has_history = true;
    audit->executing = true;
    audit->committee = *ledger_committee(audit->ledger);
    audit->has_committee = true;
    continue_from(audit, &right->header, &right->hash);
}

void audit_resume_start(struct audit *audit)
{
    const struct ledger_head *head = ledger_head(audit->ledger);
    audit->history = audit->ledger->history;
    audit->has_history = true;
    audit->executing = true;
    audit->committee = *ledger_committee(audit->ledger);
    audit->has_committee = true;
    audit->previous = head->header;
    audit->previous_hash = head->hash;
    audit->has_previous = true;
}

static void compare_genesis(struct audit *audit, const struct header *header)
{
    char have[80], want[80];
    struct digest hash = header_hash(header);
    const struct header *right = &ledger_head(audit->ledger)->header;
    const char *field = header_difference(header, right, have, want);
    if (field)
        audit_find(audit, FINDING_genesis_state_mismatch, 0, FINDING_NO_ENTRY,
                   "%s is %s, the genesis gives %s", field, have, want);
    compare_stored_hash(audit, 0, &hash);
}

void audit_genesis_block(struct audit *audit)
{
    struct header header;
    if (decode_header(audit, &header)) compare_genesis(audit, &header);
    if (audit->block.entries > 0)
        audit_find(audit, FINDING_entry_count_mismatch, 0, FINDING_NO_ENTRY,
                   "block 0 has %" PRIu32 " entries", audit->block.entries);
}

/* ---- linking: without execution ------------------------------------------------------------- */

static void check_links(struct audit *audit, const struct header *header)
{
    const struct header *previous = &audit->previous;
    uint64_t height = header->height;
    uint64_t epoch = previous->epoch + ((previous->flags & HEADER_EPOCH_END) != 0);
    compare_number(audit, height, FINDING_epoch_link_broken, "epoch", header->epoch, epoch);
    if (header->epoch == previous->epoch && header->sequence <= previous->sequence)
        audit_find(audit, FINDING_epoch_link_broken, height, FINDING_NO_ENTRY,
                   "sequence %" PRIu64 " is not above %" PRIu64, header->sequence,
                   previous->sequence);
    if (header->time_ms <= previous->time_ms)
        audit_find(audit, FINDING_time_not_rising, height, FINDING_NO_ENTRY,
                   "%" PRIu64 " ms is not above %" PRIu64 " ms", header->time_ms,
                   previous->time_ms);
    uint64_t grace = ledger_params(audit->ledger)->values[PARAM_window_grace_ms];
    uint64_t behind = previous->time_ms > grace ? previous->time_ms - grace : 0;
    compare_number(audit, height, FINDING_horizon_wrong, "window horizon",
                   header->window_horizon_ms, max_u64(previous->window_horizon_ms, behind));
    struct header right = *header;
    right.parent_hash = audit->previous_hash;
    right.validators_hash = previous->next_validators_hash;
    if (audit->has_history) right.history_root = merkle_frontier_root(&audit->history);
    for (unsigned i = 0; i < sizeof digests / sizeof *digests; i++)
        compare_digest(audit, height, i, header, &right);
}

/* The set of a later epoch, from its row: any bytes with the hash that the headers name are it. */
static bool find_committee(struct audit *audit, const struct header *header)
{
    struct digest hash = committee_hash(&audit->committee);
    if (digest_equal(&hash, &header->validators_hash)) return true;
    if (!audit_source_set(audit->reader, header->epoch, &audit->committee)) return false;
    hash = committee_hash(&audit->committee);
    return digest_equal(&hash, &header->validators_hash);
}

/* The set is known as long as the headers name one that can be found. */
static void check_committee(struct audit *audit, const struct header *header)
{
    if (!audit->has_committee || find_committee(audit, header)) return;
    audit->has_committee = false;
    audit_note(audit, FINDING_unsealed_tail, header->height,
               "the validator set changes here and its row is not it: seals from here on are not "
               "checked");
}

static void link_block(struct audit *audit, const struct header *header, const struct digest *hash)
{
    uint64_t height = audit->block.height;
    compare_number(audit, height, FINDING_parent_mismatch, "height", header->height, height);
    if (!digest_equal(&header->chain_id, &audit->genesis->chain_id))
        audit_find(audit, FINDING_genesis_other_chain, height, FINDING_NO_ENTRY,
                   "the header is of another chain");
    compare_number(audit, height, FINDING_entry_count_mismatch, "entry count", header->entry_count,
                   audit->block.entries);
    if (audit->has_previous) check_links(audit, header);
    check_committee(audit, header);
    audit_seal(audit, header, hash, NULL);
    continue_from(audit, header, hash);
}

/* ---- executing ------------------------------------------------------------------------------ */

static enum finding_code refusal_finding(enum refusal_code code)
{
    switch (code) {
    case REFUSAL_tx_too_large: return FINDING_limit_exceeded;
    case REFUSAL_tx_bad_signature: return FINDING_tx_bad_signature;
    case REFUSAL_tx_ref_conflict: return FINDING_ref_reused;
    case REFUSAL_tx_lane_past:
    case REFUSAL_tx_lane_gap: return FINDING_lane_broken;
    case REFUSAL_tx_expired:
    case REFUSAL_tx_too_early:
    case REFUSAL_tx_window_too_long: return FINDING_tx_outside_window;
    case REFUSAL_tx_unknown_source:
    case REFUSAL_tx_source_frozen:
    case REFUSAL_tx_not_permitted: return FINDING_tx_not_permitted;
    case REFUSAL_duplicate: return FINDING_tx_duplicate;
    default: return FINDING_tx_malformed;
    }
}

/* Enactments stand before the transactions, and no batch holds them. */
static uint32_t first_transaction(const struct execution *execution)
{
    uint32_t i = 0;
    while (i < execution->entry_count && execution->entries[i].kind != ENTRY_TRANSACTION)
        i++;
    return i;
}

/* What a block holds, execution included, in order; so whatever it skipped stands between two that
 * it did not skip, and the places follow from walking both lists. */
static void report_skipped(struct audit *audit, const struct execution *execution)
{
    struct span rest = buffer_span(&audit->block.batch), bytes;
    struct transaction *tx = malloc(sizeof *tx);
    if (!tx) {
        audit->failed = STATUS_NO_MEMORY;
        return;
    }
    uint32_t included = first_transaction(execution), skipped = 0;
    for (uint32_t i = 0; skipped < execution->skipped_count && batch_next(&rest, &bytes); i++) {
        bool decoded = transaction_decode(bytes, tx, NULL) == STATUS_OK;
        if (decoded && included < execution->entry_count &&
            digest_equal(&tx->txid, &execution->entries[included].id)) {
            included++;
            continue;
        }
        enum refusal_code code = execution->skipped[skipped++].refusal;
        audit_find(audit, refusal_finding(code), audit->block.height, i, "execution skips it: %s",
                   refusal_name(code));
    }
    free(tx);
}

/* The batch that the block came from, as far as execution can tell. */
static enum status write_batch(const struct audit *audit, const struct header *header,
                               struct writer *w)
{
    struct batch batch = {
        .flags = audit->block.transactions == 0 ? BATCH_FLAG_TICK : 0,
        .proposer = header->proposer,
        .time_ms = header->time_ms,
        .count = audit->block.transactions,
    };
    writer_init(w, AUDIT_BATCH_BYTES_MAX + BATCH_HEAD_BYTES);
    batch_write_head(w, &batch);
    write_bytes(w, buffer_span(&audit->block.batch));
    return writer_status(w);
}

/* Brings the ledger to the place before the block. false: no honest sequence, a finding says so. */
static bool skip_to(struct audit *audit, const struct header *header, uint64_t *sequence)
{
    const struct ledger_head *head = ledger_head(audit->ledger);
    bool same_epoch = header->epoch == head->epoch;
    *sequence = head->sequence + 1;
    if (!same_epoch || header->sequence <= head->sequence) return true; /* The comparison tells. */
    if (header->sequence - head->sequence > SEQUENCE_GAP_MAX) {
        audit_find(audit, FINDING_epoch_link_broken, audit->block.height, FINDING_NO_ENTRY,
                   "sequence jumps from %" PRIu64 " to %" PRIu64, head->sequence, header->sequence);
        return false;
    }
    while (head->sequence + 1 < header->sequence) {
        audit->failed = ledger_skip(audit->ledger, head->epoch, head->sequence + 1);
        if (audit->failed != STATUS_OK) return false;
    }
    *sequence = header->sequence;
    return true;
}

static bool within_limits(struct audit *audit, struct span batch)
{
    struct batch decoded;
    enum status status = batch_decode(batch, ledger_params(audit->ledger), &decoded);
    if (status == STATUS_OK && !audit->block.oversized) return true;
    audit_find(audit, FINDING_limit_exceeded, audit->block.height, FINDING_NO_ENTRY,
               "%" PRIu32
               " transactions, %zu bytes: more than the parameters allow, or one of them "
               "is too large",
               audit->block.transactions, audit->block.batch.size);
    return false;
}

/* NULL: there is nothing to compare with; findings say why. */
static struct execution *execute(struct audit *audit, const struct header *header)
{
    struct writer w;
    struct problem problem = { .text = "" };
    struct execution *execution = NULL;
    uint64_t sequence = 0;
    audit->failed = write_batch(audit, header, &w);
    if (audit->failed == STATUS_OK && within_limits(audit, writer_span(&w)) &&
        skip_to(audit, header, &sequence)) {
        audit->failed = ledger_execute(audit->ledger, ledger_head(audit->ledger)->epoch, sequence,
                                       writer_span(&w), &execution, &problem);
        if (audit->failed != STATUS_OK)
            snprintf(audit->report->incomplete, sizeof audit->report->incomplete,
                     "executing block %" PRIu64 ": %.200s", audit->block.height, problem.text);
    }
    writer_free(&w);
    return audit->failed == STATUS_OK ? execution : NULL;
}

/* Which of two different headers the chain goes on from. */
static bool goes_on_from(struct audit *audit, const struct digest *executed)
{
    struct header next;
    bool present = false;
    audit->failed = audit_source_header(audit->reader, audit->block.height + 1, &present, &next);
    return present && digest_equal(&next.parent_hash, executed);
}

static void stop_executing(struct audit *audit, const struct header *header,
                           const struct digest *hash)
{
    audit->executing = false;
    continue_from(audit, header, hash);
}

/* The transactions give no block at all: all are skipped, or a tick was not due. */
static void report_no_block(struct audit *audit, const struct header *header)
{
    if (audit->block.transactions == 0)
        audit_find(audit, FINDING_tick_without_reason, audit->block.height, FINDING_NO_ENTRY,
                   "no entry, and no tick was due %" PRIu64 " ms after the block before",
                   header->time_ms - min_u64(header->time_ms, audit->previous.time_ms));
    else
        audit_find(audit, FINDING_entry_count_mismatch, audit->block.height, FINDING_NO_ENTRY,
                   "execution skips all %" PRIu32 " transactions", audit->block.transactions);
}

static void compare_execution(struct audit *audit, const struct header *header,
                              const struct digest *hash, const struct execution *execution)
{
    uint64_t height = audit->block.height;
    audit->report->executed_to = height;
    audit->report->head_hash = execution->hash;
    audit->report->state_root = execution->header.state_root;
    if (digest_equal(&execution->hash, hash)) {
        continue_from(audit, header, hash);
        return;
    }
    compare_headers(audit, height, header, &execution->header);
    if (goes_on_from(audit, &execution->hash))
        continue_from(audit, &execution->header, &execution->hash);
    else
        stop_executing(audit, header, hash);
}

static void execute_block(struct audit *audit, const struct header *header,
                          const struct digest *hash)
{
    audit->committee = *ledger_committee(audit->ledger);
    audit->has_committee = true;
    struct execution *execution = execute(audit, header);
    if (!execution) {
        audit_seal(audit, header, hash, NULL);
        if (audit->failed == STATUS_OK) stop_executing(audit, header, hash);
        return;
    }
    bool made = execution->kind == EXECUTION_BLOCK;
    report_skipped(audit, execution);
    audit_seal(audit, header, hash, made ? &execution->hash : NULL);
    if (made) {
        compare_execution(audit, header, hash, execution);
    } else {
        report_no_block(audit, header);
        stop_executing(audit, header, hash);
    }
    execution_free(execution);
}

void audit_one_block(struct audit *audit)
{
    struct header header;
    if (!decode_header(audit, &header)) {
        audit_lost_block(audit);
        return;
    }
    struct digest hash = header_hash(&header);
    compare_stored_hash(audit, audit->block.height, &hash);
    if (audit->executing)
        execute_block(audit, &header, &hash);
    else
        link_block(audit, &header, &hash);
}
