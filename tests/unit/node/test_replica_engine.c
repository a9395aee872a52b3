/* Proposals: which are taken from others, and when we make our own. */
#include "replica_fixture.h"

/* A leader who changes the batch of his own proposals, towards node `victim` alone. */
struct traitor {
    uint16_t victim;
    bool armed;
    bool everybody;
    void (*change)(const struct world *w, struct batch *batch, uint16_t leader);
    unsigned changed;
    uint16_t leader;
    struct digest digest; /* of the first changed proposal */
};

static struct blob *changed_batch(const struct world *w, const struct traitor *traitor,
                                  uint16_t leader, struct span bytes)
{
    struct batch batch;
    cr_assert_eq(batch_decode(bytes, &w->genesis->params, &batch), STATUS_OK);
    traitor->change(w, &batch, leader);
    struct writer writer;
    writer_init(&writer, SIZE_MAX / 2);
    batch_write_head(&writer, &batch);
    write_bytes(&writer, span_of(bytes.data + BATCH_HEAD_BYTES, bytes.size - BATCH_HEAD_BYTES));
    struct blob *blob = blob_copy(writer_span(&writer));
    writer_free(&writer);
    return blob;
}

static bool betray(struct world *w, uint16_t from, uint16_t to, uint8_t kind, struct blob **payload)
{
    struct traitor *traitor = w->context;
    if (!traitor->armed || !world_is(*payload, kind, PROPOSAL)) return true;
    if (to != traitor->victim && !traitor->everybody) return true;
    struct message message = world_message(*payload);
    struct blob *batch = changed_batch(w, traitor, from, message.batch);
    struct blob *changed = world_rebatch(w, from, *payload, blob_span(batch));
    blob_unref(batch);
    blob_unref(*payload);
    *payload = changed;
    message = world_message(changed);
    if (traitor->changed++ == 0) {
        traitor->digest = message.statement.digest;
        traitor->leader = from;
    }
    return true;
}

/* Did node n ever vote for this proposal? */
static bool voted(const struct world *w, uint16_t n, const struct digest *digest)
{
    for (size_t i = 0; i < w->nodes[n].log_count; i++) {
        const struct said *said = &w->nodes[n].log[i];
        if (said->kind != OUTPUT_SEND || said->type != FRAME_ENGINE) continue;
        struct message message = world_message(said->payload);
        if (message.statement.kind == VOTE && digest_equal(&message.statement.digest, digest))
            return true;
    }
    return false;
}

/* Runs until the traitor has sent one changed proposal to a victim that is not himself. */
static void run_treason(struct world *w, struct traitor *traitor)
{
    w->filter = betray;
    w->context = traitor;
    traitor->armed = true;
    for (uint64_t i = 1; i <= 40 && traitor->changed == 0; i++) {
        world_submit(w, (uint16_t)(i % 4), world_transfer(w, i));
        world_run(w, 20);
    }
    cr_assert_gt(traitor->changed, 0);
    world_run(w, 30);
}

static void leave(const struct world *w, struct batch *batch, uint16_t leader)
{
    (void)w;
    (void)leader;
    batch->time_ms += 1; /* Another proposal, and nothing wrong with it. */
}

Test(replica_engine, a_changed_but_sound_proposal_gets_a_vote)
{
    struct world *w = world_open(NULL);
    struct traitor traitor = { .victim = 3, .change = leave };
    run_treason(w, &traitor);
    cr_assert(voted(w, 3, &traitor.digest), "the control: everything below must differ from it");
    world_close(w);
}

static void steal_proposer(const struct world *w, struct batch *batch, uint16_t leader)
{
    batch->proposer = w->genesis->committee.validators[(leader + 1) % 4].id;
}

Test(replica_engine, a_batch_in_anothers_name_gets_no_vote)
{
    struct world *w = world_open(NULL);
    struct traitor traitor = { .victim = 3, .change = steal_proposer };
    run_treason(w, &traitor);
    cr_assert_not(voted(w, 3, &traitor.digest));
    cr_assert_not_null(world_note(w, 3, 0, "proposer differs from its sender"));
    world_close(w);
}

static void far_future(const struct world *w, struct batch *batch, uint16_t leader)
{
    (void)leader;
    batch->time_ms = WORLD_WALL_MS + w->now_ms + w->genesis->params.values[PARAM_skew_ms_max] + 10;
}

