/* node/testnet.h -- a network of real processes on one machine, for trying out and for tests.
 *
 *     DIR/testnet.json          names, ports and process ids
 *     DIR/keys/treasury.json    account key: roles registrar, issuer and freezer (plain)
 *     DIR/keys/member-N.json    account key of the member that runs validator N (plain)
 *     DIR/N/config, DIR/N/data  the home of node N, a validator or a machine that was added;
 *                               DIR/N/log is what it wrote
 *
 * The genesis has purpose `test`, so that no such chain is taken for a real one. Everything listens
 * on 127.0.0.1. A process is signalled only after /proc has confirmed that its command line is the
 * one that was started for that home: a process id alone may belong to a stranger by now.
 *
 * Called by `witan testnet`, `witan demo` and the payments run. Nothing here is thread-safe;
 * several programs may use one network at once (the document is replaced as a whole, under a lock).
 */
#ifndef NODE_TESTNET_H
#define NODE_TESTNET_H

#include "genesis/genesis.h"
#include "node/files.h"

enum { TESTNET_NODES_MAX = 32, TESTNET_URL = 64 };

struct testnet_node {
    uint16_t rpc_port, peer_port;
    int64_t pid; /* 0: not started, or stopped by us */
};

struct testnet {
    char dir[PATH_BYTES_MAX]; /* absolute */
    char network[NETWORK_NAME_MAX + 1];
    char engine[16];
    struct id treasury;
    uint16_t count;
    /* The first ones are the validators of the genesis, by index in the set. */
    struct testnet_node nodes[TESTNET_NODES_MAX];
};

struct testnet_options {
    const char *dir; /* made if missing; must not hold a network yet */
    const char *network;
    uint16_t validators; /* 1 .. TESTNET_NODES_MAX */
    enum engine_kind engine;
    uint16_t port_base; /* 2 ports for each validator from here on; 0: free ones are found */
    uint64_t phases;    /* engine parameter of that name; 0: the default */
};

/* Makes keys, genesis and homes. STATUS_EXISTS if dir holds a network, STATUS_INVALID,
 * STATUS_UNSUPPORTED (engine), STATUS_FULL (no free ports), STATUS_IO. */
enum status testnet_create(struct testnet *net, const struct testnet_options *options,
                           struct problem *problem);

/* Makes the home of one more machine, net->nodes[count], which follows as an observer until the
 * members vote it in: keys of its own, settings, genesis, a safety file. Its node key is written
 * into peers.observers of the others, which run or not; those that run are told to read it
 * (SIGHUP). It is not started. STATUS_FULL, STATUS_INVALID (settings without the line), STATUS_IO.
 */
enum status testnet_add(struct testnet *net, struct problem *problem);

/* Reads DIR/testnet.json. STATUS_NOT_FOUND if dir is no test network. */
enum status testnet_load(struct testnet *net, const char *dir, struct problem *problem);

/* Writes testnet.json for the first time, and notes the process of a node in it. */
enum status testnet_write(const struct testnet *net, struct problem *problem);
enum status testnet_note_pid(struct testnet *net, uint16_t index, int64_t pid,
                             struct problem *problem);

/* DIR/N, a file in DIR, and the URL of a node's RPC. index counts from 0. */
void testnet_home(const struct testnet *net, uint16_t index, char path[PATH_BYTES_MAX]);
void testnet_file(const struct testnet *net, const char *name, char path[PATH_BYTES_MAX]);
void testnet_url(const struct testnet *net, uint16_t index, char url[TESTNET_URL]);

/* The treasury's secret key, from keys/treasury.json. The caller wipes it. */
enum status testnet_treasury_key(const struct testnet *net, struct secret_key *secret,
                                 struct problem *problem);

/* Removes everything below dir and dir itself. Refuses (STATUS_INVALID) a folder without
 * testnet.json and one with a running node. Symbolic links are removed, never followed. */
enum status testnet_remove(const struct testnet *net, struct problem *problem);

/* ---- processes (node/testnet_process.c) ---- */

enum testnet_state { TESTNET_DOWN, TESTNET_UP, TESTNET_PAUSED };
enum testnet_state testnet_state(const struct testnet *net, uint16_t index);

/* Starts `PROGRAM start --home DIR/N`, detached, and notes its process id. The program is the
 * running one (/proc/self/exe). STATUS_BUSY if it runs already. */
enum status testnet_spawn(struct testnet *net, uint16_t index, struct problem *problem);

/* Sends a signal to a node that is up (or paused); STATUS_NOT_FOUND if it is not. */
enum status testnet_signal(const struct testnet *net, uint16_t index, int number,
                           struct problem *problem);

/* Waits until the process has ended; its id is forgotten then. STATUS_TIMEOUT. */
enum status testnet_await_end(struct testnet *net, uint16_t index, uint64_t timeout_ms,
                              struct problem *problem);

/* Waits until GET path ("/readyz", "/livez") answers 200. STATUS_TIMEOUT: the message has the last
 * answer; STATUS_CLOSED: the process has ended, see its log. */
enum status testnet_await_answer(const struct testnet *net, uint16_t index, const char *path,
                                 uint64_t timeout_ms, struct problem *problem);

/* ---- heads (node/testnet_heads.c) ---- */

/* What a node says of its ledger. Hashes are hexadecimal, "" if unknown. */
struct testnet_head {
    enum testnet_state state;
    bool answers;
    bool votes;
    uint64_t height, sealed_height;
    char block_hash[65], state_root[65]; /* of its last block */
    char common_hash[65];                /* of the block at the lowest height of all */
};

struct testnet_heads {
    uint16_t answering;
    bool equal;             /* all that answer have the same block at common_height */
    bool level;             /* and all nodes answer, stand at that height, and have it sealed */
    uint64_t common_height; /* lowest of all that answer */
    struct testnet_head nodes[TESTNET_NODES_MAX];
};

/* Asks every node that is up. */
void testnet_heads(const struct testnet *net, struct testnet_heads *heads);

/* Asks until all are level; STATUS_TIMEOUT with the last answers. */
enum status testnet_await_level(const struct testnet *net, uint64_t timeout_ms,
                                struct testnet_heads *heads, struct problem *problem);

/* ---- all of them ---- */

/* SIGTERM to all that run, and waiting for their end; then SIGKILL to those that are left (only
 * with kill_late). Reports the first problem, but goes on with the others. */
enum status testnet_stop(struct testnet *net, uint64_t timeout_ms, bool kill_late,
                         struct problem *problem);

#endif
