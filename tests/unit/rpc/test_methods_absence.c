#include "tests/unit/rpc/proof_harness.h"

TestSuite(rpc_methods_absence, .init = proof_harness_open, .fini = proof_harness_close);

static char *hex_of(struct span bytes)
{
    static char text[8192];
    cr_assert_lt(2 * bytes.size, sizeof text);
    hex_encode(bytes, text);
    return text;
}

/* A payment of ALICE's that is signed, and sent nowhere. Returns its not_after. */
static uint64_t lost_payment(unsigned signers, char **transaction)
{
    struct writer w;
    fixture_tx(&story.f, ALICE);
    add_transfer(&story.f, ALICE, BOB, 1);
    fixture_sign(&story.f, signers, &w);
    *transaction = hex_of(writer_span(&w));
    writer_free(&w);
    return story.f.tx->not_after_ms;
}

static void tick_at(uint64_t time_ms)
{
    story.f.time_ms = time_ms;
    story.f.tick = true;
    story_block(&story, 7);
    tell_head();
}

Test(rpc_methods_absence, before_its_time_and_after)
{
    char *tx;
    uint64_t not_after_ms = lost_payment(SIGNED_ALICE, &tx);
    const json_t *data = prove_fails("tx_may_execute", "tx_prove_absent", "{\"tx\":\"%s\"}", tx);
    cr_assert_gt(number_at(data, "retry_after_ms"), 0);
    cr_assert_eq(h.node->wishes, 1);
    cr_assert_eq(h.node->wished_question.kind, RECORD_WINDOW);
    tick_at(not_after_ms + 1);
    const struct proof *proof = judge(prove_call("tx_prove_absent", "{\"tx\":\"%s\"}", tx));
    cr_assert_eq(proof->kind, PROOF_ABSENCE);
    cr_assert(digest_equal(&proof->absence.txid, &h.node->wished));
}

Test(rpc_methods_absence, the_body_alone_will_do_but_is_no_wish)
{
    struct writer w;
    fixture_tx(&story.f, ALICE);
    add_transfer(&story.f, ALICE, BOB, 1);
    writer_init(&w, TX_BYTES_LIMIT);
    transaction_write_body(&w, story.f.tx);
    char *body = hex_of(writer_span(&w));
    writer_free(&w);
    prove_fails("tx_may_execute", "tx_prove_absent", "{\"tx\":\"%s\"}", body);
    cr_assert_eq(h.node->wishes, 0, "nobody has signed it");
    tick_at(story.f.tx->not_after_ms + 1);
    judge(prove_call("tx_prove_absent", "{\"tx\":\"%s\"}", body));
}

Test(rpc_methods_absence, only_the_sources_own_signature_is_a_wish)
{
    char *tx;
    lost_payment(SIGNED_BOB, &tx);
    prove_fails("tx_may_execute", "tx_prove_absent", "{\"tx\":\"%s\"}", tx);
    cr_assert_eq(h.node->wishes, 0);
    lost_payment(SIGNED_ALICE, &tx);
    size_t size = strlen(tx);
    tx[size - 70] = tx[size - 70] == '0' ? '1' : '0'; /* in the signature */
    prove_fails("tx_may_execute", "tx_prove_absent", "{\"tx\":\"%s\"}", tx);
    cr_assert_eq(h.node->wishes, 0);
}

Test(rpc_methods_absence, with_patience_it_waits_for_the_block)
{
    char *tx;
    uint64_t not_after_ms = lost_payment(SIGNED_ALICE, &tx);
    call_through("tx_prove_absent", "{\"tx\":\"%s\",\"timeout_ms\":20000}", tx);
    cr_assert_null(answer);
    cr_assert_eq(waiters_not_after(h.core.waiters), not_after_ms, "a tick would end it");
    tick_at(not_after_ms + 1);
    answer = harness_resumed(&h);
    while (!answer && h.woken)
        answer = harness_resumed(&h);
    judge(checked_result("tx_prove_absent"));
}

