#include "ledger/inspect.h"
#include "ledger/reader_query.h"
#include <stdio.h>
#include <stdlib.h>

#define NUMBER_MAX ((uint64_t)INT64_MAX)

static enum status read_number(struct ledger_reader *reader, const char *sql, uint64_t *number)
{
    struct query q = query_of(reader, sql);
    if (query_row(&q)) *number = column_u64(&q, NUMBER_MAX);
    return query_end_one(&q);
}

static enum status read_file(struct ledger_reader *reader, struct ledger_info *info)
{
    uint64_t page = 0, pages = 0, unused = 0;
    enum status status = read_number(reader, "PRAGMA page_size", &page);
    if (status == STATUS_OK) status = read_number(reader, "PRAGMA page_count", &pages);
    if (status == STATUS_OK) status = read_number(reader, "PRAGMA freelist_count", &unused);
    info->file_bytes = page * pages;
    info->free_bytes = page * unused;
    return status;
}

static bool has_dbstat(struct ledger_reader *reader)
{
    sqlite3_stmt *statement = NULL;
    int code =
        sqlite3_prepare_v2(reader->db, "SELECT name FROM dbstat LIMIT 0", -1, &statement, NULL);
    sqlite3_finalize(statement);
    return code == SQLITE_OK;
}

/* `aggregate` lets dbstat add up the pages of each tree itself. */
static enum status read_sizes(struct ledger_reader *reader, struct ledger_info *info)
{
    struct query q = query_of(reader, "SELECT name, pageno, pgsize, payload FROM dbstat "
                                      "WHERE aggregate = TRUE ORDER BY pgsize DESC, name");
    while (info->table_count < INSPECT_TABLES_MAX && query_row(&q)) {
        struct table_size *table = &info->tables[info->table_count++];
        column_text(&q, table->name, sizeof table->name);
        table->rows = UINT64_MAX;
        table->pages = column_u64(&q, NUMBER_MAX);
        table->bytes = column_u64(&q, NUMBER_MAX);
        table->payload = column_u64(&q, NUMBER_MAX);
    }
    info->sized = true;
    return query_end(&q);
}

static enum status read_names(struct ledger_reader *reader, struct ledger_info *info)
{
    struct query q = query_of(reader, "SELECT name FROM sqlite_schema "
                                      "WHERE type IN ('table', 'index') ORDER BY name");
    while (info->table_count < INSPECT_TABLES_MAX && query_row(&q)) {
        struct table_size *table = &info->tables[info->table_count++];
        column_text(&q, table->name, sizeof table->name);
        table->rows = UINT64_MAX;
    }
    return query_end(&q);
}

/* Counting walks a table, so only those are counted that do not grow with every payment. */
static bool is_counted(const char *name)
{
    static const char *const names[] = { "account",  "asset",  "validator", "member", "epoch",
                                         "proposal", "ballot", "evidence",  "slot",   "lane" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static enum status count_rows(struct ledger_reader *reader, struct ledger_info *info)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < info->table_count && status == STATUS_OK; i++) {
        char sql[INSPECT_NAME_MAX + 32];
        if (!is_counted(info->tables[i].name)) continue;
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", info->tables[i].name);
        status = read_number(reader, sql, &info->tables[i].rows);
    }
    return status;
}

enum status ledger_inspect(struct ledger_reader *reader, struct ledger_info *info)
{
    memset(info, 0, sizeof *info);
    enum status status = ledger_read_head(reader, &info->head);
    if (status == STATUS_OK) status = ledger_read_chain(reader, &info->chain_id, NULL);
    if (status == STATUS_OK) status = ledger_read_entry_total(reader, &info->entries);
    if (status == STATUS_OK) status = read_file(reader, info);
    if (status == STATUS_OK)
        status = has_dbstat(reader) ? read_sizes(reader, info) : read_names(reader, info);
    return status == STATUS_OK ? count_rows(reader, info) : status;
}

enum status ledger_check_file(struct ledger_reader *reader, uint32_t limit,
                              void (*found)(void *context, const char *sentence), void *context)
{
    char sql[64], sentence[512];
    snprintf(sql, sizeof sql, "PRAGMA quick_check(%u)", limit);
    struct query q = query_of(reader, sql);
    while (query_row(&q)) {
        column_text(&q, sentence, sizeof sentence);
        if (q.status == STATUS_OK && strcmp(sentence, "ok") != 0) found(context, sentence);
    }
    return query_end(&q);
}
