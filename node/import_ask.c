/* node/import_ask.c -- look-ups of an import.
 *
 * A node that is catching up knows old balances and not yet the newest records: what it says is
 * true of its height, and would make an import fund too little. So every look-up asks for the
 * greatest height that any of the nodes had when the import began; a node that is behind it answers
 * so, and the next one is asked.
 */
#include "node/import_internal.h"

#include <time.h>

enum { ASK_MS = 15000, ROUNDS_MAX = 80, PAUSE_MS = 250 };

/* 0 if it does not answer. */
static uint64_t height_of(struct rpc_client *client)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    json_t *status = rpc_client_call(client, "node_status", NULL, &failure);
    const json_t *ledger = json_object_get(status, "ledger");
    json_int_t height = json_integer_value(json_object_get(ledger, "height"));
    json_decref(status);
    rpc_failure_clear(&failure);
    return height > 0 ? (uint64_t)height : 0;
}

enum status import_clients_open(struct import *im)
{
    for (size_t i = 0; i < im->options->url_count; i++) {
        enum status status =
            rpc_client_open(&im->clients[i], im->options->urls[i], ASK_MS, im->problem);
        if (status != STATUS_OK) return status;
        im->min_height = max_u64(im->min_height, height_of(im->clients[i]));
    }
    return STATUS_OK;
}

void import_clients_close(struct import *im)
{
    for (size_t i = 0; i < im->options->url_count; i++)
        rpc_client_close(im->clients[i]);
}

static bool is_not_found(const struct rpc_failure *failure)
{
    return failure->what == FAILURE_ERROR &&
           rpc_error_by_code(failure->code) == RPC_ERROR_not_found;
}

/* Are all answers results or "not found"? Else *failure is the first other one. */
static bool all_answered(const json_t *answers, size_t count, struct rpc_failure *failure)
{
    for (size_t i = 0; i < count; i++) {
        json_t *result = rpc_client_batch_result(answers, i, failure);
        bool good = result || is_not_found(failure);
        json_decref(result);
        if (!good) return false;
        rpc_failure_clear(failure);
    }
    return true;
}

/* The answers of the first node that gives them all; NULL if none does for a while. */
static json_t *ask_nodes(struct import *im, const char *method, const json_t *params,
                         struct rpc_failure *failure)
{
    size_t count = im->options->url_count;
    for (size_t attempt = 0; attempt < ROUNDS_MAX * count; attempt++) {
        rpc_failure_clear(failure);
        json_t *answers = rpc_client_batch(im->clients[im->client], method, params, failure);
        if (answers && all_answered(answers, json_array_size(params), failure)) return answers;
        json_decref(answers);
        if (import_tick(im)) return NULL;
        im->client = (im->client + 1) % count;
        const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
        if ((attempt + 1) % count == 0) nanosleep(&pause, NULL);
    }
    return NULL;
}

enum status import_ask(struct import *im, const char *method, json_t *params,
                       enum status (*answer)(void *context, size_t index, const json_t *result),
                       void *context)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    size_t count = json_array_size(params);
    for (size_t i = 0; params && i < count; i++)
        if (json_object_set_new(json_array_get(params, i), "min_height",
                                json_integer((json_int_t)im->min_height)) != 0) {
            json_decref(params);
            params = NULL;
        }
    if (!params) return problem_set(im->problem, STATUS_NO_MEMORY, "out of memory");
    json_t *answers = count > 0 ? ask_nodes(im, method, params, &failure) : json_array();
    json_decref(params);
    enum status status = STATUS_OK;
    if (!answers)
        status = im->stopped ? problem_set(im->problem, STATUS_CLOSED, "stopped")
                             : problem_set(im->problem, STATUS_TIMEOUT, "%s: no node answers: %s",
                                           method, failure.text);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        rpc_failure_clear(&failure);
        json_t *result = rpc_client_batch_result(answers, i, &failure);
        status = answer(context, i, result);
        json_decref(result);
    }
    rpc_failure_clear(&failure);
    json_decref(answers);
    return status;
}
