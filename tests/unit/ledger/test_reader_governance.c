/* What clients and auditors read of governance: rows, pages, views, a preview. */
#include "ledger/reader.h"
#include "tests/unit/ledger/fixture_rows.h"
#include "tests/unit/ledger/governance_story.h"

static struct epoch_story s;
static struct ledger_reader *reader;

static void setup(void)
{
    struct problem problem;
    epoch_story_open(&s);
    cr_assert_eq(ledger_reader_open(&reader, s.path, NULL, &problem), STATUS_OK);
}

static void teardown(void)
{
    ledger_reader_close(reader);
    epoch_story_close(&s);
}

TestSuite(reader_governance, .init = setup, .fini = teardown);

Test(reader_governance, one_proposal)
{
    struct proposal_row *row = malloc(sizeof *row);
    cr_assert_eq(ledger_read_proposal(reader, 1, row), STATUS_OK);
    cr_assert_eq(row->number, 1);
    cr_assert_eq(row->record.status, PROPOSAL_ENACTED);
    cr_assert_eq(row->record.class, CLASS_CRITICAL);
    cr_assert_eq(row->record.action_count, 2);
    cr_assert_eq(row->record.actions[0].kind, ACTION_VALIDATOR_ADD);
    cr_assert_eq(row->record.ballot_count, 3);
    cr_assert(id_equal(&row->record.proposer, &s.f.cast[BANK]));
    cr_assert_eq(ledger_read_proposal(reader, 0, row), STATUS_NOT_FOUND);
    cr_assert_eq(ledger_read_proposal(reader, 4, row), STATUS_NOT_FOUND);
    cr_assert_eq(ledger_read_proposal(reader, UINT64_MAX, row), STATUS_NOT_FOUND);
    free(row);
}

struct numbers {
    uint64_t list[8];
    unsigned count;
};

static bool keep_proposal(void *context, const struct proposal_row *proposal)
{
    struct numbers *numbers = context;
    numbers->list[numbers->count++] = proposal->number;
    return true;
}

static struct numbers page(uint8_t status, uint64_t before, uint32_t limit)
{
    struct numbers numbers = { .count = 0 };
    cr_assert_eq(ledger_read_proposals(reader, status, before, limit, keep_proposal, &numbers),
                 STATUS_OK);
    return numbers;
}

Test(reader_governance, pages_of_proposals_newest_first)
{
    struct action action = set_param(PARAM_max_idle_ms, 7000);
    cr_assert_eq(propose(&s.f, BANK, &action, 1), RESULT_ok);
    struct numbers all = page(0, 0, 10);
    cr_assert_eq(all.count, 4);
    cr_assert_eq(all.list[0], 4);
    struct numbers some = page(0, 4, 2);
    cr_assert_eq(some.count, 2);
    cr_assert_eq(some.list[0], 3);
    cr_assert_eq(some.list[1], 2);
    cr_assert_eq(page(PROPOSAL_OPEN, 0, 10).count, 1);
    cr_assert_eq(page(PROPOSAL_ENACTED, 0, 10).count, 3);
    cr_assert_eq(page(PROPOSAL_ENACTED, 3, 10).count, 2);
    cr_assert_eq(page(PROPOSAL_REJECTED, 0, 10).count, 0);
}

static bool check_ballot(void *context, const struct ballot_row *ballot)
{
    struct numbers *numbers = context;
    cr_assert_eq(ballot->vote, VOTE_YES);
    numbers->list[numbers->count++] = ballot->position;
    return true;
}

Test(reader_governance, ballots_with_their_places)
{
    struct numbers numbers = { .count = 0 };
    cr_assert_eq(ledger_read_ballots(reader, 3, check_ballot, &numbers), STATUS_OK);
    cr_assert_eq(numbers.count, 3);
    uint64_t sum = 0;
    for (unsigned i = 0; i < 3; i++)
        sum += numbers.list[i];
    cr_assert_eq(sum, position_of(5, 0, 1) + position_of(5, 1, 1) + position_of(5, 2, 1));
}

