/* A copy of the whole database, as it stands at one moment, while it is written to. */
#include "ledger/reader_query.h"

#include "ledger/schema.h"

/* The pages go over within one read transaction of the source: whatever is committed meanwhile is
 * not in the copy. Leaves the copy's file in rollback mode's hands until somebody opens it. */
static int copy_pages(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup) return sqlite3_errcode(to);
    int code = sqlite3_backup_step(backup, -1);
    int end = sqlite3_backup_finish(backup);
    return code == SQLITE_DONE || end != SQLITE_OK ? end : code;
}

enum status ledger_reader_copy(struct ledger_reader *reader, const char *path,
                               struct problem *problem)
{
    sqlite3 *to = NULL;
    int code = sqlite3_open_v2(
        path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    /* No journal: a copy that is not finished is thrown away. */
    if (code == SQLITE_OK)
        code = sqlite3_exec(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL,
                            NULL);
    if (code == SQLITE_OK) code = copy_pages(reader->db, to);
    enum status status = STATUS_OK;
    if (code != SQLITE_OK)
        status = problem_set(problem, (code & 0xff) == SQLITE_NOMEM ? STATUS_NO_MEMORY : STATUS_IO,
                             "%s: %s", path, to ? sqlite3_errmsg(to) : sqlite3_errstr(code));
    sqlite3_close(to);
    return status;
}
