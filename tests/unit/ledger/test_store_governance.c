#include "format/proposal.h"
#include "ledger/store.h"

#include "tests/unit/ledger/fixture_rows.h"

static struct fixture f;
static struct store *store;

static void setup(void)
{
    store = fixture_rows_start(&f);
}

static void teardown(void)
{
    fixture_rows_stop(&f);
}

TestSuite(store_governance, .init = setup, .fini = teardown);

/* Writes a record and reads it back: the same bytes. */
static void there_and_back(struct span key, struct span bytes)
{
    struct writer back;
    writer_init(&back, GOVERNANCE_BYTES_MAX);
    store_write_governance(store, key, bytes);
    cr_assert(store_read_governance(store, key, &back));
    cr_assert(span_equal(writer_span(&back), bytes));
    cr_assert_eq(store_status(store), STATUS_OK);
    writer_free(&back);
}

Test(store_governance, parameters_with_fractions_beyond_63_bits_and_of_the_engine)
{
    static const uint8_t key = GOVERNANCE_PARAMS;
    struct params params = f.genesis->params, back;
    struct writer w;
    params.values[PARAM_gov_critical] = PARAM_FRACTION(4000000000u, 4000000001u);
    params.version = 7;
    writer_init(&w, PARAMS_BYTES_MAX);
    params_encode(&params, &w);
    there_and_back(span_of(&key, 1), writer_span(&w));
    writer_free(&w);
    cr_assert(store_read_params(store, &back));
    cr_assert_eq(back.values[PARAM_gov_critical], params.values[PARAM_gov_critical]);
    struct digest a = params_hash(&params), b = params_hash(&back);
    cr_assert(digest_equal(&a, &b));
}

Test(store_governance, members_replace_those_before_and_come_in_the_order_of_their_accounts)
{
    static const uint8_t key = GOVERNANCE_MEMBERS;
    struct member written[20] = { 0 };
    struct writer w;
    uint16_t count = 0;
    for (uint64_t i = 0; i < 20; i++) {
        written[i].account = sample_id("member", i);
        for (uint64_t j = i; j > 0; j--) {
            if (id_compare(&written[j - 1].account, &written[j].account) < 0) break;
            struct member swap = written[j];
            written[j] = written[j - 1];
            written[j - 1] = swap;
        }
    }
    for (unsigned i = 0; i < 20; i++)
        (void)snprintf(written[i].name, sizeof written[i].name, "Member %u", i);
    writer_init(&w, GOVERNANCE_BYTES_MAX);
    members_encode(written, 20, &w);
    there_and_back(span_of(&key, 1), writer_span(&w));
    writer_free(&w);
    struct member *members = store_read_members(store, &count);
    cr_assert_eq(count, 20);
    for (uint16_t i = 1; i < count; i++)
        cr_assert_lt(id_compare(&members[i - 1].account, &members[i].account), 0);
    free(members);
}

Test(store_governance, a_validator_is_added_and_changed)
{
    struct sample_key seal = sample_key(300), node = sample_key(301), other = sample_key(302);
    struct validator validator = { sample_id("validator", 9), f.cast[BANK], seal.public_key };
    uint8_t key[GOVERNANCE_KEY_MAX];
    struct span k = span_of(key, governance_key_validator(&validator.id, key));
    size_t count = 0;
    for (unsigned status = VALIDATOR_LEARNER; status <= VALIDATOR_REMOVED; status++) {
        struct writer w;
        writer_init(&w, 1024);
        validator_record_encode(&validator, &node.public_key, (uint8_t)status, "host:1", &w);
        there_and_back(k, writer_span(&w));
        writer_free(&w);
        validator.seal_key = other.public_key;
    }
    free(store_read_validator_ids(store, &count));
    cr_assert_eq(count, 5);
    k = span_of(key, governance_key_validator(&f.cast[BANK], key));
    cr_assert_not(store_read_governance(store, k, &(struct writer){ 0 }));
}

static void write_proposal(uint64_t number, uint8_t status)
{
    static struct proposal_record record;
    uint8_t key[GOVERNANCE_KEY_MAX];
    struct writer w;
    record = (struct proposal_record){ .proposer = f.cast[BANK],
                                       .class = CLASS_ROUTINE,
                                       .status = status,
                                       .params_version = 1,
                                       .deadline_ms = 5,
                                       .action_count = 1 };
    record.actions[0] = (struct action){ .kind = ACTION_PARAMS_SET };
    record.ballot_count = 1;
    record.ballots[0] = (struct ballot){ f.cast[BANK], VOTE_YES };
    writer_init(&w, GOVERNANCE_BYTES_MAX);
    proposal_record_write(&w, &record);
    there_and_back(span_of(key, governance_key_proposal(number, key)), writer_span(&w));
    writer_free(&w);
}

Test(store_governance, the_next_number_follows_the_proposals_and_only_open_ones_and_passed_wait)
{
    static const uint8_t key = GOVERNANCE_NEXT_PROPOSAL;
    size_t count = 0;
    struct writer w;
    for (uint64_t number = 1; number <= 6; number++)
        write_proposal(number, (uint8_t)number);
    write_proposal(6, PROPOSAL_OPEN);
    writer_init(&w, 8);
    cr_assert(store_read_governance(store, span_of(&key, 1), &w));
    cr_assert_eq(load_u64(writer_span(&w).data), 7);
    writer_free(&w);
    uint64_t *numbers = store_read_live_proposals(store, &count);
    cr_assert_eq(count, 3);
    cr_assert_eq(numbers[0], 1);
    cr_assert_eq(numbers[1], 2);
    cr_assert_eq(numbers[2], 6);
    free(numbers);
}

Test(store_governance, a_ballot_is_replaced)
{
    store_write_ballot(store, 3, &f.cast[BANK], VOTE_YES, 77);
    store_write_ballot(store, 3, &f.cast[BANK], VOTE_NO, 99);
    cr_assert_eq(fixture_number(&f, "SELECT count(*) FROM ballot"), 1);
    cr_assert_eq(fixture_number(&f, "SELECT vote * 1000 + position FROM ballot"), 2099);
}

Test(store_governance, a_name_that_is_too_long_is_damage)
{
    uint16_t count = 0;
    char sql[200], name[MEMBER_NAME_MAX + 2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    (void)snprintf(sql, sizeof sql, "UPDATE member SET name = '%s'", name);
    cr_assert_eq(sqlite3_exec(store->db, sql, NULL, NULL, NULL), SQLITE_OK);
    free(store_read_members(store, &count));
    cr_assert_eq(store_status(store), STATUS_DAMAGED);
}
