/* tests/unit/node/replica_fixture.h -- a few real replicas, engines and ledgers on one thread.
 *
 * A `world` is a committee of up to four production replicas with a ledger in memory and a list as
 * journal. Time moves in steps of a millisecond: what was sent in one step arrives in the next, the
 * disk syncs at the end of a step, checks and execution take no time. Nothing is random. A test can
 * hold a disk, a ledger or the checks, cut a link, look at or change every frame on its way
 * (`filter`), and reads what each replica said from its log.
 *
 *     struct world *w = world_open(NULL);
 *     world_submit(w, 0, world_transfer(w, 1));
 *     world_run(w, 100);
 *     cr_assert_eq(w->nodes[2].height, 1);
 *     world_close(w);
 */
#ifndef TESTS_NODE_REPLICA_FIXTURE_H
#define TESTS_NODE_REPLICA_FIXTURE_H

#include "consensus/hotstuff.h"
#include "format/action.h"
#include "node/replica.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORLD_NODES = 4, WORLD_ACCOUNTS = 4, WORLD_BLOCKS = 1024, WORLD_FROZEN = 3 };
#define WORLD_START_MS UINT64_C(5000)         /* monotonic */
#define WORLD_WALL_MS UINT64_C(1800000000000) /* Unix time at monotonic 0 */
#define WORLD_TERM_MS UINT64_C(500000)        /* validity of a transaction */

/* One output, as the log keeps it. */
struct said {
    uint64_t at_ms;
    enum output_kind kind;
    uint8_t type;
    uint16_t peer;
    bool droppable, later;
    uint64_t record, sequence, height, ticket;
    enum read_answer read;
    uint64_t durable; /* the node's journal at that moment */
    uint16_t count;   /* OUTPUT_SERVE_BLOCKS; signatures of OUTPUT_SEALED */
    int exit_code;
    struct blob *payload;
    struct refusal refusal;
    struct digest txid;
    char text[400];
};

struct journal_item {
    uint8_t kind;
    struct blob *payload;
};

struct world_node {
    struct replica *replica;
    struct signer *signer;
    struct ledger *ledger;
    bool alive;
    bool without_signer;                      /* at the next opening */
    bool disk_held, ledger_held, checks_held; /* ledger: executions; admission goes on */
    struct journal_item *records;             /* record n is at n - 1 */
    size_t records_count, records_capacity;
    size_t durable, first;  /* first: records below it were cut */
    struct output *waiting; /* for a held ledger */
    size_t waiting_count;
    struct check_job *admissions; /* linked by next */
    struct check_job **jobs;      /* held checks */
    size_t jobs_count;
    struct epoch_record *epoch; /* that the replica is in */
    struct header headers[WORLD_BLOCKS];
    struct digest hashes[WORLD_BLOCKS];
    struct blob *blocks[WORLD_BLOCKS];
    struct seal *seals[WORLD_BLOCKS];
    uint64_t height, sealed;
    bool lies;                 /* its execution computes another state root */
    enum status ledger_status; /* what its ledger answers instead of OK */
    struct said *log;
    size_t log_count, log_capacity;
};

struct world_frame {
    uint16_t from, to;
    uint8_t kind;
    struct blob *payload;
};

struct world;

/* false: the frame is lost. *payload may be replaced (a reference each). */
typedef bool world_filter(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                          struct blob **payload);

struct world_options {
    uint16_t nodes;
    uint64_t unsealed_max, journal_roll_bytes;
    uint64_t phases; /* of the engine */
    bool crash;      /* Raft, in the model of crashes, instead of HotStuff */
    struct pool_limits pool;
};

struct world {
    struct world_options options;
    struct genesis *genesis;
    struct secret_key seal_keys[WORLD_NODES];
    struct secret_key account_key, stranger_key;
    struct public_key stranger;
    struct id accounts[WORLD_ACCOUNTS];
    struct id asset;
    struct verify_cache *cache;
    struct world_node *nodes;
    struct world_frame *frames;
    size_t frames_count, frames_capacity;
    bool cut[WORLD_NODES][WORLD_NODES];
    world_filter *filter;
    void *context; /* the filter's */
    uint64_t now_ms;
    uint64_t wall_ahead_ms; /* by so much everybody's wall clock is fast */
    uint64_t tickets;
    struct digest trace; /* over every output of every node */
};

static inline struct moment world_moment(const struct world *w)
{
    return (struct moment){ w->now_ms, WORLD_WALL_MS + w->wall_ahead_ms + w->now_ms };
}

static inline void *world_grow(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return items;
    *capacity = *capacity ? *capacity * 2 : 256;
    items = realloc(items, *capacity * size);
    ASSERT(items != NULL);
    return items;
}

/* ---- the log ---- */

