/* The idempotency window: horizon, sweep, and what makes absence final. */
#include "ledger/ledger_inside.h"
#include "tests/unit/ledger/fixture.h"
#include <criterion/criterion.h>

static struct fixture f;

static void start(uint64_t grace_ms, uint64_t sweep_max, uint64_t batch_max)
{
    fixture_prepare(&f);
    f.genesis->params.values[PARAM_window_grace_ms] = grace_ms;
    f.genesis->params.values[PARAM_window_sweep_max] = sweep_max;
    f.genesis->params.values[PARAM_batch_txs_max] = batch_max;
    fixture_open(&f, NULL);
}

static void teardown(void)
{
    fixture_stop(&f);
}

TestSuite(window, .fini = teardown);

/* A payment that may run until not_after_ms; returns its reference. */
static struct id pay(uint64_t not_after_ms)
{
    fixture_tx(&f, ALICE)->not_after_ms = not_after_ms;
    add_transfer(&f, ALICE, BOB, 1);
    struct id reference = f.tx->client_ref;
    fixture_add(&f, SIGNED_ALICE);
    return reference;
}

static const struct header *block_at(uint64_t time_ms)
{
    f.time_ms = time_ms;
    f.tick = true;
    fixture_run(&f);
    cr_assert_eq(f.last->kind, EXECUTION_BLOCK);
    return &f.last->header;
}

static bool remembered(const struct id *reference)
{
    return state_window(f.ledger->state, &f.cast[ALICE], reference) != NULL;
}

Test(window, the_horizon_follows_the_parents_time_less_the_grace)
{
    start(10000, 20000, 10000);
    const uint64_t t = FIXTURE_TIME;
    cr_assert_eq(block_at(t + 5000)->window_horizon_ms, t - 10000);
    cr_assert_eq(block_at(t + 100000)->window_horizon_ms, t - 5000);
    cr_assert_eq(block_at(t + 101000)->window_horizon_ms, t + 90000);
    cr_assert_eq(block_at(t + 900000)->window_horizon_ms, t + 91000);
}

Test(window, the_first_block_after_not_after_still_holds_the_entry_however_long_the_gap)
{
    start(0, 20000, 10000);
    const uint64_t t = FIXTURE_TIME;
    struct id reference = pay(t + 20000);
    block_at(t + 10000);
    cr_assert(remembered(&reference));
    block_at(t + 86400000); /* a day idle: absence can be shown here */
    cr_assert(remembered(&reference));
    cr_assert_eq(ledger_head(f.ledger)->header.window_horizon_ms, t + 10000);
    block_at(t + 86401000);
    cr_assert(!remembered(&reference));
}

Test(window, an_entry_stays_while_its_not_after_is_not_below_the_horizon)
{
    start(0, 20000, 10000);
    const uint64_t t = FIXTURE_TIME;
    struct id reference = pay(t + 20000);
    block_at(t + 10000);
    block_at(t + 20000);
    block_at(t + 21000); /* horizon t + 20000 = not_after: stays */
    cr_assert(remembered(&reference));
    block_at(t + 22000); /* horizon t + 21000 */
    cr_assert(!remembered(&reference));
}

Test(window, a_swept_transaction_comes_back_only_as_expired)
{
    struct writer w;
    start(0, 20000, 10000);
    const uint64_t t = FIXTURE_TIME;
    fixture_tx(&f, ALICE)->not_after_ms = t + 20000;
    add_transfer(&f, ALICE, BOB, 1);
    struct id reference = f.tx->client_ref;
    fixture_sign(&f, SIGNED_ALICE, &w);
    fixture_add_bytes(&f, writer_span(&w));
    block_at(t + 10000);
    block_at(t + 30000);
    block_at(t + 31000);
    cr_assert(!remembered(&reference));
    fixture_add_bytes(&f, writer_span(&w));
    block_at(t + 32000);
    cr_assert_eq(f.last->skipped[0].refusal, REFUSAL_tx_expired);
    writer_free(&w);

    /* The reference itself is free again for a new body: that is why clients ask first. */
    fixture_tx(&f, ALICE)->client_ref = reference;
    f.tx->not_after_ms = t + 60000;
    add_transfer(&f, ALICE, BOB, 1);
    fixture_add(&f, SIGNED_ALICE);
    block_at(t + 33000);
    cr_assert_eq(f.last->entry_count, 1);
    cr_assert(remembered(&reference));
}

Test(window, a_sweep_takes_at_most_so_many_by_not_after_then_txid)
{
    start(0, 6, 3);
    const uint64_t t = FIXTURE_TIME;
    struct id references[9];
    for (unsigned i = 0; i < 9; i++) {
        references[i] = pay(t + 60000 - 1000 * i); /* the later ones expire first */
        if (i % 3 == 2) block_at(t + 1000 * (i + 1));
    }
    block_at(t + 80000);
    block_at(t + 81000); /* horizon t + 80000: all nine are due, six go */
    for (unsigned i = 0; i < 9; i++)
        cr_assert_eq(remembered(&references[i]), i < 3, "%u", i);
    block_at(t + 82000);
    for (unsigned i = 0; i < 9; i++)
        cr_assert(!remembered(&references[i]));
}

Test(window, the_window_is_part_of_the_state)
{
    start(0, 20000, 10000);
    const uint64_t t = FIXTURE_TIME;
    uint64_t leaves = state_tree_count(f.ledger->tree);
    pay(t + 20000);
    block_at(t + 10000);
    cr_assert_eq(state_tree_count(f.ledger->tree), leaves + 1);
    block_at(t + 30000);
    block_at(t + 31000);
    cr_assert_eq(state_tree_count(f.ledger->tree), leaves);
}

Test(window, a_lane_leaves_no_window_entry)
{
    start(0, 20000, 10000);
    const uint64_t t = FIXTURE_TIME;
    fixture_tx(&f, ALICE);
    f.tx->order = ORDER_LANE;
    f.tx->lane = 1;
    f.tx->seq = 1;
    add_transfer(&f, ALICE, BOB, 1);
    struct id reference = f.tx->client_ref;
    fixture_add(&f, SIGNED_ALICE);
    block_at(t + 10000);
    cr_assert_eq(f.last->entry_count, 1);
    cr_assert(!remembered(&reference));
}

Test(window, a_raised_grace_does_not_take_the_horizon_back)
{
    start(1000, 20000, 10000);
    const uint64_t t = FIXTURE_TIME;
    block_at(t + 100000);
    cr_assert_eq(block_at(t + 101000)->window_horizon_ms, t + 99000);
    f.ledger->params.values[PARAM_window_grace_ms] = 50000; /* as governance will */
    cr_assert_eq(block_at(t + 102000)->window_horizon_ms, t + 99000);
    cr_assert_eq(block_at(t + 200000)->window_horizon_ms, t + 99000);
    cr_assert_eq(block_at(t + 201000)->window_horizon_ms, t + 150000);
}
