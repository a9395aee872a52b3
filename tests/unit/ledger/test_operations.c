/* Each operation: its effect, each of its results, and each pair of results where both causes are
 * there and the first in the order of precedence must win. */
#include "ledger/execute.h"

#include "ledger/ledger_inside.h"
#include "tests/unit/ledger/fixture.h"
#include <criterion/criterion.h>

static struct fixture f;
static uint8_t signer_bytes[SIGNER_BYTES * 3];

static void setup(void)
{
    fixture_start(&f);
}

static void teardown(void)
{
    fixture_stop(&f);
}

TestSuite(operations, .init = setup, .fini = teardown);

static const struct account *account_of(unsigned who)
{
    return state_account(f.ledger->state, &f.cast[who]);
}

static int64_t posted_of(unsigned who)
{
    const struct balance *balance = state_balance(f.ledger->state, &f.cast[who], &f.eur);
    return balance ? balance->posted : 0;
}

static uint64_t here(uint8_t operation)
{
    return position_of(ledger_head(f.ledger)->header.height, 0, operation);
}

static void freeze(unsigned who, bool frozen)
{
    fixture_tx(&f, BANK);
    add_freeze(&f, BANK, who, frozen);
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
}

/* The observed effect of the last entry. */
static void expect_observed(uint8_t what, int64_t value)
{
    uint8_t got = 0;
    int64_t seen = 0;
    cr_assert(effects_observed(f.ledger->executor.effects.list, &got, &seen));
    cr_assert_eq(got, what);
    cr_assert_eq(seen, value);
}

static void expect_no_effects(void)
{
    cr_assert_eq(f.ledger->executor.effects.list.size, 2);
}

/* ---- accounts -------------------------------------------------------------------------------- */

static unsigned create(unsigned actor, const struct id *id, unsigned signed_by)
{
    fixture_tx(&f, actor);
    add_account(&f, actor, id, &f.keys[6].public_key, signer_bytes);
    f.tx->operations[0].account_create.metadata = sample_digest("metadata", 1);
    return fixture_one(&f, signed_by);
}

Test(operations, account_create_makes_an_account_sponsored_by_the_actor)
{
    struct id id = sample_id("new", 1);
    cr_assert_eq(create(BANK, &id, SIGNED_BANK), RESULT_ok);
    const struct account *account = state_account(f.ledger->state, &id);
    cr_assert_not_null(account);
    cr_assert_eq(account->version, here(0));
    cr_assert(id_equal(&account->sponsor, &f.cast[BANK]));
    cr_assert_eq(account->signer_count, 1);
    cr_assert_eq(account->balances, 0);
    cr_assert_eq(account->roles, 0);
    struct digest metadata = sample_digest("metadata", 1);
    cr_assert(digest_equal(&account->metadata, &metadata));
}

Test(operations, account_create_results)
{
    struct id id = sample_id("new", 1);
    cr_assert_eq(create(ALICE, &id, SIGNED_ALICE), RESULT_role_missing);
    expect_no_effects();
    cr_assert_null(state_account(f.ledger->state, &id));
    cr_assert_eq(create(BANK, &f.cast[BOB], SIGNED_BANK), RESULT_account_exists);
    cr_assert_eq(create(ALICE, &f.cast[BOB], SIGNED_ALICE), RESULT_role_missing);
}

Test(operations, account_set_signers_replaces_keys_and_thresholds)
{
    fixture_tx(&f, ALICE);
    struct operation *o = fixture_operation(&f, OP_ACCOUNT_SET_SIGNERS, ALICE);
    memcpy(signer_bytes, f.keys[2].public_key.bytes, 32);
    signer_bytes[32] = 9;
    o->account_set_signers.low = 1;
    o->account_set_signers.medium = 2;
    o->account_set_signers.high = 9;
    o->account_set_signers.signers = (struct signer_list){ 1, span_of(signer_bytes, 33) };
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    const struct account *alice = account_of(ALICE);
    cr_assert_eq(alice->version, here(0));
    cr_assert_eq(alice->high, 9);
    cr_assert_eq(alice->signer_count, 1);
    cr_assert_eq(alice->balances, 1);

    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 1);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), REFUSAL_tx_not_permitted); /* the old key */
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 1);
    cr_assert_eq(fixture_one(&f, SIGNED_BOB), RESULT_ok); /* the new one */
}