Test(replica_engine, a_batch_too_far_ahead_of_our_clock_gets_no_vote)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 100, 2); /* So that the parent's time is not the genesis'. */
    struct traitor traitor = { .victim = 3, .change = far_future };
    run_treason(w, &traitor);
    cr_assert_not(voted(w, 3, &traitor.digest));
    cr_assert_not_null(world_note(w, 3, 0, "ahead of our clock"));
    world_close(w);
}

static void near_future(const struct world *w, struct batch *batch, uint16_t leader)
{
    (void)leader;
    batch->time_ms = WORLD_WALL_MS + w->now_ms + w->genesis->params.values[PARAM_skew_ms_max] / 2;
}

Test(replica_engine, a_batch_within_the_skew_gets_a_vote)
{
    struct world *w = world_open(NULL);
    struct traitor traitor = { .victim = 3, .change = near_future };
    run_treason(w, &traitor);
    cr_assert(voted(w, 3, &traitor.digest));
    world_close(w);
}

static void no_later_than_parent(const struct world *w, struct batch *batch, uint16_t leader)
{
    (void)w;
    (void)leader;
    batch->time_ms = WORLD_WALL_MS + 1;
}

Test(replica_engine, a_batch_not_above_its_parents_time_gets_no_vote)
{
    struct world *w = world_open(NULL);
    struct traitor traitor = { .victim = 3, .change = no_later_than_parent };
    w->filter = betray;
    w->context = &traitor;
    world_blocks(w, 0, 100, 3);
    run_treason(w, &traitor);
    cr_assert_not(voted(w, 3, &traitor.digest));
    cr_assert_not_null(world_note(w, 3, 0, "not above its parent's"));
    world_close(w);
}

/* One traitor of four may lose his turn, no more: the others go on with what was submitted. */
Test(replica_engine, refused_proposals_delay_but_do_not_stop)
{
    struct world *w = world_open(NULL);
    struct traitor traitor = { .victim = 3, .change = far_future, .everybody = true };
    world_blocks(w, 0, 100, 2);
    run_treason(w, &traitor);
    uint16_t leader = traitor.leader;
    for (uint16_t n = 0; n < 4; n++)
        if (n != leader) cr_assert_not(voted(w, n, &traitor.digest));
    traitor.armed = false;
    world_run(w, 20000);
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(world_status(w, n).pool.txs, 0);
    cr_assert(world_equal(w, w->nodes[0].height));
    world_close(w);
}

static bool votes_are_lost(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                           struct blob **payload)
{
    bool *lost = w->context;
    (void)from;
    (void)to;
    return !*lost || !world_is(*payload, kind, VOTE);
}

/* Everybody has the proposal, and nobody a certificate of it: its transactions wait again. */
Test(replica_engine, what_stood_in_a_lost_proposal_is_proposed_again)
{
    struct world *w = world_open(NULL);
    bool lost = true;
    world_blocks(w, 0, 100, 2);
    w->filter = votes_are_lost;
    w->context = &lost;
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 500);
    lost = false;
    world_run(w, 10000);
    cr_assert(world_equal(w, 3));
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(world_status(w, n).pool.txs, 0);
    world_close(w);
}

/* ---- back-pressure ---- */

static bool drop_seal_votes(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                            struct blob **payload)
{
    (void)w;
    (void)from;
    (void)to;
    (void)payload;
    return kind != FRAME_SEAL_VOTES;
}

/* Transactions in the batches of the proposals that node n sent. */
static size_t proposed(const struct world *w, uint16_t n, size_t from)
{
    size_t count = 0;
    for (size_t i = from; i < w->nodes[n].log_count; i++) {
        const struct said *said = &w->nodes[n].log[i];
        if (said->kind != OUTPUT_SEND || !said->payload ||
            !world_is(said->payload, said->type, PROPOSAL) || said->peer != NODE_ALL)
            continue;
        struct batch batch;
        cr_assert_eq(batch_decode(world_message(said->payload).batch, &w->genesis->params, &batch),
                     STATUS_OK);
        count += batch.count;
    }
    return count;
}

Test(replica_engine, without_seals_only_so_many_batches_are_filled)
{
    struct world *w = world_open(&(struct world_options){ .unsealed_max = 2 });
    w->filter = drop_seal_votes;
    for (uint64_t i = 1; i <= 30; i++) {
        world_submit(w, (uint16_t)(i % 4), world_transfer(w, i));
        world_run(w, 30);
    }
    uint64_t height = w->nodes[0].height;
    cr_assert_geq(height, 2);
    cr_assert_leq(height, 2 + 8, "unsealed_max, and what was in flight");
    cr_assert_eq(w->nodes[0].sealed, 0);
    cr_assert_gt(world_status(w, 0).pool.txs, 0, "they wait");
    size_t from[4];
    for (uint16_t n = 0; n < 4; n++)
        from[n] = w->nodes[n].log_count;
    world_run(w, 3000);
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(proposed(w, n, from[n]), 0, "node %u fills batches all the same", n);
    w->filter = NULL;
    world_run(w, 5000);
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(world_status(w, n).pool.txs, 0, "it goes on when the seals are back");
    cr_assert(world_equal(w, w->nodes[0].height));
    world_close(w);
}

