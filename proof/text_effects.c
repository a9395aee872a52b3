/* The effects of an entry as JSON, and back. */
#include "proof/twin.h"

#include "format/proposal.h"

enum { EFFECTS_MAX = UINT16_MAX };

/* ---- writing --------------------------------------------------------------------------------- */

static json_t *balance_members(json_t *o, const struct ledger_effect *effect)
{
    o = twin_put(o, "account", json_address_new(ADDRESS_ACCOUNT, &effect->id));
    o = twin_put(o, "asset", json_address_new(ADDRESS_ASSET, &effect->asset));
    o = twin_put(o, "seq", twin_number(effect->balance.seq));
    o = twin_put(o, "d_posted", twin_signed(effect->balance.d_posted));
    o = twin_put(o, "d_held_out", twin_signed(effect->balance.d_held_out));
    o = twin_put(o, "d_held_in", twin_signed(effect->balance.d_held_in));
    o = twin_put(o, "posted", twin_signed(effect->balance.posted));
    o = twin_put(o, "held_out", twin_signed(effect->balance.held_out));
    o = twin_put(o, "held_in", twin_signed(effect->balance.held_in));
    return twin_put(o, "head", twin_hash(&effect->balance.head));
}

static json_t *versions(json_t *o, uint64_t old, uint64_t new)
{
    o = twin_put(o, "old", twin_position(old));
    return twin_put(o, "new", twin_position(new));
}

static json_t *kv_members(json_t *o, const struct ledger_effect *effect)
{
    o = twin_put(o, "owner", json_address_new(ADDRESS_ACCOUNT, &effect->id));
    o = twin_put(o, "key", json_hex_new(effect->kv.key));
    o = versions(o, effect->kv.old, effect->kv.new);
    return twin_put(o, "value_hash", twin_hash(&effect->kv.value_hash));
}

static const char *status_word(unsigned status)
{
    const char *word = proposal_status_name((uint8_t)status);
    return strcmp(word, "unknown") == 0 ? NULL : word;
}

static json_t *proposal_members(json_t *o, const struct ledger_effect *effect)
{
    o = twin_put(o, "proposal", twin_number(effect->proposal.number));
    o = twin_put(o, "status", twin_word(status_word(effect->proposal.status)));
    o = twin_put(o, "yes", twin_number(effect->proposal.yes));
    return twin_put(o, "no", twin_number(effect->proposal.no));
}

static json_t *effect_members(json_t *o, const struct ledger_effect *effect)
{
    switch (effect->kind) {
    case LEDGER_EFFECT_BALANCE: return balance_members(o, effect);
    case LEDGER_EFFECT_ACCOUNT:
        o = twin_put(o, "account", json_address_new(ADDRESS_ACCOUNT, &effect->id));
        return versions(o, effect->version.old, effect->version.new);
    case LEDGER_EFFECT_ASSET:
        o = twin_put(o, "asset", json_address_new(ADDRESS_ASSET, &effect->id));
        o = versions(o, effect->version.old, effect->version.new);
        return twin_put(o, "supply", twin_amount(effect->version.supply));
    case LEDGER_EFFECT_HOLD:
        o = twin_put(o, "hold", json_address_new(ADDRESS_HOLD, &effect->id));
        o = twin_put(o, "state", twin_word(hold_state_word(effect->hold.state)));
        return twin_put(o, "amount", twin_amount(effect->hold.amount));
    case LEDGER_EFFECT_KV: return kv_members(o, effect);
    case LEDGER_EFFECT_PROPOSAL: return proposal_members(o, effect);
    case LEDGER_EFFECT_OBSERVED:
        o = twin_put(o, "what", twin_word(observed_word(effect->observed.what)));
        return twin_put(o, "value", twin_signed(effect->observed.value));
    }
    return o;
}

