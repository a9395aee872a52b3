#include "tests/unit/ledger/prove_story.h"

TestSuite(prove_statement, .init = open_prover, .fini = close_prover);

static struct statement_range range_of(unsigned who, uint64_t from, uint64_t to)
{
    struct statement_range range;
    enum status status =
        prove_statement_range(reader, &story.f.cast[who], &story.f.eur, from, to, &range);
    cr_assert_eq(status, STATUS_OK, "%s", ledger_reader_error(reader));
    return range;
}

static const struct statement_proof *statement(unsigned who, uint64_t from, uint64_t to)
{
    struct statement_range range = range_of(who, from, to);
    struct state_question question = question_of_balance(&story.f.cast[who]);
    struct state_reading *made = reading_of(&question);
    const struct proof *proof = verified(prove_statement(&prover, &range, made));
    state_reading_free(made);
    cr_assert_eq(proof->kind, PROOF_STATEMENT);
    return &proof->statement;
}

Test(prove_statement, of_every_account_over_every_range)
{
    story_seal(&story.f, 7);
    for (unsigned who = 0; who < CAST_COUNT; who++)
        for (uint64_t to = 0; to <= STORY_HEIGHT; to++)
            for (uint64_t from = 0; from <= to; from++) {
                statement(who, from, to);
                next_proof();
            }
}

Test(prove_statement, lines_and_balances_tie)
{
    story_seal(&story.f, 7);
    const struct statement_proof *proof = statement(BOB, 0, STORY_HEIGHT);
    cr_assert_eq(proof->count, 5, "the allocation, three in, one out");
    cr_assert_eq(verdict.lines, 4);
    cr_assert_eq(verdict.opening.posted, 500);
    cr_assert_eq(verdict.closing.posted, 500 + 1000 + 100 + 5 - 1);
    cr_assert_eq(proof->form, CLOSING_STATE);
    next_proof();
    proof = statement(BOB, 1, 4);
    cr_assert_eq(verdict.lines, 1);
    cr_assert_eq(verdict.opening.posted, 1500);
    cr_assert_eq(verdict.closing.posted, 1600);
    cr_assert_eq(proof->form, CLOSING_NEXT);
    cr_assert_eq(receipt_header(&proof->next)->height, 5);
}

Test(prove_statement, an_account_that_never_moved_has_an_empty_one)
{
    story_seal(&story.f, 7);
    const struct statement_proof *proof = statement(OTHER, 0, STORY_HEIGHT);
    cr_assert_eq(proof->count, 0);
    cr_assert_eq(proof->state.form, STATE_ABSENT);
}

Test(prove_statement, its_end_wants_a_reading_that_is_young_enough)
{
    struct statement_range range = range_of(BOB, 0, STORY_HEIGHT);
    struct state_question question = question_of_balance(&story.f.cast[BOB]);
    cr_assert_eq(prove_statement(&prover, &range, NULL), STATUS_STALE);
    struct state_reading *old = reading_of(&question);
    fixture_tx(&story.f, ALICE);
    add_transfer(&story.f, ALICE, BOB, 3);
    story_add(&story, SIGNED_ALICE);
    story_block(&story, 7);
    range = range_of(BOB, 0, STORY_HEIGHT + 1);
    next_proof();
    cr_assert_eq(prove_statement(&prover, &range, old), STATUS_STALE);
    state_reading_free(old);
    next_proof();
    statement(BOB, 0, STORY_HEIGHT + 1);
}

Test(prove_statement, an_end_that_is_not_sealed_yet)
{
    struct statement_range range = range_of(BOB, 0, 6);
    cr_assert_eq(prove_statement(&prover, &range, NULL), STATUS_NO_QUORUM);
    cr_assert_eq(prover.unsealed, 7, "that is where the next movement stands");
}

/* Pages of two lines, put together again, are the proof. */
Test(prove_statement, pages_put_together_are_the_statement)
{
    story_seal(&story.f, 7);
    const struct statement_range whole = range_of(BOB, 0, STORY_HEIGHT);
    static uint8_t lines[8 * MOVEMENT_BYTES];
    struct digest head = { { 0 } };
    uint32_t count = 0;
    struct state_question question = question_of_balance(&story.f.cast[BOB]);
    struct state_reading *made = reading_of(&question);
    for (uint64_t first = whole.first; first <= whole.last; first += 2) {
        struct statement_range page = whole;
        page.first = first;
        page.count = (uint32_t)min_u64(2, whole.last + 1 - first);
        next_proof();
        cr_assert_eq(prove_statement(&prover, &page, made), STATUS_OK);
        struct span part = prover.proof.statement.movements;
        memcpy(lines + (size_t)count * MOVEMENT_BYTES, part.data, part.size);
        count += prover.proof.statement.count;
        if (first == whole.first) head = prover.proof.statement.head;
    }
    prover.proof.statement.head = head;
    prover.proof.statement.count = count;
    prover.proof.statement.movements = span_of(lines, (size_t)count * MOVEMENT_BYTES);
    verified(STATUS_OK);
    cr_assert_eq(verdict.lines, 4);
    state_reading_free(made);
}

Test(prove_statement, a_missing_line_is_damage)
{
    struct statement_range range = range_of(BOB, 0, 4);
    edit_story("DELETE FROM movement WHERE seq = 2");
    prover_init(&prover, reader);
    cr_assert_eq(prove_statement(&prover, &range, NULL), STATUS_DAMAGED);
}
