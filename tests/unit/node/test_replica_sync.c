/* Catching up: sealed blocks, anchors, missing proposals; and peers who answer badly or never. */
#include "node/peers.h"
#include "replica_fixture.h"

/* Cuts node n off from everybody, or joins it again. */
static void isolate(struct world *w, uint16_t n, bool cut)
{
    for (uint16_t other = 0; other < 4; other++) {
        if (other == n) continue;
        w->cut[n][other] = w->cut[other][n] = cut;
        if (cut) {
            replica_peer_down(w->nodes[n].replica, world_moment(w), other);
            replica_peer_down(w->nodes[other].replica, world_moment(w), n);
            world_drain(w, other);
        }
    }
    if (!cut) world_links(w, n);
    world_drain(w, n);
}

/* Blocks made by the first three while node 3 is away. */
static void blocks_without_three(struct world *w, uint64_t first, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        world_submit(w, (uint16_t)(i % 3), world_transfer(w, first + i));
        uint64_t height = w->nodes[0].height;
        for (int ms = 0; ms < 8000 && w->nodes[0].sealed <= height; ms++)
            world_step(w);
        cr_assert_gt(w->nodes[0].sealed, height);
    }
    world_run(w, 100);
}

static void votes_again(struct world *w, uint16_t n)
{
    size_t from = w->nodes[n].log_count;
    for (uint64_t i = 0; i < 4; i++) {
        world_submit(w, 0, world_transfer(w, 900000 + w->now_ms + i));
        world_run(w, 2000);
    }
    bool voted = false;
    for (size_t i = from; i < w->nodes[n].log_count; i++)
        if (w->nodes[n].log[i].kind == OUTPUT_SEND &&
            world_is(w->nodes[n].log[i].payload, w->nodes[n].log[i].type, VOTE))
            voted = true;
    cr_assert(voted, "it follows, but takes no part again");
    cr_assert(world_status(w, n).anchored);
}

Test(replica_sync, one_that_was_away_catches_up_from_blocks_and_votes_again)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    isolate(w, 3, true);
    blocks_without_three(w, 10, 30);
    cr_assert_leq(w->nodes[3].height, 3);
    isolate(w, 3, false);
    world_run(w, 4000);
    cr_assert_not_null(world_find(w, 3, 0, OUTPUT_EXECUTE_BLOCK, 0));
    cr_assert(world_equal(w, w->nodes[0].height));
    cr_assert_not(world_status(w, 3).syncing);
    votes_again(w, 3);
    cr_assert(world_equal(w, w->nodes[0].height));
    world_close(w);
}

Test(replica_sync, a_full_disk_is_no_fault_of_who_sent_the_block)
{
    struct world *w = world_open(NULL);
    world_kill(w, 3);
    world_blocks(w, 0, 1, 20);
    w->nodes[3].ledger_status = STATUS_FULL;
    size_t before = w->nodes[3].log_count;
    world_start(w, 3);
    world_run(w, 2000);
    const struct said *stop = world_find(w, 3, before, OUTPUT_STOP, 0);
    cr_assert_not_null(stop);
    cr_assert_eq(stop->exit_code, 74);
    cr_assert_null(world_note(w, 3, before, "sync_block_refused"));
    world_close(w);
}

Test(replica_sync, a_wiped_ledger_is_filled_again)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 30);
    world_kill(w, 3);
    world_wipe_ledger(&w->nodes[3]);
    world_start(w, 3);
    world_run(w, 5000);
    cr_assert(world_equal(w, w->nodes[0].height));
    votes_again(w, 3);
    world_close(w);
}

