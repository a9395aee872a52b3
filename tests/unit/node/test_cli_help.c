#include "node/cli_help.h"

#include "cli_table.h"
#include <criterion/criterion.h>
#include <stdio.h>

static char *text_of(struct buffer *out)
{
    static const uint8_t end = 0;
    cr_assert_eq(buffer_append(out, span_of(&end, 1)), STATUS_OK);
    return (char *)out->data;
}

static void no_line_is_longer_than(const char *text, size_t most)
{
    while (*text) {
        size_t size = strcspn(text, "\n");
        cr_assert_leq(size, most, "%.*s", (int)size, text);
        text += size + (text[size] ? 1 : 0);
    }
}

Test(cli_help, a_command_says_all_about_itself)
{
    struct buffer out;
    buffer_init(&out, 65536);
    cr_assert_eq(cli_help_command(&table_tx[0], &out), STATUS_OK);
    const char *text = text_of(&out);
    cr_assert(strstr(text, "Pay somebody.\n\nUsage: witan tx pay AMOUNT [MEMO] [FLAGS]\n"));
    cr_assert(strstr(text, "--to ACCOUNT"));
    cr_assert(strstr(text, "who gets it; required"));
    cr_assert(strstr(text, "--wait no|yes"));
    cr_assert(strstr(text, "how many; default 4"));
    cr_assert(strstr(text, "-k, --key FILE"));
    cr_assert(strstr(text, "who signs; repeatable"));
    cr_assert(strstr(text, "-h, --help"));
    cr_assert(strstr(text, "Examples:\n  witan tx pay 5 --to bob\n"));
    no_line_is_longer_than(text, 100);
    buffer_free(&out);
}

Test(cli_help, flags_of_the_method_and_of_groups)
{
    struct buffer out;
    buffer_init(&out, 65536);
    cr_assert_eq(cli_help_command(&table_tx[1], &out), STATUS_OK);
    const char *text = text_of(&out);
    cr_assert(strstr(text, "Query:"));
    cr_assert(strstr(text, "--from-height HEIGHT"));
    cr_assert(strstr(text, "[WITAN_NODE]"));
    cr_assert_null(strstr(text, "--passphrase-file"));
    buffer_free(&out);
}

Test(cli_help, a_noun_lists_the_verbs_of_all_its_sections)
{
    struct buffer out;
    buffer_init(&out, 65536);
    cr_assert_eq(cli_help_noun(&table, "tx", &out), STATUS_OK);
    const char *text = text_of(&out);
    cr_assert(strstr(text, "  pay "));
    cr_assert(strstr(text, "  list "));
    cr_assert(strstr(text, "  import "));
    cr_assert(strstr(text, "witan tx pay 5 --to bob\n  witan tx list\n"));
    cr_assert_null(strstr(text, "in bulk"));
    buffer_free(&out);
}

Test(cli_help, an_unknown_noun_gives_nothing)
{
    struct buffer out;
    buffer_init(&out, 65536);
    cr_assert_eq(cli_help_noun(&table, "hold", &out), STATUS_OK);
    cr_assert_eq(out.size, 0);
    buffer_free(&out);
}

Test(cli_help, the_program_lists_verbs_and_nouns_once)
{
    struct buffer out;
    buffer_init(&out, 65536);
    cr_assert_eq(cli_help_program(&table, &out), STATUS_OK);
    const char *text = text_of(&out);
    const char *tx = strstr(text, "  tx ");
    cr_assert(strstr(text, "  start "));
    cr_assert_not_null(tx);
    cr_assert_null(strstr(tx + 1, "  tx "));
    buffer_free(&out);
}

Test(cli_help, the_reference_has_every_command_and_escapes_bars)
{
    struct buffer out;
    buffer_init(&out, 1024 * 1024);
    cr_assert_eq(cli_help_markdown(&table, &out), STATUS_OK);
    const char *text = text_of(&out);
    cr_assert(strstr(text, "### witan tx pay\n"));
    cr_assert(strstr(text, "### witan tx import\n"));
    cr_assert(strstr(text, "### witan start\n"));
    cr_assert(strstr(text, "| `--wait no\\|yes` |"));
    cr_assert(strstr(text, "Shows the result of `tx_list`."));
    cr_assert(strstr(text, "| 7 | UNVERIFIED |"));
    buffer_free(&out);
}

Test(cli_help, a_full_buffer_is_an_error)
{
    struct buffer out;
    buffer_init(&out, 100);
    cr_assert_eq(cli_help_command(&table_tx[0], &out), STATUS_TOO_LARGE);
    buffer_free(&out);
}
