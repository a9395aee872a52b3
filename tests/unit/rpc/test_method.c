#include "rpc/method.h"
#include "rpc/server.h"

#include <criterion/criterion.h>

static struct rpc_limits limits;
static struct rpc_call call;

static void open_all(void)
{
    rpc_limits_default(&limits);
    memset(&call, 0, sizeof call);
    call.limits = &limits;
}

static void close_all(void)
{
    json_decref(call.error_data);
}

TestSuite(method, .init = open_all, .fini = close_all);

static const char *data(const char *name)
{
    return json_string_value(json_object_get(call.error_data, name));
}

Test(method, access_words)
{
    cr_assert_str_eq(rpc_access_word(ACCESS_READ), "read");
    cr_assert_str_eq(rpc_access_word(ACCESS_SUBMIT), "submit");
    cr_assert_str_eq(rpc_access_word(ACCESS_ADMIN), "admin");
    cr_assert(ACCESS_READ < ACCESS_SUBMIT && ACCESS_SUBMIT < ACCESS_ADMIN);
}

Test(method, the_first_error_stays)
{
    cr_assert_null(call_error(&call, RPC_ERROR_pruned, json_pack("{s:s}", "what", "body")));
    cr_assert_null(call_error(&call, RPC_ERROR_not_found, json_object()));
    cr_assert_eq(call.error, RPC_ERROR_pruned);
    cr_assert_str_eq(data("what"), "body");
}

Test(method, helpers)
{
    cr_assert_null(call_invalid(&call, "/x", "a number", "a letter"));
    cr_assert_eq(call.error, RPC_ERROR_invalid_params);
    cr_assert_str_eq(data("path"), "/x");
    cr_assert_str_eq(data("expected"), "a number");
    cr_assert_str_eq(data("got"), "a letter");
}

Test(method, not_found)
{
    cr_assert_null(call_not_found(&call, "account", "acc1x", 9));
    cr_assert_eq(call.error, RPC_ERROR_not_found);
    cr_assert_str_eq(data("what"), "account");
    cr_assert_eq(json_integer_value(json_object_get(call.error_data, "ledger_height")), 9);
}

Test(method, a_read_that_took_too_long)
{
    cr_assert_null(call_status(&call, STATUS_TIMEOUT));
    cr_assert_eq(call.error, RPC_ERROR_limit_exceeded);
    cr_assert_str_eq(data("limit"), "read_time");
}

Test(method, a_ledger_that_is_locked_or_broken)
{
    cr_assert_null(call_status(&call, STATUS_BUSY));
    cr_assert_eq(call.error, RPC_ERROR_unavailable);
    json_decref(call.error_data);
    call.error = RPC_ERROR_none;
    cr_assert_null(call_status(&call, STATUS_DAMAGED));
    cr_assert_eq(call.error, RPC_ERROR_internal_error);
    cr_assert_null(call.error_data);
}
