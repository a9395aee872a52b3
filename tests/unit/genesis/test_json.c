#include "genesis/json.h"

#include <criterion/criterion.h>

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(json, .init = setup);

static json_t *parsed(const char *text)
{
    struct problem problem = { .text = "" };
    json_t *value = json_read(span_text(text), 10000, &problem);
    cr_assert(value != NULL, "%s: %s", text, problem.text);
    return value;
}

static void expect_text(const struct problem *problem, const char *expected)
{
    cr_assert_str_eq(problem->text, expected);
}

Test(json, every_kind_of_member)
{
    json_t *value = parsed(
        "{\"text\":\"\xc3\xa4\",\"number\":7,\"flag\":true,\"amount\":\"9223372036854775807\","
        "\"time\":\"1970-01-01T00:00:01.000Z\",\"hex\":\"00ff\","
        "\"id\":\"acc1zsw8j67t0fljjqqfdy027lg63g945sws\",\"list\":[1,2],\"word\":\"two\","
        "\"format\":\"x/1\",\"any\":null}");
    static const char *const words[] = { "one", "two" };
    struct problem problem = { .text = "" };
    struct json_fields fields = json_fields_of(value, "", &problem);
    uint8_t hex[2];
    struct id id;
    char text[3];
    cr_assert_str_eq(json_text(&fields, "text", 2), "\xc3\xa4");
    json_text_into(&fields, "text", text, sizeof text);
    cr_assert_str_eq(text, "\xc3\xa4");
    cr_assert_eq(json_u64(&fields, "number", 7), 7);
    cr_assert(json_bool(&fields, "flag"));
    cr_assert_eq(json_amount(&fields, "amount"), INT64_MAX);
    cr_assert_eq(json_time(&fields, "time"), 1000);
    json_hex(&fields, "hex", hex, sizeof hex);
    cr_assert(hex[0] == 0 && hex[1] == 255);
    json_address(&fields, "id", ADDRESS_ACCOUNT, &id);
    cr_assert(!id_is_zero(&id));
    cr_assert_eq(json_array_size(json_array_of(&fields, "list", 2)), 2);
    cr_assert_eq(json_choice(&fields, "word", words, 2), 1);
    json_expect(&fields, "format", "x/1");
    cr_assert(json_is_null(json_member(&fields, "any")));
    cr_assert(json_member_optional(&fields, "absent") == NULL);
    cr_assert_eq(json_fields_done(&fields), STATUS_OK, "%s", problem.text);
    json_decref(value);
}

/* What is asked, of which document, and what is said about it. */
static void ask(struct json_fields *fields, const char *kind)
{
    static const char *const words[] = { "byzantine", "crash" };
    uint8_t hex[2] = { 9, 9 };
    struct id id = { { 9 } };
    struct public_key key;
    if (strcmp(kind, "text") == 0) cr_assert_str_empty(json_text(fields, "a", 3));
    if (strcmp(kind, "u64") == 0) cr_assert_eq(json_u64(fields, "a", 10), 0);
    if (strcmp(kind, "bool") == 0) cr_assert(!json_bool(fields, "a"));
    if (strcmp(kind, "amount") == 0) cr_assert_eq(json_amount(fields, "a"), 0);
    if (strcmp(kind, "time") == 0) cr_assert_eq(json_time(fields, "a"), 0);
    if (strcmp(kind, "array") == 0) cr_assert(json_array_of(fields, "a", 1) == NULL);
    if (strcmp(kind, "choice") == 0) cr_assert_eq(json_choice(fields, "a", words, 2), 0);
    if (strcmp(kind, "expect") == 0) json_expect(fields, "a", "x/1");
    if (strcmp(kind, "key") == 0) json_key(fields, "a", &key);
    if (strcmp(kind, "hex") == 0) {
        json_hex(fields, "a", hex, sizeof hex);
        cr_assert(hex[0] == 0 && hex[1] == 0, "zeros after a mistake");
    }
    if (strcmp(kind, "address") == 0) {
        json_address(fields, "a", ADDRESS_VALIDATOR, &id);
        cr_assert(id_is_zero(&id));
    }
}

