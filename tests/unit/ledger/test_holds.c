/* Two-phase transfers: what each operation does to the hold and to both balances, each of its
 * results and each pair of results of which the first must win; groups; the end by itself. */
#include "ledger/holds.h"

#include "ledger/ledger_inside.h"
#include "tests/unit/ledger/fixture.h"
#include <criterion/criterion.h>

static struct fixture f;

static void setup(void)
{
    fixture_start(&f);
}

static void teardown(void)
{
    fixture_stop(&f);
}

TestSuite(holds, .init = setup, .fini = teardown);

/* Posted, held out and held in. */
static void expect_balance(unsigned who, int64_t posted, int64_t held_out, int64_t held_in)
{
    static const struct balance none;
    const struct balance *b = state_balance(f.ledger->state, &f.cast[who], &f.eur);
    if (!b) b = &none;
    cr_assert_eq(b->posted, posted, "posted of %u is %lld", who, (long long)b->posted);
    cr_assert_eq(b->held_out, held_out, "held_out of %u is %lld", who, (long long)b->held_out);
    cr_assert_eq(b->held_in, held_in, "held_in of %u is %lld", who, (long long)b->held_in);
}

static void expect_observed(uint8_t what, int64_t value)
{
    uint8_t got = 0;
    int64_t seen = 0;
    cr_assert(effects_observed(f.ledger->executor.effects.list, &got, &seen));
    cr_assert_eq(got, what);
    cr_assert_eq(seen, value);
}

/* The one effect of kind hold in the last entry. */
static void expect_effect(const struct id *hold, uint8_t state, uint64_t amount)
{
    struct effect_list list = effect_list_of(f.ledger->executor.effects.list);
    struct ledger_effect effect;
    unsigned found = 0;
    while (effect_list_next(&list, &effect)) {
        if (effect.kind != LEDGER_EFFECT_HOLD) continue;
        cr_assert(id_equal(&effect.id, hold));
        cr_assert_eq(effect.hold.state, state);
        cr_assert_eq(effect.hold.amount, amount);
        found++;
    }
    cr_assert_eq(effect_list_end(&list), STATUS_OK);
    cr_assert_eq(found, 1);
}

static uint64_t later(uint64_t ms)
{
    return f.time_ms + ms;
}

/* Alice holds an amount for Bob; Dave decides. */
static struct id held(uint64_t amount, uint64_t ms)
{
    fixture_tx(&f, ALICE);
    add_hold(&f, ALICE, BOB, amount, DAVE, later(ms));
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    return fixture_hold(&f, 0);
}

static void freeze(unsigned who, bool frozen)
{
    fixture_tx(&f, BANK);
    add_freeze(&f, BANK, who, frozen);
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
}

static unsigned post_by(unsigned actor, unsigned signers, const struct id *hold, uint64_t amount)
{
    fixture_tx(&f, actor);
    add_post(&f, actor, hold, amount);
    return fixture_one(&f, signers);
}

static unsigned void_by(unsigned actor, unsigned signers, const struct id *hold)
{
    fixture_tx(&f, actor);
    add_void(&f, actor, hold);
    return fixture_one(&f, signers);
}

/* ---- made ------------------------------------------------------------------------------------ */

Test(holds, an_amount_is_reserved_for_both)
{
    uint64_t expires_ms = later(5000);
    struct id id = held(4000, 5000);
    expect_balance(ALICE, 10000, 4000, 0);
    expect_balance(BOB, 500, 0, 4000);
    expect_effect(&id, HOLD_MADE, 4000);
    const struct hold *hold = state_hold(f.ledger->state, &id);
    cr_assert_not_null(hold);
    cr_assert_eq(hold->version, position_of(1, 0, 0));
    cr_assert(id_equal(&hold->payer, &f.cast[ALICE]));
    cr_assert(id_equal(&hold->payee, &f.cast[BOB]));
    cr_assert(id_equal(&hold->arbiter, &f.cast[DAVE]));
    cr_assert(id_equal(&hold->asset, &f.eur));
    cr_assert_eq(hold->amount, 4000);
    cr_assert_eq(hold->expires_ms, expires_ms);
    cr_assert(id_is_zero(&hold->group));
    cr_assert(digest_is_zero(&hold->lock));
}

