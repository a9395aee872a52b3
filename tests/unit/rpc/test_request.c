#include "tests/unit/rpc/harness.h"

#include <criterion/criterion.h>

static struct harness h;

/* Methods of the JSON-RPC 2.0 specification's examples, and some that misbehave on purpose. */

static const struct rpc_parameter subtract_parameters[] = {
    PARAMETER_REQUIRED("minuend", ARGUMENT_HEIGHT),
    PARAMETER_REQUIRED("subtrahend", ARGUMENT_HEIGHT),
};

static json_t *subtract(struct rpc_call *call)
{
    return json_integer((json_int_t)call_argument(call, "minuend")->number -
                        (json_int_t)call_argument(call, "subtrahend")->number);
}

static const struct rpc_method method_subtract = {
    METHOD("subtract", ACCESS_READ, subtract_parameters), .handle = subtract
};

static unsigned updates;
static const struct rpc_parameter update_parameters[] = {
    PARAMETER_OPTIONAL("a", ARGUMENT_HEIGHT), PARAMETER_OPTIONAL("b", ARGUMENT_HEIGHT),
    PARAMETER_OPTIONAL("c", ARGUMENT_HEIGHT), PARAMETER_OPTIONAL("d", ARGUMENT_HEIGHT),
    PARAMETER_OPTIONAL("e", ARGUMENT_HEIGHT),
};

static json_t *update(struct rpc_call *call)
{
    (void)call;
    updates++;
    return json_true();
}

static const struct rpc_method method_update = { METHOD("update", ACCESS_READ, update_parameters),
                                                 .handle = update };

static json_t *get_data(struct rpc_call *call)
{
    (void)call;
    return json_pack("[s, i]", "hello", 5);
}

static const struct rpc_method method_get_data = { METHOD_BARE("get_data", ACCESS_READ),
                                                   .handle = get_data };

static json_t *broken(struct rpc_call *call)
{
    (void)call;
    return NULL;
}

static const struct rpc_method method_broken = { METHOD_BARE("broken", ACCESS_READ),
                                                 .handle = broken };

static json_t *two_minds(struct rpc_call *call)
{
    call_not_found(call, "thing", "1", 7);
    call_error(call, RPC_ERROR_internal_error, NULL); /* the first error stays */
    return json_true();                               /* and wins over a result */
}

static const struct rpc_method method_two_minds = { METHOD_BARE("two_minds", ACCESS_READ),
                                                    .handle = two_minds };

static const struct rpc_parameter big_parameters[] = {
    PARAMETER_INTEGER("size", 1000, 0, 100000000),
};

static json_t *big(struct rpc_call *call)
{
    size_t size = (size_t)call_argument(call, "size")->number;
    char *text = malloc(size + 1);
    memset(text, 'x', size);
    json_t *value = json_stringn(text, size);
    free(text);
    return value;
}

static const struct rpc_method method_big = { METHOD("big", ACCESS_READ, big_parameters),
                                              .handle = big };

static json_t *secret(struct rpc_call *call)
{
    (void)call;
    return json_true();
}

static const struct rpc_method method_secret = { METHOD_BARE("secret", ACCESS_ADMIN),
                                                 .handle = secret };

static const struct rpc_method *const methods[] = {
    &method_subtract, &method_update, &method_get_data, &method_broken,    &method_two_minds,
    &method_big,      &method_secret, &method_tx_wait,  &method_tx_submit, &method_tx_status,
};

static void open_all(void)
{
    harness_open_with(&h, methods, sizeof methods / sizeof methods[0]);
    h.granted = ACCESS_SUBMIT;
    updates = 0;
}

static void close_all(void)
{
    harness_close(&h);
}

TestSuite(request, .init = open_all, .fini = close_all);

/* Each answer, with the data of errors taken away, is exactly this line. */
static void strip(json_t *answer)
{
    json_object_del(json_object_get(answer, "error"), "data");
}

static void exchange(const char *body, const char *expected)
{
    char *line = harness_send(&h, body);
    cr_assert(line);
    if (!expected) {
        cr_assert_str_empty(line, "%s", line);
        free(line);
        return;
    }
    cr_assert_eq(line[strlen(line) - 1], '\n');
    json_t *answer = json_loads(line, 0, NULL);
    cr_assert(answer, "%s", line);
    size_t i;
    json_t *item;
    json_array_foreach(answer, i, item) strip(item);
    if (json_is_object(answer)) strip(answer);
    char *got = json_dumps(answer, JSON_COMPACT);
    cr_assert_str_eq(got, expected, "%s\n gives %s\n not   %s", body, got, expected);
    free(got);
    json_decref(answer);
    free(line);
}

#define PARSE_ERROR \
    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"Parse error\"}}"
#define INVALID \
    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"Invalid " \
    "Request\"}}"

