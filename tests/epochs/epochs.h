/* tests/epochs/epochs.h -- whole nodes whose set of validators changes under faults.
 *
 * A universe of up to nine machines in one process and one thread, in virtual time, from one seed.
 * A machine is what a node is: the production replica, engine, ledger (on SQLite), journal and
 * safety file, on a disk of tests/sim/disk.h that forgets at a power cut. Three to seven of them
 * are the validators; members vote with signed transactions on who that is, and meanwhile machines
 * crash, links break, ledgers are lost. What must never happen is looked for after every event by a
 * judge who believes nobody, and at the end, when all is healed, everything must be final on all.
 *
 *     main.c      flags, workers, figures
 *     setup.c     what a seed draws; the beginning and the end of a run
 *     origin.c    keys, genesis, the disk that every machine begins with
 *     world.c     events in order of time, faults, the end of a run
 *     network.c   connections and frames
 *     machine.c   a process: opened as node/node_open.c does, its outputs, its end
 *     turn.c      what node/epochs.h asks of a host, as node/node_epoch.c does
 *     storage.c   its journal's and its ledger's threads
 *     changes.c   what members propose and vote, and the payments in between
 *     judge.c     one chain, its epochs, every signature
 */
#ifndef TESTS_EPOCHS_H
#define TESTS_EPOCHS_H

#include "format/action.h"
#include "ledger/reader.h"
#include "node/epochs.h"
#include "node/journal.h"
#include "node/replica.h"
#include "node/safety.h"
#include "tests/sim/disk.h"
#include "tests/sim/random.h"

enum {
    MACHINES_MAX = 9,
    PLACES_MAX = MACHINES_MAX + 1, /* and the twin of a validator that lies */
    SET_MAX = 7,
    ACCOUNTS = 7, /* each of them may become a member; the first one is for ever */
    KEYS_A_MACHINE = 50,
    EPOCHS_MAX = 256,
    HEIGHTS_MAX = 8192,
    CLIENTS_MAX = 4096,
    PROPOSALS_MAX = 128,
};
#define WALL_BASE_MS UINT64_C(1800000000000)

/* ---- what happened, for the figures ---- */

#define CHANGE_LIST(X) \
    X(ADD, "add") \
    X(REMOVE, "remove") \
    X(REPLACE, "replace") \
    X(REKEY, "rekey") \
    X(ENGINE, "engine.params") \
    X(PARAM_END, "params.set that ends") \
    X(PARAM, "params.set") \
    X(MEMBER_ADD, "member.add") \
    X(MEMBER_REMOVE, "member.remove")

enum change_kind {
#define X(name, text) CHANGE_##name,
    CHANGE_LIST(X)
#undef X
        CHANGES,
};

/* The steps of a change: behind each of them a machine may die. */
#define STEP_LIST(X) \
    X(PROPOSED, "proposed") \
    X(VOTED, "voted") \
    X(ENACTED, "enacted") \
    X(BOUNDARY, "boundary executed") \
    X(SEALED, "boundary sealed") \
    X(QUIET, "quiet") \
    X(SAVED, "checkpointed") \
    X(NAMED, "epoch record appended") \
    X(DURABLE, "epoch record durable") \
    X(STARTED, "replica started") \
    X(FIRST, "first block")

enum step {
#define X(name, text) STEP_##name,
    STEP_LIST(X)
#undef X
        STEPS,
};

struct figures {
    uint64_t runs, failed;
    uint64_t proposed[CHANGES], enacted[CHANGES], refused;
    uint64_t epochs, heights, payments, switches;
    uint64_t crashes[STEPS], crashes_random, restarts;
    uint64_t ledgers_lost, all_lost, cuts, twins, withheld, behind; /* behind: journal ahead */
    uint64_t events, virtual_ms;
};

/* ---- the parts ---- */

struct identity {
    struct id id;
    struct public_key node_key;
    bool registered; /* a record of it is on the chain: it cannot be added again */
};

struct pending {
    struct blob *payload;
    uint64_t record;
    uint8_t kind;
    bool begins_segment;
};

struct journal_state {
    struct journal *journal;
    struct safety *safety;
    struct pending *items;
    uint32_t capacity, count, group;
    bool writing, has_safety, group_safety;
    struct safety_state state, group_state;
    uint64_t cut, group_cut;
    uint64_t safety_synced_ms;
};

enum doom { DOOM_NONE, DOOM_KILL, DOOM_POWER };

