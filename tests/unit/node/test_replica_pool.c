/* Submissions and their answers; gossip. */
#include "replica_fixture.h"

static enum refusal_code answer_to(struct world *w, uint16_t n, struct blob *transaction)
{
    uint64_t ticket = world_submit(w, n, transaction);
    const struct said *answer = world_answer(w, n, ticket);
    cr_assert_not_null(answer, "every submission is answered");
    return answer->refusal.code;
}

static enum refusal_code answer_to_tx(struct world *w, struct transaction *tx)
{
    return answer_to(w, 0, world_signed(w, tx, &w->account_key));
}

Test(replica_pool, a_good_one_is_taken_and_named)
{
    struct world *w = world_open(NULL);
    struct blob *transaction = world_transfer(w, 1);
    struct digest txid = world_txid(transaction);
    uint64_t ticket = world_submit(w, 0, blob_ref(transaction));
    const struct said *answer = world_answer(w, 0, ticket);
    cr_assert_eq(answer->refusal.code, REFUSAL_none);
    cr_assert(digest_equal(&answer->txid, &txid));
    struct blob *held = replica_pool_get(w->nodes[0].replica, &txid);
    cr_assert_not_null(held);
    cr_assert(span_equal(blob_span(held), blob_span(transaction)));
    world_run(w, 50);
    cr_assert_null(replica_pool_get(w->nodes[0].replica, &txid));
    blob_unref(transaction);
    world_close(w);
}

Test(replica_pool, every_refusal_has_its_word)
{
    struct world *w = world_open(NULL);
    cr_assert_eq(answer_to(w, 0, blob_copy(span_text("garbage"))), REFUSAL_tx_malformed);
    cr_assert_eq(answer_to(w, 0, blob_copy(span_text(""))), REFUSAL_tx_malformed);

    struct blob *large = blob_new(w->genesis->params.values[PARAM_tx_bytes_max] + 1);
    memset(large->data, 0, large->size);
    cr_assert_eq(answer_to(w, 0, large), REFUSAL_tx_too_large);

    struct transaction *tx = world_tx(w, 1);
    tx->chain_id.bytes[0] ^= 1;
    cr_assert_eq(answer_to_tx(w, tx), REFUSAL_tx_wrong_chain);

    struct blob *bent = world_transfer(w, 2);
    bent->data[bent->size - 1] ^= 1;
    cr_assert_eq(answer_to(w, 0, bent), REFUSAL_tx_bad_signature);

    tx = world_tx(w, 3);
    tx->not_after_ms = WORLD_WALL_MS + w->now_ms - 1;
    cr_assert_eq(answer_to_tx(w, tx), REFUSAL_tx_expired);

    tx = world_tx(w, 4);
    tx->not_after_ms = WORLD_WALL_MS + w->now_ms + 86400000;
    cr_assert_eq(answer_to_tx(w, tx), REFUSAL_tx_window_too_long);

    tx = world_tx(w, 5);
    tx->source.bytes[0] = 99;
    cr_assert_eq(answer_to_tx(w, tx), REFUSAL_tx_unknown_source);

    cr_assert_eq(answer_to(w, 0, world_signed(w, world_tx(w, 6), &w->stranger_key)),
                 REFUSAL_tx_not_permitted);
    cr_assert_eq(world_status(w, 0).pool.txs, 0, "nothing refused is kept");
    cr_assert_eq(world_count(w, 0, 0, OUTPUT_SEND, FRAME_TRANSACTIONS), 0);
    world_close(w);
}

Test(replica_pool, a_frozen_source_is_refused)
{
    struct world *w = world_open(NULL);
    struct transaction *tx = world_tx(w, 1);
    tx->source = tx->operations[0].actor = w->accounts[0];
    tx->operations[0].code = OP_ACCOUNT_FREEZE;
    memset(&tx->operations[0].transfer, 0, sizeof tx->operations[0].transfer);
    tx->operations[0].account_freeze.account = w->accounts[WORLD_FROZEN];
    tx->operations[0].account_freeze.frozen = true;
    cr_assert_eq(answer_to_tx(w, tx), REFUSAL_none);
    world_run(w, 50);
    tx = world_tx(w, 2);
    tx->source = tx->operations[0].actor = w->accounts[WORLD_FROZEN];
    cr_assert_eq(answer_to_tx(w, tx), REFUSAL_tx_source_frozen);
    world_close(w);
}