/* ---- https://www.jsonrpc.org/specification, section 7 ---------------------------------------- */

Test(request, positional_and_named_parameters)
{
    exchange("{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": [42, 23], \"id\": 1}",
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":19}");
    exchange("{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": [23, 42], \"id\": 2}",
             "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":-19}");
    exchange("{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": {\"subtrahend\": 23, "
             "\"minuend\": 42}, \"id\": 3}",
             "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":19}");
}

Test(request, notifications)
{
    exchange("{\"jsonrpc\": \"2.0\", \"method\": \"update\", \"params\": [1,2,3,4,5]}", NULL);
    cr_assert_eq(updates, 1);
    exchange("{\"jsonrpc\": \"2.0\", \"method\": \"foobar\"}", NULL);
    exchange("{\"jsonrpc\": \"2.0\", \"method\": \"broken\"}", NULL);
}

Test(request, non_existent_method)
{
    exchange("{\"jsonrpc\": \"2.0\", \"method\": \"foobar\", \"id\": \"1\"}",
             "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"error\":{\"code\":-32601,\"message\":"
             "\"Method not found\"}}");
}

Test(request, invalid_json)
{
    exchange("{\"jsonrpc\": \"2.0\", \"method\": \"foobar, \"params\": \"bar\", \"baz]",
             PARSE_ERROR);
    exchange("[{\"jsonrpc\": \"2.0\", \"method\": \"sum\", \"params\": [1,2,4], \"id\": \"1\"},"
             "{\"jsonrpc\": \"2.0\", \"method\"]",
             PARSE_ERROR);
}

Test(request, invalid_requests)
{
    exchange("{\"jsonrpc\": \"2.0\", \"method\": 1, \"params\": \"bar\"}", INVALID);
    exchange("[]", INVALID);
    exchange("[1]", "[" INVALID "]");
    exchange("[1,2,3]", "[" INVALID "," INVALID "," INVALID "]");
}

Test(request, a_batch_of_all_kinds)
{
    exchange(
        "[{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": [42,23], \"id\": \"2\"},"
        "{\"jsonrpc\": \"2.0\", \"method\": \"update\", \"params\": [7]},"
        "{\"foo\": \"boo\"},"
        "{\"jsonrpc\": \"2.0\", \"method\": \"foo.get\", \"params\": {\"name\": \"myself\"}, "
        "\"id\": \"5\"},"
        "{\"jsonrpc\": \"2.0\", \"method\": \"get_data\", \"id\": \"9\"}]",
        "[{\"jsonrpc\":\"2.0\",\"id\":\"2\",\"result\":19}," INVALID
        ",{\"jsonrpc\":\"2.0\",\"id\":\"5\",\"error\":{\"code\":-32601,\"message\":"
        "\"Method not found\"}},"
        "{\"jsonrpc\":\"2.0\",\"id\":\"9\",\"result\":[\"hello\",5]}]");
    cr_assert_eq(updates, 1);
}

Test(request, a_batch_of_notifications)
{
    exchange("[{\"jsonrpc\": \"2.0\", \"method\": \"update\", \"params\": [1,2,4]},"
             "{\"jsonrpc\": \"2.0\", \"method\": \"update\", \"params\": [7]}]",
             NULL);
    cr_assert_eq(updates, 2);
}

/* ---- beyond the specification ---------------------------------------------------------------- */

Test(request, ids)
{
    exchange("{\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":null}",
             "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":[\"hello\",5]}");
    exchange("{\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":9007199254740993}",
             "{\"jsonrpc\":\"2.0\",\"id\":9007199254740993,\"result\":[\"hello\",5]}");
    exchange("{\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":1.5}", PARSE_ERROR);
    exchange("{\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":[1]}", INVALID);
    exchange("{\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":true}", INVALID);
}

Test(request, strict_json)
{
    exchange("", PARSE_ERROR);
    exchange("{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":1}",
             PARSE_ERROR);
    exchange("{\"jsonrpc\":\"2.0\",\"method\":\"get\\u0000data\",\"id\":1}", PARSE_ERROR);
    exchange("{\"jsonrpc\":\"2.0\",\"method\":\"\xff\",\"id\":1}", PARSE_ERROR);
    exchange("{\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":18446744073709551616}",
             PARSE_ERROR);
    exchange("{\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":1} x", PARSE_ERROR);
    char deep[128] = "{\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":1,\"params\":";
    size_t size = strlen(deep);
    memset(deep + size, '[', 32);
    exchange(deep, PARSE_ERROR);
}

