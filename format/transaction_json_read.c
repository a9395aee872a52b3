#include "format/proposal.h"
#include "format/transaction_json.h"
#include "genesis/json.h"
#include <stdio.h>
#include <stdlib.h>

/* Keys, values and signer lists that the operations' spans point into; freed at the end. */
enum { OWNED_MAX = 2 * TX_OPERATIONS_MAX + TX_ASSERTS_MAX };

struct builder {
    struct transaction tx;
    void *owned[OWNED_MAX];
    size_t owned_count;
    struct problem *problem;
};

static uint8_t *keep(struct builder *b, struct json_fields *fields, const char *name, size_t size)
{
    ASSERT(b->owned_count < OWNED_MAX);
    uint8_t *bytes = malloc(size ? size : 1);
    if (!bytes) {
        json_fail(fields, name, STATUS_NO_MEMORY, "out of memory");
        return NULL;
    }
    b->owned[b->owned_count++] = bytes;
    return bytes;
}

/* Any number of bytes, up to most. */
static struct span read_hex(struct builder *b, struct json_fields *fields, const char *name,
                            size_t most)
{
    const char *text = json_text(fields, name, 2 * most);
    size_t size = strlen(text) / 2;
    if (fields->failed) return (struct span){ NULL, 0 };
    uint8_t *bytes = keep(b, fields, name, size);
    if (!bytes) return (struct span){ NULL, 0 };
    if (hex_decode(text, strlen(text), bytes, size)) return span_of(bytes, size);
    json_fail(fields, name, STATUS_MALFORMED, "not lower-case hexadecimal");
    return (struct span){ NULL, 0 };
}

static void read_hash_or_zero(struct json_fields *fields, const char *name, struct digest *hash)
{
    memset(hash, 0, sizeof *hash);
    if (json_member_optional(fields, name)) json_hex(fields, name, hash->bytes, sizeof hash->bytes);
}

/* The number of a word, from the function that names the numbers. */
static unsigned read_word(struct json_fields *fields, const char *name, unsigned first,
                          unsigned last, const char *(*word_of)(unsigned))
{
    const char *text = json_text(fields, name, 64);
    for (unsigned number = first; number <= last && !fields->failed; number++)
        if (strcmp(text, word_of(number)) == 0) return number;
    char quoted[QUOTE_TEXT];
    json_fail(fields, name, STATUS_INVALID, "\"%s\" is not one of the words from \"%s\" to \"%s\"",
              text_quote(text, quoted), word_of(first), word_of(last));
    return first;
}

static uint64_t read_version(struct json_fields *fields)
{
    uint64_t position = 0;
    const char *text = json_text(fields, "version", POSITION_TEXT);
    if (!fields->failed && !position_decode(text, &position))
        json_fail(fields, "version", STATUS_MALFORMED, "not a position such as 1042.3.0");
    return position;
}

static int64_t read_signed(struct json_fields *fields, const char *name)
{
    const char *text = json_text(fields, name, 20);
    bool negative = text[0] == '-';
    uint64_t amount = 0;
    if (fields->failed) return 0;
    if (amount_decode(text + negative, &amount) && !(negative && amount == 0))
        return negative ? -(int64_t)amount : (int64_t)amount;
    json_fail(fields, name, STATUS_MALFORMED, "not a decimal integer in a string");
    return 0;
}

static void read_account(struct json_fields *fields, const char *name, struct id *id)
{
    json_address(fields, name, ADDRESS_ACCOUNT, id);
}

static void read_asset(struct json_fields *fields, struct id *id)
{
    json_address(fields, "asset", ADDRESS_ASSET, id);
}

static struct json_fields item_fields(const struct builder *b, const json_t *item, const char *list,
                                      size_t index, const char *rest)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%zu%s", list, index, rest);
    return json_fields_of(item, path, b->problem);
}

/* ---- operations ----------------------------------------------------------------------------- */

static void read_thresholds(struct json_fields *fields, uint16_t *low, uint16_t *medium,
                            uint16_t *high)
{
    *low = (uint16_t)json_u64(fields, "low", UINT16_MAX);
    *medium = (uint16_t)json_u64(fields, "medium", UINT16_MAX);
    *high = (uint16_t)json_u64(fields, "high", UINT16_MAX);
}

static bool read_signer(struct builder *b, const struct json_fields *fields, size_t index,
                        const json_t *item, struct account_signer *signer)
{
    char list[160];
    snprintf(list, sizeof list, "%s/signers", fields->path);
    struct json_fields inner = item_fields(b, item, list, index, "");
    json_hex(&inner, "public_key", signer->key.bytes, sizeof signer->key.bytes);
    signer->weight = (uint8_t)json_u64(&inner, "weight", UINT8_MAX);
    return json_fields_done(&inner) == STATUS_OK;
}

