/* A proof as JSON. */
#include "proof/twin.h"

/* ---- shared parts ---------------------------------------------------------------------------- */

static json_t *flags_json(uint8_t flags)
{
    json_t *list = json_array();
    for (unsigned bit = 0; twin_flag_word(bit); bit++)
        if (flags >> bit & 1) list = twin_append(list, twin_word(twin_flag_word(bit)));
    return list;
}

static json_t *header_hashes(json_t *o, const struct header *header)
{
    o = twin_put(o, "parent_hash", twin_hash(&header->parent_hash));
    o = twin_put(o, "tx_root", twin_hash(&header->tx_root));
    o = twin_put(o, "state_root", twin_hash(&header->state_root));
    o = twin_put(o, "history_root", twin_hash(&header->history_root));
    o = twin_put(o, "validators_hash", twin_hash(&header->validators_hash));
    o = twin_put(o, "next_validators_hash", twin_hash(&header->next_validators_hash));
    o = twin_put(o, "members_hash", twin_hash(&header->members_hash));
    return twin_put(o, "params_hash", twin_hash(&header->params_hash));
}

static json_t *header_json(const struct header *header)
{
    json_t *o = json_object();
    o = twin_put(o, "version", twin_number(header->version));
    o = twin_put(o, "fault_model", twin_word(twin_fault_model_word(header->fault_model)));
    o = twin_put(o, "flags", flags_json(header->flags));
    o = twin_put(o, "entry_count", twin_number(header->entry_count));
    o = twin_put(o, "epoch", twin_number(header->epoch));
    o = twin_put(o, "height", twin_number(header->height));
    o = twin_put(o, "sequence", twin_number(header->sequence));
    o = twin_put(o, "time", twin_time(header->time_ms));
    o = twin_put(o, "window_horizon", twin_time(header->window_horizon_ms));
    o = twin_put(o, "proposer", json_address_new(ADDRESS_VALIDATOR, &header->proposer));
    return header_hashes(o, header);
}

static json_t *seal_json(struct span bytes)
{
    struct seal_view seal = seal_view_of(bytes);
    json_t *signatures = json_array();
    for (uint16_t i = 0; i < seal.count; i++) {
        struct seal_signature by = seal_view_signature(&seal, i);
        struct span signature = span_of(by.signature.bytes, sizeof by.signature.bytes);
        json_t *o = twin_put(json_object(), "validator", twin_number(by.validator));
        signatures = twin_append(signatures, twin_put(o, "signature", json_hex_new(signature)));
    }
    json_t *o = json_object();
    o = twin_put(o, "epoch", twin_number(seal.epoch));
    o = twin_put(o, "height", twin_number(seal.height));
    o = twin_put(o, "hash", twin_hash(&seal.block_hash));
    return twin_put(o, "signatures", signatures);
}

static json_t *with_sealed(json_t *o, const struct sealed *sealed)
{
    o = twin_put(o, "header", header_json(&sealed->header));
    return twin_put(o, "seal", seal_json(sealed->seal));
}

/* fault_model u8 | engine u8 | n u16 | n x (id 16 | member 16 | seal key 32): of bytes whose shape
 * was decoded. */
static json_t *set_json(struct span bytes)
{
    struct reader r = reader_of(bytes);
    uint8_t fault_model = read_u8(&r), engine = read_u8(&r);
    uint16_t count = read_u16(&r);
    json_t *validators = json_array();
    for (unsigned i = 0; i < count; i++) {
        struct validator validator;
        read_id(&r, &validator.id);
        read_id(&r, &validator.member);
        read_public_key(&r, &validator.seal_key);
        struct span key = span_of(validator.seal_key.bytes, sizeof validator.seal_key.bytes);
        json_t *o = json_object();
        o = twin_put(o, "validator", json_address_new(ADDRESS_VALIDATOR, &validator.id));
        o = twin_put(o, "member", json_address_new(ADDRESS_ACCOUNT, &validator.member));
        validators = twin_append(validators, twin_put(o, "seal_key", json_hex_new(key)));
    }
    json_t *o = json_object();
    o = twin_put(o, "fault_model", twin_word(twin_fault_model_word(fault_model)));
    o = twin_put(o, "engine", twin_word(twin_engine_word(engine)));
    return twin_put(o, "validators", validators);
}

static json_t *epochs_json(const struct epoch_chain *chain)
{
    json_t *list = json_array();
    struct epoch_item item;
    for (struct span rest = chain->items; epoch_item_next(&rest, &item);) {
        json_t *o = with_sealed(json_object(), &item.boundary);
        list = twin_append(list, twin_put(o, "validators", set_json(item.validators)));
    }
    return list;
}

