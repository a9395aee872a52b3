/* tests/sim/random.h -- one seed, a separate stream for each subsystem (SplitMix64).
 *
 * Drawing from one stream never shifts another, so that a change in one subsystem does not turn
 * every other decision of a seed upside down. One draw a statement: C leaves the order of arguments
 * open, and two compilers would disagree.
 */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct stream {
    uint64_t state;
};

static inline uint64_t stream_next(struct stream *s)
{
    s->state += 0x9e3779b97f4a7c15u;
    uint64_t z = s->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline struct stream stream_of(uint64_t seed, uint64_t subsystem)
{
    struct stream s = { seed * 0x2545f4914f6cdd1du + subsystem };
    stream_next(&s);
    return s;
}

/* least <= result <= most. */
static inline uint64_t stream_between(struct stream *s, uint64_t least, uint64_t most)
{
    return least + stream_next(s) % (most - least + 1);
}

/* True with this many chances in a thousand. */
static inline bool stream_chance(struct stream *s, unsigned permille)
{
    return stream_next(s) % 1000 < permille;
}

#endif
