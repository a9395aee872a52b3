#include "proof/twin_reader.h"

void twin_done(struct twin_reader *t, struct json_fields *fields)
{
    enum status status = json_fields_done(fields);
    if (!twin_failed(t)) t->status = status;
}

bool twin_has(const struct json_fields *fields, const char *name)
{
    return json_object_get(fields->object, name) != NULL;
}

/* ---- shared parts ---------------------------------------------------------------------------- */

void twin_write_hash(struct twin_reader *t, struct json_fields *fields, const char *name)
{
    struct digest hash = twin_read_hash(fields, name);
    write_digest(t->w, &hash);
}

void twin_write_address(struct twin_reader *t, struct json_fields *fields, const char *name,
                        enum address_kind kind)
{
    struct id id;
    json_address(fields, name, kind, &id);
    write_id(t->w, &id);
}

/* An item of an array of strings. */
static void write_hex_item(struct twin_reader *t, const json_t *list, size_t i, const char *path,
                           size_t size)
{
    uint8_t bytes[64];
    const json_t *item = json_array_get(list, i);
    const char *text = json_string_value(item);
    ASSERT(size <= sizeof bytes);
    if (twin_failed(t)) return;
    if (text && hex_decode(text, json_string_length(item), bytes, size))
        write_bytes(t->w, span_of(bytes, size));
    else
        t->status =
            problem_set(t->problem, STATUS_MALFORMED,
                        "%s/%zu: not a string of %zu lower-case hex digits", path, i, 2 * size);
}

void twin_write_hex_items(struct twin_reader *t, struct json_fields *fields, const char *name,
                          const json_t *list, size_t size)
{
    char pointer[TWIN_POINTER];
    twin_pointer(fields->path, name, pointer);
    for (size_t i = 0; i < json_array_size(list); i++)
        write_hex_item(t, list, i, pointer, size);
}

void twin_write_path(struct twin_reader *t, struct json_fields *fields, const char *name)
{
    const json_t *list = json_array_of(fields, name, MERKLE_PATH_MAX);
    write_u8(t->w, (uint8_t)json_array_size(list));
    twin_write_hex_items(t, fields, name, list, sizeof(struct digest));
}

static uint8_t read_flags(struct json_fields *fields)
{
    const json_t *list = json_array_of(fields, "flags", 8);
    uint8_t flags = 0;
    size_t found = 0;
    for (unsigned bit = 0; twin_flag_word(bit); bit++) {
        const char *text = json_string_value(json_array_get(list, found));
        if (!text || strcmp(text, twin_flag_word(bit)) != 0) continue;
        flags |= (uint8_t)(1u << bit);
        found++;
    }
    if (found != json_array_size(list))
        json_fail(fields, "flags", STATUS_INVALID,
                  "not some of epoch_end, tick, recovery, in this order");
    return flags;
}

static void read_hashes(struct json_fields *fields, struct header *header)
{
    header->parent_hash = twin_read_hash(fields, "parent_hash");
    header->tx_root = twin_read_hash(fields, "tx_root");
    header->state_root = twin_read_hash(fields, "state_root");
    header->history_root = twin_read_hash(fields, "history_root");
    header->validators_hash = twin_read_hash(fields, "validators_hash");
    header->next_validators_hash = twin_read_hash(fields, "next_validators_hash");
    header->members_hash = twin_read_hash(fields, "members_hash");
    header->params_hash = twin_read_hash(fields, "params_hash");
}

