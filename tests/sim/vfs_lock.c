#include "vfs_internal.h"

#include "crypto/base.h"
#include <stdlib.h>

enum { REGIONS_MAX = 4096 }; /* of 32 KiB each: a WAL of 16 million pages */

struct vfs_shared {
    struct disk_identity identity;
    struct vfs_shared *next;
    unsigned connections;
    unsigned readers;        /* that hold at least SHARED */
    struct vfs_file *writer; /* that holds RESERVED, PENDING or EXCLUSIVE */
    unsigned mappers;
    void **regions;
    int regions_count;
    int locks[SQLITE_SHM_NLOCK]; /* holders of a shared lock; -1: an exclusive one */
};

static struct vfs_shared *all_shared;

struct vfs_shared *shared_join(struct vfs_file *file)
{
    struct disk_identity identity = disk_identity(file->file);
    struct vfs_shared *shared = all_shared;
    while (shared &&
           (shared->identity.node != identity.node || shared->identity.life != identity.life))
        shared = shared->next;
    if (!shared) {
        shared = calloc(1, sizeof *shared);
        if (!shared) return NULL;
        shared->identity = identity;
        shared->next = all_shared;
        all_shared = shared;
    }
    shared->connections++;
    return shared;
}

void shared_leave(struct vfs_file *file)
{
    struct vfs_shared *shared = file->shared;
    if (!shared) return;
    file_unlock(&file->base, SQLITE_LOCK_NONE);
    file_shm_unmap(&file->base, 0);
    file->shared = NULL;
    if (--shared->connections > 0) return;
    struct vfs_shared **link = &all_shared;
    while (*link != shared)
        link = &(*link)->next;
    *link = shared->next;
    free(shared);
}

/* ---- locks of the database file -------------------------------------------------------------- */

int file_lock(sqlite3_file *base, int level)
{
    struct vfs_file *file = (struct vfs_file *)base;
    struct vfs_shared *shared = file->shared;
    if (!shared || file->level >= level) return SQLITE_OK;
    if (level == SQLITE_LOCK_SHARED) {
        /* Behind PENDING nobody new comes in, so that the writer is alone one day. */
        if (shared->writer && shared->writer->level >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
        shared->readers++;
        file->level = level;
        return SQLITE_OK;
    }
    if (shared->writer && shared->writer != file) return SQLITE_BUSY;
    shared->writer = file;
    if (level == SQLITE_LOCK_EXCLUSIVE && shared->readers > 1) {
        file->level = SQLITE_LOCK_PENDING;
        return SQLITE_BUSY;
    }
    file->level = level;
    return SQLITE_OK;
}

int file_unlock(sqlite3_file *base, int level)
{
    struct vfs_file *file = (struct vfs_file *)base;
    struct vfs_shared *shared = file->shared;
    if (!shared || file->level <= level) return SQLITE_OK;
    if (shared->writer == file) shared->writer = NULL;
    if (level == SQLITE_LOCK_NONE) shared->readers--;
    file->level = level;
    return SQLITE_OK;
}

int file_check_reserved(sqlite3_file *base, int *reserved)
{
    const struct vfs_file *file = (const struct vfs_file *)base;
    *reserved = file->shared && file->shared->writer;
    return SQLITE_OK;
}

/* ---- the shared memory of the WAL's index ---------------------------------------------------- */

static bool region_make(struct vfs_shared *shared, int region, int size)
{
    if (region >= REGIONS_MAX) return false;
    if (!shared->regions) shared->regions = calloc(REGIONS_MAX, sizeof *shared->regions);
    if (!shared->regions) return false;
    for (; shared->regions_count <= region; shared->regions_count++) {
        shared->regions[shared->regions_count] = calloc(1, (size_t)size);
        if (!shared->regions[shared->regions_count]) return false;
    }
    return true;
}

int file_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **memory)
{
    struct vfs_file *file = (struct vfs_file *)base;
    struct vfs_shared *shared = file->shared;
    *memory = NULL;
    if (!file->shm_mapped) {
        file->shm_mapped = true;
        shared->mappers++;
    }
    if (region >= shared->regions_count) {
        if (!extend) return SQLITE_OK;
        if (!region_make(shared, region, size)) return SQLITE_NOMEM;
    }
    *memory = shared->regions[region];
    return SQLITE_OK;
}

static void shm_release(struct vfs_file *file, int lock)
{
    uint8_t bit = (uint8_t)(1u << lock);
    if (file->shm_exclusive & bit) file->shared->locks[lock] = 0;
    if (file->shm_shared & bit) file->shared->locks[lock]--;
    file->shm_exclusive &= (uint8_t)~bit;
    file->shm_shared &= (uint8_t)~bit;
}

static bool shm_available(const struct vfs_file *file, int lock, bool exclusive)
{
    int holders = file->shared->locks[lock];
    if (!exclusive) return holders >= 0;
    return holders == 0;
}

int file_shm_lock(sqlite3_file *base, int first, int count, int flags)
{
    struct vfs_file *file = (struct vfs_file *)base;
    bool exclusive = flags & SQLITE_SHM_EXCLUSIVE;
    if (flags & SQLITE_SHM_UNLOCK) {
        for (int lock = first; lock < first + count; lock++)
            shm_release(file, lock);
        return SQLITE_OK;
    }
    /* All or none. What one holds already is not asked for again by SQLite, except shared. */
    for (int lock = first; lock < first + count; lock++) {
        bool held = !exclusive && ((file->shm_shared >> lock) & 1);
        if (!held && !shm_available(file, lock, exclusive)) return SQLITE_BUSY;
    }
    for (int lock = first; lock < first + count; lock++) {
        uint8_t bit = (uint8_t)(1u << lock);
        if (exclusive) {
            file->shared->locks[lock] = -1;
            file->shm_exclusive |= bit;
        } else if (!(file->shm_shared & bit)) {
            file->shared->locks[lock]++;
            file->shm_shared |= bit;
        }
    }
    return SQLITE_OK;
}

void file_shm_barrier(sqlite3_file *base)
{
    (void)base; /* one thread */
}

int file_shm_unmap(sqlite3_file *base, int delete_it)
{
    struct vfs_file *file = (struct vfs_file *)base;
    struct vfs_shared *shared = file->shared;
    (void)delete_it; /* it lives in memory alone and goes with the last connection */
    if (!shared || !file->shm_mapped) return SQLITE_OK;
    for (int lock = 0; lock < SQLITE_SHM_NLOCK; lock++)
        shm_release(file, lock);
    file->shm_mapped = false;
    if (--shared->mappers > 0) return SQLITE_OK;
    for (int i = 0; i < shared->regions_count; i++)
        free(shared->regions[i]);
    free(shared->regions);
    shared->regions = NULL;
    shared->regions_count = 0;
    return SQLITE_OK;
}
