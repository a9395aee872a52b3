/* tests/tools/make_ledger_vectors.c -- writes the vectors of the ledger's byte formats.
 *
 *     transaction  transaction_refused  admission_order  batch  header  seal
 *
 * Everything is made from fixed seeds, so a second run gives the same files. A changed file is a
 * changed format: it wants a version, a line in the changelog and a look at tests/reference, which
 * has to agree without having been generated from the same code.
 *
 *     cc -std=c17 -D_GNU_SOURCE -I. -o build/make_ledger_vectors tests/tools/make_ledger_vectors.c
 * \
 *         build/debug/libwitan_ledger.a build/debug/libwitan_genesis.a \
 *         build/debug/libwitan_consensus.a build/debug/libwitan_crypto.a \
 *         -ljansson -lsqlite3 -lsodium -lcrypto -lssl
 *     build/make_ledger_vectors tests/vectors
 */
#include "tests/unit/format/fields.h"
#include "tests/unit/format/samples.h"

#include "crypto/signer.h"

static const char *folder;

static void save(const char *name, json_t *vectors)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s.json", folder, name);
    int failed = json_dump_file(vectors, path, JSON_INDENT(1));
    ASSERT(failed == 0);
    FILE *file = fopen(path, "a");
    ASSERT(file != NULL);
    (void)fputc('\n', file);
    (void)fclose(file);
    json_decref(vectors);
}

static json_t *named(const char *name)
{
    json_t *vector = json_object();
    json_object_set_new(vector, "name", json_string(name));
    return vector;
}

/* ---- transactions ---- */

/* What the cases below borrow from. */
static uint8_t signer_bytes[20 * SIGNER_BYTES];
static const uint8_t key_bytes[TX_KEY_BYTES_MAX] = { 'x' };
static const uint8_t value_bytes[300] = { '5' };
static struct transaction tx; /* too large for a stack */

static struct operation *only_operation(enum operation_code code)
{
    sample_transfer(&tx, 7, 7500);
    tx.operations[0] = (struct operation){ .code = code, .actor = tx.source };
    return &tx.operations[0];
}

static void add_signed(json_t *vectors, const char *name, uint64_t first_key, uint8_t keys)
{
    struct writer w;
    sample_sign(&w, &tx, first_key, keys);
    static struct transaction decoded;
    enum status status = transaction_decode(writer_span(&w), &decoded, NULL);
    ASSERT(status == STATUS_OK);

    json_t *vector = named(name);
    json_object_set_new(vector, "fields", transaction_to_json(&tx));
    json_t *seeds = json_array();
    for (uint64_t i = 0; i < keys; i++) {
        char text[65];
        struct sample_key key = sample_key(first_key + i);
        hex_encode(digest_span(&key.seed), text);
        json_array_append_new(seeds, json_string(text));
    }
    json_object_set_new(vector, "seeds", seeds);
    put_span(vector, "body", decoded.body);
    put_hex(vector, "txid", &decoded.txid, 32);
    put_span(vector, "bytes", writer_span(&w));
    put_hex(vector, "signed_hash", &decoded.signed_hash, 32);
    json_array_append_new(vectors, vector);
    writer_free(&w);
}

static void add_accounts(json_t *vectors)
{
    struct operation *operation = only_operation(OP_ACCOUNT_CREATE);
    operation->account_create.id = sample_id("account", 3);
    operation->account_create.low = 1;
    operation->account_create.medium = 2;
    operation->account_create.high = 3;
    operation->account_create.metadata = sample_digest("metadata", 3);
    sample_signers(signer_bytes, &operation->account_create.signers, 20, 3, 1);
    add_signed(vectors, "account.create", 1, 1);

    operation = only_operation(OP_ACCOUNT_SET_SIGNERS);
    operation->account_set_signers.low = 255;
    operation->account_set_signers.medium = 255 * 19;
    operation->account_set_signers.high = 255 * 20;
    sample_signers(signer_bytes, &operation->account_set_signers.signers, 20, 20, 255);
    add_signed(vectors, "account.set_signers with as many signers as there can be", 1, 2);

    operation = only_operation(OP_ACCOUNT_FREEZE);
    operation->account_freeze.account = sample_id("account", 3);
    operation->account_freeze.frozen = true;
    add_signed(vectors, "account.freeze", 1, 1);
    operation->account_freeze.frozen = false;
    add_signed(vectors, "account.freeze releases", 1, 1);
}

static void add_assets(json_t *vectors)
{
    struct operation *operation = only_operation(OP_ASSET_CREATE);
    memcpy(operation->asset_create.code, "EUR", 3);
    operation->asset_create.scale = 2;
    operation->asset_create.max_supply = TX_AMOUNT_MAX;
    operation->asset_create.metadata = sample_digest("metadata", 1);
    add_signed(vectors, "asset.create", 1, 1);
    memcpy(operation->asset_create.code, "ABCXYZ012789", 12);
    operation->asset_create.scale = 12;
    operation->asset_create.max_supply = 1;
    add_signed(vectors, "asset.create with the longest code and scale", 1, 1);

    operation = only_operation(OP_ASSET_MINT);
    operation->asset_mint.asset = sample_id("asset", 1);
    operation->asset_mint.to = sample_id("account", 2);
    operation->asset_mint.amount = TX_AMOUNT_MAX;
    add_signed(vectors, "asset.mint of the largest amount", 1, 1);

    operation = only_operation(OP_ASSET_BURN);
    operation->asset_burn.asset = sample_id("asset", 1);
    operation->asset_burn.amount = 1;
    add_signed(vectors, "asset.burn of the smallest amount", 1, 1);
}

static void add_records(json_t *vectors)
{
    struct operation *operation = only_operation(OP_KV_PUT);
    operation->kv_put.key = span_of(key_bytes, 1);
    operation->kv_put.value = span_of(value_bytes, 1);
    add_signed(vectors, "kv.put, whatever is there", 1, 1);
    operation->kv_put.expect = EXPECT_ABSENT;
    operation->kv_put.value = span_of(value_bytes, 0);
    add_signed(vectors, "kv.put of an empty value where nothing is", 1, 1);
    operation->kv_put.expect = EXPECT_VERSION;
    operation->kv_put.version = position_of(1042, 3, 0);
    operation->kv_put.key = span_of(key_bytes, sizeof key_bytes);
    operation->kv_put.value = span_of(value_bytes, sizeof value_bytes);
    add_signed(vectors, "kv.put with the longest key over an expected version", 1, 1);

    operation = only_operation(OP_KV_DELETE);
    operation->kv_delete.key = span_of(key_bytes, 2);
    add_signed(vectors, "kv.delete, whatever is there", 1, 1);
    operation->kv_delete.expect = EXPECT_VERSION;
    operation->kv_delete.version = (uint64_t)INT64_MAX;
    add_signed(vectors, "kv.delete of an expected version", 1, 1);
}

static uint8_t action_bytes[ACTIONS_MAX * ACTION_BYTES_MAX];

static struct operation *proposal_of(const struct action *actions, uint8_t count)
{
    struct operation *operation = only_operation(OP_GOV_PROPOSE);
    struct writer w;
    writer_init_fixed(&w, action_bytes, sizeof action_bytes);
    for (unsigned i = 0; i < count; i++)
        action_write(&w, &actions[i]);
    operation->gov_propose.expects_params_version = 1;
    operation->gov_propose.deadline_ms = 1796202000000;
    operation->gov_propose.action_count = count;
    operation->gov_propose.actions = writer_span(&w);
    return operation;
}

