/* tests/unit/rpc/story_harness.h -- the methods that read, over the ledger of
 * tests/unit/ledger/story.h, without HTTP and threads. Every result is checked against its schema.
 */
#ifndef TESTS_RPC_STORY_HARNESS_H
#define TESTS_RPC_STORY_HARNESS_H

#include "ledger/reader.h"
#include "rpc/openrpc.h"
#include "tests/unit/ledger/story.h"
#include "tests/unit/rpc/harness.h"
#include "tests/unit/rpc/schema.h"

#include <criterion/criterion.h>

static struct story story;
static struct harness h;
static json_t *document;
static json_t *answer; /* of the last call */

static inline void story_harness_open(void)
{
    struct problem problem = { .text = "" };
    struct span text = openrpc_text();
    story_open(&story);
    harness_open(&h);
    h.node->backend.genesis = story.f.genesis;
    h.reader.deadline_ms = UINT64_MAX;
    enum status status = ledger_reader_open(&h.reader.ledger, story.path, NULL, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
    document = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(document);
}

static inline void story_harness_close(void)
{
    json_decref(answer);
    answer = NULL;
    json_decref(document);
    ledger_reader_close(h.reader.ledger);
    harness_close(&h);
    story_close(&story);
}

/* Calls; format gives the params. */
__attribute__((format(printf, 2, 3))) static inline void call_any(const char *method,
                                                                  const char *format, ...)
{
    char params[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(params, sizeof params, format, arguments);
    va_end(arguments);
    json_decref(answer);
    answer = harness_call(&h, method, params);
    cr_assert_not_null(answer);
}

/* The result, which must fit the method's schema. */
#define call(method, ...) (call_any(method, __VA_ARGS__), checked_result(method))

static inline const json_t *checked_result(const char *method)
{
    struct schema_check check = { .document = document };
    const json_t *result = json_object_get(answer, "result");
    if (!result) {
        char *line = json_dumps(answer, 0);
        cr_assert_fail("%s: %s", method, line);
    }
    cr_assert(schema_result(&check, method, result), "%s: %s", method, check.why);
    return result;
}

/* The error's data, which must be of that kind and hold what the table promises. */
#define call_fails(kind, method, ...) (call_any(method, __VA_ARGS__), checked_error(kind))

static inline const json_t *checked_error(const char *kind)
{
    const char *have = text_at(answer, "error/data/kind");
    char *line = json_dumps(answer, 0);
    cr_assert_str_eq(have, kind, "%s", line);
    free(line);
    return at(answer, "error/data");
}

static inline json_int_t number_at(const json_t *value, const char *path)
{
    cr_assert(json_is_integer(at(value, path)), "%s", path);
    return json_integer_value(at(value, path));
}

static inline size_t size_at(const json_t *value, const char *path)
{
    cr_assert(json_is_array(at(value, path)), "%s", path);
    return json_array_size(at(value, path));
}

static inline const char *account_text(unsigned who)
{
    static char texts[CAST_COUNT][ADDRESS_TEXT];
    address_encode(ADDRESS_ACCOUNT, &story.f.cast[who], texts[who]);
    return texts[who];
}

static inline const char *eur_text(void)
{
    static char text[ADDRESS_TEXT];
    address_encode(ADDRESS_ASSET, &story.f.eur, text);
    return text;
}

static inline const char *txid_text(unsigned index)
{
    static char text[65];
    hex_encode(digest_span(&story.ids[index]), text);
    return text;
}

/* Walks all pages of two, and writes the member `name` of each item, with spaces between. */
static inline void walk_pages(const char *method, const char *filters, const char *name,
                              char *words, size_t size)
{
    char cursor[300] = "";
    words[0] = '\0';
    for (unsigned pages = 0; pages < 50; pages++) {
        const json_t *result =
            call(method, "{\"limit\":2%s%s%s}", filters[0] ? "," : "", filters, cursor);
        size_t i;
        json_t *item;
        cr_assert_leq(size_at(result, "items"), 2);
        json_array_foreach(json_object_get(result, "items"), i, item)
        {
            size_t used = strlen(words);
            snprintf(words + used, size - used, "%s%s", used ? " " : "", text_at(item, name));
        }
        const json_t *next = json_object_get(result, "next_cursor");
        if (json_is_null(next)) return;
        snprintf(cursor, sizeof cursor, ",\"cursor\":\"%s\"", json_string_value(next));
    }
    cr_assert_fail("the pages of %s never end", method);
}

#endif
