#include "disk_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

static struct disk *mounted[DISKS_MAX];
static uint64_t lives;

struct disk_file {
    struct disk *disk; /* NULL: unmounted */
    struct node *node; /* not to be looked at unless file_lives */
    uint64_t life;
    struct disk_file *next, **link; /* of the disk's open files */
    char path[DISK_PATH_MAX];       /* whole */
};

/* ---- mounts ---------------------------------------------------------------------------------- */

static struct disk *disk_mount(struct disk *disk, unsigned number)
{
    ASSERT(number < DISKS_MAX);
    ASSERT(!mounted[number]);
    disk->number = number;
    disk->life = ++lives;
    disk->limit = UINT64_MAX;
    mounted[number] = disk;
    return disk;
}

struct disk *disk_new(unsigned number)
{
    struct disk *disk = memory_new(sizeof *disk);
    disk->root = node_new(true);
    return disk_mount(disk, number);
}

/* The copy of a node of another disk, found by its place. */
static struct node *clone_of(const struct disk *from, const struct disk *to,
                             const struct node *node)
{
    if (node == from->root) return to->root;
    for (size_t i = 0; i < from->nodes_count; i++)
        if (from->nodes[i] == node) return to->nodes[i];
    return NULL;
}

static void names_clone(const struct disk *from, const struct names *names, const struct disk *to,
                        struct names *copy)
{
    for (size_t i = 0; i < names->count; i++)
        names_put(copy, names->items[i].path, clone_of(from, to, names->items[i].node));
}

struct disk *disk_clone(const struct disk *from, unsigned number)
{
    struct disk *disk = disk_new(number);
    for (size_t i = 0; i < from->nodes_count; i++)
        disk_node_add(disk, node_clone(from->nodes[i]));
    names_clone(from, &from->seen, disk, &disk->seen);
    names_clone(from, &from->kept, disk, &disk->kept);
    for (size_t i = 0; i < from->changes_count; i++) {
        disk->changes = array_room(disk->changes, disk->changes_count, &disk->changes_capacity,
                                   sizeof *disk->changes);
        struct change *change = &disk->changes[disk->changes_count++];
        *change = from->changes[i];
        change->directory = clone_of(from, disk, change->directory);
        if (change->node) change->node = clone_of(from, disk, change->node);
    }
    disk_sweep(disk);
    return disk;
}

void disk_free(struct disk *disk)
{
    if (!disk) return;
    for (struct disk_file *file = disk->files; file; file = file->next)
        file->disk = NULL;
    for (size_t i = 0; i < disk->nodes_count; i++)
        node_free(disk->nodes[i]);
    node_free(disk->root);
    free(disk->nodes);
    free(disk->seen.items);
    free(disk->kept.items);
    free(disk->changes);
    mounted[disk->number] = NULL;
    free(disk);
}

struct disk *disk_mounted(unsigned long number)
{
    return number < DISKS_MAX ? mounted[number] : NULL;
}

void disk_new_life(struct disk *disk)
{
    disk->life = ++lives;
    disk->dead = false;
    disk->die_at = 0;
    for (size_t i = 0; i < disk->nodes_count; i++)
        disk->nodes[i]->opens = 0;
}

/* ---- faults ---------------------------------------------------------------------------------- */

void disk_die_at(struct disk *disk, uint64_t operation)
{
    disk->die_at = operation == 0 ? 0 : disk->operations + operation;
}

bool disk_is_dead(const struct disk *disk)
{
    return disk->dead;
}

void disk_fail(struct disk *disk, enum disk_fault fault, uint64_t nth)
{
    disk->fail_in[fault] = nth;
}

void disk_limit(struct disk *disk, uint64_t bytes)
{
    disk->limit = bytes;
}

uint64_t disk_bytes(const struct disk *disk)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < disk->nodes_count; i++)
        bytes += disk->nodes[i]->seen_size;
    return bytes;
}

void disk_counts(const struct disk *disk, struct disk_counts *counts)
{
    *counts = disk->counts;
}

uint64_t disk_operations(const struct disk *disk)
{
    return disk->operations;
}

bool disk_allows_change(struct disk *disk)
{
    if (disk->dead) return false;
    disk->operations++;
    if (disk->operations == disk->die_at) disk->dead = true;
    return !disk->dead;
}

/* Is it this one that fails? */
static bool operation_fails(struct disk *disk, enum disk_fault fault)
{
    if (disk->fail_in[fault] == 0 || --disk->fail_in[fault] > 0) return false;
    disk->counts.failed++;
    return true;
}

/* How many bytes a file of this size may have, at most `wanted`. */
static uint64_t size_allowed(const struct disk *disk, uint64_t size, uint64_t wanted)
{
    if (wanted <= size || disk->limit == UINT64_MAX) return wanted;
    uint64_t used = disk_bytes(disk);
    uint64_t room = disk->limit > used ? disk->limit - used : 0;
    return min_u64(wanted, size + room);
}

/* ---- open files ------------------------------------------------------------------------------ */

static bool file_lives(const struct disk_file *file)
{
    return file->disk && file->disk->life == file->life;
}

