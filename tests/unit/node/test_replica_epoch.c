/* From one epoch into the next: a world whose only member changes a parameter that ends the epoch.
 */
#include "node/promises.h"
#include "replica_fixture.h"

static const struct said *ended(const struct world *w, uint16_t n)
{
    return world_find(w, n, 0, OUTPUT_EPOCH_ENDED, 0);
}

/* What a host does when it has been told: see node/replica.h. */
static void next_epoch(struct world *w, uint16_t n)
{
    struct world_node *node = &w->nodes[n];
    cr_assert(replica_quiet(node->replica));
    node->durable = node->records_count; /* The journal's queue ends before the new one begins. */
    struct pool *pool = replica_pool_take(node->replica);
    struct replica *old = node->replica;
    world_read_epoch(node);
    struct replica_config config = world_config(w, n);
    config.adopted = pool;
    cr_assert_eq(replica_new(&node->replica, &config, ledger_head(node->ledger), node->sealed, 0),
                 STATUS_OK);
    replica_free(old);
    cr_assert_eq(replica_start(node->replica, world_moment(w), node->records_count + 1), STATUS_OK);
    world_drain(w, n);
}

/* What pings say, of epochs too. */
static void tell_epochs(struct world *w)
{
    for (uint16_t n = 0; n < w->options.nodes; n++)
        for (uint16_t other = 0; other < w->options.nodes; other++)
            if (n != other && w->nodes[n].alive && w->nodes[other].alive && !w->cut[other][n])
                replica_peer_epoch(w->nodes[n].replica, world_moment(w), other,
                                   world_status(w, other).epoch);
    world_ping(w);
}

/* The first `count` nodes, which all have been told. */
static void first_next(struct world *w, uint16_t count)
{
    for (uint16_t n = 0; n < count; n++) {
        cr_assert(ended(w, n), "node %u", n);
        next_epoch(w, n);
    }
    for (uint16_t n = 0; n < count; n++)
        world_links(w, n);
    tell_epochs(w);
}

static void all_next(struct world *w)
{
    first_next(w, w->options.nodes);
}

static bool first_of_epoch(const struct journal_item *item, uint64_t epoch)
{
    struct reader r = reader_of(blob_span(item->payload));
    return item->kind == JOURNAL_FOLD && read_u32(&r) == 1 && read_u8(&r) == JOURNAL_EPOCH &&
           read_u32(&r) == 40 && read_u64(&r) == epoch;
}

Test(replica_epoch, it_ends_with_its_sealed_boundary_and_the_next_one_goes_on)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    world_propose(w, 0, 100, 60000);
    world_run(w, 3000);
    uint64_t boundary = ended(w, 0)->height;
    cr_assert_eq(w->nodes[0].headers[boundary].flags & HEADER_EPOCH_END, HEADER_EPOCH_END);
    cr_assert_eq(w->nodes[0].sealed, boundary);
    cr_assert(world_status(w, 0).ended);
    cr_assert_eq(replica_wake_at(w->nodes[0].replica), UINT64_MAX);
    world_submit(w, 0, world_transfer(w, 200)); /* It is told to try again. */
    size_t before = w->nodes[0].records_count;
    all_next(w);
    cr_assert(first_of_epoch(&w->nodes[0].records[before], 1));
    world_blocks(w, 1, 300, 3);
    cr_assert(world_equal(w, boundary + 3));
    cr_assert_eq(w->nodes[2].headers[boundary + 3].epoch, 1);
    cr_assert_eq(w->nodes[2].headers[boundary + 1].sequence, 1);
    cr_assert_eq(w->nodes[0].first, before + 1, "the old segments are gone");
    world_close(w);
}

static bool lose_seals(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                       struct blob **payload)
{
    (void)w, (void)from, (void)to, (void)payload;
    return kind != FRAME_SEAL_VOTES;
}

/* Executed but not sealed it binds nobody yet; what is ordered behind it is void and waits in the
 * pool for the next epoch. */
Test(replica_epoch, without_a_seal_it_goes_on_and_orders_nothing)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 1);
    w->filter = lose_seals;
    world_propose(w, 0, 100, 60000);
    world_run(w, 2000);
    uint64_t boundary = w->nodes[0].height;
    cr_assert_eq(w->nodes[0].headers[boundary].flags & HEADER_EPOCH_END, HEADER_EPOCH_END);
    cr_assert_null(ended(w, 0));
    world_load(w, 0, 300, 5);
    world_run(w, 500);
    cr_assert_eq(w->nodes[0].height, boundary);
    w->filter = NULL;
    world_run(w, 1000);
    all_next(w);
    world_run(w, 1000);
    cr_assert_eq(w->nodes[3].headers[boundary + 1].entry_count, 5);
    cr_assert(world_equal(w, boundary + 1));
    world_close(w);
}

