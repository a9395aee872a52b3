#include "node/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum status path_join(char path[PATH_BYTES_MAX], const char *dir, const char *name)
{
    int size;
    if (name[0] == '/' || dir[0] == 0)
        size = snprintf(path, PATH_BYTES_MAX, "%s", name);
    else if (name[0] == 0)
        size = snprintf(path, PATH_BYTES_MAX, "%s", dir);
    else
        size = snprintf(path, PATH_BYTES_MAX, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/",
                        name);
    return size >= 0 && size < PATH_BYTES_MAX ? STATUS_OK : STATUS_TOO_LARGE;
}

void path_parent(char parent[PATH_BYTES_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 0;
    if (!slash || size >= PATH_BYTES_MAX)
        memcpy(parent, ".", 2);
    else if (size == 0)
        memcpy(parent, "/", 2);
    else {
        memcpy(parent, path, size);
        parent[size] = 0;
    }
}

bool file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

static enum status io_problem(struct problem *problem, const char *path, const char *what)
{
    enum status status = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    if (errno == EACCES || errno == EPERM) status = STATUS_PERMISSION;
    return problem_set(problem, status, "%s: %s: %s", path, what, strerror(errno));
}

enum status directory_sync(const char *path, struct problem *problem)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return io_problem(problem, path, "cannot be opened");
    enum status status = fsync(fd) == 0 ? STATUS_OK : io_problem(problem, path, "cannot be synced");
    close(fd);
    return status;
}

/* One directory, whose parent exists. */
static enum status directory_make(const char *path, unsigned mode, struct problem *problem)
{
    if (mkdir(path, mode) != 0) {
        struct stat info;
        if (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return STATUS_OK;
        return io_problem(problem, path, "cannot be made");
    }
    char parent[PATH_BYTES_MAX];
    path_parent(parent, path);
    return directory_sync(parent, problem);
}

enum status directory_create(const char *path, unsigned mode, struct problem *problem)
{
    char part[PATH_BYTES_MAX];
    if (path[0] == 0 || strlen(path) >= sizeof part)
        return problem_set(problem, STATUS_INVALID, "\"%s\" is not a usable path", path);
    for (size_t i = 1; path[i] != 0; i++) {
        if (path[i] != '/') continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (file_exists(part)) continue;
        enum status status = directory_make(part, mode, problem);
        if (status != STATUS_OK) return status;
    }
    return directory_make(path, mode, problem);
}

static enum status file_read_open(int fd, const char *path, struct buffer *buffer,
                                  struct problem *problem)
{
    uint8_t chunk[4096];
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        ssize_t size = read(fd, chunk, sizeof chunk);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) status = io_problem(problem, path, "cannot be read");
        if (size <= 0) break;
        status = buffer_append(buffer, span_of(chunk, (size_t)size));
        if (status == STATUS_TOO_LARGE)
            problem_set(problem, status, "%s is larger than %zu bytes", path, buffer->limit);
        else if (status != STATUS_OK)
            problem_set(problem, status, "%s: out of memory", path);
    }
    sodium_memzero(chunk, sizeof chunk); /* It may have been a secret. */
    return status;
}

/* Opens without blocking on a FIFO that somebody put there. */
static enum status file_open(const char *path, int *fd, struct stat *info, struct problem *problem)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0) return io_problem(problem, path, "cannot be opened");
    if (fstat(*fd, info) != 0) return io_problem(problem, path, "cannot be examined");
    if (!S_ISREG(info->st_mode))
        return problem_set(problem, STATUS_INVALID, "%s is not a regular file", path);
    return STATUS_OK;
}

enum status file_read(const char *path, struct buffer *buffer, struct problem *problem)
{
    int fd;
    struct stat info = { 0 };
    enum status status = file_open(path, &fd, &info, problem);
    if (status == STATUS_OK) status = file_read_open(fd, path, buffer, problem);
    if (fd >= 0) close(fd);
    return status;
}

static enum status secret_check(const char *path, const struct stat *info, struct problem *problem)
{
    unsigned mode = info->st_mode & 07777;
    if ((mode & 0177) != 0)
        return problem_set(problem, STATUS_PERMISSION,
                           "%s has mode %04o, so others may reach the secret in it; run: "
                           "chmod 600 %s",
                           path, mode, path);
    if (info->st_uid != geteuid() && geteuid() != 0)
        return problem_set(problem, STATUS_PERMISSION, "%s belongs to another user (uid %u)", path,
                           (unsigned)info->st_uid);
    return STATUS_OK;
}

enum status file_read_secret(const char *path, struct buffer *buffer, struct problem *problem)
{
    int fd;
    struct stat info = { 0 };
    enum status status = file_open(path, &fd, &info, problem);
    if (status == STATUS_OK) status = secret_check(path, &info, problem);
    if (status == STATUS_OK) status = file_read_open(fd, path, buffer, problem);
    if (fd >= 0) close(fd);
    return status;
}

void buffer_wipe(struct buffer *buffer)
{
    if (buffer->data) sodium_memzero(buffer->data, buffer->capacity);
    buffer_free(buffer);
}

static enum status write_all(int fd, struct span bytes)
{
    while (bytes.size > 0) {
        ssize_t size = write(fd, bytes.data, bytes.size);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return STATUS_IO;
        bytes.data += size;
        bytes.size -= (size_t)size;
    }
    return STATUS_OK;
}

