#include "node/import_map.h"

#include <criterion/criterion.h>

static struct csv csv;
static struct import_map map;
static struct import_row row;
static struct problem problem;
static FILE *stream;
static const char *texts[IMPORT_COLUMNS] = { "from", "to", "amount", "ref", NULL };

static void open_file(const char *text)
{
    problem = (struct problem){ .status = STATUS_OK };
    stream = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    cr_assert_eq(csv_open(&csv, stream, ',', &problem), STATUS_OK, "%s", problem.text);
    map = (struct import_map){ .scale = 2, .named = true, .set = "2026", .names = "accounts" };
}

static void close_file(void)
{
    import_map_close(&map);
    csv_close(&csv);
    fclose(stream);
}

static enum status open_map(void)
{
    return import_map_open(&map, &csv, texts, &problem);
}

static enum status read_row(const char *line)
{
    static char text[16384];
    snprintf(text, sizeof text, "from,to,amount,ref,memo\n%s\n", line);
    open_file(text);
    cr_assert_eq(open_map(), STATUS_OK, "%s", problem.text);
    cr_assert_eq(csv_next(&csv, &problem), STATUS_OK, "%s", problem.text);
    enum status status = import_row_read(&map, &csv, &row, &problem);
    close_file();
    return status;
}

Test(import_map, a_row_becomes_a_payment)
{
    texts[IMPORT_MEMO] = "memo";
    cr_assert_eq(read_row("alice,bob,12.50,r1,rent"), STATUS_OK);
    struct id payer = named_id_of(&map.namer, "accounts", "alice");
    struct id payee = named_id_of(&map.namer, "accounts", "bob");
    cr_assert(id_equal(&row.payer, &payer));
    cr_assert(id_equal(&row.payee, &payee));
    cr_assert_eq(row.amount, 1250);
    cr_assert_eq(row.key_size, strlen("import/2026/r1"));
    cr_assert_arr_eq(row.key, "import/2026/r1", row.key_size);
    cr_assert_str_eq(row.memo, "rent");
    cr_assert_eq(row.number, 1);
    cr_assert_eq(row.line, 2);
}

Test(import_map, without_a_memo_column_it_is_empty)
{
    texts[IMPORT_MEMO] = NULL;
    cr_assert_eq(read_row("alice,bob,12.50,r1,rent"), STATUS_OK);
    cr_assert_str_eq(row.memo, "");
}

Test(import_map, templates)
{
    texts[IMPORT_FROM] = "bank {from}/{to}!";
    texts[IMPORT_REF] = "{{{ref}}}";
    texts[IMPORT_MEMO] = "nothing {{but}} text";
    cr_assert_eq(read_row("alice,bob,1,r1,"), STATUS_OK, "%s", problem.text);
    cr_assert_str_eq(row.from, "bank alice/bob!");
    cr_assert_str_eq(row.ref, "{r1}");
    cr_assert_str_eq(row.memo, "nothing {but} text");
}

/* A column whose name has braces is still a column. */
Test(import_map, an_exact_name_comes_first)
{
    open_file("{odd},to,amount,ref\nx,y,1,r\n");
    texts[IMPORT_FROM] = "{odd}";
    cr_assert_eq(open_map(), STATUS_OK);
    cr_assert_eq(map.columns[IMPORT_FROM].count, 1);
    cr_assert_eq(map.columns[IMPORT_FROM].parts[0].column, 0);
    close_file();
}

static void refused(const char *text, const char *wanted)
{
    open_file("from,to,amount,ref,memo\n");
    texts[IMPORT_TO] = text;
    cr_assert_eq(open_map(), STATUS_INVALID, "%s", text);
    cr_assert_neq(strstr(problem.text, wanted), NULL, "%s: %s", text, problem.text);
    close_file();
}

