/* The checks in their normative order, the asserts, and what a failure leaves behind. */
#include "ledger/execute.h"

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

TestSuite(execute, .init = setup, .fini = teardown);

static unsigned pay(unsigned from, unsigned signed_by)
{
    add_transfer(&f, from, from == BOB ? ALICE : BOB, 1);
    return fixture_one(&f, signed_by);
}

static int64_t posted_of(unsigned who)
{
    const struct balance *balance = state_balance(f.ledger->state, &f.cast[who], &f.eur);
    return balance ? balance->posted : 0;
}

static void freeze(unsigned who)
{
    fixture_tx(&f, BANK);
    add_freeze(&f, BANK, who, true);
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
}

/* ---- refusals -------------------------------------------------------------------------------- */

Test(execute, a_repeat_is_a_duplicate_and_another_body_with_the_reference_a_conflict)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 7500);
    struct id reference = f.tx->client_ref;
    struct writer first;
    fixture_sign(&f, SIGNED_ALICE, &first);
    fixture_add_bytes(&f, writer_span(&first));
    fixture_add_bytes(&f, writer_span(&first)); /* twice in one batch */
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, 1);
    cr_assert_eq(f.last->skipped_count, 1);
    cr_assert_eq(f.last->skipped[0].refusal, REFUSAL_duplicate);

    fixture_add_bytes(&f, writer_span(&first)); /* and in the next one */
    fixture_run(&f);
    cr_assert_eq(f.last->kind, EXECUTION_EMPTY);
    cr_assert_eq(f.last->skipped[0].refusal, REFUSAL_duplicate);
    writer_free(&first);

    fixture_tx(&f, ALICE);
    f.tx->client_ref = reference;
    cr_assert_eq(pay(ALICE, SIGNED_ALICE), REFUSAL_tx_ref_conflict);
    fixture_tx(&f, BOB);
    f.tx->client_ref = reference; /* the reference is the source's own */
    cr_assert_eq(pay(BOB, SIGNED_BOB), RESULT_ok);
}

Test(execute, a_failed_transaction_uses_its_reference_too)
{
    fixture_tx(&f, ALICE);
    struct id reference = f.tx->client_ref;
    add_transfer(&f, ALICE, BOB, 99999);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_insufficient_funds);
    fixture_tx(&f, ALICE);
    f.tx->client_ref = reference;
    cr_assert_eq(pay(ALICE, SIGNED_ALICE), REFUSAL_tx_ref_conflict);
}

static unsigned lane(uint32_t number, uint64_t seq)
{
    fixture_tx(&f, ALICE);
    f.tx->order = ORDER_LANE;
    f.tx->lane = number;
    f.tx->seq = seq;
    f.tx->client_ref = sample_id("the same reference", 0);
    return pay(ALICE, SIGNED_ALICE);
}

Test(execute, a_lane_takes_its_numbers_in_order_each_once)
{
    cr_assert_eq(lane(7, 2), REFUSAL_tx_lane_gap);
    cr_assert_eq(lane(7, 1), RESULT_ok);
    cr_assert_eq(lane(7, 1), REFUSAL_tx_lane_past);
    cr_assert_eq(lane(7, 3), REFUSAL_tx_lane_gap);
    cr_assert_eq(lane(7, 2), RESULT_ok);
    cr_assert_eq(lane(8, 1), RESULT_ok, "another lane begins at 1");
    cr_assert_eq(state_lane_next(f.ledger->state, &f.cast[ALICE], 7), 3);
    cr_assert_null(state_window(f.ledger->state, &f.cast[ALICE], &f.tx->client_ref));
}