/* Gives the finished file its name. link() refuses where rename() would replace. */
static enum status file_publish(const char *temporary, const char *path, bool replace,
                                struct problem *problem)
{
    if (replace) {
        if (rename(temporary, path) == 0) return STATUS_OK;
        return io_problem(problem, path, "cannot be replaced");
    }
    int failed = link(temporary, path);
    int error = errno;
    unlink(temporary);
    if (failed == 0) return STATUS_OK;
    errno = error;
    if (error == EEXIST) return problem_set(problem, STATUS_EXISTS, "%s exists already", path);
    return io_problem(problem, path, "cannot be made");
}

enum status file_write(const char *path, struct span bytes, unsigned mode, bool replace,
                       struct problem *problem)
{
    if (!replace && file_exists(path))
        return problem_set(problem, STATUS_EXISTS, "%s exists already", path);
    char temporary[PATH_BYTES_MAX];
    int size = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (size < 0 || size >= PATH_BYTES_MAX)
        return problem_set(problem, STATUS_TOO_LARGE, "%s: the path is too long", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) return io_problem(problem, path, "cannot be made");
    enum status status = STATUS_OK;
    if (write_all(fd, bytes) != STATUS_OK || fchmod(fd, mode) != 0 || fsync(fd) != 0)
        status = io_problem(problem, path, "cannot be written");
    if (close(fd) != 0 && status == STATUS_OK)
        status = io_problem(problem, path, "cannot be written");
    if (status != STATUS_OK) {
        unlink(temporary);
        return status;
    }
    status = file_publish(temporary, path, replace, problem);
    if (status != STATUS_OK) {
        if (replace) unlink(temporary);
        return status;
    }
    char parent[PATH_BYTES_MAX];
    path_parent(parent, path);
    return directory_sync(parent, problem);
}

/* Who holds the record lock? 0 if it cannot be told (another container, for one). */
static int64_t lock_holder(int fd)
{
    struct flock query = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(fd, F_GETLK, &query) != 0 || query.l_type == F_UNLCK || query.l_pid <= 0) return 0;
    return query.l_pid;
}

static enum status lock_busy(int fd, const char *dir, int64_t *holder, struct problem *problem)
{
    int64_t pid = lock_holder(fd);
    if (holder) *holder = pid;
    if (pid > 0)
        return problem_set(problem, STATUS_BUSY, "%s is in use by process %" PRId64, dir, pid);
    return problem_set(problem, STATUS_BUSY, "%s is in use by another process", dir);
}

enum status data_lock(const char *dir, int *lock, int64_t *holder, struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    if (path_join(path, dir, "LOCK") != STATUS_OK)
        return problem_set(problem, STATUS_TOO_LARGE, "%s: the path is too long", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return io_problem(problem, path, "cannot be opened");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        enum status status = errno == EWOULDBLOCK ? lock_busy(fd, dir, holder, problem)
                                                  : io_problem(problem, path, "cannot be locked");
        close(fd);
        return status;
    }
    /* flock excludes, also within a process; the record lock, which knows its holder's process id,
     * names us. (It goes when this process closes any descriptor of the file; flock does not.) */
    struct flock named = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    (void)fcntl(fd, F_SETLK, &named);
    *lock = fd;
    return STATUS_OK;
}

void data_unlock(int lock)
{
    if (lock >= 0) close(lock);
}

enum status data_format_create(const char *dir, struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    if (path_join(path, dir, "FORMAT") != STATUS_OK)
        return problem_set(problem, STATUS_TOO_LARGE, "%s: the path is too long", dir);
    char text[32];
    snprintf(text, sizeof text, "witan-data %d\n", DATA_FORMAT);
    return file_write(path, span_text(text), 0644, true, problem);
}

enum status data_format_check(const char *dir, struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    if (path_join(path, dir, "FORMAT") != STATUS_OK)
        return problem_set(problem, STATUS_TOO_LARGE, "%s: the path is too long", dir);
    struct buffer text;
    buffer_init(&text, 64);
    enum status status = file_read(path, &text, problem);
    char line[65] = { 0 };
    if (status == STATUS_OK && text.size > 0) memcpy(line, text.data, text.size);
    buffer_free(&text);
    if (status != STATUS_OK) return status;

    static const char mark[] = "witan-data ";
    const char *digits = line + sizeof mark - 1;
    size_t count = strncmp(line, mark, sizeof mark - 1) == 0 ? strspn(digits, "0123456789") : 0;
    unsigned long version = count > 0 && count < 10 ? strtoul(digits, NULL, 10) : 0;
    if (version == 0 || strcmp(digits + count, "\n") != 0)
        return problem_set(problem, STATUS_MALFORMED, "%s does not say \"witan-data %d\"", path,
                           DATA_FORMAT);
    if (version > DATA_FORMAT)
        return problem_set(problem, STATUS_UNSUPPORTED,
                           "%s: data format %lu is newer than this program, which knows %d", path,
                           version, DATA_FORMAT);
    return STATUS_OK;
}

enum status disk_space(const char *path, uint64_t *free_bytes, uint64_t *total_bytes)
{
    struct statvfs info;
    if (statvfs(path, &info) != 0) return STATUS_IO;
    *free_bytes = (uint64_t)info.f_bavail * info.f_frsize;
    if (total_bytes) *total_bytes = (uint64_t)info.f_blocks * info.f_frsize;
    return STATUS_OK;
}
