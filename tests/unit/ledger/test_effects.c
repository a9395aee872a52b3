#include "ledger/effects.h"

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

TestSuite(effects, .init = setup, .fini = teardown);

static const struct effects *effects(void)
{
    return &f.ledger->executor.effects;
}

/* Reads effect number `index` of the last entry; the list must be well-formed. */
static struct ledger_effect effect_at(unsigned index)
{
    struct effect_list list = effect_list_of(effects()->list);
    struct ledger_effect effect, found;
    unsigned count = 0;
    memset(&found, 0, sizeof found);
    while (effect_list_next(&list, &effect))
        if (count++ == index) found = effect;
    cr_assert_eq(effect_list_end(&list), STATUS_OK);
    cr_assert_lt(index, count);
    return found;
}

static unsigned effect_count(void)
{
    return load_u16(effects()->list.data);
}

Test(effects, a_transfer_is_two_balance_effects_and_two_movements)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 7500);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    cr_assert_eq(effect_count(), 2);
    cr_assert_eq(effects()->list.size, 2 + 2 * 121);
    cr_assert_eq(effects()->movement_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        struct ledger_effect e = effect_at(i);
        cr_assert_eq(e.kind, LEDGER_EFFECT_BALANCE);
        bool alice = id_equal(&e.id, &f.cast[ALICE]);
        cr_assert_eq(e.balance.d_posted, alice ? -7500 : 7500);
        cr_assert_eq(e.balance.posted, alice ? 2500 : 8000);
        cr_assert_eq(e.balance.seq, 2);
        const struct balance *now = state_balance(f.ledger->state, &e.id, &f.eur);
        cr_assert(digest_equal(&now->head, &e.balance.head));
    }
    const struct movement *m = &effects()->movements[0];
    cr_assert_eq(m->position, position_of(1, 0, 0));
    cr_assert(digest_equal(&m->entry_id, &f.last->entries[0].id));
}

Test(effects, a_new_balance_is_an_effect_on_its_account_too)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, DAVE, 1);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    cr_assert_eq(effect_count(), 3);
    struct ledger_effect e = effect_at(2);
    cr_assert_eq(e.kind, LEDGER_EFFECT_ACCOUNT);
    cr_assert(id_equal(&e.id, &f.cast[DAVE]));
    cr_assert_eq(e.version.old, VERSION_GENESIS);
    cr_assert_eq(e.version.new, position_of(1, 0, 0));
}

Test(effects, several_changes_of_one_balance_are_one_movement_even_if_they_cancel_out)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 10);
    add_transfer(&f, BOB, ALICE, 7);
    add_transfer(&f, BOB, ALICE, 3);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE | SIGNED_BOB), RESULT_ok);
    cr_assert_eq(effect_count(), 2);
    cr_assert_eq(effects()->movement_count, 2);
    cr_assert_eq(effect_at(0).balance.d_posted, 0);
    cr_assert_eq(effect_at(0).balance.seq, 2);
}

Test(effects, heads_chain_the_movements_of_a_balance)
{
    struct digest head = { { 0 } };
    struct movement genesis = { .entry_id = f.genesis->chain_id,
                                .position = 1,
                                .account = f.cast[ALICE],
                                .asset = f.eur,
                                .seq = 1,
                                .d_posted = 10000,
                                .posted = 10000 };
    head = movement_head(&head, &genesis);
    cr_assert(digest_equal(&head, &state_balance(f.ledger->state, &f.cast[ALICE], &f.eur)->head));
    for (unsigned i = 0; i < 3; i++) {
        fixture_tx(&f, ALICE);
        add_transfer(&f, ALICE, BOB, 10);
        cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
        for (unsigned k = 0; k < 2; k++)
            if (id_equal(&effects()->movements[k].account, &f.cast[ALICE]))
                head = movement_head(&head, &effects()->movements[k]);
    }
    cr_assert(digest_equal(&head, &state_balance(f.ledger->state, &f.cast[ALICE], &f.eur)->head));
}

Test(effects, a_mint_names_old_and_new_version_and_the_supply)
{
    fixture_tx(&f, BANK);
    add_mint(&f, BANK, ALICE, 5);
    add_mint(&f, BANK, ALICE, 6);
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
    cr_assert_eq(effect_count(), 2);
    struct ledger_effect e = effect_at(1);
    cr_assert_eq(e.kind, LEDGER_EFFECT_ASSET);
    cr_assert_eq(e.version.old, VERSION_GENESIS);
    cr_assert_eq(e.version.new, position_of(1, 0, 1));
    cr_assert_eq(e.version.supply, 10511);
}

Test(effects, keys_show_both_versions_and_the_value_hash)
{
    fixture_tx(&f, ALICE);
    add_put(&f, ALICE, "x", "5", EXPECT_ANY, 0);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    struct ledger_effect e = effect_at(0);
    struct digest five = digest_of(TAG_KV_VALUE, span_text("5"));
    cr_assert_eq(e.kind, LEDGER_EFFECT_KV);
    cr_assert_eq(e.kv.old, 0);
    cr_assert_eq(e.kv.new, position_of(1, 0, 0));
    cr_assert(digest_equal(&e.kv.value_hash, &five));

    fixture_tx(&f, ALICE);
    add_delete(&f, ALICE, "x", EXPECT_ANY, 0);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    e = effect_at(0);
    cr_assert_eq(e.kv.old, position_of(1, 0, 0));
    cr_assert_eq(e.kv.new, 0);
    cr_assert(digest_is_zero(&e.kv.value_hash));
    cr_assert(span_equal(e.kv.key, span_text("x")));

    fixture_tx(&f, ALICE); /* absent before and after: nothing changed */
    add_put(&f, ALICE, "y", "5", EXPECT_ANY, 0);
    add_delete(&f, ALICE, "y", EXPECT_ANY, 0);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    cr_assert_eq(effect_count(), 0);
}

