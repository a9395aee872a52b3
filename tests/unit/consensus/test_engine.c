#include "consensus/engine.h"
#include "tests/unit/crypto/vectors.h"

#include <signal.h>

static struct effects effects;

Test(engine, message_vector)
{
    json_t *document = vectors_load("consensus");
    struct span bytes = vector_bytes(document, "message");
    struct message message;
    cr_assert_eq(message_read(bytes, 100, &message), STATUS_OK);
    cr_expect_eq(message.statement.kind, 2);
    cr_expect_eq(message.statement.index, 1);
    cr_expect_eq(message.signature.bytes[63], 7);
    cr_expect_eq(message.attachment.size, 0);

    struct writer w;
    writer_init(&w, 1000);
    message_write(&w, &message);
    cr_expect(span_equal(writer_span(&w), bytes));
    writer_free(&w);
    free((void *)bytes.data);
    json_decref(document);
}

Test(engine, message_round_trip_borrows_from_the_input)
{
    struct message sent = { .statement = { .kind = 1, .index = 2, .view = 3, .aux = 4 },
                            .attachment = span_text("attachment"),
                            .batch = span_text("batch") };
    struct writer w;
    writer_init(&w, 1000);
    message_write(&w, &sent);
    struct message read;
    cr_assert_eq(message_read(writer_span(&w), 5, &read), STATUS_OK);
    cr_expect(statement_equal(&read.statement, &sent.statement));
    cr_expect(span_equal(read.attachment, sent.attachment));
    cr_expect(span_equal(read.batch, sent.batch));
    cr_expect_geq(read.batch.data, w.buffer.data);
    cr_expect_eq(message_read(writer_span(&w), 4, &read), STATUS_TOO_LARGE);
    writer_free(&w);
}

Test(engine, message_refuses_cut_and_trailing_bytes)
{
    struct message sent = { .attachment = span_text("a"), .batch = span_text("b") };
    struct writer w;
    writer_init(&w, 1000);
    message_write(&w, &sent);
    struct span bytes = writer_span(&w);
    struct message read;
    for (size_t size = 0; size < bytes.size; size++)
        cr_expect_neq(message_read(span_of(bytes.data, size), 9, &read), STATUS_OK);
    write_u8(&w, 0);
    cr_expect_eq(message_read(writer_span(&w), 9, &read), STATUS_MALFORMED);
    writer_free(&w);
}

Test(engine, message_refuses_a_large_attachment)
{
    static uint8_t large[ATTACHMENT_BYTES_MAX + 1];
    struct message sent = { .attachment = span_of(large, sizeof large) };
    struct writer w;
    writer_init(&w, 1 << 20);
    message_write(&w, &sent);
    struct message read;
    cr_expect_eq(message_read(writer_span(&w), 9, &read), STATUS_TOO_LARGE);
    writer_free(&w);
}

Test(engine, effects_keep_order_and_copies)
{
    effects_reset(&effects);
    char text[] = "record";
    struct statement statement = { .kind = 2, .view = 7 };
    struct proposal proposal = { .index = 5 };
    struct digest digest = { { 9 } };
    emit_persist(&effects, effects_copy(&effects, span_text(text)), &statement, &proposal);
    emit_send(&effects, EFFECT_SEND, NODE_ALL, &statement, span_of(NULL, 0), &digest);
    emit_send(&effects, EFFECT_SEND_EARLY, 3, &statement, span_of(NULL, 0), NULL);
    emit_commit(&effects, &proposal, span_of(NULL, 0));
    emit_fetch(&effects, 2, &digest, 4);
    emit_note(&effects, "view %d", 7);
    text[0] = 'X';

    cr_assert_eq(effects.count, 6);
    const struct effect *list = effects.list;
    cr_expect_eq(list[0].kind, EFFECT_PERSIST);
    cr_expect(span_equal(list[0].persist.record, span_text("record")));
    cr_expect(list[0].persist.promises && list[0].persist.stores);
    cr_expect(statement_equal(&list[0].persist.promise, &statement));
    cr_expect_eq(list[0].persist.proposal.index, 5);
    cr_expect_eq(list[1].to, NODE_ALL);
    cr_expect(list[1].send.batch && digest_equal(&list[1].send.batch_digest, &digest));
    cr_expect_eq(list[2].kind, EFFECT_SEND_EARLY);
    cr_expect_not(list[2].send.batch);
    cr_expect_eq(list[3].commit.proposal.index, 5);
    cr_expect_eq(list[4].fetch.index, 4);
    cr_expect(span_equal(list[5].note, span_text("view 7")));

    effects_reset(&effects);
    cr_expect_eq(effects.count, 0);
    cr_expect_eq(effects.wake_at_ms, UINT64_MAX);
    cr_expect_eq(effects.invite, INVITE_NONE);
}

Test(engine, persist_without_promise_or_store)
{
    effects_reset(&effects);
    emit_persist(&effects, span_of(NULL, 0), NULL, NULL);
    cr_expect_not(effects.list[0].persist.promises);
    cr_expect_not(effects.list[0].persist.stores);
}

Test(engine, long_notes_are_cut)
{
    char text[1000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 0;
    effects_reset(&effects);
    emit_note(&effects, "%s", text);
    cr_expect_eq(effects.list[0].note.size, 199);
}

Test(engine, writing_into_effects)
{
    effects_reset(&effects);
    struct writer w;
    effects_write_begin(&effects, &w);
    write_u32(&w, 1);
    struct span first = effects_write_end(&effects, &w);
    effects_write_begin(&effects, &w);
    write_u32(&w, 2);
    struct span second = effects_write_end(&effects, &w);
    cr_expect_eq(load_u32(first.data), 1);
    cr_expect_eq(load_u32(second.data), 2);
    cr_expect_eq(effects.bytes_used, 8);
}

Test(engine, too_many_effects_are_our_own_mistake, .signal = SIGABRT)
{
    effects_reset(&effects);
    for (int i = 0; i <= EFFECTS_MAX; i++)
        emit_fetch(&effects, 0, &(struct digest){ 0 }, 0);
}

Test(engine, options_by_name)
{
    const struct engine_option options[] = { { "view_ms", 5 }, { "phases", 2 } };
    struct engine_config config = { .options = options, .options_count = 2 };
    cr_expect_eq(engine_option(&config, "phases", 9), 2);
    cr_expect_eq(engine_option(&config, "phase", 9), 9);
    cr_expect_eq(engine_option(&config, "", 9), 9);
}

Test(engine, finds_what_is_built)
{
    cr_expect_eq(engine_find_ops(ENGINE_HOTSTUFF), &hotstuff_ops);
    cr_expect_eq(engine_find_ops(ENGINE_RAFT), &raft_ops);
    cr_expect_null(engine_find_ops(ENGINE_PBFT));
    cr_expect_null(engine_find_ops((enum engine_kind)99));
    for (uint8_t kind = 1; kind < hotstuff_ops.kinds_count; kind++)
        cr_expect_gt(strlen(hotstuff_ops.kinds[kind]), 0);
}
