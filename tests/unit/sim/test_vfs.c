/* The real SQLite, and the real ledger with its reader, on a simulated disk. */
#include "tests/sim/disk.h"

#include "ledger/reader.h"
#include "tests/unit/ledger/fixture.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <time.h>

#define PATH "/sim/0/ledger.db"

static struct disk *disk;
static struct fixture f;
static struct stream stream;

static void setup(void)
{
    disk_register_vfs();
    disk_seed(1);
    stream = stream_of(1, 1);
    disk = disk_new(0);
    fixture_prepare(&f);
    f.options.vfs = "sim";
    fixture_open(&f, PATH);
}

static void teardown(void)
{
    fixture_stop(&f);
    disk_free(disk);
}

TestSuite(vfs, .init = setup, .fini = teardown);

static uint64_t height(void)
{
    return ledger_head(f.ledger)->header.height;
}

/* A block with one payment. Anything but OK: the disk died or failed under it. */
static enum status pay(void)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, 1);
    fixture_add(&f, SIGNED_ALICE);
    fixture_batch(&f);
    execution_free(f.last);
    f.last = NULL;
    const struct ledger_head *head = ledger_head(f.ledger);
    return ledger_execute(f.ledger, head->epoch, head->sequence + 1, writer_span(&f.last_batch),
                          &f.last, &f.problem);
}

static void pay_times(int count)
{
    for (int i = 0; i < count; i++)
        cr_assert_eq(pay(), STATUS_OK, "%s", f.problem.text);
}

static enum status open_again(void)
{
    return ledger_open(&f.ledger, f.genesis, PATH, &f.options, &f.problem);
}

static void close_it(void)
{
    ledger_close(f.ledger);
    f.ledger = NULL;
}

/* As the host does: what the dying process still tries to write does not reach the disk. */
static void crash(bool power)
{
    if (!disk_is_dead(disk)) disk_die_at(disk, 1);
    close_it();
    disk_crash(disk, power, &stream);
    cr_assert_eq(open_again(), STATUS_OK, "%s", f.problem.text);
}

static struct ledger_reader *reader_open(void)
{
    struct ledger_reader *reader = NULL;
    struct ledger_reader_options options = { .vfs = "sim" };
    enum status status = ledger_reader_open(&reader, PATH, &options, &f.problem);
    cr_assert_eq(status, STATUS_OK, "%s", f.problem.text);
    return reader;
}

static uint64_t reader_height(struct ledger_reader *reader)
{
    struct ledger_read_head head;
    cr_assert_eq(ledger_read_head(reader, &head), STATUS_OK);
    return head.header.height;
}

/* ---- without faults -------------------------------------------------------------------------- */

Test(vfs, a_reader_sees_what_the_ledger_commits)
{
    pay_times(3);
    struct ledger_reader *reader = reader_open();
    cr_assert_eq(reader_height(reader), 3);
    pay_times(1);
    cr_assert_eq(reader_height(reader), 4);
    cr_assert_eq(ledger_reader_begin(reader), STATUS_OK);
    pay_times(1);
    cr_assert_eq(reader_height(reader), 4, "a snapshot moved");
    ledger_reader_end(reader);
    cr_assert_eq(reader_height(reader), 5);
    ledger_reader_close(reader);
}

/* The checkpoint copies what readers allow and never waits for one. */
Test(vfs, a_checkpoint_beside_a_reader)
{
    uint64_t durable = 0;
    pay_times(2);
    struct ledger_reader *reader = reader_open();
    cr_assert_eq(ledger_reader_begin(reader), STATUS_OK);
    pay_times(2);
    cr_assert_eq(ledger_checkpoint(f.ledger, &durable, &f.problem), STATUS_OK);
    cr_assert_eq(durable, 4);
    cr_assert_eq(reader_height(reader), 2);
    ledger_reader_end(reader);
    cr_assert_eq(ledger_checkpoint(f.ledger, &durable, &f.problem), STATUS_OK);
    pay_times(2);
    cr_assert_eq(reader_height(reader), 6);
    ledger_reader_close(reader);
}

/* Nothing can be copied while the reader stands at the beginning of the WAL; it is synced anyhow.
 */
Test(vfs, a_checkpoint_that_a_reader_blocks_is_durable)
{
    for (int round = 0; round < 20; round++) {
        uint64_t durable = 0;
        struct ledger_reader *reader = reader_open();
        cr_assert_eq(ledger_reader_begin(reader), STATUS_OK);
        pay_times(2);
        cr_assert_eq(ledger_checkpoint(f.ledger, &durable, &f.problem), STATUS_OK);
        cr_assert_eq(durable, height());
        disk_die_at(disk, 1);
        ledger_reader_end(reader);
        ledger_reader_close(reader);
        crash(true);
        cr_assert_eq(height(), durable);
    }
}

