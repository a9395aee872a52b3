/* Several epochs: what ends one, what stands in the next, and that every way to a block leads to
 * the same one. */
#include "tests/unit/ledger/fixture_rows.h"
#include "tests/unit/ledger/governance_story.h"

static struct epoch_story s;
static struct fixture *f;

static void setup(void)
{
    epoch_story_open(&s);
    f = &s.f;
}

static void teardown(void)
{
    epoch_story_close(&s);
}

TestSuite(ledger_epoch, .init = setup, .fini = teardown);

static struct header header_at(uint64_t height)
{
    struct header header;
    struct digest hash;
    cr_assert(store_read_block(f->ledger->store, height, &header, &hash));
    return header;
}

Test(ledger_epoch, headers_tell_the_boundaries)
{
    static const uint64_t epochs[EPOCH_HEIGHT + 1] = { 0, 0, 0, 0, 1, 1, 1, 2, 3 };
    static const uint64_t sequences[EPOCH_HEIGHT + 1] = { 0, 1, 2, 3, 1, 2, 3, 1, 1 };
    static const bool ends[EPOCH_HEIGHT + 1] = { [3] = true, [6] = true, [7] = true };
    static const uint32_t entries[EPOCH_HEIGHT + 1] = { 0, 1, 3, 2, 1, 3, 1, 2, 1 };
    for (uint64_t height = 0; height <= EPOCH_HEIGHT; height++) {
        struct header header = header_at(height);
        cr_assert_eq(header.epoch, epochs[height], "block %d", (int)height);
        cr_assert_eq(header.sequence, sequences[height]);
        cr_assert_eq(header.flags, ends[height] ? HEADER_EPOCH_END : 0);
        cr_assert_eq(header.entry_count, entries[height]);
        bool same = digest_equal(&header.validators_hash, &header.next_validators_hash);
        cr_assert_eq(same, !ends[height]);
        if (height == 0) continue;
        struct header previous = header_at(height - 1);
        cr_assert(digest_equal(&header.validators_hash, &previous.next_validators_hash));
    }
    struct header before = header_at(2), after = header_at(3);
    cr_assert_not(digest_equal(&before.params_hash, &after.params_hash));
}

Test(ledger_epoch, epochs_can_be_read)
{
    static const uint64_t first[EPOCH_COUNT] = { 0, 4, 7, 8 };
    static const uint16_t counts[EPOCH_COUNT] = { 4, 5, 5, 4 };
    struct epoch_record *epoch = malloc(sizeof *epoch);
    for (uint64_t number = 0; number < EPOCH_COUNT; number++) {
        cr_assert_eq(ledger_read_epoch(f->ledger, number, epoch), STATUS_OK);
        cr_assert_eq(epoch->number, number);
        cr_assert_eq(epoch->first_height, first[number]);
        cr_assert_eq(epoch->committee.count, counts[number]);
        cr_assert_eq(epoch->params.values[PARAM_max_idle_ms], number == 0 ? 0 : 5000);
        struct header boundary = header_at(first[number] ? first[number] - 1 : 0);
        struct digest hash = header_hash(&boundary);
        cr_assert(digest_equal(&hash, &epoch->boundary_hash));
        hash = committee_hash(&epoch->committee);
        struct header begin = header_at(first[number]);
        cr_assert(digest_equal(&hash, &begin.validators_hash));
    }
    cr_assert_eq(ledger_read_epoch(f->ledger, EPOCH_COUNT, epoch), STATUS_NOT_FOUND);
    free(epoch);
}

Test(ledger_epoch, the_removed_keep_a_record_and_the_rekeyed_stay)
{
    struct validator_record record;
    struct id one = sample_id("validator", 1), zero = sample_id("validator", 0);
    struct sample_key key = sample_key(60);
    cr_assert(governance_read_validator(f->ledger->state, &one, &record));
    cr_assert_eq(record.status, VALIDATOR_REMOVED);
    cr_assert(governance_read_validator(f->ledger->state, &zero, &record));
    cr_assert_eq(record.status, VALIDATOR_ACTIVE);
    cr_assert(key_equal(&record.seal_key, &key.public_key));
    cr_assert_eq(fixture_number(f, "SELECT count(*) FROM validator WHERE status = 3"), 1);
    cr_assert_eq(ledger_committee(f->ledger)->count, 4);
    /* neither its id nor its keys come back */
    struct action again = add_validator(f, 1);
    cr_assert_eq(propose(f, BANK, &again, 1), RESULT_action_invalid);
    again.validator_add.id = sample_id("validator", 9);
    cr_assert_eq(propose(f, BANK, &again, 1), RESULT_action_invalid);
}

