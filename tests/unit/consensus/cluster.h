/* tests/unit/consensus/cluster.h -- n engines in one process: a scripted network, journals that
 * become durable when the test says so, ledgers that only count.
 *
 * Everything around an engine that a replica does is here in its simplest form: the queue of
 * effects, group sync, the signer, a store of proposals, gossip of transactions, fetches, anchors.
 * Transactions are numbers; a batch is one number, or zero for an empty one. Time is virtual, all
 * randomness comes from one seed, and everything an engine wants goes into one trace hash.
 *
 * What is checked all the time: all ledgers agree; commits come in order and once; nothing is
 * committed that the node does not hold (unless an anchor brought it); every proof convinces
 * check_decided; every message passes check; the signer is never asked for a second statement in a
 * slot, across restarts too; nothing is signed that no durable record announces. The first failure
 * is kept as a sentence in `failure`. */
#ifndef TESTS_CLUSTER_H
#define TESTS_CLUSTER_H

#include "consensus/engine.h"
#include "crypto/signer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { NODES_MAX = 10, TXS_MAX = 4096, HELD_MAX = 8192, PACKETS_MAX = 16384 };

/* ---- Randomness and hashing ---- */

static inline uint64_t random_next(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t random_below(uint64_t *state, uint64_t count)
{
    return random_next(state) % count;
}

static inline void hash_bytes(uint64_t *hash, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        *hash = (*hash ^ bytes[i]) * UINT64_C(0x100000001b3);
}

static inline void hash_u64(uint64_t *hash, uint64_t value)
{
    uint8_t bytes[8];
    store_u64(bytes, value);
    hash_bytes(hash, bytes, sizeof bytes);
}

/* ---- Parts ---- */

enum packet_kind { PACKET_MESSAGE, PACKET_GOSSIP, PACKET_FETCH, PACKET_FETCHED };

struct packet {
    enum packet_kind kind;
    uint64_t at_ms;
    uint64_t order;
    uint16_t from;
    uint16_t to;
    uint8_t *bytes; /* PACKET_MESSAGE; owned */
    size_t size;
    uint8_t statement_kind;
    uint64_t view;
    uint64_t tx;              /* PACKET_GOSSIP */
    struct digest digest;     /* PACKET_FETCH */
    struct proposal proposal; /* PACKET_FETCHED */
};

struct journal_record {
    uint8_t *bytes; /* owned */
    size_t size;
    bool promises;
    struct statement promise;
    bool stores;
    struct proposal proposal;
};

struct queued {
    struct effect effect;
    uint8_t *bytes; /* its spans' memory, owned */
    uint64_t needs; /* records that must be durable */
};

struct held {
    struct digest digest;
    struct proposal proposal;
    bool kept; /* was executed: the node's journal keeps it, also if the ledger falls back */
};

struct node {
    bool up;
    void *engine;
    struct signer *signer;
    struct engine_config config;

    struct journal_record *records;
    size_t records_count, records_capacity;
    uint64_t records_first; /* number of records[0] */
    uint64_t durable;       /* how many records, counted from the beginning */
    uint64_t syncing;       /* target of the sync under way; 0: none */
    uint64_t sync_at_ms;
    bool sync_stopped;

    struct queued *queue;
    size_t queue_count, queue_capacity;

    struct held *held;
    size_t held_count;
    bool pool[TXS_MAX];
    bool done[TXS_MAX]; /* executed */
    uint64_t executed;
    uint64_t decided;  /* by the engine; its commits may still stand in the queue */
    bool hollow;       /* as last told to the engine */
    uint64_t anchored; /* up to here decisions may come before their batches */
    uint64_t wake_at_ms;
    struct digest parent; /* what the engine would build on */
    uint64_t commits;     /* in this incarnation */
    uint64_t incarnation;
};

struct decision {
    bool known;
    struct digest digest;
    struct proposal proposal;
    uint64_t tx;
    uint8_t *proof; /* may be NULL */
    size_t proof_size;
};

struct cluster {
    uint16_t count;
    struct committee committee;
    struct secret_key secrets[NODES_MAX];
    struct domain domain;
    struct digest root;
    struct engine_option options[8];
    size_t options_count;
    const struct engine_ops *ops;
    struct verify_cache *cache;
    struct node nodes[NODES_MAX];
    struct packet *packets;
    size_t packets_count;
    uint64_t order;
    uint64_t now_ms;
    uint64_t gossip_at_ms;
    bool quiet;       /* nobody tells again what is not executed */
    uint64_t tx_last; /* highest transaction submitted so far */
    uint64_t random;
    uint64_t trace;
    uint64_t messages; /* sent between nodes, by engines */
    struct decision decisions[HELD_MAX];
    uint64_t decided; /* highest index anybody has executed */
    struct {
        struct digest digest;
        uint64_t tx;
    } batches[HELD_MAX];
    size_t batches_count;
    struct effects *out;
    char failure[512];

    /* Decides the fate of a packet between two nodes: false loses it. Default: 10 ms. */
    bool (*network)(struct cluster *c, const struct packet *packet, uint64_t *delay_ms);
    uint64_t (*sync_ms)(struct cluster *c, uint16_t node); /* default: 1 ms */
    void (*note)(struct cluster *c, uint16_t node, struct span text);
    void (*sent)(struct cluster *c, uint16_t node, const struct message *message);
    void (*read_answered)(struct cluster *c, uint16_t node, const struct effect *effect);
    void (*stepped)(struct cluster *c, uint16_t node); /* after each step of its engine, and when
                                                            it was opened */
    void *user;
};

static inline void cluster_fail(struct cluster *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void cluster_fail(struct cluster *c, const char *format, ...)
{
    if (c->failure[0]) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->failure, sizeof c->failure, format, arguments);
    va_end(arguments);
}

static inline void *grow(void *memory, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity) return memory;
    *capacity = *capacity ? *capacity * 2 : 16;
    void *bigger = realloc(memory, *capacity * size);
    ASSERT(bigger != NULL);
    return bigger;
}

