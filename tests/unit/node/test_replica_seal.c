/* Seals: the quorum, what comes late, what contradicts, and the end of a node that differs. */
#include "replica_fixture.h"

static bool seal_is_valid(const struct world *w, uint16_t n, uint64_t height)
{
    return seal_check(w->nodes[n].seals[height], &w->nodes[n].headers[height],
                      &w->genesis->committee, w->cache, NULL) == STATUS_OK;
}

Test(replica_seal, a_quorum_of_signatures_is_a_seal)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 1);
    for (uint16_t n = 0; n < 4; n++) {
        cr_assert_eq(w->nodes[n].sealed, 1);
        cr_assert(seal_is_valid(w, n, 1));
        cr_assert_geq(world_find(w, n, 0, OUTPUT_SEALED, 0)->count, 3);
    }
    world_close(w);
}

static bool only_from_one(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                          struct blob **payload)
{
    (void)w;
    (void)payload;
    return kind != FRAME_SEAL_VOTES || to != 0 || from == 1;
}

Test(replica_seal, two_of_four_are_no_seal)
{
    struct world *w = world_open(NULL);
    w->filter = only_from_one;
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 200);
    cr_assert_eq(w->nodes[0].height, 1);
    cr_assert_eq(world_count(w, 0, 0, OUTPUT_SEALED, 0), 0);
    struct seal *seal = malloc(sizeof *seal);
    cr_assert(replica_seal_votes(w->nodes[0].replica, 1, seal));
    cr_assert_eq(seal->count, 2, "its own and that of validator 1");
    cr_assert_eq(seal->signatures[0].validator, 0);
    cr_assert_eq(seal->signatures[1].validator, 1);
    free(seal);
    world_close(w);
}

Test(replica_seal, our_own_signature_counts_only_when_it_is_durable)
{
    struct world *w = world_open(NULL);
    w->nodes[3].ledger_held = true;
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 30);
    /* Node 3 has the others' signatures; now it executes, with a stuck disk. */
    w->nodes[3].disk_held = true;
    world_ledger_go(w, 3);
    struct seal *seal = malloc(sizeof *seal);
    cr_assert(replica_seal_votes(w->nodes[3].replica, 1, seal));
    cr_assert_eq(seal->count, 3);
    w->nodes[3].disk_held = false;
    world_run(w, 3);
    cr_assert(replica_seal_votes(w->nodes[3].replica, 1, seal));
    cr_assert_eq(seal->count, 4);
    free(seal);
    world_close(w);
}

Test(replica_seal, late_signatures_are_stored_in_one_go)
{
    struct world *w = world_open(NULL);
    w->nodes[3].disk_held = true;
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 50);
    cr_assert_eq(w->nodes[0].sealed, 1);
    cr_assert_eq(w->nodes[0].seals[1]->count, 3);
    w->nodes[3].disk_held = false;
    world_run(w, 100);
    cr_assert_eq(w->nodes[0].seals[1]->count, 3, "not at once: more may come");
    world_run(w, 400);
    cr_assert_eq(w->nodes[0].seals[1]->count, 4);
    cr_assert(seal_is_valid(w, 0, 1));
    cr_assert_eq(world_count(w, 0, 0, OUTPUT_SEALED, 0), 2);
    world_close(w);
}

Test(replica_seal, a_contradicting_signature_is_counted_and_changes_nothing)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 1);
    struct digest other = { { 7 } };
    world_frame_in(w, 0, 2, FRAME_SEAL_VOTES, world_seal_vote(w, 2, 0, 1, &other));
    /* Whoever repeats what is there is helped, not counted; a traitor's words come through others
     * as well. */
    world_frame_in(w, 0, 1, FRAME_SEAL_VOTES, world_seal_vote(w, 2, 0, 1, &other));
    cr_assert_geq(world_status(w, 0).conflicts, 1);
    cr_assert_not_null(world_note(w, 0, 0, "signed two blocks"));
    world_run(w, 500);
    cr_assert(seal_is_valid(w, 0, 1));
    cr_assert_null(world_find(w, 0, 0, OUTPUT_STOP, 0));
    world_close(w);
}

static bool no_votes_to_3(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                          struct blob **payload)
{
    (void)w;
    (void)payload;
    return kind != FRAME_SEAL_VOTES || to != 3 || from == 1;
}

/* Validator 2 tells the others the truth and node 3 something else first: with its true word node 3
 * has a quorum, as the others have. */
