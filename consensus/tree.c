#include "consensus/tree.h"

static size_t find_place(const struct tree *tree, const struct digest *digest)
{
    size_t place = 0;
    while (place < tree->count && !digest_equal(&tree->entries[place].digest, digest))
        place++;
    return place;
}

const struct tree_entry *tree_find(const struct tree *tree, const struct digest *digest)
{
    size_t place = find_place(tree, digest);
    return place < tree->count ? &tree->entries[place] : NULL;
}

void tree_mark_stored(struct tree *tree, const struct digest *digest)
{
    size_t place = find_place(tree, digest);
    if (place < tree->count) tree->entries[place].stored = true;
}

static size_t lowest_view(const struct tree *tree)
{
    size_t lowest = 0;
    for (size_t i = 1; i < tree->count; i++)
        if (tree->entries[i].proposal.view < tree->entries[lowest].proposal.view) lowest = i;
    return lowest;
}

bool tree_insert(struct tree *tree, const struct proposal *proposal, const struct digest *digest)
{
    if (tree_find(tree, digest)) return false;
    size_t place = tree->count;
    if (place == TREE_CAPACITY) {
        place = lowest_view(tree);
        if (tree->entries[place].proposal.view >= proposal->view) return false;
    } else {
        tree->count++;
    }
    tree->entries[place] = (struct tree_entry){ .digest = *digest, .proposal = *proposal };
    return true;
}

bool tree_find_path(const struct tree *tree, const struct digest *top, uint64_t top_index,
                    uint64_t base, struct tree_path *path)
{
    path->count = 0;
    path->next = *top;
    path->next_index = top_index;
    while (path->next_index > base) {
        const struct tree_entry *step = tree_find(tree, &path->next);
        if (!step || step->proposal.index != path->next_index) return false;
        /* Indexes fall by one a step, so no proposal is met twice. */
        ASSERT(path->count < TREE_CAPACITY);
        path->steps[path->count++] = step;
        path->next = step->proposal.parent;
        path->next_index--;
    }
    return true;
}

static void remove_at(struct tree *tree, size_t place)
{
    tree->entries[place] = tree->entries[--tree->count];
}

/* Does the known part of this proposal's ancestry end at `index` in another proposal? */
static bool left_the_chain(const struct tree *tree, const struct proposal *proposal, uint64_t index,
                           const struct digest *digest)
{
    struct tree_path path;
    if (!tree_find_path(tree, &proposal->parent, proposal->index - 1, index, &path)) return false;
    return !digest_equal(&path.next, digest);
}

void tree_prune(struct tree *tree, uint64_t index, uint64_t view, const struct digest *digest)
{
    if (digest) {
        /* All are judged before the first goes: a branch is recognised by its lower part. */
        bool dead[TREE_CAPACITY];
        for (size_t i = 0; i < tree->count; i++) {
            const struct proposal *proposal = &tree->entries[i].proposal;
            dead[i] = proposal->index > index && left_the_chain(tree, proposal, index, digest);
        }
        for (size_t i = tree->count; i-- > 0;)
            if (dead[i]) remove_at(tree, i);
    }
    for (size_t i = tree->count; i-- > 0;) {
        const struct proposal *proposal = &tree->entries[i].proposal;
        if (proposal->index <= index || proposal->view <= view) remove_at(tree, i);
    }
}
