#include "tests/unit/format/rich.h"

TestSuite(transaction_json, .init = start, .fini = stop);

Test(transaction_json, everything_goes_there_and_back)
{
    make_rich();
    json_t *document = transaction_json(tx);
    cr_assert_not_null(document);
    expect_same(document);
    char *line = json_line(document);
    struct problem problem;
    json_t *read = json_read(span_text(line), 1 << 20, &problem);
    cr_assert_not_null(read, "%s", problem.text);
    expect_same(read);
    json_decref(read);
    free(line);
    json_decref(document);
    writer_free(&bytes);
}

Test(transaction_json, a_plain_transfer_looks_like_the_documentation)
{
    sample_transfer(tx, 1, 75);
    sample_sign(&bytes, tx, 1, 1);
    cr_assert_eq(transaction_decode(writer_span(&bytes), tx, NULL), STATUS_OK);
    json_t *o = transaction_json(tx);
    const json_t *operation = json_array_get(json_object_get(o, "ops"), 0);
    const json_t *arguments = json_object_get(operation, "args");
    cr_assert_str_eq(json_string_value(json_object_get(operation, "op")), "transfer");
    cr_assert_str_eq(json_string_value(json_object_get(arguments, "amount")), "75");
    cr_assert_eq(strncmp(json_string_value(json_object_get(arguments, "from")), "acc1", 4), 0);
    cr_assert_eq(strncmp(json_string_value(json_object_get(arguments, "asset")), "ast1", 4), 0);
    cr_assert_eq(json_integer_value(json_object_get(o, "size_bytes")), 288);
    cr_assert_str_eq(json_string_value(json_object_get(o, "not_before")),
                     "1970-01-01T00:00:00.000Z");
    cr_assert_null(json_object_get(o, "order"));
    cr_assert_null(json_object_get(o, "memo_hash"));
    cr_assert_eq(json_object_size(arguments), 4);
    json_decref(o);
    writer_free(&bytes);
}

Test(transaction_json, a_body_alone_has_no_signatures)
{
    struct writer body, back;
    uint8_t count = 9;
    struct tx_signature signatures[TX_SIGNATURES_MAX];
    sample_transfer(tx, 1, 75);
    writer_init(&body, 4096);
    writer_init(&back, 4096);
    transaction_write_body(&body, tx);
    cr_assert_eq(transaction_decode_body(writer_span(&body), tx, NULL), STATUS_OK);
    json_t *o = transaction_json(tx);
    cr_assert_eq(json_array_size(json_object_get(o, "signatures")), 0);
    cr_assert_eq(json_integer_value(json_object_get(o, "size_bytes")), 187);
    cr_assert_eq(transaction_json_read(o, &back, signatures, &count, NULL), STATUS_OK);
    cr_assert_eq(count, 0);
    cr_assert(span_equal(writer_span(&body), writer_span(&back)));
    json_decref(o);
    writer_free(&body);
    writer_free(&back);
}

Test(transaction_json, words_beyond_their_lists)
{
    cr_assert_null(assert_kind_word(0));
    cr_assert_null(assert_kind_word(8));
    cr_assert_null(balance_field_word(3));
    cr_assert_null(relation_word(4));
    cr_assert_null(expect_word(3));
    cr_assert_str_eq(assert_kind_word(ASSERT_HEIGHT_MAX), "height_max");
}