Test(replica_seal, a_true_word_counts_although_a_false_one_came_first)
{
    struct world *w = world_open(NULL);
    struct digest other = { { 7 } };
    w->filter = no_votes_to_3;
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 60);
    cr_assert_eq(w->nodes[3].height, 1);
    cr_assert_eq(w->nodes[3].sealed, 0, "its own signature and that of validator 1");
    size_t from = w->nodes[3].log_count;
    world_frame_in(w, 3, 2, FRAME_SEAL_VOTES, world_seal_vote(w, 2, 0, 1, &other));
    cr_assert_eq(world_count(w, 3, from, OUTPUT_SEALED, 0), 0);
    /* The true one comes with those that somebody helps with. */
    const struct digest *hash = &w->nodes[3].hashes[1];
    world_frame_in(w, 3, 1, FRAME_SEAL_VOTES, world_seal_vote(w, 2, 0, 1, hash));
    cr_assert_eq(world_count(w, 3, from, OUTPUT_SEALED, 0), 1);
    cr_assert_eq(world_status(w, 3).conflicts, 1);
    cr_assert(seal_is_valid(w, 3, 1));
    world_close(w);
}

Test(replica_seal, signatures_of_other_epochs_and_far_heights_are_left_alone)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 1);
    struct digest hash = { { 1 } };
    size_t from = w->nodes[0].log_count;
    world_frame_in(w, 0, 2, FRAME_SEAL_VOTES, world_seal_vote(w, 2, 7, 2, &hash));
    world_frame_in(w, 0, 2, FRAME_SEAL_VOTES, world_seal_vote(w, 2, 0, 1000000, &hash));
    world_frame_in(w, 0, 2, FRAME_SEAL_VOTES, world_seal_vote(w, 2, 0, 0, &hash));
    cr_assert_eq(world_count(w, 0, from, OUTPUT_PEER_BROKE, 0), 0);
    cr_assert_eq(world_status(w, 0).conflicts, 0);
    struct seal *seal = malloc(sizeof *seal);
    cr_assert_not(replica_seal_votes(w->nodes[0].replica, 1000000, seal));
    cr_assert_not(replica_seal_votes(w->nodes[0].replica, 0, seal));
    free(seal);
    world_blocks(w, 0, 2, 1);
    cr_assert(world_equal(w, 2));
    world_close(w);
}

Test(replica_seal, a_forged_signature_is_its_senders_fault)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 1);
    struct digest hash = { { 1 } };
    struct blob *vote = world_seal_vote(w, 2, 0, 2, &hash);
    vote->data[vote->size - 1] ^= 1;
    size_t from = w->nodes[0].log_count;
    world_frame_in(w, 0, 3, FRAME_SEAL_VOTES, vote);
    const struct said *broke = world_find(w, 0, from, OUTPUT_PEER_BROKE, 0);
    cr_assert_not_null(broke);
    cr_assert_eq(broke->peer, 3);
    world_close(w);
}

/* ---- lost signatures ---- */

struct loss {
    unsigned left;
};

static bool lose_some(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                      struct blob **payload)
{
    (void)from;
    (void)to;
    (void)payload;
    struct loss *loss = w->context;
    if (kind != FRAME_SEAL_VOTES || loss->left == 0) return true;
    loss->left--;
    return false;
}

Test(replica_seal, lost_signatures_are_repeated)
{
    struct world *w = world_open(NULL);
    struct loss loss = { .left = 12 }; /* Everybody's first. */
    w->filter = lose_some;
    w->context = &loss;
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 100);
    cr_assert_eq(loss.left, 0);
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(w->nodes[n].sealed, 0);
    world_run(w, 2000);
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(w->nodes[n].sealed, 1);
    world_close(w);
}

static bool none_to_three(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                          struct blob **payload)
{
    (void)from;
    (void)payload;
    bool *on = w->context;
    return kind != FRAME_SEAL_VOTES || to != 3 || !*on;
}

Test(replica_seal, who_repeats_itself_is_given_the_others)
{
    struct world *w = world_open(NULL);
    bool on = true;
    w->filter = none_to_three;
    w->context = &on;
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 50);
    cr_assert_eq(w->nodes[0].sealed, 1);
    cr_assert_eq(w->nodes[3].sealed, 0);
    on = false;
    world_run(w, 1500);
    cr_assert_eq(w->nodes[3].sealed, 1);
    cr_assert(seal_is_valid(w, 3, 1));
    world_close(w);
}

Test(replica_seal, nobody_answers_help_with_help)
{
    struct world *w = world_open(NULL);
    bool on = true;
    w->filter = none_to_three;
    w->context = &on;
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 50);
    on = false;
    world_run(w, 1500);
    cr_assert_eq(w->nodes[3].sealed, 1);
    size_t said[4];
    for (uint16_t n = 0; n < 4; n++)
        said[n] = world_count(w, n, 0, OUTPUT_SEND, FRAME_SEAL_VOTES);
    world_run(w, 5000);
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(world_count(w, n, 0, OUTPUT_SEND, FRAME_SEAL_VOTES), said[n],
                     "node %u talks on", n);
    world_close(w);
}

