#include "tests/unit/format/rich.h"

TestSuite(transaction_json_read, .init = start, .fini = stop);

static json_t *document;

static void plain(void)
{
    sample_transfer(tx, 1, 75);
    sample_sign(&bytes, tx, 1, 1);
    cr_assert_eq(transaction_decode(writer_span(&bytes), tx, NULL), STATUS_OK);
    document = transaction_json(tx);
    writer_free(&bytes);
}

static json_t *arguments_of(unsigned index)
{
    return json_object_get(json_array_get(json_object_get(document, "ops"), index), "args");
}

static void refused(enum status wanted, const char *where)
{
    struct writer body;
    struct tx_signature signatures[TX_SIGNATURES_MAX];
    uint8_t count = 0;
    struct problem problem = { .text = "" };
    writer_init(&body, TX_BYTES_LIMIT);
    enum status status = transaction_json_read(document, &body, signatures, &count, &problem);
    cr_assert_eq(status, wanted, "%s: %s", status_name(status), problem.text);
    cr_assert_not_null(strstr(problem.text, where), "%s", problem.text);
    writer_free(&body);
}

static void forget_stated(void)
{
    json_object_del(document, "tx_id");
    json_object_del(document, "size_bytes");
}

Test(transaction_json_read, what_is_stated_must_be_right)
{
    plain();
    json_object_set_new(document, "size_bytes", json_integer(287));
    refused(STATUS_MISMATCH, "/size_bytes");
    json_object_del(document, "size_bytes");
    json_object_set_new(arguments_of(0), "amount", json_string("76"));
    refused(STATUS_MISMATCH, "/tx_id");
    json_decref(document);
}

Test(transaction_json_read, unknown_members_are_refused_with_the_nearest_name)
{
    plain();
    forget_stated();
    json_object_set_new(document, "memo", json_string("hello"));
    refused(STATUS_MALFORMED, "/memo");
    json_object_del(document, "memo");
    json_object_set_new(arguments_of(0), "fee", json_string("1"));
    refused(STATUS_MALFORMED, "/ops/0/args/fee");
    json_decref(document);
}

Test(transaction_json_read, wrong_types_are_refused_where_they_stand)
{
    plain();
    forget_stated();
    json_object_set_new(arguments_of(0), "amount", json_integer(75));
    refused(STATUS_MALFORMED, "/ops/0/args/amount");
    json_object_set_new(arguments_of(0), "amount", json_string("075"));
    refused(STATUS_MALFORMED, "/ops/0/args/amount");
    json_object_set_new(arguments_of(0), "amount", json_string("75"));
    json_object_set_new(arguments_of(0), "to", json_string("val1"));
    refused(STATUS_MALFORMED, "/ops/0/args/to");
    json_object_set_new(document, "ops", json_object());
    refused(STATUS_MALFORMED, "/ops");
    json_object_del(document, "ops");
    refused(STATUS_MALFORMED, "/ops");
    json_decref(document);
    document = json_string("a transaction");
    refused(STATUS_MALFORMED, "document");
    json_decref(document);
}

Test(transaction_json_read, static_rules_name_their_operation)
{
    plain();
    forget_stated();
    json_object_set_new(arguments_of(0), "amount", json_string("0"));
    refused(STATUS_INVALID, "/ops/0");
    json_object_set_new(arguments_of(0), "amount", json_string("9223372036854775808"));
    refused(STATUS_MALFORMED, "amount");
    json_object_set(arguments_of(0), "to", json_object_get(arguments_of(0), "from"));
    json_object_set_new(arguments_of(0), "amount", json_string("1"));
    refused(STATUS_INVALID, "/ops/0");
    json_object_set_new(document, "ops", json_array());
    refused(STATUS_INVALID, "operations");
    json_decref(document);
}

Test(transaction_json_read, operations_are_known_by_name)
{
    plain();
    forget_stated();
    json_t *operation = json_array_get(json_object_get(document, "ops"), 0);
    json_object_set_new(operation, "op", json_string("transfr"));
    refused(STATUS_INVALID, "did you mean \"transfer\"?");
    json_object_set_new(operation, "op", json_string("hold.create_locked"));
    refused(STATUS_INVALID, "/ops/0/op");
    json_object_set_new(operation, "op", json_string("hold.create"));
    refused(STATUS_MALFORMED, "/ops/0/args/payer");
    json_decref(document);
}

/* The place of the first operation of that name. */
static unsigned place_of(const char *name)
{
    size_t i;
    json_t *operation;
    json_array_foreach(json_object_get(document, "ops"), i,
                       operation) if (strcmp(json_string_value(json_object_get(operation, "op")),
                                             name) == 0) break;
    return (unsigned)i;
}

