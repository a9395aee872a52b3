/* tests/unit/rpc/fake_node.h -- a node without consensus, for tests of the RPC.
 *
 * It keeps a small table of transactions, admits or refuses what is submitted as the test says, and
 * makes a block when the test asks for one. Everything is behind one mutex, as in a real node.
 */
#ifndef TESTS_RPC_FAKE_NODE_H
#define TESTS_RPC_FAKE_NODE_H

#include "ledger/prove_reading.h"
#include "rpc/request.h"
#include "rpc/server.h"
#include "tests/unit/format/samples.h"

#include <pthread.h>
#include <stdio.h>

enum fake_mode {
    FAKE_ADMIT,       /* into the pool */
    FAKE_COMMIT,      /* into the pool, and a block of its own at once */
    FAKE_REFUSE,      /* with fake->refusal */
    FAKE_HOLD,        /* no answer until fake_release */
    FAKE_UNAVAILABLE, /* with `catching_up` */
    FAKE_BUSY,
    FAKE_STOPPING, /* submit and read return false */
};

enum { FAKE_TXS_MAX = 20000, FAKE_HELD_MAX = 64 };

struct fake_tx {
    struct digest txid;
    uint64_t not_after_ms;
    bool committed;
    struct tx_place place;
};

struct fake_held {
    submit_done *done;
    void *context;
    struct digest txid;
};

struct fake_node {
    struct rpc_backend backend;
    struct genesis *genesis;
    struct rpc_server *server; /* news go there; may be NULL */
    struct waiters *waiters;   /* or there */
    pthread_mutex_t lock;
    struct node_view view;
    enum fake_mode mode;
    struct refusal refusal;
    uint32_t tx_count;
    struct fake_tx *txs;
    uint32_t held_count;
    struct fake_held held[FAKE_HELD_MAX];
    enum read_outcome read; /* how reads end; with FAKE_HOLD one is kept instead ... */
    read_done *read_done;   /* ... here */
    void *read_context;
    uint64_t read_timeout_ms; /* of the last one */
    struct ledger *ledger;    /* that readings are taken of */
    enum state_outcome state; /* how they end; with FAKE_HOLD one is kept instead ... */
    state_done *state_done;   /* ... here */
    void *state_context;
    struct state_question state_question;
    uint32_t proves, wishes;
    struct digest wished; /* the last wish */
    struct state_question wished_question;
    struct state_reading *kept; /* for it */
    uint64_t now_ms;
    uint32_t submits, ticks, shutdowns;
    char level[16];
};

static inline struct fake_tx *fake_find(struct fake_node *f, const struct digest *txid)
{
    for (uint32_t i = 0; i < f->tx_count; i++)
        if (digest_equal(&f->txs[i].txid, txid)) return &f->txs[i];
    return NULL;
}

static inline void fake_view(void *context, struct node_view *view)
{
    struct fake_node *f = context;
    pthread_mutex_lock(&f->lock);
    *view = f->view;
    pthread_mutex_unlock(&f->lock);
}

static inline bool fake_pending(void *context, const struct digest *txid, uint64_t *not_after_ms)
{
    struct fake_node *f = context;
    pthread_mutex_lock(&f->lock);
    const struct fake_tx *tx = fake_find(f, txid);
    bool pending = tx && !tx->committed;
    if (pending) *not_after_ms = tx->not_after_ms;
    pthread_mutex_unlock(&f->lock);
    return pending;
}

static inline enum status fake_find_tx(void *context, struct ledger_reader *reader,
                                       const struct digest *txid, struct tx_place *place)
{
    struct fake_node *f = context;
    (void)reader;
    pthread_mutex_lock(&f->lock);
    const struct fake_tx *tx = fake_find(f, txid);
    if (tx && tx->committed) *place = tx->place;
    place->ledger_height = f->view.height;
    place->ledger_time_ms = f->view.block_time_ms;
    place->sealed_height = f->view.sealed_height;
    pthread_mutex_unlock(&f->lock);
    return STATUS_OK;
}

static inline void fake_news(struct fake_node *f, const struct rpc_entry *entry, size_t count)
{
    const struct node_view *v = &f->view;
    const struct rpc_head head = { .height = v->height,
                                   .time_ms = v->block_time_ms,
                                   .sealed_height = v->sealed_height,
                                   .hash = v->block_hash };
    if (f->server)
        rpc_on_block(f->server, v->height, v->block_time_ms, &v->block_hash, v->sealed_height,
                     entry, count);
    if (f->waiters) waiters_on_block(f->waiters, &head, entry, count);
}

