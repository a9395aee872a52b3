#include "ledger/audit_bags.h"
#include "ledger/ledger_inside.h"
#include "ledger/reader_query.h"
#include "ledger/schema.h"
#include "ledger/store_query.h"
#include <inttypes.h>
#include <stdio.h>

enum {
    COLUMNS_MAX = 16,
    SQL_MAX = 512,
    FINDINGS_PER_TABLE = 100, /* then only their number */
    ROWS_PER_TELL = 16384,
};

/* What is particular about a table. height: which column says when a row came to be, and by how
 * many bits to shift it; -1: the state of the last block. */
struct table_rule {
    const char *name;
    int keys; /* leading columns that name a row, in the order of the b-tree */
    int height, shift;
    enum finding_code missing, extra, differs;
    int ignored; /* a column that each node has its own of, or -1 */
};

#define ROW FINDING_row_missing, FINDING_row_extra, FINDING_row_mismatch
#define LEAF FINDING_leaf_mismatch, FINDING_leaf_mismatch, FINDING_leaf_mismatch

static const struct table_rule rules[] = {
    { "block", 1, 0, 0, ROW, -1 },      { "entry", 1, 0, 24, ROW, -1 },
    { "operation", 1, 0, 24, ROW, -1 }, { "touch", 2, 1, 24, ROW, -1 },
    { "movement", 3, 3, 24, ROW, -1 },  { "hold_end", 1, 2, 24, ROW, -1 },
    { "history", 2, -1, 0, ROW, -1 },   { "epoch", 1, 1, 0, ROW, -1 },
    { "account", 1, -1, 0, ROW, -1 },   { "signer", 2, -1, 0, ROW, -1 },
    { "asset", 1, -1, 0, ROW, -1 },     { "balance", 2, -1, 0, ROW, -1 },
    { "hold", 1, -1, 0, ROW, -1 },      { "kv", 1, -1, 0, ROW, -1 },
    { "recent", 2, -1, 0, ROW, -1 },    { "lane", 2, -1, 0, ROW, -1 },
    { "member", 1, -1, 0, ROW, -1 },    { "validator", 1, -1, 0, ROW, -1 },
    { "param", 1, -1, 0, ROW, -1 },     { "proposal", 1, -1, 0, ROW, -1 },
    { "ballot", 2, 3, 24, ROW, -1 },    { "leaf", 1, -1, 0, LEAF, -1 },
    { "ledger", 1, -1, 0, ROW, 5 },     { "evidence", 1, 2, 0, ROW, -1 },
};

/* ---- values ---------------------------------------------------------------------------------- */

const char *audit_value(sqlite3_stmt *statement, int column, char text[AUDIT_VALUE_TEXT])
{
    enum { SHOWN = 32 };
    char hex[2 * SHOWN + 1];
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: return "nothing";
    case SQLITE_INTEGER:
        snprintf(text, AUDIT_VALUE_TEXT, "%lld",
                 (long long)sqlite3_column_int64(statement, column));
        return text;
    case SQLITE_BLOB: {
        const uint8_t *bytes = sqlite3_column_blob(statement, column);
        size_t size = (size_t)sqlite3_column_bytes(statement, column);
        size_t shown = size > SHOWN ? SHOWN / 4 : size;
        hex_encode(span_of(bytes, shown), hex);
        if (shown < size)
            snprintf(text, AUDIT_VALUE_TEXT, "%s... (%zu bytes)", hex, size);
        else
            snprintf(text, AUDIT_VALUE_TEXT, "%s", size ? hex : "empty");
        return text;
    }
    default:
        snprintf(text, AUDIT_VALUE_TEXT, "\"%.60s\"",
                 (const char *)sqlite3_column_text(statement, column));
        return text;
    }
}

bool audit_digest(sqlite3_stmt *statement, int column, struct digest *digest)
{
    if (sqlite3_column_type(statement, column) != SQLITE_BLOB ||
        sqlite3_column_bytes(statement, column) != (int)sizeof *digest)
        return false;
    memcpy(digest->bytes, sqlite3_column_blob(statement, column), sizeof *digest);
    return true;
}

/* The order of SQLite: nothing, numbers, text, bytes; each by bytes, the shorter first. */
static int rank(int type)
{
    switch (type) {
    case SQLITE_NULL: return 0;
    case SQLITE_INTEGER:
    case SQLITE_FLOAT: return 1;
    case SQLITE_TEXT: return 2;
    default: return 3;
    }
}