static inline void world_log(struct world *w, uint16_t n, const struct output *output)
{
    struct world_node *node = &w->nodes[n];
    node->log = world_grow(node->log, node->log_count, &node->log_capacity, sizeof *node->log);
    struct said *said = &node->log[node->log_count++];
    *said = (struct said){ .at_ms = w->now_ms,
                           .kind = output->kind,
                           .type = output->type,
                           .peer = output->peer,
                           .droppable = output->droppable,
                           .later = output->later,
                           .record = output->record,
                           .sequence = output->sequence,
                           .height = output->height,
                           .ticket = output->ticket,
                           .read = output->read,
                           .durable = node->durable,
                           .count = output->seal ? output->seal->count : output->count,
                           .exit_code = output->exit_code,
                           .payload = blob_ref(output->payload),
                           .refusal = output->refusal,
                           .txid = output->txid };
    memcpy(said->text, output->text, sizeof said->text);
    uint8_t head[20] = { (uint8_t)n, (uint8_t)output->kind, output->type };
    store_u64(head + 4, w->now_ms);
    store_u64(head + 12, output->record + output->sequence + output->height);
    struct span parts[] = { digest_span(&w->trace), span_of(head, sizeof head),
                            output->payload ? blob_span(output->payload)
                                            : span_text(output->text) };
    w->trace = digest_plain(parts, 3);
}

/* The first output of a kind (and type, unless 0) from position `from` on; NULL if none. */
static inline const struct said *world_find(const struct world *w, uint16_t n, size_t from,
                                            enum output_kind kind, uint8_t type)
{
    const struct world_node *node = &w->nodes[n];
    for (size_t i = from; i < node->log_count; i++)
        if (node->log[i].kind == kind && (type == 0 || node->log[i].type == type))
            return &node->log[i];
    return NULL;
}

static inline size_t world_count(const struct world *w, uint16_t n, size_t from,
                                 enum output_kind kind, uint8_t type)
{
    const struct world_node *node = &w->nodes[n];
    size_t count = 0;
    for (size_t i = from; i < node->log_count; i++)
        count += node->log[i].kind == kind && (type == 0 || node->log[i].type == type);
    return count;
}

static inline const struct said *world_answer(const struct world *w, uint16_t n, uint64_t ticket)
{
    for (size_t i = 0; i < w->nodes[n].log_count; i++)
        if (w->nodes[n].log[i].kind == OUTPUT_ANSWER && w->nodes[n].log[i].ticket == ticket)
            return &w->nodes[n].log[i];
    return NULL;
}

/* The first note that contains a word, from position `from` on. */
static inline const struct said *world_note(const struct world *w, uint16_t n, size_t from,
                                            const char *word)
{
    for (size_t i = from; i < w->nodes[n].log_count; i++)
        if (w->nodes[n].log[i].kind == OUTPUT_NOTE && strstr(w->nodes[n].log[i].text, word))
            return &w->nodes[n].log[i];
    return NULL;
}

static inline struct replica_status world_status(const struct world *w, uint16_t n)
{
    struct replica_status status;
    replica_status(w->nodes[n].replica, &status);
    return status;
}

/* ---- network, journal, ledger ---- */

static inline void world_post(struct world *w, uint16_t from, uint16_t to, uint8_t kind,
                              struct blob *payload)
{
    w->frames = world_grow(w->frames, w->frames_count, &w->frames_capacity, sizeof *w->frames);
    w->frames[w->frames_count++] = (struct world_frame){ from, to, kind, blob_ref(payload) };
}

static inline void world_send(struct world *w, uint16_t from, const struct output *output)
{
    for (uint16_t to = 0; to < w->options.nodes; to++) {
        if (to == from || (output->peer != NODE_ALL && output->peer != to)) continue;
        if (!w->nodes[to].alive || w->cut[from][to]) continue;
        struct blob *payload = blob_ref(output->payload);
        if (!w->filter || w->filter(w, from, to, output->type, &payload))
            world_post(w, from, to, output->type, payload);
        blob_unref(payload);
    }
}

static inline void world_append(struct world_node *node, const struct output *output)
{
    node->records = world_grow(node->records, node->records_count, &node->records_capacity,
                               sizeof *node->records);
    cr_assert_eq(output->record, node->records_count + 1, "records are numbered without gaps");
    node->records[node->records_count++] =
        (struct journal_item){ output->type, blob_ref(output->payload) };
}

static inline struct blob *world_block_bytes(const struct execution *execution)
{
    struct writer writer;
    writer_init(&writer, SIZE_MAX / 2);
    header_write(&writer, &execution->header);
    write_u32(&writer, execution->entry_count);
    for (uint32_t i = 0; i < execution->entry_count; i++)
        write_bytes32(&writer, execution->entries[i].transaction);
    struct blob *blob = blob_copy(writer_span(&writer));
    writer_free(&writer);
    return blob;
}

