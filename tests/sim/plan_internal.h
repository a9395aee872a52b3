/* tests/sim/plan_internal.h -- what plan.c, plan_draw.c, plan_text.c and shrink.c share.
 *
 * One table describes every option of a plan: its name in the text, its place, its limits. Text,
 * limits and shrinking walk over it, so that a new option is one more line in it.
 */
#ifndef SIM_PLAN_INTERNAL_H
#define SIM_PLAN_INTERNAL_H

#include "plan.h"

enum { HOUR_MS = 3600000, CLOCK_MS_MAX = 20 * 24 * HOUR_MS };

enum option_type {
    OPTION_BOOL,
    OPTION_U16,
    OPTION_U32,
    OPTION_U64,
    OPTION_UNSIGNED,
    OPTION_SET,   /* u64, written in hexadecimal */
    OPTION_LIES,  /* u32, written as names with commas */
    OPTION_ENGINE /* u16, written as a name */
};

struct plan_option {
    const char *name;
    enum option_type type;
    size_t offset;
    uint64_t least, most;
    uint16_t engine; /* whose it is; 0: everybody's */
};
extern const struct plan_option plan_options[];
extern const size_t plan_options_count;

extern const char *const plan_engines[ENGINE_RAFT + 1];

uint64_t option_get(const struct plan *plan, const struct plan_option *option);
void option_put(struct plan *plan, const struct plan_option *option, uint64_t value);

/* Bits 0 .. count - 1. */
uint64_t set_of_first(unsigned count);
unsigned set_count(uint64_t set);

/* A plan without faults: where drawing begins, and what a text leaves unsaid. */
void plan_calm(struct plan *plan, uint64_t seed, uint16_t nodes);

/* Puts a fault where its time belongs, behind those of the same time. There must be room. */
void plan_add(struct plan *plan, const struct fault *fault);

#endif
