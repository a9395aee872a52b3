#include "rpc/cursor.h"
#include "rpc/server.h"
#include <criterion/criterion.h>

static const struct rpc_parameter parameters[] = {
    PARAMETER_OPTIONAL("account", ARGUMENT_ACCOUNT),
    PARAMETER_OPTIONAL("from_height", ARGUMENT_HEIGHT),
    PARAMETER_FLAG("raw", false),
    PARAMETER_OPTIONAL("key", ARGUMENT_HEX),
    PARAMETERS_PAGE,
};
static const struct rpc_method method = { METHOD("some_list", ACCESS_READ, parameters) };
static const struct rpc_method other = { METHOD("other_list", ACCESS_READ, parameters) };
static const struct genesis genesis = { .chain_id = { { 1, 2, 3, 4, 5 } } };
static const struct genesis elsewhere = { .chain_id = { { 1, 2, 3, 5, 5 } } };
static struct rpc_backend backend = { .genesis = &genesis };
static struct rpc_call call = { .method = &method, .backend = &backend };
static char text[300];

enum { ACCOUNT, FROM, RAW, KEY, LIMIT, CURSOR };

static void make(size_t size)
{
    uint8_t payload[CURSOR_PAYLOAD_MAX];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 37 + 11);
    json_t *value = cursor_make(&call, payload, size);
    cr_assert_not_null(value);
    snprintf(text, sizeof text, "%s", json_string_value(value));
    cr_assert_leq(strlen(text), 256);
    json_decref(value);
    call.arguments[CURSOR] = (struct argument){ .given = true, .text = text };
}

static bool reads(size_t size)
{
    uint8_t payload[CURSOR_PAYLOAD_MAX];
    bool present = false;
    json_decref(call.error_data);
    call.error = RPC_ERROR_none;
    call.error_data = NULL;
    bool read = cursor_read(&call, payload, size, &present);
    cr_assert_eq(read, call.error == RPC_ERROR_none);
    for (size_t i = 0; read && present && i < size; i++)
        cr_assert_eq(payload[i], (uint8_t)(i * 37 + 11));
    return read;
}

static const char *reason(void)
{
    cr_assert_eq(call.error, RPC_ERROR_cursor_invalid);
    return json_string_value(json_object_get(call.error_data, "reason"));
}

Test(cursor, payloads_of_any_size_come_back)
{
    for (size_t size = 0; size <= CURSOR_PAYLOAD_MAX; size++) {
        make(size);
        cr_assert(reads(size), "%zu", size);
        cr_assert_not(reads(size == 0 ? 1 : size - 1));
        cr_assert_str_eq(reason(), "malformed");
    }
}

Test(cursor, none_is_no_error)
{
    uint8_t payload[8];
    bool present = true;
    call.arguments[CURSOR] = (struct argument){ .given = false };
    cr_assert(cursor_read(&call, payload, 8, &present));
    cr_assert_not(present);
}

Test(cursor, every_filter_counts_and_the_limit_does_not)
{
    call.arguments[KEY].bytes = span_text("");
    make(8);
    call.arguments[LIMIT].number = 77;
    call.arguments[LIMIT].given = true;
    cr_assert(reads(8));
    call.arguments[RAW].given = true; /* what is said is the default */
    cr_assert(reads(8));
    call.arguments[RAW].flag = true;
    cr_assert_not(reads(8));
    cr_assert_str_eq(reason(), "query_mismatch");
    call.arguments[RAW].flag = false;
    call.arguments[FROM].given = true; /* zero is not the same as nothing */
    cr_assert_not(reads(8));
    call.arguments[FROM].given = false;
    call.arguments[ACCOUNT].given = true;
    cr_assert_not(reads(8));
    call.arguments[ACCOUNT].given = false;
    call.arguments[KEY].given = true;
    cr_assert_not(reads(8));
    call.arguments[KEY].given = false;
    call.method = &other;
    cr_assert_not(reads(8));
    call.method = &method;
    cr_assert(reads(8));
}

Test(cursor, another_chains_is_told_apart)
{
    make(8);
    backend.genesis = &elsewhere;
    cr_assert_not(reads(8));
    cr_assert_str_eq(reason(), "chain_mismatch");
}

Test(cursor, exactly_one_text_for_each)
{
    make(8); /* 21 bytes: 28 digits, none left over */
    size_t size = strlen(text);
    cr_assert_eq(size, 28);
    static const char *const wrong[] = { "", "A", "AA==", "AAAA AAAA", "+/+/", "Zg\n" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        call.arguments[CURSOR].text = wrong[i];
        cr_assert_not(reads(8), "%s", wrong[i]);
        cr_assert_str_eq(reason(), "malformed");
    }
    call.arguments[CURSOR].text = text;
    text[size] = 'A';
    text[size + 1] = '\0';
    cr_assert_not(reads(8), "a digit that carries nothing");
    text[size] = '\0';
    for (size_t i = 0; i < 17; i++) { /* 13 bytes of head; what follows is the method's */
        char right = text[i];
        text[i] = right == 'A' ? 'B' : 'A';
        cr_assert_not(reads(8), "digit %zu of the head", i);
        text[i] = right;
    }
    make(9); /* 22 bytes: the last digit carries two bits */
    size = strlen(text);
    cr_assert(reads(9));
    text[size - 1] = (char)(text[size - 1] + 1);
    cr_assert_not(reads(9), "bits that carry nothing must be zero");
}
