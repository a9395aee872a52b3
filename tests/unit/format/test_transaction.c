#include "tests/unit/format/fields.h"
#include "tests/unit/format/samples.h"

#include <criterion/criterion.h>

static struct transaction tx;
static struct transaction decoded;
static struct params params;

static void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    sample_params(&params);
}

TestSuite(transaction, .init = start);

Test(transaction, operations_have_names_and_levels)
{
    static const struct {
        const char *name;
        uint16_t code;
        enum level level;
    } expected[] = {
        { "account.create", 0x0101, LEVEL_MEDIUM },  { "account.set_signers", 0x0102, LEVEL_HIGH },
        { "account.freeze", 0x0103, LEVEL_MEDIUM },  { "asset.create", 0x0201, LEVEL_MEDIUM },
        { "asset.mint", 0x0202, LEVEL_MEDIUM },      { "asset.burn", 0x0203, LEVEL_MEDIUM },
        { "transfer", 0x0301, LEVEL_MEDIUM },        { "kv.put", 0x0501, LEVEL_LOW },
        { "kv.delete", 0x0502, LEVEL_LOW },          { "balance.set_floor", 0x0207, LEVEL_HIGH },
        { "hold.create", 0x0401, LEVEL_MEDIUM },     { "hold.post", 0x0402, LEVEL_MEDIUM },
        { "hold.void", 0x0403, LEVEL_MEDIUM },       { "hold.post_group", 0x0406, LEVEL_MEDIUM },
        { "hold.void_group", 0x0407, LEVEL_MEDIUM },
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        uint16_t code = 0;
        cr_assert_str_eq(operation_name(expected[i].code), expected[i].name);
        cr_assert(operation_find(expected[i].name, &code));
        cr_assert_eq(code, expected[i].code);
        cr_assert_eq(operation_level((enum operation_code)code), expected[i].level);
    }
}

Test(transaction, other_operations_are_unknown)
{
    uint16_t code = 77;
    cr_assert_str_eq(operation_name(0), "unknown");
    cr_assert_str_eq(operation_name(0x0404), "unknown");
    cr_assert_not(operation_find("hold.create_locked", &code));
    cr_assert_not(operation_find("unknown", &code));
    cr_assert_not(operation_find("", &code));
    cr_assert_eq(code, 77, "left alone");
}

Test(transaction, each_operation_makes_a_hold_of_its_own)
{
    struct digest txid = sample_digest("txid", 1), other = sample_digest("txid", 2);
    struct id first = hold_id_of(&txid, 0), second = hold_id_of(&txid, 1);
    struct id elsewhere = hold_id_of(&other, 0);
    uint8_t bytes[33] = { 0 };
    memcpy(bytes, txid.bytes, 32);
    struct digest expected = digest_of(TAG_HOLD, span_of(bytes, sizeof bytes));
    cr_assert_eq(memcmp(first.bytes, expected.bytes, 16), 0);
    cr_assert_not(id_equal(&first, &second));
    cr_assert_not(id_equal(&first, &elsewhere));
}

/* Body, id, signatures, bytes and signed hash from nothing but the fields and the seeds. */
static void replay(const json_t *vector)
{
    const char *name = get_text(vector, "name");
    struct scrap scrap = { .count = 0 };
    struct writer body;
    struct writer whole;
    struct tx_signature signatures[TX_SIGNATURES_MAX];

    transaction_of_json(json_object_get(vector, "fields"), &tx, &scrap);
    writer_init(&body, TX_BYTES_LIMIT);
    transaction_write_body(&body, &tx);
    cr_assert_eq(writer_status(&body), STATUS_OK, "%s", name);
    cr_assert(span_equal(writer_span(&body), get_span(vector, "body", &scrap)), "%s", name);

    struct digest txid = transaction_id(writer_span(&body));
    struct span expected = get_span(vector, "txid", &scrap);
    cr_assert(span_equal(digest_span(&txid), expected), "%s", name);

    const json_t *seeds = json_object_get(vector, "seeds");
    uint8_t count = (uint8_t)json_array_size(seeds);
    for (size_t i = 0; i < count; i++) {
        uint8_t seed[32];
        struct secret_key secret;
        struct public_key public_key;
        const char *text = json_string_value(json_array_get(seeds, i));
        cr_assert(hex_decode(text, strlen(text), seed, sizeof seed));
        key_from_seed(seed, &secret, &public_key);
        transaction_sign(&secret, &tx.chain_id, &txid, &signatures[i]);
    }
    writer_init(&whole, TX_BYTES_LIMIT);
    transaction_write_signed(&whole, writer_span(&body), signatures, count);
    struct span bytes = get_span(vector, "bytes", &scrap);
    cr_assert(span_equal(writer_span(&whole), bytes), "%s", name);

    struct refusal refusal;
    enum status status = transaction_check(bytes, &tx.chain_id, &params, NULL, &decoded, &refusal);
    cr_assert_eq(status, STATUS_OK, "%s: %s", name, refusal.detail);
    cr_assert_eq(refusal.code, REFUSAL_none);
    json_t *fields = transaction_to_json(&decoded);
    cr_assert(json_equal(fields, json_object_get(vector, "fields")), "%s", name);
    json_decref(fields);
    cr_assert(digest_equal(&decoded.txid, &txid), "%s", name);
    expected = get_span(vector, "signed_hash", &scrap);
    cr_assert(span_equal(digest_span(&decoded.signed_hash), expected), "%s", name);
    cr_assert_eq(decoded.signature_count, count);
    cr_assert(span_equal(decoded.bytes, bytes));
    cr_assert(span_equal(decoded.body, writer_span(&body)));

    writer_free(&whole);
    writer_free(&body);
    scrap_free(&scrap);
}