Test(rpc_methods_absence, with_too_little_patience_it_may_execute)
{
    char *tx;
    lost_payment(SIGNED_ALICE, &tx);
    call_through("tx_prove_absent", "{\"tx\":\"%s\",\"timeout_ms\":20}", tx);
    cr_assert_null(answer);
    usleep(30000);
    waiters_sweep(h.core.waiters, rpc_monotonic_ms());
    answer = harness_resumed(&h);
    checked_error("tx_may_execute");
}

Test(rpc_methods_absence, what_is_in_a_block_is_present)
{
    struct writer w;
    fixture_tx(&story.f, ALICE);
    add_transfer(&story.f, ALICE, BOB, 1);
    fixture_sign(&story.f, SIGNED_ALICE, &w);
    char *tx = hex_of(writer_span(&w));
    story_add(&story, SIGNED_ALICE);
    story_block(&story, 7);
    writer_free(&w);
    const json_t *data = prove_fails("tx_present", "tx_prove_absent", "{\"tx\":\"%s\"}", tx);
    cr_assert_str_eq(text_at(data, "tx_id"), txid_text(story.id_count - 1));
    cr_assert_eq(number_at(data, "location/height"), 8);
    cr_assert_str_eq(text_at(data, "result/code"), "ok");
}

Test(rpc_methods_absence, when_the_window_has_passed_only_what_was_kept_helps)
{
    char *tx;
    uint64_t not_after_ms = lost_payment(SIGNED_ALICE, &tx);
    prove_fails("tx_may_execute", "tx_prove_absent", "{\"tx\":\"%s\"}", tx);
    tick_at(not_after_ms + 1);
    struct state_reading *kept = NULL;
    cr_assert_eq(
        ledger_read_state(story.f.ledger, &h.node->wished_question, &kept, &story.f.problem),
        STATUS_OK);
    tick_at(not_after_ms + 700000);
    tick_at(not_after_ms + 800000);
    const json_t *data = prove_fails("proof_unavailable", "tx_prove_absent", "{\"tx\":\"%s\"}", tx);
    cr_assert_str_eq(text_at(data, "reason"), "window_over");
    h.node->kept = kept;
    judge(prove_call("tx_prove_absent", "{\"tx\":\"%s\"}", tx));
}

Test(rpc_methods_absence, a_lane_whose_place_is_free_or_taken)
{
    for (uint64_t seq = 1; seq <= 2; seq++) {
        struct writer w;
        struct transaction *made = fixture_tx(&story.f, ALICE);
        made->order = ORDER_LANE;
        made->lane = STORY_LANE;
        made->seq = seq;
        add_transfer(&story.f, ALICE, DAVE, 77);
        fixture_sign(&story.f, SIGNED_ALICE, &w);
        char *tx = hex_of(writer_span(&w));
        writer_free(&w);
        tick_at(made->not_after_ms + 1);
        const struct proof *proof = judge(prove_call("tx_prove_absent", "{\"tx\":\"%s\"}", tx));
        cr_assert_eq(proof->absence.form, seq == 1 ? ABSENCE_OTHER : ABSENCE_STATE);
    }
}

Test(rpc_methods_absence, bytes_that_are_no_transaction_of_this_chain)
{
    prove_fails("tx_malformed", "tx_prove_absent", "{\"tx\":\"00\"}");
    prove_fails("tx_malformed", "tx_prove_absent", "{\"tx\":\"\"}");
    char *tx;
    story.f.genesis->chain_id.bytes[0] ^= 1;
    lost_payment(SIGNED_ALICE, &tx);
    story.f.genesis->chain_id.bytes[0] ^= 1;
    prove_fails("tx_wrong_chain", "tx_prove_absent", "{\"tx\":\"%s\"}", tx);
}

Test(rpc_methods_absence, a_not_after_of_zero_breaks_nothing)
{
    struct writer w;
    struct transaction *made = fixture_tx(&story.f, ALICE);
    made->not_after_ms = 0;
    add_transfer(&story.f, ALICE, BOB, 1);
    fixture_sign(&story.f, SIGNED_ALICE, &w);
    char *tx = hex_of(writer_span(&w));
    writer_free(&w);
    prove_fails("proof_unavailable", "tx_prove_absent", "{\"tx\":\"%s\"}", tx);
}
