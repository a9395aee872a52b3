/* Replays what tests/tools/make_execution_vectors.c wrote: state_tree, movement, execute, window,
 * chain. */
#include "ledger/ledger_inside.h"
#include "ledger/store_query.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *vectors;

static void load(const char *name)
{
    char path[1024];
    json_error_t error;
    (void)snprintf(path, sizeof path, "%s/%s.json", WITAN_VECTORS, name);
    vectors = json_load_file(path, 0, &error);
    cr_assert_not_null(vectors, "%s: %s", path, error.text);
    enum status status = crypto_start(NULL);
    cr_assert_eq(status, STATUS_OK);
}

static void unload(void)
{
    json_decref(vectors);
}

TestSuite(execution_vectors, .fini = unload);

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    cr_assert_not_null(text, "%s is missing", name);
    return text;
}

/* Bytes of a member, or of a string itself; the caller frees. */
static struct span bytes_of_text(const char *text)
{
    size_t size = strlen(text) / 2;
    uint8_t *bytes = malloc(size + 1);
    cr_assert_not_null(bytes);
    cr_assert(hex_decode(text, 2 * size, bytes, size));
    return span_of(bytes, size);
}

static struct span bytes_of(const json_t *object, const char *name)
{
    return bytes_of_text(text_of(object, name));
}

static struct digest digest_in(const json_t *object, const char *name)
{
    struct digest digest;
    cr_assert(hex_decode(text_of(object, name), 64, digest.bytes, 32));
    return digest;
}

static void expect_digest(const json_t *object, const char *name, const struct digest *got)
{
    struct digest expected = digest_in(object, name);
    cr_assert(digest_equal(&expected, got), "%s", name);
}

static void free_span(struct span span)
{
    free((void *)(uintptr_t)span.data);
}

/* ---- state_tree and movement ----------------------------------------------------------------- */

Test(execution_vectors, state_tree_records)
{
    size_t i;
    json_t *item;
    load("state_tree");
    json_array_foreach(json_object_get(vectors, "records"), i, item)
    {
        uint8_t kind = (uint8_t)json_integer_value(json_object_get(item, "kind"));
        struct span key = bytes_of(item, "key"), value = bytes_of(item, "value");
        const json_t *time = json_object_get(item, "not_after_ms");
        struct digest path = time ? state_path_window(key, (uint64_t)json_integer_value(time))
                                  : state_path(kind, key);
        struct digest value_hash = state_value_hash(kind, key, value);
        struct digest leaf = state_leaf_hash(&path, &value_hash);
        expect_digest(item, "path", &path);
        expect_digest(item, "value_hash", &value_hash);
        expect_digest(item, "leaf", &leaf);
        free_span(key);
        free_span(value);
    }
    cr_assert_eq(i, 8);
}

Test(execution_vectors, state_tree_sets)
{
    static struct state_leaf leaves[1000];
    size_t i, k;
    json_t *item, *leaf;
    load("state_tree");
    json_array_foreach(json_object_get(vectors, "sets"), i, item)
    {
        json_t *list = json_object_get(item, "leaves");
        json_array_foreach(list, k, leaf)
        {
            const char *path = json_string_value(json_array_get(leaf, 0));
            const char *hash = json_string_value(json_array_get(leaf, 1));
            cr_assert(hex_decode(path, 64, leaves[k].path.bytes, 32));
            cr_assert(hex_decode(hash, 64, leaves[k].hash.bytes, 32));
        }
        struct digest root = state_root_of(leaves, json_array_size(list), 0);
        expect_digest(item, "root", &root);
    }
    cr_assert_geq(i, 10);
}

