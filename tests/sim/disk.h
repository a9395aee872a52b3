/* tests/sim/disk.h -- a file system in memory that forgets as real ones do.
 *
 * Every replica has a disk of its own, mounted at /sim/N. The real journal, safety file and key
 * file code reaches it through wrapped system calls (posix.c; the linker's --wrap), the real SQLite
 * through a VFS called "sim" (vfs.c). Nothing else of the program is changed.
 *
 * A file has two contents: what a reader sees (the page cache), and what a power cut leaves. A
 * write changes the first; fsync and fdatasync make it the second. Names behave the same way:
 * creating, renaming and removing are seen at once and survive a power cut only after an fsync of
 * the directory. A killed process loses nothing of either; what it had not written yet is gone.
 *
 * Faults are drawn from the stream handed over with each call, so the same plan gives the same
 * disk on every machine.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "random.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct disk;

enum { DISKS_MAX = 256, DISK_PATH_MAX = 128 };

/* The disk of /sim/NUMBER, empty; or a copy of another one, both contents (what an operator's
 * `init` has left). Free unmounts. */
struct disk *disk_new(unsigned number);
struct disk *disk_clone(const struct disk *from, unsigned number);
void disk_free(struct disk *disk);

/* Frees the pages that no disk uses any more; without it they are kept for the next one. */
void disk_trim(void);

/* ---- faults ---- */

/* From now on every state-changing operation is counted; the one with this number (1 = the next)
 * and all behind it are not done and answer EIO: the process dies at that point. 0 = never. */
void disk_die_at(struct disk *disk, uint64_t operation);
bool disk_is_dead(const struct disk *disk);

enum disk_fault {
    DISK_EIO_WRITE, /* nothing of it is written, or a prefix */
    DISK_EIO_SYNC,  /* what it should have synced is never synced: pages are clean and lost later */
    DISK_EIO_READ,
};
/* The nth operation of that kind from now on (1 = the next) fails once. */
void disk_fail(struct disk *disk, enum disk_fault fault, uint64_t nth);

/* Beyond so many bytes in all files a write that grows one answers ENOSPC. UINT64_MAX: no limit. */
void disk_limit(struct disk *disk, uint64_t bytes);
uint64_t disk_bytes(const struct disk *disk);

/* The process is gone: descriptors are closed, locks released, a dead disk works again. A killed
 * process loses nothing that was written. With power, of all writes since the last sync of their
 * file any subset is lost, each of them perhaps torn at 512 bytes; names since the last sync of
 * their directory come back or go from any point on, in order. */
void disk_crash(struct disk *disk, bool power, struct stream *stream);

/* Flips one bit of what lies in a file whose path (below the mount) begins with prefix: "journal/",
 * "safety", "ledger.db". False if there is no such file or it is empty. */
bool disk_flip(struct disk *disk, const char *prefix, struct stream *stream);

/* Removes every file whose path below the mount begins with prefix; durable at once. */
void disk_remove(struct disk *disk, const char *prefix);

/* ---- counting, for reports: since disk_new ---- */

struct disk_counts {
    uint64_t writes, syncs, failed, torn, lost, flipped;
};
void disk_counts(const struct disk *disk, struct disk_counts *counts);

/* Operations that change state, so far: what disk_die_at counts. */
uint64_t disk_operations(const struct disk *disk);

/* ---- what posix.c and vfs.c are made of ----
 *
 * Paths are whole ("/sim/3/journal/00000000000000000001.log"). Answers are 0 or more, or -errno. */

bool disk_owns_path(const char *path);

struct disk_file;                                                    /* an open file or directory */
int disk_open(const char *path, int flags, struct disk_file **file); /* O_CREAT, O_EXCL, O_TRUNC */
void disk_close(struct disk_file *file);
ssize_t disk_read(struct disk_file *file, void *bytes, size_t size, uint64_t offset);
ssize_t disk_write(struct disk_file *file, const void *bytes, size_t size, uint64_t offset);
int disk_truncate(struct disk_file *file, uint64_t size);
int disk_sync(struct disk_file *file); /* of a directory: its names */
uint64_t disk_size(const struct disk_file *file);
bool disk_is_directory(const struct disk_file *file);

/* Equal for all that have the same file open in the same life of the process. */
struct disk_identity {
    const void *node;
    uint64_t life;
};
struct disk_identity disk_identity(const struct disk_file *file);

const char *disk_path(const struct disk_file *file);
int disk_unlink(const char *path);
int disk_rename(const char *from, const char *to, bool replace);
int disk_link(const char *from, const char *to);
int disk_mkdir(const char *path);
bool disk_exists(const char *path);

/* Names in an open directory, sorted; index from 0; NULL behind the last. */
const char *disk_name(struct disk_file *directory, size_t index);

/* Of what is at path: size of a file, 0 of a directory. */
int disk_stat(const char *path, uint64_t *size, bool *directory);

/* For statvfs: bytes of all files on the disk of this path, and its limit. */
int disk_usage(const char *path, uint64_t *used, uint64_t *limit);

/* Registers the VFS "sim" with SQLite, once. */
void disk_register_vfs(void);

/* All randomness of SQLite and random_bytes() comes from this seed from now on: with the same one,
 * at the beginning of a run, files are equal to the bit. Not called: from the system's. */
void disk_seed(uint64_t seed);
bool disk_random(void *bytes, size_t size); /* false, and nothing: not seeded */

#endif
