#include "crypto/merkle.h"
#include "tests/unit/crypto/vectors.h"

enum { MOST = 70 };

static struct digest leaves[MOST];

static void make_leaves(void)
{
    for (uint64_t i = 0; i < MOST; i++)
        leaves[i] = digest_of(TAG_ENTRY, span_of(&i, sizeof i));
}

TestSuite(merkle, .init = make_leaves);

/* RFC 6962, section 2.1, word for word and slowly: the reference. */
static size_t naive_split(size_t n)
{
    size_t k = 1;
    while (2 * k < n)
        k = 2 * k;
    return k;
}

static struct digest naive_root(const struct digest *d, size_t n)
{
    if (n == 0) return digest_plain(NULL, 0);
    uint8_t prefix = n == 1 ? 0x00 : 0x01;
    if (n == 1) return digest_plain((struct span[]){ { &prefix, 1 }, { d->bytes, 32 } }, 2);
    size_t k = naive_split(n);
    struct digest left = naive_root(d, k);
    struct digest right = naive_root(d + k, n - k);
    return digest_plain((struct span[]){ { &prefix, 1 }, { left.bytes, 32 }, { right.bytes, 32 } },
                        3);
}

static size_t naive_path(const struct digest *d, size_t n, size_t m, struct digest *out)
{
    if (n == 1) return 0;
    size_t k = naive_split(n);
    size_t length = m < k ? naive_path(d, k, m, out) : naive_path(d + k, n - k, m - k, out);
    out[length] = m < k ? naive_root(d + k, n - k) : naive_root(d, k);
    return length + 1;
}

static size_t naive_subproof(const struct digest *d, size_t n, size_t m, bool b, struct digest *out)
{
    if (m == n && b) return 0;
    if (m == n) {
        out[0] = naive_root(d, n);
        return 1;
    }
    size_t k = naive_split(n);
    size_t length =
        m <= k ? naive_subproof(d, k, m, b, out) : naive_subproof(d + k, n - k, m - k, false, out);
    out[length] = m <= k ? naive_root(d + k, n - k) : naive_root(d, k);
    return length + 1;
}

static void same(const struct digest *a, const struct digest *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_assert(digest_equal(&a[i], &b[i]));
}

Test(merkle, roots_of_all_sizes)
{
    for (size_t n = 0; n <= MOST; n++) {
        struct digest expected = naive_root(leaves, n);
        struct digest root = merkle_root(leaves, n);
        cr_assert(digest_equal(&root, &expected), "%zu leaves", n);
    }
}

Test(merkle, roots_depend_on_every_leaf_and_on_the_order)
{
    for (size_t n = 1; n <= 20; n++) {
        struct digest root = merkle_root(leaves, n);
        for (size_t i = 0; i < n; i++) {
            leaves[i].bytes[31] ^= 1;
            struct digest other = merkle_root(leaves, n);
            cr_assert_not(digest_equal(&root, &other));
            leaves[i].bytes[31] ^= 1;
        }
        for (size_t i = 0; i + 1 < n; i++) {
            struct digest swapped[20];
            memcpy(swapped, leaves, n * sizeof swapped[0]);
            swapped[i] = leaves[i + 1];
            swapped[i + 1] = leaves[i];
            struct digest other = merkle_root(swapped, n);
            cr_assert_not(digest_equal(&root, &other));
        }
    }
}

Test(merkle, paths_of_all_leaves_of_all_sizes)
{
    struct digest path[MERKLE_PATH_MAX];
    struct digest expected[MERKLE_PATH_MAX];
    for (size_t n = 1; n <= MOST; n++) {
        struct digest root = merkle_root(leaves, n);
        for (size_t m = 0; m < n; m++) {
            size_t length = merkle_path(leaves, n, m, path);
            cr_assert_eq(length, naive_path(leaves, n, m, expected));
            same(path, expected, length);
            cr_assert(merkle_verify_inclusion(&leaves[m], m, n, path, length, &root));
        }
    }
}

