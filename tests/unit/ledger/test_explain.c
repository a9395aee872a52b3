#include "ledger/explain.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

Test(explain, has_every_word_of_both_lists)
{
    size_t count = 0;
#define X(name, code) \
    { \
        const struct explanation *found = explain_find(#name); \
        cr_assert_not_null(found, #name); \
        cr_assert_eq(found->number, code); \
        cr_assert_eq(found->kind, EXPLAIN_REFUSAL); \
        count++; \
    }
    REFUSAL_LIST(X)
#undef X
#define X(name, code) \
    { \
        const struct explanation *found = explain_find(#name); \
        cr_assert_not_null(found, #name); \
        cr_assert_eq(found->number, code); \
        cr_assert_eq(found->kind, EXPLAIN_RESULT); \
        count++; \
    }
    RESULT_LIST(X)
#undef X
    cr_assert_not_null(explain_at(count - 1));
    cr_assert_null(explain_at(count), "nothing that the lists do not have");
}

Test(explain, stands_in_the_order_of_the_lists)
{
    size_t at = 0;
#define X(name, code) cr_assert_str_eq(explain_at(at++)->word, #name);
    REFUSAL_LIST(X)
    RESULT_LIST(X)
#undef X
}

Test(explain, finds_by_word_and_number)
{
    cr_assert_str_eq(explain_find("1009")->word, "tx_expired");
    cr_assert_str_eq(explain_find("40")->word, "insufficient_funds");
    cr_assert_str_eq(explain_find("0")->word, "ok");
    cr_assert_null(explain_find("tx_expire"));
    cr_assert_null(explain_find("TX_EXPIRED"));
    cr_assert_null(explain_find("1011"));
    cr_assert_null(explain_find("00"));
    cr_assert_null(explain_find(""));
}

/* Meaning, cause and remedy are sentences that fit a table of a page. */
Test(explain, speaks_in_sentences)
{
    const struct explanation *item;
    for (size_t i = 0; (item = explain_at(i)); i++) {
        const char *texts[] = { item->meaning, item->cause, item->remedy };
        for (size_t j = 0; j < 3; j++) {
            size_t size = strlen(texts[j]);
            cr_assert(size > 10 && size < 250, "%s", item->word);
            cr_assert_eq(texts[j][size - 1], '.', "%s", item->word);
            cr_assert_null(strchr(texts[j], '|'), "%s", item->word);
            cr_assert_null(strchr(texts[j], '\n'), "%s", item->word);
        }
    }
}

static char *read_page(const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/docs/reference/%s.md", WITAN_SOURCE, name);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    static char page[1 << 17];
    size_t size = fread(page, 1, sizeof page - 1, file);
    (void)fclose(file);
    page[size] = '\0';
    return page;
}

static void page_has_rows(const char *name, enum explanation_kind kind)
{
    const char *page = read_page(name);
    const struct explanation *item;
    for (size_t i = 0; (item = explain_at(i)); i++) {
        if (item->kind != kind) continue;
        char row[1024];
        (void)snprintf(row, sizeof row, "\n| %u | `%s` | %s | %s | %s |\n", (unsigned)item->number,
                       item->word, item->meaning, item->cause, item->remedy);
        cr_assert_not_null(strstr(page, row), "docs/reference/%s.md lacks the row\n%s", name,
                           row + 1);
    }
}

Test(explain, the_pages_say_the_same)
{
    page_has_rows("errors", EXPLAIN_REFUSAL);
    page_has_rows("result-codes", EXPLAIN_RESULT);
}

/* And no row of a number or word that is gone. */
Test(explain, the_page_of_results_has_no_other_row)
{
    char *page = read_page("result-codes");
    for (char *line = strtok(page, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned number;
        char word[40];
        if (sscanf(line, "| %u | `%39[a-z_]`", &number, word) != 2) continue;
        const struct explanation *found = explain_find(word);
        cr_assert_not_null(found, "%s", line);
        cr_assert_eq(found->number, number, "%s", line);
    }
}
