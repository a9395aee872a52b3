#include "format/state_root.h"

#include "tests/unit/format/samples.h"
#include <criterion/criterion.h>

Test(state_root, paths_begin_with_the_kind_and_of_the_window_with_the_time)
{
    struct span key = span_text("0123456789abcdef");
    struct digest path = state_path(0x30, key);
    cr_assert_eq(path.bytes[0], 0x30);
    uint8_t kind = 0x30;
    struct span parts[2] = { span_of(&kind, 1), key };
    struct digest hash = digest_of_parts(TAG_STATE_PATH, parts, 2);
    cr_assert_eq(memcmp(path.bytes + 1, hash.bytes, 31), 0);

    struct digest window = state_path_window(key, UINT64_C(0x123456789a) << 10 | 0x3ff);
    static const uint8_t head[6] = { 0x60, 0x12, 0x34, 0x56, 0x78, 0x9a };
    cr_assert_eq(memcmp(window.bytes, head, 6), 0);
    kind = 0x60;
    hash = digest_of_parts(TAG_STATE_PATH, parts, 2);
    cr_assert_eq(memcmp(window.bytes + 6, hash.bytes, 26), 0);
}

Test(state_root, kind_key_and_value_all_change_the_value_hash)
{
    struct digest a = state_value_hash(0x50, span_text("ab"), span_text("c"));
    struct digest b = state_value_hash(0x50, span_text("a"), span_text("bc"));
    struct digest c = state_value_hash(0x51, span_text("ab"), span_text("c"));
    cr_assert(!digest_equal(&a, &b));
    cr_assert(!digest_equal(&a, &c));
}

Test(state_root, of_nothing_of_one_and_of_two)
{
    struct state_leaf leaves[2] = { { .hash = sample_digest("leaf", 0) },
                                    { .hash = sample_digest("leaf", 1) } };
    struct digest root = state_root_of(leaves, 0, 0);
    cr_assert(digest_is_zero(&root));
    root = state_root_of(leaves, 1, 0);
    cr_assert(digest_equal(&root, &leaves[0].hash));
    leaves[1].path.bytes[0] = 0x80;
    root = state_root_of(leaves, 2, 0);
    struct digest expected = state_node_hash(&leaves[0].hash, &leaves[1].hash);
    cr_assert(digest_equal(&root, &expected));
}

Test(state_root, an_empty_side_is_zeros)
{
    struct state_leaf leaves[2] = { { .hash = sample_digest("leaf", 0) },
                                    { .hash = sample_digest("leaf", 1) } };
    struct digest zero = { { 0 } };
    leaves[0].path.bytes[31] = 0xfe; /* they part at the very last bit */
    leaves[1].path.bytes[31] = 0xff;
    struct digest expected = state_node_hash(&leaves[0].hash, &leaves[1].hash);
    for (unsigned depth = 255; depth-- > 0;)
        expected = path_bit(leaves[0].path.bytes, depth) ? state_node_hash(&zero, &expected)
                                                         : state_node_hash(&expected, &zero);
    struct digest root = state_root_of(leaves, 2, 0);
    cr_assert(digest_equal(&root, &expected));
}
