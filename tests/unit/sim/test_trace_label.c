#include "tests/sim/trace_label.h"

#include <criterion/criterion.h>

static char label[LABEL_MAX];

static struct span written(struct writer *w)
{
    cr_assert_eq(writer_status(w), STATUS_OK);
    return writer_span(w);
}

static void expect_frame(uint8_t frame, struct writer *w, const char *text)
{
    label_frame(&hotstuff_ops, label, frame, written(w));
    cr_assert_str_eq(label, text);
    writer_free(w);
}

static void expect_message(const struct statement *statement, const char *text)
{
    struct message message = { .statement = *statement };
    struct writer w;
    writer_init(&w, 4096);
    message_write(&w, &message);
    expect_frame(FRAME_ENGINE, &w, text);
}

Test(trace_label, engine_messages_are_named_by_the_engine)
{
    expect_message(&(struct statement){ .kind = 1, .index = 3, .view = 4 }, "proposal 3 view 4");
    expect_message(&(struct statement){ .kind = 2, .index = 3, .view = 4 }, "vote 3 view 4");
    expect_message(&(struct statement){ .kind = 3, .index = 3, .view = 4 }, "commit_vote 3 view 4");
    expect_message(&(struct statement){ .kind = 4, .view = 4, .aux = 2 }, "timeout view 4 on 2");
    expect_message(&(struct statement){ .kind = 5 }, "sync_info");
    expect_message(&(struct statement){ .kind = 77, .index = 1, .view = 2 },
                   "kind 77 index 1 view 2");
    expect_message(&(struct statement){ .kind = 0, .index = 1, .view = 2 },
                   "kind 0 index 1 view 2");
}

Test(trace_label, other_frames)
{
    struct writer w;
    struct digest digest = { { 1 } };
    struct seal_vote vote = { .height = 9 };
    struct proposal proposal = { .index = 5, .view = 6 };

    writer_init(&w, 4096);
    write_u16(&w, 1);
    seal_vote_write(&w, &vote);
    expect_frame(FRAME_SEAL_VOTES, &w, "seal vote for block 9");

    writer_init(&w, 4096);
    write_u16(&w, 2);
    seal_vote_write(&w, &vote);
    seal_vote_write(&w, &vote);
    expect_frame(FRAME_SEAL_VOTES, &w, "2 seal votes from block 9");

    static const char *const asks[] = { "asks for the proposal at 7", "asks for an anchor at 7" };
    for (uint8_t what = 1; what <= 2; what++) {
        writer_init(&w, 4096);
        write_u8(&w, what);
        write_digest(&w, &digest);
        write_u64(&w, 7);
        expect_frame(FRAME_FETCH, &w, asks[what - 1]);
    }

    writer_init(&w, 4096);
    proposal_write(&w, &proposal);
    write_bytes32(&w, span_text("batch"));
    expect_frame(FRAME_FETCHED, &w, "the proposal 5 view 6");

    writer_init(&w, 4096);
    write_u64(&w, 11);
    write_u16(&w, 12);
    expect_frame(FRAME_SYNC_REQUEST, &w, "asks for 12 blocks from 11");

    writer_init(&w, 4096);
    write_u16(&w, 13);
    expect_frame(FRAME_SYNC_BLOCKS, &w, "13 sealed blocks");

    writer_init(&w, 4096);
    write_u64(&w, 0);
    write_u32(&w, 14);
    expect_frame(FRAME_ANCHOR, &w, "an anchor of 14 proposals");

    writer_init(&w, 4096);
    write_u32(&w, 15);
    expect_frame(FRAME_TRANSACTIONS, &w, "15 transactions");

    writer_init(&w, 4096);
    write_u64(&w, 16);
    expect_frame(FRAME_TICK_WISH, &w, "wishes for a block after 16");
}

/* Whatever a liar sends gets a label: cut short everywhere, of every kind. */
Test(trace_label, what_does_not_decode_has_a_name_and_a_size)
{
    static const uint8_t bytes[200];
    for (unsigned frame = 0; frame < 256; frame++)
        for (size_t size = 0; size <= sizeof bytes; size++) {
            memset(label, 'x', sizeof label);
            label_frame(&hotstuff_ops, label, (uint8_t)frame, span_of(bytes, size));
            cr_assert_not_null(memchr(label, 0, sizeof label));
            cr_assert_gt(strlen(label), 0u);
        }
    label_frame(&hotstuff_ops, label, FRAME_ENGINE, span_of(bytes, 10));
    cr_assert_str_eq(label, "unreadable message of 10 bytes");
    label_frame(&hotstuff_ops, label, FRAME_FETCH, span_of(bytes, 40));
    cr_assert_str_eq(label, "unreadable fetch of 40 bytes");
    label_frame(&hotstuff_ops, label, 200, span_of(bytes, 3));
    cr_assert_str_eq(label, "unknown of 3 bytes");
}

