/* Decided batches: to the ledger in order, once, and only when their record is durable. */
#include "replica_fixture.h"

/* The number of the DECIDED record of an index, or 0. */
static uint64_t decided_record(const struct world_node *node, uint64_t index)
{
    for (size_t i = 0; i < node->records_count; i++) {
        if (node->records[i].kind != JOURNAL_DECIDED) continue;
        struct reader r = reader_of(blob_span(node->records[i].payload));
        struct proposal proposal;
        read_u64(&r);
        proposal_read(&r, &proposal);
        if (proposal.index == index) return i + 1;
    }
    return 0;
}

Test(replica_order, execution_waits_for_the_record_of_its_decision)
{
    struct world *w = world_open(NULL);
    for (uint64_t ms = 0; ms < 400; ms++) {
        if (ms % 10 == 0) world_submit(w, (uint16_t)(ms / 10 % 4), world_transfer(w, ms + 1));
        for (uint16_t n = 0; n < 4; n++)
            w->nodes[n].disk_held = ms % (2u + n) != 0;
        world_step(w);
    }
    for (uint16_t n = 0; n < 4; n++) {
        uint64_t last = 0;
        for (size_t i = 0; i < w->nodes[n].log_count; i++) {
            const struct said *said = &w->nodes[n].log[i];
            if (said->kind != OUTPUT_EXECUTE) continue;
            cr_assert_eq(said->sequence, ++last, "in order, each once");
            uint64_t record = decided_record(&w->nodes[n], said->sequence);
            cr_assert_neq(record, 0);
            cr_assert_leq(record, said->durable);
        }
        cr_assert_gt(last, 5);
    }
    world_close(w);
}

Test(replica_order, a_slow_ledger_is_given_a_bounded_number)
{
    struct world *w = world_open(NULL);
    w->nodes[3].ledger_held = true;
    for (uint64_t i = 1; i <= 25; i++) {
        world_submit(w, (uint16_t)(i % 3), world_transfer(w, i));
        world_run(w, 4000); /* Until somebody leads whose ledger goes on. */
    }
    cr_assert_gt(w->nodes[0].height, 16);
    cr_assert_eq(world_count(w, 3, 0, OUTPUT_EXECUTE, 0), 16);
    cr_assert_eq(w->nodes[3].height, 0);
    world_ledger_go(w, 3);
    world_run(w, 3000);
    cr_assert(world_equal(w, w->nodes[0].height));
    world_close(w);
}

Test(replica_order, commits_are_told_once_for_each_block)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 5);
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(world_count(w, n, 0, OUTPUT_COMMITTED, 0), w->nodes[n].height);
    world_close(w);
}

/* What the ledger's failure means for the process. */
static void ends_with(enum status status, int exit_code)
{
    struct world *w = world_open(NULL);
    w->nodes[1].ledger_status = status;
    world_load(w, 0, 1, 1);
    world_run(w, 50);
    const struct said *stop = world_find(w, 1, 0, OUTPUT_STOP, 0);
    cr_assert_not_null(stop);
    cr_assert_eq(stop->exit_code, exit_code);
    cr_assert_str_eq(stop->text, "injected");
    cr_assert_eq(w->nodes[0].height, 1, "the others go on");
    world_close(w);
}

Test(replica_order, a_ledger_that_cannot_write_ends_the_node)
{
    ends_with(STATUS_IO, 74);
}

Test(replica_order, a_damaged_ledger_ends_the_node)
{
    ends_with(STATUS_DAMAGED, 65);
}

Test(replica_order, a_diverged_ledger_ends_the_node)
{
    ends_with(STATUS_DIVERGED, 7);
}