static inline void world_keep_block(struct world_node *node, const struct execution *execution)
{
    if (execution->kind != EXECUTION_BLOCK) return;
    uint64_t height = execution->header.height;
    ASSERT(height < WORLD_BLOCKS);
    blob_unref(node->blocks[height]);
    node->blocks[height] = world_block_bytes(execution);
    node->headers[height] = execution->header;
    node->hashes[height] = execution->hash;
    node->height = height;
}

/* Runs what the ledger's thread would run, and gives the answer back. */
static inline void world_ledger_job(struct world *w, struct world_node *node, struct output *output)
{
    struct execution *execution = NULL;
    struct problem problem = { .text = "" };
    enum status status =
        output->kind == OUTPUT_EXECUTE
            ? ledger_execute(node->ledger, output->epoch, output->sequence,
                             blob_span(output->payload), &execution, &problem)
            : ledger_execute_block(node->ledger, blob_span(output->payload), &execution, &problem);
    if (node->ledger_status != STATUS_OK) {
        status = node->ledger_status;
        problem_set(&problem, status, "injected");
    }
    if (execution && node->lies && execution->kind == EXECUTION_BLOCK) {
        execution->header.state_root.bytes[0] ^= 1;
        execution->hash = header_hash(&execution->header);
    }
    if (execution && status == STATUS_OK) world_keep_block(node, execution);
    replica_executed(node->replica, world_moment(w), status, execution, &problem);
}

/* Admissions wait until nothing else is to be done, and are looked at together. */
static inline void world_admission_later(struct world_node *node, struct output *output)
{
    struct check_job **end = &node->admissions;
    while (*end)
        end = &(*end)->next;
    *end = output->job;
}

static inline bool world_admit(struct world *w, struct world_node *node)
{
    struct check_job *jobs = node->admissions;
    if (!node->alive || !jobs) return false;
    node->admissions = NULL;
    check_admit(jobs, node->ledger, WORLD_WALL_MS + w->now_ms);
    replica_admitted(node->replica, world_moment(w), jobs);
    return true;
}

static inline void world_ledger_later(struct world_node *node, struct output *output)
{
    node->waiting = realloc(node->waiting, (node->waiting_count + 1) * sizeof *node->waiting);
    ASSERT(node->waiting != NULL);
    node->waiting[node->waiting_count] = *output;
    node->waiting[node->waiting_count++].payload = blob_ref(output->payload);
}

static inline void world_check_later(struct world_node *node, struct check_job *job)
{
    node->jobs = realloc(node->jobs, (node->jobs_count + 1) * sizeof(struct check_job *));
    ASSERT(node->jobs != NULL);
    node->jobs[node->jobs_count++] = job;
}

static inline void world_serve(struct world *w, uint16_t n, const struct output *output)
{
    struct world_node *node = &w->nodes[n];
    struct writer writer;
    writer_init(&writer, SIZE_MAX / 2);
    write_u16(&writer, 0);
    uint16_t count = 0;
    for (uint64_t h = output->height; h < output->height + output->count; h++) {
        if (h > node->height || !node->blocks[h] || !node->seals[h]) break;
        uint8_t bytes[SEAL_BYTES_MAX];
        struct writer seal;
        writer_init_fixed(&seal, bytes, sizeof bytes);
        seal_write(&seal, node->seals[h]);
        write_bytes32(&writer, blob_span(node->blocks[h]));
        write_bytes16(&writer, writer_span(&seal));
        count++;
    }
    store_u16(writer.buffer.data, count);
    struct output answer = { .peer = output->peer,
                             .type = FRAME_SYNC_BLOCKS,
                             .payload = blob_copy(writer_span(&writer)) };
    writer_free(&writer);
    world_send(w, n, &answer);
    blob_unref(answer.payload);
}

static inline void world_keep_seal(struct world_node *node, struct output *output)
{
    free(node->seals[output->height]);
    node->seals[output->height] = output->seal;
    output->seal = NULL;
    node->sealed = max_u64(node->sealed, output->height);
}

static inline void world_output(struct world *w, uint16_t n, struct output *output)
{
    struct world_node *node = &w->nodes[n];
    world_log(w, n, output);
    switch (output->kind) {
    case OUTPUT_APPEND: world_append(node, output); break;
    case OUTPUT_SEND: world_send(w, n, output); break;
    case OUTPUT_CHECK:
        if (node->checks_held) {
            world_check_later(node, output->job);
            break;
        }
        check_run(output->job);
        replica_checked(node->replica, world_moment(w), output->job);
        break;
    case OUTPUT_ADMIT: world_admission_later(node, output); break;
    case OUTPUT_EXECUTE:
    case OUTPUT_EXECUTE_BLOCK:
        if (node->ledger_held)
            world_ledger_later(node, output);
        else
            world_ledger_job(w, node, output);
        break;
    case OUTPUT_SEALED: world_keep_seal(node, output); break;
    case OUTPUT_SERVE_BLOCKS: world_serve(w, n, output); break;
    case OUTPUT_CUT: node->first = output->record; break;
    default: break;
    }
}

