#include "tests/unit/rpc/story_harness.h"

TestSuite(hold, .init = story_harness_open, .fini = story_harness_close);

static const struct id group = { { 5 } };
static const char group_text[] = "05000000000000000000000000000000";

static const char *hold_text(const struct id *id)
{
    static char texts[4][ADDRESS_TEXT];
    static unsigned turn;
    char *to = texts[turn++ % 4];
    address_encode(ADDRESS_HOLD, id, to);
    return to;
}

/* In block 8: 0 from Alice to Bob, decided by Carol; 1 the same in a group; 2 from Bob to Dave. */
static void hold_some(struct id ids[3])
{
    struct fixture *f = &story.f;
    fixture_tx(f, ALICE);
    add_hold(f, ALICE, BOB, 400, DAVE, f->time_ms + 60000);
    add_hold(f, ALICE, BOB, 500, DAVE, f->time_ms + 60000)->hold_create.group = group;
    add_hold(f, BOB, DAVE, 60, DAVE, f->time_ms + 900);
    cr_assert_eq(fixture_one(f, SIGNED_ALICE | SIGNED_BOB), RESULT_ok);
    for (uint8_t i = 0; i < 3; i++)
        ids[i] = fixture_hold(f, i);
}

static const json_t *get(const struct id *id)
{
    return call("hold_get", "{\"hold\":\"%s\"}", hold_text(id));
}

Test(hold, get_one_that_waits)
{
    struct id ids[3];
    hold_some(ids);
    const json_t *o = get(&ids[1]);
    cr_assert_str_eq(text_at(o, "hold"), hold_text(&ids[1]));
    cr_assert_str_eq(text_at(o, "version"), "8.0.1");
    cr_assert_str_eq(text_at(o, "payer"), account_text(ALICE));
    cr_assert_str_eq(text_at(o, "payee"), account_text(BOB));
    cr_assert_str_eq(text_at(o, "arbiter"), account_text(DAVE));
    cr_assert_str_eq(text_at(o, "asset"), eur_text());
    cr_assert_str_eq(text_at(o, "amount"), "500");
    cr_assert_str_eq(text_at(o, "state"), "pending");
    cr_assert_str_eq(text_at(o, "group"), group_text);
    cr_assert_eq(number_at(o, "ledger_height"), 8);
    cr_assert_null(json_object_get(o, "ended"));
    cr_assert_null(json_object_get(o, "lock"));
    o = get(&ids[0]);
    cr_assert_null(json_object_get(o, "group"), "none");
}

Test(hold, get_what_has_ended)
{
    struct id ids[3];
    hold_some(ids);
    fixture_tx(&story.f, DAVE);
    add_post(&story.f, DAVE, &ids[0], 150);
    add_void(&story.f, DAVE, &ids[1]);
    cr_assert_eq(fixture_one(&story.f, SIGNED_DAVE), RESULT_ok); /* the third ends before it */
    const json_t *o = get(&ids[0]);
    cr_assert_str_eq(text_at(o, "state"), "posted");
    cr_assert_str_eq(text_at(o, "amount"), "400");
    cr_assert_str_eq(text_at(o, "posted_amount"), "150");
    cr_assert_str_eq(text_at(o, "version"), "8.0.0");
    cr_assert_str_eq(text_at(o, "ended"), "9.1");
    cr_assert_str_eq(text_at(o, "payer"), account_text(ALICE));
    o = get(&ids[1]);
    cr_assert_str_eq(text_at(o, "state"), "voided");
    cr_assert_str_eq(text_at(o, "group"), group_text);
    cr_assert_null(json_object_get(o, "posted_amount"));
    o = get(&ids[2]);
    cr_assert_str_eq(text_at(o, "state"), "expired");
    cr_assert_str_eq(text_at(o, "ended"), "9.0");
    cr_assert_str_eq(text_at(o, "payee"), account_text(DAVE));
    cr_assert_str_eq(text_at(o, "arbiter"), account_text(DAVE));
}

