/* tests/sim/sim_internal.h -- the simulator's own structures, shared by its files.
 *
 *     sim.c      one run: events in order of time, the load, what must hold at the end
 *     queue.c    the events
 *     world.c    network, threads, ledger and journal of a node: where its outputs go
 *     life.c     nodes start, stall, crash, lose power, are cut off; clocks go wrong
 *     liar.c     what a Byzantine member sends instead of what it should
 *     setup.c    keys, genesis, transactions
 */
#ifndef SIM_INTERNAL_H
#define SIM_INTERNAL_H

#include "sim.h"

enum {
    STREAM_NET = 1,
    STREAM_DISK,
    STREAM_THREADS,
    STREAM_CRASH,
    STREAM_LOAD,
    STREAM_RATES,
    STREAM_CLOCK,
    STREAM_LIAR,
};

enum {
    EVENTS_MAX = 1 << 20,
    BLOCKS_MAX = 8192,
    HEAL_MS = 120000,
    IDLE_SETTLE_MS = 6000, /* after the last transaction is final: late seals, a last view */
    IDLE_MS = 20000,       /* then nothing may be written */
    SHUN_MS = 1000,
    HEARD_MAX = 64,
    WALL_BASE = 1800000000,
};
#define WALL_MS ((uint64_t)WALL_BASE * 1000)

enum event_type {
    DELIVER,
    DURABLE,
    CHECKED,
    LEDGER_DONE,
    CHECKPOINT,
    CHECKPOINTED,
    TIMER,
    SUBMIT,
    FAULT,
    RESTART,
    PING,
    RECONNECT,
};

struct sim_event {
    uint64_t at_ms;
    uint64_t order; /* ties are broken by the order of scheduling */
    enum event_type type;
    uint16_t node, from;
    uint64_t incarnation;
    uint8_t kind;
    uint64_t number;
    struct blob *blob;
    struct check_job *job;
    enum output_kind output;
    enum status status;
    struct execution *execution;
    struct problem *problem;
};

struct record {
    uint8_t kind;
    struct blob *payload;
};

struct sim_node {
    struct replica *replica;
    struct signer *signer;
    struct ledger *ledger;
    bool alive;
    bool liar;
    bool disarmed; /* it has lost its promises: no signer any more */
    uint64_t incarnation;
    int64_t skew_ms; /* of its wall clock */
    uint64_t paused_until_ms;
    struct record *records; /* numbered from 1; those before `first` are gone */
    size_t records_count, records_capacity;
    size_t durable;
    size_t first;           /* records before this number were cut; 0 = none */
    uint64_t durable_at_ms; /* when the sync under way ends */
    uint64_t ledger_at_ms;  /* the ledger's thread is busy until then */
    uint64_t timer_at_ms;
    struct blob *blocks[BLOCKS_MAX]; /* by height, what sync serves */
    struct header headers[BLOCKS_MAX];
    struct digest hashes[BLOCKS_MAX];
    struct seal *seals[BLOCKS_MAX];
    uint64_t height, sealed;
    uint64_t checkpoint_height; /* a power cut takes nothing up to here */
};

/* A frame that a liar has seen, to be said again at the wrong time. */
struct heard {
    uint8_t kind;
    struct blob *blob;
};

struct sim {
    struct sim_options options;
    struct sim_result *result;
    struct genesis *genesis;
    struct secret_key seal_keys[NODES_MAX];
    struct secret_key account_key;
    struct id accounts[SIM_ACCOUNTS];
    struct id asset;
    struct sim_node nodes[NODES_MAX];
    struct verify_cache *cache;
    struct stream net, disk, threads, crash, load, clock, liar;
    struct sim_event *heap;
    size_t heap_count;
    uint64_t order;
    uint64_t now_ms;
    bool healing;
    uint8_t side[NODES_MAX]; /* of a partition */
    uint64_t shunned_until_ms[NODES_MAX][NODES_MAX];
    struct heard heard[HEARD_MAX];
    uint64_t heard_count;
    struct blob *txs[SIM_TXS_MAX];
    struct digest txids[SIM_TXS_MAX];
    uint32_t submits;                 /* in the queue of events */
    struct digest hashes[BLOCKS_MAX]; /* agreed, by height */
    bool known[BLOCKS_MAX];
    bool failed;
    unsigned losses; /* far behind: still to come */
};

/* world.c */
void fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct moment moment_of(const struct sim *sim, uint16_t n);
uint64_t wall_of(const struct sim *sim, uint16_t n);
bool cut(const struct sim *sim, uint16_t a, uint16_t b);
void deliver(struct sim *sim, uint16_t from, uint16_t to, uint8_t kind, struct blob *blob);
uint64_t sealed_shown(struct sim *sim, uint16_t n);
void drain(struct sim *sim, uint16_t n);
void checkpoint(struct sim *sim, uint16_t n);

/* queue.c */
void schedule(struct sim *sim, uint64_t at_ms, struct sim_event event);
void schedule_again(struct sim *sim, uint64_t at_ms, struct sim_event event);
struct sim_event next_event(struct sim *sim);
void event_free(struct sim_event *event);

/* life.c */
void links(struct sim *sim, uint16_t n);
void open_node(struct sim *sim, uint16_t n);
void crash(struct sim *sim, uint16_t n, bool wipe);
void fault(struct sim *sim);
void heal(struct sim *sim);
void shun(struct sim *sim, uint16_t n, uint16_t other);
void reconnect(struct sim *sim, uint16_t n, uint16_t other);

/* liar.c */
void liar_hears(struct sim *sim, uint8_t kind, struct blob *blob);
void liar_sends(struct sim *sim, uint16_t from, uint16_t to, uint8_t kind, struct blob *blob);

/* setup.c */
void set_up(struct sim *sim);
void finish(struct sim *sim);

#endif
