#include "trace.h"

#include "trace_label.h"
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>

enum { HASH_BYTES = 16, NAME_MAX_BYTES = 8 };
enum { DECIDED_INDEX = 8 }; /* in a record of that kind: behind the epoch */

/* One arrow or note of the diagram. */
struct drawn {
    uint64_t at_ms;
    uint16_t from, to; /* a note: the same; REPLICAS_MAX: over everybody */
    bool arrow;
    char label[LABEL_MAX];
};

struct trace {
    uint8_t hash[HASH_BYTES];
    uint64_t seed;
    const struct engine_ops *engine; /* for names */
    bool text;
    FILE *mermaid;
    uint16_t replicas;
    char names[REPLICAS_MAX + 1][NAME_MAX_BYTES]; /* "v2", its twin "v2t"; "all" */
    struct drawn *ring;
    uint32_t ring_size;
    uint64_t drawn_count;
    uint64_t decided[REPLICAS_MAX]; /* highest index in the diagram */
};

/* Second twins stand behind the members, in the order of these. */
static void name_replicas(struct trace *trace, const struct plan *plan)
{
    uint16_t next = plan->nodes;
    for (uint16_t member = 0; member < plan->nodes; member++) {
        (void)snprintf(trace->names[member], NAME_MAX_BYTES, "v%u", member);
        if ((plan->twins >> member & 1) == 1)
            (void)snprintf(trace->names[next++], NAME_MAX_BYTES, "v%ut", member);
    }
    memcpy(trace->names[REPLICAS_MAX], "all", 4);
    trace->replicas = next;
}

struct trace *trace_new(const struct plan *plan, bool text, FILE *mermaid, uint32_t last)
{
    struct trace *trace = calloc(1, sizeof *trace);
    ASSERT(trace != NULL);
    trace->seed = plan->seed;
    trace->engine = plan_is_raft(plan) ? &raft_ops : &hotstuff_ops;
    trace->text = text;
    name_replicas(trace, plan);
    if (mermaid && last > 0) {
        trace->mermaid = mermaid;
        trace->ring_size = last;
        trace->ring = calloc(last, sizeof *trace->ring);
        ASSERT(trace->ring != NULL);
    }
    return trace;
}

static const char *name_of(const struct trace *trace, uint16_t replica)
{
    return trace->names[replica < trace->replicas ? replica : REPLICAS_MAX];
}

/* ---- the hash ---- */

/* The state so far is the key under which the next bytes are hashed. */
static void hash_bytes(struct trace *trace, struct span bytes)
{
    uint8_t key[HASH_BYTES];
    memcpy(key, trace->hash, HASH_BYTES);
    crypto_shorthash_siphashx24(trace->hash, bytes.data, bytes.size, key);
}

enum { EVENT_FAULT = 0xff }; /* beside the output kinds */

static void hash_seal(struct trace *trace, const struct seal *seal)
{
    hash_bytes(trace, digest_span(&seal->block_hash));
    for (uint16_t i = 0; i < seal->count; i++) {
        uint8_t item[2 + sizeof seal->signatures[i].signature.bytes];
        store_u16(item, seal->signatures[i].validator);
        memcpy(item + 2, seal->signatures[i].signature.bytes, sizeof item - 2);
        hash_bytes(trace, span_of(item, sizeof item));
    }
}

/* What an output consists of. Lengths are in the head, so that nothing can be taken for another
 * part. A check's bytes came from outside and were somebody's output before; they are not hashed
 * again. */