Test(vfs, closing_leaves_one_file_and_opening_finds_all)
{
    pay_times(20);
    close_it();
    cr_assert(disk_exists(PATH));
    cr_assert_not(disk_exists(PATH "-wal"));
    cr_assert_eq(open_again(), STATUS_OK, "%s", f.problem.text);
    cr_assert_eq(height(), 20);
}

/* ---- the process dies ------------------------------------------------------------------------ */

/* At every operation of some blocks and checkpoints, one after the other: what was committed is
 * there, what was not is there whole or not at all. */
Test(vfs, a_killed_process_loses_nothing_that_was_committed)
{
    for (uint64_t at = 1; at <= 120; at++) {
        uint64_t before = height(), durable;
        disk_die_at(disk, at);
        for (int i = 0; i < 8 && pay() == STATUS_OK; i++) {
            before++;
            if (i % 3 == 2) (void)ledger_checkpoint(f.ledger, &durable, &f.problem);
        }
        crash(false);
        cr_assert(height() == before || height() == before + 1, "at %lu: %lu of %lu", at, height(),
                  before);
    }
    cr_assert_gt(height(), 100);
}

/* The first opening, at each of its operations: afterwards the file opens. */
Test(vfs, a_process_may_die_while_it_makes_the_ledger)
{
    uint64_t deaths = 0;
    for (uint64_t at = 1; at < 200; at++) {
        close_it();
        disk_free(disk);
        disk = disk_new(0);
        disk_die_at(disk, at);
        enum status status = open_again();
        if (status != STATUS_OK) cr_assert_eq(status, STATUS_IO, "%s", f.problem.text);
        bool dead = disk_is_dead(disk);
        deaths += dead;
        crash(at % 2 == 0);
        cr_assert_eq(height(), 0);
        pay_times(1);
        if (!dead) break;
    }
    cr_assert_gt(deaths, 10);
    cr_assert_lt(deaths, 198);
}

/* ---- the power goes -------------------------------------------------------------------------- */

/* Whatever subset of writes survives: the ledger opens, what was checkpointed is there. */
Test(vfs, a_power_cut_keeps_what_was_checkpointed)
{
    uint64_t durable = 0, behind = 0, ahead = 0;
    for (int round = 0; round < 300; round++) {
        uint64_t at = stream_between(&stream, 1, 150);
        disk_die_at(disk, at);
        uint64_t committed = height();
        for (int i = 0; i < 10 && pay() == STATUS_OK; i++) {
            committed = height();
            uint64_t reached;
            if (i % 4 == 3 && ledger_checkpoint(f.ledger, &reached, &f.problem) == STATUS_OK)
                durable = reached;
        }
        crash(true);
        cr_assert_geq(height(), durable, "round %d: %lu, durable %lu", round, height(), durable);
        cr_assert_leq(height(), committed + 1);
        behind += height() < committed;
        ahead += height() > durable;
        durable = height() < durable ? height() : durable;
    }
    struct disk_counts counts;
    disk_counts(disk, &counts);
    cr_assert_gt(behind, 20, "power cuts take too little: %lu", behind);
    cr_assert_gt(ahead, 20, "power cuts take everything: %lu", ahead);
    cr_assert_gt(counts.torn, 20);
    cr_assert_gt(counts.lost, 20);
}

/* SQLite's rollback journal rests on every promise of a disk: what it was told is durable, the
 * order of names, and that nothing else changes. */
static int sql_count(sqlite3 *db)
{
    sqlite3_stmt *statement;
    cr_assert_eq(sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &statement, NULL), SQLITE_OK,
                 "%s", sqlite3_errmsg(db));
    int count = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
    sqlite3_finalize(statement);
    return count;
}

