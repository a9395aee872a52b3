/* What the simulated disk promises, and what it takes away. */
#include "tests/sim/disk.h"

#include "crypto/base.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

enum { SECTOR = 512, PAGE = 4096 };

static struct disk *disk;
static struct stream stream;

static void setup(void)
{
    disk = disk_new(0);
    stream = stream_of(1, 1);
}

static void teardown(void)
{
    disk_free(disk);
}

TestSuite(disk, .init = setup, .fini = teardown);

static struct disk_file *open_file(const char *path)
{
    struct disk_file *file = NULL;
    cr_assert_eq(disk_open(path, O_RDWR | O_CREAT, &file), 0, "%s", path);
    return file;
}

static void sync_root(unsigned number)
{
    char path[16];
    struct disk_file *root;
    snprintf(path, sizeof path, "/sim/%u", number);
    cr_assert_eq(disk_open(path, O_RDONLY | O_DIRECTORY, &root), 0);
    cr_assert_eq(disk_sync(root), 0);
    disk_close(root);
}

/* A file with this text, durable with its name. */
static void make(const char *path, const char *text)
{
    struct disk_file *file = open_file(path);
    cr_assert_eq(disk_write(file, text, strlen(text), 0), (ssize_t)strlen(text));
    cr_assert_eq(disk_sync(file), 0);
    disk_close(file);
    sync_root(0);
}

static bool holds(const char *path, const char *text)
{
    char bytes[256] = { 0 };
    struct disk_file *file;
    if (disk_open(path, O_RDONLY, &file) != 0) return false;
    ssize_t size = disk_read(file, bytes, sizeof bytes - 1, 0);
    disk_close(file);
    return size == (ssize_t)strlen(text) && strcmp(bytes, text) == 0;
}

/* ---- content --------------------------------------------------------------------------------- */

Test(disk, holes_are_zeros_and_cost_nothing)
{
    struct disk_file *file = open_file("/sim/0/file");
    cr_assert_eq(disk_truncate(file, (uint64_t)1 << 40), 0);
    cr_assert_eq(disk_write(file, "x", 1, 3 * PAGE + 5), 1);
    uint8_t bytes[8];
    cr_assert_eq(disk_read(file, bytes, 8, 3 * PAGE), 8);
    cr_assert_eq(memcmp(bytes, "\0\0\0\0\0x\0\0", 8), 0);
    cr_assert_eq(disk_read(file, bytes, 8, ((uint64_t)1 << 40) - 3), 3);
    cr_assert_eq(disk_read(file, bytes, 8, (uint64_t)1 << 40), 0);
    cr_assert_eq(disk_bytes(disk), (uint64_t)1 << 40);
    disk_close(file);
}

Test(disk, cut_bytes_do_not_come_back)
{
    struct disk_file *file = open_file("/sim/0/file");
    cr_assert_eq(disk_write(file, "abcdefgh", 8, PAGE - 4), 8);
    cr_assert_eq(disk_truncate(file, PAGE - 2), 0);
    cr_assert_eq(disk_truncate(file, PAGE + 4), 0);
    char bytes[9] = { 0 };
    cr_assert_eq(disk_read(file, bytes, 8, PAGE - 4), 8);
    cr_assert_eq(memcmp(bytes, "ab\0\0\0\0\0\0", 8), 0);
    disk_close(file);
}

/* ---- crashes --------------------------------------------------------------------------------- */

Test(disk, a_killed_process_loses_nothing_but_its_descriptors)
{
    struct disk_file *file = open_file("/sim/0/file");
    cr_assert_eq(disk_write(file, "unsynced", 8, 0), 8);
    disk_crash(disk, false, &stream);
    cr_assert(holds("/sim/0/file", "unsynced"));
    char byte;
    cr_assert_eq(disk_write(file, "x", 1, 0), -EBADF);
    cr_assert_eq(disk_read(file, &byte, 1, 0), -EBADF);
    cr_assert_eq(disk_sync(file), -EBADF);
    cr_assert_eq(disk_truncate(file, 0), -EBADF);
    cr_assert_eq(disk_size(file), 0);
    disk_close(file);
    cr_assert(holds("/sim/0/file", "unsynced"));
}

