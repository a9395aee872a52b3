/* Accounts, assets and balances: built documents at and beyond each bound. */
#include "sample.h"

#include "genesis/genesis_internal.h"

#include <criterion/criterion.h>

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(genesis_check_ledger, .init = setup);

static const struct sample_plan *const four = &sample_plans[0];
enum { TREASURY = 4 };

static void expect(struct genesis *g, enum status status, const char *expected)
{
    struct problem problem = { .text = "" };
    enum status found = genesis_seal(g, &problem);
    cr_assert_eq(found, status, "%s expected, %s: %s", expected, status_name(found), problem.text);
    cr_assert(strstr(problem.text, expected) == problem.text, "\"%s\", not \"%s\"", problem.text,
              expected);
    genesis_free(g);
}

static struct genesis *with_thresholds(uint16_t low, uint16_t medium, uint16_t high)
{
    struct genesis *g = sample_draft(four); /* account 0 has three signers of weight 1 */
    g->accounts[0].low = low;
    g->accounts[0].medium = medium;
    g->accounts[0].high = high;
    return g;
}

Test(genesis_check_ledger, thresholds_can_be_reached)
{
    expect(with_thresholds(1, 1, 1), STATUS_OK, "");
    expect(with_thresholds(3, 3, 3), STATUS_OK, "");
    expect(with_thresholds(1, 2, 3), STATUS_OK, "");
    expect(with_thresholds(0, 2, 3), STATUS_INVALID, "/accounts/0/low: 0, at least 1");
    expect(with_thresholds(2, 1, 3), STATUS_INVALID, "/accounts/0/medium: 1 is less than low, 2");
    expect(with_thresholds(1, 3, 2), STATUS_INVALID, "/accounts/0/high: 2 is less than medium, 3");
    expect(with_thresholds(1, 2, 4), STATUS_INVALID,
           "/accounts/0/high: 4 cannot be reached, the signers weigh 3 together");

    struct genesis *g = with_thresholds(1, 2, 257);
    g->accounts[0].signers[2].weight = 255;
    expect(g, STATUS_OK, "");
}

Test(genesis_check_ledger, signers)
{
    struct genesis *g = sample_draft(four);
    g->accounts[0].signer_count = 0;
    expect(g, STATUS_INVALID, "/accounts/0/signers: 0, not 1 to 20");
    g = sample_draft(four);
    g->accounts[0].signer_count = SIGNERS_MAX + 1;
    expect(g, STATUS_INVALID, "/accounts/0/signers: 21, not 1 to 20");
    g = sample_draft(four);
    g->accounts[0].signers[2].weight = 0;
    expect(g, STATUS_INVALID, "/accounts/0/signers/2/weight: 0, not 1 to 255");
    g = sample_draft(four);
    g->accounts[0].signers[2].key = g->accounts[0].signers[0].key;
    expect(g, STATUS_INVALID, "/accounts/0/signers/2/key: the same as in signer 0");
    g = sample_draft(four);
    memset(&g->accounts[0].signers[1].key, 255, 32);
    expect(g, STATUS_BAD_KEY, "/accounts/0/signers/1/key: not a valid Ed25519 key");
}

Test(genesis_check_ledger, accounts)
{
    struct genesis *g = sample_draft(four);
    g->accounts[1].roles = ROLE_ALL;
    expect(g, STATUS_OK, "");
    g = sample_draft(four);
    g->accounts[1].roles = ROLE_ALL + 1;
    expect(g, STATUS_INVALID, "/accounts/1/roles: unknown bits in 8");
    g = sample_draft(four);
    memset(&g->accounts[TREASURY].id, 0, sizeof(struct id));
    expect(g, STATUS_INVALID, "/accounts/4/id: zero means none");
    g = sample_draft(four);
    g->accounts[TREASURY].id = g->accounts[2].id;
    expect(g, STATUS_INVALID, "/accounts/4/id: the same as in /accounts/2");
    g = sample_draft(four); /* an account that is no member and owns nothing */
    g->accounts[TREASURY].metadata.bytes[7] = 1;
    expect(g, STATUS_OK, "");
}

/* An asset with this code; issuer and id are right. */
static struct genesis *with_code(const char *code)
{
    struct genesis *g = sample_draft(four);
    struct genesis_asset *asset = &g->assets[0];
    memset(asset->code, 0, sizeof asset->code);
    for (size_t i = 0; code[i]; i++)
        asset->code[i] = (uint8_t)(code[i] == '.' ? 0 : code[i]);
    asset->id = asset_id_of(&asset->issuer, asset->code);
    g->balances[0].asset = asset->id;
    return g;
}

