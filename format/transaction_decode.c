/* From bytes to a struct transaction: shape and every static rule, in the order of the bytes.
 *
 * Whatever is accepted here encodes to the same bytes again: every field is either kept whole or
 * has one allowed value. The first mistake ends the decoding; the reader's sticky error turns all
 * later reads into zeros, so that the functions below read like the tables of the format. */
#include "format/proposal.h"
#include "format/transaction.h"

#include <stdio.h>

enum { NO_OPERATION = 255 };

struct decoder {
    struct reader r;
    size_t base;        /* offset of the reader's bytes in the transaction */
    bool seen;          /* the bytes passed before: points are not looked at again */
    uint8_t operation;  /* index of the operation being read, or NO_OPERATION */
    size_t offset;      /* of the field that broke a rule */
    const char *detail; /* the rule; NULL if the bytes simply did not fit their lengths */
};

static struct decoder decoder_of(struct span bytes, size_t base)
{
    return (struct decoder){ .r = reader_of(bytes), .base = base, .operation = NO_OPERATION };
}

/* A static rule is broken by what stands in the last `width` bytes read. */
static void refuse(struct decoder *d, size_t width, const char *detail)
{
    if (reader_status(&d->r) != STATUS_OK) return;
    ASSERT(width <= d->r.offset);
    d->detail = detail;
    d->offset = d->r.offset - width;
    reader_fail(&d->r, STATUS_INVALID);
}

/* Nothing may be left when the last field is read. */
static void read_end(struct decoder *d)
{
    if (d->r.rest.size > 0) refuse(d, 0, "bytes are left over");
}

static bool failed(const struct decoder *d)
{
    return reader_status(&d->r) != STATUS_OK;
}

static enum status decoder_report(const struct decoder *d, struct refusal *refusal)
{
    if (!failed(d)) return STATUS_OK;
    if (!refusal) return STATUS_MALFORMED;
    const char *detail = d->detail                                  ? d->detail
                         : reader_status(&d->r) == STATUS_TOO_LARGE ? "a length is above its limit"
                                                                    : "ends too early";
    *refusal = (struct refusal){
        .code = REFUSAL_tx_malformed,
        .offset = (uint32_t)(d->base + (d->detail ? d->offset : d->r.offset)),
        .operation = d->operation,
    };
    (void)snprintf(refusal->detail, sizeof refusal->detail, "%s", detail);
    return STATUS_MALFORMED;
}

/* Numbers that are compared with positions, sequence numbers and heights of the ledger; these are
 * kept in signed 64-bit columns. */
static uint64_t read_number(struct decoder *d)
{
    uint64_t number = read_u64(&d->r);
    if (number > (uint64_t)INT64_MAX) refuse(d, 8, "number is not below 2^63");
    return number;
}

static uint64_t read_amount(struct decoder *d)
{
    uint64_t amount = read_u64(&d->r);
    if (amount == 0 || amount > TX_AMOUNT_MAX) refuse(d, 8, "amount is not 1 ... 2^63-1");
    return amount;
}

static uint64_t read_time(struct decoder *d)
{
    uint64_t time_ms = read_u64(&d->r);
    if (time_ms >= TX_TIME_LIMIT) refuse(d, 8, "time is not below 2^48");
    return time_ms;
}

static struct span read_kv_key(struct decoder *d)
{
    struct span key = read_bytes8(&d->r, TX_KEY_BYTES_MAX);
    if (key.size == 0) refuse(d, 1, "key is empty");
    return key;
}

/* count u8 | count x (key 32 | weight u8). Returns the sum of the weights. */
static uint32_t read_signer_list(struct decoder *d, struct signer_list *list)
{
    uint32_t sum = 0;
    struct public_key previous = { { 0 } };
    list->count = read_u8(&d->r);
    if (list->count == 0 || list->count > SIGNERS_MAX) refuse(d, 1, "not 1 ... 20 signers");
    list->bytes = (struct span){ d->r.rest.data, (size_t)list->count * SIGNER_BYTES };
    for (unsigned i = 0; i < list->count && !failed(d); i++) {
        struct public_key key;
        read_public_key(&d->r, &key);
        uint8_t weight = read_u8(&d->r);
        if (weight == 0) refuse(d, 1, "weight is 0");
        if (i > 0 && key_compare(&previous, &key) >= 0)
            refuse(d, SIGNER_BYTES, "keys are not in ascending order");
        if (!failed(d) && !d->seen && !key_valid(&key))
            refuse(d, SIGNER_BYTES, "not a valid public key");
        previous = key;
        sum += weight;
    }
    return sum;
}