/* ---- batches
 * ------------------------------------------------------------------------------------- */

/* A ledger in memory that has executed the story's batches up to a height. */
static struct ledger *replay_to(const char *path, uint64_t last)
{
    struct ledger *ledger;
    struct problem problem;
    cr_assert_eq(ledger_open(&ledger, f->genesis, path, NULL, &problem), STATUS_OK);
    for (uint64_t height = 1; height <= last; height++) {
        struct execution *made = fixture_execute(f, ledger, writer_span(&s.batches[height]));
        cr_assert_eq(made->kind, EXECUTION_BLOCK);
        cr_assert(digest_equal(&made->hash, &s.hashes[height]), "block %d", (int)height);
        execution_free(made);
    }
    return ledger;
}

Test(ledger_epoch, the_same_batches_give_the_same_blocks)
{
    ledger_close(replay_to(":memory:", EPOCH_HEIGHT));
}

Test(ledger_epoch, batches_behind_the_boundary_are_void)
{
    struct ledger *ledger = replay_to(":memory:", 3);
    struct execution *made;
    struct problem problem;
    cr_assert(ledger_head(ledger)->epoch_ended);
    cr_assert_eq(ledger_head(ledger)->epoch, 1);
    cr_assert_eq(ledger_head(ledger)->sequence, 0);
    for (uint64_t sequence = 4; sequence < 7; sequence++) {
        cr_assert_eq(
            ledger_execute(ledger, 0, sequence, writer_span(&s.batches[4]), &made, &problem),
            STATUS_OK);
        cr_assert_eq(made->kind, EXECUTION_VOID);
        execution_free(made);
    }
    cr_assert_eq(ledger_execute(ledger, 0, 3, writer_span(&s.batches[4]), &made, &problem),
                 STATUS_OK);
    cr_assert_eq(made->kind, EXECUTION_PAST);
    execution_free(made);
    cr_assert_eq(ledger_head(ledger)->header.height, 3);
    cr_assert_eq(ledger_execute(ledger, 1, 1, writer_span(&s.batches[4]), &made, &problem),
                 STATUS_OK);
    cr_assert_eq(made->kind, EXECUTION_BLOCK);
    cr_assert(digest_equal(&made->hash, &s.hashes[4]));
    execution_free(made);
    cr_assert_not(ledger_head(ledger)->epoch_ended);
    ledger_close(ledger);
}

Test(ledger_epoch, of_two_that_end_the_epoch_the_second_waits_for_the_next_block)
{
    struct ledger *ledger = replay_to(":memory:", 5);
    cr_assert_leq(ledger_next_due_ms(ledger), header_at(6).time_ms);
    struct execution *made = fixture_execute(f, ledger, writer_span(&s.batches[6]));
    cr_assert_eq(made->entry_count, 1);
    cr_assert_leq(made->next_due_ms, made->header.time_ms); /* 3 is due already */
    execution_free(made);
    made = fixture_execute(f, ledger, writer_span(&s.batches[7]));
    cr_assert_eq(made->entry_count, 2);
    cr_assert_eq(made->entries[0].kind, ENTRY_ENACTMENT);
    cr_assert_eq(made->next_due_ms, UINT64_MAX);
    execution_free(made);
    ledger_close(ledger);
}

/* ---- reopening
 * ----------------------------------------------------------------------------------- */

