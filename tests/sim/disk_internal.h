/* tests/sim/disk_internal.h -- what the files of the simulated disk share; nobody else includes it.
 *
 *     disk_content.c   pages: what a file holds for readers, and what is durable of it
 *     disk_names.c     names: directories, and their changes that are not synced yet
 *     disk_crash.c     what a power cut leaves; bits that flip; files taken away
 *     disk_path.c      operations on paths
 *     disk.c           mounts, open files, operations on them, faults
 *
 * A file is an array of cells of 4096 bytes. A cell refers to two pages, the one that is seen and
 * the one that is kept; after a sync they are the same page, and a write makes a copy if anybody
 * else refers to it. A clone refers to all pages of its original. No page means zeros, so that a
 * preallocated segment costs nothing.
 *
 * Between two syncs the kernel may write a page back at any moment. A cell therefore remembers,
 * while it is dirty, some of the states it was in: always the present one and the durable one, the
 * one before the last write if that only added bytes, and up to three older ones of bytes that were
 * written over. A power cut picks one of them for each cell, or mixes one with the durable one
 * sector by sector.
 */
#ifndef SIM_DISK_INTERNAL_H
#define SIM_DISK_INTERNAL_H

#include "crypto/base.h"
#include "disk.h"

enum { PAGE_BYTES = 4096, SECTOR_BYTES = 512, VERSIONS_MAX = 3 };

struct page {
    uint64_t references; /* what stands behind it is aligned, for a pointer too */
    uint8_t bytes[PAGE_BYTES];
};

/* What a cell was since its last sync. */
struct unsynced {
    uint32_t low, high;           /* bytes written: none lies outside low .. high - 1 */
    uint32_t last_low, last_high; /* the last write, if it touched none of these before; or 0, 0 */
    unsigned overwrites;
    struct page *versions[VERSIONS_MAX]; /* before an overwrite; NULL is a page of zeros */
};

struct cell {
    struct page *seen, *kept;
    struct unsynced *unsynced; /* NULL: clean. Also after a failed sync, then seen is not kept */
};

struct node {
    bool directory;
    unsigned opens;
    uint64_t seen_size, kept_size;
    uint64_t cut; /* the least size that it was cut to since the last sync; UINT64_MAX: never */
    struct cell *cells;
    size_t cells_count, cells_capacity;
    uint32_t *dirty; /* cells with unsynced writes, in the order of their first one */
    size_t dirty_count, dirty_capacity;
};

/* ---- content ---- */

struct node *node_new(bool directory);
struct node *node_clone(const struct node *from);
void node_free(struct node *node);

size_t node_read(const struct node *node, uint8_t *bytes, size_t size, uint64_t offset);
void node_write(struct node *node, const uint8_t *bytes, size_t size, uint64_t offset);
void node_truncate(struct node *node, uint64_t size);
void node_sync(struct node *node);
/* The sync failed: nothing becomes durable, now or with the next sync. */
void node_forget_dirty(struct node *node);

void page_set(struct page **slot, struct page *page); /* drops what was there, refers to page */
uint8_t *page_own(struct page **slot);                /* a page that nobody else refers to */
void cell_clean(struct cell *cell);

/* ---- names ---- */

struct name {
    char path[DISK_PATH_MAX]; /* below the mount: "journal/00000000000000000001.log" */
    struct node *node;
};

struct names { /* by path */
    struct name *items;
    size_t count, capacity;
};

/* One step of a directory that survives whole or not at all. */
struct change {
    struct node *directory;
    char removed[DISK_PATH_MAX]; /* or "" */
    char added[DISK_PATH_MAX];   /* or ""; replaces a name that is there */
    struct node *node;           /* that is added */
};

struct name *names_find(const struct names *names, const char *path);
void names_put(struct names *names, const char *path, struct node *node);
void names_remove(struct names *names, const char *path);

/* Does it now, and remembers it until the directory is synced. */
void disk_change(struct disk *disk, struct node *directory, const char *removed, const char *added,
                 struct node *node);
/* The first `count` changes of this directory become durable; the others are forgotten if
 * `forget`, and wait otherwise. */
void disk_settle(struct disk *disk, const struct node *directory, size_t count, bool forget);
size_t disk_unsettled(const struct disk *disk, const struct node *directory);

/* The node of a path below the mount, "" being the root; NULL. And of the directory it is in. */
struct node *disk_lookup(const struct disk *disk, const char *path);
struct node *disk_lookup_parent(const struct disk *disk, const char *path);

/* Frees nodes without a name, a change or an open file that would still need them. */
void disk_sweep(struct disk *disk);

/* ---- the disk ---- */

struct disk {
    unsigned number;
    uint64_t life; /* descriptors of an earlier one are closed; unique among all disks */
    struct node *root;
    struct node **nodes; /* all but the root */
    size_t nodes_count, nodes_capacity;
    struct names seen, kept;
    struct change *changes;
    size_t changes_count, changes_capacity;
    struct disk_file *files; /* open ones */
    uint64_t operations, die_at;
    bool dead;
    uint64_t fail_in[3]; /* by enum disk_fault; 0: not */
    uint64_t limit;
    struct disk_counts counts;
};

struct disk *disk_mounted(unsigned long number); /* NULL: none */

/* Splits a whole path into its disk and the path below the mount. -ENOENT: nothing is mounted
 * there; -ENAMETOOLONG. */
int disk_split_path(const char *path, struct disk **disk, char inside[DISK_PATH_MAX]);

/* Every operation that changes something asks first, and is not done if the process has died. */
bool disk_allows_change(struct disk *disk);

/* A process ended: its descriptors are closed, the next one finds a disk that works. */
void disk_new_life(struct disk *disk);

struct node *disk_node_add(struct disk *disk, struct node *node);

/* Room for one item more in a growing array. Out of memory ends the program. */
void *array_room(void *items, size_t count, size_t *capacity, size_t item_bytes);
void *memory_new(size_t size); /* zeroed */

#endif
