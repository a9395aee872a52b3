/* rpc/client.c -- one JSON-RPC call at a time, over libcurl. */
#include "genesis/json.h"
#include "rpc/client_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
    ANSWER_BYTES_MAX = 64 * 1024 * 1024,
    CONNECT_MS_MAX = 5000,
    TIMEOUT_MS_DEFAULT = 30000,
};

static pthread_once_t started_once = PTHREAD_ONCE_INIT;
static CURLcode started;

static void start_once(void)
{
    started = curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum status rpc_client_start(void)
{
    pthread_once(&started_once, start_once);
    return started == CURLE_OK ? STATUS_OK : STATUS_NO_MEMORY;
}

void rpc_failure_clear(struct rpc_failure *failure)
{
    json_decref(failure->data);
    *failure = (struct rpc_failure){ .what = FAILURE_NONE };
}

static json_t *fail(struct rpc_failure *failure, enum failure what, const char *text)
{
    failure->what = what;
    snprintf(failure->text, sizeof failure->text, "%s", text);
    return NULL;
}

/* ---- answers -------------------------------------------------------------------------------- */

static size_t take_bytes(char *bytes, size_t one, size_t count, void *context)
{
    struct rpc_buffer *answer = context;
    size_t size = one * count;
    if (size > ANSWER_BYTES_MAX - answer->size) return 0; /* libcurl gives up */
    char *larger = realloc(answer->bytes, answer->size + size + 1);
    if (!larger) return 0;
    memcpy(larger + answer->size, bytes, size);
    larger[answer->size + size] = 0;
    answer->bytes = larger;
    answer->size += size;
    return size;
}

static size_t take_header(char *bytes, size_t one, size_t count, void *context)
{
    static const char name[] = "x-request-id:";
    struct rpc_client *client = context;
    size_t size = one * count, skip = sizeof name - 1;
    if (size <= skip || strncasecmp(bytes, name, skip) != 0) return size;
    while (skip < size && bytes[skip] == ' ')
        skip++;
    size_t end = skip;
    while (end < size && bytes[end] != '\r' && bytes[end] != '\n')
        end++;
    size_t length = end - skip;
    if (length < sizeof client->request_id) {
        memcpy(client->request_id, bytes + skip, length);
        client->request_id[length] = 0;
    }
    return size;
}

/* libcurl has a connection and is about to send. If one that was kept breaks before the answer, it
 * would send the request again by itself: the first copy may have been carried out by then, so that
 * is the caller's to decide. */
static int before_sending(void *context, char *ip, char *own_ip, int port, int own_port)
{
    struct rpc_client *client = context;
    (void)ip, (void)own_ip, (void)port, (void)own_port;
    if (client->sent) return CURL_PREREQFUNC_ABORT;
    client->sent = true;
    return CURL_PREREQFUNC_OK;
}

struct span client_answer(const struct rpc_client *client)
{
    return span_of(client->answer.bytes, client->answer.size);
}

static void answer_reset(struct rpc_client *client)
{
    free(client->answer.bytes);
    client->answer = (struct rpc_buffer){ .bytes = NULL };
    client->request_id[0] = 0;
    client->sent = false;
}

/* ---- opening -------------------------------------------------------------------------------- */

static bool split_url(struct rpc_client *client, const char **socket, struct problem *problem)
{
    static const char http[] = "http://", local[] = "unix:";
    *socket = NULL;
    snprintf(client->path, sizeof client->path, "/rpc");
    if (strncmp(client->url, local, sizeof local - 1) == 0) {
        *socket = client->url + sizeof local - 1;
        snprintf(client->base, sizeof client->base, "http://localhost");
        if ((*socket)[0]) return true;
    } else if (strncmp(client->url, http, sizeof http - 1) == 0) {
        size_t authority = strcspn(client->url + sizeof http - 1, "/?#");
        size_t size = sizeof http - 1 + authority;
        const char *path = client->url + size;
        memcpy(client->base, client->url, size);
        client->base[size] = 0;
        if (path[0] == '/' && path[1] && strlen(path) < sizeof client->path)
            snprintf(client->path, sizeof client->path, "%.255s", path);
        if (authority > 0) return true;
    }
    problem_set(problem, STATUS_INVALID,
                "\"%.100s\" is not the address of a node: http://HOST:PORT or unix:PATH",
                client->url);
    return false;
}

static bool set_options(struct rpc_client *client, const char *socket)
{
    CURL *curl = client->curl;
    client->headers = curl_slist_append(NULL, "Content-Type: application/json");
    struct curl_slist *more = curl_slist_append(client->headers, "Expect:");
    if (!client->headers || !more) return false;
    client->headers = more;
    CURLcode code = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS_MAX);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_WRITEDATA, &client->answer);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, before_sending);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_PREREQDATA, client);
    if (code == CURLE_OK && socket) code = curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
    return code == CURLE_OK;
}

