/* tests/sim/sim_internal.h -- the simulated world's own structures, shared by its files.
 *
 *     sim.c       a run: events in order of time, its phases, what must hold at the end
 *     queue.c     the events
 *     world.c     a replica's outputs: where they go, and what is checked after each event
 *     storage.c   a node's journal and ledger threads, on its disk
 *     net.c       links between replicas, frames on their way
 *     life.c      a node's process: opened as node/node_open.c does, killed, repaired
 *     faults.c    the plan's faults begin and end; healing
 *     clients.c   what clients submit, and what they are told
 *     reads.c     what clients read of the latest state
 *     memory.c    SQLite's memory; what is kept between runs
 *     setup.c     genesis and disks after `init`, made once; the beginning and the end of a run
 *
 * A replica is a number, 0 .. plan_replicas - 1; a member is an index in the committee. Twins are
 * two replicas of one member. Replicas speak of each other as members, links are between replicas.
 */
#ifndef SIM_INTERNAL_H
#define SIM_INTERNAL_H

#include "sim.h"

#include "crypto/signer.h"
#include "disk.h"
#include "ledger/reader.h"
#include "liar.h"
#include "memory.h"
#include "node/journal.h"
#include "node/replica.h"
#include "node/safety.h"
#include "trace.h"
#include "workload.h"

/* Streams of the run; each fault has one of its own (fault.seed). */
enum {
    STREAM_NET = 1,
    STREAM_DISK,
    STREAM_THREADS,
    STREAM_LIFE,
    STREAM_CLIENTS,
    STREAM_CLOCK,
    STREAM_READ,
};

enum {
    CORE_MS = 60000,    /* the longest until all is final on the core ... */
    ALL_MS = 120000,    /* ... and everywhere */
    SETTLE_MS = 20000,  /* after that: late seals, a last view, each of at most 8 s */
    SILENCE_MS = 20000, /* then nothing may be written */
    LOOK_MS = 50,       /* between looks at whether all is final */
    SHUN_MS = 1000,
    PING_MS = 5000,
    HOUSE_MS = 1000,
    LIAR_MS = 100,
    HAND_OVER_MS = 100, /* how long a node that is stopped waits for its successor */
    RETRY_MS = 1000,    /* between tries to open a node that its disk does not let */
    FAR_BEAT_MS = 16,
    FAR_BLOCKS = 5000,
    SIM_PROPOSALS_MAX = 1000, /* of a replica at rest */
};

enum sim_event_type {
    SIM_DELIVER,      /* a frame: from (member), kind, blob */
    SIM_PEER_UP,      /* from (member), number = sealed height */
    SIM_PEER_DOWN,    /* from (member) */
    SIM_PEER_HEIGHT,  /* from (member), number = sealed height */
    SIM_WRITTEN,      /* the journal's group is through */
    SIM_CHECKED,      /* job */
    SIM_LEDGER_DONE,  /* output, status, execution or job, problem */
    SIM_CHECKPOINTED, /* number = sequence */
    SIM_TIMER,
    SIM_STOP,  /* its operator stops it; again when it has waited long enough */
    SIM_ASK,   /* a client reads; number = its patience in ms */
    SIM_HOUSE, /* checkpoints, safety file, bounds: once a second */
    SIM_OWN_LAST =
        SIM_HOUSE,   /* up to here they belong to a process, and wait while it stands still */
    SIM_SUBMIT,      /* number = client */
    SIM_READ,        /* somebody wants to read */
    SIM_RESTART,     /* node */
    SIM_LINKS,       /* connections are looked at again */
    SIM_PING,        /* keep-alives of all connections */
    SIM_LIAR,        /* node: what a liar says without occasion */
    SIM_FAULT_BEGIN, /* number = of the plan's fault */
    SIM_FAULT_END,
    SIM_FLAP,
};

struct sim_event {
    enum sim_event_type type;
    uint16_t node, from;
    uint8_t kind;
    uint32_t incarnation;
    uint64_t number;
    struct blob *blob;
    struct check_job *job;
    enum output_kind output;
    enum status status;
    struct execution *execution;
    struct problem *problem; /* NULL if status is OK */
};

struct queue_key {
    uint64_t at_ms, order; /* ties are broken by the order of scheduling */
    uint32_t slot;         /* in events */
};

struct queue {
    struct queue_key *heap;
    uint32_t count, capacity;
    struct sim_event *events;
    uint32_t *unused; /* slots */
    uint32_t unused_count;
    uint64_t order;
};

/* A record on its way to the disk. */
struct pending {
    struct blob *payload;
    uint64_t record;
    uint8_t kind;
    bool begins_segment;
};

