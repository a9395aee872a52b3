#include "ledger/store.h"

#include "ledger/schema.h"
#include "ledger/store_query.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CACHE_BYTES_DEFAULT = 64 * 1024 * 1024,
    BUSY_MS = 5000,         /* for another process's recovery of the WAL, at open */
    WAL_FRAMES_LONG = 8192, /* 32 MiB: beyond it the WAL is copied back between two blocks */
};

/* ---- errors ---------------------------------------------------------------------------------- */

enum status status_of_store(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return STATUS_OK;
    case SQLITE_NOMEM: return STATUS_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return STATUS_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT: /* a row is there that cannot be: somebody edited the file */
    case SQLITE_ERROR:      /* a table or column is missing: our statements themselves are right */
    case SQLITE_SCHEMA: return STATUS_DAMAGED;
    default: return STATUS_IO;
    }
}

void store_fail(struct store *store, enum status status, const char *format, ...)
{
    va_list arguments;
    if (store->status != STATUS_OK) return;
    store->status = status;
    va_start(arguments, format);
    vsnprintf(store->error, sizeof store->error, format, arguments);
    va_end(arguments);
}

void store_fail_sqlite(struct store *store, int code, const char *doing)
{
    store_fail(store, status_of_store(code), "ledger.db: %s: %s (%d)", doing,
               sqlite3_errmsg(store->db), code);
}

enum status store_status(const struct store *store)
{
    return store->status;
}

const char *store_error(const struct store *store)
{
    return store->error;
}

/* ---- statements ------------------------------------------------------------------------------ */

sqlite3_stmt *store_statement(struct store *store, enum store_statement which)
{
    if (store->status != STATUS_OK) return NULL;
    ASSERT(store->prepared);
    return store->statements[which];
}

bool store_row(struct store *store, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) store_fail_sqlite(store, code, sqlite3_sql(statement));
    sqlite3_reset(statement);
    return false;
}

void store_run(struct store *store, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_DONE) store_fail_sqlite(store, code, sqlite3_sql(statement));
    sqlite3_reset(statement);
}

void store_append(struct store *store, enum history_table table, sqlite3_stmt *statement)
{
    if (!store->sink.row) {
        store_run(store, statement);
        return;
    }
    if (!store_row(store, statement)) return;
    store->sink.row(store->sink.context, table, statement);
    sqlite3_reset(statement);
}

void get_bytes(struct store *store, sqlite3_stmt *s, int at, void *bytes, size_t size)
{
    const void *blob = sqlite3_column_blob(s, at);
    if (blob && (size_t)sqlite3_column_bytes(s, at) == size) {
        memcpy(bytes, blob, size);
        return;
    }
    memset(bytes, 0, size);
    store_fail(store, STATUS_DAMAGED, "ledger.db: a column `%s` is not %zu bytes long",
               sqlite3_column_name(s, at), size);
}

static void execute(struct store *store, const char *sql)
{
    if (store->status != STATUS_OK) return;
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    if (code != SQLITE_OK) store_fail_sqlite(store, code, sql);
}