static inline uint8_t *duplicate(struct span bytes)
{
    uint8_t *copy = malloc(bytes.size + 1);
    ASSERT(copy != NULL);
    if (bytes.size > 0) memcpy(copy, bytes.data, bytes.size);
    return copy;
}

/* ---- Batches ---- */

static inline struct span batch_bytes(uint64_t tx, uint8_t bytes[8])
{
    store_u64(bytes, tx);
    return span_of(bytes, 8);
}

/* This digest stands for a batch of this transaction; 0: of none. */
static inline void batch_register(struct cluster *c, const struct digest *digest, uint64_t tx)
{
    for (size_t i = 0; i < c->batches_count; i++)
        if (digest_equal(&c->batches[i].digest, digest)) return;
    ASSERT(c->batches_count < HELD_MAX);
    c->batches[c->batches_count].digest = *digest;
    c->batches[c->batches_count++].tx = tx;
}

static inline struct digest batch_of(struct cluster *c, uint64_t tx)
{
    uint8_t bytes[8];
    struct digest digest = digest_of(TAG_BATCH, batch_bytes(tx, bytes));
    batch_register(c, &digest, tx);
    return digest;
}

static inline uint64_t batch_tx(struct cluster *c, const struct digest *digest)
{
    for (size_t i = 0; i < c->batches_count; i++)
        if (digest_equal(&c->batches[i].digest, digest)) return c->batches[i].tx;
    cluster_fail(c, "unknown batch");
    return 0;
}

/* ---- A node's store and pool ---- */

static inline const struct proposal *node_find(const struct node *node, const struct digest *digest)
{
    for (size_t i = node->held_count; i-- > 0;)
        if (digest_equal(&node->held[i].digest, digest)) return &node->held[i].proposal;
    return NULL;
}

static inline void node_hold(struct node *node, const struct proposal *proposal)
{
    struct digest digest = proposal_digest(proposal);
    if (node_find(node, &digest)) return;
    ASSERT(node->held_count < HELD_MAX);
    node->held[node->held_count++] = (struct held){ .digest = digest, .proposal = *proposal };
}

static inline bool tx_in_branch(struct cluster *c, const struct node *node, uint64_t tx)
{
    const struct proposal *p = node_find(node, &node->parent);
    for (; p && p->index > node->executed; p = node_find(node, &p->parent))
        if (batch_tx(c, &p->batch) == tx) return true;
    return false;
}

static inline void node_keep(struct node *node, const struct digest *digest)
{
    for (size_t i = 0; i < node->held_count; i++)
        if (digest_equal(&node->held[i].digest, digest)) node->held[i].kept = true;
}

/* The first transaction that is neither executed nor under way; 0 if none. */
static inline uint64_t node_next_tx(struct cluster *c, const struct node *node)
{
    for (uint64_t tx = 1; tx <= c->tx_last; tx++)
        if (node->pool[tx] && !node->done[tx] && !tx_in_branch(c, node, tx)) return tx;
    return 0;
}

