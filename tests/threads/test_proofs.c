/* Clients ask and wish from several threads while the ledger answers between its blocks, and the
 * end comes in the middle of it: every question is answered once, and none after the stop. */
#include "node/proofs.h"
#include "tests/unit/ledger/fixture.h"

#include <pthread.h>
#include <stdatomic.h>

enum { ASKERS = 3, EACH = 600, BLOCKS = 40 };

static struct fixture f;
static struct proofs *proofs;
static atomic_uint asked, answered, late;
static atomic_bool stopped;

static void count(void *context, enum state_outcome outcome, struct state_reading *reading)
{
    (void)context;
    ASSERT((reading != NULL) == (outcome == STATE_READ));
    state_reading_free(reading);
    atomic_fetch_add(&answered, 1);
    if (outcome != STATE_BUSY && atomic_load(&stopped)) atomic_fetch_add(&late, 1);
}

static void wish(uint64_t number)
{
    struct state_question question = { .kind = RECORD_WINDOW, .not_after_ms = FIXTURE_TIME };
    struct id reference = sample_id("lost", number);
    question.key_size = (uint16_t)window_key(&f.cast[ALICE], &reference, question.key);
    const struct absence_wish made = { .source = sample_id("source", number % 50),
                                       .txid = sample_digest("lost", number),
                                       .not_after_ms = FIXTURE_TIME + number % 7000,
                                       .question = &question };
    proofs_wish(proofs, &made);
    state_reading_free(proofs_absence(proofs, &made.txid));
}

static void *ask(void *context)
{
    uint64_t first = *(const uint64_t *)context;
    for (uint64_t i = first; i < first + EACH; i++) {
        struct state_question question = { .kind = RECORD_ACCOUNT, .key_size = 16 };
        memcpy(question.key, f.cast[i % CAST_COUNT].bytes, 16);
        if (!proofs_ask(proofs, &question, count, NULL)) return NULL;
        atomic_fetch_add(&asked, 1);
        wish(i);
        (void)proofs_tick(proofs, FIXTURE_TIME + i);
    }
    return NULL;
}

/* The ledger's thread: a block, then what was asked. */
static void *execute(void *context)
{
    (void)context;
    for (unsigned i = 0; i < BLOCKS; i++) {
        f.tick = true;
        fixture_run(&f);
        proofs_on_block(proofs, ledger_head(f.ledger)->header.time_ms);
        for (unsigned k = 0; k < 8 && proofs_waiting(proofs); k++)
            proofs_run(proofs, f.ledger);
    }
    return NULL;
}

int main(void)
{
    pthread_t askers[ASKERS], ledger;
    static const uint64_t first[ASKERS] = { 0, 1000, 2000 };
    fixture_start(&f);
    proofs = proofs_new();
    ASSERT(proofs != NULL);
    int code = pthread_create(&ledger, NULL, execute, NULL);
    ASSERT(code == 0);
    for (unsigned i = 0; i < ASKERS; i++) {
        code = pthread_create(&askers[i], NULL, ask, (void *)(uintptr_t)&first[i]);
        ASSERT(code == 0);
    }
    while (atomic_load(&answered) < ASKERS * EACH / 2 && atomic_load(&asked) < ASKERS * EACH)
        usleep(1000);
    proofs_stop(proofs);
    atomic_store(&stopped, true);
    for (unsigned i = 0; i < ASKERS; i++)
        pthread_join(askers[i], NULL);
    pthread_join(ledger, NULL);
    ASSERT(atomic_load(&asked) == atomic_load(&answered));
    ASSERT(atomic_load(&late) == 0);
    proofs_free(proofs);
    fixture_stop(&f);
    return 0;
}
