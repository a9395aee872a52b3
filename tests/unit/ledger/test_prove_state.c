#include "tests/unit/ledger/prove_story.h"

TestSuite(prove_state, .init = open_prover, .fini = close_prover);

static void seal_head(void)
{
    story_seal(&story.f, 7);
}

static const struct proof *state_of(const struct state_question *question)
{
    struct state_reading *made = reading_of(question);
    const struct proof *proof = verified(prove_state(&prover, made));
    state_reading_free(made);
    return proof;
}

Test(prove_state, a_balance_that_is_and_one_that_is_not)
{
    struct state_question question = question_of_balance(&story.f.cast[ALICE]);
    struct balance balance;
    seal_head();
    const struct proof *proof = state_of(&question);
    cr_assert_eq(proof->state.form, STATE_PRESENT);
    cr_assert_eq(balance_decode(proof->state.value, &balance), STATUS_OK);
    cr_assert_eq(balance.posted, 10000 - 1000 - 300 - 5);
    next_proof();
    question = question_of_balance(&story.f.cast[OTHER]);
    proof = state_of(&question);
    cr_assert_eq(proof->state.form, STATE_ABSENT);
}

Test(prove_state, absences_beside_nothing_and_beside_neighbours)
{
    unsigned neighbours = 0, empty = 0;
    seal_head();
    for (unsigned i = 0; i < 60; i++) {
        struct id nobody = sample_id("nobody", i);
        struct state_question question = question_of_id(RECORD_ACCOUNT, &nobody);
        if (i % 3 == 1) question = question_of_balance(&nobody);
        if (i % 3 == 2) question = question_of_id(RECORD_HOLD, &nobody);
        const struct proof *proof = state_of(&question);
        cr_assert_eq(proof->state.form, STATE_ABSENT);
        neighbours += proof->state.has_neighbour;
        empty += !proof->state.has_neighbour;
        next_proof();
    }
    cr_assert_gt(neighbours, 0);
    cr_assert_gt(empty, 0);
}

Test(prove_state, a_window_entry_and_its_absence_at_another_time)
{
    struct state_question question = { .kind = RECORD_WINDOW };
    struct id reference = sample_id("reference", story.f.reference - 1);
    seal_head();
    question.key_size = (uint16_t)window_key(&story.f.cast[BOB], &reference, question.key);
    const struct proof *proof = state_of(&question);
    cr_assert_eq(proof->state.form, STATE_PRESENT);
    next_proof();
    question.not_after_ms = FIXTURE_TIME + 5000001;
    proof = state_of(&question);
    cr_assert_eq(proof->state.form, STATE_ABSENT);
    cr_assert_eq(proof->state.not_after_ms % WINDOW_STEP_MS, 0);
    cr_assert_leq(proof->state.not_after_ms, question.not_after_ms);
}

Test(prove_state, a_reading_waits_for_the_seal_of_its_own_block)
{
    struct state_question question = question_of_balance(&story.f.cast[ALICE]);
    struct state_reading *made = reading_of(&question);
    cr_assert_eq(prove_state(&prover, made), STATUS_NO_QUORUM);
    cr_assert_eq(prover.unsealed, 7);
    story.f.tick = true;
    story_block(&(story), 7);
    next_proof();
    cr_assert_eq(prove_state(&prover, made), STATUS_NO_QUORUM, "a later seal does not do");
    state_reading_free(made);
    next_proof();
    state_of(&question);
    cr_assert_eq(verdict.sealed[0].height, 8);
}

/* ---- the past -------------------------------------------------------------------------------- */

Test(prove_state, a_balance_between_two_movements)
{
    const struct id *bob = &story.f.cast[BOB];
    seal_head();
    for (uint64_t height = 1; height <= 6; height++) {
        const struct proof *proof =
            verified(prove_balance_at(&prover, bob, &story.f.eur, height, NULL));
        cr_assert_eq(proof->state.form, STATE_BETWEEN);
        cr_assert_leq(receipt_header(&proof->state.last)->height, height);
        cr_assert_gt(receipt_header(&proof->state.next)->height, height);
        next_proof();
    }
    /* Its last movement of all is in block 7. */
    cr_assert_eq(prove_balance_at(&prover, bob, &story.f.eur, 7, NULL), STATUS_STALE);
    next_proof();
    struct state_question question = question_of_balance(bob);
    struct state_reading *made = reading_of(&question);
    const struct proof *proof = verified(prove_balance_at(&prover, bob, &story.f.eur, 7, made));
    cr_assert_eq(proof->state.form, STATE_SINCE);
    next_proof();
    cr_assert_eq(prove_balance_at(&prover, bob, &story.f.eur, 8, made), STATUS_STALE,
                 "the reading is of block 7");
    state_reading_free(made);
}

Test(prove_state, the_allocation_of_the_genesis_has_no_receipt)
{
    cr_assert_eq(prove_balance_at(&prover, &story.f.cast[ALICE], &story.f.eur, 0, NULL),
                 STATUS_NOT_FOUND);
    next_proof();
    cr_assert_eq(prove_balance_at(&prover, &story.f.cast[OTHER], &story.f.eur, 5, NULL),
                 STATUS_NOT_FOUND);
}

/* ---- what never was -------------------------------------------------------------------------- */

static struct transaction *body_of(struct writer *w)
{
    struct transaction *tx = malloc(sizeof *tx);
    cr_assert_not_null(tx);
    writer_init(w, TX_BYTES_LIMIT);
    transaction_write_body(w, story.f.tx);
    cr_assert_eq(transaction_decode_body(writer_span(w), tx, NULL), STATUS_OK);
    return tx;
}

