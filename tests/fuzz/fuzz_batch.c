/* tests/fuzz/fuzz_batch.c -- any bytes as batch, block, header, entry record, seal and seal vote:
 * refused, or they encode to the same bytes again. The first byte says as what they are read. */
#include "format/seal.h"

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct params params;

int LLVMFuzzerInitialize(int *count, char ***words)
{
    (void)count;
    (void)words;
    enum status status = crypto_start(NULL);
    ASSERT(status == STATUS_OK);
    params_default(&params);
    return 0;
}

static void write_transactions(struct writer *w, uint32_t count, struct span rest)
{
    struct span transaction;
    uint32_t walked = 0;
    for (; batch_next(&rest, &transaction); walked++)
        write_bytes32(w, transaction);
    ASSERT(walked == count);
}

static void try_batch(struct span bytes, struct writer *w)
{
    struct batch batch;
    struct digest chain_id = { { 0 } };
    enum status checked = batch_check(bytes, &chain_id, &params, NULL, &batch, NULL);
    if (batch_decode(bytes, &params, &batch) != STATUS_OK) {
        ASSERT(checked != STATUS_OK);
        return;
    }
    batch_write_head(w, &batch);
    write_transactions(w, batch.count, batch.transactions);
    ASSERT(span_equal(writer_span(w), bytes));
}

static void try_block(struct span bytes, struct writer *w)
{
    struct header header;
    uint32_t count;
    struct span transactions;
    if (block_decode(bytes, &header, &count, &transactions) != STATUS_OK) return;
    header_write(w, &header);
    write_u32(w, count);
    write_transactions(w, count, transactions);
    ASSERT(span_equal(writer_span(w), bytes));
}

static void try_entry(struct span bytes, struct writer *w)
{
    struct entry_record record;
    struct reader r = reader_of(bytes);
    entry_record_read(&r, &record);
    if (reader_end(&r) != STATUS_OK) return;
    entry_record_write(w, &record);
    ASSERT(span_equal(writer_span(w), bytes));
}

static void try_seal(struct span bytes, struct writer *w)
{
    static struct seal seal;
    struct reader r = reader_of(bytes);
    seal_read(&r, &seal);
    if (reader_end(&r) != STATUS_OK) return;
    seal_write(w, &seal);
    ASSERT(span_equal(writer_span(w), bytes));
}

static void try_seal_vote(struct span bytes, struct writer *w)
{
    struct seal_vote vote;
    struct reader r = reader_of(bytes);
    seal_vote_read(&r, &vote);
    if (reader_end(&r) != STATUS_OK) return;
    seal_vote_write(w, &vote);
    ASSERT(span_equal(writer_span(w), bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    struct span bytes = span_of(data + 1, size - 1);
    struct writer w;
    writer_init(&w, size);
    switch (data[0] % 5) {
    case 0: try_batch(bytes, &w); break;
    case 1: try_block(bytes, &w); break;
    case 2: try_entry(bytes, &w); break;
    case 3: try_seal(bytes, &w); break;
    default: try_seal_vote(bytes, &w); break;
    }
    writer_free(&w);
    return 0;
}
