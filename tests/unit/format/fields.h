/* tests/unit/format/fields.h -- the ledger's structs as the fields of the vector files, both ways.
 *
 * In a vector file bytes are lower-case hex, numbers of 64 bits decimal strings, times, counts and
 * small numbers JSON numbers, kinds and relations words. The program that writes the files and the
 * tests that read them share this header; the second implementation in tests/reference has its own.
 */
#ifndef TESTS_LEDGER_FIELDS_H
#define TESTS_LEDGER_FIELDS_H

#include "format/proposal.h"
#include "format/seal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* Memory that lives as long as the test: what decoded fields borrow from. */
struct scrap {
    void *blocks[4096];
    size_t count;
};

static inline void *scrap_take(struct scrap *scrap, size_t size)
{
    ASSERT(scrap->count < sizeof scrap->blocks / sizeof scrap->blocks[0]);
    void *block = calloc(1, size > 0 ? size : 1);
    ASSERT(block != NULL);
    scrap->blocks[scrap->count++] = block;
    return block;
}

static inline void scrap_free(struct scrap *scrap)
{
    for (size_t i = 0; i < scrap->count; i++)
        free(scrap->blocks[i]);
    scrap->count = 0;
}

/* ---- to JSON ---- */

static inline void put_hex(json_t *to, const char *name, const void *bytes, size_t size)
{
    char *text = calloc(1, 2 * size + 1);
    ASSERT(text != NULL);
    hex_encode(span_of(bytes, size), text);
    json_object_set_new(to, name, json_string(text));
    free(text);
}

static inline void put_span(json_t *to, const char *name, struct span bytes)
{
    put_hex(to, name, bytes.data, bytes.size);
}

static inline void put_number(json_t *to, const char *name, uint64_t value)
{
    json_object_set_new(to, name, json_integer((json_int_t)value));
}

static inline void put_decimal(json_t *to, const char *name, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    json_object_set_new(to, name, json_string(text));
}

static inline void put_signed(json_t *to, const char *name, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    json_object_set_new(to, name, json_string(text));
}

static inline void put_signers(json_t *to, const struct signer_list *list)
{
    json_t *signers = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const uint8_t *item = list->bytes.data + i * SIGNER_BYTES;
        json_t *signer = json_object();
        put_hex(signer, "key", item, 32);
        put_number(signer, "weight", item[32]);
        json_array_append_new(signers, signer);
    }
    json_object_set_new(to, "signers", signers);
}

static const char *const expect_words[] = { "any", "absent", "version" };
static const char *const field_words[] = { "", "posted", "available" };
static const char *const relation_words[] = { "", "equal", "least", "most" };
static const char *const assert_words[] = {
    "",         "balance",         "balance_seq",    "kv_version",
    "kv_value", "account_version", "params_version", "height_max",
};

/* ---- from JSON ---- */

static inline const char *get_text(const json_t *from, const char *name)
{
    const char *text = json_string_value(json_object_get(from, name));
    if (!text) (void)fprintf(stderr, "vector without text member %s\n", name);
    ASSERT(text != NULL);
    return text;
}

static inline void get_hex(const json_t *from, const char *name, void *bytes, size_t size)
{
    const char *text = get_text(from, name);
    bool decoded = hex_decode(text, strlen(text), bytes, size);
    ASSERT(decoded);
}

static inline struct span get_span(const json_t *from, const char *name, struct scrap *scrap)
{
    size_t size = strlen(get_text(from, name)) / 2;
    uint8_t *bytes = scrap_take(scrap, size);
    get_hex(from, name, bytes, size);
    return span_of(bytes, size);
}

static inline uint64_t get_number(const json_t *from, const char *name)
{
    const json_t *number = json_object_get(from, name);
    ASSERT(json_is_integer(number));
    return (uint64_t)json_integer_value(number);
}

static inline uint64_t get_decimal(const json_t *from, const char *name)
{
    return strtoull(get_text(from, name), NULL, 10);
}

static inline int64_t get_signed(const json_t *from, const char *name)
{
    return strtoll(get_text(from, name), NULL, 10);
}

static inline unsigned get_word(const json_t *from, const char *name, const char *const *words,
                                unsigned count)
{
    const char *text = get_text(from, name);
    unsigned i = 0;
    while (i < count && strcmp(words[i], text) != 0)
        i++;
    ASSERT(i < count);
    return i;
}