Test(genesis_check_ledger, asset_codes)
{
    static const char *const good[] = { "E", "EUR", "0", "ABCDEFGHIJK9" };
    static const char *const bad[] = { "", "e", "EU R", "E.R", ".EUR", "EUR-", "\xc3\x84" };
    for (size_t i = 0; i < 4; i++)
        expect(with_code(good[i]), STATUS_OK, "");
    for (size_t i = 0; i < 7; i++)
        expect(with_code(bad[i]), STATUS_INVALID, "/assets/0/code: not 1 to 12 of");
}

static struct genesis *with_supply(uint64_t max_supply, uint64_t supply, uint64_t posted)
{
    struct genesis *g = sample_draft(four);
    g->assets[0].max_supply = max_supply;
    g->assets[0].supply = supply;
    g->balances[0].posted = posted;
    return g;
}

Test(genesis_check_ledger, supply)
{
    expect(with_supply(1, 1, 1), STATUS_OK, "");
    expect(with_supply(INT64_MAX, INT64_MAX, INT64_MAX), STATUS_OK, "");
    expect(with_supply(0, 0, 1), STATUS_INVALID, "/assets/0/max_supply: not 1 to");
    expect(with_supply(UINT64_C(1) << 63, 1, 1), STATUS_INVALID, "/assets/0/max_supply: not 1 to");
    expect(with_supply(9, 10, 10), STATUS_INVALID, "/assets/0/supply: 10 is more than max_supply");
    expect(with_supply(10, 10, 11), STATUS_MISMATCH, "/balances/0/posted: more than the supply");
    expect(with_supply(10, 10, 9), STATUS_MISMATCH, "/assets/0/supply: 10, but its balances sum");
    expect(with_supply(10, 10, 0), STATUS_INVALID, "/balances/0/posted: not 1 to");
    expect(with_supply(INT64_MAX, INT64_MAX, UINT64_MAX), STATUS_INVALID,
           "/balances/0/posted: not 1 to");
    struct genesis *g = with_supply(10, 0, 1); /* an asset of which nothing exists yet */
    g->balance_count = 0;
    expect(g, STATUS_OK, "");
}

Test(genesis_check_ledger, assets)
{
    struct genesis *g = sample_draft(four);
    g->assets[0].scale = 12;
    expect(g, STATUS_OK, "");
    g = sample_draft(four);
    g->assets[0].scale = 13;
    expect(g, STATUS_INVALID, "/assets/0/scale: 13 is more than 12");
    for (unsigned bit = 0; bit < 8; bit++) {
        g = sample_draft(four);
        g->assets[0].flags = (uint8_t)(1u << bit);
        expect(g, STATUS_UNSUPPORTED, "/assets/0/flags: flags are not built");
    }
    g = sample_draft(four);
    g->assets[0].id.bytes[3] ^= 1;
    expect(g, STATUS_MISMATCH, "/assets/0/id: issuer and code make ast1");
    g = sample_draft(four);
    g->assets[0].issuer.bytes[0] ^= 1;
    g->assets[0].id = asset_id_of(&g->assets[0].issuer, g->assets[0].code);
    expect(g, STATUS_INVALID, "/assets/0/issuer: there is no such account");
}

static struct genesis *with_two_balances(uint64_t first, uint64_t second)
{
    struct genesis *g = sample_draft(four);
    struct genesis_balance balance = g->balances[0];
    free(g->balances);
    g->balances = genesis_array(2, sizeof balance);
    g->balance_count = 2;
    balance.posted = first;
    g->balances[0] = balance;
    balance.account = g->accounts[1].id;
    balance.posted = second;
    g->balances[1] = balance;
    return g;
}

Test(genesis_check_ledger, balances)
{
    const uint64_t supply = UINT64_C(100000000000);
    expect(with_two_balances(supply - 1, 1), STATUS_OK, "");
    struct genesis *g = with_two_balances(supply - 1, 1);
    g->balances[1].account = g->balances[0].account;
    expect(g, STATUS_INVALID, "/balances/1: the same account and asset as in /balances/0");
    g = with_two_balances(supply - 1, 2);
    struct problem problem;
    cr_assert_eq(genesis_seal(g, &problem), STATUS_MISMATCH);
    cr_assert(strstr(problem.text, "/posted: more than the supply") != NULL);
    genesis_free(g);
    g = with_two_balances(INT64_MAX, INT64_MAX); /* the sum must not wrap around */
    cr_assert_eq(genesis_seal(g, &problem), STATUS_MISMATCH);
    genesis_free(g);
    g = with_two_balances(supply - 1, 1);
    g->balances[1].account.bytes[0] ^= 1;
    expect(g, STATUS_INVALID, "/balances/1/account: there is no such account");
    g = with_two_balances(supply - 1, 1);
    g->balances[1].asset.bytes[0] ^= 1;
    expect(g, STATUS_INVALID, "/balances/1/asset: there is no such asset");
}