static void check_thresholds(struct decoder *d, uint16_t low, uint16_t medium, uint16_t high,
                             uint32_t sum, size_t width)
{
    if (low == 0) refuse(d, width, "low threshold is 0");
    if (low > medium || medium > high) refuse(d, width, "thresholds fall");
    if (high > sum) refuse(d, width, "high threshold is above the sum of weights");
}

static void read_account_create(struct decoder *d, struct operation *operation)
{
    size_t start = d->r.offset;
    read_id(&d->r, &operation->account_create.id);
    operation->account_create.low = read_u16(&d->r);
    operation->account_create.medium = read_u16(&d->r);
    operation->account_create.high = read_u16(&d->r);
    read_digest(&d->r, &operation->account_create.metadata);
    uint32_t sum = read_signer_list(d, &operation->account_create.signers);
    check_thresholds(d, operation->account_create.low, operation->account_create.medium,
                     operation->account_create.high, sum, d->r.offset - start - sizeof(struct id));
}

static void read_account_set_signers(struct decoder *d, struct operation *operation)
{
    size_t start = d->r.offset;
    operation->account_set_signers.low = read_u16(&d->r);
    operation->account_set_signers.medium = read_u16(&d->r);
    operation->account_set_signers.high = read_u16(&d->r);
    uint32_t sum = read_signer_list(d, &operation->account_set_signers.signers);
    check_thresholds(d, operation->account_set_signers.low, operation->account_set_signers.medium,
                     operation->account_set_signers.high, sum, d->r.offset - start);
}

static void read_account_freeze(struct decoder *d, struct operation *operation)
{
    read_id(&d->r, &operation->account_freeze.account);
    uint8_t frozen = read_u8(&d->r);
    if (frozen > 1) refuse(d, 1, "frozen is neither 0 nor 1");
    operation->account_freeze.frozen = frozen == 1;
}

/* One to twelve of A-Z 0-9, then zeros. */
static bool asset_code_valid(const uint8_t code[12])
{
    size_t size = 0;
    while (size < 12 && code[size] != 0) {
        bool letter = code[size] >= 'A' && code[size] <= 'Z';
        bool digit = code[size] >= '0' && code[size] <= '9';
        if (!letter && !digit) return false;
        size++;
    }
    if (size == 0) return false;
    for (; size < 12; size++)
        if (code[size] != 0) return false;
    return true;
}

static void read_asset_create(struct decoder *d, struct operation *operation)
{
    struct span code = read_bytes(&d->r, sizeof operation->asset_create.code);
    if (failed(d)) return;
    memcpy(operation->asset_create.code, code.data, code.size);
    if (!asset_code_valid(operation->asset_create.code))
        refuse(d, code.size, "code is not 1 ... 12 of A-Z 0-9, zero-filled");
    operation->asset_create.scale = read_u8(&d->r);
    if (operation->asset_create.scale > TX_SCALE_MAX) refuse(d, 1, "scale is above 12");
    operation->asset_create.flags = read_u8(&d->r);
    if (operation->asset_create.flags != 0) refuse(d, 1, "flags are not 0");
    operation->asset_create.max_supply = read_amount(d);
    read_digest(&d->r, &operation->asset_create.metadata);
}

static void read_asset_mint(struct decoder *d, struct operation *operation)
{
    read_id(&d->r, &operation->asset_mint.asset);
    read_id(&d->r, &operation->asset_mint.to);
    operation->asset_mint.amount = read_amount(d);
}

static void read_asset_burn(struct decoder *d, struct operation *operation)
{
    read_id(&d->r, &operation->asset_burn.asset);
    operation->asset_burn.amount = read_amount(d);
}

