/* rpc/waiters.c -- requests that wait for something to happen in the ledger. */
#include "rpc/waiters.h"

#include "ledger/prove_reading.h"
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

enum { BUCKETS = 1024 };

struct waiter {
    struct waiters *owner;
    struct waiter *previous, *next; /* in the list of all */
    struct waiter *bucket_next;     /* WAIT_TX: same bucket */
    enum wait_kind kind;
    enum wait_end end;
    uint64_t deadline_ms;
    struct rpc_request *request; /* armed: to be woken */
    bool dropped;                /* the request is gone, the node's answer is still to come */
    bool expected;               /* the node's answer is still to come */

    uint64_t
        height;  /* WAIT_HEIGHT, WAIT_SEALED: wanted; WAIT_TX: where it was found, 0 = not yet */
    bool sealed; /* WAIT_TX: the seal is wanted too */
    struct digest txid;
    uint64_t not_after_ms;
    bool has_place;
    struct tx_place place;
    struct submit_outcome outcome; /* WAIT_SUBMIT */
    struct waiter *then;           /* WAIT_SUBMIT: who waits on when it is admitted, or NULL */
    enum read_outcome read;        /* WAIT_READ */
    enum state_outcome state;      /* WAIT_STATE */
    struct state_reading *reading; /* WAIT_STATE: until somebody takes it */
};

struct waiters {
    pthread_mutex_t lock;
    waiters_wake *wake;
    void *context;
    uint32_t waiters_max, submits_max;
    uint32_t waiting, submitting;
    bool stopped;
    struct rpc_head head;
    struct waiter *first;
    struct waiter *buckets[BUCKETS];
    uint8_t key[crypto_shorthash_KEYBYTES];
};

struct waiters *waiters_new(uint32_t waiters_max, uint32_t submits_max, waiters_wake *wake,
                            void *context)
{
    struct waiters *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    if (pthread_mutex_init(&w->lock, NULL) != 0) {
        free(w);
        return NULL;
    }
    w->wake = wake;
    w->context = context;
    w->waiters_max = waiters_max;
    w->submits_max = submits_max;
    random_bytes(w->key, sizeof w->key);
    return w;
}

void waiters_limit(struct waiters *w, uint32_t waiters_max)
{
    pthread_mutex_lock(&w->lock);
    w->waiters_max = waiters_max;
    pthread_mutex_unlock(&w->lock);
}

static void free_waiter(struct waiter *waiter)
{
    state_reading_free(waiter->reading);
    free(waiter);
}

