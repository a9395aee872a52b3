/* The engine as a whole: n of them in one process. */
#include "tests/unit/consensus/cluster.h"

#include <criterion/criterion.h>

static struct cluster cluster;

static void start_crypto(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

static void setup(void)
{
    start_crypto();
    cluster_init(&cluster, 4, 1);
}

static void teardown(void)
{
    cluster_free(&cluster);
}

static void expect_all_executed(uint64_t index)
{
    cr_assert_str_eq(cluster.failure, "");
    for (uint16_t i = 0; i < cluster.count; i++)
        cr_expect_eq(cluster.nodes[i].executed, index, "node %u executed %llu", i,
                     (unsigned long long)cluster.nodes[i].executed);
}

Test(hotstuff, idle_network_is_silent, .init = setup, .fini = teardown)
{
    cluster_start(&cluster);
    cluster_run(&cluster, 60 * 1000);
    cr_assert(cluster_is_idle(&cluster));
    cr_assert_eq(cluster.messages, 0);
    expect_all_executed(0);
}

Test(hotstuff, one_transaction_is_decided_and_then_silence, .init = setup, .fini = teardown)
{
    cluster_start(&cluster);
    cluster_submit(&cluster, 0, 1);
    cluster_run(&cluster, 900);
    expect_all_executed(1);
    cr_assert(cluster_is_idle(&cluster));
    uint64_t messages = cluster.messages;
    cr_assert_eq(messages, 3 * (1 + 4 + 4)); /* proposal, votes, commit votes */
    cluster_run(&cluster, 60 * 1000);
    cr_assert_eq(cluster.messages, messages);
}

Test(hotstuff, decisions_are_pipelined, .init = setup, .fini = teardown)
{
    cluster_start(&cluster);
    uint32_t in_flight = 0;
    for (uint64_t tx = 1; tx <= 40; tx++)
        cluster_submit(&cluster, 0, tx);
    for (int ms = 0; ms < 2000; ms++) {
        cluster_run(&cluster, 1);
        struct engine_status status;
        cluster.ops->status(cluster.nodes[0].engine, &status);
        if (status.undecided > in_flight) in_flight = status.undecided;
    }
    expect_all_executed(40);
    cr_expect_geq(in_flight, 1);
    cr_assert(cluster_is_idle(&cluster));
    cr_assert_leq(cluster.now_ms, 2000);
}

/* Commit votes are slow, everything else is not. */
static bool slow_commit_votes(struct cluster *c, const struct packet *packet, uint64_t *delay_ms)
{
    (void)c;
    if (packet->kind == PACKET_MESSAGE && packet->statement_kind == 3) *delay_ms = 400;
    return true;
}

Test(hotstuff, proposals_in_flight_have_a_limit, .init = setup, .fini = teardown)
{
    cluster.options[cluster.options_count++] = (struct engine_option){ "undecided_max", 3 };
    cluster.network = slow_commit_votes;
    cluster_start(&cluster);
    for (uint64_t tx = 1; tx <= 20; tx++)
        cluster_submit(&cluster, 0, tx);
    uint32_t in_flight = 0;
    for (int ms = 0; ms < 8000; ms++) {
        cluster_run(&cluster, 1);
        struct engine_status status;
        cluster.ops->status(cluster.nodes[0].engine, &status);
        if (status.undecided > in_flight) in_flight = status.undecided;
    }
    expect_all_executed(20);
    cr_expect_leq(in_flight, 3);
    cr_expect_geq(in_flight, 1);
}

Test(hotstuff, one_of_four_dead_at_every_place, .init = start_crypto)
{
    for (uint16_t dead = 0; dead < 4; dead++) {
        cluster_init(&cluster, 4, 1);
        cluster_start(&cluster);
        cluster_crash(&cluster, dead, 0);
        for (uint64_t tx = 1; tx <= 10; tx++)
            cluster_submit(&cluster, (uint16_t)((dead + 1) % 4), tx);
        cluster_run(&cluster, 60 * 1000);
        cr_assert_str_eq(cluster.failure, "");
        for (uint16_t i = 0; i < 4; i++)
            if (i != dead) cr_expect_eq(cluster.nodes[i].executed, 10);
        cr_expect(cluster_is_idle(&cluster));
        cluster_free(&cluster);
    }
}

Test(hotstuff, two_of_four_dead_decide_nothing_and_come_back, .init = setup, .fini = teardown)
{
    cluster_start(&cluster);
    cluster_crash(&cluster, 0, 0);
    cluster_crash(&cluster, 1, 0);
    cluster_submit(&cluster, 2, 1);
    cluster_run(&cluster, 60 * 1000);
    cr_expect_eq(cluster.decided, 0);
    cluster_restart(&cluster, 0);
    cluster_run(&cluster, 20 * 1000);
    cr_expect_eq(cluster.nodes[2].executed, 1);
    cr_expect_eq(cluster.nodes[0].executed, 1);
    cr_assert_str_eq(cluster.failure, "");
}

Test(hotstuff, committees_of_every_size, .init = start_crypto)
{
    static const uint16_t sizes[] = { 1, 2, 3, 4, 5, 6, 7, 10 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cluster_init(&cluster, sizes[i], 1);
        cluster_start(&cluster);
        uint16_t faulty = max_faulty_of(FAULT_BYZANTINE, sizes[i]);
        for (uint16_t dead = 0; dead < faulty; dead++)
            cluster_crash(&cluster, dead, 0);
        for (uint64_t tx = 1; tx <= 5; tx++)
            cluster_submit(&cluster, faulty, tx);
        cluster_run(&cluster, 120 * 1000);
        cr_assert_str_eq(cluster.failure, "");
        for (uint16_t n = faulty; n < sizes[i]; n++)
            cr_expect_eq(cluster.nodes[n].executed, 5, "%u of %u", n, sizes[i]);
        cluster_free(&cluster);
    }
}

Test(hotstuff, who_is_far_behind_comes_back_by_an_anchor, .init = setup, .fini = teardown)
{
    cluster_start(&cluster);
    cluster_crash(&cluster, 3, 0);
    for (uint64_t tx = 1; tx <= 300; tx++) {
        cluster_submit(&cluster, 0, tx);
        cluster_run(&cluster, 100);
    }
    cluster_run(&cluster, 300 * 1000);
    cr_assert_str_eq(cluster.failure, "");
    cr_assert(cluster.nodes[0].done[300]);

    cluster_restart(&cluster, 3);
    cluster_submit(&cluster, 0, 301);
    cluster_run(&cluster, 10 * 1000);
    cr_expect_eq(cluster.nodes[3].executed, 0);
    /* Sealed blocks up to 250, then the engine's own proof of the rest. */
    cluster_anchor(&cluster, 3, 250);
    cluster_submit(&cluster, 0, 302);
    cluster_run(&cluster, 10 * 1000);
    expect_all_executed(cluster.decided);
    cr_expect(cluster.nodes[3].done[302]);
    cr_expect(cluster_is_idle(&cluster));
}

Test(hotstuff, an_empty_journal_behind_a_full_ledger_takes_part_again, .init = setup,
     .fini = teardown)
{
    cluster_start(&cluster);
    for (uint64_t tx = 1; tx <= 5; tx++)
        cluster_submit(&cluster, 0, tx);
    cluster_run(&cluster, 2000);
    cluster_crash(&cluster, 3, 0);
    cluster_wipe(&cluster, 3);
    cluster_restart(&cluster, 3);
    cluster_crash(&cluster, 0, 0); /* now it is needed for every quorum */
    cluster_submit(&cluster, 1, 6);
    cluster_run(&cluster, 60 * 1000);
    cr_assert_str_eq(cluster.failure, "");
    cr_expect_eq(cluster.nodes[3].executed, 6);
    cr_expect_eq(cluster.nodes[1].executed, 6);
}

/* A million votes of views that may never come, from a member that lies: the engine's memory is
 * what open was given, so all that can grow is the work, and the honest votes still count. */
Test(hotstuff, flood_of_future_views, .init = setup, .fini = teardown)
{
    cluster_start(&cluster);
    struct node *node = &cluster.nodes[0];
    struct message message = { .statement = { .kind = 2, .index = 1 } };
    struct event event = { .kind = EVENT_MESSAGE, .from = 1, .message = &message };
    for (uint64_t i = 0; i < 1000 * 1000; i++) {
        message.statement.view = 1 + random_below(&cluster.random, UINT64_C(1) << 40);
        message.statement.kind = (uint8_t)(2 + i % 2);
        message.statement.digest.bytes[0] = (uint8_t)i;
        effects_reset(cluster.out);
        cluster.ops->step(node->engine, &event, cluster.out);
        cr_assert_eq(cluster.out->count, 0);
    }
    for (uint64_t view = 1; view < 100; view++) {
        message.statement.view = view;
        effects_reset(cluster.out);
        cluster.ops->step(node->engine, &event, cluster.out);
    }
    cluster_submit(&cluster, 0, 1);
    cluster_run(&cluster, 900);
    expect_all_executed(1);
}

Test(hotstuff, observer_follows_and_is_silent, .init = setup, .fini = teardown)
{
    struct engine_config config = { .self = VALIDATOR_NONE,
                                    .committee = &cluster.committee,
                                    .domain = cluster.domain,
                                    .root = cluster.root,
                                    .cache = cluster.cache };
    void *observer = calloc(1, cluster.ops->size(&config));
    cr_assert_not_null(observer);
    struct effects *out = calloc(1, sizeof *out);
    cr_assert_not_null(out);
    effects_reset(out);
    cr_assert_eq(cluster.ops->open(observer, &config, NULL, 0, out), STATUS_OK);
    cluster_start(&cluster);
    cluster_submit(&cluster, 0, 1);
    uint64_t commits = 0;
    while (cluster.now_ms < 500) {
        size_t first = first_packet(&cluster);
        if (first < PACKETS_MAX && cluster.packets[first].to == 0 &&
            cluster.packets[first].kind == PACKET_MESSAGE) {
            const struct packet *packet = &cluster.packets[first];
            struct message message;
            cr_assert_eq(message_read(span_of(packet->bytes, packet->size), 100, &message),
                         STATUS_OK);
            struct event event = { .kind = EVENT_MESSAGE,
                                   .from = packet->from,
                                   .message = &message,
                                   .now_ms = packet->at_ms };
            effects_reset(out);
            cluster.ops->step(observer, &event, out);
            for (uint32_t i = 0; i < out->count; i++) {
                cr_expect_neq(out->list[i].kind, EFFECT_SEND);
                cr_expect_neq(out->list[i].kind, EFFECT_SEND_EARLY);
                commits += out->list[i].kind == EFFECT_COMMIT;
            }
            cr_expect_eq(out->invite, INVITE_NONE);
        }
        if (!cluster_step(&cluster, 500)) break;
    }
    cr_expect_eq(commits, 1);
    free(observer);
    free(out);
}

/* ---- Three-chain ---- */

static void setup_three(void)
{
    setup();
    cluster.options[cluster.options_count++] = (struct engine_option){ "phases", 3 };
}

Test(hotstuff, three_chain_decides_by_two_more_proposals_and_is_silent, .init = setup_three,
     .fini = teardown)
{
    cluster_start(&cluster);
    cluster_run(&cluster, 60 * 1000);
    cr_assert_eq(cluster.messages, 0);
    cluster_submit(&cluster, 0, 1);
    cluster_run(&cluster, 900);
    expect_all_executed(1);
    cr_assert(cluster_is_idle(&cluster));
    uint64_t messages = cluster.messages;
    cr_assert_eq(messages, 3 * 3 * (1 + 4)); /* three proposals and their votes */
    cluster_run(&cluster, 60 * 1000);
    cr_assert_eq(cluster.messages, messages);
}

/* The smallest limit must not stand in the way of the successors that alone decide. */
Test(hotstuff, three_chain_is_not_limited_in_flight, .init = setup_three, .fini = teardown)
{
    cluster.options[cluster.options_count++] = (struct engine_option){ "undecided_max", 1 };
    cluster_start(&cluster);
    for (uint64_t tx = 1; tx <= 20; tx++)
        cluster_submit(&cluster, 0, tx);
    cluster_run(&cluster, 2000);
    cr_assert_str_eq(cluster.failure, "");
    cr_expect(cluster.nodes[0].done[20]);
    cr_expect(cluster_is_idle(&cluster));
    cluster_submit(&cluster, 0, 21);
    cluster_run(&cluster, 900);
    cr_expect(cluster.nodes[0].done[21], "behind two that are certified and not decided");
}

Test(hotstuff, three_chain_with_one_of_four_dead_at_every_place, .init = start_crypto)
{
    for (uint16_t dead = 0; dead < 4; dead++) {
        cluster_init(&cluster, 4, 1);
        cluster.options[cluster.options_count++] = (struct engine_option){ "phases", 3 };
        cluster_start(&cluster);
        cluster_crash(&cluster, dead, 0);
        for (uint64_t tx = 1; tx <= 10; tx++)
            cluster_submit(&cluster, (uint16_t)((dead + 1) % 4), tx);
        cluster_run(&cluster, 60 * 1000);
        cr_assert_str_eq(cluster.failure, "");
        for (uint16_t i = 0; i < 4; i++)
            if (i != dead) cr_expect(cluster.nodes[i].done[10]);
        cr_expect(cluster_is_idle(&cluster));
        cluster_free(&cluster);
    }
}

Test(hotstuff, three_chain_of_every_size, .init = start_crypto)
{
    static const uint16_t sizes[] = { 1, 2, 3, 4, 5, 6, 7, 10 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cluster_init(&cluster, sizes[i], 1);
        cluster.options[cluster.options_count++] = (struct engine_option){ "phases", 3 };
        cluster_start(&cluster);
        uint16_t faulty = max_faulty_of(FAULT_BYZANTINE, sizes[i]);
        for (uint16_t dead = 0; dead < faulty; dead++)
            cluster_crash(&cluster, dead, 0);
        for (uint64_t tx = 1; tx <= 5; tx++)
            cluster_submit(&cluster, faulty, tx);
        cluster_run(&cluster, 120 * 1000);
        cr_assert_str_eq(cluster.failure, "");
        for (uint16_t n = faulty; n < sizes[i]; n++)
            cr_expect(cluster.nodes[n].done[5], "%u of %u", n, sizes[i]);
        cr_expect(cluster_is_idle(&cluster));
        cluster_free(&cluster);
    }
}

Test(hotstuff, three_chain_far_behind_comes_back_by_an_anchor, .init = setup_three,
     .fini = teardown)
{
    cluster_start(&cluster);
    cluster_crash(&cluster, 3, 0);
    for (uint64_t tx = 1; tx <= 200; tx++) {
        cluster_submit(&cluster, 0, tx);
        cluster_run(&cluster, 100);
    }
    cluster_run(&cluster, 100 * 1000);
    cr_assert(cluster.nodes[0].done[200]);
    cluster_restart(&cluster, 3);
    cluster_submit(&cluster, 0, 201);
    cluster_run(&cluster, 10 * 1000);
    cluster_anchor(&cluster, 3, cluster.decided - 100);
    cluster_submit(&cluster, 0, 202);
    cluster_run(&cluster, 10 * 1000);
    expect_all_executed(cluster.decided);
    cr_expect(cluster.nodes[3].done[202]);
    cr_expect(cluster_is_idle(&cluster));
}

Test(hotstuff, a_batch_without_an_invitation_is_ignored, .init = setup, .fini = teardown)
{
    cluster_start(&cluster);
    struct event event = { .kind = EVENT_BATCH };
    for (uint16_t i = 0; i < 3; i++) { /* validator 3 leads view 1 */
        effects_reset(cluster.out);
        cluster.ops->step(cluster.nodes[i].engine, &event, cluster.out);
        cr_expect_eq(cluster.out->count, 1);
        cr_expect_eq(cluster.out->list[0].kind, EFFECT_NOTE);
    }
}
