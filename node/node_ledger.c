#include "node/node_internal.h"

#include "node/serve.h"
#include <stdlib.h>
#include <time.h>

/* So many transactions are looked at between two blocks before those get their turn. */
enum { ADMISSIONS_TOGETHER_MAX = 1024 };

/* One job of the ledger's thread. Blocks run and come back in the order in which they were handed
 * over; admissions, which change nothing, wait while there are blocks. */
struct ledger_job {
    struct worker_job job; /* first */
    struct node *node;
    enum output_kind kind; /* OUTPUT_STOP stands for a checkpoint */
    uint64_t epoch, sequence, height;
    struct blob *payload;
    struct check_job *checks; /* of an admission: taken when it runs, linked by next */
    struct seal *seal;

    enum status status;
    struct problem problem;
    struct execution *execution;
    uint64_t elapsed_ns;
};

static uint64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* All that wait now, or as many as is fair to the blocks. */
static struct check_job *admissions_take(struct admissions *waiting)
{
    pthread_mutex_lock(&waiting->lock);
    struct check_job *first = waiting->first;
    struct check_job **end = &waiting->first;
    uint64_t count = 0;
    while (*end && count < ADMISSIONS_TOGETHER_MAX) {
        count += (*end)->transactions_count;
        end = &(*end)->next;
    }
    struct check_job *rest = *end;
    *end = NULL;
    waiting->first = rest;
    if (!rest) waiting->last = &waiting->first;
    pthread_mutex_unlock(&waiting->lock);
    return first;
}

static void ledger_run(struct worker_job *base)
{
    struct ledger_job *job = (struct ledger_job *)base;
    struct ledger *ledger = job->node->ledger;
    uint64_t begun = clock_ns();
    switch (job->kind) {
    case OUTPUT_EXECUTE:
        job->status = ledger_execute(ledger, job->epoch, job->sequence, blob_span(job->payload),
                                     &job->execution, &job->problem);
        break;
    case OUTPUT_EXECUTE_BLOCK:
        job->status =
            ledger_execute_block(ledger, blob_span(job->payload), &job->execution, &job->problem);
        break;
    case OUTPUT_ADMIT:
        job->checks = admissions_take(&job->node->admissions);
        check_admit(job->checks, ledger, wall_clock_ms());
        break;
    case OUTPUT_SEALED: job->status = ledger_store_seal(ledger, job->seal, &job->problem); break;
    default:
        job->status = ledger_checkpoint(ledger, &job->height, &job->problem);
        job->sequence = ledger_head(ledger)->header.sequence;
        break;
    }
    job->elapsed_ns = clock_ns() - begun;
}

static void executed(struct node *node, struct ledger_job *job)
{
    metric_observe_ns(METRIC_ledger_execute_seconds, 0, job->elapsed_ns);
    if (job->kind == OUTPUT_EXECUTE_BLOCK && job->status == STATUS_OK)
        metric_add(METRIC_sync_blocks_total, LABEL_block_source_peer, 1);
    node->checkpoint_blocks++;
    replica_executed(node->replica, node_moment(node), job->status, job->execution, &job->problem);
    job->execution = NULL;
}

static void checkpointed(struct node *node, struct ledger_job *job)
{
    node->checkpointing = false;
    bool saves_epoch = node->epochs.saving;
    if (job->status == STATUS_BUSY) { /* A reader was in the way; next time. */
        node->epochs.saving = false;
        node->epoch_retry_ms = node_now_ms(node) + EPOCH_RETRY_MS;
        return;
    }
    if (job->status != STATUS_OK) {
        node_fail(node, 74, "checkpoint: %s", job->problem.text);
        return;
    }
    metric_observe_ns(METRIC_db_checkpoint_seconds, 0, job->elapsed_ns);
    LOG(checkpoint, LOG_U64("height", job->height), LOG_U64("us", job->elapsed_ns / 1000), LOG_END);
    if (saves_epoch)
        node_epoch_saved(node);
    else
        replica_checkpointed(node->replica, node_moment(node), job->sequence);
}

static void admission_submit(struct node *node);

static void admitted(struct node *node, struct ledger_job *job)
{
    struct admissions *waiting = &node->admissions;
    pthread_mutex_lock(&waiting->lock);
    bool more = waiting->first != NULL;
    pthread_mutex_unlock(&waiting->lock);
    waiting->under_way = false;
    if (more) admission_submit(node); /* First, so that the ledger has something to do meanwhile. */
    replica_admitted(node->replica, node_moment(node), job->checks);
    job->checks = NULL;
}

static void checks_free(struct check_job *check)
{
    while (check) {
        struct check_job *next = check->next;
        check_free(check);
        check = next;
    }
}

/* Only now RPC hears of it: whoever waits for a seal asks for a receipt next, which reads it. */
static void seal_stored(struct node *node, const struct ledger_job *job)
{
    if (job->status != STATUS_OK) {
        node_fail(node, 74, "seal of height %llu: %s", (unsigned long long)job->seal->height,
                  job->problem.text);
        return;
    }
    if (job->seal->height <= node->sealed_stored) return;
    node->sealed_stored = job->seal->height;
    if (node->rpc) rpc_on_sealed(node->rpc, node->sealed_stored);
}