struct machine {
    struct world *world;
    uint16_t place;  /* in world.machines */
    uint16_t number; /* of which machine it has the identity: a twin has another's */
    bool liar;       /* or its twin: what it promises is not judged */
    bool withholds;
    struct disk *disk;
    char ledger_path[40], journal_dir[40], safety_path[40];

    /* What its operator has put there. */
    struct identity identity;
    unsigned identities; /* so many it has had */
    unsigned key, keys;  /* the seal key in use; how many there are */
    unsigned next_key;   /* waits for the set that has it; 0: none */
    bool lost;           /* everything: its key must stay silent */
    unsigned lost_key;   /* ... this one */

    /* The process. */
    bool alive;
    uint32_t life;
    enum doom doom;
    uint64_t doom_restart_ms;
    struct ledger *ledger;
    struct ledger_reader *reader;
    struct signer *signer_before; /* until the replica that knows it is gone */
    struct journal_state journal;
    struct replica *replica;
    struct epochs epochs;
    uint64_t ledger_until_ms, timer_at_ms, checkpoint_at_ms;
    uint64_t executed;               /* since the last checkpoint */
    uint64_t said_epoch[PLACES_MAX]; /* what each peer last said, as far as the replica was told */

    bool gone; /* for good: it has met its twin */

    /* What it has shown. */
    uint64_t height;
    uint64_t opened; /* highest epoch whose record is durable on it */
    uint64_t mourns; /* the height that it must reach again after a loss */
};

struct client {
    struct blob *transaction;
    struct digest txid;
    uint16_t machine; /* that admitted it, or is asked */
    uint32_t life;    /* ... of its process */
    uint64_t asked_ms;
    bool admitted, done;
    uint16_t proposal; /* + 1; 0: none */
    bool ballot;
};

/* A proposal as the world plans it and the judge remembers it. */
struct change {
    enum change_kind kind;
    struct action actions[2];
    uint8_t count;
    uint16_t machine, gone; /* that joins or gets a key; that leaves */
    unsigned key;
    uint32_t client;
    uint64_t number;     /* 0: not yet on the chain */
    bool settled, ended; /* decided in whatever way; ...: ends the epoch */
    uint64_t begun_ms, voted_ms;
    uint64_t until_ms, activate_ms; /* block time */
    bool votes_out, votes_again;
};

struct block_seen {
    struct header header;
    struct digest hash;
    bool sealed;
};

struct epoch_seen {
    struct committee committee;
    uint64_t first_height;
    uint64_t boundary; /* its last block; 0: open */
    struct digest boundary_hash;
};

struct said_slot {
    bool used;
    struct public_key key;
    uint8_t kind;
    uint64_t epoch, slot;
    struct digest digest;
};

enum { SLOTS_FIRST = 1024 };

struct judge {
    struct block_seen blocks[HEIGHTS_MAX];
    uint64_t height, sealed;
    struct epoch_seen epochs[EPOCHS_MAX];
    uint64_t epoch;
    uint64_t params_version;
    uint64_t proposals; /* numbers given */
    struct said_slot *slots;
    uint32_t slots_count, slots_size;
};

enum occasion_type {
    ON_FRAME,
    ON_WRITTEN,
    ON_CHECKED,
    ON_LEDGER,
    ON_CHECKPOINTED,
    ON_SAVED,
    ON_WAKE,
    ON_HOUSE,
    ON_OWN_LAST = ON_HOUSE,
    ON_RESTART,
    ON_KILL, /* number = how */
    ON_PING,
    ON_CLIENT,
    ON_PAY,
    ON_CHANGE,
    ON_FAULT,
    ON_MEND, /* the cut is over */
};

struct occasion {
    uint64_t at_ms, order;
    enum occasion_type type;
    uint16_t to, from;
    uint32_t life, link; /* of the process; of the connection */
    uint8_t kind;
    uint64_t number, epoch;
    struct blob *blob;
    struct check_job *job;
    enum output_kind output;
    enum status status;
    struct execution *execution;
    struct problem *problem;
};

struct world {
    uint64_t seed;
    bool trace;
    bool failed;
    char why[512];
    struct figures *figures;
    struct stream net, disk, life, threads, changes, faults, load;

    /* Drawn. */
    enum engine_kind engine;
    uint64_t phases;
    uint16_t machines_count, first_set, set_min;
    uint64_t delay_ms, sync_ms, ledger_ms, load_ms, faults_ms, roll_bytes;
    uint64_t client_ms, change_ms, late_ms, pause_ms, vote_again_ms, behind_ms;
    uint16_t changes_wanted; /* behind_ms after the last one is decided all is healed */
    unsigned crash_permille, random_crash_permille;
    bool no_faults;
    uint16_t liar; /* VALIDATOR_NONE: none */
    bool twin;

