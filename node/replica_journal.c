#include "node/replica_internal.h"

#include <stdlib.h>

/* ---- restore ---- */

static enum status restore_engine(struct replica *r, struct span payload)
{
    struct reader reader = reader_of(payload);
    struct statement promise;
    if (read_bool(&reader)) {
        statement_read(&reader, &promise);
        if (reader_status(&reader) != STATUS_OK) return STATUS_MALFORMED;
        promise_remember(r, promise.kind, promise.view);
        if (r->config.signer &&
            signer_restore(r->config.signer, r->config.epoch, &promise) != STATUS_OK)
            return STATUS_CONFLICT;
    }
    if (reader_status(&reader) != STATUS_OK) return STATUS_MALFORMED;
    if (r->records_count == r->records_capacity) {
        size_t capacity = r->records_capacity ? r->records_capacity * 2 : 256;
        struct blob **records = realloc(r->records, capacity * sizeof(struct blob *));
        if (!records) return STATUS_NO_MEMORY;
        r->records = records;
        r->records_capacity = capacity;
    }
    struct blob *record = blob_copy(reader.rest);
    if (!record) return STATUS_NO_MEMORY;
    r->records[r->records_count++] = record;
    return STATUS_OK;
}

static enum status restore_proposal(struct replica *r, struct span payload)
{
    struct reader reader = reader_of(payload);
    struct proposal proposal;
    proposal_read(&reader, &proposal);
    struct span bytes = read_bytes32(&reader, payload.size);
    if (reader_end(&reader) != STATUS_OK) return STATUS_MALFORMED;
    if (proposal.index <= r->decided_last && proposal.index <= r->executed_sequence)
        return STATUS_OK; /* Executed long ago. */
    struct digest digest = proposal_digest(&proposal);
    struct blob *batch = blob_copy(bytes);
    if (!batch) return STATUS_NO_MEMORY;
    struct entry *entry = store_add(r, &proposal, &digest, batch, true);
    blob_unref(batch);
    if (!entry) return STATUS_NO_MEMORY;
    entry->journaled = true;
    return STATUS_OK;
}

static enum status restore_decided(struct replica *r, struct span payload)
{
    struct reader reader = reader_of(payload);
    struct proposal proposal;
    uint64_t epoch = read_u64(&reader);
    proposal_read(&reader, &proposal);
    struct span proof = read_bytes32(&reader, ATTACHMENT_BYTES_MAX);
    if (reader_end(&reader) != STATUS_OK || epoch != r->config.epoch) return STATUS_MALFORMED;
    if (proposal.index <= r->decided_last) return STATUS_OK;
    struct digest digest = proposal_digest(&proposal);
    struct entry *entry = store_add(r, &proposal, &digest, NULL, true);
    if (!entry) return STATUS_NO_MEMORY;
    entry->decided = true;
    if (proof.size > 0 && !entry->proof && !(entry->proof = blob_copy(proof)))
        return STATUS_NO_MEMORY;
    if (r->decided_last == 0 || proposal.index != r->decided_last + 1)
        r->decided_first = proposal.index;
    r->decided_last = proposal.index;
    store_prune(r);
    return STATUS_OK;
}

/* The ring keeps the promises that can still matter: the newest. */
static enum status restore_executed(struct replica *r, struct span payload)
{
    struct reader reader = reader_of(payload);
    uint64_t epoch = read_u64(&reader);
    uint64_t height = read_u64(&reader);
    read_u64(&reader);
    struct digest hash;
    read_digest(&reader, &hash);
    if (reader_end(&reader) != STATUS_OK || epoch != r->config.epoch || height == 0)
        return STATUS_MALFORMED;
    promise_remember(r, SIGNER_KIND_SEAL, height);
    if (r->config.signer &&
        signer_restore_seal(r->config.signer, epoch, height, &hash) != STATUS_OK)
        return STATUS_CONFLICT;
    struct seal_slot *slot = &r->slots[height % r->slots_count];
    if (slot->height > height) return STATUS_OK;
    if (slot->height < height) {
        struct seal_vote *votes = slot->votes;
        bool *have = slot->have;
        memset(have, 0, r->config.committee->count * sizeof *have);
        *slot = (struct seal_slot){ .height = height, .votes = votes, .have = have };
    }
    slot->promised = true;
    slot->promise = hash;
    return STATUS_OK;
}

static enum status restore_seal(struct replica *r, struct span payload)
{
    struct seal *seal = malloc(sizeof *seal);
    if (!seal) return STATUS_NO_MEMORY;
    struct reader reader = reader_of(payload);
    seal_read(&reader, seal);
    bool ours = reader_end(&reader) == STATUS_OK && seal->epoch == r->config.epoch;
    for (uint16_t i = 0; ours && i < seal->count; i++) {
        struct seal_vote vote = { seal->epoch, seal->height, seal->block_hash,
                                  seal->signatures[i] };
        seal_add(r, &vote);
    }
    free(seal);
    return ours ? STATUS_OK : STATUS_MALFORMED;
}

static enum status restore_fold(struct replica *r, struct span payload)
{
    while (r->records_count > 0)
        blob_unref(r->records[--r->records_count]);
    struct reader reader = reader_of(payload);
    uint32_t count = read_u32(&reader);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t kind = read_u8(&reader);
        struct span item = read_bytes32(&reader, FOLD_BYTES_MAX);
        if (reader_status(&reader) != STATUS_OK || kind == JOURNAL_FOLD) return STATUS_MALFORMED;
        enum status status = replica_restore(r, kind, item);
        if (status != STATUS_OK) return status;
    }
    return reader_end(&reader);
}

