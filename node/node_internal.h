/* node/node_internal.h -- the parts of a running node, shared by its files.
 *
 *     node.c           open, run, close
 *     node_open.c      keys, genesis, ledger, safety file, journal
 *     node_epoch.c     the replica of an epoch, and the next one
 *     node_loop.c      the replica's outputs; timers, peers, signals
 *     node_early.c     messages of peers that are in the next epoch already
 *     node_peers.c     who the peers of an epoch are
 *     node_rotate.c    a new seal key comes into force
 *     node_reload.c    settings that change in a running node
 *     node_ledger.c    jobs for the ledger thread and the block server
 *     node_backend.c   what RPC asks (rpc/backend.h)
 *     node_backup.c    a backup, for RPC
 *     node_proofs.c    readings of the state, for RPC; evidence
 *     node_metrics.c   gauges, filled in when somebody looks
 *     node_observe.c   what RPC measures of itself
 */
#ifndef NODE_NODE_INTERNAL_H
#define NODE_NODE_INTERNAL_H

#include "ledger/reader.h"
#include "node/config.h"
#include "node/epochs.h"
#include "node/files.h"
#include "node/journal_thread.h"
#include "node/log.h"
#include "node/metrics.h"
#include "node/node.h"
#include "node/peers.h"
#include "node/replica.h"
#include "node/wake.h"
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
    EPOCH_RETRY_MS = 20,
    LATENCY_KEPT = 4096, /* recently admitted transactions, for tx_latency_seconds */
    TIMING_KEPT = 1024,  /* indexes and heights whose beginnings are remembered */
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

/* Of the validators of an epoch, by index: what the ledger's records say besides their set. */
struct epoch_peers {
    uint64_t epoch;
    struct committee before; /* of the epoch before; nobody in the first one */
    struct public_key node_keys[COMMITTEE_MAX];
    char endpoints[COMMITTEE_MAX][ENDPOINT_MAX + 1];
    char members[COMMITTEE_MAX][MEMBER_NAME_MAX + 1];
};

/* Engine messages of peers that are ahead by an epoch. */
enum { EARLY_MAX = 256, EARLY_BYTES_MAX = 32 * 1024 * 1024 };
struct early_message {
    struct public_key from;
    struct blob *payload;
};
struct early_messages {
    struct early_message list[EARLY_MAX];
    uint32_t count;
    size_t bytes;
};

/* Admissions that wait for the ledger's thread, which looks at all of them together when it comes
 * to them: at most one job for it is under way. */
struct admissions {
    pthread_mutex_t lock; /* guards the list */
    struct check_job *first, **last;
    bool under_way; /* loop thread only */
};

struct node {
    struct config *config;
    const struct node_reload *reload;
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
    struct epochs epochs;    /* in which one we are, as whom, and whether we vote */
    uint64_t epoch_retry_ms; /* a reader was in the way of its checkpoint: not before this */
    struct epoch_peers *epoch_peers;
    size_t batch_bytes_max; /* the largest of any epoch: old blocks are sent too */
    char data_dir[PATH_BYTES_MAX];
    char ledger_path[PATH_BYTES_MAX];
    int lock;
    uint64_t started_ms;

    /* Parts. */
    uv_loop_t loop;
    struct ledger *ledger;
    struct ledger_reader *block_reader; /* of the block server's thread */
    struct signer *signer_before;       /* until the replica that knows it is gone */
    struct safety *safety;              /* until the journal thread owns it */
    struct journal *journal;            /* until the journal thread owns it */
    struct journal_report journal_report;
    struct journal_thread *journal_thread;
    struct verify_cache *engine_cache, *account_cache;
    struct replica *replica;
    struct workers *checkers, *ledger_thread, *block_server;
    struct admissions admissions;
    struct peers *peers;
    struct rpc_server *rpc;
    struct rpc_backend backend;

    uv_timer_t wake_timer, house_timer;
    uv_timer_t stop_timer; /* a clean stop waits no longer for another leader */
    uv_signal_t sigterm, sigint, sighup;
    struct wake inbox_wake;
    bool handles_open;

    /* The replica and everything below, between the loop thread and RPC threads. */
    pthread_mutex_t lock_replica;
    unsigned entered; /* node_enter without its node_leave; loop thread only */
    /* By node_peer_slot. */
    uint8_t serving[NODE_PEERS_MAX]; /* answers with blocks under way */
    struct peer_view peer_views[NODE_PEERS_MAX];
    bool peer_seen[NODE_PEERS_MAX];
    uint64_t peer_epochs[NODE_PEERS_MAX];
    struct early_messages early;
    struct node_view view_base; /* the constant part */
    uint64_t waiting_since_ms;
    uint64_t last_view;
    pthread_mutex_t lock_backup; /* one at a time */
    atomic_uint_fast64_t loop_turned_ms;
    bool disk_low, disk_critical;
    uint64_t disk_free;