Test(ledger_epoch, a_ledger_that_is_reopened_after_every_block_goes_on)
{
    char path[64];
    fixture_path(path);
    for (uint64_t height = 1; height <= EPOCH_HEIGHT; height++) {
        struct ledger *ledger;
        struct problem problem;
        cr_assert_eq(ledger_open(&ledger, f->genesis, path, NULL, &problem), STATUS_OK, "%s",
                     problem.text);
        struct execution *made = fixture_execute(f, ledger, writer_span(&s.batches[height]));
        cr_assert_eq(made->kind, EXECUTION_BLOCK);
        cr_assert(digest_equal(&made->hash, &s.hashes[height]), "block %d", (int)height);
        struct ledger_head head = *ledger_head(ledger);
        uint64_t due_ms = made->next_due_ms;
        execution_free(made);
        ledger_close(ledger);
        cr_assert_eq(ledger_open(&ledger, f->genesis, path, NULL, &problem), STATUS_OK, "%s",
                     problem.text);
        cr_assert_eq(ledger_head(ledger)->epoch, head.epoch);
        cr_assert_eq(ledger_head(ledger)->sequence, head.sequence);
        cr_assert_eq(ledger_head(ledger)->epoch_ended, head.epoch_ended);
        cr_assert_eq(ledger_next_due_ms(ledger), due_ms, "block %d", (int)height);
        uint64_t durable;
        cr_assert_eq(ledger_checkpoint(ledger, &durable, &problem), STATUS_OK);
        ledger_close(ledger);
    }
    fixture_remove(path);
}

Test(ledger_epoch, empty_batches_of_a_new_epoch_count_across_a_checkpoint)
{
    char path[64];
    uint64_t durable;
    struct problem problem;
    fixture_path(path);
    struct ledger *ledger = replay_to(path, 3);
    cr_assert_eq(ledger_skip(ledger, 1, 1), STATUS_OK);
    cr_assert_eq(ledger_checkpoint(ledger, &durable, &problem), STATUS_OK);
    ledger_close(ledger);
    cr_assert_eq(ledger_open(&ledger, f->genesis, path, NULL, &problem), STATUS_OK);
    cr_assert_eq(ledger_head(ledger)->epoch, 1);
    cr_assert_eq(ledger_head(ledger)->sequence, 1);
    ledger_close(ledger);
    fixture_remove(path);
}

Test(ledger_epoch, rows_that_do_not_fit_the_headers_are_damage)
{
    static const char *const edits[] = {
        "UPDATE epoch SET validators = x'00' WHERE number = 3",
        "UPDATE epoch SET validators = (SELECT validators FROM epoch) WHERE number = 3",
        "DELETE FROM epoch WHERE number = 3",
        "UPDATE param SET value = 6000 WHERE name = 'max_idle_ms'",
        "UPDATE member SET name = 'Bonk' WHERE name = 'Bank'",
    };
    for (unsigned i = 0; i < sizeof edits / sizeof *edits; i++) {
        char path[64];
        struct problem problem;
        fixture_path(path);
        struct ledger *ledger = replay_to(path, EPOCH_HEIGHT);
        cr_assert_eq(sqlite3_exec(ledger->store->db, edits[i], NULL, NULL, NULL), SQLITE_OK);
        ledger_close(ledger);
        cr_assert_eq(ledger_open(&ledger, f->genesis, path, NULL, &problem), STATUS_DAMAGED, "%s",
                     edits[i]);
        fixture_remove(path);
    }
}

/* ---- blocks from a peer
 * ---------------------------------------------------------------------------- */

static enum status follow(struct ledger *ledger, struct span block, struct problem *problem)
{
    struct execution *made = NULL;
    enum status status = ledger_execute_block(ledger, block, &made, problem);
    execution_free(made);
    return status;
}

Test(ledger_epoch, blocks_are_followed_over_all_epochs)
{
    struct ledger *ledger;
    struct problem problem;
    cr_assert_eq(ledger_open(&ledger, f->genesis, ":memory:", NULL, &problem), STATUS_OK);
    for (uint64_t height = 1; height <= EPOCH_HEIGHT; height++) {
        struct header header = header_at(height);
        struct digest set = committee_hash(ledger_committee(ledger));
        cr_assert(digest_equal(&set, &header.validators_hash)); /* what the seal is checked with */
        struct seal *seal = epoch_sign(f, &header, &s.hashes[height], 0);
        cr_assert_eq(seal_check(seal, &header, ledger_committee(ledger), NULL, NULL), STATUS_OK);
        cr_assert_eq(follow(ledger, writer_span(&s.blocks[height]), &problem), STATUS_OK, "%s",
                     problem.text);
        cr_assert_eq(ledger_store_seal(ledger, seal, &problem), STATUS_OK);
        cr_assert_eq(ledger_sealed_height(ledger), height);
        free(seal);
    }
    cr_assert(digest_equal(&ledger_head(ledger)->hash, &s.hashes[EPOCH_HEIGHT]));
    ledger_close(ledger);
}