/* Each of these is seen in some runs, none else in any. */
Test(disk, a_power_cut_takes_names_in_order)
{
    unsigned seen[4] = { 0 };
    for (int round = 0; round < 200; round++) {
        disk_remove(disk, "");
        make("/sim/0/a", "1");
        make("/sim/0/b", "2");
        cr_assert_eq(disk_unlink("/sim/0/a"), 0);
        cr_assert_eq(disk_rename("/sim/0/b", "/sim/0/c", true), 0);
        make("/sim/0/d", "3"); /* syncs the directory, too */
        cr_assert_eq(disk_unlink("/sim/0/d"), 0);
        cr_assert_eq(disk_rename("/sim/0/c", "/sim/0/d", false), 0);
        cr_assert_eq(disk_link("/sim/0/d", "/sim/0/e"), 0);
        disk_crash(disk, true, &stream);
        cr_assert_not(disk_exists("/sim/0/a"));
        cr_assert_not(disk_exists("/sim/0/b"));
        bool c = holds("/sim/0/c", "2");
        if (c && holds("/sim/0/d", "3"))
            seen[0]++;
        else if (c && !disk_exists("/sim/0/d"))
            seen[1]++;
        else if (!disk_exists("/sim/0/c") && holds("/sim/0/d", "2"))
            seen[holds("/sim/0/e", "2") ? 3 : 2]++;
        else
            cr_assert_fail("round %d: a state that never was", round);
    }
    for (int i = 0; i < 4; i++)
        cr_assert_gt(seen[i], 10, "state %d: %u times", i, seen[i]);
}

Test(disk, a_directory_that_was_not_synced_goes_with_its_files)
{
    unsigned gone = 0;
    for (int round = 0; round < 50; round++) {
        disk_free(disk);
        disk = disk_new(0);
        cr_assert_eq(disk_mkdir("/sim/0/dir"), 0);
        struct disk_file *file = open_file("/sim/0/dir/file"), *dir;
        cr_assert_eq(disk_sync(file), 0);
        disk_close(file);
        cr_assert_eq(disk_open("/sim/0/dir", O_RDONLY, &dir), 0);
        cr_assert_eq(disk_sync(dir), 0);
        disk_close(dir);
        disk_crash(disk, true, &stream);
        cr_assert_eq(disk_exists("/sim/0/dir"), disk_exists("/sim/0/dir/file"));
        gone += !disk_exists("/sim/0/dir");
    }
    cr_assert_gt(gone, 10);
    cr_assert_lt(gone, 40);
}

/* A file that is open lives on without its name, and its space with it. */
Test(disk, an_open_file_outlives_its_name)
{
    make("/sim/0/file", "text");
    struct disk_file *file = open_file("/sim/0/file");
    cr_assert_eq(disk_unlink("/sim/0/file"), 0);
    sync_root(0);
    char bytes[5] = { 0 };
    cr_assert_eq(disk_read(file, bytes, 4, 0), 4);
    cr_assert_str_eq(bytes, "text");
    cr_assert_eq(disk_bytes(disk), 4);
    disk_close(file);
    cr_assert_eq(disk_bytes(disk), 0);
}

/* Every state that a sector had since the last sync: what a power cut may leave of it. */
enum { MODEL_SECTORS = 32, MODEL_STATES = 400 };
static struct {
    uint8_t seen[MODEL_SECTORS * SECTOR];
    uint8_t states[MODEL_SECTORS][MODEL_STATES][SECTOR];
    unsigned count[MODEL_SECTORS];
} model;

static void model_add(unsigned sector)
{
    cr_assert_lt(model.count[sector], MODEL_STATES);
    memcpy(model.states[sector][model.count[sector]++], model.seen + sector * SECTOR, SECTOR);
}

static void model_sync(void)
{
    for (unsigned i = 0; i < MODEL_SECTORS; i++) {
        model.count[i] = 0;
        model_add(i);
    }
}