Test(holds, a_reserved_amount_cannot_be_drawn_nor_held_again)
{
    held(4000, 5000);
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 6001);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_insufficient_funds);
    expect_observed(OBSERVED_AVAILABLE, 6000);
    fixture_tx(&f, ALICE);
    add_hold(&f, ALICE, BOB, 6001, DAVE, later(5000));
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_insufficient_funds);
    expect_observed(OBSERVED_AVAILABLE, 6000);
    fixture_tx(&f, BOB); /* what is held for him is not his */
    add_transfer(&f, BOB, ALICE, 501);
    cr_assert_eq(fixture_one(&f, SIGNED_BOB), RESULT_insufficient_funds);
    fixture_tx(&f, ALICE);
    add_hold(&f, ALICE, BOB, 6000, DAVE, later(5000));
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    expect_balance(ALICE, 10000, 10000, 0);
    expect_balance(BOB, 500, 0, 10000);
}

Test(holds, a_payee_without_a_balance_gets_one_and_its_account_a_version)
{
    fixture_tx(&f, ALICE);
    add_hold(&f, ALICE, DAVE, 10, ALICE, later(5000));
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    const struct account *dave = state_account(f.ledger->state, &f.cast[DAVE]);
    cr_assert_eq(dave->balances, 1);
    cr_assert_eq(dave->version, position_of(1, 0, 0));
    expect_balance(DAVE, 0, 0, 10);
}

/* Everything that can be wrong is; one after the other is put right, and the next one shows. */
Test(holds, create_results_in_order)
{
    struct id nobody = sample_id("nobody", 1);
    freeze(BOB, true);
    for (unsigned right = 0; right < 7; right++) {
        static const unsigned expected[] = {
            RESULT_account_unknown,
            RESULT_account_unknown,
            RESULT_account_frozen,
            RESULT_asset_unknown,
            RESULT_term_out_of_range,
            RESULT_insufficient_funds,
            RESULT_ok,
        };
        if (right == 3) freeze(BOB, false);
        fixture_tx(&f, ALICE);
        struct operation *o = add_hold(&f, ALICE, BOB, right < 6 ? 10001 : 10000, DAVE,
                                       right < 5 ? f.time_ms : later(1));
        if (right < 1) o->hold_create.payee = nobody;
        if (right < 2) o->hold_create.arbiter = nobody;
        if (right < 4) o->hold_create.asset = nobody;
        cr_assert_eq(fixture_one(&f, SIGNED_ALICE), expected[right], "%u", right);
    }
}

Test(holds, a_frozen_payer_comes_before_all)
{
    freeze(ALICE, true);
    fixture_tx(&f, BOB);
    add_hold(&f, ALICE, BOB, 1, DAVE, 0);
    f.tx->operations[0].hold_create.payee = sample_id("nobody", 1);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE | SIGNED_BOB), RESULT_account_frozen);
}

Test(holds, the_edges_of_a_term)
{
    uint64_t most = f.genesis->params.values[PARAM_hold_ms_max];
    const struct {
        uint64_t ms;
        unsigned result;
    } terms[] = { { 0, RESULT_term_out_of_range },
                  { 1, RESULT_ok },
                  { most, RESULT_ok },
                  { most + 1, RESULT_term_out_of_range } };
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        fixture_tx(&f, ALICE);
        add_hold(&f, ALICE, BOB, 10, DAVE, later(terms[i].ms));
        cr_assert_eq(fixture_one(&f, SIGNED_ALICE), terms[i].result, "%zu", i);
    }
}

/* Two ids of one hold do not happen by themselves: they are made of the transaction's. */
Test(holds, an_id_that_exists_comes_before_funds)
{
    struct executor *x = &f.ledger->executor;
    struct observed observed = { OBSERVED_NOTHING, 0 };
    struct id id = held(4000, 50000);
    uint64_t position = position_of(2, 0, 0);
    struct operation o = { .code = OP_HOLD_CREATE, .actor = f.cast[ALICE] };
    o.hold_create.payee = f.cast[BOB];
    o.hold_create.arbiter = f.cast[BOB];
    o.hold_create.asset = f.eur;
    o.hold_create.amount = 6001;
    o.hold_create.expires_ms = x->time_ms + 1;
    struct id same = hold_id_of(&x->txid, 0);
    cr_assert(id_equal(&same, &id)); /* the executor still has that transaction's */
    cr_assert_eq(operation_apply(x, &o, position, &observed), RESULT_hold_exists);
    cr_assert_eq(operation_apply(x, &o, position + 1, &observed), RESULT_insufficient_funds);
    state_undo(f.ledger->state);
}