static bool keep_epoch(void *context, const struct epoch_row *epoch)
{
    struct numbers *numbers = context;
    numbers->list[numbers->count++] = epoch->number;
    cr_assert_eq(epoch->params.version, epoch->number == 0 ? 1 : 2);
    return true;
}

Test(reader_governance, pages_of_epochs)
{
    struct numbers numbers = { .count = 0 };
    cr_assert_eq(ledger_read_epochs(reader, 1, 2, keep_epoch, &numbers), STATUS_OK);
    cr_assert_eq(numbers.count, 2);
    cr_assert_eq(numbers.list[0], 1);
    numbers.count = 0;
    cr_assert_eq(ledger_read_epochs(reader, 0, UINT32_MAX, keep_epoch, &numbers), STATUS_OK);
    cr_assert_eq(numbers.count, EPOCH_COUNT);
    static const uint64_t of[EPOCH_HEIGHT + 2] = { 0, 0, 0, 0, 1, 1, 1, 2, 3, 3 };
    struct epoch_row *epoch = malloc(sizeof *epoch);
    for (uint64_t height = 0; height < EPOCH_HEIGHT + 2; height++) {
        cr_assert_eq(ledger_read_epoch_of(reader, height, epoch), STATUS_OK);
        cr_assert_eq(epoch->number, of[height]);
    }
    free(epoch);
}

/* ---- preview
 * --------------------------------------------------------------------------------------- */

static void look(struct preview *preview, const struct action *actions, uint8_t count)
{
    cr_assert_eq(ledger_reader_begin(reader), STATUS_OK);
    cr_assert_eq(ledger_read_preview(reader, actions, count, preview), STATUS_OK);
    ledger_reader_end(reader);
}

Test(reader_governance, a_preview_says_what_an_enactment_would)
{
    struct preview *preview = malloc(sizeof *preview);
    struct action actions[2] = { remove_validator(0), add_validator(&s.f, 5) };
    look(preview, actions, 2);
    cr_assert_eq(preview->code, RESULT_ok);
    cr_assert_eq(preview->class, CLASS_CRITICAL);
    cr_assert(preview->ends_epoch);
    cr_assert_eq(preview->members, 4);
    cr_assert_eq(preview->yes_needed, 3);
    cr_assert_eq(preview->before.count, 4);
    cr_assert_eq(preview->after.count, 4);
    cr_assert_neq(committee_find_id(&preview->after, &actions[1].validator_add.id), VALIDATOR_NONE);
    actions[0] = remove_validator(1); /* removed before */
    look(preview, actions, 2);
    cr_assert_eq(preview->code, RESULT_action_invalid);
    cr_assert_eq(preview->at, 0);
    cr_assert_str_eq(preview->reason, "validator_not_active");
    cr_assert_str_eq(preview->reason_text, "it is no validator, or none any more");
    cr_assert_eq(preview->after.count, 4);
    actions[0] = set_param(PARAM_max_idle_ms, 8000);
    look(preview, actions, 1);
    cr_assert_eq(preview->class, CLASS_ROUTINE);
    cr_assert_not(preview->ends_epoch);
    cr_assert_eq(preview->params.values[PARAM_max_idle_ms], 8000);
    cr_assert_eq(preview->params.version, 3);
    cr_assert_null(preview->reason);
    actions[0] = set_roles(&s.f, DAVE, 1);
    actions[0].account_roles.account = sample_id("nobody", 3);
    look(preview, actions, 1);
    cr_assert_eq(preview->code, RESULT_action_invalid);
    free(preview);
}

