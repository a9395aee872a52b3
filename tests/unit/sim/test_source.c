/* Where plans come from: seeds, plan files, lists; and lists that are wrong. */
#include "tests/sim/source.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/witan-source-XXXXXX";
static char path[600];
static struct plan plan, wanted;

static const char *file_with(const char *name, const char *text)
{
    static bool made;
    if (!made) cr_assert(mkdtemp(folder) != NULL);
    made = true;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
    return path;
}

static void clean(void)
{
    static const char *const names[] = { "list", "small.plan" };
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static bool list(struct source *source, const char *text)
{
    *source = (struct source){ .from = 1 };
    return source_read_list(source, file_with("list", text));
}

Test(source, seeds_count_up)
{
    struct source source = { .from = 17, .nodes = 5 };
    source_plan(&source, 3, &plan);
    plan_draw(&wanted, 20, 5);
    cr_assert(memcmp(&plan, &wanted, sizeof plan) == 0);
    source.mode = SOURCE_BEYOND;
    source_plan(&source, 0, &plan);
    cr_assert(plan.beyond && plan.seed == 17);
    source.mode = SOURCE_FAR_BEHIND;
    source_plan(&source, 0, &plan);
    cr_assert(plan.far_behind && plan.nodes == 5);
}

Test(source, backwards)
{
    struct source source = { .from = 10, .reverse_of = 4 };
    source_plan(&source, 0, &plan);
    cr_assert_eq(plan.seed, 13);
    source_plan(&source, 3, &plan);
    cr_assert_eq(plan.seed, 10);
}

Test(source, a_list_of_seeds_and_plans, .fini = clean)
{
    struct source source;
    file_with("small.plan", "seed 99\nnodes 3\n");
    cr_assert(list(&source, "# seeds\n\n"
                            "0 16     what it broke\n"
                            "plan small.plan   a lost vote\n"
                            "7 5\n"));
    cr_assert_eq(source.items_count, 3);
    cr_assert_str_eq(source.items[0].what, "what it broke");
    cr_assert_str_eq(source.items[1].what, "a lost vote");
    source_plan(&source, 0, &plan);
    cr_assert_eq(plan.seed, 16);
    source_plan(&source, 1, &plan);
    cr_assert(plan.seed == 99 && plan.nodes == 3);
    source_plan(&source, 2, &plan);
    cr_assert(plan.seed == 5 && plan.nodes == 7);
    source_free(&source);
    cr_assert_eq(source.items_count, 0);
}

Test(source, wrong_lists_are_refused, .fini = clean)
{
    static const char *const wrong[] = {
        "",
        "# nothing\n",
        "4\n",
        "4 x\n",
        "x 4\n",
        "32 1\n",
        "plan missing.plan\n",
        "4 1x ok\n",
        "4 99999999999999999999\n",
    };
    struct source source;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert(!list(&source, wrong[i]), "taken: %s", wrong[i]);
        source_free(&source);
    }
    file_with("small.plan", "nodes 77\n");
    cr_assert(!list(&source, "plan small.plan\n"));
    source_free(&source);
}

Test(source, files_that_are_not_there)
{
    struct source source = { .from = 1 };
    cr_assert(!source_read_list(&source, "/nonexistent/list"));
    cr_assert(!source_read_plan(&source, "/nonexistent/plan"));
    source_free(&source);
}