/* ---- ended ----------------------------------------------------------------------------------- */

Test(holds, posting_pays_and_ends)
{
    struct id id = held(4000, 50000);
    cr_assert_eq(post_by(DAVE, SIGNED_DAVE, &id, 4000), RESULT_ok);
    expect_balance(ALICE, 6000, 0, 0);
    expect_balance(BOB, 4500, 0, 0);
    expect_effect(&id, HOLD_POSTED, 4000);
    cr_assert_null(state_hold(f.ledger->state, &id));
    cr_assert_eq(post_by(DAVE, SIGNED_DAVE, &id, 4000), RESULT_hold_unknown);
    cr_assert_eq(void_by(DAVE, SIGNED_DAVE, &id), RESULT_hold_unknown);
}

Test(holds, posting_a_part_returns_the_rest)
{
    struct id id = held(4000, 50000);
    cr_assert_eq(post_by(DAVE, SIGNED_DAVE, &id, 1), RESULT_ok);
    expect_balance(ALICE, 9999, 0, 0);
    expect_balance(BOB, 501, 0, 0);
    expect_effect(&id, HOLD_POSTED, 1);
}

Test(holds, arbiter_and_payee_may_void)
{
    struct id id = held(4000, 50000);
    cr_assert_eq(void_by(DAVE, SIGNED_DAVE, &id), RESULT_ok);
    expect_balance(ALICE, 10000, 0, 0);
    expect_balance(BOB, 500, 0, 0);
    expect_effect(&id, HOLD_VOIDED, 4000);
    id = held(3000, 50000);
    cr_assert_eq(void_by(ALICE, SIGNED_ALICE, &id), RESULT_not_arbiter);
    cr_assert_eq(void_by(BOB, SIGNED_BOB, &id), RESULT_ok);
    expect_effect(&id, HOLD_VOIDED, 3000);
    expect_balance(ALICE, 10000, 0, 0);
}

Test(holds, post_results_in_order)
{
    struct id nobody = sample_id("hold", 9);
    cr_assert_eq(post_by(ALICE, SIGNED_ALICE, &nobody, TX_AMOUNT_MAX), RESULT_hold_unknown);
    struct id id = held(4000, 50000);
    freeze(BOB, true);
    cr_assert_eq(post_by(ALICE, SIGNED_ALICE, &id, TX_AMOUNT_MAX), RESULT_not_arbiter);
    cr_assert_eq(post_by(DAVE, SIGNED_DAVE, &id, TX_AMOUNT_MAX), RESULT_account_frozen);
    freeze(BOB, false);
    freeze(ALICE, true);
    cr_assert_eq(post_by(DAVE, SIGNED_DAVE, &id, TX_AMOUNT_MAX), RESULT_account_frozen);
    freeze(ALICE, false);
    cr_assert_eq(post_by(DAVE, SIGNED_DAVE, &id, 4001), RESULT_hold_amount);
    expect_observed(OBSERVED_AVAILABLE, 4000);
    expect_balance(ALICE, 10000, 4000, 0);
    freeze(DAVE, true);
    fixture_tx(&f, ALICE);
    add_post(&f, DAVE, &nobody, 1);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE | SIGNED_DAVE), RESULT_account_frozen);
}

Test(holds, a_hold_between_frozen_accounts_can_be_voided)
{
    struct id id = held(4000, 50000);
    freeze(ALICE, true);
    freeze(BOB, true);
    cr_assert_eq(void_by(DAVE, SIGNED_DAVE, &id), RESULT_ok);
    expect_balance(ALICE, 10000, 0, 0);
}

Test(holds, a_failing_transaction_leaves_no_hold)
{
    fixture_tx(&f, ALICE);
    add_hold(&f, ALICE, BOB, 10, DAVE, later(5000));
    add_transfer(&f, ALICE, BOB, 9991);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_insufficient_funds);
    struct id undone = fixture_hold(&f, 0);
    cr_assert_null(state_hold(f.ledger->state, &undone));
    expect_balance(ALICE, 10000, 0, 0);
    expect_balance(BOB, 500, 0, 0);
    cr_assert_eq(f.last->next_due_ms, UINT64_MAX);
    /* Nor does one that ends a hold and fails end it. */
    struct id id = held(10, 50000);
    fixture_tx(&f, DAVE);
    add_void(&f, DAVE, &id);
    add_transfer(&f, DAVE, BOB, 1);
    cr_assert_eq(fixture_one(&f, SIGNED_DAVE), RESULT_insufficient_funds);
    cr_assert_eq(post_by(DAVE, SIGNED_DAVE, &id, 10), RESULT_ok);
}