Test(operations, account_freeze_sets_and_clears)
{
    freeze(BOB, true);
    cr_assert_eq(account_of(BOB)->flags, ACCOUNT_FROZEN);
    cr_assert_eq(account_of(BOB)->version, here(0));
    freeze(BOB, true); /* once more is a change of nothing but the version */
    cr_assert_eq(account_of(BOB)->version, here(0));
    freeze(BOB, false);
    cr_assert_eq(account_of(BOB)->flags, 0);
}

static unsigned freeze_by(unsigned actor, const struct id *whom, unsigned signed_by)
{
    fixture_tx(&f, actor);
    add_freeze(&f, actor, BOB, true);
    f.tx->operations[0].account_freeze.account = *whom;
    return fixture_one(&f, signed_by);
}

Test(operations, account_freeze_results)
{
    struct id nobody = sample_id("nobody", 1);
    cr_assert_eq(freeze_by(ALICE, &nobody, SIGNED_ALICE), RESULT_role_missing);
    cr_assert_eq(freeze_by(ALICE, &f.cast[OTHER], SIGNED_ALICE), RESULT_role_missing);
    cr_assert_eq(freeze_by(BANK, &nobody, SIGNED_BANK), RESULT_account_unknown);
    cr_assert_eq(freeze_by(BANK, &f.cast[OTHER], SIGNED_BANK), RESULT_account_protected);
    cr_assert_eq(account_of(OTHER)->flags, 0);
}

/* ---- a frozen actor: always the first result ------------------------------------------------- */

Test(operations, a_frozen_actor_comes_before_every_other_result)
{
    static const enum operation_code codes[] = {
        OP_ACCOUNT_SET_SIGNERS, OP_ACCOUNT_CREATE, OP_ACCOUNT_FREEZE, OP_ASSET_CREATE,
        OP_ASSET_MINT,          OP_ASSET_BURN,     OP_TRANSFER,       OP_KV_PUT,
        OP_KV_DELETE,           OP_GOV_PROPOSE,    OP_GOV_BALLOT,     OP_BALANCE_SET_FLOOR,
        OP_HOLD_CREATE,         OP_HOLD_POST,      OP_HOLD_VOID,      OP_HOLD_POST_GROUP,
        OP_HOLD_VOID_GROUP,
    };
    static const uint8_t member_remove[1 + 16] = { ACTION_MEMBER_REMOVE };
    freeze(ALICE, true);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        /* Bob submits, Alice acts and would also fail for another reason. */
        fixture_tx(&f, BOB);
        struct operation *o = fixture_operation(&f, codes[i], ALICE);
        memcpy(signer_bytes, f.keys[1].public_key.bytes, 32);
        signer_bytes[32] = 1;
        struct signer_list signers = { 1, span_of(signer_bytes, 33) };
        switch (codes[i]) {
        case OP_ACCOUNT_CREATE:
            o->account_create.id = f.cast[BOB];
            o->account_create.low = o->account_create.medium = o->account_create.high = 1;
            o->account_create.signers = signers;
            break;
        case OP_ACCOUNT_SET_SIGNERS:
            o->account_set_signers.low = o->account_set_signers.medium = 1;
            o->account_set_signers.high = 1;
            o->account_set_signers.signers = signers;
            break;
        case OP_ACCOUNT_FREEZE: o->account_freeze.account = f.cast[OTHER]; break;
        case OP_ASSET_CREATE:
            memcpy(o->asset_create.code, "EUR", 3);
            o->asset_create.max_supply = 1;
            break;
        case OP_ASSET_MINT:
            o->asset_mint.amount = 1;
            o->asset_mint.to = f.cast[BOB];
            break;
        case OP_ASSET_BURN: o->asset_burn.amount = 1; break;
        case OP_BALANCE_SET_FLOOR: break;
        case OP_HOLD_CREATE:
            o->hold_create.payee = sample_id("nobody", 1);
            o->hold_create.amount = 1;
            break;
        case OP_HOLD_POST: o->hold_post.amount = 1; break;
        case OP_HOLD_VOID: break;
        case OP_HOLD_POST_GROUP:
        case OP_HOLD_VOID_GROUP: o->hold_group.group = sample_id("group", 1); break;
        case OP_TRANSFER:
            o->transfer.to = sample_id("nobody", 1);
            o->transfer.amount = 1;
            break;
        case OP_KV_PUT:
            o->kv_put.key = span_text("x");
            o->kv_put.value = span_text("");
            o->kv_put.expect = EXPECT_VERSION;
            o->kv_put.version = 99;
            break;
        case OP_KV_DELETE: o->kv_delete.key = span_text("x"); break;
        case OP_GOV_PROPOSE:
            o->gov_propose.action_count = 1;
            o->gov_propose.actions = span_of(member_remove, sizeof member_remove);
            break;
        case OP_GOV_BALLOT: o->gov_ballot.vote = VOTE_YES; break;
        }
        cr_assert_eq(fixture_one(&f, SIGNED_ALICE | SIGNED_BOB), RESULT_account_frozen, "%s",
                     operation_name((uint16_t)codes[i]));
        expect_no_effects();
    }
}

