#include "ledger/state_tree.h"

#include "tests/unit/format/samples.h"
#include "tests/unit/ledger/memory_storage.h"
#include <criterion/criterion.h>

static struct memory_storage *memory;
static struct state_tree *tree;
static struct problem problem;

static void setup(void)
{
    memory = memory_storage_new();
    struct state_storage storage = memory_storage_of(memory);
    tree = state_tree_new(&storage);
    cr_assert_not_null(tree);
}

static void teardown(void)
{
    state_tree_free(tree);
    free(memory);
}

TestSuite(state_tree, .init = setup, .fini = teardown);

/* A path by number: spread over everything, or behind a prefix of `shared` one bits. */
static struct digest path_at(uint64_t number, unsigned shared)
{
    struct digest path = sample_digest("path", number);
    for (unsigned bit = 0; bit < shared; bit++)
        path.bytes[bit >> 3] |= (uint8_t)(0x80u >> (bit & 7));
    return path;
}

static struct state_change put(uint64_t number, unsigned shared, uint64_t value)
{
    return (struct state_change){ .path = path_at(number, shared),
                                  .hash = sample_digest("leaf", value) };
}

static struct state_change drop(uint64_t number, unsigned shared)
{
    return (struct state_change){ .path = path_at(number, shared), .removed = true };
}

static int by_path(const void *a, const void *b)
{
    return digest_compare(&((const struct state_change *)a)->path,
                          &((const struct state_change *)b)->path);
}

static void apply(struct state_change *changes, size_t count)
{
    qsort(changes, count, sizeof *changes, by_path);
    cr_assert_eq(state_tree_apply(tree, changes, count, &problem), STATUS_OK, "%s", problem.text);
}

/* The root is that of the plain definition over what is stored, the trie is what a restart would
 * make of the slots, and every slot keeps its limits. */
static void check(void)
{
    struct digest root = state_tree_root(tree);
    struct digest plain = state_root_of(memory->leaves, memory->leaf_count, 0);
    cr_assert(digest_equal(&root, &plain));
    cr_assert_eq(state_tree_count(tree), memory->leaf_count);

    struct state_storage storage = memory_storage_of(memory);
    struct state_tree *again = state_tree_new(&storage);
    cr_assert_eq(state_tree_load(again, &problem), STATUS_OK, "%s", problem.text);
    struct digest loaded = state_tree_root(again);
    cr_assert(digest_equal(&root, &loaded));
    cr_assert_eq(state_tree_count(again), memory->leaf_count);
    state_tree_free(again);

    for (size_t i = 0; i < memory->slot_count; i++)
        cr_assert(memory->slots[i].count <= STATE_SLOT_LEAVES ||
                  memory->slots[i].depth == STATE_SLOT_DEPTH_MAX);
}

Test(state_tree, an_empty_state_has_a_root_of_zeros)
{
    struct digest root = state_tree_root(tree);
    cr_assert(digest_is_zero(&root));
    cr_assert_eq(state_tree_load(tree, &problem), STATUS_OK);
    root = state_tree_root(tree);
    cr_assert(digest_is_zero(&root));
    cr_assert_eq(state_tree_apply(tree, NULL, 0, &problem), STATUS_OK);
    cr_assert_eq(memory->writes, 0);
}

Test(state_tree, one_entry_is_its_leaf)
{
    struct state_change one = put(1, 0, 7);
    apply(&one, 1);
    struct digest root = state_tree_root(tree), leaf = sample_digest("leaf", 7);
    cr_assert(digest_equal(&root, &leaf));
    check();
}

Test(state_tree, two_entries_hash_from_their_first_different_bit_up_to_the_root)
{
    struct state_change two[2] = { put(1, 0, 1), put(2, 0, 2) };
    memset(two[0].path.bytes, 0, 32);
    memset(two[1].path.bytes, 0, 32);
    two[1].path.bytes[0] = 0x20; /* they part at bit 2 */
    apply(two, 2);
    struct digest zero = { { 0 } };
    struct digest expected = state_node_hash(&two[0].hash, &two[1].hash);
    expected = state_node_hash(&expected, &zero);
    expected = state_node_hash(&expected, &zero);
    struct digest root = state_tree_root(tree);
    cr_assert(digest_equal(&root, &expected));
}

