#include "proof/tx_view.h"
#include "tests/unit/proof/story.h"

#include <criterion/criterion.h>

/* The first transaction of the story, and a copy to be altered. */
static struct story *open_story(struct span *bytes)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    *bytes = story_keep(s, s->blocks[1].entries[0].transaction);
    return s;
}

Test(tx_view, reads_what_the_ledger_reads)
{
    static struct transaction tx;
    struct span bytes;
    struct tx_view view;
    struct story *s = open_story(&bytes);
    cr_assert_eq(transaction_decode(bytes, &tx, NULL), STATUS_OK);
    cr_assert_null(tx_view_read(bytes, &view));
    cr_expect(digest_equal(&view.txid, &tx.txid));
    cr_expect(digest_equal(&view.signed_hash, &tx.signed_hash));
    cr_expect(digest_equal(&view.chain_id, &tx.chain_id));
    cr_expect(id_equal(&view.source, &tx.source));
    cr_expect(id_equal(&view.client_ref, &tx.client_ref));
    cr_expect_eq(view.not_after_ms, tx.not_after_ms);
    cr_expect_eq(view.order, ORDER_NONE);
    cr_expect_eq(view.signature_count, 1);
    struct tx_signature signature = tx_view_signature(&view, 0);
    cr_expect(key_equal(&signature.key, &tx.signatures[0].key));
    bytes = s->blocks[7].entries[0].transaction;
    cr_assert_null(tx_view_read(bytes, &view));
    cr_expect_eq(view.order, ORDER_LANE);
    cr_expect_eq(view.lane, 7);
    cr_expect_eq(view.seq, 1);
    story_free(s);
}

/* One byte of the body changed; the problem in words. */
static void expect_problem(size_t at, uint8_t value, const char *problem)
{
    struct span bytes;
    struct tx_view view;
    struct story *s = open_story(&bytes);
    ((uint8_t *)bytes.data)[at] = value;
    const char *found = tx_view_read(bytes, &view);
    cr_assert(found, "byte %zu", at);
    cr_expect_str_eq(found, problem);
    story_free(s);
}

Test(tx_view, refuses_what_the_ledger_refuses)
{
    expect_problem(0, 1, "not a transaction");
    expect_problem(4, 2, "an unknown version of a body");
    expect_problem(4 + 66 + 6, 1, "a time beyond 2^48");
    expect_problem(4 + 74 + 7, 1, "a time beyond 2^48");
    expect_problem(4 + 82, 1, "not an order"); /* number 0 of a lane */
    expect_problem(4 + 82, 2, "not an order");
    expect_problem(4 + 83, 1, "not an order"); /* a lane without order */
    expect_problem(4 + 87, 1, "not an order");
}

Test(tx_view, refuses_signatures_out_of_order)
{
    struct span bytes;
    struct tx_view view;
    struct story *s = open_story(&bytes);
    struct writer w;
    writer_init(&w, TX_BYTES_LIMIT);
    size_t body = 4 + load_u32(bytes.data);
    write_bytes(&w, span_of(bytes.data, body));
    write_u8(&w, 2);
    write_bytes(&w, span_of(bytes.data + body + 1, TX_SIGNATURE_BYTES));
    write_bytes(&w, span_of(bytes.data + body + 1, TX_SIGNATURE_BYTES));
    cr_expect_str_eq(tx_view_read(writer_span(&w), &view), "signatures are not in order");
    writer_free(&w);
    writer_init(&w, TX_BYTES_LIMIT);
    write_bytes(&w, span_of(bytes.data, body));
    write_u8(&w, 0);
    cr_expect_str_eq(tx_view_read(writer_span(&w), &view), "not 1 ... 32 signatures");
    writer_free(&w);
    cr_expect_str_eq(tx_view_read_body(span_of(bytes.data + 4, 146), &view),
                     "a body is at least 147 bytes");
    story_free(s);
}
