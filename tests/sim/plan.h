/* tests/sim/plan.h -- all that goes wrong in one run, written down before it begins.
 *
 * A seed is turned into a plan; the run takes every fault from the plan and nothing else from the
 * seed but streams for delays. So a plan can be printed, read back, edited and made smaller: what
 * is left out of it does not shift the rest. Swarm testing: each seed switches every kind of fault
 * on or off and draws its own rates.
 *
 *     # comment
 *     seed 17                    run: nodes, load, rates
 *     nodes 4
 *     ...                        one line for every option: NAME VALUE
 *     fault 1200 2400 partition nodes=0x5
 *     fault 3100 0 kill node=2 value=17 seed=99
 *
 * Who may break is limited: members that lie, that lose their promises, or whose disks flip bits
 * are at most f altogether (unless the plan is meant to go beyond).
 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "crypto/committee.h"
#include "random.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { MEMBERS_MAX = 31, REPLICAS_MAX = 2 * MEMBERS_MAX, PLAN_FAULTS_MAX = 512 };

/* `node` is a replica: 0 .. nodes-1 the members, nodes .. the second twins. */
enum fault_kind {
    FAULT_KILL,      /* node is killed just before its `value`th output from then on; restarts at
                        until_ms */
    FAULT_KILL_DISK, /* the same at its `value`th change of the disk: inside a commit, a sync */
    FAULT_POWER,     /* as KILL, and what is not synced is lost */
    FAULT_POWER_ALL, /* every replica at once; they restart one by one until until_ms */
    FAULT_PAUSE,     /* stands still until until_ms, its messages wait */
    FAULT_CLOCK,     /* node's wall clock is off by (int64_t)value ms from now on */
    FAULT_PARTITION, /* those in `nodes` and the others do not hear each other */
    FAULT_ONE_WAY,   /* what node says does not reach those in `nodes` */
    FAULT_BRIDGE,    /* as PARTITION, but `node` hears and is heard by both sides */
    FAULT_FLAP,      /* node is cut off for `value` ms, and back for as long, in turn */
    FAULT_SLOW_LINK, /* messages between node and those in `nodes` take `value` ms more */
    FAULT_LOSS,      /* `value` permille of all messages are lost */
    FAULT_SLOW_DISK, /* node's syncs take `value` ms more */
    FAULT_DISK_FULL, /* node's disk takes `value` bytes more, until until_ms */
    FAULT_EIO_WRITE, /* node's `value`th write from then on fails; restarts a while later */
    FAULT_EIO_SYNC,
    FAULT_EIO_READ,
    FAULT_WIPE,        /* node is killed and comes back without its ledger, with its journal */
    FAULT_FLIP,        /* node is killed, one bit of a file flips (value: 0 ledger, 1 journal, 2
                          safety file) */
    FAULT_AMNESIA,     /* node is killed and comes back without its journal */
    FAULT_BURST,       /* `value` transactions at once, to node */
    FAULT_KILL_LEADER, /* whoever leads is killed (value 1: loses power); Raft only */
    FAULT_STOP,        /* node, or with value 1 whoever leads, is stopped by its operator: it hands
                          over, ends itself, and restarts at until_ms; Raft only */
    FAULT_KINDS
};
extern const char *const fault_names[FAULT_KINDS];

struct fault {
    uint64_t at_ms, until_ms; /* until_ms 0: does not end by itself, or ends with the faults */
    enum fault_kind kind;
    uint16_t node;
    uint64_t nodes; /* a set, bit n = replica n */
    uint64_t value;
    uint64_t seed; /* of what the fault draws itself */
};

/* What a Byzantine member does; a set of these. */
enum lie_kind {
    LIE_EQUIVOCATE,     /* proposes twice in a view, other batch to others */
    LIE_STALE_PROPOSAL, /* proposes on an old certificate, with what it needs to look right */
    LIE_WITHHOLD,       /* says nothing to some, or header without batch */
    LIE_VOTE_TWICE,     /* votes and commit votes for whatever was proposed, and for nothing */
    LIE_MUTATE,         /* one field one up or down, or from an older message, signed again */
    LIE_GARBAGE,        /* bits flipped, cut short, made up */
    LIE_REPLAY,         /* old messages at the wrong time, its own and others' */
    LIE_FUTURE,         /* floods with far views, indexes and heights */
    LIE_SYNC,           /* serves changed, foreign, short or no blocks; claims heights it lacks */
    LIE_SEAL,           /* signs other blocks; poisoned seals with too few or doubled signers */
    LIE_TIMEOUTS,       /* leaves every view at once; timeouts with other certificates */
    LIE_KINDS
};
extern const char *const lie_names[LIE_KINDS];

