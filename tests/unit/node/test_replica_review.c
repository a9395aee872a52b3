/* Traces on which the design once failed on paper, played by replicas. Which finding is shown where
 * is told in docs/maintainers/testing.md. */
#include "replica_fixture.h"

/* Did node n vote for this proposal? */
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

/* What node 3 is shown instead of the next proposal that carries a transaction. */
struct swap {
    void (*change)(const struct world *w, uint8_t *bytes, size_t size);
    bool done;
    struct digest digest;
};

static bool swap_batch(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                       struct blob **payload)
{
    struct swap *swap = w->context;
    if (swap->done || to != 3 || !world_is(*payload, kind, PROPOSAL)) return true;
    struct message message = world_message(*payload);
    if (message.batch.size <= BATCH_HEAD_BYTES) return true;
    uint8_t *batch = malloc(message.batch.size);
    cr_assert_not_null(batch);
    memcpy(batch, message.batch.data, message.batch.size);
    swap->change(w, batch, message.batch.size);
    struct blob *changed = world_rebatch(w, from, *payload, span_of(batch, message.batch.size));
    free(batch);
    blob_unref(*payload);
    *payload = changed;
    swap->digest = world_message(changed).statement.digest;
    swap->done = true;
    return true;
}

static void run_swap(struct world *w, struct swap *swap)
{
    w->filter = swap_batch;
    w->context = swap;
    for (uint64_t i = 1; i <= 40 && !swap->done; i++) {
        world_submit(w, (uint16_t)(i % 4), world_transfer(w, i));
        world_run(w, 20);
    }
    cr_assert(swap->done);
    world_run(w, 30);
}

static void set_time(uint8_t *bytes, size_t size, uint64_t time_ms, const struct world *w)
{
    struct batch batch;
    cr_assert_eq(batch_decode(span_of(bytes, size), &w->genesis->params, &batch), STATUS_OK);
    batch.time_ms = time_ms;
    struct writer writer;
    writer_init_fixed(&writer, bytes, BATCH_HEAD_BYTES);
    batch_write_head(&writer, &batch);
}

static void of_last_year(const struct world *w, uint8_t *bytes, size_t size)
{
    set_time(bytes, size, WORLD_WALL_MS - UINT64_C(31536000000), w);
}

/* A slow network makes every batch old, so age is no reason. (A batch that is older than the ledger
 * gets the least time that the ledger can give.) */
Test(replica_review, an_old_batch_gets_a_vote)
{
    struct world *w = world_open(NULL);
    struct swap swap = { .change = of_last_year };
    run_swap(w, &swap);
    cr_assert(voted(w, 3, &swap.digest));
    world_close(w);
}

/* All clocks were 100 s fast, and are set right: the chain is ahead of them by more than the skew,
 * and goes on by a millisecond a batch instead of waiting. */
Test(replica_review, a_chain_ahead_of_the_clocks_goes_on)
{
    struct world *w = world_open(NULL);
    w->wall_ahead_ms = 100 * 1000;
    world_blocks(w, 0, 1, 3);
    uint64_t ahead = w->nodes[0].headers[3].time_ms;
    w->wall_ahead_ms = 0;
    world_blocks(w, 0, 10, 3);
    cr_assert_eq(w->nodes[0].height, 6);
    cr_assert_eq(w->nodes[3].height, 6);
    cr_assert_gt(ahead, world_moment(w).wall_ms + w->genesis->params.values[PARAM_skew_ms_max]);
    cr_assert_lt(w->nodes[0].headers[6].time_ms, ahead + 1000);
    world_close(w);
}

static void spoil_signature(const struct world *w, uint8_t *bytes, size_t size)
{
    (void)w;
    bytes[size - 1] ^= 1; /* A transaction ends with its last signature. */
}

/* Node 3 has the transaction in its pool, with a good signature that it has verified and
 * remembers. That says nothing about another signature under the same txid. */
Test(replica_review, a_good_signature_vouches_for_no_other)
{
    struct world *w = world_open(NULL);
    struct swap swap = { .change = spoil_signature };
    run_swap(w, &swap);
    cr_assert_not(voted(w, 3, &swap.digest));
    world_run(w, 3000);
    cr_assert_eq(w->nodes[3].height, w->nodes[0].height);
    cr_assert(digest_equal(&w->nodes[3].hashes[w->nodes[3].height],
                           &w->nodes[0].hashes[w->nodes[0].height]));
    world_close(w);
}

/* A flipped bit made node 3 sign another block, and it stopped. Repaired, with its ledger built
 * again and the others' signatures at hand, it stands where they stand, signs nothing where it was
 * wrong, and all above. */
Test(replica_review, a_repaired_node_goes_on_and_never_signs_that_height_again)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 1);
    w->nodes[3].lies = true;
    world_submit(w, 0, world_transfer(w, 10));
    world_run(w, 2000);
    cr_assert_not_null(world_find(w, 3, 0, OUTPUT_STOP, 0));
    world_kill(w, 3);
    w->nodes[3].lies = false;
    world_wipe_ledger(&w->nodes[3]);
    w->nodes[3].ledger_held = true;
    size_t from = w->nodes[3].log_count;
    world_start(w, 3);
    for (uint16_t n = 0; n < 3; n++) {
        struct blob *vote = world_seal_vote(w, n, 0, 2, &w->nodes[0].hashes[2]);
        world_post(w, n, 3, FRAME_SEAL_VOTES, vote);
        blob_unref(vote);
    }
    world_run(w, 5);
    while (w->nodes[3].waiting_count > 0) {
        world_ledger_go(w, 3);
        world_run(w, 5);
    }
    world_blocks(w, 0, 20, 3);
    const struct said *stop = world_find(w, 3, from, OUTPUT_STOP, 0);
    cr_assert_null(stop, "%s", stop->text);
    cr_assert_eq(w->nodes[3].height, w->nodes[0].height);
    cr_assert_eq(world_seal_offers(w, 3, from, 2), 0);
    cr_assert_gt(world_seal_offers(w, 3, from, w->nodes[3].height), 0);
    world_close(w);
}
