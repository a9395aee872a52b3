/* Reading the JSON files of tests/vectors in a test: a document by name, hex fields by name. Every
 * function fails the test instead of returning an error. */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include "crypto/base.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* tests/vectors/NAME.json; json_decref it. */
static inline json_t *vectors_load(const char *name)
{
    char path[512];
    json_error_t error;
    snprintf(path, sizeof path, "%s/%s.json", WITAN_VECTORS, name);
    json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(document, "%s: %s", path, error.text);
    return document;
}

static inline const char *vector_text(const json_t *object, const char *field)
{
    const char *text = json_string_value(json_object_get(object, field));
    cr_assert_not_null(text, "no text \"%s\"", field);
    return text;
}

static inline uint64_t vector_number(const json_t *object, const char *field)
{
    const json_t *number = json_object_get(object, field);
    cr_assert(json_is_integer(number), "no number \"%s\"", field);
    return (uint64_t)json_integer_value(number);
}

static inline bool vector_bool(const json_t *object, const char *field)
{
    const json_t *value = json_object_get(object, field);
    cr_assert(json_is_boolean(value), "no truth \"%s\"", field);
    return json_is_true(value);
}

static inline const json_t *vector_list(const json_t *object, const char *field)
{
    const json_t *list = json_object_get(object, field);
    cr_assert(json_is_array(list), "no list \"%s\"", field);
    return list;
}

/* The bytes of a hexadecimal text, on the heap and of exactly their size, so that AddressSanitizer
 * sees a reader that goes too far. Free .data. */
static inline struct span hex_bytes(const char *text)
{
    size_t size = strlen(text) / 2;
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    cr_assert_not_null(bytes);
    cr_assert(hex_decode(text, strlen(text), bytes, size), "not hex: %s", text);
    return span_of(bytes, size);
}

static inline struct span vector_bytes(const json_t *object, const char *field)
{
    return hex_bytes(vector_text(object, field));
}

/* Exactly size bytes of hexadecimal text into bytes. */
static inline void hex_into(const char *text, void *bytes, size_t size)
{
    cr_assert(hex_decode(text, strlen(text), bytes, size), "not %zu bytes of hex: %s", size, text);
}

static inline void vector_into(const json_t *object, const char *field, void *bytes, size_t size)
{
    hex_into(vector_text(object, field), bytes, size);
}

static inline void span_free(struct span bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

#endif
