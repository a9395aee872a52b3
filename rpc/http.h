/* rpc/http.h -- HTTP by libmicrohttpd: the only file that knows the library.
 *
 * Request in, response out. One library thread for each listener; it checks the head, gathers the
 * body, and hands it to the queue with the connection suspended; http_finish resumes it with the
 * answer. Health, /metrics and the OpenRPC document are answered on the library's thread: they read
 * no ledger, and must work while all readers are busy.
 *
 * What the library accepts and we do not, checked here: two Host, two Content-Length or both kinds
 * of length, chunked bodies, other hosts and origins, other content types. What it answers by
 * itself while it still reads the head: 400, 414 and 431.
 */
#ifndef RPC_HTTP_H
#define RPC_HTTP_H

#include "rpc/links.h"
#include "rpc/queue.h"
#include "rpc/server.h"

struct http;

/* What all listeners share; constant after the start, but for what has locks of its own. */
struct http_shared {
    const struct rpc_core *core;
    struct queue *queue;
    struct links *links;
    struct names *hosts, *origins;
    void (*connected)(void *context); /* a connection was opened: deadlines begin to matter */
    void *context;
};

/* Serves a listening socket, which it owns from here on (closed on failure too). */
enum status http_open(struct http **http, int listener, enum meter_transport transport,
                      const struct http_shared *shared, struct problem *problem);

/* Stops accepting; what is open goes on, new requests on it are answered 503. */
void http_drain(struct http *http);

/* Requests that are suspended now: with a reader, in the queue or waiting. */
uint32_t http_suspended(const struct http *http);

/* Closes all connections. Nothing may be suspended. NULL is allowed. */
void http_close(struct http *http);

/* A request is done: its answer goes out. Any thread. */
void http_finish(struct rpc_request *request);

#endif