Test(transaction, vectors)
{
    json_t *vectors = vectors_load("transaction");
    cr_assert(json_array_size(vectors) >= 18);
    for (size_t i = 0; i < json_array_size(vectors); i++)
        replay(json_array_get(vectors, i));
    json_decref(vectors);
}

/* The worked size of the format page: a transfer has 187 bytes of body, 288 with a signature. */
Test(transaction, a_transfer_has_288_bytes)
{
    struct writer w;
    sample_transfer(&tx, 1, 7500);
    sample_sign(&w, &tx, 1, 1);
    cr_assert_eq(transaction_decode(writer_span(&w), &decoded, NULL), STATUS_OK);
    cr_assert_eq(decoded.body.size, 187);
    cr_assert_eq(decoded.bytes.size, 288);
    writer_free(&w);
}

Test(transaction, order_of_the_stateless_checks)
{
    json_t *vectors = vectors_load("admission_order");
    size_t replayed = 0;
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *vector = json_array_get(vectors, i);
        if (strcmp(get_text(vector, "part"), "S") != 0) continue;
        struct scrap scrap = { .count = 0 };
        struct digest chain_id;
        get_hex(vector, "chain_id", chain_id.bytes, 32);
        params.values[PARAM_tx_bytes_max] = get_number(vector, "tx_bytes_max");
        struct refusal refusal;
        struct span bytes = get_span(vector, "bytes", &scrap);
        enum status status = transaction_check(bytes, &chain_id, &params, NULL, &decoded, &refusal);
        cr_assert_str_eq(refusal_name(refusal.code), get_text(vector, "code"), "%s",
                         get_text(vector, "name"));
        cr_assert_eq(status == STATUS_OK, refusal.code == REFUSAL_none);
        if (refusal.code == REFUSAL_tx_bad_signature) {
            struct public_key key;
            get_hex(vector, "key", key.bytes, 32);
            cr_assert(key_equal(&key, &refusal.key));
        }
        scrap_free(&scrap);
        replayed++;
    }
    cr_assert(replayed >= 16);
    json_decref(vectors);
}

Test(transaction, a_refusal_says_what_an_error_needs)
{
    struct writer w;
    struct refusal refusal;
    struct digest other = sample_digest("chain", 1);
    struct digest own = sample_chain();
    sample_transfer(&tx, 1, 7500);
    sample_sign(&w, &tx, 1, 1);
    struct span bytes = writer_span(&w);

    params.values[PARAM_tx_bytes_max] = bytes.size - 1;
    enum status status = transaction_check(bytes, &own, &params, NULL, &decoded, &refusal);
    cr_assert_eq(status, STATUS_TOO_LARGE);
    cr_assert_eq(refusal.value, bytes.size);
    cr_assert_eq(refusal.limit, bytes.size - 1);
    params.values[PARAM_tx_bytes_max] = bytes.size;

    status = transaction_check(bytes, &other, &params, NULL, &decoded, &refusal);
    cr_assert_eq(status, STATUS_MISMATCH);
    cr_assert(digest_equal(&refusal.expected, &other));
    cr_assert(digest_equal(&refusal.got, &own));
    cr_assert_eq(transaction_check(bytes, &other, &params, NULL, &decoded, NULL), STATUS_MISMATCH);
    cr_assert_eq(transaction_check(bytes, &own, &params, NULL, &decoded, NULL), STATUS_OK);
    writer_free(&w);
}