Test(replica_pool, duplicates_and_conflicts_of_a_reference)
{
    struct world *w = world_open(NULL);
    w->nodes[0].disk_held = w->nodes[1].disk_held = true; /* It waits. */
    struct blob *first = world_transfer(w, 1);
    cr_assert_eq(answer_to(w, 0, blob_ref(first)), REFUSAL_none);
    cr_assert_eq(answer_to(w, 0, blob_ref(first)), REFUSAL_duplicate);
    struct transaction *other = world_tx(w, 1);
    other->operations[0].transfer.amount = 5;
    cr_assert_eq(answer_to_tx(w, other), REFUSAL_tx_ref_conflict);
    w->nodes[0].disk_held = w->nodes[1].disk_held = false;
    world_run(w, 3000);
    /* And the same from the ledger. */
    cr_assert_eq(answer_to(w, 2, blob_ref(first)), REFUSAL_duplicate);
    other = world_tx(w, 1);
    other->operations[0].transfer.amount = 6;
    cr_assert_eq(answer_to_tx(w, other), REFUSAL_tx_ref_conflict);
    blob_unref(first);
    world_close(w);
}

static struct transaction *in_lane(const struct world *w, uint64_t reference, uint64_t seq)
{
    struct transaction *tx = world_tx(w, reference);
    tx->order = ORDER_LANE;
    tx->lane = 3;
    tx->seq = seq;
    return tx;
}

Test(replica_pool, lanes_are_ordered_without_gaps)
{
    struct world *w = world_open(NULL);
    cr_assert_eq(answer_to_tx(w, in_lane(w, 1, 3)), REFUSAL_tx_lane_gap);
    cr_assert_eq(answer_to_tx(w, in_lane(w, 2, 1)), REFUSAL_none);
    cr_assert_eq(answer_to_tx(w, in_lane(w, 3, 2)), REFUSAL_none);
    world_run(w, 100);
    cr_assert_eq(answer_to_tx(w, in_lane(w, 4, 2)), REFUSAL_tx_lane_past);
    cr_assert_eq(answer_to_tx(w, in_lane(w, 5, 3)), REFUSAL_none);
    world_close(w);
}

Test(replica_pool, one_that_is_too_early_is_told_so_or_waits)
{
    struct world *w = world_open(NULL);
    struct transaction *tx = world_tx(w, 1);
    tx->not_before_ms = WORLD_WALL_MS + w->now_ms + 86400000;
    tx->not_after_ms = tx->not_before_ms + 1000;
    enum refusal_code code = answer_to_tx(w, tx);
    cr_assert(code == REFUSAL_tx_too_early || code == REFUSAL_tx_window_too_long);
    world_close(w);
}

Test(replica_pool, the_pool_is_bounded)
{
    struct world *w = world_open(&(struct world_options){ .pool = { 10, 1 << 20, 8 } });
    for (uint16_t n = 0; n < 4; n++)
        w->nodes[n].disk_held = true;
    unsigned quota = 0;
    for (uint64_t i = 1; i <= 9; i++)
        quota += answer_to(w, 0, world_transfer(w, i)) == REFUSAL_source_quota;
    cr_assert_eq(quota, 1, "eight of one source");
    for (uint64_t i = 20; i <= 22; i++) {
        struct transaction *tx = world_tx(w, i);
        tx->source = tx->operations[0].actor = w->accounts[2];
        tx->operations[0].transfer.to = w->accounts[1];
        cr_assert_eq(answer_to_tx(w, tx), i < 22 ? REFUSAL_none : REFUSAL_mempool_full);
    }
    world_close(w);
}

