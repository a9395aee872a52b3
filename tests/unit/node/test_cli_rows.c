#include "node/cli_rows.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct cli_column columns[] = {
    { "NAME", "name", CELL_TEXT },       { "HEIGHT", "place.height", CELL_NUMBER },
    { "AMOUNT", "amount", CELL_AMOUNT }, { "KEY", "key", CELL_RECORD },
    { "OPS", "ops", CELL_OPERATIONS },   { "COUNT", "ops", CELL_COUNT },
    { "OK", "ok", CELL_TEXT },           { "ROLES", "roles", CELL_TEXT },
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static bool scale_two(void *context, const char *asset, unsigned *scale)
{
    (*(unsigned *)context)++;
    if (strcmp(asset, "ast1known") != 0) return false;
    *scale = 2;
    return true;
}

static void add(struct cli_rows *rows, const char *text)
{
    json_t *object = json_loads(text, 0, NULL);
    cr_assert_not_null(object, "%s", text);
    cr_assert_eq(rows_add(rows, object), STATUS_OK);
    json_decref(object);
}

static char *printed(const struct cli_rows *rows,
                     void (*print)(const struct cli_rows *, bool, FILE *), bool headers)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    print(rows, headers, stream);
    fclose(stream);
    return text;
}

Test(cli_rows, cells_of_every_kind)
{
    struct cli_rows rows;
    unsigned asked = 0;
    cr_assert_eq(rows_init(&rows, columns, COLUMNS, NULL, NULL), STATUS_OK);
    rows.scale_of = scale_two;
    rows.context = &asked;
    add(&rows, "{\"name\":\"bank-a\",\"place\":{\"height\":18204},\"amount\":\"25000\","
               "\"asset\":\"ast1known\",\"key\":\"616263\",\"ops\":[{\"op\":\"transfer\"},"
               "{\"op\":\"kv.put\"}],\"ok\":true,\"roles\":[\"issuer\",\"freezer\"]}");
    static const char *const expected[] = {
        "bank-a", "18204", "250.00", "abc", "transfer,kv.put", "2", "yes", "issuer,freezer"
    };
    for (size_t i = 0; i < COLUMNS; i++)
        cr_assert_str_eq(rows_cell(&rows, 0, i), expected[i]);
    cr_assert_eq(asked, 1);
    rows_free(&rows);
}

Test(cli_rows, what_is_missing_is_empty)
{
    struct cli_rows rows;
    cr_assert_eq(rows_init(&rows, columns, COLUMNS, NULL, NULL), STATUS_OK);
    add(&rows, "{\"place\":7,\"amount\":null}");
    for (size_t i = 0; i < COLUMNS; i++)
        cr_assert_str_eq(rows_cell(&rows, 0, i), columns[i].kind == CELL_COUNT ? "0" : "");
    rows_free(&rows);
}

Test(cli_rows, amounts_of_unknown_assets_stay_in_minor_units)
{
    struct cli_rows rows;
    unsigned asked = 0;
    cr_assert_eq(rows_init(&rows, columns, COLUMNS, "amount", NULL), STATUS_OK);
    rows.scale_of = scale_two;
    rows.context = &asked;
    add(&rows, "{\"amount\":\"25000\",\"asset\":\"ast1other\"}");
    add(&rows, "{\"amount\":\"25000\"}");
    add(&rows, "{\"amount\":\"25000\",\"scale\":3}");
    add(&rows, "{\"amount\":\"-1\",\"scale\":3}");
    add(&rows, "{\"amount\":\"1\",\"scale\":99}");
    cr_assert_str_eq(rows_cell(&rows, 0, 0), "25000");
    cr_assert_str_eq(rows_cell(&rows, 1, 0), "25000");
    cr_assert_str_eq(rows_cell(&rows, 2, 0), "25.000");
    cr_assert_str_eq(rows_cell(&rows, 3, 0), "-0.001");
    cr_assert_str_eq(rows_cell(&rows, 4, 0), "1");
    rows_free(&rows);
}