static inline void world_drain(struct world *w, uint16_t n)
{
    struct output output;
    do {
        while (w->nodes[n].alive && replica_next(w->nodes[n].replica, &output)) {
            world_output(w, n, &output);
            output_release(&output);
        }
    } while (world_admit(w, &w->nodes[n]));
}

/* Everything appended is on the disk. */
static inline void world_sync(struct world *w, uint16_t n)
{
    struct world_node *node = &w->nodes[n];
    if (node->durable == node->records_count) return;
    node->durable = node->records_count;
    replica_durable(node->replica, world_moment(w), node->durable);
    world_drain(w, n);
}

/* Held checks come back, all in one turn of the loop. */
static inline void world_checks_go(struct world *w, uint16_t n)
{
    struct world_node *node = &w->nodes[n];
    node->checks_held = false;
    for (size_t i = 0; i < node->jobs_count; i++) {
        check_run(node->jobs[i]);
        replica_checked(node->replica, world_moment(w), node->jobs[i]);
    }
    node->jobs_count = 0;
    world_drain(w, n);
}

/* A held ledger does what waits for it, in order. */
static inline void world_ledger_go(struct world *w, uint16_t n)
{
    struct world_node *node = &w->nodes[n];
    node->ledger_held = false;
    for (size_t i = 0; i < node->waiting_count; i++) {
        world_ledger_job(w, node, &node->waiting[i]);
        blob_unref(node->waiting[i].payload);
    }
    node->waiting_count = 0;
    world_drain(w, n);
}

/* ---- time ---- */

static inline void world_deliver(struct world *w)
{
    struct world_frame *frames = w->frames;
    size_t count = w->frames_count;
    w->frames = NULL;
    w->frames_count = w->frames_capacity = 0;
    for (size_t i = 0; i < count; i++) {
        struct world_frame *frame = &frames[i];
        if (w->nodes[frame->to].alive) {
            replica_frame(w->nodes[frame->to].replica, world_moment(w), frame->from, frame->kind,
                          frame->payload);
            world_drain(w, frame->to);
        }
        blob_unref(frame->payload);
    }
    free(frames);
}

static inline void world_step(struct world *w)
{
    w->now_ms++;
    world_deliver(w);
    for (uint16_t n = 0; n < w->options.nodes; n++) {
        struct world_node *node = &w->nodes[n];
        if (!node->alive) continue;
        if (replica_wake_at(node->replica) <= w->now_ms) {
            replica_timer(node->replica, world_moment(w));
            world_drain(w, n);
        }
        if (!node->disk_held) world_sync(w, n);
    }
}

static inline void world_run(struct world *w, uint64_t ms)
{
    for (uint64_t i = 0; i < ms; i++)
        world_step(w);
}

/* What the connections' keep-alives carry: everybody's sealed height. */
static inline void world_ping(struct world *w)
{
    for (uint16_t n = 0; n < w->options.nodes; n++)
        for (uint16_t other = 0; other < w->options.nodes; other++) {
            if (n == other || !w->nodes[n].alive || !w->nodes[other].alive) continue;
            if (w->cut[other][n]) continue;
            replica_peer_height(w->nodes[n].replica, world_moment(w), other,
                                w->nodes[other].sealed);
            world_drain(w, n);
        }
}

/* ---- life of a node ---- */

static inline void world_links(struct world *w, uint16_t n)
{
    for (uint16_t other = 0; other < w->options.nodes; other++) {
        if (other == n || !w->nodes[other].alive || w->cut[n][other]) continue;
        replica_peer_up(w->nodes[n].replica, world_moment(w), other, w->nodes[other].sealed);
        replica_peer_up(w->nodes[other].replica, world_moment(w), n, w->nodes[n].sealed);
        world_drain(w, other);
    }
    world_drain(w, n);
}

static inline struct replica_config world_config(const struct world *w, uint16_t n)
{
    const struct world_node *node = &w->nodes[n];
    return (struct replica_config){
        .genesis = w->genesis,
        .committee = &node->epoch->committee,
        .params = &node->epoch->params,
        .epoch = node->epoch->number,
        .boundary_hash = node->epoch->boundary_hash,
        .next_due_ms = ledger_next_due_ms(node->ledger),
        .tick_gap_ms = ledger_params(node->ledger)->values[PARAM_tick_gap_ms_min],
        .self = n,
        .signer = node->signer,
        .pool = w->options.pool,
        .seed = n,
        .journal_roll_bytes = w->options.journal_roll_bytes,
        .engine_cache = w->cache,
        .account_cache = w->cache,
    };
}

static inline void world_open_ledger(struct world *w, struct world_node *node)
{
    if (node->ledger) return;
    struct problem problem = { .text = "" };
    struct ledger_options options = { .cache = w->cache };
    enum status status = ledger_open(&node->ledger, w->genesis, ":memory:", &options, &problem);
    cr_assert_eq(status, STATUS_OK, "%s", problem.text);
    node->height = node->sealed = 0;
}

