#include "ledger/state_tree.h"

#include <stdio.h>
#include <stdlib.h>

enum { NODE_NONE = -1 };

/* What a node is stands in its left link: a child's index, or one of these. */
enum { LINK_SLOT = -1, LINK_MISSING = -2 };

struct node {
    struct digest hash;
    int32_t left, right;
    uint32_t count; /* leaves below */
};

struct leaves {
    struct state_leaf *items;
    size_t count, capacity;
};

struct state_tree {
    struct state_storage storage;
    struct node *nodes;
    int32_t node_count, node_capacity;
    int32_t free_head; /* list through left */
    int32_t root;
    struct leaves before; /* of the slot in hand */
    struct leaves after;
    struct problem *problem; /* of the call in hand */
};

/* ---- prefixes -------------------------------------------------------------------------------- */

/* The first depth bits of a path, zeros after. */
static void prefix_of(const uint8_t *path, unsigned depth, uint8_t prefix[STATE_PREFIX_BYTES])
{
    memcpy(prefix, path, STATE_PREFIX_BYTES);
    for (unsigned bit = depth; bit < 8 * STATE_PREFIX_BYTES; bit++)
        prefix[bit >> 3] &= (uint8_t) ~(0x80u >> (bit & 7));
}

/* The first and last path that begin with the first depth bits of a path. */
static void range_of(const uint8_t *path, unsigned depth, struct digest *first, struct digest *last)
{
    memset(first->bytes, 0, sizeof first->bytes);
    memset(last->bytes, 0xff, sizeof last->bytes);
    prefix_of(path, depth, first->bytes);
    memcpy(last->bytes, first->bytes, STATE_PREFIX_BYTES);
    for (unsigned bit = depth; bit < 8 * STATE_PREFIX_BYTES; bit++)
        last->bytes[bit >> 3] |= (uint8_t)(0x80u >> (bit & 7));
}

static enum status damaged(struct state_tree *tree, const uint8_t *path, unsigned depth,
                           const char *what)
{
    uint8_t prefix[STATE_PREFIX_BYTES];
    char text[2 * STATE_PREFIX_BYTES + 1];
    prefix_of(path, depth, prefix);
    hex_encode(span_of(prefix, sizeof prefix), text);
    return problem_set(tree->problem, STATUS_DAMAGED, "state tree, prefix %s/%u: %s", text, depth,
                       what);
}

static enum status no_memory(struct state_tree *tree)
{
    return problem_set(tree->problem, STATUS_NO_MEMORY, "no memory for the state tree");
}

/* ---- nodes ----------------------------------------------------------------------------------- */

/* A new node, of no kind yet; NODE_NONE without memory. Moves the array: hold indexes, not
 * pointers. */
static int32_t node_new(struct state_tree *tree)
{
    int32_t index = tree->free_head;
    if (index != NODE_NONE) {
        tree->free_head = tree->nodes[index].left;
    } else {
        if (tree->node_count == tree->node_capacity) {
            int32_t capacity = tree->node_capacity ? 2 * tree->node_capacity : 256;
            struct node *nodes = realloc(tree->nodes, (size_t)capacity * sizeof *nodes);
            if (!nodes) return NODE_NONE;
            tree->nodes = nodes;
            tree->node_capacity = capacity;
        }
        index = tree->node_count++;
    }
    memset(&tree->nodes[index], 0, sizeof tree->nodes[index]);
    tree->nodes[index].left = LINK_MISSING;
    return index;
}

static void node_free(struct state_tree *tree, int32_t index)
{
    tree->nodes[index].left = tree->free_head;
    tree->free_head = index;
}

static void nodes_clear(struct state_tree *tree)
{
    tree->node_count = 0;
    tree->free_head = NODE_NONE;
    tree->root = node_new(tree);
}

struct state_tree *state_tree_new(const struct state_storage *storage)
{
    struct state_tree *tree = calloc(1, sizeof *tree);
    if (!tree) return NULL;
    tree->storage = *storage;
    nodes_clear(tree);
    if (tree->root == NODE_NONE) {
        free(tree);
        return NULL;
    }
    tree->nodes[tree->root].left = LINK_SLOT;
    return tree;
}

void state_tree_free(struct state_tree *tree)
{
    if (!tree) return;
    free(tree->nodes);
    free(tree->before.items);
    free(tree->after.items);
    free(tree);
}

struct digest state_tree_root(const struct state_tree *tree)
{
    return tree->nodes[tree->root].hash;
}

uint64_t state_tree_count(const struct state_tree *tree)
{
    return tree->nodes[tree->root].count;
}

