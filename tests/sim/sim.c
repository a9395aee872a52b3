#include "sim.h"

#include "crypto/merkle.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { STREAM_NET = 1, STREAM_DISK, STREAM_THREADS, STREAM_CRASH, STREAM_LOAD, STREAM_RATES };
enum { EVENTS_MAX = 1 << 20, BLOCKS_MAX = 8192, HEAL_MS = 120000, WALL_BASE = 1800000000 };
enum { FAR_TXS = 5400, FAR_BEAT_MS = 16 };
#define WALL_MS ((uint64_t)WALL_BASE * 1000)

enum event_type { DELIVER, DURABLE, CHECKED, LEDGER_DONE, TIMER, SUBMIT, FAULT, RESTART, PING };

struct sim_event {
    uint64_t at_ms;
    uint64_t order; /* ties are broken by the order of scheduling */
    enum event_type type;
    uint16_t node, from;
    uint64_t incarnation;
    uint8_t kind;
    uint64_t number;
    struct blob *blob;
    struct check_job *job;
    enum output_kind output;
    enum status status;
    struct execution *execution;
    struct problem *problem;
};

struct record {
    uint8_t kind;
    struct blob *payload;
};

struct sim_node {
    struct replica *replica;
    struct signer *signer;
    struct ledger *ledger;
    bool alive;
    bool disarmed; /* it has lost its promises: no signer any more */
    uint64_t incarnation;
    struct record *records; /* numbered from 1 */
    size_t records_count, records_capacity;
    size_t durable;
    size_t first;           /* records before this number were cut */
    uint64_t durable_at_ms; /* when the sync under way ends */
    uint64_t ledger_at_ms;  /* the ledger's thread is busy until then */
    uint64_t timer_at_ms;
    struct blob *blocks[BLOCKS_MAX]; /* by height, what sync serves */
    struct header headers[BLOCKS_MAX];
    struct digest hashes[BLOCKS_MAX];
    struct seal *seals[BLOCKS_MAX];
    uint64_t height, sealed;
};

struct sim {
    struct sim_options options;
    struct sim_result *result;
    struct genesis *genesis;
    struct secret_key seal_keys[NODES_MAX];
    struct secret_key account_key;
    struct id accounts[SIM_ACCOUNTS];
    struct id asset;
    struct sim_node nodes[NODES_MAX];
    struct verify_cache *cache;
    struct stream net, disk, threads, crash, load;
    struct sim_event *heap;
    size_t heap_count;
    uint64_t order;
    uint64_t now_ms;
    bool healing;
    uint8_t side[NODES_MAX]; /* of a partition */
    struct blob *txs[SIM_TXS_MAX];
    struct digest txids[SIM_TXS_MAX];
    uint32_t txs_count;
    struct digest hashes[BLOCKS_MAX]; /* agreed, by height */
    bool known[BLOCKS_MAX];
    bool failed;
    unsigned losses; /* far behind: still to come */
};

static void fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

#include <stdarg.h>
static void fail(struct sim *sim, const char *format, ...)
{
    if (sim->failed) return;
    sim->failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sim->result->problem, sizeof sim->result->problem, format, arguments);
    va_end(arguments);
}

/* ---- the queue of events ---- */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void schedule(struct sim *sim, uint64_t at_ms, struct sim_event event)
{
    ASSERT(sim->heap_count < EVENTS_MAX);
    event.at_ms = at_ms;
    event.order = sim->order++;
    size_t i = sim->heap_count++;
    while (i > 0 && before(&event, &sim->heap[(i - 1) / 2])) {
        sim->heap[i] = sim->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    sim->heap[i] = event;
}

static struct sim_event next_event(struct sim *sim)
{
    struct sim_event top = sim->heap[0];
    struct sim_event last = sim->heap[--sim->heap_count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= sim->heap_count) break;
        if (child + 1 < sim->heap_count && before(&sim->heap[child + 1], &sim->heap[child]))
            child++;
        if (!before(&sim->heap[child], &last)) break;
        sim->heap[i] = sim->heap[child];
        i = child;
    }
    sim->heap[i] = last;
    return top;
}