void twin_write_header(struct twin_reader *t, struct json_fields *parent)
{
    struct json_fields fields = twin_object(parent, "header");
    struct header header = { .chain_id = t->chain_id };
    header.version = (uint16_t)json_u64(&fields, "version", UINT16_MAX);
    header.fault_model = (uint8_t)twin_read_word(&fields, "fault_model", twin_fault_model_word, 3);
    header.flags = read_flags(&fields);
    header.entry_count = (uint32_t)json_u64(&fields, "entry_count", UINT32_MAX);
    header.epoch = json_u64(&fields, "epoch", TWIN_NUMBER_MAX);
    header.height = json_u64(&fields, "height", TWIN_NUMBER_MAX);
    header.sequence = json_u64(&fields, "sequence", TWIN_NUMBER_MAX);
    header.time_ms = json_time(&fields, "time");
    header.window_horizon_ms = json_time(&fields, "window_horizon");
    json_address(&fields, "proposer", ADDRESS_VALIDATOR, &header.proposer);
    read_hashes(&fields, &header);
    header_write(t->w, &header);
    twin_done(t, &fields);
}

static void write_seal_item(struct twin_reader *t, const json_t *item, const char *path, size_t i)
{
    char pointer[TWIN_POINTER];
    uint8_t signature[64];
    twin_pointer_item(path, i, pointer);
    struct json_fields fields = json_fields_of(item, pointer, t->problem);
    write_u16(t->w, (uint16_t)json_u64(&fields, "validator", UINT16_MAX));
    json_hex(&fields, "signature", signature, sizeof signature);
    write_bytes(t->w, span_of(signature, sizeof signature));
    twin_done(t, &fields);
}

static void write_seal(struct twin_reader *t, struct json_fields *parent)
{
    char pointer[TWIN_POINTER];
    struct json_fields fields = twin_object(parent, "seal");
    write_u64(t->w, json_u64(&fields, "epoch", TWIN_NUMBER_MAX));
    write_u64(t->w, json_u64(&fields, "height", TWIN_NUMBER_MAX));
    twin_write_hash(t, &fields, "hash");
    const json_t *list = json_array_of(&fields, "signatures", COMMITTEE_MAX);
    twin_pointer(fields.path, "signatures", pointer);
    write_u16(t->w, (uint16_t)json_array_size(list));
    for (size_t i = 0; i < json_array_size(list) && !twin_failed(t); i++)
        write_seal_item(t, json_array_get(list, i), pointer, i);
    twin_done(t, &fields);
}

void twin_write_sealed(struct twin_reader *t, struct json_fields *fields)
{
    twin_write_header(t, fields);
    write_seal(t, fields);
}

/* An object that is a sealed block and nothing else. */
void twin_write_sealed_member(struct twin_reader *t, struct json_fields *parent, const char *name)
{
    struct json_fields fields = twin_object(parent, name);
    twin_write_sealed(t, &fields);
    twin_done(t, &fields);
}

static void write_validator(struct twin_reader *t, const json_t *item, const char *path, size_t i)
{
    char pointer[TWIN_POINTER];
    uint8_t key[32];
    twin_pointer_item(path, i, pointer);
    struct json_fields fields = json_fields_of(item, pointer, t->problem);
    twin_write_address(t, &fields, "validator", ADDRESS_VALIDATOR);
    twin_write_address(t, &fields, "member", ADDRESS_ACCOUNT);
    json_hex(&fields, "seal_key", key, sizeof key);
    write_bytes(t->w, span_of(key, sizeof key));
    twin_done(t, &fields);
}

static void write_set(struct twin_reader *t, struct json_fields *parent)
{
    char pointer[TWIN_POINTER];
    struct json_fields fields = twin_object(parent, "validators");
    write_u8(t->w, (uint8_t)twin_read_word(&fields, "fault_model", twin_fault_model_word, 3));
    write_u8(t->w, (uint8_t)twin_read_word(&fields, "engine", twin_engine_word, ENGINE_ZAB + 1));
    const json_t *list = json_array_of(&fields, "validators", COMMITTEE_MAX);
    twin_pointer(fields.path, "validators", pointer);
    write_u16(t->w, (uint16_t)json_array_size(list));
    for (size_t i = 0; i < json_array_size(list) && !twin_failed(t); i++)
        write_validator(t, json_array_get(list, i), pointer, i);
    twin_done(t, &fields);
}