static int compare_bytes(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
    const void *left = sqlite3_column_blob(a, column), *right = sqlite3_column_blob(b, column);
    size_t left_size = (size_t)sqlite3_column_bytes(a, column);
    size_t right_size = (size_t)sqlite3_column_bytes(b, column);
    size_t both = left_size < right_size ? left_size : right_size;
    int order = both > 0 ? memcmp(left, right, both) : 0;
    return order != 0 ? order : (left_size > right_size) - (left_size < right_size);
}

static int compare_value(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
    int left = sqlite3_column_type(a, column), right = sqlite3_column_type(b, column);
    if (rank(left) != rank(right)) return rank(left) - rank(right);
    if (rank(left) == 0) return 0;
    if (rank(left) != 1) return compare_bytes(a, b, column);
    int64_t i = sqlite3_column_int64(a, column), j = sqlite3_column_int64(b, column);
    return i != j ? (i > j) - (i < j) : left - right;
}

static int compare_key(sqlite3_stmt *a, sqlite3_stmt *b, int keys)
{
    int order = 0;
    for (int i = 0; order == 0 && i < keys; i++)
        order = compare_value(a, b, i);
    return order;
}

/* ---- queries --------------------------------------------------------------------------------- */

static uint64_t last_height(const struct row_sides *sides)
{
    return ledger_head(sides->audit->ledger)->header.height;
}

/* What SQLite cannot read of the file is a finding; of ours, or for lack of memory, a failure. */
static void tell_error(struct row_sides *sides, sqlite3 *db, const char *what)
{
    struct audit *audit = sides->audit;
    enum status status = status_of_store(sqlite3_extended_errcode(db));
    if (db == sides->file && status == STATUS_DAMAGED)
        audit_find(audit, FINDING_sqlite_damaged, last_height(sides), FINDING_NO_ENTRY,
                   "%.100s: %.160s", what, sqlite3_errmsg(db));
    else if (audit->failed == STATUS_OK)
        audit->failed = status == STATUS_OK ? STATUS_IO : status;
}

sqlite3_stmt *audit_query(struct row_sides *sides, sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK) return statement;
    tell_error(sides, db, sql);
    return NULL;
}

bool audit_row(struct row_sides *sides, sqlite3_stmt *statement, const char *table)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        tell_error(sides, sqlite3_db_handle(statement), table);
    return code == SQLITE_ROW;
}

/* ---- two walks side by side ------------------------------------------------------------------ */

struct merge {
    struct row_sides *sides;
    const struct table_rule *rule;
    const char *index; /* NULL: the table itself */
    sqlite3_stmt *file, *right;
    int columns;
    uint64_t differences;
    bool broken; /* one of both cannot be read to its end: a finding says so */
};

/* "balance account 01.., asset 02..", or "index balance_by_asset asset 02.., account 01..". */
static void describe(const struct merge *merge, sqlite3_stmt *row, char *text, size_t size)
{
    char value[AUDIT_VALUE_TEXT];
    int keys = merge->index ? merge->columns : merge->rule->keys;
    int used = snprintf(text, size, "%s%s", merge->index ? "index " : "",
                        merge->index ? merge->index : merge->rule->name);
    for (int i = 0; i < keys && used > 0 && (size_t)used < size; i++)
        used += snprintf(text + used, size - (size_t)used, "%s %s %s", i > 0 ? "," : "",
                         sqlite3_column_name(row, i), audit_value(row, i, value));
}

static uint64_t height_of(const struct merge *merge, sqlite3_stmt *row)
{
    uint64_t last = last_height(merge->sides);
    if (merge->index || merge->rule->height < 0) return last;
    int64_t value = sqlite3_column_int64(row, merge->rule->height) >> merge->rule->shift;
    return value < 0 ? last : min_u64((uint64_t)value, last);
}

static void tell(struct merge *merge, enum finding_code code, sqlite3_stmt *row, const char *what)
{
    char key[240];
    if (merge->differences++ >= FINDINGS_PER_TABLE) return;
    describe(merge, row, key, sizeof key);
    audit_find(merge->sides->audit, merge->index ? FINDING_index_mismatch : code,
               height_of(merge, row), FINDING_NO_ENTRY, "%s%s", key, what);
}

/* What an entry has come to has codes of its own. */
static enum finding_code code_of(const struct merge *merge, const char *column)
{
    if (strcmp(merge->rule->name, "entry") != 0) return merge->rule->differs;
    if (strcmp(column, "code") == 0 || strcmp(column, "at") == 0) return FINDING_result_mismatch;
    return strcmp(column, "effects") == 0 ? FINDING_effects_mismatch : merge->rule->differs;
}

