/* From batches to blocks: what makes one, what its header says, and what another one's must. */
#include "ledger/ledger.h"

#include "tests/unit/ledger/fixture_rows.h"

static struct fixture f;

static void setup(void)
{
    fixture_start(&f);
}

static void teardown(void)
{
    fixture_stop(&f);
}

TestSuite(ledger_block, .init = setup, .fini = teardown);

static void pay(uint64_t amount)
{
    fixture_tx(&f, ALICE);
    add_transfer(&f, ALICE, BOB, amount);
    fixture_add(&f, SIGNED_ALICE);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

Test(ledger_block, a_header_commits_to_its_block)
{
    struct header parent = ledger_head(f.ledger)->header;
    struct digest parent_hash = ledger_head(f.ledger)->hash;
    pay(1);
    pay(99999);
    fixture_run(&f);
    const struct header *h = &f.last->header;
    cr_assert_eq(f.last->kind, EXECUTION_BLOCK);
    cr_assert_eq(h->height, 1);
    cr_assert_eq(h->sequence, 1);
    cr_assert_eq(h->flags, 0);
    cr_assert_eq(h->entry_count, 2);
    cr_assert_eq(h->time_ms, FIXTURE_TIME + 1000);
    cr_assert(id_equal(&h->proposer, &f.genesis->committee.validators[0].id));
    cr_assert(digest_equal(&h->parent_hash, &parent_hash));
    struct digest history = merkle_root(&parent_hash, 1);
    cr_assert(digest_equal(&h->history_root, &history));
    struct digest root = state_tree_root(f.ledger->tree);
    cr_assert(digest_equal(&h->state_root, &root));
    struct digest tx_root = merkle_root(f.ledger->leaves, 2);
    cr_assert(digest_equal(&h->tx_root, &tx_root));
    cr_assert(digest_equal(&h->validators_hash, &parent.validators_hash));
    cr_assert(digest_equal(&h->next_validators_hash, &parent.validators_hash));
    cr_assert(digest_equal(&h->members_hash, &parent.members_hash));
    cr_assert(digest_equal(&h->params_hash, &parent.params_hash));
    struct digest hash = header_hash(h);
    cr_assert(digest_equal(&f.last->hash, &hash));
    cr_assert(digest_equal(&ledger_head(f.ledger)->hash, &hash));
    cr_assert_eq(f.last->entries[1].code, RESULT_insufficient_funds);
}

Test(ledger_block, complete_nodes_of_the_history_are_kept)
{
    struct digest hashes[8], stored;
    hashes[0] = ledger_head(f.ledger)->hash;
    for (unsigned i = 1; i < 8; i++) {
        pay(1);
        fixture_run(&f);
        hashes[i] = f.last->hash;
    }
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM history"), 4 + 2 + 1);
    struct digest root = merkle_root(hashes, 8);
    cr_assert(store_read_history(f.ledger->store, 3, 0, &stored));
    cr_assert(digest_equal(&root, &stored));
    root = merkle_root(hashes + 4, 2);
    cr_assert(store_read_history(f.ledger->store, 1, 2, &stored));
    cr_assert(digest_equal(&root, &stored));
    root = merkle_root(hashes, 7);
    cr_assert(digest_equal(&ledger_head(f.ledger)->header.history_root, &root));
}

/* ---- no block -------------------------------------------------------------------------------- */

Test(ledger_block, a_batch_without_transactions_writes_nothing)
{
    int64_t changes = sqlite3_total_changes(f.ledger->store->db);
    struct digest before = ledger_head(f.ledger)->hash;
    for (unsigned i = 1; i <= 3; i++) {
        fixture_run(&f);
        cr_assert_eq(f.last->kind, EXECUTION_EMPTY);
        cr_assert_eq(f.last->sequence, i);
        cr_assert_eq(ledger_head(f.ledger)->sequence, i);
    }
    cr_assert(digest_equal(&ledger_head(f.ledger)->hash, &before));
    cr_assert_eq(sqlite3_total_changes(f.ledger->store->db), changes);
    pay(1);
    fixture_run(&f);
    cr_assert_eq(f.last->header.height, 1);
    cr_assert_eq(f.last->header.sequence, 4, "empty batches count");
}

Test(ledger_block, a_batch_of_which_all_is_skipped_writes_nothing)
{
    pay(1);
    f.time_ms += 10 * FIXTURE_TERM;
    fixture_run(&f);
    cr_assert_eq(f.last->kind, EXECUTION_EMPTY);
    cr_assert_eq(f.last->skipped_count, 1);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM entry"), 0);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM recent"), 0);
}

