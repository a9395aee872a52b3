#include "format/effect_list.h"
#include "tests/unit/ledger/reader_story.h"

TestSuite(reader_entry, .init = open_story, .fini = close_story);

struct entries {
    uint64_t positions[32];
    uint16_t codes[32];
    unsigned count;
};

static bool keep_entry(void *context, const struct entry_row *entry)
{
    struct entries *entries = context;
    entries->positions[entries->count] = entry->position;
    entries->codes[entries->count++] = entry->code;
    return true;
}

struct one_entry {
    bool found;
    struct entry_row row;
    uint8_t data[1024];
    struct digest effects_hash;
    uint8_t observed;
    int64_t value;
    bool has_observed;
};

static bool keep_one(void *context, const struct entry_row *entry)
{
    struct one_entry *one = context;
    one->found = true;
    one->row = *entry;
    cr_assert_leq(entry->data.size, sizeof one->data);
    memcpy(one->data, entry->data.data, entry->data.size);
    one->row.data.data = one->data;
    one->effects_hash = digest_of(TAG_EFFECTS, entry->effects);
    one->has_observed = effects_observed(entry->effects, &one->observed, &one->value);
    return true;
}

Test(reader_entry, an_entry_gives_its_leaf)
{
    struct transaction *tx = malloc(sizeof *tx);
    for (unsigned i = 0; i < story.id_count; i++) {
        struct one_entry one = { .found = false };
        cr_assert_eq(ledger_read_entry(reader, &story.ids[i], keep_one, &one), STATUS_OK);
        cr_assert(one.found);
        cr_assert_eq(transaction_decode(one.row.data, tx, NULL), STATUS_OK);
        cr_assert(digest_equal(&tx->txid, &story.ids[i]));
        cr_assert(one.row.has_source && id_equal(&one.row.source, &tx->source));
        cr_assert(id_equal(&one.row.client_ref, &tx->client_ref));
        struct entry_record record = { .kind = one.row.kind,
                                       .id = one.row.id,
                                       .signed_hash = tx->signed_hash,
                                       .code = one.row.code,
                                       .at = one.row.at,
                                       .effects_hash = one.effects_hash };
        struct digest leaf = entry_record_hash(&record);
        cr_assert(digest_equal(&leaf, &one.row.leaf));
    }
    free(tx);
}

Test(reader_entry, a_failed_entry_says_what_it_saw)
{
    struct one_entry one = { .found = false };
    uint64_t position = 0;
    uint16_t code = 0;
    uint8_t at = 99;
    cr_assert_eq(ledger_read_entry_at(reader, position_of(1, 1, 0), keep_one, &one), STATUS_OK);
    cr_assert(digest_equal(&one.row.id, &story.ids[1]));
    cr_assert_eq(one.row.code, RESULT_insufficient_funds);
    cr_assert(one.has_observed);
    cr_assert_str_eq(observed_word(one.observed), "available");
    cr_assert_eq(one.value, 1500);
    cr_assert_eq(ledger_read_entry_place(reader, &story.ids[1], &position, &code, &at), STATUS_OK);
    cr_assert_eq(position, position_of(1, 1, 0));
    cr_assert_eq(code, RESULT_insufficient_funds);
    cr_assert_eq(at, 0);
    struct digest unknown = sample_digest("nothing", 0);
    cr_assert_eq(ledger_read_entry_place(reader, &unknown, &position, &code, &at),
                 STATUS_NOT_FOUND);
    cr_assert_eq(ledger_read_entry(reader, &unknown, keep_one, &one), STATUS_NOT_FOUND);
    cr_assert_eq(ledger_read_entry_at(reader, position_of(4, 0, 0), keep_one, &one),
                 STATUS_NOT_FOUND);
}

Test(reader_entry, entries_of_a_block_in_order)
{
    struct entries entries = { .count = 0 };
    cr_assert_eq(ledger_read_entries(reader, 5, keep_entry, &entries), STATUS_OK);
    cr_assert_eq(entries.count, 3);
    for (unsigned i = 0; i < 3; i++)
        cr_assert_eq(entries.positions[i], position_of(5, i, 0));
    entries.count = 0;
    cr_assert_eq(ledger_read_entries(reader, 4, keep_entry, &entries), STATUS_OK);
    cr_assert_eq(entries.count, 0);
}

static unsigned filtered(const struct entry_filter *filter, struct entries *entries)
{
    entries->count = 0;
    cr_assert_eq(ledger_read_filtered(reader, filter, keep_entry, entries), STATUS_OK, "%s",
                 ledger_reader_error(reader));
    return entries->count;
}