Test(execute, times)
{
    uint64_t t = f.time_ms;
    fixture_tx(&f, ALICE)->not_after_ms = t - 1;
    cr_assert_eq(pay(ALICE, SIGNED_ALICE), REFUSAL_tx_expired);
    t = f.time_ms;
    fixture_tx(&f, ALICE)->not_after_ms = t;
    cr_assert_eq(pay(ALICE, SIGNED_ALICE), RESULT_ok, "at not_after it may still run");
    t = f.time_ms;
    fixture_tx(&f, ALICE)->not_before_ms = t + 1;
    cr_assert_eq(pay(ALICE, SIGNED_ALICE), REFUSAL_tx_too_early);
    t = f.time_ms;
    fixture_tx(&f, ALICE)->not_before_ms = t;
    cr_assert_eq(pay(ALICE, SIGNED_ALICE), RESULT_ok);
    t = f.time_ms;
    fixture_tx(&f, ALICE)->not_after_ms = t + 600001;
    cr_assert_eq(pay(ALICE, SIGNED_ALICE), REFUSAL_tx_window_too_long);
    t = f.time_ms;
    fixture_tx(&f, ALICE)->not_after_ms = t + 600000;
    cr_assert_eq(pay(ALICE, SIGNED_ALICE), RESULT_ok);
    fixture_tx(&f, ALICE)->not_after_ms = TX_TIME_LIMIT - 1; /* a lane needs no window */
    f.tx->order = ORDER_LANE;
    f.tx->seq = 1;
    cr_assert_eq(pay(ALICE, SIGNED_ALICE), RESULT_ok);
}

Test(execute, an_unknown_or_frozen_source)
{
    fixture_tx(&f, ALICE)->source = sample_id("nobody", 1);
    cr_assert_eq(pay(ALICE, SIGNED_ALICE), REFUSAL_tx_unknown_source);
    freeze(ALICE);
    fixture_tx(&f, ALICE);
    cr_assert_eq(pay(ALICE, SIGNED_ALICE), REFUSAL_tx_source_frozen);
}

Test(execute, authorisation_by_weights_and_levels)
{
    fixture_tx(&f, CAROL); /* kv.put is low: one of three */
    add_put(&f, CAROL, "x", "1", EXPECT_ANY, 0);
    cr_assert_eq(fixture_one(&f, SIGNED_CAROL_2), RESULT_ok);
    fixture_tx(&f, CAROL); /* a transfer is medium: two */
    add_transfer(&f, CAROL, BOB, 1);
    cr_assert_eq(fixture_one(&f, SIGNED_CAROL_2), REFUSAL_tx_not_permitted);
    fixture_tx(&f, CAROL);
    add_transfer(&f, CAROL, BOB, 1);
    cr_assert_eq(fixture_one(&f, SIGNED_CAROL_1 | SIGNED_CAROL_3), RESULT_insufficient_funds);
    fixture_tx(&f, CAROL); /* the highest level of its operations counts */
    add_put(&f, CAROL, "x", "1", EXPECT_ANY, 0);
    add_transfer(&f, CAROL, BOB, 1);
    cr_assert_eq(fixture_one(&f, SIGNED_CAROL_1), REFUSAL_tx_not_permitted);
}

Test(execute, the_source_must_authorise_even_if_only_others_act)
{
    fixture_tx(&f, BOB);
    add_transfer(&f, ALICE, DAVE, 1);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), REFUSAL_tx_not_permitted);
    fixture_tx(&f, BOB);
    add_transfer(&f, ALICE, DAVE, 1);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE | SIGNED_BOB), RESULT_ok);
}

Test(execute, a_signature_of_nobody_concerned_is_refused)
{
    fixture_tx(&f, ALICE);
    cr_assert_eq(pay(ALICE, SIGNED_ALICE | SIGNED_DAVE), REFUSAL_tx_not_permitted);
}

