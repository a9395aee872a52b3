#include "node/cli_command.h"

#include "cli_table.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORDS_MAX = 24 };

static enum cli_parsed parse(const char *line, struct cli_call *call, struct problem *problem)
{
    static char text[512];
    static char *argv[WORDS_MAX];
    int argc = 0;
    const char *noun;
    snprintf(text, sizeof text, "%s", line);
    argv[argc++] = (char *)"witan";
    for (char *word = strtok(text, " "); word && argc < WORDS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    problem->text[0] = 0;
    return cli_parse(&table, argc, argv, call, &noun, problem);
}

static void refused(const char *line, const char *why)
{
    struct cli_call call;
    struct problem problem;
    cr_assert_eq(parse(line, &call, &problem), CLI_PARSED_WRONG, "%s", line);
    cr_assert(strstr(problem.text, why), "%s: %s", line, problem.text);
    cli_call_free(&call);
}

Test(cli_command, flags_may_stand_anywhere)
{
    static const char *const lines[] = {
        "tx pay 5 lunch --to bob --count 7 -q",
        "-q tx --to=bob pay --count=7 5 lunch",
        "--quiet tx pay --to bob 5 --count 7 lunch",
        "tx pay --to bob --count 7 -q -- 5 lunch",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct cli_call call;
        struct problem problem;
        cr_assert_eq(parse(lines[i], &call, &problem), CLI_PARSED, "%s: %s", lines[i],
                     problem.text);
        cr_assert_str_eq(call.command->path, "tx pay");
        cr_assert_eq(call.argument_count, 2);
        cr_assert_str_eq(cli_argument(&call, 0), "5");
        cr_assert_str_eq(cli_argument(&call, 1), "lunch");
        cr_assert_null(cli_argument(&call, 2));
        cr_assert_str_eq(cli_text(&call, "to"), "bob");
        cr_assert_eq(cli_number(&call, "count"), 7);
        cr_assert(cli_switch(&call, "quiet"));
        cr_assert(!cli_switch(&call, "verbose"));
        cli_call_free(&call);
    }
}

Test(cli_command, defaults_stand_in)
{
    struct cli_call call;
    struct problem problem;
    cr_assert_eq(parse("tx pay 5 --to bob", &call, &problem), CLI_PARSED);
    cr_assert_eq(cli_number(&call, "count"), 4);
    cr_assert_eq(cli_number(&call, "pause"), 2000);
    cr_assert_str_eq(cli_text(&call, "wait"), "no");
    cr_assert(!cli_given(&call, "count"));
    cr_assert_null(cli_text(&call, "key"));
    cli_call_free(&call);
}

Test(cli_command, repeated_flags_keep_their_order)
{
    struct cli_call call;
    struct problem problem;
    cr_assert_eq(parse("tx pay 5 --to bob --key a -k b --key=c", &call, &problem), CLI_PARSED);
    cr_assert_eq(cli_count(&call, "key"), 3);
    cr_assert_str_eq(cli_item(&call, "key", 0), "a");
    cr_assert_str_eq(cli_item(&call, "key", 1), "b");
    cr_assert_str_eq(cli_item(&call, "key", 2), "c");
    cr_assert_null(cli_item(&call, "key", 3));
    cli_call_free(&call);
}

Test(cli_command, settings_pass_through_where_they_are_taken)
{
    struct cli_call call;
    struct problem problem;
    cr_assert_eq(
        parse("start --home h --rpc.listen=127.0.0.1:1 --log.level=debug", &call, &problem),
        CLI_PARSED);
    cr_assert_eq(call.setting_count, 2);
    cr_assert_str_eq(call.settings[0], "rpc.listen=127.0.0.1:1");
    cli_call_free(&call);
    refused("start --rpc.listen 127.0.0.1:1", "write --rpc.listen=VALUE");
    refused("tx pay 5 --to bob --rpc.listen=x", "no flag --rpc.listen");
}

Test(cli_command, environment_between_flag_and_default)
{
    struct cli_call call;
    struct problem problem;
    setenv("WITAN_TIMEOUT", "5s", 1);
    cr_assert_eq(parse("tx list", &call, &problem), CLI_PARSED);
    cr_assert_eq(cli_number(&call, "timeout"), 5000);
    cli_call_free(&call);
    cr_assert_eq(parse("tx list --timeout 7s", &call, &problem), CLI_PARSED);
    cr_assert_eq(cli_number(&call, "timeout"), 7000);
    cli_call_free(&call);
    setenv("WITAN_TIMEOUT", "", 1);
    cr_assert_eq(parse("tx list", &call, &problem), CLI_PARSED);
    cr_assert_eq(cli_number(&call, "timeout"), 30000);
    cli_call_free(&call);
    setenv("WITAN_TIMEOUT", "soon", 1);
    refused("tx list", "WITAN_TIMEOUT must be a time");
    unsetenv("WITAN_TIMEOUT");
}

Test(cli_command, parameters_of_the_method_are_flags)
{
    struct cli_call call;
    struct problem problem;
    cr_assert_eq(parse("tx list --from-height 7 --order asc --limit 500", &call, &problem),
                 CLI_PARSED, "%s", problem.text);
    cr_assert_str_eq(cli_text(&call, "from-height"), "7");
    cr_assert_str_eq(cli_text(&call, "order"), "asc");
    cr_assert_eq(cli_number(&call, "limit"), 500);
    cli_call_free(&call);
    refused("tx list --limit 501", "--limit must be a number from 1 to 500");
    refused("tx list --order up", "--order must be one of asc|desc");
    refused("tx list --from_height 7", "did you mean --from-height?");
}

Test(cli_command, wrong_values_are_refused)
{
    refused("tx pay 5 --to bob --count 10", "from 1 to 9");
    refused("tx pay 5 --to bob --count 0", "from 1 to 9");
    refused("tx pay 5 --to bob --count -1", "from 1 to 9");
    refused("tx pay 5 --to bob --count 1x", "not \"1x\"");
    refused("tx pay 5 --to bob --count 99999999999999999999", "from 1 to 9");
    refused("tx pay 5 --to bob --wait maybe", "must be one of no|yes");
    refused("tx pay 5 --to bob --wait ye", "must be one of no|yes");
    refused("tx pay 5 --to bob --pause 5", "such as 500ms");
    refused("tx pay 5 --to=", "must not be empty");
    refused("tx pay 5 --to", "needs a value");
    refused("tx pay 5 --to bob --to eve", "given twice");
    refused("tx pay 5 --to bob --quiet=maybe", "takes no value");
    refused("tx pay 5", "--to is missing");
    refused("tx pay --to bob", "too few arguments: witan tx pay AMOUNT [MEMO]");
    refused("tx pay 5 a b --to bob", "\"b\" is one argument too many");
}

Test(cli_command, typing_errors_get_suggestions)
{
    refused("strat", "did you mean \"witan start\"?");
    refused("txx list", "did you mean \"witan tx\"?");
    refused("tx lst", "did you mean \"witan tx list\"?");
    refused("tx improt f", "did you mean \"witan tx import\"?");
    refused("tx pay 5 --too bob", "did you mean --to?");
    refused("zzzzzz", "no command \"zzzzzz\"");
    refused("tx pay 5 --to bob -x", "no flag -x here");
    refused("tx pay 5 --to bob -qv", "no flag -qv here");
}

Test(cli_command, abbreviations_do_not_work)
{
    refused("sta", "no command");
    refused("tx pa 5 --to bob", "no command");
    refused("tx pay 5 --to bob --cou 3", "no flag --cou");
}

Test(cli_command, help_wins_and_finds_its_subject)
{
    static const struct {
        const char *line, *path, *noun;
        bool asked;
    } cases[] = {
        { "tx pay -h", "tx pay", "", true },
        { "tx pay --to --help", "tx pay", "", true },
        { "tx -h", NULL, "tx", true },
        { "tx", NULL, "tx", false },
        { "-h", NULL, "", true },
        { "", NULL, "", false },
        { "tx nonsense -h", NULL, "tx", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *argv[] = { (char *)"witan", NULL, NULL, NULL, NULL };
        char text[64];
        int argc = 1;
        struct cli_call call;
        struct problem problem;
        const char *noun = "?";
        snprintf(text, sizeof text, "%s", cases[i].line);
        for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
            argv[argc++] = word;
        cr_assert_eq(cli_parse(&table, argc, argv, &call, &noun, &problem), CLI_PARSED_HELP, "%s",
                     cases[i].line);
        cr_assert_str_eq(noun, cases[i].noun);
        cr_assert_eq(call.help, cases[i].asked);
        if (cases[i].path)
            cr_assert_str_eq(call.command->path, cases[i].path);
        else
            cr_assert_null(call.command);
        cli_call_free(&call);
    }
}

Test(cli_command, everything_after_two_dashes_is_an_argument)
{
    struct cli_call call;
    struct problem problem;
    cr_assert_eq(parse("explain -- --help", &call, &problem), CLI_PARSED);
    cr_assert_str_eq(cli_argument(&call, 0), "--help");
    cli_call_free(&call);
    cr_assert_eq(parse("explain -", &call, &problem), CLI_PARSED);
    cr_assert_str_eq(cli_argument(&call, 0), "-");
    cli_call_free(&call);
}

Test(cli_command, find_takes_the_longest_path)
{
    const char *words[] = { "tx", "list", "more" };
    size_t used = 9;
    cr_assert_str_eq(cli_find(&table, words, 3, &used)->path, "tx list");
    cr_assert_eq(used, 2);
    const char *bare[] = { "explain", "tx" };
    cr_assert_str_eq(cli_find(&table, bare, 2, &used)->path, "explain");
    cr_assert_eq(used, 1);
    cr_assert_null(cli_find(&table, words, 1, &used));
    cr_assert_null(cli_find(&table, words, 0, &used));
}
