#include "replica_fixture.h"

#include <criterion/criterion.h>

/* Signatures of blocks up to *context never arrive: nobody may sign these heights again, as after
 * the nodes had disagreed on them. */
static bool none_up_to(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                       struct blob **payload)
{
    (void)from;
    (void)to;
    const uint64_t *limit = w->context;
    if (kind != FRAME_SEAL_VOTES) return true;
    struct reader r = reader_of(blob_span(*payload));
    uint16_t count = read_u16(&r);
    uint16_t kept = 0;
    struct writer votes;
    writer_init(&votes, SIZE_MAX / 2);
    write_u16(&votes, 0);
    for (uint16_t i = 0; i < count; i++) {
        struct seal_vote vote;
        seal_vote_read(&r, &vote);
        if (vote.height <= *limit) continue;
        seal_vote_write(&votes, &vote);
        kept++;
    }
    store_u16(votes.buffer.data, kept);
    blob_unref(*payload);
    *payload = blob_copy(writer_span(&votes));
    writer_free(&votes);
    return kept > 0;
}

Test(replica_stall, a_tick_a_minute_lets_a_consortium_that_agrees_again_go_on)
{
    const struct world_options options = { .unsealed_max = 2 };
    struct world *w = world_open(&options);
    uint64_t limit = UINT64_MAX;
    w->filter = none_up_to;
    w->context = &limit;
    world_blocks(w, 0, 1, 6);
    world_run(w, 3000);
    uint64_t stalled = w->nodes[0].height;
    cr_assert_geq(stalled, 3);
    cr_assert_lt(stalled, 6);
    limit = stalled;
    world_run(w, 50000);
    cr_assert_eq(w->nodes[0].height, stalled);
    cr_assert_eq(w->nodes[0].sealed, 0);
    world_run(w, 30000);
    for (uint16_t n = 0; n < 4; n++) {
        cr_assert_eq(w->nodes[n].headers[stalled + 1].entry_count, 0);
        cr_assert_gt(w->nodes[n].height, stalled + 1); /* What had waited is in blocks now. */
        cr_assert_eq(w->nodes[n].sealed, w->nodes[n].height);
        cr_assert_eq(world_status(w, n).pool.txs, 0);
        cr_assert_eq(world_status(w, n).unsealed, 0);
    }
    world_close(w);
}

static bool no_blocks_to_three(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                               struct blob **payload)
{
    (void)w;
    (void)from;
    (void)payload;
    return kind != FRAME_SYNC_BLOCKS || to != 3;
}

Test(replica_stall, a_node_that_differs_stops_even_if_nobody_sends_the_header)
{
    struct world *w = world_open(NULL);
    w->filter = no_blocks_to_three;
    w->nodes[3].lies = true;
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 8000);
    cr_assert_null(world_find(w, 3, 0, OUTPUT_STOP, 0));
    size_t from = w->nodes[3].log_count;
    world_submit(w, 0, world_transfer(w, 2));
    world_run(w, 1000);
    cr_assert_null(world_find(w, 3, from, OUTPUT_EXECUTE, 0)); /* Nothing goes on top of it. */
    world_run(w, 4000);
    const struct said *stop = world_find(w, 3, 0, OUTPUT_STOP, 0);
    cr_assert_not_null(stop);
    cr_assert_eq(stop->exit_code, 7);
    cr_assert_not_null(strstr(stop->text, "height 1"));
    world_close(w);
}

Test(replica_stall, what_expires_while_it_waits_is_cleared_by_a_tick)
{
    struct world *w = world_open(NULL);
    for (uint16_t n = 1; n < 4; n++)
        w->cut[0][n] = w->cut[n][0] = true;
    struct transaction *tx = world_tx(w, 1);
    tx->not_after_ms = WORLD_WALL_MS + w->now_ms + 1000;
    world_submit(w, 0, world_signed(w, tx, &w->account_key));
    world_run(w, 2000);
    cr_assert_eq(world_status(w, 0).pool.txs, 1);
    for (uint16_t n = 1; n < 4; n++)
        w->cut[0][n] = w->cut[n][0] = false;
    world_run(w, 60000);
    cr_assert_eq(world_status(w, 0).pool.txs, 0);
    uint64_t view = world_status(w, 0).engine.view;
    size_t records = w->nodes[0].records_count;
    world_run(w, 60000);
    cr_assert_eq(world_status(w, 0).engine.view, view); /* And then it is quiet. */
    cr_assert_eq(w->nodes[0].records_count, records);
    world_close(w);
}

/* One peer alone cannot make a node look as if it were behind, nor keep it from asking the others.
 */
Test(replica_stall, a_height_that_one_peer_claims_is_not_believed)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    replica_peer_height(w->nodes[0].replica, world_moment(w), 3, UINT64_MAX / 2);
    world_drain(w, 0);
    cr_assert_leq(world_status(w, 0).target_height, 2);
    world_run(w, 5000);
    world_blocks(w, 0, 10, 2);
    cr_assert(world_equal(w, 4));
    world_close(w);
}