/* The next block: empty (txid NULL) or with one transaction of this result. */
static inline void fake_block(struct fake_node *f, const struct digest *txid, uint16_t code)
{
    pthread_mutex_lock(&f->lock);
    f->view.height++;
    f->view.block_time_ms = max_u64(f->view.block_time_ms + 1, f->now_ms);
    f->view.block_hash = sample_digest("block", f->view.height);
    struct fake_tx *tx = txid ? fake_find(f, txid) : NULL;
    struct rpc_entry entry = { .code = code };
    if (tx) {
        entry.txid = *txid;
        tx->committed = true;
        tx->place = (struct tx_place){ .found = true,
                                       .position = position_of(f->view.height, 0, 0),
                                       .code = code,
                                       .block_time_ms = f->view.block_time_ms,
                                       .block_hash = f->view.block_hash };
        if (code != RESULT_ok) { /* u16 1 | kind 7 | what 1 available | i64 25 */
            static const uint8_t effects[] = { 1, 0, 7, 1, 25, 0, 0, 0, 0, 0, 0, 0 };
            memcpy(tx->place.effects, effects, sizeof effects);
            tx->place.effects_size = sizeof effects;
        }
    }
    fake_news(f, &entry, tx ? 1 : 0);
    pthread_mutex_unlock(&f->lock);
}

static inline void fake_seal(struct fake_node *f)
{
    pthread_mutex_lock(&f->lock);
    f->view.sealed_height = f->view.height;
    uint64_t height = f->view.height;
    pthread_mutex_unlock(&f->lock);
    if (f->server) rpc_on_sealed(f->server, height);
    if (f->waiters) waiters_on_sealed(f->waiters, height);
}

static inline struct fake_tx *fake_add(struct fake_node *f, const struct digest *txid,
                                       uint64_t not_after_ms)
{
    ASSERT(f->tx_count < FAKE_TXS_MAX);
    f->txs[f->tx_count] = (struct fake_tx){ .txid = *txid, .not_after_ms = not_after_ms };
    return &f->txs[f->tx_count++];
}

static inline void fake_judge(struct fake_node *f, const struct transaction *tx, bool decodes,
                              struct submit_outcome *outcome)
{
    *outcome = (struct submit_outcome){ .txid = tx->txid };
    if (!decodes && f->mode <= FAKE_REFUSE) {
        outcome->kind = SUBMIT_REFUSED;
        outcome->refusal = (struct refusal){ .code = REFUSAL_tx_malformed, .operation = 255 };
        return;
    }
    switch (f->mode) {
    case FAKE_ADMIT:
    case FAKE_COMMIT: outcome->kind = SUBMIT_ADMITTED; break;
    case FAKE_REFUSE:
        outcome->kind = SUBMIT_REFUSED;
        outcome->refusal = f->refusal;
        break;
    case FAKE_UNAVAILABLE:
        outcome->kind = SUBMIT_UNAVAILABLE;
        outcome->reason = "catching_up";
        break;
    default: outcome->kind = SUBMIT_BUSY; break;
    }
}

static inline bool fake_submit(void *context, struct blob *blob, submit_done *done,
                               void *done_context)
{
    struct fake_node *f = context;
    struct transaction *tx = calloc(1, sizeof *tx);
    ASSERT(tx);
    bool decodes = transaction_decode(blob_span(blob), tx, NULL) == STATUS_OK;
    pthread_mutex_lock(&f->lock);
    f->submits++;
    enum fake_mode mode = f->mode;
    struct submit_outcome outcome;
    fake_judge(f, tx, decodes, &outcome);
    if (outcome.kind == SUBMIT_ADMITTED) fake_add(f, &tx->txid, tx->not_after_ms);
    if (mode == FAKE_HOLD) {
        ASSERT(f->held_count < FAKE_HELD_MAX);
        f->held[f->held_count++] = (struct fake_held){ done, done_context, tx->txid };
    }
    pthread_mutex_unlock(&f->lock);
    struct digest txid = tx->txid;
    free(tx);
    if (mode == FAKE_STOPPING) return false;
    if (mode != FAKE_HOLD) done(done_context, &outcome);
    if (mode == FAKE_COMMIT && decodes) fake_block(f, &txid, RESULT_ok);
    return true;
}

/* Answers what FAKE_HOLD kept. */
static inline void fake_release(struct fake_node *f)
{
    pthread_mutex_lock(&f->lock);
    struct fake_held held[FAKE_HELD_MAX];
    uint32_t count = f->held_count;
    memcpy(held, f->held, sizeof held);
    f->held_count = 0;
    pthread_mutex_unlock(&f->lock);
    for (uint32_t i = 0; i < count; i++) {
        const struct submit_outcome outcome = { .kind = SUBMIT_ADMITTED, .txid = held[i].txid };
        held[i].done(held[i].context, &outcome);
    }
}

