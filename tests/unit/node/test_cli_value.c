#include "node/cli_command.h"

#include "cli_table.h"
#include <criterion/criterion.h>

static void check(const struct cli_flag *flag, const char *text, bool right)
{
    struct problem problem = { .text = "" };
    enum status status = cli_value_check(flag, "--flag", text, &problem);
    cr_assert_eq(status, right ? STATUS_OK : STATUS_INVALID, "%s", text);
    cr_assert(right || strncmp(problem.text, "--flag ", 7) == 0, "%s", problem.text);
}

Test(cli_value, switches)
{
    const struct cli_flag flag = { .name = "flag", .type = CLI_SWITCH };
    check(&flag, "true", true);
    check(&flag, "false", true);
    check(&flag, "", false);
    check(&flag, "yes", false);
    check(&flag, "True", false);
}

Test(cli_value, numbers)
{
    const struct cli_flag flag = { .name = "flag", .type = CLI_NUMBER, .least = 5, .most = 70 };
    const struct cli_flag open = { .name = "flag", .type = CLI_NUMBER };
    check(&flag, "5", true);
    check(&flag, "70", true);
    check(&flag, "4", false);
    check(&flag, "71", false);
    check(&flag, "", false);
    check(&flag, " 6", false);
    check(&flag, "6.0", false);
    check(&open, "0", true);
    check(&open, "9007199254740991", true);
    check(&open, "9007199254740992", false);
    check(&open, "18446744073709551616", false);
    check(&open, "99999999999999999999999999", false);
}

Test(cli_value, durations_words_and_texts)
{
    const struct cli_flag time = { .name = "flag", .type = CLI_DURATION };
    const struct cli_flag word = { .name = "flag", .type = CLI_WORD, .words = "a|bc" };
    static const char *const list[] = { "x", "yz", NULL };
    const struct cli_flag array = { .name = "flag", .type = CLI_WORD, .list = list };
    const struct cli_flag text = { .name = "flag", .type = CLI_TEXT };
    check(&time, "500ms", true);
    check(&time, "5", false);
    check(&word, "bc", true);
    check(&word, "b", false);
    check(&word, "a|bc", false);
    check(&array, "yz", true);
    check(&array, "y", false);
    check(&text, "anything at all", true);
    check(&text, "", false);
}

Test(cli_value, a_command_has_its_own_flags_only)
{
    struct cli_call call = { .table = &table, .command = &table_tx[0] };
    cr_assert(cli_has(&call, "to"));
    cr_assert(cli_has(&call, "quiet"));
    cr_assert(!cli_has(&call, "node"));
    cr_assert(!cli_has(&call, "format"));
    call.command = &table_tx[1];
    cr_assert(cli_has(&call, "node"));
    cr_assert(cli_has(&call, "format"));
    cr_assert(!cli_has(&call, "to"));
}