Test(ledger_epoch, each_epoch_has_its_own_quorum)
{
    struct header header = header_at(EPOCH_HEIGHT);
    cr_assert_eq(ledger_sealed_height(f->ledger), EPOCH_HEIGHT - 1);
    struct seal *seal = epoch_sign(f, &header, &s.hashes[EPOCH_HEIGHT], 2);
    cr_assert_eq(ledger_store_seal(f->ledger, seal, &f->problem), STATUS_OK);
    cr_assert_eq(ledger_sealed_height(f->ledger), EPOCH_HEIGHT - 1);
    seal->signatures[0].validator = 4; /* there was one of this index in epoch 1 */
    cr_assert_eq(ledger_store_seal(f->ledger, seal, &f->problem), STATUS_NOT_MEMBER);
    free(seal);
    seal = epoch_sign(f, &header, &s.hashes[EPOCH_HEIGHT], 3);
    cr_assert_eq(ledger_store_seal(f->ledger, seal, &f->problem), STATUS_OK);
    cr_assert_eq(ledger_sealed_height(f->ledger), EPOCH_HEIGHT);
    free(seal);
    ledger_close(f->ledger);
    fixture_open(f, s.path);
    cr_assert_eq(ledger_sealed_height(f->ledger), EPOCH_HEIGHT);
}

/* A sealed header that execution does not give: nothing remains of the attempt, in rows or memory.
 */
Test(ledger_epoch, a_boundary_that_diverges_leaves_everything_as_it_was)
{
    static const uint64_t heights[] = { 3, 6, 7 };
    for (unsigned i = 0; i < 3; i++) {
        uint64_t height = heights[i];
        struct ledger *ledger = replay_to(":memory:", height - 1);
        struct problem problem;
        struct writer copy;
        writer_init(&copy, 1 << 20);
        write_bytes(&copy, writer_span(&s.blocks[height]));
        copy.buffer.data[256] ^= 1; /* next_validators_hash */
        struct digest params = params_hash(ledger_params(ledger));
        uint16_t count = ledger_committee(ledger)->count;
        uint64_t due_ms = ledger_next_due_ms(ledger);
        cr_assert_eq(follow(ledger, writer_span(&copy), &problem), STATUS_DIVERGED);
        struct digest after = params_hash(ledger_params(ledger));
        cr_assert(digest_equal(&params, &after));
        cr_assert_eq(ledger_committee(ledger)->count, count);
        cr_assert_eq(ledger_next_due_ms(ledger), due_ms);
        cr_assert_eq(ledger_head(ledger)->header.height, height - 1);
        for (uint64_t next = height; next <= EPOCH_HEIGHT; next++)
            cr_assert_eq(follow(ledger, writer_span(&s.blocks[next]), &problem), STATUS_OK, "%s",
                         problem.text);
        writer_free(&copy);
        ledger_close(ledger);
    }
}

/* A block of the next epoch before its boundary, or of the old one behind it. */
Test(ledger_epoch, a_block_of_another_epoch_diverges)
{
    struct ledger *ledger = replay_to(":memory:", 3);
    struct problem problem;
    struct writer copy;
    writer_init(&copy, 1 << 20);
    write_bytes(&copy, writer_span(&s.blocks[4]));
    copy.buffer.data[40] = 0; /* epoch */
    cr_assert_eq(follow(ledger, writer_span(&copy), &problem), STATUS_DIVERGED);
    copy.buffer.data[40] = 2;
    cr_assert_eq(follow(ledger, writer_span(&copy), &problem), STATUS_DIVERGED);
    cr_assert_eq(follow(ledger, writer_span(&s.blocks[4]), &problem), STATUS_OK);
    writer_free(&copy);
    ledger_close(ledger);
}