static sqlite3 *sql_open(const char *path, const char *pragmas)
{
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    cr_assert_eq(sqlite3_open_v2(path, &db, flags, "sim"), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, pragmas, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    return db;
}

static int only_ok(void *user, int count, char **values, char **names)
{
    (void)user;
    (void)count;
    (void)names;
    return strcmp(values[0], "ok") != 0;
}

static void check_durability(const char *mode)
{
    char pragmas[128];
    snprintf(pragmas, sizeof pragmas, "PRAGMA journal_mode = %s; PRAGMA synchronous = EXTRA", mode);
    sqlite3 *db = sql_open("/sim/0/plain.db", pragmas);
    cr_assert_eq(
        sqlite3_exec(db, "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)", NULL, NULL, NULL),
        SQLITE_OK);
    int committed = 0, durable = 0; /* the last commit may be seen and not be durable */
    for (int round = 0; round < 400; round++) {
        disk_die_at(disk, stream_between(&stream, 1, 60));
        int code = SQLITE_OK;
        for (int i = 0; i < 10 && code == SQLITE_OK; i++) {
            code = sqlite3_exec(db, "INSERT INTO t(b) VALUES (printf('%.*c', 700, 'x'))", NULL,
                                NULL, NULL);
            committed += code == SQLITE_OK;
            if (code == SQLITE_OK) durable = committed;
        }
        if (!disk_is_dead(disk)) disk_die_at(disk, 1);
        sqlite3_close(db);
        disk_crash(disk, round % 4 != 0, &stream);
        db = sql_open("/sim/0/plain.db", pragmas);
        int count = sql_count(db);
        cr_assert(count >= durable && count <= committed + 1, "%s, round %d: %d, durable %d", mode,
                  round, count, durable);
        committed = count;
        cr_assert_eq(sqlite3_exec(db, "PRAGMA integrity_check", only_ok, NULL, NULL), SQLITE_OK);
    }
    sqlite3_close(db);
}

Test(vfs, rollback_journals_survive_power_cuts)
{
    check_durability("DELETE");
}

Test(vfs, a_wal_with_full_sync_survives_power_cuts)
{
    check_durability("WAL");
}

/* ---- errors ---------------------------------------------------------------------------------- */

Test(vfs, a_full_disk_is_an_error_and_passes)
{
    pay_times(3);
    disk_limit(disk, disk_bytes(disk) + 5000);
    enum status status = STATUS_OK;
    for (int i = 0; i < 20 && status == STATUS_OK; i++)
        status = pay();
    cr_assert_eq(status, STATUS_IO, "%s", f.problem.text);
    cr_assert(strstr(f.problem.text, "full"), "%s", f.problem.text);
    disk_limit(disk, UINT64_MAX);
    crash(false);
    cr_assert_geq(height(), 3);
    pay_times(3);
}

Test(vfs, a_failed_write_ends_the_ledger)
{
    for (uint64_t nth = 1; nth <= 6; nth++) {
        uint64_t before = height();
        disk_fail(disk, DISK_EIO_WRITE, nth);
        enum status status = STATUS_OK;
        for (int i = 0; i < 20 && status == STATUS_OK; i++) {
            status = pay();
            before += status == STATUS_OK;
        }
        cr_assert_eq(status, STATUS_IO, "%s", f.problem.text);
        cr_assert_eq(pay(), STATUS_IO, "goes on after a failed write");
        crash(false);
        cr_assert(height() == before || height() == before + 1);
    }
}

Test(vfs, a_failed_sync_is_reported_and_what_it_lost_stays_lost)
{
    uint64_t durable;
    pay_times(2);
    cr_assert_eq(ledger_checkpoint(f.ledger, &durable, &f.problem), STATUS_OK);
    pay_times(2);
    disk_fail(disk, DISK_EIO_SYNC, 1);
    cr_assert_eq(ledger_checkpoint(f.ledger, &durable, &f.problem), STATUS_IO);
    struct ledger_reader *reader = reader_open();
    cr_assert_geq(reader_height(reader), 4); /* the kernel's memory has it */
    ledger_reader_close(reader);
    crash(true);
    cr_assert_eq(height(), 2);
}

/* Frames that a failed sync left in the kernel's memory alone are read by the next process, and
 * what it checkpoints must not rest on them: behind a hole in the WAL nothing is found again. */
Test(vfs, nothing_rests_on_a_failed_sync)
{
    for (int round = 0; round < 200; round++) {
        uint64_t durable;
        bool blocked = stream_chance(&stream, 500);
        pay_times((int)stream_between(&stream, 1, 3));
        disk_fail(disk, DISK_EIO_SYNC, stream_between(&stream, 1, 3));
        for (int i = 0; i < 10; i++) {
            if (pay() != STATUS_OK) break;
            if (ledger_checkpoint(f.ledger, &durable, &f.problem) != STATUS_OK) break;
        }
        disk_fail(disk, DISK_EIO_SYNC, 0);
        crash(false);
        struct ledger_reader *reader = blocked ? reader_open() : NULL;
        if (blocked) cr_assert_eq(ledger_reader_begin(reader), STATUS_OK);
        pay_times((int)stream_between(&stream, 1, 5));
        cr_assert_eq(ledger_checkpoint(f.ledger, &durable, &f.problem), STATUS_OK);
        disk_die_at(disk, 1);
        if (blocked) ledger_reader_end(reader);
        ledger_reader_close(reader);
        crash(true);
        cr_assert_geq(height(), durable, "round %d, blocked %d: %lu, durable %lu", round, blocked,
                      height(), durable);
    }
}

Test(vfs, a_failed_read_is_an_error)
{
    pay_times(5);
    close_it();
    disk_fail(disk, DISK_EIO_READ, 3);
    enum status status = open_again();
    cr_assert_eq(status, STATUS_IO, "%s", f.problem.text);
    cr_assert_eq(open_again(), STATUS_OK, "%s", f.problem.text);
    cr_assert_eq(height(), 5);
}

/* ---- locks ----------------------------------------------------------------------------------- */

Test(vfs, one_writer_at_a_time)
{
    sqlite3 *a = sql_open("/sim/0/plain.db", "PRAGMA journal_mode = WAL; CREATE TABLE t(a)");
    sqlite3 *b = sql_open("/sim/0/plain.db", "PRAGMA busy_timeout = 1000");
    cr_assert_eq(sqlite3_exec(a, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(b, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_BUSY);
    cr_assert_eq(sqlite3_exec(a, "INSERT INTO t VALUES (1); COMMIT", NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(
        sqlite3_exec(b, "BEGIN IMMEDIATE; INSERT INTO t VALUES (2); COMMIT", NULL, NULL, NULL),
        SQLITE_OK);
    cr_assert_eq(sql_count(a), 2);
    sqlite3_close(a);
    sqlite3_close(b);
}

Test(vfs, locks_of_a_rollback_journal)
{
    sqlite3 *a = sql_open("/sim/0/plain.db", "CREATE TABLE t(a)");
    sqlite3 *b = sql_open("/sim/0/plain.db", "");
    cr_assert_eq(sqlite3_exec(b, "BEGIN; SELECT * FROM t", NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(a, "INSERT INTO t VALUES (1)", NULL, NULL, NULL), SQLITE_BUSY);
    cr_assert_eq(sqlite3_exec(b, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(a, "INSERT INTO t VALUES (1)", NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(sql_count(b), 1);
    sqlite3_close(a);
    sqlite3_close(b);
}

/* ---- determinism ----------------------------------------------------------------------------- */

static struct digest digest_of_file(const char *path)
{
    struct disk_file *file;
    cr_assert_eq(disk_open(path, O_RDONLY, &file), 0, "%s", path);
    size_t size = (size_t)disk_size(file);
    uint8_t *bytes = malloc(size + 1);
    cr_assert_eq(disk_read(file, bytes, size, 0), (ssize_t)size);
    disk_close(file);
    struct span content = span_of(bytes, size);
    struct digest digest = digest_plain(&content, 1);
    free(bytes);
    return digest;
}

/* Two runs in one process, from the same seed: every byte is equal, the salts of the WAL too. */
Test(vfs, equal_seeds_give_equal_bytes)
{
    struct digest wal[2], database[2];
    fixture_stop(&f);
    for (int run = 0; run < 2; run++) {
        disk_free(disk);
        disk = disk_new(0);
        disk_seed(77);
        stream = stream_of(77, 1);
        fixture_prepare(&f);
        f.options.vfs = "sim";
        fixture_open(&f, PATH);
        for (int round = 0; round < 5; round++) {
            uint64_t durable;
            pay_times(5);
            cr_assert_eq(ledger_checkpoint(f.ledger, &durable, &f.problem), STATUS_OK);
            pay_times(3);
            crash(true);
        }
        pay_times(3);
        wal[run] = digest_of_file(PATH "-wal");
        database[run] = digest_of_file(PATH);
        if (run == 0) fixture_stop(&f);
    }
    cr_assert(digest_equal(&wal[0], &wal[1]));
    cr_assert(digest_equal(&database[0], &database[1]));
    disk_seed(78);
    pay_times(1);
    struct digest other = digest_of_file(PATH "-wal");
    cr_assert_not(digest_equal(&other, &wal[0]));
}

/* ---- speed ----------------------------------------------------------------------------------- */

/* Not a test: says how many commits of one row a second the file system lets through. */
Test(vfs, speed)
{
    enum { COMMITS = 100000 };
    sqlite3 *db =
        sql_open("/sim/0/plain.db", "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                    "CREATE TABLE t(a INTEGER PRIMARY KEY, b INTEGER);"
                                    "INSERT INTO t VALUES (1, 0)");
    sqlite3_stmt *statement;
    cr_assert_eq(sqlite3_prepare_v2(db, "UPDATE t SET b = b + 1 WHERE a = 1", -1, &statement, NULL),
                 SQLITE_OK);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < COMMITS; i++) {
        cr_assert_eq(sqlite3_step(statement), SQLITE_DONE);
        sqlite3_reset(statement);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds =
        (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    cr_log_info("%.0f commits/s\n", COMMITS / seconds);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}