/* ---- Network ---- */

static inline void packet_add(struct cluster *c, struct packet packet)
{
    ASSERT(c->packets_count < PACKETS_MAX);
    packet.order = c->order++;
    c->packets[c->packets_count++] = packet;
}

static inline void packet_send(struct cluster *c, struct packet packet)
{
    uint64_t delay = packet.from == packet.to ? 0 : 10;
    bool lost = packet.from != packet.to && c->network && !c->network(c, &packet, &delay);
    packet.at_ms = c->now_ms + delay;
    if (lost) {
        free(packet.bytes);
        return;
    }
    packet_add(c, packet);
}

static inline void message_send(struct cluster *c, uint16_t from, uint16_t to,
                                const struct message *message)
{
    struct writer w;
    writer_init(&w, 1 << 20);
    message_write(&w, message);
    ASSERT(writer_status(&w) == STATUS_OK);
    struct span bytes = writer_span(&w);
    for (uint16_t i = 0; i < c->count; i++) {
        if (to != NODE_ALL && to != i) continue;
        if (from != i) c->messages++;
        packet_send(c, (struct packet){ .kind = PACKET_MESSAGE,
                                        .from = from,
                                        .to = i,
                                        .bytes = duplicate(bytes),
                                        .size = bytes.size,
                                        .statement_kind = message->statement.kind,
                                        .view = message->statement.view });
    }
    writer_free(&w);
}

/* ---- Effects ---- */

static inline void node_step(struct cluster *c, uint16_t index, struct event *event);

static inline void effect_send(struct cluster *c, uint16_t index, const struct effect *effect)
{
    struct node *node = &c->nodes[index];
    uint8_t batch[8];
    struct message message = { .statement = effect->send.statement,
                               .attachment = effect->send.attachment };
    if (effect->send.batch)
        message.batch = batch_bytes(batch_tx(c, &effect->send.batch_digest), batch);
    if (engine_signs(c->ops, message.statement.kind)) {
        enum status status =
            signer_sign(node->signer, &c->domain, &message.statement, &message.signature);
        if (status != STATUS_OK)
            cluster_fail(c, "node %u: the signer refuses a %s of view %llu: %s", index,
                         c->ops->kinds[message.statement.kind],
                         (unsigned long long)message.statement.view, status_name(status));
    }
    if (c->sent) c->sent(c, index, &message);
    message_send(c, index, effect->to, &message);
}

static inline void effect_commit(struct cluster *c, uint16_t index, const struct queued *queued)
{
    struct node *node = &c->nodes[index];
    const struct proposal *proposal = &queued->effect.commit.proposal;
    struct span proof = queued->effect.commit.proof;
    struct digest digest = proposal_digest(proposal);
    node->commits++;
    if (proposal->index != node->executed + 1) {
        cluster_fail(c, "node %u commits %llu after %llu", index,
                     (unsigned long long)proposal->index, (unsigned long long)node->executed);
        return;
    }
    if (proposal->index > node->anchored && !node_find(node, &digest))
        cluster_fail(c, "node %u commits %llu without its batch", index,
                     (unsigned long long)proposal->index);
    if (proof.size > 0 && c->ops->check_decided(&node->config, proposal, proof) != STATUS_OK)
        cluster_fail(c, "node %u: a proof does not convince", index);
    struct decision *decision = &c->decisions[proposal->index];
    if (decision->known && !digest_equal(&decision->digest, &digest))
        cluster_fail(c, "node %u disagrees at index %llu", index,
                     (unsigned long long)proposal->index);
    if (!decision->known) {
        decision->known = true;
        decision->digest = digest;
        decision->proposal = *proposal;
        decision->tx = batch_tx(c, &proposal->batch);
    }
    if (proof.size > 0 && !decision->proof) {
        decision->proof = duplicate(proof);
        decision->proof_size = proof.size;
    }
    node_hold(node, proposal);
    node_keep(node, &digest);
    node->executed = proposal->index;
    node->done[decision->tx] = true;
    c->decided = max_u64(c->decided, proposal->index);
}

