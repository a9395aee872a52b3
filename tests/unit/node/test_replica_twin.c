/* Our own signature, given elsewhere: what stops a node, and what does not. */
#include "replica_fixture.h"

static bool stops_with_81(const struct world *w, uint16_t n)
{
    const struct said *end = world_find(w, n, 0, OUTPUT_STOP, 0);
    return end && end->exit_code == 81 && strstr(end->text, "key in use elsewhere");
}

/* ---- seal signatures ---- */

Test(replica_twin, a_vote_by_our_key_that_we_never_gave_stops_us)
{
    struct digest other = { { 7 } };
    for (uint64_t height = 1; height <= 2; height++) { /* Another hash; a block above our last. */
        struct world *w = world_open(NULL);
        world_blocks(w, 0, 1, 1);
        world_frame_in(w, 0, 2, FRAME_SEAL_VOTES, world_seal_vote(w, 0, 0, height, &other));
        world_run(w, 5);
        cr_assert(stops_with_81(w, 0), "height %d", (int)height);
        cr_assert_null(world_find(w, 1, 0, OUTPUT_STOP, 0), "the others do not care");
        world_close(w);
    }
}

/* Nobody else can make it: the signature is checked first, and other validators' votes, ours of an
 * earlier life and those of another epoch are no reason. */
Test(replica_twin, what_is_ours_or_not_by_our_key_does_not_stop_us)
{
    struct world *w = world_open(NULL);
    struct digest other = { { 7 } };
    world_blocks(w, 0, 1, 3);
    world_kill(w, 0);
    world_start(w, 0);
    for (uint64_t height = 1; height <= 3; height++)
        world_frame_in(w, 0, 2, FRAME_SEAL_VOTES,
                       world_seal_vote(w, 0, 0, height, &w->nodes[1].seals[height]->block_hash));
    world_frame_in(w, 0, 2, FRAME_SEAL_VOTES, world_seal_vote(w, 1, 0, 4, &other));
    world_frame_in(w, 0, 2, FRAME_SEAL_VOTES, world_seal_vote(w, 0, 1, 4, &other));
    struct blob *forged = world_seal_vote(w, 0, 0, 4, &other);
    forged->data[forged->size - 1] ^= 1;
    world_frame_in(w, 0, 2, FRAME_SEAL_VOTES, forged);
    world_run(w, 100);
    cr_assert_null(world_find(w, 0, 0, OUTPUT_STOP, 0));
    world_close(w);
}

/* Without its journal a node does not vote, and its own old words do not stop it. */
Test(replica_twin, who_has_lost_its_journal_follows_on)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    world_kill(w, 0);
    world_wipe_journal(&w->nodes[0]);
    w->nodes[0].without_signer = true;
    world_start(w, 0);
    world_frame_in(w, 0, 2, FRAME_SEAL_VOTES,
                   world_seal_vote(w, 0, 0, 2, &w->nodes[1].seals[2]->block_hash));
    world_run(w, 100);
    cr_assert_null(world_find(w, 0, 0, OUTPUT_STOP, 0));
    world_close(w);
}

/* Yesterday's copy of everything: the seals of the blocks that it fetches tell it. */
Test(replica_twin, an_old_copy_finds_its_own_signature_in_what_it_fetches)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 3);
    world_kill(w, 0);
    world_wipe_ledger(&w->nodes[0]);
    world_wipe_journal(&w->nodes[0]);
    world_start(w, 0);
    world_run(w, 3000);
    cr_assert(stops_with_81(w, 0));
    world_close(w);
}

/* ---- votes and timeouts ---- */

/* The last engine message that node `from` has sent in which a certificate names node n as a signer
 * of this kind of statement; with what it says n has signed. */
static struct blob *message_naming(const struct world *w, uint16_t from, uint16_t n, uint8_t kind,
                                   struct statement *own)
{
    const struct check_context *context = replica_check_context(w->nodes[n].replica);
    for (size_t i = w->nodes[from].log_count; i-- > 0;) {
        const struct said *said = &w->nodes[from].log[i];
        if (said->kind != OUTPUT_SEND || said->type != FRAME_ENGINE) continue;
        struct message message = world_message(said->payload);
        struct message_facts facts;
        if (hotstuff_ops.check(&context->config, from, &message, &facts) != STATUS_OK) continue;
        for (uint8_t k = 0; k < facts.own_count; k++)
            if (facts.own[k].kind == kind) {
                *own = facts.own[k];
                return blob_copy(blob_span(said->payload));
            }
    }
    return NULL;
}

/* ... of whichever node. */
static struct blob *any_naming(const struct world *w, uint16_t n, uint8_t kind, uint16_t *from,
                               struct statement *own)
{
    struct blob *found = NULL;
    for (uint16_t i = 0; i < WORLD_NODES && !found; i++)
        if (i != n) found = message_naming(w, *from = i, n, kind, own);
    return found;
}

