/* node/files.h -- the data directory: lock, format mark, key files, atomic writes, free space.
 *
 * Everything that outlives a crash is written to a temporary name, synced, renamed, and the
 * directory synced: a reader sees the old file or the new one. Messages name the path.
 */
#ifndef NODE_FILES_H
#define NODE_FILES_H

#include "crypto/codec.h"

enum { PATH_BYTES_MAX = 4096 };

/* "dir/name" into path. STATUS_TOO_LARGE. An absolute name stands for itself. */
enum status path_join(char path[PATH_BYTES_MAX], const char *dir, const char *name);

/* Everything before the last slash, "." without one. */
void path_parent(char parent[PATH_BYTES_MAX], const char *path);

bool file_exists(const char *path);

/* mkdir for every missing part; the new directory's parent is synced. */
enum status directory_create(const char *path, unsigned mode, struct problem *problem);
enum status directory_sync(const char *path, struct problem *problem);

/* The whole file, at most buffer->limit bytes. STATUS_NOT_FOUND, STATUS_IO, STATUS_TOO_LARGE,
 * STATUS_INVALID (not a regular file). The caller frees the buffer in any case. */
enum status file_read(const char *path, struct buffer *buffer, struct problem *problem);

/* The same for a secret: STATUS_PERMISSION, with the mode and the remedy, unless it is a regular
 * file that nobody but its owner may read or write (0600 or 0400) and that is ours. Checked on the
 * open file. The caller wipes the buffer (buffer_wipe). */
enum status file_read_secret(const char *path, struct buffer *buffer, struct problem *problem);
void buffer_wipe(struct buffer *buffer);

/* Temporary file in the same directory, fsync, rename, fsync of the directory. With replace false
 * an existing file is STATUS_EXISTS. */
enum status file_write(const char *path, struct span bytes, unsigned mode, bool replace,
                       struct problem *problem);

/* DIR/LOCK: one process for a data directory, by the kernel's locks, which a crash releases.
 * STATUS_BUSY: *holder (may be NULL) becomes the process id, 0 if it cannot be told, and the
 * message names it. *lock is a descriptor for data_unlock. */
enum status data_lock(const char *dir, int *lock, int64_t *holder, struct problem *problem);
void data_unlock(int lock);

/* DIR/FORMAT: "witan-data 1". data_format_check: STATUS_NOT_FOUND if missing, STATUS_UNSUPPORTED if
 * of a newer version, STATUS_MALFORMED. */
enum { DATA_FORMAT = 1 };
enum status data_format_create(const char *dir, struct problem *problem);
enum status data_format_check(const char *dir, struct problem *problem);

/* Bytes that this user may still write there, and the size of the file system (may be NULL). */
enum status disk_space(const char *path, uint64_t *free_bytes, uint64_t *total_bytes);

#endif