static void ticks_to(uint64_t time_ms)
{
    story.f.time_ms = time_ms;
    story.f.tick = true;
    story_block(&story, 7);
}

/* A payment of ALICE's that nobody was ever given, and what the ledger says of it as time goes. */
Test(prove_state, a_transaction_that_was_never_executed)
{
    struct writer w;
    struct state_question question;
    struct transaction *made = fixture_tx(&story.f, ALICE);
    add_transfer(&story.f, ALICE, BOB, 1);
    uint64_t not_after_ms = made->not_after_ms;
    struct transaction *tx = body_of(&w);
    absence_question(tx, &question);

    struct state_reading *early = reading_of(&question);
    cr_assert_eq(absence_of(tx, early), ABSENCE_TOO_EARLY);
    cr_assert_eq(prove_absence(&prover, tx, early), STATUS_STALE);
    state_reading_free(early);

    ticks_to(not_after_ms); /* in it, to the millisecond */
    early = reading_of(&question);
    cr_assert_eq(absence_of(tx, early), ABSENCE_TOO_EARLY);
    state_reading_free(early);

    ticks_to(not_after_ms + 1000);
    struct state_reading *right = reading_of(&question);
    cr_assert_eq(absence_of(tx, right), ABSENCE_SHOWN);
    next_proof();
    const struct proof *proof = verified(prove_absence(&prover, tx, right));
    cr_assert_eq(proof->kind, PROOF_ABSENCE);
    cr_assert(digest_equal(&proof->absence.txid, &tx->txid));
    cr_assert_eq(proof->absence.form, ABSENCE_STATE);

    /* The window has a grace of ten minutes behind the time of the block before. */
    ticks_to(not_after_ms + 600000 + 2000);
    struct state_reading *late = reading_of(&question);
    cr_assert_eq(absence_of(tx, late), ABSENCE_SHOWN);
    state_reading_free(late);
    ticks_to(not_after_ms + 600000 + 3000);
    late = reading_of(&question);
    cr_assert_eq(absence_of(tx, late), ABSENCE_TOO_LATE);
    state_reading_free(late);

    next_proof();
    verified(prove_absence(&prover, tx, right)); /* Kept, it is good for ever. */
    state_reading_free(right);
    free(tx);
    writer_free(&w);
}

Test(prove_state, another_transaction_has_its_reference)
{
    struct writer w;
    struct state_question question;
    fixture_tx(&story.f, ALICE);
    add_transfer(&story.f, ALICE, BOB, 1);
    struct transaction *lost = body_of(&w);
    story.f.tx->operations[0].transfer.amount = 2;
    uint64_t not_after_ms = story.f.tx->not_after_ms;
    story_add(&story, SIGNED_ALICE);
    story_block(&story, 7);
    ticks_to(not_after_ms + 1);
    absence_question(lost, &question);
    struct state_reading *made = reading_of(&question);
    cr_assert(made->present);
    cr_assert_eq(absence_of(lost, made), ABSENCE_SHOWN);
    const struct proof *proof = verified(prove_absence(&prover, lost, made));
    cr_assert_eq(proof->absence.state.form, STATE_PRESENT);
    state_reading_free(made);
    free(lost);
    writer_free(&w);
}

Test(prove_state, what_was_executed_is_not_absent)
{
    struct writer w;
    struct state_question question;
    fixture_tx(&story.f, ALICE);
    add_transfer(&story.f, ALICE, BOB, 1);
    struct transaction *tx = body_of(&w);
    story_add(&story, SIGNED_ALICE);
    story_block(&story, 7);
    ticks_to(tx->not_after_ms + 1);
    absence_question(tx, &question);
    struct state_reading *made = reading_of(&question);
    cr_assert_eq(absence_of(tx, made), ABSENCE_PRESENT);
    cr_assert_eq(prove_absence(&prover, tx, made), STATUS_STALE);
    state_reading_free(made);
    free(tx);
    writer_free(&w);
}

static struct transaction *lane_body(struct writer *w, uint64_t seq)
{
    struct transaction *tx = fixture_tx(&story.f, ALICE);
    tx->order = ORDER_LANE;
    tx->lane = STORY_LANE;
    tx->seq = seq;
    add_transfer(&story.f, ALICE, DAVE, 77);
    return body_of(w);
}

Test(prove_state, a_place_in_a_lane_that_nothing_took)
{
    struct writer w;
    struct state_question question;
    struct transaction *tx = lane_body(&w, 2);
    ticks_to(tx->not_after_ms + 1);
    absence_question(tx, &question);
    struct state_reading *made = reading_of(&question);
    cr_assert_eq(absence_of(tx, made), ABSENCE_SHOWN);
    verified(prove_absence(&prover, tx, made));
    state_reading_free(made);
    free(tx);
    writer_free(&w);
}

Test(prove_state, a_place_in_a_lane_that_another_took)
{
    struct writer w;
    struct state_question question;
    struct transaction *tx = lane_body(&w, 1);
    ticks_to(tx->not_after_ms + 1);
    absence_question(tx, &question);
    struct state_reading *made = reading_of(&question);
    cr_assert_eq(absence_of(tx, made), ABSENCE_LANE_USED);
    state_reading_free(made);
    const struct proof *proof = verified(prove_absence_other(&prover, tx));
    cr_assert_eq(proof->absence.form, ABSENCE_OTHER);
    free(tx);
    writer_free(&w);

    tx = lane_body(&w, 9);
    next_proof();
    cr_assert_eq(prove_absence_other(&prover, tx), STATUS_NOT_FOUND);
    free(tx);
    writer_free(&w);
}
