#include "genesis/genesis_internal.h"

#include <assert.h>
#include <stdlib.h>

typedef int compare_items(const void *a, const void *b);

struct sorting {
    const uint8_t *items;
    size_t size;
    compare_items *compare;
};

/* Equal items keep their order: a duplicate is then reported at its second place. */
static int compare_places(const void *a, const void *b, void *context)
{
    const struct sorting *sorting = context;
    uint32_t i = *(const uint32_t *)a;
    uint32_t j = *(const uint32_t *)b;
    int order =
        sorting->compare(sorting->items + i * sorting->size, sorting->items + j * sorting->size);
    if (order != 0) return order;
    return (i > j) - (i < j);
}

/* order[i] = where the i-th smallest item stands. NULL without memory. */
static uint32_t *order_of(const void *items, size_t count, size_t size, compare_items *compare)
{
    uint32_t *order = calloc(count + 1, sizeof *order);
    if (!order) return NULL;
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    struct sorting sorting = { items, size, compare };
    qsort_r(order, count, sizeof *order, compare_places, &sorting);
    return order;
}

/* Moves items[order[i]] to items[i] for all i, one cycle of the permutation after the other, with
 * room for one item only: accounts are large and may be many. */
static enum status order_apply(const uint32_t *order, void *items, size_t count, size_t size)
{
    uint8_t *bytes = items;
    uint8_t *held = malloc(size);
    uint32_t *left = malloc((count + 1) * sizeof *left);
    if (!held || !left) {
        free(held);
        free(left);
        return STATUS_NO_MEMORY;
    }
    memcpy(left, order, count * sizeof *left);
    for (uint32_t start = 0; start < count; start++) {
        if (left[start] == start) continue;
        memcpy(held, bytes + start * size, size);
        uint32_t to = start;
        while (left[to] != start) {
            uint32_t from = left[to];
            memcpy(bytes + to * size, bytes + from * size, size);
            left[to] = to;
            to = from;
        }
        memcpy(bytes + to * size, held, size);
        left[to] = to;
    }
    free(held);
    free(left);
    return STATUS_OK;
}

static enum status array_sort(void *items, size_t count, size_t size, compare_items *compare,
                              uint32_t **order)
{
    *order = order_of(items, count, size, compare);
    if (!*order) return STATUS_NO_MEMORY;
    return order_apply(*order, items, count, size);
}

static int compare_members(const void *a, const void *b)
{
    return id_compare(&((const struct member *)a)->account, &((const struct member *)b)->account);
}

static int compare_validators(const void *a, const void *b)
{
    return id_compare(&((const struct validator *)a)->id, &((const struct validator *)b)->id);
}

static int compare_accounts(const void *a, const void *b)
{
    return id_compare(&((const struct genesis_account *)a)->id,
                      &((const struct genesis_account *)b)->id);
}

static int compare_assets(const void *a, const void *b)
{
    return id_compare(&((const struct genesis_asset *)a)->id,
                      &((const struct genesis_asset *)b)->id);
}

static int compare_balances(const void *a, const void *b)
{
    const struct genesis_balance *left = a;
    const struct genesis_balance *right = b;
    int order = id_compare(&left->account, &right->account);
    return order != 0 ? order : id_compare(&left->asset, &right->asset);
}

enum status genesis_sort(struct genesis *g, struct genesis_order *order)
{
    memset(order, 0, sizeof *order);
    struct committee *committee = &g->committee;
    enum status status = array_sort(g->members, g->member_count, sizeof *g->members,
                                    compare_members, &order->members);
    if (status == STATUS_OK)
        status = array_sort(committee->validators, committee->count, sizeof(struct validator),
                            compare_validators, &order->validators);
    if (status == STATUS_OK) /* the second half of the same validators */
        status =
            order_apply(order->validators, g->validators, committee->count, sizeof *g->validators);
    if (status == STATUS_OK)
        status = array_sort(g->accounts, g->account_count, sizeof *g->accounts, compare_accounts,
                            &order->accounts);
    if (status == STATUS_OK)
        status = array_sort(g->assets, g->asset_count, sizeof *g->assets, compare_assets,
                            &order->assets);
    if (status == STATUS_OK)
        status = array_sort(g->balances, g->balance_count, sizeof *g->balances, compare_balances,
                            &order->balances);
    return status;
}

void genesis_order_free(struct genesis_order *order)
{
    free(order->members);
    free(order->validators);
    free(order->accounts);
    free(order->assets);
    free(order->balances);
    memset(order, 0, sizeof *order);
}

void signers_sort(struct genesis_account *account)
{
    for (size_t i = 1; i < account->signer_count; i++) {
        struct account_signer signer = account->signers[i];
        size_t at = i;
        for (; at > 0 && key_compare(&account->signers[at - 1].key, &signer.key) > 0; at--)
            account->signers[at] = account->signers[at - 1];
        account->signers[at] = signer;
    }
}

/* Binary search for an id that stands at the beginning of each item. */
static int64_t find_id(const void *items, size_t count, size_t size, const struct id *id)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp((const uint8_t *)items + middle * size, id->bytes, sizeof id->bytes);
        if (order == 0) return (int64_t)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static_assert(offsetof(struct member, account) == 0, "find_id looks there");
static_assert(offsetof(struct genesis_account, id) == 0, "find_id looks there");
static_assert(offsetof(struct genesis_asset, id) == 0, "find_id looks there");

int64_t genesis_find_member(const struct genesis *g, const struct id *account)
{
    return find_id(g->members, g->member_count, sizeof *g->members, account);
}

int64_t genesis_find_account(const struct genesis *g, const struct id *id)
{
    return find_id(g->accounts, g->account_count, sizeof *g->accounts, id);
}

int64_t genesis_find_asset(const struct genesis *g, const struct id *id)
{
    return find_id(g->assets, g->asset_count, sizeof *g->assets, id);
}
