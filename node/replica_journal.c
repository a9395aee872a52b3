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
        promise_remember(r, promise.kind, r->journal_epoch, promise.view);
        if (r->journal_epoch != r->config.epoch) return STATUS_OK;
        enum status status = r->config.signer
                                 ? signer_restore(r->config.signer, r->config.epoch, &promise)
                                 : STATUS_OK;
        /* Older than the signer's memory: it will not be signed again, nor contradicted. */
        if (status != STATUS_OK && status != STATUS_STALE) return STATUS_CONFLICT;
    }
    if (reader_status(&reader) != STATUS_OK) return STATUS_MALFORMED;
    if (r->journal_epoch != r->config.epoch) return STATUS_OK;
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
    if (proposal.index <= r->decided_last &&
        proposal.index <= min_u64(r->executed_sequence, r->sealed_sequence))
        return STATUS_OK; /* Sealed long ago: nobody will ask for it. */
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

static enum status restore_executed(struct replica *r, struct span payload)
{
    struct reader reader = reader_of(payload);
    uint64_t epoch = read_u64(&reader);
    uint64_t height = read_u64(&reader);
    uint64_t sequence = read_u64(&reader);
    struct digest hash;
    read_digest(&reader, &hash);
    if (reader_end(&reader) != STATUS_OK || epoch != r->journal_epoch || height == 0)
        return STATUS_MALFORMED;
    promise_remember(r, SIGNER_KIND_SEAL, epoch, height);
    if (epoch != r->config.epoch) return STATUS_OK;
    enum status status =
        r->config.signer ? signer_restore_seal(r->config.signer, epoch, height, &hash) : STATUS_OK;
    if (status != STATUS_OK && status != STATUS_STALE) return STATUS_CONFLICT;
    seal_promise_keep(r, height, sequence, &hash);
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

static enum status restore_record(struct replica *r, uint8_t kind, struct span payload);

/* A new epoch, or the one that the journal was in: epochs never fall. What was promised in an
 * earlier one binds no more, and the key says who may have promised since. */
static enum status restore_epoch(struct replica *r, struct span payload)
{
    struct reader reader = reader_of(payload);
    uint64_t epoch = read_u64(&reader);
    read_public_key(&reader, &r->journal_key);
    if (reader_end(&reader) != STATUS_OK || epoch < r->journal_epoch) return STATUS_MALFORMED;
    r->journal_epoch = epoch;
    return STATUS_OK;
}

static enum status restore_fold(struct replica *r, struct span payload)
{
    while (r->records_count > 0)
        blob_unref(r->records[--r->records_count]);
    r->appended_bytes = 0;
    struct reader reader = reader_of(payload);
    uint32_t count = read_u32(&reader);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t kind = read_u8(&reader);
        struct span item = read_bytes32(&reader, FOLD_BYTES_MAX);
        if (reader_status(&reader) != STATUS_OK || kind == JOURNAL_FOLD) return STATUS_MALFORMED;
        if ((i == 0) != (kind == JOURNAL_EPOCH)) return STATUS_MALFORMED;
        enum status status = restore_record(r, kind, item);
        if (status != STATUS_OK) return status;
    }
    r->fold_open = count > 1; /* One that only opens an epoch has nothing to repeat. */
    return reader_end(&reader);
}

static enum status restore_record(struct replica *r, uint8_t kind, struct span payload)
{
    bool ours = r->journal_epoch == r->config.epoch;
    switch (kind) {
    case JOURNAL_ENGINE: return restore_engine(r, payload);
    case JOURNAL_PROPOSAL: return ours ? restore_proposal(r, payload) : STATUS_OK;
    case JOURNAL_DECIDED: return ours ? restore_decided(r, payload) : STATUS_OK;
    case JOURNAL_EXECUTED: return restore_executed(r, payload);
    case JOURNAL_SEAL: return ours ? restore_seal(r, payload) : STATUS_OK;
    case JOURNAL_FOLD: return restore_fold(r, payload);
    case JOURNAL_EPOCH: return restore_epoch(r, payload);
    case JOURNAL_FOLDED: r->fold_open = false; return STATUS_OK;
    default: return STATUS_UNSUPPORTED;
    }
}

enum status replica_restore(struct replica *r, uint8_t kind, struct span payload)
{
    ASSERT(!r->started);
    if (kind == JOURNAL_EPOCH) return STATUS_MALFORMED; /* It stands in folds only. */
    r->appended_bytes += payload.size;
    if (kind == JOURNAL_FOLD) r->fold_first = r->restored == 0;
    r->restored++;
    return restore_record(r, kind, payload);
}

enum status replica_restored(const struct replica *r)
{
    return r->fold_first && r->fold_open ? STATUS_DAMAGED : STATUS_OK;
}

