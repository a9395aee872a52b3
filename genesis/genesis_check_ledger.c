#include "genesis/genesis_internal.h"

#include <inttypes.h>
#include <stdlib.h>

/* The part of a genesis that the ledger begins with: accounts, assets, balances. */

enum { SCALE_MAX = 12 };

static enum status signers_check(const struct genesis_account *account, uint32_t place,
                                 uint32_t *weights, struct problem *problem)
{
    if (account->signer_count < 1 || account->signer_count > SIGNERS_MAX)
        return problem_set(problem, STATUS_INVALID, "/accounts/%u/signers: %u, not 1 to %d", place,
                           account->signer_count, SIGNERS_MAX);
    for (unsigned i = 0; i < account->signer_count; i++) {
        const struct account_signer *signer = &account->signers[i];
        if (signer->weight == 0)
            return problem_set(problem, STATUS_INVALID,
                               "/accounts/%u/signers/%u/weight: 0, not 1 "
                               "to 255",
                               place, i);
        if (!key_valid(&signer->key))
            return problem_set(problem, STATUS_BAD_KEY,
                               "/accounts/%u/signers/%u/key: not a valid Ed25519 key", place, i);
        for (unsigned j = 0; j < i; j++)
            if (key_equal(&account->signers[j].key, &signer->key))
                return problem_set(problem, STATUS_INVALID,
                                   "/accounts/%u/signers/%u/key: the same as in signer %u", place,
                                   i, j);
        *weights += signer->weight;
    }
    return STATUS_OK;
}

static enum status thresholds_check(const struct genesis_account *account, uint32_t place,
                                    uint32_t weights, struct problem *problem)
{
    if (account->low < 1)
        return problem_set(problem, STATUS_INVALID, "/accounts/%u/low: 0, at least 1", place);
    if (account->medium < account->low)
        return problem_set(problem, STATUS_INVALID, "/accounts/%u/medium: %u is less than low, %u",
                           place, account->medium, account->low);
    if (account->high < account->medium)
        return problem_set(problem, STATUS_INVALID, "/accounts/%u/high: %u is less than medium, %u",
                           place, account->high, account->medium);
    if (account->high > weights)
        return problem_set(problem, STATUS_INVALID,
                           "/accounts/%u/high: %u cannot be reached, the signers weigh %u together",
                           place, account->high, weights);
    return STATUS_OK;
}

static enum status account_check(const struct genesis *g, const uint32_t *order, uint32_t i,
                                 struct problem *problem)
{
    const struct genesis_account *account = &g->accounts[i];
    uint32_t place = order_place(order, i);
    if (id_is_zero(&account->id))
        return problem_set(problem, STATUS_INVALID, "/accounts/%u/id: zero means none", place);
    if (i > 0 && id_equal(&account->id, &g->accounts[i - 1].id))
        return problem_set(problem, STATUS_INVALID, "/accounts/%u/id: the same as in /accounts/%u",
                           place, order_place(order, i - 1));
    if (account->roles > ROLE_ALL)
        return problem_set(problem, STATUS_INVALID, "/accounts/%u/roles: unknown bits in %u", place,
                           account->roles);
    uint32_t weights = 0;
    enum status status = signers_check(account, place, &weights, problem);
    if (status != STATUS_OK) return status;
    return thresholds_check(account, place, weights, problem);
}