static inline void get_signers(const json_t *from, struct signer_list *list, struct scrap *scrap)
{
    const json_t *signers = json_object_get(from, "signers");
    list->count = (uint8_t)json_array_size(signers);
    uint8_t *bytes = scrap_take(scrap, (size_t)list->count * SIGNER_BYTES);
    for (size_t i = 0; i < list->count; i++) {
        const json_t *signer = json_array_get(signers, i);
        get_hex(signer, "key", bytes + i * SIGNER_BYTES, 32);
        bytes[i * SIGNER_BYTES + 32] = (uint8_t)get_number(signer, "weight");
    }
    list->bytes = span_of(bytes, (size_t)list->count * SIGNER_BYTES);
}

#include "tests/unit/format/fields_action.h"

/* ---- the structs ---- */

static inline json_t *operation_to_json(const struct operation *operation)
{
    json_t *to = json_object();
    json_object_set_new(to, "op", json_string(operation_name((uint16_t)operation->code)));
    put_hex(to, "actor", &operation->actor, 16);
    switch (operation->code) {
    case OP_ACCOUNT_CREATE:
        put_hex(to, "id", &operation->account_create.id, 16);
        put_number(to, "low", operation->account_create.low);
        put_number(to, "medium", operation->account_create.medium);
        put_number(to, "high", operation->account_create.high);
        put_hex(to, "metadata", &operation->account_create.metadata, 32);
        put_signers(to, &operation->account_create.signers);
        break;
    case OP_ACCOUNT_SET_SIGNERS:
        put_number(to, "low", operation->account_set_signers.low);
        put_number(to, "medium", operation->account_set_signers.medium);
        put_number(to, "high", operation->account_set_signers.high);
        put_signers(to, &operation->account_set_signers.signers);
        break;
    case OP_ACCOUNT_FREEZE:
        put_hex(to, "account", &operation->account_freeze.account, 16);
        json_object_set_new(to, "frozen", json_boolean(operation->account_freeze.frozen));
        break;
    case OP_ASSET_CREATE:
        put_hex(to, "code", operation->asset_create.code, 12);
        put_number(to, "scale", operation->asset_create.scale);
        put_number(to, "flags", operation->asset_create.flags);
        put_decimal(to, "max_supply", operation->asset_create.max_supply);
        put_hex(to, "metadata", &operation->asset_create.metadata, 32);
        break;
    case OP_ASSET_MINT:
        put_hex(to, "asset", &operation->asset_mint.asset, 16);
        put_hex(to, "to", &operation->asset_mint.to, 16);
        put_decimal(to, "amount", operation->asset_mint.amount);
        break;
    case OP_ASSET_BURN:
        put_hex(to, "asset", &operation->asset_burn.asset, 16);
        put_decimal(to, "amount", operation->asset_burn.amount);
        break;
    case OP_BALANCE_SET_FLOOR:
        put_hex(to, "asset", &operation->balance_set_floor.asset, 16);
        put_hex(to, "account", &operation->balance_set_floor.account, 16);
        put_signed(to, "floor", operation->balance_set_floor.floor);
        break;
    case OP_HOLD_CREATE:
        put_hex(to, "payee", &operation->hold_create.payee, 16);
        put_hex(to, "asset", &operation->hold_create.asset, 16);
        put_decimal(to, "amount", operation->hold_create.amount);
        put_number(to, "expires_ms", operation->hold_create.expires_ms);
        put_hex(to, "arbiter", &operation->hold_create.arbiter, 16);
        put_hex(to, "group", &operation->hold_create.group, 16);
        break;
    case OP_HOLD_POST:
        put_hex(to, "hold", &operation->hold_post.hold, 16);
        put_decimal(to, "amount", operation->hold_post.amount);
        break;
    case OP_HOLD_VOID: put_hex(to, "hold", &operation->hold_void.hold, 16); break;
    case OP_HOLD_POST_GROUP:
    case OP_HOLD_VOID_GROUP: put_hex(to, "group", &operation->hold_group.group, 16); break;
    case OP_TRANSFER:
        put_hex(to, "to", &operation->transfer.to, 16);
        put_hex(to, "asset", &operation->transfer.asset, 16);
        put_decimal(to, "amount", operation->transfer.amount);
        break;
    case OP_KV_PUT:
        put_span(to, "key", operation->kv_put.key);
        json_object_set_new(to, "expect", json_string(expect_words[operation->kv_put.expect]));
        put_decimal(to, "version", operation->kv_put.version);
        put_span(to, "value", operation->kv_put.value);
        break;
    case OP_KV_DELETE:
        put_span(to, "key", operation->kv_delete.key);
        json_object_set_new(to, "expect", json_string(expect_words[operation->kv_delete.expect]));
        put_decimal(to, "version", operation->kv_delete.version);
        break;
    case OP_GOV_PROPOSE:
        put_hex(to, "rationale", &operation->gov_propose.rationale, 32);
        put_decimal(to, "expects_params_version", operation->gov_propose.expects_params_version);
        put_number(to, "deadline_ms", operation->gov_propose.deadline_ms);
        put_number(to, "activate_ms", operation->gov_propose.activate_ms);
        put_actions(to, operation);
        break;
    case OP_GOV_BALLOT:
        put_decimal(to, "proposal", operation->gov_ballot.proposal);
        json_object_set_new(to, "vote", json_string(vote_name(operation->gov_ballot.vote)));
        break;
    }
    return to;
}