static struct operation *proposal_of_kind(enum action_kind kind)
{
    struct action action = sample_action(kind);
    return proposal_of(&action, 1);
}

static void add_governance(json_t *vectors)
{
    for (unsigned kind = ACTION_PARAMS_SET; kind <= ACTION_ENGINE_PARAMS; kind++) {
        char name[64];
        (void)snprintf(name, sizeof name, "gov.propose: %s", action_name((uint8_t)kind));
        (void)proposal_of_kind((enum action_kind)kind);
        add_signed(vectors, name, 1, 1);
    }
    struct operation *operation = only_operation(OP_GOV_PROPOSE);
    operation->gov_propose.rationale = sample_digest("rationale", 1);
    operation->gov_propose.expects_params_version = (uint64_t)INT64_MAX;
    operation->gov_propose.deadline_ms = TX_TIME_LIMIT - 1;
    operation->gov_propose.activate_ms = TX_TIME_LIMIT - 1;
    sample_actions(action_bytes, sizeof action_bytes, &operation->gov_propose.actions,
                   &operation->gov_propose.action_count);
    add_signed(vectors, "gov.propose: as many actions as there can be, the last times", 1, 2);

    struct action longest = sample_action(ACTION_VALIDATOR_ADD);
    memset(longest.validator_add.endpoint, 'a', 249);
    memcpy(longest.validator_add.endpoint + 249, ":65535", sizeof ":65535");
    (void)proposal_of(&longest, 1);
    add_signed(vectors, "gov.propose: the longest endpoint", 1, 1);

    operation = only_operation(OP_GOV_BALLOT);
    for (uint8_t vote = VOTE_YES; vote <= VOTE_ABSTAIN; vote++) {
        char name[64];
        (void)snprintf(name, sizeof name, "gov.ballot: %s", vote_name(vote));
        operation->gov_ballot.proposal = vote == VOTE_ABSTAIN ? (uint64_t)INT64_MAX : vote;
        operation->gov_ballot.vote = vote;
        add_signed(vectors, name, 1, 1);
    }
}

static void add_holds(json_t *vectors)
{
    struct operation *operation = only_operation(OP_BALANCE_SET_FLOOR);
    operation->balance_set_floor.asset = sample_id("asset", 1);
    operation->balance_set_floor.account = sample_id("account", 2);
    add_signed(vectors, "balance.set_floor: none", 1, 1);
    operation->balance_set_floor.floor = -(int64_t)TX_AMOUNT_MAX;
    add_signed(vectors, "balance.set_floor: the lowest", 1, 1);

    operation = only_operation(OP_HOLD_CREATE);
    operation->hold_create.payee = sample_id("account", 2);
    operation->hold_create.asset = sample_id("asset", 1);
    operation->hold_create.amount = 7500;
    operation->hold_create.expires_ms = 1796116000000;
    operation->hold_create.arbiter = sample_id("account", 3);
    add_signed(vectors, "hold.create", 1, 1);
    operation->hold_create.amount = TX_AMOUNT_MAX;
    operation->hold_create.expires_ms = TX_TIME_LIMIT - 1;
    operation->hold_create.arbiter = operation->actor;
    operation->hold_create.group = sample_id("group", 1);
    add_signed(vectors, "hold.create: of a group, the last time, its payer as arbiter", 1, 1);

    operation = only_operation(OP_HOLD_POST);
    operation->hold_post.hold = sample_id("hold", 1);
    operation->hold_post.amount = 1;
    add_signed(vectors, "hold.post", 1, 1);
    only_operation(OP_HOLD_VOID)->hold_void.hold = sample_id("hold", 1);
    add_signed(vectors, "hold.void", 1, 1);
    only_operation(OP_HOLD_POST_GROUP)->hold_group.group = sample_id("group", 1);
    add_signed(vectors, "hold.post_group", 1, 1);
    only_operation(OP_HOLD_VOID_GROUP)->hold_group.group = sample_id("group", 1);
    add_signed(vectors, "hold.void_group", 1, 1);
}

static void fill_asserts(void)
{
    sample_transfer(&tx, 8, 7500);
    struct tx_assert all[] = {
        { .kind = ASSERT_BALANCE,
          .asset = sample_id("asset", 1),
          .field = FIELD_AVAILABLE,
          .relation = RELATION_LEAST,
          .amount = 7500 },
        { .kind = ASSERT_BALANCE,
          .asset = sample_id("asset", 1),
          .field = FIELD_POSTED,
          .relation = RELATION_MOST,
          .amount = INT64_MIN },
        { .kind = ASSERT_BALANCE,
          .asset = sample_id("asset", 1),
          .field = FIELD_POSTED,
          .relation = RELATION_EQUAL,
          .amount = INT64_MAX },
        { .kind = ASSERT_BALANCE_SEQ, .asset = sample_id("asset", 1), .number = 7 },
        { .kind = ASSERT_KV_VERSION, .key = span_of(key_bytes, 1), .number = 0 },
        { .kind = ASSERT_KV_VALUE,
          .key = span_of(key_bytes, sizeof key_bytes),
          .value_hash = sample_digest("value", 1) },
        { .kind = ASSERT_ACCOUNT_VERSION, .number = position_of(12, 0, 1) },
        { .kind = ASSERT_PARAMS_VERSION, .number = 1 },
        { .kind = ASSERT_HEIGHT_MAX, .number = (uint64_t)INT64_MAX },
    };
    tx.assert_count = sizeof all / sizeof all[0];
    for (size_t i = 0; i < tx.assert_count; i++) {
        tx.asserts[i] = all[i];
        if (all[i].kind <= ASSERT_ACCOUNT_VERSION) tx.asserts[i].account = tx.source;
    }
}

static void fill_to_the_limits(void)
{
    sample_transfer(&tx, 9, 1);
    tx.assert_count = TX_ASSERTS_MAX;
    for (size_t i = 0; i < tx.assert_count; i++)
        tx.asserts[i] = (struct tx_assert){ .kind = ASSERT_HEIGHT_MAX, .number = i };
    tx.operation_count = TX_OPERATIONS_MAX;
    for (size_t i = 0; i < tx.operation_count; i++) {
        tx.operations[i] = tx.operations[0];
        tx.operations[i].transfer.to = sample_id("account", 100 + i);
        tx.operations[i].transfer.amount = 1 + i;
    }
}

static void make_transactions(void)
{
    json_t *vectors = json_array();
    sample_transfer(&tx, 1, 7500);
    add_signed(vectors, "one transfer", 1, 1);
    tx.not_before_ms = tx.not_after_ms;
    tx.not_after_ms = TX_TIME_LIMIT - 1;
    tx.memo_hash = sample_digest("memo", 1);
    add_signed(vectors, "the last time, a memo, three signatures", 1, 3);
    tx.order = ORDER_LANE;
    tx.lane = UINT32_MAX;
    tx.seq = (uint64_t)INT64_MAX;
    add_signed(vectors, "the last number of the last lane", 1, 1);
    tx.lane = 0;
    tx.seq = 1;
    add_signed(vectors, "the first number of the first lane", 1, 1);
    add_accounts(vectors);
    add_assets(vectors);
    add_records(vectors);
    add_governance(vectors);
    add_holds(vectors);
    fill_asserts();
    add_signed(vectors, "every kind of assert", 1, 1);
    fill_to_the_limits();
    add_signed(vectors, "as many asserts, operations and signatures as there can be", 1,
               TX_SIGNATURES_MAX);
    save("transaction", vectors);
}