Test(execute, an_account_made_in_a_transaction_cannot_act_in_it)
{
    uint8_t bytes[SIGNER_BYTES];
    struct id id = sample_id("new", 1);
    fixture_tx(&f, BANK);
    add_account(&f, BANK, &id, &f.keys[6].public_key, bytes);
    struct operation *o = fixture_operation(&f, OP_KV_PUT, DAVE);
    o->actor = id;
    o->kv_put.key = span_text("x");
    o->kv_put.value = span_text("1");
    cr_assert_eq(fixture_one(&f, SIGNED_BANK | SIGNED_DAVE), REFUSAL_tx_not_permitted);
    cr_assert_null(state_account(f.ledger->state, &id));
}

Test(execute, keys_taken_away_by_an_earlier_operation_still_sign_this_transaction)
{
    uint8_t bytes[SIGNER_BYTES];
    fixture_tx(&f, ALICE);
    struct operation *o = fixture_operation(&f, OP_ACCOUNT_SET_SIGNERS, ALICE);
    memcpy(bytes, f.keys[6].public_key.bytes, 32);
    bytes[32] = 1;
    o->account_set_signers.low = o->account_set_signers.medium = o->account_set_signers.high = 1;
    o->account_set_signers.signers = (struct signer_list){ 1, span_of(bytes, 33) };
    add_transfer(&f, ALICE, BOB, 1);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
}

Test(execute, the_first_failing_check_names_the_refusal)
{
    struct id reference;
    fixture_tx(&f, DAVE);
    reference = f.tx->client_ref;
    add_put(&f, DAVE, "x", "1", EXPECT_ANY, 0);
    cr_assert_eq(fixture_one(&f, SIGNED_DAVE), RESULT_ok);
    freeze(DAVE);

    /* Every fault at once, taken away one after the other. */
    fixture_tx(&f, DAVE);
    f.tx->client_ref = reference;
    f.tx->not_after_ms = 1;
    cr_assert_eq(pay(DAVE, SIGNED_BOB), REFUSAL_tx_ref_conflict);
    fixture_tx(&f, DAVE)->not_after_ms = 1;
    cr_assert_eq(pay(DAVE, SIGNED_BOB), REFUSAL_tx_expired);
    fixture_tx(&f, DAVE)->not_after_ms = TX_TIME_LIMIT - 1;
    f.tx->not_before_ms = TX_TIME_LIMIT - 2;
    cr_assert_eq(pay(DAVE, SIGNED_BOB), REFUSAL_tx_too_early);
    fixture_tx(&f, DAVE)->not_after_ms = TX_TIME_LIMIT - 1;
    f.tx->source = sample_id("nobody", 1);
    cr_assert_eq(pay(DAVE, SIGNED_BOB), REFUSAL_tx_window_too_long);
    fixture_tx(&f, DAVE)->source = sample_id("nobody", 1);
    cr_assert_eq(pay(DAVE, SIGNED_BOB), REFUSAL_tx_unknown_source);
    fixture_tx(&f, DAVE);
    cr_assert_eq(pay(DAVE, SIGNED_BOB), REFUSAL_tx_source_frozen);
    fixture_tx(&f, ALICE);
    cr_assert_eq(pay(DAVE, SIGNED_ALICE), REFUSAL_tx_not_permitted);
}

Test(execute, what_fails_a_check_without_state_is_skipped_with_its_name)
{
    struct writer w;
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 1);
    fixture_sign(&f, SIGNED_ALICE, &w);
    uint8_t *bytes = w.buffer.data;
    bytes[w.buffer.size - 1] ^= 1;
    fixture_add_bytes(&f, writer_span(&w));
    fixture_add_bytes(&f, span_text("not a transaction"));
    f.tx->chain_id = sample_digest("another chain", 1);
    fixture_add(&f, SIGNED_ALICE);
    fixture_run(&f);
    cr_assert_eq(f.last->kind, EXECUTION_EMPTY);
    cr_assert_eq(f.last->skipped_count, 3);
    cr_assert_eq(f.last->skipped[0].refusal, REFUSAL_tx_bad_signature);
    cr_assert_eq(f.last->skipped[1].refusal, REFUSAL_tx_malformed);
    cr_assert(digest_is_zero(&f.last->skipped[1].txid));
    cr_assert_eq(f.last->skipped[2].refusal, REFUSAL_tx_wrong_chain);
    writer_free(&w);
}

