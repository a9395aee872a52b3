/* Records: what a restart brings back, what a fold stands for, and what is refused. */
#include "replica_fixture.h"

static void write_promise(struct writer *w, const struct statement *statement)
{
    writer_init(w, 4096);
    write_bool(w, true);
    statement_write(w, statement);
    write_u8(w, 1);
}

/* A replica on an empty ledger that has restored nothing yet. */
static struct world *fresh(void)
{
    struct world *w = world_new(NULL);
    cr_assert_eq(world_restore(w, 0), STATUS_OK);
    return w;
}

static enum status restore(struct world *w, uint8_t kind, const void *bytes, size_t size)
{
    return replica_restore(w->nodes[0].replica, kind, span_of(bytes, size));
}

Test(replica_journal, records_of_no_shape_are_refused)
{
    struct world *w = fresh();
    const uint8_t kinds[] = { JOURNAL_ENGINE,   JOURNAL_PROPOSAL, JOURNAL_DECIDED,
                              JOURNAL_EXECUTED, JOURNAL_SEAL,     JOURNAL_FOLD };
    for (size_t i = 0; i < sizeof kinds; i++) {
        cr_assert_eq(restore(w, kinds[i], "", 0), STATUS_MALFORMED, "kind %u", kinds[i]);
        cr_assert_eq(restore(w, kinds[i], "\1\2\3", 3), STATUS_MALFORMED, "kind %u", kinds[i]);
    }
    cr_assert_eq(restore(w, 0, "", 0), STATUS_UNSUPPORTED);
    cr_assert_eq(restore(w, 99, "", 0), STATUS_UNSUPPORTED);
    world_close(w);
}

Test(replica_journal, every_record_cut_short_is_refused)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    struct world *other = fresh();
    struct world_node *node = &w->nodes[0];
    unsigned seen = 0;
    for (size_t i = 0; i < node->records_count; i++) {
        struct span whole = blob_span(node->records[i].payload);
        uint8_t kind = node->records[i].kind;
        /* An engine's own part is opaque here; its end is for the engine to find. */
        size_t least = kind == JOURNAL_ENGINE ? 1 : whole.size;
        cr_assert_neq(restore(other, kind, whole.data, least - 1), STATUS_OK);
        seen |= 1u << kind;
    }
    cr_assert_eq(seen & 0x3e, 0x3e, "all five kinds were tried");
    world_close(other);
    world_close(w);
}

Test(replica_journal, a_fold_in_a_fold_is_refused)
{
    struct world *w = fresh();
    struct writer fold;
    writer_init(&fold, 256);
    write_u32(&fold, 1);
    write_u8(&fold, JOURNAL_FOLD);
    write_bytes32(&fold, span_of("\0\0\0\0", 4));
    cr_assert_eq(restore(w, JOURNAL_FOLD, fold.buffer.data, fold.buffer.size), STATUS_MALFORMED);
    writer_free(&fold);
    world_close(w);
}

Test(replica_journal, two_promises_for_one_slot_are_a_conflict)
{
    struct world *w = fresh();
    struct statement vote = { .kind = VOTE, .index = 1, .view = 5 };
    struct writer a;
    struct writer b;
    write_promise(&a, &vote);
    vote.digest.bytes[0] = 1;
    write_promise(&b, &vote);
    cr_assert_eq(restore(w, JOURNAL_ENGINE, a.buffer.data, a.buffer.size), STATUS_OK);
    cr_assert_eq(restore(w, JOURNAL_ENGINE, a.buffer.data, a.buffer.size), STATUS_OK, "the same");
    cr_assert_eq(restore(w, JOURNAL_ENGINE, b.buffer.data, b.buffer.size), STATUS_CONFLICT);
    writer_free(&a);
    writer_free(&b);
    world_close(w);
}

Test(replica_journal, promises_are_remembered_by_kind)
{
    struct world *w = fresh();
    uint64_t epoch = 9;
    uint64_t slot = 9;
    cr_assert_not(replica_promised(w->nodes[0].replica, VOTE, &epoch, &slot));
    cr_assert_not(replica_promised(w->nodes[0].replica, 200, &epoch, &slot));
    struct statement vote = { .kind = VOTE, .index = 1, .view = 5 };
    struct writer record;
    write_promise(&record, &vote);
    cr_assert_eq(restore(w, JOURNAL_ENGINE, record.buffer.data, record.buffer.size), STATUS_OK);
    writer_free(&record);
    cr_assert(replica_promised(w->nodes[0].replica, VOTE, &epoch, &slot));
    cr_assert_eq(epoch, 0);
    cr_assert_eq(slot, 5);
    cr_assert_not(replica_promised(w->nodes[0].replica, TIMEOUT, &epoch, &slot));
    world_close(w);
}

/* ---- restarts ---- */

