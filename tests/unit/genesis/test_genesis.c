#include "sample.h"

#include "genesis/genesis_internal.h"

#include <criterion/criterion.h>
#include <unistd.h>

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(genesis, .init = setup);

static struct digest chain_id_of(const char *text)
{
    struct genesis *genesis = NULL;
    struct problem problem = { .text = "" };
    cr_assert_eq(genesis_parse(span_text(text), &genesis, &problem), STATUS_OK, "%s", problem.text);
    struct digest chain_id = genesis->chain_id;
    genesis_free(genesis);
    return chain_id;
}

/* Indentation, spaces, order of members, escapes in strings: the same chain. */
Test(genesis, chain_id_is_of_the_content)
{
    static const size_t flags[] = { JSON_COMPACT, JSON_INDENT(1), JSON_INDENT(7),
                                    JSON_SORT_KEYS | JSON_INDENT(2), JSON_ENSURE_ASCII };
    struct genesis *built = sample_build(&sample_plans[0]);
    json_t *document = genesis_json(built);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        char *text = json_dumps(document, flags[i]);
        struct digest chain_id = chain_id_of(text);
        cr_assert(digest_equal(&chain_id, &built->chain_id));
        free(text);
    }
    char *text = json_line(document);
    memcpy(strstr(text, "bank-a"), "bank-z", 6);
    struct digest chain_id = chain_id_of(text);
    cr_assert(!digest_equal(&chain_id, &built->chain_id), "another name is another chain");
    free(text);
    json_decref(document);
    genesis_free(built);
}

/* Each field is in the hash. Only those that leave the document good can be tried here. */
Test(genesis, every_field_counts)
{
    struct genesis *plain = sample_build(&sample_plans[0]);
    for (int change = 0; change < 10; change++) {
        struct genesis *g = sample_draft(&sample_plans[0]);
        struct problem problem = { .text = "" };
        if (change == 0) g->time_ms++;
        if (change == 1) g->params.values[PARAM_skew_ms_max]++;
        if (change == 2) g->validators[1].endpoint[0] = '8';
        if (change == 3) g->members[2].name[0] = 'B';
        if (change == 4) g->accounts[1].roles ^= ROLE_FREEZER;
        if (change == 5) g->accounts[0].signers[0].weight++;
        if (change == 6) g->accounts[3].metadata.bytes[9] = 1;
        if (change == 7) g->assets[0].scale++;
        if (change == 8) g->assets[0].max_supply--;
        if (change == 9) g->purpose = PURPOSE_PRODUCTION;
        if (change == 9) g->params.values[PARAM_validators_min] = 4;
        cr_assert_eq(genesis_seal(g, &problem), STATUS_OK, "%d: %s", change, problem.text);
        cr_assert(!digest_equal(&g->chain_id, &plain->chain_id), "%d", change);
        genesis_free(g);
    }
    genesis_free(plain);
}

Test(genesis, new_has_defaults)
{
    struct genesis *g = genesis_new("net", PURPOSE_PRODUCTION, 5, ENGINE_HOTSTUFF, FAULT_BYZANTINE);
    cr_assert_str_eq(g->network, "net");
    cr_assert_eq(g->time_ms, 5);
    cr_assert_eq(g->params.version, 1);
    cr_assert_eq(g->params.engine_count, 7);
    cr_assert_eq(g->params.values[PARAM_validators_min], 4);
    cr_assert_eq(g->committee.engine, ENGINE_HOTSTUFF);
    genesis_free(g);
    g = genesis_new("net", PURPOSE_PRODUCTION, 5, ENGINE_RAFT, FAULT_CRASH);
    cr_assert_eq(g->params.values[PARAM_validators_min], 3);
    genesis_free(g);
    g = genesis_new("net", PURPOSE_TEST, 5, ENGINE_HOTSTUFF, FAULT_BYZANTINE);
    cr_assert_eq(g->params.values[PARAM_validators_min], 1);
    genesis_free(g);
    genesis_free(NULL);
}

/* A name that does not fit is not cut: sealing would otherwise accept another network's name. */
Test(genesis, new_with_a_long_name)
{
    struct problem problem;
    struct genesis *g = genesis_new("123456789012345678901234567890123", PURPOSE_TEST, 0,
                                    ENGINE_HOTSTUFF, FAULT_BYZANTINE);
    cr_assert_eq(genesis_seal(g, &problem), STATUS_INVALID);
    cr_assert(strstr(problem.text, "/network: ") == problem.text, "%s", problem.text);
    genesis_free(g);
}

Test(genesis, an_empty_document_can_be_sealed_only_with_content)
{
    struct problem problem;
    struct genesis *g = genesis_new("n", PURPOSE_TEST, 0, ENGINE_HOTSTUFF, FAULT_BYZANTINE);
    cr_assert_eq(genesis_seal(g, &problem), STATUS_INVALID);
    cr_assert(strstr(problem.text, "/members: empty") == problem.text, "%s", problem.text);
    genesis_free(g);
}

Test(genesis, sealing_twice_changes_nothing)
{
    struct genesis *g = sample_build(&sample_plans[0]);
    struct digest before = g->chain_id;
    cr_assert_eq(genesis_seal(g, NULL), STATUS_OK);
    cr_assert(digest_equal(&before, &g->chain_id));
    genesis_free(g);
}

Test(genesis, load_names_the_file)
{
    char path[] = "/tmp/witan_test_genesis_XXXXXX";
    struct genesis *genesis = NULL;
    struct problem problem;
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    cr_assert_eq(write(fd, "{\"format\":\"x\"}", 14), 14);
    close(fd);
    cr_assert_eq(genesis_load(path, &genesis, &problem), STATUS_UNSUPPORTED);
    cr_assert(strstr(problem.text, path) == problem.text, "%s", problem.text);
    cr_assert(strstr(problem.text, "/format: ") != NULL, "%s", problem.text);
    cr_assert_eq(genesis_load(path, &genesis, NULL), STATUS_UNSUPPORTED);
    unlink(path);
    cr_assert_eq(genesis_load(path, &genesis, &problem), STATUS_NOT_FOUND);
    cr_assert_eq(genesis_load(path, &genesis, NULL), STATUS_NOT_FOUND);
    cr_assert(genesis == NULL);
}