static void event_free(struct sim_event *event)
{
    blob_unref(event->blob);
    check_free(event->job);
    execution_free(event->execution);
    free(event->problem);
}

static struct moment moment_of(const struct sim *sim)
{
    return (struct moment){ sim->now_ms, WALL_MS + sim->now_ms };
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

static bool cut(const struct sim *sim, uint16_t a, uint16_t b)
{
    return sim->side[a] != sim->side[b];
}

static void deliver(struct sim *sim, uint16_t from, uint16_t to, uint8_t kind, struct blob *blob)
{
    if (!sim->nodes[to].alive || cut(sim, from, to)) return;
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

static void send(struct sim *sim, uint16_t from, const struct output *output)
{
    for (uint16_t to = 0; to < sim->options.nodes; to++)
        if (to != from && (output->peer == NODE_ALL || output->peer == to))
            deliver(sim, from, to, output->type, output->payload);
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
        check_admit(output->job, node->ledger, WALL_MS + sim->now_ms);
    if (event.execution && event.status == STATUS_OK) keep_block(sim, n, event.execution);
    if (event.status != STATUS_OK) fail(sim, "node %u: ledger: %s", n, event.problem->text);
    event.job = output->job;
    output->job = NULL;
    uint64_t delay = stream_between(&sim->threads, 0, 3);
    node->ledger_at_ms = max_u64(node->ledger_at_ms, sim->now_ms + delay);
    schedule(sim, node->ledger_at_ms, event);
}

static void serve_blocks(struct sim *sim, uint16_t n, const struct output *output)
{
    struct sim_node *node = &sim->nodes[n];
    struct writer w;
    writer_init(&w, SIZE_MAX / 2);
    write_u16(&w, 0);
    uint16_t count = 0;
    for (uint64_t h = output->height; h < output->height + output->count && h < BLOCKS_MAX; h++) {
        if (!node->blocks[h] || !node->seals[h] || h > node->height) break;
        uint8_t bytes[SEAL_BYTES_MAX];
        struct writer seal;
        writer_init_fixed(&seal, bytes, sizeof bytes);
        seal_write(&seal, node->seals[h]);
        write_bytes32(&w, blob_span(node->blocks[h]));
        write_bytes16(&w, writer_span(&seal));
        count++;
    }
    store_u16(w.buffer.data, count);
    struct blob *blob = blob_copy(writer_span(&w));
    writer_free(&w);
    deliver(sim, n, output->peer, FRAME_SYNC_BLOCKS, blob);
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

static void output_handle(struct sim *sim, uint16_t n, struct output *output)
{
    struct sim_node *node = &sim->nodes[n];
    trace(sim, n, output);
    switch (output->kind) {
    case OUTPUT_APPEND: append(sim, n, output); break;
    case OUTPUT_SEND: send(sim, n, output); break;
    case OUTPUT_CHECK: {
        check_run(output->job);
        uint64_t delay = stream_between(&sim->threads, 0, 2);
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
    case OUTPUT_CUT: node->first = output->record; break;
    case OUTPUT_PEER_BROKE:
        fail(sim, "node %u accuses honest node %u: %s", n, output->peer, output->text);
        break;
    case OUTPUT_STOP: fail(sim, "node %u stops: %s", n, output->text); break;
    default: break;
    }
}

static void drain(struct sim *sim, uint16_t n)
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

/* ---- life ---- */

static void links(struct sim *sim, uint16_t n)
{
    for (uint16_t other = 0; other < sim->options.nodes; other++) {
        if (other == n || !sim->nodes[other].alive || cut(sim, n, other)) continue;
        replica_peer_up(sim->nodes[n].replica, moment_of(sim), other, sim->nodes[other].sealed);
        replica_peer_up(sim->nodes[other].replica, moment_of(sim), n, sim->nodes[n].sealed);
        drain(sim, other);
    }
    drain(sim, n);
}

static void open_node(struct sim *sim, uint16_t n)
{
    struct sim_node *node = &sim->nodes[n];
    struct problem problem = { .status = STATUS_OK };
    if (!node->ledger) {
        struct ledger_options options = { .cache = sim->cache };
        enum status status =
            ledger_open(&node->ledger, sim->genesis, ":memory:", &options, &problem);
        ASSERT(status == STATUS_OK);
        node->height = 0;
    }
    const struct ledger_head *head = ledger_head(node->ledger);
    node->height = head->header.height;
    node->sealed = min_u64(node->sealed, node->height);
    struct replica_config config = {
        .genesis = sim->genesis,
        .committee = ledger_committee(node->ledger),
        .params = ledger_params(node->ledger),
        .boundary_hash = *ledger_genesis_hash(node->ledger),
        .self = n,
        .pool = { 20000, 64 * 1024 * 1024, 4096 },
        .seed = sim->options.seed + n,
        .journal_roll_bytes = 256 * 1024,
        .engine_cache = sim->cache,
        .account_cache = sim->cache,
    };
    node->signer = node->disarmed ? NULL : signer_new(&sim->seal_keys[n]);
    config.signer = node->signer;
    uint64_t sequence = node->sealed ? node->headers[node->sealed].sequence : 0;
    enum status status = replica_new(&node->replica, &config, head, node->sealed, sequence);
    ASSERT(status == STATUS_OK);
    size_t first = node->first ? node->first : 1;
    for (size_t i = first; i <= node->records_count && status == STATUS_OK; i++)
        status = replica_restore(node->replica, node->records[i - 1].kind,
                                 blob_span(node->records[i - 1].payload));
    if (status != STATUS_OK) fail(sim, "node %u: restore: %s", n, status_name(status));
    for (uint64_t h = node->sealed + 1; h <= node->height; h++)
        replica_known_block(node->replica, &node->headers[h], &node->hashes[h]);
    node->alive = true;
    node->incarnation++;
    node->timer_at_ms = 0;
    status = replica_start(node->replica, moment_of(sim), node->records_count + 1);
    if (status != STATUS_OK) fail(sim, "node %u: start: %s", n, status_name(status));
    links(sim, n);
}

/* What was not durable may be lost, from any point on. The ledger is a file: a killed process loses
 * nothing of it, a wiped one all. */
static void crash(struct sim *sim, uint16_t n, bool wipe)
{
    struct sim_node *node = &sim->nodes[n];
    size_t kept = stream_between(&sim->crash, node->durable, node->records_count);
    while (node->records_count > kept)
        blob_unref(node->records[--node->records_count].payload);
    node->durable = node->records_count;
    node->durable_at_ms = node->ledger_at_ms = sim->now_ms;
    if (node->first > node->records_count) node->first = 0;
    node->alive = false;
    node->incarnation++;
    struct replica_status status;
    replica_status(node->replica, &status);
    sim->result->timeouts += status.engine.timeouts;
    replica_free(node->replica);
    signer_free(node->signer);
    node->replica = NULL;
    if (wipe) {
        ledger_close(node->ledger);
        node->ledger = NULL;
        node->height = node->sealed = 0;
    }
    for (uint16_t other = 0; other < sim->options.nodes; other++) {
        if (other == n || !sim->nodes[other].alive) continue;
        replica_peer_down(sim->nodes[other].replica, moment_of(sim), n);
        drain(sim, other);
    }
    sim->result->crashes++;
    uint64_t pause = stream_between(&sim->crash, 1, 4000);
    schedule(sim, sim->now_ms + pause, (struct sim_event){ .type = RESTART, .node = n });
}

static void repartition(struct sim *sim, bool whole)
{
    for (uint16_t n = 0; n < sim->options.nodes; n++) {
        uint64_t side = stream_between(&sim->crash, 0, 1);
        sim->side[n] = whole ? 0 : (uint8_t)side;
    }
    for (uint16_t n = 0; n < sim->options.nodes; n++) {
        if (!sim->nodes[n].alive) continue;
        for (uint16_t other = 0; other < sim->options.nodes; other++)
            if (other != n && cut(sim, n, other))
                replica_peer_down(sim->nodes[n].replica, moment_of(sim), other);
        links(sim, n);
    }
}

/* Once a virtual second, while faults last. */
static void fault(struct sim *sim)
{
    for (uint16_t n = 0; n < sim->options.nodes; n++) {
        bool dies = stream_chance(&sim->crash, sim->options.crash_permille);
        bool wiped = stream_chance(&sim->crash, sim->options.wipe_permille);
        if (dies && sim->nodes[n].alive) crash(sim, n, wiped);
    }
    bool split = stream_chance(&sim->crash, sim->options.partition_permille);
    bool heal = stream_chance(&sim->crash, 400);
    if (split)
        repartition(sim, false);
    else if (heal)
        repartition(sim, true);
    schedule(sim, sim->now_ms + 1000, (struct sim_event){ .type = FAULT });
}

static void heal(struct sim *sim)
{
    sim->healing = true;
    repartition(sim, true);
    for (uint16_t n = 0; n < sim->options.nodes; n++)
        if (!sim->nodes[n].alive) open_node(sim, n);
}

/* ---- load ---- */

static void make_transaction(struct sim *sim, uint32_t i)
{
    struct transaction *tx = calloc(1, sizeof *tx);
    ASSERT(tx != NULL);
    uint64_t from = stream_between(&sim->load, 0, SIM_ACCOUNTS - 1);
    uint64_t step = stream_between(&sim->load, 1, SIM_ACCOUNTS - 1);
    uint64_t amount = stream_between(&sim->load, 1, 400);
    tx->chain_id = sim->genesis->chain_id;
    tx->source = sim->accounts[from];
    store_u64(tx->client_ref.bytes, i + 1);
    tx->not_after_ms = WALL_MS + 599000;
    tx->operation_count = 1;
    tx->operations[0].code = OP_TRANSFER;
    tx->operations[0].actor = sim->accounts[from];
    tx->operations[0].transfer.to = sim->accounts[(from + step) % SIM_ACCOUNTS];
    tx->operations[0].transfer.asset = sim->asset;
    tx->operations[0].transfer.amount = amount;
    struct writer body;
    writer_init(&body, TX_BYTES_LIMIT);
    transaction_write_body(&body, tx);
    ASSERT(writer_status(&body) == STATUS_OK);
    sim->txids[i] = transaction_id(writer_span(&body));
    struct tx_signature signature;
    transaction_sign(&sim->account_key, &sim->genesis->chain_id, &sim->txids[i], &signature);
    struct writer w;
    writer_init(&w, TX_BYTES_LIMIT);
    transaction_write_signed(&w, writer_span(&body), &signature, 1);
    sim->txs[i] = blob_copy(writer_span(&w));
    writer_free(&w);
    writer_free(&body);
    free(tx);
}

/* A client sends to one node, and again to another one if it hears nothing. */
static void submit(struct sim *sim, uint64_t number)
{
    uint64_t n = stream_between(&sim->load, 0, sim->options.nodes - 1u);
    uint64_t again = stream_between(&sim->load, 1000, 3000);
    struct sim_node *node = &sim->nodes[n];
    if (node->alive) {
        replica_submit(node->replica, moment_of(sim), number + 1, sim->txs[number]);
        drain(sim, (uint16_t)n);
    }
    struct refusal refusal = { .code = REFUSAL_none };
    struct transaction *tx = calloc(1, sizeof *tx);
    ASSERT(tx != NULL);
    transaction_decode(blob_span(sim->txs[number]), tx, NULL);
    uint64_t lane;
    bool final = node->ledger && ledger_admit(node->ledger, tx, WALL_MS + sim->now_ms, &lane,
                                              &refusal) == REFUSAL_duplicate;
    free(tx);
    if (!final)
        schedule(sim, sim->now_ms + again, (struct sim_event){ .type = SUBMIT, .number = number });
}

/* What the keep-alives of the connections carry. */
static void heights(struct sim *sim)
{
    for (uint16_t n = 0; n < sim->options.nodes; n++)
        for (uint16_t other = 0; other < sim->options.nodes; other++)
            if (n != other && sim->nodes[n].alive && sim->nodes[other].alive) {
                replica_peer_height(sim->nodes[n].replica, moment_of(sim), other,
                                    sim->nodes[other].sealed);
                drain(sim, n);
            }
}

/* ---- the run ---- */

static void handle(struct sim *sim, struct sim_event *event)
{
    struct sim_node *node = &sim->nodes[event->node];
    bool mine = node->alive && node->incarnation == event->incarnation;
    switch (event->type) {
    case DELIVER:
        if (!mine) return;
        replica_frame(node->replica, moment_of(sim), event->from, event->kind, event->blob);
        break;
    case DURABLE:
        if (!mine) return;
        node->durable = max_u64(node->durable, event->number);
        replica_durable(node->replica, moment_of(sim), node->durable);
        break;
    case CHECKED:
        if (!mine) return;
        replica_checked(node->replica, moment_of(sim), event->job);
        event->job = NULL;
        break;
    case LEDGER_DONE:
        if (!mine) return;
        if (event->output == OUTPUT_ADMIT)
            replica_admitted(node->replica, moment_of(sim), event->job);
        else
            replica_executed(node->replica, moment_of(sim), event->status, event->execution,
                             event->problem);
        event->job = NULL;
        event->execution = NULL;
        break;
    case TIMER:
        if (!mine || node->timer_at_ms != event->at_ms) return;
        node->timer_at_ms = 0;
        replica_timer(node->replica, moment_of(sim));
        break;
    case SUBMIT: submit(sim, event->number); return;
    case FAULT:
        if (!sim->healing) fault(sim);
        return;
    case RESTART:
        if (!node->alive) open_node(sim, event->node);
        return;
    case PING:
        heights(sim);
        schedule(sim, sim->now_ms + 5000, (struct sim_event){ .type = PING });
        return;
    }
    drain(sim, event->node);
}

static bool all_final(const struct sim *sim)
{
    uint64_t height = sim->nodes[0].height;
    for (uint16_t n = 0; n < sim->options.nodes; n++) {
        const struct sim_node *node = &sim->nodes[n];
        if (!node->alive || node->height != height || node->sealed != height) return false;
        struct replica_status status;
        replica_status(node->replica, &status);
        if (status.pool.txs > 0 || status.engine.undecided > 0) return false;
    }
    for (size_t i = 0; i < sim->heap_count; i++)
        if (sim->heap[i].type == SUBMIT) return false;
    return true;
}

static void print_state(const struct sim *sim)
{
    for (uint16_t n = 0; n < sim->options.nodes && sim->options.trace; n++) {
        if (!sim->nodes[n].alive) continue;
        struct replica_status s;
        replica_status(sim->nodes[n].replica, &s);
        printf("n%u height %" PRIu64 " sealed %" PRIu64 " view %" PRIu64 " decided %" PRIu64
               " undecided %u pool %u unmarked %u gated %u handed %" PRIu64 " sequence %" PRIu64
               " placed %d sync %d\n",
               n, s.height, s.sealed_height, s.engine.view, s.engine.index_decided,
               s.engine.undecided, s.pool.txs, s.pool.unmarked, s.gated, s.handed, s.sequence,
               s.anchored, s.syncing);
    }
}

/* The last node stops and comes back without its ledger; the second time without its journal too,
 * so that the host gives it no signer. */
static void lose(struct sim *sim, bool everything)
{
    uint16_t n = (uint16_t)(sim->options.nodes - 1);
    struct sim_node *node = &sim->nodes[n];
    if (node->height < SIM_FAR_BLOCKS)
        fail(sim, "only %" PRIu64 " blocks to catch up", node->height);
    crash(sim, n, true);
    node->disarmed = everything;
    while (everything && node->records_count > 0)
        blob_unref(node->records[--node->records_count].payload);
    if (everything) node->durable = node->first = 0;
}

static void run(struct sim *sim)
{
    uint64_t deadline = sim->options.faults_ms + HEAL_MS;
    while (sim->heap_count > 0 && !sim->failed) {
        if (sim->healing && all_final(sim)) {
            if (sim->losses == 0) {
                sim->result->progressed = true;
                break;
            }
            lose(sim, --sim->losses == 0);
            deadline = sim->now_ms + HEAL_MS;
        }
        struct sim_event event = next_event(sim);
        sim->now_ms = event.at_ms;
        if (!sim->healing && sim->now_ms >= sim->options.faults_ms) heal(sim);
        handle(sim, &event);
        event_free(&event);
        sim->result->events++;
        if (sim->now_ms > deadline) {
            print_state(sim);
            fail(sim, "no end within %u s after healing", HEAL_MS / 1000);
        }
    }
    if (!sim->failed && sim->healing && all_final(sim)) sim->result->progressed = true;
    if (!sim->failed && !sim->result->progressed) {
        print_state(sim);
        fail(sim, "silence before everything was final");
    }
}

/* ---- set-up ---- */

static void seeded_key(uint64_t number, struct secret_key *secret, struct public_key *key)
{
    uint8_t seed[32] = { 0 };
    store_u64(seed, number);
    key_from_seed(seed, secret, key);
}

static void genesis_validators(struct sim *sim, struct genesis *genesis)
{
    uint16_t count = sim->options.nodes;
    genesis->committee.count = count;
    genesis->validators = calloc(count, sizeof *genesis->validators);
    genesis->member_count = 1;
    genesis->members = calloc(1, sizeof *genesis->members);
    ASSERT(genesis->validators != NULL);
    ASSERT(genesis->members != NULL);
    genesis->members[0].account = sim->accounts[0];
    snprintf(genesis->members[0].name, sizeof genesis->members[0].name, "member");
    for (uint16_t i = 0; i < count; i++) {
        struct validator *validator = &genesis->committee.validators[i];
        struct secret_key node_key;
        validator->id.bytes[15] = (uint8_t)(i + 1);
        validator->member = sim->accounts[0];
        seeded_key(1000u + i, &sim->seal_keys[i], &validator->seal_key);
        seeded_key(2000u + i, &node_key, &genesis->validators[i].node_key);
        snprintf(genesis->validators[i].endpoint, sizeof genesis->validators[i].endpoint,
                 "127.0.0.1:%u", 7000u + i);
        possession_sign(&sim->seal_keys[i], genesis->network, &validator->id, &validator->member,
                        &genesis->validators[i].node_key, &genesis->validators[i].possession);
    }
}

static void genesis_accounts(struct sim *sim, struct genesis *genesis)
{
    genesis->account_count = SIM_ACCOUNTS;
    genesis->accounts = calloc(SIM_ACCOUNTS, sizeof *genesis->accounts);
    genesis->asset_count = 1;
    genesis->assets = calloc(1, sizeof *genesis->assets);
    genesis->balance_count = SIM_ACCOUNTS;
    genesis->balances = calloc(SIM_ACCOUNTS, sizeof *genesis->balances);
    ASSERT(genesis->accounts != NULL);
    ASSERT(genesis->assets != NULL);
    ASSERT(genesis->balances != NULL);
    struct genesis_asset *asset = &genesis->assets[0];
    asset->issuer = sim->accounts[0];
    memcpy(asset->code, "EUR", 3);
    asset->scale = 2;
    asset->max_supply = INT64_MAX;
    asset->supply = 1000u * SIM_ACCOUNTS;
    asset->id = sim->asset = asset_id_of(&asset->issuer, asset->code);
    struct public_key key;
    seeded_key(1, &sim->account_key, &key);
    for (uint16_t i = 0; i < SIM_ACCOUNTS; i++) {
        struct genesis_account *account = &genesis->accounts[i];
        account->id = sim->accounts[i];
        account->roles = i == 0 ? ROLE_ALL : 0;
        account->low = account->medium = account->high = 1;
        account->signer_count = 1;
        account->signers[0] = (struct account_signer){ key, 1 };
        genesis->balances[i] = (struct genesis_balance){ sim->accounts[i], sim->asset, 1000 };
    }
}

static void set_up(struct sim *sim)
{
    uint64_t seed = sim->options.seed;
    sim->net = stream_of(seed, STREAM_NET);
    sim->disk = stream_of(seed, STREAM_DISK);
    sim->threads = stream_of(seed, STREAM_THREADS);
    sim->crash = stream_of(seed, STREAM_CRASH);
    sim->load = stream_of(seed, STREAM_LOAD);
    sim->heap = calloc(EVENTS_MAX, sizeof *sim->heap);
    sim->cache = verify_cache_new(65536);
    ASSERT(sim->heap != NULL);
    ASSERT(sim->cache != NULL);
    for (uint16_t i = 0; i < SIM_ACCOUNTS; i++)
        sim->accounts[i].bytes[15] = (uint8_t)(i + 1);
    sim->genesis =
        genesis_new("sim", PURPOSE_TEST, WALL_MS - 1000, ENGINE_HOTSTUFF, FAULT_BYZANTINE);
    ASSERT(sim->genesis != NULL);
    if (sim->options.nodes < 4) sim->genesis->params.values[PARAM_validators_min] = 1;
    genesis_validators(sim, sim->genesis);
    genesis_accounts(sim, sim->genesis);
    struct problem problem = { .status = STATUS_OK };
    enum status status = genesis_seal(sim->genesis, &problem);
    if (status != STATUS_OK) fprintf(stderr, "%s\n", problem.text);
    ASSERT(status == STATUS_OK);
    for (uint32_t i = 0; i < sim->options.transactions; i++) {
        make_transaction(sim, i);
        uint64_t at = stream_between(&sim->load, 1, sim->options.faults_ms);
        if (sim->options.far_behind) at = (uint64_t)i * FAR_BEAT_MS + 1;
        schedule(sim, at, (struct sim_event){ .type = SUBMIT, .number = i });
    }
    schedule(sim, 1000, (struct sim_event){ .type = FAULT });
    schedule(sim, 5000, (struct sim_event){ .type = PING });
    for (uint16_t n = 0; n < sim->options.nodes; n++)
        open_node(sim, n);
}

static void node_free(struct sim_node *node)
{
    replica_free(node->replica);
    if (node->alive) signer_free(node->signer);
    ledger_close(node->ledger);
    while (node->records_count > 0)
        blob_unref(node->records[--node->records_count].payload);
    free(node->records);
    for (size_t h = 0; h < BLOCKS_MAX; h++) {
        blob_unref(node->blocks[h]);
        free(node->seals[h]);
    }
}

static void finish(struct sim *sim)
{
    for (uint16_t n = 0; n < sim->options.nodes; n++) {
        struct replica_status status;
        if (sim->nodes[n].replica) {
            replica_status(sim->nodes[n].replica, &status);
            sim->result->timeouts += status.engine.timeouts;
        }
        node_free(&sim->nodes[n]);
    }
    for (size_t i = 0; i < sim->heap_count; i++)
        event_free(&sim->heap[i]);
    for (uint32_t i = 0; i < sim->options.transactions; i++)
        blob_unref(sim->txs[i]);
    free(sim->heap);
    verify_cache_free(sim->cache);
    genesis_free(sim->genesis);
}

void sim_options_draw(struct sim_options *options, uint64_t seed, uint16_t nodes)
{
    struct stream rates = stream_of(seed, STREAM_RATES);
    *options = (struct sim_options){ .seed = seed, .nodes = nodes, .faults_ms = 12000 };
    options->transactions = (uint32_t)stream_between(&rates, 5, 40);
    options->loss_permille = (unsigned)stream_between(&rates, 0, 150);
    options->duplicate_permille = (unsigned)stream_between(&rates, 0, 150);
    options->delay_ms_max = (unsigned)stream_between(&rates, 2, 120);
    options->sync_ms_max = (unsigned)stream_between(&rates, 0, 60);
    options->crash_permille = (unsigned)stream_between(&rates, 0, 200);
    options->wipe_permille = (unsigned)stream_between(&rates, 0, 300);
    options->partition_permille = (unsigned)stream_between(&rates, 0, 300);
}

void sim_options_far_behind(struct sim_options *options, uint64_t seed, uint16_t nodes)
{
    *options = (struct sim_options){
        .seed = seed,
        .nodes = nodes,
        .transactions = FAR_TXS,
        .faults_ms = (uint64_t)FAR_TXS * FAR_BEAT_MS,
        .delay_ms_max = 1,
        .far_behind = true,
    };
}

void sim_run(const struct sim_options *options, struct sim_result *result)
{
    struct sim *sim = calloc(1, sizeof *sim);
    ASSERT(sim != NULL);
    memset(result, 0, sizeof *result);
    sim->options = *options;
    sim->result = result;
    sim->losses = options->far_behind ? 2 : 0;
    set_up(sim);
    run(sim);
    result->height = sim->nodes[0].height;
    result->virtual_ms = sim->now_ms;
    result->agreed = !sim->failed;
    finish(sim);
    free(sim);
}