/* A group can be ended by the transaction that makes its holds: its id is chosen. */
Test(holds, a_group_that_is_made_and_ended_in_one_transaction)
{
    struct id group = sample_id("group", 1);
    fixture_tx(&f, ALICE);
    add_hold(&f, ALICE, BOB, 10, ALICE, later(5000))->hold_create.group = group;
    add_group(&f, OP_HOLD_POST_GROUP, ALICE, &group);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    struct id id = fixture_hold(&f, 0);
    expect_effect(&id, HOLD_POSTED, 10);
    expect_balance(ALICE, 9990, 0, 0);
    expect_balance(BOB, 510, 0, 0);
    fixture_tx(&f, ALICE);
    add_group(&f, OP_HOLD_POST_GROUP, ALICE, &group);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_hold_unknown);
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* count holds of 10 each, from Alice to Bob, decided by Dave. */
static void held_group(const struct id *group, unsigned count, uint64_t ms)
{
    fixture_tx(&f, ALICE);
    for (unsigned i = 0; i < count; i++)
        add_hold(&f, ALICE, BOB, 10, DAVE, later(ms))->hold_create.group = *group;
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
}

static unsigned end_group(enum operation_code code, const struct id *group)
{
    fixture_tx(&f, DAVE);
    add_group(&f, code, DAVE, group);
    return fixture_one(&f, SIGNED_DAVE);
}

Test(holds, a_group_is_posted_whole)
{
    struct id group = sample_id("group", 1), other = sample_id("group", 2);
    held_group(&group, 100, 50000);
    held_group(&other, 2, 50000);
    fixture_tx(&f, ALICE); /* the same name, another arbiter */
    add_hold(&f, ALICE, BOB, 7, BOB, later(50000))->hold_create.group = group;
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    expect_balance(ALICE, 10000, 1027, 0);
    cr_assert_eq(end_group(OP_HOLD_POST_GROUP, &group), RESULT_ok);
    expect_balance(ALICE, 9000, 27, 0);
    expect_balance(BOB, 1500, 0, 27);
    cr_assert_eq(f.ledger->executor.effects.movement_count, 2);
    cr_assert_eq(f.ledger->executor.effects.record_count, 102);
    cr_assert_eq(end_group(OP_HOLD_VOID_GROUP, &other), RESULT_ok);
    expect_balance(ALICE, 9000, 7, 0);
}

Test(holds, a_group_is_voided_whole)
{
    struct id group = sample_id("group", 1);
    held_group(&group, 3, 50000);
    cr_assert_eq(end_group(OP_HOLD_VOID_GROUP, &group), RESULT_ok);
    expect_balance(ALICE, 10000, 0, 0);
    expect_balance(BOB, 500, 0, 0);
    cr_assert_eq(end_group(OP_HOLD_VOID_GROUP, &group), RESULT_hold_unknown);
}

Test(holds, one_that_cannot_be_posted_keeps_its_group)
{
    struct id group = sample_id("group", 1);
    held_group(&group, 2, 50000);
    fixture_tx(&f, BOB);
    add_hold(&f, BOB, CAROL, 10, DAVE, later(50000))->hold_create.group = group;
    cr_assert_eq(fixture_one(&f, SIGNED_BOB), RESULT_ok);
    freeze(CAROL, true);
    cr_assert_eq(end_group(OP_HOLD_POST_GROUP, &group), RESULT_account_frozen);
    expect_balance(ALICE, 10000, 20, 0);
    expect_balance(BOB, 500, 10, 20);
    freeze(CAROL, false);
    cr_assert_eq(end_group(OP_HOLD_POST_GROUP, &group), RESULT_ok);
    expect_balance(BOB, 510, 0, 0);
    expect_balance(CAROL, 10, 0, 0);
}