Test(merkle, a_path_is_for_one_leaf_one_place_and_one_tree)
{
    struct digest path[MERKLE_PATH_MAX + 1];
    for (size_t n = 1; n <= 33; n++) {
        struct digest root = merkle_root(leaves, n);
        for (size_t m = 0; m < n; m++) {
            size_t length = merkle_path(leaves, n, m, path);
            path[length] = leaves[0];
            for (size_t other = 0; other < n; other++) {
                bool right = other == m;
                cr_assert_eq(merkle_verify_inclusion(&leaves[m], other, n, path, length, &root),
                             right);
                cr_assert_eq(merkle_verify_inclusion(&leaves[other], m, n, path, length, &root),
                             right);
            }
            cr_assert_not(merkle_verify_inclusion(&leaves[m], n, n, path, length, &root));
            cr_assert_not(merkle_verify_inclusion(&leaves[m], UINT64_MAX, n, path, length, &root));
            cr_assert_not(merkle_verify_inclusion(&leaves[m], m, 0, path, length, &root));
            cr_assert_not(merkle_verify_inclusion(&leaves[m], m, n, path, length + 1, &root));
            if (length == 0) continue;
            cr_assert_not(merkle_verify_inclusion(&leaves[m], m, n, path, length - 1, &root));
            cr_assert_not(merkle_verify_inclusion(&leaves[m], m, n, path + 1, length - 1, &root));
            cr_assert_not(merkle_verify_inclusion(&leaves[m], m, n, NULL, 0, &root));
        }
    }
}

Test(merkle, every_tampered_path_is_refused)
{
    struct digest path[MERKLE_PATH_MAX];
    for (size_t n = 2; n <= MOST; n++) {
        struct digest root = merkle_root(leaves, n);
        for (size_t m = 0; m < n; m++) {
            size_t length = merkle_path(leaves, n, m, path);
            for (size_t i = 0; i < length; i++) {
                path[i].bytes[(n + m + i) % 32] ^= (uint8_t)(1 << (m % 8));
                cr_assert_not(merkle_verify_inclusion(&leaves[m], m, n, path, length, &root));
                path[i].bytes[(n + m + i) % 32] ^= (uint8_t)(1 << (m % 8));
            }
            root.bytes[m % 32] ^= 1;
            cr_assert_not(merkle_verify_inclusion(&leaves[m], m, n, path, length, &root));
            root.bytes[m % 32] ^= 1;
        }
    }
}

/* A node is no leaf: 0x00 and 0x01 in front keep them apart (second preimages). */
Test(merkle, an_inner_node_cannot_pass_as_a_leaf)
{
    struct digest path[MERKLE_PATH_MAX];
    struct digest root = merkle_root(leaves, 4);
    struct digest inner = merkle_root(leaves, 2);
    merkle_path(leaves, 4, 0, path);
    cr_assert_not(merkle_verify_inclusion(&inner, 0, 2, path + 1, 1, &root));
}

/* The last leaf of a tree of four is not the last of a tree of two, though its path, one step too
 * long, leads to the root. */
Test(merkle, a_path_longer_than_the_tree_is_high_is_refused)
{
    struct digest path[MERKLE_PATH_MAX];
    struct digest root = merkle_root(leaves, 4);
    size_t length = merkle_path(leaves, 4, 3, path);
    cr_assert(merkle_verify_inclusion(&leaves[3], 3, 4, path, length, &root));
    cr_assert_not(merkle_verify_inclusion(&leaves[3], 1, 2, path, length, &root));
    cr_assert_not(merkle_verify_inclusion(&leaves[3], 0, 1, path, length, &root));
}

Test(merkle, consistency_of_all_pairs_of_sizes)
{
    struct digest proof[MERKLE_PATH_MAX];
    struct digest expected[MERKLE_PATH_MAX];
    for (size_t n = 1; n <= MOST; n++) {
        struct digest root = merkle_root(leaves, n);
        for (size_t m = 1; m <= n; m++) {
            struct digest older = merkle_root(leaves, m);
            size_t length = merkle_consistency(leaves, n, m, proof);
            cr_assert_eq(length, naive_subproof(leaves, n, m, true, expected));
            same(proof, expected, length);
            cr_assert(merkle_verify_consistency(m, n, &older, &root, proof, length));
        }
    }
}

