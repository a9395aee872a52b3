/* The contract of node/replica.h as a whole: the order of what comes out, what waits for the disk,
 * bounds against floods, and that the same inputs give the same outputs. */
#include "replica_fixture.h"

#include <malloc.h>

/* ---- nothing reveals a promise before its record is durable ---- */

static void promise_was_durable(const struct world_node *node, const struct said *said)
{
    struct message message = world_message(said->payload);
    if (message.statement.kind == SYNC_INFO) return;
    uint64_t record = world_promise_record(node, &message.statement);
    cr_assert_neq(record, 0, "a %u left that was never promised", message.statement.kind);
    cr_assert_leq(record, said->durable, "a message left before record %lu was durable",
                  (unsigned long)record);
}

/* The record EXECUTED of this height, or 0. */
static uint64_t seal_record(const struct world_node *node, const struct seal_vote *vote)
{
    for (size_t i = 0; i < node->records_count; i++) {
        if (node->records[i].kind != JOURNAL_EXECUTED) continue;
        struct reader r = reader_of(blob_span(node->records[i].payload));
        uint64_t epoch = read_u64(&r);
        uint64_t height = read_u64(&r);
        read_u64(&r);
        struct digest hash;
        read_digest(&r, &hash);
        if (epoch == vote->epoch && height == vote->height &&
            digest_equal(&hash, &vote->block_hash))
            return i + 1;
    }
    return 0;
}

static void seal_was_durable(const struct world_node *node, uint16_t n, const struct said *said)
{
    struct reader r = reader_of(blob_span(said->payload));
    uint16_t count = read_u16(&r);
    for (uint16_t i = 0; i < count; i++) {
        struct seal_vote vote;
        seal_vote_read(&r, &vote);
        if (vote.by.validator != n) continue; /* Somebody else's, passed on. */
        uint64_t record = seal_record(node, &vote);
        cr_assert_neq(record, 0);
        cr_assert_leq(record, said->durable);
    }
}

static void nothing_left_early(const struct world *w, uint16_t n)
{
    const struct world_node *node = &w->nodes[n];
    for (size_t i = 0; i < node->log_count; i++) {
        const struct said *said = &node->log[i];
        if (said->kind != OUTPUT_SEND) continue;
        if (said->type == FRAME_ENGINE) promise_was_durable(node, said);
        if (said->type == FRAME_SEAL_VOTES) seal_was_durable(node, n, said);
    }
}

Test(replica, no_vote_proposal_or_seal_leaves_before_its_record_is_durable)
{
    struct world *w = world_open(NULL);
    for (uint64_t ms = 0; ms < 600; ms++) {
        if (ms % 20 == 0) world_submit(w, (uint16_t)(ms / 20 % 4), world_transfer(w, ms + 1));
        /* Slow disks, each with its own beat. */
        for (uint16_t n = 0; n < 4; n++)
            w->nodes[n].disk_held = ms % (3u + 2u * n) != 0;
        world_step(w);
    }
    for (uint16_t n = 0; n < 4; n++) {
        cr_assert_gt(w->nodes[n].height, 5);
        cr_assert_gt(world_count(w, n, 0, OUTPUT_SEND, FRAME_SEAL_VOTES), 5);
        nothing_left_early(w, n);
    }
    world_close(w);
}

Test(replica, a_stuck_disk_silences_a_member_and_nobody_else)
{
    struct world *w = world_open(NULL);
    world_run(w, 20);
    struct world_node *stuck = &w->nodes[3];
    size_t from = stuck->log_count;
    stuck->disk_held = true;
    for (uint64_t i = 1; i <= 20; i++) {
        world_submit(w, (uint16_t)(i % 3), world_transfer(w, i));
        world_run(w, 100);
    }
    cr_assert_gt(w->nodes[0].height, 3);
    cr_assert_gt(world_status(w, 3).gated, 0);
    cr_assert_eq(world_count(w, 3, from, OUTPUT_EXECUTE, 0), 0, "executed without its record");
    for (size_t i = from; i < stuck->log_count; i++)
        if (stuck->log[i].kind == OUTPUT_SEND && stuck->log[i].type == FRAME_ENGINE)
            cr_assert_eq(world_message(stuck->log[i].payload).statement.kind, SYNC_INFO);
    stuck->disk_held = false;
    world_ping(w);
    world_run(w, 5000);
    cr_assert(world_equal(w, w->nodes[0].height));
    nothing_left_early(w, 3);
    world_close(w);
}