static inline bool fake_read(void *context, uint64_t timeout_ms, read_done *done,
                             void *done_context)
{
    struct fake_node *f = context;
    f->read_timeout_ms = timeout_ms;
    if (f->mode == FAKE_STOPPING) return false;
    if (f->mode == FAKE_HOLD) {
        f->read_done = done;
        f->read_context = done_context;
    } else {
        done(done_context, f->read);
    }
    return true;
}

/* Readings come from a ledger, if the test has given one; fake_release_state answers what FAKE_HOLD
 * kept. */
static inline void fake_answer_state(struct fake_node *f, const struct state_question *question,
                                     state_done *done, void *done_context)
{
    struct state_reading *reading = NULL;
    struct problem problem = { .status = STATUS_OK };
    enum state_outcome outcome = f->ledger ? f->state : STATE_FAILED;
    if (outcome == STATE_READ) {
        enum status status = ledger_read_state(f->ledger, question, &reading, &problem);
        if (status != STATUS_OK) outcome = status == STATUS_NOT_FOUND ? STATE_NONE : STATE_FAILED;
    }
    done(done_context, outcome, reading);
}

static inline bool fake_prove(void *context, const struct state_question *question,
                              state_done *done, void *done_context)
{
    struct fake_node *f = context;
    f->proves++;
    if (f->mode == FAKE_STOPPING) return false;
    if (f->mode == FAKE_HOLD) {
        f->state_question = *question;
        f->state_done = done;
        f->state_context = done_context;
    } else {
        fake_answer_state(f, question, done, done_context);
    }
    return true;
}

static inline void fake_release_state(struct fake_node *f)
{
    ASSERT(f->state_done != NULL);
    fake_answer_state(f, &f->state_question, f->state_done, f->state_context);
    f->state_done = NULL;
}

static inline void fake_wish_absence(void *context, const struct absence_wish *wish)
{
    struct fake_node *f = context;
    f->wishes++;
    f->wished = wish->txid;
    f->wished_question = *wish->question;
}

/* What a test has put there. */
static inline struct state_reading *fake_absence(void *context, const struct digest *txid)
{
    struct fake_node *f = context;
    if (!f->kept || !digest_equal(txid, &f->wished)) return NULL;
    struct state_reading *reading = f->kept;
    f->kept = NULL;
    return reading;
}

static inline void fake_tick_wish(void *context, uint64_t not_after_ms)
{
    struct fake_node *f = context;
    (void)not_after_ms;
    pthread_mutex_lock(&f->lock);
    f->ticks++;
    pthread_mutex_unlock(&f->lock);
}

static inline json_t *fake_config(void *context)
{
    (void)context;
    return json_pack("[{s:s, s:i, s:s, s:b}]", "key", "rpc.readers", "value", 4, "origin",
                     "default", "reloadable", 0);
}

static inline enum status fake_log_level_set(void *context, const char *module, const char *level)
{
    struct fake_node *f = context;
    if (module && strcmp(module, "engine") != 0) return STATUS_NOT_FOUND;
    pthread_mutex_lock(&f->lock);
    if (level) snprintf(f->level, sizeof f->level, "%s", level);
    pthread_mutex_unlock(&f->lock);
    return STATUS_OK;
}

static inline json_t *fake_log_levels(void *context)
{
    struct fake_node *f = context;
    return json_pack("{s:s}", "node", f->level);
}

static inline json_t *fake_backup(void *context, const char *directory, struct problem *problem)
{
    (void)context;
    if (strcmp(directory, "/there") == 0) {
        problem_set(problem, STATUS_EXISTS, "/there is there already");
        return NULL;
    }
    if (strcmp(directory, "/busy") == 0) {
        problem_set(problem, STATUS_BUSY, "a backup is being made");
        return NULL;
    }
    return json_pack("{s:s, s:{s:i}}", "directory", directory, "manifest", "height", 7);
}

static inline void fake_shutdown(void *context, uint64_t timeout_ms)
{
    struct fake_node *f = context;
    (void)timeout_ms;
    pthread_mutex_lock(&f->lock);
    f->shutdowns++;
    pthread_mutex_unlock(&f->lock);
}

static inline char *fake_metrics(void *context)
{
    (void)context;
    return strdup("# HELP witan_ledger_height Height.\n# TYPE witan_ledger_height gauge\n"
                  "witan_ledger_height 7\n");
}

