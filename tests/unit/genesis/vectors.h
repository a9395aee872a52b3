/* tests/unit/genesis/vectors.h -- reading tests/vectors/ in tests. */
#ifndef TESTS_GENESIS_VECTORS_H
#define TESTS_GENESIS_VECTORS_H

#include "crypto/codec.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>

static inline json_t *vectors_load(const char *name)
{
    char path[512];
    json_error_t error;
    snprintf(path, sizeof path, "%s/%s", WITAN_VECTORS, name);
    json_t *vectors = json_load_file(path, 0, &error);
    cr_assert(vectors != NULL, "%s: %s", path, error.text);
    return vectors;
}

/* A list of the vectors, never empty: a test that reads nothing would pass. */
static inline const json_t *vectors_list(const json_t *vectors, const char *name)
{
    const json_t *list = json_object_get(vectors, name);
    cr_assert(json_array_size(list) > 0, "no vectors in %s", name);
    return list;
}

static inline const char *vector_text(const json_t *vector, const char *name)
{
    const char *text = json_string_value(json_object_get(vector, name));
    cr_assert(text != NULL, "no text %s", name);
    return text;
}

/* Exactly size bytes of hex. */
static inline void vector_bytes(const json_t *vector, const char *name, uint8_t *bytes, size_t size)
{
    const char *text = vector_text(vector, name);
    cr_assert(hex_decode(text, strlen(text), bytes, size), "%s: %s", name, text);
}

/* Any number of bytes; the caller frees span.data. */
static inline struct span vector_span(const json_t *vector, const char *name)
{
    size_t size = strlen(vector_text(vector, name)) / 2;
    uint8_t *bytes = malloc(size + 1);
    vector_bytes(vector, name, bytes, size);
    return span_of(bytes, size);
}

static inline void span_free(struct span bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

#endif