Test(operations, an_account_frozen_by_an_earlier_operation_of_the_transaction_acts_no_more)
{
    fixture_tx(&f, BANK);
    add_freeze(&f, BANK, ALICE, true);
    add_transfer(&f, ALICE, BOB, 1);
    cr_assert_eq(fixture_one(&f, SIGNED_BANK | SIGNED_ALICE), RESULT_account_frozen);
    cr_assert_eq(f.last->entries[0].at, 1);
    cr_assert_eq(account_of(ALICE)->flags, 0, "the first operation was undone too");
}

/* ---- assets ---------------------------------------------------------------------------------- */

Test(operations, asset_create_makes_an_asset_without_supply)
{
    static const uint8_t code[12] = "GOLD";
    fixture_tx(&f, BANK);
    add_asset(&f, BANK, "GOLD");
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
    struct id id = asset_id_of(&f.cast[BANK], code);
    const struct asset *asset = state_asset(f.ledger->state, &id);
    cr_assert_not_null(asset);
    cr_assert_eq(asset->supply, 0);
    cr_assert_eq(asset->version, here(0));
    cr_assert_eq(asset->max_supply, TX_AMOUNT_MAX);
    cr_assert_eq(memcmp(asset->code, code, 12), 0);
}

Test(operations, asset_create_results)
{
    fixture_tx(&f, ALICE);
    add_asset(&f, ALICE, "GOLD");
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_role_missing);
    fixture_tx(&f, BANK);
    add_asset(&f, BANK, "EUR");
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_asset_exists);
}

Test(operations, asset_mint_grows_supply_and_balance)
{
    fixture_tx(&f, BANK);
    add_mint(&f, BANK, DAVE, 300);
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
    const struct asset *eur = state_asset(f.ledger->state, &f.eur);
    cr_assert_eq(eur->supply, 10800);
    cr_assert_eq(eur->version, here(0));
    cr_assert_eq(posted_of(DAVE), 300);
    cr_assert_eq(account_of(DAVE)->balances, 1);
    cr_assert_eq(account_of(DAVE)->version, here(0), "a new balance changes its account");
    fixture_tx(&f, BANK);
    add_mint(&f, BANK, DAVE, 1);
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
    cr_assert_eq(account_of(DAVE)->balances, 1);
    cr_assert_lt(account_of(DAVE)->version, here(0), "an old one does not");
}

