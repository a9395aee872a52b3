#include "proof/proof.h"

static const char magic[] = "WTNPROOF";

void proof_head_write(struct writer *w, enum proof_kind kind, const struct digest *chain_id)
{
    write_bytes(w, span_text(magic));
    write_u16(w, PROOF_VERSION);
    write_u16(w, (uint16_t)kind);
    write_digest(w, chain_id);
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void write_hashes(struct writer *w, const struct digest *hashes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        write_digest(w, &hashes[i]);
}

void proof_path_write(struct writer *w, const struct proof_path *path)
{
    ASSERT(path->count <= MERKLE_PATH_MAX);
    write_u8(w, path->count);
    write_hashes(w, path->hashes, path->count);
}

void sealed_write(struct writer *w, const struct sealed *sealed)
{
    header_write(w, &sealed->header);
    write_bytes(w, sealed->seal);
}

void epoch_item_write(struct writer *w, const struct header *boundary, const struct seal *seal,
                      const struct committee *next)
{
    write_u8(w, 0);
    header_write(w, boundary);
    seal_write(w, seal);
    committee_encode(next, w);
}

void epoch_chain_write(struct writer *w, const struct epoch_chain *chain)
{
    ASSERT(chain->count <= PROOF_EPOCHS_MAX);
    write_u32(w, chain->count);
    write_bytes(w, chain->items);
}

void state_siblings_write(struct writer *w, const struct state_siblings *path)
{
    ASSERT(path->depth <= STATE_DEPTH_MAX);
    write_u16(w, path->depth);
    write_bytes(w, span_of(path->bitmap, (path->depth + 7u) / 8));
    write_hashes(w, path->hashes, path->count);
}

/* u8 0, or 1 and bytes32: a part that may be withheld. */
static void write_or_withhold(struct writer *w, struct span bytes)
{
    write_bool(w, bytes.size > 0);
    if (bytes.size > 0) write_bytes32(w, bytes);
}

void receipt_write(struct writer *w, const struct receipt *receipt)
{
    entry_record_write(w, &receipt->entry);
    write_or_withhold(w, receipt->transaction);
    write_or_withhold(w, receipt->effects);
    write_u32(w, receipt->index);
    proof_path_write(w, &receipt->path);
    write_bool(w, receipt->later);
    if (receipt->later) header_write(w, &receipt->header);
    sealed_write(w, &receipt->sealed);
    if (receipt->later) proof_path_write(w, &receipt->history);
    write_u16(w, 0);
}

static void write_absent(struct writer *w, const struct state_proof *state)
{
    struct digest path = state_proof_path(state);
    if (state->kind == RECORD_WINDOW) write_u64(w, state->not_after_ms);
    write_digest(w, &path);
    write_bool(w, state->has_neighbour);
    if (!state->has_neighbour) return;
    write_digest(w, &state->neighbour_path);
    write_digest(w, &state->neighbour_value_hash);
}

void state_proof_write(struct writer *w, const struct state_proof *state)
{
    write_u8(w, (uint8_t)state->form);
    write_u8(w, state->kind);
    write_bytes16(w, state->key);
    if (state->form == STATE_BETWEEN || state->form == STATE_SINCE) receipt_write(w, &state->last);
    if (state->form == STATE_BETWEEN) {
        receipt_write(w, &state->next);
        return;
    }
    if (state->form == STATE_ABSENT)
        write_absent(w, state);
    else
        write_bytes32(w, state->value);
    state_siblings_write(w, &state->path);
    sealed_write(w, &state->sealed);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static void write_consistency(struct writer *w, const struct consistency_proof *proof)
{
    sealed_write(w, &proof->first);
    sealed_write(w, &proof->second);
    proof_path_write(w, &proof->consistency);
    proof_path_write(w, &proof->inclusion);
}

static void write_absence(struct writer *w, const struct absence_proof *absence)
{
    write_digest(w, &absence->txid);
    write_bytes32(w, absence->body);
    write_u8(w, (uint8_t)absence->form);
    if (absence->form == ABSENCE_STATE)
        state_proof_write(w, &absence->state);
    else
        receipt_write(w, &absence->other);
}

static void write_statement(struct writer *w, const struct statement_proof *statement)
{
    ASSERT(statement->count <= PROOF_MOVEMENTS_MAX);
    ASSERT(statement->movements.size == (size_t)MOVEMENT_BYTES * statement->count);
    write_id(w, &statement->account);
    write_id(w, &statement->asset);
    write_u64(w, statement->from_height);
    write_u64(w, statement->to_height);
    write_digest(w, &statement->head);
    write_u32(w, statement->count);
    write_bytes(w, statement->movements);
    write_u8(w, (uint8_t)statement->form);
    if (statement->form == CLOSING_STATE)
        state_proof_write(w, &statement->state);
    else
        receipt_write(w, &statement->next);
}

static void write_equivocation(struct writer *w, const struct evidence_proof *evidence)
{
    write_u64(w, evidence->epoch);
    write_u64(w, evidence->height);
    write_u16(w, evidence->validator);
    for (unsigned i = 0; i < 2; i++)
        write_digest(w, &evidence->hashes[i]);
    for (unsigned i = 0; i < 2; i++)
        write_signature(w, &evidence->signatures[i]);
}

static void write_fork(struct writer *w, const struct evidence_proof *evidence)
{
    sealed_write(w, &evidence->first);
    epoch_chain_write(w, &evidence->first_epochs);
    write_u8(w, (uint8_t)evidence->form);
    if (evidence->form == FORK_HISTORY) {
        write_digest(w, &evidence->other);
        proof_path_write(w, &evidence->other_path);
    }
    sealed_write(w, &evidence->second);
}

static void write_evidence(struct writer *w, const struct evidence_proof *evidence)
{
    write_u8(w, (uint8_t)evidence->type);
    if (evidence->type == EVIDENCE_EQUIVOCATION)
        write_equivocation(w, evidence);
    else
        write_fork(w, evidence);
}

void proof_write(struct writer *w, const struct proof *proof)
{
    proof_head_write(w, proof->kind, &proof->chain_id);
    switch (proof->kind) {
    case PROOF_ANCHOR:
        header_write(w, &proof->anchor.header);
        write_bytes32(w, proof->anchor.document);
        return; /* the only kind without epochs */
    case PROOF_SEAL: sealed_write(w, &proof->seal); break;
    case PROOF_EPOCHS: break;
    case PROOF_RECEIPT: receipt_write(w, &proof->receipt); break;
    case PROOF_CONSISTENCY: write_consistency(w, &proof->consistency); break;
    case PROOF_STATE: state_proof_write(w, &proof->state); break;
    case PROOF_ABSENCE: write_absence(w, &proof->absence); break;
    case PROOF_STATEMENT: write_statement(w, &proof->statement); break;
    case PROOF_EVIDENCE: write_evidence(w, &proof->evidence); break;
    case PROOF_SNAPSHOT:
    case PROOF_RECOVERY: ASSERT(proof->kind < PROOF_SNAPSHOT); break; /* Both are reserved. */
    }
    epoch_chain_write(w, &proof->epochs);
}