    const struct genesis *genesis;
    struct id accounts[ACCOUNTS], asset;
    struct secret_key account_keys[ACCOUNTS];
    struct machine machines[PLACES_MAX];
    struct judge *judge;
    uint64_t now_ms;
    bool healing;

    struct occasion *heap;
    uint32_t heap_count, heap_capacity;
    uint64_t order;

    uint32_t link[PLACES_MAX][PLACES_MAX]; /* odd: connected */
    uint64_t last_at[PLACES_MAX][PLACES_MAX];
    uint32_t cut;       /* machines that do not reach the others */
    uint32_t twin_side; /* those who are connected to the twin */

    struct client *clients;
    uint32_t clients_count, clients_done;
    struct change *list; /* of changes */
    uint32_t changes_count;
    uint64_t trace_hash;
};

/* world.c */
void world_run(struct world *w);
void fail(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void remark(struct world *w, uint16_t place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void trace_bytes(struct world *w, const void *bytes, size_t size);
void push(struct world *w, uint64_t at_ms, struct occasion event);
void step_reached(struct world *w, struct machine *m, enum step step);
struct moment moment_of(const struct world *w);
static inline uint64_t wall_ms(const struct world *w)
{
    return WALL_BASE_MS + w->now_ms;
}
struct occasion occasion_of(const struct machine *m, enum occasion_type type);

/* network.c */
uint16_t peer_number(const struct world *w, const struct machine *m, uint16_t place);
void network_links(struct world *w);
void network_send(struct world *w, struct machine *m, uint16_t peer, uint8_t kind,
                  struct blob *blob);
void network_frame(struct world *w, struct machine *m, const struct occasion *event);
void network_ping(struct world *w);
void network_introduce(struct world *w, struct machine *m);

/* origin.c */
void secret_of(uint16_t machine, unsigned key, struct secret_key *secret,
               struct public_key *public_key);

/* machine.c */
void machine_identity(struct machine *m);
void machine_open(struct world *w, struct machine *m);
void machine_drain(struct world *w, struct machine *m);
void machine_doom(struct world *w, struct machine *m, enum doom doom, uint64_t restart_ms);
void machine_end(struct world *w, struct machine *m, enum doom doom);
void machine_close(struct machine *m);
void machine_io_failed(struct world *w, struct machine *m, const char *what,
                       const struct problem *problem);

/* turn.c */
enum status turn_open(struct world *w, struct machine *m, struct problem *problem);
enum status turn_restored(struct world *w, struct machine *m, uint64_t last_record_read,
                          struct problem *problem);
void turn_consider(struct world *w, struct machine *m);
void turn_saved(struct world *w, struct machine *m);

/* storage.c */
uint64_t epoch_named(uint8_t kind, struct span payload);
void storage_append(struct world *w, struct machine *m, const struct output *output);
void storage_wake(struct world *w, struct machine *m);
void storage_written(struct world *w, struct machine *m);
void storage_dies(struct world *w, struct machine *m);
void storage_ledger(struct world *w, struct machine *m, struct output *output);
void storage_seal(struct world *w, struct machine *m, struct output *output);
void storage_serve(struct world *w, struct machine *m, const struct output *output);
void storage_checkpoint(struct world *w, struct machine *m, bool saves_epoch);
void storage_house(struct world *w, struct machine *m);
bool storage_rekey(struct world *w, struct machine *m, unsigned key);

/* changes.c */
void changes_load(struct world *w);
void changes_ask(struct world *w);
void changes_turn(struct world *w);
void changes_answered(struct world *w, struct machine *m, const struct output *output);
bool changes_decided(const struct world *w);
bool changes_may_lose(const struct world *w, const struct machine *m);
void pay(struct world *w);

/* judge.c */
void judge_begin(struct world *w);
void judge_executed(struct world *w, struct machine *m, const struct execution *execution);
void judge_sealed(struct world *w, struct machine *m, const struct seal *seal);
void judge_sent(struct world *w, struct machine *m, uint8_t kind, struct span payload);
void judge_finish(struct world *w);
uint16_t judge_machine_of(const struct world *w, const struct validator *validator);
bool judge_in_set(const struct world *w, const struct machine *m);
uint16_t judge_quorum(const struct committee *committee);

#endif
