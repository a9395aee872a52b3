/* tests/unit/sim/ledger_fixture.h -- a real ledger in a file, and batches for it made of what a
 * workload submits: what the reference executor and the checker are held against. */
#ifndef TESTS_SIM_LEDGER_FIXTURE_H
#define TESTS_SIM_LEDGER_FIXTURE_H

#include "checker_fixture.h"

#include "format/batch.h"
#include "ledger/ledger.h"
#include "ledger/reader.h"
#include <unistd.h>

struct book {
    const struct genesis *genesis;
    struct ledger *ledger;
    struct ledger_reader *reader;
    char dir[64], path[96];
    uint64_t sequence;
    uint64_t time_ms; /* of the last batch */
    struct writer batch;
    struct batch head;
    struct execution *execution; /* of the last batch */
};

static inline void book_open(struct book *b, const struct genesis *genesis)
{
    struct problem problem = { .status = STATUS_OK };
    memset(b, 0, sizeof *b);
    b->genesis = genesis;
    b->time_ms = WORKLOAD_WALL_BASE * UINT64_C(1000);
    snprintf(b->dir, sizeof b->dir, "/tmp/witan-sim-test-XXXXXX");
    cr_assert(mkdtemp(b->dir) != NULL);
    snprintf(b->path, sizeof b->path, "%s/ledger.db", b->dir);
    struct ledger_options options = { .cache_bytes = 1024 * 1024 };
    cr_assert_eq(ledger_open(&b->ledger, genesis, b->path, &options, &problem), STATUS_OK, "%s",
                 problem.text);
    cr_assert_eq(ledger_reader_open(&b->reader, b->path, NULL, &problem), STATUS_OK, "%s",
                 problem.text);
}

static inline void book_close(struct book *b)
{
    char path[128];
    static const char *const ends[] = { "", "-wal", "-shm" };
    execution_free(b->execution);
    ledger_reader_close(b->reader);
    ledger_close(b->ledger);
    writer_free(&b->batch);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", b->path, ends[i]);
        unlink(path);
    }
    rmdir(b->dir);
}

/* Transactions are written behind each other, then the batch is executed. */
static inline void book_begin(struct book *b, uint64_t later_ms)
{
    writer_free(&b->batch);
    writer_init(&b->batch, 16 * 1024 * 1024);
    b->time_ms += later_ms;
    b->head = (struct batch){ .time_ms = b->time_ms, .proposer = { { 1 } } };
    batch_write_head(&b->batch, &b->head);
}

static inline void book_add(struct book *b, struct span transaction)
{
    write_bytes32(&b->batch, transaction);
    b->head.count++;
    store_u32(b->batch.buffer.data + BATCH_HEAD_BYTES - 4, b->head.count);
}

static inline struct execution *book_execute(struct book *b)
{
    struct problem problem = { .status = STATUS_OK };
    execution_free(b->execution);
    b->execution = NULL;
    cr_assert_eq(ledger_execute(b->ledger, 0, ++b->sequence, writer_span(&b->batch), &b->execution,
                                &problem),
                 STATUS_OK, "%s", problem.text);
    return b->execution;
}

/* The next transactions of a workload, as one batch. */
static inline struct execution *book_run(struct book *b, struct workload *workload, unsigned count,
                                         void (*made)(void *user, const struct digest *txid,
                                                      struct span bytes, bool hopeless),
                                         void *user)
{
    book_begin(b, 500);
    for (unsigned i = 0; i < count; i++) {
        struct digest txid;
        bool hopeless;
        struct blob *blob = workload_next(workload, b->time_ms, &txid, &hopeless);
        if (made) made(user, &txid, blob_span(blob), hopeless);
        book_add(b, blob_span(blob));
        blob_unref(blob);
    }
    return book_execute(b);
}

#endif
