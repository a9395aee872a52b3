#include "proof/proof.h"
#include "proof/trust.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct digest hash_of(uint8_t seed)
{
    struct digest hash;
    memset(hash.bytes, seed, sizeof hash.bytes);
    return hash;
}

/* Block 100 of epoch 2 at time 1000; epochs 0 and 1 ended with blocks 30 and 60. */
static struct trust memory(void)
{
    struct trust trust;
    struct digest ends[] = { hash_of(30), hash_of(60) };
    trust_init(&trust);
    trust.chain_id = hash_of(1);
    trust.height = 100;
    trust.epoch = 2;
    trust.time_ms = 1000;
    trust.block_hash = hash_of(100);
    trust.history_root = hash_of(99);
    cr_assert_eq(trust_add_boundary(&trust, 30, &ends[0]), STATUS_OK);
    cr_assert_eq(trust_add_boundary(&trust, 60, &ends[1]), STATUS_OK);
    return trust;
}

/* Height, epoch, time and hash of a block; does it fit? */
struct row {
    uint64_t height, epoch, time_ms;
    uint8_t hash;
    bool fits, fits_as_end;
};

Test(trust, is_contradicted_by_what_cannot_be_in_its_history)
{
    static const struct row rows[] = {
        { 100, 2, 1000, 100, true, true }, /* the block itself */
        { 100, 2, 1000, 99, false, true }, /* another at its height */
        { 101, 2, 1001, 7, true, true },   /* later ones */
        { 101, 3, 1001, 7, true, true },
        { 101, 2, 1000, 7, false, true },  /* not later */
        { 101, 1, 1001, 7, false, false }, /* of an epoch that is over */
        { 99, 2, 999, 7, true, false },    /* earlier ones; epoch 2 did not end there */
        { 99, 2, 1000, 7, false, false },  /* not earlier */
        { 99, 3, 999, 7, false, true },    /* of an epoch that had not begun */
        { 61, 2, 500, 7, true, false },
        { 60, 2, 500, 7, false, false }, /* epoch 1 ended there */
        { 60, 1, 500, 60, true, true },
        { 60, 1, 500, 61, false, false }, /* with another block */
        { 61, 1, 500, 7, false, false },  /* beyond its end */
        { 59, 1, 500, 7, true, false },
        { 30, 0, 300, 30, true, true },
        { 29, 0, 300, 7, true, false },
        { 31, 0, 300, 7, false, false },
        { 1, 0, 3, 7, true, false },
    };
    struct trust trust = memory();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct header header = { .chain_id = hash_of(1),
                                 .height = row->height,
                                 .epoch = row->epoch,
                                 .time_ms = row->time_ms };
        struct digest hash = hash_of(row->hash);
        char text[TRUST_TEXT] = "";
        cr_expect_eq(trust_fits(&trust, &header, &hash, text), row->fits, "row %zu: %s", i, text);
        cr_expect_eq(text[0] != '\0', !row->fits, "row %zu", i);
        cr_expect_eq(trust_fits_boundary(&trust, &header, &hash, NULL), row->fits_as_end,
                     "row %zu as an end", i);
    }
    trust_free(&trust);
}

Test(trust, says_nothing_of_other_chains_or_before_it_knows)
{
    struct trust trust = memory(), nothing;
    struct header header = { .chain_id = hash_of(2), .height = 100, .epoch = 9 };
    struct digest hash = hash_of(5);
    trust_init(&nothing);
    cr_expect(trust_fits(&trust, &header, &hash, NULL));
    cr_expect(trust_fits_boundary(&trust, &header, &hash, NULL));
    header.chain_id = nothing.chain_id;
    cr_expect(trust_fits(&nothing, &header, &hash, NULL));
    trust_free(&trust);
}

Test(trust, takes_over_what_is_higher)
{
    struct trust trust, seen = memory();
    bool changed;
    trust_init(&trust);
    cr_assert_eq(trust_update(&trust, &seen, &changed), STATUS_OK);
    cr_expect(changed);
    cr_expect_eq(trust.height, 100);
    cr_expect_eq(trust.boundary_count, 2);
    cr_expect_neq(trust.boundaries, seen.boundaries);
    cr_expect_eq(trust.boundaries[1].height, 60);
    cr_assert_eq(trust_update(&trust, &seen, &changed), STATUS_OK);
    cr_expect_not(changed);
    seen.height = 101;
    seen.chain_id = hash_of(2);
    cr_expect_eq(trust_update(&trust, &seen, &changed), STATUS_MISMATCH);
    cr_expect_eq(trust.height, 100);
    trust_free(&seen);
    trust_free(&trust);
}

Test(trust, has_room_for_many_ends_but_not_for_more)
{
    struct trust trust;
    struct digest hash = hash_of(3);
    trust_init(&trust);
    for (uint64_t i = 1; i <= PROOF_EPOCHS_MAX; i++)
        cr_assert_eq(trust_add_boundary(&trust, i, &hash), STATUS_OK);
    cr_expect_eq(trust.boundaries[4095].height, 4096);
    cr_expect_eq(trust_add_boundary(&trust, 10001, &hash), STATUS_FULL);
    trust_free(&trust);
}

Test(trust, is_read_as_it_was_written)
{
    struct trust trust = memory(), again;
    struct problem problem;
    json_t *json = trust_json(&trust);
    cr_assert(json);
    cr_assert_eq(trust_from_json(json, &again, &problem), STATUS_OK, "%s", problem.text);
    json_t *twice = trust_json(&again);
    cr_expect(json_equal(json, twice));
    cr_expect(digest_equal(&again.boundaries[0].hash, &trust.boundaries[0].hash));
    json_decref(twice);
    json_decref(json);
    trust_free(&again);
    trust_free(&trust);
}

/* Replaces a member and expects that the file is refused. */
static void expect_refused(const char *name, json_t *value, enum status status, const char *part)
{
    struct trust trust = memory(), again;
    struct problem problem;
    json_t *json = trust_json(&trust);
    cr_assert_eq(json_object_set_new(json, name, value), 0);
    cr_expect_eq(trust_from_json(json, &again, &problem), status, "%s: %s", name, problem.text);
    cr_expect(strstr(problem.text, part), "%s: %s", name, problem.text);
    cr_expect_eq(again.boundaries, NULL);
    json_decref(json);
    trust_free(&trust);
}

Test(trust, refuses_what_is_not_its_form)
{
    expect_refused("format", json_string("witan-trust/2"), STATUS_UNSUPPORTED, "/format");
    expect_refused("height", json_integer(0), STATUS_INVALID, "/height");
    expect_refused("epoch", json_integer(3), STATUS_MISMATCH, "/boundaries");
    expect_refused("hash", json_string("00"), STATUS_MALFORMED, "/hash");
    expect_refused("time", json_integer(5), STATUS_MALFORMED, "/time");
    expect_refused("boundaries", json_array(), STATUS_MISMATCH, "/boundaries");
    expect_refused("more", json_true(), STATUS_MALFORMED, "/more");
    expect_refused("height", json_integer(60), STATUS_INVALID, "/boundaries/1/height");
}

Test(trust, refuses_text_that_is_no_json)
{
    struct trust trust;
    struct problem problem;
    cr_expect_eq(trust_parse(span_text("{"), &trust, &problem), STATUS_MALFORMED);
    cr_expect_eq(trust_parse(span_text("[]"), &trust, &problem), STATUS_MALFORMED);
    cr_expect_eq(trust_parse(span_text(""), &trust, &problem), STATUS_MALFORMED);
}
