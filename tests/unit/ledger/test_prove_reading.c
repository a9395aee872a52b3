#include "tests/unit/ledger/prove_story.h"

TestSuite(prove_reading, .init = open_prover, .fini = close_prover);

Test(prove_reading, a_question_has_a_kind_and_a_key_of_its_shape)
{
    static const struct {
        uint8_t kind;
        uint16_t size;
        uint8_t first;
        bool valid;
    } cases[] = {
        { RECORD_ACCOUNT, 16, 0, true },
        { RECORD_ACCOUNT, 15, 0, false },
        { RECORD_ASSET, 16, 0, true },
        { RECORD_ASSET, 32, 0, false },
        { RECORD_BALANCE, 32, 0, true },
        { RECORD_BALANCE, 16, 0, false },
        { RECORD_HOLD, 16, 0, true },
        { RECORD_HOLD, 0, 0, false },
        { RECORD_KV, 17, 0, true },
        { RECORD_KV, 271, 0, true },
        { RECORD_KV, 16, 0, false },
        { RECORD_KV, 272, 0, false },
        { RECORD_WINDOW, 32, 0, true },
        { RECORD_WINDOW, 33, 0, false },
        { RECORD_LANE, 20, 0, true },
        { RECORD_LANE, 16, 0, false },
        { RECORD_GOVERNANCE, 1, 1, true },
        { RECORD_GOVERNANCE, 1, 6, true },
        { RECORD_GOVERNANCE, 1, 0, false },
        { RECORD_GOVERNANCE, 1, 4, false },
        { RECORD_GOVERNANCE, 17, 4, true },
        { RECORD_GOVERNANCE, 9, 5, true },
        { RECORD_GOVERNANCE, 17, 5, false },
        { RECORD_GOVERNANCE, 0, 1, false },
        { RECORD_GOVERNANCE, 1, 7, false },
        { 0x11, 16, 0, false },
        { 0, 16, 0, false },
        { 0xff, 16, 0, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct state_question question = { .kind = cases[i].kind, .key_size = cases[i].size };
        question.key[0] = cases[i].first;
        cr_assert_eq(state_question_valid(&question), cases[i].valid, "case %zu", i);
    }
    struct state_question timed = { .kind = RECORD_ACCOUNT, .key_size = 16, .not_after_ms = 1 };
    cr_assert(!state_question_valid(&timed), "only the window knows times");
}

static void expect(const struct state_question *question, bool present)
{
    struct state_reading *reading = reading_of(question);
    const struct ledger_head *head = ledger_head(story.f.ledger);
    cr_assert_eq(reading->present, present);
    cr_assert(digest_equal(&reading->hash, &head->hash));
    cr_assert_eq(reading->header.height, STORY_HEIGHT);
    cr_assert_eq(reading->value_size > 0, present);
    state_reading_free(reading);
}

static struct state_question governance(uint8_t what)
{
    return (struct state_question){ .kind = RECORD_GOVERNANCE, .key_size = 1, .key = { what } };
}

Test(prove_reading, every_kind_of_object_present_and_absent)
{
    struct id nobody = sample_id("nobody", 1);
    struct state_question question = question_of_id(RECORD_ACCOUNT, &story.f.cast[ALICE]);
    expect(&question, true);
    question = question_of_id(RECORD_ACCOUNT, &nobody);
    expect(&question, false);
    question = question_of_id(RECORD_ASSET, &story.f.eur);
    expect(&question, true);
    question = question_of_id(RECORD_ASSET, &nobody);
    expect(&question, false);
    question = question_of_id(RECORD_HOLD, &nobody);
    expect(&question, false);
    question = question_of_balance(&story.f.cast[BOB]);
    expect(&question, true);
    question = question_of_balance(&story.f.cast[OTHER]);
    expect(&question, false);

    question = (struct state_question){ .kind = RECORD_KV };
    question.key_size = (uint16_t)kv_key(&story.f.cast[BANK], span_text("limit"), question.key);
    expect(&question, true);
    question.key_size = (uint16_t)kv_key(&story.f.cast[BANK], span_text("limit/day"), question.key);
    expect(&question, false);

    question = (struct state_question){ .kind = RECORD_LANE };
    question.key_size = (uint16_t)lane_key(&story.f.cast[ALICE], STORY_LANE, question.key);
    expect(&question, true);
    question.key_size = (uint16_t)lane_key(&story.f.cast[ALICE], STORY_LANE + 1, question.key);
    expect(&question, false);

    for (uint8_t what = GOVERNANCE_PARAMS; what <= GOVERNANCE_SET; what++) {
        question = governance(what);
        expect(&question, true);
    }
    question = governance(GOVERNANCE_NEXT_PROPOSAL);
    expect(&question, true);
    question.key_size = (uint16_t)governance_key_validator(
        &story.f.genesis->committee.validators[1].id, question.key);
    expect(&question, true);
    question.key_size = (uint16_t)governance_key_validator(&nobody, question.key);
    expect(&question, false);
    question.key_size = (uint16_t)governance_key_proposal(1, question.key);
    expect(&question, false);
}

Test(prove_reading, a_window_entry_at_its_time_at_another_and_at_none)
{
    struct state_question question = { .kind = RECORD_WINDOW };
    struct id reference = sample_id("reference", story.f.reference - 1); /* BOB's last */
    question.key_size = (uint16_t)window_key(&story.f.cast[BOB], &reference, question.key);
    expect(&question, true); /* whatever its time is */
    struct state_reading *reading = reading_of(&question);
    struct window_entry entry;
    cr_assert_eq(window_decode(span_of(reading->value, reading->value_size), &entry), STATUS_OK);
    state_reading_free(reading);
    question.not_after_ms = entry.not_after_ms;
    expect(&question, true);
    question.not_after_ms += 5000;
    expect(&question, false);

    reference = sample_id("no reference", 1);
    question.key_size = (uint16_t)window_key(&story.f.cast[BOB], &reference, question.key);
    expect(&question, false);
    question.not_after_ms = 0;
    cr_assert_eq(ledger_read_state(story.f.ledger, &question, &reading, &story.f.problem),
                 STATUS_NOT_FOUND);
}

Test(prove_reading, rows_that_do_not_fit_the_tree_are_damage)
{
    struct state_question question = question_of_id(RECORD_ASSET, &story.f.eur);
    struct state_reading *made = NULL;
    story_rest(&story);
    edit(story.path, "UPDATE asset SET supply = supply + 1");
    fixture_open(&story.f, story.path);
    cr_assert_eq(ledger_read_state(story.f.ledger, &question, &made, &story.f.problem),
                 STATUS_DAMAGED);
    cr_assert_null(made);
}

Test(prove_reading, a_value_hash_that_was_edited_is_damage)
{
    struct id nobody = sample_id("nobody", 1);
    struct state_question question = question_of_id(RECORD_ACCOUNT, &nobody);
    struct state_reading *made = NULL;
    story_rest(&story);
    edit(story.path, "UPDATE leaf SET value_hash = zeroblob(32)");
    fixture_open(&story.f, story.path);
    enum status status = ledger_read_state(story.f.ledger, &question, &made, &story.f.problem);
    if (status == STATUS_OK) cr_assert(!made->has_neighbour);
    state_reading_free(made);
    unsigned damaged = status == STATUS_DAMAGED;
    for (unsigned i = 2; i < 40; i++) { /* Some of these have a neighbour. */
        nobody = sample_id("nobody", i);
        question = question_of_id(RECORD_ACCOUNT, &nobody);
        status = ledger_read_state(story.f.ledger, &question, &made, &story.f.problem);
        damaged += status == STATUS_DAMAGED;
        if (status == STATUS_OK) cr_assert(!made->has_neighbour);
        state_reading_free(made);
    }
    cr_assert_gt(damaged, 0);
}
