/* The real journal, safety file and file helpers on a simulated disk; real files beside them. */
#include "crypto/base.h"
#include "node/files.h"
#include "tests/sim/disk.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static struct disk *disk;
static struct problem problem;

static void setup(void)
{
    disk = disk_new(0);
}

static void teardown(void)
{
    disk_free(disk);
}

TestSuite(posix, .init = setup, .fini = teardown);

Test(posix, a_file_is_written_and_read)
{
    int fd = open("/sim/0/file", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 1 << 20);
    cr_assert_eq(write(fd, "abc", 3), 3);
    cr_assert_eq(write(fd, "def", 3), 3);
    char bytes[16] = { 0 };
    cr_assert_eq(read(fd, bytes, sizeof bytes), 0); /* behind what was written */
    cr_assert_eq(pread(fd, bytes, sizeof bytes, 1), 5);
    cr_assert_str_eq(bytes, "bcdef");
    cr_assert_eq(pwrite(fd, "X", 1, 2), 1);
    struct stat info;
    cr_assert_eq(fstat(fd, &info), 0);
    cr_assert(S_ISREG(info.st_mode));
    cr_assert_eq(info.st_mode & 07777, 0600);
    cr_assert_eq(info.st_size, 6);
    cr_assert_eq(info.st_uid, geteuid());
    cr_assert_eq(ftruncate(fd, 2), 0);
    cr_assert_eq(fallocate(fd, 0, 0, 100), 0);
    cr_assert_eq(fallocate(fd, 0, 0, 50), 0); /* never shrinks */
    cr_assert_eq(stat("/sim/0/file", &info), 0);
    cr_assert_eq(info.st_size, 100);
    cr_assert_eq(fsync(fd), 0);
    cr_assert_eq(fdatasync(fd), 0);
    cr_assert_eq(close(fd), 0);
    cr_assert_eq(close(fd), -1);
    cr_assert_eq(errno, EBADF);
    fd = open("/sim/0/file", O_RDONLY | O_NOFOLLOW);
    cr_assert_eq(read(fd, bytes, 3), 3);
    cr_assert_eq(memcmp(bytes, "ab\0", 3), 0);
    cr_assert_eq(read(fd, bytes, sizeof bytes), 16);
    close(fd);
}

static void check_open(const char *path, int flags, int error)
{
    errno = 0;
    int fd = open(path, flags, 0600);
    cr_assert_eq(fd, -1, "%s", path);
    cr_assert_eq(errno, error, "%s: %s", path, strerror(errno));
}

Test(posix, wrong_ways_to_open)
{
    close(open("/sim/0/file", O_RDWR | O_CREAT, 0600));
    cr_assert_eq(mkdir("/sim/0/dir", 0700), 0);
    check_open("/sim/0/none", O_RDONLY, ENOENT);
    check_open("/sim/0/none/file", O_RDWR | O_CREAT, ENOENT);
    check_open("/sim/0/file/file", O_RDWR | O_CREAT, ENOENT);
    check_open("/sim/0/file", O_RDWR | O_CREAT | O_EXCL, EEXIST);
    check_open("/sim/0/file", O_RDONLY | O_DIRECTORY, ENOTDIR);
    check_open("/sim/0/dir", O_RDWR, EISDIR);
    check_open("/sim/1/file", O_RDWR | O_CREAT, ENOENT); /* nothing mounted */
    check_open("/sim/x", O_RDONLY, ENOENT);
    check_open("/sim", O_RDWR, ENOENT);
    char path[300];
    snprintf(path, sizeof path, "/sim/0/%0200d", 1);
    check_open(path, O_RDWR | O_CREAT, ENAMETOOLONG);
}

