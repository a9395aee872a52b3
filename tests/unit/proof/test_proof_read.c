/* What decodes encodes to the same bytes; what does not says where. */
#include "tests/unit/proof/cases.h"

#include <criterion/criterion.h>

static void expect_same_bytes(void *context, const struct proof_case *item)
{
    struct proof proof;
    struct proof_refusal refusal;
    unsigned *count = context;
    if (proof_decode(item->file, &proof, &refusal) != STATUS_OK) {
        cr_expect(proof_check_name(refusal.check)[0] != '\0');
        cr_expect(refusal.text[0] != '\0');
        cr_expect_leq(refusal.offset, item->file.size, "%s", item->name);
        return;
    }
    struct writer w;
    writer_init(&w, PROOF_BYTES_MAX);
    proof_write(&w, &proof);
    cr_expect(span_equal(writer_span(&w), item->file), "%s", item->name);
    writer_free(&w);
    (*count)++;
}

Test(proof_read, gives_back_every_file_that_it_accepts)
{
    unsigned count = 0;
    struct cases c = { .emit = expect_same_bytes, .context = &count };
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    cases_open(&c);
    emit_good(&c);
    emit_bad(&c);
    cr_expect_gt(count, 100);
    cases_close(&c);
}

static void expect_no_prefix(void *context, const struct proof_case *item)
{
    static struct proof proof;
    (void)context;
    for (size_t size = 0; size < item->file.size; size++) {
        struct proof_refusal refusal;
        enum status status = proof_decode(span_of(item->file.data, size), &proof, &refusal);
        cr_assert_eq(status, STATUS_REFUSED, "%s: %zu bytes", item->name, size);
        enum proof_check expected = size < 8 ? CHECK_MAGIC : CHECK_FORM;
        cr_assert_eq(refusal.check, expected, "%s: %zu bytes are %s", item->name, size,
                     proof_check_name(refusal.check));
        cr_assert_leq(refusal.offset, size);
    }
}

Test(proof_read, refuses_every_beginning_of_a_file)
{
    struct cases c = { .emit = expect_no_prefix };
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    cases_open(&c);
    emit_good(&c);
    cases_close(&c);
}

Test(proof_read, borrows_from_the_bytes)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct proof proof = receipt_proof(s, 1, 0), again;
    struct span file = story_file(s, &proof);
    cr_assert_eq(proof_decode(file, &again, NULL), STATUS_OK);
    const uint8_t *transaction = again.receipt.transaction.data;
    cr_expect(transaction > file.data && transaction < file.data + file.size);
    const uint8_t *hashes = again.receipt.path.hashes[0].bytes;
    cr_expect(hashes > file.data && hashes < file.data + file.size);
    story_free(s);
}
