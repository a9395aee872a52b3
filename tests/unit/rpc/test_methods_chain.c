#include "tests/unit/rpc/story_harness.h"

TestSuite(chain, .init = story_harness_open, .fini = story_harness_close);

Test(chain, info)
{
    const json_t *o = call("chain_info", "{}");
    cr_assert_eq(number_at(o, "height"), STORY_HEIGHT);
    cr_assert_eq(number_at(o, "sealed_height"), STORY_SEALED);
    cr_assert_eq(number_at(o, "tx_count"), story.id_count);
    cr_assert_eq(number_at(o, "quorum"), 3);
    cr_assert_eq(number_at(o, "max_faulty"), 1);
    cr_assert_str_eq(text_at(o, "engine"), "hotstuff");
    cr_assert_str_eq(text_at(o, "purpose"), "test");
    cr_assert_eq(number_at(o, "limits/page_max"), RPC_PAGE_MAX);
    cr_assert_eq(number_at(o, "limits/tx_bytes_max"), 65536);
}

Test(chain, genesis)
{
    const json_t *o = call("chain_genesis", "{}");
    char *text = json_dumps(at(o, "genesis"), 0);
    struct genesis *read = NULL;
    struct problem problem;
    cr_assert_eq(genesis_parse(span_text(text), &read, &problem), STATUS_OK, "%s", problem.text);
    cr_assert(digest_equal(&read->chain_id, &story.f.genesis->chain_id));
    genesis_free(read);
    free(text);
}

Test(chain, params)
{
    const json_t *o = call("chain_params", "{}");
    char hash[65];
    cr_assert_eq(number_at(o, "ledger_height"), STORY_HEIGHT);
    cr_assert_eq(number_at(o, "params/window_ms_max"), 600000);
    cr_assert_str_eq(text_at(o, "params/gov_critical"), "2/3");
    cr_assert_eq(json_object_size(at(o, "params")), PARAM_COUNT);
    cr_assert_eq(number_at(o, "engine_params/phases"), 2);
    hex_encode(digest_span(&ledger_head(story.f.ledger)->header.params_hash), hash);
    cr_assert_str_eq(text_at(o, "params_hash"), hash);
}

Test(chain, members)
{
    const json_t *o = call("member_list", "{}");
    cr_assert_eq(size_at(o, "items"), 2);
    for (unsigned i = 0; i < 2; i++) {
        const json_t *member = json_array_get(at(o, "items"), i);
        bool bank = strcmp(text_at(member, "name"), "Bank") == 0;
        cr_assert_eq(size_at(member, "validators"), bank ? 4 : 0);
        cr_assert_str_eq(text_at(member, "member"), account_text(bank ? BANK : OTHER));
    }
}

Test(chain, validators)
{
    const json_t *o = call("validator_list", "{}");
    cr_assert_eq(number_at(o, "height"), STORY_HEIGHT);
    cr_assert_eq(size_at(o, "items"), 4);
    cr_assert_str_eq(text_at(o, "items/0/status"), "active");
    cr_assert_str_eq(text_at(o, "items/0/member_name"), "Bank");
    o = call("validator_list", "{\"height\":\"earliest\"}");
    cr_assert_eq(number_at(o, "height"), 0);
    o = call("validator_list", "{\"height\":3}");
    cr_assert_eq(number_at(o, "height"), 3);
    const json_t *error = call_fails("height_not_reached", "validator_list", "{\"height\":8}");
    cr_assert_eq(number_at(error, "ledger_height"), STORY_HEIGHT);
}
