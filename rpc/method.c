/* rpc/method.c -- what every handler uses: arguments by name, and errors. */
#include "rpc/method.h"
#include "rpc/server.h"

const char *const words_order[] = { "asc", "desc", NULL };
const char *const words_consistency[] = { "local", "linearizable", NULL };

const char *rpc_access_word(enum rpc_access access)
{
    static const char *const words[] = { "none", "read", "submit", "admin" };
    ASSERT((size_t)access < sizeof words / sizeof words[0]);
    return words[access];
}

const struct argument *call_argument(const struct rpc_call *call, const char *name)
{
    const struct rpc_method *method = call->method;
    size_t i = 0;
    while (i < method->parameter_count && strcmp(method->parameters[i].name, name) != 0)
        i++;
    ASSERT(i < method->parameter_count);
    return &call->arguments[i];
}

json_t *call_error(struct rpc_call *call, enum rpc_error error, json_t *data)
{
    if (call->error != RPC_ERROR_none) {
        json_decref(data);
        return NULL;
    }
    call->error = error;
    call->error_data = data;
    return NULL;
}

json_t *call_invalid(struct rpc_call *call, const char *path, const char *expected, const char *got)
{
    return call_error(call, RPC_ERROR_invalid_params,
                      json_pack("{s:s, s:s, s:s}", "path", path, "expected", expected, "got", got));
}

json_t *call_not_found(struct rpc_call *call, const char *what, const char *key,
                       uint64_t ledger_height)
{
    return call_error(call, RPC_ERROR_not_found,
                      json_pack("{s:s, s:s, s:o}", "what", what, "key", key, "ledger_height",
                                value_height(ledger_height)));
}

json_t *call_status(struct rpc_call *call, enum status status)
{
    ASSERT(status != STATUS_OK);
    if (status == STATUS_TIMEOUT)
        return call_error(
            call, RPC_ERROR_limit_exceeded,
            json_pack("{s:s, s:i}", "limit", "read_time", "max", (int)call->limits->read_ms_max));
    if (status == STATUS_BUSY)
        return call_error(call, RPC_ERROR_unavailable, json_pack("{s:s}", "reason", "starting"));
    return call_error(call, RPC_ERROR_internal_error, NULL);
}