static struct entry_filter everything(void)
{
    return (struct entry_filter){ .last = position_last(STORY_HEIGHT), .limit = 100 };
}

Test(reader_entry, without_a_filter_everything_comes)
{
    struct entries entries;
    struct entry_filter filter = everything();
    cr_assert_eq(filtered(&filter, &entries), story.id_count);
    for (unsigned i = 1; i < entries.count; i++)
        cr_assert_lt(entries.positions[i - 1], entries.positions[i]);
    filter.descending = true;
    filter.limit = 2;
    cr_assert_eq(filtered(&filter, &entries), 2);
    cr_assert_eq(entries.positions[0], position_of(7, 0, 0));
    filter.last = entries.positions[1] - 1;
    cr_assert_eq(filtered(&filter, &entries), 2);
    cr_assert_eq(entries.positions[0], position_of(5, 2, 0), "the next page goes on");
}

Test(reader_entry, by_account_source_reference_and_result)
{
    struct entries entries;
    struct entry_filter filter = everything();
    filter.account = &story.f.cast[ALICE];
    cr_assert_eq(filtered(&filter, &entries), 3);
    filter.account = &story.f.cast[DAVE];
    cr_assert_eq(filtered(&filter, &entries), 1, "a failed payment touches only who made it");
    filter = everything();
    filter.source = &story.f.cast[BOB];
    cr_assert_eq(filtered(&filter, &entries), 2, "not those that only touched it");
    filter.outcome = OUTCOME_FAILED;
    cr_assert_eq(filtered(&filter, &entries), 1);
    cr_assert_eq(entries.positions[0], position_of(1, 1, 0));
    filter.outcome = OUTCOME_OK;
    cr_assert_eq(filtered(&filter, &entries), 1);
    filter = everything();
    struct id reference = sample_id("reference", 1);
    filter.source = &story.f.cast[BOB];
    filter.client_ref = &reference;
    cr_assert_eq(filtered(&filter, &entries), 1);
    filter.account = &story.f.cast[CAROL];
    cr_assert_eq(filtered(&filter, &entries), 0, "both must hold");
    filter.account = &story.f.cast[BOB];
    cr_assert_eq(filtered(&filter, &entries), 1);
    filter.source = &story.f.cast[ALICE];
    cr_assert_eq(filtered(&filter, &entries), 0);
}

Test(reader_entry, by_operation_an_entry_comes_once)
{
    struct entries entries;
    struct entry_filter filter = everything();
    filter.operation = OP_TRANSFER;
    cr_assert_eq(filtered(&filter, &entries), 5);
    cr_assert_eq(entries.positions[2], position_of(3, 0, 0), "two transfers, one entry");
    filter.operation = OP_KV_PUT;
    filter.descending = true;
    cr_assert_eq(filtered(&filter, &entries), 2);
    cr_assert_eq(entries.positions[0], position_of(5, 1, 0));
    filter.limit = 1;
    filter.last = position_of(5, 1, 0) - 1;
    cr_assert_eq(filtered(&filter, &entries), 1);
    cr_assert_eq(entries.positions[0], position_of(2, 0, 0));
    filter = everything();
    filter.operation = OP_KV_DELETE;
    filter.account = &story.f.cast[BANK];
    cr_assert_eq(filtered(&filter, &entries), 1);
    filter.account = &story.f.cast[ALICE];
    cr_assert_eq(filtered(&filter, &entries), 0);
}

Test(reader_entry, by_account_and_asset_only_its_movements)
{
    struct entries entries;
    struct entry_filter filter = everything();
    filter.account = &story.f.cast[BOB];
    filter.asset = &story.f.eur;
    cr_assert_eq(filtered(&filter, &entries), 4, "1.0, 3.0, 5.0, 7.0; not the failed 1.1");
    cr_assert_eq(entries.positions[0], position_of(1, 0, 0));
    cr_assert_eq(entries.positions[3], position_of(7, 0, 0));
    filter.descending = true;
    filter.last = position_of(5, 0, 0) - 1;
    cr_assert_eq(filtered(&filter, &entries), 2);
    cr_assert_eq(entries.positions[0], position_of(3, 0, 0));
    filter.first = position_of(2, 0, 0);
    cr_assert_eq(filtered(&filter, &entries), 1);
    struct id unknown = sample_id("no asset", 0);
    filter.asset = &unknown;
    cr_assert_eq(filtered(&filter, &entries), 0);
}
