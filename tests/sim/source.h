/* tests/sim/source.h -- where the plans of a campaign come from: seeds, a plan file, a list of
 * both.
 *
 * A list has a line for each run, with what it once broke:
 *
 *     NODES SEED what            a seed; NODES 0: their number is drawn, too
 *     plan PATH what             a plan file; its path begins at the folder of the list
 *
 * Empty lines and those that begin with # are skipped.
 */
#ifndef SIM_SOURCE_H
#define SIM_SOURCE_H

#include "sim.h"

enum source_mode { SOURCE_DRAWN, SOURCE_FAR_BEHIND, SOURCE_BEYOND, SOURCE_RAFT };

enum { SOURCE_ITEMS_MAX = 4096, SOURCE_PATH_MAX = 512 };

struct source_item {
    uint16_t nodes;
    uint64_t seed;
    struct plan *plan; /* read from path; or NULL: a seed */
    char path[SOURCE_PATH_MAX];
    char what[160];
};

struct source {
    enum source_mode mode;
    uint64_t from; /* the seed of plan 0 ... */
    uint16_t nodes;
    struct source_item *items; /* ... unless there is a list */
    uint64_t items_count;
    uint64_t reverse_of; /* not 0: plan i is plan reverse_of - 1 - i */
};

/* A single plan file, or a list. False with a sentence on stderr. */
bool source_read_plan(struct source *source, const char *path);
bool source_read_list(struct source *source, const char *path);
void source_free(struct source *source);

/* For campaign.h. */
void source_plan(void *user, uint64_t index, struct plan *plan);
void source_failed(void *user, uint64_t index, const struct plan *plan,
                   const struct sim_result *result);

#endif
