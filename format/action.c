/* Actions to bytes and back. Whatever is accepted here encodes to the same bytes again; what an
 * action does to the state it meets is judged where it is enacted. */
#include "format/action.h"

_Static_assert(READY_BYTES == sizeof(uint64_t) + sizeof(struct digest) + sizeof(struct signature),
               "height u64 | block hash 32 | signature 64");
_Static_assert(READY_STATEMENT_BYTES == 32 + 16 + 16 + 32 + 8 + 32, "the statement of action.h");

const char *action_name(uint8_t kind)
{
    switch (kind) {
#define X(name, code, text) \
    case code: return text;
        ACTION_LIST(X)
#undef X
    default: return "unknown";
    }
}

bool action_find(const char *name, uint8_t *kind)
{
#define X(word, code, text) \
    if (strcmp(name, text) == 0) { \
        *kind = code; \
        return true; \
    }
    ACTION_LIST(X)
#undef X
    return false;
}

const char *proposal_class_name(uint8_t class)
{
    switch (class) {
    case CLASS_ROUTINE: return "routine";
    case CLASS_CRITICAL: return "critical";
    case CLASS_EMERGENCY: return "emergency";
    default: return "unknown";
    }
}

/* ---- writing -------------------------------------------------------------------------------- */

static void write_ready(struct writer *w, const struct ready *ready)
{
    write_u64(w, ready->height);
    write_digest(w, &ready->block_hash);
    write_signature(w, &ready->signature);
}

static void write_validator_add(struct writer *w, const struct action *action)
{
    write_id(w, &action->validator_add.id);
    write_id(w, &action->validator_add.member);
    write_public_key(w, &action->validator_add.seal_key);
    write_public_key(w, &action->validator_add.node_key);
    write_bytes8(w, span_text(action->validator_add.endpoint));
    write_ready(w, &action->validator_add.ready);
}