/* Two transactions of one source with one reference, through two validators at once. */
Test(replica_order, of_two_with_one_reference_one_is_executed)
{
    struct world *w = world_open(NULL);
    struct transaction *other = world_tx(w, 1);
    other->operations[0].transfer.amount = 7;
    uint64_t a = world_submit(w, 0, world_transfer(w, 1));
    uint64_t b = world_submit(w, 1, world_signed(w, other, &w->account_key));
    world_run(w, 3000);
    cr_assert_eq(world_answer(w, 0, a)->refusal.code, REFUSAL_none);
    cr_assert_eq(world_answer(w, 1, b)->refusal.code, REFUSAL_none);
    uint64_t entries = 0;
    for (uint64_t h = 1; h <= w->nodes[0].height; h++)
        entries += w->nodes[0].headers[h].entry_count;
    cr_assert_eq(entries, 1);
    size_t left = world_count(w, 0, 0, OUTPUT_LEFT, 0) + world_count(w, 1, 0, OUTPUT_LEFT, 0);
    cr_assert_geq(left, 1, "whoever waits for the other one is told");
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(world_status(w, n).pool.txs, 0);
    world_close(w);
}

/* A leader who fills his batch with what the state refuses: it is skipped, and nobody keeps it. */
static bool smuggle(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                    struct blob **payload)
{
    (void)to;
    if (!world_is(*payload, kind, PROPOSAL)) return true;
    struct message message = world_message(*payload);
    struct batch batch;
    batch_decode(message.batch, &w->genesis->params, &batch);
    struct blob *transaction = w->context;
    batch.count++;
    struct writer writer;
    writer_init(&writer, SIZE_MAX / 2);
    batch_write_head(&writer, &batch);
    write_bytes(&writer, batch.transactions);
    write_bytes32(&writer, blob_span(transaction));
    struct blob *changed = world_rebatch(w, from, *payload, writer_span(&writer));
    writer_free(&writer);
    blob_unref(*payload);
    *payload = changed;
    return true;
}

Test(replica_order, what_execution_skips_leaves_the_pool)
{
    struct world *w = world_open(NULL);
    world_run(w, 10);
    /* Executed first, and then again in the next leader's batch. */
    struct blob *once = world_transfer(w, 1);
    world_submit(w, 0, blob_ref(once));
    world_run(w, 30);
    uint64_t height = w->nodes[0].height;
    cr_assert_eq(height, 1);
    w->filter = smuggle;
    w->context = once;
    world_submit(w, 0, world_transfer(w, 2));
    world_run(w, 8000);
    w->filter = NULL;
    world_run(w, 8000);
    uint64_t entries = 0;
    for (uint64_t h = 1; h <= w->nodes[0].height; h++)
        entries += w->nodes[0].headers[h].entry_count;
    cr_assert_eq(entries, 2, "a second execution of the same payment");
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_eq(world_status(w, n).pool.txs, 0);
    cr_assert(world_equal(w, w->nodes[0].height));
    blob_unref(once);
    world_close(w);
}

static bool no_commit_votes(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                            struct blob **payload)
{
    (void)from;
    (void)to;
    bool *lost = w->context;
    return !*lost || !world_is(*payload, kind, COMMIT_VOTE);
}

/* Without commit votes only a successor decides; when the view has timed out it is an empty one,
 * which the ledger is given like any other and which makes no block. */
Test(replica_order, empty_batches_make_no_block)
{
    struct world *w = world_open(NULL);
    bool lost = true;
    w->filter = no_commit_votes;
    w->context = &lost;
    for (uint64_t i = 1; i <= 3; i++) {
        world_submit(w, 0, world_transfer(w, i));
        world_run(w, 10000);
    }
    lost = false;
    world_run(w, 20000);
    cr_assert_gt(world_status(w, 0).sequence, w->nodes[0].height);
    cr_assert_eq(world_count(w, 0, 0, OUTPUT_EXECUTE, 0), world_status(w, 0).sequence);
    uint64_t entries = 0;
    for (uint64_t h = 1; h <= w->nodes[0].height; h++) {
        cr_assert_gt(w->nodes[0].headers[h].entry_count, 0);
        entries += w->nodes[0].headers[h].entry_count;
    }
    cr_assert_eq(entries, 3);
    cr_assert(world_equal(w, w->nodes[0].height));
    world_close(w);
}