static void tell_column(struct merge *merge, int column)
{
    char key[160], have[AUDIT_VALUE_TEXT], want[AUDIT_VALUE_TEXT];
    if (merge->differences++ >= FINDINGS_PER_TABLE) return;
    describe(merge, merge->right, key, sizeof key);
    const char *name = sqlite3_column_name(merge->right, column);
    audit_find(merge->sides->audit, code_of(merge, name), height_of(merge, merge->right),
               FINDING_NO_ENTRY, "%s: %s is %s, execution gives %s", key, name,
               audit_value(merge->file, column, have), audit_value(merge->right, column, want));
}

/* The first column that differs is told. */
static void compare_row(struct merge *merge)
{
    for (int i = merge->rule->keys; i < merge->columns; i++) {
        if (i == merge->rule->ignored || compare_value(merge->file, merge->right, i) == 0) continue;
        tell_column(merge, i);
        return;
    }
}

/* false: the caller of the audit has had enough. */
static bool count_row(struct merge *merge)
{
    struct audit *audit = merge->sides->audit;
    if (++audit->report->rows % ROWS_PER_TELL != 0) return true;
    return audit_tell_rows(audit);
}

/* The next row of one side. */
static bool step(struct merge *merge, sqlite3_stmt *statement)
{
    const char *what = merge->index ? merge->index : merge->rule->name;
    if (audit_row(merge->sides, statement, what)) return true;
    if (sqlite3_errcode(sqlite3_db_handle(statement)) != SQLITE_DONE) merge->broken = true;
    return false;
}

/* Up to the end of both, or to where one of them cannot be read. */
static void walk(struct merge *merge)
{
    int keys = merge->index ? merge->columns : merge->rule->keys;
    bool file = step(merge, merge->file), right = step(merge, merge->right);
    while (!merge->broken && (file || right)) {
        int order = !file ? 1 : !right ? -1 : compare_key(merge->file, merge->right, keys);
        if (order == 0 && !merge->index) compare_row(merge);
        if (order < 0) tell(merge, merge->rule->extra, merge->file, ": execution does not give it");
        if (order > 0) tell(merge, merge->rule->missing, merge->right, " is missing");
        if (!count_row(merge)) return;
        if (order <= 0) file = step(merge, merge->file);
        if (order >= 0) right = step(merge, merge->right);
    }
}

/* Runs the same query on both sides. true: they are alike. */
static bool merge_run(struct row_sides *sides, const struct table_rule *rule, const char *index,
                      const char *sql)
{
    struct audit *audit = sides->audit;
    struct merge merge = { .sides = sides, .rule = rule, .index = index };
    merge.file = audit_query(sides, sides->file, sql);
    merge.right = audit_query(sides, sides->right, sql);
    bool prepared = merge.file && merge.right;
    if (prepared) {
        merge.columns = sqlite3_column_count(merge.right);
        walk(&merge);
    }
    if (merge.differences > FINDINGS_PER_TABLE)
        audit_find(audit, index ? FINDING_index_mismatch : rule->differs, last_height(sides),
                   FINDING_NO_ENTRY, "%s: %" PRIu64 " more differences", index ? index : rule->name,
                   merge.differences - FINDINGS_PER_TABLE);
    sqlite3_finalize(merge.file);
    sqlite3_finalize(merge.right);
    return prepared && !merge.broken && merge.differences == 0;
}

/* ---- tables and their indexes ---------------------------------------------------------------- */

static const char *columns_of(const char *table)
{
    const struct schema_object *object = schema_tables;
    while (strcmp(object->name, table) != 0)
        object++;
    return object->columns;
}

/* The index of a table that differs: SQLite compares both. */
static void check_against_table(struct row_sides *sides, const char *table)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA integrity_check('%s')", table);
    sqlite3_stmt *statement = audit_query(sides, sides->file, sql);
    while (statement && audit_row(sides, statement, table)) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        if (text && strcmp(text, "ok") != 0)
            audit_find(sides->audit, FINDING_index_mismatch, last_height(sides), FINDING_NO_ENTRY,
                       "%s: %.200s", table, text);
    }
    sqlite3_finalize(statement);
}

/* The columns of an index's entries in their order, what names the row behind them. INDEXED BY and
 * no other column: SQLite walks the index alone, from its beginning to its end. twice: the entries
 * hold the rowid a second time, as a column, and SQLite reads only one of both. */