enum status rpc_client_open(struct rpc_client **out, const char *url, uint32_t timeout_ms,
                            struct problem *problem)
{
    if (strlen(url) >= CLIENT_URL_MAX)
        return problem_set(problem, STATUS_INVALID, "the node's address is too long");
    struct rpc_client *client = calloc(1, sizeof *client);
    if (!client || rpc_client_start() != STATUS_OK) {
        free(client);
        return problem_set(problem, STATUS_NO_MEMORY, "no memory for a client");
    }
    snprintf(client->url, sizeof client->url, "%s", url);
    rpc_client_set_timeout(client, timeout_ms);
    const char *socket;
    if (!split_url(client, &socket, problem)) {
        rpc_client_close(client);
        return STATUS_INVALID;
    }
    client->curl = curl_easy_init();
    if (!client->curl || !set_options(client, socket)) {
        rpc_client_close(client);
        return problem_set(problem, STATUS_NO_MEMORY, "no memory for a client");
    }
    client->asked = client;
    *out = client;
    return STATUS_OK;
}

enum status rpc_client_open_any(struct rpc_client **out, const char *const *urls, size_t count,
                                uint32_t timeout_ms, struct problem *problem)
{
    struct rpc_client *first = NULL;
    struct rpc_client *last = NULL;
    enum status status =
        count > 0 ? STATUS_OK : problem_set(problem, STATUS_INVALID, "no node is named");
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct rpc_client *next = NULL;
        status = rpc_client_open(&next, urls[i], timeout_ms, problem);
        if (!next) break;
        if (last) last->spare = next;
        if (!first) first = next;
        last = next;
    }
    if (status == STATUS_OK)
        *out = first;
    else
        rpc_client_close(first);
    return status;
}

void rpc_client_close(struct rpc_client *client)
{
    if (!client) return;
    rpc_client_close(client->spare);
    if (client->curl) curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
    free(client->answer.bytes);
    free(client);
}

const char *rpc_client_url(const struct rpc_client *client)
{
    return client->asked->url;
}

const char *rpc_client_request_id(const struct rpc_client *client)
{
    return client->asked->request_id;
}

void rpc_client_set_timeout(struct rpc_client *client, uint32_t timeout_ms)
{
    client->timeout_ms = timeout_ms ? timeout_ms : TIMEOUT_MS_DEFAULT;
}

/* ---- calling -------------------------------------------------------------------------------- */

static enum failure failure_of(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_URL_MALFORMAT: return FAILURE_CONNECT;
    case CURLE_OPERATION_TIMEDOUT: return FAILURE_TIMEOUT;
    case CURLE_OUT_OF_MEMORY: return FAILURE_LOCAL;
    default: return FAILURE_LOST;
    }
}