Test(replica, our_own_vote_counts_only_when_it_is_durable)
{
    struct world *w = world_open(&(struct world_options){ .nodes = 1 });
    w->nodes[0].disk_held = true;
    world_load(w, 0, 1, 1);
    world_run(w, 50);
    cr_assert_eq(w->nodes[0].height, 0, "one member decided with a vote of which no disk knows");
    w->nodes[0].disk_held = false;
    world_run(w, 50);
    cr_assert_eq(w->nodes[0].height, 1);
    cr_assert_eq(w->nodes[0].sealed, 1);
    world_close(w);
}

Test(replica, records_are_appended_in_the_order_of_their_numbers)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 10);
    for (uint16_t n = 0; n < 4; n++) {
        uint64_t last = 0;
        for (size_t i = 0; i < w->nodes[n].log_count; i++) {
            if (w->nodes[n].log[i].kind != OUTPUT_APPEND) continue;
            cr_assert_eq(w->nodes[n].log[i].record, ++last);
        }
        cr_assert_gt(last, 10);
    }
    world_close(w);
}

/* ---- agreement, determinism, silence ---- */

Test(replica, four_members_agree_and_seal)
{
    struct world *w = world_open(NULL);
    for (uint64_t i = 1; i <= 20; i++) {
        world_submit(w, (uint16_t)(i % 4), world_transfer(w, i));
        world_run(w, 5);
    }
    world_run(w, 100);
    cr_assert_gt(w->nodes[0].height, 1);
    cr_assert(world_equal(w, w->nodes[0].height));
    for (uint16_t n = 0; n < 4; n++) {
        cr_assert_eq(world_status(w, n).pool.txs, 0);
        cr_assert_eq(world_status(w, n).engine.undecided, 0);
        cr_assert(world_status(w, n).votes);
    }
    world_close(w);
}

static struct digest run_once(void)
{
    struct world *w = world_open(NULL);
    for (uint64_t i = 1; i <= 15; i++) {
        world_submit(w, (uint16_t)(i % 2), world_transfer(w, i));
        world_run(w, 7);
        if (i == 6) world_kill(w, 2);
        if (i == 12) world_start(w, 2);
    }
    world_run(w, 4000);
    struct digest trace = w->trace;
    cr_assert_gt(w->nodes[2].height, 1);
    world_close(w);
    return trace;
}

Test(replica, the_same_inputs_give_the_same_outputs)
{
    struct digest first = run_once();
    struct digest second = run_once();
    cr_assert(digest_equal(&first, &second));
}

Test(replica, idle_is_silent)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 3);
    world_run(w, 1000);
    size_t counts[4];
    for (uint16_t n = 0; n < 4; n++)
        counts[n] = w->nodes[n].log_count;
    world_run(w, 60000);
    for (uint16_t n = 0; n < 4; n++) {
        cr_assert_eq(w->nodes[n].log_count, counts[n], "node %u speaks while idle", n);
        cr_assert_eq(replica_wake_at(w->nodes[n].replica), UINT64_MAX);
    }
    world_close(w);
}

Test(replica, a_dead_leader_is_passed_over)
{
    struct world *w = world_open(NULL);
    world_kill(w, 1);
    for (uint64_t i = 1; i <= 8; i++) {
        world_submit(w, 0, world_transfer(w, i));
        world_run(w, 1500);
    }
    world_run(w, 5000);
    cr_assert_eq(world_status(w, 0).pool.txs, 0);
    cr_assert_gt(w->nodes[0].height, 0);
    cr_assert(world_equal(w, w->nodes[0].height));
    world_close(w);
}

Test(replica, two_dead_of_four_stop_everything_and_one_back_goes_on)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    uint64_t height = w->nodes[0].height;
    world_kill(w, 2);
    world_kill(w, 3);
    world_submit(w, 0, world_transfer(w, 100));
    world_run(w, 20000);
    cr_assert_eq(w->nodes[0].height, height);
    cr_assert_eq(w->nodes[1].height, height);
    world_start(w, 2);
    world_run(w, 20000);
    cr_assert_gt(w->nodes[0].height, height);
    cr_assert(world_equal(w, w->nodes[0].height));
    world_close(w);
}

