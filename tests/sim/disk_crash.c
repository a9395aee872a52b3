#include "disk_internal.h"

/* ---- content --------------------------------------------------------------------------------- */

/* How much of what was not synced a power cut takes: nothing, a little, half, most or all of it. */
static unsigned draw_loss_permille(struct stream *stream)
{
    static const unsigned permille[] = { 0, 100, 500, 900, 1000 };
    return permille[stream_next(stream) % (sizeof permille / sizeof *permille)];
}

/* One of the states in which a dirty cell may have been written back. Takes a reference. */
static struct page *draw_version(struct cell *cell, struct stream *stream)
{
    const struct unsynced *unsynced = cell->unsynced;
    size_t versions = min_u64(unsynced->overwrites, VERSIONS_MAX);
    bool grown = unsynced->last_high > 0;
    uint64_t which = stream_next(stream) % (versions + grown + 2);
    struct page *page = NULL;
    if (which < versions) {
        page_set(&page, unsynced->versions[which]);
        return page;
    }
    page_set(&page, cell->seen);
    if (which == versions && grown && page) {
        /* Without the last write, which touched nothing that an earlier one had written. */
        uint8_t *bytes = page_own(&page);
        size_t size = unsynced->last_high - unsynced->last_low;
        if (cell->kept)
            memcpy(bytes + unsynced->last_low, cell->kept->bytes + unsynced->last_low, size);
        else
            memset(bytes + unsynced->last_low, 0, size);
    }
    return page;
}

/* Puts the sectors of `mask` back to what is durable. True if that changes anything. */
static bool page_tear(struct page **page, const struct page *kept, uint64_t mask)
{
    static const uint8_t zeros[SECTOR_BYTES];
    bool torn = false;
    for (int i = 0; i < PAGE_BYTES / SECTOR_BYTES; i++) {
        if (!((mask >> i) & 1)) continue;
        const uint8_t *old = kept ? kept->bytes + i * SECTOR_BYTES : zeros;
        const uint8_t *now = *page ? (*page)->bytes + i * SECTOR_BYTES : zeros;
        if (memcmp(old, now, SECTOR_BYTES) == 0) continue;
        memcpy(page_own(page) + i * SECTOR_BYTES, old, SECTOR_BYTES);
        torn = true;
    }
    return torn;
}

/* What a dirty cell is behind the power cut becomes its durable state. False: nothing survives. */
static bool cell_lose(struct cell *cell, unsigned loss_permille, struct stream *stream,
                      struct disk_counts *counts)
{
    if (stream_chance(stream, loss_permille)) {
        counts->lost++;
        return false;
    }
    struct page *page = draw_version(cell, stream);
    if (stream_chance(stream, 250)) {
        uint64_t mask = stream_next(stream);
        if (page_tear(&page, cell->kept, mask)) counts->torn++;
    }
    page_set(&cell->kept, page);
    page_set(&page, NULL);
    return true;
}

/* Nothing behind the end of a file is ever seen again. */
static void node_trim(struct node *node)
{
    size_t at = (size_t)(node->kept_size % PAGE_BYTES);
    size_t index = (size_t)(node->kept_size / PAGE_BYTES);
    if (at > 0 && index < node->cells_count && node->cells[index].kept)
        memset(page_own(&node->cells[index].kept) + at, 0, PAGE_BYTES - at);
    for (size_t i = index + (at > 0); i < node->cells_count; i++)
        page_set(&node->cells[i].kept, NULL);
}

/* A cut and a new size are the file system's own, journaled changes: whole or not at all. */
static void node_lose_cut(struct node *node, struct stream *stream)
{
    if (node->cut == UINT64_MAX) return;
    if (stream_chance(stream, 500)) {
        node->kept_size = min_u64(node->kept_size, node->cut);
        node_trim(node);
    }
    node->cut = UINT64_MAX;
}

static void node_lose(struct node *node, struct stream *stream, struct disk_counts *counts)
{
    node_lose_cut(node, stream);
    unsigned loss_permille = draw_loss_permille(stream);
    for (size_t i = 0; i < node->dirty_count; i++) {
        struct cell *cell = &node->cells[node->dirty[i]];
        uint64_t end = (uint64_t)node->dirty[i] * PAGE_BYTES + cell->unsynced->high;
        if (cell_lose(cell, loss_permille, stream, counts))
            node->kept_size = max_u64(node->kept_size, min_u64(end, node->seen_size));
    }
    node_forget_dirty(node);
    bool grown = stream_chance(stream, 500);
    if (grown) node->kept_size = max_u64(node->kept_size, node->seen_size);
    node_trim(node);
    for (size_t i = 0; i < node->cells_count; i++)
        page_set(&node->cells[i].seen, node->cells[i].kept);
    node->seen_size = node->kept_size;
}

/* ---- names ----------------------------------------------------------------------------------- */