static unsigned mint(unsigned actor, const struct id *asset, const struct id *to, uint64_t amount,
                     unsigned signed_by)
{
    fixture_tx(&f, actor);
    add_mint(&f, actor, DAVE, amount);
    f.tx->operations[0].asset_mint.asset = *asset;
    f.tx->operations[0].asset_mint.to = *to;
    return fixture_one(&f, signed_by);
}

Test(operations, asset_mint_results)
{
    struct id nobody = sample_id("nobody", 1), nothing = sample_id("nothing", 1);
    const uint64_t much = 2000000;
    freeze(BOB, true);
    cr_assert_eq(mint(ALICE, &nothing, &nobody, much, SIGNED_ALICE), RESULT_asset_unknown);
    cr_assert_eq(mint(ALICE, &f.eur, &nobody, much, SIGNED_ALICE), RESULT_not_issuer);
    cr_assert_eq(mint(BANK, &f.eur, &nobody, much, SIGNED_BANK), RESULT_account_unknown);
    cr_assert_eq(mint(BANK, &f.eur, &f.cast[BOB], much, SIGNED_BANK), RESULT_account_frozen);
    cr_assert_eq(mint(BANK, &f.eur, &f.cast[DAVE], 989501, SIGNED_BANK), RESULT_supply_limit);
    expect_observed(OBSERVED_SUPPLY_LEFT, 989500);
    cr_assert_eq(mint(BANK, &f.eur, &f.cast[DAVE], TX_AMOUNT_MAX, SIGNED_BANK),
                 RESULT_supply_limit);
    cr_assert_eq(mint(BANK, &f.eur, &f.cast[DAVE], 989500, SIGNED_BANK), RESULT_ok);
    cr_assert_eq(mint(BANK, &f.eur, &f.cast[DAVE], 1, SIGNED_BANK), RESULT_supply_limit);
    expect_observed(OBSERVED_SUPPLY_LEFT, 0);
}

Test(operations, asset_burn_shrinks_supply_and_the_issuers_balance)
{
    fixture_tx(&f, BANK);
    add_mint(&f, BANK, BANK, 300);
    add_burn(&f, BANK, 100);
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
    cr_assert_eq(posted_of(BANK), 200);
    cr_assert_eq(state_asset(f.ledger->state, &f.eur)->supply, 10700);
    cr_assert_eq(state_asset(f.ledger->state, &f.eur)->version, here(1));
}

Test(operations, asset_burn_results)
{
    fixture_tx(&f, ALICE);
    add_burn(&f, ALICE, 999999);
    f.tx->operations[0].asset_burn.asset = sample_id("nothing", 1);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_asset_unknown);
    fixture_tx(&f, ALICE);
    add_burn(&f, ALICE, 999999);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_not_issuer);
    fixture_tx(&f, BANK);
    add_burn(&f, BANK, 1);
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_insufficient_funds);
    expect_observed(OBSERVED_AVAILABLE, 0);
}

/* ---- transfers ------------------------------------------------------------------------------- */

Test(operations, transfer_moves_posted)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, DAVE, 10000);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    cr_assert_eq(posted_of(ALICE), 0);
    cr_assert_eq(posted_of(DAVE), 10000);
    cr_assert_eq(account_of(DAVE)->balances, 1);
    cr_assert_eq(account_of(ALICE)->version, VERSION_GENESIS);
}

static unsigned pay(const struct id *to, const struct id *asset, uint64_t amount)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, amount);
    f.tx->operations[0].transfer.to = *to;
    f.tx->operations[0].transfer.asset = *asset;
    return fixture_one(&f, SIGNED_ALICE);
}

Test(operations, transfer_results)
{
    struct id nobody = sample_id("nobody", 1), nothing = sample_id("nothing", 1);
    freeze(BOB, true);
    cr_assert_eq(pay(&nobody, &nothing, 99999), RESULT_account_unknown);
    cr_assert_eq(pay(&f.cast[BOB], &nothing, 99999), RESULT_account_frozen);
    cr_assert_eq(pay(&f.cast[DAVE], &nothing, 99999), RESULT_asset_unknown);
    expect_no_effects();
    cr_assert_eq(pay(&f.cast[DAVE], &f.eur, 10001), RESULT_insufficient_funds);
    expect_observed(OBSERVED_AVAILABLE, 10000);
    cr_assert_eq(pay(&f.cast[DAVE], &f.eur, TX_AMOUNT_MAX), RESULT_insufficient_funds);
    cr_assert_eq(pay(&f.cast[DAVE], &f.eur, 10000), RESULT_ok);
}