Test(state_tree, a_thousand_entries_in_one_apply_and_back_to_nothing)
{
    static struct state_change changes[1000];
    for (size_t i = 0; i < 1000; i++)
        changes[i] = put(i, 0, i);
    apply(changes, 1000);
    check();
    cr_assert_gt(memory->slot_count, 31);

    for (size_t i = 0; i < 1000; i++)
        changes[i] = drop(i, 0);
    apply(changes, 1000);
    struct digest root = state_tree_root(tree);
    cr_assert(digest_is_zero(&root));
    cr_assert_eq(memory->leaf_count, 0);
    cr_assert_eq(memory->slot_count, 1); /* all slots merged back into one */
    check();
}

Test(state_tree, the_root_does_not_depend_on_history)
{
    enum { COUNT = 500 };
    static struct state_change all[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        all[i] = put(i, 0, i);
    apply(all, COUNT);
    struct digest at_once = state_tree_root(tree);
    size_t slots = memory->slot_count;
    teardown();
    setup();

    /* One by one, in another order, with others that come and go and split slots meanwhile. */
    for (size_t i = 0; i < COUNT; i++) {
        struct state_change two[2] = { put(COUNT - 1 - i, 0, COUNT - 1 - i), put(1000 + i, 0, 3) };
        apply(two, 2);
    }
    check();
    for (size_t i = 0; i < COUNT; i++) {
        struct state_change one = drop(1000 + i, 0);
        apply(&one, 1);
    }
    check();
    struct digest one_by_one = state_tree_root(tree);
    cr_assert(digest_equal(&at_once, &one_by_one));
    cr_assert_neq(slots, memory->slot_count, "the histories should have left other slots");
}

Test(state_tree, shared_prefixes_of_sixty_and_more_bits)
{
    static const unsigned shared[] = { 60, 64, 100, 120, 127 };
    for (size_t s = 0; s < sizeof shared / sizeof shared[0]; s++) {
        struct state_change changes[80];
        for (size_t i = 0; i < 80; i++)
            changes[i] = put(i, shared[s], i);
        apply(changes, 80);
        check();
        for (size_t i = 0; i < 79; i++)
            changes[i] = drop(i, shared[s]);
        changes[79] = put(79, shared[s], 1000);
        apply(changes, 80);
        check();
        changes[0] = drop(79, shared[s]);
        apply(changes, 1);
        check();
    }
}

Test(state_tree, at_depth_128_a_slot_no_longer_splits)
{
    struct state_change changes[100];
    for (size_t i = 0; i < 100; i++)
        changes[i] = put(i, 130, i);
    apply(changes, 100);
    check();
    bool found = false;
    for (size_t i = 0; i < memory->slot_count; i++)
        if (memory->slots[i].count == 100) found = memory->slots[i].depth == STATE_SLOT_DEPTH_MAX;
    cr_assert(found);
}

Test(state_tree, slots_split_above_32_and_merge_at_12)
{
    struct state_change changes[33];
    for (size_t i = 0; i < 32; i++)
        changes[i] = put(i, 0, i);
    apply(changes, 32);
    cr_assert_eq(memory->slot_count, 1);
    struct state_change more = put(32, 0, 32);
    apply(&more, 1);
    cr_assert_gt(memory->slot_count, 1);
    for (size_t i = 0; i < 20; i++) {
        struct state_change less = drop(i, 0);
        apply(&less, 1);
        check();
    }
    cr_assert_gt(memory->slot_count, 1, "13 are left: not merged yet");
    struct state_change less = drop(20, 0);
    apply(&less, 1);
    cr_assert_eq(memory->leaf_count, 12);
    cr_assert_eq(memory->slot_count, 1);
    check();
}

Test(state_tree, random_changes_against_the_plain_definition)
{
    enum { ROUNDS = 60, NUMBERS = 400 };
    static bool present[NUMBERS];
    uint64_t random = 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct state_change changes[40];
        bool used[NUMBERS] = { false };
        size_t count = 0;
        bool shrinking = round > ROUNDS / 2;
        for (unsigned i = 0; i < 40; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            uint64_t number = (random >> 33) % NUMBERS;
            if (used[number]) continue;
            used[number] = true;
            unsigned shared = (unsigned)(number % 3) * 30;
            bool remove = present[number] && (shrinking ? i % 4 != 0 : i % 4 == 0);
            changes[count++] = remove ? drop(number, shared) : put(number, shared, random);
            present[number] = !remove;
        }
        apply(changes, count);
        check();
    }
}