/* A restart between the execution and the seal comes back into the old epoch, and signs again. */
Test(replica_epoch, a_restart_before_the_seal_is_still_in_the_old_one)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 1);
    w->filter = lose_seals;
    world_propose(w, 0, 100, 60000);
    world_run(w, 2000);
    for (uint16_t n = 0; n < 4; n++)
        world_kill(w, n);
    for (uint16_t n = 0; n < 4; n++)
        world_start(w, n);
    cr_assert_eq(world_status(w, 1).epoch, 0);
    w->filter = NULL;
    world_run(w, 2000);
    all_next(w);
    world_blocks(w, 0, 300, 2);
    cr_assert_eq(w->nodes[0].headers[w->nodes[0].height].epoch, 1);
    world_close(w);
}

/* The records of the old epoch are passed by, those of the new one are heard, and the key in it. */
Test(replica_epoch, a_restart_in_the_new_one_knows_its_promises)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    world_propose(w, 0, 100, 60000);
    world_run(w, 3000);
    all_next(w);
    world_blocks(w, 0, 300, 2);
    uint64_t epoch, slot, again;
    cr_assert(replica_promised(w->nodes[1].replica, VOTE, &epoch, &slot));
    cr_assert_eq(epoch, 1);
    world_kill(w, 1);
    w->nodes[1].first = 0; /* A crash before the old segments went. */
    cr_assert_eq(world_restore(w, 1), STATUS_OK);
    cr_assert(replica_promised(w->nodes[1].replica, VOTE, &epoch, &again));
    cr_assert_eq(epoch, 1);
    cr_assert_eq(again, slot);
    struct public_key key;
    cr_assert_eq(replica_journal_epoch(w->nodes[1].replica, &key), 1);
    cr_assert(key_equal(&key, &w->genesis->committee.validators[1].seal_key));
    world_close(w);
}

/* A key that came with the new epoch is not blamed for what the one before it promised: its safety
 * file would remember votes that the journal says are another key's, and stay silent for ever. */
Test(replica_epoch, promises_of_the_epoch_before_are_not_told_to_the_safety_file)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    world_propose(w, 0, 100, 60000);
    world_run(w, 3000);
    cr_assert(ended(w, 1));
    world_kill(w, 1); /* The ledger is in the new epoch, the journal has no record of it yet. */
    cr_assert_eq(world_restore(w, 1), STATUS_OK);
    uint64_t epoch, slot;
    cr_assert(replica_promised(w->nodes[1].replica, VOTE, &epoch, &slot));
    cr_assert_eq(epoch, 0);
    struct safety_state state = { .counter = 0 };
    cr_assert_not(promises_raise(&state, w->nodes[1].replica));
    for (unsigned kind = 0; kind < SIGNER_KINDS; kind++)
        cr_assert_eq(state.highest[kind].slot, 0, "kind %u", kind);
    world_close(w);
}

/* A ledger older than its journal: the host is told, and the promises are known all the same. */
Test(replica_epoch, a_journal_ahead_of_its_ledger_is_noticed)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    world_propose(w, 0, 100, 60000);
    world_run(w, 3000);
    all_next(w);
    world_blocks(w, 0, 300, 2);
    world_kill(w, 1);
    world_wipe_ledger(&w->nodes[1]);
    cr_assert_eq(world_restore(w, 1), STATUS_OK);
    struct public_key key;
    uint64_t epoch, slot;
    cr_assert_eq(replica_journal_epoch(w->nodes[1].replica, &key), 1);
    cr_assert(replica_promised(w->nodes[1].replica, VOTE, &epoch, &slot));
    cr_assert_eq(epoch, 1);
    world_close(w);
}

/* Who slept through it gets the sealed boundary, and its own replica ends the same way. */
Test(replica_epoch, a_sleeper_follows_over_the_boundary)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    for (uint16_t n = 0; n < 3; n++)
        w->cut[3][n] = w->cut[n][3] = true;
    world_propose(w, 0, 100, 60000);
    world_run(w, 3000);
    first_next(w, 3);
    world_blocks(w, 0, 300, 3);
    cr_assert_null(ended(w, 3));
    for (uint16_t n = 0; n < 3; n++)
        w->cut[3][n] = w->cut[n][3] = false;
    world_links(w, 3);
    tell_epochs(w);
    world_run(w, 3000);
    cr_assert(ended(w, 3));
    next_epoch(w, 3);
    world_links(w, 3);
    tell_epochs(w);
    world_run(w, 3000);
    world_blocks(w, 0, 400, 1);
    cr_assert(world_equal(w, w->nodes[0].height));
    for (uint16_t n = 0; n < 4; n++)
        cr_assert_null(world_find(w, n, 0, OUTPUT_PEER_BROKE, 0), "node %u accuses", n);
    world_close(w);
}

