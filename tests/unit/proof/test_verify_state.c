/* P5. Each check's failures are in cases.h. */
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

Test(verify_state, holds_for_every_object)
{
    struct verdict verdict;
    struct story *s = open_story(&verdict);
    const struct story_block *block = &s->blocks[8];
    for (unsigned i = 0; i < block->object_count; i++) {
        const struct story_object *object = &block->objects[i];
        uint64_t time = 0;
        struct window_entry entry;
        if (object->kind == RECORD_WINDOW && window_decode(object->value, &entry) == STATUS_OK)
            time = entry.not_after_ms;
        struct proof proof = state_proof(s, story_state(s, 8, object->kind, object->key, time));
        cr_expect_eq(proof.state.form, STATE_PRESENT);
        cr_expect_eq(verify(s, &proof, &verdict), STATUS_OK, "object %u: %s", i, verdict.text);
    }
    verdict_free(&verdict);
    story_free(s);
}

Test(verify_state, holds_for_what_is_not_there)
{
    struct verdict verdict;
    struct story *s = open_story(&verdict);
    unsigned neighbours = 0, empty = 0;
    for (unsigned i = 0; i < 64; i++) {
        struct id id = story_id("nobody", i);
        uint8_t kind = i % 2 ? RECORD_ACCOUNT : RECORD_HOLD;
        struct proof proof = state_proof(s, story_state(s, 8, kind, span_of(id.bytes, 16), 0));
        cr_expect_eq(proof.state.form, STATE_ABSENT);
        cr_expect_eq(verify(s, &proof, &verdict), STATUS_OK, "%u: %s", i, verdict.text);
        neighbours += proof.state.has_neighbour;
        empty += !proof.state.has_neighbour;
    }
    cr_expect_gt(neighbours, 0);
    cr_expect_gt(empty, 0);
    verdict_free(&verdict);
    story_free(s);
}

/* A state of one object has depth 0: its leaf is the root. */
Test(verify_state, holds_for_a_lonely_object)
{
    struct verdict verdict;
    struct story *s = open_story(&verdict);
    struct proof proof = state_proof(s, story_balance_state(s, 8, &s->alice));
    lonely_state(s, &proof.state);
    cr_expect_eq(verify(s, &proof, &verdict), STATUS_OK, "%s", verdict.text);
    proof.state.form = STATE_ABSENT;
    proof.state.has_neighbour = false;
    cr_expect_eq(verify(s, &proof, &verdict), STATUS_REFUSED);
    cr_expect_eq(verdict.check, CHECK_P5_ROOT);
    proof.state.sealed.header.state_root = (struct digest){ { 0 } }; /* nothing at all */
    reseal(s, &proof.state.sealed);
    cr_expect_eq(verify(s, &proof, &verdict), STATUS_OK, "%s", verdict.text);
    verdict_free(&verdict);
    story_free(s);
}