/* ---- transactions that are refused ---- */

/* Offsets in a transaction, that is 4 more than in its body. */
enum {
    AT_VERSION = 4,
    AT_NOT_BEFORE = 4 + 66,
    AT_NOT_AFTER = 4 + 74,
    AT_ORDER = 4 + 82,
    AT_LANE = 4 + 83,
    AT_SEQ = 4 + 87,
    AT_ASSERT_COUNT = 4 + 127,
    AT_OP_COUNT = 4 + 128, /* without asserts */
    AT_OP = 4 + 129,
    AT_ACTOR = AT_OP + 2,
    AT_FIELDS = AT_OP + 18,
};

static struct writer good; /* the transaction that the cases alter */

static void base(void)
{
    writer_free(&good);
    sample_sign(&good, &tx, 1, 2);
}

static void add_refused_bytes(json_t *vectors, const char *name, struct span bytes)
{
    static struct transaction decoded;
    struct refusal refusal;
    enum status status = transaction_decode(bytes, &decoded, &refusal);
    if (status != STATUS_MALFORMED) (void)fprintf(stderr, "not refused: %s\n", name);
    ASSERT(status == STATUS_MALFORMED);
    json_t *vector = named(name);
    put_span(vector, "bytes", bytes);
    json_object_set_new(vector, "code", json_string(refusal_name(refusal.code)));
    put_number(vector, "offset", refusal.offset);
    put_number(vector, "operation", refusal.operation);
    json_object_set_new(vector, "detail", json_string(refusal.detail));
    json_array_append_new(vectors, vector);
}

/* The good bytes with `hex` written over them at offset. */
static void add_altered(json_t *vectors, const char *name, size_t offset, const char *hex)
{
    struct span span = writer_span(&good);
    uint8_t *bytes = malloc(span.size);
    ASSERT(bytes != NULL);
    memcpy(bytes, span.data, span.size);
    size_t size = strlen(hex) / 2;
    ASSERT(offset + size <= span.size);
    bool decoded = hex_decode(hex, 2 * size, bytes + offset, size);
    ASSERT(decoded);
    add_refused_bytes(vectors, name, span_of(bytes, span.size));
    free(bytes);
}

static void refuse_head(json_t *vectors)
{
    sample_transfer(&tx, 1, 7500);
    base();
    struct span bytes = writer_span(&good);
    add_refused_bytes(vectors, "nothing", span_of(bytes.data, 0));
    add_refused_bytes(vectors, "one byte short", span_of(bytes.data, bytes.size - 1));
    add_refused_bytes(vectors, "without signatures", span_of(bytes.data, bytes.size - 2 * 96 - 1));
    add_altered(vectors, "body longer than the bytes", 0, "ffffffff");
    add_altered(vectors, "body one byte shorter than its content", 0, "ba000000");
    add_altered(vectors, "body one byte longer than its content", 0, "bc000000");
    add_altered(vectors, "version 0", AT_VERSION, "0000");
    add_altered(vectors, "version 2", AT_VERSION, "0200");
    add_altered(vectors, "not_before beyond 48 bits", AT_NOT_BEFORE, "0000000000000100");
    add_altered(vectors, "not_after beyond 48 bits", AT_NOT_AFTER, "0000000000000100");
    add_altered(vectors, "unknown order", AT_ORDER, "02");
    add_altered(vectors, "lane without order", AT_LANE, "01000000");
    add_altered(vectors, "number without order", AT_SEQ, "0100000000000000");
    add_altered(vectors, "number 0 of a lane", AT_ORDER, "01");
    add_altered(vectors, "number of a lane beyond 63 bits", AT_ORDER, "01000000000000000000000080");
    add_altered(vectors, "17 asserts", AT_ASSERT_COUNT, "11");
    add_altered(vectors, "an assert that is not there", AT_ASSERT_COUNT, "01");
    add_altered(vectors, "no operation", AT_OP_COUNT, "00");
    add_altered(vectors, "101 operations", AT_OP_COUNT, "65");
    add_altered(vectors, "an operation that is not there", AT_OP_COUNT, "02");
    add_altered(vectors, "no signature", bytes.size - 2 * 96 - 1, "00");
    add_altered(vectors, "33 signatures", bytes.size - 2 * 96 - 1, "21");
    add_altered(vectors, "one signature more than is said", bytes.size - 2 * 96 - 1, "01");
    add_altered(vectors, "one signature fewer than is said", bytes.size - 2 * 96 - 1, "03");
    char key[65];
    hex_encode(span_of(bytes.data + bytes.size - 96, 32), key);
    add_altered(vectors, "the same key twice", bytes.size - 2 * 96, key);
    add_altered(vectors, "keys not in order", bytes.size - 96,
                "0000000000000000000000000000000000000000000000000000000000000000");
}

static void refuse_trailing(json_t *vectors)
{
    struct span bytes = writer_span(&good);
    uint8_t *longer = malloc(bytes.size + 1);
    ASSERT(longer != NULL);
    memcpy(longer, bytes.data, bytes.size);
    longer[bytes.size] = 0;
    add_refused_bytes(vectors, "a byte behind the end", span_of(longer, bytes.size + 1));
    free(longer);
}

static void refuse_operations(json_t *vectors)
{
    add_altered(vectors, "unknown operation 0", AT_OP, "0000");
    add_altered(vectors, "operation account.close, which is not built", AT_OP, "0501");
    add_altered(vectors, "operation hold.create_locked, which is not built", AT_OP, "0404");
    add_altered(vectors, "operation hold.post_locked, which is not built", AT_OP, "0504");
    add_altered(vectors, "operation gov.withdraw, which is not built", AT_OP, "0306");
    add_altered(vectors, "the code of another operation", AT_OP, "0302");
    add_altered(vectors, "transfer of nothing", AT_FIELDS + 32, "0000000000000000");
    add_altered(vectors, "transfer of 2^63", AT_FIELDS + 32, "0000000000000080");
    char account[33];
    hex_encode(span_of(tx.source.bytes, 16), account);
    add_altered(vectors, "transfer to itself", AT_FIELDS, account);

    struct operation *operation = only_operation(OP_ASSET_MINT);
    operation->asset_mint.amount = 1;
    base();
    add_altered(vectors, "mint of nothing", AT_FIELDS + 32, "0000000000000000");
    add_altered(vectors, "mint of 2^63", AT_FIELDS + 32, "0000000000000080");
    operation = only_operation(OP_ASSET_BURN);
    operation->asset_burn.amount = 1;
    base();
    add_altered(vectors, "burn of nothing", AT_FIELDS + 16, "0000000000000000");
    add_altered(vectors, "burn of 2^63", AT_FIELDS + 16, "0000000000000080");
    (void)only_operation(OP_ACCOUNT_FREEZE);
    base();
    add_altered(vectors, "frozen is 2", AT_FIELDS + 16, "02");

    operation = only_operation(OP_ASSET_CREATE);
    memcpy(operation->asset_create.code, "EUR", 3);
    operation->asset_create.max_supply = 100;
    base();
    add_altered(vectors, "empty code", AT_FIELDS, "000000");
    add_altered(vectors, "lower-case code", AT_FIELDS, "657572");
    add_altered(vectors, "code with a space", AT_FIELDS, "455520");
    add_altered(vectors, "code with a gap", AT_FIELDS, "45550052");
    add_altered(vectors, "code behind zeros", AT_FIELDS, "000000000000000000415252");
    add_altered(vectors, "scale 13", AT_FIELDS + 12, "0d");
    add_altered(vectors, "asset flags", AT_FIELDS + 13, "01");
    add_altered(vectors, "max_supply 0", AT_FIELDS + 14, "0000000000000000");
    add_altered(vectors, "max_supply 2^63", AT_FIELDS + 14, "0000000000000080");
}