static void same_promises(const struct replica *a, const struct replica *b)
{
    for (uint8_t kind = 0; kind < SIGNER_KINDS; kind++) {
        uint64_t epoch_a = 0;
        uint64_t epoch_b = 0;
        uint64_t slot_a = 0;
        uint64_t slot_b = 0;
        bool has_a = replica_promised(a, kind, &epoch_a, &slot_a);
        bool has_b = replica_promised(b, kind, &epoch_b, &slot_b);
        cr_assert_eq(has_a, has_b, "kind %u", kind);
        cr_assert_eq(epoch_a, epoch_b);
        cr_assert_eq(slot_a, slot_b, "kind %u", kind);
    }
}

/* The node as it is, and once more from its ledger and journal alone. */
static void restart_equals(struct world *w, uint16_t n)
{
    struct replica_status before = world_status(w, n);
    struct replica *old = w->nodes[n].replica;
    struct signer *old_signer = w->nodes[n].signer;
    cr_assert_eq(world_restore(w, n), STATUS_OK);
    struct replica *again = w->nodes[n].replica;
    cr_assert_eq(replica_start(again, world_moment(w), w->nodes[n].records_count + 1), STATUS_OK);
    struct replica_status after = world_status(w, n);
    cr_assert_eq(after.engine.view, before.engine.view);
    cr_assert_eq(after.engine.index_decided, before.engine.index_decided);
    cr_assert_eq(after.engine.index_high, before.engine.index_high);
    cr_assert_eq(after.engine.placed, before.engine.placed);
    cr_assert_eq(after.height, before.height);
    cr_assert_eq(after.sealed_height, before.sealed_height);
    cr_assert_eq(after.sequence, before.sequence);
    cr_assert_eq(after.votes, before.votes);
    same_promises(old, again);
    replica_free(again);
    signer_free(w->nodes[n].signer);
    w->nodes[n].replica = old;
    w->nodes[n].signer = old_signer;
}

Test(replica_journal, a_restart_stands_where_the_node_stood)
{
    struct world *w = world_open(NULL);
    for (uint64_t i = 1; i <= 10; i++) {
        world_submit(w, (uint16_t)(i % 4), world_transfer(w, i));
        world_run(w, 40);
    }
    for (uint16_t n = 0; n < 4; n++)
        restart_equals(w, n);
    world_close(w);
}

Test(replica_journal, a_restart_from_a_fold_stands_there_too)
{
    struct world *w = world_open(&(struct world_options){ .journal_roll_bytes = 4096 });
    for (uint64_t i = 1; i <= 40; i++) {
        world_submit(w, (uint16_t)(i % 4), world_transfer(w, i));
        world_run(w, 20);
        if (i % 8 != 0) continue;
        for (uint16_t n = 0; n < 4; n++) {
            replica_checkpointed(w->nodes[n].replica, world_moment(w), world_status(w, n).sequence);
            world_drain(w, n);
        }
    }
    for (uint16_t n = 0; n < 4; n++) {
        cr_assert_gt(world_count(w, n, 0, OUTPUT_APPEND, JOURNAL_FOLD), 2);
        cr_assert_gt(w->nodes[n].first, 1);
        restart_equals(w, n);
    }
    world_close(w);
}

Test(replica_journal, old_segments_are_cut_only_when_the_fold_is_durable)
{
    struct world *w = world_open(&(struct world_options){ .journal_roll_bytes = 1024 });
    world_blocks(w, 0, 1, 5);
    w->nodes[0].disk_held = true;
    size_t from = w->nodes[0].log_count;
    replica_checkpointed(w->nodes[0].replica, world_moment(w), world_status(w, 0).sequence);
    world_drain(w, 0);
    const struct said *fold = world_find(w, 0, from, OUTPUT_APPEND, JOURNAL_FOLD);
    cr_assert_not_null(fold);
    uint64_t record = fold->record;
    cr_assert_eq(world_count(w, 0, from, OUTPUT_CUT, 0), 0);
    world_run(w, 5);
    cr_assert_eq(world_count(w, 0, from, OUTPUT_CUT, 0), 0);
    w->nodes[0].disk_held = false;
    world_run(w, 2);
    const struct said *cut = world_find(w, 0, from, OUTPUT_CUT, 0);
    cr_assert_not_null(cut);
    cr_assert_eq(cut->record, record);
    cr_assert_geq(cut->durable, record);
    world_close(w);
}

/* Of all records only a seal's promises nothing, and a host may leave it for the next sync. */
Test(replica_journal, nobody_waits_for_the_record_of_a_seal)
{
    struct world *w = world_open(NULL);
    world_load(w, 0, 1, 20);
    world_run(w, 1000);
    size_t seals = 0;
    for (uint16_t n = 0; n < 4; n++)
        for (size_t i = 0; i < w->nodes[n].log_count; i++) {
            const struct said *said = &w->nodes[n].log[i];
            if (said->kind != OUTPUT_APPEND) continue;
            cr_assert_eq(said->later, said->type == JOURNAL_SEAL);
            seals += said->later ? 1 : 0;
        }
    cr_assert_gt(seals, 0);
    world_close(w);
}

