#include "format/transaction_json.h"
#include "format/proposal.h"
#include "genesis/json.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- words ---------------------------------------------------------------------------------- */

#define WORD_OF(words, number) ((number) < sizeof(words) / sizeof *(words) ? (words)[number] : NULL)

const char *assert_kind_word(unsigned kind)
{
    static const char *const words[] = {
        [ASSERT_BALANCE] = "balance",
        [ASSERT_BALANCE_SEQ] = "balance_seq",
        [ASSERT_KV_VERSION] = "kv_version",
        [ASSERT_KV_VALUE] = "kv_value",
        [ASSERT_ACCOUNT_VERSION] = "account_version",
        [ASSERT_PARAMS_VERSION] = "params_version",
        [ASSERT_HEIGHT_MAX] = "height_max",
    };
    return WORD_OF(words, kind);
}

const char *balance_field_word(unsigned field)
{
    static const char *const words[] = {
        [FIELD_POSTED] = "posted",
        [FIELD_AVAILABLE] = "available",
    };
    return WORD_OF(words, field);
}

const char *relation_word(unsigned relation)
{
    static const char *const words[] = {
        [RELATION_EQUAL] = "equal",
        [RELATION_LEAST] = "at_least",
        [RELATION_MOST] = "at_most",
    };
    return WORD_OF(words, relation);
}

const char *expect_word(unsigned expect)
{
    static const char *const words[] = {
        [EXPECT_ANY] = "any",
        [EXPECT_ABSENT] = "absent",
        [EXPECT_VERSION] = "version",
    };
    return WORD_OF(words, expect);
}

/* ---- values --------------------------------------------------------------------------------- */

/* Each sets one member. jansson takes NULL for "no memory", and `failed` remembers it. */
struct maker {
    json_t *object;
    bool failed;
};

static struct maker maker_new(void)
{
    json_t *object = json_object();
    return (struct maker){ .object = object, .failed = object == NULL };
}

static void put(struct maker *m, const char *name, json_t *value)
{
    if (json_object_set_new(m->object, name, value) != 0) m->failed = true;
}

static json_t *finish(struct maker *m)
{
    if (!m->failed) return m->object;
    json_decref(m->object);
    return NULL;
}

static json_t *hex_of(const uint8_t *bytes, size_t size)
{
    char small[2 * 64 + 1];
    char *text = 2 * size < sizeof small ? small : malloc(2 * size + 1);
    if (!text) return NULL;
    hex_encode(span_of(bytes, size), text);
    json_t *value = json_string(text);
    if (text != small) free(text);
    return value;
}

static void put_hash(struct maker *m, const char *name, const struct digest *hash)
{
    put(m, name, hex_of(hash->bytes, sizeof hash->bytes));
}

static void put_hash_unless_zero(struct maker *m, const char *name, const struct digest *hash)
{
    if (!digest_is_zero(hash)) put_hash(m, name, hash);
}

static void put_id16(struct maker *m, const char *name, const struct id *id)
{
    put(m, name, hex_of(id->bytes, sizeof id->bytes));
}

static void put_bytes(struct maker *m, const char *name, struct span bytes)
{
    put(m, name, hex_of(bytes.data, bytes.size));
}

static void put_address(struct maker *m, const char *name, enum address_kind kind,
                        const struct id *id)
{
    char text[ADDRESS_TEXT];
    address_encode(kind, id, text);
    put(m, name, json_string(text));
}

static void put_number(struct maker *m, const char *name, uint64_t number)
{
    put(m, name, json_integer((json_int_t)min_u64(number, INT64_MAX)));
}

static void put_amount(struct maker *m, const char *name, int64_t amount)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, amount);
    put(m, name, json_string(text));
}

static void put_time(struct maker *m, const char *name, uint64_t time_ms)
{
    char text[TIME_TEXT];
    time_encode(time_ms, text);
    put(m, name, json_string(text));
}

static void put_position(struct maker *m, const char *name, uint64_t position)
{
    char text[POSITION_TEXT];
    position_text(position, text);
    put(m, name, json_string(text));
}

static void put_thresholds(struct maker *m, uint16_t low, uint16_t medium, uint16_t high)
{
    put_number(m, "low", low);
    put_number(m, "medium", medium);
    put_number(m, "high", high);
}

static json_t *signer_json(struct reader *r)
{
    struct maker m = maker_new();
    put_bytes(&m, "public_key", read_bytes(r, sizeof(struct public_key)));
    put_number(&m, "weight", read_u8(r));
    return finish(&m);
}

