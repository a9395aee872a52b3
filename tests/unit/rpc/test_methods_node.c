#include "tests/unit/rpc/harness.h"

#include <criterion/criterion.h>

static struct harness h;

static void open_all(void)
{
    harness_open(&h);
}

static void close_all(void)
{
    harness_close(&h);
}

TestSuite(methods_node, .init = open_all, .fini = close_all);

Test(methods_node, status)
{
    json_t *answer = harness_call(&h, "node_status", "");
    cr_assert_str_eq(text_at(answer, "result/node/name"), "bank-a");
    cr_assert_str_eq(text_at(answer, "result/node/role"), "validator");
    cr_assert_str_eq(text_at(answer, "result/chain/network"), "byzantine-4");
    cr_assert_str_eq(text_at(answer, "result/chain/engine"), "hotstuff");
    cr_assert_str_eq(text_at(answer, "result/chain/purpose"), "test");
    cr_assert_str_eq(text_at(answer, "result/ledger/state"), "synced");
    cr_assert_eq(json_integer_value(at(answer, "result/ledger/height")), 7);
    cr_assert_null(at(answer, "result/ledger/blocks_per_second"));
    cr_assert_eq(json_integer_value(at(answer, "result/consensus/quorum")), 3);
    cr_assert_eq(json_integer_value(at(answer, "result/consensus/max_faulty")), 1);
    cr_assert_eq(strncmp(text_at(answer, "result/consensus/leader"), "val1", 4), 0);
    cr_assert_eq(json_integer_value(at(answer, "result/peers")), 1);
    cr_assert_null(at(answer, "result/node/votes_reason"));
    json_decref(answer);
}

Test(methods_node, status_of_a_node_that_catches_up_and_does_not_vote)
{
    struct node_view *v = &h.node->view;
    v->sync = SYNC_CATCHING_UP;
    v->blocks_per_second = 120.5;
    v->target_height = 9000;
    v->votes = false;
    v->leader = VALIDATOR_NONE;
    v->has_validator = false;
    snprintf(v->votes_reason, sizeof v->votes_reason, "safety_missing");
    json_t *answer = harness_call(&h, "node_status", "");
    cr_assert_str_eq(text_at(answer, "result/ledger/state"), "catching_up");
    cr_assert_eq(json_integer_value(at(answer, "result/ledger/target_height")), 9000);
    cr_assert_float_eq(json_number_value(at(answer, "result/ledger/blocks_per_second")), 120.5,
                       0.01);
    cr_assert(json_is_null(at(answer, "result/consensus/leader")));
    cr_assert_str_eq(text_at(answer, "result/node/votes_reason"), "safety_missing");
    cr_assert_null(at(answer, "result/node/validator"));
    json_decref(answer);
}

Test(methods_node, health)
{
    h.node->view.checks[HEALTH_quorum] = (struct health_check){ false, "2 of 3" };
    json_t *answer = harness_call(&h, "node_health", "");
    cr_assert(json_is_false(at(answer, "result/ready")));
    cr_assert_str_eq(text_at(answer, "result/checks/3/name"), "quorum");
    cr_assert_str_eq(text_at(answer, "result/checks/3/detail"), "2 of 3");
    json_decref(answer);
}

Test(methods_node, peers)
{
    json_t *answer = harness_call(&h, "peer_list", "");
    cr_assert_eq(json_array_size(at(answer, "result/items")), 1);
    cr_assert_str_eq(text_at(answer, "result/items/0/direction"), "out");
    cr_assert_str_eq(text_at(answer, "result/items/0/member_name"), "bank-b");
    cr_assert_float_eq(json_number_value(at(answer, "result/items/0/rtt_ms")), 1.25, 0.001);
    cr_assert_eq(json_integer_value(at(answer, "result/items/0/clock_offset_ms")), -3);
    json_decref(answer);
    h.node->view.peers[0].has_validator = false;
    h.node->view.peers[0].member_name[0] = 0;
    answer = harness_call(&h, "peer_list", "");
    cr_assert_null(at(answer, "result/items/0/validator"));
    cr_assert_null(at(answer, "result/items/0/member_name"));
    json_decref(answer);
}

