/* node/import_map.c -- from the columns of a CSV file to a payment. */
#include "node/import_map.h"

#include "genesis/json.h"
#include "node/cli_amount.h"
#include <stdlib.h>

static const char *const column_flags[IMPORT_COLUMNS] = { "from", "to", "amount", "ref", "memo" };

/* ---- templates ---- */

static enum status add_part(struct template *t, int column, const char *literal, size_t size)
{
    if (column < 0 && size == 0) return STATUS_OK;
    if (t->count == TEMPLATE_PARTS_MAX) return STATUS_TOO_LARGE;
    struct template_part *part = &t->parts[t->count];
    part->column = column;
    part->literal = NULL;
    if (literal) {
        part->literal = strndup(literal, size);
        if (!part->literal) return STATUS_NO_MEMORY;
    }
    t->count++;
    return STATUS_OK;
}

static enum status bad_column(const struct csv *csv, const char *name, size_t size,
                              const char *flag, struct problem *problem)
{
    char part[100] = "";
    if (size < sizeof part) memcpy(part, name, size);
    const char *nearest = nearest_name(part, csv->names, csv->columns);
    char quoted[QUOTE_TEXT], other[QUOTE_TEXT] = "";
    text_quote(part, quoted);
    if (nearest) text_quote(nearest, other);
    return problem_set(problem, STATUS_INVALID, "--%s: the file has no column \"%s\"%s%s%s", flag,
                       quoted, nearest ? "; is \"" : "", other, nearest ? "\" meant?" : "");
}

/* One step of a template: a doubled brace, a column in braces, or a run of literal text. */
static enum status read_part(struct template *t, const struct csv *csv, const char **text,
                             const char *flag, struct problem *problem)
{
    const char *at = *text;
    if ((at[0] == '{' || at[0] == '}') && at[1] == at[0]) {
        *text = at + 2;
        return add_part(t, -1, at, 1);
    }
    if (at[0] == '}')
        return problem_set(problem, STATUS_INVALID, "--%s: a } without {; write }} for the brace",
                           flag);
    if (at[0] != '{') {
        size_t size = strcspn(at, "{}");
        *text = at + size;
        return add_part(t, -1, at, size);
    }
    size_t size = strcspn(at + 1, "{}");
    if (at[1 + size] != '}')
        return problem_set(problem, STATUS_INVALID, "--%s: a { is not closed", flag);
    int column = csv_column(csv, at + 1, size);
    if (column < 0) return bad_column(csv, at + 1, size, flag, problem);
    *text = at + size + 2;
    return add_part(t, column, NULL, 0);
}

static enum status template_read(struct template *t, const struct csv *csv, const char *text,
                                 const char *flag, struct problem *problem)
{
    t->count = 0;
    int column = csv_column(csv, text, strlen(text));
    if (column >= 0) return add_part(t, column, NULL, 0);
    if (!strpbrk(text, "{}")) return bad_column(csv, text, strlen(text), flag, problem);
    enum status status = STATUS_OK;
    if (problem) problem->text[0] = 0;
    while (status == STATUS_OK && *text)
        status = read_part(t, csv, &text, flag, problem);
    if (status == STATUS_TOO_LARGE || status == STATUS_NO_MEMORY)
        problem_set(problem, status, "--%s: %s", flag, status_text(status));
    return status;
}

static bool template_fill(const struct template *t, const struct csv *csv,
                          char text[IMPORT_TEXT_MAX])
{
    size_t at = 0;
    for (size_t i = 0; i < t->count; i++) {
        const struct template_part *part = &t->parts[i];
        const char *from = part->column >= 0 ? csv->fields[part->column] : part->literal;
        size_t size = strlen(from);
        if (size >= IMPORT_TEXT_MAX - at) return false;
        memcpy(text + at, from, size);
        at += size;
    }
    text[at] = 0;
    return true;
}