/* The epoch in which the ledger stands: the old one while its last block is not sealed. */
static inline void world_read_epoch(struct world_node *node)
{
    const struct ledger_head *head = ledger_head(node->ledger);
    bool waits = head->epoch_ended && node->sealed < head->header.height;
    if (!node->epoch) node->epoch = calloc(1, sizeof *node->epoch);
    ASSERT(node->epoch != NULL);
    uint64_t number = waits ? head->header.epoch : head->epoch;
    cr_assert_eq(ledger_read_epoch(node->ledger, number, node->epoch), STATUS_OK);
}

/* A replica from the node's ledger and journal, restored but not started. */
static inline enum status world_restore(struct world *w, uint16_t n)
{
    struct world_node *node = &w->nodes[n];
    world_open_ledger(w, node);
    const struct ledger_head *head = ledger_head(node->ledger);
    node->sealed = min_u64(node->sealed, head->header.height);
    node->signer = node->without_signer ? NULL : signer_new(&w->seal_keys[n]);
    world_read_epoch(node);
    struct replica_config config = world_config(w, n);
    const struct header *sealed = &node->headers[node->sealed];
    uint64_t sequence = node->sealed && sealed->epoch == node->epoch->number ? sealed->sequence : 0;
    enum status status = replica_new(&node->replica, &config, head, node->sealed, sequence);
    for (size_t i = node->first ? node->first : 1; i <= node->records_count && status == STATUS_OK;
         i++)
        status = replica_restore(node->replica, node->records[i - 1].kind,
                                 blob_span(node->records[i - 1].payload));
    for (uint64_t h = node->sealed + 1; h <= node->height && status == STATUS_OK; h++)
        replica_known_block(node->replica, &node->headers[h], &node->hashes[h]);
    return status;
}

static inline void world_start(struct world *w, uint16_t n)
{
    struct world_node *node = &w->nodes[n];
    cr_assert_eq(world_restore(w, n), STATUS_OK);
    node->alive = true;
    enum status status = replica_start(node->replica, world_moment(w), node->records_count + 1);
    cr_assert_eq(status, STATUS_OK, "%s", status_name(status));
    world_links(w, n);
}

static inline void world_drop_replica(struct world_node *node)
{
    for (size_t i = 0; i < node->waiting_count; i++) {
        check_free(node->waiting[i].job);
        blob_unref(node->waiting[i].payload);
    }
    for (size_t i = 0; i < node->jobs_count; i++)
        check_free(node->jobs[i]);
    while (node->admissions) {
        struct check_job *next = node->admissions->next;
        check_free(node->admissions);
        node->admissions = next;
    }
    node->waiting_count = node->jobs_count = 0;
    replica_free(node->replica);
    signer_free(node->signer);
    node->replica = NULL;
    node->signer = NULL;
    node->alive = false;
}

/* kill -9: what was not durable is gone; ledger and journal stay. */
static inline void world_kill(struct world *w, uint16_t n)
{
    struct world_node *node = &w->nodes[n];
    while (node->records_count > node->durable)
        blob_unref(node->records[--node->records_count].payload);
    world_drop_replica(node);
    node->disk_held = node->ledger_held = node->checks_held = false;
    for (uint16_t other = 0; other < w->options.nodes; other++) {
        if (!w->nodes[other].alive) continue;
        replica_peer_down(w->nodes[other].replica, world_moment(w), n);
        world_drain(w, other);
    }
}

static inline void world_wipe_ledger(struct world_node *node)
{
    ledger_close(node->ledger);
    node->ledger = NULL;
    node->height = node->sealed = 0;
}

static inline void world_wipe_journal(struct world_node *node)
{
    while (node->records_count > 0)
        blob_unref(node->records[--node->records_count].payload);
    node->durable = node->first = 0;
}

/* ---- set-up ---- */

static inline void world_key(uint64_t number, struct secret_key *secret, struct public_key *key)
{
    uint8_t seed[32] = { 0 };
    store_u64(seed, number);
    key_from_seed(seed, secret, key);
}

static inline void world_validators(struct world *w, struct genesis *genesis)
{
    uint16_t count = w->options.nodes;
    genesis->committee.count = count;
    genesis->validators = calloc(count, sizeof *genesis->validators);
    for (uint16_t i = 0; i < count; i++) {
        struct validator *validator = &genesis->committee.validators[i];
        struct genesis_validator *more = &genesis->validators[i];
        struct secret_key node_key;
        validator->id.bytes[15] = (uint8_t)(i + 1);
        validator->member = w->accounts[0];
        world_key(1000u + i, &w->seal_keys[i], &validator->seal_key);
        world_key(2000u + i, &node_key, &more->node_key);
        (void)snprintf(more->endpoint, sizeof more->endpoint, "127.0.0.1:%u", 7000u + i);
        possession_sign(&w->seal_keys[i], genesis->network, &validator->id, &validator->member,
                        &more->node_key, &more->possession);
    }
}

