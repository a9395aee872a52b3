/* P6. Each check's failures are in cases.h. */
#include "tests/unit/proof/cases.h"

#include <criterion/criterion.h>

static struct story *open_story(struct verdict *verdict)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    verdict_init(verdict);
    return story_new();
}

static enum status verify(struct story *s, const struct proof *proof, struct verdict *verdict)
{
    return proof_verify(story_file(s, proof), s->genesis, NULL, verdict);
}

/* Nothing that was executed can be shown to be absent, at any height, in any form. */
Test(verify_absence, never_denies_what_was_executed)
{
    struct verdict verdict;
    struct story *s = open_story(&verdict);
    static struct transaction tx;
    for (unsigned h = 1; h < 9; h++)
        for (unsigned i = 0; i < s->blocks[h].entry_count; i++) {
            const struct story_entry *entry = &s->blocks[h].entries[i];
            if (entry->record.kind != ENTRY_TRANSACTION) continue;
            cr_assert_eq(transaction_decode(entry->transaction, &tx, NULL), STATUS_OK);
            struct proof proof = absence_proof(s, &tx);
            proof.absence.body = tx.body;
            proof.absence.txid = tx.txid;
            cr_expect_eq(verify(s, &proof, &verdict), STATUS_REFUSED);
            cr_expect(verdict.check == CHECK_P6_TIME || verdict.check == CHECK_P6_OTHER,
                      "%u.%u: %s", h, i, proof_check_name(verdict.check));
        }
    verdict_free(&verdict);
    story_free(s);
}

Test(verify_absence, counts_from_the_first_moment_after_not_after)
{
    struct verdict verdict;
    struct story *s = open_story(&verdict);
    static struct transaction tx;
    story_unsent(s, &tx, &s->alice, 77, STORY_TIME + 7999);
    struct proof proof = absence_proof(s, &tx);
    cr_expect_eq(verify(s, &proof, &verdict), STATUS_OK, "%s", verdict.text);
    story_unsent(s, &tx, &s->alice, 77, STORY_TIME + 8000);
    proof = absence_proof(s, &tx);
    cr_expect_eq(verify(s, &proof, &verdict), STATUS_REFUSED);
    uint64_t horizon = s->blocks[8].header.window_horizon_ms;
    story_unsent(s, &tx, &s->alice, 77, horizon);
    proof = absence_proof(s, &tx);
    cr_expect_eq(verify(s, &proof, &verdict), STATUS_OK, "%s", verdict.text);
    story_unsent(s, &tx, &s->alice, 77, horizon - 1);
    proof = absence_proof(s, &tx);
    cr_expect_eq(verify(s, &proof, &verdict), STATUS_REFUSED);
    cr_expect_eq(verdict.check, CHECK_P6_TIME);
    verdict_free(&verdict);
    story_free(s);
}
