#include "node/cli_command.h"

#include "rpc/method.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static const struct cli_flag *find(const struct cli_flag *flags, const char *name)
{
    for (; flags->name; flags++)
        if (strcmp(flags->name, name) == 0) return flags;
    return NULL;
}

Test(cli_flags, shared_flags_have_help_and_one_meaning)
{
    for (uint32_t a = CLI_GROUP_ALL; a <= CLI_GROUP_LAST; a <<= 1) {
        const struct cli_flag *flag = cli_group_flags((enum cli_group)a);
        cr_assert_not_null(flag->name);
        for (; flag->name; flag++) {
            cr_assert_gt(strlen(flag->help), 5, "%s", flag->name);
            cr_assert_null(strchr(flag->name, '_'), "%s", flag->name);
            if (flag->type != CLI_WORD) continue;
            cr_assert(!flag->standard || cli_word_in(flag, flag->standard), "%s", flag->name);
        }
    }
}

Test(cli_flags, words)
{
    const struct cli_flag flag = { .name = "f", .type = CLI_WORD, .words = "table|json|csv" };
    cr_assert(cli_word_in(&flag, "table"));
    cr_assert(cli_word_in(&flag, "csv"));
    cr_assert(!cli_word_in(&flag, "cs"));
    cr_assert(!cli_word_in(&flag, "table|json"));
    cr_assert(!cli_word_in(&flag, ""));
}

Test(cli_flags, every_method_has_flags_for_its_optional_parameters)
{
    for (size_t i = 0; i < rpc_method_count; i++) {
        const struct rpc_method *method = rpc_methods[i];
        struct cli_flag *flags = cli_method_flags(method->name);
        size_t optional = 0;
        cr_assert_not_null(flags);
        for (size_t p = 0; p < method->parameter_count; p++) {
            char name[64];
            snprintf(name, sizeof name, "%s", method->parameters[p].name);
            for (char *at = name; *at; at++)
                if (*at == '_') *at = '-';
            if (method->parameters[p].required) {
                cr_assert_null(find(flags, name), "%s", name);
                continue;
            }
            optional++;
            cr_assert_not_null(find(flags, name), "%s %s", method->name, name);
        }
        size_t count = 0;
        while (flags[count].name)
            count++;
        cr_assert_eq(count, optional, "%s", method->name);
        cr_assert_eq(cli_method_required(method->name), method->parameter_count - optional);
        free(flags);
    }
}

Test(cli_flags, types_follow_the_parameters)
{
    struct cli_flag *flags = cli_method_flags("block_list");
    const struct cli_flag *limit = find(flags, "limit");
    cr_assert_eq(limit->type, CLI_NUMBER);
    cr_assert_eq(limit->most, RPC_PAGE_MAX);
    cr_assert_str_eq(limit->standard, "50");
    cr_assert_eq(find(flags, "order")->type, CLI_WORD);
    cr_assert_str_eq(find(flags, "order")->standard, "desc");
    cr_assert_eq(find(flags, "from-height")->type, CLI_TEXT);
    free(flags);
    flags = cli_method_flags("block_get");
    cr_assert_eq(find(flags, "seal")->type, CLI_SWITCH);
    free(flags);
}