Test(effects, the_largest_transaction_fits)
{
    static char keys[100][TX_KEY_BYTES_MAX + 1];
    fixture_tx(&f, ALICE);
    for (unsigned i = 0; i < 100; i++) {
        memset(keys[i], 'k', TX_KEY_BYTES_MAX);
        keys[i][0] = (char)('A' + i % 26);
        keys[i][1] = (char)('a' + i / 26);
        add_put(&f, ALICE, keys[i], "v", EXPECT_ANY, 0);
    }
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    cr_assert_eq(effect_count(), 100);
    cr_assert_eq(effects()->list.size, 2 + 100 * EFFECT_BYTES_MAX);
    effect_at(99); /* sorted, and to the end */
}

/* Accounts without a balance; in a block of their own. */
static void make_accounts(const char *label, unsigned count)
{
    static uint8_t signers[TX_OPERATIONS_MAX][SIGNER_BYTES];
    fixture_tx(&f, BANK);
    for (unsigned i = 0; i < count; i++) {
        struct id id = sample_id(label, i);
        add_account(&f, BANK, &id, &f.keys[6].public_key, signers[i]);
    }
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
}

static void add_holds(const char *label, unsigned count, const struct id *group)
{
    for (unsigned i = 0; i < count; i++) {
        struct operation *o = add_hold(&f, ALICE, BOB, 1, ALICE, f.time_ms + 60000);
        o->hold_create.payee = sample_id(label, i);
        if (group) o->hold_create.group = *group;
    }
}

/* As many holds made and as many ended as a transaction can, each for another account. */
Test(effects, the_most_holds_of_a_transaction_fit)
{
    struct id group = sample_id("group", 1);
    make_accounts("first", 100);
    make_accounts("second", 99);
    fixture_tx(&f, ALICE);
    add_holds("first", 100, &group);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    cr_assert_eq(effect_count(), 100 + 100 + 100 + 1);
    fixture_tx(&f, ALICE);
    add_holds("second", 99, NULL);
    add_group(&f, OP_HOLD_POST_GROUP, ALICE, &group);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    cr_assert_eq(effect_count(), 3 * 99 + 2 * 100 + 1);
    cr_assert_eq(effects()->movement_count, 99 + 100 + 1);
}

Test(effects, a_hold_is_told_with_both_of_its_balances)
{
    fixture_tx(&f, ALICE);
    add_hold(&f, ALICE, BOB, 70, BANK, f.time_ms + 60000);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    cr_assert_eq(effect_count(), 3);
    struct id id = fixture_hold(&f, 0);
    struct ledger_effect e = effect_at(2);
    cr_assert_eq(e.kind, LEDGER_EFFECT_HOLD);
    cr_assert(id_equal(&e.id, &id));
    cr_assert_eq(e.hold.state, HOLD_MADE);
    cr_assert_eq(e.hold.amount, 70);
    for (unsigned i = 0; i < 2; i++) {
        e = effect_at(i);
        bool alice = id_equal(&e.id, &f.cast[ALICE]);
        cr_assert_eq(e.balance.d_posted, 0);
        cr_assert_eq(e.balance.d_held_out, alice ? 70 : 0);
        cr_assert_eq(e.balance.d_held_in, alice ? 0 : 70);
    }
    fixture_tx(&f, BANK);
    add_post(&f, BANK, &id, 30);
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
    cr_assert_eq(effect_count(), 3);
    e = effect_at(2);
    cr_assert_eq(e.hold.state, HOLD_POSTED);
    cr_assert_eq(e.hold.amount, 30);
    for (unsigned i = 0; i < 2; i++) {
        e = effect_at(i);
        bool alice = id_equal(&e.id, &f.cast[ALICE]);
        cr_assert_eq(e.balance.d_posted, alice ? -30 : 30);
        cr_assert_eq(e.balance.d_held_out, alice ? -70 : 0);
        cr_assert_eq(e.balance.d_held_in, alice ? 0 : -70);
        cr_assert_eq(e.balance.held_out, 0);
    }
}

Test(effects, a_failure_shows_what_it_observed_or_nothing)
{
    static struct effects e;
    struct observed observed = { OBSERVED_AVAILABLE, -5 };
    uint8_t what;
    int64_t value;
    effects_of_failure(&e, &observed);
    cr_assert_eq(e.list.size, 2 + 10);
    cr_assert(effects_observed(e.list, &what, &value));
    cr_assert_eq(what, OBSERVED_AVAILABLE);
    cr_assert_eq(value, -5);
    observed.what = OBSERVED_NOTHING;
    effects_of_failure(&e, &observed);
    cr_assert_eq(e.list.size, 2);
    cr_assert_eq(e.movement_count, 0);
}