static void model_write(struct disk_file *file)
{
    uint8_t bytes[3 * PAGE];
    uint64_t offset = stream_between(&stream, 0, sizeof model.seen - 1);
    uint64_t size = stream_between(&stream, 1, stream_chance(&stream, 500) ? 600 : sizeof bytes);
    size = min_u64(size, sizeof model.seen - offset);
    for (uint64_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)stream_next(&stream);
    cr_assert_eq(disk_write(file, bytes, size, offset), (ssize_t)size);
    memcpy(model.seen + offset, bytes, size);
    for (uint64_t i = offset / SECTOR; i <= (offset + size - 1) / SECTOR; i++)
        model_add((unsigned)i);
}

/* Which of its states a sector has now; the count if none. */
static unsigned model_state(unsigned sector, const uint8_t *bytes)
{
    unsigned state = 0;
    while (state < model.count[sector] &&
           memcmp(model.states[sector][state], bytes + sector * SECTOR, SECTOR) != 0)
        state++;
    return state;
}

Test(disk, a_power_cut_leaves_a_state_that_was)
{
    unsigned oldest = 0, newest = 0, between = 0;
    static uint8_t bytes[sizeof model.seen];
    struct disk_file *file = open_file("/sim/0/file");
    cr_assert_eq(disk_truncate(file, sizeof model.seen), 0);
    cr_assert_eq(disk_sync(file), 0);
    sync_root(0);
    model_sync();
    for (int round = 0; round < 1000; round++) {
        uint64_t writes = stream_between(&stream, 0, 12);
        for (uint64_t i = 0; i < writes; i++)
            model_write(file);
        if (stream_chance(&stream, 300)) {
            cr_assert_eq(disk_sync(file), 0);
            model_sync();
            model_write(file);
        }
        disk_close(file);
        disk_crash(disk, true, &stream);
        file = open_file("/sim/0/file");
        cr_assert_eq(disk_size(file), sizeof bytes);
        cr_assert_eq(disk_read(file, bytes, sizeof bytes, 0), (ssize_t)sizeof bytes);
        for (unsigned i = 0; i < MODEL_SECTORS; i++) {
            unsigned state = model_state(i, bytes);
            cr_assert_lt(state, model.count[i], "round %d, sector %u", round, i);
            if (model.count[i] < 3) continue;
            oldest += state == 0;
            newest += state == model.count[i] - 1;
            between += state > 0 && state < model.count[i] - 1;
        }
        memcpy(model.seen, bytes, sizeof bytes);
        model_sync();
    }
    disk_close(file);
    cr_assert_gt(oldest, 500);
    cr_assert_gt(newest, 500);
    cr_assert_gt(between, 100, "no state between the durable and the last: %u", between);
}

/* A cut that was synced stays; one that was not happens or not. */
Test(disk, cutting_a_file_is_one_step)
{
    unsigned cut = 0, kept = 0;
    for (int round = 0; round < 100; round++) {
        static uint8_t bytes[3 * PAGE];
        struct disk_file *file = open_file("/sim/0/file");
        memset(bytes, 'a', sizeof bytes);
        cr_assert_eq(disk_write(file, bytes, sizeof bytes, 0), (ssize_t)sizeof bytes);
        cr_assert_eq(disk_sync(file), 0);
        sync_root(0);
        cr_assert_eq(disk_truncate(file, PAGE), 0);
        disk_close(file);
        disk_crash(disk, true, &stream);
        file = open_file("/sim/0/file");
        cut += disk_size(file) == PAGE;
        kept += disk_size(file) == sizeof bytes;
        cr_assert_eq(disk_read(file, bytes, sizeof bytes, 0), (ssize_t)disk_size(file));
        for (size_t i = 0; i < disk_size(file); i++)
            cr_assert_eq(bytes[i], 'a');
        cr_assert_eq(disk_truncate(file, 10), 0);
        cr_assert_eq(disk_sync(file), 0);
        disk_crash(disk, true, &stream);
        disk_close(file);
        file = open_file("/sim/0/file");
        cr_assert_eq(disk_size(file), 10);
        disk_close(file);
    }
    cr_assert_eq(cut + kept, 100);
    cr_assert_gt(cut, 20);
    cr_assert_gt(kept, 20);
}

