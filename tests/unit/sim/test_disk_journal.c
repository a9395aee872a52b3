/* The real journal and the real safety file on a disk that dies, tears and forgets. */
#include "crypto/codec.h"
#include "crypto/key.h"
#include "node/journal.h"
#include "node/safety.h"
#include "tests/sim/disk.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

enum { RECORDS_MAX = 1 << 20, PAYLOAD_MAX = 3000, SEGMENT = 32768 };

static struct disk *disk;
static struct stream stream;
static struct problem problem;
static struct journal *journal;

/* What the process has been told, and what it has written: the salt of each record's payload. */
static uint64_t *salts;
static uint64_t durable, appended, seen_first, seen_last;

static void start(uint64_t seed)
{
    disk_seed(seed);
    stream = stream_of(seed, 1);
    disk = disk_new(0);
    durable = appended = 0;
}

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    salts = calloc(RECORDS_MAX, sizeof *salts);
    start(1);
}

static void teardown(void)
{
    journal_close(journal);
    journal = NULL;
    disk_free(disk);
    free(salts);
}

TestSuite(disk_journal, .init = setup, .fini = teardown);

static size_t payload_of(uint64_t salt, uint8_t bytes[PAYLOAD_MAX])
{
    struct stream s = { salt };
    size_t size =
        stream_chance(&s, 100) ? stream_between(&s, 0, PAYLOAD_MAX) : stream_between(&s, 0, 300);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(salt + i * 7);
    return size;
}

static enum status on_record(void *user, const struct journal_record *record)
{
    (void)user;
    uint8_t bytes[PAYLOAD_MAX];
    if (seen_first == 0) seen_first = record->number;
    seen_last = record->number;
    cr_assert_leq(record->number, appended, "a record that nobody has written");
    size_t size = payload_of(salts[record->number], bytes);
    cr_assert(span_equal(record->payload, span_of(bytes, size)), "record %lu", record->number);
    return STATUS_OK;
}

static enum status open_it(void)
{
    struct journal_options options = { .dir = "/sim/0/journal", .segment_size = SEGMENT };
    memset(options.chain_id.bytes, 3, sizeof options.chain_id.bytes);
    seen_first = seen_last = 0;
    journal = NULL;
    return journal_open(&journal, &options, on_record, NULL, NULL, &problem);
}

static struct span next_payload(uint8_t bytes[PAYLOAD_MAX])
{
    cr_assert_lt(appended + 1, RECORDS_MAX);
    salts[appended + 1] = stream_next(&stream);
    return span_of(bytes, payload_of(salts[appended + 1], bytes));
}

static void append(void)
{
    uint8_t bytes[PAYLOAD_MAX];
    struct span payload = next_payload(bytes);
    if (journal_append(journal, JOURNAL_ENGINE, &payload, 1, NULL) == STATUS_OK) appended++;
}

static enum status begin_segment(void)
{
    uint8_t bytes[PAYLOAD_MAX];
    struct span payload = next_payload(bytes);
    enum status status = journal_begin_segment(journal, &payload, 1, NULL, &problem);
    if (status == STATUS_OK) appended++;
    return status;
}

/* Groups of records, segments, cuts; until something fails. */
static enum status work(int groups)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < groups && status == STATUS_OK; i++) {
        uint64_t count = stream_between(&stream, 1, 12);
        for (uint64_t n = 0; n < count; n++)
            append();
        status = journal_sync(journal, &problem);
        durable = journal_durable(journal);
        if (status != STATUS_OK || !journal_wants_segment(journal)) continue;
        status = begin_segment();
        durable = journal_durable(journal);
        if (status == STATUS_OK) status = journal_sync(journal, &problem);
        durable = journal_durable(journal);
        if (status == STATUS_OK && stream_chance(&stream, 700))
            status = journal_cut(journal, durable, &problem);
    }
    return status;
}

static void close_it(void)
{
    journal_close(journal);
    journal = NULL;
}

/* Everything that the process was told is there again. */
static void check_opened(void)
{
    cr_assert_geq(seen_last, durable, "%lu was durable, %lu is there", durable, seen_last);
    appended = journal_last(journal);
    durable = journal_durable(journal);
}

/* The process is gone, perhaps with the power. */
static void crash(bool power)
{
    close_it();
    disk_crash(disk, power, &stream);
    enum status status = open_it();
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
    check_opened();
}

/* ---- crashes --------------------------------------------------------------------------------- */

static void crash_often(int rounds, bool (*power)(void))
{
    cr_assert_eq(open_it(), STATUS_OK, "%s", problem.text);
    for (int round = 0; round < rounds; round++) {
        disk_die_at(disk, stream_between(&stream, 1, 80));
        (void)work(30);
        crash(power());
    }
    cr_assert_gt(durable, (uint64_t)rounds);
}

static bool never(void)
{
    return false;
}

static bool always(void)
{
    return true;
}

static bool sometimes(void)
{
    return stream_chance(&stream, 500);
}

