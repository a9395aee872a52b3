#include "disk_internal.h"

#include <stdlib.h>

/* ---- memory ---------------------------------------------------------------------------------- */

void *memory_new(size_t size)
{
    void *memory = calloc(1, size);
    ASSERT(memory);
    return memory;
}

void *array_room(void *items, size_t count, size_t *capacity, size_t item_bytes)
{
    if (count < *capacity) return items;
    *capacity = *capacity == 0 ? 16 : 2 * *capacity;
    void *grown = realloc(items, *capacity * item_bytes);
    ASSERT(grown);
    return grown;
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* Pages come and go with every sync, so those that are not used are kept at hand. */
static struct page *unused_pages;

static struct page *unused_next(const struct page *page)
{
    struct page *next;
    memcpy(&next, page->bytes, sizeof next);
    return next;
}

/* With any content. */
static struct page *page_new(void)
{
    struct page *page = unused_pages;
    if (page) {
        unused_pages = unused_next(page);
    } else {
        page = malloc(sizeof *page);
        ASSERT(page);
    }
    page->references = 1;
    return page;
}

static void page_drop(struct page *page)
{
    if (!page || --page->references > 0) return;
    memcpy(page->bytes, &unused_pages, sizeof(struct page *));
    unused_pages = page;
}

void disk_trim(void)
{
    while (unused_pages) {
        struct page *page = unused_pages;
        unused_pages = unused_next(page);
        free(page);
    }
}

void page_set(struct page **slot, struct page *page)
{
    if (page) page->references++;
    page_drop(*slot);
    *slot = page;
}

static void bytes_copy(struct page *to, const struct page *from, size_t first, size_t end)
{
    if (from)
        memcpy(to->bytes + first, from->bytes + first, end - first);
    else
        memset(to->bytes + first, 0, end - first);
}

/* As page_own, but the caller writes over the bytes low .. high - 1. */
static uint8_t *page_own_around(struct page **slot, size_t low, size_t high)
{
    struct page *page = *slot;
    if (page && page->references == 1) return page->bytes;
    *slot = page_new();
    bytes_copy(*slot, page, 0, low);
    bytes_copy(*slot, page, high, PAGE_BYTES);
    page_drop(page);
    return (*slot)->bytes;
}

uint8_t *page_own(struct page **slot)
{
    return page_own_around(slot, 0, 0);
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* As pages: one for each cell that is written between two syncs. */
static struct unsynced *unused_marks[4096];
static size_t unused_marks_count;

static struct unsynced *unsynced_new(void)
{
    if (unused_marks_count == 0) return memory_new(sizeof(struct unsynced));
    struct unsynced *unsynced = unused_marks[--unused_marks_count];
    *unsynced = (struct unsynced){ 0 };
    return unsynced;
}

void cell_clean(struct cell *cell)
{
    struct unsynced *unsynced = cell->unsynced;
    if (!unsynced) return;
    for (int i = 0; i < VERSIONS_MAX; i++)
        page_drop(unsynced->versions[i]);
    if (unused_marks_count < sizeof unused_marks / sizeof *unused_marks)
        unused_marks[unused_marks_count++] = unsynced;
    else
        free(unsynced);
    cell->unsynced = NULL;
}

/* Remembers what the cell is now: bytes of it that were never synced are about to be written over.
 * A fourth version takes the place of the first, and so on. */
static void cell_remember(struct cell *cell)
{
    struct unsynced *unsynced = cell->unsynced;
    page_set(&unsynced->versions[unsynced->overwrites % VERSIONS_MAX], cell->seen);
    unsynced->overwrites++;
}

static void cell_mark(struct node *node, size_t index, uint32_t low, uint32_t high)
{
    struct cell *cell = &node->cells[index];
    struct unsynced *unsynced = cell->unsynced;
    if (!unsynced) {
        cell->unsynced = unsynced_new();
        cell->unsynced->low = low;
        cell->unsynced->high = high;
        node->dirty =
            array_room(node->dirty, node->dirty_count, &node->dirty_capacity, sizeof *node->dirty);
        node->dirty[node->dirty_count++] = (uint32_t)index;
        return;
    }
    bool overwrites = low < unsynced->high && high > unsynced->low;
    if (overwrites) cell_remember(cell);
    unsynced->last_low = overwrites ? 0 : low;
    unsynced->last_high = overwrites ? 0 : high;
    if (low < unsynced->low) unsynced->low = low;
    if (high > unsynced->high) unsynced->high = high;
}

static void cells_reach(struct node *node, size_t count)
{
    if (count <= node->cells_count) return;
    if (count > node->cells_capacity) {
        size_t capacity = node->cells_capacity == 0 ? 4 : 2 * node->cells_capacity;
        if (capacity < count) capacity = count;
        struct cell *cells = realloc(node->cells, capacity * sizeof *cells);
        ASSERT(cells);
        node->cells = cells;
        node->cells_capacity = capacity;
    }
    memset(node->cells + node->cells_count, 0, (count - node->cells_count) * sizeof *node->cells);
    node->cells_count = count;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

struct node *node_new(bool directory)
{
    struct node *node = memory_new(sizeof *node);
    node->directory = directory;
    node->cut = UINT64_MAX;
    return node;
}

void node_free(struct node *node)
{
    for (size_t i = 0; i < node->cells_count; i++) {
        cell_clean(&node->cells[i]);
        page_drop(node->cells[i].seen);
        page_drop(node->cells[i].kept);
    }
    free(node->cells);
    free(node->dirty);
    free(node);
}

struct node *node_clone(const struct node *from)
{
    struct node *node = node_new(from->directory);
    node->seen_size = from->seen_size;
    node->kept_size = from->kept_size;
    node->cut = from->cut;
    cells_reach(node, from->cells_count);
    for (size_t i = 0; i < from->cells_count; i++) {
        page_set(&node->cells[i].seen, from->cells[i].seen);
        page_set(&node->cells[i].kept, from->cells[i].kept);
    }
    for (size_t i = 0; i < from->dirty_count; i++) {
        const struct unsynced *original = from->cells[from->dirty[i]].unsynced;
        cell_mark(node, from->dirty[i], original->low, original->high);
        struct unsynced *copy = node->cells[from->dirty[i]].unsynced;
        copy->last_low = original->last_low;
        copy->last_high = original->last_high;
        copy->overwrites = original->overwrites;
        for (int v = 0; v < VERSIONS_MAX; v++)
            page_set(&copy->versions[v], original->versions[v]);
    }
    return node;
}

size_t node_read(const struct node *node, uint8_t *bytes, size_t size, uint64_t offset)
{
    if (offset >= node->seen_size) return 0;
    size = (size_t)min_u64(size, node->seen_size - offset);
    for (size_t done = 0; done < size;) {
        size_t index = (size_t)((offset + done) / PAGE_BYTES);
        size_t at = (size_t)((offset + done) % PAGE_BYTES);
        size_t part = (size_t)min_u64(PAGE_BYTES - at, size - done);
        const struct page *page = index < node->cells_count ? node->cells[index].seen : NULL;
        if (page)
            memcpy(bytes + done, page->bytes + at, part);
        else
            memset(bytes + done, 0, part);
        done += part;
    }
    return size;
}

void node_write(struct node *node, const uint8_t *bytes, size_t size, uint64_t offset)
{
    if (size == 0) return;
    cells_reach(node, (size_t)((offset + size + PAGE_BYTES - 1) / PAGE_BYTES));
    for (size_t done = 0; done < size;) {
        size_t index = (size_t)((offset + done) / PAGE_BYTES);
        size_t at = (size_t)((offset + done) % PAGE_BYTES);
        size_t part = (size_t)min_u64(PAGE_BYTES - at, size - done);
        cell_mark(node, index, (uint32_t)at, (uint32_t)(at + part));
        uint8_t *target = page_own_around(&node->cells[index].seen, at, at + part);
        memcpy(target + at, bytes + done, part);
        done += part;
    }
    node->seen_size = max_u64(node->seen_size, offset + size);
}

/* Cells from `first` on are gone for readers; what is durable of them is decided later. */
static void cells_cut(struct node *node, size_t first)
{
    size_t left = 0;
    for (size_t i = 0; i < node->dirty_count; i++) {
        if (node->dirty[i] < first)
            node->dirty[left++] = node->dirty[i];
        else
            cell_clean(&node->cells[node->dirty[i]]);
    }
    node->dirty_count = left;
    for (size_t i = first; i < node->cells_count; i++)
        page_set(&node->cells[i].seen, NULL);
}

void node_truncate(struct node *node, uint64_t size)
{
    if (size < node->seen_size) {
        static const uint8_t zeros[PAGE_BYTES];
        size_t at = (size_t)(size % PAGE_BYTES);
        size_t index = (size_t)(size / PAGE_BYTES);
        if (at > 0 && index < node->cells_count && node->cells[index].seen) {
            cell_mark(node, index, (uint32_t)at, PAGE_BYTES);
            memcpy(page_own(&node->cells[index].seen) + at, zeros, PAGE_BYTES - at);
        }
        cells_cut(node, index + (at > 0));
        node->cut = min_u64(node->cut, size);
    }
    node->seen_size = size;
}

void node_sync(struct node *node)
{
    if (node->cut != UINT64_MAX) {
        for (size_t i = (size_t)((node->cut + PAGE_BYTES - 1) / PAGE_BYTES); i < node->cells_count;
             i++)
            page_set(&node->cells[i].kept, NULL);
        node->cut = UINT64_MAX;
    }
    for (size_t i = 0; i < node->dirty_count; i++) {
        struct cell *cell = &node->cells[node->dirty[i]];
        page_set(&cell->kept, cell->seen);
        cell_clean(cell);
    }
    node->dirty_count = 0;
    node->kept_size = node->seen_size;
}

void node_forget_dirty(struct node *node)
{
    for (size_t i = 0; i < node->dirty_count; i++)
        cell_clean(&node->cells[node->dirty[i]]);
    node->dirty_count = 0;
}