Test(execute, refusals_tell_what_an_error_needs)
{
    struct refusal refusal;
    struct executor *x = &f.ledger->executor;
    static struct transaction decoded;
    struct writer w;
    fixture_tx(&f, CAROL);
    add_transfer(&f, CAROL, BOB, 1);
    fixture_sign(&f, SIGNED_CAROL_1, &w);
    cr_assert_eq(transaction_decode(writer_span(&w), &decoded, NULL), STATUS_OK);
    x->time_ms = f.time_ms;
    cr_assert_eq(execute_check(x, &decoded, false, &refusal), REFUSAL_tx_not_permitted);
    cr_assert_eq(refusal.level, LEVEL_MEDIUM);
    cr_assert_eq(refusal.weight_need, 2);
    cr_assert_eq(refusal.weight_have, 1);
    cr_assert(id_equal(&refusal.account, &f.cast[CAROL]));
    writer_free(&w);

    decoded.not_after_ms = f.time_ms - 1;
    cr_assert_eq(execute_check(x, &decoded, false, &refusal), REFUSAL_tx_expired);
    cr_assert_eq(refusal.value, f.time_ms);
    cr_assert_eq(refusal.limit, f.time_ms - 1);

    decoded.order = ORDER_LANE;
    decoded.seq = 5;
    decoded.not_after_ms = f.time_ms;
    cr_assert_eq(execute_check(x, &decoded, false, &refusal), REFUSAL_tx_lane_gap);
    cr_assert_eq(refusal.value, 5);
    cr_assert_eq(refusal.limit, 1);
    cr_assert_eq(execute_check(x, &decoded, true, &refusal), REFUSAL_tx_not_permitted);
}

/* ---- asserts --------------------------------------------------------------------------------- */

static void expect_assert(bool holds, uint8_t what, int64_t value)
{
    uint8_t got = 0;
    int64_t seen = 0;
    add_put(&f, ALICE, "probe", "1", EXPECT_ANY, 0);
    unsigned code = fixture_one(&f, SIGNED_ALICE);
    cr_assert_eq(code, holds ? RESULT_ok : RESULT_assert_failed);
    if (holds) return;
    cr_assert_eq(f.last->entries[0].at, 128);
    cr_assert(effects_observed(f.ledger->executor.effects.list, &got, &seen));
    cr_assert_eq(got, what);
    cr_assert_eq(seen, value);
}

static void balance_assert(uint8_t field, uint8_t relation, int64_t amount)
{
    fixture_tx(&f, ALICE);
    struct tx_assert *a = fixture_assert(&f, ASSERT_BALANCE, ALICE);
    a->field = field;
    a->relation = relation;
    a->amount = amount;
}