Test(import_map, templates_that_are_wrong)
{
    refused("amout", "no column \"amout\"; is \"amount\" meant?");
    refused("{amout}", "is \"amount\" meant?");
    refused("{to", "is not closed");
    refused("to}", "a } without {");
    refused("{a{to}}", "is not closed");
    refused("{}", "no column \"\"");
    refused("", "no column \"\"");
}

Test(import_map, a_template_has_so_many_parts)
{
    char text[4096] = "";
    for (unsigned i = 0; i <= TEMPLATE_PARTS_MAX; i++)
        strcat(text, "{to}");
    open_file("from,to,amount,ref,memo\n");
    texts[IMPORT_TO] = text;
    cr_assert_eq(open_map(), STATUS_TOO_LARGE);
    close_file();
}

static void bad_row(const char *line, const char *wanted)
{
    cr_assert_neq(read_row(line), STATUS_OK, "%s", line);
    cr_assert_neq(strstr(problem.text, "line 2, --"), NULL, "%s", problem.text);
    cr_assert_neq(strstr(problem.text, wanted), NULL, "%s: %s", line, problem.text);
}

Test(import_map, rows_that_are_wrong)
{
    bad_row("alice,bob,1.005,r,", "--amount");
    bad_row("alice,bob,0.00,r,", "--amount: is zero");
    bad_row("alice,bob,-1,r,", "--amount");
    bad_row("alice,bob,1e3,r,", "--amount");
    bad_row("alice,bob,\"1,000\",r,", "--amount");
    bad_row("alice,bob,92233720368547758.08,r,", "--amount");
    bad_row("alice,bob,,r,", "--amount: is empty");
    bad_row(",bob,1,r,", "--from: is empty");
    bad_row("alice,,1,r,", "--to: is empty");
    bad_row("alice,bob,1,,", "--ref: is empty");
    bad_row("alice,alice,1,r,", "--to: payer and payee are the same");
}

Test(import_map, texts_are_bounded)
{
    char name[2000], line[4096];
    memset(name, 'n', sizeof name);
    name[255] = 0;
    snprintf(line, sizeof line, "%s,bob,1,r,", name);
    cr_assert_eq(read_row(line), STATUS_OK);
    name[255] = 'n';
    name[256] = 0;
    snprintf(line, sizeof line, "%s,bob,1,r,", name);
    bad_row(line, "longer than 255 bytes");
    snprintf(line, sizeof line, "alice,bob,1,%s,", name);
    bad_row(line, "exceeds 255 bytes");
    name[256] = 'n';
    name[1500] = 0;
    snprintf(line, sizeof line, "%s,bob,1,r,", name);
    bad_row(line, "longer than 1023 bytes");
}

Test(import_map, the_largest_amount)
{
    cr_assert_eq(read_row("alice,bob,92233720368547758.07,r,"), STATUS_OK);
    cr_assert_eq(row.amount, INT64_MAX);
}

Test(import_map, account_ids_instead_of_names)
{
    static char text[256];
    struct id id = { .bytes = { 1 } };
    char address[ADDRESS_TEXT];
    address_encode(ADDRESS_ACCOUNT, &id, address);
    snprintf(text, sizeof text, "from,to,amount,ref\n%s,bob,1,r\n", address);
    open_file(text);
    map.named = false;
    cr_assert_eq(open_map(), STATUS_OK);
    cr_assert_eq(csv_next(&csv, &problem), STATUS_OK);
    cr_assert_eq(import_row_read(&map, &csv, &row, &problem), STATUS_INVALID);
    cr_assert(id_equal(&row.payer, &id));
    cr_assert_neq(strstr(problem.text, "--to: is no account id"), NULL);
    close_file();
}

/* The same name in another set of names is another account; the set of payments does not matter. */
Test(import_map, names_belong_to_their_set)
{
    cr_assert_eq(read_row("alice,bob,1,r,"), STATUS_OK);
    struct id here = row.payer;
    struct id there = named_id_of(&map.namer, "others", "alice");
    cr_assert_not(id_equal(&here, &there));
}