CURLcode client_prepare(struct rpc_client *client, const char *path)
{
    char url[2 * CLIENT_URL_MAX];
    snprintf(url, sizeof url, "%s%s", client->base, path);
    answer_reset(client);
    CURLcode code = curl_easy_setopt(client->curl, CURLOPT_URL, url);
    if (code == CURLE_OK)
        code = curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, (long)client->timeout_ms);
    return code;
}

CURLcode client_prepare_post(struct rpc_client *client, const char *body)
{
    CURL *curl = client->curl;
    CURLcode code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_POST, 1L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    return code == CURLE_OK ? client_prepare(client, client->path) : code;
}

bool client_conclude(struct rpc_client *client, CURLcode code, struct rpc_failure *failure)
{
    if (code != CURLE_OK) {
        char text[sizeof failure->text];
        enum failure what = failure_of(code);
        /* No second connection does not undo what went out on the first. */
        bool broke = client->sent && (what == FAILURE_CONNECT || code == CURLE_ABORTED_BY_CALLBACK);
        if (broke)
            snprintf(text, sizeof text, "the connection to %s broke", client->url);
        else if (what == FAILURE_CONNECT) /* Which of several? */
            snprintf(text, sizeof text, "no connection to %s", client->url);
        else
            snprintf(text, sizeof text, "%s", curl_easy_strerror(code));
        fail(failure, broke ? FAILURE_LOST : what, text);
        return false;
    }
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &failure->http_status);
    snprintf(failure->request_id, sizeof failure->request_id, "%s", client->request_id);
    return true;
}

static void copy_text(char *out, size_t size, const json_t *value)
{
    const char *text = json_string_value(value);
    snprintf(out, size, "%s", text ? text : "");
}

static json_t *fail_error(const json_t *error, struct rpc_failure *failure)
{
    json_t *data = json_object_get(error, "data");
    const json_t *retry = json_object_get(data, "retry");
    failure->what = FAILURE_ERROR;
    failure->code = json_integer_value(json_object_get(error, "code"));
    copy_text(failure->text, sizeof failure->text, json_object_get(error, "message"));
    copy_text(failure->kind, sizeof failure->kind, json_object_get(data, "kind"));
    failure->retry = rpc_retry_of(json_is_string(retry) ? json_string_value(retry) : "");
    json_int_t after = json_integer_value(json_object_get(data, "retry_after_ms"));
    failure->retry_after_ms = after > 0 ? (uint64_t)after : 0;
    failure->data = json_incref(data);
    return NULL;
}

/* The result in one answer object (borrowed), a new reference; else *failure. */
static json_t *answer_take(const json_t *answer, uint64_t id, long http_status,
                           struct rpc_failure *failure)
{
    const json_t *error = json_object_get(answer, "error");
    json_t *result = json_object_get(answer, "result");
    const json_t *answered = json_object_get(answer, "id");
    failure->http_status = http_status;
    if (json_is_object(error)) return fail_error(error, failure);
    if (result && (uint64_t)json_integer_value(answered) == id) return json_incref(result);
    char text[96];
    snprintf(text, sizeof text, "no JSON-RPC answer (HTTP status %ld)", http_status);
    return fail(failure, FAILURE_ANSWER, text);
}

/* Numbers with a fraction are allowed here: a node's round-trip times have one. */
json_t *rpc_answer_read(struct span body, uint64_t id, long http_status,
                        struct rpc_failure *failure)
{
    json_t *answer =
        body.size > 0 ? json_loadb((const char *)body.data, body.size, JSON_REJECT_DUPLICATES, NULL)
                      : NULL;
    json_t *result = answer_take(answer, id, http_status, failure);
    json_decref(answer);
    return result;
}

/* One call of a request; params are borrowed. */
static json_t *request_of(uint64_t id, const char *method, const json_t *params)
{
    json_t *request =
        json_pack("{s:s, s:I, s:s}", "jsonrpc", "2.0", "id", (json_int_t)id, "method", method);
    if (params && json_object_set(request, "params", (json_t *)(uintptr_t)params) != 0) {
        json_decref(request);
        return NULL;
    }
    return request;
}