Test(replica_pool, submissions_under_way_are_bounded)
{
    struct world *w = world_open(NULL);
    w->nodes[0].checks_held = true;
    struct blob *transaction = world_transfer(w, 1);
    for (uint64_t i = 1; i <= 20001; i++)
        replica_submit(w->nodes[0].replica, world_moment(w), i, transaction);
    world_drain(w, 0);
    cr_assert_eq(world_count(w, 0, 0, OUTPUT_ANSWER, 0), 1);
    const struct said *answer = world_answer(w, 0, 20001);
    cr_assert_not_null(answer);
    cr_assert_eq(answer->refusal.code, REFUSAL_mempool_full);
    blob_unref(transaction);
    world_close(w);
}

static bool no_gossip(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                      struct blob **payload)
{
    (void)from;
    (void)to;
    (void)payload;
    bool *lost = w->context;
    return kind != FRAME_TRANSACTIONS || !*lost;
}

Test(replica_pool, an_expired_one_leaves_and_its_client_is_told)
{
    struct world *w = world_open(NULL);
    bool lost = true;
    w->filter = no_gossip;
    w->context = &lost;
    w->nodes[0].disk_held = true; /* It can propose nothing, and nobody else knows. */
    struct transaction *tx = world_tx(w, 1);
    tx->not_after_ms = WORLD_WALL_MS + w->now_ms + 100;
    struct blob *transaction = world_signed(w, tx, &w->account_key);
    struct digest txid = world_txid(transaction);
    cr_assert_eq(answer_to(w, 0, transaction), REFUSAL_none);
    for (uint64_t i = 10; i < 14; i++) {
        world_submit(w, (uint16_t)(1 + i % 3), world_transfer(w, i));
        world_run(w, 4000);
    }
    w->nodes[0].disk_held = false;
    world_ping(w);
    world_run(w, 3000);
    const struct said *left = world_find(w, 0, 0, OUTPUT_LEFT, 0);
    cr_assert_not_null(left);
    cr_assert(digest_equal(&left->txid, &txid));
    cr_assert_eq(left->refusal.code, REFUSAL_tx_expired);
    cr_assert_eq(world_status(w, 0).pool.txs, 0);
    world_close(w);
}

static bool nothing_from_zero(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                              struct blob **payload)
{
    (void)to;
    (void)kind;
    (void)payload;
    bool *cut = w->context;
    return from != 0 || !*cut;
}

Test(replica_pool, one_that_only_we_know_and_that_has_expired_leaves_by_a_tick)
{
    struct world *w = world_open(NULL);
    bool cut = true;
    w->filter = nothing_from_zero;
    w->context = &cut;
    struct transaction *tx = world_tx(w, 1);
    tx->not_after_ms = WORLD_WALL_MS + w->now_ms + 100;
    cr_assert_eq(answer_to(w, 0, world_signed(w, tx, &w->account_key)), REFUSAL_none);
    world_run(w, 500);
    cut = false; /* The others refuse it now, and have no work of their own. */
    size_t before = w->nodes[1].log_count;
    world_run(w, 9000);
    cr_assert_not_null(world_find(w, 0, 0, OUTPUT_SEND, FRAME_TICK_WISH));
    cr_assert_eq(world_status(w, 0).pool.txs, 0);
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(world_status(w, n).tick_wish_ms, 0, "node %u wishes on", n);
    cr_assert_eq(w->nodes[1].height, 1, "one block was enough");
    cr_assert_gt(w->nodes[1].log_count, before);
    world_close(w);
}

static bool first_wishes_are_lost(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                                  struct blob **payload)
{
    unsigned *left = w->context;
    (void)from;
    (void)to;
    (void)payload;
    if (kind != FRAME_TICK_WISH || *left == 0) return true;
    --*left;
    return false;
}

Test(replica_pool, a_wish_that_was_lost_is_repeated)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 1);
    unsigned left = 3;
    w->filter = first_wishes_are_lost;
    w->context = &left;
    world_run(w, 5000);
    struct moment moment = world_moment(w);
    replica_wish_tick(w->nodes[2].replica, moment, moment.wall_ms - 10);
    world_drain(w, 2);
    world_run(w, 9000);
    cr_assert_eq(left, 0);
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(w->nodes[n].height, 2);
    world_run(w, 9000);
    cr_assert_eq(w->nodes[0].height, 2, "and no more");
    world_close(w);
}