static void refuse_holds(json_t *vectors)
{
    struct operation *operation = only_operation(OP_BALANCE_SET_FLOOR);
    base();
    add_altered(vectors, "floor of 1", AT_FIELDS + 32, "0100000000000000");
    add_altered(vectors, "floor of -2^63", AT_FIELDS + 32, "0000000000000080");

    operation = only_operation(OP_HOLD_CREATE);
    operation->hold_create.payee = sample_id("account", 2);
    operation->hold_create.amount = 1;
    base();
    char account[33];
    hex_encode(span_of(operation->actor.bytes, 16), account);
    add_altered(vectors, "hold for its payer", AT_FIELDS, account);
    add_altered(vectors, "hold of nothing", AT_FIELDS + 32, "0000000000000000");
    add_altered(vectors, "hold of 2^63", AT_FIELDS + 32, "0000000000000080");
    add_altered(vectors, "expires beyond 48 bits", AT_FIELDS + 40, "0000000000000100");

    only_operation(OP_HOLD_POST)->hold_post.amount = 1;
    base();
    add_altered(vectors, "post of nothing", AT_FIELDS + 16, "0000000000000000");
    add_altered(vectors, "post of 2^63", AT_FIELDS + 16, "0000000000000080");

    const char *none = "00000000000000000000000000000000";
    only_operation(OP_HOLD_POST_GROUP)->hold_group.group = sample_id("group", 1);
    base();
    add_altered(vectors, "post of no group", AT_FIELDS, none);
    only_operation(OP_HOLD_VOID_GROUP)->hold_group.group = sample_id("group", 1);
    base();
    add_altered(vectors, "void of no group", AT_FIELDS, none);
}

/* The points that must not be registered: off the curve, of small order, with a torsion part, and
 * not canonical. */
static const char *const bad_points[][2] = {
    { "off the curve", "0200000000000000000000000000000000000000000000000000000000000000" },
    { "the neutral element", "0100000000000000000000000000000000000000000000000000000000000000" },
    { "of order 4", "0000000000000000000000000000000000000000000000000000000000000000" },
    { "of order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05" },
    { "with a torsion part", "b502ff3d92e31d8190b4aa4ea0414005167fad089c4de9dac8a2fc850fed4f58" },
    { "not canonical", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f" },
};

static void refuse_signers(json_t *vectors)
{
    struct operation *operation = only_operation(OP_ACCOUNT_CREATE);
    operation->account_create.id = sample_id("account", 3);
    operation->account_create.low = 1;
    operation->account_create.medium = 2;
    operation->account_create.high = 4;
    sample_signers(signer_bytes, &operation->account_create.signers, 20, 2, 2);
    base();
    size_t thresholds = AT_FIELDS + 16;
    size_t count = AT_FIELDS + 16 + 6 + 32;
    add_altered(vectors, "create: low 0", thresholds, "0000");
    add_altered(vectors, "create: low above medium", thresholds, "0300");
    add_altered(vectors, "create: medium above high", thresholds + 2, "0500");
    add_altered(vectors, "create: high above the sum", thresholds + 4, "0500");
    add_altered(vectors, "create: no signer", count, "00");
    add_altered(vectors, "create: 21 signers", count, "15");
    add_altered(vectors, "create: one signer fewer than is there", count, "01");
    add_altered(vectors, "create: weight 0", count + 1 + 32, "00");
    char key[65];
    hex_encode(span_of(signer_bytes, 32), key);
    add_altered(vectors, "create: the same key twice", count + 1 + SIGNER_BYTES, key);
    add_altered(vectors, "create: keys not in order", count + 1 + SIGNER_BYTES, bad_points[2][1]);

    operation = only_operation(OP_ACCOUNT_SET_SIGNERS);
    operation->account_set_signers.low = 1;
    operation->account_set_signers.medium = 1;
    operation->account_set_signers.high = 1;
    sample_signers(signer_bytes, &operation->account_set_signers.signers, 20, 1, 1);
    base();
    add_altered(vectors, "set: high above the sum", AT_FIELDS + 4, "0200");
    add_altered(vectors, "set: no signer", AT_FIELDS + 6, "00");
    for (size_t i = 0; i < sizeof bad_points / sizeof bad_points[0]; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "set: a key %s", bad_points[i][0]);
        add_altered(vectors, name, AT_FIELDS + 7, bad_points[i][1]);
    }
}

static void refuse_records(json_t *vectors)
{
    struct operation *operation = only_operation(OP_KV_PUT);
    operation->kv_put.key = span_of(key_bytes, 1);
    operation->kv_put.value = span_of(value_bytes, 1);
    base();
    add_altered(vectors, "put: empty key", AT_FIELDS, "00");
    add_altered(vectors, "put: key longer than the bytes", AT_FIELDS, "ff");
    add_altered(vectors, "put: unknown expectation", AT_FIELDS + 2, "03");
    add_altered(vectors, "put: a version that is not expected", AT_FIELDS + 2,
                "000100000000000000");
    add_altered(vectors, "put: expects version 0", AT_FIELDS + 2, "020000000000000000");
    add_altered(vectors, "put: expects a version beyond 63 bits", AT_FIELDS + 2,
                "020000000000000080");
    add_altered(vectors, "put: value longer than the bytes", AT_FIELDS + 11, "02000000");
    add_altered(vectors, "put: value of 4 GiB", AT_FIELDS + 11, "ffffffff");

    operation = only_operation(OP_KV_DELETE);
    operation->kv_delete.key = span_of(key_bytes, 1);
    base();
    add_altered(vectors, "delete: empty key", AT_FIELDS, "00");
    add_altered(vectors, "delete: expects absence", AT_FIELDS + 2, "01");
    add_altered(vectors, "delete: unknown expectation", AT_FIELDS + 2, "03");
}

/* Offsets in a transaction whose only operation is gov.propose. */
enum {
    AT_EXPECTS = AT_FIELDS + 32,
    AT_DEADLINE = AT_EXPECTS + 8,
    AT_ACTIVATE = AT_DEADLINE + 8,
    AT_ACTION_COUNT = AT_ACTIVATE + 8,
    AT_ACTION = AT_ACTION_COUNT + 1,
};

