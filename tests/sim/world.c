/* The world around a replica: where its outputs go. */
#include "sim_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void fail(struct sim *sim, const char *format, ...)
{
    if (sim->failed) return;
    sim->failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sim->result->problem, sizeof sim->result->problem, format, arguments);
    va_end(arguments);
}

uint64_t wall_of(const struct sim *sim, uint16_t n)
{
    return WALL_MS + sim->now_ms + (uint64_t)sim->nodes[n].skew_ms;
}

struct moment moment_of(const struct sim *sim, uint16_t n)
{
    return (struct moment){ sim->now_ms, wall_of(sim, n) };
}

static void trace(struct sim *sim, uint16_t node, const struct output *output)
{
    uint8_t head[32] = { 0 };
    store_u64(head, sim->now_ms);
    store_u16(head + 8, node);
    head[10] = (uint8_t)output->kind;
    head[11] = output->type;
    store_u16(head + 12, output->peer);
    store_u64(head + 16, output->record + output->sequence + output->height);
    struct span parts[3] = { digest_span(&sim->result->trace), span_of(head, sizeof head),
                             output->payload ? blob_span(output->payload) : span_of("", 0) };
    sim->result->trace = digest_plain(parts, 3);
    if (!sim->options.trace) return;
    printf("%8" PRIu64 " n%u output=%d type=%u peer=%u record=%" PRIu64 " seq=%" PRIu64
           " height=%" PRIu64 " %s\n",
           sim->now_ms, node, (int)output->kind, output->type, output->peer, output->record,
           output->sequence, output->height, output->text);
}

/* ---- the network ---- */

bool cut(const struct sim *sim, uint16_t a, uint16_t b)
{
    return sim->side[a] != sim->side[b] || sim->now_ms < sim->shunned_until_ms[a][b] ||
           sim->now_ms < sim->shunned_until_ms[b][a];
}

void deliver(struct sim *sim, uint16_t from, uint16_t to, uint8_t kind, struct blob *blob)
{
    if (!sim->nodes[to].alive || cut(sim, from, to)) return;
    if (sim->nodes[to].liar) liar_hears(sim, kind, blob);
    bool lost = stream_chance(&sim->net, sim->healing ? 0 : sim->options.loss_permille);
    bool twice = stream_chance(&sim->net, sim->healing ? 0 : sim->options.duplicate_permille);
    for (int i = 0; i < (twice ? 2 : 1) && !lost; i++) {
        uint64_t delay = stream_between(&sim->net, 1, sim->options.delay_ms_max);
        schedule(sim, sim->now_ms + delay,
                 (struct sim_event){ .type = DELIVER,
                                     .node = to,
                                     .from = from,
                                     .incarnation = sim->nodes[to].incarnation,
                                     .kind = kind,
                                     .blob = blob_ref(blob) });
    }
}

static void send_one(struct sim *sim, uint16_t from, uint16_t to, uint8_t kind, struct blob *blob)
{
    if (sim->nodes[from].liar)
        liar_sends(sim, from, to, kind, blob);
    else
        deliver(sim, from, to, kind, blob);
}

static void send(struct sim *sim, uint16_t from, const struct output *output)
{
    for (uint16_t to = 0; to < sim->options.nodes; to++)
        if (to != from && (output->peer == NODE_ALL || output->peer == to))
            send_one(sim, from, to, output->type, output->payload);
}

/* The sealed height that hellos and keep-alives name. */
uint64_t sealed_shown(struct sim *sim, uint16_t n)
{
    uint64_t sealed = sim->nodes[n].sealed;
    if (!sim->nodes[n].liar) return sealed;
    uint64_t how = stream_between(&sim->liar, 0, 3);
    uint64_t more = stream_between(&sim->liar, 1, 50);
    return how == 0 ? UINT64_MAX / 2 : how == 1 ? sealed + more : sealed;
}

/* ---- ledger ---- */

static struct blob *block_of(const struct execution *execution)
{
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    header_write(&w, &execution->header);
    write_u32(&w, execution->entry_count);
    for (uint32_t i = 0; i < execution->entry_count; i++)
        write_bytes32(&w, execution->entries[i].transaction);
    struct blob *blob = blob_copy(writer_span(&w));
    writer_free(&w);
    return blob;
}