Test(replica_sync, with_nothing_left_it_follows_without_a_vote)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 30);
    world_kill(w, 3);
    world_wipe_ledger(&w->nodes[3]);
    world_wipe_journal(&w->nodes[3]);
    w->nodes[3].without_signer = true;
    size_t from = w->nodes[3].log_count;
    world_start(w, 3);
    world_run(w, 5000);
    cr_assert(world_equal(w, w->nodes[0].height));
    for (uint64_t i = 0; i < 5; i++) {
        world_submit(w, 0, world_transfer(w, 1000 + i));
        world_run(w, 1500);
    }
    world_ping(w);
    world_run(w, 3000);
    cr_assert(world_equal(w, w->nodes[0].height));
    for (size_t i = from; i < w->nodes[3].log_count; i++) {
        const struct said *said = &w->nodes[3].log[i];
        if (said->kind != OUTPUT_SEND) continue;
        cr_assert_neq(said->type, FRAME_SEAL_VOTES);
        if (said->type == FRAME_ENGINE)
            cr_assert_eq(world_message(said->payload).statement.kind, SYNC_INFO);
    }
    world_close(w);
}

Test(replica_sync, more_blocks_than_one_answer_holds)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 400);
    cr_assert_geq(w->nodes[0].height, 390);
    world_kill(w, 3);
    world_wipe_ledger(&w->nodes[3]);
    world_wipe_journal(&w->nodes[3]);
    w->nodes[3].without_signer = true; /* As the safety file would have it. */
    size_t from = w->nodes[3].log_count;
    world_start(w, 3);
    world_run(w, 5000);
    cr_assert(world_equal(w, w->nodes[0].height));
    cr_assert_geq(world_count(w, 3, from, OUTPUT_SEND, FRAME_SYNC_REQUEST), 2);
    world_close(w);
}

/* Takes what node 0 serves to node 3, and loses the rest. */
static bool take_blocks(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                        struct blob **payload)
{
    struct blob **taken = w->context;
    if (from == 0 && to == 3 && kind == FRAME_SYNC_BLOCKS && !*taken) *taken = blob_ref(*payload);
    return false;
}

/* What node 0 would answer to node 3's request, that went to somebody else. */
static struct blob *answer_of_zero(struct world *w, const struct said *request)
{
    struct blob *taken = NULL;
    w->filter = take_blocks;
    w->context = &taken;
    w->cut[0][3] = false;
    world_frame_in(w, 0, 3, FRAME_SYNC_REQUEST, blob_ref(request->payload));
    w->cut[0][3] = true;
    w->filter = NULL;
    cr_assert_not_null(taken);
    return taken;
}

/* All validators of the epoch that it begins with may be gone for good. */
Test(replica_sync, when_no_validator_is_left_observers_are_asked)
{
    enum { OBSERVER = PEER_OBSERVER_FIRST + 5 };
    struct world *w = world_open(NULL);
    isolate(w, 3, true);
    blocks_without_three(w, 1, 20);
    uint64_t height = w->nodes[0].height;
    size_t from = w->nodes[3].log_count;
    replica_peer_up(w->nodes[3].replica, world_moment(w), OBSERVER, height);
    world_drain(w, 3);
    world_run(w, 1000);
    const struct said *request = world_find(w, 3, from, OUTPUT_SEND, FRAME_SYNC_REQUEST);
    cr_assert_not_null(request);
    cr_assert_eq(request->peer, OBSERVER);
    world_frame_in(w, 3, OBSERVER, FRAME_SYNC_BLOCKS, answer_of_zero(w, request));
    world_run(w, 1000);
    cr_assert_eq(w->nodes[3].height, height);
    world_close(w);
}

/* Nobody vouches for an observer: whatever it sends stops no node, and it is asked no more until it
 * boasts again. */