Test(hold, get_what_never_was)
{
    struct id id = sample_id("hold", 9);
    const json_t *error = call_fails("not_found", "hold_get", "{\"hold\":\"%s\"}", hold_text(&id));
    cr_assert_str_eq(text_at(error, "what"), "hold");
    call_fails("invalid_params", "hold_get", "{\"hold\":\"%s\"}", account_text(BOB));
    call_fails("invalid_params", "hold_get", "{}");
}

Test(hold, list_of_an_account_and_of_a_group)
{
    struct id ids[3];
    char filters[128], words[1024];
    hold_some(ids);
    snprintf(filters, sizeof filters, "\"account\":\"%s\"", account_text(BOB));
    walk_pages("hold_list", filters, "hold", words, sizeof words);
    for (unsigned i = 0; i < 3; i++)
        cr_assert(strstr(words, hold_text(&ids[i])) != NULL, "%u", i);
    const json_t *o = call("hold_list", "{\"account\":\"%s\"}", account_text(ALICE));
    cr_assert_eq(size_at(o, "items"), 2);
    o = call("hold_list", "{\"group\":\"%s\"}", group_text);
    cr_assert_eq(size_at(o, "items"), 1);
    cr_assert_str_eq(text_at(o, "items/0/hold"), hold_text(&ids[1]));
    cr_assert_str_eq(text_at(o, "items/0/state"), "pending");
    o = call("hold_list", "{\"account\":\"%s\"}", account_text(BANK));
    cr_assert_eq(size_at(o, "items"), 0);
    fixture_run(&story.f); /* one ends by itself */
    o = call("hold_list", "{\"account\":\"%s\"}", account_text(BOB));
    cr_assert_eq(size_at(o, "items"), 2);
}

Test(hold, list_needs_one_of_both)
{
    call_fails("invalid_params", "hold_list", "{}");
    call_fails("invalid_params", "hold_list", "{\"account\":\"%s\",\"group\":\"%s\"}",
               account_text(BOB), group_text);
    call_fails("invalid_params", "hold_list", "{\"group\":\"%032d\"}", 0);
    call_fails("cursor_invalid", "hold_list", "{\"account\":\"%s\",\"cursor\":\"AAAA\"}",
               account_text(BOB));
}

/* What holds and lines make of a balance. */
Test(hold, balances_show_what_is_free)
{
    struct id ids[3];
    hold_some(ids);
    fixture_tx(&story.f, BANK);
    add_floor(&story.f, BANK, BOB, -1000);
    cr_assert_eq(fixture_one(&story.f, SIGNED_BANK), RESULT_ok);
    const json_t *o = call("balance_get", "{\"account\":\"%s\",\"asset\":\"%s\"}",
                           account_text(ALICE), eur_text());
    long long posted = atoll(text_at(o, "posted"));
    cr_assert_str_eq(text_at(o, "held_out"), "900");
    cr_assert_eq(atoll(text_at(o, "available")), posted - 900);
    o = call("balance_get", "{\"account\":\"%s\",\"asset\":\"%s\"}", account_text(BOB), eur_text());
    posted = atoll(text_at(o, "posted"));
    cr_assert_str_eq(text_at(o, "held_in"), "900");
    cr_assert_str_eq(text_at(o, "floor"), "-1000");
    cr_assert_eq(atoll(text_at(o, "available")), posted + 1000);
}

/* The end of a hold is an entry without a transaction, in a block and in a history. */
Test(hold, an_end_by_itself_is_an_entry)
{
    struct id ids[3];
    hold_some(ids);
    fixture_run(&story.f);
    const json_t *o = call("block_get", "{\"height\":9,\"entries\":\"full\"}");
    cr_assert_str_eq(text_at(o, "entries/0/kind"), "hold_expiry");
    cr_assert_str_eq(text_at(o, "entries/0/code"), "ok");
    cr_assert_eq(size_at(o, "entries/0/effects"), 3);
    o = call("account_history", "{\"account\":\"%s\"}", account_text(BOB));
    cr_assert_str_eq(text_at(o, "items/0/position"), "9.0");
}