Test(transaction, a_key_that_is_no_point_is_named_so)
{
    struct writer w;
    struct refusal refusal;
    struct digest own = sample_chain();
    struct tx_signature none = { { { 1 } }, { { 0 } } }; /* the neutral element */
    sample_transfer(&tx, 1, 7500);
    struct writer body;
    writer_init(&body, TX_BYTES_LIMIT);
    transaction_write_body(&body, &tx);
    writer_init(&w, TX_BYTES_LIMIT);
    transaction_write_signed(&w, writer_span(&body), &none, 1);
    enum status status =
        transaction_check(writer_span(&w), &own, &params, NULL, &decoded, &refusal);
    cr_assert_eq(status, STATUS_BAD_SIGNATURE);
    cr_assert_str_eq(refusal.detail, "not a valid public key");
    cr_assert(key_equal(&refusal.key, &none.key));
    writer_free(&w);
    writer_free(&body);
}

/* A signature binds chain and body: any changed bit of the body spoils all of them. */
Test(transaction, any_bit_of_the_body_matters)
{
    struct writer w;
    struct digest own = sample_chain();
    sample_transfer(&tx, 1, 7500);
    sample_sign(&w, &tx, 1, 1);
    struct span bytes = writer_span(&w);
    uint8_t *altered = malloc(bytes.size);
    cr_assert_not_null(altered);
    for (size_t bit = 4 * 8; bit < (4 + 187) * 8; bit += 5) {
        memcpy(altered, bytes.data, bytes.size);
        altered[bit / 8] ^= (uint8_t)(1U << bit % 8);
        enum status status =
            transaction_check(span_of(altered, bytes.size), &own, &params, NULL, &decoded, NULL);
        cr_assert_neq(status, STATUS_OK, "bit %zu", bit);
    }
    free(altered);
    writer_free(&w);
}

Test(transaction, a_cache_saves_the_second_look_and_changes_nothing)
{
    struct writer w;
    struct digest own = sample_chain();
    struct refusal refusal;
    struct verify_cache *cache = verify_cache_new(16);
    cr_assert_not_null(cache);
    sample_transfer(&tx, 1, 7500);
    sample_sign(&w, &tx, 1, 2);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(transaction_check(writer_span(&w), &own, &params, cache, &decoded, &refusal),
                     STATUS_OK);
    struct verify_counts counts = verify_cache_counts(cache);
    cr_assert_eq(counts.computed, 2);
    cr_assert_eq(counts.remembered, 2);

    w.buffer.data[w.buffer.size - 1] ^= 1;
    for (int i = 0; i < 2; i++)
        cr_assert_eq(transaction_check(writer_span(&w), &own, &params, cache, &decoded, &refusal),
                     STATUS_BAD_SIGNATURE);
    verify_cache_free(cache);
    writer_free(&w);
}

Test(transaction, actors_are_each_once_at_their_highest_level)
{
    struct actor actors[TX_OPERATIONS_MAX + 1];
    sample_transfer(&tx, 1, 7500);
    struct id other = sample_id("account", 2);
    tx.operation_count = 4;
    tx.operations[1] = (struct operation){ .code = OP_KV_PUT, .actor = other };
    tx.operations[2] = (struct operation){ .code = OP_ACCOUNT_SET_SIGNERS, .actor = tx.source };
    tx.operations[3] = (struct operation){ .code = OP_KV_PUT, .actor = tx.source };
    cr_assert_eq(transaction_actors(&tx, actors), 2);
    cr_assert(id_compare(&actors[0].account, &actors[1].account) < 0);
    for (size_t i = 0; i < 2; i++) {
        bool source = id_equal(&actors[i].account, &tx.source);
        cr_assert_eq(actors[i].level, source ? LEVEL_HIGH : LEVEL_LOW);
    }
}

Test(transaction, the_source_acts_at_least_at_low)
{
    struct actor actors[TX_OPERATIONS_MAX + 1];
    sample_transfer(&tx, 1, 7500);
    tx.source = sample_id("account", 9);
    cr_assert_eq(transaction_actors(&tx, actors), 2);
    for (size_t i = 0; i < 2; i++) {
        bool source = id_equal(&actors[i].account, &tx.source);
        cr_assert_eq(actors[i].level, source ? LEVEL_LOW : LEVEL_MEDIUM);
    }
}

Test(transaction, as_many_actors_as_there_can_be)
{
    struct actor actors[TX_OPERATIONS_MAX + 1];
    sample_transfer(&tx, 1, 7500);
    tx.operation_count = TX_OPERATIONS_MAX;
    for (unsigned i = 0; i < TX_OPERATIONS_MAX; i++) {
        tx.operations[i] = tx.operations[0];
        tx.operations[i].actor = sample_id("actor", i);
    }
    size_t count = transaction_actors(&tx, actors);
    cr_assert_eq(count, TX_OPERATIONS_MAX + 1);
    for (size_t i = 1; i < count; i++)
        cr_assert(id_compare(&actors[i - 1].account, &actors[i].account) < 0);
}