enum status accounts_check(const struct genesis *g, const uint32_t *order, struct problem *problem)
{
    for (uint32_t i = 0; i < g->account_count; i++) {
        enum status status = account_check(g, order, i, problem);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* One to twelve of A-Z and 0-9, then zeros. */
static bool code_valid(const uint8_t code[12])
{
    size_t size = 0;
    while (size < 12 &&
           ((code[size] >= 'A' && code[size] <= 'Z') || (code[size] >= '0' && code[size] <= '9')))
        size++;
    if (size == 0) return false;
    for (; size < 12; size++)
        if (code[size] != 0) return false;
    return true;
}

static enum status asset_fields_check(const struct genesis_asset *asset, uint32_t place,
                                      struct problem *problem)
{
    if (!code_valid(asset->code))
        return problem_set(problem, STATUS_INVALID,
                           "/assets/%u/code: not 1 to 12 of the characters A-Z and 0-9", place);
    if (asset->scale > SCALE_MAX)
        return problem_set(problem, STATUS_INVALID, "/assets/%u/scale: %u is more than %d", place,
                           asset->scale, SCALE_MAX);
    if (asset->flags != 0)
        return problem_set(problem, STATUS_UNSUPPORTED,
                           "/assets/%u/flags: flags are not built in this version, only []", place);
    if (asset->max_supply < 1 || asset->max_supply > INT64_MAX)
        return problem_set(problem, STATUS_INVALID,
                           "/assets/%u/max_supply: not 1 to 2^63 - 1 (which means no limit)",
                           place);
    if (asset->supply > asset->max_supply)
        return problem_set(problem, STATUS_INVALID,
                           "/assets/%u/supply: %" PRIu64 " is more than max_supply, %" PRIu64,
                           place, asset->supply, asset->max_supply);
    return STATUS_OK;
}

static enum status asset_check(const struct genesis *g, const uint32_t *order, uint32_t i,
                               struct problem *problem)
{
    const struct genesis_asset *asset = &g->assets[i];
    uint32_t place = order_place(order, i);
    enum status status = asset_fields_check(asset, place, problem);
    if (status != STATUS_OK) return status;
    struct id derived = asset_id_of(&asset->issuer, asset->code);
    if (!id_equal(&derived, &asset->id)) {
        char text[ADDRESS_TEXT];
        address_encode(ADDRESS_ASSET, &derived, text);
        return problem_set(problem, STATUS_MISMATCH, "/assets/%u/id: issuer and code make %s",
                           place, text);
    }
    if (i > 0 && id_equal(&asset->id, &g->assets[i - 1].id))
        return problem_set(problem, STATUS_INVALID, "/assets/%u/id: the same as in /assets/%u",
                           place, order_place(order, i - 1));
    if (genesis_find_account(g, &asset->issuer) < 0)
        return problem_set(problem, STATUS_INVALID,
                           "/assets/%u/issuer: there is no such account in /accounts", place);
    return STATUS_OK;
}

enum status assets_check(const struct genesis *g, const uint32_t *order, struct problem *problem)
{
    for (uint32_t i = 0; i < g->asset_count; i++) {
        enum status status = asset_check(g, order, i, problem);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* Checks balance i and adds it to the sum of its asset. */
static enum status balance_check(const struct genesis *g, const uint32_t *order, uint32_t i,
                                 uint64_t *sums, struct problem *problem)
{
    const struct genesis_balance *balance = &g->balances[i];
    uint32_t place = order_place(order, i);
    if (balance->posted < 1 || balance->posted > INT64_MAX)
        return problem_set(problem, STATUS_INVALID, "/balances/%u/posted: not 1 to 2^63 - 1",
                           place);
    if (genesis_find_account(g, &balance->account) < 0)
        return problem_set(problem, STATUS_INVALID,
                           "/balances/%u/account: there is no such account in /accounts", place);
    int64_t asset = genesis_find_asset(g, &balance->asset);
    if (asset < 0)
        return problem_set(problem, STATUS_INVALID,
                           "/balances/%u/asset: there is no such asset in /assets", place);
    const struct genesis_balance *before = balance - 1;
    if (i > 0 && id_equal(&before->account, &balance->account) &&
        id_equal(&before->asset, &balance->asset))
        return problem_set(problem, STATUS_INVALID,
                           "/balances/%u: the same account and asset as in /balances/%u", place,
                           order_place(order, i - 1));
    if (balance->posted > g->assets[asset].supply - sums[asset])
        return problem_set(problem, STATUS_MISMATCH,
                           "/balances/%u/posted: more than the supply of its asset, %" PRIu64,
                           place, g->assets[asset].supply);
    sums[asset] += balance->posted;
    return STATUS_OK;
}

enum status balances_check(const struct genesis *g, const struct genesis_order *order,
                           struct problem *problem)
{
    uint64_t *sums = genesis_array(g->asset_count, sizeof *sums);
    if (!sums) return problem_set(problem, STATUS_NO_MEMORY, "/balances: out of memory");
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < g->balance_count && status == STATUS_OK; i++)
        status = balance_check(g, order->balances, i, sums, problem);
    for (uint32_t i = 0; i < g->asset_count && status == STATUS_OK; i++)
        if (sums[i] != g->assets[i].supply)
            status = problem_set(problem, STATUS_MISMATCH,
                                 "/assets/%u/supply: %" PRIu64 ", but its balances sum to %" PRIu64,
                                 order_place(order->assets, i), g->assets[i].supply, sums[i]);
    free(sums);
    return status;
}
