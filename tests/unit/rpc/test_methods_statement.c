#include "tests/unit/rpc/proof_harness.h"

TestSuite(rpc_methods_statement, .init = proof_harness_open, .fini = proof_harness_close);

static const char *of(unsigned who, int from, int to)
{
    static char text[256];
    snprintf(text, sizeof text,
             "\"account\":\"%s\",\"asset\":\"%s\",\"from_height\":%d,\"to_height\":%d",
             account_text(who), eur_text(), from, to);
    return text;
}

Test(rpc_methods_statement, one_page_is_the_proof)
{
    story_seal(&story.f, 7);
    tell_head();
    const json_t *page = prove_call("account_statement", "{%s}", of(BOB, 0, 7));
    cr_assert(json_is_null(json_object_get(page, "next_cursor")));
    json_object_del((json_t *)page, "next_cursor");
    judge(page);
    cr_assert_eq(verdict.lines, 4);
    page = prove_call("account_statement", "{%s}", of(OTHER, 0, 7));
    json_object_del((json_t *)page, "next_cursor");
    judge(page);
    cr_assert_eq(verdict.lines, 0);
}

Test(rpc_methods_statement, the_end_is_cut_at_the_last_block)
{
    story_seal(&story.f, 7);
    tell_head();
    const json_t *page = prove_call("account_statement", "{%s}", of(BOB, 0, 1000));
    cr_assert_eq(number_at(page, "to_height"), 7);
}

Test(rpc_methods_statement, pages_put_together_are_the_proof)
{
    char cursor[300] = "";
    json_t *whole = NULL;
    unsigned pages = 0;
    story_seal(&story.f, 7);
    tell_head();
    for (; pages < 10; pages++) {
        json_t *page =
            (json_t *)prove_call("account_statement", "{%s,\"limit\":2%s}", of(BOB, 0, 7), cursor);
        if (whole)
            json_array_extend(json_object_get(whole, "movements"),
                              json_object_get(page, "movements"));
        else
            whole = json_deep_copy(page);
        const json_t *next = json_object_get(page, "next_cursor");
        if (json_is_null(next)) break;
        snprintf(cursor, sizeof cursor, ",\"cursor\":\"%s\"", json_string_value(next));
        if (pages == 0) { /* What comes meanwhile is no part of it. */
            fixture_tx(&story.f, ALICE);
            add_transfer(&story.f, ALICE, BOB, 3);
            story_add(&story, SIGNED_ALICE);
            story_block(&story, 7);
            tell_head();
        }
    }
    cr_assert_eq(pages, 2);
    json_object_del(whole, "next_cursor");
    judge(whole);
    cr_assert_eq(verdict.lines, 4);
    json_decref(whole);
}

Test(rpc_methods_statement, what_cannot_be_stated)
{
    char nobody[ADDRESS_TEXT];
    struct id id = sample_id("nobody", 1);
    address_encode(ADDRESS_ACCOUNT, &id, nobody);
    prove_fails("not_found", "account_statement",
                "{\"account\":\"%s\",\"asset\":\"%s\",\"from_height\":0,\"to_height\":3}", nobody,
                eur_text());
    prove_fails("invalid_params", "account_statement", "{%s}", of(BOB, 4, 3));
    prove_fails("height_not_reached", "account_statement", "{%s}", of(BOB, 9, 12));
    prove_fails("not_sealed", "account_statement", "{%s}", of(BOB, 0, 6));
    prove_fails("not_sealed", "account_statement", "{%s}", of(BOB, 0, 7));
    prove_fails("cursor_invalid", "account_statement", "{%s,\"cursor\":\"AAAA\"}", of(BOB, 0, 6));
}

Test(rpc_methods_statement, with_patience_it_waits_for_the_seal)
{
    call_through("account_statement", "{%s,\"timeout_ms\":10000}", of(BOB, 0, 6));
    cr_assert_null(answer, "the next movement is in block 7");
    story_seal(&story.f, 7);
    tell_head();
    answer = harness_resumed(&h);
    checked_result("account_statement");
}