static inline void effect_perform(struct cluster *c, uint16_t index, const struct queued *queued)
{
    const struct effect *effect = &queued->effect;
    switch (effect->kind) {
    case EFFECT_SEND:
    case EFFECT_SEND_EARLY: effect_send(c, index, effect); break;
    case EFFECT_COMMIT: effect_commit(c, index, queued); break;
    case EFFECT_FETCH:
        if (effect->to == index) cluster_fail(c, "node %u asks itself", index);
        packet_send(c, (struct packet){ .kind = PACKET_FETCH,
                                        .from = index,
                                        .to = effect->to,
                                        .digest = effect->fetch.digest });
        break;
    case EFFECT_READ:
        if (c->read_answered) c->read_answered(c, index, effect);
        break;
    case EFFECT_PERSIST:
    case EFFECT_NOTE: break;
    }
}

static inline void node_persist(struct cluster *c, uint16_t index, const struct effect *effect)
{
    struct node *node = &c->nodes[index];
    node->records =
        grow(node->records, &node->records_capacity, node->records_count, sizeof *node->records);
    node->records[node->records_count++] =
        (struct journal_record){ .bytes = duplicate(effect->persist.record),
                                 .size = effect->persist.record.size,
                                 .promises = effect->persist.promises,
                                 .promise = effect->persist.promise,
                                 .stores = effect->persist.stores,
                                 .proposal = effect->persist.proposal };
    if (effect->persist.promises) {
        enum status status =
            signer_restore(node->signer, c->domain.epoch, &effect->persist.promise);
        if (status != STATUS_OK)
            cluster_fail(c, "node %u announces a second %s of view %llu", index,
                         c->ops->kinds[effect->persist.promise.kind],
                         (unsigned long long)effect->persist.promise.view);
    }
    if (!effect->persist.stores) return;
    struct digest digest = proposal_digest(&effect->persist.proposal);
    if (!node_find(node, &digest)) cluster_fail(c, "node %u stores what it does not hold", index);
}

static inline uint64_t node_issued(const struct node *node)
{
    return node->records_first + node->records_count;
}

static inline void node_release(struct cluster *c, uint16_t index)
{
    struct node *node = &c->nodes[index];
    size_t done = 0;
    while (done < node->queue_count && node->queue[done].needs <= node->durable) {
        struct queued queued = node->queue[done++];
        effect_perform(c, index, &queued);
        free(queued.bytes);
    }
    node->queue_count -= done;
    if (done > 0 && node->queue_count > 0)
        memmove(node->queue, node->queue + done, node->queue_count * sizeof *node->queue);
    bool sync = !node->syncing && !node->sync_stopped && node->durable < node_issued(node);
    if (!sync) return;
    node->syncing = node_issued(node);
    node->sync_at_ms = c->now_ms + (c->sync_ms ? c->sync_ms(c, index) : 1);
}

static inline void trace_effect(struct cluster *c, uint16_t index, const struct effect *effect)
{
    uint64_t *hash = &c->trace;
    hash_u64(hash, c->now_ms);
    hash_u64(hash, (uint64_t)index << 32 | (uint64_t)effect->kind << 16 | effect->to);
    struct digest digest;
    switch (effect->kind) {
    case EFFECT_SEND:
    case EFFECT_SEND_EARLY:
        hash_u64(hash, effect->send.statement.view << 8 | effect->send.statement.kind);
        hash_bytes(hash, effect->send.statement.digest.bytes, 32);
        hash_bytes(hash, effect->send.attachment.data, effect->send.attachment.size);
        break;
    case EFFECT_PERSIST:
        hash_bytes(hash, effect->persist.record.data, effect->persist.record.size);
        break;
    case EFFECT_COMMIT:
        digest = proposal_digest(&effect->commit.proposal);
        hash_bytes(hash, digest.bytes, 32);
        break;
    case EFFECT_FETCH: hash_bytes(hash, effect->fetch.digest.bytes, 32); break;
    case EFFECT_READ: hash_u64(hash, effect->read.number ^ effect->read.index << 16); break;
    case EFFECT_NOTE: hash_bytes(hash, effect->note.data, effect->note.size); break;
    }
}

static inline struct span *effect_span(struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_SEND:
    case EFFECT_SEND_EARLY: return &effect->send.attachment;
    case EFFECT_COMMIT: return &effect->commit.proof;
    case EFFECT_PERSIST: return &effect->persist.record;
    case EFFECT_NOTE: return &effect->note;
    case EFFECT_READ:
    case EFFECT_FETCH: return NULL;
    }
    return NULL;
}

