/* ledger/state_tree.h -- the authenticated state: one compact sparse Merkle tree over SHA-256.
 *
 * What its root is says format/state_root.h: a recursion on the set of leaves, free of history and
 * storage. Here is what computes it from block to block.
 *
 * Storage. Leaves are rows in the order of their paths, so all leaves below a prefix are
 * neighbours. A *slot* is a subtree of at most STATE_SLOT_LEAVES leaves; of the inner nodes only
 * slots are stored. Above them stands a binary trie in memory, 44 bytes a node:
 *
 *              .            in memory, rebuilt from the slots at open
 *            /   \
 *          .      [slot]    stored: prefix, depth, count, hash
 *         / \        |
 *    [slot] [slot]  rows    stored: path, hash; one range read for each slot that changes
 *
 * A slot that outgrows its limit splits; two sibling slots with STATE_SLOT_MERGE or fewer leaves
 * together merge. Which slots exist therefore depends on history; no hash does.
 *
 * A block applies all its changes, sorted, in one pass. An apply that fails halfway leaves the tree
 * unusable: roll the storage back and load again.
 *
 * A leaf's row also keeps the hash of its value: the leaf's own hash cannot be taken apart, and who
 * proves that a path is empty has to show what stands in its place.
 */
#ifndef LEDGER_STATE_TREE_H
#define LEDGER_STATE_TREE_H

#include "format/state_root.h"

enum {
    STATE_SLOT_LEAVES = 32,
    STATE_SLOT_MERGE = 12,
    STATE_PREFIX_BYTES = 16,
    STATE_SLOT_DEPTH_MAX = 128, /* there a slot no longer splits: a prefix has 16 bytes */
};

/* A leaf that is new, has another hash, or is gone. */
struct state_change {
    struct digest path;
    struct digest hash;
    bool removed;
    struct digest value_hash; /* kept beside the hash, for proofs */
};

struct state_slot {
    uint8_t prefix[STATE_PREFIX_BYTES]; /* bits from depth on are zero */
    uint8_t depth;
    uint32_t count;
    struct digest hash;
};

/* Where leaves and slots are kept: SQLite in a node, sorted arrays in tests. Every function returns
 * STATUS_OK or the error that ends the apply. */
struct state_storage {
    void *context;
    /* Calls each(reader, leaf) for the leaves first <= path <= last, ascending. */
    enum status (*read_leaves)(void *context, const struct digest *first, const struct digest *last,
                               enum status (*each)(void *reader, const struct state_leaf *leaf),
                               void *reader);
    enum status (*put_leaf)(void *context, const struct state_leaf *leaf);
    enum status (*remove_leaf)(void *context, const struct digest *path);
    /* Calls each(reader, slot) for all slots, ascending by prefix. */
    enum status (*read_slots)(void *context,
                              enum status (*each)(void *reader, const struct state_slot *slot),
                              void *reader);
    enum status (*put_slot)(void *context, const struct state_slot *slot);
    enum status (*remove_slot)(void *context, const uint8_t prefix[STATE_PREFIX_BYTES]);
};

struct state_tree;

/* An empty tree over an empty storage, whose functions it borrows. NULL without memory. */
struct state_tree *state_tree_new(const struct state_storage *storage);
void state_tree_free(struct state_tree *tree);

/* Forgets what is in memory and reads the slots. STATUS_DAMAGED if they do not cover all paths
 * exactly once; *problem names the prefix. */
enum status state_tree_load(struct state_tree *tree, struct problem *problem);

/* Applies changes, ascending by path, each path once; removing what is not there is an error.
 * STATUS_DAMAGED if a slot's rows are not what its count says; *problem names its prefix. */
enum status state_tree_apply(struct state_tree *tree, const struct state_change *changes,
                             size_t count, struct problem *problem);

/* Where a path ends in the tree, for proofs of presence and of both forms of absence: at the depth
 * from which on at most one leaf shares its bits. */
struct state_place {
    bool occupied;          /* by the leaf of the path itself, or by a neighbour's, or by nothing */
    struct state_leaf leaf; /* if occupied; a neighbour's path is another one */
    uint16_t depth;
    struct digest siblings[256]; /* of levels 0 ... depth - 1; zeros where there is none */
};

/* The place of a path, as it is between two applies. One range read. STATUS_DAMAGED if the rows of
 * its slot do not give the tree's root; *problem names the prefix. */
enum status state_tree_place(struct state_tree *tree, const struct digest *path,
                             struct state_place *place, struct problem *problem);

struct digest state_tree_root(const struct state_tree *tree);
uint64_t state_tree_count(const struct state_tree *tree); /* leaves */
size_t state_tree_bytes(const struct state_tree *tree);   /* memory of the trie */

#endif