Test(replica, a_stop_is_the_last_word)
{
    struct world *w = world_open(NULL);
    w->nodes[1].ledger_status = STATUS_IO;
    world_load(w, 0, 1, 1);
    world_run(w, 50);
    const struct said *stop = world_find(w, 1, 0, OUTPUT_STOP, 0);
    cr_assert_not_null(stop);
    cr_assert_eq(stop->exit_code, 74);
    size_t count = w->nodes[1].log_count;
    cr_assert_eq(w->nodes[1].log[count - 1].kind, OUTPUT_STOP);
    world_load(w, 1, 50, 3);
    world_ping(w);
    world_run(w, 3000);
    cr_assert_eq(w->nodes[1].log_count, count, "it went on after its stop");
    cr_assert_eq(replica_wake_at(w->nodes[1].replica), UINT64_MAX);
    world_close(w);
}

/* ---- what comes from outside ---- */

Test(replica, frames_of_nobody_are_ignored)
{
    struct world *w = world_open(NULL);
    struct blob *junk = blob_copy(span_text("junk"));
    size_t count = w->nodes[0].log_count;
    const uint16_t nobody[] = { 4, 255, 0x7fff, 0x8000 + 64, 0xffff };
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++)
        for (uint16_t kind = 0; kind < 256; kind++)
            replica_frame(w->nodes[0].replica, world_moment(w), nobody[i], (uint8_t)kind, junk);
    world_drain(w, 0);
    cr_assert_eq(w->nodes[0].log_count, count);
    blob_unref(junk);
    world_close(w);
}

Test(replica, an_observer_may_ask_but_not_take_part)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    size_t from = w->nodes[0].log_count;
    struct blob *vote = NULL;
    for (size_t i = 0; i < w->nodes[1].log_count && !vote; i++)
        if (w->nodes[1].log[i].kind == OUTPUT_SEND && w->nodes[1].log[i].type == FRAME_ENGINE)
            vote = blob_ref(w->nodes[1].log[i].payload);
    cr_assert_not_null(vote);
    replica_peer_up(w->nodes[0].replica, world_moment(w), 0x8000, 0);
    world_frame_in(w, 0, 0x8000, FRAME_ENGINE, vote);
    cr_assert_eq(world_count(w, 0, from, OUTPUT_CHECK, 0), 0);
    cr_assert_eq(world_status(w, 0).messages_dropped, 1);
    uint8_t request[10] = { 0 };
    store_u64(request, 1);
    store_u16(request + 8, 2);
    world_frame_in(w, 0, 0x8000, FRAME_SYNC_REQUEST, blob_copy(span_of(request, 10)));
    const struct said *serve = world_find(w, 0, from, OUTPUT_SERVE_BLOCKS, 0);
    cr_assert_not_null(serve);
    cr_assert_eq(serve->peer, 0x8000);
    cr_assert_eq(serve->height, 1);
    cr_assert_eq(serve->count, 2);
    world_close(w);
}

Test(replica, garbage_is_a_peers_fault_and_changes_nothing)
{
    struct world *w = world_open(NULL);
    const uint8_t kinds[] = { FRAME_ENGINE, FRAME_TRANSACTIONS, FRAME_SEAL_VOTES };
    for (size_t i = 0; i < 3; i++) {
        size_t from = w->nodes[0].log_count;
        world_frame_in(w, 0, 2, kinds[i], blob_copy(span_text("not what you think")));
        const struct said *broke = world_find(w, 0, from, OUTPUT_PEER_BROKE, 0);
        cr_assert_not_null(broke);
        cr_assert_eq(broke->peer, 2);
    }
    world_load(w, 0, 1, 1);
    world_run(w, 50);
    cr_assert(world_equal(w, 1));
    world_close(w);
}

Test(replica, short_questions_get_no_answer)
{
    struct world *w = world_open(NULL);
    size_t count = w->nodes[0].log_count;
    const uint8_t kinds[] = { FRAME_FETCH,     FRAME_FETCHED, FRAME_SYNC_REQUEST,
                              FRAME_TICK_WISH, FRAME_ANCHOR,  FRAME_SYNC_BLOCKS };
    for (size_t i = 0; i < sizeof kinds; i++)
        world_frame_in(w, 0, 2, kinds[i], blob_copy(span_text("x")));
    cr_assert_eq(w->nodes[0].log_count, count);
    world_close(w);
}