/* Signers may stand in any order; the bytes have them by key. */
static int compare_signers(const void *a, const void *b)
{
    const struct account_signer *first = a, *second = b;
    return key_compare(&first->key, &second->key);
}

static void read_signers(struct builder *b, struct json_fields *fields, struct signer_list *list)
{
    struct account_signer signers[SIGNERS_MAX];
    const json_t *array = json_array_of(fields, "signers", SIGNERS_MAX);
    size_t count = array ? json_array_size(array) : 0;
    uint8_t *bytes = array ? keep(b, fields, "signers", count * SIGNER_BYTES) : NULL;
    if (!bytes) return;
    for (size_t i = 0; i < count; i++)
        if (!read_signer(b, fields, i, json_array_get(array, i), &signers[i])) {
            fields->failed = true; /* the record is the inner fields' */
            fields->status = b->problem->status;
            return;
        }
    qsort(signers, count, sizeof *signers, compare_signers);
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + i * SIGNER_BYTES, signers[i].key.bytes, sizeof signers[i].key.bytes);
        bytes[(i + 1) * SIGNER_BYTES - 1] = signers[i].weight;
    }
    list->count = (uint8_t)count;
    list->bytes = span_of(bytes, count * SIGNER_BYTES);
}

static void read_expectation(struct json_fields *fields, unsigned last, uint8_t *expect,
                             uint64_t *version)
{
    *expect = (uint8_t)read_word(fields, "expect", EXPECT_ANY, last, expect_word);
    *version = *expect == EXPECT_VERSION ? read_version(fields) : 0;
}

static void read_asset_code(struct json_fields *fields, uint8_t code[12])
{
    const char *text = json_text(fields, "code", 12);
    memcpy(code, text, strlen(text));
}

/* Flags come later; their list must be empty now, and may be left out. */
static void read_flags(struct json_fields *fields)
{
    if (json_member_optional(fields, "flags")) (void)json_array_of(fields, "flags", 0);
}

static bool read_action(const struct builder *b, const struct json_fields *fields, size_t index,
                        const json_t *item, struct writer *w)
{
    char list[160];
    struct action action;
    snprintf(list, sizeof list, "%s/actions", fields->path);
    struct json_fields inner = item_fields(b, item, list, index, "");
    action_fields_read(&inner, &action);
    if (json_fields_done(&inner) != STATUS_OK) return false;
    action_write(w, &action);
    return true;
}

static void read_actions(struct builder *b, struct json_fields *fields, struct operation *o)
{
    struct writer w;
    const json_t *array = json_array_of(fields, "actions", ACTIONS_MAX);
    size_t count = array ? json_array_size(array) : 0;
    uint8_t *bytes = array ? keep(b, fields, "actions", count * ACTION_BYTES_MAX) : NULL;
    if (!bytes) return;
    writer_init_fixed(&w, bytes, count * ACTION_BYTES_MAX);
    for (size_t i = 0; i < count; i++)
        if (!read_action(b, fields, i, json_array_get(array, i), &w)) {
            fields->failed = true; /* the record is the inner fields' */
            fields->status = b->problem->status;
            return;
        }
    o->gov_propose.action_count = (uint8_t)count;
    o->gov_propose.actions = writer_span(&w);
}

static void read_hold_create(struct json_fields *f, struct operation *o)
{
    read_account(f, "payer", &o->actor);
    read_account(f, "payee", &o->hold_create.payee);
    read_asset(f, &o->hold_create.asset);
    o->hold_create.amount = json_amount(f, "amount");
    o->hold_create.expires_ms = json_time(f, "expires");
    read_account(f, "arbiter", &o->hold_create.arbiter);
    if (json_member_optional(f, "group"))
        json_hex(f, "group", o->hold_create.group.bytes, sizeof o->hold_create.group.bytes);
}

static void read_hold(struct json_fields *f, struct id *hold)
{
    json_address(f, "hold", ADDRESS_HOLD, hold);
}

static const char *vote_word(unsigned vote)
{
    return vote_name((uint8_t)vote);
}

