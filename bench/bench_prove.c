/* bench/bench_prove.c -- what proofs cost, and that it does not grow with the ledger.
 *
 *     bench_prove [TRANSFERS]        100000 transfers: measured at 1/100, at 1/10 and at the end
 *
 * One file, blocks of BLOCK_TRANSFERS; every tenth block has no seal of its own, so that its
 * receipts need the path to a later one. Receipts, histories and pages come from a reader beside
 * the ledger, readings from the ledger itself. Times are of the processor, so that neighbours on
 * the machine do not count. Lines `figure NAME VALUE UNIT`.
 */
#include "ledger/prove.h"
#include "proof/verify.h"
#include "tests/unit/ledger/story.h"

#include <time.h>

enum { BLOCK_TRANSFERS = 200, ROUNDS = 300, PAGE_LINES = 50 };

struct bench {
    struct story s;
    struct ledger_reader *reader;
    struct digest *ids; /* of all transfers */
    uint32_t count;
    uint64_t random;
};

static double now_us(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void figure(uint32_t size, const char *name, double value, const char *unit)
{
    (void)printf("figure prove_%s_at_%u %.1f %s\n", name, size, value, unit);
}

static uint64_t draw(struct bench *b, uint64_t below)
{
    b->random = b->random * 6364136223846793005u + 1442695040888963407u;
    return (b->random >> 33) % below;
}

/* ALICE and BOB pay each other a cent, back and forth. */
static void add_block(struct bench *b)
{
    struct fixture *f = &b->s.f;
    for (unsigned i = 0; i < BLOCK_TRANSFERS; i++) {
        unsigned payer = i % 2 == 0 ? ALICE : BOB;
        fixture_tx(f, payer);
        add_transfer(f, payer, payer == ALICE ? BOB : ALICE, 1);
        b->s.id_count = 0;
        story_add(&b->s, payer == ALICE ? SIGNED_ALICE : SIGNED_BOB);
        b->ids[b->count++] = b->s.ids[0];
    }
    struct execution *execution = fixture_run(f);
    ASSERT(execution->kind == EXECUTION_BLOCK);
    ASSERT(execution->entry_count == BLOCK_TRANSFERS);
    if (execution->header.height % 10 != 5) story_seal(f, 7);
}

/* Writes a proof that was made and has it verified; returns what the verifier took. */
static double verify(struct bench *b, struct prover *p, enum status made)
{
    struct writer w;
    struct verdict verdict;
    ASSERT(made == STATUS_OK);
    writer_init(&w, PROOF_BYTES_MAX);
    proof_write(&w, &p->proof);
    verdict_init(&verdict);
    double start = now_us();
    enum status status = proof_verify(writer_span(&w), b->s.f.genesis, NULL, &verdict);
    double spent = now_us() - start;
    ASSERT(status == STATUS_OK);
    verdict_free(&verdict);
    writer_free(&w);
    return spent;
}

static void measure_receipts(struct bench *b)
{
    double spent = 0, verified = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct prover p;
        const struct digest *id = &b->ids[draw(b, b->count)];
        prover_init(&p, b->reader);
        double start = now_us();
        (void)ledger_reader_begin(b->reader);
        enum status status = prove_receipt(&p, id, false);
        ledger_reader_end(b->reader);
        spent += now_us() - start;
        verified += verify(b, &p, status);
        prover_free(&p);
    }
    figure(b->count, "receipt_us", spent / ROUNDS, "us");
    figure(b->count, "receipt_verify_us", verified / ROUNDS, "us");
}

static void measure_pages(struct bench *b)
{
    double spent = 0;
    uint64_t height = ledger_head(b->s.f.ledger)->header.height;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct prover p;
        struct statement_range range;
        uint64_t to = 1 + draw(b, height - 1);
        prover_init(&p, b->reader);
        double start = now_us();
        (void)ledger_reader_begin(b->reader);
        enum status status =
            prove_statement_range(b->reader, &b->s.f.cast[BOB], &b->s.f.eur, to - 1, to, &range);
        range.count = PAGE_LINES;
        if (status == STATUS_OK) status = prove_statement(&p, &range, NULL);
        ledger_reader_end(b->reader);
        spent += now_us() - start;
        ASSERT(status == STATUS_OK);
        prover_free(&p);
    }
    figure(b->count, "statement_page_us", spent / ROUNDS, "us");
}

static void measure_readings(struct bench *b)
{
    double spent = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct state_question question = { .kind = RECORD_ACCOUNT, .key_size = 16 };
        struct id account = i % 2 == 0 ? b->s.f.cast[draw(b, CAST_COUNT)] : sample_id("nobody", i);
        memcpy(question.key, account.bytes, 16);
        struct state_reading *reading = NULL;
        double start = now_us();
        enum status status = ledger_read_state(b->s.f.ledger, &question, &reading, &b->s.f.problem);
        spent += now_us() - start;
        ASSERT(status == STATUS_OK);
        state_reading_free(reading);
    }
    figure(b->count, "reading_us", spent / ROUNDS, "us");
}

static void measure(struct bench *b)
{
    measure_receipts(b);
    measure_pages(b);
    measure_readings(b);
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct problem problem;
    uint32_t transfers = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000;
    b.ids = calloc(transfers + 20 * BLOCK_TRANSFERS, sizeof *b.ids);
    ASSERT(b.ids != NULL);
    b.random = 1;
    fixture_path(b.s.path);
    fixture_prepare(&b.s.f);
    b.s.f.options.cache = verify_cache_new(65536);
    fixture_open(&b.s.f, b.s.path);
    enum status status = ledger_reader_open(&b.reader, b.s.path, NULL, &problem);
    ASSERT(status == STATUS_OK);
    for (uint32_t stage = transfers / 100; b.count < transfers; stage *= 10) {
        while (b.count < stage ||
               ledger_sealed_height(b.s.f.ledger) < ledger_head(b.s.f.ledger)->header.height)
            add_block(&b);
        uint64_t height;
        status = ledger_checkpoint(b.s.f.ledger, &height, &problem);
        ASSERT(status == STATUS_OK);
        measure(&b);
    }
    ledger_reader_close(b.reader);
    verify_cache_free(b.s.f.options.cache);
    story_close(&b.s);
    free(b.ids);
    return 0;
}
