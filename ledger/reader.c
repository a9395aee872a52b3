#include "ledger/reader.h"
#include "ledger/reader_query.h"
#include "ledger/schema.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    STEPS_PER_QUESTION = 1000,
    CACHE_KIB = 8192,
    RETRY_MS = 1000,
    URI_MAX = 3 * 4096 + 64,
};

static enum status status_of_sqlite(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return STATUS_OK;
    case SQLITE_INTERRUPT: return STATUS_TIMEOUT;
    case SQLITE_NOMEM: return STATUS_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return STATUS_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* a table or column is missing: our statements themselves are right */
    case SQLITE_MISMATCH: return STATUS_DAMAGED;
    case SQLITE_TOOBIG: return STATUS_TOO_LARGE;
    default: return STATUS_IO;
    }
}

/* Percent-encodes what has a meaning in a URI, so that any path can carry `immutable=1`. */
static bool uri_of_path(const char *path, bool immutable, char uri[URI_MAX])
{
    static const char digits[] = "0123456789abcdef";
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-_.";
    size_t size = 0;
    memcpy(uri, "file:", 5);
    size = 5;
    for (; *path; path++) {
        if (size + 32 > URI_MAX) return false;
        if (strchr(plain, *path)) {
            uri[size++] = *path;
        } else {
            uri[size++] = '%';
            uri[size++] = digits[(uint8_t)*path >> 4];
            uri[size++] = digits[(uint8_t)*path & 15];
        }
    }
    snprintf(uri + size, URI_MAX - size, "?mode=ro%s", immutable ? "&immutable=1" : "");
    return true;
}

static int ask_expired(void *context)
{
    const struct ledger_reader *reader = context;
    return reader->expired && reader->expired(reader->context);
}

static enum status pragma_number(struct ledger_reader *reader, const char *sql, int64_t *value)
{
    struct query q = query_of(reader, sql);
    if (query_row(&q)) *value = column_i64(&q);
    return query_end_one(&q);
}

static enum status check_format(struct ledger_reader *reader, const char *path,
                                struct problem *problem)
{
    int64_t application = 0, version = 0;
    enum status status = pragma_number(reader, "PRAGMA application_id", &application);
    if (status == STATUS_OK) status = pragma_number(reader, "PRAGMA user_version", &version);
    if (status != STATUS_OK) return problem_set(problem, status, "%s: %s", path, reader->error);
    if (application != SCHEMA_APPLICATION_ID)
        return problem_set(problem, STATUS_UNSUPPORTED, "%s is not a ledger", path);
    if (version != SCHEMA_VERSION)
        return problem_set(problem, STATUS_UNSUPPORTED, "%s has format %lld, this program reads %d",
                           path, (long long)version, SCHEMA_VERSION);
    return STATUS_OK;
}

static enum status open_database(struct ledger_reader *reader, const char *path,
                                 const struct ledger_reader_options *options,
                                 struct problem *problem)
{
    char uri[URI_MAX];
    char settings[160];
    if (!uri_of_path(path, options->immutable, uri))
        return problem_set(problem, STATUS_TOO_LARGE, "the path is too long: %.200s...", path);
    if (access(path, F_OK) != 0)
        return problem_set(problem, STATUS_NOT_FOUND, "%s does not exist", path);

