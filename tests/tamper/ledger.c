/* Bits of a ledger.db. The file is edited in place and put right again after each audit; signatures
 * that were valid once are remembered, so that an audit costs only what changed. */
#include "ledger/audit.h"
#include "ledger/schema.h"
#include "tests/tamper/tamper.h"
#include "tests/unit/ledger/world.h"
#include <fcntl.h>

enum { SAYS_BYTES_MAX = 64 * 1024 * 1024 };

static struct {
    struct world world;
    struct verify_cache *cache;
    struct writer says; /* everything the good file says */
    uint64_t bytes;
    char path[64]; /* this process's own copy */
    int file;
} own = { .file = -1 };

/* ---- all that a file says ---- */

/* Every value of a query, with its type and size. false: it cannot be read. */
static bool say_rows(sqlite3 *db, const char *sql, struct writer *says)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code != SQLITE_OK) return false;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            write_u8(says, (uint8_t)sqlite3_column_type(statement, i));
            const void *bytes = sqlite3_column_blob(statement, i);
            size_t size = (size_t)sqlite3_column_bytes(statement, i);
            write_bytes32(says, span_of(size > 0 ? bytes : "", size));
        }
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE;
}

static bool say_tables(sqlite3 *db, struct writer *says)
{
    for (const struct schema_object *table = schema_tables; table->name; table++) {
        char columns[256], sql[320];
        size_t used = 0;
        /* How many batches gave no block behind the last one is the node's own affair. */
        bool place = strcmp(table->name, "ledger") == 0;
        for (const char *c = table->columns; *c && used + 2 < sizeof columns; c++) {
            if (place && strcmp(c, " sequence") == 0) break;
            if (*c == ' ') columns[used++] = ',';
            columns[used++] = *c;
        }
        columns[used] = '\0';
        (void)snprintf(sql, sizeof sql, "SELECT %s FROM \"%s\" NOT INDEXED", columns, table->name);
        if (!say_rows(db, sql, says)) return false;
    }
    return true;
}

/* Each index by itself, and each table by its key: what a search would find. */
static bool say_indexes(sqlite3 *db, struct writer *says)
{
    sqlite3_stmt *list = NULL;
    bool whole = true;
    int code = sqlite3_prepare_v2(db,
                                  "SELECT tbl_name, name, sql FROM sqlite_schema"
                                  " WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
                                  -1, &list, NULL);
    if (code != SQLITE_OK) return false;
    while (whole && (code = sqlite3_step(list)) == SQLITE_ROW) {
        char sql[320];
        const char *made_by = (const char *)sqlite3_column_text(list, 2);
        const char *where = strstr(made_by, " WHERE ");
        const char *from = strrchr(made_by, '('), *to = from ? strchr(from, ')') : NULL;
        if (!from || !to) return false;
        (void)snprintf(sql, sizeof sql, "SELECT %.*s FROM %s INDEXED BY %s%s", (int)(to - from - 1),
                       from + 1, sqlite3_column_text(list, 0), sqlite3_column_text(list, 1),
                       where ? where : "");
        whole = say_rows(db, sql, says);
    }
    sqlite3_finalize(list);
    return whole && code == SQLITE_DONE && say_rows(db, "PRAGMA integrity_check", says);
}

/* says is initialised here, the caller frees it. */
static bool file_says(const char *path, struct writer *says)
{
    char uri[128];
    sqlite3 *db = NULL;
    (void)snprintf(uri, sizeof uri, "file:%s?mode=ro&immutable=1", path);
    writer_init(says, SAYS_BYTES_MAX);
    bool whole =
        sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK &&
        say_rows(db, "PRAGMA application_id", says) && say_rows(db, "PRAGMA user_version", says) &&
        say_rows(db, "SELECT type, name, tbl_name, sql FROM sqlite_schema", says) &&
        say_tables(db, says) && say_indexes(db, says);
    sqlite3_close(db);
    return whole && writer_status(says) == STATUS_OK;
}

/* ---- flips ---- */

static enum status audit(struct audit_report **report, struct problem *problem)
{
    struct audit_options options = {
        .immutable = true, .findings_max = 1, .threads = AUDIT_NO_THREADS, .cache = own.cache
    };
    return audit_verify(report, own.world.f.genesis, own.path, &options, problem);
}

static void give_up(const char *what)
{
    (void)fprintf(stderr, "tamper: %s\n", what);
    exit(1);
}

void ledger_prepare(void)
{
    struct audit_report *report;
    struct problem problem = { .text = "" };
    world_open(&own.world);
    world_rest(&own.world);
    own.cache = verify_cache_new(1 << 16);
    if (!own.cache) give_up("out of memory");
    ledger_begin();
    if (audit(&report, &problem) != STATUS_OK) give_up(problem.text);
    if (audit_exit_code(report) != 0 || !report->rows_compared)
        give_up("the good ledger is not clean");
    audit_report_free(report);
    if (!file_says(own.path, &own.says)) give_up("the good ledger cannot be read");
    off_t end = lseek(own.file, 0, SEEK_END);
    if (end <= 0) give_up("the ledger's size");
    own.bytes = (uint64_t)end;
    ledger_end();
}

uint64_t ledger_bits(void)
{
    return own.bytes * 8;
}

void ledger_begin(void)
{
    fixture_path(own.path);
    file_copy(own.world.path, own.path);
    own.file = open(own.path, O_RDWR | O_CLOEXEC);
    if (own.file < 0) give_up("a copy of the ledger");
}

static void turn(uint64_t bit)
{
    uint8_t byte = 0;
    off_t at = (off_t)(bit / 8);
    if (pread(own.file, &byte, 1, at) != 1) give_up("reading the copy");
    byte ^= (uint8_t)(1u << bit % 8);
    if (pwrite(own.file, &byte, 1, at) != 1) give_up("writing the copy");
}

static enum flip judge(uint64_t bit, char text[FLIP_TEXT])
{
    struct audit_report *report = NULL;
    struct problem problem = { .text = "" };
    struct writer says;
    enum status status = audit(&report, &problem);
    bool clean = status == STATUS_OK && audit_exit_code(report) == 0;
    audit_report_free(report);
    if (status == STATUS_NO_MEMORY) give_up("out of memory");
    if (!clean) return FLIP_DETECTED;
    bool same =
        file_says(own.path, &says) && span_equal(writer_span(&says), writer_span(&own.says));
    writer_free(&says);
    if (same) return FLIP_HARMLESS;
    (void)snprintf(text, FLIP_TEXT, "ledger.db page %llu, byte %llu, bit %llu",
                   (unsigned long long)(bit / 8 / SCHEMA_PAGE_BYTES + 1),
                   (unsigned long long)(bit / 8 % SCHEMA_PAGE_BYTES),
                   (unsigned long long)(bit % 8));
    return FLIP_MISSED;
}

enum flip ledger_flip(uint64_t bit, const char *keep, char text[FLIP_TEXT])
{
    turn(bit);
    if (keep) file_copy(own.path, keep);
    enum flip result = judge(bit, text);
    turn(bit);
    return result;
}

void ledger_end(void)
{
    (void)close(own.file);
    own.file = -1;
    fixture_remove(own.path);
}

void ledger_done(void)
{
    verify_cache_free(own.cache);
    writer_free(&own.says);
    world_close(&own.world);
}