Test(ledger_block, bytes_that_do_not_decode_are_an_empty_batch)
{
    static const char *const texts[] = { "", "x", "this is no batch of anything at all, really" };
    for (size_t i = 0; i < 3; i++) {
        struct execution *execution = fixture_execute(&f, f.ledger, span_text(texts[i]));
        cr_assert_eq(execution->kind, EXECUTION_EMPTY);
        execution_free(execution);
    }
    cr_assert_eq(ledger_head(f.ledger)->sequence, 3);
    pay(1);
    fixture_batch(&f);
    struct span cut = writer_span(&f.last_batch);
    cut.size--;
    struct execution *execution = fixture_execute(&f, f.ledger, cut);
    cr_assert_eq(execution->kind, EXECUTION_EMPTY);
    cr_assert_eq(execution->skipped_count, 0);
    execution_free(execution);
}

Test(ledger_block, what_was_executed_is_past_and_a_gap_is_the_callers_mistake)
{
    struct execution *execution;
    pay(1);
    fixture_run(&f);
    cr_assert_eq(ledger_execute(f.ledger, 0, 1, writer_span(&f.last_batch), &execution, &f.problem),
                 STATUS_OK);
    cr_assert_eq(execution->kind, EXECUTION_PAST);
    execution_free(execution);
    cr_assert_eq(ledger_execute(f.ledger, 0, 3, writer_span(&f.last_batch), &execution, &f.problem),
                 STATUS_INVALID);
    cr_assert_null(execution);
    cr_assert_eq(ledger_execute(f.ledger, 1, 1, writer_span(&f.last_batch), &execution, &f.problem),
                 STATUS_INVALID);
    cr_assert_eq(ledger_skip(f.ledger, 0, 1), STATUS_OK);
    cr_assert_eq(ledger_head(f.ledger)->sequence, 1);
    cr_assert_eq(ledger_skip(f.ledger, 0, 3), STATUS_INVALID);
    cr_assert_eq(ledger_skip(f.ledger, 0, 2), STATUS_OK);
    cr_assert_eq(ledger_head(f.ledger)->sequence, 2);
}

Test(ledger_block, behind_the_end_of_its_epoch_a_batch_is_void)
{
    struct execution *execution;
    pay(1);
    fixture_run(&f);
    /* As a boundary would leave it; nothing ends an epoch in this version. */
    struct header header = f.last->header;
    header.flags |= HEADER_EPOCH_END;
    ledger_set_head(f.ledger, &header, &f.last->hash);
    cr_assert(ledger_head(f.ledger)->epoch_ended);
    cr_assert_eq(ledger_head(f.ledger)->epoch, 1);
    cr_assert_eq(ledger_head(f.ledger)->sequence, 0);
    cr_assert_eq(ledger_execute(f.ledger, 0, 2, writer_span(&f.last_batch), &execution, &f.problem),
                 STATUS_OK);
    cr_assert_eq(execution->kind, EXECUTION_VOID);
    execution_free(execution);
    cr_assert_eq(ledger_execute(f.ledger, 0, 1, writer_span(&f.last_batch), &execution, &f.problem),
                 STATUS_OK);
    cr_assert_eq(execution->kind, EXECUTION_PAST);
    execution_free(execution);
    cr_assert_eq(ledger_skip(f.ledger, 0, 2), STATUS_OK);
    cr_assert_eq(ledger_head(f.ledger)->sequence, 0);
    pay(2);
    fixture_run(&f);
    cr_assert_eq(f.last->header.epoch, 1);
    cr_assert_eq(f.last->header.sequence, 1);
}

/* ---- time and ticks -------------------------------------------------------------------------- */

Test(ledger_block, time_strictly_increases_whatever_a_proposer_wrote)
{
    pay(1);
    fixture_run(&f);
    uint64_t t = f.last->header.time_ms;
    f.time_ms = t;
    pay(1);
    fixture_run(&f);
    cr_assert_eq(f.last->header.time_ms, t + 1);
    pay(1);
    f.time_ms = 0;
    fixture_run(&f);
    cr_assert_eq(f.last->header.time_ms, t + 2);
    f.time_ms = t + 5000;
    pay(1);
    fixture_run(&f);
    cr_assert_eq(f.last->header.time_ms, t + 5000);
}

