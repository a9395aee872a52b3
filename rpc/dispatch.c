/* rpc/dispatch.c -- one call: from a method's name to a result or an error. */
#include "rpc/dispatch.h"
#include "genesis/json.h"
#include "ledger/reader.h"
#include "rpc/arguments.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    METHODS_MAX = 128,
    DECIDED_MS = 3000, /* for the engine's answer, if timeout_ms does not say */
};

bool rpc_reader_expired(void *reader)
{
    return rpc_monotonic_ms() >= ((struct rpc_reader *)reader)->deadline_ms;
}

void dispatch_begin(struct dispatch *d, const struct rpc_core *core, struct rpc_request *request,
                    enum rpc_access granted, bool in_batch, const char *id)
{
    memset(d, 0, sizeof *d);
    d->method_index = core->method_count;
    d->started_us = rpc_monotonic_us();
    d->call.backend = core->backend;
    d->call.limits = &core->limits;
    d->call.granted = granted;
    d->call.in_batch = in_batch;
    d->call.request_id = id;
    d->call.request = request;
}

static bool find_method(struct dispatch *d, const struct rpc_core *core, const char *name)
{
    for (size_t i = 0; i < core->method_count; i++) {
        if (strcmp(core->methods[i]->name, name) != 0) continue;
        d->method_index = i;
        d->call.method = core->methods[i];
        return true;
    }
    return false;
}

static void fail_unknown(struct rpc_call *call, const struct rpc_core *core, const char *name)
{
    const char *names[METHODS_MAX];
    ASSERT(core->method_count <= METHODS_MAX);
    for (size_t i = 0; i < core->method_count; i++)
        names[i] = core->methods[i]->name;
    const char *nearest = nearest_name(name, names, core->method_count);
    char quoted[QUOTE_TEXT];
    json_t *data = json_pack("{s:s}", "method", text_quote(name, quoted));
    if (nearest) json_object_set_new(data, "did_you_mean", json_string(nearest));
    call_error(call, RPC_ERROR_method_not_found, data);
}

/* "consensus_*" disables all that begin with "consensus_". */
static bool name_matches(const char *pattern, const char *name)
{
    size_t size = strlen(pattern);
    bool prefix = size > 0 && pattern[size - 1] == '*';
    return prefix ? strncmp(pattern, name, size - 1) == 0 : strcmp(pattern, name) == 0;
}

static bool is_disabled(const struct rpc_core *core, const char *name)
{
    const char *const *patterns;
    bool found = false;
    if (!core->disabled) return false;
    size_t count = names_read(core->disabled, &patterns);
    for (size_t i = 0; i < count && !found; i++)
        found = name_matches(patterns[i], name);
    names_done(core->disabled);
    return found;
}

static void fail_forbidden(struct rpc_call *call)
{
    json_t *data = json_pack("{s:s, s:s}", "required_access", rpc_access_word(call->method->access),
                             "have_access", rpc_access_word(call->granted));
    if (call->method->access == ACCESS_ADMIN)
        json_object_set_new(data, "hint", json_string("use the node's local socket"));
    call_error(call, RPC_ERROR_forbidden, data);
}

static const struct argument *argument_if(const struct rpc_call *call, const char *name)
{
    for (size_t i = 0; i < call->method->parameter_count; i++)
        if (strcmp(call->method->parameters[i].name, name) == 0) return &call->arguments[i];
    return NULL;
}

static bool is_linearizable(const struct rpc_call *call)
{
    const struct argument *consistency = argument_if(call, "consistency");
    return consistency && consistency->number == CONSISTENCY_LINEARIZABLE;
}

static bool check_batch(struct rpc_call *call)
{
    if (!call->in_batch) return true;
    if (is_linearizable(call)) {
        call_invalid(call, "/consistency", "no waiting inside a batch", "linearizable");
        return false;
    }
    const struct argument *timeout = argument_if(call, "timeout_ms");
    bool waits = call->method->waits ||
                 (timeout && call->method->access != ACCESS_ADMIN && timeout->number != 0);
    if (!waits) return true;
    call_invalid(call, "/timeout_ms", "no waiting inside a batch", "a call that waits");
    return false;
}

/* The configuration may be stricter than the table. */
static bool check_wait(struct rpc_call *call)
{
    const struct argument *timeout = argument_if(call, "timeout_ms");
    if (!timeout || call->method->access == ACCESS_ADMIN) return true;
    if (timeout->number <= call->limits->wait_ms_max) return true;
    char expected[64], got[32];
    snprintf(expected, sizeof expected, "at most %" PRIu32, call->limits->wait_ms_max);
    snprintf(got, sizeof got, "%" PRIu64, timeout->number);
    call_invalid(call, "/timeout_ms", expected, got);
    return false;
}

static bool prepare(struct dispatch *d, const struct rpc_core *core, const char *name,
                    const json_t *params)
{
    struct rpc_call *call = &d->call;
    if (!find_method(d, core, name)) {
        fail_unknown(call, core, name);
        return false;
    }
    if (is_disabled(core, name)) {
        call_error(call, RPC_ERROR_method_disabled,
                   json_pack("{s:s, s:s}", "method", call->method->name, "enable_with",
                             "rpc.disabled_methods"));
        return false;
    }
    if (call->method->access > call->granted) {
        fail_forbidden(call);
        return false;
    }
    return arguments_read(call, params) && check_wait(call) && check_batch(call);
}

static void fail_behind(struct rpc_call *call, uint64_t height, uint64_t wanted, const char *reason)
{
    call_error(call, RPC_ERROR_unavailable,
               json_pack("{s:s, s:o, s:o}", "reason", reason, "height", value_height(height),
                         "target_height", value_height(wanted)));
}

