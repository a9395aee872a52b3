#include "rpc/arguments.h"

#include <criterion/criterion.h>

static const char *const words[] = { "low", "high", NULL };

static const struct rpc_parameter parameters[] = {
    PARAMETER_REQUIRED("height", ARGUMENT_HEIGHT),
    PARAMETER_HEIGHT_OR_TAG("tag"),
    PARAMETER_INTEGER("limit", 50, 1, 500),
    PARAMETER_FLAG("seal", true),
    PARAMETER_WORD("level", words, 1),
    PARAMETER_OPTIONAL("hash", ARGUMENT_HASH),
    PARAMETER_OPTIONAL("key", ARGUMENT_HEX),
    PARAMETER_OPTIONAL("account", ARGUMENT_ACCOUNT),
    PARAMETER_OPTIONAL("time", ARGUMENT_TIME),
    PARAMETER_OPTIONAL("cursor", ARGUMENT_CURSOR),
    PARAMETER_OPTIONAL("op", ARGUMENT_OPERATION),
    PARAMETER_OPTIONAL("code", ARGUMENT_CODE),
    PARAMETER_OPTIONAL("ref", ARGUMENT_ID16),
    PARAMETER_OPTIONAL("public_key", ARGUMENT_PUBLIC_KEY),
    PARAMETER_OPTIONAL("text", ARGUMENT_TEXT),
};

static const struct rpc_method method = { METHOD("test", ACCESS_READ, parameters) };
static struct rpc_call call;
static json_t *params;

static bool read_text(const char *text)
{
    memset(&call, 0, sizeof call);
    call.method = &method;
    params = json_loads(text, JSON_DECODE_ANY, NULL);
    cr_assert(params, "%s", text);
    return arguments_read(&call, params);
}

static void done(void)
{
    arguments_free(&call);
    json_decref(call.error_data);
    json_decref(params);
}

static void good(const char *text)
{
    cr_assert(read_text(text), "%s", text);
}

static const char *data(const char *name)
{
    const char *text = json_string_value(json_object_get(call.error_data, name));
    return text ? text : "";
}

static void bad(const char *text, const char *path)
{
    cr_assert_not(read_text(text), "%s", text);
    cr_assert_eq(call.error, RPC_ERROR_invalid_params, "%s", text);
    cr_assert_str_eq(data("path"), path, "%s", text);
    cr_assert(strlen(data("expected")) > 0);
    cr_assert(strlen(data("got")) > 0);
}

Test(arguments, defaults)
{
    good("{\"height\":5}");
    cr_assert_eq(call_argument(&call, "height")->number, 5);
    cr_assert(call_argument(&call, "height")->given);
    cr_assert_eq(call_argument(&call, "tag")->number, HEIGHT_LATEST);
    cr_assert_not(call_argument(&call, "tag")->given);
    cr_assert_eq(call_argument(&call, "limit")->number, 50);
    cr_assert(call_argument(&call, "seal")->flag);
    cr_assert_eq(call_argument(&call, "level")->number, 1);
    cr_assert_null(call_argument(&call, "cursor")->text);
    cr_assert_eq(call_argument(&call, "key")->bytes.size, 0);
    done();
}

Test(arguments, all_kinds)
{
    struct id id = { { 1, 2, 3 } };
    char account[ADDRESS_TEXT], text[1024];
    address_encode(ADDRESS_ACCOUNT, &id, account);
    snprintf(text, sizeof text,
             "{\"height\":9007199254740991,\"tag\":\"earliest\",\"limit\":500,\"seal\":false,"
             "\"level\":\"low\",\"hash\":\"%064d\",\"key\":\"00ff\",\"account\":\"%s\","
             "\"time\":\"2026-12-01T09:00:00.000Z\",\"cursor\":\"abc\",\"op\":\"kv.put\","
             "\"code\":\"EUR\",\"ref\":\"%032d\",\"public_key\":\"%064d\",\"text\":\"\"}",
             1, account, 2, 3);
    good(text);
    cr_assert_eq(call_argument(&call, "height")->number, 9007199254740991);
    cr_assert_eq(call_argument(&call, "tag")->number, HEIGHT_EARLIEST);
    cr_assert_not(call_argument(&call, "seal")->flag);
    cr_assert_eq(call_argument(&call, "level")->number, 0);
    cr_assert_eq(call_argument(&call, "hash")->digest.bytes[31], 1);
    cr_assert_eq(call_argument(&call, "key")->bytes.size, 2);
    cr_assert_eq(call_argument(&call, "key")->bytes.data[1], 0xff);
    cr_assert(id_equal(&call_argument(&call, "account")->id, &id));
    cr_assert_eq(call_argument(&call, "time")->number, 1796115600000);
    cr_assert_str_eq(call_argument(&call, "op")->text, "kv.put");
    cr_assert_str_eq(call_argument(&call, "code")->text, "EUR");
    cr_assert_eq(call_argument(&call, "ref")->id.bytes[15], 2);
    cr_assert_eq(call_argument(&call, "public_key")->key.bytes[31], 3);
    cr_assert_str_eq(call_argument(&call, "text")->text, "");
    done();
}