static bool lose_seals_to_last(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                               struct blob **payload)
{
    (void)w, (void)from, (void)payload;
    return kind != FRAME_SEAL_VOTES || to != 3;
}

/* It has executed the boundary, and lacks only the seal: behind it nobody has a block of its epoch
 * to give. */
Test(replica_epoch, who_lacks_the_seal_asks_for_that_and_not_for_what_is_behind)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 1);
    w->filter = lose_seals_to_last;
    world_propose(w, 0, 100, 60000);
    world_run(w, 2000);
    cr_assert_null(ended(w, 3));
    cr_assert_eq(w->nodes[3].height, w->nodes[0].height);
    first_next(w, 3);
    world_blocks(w, 0, 300, 3);
    tell_epochs(w);
    world_run(w, 3000);
    cr_assert(ended(w, 3));
    world_close(w);
}

/* What the old replica appended may become durable when the new one runs already. */
Test(replica_epoch, records_of_the_old_one_become_durable_late)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 1);
    world_propose(w, 0, 100, 60000);
    world_run(w, 3000);
    uint64_t before = w->nodes[0].records_count;
    next_epoch(w, 0);
    replica_durable(w->nodes[0].replica, world_moment(w), before - 1);
    replica_durable(w->nodes[0].replica, world_moment(w), before);
    cr_assert_eq(w->nodes[0].first, 0, "the new epoch's record is not on the disk");
    world_sync(w, 0);
    cr_assert_eq(w->nodes[0].first, before + 1);
    world_close(w);
}

/* The host tells the blocks before it replays: a seal in the journal may complete one of them, and
 * nothing is appended before the start. */
Test(replica_epoch, a_seal_in_the_journal_waits_for_the_start)
{
    struct world *w = world_open(NULL);
    world_blocks(w, 0, 1, 2);
    struct world_node *node = &w->nodes[0];
    world_kill(w, 0);
    node->sealed = 0;
    world_open_ledger(w, node);
    world_read_epoch(node);
    node->signer = signer_new(&w->seal_keys[0]);
    struct replica_config config = world_config(w, 0);
    cr_assert_eq(replica_new(&node->replica, &config, ledger_head(node->ledger), 0, 0), STATUS_OK);
    for (uint64_t height = 1; height <= node->height; height++)
        replica_known_block(node->replica, &node->headers[height], &node->hashes[height]);
    for (size_t i = 0; i < node->records_count; i++)
        cr_assert_eq(replica_restore(node->replica, node->records[i].kind,
                                     blob_span(node->records[i].payload)),
                     STATUS_OK);
    struct output output;
    cr_assert_not(replica_next(node->replica, &output), "nothing is said before the start");
    node->alive = true;
    cr_assert_eq(replica_start(node->replica, world_moment(w), node->records_count + 1), STATUS_OK);
    world_drain(w, 0);
    cr_assert_eq(node->sealed, 2);
    world_close(w);
}

/* A fold is whole, or its segments' predecessors are still there. */
Test(replica_epoch, a_fold_without_its_end_is_damage)
{
    struct world *w = world_open(&(struct world_options){ .journal_roll_bytes = 1 });
    world_blocks(w, 0, 1, 3);
    struct world_node *node = &w->nodes[0];
    replica_checkpointed(node->replica, world_moment(w), ledger_head(node->ledger)->sequence);
    world_drain(w, 0);
    world_run(w, 5);
    size_t fold = node->first, end = fold;
    cr_assert_gt(fold, 1);
    while (node->records[end - 1].kind != JOURNAL_FOLDED)
        end++;
    world_kill(w, 0);
    size_t all = node->records_count;
    for (size_t count = fold; count <= all; count++) {
        node->records_count = count;
        cr_assert_eq(world_restore(w, 0), STATUS_OK);
        cr_assert_eq(replica_restored(node->replica), count < end ? STATUS_DAMAGED : STATUS_OK);
        replica_free(node->replica);
        signer_free(node->signer);
        node->replica = NULL;
        node->signer = NULL;
    }
    node->records_count = all;
    world_close(w);
}