/* ---- faults ---------------------------------------------------------------------------------- */

Test(disk, it_dies_at_the_operation_that_was_named)
{
    struct disk_file *file = open_file("/sim/0/file");
    uint64_t before = disk_operations(disk);
    disk_die_at(disk, 3);
    cr_assert_eq(disk_write(file, "a", 1, 0), 1);
    cr_assert_eq(disk_sync(file), 0);
    cr_assert_not(disk_is_dead(disk));
    cr_assert_eq(disk_write(file, "b", 1, 0), -EIO);
    cr_assert(disk_is_dead(disk));
    cr_assert_eq(disk_sync(file), -EIO);
    cr_assert_eq(disk_truncate(file, 0), -EIO);
    cr_assert_eq(disk_unlink("/sim/0/file"), -EIO);
    cr_assert_eq(disk_rename("/sim/0/file", "/sim/0/other", true), -EIO);
    cr_assert_eq(disk_mkdir("/sim/0/dir"), -EIO);
    struct disk_file *other;
    cr_assert_eq(disk_open("/sim/0/new", O_RDWR | O_CREAT, &other), -EIO);
    cr_assert_eq(disk_open("/sim/0/file", O_RDWR | O_TRUNC, &other), -EIO);
    cr_assert(holds("/sim/0/file", "a")); /* one may still read */
    cr_assert_eq(disk_operations(disk), before + 3);
    disk_close(file);
    disk_crash(disk, false, &stream);
    cr_assert_not(disk_is_dead(disk));
    make("/sim/0/file", "b");
    cr_assert(holds("/sim/0/file", "b"));
}

Test(disk, errors_come_once)
{
    struct disk_file *file = open_file("/sim/0/file");
    char byte;
    disk_fail(disk, DISK_EIO_WRITE, 2);
    disk_fail(disk, DISK_EIO_READ, 1);
    cr_assert_eq(disk_write(file, "a", 1, 0), 1);
    cr_assert_eq(disk_write(file, "b", 1, 0), -EIO);
    cr_assert_eq(disk_write(file, "c", 1, 0), 1);
    cr_assert_eq(disk_read(file, &byte, 1, 0), -EIO);
    cr_assert_eq(disk_read(file, &byte, 1, 0), 1);
    cr_assert_eq(byte, 'c');
    disk_close(file);
}

Test(disk, what_a_failed_sync_should_have_kept_is_seen_until_the_power_goes)
{
    make("/sim/0/file", "old");
    struct disk_file *file = open_file("/sim/0/file");
    cr_assert_eq(disk_write(file, "new", 3, 0), 3);
    disk_fail(disk, DISK_EIO_SYNC, 1);
    cr_assert_eq(disk_sync(file), -EIO);
    cr_assert_eq(disk_sync(file), 0); /* the lie of the second try */
    disk_close(file);
    cr_assert(holds("/sim/0/file", "new"));
    disk_crash(disk, false, &stream);
    cr_assert(holds("/sim/0/file", "new"));
    disk_crash(disk, true, &stream);
    cr_assert(holds("/sim/0/file", "old"));
    file = open_file("/sim/0/file");
    cr_assert_eq(disk_write(file, "new", 3, 0), 3);
    disk_fail(disk, DISK_EIO_SYNC, 1);
    cr_assert_eq(disk_sync(file), -EIO);
    cr_assert_eq(disk_write(file, "new", 3, 0), 3); /* written again, it is kept */
    cr_assert_eq(disk_sync(file), 0);
    disk_close(file);
    disk_crash(disk, true, &stream);
    cr_assert(holds("/sim/0/file", "new"));
}

Test(disk, a_full_disk_takes_what_fits)
{
    make("/sim/0/file", "12345678");
    struct disk_file *file = open_file("/sim/0/file");
    disk_limit(disk, 10);
    cr_assert_eq(disk_write(file, "abcdef", 6, 6), 4);
    cr_assert_eq(disk_write(file, "x", 1, 10), -ENOSPC);
    cr_assert_eq(disk_write(file, "x", 1, 3), 1); /* grows nothing */
    cr_assert_eq(disk_truncate(file, 11), -ENOSPC);
    cr_assert(holds("/sim/0/file", "123x56abcd"));
    cr_assert_eq(disk_truncate(file, 2), 0);
    cr_assert_eq(disk_write(file, "abc", 3, 2), 3);
    disk_limit(disk, UINT64_MAX);
    cr_assert_eq(disk_write(file, "defghi", 6, 5), 6);
    disk_close(file);
}