Test(holds, more_than_a_hundred_do_not_end_together)
{
    struct id group = sample_id("group", 1), other = sample_id("group", 2);
    held_group(&group, 100, 50000);
    held_group(&group, 1, 50000);
    struct id last = fixture_hold(&f, 0);
    cr_assert_eq(end_group(OP_HOLD_POST_GROUP, &group), RESULT_hold_amount);
    cr_assert_eq(end_group(OP_HOLD_VOID_GROUP, &group), RESULT_hold_amount);
    held_group(&other, 1, 50000);
    /* One of them is ended first: a hundred are left, and one more of another group is too much. */
    fixture_tx(&f, DAVE);
    add_void(&f, DAVE, &last);
    add_group(&f, OP_HOLD_VOID_GROUP, DAVE, &group);
    add_group(&f, OP_HOLD_VOID_GROUP, DAVE, &other);
    cr_assert_eq(fixture_one(&f, SIGNED_DAVE), RESULT_hold_amount);
    cr_assert_eq(f.last->entries[0].at, 2);
    expect_balance(ALICE, 10000, 1020, 0);
    fixture_tx(&f, DAVE);
    add_void(&f, DAVE, &last);
    add_group(&f, OP_HOLD_VOID_GROUP, DAVE, &group);
    cr_assert_eq(fixture_one(&f, SIGNED_DAVE), RESULT_ok);
    expect_balance(ALICE, 10000, 10, 0);
}

/* Groups are asked of rows, which are written with each entry and not with the block. */
Test(holds, entries_of_one_block_see_each_others_groups)
{
    struct id group = sample_id("group", 1);
    for (unsigned i = 0; i < 2; i++) {
        fixture_tx(&f, ALICE);
        add_hold(&f, ALICE, BOB, 10, DAVE, later(5000))->hold_create.group = group;
        fixture_add(&f, SIGNED_ALICE);
    }
    fixture_tx(&f, ALICE); /* fails, and leaves nothing */
    add_hold(&f, ALICE, BOB, 10, DAVE, later(5000))->hold_create.group = group;
    add_transfer(&f, ALICE, BOB, 99999);
    fixture_add(&f, SIGNED_ALICE);
    fixture_tx(&f, DAVE);
    add_group(&f, OP_HOLD_POST_GROUP, DAVE, &group);
    fixture_add(&f, SIGNED_DAVE);
    fixture_tx(&f, DAVE);
    f.tx->memo_hash = sample_digest("memo", 1);
    add_group(&f, OP_HOLD_POST_GROUP, DAVE, &group);
    fixture_add(&f, SIGNED_DAVE);
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, 5);
    cr_assert_eq(f.last->entries[2].code, RESULT_insufficient_funds);
    cr_assert_eq(f.last->entries[3].code, RESULT_ok);
    cr_assert_eq(f.last->entries[4].code, RESULT_hold_unknown);
    expect_balance(ALICE, 9980, 0, 0);
    expect_balance(BOB, 520, 0, 0);
}

/* ---- the end by itself ----------------------------------------------------------------------- */

Test(holds, nothing_waits_at_first)
{
    cr_assert_eq(holds_next_due_ms(&f.ledger->executor), UINT64_MAX);
    cr_assert_eq(ledger_next_due_ms(f.ledger), UINT64_MAX);
}

Test(holds, what_is_due_ends_at_the_beginning_of_a_block_without_transactions)
{
    struct id id = held(4000, 500);
    cr_assert_eq(f.last->next_due_ms, f.last->header.time_ms + 500);
    fixture_run(&f); /* an empty batch, and no tick asked for */
    cr_assert_eq(f.last->kind, EXECUTION_BLOCK);
    cr_assert_eq(f.last->entry_count, 1);
    const struct executed_entry *entry = &f.last->entries[0];
    struct digest entry_id = hold_entry_id(&id);
    cr_assert_eq(entry->kind, ENTRY_EXPIRY);
    cr_assert(digest_equal(&entry->id, &entry_id));
    cr_assert_eq(entry->code, RESULT_ok);
    cr_assert_eq(f.last->header.flags, 0);
    expect_effect(&id, HOLD_EXPIRED, 4000);
    expect_balance(ALICE, 10000, 0, 0);
    expect_balance(BOB, 500, 0, 0);
    cr_assert_null(state_hold(f.ledger->state, &id));
    cr_assert_eq(f.last->next_due_ms, UINT64_MAX);
    fixture_run(&f);
    cr_assert_eq(f.last->kind, EXECUTION_EMPTY);
}

Test(holds, nothing_ends_a_millisecond_early)
{
    held(4000, 1001);
    fixture_run(&f);
    cr_assert_eq(f.last->kind, EXECUTION_EMPTY);
    expect_balance(ALICE, 10000, 4000, 0);
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, 1);
}