Test(replica_sync, an_observer_that_lies_is_left_alone)
{
    enum { OBSERVER = PEER_OBSERVER_FIRST + 5 };
    struct world *w = world_open(NULL);
    isolate(w, 3, true);
    blocks_without_three(w, 1, 3);
    size_t from = w->nodes[3].log_count;
    replica_peer_up(w->nodes[3].replica, world_moment(w), OBSERVER, 1000000);
    world_drain(w, 3);
    world_run(w, 1000);
    const struct said *request = world_find(w, 3, from, OUTPUT_SEND, FRAME_SYNC_REQUEST);
    cr_assert_not_null(request);
    struct blob *answer = answer_of_zero(w, request);
    struct blob *forged = blob_copy(blob_span(answer));
    blob_unref(answer);
    forged->data[100] ^= 1; /* in the header of the first block */
    world_frame_in(w, 3, OBSERVER, FRAME_SYNC_BLOCKS, forged);
    world_run(w, 9000);
    cr_assert_null(world_find(w, 3, from, OUTPUT_STOP, 0));
    cr_assert_eq(world_count(w, 3, from, OUTPUT_SEND, FRAME_SYNC_REQUEST), 1, "believed once");
    isolate(w, 3, false);
    world_run(w, 5000);
    cr_assert(world_equal(w, w->nodes[0].height));
    world_close(w);
}

static bool no_seal_votes_of_zero(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                                  struct blob **payload)
{
    (void)w, (void)to, (void)payload;
    return from != 0 || kind != FRAME_SEAL_VOTES;
}

/* One that lies votes for a decision, does not sign the block, and is gone. Nobody sends anything
 * new: the one that missed the decision learns of it by the signatures of the other two. */
Test(replica_sync, a_decision_that_was_missed_is_asked_for_without_new_work)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    isolate(w, 3, true);
    w->filter = no_seal_votes_of_zero;
    world_submit(w, 1, world_transfer(w, 100));
    world_run(w, 8000);
    cr_assert_eq(w->nodes[1].height, 3);
    cr_assert_eq(w->nodes[2].height, 3);
    cr_assert_eq(w->nodes[1].sealed, 2);
    world_kill(w, 0);
    isolate(w, 3, false);
    world_run(w, 20000);
    cr_assert_eq(w->nodes[3].height, 3);
    cr_assert_eq(w->nodes[1].sealed, 3);
    world_close(w);
}

/* ---- bad answers ---- */

struct forger {
    uint16_t liar;
    unsigned lies;
    size_t offset; /* of the byte that is changed, from the start of the frame */
};

static bool forge_blocks(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                         struct blob **payload)
{
    struct forger *forger = w->context;
    (void)to;
    if (kind != FRAME_SYNC_BLOCKS || from != forger->liar) return true;
    struct blob *changed = blob_copy(blob_span(*payload));
    if (changed->size > forger->offset) changed->data[forger->offset] ^= 1;
    forger->lies++;
    blob_unref(*payload);
    *payload = changed;
    return true;
}

/* Whatever byte of a block or seal is changed: the liar is named, another peer is asked. */
static void forged_at(size_t offset)
{
    struct world *w = world_open(NULL);
    isolate(w, 3, true);
    blocks_without_three(w, 1, 20);
    struct forger forger = { .liar = 0, .offset = offset };
    w->filter = forge_blocks;
    w->context = &forger;
    size_t from = w->nodes[3].log_count;
    isolate(w, 3, false);
    world_run(w, 8000);
    cr_assert_gt(forger.lies, 0);
    const struct said *broke = world_find(w, 3, from, OUTPUT_PEER_BROKE, 0);
    cr_assert_not_null(broke, "nobody noticed byte %zu", offset);
    cr_assert_eq(broke->peer, 0);
    cr_assert(world_equal(w, w->nodes[0].height));
    cr_assert_null(world_find(w, 3, from, OUTPUT_STOP, 0));
    world_close(w);
}

Test(replica_sync, a_forged_header_is_its_senders_fault)
{
    forged_at(2 + 4 + 160); /* state_root */
}

Test(replica_sync, a_forged_height_is_its_senders_fault)
{
    forged_at(2 + 4 + 48);
}

Test(replica_sync, a_forged_count_is_its_senders_fault)
{
    forged_at(1);
}

