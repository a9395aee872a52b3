#include "ledger/arena.h"

#include <criterion/criterion.h>
#include <stdalign.h>

Test(arena, pieces_are_aligned_and_never_move)
{
    struct arena arena;
    uint8_t *pieces[1000];
    arena_init(&arena);
    for (size_t i = 0; i < 1000; i++) {
        size_t size = i % 257 + 1;
        pieces[i] = arena_take(&arena, size);
        cr_assert_not_null(pieces[i]);
        cr_assert_eq((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)(i & 0xff), size);
    }
    for (size_t i = 0; i < 1000; i++)
        for (size_t j = 0; j < i % 257 + 1; j++)
            cr_assert_eq(pieces[i][j], i & 0xff);
    arena_free(&arena);
}

Test(arena, a_piece_larger_than_a_chunk_has_its_own)
{
    struct arena arena;
    arena_init(&arena);
    uint8_t *large = arena_take(&arena, 1000000);
    cr_assert_not_null(large);
    memset(large, 1, 1000000);
    cr_assert_not_null(arena_take(&arena, 1));
    arena_free(&arena);
    cr_assert_eq(arena.bytes, 0);
}

Test(arena, emptying_keeps_one_chunk_and_gives_it_out_again)
{
    struct arena arena;
    arena_init(&arena);
    arena_empty(&arena); /* nothing yet */
    for (unsigned i = 0; i < 100; i++)
        cr_assert_not_null(arena_take(&arena, 10000));
    cr_assert_gt(arena.bytes, 900000);
    arena_empty(&arena);
    size_t kept = arena.bytes;
    cr_assert_lt(kept, 100000);
    cr_assert_not_null(arena_take(&arena, 10000));
    cr_assert_eq(arena.bytes, kept);
    arena_free(&arena);
}
