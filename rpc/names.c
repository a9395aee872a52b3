#include "rpc/names.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct names {
    pthread_rwlock_t lock;
    char *items[NAMES_MAX];
    size_t count;
};

static void items_free(char **items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(items[i]);
}

struct names *names_new(void)
{
    struct names *names = calloc(1, sizeof *names);
    if (!names || pthread_rwlock_init(&names->lock, NULL) == 0) return names;
    free(names);
    return NULL;
}

void names_free(struct names *names)
{
    if (!names) return;
    items_free(names->items, names->count);
    pthread_rwlock_destroy(&names->lock);
    free(names);
}

/* Copied before anything is locked: who reads waits for no memory. */
enum status names_set(struct names *names, const char *const *items, size_t count)
{
    ASSERT(count <= NAMES_MAX);
    char *copies[NAMES_MAX];
    for (size_t i = 0; i < count; i++) {
        copies[i] = strdup(items[i]);
        if (copies[i]) continue;
        items_free(copies, i);
        return STATUS_NO_MEMORY;
    }
    pthread_rwlock_wrlock(&names->lock);
    items_free(names->items, names->count);
    memcpy(names->items, copies, count * sizeof copies[0]);
    names->count = count;
    pthread_rwlock_unlock(&names->lock);
    return STATUS_OK;
}

size_t names_read(struct names *names, const char *const **items)
{
    pthread_rwlock_rdlock(&names->lock);
    *items = (const char *const *)names->items;
    return names->count;
}

void names_done(struct names *names)
{
    pthread_rwlock_unlock(&names->lock);
}
