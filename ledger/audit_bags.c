#include "ledger/audit_bags.h"
#include "crypto/sum.h"
#include <stdlib.h>

enum { KEYS_MAX = 4, KEY_BYTES_MAX = 64, ROWS_PER_TELL = 16384 };

static const char *const tables[HISTORY_TABLES] = { "entry", "operation", "touch", "movement" };

struct audit_bags {
    struct sum_key key;
    struct sum right[HISTORY_TABLES];
    struct history_sink sink;
    bool no_memory;
    uint8_t *row; /* scratch: one row as a string */
    size_t room;
};

/* ---- a row as a string ----------------------------------------------------------------------- */

static bool make_room(struct audit_bags *bags, size_t size)
{
    if (size <= bags->room) return true;
    uint8_t *row = realloc(bags->row, 2 * size);
    if (!row) {
        bags->no_memory = true;
        return false;
    }
    bags->row = row;
    bags->room = 2 * size;
    return true;
}

/* Each column as its type, its size and its bytes; two rows have one string only if they are alike.
 */
static void throw_in(struct audit_bags *bags, struct sum *sum, sqlite3_stmt *row)
{
    int columns = sqlite3_column_count(row);
    size_t used = 0;
    for (int i = 0; i < columns; i++) {
        int type = sqlite3_column_type(row, i);
        const void *bytes = NULL;
        uint64_t value = 0; /* the number, or how many bytes follow */
        if (type == SQLITE_INTEGER) {
            value = (uint64_t)sqlite3_column_int64(row, i);
        } else if (type != SQLITE_NULL) {
            bytes = sqlite3_column_blob(row, i);
            value = (uint64_t)sqlite3_column_bytes(row, i);
        }
        size_t size = type == SQLITE_INTEGER ? 0 : (size_t)value;
        if (!make_room(bags, used + 9 + size)) return;
        bags->row[used] = (uint8_t)type;
        store_u64(bags->row + used + 1, value);
        if (size > 0) memcpy(bags->row + used + 9, bytes, size);
        used += 9 + size;
    }
    sum_add(sum, &bags->key, span_of(bags->row, used));
}

/* ---- order ----------------------------------------------------------------------------------- */

/* The key of the row before; of a longer value only its beginning, with which nothing in these
 * tables agrees but its equal. */
struct last_key {
    bool any;
    struct {
        int type;
        int64_t number;
        size_t size;
        uint8_t bytes[KEY_BYTES_MAX];
    } columns[KEYS_MAX];
};

static int compare_column(const struct last_key *last, sqlite3_stmt *row, int i)
{
    int type = sqlite3_column_type(row, i);
    if (type != last->columns[i].type) return type == SQLITE_NULL ? -1 : 1;
    if (type == SQLITE_NULL) return 0;
    if (type == SQLITE_INTEGER) {
        int64_t number = sqlite3_column_int64(row, i);
        return (number > last->columns[i].number) - (number < last->columns[i].number);
    }
    size_t size = (size_t)sqlite3_column_bytes(row, i), before = last->columns[i].size;
    size_t both = size < before ? size : before;
    if (both > KEY_BYTES_MAX) both = KEY_BYTES_MAX;
    int order = both > 0 ? memcmp(sqlite3_column_blob(row, i), last->columns[i].bytes, both) : 0;
    return order != 0 ? order : (size > before) - (size < before);
}

static void remember(struct last_key *last, sqlite3_stmt *row, int keys)
{
    last->any = true;
    for (int i = 0; i < keys; i++) {
        last->columns[i].type = sqlite3_column_type(row, i);
        last->columns[i].number = sqlite3_column_int64(row, i);
        if (last->columns[i].type != SQLITE_BLOB && last->columns[i].type != SQLITE_TEXT) continue;
        size_t size = (size_t)sqlite3_column_bytes(row, i);
        last->columns[i].size = size;
        size_t kept = size < KEY_BYTES_MAX ? size : KEY_BYTES_MAX;
        if (kept > 0) memcpy(last->columns[i].bytes, sqlite3_column_blob(row, i), kept);
    }
}

/* Whether a row stands behind the one before. */
static bool follows(struct last_key *last, sqlite3_stmt *row, int keys)
{
    int order = last->any ? 0 : 1;
    for (int i = 0; order == 0 && i < keys; i++)
        order = compare_column(last, row, i);
    remember(last, row, keys);
    return order > 0;
}

/* ---- bags ------------------------------------------------------------------------------------ */

static void take_row(void *context, enum history_table table, void *statement)
{
    struct audit_bags *bags = context;
    throw_in(bags, &bags->right[table], statement);
}

struct audit_bags *audit_bags_new(void)
{
    struct audit_bags *bags = calloc(1, sizeof *bags);
    if (!bags) return NULL;
    sum_key_draw(&bags->key);
    bags->sink = (struct history_sink){ take_row, bags };
    return bags;
}

void audit_bags_free(struct audit_bags *bags)
{
    if (!bags) return;
    free(bags->row);
    free(bags);
}

const struct history_sink *audit_bags_sink(struct audit_bags *bags)
{
    return &bags->sink;
}

static int table_number(const char *table)
{
    for (int i = 0; i < HISTORY_TABLES; i++)
        if (strcmp(tables[i], table) == 0) return i;
    return -1;
}

bool audit_bags_have(const char *table)
{
    return table_number(table) >= 0;
}

/* Throws the file's rows in. keys 0: in whatever order. false: not in order, or not to be read. */
static bool fill(struct row_sides *sides, struct sum *sum, const char *what, const char *sql,
                 int keys)
{
    struct audit *audit = sides->audit;
    struct last_key last = { .any = false };
    sqlite3_stmt *rows = audit_query(sides, sides->file, sql);
    bool right = rows != NULL;
    ASSERT(keys <= KEYS_MAX);
    while (right && audit_row(sides, rows, what)) {
        throw_in(audit->bags, sum, rows);
        right = keys == 0 || follows(&last, rows, keys);
        if (++audit->report->rows % ROWS_PER_TELL == 0 && !audit_tell_rows(audit)) right = false;
    }
    right = right && sqlite3_errcode(sides->file) == SQLITE_DONE;
    sqlite3_finalize(rows);
    if (audit->bags->no_memory) audit->failed = STATUS_NO_MEMORY;
    return right && audit->failed == STATUS_OK;
}

bool audit_bags_table(struct row_sides *sides, const char *table, const char *sql, int keys)
{
    struct sum sum = { 0 };
    int number = table_number(table);
    ASSERT(number >= 0);
    return fill(sides, &sum, table, sql, keys) &&
           sum_equal(&sum, &sides->audit->bags->right[number]);
}

bool audit_bags_index(struct row_sides *sides, const char *index, const char *by_index,
                      const char *by_table)
{
    struct sum first = { 0 }, second = { 0 };
    int columns = 0;
    sqlite3_stmt *shape = audit_query(sides, sides->file, by_index);
    if (shape) columns = sqlite3_column_count(shape);
    sqlite3_finalize(shape);
    return columns > 0 && fill(sides, &first, index, by_index, columns) &&
           fill(sides, &second, index, by_table, 0) && sum_equal(&first, &second);
}
