#include "tests/unit/format/fields.h"
#include "tests/unit/format/samples.h"

#include <criterion/criterion.h>

static void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(batch, .init = start);

static void limits_of(const json_t *vector, struct params *params)
{
    sample_params(params);
    params->values[PARAM_tx_bytes_max] = get_number(vector, "tx_bytes_max");
    params->values[PARAM_batch_bytes_max] = get_number(vector, "batch_bytes_max");
    params->values[PARAM_batch_txs_max] = get_number(vector, "batch_txs_max");
}

static struct span hex_span(const json_t *text, struct scrap *scrap)
{
    const char *hex = json_string_value(text);
    size_t size = strlen(hex) / 2;
    uint8_t *bytes = scrap_take(scrap, size);
    cr_assert(hex_decode(hex, strlen(hex), bytes, size));
    return span_of(bytes, size);
}

static void replay(const json_t *vector)
{
    const char *name = get_text(vector, "name");
    struct scrap scrap = { .count = 0 };
    struct params params;
    struct batch batch = { 0 };
    struct batch decoded;
    struct writer w;
    limits_of(vector, &params);
    const json_t *fields = json_object_get(vector, "fields");
    const json_t *transactions = json_object_get(fields, "transactions");
    batch.flags = (uint8_t)get_number(fields, "flags");
    get_hex(fields, "proposer", batch.proposer.bytes, 16);
    batch.time_ms = get_number(fields, "time_ms");
    batch.count = (uint32_t)json_array_size(transactions);
    writer_init(&w, params.values[PARAM_batch_bytes_max]);
    batch_write_head(&w, &batch);
    cr_assert_eq(writer_span(&w).size, BATCH_HEAD_BYTES);
    for (size_t i = 0; i < batch.count; i++)
        write_bytes32(&w, hex_span(json_array_get(transactions, i), &scrap));
    struct span bytes = get_span(vector, "bytes", &scrap);
    cr_assert(span_equal(writer_span(&w), bytes), "%s", name);

    struct digest digest = batch_digest(bytes);
    struct span expected = get_span(vector, "digest", &scrap);
    cr_assert(span_equal(digest_span(&digest), expected), "%s", name);

    struct digest chain_id;
    struct digest txids[8];
    get_hex(vector, "chain_id", chain_id.bytes, 32);
    cr_assert_eq(batch_check(bytes, &chain_id, &params, NULL, &decoded, txids), STATUS_OK);
    cr_assert_eq(decoded.flags, batch.flags);
    cr_assert(id_equal(&decoded.proposer, &batch.proposer));
    cr_assert_eq(decoded.time_ms, batch.time_ms);
    cr_assert_eq(decoded.count, batch.count);
    struct span rest = decoded.transactions;
    struct span transaction;
    for (size_t i = 0; i < batch.count; i++) {
        cr_assert(batch_next(&rest, &transaction));
        expected = hex_span(json_array_get(transactions, i), &scrap);
        cr_assert(span_equal(transaction, expected), "%s", name);
        expected = hex_span(json_array_get(json_object_get(vector, "txids"), i), &scrap);
        cr_assert(span_equal(digest_span(&txids[i]), expected), "%s", name);
    }
    cr_assert_not(batch_next(&rest, &transaction));
    cr_assert_eq(batch_check(bytes, &chain_id, &params, NULL, &decoded, NULL), STATUS_OK);
    writer_free(&w);
    scrap_free(&scrap);
}

Test(batch, vectors)
{
    json_t *vectors = vectors_load("batch");
    const json_t *valid = json_object_get(vectors, "valid");
    cr_assert(json_array_size(valid) >= 4);
    for (size_t i = 0; i < json_array_size(valid); i++)
        replay(json_array_get(valid, i));
    json_decref(vectors);
}

Test(batch, refused_vectors)
{
    json_t *vectors = vectors_load("batch");
    const json_t *refused = json_object_get(vectors, "refused");
    cr_assert(json_array_size(refused) >= 15);
    for (size_t i = 0; i < json_array_size(refused); i++) {
        const json_t *vector = json_array_get(refused, i);
        struct scrap scrap = { .count = 0 };
        struct params params;
        struct batch batch;
        struct digest chain_id;
        limits_of(vector, &params);
        get_hex(vector, "chain_id", chain_id.bytes, 32);
        struct span bytes = get_span(vector, "bytes", &scrap);
        cr_assert_eq(batch_decode(bytes, &params, &batch), get_status(vector, "decode"), "%s",
                     get_text(vector, "name"));
        cr_assert_eq(batch_check(bytes, &chain_id, &params, NULL, &batch, NULL),
                     get_status(vector, "check"), "%s", get_text(vector, "name"));
        scrap_free(&scrap);
    }
    json_decref(vectors);
}

Test(batch, every_cut_is_refused)
{
    json_t *vectors = vectors_load("batch");
    const json_t *valid = json_object_get(vectors, "valid");
    struct scrap scrap = { .count = 0 };
    struct params params;
    struct batch batch;
    sample_params(&params);
    struct span bytes =
        get_span(json_array_get(valid, json_array_size(valid) - 1), "bytes", &scrap);
    for (size_t size = 0; size < bytes.size; size++) {
        uint8_t *cut = malloc(size > 0 ? size : 1);
        cr_assert_not_null(cut);
        memcpy(cut, bytes.data, size);
        cr_assert_neq(batch_decode(span_of(cut, size), &params, &batch), STATUS_OK);
        free(cut);
    }
    scrap_free(&scrap);
    json_decref(vectors);
}

/* 300 transactions, then the first once more at the end: found however far apart they stand. */
Test(batch, a_txid_twice_is_found_anywhere)
{
    static struct transaction tx;
    struct params params;
    struct batch batch = { .count = 300 };
    struct digest chain = sample_chain();
    struct writer w;
    sample_params(&params);
    for (unsigned round = 0; round < 2; round++) {
        writer_init(&w, 1 << 20);
        batch_write_head(&w, &batch);
        for (uint64_t i = 0; i < batch.count; i++) {
            struct writer one;
            bool again = round == 1 && i == batch.count - 1;
            sample_transfer(&tx, again ? 0 : i, 1);
            sample_sign(&one, &tx, again ? 2 : 1, 1); /* other signatures, the same id */
            write_bytes32(&w, writer_span(&one));
            writer_free(&one);
        }
        struct batch decoded;
        enum status status = batch_check(writer_span(&w), &chain, &params, NULL, &decoded, NULL);
        cr_assert_eq(status, round == 0 ? STATUS_OK : STATUS_INVALID);
        writer_free(&w);
    }
}