    /* Submissions from RPC threads. */
    pthread_mutex_t lock_tickets;
    struct ticket tickets[TICKETS_MAX];
    uint32_t ticket_free, ticket_first, ticket_last; /* lists by index + 1 */
    uint64_t tick_wish_ms;
    bool stop_wanted;

    /* Proofs of the state, and the latest block whose seal can be read. */
    struct proofs *proofs;
    bool proofs_under_way;
    uint64_t sealed_stored;

    /* Checkpoints. */
    uint64_t checkpoint_blocks; /* executed since the last one */
    uint64_t checkpoint_at_ms;
    bool checkpointing;

    /* Figures. */
    struct latency latencies[LATENCY_KEPT];
    struct timing proposed[TIMING_KEPT], executed[TIMING_KEPT];
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
enum status node_journal_options(const struct node *node, char dir[PATH_BYTES_MAX],
                                 struct journal_options *options); /* dir is borrowed by them */

enum status node_open_seal_key(struct node *node, const char *path, struct signer **signer,
                               struct problem *problem);
enum status node_open_safety(struct node *node, struct problem *problem);

/* node_rotate.c: the next seal key, where a rotation is under way and this set has it. */
enum status node_rotate(struct node *node, const struct committee *set, struct problem *problem);
enum status node_rotate_resume(struct node *node, struct problem *problem);

/* node_epoch.c: this host's part of node/epochs.h. */
enum status node_epoch_open(struct node *node, struct problem *problem);
enum status node_epoch_restored(struct node *node, struct problem *problem);
void node_epoch_turn(struct node *node);
void node_epoch_saved(struct node *node);

/* node_loop.c */
enum status node_loop_start(struct node *node, struct problem *problem);
void node_drain(struct node *node);
void node_enter(struct node *node);
void node_leave(struct node *node); /* the last one drains outputs, arms the timer, lets go */
void node_fail(struct node *node, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void node_stop(struct node *node);
void node_peer_up(struct node *node, uint16_t peer, const struct peer_info *info);

/* node.c: by the settings; borrows from them. */
void node_rpc_options(struct node *node, struct rpc_options *options);

/* node_reload.c: what SIGHUP does. */
void node_reload(struct node *node);
struct pool_limits node_pool_limits(const struct node *node); /* by the settings */

/* node_early.c */
bool early_keep(struct node *node, uint16_t peer, enum frame_kind kind, struct blob *payload);
void early_release(struct node *node, bool hear);

/* node_peers.c. The slot of a peer in peer_views and serving: validators first, then observers;
 * NODE_PEERS_MAX for a number that no peer has. */
size_t node_peer_slot(uint16_t peer);
enum status node_peers_set(struct node *node, struct problem *problem);

/* node_ledger.c */
void ledger_job_output(struct node *node, struct output *output);
void admissions_init(struct node *node);
void admissions_free(struct node *node); /* after the ledger's thread has ended */
void admission_output(struct node *node, struct output *output); /* takes the job over */
void ledger_job_checkpoint(struct node *node);
void serve_job_output(struct node *node, const struct output *output);

/* node_backend.c */
void node_backend_init(struct node *node);
void node_view_epoch(struct node *node);
void node_view_settings(struct node *node); /* what of them is shown; again after a reload */
void node_log_configure(struct node *node); /* by the settings, from now on */

/* node_observe.c: rpc_backend.observe, and the names of the methods as labels. */
void node_observe_init(void);
void node_observe_rpc(void *context, const struct rpc_observation *observation);
void node_take_inbox(struct node *node);
void node_answer(struct node *node, const struct output *output);
void node_answer_read(struct node *node, const struct output *output);
void node_tickets_free(struct node *node);

/* node_proofs.c: rpc_backend.prove, .wish_absence, .absence; on the loop: somebody has asked, a
 * block was executed, a second has passed. */
void node_proofs_turn(struct node *node);
void node_proofs_block(struct node *node, uint64_t time_ms);
void node_proofs_house(struct node *node);
void node_evidence(struct node *node); /* what the replica has found goes to the ledger */
bool node_prove(void *context, const struct state_question *question, state_done *done,
                void *done_context);
void node_wish_absence(void *context, const struct absence_wish *wish);
struct state_reading *node_absence(void *context, const struct digest *txid);

/* node_backup.c: rpc_backend.backup. */
json_t *node_backup(void *context, const char *directory, struct problem *problem);

/* node_metrics.c */
void node_metrics_init(struct node *node);
void node_metrics_epoch(struct node *node);
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
