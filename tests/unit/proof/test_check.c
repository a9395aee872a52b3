/* The list of checks, and that docs/reference/proofs.md has it. */
#include "proof/check.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

Test(check, has_names_that_are_found_again)
{
    for (unsigned i = CHECK_NONE + 1; i < CHECK_COUNT; i++) {
        enum proof_check found = CHECK_NONE;
        char name[64];
        enum proof_check check = (enum proof_check)i;
        (void)snprintf(name, sizeof name, "%s %s", proof_check_number(check),
                       proof_check_word(check));
        cr_expect_str_eq(proof_check_name(check), name);
        cr_expect(proof_check_find(name, &found));
        cr_expect_eq(found, check, "%s stands for two checks", name);
        cr_expect(strlen(proof_check_text(check)) > 0);
    }
    enum proof_check found = CHECK_TRUST;
    cr_expect_not(proof_check_find("P3.5", &found));
    cr_expect_not(proof_check_find("", &found));
    cr_expect_eq(found, CHECK_TRUST);
    cr_expect_str_eq(proof_check_name(CHECK_NONE), "");
}

Test(check, has_numbers_and_words_of_its_own)
{
    for (unsigned i = CHECK_NONE + 1; i < CHECK_COUNT; i++)
        for (unsigned j = i + 1; j < CHECK_COUNT; j++)
            cr_expect_str_neq(proof_check_number((enum proof_check)i),
                              proof_check_number((enum proof_check)j));
}

static char *load_page(void)
{
    FILE *file = fopen(WITAN_SOURCE "/docs/reference/proofs.md", "rb");
    cr_assert(file);
    char *page = calloc(1, 1 << 20);
    cr_assert(page);
    cr_assert_lt(fread(page, 1, (1 << 20) - 1, file), (1 << 20) - 1);
    (void)fclose(file);
    return page;
}

Test(check, is_the_table_of_the_page)
{
    char *page = load_page();
    const char *table = strstr(page, "## All checks");
    cr_assert(table);
    for (unsigned i = CHECK_NONE + 1; i < CHECK_COUNT; i++) {
        char row[300];
        enum proof_check check = (enum proof_check)i;
        (void)snprintf(row, sizeof row, "| %s | %s |\n", proof_check_name(check),
                       proof_check_text(check));
        const char *found = strstr(table, row);
        cr_expect(found, "not there, or not in this order: %s", row);
        if (found) table = found;
    }
    free(page);
}
