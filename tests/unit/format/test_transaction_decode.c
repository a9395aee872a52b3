#include "tests/unit/format/fields.h"
#include "tests/unit/format/samples.h"

#include <criterion/criterion.h>

static struct transaction tx;
static struct transaction decoded;

static void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(transaction_decode, .init = start);

Test(transaction_decode, refused_vectors)
{
    json_t *vectors = vectors_load("transaction_refused");
    cr_assert(json_array_size(vectors) >= 80);
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *vector = json_array_get(vectors, i);
        const char *name = get_text(vector, "name");
        struct scrap scrap = { .count = 0 };
        struct refusal refusal;
        struct span bytes = get_span(vector, "bytes", &scrap);
        cr_assert_eq(transaction_decode(bytes, &decoded, &refusal), STATUS_MALFORMED, "%s", name);
        cr_assert_eq(refusal.code, REFUSAL_tx_malformed, "%s", name);
        cr_assert_eq(refusal.offset, get_number(vector, "offset"), "%s", name);
        cr_assert_eq(refusal.operation, get_number(vector, "operation"), "%s", name);
        cr_assert_str_eq(refusal.detail, get_text(vector, "detail"), "%s", name);
        cr_assert_eq(transaction_decode(bytes, &decoded, NULL), STATUS_MALFORMED, "%s", name);
        scrap_free(&scrap);
    }
    json_decref(vectors);
}

/* Each valid vector, cut at every place; a copy of exact size lets a sanitizer see a read beyond.
 */
Test(transaction_decode, every_cut_is_refused)
{
    json_t *vectors = vectors_load("transaction");
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        struct scrap scrap = { .count = 0 };
        struct span bytes = get_span(json_array_get(vectors, i), "bytes", &scrap);
        size_t step = bytes.size > 1100 ? 97 : 1;
        for (size_t size = 0; size < bytes.size; size += step) {
            uint8_t *cut = malloc(size > 0 ? size : 1);
            cr_assert_not_null(cut);
            memcpy(cut, bytes.data, size);
            struct refusal refusal;
            enum status status = transaction_decode(span_of(cut, size), &decoded, &refusal);
            cr_assert_eq(status, STATUS_MALFORMED, "%zu of %zu", size, bytes.size);
            cr_assert(refusal.offset <= size);
            free(cut);
        }
        scrap_free(&scrap);
    }
    json_decref(vectors);
}

/* Whatever a flipped bit makes of a transaction: it is refused, or encodes to the same bytes. */
Test(transaction_decode, what_is_accepted_encodes_to_the_same_bytes)
{
    json_t *vectors = vectors_load("transaction");
    size_t accepted = 0;
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        struct scrap scrap = { .count = 0 };
        struct span bytes = get_span(json_array_get(vectors, i), "bytes", &scrap);
        uint8_t *altered = scrap_take(&scrap, bytes.size);
        size_t step = bytes.size > 1100 ? 331 : 7;
        for (size_t bit = 0; bit < bytes.size * 8; bit += step) {
            memcpy(altered, bytes.data, bytes.size);
            altered[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (transaction_decode(span_of(altered, bytes.size), &decoded, NULL) != STATUS_OK)
                continue;
            struct writer body;
            struct writer whole;
            writer_init(&body, TX_BYTES_LIMIT);
            writer_init(&whole, TX_BYTES_LIMIT);
            transaction_write_body(&body, &decoded);
            transaction_write_signed(&whole, writer_span(&body), decoded.signatures,
                                     decoded.signature_count);
            cr_assert(span_equal(writer_span(&whole), span_of(altered, bytes.size)));
            writer_free(&whole);
            writer_free(&body);
            accepted++;
        }
        scrap_free(&scrap);
    }
    cr_assert(accepted > 100, "most bits are of ids, hashes and signatures");
    json_decref(vectors);
}

Test(transaction_decode, a_body_alone)
{
    struct writer body;
    struct refusal refusal;
    sample_transfer(&tx, 1, 7500);
    writer_init(&body, TX_BYTES_LIMIT);
    transaction_write_body(&body, &tx);
    cr_assert_eq(transaction_decode_body(writer_span(&body), &decoded, &refusal), STATUS_OK);
    cr_assert_eq(decoded.signature_count, 0);
    cr_assert_eq(decoded.bytes.size, 0);
    struct digest txid = transaction_id(writer_span(&body));
    cr_assert(digest_equal(&decoded.txid, &txid));

    body.buffer.data[82] = 2; /* order */
    cr_assert_eq(transaction_decode_body(writer_span(&body), &decoded, &refusal), STATUS_MALFORMED);
    cr_assert_eq(refusal.offset, 82, "counted from the beginning of the body");
    writer_free(&body);
}

/* Of all that is refused only a bad point of a signer list passes as seen before. */
Test(transaction_decode, again_looks_at_everything_but_points)
{
    json_t *vectors = vectors_load("transaction_refused");
    size_t passed = 0;
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *vector = json_array_get(vectors, i);
        struct scrap scrap = { .count = 0 };
        bool point = strcmp(get_text(vector, "detail"), "not a valid public key") == 0;
        struct span bytes = get_span(vector, "bytes", &scrap);
        cr_assert_eq(transaction_decode_again(bytes, &decoded),
                     point ? STATUS_OK : STATUS_MALFORMED, "%s", get_text(vector, "name"));
        passed += point;
        scrap_free(&scrap);
    }
    cr_assert(passed >= 6);
    json_decref(vectors);
}

/* The spans of a decoded transaction lie in the bytes that were given. */
Test(transaction_decode, borrows_and_does_not_copy)
{
    struct writer w;
    static const uint8_t key[] = "invoice/1";
    static const uint8_t value[] = "paid";
    sample_transfer(&tx, 1, 7500);
    tx.operations[0] = (struct operation){ .code = OP_KV_PUT, .actor = tx.source };
    tx.operations[0].kv_put.key = span_of(key, sizeof key);
    tx.operations[0].kv_put.value = span_of(value, sizeof value);
    sample_sign(&w, &tx, 1, 1);
    struct span bytes = writer_span(&w);
    cr_assert_eq(transaction_decode(bytes, &decoded, NULL), STATUS_OK);
    struct span got = decoded.operations[0].kv_put.value;
    cr_assert(got.data > bytes.data && got.data + got.size < bytes.data + bytes.size);
    cr_assert(span_equal(got, span_of(value, sizeof value)));
    cr_assert(span_equal(decoded.operations[0].kv_put.key, span_of(key, sizeof key)));
    writer_free(&w);
}
