/* Proposals and their batches: how many are kept, how long, and who may ask for them. */
#include "replica_fixture.h"

enum { KEEP_INDEXES = 64 }; /* as in node/replica_internal.h: behind the sealed head */

struct twins {
    uint16_t victim;
    unsigned copies;
    bool done;
};

/* The first proposal for the victim is followed by copies with other times: five batches of one
 * view, all signed by its leader. */
static bool multiply(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                     struct blob **payload)
{
    struct twins *twins = w->context;
    if (twins->done || to != twins->victim || !world_is(*payload, kind, PROPOSAL)) return true;
    twins->done = true;
    struct message message = world_message(*payload);
    struct batch batch;
    batch_decode(message.batch, &w->genesis->params, &batch);
    for (unsigned i = 1; i <= twins->copies; i++) {
        batch.time_ms++;
        struct writer writer;
        writer_init(&writer, SIZE_MAX / 2);
        batch_write_head(&writer, &batch);
        write_bytes(&writer, span_of(message.batch.data + BATCH_HEAD_BYTES,
                                     message.batch.size - BATCH_HEAD_BYTES));
        struct blob *twin = world_rebatch(w, from, *payload, writer_span(&writer));
        world_post(w, from, to, kind, twin);
        blob_unref(twin);
        writer_free(&writer);
    }
    return true;
}

Test(replica_store, of_one_view_two_proposals_are_kept_at_most)
{
    struct world *w = world_open(NULL);
    struct twins twins = { .victim = 3, .copies = 50 };
    w->filter = multiply;
    w->context = &twins;
    w->nodes[3].disk_held = true; /* So that the view does not move on. */
    for (uint64_t i = 1; i <= 20 && !twins.done; i++) {
        world_submit(w, 0, world_transfer(w, i));
        world_run(w, 20);
    }
    cr_assert(twins.done);
    world_step(w);
    cr_assert_leq(world_status(w, 3).proposals, 2 + 8);
    w->nodes[3].disk_held = false;
    world_run(w, 5000);
    cr_assert(world_equal(w, w->nodes[0].height));
    world_close(w);
}

Test(replica_store, decided_proposals_are_kept_a_while_and_no_longer)
{
    struct world *w = world_open(&(struct world_options){ .unsealed_max = 4 });
    for (uint64_t i = 1; i <= 150; i++) {
        world_submit(w, (uint16_t)(i % 4), world_transfer(w, i));
        world_run(w, 14);
    }
    world_run(w, 100);
    cr_assert_geq(world_status(w, 0).sequence, 120);
    for (uint16_t n = 0; n < 4; n++) {
        cr_assert_leq(world_status(w, n).proposals, 4 + KEEP_INDEXES + 8);
        cr_assert_geq(world_status(w, n).proposals, 4 + KEEP_INDEXES);
    }
    world_close(w);
}

/* Asks node 0, as node 1, for the proposal of a decided record in node 0's journal. */
static bool served(struct world *w, size_t which)
{
    struct world_node *node = &w->nodes[0];
    struct digest digest = { 0 };
    for (size_t i = 0; i < node->records_count; i++) {
        if (node->records[i].kind != JOURNAL_DECIDED) continue;
        struct reader r = reader_of(blob_span(node->records[i].payload));
        struct proposal proposal;
        read_u64(&r);
        proposal_read(&r, &proposal);
        digest = proposal_digest(&proposal);
        if (which-- == 0) break;
    }
    struct writer request;
    writer_init(&request, 64);
    write_u8(&request, 1);
    write_digest(&request, &digest);
    write_u64(&request, 0);
    size_t from = node->log_count;
    world_frame_in(w, 0, 1, FRAME_FETCH, blob_copy(writer_span(&request)));
    writer_free(&request);
    const struct said *answer = world_find(w, 0, from, OUTPUT_SEND, FRAME_FETCHED);
    if (!answer) return false;
    struct reader r = reader_of(blob_span(answer->payload));
    struct proposal proposal;
    proposal_read(&r, &proposal);
    struct digest got = proposal_digest(&proposal);
    struct span bytes = read_bytes32(&r, SIZE_MAX);
    struct digest batch = batch_digest(bytes);
    cr_assert_eq(reader_end(&r), STATUS_OK);
    cr_assert(digest_equal(&got, &digest));
    cr_assert(digest_equal(&batch, &proposal.batch));
    cr_assert_eq(answer->peer, 1);
    return true;
}

Test(replica_store, batches_are_served_until_a_checkpoint_covers_them)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 5);
    cr_assert(served(w, 0));
    replica_checkpointed(w->nodes[0].replica, world_moment(w), world_status(w, 0).sequence);
    world_drain(w, 0);
    cr_assert_not(served(w, 0), "sealed and on the disk: whoever lacks it syncs");
    world_close(w);
}

Test(replica_store, batches_without_a_seal_survive_a_checkpoint)
{
    struct world *w = world_open(NULL);
    for (uint16_t n = 0; n < 4; n++)
        for (uint16_t other = 0; other < 4; other++)
            w->cut[n][other] = false;
    w->nodes[2].lies = w->nodes[3].lies = true; /* Two differ: nothing is sealed. */
    world_blocks(w, 0, 1, 3);
    cr_assert_gt(w->nodes[0].height, 0);
    cr_assert_eq(w->nodes[0].sealed, 0);
    replica_checkpointed(w->nodes[0].replica, world_moment(w), world_status(w, 0).sequence);
    world_drain(w, 0);
    cr_assert(served(w, 0));
    world_close(w);
}

Test(replica_store, an_unknown_proposal_is_not_served)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    uint8_t request[41] = { 1, 9, 9, 9 };
    size_t from = w->nodes[0].log_count;
    world_frame_in(w, 0, 1, FRAME_FETCH, blob_copy(span_of(request, sizeof request)));
    cr_assert_eq(w->nodes[0].log_count, from);
    world_close(w);
}
