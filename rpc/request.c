/* rpc/request.c -- one HTTP request's JSON-RPC calls, from bytes to bytes. */
#include "rpc/request.h"
#include "genesis/json.h"
#include "ledger/reader.h"
#include "rpc/dispatch.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Between the thread that runs a request and the one that wakes it. */
enum signal { SIGNAL_RUNNING, SIGNAL_PARKED, SIGNAL_WOKEN };

/* What an answer of one item costs beside a stranger's id: enough for every error. */
enum { ITEM_RESERVE = 1024, INCIDENT_TEXT = 17 };

struct rpc_request {
    const struct rpc_core *core;
    struct request_options options;
    char *body;
    size_t body_size;
    json_t *document; /* the parsed body */
    bool started;     /* the body has been parsed */
    bool batch;
    size_t next, count; /* items */
    size_t answers;     /* items answered so far */
    bool in_call;       /* `dispatch` holds the call of item `next` */
    struct dispatch dispatch;
    struct rpc_reader *reader; /* of the thread that runs it now */
    uint32_t response_max;     /* when it came */
    struct buffer answer;
    atomic_int signal;
};

uint64_t rpc_monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t rpc_monotonic_ms(void)
{
    return rpc_monotonic_us() / 1000;
}

struct rpc_request *request_new(const struct rpc_core *core, const struct request_options *options,
                                char *body, size_t body_size)
{
    struct rpc_request *request = calloc(1, sizeof *request);
    if (!request) {
        free(body);
        return NULL;
    }
    request->core = core;
    request->options = *options;
    request->body = body;
    request->body_size = body_size;
    request->response_max = core->limits.response_max;
    buffer_init(&request->answer, (size_t)request->response_max + 1);
    atomic_init(&request->signal, SIGNAL_RUNNING);
    return request;
}

void request_free(struct rpc_request *request)
{
    if (!request) return;
    if (request->in_call) {
        json_decref(request->dispatch.call.error_data);
        dispatch_end(&request->dispatch);
    }
    json_decref(request->document);
    free(request->body);
    buffer_free(&request->answer);
    free(request);
}

void *request_owner(const struct rpc_request *request)
{
    return request->options.owner;
}

const char *request_id(const struct rpc_request *request)
{
    return request->options.request_id;
}

struct span request_answer(const struct rpc_request *request)
{
    return buffer_span(&request->answer);
}

char *request_take_answer(struct rpc_request *request, size_t *size)
{
    char *bytes = (char *)request->answer.data;
    *size = request->answer.size;
    buffer_init(&request->answer, 1);
    return bytes;
}

bool request_wake(struct rpc_request *request)
{
    return atomic_exchange(&request->signal, SIGNAL_WOKEN) == SIGNAL_PARKED;
}

const struct rpc_core *call_core(const struct rpc_call *call)
{
    return call->request->core;
}

json_t *call_later(struct rpc_call *call, struct waiter *waiter)
{
    call->later = true;
    /* Over already: the wake that will not come is given here, so that the next turn is at once. */
    if (!waiter_arm(waiter, call->request)) request_wake(call->request);
    return NULL;
}

enum status call_find_tx(struct rpc_call *call, const struct digest *txid, struct tx_place *place)
{
    struct rpc_reader *reader = call->request->reader;
    const struct rpc_backend *backend = call->backend;
    memset(place, 0, sizeof *place);
    if (reader->ledger) {
        enum status status = ledger_reader_begin(reader->ledger);
        if (status != STATUS_OK) return status;
    }
    enum status status = backend->find_tx(backend->context, reader->ledger, txid, place);
    if (reader->ledger) ledger_reader_end(reader->ledger);
    return status;
}

/* ---- answers -------------------------------------------------------------------------------- */

/* Adds one line's worth of JSON; value is taken over. */
static void answer_value(struct rpc_request *r, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    /* Without memory an item goes unanswered, which a client must expect of a lost line too. */
    if (!text) return;
    const char *before = !r->batch ? "" : r->answers == 0 ? "[" : ",";
    struct span parts[2] = { span_text(before), span_text(text) };
    size_t size = r->answer.size;
    bool added = buffer_append(&r->answer, parts[0]) == STATUS_OK &&
                 buffer_append(&r->answer, parts[1]) == STATUS_OK;
    if (added)
        r->answers++;
    else
        r->answer.size = size;
    free(text);
}