/* ---- gossip ---- */

Test(replica_pool, a_clients_transaction_is_pushed_once_to_everybody)
{
    struct world *w = world_open(NULL);
    for (uint16_t n = 0; n < 4; n++)
        w->nodes[n].disk_held = true; /* Nothing is decided meanwhile. */
    world_load(w, 0, 1, 1);
    world_run(w, 500);
    cr_assert_eq(world_count(w, 0, 0, OUTPUT_SEND, FRAME_TRANSACTIONS), 1);
    const struct said *push = world_find(w, 0, 0, OUTPUT_SEND, FRAME_TRANSACTIONS);
    cr_assert_eq(push->peer, NODE_ALL);
    for (uint16_t n = 1; n < 4; n++) {
        cr_assert_eq(world_count(w, n, 0, OUTPUT_SEND, FRAME_TRANSACTIONS), 0, "no echo");
        cr_assert_eq(world_status(w, n).pool.txs, 1);
    }
    world_close(w);
}

Test(replica_pool, many_at_once_go_in_few_frames)
{
    struct world *w = world_open(NULL);
    w->nodes[0].checks_held = true;
    world_load(w, 0, 1, 50);
    world_checks_go(w, 0);
    cr_assert_eq(world_count(w, 0, 0, OUTPUT_SEND, FRAME_TRANSACTIONS), 1, "and without waiting");
    world_run(w, 8);
    cr_assert_eq(world_count(w, 0, 0, OUTPUT_SEND, FRAME_TRANSACTIONS), 1);
    world_close(w);
}

Test(replica_pool, what_was_lost_is_pushed_again)
{
    struct world *w = world_open(NULL);
    bool lost = true;
    w->filter = no_gossip;
    w->context = &lost;
    for (uint16_t n = 0; n < 4; n++)
        w->nodes[n].disk_held = true;
    world_load(w, 0, 1, 1);
    world_run(w, 100);
    cr_assert_eq(world_status(w, 1).pool.txs, 0);
    lost = false;
    world_run(w, 5000);
    for (uint16_t n = 1; n < 4; n++)
        cr_assert_eq(world_status(w, n).pool.txs, 1);
    world_close(w);
}

Test(replica_pool, gossip_with_one_bad_transaction_is_its_senders_fault)
{
    struct world *w = world_open(NULL);
    struct blob *good = world_transfer(w, 1);
    struct blob *bad = world_transfer(w, 2);
    bad->data[bad->size - 1] ^= 1;
    struct writer writer;
    writer_init(&writer, 65536);
    write_u32(&writer, 2);
    write_bytes32(&writer, blob_span(good));
    write_bytes32(&writer, blob_span(bad));
    world_frame_in(w, 0, 2, FRAME_TRANSACTIONS, blob_copy(writer_span(&writer)));
    writer_free(&writer);
    cr_assert_not_null(world_find(w, 0, 0, OUTPUT_PEER_BROKE, 0));
    cr_assert_eq(world_status(w, 0).pool.txs, 0);
    blob_unref(good);
    blob_unref(bad);
    world_close(w);
}

Test(replica_pool, gossip_that_the_state_refuses_is_dropped_without_blame)
{
    struct world *w = world_open(NULL);
    struct blob *stranger = world_signed(w, world_tx(w, 1), &w->stranger_key);
    struct writer writer;
    writer_init(&writer, 65536);
    write_u32(&writer, 1);
    write_bytes32(&writer, blob_span(stranger));
    world_frame_in(w, 0, 2, FRAME_TRANSACTIONS, blob_copy(writer_span(&writer)));
    writer_free(&writer);
    blob_unref(stranger);
    cr_assert_null(world_find(w, 0, 0, OUTPUT_PEER_BROKE, 0));
    cr_assert_eq(world_status(w, 0).pool.txs, 0);
    world_close(w);
}
