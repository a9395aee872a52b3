/* tests/sim/vfs_internal.h -- an open file of the VFS "sim" and what connections share of it.
 *
 *     vfs.c        files and names
 *     vfs_lock.c   locks between connections, and the shared memory of the WAL's index
 *
 * All connections run in one thread, so locks are counters, and a lock that is not free is busy:
 * nobody could give it back while one waits.
 */
#ifndef SIM_VFS_INTERNAL_H
#define SIM_VFS_INTERNAL_H

#include "disk.h"
#include <sqlite3.h>

struct vfs_file {
    sqlite3_file base;
    struct disk_file *file;
    struct vfs_shared *shared;         /* of a database; NULL of its WAL or journal */
    int level;                         /* SQLITE_LOCK_ */
    uint8_t shm_shared, shm_exclusive; /* locks held, a bit each */
    bool shm_mapped;
    bool sync_directory; /* with the next sync: the name is new */
    bool delete_on_close;
};

/* The part of the database that all its connections share, made by the first; NULL: no memory. */
struct vfs_shared *shared_join(struct vfs_file *file);
/* Gives back what the connection holds. The last one frees it. */
void shared_leave(struct vfs_file *file);

int file_lock(sqlite3_file *base, int level);
int file_unlock(sqlite3_file *base, int level);
int file_check_reserved(sqlite3_file *base, int *reserved);

int file_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **memory);
int file_shm_lock(sqlite3_file *base, int first, int count, int flags);
void file_shm_barrier(sqlite3_file *base);
int file_shm_unmap(sqlite3_file *base, int delete_it);

#endif
