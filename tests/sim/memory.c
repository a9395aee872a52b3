#include "memory.h"

#include "disk.h"

#include <malloc.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

enum {
    STEP = 32, /* between sizes up to ... */
    SMALL = 1024,
    STRIDE = 512, /* and from there up to ... */
    LARGE = 32 * 1024,
    CLASSES = SMALL / STEP + (LARGE - SMALL) / STRIDE,
    SLAB = 1 << 20,
    RESIDENT_KEPT_MIB = 384, /* between two runs */
};

union block {
    uint64_t size; /* of the part behind it, while it is used */
    union block *next;
    uint8_t align[16];
};

static union block *unused[CLASSES];
static uint8_t *slab;
static size_t slab_left;

static size_t class_of(size_t size)
{
    if (size <= SMALL) return (size + STEP - 1) / STEP - 1;
    return SMALL / STEP + (size - SMALL + STRIDE - 1) / STRIDE - 1;
}

static int size_rounded(int size)
{
    size_t bytes = size > 0 ? (size_t)size : 1;
    size_t step = bytes <= SMALL ? STEP : bytes <= LARGE ? STRIDE : 16;
    return (int)((bytes + step - 1) / step * step);
}

static void *block_malloc(int wanted)
{
    size_t size = (size_t)size_rounded(wanted);
    union block *block;
    if (size > LARGE) {
        block = malloc(sizeof *block + size);
    } else {
        size_t number = class_of(size);
        block = unused[number];
        if (block) {
            unused[number] = block->next;
            /* The next of this size is wanted soon, and has not been looked at since it was freed
             * by a database that was closed long ago. */
            __builtin_prefetch(block->next, 1);
        } else {
            if (slab_left < sizeof *block + size) {
                slab = malloc(SLAB);
                slab_left = slab ? SLAB : 0;
                if (!slab) return NULL;
            }
            block = (union block *)(void *)slab;
            slab += sizeof *block + size;
            slab_left -= sizeof *block + size;
        }
    }
    if (!block) return NULL;
    block->size = size;
    return block + 1;
}

static void block_free(void *memory)
{
    union block *block = (union block *)memory - 1;
    if (block->size > LARGE) {
        free(block);
        return;
    }
    size_t number = class_of(block->size);
    block->next = unused[number];
    unused[number] = block;
}

static int block_size(void *memory)
{
    return memory ? (int)((union block *)memory - 1)->size : 0;
}

static void *block_realloc(void *memory, int size)
{
    int before = block_size(memory);
    if (size_rounded(size) == before) return memory;
    void *moved = block_malloc(size);
    if (!moved) return NULL;
    memcpy(moved, memory, (size_t)(before < size ? before : size));
    block_free(memory);
    return moved;
}

static int memory_init(void *unneeded)
{
    (void)unneeded;
    return SQLITE_OK;
}

static void memory_shutdown(void *unneeded)
{
    (void)unneeded;
}

void memory_configure(void)
{
    static const sqlite3_mem_methods methods = {
        block_malloc, block_free,  block_realloc,   block_size,
        size_rounded, memory_init, memory_shutdown, NULL,
    };
    static bool done;
    if (done) return;
    done = true;
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
#ifndef SANITIZED
    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
#else
    (void)methods;
#endif
}

/* MiB of this process that are in memory; 0 if that cannot be told. */
static long resident_mib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    if (fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    (void)fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024) / 1024;
}

void memory_trim(void)
{
    if (resident_mib() <= RESIDENT_KEPT_MIB) return;
    disk_trim();
    malloc_trim(0);
}