Test(replica_journal, a_journal_that_has_not_grown_is_not_folded)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 3);
    replica_checkpointed(w->nodes[0].replica, world_moment(w), world_status(w, 0).sequence);
    world_drain(w, 0);
    cr_assert_eq(world_count(w, 0, 0, OUTPUT_APPEND, JOURNAL_FOLD), 0);
    world_close(w);
}

/* Killed at every step of a run, each time with what its disk held. */
Test(replica_journal, killed_at_any_moment_it_contradicts_nothing_it_said)
{
    for (uint64_t moment = 1; moment < 40; moment += 3) {
        struct world *w = world_open(NULL);
        for (uint64_t i = 1; i <= 4; i++)
            world_submit(w, (uint16_t)(i % 4), world_transfer(w, i));
        for (uint64_t ms = 0; ms < moment; ms++) {
            w->nodes[1].disk_held = ms % 3 != 0;
            world_step(w);
        }
        world_kill(w, 1);
        world_start(w, 1);
        world_run(w, 6000);
        cr_assert(world_equal(w, w->nodes[0].height), "killed after %lu ms", (unsigned long)moment);
        cr_assert_eq(world_status(w, 1).pool.txs, 0);
        for (uint16_t n = 0; n < 4; n++) {
            cr_assert_eq(world_status(w, n).conflicts, 0);
            cr_assert_eq(world_status(w, n).engine.conflicts, 0);
            cr_assert_eq(world_count(w, n, 0, OUTPUT_PEER_BROKE, 0), 0);
        }
        world_close(w);
    }
}

Test(replica_journal, executed_batches_survive_the_loss_of_the_ledgers_end)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 10);
    world_kill(w, 2);
    world_wipe_ledger(&w->nodes[2]);
    size_t from = w->nodes[2].log_count;
    for (uint16_t other = 0; other < 4; other++)
        w->cut[2][other] = w->cut[other][2] = true;
    world_start(w, 2);
    world_run(w, 5);
    cr_assert_eq(w->nodes[2].height, 10, "from its own journal, without a peer");
    cr_assert_gt(world_count(w, 2, from, OUTPUT_EXECUTE, 0), 9);
    world_close(w);
}

/* The crash comes in the middle of the group in which this index was decided: what is left of it is
 * a decision whose proof was to come with a later one. */
static void take_proof(struct world_node *node, uint64_t index)
{
    size_t i = 0;
    while (node->records[i].kind != JOURNAL_DECIDED ||
           load_u64(node->records[i].payload->data + 8) != index)
        cr_assert_lt(++i, node->records_count);
    while (node->records_count > i + 1)
        blob_unref(node->records[--node->records_count].payload);
    node->durable = node->records_count;
    struct blob **payload = &node->records[i].payload;
    struct writer w;
    writer_init(&w, 256);
    write_bytes(&w, span_of((*payload)->data, 8 + PROPOSAL_BYTES));
    write_bytes32(&w, span_of("", 0));
    blob_unref(*payload);
    *payload = blob_copy(writer_span(&w));
    writer_free(&w);
}

Test(replica_journal, a_decision_without_its_proof_counts_for_nothing)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 5);
    world_kill(w, 2);
    take_proof(&w->nodes[2], w->nodes[2].headers[5].sequence);
    w->nodes[2].without_signer = true; /* Its safety file knows of promises that are lost now. */
    world_wipe_ledger(&w->nodes[2]);
    for (uint16_t other = 0; other < 4; other++)
        w->cut[2][other] = w->cut[other][2] = true;
    world_start(w, 2);
    world_run(w, 5);
    cr_assert_eq(w->nodes[2].height, 4, "the other four are proven");
    for (uint16_t other = 0; other < 4; other++)
        w->cut[2][other] = w->cut[other][2] = false;
    world_links(w, 2);
    world_run(w, 4000);
    cr_assert(world_equal(w, w->nodes[0].height), "it is decided anew");
    world_close(w);
}

Test(replica_journal, disarmed_it_follows_and_promises_nothing)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 3);
    world_kill(w, 3);
    cr_assert_eq(world_restore(w, 3), STATUS_OK);
    replica_disarm(w->nodes[3].replica);
    size_t from = w->nodes[3].log_count;
    w->nodes[3].alive = true;
    cr_assert_eq(replica_start(w->nodes[3].replica, world_moment(w), w->nodes[3].records_count + 1),
                 STATUS_OK);
    world_links(w, 3);
    for (uint64_t i = 10; i < 14; i++) {
        world_submit(w, 0, world_transfer(w, i));
        world_run(w, 2500);
    }
    cr_assert(world_equal(w, w->nodes[0].height));
    cr_assert_not(world_status(w, 3).votes);
    cr_assert_eq(world_count(w, 3, from, OUTPUT_SEND, FRAME_SEAL_VOTES), 0);
    for (size_t i = from; i < w->nodes[3].log_count; i++)
        if (w->nodes[3].log[i].kind == OUTPUT_SEND && w->nodes[3].log[i].type == FRAME_ENGINE)
            cr_assert_eq(world_message(w->nodes[3].log[i].payload).statement.kind, SYNC_INFO);
    world_close(w);
}