/* Account 0 is the member and issuer; every account has 1000.00 and the same signer. */
static inline void world_accounts(struct world *w, struct genesis *genesis)
{
    struct public_key key;
    world_key(1, &w->account_key, &key);
    world_key(2, &w->stranger_key, &w->stranger);
    genesis->member_count = 1;
    genesis->members = calloc(1, sizeof *genesis->members);
    genesis->members[0].account = w->accounts[0];
    strcpy(genesis->members[0].name, "member");
    genesis->account_count = WORLD_ACCOUNTS;
    genesis->accounts = calloc(WORLD_ACCOUNTS, sizeof *genesis->accounts);
    genesis->asset_count = 1;
    genesis->assets = calloc(1, sizeof *genesis->assets);
    genesis->balance_count = WORLD_ACCOUNTS;
    genesis->balances = calloc(WORLD_ACCOUNTS, sizeof *genesis->balances);
    struct genesis_asset *asset = &genesis->assets[0];
    asset->issuer = w->accounts[0];
    memcpy(asset->code, "EUR", 3);
    asset->scale = 2;
    asset->max_supply = INT64_MAX;
    asset->supply = 100000u * WORLD_ACCOUNTS;
    asset->id = w->asset = asset_id_of(&asset->issuer, asset->code);
    for (uint16_t i = 0; i < WORLD_ACCOUNTS; i++) {
        struct genesis_account *account = &genesis->accounts[i];
        account->id = w->accounts[i];
        account->roles = i == 0 ? ROLE_ALL : 0;
        account->low = account->medium = account->high = 1;
        account->signer_count = 1;
        account->signers[0] = (struct account_signer){ key, 1 };
        genesis->balances[i] = (struct genesis_balance){ w->accounts[i], w->asset, 100000 };
    }
}

static inline struct genesis *world_genesis(struct world *w)
{
    for (uint16_t i = 0; i < WORLD_ACCOUNTS; i++)
        w->accounts[i].bytes[15] = (uint8_t)(i + 1);
    struct genesis *genesis = genesis_new("world", PURPOSE_TEST, WORLD_WALL_MS,
                                          w->options.crash ? ENGINE_RAFT : ENGINE_HOTSTUFF,
                                          w->options.crash ? FAULT_CRASH : FAULT_BYZANTINE);
    ASSERT(genesis != NULL);
    genesis->params.values[PARAM_validators_min] = 1;
    for (size_t i = 0; w->options.phases && i < genesis->params.engine_count; i++)
        if (strcmp(genesis->params.engine[i].name, "phases") == 0)
            genesis->params.engine[i].value = w->options.phases;
    if (w->options.unsealed_max)
        genesis->params.values[PARAM_unsealed_max] = w->options.unsealed_max;
    world_validators(w, genesis);
    world_accounts(w, genesis);
    struct problem problem = { .text = "" };
    cr_assert_eq(genesis_seal(genesis, &problem), STATUS_OK, "%s", problem.text);
    return genesis;
}

/* Everything but the nodes. options may be NULL: four nodes, the usual limits. */
static inline struct world *world_new(const struct world_options *options)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct world *w = calloc(1, sizeof *w);
    ASSERT(w != NULL);
    if (options) w->options = *options;
    if (!w->options.nodes) w->options.nodes = WORLD_NODES;
    if (!w->options.journal_roll_bytes) w->options.journal_roll_bytes = 64 * 1024 * 1024;
    if (!w->options.pool.txs_max)
        w->options.pool = (struct pool_limits){ 20000, 64 * 1024 * 1024, 4096 };
    w->now_ms = WORLD_START_MS;
    w->genesis = world_genesis(w);
    w->cache = verify_cache_new(65536);
    w->nodes = calloc(WORLD_NODES, sizeof *w->nodes);
    ASSERT(w->cache != NULL);
    ASSERT(w->nodes != NULL);
    return w;
}

static inline struct world *world_open(const struct world_options *options)
{
    struct world *w = world_new(options);
    for (uint16_t n = 0; n < w->options.nodes; n++)
        world_start(w, n);
    return w;
}

static inline void world_close_node(struct world_node *node)
{
    world_drop_replica(node);
    ledger_close(node->ledger);
    free(node->epoch);
    world_wipe_journal(node);
    for (size_t i = 0; i < node->log_count; i++)
        blob_unref(node->log[i].payload);
    for (size_t h = 0; h < WORLD_BLOCKS; h++) {
        blob_unref(node->blocks[h]);
        free(node->seals[h]);
    }
    free(node->log);
    free(node->records);
    free(node->waiting);
    free((void *)node->jobs);
}

