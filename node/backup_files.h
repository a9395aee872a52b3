/* node/backup_files.h -- files as a backup sees them: sums, copies, databases with their parts. */
#ifndef NODE_BACKUP_FILES_H
#define NODE_BACKUP_FILES_H

#include "node/files.h"

/* Size and SHA-256 of a file. STATUS_NOT_FOUND, STATUS_IO. */
enum status file_sum(const char *path, uint64_t *size, uint8_t sha256[32], struct problem *problem);

/* A new file with the same bytes, synced. STATUS_EXISTS, STATUS_NOT_FOUND, STATUS_IO. */
enum status file_copy(const char *from, const char *to, unsigned mode, struct problem *problem);

enum status file_sync(const char *path, struct problem *problem);

/* A database with its -wal, -shm and -journal; what is not there is no error. */
void remove_database(const char *path);

#endif
