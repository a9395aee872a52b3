/* rpc/client.h -- the same interface from the other side: one JSON-RPC call at a time, over
 * libcurl.
 *
 * A client is one connection that is kept alive, to `http://HOST:PORT` or `unix:PATH`; it belongs
 * to one thread. It does not send anything twice: whether a call may be repeated is the caller's
 * knowledge (rpc/submit.h has the rule for transactions).
 *
 *     struct rpc_client *client;
 *     status = rpc_client_open(&client, "unix:/run/witan/witan.sock", 10000, &problem);
 *     json_t *result = rpc_client_call(client, "block_get", params, &error);
 *     if (!result) ... error.kind, error.text ...
 *     rpc_client_close(client);
 *
 * rpc_client_start must have been called once in the process, before any thread opens a client.
 */
#ifndef RPC_CLIENT_H
#define RPC_CLIENT_H

#include "rpc/errors.h"

struct rpc_client;

/* Initialises libcurl. STATUS_NO_MEMORY. May be called again. */
enum status rpc_client_start(void);

enum failure {
    FAILURE_NONE,
    FAILURE_CONNECT, /* nobody answers there: the request was not sent */
    FAILURE_LOST,    /* sent, perhaps; no answer came */
    FAILURE_TIMEOUT, /* the same, for want of time */
    FAILURE_ANSWER,  /* what answered is no JSON-RPC server */
    FAILURE_ERROR,   /* it answered with an error */
    FAILURE_LOCAL,   /* memory, or params that cannot be encoded */
};

/* Why a call has no result. Strings are cut to fit. */
struct rpc_failure {
    enum failure what;
    char text[256];          /* for people; the error's message if it answered with one */
    long http_status;        /* 0 if none came */
    char request_id[65];     /* "" if none came */
    int64_t code;            /* FAILURE_ERROR */
    char kind[48];           /* FAILURE_ERROR: a word of rpc/errors.h, or one of a newer server */
    enum rpc_retry retry;    /* FAILURE_ERROR */
    uint64_t retry_after_ms; /* 0 if not said */
    json_t *data;            /* FAILURE_ERROR: all of it; owned; NULL otherwise */
};

/* Frees data. The struct may be used again. */
void rpc_failure_clear(struct rpc_failure *failure);

/* url: "http://127.0.0.1:7780", "http://[::1]:7780/rpc" or "unix:/path". timeout_ms is for a whole
 * call; 0: 30 s. STATUS_INVALID (no such kind of URL), STATUS_NO_MEMORY. */
enum status rpc_client_open(struct rpc_client **client, const char *url, uint32_t timeout_ms,
                            struct problem *problem);
void rpc_client_close(struct rpc_client *client);

/* A client of several nodes, all of which can answer: rpc_client_call asks the one that answered
 * last, at first urls[0], and goes on to the next one, once round, if no answer comes or the answer
 * is that another node or a later moment will do. The failure of the last one asked is reported.
 * For calls that may reach two nodes: all but submissions whose refusal must mean something. */
enum status rpc_client_open_any(struct rpc_client **client, const char *const *urls, size_t count,
                                uint32_t timeout_ms, struct problem *problem);

/* As given to open; of several, the one that was asked last. */
const char *rpc_client_url(const struct rpc_client *client);

void rpc_client_set_timeout(struct rpc_client *client, uint32_t timeout_ms);

/* Calls. params (borrowed; NULL: none) is an object or an array. The result, a new reference, or
 * NULL and *failure is filled in (it is cleared first; end with rpc_failure_clear). */
json_t *rpc_client_call(struct rpc_client *client, const char *method, const json_t *params,
                        struct rpc_failure *failure);

/* Many calls of one method in one request: params is an array of them (at most 100, the server's
 * limit). Returns the array of answers in the same order, each to be taken with
 * rpc_client_batch_result (new reference or NULL), or NULL and *failure for the whole. */
json_t *rpc_client_batch(struct rpc_client *client, const char *method, const json_t *params,
                         struct rpc_failure *failure);
json_t *rpc_client_batch_result(const json_t *answers, size_t index, struct rpc_failure *failure);

/* The result in the body of a response to the call with this id; else NULL and *failure. */
json_t *rpc_answer_read(struct span body, uint64_t id, long http_status,
                        struct rpc_failure *failure);

/* From the first node of several. GET of a path ("/readyz?verbose"): the body, malloc with a zero
 * byte behind it, and the HTTP status; NULL and *failure if no answer came. */
char *rpc_client_get(struct rpc_client *client, const char *path, long *http_status,
                     struct rpc_failure *failure);

/* The X-Request-Id of the last answer; "". */
const char *rpc_client_request_id(const struct rpc_client *client);

#endif
