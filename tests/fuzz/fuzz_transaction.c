/* tests/fuzz/fuzz_transaction.c -- any bytes: refused, or they encode to the same bytes again. */
#include "format/transaction.h"

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *count, char ***words)
{
    (void)count;
    (void)words;
    enum status status = crypto_start(NULL);
    ASSERT(status == STATUS_OK);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct transaction tx;
    struct refusal refusal;
    struct span bytes = span_of(data, size);
    if (transaction_decode(bytes, &tx, &refusal) != STATUS_OK) {
        ASSERT(refusal.code == REFUSAL_tx_malformed);
        ASSERT(refusal.offset <= size);
        ASSERT(refusal.detail[0] != '\0');
        return 0;
    }
    struct actor actors[TX_OPERATIONS_MAX + 1];
    ASSERT(transaction_actors(&tx, actors) >= 1);

    struct writer body;
    struct writer whole;
    writer_init(&body, size);
    writer_init(&whole, size);
    transaction_write_body(&body, &tx);
    ASSERT(span_equal(writer_span(&body), tx.body));
    transaction_write_signed(&whole, writer_span(&body), tx.signatures, tx.signature_count);
    ASSERT(span_equal(writer_span(&whole), bytes));
    writer_free(&whole);
    writer_free(&body);
    return 0;
}