Test(request, unknown_members_and_versions)
{
    exchange("{\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":1,\"auth\":\"x\"}",
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32600,\"message\":"
             "\"Invalid Request\"}}");
    exchange("{\"method\":\"get_data\",\"id\":1}",
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32600,\"message\":"
             "\"Invalid Request\"}}");
    exchange("{\"jsonrpc\":\"1.0\",\"method\":\"get_data\",\"id\":1}",
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32600,\"message\":"
             "\"Invalid Request\"}}");
}

Test(request, suggestions)
{
    json_t *answer = harness_call(&h, "tx_submt", "");
    cr_assert_str_eq(text_at(answer, "error/data/kind"), "method_not_found");
    cr_assert_str_eq(text_at(answer, "error/data/method"), "tx_submt");
    cr_assert_str_eq(text_at(answer, "error/data/did_you_mean"), "tx_submit");
    cr_assert_str_eq(text_at(answer, "error/data/retry"), "never");
    cr_assert_str_eq(text_at(answer, "error/data/request_id"), "test-1");
    json_decref(answer);
    answer = harness_call(&h, "zzzzzzzzzz", "");
    cr_assert_null(at(answer, "error/data/did_you_mean"));
    json_decref(answer);
}

Test(request, internal_errors_have_an_incident)
{
    json_t *answer = harness_call(&h, "broken", "");
    cr_assert_str_eq(text_at(answer, "error/data/kind"), "internal_error");
    cr_assert_eq(strlen(text_at(answer, "error/data/incident_id")), 16);
    json_decref(answer);
}

Test(request, the_first_error_stays)
{
    json_t *answer = harness_call(&h, "two_minds", "");
    cr_assert_str_eq(text_at(answer, "error/data/kind"), "not_found");
    cr_assert_eq(json_integer_value(at(answer, "error/data/ledger_height")), 7);
    cr_assert_null(at(answer, "result"));
    json_decref(answer);
}

Test(request, access)
{
    json_t *answer = harness_call(&h, "secret", "");
    cr_assert_eq(json_integer_value(at(answer, "error/code")), -32011);
    cr_assert_str_eq(text_at(answer, "error/data/hint"), "use the node's local socket");
    json_decref(answer);
    h.granted = ACCESS_ADMIN;
    answer = harness_call(&h, "secret", "");
    cr_assert(json_is_true(at(answer, "result")));
    json_decref(answer);
}

Test(request, disabled_methods)
{
    static const char *const disabled[] = { "get_data", "tx_*" };
    h.core.disabled = names_new();
    cr_assert_eq(names_set(h.core.disabled, disabled, 2), STATUS_OK);
    static const char *const names[] = { "get_data", "tx_wait", "tx_status" };
    for (size_t i = 0; i < 3; i++) {
        json_t *answer = harness_call(&h, names[i], "");
        cr_assert_eq(json_integer_value(at(answer, "error/code")), -32004);
        cr_assert_str_eq(text_at(answer, "error/data/enable_with"), "rpc.disabled_methods");
        json_decref(answer);
    }
    json_t *answer = harness_call(&h, "subtract", "[2,1]");
    cr_assert(at(answer, "result"));
    json_decref(answer);
    names_free(h.core.disabled);
    h.core.disabled = NULL;
}

/* n times the same call in an array; the caller frees. */
static char *batch_of(const char *item, size_t n)
{
    size_t size = n * (strlen(item) + 1) + 3;
    char *body = malloc(size);
    body[0] = 0;
    for (size_t i = 0; i < n; i++) {
        strcat(body, i ? "," : "[");
        strcat(body, item);
    }
    return strcat(body, "]");
}

Test(request, batches_are_bounded)
{
    char *body = batch_of("{\"jsonrpc\":\"2.0\",\"method\":\"update\",\"id\":1}", 100);
    char *line = harness_send(&h, body);
    json_t *answer = json_loads(line, 0, NULL);
    cr_assert_eq(json_array_size(answer), 100);
    cr_assert_eq(updates, 100);
    json_decref(answer);
    free(line);
    free(body);

    body = batch_of("{\"jsonrpc\":\"2.0\",\"method\":\"update\",\"id\":1}", 101);
    line = harness_send(&h, body);
    answer = json_loads(line, 0, NULL);
    cr_assert_str_eq(text_at(answer, "error/data/limit"), "batch_items");
    cr_assert_eq(updates, 100); /* nothing was executed */
    json_decref(answer);
    free(line);
    free(body);
}

Test(request, an_array_of_one_is_answered_by_an_array)
{
    exchange("[{\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":1}]",
             "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[\"hello\",5]}]");
}

