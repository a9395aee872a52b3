/* Calls on descriptors, which the linker sends here instead of to the C library: those of a
 * simulated disk are answered, all others are handed on. */
#include "posix_internal.h"

#include "crypto/base.h"
#include "disk_internal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

/* WRAP(result, name, parameters) declares the function that is called and the one behind it. */
#define WRAP(result, name, ...) \
    result __real_##name(__VA_ARGS__); \
    result __wrap_##name(__VA_ARGS__)

WRAP(int, close, int fd);
WRAP(ssize_t, read, int fd, void *bytes, size_t size);
WRAP(ssize_t, write, int fd, const void *bytes, size_t size);
WRAP(ssize_t, pread, int fd, void *bytes, size_t size, off_t offset);
WRAP(ssize_t, pwrite, int fd, const void *bytes, size_t size, off_t offset);
WRAP(int, fsync, int fd);
WRAP(int, fdatasync, int fd);
WRAP(int, ftruncate, int fd, off_t size);
WRAP(int, fallocate, int fd, int mode, off_t offset, off_t size);
WRAP(int, fstat, int fd, struct stat *info);
WRAP(int, fchmod, int fd, mode_t mode);
WRAP(int, flock, int fd, int operation);
WRAP(int, fcntl, int fd, int command, ...);
WRAP(DIR *, fdopendir, int fd);
WRAP(struct dirent *, readdir, DIR *stream);
WRAP(int, closedir, DIR *stream);
WRAP(void, random_bytes, void *bytes, size_t size);

/* ---- descriptors ----------------------------------------------------------------------------- */

static struct descriptor *descriptors;
static size_t descriptors_count, descriptors_capacity;

ssize_t answer(ssize_t result)
{
    if (result >= 0) return result;
    errno = (int)-result;
    return -1;
}

struct descriptor *descriptor_get(int fd)
{
    if (!descriptor_is_ours(fd)) return NULL;
    size_t index = (size_t)(fd - DESCRIPTOR_FIRST);
    return index < descriptors_count && descriptors[index].file ? &descriptors[index] : NULL;
}

int descriptor_new(struct disk_file *file)
{
    size_t index = 0;
    while (index < descriptors_count && descriptors[index].file)
        index++;
    if (index == descriptors_count) {
        descriptors =
            array_room(descriptors, descriptors_count, &descriptors_capacity, sizeof *descriptors);
        descriptors_count++;
    }
    descriptors[index] = (struct descriptor){ .file = file };
    return DESCRIPTOR_FIRST + (int)index;
}

struct disk_file *descriptor_take(int fd)
{
    struct descriptor *descriptor = descriptor_get(fd);
    if (!descriptor) return NULL;
    struct disk_file *file = descriptor->file;
    descriptor->file = NULL;
    return file;
}

int __wrap_close(int fd)
{
    if (!descriptor_is_ours(fd)) return __real_close(fd);
    struct disk_file *file = descriptor_take(fd);
    if (!file) return (int)answer(-EBADF);
    disk_close(file);
    return 0;
}

/* ---- content --------------------------------------------------------------------------------- */

ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset)
{
    if (!descriptor_is_ours(fd)) return __real_pread(fd, bytes, size, offset);
    struct descriptor *descriptor = descriptor_get(fd);
    if (!descriptor) return answer(-EBADF);
    return answer(disk_read(descriptor->file, bytes, size, (uint64_t)offset));
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    if (!descriptor_is_ours(fd)) return __real_pwrite(fd, bytes, size, offset);
    struct descriptor *descriptor = descriptor_get(fd);
    if (!descriptor) return answer(-EBADF);
    return answer(disk_write(descriptor->file, bytes, size, (uint64_t)offset));
}

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
    if (!descriptor_is_ours(fd)) return __real_read(fd, bytes, size);
    struct descriptor *descriptor = descriptor_get(fd);
    if (!descriptor) return answer(-EBADF);
    ssize_t got = disk_read(descriptor->file, bytes, size, descriptor->position);
    if (got > 0) descriptor->position += (uint64_t)got;
    return answer(got);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    if (!descriptor_is_ours(fd)) return __real_write(fd, bytes, size);
    struct descriptor *descriptor = descriptor_get(fd);
    if (!descriptor) return answer(-EBADF);
    ssize_t written = disk_write(descriptor->file, bytes, size, descriptor->position);
    if (written > 0) descriptor->position += (uint64_t)written;
    return answer(written);
}

int __wrap_fsync(int fd)
{
    if (!descriptor_is_ours(fd)) return __real_fsync(fd);
    struct descriptor *descriptor = descriptor_get(fd);
    return (int)answer(descriptor ? disk_sync(descriptor->file) : -EBADF);
}

int __wrap_fdatasync(int fd)
{
    return descriptor_is_ours(fd) ? __wrap_fsync(fd) : __real_fdatasync(fd);
}

