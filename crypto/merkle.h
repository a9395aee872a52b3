/* crypto/merkle.h -- the Merkle tree of RFC 6962, section 2.1, over SHA-256.
 *
 *     leaf  SHA-256(0x00 || d)      node  SHA-256(0x01 || left || right)      empty  SHA-256("")
 *
 * A leaf's data d is always a tagged hash, so stock tools verify our paths and the tag still says
 * what the leaf is. Used for the entries of a block and for the history of block hashes.
 *
 * A root does not bind the number of its leaves, only the shape around a path: whoever checks a
 * path takes index and count from a place that is signed (a header), not from whoever shows it.
 */
#ifndef CRYPTO_MERKLE_H
#define CRYPTO_MERKLE_H

#include "crypto/digest.h"

enum { MERKLE_PATH_MAX = 64 };

struct digest merkle_leaf(const struct digest *data);
struct digest merkle_node(const struct digest *left, const struct digest *right);

/* The root over count leaves' data (not yet leaf-hashed). */
struct digest merkle_root(const struct digest *data, size_t count);

/* The audit path of leaf `index` of `count` (RFC 6962, 2.1.1), from the leaf upwards.
 * path has room for MERKLE_PATH_MAX; returns its length. index < count. */
size_t merkle_path(const struct digest *data, size_t count, size_t index, struct digest *path);

/* Recomputes the root from a leaf's data and its path and compares (RFC 9162, 2.1.3.2). */
bool merkle_verify_inclusion(const struct digest *data, uint64_t index, uint64_t count,
                             const struct digest *path, size_t path_count,
                             const struct digest *root);

/* The consistency proof from the first `older` leaves to all `count` (RFC 6962, 2.1.2); its length.
 * older <= count. Empty for equal sizes and for older = 0: the empty tree begins every other. */
size_t merkle_consistency(const struct digest *data, size_t count, size_t older,
                          struct digest *proof);

/* Checks it (RFC 9162, 2.1.4.2). For older = 0, older_root must be that of the empty tree. */
bool merkle_verify_consistency(uint64_t older, uint64_t count, const struct digest *older_root,
                               const struct digest *root, const struct digest *proof,
                               size_t proof_count);

/* The right-hand edge of a growing tree: enough to append and to tell the root, in O(log n).
 * nodes[k] is the root of a complete subtree of 2^k leaves, present if bit k of count is set. */
struct merkle_frontier {
    uint64_t count;
    struct digest nodes[MERKLE_PATH_MAX];
};

void merkle_frontier_init(struct merkle_frontier *frontier);

/* Appends a leaf. For each complete node this makes at level >= 1, calls made(context, level, idx,
 * hash), where idx counts the nodes of that level from 0; made may be NULL. */
void merkle_frontier_append(struct merkle_frontier *frontier, const struct digest *data,
                            void (*made)(void *context, unsigned level, uint64_t idx,
                                         const struct digest *hash),
                            void *context);
struct digest merkle_frontier_root(const struct merkle_frontier *frontier);

#endif
