#include "tests/sim/trace.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>

static const struct plan plan = { .seed = 17, .nodes = 4, .twins = 0x5 };
static char *diagram;
static size_t diagram_size;

static struct trace *drawing(uint32_t last, FILE **file)
{
    *file = open_memstream(&diagram, &diagram_size);
    cr_assert_not_null(*file);
    return trace_new(&plan, false, *file, last);
}

static void drawn(struct trace *trace, FILE *file)
{
    trace_free(trace);
    (void)fclose(file);
}

static struct blob *vote_frame(uint64_t index, uint64_t view)
{
    struct message message = { .statement = { .kind = 2, .index = index, .view = view } };
    struct writer w;
    writer_init(&w, 4096);
    message_write(&w, &message);
    struct blob *blob = blob_copy(writer_span(&w));
    writer_free(&w);
    return blob;
}

/* ---- the hash ---- */

struct hash {
    uint8_t bytes[16];
};

static struct hash hash_of(uint64_t now_ms, uint16_t replica, const struct output *output)
{
    struct hash hash;
    struct trace *trace = trace_new(&plan, false, NULL, 0);
    trace_output(trace, now_ms, replica, output);
    trace_hash(trace, hash.bytes);
    trace_free(trace);
    return hash;
}

static void differs(const struct output *output, const char *what)
{
    struct blob *payload = vote_frame(1, 2);
    struct output plain = { .kind = OUTPUT_SEND, .type = FRAME_ENGINE, .payload = payload };
    struct hash before = hash_of(5, 1, &plain);
    struct output changed = *output;
    changed.kind = output->kind ? output->kind : OUTPUT_SEND;
    changed.type = output->type ? output->type : FRAME_ENGINE;
    changed.payload = output->payload ? output->payload : payload;
    struct hash after = hash_of(5, 1, &changed);
    cr_assert(memcmp(before.bytes, after.bytes, 16) != 0, "%s", what);
    blob_unref(payload);
}

Test(trace, all_that_an_output_says_is_in_the_hash)
{
    struct blob *other = vote_frame(1, 3);
    differs(&(struct output){ .kind = OUTPUT_NOTE }, "kind");
    differs(&(struct output){ .type = FRAME_FETCHED }, "frame");
    differs(&(struct output){ .peer = 1 }, "peer");
    differs(&(struct output){ .droppable = true }, "droppable");
    differs(&(struct output){ .starts_segment = true }, "segment");
    differs(&(struct output){ .record = 1 }, "record");
    differs(&(struct output){ .epoch = 1 }, "epoch");
    differs(&(struct output){ .sequence = 1 }, "sequence");
    differs(&(struct output){ .height = 1 }, "height");
    differs(&(struct output){ .count = 1 }, "count");
    differs(&(struct output){ .ticket = 1 }, "ticket");
    differs(&(struct output){ .exit_code = 7 }, "exit code");
    differs(&(struct output){ .refusal.code = 1 }, "refusal");
    differs(&(struct output){ .text = "why" }, "text");
    differs(&(struct output){ .payload = other }, "payload");
    blob_unref(other);
}

Test(trace, seals_executions_and_ids_are_in_the_hash)
{
    struct seal *seal = calloc(1, sizeof *seal);
    struct execution *execution = calloc(1, sizeof *execution);
    cr_assert_not_null(seal);
    cr_assert_not_null(execution);
    seal->count = 2;
    struct output sealed = { .kind = OUTPUT_SEALED, .seal = seal };
    struct hash before = hash_of(1, 0, &sealed);
    seal->signatures[1].signature.bytes[63] ^= 1;
    struct hash after = hash_of(1, 0, &sealed);
    cr_assert(memcmp(before.bytes, after.bytes, 16) != 0, "a signature");
    seal->signatures[1].validator = 3;
    before = hash_of(1, 0, &sealed);
    cr_assert(memcmp(before.bytes, after.bytes, 16) != 0, "a signer");

    struct output committed = { .kind = OUTPUT_COMMITTED, .execution = execution };
    before = hash_of(1, 0, &committed);
    execution->hash.bytes[0] ^= 1;
    after = hash_of(1, 0, &committed);
    cr_assert(memcmp(before.bytes, after.bytes, 16) != 0, "a block hash");

    struct output left = { .kind = OUTPUT_LEFT };
    before = hash_of(1, 0, &left);
    left.txid.bytes[31] ^= 1;
    after = hash_of(1, 0, &left);
    cr_assert(memcmp(before.bytes, after.bytes, 16) != 0, "a transaction id");
    free(seal);
    free(execution);
}

