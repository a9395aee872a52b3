/* tests/fuzz/fuzz_transaction_json.c -- any text as a transaction in JSON: refused, or it becomes a
 * body that decodes, whose JSON becomes the same body again. And any bytes as a transaction or a
 * list of effects: what decodes has a JSON form that reads back to the same bytes. */
#include "format/effect_list.h"
#include "format/transaction_json.h"
#include "genesis/json.h"
#include <stdlib.h>

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 1 << 20 };

static struct tx_signature signatures[TX_SIGNATURES_MAX];

int LLVMFuzzerInitialize(int *count, char ***words)
{
    (void)count;
    (void)words;
    enum status status = crypto_start(NULL);
    ASSERT(status == STATUS_OK);
    return 0;
}

/* A decoded transaction as JSON, read back, is the same body. Times behind the year 9999 are the
 * one thing that JSON cannot say. */
static void expect_same(const struct transaction *tx)
{
    struct writer again;
    uint8_t count = 0;
    char text[TIME_TEXT];
    uint64_t before, after;
    time_encode(tx->not_before_ms, text);
    bool kept = time_decode(text, &before) && before == tx->not_before_ms;
    time_encode(tx->not_after_ms, text);
    kept = kept && time_decode(text, &after) && after == tx->not_after_ms;
    if (!kept) return;

    json_t *document = transaction_json(tx);
    ASSERT(document != NULL);
    writer_init(&again, TX_BYTES_LIMIT);
    enum status status = transaction_json_read(document, &again, signatures, &count, NULL);
    ASSERT(status == STATUS_OK);
    ASSERT(span_equal(writer_span(&again), tx->body));
    ASSERT(count == tx->signature_count);
    writer_free(&again);
    json_decref(document);
}

static void try_text(struct span text, struct transaction *tx)
{
    struct problem problem;
    struct writer body;
    uint8_t count = 0;
    json_t *document = json_read(text, TEXT_MAX, &problem);
    if (!document) return;
    writer_init(&body, TX_BYTES_LIMIT);
    if (transaction_json_read(document, &body, signatures, &count, &problem) == STATUS_OK) {
        enum status status = transaction_decode_body(writer_span(&body), tx, NULL);
        ASSERT(status == STATUS_OK);
        expect_same(tx);
    }
    writer_free(&body);
    json_decref(document);
}

static void try_effects(struct span bytes)
{
    struct effect_list list = effect_list_of(bytes);
    struct ledger_effect effect;
    unsigned count = 0;
    while (effect_list_next(&list, &effect)) {
        ASSERT(effect_kind_word(effect.kind) != NULL);
        count++;
    }
    if (effect_list_end(&list) == STATUS_OK) ASSERT(count == load_u16(bytes.data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct transaction *tx = malloc(sizeof *tx);
    if (!tx) return 0;
    try_text(span_of(data, size), tx);
    if (transaction_decode(span_of(data, size), tx, NULL) == STATUS_OK) expect_same(tx);
    if (transaction_decode_body(span_of(data, size), tx, NULL) == STATUS_OK) {
        tx->signature_count = 0;
        expect_same(tx);
    }
    try_effects(span_of(data, size));
    free(tx);
    return 0;
}