Test(replica_sync, a_forged_seal_is_its_senders_fault)
{
    /* Behind the first block: bytes16 length, then epoch, height, hash, count, index, signature. */
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 1);
    size_t block = w->nodes[0].blocks[1]->size;
    world_close(w);
    forged_at(2 + 4 + block + 2 + 50 + 2 + 5);
}

/* A block whose entries were exchanged under a true header and seal: execution notices. */
Test(replica_sync, forged_transactions_under_a_true_seal_do_not_change_the_ledger)
{
    struct world *w = world_open(NULL);
    isolate(w, 3, true);
    blocks_without_three(w, 1, 20);
    /* The memo hash of the first transaction: count, length, transaction's body length, body. */
    struct forger forger = { .liar = 0, .offset = 2 + 4 + HEADER_BYTES + 4 + 4 + 4 + 95 };
    w->filter = forge_blocks;
    w->context = &forger;
    size_t from = w->nodes[3].log_count;
    isolate(w, 3, false);
    world_run(w, 8000);
    cr_assert_gt(forger.lies, 0);
    uint64_t height = w->nodes[3].height;
    cr_assert(height == 0 ||
              digest_equal(&w->nodes[3].hashes[height], &w->nodes[0].hashes[height]));
    const struct said *broke = world_find(w, 3, from, OUTPUT_PEER_BROKE, 0);
    cr_assert_not_null(broke);
    cr_assert_eq(broke->peer, 0);
    cr_assert_null(world_find(w, 3, from, OUTPUT_STOP, 0), "a liar must not be able to end a node");
    cr_assert(world_equal(w, w->nodes[0].height));
    world_close(w);
}

/* But when this node is wrong, every peer's block is refused: f + 1 of them end it. */
Test(replica_sync, a_node_whose_state_was_changed_stops_when_two_peers_say_so)
{
    struct world *w = world_open(NULL);
    isolate(w, 3, true);
    blocks_without_three(w, 1, 20);
    size_t from = w->nodes[3].log_count;
    w->nodes[3].ledger_status = STATUS_DIVERGED;
    isolate(w, 3, false);
    world_run(w, 8000);
    const struct said *stop = world_find(w, 3, from, OUTPUT_STOP, 0);
    cr_assert_not_null(stop);
    cr_assert_eq(stop->exit_code, 7);
    cr_assert_not_null(strstr(stop->text, "diverged"));
    cr_assert_eq(world_count(w, 3, from, OUTPUT_PEER_BROKE, 0), 0, "nobody is accused");
    cr_assert_geq(world_count(w, 3, from, OUTPUT_SEND, FRAME_SYNC_REQUEST), 2);
    world_close(w);
}

static bool mute_blocks(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                        struct blob **payload)
{
    (void)to;
    (void)payload;
    uint16_t *mute = w->context;
    return kind != FRAME_SYNC_BLOCKS || from != *mute;
}

Test(replica_sync, a_peer_that_never_answers_is_left_for_another)
{
    for (uint16_t mute = 0; mute < 3; mute++) {
        struct world *w = world_open(NULL);
        isolate(w, 3, true);
        blocks_without_three(w, 1, 20);
        w->filter = mute_blocks;
        w->context = &mute;
        isolate(w, 3, false);
        world_run(w, 8000);
        cr_assert(world_equal(w, w->nodes[0].height));
        world_close(w);
    }
}

/* Without ledger and journal there is no other way than sealed blocks; two peers are up. */
Test(replica_sync, one_that_lost_everything_is_not_bound_to_a_peer_that_never_answers)
{
    for (uint16_t mute = 1; mute < 3; mute++) {
        struct world *w = world_open(NULL);
        world_blocks(w, 0, 1, 40);
        world_kill(w, 0);
        world_kill(w, 3);
        world_wipe_ledger(&w->nodes[3]);
        world_wipe_journal(&w->nodes[3]);
        w->nodes[3].without_signer = true;
        w->filter = mute_blocks;
        w->context = &mute;
        world_start(w, 3);
        world_run(w, 8000);
        cr_assert(world_equal(w, w->nodes[0].height), "it waits for node %u", mute);
        world_close(w);
    }
}