Test(operations, money_received_in_a_transaction_can_be_spent_in_it)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, DAVE, 100);
    add_transfer(&f, DAVE, BOB, 100);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE | SIGNED_DAVE), RESULT_ok);
    cr_assert_eq(posted_of(DAVE), 0);
    cr_assert_eq(posted_of(BOB), 600);
    const struct balance *dave = state_balance(f.ledger->state, &f.cast[DAVE], &f.eur);
    cr_assert_not_null(dave, "touched, so it exists, with one movement");
    cr_assert_eq(dave->seq, 1);
}

/* ---- credit lines ---------------------------------------------------------------------------- */

static unsigned set_floor(unsigned who, int64_t floor)
{
    fixture_tx(&f, BANK);
    add_floor(&f, BANK, who, floor);
    return fixture_one(&f, SIGNED_BANK);
}

static int64_t available_of(unsigned who)
{
    const struct balance *balance = state_balance(f.ledger->state, &f.cast[who], &f.eur);
    return balance ? balance_free(balance) : 0;
}

Test(operations, a_line_lets_a_balance_go_below_zero)
{
    cr_assert_eq(set_floor(ALICE, -300), RESULT_ok);
    cr_assert_eq(posted_of(ALICE), 10000);
    cr_assert_eq(available_of(ALICE), 10300);
    cr_assert_eq(state_balance(f.ledger->state, &f.cast[ALICE], &f.eur)->floor, -300);
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 10301);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_insufficient_funds);
    expect_observed(OBSERVED_AVAILABLE, 10300);
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 10300);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    cr_assert_eq(posted_of(ALICE), -300);
    cr_assert_eq(available_of(ALICE), 0);
}

/* It is one movement without a change, and no change of the asset. */
Test(operations, what_a_line_changes_is_told_by_its_balance_alone)
{
    uint64_t version = state_asset(f.ledger->state, &f.eur)->version;
    cr_assert_eq(set_floor(ALICE, -300), RESULT_ok);
    cr_assert_eq(state_asset(f.ledger->state, &f.eur)->version, version);
    cr_assert_eq(state_asset(f.ledger->state, &f.eur)->lines, 300);
    struct effect_list list = effect_list_of(f.ledger->executor.effects.list);
    struct ledger_effect effect;
    cr_assert(effect_list_next(&list, &effect));
    cr_assert_eq(effect.kind, LEDGER_EFFECT_BALANCE);
    cr_assert_eq(effect.balance.seq, 2);
    cr_assert_eq(effect.balance.d_posted, 0);
    cr_assert_not(effect_list_next(&list, &effect));
}

Test(operations, a_line_for_an_account_without_a_balance_makes_one)
{
    cr_assert_eq(set_floor(DAVE, -300), RESULT_ok);
    cr_assert_eq(account_of(DAVE)->balances, 1);
    cr_assert_eq(account_of(DAVE)->version, here(0));
    cr_assert_eq(available_of(DAVE), 300);
    cr_assert_eq(set_floor(CAROL, 0), RESULT_ok);
    cr_assert_eq(account_of(CAROL)->balances, 1);
}