static void hash_output(struct trace *trace, uint64_t now_ms, uint16_t replica,
                        const struct output *output)
{
    size_t text = strnlen(output->text, sizeof output->text);
    uint8_t head[96] = { 0 };
    store_u64(head, now_ms);
    store_u16(head + 8, replica);
    head[10] = (uint8_t)output->kind;
    head[11] = output->type;
    store_u16(head + 12, output->peer);
    store_u16(head + 14, output->count);
    store_u64(head + 16, output->record);
    store_u64(head + 24, output->epoch);
    store_u64(head + 32, output->sequence);
    store_u64(head + 40, output->height);
    store_u64(head + 48, output->ticket);
    store_u64(head + 56, output->payload ? output->payload->size : 0);
    store_u16(head + 64, (uint16_t)output->exit_code);
    store_u16(head + 66, (uint16_t)output->refusal.code);
    store_u16(head + 68, (uint16_t)text);
    head[70] = (uint8_t)(output->droppable | output->starts_segment << 1);
    head[71] = (uint8_t)((output->payload != NULL) | (output->job != NULL) << 1 |
                         (output->seal != NULL) << 2 | (output->execution != NULL) << 3);
    store_u16(head + 72, output->seal ? output->seal->count : 0);
    if (output->kind == OUTPUT_READ) head[74] = (uint8_t)output->read;
    store_u64(head + 80, output->job ? output->job->from : 0);
    store_u64(head + 88, output->job ? output->job->kind : 0);
    hash_bytes(trace, span_of(head, sizeof head));

    if (output->payload) hash_bytes(trace, blob_span(output->payload));
    if (text > 0) hash_bytes(trace, span_of(output->text, text));
    if (output->seal) hash_seal(trace, output->seal);
    if (output->execution) hash_bytes(trace, digest_span(&output->execution->hash));
    if (output->kind == OUTPUT_ANSWER || output->kind == OUTPUT_LEFT)
        hash_bytes(trace, digest_span(&output->txid));
}

void trace_hash(const struct trace *trace, uint8_t hash[16])
{
    memcpy(hash, trace->hash, HASH_BYTES);
}

/* ---- the diagram ---- */

static struct drawn *draw(struct trace *trace, uint64_t now_ms, uint16_t from, uint16_t to)
{
    struct drawn *drawn = &trace->ring[trace->drawn_count++ % trace->ring_size];
    drawn->at_ms = now_ms;
    drawn->from = from;
    drawn->to = to;
    drawn->arrow = false;
    return drawn;
}

static void draw_note(struct trace *trace, uint64_t now_ms, uint16_t replica, const char *what,
                      const char *about)
{
    struct drawn *drawn = draw(trace, now_ms, replica, replica);
    (void)snprintf(drawn->label, LABEL_MAX, "%s%.*s", what, LABEL_MAX - 20, about);
}

/* Promises and decisions. A fold writes old decisions again; they are not news. */
static void draw_record(struct trace *trace, uint64_t now_ms, uint16_t replica,
                        const struct output *output)
{
    char label[LABEL_MAX];
    bool promise = false;
    label_record(trace->engine, label, output->type, blob_span(output->payload), &promise);
    if (promise) draw_note(trace, now_ms, replica, "promises ", label);
    if (output->type == JOURNAL_FOLD) draw_note(trace, now_ms, replica, "writes ", label);
    if (output->type != JOURNAL_DECIDED || output->payload->size < DECIDED_INDEX + 8) return;
    uint64_t index = load_u64(output->payload->data + DECIDED_INDEX);
    if (index <= trace->decided[replica]) return;
    trace->decided[replica] = index;
    draw_note(trace, now_ms, replica, "", label);
}

/* Those, blocks, and what ends or accuses; the rest would hide these. */
static void draw_output(struct trace *trace, uint64_t now_ms, uint16_t replica,
                        const struct output *output)
{
    char label[LABEL_MAX];
    switch (output->kind) {
    case OUTPUT_APPEND: draw_record(trace, now_ms, replica, output); return;
    case OUTPUT_COMMITTED:
        (void)snprintf(label, LABEL_MAX, "block %" PRIu64,
                       output->execution ? output->execution->header.height : 0);
        draw_note(trace, now_ms, replica, "", label);
        return;
    case OUTPUT_SEALED:
        (void)snprintf(label, LABEL_MAX, "block %" PRIu64 " is sealed", output->height);
        draw_note(trace, now_ms, replica, "", label);
        return;
    case OUTPUT_PEER_BROKE:
    case OUTPUT_STOP: {
        char what[LABEL_MAX] = "stops: ";
        if (output->kind == OUTPUT_PEER_BROKE)
            (void)snprintf(what, LABEL_MAX, "accuses %s: ", name_of(trace, output->peer));
        label_text(label, output->text);
        draw_note(trace, now_ms, replica, what, label);
        return;
    }
    default: return;
    }
}