static bool keep_seals_from_three(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                                  struct blob **payload)
{
    (void)w;
    (void)from;
    (void)payload;
    return kind != FRAME_SEAL_VOTES || to != 3;
}

/* It executes what the others decide, but sees no seal: at twice the limit it stops voting for
 * batches with content. */
Test(replica_engine, at_twice_the_limit_a_member_does_not_vote)
{
    struct world *w = world_open(&(struct world_options){ .unsealed_max = 2 });
    w->filter = keep_seals_from_three;
    for (uint64_t i = 1; i <= 12; i++) {
        world_submit(w, (uint16_t)(i % 3), world_transfer(w, i));
        world_run(w, 40);
    }
    cr_assert_gt(world_status(w, 3).unsealed, 4);
    size_t from = w->nodes[3].log_count;
    uint64_t height = w->nodes[0].height;
    world_submit(w, 0, world_transfer(w, 100));
    world_run(w, 1500);
    cr_assert_gt(w->nodes[0].height, height, "three are a quorum");
    cr_assert_eq(proposed(w, 3, from), 0);
    for (uint16_t leader = 0; leader < 3; leader++)
        for (size_t i = 0; i < w->nodes[leader].log_count; i++) {
            const struct said *said = &w->nodes[leader].log[i];
            if (said->at_ms <= w->now_ms - 1500 || said->kind != OUTPUT_SEND ||
                !world_is(said->payload, said->type, PROPOSAL))
                continue;
            struct message message = world_message(said->payload);
            struct batch batch;
            cr_assert_eq(batch_decode(message.batch, &w->genesis->params, &batch), STATUS_OK);
            if (batch.count > 0) cr_assert_not(voted(w, 3, &message.statement.digest));
        }
    world_close(w);
}

/* ---- our own proposals ---- */

Test(replica_engine, several_proposals_are_in_flight_under_load)
{
    struct world *w = world_open(NULL);
    for (uint64_t i = 1; i <= 600; i++) {
        world_submit(w, (uint16_t)(i % 4), world_transfer(w, i));
        if (i % 20 == 0) world_step(w);
    }
    world_run(w, 500);
    uint32_t most = 0;
    for (uint16_t n = 0; n < 4; n++)
        if (world_status(w, n).undecided_max > most) most = world_status(w, n).undecided_max;
    cr_assert_geq(most, 2);
    cr_assert(world_equal(w, w->nodes[0].height));
    world_close(w);
}

/* Transactions one by one while a block is under way make one more block, not one each. */
Test(replica_engine, while_a_block_is_under_way_the_next_batch_gathers)
{
    struct world *w = world_open(NULL);
    world_load(w, 0, 1, 1);
    world_run(w, 200);
    uint64_t height = w->nodes[0].height;
    for (uint16_t n = 0; n < 4; n++)
        w->nodes[n].ledger_held = true;
    world_load(w, 1, 2, 1);
    world_run(w, 50);
    for (uint64_t i = 3; i < 13; i++) {
        world_submit(w, (uint16_t)(i % 4), world_transfer(w, i));
        world_run(w, 10);
    }
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(w->nodes[n].waiting_count, 1, "ordered, and nothing behind it");
    for (uint16_t n = 0; n < 4; n++)
        world_ledger_go(w, n);
    world_run(w, 200);
    cr_assert_eq(w->nodes[0].height, height + 2);
    cr_assert_eq(w->nodes[0].headers[height + 2].entry_count, 10);
    cr_assert(world_equal(w, height + 2));
    world_close(w);
}

Test(replica_engine, a_transaction_is_in_one_block_only)
{
    struct world *w = world_open(NULL);
    for (uint64_t i = 1; i <= 100; i++) {
        world_submit(w, (uint16_t)(i % 4), world_transfer(w, i));
        if (i % 3 == 0) world_step(w);
    }
    world_run(w, 500);
    uint64_t entries = 0;
    for (uint64_t h = 1; h <= w->nodes[0].height; h++)
        entries += w->nodes[0].headers[h].entry_count;
    cr_assert_eq(entries, 100);
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(world_count(w, n, 0, OUTPUT_LEFT, 0), 0, "proposed twice and skipped");
    world_close(w);
}

