#include "node/proofs.h"

#include <pthread.h>
#include <stdlib.h>

struct asked {
    struct state_question question;
    state_done *done;
    void *context;
};

struct wish {
    struct id source;
    struct digest txid;
    uint64_t not_after_ms;
    struct state_question question;
    bool due;                      /* a block is later than not_after */
    struct state_reading *reading; /* taken */
    uint64_t number;               /* wishes in the order of their readings */
};

struct proofs {
    pthread_mutex_t lock;
    pthread_mutex_t turn; /* while questions are answered */
    bool stopped;
    struct asked asked[PROOFS_ASKED_MAX]; /* a ring */
    uint32_t first, count;
    uint32_t wish_count;
    uint32_t due_count;
    uint64_t readings;
    struct wish wishes[PROOFS_WISHES_MAX];
};

struct proofs *proofs_new(void)
{
    struct proofs *proofs = calloc(1, sizeof *proofs);
    if (!proofs) return NULL;
    if (pthread_mutex_init(&proofs->lock, NULL) != 0) {
        free(proofs);
        return NULL;
    }
    if (pthread_mutex_init(&proofs->turn, NULL) == 0) return proofs;
    pthread_mutex_destroy(&proofs->lock);
    free(proofs);
    return NULL;
}

void proofs_free(struct proofs *proofs)
{
    if (!proofs) return;
    ASSERT(proofs->count == 0);
    for (uint32_t i = 0; i < proofs->wish_count; i++)
        state_reading_free(proofs->wishes[i].reading);
    pthread_mutex_destroy(&proofs->turn);
    pthread_mutex_destroy(&proofs->lock);
    free(proofs);
}

/* ---- questions ------------------------------------------------------------------------------- */

bool proofs_ask(struct proofs *proofs, const struct state_question *question, state_done *done,
                void *context)
{
    pthread_mutex_lock(&proofs->lock);
    bool stopped = proofs->stopped;
    bool room = !stopped && proofs->count < PROOFS_ASKED_MAX;
    if (room) {
        uint32_t at = (proofs->first + proofs->count++) % PROOFS_ASKED_MAX;
        proofs->asked[at] = (struct asked){ *question, done, context };
    }
    pthread_mutex_unlock(&proofs->lock);
    if (!stopped && !room) done(context, STATE_BUSY, NULL);
    return !stopped;
}

static bool take_asked(struct proofs *proofs, struct asked *asked)
{
    pthread_mutex_lock(&proofs->lock);
    bool any = proofs->count > 0;
    if (any) {
        *asked = proofs->asked[proofs->first];
        proofs->first = (proofs->first + 1) % PROOFS_ASKED_MAX;
        proofs->count--;
    }
    pthread_mutex_unlock(&proofs->lock);
    return any;
}

static void answer(struct ledger *ledger, const struct asked *asked)
{
    struct problem problem = { .status = STATUS_OK };
    struct state_reading *reading = NULL;
    enum state_outcome outcome = STATE_FAILED;
    switch (ledger_read_state(ledger, &asked->question, &reading, &problem)) {
    case STATUS_OK: outcome = STATE_READ; break;
    case STATUS_NOT_FOUND: outcome = STATE_NONE; break;
    default: break; /* A ledger that cannot be read ends the node at its next block. */
    }
    asked->done(asked->context, outcome, reading);
}

/* ---- wishes ---------------------------------------------------------------------------------- */

/* Below here, functions without `proofs_` in their name want the lock held. */

static struct wish *find_source(struct proofs *proofs, const struct id *source)
{
    for (uint32_t i = 0; i < proofs->wish_count; i++)
        if (id_equal(&proofs->wishes[i].source, source)) return &proofs->wishes[i];
    return NULL;
}

static void clear(struct proofs *proofs, struct wish *wish)
{
    if (wish->due && !wish->reading) proofs->due_count--;
    state_reading_free(wish->reading);
    *wish = (struct wish){ .due = false };
}

/* A place for one more source. */
static struct wish *make_room(struct proofs *proofs)
{
    struct wish *oldest = NULL;
    if (proofs->wish_count < PROOFS_WISHES_MAX) return &proofs->wishes[proofs->wish_count++];
    for (uint32_t i = 0; i < proofs->wish_count; i++) {
        struct wish *wish = &proofs->wishes[i];
        if (wish->reading && (!oldest || wish->number < oldest->number)) oldest = wish;
    }
    if (oldest) clear(proofs, oldest);
    return oldest;
}

void proofs_wish(struct proofs *proofs, const struct absence_wish *wish)
{
    pthread_mutex_lock(&proofs->lock);
    struct wish *place = find_source(proofs, &wish->source);
    if (!place || !digest_equal(&place->txid, &wish->txid)) {
        if (place)
            clear(proofs, place);
        else
            place = make_room(proofs);
        if (place)
            *place = (struct wish){ .source = wish->source,
                                    .txid = wish->txid,
                                    .not_after_ms = wish->not_after_ms,
                                    .question = *wish->question };
    }
    pthread_mutex_unlock(&proofs->lock);
}

