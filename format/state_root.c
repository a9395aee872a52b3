/* The definition of the state's root: paths, leaves, and the recursion over a sorted set. */
#include "format/state_root.h"

enum { WINDOW_KIND = 0x60 };

struct digest state_path(uint8_t kind, struct span key)
{
    struct span parts[2] = { { &kind, 1 }, key };
    struct digest hash = digest_of_parts(TAG_STATE_PATH, parts, 2);
    struct digest path;
    path.bytes[0] = kind;
    memcpy(path.bytes + 1, hash.bytes, 31);
    return path;
}

struct digest state_path_window(struct span key, uint64_t not_after_ms)
{
    uint8_t kind = WINDOW_KIND;
    struct span parts[2] = { { &kind, 1 }, key };
    struct digest hash = digest_of_parts(TAG_STATE_PATH, parts, 2);
    uint64_t time = not_after_ms >> 10;
    struct digest path;
    path.bytes[0] = kind;
    for (unsigned i = 0; i < 5; i++)
        path.bytes[1 + i] = (uint8_t)(time >> (32 - 8 * i));
    memcpy(path.bytes + 6, hash.bytes, 26);
    return path;
}

struct digest state_value_hash(uint8_t kind, struct span key, struct span value)
{
    uint8_t head[3] = { kind };
    store_u16(head + 1, (uint16_t)key.size);
    struct span parts[3] = { { head, sizeof head }, key, value };
    return digest_of_parts(TAG_STATE_VALUE, parts, 3);
}

/* Two digests under one tag: one copy, so that the hash function is called once. */
static struct digest hash_pair(enum tag tag, const struct digest *a, const struct digest *b)
{
    uint8_t bytes[64];
    memcpy(bytes, a->bytes, 32);
    memcpy(bytes + 32, b->bytes, 32);
    return digest_of(tag, span_of(bytes, sizeof bytes));
}

struct digest state_leaf_hash(const struct digest *path, const struct digest *value_hash)
{
    return hash_pair(TAG_STATE_LEAF, path, value_hash);
}

struct digest state_node_hash(const struct digest *left, const struct digest *right)
{
    return hash_pair(TAG_STATE_NODE, left, right);
}

size_t leaves_left(const struct state_leaf *leaves, size_t count, unsigned depth)
{
    size_t left = 0;
    while (left < count && path_bit(leaves[left].path.bytes, depth) == 0)
        left++;
    return left;
}

struct digest state_root_of(const struct state_leaf *leaves, size_t count, unsigned depth)
{
    struct digest zero = { { 0 } };
    if (count == 0) return zero;
    if (count == 1) return leaves[0].hash;
    ASSERT(depth < 256);
    size_t left = leaves_left(leaves, count, depth);
    struct digest a = state_root_of(leaves, left, depth + 1);
    struct digest b = state_root_of(leaves + left, count - left, depth + 1);
    return state_node_hash(&a, &b);
}
