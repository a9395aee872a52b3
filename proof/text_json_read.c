/* The bytes of a proof, from its JSON. */
#include "proof/twin_reader.h"

#include <stdlib.h>

/* ---- bodies ---------------------------------------------------------------------------------- */

static void write_consistency(struct twin_reader *t, struct json_fields *fields)
{
    twin_write_sealed_member(t, fields, "first");
    twin_write_sealed_member(t, fields, "second");
    twin_write_path(t, fields, "consistency");
    twin_write_path(t, fields, "inclusion");
}

static void write_absence(struct twin_reader *t, struct json_fields *fields)
{
    twin_write_hash(t, fields, "tx_id");
    twin_write_hex32(t, fields, "body", TX_BYTES_LIMIT);
    bool other = twin_has(fields, "other");
    write_u8(t->w, other ? ABSENCE_OTHER : ABSENCE_STATE);
    if (other)
        twin_write_receipt_member(t, fields, "other");
    else
        twin_write_state_member(t, fields, "state");
}

static void write_movement(struct twin_reader *t, const json_t *item, const char *path, size_t i,
                           const struct id *account, const struct id *asset)
{
    char pointer[TWIN_POINTER];
    uint8_t bytes[MOVEMENT_BYTES];
    twin_pointer_item(path, i, pointer);
    struct json_fields fields = json_fields_of(item, pointer, t->problem);
    struct movement movement = { .account = *account, .asset = *asset };
    movement.entry_id = twin_read_hash(&fields, "entry_id");
    movement.position = twin_read_position(&fields, "position");
    movement.seq = json_u64(&fields, "seq", TWIN_NUMBER_MAX);
    movement.d_posted = twin_read_signed(&fields, "d_posted");
    movement.d_held_out = twin_read_signed(&fields, "d_held_out");
    movement.d_held_in = twin_read_signed(&fields, "d_held_in");
    movement.posted = twin_read_signed(&fields, "posted");
    movement.held_out = twin_read_signed(&fields, "held_out");
    movement.held_in = twin_read_signed(&fields, "held_in");
    movement_encode(&movement, bytes);
    write_bytes(t->w, span_of(bytes, sizeof bytes));
    twin_done(t, &fields);
}

static void write_closing(struct twin_reader *t, struct json_fields *parent)
{
    struct json_fields fields = twin_object(parent, "closing");
    bool next = twin_has(&fields, "next");
    write_u8(t->w, next ? CLOSING_NEXT : CLOSING_STATE);
    if (next)
        twin_write_receipt_member(t, &fields, "next");
    else
        twin_write_state_member(t, &fields, "state");
    twin_done(t, &fields);
}

static void write_statement(struct twin_reader *t, struct json_fields *fields)
{
    char pointer[TWIN_POINTER];
    struct id account, asset;
    json_address(fields, "account", ADDRESS_ACCOUNT, &account);
    json_address(fields, "asset", ADDRESS_ASSET, &asset);
    write_id(t->w, &account);
    write_id(t->w, &asset);
    write_u64(t->w, json_u64(fields, "from_height", TWIN_NUMBER_MAX));
    write_u64(t->w, json_u64(fields, "to_height", TWIN_NUMBER_MAX));
    twin_write_hash(t, fields, "head");
    const json_t *list = json_array_of(fields, "movements", PROOF_MOVEMENTS_MAX);
    twin_pointer(fields->path, "movements", pointer);
    write_u32(t->w, (uint32_t)json_array_size(list));
    for (size_t i = 0; i < json_array_size(list) && !twin_failed(t); i++)
        write_movement(t, json_array_get(list, i), pointer, i, &account, &asset);
    write_closing(t, fields);
}

static void write_pair(struct twin_reader *t, struct json_fields *fields, const char *name,
                       size_t size)
{
    const json_t *list = json_array_of(fields, name, 2);
    if (json_array_size(list) != 2) json_fail(fields, name, STATUS_MALFORMED, "not two");
    twin_write_hex_items(t, fields, name, list, size);
}

