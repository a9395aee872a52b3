/* tests/sim/sim.h -- a cluster of production replicas in one process, one thread and virtual time.
 *
 * Every node is the replica, engine and ledger that the real node runs; what is simulated is the
 * world around them: a network that loses, delays, duplicates and partitions, a journal whose
 * unsynced end a crash takes, a ledger that a power cut takes back to its last checkpoint, threads
 * that answer late, nodes that stand still, clocks that differ and jump, and members that lie. One
 * seed gives one run, to the bit, whatever the compiler: the trace hash is compared.
 *
 * After every event: no two blocks at one height, a seal only over what its signers executed, no
 * honest node stops or accuses another. At the end everything but the liars is healed, and every
 * submitted transaction must be final on every node and all heads equal within bounded virtual
 * time; then nothing is written any more.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "node/replica.h"
#include "random.h"

enum { NODES_MAX = 31, SIM_TXS_MAX = 8192, SIM_ACCOUNTS = 8 };

struct sim_options {
    uint64_t seed;
    uint16_t nodes;        /* the first of them ... */
    uint16_t liars;        /* ... are Byzantine, as many as are allowed at most */
    uint32_t transactions; /* to be submitted */
    uint64_t faults_ms;    /* virtual time with faults */
    bool trace;            /* print every event */
    bool far_behind;       /* at the end the last node loses its ledger, then everything */
    unsigned loss_permille, duplicate_permille;
    unsigned delay_ms_max;
    unsigned sync_ms_max;        /* of the journal */
    unsigned check_ms_max;       /* of the threads that verify */
    unsigned ledger_ms_max;      /* of the ledger's thread, for a job */
    uint64_t roll_bytes;         /* of the journal, until it is folded */
    unsigned crash_permille;     /* a second, for each node */
    unsigned wipe_permille;      /* of crashes that also lose the ledger */
    unsigned power_permille;     /* of the others that lose the ledger's last blocks */
    unsigned pause_permille;     /* a second, for each node: it stands still for a while */
    unsigned brief_permille;     /* of transactions that are valid for seconds only */
    unsigned skew_ms_max;        /* of wall clocks, either way */
    unsigned wild_permille;      /* a second: one clock is off by up to ten seconds */
    unsigned partition_permille; /* a second */
};

/* Draws the rates of a seed; nodes 0: their number too, 1 to 7. */
void sim_options_draw(struct sim_options *options, uint64_t seed, uint16_t nodes);

/* No faults, a transaction every few milliseconds, at least SIM_FAR_BLOCKS blocks. Then the last
 * node loses its ledger, and when it has caught up, ledger and journal: it follows without a
 * signer, as the host would have it. */
enum { SIM_FAR_BLOCKS = 5000, SIM_FAR_TXS = 5400, SIM_FAR_BEAT_MS = 16 };
enum { SIM_PROPOSALS_MAX = 1000 };
void sim_options_far_behind(struct sim_options *options, uint64_t seed, uint16_t nodes);

struct sim_result {
    bool agreed, progressed;
    uint64_t height; /* of all nodes at the end */
    uint64_t virtual_ms;
    uint64_t events;
    uint64_t crashes;
    uint64_t folds; /* of journals that were cut */
    uint64_t timeouts;
    uint64_t committed;  /* transactions */
    struct digest trace; /* hash over all outputs of all replicas */
    char problem[256];
};

/* Runs one seed. */
void sim_run(const struct sim_options *options, struct sim_result *result);

#endif
