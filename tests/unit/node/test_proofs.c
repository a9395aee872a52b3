#include "node/proofs.h"

#include "tests/unit/ledger/fixture.h"
#include <criterion/criterion.h>

static struct fixture f;
static struct proofs *proofs;
static unsigned answers[STATE_DRAINING + 1];

static void setup(void)
{
    fixture_start(&f);
    proofs = proofs_new();
    cr_assert_not_null(proofs);
    memset(answers, 0, sizeof answers);
}

static void teardown(void)
{
    proofs_stop(proofs);
    proofs_free(proofs);
    fixture_stop(&f);
}

TestSuite(proofs, .init = setup, .fini = teardown);

static void count_answer(void *context, enum state_outcome outcome, struct state_reading *reading)
{
    cr_assert_eq(reading != NULL, outcome == STATE_READ);
    if (context && reading) *(uint64_t *)context = reading->header.height;
    answers[outcome]++;
    state_reading_free(reading);
}

static struct state_question question_of(unsigned who)
{
    struct state_question question = { .kind = RECORD_ACCOUNT, .key_size = 16 };
    memcpy(question.key, f.cast[who].bytes, 16);
    return question;
}

static void tick(void)
{
    f.tick = true;
    fixture_run(&f);
}

static struct absence_wish wish_of(unsigned who, uint64_t number, uint64_t not_after_ms,
                                   struct state_question *question)
{
    *question = (struct state_question){ .kind = RECORD_WINDOW, .not_after_ms = not_after_ms };
    struct id reference = sample_id("lost", number);
    question->key_size = (uint16_t)window_key(&f.cast[who], &reference, question->key);
    return (struct absence_wish){ .source = f.cast[who],
                                  .txid = sample_digest("lost", number),
                                  .not_after_ms = not_after_ms,
                                  .question = question };
}

static bool kept(uint64_t number)
{
    struct digest txid = sample_digest("lost", number);
    struct state_reading *reading = proofs_absence(proofs, &txid);
    bool found = reading != NULL;
    state_reading_free(reading);
    return found;
}

Test(proofs, a_question_is_answered_at_the_ledgers_turn)
{
    struct state_question question = question_of(ALICE);
    uint64_t height = UINT64_MAX;
    cr_assert_not(proofs_waiting(proofs));
    cr_assert(proofs_ask(proofs, &question, count_answer, &height));
    cr_assert(proofs_waiting(proofs));
    cr_assert_eq(answers[STATE_READ], 0);
    tick();
    proofs_run(proofs, f.ledger);
    cr_assert_eq(answers[STATE_READ], 1);
    cr_assert_eq(height, 1, "the block that was last when its turn came");
    cr_assert_not(proofs_waiting(proofs));
}

Test(proofs, a_turn_is_bounded_and_the_queue_too)
{
    struct state_question question = question_of(BOB);
    for (unsigned i = 0; i < PROOFS_ASKED_MAX; i++)
        cr_assert(proofs_ask(proofs, &question, count_answer, NULL));
    cr_assert(proofs_ask(proofs, &question, count_answer, NULL));
    cr_assert_eq(answers[STATE_BUSY], 1);
    proofs_run(proofs, f.ledger);
    cr_assert_eq(answers[STATE_READ], PROOFS_RUN_MAX);
    cr_assert(proofs_ask(proofs, &question, count_answer, NULL));
    cr_assert_eq(answers[STATE_BUSY], 1, "there is room again");
    while (proofs_waiting(proofs))
        proofs_run(proofs, f.ledger);
    cr_assert_eq(answers[STATE_READ], PROOFS_ASKED_MAX + 1);
}

Test(proofs, a_window_entry_without_a_time_is_none)
{
    struct state_question question;
    wish_of(ALICE, 1, 0, &question);
    cr_assert(proofs_ask(proofs, &question, count_answer, NULL));
    proofs_run(proofs, f.ledger);
    cr_assert_eq(answers[STATE_NONE], 1);
}

Test(proofs, whoever_waits_at_the_end_is_told)
{
    struct state_question question = question_of(BOB);
    for (unsigned i = 0; i < 3; i++)
        proofs_ask(proofs, &question, count_answer, NULL);
    proofs_stop(proofs);
    cr_assert_eq(answers[STATE_DRAINING], 3);
    cr_assert_not(proofs_ask(proofs, &question, count_answer, NULL));
    proofs_run(proofs, f.ledger);
    cr_assert_eq(answers[STATE_READ], 0);
}