Test(operations, a_line_that_is_used_cannot_be_taken_back)
{
    cr_assert_eq(set_floor(DAVE, -300), RESULT_ok);
    fixture_tx(&f, DAVE);
    add_transfer(&f, DAVE, BOB, 100);
    cr_assert_eq(fixture_one(&f, SIGNED_DAVE), RESULT_ok);
    cr_assert_eq(set_floor(DAVE, -99), RESULT_insufficient_funds);
    expect_observed(OBSERVED_AVAILABLE, 200);
    cr_assert_eq(set_floor(DAVE, -100), RESULT_ok);
    cr_assert_eq(available_of(DAVE), 0);
    cr_assert_eq(state_asset(f.ledger->state, &f.eur)->lines, 100);
    /* What is held counts as used. */
    cr_assert_eq(set_floor(DAVE, -150), RESULT_ok);
    fixture_tx(&f, DAVE);
    add_hold(&f, DAVE, BOB, 50, BOB, f.time_ms + 60000);
    cr_assert_eq(fixture_one(&f, SIGNED_DAVE), RESULT_ok);
    cr_assert_eq(set_floor(DAVE, -149), RESULT_insufficient_funds);
}

/* Everything that can be wrong is; one after the other is put right, and the next one shows. */
Test(operations, set_floor_results_in_order)
{
    static const unsigned expected[] = { RESULT_asset_unknown, RESULT_not_issuer,
                                         RESULT_account_unknown, RESULT_supply_limit, RESULT_ok };
    struct id nobody = sample_id("nobody", 1);
    for (unsigned right = 0; right < 5; right++) {
        unsigned issuer = right < 2 ? ALICE : BANK;
        fixture_tx(&f, issuer);
        add_floor(&f, issuer, DAVE, right < 4 ? -(int64_t)TX_AMOUNT_MAX : -10);
        if (right < 1) f.tx->operations[0].balance_set_floor.asset = nobody;
        if (right < 3) f.tx->operations[0].balance_set_floor.account = nobody;
        cr_assert_eq(fixture_one(&f, issuer == BANK ? SIGNED_BANK : SIGNED_ALICE), expected[right],
                     "%u", right);
        if (right == 3) expect_observed(OBSERVED_SUPPLY_LEFT, INT64_MAX - 10500);
    }
}

Test(operations, supply_and_lines_share_one_limit)
{
    static const uint8_t code[12] = "GOLD";
    struct id gold = asset_id_of(&f.cast[BANK], code);
    fixture_tx(&f, BANK);
    add_asset(&f, BANK, "GOLD");
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
    fixture_tx(&f, BANK);
    add_floor(&f, BANK, DAVE, -(int64_t)(TX_AMOUNT_MAX - 10));
    f.tx->operations[0].balance_set_floor.asset = gold;
    cr_assert_eq(fixture_one(&f, SIGNED_BANK), RESULT_ok);
    for (unsigned i = 0; i < 2; i++) { /* 11 is too much, 10 is not */
        fixture_tx(&f, BANK);
        add_mint(&f, BANK, ALICE, 11 - i);
        f.tx->operations[0].asset_mint.asset = gold;
        cr_assert_eq(fixture_one(&f, SIGNED_BANK), i ? RESULT_ok : RESULT_supply_limit);
        if (i == 0) expect_observed(OBSERVED_SUPPLY_LEFT, 10);
    }
    /* A balance at each end of what can be. */
    fixture_tx(&f, DAVE);
    add_transfer(&f, DAVE, ALICE, TX_AMOUNT_MAX - 10);
    f.tx->operations[0].transfer.asset = gold;
    cr_assert_eq(fixture_one(&f, SIGNED_DAVE), RESULT_ok);
    const struct balance *alice = state_balance(f.ledger->state, &f.cast[ALICE], &gold);
    cr_assert_eq(alice->posted, INT64_MAX);
    /* The same lines are found again in the rows. */
    state_forget(f.ledger->state);
    cr_assert_eq(state_asset(f.ledger->state, &gold)->lines, TX_AMOUNT_MAX - 10);
}

/* ---- keys and values ------------------------------------------------------------------------- */

static unsigned put(const char *key, const char *value, uint8_t expect, uint64_t version)
{
    fixture_tx(&f, ALICE);
    add_put(&f, ALICE, key, value, expect, version);
    return fixture_one(&f, SIGNED_ALICE);
}

static unsigned delete (const char *key, uint8_t expect, uint64_t version)
{
    fixture_tx(&f, ALICE);
    add_delete(&f, ALICE, key, expect, version);
    return fixture_one(&f, SIGNED_ALICE);
}