Test(posix, names_and_directories)
{
    struct stat info;
    cr_assert_eq(directory_create("/sim/0/journal", 0700, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(directory_create("/sim/0/journal/", 0700, &problem), STATUS_OK);
    cr_assert_eq(stat("/sim", &info), 0);
    cr_assert(S_ISDIR(info.st_mode));
    cr_assert_eq(lstat("/sim/0/journal", &info), 0);
    cr_assert(S_ISDIR(info.st_mode));
    int dir = open("/sim/0/journal", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    static const char *const names[] = { "c", "a", "b" };
    for (int i = 0; i < 3; i++)
        close(openat(dir, names[i], O_RDWR | O_CREAT, 0600));
    cr_assert_eq(renameat(dir, "c", dir, "d"), 0);
    cr_assert_eq(renameat(dir, "c", dir, "e"), -1);
    cr_assert_eq(unlinkat(dir, "a", 0), 0);
    cr_assert_eq(unlinkat(dir, "a", 0), -1);
    cr_assert_eq(errno, ENOENT);
    cr_assert_eq(access("/sim/0/journal/d", F_OK), 0);
    cr_assert_eq(access("/sim/0/journal/c", F_OK), -1);
    cr_assert_eq(link("/sim/0/journal/d", "/sim/0/journal/b"), -1);
    cr_assert_eq(errno, EEXIST);
    cr_assert_eq(link("/sim/0/journal/d", "/sim/0/elsewhere"), -1);
    cr_assert_eq(errno, EXDEV);
    cr_assert_eq(rename("/sim/0/journal/d", "/tmp/witan"), -1);
    cr_assert_eq(errno, EXDEV);

    DIR *stream = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY));
    cr_assert(stream);
    cr_assert_str_eq(readdir(stream)->d_name, "b");
    cr_assert_str_eq(readdir(stream)->d_name, "d");
    errno = 0;
    cr_assert_null(readdir(stream));
    cr_assert_eq(errno, 0);
    cr_assert_eq(closedir(stream), 0);
    close(dir);
    cr_assert_eq(mkdir("/sim/0/journal", 0700), -1);
    cr_assert_eq(errno, EEXIST);
}

Test(posix, locks_are_granted_and_the_data_directory_works)
{
    int lock;
    uint64_t free_bytes, total;
    cr_assert_eq(data_lock("/sim/0", &lock, NULL, &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(data_format_create("/sim/0", &problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(data_format_check("/sim/0", &problem), STATUS_OK, "%s", problem.text);
    data_unlock(lock);
    disk_limit(disk, 1 << 20);
    cr_assert_eq(disk_space("/sim/0", &free_bytes, &total), STATUS_OK);
    cr_assert_eq(total, 1 << 20);
    cr_assert_lt(free_bytes, total);
}

Test(posix, whole_files_and_secrets)
{
    struct span bytes = span_text("a secret");
    enum status status = file_write("/sim/0/seal.key", bytes, 0600, false, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
    status = file_write("/sim/0/seal.key", bytes, 0600, false, &problem);
    cr_assert_eq(status, STATUS_EXISTS);
    struct stream stream = stream_of(1, 1);
    disk_crash(disk, true, &stream); /* the file and its name were synced */
    struct buffer buffer;
    buffer_init(&buffer, 100);
    status = file_read_secret("/sim/0/seal.key", &buffer, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
    cr_assert(span_equal(buffer_span(&buffer), bytes));
    buffer_free(&buffer);
    status = file_write("/sim/0/seal.key", span_text("other"), 0600, true, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
    struct disk_file *root;
    cr_assert_eq(disk_open("/sim/0", O_RDONLY, &root), 0);
    cr_assert_str_eq(disk_name(root, 0), "seal.key");
    cr_assert_null(disk_name(root, 1), "%s is left behind", disk_name(root, 1));
    disk_close(root);
}

/* A power cut at any step: the file is the old one or the new one. */
Test(posix, replacing_a_file_is_one_step)
{
    for (uint64_t at = 1, seed = 0; seed < 400; at = at % 8 + 1, seed++) {
        struct stream stream = stream_of(seed, 2);
        cr_assert_eq(file_write("/sim/0/file", span_text("old"), 0600, true, &problem), STATUS_OK);
        disk_die_at(disk, at);
        enum status status = file_write("/sim/0/file", span_text("new!"), 0600, true, &problem);
        disk_crash(disk, true, &stream);
        char text[8] = { 0 };
        int fd = open("/sim/0/file", O_RDONLY);
        cr_assert_geq(fd, 0);
        ssize_t size = read(fd, text, 7);
        close(fd);
        bool renewed = size == 4 && strcmp(text, "new!") == 0;
        cr_assert(renewed || (size == 3 && strcmp(text, "old") == 0), "seed %lu: \"%s\"", seed,
                  text);
        if (status == STATUS_OK) cr_assert(renewed);
    }
}

/* ---- the kernel's files ---------------------------------------------------------------------- */

Test(posix, other_files_are_the_kernels)
{
    char path[] = "/tmp/witan_posix_XXXXXX";
    cr_assert(mkdtemp(path));
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_geq(dir, 0);
    cr_assert_lt(dir, 1 << 20);
    int fd = openat(dir, "a", O_RDWR | O_CREAT | O_EXCL, 0640);
    cr_assert_geq(fd, 0);
    struct stat info;
    cr_assert_eq(fstat(fd, &info), 0);
    cr_assert_eq(info.st_mode & 0700, 0600);
    cr_assert_eq(write(fd, "abcd", 4), 4);
    cr_assert_eq(pwrite(fd, "X", 1, 1), 1);
    char bytes[4];
    cr_assert_eq(pread(fd, bytes, 4, 0), 4);
    cr_assert_eq(memcmp(bytes, "aXcd", 4), 0);
    cr_assert_eq(ftruncate(fd, 2), 0);
    cr_assert_eq(fsync(fd), 0);
    cr_assert_eq(fdatasync(fd), 0);
    cr_assert_eq(fchmod(fd, 0600), 0);
    cr_assert_eq(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
    cr_assert_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    cr_assert_eq(fcntl(fd, F_SETLK, &lock), 0);
    cr_assert_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
    cr_assert_eq(close(fd), 0);
    cr_assert_eq(renameat(dir, "a", dir, "b"), 0);
    DIR *stream = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY));
    bool found = false;
    for (struct dirent *entry; (entry = readdir(stream));)
        found |= strcmp(entry->d_name, "b") == 0;
    cr_assert(found);
    cr_assert_eq(closedir(stream), 0);
    cr_assert_eq(unlinkat(dir, "b", 0), 0);
    cr_assert_eq(close(dir), 0);
    struct statvfs space;
    cr_assert_eq(statvfs(path, &space), 0);
    cr_assert_eq(unlinkat(AT_FDCWD, path, AT_REMOVEDIR), 0);
    cr_assert_eq(access(path, F_OK), -1);
}

Test(posix, only_paths_below_sim_are_ours)
{
    cr_assert(disk_owns_path("/sim"));
    cr_assert(disk_owns_path("/sim/0/ledger.db"));
    cr_assert_not(disk_owns_path("/simple/file"));
    cr_assert_not(disk_owns_path("sim/0"));
    cr_assert_not(disk_owns_path("/tmp/sim/0"));
    cr_assert_not(disk_owns_path(""));
}
