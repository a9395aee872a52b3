/* consensus/tree.h -- the proposals that are not decided yet.
 *
 * Each proposal names its parent by digest, so those above the last decided one form a tree whose
 * root is that one. The tree knows headers only; batches are the replica's. A proposal may stand in
 * the tree without its parent (it is being fetched), and the path down tells what is missing.
 *
 * Capacity is fixed. A full tree lets go of the proposal with the lowest view: it is the one that
 * is most likely dead, and if a certificate should ask for it, it can be fetched again.
 */
#ifndef CONSENSUS_TREE_H
#define CONSENSUS_TREE_H

#include "consensus/proposal.h"

enum { TREE_CAPACITY = 256 };

struct tree_entry {
    struct digest digest;
    struct proposal proposal;
    bool stored; /* a record of ours has asked for header and batch to be durable */
};

struct tree {
    size_t count;
    struct tree_entry entries[TREE_CAPACITY]; /* in no order that means anything */
};

/* The entry stays where it is until the next insert or prune. NULL if unknown. */
const struct tree_entry *tree_find(const struct tree *tree, const struct digest *digest);

/* False if it stood there already, or if the tree is full of proposals of higher views. */
bool tree_insert(struct tree *tree, const struct proposal *proposal, const struct digest *digest);

/* Nothing happens if the proposal is unknown. */
void tree_mark_stored(struct tree *tree, const struct digest *digest);

/* The way from a proposal down to the index above `base`. */
struct tree_path {
    size_t count;
    const struct tree_entry *steps[TREE_CAPACITY]; /* highest index first; valid as in tree_find */
    struct digest next;  /* parent of the lowest step (or the start): reached, or missing */
    uint64_t next_index; /* base if the path is complete */
};

/* True if every proposal from `top` (at index `top_index`) down to base + 1 is known; then
 * path->next is what the chain holds at `base`. False if path->next is missing from the tree. */
bool tree_find_path(const struct tree *tree, const struct digest *top, uint64_t top_index,
                    uint64_t base, struct tree_path *path);

/* After a decision: forgets what it has decided, what is older than it, and every branch that does
 * not grow from it. digest may be NULL if only the index of the decided proposal is known. */
void tree_prune(struct tree *tree, uint64_t index, uint64_t view, const struct digest *digest);

#endif