enum status import_map_open(struct import_map *map, const struct csv *csv,
                            const char *const texts[IMPORT_COLUMNS], struct problem *problem)
{
    map->has_memo = texts[IMPORT_MEMO] != NULL;
    for (unsigned i = 0; i < IMPORT_COLUMNS; i++)
        map->columns[i].count = 0;
    for (unsigned i = 0; i < IMPORT_COLUMNS; i++) {
        if (!texts[i]) continue;
        enum status status =
            template_read(&map->columns[i], csv, texts[i], column_flags[i], problem);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

void import_map_close(struct import_map *map)
{
    for (unsigned i = 0; i < IMPORT_COLUMNS; i++) {
        struct template *t = &map->columns[i];
        while (t->count > 0)
            free(t->parts[--t->count].literal);
    }
}

/* ---- rows ---- */

static enum status bad(const struct import_row *row, enum import_column column, enum status status,
                       const char *text, struct problem *problem)
{
    return problem_set(problem, status, "line %llu, --%s: %s", (unsigned long long)row->line,
                       column_flags[column], text);
}

static enum status read_text(const struct import_map *map, const struct csv *csv,
                             const struct import_row *row, enum import_column column, char *text,
                             struct problem *problem)
{
    if (!template_fill(&map->columns[column], csv, text))
        return bad(row, column, STATUS_TOO_LARGE, "longer than 1023 bytes", problem);
    if (!text[0] && column != IMPORT_MEMO)
        return bad(row, column, STATUS_INVALID, "is empty", problem);
    return STATUS_OK;
}

static enum status read_account(const struct import_map *map, const struct import_row *row,
                                enum import_column column, const char *text, struct id *id,
                                struct problem *problem)
{
    if (!map->named)
        return address_decode(ADDRESS_ACCOUNT, text, id) == STATUS_OK
                   ? STATUS_OK
                   : bad(row, column, STATUS_INVALID,
                         "is no account id; for names use --accounts-by", problem);
    if (strlen(text) > IMPORT_NAME_MAX)
        return bad(row, column, STATUS_TOO_LARGE, "a name is longer than 255 bytes", problem);
    *id = named_id_of(&map->namer, map->names, text);
    return STATUS_OK;
}

static enum status read_amount(const struct import_map *map, const struct csv *csv,
                               struct import_row *row, struct problem *problem)
{
    char text[IMPORT_TEXT_MAX];
    struct problem why = { .status = STATUS_OK };
    enum status status = read_text(map, csv, row, IMPORT_AMOUNT, text, problem);
    if (status != STATUS_OK) return status;
    status = amount_parse(text, map->scale, &row->amount, &why);
    if (status != STATUS_OK) return bad(row, IMPORT_AMOUNT, status, why.text, problem);
    return row->amount > 0 ? STATUS_OK
                           : bad(row, IMPORT_AMOUNT, STATUS_INVALID, "is zero", problem);
}

static enum status make_key(const struct import_map *map, struct import_row *row,
                            struct problem *problem)
{
    char key[IMPORT_SET_MAX + IMPORT_TEXT_MAX + 16];
    int size = snprintf(key, sizeof key, "import/%s/%s", map->set, row->ref);
    if (size < 0 || (size_t)size > sizeof row->key)
        return bad(row, IMPORT_REF, STATUS_TOO_LARGE, "the key of its record exceeds 255 bytes",
                   problem);
    memcpy(row->key, key, (size_t)size);
    row->key_size = (size_t)size;
    return STATUS_OK;
}

enum status import_row_read(const struct import_map *map, const struct csv *csv,
                            struct import_row *row, struct problem *problem)
{
    row->number = csv->rows;
    row->line = csv->line;
    row->memo[0] = 0;
    enum status status = read_text(map, csv, row, IMPORT_FROM, row->from, problem);
    if (status == STATUS_OK) status = read_text(map, csv, row, IMPORT_TO, row->to, problem);
    if (status == STATUS_OK) status = read_text(map, csv, row, IMPORT_REF, row->ref, problem);
    if (status == STATUS_OK && map->has_memo)
        status = read_text(map, csv, row, IMPORT_MEMO, row->memo, problem);
    if (status == STATUS_OK)
        status = read_account(map, row, IMPORT_FROM, row->from, &row->payer, problem);
    if (status == STATUS_OK)
        status = read_account(map, row, IMPORT_TO, row->to, &row->payee, problem);
    if (status == STATUS_OK) status = read_amount(map, csv, row, problem);
    if (status == STATUS_OK && id_equal(&row->payer, &row->payee))
        status = bad(row, IMPORT_TO, STATUS_INVALID, "payer and payee are the same", problem);
    return status == STATUS_OK ? make_key(map, row, problem) : status;
}