Test(state_tree, removing_what_is_not_there_is_damage)
{
    struct state_change one = put(1, 0, 1);
    apply(&one, 1);
    struct state_change two = drop(2, 0);
    cr_assert_eq(state_tree_apply(tree, &two, 1, &problem), STATUS_DAMAGED);
}

Test(state_tree, a_lost_leaf_is_noticed_when_its_slot_is_touched)
{
    struct state_change changes[10];
    for (size_t i = 0; i < 10; i++)
        changes[i] = put(i, 0, i);
    apply(changes, 10);
    memory->leaf_count--;
    struct state_change more = put(11, 0, 1);
    cr_assert_eq(state_tree_apply(tree, &more, 1, &problem), STATUS_DAMAGED);
    cr_assert_not_null(strstr(problem.text, "prefix 00000000000000000000000000000000/0"));
}

Test(state_tree, damaged_slots_do_not_load)
{
    static struct state_change changes[100];
    for (size_t i = 0; i < 100; i++)
        changes[i] = put(i, 0, i);
    apply(changes, 100);
    static struct memory_storage good;
    good = *memory;

    memory->slot_count--; /* the last one is missing */
    cr_assert_eq(state_tree_load(tree, &problem), STATUS_DAMAGED);
    cr_assert_not_null(strstr(problem.text, "no slot covers it"));
    *memory = good;
    memory->slots[1].depth = 1; /* a prefix with bits beyond its depth, or inside another */
    cr_assert_eq(state_tree_load(tree, &problem), STATUS_DAMAGED);
    *memory = good;
    memory->slots[0].depth = 0; /* covers everything, and others are inside it */
    cr_assert_eq(state_tree_load(tree, &problem), STATUS_DAMAGED);
    *memory = good;
    memory->slots[0].count = STATE_SLOT_LEAVES + 1;
    cr_assert_eq(state_tree_load(tree, &problem), STATUS_DAMAGED);
    *memory = good;
    memory->slots[0].hash.bytes[0] ^= 1; /* loads, and gives another root */
    cr_assert_eq(state_tree_load(tree, &problem), STATUS_OK);
    struct digest root = state_tree_root(tree);
    struct digest plain = state_root_of(memory->leaves, memory->leaf_count, 0);
    cr_assert(!digest_equal(&root, &plain));
    *memory = good;
    cr_assert_eq(state_tree_load(tree, &problem), STATUS_OK);
    check();
}

Test(state_tree, a_failing_write_ends_the_apply_and_loading_again_restores)
{
    static struct state_change changes[200];
    static struct memory_storage good;
    for (size_t i = 0; i < 100; i++)
        changes[i] = put(i, 0, i);
    apply(changes, 100);
    struct digest before = state_tree_root(tree);
    good = *memory;
    for (size_t i = 0; i < 200; i++)
        changes[i] = put(i, 0, i + 1);
    qsort(changes, 200, sizeof changes[0], by_path);
    for (unsigned n = 1; n < 200; n += 17) {
        memory->writes_until_failure = n;
        cr_assert_eq(state_tree_apply(tree, changes, 200, &problem), STATUS_IO);
        *memory = good; /* what a rollback does */
        cr_assert_eq(state_tree_load(tree, &problem), STATUS_OK);
        struct digest root = state_tree_root(tree);
        cr_assert(digest_equal(&root, &before));
    }
    check();
}

Test(state_tree, freed_nodes_are_used_again)
{
    static struct state_change changes[1000];
    size_t bytes = 0;
    for (unsigned round = 0; round < 5; round++) {
        for (size_t i = 0; i < 1000; i++)
            changes[i] = put(i, 0, i);
        apply(changes, 1000);
        for (size_t i = 0; i < 1000; i++)
            changes[i] = drop(i, 0);
        apply(changes, 1000);
        if (round == 0) bytes = state_tree_bytes(tree);
    }
    cr_assert_eq(state_tree_bytes(tree), bytes);
}

/* ---- places, for proofs ---------------------------------------------------------------------- */

