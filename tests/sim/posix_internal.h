/* tests/sim/posix_internal.h -- descriptors of files on simulated disks, for posix.c, which hands
 * out system calls on descriptors, and posix_path.c, which does those on names. */
#ifndef SIM_POSIX_INTERNAL_H
#define SIM_POSIX_INTERNAL_H

#include "disk.h"

/* Far above what the kernel hands out. */
enum { DESCRIPTOR_FIRST = 1 << 20 };

struct descriptor {
    struct disk_file *file; /* NULL: free */
    uint64_t position;
};

/* NULL if it is the kernel's, or not open. */
struct descriptor *descriptor_get(int fd);
static inline bool descriptor_is_ours(int fd)
{
    return fd >= DESCRIPTOR_FIRST;
}

/* The lowest that is free. */
int descriptor_new(struct disk_file *file);

/* Closes the descriptor, and not the file. */
struct disk_file *descriptor_take(int fd);

/* What a call answers: an error becomes -1 and errno. */
ssize_t answer(ssize_t result);

struct stat;
void stat_fill(struct stat *info, uint64_t size, bool directory);

#endif