Test(cli_rows, columns_are_chosen_by_name)
{
    struct cli_rows rows;
    struct problem problem;
    cr_assert_eq(rows_init(&rows, columns, COLUMNS, "ok,name", &problem), STATUS_OK);
    cr_assert_eq(rows.column_count, 2);
    cr_assert_str_eq(rows.columns[0].title, "OK");
    cr_assert_str_eq(rows.columns[1].title, "NAME");
    cr_assert_eq(rows_init(&rows, columns, COLUMNS, "name,nmae", &problem), STATUS_INVALID);
    cr_assert(strstr(problem.text, "no column \"nmae\""));
    cr_assert(strstr(problem.text, "NAME, HEIGHT, AMOUNT"));
    cr_assert_eq(rows_init(&rows, columns, COLUMNS, "nam", &problem), STATUS_INVALID);
}

Test(cli_rows, control_characters_do_not_reach_a_terminal)
{
    struct cli_rows rows;
    cr_assert_eq(rows_init(&rows, columns, COLUMNS, "name", NULL), STATUS_OK);
    add(&rows, "{\"name\":\"a\\u001b[31mb\\n\\tc\\u007f\"}");
    cr_assert_str_eq(rows_cell(&rows, 0, 0), "a [31mb  c ");
    rows_free(&rows);
}

Test(cli_rows, csv_quotes_and_guards)
{
    static const struct {
        const char *text, *csv;
    } cases[] = {
        { "plain", "plain" },
        { "a,b", "\"a,b\"" },
        { "say \"hi\"", "\"say \"\"hi\"\"\"" },
        { "two\nlines", "\"two\nlines\"" },
        { "=1+1", "'=1+1" },
        { "+49 30", "'+49 30" },
        { "@SUM(A1)", "'@SUM(A1)" },
        { "-cmd", "'-cmd" },
        { "=a,\"b\"", "\"'=a,\"\"b\"\"\"" },
        { "-250.00", "-250.00" },
        { "-1", "-1" },
        { "-", "'-" },
        { "-1-1", "'-1-1" },
        { "", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&text, &size);
        csv_cell(cases[i].text, stream);
        fclose(stream);
        cr_assert_str_eq(text, cases[i].csv);
        free(text);
    }
}

Test(cli_rows, csv_and_plain)
{
    struct cli_rows rows;
    cr_assert_eq(rows_init(&rows, columns, COLUMNS, "name,height", NULL), STATUS_OK);
    add(&rows, "{\"name\":\"=x\",\"place\":{\"height\":1}}");
    add(&rows, "{\"name\":\"y\"}");
    char *text = printed(&rows, rows_csv, true);
    cr_assert_str_eq(text, "NAME,HEIGHT\r\n'=x,1\r\ny,\r\n");
    free(text);
    text = printed(&rows, rows_csv, false);
    cr_assert_str_eq(text, "'=x,1\r\ny,\r\n");
    free(text);
    text = printed(&rows, rows_plain, true);
    cr_assert_str_eq(text, "NAME\tHEIGHT\n=x\t1\ny\t\n");
    free(text);
    rows_free(&rows);
}

Test(cli_rows, records_are_text_or_hex)
{
    static const struct {
        const char *hex, *text;
    } cases[] = {
        { "616263", "abc" },
        { "", "" },
        { "c3a9", "é" },
        { "00ff", "hex:00ff" },
        { "0a", "hex:0a" },
        { "ff", "hex:ff" },
        { "6865783a3031", "hex:6865783a3031" }, /* "hex:01" must not come back as a byte. */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = record_text(cases[i].hex);
        cr_assert_str_eq(text, cases[i].text);
        char *hex = record_hex(text);
        cr_assert_str_eq(hex, cases[i].hex);
        free(text);
        free(hex);
    }
    cr_assert_null(record_hex("hex:0"));
    cr_assert_null(record_hex("hex:0G"));
    cr_assert_null(record_hex("hex:FF"));
}

Test(cli_rows, paths)
{
    json_t *object = json_loads("{\"a\":{\"b\":{\"c\":5}}}", 0, NULL);
    cr_assert_eq(json_integer_value(json_at(object, "a.b.c")), 5);
    cr_assert_null(json_at(object, "a.x.c"));
    cr_assert_null(json_at(object, "a.b.c.d"));
    json_decref(object);
}