void waiters_free(struct waiters *w)
{
    if (!w) return;
    while (w->first) {
        struct waiter *waiter = w->first;
        ASSERT(waiter->dropped);
        w->first = waiter->next;
        free_waiter(waiter);
    }
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static struct waiter **bucket_of(struct waiters *w, const struct digest *txid)
{
    uint8_t hash[crypto_shorthash_BYTES];
    crypto_shorthash(hash, txid->bytes, sizeof txid->bytes, w->key);
    return &w->buckets[load_u16(hash) % BUCKETS];
}

void waiters_head(struct waiters *w, struct rpc_head *head)
{
    pthread_mutex_lock(&w->lock);
    *head = w->head;
    pthread_mutex_unlock(&w->lock);
}

void waiters_head_set(struct waiters *w, const struct rpc_head *head)
{
    pthread_mutex_lock(&w->lock);
    w->head = *head;
    pthread_mutex_unlock(&w->lock);
}

uint32_t waiters_count(struct waiters *w)
{
    pthread_mutex_lock(&w->lock);
    uint32_t count = w->waiting;
    pthread_mutex_unlock(&w->lock);
    return count;
}

/* Below here, functions in lower case verbs alone (`link`, `finish`) want the lock held. */

/* Does it wait for an answer of the node's, which comes in any case? */
static bool asks_node(enum wait_kind kind)
{
    return kind == WAIT_SUBMIT || kind == WAIT_READ || kind == WAIT_STATE;
}

static bool take_place(struct waiters *w, enum wait_kind kind)
{
    if (asks_node(kind)) {
        if (w->submitting == w->submits_max) return false;
        w->submitting++;
    } else {
        if (w->waiting >= w->waiters_max) return false;
        w->waiting++;
    }
    return true;
}

static void link_waiter(struct waiters *w, struct waiter *waiter)
{
    waiter->next = w->first;
    if (w->first) w->first->previous = waiter;
    w->first = waiter;
    if (waiter->kind != WAIT_TX) return;
    struct waiter **bucket = bucket_of(w, &waiter->txid);
    waiter->bucket_next = *bucket;
    *bucket = waiter;
}

static void unlink_waiter(struct waiters *w, struct waiter *waiter)
{
    if (waiter->previous)
        waiter->previous->next = waiter->next;
    else
        w->first = waiter->next;
    if (waiter->next) waiter->next->previous = waiter->previous;
    if (asks_node(waiter->kind)) {
        w->submitting--;
        return;
    }
    w->waiting--;
    if (waiter->kind != WAIT_TX) return;
    struct waiter **link = bucket_of(w, &waiter->txid);
    while (*link != waiter)
        link = &(*link)->bucket_next;
    *link = waiter->bucket_next;
}

static void finish(struct waiters *w, struct waiter *waiter, enum wait_end end)
{
    if (waiter->end != WAIT_GOES_ON) return;
    waiter->end = end;
    struct rpc_request *request = waiter->request;
    waiter->request = NULL;
    if (request) w->wake(w->context, request);
}

static struct waiter *add(struct waiters *w, const struct waiter *model)
{
    struct waiter *waiter = malloc(sizeof *waiter);
    if (!waiter) return NULL;
    *waiter = *model;
    waiter->owner = w;
    pthread_mutex_lock(&w->lock);
    bool placed = take_place(w, waiter->kind);
    if (placed) {
        if (w->stopped) waiter->end = WAIT_STOPPED;
        if (waiter->kind == WAIT_HEIGHT && w->head.height >= waiter->height)
            waiter->end = WAIT_HAPPENED;
        if (waiter->kind == WAIT_SEALED && w->head.sealed_height >= waiter->height)
            waiter->end = WAIT_HAPPENED;
        link_waiter(w, waiter);
    }
    pthread_mutex_unlock(&w->lock);
    if (placed) return waiter;
    free(waiter);
    return NULL;
}

struct waiter *waiters_add_submit(struct waiters *w, uint64_t deadline_ms)
{
    struct waiter model = { .kind = WAIT_SUBMIT, .deadline_ms = deadline_ms, .expected = true };
    return add(w, &model);
}

struct waiter *waiters_add_read(struct waiters *w, uint64_t deadline_ms)
{
    struct waiter model = { .kind = WAIT_READ, .deadline_ms = deadline_ms, .expected = true };
    return add(w, &model);
}

struct waiter *waiters_add_state(struct waiters *w, uint64_t deadline_ms)
{
    struct waiter model = { .kind = WAIT_STATE, .deadline_ms = deadline_ms, .expected = true };
    return add(w, &model);
}

struct waiter *waiters_add_sealed(struct waiters *w, uint64_t height, uint64_t deadline_ms)
{
    struct waiter model = { .kind = WAIT_SEALED, .deadline_ms = deadline_ms, .height = height };
    return add(w, &model);
}

struct waiter *waiters_add_height(struct waiters *w, uint64_t height, uint64_t deadline_ms)
{
    struct waiter model = { .kind = WAIT_HEIGHT, .deadline_ms = deadline_ms, .height = height };
    return add(w, &model);
}

struct waiter *waiters_add_tx(struct waiters *w, const struct digest *txid, uint64_t not_after_ms,
                              bool sealed, uint64_t deadline_ms)
{
    struct waiter model = { .kind = WAIT_TX,
                            .deadline_ms = deadline_ms,
                            .txid = *txid,
                            .not_after_ms = not_after_ms,
                            .sealed = sealed };
    return add(w, &model);
}

void waiter_then(struct waiter *submission, struct waiter *then)
{
    ASSERT(submission->kind == WAIT_SUBMIT);
    ASSERT(then->kind == WAIT_TX);
    submission->then = then;
}

/* Admitted, and the end is not there yet: nobody has to be woken for that. */
static void pass_on(struct waiter *submission)
{
    struct waiter *then = submission->then;
    bool admitted = submission->outcome.kind == SUBMIT_ADMITTED;
    if (!then || !admitted || then->end != WAIT_GOES_ON) return;
    then->request = submission->request;
    submission->request = NULL;
}

void waiter_set_height(struct waiter *waiter, uint64_t height)
{
    struct waiters *w = waiter->owner;
    pthread_mutex_lock(&w->lock);
    ASSERT(waiter->kind == WAIT_TX);
    waiter->height = height;
    if (!waiter->sealed || w->head.sealed_height >= height) finish(w, waiter, WAIT_HAPPENED);
    pthread_mutex_unlock(&w->lock);
}

bool waiter_arm(struct waiter *waiter, struct rpc_request *request)
{
    struct waiters *w = waiter->owner;
    pthread_mutex_lock(&w->lock);
    bool sleeps = waiter->end == WAIT_GOES_ON;
    if (sleeps) waiter->request = request;
    pthread_mutex_unlock(&w->lock);
    return sleeps;
}

enum wait_end waiter_end(struct waiter *waiter)
{
    pthread_mutex_lock(&waiter->owner->lock);
    enum wait_end end = waiter->end;
    pthread_mutex_unlock(&waiter->owner->lock);
    return end;
}

bool waiter_place(struct waiter *waiter, struct tx_place *place)
{
    struct waiters *w = waiter->owner;
    pthread_mutex_lock(&w->lock);
    bool has_place = waiter->has_place;
    if (has_place) {
        *place = waiter->place;
        place->ledger_height = w->head.height;
        place->ledger_time_ms = w->head.time_ms;
        place->sealed_height = w->head.sealed_height;
    }
    pthread_mutex_unlock(&w->lock);
    return has_place;
}

const struct submit_outcome *waiter_outcome(const struct waiter *waiter)
{
    ASSERT(waiter->kind == WAIT_SUBMIT);
    ASSERT(waiter->end == WAIT_HAPPENED);
    return &waiter->outcome;
}

enum read_outcome waiter_read_outcome(const struct waiter *waiter)
{
    ASSERT(waiter->kind == WAIT_READ);
    ASSERT(waiter->end == WAIT_HAPPENED);
    return waiter->read;
}

enum state_outcome waiter_state(struct waiter *waiter, struct state_reading **reading)
{
    ASSERT(waiter->kind == WAIT_STATE);
    ASSERT(waiter->end == WAIT_HAPPENED);
    *reading = waiter->reading;
    waiter->reading = NULL;
    return waiter->state;
}

void waiter_drop(struct waiter *waiter)
{
    struct waiters *w = waiter->owner;
    pthread_mutex_lock(&w->lock);
    bool kept = waiter->expected;
    if (kept) {
        waiter->dropped = true;
        waiter->request = NULL;
    } else {
        unlink_waiter(w, waiter);
    }
    pthread_mutex_unlock(&w->lock);
    if (!kept) free_waiter(waiter);
}

/* What the node has to say; of each kind of waiter one member. */
struct answer {
    const struct submit_outcome *outcome;
    enum read_outcome read;
    enum state_outcome state;
    struct state_reading *reading; /* handed over */
};

/* The node's last word; frees the waiter if its request is gone. */
static void settle(struct waiter *waiter, enum wait_kind kind, const struct answer *answer)
{
    struct waiters *w = waiter->owner;
    pthread_mutex_lock(&w->lock);
    ASSERT(waiter->kind == kind);
    ASSERT(waiter->expected);
    waiter->expected = false;
    waiter->reading = answer->reading;
    bool dropped = waiter->dropped;
    if (dropped) {
        unlink_waiter(w, waiter);
    } else if (waiter->end == WAIT_GOES_ON) {
        if (answer->outcome) waiter->outcome = *answer->outcome;
        waiter->read = answer->read;
        waiter->state = answer->state;
        pass_on(waiter);
        finish(w, waiter, WAIT_HAPPENED);
    }
    pthread_mutex_unlock(&w->lock);
    if (dropped) free_waiter(waiter);
}

void waiter_submitted(void *waiter, const struct submit_outcome *outcome)
{
    settle(waiter, WAIT_SUBMIT, &(struct answer){ .outcome = outcome });
}

void waiter_not_submitted(struct waiter *waiter)
{
    struct submit_outcome outcome = { .kind = SUBMIT_UNAVAILABLE, .reason = "draining" };
    settle(waiter, WAIT_SUBMIT, &(struct answer){ .outcome = &outcome });
}

void waiter_read_done(void *waiter, enum read_outcome outcome)
{
    settle(waiter, WAIT_READ, &(struct answer){ .read = outcome });
}

void waiter_not_read(struct waiter *waiter)
{
    settle(waiter, WAIT_READ, &(struct answer){ .read = READ_DRAINING });
}

void waiter_state_done(void *waiter, enum state_outcome outcome, struct state_reading *reading)
{
    settle(waiter, WAIT_STATE, &(struct answer){ .state = outcome, .reading = reading });
}

void waiter_not_proven(struct waiter *waiter)
{
    settle(waiter, WAIT_STATE, &(struct answer){ .state = STATE_DRAINING });
}

static bool head_before(const struct rpc_head *head, const struct waiter *waiter)
{
    return waiter->not_after_ms == 0 || head->time_ms <= waiter->not_after_ms;
}

static void finish_entry(struct waiters *w, const struct rpc_entry *entry)
{
    for (struct waiter *it = *bucket_of(w, &entry->txid); it; it = it->bucket_next) {
        if (it->end != WAIT_GOES_ON || it->height != 0) continue;
        if (!digest_equal(&it->txid, &entry->txid)) continue;
        it->height = w->head.height;
        it->has_place = true;
        it->place = (struct tx_place){ .found = true,
                                       .position = position_of(w->head.height, entry->entry, 0),
                                       .code = entry->code,
                                       .at = entry->at,
                                       .block_time_ms = w->head.time_ms,
                                       .block_hash = w->head.hash };
        if (!it->sealed) finish(w, it, WAIT_HAPPENED);
    }
}

/* One walk over all waiters; there are at most waiters_max of them. */
static void finish_reached(struct waiters *w)
{
    for (struct waiter *it = w->first; it; it = it->next) {
        if (it->kind == WAIT_HEIGHT && w->head.height >= it->height) finish(w, it, WAIT_HAPPENED);
        if (it->kind == WAIT_SEALED && w->head.sealed_height >= it->height)
            finish(w, it, WAIT_HAPPENED);
        if (it->kind != WAIT_TX) continue;
        if (it->height == 0 && !head_before(&w->head, it)) finish(w, it, WAIT_CHECK);
        if (it->height != 0 && w->head.sealed_height >= it->height) finish(w, it, WAIT_HAPPENED);
    }
}

void waiters_on_block(struct waiters *w, const struct rpc_head *head,
                      const struct rpc_entry *entries, size_t count)
{
    pthread_mutex_lock(&w->lock);
    if (head->height > w->head.height || w->head.height == 0) {
        uint64_t sealed_height = max_u64(w->head.sealed_height, head->sealed_height);
        w->head = *head;
        w->head.sealed_height = sealed_height;
    }
    for (size_t i = 0; i < count && w->waiting > 0; i++)
        finish_entry(w, &entries[i]);
    if (w->waiting > 0) finish_reached(w);
    pthread_mutex_unlock(&w->lock);
}

void waiters_on_sealed(struct waiters *w, uint64_t sealed_height)
{
    pthread_mutex_lock(&w->lock);
    w->head.sealed_height = max_u64(w->head.sealed_height, sealed_height);
    if (w->waiting > 0) finish_reached(w);
    pthread_mutex_unlock(&w->lock);
}

uint64_t waiters_sweep(struct waiters *w, uint64_t now_ms)
{
    uint64_t next = UINT64_MAX;
    pthread_mutex_lock(&w->lock);
    for (struct waiter *it = w->first; it; it = it->next) {
        if (it->deadline_ms == 0 || it->end != WAIT_GOES_ON) continue;
        if (it->deadline_ms <= now_ms)
            finish(w, it, WAIT_TIMEOUT);
        else
            next = min_u64(next, it->deadline_ms);
    }
    pthread_mutex_unlock(&w->lock);
    return next;
}

uint64_t waiters_not_after(struct waiters *w)
{
    uint64_t least = 0;
    pthread_mutex_lock(&w->lock);
    for (struct waiter *it = w->first; it; it = it->next) {
        if (it->kind != WAIT_TX || it->height != 0 || it->not_after_ms == 0) continue;
        if (least == 0 || it->not_after_ms < least) least = it->not_after_ms;
    }
    pthread_mutex_unlock(&w->lock);
    return least;
}

void waiters_stop(struct waiters *w)
{
    pthread_mutex_lock(&w->lock);
    w->stopped = true;
    for (struct waiter *it = w->first; it; it = it->next)
        finish(w, it, WAIT_STOPPED);
    pthread_mutex_unlock(&w->lock);
}
