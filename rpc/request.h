/* rpc/request.h -- one HTTP request's JSON-RPC calls, from bytes to bytes.
 *
 * A request is a little state machine that reader threads run, one at a time:
 *
 *     request_new --> request_run --> REQUEST_DONE --> request_answer --> request_free
 *                        ^    |
 *                        |    +-> REQUEST_WAITS: a call waits for admission, a block or a seal;
 *                        +------- request_wake (any thread) puts it back into the queue
 *
 * The items of a batch are executed in order; an item that waits for admission holds up those
 * behind it. Whoever calls request_run must not touch the request after REQUEST_WAITS: another
 * thread may have it already.
 *
 * It knows nothing of HTTP, so that the fuzzer and the tests drive it without a socket.
 */
#ifndef RPC_REQUEST_H
#define RPC_REQUEST_H

#include "rpc/meter.h"
#include "rpc/method.h"
#include "rpc/server.h"
#include "rpc/waiters.h"

/* What all requests of a server share. Constant after the start. */
struct rpc_core {
    const struct rpc_backend *backend;
    const struct rpc_method *const *methods;
    size_t method_count;
    struct names *disabled; /* names, or with one "*" at the end; NULL: none */
    struct rpc_limits limits;
    struct waiters *waiters;
    struct meter *meter;
};

/* A reader thread's own connection. ledger may be NULL (tests, fuzzer). */
struct rpc_reader {
    struct ledger_reader *ledger;
    uint64_t deadline_ms; /* monotonic, of the read under way */
};

/* The limit that is armed on the connection (ledger_reader_limit); context: struct rpc_reader. */
bool rpc_reader_expired(void *reader);

struct rpc_request;
enum { REQUEST_ID_MAX = 64 };

struct request_options {
    enum rpc_access granted;
    enum meter_transport transport;
    char request_id[REQUEST_ID_MAX + 1];
    uint32_t uid, pid; /* of the local socket's peer; logged with admin calls */
    void *owner;       /* of the transport; see request_owner */
    char trace[56];    /* W3C traceparent, or "" */
};

/* Takes over body (malloc), also on failure. NULL without memory. */
struct rpc_request *request_new(const struct rpc_core *core, const struct request_options *options,
                                char *body, size_t body_size);
void request_free(struct rpc_request *request);

enum request_progress { REQUEST_DONE, REQUEST_WAITS };
enum request_progress request_run(struct rpc_request *request, struct rpc_reader *reader);

/* Its wait is over. true: the caller must bring it to request_run again; false: the thread that is
 * still running it will go on by itself. */
bool request_wake(struct rpc_request *request);

/* After REQUEST_DONE: one line of JSON, or nothing at all if there were only notifications. The
 * second form hands the bytes (malloc) over. */
struct span request_answer(const struct rpc_request *request);
char *request_take_answer(struct rpc_request *request, size_t *size);

void *request_owner(const struct rpc_request *request);
const char *request_id(const struct rpc_request *request);

/* ---- for methods that answer later ---------------------------------------------------------- */

const struct rpc_core *call_core(const struct rpc_call *call);

/* Puts the call to sleep until the waiter ends; returns NULL. If it has ended already returns NULL
 * too, and the next turn comes at once. The waiter stays the method's. */
json_t *call_later(struct rpc_call *call, struct waiter *waiter);

/* backend->find_tx inside a snapshot of its own, for methods without `reads`. */
enum status call_find_tx(struct rpc_call *call, const struct digest *txid, struct tx_place *place);

/* A complete answer with one error and a null id, for what fails before there is a call (HTTP's
 * 4xx and 5xx). malloc; NULL without memory. data is taken over. */
char *request_error_line(enum rpc_error error, json_t *data, const char *request_id, size_t *size);

/* Milliseconds of the monotonic clock. */
uint64_t rpc_monotonic_ms(void);
uint64_t rpc_monotonic_us(void);

#endif