Test(replica, checks_of_one_peer_are_bounded)
{
    struct world *w = world_open(NULL);
    w->nodes[0].checks_held = true;
    struct blob *junk = blob_copy(span_text("junk"));
    for (int i = 0; i < 600; i++) {
        replica_frame(w->nodes[0].replica, world_moment(w), 2, FRAME_SEAL_VOTES, junk);
        world_drain(w, 0);
    }
    cr_assert_eq(world_status(w, 0).checks, 512);
    cr_assert_eq(world_status(w, 0).messages_dropped, 600 - 512);
    /* Another peer is not touched by it. */
    replica_frame(w->nodes[0].replica, world_moment(w), 3, FRAME_SEAL_VOTES, junk);
    cr_assert_eq(world_status(w, 0).checks, 513);
    blob_unref(junk);
    world_close(w);
}

Test(replica, bytes_of_checks_of_one_peer_are_bounded)
{
    struct world *w = world_open(NULL);
    w->nodes[0].checks_held = true;
    struct blob *large = blob_new(4 * 1024 * 1024);
    memset(large->data, 0, large->size);
    for (int i = 0; i < 32; i++) {
        replica_frame(w->nodes[0].replica, world_moment(w), 2, FRAME_ENGINE, large);
        world_drain(w, 0);
    }
    cr_assert_eq(world_status(w, 0).checks, 16, "64 MiB wait at most");
    blob_unref(large);
    world_close(w);
}

/* ---- an engine whose last proposals are never decided ---- */

static uint32_t engine_frames(const struct world *w)
{
    uint32_t count = 0;
    for (uint16_t n = 0; n < 4; n++)
        for (size_t i = 0; i < w->nodes[n].log_count; i++)
            count +=
                w->nodes[n].log[i].kind == OUTPUT_SEND && w->nodes[n].log[i].type == FRAME_ENGINE;
    return count;
}

static void expect_silence(struct world *w)
{
    for (uint16_t n = 0; n < 4; n++)
        cr_expect_eq(world_status(w, n).engine.undecided, 0, "nothing that anybody waits for");
    uint64_t view = world_status(w, 0).engine.view;
    uint32_t frames = engine_frames(w);
    world_run(w, 20 * 1000);
    cr_expect_eq(world_status(w, 0).engine.view, view);
    cr_expect_eq(engine_frames(w), frames);
}

/* The engine is told that what it has not decided is hollow, by everybody, restarted or not. */
Test(replica, the_three_chain_decides_and_falls_silent)
{
    struct world *w = world_open(&(struct world_options){ .phases = 3 });
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 200);
    cr_assert_eq(w->nodes[0].height, 1);
    cr_assert(world_equal(w, 1));
    cr_assert_eq(world_status(w, 0).engine.index_decided, 1);
    cr_assert_eq(world_status(w, 0).engine.index_high, 3);
    expect_silence(w);
    for (uint16_t n = 0; n < 4; n++)
        world_kill(w, n);
    for (uint16_t n = 0; n < 4; n++)
        world_start(w, n);
    world_run(w, 200);
    expect_silence(w);
    world_submit(w, 3, world_transfer(w, 2));
    world_run(w, 200);
    cr_assert_eq(w->nodes[0].height, 2);
    cr_assert(world_equal(w, 2));
    expect_silence(w);
    world_close(w);
}

Test(replica, the_three_chain_decides_a_wished_tick)
{
    struct world *w = world_open(&(struct world_options){ .phases = 3 });
    world_run(w, 2000);
    uint64_t wish = WORLD_WALL_MS + w->now_ms;
    replica_wish_tick(w->nodes[1].replica, world_moment(w), wish);
    world_drain(w, 1);
    world_run(w, 3000);
    cr_assert_geq(w->nodes[0].height, 1);
    cr_assert_gt(w->nodes[0].headers[w->nodes[0].height].time_ms, wish);
    cr_assert(world_equal(w, w->nodes[0].height));
    expect_silence(w);
    world_close(w);
}

/* ---- a block only because somebody waits for time to pass ---- */

static struct blob *wish_frame(uint64_t time_ms)
{
    uint8_t bytes[8];
    store_u64(bytes, time_ms);
    return blob_copy(span_of(bytes, sizeof bytes));
}