/* ---- receipts and states --------------------------------------------------------------------- */

static json_t *entry_json(const struct entry_record *entry)
{
    json_t *o = json_object();
    o = twin_put(o, "kind", twin_word(twin_entry_kind_word(entry->kind)));
    o = twin_put(o, "id", twin_hash(&entry->id));
    o = twin_put(o, "signed_hash", twin_hash(&entry->signed_hash));
    o = twin_put(o, "code", twin_word(twin_code_word(entry->code)));
    o = twin_put(o, "at", twin_number(entry->at));
    return twin_put(o, "effects_hash", twin_hash(&entry->effects_hash));
}

static json_t *with_receipt(json_t *o, const struct receipt *receipt)
{
    o = twin_put(o, "entry", entry_json(&receipt->entry));
    if (receipt->transaction.size > 0)
        o = twin_put(o, "transaction", json_hex_new(receipt->transaction));
    if (receipt->effects.size > 0) o = twin_put(o, "effects", twin_effects(receipt->effects));
    o = twin_put(o, "index", twin_number(receipt->index));
    o = twin_put(o, "path", twin_path(&receipt->path));
    if (!receipt->later) return with_sealed(o, &receipt->sealed);
    o = twin_put(o, "header", header_json(&receipt->header));
    json_t *later = with_sealed(json_object(), &receipt->sealed);
    return twin_put(o, "later", twin_put(later, "path", twin_path(&receipt->history)));
}

json_t *receipt_json(const struct receipt *receipt)
{
    return with_receipt(json_object(), receipt);
}

static json_t *siblings_json(const struct state_siblings *path)
{
    static const struct digest empty;
    const struct digest *next = path->hashes;
    json_t *list = json_array();
    for (unsigned level = path->depth; level-- > 0;)
        list = twin_append(list, twin_hash(path_bit(path->bitmap, level) ? next++ : &empty));
    return list;
}

static json_t *with_absent(json_t *o, const struct state_proof *state)
{
    o = twin_put(o, "absent", json_true());
    if (state->kind == RECORD_WINDOW) o = twin_put(o, "not_after", twin_time(state->not_after_ms));
    struct digest path = state_proof_path(state);
    o = twin_put(o, "path", twin_hash(&path));
    if (!state->has_neighbour) return o;
    json_t *neighbour = twin_put(json_object(), "path", twin_hash(&state->neighbour_path));
    neighbour = twin_put(neighbour, "value_hash", twin_hash(&state->neighbour_value_hash));
    return twin_put(o, "neighbour", neighbour);
}

static json_t *with_state(json_t *o, const struct state_proof *state)
{
    o = twin_put(o, "object", twin_word(twin_object_word(state->kind)));
    o = twin_put(o, "key", json_hex_new(state->key));
    if (state->form == STATE_BETWEEN || state->form == STATE_SINCE)
        o = twin_put(o, "last", receipt_json(&state->last));
    if (state->form == STATE_BETWEEN) return twin_put(o, "next", receipt_json(&state->next));
    if (state->form == STATE_ABSENT)
        o = with_absent(o, state);
    else
        o = twin_put(o, "value", json_hex_new(state->value));
    o = twin_put(o, "depth", twin_number(state->path.depth));
    o = twin_put(o, "siblings", siblings_json(&state->path));
    return with_sealed(o, &state->sealed);
}