int __wrap_ftruncate(int fd, off_t size)
{
    if (!descriptor_is_ours(fd)) return __real_ftruncate(fd, size);
    struct descriptor *descriptor = descriptor_get(fd);
    return (int)answer(descriptor ? disk_truncate(descriptor->file, (uint64_t)size) : -EBADF);
}

int __wrap_fallocate(int fd, int mode, off_t offset, off_t size)
{
    if (!descriptor_is_ours(fd)) return __real_fallocate(fd, mode, offset, size);
    struct descriptor *descriptor = descriptor_get(fd);
    if (!descriptor) return (int)answer(-EBADF);
    if (mode != 0) return (int)answer(-EOPNOTSUPP);
    uint64_t end = (uint64_t)offset + (uint64_t)size;
    return (int)answer(disk_truncate(descriptor->file, max_u64(end, disk_size(descriptor->file))));
}

/* ---- what is known of a file ----------------------------------------------------------------- */

/* Everything belongs to us and to nobody else. */
void stat_fill(struct stat *info, uint64_t size, bool directory)
{
    *info = (struct stat){
        .st_mode = directory ? S_IFDIR | 0700 : S_IFREG | 0600,
        .st_nlink = 1,
        .st_uid = geteuid(),
        .st_gid = getegid(),
        .st_size = (off_t)size,
        .st_blksize = 4096,
        .st_blocks = (blkcnt_t)(size / 512),
    };
}

int __wrap_fstat(int fd, struct stat *info)
{
    if (!descriptor_is_ours(fd)) return __real_fstat(fd, info);
    struct descriptor *descriptor = descriptor_get(fd);
    if (!descriptor) return (int)answer(-EBADF);
    stat_fill(info, disk_size(descriptor->file), disk_is_directory(descriptor->file));
    return 0;
}

int __wrap_fchmod(int fd, mode_t mode)
{
    if (!descriptor_is_ours(fd)) return __real_fchmod(fd, mode);
    return (int)answer(descriptor_get(fd) ? 0 : -EBADF);
}

/* Locks are between processes, and each has a disk of its own: they are always granted. */
int __wrap_flock(int fd, int operation)
{
    if (!descriptor_is_ours(fd)) return __real_flock(fd, operation);
    return (int)answer(descriptor_get(fd) ? 0 : -EBADF);
}

int __wrap_fcntl(int fd, int command, ...)
{
    /* An int, a pointer or nothing: as the C library does, taken as the widest of them. */
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (!descriptor_is_ours(fd)) return __real_fcntl(fd, command, argument);
    if (!descriptor_get(fd)) return (int)answer(-EBADF);
    switch (command) {
    case F_GETLK: ((struct flock *)argument)->l_type = F_UNLCK; return 0;
    case F_SETLK:
    case F_SETLKW:
    case F_SETFD:
    case F_SETFL: return 0;
    case F_GETFD: return FD_CLOEXEC;
    case F_GETFL: return O_RDWR;
    default: return (int)answer(-EINVAL);
    }
}

/* ---- directories ----------------------------------------------------------------------------- */

/* A DIR of ours is one of these. */
struct listing {
    struct disk_file *file; /* NULL: free */
    size_t next;
    struct dirent entry;
};
static struct listing listings[16];

static struct listing *listing_of(DIR *stream)
{
    uintptr_t at = (uintptr_t)stream;
    bool ours = at >= (uintptr_t)listings && at < (uintptr_t)listings + sizeof listings;
    return ours ? (struct listing *)(void *)stream : NULL;
}

DIR *__wrap_fdopendir(int fd)
{
    if (!descriptor_is_ours(fd)) return __real_fdopendir(fd);
    struct descriptor *descriptor = descriptor_get(fd);
    if (!descriptor || !disk_is_directory(descriptor->file)) {
        errno = descriptor ? ENOTDIR : EBADF;
        return NULL;
    }
    for (size_t i = 0; i < sizeof listings / sizeof *listings; i++) {
        if (listings[i].file) continue;
        listings[i] = (struct listing){ .file = descriptor_take(fd) };
        return (DIR *)(void *)&listings[i];
    }
    errno = EMFILE;
    return NULL;
}

struct dirent *__wrap_readdir(DIR *stream)
{
    struct listing *listing = listing_of(stream);
    if (!listing) return __real_readdir(stream);
    const char *name = disk_name(listing->file, listing->next);
    if (!name) return NULL;
    listing->next++;
    size_t size = strlen(name);
    ASSERT(size < sizeof listing->entry.d_name);
    memcpy(listing->entry.d_name, name, size + 1);
    return &listing->entry;
}

int __wrap_closedir(DIR *stream)
{
    struct listing *listing = listing_of(stream);
    if (!listing) return __real_closedir(stream);
    disk_close(listing->file);
    listing->file = NULL;
    return 0;
}

/* ---- chance ---------------------------------------------------------------------------------- */

void __wrap_random_bytes(void *bytes, size_t size)
{
    if (!disk_random(bytes, size)) __real_random_bytes(bytes, size);
}
