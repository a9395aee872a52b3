/* The files of genesis/samples/ are what sample.h builds; WITAN_SAMPLES_WRITE=1 writes them. */
#include "sample.h"

#include <criterion/criterion.h>

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(samples, .init = setup);

static void sample_write(const struct genesis *genesis, const char *path)
{
    json_t *document = genesis_json(genesis);
    char *text = json_dumps(document, JSON_INDENT(2));
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL);
    cr_assert(fprintf(file, "%s\n", text) > 0);
    cr_assert_eq(fclose(file), 0);
    free(text);
    json_decref(document);
}

Test(samples, files_are_reproducible)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        char path[512];
        struct problem problem = { 0 };
        struct genesis *loaded = NULL;
        struct genesis *built = sample_build(&sample_plans[i]);
        cr_assert(built != NULL);
        sample_path(&sample_plans[i], path);
        if (getenv("WITAN_SAMPLES_WRITE")) sample_write(built, path);
        cr_assert_eq(genesis_load(path, &loaded, &problem), STATUS_OK, "%s", problem.text);
        cr_assert(digest_equal(&built->chain_id, &loaded->chain_id), "%s", path);
        genesis_free(loaded);
        genesis_free(built);
    }
}

Test(samples, chain_ids_differ)
{
    struct genesis *one = sample_build(&sample_plans[0]);
    struct genesis *other = sample_build(&sample_plans[1]);
    cr_assert(!digest_equal(&one->chain_id, &other->chain_id));
    genesis_free(one);
    genesis_free(other);
}

Test(samples, models)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct genesis *genesis = sample_build(&sample_plans[i]);
        cr_assert_eq(genesis->committee.count, sample_plans[i].validators);
        cr_assert_eq(genesis->committee.fault_model, sample_plans[i].fault_model);
        cr_assert_eq(genesis->purpose, PURPOSE_TEST);
        genesis_free(genesis);
    }
}
