/* tests/twins/world_internal.h -- the world of one scenario, shared by the files that run it;
 * nobody else includes it.
 *
 *     world.c      one scenario from its beginning to its end; what the linker hands to us
 *     memory.c     bytes and proposals that live as long as the scenario
 *     network.c    who hears whom; what is on its way, and what is kept back
 *     instance.c   an engine: what it is told, what it wants, and what is checked about that
 *     rounds.c     rounds begin and end; healing, and what must happen then
 *
 * There is one world, and it is used for one scenario after the other: nothing in it is cleared
 * that a stamp tells from what an earlier scenario left.
 */
#ifndef TWINS_WORLD_INTERNAL_H
#define TWINS_WORLD_INTERNAL_H

#include "consensus/hotstuff.h"
#include "twins.h"

enum {
    POSTS_MAX = 1 << 14,
    QUEUE_MAX = 1 << 17,
    ARENA_BYTES = 64 << 20,
    PROPOSALS_MAX = 2048,
    RECORDS_MAX = 4096,
    SLOT_VIEWS = 256,
    INDEXES_MAX = 2048,
};

/* A message on its way to some: check is asked once, for it is pure. */
struct post {
    struct message message;
    struct message_facts facts;
    uint8_t sender;
    bool checked;
    enum status status;
};

struct delivery {
    uint16_t post; /* or, if fetched, the proposal */
    uint8_t to;
    bool fetched;
};

struct queue {
    struct delivery list[QUEUE_MAX];
    uint32_t head, tail;
};

struct slot {
    uint32_t stamp;
    struct statement statement;
};

struct known {
    struct digest digest;
    struct proposal proposal;
    uint32_t holders;
};

struct instance {
    bool up;
    struct engine_config config;
    void *engine;
    uint64_t view;
    bool gave_up; /* has timed out in this view */
    uint64_t wake_at_ms;
    uint64_t executed;
    struct certificate older, newest; /* for stale proposals */
    struct span records[RECORDS_MAX]; /* for amnesia */
    uint32_t records_count;
    uint32_t records_at[ROUNDS_MAX + 2]; /* when it entered that view */
    uint64_t forgot;                     /* last round in which it did */
    struct slot slots[HOTSTUFF_KINDS][SLOT_VIEWS];
};

struct world {
    const struct scenario *s;
    struct outcome *outcome;
    bool trace;
    bool healed;
    uint64_t wanted; /* once healed: all honest members are to decide this index */
    uint32_t stamp;  /* what carries another one is of an earlier scenario */
    uint64_t now_ms;
    uint64_t order; /* state of the random order of messages; 0: in order of sending */
    uint64_t batches;
    struct committee committee;
    struct secret_key secrets[MEMBERS_MAX];
    struct engine_option options[2];
    struct domain domain;
    struct digest root;
    struct instance instances[INSTANCES_MAX];
    struct post posts[POSTS_MAX];
    uint32_t posts_count;
    struct queue own;     /* to the sender itself: first, and in order */
    struct queue network; /* to others */
    struct queue held;    /* kept back by a partition */
    struct known known[PROPOSALS_MAX];
    uint32_t known_count;
    struct {
        uint32_t stamp;
        struct digest digest;
    } decided[INDEXES_MAX];
    uint8_t *arena;
    size_t arena_used;
    size_t engine_size;
    struct effects *out;
    uint8_t acting; /* whose notes these are */
};

extern struct world world;

/* ---- world.c ---- */

/* The first failure is the scenario's; what follows it is not looked at. */
void world_fail(const char *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool world_over(void);

/* Healed, and every honest member has decided what it should. */
bool world_recovered(void);

const char *name_of(uint8_t instance);

/* ---- memory.c ---- */

/* Aligned, and never given back one by one. */
uint8_t *arena_take(size_t size);
struct span arena_keep(struct span bytes);

struct known *proposal_find(const struct digest *digest);
void proposal_hold(uint8_t instance, const struct proposal *proposal, const struct digest *digest);

/* ---- network.c ---- */

/* Would a message of this view and kind get from one instance to another now? */
bool network_passes(uint64_t view, uint8_t kind, uint8_t from, uint8_t to);

/* A statement (by its number in `posts`) to one member, or NODE_ALL. */
void network_spread(uint16_t post, uint16_t to_member);
void queue_push(struct queue *queue, struct delivery delivery);

/* Sends on what was kept back of views up to this one. False if there was nothing. */
bool network_release(uint64_t view);

/* Until nothing is on its way; or all is over, or recovered. */
void network_drain(void);

/* Of instances that wanted to be woken by now. */
void timers_fire(void);

/* ---- instance.c ---- */

/* One event, and batches for as long as it invites them. */
void instance_step(uint8_t instance, struct event *event);

/* With so many of its records: those behind them are forgotten. */
void instance_open(uint8_t instance, uint32_t records);

/* ---- rounds.c ---- */

/* Until somebody has left the last one. */
void rounds_play(void);

/* The network heals; the twins do what the scenario's ending says. */
void rounds_heal(void);

/* After that every honest member decides something new in bounded time. */
void rounds_check_liveness(void);

#endif
