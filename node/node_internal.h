/* node/node_internal.h -- the parts of a running node, shared by its files.
 *
 *     node.c           open, run, close
 *     node_open.c      keys, genesis, ledger, safety file, journal, replica
 *     node_loop.c      the replica's outputs; timers, peers, signals
 *     node_ledger.c    jobs for the ledger thread and the block server
 *     node_backend.c   what RPC asks (rpc/backend.h)
 *     node_metrics.c   gauges, filled in when somebody looks
 *     node_observe.c   what RPC measures of itself
 */
#ifndef NODE_NODE_INTERNAL_H
#define NODE_NODE_INTERNAL_H

#include "ledger/reader.h"
#include "node/config.h"
#include "node/files.h"
#include "node/journal_thread.h"
#include "node/log.h"
#include "node/metrics.h"
#include "node/node.h"
#include "node/peers.h"
#include "node/replica.h"
#include "node/workers.h"
#include "rpc/server.h"
#include <pthread.h>
#include <stdatomic.h>

enum {
    TICKETS_MAX = 20000,     /* submissions and reads of clients under way */
    LEDGER_JOBS_MAX = 65536, /* bounded by what the replica hands over */
    CHECK_JOBS_MAX = 65536,
    SERVE_JOBS_MAX = 1024,     /* block requests of peers ... */
    SERVE_JOBS_A_PEER_MAX = 2, /* ... of one of them */
    HOUSEKEEPING_MS = 1000,
    HAND_OVER_MS = 100,      /* a stop waits at most so long until somebody else leads */
    UNSEALED_MS_MAX = 10000, /* a last block without a seal for longer is worth a word */
    LATENCY_KEPT = 4096,     /* recently admitted transactions, for tx_latency_seconds */
    TIMING_KEPT = 1024,      /* indexes and heights whose beginnings are remembered */
};

/* A client's submission, or read, between the RPC thread and the answer. */
struct ticket {
    bool used;
    submit_done *done;
    read_done *read; /* this is a read instead: for so long */
    uint64_t timeout_ms;
    void *context;
    struct blob *transaction; /* until the loop takes it */
    uint32_t next;
};

struct latency {
    struct digest txid;
    uint64_t admitted_ns;
    uint64_t height;
};

/* When something with this number (index, height) began. */
struct timing {
    uint64_t number;
    uint64_t begun_ns;
};

struct node {
    const struct config *config;
    int exit_code;
    struct problem problem;
    bool stopping;
    bool handing_over; /* ... once somebody else leads */
    bool opened;       /* the replica has started */
    bool closing;      /* outputs have nowhere to go any more */

    /* Identity and files. */
    struct genesis *genesis;
    struct secret_key node_key;
    struct public_key node_public;
    uint16_t self;
    bool votes;
    char votes_reason[48];
    char data_dir[PATH_BYTES_MAX];
    char ledger_path[PATH_BYTES_MAX];
    int lock;
    uint64_t started_ms;

    /* Parts. */
    uv_loop_t loop;
    struct ledger *ledger;
    struct ledger_reader *block_reader; /* of the block server's thread */
    struct signer *signer;
    struct safety *safety;
    struct safety_state safety_state;
    struct journal *journal; /* until the journal thread owns it */
    struct journal_report journal_report;
    struct journal_thread *journal_thread;
    struct verify_cache *engine_cache, *account_cache;
    struct replica *replica;
    struct workers *checkers, *ledger_thread, *block_server;
    struct peers *peers;
    struct rpc_server *rpc;
    struct rpc_backend backend;

    uv_timer_t wake_timer, house_timer;
    uv_timer_t stop_timer; /* a clean stop waits no longer for another leader */
    uv_signal_t sigterm, sigint, sighup;
    uv_async_t inbox_async;
    bool handles_open;

    /* The replica and everything below, between the loop thread and RPC threads. */
    pthread_mutex_t lock_replica;
    uint8_t serving[COMMITTEE_MAX + PEER_OBSERVERS_MAX]; /* answers with blocks under way */
    struct peer_view peer_views[COMMITTEE_MAX];
    bool peer_seen[COMMITTEE_MAX];
    struct node_view view_base; /* the constant part */
    uint64_t waiting_since_ms;
    uint64_t last_view;
    atomic_uint_fast64_t loop_turned_ms;
    bool disk_low, disk_critical;
    uint64_t disk_free;

    /* Submissions from RPC threads. */
    pthread_mutex_t lock_tickets;
    struct ticket tickets[TICKETS_MAX];
    uint32_t ticket_free, ticket_first, ticket_last; /* lists by index + 1 */
    uint64_t tick_wish_ms;
    bool stop_wanted;

    /* Checkpoints. */
    uint64_t checkpoint_blocks; /* executed since the last one */
    uint64_t checkpoint_at_ms;
    bool checkpointing;

    /* Figures. */
    struct latency latencies[LATENCY_KEPT];
    struct timing proposed[TIMING_KEPT], executed[TIMING_KEPT];
    uint64_t sealed_height;
    bool catching_up;
    uint64_t conflicts_seen;   /* contradicting statements that were logged */
    uint64_t seal_late_height; /* the first height without a seal, if it was logged */
};

static inline uint64_t node_now_ms(struct node *node)
{
    return uv_now(&node->loop);
}

uint64_t wall_clock_ms(void);
struct moment node_moment(struct node *node);

/* node_open.c */
enum status node_open(struct node *node, struct problem *problem, int *exit_code);

/* node_loop.c */
enum status node_loop_start(struct node *node, struct problem *problem);
void node_drain(struct node *node);
void node_enter(struct node *node);
void node_leave(struct node *node); /* drains outputs, arms the timer, lets go */
void node_fail(struct node *node, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void node_stop(struct node *node);

/* node_ledger.c */
void ledger_job_output(struct node *node, struct output *output);
void ledger_job_checkpoint(struct node *node);
void serve_job_output(struct node *node, const struct output *output);

/* node_backend.c */
void node_backend_init(struct node *node);

/* node_observe.c: rpc_backend.observe, and the names of the methods as labels. */
void node_observe_init(void);
void node_observe_rpc(void *context, const struct rpc_observation *observation);
void node_take_inbox(struct node *node);
void node_answer(struct node *node, const struct output *output);
void node_answer_read(struct node *node, const struct output *output);
void node_tickets_free(struct node *node);

/* node_metrics.c */
void node_metrics_init(struct node *node);
void node_metrics_fill(struct node *node);
void metrics_message(const struct check_job *job);
void metrics_seal(const struct seal *seal, uint16_t validators);
void latency_admitted(struct node *node, const struct digest *txid);
void latency_committed(struct node *node, const struct digest *txid, uint64_t height);
void latency_sealed(struct node *node, uint64_t from, uint64_t to);
void timing_record(struct node *node, uint8_t kind, struct span payload);
void timing_executed(struct node *node, uint64_t height);
void timing_sealed(struct node *node, uint64_t from, uint64_t to);

#endif
