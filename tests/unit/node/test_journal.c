#include "node/journal.h"

#include "crypto/codec.h"
#include "node/files.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The tests cut and flip bytes at every place of small segments. */
enum { SEGMENT = 16384 };

static char dir[64];
static char journal_dir[96];
static struct problem problem;
static struct journal_report report;

static void setup(void)
{
    strcpy(dir, "/tmp/witan_journal_XXXXXX");
    cr_assert(mkdtemp(dir));
    snprintf(journal_dir, sizeof journal_dir, "%s/journal", dir);
}

static void run(const char *command)
{
    cr_assert_eq(system(command), 0, "%s", command);
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    run(command);
}

static struct journal_options options_of(void)
{
    struct journal_options options = { .dir = journal_dir, .segment_size = SEGMENT };
    memset(options.chain_id.bytes, 3, sizeof options.chain_id.bytes);
    return options;
}

/* What replay has shown. */
static struct {
    uint64_t count, first, last, folds, firsts;
    uint64_t stop_at; /* answer STATUS_MALFORMED at this number */
    struct journal_record records[512];
} seen;

static void payload_of(uint64_t number, char text[64])
{
    /* Sizes of all residues, so that paddings of all lengths occur. */
    int size = snprintf(text, 64, "payload %llu ", (unsigned long long)number);
    for (uint64_t i = 0; i < number % 9; i++)
        text[size++] = '+';
    text[size] = 0;
}

static enum status on_record(void *user, const struct journal_record *record)
{
    (void)user;
    if (record->number == seen.stop_at) return STATUS_MALFORMED;
    if (seen.count == 0) seen.first = record->number;
    if (seen.count > 0) cr_assert_eq(record->number, seen.last + 1);
    if (seen.count < 512) seen.records[seen.count] = *record;
    seen.count++;
    seen.last = record->number;
    seen.firsts += record->first;
    if (record->kind == JOURNAL_FOLD) {
        seen.folds++;
        return STATUS_OK;
    }
    if (record->kind == JOURNAL_PROPOSAL) return STATUS_OK; /* of one test's own */
    char text[64];
    payload_of(record->number, text);
    cr_assert(span_equal(record->payload, span_text(text)));
    return STATUS_OK;
}

