#include "tests/unit/ledger/reader_story.h"

TestSuite(reader_holds, .init = open_story, .fini = close_story);

static const struct id group = { { 5 } };

/* Two holds of Bob for Dave, one of them in a group, and one for Bob. */
static void hold_some(struct id ids[3])
{
    struct fixture *f = &story.f;
    fixture_tx(f, BOB);
    add_hold(f, BOB, DAVE, 11, CAROL, f->time_ms + 60000);
    add_hold(f, BOB, DAVE, 12, CAROL, f->time_ms + 60000)->hold_create.group = group;
    add_hold(f, ALICE, BOB, 13, CAROL, f->time_ms + 60000)->hold_create.group = group;
    cr_assert_eq(fixture_one(f, SIGNED_BOB | SIGNED_ALICE), RESULT_ok);
    for (uint8_t i = 0; i < 3; i++)
        ids[i] = fixture_hold(f, i);
}

Test(reader_holds, one_that_waits_and_one_that_has_ended)
{
    struct id ids[3], unknown = sample_id("hold", 9);
    struct hold hold;
    uint64_t made = 0, ended = 0;
    hold_some(ids);
    cr_assert_eq(ledger_read_hold(reader, &ids[1], &hold), STATUS_OK);
    cr_assert(id_equal(&hold.payer, &story.f.cast[BOB]));
    cr_assert(id_equal(&hold.payee, &story.f.cast[DAVE]));
    cr_assert(id_equal(&hold.arbiter, &story.f.cast[CAROL]));
    cr_assert(id_equal(&hold.group, &group));
    cr_assert_eq(hold.amount, 12);
    cr_assert_eq(hold.version, position_of(8, 0, 1));
    cr_assert_eq(ledger_read_hold_end(reader, &ids[1], &made, &ended), STATUS_NOT_FOUND);

    fixture_tx(&story.f, DAVE);
    add_void(&story.f, DAVE, &ids[1]);
    cr_assert_eq(fixture_one(&story.f, SIGNED_DAVE), RESULT_ok);
    cr_assert_eq(ledger_read_hold(reader, &ids[1], &hold), STATUS_NOT_FOUND);
    cr_assert_eq(ledger_read_hold_end(reader, &ids[1], &made, &ended), STATUS_OK);
    cr_assert_eq(made, position_of(8, 0, 1));
    cr_assert_eq(ended, position_of(9, 0, 0));
    cr_assert_eq(ledger_read_hold_end(reader, &unknown, &made, &ended), STATUS_NOT_FOUND);
}

struct ids {
    struct id ids[8];
    unsigned count;
};

static bool keep(void *context, const struct hold *hold)
{
    struct ids *kept = context;
    cr_assert_lt(kept->count, 8);
    kept->ids[kept->count++] = hold->id;
    return true;
}

static unsigned count_of(const struct id *account, const struct id *of_group)
{
    struct ids all = { .count = 0 }, paged = { .count = 0 };
    cr_assert_eq(ledger_read_holds(reader, account, of_group, NULL, 8, keep, &all), STATUS_OK);
    for (unsigned i = 1; i < all.count; i++)
        cr_assert_lt(id_compare(&all.ids[i - 1], &all.ids[i]), 0);
    for (unsigned before = 1; before != paged.count;) {
        before = paged.count;
        const struct id *after = before ? &paged.ids[before - 1] : NULL;
        cr_assert_eq(ledger_read_holds(reader, account, of_group, after, 1, keep, &paged),
                     STATUS_OK);
    }
    cr_assert_eq(paged.count, all.count);
    cr_assert_eq(memcmp(paged.ids, all.ids, all.count * sizeof all.ids[0]), 0);
    return all.count;
}

Test(reader_holds, of_an_account_whichever_side_it_is_on)
{
    struct id ids[3], other = sample_id("group", 7);
    hold_some(ids);
    cr_assert_eq(count_of(&story.f.cast[BOB], NULL), 3);
    cr_assert_eq(count_of(&story.f.cast[DAVE], NULL), 2);
    cr_assert_eq(count_of(&story.f.cast[ALICE], NULL), 1);
    cr_assert_eq(count_of(&story.f.cast[CAROL], NULL), 0, "an arbiter has no part in it");
    cr_assert_eq(count_of(NULL, &group), 2);
    cr_assert_eq(count_of(NULL, &other), 0);
}

Test(reader_holds, the_walk_ends_when_the_caller_has_enough)
{
    struct id ids[3];
    hold_some(ids);
    struct ids some = { .count = 0 };
    cr_assert_eq(ledger_read_holds(reader, &story.f.cast[BOB], NULL, NULL, 2, keep, &some),
                 STATUS_OK);
    cr_assert_eq(some.count, 2);
}

Test(reader_holds, a_row_that_does_not_fit_is_damage)
{
    struct id ids[3];
    struct hold hold;
    hold_some(ids);
    edit_story("UPDATE hold SET payer = x'00'");
    cr_assert_eq(ledger_read_hold(reader, &ids[0], &hold), STATUS_DAMAGED);
}