json_t *state_proof_json(const struct state_proof *state)
{
    return with_state(json_object(), state);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static json_t *with_consistency(json_t *o, const struct consistency_proof *proof)
{
    o = twin_put(o, "first", with_sealed(json_object(), &proof->first));
    o = twin_put(o, "second", with_sealed(json_object(), &proof->second));
    o = twin_put(o, "consistency", twin_path(&proof->consistency));
    return twin_put(o, "inclusion", twin_path(&proof->inclusion));
}

static json_t *with_absence(json_t *o, const struct absence_proof *absence)
{
    o = twin_put(o, "tx_id", twin_hash(&absence->txid));
    o = twin_put(o, "body", json_hex_new(absence->body));
    return absence->form == ABSENCE_STATE ? twin_put(o, "state", state_proof_json(&absence->state))
                                          : twin_put(o, "other", receipt_json(&absence->other));
}

static json_t *movement_json(const struct movement *movement)
{
    json_t *o = json_object();
    o = twin_put(o, "entry_id", twin_hash(&movement->entry_id));
    o = twin_put(o, "position", twin_position(movement->position));
    o = twin_put(o, "seq", twin_number(movement->seq));
    o = twin_put(o, "d_posted", twin_signed(movement->d_posted));
    o = twin_put(o, "d_held_out", twin_signed(movement->d_held_out));
    o = twin_put(o, "d_held_in", twin_signed(movement->d_held_in));
    o = twin_put(o, "posted", twin_signed(movement->posted));
    o = twin_put(o, "held_out", twin_signed(movement->held_out));
    return twin_put(o, "held_in", twin_signed(movement->held_in));
}

static json_t *with_statement(json_t *o, const struct statement_proof *statement)
{
    o = twin_put(o, "account", json_address_new(ADDRESS_ACCOUNT, &statement->account));
    o = twin_put(o, "asset", json_address_new(ADDRESS_ASSET, &statement->asset));
    o = twin_put(o, "from_height", twin_number(statement->from_height));
    o = twin_put(o, "to_height", twin_number(statement->to_height));
    o = twin_put(o, "head", twin_hash(&statement->head));
    json_t *movements = json_array();
    for (uint32_t i = 0; i < statement->count; i++) {
        struct movement movement = statement_movement(statement, i);
        movements = twin_append(movements, movement_json(&movement));
    }
    o = twin_put(o, "movements", movements);
    bool by_state = statement->form == CLOSING_STATE;
    json_t *closing = by_state
                          ? twin_put(json_object(), "state", state_proof_json(&statement->state))
                          : twin_put(json_object(), "next", receipt_json(&statement->next));
    return twin_put(o, "closing", closing);
}

static json_t *with_equivocation(json_t *o, const struct evidence_proof *evidence)
{
    json_t *hashes = json_array(), *signatures = json_array();
    for (unsigned i = 0; i < 2; i++) {
        struct span signature =
            span_of(evidence->signatures[i].bytes, sizeof evidence->signatures[i].bytes);
        hashes = twin_append(hashes, twin_hash(&evidence->hashes[i]));
        signatures = twin_append(signatures, json_hex_new(signature));
    }
    o = twin_put(o, "type", twin_word("equivocation"));
    o = twin_put(o, "epoch", twin_number(evidence->epoch));
    o = twin_put(o, "height", twin_number(evidence->height));
    o = twin_put(o, "validator", twin_number(evidence->validator));
    o = twin_put(o, "hashes", hashes);
    return twin_put(o, "signatures", signatures);
}

static json_t *with_fork(json_t *o, const struct evidence_proof *evidence)
{
    json_t *first = with_sealed(json_object(), &evidence->first);
    first = twin_put(first, "epochs", epochs_json(&evidence->first_epochs));
    o = twin_put(o, "type", twin_word("fork"));
    o = twin_put(o, "first", first);
    if (evidence->form == FORK_HISTORY) {
        json_t *other = twin_put(json_object(), "hash", twin_hash(&evidence->other));
        o = twin_put(o, "other", twin_put(other, "path", twin_path(&evidence->other_path)));
    }
    return twin_put(o, "second", with_sealed(json_object(), &evidence->second));
}

static json_t *with_body(json_t *o, const struct proof *proof)
{
    switch (proof->kind) {
    case PROOF_ANCHOR:
        o = twin_put(o, "header", header_json(&proof->anchor.header));
        return twin_put(o, "document", json_hex_new(proof->anchor.document));
    case PROOF_SEAL: return with_sealed(o, &proof->seal);
    case PROOF_RECEIPT: return with_receipt(o, &proof->receipt);
    case PROOF_CONSISTENCY: return with_consistency(o, &proof->consistency);
    case PROOF_STATE: return with_state(o, &proof->state);
    case PROOF_ABSENCE: return with_absence(o, &proof->absence);
    case PROOF_STATEMENT: return with_statement(o, &proof->statement);
    case PROOF_EVIDENCE:
        return proof->evidence.type == EVIDENCE_EQUIVOCATION
                   ? with_equivocation(o, &proof->evidence)
                   : with_fork(o, &proof->evidence);
    default: return o; /* epochs have nothing else */
    }
}

json_t *proof_json(const struct proof *proof)
{
    json_t *o = json_object();
    o = twin_put(o, "format", twin_word(TWIN_FORMAT));
    o = twin_put(o, "kind", twin_word(proof_kind_word(proof->kind)));
    o = twin_put(o, "chain_id", twin_hash(&proof->chain_id));
    o = with_body(o, proof);
    if (proof->kind == PROOF_ANCHOR) return o;
    return twin_put(o, "epochs", epochs_json(&proof->epochs));
}
