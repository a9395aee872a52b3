#include "node/files.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];
static struct problem problem;

static void setup(void)
{
    strcpy(dir, "/tmp/witan_files_XXXXXX");
    cr_assert(mkdtemp(dir));
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    cr_assert_eq(system(command), 0);
}

static const char *in_dir(const char *name)
{
    static char path[PATH_BYTES_MAX];
    cr_assert_eq(path_join(path, dir, name), STATUS_OK);
    return path;
}

Test(files, paths)
{
    char path[PATH_BYTES_MAX];
    cr_assert_eq(path_join(path, "/a", "b"), STATUS_OK);
    cr_assert_str_eq(path, "/a/b");
    cr_assert_eq(path_join(path, "/a/", "b"), STATUS_OK);
    cr_assert_str_eq(path, "/a/b");
    cr_assert_eq(path_join(path, "/a", "/b"), STATUS_OK);
    cr_assert_str_eq(path, "/b");
    cr_assert_eq(path_join(path, "", "b"), STATUS_OK);
    cr_assert_str_eq(path, "b");
    cr_assert_eq(path_join(path, "a", ""), STATUS_OK);
    cr_assert_str_eq(path, "a");
    char long_name[PATH_BYTES_MAX];
    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = 0;
    cr_assert_eq(path_join(path, "/a", long_name), STATUS_TOO_LARGE);
    path_parent(path, "/a/b/c");
    cr_assert_str_eq(path, "/a/b");
    path_parent(path, "/a");
    cr_assert_str_eq(path, "/");
    path_parent(path, "a");
    cr_assert_str_eq(path, ".");
}

Test(files, write_and_read, .init = setup, .fini = teardown)
{
    const char *path = in_dir("file");
    cr_assert_eq(file_write(path, span_text("one"), 0640, false, &problem), STATUS_OK);
    cr_assert_eq(file_write(path, span_text("two"), 0640, false, &problem), STATUS_EXISTS);
    cr_assert_eq(file_write(path, span_text("three"), 0600, true, &problem), STATUS_OK);
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 07777, 0600);
    struct buffer text;
    buffer_init(&text, 5);
    cr_assert_eq(file_read(path, &text, &problem), STATUS_OK);
    cr_assert(span_equal(buffer_span(&text), span_text("three")));
    buffer_free(&text);
    buffer_init(&text, 4);
    cr_assert_eq(file_read(path, &text, &problem), STATUS_TOO_LARGE);
    cr_assert(strstr(problem.text, path));
    buffer_free(&text);
    buffer_init(&text, 4);
    cr_assert_eq(file_read(in_dir("none"), &text, &problem), STATUS_NOT_FOUND);
    cr_assert_eq(file_read(dir, &text, &problem), STATUS_INVALID);
    cr_assert_eq(mkfifo(in_dir("fifo"), 0600), 0);
    cr_assert_eq(file_read(in_dir("fifo"), &text, &problem), STATUS_INVALID); /* and no waiting */
    buffer_free(&text);
    cr_assert_neq(file_write(in_dir("no/such/dir"), span_text("x"), 0600, true, &problem),
                  STATUS_OK);
    /* Nothing temporary is left. */
    char command[160];
    snprintf(command, sizeof command, "test \"$(ls %s | wc -l)\" = 2", dir);
    cr_assert_eq(system(command), 0);
}

Test(files, secrets_are_private, .init = setup, .fini = teardown)
{
    const char *path = in_dir("key");
    cr_assert_eq(file_write(path, span_text("secret"), 0600, false, &problem), STATUS_OK);
    struct buffer text;
    static const unsigned good[] = { 0600, 0400 };
    static const unsigned bad[] = { 0644, 0640, 0604, 0660, 0620, 0700, 0601 };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cr_assert_eq(chmod(path, good[i]), 0);
        buffer_init(&text, 100);
        cr_assert_eq(file_read_secret(path, &text, &problem), STATUS_OK, "%o", good[i]);
        cr_assert(span_equal(buffer_span(&text), span_text("secret")));
        buffer_wipe(&text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_eq(chmod(path, bad[i]), 0);
        buffer_init(&text, 100);
        cr_assert_eq(file_read_secret(path, &text, &problem), STATUS_PERMISSION, "%o", bad[i]);
        cr_assert_eq(text.size, 0);
        char mode[8];
        snprintf(mode, sizeof mode, "%04o", bad[i]);
        cr_assert(strstr(problem.text, mode), "%s", problem.text);
        cr_assert(strstr(problem.text, path), "%s", problem.text);
        buffer_wipe(&text);
    }
}

