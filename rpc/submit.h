/* rpc/submit.h -- sending a transaction so that it takes effect once, whatever breaks on the way.
 *
 * The bytes were chosen, signed and stored before; here they are sent, and sent again, unchanged,
 * until somebody knows how it ended. The same bytes never take effect twice, so after every doubt
 * they may go to any node:
 *
 *     lost connection, time out, 429, 5xx, -32002,
 *     -32005, -32603, 1012, 1013                        the next node, after a pause that grows
 *
 *     any other error                                   SUBMIT_END_REFUSED
 *
 *     committed (or sealed)                             SUBMIT_END_COMMITTED
 *
 *     expired, said by `agree` nodes                    SUBMIT_END_EXPIRED
 *
 *     the caller's time is over                         SUBMIT_END_OPEN
 *
 * A new body may be built after COMMITTED, EXPIRED or REFUSED only; after OPEN the same bytes must
 * be sent again. A refusal is believed at once only while no earlier attempt can have been admitted
 * anywhere; after a doubt, when every node has refused.
 */
#ifndef RPC_SUBMIT_H
#define RPC_SUBMIT_H

#include "crypto/digest.h"
#include "rpc/client.h"

enum { SUBMIT_NODES_MAX = 64 };

enum submit_until { SUBMIT_UNTIL_ADMITTED, SUBMIT_UNTIL_COMMITTED, SUBMIT_UNTIL_SEALED };

struct submit_options {
    struct rpc_client *const *nodes; /* borrowed */
    size_t node_count;
    size_t first; /* index of the node to begin with; others follow in turn */
    enum submit_until until;
    bool sent_before; /* somebody may have sent these bytes already: the doubt is there at once */
    uint64_t not_after_ms; /* of the transaction */
    uint64_t timeout_ms;   /* of the whole; 0: until it is final */
    uint32_t agree;        /* nodes that must say `expired`; 0: one more than a third can lie */
    uint32_t pause_ms_min; /* 0: 50 */
    uint32_t pause_ms_max; /* 0: 2000 */
    /* Asked before each pause and attempt; true ends with SUBMIT_END_OPEN. May be NULL. */
    bool (*stop)(void *context);
    void *context;
};

enum submit_end {
    SUBMIT_END_ADMITTED,  /* only with SUBMIT_UNTIL_ADMITTED */
    SUBMIT_END_COMMITTED, /* and sealed, if that was asked for */
    SUBMIT_END_EXPIRED,
    SUBMIT_END_REFUSED, /* failure says why */
    SUBMIT_END_OPEN,    /* not known yet: send the same bytes again */
};

struct submit_report {
    enum submit_end end;
    json_t *status;             /* the last TxStatus, or NULL; owned */
    struct rpc_failure failure; /* the last one; owned */
    uint32_t attempts;
    size_t node; /* which answered last */
};

/* txid: of these bytes. */
void submit_transaction(const struct submit_options *options, struct span bytes,
                        const struct digest *txid, struct submit_report *report);

/* Frees what the report owns. */
void submit_report_clear(struct submit_report *report);

/* Is it a doubt (send again) and not a refusal? */
bool submit_may_repeat(const struct rpc_failure *failure);

#endif