static void read_transfer(struct decoder *d, struct operation *operation)
{
    read_id(&d->r, &operation->transfer.to);
    if (id_equal(&operation->actor, &operation->transfer.to))
        refuse(d, sizeof(struct id), "pays to itself");
    read_id(&d->r, &operation->transfer.asset);
    operation->transfer.amount = read_amount(d);
}

/* Its negative fits the same type: a line is counted as a positive number. */
static void read_set_floor(struct decoder *d, struct operation *operation)
{
    read_id(&d->r, &operation->balance_set_floor.asset);
    read_id(&d->r, &operation->balance_set_floor.account);
    operation->balance_set_floor.floor = read_i64(&d->r);
    if (operation->balance_set_floor.floor > 0 ||
        operation->balance_set_floor.floor < -(int64_t)TX_AMOUNT_MAX)
        refuse(d, 8, "floor is not -(2^63-1) ... 0");
}

static void read_hold_create(struct decoder *d, struct operation *operation)
{
    read_id(&d->r, &operation->hold_create.payee);
    if (id_equal(&operation->actor, &operation->hold_create.payee))
        refuse(d, sizeof(struct id), "pays to itself");
    read_id(&d->r, &operation->hold_create.asset);
    operation->hold_create.amount = read_amount(d);
    operation->hold_create.expires_ms = read_time(d);
    read_id(&d->r, &operation->hold_create.arbiter);
    read_id(&d->r, &operation->hold_create.group);
}

static void read_hold_post(struct decoder *d, struct operation *operation)
{
    read_id(&d->r, &operation->hold_post.hold);
    operation->hold_post.amount = read_amount(d);
}

/* Zeros stand for no group at all. */
static void read_hold_group(struct decoder *d, struct operation *operation)
{
    read_id(&d->r, &operation->hold_group.group);
    if (id_is_zero(&operation->hold_group.group)) refuse(d, sizeof(struct id), "names no group");
}

/* expect u8 | version u64: the version is 0 unless one is expected, and then it is not. */
static void read_expectation(struct decoder *d, uint8_t *expect, uint64_t *version)
{
    *expect = read_u8(&d->r);
    if (*expect > EXPECT_VERSION) refuse(d, 1, "unknown kind of expectation");
    *version = read_number(d);
    if ((*expect == EXPECT_VERSION) != (*version != 0))
        refuse(d, 8, "a version stands exactly where one is expected");
}

static void read_kv_put(struct decoder *d, struct operation *operation)
{
    operation->kv_put.key = read_kv_key(d);
    read_expectation(d, &operation->kv_put.expect, &operation->kv_put.version);
    operation->kv_put.value = read_bytes32(&d->r, TX_BYTES_LIMIT);
}

static void read_kv_delete(struct decoder *d, struct operation *operation)
{
    operation->kv_delete.key = read_kv_key(d);
    read_expectation(d, &operation->kv_delete.expect, &operation->kv_delete.version);
    if (operation->kv_delete.expect == EXPECT_ABSENT)
        refuse(d, 9, "a deletion cannot expect absence");
}

/* u8 count | actions. What an action does is judged at execution; its shape is judged here. */
static void read_actions(struct decoder *d, struct operation *operation)
{
    uint8_t count = read_u8(&d->r);
    if (count == 0 || count > ACTIONS_MAX) refuse(d, 1, "not 1 ... 10 actions");
    const uint8_t *start = d->r.rest.data;
    size_t before = d->r.offset;
    struct action_reader actions = { .r = &d->r, .seen = d->seen };
    for (unsigned i = 0; i < count && !failed(d); i++) {
        struct action action;
        action_reader_next(&actions, &action);
    }
    if (actions.detail) {
        d->detail = actions.detail;
        d->offset = actions.offset;
    }
    operation->gov_propose.action_count = count;
    operation->gov_propose.actions = (struct span){ start, d->r.offset - before };
}

static void read_gov_propose(struct decoder *d, struct operation *operation)
{
    read_digest(&d->r, &operation->gov_propose.rationale);
    operation->gov_propose.expects_params_version = read_number(d);
    operation->gov_propose.deadline_ms = read_time(d);
    operation->gov_propose.activate_ms = read_time(d);
    read_actions(d, operation);
}

