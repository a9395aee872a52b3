#include "node/crc32c.h"

#include <criterion/criterion.h>
#include <string.h>

Test(crc32c, known_answers)
{
    cr_assert_eq(crc32c(0, span_text("")), 0);
    cr_assert_eq(crc32c(0, span_text("123456789")), 0xe3069283); /* the usual check value */
    uint8_t bytes[32] = { 0 };
    cr_assert_eq(crc32c(0, span_of(bytes, 32)), 0x8a9136aa); /* RFC 3720, B.4 */
    memset(bytes, 0xff, sizeof bytes);
    cr_assert_eq(crc32c(0, span_of(bytes, 32)), 0x62a8ab43);
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    cr_assert_eq(crc32c(0, span_of(bytes, 32)), 0x46dd794e);
}

/* In any pieces: the steps of eight and of one must agree. */
Test(crc32c, pieces)
{
    uint8_t bytes[100];
    for (int i = 0; i < 100; i++)
        bytes[i] = (uint8_t)(i * 37);
    uint32_t whole = crc32c(0, span_of(bytes, sizeof bytes));
    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        uint32_t first = crc32c(0, span_of(bytes, cut));
        cr_assert_eq(crc32c(first, span_of(bytes + cut, sizeof bytes - cut)), whole);
    }
}

Test(crc32c, every_bit_counts)
{
    uint8_t bytes[64] = { 1, 2, 3 };
    uint32_t whole = crc32c(0, span_of(bytes, sizeof bytes));
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_neq(crc32c(0, span_of(bytes, sizeof bytes)), whole);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}