static void answer_error(struct rpc_request *r, const json_t *id, enum rpc_error error,
                         json_t *data)
{
    json_t *object = rpc_error_object(error, data, r->options.request_id);
    answer_value(r, json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", id ? id : json_null(),
                              "error", object));
}

/* Bytes that a result of the present item may take, so that all later items can still be answered
 * with an error. Ids come from the body, so together they are no longer than it. */
static size_t result_room(const struct rpc_request *r)
{
    size_t reserve = r->body_size + (r->count - r->next) * (size_t)ITEM_RESERVE;
    size_t used = r->answer.size + reserve;
    return used < r->response_max ? r->response_max - used : 0;
}

static void answer_result(struct rpc_request *r, const json_t *id, json_t *result)
{
    size_t size = json_dumpb(result, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
    size_t room = result_room(r);
    if (size > room) {
        json_decref(result);
        answer_error(r, id, RPC_ERROR_limit_exceeded,
                     json_pack("{s:s, s:I, s:I}", "limit", "response_bytes", "max",
                               (json_int_t)r->response_max, "got", (json_int_t)size));
        return;
    }
    answer_value(r, json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", id ? id : json_null(),
                              "result", result));
}

static void answer_finish(struct rpc_request *r)
{
    if (r->batch && r->answers > 0) buffer_append(&r->answer, span_text("]"));
    if (r->answers > 0) buffer_append(&r->answer, span_text("\n"));
}

char *request_error_line(enum rpc_error error, json_t *data, const char *id, size_t *size)
{
    json_t *answer = json_pack("{s:s, s:n, s:o}", "jsonrpc", "2.0", "id", "error",
                               rpc_error_object(error, data, id));
    char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
    json_decref(answer);
    if (!text) return NULL;
    *size = strlen(text);
    char *line = realloc(text, *size + 2);
    if (!line) {
        free(text);
        return NULL;
    }
    memcpy(line + *size, "\n", 2);
    *size += 1;
    return line;
}

/* ---- one item ------------------------------------------------------------------------------- */

struct item {
    const json_t *id; /* NULL: notification, or not to be known */
    bool notification;
    const char *method;
    const json_t *params;
    const char *wrong; /* why it is no request object; NULL if it is one */
};

static bool id_allowed(const json_t *id)
{
    return json_is_string(id) || json_is_integer(id) || json_is_null(id);
}

static const char *item_wrong(const json_t *value, const json_t *id)
{
    const json_t *version = json_object_get(value, "jsonrpc");
    const json_t *params = json_object_get(value, "params");
    if (!json_is_object(value)) return "a request is an object";
    if (!json_is_string(version) || strcmp(json_string_value(version), "2.0") != 0)
        return "jsonrpc must be \"2.0\"";
    if (id && !id_allowed(id)) return "id must be a string, an integer or null";
    if (!json_is_string(json_object_get(value, "method"))) return "method must be a string";
    if (params && !json_is_object(params) && !json_is_array(params))
        return "params must be an object or an array";
    size_t known = (size_t)2 + (id ? 1 : 0) + (params ? 1 : 0);
    if (json_object_size(value) != known) return "only jsonrpc, id, method and params";
    return NULL;
}

static void item_read(const json_t *value, struct item *item)
{
    const json_t *id = json_object_get(value, "id");
    *item = (struct item){ .method = json_string_value(json_object_get(value, "method")),
                           .params = json_object_get(value, "params"),
                           .wrong = item_wrong(value, id) };
    item->id = id && id_allowed(id) ? id : NULL;
    item->notification = !item->wrong && !id;
}

static void log_call(const struct rpc_request *r, int level, const char *event, json_t *fields)
{
    const struct rpc_backend *backend = r->core->backend;
    if (backend->log && fields) {
        json_object_set_new(fields, "request_id", json_string(r->options.request_id));
        if (r->options.trace[0])
            json_object_set_new(fields, "trace", json_string(r->options.trace));
        backend->log(backend->context, level, event, fields);
    }
    json_decref(fields);
}