void twin_write_epochs(struct twin_reader *t, struct json_fields *parent)
{
    char pointer[TWIN_POINTER], item_pointer[TWIN_POINTER];
    const json_t *list = json_array_of(parent, "epochs", PROOF_EPOCHS_MAX);
    twin_pointer(parent->path, "epochs", pointer);
    write_u32(t->w, (uint32_t)json_array_size(list));
    for (size_t i = 0; i < json_array_size(list) && !twin_failed(t); i++) {
        twin_pointer_item(pointer, i, item_pointer);
        struct json_fields fields =
            json_fields_of(json_array_get(list, i), item_pointer, t->problem);
        write_u8(t->w, 0);
        twin_write_sealed(t, &fields);
        write_set(t, &fields);
        twin_done(t, &fields);
    }
}

/* u32 length | bytes, from hex. */
void twin_write_hex32(struct twin_reader *t, struct json_fields *fields, const char *name,
                      size_t max)
{
    size_t size = json_string_length(json_object_get(fields->object, name)) / 2;
    write_u32(t->w, (uint32_t)min_u64(size, max));
    twin_write_hex(t->w, fields, name, max);
}

/* ---- receipts -------------------------------------------------------------------------------- */

static void write_entry(struct twin_reader *t, struct json_fields *parent)
{
    struct json_fields fields = twin_object(parent, "entry");
    struct entry_record entry;
    entry.kind = (uint8_t)twin_read_word(&fields, "kind", twin_entry_kind_word, UINT8_MAX);
    entry.id = twin_read_hash(&fields, "id");
    entry.signed_hash = twin_read_hash(&fields, "signed_hash");
    entry.code = (uint16_t)twin_read_word(&fields, "code", twin_code_word, UINT16_MAX);
    entry.at = (uint8_t)json_u64(&fields, "at", UINT8_MAX);
    entry.effects_hash = twin_read_hash(&fields, "effects_hash");
    entry_record_write(t->w, &entry);
    twin_done(t, &fields);
}

static void write_effects(struct twin_reader *t, struct json_fields *parent)
{
    struct writer effects;
    char pointer[TWIN_POINTER];
    const json_t *list = json_array_of(parent, "effects", UINT16_MAX);
    if (!list || twin_failed(t)) return;
    twin_pointer(parent->path, "effects", pointer);
    writer_init(&effects, PROOF_EFFECTS_BYTES_MAX);
    t->status = twin_write_effects(&effects, list, pointer, t->problem);
    if (!twin_failed(t) && writer_status(&effects) != STATUS_OK)
        t->status = problem_set(t->problem, writer_status(&effects), "%s: %s", pointer,
                                status_text(writer_status(&effects)));
    write_bytes32(t->w, writer_span(&effects));
    writer_free(&effects);
}

static void write_later(struct twin_reader *t, struct json_fields *parent)
{
    struct json_fields fields = twin_object(parent, "later");
    twin_write_header(t, parent);
    twin_write_sealed(t, &fields);
    twin_write_path(t, &fields, "path");
    twin_done(t, &fields);
}

void twin_write_receipt(struct twin_reader *t, struct json_fields *fields)
{
    write_entry(t, fields);
    write_bool(t->w, twin_has(fields, "transaction"));
    if (twin_has(fields, "transaction")) twin_write_hex32(t, fields, "transaction", TX_BYTES_LIMIT);
    write_bool(t->w, twin_has(fields, "effects"));
    if (twin_has(fields, "effects")) write_effects(t, fields);
    write_u32(t->w, (uint32_t)json_u64(fields, "index", UINT32_MAX));
    twin_write_path(t, fields, "path");
    bool later = twin_has(fields, "later");
    write_bool(t->w, later);
    if (later)
        write_later(t, fields);
    else
        twin_write_sealed(t, fields);
    write_u16(t->w, 0);
}