static void read_gov_ballot(struct decoder *d, struct operation *operation)
{
    operation->gov_ballot.proposal = read_number(d);
    operation->gov_ballot.vote = read_u8(&d->r);
    if (operation->gov_ballot.vote < VOTE_YES || operation->gov_ballot.vote > VOTE_ABSTAIN)
        refuse(d, 1, "vote is not yes, no or abstain");
}

static void read_operation(struct decoder *d, struct operation *operation)
{
    *operation = (struct operation){ .code = read_u16(&d->r) };
    if (failed(d)) return;
    if (strcmp(operation_name((uint16_t)operation->code), "unknown") == 0)
        refuse(d, 2, "unknown operation");
    read_id(&d->r, &operation->actor);
    if (failed(d)) return;
    switch (operation->code) {
    case OP_ACCOUNT_CREATE: read_account_create(d, operation); break;
    case OP_ACCOUNT_SET_SIGNERS: read_account_set_signers(d, operation); break;
    case OP_ACCOUNT_FREEZE: read_account_freeze(d, operation); break;
    case OP_ASSET_CREATE: read_asset_create(d, operation); break;
    case OP_ASSET_MINT: read_asset_mint(d, operation); break;
    case OP_ASSET_BURN: read_asset_burn(d, operation); break;
    case OP_BALANCE_SET_FLOOR: read_set_floor(d, operation); break;
    case OP_TRANSFER: read_transfer(d, operation); break;
    case OP_HOLD_CREATE: read_hold_create(d, operation); break;
    case OP_HOLD_POST: read_hold_post(d, operation); break;
    case OP_HOLD_VOID: read_id(&d->r, &operation->hold_void.hold); break;
    case OP_HOLD_POST_GROUP:
    case OP_HOLD_VOID_GROUP: read_hold_group(d, operation); break;
    case OP_KV_PUT: read_kv_put(d, operation); break;
    case OP_KV_DELETE: read_kv_delete(d, operation); break;
    case OP_GOV_PROPOSE: read_gov_propose(d, operation); break;
    case OP_GOV_BALLOT: read_gov_ballot(d, operation); break;
    }
}

static void read_assert_balance(struct decoder *d, struct tx_assert *assertion)
{
    read_id(&d->r, &assertion->asset);
    assertion->field = read_u8(&d->r);
    if (assertion->field != FIELD_POSTED && assertion->field != FIELD_AVAILABLE)
        refuse(d, 1, "unknown field of a balance");
    assertion->relation = read_u8(&d->r);
    if (assertion->relation < RELATION_EQUAL || assertion->relation > RELATION_MOST)
        refuse(d, 1, "unknown relation");
    assertion->amount = read_i64(&d->r);
}

/* The account, the owner of the key or, for the last two kinds, nothing comes first. */
static void read_assert(struct decoder *d, struct tx_assert *assertion)
{
    *assertion = (struct tx_assert){ .kind = read_u8(&d->r) };
    if (failed(d)) return;
    if (assertion->kind < ASSERT_BALANCE || assertion->kind > ASSERT_HEIGHT_MAX) {
        refuse(d, 1, "unknown kind of assert");
        return;
    }
    if (assertion->kind <= ASSERT_ACCOUNT_VERSION) read_id(&d->r, &assertion->account);
    switch (assertion->kind) {
    case ASSERT_BALANCE: read_assert_balance(d, assertion); break;
    case ASSERT_BALANCE_SEQ:
        read_id(&d->r, &assertion->asset);
        assertion->number = read_number(d);
        break;
    case ASSERT_KV_VERSION:
        assertion->key = read_kv_key(d);
        assertion->number = read_number(d);
        break;
    case ASSERT_KV_VALUE:
        assertion->key = read_kv_key(d);
        read_digest(&d->r, &assertion->value_hash);
        break;
    case ASSERT_ACCOUNT_VERSION:
    case ASSERT_PARAMS_VERSION:
    case ASSERT_HEIGHT_MAX: assertion->number = read_number(d); break;
    }
}

