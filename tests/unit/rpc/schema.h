/* tests/unit/rpc/schema.h -- checks a JSON value against a schema of rpc/openrpc.json.
 *
 * Only what the document uses; a word that is not known here fails, so that no rule is passed over
 * in silence.
 */
#ifndef TESTS_RPC_SCHEMA_H
#define TESTS_RPC_SCHEMA_H

#include <jansson.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct schema_check {
    const json_t *document; /* for "$ref" */
    char why[512];          /* the first thing that is wrong, with its place */
};

static inline bool schema_fail(struct schema_check *c, const char *path, const char *what)
{
    snprintf(c->why, sizeof c->why, "%s: %s", path[0] ? path : "/", what);
    return false;
}

static inline const json_t *schema_refer(const json_t *document, const char *reference)
{
    char name[128];
    const json_t *at = document;
    reference++; /* '#' */
    while (at && *reference == '/') {
        size_t size = strcspn(++reference, "/");
        snprintf(name, sizeof name, "%.*s", (int)size, reference);
        at = json_object_get(at, name);
        reference += size;
    }
    return at;
}

static inline bool schema_type(const json_t *value, const char *type)
{
    if (strcmp(type, "object") == 0) return json_is_object(value);
    if (strcmp(type, "array") == 0) return json_is_array(value);
    if (strcmp(type, "string") == 0) return json_is_string(value);
    if (strcmp(type, "integer") == 0) return json_is_integer(value);
    if (strcmp(type, "number") == 0) return json_is_number(value);
    if (strcmp(type, "boolean") == 0) return json_is_boolean(value);
    return strcmp(type, "null") == 0 && json_is_null(value);
}

static inline bool schema_enum(const json_t *value, const json_t *words)
{
    size_t i;
    json_t *word;
    json_array_foreach(words, i, word)
    {
        if (json_equal(value, word)) return true;
    }
    return false;
}

static inline bool schema_pattern(const char *text, const char *pattern)
{
    regex_t regex;
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0) return false;
    bool matches = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return matches;
}

static bool schema_valid(struct schema_check *c, const char *path, const json_t *schema,
                         const json_t *value);

static inline bool schema_object(struct schema_check *c, const char *path, const json_t *schema,
                                 const json_t *value)
{
    char below[256];
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *more = json_object_get(schema, "additionalProperties");
    size_t i;
    json_t *name, *member;
    const char *key;
    json_array_foreach(json_object_get(schema, "required"), i, name)
    {
        if (json_object_get(value, json_string_value(name))) continue;
        snprintf(below, sizeof below, "%s/%s", path, json_string_value(name));
        return schema_fail(c, below, "missing");
    }
    json_object_foreach((json_t *)value, key, member)
    {
        snprintf(below, sizeof below, "%s/%s", path, key);
        const json_t *known = json_object_get(properties, key);
        if (!known && json_is_false(more)) return schema_fail(c, below, "not in the schema");
        const json_t *rule = known ? known : json_is_object(more) ? more : NULL;
        if (rule && !schema_valid(c, below, rule, member)) return false;
    }
    return true;
}

static inline bool schema_one_of(struct schema_check *c, const char *path, const json_t *choices,
                                 const json_t *value)
{
    size_t i, count = 0;
    json_t *choice;
    json_array_foreach(choices, i, choice)
    {
        count += schema_valid(c, path, choice, value);
    }
    return count == 1 || schema_fail(c, path, "matches none or several of oneOf");
}

static inline bool schema_bounds(const json_t *schema, const json_t *value)
{
    const json_t *least = json_object_get(schema, "minimum");
    const json_t *most = json_object_get(schema, "maximum");
    const json_t *longest = json_object_get(schema, "maxLength");
    const json_t *fewest = json_object_get(schema, "minItems");
    const json_t *mostly = json_object_get(schema, "maxItems");
    double number = json_number_value(value);
    if (json_is_number(value) && least && number < json_number_value(least)) return false;
    if (json_is_number(value) && most && number > json_number_value(most)) return false;
    if (json_is_string(value) && longest &&
        (json_int_t)json_string_length(value) > json_integer_value(longest))
        return false;
    json_int_t items = (json_int_t)json_array_size(value);
    if (json_is_array(value) && fewest && items < json_integer_value(fewest)) return false;
    return !json_is_array(value) || !mostly || items <= json_integer_value(mostly);
}

static inline bool schema_known_words(struct schema_check *c, const char *path,
                                      const json_t *schema)
{
    static const char words[] =
        " $ref type properties required additionalProperties enum pattern items oneOf minimum "
        "maximum maxLength minItems maxItems format default description ";
    const char *key;
    json_t *ignored;
    json_object_foreach((json_t *)schema, key, ignored)
    {
        char word[64];
        snprintf(word, sizeof word, " %s ", key);
        if (!strstr(words, word)) return schema_fail(c, path, "a word that this check lacks");
    }
    return true;
}

static bool schema_valid(struct schema_check *c, const char *path, const json_t *schema,
                         const json_t *value)
{
    const char *reference = json_string_value(json_object_get(schema, "$ref"));
    const char *type = json_string_value(json_object_get(schema, "type"));
    const char *pattern = json_string_value(json_object_get(schema, "pattern"));
    const json_t *words = json_object_get(schema, "enum");
    const json_t *choices = json_object_get(schema, "oneOf");
    const json_t *items = json_object_get(schema, "items");
    if (!schema_known_words(c, path, schema)) return false;
    if (reference) {
        const json_t *target = schema_refer(c->document, reference);
        if (!target) return schema_fail(c, path, "a $ref that leads nowhere");
        return schema_valid(c, path, target, value);
    }
    if (type && !schema_type(value, type)) return schema_fail(c, path, "wrong type");
    if (words && !schema_enum(value, words)) return schema_fail(c, path, "not one of the words");
    if (pattern && json_is_string(value) && !schema_pattern(json_string_value(value), pattern))
        return schema_fail(c, path, "does not match its pattern");
    if (!schema_bounds(schema, value)) return schema_fail(c, path, "out of bounds");
    if (choices && !schema_one_of(c, path, choices, value)) return false;
    if (json_is_object(value) && !schema_object(c, path, schema, value)) return false;
    if (!items || !json_is_array(value)) return true;
    size_t i;
    json_t *item;
    json_array_foreach(value, i, item)
    {
        char below[256];
        snprintf(below, sizeof below, "%s/%zu", path, i);
        if (!schema_valid(c, below, items, item)) return false;
    }
    return true;
}

/* The method's entry in the document, or NULL. */
static inline const json_t *schema_method(const json_t *document, const char *name)
{
    size_t i;
    json_t *method;
    json_array_foreach(json_object_get(document, "methods"), i, method)
    {
        if (strcmp(json_string_value(json_object_get(method, "name")), name) == 0) return method;
    }
    return NULL;
}

/* Is this a result of that method? c->why says why not. */
static inline bool schema_result(struct schema_check *c, const char *method, const json_t *result)
{
    const json_t *entry = schema_method(c->document, method);
    if (!entry) return schema_fail(c, "", "no such method");
    const json_t *schema = json_object_get(json_object_get(entry, "result"), "schema");
    return schema_valid(c, "", schema, result);
}

#endif