/* The executor's preview and the reader's are the same code on two sources. */
Test(reader_governance, both_previews_agree)
{
    struct committee set;
    struct params params;
    struct preview *preview = malloc(sizeof *preview);
    struct action list[] = { remove_validator(0),      remove_validator(1),
                             add_validator(&s.f, 5),   add_validator(&s.f, 4),
                             add_member(&s.f, DAVE),   remove_member(&s.f, BANK),
                             remove_member(&s.f, BOB), set_param(PARAM_validators_min, 4),
                             engine_param("x", 1),     rekey_validator(&s.f, 2, 70) };
    enum { LIST = sizeof list / sizeof *list };
    for (unsigned i = 0; i < LIST; i++)
        for (unsigned j = 0; j < LIST; j++) {
            struct action pair[2] = { list[i], list[j] };
            struct outcome want = governance_preview(&s.f.ledger->executor, pair, 2, &set, &params);
            look(preview, pair, 2);
            cr_assert_eq(preview->code, want.code, "%u %u", i, j);
            cr_assert_eq(preview->at, want.at, "%u %u", i, j);
            if (want.code != RESULT_ok) continue;
            struct digest a = committee_hash(&set), b = committee_hash(&preview->after);
            cr_assert(digest_equal(&a, &b));
        }
    free(preview);
}

/* ---- views
 * ------------------------------------------------------------------------------------------ */

static void expect_text(const char *sql, const char *want)
{
    sqlite3_stmt *statement = NULL;
    sqlite3 *db = s.f.ledger->store->db;
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW, "%s", sql);
    const char *have = (const char *)sqlite3_column_text(statement, 0);
    cr_assert_str_eq(have ? have : "NULL", want, "%s", sql);
    sqlite3_finalize(statement);
}

Test(reader_governance, views_give_what_they_say)
{
    char address[ADDRESS_TEXT], sql[256];
    expect_text("SELECT group_concat(epoch || ':' || first_height || ':' || n || ':' || quorum ||"
                " ':' || fault_model || ':' || engine, ' ')"
                " FROM (SELECT * FROM audit_epochs ORDER BY epoch)",
                "0:0:4:3:byzantine:hotstuff 1:4:5:4:byzantine:hotstuff 2:7:5:4:byzantine:hotstuff"
                " 3:8:4:3:byzantine:hotstuff");
    struct action action = set_param(PARAM_max_idle_ms, 7000);
    cr_assert_eq(propose(&s.f, OTHER, &action, 1), RESULT_ok);
    cr_assert_eq(ballot(&s.f, ALICE, 4, VOTE_NO), RESULT_ok);
    cr_assert_eq(ballot(&s.f, BOB, 4, VOTE_ABSTAIN), RESULT_ok);
    expect_text("SELECT group_concat(number || ' ' || class || ' ' || status || ' ' || yes ||"
                " ' ' || no, ', ') FROM (SELECT * FROM audit_proposals ORDER BY number)",
                "1 critical enacted 3 0, 2 critical enacted 3 0, 3 critical enacted 3 0,"
                " 4 routine rejected 1 1");
    expect_text("SELECT group_concat(vote || ' ' || height, ', ')"
                " FROM (SELECT * FROM audit_ballots WHERE proposal = 4 ORDER BY height)",
                "yes 9, no 10, abstain 11");
    address_encode(ADDRESS_ACCOUNT, &s.f.cast[OTHER], address);
    expect_text("SELECT proposer FROM audit_proposals WHERE number = 4", address);
    (void)snprintf(sql, sizeof sql,
                   "SELECT vote FROM audit_ballots WHERE proposal = 4 AND member = '%s'", address);
    expect_text(sql, "yes");
    expect_text("SELECT deadline LIKE '2026-%Z' FROM audit_proposals WHERE number = 4", "1");
    expect_text("SELECT group_concat(DISTINCT kind) FROM audit_entries WHERE height = 6",
                "enactment");
    expect_text("SELECT count(*) FROM audit_transactions WHERE height = 6", "0");
    expect_text("SELECT quorum FROM audit_blocks WHERE height = 5", "4");
    expect_text("SELECT count(*) FROM audit_seals WHERE validator IS NULL OR member IS NULL", "0");
    expect_text("SELECT status FROM audit_validators WHERE status <> 'active'", "removed");
}