Test(arguments, arrays_are_in_order)
{
    good("[5, 7, null, null, \"low\"]");
    cr_assert_eq(call_argument(&call, "tag")->number, 7);
    cr_assert_eq(call_argument(&call, "limit")->number, 50);
    cr_assert_eq(call_argument(&call, "level")->number, 0);
    done();
    bad("[]", "/height");
    done();
    bad("[null]", "/height");
    done();
    bad("[1,2,3,true,\"low\",5,5,5,5,5,5,5,5,5,5,5]", "/15");
    done();
}

Test(arguments, wrong_ones_are_named)
{
    static const struct {
        const char *text, *path;
    } cases[] = {
        { "{}", "/height" },
        { "{\"height\":null}", "/height" },
        { "{\"height\":-1}", "/height" },
        { "{\"height\":\"5\"}", "/height" },
        { "{\"height\":9007199254740992}", "/height" },
        { "{\"height\":1.0}", "/height" },
        { "{\"height\":1,\"tag\":\"last\"}", "/tag" },
        { "{\"height\":1,\"tag\":true}", "/tag" },
        { "{\"height\":1,\"limit\":0}", "/limit" },
        { "{\"height\":1,\"limit\":501}", "/limit" },
        { "{\"height\":1,\"seal\":1}", "/seal" },
        { "{\"height\":1,\"seal\":\"true\"}", "/seal" },
        { "{\"height\":1,\"level\":\"LOW\"}", "/level" },
        { "{\"height\":1,\"level\":0}", "/level" },
        { "{\"height\":1,\"hash\":\"00\"}", "/hash" },
        { "{\"height\":1,\"key\":\"0\"}", "/key" },
        { "{\"height\":1,\"key\":\"0G\"}", "/key" },
        { "{\"height\":1,\"key\":\"FF\"}", "/key" },
        { "{\"height\":1,\"account\":\"acc1\"}", "/account" },
        { "{\"height\":1,\"time\":\"2026-12-01\"}", "/time" },
        { "{\"height\":1,\"op\":\"kv..put\"}", "/op" },
        { "{\"height\":1,\"op\":\"\"}", "/op" },
        { "{\"height\":1,\"code\":\"eur\"}", "/code" },
        { "{\"height\":1,\"code\":\"ABCDEFGHIJKLM\"}", "/code" },
        { "{\"height\":1,\"heigth\":1}", "/heigth" },
        { "{\"height\":1,\"a/b~c\":1}", "/a~1b~0c" },
        { "5", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bad(cases[i].text, cases[i].path);
        done();
    }
}

Test(arguments, the_nearest_name_is_suggested)
{
    bad("{\"height\":1,\"limits\":5}", "/limits");
    cr_assert_str_eq(data("did_you_mean"), "limit");
    done();
    bad("{\"height\":1,\"zzzzzzzzzzz\":5}", "/zzzzzzzzzzz");
    cr_assert_str_eq(data("did_you_mean"), "");
    done();
}

Test(arguments, an_id_of_another_kind_is_refused)
{
    struct id id = { { 1 } };
    char validator[ADDRESS_TEXT], text[128];
    address_encode(ADDRESS_VALIDATOR, &id, validator);
    snprintf(text, sizeof text, "{\"height\":1,\"account\":\"%s\"}", validator);
    bad(text, "/account");
    done();
}

Test(arguments, a_strangers_text_is_cut)
{
    char text[5000] = "{\"height\":\"";
    size_t size = strlen(text);
    memset(text + size, 'a', 4000);
    strcpy(text + size + 4000, "\"}");
    bad(text, "/height");
    cr_assert(strlen(data("got")) < 160);
    done();
    strcpy(text, "{\"");
    memset(text + 2, 'b', 4000);
    strcpy(text + 4002, "\":1}");
    cr_assert_not(read_text(text));
    done();
}

Test(arguments, what_was_decoded_before_the_mistake_is_freed)
{
    bad("{\"height\":1,\"key\":\"00ff\",\"op\":5}", "/op");
    done();
}
