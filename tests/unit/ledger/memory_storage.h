/* tests/unit/ledger/memory_storage.h -- leaves and slots in sorted arrays, for the tree alone. */
#ifndef TESTS_LEDGER_MEMORY_STORAGE_H
#define TESTS_LEDGER_MEMORY_STORAGE_H

#include "ledger/state_tree.h"

#include <stdlib.h>

enum { MEMORY_LEAVES = 8192 };

struct memory_storage {
    size_t leaf_count, slot_count;
    struct state_leaf leaves[MEMORY_LEAVES];
    struct state_slot slots[MEMORY_LEAVES];
    unsigned writes_until_failure; /* 0: never; n: the n-th write fails */
    unsigned writes;
};

/* The first leaf at or above a path. */
static inline size_t memory_find(const struct memory_storage *m, const struct digest *path)
{
    size_t low = 0, high = m->leaf_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (digest_compare(&m->leaves[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static inline enum status memory_write(struct memory_storage *m)
{
    m->writes++;
    if (m->writes_until_failure == 0) return STATUS_OK;
    return --m->writes_until_failure == 0 ? STATUS_IO : STATUS_OK;
}

static inline enum status
memory_read_leaves(void *context, const struct digest *first, const struct digest *last,
                   enum status (*each)(void *reader, const struct state_leaf *leaf), void *reader)
{
    const struct memory_storage *m = context;
    for (size_t i = memory_find(m, first);
         i < m->leaf_count && digest_compare(&m->leaves[i].path, last) <= 0; i++) {
        enum status status = each(reader, &m->leaves[i]);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

static inline enum status memory_put_leaf(void *context, const struct state_leaf *leaf)
{
    struct memory_storage *m = context;
    size_t at = memory_find(m, &leaf->path);
    if (at == m->leaf_count || !digest_equal(&m->leaves[at].path, &leaf->path)) {
        ASSERT(m->leaf_count < MEMORY_LEAVES);
        memmove(&m->leaves[at + 1], &m->leaves[at], (m->leaf_count - at) * sizeof m->leaves[0]);
        m->leaf_count++;
    }
    m->leaves[at] = *leaf;
    return memory_write(m);
}

static inline enum status memory_remove_leaf(void *context, const struct digest *path)
{
    struct memory_storage *m = context;
    size_t at = memory_find(m, path);
    ASSERT(at < m->leaf_count && digest_equal(&m->leaves[at].path, path));
    m->leaf_count--;
    memmove(&m->leaves[at], &m->leaves[at + 1], (m->leaf_count - at) * sizeof m->leaves[0]);
    return memory_write(m);
}

static inline enum status
memory_read_slots(void *context, enum status (*each)(void *reader, const struct state_slot *slot),
                  void *reader)
{
    const struct memory_storage *m = context;
    for (size_t i = 0; i < m->slot_count; i++) {
        enum status status = each(reader, &m->slots[i]);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

static inline size_t memory_find_slot(const struct memory_storage *m, const uint8_t *prefix)
{
    size_t at = 0;
    while (at < m->slot_count && memcmp(m->slots[at].prefix, prefix, STATE_PREFIX_BYTES) < 0)
        at++;
    return at;
}

static inline enum status memory_put_slot(void *context, const struct state_slot *slot)
{
    struct memory_storage *m = context;
    size_t at = memory_find_slot(m, slot->prefix);
    if (at == m->slot_count || memcmp(m->slots[at].prefix, slot->prefix, STATE_PREFIX_BYTES) != 0) {
        ASSERT(m->slot_count < MEMORY_LEAVES);
        memmove(&m->slots[at + 1], &m->slots[at], (m->slot_count - at) * sizeof m->slots[0]);
        m->slot_count++;
    }
    m->slots[at] = *slot;
    return memory_write(m);
}

static inline enum status memory_remove_slot(void *context,
                                             const uint8_t prefix[STATE_PREFIX_BYTES])
{
    struct memory_storage *m = context;
    size_t at = memory_find_slot(m, prefix);
    ASSERT(at < m->slot_count && memcmp(m->slots[at].prefix, prefix, STATE_PREFIX_BYTES) == 0);
    m->slot_count--;
    memmove(&m->slots[at], &m->slots[at + 1], (m->slot_count - at) * sizeof m->slots[0]);
    return memory_write(m);
}

static inline struct memory_storage *memory_storage_new(void)
{
    return calloc(1, sizeof(struct memory_storage));
}

static inline struct state_storage memory_storage_of(struct memory_storage *m)
{
    return (struct state_storage){ m,
                                   memory_read_leaves,
                                   memory_put_leaf,
                                   memory_remove_leaf,
                                   memory_read_slots,
                                   memory_put_slot,
                                   memory_remove_slot };
}

#endif