/* What the log says besides, so that an operator can find a client's complaint. */
static json_t *incident_of(const struct rpc_request *r, const char *method)
{
    uint8_t bytes[(INCIDENT_TEXT - 1) / 2];
    char text[INCIDENT_TEXT];
    random_bytes(bytes, sizeof bytes);
    hex_encode(span_of(bytes, sizeof bytes), text);
    const struct rpc_reader *reader = r->reader;
    const char *ledger = reader && reader->ledger ? ledger_reader_error(reader->ledger) : "";
    log_call(r, RPC_LOG_ERROR, "rpc_internal_error",
             json_pack("{s:s, s:s, s:s}", "incident_id", text, "method", method, "ledger", ledger));
    return json_pack("{s:s}", "incident_id", text);
}

static void call_finish(struct rpc_request *r, const struct item *item, json_t *result)
{
    struct rpc_call *call = &r->dispatch.call;
    const char *method = call->method ? call->method->name : "unknown";
    if (call->error == RPC_ERROR_internal_error && !call->error_data)
        call->error_data = incident_of(r, method);
    if (call->method && call->method->access == ACCESS_ADMIN && call->granted == ACCESS_ADMIN)
        log_call(r, RPC_LOG_INFO, "rpc_admin_call",
                 json_pack("{s:s, s:I, s:I, s:b}", "method", method, "uid",
                           (json_int_t)r->options.uid, "pid", (json_int_t)r->options.pid, "ok",
                           result != NULL));
    meter_call(r->core->meter, r->dispatch.method_index, r->options.transport, result != NULL,
               rpc_monotonic_us() - r->dispatch.started_us);
    if (item->notification) {
        json_decref(result);
        json_decref(call->error_data);
    } else if (result) {
        answer_result(r, item->id, result);
    } else {
        answer_error(r, item->id, call->error, call->error_data);
    }
    call->error_data = NULL;
    dispatch_end(&r->dispatch);
    r->in_call = false;
}

/* true: the item is answered; false: it waits. */
static bool item_run(struct rpc_request *r, const json_t *value)
{
    struct item item;
    item_read(value, &item);
    if (item.wrong) {
        answer_error(r, item.id, RPC_ERROR_invalid_request,
                     json_pack("{s:s}", "detail", item.wrong));
        return true;
    }
    if (!r->in_call) {
        dispatch_begin(&r->dispatch, r->core, r, r->options.granted, r->batch,
                       r->options.request_id);
        r->in_call = true;
    }
    json_t *result = dispatch_turn(&r->dispatch, r->core, r->reader, item.method, item.params);
    if (r->dispatch.call.later) return false;
    call_finish(r, &item, result);
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void parse(struct rpc_request *r)
{
    struct problem problem = { .status = STATUS_OK };
    r->document = json_read(span_of(r->body, r->body_size), r->core->limits.body_max, &problem);
    free(r->body);
    r->body = NULL;
    if (!r->document) {
        answer_error(r, NULL, RPC_ERROR_parse_error, json_pack("{s:s}", "detail", problem.text));
        return;
    }
    if (!json_is_array(r->document)) {
        r->count = 1;
        return;
    }
    size_t count = json_array_size(r->document);
    if (count == 0) {
        answer_error(r, NULL, RPC_ERROR_invalid_request,
                     json_pack("{s:s}", "detail", "a batch has at least one item"));
    } else if (count > r->core->limits.batch_items_max) {
        answer_error(r, NULL, RPC_ERROR_limit_exceeded,
                     json_pack("{s:s, s:I, s:I}", "limit", "batch_items", "max",
                               (json_int_t)r->core->limits.batch_items_max, "got",
                               (json_int_t)count));
    } else {
        r->batch = true;
        r->count = count;
    }
}

static const json_t *item_at(const struct rpc_request *r, size_t i)
{
    return r->batch ? json_array_get(r->document, i) : r->document;
}

/* true: all items are answered. false: the present one waits. */
static bool run_items(struct rpc_request *r)
{
    if (!r->started) parse(r);
    r->started = true;
    for (; r->next < r->count; r->next++)
        if (!item_run(r, item_at(r, r->next))) return false;
    return true;
}

enum request_progress request_run(struct rpc_request *r, struct rpc_reader *reader)
{
    for (;;) {
        atomic_store(&r->signal, SIGNAL_RUNNING);
        r->reader = reader;
        if (run_items(r)) break;
        r->reader = NULL;
        int running = SIGNAL_RUNNING;
        if (atomic_compare_exchange_strong(&r->signal, &running, SIGNAL_PARKED))
            return REQUEST_WAITS; /* From here on it may run elsewhere. */
    }
    r->reader = NULL;
    answer_finish(r);
    return REQUEST_DONE;
}
