/* ledger/prove_receipt.c -- P3: an entry, its result, and the seal that covers its block. */
#include "ledger/prove.h"

#include <stdlib.h>

/* What the entry's row gives; the row's own spans are gone by then. */
struct entry_walk {
    struct prover *p;
    struct receipt *receipt;
    uint64_t position;
    struct digest leaf;
    bool withhold;
    enum status status;
};

static enum status signed_hash_of(struct span bytes, struct digest *hash)
{
    struct transaction *tx = malloc(sizeof *tx);
    if (!tx) return STATUS_NO_MEMORY;
    enum status status =
        transaction_decode(bytes, tx, NULL) == STATUS_OK ? STATUS_OK : STATUS_DAMAGED;
    if (status == STATUS_OK) *hash = tx->signed_hash;
    free(tx);
    return status;
}

static enum status take_entry(struct entry_walk *walk, const struct entry_row *entry)
{
    struct receipt *receipt = walk->receipt;
    struct entry_record *record = &receipt->entry;
    *record = (struct entry_record){ .kind = entry->kind,
                                     .id = entry->id,
                                     .code = entry->code,
                                     .at = entry->at,
                                     .effects_hash = digest_of(TAG_EFFECTS, entry->effects) };
    walk->position = entry->position;
    walk->leaf = entry->leaf;
    if (entry->kind == ENTRY_TRANSACTION) {
        enum status status = signed_hash_of(entry->data, &record->signed_hash);
        if (status != STATUS_OK) return status;
    }
    struct digest leaf = entry_record_hash(record);
    if (!digest_equal(&leaf, &entry->leaf)) return STATUS_DAMAGED;
    if (walk->withhold) return STATUS_OK;
    bool kept = prover_keep_span(walk->p, entry->data, &receipt->transaction) &&
                prover_keep_span(walk->p, entry->effects, &receipt->effects);
    return kept ? STATUS_OK : STATUS_NO_MEMORY;
}

static bool on_entry(void *context, const struct entry_row *entry)
{
    struct entry_walk *walk = context;
    walk->status = take_entry(walk, entry);
    return false;
}

/* Where the entry stands in its block. */
static enum status add_path(struct prover *p, const struct header *header, struct receipt *receipt)
{
    uint32_t count = header->entry_count;
    if (receipt->index >= count) return STATUS_DAMAGED;
    struct digest *leaves = malloc(count * sizeof *leaves);
    struct digest path[MERKLE_PATH_MAX];
    if (!leaves) return STATUS_NO_MEMORY;
    enum status status = ledger_read_entry_leaves(p->reader, header->height, leaves, count);
    if (status == STATUS_OK) {
        receipt->path.count = (uint8_t)merkle_path(leaves, count, receipt->index, path);
        struct digest leaf = entry_record_hash(&receipt->entry);
        if (!merkle_verify_inclusion(&leaf, receipt->index, count, path, receipt->path.count,
                                     &header->tx_root))
            status = STATUS_DAMAGED;
    }
    free(leaves);
    if (status != STATUS_OK) return status;
    receipt->path.hashes = prover_keep(p, span_of(path, receipt->path.count * sizeof path[0]));
    return receipt->path.hashes ? STATUS_OK : STATUS_NO_MEMORY;
}

/* A block that has no seal of its own is covered by the next one that has: its hash is a leaf of
 * that one's history. */
static enum status add_later(struct prover *p, uint64_t height, struct receipt *receipt)
{
    struct digest path[MERKLE_PATH_MAX];
    uint64_t sealed = 0;
    enum status status = ledger_read_sealed_above(p->reader, height + 1, &sealed);
    if (status == STATUS_NOT_FOUND) return STATUS_NO_QUORUM;
    if (status == STATUS_OK) status = prover_sealed(p, sealed, &receipt->sealed);
    if (status == STATUS_OK)
        status = ledger_read_history_path(p->reader, height, sealed, path, &receipt->history.count);
    if (status != STATUS_OK) return status;
    receipt->later = true;
    receipt->history.hashes =
        prover_keep(p, span_of(path, receipt->history.count * sizeof path[0]));
    return receipt->history.hashes ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status add_block(struct prover *p, uint64_t height, struct receipt *receipt)
{
    enum status status = prover_sealed(p, height, &receipt->sealed);
    if (status == STATUS_NO_QUORUM) {
        receipt->header = receipt->sealed.header;
        status = add_later(p, height, receipt);
    }
    return status == STATUS_OK ? add_path(p, receipt_header(receipt), receipt) : status;
}

static enum status finish(struct entry_walk *walk, enum status status)
{
    if (status == STATUS_OK) status = walk->status;
    if (status != STATUS_OK) return status;
    walk->receipt->index = position_entry(walk->position);
    return add_block(walk->p, position_height(walk->position), walk->receipt);
}

enum status prover_receipt(struct prover *p, const struct digest *id, bool withhold,
                           struct receipt *receipt)
{
    struct entry_walk walk = { .p = p, .receipt = receipt, .withhold = withhold };
    memset(receipt, 0, sizeof *receipt);
    return finish(&walk, ledger_read_entry(p->reader, id, on_entry, &walk));
}

enum status prover_receipt_at(struct prover *p, uint64_t position, struct receipt *receipt)
{
    struct entry_walk walk = { .p = p, .receipt = receipt };
    memset(receipt, 0, sizeof *receipt);
    return finish(&walk, ledger_read_entry_at(p->reader, position, on_entry, &walk));
}

enum status prove_receipt(struct prover *p, const struct digest *id, bool withhold)
{
    p->proof.kind = PROOF_RECEIPT;
    enum status status = prover_receipt(p, id, withhold, &p->proof.receipt);
    return status == STATUS_OK ? prover_chain(p, p->proof.receipt.sealed.header.epoch) : status;
}