static void refuse_proposals(json_t *vectors)
{
    (void)proposal_of_kind(ACTION_MEMBER_REMOVE);
    base();
    add_altered(vectors, "propose: params_version beyond 63 bits", AT_EXPECTS, "0000000000000080");
    add_altered(vectors, "propose: deadline beyond 48 bits", AT_DEADLINE, "0000000000000100");
    add_altered(vectors, "propose: activation beyond 48 bits", AT_ACTIVATE, "0000000000000100");
    add_altered(vectors, "propose: no action", AT_ACTION_COUNT, "00");
    add_altered(vectors, "propose: 11 actions", AT_ACTION_COUNT, "0b");
    add_altered(vectors, "propose: an action that is not there", AT_ACTION_COUNT, "02");
    add_altered(vectors, "action of kind 0", AT_ACTION, "00");
    add_altered(vectors, "action engine.switch, which is not built", AT_ACTION, "0a");
    add_altered(vectors, "an action longer than the bytes", AT_ACTION, "06");

    struct operation *operation = only_operation(OP_GOV_BALLOT);
    operation->gov_ballot.proposal = 1;
    operation->gov_ballot.vote = VOTE_YES;
    base();
    add_altered(vectors, "ballot: proposal beyond 63 bits", AT_FIELDS, "0000000000000080");
    add_altered(vectors, "ballot: vote 0", AT_FIELDS + 8, "00");
    add_altered(vectors, "ballot: vote 4", AT_FIELDS + 8, "04");
}

static void refuse_plain_actions(json_t *vectors)
{
    struct action number = { .kind = ACTION_PARAMS_SET,
                             .params_set = { .index = PARAM_max_idle_ms, .value = 5000 } };
    (void)proposal_of(&number, 1);
    base();
    char unknown[5];
    (void)snprintf(unknown, sizeof unknown, "%02x00", PARAM_COUNT);
    add_altered(vectors, "params.set: unknown parameter", AT_ACTION + 1, unknown);
    add_altered(vectors, "params.set: parameter 65535", AT_ACTION + 1, "ffff");
    add_altered(vectors, "params.set: beyond 63 bits", AT_ACTION + 3, "0000000000000080");
    (void)proposal_of_kind(ACTION_ACCOUNT_ROLES);
    base();
    add_altered(vectors, "account.roles: unknown role", AT_ACTION + 17, "08000000");
    add_altered(vectors, "account.roles: the highest bit", AT_ACTION + 17, "00000080");
    (void)proposal_of_kind(ACTION_ACCOUNT_FROZEN);
    base();
    add_altered(vectors, "account.frozen: 2", AT_ACTION + 17, "02");
    (void)proposal_of_kind(ACTION_MEMBER_ADD);
    base();
    add_altered(vectors, "member.add: empty name", AT_ACTION + 17, "00");
    add_altered(vectors, "member.add: name of 65 bytes", AT_ACTION + 17, "41");
    add_altered(vectors, "member.add: name with a zero", AT_ACTION + 18, "00");
    add_altered(vectors, "member.add: name with a line end", AT_ACTION + 18, "0a");
    add_altered(vectors, "member.add: name with DEL", AT_ACTION + 18, "7f");
    add_altered(vectors, "member.add: name that is not UTF-8", AT_ACTION + 18, "ff");
    (void)proposal_of_kind(ACTION_ENGINE_PARAMS);
    base();
    add_altered(vectors, "engine.params: empty name", AT_ACTION + 1, "00");
    add_altered(vectors, "engine.params: name of 32 bytes", AT_ACTION + 1, "20");
    add_altered(vectors, "engine.params: capital letter", AT_ACTION + 2, "56");
    add_altered(vectors, "engine.params: space", AT_ACTION + 2, "20");
    add_altered(vectors, "engine.params: beyond 63 bits", AT_ACTION + 9, "0000000000000080");
}

static void refuse_validators(json_t *vectors)
{
    (void)proposal_of_kind(ACTION_VALIDATOR_ADD);
    base();
    size_t seal_key = AT_ACTION + 33, node_key = seal_key + 32, endpoint = node_key + 32;
    const char *const zero_id = "00000000000000000000000000000000";
    char key[65];
    hex_encode(span_of(sample_key(50).public_key.bytes, 32), key);
    add_altered(vectors, "validator.add: id of zeros", AT_ACTION + 1, zero_id);
    add_altered(vectors, "validator.add: one key for both", node_key, key);
    for (size_t i = 0; i < sizeof bad_points / sizeof bad_points[0]; i++) {
        char name[80];
        (void)snprintf(name, sizeof name, "validator.add: a seal key %s", bad_points[i][0]);
        add_altered(vectors, name, seal_key, bad_points[i][1]);
        (void)snprintf(name, sizeof name, "validator.add: a node key %s", bad_points[i][0]);
        add_altered(vectors, name, node_key, bad_points[i][1]);
    }
    /* "[2001:db8::1]:7790" */
    add_altered(vectors, "validator.add: endpoint with a zero", endpoint + 3, "00");
    add_altered(vectors, "validator.add: endpoint that is not UTF-8", endpoint + 3, "ff");
    add_altered(vectors, "validator.add: endpoint without brackets", endpoint + 1, "32");
    add_altered(vectors, "validator.add: endpoint with a letter in brackets", endpoint + 2, "67");
    add_altered(vectors, "validator.add: endpoint with port 0", endpoint + 15, "30303030");
    add_altered(vectors, "validator.add: endpoint without port", endpoint + 14, "37");
    add_altered(vectors, "validator.add: height beyond 63 bits", endpoint + 19, "0000000000000080");
    (void)proposal_of_kind(ACTION_VALIDATOR_REMOVE);
    base();
    add_altered(vectors, "validator.remove: id of zeros", AT_ACTION + 1, zero_id);
    (void)proposal_of_kind(ACTION_VALIDATOR_REKEY);
    base();
    add_altered(vectors, "validator.rekey: id of zeros", AT_ACTION + 1, zero_id);
    add_altered(vectors, "validator.rekey: a key of small order", AT_ACTION + 17, bad_points[2][1]);
    add_altered(vectors, "validator.rekey: height beyond 63 bits", AT_ACTION + 49,
                "0000000000000080");
}

static void refuse_asserts(json_t *vectors)
{
    sample_transfer(&tx, 1, 7500);
    tx.assert_count = 1;
    tx.asserts[0] = (struct tx_assert){ .kind = ASSERT_BALANCE,
                                        .account = tx.source,
                                        .asset = sample_id("asset", 1),
                                        .field = FIELD_POSTED,
                                        .relation = RELATION_EQUAL };
    base();
    size_t start = AT_ASSERT_COUNT + 1;
    add_altered(vectors, "assert of kind 0", start, "00");
    add_altered(vectors, "assert of kind 8", start, "08");
    add_altered(vectors, "balance: field 0", start + 33, "00");
    add_altered(vectors, "balance: field 3", start + 33, "03");
    add_altered(vectors, "balance: relation 0", start + 34, "00");
    add_altered(vectors, "balance: relation 4", start + 34, "04");

    tx.asserts[0] = (struct tx_assert){ .kind = ASSERT_KV_VERSION,
                                        .account = tx.source,
                                        .key = span_of(key_bytes, 1) };
    base();
    add_altered(vectors, "kv_version: empty key", start + 17, "00");
    add_altered(vectors, "kv_version: beyond 63 bits", start + 19, "0000000000000080");
    tx.asserts[0] = (struct tx_assert){ .kind = ASSERT_HEIGHT_MAX };
    base();
    add_altered(vectors, "height_max: beyond 63 bits", start + 1, "0000000000000080");
}

static void make_refused(void)
{
    json_t *vectors = json_array();
    refuse_head(vectors);
    refuse_trailing(vectors);
    refuse_operations(vectors);
    refuse_holds(vectors);
    refuse_signers(vectors);
    refuse_records(vectors);
    refuse_proposals(vectors);
    refuse_plain_actions(vectors);
    refuse_validators(vectors);
    refuse_asserts(vectors);
    save("transaction_refused", vectors);
}