    schema_library_start();
    int code =
        sqlite3_open_v2(uri, &reader->db,
                        SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, options->vfs);
    if (code != SQLITE_OK)
        return problem_set(problem, status_of_sqlite(code), "%s cannot be opened: %s", path,
                           reader->db ? sqlite3_errmsg(reader->db) : sqlite3_errstr(code));
    sqlite3_extended_result_codes(reader->db, 1);
    sqlite3_busy_timeout(reader->db, (int)(options->retry_ms ? options->retry_ms : RETRY_MS));
    sqlite3_db_config(reader->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_db_config(reader->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    snprintf(settings, sizeof settings,
             "PRAGMA query_only = 1; PRAGMA trusted_schema = 0; PRAGMA cache_size = -%u;"
             "PRAGMA mmap_size = %llu;",
             options->cache_kib ? options->cache_kib : CACHE_KIB,
             (unsigned long long)options->mmap_mib << 20);
    code = sqlite3_exec(reader->db, settings, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return problem_set(problem, status_of_sqlite(code), "%s cannot be read: %s", path,
                           sqlite3_errmsg(reader->db));
    sqlite3_progress_handler(reader->db, STEPS_PER_QUESTION, ask_expired, reader);
    return check_format(reader, path, problem);
}

enum status ledger_reader_open(struct ledger_reader **reader, const char *path,
                               const struct ledger_reader_options *options, struct problem *problem)
{
    static const struct ledger_reader_options standard = { 0 };
    struct ledger_reader *made = calloc(1, sizeof *made);
    *reader = NULL;
    if (!made) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");

    enum status status = open_database(made, path, options ? options : &standard, problem);
    if (status != STATUS_OK) {
        ledger_reader_close(made);
        return status;
    }
    *reader = made;
    return STATUS_OK;
}

void ledger_reader_close(struct ledger_reader *reader)
{
    if (!reader) return;
    for (unsigned i = 0; i < STATEMENTS_KEPT; i++) {
        ASSERT(!reader->kept[i].used);
        sqlite3_finalize(reader->kept[i].statement);
    }
    int code = sqlite3_close(reader->db);
    ASSERT(code == SQLITE_OK);
    free(reader);
}

enum status ledger_reader_begin(struct ledger_reader *reader)
{
    ASSERT(sqlite3_get_autocommit(reader->db));
    struct query begin = query_of(reader, "BEGIN");
    query_row(&begin);
    enum status status = query_end(&begin);
    if (status != STATUS_OK) return status;

    /* BEGIN alone takes no snapshot: the first row read does. */
    struct query first = query_of(reader, "SELECT height FROM ledger");
    query_row(&first);
    status = query_end_one(&first);
    if (status != STATUS_OK) ledger_reader_end(reader);
    return status;
}

void ledger_reader_end(struct ledger_reader *reader)
{
    if (sqlite3_get_autocommit(reader->db)) return;
    /* A snapshot that only read has nothing to lose; an error here could only be repeated by the
     * next begin, which reports it. Never interrupted: it runs without the question. */
    sqlite3_progress_handler(reader->db, 0, NULL, NULL);
    struct query rollback = query_of(reader, "ROLLBACK");
    query_row(&rollback);
    query_end(&rollback);
    sqlite3_progress_handler(reader->db, STEPS_PER_QUESTION, ask_expired, reader);
}

void ledger_reader_limit(struct ledger_reader *reader, bool (*expired)(void *context),
                         void *context)
{
    reader->expired = expired;
    reader->context = context;
}

const char *ledger_reader_error(const struct ledger_reader *reader)
{
    return reader->error;
}

/* ---- queries -------------------------------------------------------------------------------- */

static void query_fail(struct query *q, int code)
{
    if (q->status != STATUS_OK) return;
    q->status = status_of_sqlite(code);
    if (q->status == STATUS_OK || q->status == STATUS_TIMEOUT) return;
    snprintf(q->reader->error, sizeof q->reader->error, "%.120s (%.100s)",
             sqlite3_errmsg(q->reader->db), q->sql);
}

static struct kept_statement *kept_find(struct ledger_reader *reader, const char *sql)
{
    for (unsigned i = 0; i < STATEMENTS_KEPT; i++) {
        struct kept_statement *kept = &reader->kept[i];
        if (kept->statement && !kept->used && strcmp(sqlite3_sql(kept->statement), sql) == 0)
            return kept;
    }
    return NULL;
}

/* A place for one more: the one that was made room for longest ago and is not in use, or NULL. */
static struct kept_statement *kept_room(struct ledger_reader *reader)
{
    for (unsigned i = 0; i < STATEMENTS_KEPT; i++) {
        struct kept_statement *kept = &reader->kept[reader->kept_next++ % STATEMENTS_KEPT];
        if (kept->used) continue;
        sqlite3_finalize(kept->statement);
        kept->statement = NULL;
        return kept;
    }
    return NULL;
}

struct query query_of(struct ledger_reader *reader, const char *sql)
{
    struct query q = { .reader = reader, .status = STATUS_OK, .sql = sql };
    q.kept = kept_find(reader, sql);
    if (q.kept) {
        q.statement = q.kept->statement;
        q.kept->used = true;
        return q;
    }
    int code =
        sqlite3_prepare_v3(reader->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q.statement, NULL);
    if (code != SQLITE_OK) {
        query_fail(&q, code);
        return q;
    }
    q.kept = kept_room(reader);
    if (q.kept) *q.kept = (struct kept_statement){ q.statement, true };
    return q;
}

void query_damaged(struct query *q, const char *what)
{
    if (q->status != STATUS_OK) return;
    q->status = STATUS_DAMAGED;
    snprintf(q->reader->error, sizeof q->reader->error, "%.100s (row %llu of %.100s)", what,
             (unsigned long long)q->rows, q->sql);
}

void bind_u64(struct query *q, uint64_t value)
{
    if (q->status != STATUS_OK) return;
    uint64_t stored = value > INT64_MAX ? (uint64_t)INT64_MAX : value;
    int code = sqlite3_bind_int64(q->statement, ++q->bound, (sqlite3_int64)stored);
    if (code != SQLITE_OK) query_fail(q, code);
}

void bind_blob(struct query *q, struct span bytes)
{
    if (q->status != STATUS_OK) return;
    /* An empty blob needs an address, or SQLite binds NULL. */
    const void *data = bytes.size ? (const void *)bytes.data : (const void *)"";
    int code = sqlite3_bind_blob64(q->statement, ++q->bound, data, bytes.size, SQLITE_STATIC);
    if (code != SQLITE_OK) query_fail(q, code);
}

void bind_text(struct query *q, const char *text)
{
    if (q->status != STATUS_OK) return;
    int code = sqlite3_bind_text(q->statement, ++q->bound, text, -1, SQLITE_STATIC);
    if (code != SQLITE_OK) query_fail(q, code);
}

void bind_id(struct query *q, const struct id *id)
{
    bind_blob(q, span_of(id->bytes, sizeof id->bytes));
}

void bind_digest(struct query *q, const struct digest *digest)
{
    bind_blob(q, digest_span(digest));
}

void bind_key(struct query *q, const struct public_key *key)
{
    bind_blob(q, span_of(key->bytes, sizeof key->bytes));
}

bool query_row(struct query *q)
{
    if (q->status != STATUS_OK) return false;
    int code = sqlite3_step(q->statement);
    q->column = 0;
    if (code == SQLITE_ROW) {
        q->rows++;
        return true;
    }
    if (code != SQLITE_DONE) query_fail(q, code);
    return false;
}

static bool column_take(struct query *q, int type, int *index)
{
    if (q->status != STATUS_OK) return false;
    *index = q->column++;
    if (sqlite3_column_type(q->statement, *index) == type) return true;
    query_damaged(q, "a column has another type than its schema");
    return false;
}

int64_t column_i64(struct query *q)
{
    int index = 0;
    if (!column_take(q, SQLITE_INTEGER, &index)) return 0;
    return sqlite3_column_int64(q->statement, index);
}

uint64_t column_u64(struct query *q, uint64_t most)
{
    int64_t value = column_i64(q);
    if (value >= 0 && (uint64_t)value <= most) return (uint64_t)value;
    query_damaged(q, "a number is out of range");
    return 0;
}

bool column_null(struct query *q)
{
    return q->status == STATUS_OK && sqlite3_column_type(q->statement, q->column) == SQLITE_NULL;
}

void column_skip(struct query *q)
{
    q->column++;
}

struct span column_blob(struct query *q)
{
    int index = 0;
    if (!column_take(q, SQLITE_BLOB, &index)) return (struct span){ NULL, 0 };
    const void *data = sqlite3_column_blob(q->statement, index);
    return span_of(data, (size_t)sqlite3_column_bytes(q->statement, index));
}

static void column_fixed(struct query *q, void *bytes, size_t size)
{
    struct span blob = column_blob(q);
    if (q->status == STATUS_OK && blob.size == size) {
        memcpy(bytes, blob.data, size);
        return;
    }
    query_damaged(q, "a column has another size than its schema");
    memset(bytes, 0, size);
}

void column_id(struct query *q, struct id *id)
{
    column_fixed(q, id->bytes, sizeof id->bytes);
}

void column_digest(struct query *q, struct digest *digest)
{
    column_fixed(q, digest->bytes, sizeof digest->bytes);
}

void column_key(struct query *q, struct public_key *key)
{
    column_fixed(q, key->bytes, sizeof key->bytes);
}

void column_signature(struct query *q, struct signature *signature)
{
    column_fixed(q, signature->bytes, sizeof signature->bytes);
}

void column_text(struct query *q, char *text, size_t size)
{
    int index = 0;
    text[0] = '\0';
    if (!column_take(q, SQLITE_TEXT, &index)) return;
    const unsigned char *stored = sqlite3_column_text(q->statement, index);
    size_t bytes = (size_t)sqlite3_column_bytes(q->statement, index);
    if (stored && bytes < size && !memchr(stored, 0, bytes)) {
        memcpy(text, stored, bytes);
        text[bytes] = '\0';
        return;
    }
    query_damaged(q, "a text is longer than its schema");
}

enum status query_end(struct query *q)
{
    if (q->kept) {
        sqlite3_reset(q->statement);
        sqlite3_clear_bindings(q->statement);
        q->kept->used = false;
    } else {
        sqlite3_finalize(q->statement);
    }
    q->statement = NULL;
    q->kept = NULL;
    return q->status;
}

enum status query_end_one(struct query *q)
{
    if (q->status == STATUS_OK && q->rows == 0) q->status = STATUS_NOT_FOUND;
    return query_end(q);
}