/* A message from a life in which the key of node 0 has voted, or timed out. */
static struct blob *of_another_life(uint8_t kind, uint16_t *from, struct statement *own)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 3);
    if (kind == TIMEOUT) {
        w->cut[2][1] = w->cut[2][3] = w->cut[2][0] = true; /* Its views end with timeouts. */
        world_load(w, 0, 500, 3);
        world_run(w, 8000);
    }
    struct blob *message = any_naming(w, 0, kind, from, own);
    cr_assert_not_null(message);
    world_close(w);
    return message;
}

static void never_said(uint8_t kind)
{
    uint16_t from;
    struct statement own;
    struct blob *message = of_another_life(kind, &from, &own);
    struct world *w = world_open(NULL);
    world_frame_in(w, 0, from, FRAME_ENGINE, message);
    world_run(w, 5);
    cr_assert(stops_with_81(w, 0));
    for (uint16_t n = 1; n < WORLD_NODES; n++)
        cr_assert_null(world_find(w, n, 0, OUTPUT_STOP, 0), "the others do not care");
    world_close(w);
}

Test(replica_twin, a_vote_that_we_never_gave_stops_us)
{
    never_said(VOTE);
}

Test(replica_twin, a_timeout_that_we_never_gave_stops_us)
{
    never_said(TIMEOUT);
}

/* In a view in which we have voted, for something else. */
Test(replica_twin, another_vote_than_ours_stops_us)
{
    uint16_t from;
    struct statement own;
    struct blob *message = of_another_life(VOTE, &from, &own);
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 700, 20);
    uint64_t epoch, view;
    cr_assert(replica_promised(w->nodes[0].replica, VOTE, &epoch, &view));
    cr_assert_gt(view, own.view);
    cr_assert_eq(world_promise_record(&w->nodes[0], &own), 0, "it was another one");
    world_frame_in(w, 0, from, FRAME_ENGINE, message);
    world_run(w, 5);
    cr_assert(stops_with_81(w, 0));
    world_close(w);
}

/* What we have said is ours, also before a restart, and however late it comes back. */
Test(replica_twin, our_own_votes_do_not_stop_us)
{
    struct world *w = world_open(NULL);
    uint16_t from;
    struct statement own;
    world_blocks(w, 0, 1, 3);
    struct blob *message = any_naming(w, 0, VOTE, &from, &own);
    cr_assert_not_null(message);
    world_frame_in(w, 0, from, FRAME_ENGINE, blob_ref(message));
    world_kill(w, 0);
    world_start(w, 0);
    world_frame_in(w, 0, from, FRAME_ENGINE, blob_ref(message));
    world_run(w, 100);
    cr_assert_null(world_find(w, 0, 0, OUTPUT_STOP, 0));
    world_blocks(w, 0, 100, 3);
    world_frame_in(w, 0, from, FRAME_ENGINE, message);
    world_run(w, 5);
    cr_assert_null(world_find(w, 0, 0, OUTPUT_STOP, 0));
    world_close(w);
}

Test(replica_twin, a_forged_certificate_stops_nobody)
{
    uint16_t from;
    struct statement own;
    struct blob *message = of_another_life(VOTE, &from, &own);
    struct world *w = world_open(NULL);
    struct blob *forged = blob_copy(blob_span(message));
    struct message read = world_message(forged);
    size_t end = (size_t)(read.attachment.data - forged->data) + read.attachment.size;
    forged->data[end - 5] ^= 1; /* In the last signature of its certificates. */
    blob_unref(message);
    world_frame_in(w, 0, from, FRAME_ENGINE, forged);
    world_run(w, 5);
    cr_assert_null(world_find(w, 0, 0, OUTPUT_STOP, 0));
    world_close(w);
}

/* Who has no vote promises nothing, and simulators run dishonest members twice. */
Test(replica_twin, who_does_not_vote_does_not_look)
{
    uint16_t from;
    struct statement own;
    struct blob *message = of_another_life(VOTE, &from, &own);
    struct world *w = world_new(NULL);
    w->nodes[0].without_signer = true;
    for (uint16_t n = 0; n < WORLD_NODES; n++)
        world_start(w, n);
    world_frame_in(w, 0, from, FRAME_ENGINE, message);
    world_run(w, 5);
    cr_assert_null(world_find(w, 0, 0, OUTPUT_STOP, 0));
    world_close(w);
}

/* Raft's messages are not signed: there it is the seals that tell. */
Test(replica_twin, under_raft_a_seal_tells)
{
    struct world *w = world_open(&(struct world_options){ .nodes = 3, .crash = true });
    struct digest other = { { 7 } };
    world_blocks(w, 0, 1, 3);
    cr_assert_null(world_find(w, 0, 0, OUTPUT_STOP, 0));
    world_frame_in(w, 0, 2, FRAME_SEAL_VOTES, world_seal_vote(w, 0, 0, 9, &other));
    world_run(w, 5);
    cr_assert(stops_with_81(w, 0));
    world_close(w);
}
