#include "rpc/live.h"
#include "tests/unit/format/samples.h"

#include <criterion/criterion.h>

Test(live, the_node_itself_and_its_peers)
{
    static struct node_view view;
    struct id own = sample_id("validator", 0), other = sample_id("validator", 1);
    struct public_key own_key = { { 1 } }, other_key = { { 2 } }, third_key = { { 3 } };
    cr_assert_not(live_has_validator(&view, &own), "an observer is no validator");
    view.node_key = own_key;
    view.has_validator = true;
    view.validator = own;
    view.peer_count = 2;
    view.peers[0] = (struct peer_view){ .node_key = other_key, .has_validator = true };
    view.peers[0].validator = other;
    view.peers[1] = (struct peer_view){ .node_key = third_key };
    cr_assert(live_has_validator(&view, &own));
    cr_assert(live_has_validator(&view, &other));
    cr_assert(live_has_node(&view, &own_key));
    cr_assert(live_has_node(&view, &third_key));
    cr_assert_eq(live_validator(&view, &other), &view.peers[0]);
    cr_assert_eq(live_node(&view, &third_key), &view.peers[1]);
    cr_assert_null(live_validator(&view, &own), "it is no peer of itself");
    struct id zero = { { 0 } };
    cr_assert_not(live_has_validator(&view, &zero), "a peer without validator is not validator 0");
    view.peer_count = 0;
    cr_assert_not(live_has_validator(&view, &other));
}

Test(live, words)
{
    cr_assert_str_eq(node_role_word(NODE_VALIDATOR), "validator");
    cr_assert_str_eq(node_role_word(NODE_OBSERVER), "observer");
}