Test(replica_sync, blocks_that_nobody_asked_for_are_not_looked_at)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 3);
    size_t from = w->nodes[0].log_count;
    world_frame_in(w, 0, 1, FRAME_SYNC_BLOCKS, blob_copy(span_text("\0\0")));
    cr_assert_eq(world_count(w, 0, from, OUTPUT_CHECK, 0), 0);
    world_close(w);
}

Test(replica_sync, a_peer_that_boasts_is_asked_in_vain_and_harms_nobody)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 3);
    size_t from = w->nodes[0].log_count;
    replica_peer_height(w->nodes[0].replica, world_moment(w), 2, 1000000);
    world_drain(w, 0);
    world_run(w, 9000);
    cr_assert_eq(world_count(w, 0, from, OUTPUT_SEND, FRAME_SYNC_REQUEST), 1, "believed once");
    world_blocks(w, 0, 10, 3);
    cr_assert(world_equal(w, 6));
    world_close(w);
}

/* ---- missing proposals ---- */

static bool no_proposals_to_three(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                                  struct blob **payload)
{
    (void)w;
    (void)from;
    return to != 3 || !world_is(*payload, kind, PROPOSAL);
}

Test(replica_sync, a_missing_proposal_is_fetched)
{
    struct world *w = world_open(NULL);
    w->filter = no_proposals_to_three;
    for (uint64_t i = 1; i <= 10; i++) {
        world_submit(w, (uint16_t)(i % 3), world_transfer(w, i));
        world_run(w, 600);
    }
    cr_assert_gt(world_count(w, 3, 0, OUTPUT_SEND, FRAME_FETCH), 0);
    cr_assert_gt(world_count(w, 3, 0, OUTPUT_EXECUTE, 0), 0, "decided and executed without sync");
    world_run(w, 3000);
    cr_assert(world_equal(w, w->nodes[0].height));
    world_close(w);
}

Test(replica_sync, a_fetched_proposal_must_be_the_one)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    uint32_t proposals = world_status(w, 0).proposals;
    struct writer writer;
    writer_init(&writer, 4096);
    struct span batch = span_text("nobody wants this");
    struct proposal proposal = { .index = 9, .view = 9, .batch = batch_digest(batch) };
    proposal_write(&writer, &proposal);
    write_bytes32(&writer, batch);
    world_frame_in(w, 0, 1, FRAME_FETCHED, blob_copy(writer_span(&writer)));
    writer_free(&writer);
    cr_assert_eq(world_status(w, 0).proposals, proposals);
    world_close(w);
}

/* ---- anchors ---- */

Test(replica_sync, anchors_start_where_the_asker_stands)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 10);
    uint8_t request[41] = { 2 };
    store_u64(request + 33, 4);
    size_t from = w->nodes[0].log_count;
    world_frame_in(w, 0, 1, FRAME_FETCH, blob_copy(span_of(request, sizeof request)));
    const struct said *answer = world_find(w, 0, from, OUTPUT_SEND, FRAME_ANCHOR);
    cr_assert_not_null(answer);
    struct reader r = reader_of(blob_span(answer->payload));
    read_u64(&r);
    uint32_t count = read_u32(&r);
    struct proposal first;
    proposal_read(&r, &first);
    cr_assert_eq(first.index, 4);
    cr_assert_geq(count, 7);
    struct check_job *job =
        check_new(CHECK_ANCHOR, 0, 0, answer->payload, replica_check_context(w->nodes[1].replica));
    check_run(job);
    cr_assert_eq(job->status, STATUS_OK);
    check_free(job);
    world_close(w);
}