/* The journal's thread of a node. */
struct sim_journal {
    struct journal *journal;
    struct safety *safety;
    struct pending *items; /* a ring */
    uint32_t capacity, first, count;
    uint32_t group; /* of them being written */
    bool writing;
    bool failed;     /* for ever */
    bool has_safety; /* the state is to be written ... */
    struct safety_state state;
    bool group_safety; /* ... and is, with the group being written */
    struct safety_state group_state;
    uint64_t cut, group_cut;
    uint64_t safety_synced_ms;
};

/* DOOM_EXIT: it ends itself, after a failure, and closes what it has. */
enum doom { DOOM_NONE, DOOM_KILL, DOOM_POWER, DOOM_EXIT };

struct sim_node {
    uint16_t number, member;
    bool liar_member, twin;
    bool honest; /* neither */
    bool frail;
    char journal_dir[48], safety_path[48], ledger_path[48];
    struct disk *disk;
    struct liar *liar;

    /* The process. */
    bool alive;
    uint32_t incarnation;
    struct replica *replica;
    struct signer *signer;
    struct ledger *ledger;
    struct ledger_reader *reader;
    bool votes;
    struct safety_state safety_state;
    struct sim_journal journal;
    uint64_t ledger_until_ms; /* its thread is busy until then */
    uint64_t executed;        /* blocks since the last checkpoint */
    uint64_t checkpoint_at_ms;
    uint64_t timer_at_ms;
    uint64_t failed_ops; /* of its disk, when it was opened */

    /* What it has told. */
    uint64_t height, sealed;
    uint64_t kept_height; /* of the last checkpoint: on its disk whatever happens */
    uint64_t records;     /* appended, all incarnations */

    /* What goes wrong. */
    enum doom doom; /* it ends after the present call ... */
    uint64_t doom_restart_ms;
    bool stopping; /* its operator has stopped it: it goes when it does not lead any more, or ... */
    uint64_t stop_by_ms, stop_restart_ms;
    uint64_t kill_in; /* ... or at this output; 0: never */
    enum doom kill_doom;
    uint64_t kill_restart_ms, disk_restart_ms; /* restart of a planned death */
    int64_t skew_ms, first_skew_ms;            /* of its wall clock */
    uint64_t paused_until_ms;
    uint64_t slow_disk_ms;
    bool full;        /* its disk is ... */
    bool was_full;    /* ... or was while this process ran */
    bool forgot;      /* its journal was taken away */
    bool written;     /* its safety file remembers promises */
    bool promised;    /* before its journal was taken away it did: it must not vote */
    unsigned repairs; /* by its operator, of a frail one */
    bool repair_due;
    bool damaged; /* a bit of its ledger has flipped: what it executes may be wrong */
};

/* A client's transaction. */
struct client {
    struct blob *transaction;
    struct digest txid;
    uint64_t came_ms;
    uint16_t at; /* replica that it waits for */
    uint16_t attempts, refused;
    uint32_t place; /* among those that are open */
    bool hopeless;
    bool made; /* by the first of those with this txid */
    bool done;
};

struct clients {
    struct client *list;
    uint32_t count, capacity;
    uint32_t *table; /* by txid: the first client with it, + 1 */
    uint32_t table_size;
    uint32_t *open; /* those that are not done */
    uint32_t open_count;
    uint32_t to_come; /* first submissions */
};

/* A read of the latest state. */
struct client_read {
    uint64_t floor;           /* the height that was known when it was asked for */
    uint64_t known_height;    /* the last transaction of which a client was told by then: in this */
    struct digest known_txid; /* block; 0: none */
    bool done;
};

struct client_reads {
    struct client_read *list; /* by ticket, from 1 on */
    uint32_t count, capacity;
    uint64_t known_height; /* the last that a client was told of */
    struct digest known_txid;
    uint64_t healed;                        /* replicas that have answered since they were healed */
    uint32_t healed_ticket[REPLICAS_MAX];   /* the question that they were asked since */
    uint64_t healed_until_ms[REPLICAS_MAX]; /* and how long its answer may take */
};

enum phase { PHASE_FAULTS, PHASE_CORE, PHASE_ALL };

struct sim {
    const struct plan *plan;
    const struct sim_view *view;
    struct sim_result *result;
    const struct genesis *genesis; /* of the image */
    const struct secret_key *seal_keys;
    struct verify_cache *cache; /* NULL with the MAC, which is cheaper */
    struct checker *checker;
    struct trace *trace;
    struct workload *workload;
    struct stream net, disk, threads, life, load, clock, reading;

    uint16_t replicas;
    struct sim_node nodes[REPLICAS_MAX];
    uint16_t of_member[MEMBERS_MAX][2]; /* its replicas ... */
    uint16_t of_member_count[MEMBERS_MAX];
    struct queue queue;
    uint64_t now_ms;
    enum phase phase;
    bool failed;

