#include "vfs_internal.h"

#include "crypto/base.h"
#include "ledger/schema.h"
#include <errno.h>
#include <fcntl.h>

enum {
    SECTOR_BYTES = 4096, /* as SQLite's own unix VFS says */
    DAY_MS = 86400000,
};
/* Noon of no particular day, for ever: 2026-01-01. */
#define FIXED_TIME_MS ((sqlite3_int64)(2461041 * (sqlite3_int64)DAY_MS))

/* ---- files ----------------------------------------------------------------------------------- */

static int file_close(sqlite3_file *base)
{
    struct vfs_file *file = (struct vfs_file *)base;
    shared_leave(file);
    if (file->delete_on_close) (void)disk_unlink(disk_path(file->file));
    disk_close(file->file);
    return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *bytes, int size, sqlite3_int64 offset)
{
    struct vfs_file *file = (struct vfs_file *)base;
    ssize_t got = disk_read(file->file, bytes, (size_t)size, (uint64_t)offset);
    if (got == size) return SQLITE_OK;
    if (got < 0) return SQLITE_IOERR_READ;
    memset((uint8_t *)bytes + got, 0, (size_t)(size - got));
    return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 offset)
{
    struct vfs_file *file = (struct vfs_file *)base;
    ssize_t written = disk_write(file->file, bytes, (size_t)size, (uint64_t)offset);
    if (written == size) return SQLITE_OK;
    return written >= 0 || written == -ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct vfs_file *file = (struct vfs_file *)base;
    return disk_truncate(file->file, (uint64_t)size) == 0 ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

/* Makes the names in the directory of this file durable. */
static bool parent_sync(const char *path)
{
    char parent[DISK_PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path) return false;
    memcpy(parent, path, (size_t)(slash - path));
    parent[slash - path] = 0;
    struct disk_file *directory;
    if (disk_open(parent, O_RDONLY | O_DIRECTORY, &directory) != 0) return false;
    int error = disk_sync(directory);
    disk_close(directory);
    return error == 0;
}

static int file_sync(sqlite3_file *base, int flags)
{
    struct vfs_file *file = (struct vfs_file *)base;
    (void)flags;
    if (disk_sync(file->file) != 0) return SQLITE_IOERR_FSYNC;
    if (!file->sync_directory) return SQLITE_OK;
    if (!parent_sync(disk_path(file->file))) return SQLITE_IOERR_DIR_FSYNC;
    file->sync_directory = false;
    return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)disk_size(((struct vfs_file *)base)->file);
    return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int operation, void *argument)
{
    (void)base;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base)
{
    (void)base;
    return SECTOR_BYTES;
}

/* A power cut leaves bytes alone that were synced and not written again, also within a sector, as
 * the unix VFS assumes of a disk; nothing else is promised: neither atomic pages, nor order, nor
 * that a file grows only by what was written. */
static int file_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* ---- names ----------------------------------------------------------------------------------- */

static sqlite3_vfs *underneath(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static int disk_flags_of(int flags)
{
    int result = flags & SQLITE_OPEN_READWRITE ? O_RDWR : O_RDONLY;
    if (flags & SQLITE_OPEN_CREATE) result |= O_CREAT;
    if (flags & SQLITE_OPEN_EXCLUSIVE) result |= O_EXCL;
    return result;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags,
                    int *flags_out)
{
    /* A temporary file without a name has no crash to survive. */
    if (!path) return underneath(vfs)->xOpen(underneath(vfs), NULL, base, flags, flags_out);
    struct vfs_file *file = (struct vfs_file *)base;
    *file = (struct vfs_file){ .delete_on_close = flags & SQLITE_OPEN_DELETEONCLOSE };
    int error = disk_open(path, disk_flags_of(flags), &file->file);
    if (error == -ENOSPC) return SQLITE_FULL;
    if (error != 0) return SQLITE_CANTOPEN;
    /* As the unix VFS: the first sync of a journal makes the names durable, its database's too;
     * also if it was there, for the one who made it may have died before. */
    int journals = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
    file->sync_directory = (flags & SQLITE_OPEN_CREATE) && (flags & journals);
    if (flags & SQLITE_OPEN_MAIN_DB) {
        file->shared = shared_join(file);
        if (!file->shared) {
            disk_close(file->file);
            return SQLITE_NOMEM;
        }
    }
    file->base.pMethods = &methods;
    if (flags_out) *flags_out = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_directory)
{
    (void)vfs;
    int error = disk_unlink(path);
    if (error == -ENOENT) return SQLITE_IOERR_DELETE_NOENT;
    if (error != 0) return SQLITE_IOERR_DELETE;
    if (sync_directory && !parent_sync(path)) return SQLITE_IOERR_DIR_FSYNC;
    return SQLITE_OK;
}

/* As the unix VFS: an empty file does not count as one that exists. */
static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
    (void)vfs;
    uint64_t size;
    bool directory;
    bool found = disk_stat(path, &size, &directory) == 0;
    *result = found && (flags != SQLITE_ACCESS_EXISTS || directory || size > 0);
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *full)
{
    (void)vfs;
    size_t length = strlen(path);
    if (length >= (size_t)size) return SQLITE_CANTOPEN;
    memcpy(full, path, length + 1);
    return SQLITE_OK;
}

/* ---- time and chance ------------------------------------------------------------------------- */

static struct stream randomness;
static bool seeded;

void disk_seed(uint64_t seed)
{
    randomness = stream_of(seed, 0);
    seeded = true;
    /* SQLite stretches one draw for a whole process; it takes a new one now, and the salts of the
     * next WAL do not depend on what was run before. 0 would mean the system's randomness. */
    int number = (int)(stream_next(&randomness) & INT32_MAX) | 1;
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, number, NULL);
}

bool disk_random(void *bytes, size_t size)
{
    if (!seeded) return false;
    for (size_t done = 0; done < size;) {
        uint64_t draw = stream_next(&randomness);
        size_t part = min_u64(size - done, sizeof draw);
        memcpy((uint8_t *)bytes + done, &draw, part);
        done += part;
    }
    return true;
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *bytes)
{
    if (disk_random(bytes, (size_t)size)) return size;
    return underneath(vfs)->xRandomness(underneath(vfs), size, bytes);
}

/* Time does not pass while one sleeps: nobody else runs. */
static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int vfs_time_ms(sqlite3_vfs *vfs, sqlite3_int64 *time)
{
    (void)vfs;
    *time = FIXED_TIME_MS;
    return SQLITE_OK;
}

static int vfs_time(sqlite3_vfs *vfs, double *days)
{
    (void)vfs;
    *days = (double)FIXED_TIME_MS / DAY_MS;
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *text)
{
    (void)vfs;
    (void)size;
    (void)text;
    return 0;
}

void disk_register_vfs(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .mxPathname = DISK_PATH_MAX - 1,
        .zName = "sim",
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time_ms,
    };
    if (vfs.pAppData) return;
    schema_library_start(); /* its settings come before the first use of the library */
    sqlite3_vfs *standard = sqlite3_vfs_find(NULL);
    ASSERT(standard);
    vfs.pAppData = standard;
    vfs.szOsFile = (int)max_u64(sizeof(struct vfs_file), (uint64_t)standard->szOsFile);
    int code = sqlite3_vfs_register(&vfs, 0);
    ASSERT(code == SQLITE_OK);
}