Test(json, every_mistake_names_its_place)
{
    static const struct {
        const char *kind;
        const char *text;
        enum status status;
        const char *expected;
    } cases[] = {
        { "text", "{}", STATUS_MALFORMED, "/x/0/a: missing" },
        { "text", "{\"a\":1}", STATUS_MALFORMED, "/x/0/a: not a string" },
        { "text", "{\"a\":null}", STATUS_MALFORMED, "/x/0/a: not a string" },
        { "text", "{\"a\":\"abcd\"}", STATUS_TOO_LARGE, "/x/0/a: longer than 3 bytes" },
        { "u64", "{\"a\":-1}", STATUS_MALFORMED, "/x/0/a: not an integer of 0 or more" },
        { "u64", "{\"a\":\"1\"}", STATUS_MALFORMED, "/x/0/a: not an integer of 0 or more" },
        { "u64", "{\"a\":true}", STATUS_MALFORMED, "/x/0/a: not an integer of 0 or more" },
        { "u64", "{\"a\":11}", STATUS_INVALID, "/x/0/a: 11 is more than 10" },
        { "bool", "{\"a\":0}", STATUS_MALFORMED, "/x/0/a: neither true nor false" },
        { "amount", "{\"a\":1}", STATUS_MALFORMED, "/x/0/a: not an amount" },
        { "amount", "{\"a\":\"01\"}", STATUS_MALFORMED, "/x/0/a: not an amount" },
        { "time", "{\"a\":\"2026-02-29T00:00:00.000Z\"}", STATUS_MALFORMED, "/x/0/a: not a time" },
        { "time", "{\"a\":1}", STATUS_MALFORMED, "/x/0/a: not a time" },
        { "hex", "{\"a\":\"00FF\"}", STATUS_MALFORMED, "/x/0/a: not a string of 4 lower-case" },
        { "hex", "{\"a\":\"00f\"}", STATUS_MALFORMED, "/x/0/a: not a string of 4 lower-case" },
        { "hex", "{\"a\":[]}", STATUS_MALFORMED, "/x/0/a: not a string of 4 lower-case" },
        { "address", "{\"a\":5}", STATUS_MALFORMED, "/x/0/a: \"\" is not an address (val1" },
        { "address", "{\"a\":\"val1\"}", STATUS_MALFORMED, "/x/0/a: \"val1\" is not an address" },
        { "address", "{\"a\":\"acc1zsw8j67t0fljjqqfdy027lg63g945sws\"}", STATUS_INVALID,
          "/x/0/a: \"acc1zsw8j67t0fljjqqfdy027lg63g945sws\" is an address of another kind, not "
          "val1..." },
        { "array", "{\"a\":{}}", STATUS_MALFORMED, "/x/0/a: not an array" },
        { "array", "{\"a\":[1,2]}", STATUS_TOO_LARGE, "/x/0/a: 2 items, more than 1" },
        { "choice", "{\"a\":\"crush\"}", STATUS_INVALID,
          "/x/0/a: \"crush\" is not known here; did you mean \"crash\"?" },
        { "choice", "{\"a\":\"lockstep\"}", STATUS_INVALID,
          "/x/0/a: \"lockstep\" is not known here" },
        { "choice", "{\"a\":7}", STATUS_MALFORMED, "/x/0/a: not a string" },
        { "expect", "{\"a\":\"x/2\"}", STATUS_UNSUPPORTED, "/x/0/a: \"x/2\", not \"x/1\"" },
        { "key", "{\"a\":\"0000000000000000000000000000000000000000000000000000000000000000\"}",
          STATUS_BAD_KEY, "/x/0/a: not a valid Ed25519 key" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = parsed(cases[i].text);
        struct problem problem = { .text = "" };
        struct json_fields fields = json_fields_of(value, "/x/0", &problem);
        ask(&fields, cases[i].kind);
        cr_assert_eq(json_fields_done(&fields), cases[i].status, "%s of %s gave %s", cases[i].kind,
                     cases[i].text, status_name(fields.status));
        cr_assert_eq(problem.status, cases[i].status);
        cr_assert(strstr(problem.text, cases[i].expected) == problem.text, "\"%s\", not \"%s\"",
                  problem.text, cases[i].expected);
        json_decref(value);
    }
}

Test(json, not_an_object)
{
    json_t *value = parsed("[]");
    struct problem problem;
    struct json_fields fields = json_fields_of(value, "", &problem);
    cr_assert_eq(json_fields_done(&fields), STATUS_MALFORMED);
    expect_text(&problem, "document: not an object");
    fields = json_fields_of(value, "/members/2", &problem);
    cr_assert_eq(json_u64(&fields, "a", 1), 0);
    expect_text(&problem, "/members/2: not an object");
    json_decref(value);
}

Test(json, absent_object_keeps_the_record)
{
    struct problem problem = { .text = "as it was" };
    struct json_fields fields = json_fields_of(NULL, "/params", &problem);
    cr_assert_eq(json_u64(&fields, "a", 1), 0);
    cr_assert_neq(json_fields_done(&fields), STATUS_OK);
    expect_text(&problem, "as it was");
}

Test(json, first_mistake_is_kept)
{
    json_t *value = parsed("{\"a\":1,\"b\":2,\"c\":3}");
    struct problem problem;
    struct json_fields fields = json_fields_of(value, "", &problem);
    json_text(&fields, "b", 1);
    json_text(&fields, "a", 1);
    json_fail(&fields, "c", STATUS_INVALID, "later");
    cr_assert_eq(json_fields_done(&fields), STATUS_MALFORMED);
    expect_text(&problem, "/b: not a string");
    json_decref(value);
}

Test(json, unknown_members)
{
    json_t *value = parsed("{\"network\":1,\"extra\":2}");
    struct problem problem;
    struct json_fields fields = json_fields_of(value, "", &problem);
    json_u64(&fields, "network", 9);
    cr_assert_eq(json_fields_done(&fields), STATUS_MALFORMED);
    expect_text(&problem, "/extra: unknown member");

    fields = json_fields_of(value, "", &problem);
    json_member_optional(&fields, "extras");
    json_u64(&fields, "network", 9);
    cr_assert_eq(json_fields_done(&fields), STATUS_MALFORMED);
    expect_text(&problem, "/extra: unknown member; did you mean \"extras\"?");

    fields = json_fields_of(value, "", &problem);
    json_member(&fields, "netwrok");
    cr_assert_eq(json_fields_done(&fields), STATUS_MALFORMED);
    expect_text(&problem, "/netwrok: missing; there is \"network\"");
    json_decref(value);
}

/* Names come from outside: RFC 6901's escapes, nothing that could drive a terminal, a bounded
 * length. */
Test(json, hostile_names)
{
    json_t *value = parsed("{\"a/b~c\\u001b[31m\":1}");
    struct problem problem;
    struct json_fields fields = json_fields_of(value, "", &problem);
    cr_assert_eq(json_fields_done(&fields), STATUS_MALFORMED);
    expect_text(&problem, "/a~1b~0c?[31m: unknown member");
    json_decref(value);

    char text[3000] = "{\"";
    memset(text + 2, '~', 2900);
    strcpy(text + 2902, "\":1}");
    value = parsed(text);
    fields = json_fields_of(value, "", &problem);
    cr_assert_eq(json_fields_done(&fields), STATUS_MALFORMED);
    cr_assert(strstr(problem.text, "...: unknown member") != NULL, "%s", problem.text);
    cr_assert_lt(strlen(problem.text), 300);
    json_decref(value);
}

Test(json, problem_may_be_absent)
{
    json_t *value = parsed("{}");
    struct json_fields fields = json_fields_of(value, "", NULL);
    json_u64(&fields, "a", 1);
    cr_assert_eq(json_fields_done(&fields), STATUS_MALFORMED);
    json_decref(value);
}
