/* node/import_ask.c -- look-ups of an import. */
#include "node/import_internal.h"

#include <time.h>

enum { ASK_MS = 15000, ROUNDS_MAX = 80, PAUSE_MS = 250 };

enum status import_clients_open(struct import *im)
{
    for (size_t i = 0; i < im->options->url_count; i++) {
        enum status status =
            rpc_client_open(&im->clients[i], im->options->urls[i], ASK_MS, im->problem);
        if (status != STATUS_OK) return status;
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