static void directory_lose(struct disk *disk, const struct node *directory, struct stream *stream)
{
    size_t count = disk_unsettled(disk, directory);
    if (count == 0) return;
    size_t survive = (size_t)stream_between(stream, 0, count);
    disk->counts.lost += count - survive;
    disk_settle(disk, directory, survive, true);
}

/* What lies in a directory that did not survive is gone with it. */
static void orphans_remove(struct disk *disk)
{
    for (size_t i = 0; i < disk->seen.count;) {
        if (disk_lookup_parent(disk, disk->seen.items[i].path)) {
            i++;
            continue;
        }
        names_remove(&disk->kept, disk->seen.items[i].path);
        names_remove(&disk->seen, disk->seen.items[i].path);
    }
}

static void names_lose(struct disk *disk, struct stream *stream)
{
    directory_lose(disk, disk->root, stream);
    for (size_t i = 0; i < disk->nodes_count; i++)
        if (disk->nodes[i]->directory) directory_lose(disk, disk->nodes[i], stream);
    disk->seen.count = 0;
    for (size_t i = 0; i < disk->kept.count; i++)
        names_put(&disk->seen, disk->kept.items[i].path, disk->kept.items[i].node);
    orphans_remove(disk);
}

void disk_crash(struct disk *disk, bool power, struct stream *stream)
{
    disk_new_life(disk);
    if (power) names_lose(disk, stream);
    disk_sweep(disk);
    for (size_t i = 0; power && i < disk->nodes_count; i++)
        node_lose(disk->nodes[i], stream, &disk->counts);
}

/* ---- what else happens to files -------------------------------------------------------------- */

static bool name_matches(const struct name *name, const char *prefix)
{
    return !name->node->directory && strncmp(name->path, prefix, strlen(prefix)) == 0;
}

/* A file that begins with prefix and holds more than zeros. */
static struct node *draw_file(const struct disk *disk, const char *prefix, struct stream *stream)
{
    struct node *candidates[64];
    size_t count = 0;
    for (size_t i = 0; i < disk->seen.count && count < 64; i++) {
        const struct name *name = &disk->seen.items[i];
        if (!name_matches(name, prefix) || name->node->seen_size == 0) continue;
        for (size_t c = 0; c < name->node->cells_count; c++) {
            if (!name->node->cells[c].seen) continue;
            candidates[count++] = name->node;
            break;
        }
    }
    return count == 0 ? NULL : candidates[stream_next(stream) % count];
}

/* A byte of a page that was written; if it can be had, in a sector that is not all zeros. */
static uint64_t draw_place(const struct node *node, struct stream *stream)
{
    static const uint8_t zeros[SECTOR_BYTES];
    uint64_t place = 0;
    for (int attempt = 0; attempt < 64; attempt++) {
        uint64_t at =
            stream_next(stream) % min_u64(node->seen_size, node->cells_count * PAGE_BYTES);
        const struct page *page = node->cells[at / PAGE_BYTES].seen;
        if (!page) continue;
        place = at;
        size_t sector = (size_t)(at % PAGE_BYTES / SECTOR_BYTES * SECTOR_BYTES);
        if (memcmp(page->bytes + sector, zeros, SECTOR_BYTES) != 0) break;
    }
    return place;
}

bool disk_flip(struct disk *disk, const char *prefix, struct stream *stream)
{
    struct node *node = draw_file(disk, prefix, stream);
    if (!node) return false;
    uint64_t place = draw_place(node, stream);
    uint8_t bit = (uint8_t)(1u << stream_next(stream) % 8);
    struct cell *cell = &node->cells[place / PAGE_BYTES];
    bool shared = cell->kept == cell->seen;
    page_own(&cell->seen)[place % PAGE_BYTES] ^= bit;
    if (shared)
        page_set(&cell->kept, cell->seen);
    else if (cell->kept)
        page_own(&cell->kept)[place % PAGE_BYTES] ^= bit;
    disk->counts.flipped++;
    return true;
}

static void changes_forget(struct disk *disk, const char *prefix)
{
    size_t left = 0;
    for (size_t i = 0; i < disk->changes_count; i++) {
        const struct change *change = &disk->changes[i];
        const char *path = change->added[0] ? change->added : change->removed;
        bool directory = change->node && change->node->directory;
        if (directory || strncmp(path, prefix, strlen(prefix)) != 0)
            disk->changes[left++] = *change;
    }
    disk->changes_count = left;
}

static void names_remove_prefix(struct names *names, const char *prefix)
{
    for (size_t i = names->count; i-- > 0;)
        if (name_matches(&names->items[i], prefix)) names_remove(names, names->items[i].path);
}

void disk_remove(struct disk *disk, const char *prefix)
{
    changes_forget(disk, prefix);
    names_remove_prefix(&disk->seen, prefix);
    names_remove_prefix(&disk->kept, prefix);
    disk_sweep(disk);
}
