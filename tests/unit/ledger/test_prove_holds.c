/* Proofs about two-phase payments: the hold in the state, its expiry, the statement of both. */
#include "tests/unit/ledger/prove_story.h"

TestSuite(prove_holds, .init = open_prover, .fini = close_prover);

static struct id hold;

/* ALICE reserves 7.00 for BOB; DAVE decides, and does not. */
static void reserve(void)
{
    fixture_tx(&story.f, ALICE);
    add_hold(&story.f, ALICE, BOB, 700, DAVE, story.f.time_ms + 5000);
    story_add(&story, SIGNED_ALICE);
    story_block(&story, 7);
    hold = fixture_hold(&story.f, 0);
}

static void expire(void)
{
    story.f.time_ms += 6000;
    story.f.tick = true;
    story_block(&story, 7);
    cr_assert_eq(story.f.last->entry_count, 1);
    cr_assert_eq(story.f.last->entries[0].kind, ENTRY_EXPIRY);
}

static enum state_form form_of_hold(void)
{
    struct state_question question = question_of_id(RECORD_HOLD, &hold);
    struct state_reading *made = reading_of(&question);
    next_proof();
    enum state_form form = verified(prove_state(&prover, made))->state.form;
    state_reading_free(made);
    return form;
}

Test(prove_holds, a_hold_is_in_the_state_until_it_ends)
{
    reserve();
    cr_assert_eq(form_of_hold(), STATE_PRESENT);
    expire();
    cr_assert_eq(form_of_hold(), STATE_ABSENT);
}

Test(prove_holds, an_expiry_has_a_receipt)
{
    reserve();
    expire();
    const struct proof *proof =
        verified(prove_receipt(&prover, &story.f.last->entries[0].id, false));
    cr_assert_eq(proof->receipt.entry.kind, ENTRY_EXPIRY);
    cr_assert_eq(proof->receipt.transaction.size, 0);
    cr_assert_gt(proof->receipt.effects.size, 2);
}

Test(prove_holds, both_statements_show_what_was_reserved_and_given_back)
{
    struct statement_range range;
    reserve();
    expire();
    for (unsigned i = 0; i < 2; i++) {
        const struct id *account = &story.f.cast[i == 0 ? ALICE : BOB];
        struct state_question question = question_of_balance(account);
        struct state_reading *made = reading_of(&question);
        cr_assert_eq(prove_statement_range(reader, account, &story.f.eur, STORY_HEIGHT,
                                           STORY_HEIGHT + 2, &range),
                     STATUS_OK);
        next_proof();
        const struct proof *proof = verified(prove_statement(&prover, &range, made));
        cr_assert_eq(verdict.lines, 2);
        struct movement line = statement_movement(&proof->statement, 1);
        cr_assert_eq(i == 0 ? line.held_out : line.held_in, 700);
        cr_assert_eq(verdict.closing.held_out, 0);
        cr_assert_eq(verdict.closing.held_in, 0);
        state_reading_free(made);
    }
}