/* ---- the order of the stateless checks ---- */

enum fault { FAULT_SIZE = 1, FAULT_SHAPE = 2, FAULT_CHAIN = 4, FAULT_SIGNATURE = 8 };

static void add_order(json_t *vectors, unsigned faults, const struct params *params)
{
    static const char *const words[] = { "size", "shape", "chain", "signature" };
    char name[64] = "";
    for (size_t i = 0; i < 4; i++) {
        if ((faults & 1U << i) == 0) continue;
        if (name[0]) (void)strcat(name, " and ");
        (void)strcat(name, words[i]);
    }
    struct params limits = *params;
    if (faults & FAULT_SIZE) limits.values[PARAM_tx_bytes_max] = 300;
    struct digest chain_id = sample_chain();
    if (faults & FAULT_CHAIN) chain_id = sample_digest("chain", 1);

    sample_transfer(&tx, 1, 7500);
    base();
    struct span span = writer_span(&good);
    uint8_t bytes[512];
    ASSERT(span.size <= sizeof bytes);
    memcpy(bytes, span.data, span.size);
    if (faults & FAULT_SHAPE) bytes[AT_VERSION] = 2;
    if (faults & FAULT_SIGNATURE) bytes[span.size - 1] ^= 1;

    static struct transaction decoded;
    struct refusal refusal = { 0 };
    (void)transaction_check(span_of(bytes, span.size), &chain_id, &limits, NULL, &decoded,
                            &refusal);
    json_t *vector = named(name[0] ? name : "no fault");
    json_object_set_new(vector, "part", json_string("S"));
    put_number(vector, "tx_bytes_max", limits.values[PARAM_tx_bytes_max]);
    put_hex(vector, "chain_id", &chain_id, 32);
    put_span(vector, "bytes", span_of(bytes, span.size));
    json_object_set_new(vector, "code", json_string(refusal_name(refusal.code)));
    if (refusal.code == REFUSAL_tx_bad_signature) put_hex(vector, "key", &refusal.key, 32);
    json_array_append_new(vectors, vector);
}

static void make_order(void)
{
    json_t *vectors = json_array();
    struct params params;
    sample_params(&params);
    for (unsigned faults = 0; faults < 16; faults++)
        add_order(vectors, faults, &params);
    save("admission_order", vectors);
}

/* ---- batches ---- */

static void write_batch(struct writer *w, const struct batch *batch, uint32_t transfers)
{
    writer_init(w, 1 << 24);
    batch_write_head(w, batch);
    for (uint32_t i = 0; i < transfers; i++) {
        struct writer one;
        sample_transfer(&tx, 100 + i, 1 + i);
        sample_sign(&one, &tx, 1, 1);
        write_bytes32(w, writer_span(&one));
        writer_free(&one);
    }
    ASSERT(writer_status(w) == STATUS_OK);
}

static void put_limits(json_t *vector, const struct params *params)
{
    put_number(vector, "tx_bytes_max", params->values[PARAM_tx_bytes_max]);
    put_number(vector, "batch_bytes_max", params->values[PARAM_batch_bytes_max]);
    put_number(vector, "batch_txs_max", params->values[PARAM_batch_txs_max]);
}

static void add_batch(json_t *vectors, const char *name, uint8_t flags, uint32_t count)
{
    struct params params;
    sample_params(&params);
    struct batch batch = { .flags = flags,
                           .proposer = sample_id("validator", 0),
                           .time_ms = 1796115600123,
                           .count = count };
    struct writer w;
    write_batch(&w, &batch, count);
    json_t *vector = named(name);
    put_limits(vector, &params);
    put_hex(vector, "chain_id", &tx.chain_id, 32);
    json_t *fields = json_object();
    put_number(fields, "flags", flags);
    put_hex(fields, "proposer", &batch.proposer, 16);
    put_number(fields, "time_ms", batch.time_ms);
    json_t *transactions = json_array();
    json_t *txids = json_array();
    struct batch decoded;
    enum status status = batch_decode(writer_span(&w), &params, &decoded);
    ASSERT(status == STATUS_OK);
    struct span rest = decoded.transactions;
    struct span bytes;
    while (batch_next(&rest, &bytes)) {
        char text[1024];
        status = transaction_decode(bytes, &tx, NULL);
        ASSERT(status == STATUS_OK);
        hex_encode(bytes, text);
        json_array_append_new(transactions, json_string(text));
        hex_encode(digest_span(&tx.txid), text);
        json_array_append_new(txids, json_string(text));
    }
    json_object_set_new(fields, "transactions", transactions);
    json_object_set_new(vector, "fields", fields);
    put_span(vector, "bytes", writer_span(&w));
    struct digest digest = batch_digest(writer_span(&w));
    put_hex(vector, "digest", &digest, 32);
    json_object_set_new(vector, "txids", txids);
    json_array_append_new(vectors, vector);
    writer_free(&w);
}

static void add_batch_refused(json_t *vectors, const char *name, struct span bytes,
                              const struct params *params)
{
    struct batch batch;
    struct digest chain_id = sample_chain();
    json_t *vector = named(name);
    put_limits(vector, params);
    put_hex(vector, "chain_id", &chain_id, 32);
    put_span(vector, "bytes", bytes);
    enum status status = batch_decode(bytes, params, &batch);
    json_object_set_new(vector, "decode", json_string(status_name(status)));
    status = batch_check(bytes, &chain_id, params, NULL, &batch, NULL);
    if (status == STATUS_OK) (void)fprintf(stderr, "not refused: %s\n", name);
    ASSERT(status != STATUS_OK);
    json_object_set_new(vector, "check", json_string(status_name(status)));
    json_array_append_new(vectors, vector);
}

static void make_batch_refused(json_t *vectors)
{
    struct params params;
    sample_params(&params);
    struct batch batch = { .proposer = sample_id("validator", 0), .time_ms = 1, .count = 2 };
    struct writer w;
    write_batch(&w, &batch, 2);
    struct span span = writer_span(&w);
    uint8_t bytes[1024];
    ASSERT(span.size < sizeof bytes);

    struct {
        const char *name;
        size_t offset;
        uint8_t byte;
    } altered[] = {
        { "version 2", 0, 2 },
        { "unknown flag", 2, 2 },
        { "time beyond 48 bits", 19 + 6, 1 },
        { "one transaction fewer than there is", 27, 1 },
        { "one transaction more than there is", 27, 3 },
        { "a count of 2^24", 30, 1 },
        { "a length beyond the bytes", 31, 0xff },
        { "a signature that does not verify", span.size - 1, span.data[span.size - 1] ^ 1 },
        { "a transaction of another chain", BATCH_HEAD_BYTES + 4 + 4 + 2,
          span.data[BATCH_HEAD_BYTES + 4 + 4 + 2] ^ 1 },
        { "a transaction that is malformed", BATCH_HEAD_BYTES + 4 + AT_ORDER, 2 },
    };
    for (size_t i = 0; i < sizeof altered / sizeof altered[0]; i++) {
        memcpy(bytes, span.data, span.size);
        bytes[altered[i].offset] = altered[i].byte;
        add_batch_refused(vectors, altered[i].name, span_of(bytes, span.size), &params);
    }
    add_batch_refused(vectors, "one byte short", span_of(span.data, span.size - 1), &params);
    memcpy(bytes, span.data, span.size);
    bytes[span.size] = 0;
    add_batch_refused(vectors, "a byte behind the end", span_of(bytes, span.size + 1), &params);
    struct params small = params;
    small.values[PARAM_batch_bytes_max] = span.size - 1;
    add_batch_refused(vectors, "larger than batch_bytes_max", span, &small);
    small = params;
    small.values[PARAM_batch_txs_max] = 1;
    add_batch_refused(vectors, "more than batch_txs_max", span, &small);
    small = params;
    small.values[PARAM_tx_bytes_max] = 287;
    add_batch_refused(vectors, "a transaction larger than tx_bytes_max", span, &small);
    size_t half = (span.size - BATCH_HEAD_BYTES) / 2;
    memcpy(bytes, span.data, span.size);
    memcpy(bytes + BATCH_HEAD_BYTES + half, bytes + BATCH_HEAD_BYTES, half);
    add_batch_refused(vectors, "a transaction twice", span_of(bytes, span.size), &params);
    writer_free(&w);
}

