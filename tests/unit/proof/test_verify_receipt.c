/* P3, P4. Each check's failures are in cases.h. */
#include "proof/judge.h"
#include "tests/unit/proof/cases.h"

#include <criterion/criterion.h>

Test(verify_receipt, finds_the_effect_on_a_balance)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct receipt receipt = story_receipt(s, 1, 0);
    struct ledger_effect effect;
    struct id nobody = story_id("nobody", 0);
    cr_assert(receipt_balance_effect(&receipt, &s->alice, &s->euro, &effect));
    cr_expect_eq(effect.balance.d_posted, 500);
    cr_expect_eq(effect.balance.seq, 2);
    cr_assert(receipt_balance_effect(&receipt, &s->treasury, &s->euro, &effect));
    cr_expect_eq(effect.balance.d_posted, -500);
    cr_expect_not(receipt_balance_effect(&receipt, &nobody, &s->euro, &effect));
    cr_expect_not(receipt_balance_effect(&receipt, &s->alice, &nobody, &effect));
    receipt.effects.size = 0;
    cr_expect_not(receipt_balance_effect(&receipt, &s->alice, &s->euro, &effect));
    story_free(s);
}

Test(verify_receipt, knows_its_place_also_from_a_bare_header)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct receipt receipt = story_later_receipt(s, 1, 2, 9);
    cr_expect_eq(receipt_position(&receipt), position_of(1, 2, 0));
    receipt = story_receipt(s, 5, 1);
    cr_expect_eq(receipt_position(&receipt), position_of(5, 1, 0));
    story_free(s);
}

/* Every entry of the story, with everything, with nothing, and out of every later block. */
Test(verify_receipt, holds_for_every_entry_of_the_chain)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct verdict verdict;
    verdict_init(&verdict);
    for (unsigned h = 1; h < STORY_BLOCKS; h++)
        for (unsigned i = 0; i < s->blocks[h].entry_count; i++)
            for (unsigned later = h; later < STORY_BLOCKS; later++) {
                struct proof proof =
                    later == h ? receipt_proof(s, h, i) : later_proof(s, h, i, later);
                if (later % 2 == 0) proof.receipt.transaction.size = 0;
                if (later % 3 == 0) proof.receipt.effects.size = 0;
                cr_expect_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict),
                             STATUS_OK, "%u.%u in %u: %s", h, i, later, verdict.text);
            }
    verdict_free(&verdict);
    story_free(s);
}

Test(verify_receipt, histories_extend_one_another)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct verdict verdict;
    verdict_init(&verdict);
    for (unsigned second = 2; second < STORY_BLOCKS; second++)
        for (unsigned first = 1; first < second; first++) {
            struct proof proof = consistency_proof(s, first, second);
            cr_expect_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict), STATUS_OK,
                         "%u in %u: %s", first, second, verdict.text);
        }
    verdict_free(&verdict);
    story_free(s);
}