/* The one number of a query's one row. */
static int64_t query_number(struct store *store, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = 0;
    if (store->status != STATUS_OK) return 0;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        store_fail_sqlite(store, code, sql);
    else if (store_row(store, statement))
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

/* With a sink the rows of the history are selected where they would be inserted. */
static const char *sink_statement(int which, const char *sql)
{
    switch (which) {
    case STATEMENT_WRITE_ENTRY: return "SELECT ?,?,?,?,?,?,?,?,?,?";
    case STATEMENT_WRITE_OPERATION: return "SELECT ?,?,?,?,?,?";
    case STATEMENT_WRITE_TOUCH: return "SELECT ?,?";
    case STATEMENT_WRITE_MOVEMENT: return "SELECT ?,?,?,?,?,?,?,?,?,?";
    default: return sql;
    }
}

static void prepare_all(struct store *store)
{
    static const char *const sql[STATEMENT_COUNT] = {
#define X(name, text) text,
        STORE_STATEMENTS(X)
#undef X
    };
    for (int i = 0; store->status == STATUS_OK && i < STATEMENT_COUNT; i++) {
        const char *text = store->sink.row ? sink_statement(i, sql[i]) : sql[i];
        int code = sqlite3_prepare_v3(store->db, text, -1, SQLITE_PREPARE_PERSISTENT,
                                      &store->statements[i], NULL);
        if (code != SQLITE_OK) store_fail_sqlite(store, code, text);
    }
    store->prepared = true;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int remember_wal(void *context, sqlite3 *db, const char *name, int frames)
{
    struct store *store = context;
    (void)db;
    (void)name;
    store->wal_frames = frames;
    return SQLITE_OK;
}

/* A file on disk must really be in WAL mode; a database in memory has no log, and neither has one
 * without a name, which ends with its connection. */
static void set_wal(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    if (store->status != STATUS_OK) return;
    const char *path = sqlite3_db_filename(store->db, "main");
    const char *sql =
        path && path[0] ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = MEMORY";
    int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    const char *mode = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (!mode)
        store_fail_sqlite(store, code, "PRAGMA journal_mode");
    else if (strcmp(mode, "wal") != 0 && strcmp(mode, "memory") != 0)
        store_fail(store, STATUS_IO, "ledger.db: its file system does not allow WAL mode");
    sqlite3_finalize(statement);
    sqlite3_wal_hook(store->db, remember_wal, store);
}

/* The file of the WAL; NULL if the database is in memory. */
static sqlite3_file *wal_file(struct store *store)
{
    sqlite3_file *wal = NULL;
    int code = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    return code == SQLITE_OK && wal && wal->pMethods ? wal : NULL;
}

/* The file's own methods leave no message at the connection. */
static void fail_wal(struct store *store, int code, const char *what)
{
    store_fail(store, status_of_store(code), "ledger.db: its WAL cannot be %s: %s (%d)", what,
               sqlite3_errstr(code), code);
}

/* Writes the WAL that was found again, byte for byte, and syncs it. If the sync of an earlier
 * process failed, the kernel calls its pages clean: they are read as if they were there, no later
 * sync writes them, and after a power cut the frames before them would hide newer pages of the
 * database. */
static void rewrite_wal(struct store *store)
{
    uint8_t chunk[16384];
    sqlite3_int64 size = 0;
    sqlite3_file *wal = store->status == STATUS_OK ? wal_file(store) : NULL;
    if (!wal) return;
    int code = wal->pMethods->xFileSize(wal, &size);
    for (sqlite3_int64 at = 0; code == SQLITE_OK && at < size; at += (int)sizeof chunk) {
        int part = (int)min_u64(sizeof chunk, (uint64_t)(size - at));
        code = wal->pMethods->xRead(wal, chunk, part, at);
        if (code == SQLITE_OK) code = wal->pMethods->xWrite(wal, chunk, part, at);
    }
    if (code == SQLITE_OK && size > 0) code = wal->pMethods->xSync(wal, SQLITE_SYNC_FULL);
    if (code != SQLITE_OK) fail_wal(store, code, "written again");
}

static void set_pragmas(struct store *store, const struct ledger_options *options)
{
    char cache[64];
    uint64_t bytes = options->cache_bytes ? options->cache_bytes : CACHE_BYTES_DEFAULT;
    snprintf(cache, sizeof cache, "PRAGMA cache_size = -%llu",
             (unsigned long long)min_u64(bytes / 1024, INT32_MAX));
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    execute(store, "PRAGMA page_size = 4096");
    execute(store, cache);
    execute(store, "PRAGMA mmap_size = 0");
    execute(store, "PRAGMA trusted_schema = 0");
    execute(store, "PRAGMA cell_size_check = 1");
    execute(store, "PRAGMA temp_store = MEMORY");
    set_wal(store);
    rewrite_wal(store);
    execute(store, "PRAGMA synchronous = NORMAL");
}

static void check_format(struct store *store)
{
    int64_t objects = query_number(store, "SELECT count(*) FROM sqlite_schema");
    int64_t application = query_number(store, "PRAGMA application_id");
    int64_t version = query_number(store, "PRAGMA user_version");
    store->is_new = objects == 0 && application == 0 && version == 0;
    if (store->is_new || store->status != STATUS_OK) return;
    if (application != SCHEMA_APPLICATION_ID)
        store_fail(store, STATUS_UNSUPPORTED, "the file is not a ledger");
    else if (version != SCHEMA_VERSION)
        store_fail(store, STATUS_UNSUPPORTED, "the ledger has format %lld, this program writes %d",
                   (long long)version, SCHEMA_VERSION);
    else
        prepare_all(store);
}

enum status store_open(struct store **store, const char *path, const struct ledger_options *options,
                       struct problem *problem)
{
    struct store *made = calloc(1, sizeof *made);
    *store = NULL;
    if (!made) return problem_set(problem, STATUS_NO_MEMORY, "no memory to open %s", path);
    if (options->sink) made->sink = *options->sink;
    schema_library_start();
    int code = sqlite3_open_v2(path, &made->db,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                               options->vfs);
    if (code != SQLITE_OK) store_fail_sqlite(made, code, "cannot be opened");
    if (made->status == STATUS_OK) {
        sqlite3_extended_result_codes(made->db, 1);
        sqlite3_busy_timeout(made->db, BUSY_MS);
        set_pragmas(made, options);
        check_format(made);
    }
    if (made->status != STATUS_OK) {
        enum status status = problem_set(problem, made->status, "%s: %s", path, made->error);
        store_close(made);
        return status;
    }
    *store = made;
    return STATUS_OK;
}

void store_close(struct store *store)
{
    if (!store) return;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    /* After a failure nobody knows which pages of the WAL are on the disk, and a second sync would
     * not tell: copying them into the database could leave it newer than its own log. */
    if (store->db && store->status != STATUS_OK)
        sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    int code = sqlite3_close(store->db);
    ASSERT(code == SQLITE_OK); /* every statement is ours and finalised */
    free(store);
}

bool store_is_new(const struct store *store)
{
    return store->is_new;
}

void store_create(struct store *store)
{
    char pragma[64];
    for (const char *const *statement = schema_statements; *statement; statement++)
        execute(store, *statement);
    snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d", SCHEMA_APPLICATION_ID);
    execute(store, pragma);
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", SCHEMA_VERSION);
    execute(store, pragma);
    prepare_all(store);
    store->is_new = false;
}

/* ---- transactions ---------------------------------------------------------------------------- */

void store_begin(struct store *store)
{
    if (store->sink.row && !sqlite3_get_autocommit(store->db)) return;
    execute(store, "BEGIN IMMEDIATE");
}

void store_begin_reads(struct store *store)
{
    execute(store, "BEGIN");
}

void store_commit(struct store *store)
{
    if (store->sink.row) return;
    execute(store, "COMMIT");
}

/* With a sink there is nothing to be rolled back: what makes no block writes nothing. */
void store_rollback(struct store *store)
{
    if (store->sink.row || sqlite3_get_autocommit(store->db)) return;
    int code = sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    if (code != SQLITE_OK) store_fail_sqlite(store, code, "ROLLBACK");
}

/* Never waits for readers: what they still need stays in the WAL. */
static void checkpoint(struct store *store)
{
    if (store->status != STATUS_OK) return;
    int code = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code != SQLITE_OK && code != SQLITE_BUSY) store_fail_sqlite(store, code, "checkpoint");
}

void store_trim_wal(struct store *store)
{
    if (store->wal_frames >= WAL_FRAMES_LONG) checkpoint(store);
}

static void sync_wal(struct store *store)
{
    sqlite3_file *wal = store->status == STATUS_OK ? wal_file(store) : NULL;
    int code = wal ? wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL) : SQLITE_OK;
    if (code != SQLITE_OK) fail_wal(store, code, "synced");
}

/* A checkpoint that finds nothing to copy, or only readers in the way, does not sync; nor does a
 * commit with synchronous=FULL that leaves its row as it was, for it writes no frame. So the file
 * is synced itself, which covers all that was committed before. */
void store_sync(struct store *store, uint64_t height, uint64_t epoch, uint64_t sequence)
{
    store_begin(store);
    store_move_place(store, height, epoch, sequence);
    store_commit(store);
    if (store->status != STATUS_OK) store_rollback(store);
    sync_wal(store);
    checkpoint(store);
}