/* Changes a member of the first operation of that name; it must be refused; and changes it back. */
static void refused_with(const char *name, const char *member, const char *text, enum status status)
{
    char place[64];
    json_t *arguments = arguments_of(place_of(name));
    json_t *before = json_incref(json_object_get(arguments, member));
    (void)snprintf(place, sizeof place, "/ops/%u", place_of(name));
    json_object_set_new(arguments, member, json_string(text));
    refused(status, place);
    json_object_set_new(arguments, member, before);
}

Test(transaction_json_read, holds_and_floors)
{
    make_rich();
    document = transaction_json(tx);
    forget_stated();
    json_t *arguments = arguments_of(place_of("hold.create"));
    cr_assert_str_eq(json_string_value(json_object_get(arguments, "expires")),
                     "2026-12-01T09:00:00.123Z");
    cr_assert_null(json_object_get(arguments, "group"), "none");
    const char *payer = json_string_value(json_object_get(arguments, "payer"));
    refused_with("hold.create", "payee", payer, STATUS_INVALID);
    refused_with("hold.create", "amount", "0", STATUS_INVALID);
    refused_with("hold.create", "expires", "tomorrow", STATUS_MALFORMED);
    refused_with("hold.post", "hold", payer, STATUS_INVALID);
    refused_with("hold.post", "amount", "9223372036854775808", STATUS_MALFORMED);
    refused_with("hold.void", "hold", "hld1", STATUS_MALFORMED);
    refused_with("hold.post_group", "group", "00000000000000000000000000000000", STATUS_INVALID);
    refused_with("hold.void_group", "group", "abcd", STATUS_MALFORMED);
    refused_with("balance.set_floor", "floor", "1", STATUS_INVALID);
    refused_with("balance.set_floor", "floor", "-9223372036854775808", STATUS_MALFORMED);
    json_decref(document);
    writer_free(&bytes);
}

Test(transaction_json_read, another_version_is_not_read)
{
    plain();
    forget_stated();
    json_object_set_new(document, "version", json_integer(2));
    refused(STATUS_UNSUPPORTED, "/version");
    json_decref(document);
}

Test(transaction_json_read, words_and_versions_of_records)
{
    make_rich();
    document = transaction_json(tx);
    forget_stated();
    json_t *put = arguments_of(8);
    json_object_set_new(put, "version", json_string("1042.3"));
    refused(STATUS_MALFORMED, "/ops/8/args/version");
    json_object_del(put, "version");
    refused(STATUS_MALFORMED, "/ops/8/args/version");
    json_object_set_new(put, "expect", json_string("any"));
    json_object_set_new(put, "version", json_string("1042.3.7"));
    refused(STATUS_MALFORMED, "/ops/8/args/version");
    json_object_del(put, "version");
    json_object_set_new(put, "expect", json_string("perhaps"));
    refused(STATUS_INVALID, "/ops/8/args/expect");
    json_object_set_new(put, "expect", json_string("any"));
    json_object_set_new(put, "value", json_string("abc"));
    refused(STATUS_MALFORMED, "/ops/8/args/value");
    json_object_set_new(put, "value", json_string("ABCD"));
    refused(STATUS_MALFORMED, "/ops/8/args/value");
    json_object_set_new(put, "value", json_string("abcd"));
    json_t *delete = arguments_of(9);
    json_object_set_new(delete, "expect", json_string("absent"));
    refused(STATUS_INVALID, "/ops/9");
    json_decref(document);
    writer_free(&bytes);
}

Test(transaction_json_read, asserts_and_signers)
{
    make_rich();
    document = transaction_json(tx);
    forget_stated();
    json_t *balance = json_array_get(json_object_get(document, "asserts"), 0);
    json_object_set_new(balance, "amount", json_string("-0"));
    refused(STATUS_MALFORMED, "/asserts/0/amount");
    json_object_set_new(balance, "amount", json_string("-12"));
    json_object_set_new(balance, "relation", json_string("<"));
    refused(STATUS_INVALID, "/asserts/0/relation");
    json_object_set_new(balance, "relation", json_string("equal"));
    json_object_set_new(balance, "kind", json_string("weather"));
    refused(STATUS_INVALID, "/asserts/0/kind");
    json_object_set_new(balance, "kind", json_string("balance"));
    json_t *list = json_object_get(arguments_of(0), "signers");
    json_object_set_new(json_array_get(list, 1), "weight", json_integer(256));
    refused(STATUS_INVALID, "/ops/0/args/signers/1/weight");
    json_object_set_new(json_array_get(list, 1), "weight", json_integer(0));
    refused(STATUS_INVALID, "/ops/0");
    json_array_clear(list);
    refused(STATUS_INVALID, "/ops/0");
    json_decref(document);
    writer_free(&bytes);
}

Test(transaction_json_read, signers_may_stand_in_any_order)
{
    make_rich();
    document = transaction_json(tx);
    json_t *list = json_object_get(arguments_of(0), "signers");
    json_t *first = json_incref(json_array_get(list, 0));
    json_array_remove(list, 0);
    json_array_append_new(list, first);
    expect_same(document);
    json_decref(document);
    writer_free(&bytes);
}
