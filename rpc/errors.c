/* rpc/errors.c -- the table of errors, and error objects. */
#include "rpc/errors.h"

static const struct rpc_error_row rows[RPC_ERROR_COUNT] = {
#define X(kind, code, message, retry, fields) \
    [RPC_ERROR_##kind] = { #kind, code, message, RETRY_##retry, fields },
    RPC_ERROR_LIST(X)
#undef X
};

static const char *const retry_words[] = {
    [RETRY_NEVER] = "never",
    [RETRY_SAME_REQUEST] = "same_request",
    [RETRY_AFTER_DELAY] = "after_delay",
    [RETRY_OTHER_NODE] = "other_node",
    [RETRY_RE_SIGN] = "re_sign",
};

enum { RETRY_COUNT = sizeof retry_words / sizeof retry_words[0] };

const struct rpc_error_row *rpc_error_row(enum rpc_error error)
{
    ASSERT(error > RPC_ERROR_none);
    ASSERT(error < RPC_ERROR_COUNT);
    return &rows[error];
}

const char *rpc_retry_word(enum rpc_retry retry)
{
    ASSERT((size_t)retry < RETRY_COUNT);
    return retry_words[retry];
}

enum rpc_retry rpc_retry_of(const char *word)
{
    for (size_t i = 0; i < RETRY_COUNT; i++)
        if (strcmp(retry_words[i], word) == 0) return (enum rpc_retry)i;
    return RETRY_NEVER;
}

enum rpc_error rpc_error_by_kind(const char *kind)
{
    for (int i = RPC_ERROR_none + 1; i < RPC_ERROR_COUNT; i++)
        if (strcmp(rows[i].kind, kind) == 0) return (enum rpc_error)i;
    return RPC_ERROR_none;
}

enum rpc_error rpc_error_by_code(int64_t code)
{
    for (int i = RPC_ERROR_none + 1; i < RPC_ERROR_COUNT; i++)
        if (rows[i].code == code) return (enum rpc_error)i;
    return RPC_ERROR_none;
}

json_t *rpc_error_object(enum rpc_error error, json_t *data, const char *request_id)
{
    const struct rpc_error_row *row = rpc_error_row(error);
    json_t *all = json_pack("{s:s, s:s}", "kind", row->kind, "retry", rpc_retry_word(row->retry));
    int failed = data ? json_object_update(all, data) : 0;
    json_decref(data);
    failed |= json_object_set_new(all, "request_id", json_string(request_id));
    if (failed) {
        json_decref(all);
        return NULL;
    }
    return json_pack("{s:i, s:s, s:o}", "code", row->code, "message", row->message, "data", all);
}