static void write_drawn(const struct trace *trace, const struct drawn *drawn)
{
    FILE *file = trace->mermaid;
    if (drawn->arrow)
        fprintf(file, "    %s->>%s: ", name_of(trace, drawn->from), name_of(trace, drawn->to));
    else if (drawn->from < trace->replicas || trace->replicas == 1)
        fprintf(file, "    Note over %s: ", trace->names[drawn->from % trace->replicas]);
    else
        fprintf(file, "    Note over %s,%s: ", name_of(trace, 0),
                name_of(trace, (uint16_t)(trace->replicas - 1)));
    fprintf(file, "%s (%" PRIu64 " ms)\n", drawn->label, drawn->at_ms);
}

static void write_diagram(const struct trace *trace)
{
    uint64_t count = min_u64(trace->drawn_count, trace->ring_size);
    uint64_t first = trace->drawn_count - count;
    fprintf(trace->mermaid, "%%%% seed %" PRIu64 ", events %" PRIu64 " to %" PRIu64 "\n",
            trace->seed, first + 1, trace->drawn_count);
    fprintf(trace->mermaid, "sequenceDiagram\n");
    for (uint16_t i = 0; i < trace->replicas; i++)
        fprintf(trace->mermaid, "    participant %s\n", trace->names[i]);
    for (uint64_t i = first; i < trace->drawn_count; i++)
        write_drawn(trace, &trace->ring[i % trace->ring_size]);
}

void trace_free(struct trace *trace)
{
    if (!trace) return;
    if (trace->mermaid) write_diagram(trace);
    free(trace->ring);
    free(trace);
}

/* ---- what happens ---- */

static void print_output(const struct trace *trace, uint64_t now_ms, uint16_t replica,
                         const struct output *output)
{
    char label[LABEL_MAX];
    label_output(trace->engine, label, output);
    printf("%8" PRIu64 " %-4s %s", now_ms, name_of(trace, replica), label);
    if (output->kind == OUTPUT_SEND && output->peer == NODE_ALL) printf(" to=all");
    if ((output->kind == OUTPUT_SEND && output->peer != NODE_ALL) ||
        output->kind == OUTPUT_PEER_BROKE || output->kind == OUTPUT_SERVE_BLOCKS)
        printf(" to=%s", name_of(trace, output->peer));
    if (output->job) printf(" from=%u kind=%d", output->job->from, (int)output->job->kind);
    if (output->kind == OUTPUT_APPEND) printf(" record=%" PRIu64, output->record);
    if (output->payload) printf(" size=%zu", output->payload->size);
    printf("\n");
}

void trace_output(struct trace *trace, uint64_t now_ms, uint16_t replica,
                  const struct output *output)
{
    hash_output(trace, now_ms, replica, output);
    if (trace->text) print_output(trace, now_ms, replica, output);
    if (trace->mermaid) draw_output(trace, now_ms, replica, output);
}

void trace_deliver(struct trace *trace, uint64_t now_ms, uint16_t from, uint16_t to, uint8_t frame,
                   struct span payload)
{
    if (!trace->text && !trace->mermaid) return;
    char label[LABEL_MAX];
    label_frame(trace->engine, label, frame, payload);
    if (trace->text)
        printf("%8" PRIu64 " %-4s hears %s from=%s\n", now_ms, name_of(trace, to), label,
               name_of(trace, from));
    if (!trace->mermaid) return;
    struct drawn *drawn = draw(trace, now_ms, from, to);
    drawn->arrow = from < trace->replicas && to < trace->replicas;
    memcpy(drawn->label, label, sizeof label);
}

void trace_fault(struct trace *trace, uint64_t now_ms, uint16_t replica, const char *text)
{
    uint8_t head[12] = { 0 };
    store_u64(head, now_ms);
    store_u16(head + 8, replica);
    head[10] = EVENT_FAULT;
    hash_bytes(trace, span_of(head, sizeof head));
    hash_bytes(trace, span_text(text));
    if (trace->text) printf("%8" PRIu64 " %-4s fault: %s\n", now_ms, name_of(trace, replica), text);
    if (!trace->mermaid) return;
    struct drawn *drawn = draw(trace, now_ms, replica, replica);
    label_text(drawn->label, text);
}
