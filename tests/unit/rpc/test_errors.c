#include "format/result.h"
#include "rpc/errors.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

Test(errors, kinds_and_codes_are_unique)
{
    for (int i = 1; i < RPC_ERROR_COUNT; i++) {
        const struct rpc_error_row *row = rpc_error_row((enum rpc_error)i);
        cr_assert_eq((int)rpc_error_by_kind(row->kind), i, "%s", row->kind);
        cr_assert_eq((int)rpc_error_by_code(row->code), i, "%d", row->code);
    }
    cr_assert_eq(rpc_error_by_kind("no_such_kind"), RPC_ERROR_none);
    cr_assert_eq(rpc_error_by_code(0), RPC_ERROR_none);
}

Test(errors, codes_that_stay_unused)
{
    static const int unused[] = { -32000, -32003, -32006, 1011, 1014 };
    for (size_t i = 0; i < sizeof unused / sizeof unused[0]; i++)
        cr_assert_eq(rpc_error_by_code(unused[i]), RPC_ERROR_none, "%d", unused[i]);
}

/* The ledger's refusals and the errors 10xx are the same words and numbers, both ways. */
Test(errors, refusals_are_errors)
{
    size_t refusals = 0, errors = 0;
#define X(name, number) \
    cr_assert_str_eq(rpc_error_row(rpc_error_by_code(number))->kind, #name); \
    refusals++;
    REFUSAL_LIST(X)
#undef X
    for (int i = 1; i < RPC_ERROR_COUNT; i++) {
        int code = rpc_error_row((enum rpc_error)i)->code;
        errors += code >= 1000 && code < 2000;
    }
    cr_assert_eq(refusals, errors);
}

Test(errors, retry_words)
{
    for (int i = RETRY_NEVER; i <= RETRY_RE_SIGN; i++)
        cr_assert_eq((int)rpc_retry_of(rpc_retry_word((enum rpc_retry)i)), i);
    cr_assert_eq((int)rpc_retry_of("tomorrow"), RETRY_NEVER);
}

Test(errors, an_error_object)
{
    json_t *error = rpc_error_object(RPC_ERROR_mempool_full, json_pack("{s:i}", "txs", 3), "r1");
    char *text = json_dumps(error, JSON_COMPACT);
    cr_assert_str_eq(text, "{\"code\":1012,\"message\":\"Mempool is full\",\"data\":{\"kind\":"
                           "\"mempool_full\",\"retry\":\"same_request\",\"txs\":3,"
                           "\"request_id\":\"r1\"}}");
    free(text);
    json_decref(error);
    error = rpc_error_object(RPC_ERROR_parse_error, NULL, "");
    cr_assert_eq(json_object_size(json_object_get(error, "data")), 3);
    json_decref(error);
}

/* ---- docs/reference/rpc-errors.md has a row for each error, and no other. -------------------- */

static char page[1 << 17];

static void read_page(void)
{
    FILE *file = fopen(WITAN_SOURCE "/docs/reference/rpc-errors.md", "rb");
    cr_assert(file);
    size_t size = fread(page, 1, sizeof page - 1, file);
    page[size] = 0;
    fclose(file);
}

Test(errors, the_reference_page_has_every_row)
{
    read_page();
    for (int i = 1; i < RPC_ERROR_COUNT; i++) {
        const struct rpc_error_row *row = rpc_error_row((enum rpc_error)i);
        if (row->code >= 1000 && row->code < 2000) continue; /* errors.md */
        char line[160];
        snprintf(line, sizeof line, "| %d | `%s` | %s | `%s` |", row->code, row->kind, row->message,
                 rpc_retry_word(row->retry));
        cr_assert(strstr(page, line), "docs/reference/rpc-errors.md lacks: %s", line);
    }
}

Test(errors, the_reference_page_has_no_other_row)
{
    read_page();
    size_t rows = 0;
    for (char *line = strtok(page, "\n"); line; line = strtok(NULL, "\n")) {
        int code;
        if (sscanf(line, "| %d |", &code) != 1) continue;
        cr_assert_neq(rpc_error_by_code(code), RPC_ERROR_none, "%s", line);
        rows++;
    }
    cr_assert(rows >= 19);
}
