/* format/state_root.h -- the root of the authenticated state: a compact sparse Merkle tree over
 * SHA-256.
 *
 *     path(kind, key)  = kind | first 31 bytes of H(path tag, kind | key)       every kind but 0x60
 *     path(window)     = 0x60 | 5 bytes big-endian of not_after_ms >> 10 | first 26 of the same
 *     leaf             = H(leaf tag, path | H(value tag, kind | bytes16 key | value))
 *     root(S)          = 32 zero bytes           if S is empty
 *                        the leaf                if S has one entry
 *                        H(node tag, root(S0) | root(S1)), split by the next bit of the path, else
 *
 * The definition is a recursion on a set: the root depends neither on history nor on storage, and
 * state_root_of computes it from sorted leaves in thirty lines. (ledger.md, section 6)
 */
#ifndef FORMAT_STATE_ROOT_H
#define FORMAT_STATE_ROOT_H

#include "crypto/codec.h"

struct digest state_path(uint8_t kind, struct span key);
struct digest state_path_window(struct span key, uint64_t not_after_ms);
struct digest state_value_hash(uint8_t kind, struct span key, struct span value);
struct digest state_leaf_hash(const struct digest *path, const struct digest *value_hash);
struct digest state_node_hash(const struct digest *left, const struct digest *right);

/* Bit number depth of a path, from the most significant of its first byte. */
static inline unsigned path_bit(const uint8_t *path, unsigned depth)
{
    return (unsigned)path[depth >> 3] >> (7 - (depth & 7)) & 1u;
}

struct state_leaf {
    struct digest path;
    struct digest hash; /* state_leaf_hash */
    struct digest
        value_hash; /* what a proof of absence shows of a neighbour; no part of the root */
};

/* The root of count leaves, ascending by path, that share their first depth bits. For a whole
 * state depth is 0. */
struct digest state_root_of(const struct state_leaf *leaves, size_t count, unsigned depth);

/* How many of them, at the beginning, have a 0 as bit number depth. */
size_t leaves_left(const struct state_leaf *leaves, size_t count, unsigned depth);

#endif