Test(ledger_block, a_tick_is_made_when_wanted_and_the_gap_has_passed)
{
    uint64_t t = ledger_head(f.ledger)->header.time_ms;
    f.time_ms = t + 999;
    f.tick = true;
    fixture_run(&f);
    cr_assert_eq(f.last->kind, EXECUTION_EMPTY);
    f.time_ms = t + 1000;
    f.tick = true;
    fixture_run(&f);
    cr_assert_eq(f.last->kind, EXECUTION_BLOCK);
    cr_assert_eq(f.last->header.flags, HEADER_TICK);
    cr_assert_eq(f.last->header.entry_count, 0);
    cr_assert_eq(f.last->entry_count, 0);
    f.time_ms = t + 2000;
    f.tick = true;
    pay(1);
    fixture_run(&f);
    cr_assert_eq(f.last->header.flags, 0, "with a transaction it is no tick");
}

Test(ledger_block, an_idle_chain_ticks_by_itself_only_if_max_idle_says_so)
{
    struct fixture other;
    fixture_prepare(&other);
    other.genesis->params.values[PARAM_max_idle_ms] = 5000;
    fixture_open(&other, NULL);
    other.time_ms = FIXTURE_TIME + 4999;
    fixture_run(&other);
    cr_assert_eq(other.last->kind, EXECUTION_EMPTY);
    other.time_ms = FIXTURE_TIME + 5000;
    fixture_run(&other);
    cr_assert_eq(other.last->kind, EXECUTION_BLOCK);
    cr_assert_eq(other.last->header.flags, HEADER_TICK);
    fixture_stop(&other);

    f.time_ms = FIXTURE_TIME + 1000000000;
    fixture_run(&f);
    cr_assert_eq(f.last->kind, EXECUTION_EMPTY);
}

/* ---- sealed blocks --------------------------------------------------------------------------- */

Test(ledger_block, a_sealed_block_executes_to_the_same_head)
{
    struct fixture other;
    fixture_start(&other);
    for (unsigned i = 0; i < 6; i++) {
        struct writer block;
        struct execution *execution;
        if (i < 5) pay(i == 3 ? 99999 : 1);
        f.tick = i == 5;
        if (i == 2) fixture_add_bytes(&f, span_text("skipped")); /* is not in the block */
        fixture_run(&f);
        cr_assert_eq(f.last->kind, EXECUTION_BLOCK);
        fixture_block(f.last, &f.last->header, &block);
        cr_assert_eq(
            ledger_execute_block(other.ledger, writer_span(&block), &execution, &f.problem),
            STATUS_OK, "%s", f.problem.text);
        cr_assert_eq(execution->kind, EXECUTION_BLOCK);
        cr_assert(digest_equal(&ledger_head(other.ledger)->hash, &ledger_head(f.ledger)->hash));
        cr_assert_eq(execution->entry_count, f.last->entry_count);
        execution_free(execution);
        writer_free(&block);
        fixture_run(&f); /* an empty batch, which the other never sees */
    }
    cr_assert_eq(ledger_head(other.ledger)->sequence, 11, "of the last block's header");
    fixture_stop(&other);
}

