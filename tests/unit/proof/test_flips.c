/* No byte of a proof can be changed: whatever is altered is refused, and by name. All bits of every
 * file take minutes; ./dev tamper draws them at random. */
#include "tests/unit/proof/cases.h"

#include <criterion/criterion.h>

enum { SHARES = 4 }; /* the good files are shared among this many tests */

struct flips {
    struct cases c;
    struct verdict verdict;
    unsigned share, file;
    const char *only; /* the one file; NULL: those of the share */
    bool all_values;  /* every other value of every byte; else one bit of each, in turn */
    size_t tried;
};

/* Whoever never had money had none in any other range either: then, and only then, the altered
 * file is a proof, and of what its bytes say. */
static bool is_another_range(const struct flips *f, const struct proof_case *item, size_t at)
{
    const struct statement_proof *statement = &f->verdict.proof.statement;
    size_t range = PROOF_HEAD_BYTES + 32; /* account, asset */
    return strcmp(item->name, "statement-empty") == 0 && at >= range && at < range + 16 &&
           f->verdict.lines == 0 && statement->to_height <= f->verdict.sealed[0].height &&
           statement->from_height <= statement->to_height;
}

/* The altered file must fail some check. */
static void expect_refusal(struct flips *f, const struct proof_case *item, size_t at, uint8_t value)
{
    enum status status = case_verify(&f->c, item, &f->verdict);
    f->tried++;
    if (status == STATUS_REFUSED && proof_check_name(f->verdict.check)[0] != '\0' &&
        f->verdict.text[0] != '\0')
        return;
    if (status == STATUS_OK && is_another_range(f, item, at)) return;
    cr_assert_fail("%s: byte %zu as %02x is %s", item->name, at, value, status_name(status));
}

static void flip_file(void *context, const struct proof_case *item)
{
    struct flips *f = context;
    bool mine = f->only ? strcmp(item->name, f->only) == 0 : f->file % SHARES == f->share;
    f->file++;
    if (!mine || strcmp(item->expect, "verified") != 0) return;
    struct proof_case altered = *item;
    uint8_t *bytes = story_alter(f->c.s, &altered.file);
    cr_assert_eq(case_verify(&f->c, &altered, &f->verdict), STATUS_OK);
    for (size_t at = 0; at < altered.file.size; at++) {
        const uint8_t right = bytes[at];
        for (unsigned i = 1; f->all_values && i <= 255; i++) {
            bytes[at] = (uint8_t)(right + i);
            expect_refusal(f, &altered, at, bytes[at]);
        }
        bytes[at] = (uint8_t)(right ^ 1u << at % 8);
        expect_refusal(f, &altered, at, bytes[at]);
        bytes[at] = right;
    }
}

static void flip(unsigned share, const char *only, bool all_values)
{
    static struct flips f;
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    f = (struct flips){ .share = share, .only = only, .all_values = all_values };
    f.c.emit = flip_file;
    f.c.context = &f;
    f.c.cache = verify_cache_new(4096);
    cr_assert(f.c.cache);
    verdict_init(&f.verdict);
    cases_open(&f.c);
    emit_good(&f.c);
    emit_policy(&f.c);
    cr_assert_gt(f.tried, 1000);
    cases_close(&f.c);
    verdict_free(&f.verdict);
    verify_cache_free(f.c.cache);
}

Test(flips, a_bit_of_every_byte_of_share_0)
{
    flip(0, NULL, false);
}

Test(flips, a_bit_of_every_byte_of_share_1)
{
    flip(1, NULL, false);
}

Test(flips, a_bit_of_every_byte_of_share_2)
{
    flip(2, NULL, false);
}

Test(flips, a_bit_of_every_byte_of_share_3)
{
    flip(3, NULL, false);
}

Test(flips, every_value_of_every_byte_of_a_receipt)
{
    flip(0, "receipt", true);
}