static bool index_query(struct row_sides *sides, const struct table_rule *rule, const char *index,
                        const char *made_by, char sql[SQL_MAX], bool *twice)
{
    char pragma[96];
    const char *where = made_by ? strstr(made_by, " WHERE ") : NULL;
    size_t key = strcspn(columns_of(rule->name), " ");
    bool has_key = false;
    int used = snprintf(sql, SQL_MAX, "SELECT ");
    *twice = false;
    snprintf(pragma, sizeof pragma, "PRAGMA index_xinfo('%s')", index);
    sqlite3_stmt *columns = audit_query(sides, sides->right, pragma);
    for (int i = 0; columns && audit_row(sides, columns, index); i++) {
        const char *name = (const char *)sqlite3_column_text(columns, 2);
        used += snprintf(sql + used, SQL_MAX - (size_t)used, "%s%s", i > 0 ? ", " : "",
                         name ? name : "rowid");
        if (!name) *twice = has_key;
        if (name && strlen(name) == key && memcmp(name, columns_of(rule->name), key) == 0)
            has_key = true;
    }
    sqlite3_finalize(columns);
    used += snprintf(sql + used, SQL_MAX - (size_t)used, " FROM %s INDEXED BY %s%s", rule->name,
                     index, where ? where : "");
    ASSERT(used < SQL_MAX);
    return columns != NULL;
}

/* The entries of an index of the history against its table. */
static bool bag_index(struct row_sides *sides, const char *index, const char *by_index)
{
    char by_table[SQL_MAX];
    const char *by = strstr(by_index, " INDEXED BY "), *where = strstr(by_index, " WHERE ");
    ASSERT(by);
    snprintf(by_table, sizeof by_table, "%.*s NOT INDEXED%s", (int)(by - by_index), by_index,
             where ? where : "");
    if (audit_bags_index(sides, index, by_index, by_table)) return true;
    sides->audit->bags_differ = true;
    return false;
}

static void compare_indexes(struct row_sides *sides, const struct table_rule *rule)
{
    char sql[SQL_MAX];
    sqlite3_stmt *list = audit_query(sides, sides->right,
                                     "SELECT name, sql FROM sqlite_schema WHERE type = 'index'"
                                     " AND sql IS NOT NULL AND tbl_name = ? ORDER BY name");
    if (!list) return;
    sqlite3_bind_text(list, 1, rule->name, -1, SQLITE_STATIC);
    while (audit_row(sides, list, rule->name)) {
        const char *index = (const char *)sqlite3_column_text(list, 0);
        const char *made_by = (const char *)sqlite3_column_text(list, 1);
        bool twice = false;
        if (!audit_schema_same(sides, "index", index) ||
            !index_query(sides, rule, index, made_by, sql, &twice))
            continue;
        bool same = sides->audit->bags && audit_bags_have(rule->name)
                        ? bag_index(sides, index, sql)
                        : merge_run(sides, rule, index, sql);
        if (same && twice) check_against_table(sides, rule->name);
    }
    sqlite3_finalize(list);
}

/* The columns by name and not indexed: SQLite walks the table itself, whatever an index holds. */
static void compare_table(struct row_sides *sides, const struct table_rule *rule,
                          const char *columns)
{
    char sql[SQL_MAX];
    int used = snprintf(sql, sizeof sql, "SELECT ");
    if (!audit_schema_same(sides, "table", rule->name)) return;
    for (const char *c = columns; *c; c++)
        used += snprintf(sql + used, sizeof sql - (size_t)used, "%s%c", *c == ' ' ? "," : "", *c);
    used += snprintf(sql + used, sizeof sql - (size_t)used, " FROM %s NOT INDEXED", rule->name);
    ASSERT(used < SQL_MAX);
    if (sides->audit->bags && audit_bags_have(rule->name)) {
        if (audit_bags_table(sides, rule->name, sql, rule->keys))
            compare_indexes(sides, rule);
        else
            sides->audit->bags_differ = true;
    } else if (merge_run(sides, rule, NULL, sql)) {
        compare_indexes(sides, rule);
    } else {
        check_against_table(sides, rule->name);
    }
}

void audit_rows(struct audit *audit)
{
    struct row_sides sides = { audit, audit->reader->db, audit->ledger->store->db };
    if (audit->failed == STATUS_OK) audit_pages(&sides);
    if (audit->failed == STATUS_OK) audit_schema(&sides);
    if (audit->failed == STATUS_OK) audit_take_evidence(&sides);
    for (size_t i = 0; i < sizeof rules / sizeof *rules && audit->failed == STATUS_OK; i++)
        compare_table(&sides, &rules[i], columns_of(rules[i].name));
    if (audit->failed == STATUS_OK) audit_local(&sides);
    if (audit->failed == STATUS_OK) audit_sums(&sides);
    audit->report->rows_compared = audit->failed == STATUS_OK;
}