static struct digest climb(const struct digest *path, const struct state_place *place)
{
    struct digest hash = { { 0 } };
    if (place->occupied) hash = place->leaf.hash;
    for (unsigned depth = place->depth; depth-- > 0;)
        hash = path_bit(path->bytes, depth) ? state_node_hash(&place->siblings[depth], &hash)
                                            : state_node_hash(&hash, &place->siblings[depth]);
    return hash;
}

/* Leads to the root; is no deeper than it must be; and holds the path itself, a neighbour that
 * shares its first bits, or nothing. */
static void check_place(uint64_t number, unsigned shared, bool present)
{
    struct digest path = path_at(number, shared), root = state_tree_root(tree);
    static struct state_place place;
    cr_assert_eq(state_tree_place(tree, &path, &place, &problem), STATUS_OK, "%s", problem.text);
    struct digest climbed = climb(&path, &place);
    cr_assert(digest_equal(&climbed, &root));
    cr_assert_eq(place.occupied && digest_equal(&place.leaf.path, &path), present);
    if (place.depth > 0 && place.occupied)
        cr_assert(!digest_is_zero(&place.siblings[place.depth - 1]), "the leaf could stand higher");
    for (unsigned bit = 0; place.occupied && bit < place.depth; bit++)
        cr_assert_eq(path_bit(place.leaf.path.bytes, bit), path_bit(path.bytes, bit));
}

Test(state_tree, the_place_in_an_empty_tree_and_beside_one_entry)
{
    static struct state_place place;
    struct digest path = path_at(1, 0);
    cr_assert_eq(state_tree_place(tree, &path, &place, &problem), STATUS_OK);
    cr_assert(!place.occupied);
    cr_assert_eq(place.depth, 0);
    struct state_change one = put(1, 0, 7);
    one.value_hash = sample_digest("value", 7);
    apply(&one, 1);
    check_place(1, 0, true);
    check_place(2, 0, false);
    path = path_at(2, 0);
    cr_assert_eq(state_tree_place(tree, &path, &place, &problem), STATUS_OK);
    cr_assert(place.occupied, "the only entry is everybody's neighbour");
    cr_assert(digest_equal(&place.leaf.value_hash, &one.value_hash));
}

Test(state_tree, places_of_what_is_there_and_of_what_is_not)
{
    static const unsigned shared[] = { 0, 60, 130 };
    static struct state_change changes[900];
    size_t count = 0;
    for (size_t s = 0; s < 3; s++)
        for (uint64_t i = 0; i < 300; i++)
            changes[count++] = put(i, shared[s], i);
    apply(changes, count);
    for (size_t s = 0; s < 3; s++)
        for (uint64_t i = 0; i < 600; i++)
            check_place(i, shared[s], i < 300);
}

Test(state_tree, a_place_beside_nothing)
{
    struct state_change two[2] = { put(1, 0, 1), put(2, 0, 2) };
    memset(two[0].path.bytes, 0, 32);
    memset(two[1].path.bytes, 0, 32);
    two[1].path.bytes[0] = 0x20; /* they part at bit 2: 000 and 001 */
    apply(two, 2);
    static struct state_place place;
    struct digest path = { { 0x80 } };
    cr_assert_eq(state_tree_place(tree, &path, &place, &problem), STATUS_OK);
    cr_assert(!place.occupied);
    cr_assert_eq(place.depth, 1);
    struct digest root = state_tree_root(tree), climbed = climb(&path, &place);
    cr_assert(digest_equal(&root, &climbed));
}

Test(state_tree, a_place_in_damaged_rows_is_not_given_out)
{
    static struct state_change changes[100];
    static struct state_place place;
    for (size_t i = 0; i < 100; i++)
        changes[i] = put(i, 0, i);
    apply(changes, 100);
    struct digest path = memory->leaves[0].path;
    memory->leaves[0].hash.bytes[5] ^= 1;
    cr_assert_eq(state_tree_place(tree, &path, &place, &problem), STATUS_DAMAGED);
    memory->leaves[0].hash.bytes[5] ^= 1;
    cr_assert_eq(state_tree_place(tree, &path, &place, &problem), STATUS_OK);
    memory_remove_leaf(memory, &path);
    cr_assert_eq(state_tree_place(tree, &path, &place, &problem), STATUS_DAMAGED);
}
