#include "crypto/merkle.h"

struct digest merkle_leaf(const struct digest *data)
{
    static const uint8_t prefix = 0x00;
    const struct span parts[] = { span_of(&prefix, 1), digest_span(data) };
    return digest_plain(parts, 2);
}

struct digest merkle_node(const struct digest *left, const struct digest *right)
{
    static const uint8_t prefix = 0x01;
    const struct span parts[] = { span_of(&prefix, 1), digest_span(left), digest_span(right) };
    return digest_plain(parts, 3);
}

/* The largest power of two below count: where RFC 6962 splits a list. count >= 2. */
static size_t split_of(size_t count)
{
    ASSERT(count >= 2);
    size_t split = 1;
    while (split <= (count - 1) / 2)
        split *= 2;
    return split;
}

struct digest merkle_root(const struct digest *data, size_t count)
{
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    for (size_t i = 0; i < count; i++)
        merkle_frontier_append(&frontier, &data[i], NULL, NULL);
    return merkle_frontier_root(&frontier);
}

/* PATH(m, D[n]) of RFC 6962, 2.1.1. Depth is at most MERKLE_PATH_MAX. */
size_t merkle_path(const struct digest *data, size_t count, size_t index, struct digest *path)
{
    ASSERT(index < count);
    if (count == 1) return 0;
    size_t split = split_of(count);
    size_t length;
    if (index < split) {
        length = merkle_path(data, split, index, path);
        path[length] = merkle_root(data + split, count - split);
    } else {
        length = merkle_path(data + split, count - split, index - split, path);
        path[length] = merkle_root(data, split);
    }
    return length + 1;
}

bool merkle_verify_inclusion(const struct digest *data, uint64_t index, uint64_t count,
                             const struct digest *path, size_t path_count,
                             const struct digest *root)
{
    if (index >= count) return false;
    uint64_t node = index;     /* position at the present level */
    uint64_t last = count - 1; /* and that of the last node there */
    struct digest hash = merkle_leaf(data);
    for (size_t i = 0; i < path_count; i++) {
        if (last == 0) return false; /* the path is longer than the tree is high */
        if (node % 2 == 1 || node == last) {
            hash = merkle_node(&path[i], &hash);
            while (node % 2 == 0 && node != 0) { /* levels without a sibling on the right */
                node /= 2;
                last /= 2;
            }
        } else {
            hash = merkle_node(&hash, &path[i]);
        }
        node /= 2;
        last /= 2;
    }
    return last == 0 && digest_equal(&hash, root);
}

/* SUBPROOF(m, D[n], b) of RFC 6962, 2.1.2; whole = b: this subtree is the older tree itself, whose
 * root the verifier knows. */
static size_t subproof(const struct digest *data, size_t count, size_t older, bool whole,
                       struct digest *proof)
{
    if (older == count) {
        if (whole) return 0;
        proof[0] = merkle_root(data, count);
        return 1;
    }
    size_t split = split_of(count);
    size_t length;
    if (older <= split) {
        length = subproof(data, split, older, whole, proof);
        proof[length] = merkle_root(data + split, count - split);
    } else {
        length = subproof(data + split, count - split, older - split, false, proof);
        proof[length] = merkle_root(data, split);
    }
    return length + 1;
}

size_t merkle_consistency(const struct digest *data, size_t count, size_t older,
                          struct digest *proof)
{
    ASSERT(older <= count);
    if (older == 0) return 0;
    return subproof(data, count, older, true, proof);
}

/* The walk of RFC 9162, 2.1.4.2, steps 4 to 6, from the node that both trees share. */
static bool consistency_walk(uint64_t older, uint64_t count, struct digest shared,
                             const struct digest *older_root, const struct digest *root,
                             const struct digest *proof, size_t proof_count)
{
    uint64_t node = older - 1;
    uint64_t last = count - 1;
    while (node % 2 == 1) {
        node /= 2;
        last /= 2;
    }
    struct digest older_hash = shared;
    struct digest hash = shared;
    for (size_t i = 0; i < proof_count; i++) {
        if (last == 0) return false;
        if (node % 2 == 1 || node == last) {
            older_hash = merkle_node(&proof[i], &older_hash);
            hash = merkle_node(&proof[i], &hash);
            while (node % 2 == 0 && node != 0) {
                node /= 2;
                last /= 2;
            }
        } else {
            hash = merkle_node(&hash, &proof[i]);
        }
        node /= 2;
        last /= 2;
    }
    return last == 0 && digest_equal(&older_hash, older_root) && digest_equal(&hash, root);
}

bool merkle_verify_consistency(uint64_t older, uint64_t count, const struct digest *older_root,
                               const struct digest *root, const struct digest *proof,
                               size_t proof_count)
{
    if (older > count) return false;
    if (older == count) return proof_count == 0 && digest_equal(older_root, root);
    if (older == 0) { /* the empty tree is the beginning of every other */
        struct digest empty = merkle_root(NULL, 0);
        return proof_count == 0 && digest_equal(older_root, &empty);
    }
    if (proof_count == 0) return false;
    bool complete = (older & (older - 1)) == 0; /* then its own root is the shared node */
    if (complete)
        return consistency_walk(older, count, *older_root, older_root, root, proof, proof_count);
    return consistency_walk(older, count, proof[0], older_root, root, proof + 1, proof_count - 1);
}

void merkle_frontier_init(struct merkle_frontier *frontier)
{
    memset(frontier, 0, sizeof *frontier);
}

void merkle_frontier_append(struct merkle_frontier *frontier, const struct digest *data,
                            void (*made)(void *context, unsigned level, uint64_t idx,
                                         const struct digest *hash),
                            void *context)
{
    ASSERT(frontier->count < UINT64_MAX);
    struct digest hash = merkle_leaf(data);
    unsigned level = 0;
    for (; (frontier->count >> level & 1) == 1; level++) {
        hash = merkle_node(&frontier->nodes[level], &hash);
        if (made) made(context, level + 1, frontier->count >> (level + 1), &hash);
    }
    frontier->nodes[level] = hash;
    frontier->count++;
}

struct digest merkle_frontier_root(const struct merkle_frontier *frontier)
{
    if (frontier->count == 0) return digest_plain(NULL, 0);
    unsigned level = 0;
    while ((frontier->count >> level & 1) == 0)
        level++;
    struct digest hash = frontier->nodes[level];
    for (level++; level < MERKLE_PATH_MAX; level++)
        if ((frontier->count >> level & 1) == 1) hash = merkle_node(&frontier->nodes[level], &hash);
    return hash;
}