size_t state_tree_bytes(const struct state_tree *tree)
{
    return (size_t)tree->node_capacity * sizeof(struct node);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool leaves_reserve(struct leaves *leaves, size_t count)
{
    if (count <= leaves->capacity) return true;
    size_t capacity = leaves->capacity ? leaves->capacity : 2 * STATE_SLOT_LEAVES;
    while (capacity < count)
        capacity *= 2;
    struct state_leaf *items = realloc(leaves->items, capacity * sizeof *items);
    if (!items) return false;
    leaves->items = items;
    leaves->capacity = capacity;
    return true;
}

static enum status keep_leaf(void *reader, const struct state_leaf *leaf)
{
    struct leaves *leaves = reader;
    if (!leaves_reserve(leaves, leaves->count + 1)) return STATUS_NO_MEMORY;
    leaves->items[leaves->count++] = *leaf;
    return STATUS_OK;
}

/* Reads the leaves below a prefix into `before` and holds them against the count known. */
static enum status read_leaves(struct state_tree *tree, const uint8_t *path, unsigned depth,
                               uint32_t count)
{
    struct digest first, last;
    range_of(path, depth, &first, &last);
    tree->before.count = 0;
    enum status status =
        tree->storage.read_leaves(tree->storage.context, &first, &last, keep_leaf, &tree->before);
    if (status == STATUS_NO_MEMORY) return no_memory(tree);
    if (status != STATUS_OK) return status;
    if (tree->before.count != count)
        return damaged(tree, path, depth, "another number of leaves than its slot says");
    return STATUS_OK;
}

static enum status write_slot(struct state_tree *tree, int32_t index, const uint8_t *path,
                              unsigned depth)
{
    const struct node *node = &tree->nodes[index];
    struct state_slot slot = { .depth = (uint8_t)depth, .count = node->count, .hash = node->hash };
    prefix_of(path, depth, slot.prefix);
    return tree->storage.put_slot(tree->storage.context, &slot);
}

/* ---- loading --------------------------------------------------------------------------------- */

static bool slot_well_formed(const struct state_slot *slot)
{
    uint8_t prefix[STATE_PREFIX_BYTES];
    if (slot->depth > STATE_SLOT_DEPTH_MAX) return false;
    if (slot->depth < STATE_SLOT_DEPTH_MAX && slot->count > STATE_SLOT_LEAVES) return false;
    prefix_of(slot->prefix, slot->depth, prefix);
    return memcmp(prefix, slot->prefix, sizeof prefix) == 0;
}

/* Descends to a slot's place and makes the inner nodes on the way. */
static enum status load_slot(void *reader, const struct state_slot *slot)
{
    struct state_tree *tree = reader;
    int32_t index = tree->root;
    if (!slot_well_formed(slot))
        return damaged(tree, slot->prefix, slot->depth, "not a well-formed slot");
    for (unsigned depth = 0; depth < slot->depth; depth++) {
        if (tree->nodes[index].left == LINK_SLOT)
            return damaged(tree, slot->prefix, slot->depth, "lies inside another slot");
        if (tree->nodes[index].left == LINK_MISSING) {
            int32_t left = node_new(tree);
            int32_t right = node_new(tree);
            if (left == NODE_NONE || right == NODE_NONE) return no_memory(tree);
            tree->nodes[index].left = left;
            tree->nodes[index].right = right;
        }
        index = path_bit(slot->prefix, depth) ? tree->nodes[index].right : tree->nodes[index].left;
    }
    if (tree->nodes[index].left != LINK_MISSING)
        return damaged(tree, slot->prefix, slot->depth, "overlaps another slot");
    tree->nodes[index].left = LINK_SLOT;
    tree->nodes[index].count = slot->count;
    tree->nodes[index].hash = slot->hash;
    return STATUS_OK;
}

/* Hashes the inner nodes from below; path holds the bits taken so far. */
static enum status load_hash(struct state_tree *tree, int32_t index, uint8_t *path, unsigned depth)
{
    struct node *node = &tree->nodes[index];
    if (node->left == LINK_SLOT) return STATUS_OK;
    if (node->left == LINK_MISSING) return damaged(tree, path, depth, "no slot covers it");

    enum status status = load_hash(tree, node->left, path, depth + 1);
    if (status != STATUS_OK) return status;
    path[depth >> 3] |= (uint8_t)(0x80u >> (depth & 7));
    status = load_hash(tree, node->right, path, depth + 1);
    path[depth >> 3] &= (uint8_t) ~(0x80u >> (depth & 7));
    if (status != STATUS_OK) return status;

    const struct node *left = &tree->nodes[node->left], *right = &tree->nodes[node->right];
    node->count = left->count + right->count;
    node->hash = state_node_hash(&left->hash, &right->hash);
    return STATUS_OK;
}

enum status state_tree_load(struct state_tree *tree, struct problem *problem)
{
    uint8_t path[32] = { 0 };
    tree->problem = problem;
    nodes_clear(tree);
    enum status status = tree->storage.read_slots(tree->storage.context, load_slot, tree);
    if (status != STATUS_OK) return status;
    if (tree->nodes[tree->root].left == LINK_MISSING) { /* Nothing stored: the empty state. */
        tree->nodes[tree->root].left = LINK_SLOT;
        return STATUS_OK;
    }
    return load_hash(tree, tree->root, path, 0);
}

/* ---- applying -------------------------------------------------------------------------------- */

/* `after` becomes `before` with the changes; their rows are written. */
static enum status merge_changes(struct state_tree *tree, const struct state_change *changes,
                                 size_t count, unsigned depth)
{
    const struct leaves *before = &tree->before;
    struct leaves *after = &tree->after;
    size_t next = 0;
    after->count = 0;
    if (!leaves_reserve(after, before->count + count)) return no_memory(tree);

    for (size_t i = 0; i < count; i++) {
        const struct state_change *change = &changes[i];
        int order = 1;
        while (next < before->count &&
               (order = digest_compare(&before->items[next].path, &change->path)) < 0)
            after->items[after->count++] = before->items[next++];
        bool present = next < before->count && order == 0;
        if (present) next++;

        struct state_leaf leaf = { change->path, change->hash, change->value_hash };
        enum status status = STATUS_OK;
        if (!change->removed) {
            after->items[after->count++] = leaf;
            status = tree->storage.put_leaf(tree->storage.context, &leaf);
        } else if (present) {
            status = tree->storage.remove_leaf(tree->storage.context, &leaf.path);
        } else {
            status = damaged(tree, leaf.path.bytes, depth, "a leaf to be removed is not there");
        }
        if (status != STATUS_OK) return status;
    }
    while (next < before->count)
        after->items[after->count++] = before->items[next++];
    return STATUS_OK;
}

/* Turns node index into the subtree of these leaves, split until each slot is small enough, and
 * stores the slots. The row of a slot that splits is replaced by that of its leftmost part, which
 * has the same prefix. path: any path below. */
static enum status build(struct state_tree *tree, int32_t index, const struct state_leaf *leaves,
                         size_t count, const uint8_t *path, unsigned depth)
{
    if (count <= STATE_SLOT_LEAVES || depth == STATE_SLOT_DEPTH_MAX) {
        tree->nodes[index].left = LINK_SLOT;
        tree->nodes[index].count = (uint32_t)count;
        tree->nodes[index].hash = state_root_of(leaves, count, depth);
        return write_slot(tree, index, path, depth);
    }
    int32_t left = node_new(tree);
    int32_t right = node_new(tree);
    if (left == NODE_NONE || right == NODE_NONE) return no_memory(tree);

    uint8_t side[32];
    size_t left_count = leaves_left(leaves, count, depth);
    memcpy(side, path, sizeof side);
    side[depth >> 3] &= (uint8_t) ~(0x80u >> (depth & 7));
    enum status status = build(tree, left, leaves, left_count, side, depth + 1);
    if (status != STATUS_OK) return status;
    side[depth >> 3] |= (uint8_t)(0x80u >> (depth & 7));
    status = build(tree, right, leaves + left_count, count - left_count, side, depth + 1);
    if (status != STATUS_OK) return status;

    struct node *node = &tree->nodes[index];
    node->left = left;
    node->right = right;
    node->count = (uint32_t)count;
    node->hash = state_node_hash(&tree->nodes[left].hash, &tree->nodes[right].hash);
    return STATUS_OK;
}

static enum status apply_slot(struct state_tree *tree, int32_t index,
                              const struct state_change *changes, size_t count, unsigned depth)
{
    const uint8_t *path = changes[0].path.bytes;
    enum status status = read_leaves(tree, path, depth, tree->nodes[index].count);
    if (status == STATUS_OK) status = merge_changes(tree, changes, count, depth);
    if (status != STATUS_OK) return status;
    return build(tree, index, tree->after.items, tree->after.count, path, depth);
}

static bool is_slot(const struct state_tree *tree, int32_t index)
{
    return tree->nodes[index].left == LINK_SLOT;
}

/* Two small sibling slots become one, in the place of their parent. */
static enum status merge_slots(struct state_tree *tree, int32_t index, const uint8_t *path,
                               unsigned depth)
{
    uint8_t side[32], prefix[STATE_PREFIX_BYTES];
    struct node *node = &tree->nodes[index];
    enum status status = read_leaves(tree, path, depth, node->count);
    if (status != STATUS_OK) return status;

    memcpy(side, path, sizeof side);
    side[depth >> 3] |= (uint8_t)(0x80u >> (depth & 7));
    prefix_of(side, depth + 1, prefix);
    status = tree->storage.remove_slot(tree->storage.context, prefix);
    if (status != STATUS_OK) return status;

    node_free(tree, node->left);
    node_free(tree, node->right);
    node->left = LINK_SLOT;
    node->hash = state_root_of(tree->before.items, tree->before.count, depth);
    return write_slot(tree, index, path, depth); /* replaces the left one's row */
}

static enum status apply(struct state_tree *tree, int32_t index, const struct state_change *changes,
                         size_t count, unsigned depth)
{
    if (count == 0) return STATUS_OK;
    if (is_slot(tree, index)) return apply_slot(tree, index, changes, count, depth);

    size_t left_count = 0;
    while (left_count < count && path_bit(changes[left_count].path.bytes, depth) == 0)
        left_count++;
    int32_t left = tree->nodes[index].left, right = tree->nodes[index].right;
    enum status status = apply(tree, left, changes, left_count, depth + 1);
    if (status == STATUS_OK)
        status = apply(tree, right, changes + left_count, count - left_count, depth + 1);
    if (status != STATUS_OK) return status;

    struct node *node = &tree->nodes[index];
    node->count = tree->nodes[left].count + tree->nodes[right].count;
    if (is_slot(tree, left) && is_slot(tree, right) && node->count <= STATE_SLOT_MERGE)
        return merge_slots(tree, index, changes[0].path.bytes, depth);
    node->hash = state_node_hash(&tree->nodes[left].hash, &tree->nodes[right].hash);
    return STATUS_OK;
}

enum status state_tree_apply(struct state_tree *tree, const struct state_change *changes,
                             size_t count, struct problem *problem)
{
    for (size_t i = 1; i < count; i++)
        ASSERT(digest_compare(&changes[i - 1].path, &changes[i].path) < 0);
    tree->problem = problem;
    return apply(tree, tree->root, changes, count, 0);
}

/* ---- proving --------------------------------------------------------------------------------- */

/* Walks down the leaves of a slot, which lies at place->depth, until one or none is left. */
static void place_in_slot(const struct state_leaf *leaves, size_t count, const struct digest *path,
                          struct state_place *place)
{
    while (count > 1) {
        size_t left = leaves_left(leaves, count, place->depth);
        bool right = path_bit(path->bytes, place->depth) != 0;
        const struct state_leaf *other = right ? leaves : leaves + left;
        place->siblings[place->depth] =
            state_root_of(other, right ? left : count - left, place->depth + 1u);
        leaves = right ? leaves + left : leaves;
        count = right ? count - left : left;
        place->depth++;
    }
    place->occupied = count == 1;
    if (place->occupied) place->leaf = leaves[0];
}

static struct digest place_root(const struct digest *path, const struct state_place *place)
{
    struct digest hash = { { 0 } };
    if (place->occupied) hash = place->leaf.hash;
    for (unsigned depth = place->depth; depth-- > 0;) {
        const struct digest *sibling = &place->siblings[depth];
        hash = path_bit(path->bytes, depth) ? state_node_hash(sibling, &hash)
                                            : state_node_hash(&hash, sibling);
    }
    return hash;
}

enum status state_tree_place(struct state_tree *tree, const struct digest *path,
                             struct state_place *place, struct problem *problem)
{
    int32_t index = tree->root;
    tree->problem = problem;
    memset(place, 0, sizeof *place);
    for (; !is_slot(tree, index); place->depth++) {
        const struct node *node = &tree->nodes[index];
        bool right = path_bit(path->bytes, place->depth) != 0;
        place->siblings[place->depth] = tree->nodes[right ? node->left : node->right].hash;
        index = right ? node->right : node->left;
    }
    unsigned depth = place->depth;
    enum status status = read_leaves(tree, path->bytes, depth, tree->nodes[index].count);
    if (status != STATUS_OK) return status;
    place_in_slot(tree->before.items, tree->before.count, path, place);

    struct digest root = place_root(path, place);
    if (!digest_equal(&root, &tree->nodes[tree->root].hash))
        return damaged(tree, path->bytes, depth, "its leaves do not give the hash of their slot");
    return STATUS_OK;
}