Test(trace, time_replica_order_and_faults_are_in_the_hash)
{
    struct output note = { .kind = OUTPUT_NOTE, .text = "a" };
    struct output other = { .kind = OUTPUT_NOTE, .text = "b" };
    struct hash one = hash_of(1, 1, &note);
    struct hash later = hash_of(2, 1, &note);
    struct hash elsewhere = hash_of(1, 2, &note);
    struct hash again = hash_of(1, 1, &note);
    cr_assert_arr_eq(one.bytes, again.bytes, 16);
    cr_assert(memcmp(one.bytes, later.bytes, 16) != 0);
    cr_assert(memcmp(one.bytes, elsewhere.bytes, 16) != 0);

    struct hash ab, ba, with_fault;
    struct trace *trace = trace_new(&plan, false, NULL, 0);
    trace_output(trace, 1, 1, &note);
    trace_output(trace, 1, 1, &other);
    trace_hash(trace, ab.bytes);
    trace_fault(trace, 1, 1, "killed");
    trace_hash(trace, with_fault.bytes);
    trace_free(trace);
    trace = trace_new(&plan, false, NULL, 0);
    trace_output(trace, 1, 1, &other);
    trace_output(trace, 1, 1, &note);
    trace_hash(trace, ba.bytes);
    trace_free(trace);
    cr_assert(memcmp(ab.bytes, ba.bytes, 16) != 0);
    cr_assert(memcmp(ab.bytes, with_fault.bytes, 16) != 0);
}

/* Arrivals are somebody's outputs already; and whether a run is watched must not change it. */
Test(trace, watching_does_not_change_the_hash)
{
    FILE *file;
    struct hash quiet, watched;
    struct blob *blob = vote_frame(1, 2);
    struct output note = { .kind = OUTPUT_NOTE, .text = "a" };
    struct trace *trace = trace_new(&plan, false, NULL, 0);
    trace_output(trace, 1, 1, &note);
    trace_hash(trace, quiet.bytes);
    trace_free(trace);
    trace = drawing(10, &file);
    trace_deliver(trace, 1, 0, 1, FRAME_ENGINE, blob_span(blob));
    trace_output(trace, 1, 1, &note);
    trace_hash(trace, watched.bytes);
    drawn(trace, file);
    cr_assert_arr_eq(quiet.bytes, watched.bytes, 16);
    free(diagram);
    blob_unref(blob);
}

Test(trace, the_hash_is_the_same_everywhere)
{
    struct output note = { .kind = OUTPUT_NOTE, .text = "a" };
    struct hash hash = hash_of(1, 1, &note);
    char text[33];
    hex_encode(span_of(hash.bytes, 16), text);
    cr_assert_str_eq(text, "601cde9927cb99cf4680ecbfd5015b75");
}

/* ---- the diagram ---- */

static struct blob *promise_record(uint64_t index, uint64_t view)
{
    struct statement vote = { .kind = 2, .index = index, .view = view };
    struct writer w;
    writer_init(&w, 4096);
    write_bool(&w, true);
    statement_write(&w, &vote);
    struct blob *blob = blob_copy(writer_span(&w));
    writer_free(&w);
    return blob;
}

Test(trace, a_diagram_shows_messages_promises_and_faults)
{
    FILE *file;
    struct trace *trace = drawing(100, &file);
    struct blob *vote = vote_frame(3, 4);
    struct blob *record = promise_record(3, 4);
    struct output append = { .kind = OUTPUT_APPEND, .type = JOURNAL_ENGINE, .payload = record };
    struct output note = { .kind = OUTPUT_NOTE, .text = "not drawn" };
    struct output stop = { .kind = OUTPUT_STOP, .text = "diverged; #7" };
    trace_output(trace, 10, 2, &append);
    trace_output(trace, 11, 2, &note);
    trace_deliver(trace, 12, 2, 5, FRAME_ENGINE, blob_span(vote));
    trace_output(trace, 13, 4, &stop);
    trace_fault(trace, 14, 1, "killed; at its #3 output");
    trace_fault(trace, 15, REPLICAS_MAX, "all lose power");
    drawn(trace, file);
    cr_assert_str_eq(diagram, "%% seed 17, events 1 to 5\n"
                              "sequenceDiagram\n"
                              "    participant v0\n"
                              "    participant v1\n"
                              "    participant v2\n"
                              "    participant v3\n"
                              "    participant v0t\n"
                              "    participant v2t\n"
                              "    Note over v2: promises vote 3 view 4 (10 ms)\n"
                              "    v2->>v2t: vote 3 view 4 (12 ms)\n"
                              "    Note over v0t: stops: diverged, ,7 (13 ms)\n"
                              "    Note over v1: killed, at its ,3 output (14 ms)\n"
                              "    Note over v0,v2t: all lose power (15 ms)\n");
    free(diagram);
    blob_unref(vote);
    blob_unref(record);
}

