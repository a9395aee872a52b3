/* rpc/submit_rule.h -- what the answer to a submission means for the next step.
 *
 * The rule of rpc/submit.h as a small state machine without any input or output, so that the
 * blocking submission (rpc/submit.c) and the one that keeps many in flight (rpc/sender.c) cannot
 * differ. A course belongs to one transaction; every answer to it goes through one of the two
 * functions.
 */
#ifndef RPC_SUBMIT_RULE_H
#define RPC_SUBMIT_RULE_H

#include "rpc/submit.h"

struct submit_course {
    enum submit_until until;
    size_t node_count;
    uint32_t agree;                 /* nodes that must say `expired` */
    bool doubt;                     /* an attempt may have been admitted somewhere */
    bool expired[SUBMIT_NODES_MAX]; /* said that it is */
    bool refused[SUBMIT_NODES_MAX]; /* refused it after a doubt */
};

enum submit_verdict {
    VERDICT_END,   /* *end says how */
    VERDICT_AGAIN, /* the same bytes to the next node, after a pause */
    VERDICT_WAIT,  /* ask the same node with tx_wait how it ended */
};

/* agree 0: one more than a third of the nodes can lie. */
void submit_course_begin(struct submit_course *course, enum submit_until until, size_t node_count,
                         uint32_t agree);

/* A TxStatus, from tx_submit or tx_wait. */
enum submit_verdict submit_judge_status(struct submit_course *course, size_t node,
                                        const json_t *status, enum submit_end *end);

/* No result: an error, or no answer at all. */
enum submit_verdict submit_judge_failure(struct submit_course *course, size_t node,
                                         const struct rpc_failure *failure, enum submit_end *end);

#endif