Test(files, directories, .init = setup, .fini = teardown)
{
    char deep[PATH_BYTES_MAX];
    cr_assert_eq(path_join(deep, dir, "a/b/c"), STATUS_OK);
    cr_assert_eq(directory_create(deep, 0750, &problem), STATUS_OK);
    cr_assert_eq(directory_create(deep, 0750, &problem), STATUS_OK); /* again */
    struct stat info;
    cr_assert_eq(stat(deep, &info), 0);
    cr_assert(S_ISDIR(info.st_mode));
    cr_assert_eq(file_write(in_dir("plain"), span_text(""), 0600, false, &problem), STATUS_OK);
    cr_assert_neq(directory_create(in_dir("plain"), 0750, &problem), STATUS_OK);
    cr_assert_neq(directory_create(in_dir("plain/below"), 0750, &problem), STATUS_OK);
    cr_assert_eq(directory_create("", 0750, &problem), STATUS_INVALID);
}

Test(files, one_process_for_a_directory, .init = setup, .fini = teardown)
{
    int lock;
    int64_t holder = -1;
    cr_assert_eq(data_lock(dir, &lock, &holder, &problem), STATUS_OK);
    pid_t owner = getpid();
    pid_t child = fork();
    if (child == 0) {
        int other;
        int64_t pid = -1;
        enum status status = data_lock(dir, &other, &pid, &problem);
        _exit(status == STATUS_BUSY && pid == owner && strstr(problem.text, "process") ? 0 : 1);
    }
    int result;
    cr_assert_eq(waitpid(child, &result, 0), child);
    cr_assert_eq(result, 0);
    int second;
    cr_assert_eq(data_lock(dir, &second, &holder, &problem), STATUS_BUSY); /* not even ourselves */
    data_unlock(lock);
    cr_assert_eq(data_lock(dir, &lock, &holder, &problem), STATUS_OK);
    data_unlock(lock);
}

/* A process that is killed leaves nothing to clean up. */
Test(files, a_crash_releases_the_lock, .init = setup, .fini = teardown)
{
    int ready[2];
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        int lock;
        if (data_lock(dir, &lock, NULL, &problem) != STATUS_OK) _exit(1);
        if (write(ready[1], "x", 1) != 1) _exit(1);
        for (;;)
            pause();
    }
    char byte;
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    int lock;
    int64_t holder = 0;
    cr_assert_eq(data_lock(dir, &lock, &holder, &problem), STATUS_BUSY);
    cr_assert_eq(holder, child);
    kill(child, SIGKILL);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    cr_assert_eq(data_lock(dir, &lock, &holder, &problem), STATUS_OK);
    data_unlock(lock);
}

Test(files, format, .init = setup, .fini = teardown)
{
    cr_assert_eq(data_format_check(dir, &problem), STATUS_NOT_FOUND);
    cr_assert_eq(data_format_create(dir, &problem), STATUS_OK);
    cr_assert_eq(data_format_check(dir, &problem), STATUS_OK);
    static const struct {
        const char *text;
        enum status status;
    } cases[] = {
        { "witan-data 1\n", STATUS_OK },
        { "witan-data 2\n", STATUS_UNSUPPORTED },
        { "witan-data 0\n", STATUS_MALFORMED },
        { "witan-data 1", STATUS_MALFORMED },
        { "witan-data 1 \n", STATUS_MALFORMED },
        { "witan-data -1\n", STATUS_MALFORMED },
        { "something else\n", STATUS_MALFORMED },
        { "", STATUS_MALFORMED },
        { "witan-data 999999999\n", STATUS_UNSUPPORTED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(file_write(in_dir("FORMAT"), span_text(cases[i].text), 0644, true, &problem),
                     STATUS_OK);
        cr_assert_eq(data_format_check(dir, &problem), cases[i].status, "%s", cases[i].text);
    }
}

Test(files, free_space)
{
    uint64_t free_bytes;
    uint64_t total;
    cr_assert_eq(disk_space("/tmp", &free_bytes, &total), STATUS_OK);
    cr_assert_leq(free_bytes, total);
    cr_assert_gt(total, 0);
    cr_assert_eq(disk_space("/no/such/place", &free_bytes, NULL), STATUS_IO);
}