static void make_batches(void)
{
    json_t *vectors = json_object();
    json_t *valid = json_array();
    json_t *refused = json_array();
    sample_transfer(&tx, 1, 1);
    add_batch(valid, "empty", 0, 0);
    add_batch(valid, "empty, a tick is requested", BATCH_FLAG_TICK, 0);
    add_batch(valid, "one transfer", 0, 1);
    add_batch(valid, "three transfers", 0, 3);
    make_batch_refused(refused);
    json_object_set_new(vectors, "valid", valid);
    json_object_set_new(vectors, "refused", refused);
    save("batch", vectors);
}

/* ---- headers and entries ---- */

static void add_header(json_t *vectors, const char *name, const struct header *header)
{
    uint8_t bytes[HEADER_BYTES];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    header_write(&w, header);
    ASSERT(writer_status(&w) == STATUS_OK);
    json_t *vector = named(name);
    json_object_set_new(vector, "fields", header_to_json(header));
    put_hex(vector, "bytes", bytes, sizeof bytes);
    struct digest hash = header_hash(header);
    put_hex(vector, "hash", &hash, 32);
    json_array_append_new(vectors, vector);
}

static void add_entry(json_t *vectors, const char *name, const struct entry_record *record)
{
    uint8_t bytes[ENTRY_RECORD_BYTES];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    entry_record_write(&w, record);
    ASSERT(writer_status(&w) == STATUS_OK);
    json_t *vector = named(name);
    json_t *fields = json_object();
    put_number(fields, "kind", record->kind);
    put_hex(fields, "id", &record->id, 32);
    put_hex(fields, "signed_hash", &record->signed_hash, 32);
    put_number(fields, "code", record->code);
    put_number(fields, "at", record->at);
    put_hex(fields, "effects_hash", &record->effects_hash, 32);
    json_object_set_new(vector, "fields", fields);
    put_hex(vector, "bytes", bytes, sizeof bytes);
    struct digest hash = entry_record_hash(record);
    put_hex(vector, "hash", &hash, 32);
    json_array_append_new(vectors, vector);
}

static void make_header_refused(json_t *vectors, const struct header *header)
{
    struct {
        const char *name;
        size_t offset;
        uint8_t byte;
        const char *status;
    } altered[] = {
        { "version 0", 0, 0, "UNSUPPORTED" },     { "version 2", 0, 2, "UNSUPPORTED" },
        { "fault model 0", 2, 0, "UNSUPPORTED" }, { "fault model 3", 2, 3, "UNSUPPORTED" },
        { "unknown flag", 3, 8, "UNSUPPORTED" },  { "65536 entries", 6, 1, "MALFORMED" },
        { "height 2^39", 52, 0x80, "MALFORMED" }, { "time 2^48", 70, 1, "MALFORMED" },
        { "horizon 2^48", 78, 1, "MALFORMED" },
    };
    for (size_t i = 0; i < sizeof altered / sizeof altered[0]; i++) {
        uint8_t bytes[HEADER_BYTES];
        struct writer w;
        writer_init_fixed(&w, bytes, sizeof bytes);
        header_write(&w, header);
        bytes[altered[i].offset] = altered[i].byte;
        json_t *vector = named(altered[i].name);
        put_hex(vector, "bytes", bytes, sizeof bytes);
        json_object_set_new(vector, "status", json_string(altered[i].status));
        json_array_append_new(vectors, vector);
    }
}

static void make_headers(void)
{
    static struct committee committee;
    uint64_t keys[COMMITTEE_MAX];
    sample_committee(&committee, 4, FAULT_BYZANTINE, keys);
    struct header header;
    sample_header(&header, &committee);
    json_t *headers = json_array();
    json_t *refused = json_array();
    json_t *entries = json_array();
    add_header(headers, "a block of three entries", &header);
    make_header_refused(refused, &header);
    header.flags = HEADER_EPOCH_END | HEADER_TICK | HEADER_RECOVERY;
    header.fault_model = FAULT_CRASH;
    header.entry_count = UINT16_MAX;
    header.epoch = UINT64_MAX;
    header.height = ((uint64_t)1 << 39) - 1;
    header.sequence = UINT64_MAX;
    header.time_ms = TX_TIME_LIMIT - 1;
    header.window_horizon_ms = TX_TIME_LIMIT - 1;
    add_header(headers, "the largest numbers", &header);
    struct header first = { .version = 1, .fault_model = FAULT_BYZANTINE };
    first.chain_id = sample_chain();
    add_header(headers, "zeros", &first);

    struct entry_record record = {
        .kind = ENTRY_TRANSACTION,
        .id = sample_digest("txid", 1),
        .signed_hash = sample_digest("signed", 1),
        .code = RESULT_insufficient_funds,
        .at = 3,
        .effects_hash = sample_digest("effects", 1),
    };
    add_entry(entries, "a transaction", &record);
    record.code = RESULT_assert_failed;
    record.at = 128;
    add_entry(entries, "a failed assert", &record);
    record.signed_hash = (struct digest){ { 0 } };
    record.kind = ENTRY_EXPIRY;
    record.code = 0;
    record.at = 0;
    add_entry(entries, "the expiry of a hold", &record);
    record.kind = ENTRY_RECOVERY;
    add_entry(entries, "a recovery", &record);

    json_t *vectors = json_object();
    json_object_set_new(vectors, "headers", headers);
    json_object_set_new(vectors, "refused", refused);
    json_object_set_new(vectors, "entries", entries);
    save("header", vectors);
}

/* ---- seals ---- */

static struct committee committee;
static uint64_t committee_keys[COMMITTEE_MAX];

static void seal_sign(struct seal *seal, const struct digest *chain_id)
{
    uint8_t statement[SEAL_STATEMENT_BYTES];
    seal_statement_encode(chain_id, seal->epoch, seal->height, &seal->block_hash, statement);
    for (unsigned i = 0; i < seal->count; i++) {
        struct seal_signature *by = &seal->signatures[i];
        if (by->validator >= committee.count) continue;
        struct sample_key key = sample_key(committee_keys[by->validator]);
        key_sign(&key.secret, TAG_SEAL, span_of(statement, sizeof statement), &by->signature);
    }
}