static inline void world_close(struct world *w)
{
    for (uint16_t n = 0; n < WORLD_NODES; n++)
        world_close_node(&w->nodes[n]);
    for (size_t i = 0; i < w->frames_count; i++)
        blob_unref(w->frames[i].payload);
    free(w->frames);
    free(w->nodes);
    verify_cache_free(w->cache);
    genesis_free(w->genesis);
    free(w);
}

/* ---- clients ---- */

/* An unsigned transfer of 1.00 from account 1 to account 2 with this reference. The caller frees.
 */
static inline struct transaction *world_tx(const struct world *w, uint64_t reference)
{
    struct transaction *tx = calloc(1, sizeof *tx);
    ASSERT(tx != NULL);
    tx->chain_id = w->genesis->chain_id;
    tx->source = w->accounts[1];
    store_u64(tx->client_ref.bytes, reference);
    tx->not_after_ms = WORLD_WALL_MS + w->now_ms + WORLD_TERM_MS;
    tx->operation_count = 1;
    tx->operations[0].code = OP_TRANSFER;
    tx->operations[0].actor = w->accounts[1];
    tx->operations[0].transfer.to = w->accounts[2];
    tx->operations[0].transfer.asset = w->asset;
    tx->operations[0].transfer.amount = 100;
    return tx;
}

/* Signs with a key and frees the transaction. The caller drops the reference. */
static inline struct blob *world_signed(const struct world *w, struct transaction *tx,
                                        const struct secret_key *key)
{
    (void)w;
    struct writer body;
    struct writer whole;
    struct tx_signature signature;
    writer_init(&body, TX_BYTES_LIMIT);
    transaction_write_body(&body, tx);
    ASSERT(writer_status(&body) == STATUS_OK);
    struct digest txid = transaction_id(writer_span(&body));
    transaction_sign(key, &tx->chain_id, &txid, &signature);
    writer_init(&whole, TX_BYTES_LIMIT);
    transaction_write_signed(&whole, writer_span(&body), &signature, 1);
    struct blob *blob = blob_copy(writer_span(&whole));
    writer_free(&body);
    writer_free(&whole);
    free(tx);
    return blob;
}

static inline struct blob *world_transfer(const struct world *w, uint64_t reference)
{
    return world_signed(w, world_tx(w, reference), &w->account_key);
}

static inline struct digest world_txid(const struct blob *blob)
{
    struct transaction *tx = calloc(1, sizeof *tx);
    ASSERT(tx != NULL);
    ASSERT(transaction_decode(blob_span(blob), tx, NULL) == STATUS_OK);
    struct digest txid = tx->txid;
    free(tx);
    return txid;
}

/* Submits, drops the reference and returns the ticket. */
static inline uint64_t world_submit(struct world *w, uint16_t n, struct blob *transaction)
{
    uint64_t ticket = ++w->tickets;
    replica_submit(w->nodes[n].replica, world_moment(w), ticket, transaction);
    blob_unref(transaction);
    world_drain(w, n);
    return ticket;
}

/* A proposal of the only member, whose yes is in it and enough: tx_bytes_max is to be this, which
 * ends the epoch. */
static inline void world_propose(struct world *w, uint16_t n, uint64_t reference,
                                 uint64_t tx_bytes_max)
{
    static uint8_t bytes[64];
    struct action action = { .kind = ACTION_PARAMS_SET,
                             .params_set = { PARAM_tx_bytes_max, tx_bytes_max } };
    struct writer actions;
    writer_init_fixed(&actions, bytes, sizeof bytes);
    action_write(&actions, &action);
    struct transaction *tx = world_tx(w, reference);
    tx->source = w->accounts[0];
    tx->operations[0] = (struct operation){ .code = OP_GOV_PROPOSE, .actor = w->accounts[0] };
    tx->operations[0].gov_propose.expects_params_version =
        ledger_params(w->nodes[n].ledger)->version;
    tx->operations[0].gov_propose.deadline_ms = WORLD_WALL_MS + w->now_ms + 60000;
    tx->operations[0].gov_propose.action_count = 1;
    tx->operations[0].gov_propose.actions = writer_span(&actions);
    world_submit(w, n, world_signed(w, tx, &w->account_key));
}

/* count transfers with references from `first` on, to node n. */
static inline void world_load(struct world *w, uint16_t n, uint64_t first, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        world_submit(w, n, world_transfer(w, first + i));
}

/* One block after the other: a transfer, then time until every living node holds it sealed. */
static inline void world_blocks(struct world *w, uint16_t n, uint64_t first, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        world_submit(w, n, world_transfer(w, first + i));
        world_run(w, 12);
    }
}

static inline bool world_equal(const struct world *w, uint64_t height)
{
    for (uint16_t n = 0; n < w->options.nodes; n++)
        if (w->nodes[n].alive &&
            (w->nodes[n].height != height || w->nodes[n].sealed != height ||
             !digest_equal(&w->nodes[n].hashes[height], &w->nodes[0].hashes[height])))
            return false;
    return true;
}