static struct journal *open_it(void)
{
    struct journal_options options = options_of();
    struct journal *journal = NULL;
    memset(&seen, 0, sizeof seen);
    enum status status = journal_open(&journal, &options, on_record, NULL, &report, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
    return journal;
}

static enum status try_open(void)
{
    struct journal_options options = options_of();
    struct journal *journal = NULL;
    memset(&seen, 0, sizeof seen);
    enum status status = journal_open(&journal, &options, on_record, NULL, &report, &problem);
    if (status == STATUS_OK) journal_close(journal);
    return status;
}

static void append(struct journal *journal, int count)
{
    for (int i = 0; i < count; i++) {
        char text[64];
        payload_of(journal_last(journal) + 1, text);
        struct span parts[2] = { span_of(text, 3), span_of(text + 3, strlen(text) - 3) };
        uint64_t number;
        cr_assert_eq(journal_append(journal, JOURNAL_ENGINE, parts, 2, &number), STATUS_OK);
        cr_assert_eq(number, journal_last(journal));
    }
}

static void sync_it(struct journal *journal)
{
    cr_assert_eq(journal_sync(journal, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(journal_durable(journal), journal_last(journal));
}

static void begin_segment(struct journal *journal)
{
    struct span fold = span_text("fold");
    cr_assert_eq(journal_begin_segment(journal, &fold, 1, NULL, &problem), STATUS_OK, "%s",
                 problem.text);
}

static const char *segment_path(uint64_t segment)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%020llu.log", journal_dir, (unsigned long long)segment);
    return path;
}

/* Groups of ten records; the last group synced last. */
static void make_groups(int groups)
{
    struct journal *journal = open_it();
    for (int i = 0; i < groups; i++) {
        append(journal, 10);
        sync_it(journal);
    }
    journal_close(journal);
}

static void flip(uint64_t segment, uint64_t offset)
{
    int fd = open(segment_path(segment), O_RDWR);
    cr_assert_geq(fd, 0);
    uint8_t byte;
    cr_assert_eq(pread(fd, &byte, 1, (off_t)offset), 1);
    byte ^= 0x04;
    cr_assert_eq(pwrite(fd, &byte, 1, (off_t)offset), 1);
    close(fd);
}

static void zero(uint64_t segment, uint64_t start, uint64_t end)
{
    static const uint8_t zeros[SEGMENT];
    int fd = open(segment_path(segment), O_RDWR);
    cr_assert_eq(pwrite(fd, zeros, end - start, (off_t)start), (ssize_t)(end - start));
    close(fd);
}

/* A copy to come back to. */
static void save(void)
{
    char command[256];
    snprintf(command, sizeof command, "rm -rf %s/saved && cp -r %s %s/saved", dir, journal_dir,
             dir);
    run(command);
}

static void restore(void)
{
    char command[256];
    snprintf(command, sizeof command, "cp %s/saved/* %s/", dir, journal_dir);
    run(command);
}

/* The offset just behind a record that replay has shown. */
static uint64_t end_of(size_t place)
{
    const struct journal_record *record = &seen.records[place];
    return record->offset + (JOURNAL_RECORD_OVERHEAD + record->payload.size + 7) / 8 * 8;
}

Test(journal, new_and_empty, .init = setup, .fini = teardown)
{
    struct journal *journal = open_it();
    cr_assert(report.created);
    cr_assert_eq(journal_last(journal), 0);
    cr_assert_eq(journal_durable(journal), 0);
    cr_assert_not(journal_wants_segment(journal));
    sync_it(journal); /* of nothing */
    journal_close(journal);
    struct stat info;
    cr_assert_eq(stat(segment_path(1), &info), 0);
    cr_assert_eq(info.st_size, SEGMENT); /* preallocated */
    cr_assert_eq(info.st_mode & 0777, 0600);
    journal = open_it();
    cr_assert_not(report.created);
    cr_assert_eq(seen.count, 0);
    journal_close(journal);
}

Test(journal, what_was_synced_comes_back, .init = setup, .fini = teardown)
{
    struct journal *journal = open_it();
    for (int i = 1; i <= 20; i++) {
        append(journal, i);
        sync_it(journal);
    }
    append(journal, 3); /* not synced: gone */
    cr_assert_eq(journal_durable(journal), 210);
    journal_close(journal);
    journal = open_it();
    cr_assert_eq(seen.count, 210);
    cr_assert_eq(seen.first, 1);
    cr_assert_eq(report.last_record, 210);
    cr_assert_eq(report.torn_bytes, 0);
    append(journal, 1);
    sync_it(journal);
    journal_close(journal);
    journal = open_it();
    cr_assert_eq(seen.count, 211);
    journal_close(journal);
}

/* The bytes that the documentation promises. */
Test(journal, layout, .init = setup, .fini = teardown)
{
    struct journal *journal = open_it();
    append(journal, 2);
    sync_it(journal);
    append(journal, 1);
    sync_it(journal);
    journal_close(journal);
    uint8_t bytes[512];
    int fd = open(segment_path(1), O_RDONLY);
    cr_assert_eq(read(fd, bytes, sizeof bytes), (ssize_t)sizeof bytes);
    close(fd);
    cr_assert_eq(memcmp(bytes, "WITNJRNL", 8), 0);
    cr_assert_eq(load_u16(bytes + 8), 1);
    for (int i = 0; i < 32; i++)
        cr_assert_eq(bytes[10 + i], 3);    /* chain id */
    cr_assert_eq(load_u64(bytes + 42), 1); /* segment */
    cr_assert_eq(load_u64(bytes + 50), 1); /* first record */
    uint32_t magic = load_u32(bytes + 76);
    const uint8_t *record = bytes + JOURNAL_HEAD_BYTES;
    cr_assert_eq(load_u32(record), magic);
    cr_assert_eq(load_u32(record + 4), strlen("payload 1 +"));
    cr_assert_eq(load_u64(record + 8), 1);
    cr_assert_eq(load_u64(record + 16), 0); /* durable through */
    cr_assert_eq(record[24], JOURNAL_ENGINE);
    cr_assert_eq(memcmp(record + 25, "payload 1 +", 11), 0);
    struct span chained[2] = { span_of(bytes + 58, 16), span_of(record, 25 + 11) };
    struct digest chain = digest_plain(chained, 2);
    cr_assert_eq(memcmp(record + 25 + 11 + 4, chain.bytes, 16), 0);
    const uint8_t *third = record + 56 + 64; /* 45 + 11 = 56; 45 + 12 = 57 -> 64 */
    cr_assert_eq(load_u64(third + 8), 3);
    cr_assert_eq(load_u64(third + 16), 2);
}

/* A power cut while the last group was being written: every possible length of it. What was synced
 * before stays, the rest is cut, and appending goes on. */
Test(journal, torn_at_every_byte_of_the_last_group, .init = setup, .fini = teardown, .timeout = 300)
{
    make_groups(3);
    struct journal *journal = open_it();
    journal_close(journal);
    uint64_t start = seen.records[20].offset;
    uint64_t end = end_of(29);
    uint64_t ends[10];
    for (size_t i = 0; i < 10; i++)
        ends[i] = end_of(20 + i);
    save();
    for (uint64_t cut = start; cut < end; cut++) {
        restore();
        zero(1, cut, end);
        uint64_t whole = 20;
        for (size_t i = 0; i < 10; i++)
            whole += cut >= ends[i];
        cr_assert_eq(try_open(), STATUS_OK, "cut at %llu: %s", (unsigned long long)cut,
                     problem.text);
        cr_assert_geq(seen.last, whole);     /* Only padding may be missing ... */
        cr_assert_leq(seen.last, whole + 1); /* ... for one more record to be whole. */
        if (cut % 7 != 0) continue;
        journal = open_it();
        cr_assert_eq(report.torn_bytes, 0); /* It was cut, once. */
        append(journal, 2);
        sync_it(journal);
        journal_close(journal);
        uint64_t last = seen.last;
        cr_assert_eq(try_open(), STATUS_OK);
        cr_assert_eq(seen.last, last + 2);
    }
}

/* The same with garbage instead of zeros. */
Test(journal, flipped_in_the_last_group_is_torn, .init = setup, .fini = teardown, .timeout = 300)
{
    make_groups(2);
    struct journal *journal = open_it();
    journal_close(journal);
    uint64_t start = seen.records[10].offset;
    uint64_t end = end_of(19);
    uint64_t offsets[10];
    for (size_t i = 0; i < 10; i++)
        offsets[i] = seen.records[10 + i].offset;
    save();
    for (uint64_t at = start; at < end; at++) {
        restore();
        flip(1, at);
        uint64_t before = 10;
        for (size_t i = 1; i < 10; i++)
            before += at >= offsets[i];
        cr_assert_eq(try_open(), STATUS_OK, "flip at %llu", (unsigned long long)at);
        cr_assert_eq(seen.last, before, "flip at %llu", (unsigned long long)at);
        cr_assert_gt(report.torn_bytes, 0);
        cr_assert_eq(report.torn_offset, before == 10 ? start : offsets[before - 10]);
    }
}

/* A flipped byte in anything that a later record knows to be durable is damage, by name. */
Test(journal, flipped_in_the_middle_is_damage, .init = setup, .fini = teardown, .timeout = 300)
{
    make_groups(3);
    struct journal *journal = open_it();
    journal_close(journal);
    uint64_t end = end_of(19); /* of the second group */
    uint64_t offsets[20];
    for (size_t i = 0; i < 20; i++)
        offsets[i] = seen.records[i].offset;
    save();
    for (uint64_t at = 0; at < end; at++) {
        restore();
        flip(1, at);
        cr_assert_eq(try_open(), STATUS_DAMAGED, "flip at %llu", (unsigned long long)at);
        cr_assert(strstr(problem.text, "00000000000000000001.log"), "%s", problem.text);
        uint64_t place = 0;
        for (size_t i = 0; i < 20; i++)
            if (at >= offsets[i]) place = offsets[i];
        char wanted[64];
        snprintf(wanted, sizeof wanted, "offset %llu", (unsigned long long)place);
        cr_assert(strstr(problem.text, wanted), "flip at %llu: %s", (unsigned long long)at,
                  problem.text);
    }
    /* Nothing was changed on the disk by all these tries. */
    restore();
    cr_assert_eq(try_open(), STATUS_OK);
    cr_assert_eq(seen.count, 30);
}

/* Blocks of one unsynced group that reached the disk out of order: a later record is there, an
 * earlier one is not. Nobody was told about either. */
Test(journal, out_of_order_group_is_torn, .init = setup, .fini = teardown)
{
    make_groups(3);
    struct journal *journal = open_it();
    journal_close(journal);
    zero(1, seen.records[22].offset, seen.records[25].offset);
    cr_assert_eq(try_open(), STATUS_OK, "%s", problem.text);
    cr_assert_eq(seen.last, 22);
    cr_assert_gt(report.torn_bytes, 0);
    /* The stale records behind do not come back when new ones are written over the hole. */
    journal = open_it();
    append(journal, 1);
    sync_it(journal);
    journal_close(journal);
    cr_assert_eq(try_open(), STATUS_OK);
    cr_assert_eq(seen.last, 23);
}

/* A payload that looks like the rest of a journal is only a payload: whoever sends us bytes cannot
 * turn a torn tail into damage. */
Test(journal, payloads_never_pass_for_records, .init = setup, .fini = teardown)
{
    make_groups(2);
    uint8_t copy[SEGMENT];
    int fd = open(segment_path(1), O_RDONLY);
    ssize_t size = read(fd, copy, sizeof copy);
    close(fd);
    cr_assert_eq(size, SEGMENT);
    char command[160];
    snprintf(command, sizeof command, "rm -r %s", journal_dir);
    run(command);

    struct journal *journal = open_it();
    append(journal, 5);
    sync_it(journal);
    /* 25 bytes of head stand before the payload: seven more align the stolen records. */
    struct span parts[2] = { span_of("1234567", 7), span_of(copy + JOURNAL_HEAD_BYTES, 2000) };
    cr_assert_eq(journal_append(journal, JOURNAL_PROPOSAL, parts, 2, NULL), STATUS_OK);
    sync_it(journal);
    journal_close(journal);
    cr_assert_eq(try_open(), STATUS_OK);
    cr_assert_eq(seen.last, 6);
    flip(1, seen.records[5].offset + 25);
    /* The stolen records 11 to 20 say "durable through 10", which would make a lost 6 damage. */
    cr_assert_eq(try_open(), STATUS_OK, "%s", problem.text);
    cr_assert_eq(seen.last, 5);
}

Test(journal, segments, .init = setup, .fini = teardown)
{
    struct journal *journal = open_it();
    int rolled = 0;
    for (int i = 0; i < 60; i++) {
        append(journal, 20);
        if (i % 2 == 0) sync_it(journal);
        if (!journal_wants_segment(journal)) continue;
        begin_segment(journal);
        rolled++;
    }
    sync_it(journal);
    cr_assert_gt(rolled, 2);
    uint64_t last = journal_last(journal);
    struct journal_sizes sizes;
    journal_sizes(journal, &sizes);
    cr_assert_eq(sizes.segments, (uint64_t)rolled + 1);
    cr_assert_geq(sizes.bytes, sizes.segments * SEGMENT);
    journal_close(journal);
    journal = open_it();
    cr_assert_eq(seen.count, last);
    cr_assert_eq(seen.folds, (uint64_t)rolled);
    cr_assert_eq(seen.firsts, (uint64_t)rolled + 1);
    cr_assert_eq(report.segments, (uint64_t)rolled + 1);
    journal_close(journal);
}

static void make_segments(void)
{
    struct journal *journal = open_it();
    for (int i = 0; i < 4; i++) {
        append(journal, 9);
        begin_segment(journal); /* folds are 10, 20, 30, 40 */
    }
    append(journal, 5);
    sync_it(journal);
    journal_close(journal);
}

/* In a segment that has a successor everything was durable, its last record too. */
Test(journal, damage_at_the_end_of_an_old_segment, .init = setup, .fini = teardown)
{
    make_segments();
    struct journal *journal = open_it();
    journal_close(journal);
    cr_assert_eq(seen.records[18].number, 19);
    cr_assert_eq(seen.records[18].segment, 2);
    save();
    uint64_t start = seen.records[18].offset;
    for (uint64_t at = start; at < end_of(18); at++) {
        restore();
        flip(2, at);
        memset(problem.text, 0, sizeof problem.text);
        cr_assert_eq(try_open(), STATUS_DAMAGED);
        cr_assert(strstr(problem.text, "00000000000000000002.log"), "%s", problem.text);
    }
}

Test(journal, a_missing_segment_is_damage, .init = setup, .fini = teardown)
{
    make_segments();
    cr_assert_eq(unlink(segment_path(3)), 0);
    cr_assert_eq(try_open(), STATUS_DAMAGED);
    cr_assert(strstr(problem.text, "segment 3 is missing"), "%s", problem.text);
}

Test(journal, cut, .init = setup, .fini = teardown)
{
    make_segments();
    struct journal *journal = open_it();
    cr_assert_eq(journal_cut(journal, 8, &problem), STATUS_OK);
    cr_assert_eq(access(segment_path(1), F_OK), 0); /* record 9 is still needed */
    cr_assert_eq(journal_cut(journal, 9, &problem), STATUS_OK);
    cr_assert_neq(access(segment_path(1), F_OK), 0);
    cr_assert_eq(access(segment_path(2), F_OK), 0);
    cr_assert_eq(journal_cut(journal, 35, &problem), STATUS_OK);
    cr_assert_neq(access(segment_path(3), F_OK), 0);
    cr_assert_eq(access(segment_path(4), F_OK), 0);
    cr_assert_eq(journal_cut(journal, UINT64_MAX, &problem), STATUS_OK);
    cr_assert_eq(access(segment_path(5), F_OK), 0); /* never the last one */
    append(journal, 1);
    sync_it(journal);
    journal_close(journal);
    journal = open_it();
    cr_assert_eq(seen.first, 40);
    cr_assert_eq(seen.last, 46);
    cr_assert(seen.records[0].first);
    cr_assert_eq(seen.records[0].kind, JOURNAL_FOLD);
    journal_close(journal);
}

/* Old segments stay until the fold that replaces them is on the disk. */
/* What was cut stands in the fold alone: without it the journal is no empty one with a torn tail.
 */
Test(journal, a_damaged_fold_behind_a_cut, .init = setup, .fini = teardown)
{
    struct journal *journal = open_it();
    append(journal, 9);
    begin_segment(journal);
    sync_it(journal);
    cr_assert_eq(journal_cut(journal, 9, &problem), STATUS_OK);
    cr_assert_neq(access(segment_path(1), F_OK), 0);
    journal_close(journal);
    flip(2, JOURNAL_HEAD_BYTES + 26);
    cr_assert_eq(try_open(), STATUS_DAMAGED);
    cr_assert(strstr(problem.text, "fold"), "%s", problem.text);
}

Test(journal, no_cut_without_a_durable_fold, .init = setup, .fini = teardown)
{
    struct journal *journal = open_it();
    append(journal, 9);
    begin_segment(journal);
    cr_assert_eq(journal_cut(journal, 9, &problem), STATUS_OK);
    cr_assert_eq(access(segment_path(1), F_OK), 0);
    journal_close(journal); /* a crash: the fold is lost */

    journal = open_it();
    cr_assert_eq(seen.last, 9);
    append(journal, 3); /* goes on in the segment without a fold */
    sync_it(journal);
    cr_assert_eq(journal_cut(journal, 9, &problem), STATUS_OK);
    cr_assert_eq(access(segment_path(1), F_OK), 0);
    begin_segment(journal);
    sync_it(journal);
    cr_assert_eq(journal_cut(journal, 12, &problem), STATUS_OK);
    cr_assert_neq(access(segment_path(1), F_OK), 0);
    cr_assert_neq(access(segment_path(2), F_OK), 0);
    journal_close(journal);
    journal = open_it();
    cr_assert_eq(seen.first, 13);
    journal_close(journal);
}

/* A crash while a segment was being made leaves a temporary file, which goes. */
Test(journal, leftovers, .init = setup, .fini = teardown)
{
    make_groups(1);
    char path[200];
    snprintf(path, sizeof path, "%s.tmp", segment_path(2));
    cr_assert_eq(file_write(path, span_text("half a head"), 0600, true, &problem), STATUS_OK);
    char stray[160];
    snprintf(stray, sizeof stray, "%s/notes.txt", journal_dir);
    cr_assert_eq(file_write(stray, span_text("mine"), 0600, true, &problem), STATUS_OK);
    struct journal *journal = open_it();
    cr_assert_eq(seen.count, 10);
    cr_assert_neq(access(path, F_OK), 0);
    cr_assert_eq(access(stray, F_OK), 0);
    begin_segment(journal);
    sync_it(journal);
    journal_close(journal);
    cr_assert_eq(try_open(), STATUS_OK);
    cr_assert_eq(seen.last, 11);
}

Test(journal, other_chain_and_version, .init = setup, .fini = teardown)
{
    make_groups(1);
    struct journal_options options = options_of();
    options.chain_id.bytes[0] ^= 1;
    struct journal *journal;
    cr_assert_eq(journal_open(&journal, &options, on_record, NULL, &report, &problem),
                 STATUS_MISMATCH);
    cr_assert(strstr(problem.text, "another chain"));
}

Test(journal, replay_may_refuse, .init = setup, .fini = teardown)
{
    make_groups(1);
    struct journal_options options = options_of();
    struct journal *journal;
    memset(&seen, 0, sizeof seen);
    seen.stop_at = 7;
    cr_assert_eq(journal_open(&journal, &options, on_record, NULL, &report, &problem),
                 STATUS_MALFORMED);
    cr_assert_eq(seen.last, 6);
}

Test(journal, scan_changes_nothing, .init = setup, .fini = teardown)
{
    struct journal_options options = options_of();
    cr_assert_eq(journal_scan(&options, on_record, NULL, &report, &problem), STATUS_NOT_FOUND);
    make_groups(2);
    struct journal *journal = open_it();
    journal_close(journal);
    zero(1, seen.records[17].offset + 20, end_of(18));
    for (int i = 0; i < 2; i++) { /* Twice the same: the tail is not cut. */
        memset(&seen, 0, sizeof seen);
        cr_assert_eq(journal_scan(&options, on_record, NULL, &report, &problem), STATUS_OK);
        cr_assert_eq(seen.last, 17);
        cr_assert_gt(report.torn_bytes, 0);
    }
}

Test(journal, limits, .init = setup, .fini = teardown)
{
    struct journal *journal = open_it();
    uint8_t *big = calloc(1, JOURNAL_PAYLOAD_MAX + 1);
    struct span part = span_of(big, JOURNAL_PAYLOAD_MAX + 1);
    cr_assert_eq(journal_append(journal, JOURNAL_PROPOSAL, &part, 1, NULL), STATUS_TOO_LARGE);
    struct span parts[2] = { span_of(big, JOURNAL_PAYLOAD_MAX), span_of(big, 1) };
    cr_assert_eq(journal_append(journal, JOURNAL_PROPOSAL, parts, 2, NULL), STATUS_TOO_LARGE);
    cr_assert_eq(journal_last(journal), 0);
    cr_assert_eq(journal_append(journal, JOURNAL_PROPOSAL, parts, 1, NULL), STATUS_OK);
    cr_assert_eq(journal_append(journal, JOURNAL_PROPOSAL, parts, 1, NULL), STATUS_FULL);
    sync_it(journal);
    cr_assert(journal_wants_segment(journal));
    cr_assert_eq(journal_append(journal, JOURNAL_PROPOSAL, parts, 1, NULL), STATUS_OK);
    sync_it(journal);
    journal_close(journal);
    free(big);
    struct journal_options options = options_of();
    cr_assert_eq(journal_open(&journal, &options, NULL, NULL, &report, &problem), STATUS_OK);
    cr_assert_eq(journal_last(journal), 2);
    journal_close(journal);
}

/* A file that may not grow stands for a full disk. After a failure nothing is tried again, and what
 * was durable is still there at the next start. */
Test(journal, full_disk, .init = setup, .fini = teardown)
{
    struct journal *journal = open_it();
    append(journal, 10);
    sync_it(journal);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    struct rlimit small = { SEGMENT, limit.rlim_max };
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    append(journal, 400);
    cr_assert_eq(journal_sync(journal, &problem), STATUS_IO);
    cr_assert(strstr(problem.text, "writing failed"), "%s", problem.text);
    cr_assert_eq(journal_durable(journal), 10);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_assert_eq(journal_sync(journal, &problem),
                 STATUS_IO); /* There is room, but no second try. */
    cr_assert_eq(journal_append(journal, JOURNAL_ENGINE, NULL, 0, NULL), STATUS_IO);
    struct span fold = span_text("fold");
    cr_assert_eq(journal_begin_segment(journal, &fold, 1, NULL, &problem), STATUS_IO);
    cr_assert_eq(journal_cut(journal, 5, &problem), STATUS_IO);
    journal_close(journal);
    cr_assert_eq(try_open(), STATUS_OK);
    cr_assert_geq(seen.last, 10);
}

/* No room for a new segment: the old one is whole, and the next start goes on. */
Test(journal, no_room_for_a_segment, .init = setup, .fini = teardown)
{
    struct journal *journal = open_it();
    append(journal, 10);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    struct rlimit small = { SEGMENT / 2, limit.rlim_max };
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct span fold = span_text("fold");
    cr_assert_eq(journal_begin_segment(journal, &fold, 1, NULL, &problem), STATUS_IO);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    journal_close(journal);
    journal = open_it();
    cr_assert_eq(seen.last, 10);
    begin_segment(journal);
    sync_it(journal);
    journal_close(journal);
}

Test(journal, a_directory_that_cannot_be, .init = setup, .fini = teardown)
{
    cr_assert_eq(file_write(journal_dir, span_text("a file"), 0600, true, &problem), STATUS_OK);
    cr_assert_neq(try_open(), STATUS_OK);
    cr_assert(strstr(problem.text, journal_dir), "%s", problem.text);
}
