/* Entries of blocks, out of a real ledger: what it does is right, and whatever is changed is found.
 */
#include "ledger_fixture.h"

static struct book book;

static void made(void *user, const struct digest *txid, struct span bytes, bool hopeless)
{
    struct stand *s = user;
    if (!hopeless) checker_made(s->checker, txid, bytes);
}

/* Its batch is decided and stored at node 0, as it was executed. */
static void decide_batch(struct stand *s)
{
    static struct proposal last;
    struct proposal p = proposal_after(book.sequence == 1 ? NULL : &last, 0);
    p.batch = digest_of(TAG_BATCH, writer_span(&book.batch));
    struct writer *w = stand_write(s);
    proposal_write(w, &p);
    write_bytes32(w, writer_span(&book.batch));
    stand_append(s, 0, JOURNAL_PROPOSAL);
    stand_decide(s, 0, &p, span_of(NULL, 0));
    last = p;
}

static struct stand *with_book(struct workload **workload)
{
    struct stand *s = stand_open(4, 2);
    s->plan.seed = 11;
    s->plan.bad_permille = 200;
    book_open(&book, s->genesis);
    *workload = workload_new(&s->plan, s->genesis);
    return s;
}

/* Ten blocks as they are; the last one changed by `change`, if any. */
static void run(void (*change)(struct execution *e), bool batches, enum check_name name)
{
    struct workload *workload;
    struct stand *s = with_book(&workload);
    uint64_t height;
    uint16_t code;
    for (unsigned i = 0; i < 10; i++) {
        struct execution *e = book_run(&book, workload, 12, made, s);
        cr_assert_gt(e->entry_count, 3);
        if (batches) decide_batch(s);
        if (i == 9 && change) change(e);
        checker_executed(s->checker, 0, e);
        checker_executed(s->checker, 1, e);
        if (i < 9) stand_expect(s, CHECK_NONE);
    }
    stand_expect(s, name);
    if (!change) {
        const struct executed_entry *entry = &book.execution->entries[2];
        cr_assert_eq(checker_height(s->checker), 10);
        cr_assert_gt(checker_committed(s->checker), 50);
        cr_assert(checker_result(s->checker, &entry->id, &height, &code));
        cr_assert_eq(height, 10);
        cr_assert_eq(code, entry->code);
        checker_finish(s->checker, 0, book.reader);
        stand_expect(s, CHECK_NONE);
    }
    workload_free(workload);
    book_close(&book);
    stand_close(s);
}

Test(entries, what_the_ledger_does_is_right)
{
    run(NULL, true, CHECK_NONE);
}

Test(entries, with_the_entries_alone_too)
{
    run(NULL, false, CHECK_NONE);
}

static void other_code(struct execution *e)
{
    e->entries[1].code = e->entries[1].code == 0 ? RESULT_insufficient_funds : 0;
}

static void other_place(struct execution *e)
{
    e->entries[2].at++;
}

static void last_left_out(struct execution *e)
{
    e->header.entry_count = --e->entry_count;
}

static void first_left_out(struct execution *e)
{
    memmove(e->entries, e->entries + 1, (e->entry_count - 1) * sizeof *e->entries);
    e->header.entry_count = --e->entry_count;
}

static void other_time(struct execution *e)
{
    e->header.time_ms++;
}

static void other_proposer(struct execution *e)
{
    e->header.proposer.bytes[0]++;
}

static void other_kind(struct execution *e)
{
    struct executed_entry *first = &e->entries[0];
    first->kind = first->kind == ENTRY_EXPIRY ? ENTRY_TRANSACTION : ENTRY_EXPIRY;
}

Test(entries, what_it_does_wrong_is_found)
{
    run(other_code, true, CHECK_EXECUTION);
    run(other_code, false, CHECK_EXECUTION);
    run(other_place, true, CHECK_EXECUTION);
    run(last_left_out, true, CHECK_EXECUTION);
    run(first_left_out, true, CHECK_EXECUTION);
    run(other_time, true, CHECK_EXECUTION);
    run(other_proposer, true, CHECK_EXECUTION);
    run(other_kind, true, CHECK_EXECUTION);
}

/* The last entries: ends of holds may stand before them. */
static void invented(struct execution *e)
{
    e->entries[e->entry_count - 1].id = digest_letter('q');
}

static void twice_in_a_block(struct execution *e)
{
    e->entries[e->entry_count - 1] = e->entries[e->entry_count - 2];
}

static struct digest before;

static void twice_in_the_chain(struct execution *e)
{
    e->entries[0].id = before;
}

Test(entries, each_once_and_only_what_was_made)
{
    run(invented, true, CHECK_ONCE);
    run(twice_in_a_block, true, CHECK_ONCE);
}

Test(entries, not_again_in_a_later_block)
{
    struct workload *workload;
    struct stand *s = with_book(&workload);
    checker_executed(s->checker, 0, book_run(&book, workload, 12, made, s));
    before = book.execution->entries[0].id;
    struct execution *e = book_run(&book, workload, 12, made, s);
    twice_in_the_chain(e);
    checker_executed(s->checker, 0, e);
    stand_expect(s, CHECK_ONCE);
    workload_free(workload);
    book_close(&book);
    stand_close(s);
}

/* A batch of which something counts is not empty. */
Test(entries, nothing_good_is_passed_over)
{
    struct workload *workload;
    struct stand *s = with_book(&workload);
    struct execution *e = book_run(&book, workload, 12, made, s);
    struct execution empty = { .kind = EXECUTION_EMPTY, .sequence = 1 };
    cr_assert_gt(e->entry_count, 0);
    decide_batch(s);
    checker_executed(s->checker, 0, &empty);
    stand_expect(s, CHECK_EXECUTION);
    workload_free(workload);
    book_close(&book);
    stand_close(s);
}

Test(entries, a_batch_of_nothing_good_is_empty)
{
    struct stand *s = stand_open(4, 2);
    book_open(&book, s->genesis);
    book_begin(&book, 1);
    book_add(&book, span_of((const uint8_t *)"nonsense", 8));
    struct execution *e = book_execute(&book);
    cr_assert_eq(e->kind, EXECUTION_EMPTY);
    decide_batch(s);
    checker_executed(s->checker, 0, e);
    stand_expect(s, CHECK_NONE);
    book_close(&book);
    stand_close(s);
}
