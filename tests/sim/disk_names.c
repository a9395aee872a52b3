#include "disk_internal.h"

#include <stdlib.h>

/* ---- a sorted list --------------------------------------------------------------------------- */

/* Where the path is, or would be. */
static size_t names_place(const struct names *names, const char *path, bool *found)
{
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(names->items[middle].path, path);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

struct name *names_find(const struct names *names, const char *path)
{
    bool found;
    size_t place = names_place(names, path, &found);
    return found ? &names->items[place] : NULL;
}

void names_put(struct names *names, const char *path, struct node *node)
{
    bool found;
    size_t place = names_place(names, path, &found);
    if (!found) {
        names->items =
            array_room(names->items, names->count, &names->capacity, sizeof *names->items);
        memmove(names->items + place + 1, names->items + place,
                (names->count - place) * sizeof *names->items);
        names->count++;
        memcpy(names->items[place].path, path, strlen(path) + 1);
    }
    names->items[place].node = node;
}

void names_remove(struct names *names, const char *path)
{
    bool found;
    size_t place = names_place(names, path, &found);
    if (!found) return;
    names->count--;
    memmove(names->items + place, names->items + place + 1,
            (names->count - place) * sizeof *names->items);
}

/* ---- changes --------------------------------------------------------------------------------- */

static void change_apply(struct names *names, const struct change *change)
{
    if (change->removed[0]) names_remove(names, change->removed);
    if (change->added[0]) names_put(names, change->added, change->node);
}

void disk_change(struct disk *disk, struct node *directory, const char *removed, const char *added,
                 struct node *node)
{
    disk->changes = array_room(disk->changes, disk->changes_count, &disk->changes_capacity,
                               sizeof *disk->changes);
    struct change *change = &disk->changes[disk->changes_count++];
    *change = (struct change){ .directory = directory, .node = node };
    memcpy(change->removed, removed, strlen(removed) + 1);
    memcpy(change->added, added, strlen(added) + 1);
    change_apply(&disk->seen, change);
}

size_t disk_unsettled(const struct disk *disk, const struct node *directory)
{
    size_t count = 0;
    for (size_t i = 0; i < disk->changes_count; i++)
        count += disk->changes[i].directory == directory;
    return count;
}

void disk_settle(struct disk *disk, const struct node *directory, size_t count, bool forget)
{
    size_t left = 0, settled = 0;
    for (size_t i = 0; i < disk->changes_count; i++) {
        struct change *change = &disk->changes[i];
        if (change->directory == directory && settled < count) {
            change_apply(&disk->kept, change);
            settled++;
        } else if (change->directory != directory || !forget) {
            disk->changes[left++] = *change;
        }
    }
    disk->changes_count = left;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

struct node *disk_lookup(const struct disk *disk, const char *path)
{
    if (path[0] == 0) return disk->root;
    const struct name *name = names_find(&disk->seen, path);
    return name ? name->node : NULL;
}

struct node *disk_lookup_parent(const struct disk *disk, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return disk->root;
    char parent[DISK_PATH_MAX];
    size_t size = (size_t)(slash - path);
    memcpy(parent, path, size);
    parent[size] = 0;
    struct node *node = disk_lookup(disk, parent);
    return node && node->directory ? node : NULL;
}

struct node *disk_node_add(struct disk *disk, struct node *node)
{
    disk->nodes =
        array_room(disk->nodes, disk->nodes_count, &disk->nodes_capacity, sizeof(struct node *));
    disk->nodes[disk->nodes_count++] = node;
    return node;
}

static bool names_hold(const struct names *names, const struct node *node)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->items[i].node == node) return true;
    return false;
}

static bool node_needed(const struct disk *disk, const struct node *node)
{
    if (node->opens > 0 || names_hold(&disk->seen, node) || names_hold(&disk->kept, node))
        return true;
    for (size_t i = 0; i < disk->changes_count; i++)
        if (disk->changes[i].node == node || disk->changes[i].directory == node) return true;
    return false;
}

void disk_sweep(struct disk *disk)
{
    size_t left = 0;
    for (size_t i = 0; i < disk->nodes_count; i++) {
        if (node_needed(disk, disk->nodes[i]))
            disk->nodes[left++] = disk->nodes[i];
        else
            node_free(disk->nodes[i]);
    }
    disk->nodes_count = left;
}