enum status replica_restore(struct replica *r, uint8_t kind, struct span payload)
{
    ASSERT(!r->started);
    switch (kind) {
    case JOURNAL_ENGINE: return restore_engine(r, payload);
    case JOURNAL_PROPOSAL: return restore_proposal(r, payload);
    case JOURNAL_DECIDED: return restore_decided(r, payload);
    case JOURNAL_EXECUTED: return restore_executed(r, payload);
    case JOURNAL_SEAL: return restore_seal(r, payload);
    case JOURNAL_FOLD: return restore_fold(r, payload);
    default: return STATUS_UNSUPPORTED;
    }
}

/* ---- fold ---- */

struct fold {
    struct writer w;
    uint32_t count;
};

static void fold_item(struct fold *fold, uint8_t kind, struct span payload)
{
    write_u8(&fold->w, kind);
    write_bytes32(&fold->w, payload);
    fold->count++;
}

static void fold_engine(struct replica *r, struct fold *fold)
{
    struct effects *effects = calloc(1, sizeof *effects);
    if (!effects) {
        out_of_memory(r);
        return;
    }
    effects_reset(effects);
    r->ops->fold(r->engine, effects);
    for (uint32_t i = 0; i < effects->count; i++) {
        const struct effect *effect = &effects->list[i];
        ASSERT(effect->kind == EFFECT_PERSIST);
        struct writer w;
        writer_init(&w, SIZE_MAX / 2);
        write_bool(&w, effect->persist.promises);
        if (effect->persist.promises) statement_write(&w, &effect->persist.promise);
        write_bytes(&w, effect->persist.record);
        if (writer_status(&w) != STATUS_OK) fold->w.status = writer_status(&w);
        fold_item(fold, JOURNAL_ENGINE, writer_span(&w));
        writer_free(&w);
    }
    free(effects);
}

static void fold_entry(struct replica *r, struct fold *fold, const struct entry *entry)
{
    struct writer w;
    if (entry->batch && (entry->journaled || entry->decided)) {
        writer_init(&w, SIZE_MAX / 2);
        proposal_write(&w, &entry->proposal);
        write_bytes32(&w, blob_span(entry->batch));
        if (writer_status(&w) != STATUS_OK) fold->w.status = writer_status(&w);
        fold_item(fold, JOURNAL_PROPOSAL, writer_span(&w));
        writer_free(&w);
    }
    if (!entry->decided) return;
    writer_init(&w, SIZE_MAX / 2);
    write_u64(&w, r->config.epoch);
    proposal_write(&w, &entry->proposal);
    write_bytes32(&w, entry->proof ? blob_span(entry->proof) : span_of("", 0));
    if (writer_status(&w) != STATUS_OK) fold->w.status = writer_status(&w);
    fold_item(fold, JOURNAL_DECIDED, writer_span(&w));
    writer_free(&w);
}

/* Decided ones by index, then the undecided. */
static void fold_entries(struct replica *r, struct fold *fold)
{
    for (uint64_t i = r->decided_first; i != 0 && i <= r->decided_last; i++) {
        struct entry *entry = store_decided(r, i);
        if (entry) fold_entry(r, fold, entry);
    }
    for (uint32_t i = 0; i < r->entries_count; i++)
        if (!r->entries[i]->decided) fold_entry(r, fold, r->entries[i]);
}

static void fold_promise(struct replica *r, struct fold *fold, const struct seal_slot *slot)
{
    uint8_t bytes[64];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    write_u64(&w, r->config.epoch);
    write_u64(&w, slot->height);
    write_u64(&w, slot->header.sequence);
    write_digest(&w, &slot->promise);
    fold_item(fold, JOURNAL_EXECUTED, writer_span(&w));
}

/* Our seal promises that no seal covers, and the highest one whatever covers it. */
static void fold_seals(struct replica *r, struct fold *fold)
{
    uint64_t epoch;
    uint64_t highest;
    if (!replica_promised(r, SIGNER_KIND_SEAL, &epoch, &highest)) highest = 0;
    uint64_t first = min_u64(r->sealed_height, highest);
    for (uint64_t height = first; height <= highest; height++) {
        struct seal_slot *slot = seal_slot_find(r, height);
        if (slot && slot->promised) fold_promise(r, fold, slot);
    }
    struct seal_slot *sealed = seal_slot_find(r, r->sealed_height);
    struct seal *seal = sealed && sealed->sealed ? malloc(sizeof *seal) : NULL;
    if (!seal) return;
    seal_of_slot(r, sealed, seal);
    struct writer w;
    writer_init(&w, SEAL_BYTES_MAX);
    seal_write(&w, seal);
    fold_item(fold, JOURNAL_SEAL, writer_span(&w));
    writer_free(&w);
    free(seal);
}

/* One record stands for all that still binds: it opens a new segment, and when it is durable the
 * old segments may go. */
void journal_roll(struct replica *r)
{
    struct fold fold = { .count = 0 };
    writer_init(&fold.w, FOLD_BYTES_MAX);
    write_u32(&fold.w, 0);
    fold_engine(r, &fold);
    fold_entries(r, &fold);
    fold_seals(r, &fold);
    if (r->stopped || writer_status(&fold.w) != STATUS_OK) {
        writer_free(&fold.w);
        note(r, "journal_fold_too_large the journal is kept whole for now");
        return;
    }
    store_u32(fold.w.buffer.data, fold.count);
    uint64_t record = append_record(r, JOURNAL_FOLD, blob_of_writer(r, &fold.w));
    r->appended_bytes = 0;
    cut_gated(r, record);
}
