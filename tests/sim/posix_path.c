/* Calls on names, which the linker sends here instead of to the C library: those below /sim are
 * answered, all others are handed on. */
#include "posix_internal.h"

#include "crypto/base.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* WRAP(result, name, parameters) declares the function that is called and the one behind it. */
#define WRAP(result, name, ...) \
    result __real_##name(__VA_ARGS__); \
    result __wrap_##name(__VA_ARGS__)

WRAP(int, open, const char *path, int flags, ...);
WRAP(int, openat, int directory, const char *path, int flags, ...);
WRAP(int, mkostemp, char *path, int flags);
WRAP(int, rename, const char *from, const char *to);
WRAP(int, renameat, int from_directory, const char *from, int to_directory, const char *to);
WRAP(int, link, const char *from, const char *to);
WRAP(int, unlink, const char *path);
WRAP(int, unlinkat, int directory, const char *path, int flags);
WRAP(int, mkdir, const char *path, mode_t mode);
WRAP(int, stat, const char *path, struct stat *info);
WRAP(int, lstat, const char *path, struct stat *info);
WRAP(int, access, const char *path, int mode);
WRAP(int, statvfs, const char *path, struct statvfs *info);

/* The whole path, if it is one of ours; false otherwise. One that does not fit is cut, and still
 * far longer than the disk takes. */
static bool path_at(int directory, const char *path, char whole[PATH_MAX])
{
    if (path[0] == '/') {
        snprintf(whole, PATH_MAX, "%s", path);
        return disk_owns_path(path);
    }
    const struct descriptor *descriptor = descriptor_get(directory);
    if (!descriptor) return false;
    bool itself = strcmp(path, ".") == 0;
    snprintf(whole, PATH_MAX, "%s%s%s", disk_path(descriptor->file), itself ? "" : "/",
             itself ? "" : path);
    return true;
}

/* The directory in which the disks are mounted. */
static bool path_is_mounts(const char *path)
{
    return strcmp(path, "/sim") == 0 || strcmp(path, "/sim/") == 0;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int open_ours(const char *path, int flags)
{
    struct disk_file *file;
    int error = disk_open(path, flags, &file);
    return error == 0 ? descriptor_new(file) : (int)answer(error);
}

static bool takes_mode(int flags)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (takes_mode(flags)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return disk_owns_path(path) ? open_ours(path, flags) : __real_open(path, flags, mode);
}

int __wrap_openat(int directory, const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (takes_mode(flags)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    char whole[PATH_MAX];
    if (path_at(directory, path, whole)) return open_ours(whole, flags);
    return __real_openat(directory, path, flags, mode);
}

/* The first of a row of names that is free, so that equal runs make equal names. */
int __wrap_mkostemp(char *path, int flags)
{
    if (!disk_owns_path(path)) return __real_mkostemp(path, flags);
    size_t size = strlen(path);
    if (size < 6 || strcmp(path + size - 6, "XXXXXX") != 0) return (int)answer(-EINVAL);
    for (int number = 0; number < 1000000; number++) {
        snprintf(path + size - 6, 7, "%06d", number);
        if (!disk_exists(path)) return open_ours(path, flags | O_RDWR | O_CREAT | O_EXCL);
    }
    return (int)answer(-EEXIST);
}

/* ---- changing -------------------------------------------------------------------------------- */

int __wrap_renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    char whole_from[PATH_MAX], whole_to[PATH_MAX];
    bool ours_from = path_at(from_directory, from, whole_from);
    bool ours_to = path_at(to_directory, to, whole_to);
    if (!ours_from && !ours_to) return __real_renameat(from_directory, from, to_directory, to);
    if (ours_from != ours_to) return (int)answer(-EXDEV);
    return (int)answer(disk_rename(whole_from, whole_to, true));
}

int __wrap_rename(const char *from, const char *to)
{
    if (!disk_owns_path(from) && !disk_owns_path(to)) return __real_rename(from, to);
    return __wrap_renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int __wrap_link(const char *from, const char *to)
{
    if (!disk_owns_path(from) && !disk_owns_path(to)) return __real_link(from, to);
    return (int)answer(disk_link(from, to));
}

int __wrap_unlinkat(int directory, const char *path, int flags)
{
    char whole[PATH_MAX];
    if (!path_at(directory, path, whole)) return __real_unlinkat(directory, path, flags);
    return (int)answer(flags == 0 ? disk_unlink(whole) : -EINVAL);
}

int __wrap_unlink(const char *path)
{
    return disk_owns_path(path) ? (int)answer(disk_unlink(path)) : __real_unlink(path);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    if (!disk_owns_path(path)) return __real_mkdir(path, mode);
    return (int)answer(path_is_mounts(path) ? -EEXIST : disk_mkdir(path));
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int stat_ours(const char *path, struct stat *info)
{
    uint64_t size = 0;
    bool directory = true;
    int error = path_is_mounts(path) ? 0 : disk_stat(path, &size, &directory);
    if (error == 0) stat_fill(info, size, directory);
    return (int)answer(error);
}

int __wrap_stat(const char *path, struct stat *info)
{
    return disk_owns_path(path) ? stat_ours(path, info) : __real_stat(path, info);
}

/* There are no symbolic links. */
int __wrap_lstat(const char *path, struct stat *info)
{
    return disk_owns_path(path) ? stat_ours(path, info) : __real_lstat(path, info);
}

int __wrap_access(const char *path, int mode)
{
    if (!disk_owns_path(path)) return __real_access(path, mode);
    return (int)answer(path_is_mounts(path) || disk_exists(path) ? 0 : -ENOENT);
}

int __wrap_statvfs(const char *path, struct statvfs *info)
{
    static const uint64_t largest = (uint64_t)1 << 40;
    if (!disk_owns_path(path)) return __real_statvfs(path, info);
    uint64_t used, limit;
    int error = disk_usage(path, &used, &limit);
    if (error != 0) return (int)answer(error);
    uint64_t total = min_u64(limit, largest);
    *info = (struct statvfs){
        .f_bsize = 4096,
        .f_frsize = 4096,
        .f_blocks = total / 4096,
        .f_bfree = (total - min_u64(used, total)) / 4096,
        .f_bavail = (total - min_u64(used, total)) / 4096,
        .f_namemax = DISK_PATH_MAX - 1,
    };
    return 0;
}