/* A quorum's seal; the validators 1, 2, ... sign. */
static void seal_make(struct seal *seal, const struct header *header)
{
    *seal = (struct seal){ .epoch = header->epoch,
                           .height = header->height,
                           .block_hash = header_hash(header),
                           .count = committee_quorum(&committee) };
    for (unsigned i = 0; i < seal->count; i++)
        seal->signatures[i].validator = (uint16_t)(i + 1);
    seal_sign(seal, &header->chain_id);
}

static void add_seal(json_t *vectors, const char *name, const struct seal *seal,
                     const struct header *header)
{
    static uint8_t bytes[SEAL_BYTES_MAX];
    struct writer w;
    json_t *vector = named(name);
    writer_init_fixed(&w, bytes, sizeof bytes);
    committee_encode(&committee, &w);
    put_span(vector, "validators", writer_span(&w));
    put_number(vector, "quorum", committee_quorum(&committee));
    writer_init_fixed(&w, bytes, sizeof bytes);
    header_write(&w, header);
    put_span(vector, "header", writer_span(&w));
    json_t *fields = json_object();
    put_decimal(fields, "epoch", seal->epoch);
    put_decimal(fields, "height", seal->height);
    put_hex(fields, "block_hash", &seal->block_hash, 32);
    json_t *signatures = json_array();
    for (unsigned i = 0; i < seal->count; i++) {
        json_t *by = json_object();
        put_number(by, "validator", seal->signatures[i].validator);
        put_hex(by, "signature", &seal->signatures[i].signature, 64);
        json_array_append_new(signatures, by);
    }
    json_object_set_new(fields, "signatures", signatures);
    json_object_set_new(vector, "fields", fields);
    writer_init_fixed(&w, bytes, sizeof bytes);
    seal_write(&w, seal);
    put_span(vector, "bytes", writer_span(&w));
    uint16_t signer = VALIDATOR_NONE;
    enum status status = seal_check(seal, header, &committee, NULL, &signer);
    json_object_set_new(vector, "status", json_string(status_name(status)));
    if (signer != VALIDATOR_NONE) put_number(vector, "signer", signer);
    json_array_append_new(vectors, vector);
}

static void add_valid_seals(json_t *vectors)
{
    static const struct {
        uint16_t count;
        enum fault_model fault_model;
    } sets[] = { { 1, FAULT_BYZANTINE }, { 4, FAULT_BYZANTINE }, { 6, FAULT_BYZANTINE },
                 { 7, FAULT_BYZANTINE }, { 3, FAULT_CRASH },     { 5, FAULT_CRASH } };
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct header header;
        struct seal seal;
        char name[64];
        sample_committee(&committee, sets[i].count, sets[i].fault_model, committee_keys);
        sample_header(&header, &committee);
        seal_make(&seal, &header);
        if (committee.count == 1) seal.signatures[0].validator = 0;
        seal_sign(&seal, &header.chain_id);
        (void)snprintf(name, sizeof name, "a quorum of %u, %s", (unsigned)committee.count,
                       committee.fault_model == FAULT_CRASH ? "crash" : "Byzantine");
        add_seal(vectors, name, &seal, &header);
    }
}

static void add_failing_seals(json_t *vectors)
{
    struct header header;
    struct seal good_seal;
    sample_committee(&committee, 4, FAULT_BYZANTINE, committee_keys);
    sample_header(&header, &committee);
    seal_make(&good_seal, &header);

    struct seal seal = good_seal;
    seal.count = 4;
    for (uint16_t i = 0; i < 4; i++)
        seal.signatures[i].validator = i;
    seal_sign(&seal, &header.chain_id);
    add_seal(vectors, "all of four", &seal, &header);
    seal = good_seal;
    seal.count = 0;
    add_seal(vectors, "no signature", &seal, &header);
    seal = good_seal;
    seal.count--;
    add_seal(vectors, "one below the quorum", &seal, &header);
    seal = good_seal;
    seal.epoch++;
    seal_sign(&seal, &header.chain_id);
    add_seal(vectors, "of another epoch", &seal, &header);
    seal = good_seal;
    seal.height--;
    seal_sign(&seal, &header.chain_id);
    add_seal(vectors, "of another height", &seal, &header);
    seal = good_seal;
    seal.block_hash.bytes[31] ^= 1;
    seal_sign(&seal, &header.chain_id);
    add_seal(vectors, "of another block", &seal, &header);
    seal = good_seal;
    seal.signatures[2].validator = 4;
    add_seal(vectors, "by an index outside of the set", &seal, &header);
    seal = good_seal;
    struct digest other_chain = sample_digest("chain", 1);
    seal_sign(&seal, &other_chain);
    add_seal(vectors, "signed for another chain", &seal, &header);
    seal = good_seal;
    seal.signatures[1].signature.bytes[40] ^= 1;
    add_seal(vectors, "with a bit flipped in the second signature", &seal, &header);
    seal = good_seal;
    seal.signatures[2].signature = seal.signatures[1].signature;
    add_seal(vectors, "with another validator's signature", &seal, &header);

    struct header other = header;
    other.validators_hash = sample_digest("validators", 1);
    seal_make(&seal, &other);
    add_seal(vectors, "under a set that the header does not name", &seal, &other);
    other = header;
    other.fault_model = FAULT_CRASH;
    seal_make(&seal, &other);
    add_seal(vectors, "of a header with another fault model than its set", &seal, &other);
}

static void add_malformed_seals(json_t *vectors)
{
    struct header header;
    struct seal seal;
    sample_committee(&committee, 4, FAULT_BYZANTINE, committee_keys);
    sample_header(&header, &committee);
    seal_make(&seal, &header);
    static uint8_t bytes[SEAL_BYTES_MAX + 1];
    struct writer w;
    struct {
        const char *name;
        size_t offset;
        uint8_t byte;
        int longer;
    } altered[] = {
        { "indexes fall", 50, 3, 0 },
        { "an index twice", 50, 2, 0 },
        { "256 signatures", 49, 1, 0 },
        { "one signature more than there is", 48, 4, 0 },
        { "one signature fewer than there is", 48, 2, 0 },
        { "one byte short", 0, 2, -1 },
        { "a byte behind the end", 0, 2, 1 },
    };
    for (size_t i = 0; i < sizeof altered / sizeof altered[0]; i++) {
        memset(bytes, 0, sizeof bytes);
        writer_init_fixed(&w, bytes, SEAL_BYTES_MAX);
        seal_write(&w, &seal);
        size_t size = (size_t)((long)writer_span(&w).size + altered[i].longer);
        bytes[altered[i].offset] = altered[i].byte;
        json_t *vector = named(altered[i].name);
        put_hex(vector, "bytes", bytes, size);
        json_array_append_new(vectors, vector);
    }
}

static void make_seals(void)
{
    json_t *vectors = json_object();
    json_t *checked = json_array();
    json_t *malformed = json_array();
    add_valid_seals(checked);
    add_failing_seals(checked);
    add_malformed_seals(malformed);
    json_object_set_new(vectors, "checked", checked);
    json_object_set_new(vectors, "malformed", malformed);
    save("seal", vectors);
}

int main(int count, char **words)
{
    if (count != 2) {
        (void)fprintf(stderr, "usage: make_ledger_vectors FOLDER\n");
        return 2;
    }
    folder = words[1];
    enum status status = crypto_start(NULL);
    ASSERT(status == STATUS_OK);
    make_transactions();
    make_refused();
    make_order();
    make_batches();
    make_headers();
    make_seals();
    writer_free(&good);
    return 0;
}