uint64_t replica_journal_epoch(const struct replica *r, struct public_key *seal_key)
{
    *seal_key = r->journal_key;
    return r->journal_epoch;
}

/* A crash may have taken the end of a group of decisions, and with it their proof. Nothing was
 * executed for want of it: they count as undecided, and the engine decides them anew. */
void journal_drop_unproven(struct replica *r)
{
    while (r->decided_last > r->executed_sequence) {
        struct entry *entry = store_decided(r, r->decided_last);
        if (!entry || entry->proof) return;
        entry->decided = false;
        if (r->decided_last == r->decided_first) {
            r->decided_first = r->decided_last = 0;
            return;
        }
        r->decided_last--;
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

static void fold_begin(const struct replica *r, struct fold *fold)
{
    *fold = (struct fold){ .count = 0 };
    writer_init(&fold->w, FOLD_BYTES_MAX);
    write_u32(&fold->w, 0);
    uint8_t bytes[8 + 32];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    write_u64(&w, r->config.epoch);
    write_public_key(&w, &r->journal_key);
    fold_item(fold, JOURNAL_EPOCH, writer_span(&w));
}

/* Appends it as the beginning of a new segment; its number. */
static uint64_t fold_append(struct replica *r, struct fold *fold)
{
    if (writer_status(&fold->w) == STATUS_OK) store_u32(fold->w.buffer.data, fold->count);
    r->appended_bytes = 0;
    return append_record(r, JOURNAL_FOLD, blob_of_writer(r, &fold->w));
}

/* The first record of an epoch. The ledger holds all that came before, and what was promised before
 * binds nobody: the old segments go when this one is durable. */
void journal_open_epoch(struct replica *r)
{
    if (r->journal_epoch == r->config.epoch) return;
    ASSERT(r->journal_epoch < r->config.epoch);
    r->journal_epoch = r->config.epoch;
    r->journal_key =
        r->config.signer ? *signer_public_key(r->config.signer) : (struct public_key){ { 0 } };
    struct fold fold;
    fold_begin(r, &fold);
    cut_gated(r, fold_append(r, &fold));
}

static void fold_engine(struct replica *r, struct fold *fold)
{
    struct effects *effects = malloc(sizeof *effects);
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

/* Every proposal and decision that is still here still binds (store_prune). Each goes into a record
 * of its own: all together may be larger than a record can be. */
static void repeat_entries(struct replica *r)
{
    for (uint32_t i = 0; i < r->entries_count; i++)
        r->entries[i]->journaled = false;
    for (uint64_t i = r->decided_first; i != 0 && i <= r->decided_last; i++) {
        struct entry *entry = store_decided(r, i);
        if (!entry) continue;
        journal_proposal(r, entry);
        journal_decided(r, entry);
    }
    for (uint32_t i = 0; i < r->entries_count; i++)
        journal_proposal(r, r->entries[i]);
}

static void fold_promise(struct replica *r, struct fold *fold, const struct seal_promise *promise)
{
    uint8_t bytes[64];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    write_u64(&w, r->config.epoch);
    write_u64(&w, promise->height);
    write_u64(&w, promise->sequence);
    write_digest(&w, &promise->hash);
    fold_item(fold, JOURNAL_EXECUTED, writer_span(&w));
}

/* Our seal promises that no seal covers, and the highest one whatever covers it. */
static void fold_seals(struct replica *r, struct fold *fold)
{
    uint64_t epoch;
    uint64_t highest;
    if (!replica_promised(r, SIGNER_KIND_SEAL, &epoch, &highest)) highest = 0;
    uint64_t first = min_u64(r->sealed_height, highest);
    if (highest - first >= r->slots_count) first = highest - r->slots_count + 1;
    for (uint64_t height = first; height <= highest; height++) {
        struct seal_promise *promise = seal_promise_find(r, height);
        if (promise) fold_promise(r, fold, promise);
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

/* One record stands for what the engine and the seals still bind us to; it opens a new segment, and
 * the proposals and decisions follow. When all of that is durable the old segments may go. A crash
 * in between finds both the old segments and the fold, which says nothing that they do not say. */
void journal_roll(struct replica *r)
{
    struct fold fold;
    fold_begin(r, &fold);
    fold_engine(r, &fold);
    fold_seals(r, &fold);
    /* The engine's state and some hashes: far from the limit of a record. */
    ASSERT(writer_status(&fold.w) != STATUS_TOO_LARGE);
    if (r->stopped || writer_status(&fold.w) != STATUS_OK) {
        writer_free(&fold.w);
        out_of_memory(r);
        return;
    }
    uint64_t record = fold_append(r, &fold);
    repeat_entries(r);
    append_record(r, JOURNAL_FOLDED, blob_copy(span_of("", 0)));
    r->fold_bytes = r->appended_bytes;
    r->appended_bytes = 0;
    cut_gated(r, record);
}
