#include "node/cli_exit.h"

#include <criterion/criterion.h>

Test(cli_exit, every_code_has_one_row_in_rising_order)
{
    int last = -1;
    size_t count = 0;
    for (; cli_exit_at(count); count++) {
        const struct cli_exit_row *row = cli_exit_at(count);
        cr_assert_gt(row->number, last);
        cr_assert_eq(cli_exit_row(row->number), row);
        cr_assert_neq(row->meaning[0], 0);
        last = row->number;
    }
    cr_assert_eq(count, 17);
    cr_assert_null(cli_exit_row(11));
    cr_assert_null(cli_exit_row(-1));
}

Test(cli_exit, a_restart_is_useless_after_exactly_these)
{
    static const int useless[] = { 2, 7, 10, 65, 76, 81 };
    size_t found = 0;
    for (size_t i = 0; cli_exit_at(i); i++) {
        if (cli_exit_at(i)->restart) continue;
        cr_assert_lt(found, sizeof useless / sizeof useless[0]);
        cr_assert_eq(cli_exit_at(i)->number, useless[found++]);
    }
    cr_assert_eq(found, sizeof useless / sizeof useless[0]);
}

Test(cli_exit, statuses_have_codes)
{
    cr_assert_eq(cli_exit_of_status(STATUS_OK), 0);
    cr_assert_eq(cli_exit_of_status(STATUS_NOT_FOUND), 4);
    cr_assert_eq(cli_exit_of_status(STATUS_CONFLICT), 5);
    cr_assert_eq(cli_exit_of_status(STATUS_DIVERGED), 7);
    cr_assert_eq(cli_exit_of_status(STATUS_PERMISSION), 9);
    cr_assert_eq(cli_exit_of_status(STATUS_DAMAGED), 65);
    cr_assert_eq(cli_exit_of_status(STATUS_NO_MEMORY), 71);
    cr_assert_eq(cli_exit_of_status(STATUS_IO), 74);
    cr_assert_eq(cli_exit_of_status(STATUS_BUSY), 75);
    cr_assert_eq(cli_exit_of_status(STATUS_INVALID), 1);
}
