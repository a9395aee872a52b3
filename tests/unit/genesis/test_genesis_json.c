#include "sample.h"

#include "genesis/genesis_internal.h"

#include <criterion/criterion.h>

static void setup(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(genesis_json, .init = setup);

Test(genesis_json, round_trip)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct genesis *built = sample_build(&sample_plans[i]);
        struct genesis *again = NULL;
        struct problem problem = { .text = "" };
        json_t *document = genesis_json(built);
        char *text = json_line(document);
        cr_assert_eq(genesis_parse(span_text(text), &again, &problem), STATUS_OK, "%s",
                     problem.text);
        cr_assert(digest_equal(&built->chain_id, &again->chain_id));
        json_t *document_again = genesis_json(again);
        cr_assert(json_equal(document, document_again));
        json_decref(document);
        json_decref(document_again);
        free(text);
        genesis_free(built);
        genesis_free(again);
    }
}

Test(genesis_json, documented_order)
{
    static const char *const names[] = { "format",      "network",    "time",          "purpose",
                                         "fault_model", "engine",     "engine_params", "params",
                                         "members",     "validators", "accounts",      "assets",
                                         "balances" };
    struct genesis *built = sample_build(&sample_plans[0]);
    json_t *document = genesis_json(built);
    const char *name;
    json_t *value;
    size_t i = 0;
    json_object_foreach(document, name, value)
    {
        cr_assert_str_eq(name, names[i]);
        i++;
    }
    cr_assert_eq(i, sizeof names / sizeof names[0]);
    char *line = json_line(json_object_get(document, "engine_params"));
    cr_assert_str_eq(line, "{\"phases\":2,\"votes_to\":0,\"view_ms\":1000,"
                           "\"view_growth_permille\":1500,\"view_ms_max\":8000,"
                           "\"undecided_max\":8,\"leader_turn\":1}");
    free(line);
    json_decref(document);
    genesis_free(built);
}

/* Everything that may be absent or empty, and every word of a list. */
Test(genesis_json, optional_members)
{
    struct genesis *draft = sample_draft(&sample_plans[2]);
    draft->accounts[0].metadata.bytes[0] = 0xab;
    draft->accounts[0].roles = ROLE_ALL;
    draft->accounts[1].roles = 0;
    draft->assets[0].metadata.bytes[31] = 0xcd;
    memcpy(draft->assets[0].code, "ABCDEFGHIJKL", 12);
    draft->assets[0].id = asset_id_of(&draft->assets[0].issuer, draft->assets[0].code);
    draft->balances[0].asset = draft->assets[0].id;
    struct problem problem = { .text = "" };
    cr_assert_eq(genesis_seal(draft, &problem), STATUS_OK, "%s", problem.text);

    struct genesis *again = NULL;
    json_t *document = genesis_json(draft);
    char *text = json_line(document);
    cr_assert(strstr(text, "\"roles\":[\"registrar\",\"issuer\",\"freezer\"]") != NULL);
    cr_assert(strstr(text, "\"roles\":[]") != NULL);
    cr_assert(strstr(text, "\"code\":\"ABCDEFGHIJKL\"") != NULL);
    cr_assert_eq(genesis_parse(span_text(text), &again, &problem), STATUS_OK, "%s", problem.text);
    cr_assert(digest_equal(&draft->chain_id, &again->chain_id));
    free(text);
    json_decref(document);
    genesis_free(draft);
    genesis_free(again);
}