/* One queue in the order of the engine; SEND_EARLY alone does not wait. */
static inline void node_take(struct cluster *c, uint16_t index)
{
    struct node *node = &c->nodes[index];
    for (uint32_t i = 0; i < c->out->count; i++) {
        const struct effect *effect = &c->out->list[i];
        trace_effect(c, index, effect);
        if (effect->kind == EFFECT_COMMIT) node->decided = effect->commit.proposal.index;
        if (effect->kind == EFFECT_PERSIST) {
            node_persist(c, index, effect);
            continue;
        }
        if (effect->kind == EFFECT_NOTE) {
            if (c->note) c->note(c, index, effect->note);
            continue;
        }
        struct queued queued = { .effect = *effect, .needs = node_issued(node) };
        struct span *span = effect_span(&queued.effect);
        if (span) {
            queued.bytes = duplicate(*span);
            span->data = queued.bytes;
        }
        if (effect->kind == EFFECT_SEND_EARLY) {
            effect_perform(c, index, &queued);
            free(queued.bytes);
            continue;
        }
        node->queue =
            grow(node->queue, &node->queue_capacity, node->queue_count, sizeof *node->queue);
        node->queue[node->queue_count++] = queued;
    }
    node->wake_at_ms = c->out->wake_at_ms;
    node->parent = c->out->parent;
    node_release(c, index);
}

/* Is all that is proposed and not decided empty, as far as this node holds it? */
static inline bool node_is_hollow(struct cluster *c, const struct node *node)
{
    for (size_t i = node->held_count; i-- > 0;)
        if (node->held[i].proposal.index > node->decided &&
            batch_tx(c, &node->held[i].proposal.batch) != 0)
            return false;
    return true;
}

/* One event as the engine sees it, with what the node knows at this moment. */
static inline void node_give(struct cluster *c, uint16_t index, struct event *event)
{
    struct node *node = &c->nodes[index];
    event->now_ms = c->now_ms;
    event->work = event->kind == EVENT_BATCH || node_next_tx(c, node) != 0;
    event->hollow = node->hollow = node_is_hollow(c, node);
    effects_reset(c->out);
    c->ops->step(node->engine, event, c->out);
    if (c->stepped) c->stepped(c, index);
}

/* Offers batches as long as the engine invites; zero is an empty batch. */
static inline void node_offer(struct cluster *c, uint16_t index)
{
    struct node *node = &c->nodes[index];
    struct event changed = { .kind = EVENT_TIMER };
    if (node_is_hollow(c, node) != node->hollow) {
        node_give(c, index, &changed);
        node_take(c, index);
    }
    for (int i = 0; i < 16 && c->out->invite != INVITE_NONE; i++) {
        uint64_t tx = node_next_tx(c, node);
        if (tx == 0 && c->out->invite != INVITE_ANY) return;
        struct proposal proposal = { .index = c->out->parent_index + 1,
                                     .parent = c->out->parent,
                                     .batch = batch_of(c, tx) };
        struct event event = { .kind = EVENT_BATCH, .batch = proposal.batch };
        node_give(c, index, &event);
        for (uint32_t e = 0; e < c->out->count; e++)
            if (c->out->list[e].kind == EFFECT_PERSIST && c->out->list[e].persist.stores)
                node_hold(node, &c->out->list[e].persist.proposal);
        node_take(c, index);
    }
}

static inline void node_step(struct cluster *c, uint16_t index, struct event *event)
{
    node_give(c, index, event);
    node_take(c, index);
    node_offer(c, index);
}

/* ---- Life and death ---- */

static inline void node_start(struct cluster *c, uint16_t index)
{
    struct node *node = &c->nodes[index];
    node->up = true;
    node->incarnation++;
    node->decided = node->executed;
    node->hollow = false;
    node->config = (struct engine_config){ .self = index,
                                           .committee = &c->committee,
                                           .domain = c->domain,
                                           .options = c->options,
                                           .options_count = c->options_count,
                                           .now_ms = c->now_ms,
                                           .seed = c->order << 8 | index,
                                           .root = c->root,
                                           .executed = node->executed,
                                           .cache = c->cache };
    node->engine = calloc(1, c->ops->size(&node->config));
    node->signer = signer_new(&c->secrets[index]);
    ASSERT(node->engine != NULL);
    ASSERT(node->signer != NULL);
    struct span *spans = calloc(node->records_count + 1, sizeof *spans);
    for (size_t i = 0; i < node->records_count; i++) {
        const struct journal_record *record = &node->records[i];
        spans[i] = span_of(record->bytes, record->size);
        if (record->promises &&
            signer_restore(node->signer, c->domain.epoch, &record->promise) != STATUS_OK)
            cluster_fail(c, "node %u: the journal contradicts itself", index);
        if (record->stores) node_hold(node, &record->proposal);
    }
    effects_reset(c->out);
    enum status status =
        c->ops->open(node->engine, &node->config, spans, node->records_count, c->out);
    if (status != STATUS_OK) cluster_fail(c, "node %u: open: %s", index, status_name(status));
    free(spans);
    node->commits = 0;
    if (c->stepped) c->stepped(c, index);
    node_take(c, index);
    node_offer(c, index);
}