static void read_arguments(struct builder *b, struct json_fields *f, struct operation *o)
{
    switch (o->code) {
    case OP_ACCOUNT_CREATE:
        read_account(f, "actor", &o->actor);
        read_account(f, "id", &o->account_create.id);
        read_thresholds(f, &o->account_create.low, &o->account_create.medium,
                        &o->account_create.high);
        read_hash_or_zero(f, "metadata_hash", &o->account_create.metadata);
        read_signers(b, f, &o->account_create.signers);
        break;
    case OP_ACCOUNT_SET_SIGNERS:
        read_account(f, "account", &o->actor);
        read_thresholds(f, &o->account_set_signers.low, &o->account_set_signers.medium,
                        &o->account_set_signers.high);
        read_signers(b, f, &o->account_set_signers.signers);
        break;
    case OP_ACCOUNT_FREEZE:
        read_account(f, "actor", &o->actor);
        read_account(f, "account", &o->account_freeze.account);
        o->account_freeze.frozen = json_bool(f, "frozen");
        break;
    case OP_ASSET_CREATE:
        read_account(f, "issuer", &o->actor);
        read_asset_code(f, o->asset_create.code);
        o->asset_create.scale = (uint8_t)json_u64(f, "scale", UINT8_MAX);
        read_flags(f);
        o->asset_create.max_supply = json_amount(f, "max_supply");
        read_hash_or_zero(f, "metadata_hash", &o->asset_create.metadata);
        break;
    case OP_ASSET_MINT:
        read_account(f, "issuer", &o->actor);
        read_asset(f, &o->asset_mint.asset);
        read_account(f, "to", &o->asset_mint.to);
        o->asset_mint.amount = json_amount(f, "amount");
        break;
    case OP_ASSET_BURN:
        read_account(f, "issuer", &o->actor);
        read_asset(f, &o->asset_burn.asset);
        o->asset_burn.amount = json_amount(f, "amount");
        break;
    case OP_BALANCE_SET_FLOOR:
        read_account(f, "issuer", &o->actor);
        read_asset(f, &o->balance_set_floor.asset);
        read_account(f, "account", &o->balance_set_floor.account);
        o->balance_set_floor.floor = read_signed(f, "floor");
        break;
    case OP_HOLD_CREATE: read_hold_create(f, o); break;
    case OP_HOLD_POST:
        read_account(f, "actor", &o->actor);
        read_hold(f, &o->hold_post.hold);
        o->hold_post.amount = json_amount(f, "amount");
        break;
    case OP_HOLD_VOID:
        read_account(f, "actor", &o->actor);
        read_hold(f, &o->hold_void.hold);
        break;
    case OP_HOLD_POST_GROUP:
    case OP_HOLD_VOID_GROUP:
        read_account(f, "actor", &o->actor);
        json_hex(f, "group", o->hold_group.group.bytes, sizeof o->hold_group.group.bytes);
        break;
    case OP_TRANSFER:
        read_account(f, "from", &o->actor);
        read_account(f, "to", &o->transfer.to);
        read_asset(f, &o->transfer.asset);
        o->transfer.amount = json_amount(f, "amount");
        break;
    case OP_KV_PUT:
        read_account(f, "owner", &o->actor);
        o->kv_put.key = read_hex(b, f, "key", TX_KEY_BYTES_MAX);
        read_expectation(f, EXPECT_VERSION, &o->kv_put.expect, &o->kv_put.version);
        o->kv_put.value = read_hex(b, f, "value", TX_BYTES_LIMIT);
        break;
    case OP_KV_DELETE:
        read_account(f, "owner", &o->actor);
        o->kv_delete.key = read_hex(b, f, "key", TX_KEY_BYTES_MAX);
        read_expectation(f, EXPECT_VERSION, &o->kv_delete.expect, &o->kv_delete.version);
        break;
    case OP_GOV_PROPOSE:
        read_account(f, "member", &o->actor);
        read_hash_or_zero(f, "rationale_hash", &o->gov_propose.rationale);
        o->gov_propose.expects_params_version = json_u64(f, "expects_params_version", INT64_MAX);
        o->gov_propose.deadline_ms = json_time(f, "deadline");
        if (json_member_optional(f, "activate"))
            o->gov_propose.activate_ms = json_time(f, "activate");
        read_actions(b, f, o);
        break;
    case OP_GOV_BALLOT:
        read_account(f, "member", &o->actor);
        o->gov_ballot.proposal = json_u64(f, "proposal", INT64_MAX);
        o->gov_ballot.vote = (uint8_t)read_word(f, "vote", VOTE_YES, VOTE_ABSTAIN, vote_word);
        break;
    }
}