static void ledger_done(struct worker_job *base, bool finished)
{
    struct ledger_job *job = (struct ledger_job *)base;
    struct node *node = job->node;
    node_enter(node);
    if (finished) {
        switch (job->kind) {
        case OUTPUT_EXECUTE:
        case OUTPUT_EXECUTE_BLOCK: executed(node, job); break;
        case OUTPUT_ADMIT: admitted(node, job); break;
        case OUTPUT_SEALED: seal_stored(node, job); break;
        default: checkpointed(node, job); break;
        }
    }
    node_leave(node);
    execution_free(job->execution);
    checks_free(job->checks);
    blob_unref(job->payload);
    free(job->seal);
    free(job);
}

static void ledger_submit(struct node *node, struct ledger_job *job)
{
    job->job.run = ledger_run;
    job->job.done = ledger_done;
    bool admission = job->kind == OUTPUT_ADMIT;
    enum status status = admission ? workers_submit(node->ledger_thread, &job->job)
                                   : workers_submit_urgent(node->ledger_thread, &job->job);
    if (status == STATUS_OK) return;
    blob_unref(job->payload);
    free(job->seal);
    free(job);
    node_fail(node, 71, "the queue to the ledger's thread is full");
}

static struct ledger_job *ledger_job_new(struct node *node, enum output_kind kind)
{
    struct ledger_job *job = calloc(1, sizeof *job);
    if (!job) {
        node_fail(node, 71, "out of memory");
        return NULL;
    }
    job->node = node;
    job->kind = kind;
    return job;
}

void admissions_init(struct node *node)
{
    pthread_mutex_init(&node->admissions.lock, NULL);
    node->admissions.last = &node->admissions.first;
}

void admissions_free(struct node *node)
{
    checks_free(node->admissions.first);
    node->admissions.first = NULL;
    pthread_mutex_destroy(&node->admissions.lock);
}

static void admission_submit(struct node *node)
{
    struct ledger_job *job = ledger_job_new(node, OUTPUT_ADMIT);
    if (!job) return;
    node->admissions.under_way = true;
    ledger_submit(node, job);
}

void admission_output(struct node *node, struct output *output)
{
    struct admissions *waiting = &node->admissions;
    struct check_job *check = output->job;
    output->job = NULL;
    ASSERT(!check->next);
    pthread_mutex_lock(&waiting->lock);
    *waiting->last = check;
    waiting->last = &check->next;
    pthread_mutex_unlock(&waiting->lock);
    if (!waiting->under_way) admission_submit(node);
}

/* Takes over payload and seal of the output. */
void ledger_job_output(struct node *node, struct output *output)
{
    struct ledger_job *job = ledger_job_new(node, output->kind);
    if (!job) return;
    job->epoch = output->epoch;
    job->sequence = output->sequence;
    job->height = output->height;
    job->payload = output->payload;
    job->seal = output->seal;
    output->payload = NULL;
    output->seal = NULL;
    ledger_submit(node, job);
}

void ledger_job_checkpoint(struct node *node)
{
    struct ledger_job *job = ledger_job_new(node, OUTPUT_STOP);
    if (!job) return;
    node->checkpointing = true;
    node->checkpoint_blocks = 0;
    node->checkpoint_at_ms = node_now_ms(node);
    ledger_submit(node, job);
}

/* ---- sealed blocks for peers ---- */

struct serve_job {
    struct worker_job job; /* first */
    struct node *node;
    uint16_t peer;
    uint64_t height;
    uint16_t count;
    size_t batch_max;
    struct buffer answer;
    bool good;
};

static void serve_run(struct worker_job *base)
{
    struct serve_job *job = (struct serve_job *)base;
    job->good = serve_blocks(job->node->block_reader, job->batch_max, job->height, job->count,
                             &job->answer) == STATUS_OK;
}

/* How many answers to a peer are under way; NULL for a number that no peer has. */
static uint8_t *serving_of(struct node *node, uint16_t peer)
{
    size_t slot = node_peer_slot(peer);
    return slot < NODE_PEERS_MAX ? &node->serving[slot] : NULL;
}

static void serve_done(struct worker_job *base, bool finished)
{
    struct serve_job *job = (struct serve_job *)base;
    uint8_t *serving = serving_of(job->node, job->peer);
    ASSERT(serving != NULL); /* Or the job would not have been made. */
    (*serving)--;
    if (finished && job->good && job->node->peers)
        peers_send(job->node->peers, job->peer, FRAME_SYNC_BLOCKS, buffer_span(&job->answer), NULL,
                   true);
    buffer_free(&job->answer);
    free(job);
}

/* An answer takes up to a few MiB of memory and a while of the disk: a peer gets at most two at a
 * time, so that one who asks without end does not keep the others waiting. It asks again, or
 * somebody else. */
void serve_job_output(struct node *node, const struct output *output)
{
    uint8_t *serving = serving_of(node, output->peer);
    if (!serving || *serving >= SERVE_JOBS_A_PEER_MAX) return;
    struct serve_job *job = calloc(1, sizeof *job);
    if (!job) return;
    job->node = node;
    job->peer = output->peer;
    job->height = output->height;
    job->count = output->count;
    job->batch_max = node->batch_bytes_max;
    job->job.run = serve_run;
    job->job.done = serve_done;
    if (workers_submit(node->block_server, &job->job) == STATUS_OK)
        (*serving)++;
    else
        free(job);
}