static inline json_t *assert_to_json(const struct tx_assert *assertion)
{
    json_t *to = json_object();
    char amount[24];
    json_object_set_new(to, "assert", json_string(assert_words[assertion->kind]));
    if (assertion->kind <= ASSERT_ACCOUNT_VERSION) put_hex(to, "account", &assertion->account, 16);
    switch (assertion->kind) {
    case ASSERT_BALANCE:
        put_hex(to, "asset", &assertion->asset, 16);
        json_object_set_new(to, "field", json_string(field_words[assertion->field]));
        json_object_set_new(to, "relation", json_string(relation_words[assertion->relation]));
        (void)snprintf(amount, sizeof amount, "%" PRId64, assertion->amount);
        json_object_set_new(to, "amount", json_string(amount));
        return to;
    case ASSERT_BALANCE_SEQ: put_hex(to, "asset", &assertion->asset, 16); break;
    case ASSERT_KV_VERSION: put_span(to, "key", assertion->key); break;
    case ASSERT_KV_VALUE:
        put_span(to, "key", assertion->key);
        put_hex(to, "value_hash", &assertion->value_hash, 32);
        return to;
    case ASSERT_ACCOUNT_VERSION:
    case ASSERT_PARAMS_VERSION:
    case ASSERT_HEIGHT_MAX: break;
    }
    put_decimal(to, "number", assertion->number);
    return to;
}

static inline json_t *transaction_to_json(const struct transaction *tx)
{
    json_t *to = json_object();
    put_hex(to, "chain_id", &tx->chain_id, 32);
    put_hex(to, "source", &tx->source, 16);
    put_hex(to, "client_ref", &tx->client_ref, 16);
    put_number(to, "not_before_ms", tx->not_before_ms);
    put_number(to, "not_after_ms", tx->not_after_ms);
    json_object_set_new(to, "order", json_string(tx->order == ORDER_LANE ? "lane" : "none"));
    put_number(to, "lane", tx->lane);
    put_decimal(to, "seq", tx->seq);
    put_hex(to, "memo_hash", &tx->memo_hash, 32);
    json_t *asserts = json_array();
    for (unsigned i = 0; i < tx->assert_count; i++)
        json_array_append_new(asserts, assert_to_json(&tx->asserts[i]));
    json_object_set_new(to, "asserts", asserts);
    json_t *operations = json_array();
    for (unsigned i = 0; i < tx->operation_count; i++)
        json_array_append_new(operations, operation_to_json(&tx->operations[i]));
    json_object_set_new(to, "operations", operations);
    return to;
}

static inline json_t *header_to_json(const struct header *header)
{
    json_t *to = json_object();
    put_number(to, "version", header->version);
    put_number(to, "fault_model", header->fault_model);
    put_number(to, "flags", header->flags);
    put_number(to, "entry_count", header->entry_count);
    put_hex(to, "chain_id", &header->chain_id, 32);
    put_decimal(to, "epoch", header->epoch);
    put_decimal(to, "height", header->height);
    put_decimal(to, "sequence", header->sequence);
    put_number(to, "time_ms", header->time_ms);
    put_number(to, "window_horizon_ms", header->window_horizon_ms);
    put_hex(to, "proposer", &header->proposer, 16);
    put_hex(to, "parent_hash", &header->parent_hash, 32);
    put_hex(to, "tx_root", &header->tx_root, 32);
    put_hex(to, "state_root", &header->state_root, 32);
    put_hex(to, "history_root", &header->history_root, 32);
    put_hex(to, "validators_hash", &header->validators_hash, 32);
    put_hex(to, "next_validators_hash", &header->next_validators_hash, 32);
    put_hex(to, "members_hash", &header->members_hash, 32);
    put_hex(to, "params_hash", &header->params_hash, 32);
    return to;
}

/* ---- and back ---- */