Test(replica, a_wished_tick_becomes_a_block_everywhere)
{
    struct world *w = world_open(NULL);
    world_run(w, 2000);
    cr_assert_eq(w->nodes[0].height, 0);
    uint64_t wish = WORLD_WALL_MS + w->now_ms;
    replica_wish_tick(w->nodes[1].replica, world_moment(w), wish);
    world_drain(w, 1);
    world_run(w, 3000);
    cr_assert_geq(w->nodes[0].height, 1);
    cr_assert_gt(w->nodes[0].headers[w->nodes[0].height].time_ms, wish);
    uint64_t height = w->nodes[0].height;
    world_run(w, 5000);
    cr_assert_eq(w->nodes[0].height, height, "one wish, one block");
    cr_assert(world_equal(w, height));
    world_close(w);
}

Test(replica, a_tick_of_the_future_or_the_past_is_not_kept)
{
    struct world *w = world_open(NULL);
    world_run(w, 1500);
    world_blocks(w, 0, 1, 1);
    size_t count = w->nodes[0].log_count;
    replica_wish_tick(w->nodes[0].replica, world_moment(w), WORLD_WALL_MS + w->now_ms + 60000);
    replica_wish_tick(w->nodes[0].replica, world_moment(w), WORLD_WALL_MS);
    world_drain(w, 0);
    cr_assert_eq(w->nodes[0].log_count, count);
    world_close(w);
}

/* Many who wait for different times that have passed are served by one block: a node keeps and
 * tells one wish, the latest, and neither its own clients nor a peer make a list of them. */
Test(replica, many_wishes_at_once_are_one_wish)
{
    struct world *w = world_open(NULL);
    world_run(w, 3000);
    uint64_t last = WORLD_WALL_MS + w->now_ms - 1;
    for (uint64_t i = 0; i < 500; i++) {
        replica_wish_tick(w->nodes[1].replica, world_moment(w), last - i);
        world_frame_in(w, 2, 3, FRAME_TICK_WISH, wish_frame(last - i));
    }
    world_drain(w, 1);
    cr_assert_eq(world_count(w, 1, 0, OUTPUT_SEND, FRAME_TICK_WISH), 1);
    cr_assert_eq(world_status(w, 1).tick_wish_ms, last);
    cr_assert_eq(world_status(w, 2).tick_wish_ms, last);
    world_run(w, 8000);
    cr_assert_eq(w->nodes[0].height, 1);
    cr_assert(world_equal(w, 1));
    world_close(w);
}

/* A clock that was ahead made the wish; set back, it has nothing to wish for yet. */
Test(replica, a_wish_ends_when_the_clock_is_set_back)
{
    struct world *w = world_open(NULL);
    world_run(w, 3000);
    const uint64_t ahead_ms = 600000;
    struct moment moment = world_moment(w);
    moment.wall_ms += ahead_ms;
    replica_wish_tick(w->nodes[1].replica, moment, moment.wall_ms - 1);
    cr_assert_eq(world_status(w, 1).tick_wish_ms, moment.wall_ms - 1);
    world_run(w, 8000);
    cr_assert_eq(world_status(w, 1).tick_wish_ms, 0);
    world_close(w);
}

/* A member that wishes for a tick every millisecond gets one a gap, and makes nobody propose, write
 * and decide more than that. */
Test(replica, who_wishes_on_and_on_is_served_once_a_gap)
{
    struct world *w = world_open(NULL);
    world_run(w, 3000);
    const uint64_t seconds = 5;
    uint64_t gap_ms = w->genesis->params.values[PARAM_tick_gap_ms_min];
    uint64_t before = world_status(w, 0).sequence;
    for (uint64_t i = 0; i < seconds * 1000; i++) {
        for (uint16_t n = 0; n < 3; n++)
            world_frame_in(w, n, 3, FRAME_TICK_WISH, wish_frame(WORLD_WALL_MS + w->now_ms));
        world_run(w, 1);
    }
    uint64_t most = seconds * 1000 / gap_ms + 1;
    cr_assert_geq(w->nodes[0].height, 2, "nobody is served");
    cr_assert_leq(w->nodes[0].height, most);
    uint64_t batches = world_status(w, 0).sequence - before;
    cr_assert_leq(batches, 2 * w->nodes[0].height, "each, and an empty one that decides it");
    for (uint64_t h = 2; h <= w->nodes[0].height; h++)
        cr_assert_geq(w->nodes[0].headers[h].time_ms - w->nodes[0].headers[h - 1].time_ms, gap_ms);
    world_close(w);
}