void twin_write_receipt_member(struct twin_reader *t, struct json_fields *parent, const char *name)
{
    struct json_fields fields = twin_object(parent, name);
    twin_write_receipt(t, &fields);
    twin_done(t, &fields);
}

/* ---- states ---------------------------------------------------------------------------------- */

/* All levels, the deepest first, zeros where a sibling is empty. */
static void write_siblings(struct twin_reader *t, struct json_fields *fields)
{
    struct state_siblings path;
    struct digest siblings[STATE_DEPTH_MAX], room[STATE_DEPTH_MAX];
    struct writer w;
    uint64_t depth = json_u64(fields, "depth", STATE_DEPTH_MAX);
    const json_t *list = json_array_of(fields, "siblings", STATE_DEPTH_MAX);
    if (json_array_size(list) != depth)
        json_fail(fields, "siblings", STATUS_MISMATCH, "not as many as depth says");
    if (fields->failed || twin_failed(t)) return;
    struct twin_reader inner = *t;
    inner.w = &w;
    writer_init_fixed(&w, room, sizeof room);
    twin_write_hex_items(&inner, fields, "siblings", list, sizeof(struct digest));
    t->status = inner.status;
    if (twin_failed(t)) return;
    for (unsigned level = 0; level < depth; level++)
        siblings[level] = room[depth - 1 - level];
    state_siblings_set(&path, siblings, (uint16_t)depth, room);
    state_siblings_write(t->w, &path);
}

static void write_absent(struct twin_reader *t, struct json_fields *fields, unsigned kind)
{
    if (!json_bool(fields, "absent")) json_fail(fields, "absent", STATUS_INVALID, "not true");
    if (kind == RECORD_WINDOW) write_u64(t->w, json_time(fields, "not_after"));
    twin_write_hash(t, fields, "path");
    write_bool(t->w, twin_has(fields, "neighbour"));
    if (!twin_has(fields, "neighbour")) return;
    struct json_fields neighbour = twin_object(fields, "neighbour");
    twin_write_hash(t, &neighbour, "path");
    twin_write_hash(t, &neighbour, "value_hash");
    twin_done(t, &neighbour);
}

/* Which form it is, its members say. */
static enum state_form state_form_of(const struct json_fields *fields)
{
    if (twin_has(fields, "last")) return twin_has(fields, "next") ? STATE_BETWEEN : STATE_SINCE;
    return twin_has(fields, "absent") ? STATE_ABSENT : STATE_PRESENT;
}

static void write_key(struct twin_reader *t, struct json_fields *fields)
{
    size_t size = json_string_length(json_object_get(fields->object, "key")) / 2;
    write_u16(t->w, (uint16_t)min_u64(size, UINT16_MAX));
    twin_write_hex(t->w, fields, "key", RECORD_KEY_MAX);
}

void twin_write_state(struct twin_reader *t, struct json_fields *fields)
{
    enum state_form form = state_form_of(fields);
    write_u8(t->w, (uint8_t)form);
    unsigned kind = twin_read_word(fields, "object", twin_object_word, UINT8_MAX);
    write_u8(t->w, (uint8_t)kind);
    write_key(t, fields);
    if (twin_has(fields, "last")) twin_write_receipt_member(t, fields, "last");
    if (form == STATE_BETWEEN) {
        twin_write_receipt_member(t, fields, "next");
        return;
    }
    if (form == STATE_ABSENT)
        write_absent(t, fields, kind);
    else
        twin_write_hex32(t, fields, "value", GOVERNANCE_BYTES_MAX);
    write_siblings(t, fields);
    twin_write_sealed(t, fields);
}

void twin_write_state_member(struct twin_reader *t, struct json_fields *parent, const char *name)
{
    struct json_fields fields = twin_object(parent, name);
    twin_write_state(t, &fields);
    twin_done(t, &fields);
}