static inline void node_stop(struct cluster *c, uint16_t index)
{
    struct node *node = &c->nodes[index];
    node->up = false;
    for (size_t i = 0; i < node->queue_count; i++)
        free(node->queue[i].bytes);
    node->queue_count = 0;
    free(node->engine);
    signer_free(node->signer);
    node->engine = NULL;
    node->signer = NULL;
    node->syncing = 0;
    node->wake_at_ms = UINT64_MAX;
    memset(node->pool, 0, sizeof node->pool);
    (void)c;
}

/* A crash keeps what is durable and `torn` records more; the store of proposals is what the ledger
 * executed, and what the records that are left say. */
static inline void cluster_crash(struct cluster *c, uint16_t index, uint64_t torn)
{
    struct node *node = &c->nodes[index];
    ASSERT(node->up);
    node_stop(c, index);
    uint64_t kept = min_u64(node->durable + torn, node_issued(node));
    while (node_issued(node) > kept)
        free(node->records[--node->records_count].bytes);
    node->durable = kept;
    size_t left = 0;
    for (size_t i = 0; i < node->held_count; i++)
        if (node->held[i].kept) node->held[left++] = node->held[i];
    node->held_count = left;
}

static inline void cluster_restart(struct cluster *c, uint16_t index)
{
    node_start(c, index);
}

/* Loses the journal: a validator that broke the rules of operation. */
static inline void cluster_wipe(struct cluster *c, uint16_t index)
{
    struct node *node = &c->nodes[index];
    node->durable = node->records_first + node->records_count;
    for (size_t i = 0; i < node->records_count; i++)
        free(node->records[i].bytes);
    node->records_first = node->durable;
    node->records_count = 0;
}

/* The ledger after a restart, or after a sync: it may be behind the engine or ahead of it. */
static inline void node_execute_up_to(struct cluster *c, struct node *node, uint64_t executed)
{
    memset(node->done, 0, sizeof node->done);
    node->executed = executed;
    for (uint64_t i = 1; i <= executed; i++)
        node->done[c->decisions[i].tx] = true;
}

/* A new segment: what the fold says replaces all records before it. The fold is durable at once
 * (the node cuts only behind a sync). */
static inline void cluster_fold(struct cluster *c, uint16_t index)
{
    struct node *node = &c->nodes[index];
    if (node->durable < node_issued(node)) return;
    effects_reset(c->out);
    c->ops->fold(node->engine, c->out);
    cluster_wipe(c, index);
    for (uint32_t i = 0; i < c->out->count; i++) {
        if (c->out->list[i].kind != EFFECT_PERSIST)
            cluster_fail(c, "a fold does more than persist");
        node_persist(c, index, &c->out->list[i]);
    }
    node->durable = node_issued(node);
}

/* An anchor from whoever has one: consecutive headers up to the newest decision with a proof. */
static inline void cluster_anchor(struct cluster *c, uint16_t index, uint64_t executed)
{
    static struct proposal list[DECIDED_MAX];
    uint64_t last = c->decided;
    while (last > 0 && !c->decisions[last].proof)
        last--;
    if (last == 0) return;
    uint64_t first = last > 200 ? last - 199 : 1;
    size_t count = 0;
    for (uint64_t i = first; i <= last; i++)
        list[count++] = c->decisions[i].proposal;
    struct node *node = &c->nodes[index];
    node_execute_up_to(c, node, max_u64(node->executed, executed));
    node->anchored = max_u64(node->anchored, last);
    node->decided = max_u64(node->decided, node->executed);
    struct event event = { .kind = EVENT_DECIDED };
    event.decided.list = list;
    event.decided.count = count;
    event.decided.proof = span_of(c->decisions[last].proof, c->decisions[last].proof_size);
    event.decided.executed = node->executed;
    node_step(c, index, &event);
}

