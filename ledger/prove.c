/* ledger/prove.c -- what all proofs share: sealed blocks, the chain of validator sets; P1, P2, P4.
 */
#include "ledger/prove.h"

#include <stdlib.h>

void prover_init(struct prover *p, struct ledger_reader *reader)
{
    memset(p, 0, sizeof *p);
    p->reader = reader;
    arena_init(&p->arena);
}

void prover_free(struct prover *p)
{
    arena_free(&p->arena);
    free(p->seal);
    free(p->epoch);
    p->seal = NULL;
    p->epoch = NULL;
}

void *prover_keep(struct prover *p, struct span bytes)
{
    uint8_t *kept = arena_take(&p->arena, bytes.size ? bytes.size : 1);
    if (kept && bytes.size > 0) memcpy(kept, bytes.data, bytes.size);
    return kept;
}

bool prover_keep_span(struct prover *p, struct span bytes, struct span *kept)
{
    const uint8_t *data = prover_keep(p, bytes);
    *kept = span_of(data, data ? bytes.size : 0);
    return data != NULL;
}

/* ---- sealed blocks --------------------------------------------------------------------------- */

static bool scratch(struct prover *p)
{
    if (!p->seal) p->seal = malloc(sizeof *p->seal);
    if (!p->epoch) p->epoch = malloc(sizeof *p->epoch);
    return p->seal && p->epoch;
}

static enum status keep_seal(struct prover *p, const struct seal *seal, struct span *kept)
{
    size_t size = 50 + 66 * (size_t)seal->count;
    uint8_t *bytes = arena_take(&p->arena, size);
    if (!bytes) return STATUS_NO_MEMORY;
    struct writer w;
    writer_init_fixed(&w, bytes, size);
    seal_write(&w, seal);
    ASSERT(writer_status(&w) == STATUS_OK);
    *kept = writer_span(&w);
    return STATUS_OK;
}

/* The stored signatures of a block into p->seal, its epoch into p->epoch. STATUS_NO_QUORUM if they
 * are too few. */
static enum status read_seal(struct prover *p, const struct header *header)
{
    if (!scratch(p)) return STATUS_NO_MEMORY;
    enum status status = ledger_read_epoch_of(p->reader, header->height, p->epoch);
    if (status != STATUS_OK) return status;
    status = ledger_read_seal(p->reader, header->height, p->seal);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) return status;
    uint16_t signatures = status == STATUS_OK ? p->seal->count : 0;
    uint16_t quorum = committee_quorum(&p->epoch->committee);
    if (signatures >= quorum && header->height > 0) return STATUS_OK;
    p->unsealed = header->height;
    p->signed_by = signatures;
    p->quorum = quorum;
    return STATUS_NO_QUORUM;
}

enum status prover_sealed(struct prover *p, uint64_t height, struct sealed *sealed)
{
    struct block_row block;
    enum status status = ledger_read_block(p->reader, height, &block);
    if (status != STATUS_OK) return status;
    sealed->header = block.header;
    p->proof.chain_id = block.header.chain_id;
    status = read_seal(p, &block.header);
    return status == STATUS_OK ? keep_seal(p, p->seal, &sealed->seal) : status;
}

/* ---- the chain of validator sets ------------------------------------------------------------- */

struct chain_walk {
    struct prover *p;
    struct seal *seal; /* scratch of its own: rows are written while the walk goes on */
    struct writer items;
    uint64_t last;   /* the epoch that it ends in */
    uint64_t quorum; /* of the epoch before the row in hand */
    uint32_t count;
    enum status status;
};

/* Each epoch but the first is an item: the sealed last block of the one before, and its own set. */
static bool add_item(void *context, const struct epoch_row *epoch)
{
    struct chain_walk *walk = context;
    struct block_row boundary;
    if (epoch->number > walk->last) return false;
    if (epoch->number > 0) {
        uint64_t height = epoch->first_height - 1;
        walk->status = ledger_read_block(walk->p->reader, height, &boundary);
        if (walk->status == STATUS_OK)
            walk->status = ledger_read_seal(walk->p->reader, height, walk->seal);
        if (walk->status == STATUS_NOT_FOUND ||
            (walk->status == STATUS_OK && walk->seal->count < walk->quorum)) {
            walk->p->unsealed = height;
            walk->status = STATUS_NO_QUORUM;
        }
        if (walk->status != STATUS_OK) return false;
        epoch_item_write(&walk->items, &boundary.header, walk->seal, &epoch->committee);
        walk->count++;
        walk->status = writer_status(&walk->items);
    }
    walk->quorum = committee_quorum(&epoch->committee);
    return walk->status == STATUS_OK;
}

enum status prover_chain(struct prover *p, uint64_t epoch)
{
    struct chain_walk walk = { .p = p, .last = epoch, .status = STATUS_OK };
    walk.seal = malloc(sizeof *walk.seal);
    if (!walk.seal) return STATUS_NO_MEMORY;
    writer_init(&walk.items, PROOF_BYTES_MAX);
    enum status status = ledger_read_epochs(p->reader, 0, PROOF_EPOCHS_MAX + 1, add_item, &walk);
    if (status == STATUS_OK) status = walk.status;
    if (status == STATUS_OK && walk.count != epoch) status = STATUS_NOT_FOUND;
    p->proof.epochs.count = walk.count;
    if (status == STATUS_OK &&
        !prover_keep_span(p, writer_span(&walk.items), &p->proof.epochs.items))
        status = STATUS_NO_MEMORY;
    writer_free(&walk.items);
    free(walk.seal);
    return status;
}

/* ---- P1, P2, P4 ------------------------------------------------------------------------------ */

enum status prove_seal(struct prover *p, uint64_t height)
{
    p->proof.kind = PROOF_SEAL;
    enum status status = prover_sealed(p, height, &p->proof.seal);
    return status == STATUS_OK ? prover_chain(p, p->proof.seal.header.epoch) : status;
}

enum status prove_epochs(struct prover *p, uint64_t epoch)
{
    p->proof.kind = PROOF_EPOCHS;
    enum status status = ledger_read_chain(p->reader, &p->proof.chain_id, NULL);
    return status == STATUS_OK ? prover_chain(p, epoch) : status;
}

static bool keep_path(struct prover *p, const struct digest *hashes, uint8_t count,
                      struct proof_path *path)
{
    path->count = count;
    path->hashes = prover_keep(p, span_of(hashes, count * sizeof *hashes));
    return path->hashes != NULL;
}

enum status prove_history(struct prover *p, uint64_t from, uint64_t to)
{
    ASSERT(from >= 1);
    ASSERT(from < to);
    struct consistency_proof *proof = &p->proof.consistency;
    struct digest hashes[MERKLE_PATH_MAX];
    uint8_t count = 0;
    p->proof.kind = PROOF_CONSISTENCY;
    enum status status = prover_sealed(p, from, &proof->first);
    if (status == STATUS_OK) status = prover_sealed(p, to, &proof->second);
    if (status == STATUS_OK)
        status = ledger_read_history_consistency(p->reader, from, to, hashes, &count);
    if (status == STATUS_OK && !keep_path(p, hashes, count, &proof->consistency))
        status = STATUS_NO_MEMORY;
    if (status == STATUS_OK) status = ledger_read_history_path(p->reader, from, to, hashes, &count);
    if (status == STATUS_OK && !keep_path(p, hashes, count, &proof->inclusion))
        status = STATUS_NO_MEMORY;
    return status == STATUS_OK ? prover_chain(p, proof->second.header.epoch) : status;
}
