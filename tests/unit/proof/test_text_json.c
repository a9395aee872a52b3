/* Twins of all good files stand in tests/vectors/proofs; here is what has none, and how they look.
 */
#include "tests/unit/proof/cases.h"

#include <criterion/criterion.h>

static json_t *twin_of(struct story *s, const struct proof *proof)
{
    static struct proof again;
    cr_assert_eq(proof_decode(story_file(s, proof), &again, NULL), STATUS_OK);
    return proof_json(&again);
}

/* The first members of the twin, in their order. */
static void expect_members(json_t *twin, const char *const *names, size_t count)
{
    const char *name;
    json_t *value;
    size_t i = 0;
    cr_assert(twin);
    json_object_foreach(twin, name, value)
    {
        if (i < count) cr_expect_str_eq(name, names[i]);
        i++;
    }
    cr_expect_eq(i, count);
    json_decref(twin);
}

#define EXPECT_MEMBERS(s, proof, ...) \
    expect_members(twin_of(s, proof), (const char *const[]){ __VA_ARGS__ }, \
                   sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

Test(text_json, has_the_members_of_the_page_in_their_order)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct proof proof = receipt_proof(s, 1, 0);
    EXPECT_MEMBERS(s, &proof, "format", "kind", "chain_id", "entry", "transaction", "effects",
                   "index", "path", "header", "seal", "epochs");
    proof = later_proof(s, 1, 0, 9);
    proof.receipt.transaction.size = proof.receipt.effects.size = 0;
    EXPECT_MEMBERS(s, &proof, "format", "kind", "chain_id", "entry", "index", "path", "header",
                   "later", "epochs");
    proof = story_anchor(s);
    EXPECT_MEMBERS(s, &proof, "format", "kind", "chain_id", "header", "document");
    proof = unsent_proof(s, true);
    EXPECT_MEMBERS(s, &proof, "format", "kind", "chain_id", "tx_id", "body", "state", "epochs");
    proof = state_proof(s, proof.absence.state);
    EXPECT_MEMBERS(s, &proof, "format", "kind", "chain_id", "object", "key", "absent", "not_after",
                   "path", "neighbour", "depth", "siblings", "header", "seal", "epochs");
    proof = x_since(s);
    EXPECT_MEMBERS(s, &proof, "format", "kind", "chain_id", "object", "key", "last", "value",
                   "depth", "siblings", "header", "seal", "epochs");
    proof = statement_proof(s);
    EXPECT_MEMBERS(s, &proof, "format", "kind", "chain_id", "account", "asset", "from_height",
                   "to_height", "head", "movements", "closing", "epochs");
    proof = evidence_proof(s, story_history_fork(s), 2);
    EXPECT_MEMBERS(s, &proof, "format", "kind", "chain_id", "type", "first", "other", "second",
                   "epochs");
    story_free(s);
}

Test(text_json, does_not_exist_for_numbers_that_no_chain_has)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct proof proof = seal_proof(s, 2);
    proof.seal.header.sequence = UINT64_C(1) << 53;
    cr_expect_null(twin_of(s, &proof));
    proof = seal_proof(s, 2);
    proof.seal.header.time_ms = UINT64_C(253402300800000);
    cr_expect_null(twin_of(s, &proof));
    proof = story_proof(s, PROOF_EPOCHS, 1);
    story_alter(s, &proof.epochs.items)[1 + 352 + 50 + 3 * 66] = 9; /* a fault model */
    cr_expect_null(twin_of(s, &proof));
    story_free(s);
}
