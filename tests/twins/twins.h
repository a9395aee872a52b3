/* tests/twins/twins.h -- systematic bad company for an engine: members that exist twice.
 *
 * After Bano et al., "Twins: BFT Systems Made Robust" (OPODIS 2021): two instances of the honest
 * code with one key are a Byzantine member for free. They equivocate, vote twice and forget,
 * without a line of attack code, and a scenario is nothing but who leads each round and who hears
 * whom in it:
 *
 *     instance    A B C are honest, D and D' are the two halves of one member (4 members, f = 1)
 *     round       a view of the protocol, with a leader and a partition into at most three sets
 *     phase       a round may have another partition for each step: proposals, votes, the rest
 *
 * A message of view v passes if its sender and its receiver stand in one set of round v. What does
 * not pass is lost, or comes late. When nobody can go on, the harness lets the least telling quorum
 * of timeouts through, so that every scenario reaches its last round. Then the network heals, and
 * honest members must decide something new.
 *
 *     scenario.c   what a scenario is: text, symmetry, chance
 *     world.c      runs one: engines, network, the checks (world_internal.h says which file does
 * what) main.c       which scenarios, how many, and the report
 */
#ifndef TWINS_H
#define TWINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MEMBERS_MAX = 7,
    INSTANCES_MAX = 9,
    ROUNDS_MAX = 12,
    PHASES_MAX = 3,
    SETS_MAX = 3,
    PARTITIONS_MAX = 3281, /* of nine instances into at most three sets */
    IMAGES_MAX = 48,       /* renamings that change nothing: 4! orders, and the twins' halves */
    ID_SIZE = 192,
};

/* What happens to messages that a partition keeps back. */
enum late {
    LATE_LOST,     /* nobody ever sees them */
    LATE_IN_ROUND, /* they come when everybody has given the round up, before its timeouts do */
    LATE_AFTER,    /* they come when somebody is two rounds further */
    LATE_KINDS
};

/* What the twins do after the last round. */
enum ending {
    ENDING_BOTH,   /* both halves go on */
    ENDING_FIRST,  /* the second halves are silent */
    ENDING_SILENT, /* the member is gone */
    ENDING_KINDS
};

/* A proposal of a second half that no certificate admits to its view. */
enum stale {
    STALE_NO,
    STALE_ROOT,  /* extends the root */
    STALE_OLDER, /* extends what was certified before the highest certificate */
    STALE_KINDS
};

struct round {
    uint8_t leader; /* a member */
    bool forget;    /* amnesia: the last member restarts from an older copy of its records */
    uint16_t partition[PHASES_MAX];
};

struct scenario {
    uint8_t members;
    uint8_t twins; /* the last members: so many exist twice */
    uint8_t phases;
    uint8_t rounds;
    uint8_t three_chain; /* the protocol: 0 two-chain, 1 three-chain */
    bool amnesia;        /* no twin, but a last member that forgets */
    bool eavesdrop;      /* second halves hear everything */
    enum late late;
    uint16_t late_to; /* only these instances get late messages; for the others they are lost */
    enum ending ending;
    enum stale stale;
    uint32_t order; /* 0: messages arrive in the order of sending; else drawn from this seed */
    struct round round[ROUNDS_MAX];
};

static inline uint8_t instances_of(const struct scenario *s)
{
    return (uint8_t)(s->members + s->twins);
}

/* The member that an instance is, or is half of. */
static inline uint8_t member_of(const struct scenario *s, uint8_t instance)
{
    return (uint8_t)(instance < s->members ? instance : instance - s->twins);
}

static inline bool is_second(const struct scenario *s, uint8_t instance)
{
    return instance >= s->members;
}

static inline bool is_honest(const struct scenario *s, uint8_t instance)
{
    uint8_t liars = s->amnesia ? 1 : s->twins;
    return instance < s->members - liars;
}

/* ---- scenario.c ---- */

/* Partitions of so many instances, and the renamings of honest ones. Once, before all else. */
void scenario_tables(uint8_t instances);
uint16_t partitions_count(void);
bool same_set(uint16_t partition, uint8_t a, uint8_t b);

/* "A", "D'", and "{A,B,D'} {C,D}". */
const char *instance_name(const struct scenario *s, uint8_t instance);
void partition_text(const struct scenario *s, uint16_t partition, char text[64]);

/* One word that says it all, and back; false if it is none. */
void scenario_write(const struct scenario *s, char id[ID_SIZE]);
bool scenario_read(const char *id, struct scenario *s);

/* Is it the first among those that differ only in the names of honest members (and, where nothing
 * tells the halves apart, of halves)? Asked of the first `rounds` rounds: if not there, then
 * nowhere behind. */
bool scenario_is_first(const struct scenario *s, uint8_t rounds);

/* Fills in rounds, and what makes it bad, by chance. */
void scenario_draw(struct scenario *s, uint64_t *random);
uint64_t random_below(uint64_t *state, uint64_t count);

/* ---- world.c ---- */

struct outcome {
    const char *check; /* NULL: all is well; else the name of the check that failed */
    char text[256];
    uint64_t messages; /* that instances were given */
    uint64_t decided;  /* highest index */
    uint64_t refused;  /* messages of liars that nobody believed */
    uint64_t forced;   /* rounds that ended only by the harness's help */
};

void world_open(void);
void world_close(void);
void world_run(const struct scenario *s, bool trace, struct outcome *outcome);

#endif