static inline void operation_of_json(const json_t *from, struct operation *operation,
                                     struct scrap *scrap)
{
    uint16_t code = 0;
    bool found = operation_find(get_text(from, "op"), &code);
    ASSERT(found);
    *operation = (struct operation){ .code = code };
    get_hex(from, "actor", &operation->actor, 16);
    switch (operation->code) {
    case OP_ACCOUNT_CREATE:
        get_hex(from, "id", &operation->account_create.id, 16);
        operation->account_create.low = (uint16_t)get_number(from, "low");
        operation->account_create.medium = (uint16_t)get_number(from, "medium");
        operation->account_create.high = (uint16_t)get_number(from, "high");
        get_hex(from, "metadata", &operation->account_create.metadata, 32);
        get_signers(from, &operation->account_create.signers, scrap);
        break;
    case OP_ACCOUNT_SET_SIGNERS:
        operation->account_set_signers.low = (uint16_t)get_number(from, "low");
        operation->account_set_signers.medium = (uint16_t)get_number(from, "medium");
        operation->account_set_signers.high = (uint16_t)get_number(from, "high");
        get_signers(from, &operation->account_set_signers.signers, scrap);
        break;
    case OP_ACCOUNT_FREEZE:
        get_hex(from, "account", &operation->account_freeze.account, 16);
        operation->account_freeze.frozen = json_is_true(json_object_get(from, "frozen"));
        break;
    case OP_ASSET_CREATE:
        get_hex(from, "code", operation->asset_create.code, 12);
        operation->asset_create.scale = (uint8_t)get_number(from, "scale");
        operation->asset_create.flags = (uint8_t)get_number(from, "flags");
        operation->asset_create.max_supply = get_decimal(from, "max_supply");
        get_hex(from, "metadata", &operation->asset_create.metadata, 32);
        break;
    case OP_ASSET_MINT:
        get_hex(from, "asset", &operation->asset_mint.asset, 16);
        get_hex(from, "to", &operation->asset_mint.to, 16);
        operation->asset_mint.amount = get_decimal(from, "amount");
        break;
    case OP_ASSET_BURN:
        get_hex(from, "asset", &operation->asset_burn.asset, 16);
        operation->asset_burn.amount = get_decimal(from, "amount");
        break;
    case OP_BALANCE_SET_FLOOR:
        get_hex(from, "asset", &operation->balance_set_floor.asset, 16);
        get_hex(from, "account", &operation->balance_set_floor.account, 16);
        operation->balance_set_floor.floor = get_signed(from, "floor");
        break;
    case OP_HOLD_CREATE:
        get_hex(from, "payee", &operation->hold_create.payee, 16);
        get_hex(from, "asset", &operation->hold_create.asset, 16);
        operation->hold_create.amount = get_decimal(from, "amount");
        operation->hold_create.expires_ms = get_number(from, "expires_ms");
        get_hex(from, "arbiter", &operation->hold_create.arbiter, 16);
        get_hex(from, "group", &operation->hold_create.group, 16);
        break;
    case OP_HOLD_POST:
        get_hex(from, "hold", &operation->hold_post.hold, 16);
        operation->hold_post.amount = get_decimal(from, "amount");
        break;
    case OP_HOLD_VOID: get_hex(from, "hold", &operation->hold_void.hold, 16); break;
    case OP_HOLD_POST_GROUP:
    case OP_HOLD_VOID_GROUP: get_hex(from, "group", &operation->hold_group.group, 16); break;
    case OP_TRANSFER:
        get_hex(from, "to", &operation->transfer.to, 16);
        get_hex(from, "asset", &operation->transfer.asset, 16);
        operation->transfer.amount = get_decimal(from, "amount");
        break;
    case OP_KV_PUT:
        operation->kv_put.key = get_span(from, "key", scrap);
        operation->kv_put.expect = (uint8_t)get_word(from, "expect", expect_words, 3);
        operation->kv_put.version = get_decimal(from, "version");
        operation->kv_put.value = get_span(from, "value", scrap);
        break;
    case OP_KV_DELETE:
        operation->kv_delete.key = get_span(from, "key", scrap);
        operation->kv_delete.expect = (uint8_t)get_word(from, "expect", expect_words, 3);
        operation->kv_delete.version = get_decimal(from, "version");
        break;
    case OP_GOV_PROPOSE:
        get_hex(from, "rationale", &operation->gov_propose.rationale, 32);
        operation->gov_propose.expects_params_version = get_decimal(from, "expects_params_version");
        operation->gov_propose.deadline_ms = get_number(from, "deadline_ms");
        operation->gov_propose.activate_ms = get_number(from, "activate_ms");
        get_actions(from, operation, scrap);
        break;
    case OP_GOV_BALLOT:
        operation->gov_ballot.proposal = get_decimal(from, "proposal");
        found = vote_find(get_text(from, "vote"), &operation->gov_ballot.vote);
        ASSERT(found);
        break;
    }
}