static void write_equivocation(struct twin_reader *t, struct json_fields *fields)
{
    write_u64(t->w, json_u64(fields, "epoch", TWIN_NUMBER_MAX));
    write_u64(t->w, json_u64(fields, "height", TWIN_NUMBER_MAX));
    write_u16(t->w, (uint16_t)json_u64(fields, "validator", UINT16_MAX));
    write_pair(t, fields, "hashes", sizeof(struct digest));
    write_pair(t, fields, "signatures", sizeof(struct signature));
}

static void write_fork(struct twin_reader *t, struct json_fields *fields)
{
    struct json_fields first = twin_object(fields, "first");
    twin_write_sealed(t, &first);
    twin_write_epochs(t, &first);
    twin_done(t, &first);
    bool other = twin_has(fields, "other");
    write_u8(t->w, other ? FORK_HISTORY : FORK_HEIGHT);
    if (other) {
        struct json_fields block = twin_object(fields, "other");
        twin_write_hash(t, &block, "hash");
        twin_write_path(t, &block, "path");
        twin_done(t, &block);
    }
    twin_write_sealed_member(t, fields, "second");
}

static void write_evidence(struct twin_reader *t, struct json_fields *fields)
{
    static const char *const types[] = { "equivocation", "fork" };
    size_t type = json_choice(fields, "type", types, 2);
    write_u8(t->w, (uint8_t)(type + EVIDENCE_EQUIVOCATION));
    if (type == 0)
        write_equivocation(t, fields);
    else
        write_fork(t, fields);
}

static void write_body(struct twin_reader *t, struct json_fields *fields, enum proof_kind kind)
{
    switch (kind) {
    case PROOF_ANCHOR:
        twin_write_header(t, fields);
        twin_write_hex32(t, fields, "document", GENESIS_BYTES_MAX);
        return; /* the only kind without epochs */
    case PROOF_SEAL: twin_write_sealed(t, fields); break;
    case PROOF_EPOCHS: break;
    case PROOF_RECEIPT: twin_write_receipt(t, fields); break;
    case PROOF_CONSISTENCY: write_consistency(t, fields); break;
    case PROOF_STATE: twin_write_state(t, fields); break;
    case PROOF_ABSENCE: write_absence(t, fields); break;
    case PROOF_STATEMENT: write_statement(t, fields); break;
    case PROOF_EVIDENCE: write_evidence(t, fields); break;
    case PROOF_SNAPSHOT:
    case PROOF_RECOVERY:
        json_fail(fields, "kind", STATUS_UNSUPPORTED, "not built in this version");
        return;
    }
    twin_write_epochs(t, fields);
}

/* The bytes have to be a file: limits and relations that the members alone do not show. */
static enum status check_bytes(struct span bytes, struct problem *problem)
{
    struct proof_refusal refusal;
    struct proof *proof = malloc(sizeof *proof);
    if (!proof) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    enum status status = proof_decode(bytes, proof, &refusal);
    free(proof);
    if (status == STATUS_OK) return STATUS_OK;
    return problem_set(problem, STATUS_MALFORMED, "%s: byte %zu of the binary form: %s",
                       proof_check_name(refusal.check), refusal.offset, refusal.text);
}

enum status proof_from_json(const json_t *json, struct writer *w, struct problem *problem)
{
    struct writer bytes;
    struct json_fields fields = json_fields_of(json, "", problem);
    struct twin_reader t = { .w = &bytes, .problem = problem };
    json_expect(&fields, "format", TWIN_FORMAT);
    unsigned kind = twin_read_word(&fields, "kind", proof_kind_word, PROOF_RECOVERY + 1);
    t.chain_id = twin_read_hash(&fields, "chain_id");
    writer_init(&bytes, PROOF_BYTES_MAX);
    if (!fields.failed) {
        proof_head_write(&bytes, (enum proof_kind)kind, &t.chain_id);
        write_body(&t, &fields, (enum proof_kind)kind);
    }
    twin_done(&t, &fields);
    if (!twin_failed(&t) && writer_status(&bytes) != STATUS_OK)
        t.status = problem_set(problem, writer_status(&bytes), "document: %s",
                               status_text(writer_status(&bytes)));
    if (!twin_failed(&t)) t.status = check_bytes(writer_span(&bytes), problem);
    if (!twin_failed(&t)) write_bytes(w, writer_span(&bytes));
    writer_free(&bytes);
    return twin_failed(&t) ? t.status : writer_status(w);
}