Test(request, the_whole_answer_is_bounded)
{
    h.core.limits.response_max = 300000;
    char *body =
        batch_of("{\"jsonrpc\":\"2.0\",\"method\":\"big\",\"params\":[80000],\"id\":7}", 5);
    char *line = harness_send(&h, body);
    cr_assert(strlen(line) <= 300000);
    json_t *answer = json_loads(line, 0, NULL);
    cr_assert_eq(json_array_size(answer), 5);
    for (size_t i = 0; i < 5; i++) {
        const json_t *item = json_array_get(answer, i);
        cr_assert_eq(json_integer_value(at(item, "id")), 7);
        if (i < 3)
            cr_assert_eq(json_string_length(at(item, "result")), 80000);
        else
            cr_assert_str_eq(text_at(item, "error/data/limit"), "response_bytes");
    }
    json_decref(answer);
    free(line);
    free(body);
    json_t *alone = harness_call(&h, "big", "[400000]");
    cr_assert_eq(json_integer_value(at(alone, "error/data/max")), 300000);
    json_decref(alone);
}

Test(request, nothing_waits_inside_a_batch)
{
    static const char id[] = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
    char body[1024];
    snprintf(body, sizeof body,
             "[{\"jsonrpc\":\"2.0\",\"method\":\"tx_wait\",\"params\":[\"%s\"],\"id\":1},"
             "{\"jsonrpc\":\"2.0\",\"method\":\"tx_status\",\"params\":{\"tx_id\":\"%s\","
             "\"min_height\":9,\"timeout_ms\":1},\"id\":2},"
             "{\"jsonrpc\":\"2.0\",\"method\":\"tx_status\",\"params\":{\"tx_id\":\"%s\","
             "\"min_height\":7},\"id\":3}]",
             id, id, id);
    char *line = harness_send(&h, body);
    json_t *answer = json_loads(line, 0, NULL);
    cr_assert_str_eq(text_at(answer, "0/error/data/path"), "/timeout_ms");
    cr_assert_str_eq(text_at(answer, "1/error/data/path"), "/timeout_ms");
    cr_assert_str_eq(text_at(answer, "2/result/status"), "unknown");
    json_decref(answer);
    free(line);
}

Test(request, items_of_a_batch_keep_their_order_over_admission)
{
    char *one = fake_transaction(1, NULL), *two = fake_transaction(2, NULL);
    char body[4096];
    h.node->mode = FAKE_HOLD;
    snprintf(body, sizeof body,
             "[{\"jsonrpc\":\"2.0\",\"method\":\"tx_submit\",\"params\":[\"%s\"],\"id\":1},"
             "{\"jsonrpc\":\"2.0\",\"method\":\"update\"},"
             "{\"jsonrpc\":\"2.0\",\"method\":\"tx_submit\",\"params\":[\"%s\"],\"id\":2}]",
             one, two);
    cr_assert_null(harness_send(&h, body));
    cr_assert_eq(h.node->submits, 1);
    cr_assert_eq(updates, 0);
    fake_release(h.node);
    cr_assert_null(harness_resume(&h));
    cr_assert_eq(h.node->submits, 2);
    cr_assert_eq(updates, 1);
    fake_release(h.node);
    char *line = harness_resume(&h);
    json_t *answer = json_loads(line, 0, NULL);
    cr_assert_eq(json_array_size(answer), 2);
    cr_assert_eq(json_integer_value(at(answer, "0/id")), 1);
    cr_assert_eq(json_integer_value(at(answer, "1/id")), 2);
    json_decref(answer);
    free(line);
    free(one);
    free(two);
}

Test(request, a_request_can_be_dropped_while_it_waits)
{
    char *hex = fake_transaction(1, NULL);
    char params[2048];
    snprintf(params, sizeof params, "{\"tx\":\"%s\",\"wait\":\"sealed\",\"timeout_ms\":9}", hex);
    cr_assert_null(harness_call(&h, "tx_submit", params));
    cr_assert_eq(waiters_count(h.core.waiters), 1);
    request_free(h.request);
    h.request = NULL;
    cr_assert_eq(waiters_count(h.core.waiters), 0);
    h.node->mode = FAKE_HOLD;
    free(hex);
    hex = fake_transaction(2, NULL);
    snprintf(params, sizeof params, "{\"tx\":\"%s\"}", hex);
    cr_assert_null(harness_call(&h, "tx_submit", params));
    request_free(h.request);
    h.request = NULL;
    fake_release(h.node); /* its answer finds nobody, and is no harm */
    free(hex);
}

Test(request, error_lines)
{
    size_t size;
    char *line = request_error_line(RPC_ERROR_limit_exceeded,
                                    json_pack("{s:s}", "limit", "body_max"), "abc", &size);
    cr_assert_str_eq(line,
                     "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32005,\"message\":"
                     "\"Limit exceeded\",\"data\":{\"kind\":\"limit_exceeded\",\"retry\":"
                     "\"after_delay\",\"limit\":\"body_max\",\"request_id\":\"abc\"}}}\n");
    cr_assert_eq(size, strlen(line));
    free(line);
}