Test(execute, asserts_on_balances)
{
    static const struct {
        uint8_t relation;
        int64_t amount;
        bool holds;
    } cases[] = {
        { RELATION_EQUAL, 10000, true }, { RELATION_EQUAL, 9999, false },
        { RELATION_LEAST, 10000, true }, { RELATION_LEAST, 10001, false },
        { RELATION_MOST, 10000, true },  { RELATION_MOST, 9999, false },
        { RELATION_LEAST, -1, true },    { RELATION_MOST, -1, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        balance_assert(FIELD_POSTED, cases[i].relation, cases[i].amount);
        expect_assert(cases[i].holds, OBSERVED_POSTED, 10000);
        balance_assert(FIELD_AVAILABLE, cases[i].relation, cases[i].amount);
        expect_assert(cases[i].holds, OBSERVED_AVAILABLE, 10000);
    }
    fixture_tx(&f, ALICE);
    struct tx_assert *a = fixture_assert(&f, ASSERT_BALANCE, DAVE); /* none: zeros */
    a->field = FIELD_AVAILABLE;
    a->relation = RELATION_EQUAL;
    expect_assert(true, 0, 0);
}

static struct tx_assert *number_assert(enum assert_kind kind, unsigned who, uint64_t number)
{
    fixture_tx(&f, ALICE);
    struct tx_assert *a = fixture_assert(&f, kind, who);
    a->number = number;
    return a;
}

Test(execute, asserts_on_numbers)
{
    number_assert(ASSERT_BALANCE_SEQ, ALICE, 1);
    expect_assert(true, 0, 0);
    number_assert(ASSERT_BALANCE_SEQ, ALICE, 2);
    expect_assert(false, OBSERVED_SEQ, 1);
    number_assert(ASSERT_BALANCE_SEQ, DAVE, 0);
    expect_assert(true, 0, 0);
    number_assert(ASSERT_ACCOUNT_VERSION, BOB, VERSION_GENESIS);
    expect_assert(true, 0, 0);
    number_assert(ASSERT_ACCOUNT_VERSION, BOB, 7);
    expect_assert(false, OBSERVED_VERSION, 1);
    number_assert(ASSERT_PARAMS_VERSION, BOB, 1);
    expect_assert(true, 0, 0);
    number_assert(ASSERT_PARAMS_VERSION, BOB, 2);
    expect_assert(false, OBSERVED_PARAMS_VERSION, 1);
    uint64_t next = ledger_head(f.ledger)->header.height + 1;
    number_assert(ASSERT_HEIGHT_MAX, BOB, next);
    expect_assert(true, 0, 0);
    number_assert(ASSERT_HEIGHT_MAX, BOB, next);
    expect_assert(false, OBSERVED_HEIGHT, (int64_t)next + 1);
}

Test(execute, asserts_on_keys)
{
    number_assert(ASSERT_KV_VERSION, ALICE, 0)->key = span_text("x");
    expect_assert(true, 0, 0);
    fixture_tx(&f, ALICE);
    add_put(&f, ALICE, "x", "5", EXPECT_ANY, 0);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    uint64_t version = position_of(ledger_head(f.ledger)->header.height, 0, 0);
    number_assert(ASSERT_KV_VERSION, ALICE, version)->key = span_text("x");
    expect_assert(true, 0, 0);
    number_assert(ASSERT_KV_VERSION, ALICE, 0)->key = span_text("x");
    expect_assert(false, OBSERVED_VERSION, (int64_t)version);

    struct tx_assert *a = number_assert(ASSERT_KV_VALUE, ALICE, 0);
    a->key = span_text("x");
    a->value_hash = digest_of(TAG_KV_VALUE, span_text("5"));
    expect_assert(true, 0, 0);
    a = number_assert(ASSERT_KV_VALUE, ALICE, 0);
    a->key = span_text("x");
    a->value_hash = digest_of(TAG_KV_VALUE, span_text("6"));
    expect_assert(false, OBSERVED_VERSION, (int64_t)version);
    a = number_assert(ASSERT_KV_VALUE, ALICE, 0); /* zeros: absent */
    a->key = span_text("nothing");
    expect_assert(true, 0, 0);
}

Test(execute, asserts_are_checked_before_operations_and_the_first_decides)
{
    fixture_tx(&f, ALICE);
    fixture_assert(&f, ASSERT_PARAMS_VERSION, ALICE)->number = 1;
    fixture_assert(&f, ASSERT_PARAMS_VERSION, ALICE)->number = 5;
    fixture_assert(&f, ASSERT_BALANCE_SEQ, ALICE)->number = 5;
    add_transfer(&f, ALICE, BOB, 99999);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_assert_failed);
    cr_assert_eq(f.last->entries[0].at, 129);
}

