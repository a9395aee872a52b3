/* tests/unit/ledger/audit_world.h -- the ledger of world.h at rest, copies of it that are damaged,
 * and their audit. */
#ifndef TESTS_LEDGER_AUDIT_WORLD_H
#define TESTS_LEDGER_AUDIT_WORLD_H

#include "ledger/audit.h"
#include "ledger/schema.h"
#include "tests/unit/ledger/world.h"
#include <criterion/criterion.h>

static struct world w;
static char victim[64];
static struct audit_report *report;

static inline void open_world(void)
{
    world_open(&w);
    world_rest(&w);
    fixture_path(victim);
}

static inline void close_world(void)
{
    audit_report_free(report);
    fixture_remove(victim);
    world_close(&w);
}

/* An undamaged copy. */
static inline void renew(void)
{
    fixture_remove(victim);
    file_copy(w.path, victim);
}

static inline void run(void)
{
    struct problem problem = { .text = "" };
    audit_report_free(report);
    enum status status = audit_verify(&report, w.f.genesis, victim, NULL, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
}

static inline const char *text(void)
{
    static char line[16384];
    struct buffer out;
    buffer_init(&out, sizeof line - 1);
    (void)audit_report_text(report, &out);
    memcpy(line, out.data, out.size);
    line[out.size] = '\0';
    buffer_free(&out);
    return line;
}

static inline const struct finding *find(enum finding_code code, const char *words)
{
    for (uint32_t i = 0; i < report->finding_count; i++)
        if (report->findings[i].code == code && strstr(report->findings[i].text, words))
            return &report->findings[i];
    return NULL;
}

/* Runs the audit and demands a finding of this code whose text has these words. */
static inline const struct finding *expect(enum finding_code code, const char *words)
{
    run();
    const struct finding *finding = find(code, words);
    cr_assert_not_null(finding, "%s with \"%s\" is missing:\n%s", finding_name(code), words,
                       text());
    cr_assert_eq(audit_exit_code(report), 7);
    return finding;
}

/* Runs statements, each by itself and with no regard for the schema. */
static inline void force(const char *sql)
{
    char *message = NULL;
    sqlite3 *db = edit_open(victim);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    int code = sqlite3_exec(db, "PRAGMA writable_schema = 1", NULL, NULL, NULL);
    cr_assert_eq(code, SQLITE_OK);
    code = sqlite3_exec(db, sql, NULL, NULL, &message);
    cr_assert_eq(code, SQLITE_OK, "%s: %s", sql, message);
    sqlite3_close(db);
}

static inline int64_t number_of(const char *sql)
{
    sqlite3 *db = edit_open(victim);
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    cr_assert_eq(code, SQLITE_OK, "%s", sql);
    code = sqlite3_step(statement);
    cr_assert_eq(code, SQLITE_ROW, "%s", sql);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

#endif
