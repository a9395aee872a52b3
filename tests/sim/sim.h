/* tests/sim/sim.h -- a cluster of production replicas in one process, one thread and virtual time.
 *
 * Every node is what the real node runs: replica, engine, ledger over SQLite, journal, safety file,
 * opened in the order of node/node_open.c. What is simulated is the world around them: a network, a
 * file system that forgets as real ones do, threads that answer late, clocks, processes that die,
 * clients, members that lie. All that goes wrong stands in the plan; the same plan gives the same
 * run, to the bit, whatever the compiler: trace hashes are compared.
 *
 *     faults      until plan.faults_ms: the plan's faults, clients submit
 *     core        plan.core is healed, everything else stays as broken as it is, for good: whatever
 *                 was submitted must be final and sealed on all of the core in bounded time
 *     all         everybody is healed but the liars: all heads equal, all sealed, all final
 *     silence     nothing is written any more (unless somebody lies)
 *
 * The checker (checker.h) judges after every event. The run ends with the first violation.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "checker.h"
#include "plan.h"
#include <stdio.h>

struct marks;

enum { KILLS_MAX = 128 };

struct sim_result {
    bool passed;
    enum check_name check; /* that failed; CHECK_NONE if it passed */
    char problem[256];
    uint64_t height;     /* blocks agreed on */
    uint64_t virtual_ms; /* how long the run took */
    uint64_t events;
    uint64_t committed; /* transactions in blocks */
    uint64_t timeouts;  /* of views, of all replicas */
    uint64_t folds;     /* of journals */
    uint64_t restarts;  /* of nodes */
    uint64_t faults[FAULT_KINDS];
    uint64_t lies[LIE_KINDS];
    uint64_t messages, lost, duplicated;
    uint64_t reads, reads_failed; /* of the latest state: answered, and told to try again */
    uint64_t torn_writes, lost_writes, flipped_bits, failed_ops; /* of all disks */
    uint32_t recovered;               /* kills of a leader after which a client was served ... */
    uint32_t recovered_ms[KILLS_MAX]; /* ... and when: the first so many */
    uint8_t trace[16];
};

/* What people see of a run; changes nothing in it. */
struct sim_view {
    bool text;           /* every output and fault as a line */
    FILE *mermaid;       /* or NULL: a sequence diagram ... */
    uint32_t last;       /* ... of the last so many events */
    struct marks *marks; /* or NULL: what notes, stops and refusals were seen */
};

/* Runs a plan. view may be NULL. Memory is kept for the next run. */
void sim_run(const struct plan *plan, const struct sim_view *view, struct sim_result *result);

/* Frees what was kept. */
void sim_end(void);

#endif