/* Sends a request (taken over); false and *failure if no answer came. */
static bool exchange(struct rpc_client *client, json_t *request, struct rpc_failure *failure)
{
    char *body = request ? json_line(request) : NULL;
    json_decref(request);
    if (!body) {
        fail(failure, FAILURE_LOCAL, "the request cannot be encoded");
        return false;
    }
    CURLcode code = client_prepare_post(client, body);
    if (code == CURLE_OK) code = curl_easy_perform(client->curl);
    free(body);
    return client_conclude(client, code, failure);
}

static json_t *call_one(struct rpc_client *client, const char *method, const json_t *params,
                        struct rpc_failure *failure)
{
    *failure = (struct rpc_failure){ .what = FAILURE_NONE };
    uint64_t id = ++client->next_id;
    if (!exchange(client, request_of(id, method, params), failure)) return NULL;
    return rpc_answer_read(client_answer(client), id, failure->http_status, failure);
}

static bool another_may_answer(const struct rpc_failure *failure)
{
    if (failure->what == FAILURE_ERROR)
        return failure->retry == RETRY_OTHER_NODE || failure->retry == RETRY_AFTER_DELAY;
    return failure->what != FAILURE_LOCAL;
}

json_t *rpc_client_call(struct rpc_client *client, const char *method, const json_t *params,
                        struct rpc_failure *failure)
{
    const struct rpc_client *first = client->asked;
    for (;;) {
        json_t *result = call_one(client->asked, method, params, failure);
        if (result || !another_may_answer(failure)) return result;
        struct rpc_client *next = client->asked->spare ? client->asked->spare : client;
        if (next == first) return NULL;
        client->asked = next;
        rpc_failure_clear(failure);
    }
}

json_t *rpc_client_batch(struct rpc_client *client, const char *method, const json_t *params,
                         struct rpc_failure *failure)
{
    *failure = (struct rpc_failure){ .what = FAILURE_NONE };
    size_t count = json_array_size(params);
    json_t *request = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(request, request_of(i, method, json_array_get(params, i))) != 0) {
            json_decref(request);
            request = NULL;
        }
    if (!exchange(client, request, failure)) return NULL;
    struct span body = client_answer(client);
    json_t *answers =
        body.size > 0 ? json_loadb((const char *)body.data, body.size, JSON_REJECT_DUPLICATES, NULL)
                      : NULL;
    if (json_is_array(answers) && json_array_size(answers) == count) return answers;
    /* A batch that is refused as a whole is answered by one error. */
    json_decref(answer_take(answers, UINT64_MAX, failure->http_status, failure));
    json_decref(answers);
    return NULL;
}

json_t *rpc_client_batch_result(const json_t *answers, size_t index, struct rpc_failure *failure)
{
    *failure = (struct rpc_failure){ .what = FAILURE_NONE };
    return answer_take(json_array_get(answers, index), index, 200, failure);
}

char *rpc_client_get(struct rpc_client *client, const char *path, long *http_status,
                     struct rpc_failure *failure)
{
    *failure = (struct rpc_failure){ .what = FAILURE_NONE };
    *http_status = 0;
    CURLcode code = curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
    if (code == CURLE_OK) code = curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
    if (code != CURLE_OK) {
        fail(failure, FAILURE_LOCAL, curl_easy_strerror(code));
        return NULL;
    }
    code = client_prepare(client, path);
    if (code == CURLE_OK) code = curl_easy_perform(client->curl);
    if (!client_conclude(client, code, failure)) return NULL;
    *http_status = failure->http_status;
    char *bytes = client->answer.bytes ? client->answer.bytes : calloc(1, 1);
    client->answer = (struct rpc_buffer){ .bytes = NULL };
    if (!bytes) fail(failure, FAILURE_LOCAL, "no memory");
    return bytes;
}
