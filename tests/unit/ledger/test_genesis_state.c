#include "ledger/genesis_state.h"

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

TestSuite(genesis_state, .init = setup, .fini = teardown);

static int by_path(const void *a, const void *b)
{
    return digest_compare(&((const struct state_leaf *)a)->path,
                          &((const struct state_leaf *)b)->path);
}

static struct state_leaf governance(struct span key, void (*write)(struct writer *w))
{
    struct writer w;
    writer_init(&w, 100000);
    write(&w);
    struct state_leaf leaf = record_leaf(RECORD_GOVERNANCE, key, writer_span(&w));
    writer_free(&w);
    return leaf;
}

static void write_params(struct writer *w)
{
    params_encode(&f.genesis->params, w);
}

static void write_members(struct writer *w)
{
    members_encode(f.genesis->members, f.genesis->member_count, w);
}

static void write_set(struct writer *w)
{
    committee_encode(&f.genesis->committee, w);
}

static void write_one(struct writer *w)
{
    write_u64(w, 1);
}

/* What an auditor does: the state root of block 0 from the document alone. */
Test(genesis_state, the_root_of_block_0_follows_from_the_document)
{
    const struct genesis *g = f.genesis;
    struct state_leaf leaves[100];
    size_t count = 0;
    for (uint32_t i = 0; i < g->account_count; i++) {
        const struct genesis_account *from = &g->accounts[i];
        struct account account = { .id = from->id,
                                   .version = 1,
                                   .roles = from->roles,
                                   .low = from->low,
                                   .medium = from->medium,
                                   .high = from->high,
                                   .metadata = from->metadata,
                                   .signer_count = from->signer_count };
        memcpy(account.signers, from->signers, sizeof account.signers);
        for (uint32_t k = 0; k < g->balance_count; k++)
            account.balances += id_equal(&g->balances[k].account, &from->id);
        leaves[count++] = account_leaf(&account);
    }
    struct asset asset = { .id = f.eur,
                           .version = 1,
                           .issuer = f.cast[BANK],
                           .code = "EUR",
                           .scale = 2,
                           .max_supply = 1000000,
                           .supply = 10500 };
    leaves[count++] = asset_leaf(&asset);
    for (uint32_t i = 0; i < g->balance_count; i++) {
        struct digest none = { { 0 } };
        int64_t posted = (int64_t)g->balances[i].posted;
        struct movement movement = { .entry_id = g->chain_id,
                                     .position = 1,
                                     .account = g->balances[i].account,
                                     .asset = f.eur,
                                     .seq = 1,
                                     .d_posted = posted,
                                     .posted = posted };
        struct balance balance = { .account = movement.account,
                                   .asset = f.eur,
                                   .posted = posted,
                                   .seq = 1,
                                   .head = movement_head(&none, &movement) };
        leaves[count++] = balance_leaf(&balance);
    }
    static const uint8_t keys[] = { 1, 2, 3, 6 };
    leaves[count++] = governance(span_of(&keys[0], 1), write_params);
    leaves[count++] = governance(span_of(&keys[1], 1), write_members);
    leaves[count++] = governance(span_of(&keys[2], 1), write_set);
    leaves[count++] = governance(span_of(&keys[3], 1), write_one);
    for (uint16_t i = 0; i < g->committee.count; i++) {
        uint8_t key[17] = { 4 };
        struct writer w;
        memcpy(key + 1, g->committee.validators[i].id.bytes, 16);
        writer_init(&w, 1000);
        validator_record_encode(&g->committee.validators[i], &g->validators[i].node_key, 2,
                                g->validators[i].endpoint, &w);
        leaves[count++] = record_leaf(RECORD_GOVERNANCE, span_of(key, 17), writer_span(&w));
        writer_free(&w);
    }
    qsort(leaves, count, sizeof leaves[0], by_path);
    struct digest root = state_root_of(leaves, count, 0);
    cr_assert_eq(state_tree_count(f.ledger->tree), count);
    cr_assert(digest_equal(&root, &ledger_head(f.ledger)->header.state_root));
}

Test(genesis_state, rows_of_governance)
{
    struct params params;
    uint16_t count;
    struct committee committee;
    cr_assert(store_read_params(f.ledger->store, &params));
    struct digest a = params_hash(&params), b = params_hash(&f.genesis->params);
    cr_assert(digest_equal(&a, &b));
    struct member *members = store_read_members(f.ledger->store, &count);
    cr_assert_eq(count, 2);
    a = members_hash(members, count);
    b = members_hash(f.genesis->members, 2);
    cr_assert(digest_equal(&a, &b));
    free(members);
    cr_assert(store_read_epoch(f.ledger->store, 0, &committee, NULL, NULL));
    a = committee_hash(&committee);
    b = committee_hash(&f.genesis->committee);
    cr_assert(digest_equal(&a, &b));
}

Test(genesis_state, every_field_of_the_genesis_matters)
{
    struct fixture other;
    fixture_prepare(&other);
    other.genesis->accounts[ALICE].metadata.bytes[0] = 1;
    fixture_open(&other, NULL);
    cr_assert(!digest_equal(&ledger_head(other.ledger)->header.state_root,
                            &ledger_head(f.ledger)->header.state_root));
    cr_assert(!digest_equal(ledger_genesis_hash(other.ledger), ledger_genesis_hash(f.ledger)));
    fixture_stop(&other);
}

Test(genesis_state, thousands_of_accounts)
{
    struct fixture other;
    struct genesis *g;
    fixture_prepare(&other);
    g = other.genesis;
    g->accounts = realloc(g->accounts, (CAST_COUNT + 3000) * sizeof *g->accounts);
    for (unsigned i = 0; i < 3000; i++) {
        g->accounts[CAST_COUNT + i] = g->accounts[DAVE];
        g->accounts[CAST_COUNT + i].id = sample_id("many", i);
    }
    g->account_count = CAST_COUNT + 3000;
    fixture_open(&other, NULL);
    cr_assert_gt(state_tree_count(other.ledger->tree), 3000);
    struct id last = sample_id("many", 2999);
    cr_assert_eq(state_account(other.ledger->state, &last)->version, VERSION_GENESIS);
    fixture_stop(&other);
}
