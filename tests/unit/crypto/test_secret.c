#include "crypto/key.h"
#include "crypto/secret.h"

#include <criterion/criterion.h>

enum { OPS = 1, MEM_KIB = 8 }; /* as cheap as allowed: these are tests */

static void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(secret, .init = start);

static struct secret_box seal(struct span secret, const char *passphrase)
{
    struct secret_box box;
    cr_assert_eq(secret_seal(&box, secret, span_text(passphrase), OPS, MEM_KIB), STATUS_OK);
    return box;
}

Test(secret, opens_with_its_passphrase_alone)
{
    struct secret_box box = seal(span_text("seed"), "open sesame");
    uint8_t secret[SECRET_SIZE_MAX];
    size_t size = 99;
    cr_assert_eq(secret_open(&box, span_text("open sesame"), secret, &size), STATUS_OK);
    cr_assert(span_equal(span_of(secret, size), span_text("seed")));
    static const char *const wrong[] = { "", "open sesam", "open sesame ", "Open sesame" };
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(secret_open(&box, span_text(wrong[i]), secret, &size), STATUS_REFUSED);
        cr_assert_eq(size, 0);
    }
}

Test(secret, of_any_size_up_to_the_limit)
{
    uint8_t bytes[SECRET_SIZE_MAX + 1];
    uint8_t secret[SECRET_SIZE_MAX];
    random_bytes(bytes, sizeof bytes);
    for (size_t size = 0; size <= SECRET_SIZE_MAX; size++) {
        size_t opened;
        struct secret_box box = seal(span_of(bytes, size), "");
        cr_assert_eq(box.box_size, size + 16);
        cr_assert_eq(secret_open(&box, span_of(NULL, 0), secret, &opened), STATUS_OK);
        cr_assert(span_equal(span_of(secret, opened), span_of(bytes, size)));
    }
    struct secret_box box;
    cr_assert_eq(
        secret_seal(&box, span_of(bytes, SECRET_SIZE_MAX + 1), span_text("p"), OPS, MEM_KIB),
        STATUS_TOO_LARGE);
}

Test(secret, salt_and_nonce_are_fresh)
{
    struct secret_box a = seal(span_text("seed"), "p");
    struct secret_box b = seal(span_text("seed"), "p");
    cr_assert_neq(memcmp(a.salt, b.salt, sizeof a.salt), 0);
    cr_assert_neq(memcmp(a.nonce, b.nonce, sizeof a.nonce), 0);
    cr_assert_neq(memcmp(a.box, b.box, a.box_size), 0);
}

static void expect_refused(const struct secret_box *box)
{
    uint8_t secret[SECRET_SIZE_MAX];
    size_t size;
    cr_assert_eq(secret_open(box, span_text("p"), secret, &size), STATUS_REFUSED);
    cr_assert_eq(size, 0);
}

Test(secret, damage_anywhere_is_refused)
{
    struct secret_box box = seal(span_text("a seed of some length"), "p");
    for (size_t i = 0; i < box.box_size; i++) {
        box.box[i] ^= 1;
        expect_refused(&box);
        box.box[i] ^= 1;
    }
    for (size_t i = 0; i < sizeof box.salt; i++) {
        box.salt[i] ^= 1;
        expect_refused(&box);
        box.salt[i] ^= 1;
    }
    for (size_t i = 0; i < sizeof box.nonce; i++) {
        box.nonce[i] ^= 1;
        expect_refused(&box);
        box.nonce[i] ^= 1;
    }
    struct secret_box other = box;
    other.ops++;
    expect_refused(&other);
    other = box;
    other.mem_kib++;
    expect_refused(&other);
    other = box;
    other.box_size--;
    expect_refused(&other);
    other.box_size = 15;
    expect_refused(&other);
    other.box_size = 0;
    expect_refused(&other);
    other.box_size = SECRET_BOX_MAX + 1;
    expect_refused(&other);
    other.box_size = SIZE_MAX;
    expect_refused(&other);
}

Test(secret, parameters_out_of_range_are_not_obeyed)
{
    static const struct {
        uint32_t ops, mem_kib;
    } wrong[] = { { 0, 8 },         { 17, 8 }, { UINT32_MAX, 8 },
                  { 1, 0 },         { 1, 7 },  { 1, 1024 * 1024 + 1 },
                  { 1, UINT32_MAX } };
    struct secret_box sealed = seal(span_text("seed"), "p");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct secret_box box = sealed;
        uint8_t secret[SECRET_SIZE_MAX];
        size_t size;
        box.ops = wrong[i].ops;
        box.mem_kib = wrong[i].mem_kib;
        cr_assert_eq(secret_open(&box, span_text("p"), secret, &size), STATUS_INVALID);
        cr_assert_eq(
            secret_seal(&box, span_text("seed"), span_text("p"), wrong[i].ops, wrong[i].mem_kib),
            STATUS_INVALID);
    }
}

/* A known box: argon2id13 with ops 1 and 8 KiB over salt 0..15, XSalsa20-Poly1305 with nonce
 * 0..23; so that boxes of today open in every later version. */
Test(secret, opens_a_box_made_earlier)
{
    struct secret_box box = { .ops = 1, .mem_kib = 8, .box_size = 20 };
    uint8_t secret[SECRET_SIZE_MAX];
    size_t size;
    for (uint8_t i = 0; i < 24; i++) {
        if (i < 16) box.salt[i] = i;
        box.nonce[i] = i;
    }
    cr_assert(hex_decode("42cf7e9577ea3629f723576b735d702476ad9035", 40, box.box, 20));
    cr_assert_eq(secret_open(&box, span_text("open sesame"), secret, &size), STATUS_OK);
    cr_assert(span_equal(span_of(secret, size), span_text("seed")));
}