static int64_t number_in(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

Test(execution_vectors, movements)
{
    size_t i;
    json_t *item;
    struct digest last = { { 0 } };
    load("movement");
    json_array_foreach(json_object_get(vectors, "movements"), i, item)
    {
        uint8_t bytes[MOVEMENT_BYTES];
        struct digest previous = digest_in(item, "previous");
        struct movement movement = { .entry_id = digest_in(item, "entry_id"),
                                     .position = strtoull(text_of(item, "position"), NULL, 10),
                                     .seq = strtoull(text_of(item, "seq"), NULL, 10),
                                     .d_posted = number_in(item, "d_posted"),
                                     .d_held_out = number_in(item, "d_held_out"),
                                     .d_held_in = number_in(item, "d_held_in"),
                                     .posted = number_in(item, "posted"),
                                     .held_out = number_in(item, "held_out"),
                                     .held_in = number_in(item, "held_in") };
        cr_assert(hex_decode(text_of(item, "account"), 32, movement.account.bytes, 16));
        cr_assert(hex_decode(text_of(item, "asset"), 32, movement.asset.bytes, 16));
        movement_encode(&movement, bytes);
        struct span expected = bytes_of(item, "bytes");
        cr_assert(span_equal(expected, span_of(bytes, sizeof bytes)));
        free_span(expected);
        cr_assert(digest_equal(&previous, &last), "they chain");
        last = movement_head(&previous, &movement);
        expect_digest(item, "head", &last);
    }
    cr_assert_eq(i, 5);
}

/* ---- batches --------------------------------------------------------------------------------- */

struct chain {
    struct genesis *genesis;
    struct ledger *ledger;
};

static struct chain chain_open(const json_t *from)
{
    struct chain chain;
    struct problem problem;
    struct span bytes = bytes_of(from, "genesis");
    cr_assert_eq(genesis_decode(bytes, &chain.genesis, &problem), STATUS_OK, "%s", problem.text);
    free_span(bytes);
    expect_digest(from, "chain_id", &chain.genesis->chain_id);
    cr_assert_eq(ledger_open(&chain.ledger, chain.genesis, ":memory:", NULL, &problem), STATUS_OK,
                 "%s", problem.text);
    return chain;
}

static void chain_close(struct chain *chain)
{
    ledger_close(chain->ledger);
    genesis_free(chain->genesis);
}

/* The stored rows of the entries against the vector's. */
static void expect_entries(struct ledger *ledger, const json_t *entries, uint64_t height)
{
    size_t i;
    json_t *entry;
    sqlite3_stmt *s = NULL;
    cr_assert_eq(sqlite3_prepare_v2(ledger->store->db,
                                    "SELECT lower(hex(id)), code, at, lower(hex(effects)),"
                                    " lower(hex(leaf)) FROM entry WHERE position >> 24 = ?"
                                    " ORDER BY position",
                                    -1, &s, NULL),
                 SQLITE_OK);
    sqlite3_bind_int64(s, 1, (sqlite3_int64)height);
    json_array_foreach(entries, i, entry)
    {
        cr_assert_eq(sqlite3_step(s), SQLITE_ROW);
        cr_assert_str_eq((const char *)sqlite3_column_text(s, 0), text_of(entry, "id"));
        cr_assert_str_eq(result_name((uint16_t)sqlite3_column_int(s, 1)), text_of(entry, "code"));
        cr_assert_eq(sqlite3_column_int(s, 2), number_in(entry, "at"));
        cr_assert_str_eq((const char *)sqlite3_column_text(s, 3), text_of(entry, "effects"));
        cr_assert_str_eq((const char *)sqlite3_column_text(s, 4), text_of(entry, "leaf"));
    }
    cr_assert_eq(sqlite3_step(s), SQLITE_DONE);
    sqlite3_finalize(s);
}

static void expect_header(const json_t *object, const struct header *header)
{
    uint8_t bytes[HEADER_BYTES];
    struct writer w;
    struct span expected = bytes_of(object, "header");
    writer_init_fixed(&w, bytes, sizeof bytes);
    header_write(&w, header);
    if (!span_equal(expected, writer_span(&w))) {
        struct header other;
        char a[80], b[80];
        struct reader r = reader_of(expected);
        header_read(&r, &other);
        const char *field = header_difference(&other, header, a, b);
        cr_assert_fail("%s: %s in the vector, %s here", field, a, b);
    }
    free_span(expected);
}

static void run_step(struct chain *chain, const json_t *step)
{
    static const char *const kinds[] = { "block", "empty", "void", "past" };
    size_t i;
    json_t *skipped;
    struct problem problem;
    struct execution *execution;
    struct span batch = bytes_of(step, "batch");
    const char *epoch = json_string_value(json_object_get(step, "epoch")); /* none: 0 */
    cr_assert_eq(ledger_execute(chain->ledger, epoch ? strtoull(epoch, NULL, 10) : 0,
                                strtoull(text_of(step, "sequence"), NULL, 10), batch, &execution,
                                &problem),
                 STATUS_OK, "%s", problem.text);
    free_span(batch);
    cr_assert_str_eq(kinds[execution->kind], text_of(step, "kind"));
    cr_assert_eq(execution->skipped_count, json_array_size(json_object_get(step, "skipped")));
    json_array_foreach(json_object_get(step, "skipped"), i, skipped)
        cr_assert_str_eq(execution->skipped[i].refusal == REFUSAL_duplicate
                             ? "duplicate"
                             : refusal_name(execution->skipped[i].refusal),
                         json_string_value(skipped));
    if (execution->kind == EXECUTION_BLOCK) {
        expect_entries(chain->ledger, json_object_get(step, "entries"), execution->header.height);
        expect_header(step, &execution->header);
        expect_digest(step, "hash", &execution->hash);
    }
    execution_free(execution);
}

Test(execution_vectors, execute)
{
    size_t i, k;
    json_t *item, *step;
    load("execute");
    json_array_foreach(json_object_get(vectors, "cases"), i, item)
    {
        struct chain chain = chain_open(vectors);
        json_array_foreach(json_object_get(item, "steps"), k, step) run_step(&chain, step);
        chain_close(&chain);
    }
    cr_assert_gt(i, 60);
}

Test(execution_vectors, governance)
{
    size_t i, k;
    json_t *item, *step;
    load("execute");
    json_t *governance = json_object_get(vectors, "governance");
    json_array_foreach(json_object_get(governance, "cases"), i, item)
    {
        struct chain chain = chain_open(governance);
        json_array_foreach(json_object_get(item, "steps"), k, step) run_step(&chain, step);
        chain_close(&chain);
    }
    cr_assert_eq(i, 10);
}

Test(execution_vectors, holds)
{
    size_t i, k;
    json_t *item, *step;
    load("execute");
    json_array_foreach(json_object_get(vectors, "holds"), i, item)
    {
        struct chain chain = chain_open(item);
        json_array_foreach(json_object_get(item, "steps"), k, step) run_step(&chain, step);
        chain_close(&chain);
    }
    cr_assert_eq(i, 17);
}

static void expect_window(struct ledger *ledger, const json_t *step)
{
    size_t i;
    json_t *txid;
    sqlite3_stmt *s = NULL;
    cr_assert_eq(sqlite3_prepare_v2(ledger->store->db,
                                    "SELECT lower(hex(txid)) FROM recent"
                                    " ORDER BY not_after_ms, txid",
                                    -1, &s, NULL),
                 SQLITE_OK);
    json_array_foreach(json_object_get(step, "window"), i, txid)
    {
        cr_assert_eq(sqlite3_step(s), SQLITE_ROW);
        cr_assert_str_eq((const char *)sqlite3_column_text(s, 0), json_string_value(txid));
    }
    cr_assert_eq(sqlite3_step(s), SQLITE_DONE);
    sqlite3_finalize(s);
}

Test(execution_vectors, window)
{
    size_t i, k;
    json_t *item, *step;
    load("window");
    json_array_foreach(json_object_get(vectors, "chains"), i, item)
    {
        struct chain chain = chain_open(item);
        json_array_foreach(json_object_get(item, "steps"), k, step)
        {
            run_step(&chain, step);
            cr_assert_eq(ledger_head(chain.ledger)->header.window_horizon_ms,
                         (uint64_t)number_in(step, "horizon_ms"));
            expect_window(chain.ledger, step);
        }
        chain_close(&chain);
    }
    cr_assert_eq(i, 4);
}

Test(execution_vectors, chain)
{
    size_t i;
    json_t *step;
    load("chain");
    struct chain chain = chain_open(vectors);
    expect_header(vectors, &ledger_head(chain.ledger)->header);
    expect_digest(vectors, "hash", &ledger_head(chain.ledger)->hash);
    json_array_foreach(json_object_get(vectors, "steps"), i, step) run_step(&chain, step);
    cr_assert_eq(ledger_head(chain.ledger)->header.height, 50);
    chain_close(&chain);
}