Test(merkle, the_empty_tree_is_consistent_with_every_other)
{
    struct digest empty = merkle_root(NULL, 0);
    for (size_t n = 0; n <= 9; n++) {
        struct digest proof[MERKLE_PATH_MAX];
        struct digest root = merkle_root(leaves, n);
        cr_assert_eq(merkle_consistency(leaves, n, 0, proof), 0);
        cr_assert(merkle_verify_consistency(0, n, &empty, &root, proof, 0));
        proof[0] = root;
        cr_assert_not(merkle_verify_consistency(0, n, &empty, &root, proof, 1));
        cr_assert_not(merkle_verify_consistency(0, n, &leaves[0], &root, proof, 0));
    }
}

Test(merkle, every_tampered_consistency_proof_is_refused)
{
    struct digest proof[MERKLE_PATH_MAX + 1];
    for (size_t n = 1; n <= 40; n++) {
        struct digest root = merkle_root(leaves, n);
        for (size_t m = 1; m <= n; m++) {
            struct digest older = merkle_root(leaves, m);
            size_t length = merkle_consistency(leaves, n, m, proof);
            proof[length] = leaves[0];
            cr_assert_not(merkle_verify_consistency(m, n, &older, &root, proof, length + 1));
            if (length > 0)
                cr_assert_not(merkle_verify_consistency(m, n, &older, &root, proof, length - 1));
            for (size_t i = 0; i < length; i++) {
                proof[i].bytes[(n + m + i) % 32] ^= (uint8_t)(1 << (n % 8));
                cr_assert_not(merkle_verify_consistency(m, n, &older, &root, proof, length));
                proof[i].bytes[(n + m + i) % 32] ^= (uint8_t)(1 << (n % 8));
            }
            older.bytes[n % 32] ^= 1;
            cr_assert_not(merkle_verify_consistency(m, n, &older, &root, proof, length));
            older.bytes[n % 32] ^= 1;
            root.bytes[n % 32] ^= 1;
            cr_assert_not(merkle_verify_consistency(m, n, &older, &root, proof, length));
            root.bytes[n % 32] ^= 1;
            if (m < n) cr_assert_not(merkle_verify_consistency(n, m, &root, &older, proof, length));
        }
    }
}

/* A history that was rewritten before `older` has no proof at all, also none of its own. */
Test(merkle, a_rewritten_history_is_not_consistent)
{
    struct digest proof[MERKLE_PATH_MAX];
    for (size_t n = 2; n <= 20; n++) {
        for (size_t m = 1; m < n; m++) {
            struct digest older = merkle_root(leaves, m);
            leaves[m / 2].bytes[0] ^= 1;
            struct digest root = merkle_root(leaves, n);
            size_t length = merkle_consistency(leaves, n, m, proof);
            cr_assert_not(merkle_verify_consistency(m, n, &older, &root, proof, length));
            leaves[m / 2].bytes[0] ^= 1;
        }
    }
}

/* Hashes bind the shape of a tree, not its size: what does not change the shape of the walk is not
 * noticed, which is why sizes come from a header and never from the proof's bearer. */
Test(merkle, a_proof_for_a_tree_of_another_shape_is_refused)
{
    struct digest proof[MERKLE_PATH_MAX];
    struct digest older = merkle_root(leaves, 6);
    struct digest root = merkle_root(leaves, 13);
    size_t length = merkle_consistency(leaves, 13, 6, proof);
    for (uint64_t m = 0; m <= 20; m++)
        for (uint64_t n = 0; n <= 8; n++)
            if (m != 3)
                cr_assert_not(merkle_verify_consistency(m, n, &older, &root, proof, length));
    for (uint64_t m = 0; m <= 20; m++)
        if (m != 6) cr_assert_not(merkle_verify_consistency(m, 13, &older, &root, proof, length));
    cr_assert_not(merkle_verify_consistency(6, 17, &older, &root, proof, length));
    cr_assert_not(merkle_verify_consistency(6, UINT64_MAX, &older, &root, proof, length));
    cr_assert_not(merkle_verify_consistency(UINT64_MAX, UINT64_MAX, &older, &root, proof, length));
    cr_assert_not(merkle_verify_consistency(6, 13, &older, &root, proof + 1, length - 1));
}

