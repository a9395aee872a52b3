/* rpc/server.h -- the RPC of a node: listeners, threads, and what wakes the waiters.
 *
 *     client --> libmicrohttpd thread --> bounded queue --> reader threads --> handler
 *                 (head, body, limits)      full: 503       (JSON, ledger.db)      |
 *     client <-- libmicrohttpd thread <------------- resume -----------------------+
 *
 * One libmicrohttpd thread for each listener; it never waits and never parses JSON. A request is
 * suspended while a reader works on it or while it waits for a block.
 *
 * The node calls rpc_start once its ledger can be read, the rpc_on_ functions from its loop thread,
 * and rpc_stop before it closes what the backend stands on.
 */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include "rpc/backend.h"
#include "rpc/method.h"
#include "rpc/names.h"

struct rpc_server;

/* Defaults by rpc_limits_default; the names are those of the configuration (rpc.NAME). Those that
 * are atomic can change while the server runs: rpc_reload. */
struct rpc_limits {
    _Atomic uint32_t body_max;        /* bytes of a request's body: 1 MiB */
    _Atomic uint32_t response_max;    /* bytes of the answer to one HTTP request: 16 MiB */
    _Atomic uint32_t batch_items_max; /* 100 */
    uint32_t connections_max;     /* 512, of all TCP listeners; as many again on the local socket */
    uint32_t readers;             /* 4 */
    uint32_t queue_max;           /* 256 requests that wait for a reader */
    uint32_t read_ms_max;         /* 2000: one read */
    _Atomic uint32_t wait_ms_max; /* 30000: one wait */
    _Atomic uint32_t waiters_max; /* 1000 */
    uint32_t head_ms_max;         /* 5000: deadline of the request's head */
    uint32_t request_ms_max;      /* 15000: of head and body */
    uint32_t answer_ms_max;       /* 30000: for the client to take the answer */
    uint32_t idle_ms_max;         /* 60000: between two requests of a connection */
    uint32_t reader_cache_kib;    /* SQLite pages of each reader; 0 = the reader's default */
};

void rpc_limits_default(struct rpc_limits *limits);

enum { RPC_LISTEN_MAX = 8, RPC_NAMES_MAX = NAMES_MAX };

struct rpc_options {
    const char *listen[RPC_LISTEN_MAX]; /* "127.0.0.1:7780", "[::1]:7780"; port 0: any free one */
    size_t listen_count;                /* 0: local socket only */
    const char *socket;                 /* path; NULL: none. A stale file is replaced */
    uint32_t socket_mode;               /* 0660 */
    const char *allowed_hosts[RPC_NAMES_MAX]; /* besides IP literals and "localhost" */
    size_t allowed_hosts_count;
    const char *allowed_origins[RPC_NAMES_MAX];
    size_t allowed_origins_count;
    const char *disabled_methods[RPC_NAMES_MAX]; /* names, or with one "*" at the end */
    size_t disabled_methods_count;
    const char *ledger_path; /* each reader thread opens it read-only; NULL: no ledger (tests) */
    const struct rpc_method *const *methods; /* rpc_methods and rpc_method_count of rpc/method.h */
    size_t method_count;
    struct rpc_limits limits;
};

/* STATUS_INVALID (an address that does not parse or is not loopback; the message names it),
 * STATUS_BUSY (address in use), STATUS_IO, STATUS_NO_MEMORY, or what opening the ledger says.
 * Options are copied; the backend is borrowed until rpc_stop. */
enum status rpc_start(struct rpc_server **server, const struct rpc_options *options,
                      const struct rpc_backend *backend, struct problem *problem);

/* Takes over what can change while it runs: the atomic limits, allowed hosts and origins, disabled
 * methods. Of the other options nothing. For requests that come from now on; any thread.
 * STATUS_INVALID: nothing has changed. STATUS_NO_MEMORY: of the lists perhaps some. */
enum status rpc_reload(struct rpc_server *server, const struct rpc_options *options,
                       struct problem *problem);

/* No new connections; whoever waits, for a block or for admission, is answered -32002 `draining`;
 * all threads end. submit_done may be called while it runs, not after it has returned: the node
 * answers or forgets what is left of its submissions. NULL is allowed. */
void rpc_stop(struct rpc_server *server);

/* The port of listener i (for port 0). */
uint16_t rpc_port(const struct rpc_server *server, size_t listener);

/* ---- news from the node; any thread, cheap, never blocks for long --------------------------- */

struct rpc_entry {
    struct digest txid; /* or the id of a system entry */
    uint16_t code;
    uint8_t at;
    uint32_t entry; /* place in the block */
};

/* A block is committed and readable. entries may be empty. Heights must rise. */
void rpc_on_block(struct rpc_server *server, uint64_t height, uint64_t time_ms,
                  const struct digest *hash, uint64_t sealed_height,
                  const struct rpc_entry *entries, size_t count);

/* Everything up to this height is sealed. */
void rpc_on_sealed(struct rpc_server *server, uint64_t sealed_height);

struct rpc_stats {
    uint64_t requests;      /* HTTP requests that were read whole */
    uint64_t calls, errors; /* JSON-RPC calls; those answered with an error */
    uint64_t rejected;      /* refused before a call was read: 4xx, 503 */
    uint32_t connections_tcp, connections_local;
    uint32_t queue, waiters;
};
void rpc_stats(const struct rpc_server *server, struct rpc_stats *stats);

#endif