/* order u8 | lane u32 | seq u64: a place in a lane, or zeros. */
static void read_order(struct decoder *d, struct transaction *tx)
{
    tx->order = read_u8(&d->r);
    if (tx->order != ORDER_NONE && tx->order != ORDER_LANE) refuse(d, 1, "unknown kind of order");
    tx->lane = read_u32(&d->r);
    if (tx->order == ORDER_NONE && tx->lane != 0) refuse(d, 4, "a lane without lane order");
    tx->seq = read_number(d);
    if (tx->order == ORDER_NONE && tx->seq != 0) refuse(d, 8, "a number without lane order");
    if (tx->order == ORDER_LANE && tx->seq == 0) refuse(d, 8, "numbers of a lane begin with 1");
}

static void read_head(struct decoder *d, struct transaction *tx)
{
    if (read_u16(&d->r) != TX_VERSION) refuse(d, d->r.offset, "unknown version");
    read_digest(&d->r, &tx->chain_id);
    read_id(&d->r, &tx->source);
    read_id(&d->r, &tx->client_ref);
    tx->not_before_ms = read_time(d);
    tx->not_after_ms = read_time(d);
    read_order(d, tx);
    read_digest(&d->r, &tx->memo_hash);
}

static void read_body(struct decoder *d, struct transaction *tx)
{
    tx->signature_count = 0;
    read_head(d, tx);
    tx->assert_count = read_u8(&d->r);
    if (tx->assert_count > TX_ASSERTS_MAX) refuse(d, 1, "more than 16 asserts");
    for (unsigned i = 0; i < tx->assert_count && !failed(d); i++)
        read_assert(d, &tx->asserts[i]);
    tx->operation_count = read_u8(&d->r);
    if (tx->operation_count == 0 || tx->operation_count > TX_OPERATIONS_MAX)
        refuse(d, 1, "not 1 ... 100 operations");
    for (unsigned i = 0; i < tx->operation_count && !failed(d); i++) {
        d->operation = (uint8_t)i;
        read_operation(d, &tx->operations[i]);
    }
    if (failed(d)) return;
    d->operation = NO_OPERATION;
    read_end(d);
}

enum status transaction_decode_body(struct span body, struct transaction *tx,
                                    struct refusal *refusal)
{
    struct decoder d = decoder_of(body, 0);
    tx->bytes = (struct span){ NULL, 0 };
    tx->body = body;
    read_body(&d, tx);
    if (failed(&d)) return decoder_report(&d, refusal);
    tx->txid = transaction_id(body);
    tx->signed_hash = (struct digest){ { 0 } };
    return STATUS_OK;
}

static void read_signatures(struct decoder *d, struct transaction *tx)
{
    uint8_t count = read_u8(&d->r);
    if (count == 0 || count > TX_SIGNATURES_MAX) refuse(d, 1, "not 1 ... 32 signatures");
    for (unsigned i = 0; i < count && !failed(d); i++) {
        struct tx_signature *signature = &tx->signatures[i];
        read_public_key(&d->r, &signature->key);
        read_signature(&d->r, &signature->signature);
        if (i > 0 && key_compare(&tx->signatures[i - 1].key, &signature->key) >= 0)
            refuse(d, TX_SIGNATURE_BYTES, "signatures are not in ascending order of keys");
    }
    tx->signature_count = count;
    read_end(d);
}

static enum status decode(struct span bytes, bool seen, struct transaction *tx,
                          struct refusal *refusal)
{
    struct decoder d = decoder_of(bytes, 0);
    tx->bytes = bytes;
    tx->body = read_bytes32(&d.r, TX_BYTES_LIMIT);
    if (failed(&d)) return decoder_report(&d, refusal);

    struct decoder inner = decoder_of(tx->body, 4);
    inner.seen = seen;
    read_body(&inner, tx);
    if (failed(&inner)) return decoder_report(&inner, refusal);

    read_signatures(&d, tx);
    if (failed(&d)) return decoder_report(&d, refusal);

    tx->txid = transaction_id(tx->body);
    tx->signed_hash = digest_of(TAG_SIGNED_TRANSACTION, bytes);
    return STATUS_OK;
}

enum status transaction_decode(struct span bytes, struct transaction *tx, struct refusal *refusal)
{
    return decode(bytes, false, tx, refusal);
}

enum status transaction_decode_again(struct span bytes, struct transaction *tx)
{
    return decode(bytes, true, tx, NULL);
}