static const struct kv_record *kv(const char *key)
{
    return state_kv(f.ledger->state, &f.cast[ALICE], span_text(key));
}

Test(operations, compare_and_set_as_in_the_worked_example)
{
    cr_assert_eq(put("x", "5", EXPECT_ANY, 0), RESULT_ok);
    uint64_t first = here(0);
    cr_assert_eq(kv("x")->version, first);
    cr_assert_eq(put("x", "6", EXPECT_VERSION, first), RESULT_ok);
    uint64_t second = here(0);
    cr_assert_eq(kv("x")->version, second);

    cr_assert_eq(put("x", "7", EXPECT_VERSION, first), RESULT_version_mismatch);
    expect_observed(OBSERVED_VERSION, (int64_t)second);
    struct digest six = digest_of(TAG_KV_VALUE, span_text("6"));
    cr_assert(digest_equal(&kv("x")->value_hash, &six));

    fixture_tx(&f, ALICE);
    add_put(&f, ALICE, "x", "1", EXPECT_ANY, 0);
    add_put(&f, ALICE, "y", "2", EXPECT_ANY, 0);
    add_delete(&f, ALICE, "z", EXPECT_ANY, 0);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_key_unknown);
    cr_assert_eq(f.last->entries[0].at, 2);
    cr_assert(digest_equal(&kv("x")->value_hash, &six));
    cr_assert_eq(kv("x")->version, second);
    cr_assert_null(kv("y"));

    fixture_tx(&f, ALICE);
    add_delete(&f, ALICE, "x", EXPECT_ANY, 0);
    add_put(&f, ALICE, "x", "6", EXPECT_ABSENT, 0);
    cr_assert_eq(fixture_one(&f, SIGNED_ALICE), RESULT_ok);
    cr_assert_eq(kv("x")->version, here(1));
    cr_assert_eq(put("x", "8", EXPECT_VERSION, second), RESULT_version_mismatch);
}

Test(operations, kv_put_results)
{
    static char large[40000];
    memset(large, 'a', sizeof large - 1);
    cr_assert_eq(put("x", large, EXPECT_VERSION, 99), RESULT_value_too_large);
    expect_no_effects();
    cr_assert_eq(put("x", "", EXPECT_VERSION, 99), RESULT_version_mismatch);
    expect_observed(OBSERVED_VERSION, 0);
    cr_assert_eq(put("x", "", EXPECT_ABSENT, 0), RESULT_ok);
    cr_assert_eq(kv("x")->size, 0);
    cr_assert_eq(put("x", "1", EXPECT_ABSENT, 0), RESULT_version_mismatch);
    large[32768] = 0;
    cr_assert_eq(put("x", large, EXPECT_ANY, 0), RESULT_ok, "exactly kv_value_max");
}

Test(operations, kv_delete_results)
{
    cr_assert_eq(delete ("x", EXPECT_VERSION, 99), RESULT_key_unknown);
    cr_assert_eq(put("x", "1", EXPECT_ANY, 0), RESULT_ok);
    uint64_t version = here(0);
    cr_assert_eq(delete ("x", EXPECT_VERSION, 99), RESULT_version_mismatch);
    expect_observed(OBSERVED_VERSION, (int64_t)version);
    cr_assert_eq(delete ("x", EXPECT_VERSION, version), RESULT_ok);
    cr_assert_null(kv("x"));
    cr_assert_eq(delete ("x", EXPECT_ANY, 0), RESULT_key_unknown);
}

Test(operations, keys_belong_to_their_owner)
{
    cr_assert_eq(put("x", "1", EXPECT_ANY, 0), RESULT_ok);
    fixture_tx(&f, BOB);
    add_put(&f, BOB, "x", "2", EXPECT_ABSENT, 0);
    cr_assert_eq(fixture_one(&f, SIGNED_BOB), RESULT_ok);
    cr_assert_eq(kv("x")->size, 1);
}