struct made {
    size_t count;
    unsigned level[2 * MOST];
    uint64_t idx[2 * MOST];
    struct digest hash[2 * MOST];
};

static void on_made(void *context, unsigned level, uint64_t idx, const struct digest *hash)
{
    struct made *made = context;
    made->level[made->count] = level;
    made->idx[made->count] = idx;
    made->hash[made->count++] = *hash;
}

Test(merkle, a_frontier_grows_with_the_tree_and_tells_each_complete_node_once)
{
    static struct made made;
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    for (size_t n = 0; n < MOST; n++) {
        struct digest root = merkle_frontier_root(&frontier);
        struct digest expected = naive_root(leaves, n);
        cr_assert(digest_equal(&root, &expected), "%zu leaves", n);
        merkle_frontier_append(&frontier, &leaves[n], on_made, &made);
    }
    cr_assert_eq(frontier.count, MOST);
    cr_assert_eq(made.count, 35 + 17 + 8 + 4 + 2 + 1, "complete nodes of 70 leaves, by level");
    for (size_t i = 0; i < made.count; i++) {
        size_t width = (size_t)1 << made.level[i];
        cr_assert_geq(made.level[i], 1);
        struct digest expected = naive_root(leaves + made.idx[i] * width, width);
        cr_assert(digest_equal(&made.hash[i], &expected));
        for (size_t j = 0; j < i; j++)
            cr_assert_not(made.level[i] == made.level[j] && made.idx[i] == made.idx[j]);
    }
}

static struct digest hex_digest(const json_t *text)
{
    struct digest digest;
    hex_into(json_string_value(text), digest.bytes, 32);
    return digest;
}

static size_t hex_digests(const json_t *list, struct digest *digests)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        digests[i] = hex_digest(json_array_get(list, i));
    return json_array_size(list);
}

static void check_tree(const json_t *tree, const struct digest *data)
{
    struct digest path[MERKLE_PATH_MAX];
    struct digest expected[MERKLE_PATH_MAX];
    size_t count = vector_number(tree, "count");
    struct digest root = hex_digest(json_object_get(tree, "root"));
    struct digest mine = merkle_root(data, count);
    cr_assert(digest_equal(&mine, &root));
    cr_assert_eq(json_array_size(vector_list(tree, "paths")), count);
    for (size_t i = 0; i < count; i++) {
        size_t length = hex_digests(json_array_get(vector_list(tree, "paths"), i), expected);
        cr_assert_eq(merkle_path(data, count, i, path), length);
        same(path, expected, length);
        cr_assert(merkle_verify_inclusion(&data[i], i, count, expected, length, &root));
    }
    size_t i;
    const json_t *one;
    json_array_foreach(vector_list(tree, "consistency"), i, one)
    {
        size_t older = vector_number(one, "older");
        struct digest older_root = hex_digest(json_object_get(one, "older_root"));
        size_t length = hex_digests(vector_list(one, "proof"), expected);
        cr_assert_eq(merkle_consistency(data, count, older, path), length);
        same(path, expected, length);
        cr_assert(merkle_verify_consistency(older, count, &older_root, &root, expected, length));
    }
    cr_assert_eq(i, count + 1);
}

Test(merkle, vectors)
{
    json_t *document = vectors_load("merkle");
    struct digest data[MOST];
    cr_assert_eq(hex_digests(vector_list(document, "leaves"), data), 9);
    size_t i;
    const json_t *tree;
    json_array_foreach(vector_list(document, "trees"), i, tree) check_tree(tree, data);
    cr_assert_eq(i, 7);
    json_decref(document);
}