Test(disk, one_bit_flips_in_what_a_prefix_names)
{
    make("/sim/0/a1", "aaaaaaaa");
    make("/sim/0/b1", "bbbbbbbb");
    cr_assert_not(disk_flip(disk, "c", &stream));
    cr_assert(disk_flip(disk, "a", &stream));
    disk_crash(disk, true, &stream);
    cr_assert(holds("/sim/0/b1", "bbbbbbbb"));
    char bytes[8];
    struct disk_file *file = open_file("/sim/0/a1");
    cr_assert_eq(disk_read(file, bytes, 8, 0), 8);
    disk_close(file);
    int bits = 0;
    for (int i = 0; i < 8; i++)
        bits += __builtin_popcount((uint8_t)(bytes[i] ^ 'a'));
    cr_assert_eq(bits, 1);
    struct disk_counts counts;
    disk_counts(disk, &counts);
    cr_assert_eq(counts.flipped, 1);
}

Test(disk, what_is_removed_stays_removed)
{
    make("/sim/0/a1", "1");
    make("/sim/0/b1", "2");
    cr_assert_eq(disk_rename("/sim/0/a1", "/sim/0/a2", true), 0);
    disk_remove(disk, "a");
    disk_crash(disk, true, &stream);
    cr_assert_not(disk_exists("/sim/0/a1"));
    cr_assert_not(disk_exists("/sim/0/a2"));
    cr_assert(holds("/sim/0/b1", "2"));
}

/* ---- clones ---------------------------------------------------------------------------------- */

Test(disk, a_clone_goes_its_own_way)
{
    make("/sim/0/file", "first");
    cr_assert_eq(disk_mkdir("/sim/0/dir"), 0);
    struct disk_file *file = open_file("/sim/0/dir/file");
    cr_assert_eq(disk_write(file, "unsynced", 8, 0), 8);
    disk_close(file);
    struct disk *copy = disk_clone(disk, 1);
    cr_assert(holds("/sim/1/file", "first"));
    cr_assert(holds("/sim/1/dir/file", "unsynced"));
    make("/sim/0/file", "other");
    cr_assert(holds("/sim/1/file", "first"));
    file = open_file("/sim/1/file");
    cr_assert_eq(disk_write(file, "F", 1, 0), 1);
    disk_close(file);
    cr_assert(holds("/sim/0/file", "other"));
    disk_free(disk);
    disk = NULL;
    cr_assert(holds("/sim/1/file", "First"));
    struct disk_counts counts;
    disk_counts(copy, &counts);
    cr_assert_eq(counts.writes, 1);
    disk_free(copy);
    cr_assert_not(disk_exists("/sim/1/file"));
}

/* Both contents: a power cut takes from a clone what it may take from the original. */
Test(disk, a_clone_forgets_as_its_original)
{
    unsigned old = 0, renewed = 0;
    make("/sim/0/file", "old");
    struct disk_file *file = open_file("/sim/0/file");
    cr_assert_eq(disk_write(file, "new", 3, 0), 3);
    disk_close(file);
    for (int round = 0; round < 100; round++) {
        struct disk *copy = disk_clone(disk, 1);
        disk_crash(copy, true, &stream);
        old += holds("/sim/1/file", "old");
        renewed += holds("/sim/1/file", "new");
        disk_free(copy);
    }
    cr_assert_eq(old + renewed, 100);
    cr_assert_gt(old, 20);
    cr_assert_gt(renewed, 20);
}

Test(disk, a_file_may_be_open_when_its_disk_goes)
{
    struct disk_file *file = open_file("/sim/0/file");
    disk_free(disk);
    disk = disk_new(0);
    cr_assert_eq(disk_write(file, "x", 1, 0), -EBADF);
    disk_close(file);
}
