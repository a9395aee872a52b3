#include "node/cli_proof.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct writer file, out;
static struct problem problem;

/* The smallest proof there is: that of epoch 0. */
static void setup(void)
{
    struct digest chain = { { 0 } };
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    memset(chain.bytes, 0x5a, sizeof chain.bytes);
    writer_init(&file, 4096);
    writer_init(&out, 4096);
    proof_head_write(&file, PROOF_EPOCHS, &chain);
    write_u32(&file, 0);
    problem.status = STATUS_OK;
}

static void teardown(void)
{
    writer_free(&file);
    writer_free(&out);
}

TestSuite(cli_proof, .init = setup, .fini = teardown);

Test(cli_proof, the_name_decides)
{
    static const struct {
        const char *path;
        enum file_form form;
    } cases[] = {
        { "receipt.witan", FORM_BINARY },
        { "receipt.json", FORM_TWIN },
        { "receipt.txt", FORM_ARMOR },
        { "receipt.asc", FORM_ARMOR },
        { "a/b.c/receipt", FORM_BINARY },
        { "a.json/receipt", FORM_BINARY },
        { "receipt", FORM_BINARY },
        { "", FORM_BINARY },
        { ".json", FORM_BINARY },
        { "a/.txt", FORM_BINARY },
        { "receipt.JSON", FORM_BINARY },
        { "receipt.json.witan", FORM_BINARY },
        { "receipt.witan.json", FORM_TWIN },
        { "receipt.", FORM_BINARY },
        { "receipt.pem", FORM_ARMOR },
        { "-", FORM_BINARY },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(file_form_of(cases[i].path), cases[i].form, "%s", cases[i].path);
}

/* Each form is recognised and leads back to the same bytes. */
Test(cli_proof, every_form_has_the_same_bytes)
{
    static const enum file_form forms[] = { FORM_BINARY, FORM_ARMOR, FORM_TWIN };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct writer back;
        writer_free(&out);
        writer_init(&out, 4096);
        writer_init(&back, 4096);
        cr_assert_eq(file_form_write(forms[i], writer_span(&file), &out, &problem), STATUS_OK, "%s",
                     problem.text);
        struct span content = writer_span(&out);
        cr_assert_eq(proof_load(content, &back, &problem), STATUS_OK, "%s", problem.text);
        cr_expect(span_equal(writer_span(&back), writer_span(&file)), "form %zu", i);
        if (forms[i] != FORM_BINARY) cr_expect_eq(content.data[content.size - 1], '\n');
        writer_free(&back);
    }
}

Test(cli_proof, only_proofs_are_written)
{
    struct span whole = writer_span(&file);
    for (size_t size = 0; size < whole.size; size++) {
        cr_expect_eq(file_form_write(FORM_BINARY, span_of(whole.data, size), &out, &problem),
                     STATUS_MALFORMED, "%zu bytes", size);
        cr_expect(strncmp(problem.text, "byte ", 5) == 0, "%s", problem.text);
    }
    cr_expect_eq(writer_span(&out).size, 0);
}

Test(cli_proof, a_writer_that_is_full)
{
    static const enum file_form forms[] = { FORM_BINARY, FORM_ARMOR, FORM_TWIN };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        writer_free(&out);
        writer_init(&out, 10);
        cr_expect_eq(file_form_write(forms[i], writer_span(&file), &out, &problem),
                     STATUS_TOO_LARGE);
    }
}

Test(cli_proof, the_proof_beside_a_file)
{
    char beside[PATH_BYTES_MAX];
    cr_assert_eq(proof_path_beside("a.b/november.csv", beside, &problem), STATUS_OK);
    cr_expect_str_eq(beside, "a.b/november.witan");
    cr_assert_eq(proof_path_beside("a.b/november", beside, &problem), STATUS_OK);
    cr_expect_str_eq(beside, "a.b/november.witan");
    cr_assert_eq(proof_path_beside(".csv", beside, &problem), STATUS_OK);
    cr_expect_str_eq(beside, ".csv.witan");
    cr_expect_eq(proof_path_beside("november.witan", beside, &problem), STATUS_INVALID);

    char path[PATH_BYTES_MAX];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = 0;
    cr_expect_eq(proof_path_beside(path, beside, &problem), STATUS_TOO_LARGE);
}
