#include "consensus/tree.h"

#include <criterion/criterion.h>

static struct tree tree;
static const struct digest ROOT = { { 0xee } };

/* A proposal on a parent, put into the tree; its digest. */
static struct digest grow(uint64_t index, uint64_t view, const struct digest *parent)
{
    struct proposal proposal = { .index = index, .view = view, .parent = *parent };
    struct digest digest = proposal_digest(&proposal);
    cr_assert(tree_insert(&tree, &proposal, &digest));
    return digest;
}

Test(tree, finds_what_was_inserted)
{
    struct digest a = grow(1, 1, &ROOT);
    cr_assert_not_null(tree_find(&tree, &a));
    cr_expect_eq(tree_find(&tree, &a)->proposal.view, 1);
    cr_expect_not(tree_find(&tree, &a)->stored);
    tree_mark_stored(&tree, &a);
    cr_expect(tree_find(&tree, &a)->stored);
    tree_mark_stored(&tree, &ROOT); /* unknown: nothing happens */
    cr_expect_null(tree_find(&tree, &ROOT));
}

Test(tree, inserts_once)
{
    struct proposal proposal = { .index = 1, .view = 1, .parent = ROOT };
    struct digest digest = proposal_digest(&proposal);
    cr_expect(tree_insert(&tree, &proposal, &digest));
    cr_expect_not(tree_insert(&tree, &proposal, &digest));
    cr_expect_eq(tree.count, 1);
}

Test(tree, path_runs_from_top_to_base)
{
    struct digest a = grow(1, 1, &ROOT);
    struct digest b = grow(2, 3, &a);
    struct digest c = grow(3, 4, &b);
    struct tree_path path;
    cr_assert(tree_find_path(&tree, &c, 3, 0, &path));
    cr_assert_eq(path.count, 3);
    cr_expect_eq(path.steps[0]->proposal.index, 3);
    cr_expect_eq(path.steps[2]->proposal.index, 1);
    cr_expect(digest_equal(&path.next, &ROOT));
    cr_assert(tree_find_path(&tree, &c, 3, 2, &path));
    cr_expect_eq(path.count, 1);
    cr_expect(digest_equal(&path.next, &b));
    cr_assert(tree_find_path(&tree, &c, 3, 3, &path));
    cr_expect_eq(path.count, 0);
    cr_expect(digest_equal(&path.next, &c));
}

Test(tree, path_names_what_is_missing)
{
    struct proposal unknown = { .index = 2, .view = 2, .parent = ROOT };
    struct digest b = proposal_digest(&unknown);
    struct digest c = grow(3, 3, &b);
    struct tree_path path;
    cr_expect_not(tree_find_path(&tree, &c, 3, 0, &path));
    cr_expect(digest_equal(&path.next, &b));
    cr_expect_eq(path.next_index, 2);
}

Test(tree, path_refuses_an_index_that_does_not_fit)
{
    struct digest a = grow(1, 1, &ROOT);
    struct tree_path path;
    cr_expect_not(tree_find_path(&tree, &a, 5, 0, &path));
}

Test(tree, prune_keeps_only_what_grows_from_the_decision)
{
    struct digest a = grow(1, 1, &ROOT);
    struct digest b = grow(2, 4, &a);
    struct digest c = grow(3, 5, &b);
    struct digest fork = grow(1, 2, &ROOT);
    struct digest fork_child = grow(2, 6, &fork);
    struct digest fork_grandchild = grow(3, 7, &fork_child);
    struct proposal far = { .index = 8, .view = 9 };
    struct digest orphan = proposal_digest(&far);
    tree_insert(&tree, &far, &orphan);

    tree_prune(&tree, 1, 1, &a);
    cr_expect_null(tree_find(&tree, &a));
    cr_expect_not_null(tree_find(&tree, &b));
    cr_expect_not_null(tree_find(&tree, &c));
    cr_expect_null(tree_find(&tree, &fork));
    cr_expect_null(tree_find(&tree, &fork_child));
    cr_expect_null(tree_find(&tree, &fork_grandchild));
    cr_expect_not_null(tree_find(&tree, &orphan), "its way down is not known yet");
}

Test(tree, prune_drops_older_views)
{
    struct digest a = grow(1, 5, &ROOT);
    struct digest old = grow(2, 4, &ROOT);
    tree_prune(&tree, 1, 5, &a);
    cr_expect_null(tree_find(&tree, &old));
    cr_expect_eq(tree.count, 0);
}

Test(tree, prune_without_digest_judges_by_index_alone)
{
    struct digest a = grow(1, 1, &ROOT);
    struct digest b = grow(2, 2, &a);
    tree_prune(&tree, 1, 0, NULL);
    cr_expect_null(tree_find(&tree, &a));
    cr_expect_not_null(tree_find(&tree, &b));
}

Test(tree, full_tree_lets_go_of_the_lowest_view)
{
    struct digest first = grow(1, 1, &ROOT);
    for (uint64_t view = 2; view <= TREE_CAPACITY; view++)
        grow(view, view, &ROOT);
    cr_assert_eq(tree.count, TREE_CAPACITY);
    struct digest last = grow(TREE_CAPACITY + 1, TREE_CAPACITY + 1, &ROOT);
    cr_expect_eq(tree.count, TREE_CAPACITY);
    cr_expect_null(tree_find(&tree, &first));
    cr_expect_not_null(tree_find(&tree, &last));

    struct proposal old = { .index = 1, .view = 1 };
    struct digest digest = proposal_digest(&old);
    cr_expect_not(tree_insert(&tree, &old, &digest), "older than all that is there");
}

Test(tree, longest_path_fits)
{
    struct digest top = ROOT;
    for (uint64_t index = 1; index <= TREE_CAPACITY; index++)
        top = grow(index, index, &top);
    struct tree_path path;
    cr_assert(tree_find_path(&tree, &top, TREE_CAPACITY, 0, &path));
    cr_expect_eq(path.count, TREE_CAPACITY);
}