static void put_signers(struct maker *m, const struct signer_list *list)
{
    json_t *array = json_array();
    struct reader r = reader_of(list->bytes);
    for (unsigned i = 0; i < list->count; i++)
        if (json_array_append_new(array, signer_json(&r)) != 0) m->failed = true;
    put(m, "signers", array);
}

static void put_expectation(struct maker *m, uint8_t expect, uint64_t version)
{
    put(m, "expect", json_string(expect_word(expect)));
    if (expect == EXPECT_VERSION) put_position(m, "version", version);
}

/* ---- operations ----------------------------------------------------------------------------- */

static const char *flag_word(unsigned bit)
{
    static const char *const words[] = { "fixed_supply", "needs_authorisation", "clawback" };
    return WORD_OF(words, bit);
}

static json_t *flags_json(uint8_t flags)
{
    json_t *array = json_array();
    for (unsigned bit = 0; flag_word(bit); bit++)
        if (flags & 1u << bit && json_array_append_new(array, json_string(flag_word(bit))) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static void put_code(struct maker *m, const uint8_t code[12])
{
    char text[13] = "";
    memcpy(text, code, 12);
    put(m, "code", json_string(text));
}

static void put_account_create(struct maker *m, const struct operation *operation)
{
    put_address(m, "actor", ADDRESS_ACCOUNT, &operation->actor);
    put_address(m, "id", ADDRESS_ACCOUNT, &operation->account_create.id);
    put_thresholds(m, operation->account_create.low, operation->account_create.medium,
                   operation->account_create.high);
    put_hash_unless_zero(m, "metadata_hash", &operation->account_create.metadata);
    put_signers(m, &operation->account_create.signers);
}

static void put_account_set_signers(struct maker *m, const struct operation *operation)
{
    put_address(m, "account", ADDRESS_ACCOUNT, &operation->actor);
    put_thresholds(m, operation->account_set_signers.low, operation->account_set_signers.medium,
                   operation->account_set_signers.high);
    put_signers(m, &operation->account_set_signers.signers);
}

static void put_account_freeze(struct maker *m, const struct operation *operation)
{
    put_address(m, "actor", ADDRESS_ACCOUNT, &operation->actor);
    put_address(m, "account", ADDRESS_ACCOUNT, &operation->account_freeze.account);
    put(m, "frozen", json_boolean(operation->account_freeze.frozen));
}

static void put_asset_create(struct maker *m, const struct operation *operation)
{
    put_address(m, "issuer", ADDRESS_ACCOUNT, &operation->actor);
    put_code(m, operation->asset_create.code);
    put_number(m, "scale", operation->asset_create.scale);
    put(m, "flags", flags_json(operation->asset_create.flags));
    put_amount(m, "max_supply", (int64_t)operation->asset_create.max_supply);
    put_hash_unless_zero(m, "metadata_hash", &operation->asset_create.metadata);
}

static void put_asset_mint(struct maker *m, const struct operation *operation)
{
    put_address(m, "issuer", ADDRESS_ACCOUNT, &operation->actor);
    put_address(m, "asset", ADDRESS_ASSET, &operation->asset_mint.asset);
    put_address(m, "to", ADDRESS_ACCOUNT, &operation->asset_mint.to);
    put_amount(m, "amount", (int64_t)operation->asset_mint.amount);
}

static void put_asset_burn(struct maker *m, const struct operation *operation)
{
    put_address(m, "issuer", ADDRESS_ACCOUNT, &operation->actor);
    put_address(m, "asset", ADDRESS_ASSET, &operation->asset_burn.asset);
    put_amount(m, "amount", (int64_t)operation->asset_burn.amount);
}

static void put_transfer(struct maker *m, const struct operation *operation)
{
    put_address(m, "from", ADDRESS_ACCOUNT, &operation->actor);
    put_address(m, "to", ADDRESS_ACCOUNT, &operation->transfer.to);
    put_address(m, "asset", ADDRESS_ASSET, &operation->transfer.asset);
    put_amount(m, "amount", (int64_t)operation->transfer.amount);
}

static void put_set_floor(struct maker *m, const struct operation *operation)
{
    put_address(m, "issuer", ADDRESS_ACCOUNT, &operation->actor);
    put_address(m, "asset", ADDRESS_ASSET, &operation->balance_set_floor.asset);
    put_address(m, "account", ADDRESS_ACCOUNT, &operation->balance_set_floor.account);
    put_amount(m, "floor", operation->balance_set_floor.floor);
}

static void put_hold_create(struct maker *m, const struct operation *operation)
{
    put_address(m, "payer", ADDRESS_ACCOUNT, &operation->actor);
    put_address(m, "payee", ADDRESS_ACCOUNT, &operation->hold_create.payee);
    put_address(m, "asset", ADDRESS_ASSET, &operation->hold_create.asset);
    put_amount(m, "amount", (int64_t)operation->hold_create.amount);
    put_time(m, "expires", operation->hold_create.expires_ms);
    put_address(m, "arbiter", ADDRESS_ACCOUNT, &operation->hold_create.arbiter);
    if (!id_is_zero(&operation->hold_create.group))
        put_id16(m, "group", &operation->hold_create.group);
}

static void put_hold_post(struct maker *m, const struct operation *operation)
{
    put_address(m, "actor", ADDRESS_ACCOUNT, &operation->actor);
    put_address(m, "hold", ADDRESS_HOLD, &operation->hold_post.hold);
    put_amount(m, "amount", (int64_t)operation->hold_post.amount);
}

static void put_hold_void(struct maker *m, const struct operation *operation)
{
    put_address(m, "actor", ADDRESS_ACCOUNT, &operation->actor);
    put_address(m, "hold", ADDRESS_HOLD, &operation->hold_void.hold);
}

static void put_hold_group(struct maker *m, const struct operation *operation)
{
    put_address(m, "actor", ADDRESS_ACCOUNT, &operation->actor);
    put_id16(m, "group", &operation->hold_group.group);
}

static void put_kv_put(struct maker *m, const struct operation *operation)
{
    put_address(m, "owner", ADDRESS_ACCOUNT, &operation->actor);
    put_bytes(m, "key", operation->kv_put.key);
    put_expectation(m, operation->kv_put.expect, operation->kv_put.version);
    put_bytes(m, "value", operation->kv_put.value);
}

static void put_kv_delete(struct maker *m, const struct operation *operation)
{
    put_address(m, "owner", ADDRESS_ACCOUNT, &operation->actor);
    put_bytes(m, "key", operation->kv_delete.key);
    put_expectation(m, operation->kv_delete.expect, operation->kv_delete.version);
}

static json_t *actions_json(const struct operation *operation)
{
    json_t *array = json_array();
    struct reader r = reader_of(operation->gov_propose.actions);
    for (unsigned i = 0; i < operation->gov_propose.action_count; i++) {
        struct action action;
        action_read_again(&r, &action);
        if (json_array_append_new(array, action_json(&action)) == 0) continue;
        json_decref(array);
        return NULL;
    }
    return array;
}

static void put_gov_propose(struct maker *m, const struct operation *operation)
{
    put_address(m, "member", ADDRESS_ACCOUNT, &operation->actor);
    put_hash_unless_zero(m, "rationale_hash", &operation->gov_propose.rationale);
    put_number(m, "expects_params_version", operation->gov_propose.expects_params_version);
    put_time(m, "deadline", operation->gov_propose.deadline_ms);
    if (operation->gov_propose.activate_ms != 0)
        put_time(m, "activate", operation->gov_propose.activate_ms);
    put(m, "actions", actions_json(operation));
}

static void put_gov_ballot(struct maker *m, const struct operation *operation)
{
    put_address(m, "member", ADDRESS_ACCOUNT, &operation->actor);
    put_number(m, "proposal", operation->gov_ballot.proposal);
    put(m, "vote", json_string(vote_name(operation->gov_ballot.vote)));
}

static json_t *arguments_json(const struct operation *operation)
{
    struct maker m = maker_new();
    switch (operation->code) {
    case OP_ACCOUNT_CREATE: put_account_create(&m, operation); break;
    case OP_ACCOUNT_SET_SIGNERS: put_account_set_signers(&m, operation); break;
    case OP_ACCOUNT_FREEZE: put_account_freeze(&m, operation); break;
    case OP_ASSET_CREATE: put_asset_create(&m, operation); break;
    case OP_ASSET_MINT: put_asset_mint(&m, operation); break;
    case OP_ASSET_BURN: put_asset_burn(&m, operation); break;
    case OP_BALANCE_SET_FLOOR: put_set_floor(&m, operation); break;
    case OP_TRANSFER: put_transfer(&m, operation); break;
    case OP_HOLD_CREATE: put_hold_create(&m, operation); break;
    case OP_HOLD_POST: put_hold_post(&m, operation); break;
    case OP_HOLD_VOID: put_hold_void(&m, operation); break;
    case OP_HOLD_POST_GROUP:
    case OP_HOLD_VOID_GROUP: put_hold_group(&m, operation); break;
    case OP_KV_PUT: put_kv_put(&m, operation); break;
    case OP_KV_DELETE: put_kv_delete(&m, operation); break;
    case OP_GOV_PROPOSE: put_gov_propose(&m, operation); break;
    case OP_GOV_BALLOT: put_gov_ballot(&m, operation); break;
    }
    return finish(&m);
}

json_t *operation_json(const struct operation *operation)
{
    struct maker m = maker_new();
    put(&m, "op", json_string(operation_name((uint16_t)operation->code)));
    put(&m, "args", arguments_json(operation));
    return finish(&m);
}

/* ---- asserts -------------------------------------------------------------------------------- */

static void put_assert_balance(struct maker *m, const struct tx_assert *assertion)
{
    put_address(m, "asset", ADDRESS_ASSET, &assertion->asset);
    put(m, "field", json_string(balance_field_word(assertion->field)));
    put(m, "relation", json_string(relation_word(assertion->relation)));
    put_amount(m, "amount", assertion->amount);
}

static void put_assert_key(struct maker *m, const struct tx_assert *assertion)
{
    put_address(m, "owner", ADDRESS_ACCOUNT, &assertion->account);
    put_bytes(m, "key", assertion->key);
}

json_t *assert_json(const struct tx_assert *assertion)
{
    struct maker m = maker_new();
    put(&m, "kind", json_string(assert_kind_word(assertion->kind)));
    switch (assertion->kind) {
    case ASSERT_BALANCE:
        put_address(&m, "account", ADDRESS_ACCOUNT, &assertion->account);
        put_assert_balance(&m, assertion);
        break;
    case ASSERT_BALANCE_SEQ:
        put_address(&m, "account", ADDRESS_ACCOUNT, &assertion->account);
        put_address(&m, "asset", ADDRESS_ASSET, &assertion->asset);
        put_number(&m, "seq", assertion->number);
        break;
    case ASSERT_KV_VERSION:
        put_assert_key(&m, assertion);
        put_position(&m, "version", assertion->number);
        break;
    case ASSERT_KV_VALUE:
        put_assert_key(&m, assertion);
        put_hash(&m, "value_hash", &assertion->value_hash);
        break;
    case ASSERT_ACCOUNT_VERSION:
        put_address(&m, "account", ADDRESS_ACCOUNT, &assertion->account);
        put_position(&m, "version", assertion->number);
        break;
    case ASSERT_PARAMS_VERSION: put_number(&m, "params_version", assertion->number); break;
    case ASSERT_HEIGHT_MAX: put_number(&m, "height", assertion->number); break;
    }
    return finish(&m);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static json_t *signature_json(const struct tx_signature *signature)
{
    struct maker m = maker_new();
    put(&m, "public_key", hex_of(signature->key.bytes, sizeof signature->key.bytes));
    put(&m, "signature", hex_of(signature->signature.bytes, sizeof signature->signature.bytes));
    return finish(&m);
}

static json_t *order_json(const struct transaction *tx)
{
    struct maker m = maker_new();
    put_number(&m, "lane", tx->lane);
    put_number(&m, "seq", tx->seq);
    return finish(&m);
}

static void append(struct maker *m, json_t *array, json_t *item)
{
    if (json_array_append_new(array, item) != 0) m->failed = true;
}

static void put_lists(struct maker *m, const struct transaction *tx)
{
    json_t *asserts = json_array();
    json_t *operations = json_array();
    json_t *signatures = json_array();
    for (unsigned i = 0; i < tx->assert_count; i++)
        append(m, asserts, assert_json(&tx->asserts[i]));
    for (unsigned i = 0; i < tx->operation_count; i++)
        append(m, operations, operation_json(&tx->operations[i]));
    for (unsigned i = 0; i < tx->signature_count; i++)
        append(m, signatures, signature_json(&tx->signatures[i]));
    put(m, "asserts", asserts);
    put(m, "ops", operations);
    put(m, "signatures", signatures);
}

json_t *transaction_json(const struct transaction *tx)
{
    struct maker m = maker_new();
    put_hash(&m, "tx_id", &tx->txid);
    put_number(&m, "version", TX_VERSION);
    put_hash(&m, "chain_id", &tx->chain_id);
    put_address(&m, "source", ADDRESS_ACCOUNT, &tx->source);
    put_id16(&m, "client_ref", &tx->client_ref);
    put_time(&m, "not_before", tx->not_before_ms);
    put_time(&m, "not_after", tx->not_after_ms);
    put_lists(&m, tx);
    put_number(&m, "size_bytes", tx->bytes.size ? tx->bytes.size : tx->body.size);
    if (tx->order == ORDER_LANE) put(&m, "order", order_json(tx));
    put_hash_unless_zero(&m, "memo_hash", &tx->memo_hash);
    return finish(&m);
}
