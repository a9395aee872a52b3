/* rpc/sender.h -- many transactions in flight to several nodes, each sent by the rule of
 * rpc/submit.h.
 *
 * A closed loop: as long as there are more, `in_flight` transactions are under way, each in one
 * request that waits for its end. New ones go to the nodes in turn, leaving out those that have
 * just failed; after a doubt the same bytes go to the next node. One thread, libcurl's multi
 * interface, one kept-alive connection for each request under way.
 *
 *     next --> tx_submit(wait) --> done(committed | refused | ...)
 *                 |    ^
 *            doubt|    |pause that grows, next node
 *                 +----+
 *
 * Called by the import, the demo and benchmarks.
 */
#ifndef RPC_SENDER_H
#define RPC_SENDER_H

#include "rpc/submit.h"

enum { SENDER_IN_FLIGHT_MAX = 4096 };

struct send_item {
    void *user;
    struct span bytes; /* borrowed until done is called with it */
    struct digest txid;
    uint64_t not_after_ms;
};

struct send_result {
    enum submit_end end;
    const json_t *status;              /* the last TxStatus, or NULL; borrowed */
    const struct rpc_failure *failure; /* the last one; borrowed */
    uint32_t attempts;
    uint64_t latency_us; /* from the first attempt to the end */
    size_t node;         /* which answered last */
};

/* The answer of `next`: an item, none at the moment (asked again within 100 ms, or when another one
 * has ended), or none any more. */
enum sender_next { SENDER_ITEM, SENDER_LATER, SENDER_END };

struct sender_options {
    const char *const *urls; /* 1 .. SUBMIT_NODES_MAX, as of rpc_client_open */
    size_t url_count;
    uint32_t in_flight; /* 1 .. SENDER_IN_FLIGHT_MAX */
    enum submit_until until;
    uint32_t agree;       /* nodes that must say `expired`; 0: one more than a third can lie */
    uint64_t patience_ms; /* for one transaction, then SUBMIT_END_OPEN; 0: until it is final */

    enum sender_next (*next)(void *context, struct send_item *item);
    void (*done)(void *context, const struct send_item *item, const struct send_result *result);
    /* Each 100 ms or so; true: send nothing new, and end what is under way as SUBMIT_END_OPEN. */
    bool (*stop)(void *context);
    void *context;
};

/* Runs until everything is done. STATUS_INVALID (an URL), STATUS_NO_MEMORY, STATUS_IO. */
enum status sender_run(const struct sender_options *options, struct problem *problem);

#endif