Test(ledger_block, any_other_header_diverges_and_leaves_everything_as_it_was)
{
    static const struct {
        size_t offset;
        const char *field;
    } fields[] = {
        { 3, "flags" },
        { 4, "entry_count" },
        { 8, "chain_id" },
        { 40, "epoch" },
        { 72, "window_horizon_ms" },
        { 96, "parent_hash" },
        { 128, "tx_root" },
        { 160, "state_root" },
        { 192, "history_root" },
        { 224, "validators_hash" },
        { 256, "next_validators_hash" },
        { 288, "members_hash" },
        { 320, "params_hash" },
    };
    struct fixture other;
    struct writer block;
    struct execution *execution;
    fixture_start(&other);
    for (unsigned i = 0; i < 40; i++)
        pay(1);
    fixture_run(&f);
    fixture_block(f.last, &f.last->header, &block);
    struct digest before = ledger_head(other.ledger)->hash;
    struct digest root = state_tree_root(other.ledger->tree);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        block.buffer.data[fields[i].offset] ^= 1;
        cr_assert_eq(
            ledger_execute_block(other.ledger, writer_span(&block), &execution, &f.problem),
            STATUS_DIVERGED, "%s: %s", fields[i].field, f.problem.text);
        cr_assert_null(execution);
        cr_assert_not_null(strstr(f.problem.text, fields[i].field), "%s", f.problem.text);
        cr_assert_not_null(strstr(f.problem.text, "block 1"));
        block.buffer.data[fields[i].offset] ^= 1;
        struct digest now = state_tree_root(other.ledger->tree);
        cr_assert(digest_equal(&now, &root));
        cr_assert(digest_equal(&ledger_head(other.ledger)->hash, &before));
    }
    cr_assert_eq(ledger_execute_block(other.ledger, writer_span(&block), &execution, &f.problem),
                 STATUS_OK, "and the right one still executes: %s", f.problem.text);
    execution_free(execution);
    cr_assert(digest_equal(&ledger_head(other.ledger)->hash, &ledger_head(f.ledger)->hash));
    writer_free(&block);
    fixture_stop(&other);
}

Test(ledger_block, blocks_that_are_not_next_or_whose_transactions_do_not_run)
{
    struct fixture other;
    struct writer block;
    struct execution *execution;
    fixture_start(&other);
    pay(1);
    fixture_run(&f);
    struct header header = f.last->header;
    header.height = 2;
    fixture_block(f.last, &header, &block);
    cr_assert_eq(ledger_execute_block(other.ledger, writer_span(&block), &execution, &f.problem),
                 STATUS_INVALID);
    cr_assert_eq(ledger_execute_block(other.ledger, span_text("x"), &execution, &f.problem),
                 STATUS_MALFORMED);
    writer_free(&block);

    /* A time at which the transaction is expired: it is skipped, and there is no block at all. */
    header = f.last->header;
    header.time_ms += 10 * FIXTURE_TERM;
    fixture_block(f.last, &header, &block);
    cr_assert_eq(ledger_execute_block(other.ledger, writer_span(&block), &execution, &f.problem),
                 STATUS_DIVERGED);
    cr_assert_not_null(strstr(f.problem.text, "no block"));
    writer_free(&block);

    /* A time that does not rise: ours is one more than the parent's. */
    header = f.last->header;
    header.time_ms = FIXTURE_TIME;
    fixture_block(f.last, &header, &block);
    cr_assert_eq(ledger_execute_block(other.ledger, writer_span(&block), &execution, &f.problem),
                 STATUS_DIVERGED);
    cr_assert_not_null(strstr(f.problem.text, "time_ms"), "%s", f.problem.text);
    writer_free(&block);

    /* A sequence that this ledger has passed. */
    cr_assert_eq(ledger_skip(other.ledger, 0, 1), STATUS_OK);
    fixture_block(f.last, &f.last->header, &block);
    cr_assert_eq(ledger_execute_block(other.ledger, writer_span(&block), &execution, &f.problem),
                 STATUS_DIVERGED);
    cr_assert_not_null(strstr(f.problem.text, "sequence"));
    writer_free(&block);
    fixture_stop(&other);
}

Test(ledger_block, signatures_known_to_the_cache_are_not_computed_again)
{
    struct fixture other;
    struct batch batch;
    fixture_prepare(&other);
    other.options.cache = verify_cache_new(1000);
    fixture_open(&other, NULL);
    for (unsigned i = 0; i < 10; i++) {
        fixture_tx(&other, ALICE);
        add_transfer(&other, ALICE, BOB, 1);
        fixture_add(&other, SIGNED_ALICE);
    }
    fixture_batch(&other);
    cr_assert_eq(batch_check(writer_span(&other.last_batch), &other.genesis->chain_id,
                             ledger_params(other.ledger), other.options.cache, &batch, NULL),
                 STATUS_OK);
    cr_assert_eq(verify_cache_counts(other.options.cache).computed, 10);
    execution_free(fixture_execute(&other, other.ledger, writer_span(&other.last_batch)));
    cr_assert_eq(verify_cache_counts(other.options.cache).computed, 10);
    cr_assert_eq(ledger_head(other.ledger)->header.entry_count, 10);
    ledger_close(other.ledger);
    other.ledger = NULL;
    verify_cache_free(other.options.cache);
    fixture_stop(&other);
}
