#include "rpc/methods.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* What the document says of each method is compared in test_openrpc.c. */

Test(methods, names_are_unique_and_well_formed)
{
    for (size_t i = 0; i < rpc_method_count; i++) {
        const char *name = rpc_methods[i]->name;
        size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz_.");
        cr_assert_eq(size, strlen(name), "%s", name);
        for (size_t k = 0; k < i; k++)
            cr_assert_str_neq(name, rpc_methods[k]->name);
    }
}

Test(methods, access_follows_the_name)
{
    for (size_t i = 0; i < rpc_method_count; i++) {
        const struct rpc_method *m = rpc_methods[i];
        bool admin = strncmp(m->name, "admin_", 6) == 0;
        bool submit = strcmp(m->name, "tx_submit") == 0;
        enum rpc_access access = admin ? ACCESS_ADMIN : submit ? ACCESS_SUBMIT : ACCESS_READ;
        cr_assert_eq(m->access, access, "%s", m->name);
        cr_assert(m->handle, "%s", m->name);
    }
}

Test(methods, parameters_are_sound)
{
    for (size_t i = 0; i < rpc_method_count; i++) {
        const struct rpc_method *m = rpc_methods[i];
        bool optional = false;
        cr_assert(m->parameter_count <= RPC_PARAMETERS_MAX, "%s", m->name);
        for (size_t p = 0; p < m->parameter_count; p++) {
            const struct rpc_parameter *parameter = &m->parameters[p];
            /* Required ones first, so that an array can leave the others out. */
            cr_assert_not(optional && parameter->required, "%s %s", m->name, parameter->name);
            optional |= !parameter->required;
            cr_assert_eq(parameter->type == ARGUMENT_WORD, parameter->words != NULL);
            cr_assert_not(parameter->required && parameter->has_standard);
            if (parameter->type == ARGUMENT_INTEGER) cr_assert(parameter->least <= parameter->most);
        }
    }
}

/* docs/reference/rpc.md has a row for each method, and no other. */
Test(methods, the_reference_page_has_every_row)
{
    static char page[1 << 16];
    FILE *file = fopen(WITAN_SOURCE "/docs/reference/rpc.md", "rb");
    cr_assert(file);
    page[fread(page, 1, sizeof page - 1, file)] = 0;
    fclose(file);
    char *section = strstr(page, "\n## Methods\n");
    cr_assert(section);
    size_t rows = 0;
    for (const char *row = section; (row = strstr(row, "\n| `")); row++)
        rows++;
    cr_assert_eq(rows, rpc_method_count);
    for (size_t i = 0; i < rpc_method_count; i++) {
        char row[80];
        snprintf(row, sizeof row, "\n| `%s` | ", rpc_methods[i]->name);
        cr_assert(strstr(section, row), "docs/reference/rpc.md lacks %s", rpc_methods[i]->name);
    }
}