static inline void cluster_submit(struct cluster *c, uint16_t index, uint64_t tx)
{
    ASSERT(tx > 0);
    ASSERT(tx < TXS_MAX);
    struct node *node = &c->nodes[index];
    c->tx_last = max_u64(c->tx_last, tx);
    if (!node->up || node->pool[tx]) return;
    node->pool[tx] = true;
    struct event event = { .kind = EVENT_TIMER }; /* work has changed */
    node_step(c, index, &event);
    for (uint16_t i = 0; i < c->count; i++)
        if (i != index)
            packet_send(c,
                        (struct packet){ .kind = PACKET_GOSSIP, .from = index, .to = i, .tx = tx });
}

/* ---- Time ---- */

static inline void deliver_message(struct cluster *c, const struct packet *packet)
{
    struct node *node = &c->nodes[packet->to];
    struct message message;
    struct message_facts facts;
    enum status status = message_read(span_of(packet->bytes, packet->size), 1024, &message);
    if (status == STATUS_OK) status = c->ops->check(&node->config, packet->from, &message, &facts);
    if (status != STATUS_OK) {
        cluster_fail(c, "node %u refuses a %s of %u (view %llu index %llu aux %llu): %s",
                     packet->to, c->ops->kinds[packet->statement_kind], packet->from,
                     (unsigned long long)message.statement.view,
                     (unsigned long long)message.statement.index,
                     (unsigned long long)message.statement.aux, status_name(status));
        return;
    }
    if (facts.has_proposal) node_hold(node, &facts.proposal);
    struct event event = { .kind = EVENT_MESSAGE, .from = packet->from, .message = &message };
    node_step(c, packet->to, &event);
}

static inline void packet_deliver(struct cluster *c, const struct packet *packet)
{
    struct node *node = &c->nodes[packet->to];
    if (!node->up) return;
    const struct proposal *proposal;
    struct event event = { .kind = EVENT_FETCHED };
    switch (packet->kind) {
    case PACKET_MESSAGE: deliver_message(c, packet); break;
    case PACKET_GOSSIP:
        if (node->pool[packet->tx]) break;
        node->pool[packet->tx] = true;
        event.kind = EVENT_TIMER;
        node_step(c, packet->to, &event);
        break;
    case PACKET_FETCH:
        proposal = node_find(node, &packet->digest);
        if (proposal)
            packet_send(c, (struct packet){ .kind = PACKET_FETCHED,
                                            .from = packet->to,
                                            .to = packet->from,
                                            .proposal = *proposal });
        break;
    case PACKET_FETCHED:
        node_hold(node, &packet->proposal);
        event.proposal = &packet->proposal;
        node_step(c, packet->to, &event);
        break;
    }
}

/* The packet that is due first; PACKETS_MAX if there is none. */
static inline size_t first_packet(const struct cluster *c)
{
    size_t first = PACKETS_MAX;
    for (size_t i = 0; i < c->packets_count; i++) {
        const struct packet *a = &c->packets[i];
        const struct packet *b = first < PACKETS_MAX ? &c->packets[first] : NULL;
        if (!b || a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->order < b->order)) first = i;
    }
    return first;
}

/* What is not executed is told again every second, as a node does. */
static inline bool gossip_again(struct cluster *c)
{
    bool pending = false;
    for (uint16_t i = 0; i < c->count; i++) {
        struct node *node = &c->nodes[i];
        if (!node->up) continue;
        for (uint64_t tx = 1; tx <= c->tx_last; tx++) {
            if (!node->pool[tx] || node->done[tx]) continue;
            pending = true;
            if (c->now_ms < c->gossip_at_ms) continue;
            for (uint16_t to = 0; to < c->count; to++)
                if (to != i)
                    packet_send(
                        c, (struct packet){ .kind = PACKET_GOSSIP, .from = i, .to = to, .tx = tx });
        }
    }
    if (c->now_ms >= c->gossip_at_ms) c->gossip_at_ms = c->now_ms + 1000;
    return pending;
}

