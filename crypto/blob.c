#include "crypto/blob.h"

#include <stdlib.h>

struct blob *blob_new(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct blob)) return NULL;
    struct blob *blob = malloc(sizeof *blob + size);
    if (!blob) return NULL;
    atomic_init(&blob->references, 1);
    blob->size = size;
    return blob;
}

struct blob *blob_copy(struct span bytes)
{
    struct blob *blob = blob_new(bytes.size);
    if (blob && bytes.size > 0) memcpy(blob->data, bytes.data, bytes.size);
    return blob;
}

struct blob *blob_ref(struct blob *blob)
{
    if (blob) atomic_fetch_add_explicit(&blob->references, 1, memory_order_relaxed);
    return blob;
}

void blob_unref(struct blob *blob)
{
    if (!blob) return;
    unsigned before = atomic_fetch_sub_explicit(&blob->references, 1, memory_order_acq_rel);
    ASSERT(before > 0);
    if (before == 1) free(blob);
}