Test(methods_node, consensus)
{
    json_t *answer = harness_call(&h, "consensus_state", "");
    cr_assert_str_eq(text_at(answer, "result/votes/0/kind"), "vote");
    cr_assert_eq(json_array_size(at(answer, "result/votes/0/have")), 2); /* bits 0 and 2 */
    cr_assert_eq(json_array_size(at(answer, "result/votes/0/missing")), 2);
    json_decref(answer);
}

Test(methods_node, mempool)
{
    h.node->view.mempool_txs = 12;
    h.node->view.mempool_oldest_ms = 40;
    json_t *answer = harness_call(&h, "mempool_status", "");
    cr_assert_eq(json_integer_value(at(answer, "result/txs")), 12);
    cr_assert_eq(json_integer_value(at(answer, "result/txs_max")), 20000);
    cr_assert_eq(json_integer_value(at(answer, "result/oldest_age_ms")), 40);
    json_decref(answer);
}

Test(methods_node, the_document)
{
    json_t *answer = harness_call(&h, "rpc.discover", "");
    cr_assert_eq(json_array_size(at(answer, "result/methods")), rpc_method_count);
    json_decref(answer);
}

Test(methods_node, configuration)
{
    json_t *answer = harness_call(&h, "admin_config", "");
    cr_assert_str_eq(text_at(answer, "result/items/0/key"), "rpc.readers");
    json_decref(answer);
}

Test(methods_node, log_levels)
{
    json_t *answer = harness_call(&h, "admin_log_level", "");
    cr_assert_str_eq(text_at(answer, "result/levels/node"), "info");
    json_decref(answer);
    answer = harness_call(&h, "admin_log_level", "{\"level\":\"debug\",\"module\":\"engine\"}");
    cr_assert_str_eq(text_at(answer, "result/levels/node"), "debug");
    json_decref(answer);
    answer = harness_call(&h, "admin_log_level", "{\"level\":\"debug\",\"module\":\"motor\"}");
    cr_assert_str_eq(text_at(answer, "error/data/path"), "/module");
    json_decref(answer);
    answer = harness_call(&h, "admin_log_level", "{\"level\":\"loud\"}");
    cr_assert_str_eq(text_at(answer, "error/data/path"), "/level");
    json_decref(answer);
}

Test(methods_node, backup_create)
{
    static const struct {
        const char *params, *error;
    } cases[] = {
        { "{}", "invalid_params" },
        { "{\"directory\":\"relative\"}", "invalid_params" },
        { "{\"directory\":\"/there\"}", "invalid_params" },
        { "{\"directory\":\"/busy\"}", "unavailable" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *answer = harness_call(&h, "admin_backup_create", cases[i].params);
        cr_assert_str_eq(text_at(answer, "error/data/kind"), cases[i].error, "%s", cases[i].params);
        json_decref(answer);
    }
    json_t *answer = harness_call(&h, "admin_backup_create", "{\"directory\":\"/new\"}");
    const json_t *result = json_object_get(answer, "result");
    cr_assert_str_eq(json_string_value(json_object_get(result, "directory")), "/new");
    json_decref(answer);
}

Test(methods_node, shutdown)
{
    json_t *answer = harness_call(&h, "admin_shutdown", "{\"timeout_ms\":60001}");
    cr_assert_str_eq(text_at(answer, "error/data/path"), "/timeout_ms");
    cr_assert_eq(h.node->shutdowns, 0);
    json_decref(answer);
    answer = harness_call(&h, "admin_shutdown", "");
    cr_assert(json_is_true(at(answer, "result/stopping")));
    cr_assert_eq(h.node->shutdowns, 1);
    json_decref(answer);
}

Test(methods_node, admin_methods_want_the_local_socket)
{
    static const char *const names[] = { "admin_config", "admin_log_level", "admin_shutdown" };
    h.granted = ACCESS_SUBMIT;
    for (size_t i = 0; i < 3; i++) {
        json_t *answer = harness_call(&h, names[i], "");
        cr_assert_str_eq(text_at(answer, "error/data/kind"), "forbidden");
        json_decref(answer);
    }
    cr_assert_eq(h.node->shutdowns, 0);
}
