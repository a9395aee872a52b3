/* A list that is read and replaced. */
#include "rpc/names.h"

#include <criterion/criterion.h>

static struct names *names;

static void setup(void)
{
    names = names_new();
    cr_assert_not_null(names);
}

static void teardown(void)
{
    names_free(names);
}

TestSuite(names, .init = setup, .fini = teardown);

Test(names, a_new_list_is_empty)
{
    const char *const *items;
    cr_assert_eq(names_read(names, &items), 0);
    names_done(names);
    names_free(NULL);
}

Test(names, it_holds_copies)
{
    char text[] = "localhost";
    const char *list[] = { text, "bank.example" };
    const char *const *items;
    cr_assert_eq(names_set(names, list, 2), STATUS_OK);
    text[0] = 'x';
    cr_assert_eq(names_read(names, &items), 2);
    cr_assert_str_eq(items[0], "localhost");
    cr_assert_str_eq(items[1], "bank.example");
    names_done(names);
}

Test(names, another_list_replaces_it)
{
    const char *first[] = { "a", "b", "c" }, *second[] = { "d" };
    const char *const *items;
    cr_assert_eq(names_set(names, first, 3), STATUS_OK);
    cr_assert_eq(names_set(names, second, 1), STATUS_OK);
    cr_assert_eq(names_read(names, &items), 1);
    cr_assert_str_eq(items[0], "d");
    names_done(names);
    cr_assert_eq(names_set(names, NULL, 0), STATUS_OK);
    cr_assert_eq(names_read(names, &items), 0);
    names_done(names);
}

Test(names, it_can_be_full)
{
    const char *list[NAMES_MAX];
    const char *const *items;
    for (size_t i = 0; i < NAMES_MAX; i++)
        list[i] = "name";
    cr_assert_eq(names_set(names, list, NAMES_MAX), STATUS_OK);
    cr_assert_eq(names_read(names, &items), NAMES_MAX);
    names_done(names);
}