/* Does the next thing that is due by then; false if there is nothing. */
static inline bool cluster_step(struct cluster *c, uint64_t until_ms)
{
    if (c->failure[0]) return false;
    size_t packet = first_packet(c);
    uint64_t next = packet < PACKETS_MAX ? c->packets[packet].at_ms : UINT64_MAX;
    int source = packet < PACKETS_MAX ? 0 : -1;
    uint16_t who = 0;
    for (uint16_t i = 0; i < c->count; i++) {
        struct node *node = &c->nodes[i];
        if (!node->up) continue;
        if (node->syncing && node->sync_at_ms < next) {
            next = node->sync_at_ms;
            source = 1;
            who = i;
        }
        if (node->wake_at_ms < next) {
            next = node->wake_at_ms;
            source = 2;
            who = i;
        }
    }
    if (!c->quiet && gossip_again(c) && c->gossip_at_ms < next) {
        next = c->gossip_at_ms;
        source = 3;
    }
    if (source < 0 || next > until_ms) return false;
    c->now_ms = max_u64(c->now_ms, next);
    if (source == 0) {
        struct packet taken = c->packets[packet];
        c->packets[packet] = c->packets[--c->packets_count];
        packet_deliver(c, &taken);
        free(taken.bytes);
    } else if (source == 1) {
        struct node *node = &c->nodes[who];
        node->durable = node->syncing;
        node->syncing = 0;
        node_release(c, who);
    } else if (source == 2) {
        struct event event = { .kind = EVENT_TIMER };
        node_step(c, who, &event);
    }
    return true;
}

static inline void cluster_run(struct cluster *c, uint64_t ms)
{
    uint64_t until = c->now_ms + ms;
    while (cluster_step(c, until)) {
    }
    c->now_ms = until;
}

/* Nothing on its way, no clock ticking: the network would be silent for ever. */
static inline bool cluster_is_idle(const struct cluster *c)
{
    if (c->packets_count > 0) return false;
    for (uint16_t i = 0; i < c->count; i++) {
        const struct node *node = &c->nodes[i];
        if (node->up && (node->wake_at_ms != UINT64_MAX || node->syncing || node->queue_count > 0))
            return false;
    }
    return true;
}

static inline void cluster_init_engine(struct cluster *c, uint16_t count, uint64_t seed,
                                       enum engine_kind engine, enum fault_model fault_model)
{
    memset(c, 0, sizeof *c);
    c->count = count;
    c->random = seed;
    c->ops = engine_find_ops(engine);
    c->committee.fault_model = fault_model;
    c->committee.engine = engine;
    c->committee.count = count;
    for (uint16_t i = 0; i < count; i++) {
        uint8_t key_seed[32] = { 0x77, (uint8_t)i };
        struct validator *validator = &c->committee.validators[i];
        validator->id.bytes[0] = (uint8_t)(i + 1);
        key_from_seed(key_seed, &c->secrets[i], &validator->seal_key);
    }
    struct digest chain = digest_of(TAG_GENESIS, span_text("cluster"));
    c->domain = (struct domain){ .chain_id = chain, .engine = (uint8_t)engine };
    c->domain.validators_hash = committee_hash(&c->committee);
    c->root = root_digest(0, &chain);
    c->cache = verify_cache_new(1 << 14);
    c->packets = calloc(PACKETS_MAX, sizeof *c->packets);
    c->out = calloc(1, sizeof *c->out);
    ASSERT(c->cache != NULL);
    ASSERT(c->packets != NULL);
    ASSERT(c->out != NULL);
    for (uint16_t i = 0; i < count; i++) {
        c->nodes[i].held = calloc(HELD_MAX, sizeof *c->nodes[i].held);
        ASSERT(c->nodes[i].held != NULL);
        c->nodes[i].wake_at_ms = UINT64_MAX;
    }
}

static inline void cluster_init(struct cluster *c, uint16_t count, uint64_t seed)
{
    cluster_init_engine(c, count, seed, ENGINE_HOTSTUFF, FAULT_BYZANTINE);
}

static inline void cluster_start(struct cluster *c)
{
    for (uint16_t i = 0; i < c->count; i++)
        node_start(c, i);
}

static inline void cluster_free(struct cluster *c)
{
    for (uint16_t i = 0; i < c->count; i++) {
        struct node *node = &c->nodes[i];
        if (node->up) node_stop(c, i);
        for (size_t r = 0; r < node->records_count; r++)
            free(node->records[r].bytes);
        free(node->records);
        free(node->queue);
        free(node->held);
    }
    for (size_t i = 0; i < c->packets_count; i++)
        free(c->packets[i].bytes);
    for (size_t i = 0; i < HELD_MAX; i++)
        free(c->decisions[i].proof);
    free(c->packets);
    free(c->out);
    verify_cache_free(c->cache);
}

#endif
