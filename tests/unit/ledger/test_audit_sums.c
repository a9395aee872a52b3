/* What must hold of the rows by themselves: each edit is also a row that differs, so only the code
 * of the sum that no longer holds is looked for. */
#include "tests/unit/ledger/audit_world.h"

TestSuite(audit_sums, .init = open_world, .fini = close_world);

struct sum_case {
    const char *edit;
    enum finding_code code;
    const char *words;
};

static const struct sum_case cases[] = {
    { "UPDATE asset SET supply = supply + 1 WHERE supply > 0", FINDING_supply_mismatch, "supply" },
    { "UPDATE asset SET max_supply = 5", FINDING_supply_mismatch, "above its maximum" },
    { "UPDATE balance SET posted = posted + 1 WHERE posted = (SELECT max(posted) FROM balance)",
      FINDING_supply_mismatch, "add up" },
    { "UPDATE hold SET amount = amount + 1", FINDING_holds_mismatch, "holds" },
    { "DELETE FROM hold", FINDING_holds_mismatch, "holds" },
    { "UPDATE balance SET held_out = held_out + 1 WHERE held_out > 0", FINDING_holds_mismatch,
      "reserved" },
    { "UPDATE balance SET held_in = held_in + 1 WHERE held_in > 0", FINDING_holds_mismatch,
      "expected" },
    { "UPDATE balance SET floor = 0 WHERE floor < 0", FINDING_floor_broken, "its floor is 0" },
    { "UPDATE balance SET floor = 7 WHERE posted > 100", FINDING_floor_broken, "its floor is 7" },
    { "UPDATE balance SET held_out = posted + 1, held_in = 0 WHERE posted > 100",
      FINDING_floor_broken, "-1 is left" },
    { "UPDATE balance SET asset = zeroblob(16) WHERE posted = (SELECT max(posted) FROM balance)",
      FINDING_floor_broken, "" },
    { "UPDATE movement SET d_posted = d_posted + 1 WHERE seq = 4", FINDING_movement_chain_broken,
      "after seq 3" },
    { "UPDATE movement SET posted = posted + 1 WHERE seq = 4", FINDING_movement_chain_broken,
      "after seq 3" },
    { "UPDATE movement SET held_in = held_in + 1 WHERE seq = 4", FINDING_movement_chain_broken,
      "after seq 3" },
    { "DELETE FROM movement WHERE seq = 4", FINDING_movement_chain_broken, "after seq 3" },
    { "UPDATE movement SET position = 1 WHERE seq = 4", FINDING_movement_chain_broken,
      "after seq 3" },
    { "UPDATE balance SET seq = seq + 1 WHERE posted > 100", FINDING_movement_chain_broken,
      "does not end it" },
    { "DELETE FROM balance WHERE account = (SELECT max(account) FROM balance)",
      FINDING_movement_chain_broken, "of no balance" },
};

Test(audit_sums, each_sum_and_each_chain)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        renew();
        edit(victim, cases[i].edit);
        expect(cases[i].code, cases[i].words);
    }
}

Test(audit_sums, a_sum_that_overflows_is_no_end_of_the_audit)
{
    renew();
    edit(victim, "UPDATE balance SET posted = 9223372036854775807");
    expect(FINDING_sqlite_damaged, "overflow");
    cr_assert_not_null(find(FINDING_row_mismatch, "posted"));
}
