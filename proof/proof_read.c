#include "proof/proof.h"

#include "format/effect_list.h"

#include <stdio.h>

/* The first refusal sticks, as errors of a reader do. */
struct decoder {
    struct reader r;
    struct digest chain_id; /* of the file: every header has it */
    enum proof_check check;
    const char *detail;
    size_t offset; /* where the refused part begins */
};

static bool failed(const struct decoder *d)
{
    return reader_status(&d->r) != STATUS_OK;
}

/* Refuses what was just read: the part that began at offset. */
static void refuse_at(struct decoder *d, size_t offset, enum proof_check check, const char *detail)
{
    if (failed(d)) return;
    d->check = check;
    d->detail = detail;
    d->offset = offset;
    reader_fail(&d->r, STATUS_MALFORMED);
}

static void refuse(struct decoder *d, enum proof_check check, const char *detail)
{
    refuse_at(d, d->r.offset, check, detail);
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* The bytes from here on, for parts that stay encoded. */
static const uint8_t *mark(const struct decoder *d)
{
    return d->r.rest.data;
}

static struct span since(const struct decoder *d, const uint8_t *start)
{
    if (failed(d)) return span_of(NULL, 0);
    return span_of(start, (size_t)(d->r.rest.data - start));
}

static void read_header(struct decoder *d, struct header *header, enum proof_check check)
{
    memset(header, 0, sizeof *header);
    size_t offset = d->r.offset;
    struct span bytes = read_bytes(&d->r, HEADER_BYTES);
    if (failed(d)) return;
    struct reader r = reader_of(bytes);
    header_read(&r, header);
    if (reader_end(&r) != STATUS_OK) refuse_at(d, offset + r.offset, check, "not a header");
    if (!digest_equal(&header->chain_id, &d->chain_id))
        refuse_at(d, offset + 8, check, "a header of another chain");
}

static void read_sealed(struct decoder *d, struct sealed *sealed)
{
    struct seal_view view;
    read_header(d, &sealed->header, CHECK_P1_HEADER);
    const uint8_t *start = mark(d);
    seal_view_read(&d->r, &view);
    sealed->seal = since(d, start);
}

static const struct digest *read_hashes(struct decoder *d, size_t count)
{
    return (const struct digest *)read_bytes(&d->r, count * sizeof(struct digest)).data;
}

static void read_path(struct decoder *d, struct proof_path *path)
{
    path->count = read_u8(&d->r);
    if (path->count > MERKLE_PATH_MAX) refuse(d, CHECK_SIZE, "more than 64 hashes of a path");
    path->hashes = read_hashes(d, path->count);
    if (failed(d)) path->count = 0;
}

/* What the set says is judged when it is used (P2.4); here only where it ends. */
static void skip_validators(struct decoder *d)
{
    (void)read_u16(&d->r);
    uint16_t count = read_u16(&d->r);
    if (count == 0 || count > COMMITTEE_MAX) refuse(d, CHECK_SIZE, "not 1 ... 255 validators");
    (void)read_bytes(&d->r, 64 * (size_t)count);
}

static void read_epochs(struct decoder *d, struct epoch_chain *chain)
{
    chain->count = read_u32(&d->r);
    if (chain->count > PROOF_EPOCHS_MAX) refuse(d, CHECK_SIZE, "more than 10,000 epochs");
    const uint8_t *start = mark(d);
    for (uint32_t i = 0; i < chain->count && !failed(d); i++) {
        struct sealed boundary;
        if (read_u8(&d->r) != 0)
            refuse(d, CHECK_KIND, "an item of a kind that this program does not know");
        read_sealed(d, &boundary);
        skip_validators(d);
    }
    chain->items = since(d, start);
    if (failed(d)) chain->count = 0;
}

static void read_siblings(struct decoder *d, struct state_siblings *path)
{
    *path = (struct state_siblings){ .depth = read_u16(&d->r) };
    if (path->depth > STATE_DEPTH_MAX) refuse(d, CHECK_FORM, "deeper than 256");
    struct span bitmap = read_bytes(&d->r, (path->depth + 7u) / 8);
    if (failed(d)) return;
    if (bitmap.size > 0) memcpy(path->bitmap, bitmap.data, bitmap.size);
    for (unsigned level = 0; level < 8 * bitmap.size; level++) {
        bool set = path_bit(path->bitmap, level) != 0;
        if (set && level >= path->depth) refuse(d, CHECK_FORM, "a sibling below the leaf");
        path->count = (uint16_t)(path->count + set);
    }
    path->hashes = read_hashes(d, path->count);
    for (unsigned i = 0; i < path->count && !failed(d); i++)
        if (digest_is_zero(&path->hashes[i])) refuse(d, CHECK_FORM, "zeros as a sibling");
    if (failed(d)) path->count = 0;
}

/* ---- receipts -------------------------------------------------------------------------------- */

/* u8 0, or 1 and bytes32 that are not empty. */
static struct span read_or_withheld(struct decoder *d, size_t max)
{
    if (!read_bool(&d->r)) return span_of(NULL, 0);
    struct span bytes = read_bytes32(&d->r, max);
    if (bytes.size == 0) refuse(d, CHECK_FORM, "nothing where something is announced");
    return bytes;
}

static void read_entry(struct decoder *d, struct entry_record *entry)
{
    entry_record_read(&d->r, entry);
    if (!failed(d) && strcmp(result_name(entry->code), "unknown") == 0)
        refuse(d, CHECK_FORM, "an unknown result code");
}

static void read_effects(struct decoder *d, struct receipt *receipt)
{
    receipt->effects = read_or_withheld(d, PROOF_EFFECTS_BYTES_MAX);
    if (receipt->effects.size == 0) return;
    struct effect_list list = effect_list_of(receipt->effects);
    struct ledger_effect effect;
    while (effect_list_next(&list, &effect))
        ;
    if (effect_list_end(&list) != STATUS_OK) refuse(d, CHECK_FORM, "not a list of effects");
}

static void read_receipt(struct decoder *d, struct receipt *receipt)
{
    read_entry(d, &receipt->entry);
    receipt->transaction = read_or_withheld(d, TX_BYTES_LIMIT);
    if (receipt->transaction.size > 0 && receipt->entry.kind != ENTRY_TRANSACTION)
        refuse(d, CHECK_FORM, "a transaction of an entry that is none");
    read_effects(d, receipt);
    receipt->index = read_u32(&d->r);
    read_path(d, &receipt->path);
    receipt->later = read_bool(&d->r);
    if (receipt->later) read_header(d, &receipt->header, CHECK_P1_HEADER);
    read_sealed(d, &receipt->sealed);
    if (receipt->later) read_path(d, &receipt->history);
    if (read_u16(&d->r) != 0) refuse(d, CHECK_KIND, "cosignatures, which are reserved");
}

/* ---- states ---------------------------------------------------------------------------------- */

static bool record_kind_known(uint8_t kind)
{
    return kind % 16 == 0 && kind >= RECORD_ACCOUNT && kind <= RECORD_GOVERNANCE;
}

static void read_absent(struct decoder *d, struct state_proof *state)
{
    if (state->kind == RECORD_WINDOW) state->not_after_ms = read_u64(&d->r);
    if (state->not_after_ms % WINDOW_STEP_MS != 0 || state->not_after_ms >= TX_TIME_LIMIT)
        refuse(d, CHECK_FORM, "not_after is not a multiple of 1,024 ms below 2^48");
    struct digest path, own;
    size_t offset = d->r.offset;
    read_digest(&d->r, &path);
    if (failed(d)) return;
    own = state_proof_path(state);
    if (!digest_equal(&path, &own))
        refuse_at(d, offset, CHECK_P5_OBJECT, "the path is not that of the kind and key");
    state->has_neighbour = read_bool(&d->r);
    if (!state->has_neighbour) return;
    read_digest(&d->r, &state->neighbour_path);
    read_digest(&d->r, &state->neighbour_value_hash);
}

static void read_state(struct decoder *d, struct state_proof *state, uint8_t form_max)
{
    uint8_t form = read_u8(&d->r);
    if (form < STATE_PRESENT || form > form_max) refuse(d, CHECK_FORM, "an unknown form");
    if (failed(d)) return;
    state->form = (enum state_form)form;
    state->kind = read_u8(&d->r);
    if (!record_kind_known(state->kind)) refuse(d, CHECK_P5_OBJECT, "an unknown kind of object");
    state->key = read_bytes16(&d->r, RECORD_KEY_MAX);
    if (form == STATE_BETWEEN || form == STATE_SINCE) read_receipt(d, &state->last);
    if (form == STATE_BETWEEN) {
        read_receipt(d, &state->next);
        return;
    }
    if (form == STATE_ABSENT)
        read_absent(d, state);
    else
        state->value = read_bytes32(&d->r, GOVERNANCE_BYTES_MAX);
    read_siblings(d, &state->path);
    read_sealed(d, &state->sealed);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static void read_anchor(struct decoder *d, struct anchor_proof *anchor)
{
    read_header(d, &anchor->header, CHECK_P0_HEADER);
    anchor->document = read_bytes32(&d->r, GENESIS_BYTES_MAX);
}

static void read_consistency(struct decoder *d, struct consistency_proof *proof)
{
    read_sealed(d, &proof->first);
    read_sealed(d, &proof->second);
    read_path(d, &proof->consistency);
    read_path(d, &proof->inclusion);
}

static void read_absence(struct decoder *d, struct absence_proof *absence)
{
    read_digest(&d->r, &absence->txid);
    absence->body = read_bytes32(&d->r, TX_BYTES_LIMIT);
    uint8_t form = read_u8(&d->r);
    if (form < ABSENCE_STATE || form > ABSENCE_OTHER) refuse(d, CHECK_FORM, "an unknown form");
    absence->form = (enum absence_form)form;
    if (form == ABSENCE_STATE)
        read_state(d, &absence->state, STATE_ABSENT);
    else
        read_receipt(d, &absence->other);
}

static void read_movements(struct decoder *d, struct statement_proof *statement)
{
    statement->count = read_u32(&d->r);
    if (statement->count > PROOF_MOVEMENTS_MAX) refuse(d, CHECK_SIZE, "more than 1,000,000 lines");
    const uint8_t *start = mark(d);
    for (uint32_t i = 0; i < statement->count && !failed(d); i++) {
        struct movement movement;
        size_t offset = d->r.offset;
        movement_read(&d->r, &movement);
        if (!id_equal(&movement.account, &statement->account) ||
            !id_equal(&movement.asset, &statement->asset))
            refuse_at(d, offset, CHECK_P7_CHAIN, "a movement of another balance");
        if (movement.position >> 63 != 0) refuse_at(d, offset, CHECK_FORM, "beyond all heights");
    }
    statement->movements = since(d, start);
    if (failed(d)) statement->count = 0;
}

static void read_statement(struct decoder *d, struct statement_proof *statement)
{
    read_id(&d->r, &statement->account);
    read_id(&d->r, &statement->asset);
    statement->from_height = read_u64(&d->r);
    statement->to_height = read_u64(&d->r);
    read_digest(&d->r, &statement->head);
    read_movements(d, statement);
    uint8_t form = read_u8(&d->r);
    if (form < CLOSING_STATE || form > CLOSING_NEXT) refuse(d, CHECK_FORM, "an unknown form");
    statement->form = (enum closing_form)form;
    if (form == CLOSING_STATE)
        read_state(d, &statement->state, STATE_ABSENT);
    else
        read_receipt(d, &statement->next);
}

static void read_equivocation(struct decoder *d, struct evidence_proof *evidence)
{
    evidence->epoch = read_u64(&d->r);
    evidence->height = read_u64(&d->r);
    evidence->validator = read_u16(&d->r);
    for (unsigned i = 0; i < 2; i++)
        read_digest(&d->r, &evidence->hashes[i]);
    for (unsigned i = 0; i < 2; i++)
        read_signature(&d->r, &evidence->signatures[i]);
}

static void read_fork(struct decoder *d, struct evidence_proof *evidence)
{
    read_sealed(d, &evidence->first);
    read_epochs(d, &evidence->first_epochs);
    uint8_t form = read_u8(&d->r);
    if (form < FORK_HEIGHT || form > FORK_HISTORY) refuse(d, CHECK_FORM, "an unknown form");
    evidence->form = (enum fork_form)form;
    if (form == FORK_HISTORY) {
        read_digest(&d->r, &evidence->other);
        read_path(d, &evidence->other_path);
    }
    read_sealed(d, &evidence->second);
}

static void read_evidence(struct decoder *d, struct evidence_proof *evidence)
{
    uint8_t type = read_u8(&d->r);
    if (type < EVIDENCE_EQUIVOCATION || type > EVIDENCE_FORK)
        refuse(d, CHECK_KIND, "evidence of a type that this program does not know");
    evidence->type = (enum evidence_type)type;
    if (type == EVIDENCE_EQUIVOCATION)
        read_equivocation(d, evidence);
    else
        read_fork(d, evidence);
}

/* ---- the file -------------------------------------------------------------------------------- */

static bool kind_is_read(uint16_t kind)
{
    return proof_kind_word(kind) && kind != PROOF_SNAPSHOT && kind != PROOF_RECOVERY;
}

static void read_head(struct decoder *d, struct proof *proof)
{
    static const char magic[] = "WTNPROOF";
    struct span start = read_bytes(&d->r, sizeof magic - 1);
    if (failed(d) || !span_equal(start, span_text(magic))) {
        d->r.status = STATUS_OK; /* bytes too few for the magic are not the magic */
        refuse_at(d, 0, CHECK_MAGIC, "not a proof file");
    }
    if (read_u16(&d->r) != PROOF_VERSION) refuse(d, CHECK_VERSION, "an unknown version");
    uint16_t kind = read_u16(&d->r);
    if (!kind_is_read(kind)) refuse(d, CHECK_KIND, "a kind that this program does not know");
    proof->kind = (enum proof_kind)kind;
    read_digest(&d->r, &proof->chain_id);
    d->chain_id = proof->chain_id;
}

static void read_body(struct decoder *d, struct proof *proof)
{
    switch (proof->kind) {
    case PROOF_ANCHOR: read_anchor(d, &proof->anchor); return;
    case PROOF_SEAL: read_sealed(d, &proof->seal); break;
    case PROOF_EPOCHS: break;
    case PROOF_RECEIPT: read_receipt(d, &proof->receipt); break;
    case PROOF_CONSISTENCY: read_consistency(d, &proof->consistency); break;
    case PROOF_STATE: read_state(d, &proof->state, STATE_SINCE); break;
    case PROOF_ABSENCE: read_absence(d, &proof->absence); break;
    case PROOF_STATEMENT: read_statement(d, &proof->statement); break;
    case PROOF_EVIDENCE: read_evidence(d, &proof->evidence); break;
    case PROOF_SNAPSHOT:
    case PROOF_RECOVERY: return; /* refused before */
    }
    if (!failed(d)) read_epochs(d, &proof->epochs);
}

/* What the reader itself refused has no name yet. */
static void name_failure(struct decoder *d)
{
    if (d->check != CHECK_NONE) return;
    d->offset = d->r.offset;
    d->check = CHECK_FORM;
    d->detail = "ends too early, or a value is not allowed here";
    if (reader_status(&d->r) == STATUS_TOO_LARGE) {
        d->check = CHECK_SIZE;
        d->detail = "longer than its limit";
    }
}

enum status proof_decode(struct span bytes, struct proof *proof, struct proof_refusal *refusal)
{
    struct decoder d = { .r = reader_of(bytes) };
    memset(proof, 0, sizeof *proof);
    if (bytes.size > PROOF_BYTES_MAX) refuse(&d, CHECK_SIZE, "more than 256 MiB");
    if (!failed(&d)) read_head(&d, proof);
    if (!failed(&d)) read_body(&d, proof);
    if (!failed(&d) && d.r.rest.size > 0) refuse(&d, CHECK_FORM, "bytes behind the end");
    if (!failed(&d)) return STATUS_OK;
    name_failure(&d);
    if (refusal) {
        refusal->check = d.check;
        refusal->offset = d.offset;
        (void)snprintf(refusal->text, sizeof refusal->text, "%s", d.detail);
    }
    return STATUS_REFUSED;
}