struct plan {
    uint64_t seed;
    uint16_t nodes; /* members, 1 .. MEMBERS_MAX */
    uint16_t
        engine; /* enum engine_kind; with Raft members crash, and neither lie nor exist twice */
    uint16_t phases;                                         /* of HotStuff: 2 or 3 */
    uint16_t heartbeat_ms, election_ms_min, election_ms_max; /* of Raft */
    uint16_t lease_ms;                                       /* of Raft: 0, reads ask a quorum */
    bool real_keys;                                          /* Ed25519 instead of the MAC */
    bool beyond;     /* more than f may break: the run is to end with a violation */
    bool far_behind; /* a long calm run; at its end the last member loses its ledger, then all */
    uint64_t liars;  /* members that lie: a set */
    uint32_t lies;   /* how: a set of lie_kind */
    unsigned lie_permille; /* of what they send */
    uint64_t twins;        /* members of which a second replica runs with the same key: a set */
    uint64_t frail;        /* members that may lose promises or have bits flipped: a set */
    uint64_t core;         /* members that are healed first: at least a quorum, honest, not frail */
    uint32_t transactions;
    uint32_t reads;     /* of the latest state, through replicas; Raft only */
    uint64_t faults_ms; /* virtual time with faults */
    unsigned loss_permille, duplicate_permille; /* all the time */
    unsigned delay_ms_min, delay_ms_max;
    unsigned tail_permille;  /* of messages that take 20 times as long */
    unsigned sync_ms_max;    /* of the disk */
    unsigned check_ms_max;   /* of the threads that verify */
    unsigned ledger_ms_max;  /* of the ledger's thread, for a job */
    uint64_t roll_bytes;     /* of the journal, until it is folded */
    unsigned skew_ms_max;    /* of wall clocks at the beginning, either way */
    unsigned brief_permille; /* of transactions that are valid for seconds only */
    unsigned bad_permille;   /* of transactions that must be refused or fail */
    unsigned checkpoint_ms;  /* between checkpoints of a ledger */
    uint32_t faults_count;
    struct fault faults[PLAN_FAULTS_MAX]; /* by at_ms */
};

/* nodes 0: the seed draws 1 .. 7 mostly, sometimes up to 31. */
void plan_draw(struct plan *plan, uint64_t seed, uint16_t nodes);

/* The same for a cluster that runs Raft: 1 .. 7 members. */
void plan_draw_raft(struct plan *plan, uint64_t seed, uint16_t nodes);

/* Steady load on a calm network with the standard parameters of Raft; every few seconds whoever
 * leads is killed, `kills` times in all. */
void plan_leader_kills(struct plan *plan, uint64_t seed, uint16_t nodes, uint32_t kills);

/* No faults, thousands of blocks, then losses (see sim.h). */
void plan_far_behind(struct plan *plan, uint64_t seed, uint16_t nodes);

/* f + 1 twins whose halves are kept apart: agreement cannot hold, and the checks must say so. */
void plan_beyond(struct plan *plan, uint64_t seed);

/* Text, in the form above. read: false with a sentence (line number, what is wrong) in problem. */
void plan_write(const struct plan *plan, FILE *file);
bool plan_read(struct plan *plan, FILE *file, char problem[200]);

/* Is the set within what the fault model allows? False with a sentence. */
bool plan_allowed(const struct plan *plan, char problem[200]);

/* f and quorum of a number of members, in the fault model of the plan's engine. */
uint16_t plan_faulty(const struct plan *plan);
uint16_t plan_quorum(const struct plan *plan);

static inline bool plan_is_raft(const struct plan *plan)
{
    return plan->engine == ENGINE_RAFT;
}

static inline uint16_t plan_replicas(const struct plan *plan)
{
    return (uint16_t)(plan->nodes + __builtin_popcountll(plan->twins));
}

#endif
