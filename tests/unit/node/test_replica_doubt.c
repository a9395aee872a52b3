/* A node executes another block at a height where it once signed one. */
#include "node/replica_internal.h"
#include "replica_fixture.h"

/* Neither signatures nor sealed blocks reach node 3 while *context is set. */
static bool no_seals_to_three(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                              struct blob **payload)
{
    (void)from;
    (void)payload;
    const bool *on = w->context;
    return !*on || to != 3 || (kind != FRAME_SEAL_VOTES && kind != FRAME_SYNC_BLOCKS);
}

/* Node 3 signs block 1 as it computes it, hears of no seal, and comes back with an empty ledger:
 * it executes the block again, and another one comes out. Returns where its log then begins. */
static size_t doubt(struct world *w, bool *on, bool wrong_first)
{
    *on = true;
    w->filter = no_seals_to_three;
    w->context = on;
    w->nodes[3].lies = wrong_first;
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 50);
    cr_assert_eq(world_seal_offers(w, 3, 0, 1), 1);
    world_kill(w, 3);
    world_wipe_ledger(&w->nodes[3]);
    w->nodes[3].lies = !wrong_first;
    size_t from = w->nodes[3].log_count;
    world_start(w, 3);
    world_run(w, 50);
    cr_assert_eq(w->nodes[3].height, 1);
    cr_assert_not_null(world_note(w, 3, from, "this node once signed another block"));
    return from;
}

static void expect_alive(const struct world *w, size_t from)
{
    const struct said *stop = world_find(w, 3, from, OUTPUT_STOP, 0);
    cr_assert_null(stop, "%s", stop->text);
}

/* It was wrong when it signed, and is right now: the others' seal says so. */
Test(replica_doubt, with_a_seal_on_the_present_block_it_goes_on_and_does_not_sign_it)
{
    struct world *w = world_open(NULL);
    bool on;
    size_t from = doubt(w, &on, true);
    world_run(w, DOUBT_WAIT_MS - 1000);
    expect_alive(w, from);
    on = false;
    world_ping(w);
    world_run(w, 5000);
    expect_alive(w, from);
    cr_assert_eq(w->nodes[3].sealed, 1);
    world_blocks(w, 0, 10, 3);
    world_run(w, 3000);
    expect_alive(w, from);
    cr_assert(world_equal(w, 4));
    cr_assert_eq(world_seal_offers(w, 3, from, 1), 0);
    cr_assert_gt(world_seal_offers(w, 3, from, 4), 0);
    world_close(w);
}

/* It was right when it signed, and is wrong now. */
Test(replica_doubt, with_a_seal_on_another_block_it_has_diverged)
{
    struct world *w = world_open(NULL);
    bool on;
    size_t from = doubt(w, &on, false);
    world_run(w, DOUBT_WAIT_MS / 2);
    expect_alive(w, from);
    on = false;
    world_ping(w);
    world_run(w, 3000);
    const struct said *stop = world_find(w, 3, from, OUTPUT_STOP, 0);
    cr_assert_not_null(stop);
    cr_assert_eq(stop->exit_code, 7);
    cr_assert_not_null(strstr(stop->text, "height 1"), "%s", stop->text);
    cr_assert_not_null(strstr(stop->text, "field state_root"), "%s", stop->text);
    cr_assert_eq(world_seal_offers(w, 3, from, 1), 0);
    world_close(w);
}

Test(replica_doubt, without_a_seal_it_stops_when_its_time_is_up)
{
    struct world *w = world_open(NULL);
    bool on;
    size_t from = doubt(w, &on, true);
    world_run(w, DOUBT_WAIT_MS - 200);
    expect_alive(w, from);
    world_run(w, 400);
    const struct said *stop = world_find(w, 3, from, OUTPUT_STOP, 0);
    cr_assert_not_null(stop);
    cr_assert_eq(stop->exit_code, 7);
    cr_assert_not_null(strstr(stop->text, "but this node signed"), "%s", stop->text);
    cr_assert_eq(world_seal_offers(w, 3, from, 1), 0);
    world_close(w);
}

/* The others go on meanwhile. What node 3 hears of their decisions waits, for its ledger may be
 * wrong, and goes on when the signatures alone have come. */
Test(replica_doubt, nothing_is_executed_on_top_meanwhile)
{
    struct world *w = world_open(NULL);
    bool on;
    size_t from = doubt(w, &on, true);
    world_blocks(w, 0, 10, 3);
    world_run(w, 2000);
    cr_assert_eq(w->nodes[0].height, 4);
    cr_assert_eq(w->nodes[3].height, 1);
    cr_assert_eq(world_count(w, 3, from, OUTPUT_EXECUTE, 0), 1);
    for (uint16_t n = 0; n < 3; n++)
        world_frame_in(w, 3, n, FRAME_SEAL_VOTES,
                       world_seal_vote(w, n, 0, 1, &w->nodes[0].hashes[1]));
    world_run(w, 50);
    expect_alive(w, from);
    cr_assert_eq(w->nodes[3].sealed, 1);
    cr_assert_eq(w->nodes[3].height, 4);
    cr_assert_eq(world_count(w, 3, from, OUTPUT_EXECUTE_BLOCK, 0), 0);
    cr_assert_gt(world_seal_offers(w, 3, from, 4), 0);
    world_close(w);
}

/* As above, and nobody but node 3 signs block 2 to the others. */
static bool block_two_has_no_quorum(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                                    struct blob **payload)
{
    if (kind == FRAME_SEAL_VOTES && from != 3) {
        struct reader r = reader_of(blob_span(*payload));
        for (uint16_t left = read_u16(&r); left > 0; left--) {
            struct seal_vote vote;
            seal_vote_read(&r, &vote);
            if (vote.height == 2) return false;
        }
    }
    return no_seals_to_three(w, from, to, kind, payload);
}

/* Block 2 was handed to the ledger together with block 1, before the doubt. Its signature would
 * speak for both, so that it waits until the seal on block 1 has come. */
Test(replica_doubt, what_stands_on_the_block_is_signed_once_it_is_settled)
{
    struct world *w = world_open(NULL);
    bool on = true;
    w->filter = block_two_has_no_quorum;
    w->context = &on;
    w->nodes[3].lies = true;
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 50);
    cr_assert_eq(world_seal_offers(w, 3, 0, 1), 1);
    w->nodes[3].ledger_held = true; /* It takes part in the decision of block 2, and no more. */
    world_submit(w, 0, world_transfer(w, 2));
    world_run(w, 50);
    cr_assert_eq(w->nodes[0].height, 2);
    cr_assert_eq(w->nodes[0].sealed, 1);
    world_kill(w, 3);
    world_wipe_ledger(&w->nodes[3]);
    w->nodes[3].lies = false;
    size_t from = w->nodes[3].log_count;
    world_start(w, 3);
    world_run(w, 5000);
    cr_assert_eq(w->nodes[3].height, 2);
    cr_assert_eq(world_seal_offers(w, 3, from, 2), 0);
    on = false;
    world_ping(w);
    world_run(w, 3000);
    expect_alive(w, from);
    cr_assert_eq(w->nodes[3].sealed, 1);
    cr_assert_gt(world_seal_offers(w, 3, from, 2), 0);
    cr_assert_eq(world_seal_offers(w, 3, from, 1), 0);
    world_close(w);
}
