#include "ledger/audit_ahead.h"
#include "ledger/audit_source.h"
#include <pthread.h>
#include <stdlib.h>

struct audit_ahead {
    const char *path;
    struct ledger_reader_options options;
    const struct genesis *genesis;
    struct verify_cache *cache;
    uint64_t last;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t moved; /* done has risen, or it is the end */
    uint64_t next;        /* height that the next free thread takes */
    uint64_t done;        /* by the audit */
    bool stopping;

    uint32_t thread_count;
    pthread_t threads[AHEAD_THREADS_MAX];
};

/* What one thread works with. */
struct worker {
    struct audit_ahead *ahead;
    struct ledger_reader *reader;
    struct audit_block block;
    uint64_t epoch; /* whose set this is; 0: of none */
    struct committee committee;
    struct transaction tx;
};

/* The next height to verify, or 0 at the end. */
static uint64_t take_height(struct audit_ahead *ahead)
{
    uint64_t height = 0;
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->stopping && ahead->next <= ahead->last &&
           ahead->next > ahead->done + AHEAD_BLOCKS)
        pthread_cond_wait(&ahead->moved, &ahead->lock);
    if (!ahead->stopping && ahead->next <= ahead->last) {
        /* What the audit has passed is not worth the time. */
        if (ahead->next <= ahead->done) ahead->next = ahead->done + 1;
        height = ahead->next <= ahead->last ? ahead->next++ : 0;
    }
    pthread_mutex_unlock(&ahead->lock);
    return height;
}

static void verify_transactions(struct worker *worker)
{
    const struct genesis *genesis = worker->ahead->genesis;
    struct span rest = buffer_span(&worker->block.batch), bytes;
    while (batch_next(&rest, &bytes))
        (void)transaction_check(bytes, &genesis->chain_id, &genesis->params, worker->ahead->cache,
                                &worker->tx, NULL);
}

/* Whatever set this is, only signatures that verify are remembered, with the key that made them. */
static const struct committee *set_of(struct worker *worker, uint64_t epoch)
{
    if (epoch == 0) return &worker->ahead->genesis->committee;
    if (worker->epoch == epoch) return &worker->committee;
    worker->epoch = 0;
    if (!audit_source_set(worker->reader, epoch, &worker->committee)) return NULL;
    worker->epoch = epoch;
    return &worker->committee;
}

static void verify_seal(struct worker *worker)
{
    const struct genesis *genesis = worker->ahead->genesis;
    const struct audit_block *block = &worker->block;
    struct reader r = reader_of(span_of(block->header, HEADER_BYTES));
    struct header header;
    header_read(&r, &header);
    const struct committee *set = reader_end(&r) == STATUS_OK ? set_of(worker, header.epoch) : NULL;
    if (!set) return;
    struct seal_vote vote = { .epoch = header.epoch, .height = block->height };
    vote.block_hash = digest_of(TAG_HEADER, span_of(block->header, HEADER_BYTES));
    for (uint32_t i = 0; i < block->signature_count; i++) {
        if (block->signatures[i].validator >= set->count) continue;
        vote.by.validator = (uint16_t)block->signatures[i].validator;
        vote.by.signature = block->signatures[i].signature;
        (void)seal_vote_check(&vote, &genesis->chain_id, set, worker->ahead->cache);
    }
}

static void work(struct worker *worker)
{
    uint64_t height;
    while ((height = take_height(worker->ahead)) != 0) {
        /* An error is the audit's to find; it reads the same bytes. */
        if (audit_source_block(worker->reader, height, &worker->block) != STATUS_OK) return;
        if (!worker->block.present) continue;
        verify_transactions(worker);
        verify_seal(worker);
    }
}

static void *run_thread(void *context)
{
    struct audit_ahead *ahead = context;
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker) return NULL;
    worker->ahead = ahead;
    audit_block_init(&worker->block);
    if (ledger_reader_open(&worker->reader, ahead->path, &ahead->options, NULL) == STATUS_OK)
        work(worker);
    ledger_reader_close(worker->reader);
    audit_block_free(&worker->block);
    free(worker);
    return NULL;
}

struct audit_ahead *audit_ahead_start(const char *path, const struct ledger_reader_options *options,
                                      const struct genesis *genesis, struct verify_cache *cache,
                                      uint64_t last, uint32_t threads)
{
    struct audit_ahead *ahead = calloc(1, sizeof *ahead);
    if (!ahead) return NULL;
    ahead->path = path;
    ahead->options = *options;
    ahead->genesis = genesis;
    ahead->cache = cache;
    ahead->last = last;
    ahead->next = 1;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->moved, NULL);
    while (ahead->thread_count < threads && ahead->thread_count < AHEAD_THREADS_MAX) {
        pthread_t *thread = &ahead->threads[ahead->thread_count];
        if (pthread_create(thread, NULL, run_thread, ahead) != 0) break;
        ahead->thread_count++;
    }
    return ahead;
}

void audit_ahead_done(struct audit_ahead *ahead, uint64_t height)
{
    if (!ahead) return;
    pthread_mutex_lock(&ahead->lock);
    ahead->done = height;
    pthread_cond_broadcast(&ahead->moved);
    pthread_mutex_unlock(&ahead->lock);
}

void audit_ahead_stop(struct audit_ahead *ahead)
{
    if (!ahead) return;
    pthread_mutex_lock(&ahead->lock);
    ahead->stopping = true;
    pthread_cond_broadcast(&ahead->moved);
    pthread_mutex_unlock(&ahead->lock);
    for (uint32_t i = 0; i < ahead->thread_count; i++)
        pthread_join(ahead->threads[i], NULL);
    pthread_cond_destroy(&ahead->moved);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead);
}