Test(replica_engine, batches_carry_their_proposer_and_rising_times)
{
    struct world *w = world_open(NULL);
    for (uint64_t i = 1; i <= 20; i++) {
        world_submit(w, (uint16_t)(i % 4), world_transfer(w, i));
        world_step(w);
    }
    world_run(w, 200);
    for (uint64_t h = 2; h <= w->nodes[0].height; h++)
        cr_assert_gt(w->nodes[0].headers[h].time_ms, w->nodes[0].headers[h - 1].time_ms);
    for (uint16_t n = 0; n < 4; n++)
        for (size_t i = 0; i < w->nodes[n].log_count; i++) {
            const struct said *said = &w->nodes[n].log[i];
            if (said->kind != OUTPUT_SEND || !world_is(said->payload, said->type, PROPOSAL))
                continue;
            struct batch batch;
            batch_decode(world_message(said->payload).batch, &w->genesis->params, &batch);
            cr_assert(id_equal(&batch.proposer, &w->genesis->committee.validators[n].id));
        }
    world_close(w);
}

Test(replica_engine, a_leader_who_shows_two_batches_gets_one_decided)
{
    struct world *w = world_open(NULL);
    struct traitor traitor = { .victim = 3, .change = leave, .armed = true };
    w->filter = betray;
    w->context = &traitor;
    for (uint64_t i = 1; i <= 10; i++) {
        world_submit(w, (uint16_t)(i % 4), world_transfer(w, i));
        world_run(w, 200);
    }
    traitor.armed = false;
    world_run(w, 10000);
    cr_assert_gt(traitor.changed, 0);
    cr_assert(world_equal(w, w->nodes[0].height));
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(world_status(w, n).pool.txs, 0);
    world_close(w);
}

/* ---- order ---- */

static void finish_check(struct world *w, uint16_t n, struct check_job *job)
{
    check_run(job);
    replica_checked(w->nodes[n].replica, world_moment(w), job);
    world_drain(w, n);
}

/* Two heartbeats of a leader that two threads finish in the wrong order: the first one carries what
 * the second one builds on. */
Test(replica_engine, an_engine_that_wants_it_is_given_messages_in_their_order)
{
    const struct world_options options = { .nodes = 3, .crash = true };
    struct world *w = world_open(&options);
    world_run(w, 1500);
    uint16_t leader = world_status(w, 0).engine.leader;
    cr_assert_lt(leader, 3);
    uint16_t follower = (uint16_t)((leader + 1) % 3);
    struct world_node *node = &w->nodes[follower];
    node->checks_held = true;
    for (uint64_t i = 1; i <= 3; i++) {
        world_submit(w, leader, world_transfer(w, i));
        world_run(w, 10);
    }
    node->checks_held = false;
    cr_assert_gt(node->jobs_count, 3);
    uint64_t before = world_status(w, follower).engine.index_high;
    size_t from = node->log_count;
    size_t first = 0;
    while (node->jobs[first]->kind != CHECK_MESSAGE || node->jobs[first]->from != leader)
        first++;
    for (size_t i = node->jobs_count; i-- > 0;)
        if (i != first) finish_check(w, follower, node->jobs[i]);
    cr_assert_eq(world_status(w, follower).engine.index_high, before, "they wait for the first");
    cr_assert_null(world_find(w, follower, from, OUTPUT_SEND, FRAME_ENGINE), "nothing is refused");
    node->jobs_count = 0;
    finish_check(w, follower, node->jobs[first]);
    cr_assert_geq(world_status(w, follower).engine.index_high, before + 3);
    world_run(w, 200);
    cr_assert(world_equal(w, 3));
    world_close(w);
}

Test(replica_engine, what_waits_for_an_earlier_message_is_freed_with_the_replica)
{
    const struct world_options options = { .nodes = 3, .crash = true };
    struct world *w = world_open(&options);
    world_run(w, 1500);
    uint16_t leader = world_status(w, 0).engine.leader;
    uint16_t follower = (uint16_t)((leader + 1) % 3);
    struct world_node *node = &w->nodes[follower];
    node->checks_held = true;
    world_run(w, 200);
    cr_assert_gt(node->jobs_count, 1);
    finish_check(w, follower, node->jobs[--node->jobs_count]);
    world_close(w);
}