/* ---- floods ---- */

/* What a member who is a traitor can send at no cost: statements of far views that verify. To
 * spend the test's time on the replica and not on a million signatures, the worker's verdict is
 * given by hand. */
static void flood_checked(struct world *w, uint16_t from, const struct blob *payload)
{
    struct blob *copy = blob_copy(blob_span(payload));
    replica_frame(w->nodes[0].replica, world_moment(w), from, FRAME_ENGINE, copy);
    blob_unref(copy);
    struct output output;
    while (replica_next(w->nodes[0].replica, &output)) {
        if (output.kind == OUTPUT_CHECK) {
            struct check_job *job = output.job;
            cr_assert_eq(message_read(blob_span(job->blob), SIZE_MAX, &job->message), STATUS_OK);
            job->status = STATUS_OK;
            replica_checked(w->nodes[0].replica, world_moment(w), job);
        }
        output_release(&output);
    }
}

static struct blob *far_vote(uint64_t i)
{
    struct message message = { .statement = { .kind = i % 2 ? VOTE : COMMIT_VOTE,
                                              .index = i / 3 + 2,
                                              .view = i * 7919 + 2 } };
    store_u64(message.statement.digest.bytes, i);
    return world_message_blob(&message);
}

Test(replica, a_million_votes_of_future_views_cost_no_memory)
{
    struct world *w = world_open(NULL);
    world_run(w, 10);
    size_t before = mallinfo2().uordblks;
    for (uint64_t i = 0; i < 1000000; i++) {
        struct blob *payload = far_vote(i);
        flood_checked(w, (uint16_t)(1 + i % 3), payload);
        blob_unref(payload);
    }
    size_t after = mallinfo2().uordblks;
    cr_assert_lt(after, before + 4 * 1024 * 1024, "%zu bytes more", after - before);
    w->frames_count = 0;
    world_load(w, 0, 1, 1);
    world_run(w, 4000);
    cr_assert(world_equal(w, 1), "the flood left it unable to work");
    world_close(w);
}

Test(replica, a_hundred_thousand_garbage_frames_cost_no_memory)
{
    struct world *w = world_open(NULL);
    world_run(w, 10);
    size_t before = mallinfo2().uordblks;
    uint8_t bytes[300];
    for (uint32_t i = 0; i < 100000; i++) {
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (uint8_t)(i * 31 + k * 17);
        struct blob *junk = blob_copy(span_of(bytes, 1 + i % sizeof bytes));
        replica_frame(w->nodes[0].replica, world_moment(w), (uint16_t)(1 + i % 3),
                      (uint8_t)(1 + i % FRAME_KIND_LAST), junk);
        blob_unref(junk);
        struct output output;
        while (replica_next(w->nodes[0].replica, &output)) {
            if (output.kind == OUTPUT_CHECK) {
                check_run(output.job);
                replica_checked(w->nodes[0].replica, world_moment(w), output.job);
            }
            output_release(&output);
        }
    }
    size_t after = mallinfo2().uordblks;
    cr_assert_lt(after, before + 4 * 1024 * 1024, "%zu bytes more", after - before);
    world_load(w, 0, 1, 1);
    world_run(w, 4000);
    cr_assert(world_equal(w, 1));
    world_close(w);
}

/* ---- life ---- */

Test(replica, an_engine_that_is_not_built_is_refused)
{
    struct world *w = world_new(NULL);
    world_open_ledger(w, &w->nodes[0]);
    world_read_epoch(&w->nodes[0]);
    struct replica_config config = world_config(w, 0);
    struct committee committee = *config.committee;
    committee.engine = ENGINE_PAXOS;
    config.committee = &committee;
    struct replica *replica = NULL;
    cr_assert_eq(replica_new(&replica, &config, ledger_head(w->nodes[0].ledger), 0, 0),
                 STATUS_UNSUPPORTED);
    cr_assert_null(replica);
    world_close(w);
}

Test(replica, frees_everything_at_any_moment)
{
    for (uint64_t ms = 0; ms < 24; ms++) {
        struct world *w = world_open(NULL);
        w->nodes[1].ledger_held = ms % 2;
        w->nodes[2].disk_held = ms % 3 == 0;
        w->nodes[3].checks_held = ms % 5 == 0;
        world_load(w, 0, 1, 3);
        world_run(w, ms);
        world_close(w);
    }
}