Test(disk_journal, a_killed_process_finds_what_it_had_written)
{
    crash_often(1000, never);
}

Test(disk_journal, a_power_cut_leaves_what_was_durable)
{
    crash_often(3000, always);
    struct disk_counts counts;
    disk_counts(disk, &counts);
    cr_assert_gt(counts.torn, 100);
    cr_assert_gt(counts.lost, 500);
}

Test(disk_journal, both_in_turn)
{
    crash_often(3000, sometimes);
}

/* From the first operation of a new journal to the first cut, each one is the last, many times over
 * with other luck; then once more while it opens again. */
Test(disk_journal, every_operation_may_be_the_last)
{
    bool finished = false;
    for (uint64_t at = 1; !finished; at++) {
        for (uint64_t luck = 0; luck < 10; luck++) {
            disk_free(disk);
            start(at * 100);
            disk_die_at(disk, at);
            stream = stream_of(17, 1);
            enum status status = open_it();
            if (status == STATUS_OK) status = work(40);
            finished = status == STATUS_OK;
            stream = stream_of(luck, 2);
            close_it();
            disk_crash(disk, luck % 3 != 0, &stream);
            disk_die_at(disk, stream_between(&stream, 1, 6));
            if (open_it() == STATUS_OK) {
                check_opened();
                (void)work(1);
            }
            crash(luck % 2 != 0);
            close_it();
        }
        cr_assert_lt(at, 1000);
    }
}

/* ---- errors ---------------------------------------------------------------------------------- */

Test(disk_journal, a_full_disk_stops_it_when_a_segment_begins)
{
    cr_assert_eq(open_it(), STATUS_OK);
    disk_limit(disk, disk_bytes(disk) + SEGMENT / 2);
    enum status status = STATUS_OK;
    for (int i = 0; i < 1000 && status == STATUS_OK; i++)
        status = work(1);
    cr_assert_eq(status, STATUS_IO);
    cr_assert(strstr(problem.text, "preallocating a segment failed: No space"), "%s", problem.text);
    cr_assert_eq(journal_sync(journal, &problem), STATUS_IO, "goes on after a failure");
    disk_limit(disk, UINT64_MAX);
    crash(false);
    cr_assert_eq(work(30), STATUS_OK);
}

Test(disk_journal, a_failed_write_stops_it)
{
    for (uint64_t nth = 1; nth < 12; nth++) {
        if (!journal) cr_assert_eq(open_it(), STATUS_OK);
        disk_fail(disk, DISK_EIO_WRITE, nth);
        enum status status = STATUS_OK;
        for (int i = 0; i < 1000 && status == STATUS_OK; i++)
            status = work(1);
        cr_assert_eq(status, STATUS_IO);
        cr_assert_eq(journal_sync(journal, &problem), STATUS_IO);
        crash(nth % 2 == 0);
    }
}

/* What a failed sync should have made durable never will be, although it can be read until the
 * power goes: nothing that was acknowledged may rest on it. */
Test(disk_journal, a_failed_sync_stops_it_and_nothing_rests_on_it)
{
    cr_assert_eq(open_it(), STATUS_OK);
    for (int round = 0; round < 300; round++) {
        disk_fail(disk, DISK_EIO_SYNC, stream_between(&stream, 1, 12));
        enum status status = STATUS_OK;
        for (int i = 0; i < 1000 && status == STATUS_OK; i++)
            status = work(1);
        cr_assert_eq(status, STATUS_IO);
        crash(round % 5 == 0);
        cr_assert_eq(work((int)stream_between(&stream, 0, 3)), STATUS_OK, "%s", problem.text);
        crash(true);
    }
}

Test(disk_journal, a_failed_read_is_no_damage)
{
    cr_assert_eq(open_it(), STATUS_OK);
    cr_assert_eq(work(10), STATUS_OK);
    crash(false);
    journal_close(journal);
    disk_fail(disk, DISK_EIO_READ, 1);
    cr_assert_eq(open_it(), STATUS_IO, "%s", problem.text);
    cr_assert_eq(open_it(), STATUS_OK, "%s", problem.text);
}

/* ---- bits that flip -------------------------------------------------------------------------- */

/* Every flip in what is durable is found: in the records, or in the head. One in the last group
 * cannot be told from a torn tail, and one in the zeros behind it does no harm. */
Test(disk_journal, a_flipped_bit_is_damage)
{
    int damaged = 0, torn = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        disk_free(disk);
        start(seed);
        cr_assert_eq(open_it(), STATUS_OK);
        cr_assert_eq(work(30), STATUS_OK);
        uint64_t last = durable;
        close_it();
        cr_assert(disk_flip(disk, "journal/", &stream));
        enum status status = open_it();
        damaged += status == STATUS_DAMAGED;
        if (status == STATUS_DAMAGED) continue;
        cr_assert_eq(status, STATUS_OK, "%s", problem.text);
        torn += seen_last < last;
        cr_assert_lt(last - seen_last, 13, "seed %lu: more than the last group is gone", seed);
        close_it();
    }
    cr_assert_gt(damaged, 200, "%d damaged, %d torn", damaged, torn);
}