static struct output decided(uint64_t index, struct blob **blob)
{
    struct proposal proposal = { .index = index, .view = index };
    struct writer w;
    writer_init(&w, 4096);
    write_u64(&w, 0);
    proposal_write(&w, &proposal);
    write_bytes32(&w, span_of("", 0));
    *blob = blob_copy(writer_span(&w));
    writer_free(&w);
    return (struct output){ .kind = OUTPUT_APPEND, .type = JOURNAL_DECIDED, .payload = *blob };
}

Test(trace, a_diagram_shows_each_decision_once_and_blocks_and_accusations)
{
    FILE *file;
    struct trace *trace = drawing(100, &file);
    struct execution *execution = calloc(1, sizeof *execution);
    cr_assert_not_null(execution);
    execution->header.height = 8;
    const uint64_t indexes[] = { 1, 2, 1, 2, 3 };
    for (size_t i = 0; i < sizeof indexes / sizeof indexes[0]; i++) {
        struct blob *blob;
        struct output output = decided(indexes[i], &blob);
        trace_output(trace, i, 1, &output);
        blob_unref(blob);
    }
    struct output block = { .kind = OUTPUT_COMMITTED, .execution = execution };
    struct output sealed = { .kind = OUTPUT_SEALED, .height = 8 };
    struct output broke = { .kind = OUTPUT_PEER_BROKE, .peer = 3, .text = "malformed" };
    trace_output(trace, 7, 1, &block);
    trace_output(trace, 8, 1, &sealed);
    trace_output(trace, 9, 1, &broke);
    drawn(trace, file);
    cr_assert_str_eq(strstr(diagram, "    Note"),
                     "    Note over v1: decided 1 view 1 (0 ms)\n"
                     "    Note over v1: decided 2 view 2 (1 ms)\n"
                     "    Note over v1: decided 3 view 3 (4 ms)\n"
                     "    Note over v1: block 8 (7 ms)\n"
                     "    Note over v1: block 8 is sealed (8 ms)\n"
                     "    Note over v1: accuses v3: malformed (9 ms)\n");
    free(diagram);
    free(execution);
}

Test(trace, only_the_last_events_are_drawn)
{
    FILE *file;
    struct trace *trace = drawing(3, &file);
    for (uint64_t i = 1; i <= 10; i++) {
        struct blob *vote = vote_frame(i, i);
        trace_deliver(trace, i, 0, 1, FRAME_ENGINE, blob_span(vote));
        blob_unref(vote);
    }
    drawn(trace, file);
    cr_assert_null(strstr(diagram, "vote 7 "));
    cr_assert_not_null(strstr(diagram, "v0->>v1: vote 8 view 8 (8 ms)\n"
                                       "    v0->>v1: vote 9 view 9 (9 ms)\n"
                                       "    v0->>v1: vote 10 view 10 (10 ms)\n"));
    cr_assert_not_null(strstr(diagram, "events 8 to 10"));
    free(diagram);
}

Test(trace, nothing_to_draw_is_a_diagram_of_nobody_speaking)
{
    FILE *file;
    struct trace *trace = drawing(3, &file);
    drawn(trace, file);
    cr_assert_not_null(strstr(diagram, "sequenceDiagram\n    participant v0\n"));
    free(diagram);
    trace = drawing(0, &file);
    drawn(trace, file);
    cr_assert_eq(diagram_size, 0u);
    free(diagram);
}

/* ---- text ---- */

Test(trace, text_names_outputs_arrivals_and_faults, .init = cr_redirect_stdout)
{
    struct blob *vote = vote_frame(3, 4);
    struct trace *trace = trace_new(&plan, true, NULL, 0);
    struct output send = {
        .kind = OUTPUT_SEND, .type = FRAME_ENGINE, .peer = NODE_ALL, .payload = vote
    };
    trace_output(trace, 10, 5, &send);
    send.peer = 3;
    trace_output(trace, 10, 5, &send);
    trace_deliver(trace, 11, 5, 1, FRAME_ENGINE, blob_span(vote));
    trace_fault(trace, 12, REPLICAS_MAX, "heal");
    trace_free(trace);
    blob_unref(vote);
    (void)fflush(stdout);
    cr_assert_stdout_eq_str("      10 v2t  send vote 3 view 4 to=all size=129\n"
                            "      10 v2t  send vote 3 view 4 to=v3 size=129\n"
                            "      11 v1   hears vote 3 view 4 from=v2t\n"
                            "      12 all  fault: heal\n");
}