static struct state_reading *copy(const struct state_reading *reading)
{
    struct state_reading *made = malloc(sizeof *made);
    uint8_t *value = malloc(reading->value_size ? reading->value_size : 1);
    if (!made || !value) {
        free(made);
        free(value);
        return NULL;
    }
    *made = *reading;
    made->value = value;
    if (reading->value_size > 0) memcpy(value, reading->value, reading->value_size);
    return made;
}

struct state_reading *proofs_absence(struct proofs *proofs, const struct digest *txid)
{
    struct state_reading *made = NULL;
    pthread_mutex_lock(&proofs->lock);
    for (uint32_t i = 0; i < proofs->wish_count && !made; i++) {
        const struct wish *wish = &proofs->wishes[i];
        if (wish->reading && digest_equal(&wish->txid, txid)) made = copy(wish->reading);
    }
    pthread_mutex_unlock(&proofs->lock);
    return made;
}

void proofs_on_block(struct proofs *proofs, uint64_t time_ms)
{
    pthread_mutex_lock(&proofs->lock);
    for (uint32_t i = 0; i < proofs->wish_count; i++) {
        struct wish *wish = &proofs->wishes[i];
        if (wish->due || wish->not_after_ms >= time_ms) continue;
        wish->due = true;
        proofs->due_count++;
    }
    pthread_mutex_unlock(&proofs->lock);
}

uint64_t proofs_tick(struct proofs *proofs, uint64_t wall_ms)
{
    uint64_t latest = 0;
    pthread_mutex_lock(&proofs->lock);
    for (uint32_t i = 0; i < proofs->wish_count; i++) {
        const struct wish *wish = &proofs->wishes[i];
        if (!wish->due && !wish->reading && wish->not_after_ms < wall_ms)
            latest = max_u64(latest, wish->not_after_ms);
    }
    pthread_mutex_unlock(&proofs->lock);
    return latest;
}

static bool take_due(struct proofs *proofs, struct state_question *question, struct digest *txid)
{
    bool found = false;
    pthread_mutex_lock(&proofs->lock);
    for (uint32_t i = 0; i < proofs->wish_count && proofs->due_count > 0 && !found; i++) {
        const struct wish *wish = &proofs->wishes[i];
        found = wish->due && !wish->reading;
        if (!found) continue;
        *question = wish->question;
        *txid = wish->txid;
    }
    pthread_mutex_unlock(&proofs->lock);
    return found;
}

/* The wish may be gone by now. reading NULL: it could not be taken, and is not tried again. */
static void proofs_keep(struct proofs *proofs, const struct digest *txid,
                        struct state_reading *reading)
{
    pthread_mutex_lock(&proofs->lock);
    for (uint32_t i = 0; i < proofs->wish_count; i++) {
        struct wish *wish = &proofs->wishes[i];
        if (!wish->due || wish->reading || !digest_equal(&wish->txid, txid)) continue;
        if (reading) {
            wish->reading = reading;
            wish->number = ++proofs->readings;
            proofs->due_count--;
            reading = NULL;
        } else {
            clear(proofs, wish);
        }
        break;
    }
    pthread_mutex_unlock(&proofs->lock);
    state_reading_free(reading);
}

/* ---- the ledger's turn ----------------------------------------------------------------------- */

bool proofs_waiting(struct proofs *proofs)
{
    pthread_mutex_lock(&proofs->lock);
    bool waiting = proofs->count > 0 || proofs->due_count > 0;
    pthread_mutex_unlock(&proofs->lock);
    return waiting;
}

void proofs_run(struct proofs *proofs, struct ledger *ledger)
{
    struct asked asked;
    struct state_question question;
    struct digest txid;
    unsigned done = 0;
    /* Half of a turn is for wishes, so that neither waits for the other for ever. */
    for (; done < PROOFS_RUN_MAX / 2 && take_due(proofs, &question, &txid); done++) {
        struct problem problem = { .status = STATUS_OK };
        struct state_reading *reading = NULL;
        (void)ledger_read_state(ledger, &question, &reading, &problem);
        proofs_keep(proofs, &txid, reading);
    }
    pthread_mutex_lock(&proofs->turn);
    for (; done < PROOFS_RUN_MAX && take_asked(proofs, &asked); done++)
        answer(ledger, &asked);
    pthread_mutex_unlock(&proofs->turn);
}

void proofs_stop(struct proofs *proofs)
{
    struct asked asked;
    pthread_mutex_lock(&proofs->lock);
    proofs->stopped = true;
    pthread_mutex_unlock(&proofs->lock);
    pthread_mutex_lock(&proofs->turn); /* No answer is under way any more, nor will be. */
    while (take_asked(proofs, &asked))
        asked.done(asked.context, STATE_DRAINING, NULL);
    pthread_mutex_unlock(&proofs->turn);
}
