/* Receipts, and a ledger as a whole. */
#include "ledger_fixture.h"

static struct book book;
static struct stand *s;
static struct executed_entry entry; /* the first of block 1 */

static void made(void *user, const struct digest *txid, struct span bytes, bool hopeless)
{
    (void)hopeless;
    checker_made(((struct stand *)user)->checker, txid, bytes);
}

static void run_blocks(unsigned count)
{
    struct workload *workload = workload_new(&s->plan, s->genesis);
    for (unsigned i = 0; i < count; i++) {
        struct execution *e = book_run(&book, workload, 12, made, s);
        if (i == 0) entry = e->entries[0];
        checker_executed(s->checker, 0, e);
    }
    workload_free(workload);
}

/* The last block, sealed as a quorum would. */
static void seal_last(void)
{
    struct seal *seal = seal_of(s, book.execution->header.height, 'x', 0, 3);
    uint8_t bytes[SEAL_STATEMENT_BYTES];
    seal->block_hash = book.execution->hash;
    seal_statement_encode(&s->genesis->chain_id, 0, seal->height, &seal->block_hash, bytes);
    for (uint16_t i = 0; i < seal->count; i++)
        key_sign(&s->keys[i], TAG_SEAL, span_of(bytes, sizeof bytes),
                 &seal->signatures[i].signature);
    checker_sealed(s->checker, 0, seal);
}

static void set_up(void)
{
    s = stand_open(4, 2);
    s->plan.seed = 21;
    book_open(&book, s->genesis);
    run_blocks(5);
    stand_expect(s, CHECK_NONE);
}

static void tear_down(void)
{
    book_close(&book);
    stand_close(s);
}
TestSuite(ends, .init = set_up, .fini = tear_down);

Test(ends, a_receipt_says_what_is_sealed)
{
    seal_last();
    checker_receipt(s->checker, 0, &entry.id, 1, entry.code);
    checker_finish(s->checker, 0, book.reader);
    stand_expect(s, CHECK_NONE);
}

Test(ends, not_before_it_is)
{
    checker_receipt(s->checker, 0, &entry.id, 1, entry.code);
    stand_expect(s, CHECK_RECEIPT);
}

Test(ends, not_another_height)
{
    seal_last();
    checker_receipt(s->checker, 0, &entry.id, 2, entry.code);
    stand_expect(s, CHECK_RECEIPT);
}

Test(ends, not_another_result)
{
    seal_last();
    checker_receipt(s->checker, 0, &entry.id, 1, (uint16_t)(entry.code + 1));
    stand_expect(s, CHECK_RECEIPT);
}

Test(ends, not_of_what_is_nowhere)
{
    struct digest txid = digest_letter('q');
    seal_last();
    checker_receipt(s->checker, 0, &txid, 1, 0);
    stand_expect(s, CHECK_RECEIPT);
}

Test(ends, a_receipt_stays_true)
{
    seal_last();
    checker_receipt(s->checker, 0, &entry.id, 1, entry.code);
    struct made *known = shelf_find(&s->checker->transactions, &entry.id);
    known->entry++; /* as if the ledger now had it elsewhere */
    checker_finish(s->checker, 0, book.reader);
    stand_expect(s, CHECK_RECEIPT);
}

Test(ends, a_ledger_with_another_block_is_found)
{
    chain_block(s->checker, 3)->hash.bytes[0] ^= 1;
    checker_finish(s->checker, 0, book.reader);
    stand_expect(s, CHECK_AGREEMENT);
}

Test(ends, a_ledger_with_a_block_that_nobody_executed_is_found)
{
    struct workload *workload = workload_new(&s->plan, s->genesis);
    s->plan.seed++;
    book_run(&book, workload, 1, NULL, NULL);
    for (unsigned i = 0; i < 20 && book.execution->kind != EXECUTION_BLOCK; i++) {
        book.time_ms += 100000;
        book_run(&book, workload, 12, NULL, NULL);
    }
    workload_free(workload);
    checker_finish(s->checker, 0, book.reader);
    stand_expect(s, CHECK_AGREEMENT);
}

/* Two chains in one file would not get so far; an executor that agrees with itself alone does. */
Test(ends, a_state_that_differs_is_found)
{
    checker_free(s->checker);
    stand_begin(s); /* a checker that has seen the hashes, and a reference executor that has not */
    for (uint64_t height = 1; height <= 5; height++) {
        struct block_row row;
        cr_assert_eq(ledger_read_block(book.reader, height, &row), STATUS_OK);
        struct execution e = { .kind = EXECUTION_BLOCK, .sequence = height };
        e.header.height = e.header.sequence = height;
        e.header.time_ms = row.header.time_ms;
        e.header.window_horizon_ms = row.header.window_horizon_ms;
        e.header.parent_hash = row.header.parent_hash;
        e.hash = row.hash;
        checker_executed(s->checker, 0, &e);
    }
    stand_expect(s, CHECK_NONE);
    checker_finish(s->checker, 0, book.reader);
    stand_expect(s, CHECK_EXECUTION);
}
