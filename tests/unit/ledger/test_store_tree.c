#include "ledger/store.h"

#include "ledger/ledger_inside.h"
#include "ledger/store_query.h"
#include "tests/unit/ledger/fixture.h"
#include <criterion/criterion.h>

static struct fixture f;
static struct state_storage storage;
static struct problem problem;

static void setup(void)
{
    fixture_start(&f);
    store_begin(f.ledger->store);
    storage = store_tree_storage(f.ledger->store);
}

static void teardown(void)
{
    store_rollback(f.ledger->store);
    fixture_stop(&f);
}

TestSuite(store_tree, .init = setup, .fini = teardown);

static enum status count_leaf(void *reader, const struct state_leaf *leaf)
{
    (void)leaf;
    ++*(size_t *)reader;
    return STATUS_OK;
}

static enum status refuse_leaf(void *reader, const struct state_leaf *leaf)
{
    (void)reader;
    (void)leaf;
    return STATUS_NO_MEMORY;
}

static int by_path(const void *a, const void *b)
{
    return digest_compare(&((const struct state_change *)a)->path,
                          &((const struct state_change *)b)->path);
}

/* The tree over SQLite gives what the plain definition gives, also after loading. */
Test(store_tree, a_tree_over_the_tables)
{
    enum { COUNT = 600 };
    static struct state_change changes[COUNT];
    static struct state_leaf leaves[COUNT];
    sqlite3_exec(f.ledger->store->db, "DELETE FROM leaf; DELETE FROM slot", NULL, NULL, NULL);
    struct state_tree *tree = state_tree_new(&storage);
    for (size_t i = 0; i < COUNT; i++)
        changes[i] = (struct state_change){ .path = sample_digest("path", i),
                                            .hash = sample_digest("leaf", i) };
    qsort(changes, COUNT, sizeof changes[0], by_path);
    cr_assert_eq(state_tree_apply(tree, changes, COUNT, &problem), STATUS_OK);
    size_t kept = 0;
    for (size_t i = 0; i < COUNT; i++) {
        changes[i].removed = i % 3 == 0;
        if (i % 3 != 0)
            leaves[kept++] =
                (struct state_leaf){ .path = changes[i].path, .hash = changes[i].hash };
    }
    cr_assert_eq(state_tree_apply(tree, changes, COUNT, &problem), STATUS_OK);
    struct digest expected = state_root_of(leaves, kept, 0), root = state_tree_root(tree);
    cr_assert(digest_equal(&root, &expected));
    cr_assert_eq(state_tree_load(tree, &problem), STATUS_OK, "%s", problem.text);
    root = state_tree_root(tree);
    cr_assert(digest_equal(&root, &expected));
    state_tree_free(tree);
}

Test(store_tree, a_range_is_inclusive_and_a_reader_may_stop_it)
{
    size_t count = 0;
    struct digest first = sample_digest("path", 1), last = first;
    struct state_leaf leaf = { .path = first, .hash = sample_digest("leaf", 1) };
    cr_assert_eq(storage.put_leaf(storage.context, &leaf), STATUS_OK);
    cr_assert_eq(storage.read_leaves(storage.context, &first, &last, count_leaf, &count),
                 STATUS_OK);
    cr_assert_eq(count, 1);
    cr_assert_eq(storage.read_leaves(storage.context, &first, &last, refuse_leaf, NULL),
                 STATUS_NO_MEMORY);
    cr_assert_eq(storage.remove_leaf(storage.context, &first), STATUS_OK);
    cr_assert_eq(storage.read_leaves(storage.context, &first, &last, count_leaf, &count),
                 STATUS_OK);
    cr_assert_eq(count, 1);
}

Test(store_tree, rows_out_of_range_are_damage)
{
    struct state_tree *tree = state_tree_new(&storage);
    sqlite3_exec(f.ledger->store->db, "UPDATE slot SET depth = 129", NULL, NULL, NULL);
    cr_assert_eq(state_tree_load(tree, &problem), STATUS_DAMAGED);
    state_tree_free(tree);
}

Test(store_tree, a_path_of_another_length_is_damage)
{
    size_t count = 0;
    struct digest first, last;
    memset(&first, 0, sizeof first);
    memset(&last, 0xff, sizeof last);
    sqlite3_exec(f.ledger->store->db,
                 "INSERT INTO leaf VALUES (x'1234', zeroblob(32), zeroblob(32))", NULL, NULL, NULL);
    cr_assert_eq(storage.read_leaves(storage.context, &first, &last, count_leaf, &count),
                 STATUS_DAMAGED);
}