Test(proofs, a_wish_is_taken_at_the_first_block_behind_its_time)
{
    struct state_question question;
    uint64_t not_after_ms = f.time_ms;
    struct absence_wish wish = wish_of(ALICE, 1, not_after_ms, &question);
    proofs_wish(proofs, &wish);
    cr_assert_not(proofs_waiting(proofs));
    tick(); /* At this very time. */
    proofs_on_block(proofs, ledger_head(f.ledger)->header.time_ms);
    cr_assert_not(proofs_waiting(proofs));
    cr_assert_eq(proofs_tick(proofs, not_after_ms), 0, "its time has not passed");
    cr_assert_eq(proofs_tick(proofs, not_after_ms + 1), not_after_ms);
    tick();
    proofs_on_block(proofs, ledger_head(f.ledger)->header.time_ms);
    cr_assert_eq(proofs_tick(proofs, not_after_ms + 1), 0, "no block is wanted any more");
    cr_assert(proofs_waiting(proofs));
    cr_assert_not(kept(1));
    proofs_run(proofs, f.ledger);
    cr_assert_not(proofs_waiting(proofs));
    cr_assert(kept(1));
    cr_assert(kept(1), "it is a copy that was given out");
    cr_assert_not(kept(2));
}

Test(proofs, one_wish_a_source)
{
    struct state_question first, second, other;
    struct absence_wish wish = wish_of(ALICE, 1, 5000, &first);
    proofs_wish(proofs, &wish);
    proofs_wish(proofs, &wish); /* The same again changes nothing. */
    wish = wish_of(ALICE, 2, 4000, &second);
    proofs_wish(proofs, &wish);
    wish = wish_of(BOB, 3, 3000, &other);
    proofs_wish(proofs, &wish);
    cr_assert_eq(proofs_tick(proofs, 10000), 4000, "the first is forgotten");
    tick();
    proofs_on_block(proofs, ledger_head(f.ledger)->header.time_ms);
    proofs_run(proofs, f.ledger);
    cr_assert_not(kept(1));
    cr_assert(kept(2));
    cr_assert(kept(3));
    wish = wish_of(ALICE, 4, UINT64_MAX / 2, &first);
    proofs_wish(proofs, &wish);
    cr_assert_not(kept(2), "its place is taken");
    cr_assert_not(proofs_waiting(proofs));
}

Test(proofs, a_due_wish_that_is_replaced_leaves_nothing_to_do)
{
    struct state_question question;
    struct absence_wish wish = wish_of(ALICE, 1, 5000, &question);
    proofs_wish(proofs, &wish);
    proofs_on_block(proofs, 5001);
    cr_assert(proofs_waiting(proofs));
    wish = wish_of(ALICE, 2, UINT64_MAX / 2, &question);
    proofs_wish(proofs, &wish);
    cr_assert_not(proofs_waiting(proofs));
}

Test(proofs, with_too_many_sources_the_oldest_proof_goes_and_else_the_new_wish)
{
    struct state_question question;
    for (uint64_t i = 0; i <= PROOFS_WISHES_MAX; i++) {
        struct absence_wish wish = wish_of(ALICE, i, 5000, &question);
        wish.source = sample_id("source", i);
        proofs_wish(proofs, &wish);
    }
    tick();
    proofs_on_block(proofs, ledger_head(f.ledger)->header.time_ms);
    while (proofs_waiting(proofs))
        proofs_run(proofs, f.ledger);
    cr_assert(kept(0));
    cr_assert(kept(PROOFS_WISHES_MAX - 1));
    cr_assert_not(kept(PROOFS_WISHES_MAX), "there was no room");
    struct absence_wish wish = wish_of(ALICE, 5555, 5000, &question);
    wish.source = sample_id("source", 5555);
    proofs_wish(proofs, &wish);
    cr_assert_not(kept(0), "the oldest has made room");
    cr_assert(kept(1));
    cr_assert_eq(proofs_tick(proofs, 10000), 5000, "and the new one waits");
}
