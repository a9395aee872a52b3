/* crypto/blob.h -- immutable bytes shared by reference count.
 *
 * A batch or a frame is kept by several owners at once: the replica, a worker that checks it, a
 * queue to each peer, the journal. They share one blob. The count is atomic; the bytes are written
 * once, before the blob is shared, and never change after.
 */
#ifndef CRYPTO_BLOB_H
#define CRYPTO_BLOB_H

#include "crypto/base.h"
#include <stdatomic.h>

struct blob {
    atomic_uint references;
    size_t size;
    uint8_t data[];
};

/* A new blob with one reference and uninitialised bytes; NULL if the heap refuses. */
struct blob *blob_new(size_t size);

/* The same with a copy of bytes. */
struct blob *blob_copy(struct span bytes);

/* One more reference; returns its argument, which may be NULL. */
struct blob *blob_ref(struct blob *blob);

/* One reference less; the last one frees. NULL is allowed. */
void blob_unref(struct blob *blob);

static inline struct span blob_span(const struct blob *blob)
{
    return (struct span){ blob->data, blob->size };
}

#endif
