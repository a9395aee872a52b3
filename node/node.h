/* node/node.h -- a running node: the replica's host, with its threads, sockets, clocks and files.
 *
 *     loop thread      replica, peers, timers, signals          (libuv)
 *     checkers         signatures of messages and transactions  (node/workers)
 *     ledger thread    the writing SQLite connection            (node/workers, one thread)
 *     block server     reads sealed blocks for peers            (node/workers, one thread)
 *     journal thread   writes and syncs in groups               (node/journal_thread)
 *     RPC threads      their own, with read-only connections    (rpc/server)
 *
 * RPC threads look at the replica only for status, under one lock that the loop thread holds while
 * it hands an event over; everything else travels through bounded queues.
 */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "node/config.h"

/* Where the settings come from, for a reload: makes them again, or says what is wrong. */
struct node_reload {
    enum status (*load)(const void *context, struct config **config, struct problem *problem);
    const void *context;
};

/* Opens, runs until it is told to stop (SIGTERM, SIGINT, admin_shutdown) or must end, and closes.
 * Returns the exit code of the process:
 *     0 a clean stop                  65 ledger or journal damaged
 *     7 diverged from a sealed block  71 out of memory       74 a write or sync failed
 *    10 configuration, genesis or key 75 data directory in use    76 newer data format
 *    81 this validator's key is in use elsewhere
 * with *problem filled in when it is not 0. config is the caller's; a reload (SIGHUP) changes it.
 */
int node_run(struct config *config, const struct node_reload *reload, struct problem *problem);

#endif