/* Settles min_height. true: the handler may run. Else an error is set, or the call sleeps. */
static bool height_reached(struct dispatch *d, const struct rpc_core *core)
{
    struct rpc_call *call = &d->call;
    const struct argument *wanted = argument_if(call, "min_height");
    if (!wanted || !wanted->given) return true;
    struct rpc_head head;
    waiters_head(core->waiters, &head);
    if (head.height >= wanted->number) return true;

    const struct argument *timeout = argument_if(call, "timeout_ms");
    if (d->height_waiter || !timeout || timeout->number == 0) {
        bool stopped = d->height_waiter && waiter_end(d->height_waiter) == WAIT_STOPPED;
        fail_behind(call, head.height, wanted->number, stopped ? "draining" : "behind");
        return false;
    }
    d->height_waiter =
        waiters_add_height(core->waiters, wanted->number, rpc_monotonic_ms() + timeout->number);
    if (!d->height_waiter) {
        call_error(call, RPC_ERROR_limit_exceeded,
                   json_pack("{s:s, s:i, s:i}", "limit", "waiters", "max",
                             (int)core->limits.waiters_max, "retry_after_ms", 1000));
        return false;
    }
    call_later(call, d->height_waiter);
    return false;
}

static void fail_unavailable(struct rpc_call *call, const struct rpc_core *core, const char *reason)
{
    struct rpc_head head;
    waiters_head(core->waiters, &head);
    call_error(call, RPC_ERROR_unavailable,
               json_pack("{s:s, s:o}", "reason", reason, "height", value_height(head.height)));
}

static void fail_reads(struct rpc_call *call)
{
    call_error(
        call, RPC_ERROR_limit_exceeded,
        json_pack("{s:s, s:i}", "limit", "linearizable_reads", "retry_after_ms", DECIDED_MS / 10));
}

/* Asks the node; the call sleeps until it knows. */
static void ask_decided(struct dispatch *d, const struct rpc_core *core)
{
    struct rpc_call *call = &d->call;
    const struct rpc_backend *backend = core->backend;
    const struct argument *timeout = argument_if(call, "timeout_ms");
    uint64_t ms = timeout && timeout->number != 0 ? timeout->number : DECIDED_MS;
    d->read_waiter = waiters_add_read(core->waiters, rpc_monotonic_ms() + ms);
    if (!d->read_waiter) {
        fail_reads(call);
        return;
    }
    if (!backend->read(backend->context, ms, waiter_read_done, d->read_waiter))
        waiter_not_read(d->read_waiter);
    call_later(call, d->read_waiter);
}

/* Settles consistency. true: a snapshot that begins now shows all that was decided when the call
 * came. Else an error is set, or the call sleeps. */
static bool decided_reached(struct dispatch *d, const struct rpc_core *core)
{
    struct rpc_call *call = &d->call;
    if (!is_linearizable(call)) return true;
    if (!d->read_waiter) {
        ask_decided(d, core);
        return false;
    }
    enum wait_end end = waiter_end(d->read_waiter);
    enum read_outcome outcome = end == WAIT_STOPPED ? READ_DRAINING : READ_NO_LEADER;
    if (end == WAIT_HAPPENED) outcome = waiter_read_outcome(d->read_waiter);
    switch (outcome) {
    case READ_NOW: return true;
    case READ_NO_LEADER: fail_unavailable(call, core, "no_leader"); break;
    case READ_BUSY: fail_reads(call); break;
    case READ_NONE:
        call_invalid(call, "/consistency", "local: this chain's engine has no linearizable reads",
                     "linearizable");
        break;
    case READ_DRAINING: fail_unavailable(call, core, "draining"); break;
    }
    return false;
}

/* Keeps the number of handler's turns apart from the dispatcher's own waits. */
static json_t *run_handler(struct dispatch *d, const struct rpc_core *core,
                           struct rpc_reader *reader)
{
    struct rpc_call *call = &d->call;
    reader->deadline_ms = rpc_monotonic_ms() + core->limits.read_ms_max;
    bool snapshot = call->method->reads && reader->ledger;
    if (snapshot) {
        enum status status = ledger_reader_begin(reader->ledger);
        if (status != STATUS_OK) return call_status(call, status);
        call->reader = reader->ledger;
    }
    json_t *result = call->method->handle(call);
    call->turn++;
    call->reader = NULL;
    if (snapshot) ledger_reader_end(reader->ledger);
    return result;
}

json_t *dispatch_turn(struct dispatch *d, const struct rpc_core *core, struct rpc_reader *reader,
                      const char *name, const json_t *params)
{
    struct rpc_call *call = &d->call;
    call->later = false;
    if (!d->prepared && !prepare(d, core, name, params)) return NULL;
    d->prepared = true;
    if (!height_reached(d, core) || !decided_reached(d, core)) return NULL;

    json_t *result = run_handler(d, core, reader);
    if (call->later) {
        ASSERT(!result);
        return NULL;
    }
    if (result && call->error == RPC_ERROR_none) return result;
    json_decref(result);
    if (call->error == RPC_ERROR_none) call_error(call, RPC_ERROR_internal_error, NULL);
    return NULL;
}

void dispatch_end(struct dispatch *d)
{
    if (d->height_waiter) waiter_drop(d->height_waiter);
    if (d->read_waiter) waiter_drop(d->read_waiter);
    if (d->call.state) d->call.state_free(d->call.state);
    arguments_free(&d->call);
    d->height_waiter = NULL;
    d->read_waiter = NULL;
    d->call.state = NULL;
}