static struct disk_file *file_new(struct disk *disk, struct node *node, const char *inside)
{
    struct disk_file *file = memory_new(sizeof *file);
    file->disk = disk;
    file->node = node;
    file->life = disk->life;
    file->next = disk->files;
    file->link = &disk->files;
    if (file->next) file->next->link = &file->next;
    disk->files = file;
    int size = snprintf(file->path, sizeof file->path, "/sim/%u%s%s", disk->number,
                        inside[0] ? "/" : "", inside);
    ASSERT(size > 0);
    node->opens++;
    return file;
}

static int open_new(struct disk *disk, const char *inside, struct node **node)
{
    struct node *parent = disk_lookup_parent(disk, inside);
    if (!parent) return -ENOENT;
    if (!disk_allows_change(disk)) return -EIO;
    *node = disk_node_add(disk, node_new(false));
    disk_change(disk, parent, "", inside, *node);
    return 0;
}

static int open_old(struct disk *disk, int flags, struct node *node)
{
    if ((flags & O_CREAT) && (flags & O_EXCL)) return -EEXIST;
    if ((flags & O_DIRECTORY) && !node->directory) return -ENOTDIR;
    if (node->directory && (flags & O_ACCMODE) != O_RDONLY) return -EISDIR;
    if (!(flags & O_TRUNC) || node->seen_size == 0) return 0;
    if (!disk_allows_change(disk)) return -EIO;
    node_truncate(node, 0);
    return 0;
}

int disk_open(const char *path, int flags, struct disk_file **file)
{
    struct disk *disk;
    char inside[DISK_PATH_MAX];
    int error = disk_split_path(path, &disk, inside);
    if (error != 0) return error;
    struct node *node = disk_lookup(disk, inside);
    if (!node && !(flags & O_CREAT)) return -ENOENT;
    error = node ? open_old(disk, flags, node) : open_new(disk, inside, &node);
    if (error != 0) return error;
    *file = file_new(disk, node, inside);
    return 0;
}

void disk_close(struct disk_file *file)
{
    if (!file) return;
    if (file->disk) {
        *file->link = file->next;
        if (file->next) file->next->link = file->link;
    }
    if (file_lives(file) && --file->node->opens == 0 && !file->node->directory)
        disk_sweep(file->disk);
    free(file);
}

ssize_t disk_read(struct disk_file *file, void *bytes, size_t size, uint64_t offset)
{
    if (!file_lives(file)) return -EBADF;
    if (file->node->directory) return -EISDIR;
    if (operation_fails(file->disk, DISK_EIO_READ)) return -EIO;
    return (ssize_t)node_read(file->node, bytes, size, offset);
}

ssize_t disk_write(struct disk_file *file, const void *bytes, size_t size, uint64_t offset)
{
    if (!file_lives(file)) return -EBADF;
    if (!disk_allows_change(file->disk)) return -EIO;
    struct disk *disk = file->disk;
    struct node *node = file->node;
    disk->counts.writes++;
    uint64_t end = size_allowed(disk, node->seen_size, offset + size);
    if (size > 0 && end <= offset) return -ENOSPC;
    size = (size_t)(end - offset);
    if (operation_fails(disk, DISK_EIO_WRITE)) {
        /* Every other time a part of it has been written; which part, the count decides. */
        if (disk->operations % 2 == 0)
            node_write(node, bytes, (size_t)(disk->operations / 2 * SECTOR_BYTES % (size + 1)),
                       offset);
        return -EIO;
    }
    node_write(node, bytes, size, offset);
    return (ssize_t)size;
}

int disk_truncate(struct disk_file *file, uint64_t size)
{
    if (!file_lives(file)) return -EBADF;
    if (!disk_allows_change(file->disk)) return -EIO;
    if (size_allowed(file->disk, file->node->seen_size, size) < size) return -ENOSPC;
    node_truncate(file->node, size);
    return 0;
}

int disk_sync(struct disk_file *file)
{
    if (!file_lives(file)) return -EBADF;
    if (!disk_allows_change(file->disk)) return -EIO;
    struct disk *disk = file->disk;
    disk->counts.syncs++;
    if (operation_fails(disk, DISK_EIO_SYNC)) {
        node_forget_dirty(file->node);
        return -EIO;
    }
    if (!file->node->directory) {
        node_sync(file->node);
    } else {
        disk_settle(disk, file->node, SIZE_MAX, false);
        disk_sweep(disk);
    }
    return 0;
}

uint64_t disk_size(const struct disk_file *file)
{
    return file_lives(file) ? file->node->seen_size : 0;
}

bool disk_is_directory(const struct disk_file *file)
{
    return file_lives(file) && file->node->directory;
}

const char *disk_path(const struct disk_file *file)
{
    return file->path;
}

struct disk_identity disk_identity(const struct disk_file *file)
{
    return (struct disk_identity){ file->node, file->life };
}

const char *disk_name(struct disk_file *directory, size_t index)
{
    if (!disk_is_directory(directory)) return NULL;
    struct disk *disk = directory->disk;
    for (size_t i = 0; i < disk->seen.count; i++) {
        const char *path = disk->seen.items[i].path;
        if (disk_lookup_parent(disk, path) != directory->node || index-- > 0) continue;
        const char *slash = strrchr(path, '/');
        return slash ? slash + 1 : path;
    }
    return NULL;
}
