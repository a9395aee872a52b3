#include "tests/unit/proof/story_proofs.h"

#include <criterion/criterion.h>

Test(parts, name_every_kind)
{
    cr_expect_str_eq(proof_kind_word(PROOF_ANCHOR), "anchor");
    cr_expect_str_eq(proof_kind_word(PROOF_RECOVERY), "recovery");
    cr_expect_null(proof_kind_word(11));
    cr_expect_null(proof_kind_word(65535));
}

static struct digest hash_of(uint8_t seed)
{
    struct digest hash;
    memset(hash.bytes, seed, sizeof hash.bytes);
    return hash;
}

Test(parts, keep_siblings_by_their_level)
{
    struct digest siblings[STATE_DEPTH_MAX] = { { { 0 } } }, room[STATE_DEPTH_MAX];
    struct state_siblings path;
    siblings[0] = hash_of(1);
    siblings[7] = hash_of(7);
    siblings[8] = hash_of(8);
    siblings[255] = hash_of(255);
    state_siblings_set(&path, siblings, 256, room);
    cr_expect_eq(path.count, 4);
    cr_expect_eq(path.bitmap[0], 0x81);
    cr_expect_eq(path.bitmap[1], 0x80);
    cr_expect_eq(path.bitmap[31], 0x01);
    cr_expect_eq(path.hashes[0].bytes[0], 255); /* the deepest comes first */
    for (uint16_t level = 0; level < 256; level++) {
        struct digest sibling = state_sibling(&path, level);
        cr_expect(digest_equal(&sibling, &siblings[level]), "level %u", level);
    }
    state_siblings_set(&path, siblings, 0, room);
    cr_expect_eq(path.count, 0);
}

Test(parts, view_a_seal_in_its_bytes)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    static struct seal seal;
    struct sealed sealed = story_sealed(s, 8);
    struct seal_view view = seal_view_of(sealed.seal);
    struct reader r = reader_of(sealed.seal);
    seal_read(&r, &seal);
    cr_assert_eq(reader_end(&r), STATUS_OK);
    cr_expect_eq(view.epoch, seal.epoch);
    cr_expect_eq(view.height, seal.height);
    cr_expect(digest_equal(&view.block_hash, &seal.block_hash));
    cr_assert_eq(view.count, seal.count);
    for (uint16_t i = 0; i < view.count; i++) {
        struct seal_signature by = seal_view_signature(&view, i);
        cr_expect_eq(by.validator, seal.signatures[i].validator);
        cr_expect_arr_eq(by.signature.bytes, seal.signatures[i].signature.bytes, 64);
    }
    r = reader_of(span_of(sealed.seal.data, sealed.seal.size - 1));
    seal_view_read(&r, &view);
    cr_expect_eq(reader_status(&r), STATUS_MALFORMED);
    story_free(s);
}

Test(parts, walk_the_items_of_a_chain)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct epoch_chain chain = story_epochs(s, 2);
    struct epoch_item item;
    struct span rest = chain.items;
    cr_assert(epoch_item_next(&rest, &item));
    cr_expect_eq(item.boundary.header.height, 3);
    struct digest hash = digest_of(TAG_VALIDATORS, item.validators);
    cr_expect(digest_equal(&hash, &item.boundary.header.next_validators_hash));
    cr_assert(epoch_item_next(&rest, &item));
    cr_expect_eq(item.boundary.header.height, 6);
    cr_expect_not(epoch_item_next(&rest, &item));
    story_free(s);
}

Test(parts, read_movements_as_they_were_encoded)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct statement_proof statement = story_statement(s);
    struct movement movements[16];
    (void)story_movements(s, 8, movements);
    for (uint32_t i = 0; i < statement.count; i++) {
        uint8_t expected[MOVEMENT_BYTES], found[MOVEMENT_BYTES];
        struct movement movement = statement_movement(&statement, i);
        movement_encode(&movements[2 + i], expected);
        movement_encode(&movement, found);
        cr_expect_arr_eq(found, expected, MOVEMENT_BYTES);
    }
    story_free(s);
}

Test(parts, find_the_path_of_a_window_by_its_time)
{
    uint8_t key[32] = { 1 }, bytes[WINDOW_VALUE_BYTES];
    struct window_entry entry = { .not_after_ms = 5000 };
    struct state_proof state = { .form = STATE_ABSENT,
                                 .kind = RECORD_WINDOW,
                                 .key = { key, sizeof key },
                                 .not_after_ms = 4096 };
    struct digest expected = state_path_window(state.key, 5000);
    struct digest absent = state_proof_path(&state);
    state.form = STATE_PRESENT;
    state.not_after_ms = 0;
    state.value = span_of(bytes, window_encode(&entry, bytes));
    struct digest present = state_proof_path(&state);
    cr_expect(digest_equal(&absent, &expected));
    cr_expect(digest_equal(&present, &expected));
    state.value.size--;
    struct digest broken = state_proof_path(&state);
    expected = state_path_window(state.key, 0);
    cr_expect(digest_equal(&broken, &expected));
}