    /* The network. Sets of replicas. */
    uint64_t connected[REPLICAS_MAX];
    uint64_t cut[REPLICAS_MAX]; /* what the first says does not reach these */
    uint16_t slow_ms[REPLICAS_MAX][REPLICAS_MAX];
    uint64_t shunned_until_ms[REPLICAS_MAX][REPLICAS_MAX];
    unsigned loss_permille;
    bool active[PLAN_FAULTS_MAX]; /* faults with a duration */
    bool flapped[PLAN_FAULTS_MAX];

    struct clients clients;
    struct client_reads reads;
    bool leaderless;         /* the leader was killed and no client ... */
    uint64_t leader_died_ms; /* ... that has come since was served yet */
    unsigned losses;         /* far behind: still to come */
};

/* sim.c */
void sim_fail(struct sim *sim, enum check_name check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void sim_note(struct sim *sim, uint16_t n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* queue.c */
void queue_push(struct sim *sim, uint64_t at_ms, const struct sim_event *event);
void queue_push_again(struct sim *sim, uint64_t at_ms, uint64_t order,
                      const struct sim_event *event);
struct sim_event queue_pop(struct sim *sim, uint64_t *at_ms, uint64_t *order);
void queue_clear(struct sim *sim);
void queue_free(struct sim *sim);
void event_free(struct sim_event *event);

/* An event of a node's process as it is now. */
static inline struct sim_event event_of(const struct sim_node *node, enum sim_event_type type)
{
    return (
        struct sim_event){ .type = type, .node = node->number, .incarnation = node->incarnation };
}

/* world.c */
uint64_t wall_of(const struct sim *sim, uint16_t n);
struct moment moment_of(const struct sim *sim, uint16_t n);
void world_drain(struct sim *sim, uint16_t n);
void world_bounds(struct sim *sim, uint16_t n);

/* storage.c */
void journal_append_output(struct sim *sim, struct sim_node *node, const struct output *output);
void journal_wake(struct sim *sim, struct sim_node *node);
void journal_written(struct sim *sim, struct sim_node *node);
void journal_dies(struct sim *sim, struct sim_node *node, bool killed);
void ledger_output(struct sim *sim, struct sim_node *node, struct output *output);
void ledger_seal_output(struct sim *sim, struct sim_node *node, struct output *output);
void ledger_serve_output(struct sim *sim, struct sim_node *node, const struct output *output);
void storage_house(struct sim *sim, struct sim_node *node);

/* net.c */
void net_send(void *user, uint16_t from_replica, uint16_t to_member, uint8_t frame,
              struct blob *blob);
void net_output(struct sim *sim, struct sim_node *node, const struct output *output);
void net_say(struct sim *sim, struct sim_node *node, uint16_t to_member, uint8_t frame,
             struct blob *blob);
void net_links(struct sim *sim);
void net_gone(struct sim *sim, uint16_t n);
void net_shun(struct sim *sim, uint16_t n, uint16_t member);
void net_pings(struct sim *sim);

/* life.c */
void life_open(struct sim *sim, uint16_t n);
void life_doom(struct sim *sim, struct sim_node *node, enum doom doom, uint64_t restart_ms);
void life_end(struct sim *sim, uint16_t n); /* what life_doom has announced */
void life_kill(struct sim *sim, uint16_t n, enum doom doom, uint64_t restart_ms);
void life_stop(struct sim *sim, struct sim_node *node);
void life_stopping(struct sim *sim, struct sim_node *node);
void life_stopped(struct sim *sim, struct sim_node *node, int exit_code, const char *text);
void life_free(struct sim *sim, struct sim_node *node);

/* faults.c */
void fault_begin(struct sim *sim, uint32_t number);
void fault_end(struct sim *sim, uint32_t number);
void fault_flap(struct sim *sim, uint32_t number);
void fault_network(struct sim *sim);
void heal_core(struct sim *sim);
void heal_all(struct sim *sim);
void lose_ledger(struct sim *sim, bool everything);

/* clients.c */
void clients_begin(struct sim *sim);
void clients_submit(struct sim *sim, uint64_t number);
void clients_burst(struct sim *sim, uint16_t n, uint64_t count);
void clients_answered(struct sim *sim, struct sim_node *node, const struct output *output);
void clients_executed(struct sim *sim, const struct execution *execution);
void clients_sealed(struct sim *sim, struct sim_node *node);
void clients_end(struct sim *sim);

/* reads.c */
void client_reads_begin(struct sim *sim);
void client_reads_come(struct sim *sim);
void client_reads_ask(struct sim *sim, uint16_t n, uint64_t patience_ms);
void client_reads_committed(struct sim *sim, struct sim_node *node,
                            const struct execution *execution);
void client_reads_answered(struct sim *sim, struct sim_node *node, const struct output *output);
bool client_reads_healed(struct sim *sim, uint64_t replicas);

/* setup.c */
void setup_begin(struct sim *sim);
void setup_end(struct sim *sim);

#endif