/* ---- restarts ---- */

Test(replica_seal, a_restarted_node_signs_the_same_again)
{
    struct world *w = world_open(NULL);
    w->nodes[2].lies = w->nodes[3].lies = true; /* No quorum: block 1 stays unsealed. */
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 50);
    const struct said *before = world_find(w, 0, 0, OUTPUT_SEND, FRAME_SEAL_VOTES);
    cr_assert_not_null(before);
    struct blob *first = blob_ref(before->payload);
    world_kill(w, 0);
    size_t from = w->nodes[0].log_count;
    world_start(w, 0);
    world_run(w, 5);
    const struct said *after = world_find(w, 0, from, OUTPUT_SEND, FRAME_SEAL_VOTES);
    cr_assert_not_null(after);
    cr_assert(span_equal(blob_span(first), blob_span(after->payload)));
    blob_unref(first);
    world_close(w);
}

/* Executed, signed, and then the ledger's file fell back: execution gives another block. With two
 * against two no seal ever says which is right. */
Test(replica_seal, a_node_that_signed_another_block_stops_in_the_end)
{
    struct world *w = world_open(NULL);
    for (uint16_t n = 0; n < 4; n++)
        w->nodes[n].lies = n >= 2; /* Two against two: nothing is sealed. */
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 50);
    world_kill(w, 0);
    world_wipe_ledger(&w->nodes[0]);
    w->nodes[0].lies = true;
    size_t from = w->nodes[0].log_count;
    world_start(w, 0);
    world_run(w, 11000);
    const struct said *stop = world_find(w, 0, from, OUTPUT_STOP, 0);
    cr_assert_not_null(stop);
    cr_assert_eq(stop->exit_code, 7);
    cr_assert_not_null(strstr(stop->text, "but this node signed"));
    world_close(w);
}

/* ---- divergence ---- */

Test(replica_seal, a_node_that_differs_asks_for_the_header_and_stops_with_the_field)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 3);
    w->nodes[3].lies = true;
    size_t from = w->nodes[3].log_count;
    world_submit(w, 0, world_transfer(w, 10));
    world_run(w, 2000);
    const struct said *stop = world_find(w, 3, from, OUTPUT_STOP, 0);
    cr_assert_not_null(stop);
    cr_assert_eq(stop->exit_code, 7);
    cr_assert_not_null(strstr(stop->text, "height 4"));
    cr_assert_not_null(strstr(stop->text, "field state_root"));
    const struct said *question = world_find(w, 3, from, OUTPUT_SEND, FRAME_SYNC_REQUEST);
    cr_assert_not_null(question);
    cr_assert_lt(question, stop);
    /* The others go on, and say that somebody differed. */
    cr_assert_not_null(world_note(w, 0, 0, "seal_differs"));
    world_kill(w, 3);
    world_submit(w, 0, world_transfer(w, 11));
    world_run(w, 3000);
    cr_assert_eq(w->nodes[0].height, 5);
    cr_assert_eq(w->nodes[0].sealed, 5);
    world_close(w);
}

Test(replica_seal, one_who_differs_is_no_reason_to_stop)
{
    struct world *w = world_open(NULL);
    w->nodes[3].lies = true;
    world_submit(w, 0, world_transfer(w, 1));
    world_run(w, 2000);
    for (uint16_t n = 0; n < 3; n++) {
        cr_assert_null(world_find(w, n, 0, OUTPUT_STOP, 0));
        cr_assert_eq(w->nodes[n].sealed, 1);
    }
    world_close(w);
}

Test(replica_seal, without_a_signer_nothing_is_signed)
{
    struct world *w = world_new(NULL);
    w->nodes[3].without_signer = true;
    for (uint16_t n = 0; n < 4; n++)
        world_start(w, n);
    for (uint64_t i = 1; i <= 6; i++) {
        world_submit(w, 0, world_transfer(w, i));
        world_run(w, 1500);
    }
    cr_assert_gt(w->nodes[3].height, 0);
    cr_assert(world_equal(w, w->nodes[0].height));
    cr_assert_eq(world_count(w, 3, 0, OUTPUT_SEND, FRAME_SEAL_VOTES), 0);
    cr_assert_not(world_status(w, 3).votes);
    for (size_t i = 0; i < w->nodes[3].log_count; i++)
        if (w->nodes[3].log[i].kind == OUTPUT_SEND && w->nodes[3].log[i].type == FRAME_ENGINE)
            cr_assert_eq(world_message(w->nodes[3].log[i].payload).statement.kind, SYNC_INFO);
    world_close(w);
}