Test(disk_journal, a_lost_journal_begins_anew)
{
    cr_assert_eq(open_it(), STATUS_OK);
    cr_assert_eq(work(30), STATUS_OK);
    journal_close(journal);
    disk_remove(disk, "journal");
    cr_assert_eq(open_it(), STATUS_OK, "%s", problem.text);
    cr_assert_eq(seen_last, 0);
    cr_assert_eq(journal_last(journal), 0);
}

/* ---- the safety file ------------------------------------------------------------------------- */

static const char safety_path[] = "/sim/0/safety";
static struct public_key seal_key;
static struct digest chain_id;

static enum status safety_open_it(struct safety **safety, struct safety_state *state)
{
    struct safety_report report;
    return safety_open(safety, safety_path, &seal_key, &chain_id, state, &report, &problem);
}

Test(disk_journal, a_safety_file_keeps_what_was_synced)
{
    struct safety *safety;
    struct safety_state state = { 0 };
    uint64_t older = 0;
    cr_assert_eq(safety_create(safety_path, &seal_key, &chain_id, &problem), STATUS_OK, "%s",
                 problem.text);
    cr_assert_eq(safety_open_it(&safety, &state), STATUS_OK);
    for (int round = 0; round < 2000; round++) {
        uint64_t synced = state.counter, written = state.counter;
        bool power = stream_chance(&stream, 500);
        disk_die_at(disk, stream_between(&stream, 1, 20));
        for (int i = 0; i < 30; i++) {
            state.journal_record++;
            if (safety_write(safety, &state) != STATUS_OK) break;
            written++;
            if (!stream_chance(&stream, 300)) continue;
            if (safety_sync(safety) != STATUS_OK) break;
            synced = written;
        }
        safety_close(safety);
        disk_crash(disk, power, &stream);
        cr_assert_eq(safety_open_it(&safety, &state), STATUS_OK, "%s", problem.text);
        uint64_t found = state.counter - 1; /* Opening has written it once more, and synced it. */
        cr_assert_leq(found, written);
        if (power)
            cr_assert_geq(found, synced);
        else
            cr_assert_eq(found, written);
        older += found < written;
    }
    cr_assert_gt(older, 100, "power cuts never take a slot back");
    safety_close(safety);
}

Test(disk_journal, a_bad_slot_leaves_the_other)
{
    struct safety *safety;
    struct safety_state state = { 0 };
    cr_assert_eq(safety_create(safety_path, &seal_key, &chain_id, &problem), STATUS_OK);
    /* One bit costs one slot, and opening mends it; two cost both now and then. */
    for (int i = 0; i < 20; i++) {
        cr_assert(disk_flip(disk, "safety", &stream));
        cr_assert_eq(safety_open_it(&safety, &state), STATUS_OK, "%s", problem.text);
        safety_close(safety);
    }
    enum status status = STATUS_OK;
    for (int i = 0; i < 100 && status == STATUS_OK; i++) {
        cr_assert(disk_flip(disk, "safety", &stream));
        cr_assert(disk_flip(disk, "safety", &stream));
        status = safety_open_it(&safety, &state);
        if (status == STATUS_OK) safety_close(safety);
    }
    cr_assert_eq(status, STATUS_DAMAGED, "%s", problem.text);
}

/* ---- determinism ----------------------------------------------------------------------------- */

/* The bytes of all segments, in order. */
static struct digest digest_of_journal(void)
{
    static uint8_t bytes[64 * SEGMENT];
    size_t size = 0;
    struct disk_file *dir, *file;
    cr_assert_eq(disk_open("/sim/0/journal", O_RDONLY, &dir), 0);
    const char *name;
    for (size_t i = 0; (name = disk_name(dir, i)); i++) {
        char path[DISK_PATH_MAX];
        snprintf(path, sizeof path, "/sim/0/journal/%s", name);
        cr_assert_eq(disk_open(path, O_RDONLY, &file), 0);
        cr_assert_lt(size + disk_size(file), sizeof bytes);
        size += (size_t)disk_read(file, bytes + size, sizeof bytes - size, 0);
        disk_close(file);
    }
    disk_close(dir);
    struct span all = span_of(bytes, size);
    return digest_plain(&all, 1);
}

Test(disk_journal, equal_seeds_give_equal_bytes)
{
    struct digest digests[3];
    for (int run = 0; run < 3; run++) {
        journal_close(journal);
        disk_free(disk);
        start(run < 2 ? 5 : 6);
        crash_often(100, sometimes);
        digests[run] = digest_of_journal();
    }
    cr_assert(digest_equal(&digests[0], &digests[1]));
    cr_assert_not(digest_equal(&digests[0], &digests[2]));
}