void action_write(struct writer *w, const struct action *action)
{
    write_u8(w, (uint8_t)action->kind);
    switch (action->kind) {
    case ACTION_PARAMS_SET:
        write_u16(w, action->params_set.index);
        write_u64(w, action->params_set.value);
        return;
    case ACTION_ACCOUNT_ROLES:
        write_id(w, &action->account_roles.account);
        write_u32(w, action->account_roles.roles);
        return;
    case ACTION_ACCOUNT_FROZEN:
        write_id(w, &action->account_frozen.account);
        write_bool(w, action->account_frozen.frozen);
        return;
    case ACTION_MEMBER_ADD:
        write_id(w, &action->member_add.account);
        write_bytes8(w, span_text(action->member_add.name));
        return;
    case ACTION_MEMBER_REMOVE: write_id(w, &action->member_remove.account); return;
    case ACTION_VALIDATOR_ADD: write_validator_add(w, action); return;
    case ACTION_VALIDATOR_REMOVE: write_id(w, &action->validator_remove.id); return;
    case ACTION_VALIDATOR_REKEY:
        write_id(w, &action->validator_rekey.id);
        write_public_key(w, &action->validator_rekey.seal_key);
        write_ready(w, &action->validator_rekey.ready);
        return;
    case ACTION_ENGINE_PARAMS:
        write_bytes8(w, span_text(action->engine_params.name));
        write_u64(w, action->engine_params.value);
        return;
    }
    if (w->status == STATUS_OK) w->status = STATUS_INVALID;
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool failed(const struct action_reader *a)
{
    return reader_status(a->r) != STATUS_OK;
}

/* A rule is broken by what stands in the last `width` bytes read. */
static void refuse(struct action_reader *a, size_t width, const char *detail)
{
    if (failed(a)) return;
    ASSERT(width <= a->r->offset);
    a->detail = detail;
    a->offset = a->r->offset - width;
    reader_fail(a->r, STATUS_INVALID);
}

/* Numbers that JSON and signed 64-bit columns have to hold. */
static uint64_t read_number(struct action_reader *a)
{
    uint64_t number = read_u64(a->r);
    if (number > (uint64_t)INT64_MAX) refuse(a, 8, "number is not below 2^63");
    return number;
}

/* text has room for most + 1 bytes. */
static void read_text(struct action_reader *a, size_t most, char *text)
{
    struct span bytes = read_bytes8(a->r, most);
    if (failed(a)) return;
    if (bytes.size > 0) memcpy(text, bytes.data, bytes.size);
    text[bytes.size] = '\0';
    if (strlen(text) != bytes.size || !utf8_valid(bytes))
        refuse(a, bytes.size + 1, "text is not UTF-8 without NUL");
}

static void read_key(struct action_reader *a, struct public_key *key)
{
    read_public_key(a->r, key);
    if (!a->seen && !failed(a) && !key_valid(key)) refuse(a, sizeof *key, "not a valid public key");
}

static void read_ready(struct action_reader *a, struct ready *ready)
{
    ready->height = read_number(a);
    read_digest(a->r, &ready->block_hash);
    read_signature(a->r, &ready->signature);
}

static void read_validator_id(struct action_reader *a, struct id *id)
{
    read_id(a->r, id);
    if (!failed(a) && id_is_zero(id)) refuse(a, sizeof *id, "the id of a validator is zero");
}

static void read_params_set(struct action_reader *a, struct action *action)
{
    uint16_t index = read_u16(a->r);
    if (index >= PARAM_COUNT) refuse(a, 2, "unknown parameter");
    if (failed(a)) return;
    action->params_set.index = index;
    action->params_set.value =
        param_is_fraction((enum param_index)index) ? read_u64(a->r) : read_number(a);
}

static void read_account_roles(struct action_reader *a, struct action *action)
{
    read_id(a->r, &action->account_roles.account);
    action->account_roles.roles = read_u32(a->r);
    if (action->account_roles.roles & ~(uint32_t)ROLE_ALL) refuse(a, 4, "unknown role");
}

static void read_account_frozen(struct action_reader *a, struct action *action)
{
    read_id(a->r, &action->account_frozen.account);
    uint8_t frozen = read_u8(a->r);
    if (frozen > 1) refuse(a, 1, "frozen is neither 0 nor 1");
    action->account_frozen.frozen = frozen == 1;
}

static void read_member_add(struct action_reader *a, struct action *action)
{
    read_id(a->r, &action->member_add.account);
    read_text(a, MEMBER_NAME_MAX, action->member_add.name);
    if (!failed(a) && !member_name_valid(action->member_add.name))
        refuse(a, strlen(action->member_add.name) + 1,
               "name is not 1 ... 64 bytes without control characters");
}

static void read_validator_add(struct action_reader *a, struct action *action)
{
    read_validator_id(a, &action->validator_add.id);
    read_id(a->r, &action->validator_add.member);
    read_key(a, &action->validator_add.seal_key);
    read_key(a, &action->validator_add.node_key);
    if (!failed(a) && key_equal(&action->validator_add.seal_key, &action->validator_add.node_key))
        refuse(a, sizeof(struct public_key), "seal key and node key are the same");
    read_text(a, ENDPOINT_MAX, action->validator_add.endpoint);
    if (!failed(a) && !endpoint_valid(action->validator_add.endpoint))
        refuse(a, strlen(action->validator_add.endpoint) + 1, "endpoint is not host:port");
    read_ready(a, &action->validator_add.ready);
}

static void read_validator_rekey(struct action_reader *a, struct action *action)
{
    read_validator_id(a, &action->validator_rekey.id);
    read_key(a, &action->validator_rekey.seal_key);
    read_ready(a, &action->validator_rekey.ready);
}

static void read_engine_params(struct action_reader *a, struct action *action)
{
    struct span name = read_bytes8(a->r, ENGINE_PARAM_NAME_MAX);
    if (!engine_param_name_valid(name)) refuse(a, name.size + 1, "not the name of a parameter");
    if (failed(a)) return;
    memcpy(action->engine_params.name, name.data, name.size);
    action->engine_params.value = read_number(a);
}

static void read_fields(struct action_reader *a, struct action *action)
{
    switch (action->kind) {
    case ACTION_PARAMS_SET: read_params_set(a, action); return;
    case ACTION_ACCOUNT_ROLES: read_account_roles(a, action); return;
    case ACTION_ACCOUNT_FROZEN: read_account_frozen(a, action); return;
    case ACTION_MEMBER_ADD: read_member_add(a, action); return;
    case ACTION_MEMBER_REMOVE: read_id(a->r, &action->member_remove.account); return;
    case ACTION_VALIDATOR_ADD: read_validator_add(a, action); return;
    case ACTION_VALIDATOR_REMOVE: read_validator_id(a, &action->validator_remove.id); return;
    case ACTION_VALIDATOR_REKEY: read_validator_rekey(a, action); return;
    case ACTION_ENGINE_PARAMS: read_engine_params(a, action); return;
    }
    refuse(a, 1, "unknown action");
}

void action_reader_next(struct action_reader *a, struct action *action)
{
    memset(action, 0, sizeof *action);
    uint8_t kind = read_u8(a->r);
    if (failed(a)) return;
    action->kind = (enum action_kind)kind;
    read_fields(a, action);
}

void action_read(struct reader *r, struct action *action)
{
    struct action_reader a = { .r = r };
    action_reader_next(&a, action);
}

void action_read_again(struct reader *r, struct action *action)
{
    struct action_reader a = { .r = r, .seen = true };
    action_reader_next(&a, action);
}

/* ---- rules ---------------------------------------------------------------------------------- */

/* A batch is checked against these before the state is known, so they hold for a whole epoch. */
static bool param_checked_first(uint16_t index)
{
    return index == PARAM_tx_bytes_max || index == PARAM_batch_bytes_max ||
           index == PARAM_batch_txs_max || index == PARAM_skew_ms_max;
}

bool action_ends_epoch(const struct action *action)
{
    switch (action->kind) {
    case ACTION_VALIDATOR_ADD:
    case ACTION_VALIDATOR_REMOVE:
    case ACTION_VALIDATOR_REKEY:
    case ACTION_ENGINE_PARAMS: return true;
    case ACTION_PARAMS_SET: return param_checked_first(action->params_set.index);
    case ACTION_ACCOUNT_ROLES:
    case ACTION_ACCOUNT_FROZEN:
    case ACTION_MEMBER_ADD:
    case ACTION_MEMBER_REMOVE: return false;
    }
    return false;
}

static bool param_critical(uint16_t index)
{
    static const char *const prefixes[] = { "gov_", "validators_", "window_", "skew_" };
    const char *name = param_name((enum param_index)index);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return false;
}

enum proposal_class action_class(const struct action *action, bool is_member)
{
    switch (action->kind) {
    case ACTION_PARAMS_SET:
        return param_critical(action->params_set.index) ? CLASS_CRITICAL : CLASS_ROUTINE;
    case ACTION_ACCOUNT_ROLES: return CLASS_ROUTINE;
    case ACTION_ACCOUNT_FROZEN: return is_member ? CLASS_CRITICAL : CLASS_ROUTINE;
    case ACTION_MEMBER_ADD:
    case ACTION_MEMBER_REMOVE:
    case ACTION_VALIDATOR_ADD:
    case ACTION_VALIDATOR_REMOVE:
    case ACTION_VALIDATOR_REKEY:
    case ACTION_ENGINE_PARAMS: return CLASS_CRITICAL;
    }
    return CLASS_CRITICAL; /* Not reached with a decoded action; the strictest of those built. */
}

void ready_statement_encode(const struct digest *chain_id, const struct id *validator,
                            const struct id *member, const struct public_key *seal_key,
                            uint64_t height, const struct digest *block_hash,
                            uint8_t bytes[READY_STATEMENT_BYTES])
{
    struct writer w;
    writer_init_fixed(&w, bytes, READY_STATEMENT_BYTES);
    write_digest(&w, chain_id);
    write_id(&w, validator);
    write_id(&w, member);
    write_public_key(&w, seal_key);
    write_u64(&w, height);
    write_digest(&w, block_hash);
    ASSERT(writer_span(&w).size == READY_STATEMENT_BYTES);
}

enum status ready_check(const struct ready *ready, const struct digest *chain_id,
                        const struct id *validator, const struct id *member,
                        const struct public_key *seal_key, struct verify_cache *cache)
{
    uint8_t bytes[READY_STATEMENT_BYTES];
    ready_statement_encode(chain_id, validator, member, seal_key, ready->height, &ready->block_hash,
                           bytes);
    bool valid =
        verify_cached(cache, seal_key, TAG_READY, span_of(bytes, sizeof bytes), &ready->signature);
    return valid ? STATUS_OK : STATUS_BAD_SIGNATURE;
}