static inline uint64_t fake_now_ms(void *context)
{
    struct fake_node *f = context;
    pthread_mutex_lock(&f->lock);
    uint64_t now_ms = f->now_ms;
    pthread_mutex_unlock(&f->lock);
    return now_ms;
}

static inline void fake_fill_view(struct fake_node *f)
{
    struct node_view *v = &f->view;
    snprintf(v->name, sizeof v->name, "bank-a");
    snprintf(v->version, sizeof v->version, "0.1.0");
    snprintf(v->revision, sizeof v->revision, "a1b2c3d");
    v->committee = f->genesis->committee;
    v->has_validator = f->genesis->committee.count > 0;
    v->validator = f->genesis->committee.validators[0].id;
    v->votes = true;
    v->sync = SYNC_SYNCED;
    v->started_ms = f->now_ms - 5000;
    v->height = v->target_height = v->sealed_height = 7;
    v->block_time_ms = f->now_ms - 1000;
    v->block_hash = sample_digest("block", 7);
    v->validators_connected = 4;
    v->vote_count = 1;
    snprintf(v->votes_seen[0].kind, sizeof v->votes_seen[0].kind, "vote");
    v->votes_seen[0].have[0] = 5;
    v->waiting_since_ms = f->now_ms;
    v->timeout_ms = 1000;
    v->mempool_txs_max = 20000;
    v->mempool_bytes_max = 64 << 20;
    v->tx_bytes_max = 65536;
    for (size_t i = 0; i < HEALTH_COUNT; i++)
        v->checks[i].ok = true;
    v->peer_count = 1;
    struct peer_view *peer = &v->peers[0];
    peer->node_key = sample_key(3).public_key;
    peer->has_validator = true;
    peer->validator = f->genesis->committee.validators[1].id;
    snprintf(peer->member_name, sizeof peer->member_name, "bank-b");
    snprintf(peer->address, sizeof peer->address, "127.0.0.1:7791");
    snprintf(peer->version, sizeof peer->version, "witan 0.1.0");
    peer->dialled = true;
    peer->connected_since_ms = f->now_ms;
    peer->rtt_us = 1250;
    peer->clock_offset_ms = -3;
    peer->protocol = 1;
}

/* Takes over genesis. The time begins at 2026-12-01T08:59:00Z, a minute before not_after of
 * sample_transfer. */
static inline struct fake_node *fake_new(struct genesis *genesis)
{
    struct fake_node *f = calloc(1, sizeof *f);
    ASSERT(f);
    f->txs = calloc(FAKE_TXS_MAX, sizeof *f->txs);
    ASSERT(f->txs);
    f->genesis = genesis;
    f->now_ms = 1796115540000;
    snprintf(f->level, sizeof f->level, "info");
    pthread_mutex_init(&f->lock, NULL);
    fake_fill_view(f);
    f->backend = (struct rpc_backend){ .context = f,
                                       .genesis = genesis,
                                       .view = fake_view,
                                       .submit = fake_submit,
                                       .read = fake_read,
                                       .prove = fake_prove,
                                       .wish_absence = fake_wish_absence,
                                       .absence = fake_absence,
                                       .pending = fake_pending,
                                       .find_tx = fake_find_tx,
                                       .tick_wish = fake_tick_wish,
                                       .config = fake_config,
                                       .log_level_set = fake_log_level_set,
                                       .log_levels = fake_log_levels,
                                       .backup = fake_backup,
                                       .shutdown = fake_shutdown,
                                       .metrics = fake_metrics,
                                       .now_ms = fake_now_ms };
    return f;
}

static inline void fake_free(struct fake_node *f)
{
    genesis_free(f->genesis);
    pthread_mutex_destroy(&f->lock);
    free(f->txs);
    free(f);
}

/* Hex of the sample transfer with this reference; the caller frees. *txid may be NULL. */
static inline char *fake_transaction(uint64_t number, struct digest *txid)
{
    struct transaction *tx = calloc(1, sizeof *tx);
    ASSERT(tx);
    struct writer w;
    sample_transfer(tx, number, 75);
    sample_sign(&w, tx, 1, 1);
    struct span bytes = writer_span(&w);
    enum status decoded = transaction_decode(bytes, tx, NULL);
    ASSERT(decoded == STATUS_OK);
    if (txid) *txid = tx->txid;
    char *hex = malloc(2 * bytes.size + 1);
    ASSERT(hex);
    hex_encode(bytes, hex);
    writer_free(&w);
    free(tx);
    return hex;
}

#endif
