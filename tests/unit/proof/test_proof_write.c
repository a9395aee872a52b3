#include "tests/unit/proof/cases.h"

#include <criterion/criterion.h>

Test(proof_write, begins_with_the_head)
{
    struct writer w;
    struct digest chain_id = story_digest("chain", 0);
    writer_init(&w, 64);
    proof_head_write(&w, PROOF_RECEIPT, &chain_id);
    struct span bytes = writer_span(&w);
    cr_assert_eq(bytes.size, PROOF_HEAD_BYTES);
    cr_expect_arr_eq(bytes.data, "WTNPROOF\1\0\3\0", 12);
    cr_expect_arr_eq(bytes.data + 12, chain_id.bytes, 32);
    writer_free(&w);
}

/* What the page says a body holds, counted. */
Test(proof_write, has_the_sizes_of_the_page)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct proof proof = seal_proof(s, 2);
    cr_expect_eq(story_file(s, &proof).size, 44 + 352 + 50 + 3 * 66 + 4);
    proof = story_proof(s, PROOF_EPOCHS, 1);
    cr_expect_eq(story_file(s, &proof).size, 44 + 4 + 1 + 352 + 50 + 3 * 66 + 4 + 4 * 64);
    proof = statement_proof(s);
    size_t before = story_file(s, &proof).size;
    proof.statement.count--;
    proof.statement.movements.size -= MOVEMENT_BYTES;
    cr_expect_eq(story_file(s, &proof).size, before - 128);
    proof = receipt_proof(s, 1, 0);
    before = story_file(s, &proof).size;
    size_t transaction = proof.receipt.transaction.size;
    proof.receipt.transaction.size = 0;
    cr_expect_eq(story_file(s, &proof).size, before - 4 - transaction);
    story_free(s);
}

Test(proof_write, writes_an_item_as_the_parts_do)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    static struct seal seal;
    struct story_items items = story_items(s, 1);
    struct epoch_chain chain = story_chain(s, &items);
    struct reader r = reader_of(items.boundaries[0].seal);
    struct writer w;
    seal_read(&r, &seal);
    writer_init(&w, 1 << 16);
    epoch_item_write(&w, &items.boundaries[0].header, &seal, &s->sets[1]);
    cr_expect(span_equal(writer_span(&w), chain.items));
    writer_free(&w);
    story_free(s);
}

Test(proof_write, ends_with_an_error_beyond_its_limit)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct proof proof = seal_proof(s, 8);
    struct writer w;
    writer_init(&w, 1000);
    proof_write(&w, &proof);
    cr_expect_eq(writer_status(&w), STATUS_TOO_LARGE);
    writer_free(&w);
    story_free(s);
}