Test(execute, a_withdrawal_that_must_see_no_other_in_between)
{
    for (unsigned i = 0; i < 2; i++) {
        fixture_tx(&f, ALICE);
        fixture_assert(&f, ASSERT_BALANCE_SEQ, ALICE)->number = 1;
        add_transfer(&f, ALICE, BOB, 10);
        fixture_add(&f, SIGNED_ALICE);
    }
    fixture_run(&f);
    cr_assert_eq(f.last->entries[0].code, RESULT_ok);
    cr_assert_eq(f.last->entries[1].code, RESULT_assert_failed);
    cr_assert_eq(posted_of(ALICE), 9990);
}

/* ---- failure and order ----------------------------------------------------------------------- */

Test(execute, of_two_withdrawals_of_75_out_of_100_exactly_one_succeeds)
{
    for (unsigned i = 0; i < 2; i++) {
        fixture_tx(&f, ALICE);
        add_transfer(&f, ALICE, BANK, 7500);
        fixture_add(&f, SIGNED_ALICE);
    }
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, 2);
    cr_assert_eq(f.last->entries[0].code, RESULT_ok);
    cr_assert_eq(f.last->entries[1].code, RESULT_insufficient_funds);
    cr_assert_eq(f.last->entries[1].at, 0);
    uint8_t what;
    int64_t value;
    cr_assert(effects_observed(f.ledger->executor.effects.list, &what, &value));
    cr_assert_eq(what, OBSERVED_AVAILABLE);
    cr_assert_eq(value, 2500);
    cr_assert_eq(posted_of(ALICE), 2500);
    cr_assert_eq(posted_of(BANK), 7500);
    cr_assert_eq(state_balance(f.ledger->state, &f.cast[ALICE], &f.eur)->seq, 2);
}

Test(execute, a_failing_operation_leaves_nothing_of_those_before_it)
{
    uint8_t bytes[SIGNER_BYTES];
    struct id id = sample_id("new", 1);
    fixture_tx(&f, BANK);
    add_account(&f, BANK, &id, &f.keys[6].public_key, bytes);
    add_asset(&f, BANK, "GOLD");
    add_mint(&f, BANK, DAVE, 100);
    add_put(&f, BANK, "x", "1", EXPECT_ANY, 0);
    add_freeze(&f, BANK, BOB, true);
    add_transfer(&f, BANK, ALICE, 1); /* the bank has nothing */
    fixture_add(&f, SIGNED_BANK);
    fixture_run(&f);
    cr_assert_eq(f.last->entries[0].code, RESULT_insufficient_funds);
    cr_assert_eq(f.last->entries[0].at, 5);
    cr_assert_null(state_account(f.ledger->state, &id));
    cr_assert_null(state_kv(f.ledger->state, &f.cast[BANK], span_text("x")));
    cr_assert_eq(state_account(f.ledger->state, &f.cast[BOB])->flags, 0);
    cr_assert_eq(state_account(f.ledger->state, &f.cast[DAVE])->balances, 0);
    cr_assert_eq(state_asset(f.ledger->state, &f.eur)->supply, 10500);
    cr_assert_eq(posted_of(DAVE), 0);

    /* Nothing but the window entry: the leaves are those of the genesis and one more. */
    struct fixture other;
    fixture_start(&other);
    cr_assert_eq(state_tree_count(f.ledger->tree), state_tree_count(other.ledger->tree) + 1);
    fixture_stop(&other);
}

Test(execute, a_failure_does_not_disturb_its_neighbours_in_the_block)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 1);
    fixture_add(&f, SIGNED_ALICE);
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 1);
    add_transfer(&f, ALICE, BOB, 99999);
    fixture_add(&f, SIGNED_ALICE);
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 1);
    fixture_add(&f, SIGNED_ALICE);
    fixture_run(&f);
    cr_assert_eq(f.last->entry_count, 3);
    cr_assert_eq(posted_of(ALICE), 9998);
    cr_assert_eq(state_balance(f.ledger->state, &f.cast[ALICE], &f.eur)->seq, 3);
}
