#include "disk_internal.h"

#include <errno.h>
#include <stdlib.h>

static const char mount_root[] = "/sim";
enum { MOUNT_ROOT_BYTES = sizeof mount_root - 1 };

bool disk_owns_path(const char *path)
{
    return strncmp(path, mount_root, MOUNT_ROOT_BYTES) == 0 &&
           (path[MOUNT_ROOT_BYTES] == '/' || path[MOUNT_ROOT_BYTES] == 0);
}

int disk_split_path(const char *path, struct disk **disk, char inside[DISK_PATH_MAX])
{
    if (!disk_owns_path(path) || path[MOUNT_ROOT_BYTES] == 0) return -ENOENT;
    const char *at = path + MOUNT_ROOT_BYTES + 1;
    char *end;
    unsigned long number = strtoul(at, &end, 10);
    if (end == at || (*end != 0 && *end != '/') || !disk_mounted(number)) return -ENOENT;
    while (*end == '/')
        end++;
    size_t size = strlen(end);
    while (size > 0 && end[size - 1] == '/')
        size--;
    if (size >= DISK_PATH_MAX || strlen(path) >= DISK_PATH_MAX) return -ENAMETOOLONG;
    memcpy(inside, end, size);
    inside[size] = 0;
    *disk = disk_mounted(number);
    return 0;
}

/* ---- names ----------------------------------------------------------------------------------- */

int disk_unlink(const char *path)
{
    struct disk *disk;
    char inside[DISK_PATH_MAX];
    int error = disk_split_path(path, &disk, inside);
    if (error != 0) return error;
    struct node *node = disk_lookup(disk, inside);
    if (!node) return -ENOENT;
    if (node->directory) return -EISDIR;
    if (!disk_allows_change(disk)) return -EIO;
    disk_change(disk, disk_lookup_parent(disk, inside), inside, "", NULL);
    return 0;
}

/* A second name for a file, or another one. Within one directory: there it is one step. */
static int name_give(const char *from, const char *to, bool replace, bool keep)
{
    struct disk *disk, *disk_to;
    char inside[DISK_PATH_MAX], inside_to[DISK_PATH_MAX];
    int error = disk_split_path(from, &disk, inside);
    if (error == 0) error = disk_split_path(to, &disk_to, inside_to);
    if (error != 0) return error;
    struct node *node = disk_lookup(disk, inside);
    struct node *parent = disk_lookup_parent(disk, inside);
    struct node *target = disk_lookup(disk_to, inside_to);
    if (!node) return -ENOENT;
    if (node->directory || (target && target->directory)) return -EISDIR;
    if (disk != disk_to || disk_lookup_parent(disk_to, inside_to) != parent) return -EXDEV;
    if (target && !replace) return -EEXIST;
    if (!disk_allows_change(disk)) return -EIO;
    if (target != node) disk_change(disk, parent, keep ? "" : inside, inside_to, node);
    return 0;
}

int disk_rename(const char *from, const char *to, bool replace)
{
    return name_give(from, to, replace, false);
}

int disk_link(const char *from, const char *to)
{
    return name_give(from, to, false, true);
}

int disk_mkdir(const char *path)
{
    struct disk *disk;
    char inside[DISK_PATH_MAX];
    int error = disk_split_path(path, &disk, inside);
    if (error != 0) return error;
    if (disk_lookup(disk, inside)) return -EEXIST;
    struct node *parent = disk_lookup_parent(disk, inside);
    if (!parent) return -ENOENT;
    if (!disk_allows_change(disk)) return -EIO;
    disk_change(disk, parent, "", inside, disk_node_add(disk, node_new(true)));
    return 0;
}

bool disk_exists(const char *path)
{
    struct disk *disk;
    char inside[DISK_PATH_MAX];
    return disk_split_path(path, &disk, inside) == 0 && disk_lookup(disk, inside);
}

int disk_stat(const char *path, uint64_t *size, bool *directory)
{
    struct disk *disk;
    char inside[DISK_PATH_MAX];
    int error = disk_split_path(path, &disk, inside);
    if (error != 0) return error;
    const struct node *node = disk_lookup(disk, inside);
    if (!node) return -ENOENT;
    *size = node->seen_size;
    *directory = node->directory;
    return 0;
}

int disk_usage(const char *path, uint64_t *used, uint64_t *limit)
{
    struct disk *disk;
    char inside[DISK_PATH_MAX];
    int error = disk_split_path(path, &disk, inside);
    if (error != 0) return error;
    *used = disk_bytes(disk);
    *limit = disk->limit;
    return 0;
}
