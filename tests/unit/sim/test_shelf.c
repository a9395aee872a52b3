/* Records by the bytes they begin with. */
#include "tests/sim/shelf.h"

#include <criterion/criterion.h>

struct item {
    uint64_t key[2];
    uint64_t value, other;
};

Test(shelf, what_was_added_is_found_and_nothing_else)
{
    struct shelf shelf;
    bool added;
    shelf_init(&shelf, sizeof(struct item), 16, 0);
    for (uint64_t i = 0; i < 10000; i++) {
        uint64_t key[2] = { i << 40, i % 7 };
        cr_assert(shelf_find(&shelf, key) == NULL);
        struct item *item = shelf_add(&shelf, key, &added);
        cr_assert(added);
        cr_assert_eq(item->value, 0);
        cr_assert_eq(item->other, 0);
        cr_assert_eq(shelf_number(&shelf, item), i);
        item->value = i;
    }
    for (uint64_t i = 0; i < 10000; i++) {
        uint64_t key[2] = { i << 40, i % 7 };
        struct item *item = shelf_find(&shelf, key);
        cr_assert(item != NULL);
        cr_assert_eq(item->value, i);
        cr_assert(shelf_at(&shelf, (uint32_t)i) == item);
        cr_assert(shelf_add(&shelf, key, &added) == item);
        cr_assert(!added);
        key[1]++;
        cr_assert(shelf_find(&shelf, key) == NULL);
    }
    cr_assert_eq(shelf.count, 10000);
    shelf_free(&shelf);
    cr_assert(shelf.records == NULL);
}