Test(holds, those_that_are_due_end_in_the_order_of_time_and_id)
{
    static const uint64_t terms[] = { 900, 700, 800, 700, 900 };
    struct id ids[5];
    fixture_tx(&f, ALICE);
    for (unsigned i = 0; i < 5; i++)
        add_hold(&f, ALICE, BOB, 10 + i, DAVE, later(terms[i]));
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    for (uint8_t i = 0; i < 5; i++)
        ids[i] = fixture_hold(&f, i);
    bool first_of_700 = id_compare(&ids[1], &ids[3]) < 0;
    bool first_of_900 = id_compare(&ids[0], &ids[4]) < 0;
    const unsigned order[] = { first_of_700 ? 1 : 3, first_of_700 ? 3 : 1, 2, first_of_900 ? 0 : 4,
                               first_of_900 ? 4 : 0 };
    fixture_tx(&f, ALICE); /* a transaction stands behind them, and finds what they gave back */
    add_transfer(&f, ALICE, BOB, 10000);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    cr_assert_eq(f.last->entry_count, 6);
    for (unsigned i = 0; i < 5; i++) {
        struct digest id = hold_entry_id(&ids[order[i]]);
        cr_assert(digest_equal(&f.last->entries[i].id, &id), "%u", i);
    }
    expect_balance(ALICE, 0, 0, 0);
}

Test(holds, the_soonest_is_found_again_when_it_ends_otherwise)
{
    struct id soon = held(10, 3000);
    uint64_t expires_ms = f.last->next_due_ms;
    held(10, 9000);
    cr_assert_eq(f.last->next_due_ms, expires_ms);
    cr_assert_eq(void_by(DAVE, SIGNED_DAVE, &soon), RESULT_ok);
    cr_assert_gt(f.last->next_due_ms, expires_ms);
    cr_assert_lt(f.last->next_due_ms, UINT64_MAX);
}

TestSuite(holds_swept, .fini = teardown);

static void setup_swept(uint64_t sweep_max)
{
    fixture_prepare(&f);
    f.genesis->params.values[PARAM_hold_sweep_max] = sweep_max;
    fixture_open(&f, NULL);
}

/* More are due than a block ends: the next one goes on, and meanwhile they cannot be posted. */
Test(holds_swept, no_more_end_in_a_block_than_the_parameter_says)
{
    setup_swept(2);
    fixture_tx(&f, ALICE);
    for (unsigned i = 0; i < 5; i++)
        add_hold(&f, ALICE, BOB, 10, DAVE, later(500 + i));
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    struct id last = fixture_hold(&f, 4), before = fixture_hold(&f, 3);
    uint64_t last_ms = f.last->header.time_ms + 504;

    cr_assert_eq(post_by(DAVE, SIGNED_DAVE, &last, TX_AMOUNT_MAX), RESULT_hold_expired);
    cr_assert_eq(f.last->entry_count, 3);
    cr_assert_lt(f.last->next_due_ms, f.last->header.time_ms);
    expect_balance(ALICE, 10000, 30, 0);
    cr_assert_eq(void_by(BOB, SIGNED_BOB, &before), RESULT_hold_unknown); /* ended just before */
    cr_assert_eq(f.last->entry_count, 3);
    cr_assert_eq(f.last->next_due_ms, last_ms);
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, 1);
    cr_assert_eq(f.last->next_due_ms, UINT64_MAX);
    expect_balance(ALICE, 10000, 0, 0);
}

/* What was due but has not ended yet: not to be posted, which is asked before who is frozen, but to
 * be voided. */
Test(holds_swept, one_that_is_due_can_be_voided)
{
    setup_swept(1);
    fixture_tx(&f, ALICE);
    add_hold(&f, ALICE, BOB, 10, DAVE, later(1500));
    add_hold(&f, ALICE, BOB, 11, DAVE, later(1600));
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    struct id second = fixture_hold(&f, 1);
    freeze(BOB, true);
    fixture_tx(&f, DAVE);
    add_post(&f, DAVE, &second, 1);
    fixture_add(&f, SIGNED_DAVE);
    fixture_tx(&f, DAVE);
    add_void(&f, DAVE, &second);
    fixture_add(&f, SIGNED_DAVE);
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, 3);
    cr_assert_eq(f.last->entries[1].code, RESULT_hold_expired);
    cr_assert_eq(f.last->entries[2].code, RESULT_ok);
    expect_effect(&second, HOLD_VOIDED, 11);
    expect_balance(ALICE, 10000, 0, 0);
    cr_assert_eq(f.last->next_due_ms, UINT64_MAX);
}