static void check_block_agrees(struct sim *sim, uint16_t n, const struct execution *execution)
{
    uint64_t height = execution->header.height;
    ASSERT(height < BLOCKS_MAX);
    if (!sim->known[height]) {
        sim->known[height] = true;
        sim->hashes[height] = execution->hash;
    }
    if (!digest_equal(&sim->hashes[height], &execution->hash))
        fail(sim, "node %u has another block at height %" PRIu64, n, height);
}

static void keep_block(struct sim *sim, uint16_t n, const struct execution *execution)
{
    struct sim_node *node = &sim->nodes[n];
    if (execution->kind != EXECUTION_BLOCK) return;
    uint64_t height = execution->header.height;
    check_block_agrees(sim, n, execution);
    blob_unref(node->blocks[height]);
    node->blocks[height] = block_of(execution);
    node->headers[height] = execution->header;
    node->hashes[height] = execution->hash;
    node->height = height;
}

static void ledger_work(struct sim *sim, uint16_t n, struct output *output)
{
    struct sim_node *node = &sim->nodes[n];
    struct sim_event event = {
        .type = LEDGER_DONE, .node = n, .incarnation = node->incarnation, .output = output->kind
    };
    event.problem = calloc(1, sizeof *event.problem);
    if (output->kind == OUTPUT_EXECUTE)
        event.status = ledger_execute(node->ledger, output->epoch, output->sequence,
                                      blob_span(output->payload), &event.execution, event.problem);
    else if (output->kind == OUTPUT_EXECUTE_BLOCK)
        event.status = ledger_execute_block(node->ledger, blob_span(output->payload),
                                            &event.execution, event.problem);
    else
        check_admit(output->job, node->ledger, wall_of(sim, n));
    if (event.execution && event.status == STATUS_OK) keep_block(sim, n, event.execution);
    /* A tampered block is the only thing that a ledger may refuse. */
    bool refused = output->kind == OUTPUT_EXECUTE_BLOCK && sim->options.liars > 0;
    if (event.status != STATUS_OK && !refused)
        fail(sim, "node %u: ledger: %s", n, event.problem->text);
    event.job = output->job;
    output->job = NULL;
    uint64_t delay = stream_between(&sim->threads, 0, sim->options.ledger_ms_max);
    node->ledger_at_ms = max_u64(node->ledger_at_ms, sim->now_ms + delay);
    schedule(sim, node->ledger_at_ms, event);
}

/* What the host does when enough was executed or appended. */
void checkpoint(struct sim *sim, uint16_t n)
{
    struct sim_node *node = &sim->nodes[n];
    node->checkpoint_height = node->height;
    node->ledger_at_ms = max_u64(node->ledger_at_ms, sim->now_ms);
    schedule(sim, node->ledger_at_ms,
             (struct sim_event){ .type = CHECKPOINTED,
                                 .node = n,
                                 .incarnation = node->incarnation,
                                 .number = node->headers[node->height].sequence });
}

/* Blocks up to the last one that has a seal; what has none is proven by the block behind it. */
static void serve_blocks(struct sim *sim, uint16_t n, const struct output *output)
{
    struct sim_node *node = &sim->nodes[n];
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    write_u16(&w, 0);
    uint64_t last = output->height + output->count - 1;
    last = min_u64(min_u64(last, node->height), BLOCKS_MAX - 1);
    while (last >= output->height && !node->seals[last])
        last--;
    uint16_t count = 0;
    for (uint64_t h = output->height; h <= last; h++, count++) {
        uint8_t bytes[SEAL_BYTES_MAX];
        struct writer seal;
        writer_init_fixed(&seal, bytes, sizeof bytes);
        if (node->seals[h]) seal_write(&seal, node->seals[h]);
        write_bytes32(&w, blob_span(node->blocks[h]));
        write_bytes16(&w, writer_span(&seal));
    }
    store_u16(w.buffer.data, count);
    struct blob *blob = blob_copy(writer_span(&w));
    writer_free(&w);
    send_one(sim, n, output->peer, FRAME_SYNC_BLOCKS, blob);
    blob_unref(blob);
}

