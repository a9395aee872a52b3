/* node/node_proofs.c -- what RPC asks about the state goes to the ledger's thread and back, and
 * evidence goes there to stay. */
#include "node/node_internal.h"

#include "node/proofs.h"
#include <stdlib.h>

struct proofs_job {
    struct worker_job job; /* first */
    struct node *node;
};

static void proofs_job_run(struct worker_job *base)
{
    struct node *node = ((struct proofs_job *)base)->node;
    proofs_run(node->proofs, node->ledger);
}

static void proofs_job_done(struct worker_job *base, bool finished)
{
    struct node *node = ((struct proofs_job *)base)->node;
    free(base);
    node->proofs_under_way = false;
    if (finished) node_proofs_turn(node);
}

/* On the loop. One job at a time: blocks have the ledger between two of them. */
void node_proofs_turn(struct node *node)
{
    if (node->closing || node->proofs_under_way || !proofs_waiting(node->proofs)) return;
    struct proofs_job *job = calloc(1, sizeof *job);
    if (!job) return; /* They wait for the next turn, at most as long as their clients. */
    job->node = node;
    job->job.run = proofs_job_run;
    job->job.done = proofs_job_done;
    if (workers_submit(node->ledger_thread, &job->job) == STATUS_OK)
        node->proofs_under_way = true;
    else
        free(job);
}

void node_proofs_block(struct node *node, uint64_t time_ms)
{
    proofs_on_block(node->proofs, time_ms);
    node_proofs_turn(node);
}

/* ---- evidence ---- */

struct evidence_job {
    struct worker_job job; /* first */
    struct node *node;
    struct seal_pair pair;
    enum status status;
    struct problem problem;
};

static void evidence_job_run(struct worker_job *base)
{
    struct evidence_job *job = (struct evidence_job *)base;
    job->status = ledger_store_evidence(job->node->ledger, &job->pair, &job->problem);
}

static void evidence_job_done(struct worker_job *base, bool finished)
{
    struct evidence_job *job = (struct evidence_job *)base;
    struct node *node = job->node;
    bool failed = finished && (job->status == STATUS_IO || job->status == STATUS_DAMAGED);
    if (failed) node_fail(node, 74, "evidence: %s", job->problem.text);
    free(job);
}

/* On the loop. What is not kept for want of memory is told again when it is met again. */
void node_evidence(struct node *node)
{
    struct seal_pair pair;
    while (!node->closing && replica_evidence(node->replica, &pair)) {
        struct evidence_job *job = calloc(1, sizeof *job);
        if (!job) return;
        job->node = node;
        job->pair = pair;
        job->job.run = evidence_job_run;
        job->job.done = evidence_job_done;
        if (workers_submit(node->ledger_thread, &job->job) != STATUS_OK) free(job);
    }
}

/* ---- every second ---- */

/* An idle chain makes no block by itself: once a wish's time has come, one is asked for. */
void node_proofs_house(struct node *node)
{
    struct moment moment = node_moment(node);
    uint64_t not_after_ms = proofs_tick(node->proofs, moment.wall_ms);
    if (not_after_ms > 0) replica_wish_tick(node->replica, moment, not_after_ms);
    node_proofs_turn(node);
    node_evidence(node);
}

bool node_prove(void *context, const struct state_question *question, state_done *done,
                void *done_context)
{
    struct node *node = context;
    if (!proofs_ask(node->proofs, question, done, done_context)) return false;
    wake_send(&node->inbox_wake);
    return true;
}

void node_wish_absence(void *context, const struct absence_wish *wish)
{
    struct node *node = context;
    proofs_wish(node->proofs, wish);
}

struct state_reading *node_absence(void *context, const struct digest *txid)
{
    struct node *node = context;
    return proofs_absence(node->proofs, txid);
}