json_t *twin_effects(struct span effects)
{
    json_t *array = json_array();
    struct effect_list list = effect_list_of(effects);
    struct ledger_effect effect;
    while (effect_list_next(&list, &effect)) {
        json_t *o = twin_put(json_object(), "kind", twin_word(effect_kind_word(effect.kind)));
        array = twin_append(array, effect_members(o, &effect));
    }
    ASSERT(effect_list_end(&list) == STATUS_OK);
    return array;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void write_address(struct writer *w, struct json_fields *fields, const char *name,
                          enum address_kind kind)
{
    struct id id;
    json_address(fields, name, kind, &id);
    write_id(w, &id);
}

static void write_number(struct writer *w, struct json_fields *fields, const char *name)
{
    write_u64(w, json_u64(fields, name, TWIN_NUMBER_MAX));
}

static void write_balance(struct writer *w, struct json_fields *fields)
{
    static const char *const numbers[] = { "d_posted", "d_held_out", "d_held_in",
                                           "posted",   "held_out",   "held_in" };
    write_address(w, fields, "account", ADDRESS_ACCOUNT);
    write_address(w, fields, "asset", ADDRESS_ASSET);
    write_number(w, fields, "seq");
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
        write_i64(w, twin_read_signed(fields, numbers[i]));
    struct digest head = twin_read_hash(fields, "head");
    write_digest(w, &head);
}

static void write_versions(struct writer *w, struct json_fields *fields)
{
    write_u64(w, twin_read_position(fields, "old"));
    write_u64(w, twin_read_position(fields, "new"));
}

static void write_kv(struct writer *w, struct json_fields *fields)
{
    struct writer key;
    writer_init(&key, UINT8_MAX);
    write_address(w, fields, "owner", ADDRESS_ACCOUNT);
    twin_write_hex(&key, fields, "key", UINT8_MAX);
    if (writer_status(&key) != STATUS_OK)
        json_fail(fields, "key", writer_status(&key), "out of memory");
    write_bytes8(w, writer_span(&key));
    writer_free(&key);
    write_versions(w, fields);
    struct digest value_hash = twin_read_hash(fields, "value_hash");
    write_digest(w, &value_hash);
}

static void write_proposal(struct writer *w, struct json_fields *fields)
{
    write_number(w, fields, "proposal");
    write_u8(w, (uint8_t)twin_read_word(fields, "status", status_word, UINT8_MAX));
    write_u16(w, (uint16_t)json_u64(fields, "yes", UINT16_MAX));
    write_u16(w, (uint16_t)json_u64(fields, "no", UINT16_MAX));
}

static void write_members(struct writer *w, struct json_fields *fields, unsigned kind)
{
    switch ((enum ledger_effect_kind)kind) {
    case LEDGER_EFFECT_BALANCE: write_balance(w, fields); return;
    case LEDGER_EFFECT_ACCOUNT:
        write_address(w, fields, "account", ADDRESS_ACCOUNT);
        write_versions(w, fields);
        return;
    case LEDGER_EFFECT_ASSET:
        write_address(w, fields, "asset", ADDRESS_ASSET);
        write_versions(w, fields);
        write_u64(w, json_amount(fields, "supply"));
        return;
    case LEDGER_EFFECT_HOLD:
        write_address(w, fields, "hold", ADDRESS_HOLD);
        write_u8(w, (uint8_t)twin_read_word(fields, "state", hold_state_word, UINT8_MAX));
        write_u64(w, json_amount(fields, "amount"));
        return;
    case LEDGER_EFFECT_KV: write_kv(w, fields); return;
    case LEDGER_EFFECT_PROPOSAL: write_proposal(w, fields); return;
    case LEDGER_EFFECT_OBSERVED:
        write_u8(w, (uint8_t)twin_read_word(fields, "what", observed_word, UINT8_MAX));
        write_i64(w, twin_read_signed(fields, "value"));
        return;
    }
}

enum status twin_write_effects(struct writer *w, const json_t *list, const char *path,
                               struct problem *problem)
{
    size_t count = json_array_size(list);
    if (count > EFFECTS_MAX)
        return problem_set(problem, STATUS_TOO_LARGE, "%s: more than 65535 effects", path);
    write_u16(w, (uint16_t)count);
    for (size_t i = 0; i < count; i++) {
        char pointer[TWIN_POINTER];
        twin_pointer_item(path, i, pointer);
        struct json_fields fields = json_fields_of(json_array_get(list, i), pointer, problem);
        unsigned kind = twin_read_word(&fields, "kind", effect_kind_word, UINT8_MAX);
        write_u8(w, (uint8_t)kind);
        write_members(w, &fields, kind);
        enum status status = json_fields_done(&fields);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}