static void keep_seal(struct sim *sim, uint16_t n, struct output *output)
{
    struct sim_node *node = &sim->nodes[n];
    uint64_t height = output->height;
    if (seal_check(output->seal, &node->headers[height], &sim->genesis->committee, sim->cache,
                   NULL) != STATUS_OK)
        fail(sim, "node %u stores a seal that does not check at height %" PRIu64, n, height);
    if (!digest_equal(&output->seal->block_hash, &sim->hashes[height]))
        fail(sim, "node %u seals another block at height %" PRIu64, n, height);
    free(node->seals[height]);
    node->seals[height] = output->seal;
    output->seal = NULL;
    node->sealed = max_u64(node->sealed, height);
}

/* ---- journal ---- */

static void append(struct sim *sim, uint16_t n, const struct output *output)
{
    struct sim_node *node = &sim->nodes[n];
    if (node->records_count == node->records_capacity) {
        node->records_capacity = node->records_capacity ? node->records_capacity * 2 : 1024;
        node->records = realloc(node->records, node->records_capacity * sizeof *node->records);
        ASSERT(node->records != NULL);
    }
    node->records[node->records_count++] =
        (struct record){ output->type, blob_ref(output->payload) };
    ASSERT(node->records_count == output->record);
    uint64_t sync = stream_between(&sim->disk, 0, sim->options.sync_ms_max);
    node->durable_at_ms = max_u64(node->durable_at_ms, sim->now_ms + sync);
    schedule(sim, node->durable_at_ms,
             (struct sim_event){ .type = DURABLE,
                                 .node = n,
                                 .incarnation = node->incarnation,
                                 .number = output->record });
}
/* ---- outputs ---- */

/* Only what is durable may take the place of what is cut. */
static void cut_journal(struct sim *sim, uint16_t n, uint64_t record)
{
    struct sim_node *node = &sim->nodes[n];
    if (record > node->durable) fail(sim, "node %u cuts its journal before the fold is durable", n);
    for (size_t i = node->first ? node->first : 1; i < record; i++) {
        blob_unref(node->records[i - 1].payload);
        node->records[i - 1].payload = NULL;
    }
    node->first = record;
    sim->result->folds++;
}

static void output_handle(struct sim *sim, uint16_t n, struct output *output)
{
    struct sim_node *node = &sim->nodes[n];
    trace(sim, n, output);
    switch (output->kind) {
    case OUTPUT_APPEND: append(sim, n, output); break;
    case OUTPUT_SEND: send(sim, n, output); break;
    case OUTPUT_CHECK: {
        check_run(output->job);
        uint64_t delay = stream_between(&sim->threads, 0, sim->options.check_ms_max);
        schedule(
            sim, sim->now_ms + delay,
            (struct sim_event){
                .type = CHECKED, .node = n, .incarnation = node->incarnation, .job = output->job });
        output->job = NULL;
        break;
    }
    case OUTPUT_ADMIT:
    case OUTPUT_EXECUTE:
    case OUTPUT_EXECUTE_BLOCK: ledger_work(sim, n, output); break;
    case OUTPUT_SEALED: keep_seal(sim, n, output); break;
    case OUTPUT_SERVE_BLOCKS: serve_blocks(sim, n, output); break;
    case OUTPUT_CUT: cut_journal(sim, n, output->record); break;
    case OUTPUT_PEER_BROKE:
        if (!sim->nodes[output->peer].liar && !node->liar)
            fail(sim, "node %u accuses honest node %u: %s", n, output->peer, output->text);
        shun(sim, n, output->peer);
        break;
    case OUTPUT_STOP: fail(sim, "node %u stops: %s", n, output->text); break;
    default: break;
    }
}

void drain(struct sim *sim, uint16_t n)
{
    struct sim_node *node = &sim->nodes[n];
    struct output output;
    while (replica_next(node->replica, &output)) {
        output_handle(sim, n, &output);
        output_release(&output);
    }
    uint64_t at = replica_wake_at(node->replica);
    if (at == UINT64_MAX) return;
    at = max_u64(at, sim->now_ms);
    if (node->timer_at_ms > sim->now_ms && node->timer_at_ms <= at) return;
    node->timer_at_ms = at;
    schedule(sim, at,
             (struct sim_event){ .type = TIMER, .node = n, .incarnation = node->incarnation });
}