static inline void assert_of_json(const json_t *from, struct tx_assert *assertion,
                                  struct scrap *scrap)
{
    *assertion = (struct tx_assert){ .kind = get_word(from, "assert", assert_words, 8) };
    if (assertion->kind <= ASSERT_ACCOUNT_VERSION)
        get_hex(from, "account", &assertion->account, 16);
    if (assertion->kind == ASSERT_BALANCE || assertion->kind == ASSERT_BALANCE_SEQ)
        get_hex(from, "asset", &assertion->asset, 16);
    if (assertion->kind == ASSERT_KV_VERSION || assertion->kind == ASSERT_KV_VALUE)
        assertion->key = get_span(from, "key", scrap);
    if (assertion->kind == ASSERT_BALANCE) {
        assertion->field = (uint8_t)get_word(from, "field", field_words, 3);
        assertion->relation = (uint8_t)get_word(from, "relation", relation_words, 4);
        assertion->amount = strtoll(get_text(from, "amount"), NULL, 10);
    } else if (assertion->kind == ASSERT_KV_VALUE) {
        get_hex(from, "value_hash", &assertion->value_hash, 32);
    } else {
        assertion->number = get_decimal(from, "number");
    }
}

static inline void transaction_of_json(const json_t *from, struct transaction *tx,
                                       struct scrap *scrap)
{
    memset(tx, 0, sizeof *tx);
    get_hex(from, "chain_id", &tx->chain_id, 32);
    get_hex(from, "source", &tx->source, 16);
    get_hex(from, "client_ref", &tx->client_ref, 16);
    tx->not_before_ms = get_number(from, "not_before_ms");
    tx->not_after_ms = get_number(from, "not_after_ms");
    tx->order = strcmp(get_text(from, "order"), "lane") == 0 ? ORDER_LANE : ORDER_NONE;
    tx->lane = (uint32_t)get_number(from, "lane");
    tx->seq = get_decimal(from, "seq");
    get_hex(from, "memo_hash", &tx->memo_hash, 32);
    const json_t *asserts = json_object_get(from, "asserts");
    tx->assert_count = (uint8_t)json_array_size(asserts);
    for (size_t i = 0; i < tx->assert_count; i++)
        assert_of_json(json_array_get(asserts, i), &tx->asserts[i], scrap);
    const json_t *operations = json_object_get(from, "operations");
    tx->operation_count = (uint8_t)json_array_size(operations);
    for (size_t i = 0; i < tx->operation_count; i++)
        operation_of_json(json_array_get(operations, i), &tx->operations[i], scrap);
}

static inline void header_of_json(const json_t *from, struct header *header)
{
    header->version = (uint16_t)get_number(from, "version");
    header->fault_model = (uint8_t)get_number(from, "fault_model");
    header->flags = (uint8_t)get_number(from, "flags");
    header->entry_count = (uint32_t)get_number(from, "entry_count");
    get_hex(from, "chain_id", &header->chain_id, 32);
    header->epoch = get_decimal(from, "epoch");
    header->height = get_decimal(from, "height");
    header->sequence = get_decimal(from, "sequence");
    header->time_ms = get_number(from, "time_ms");
    header->window_horizon_ms = get_number(from, "window_horizon_ms");
    get_hex(from, "proposer", &header->proposer, 16);
    get_hex(from, "parent_hash", &header->parent_hash, 32);
    get_hex(from, "tx_root", &header->tx_root, 32);
    get_hex(from, "state_root", &header->state_root, 32);
    get_hex(from, "history_root", &header->history_root, 32);
    get_hex(from, "validators_hash", &header->validators_hash, 32);
    get_hex(from, "next_validators_hash", &header->next_validators_hash, 32);
    get_hex(from, "members_hash", &header->members_hash, 32);
    get_hex(from, "params_hash", &header->params_hash, 32);
}

/* The status whose name stands in a vector. */
static inline enum status get_status(const json_t *from, const char *name)
{
    static const char *const words[] = {
#define X(word, text) #word,
        STATUS_LIST(X)
#undef X
    };
    return (enum status)get_word(from, name, words, sizeof words / sizeof words[0]);
}

#ifdef WITAN_VECTORS
/* A vector file; the caller owns the reference. */
static inline json_t *vectors_load(const char *name)
{
    char path[1024];
    json_error_t error;
    (void)snprintf(path, sizeof path, "%s/%s.json", WITAN_VECTORS, name);
    json_t *vectors = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!vectors) (void)fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
    ASSERT(vectors != NULL);
    return vectors;
}
#endif

#endif