static void expect_record(uint8_t kind, struct writer *w, bool promise, const char *text)
{
    bool promises = !promise;
    label_record(&hotstuff_ops, label, kind, written(w), &promises);
    cr_assert_str_eq(label, text);
    cr_assert_eq(promises, promise);
    label_record(&hotstuff_ops, label, kind, written(w), NULL);
    writer_free(w);
}

Test(trace_label, records)
{
    struct writer w;
    struct proposal proposal = { .index = 5, .view = 6 };
    struct statement vote = { .kind = 2, .index = 5, .view = 6 };

    writer_init(&w, 4096);
    write_bool(&w, true);
    statement_write(&w, &vote);
    write_u8(&w, 1);
    expect_record(JOURNAL_ENGINE, &w, true, "vote 5 view 6");

    writer_init(&w, 4096);
    write_bool(&w, false);
    write_u8(&w, 1);
    expect_record(JOURNAL_ENGINE, &w, false, "engine record of 2 bytes");

    writer_init(&w, 4096);
    write_bool(&w, true);
    expect_record(JOURNAL_ENGINE, &w, true, "unreadable record of 1 bytes");

    writer_init(&w, 4096);
    proposal_write(&w, &proposal);
    expect_record(JOURNAL_PROPOSAL, &w, false, "the proposal 5 view 6");

    writer_init(&w, 4096);
    write_u64(&w, 0);
    proposal_write(&w, &proposal);
    expect_record(JOURNAL_DECIDED, &w, false, "decided 5 view 6");

    writer_init(&w, 4096);
    write_u64(&w, 0);
    write_u64(&w, 3);
    write_u64(&w, 4);
    expect_record(JOURNAL_EXECUTED, &w, true, "block 3 of 4");

    writer_init(&w, 4096);
    write_u64(&w, 0);
    write_u64(&w, 3);
    expect_record(JOURNAL_SEAL, &w, false, "seal of block 3");

    writer_init(&w, 4096);
    write_u32(&w, 0);
    expect_record(JOURNAL_FOLD, &w, false, "fold of 4 bytes");
}

Test(trace_label, every_output_has_a_name)
{
    static const char *const texts[] = { "execute 8",
                                         "execute_block 9",
                                         "sealed 9",
                                         "serve_blocks 3 from 9",
                                         "answer 4 0",
                                         "read 4 0",
                                         "committed 0",
                                         "left",
                                         "cut before 2",
                                         "note why, oh why",
                                         "peer_broke why, oh why",
                                         "epoch_ended 5 at 9",
                                         "stop why, oh why" };
    for (int kind = OUTPUT_EXECUTE; kind <= OUTPUT_STOP; kind++) {
        struct output output = { .kind = (enum output_kind)kind,
                                 .epoch = 5,
                                 .sequence = 8,
                                 .height = 9,
                                 .count = 3,
                                 .ticket = 4,
                                 .record = 2,
                                 .text = "why; oh\nwhy" };
        output.text[7] = '#';
        memcpy(output.text, "why; oh why", 12);
        label_output(&hotstuff_ops, label, &output);
        cr_assert_str_eq(label, texts[kind - OUTPUT_EXECUTE]);
    }
    struct output output = { .kind = OUTPUT_CHECK };
    label_output(&hotstuff_ops, label, &output);
    cr_assert_str_eq(label, "check");
    struct output send = { .kind = OUTPUT_SEND, .type = FRAME_SYNC_BLOCKS };
    label_output(&hotstuff_ops, label, &send);
    cr_assert_str_eq(label, "send unreadable sync_blocks of 0 bytes");
}

Test(trace_label, texts_of_others_do_not_end_a_label)
{
    label_text(label, "a;b#c\nd\x01"
                      "e\xc3\xa9");
    cr_assert_str_eq(label, "a,b,c,d,e,,");
    char longer[2 * LABEL_MAX];
    memset(longer, 'y', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    label_text(label, longer);
    cr_assert_eq(strlen(label), LABEL_MAX - 1u);
}