/* ---- messages ---- */

/* The engine's message in a frame (borrowed). */
static inline struct message world_message(const struct blob *payload)
{
    struct message message;
    enum status status = message_read(blob_span(payload), SIZE_MAX, &message);
    cr_assert_eq(status, STATUS_OK);
    return message;
}

static inline bool world_is(const struct blob *payload, uint8_t frame, enum hotstuff_kind kind)
{
    return frame == FRAME_ENGINE && world_message(payload).statement.kind == kind;
}

static inline void world_sign_message(const struct world *w, uint16_t signer,
                                      struct message *message)
{
    struct domain domain = { .chain_id = w->genesis->chain_id,
                             .validators_hash = committee_hash(&w->genesis->committee),
                             .engine = ENGINE_HOTSTUFF };
    uint8_t bytes[STATEMENT_BYTES];
    statement_encode(&domain, &message->statement, bytes);
    key_sign(&w->seal_keys[signer], TAG_ENGINE, span_of(bytes, sizeof bytes), &message->signature);
}

static inline struct blob *world_message_blob(const struct message *message)
{
    struct writer writer;
    writer_init(&writer, SIZE_MAX / 2);
    message_write(&writer, message);
    struct blob *blob = blob_copy(writer_span(&writer));
    writer_free(&writer);
    return blob;
}

/* The same proposal with another batch, signed by its leader: what a traitor would send. */
static inline struct blob *world_rebatch(const struct world *w, uint16_t leader,
                                         const struct blob *payload, struct span batch)
{
    struct message message = world_message(payload);
    uint8_t attachment[ATTACHMENT_BYTES_MAX];
    memcpy(attachment, message.attachment.data, message.attachment.size);
    struct reader reader = reader_of(message.attachment);
    struct proposal proposal;
    proposal_read(&reader, &proposal);
    proposal.batch = batch_digest(batch);
    struct writer writer;
    writer_init_fixed(&writer, attachment, PROPOSAL_BYTES);
    proposal_write(&writer, &proposal);
    message.attachment = span_of(attachment, message.attachment.size);
    message.statement.digest = proposal_digest(&proposal);
    message.batch = batch;
    world_sign_message(w, leader, &message);
    return world_message_blob(&message);
}

/* A seal vote's frame by one validator. */
static inline struct blob *world_seal_vote(const struct world *w, uint16_t signer, uint64_t epoch,
                                           uint64_t height, const struct digest *hash)
{
    struct seal_vote vote = {
        .epoch = epoch, .height = height, .block_hash = *hash, .by.validator = signer
    };
    uint8_t bytes[SEAL_STATEMENT_BYTES];
    seal_statement_encode(&w->genesis->chain_id, epoch, height, hash, bytes);
    key_sign(&w->seal_keys[signer], TAG_SEAL, span_of(bytes, sizeof bytes), &vote.by.signature);
    struct writer writer;
    writer_init(&writer, 2 + SEAL_VOTE_BYTES);
    write_u16(&writer, 1);
    seal_vote_write(&writer, &vote);
    struct blob *blob = blob_copy(writer_span(&writer));
    writer_free(&writer);
    return blob;
}

/* A frame from a peer, now; drops the reference. */
static inline void world_frame_in(struct world *w, uint16_t n, uint16_t from, uint8_t kind,
                                  struct blob *payload)
{
    replica_frame(w->nodes[n].replica, world_moment(w), from, kind, payload);
    blob_unref(payload);
    world_drain(w, n);
}

/* The journal's record (number) that holds this promise; 0 if none. */
static inline uint64_t world_promise_record(const struct world_node *node,
                                            const struct statement *statement)
{
    for (size_t i = 0; i < node->records_count; i++) {
        if (node->records[i].kind != JOURNAL_ENGINE) continue;
        struct reader reader = reader_of(blob_span(node->records[i].payload));
        if (!read_bool(&reader)) continue;
        struct statement promise;
        statement_read(&reader, &promise);
        if (statement_equal(&promise, statement)) return i + 1;
    }
    return 0;
}

/* How often node n offered its signature of this height, from position `from` of its log on. */
static inline size_t world_seal_offers(const struct world *w, uint16_t n, size_t from,
                                       uint64_t height)
{
    size_t count = 0;
    for (size_t i = from; i < w->nodes[n].log_count; i++) {
        const struct said *said = &w->nodes[n].log[i];
        if (said->kind != OUTPUT_SEND || said->type != FRAME_SEAL_VOTES) continue;
        struct reader r = reader_of(blob_span(said->payload));
        for (uint16_t left = read_u16(&r); left > 0; left--) {
            struct seal_vote vote;
            seal_vote_read(&r, &vote);
            count += vote.by.validator == n && vote.height == height;
        }
    }
    return count;
}

#endif
