/* tests/crashpoints/kill.c -- a preload library that kills its process at one system call.
 *
 *     LD_PRELOAD=$PWD/kill.so KILL_UNDER=DIR KILL_AT=N KILL_LOG=FILE witan start ...
 *
 * Counted is every call that changes what lies below DIR (create, write, allocate, truncate, sync,
 * rename, link, unlink, mkdir) and every piece of a message to a peer or a client (send, writev to
 * a socket). The Nth ends the process with SIGKILL, and is not carried out; of a write with an odd
 * number the first half is. KILL_AT=0 only counts; the count so far is kept in FILE, as
 * `NUMBER NAME` lines, so that a sweep knows how many there are and what they were.
 *
 * Only for tests; the node knows nothing of it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t count;
static int log_fd = -1;

#define REAL(name) \
    static __typeof__(&name) next; \
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, #name); \
    if (!next) abort()

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

static int is_under(const char *path)
{
    static const char *root;
    if (!root) root = setting("KILL_UNDER");
    return root[0] && strncmp(path, root, strlen(root)) == 0;
}

static int fd_is_under(int fd)
{
    char link[64], path[512];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return 0;
    path[size] = 0;
    return is_under(path);
}

static int is_socket(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode);
}

/* This call's number; does not return if it is the one. half, if not NULL, is done before. */
static void point(const char *name, void (*half)(void *), void *argument)
{
    static uint64_t at;
    pthread_mutex_lock(&mutex);
    if (log_fd < 0) {
        static __typeof__(&open) real_open;
        *(void **)&real_open = dlsym(RTLD_NEXT, "open");
        at = strtoull(setting("KILL_AT"), NULL, 10);
        log_fd = real_open(setting("KILL_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (log_fd < 0) abort();
    }
    count++;
    char line[64];
    int size = snprintf(line, sizeof line, "%llu %s\n", (unsigned long long)count, name);
    static __typeof__(&write) real_write;
    if (!real_write) *(void **)&real_write = dlsym(RTLD_NEXT, "write");
    if (real_write(log_fd, line, (size_t)size) != size) abort();
    if (at != 0 && count == at) {
        if (half && count % 2 == 1) half(argument);
        (void)kill(getpid(), SIGKILL);
        for (;;)
            pause();
    }
    pthread_mutex_unlock(&mutex);
}

struct piece {
    ssize_t (*write)(int, const void *, size_t, off_t);
    int fd;
    const void *bytes;
    size_t size;
    off_t offset;
};

static void write_half(void *argument)
{
    const struct piece *piece = argument;
    if (piece->write(piece->fd, piece->bytes, piece->size / 2, piece->offset) < 0) return;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    REAL(pwrite);
    struct piece piece = { next, fd, bytes, size, offset };
    if (fd_is_under(fd)) point("pwrite", write_half, &piece);
    return next(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset)
{
    return pwrite(fd, bytes, size, offset);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    REAL(write);
    if (fd_is_under(fd) || is_socket(fd)) point("write", NULL, NULL);
    return next(fd, bytes, size);
}

ssize_t writev(int fd, const struct iovec *parts, int parts_count)
{
    REAL(writev);
    if (fd_is_under(fd) || is_socket(fd)) point("writev", NULL, NULL);
    return next(fd, parts, parts_count);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    REAL(send);
    if (is_socket(fd)) point("send", NULL, NULL);
    return next(fd, bytes, size, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    REAL(sendmsg);
    if (is_socket(fd)) point("sendmsg", NULL, NULL);
    return next(fd, message, flags);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    if (fd_is_under(fd)) point("fdatasync", NULL, NULL);
    return next(fd);
}

int fsync(int fd)
{
    REAL(fsync);
    if (fd_is_under(fd)) point("fsync", NULL, NULL);
    return next(fd);
}

int ftruncate(int fd, off_t size)
{
    REAL(ftruncate);
    if (fd_is_under(fd)) point("ftruncate", NULL, NULL);
    return next(fd, size);
}

int ftruncate64(int fd, off_t size)
{
    return ftruncate(fd, size);
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
    REAL(fallocate);
    if (fd_is_under(fd)) point("fallocate", NULL, NULL);
    return next(fd, mode, offset, size);
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    if (is_under(to)) point("rename", NULL, NULL);
    return next(from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    REAL(renameat);
    if (fd_is_under(to_dir) || is_under(to)) point("renameat", NULL, NULL);
    return next(from_dir, from, to_dir, to);
}

int link(const char *from, const char *to)
{
    REAL(link);
    if (is_under(to)) point("link", NULL, NULL);
    return next(from, to);
}

int unlink(const char *path)
{
    REAL(unlink);
    if (is_under(path)) point("unlink", NULL, NULL);
    return next(path);
}

int unlinkat(int dir, const char *path, int flags)
{
    REAL(unlinkat);
    if (fd_is_under(dir) || is_under(path)) point("unlinkat", NULL, NULL);
    return next(dir, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir);
    if (is_under(path)) point("mkdir", NULL, NULL);
    return next(path, mode);
}

static mode_t mode_of(int flags, va_list arguments)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    REAL(open);
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    if ((flags & O_CREAT) != 0 && is_under(path)) point("open", NULL, NULL);
    return next(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open(path, flags | O_LARGEFILE, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
    REAL(openat);
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    if ((flags & O_CREAT) != 0 && (fd_is_under(dir) || is_under(path))) point("openat", NULL, NULL);
    return next(dir, path, flags, mode);
}
