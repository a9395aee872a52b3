#include "tests/unit/ledger/audit_story.h"

TestSuite(audit_compare, .init = open_story, .fini = close_story);

Test(audit_compare, heads_that_agree_and_heads_that_do_not)
{
    char copy[64];
    struct problem problem;
    struct audit_comparison comparison;
    fixture_path(copy);
    file_copy(story.path, copy);
    edit(copy, "DELETE FROM block WHERE height > 5");
    edit(copy, "UPDATE ledger SET height = 5");
    struct audit_head heads[3] = { { .path = story.path },
                                   { .path = "/tmp/witan-no-such-ledger" },
                                   { .path = copy } };
    cr_assert_eq(audit_compare(heads, 3, &comparison, &problem), STATUS_OK);
    cr_assert(comparison.equal);
    cr_assert_eq(comparison.readable, 2);
    cr_assert_eq(comparison.common_height, 5);
    cr_assert_eq(heads[0].height, STORY_HEIGHT);
    cr_assert_eq(heads[1].status, STATUS_NOT_FOUND);
    cr_assert_eq(heads[2].height, 5);
    /* A fork: every header from 3 on is another. */
    edit(copy, "UPDATE block SET header = CAST(substr(header, 1, 80) || x'55' || substr(header, "
               "82) AS BLOB) "
               "WHERE height >= 3");
    cr_assert_eq(audit_compare(heads, 3, &comparison, &problem), STATUS_OK);
    cr_assert_not(comparison.equal);
    cr_assert_eq(comparison.differs_at, 3);
    cr_assert_eq(comparison.differing, 2);
    fixture_remove(copy);
    cr_assert_eq(audit_compare(heads + 1, 1, &comparison, &problem), STATUS_NOT_FOUND);
}
