/* tests/unit/node/vectors.h -- fields of a vector file, for the tests of this folder. */
#ifndef TESTS_UNIT_NODE_VECTORS_H
#define TESTS_UNIT_NODE_VECTORS_H

#include "crypto/base.h"
#include <criterion/criterion.h>
#include <jansson.h>

static inline json_t *vectors_load(const char *path)
{
    json_error_t error;
    json_t *vectors = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    cr_assert(vectors, "%s: %s", path, error.text);
    return vectors;
}

static inline uint64_t vector_number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    cr_assert(json_is_integer(value), "%s", name);
    return (uint64_t)json_integer_value(value);
}

static inline const char *vector_text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    cr_assert(json_is_string(value), "%s", name);
    return json_string_value(value);
}

/* Decodes hex into bytes (room for size) and returns how many there are. */
static inline size_t vector_bytes(const json_t *object, const char *name, uint8_t *bytes,
                                  size_t size)
{
    const char *hex = vector_text(object, name);
    size_t count = strlen(hex) / 2;
    cr_assert_leq(count, size);
    cr_assert(hex_decode(hex, strlen(hex), bytes, count), "%s", name);
    return count;
}

#endif