static void suggest_operation(struct json_fields *fields, const char *text)
{
    static const char *const names[] = {
#define X(name, code, text) text,
        OPERATION_LIST(X)
#undef X
    };
    char quoted[QUOTE_TEXT];
    const char *nearest = nearest_name(text, names, sizeof names / sizeof *names);
    json_fail(fields, "op", STATUS_INVALID, "no operation \"%s\"%s%s%s", text_quote(text, quoted),
              nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static enum status read_operation(struct builder *b, size_t index, const json_t *item,
                                  struct operation *operation)
{
    struct json_fields outer = item_fields(b, item, "/ops", index, "");
    uint16_t code = 0;
    const char *text = json_text(&outer, "op", 64);
    if (!outer.failed && !operation_find(text, &code)) suggest_operation(&outer, text);
    const json_t *arguments = json_member(&outer, "args");
    if (json_fields_done(&outer) != STATUS_OK) return outer.status;

    struct json_fields inner = item_fields(b, arguments, "/ops", index, "/args");
    *operation = (struct operation){ .code = code };
    read_arguments(b, &inner, operation);
    return json_fields_done(&inner);
}

/* ---- asserts -------------------------------------------------------------------------------- */

static void read_assert_fields(struct builder *b, struct json_fields *f, struct tx_assert *a)
{
    switch (a->kind) {
    case ASSERT_BALANCE:
        read_account(f, "account", &a->account);
        read_asset(f, &a->asset);
        a->field =
            (uint8_t)read_word(f, "field", FIELD_POSTED, FIELD_AVAILABLE, balance_field_word);
        a->relation =
            (uint8_t)read_word(f, "relation", RELATION_EQUAL, RELATION_MOST, relation_word);
        a->amount = read_signed(f, "amount");
        break;
    case ASSERT_BALANCE_SEQ:
        read_account(f, "account", &a->account);
        read_asset(f, &a->asset);
        a->number = json_u64(f, "seq", INT64_MAX);
        break;
    case ASSERT_KV_VERSION:
        read_account(f, "owner", &a->account);
        a->key = read_hex(b, f, "key", TX_KEY_BYTES_MAX);
        a->number = read_version(f);
        break;
    case ASSERT_KV_VALUE:
        read_account(f, "owner", &a->account);
        a->key = read_hex(b, f, "key", TX_KEY_BYTES_MAX);
        json_hex(f, "value_hash", a->value_hash.bytes, sizeof a->value_hash.bytes);
        break;
    case ASSERT_ACCOUNT_VERSION:
        read_account(f, "account", &a->account);
        a->number = read_version(f);
        break;
    case ASSERT_PARAMS_VERSION: a->number = json_u64(f, "params_version", INT64_MAX); break;
    case ASSERT_HEIGHT_MAX: a->number = json_u64(f, "height", INT64_MAX); break;
    }
}

static enum status read_assert(struct builder *b, size_t index, const json_t *item,
                               struct tx_assert *assertion)
{
    struct json_fields fields = item_fields(b, item, "/asserts", index, "");
    unsigned kind = read_word(&fields, "kind", ASSERT_BALANCE, ASSERT_HEIGHT_MAX, assert_kind_word);
    *assertion = (struct tx_assert){ .kind = (enum assert_kind)kind };
    if (!fields.failed) read_assert_fields(b, &fields, assertion);
    return json_fields_done(&fields);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static enum status read_signed_by(struct builder *b, size_t index, const json_t *item,
                                  struct tx_signature *signature)
{
    struct json_fields fields = item_fields(b, item, "/signatures", index, "");
    json_hex(&fields, "public_key", signature->key.bytes, sizeof signature->key.bytes);
    json_hex(&fields, "signature", signature->signature.bytes, sizeof signature->signature.bytes);
    return json_fields_done(&fields);
}

static enum status read_order(struct builder *b, const json_t *order)
{
    if (!order) return STATUS_OK;
    struct json_fields fields = json_fields_of(order, "/order", b->problem);
    b->tx.order = ORDER_LANE;
    b->tx.lane = (uint32_t)json_u64(&fields, "lane", UINT32_MAX);
    b->tx.seq = json_u64(&fields, "seq", INT64_MAX);
    return json_fields_done(&fields);
}

/* The parts whose items have paths of their own; kept until the outer object is done. */
struct parts {
    const json_t *asserts, *operations, *signatures, *order;
};

static enum status read_head(struct builder *b, struct json_fields *fields, struct parts *parts)
{
    struct transaction *tx = &b->tx;
    if (json_member_optional(fields, "version") &&
        json_u64(fields, "version", UINT16_MAX) != TX_VERSION)
        json_fail(fields, "version", STATUS_UNSUPPORTED, "only version %d is known", TX_VERSION);
    json_hex(fields, "chain_id", tx->chain_id.bytes, sizeof tx->chain_id.bytes);
    read_account(fields, "source", &tx->source);
    json_hex(fields, "client_ref", tx->client_ref.bytes, sizeof tx->client_ref.bytes);
    if (json_member_optional(fields, "not_before"))
        tx->not_before_ms = json_time(fields, "not_before");
    tx->not_after_ms = json_time(fields, "not_after");
    read_hash_or_zero(fields, "memo_hash", &tx->memo_hash);
    if (json_member_optional(fields, "asserts"))
        parts->asserts = json_array_of(fields, "asserts", TX_ASSERTS_MAX);
    parts->operations = json_array_of(fields, "ops", TX_OPERATIONS_MAX);
    if (json_member_optional(fields, "signatures"))
        parts->signatures = json_array_of(fields, "signatures", TX_SIGNATURES_MAX);
    parts->order = json_member_optional(fields, "order");
    return fields->failed ? fields->status : STATUS_OK;
}

static enum status read_parts(struct builder *b, const struct parts *parts,
                              struct tx_signature *signatures, uint8_t *count)
{
    enum status status = read_order(b, parts->order);
    size_t asserts = json_array_size(parts->asserts);
    size_t operations = json_array_size(parts->operations);
    size_t signed_by = json_array_size(parts->signatures);
    for (size_t i = 0; i < asserts && status == STATUS_OK; i++)
        status = read_assert(b, i, json_array_get(parts->asserts, i), &b->tx.asserts[i]);
    for (size_t i = 0; i < operations && status == STATUS_OK; i++)
        status = read_operation(b, i, json_array_get(parts->operations, i), &b->tx.operations[i]);
    for (size_t i = 0; i < signed_by && status == STATUS_OK; i++)
        status = read_signed_by(b, i, json_array_get(parts->signatures, i), &signatures[i]);
    b->tx.assert_count = (uint8_t)asserts;
    b->tx.operation_count = (uint8_t)operations;
    *count = (uint8_t)signed_by;
    return status;
}

/* The writer judges what it has written; if a rule is broken, decoding it again says which. */
static enum status write_body(struct builder *b, struct writer *body)
{
    size_t before = body->buffer.size;
    struct refusal refusal = { 0 };
    transaction_write_body(body, &b->tx);
    enum status status = writer_status(body);
    if (status == STATUS_OK) return status;
    if (status != STATUS_INVALID)
        return problem_set(b->problem, status, "the body cannot be written: %s",
                           status_text(status));

    struct span written = span_of(body->buffer.data + before, body->buffer.size - before);
    (void)transaction_decode_body(written, &b->tx, &refusal);
    if (refusal.operation < TX_OPERATIONS_MAX)
        return problem_set(b->problem, status, "/ops/%u: %s", refusal.operation, refusal.detail);
    return problem_set(b->problem, status, "%s", refusal.detail);
}

static enum status check_stated(struct json_fields *fields, struct span body, uint8_t signatures)
{
    struct digest stated;
    struct digest txid = transaction_id(body);
    uint64_t size = body.size;
    if (signatures) size += 5 + (uint64_t)signatures * sizeof(struct tx_signature);
    if (json_member_optional(fields, "tx_id")) {
        json_hex(fields, "tx_id", stated.bytes, sizeof stated.bytes);
        if (!fields->failed && !digest_equal(&stated, &txid))
            json_fail(fields, "tx_id", STATUS_MISMATCH, "is not the id of these fields");
    }
    if (json_member_optional(fields, "size_bytes") &&
        json_u64(fields, "size_bytes", INT64_MAX) != size)
        json_fail(fields, "size_bytes", STATUS_MISMATCH, "is not the size of these fields");
    return json_fields_done(fields);
}

static enum status build(struct builder *b, const json_t *document, struct writer *body,
                         struct tx_signature *signatures, uint8_t *count)
{
    struct parts parts = { 0 };
    struct json_fields fields = json_fields_of(document, "", b->problem);
    size_t before = body->buffer.size;
    enum status status = read_head(b, &fields, &parts);
    if (status == STATUS_OK) status = read_parts(b, &parts, signatures, count);
    if (status == STATUS_OK) status = write_body(b, body);
    if (status != STATUS_OK) return status;
    struct span written = writer_span(body);
    return check_stated(&fields, span_of(written.data + before, written.size - before), *count);
}

enum status transaction_json_read(const json_t *document, struct writer *body,
                                  struct tx_signature *signatures, uint8_t *count,
                                  struct problem *problem)
{
    struct problem unused;
    struct builder *b = calloc(1, sizeof *b);
    if (!b) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    b->problem = problem ? problem : &unused;
    *count = 0;

    enum status status = build(b, document, body, signatures, count);
    for (size_t i = 0; i < b->owned_count; i++)
        free(b->owned[i]);
    free(b);
    return status;
}
