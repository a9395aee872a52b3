#include "node/replica_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- outputs and queues ---- */

struct output *output_push(struct replica *r, enum output_kind kind)
{
    struct output_queue *q = &r->outputs;
    if (q->count == q->capacity) {
        uint32_t capacity = q->capacity ? q->capacity * 2 : 256;
        struct output *items = calloc(capacity, sizeof *items);
        if (!items || capacity > OUTPUTS_MAX) {
            free(items);
            out_of_memory(r);
            return NULL;
        }
        for (uint32_t i = 0; i < q->count; i++)
            items[i] = q->items[(q->first + i) % q->capacity];
        free(q->items);
        *q = (struct output_queue){ items, capacity, 0, q->count };
    }
    struct output *output = &q->items[(q->first + q->count++) % q->capacity];
    memset(output, 0, sizeof *output);
    output->kind = kind;
    return output;
}

bool replica_next(struct replica *r, struct output *output)
{
    execution_free(r->told);
    r->told = NULL;
    struct output_queue *q = &r->outputs;
    if (q->count == 0) {
        if (!r->stopped || r->stop_told) return false;
        r->stop_told = true;
        *output = r->end;
        return true;
    }
    *output = q->items[q->first];
    q->first = (q->first + 1) % q->capacity;
    q->count--;
    if (output->kind == OUTPUT_COMMITTED) r->told = output->execution;
    return true;
}

void output_release(struct output *output)
{
    blob_unref(output->payload);
    free(output->seal);
    output->payload = NULL;
    output->seal = NULL;
}

void note(struct replica *r, const char *format, ...)
{
    struct output *output = output_push(r, OUTPUT_NOTE);
    if (!output) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(output->text, sizeof output->text, format, arguments);
    va_end(arguments);
}

void stop(struct replica *r, int exit_code, const char *format, ...)
{
    if (r->stopped) return;
    r->stopped = true;
    r->end = (struct output){ .kind = OUTPUT_STOP, .exit_code = exit_code };
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->end.text, sizeof r->end.text, format, arguments);
    va_end(arguments);
}

/* Without memory nothing can be promised any more. */
void out_of_memory(struct replica *r)
{
    stop(r, 71, "out of memory, or too many outputs wait");
}

struct blob *blob_of_writer(struct replica *r, struct writer *w)
{
    struct blob *blob = writer_status(w) == STATUS_OK ? blob_copy(writer_span(w)) : NULL;
    writer_free(w);
    if (!blob) out_of_memory(r);
    return blob;
}

/* Takes over the reference to payload. */
uint64_t append_record(struct replica *r, uint8_t kind, struct blob *payload)
{
    if (!payload) return r->next_record - 1;
    struct output *output = output_push(r, OUTPUT_APPEND);
    if (!output) {
        blob_unref(payload);
        return r->next_record - 1;
    }
    output->type = kind;
    output->record = r->next_record;
    output->payload = payload;
    output->starts_segment = kind == JOURNAL_FOLD;
    output->later = kind == JOURNAL_SEAL; /* It promises nothing, and others have it as well. */
    if (!output->later) r->awaited = r->next_record;
    r->appended_bytes += payload->size;
    return r->next_record++;
}

/* Takes over the reference to payload. */
void send_frame(struct replica *r, uint16_t to, uint8_t type, struct blob *payload, bool droppable)
{
    if (!payload) return;
    struct output *output = output_push(r, OUTPUT_SEND);
    if (!output) {
        blob_unref(payload);
        return;
    }
    output->peer = to;
    output->type = type;
    output->payload = payload;
    output->droppable = droppable;
}

static struct gated *gated_push(struct replica *r)
{
    struct gated_queue *q = &r->gated;
    if (q->count == q->capacity) {
        uint32_t capacity = q->capacity ? q->capacity * 2 : 64;
        struct gated *items = calloc(capacity, sizeof *items);
        if (!items) {
            out_of_memory(r);
            return NULL;
        }
        for (uint32_t i = 0; i < q->count; i++)
            items[i] = q->items[(q->first + i) % q->capacity];
        free(q->items);
        *q = (struct gated_queue){ items, capacity, 0, q->count };
    }
    struct gated *item = &q->items[(q->first + q->count++) % q->capacity];
    memset(item, 0, sizeof *item);
    item->after = r->awaited;
    return item;
}

/* Sends once everything appended so far is durable, but for seals. Takes over the reference to
 * payload. */
void send_gated(struct replica *r, uint16_t to, uint8_t type, struct blob *payload, bool droppable)
{
    if (!payload) return;
    struct gated *item = gated_push(r);
    if (!item) {
        blob_unref(payload);
        return;
    }
    item->kind = GATED_SEND;
    item->to = to;
    item->type = type;
    item->droppable = droppable;
    item->payload = payload;
}

/* A decision goes to the ledger only when its record is durable: so the ledger never holds what the
 * journal does not know, and a restarted engine always finds its place. */
void execute_gated(struct replica *r)
{
    struct gated *item = gated_push(r);
    if (item) item->kind = GATED_EXECUTE;
}

/* The old segments may go once the fold that stands for them is durable. */
void cut_gated(struct replica *r, uint64_t record)
{
    struct gated *item = gated_push(r);
    if (!item) return;
    item->kind = GATED_CUT;
    item->record = record;
}

static void inbox_push(struct replica *r, struct blob *payload)
{
    struct blob_queue *q = &r->inbox;
    if (q->count == q->capacity) {
        uint32_t capacity = q->capacity ? q->capacity * 2 : 16;
        struct blob **items =
            calloc(capacity, sizeof(struct blob *)); /* NOLINT(bugprone-sizeof-expression) */
        if (!items) {
            out_of_memory(r);
            return;
        }
        for (uint32_t i = 0; i < q->count; i++)
            items[i] = q->items[(q->first + i) % q->capacity];
        free(q->items);
        *q = (struct blob_queue){ items, capacity, 0, q->count };
    }
    q->items[(q->first + q->count++) % q->capacity] = blob_ref(payload);
}

static struct blob *inbox_pop(struct replica *r)
{
    struct blob_queue *q = &r->inbox;
    struct blob *payload = q->items[q->first];
    q->first = (q->first + 1) % q->capacity;
    q->count--;
    return payload;
}

/* What we say to all, we say to ourselves too: now that it is durable. */
static void release_send(struct replica *r, struct gated *item)
{
    bool to_self = item->to == NODE_ALL || item->to == r->config.self;
    if (to_self && item->type == FRAME_ENGINE) inbox_push(r, item->payload);
    if (to_self && item->type == FRAME_SEAL_VOTES) seal_own_released(r, item->payload);
    if (item->to == r->config.self && item->to != NODE_ALL) {
        blob_unref(item->payload);
        return;
    }
    send_frame(r, item->to, item->type, item->payload, item->droppable);
}

static bool release_one(struct replica *r)
{
    struct gated_queue *q = &r->gated;
    if (q->count == 0) return false;
    struct gated item = q->items[q->first];
    if (item.after > r->durable) return false;
    q->first = (q->first + 1) % q->capacity;
    q->count--;
    switch (item.kind) {
    case GATED_SEND: release_send(r, &item); break;
    case GATED_EXECUTE: order_hand_over(r); break;
    case GATED_CUT: {
        struct output *output = output_push(r, OUTPUT_CUT);
        if (output) output->record = item.record;
        break;
    }
    }
    return true;
}

/* Runs until nothing more follows from what is known: releases what has become durable, lets the
 * engine hear itself, tells it of work, and offers it a batch. */
void pump(struct replica *r)
{
    bool progress = r->started;
    while (progress && !r->stopped && !epoch_end(r)) {
        progress = false;
        while (release_one(r))
            progress = true;
        if (r->inbox.count > 0 && !r->stopped) {
            struct blob *payload = inbox_pop(r);
            engine_own_message(r, payload);
            blob_unref(payload);
            progress = true;
        }
        if (fetch_local(r)) progress = true;
        if (engine_has_work(r) != r->work || r->undecided_hollow != r->hollow) {
            engine_timer(r);
            progress = true;
        }
        if (!r->stopped && reads_go_on(r)) progress = true;
        engine_offer(r);
    }
}

/* ---- life ---- */

static enum status replica_init(struct replica *r)
{
    const struct replica_config *config = &r->config;
    r->ops = engine_find_ops(config->committee->engine);
    if (!r->ops) return STATUS_UNSUPPORTED;
    r->quorum = committee_quorum(config->committee);
    for (uint16_t i = 0; i < config->params->engine_count; i++)
        r->options[i] = (struct engine_option){ config->params->engine[i].name,
                                                config->params->engine[i].value };
    r->context = (struct check_context){
        .engine = r->ops,
        .chain_id = config->genesis->chain_id,
        .params = *config->params,
        .cache = config->account_cache,
    };
    r->context.config = (struct engine_config){
        .self = config->signer ? config->self : VALIDATOR_NONE,
        .committee = config->committee,
        .options = r->options,
        .options_count = config->params->engine_count,
        .seed = config->seed,
        .root = root_digest(config->epoch, &config->boundary_hash),
        .cache = config->engine_cache,
    };
    r->context.config.domain = (struct domain){
        .chain_id = config->genesis->chain_id,
        .epoch = config->epoch,
        .validators_hash = committee_hash(config->committee),
        .engine = (uint8_t)config->committee->engine,
    };
    r->effects = malloc(sizeof *r->effects); /* Large, and emptied before each use. */
    r->pool = config->adopted ? config->adopted : pool_new(&config->pool, config->hash_key);
    r->sync.seals = malloc(SYNC_BLOCKS_MAX * sizeof *r->sync.seals); /* Megabytes; a queue. */
    if (!r->effects || !r->pool || !r->sync.seals) return STATUS_NO_MEMORY;
    effects_reset(r->effects);
    return seals_init(r);
}

enum status replica_new(struct replica **replica, const struct replica_config *config,
                        const struct ledger_head *head, uint64_t sealed_height,
                        uint64_t sealed_sequence)
{
    struct replica *r = calloc(1, sizeof *r);
    if (!r) return STATUS_NO_MEMORY;
    r->config = *config;
    r->head = *head;
    r->sealed_height = sealed_height;
    epoch_begin(r);
    r->handed = r->executed_sequence;
    r->checkpoint_sequence = r->executed_sequence;
    r->sealed_sequence = sealed_sequence;
    r->engine_wake_ms = UINT64_MAX;
    enum status status = replica_init(r);
    if (status != STATUS_OK) {
        if (config->adopted) r->pool = NULL;
        replica_free(r);
        return status;
    }
    *replica = r;
    return STATUS_OK;
}

static void queues_free(struct replica *r)
{
    struct output output;
    while (replica_next(r, &output)) {
        check_free(output.job);
        output_release(&output);
    }
    execution_free(r->told);
    free(r->outputs.items);
    while (r->gated.count > 0) {
        blob_unref(r->gated.items[r->gated.first].payload);
        r->gated.first = (r->gated.first + 1) % r->gated.capacity;
        r->gated.count--;
    }
    free(r->gated.items);
    while (r->inbox.count > 0)
        blob_unref(inbox_pop(r));
    free(r->inbox.items);
}

static void held_free(struct replica *r)
{
    for (size_t i = 0; i < PEERS_MAX; i++)
        while (r->peers[i].held) {
            struct check_job *job = r->peers[i].held;
            r->peers[i].held = job->next;
            check_free(job);
        }
}

static void records_free(struct replica *r)
{
    for (size_t i = 0; i < r->records_count; i++)
        blob_unref(r->records[i]);
    free(r->records);
    r->records = NULL;
    r->records_count = r->records_capacity = 0;
}

void replica_free(struct replica *r)
{
    if (!r) return;
    queues_free(r);
    held_free(r);
    records_free(r);
    store_clear(r);
    entry_clear(&r->offered);
    seals_free(r);
    evidence_free(r);
    if (r->pool) pool_free(r->pool);
    free(r->sync.seals);
    free(r->engine);
    free(r->effects);
    free(r);
}

enum status replica_start(struct replica *r, struct moment moment, uint64_t first_record)
{
    ASSERT(!r->started);
    ASSERT(first_record >= 1);
    r->moment = moment;
    r->head_changed_ms = moment.now_ms;
    r->next_record = first_record;
    reads_init(r);
    r->awaited = r->durable = first_record - 1;
    journal_open_epoch(r);
    journal_drop_unproven(r);

    struct engine_config config = r->context.config;
    config.now_ms = moment.now_ms;
    config.executed = max_u64(r->executed_sequence, r->decided_last);
    r->handed = r->executed_sequence;
    r->engine = calloc(1, r->ops->size(&config));
    if (!r->engine) return STATUS_NO_MEMORY;
    effects_reset(r->effects);
    struct span *records = calloc(r->records_count + 1, sizeof *records);
    if (!records) return STATUS_NO_MEMORY;
    for (size_t i = 0; i < r->records_count; i++)
        records[i] = blob_span(r->records[i]);
    enum status status = r->ops->open(r->engine, &config, records, r->records_count, r->effects);
    free(records);
    records_free(r);
    if (status != STATUS_OK) return status;
    r->started = true;
    engine_effects(r);
    store_restored(r);
    seal_known(r);
    anchor_from_journal(r);
    anchor_need(r);
    order_hand_over(r);
    pump(r);
    return STATUS_OK;
}

void replica_disarm(struct replica *r)
{
    ASSERT(!r->started);
    r->config.signer = NULL;
    r->context.config.self = VALIDATOR_NONE;
}

bool replica_promised(const struct replica *r, uint8_t kind, uint64_t *epoch, uint64_t *slot)
{
    if (kind >= SIGNER_KINDS || !r->promised[kind]) return false;
    *epoch = r->promises[kind].epoch;
    *slot = r->promises[kind].slot;
    return true;
}

/* ---- peers ---- */

struct replica_peer *peer_of(struct replica *r, uint16_t peer)
{
    if (peer < r->config.committee->count) return &r->peers[peer];
    if (peer >= OBSERVER_FIRST && peer < OBSERVER_FIRST + OBSERVERS_MAX)
        return &r->peers[COMMITTEE_MAX + peer - OBSERVER_FIRST];
    return NULL;
}

/* The next validator after `after` that is up and has shown at least this sealed height. */
uint16_t peer_next(const struct replica *r, uint16_t after, uint64_t sealed_height)
{
    uint16_t count = r->config.committee->count;
    for (uint16_t i = 1; i <= count; i++) {
        uint16_t peer = (uint16_t)((after + i) % count);
        if (r->peers[peer].up && r->peers[peer].sealed_height >= sealed_height) return peer;
    }
    return VALIDATOR_NONE;
}

void replica_peer_up(struct replica *r, struct moment moment, uint16_t peer, uint64_t sealed_height)
{
    r->moment = moment;
    struct replica_peer *state = peer_of(r, peer);
    if (!state || r->stopped) return;
    state->up = true;
    state->epoch = r->config.epoch;
    state->asked = 0;
    state->claimed = state->sealed_height = sealed_height;
    r->anchor.retry_at_ms = moment.now_ms;
    r->seal_resend_ms = moment.now_ms;
    sync_timer(r);
    seal_timer(r);
    pump(r);
}

void replica_peer_down(struct replica *r, struct moment moment, uint16_t peer)
{
    r->moment = moment;
    struct replica_peer *state = peer_of(r, peer);
    if (!state || r->stopped) return;
    state->up = false;
    state->asked = 0;
    if (r->sync.waiting && r->sync.peer == peer) r->sync.deadline_ms = moment.now_ms;
    sync_timer(r);
    pump(r);
}

void replica_peer_height(struct replica *r, struct moment moment, uint16_t peer,
                         uint64_t sealed_height)
{
    r->moment = moment;
    struct replica_peer *state = peer_of(r, peer);
    if (!state || r->stopped) return;
    state->claimed = state->sealed_height = max_u64(state->claimed, sealed_height);
    sync_timer(r);
    pump(r);
}

/* ---- inputs ---- */

/* Hands bytes to a worker. Bounded for each peer, so that one that floods us only harms itself. */
bool check_push(struct replica *r, enum check_kind kind, uint16_t peer, uint64_t ticket,
                struct blob *blob)
{
    struct replica_peer *state = ticket ? NULL : peer_of(r, peer);
    if (state && (state->checks >= CHECKS_A_PEER_MAX ||
                  state->check_bytes + blob->size > CHECK_BYTES_A_PEER_MAX)) {
        r->messages_dropped++;
        return false;
    }
    struct check_job *job = check_new(kind, peer, ticket, blob, &r->context);
    struct output *output = job ? output_push(r, OUTPUT_CHECK) : NULL;
    if (!output) {
        check_free(job);
        out_of_memory(r);
        return false;
    }
    output->job = job;
    if (kind == CHECK_MESSAGE) job->order = state->messages_given++;
    r->checks++;
    if (state) {
        state->checks++;
        state->check_bytes += blob->size;
    }
    return true;
}

/* A wish for a time that has come, later than what is wished for, and that no block has passed. One
 * for a time to come is not ours to keep: the client asks again then. */
static bool tick_wish_is_news(const struct replica *r, uint64_t time_ms)
{
    return time_ms <= r->moment.wall_ms && time_ms > r->tick_wish_ms &&
           time_ms >= r->head.header.time_ms;
}

static void tick_wish_keep(struct replica *r, uint64_t time_ms)
{
    r->tick_wish_ms = max_u64(r->tick_wish_ms, time_ms);
    r->tick_again_ms = r->moment.now_ms + pool_patience_ms(r);
}

static void tick_wish_frame(struct replica *r, struct span payload)
{
    struct reader reader = reader_of(payload);
    uint64_t time_ms = read_u64(&reader);
    if (reader_end(&reader) == STATUS_OK && tick_wish_is_news(r, time_ms))
        tick_wish_keep(r, time_ms);
}

void replica_frame(struct replica *r, struct moment moment, uint16_t peer, uint8_t kind,
                   struct blob *payload)
{
    r->moment = moment;
    if (r->stopped || r->ended || !r->started || !peer_of(r, peer)) return;
    bool member = peer < r->config.committee->count && peer_is_abreast(r, peer);
    switch (kind) {
    case FRAME_ENGINE:
        if (!member || r->gated.count >= GATED_MAX)
            r->messages_dropped++;
        else
            check_push(r, CHECK_MESSAGE, peer, 0, payload);
        break;
    case FRAME_TRANSACTIONS: check_push(r, CHECK_GOSSIP, peer, 0, payload); break;
    case FRAME_SEAL_VOTES: check_push(r, CHECK_SEAL_VOTES, peer, 0, payload); break;
    case FRAME_FETCH: fetch_frame(r, peer, blob_span(payload)); break;
    case FRAME_FETCHED: fetched_frame(r, peer, payload); break;
    case FRAME_SYNC_REQUEST: sync_request_frame(r, peer, blob_span(payload)); break;
    case FRAME_SYNC_BLOCKS: sync_blocks_frame(r, peer, payload); break;
    case FRAME_ANCHOR:
        if (r->anchor.wanted && member) check_push(r, CHECK_ANCHOR, peer, 0, payload);
        break;
    case FRAME_TICK_WISH: tick_wish_frame(r, blob_span(payload)); break;
    default: break;
    }
    pump(r);
}

static void job_settled(struct replica *r, const struct check_job *job)
{
    ASSERT(r->checks > 0);
    r->checks--;
    struct replica_peer *state = job->ticket ? NULL : peer_of(r, job->from);
    if (!state) return;
    ASSERT(state->checks > 0);
    state->checks--;
    state->check_bytes -= job->blob->size;
}

/* Did the sender break a rule that no honest node breaks? Being behind or in another epoch is none.
 */
static bool status_is_fault(enum status status)
{
    return status != STATUS_OK && status != STATUS_NO_MEMORY && status != STATUS_STALE;
}

static void report_fault(struct replica *r, const struct check_job *job)
{
    static const char *const names[] = { "engine message", "transaction",   "transactions",
                                         "seal votes",     "sealed blocks", "anchor" };
    struct output *output = output_push(r, OUTPUT_PEER_BROKE);
    if (!output) return;
    output->peer = job->from;
    snprintf(output->text, sizeof output->text, "%s: %s", names[job->kind],
             status_text(job->status));
}

static void take_checked(struct replica *r, struct check_job *job)
{
    job_settled(r, job);
    if (r->stopped) {
        check_free(job);
        return;
    }
    bool fault = !job->ticket && status_is_fault(job->status) && peer_is_abreast(r, job->from);
    if (fault) report_fault(r, job);
    switch (job->kind) {
    case CHECK_MESSAGE: on_engine_checked(r, job); break;
    case CHECK_TRANSACTION: pool_submission_checked(r, job); return;
    case CHECK_GOSSIP: pool_gossip_checked(r, job); return;
    case CHECK_SEAL_VOTES: seal_votes_checked(r, job); break;
    case CHECK_BLOCKS: sync_blocks_checked(r, job); break;
    case CHECK_ANCHOR: anchor_checked(r, job); break;
    }
    check_free(job);
    pump(r);
}

/* A message waits for those of its sender that came before it: they are under way, and their number
 * is bounded with that of all checks. */
static void take_in_order(struct replica *r, struct check_job *job)
{
    struct replica_peer *state = peer_of(r, job->from);
    struct check_job **place = &state->held;
    while (*place && (*place)->order < job->order)
        place = &(*place)->next;
    job->next = *place;
    *place = job;
    while (state->held && state->held->order == state->messages_taken) {
        job = state->held;
        state->held = job->next;
        state->messages_taken++;
        take_checked(r, job);
    }
}

void replica_checked(struct replica *r, struct moment moment, struct check_job *job)
{
    r->moment = moment;
    if (job->kind == CHECK_MESSAGE && r->ops->ordered)
        take_in_order(r, job);
    else
        take_checked(r, job);
}

/* Of a process whose ledger has failed. */
static int exit_code_of(enum status status)
{
    switch (status) {
    case STATUS_DIVERGED: return 7;
    case STATUS_DAMAGED: return 65;
    case STATUS_NO_MEMORY: return 71;
    default: return 74;
    }
}

void replica_admitted(struct replica *r, struct moment moment, struct check_job *jobs)
{
    r->moment = moment;
    while (jobs) {
        struct check_job *job = jobs;
        jobs = job->next;
        if (!r->stopped) pool_admission_done(r, job);
        if (job->status != STATUS_OK)
            stop(r, exit_code_of(job->status), "the ledger cannot be read: %s",
                 status_text(job->status));
        check_free(job);
    }
    if (r->stopped) return;
    pool_gossip_fresh(r);
    pool_timer(r);
    pump(r);
}

void replica_durable(struct replica *r, struct moment moment, uint64_t record)
{
    r->moment = moment;
    ASSERT(record < r->next_record);
    if (record < r->durable) return; /* Of the replica of the epoch before. */
    r->durable = record;
    if (!r->stopped) pump(r);
}

/* The block's fault and not our ledger's? */
static bool block_is_bad(enum status status)
{
    return status == STATUS_DIVERGED || status == STATUS_INVALID || status == STATUS_MALFORMED ||
           status == STATUS_TOO_LARGE;
}

void replica_executed(struct replica *r, struct moment moment, enum status status,
                      struct execution *execution, const struct problem *problem)
{
    r->moment = moment;
    if (r->stopped) {
        execution_free(execution);
        return;
    }
    bool refused = r->sync.executing > 0 && block_is_bad(status);
    if (status != STATUS_OK && !refused) {
        stop(r, exit_code_of(status), "%s", problem ? problem->text : status_text(status));
        execution_free(execution);
        return;
    }
    if (refused) {
        execution_free(execution);
        sync_block_refused(r, problem);
    } else if (r->sync.executing > 0) {
        sync_block_executed(r, execution);
    } else {
        order_executed(r, execution);
    }
    pump(r);
}

void replica_checkpointed(struct replica *r, struct moment moment, uint64_t sequence)
{
    r->moment = moment;
    if (r->stopped || r->ended) return;
    r->checkpoint_sequence = max_u64(r->checkpoint_sequence, sequence);
    store_prune(r);
    if (replica_wants_checkpoint(r)) journal_roll(r);
    pump(r);
}

/* What is repeated at each fold (a long unsealed end) makes folds rarer: their cost stays a
 * fraction of what is written anyway. */
bool replica_wants_checkpoint(const struct replica *r)
{
    return r->appended_bytes >= max_u64(r->config.journal_roll_bytes, r->fold_bytes);
}

void replica_submit(struct replica *r, struct moment moment, uint64_t ticket,
                    struct blob *transaction)
{
    r->moment = moment;
    ASSERT(ticket != 0);
    if (r->stopped) return;
    if (r->ended || r->submissions >= SUBMISSIONS_MAX ||
        !check_push(r, CHECK_TRANSACTION, 0, ticket, transaction)) {
        struct output *output = output_push(r, OUTPUT_ANSWER);
        if (!output) return;
        output->ticket = ticket;
        output->refusal.code = REFUSAL_mempool_full;
        return;
    }
    r->submissions++;
}

/* We, and whoever leads, make a block later than this. */
void tick_wish(struct replica *r, uint64_t time_ms)
{
    tick_wish_keep(r, time_ms);
    struct writer w;
    writer_init(&w, 8);
    write_u64(&w, time_ms);
    send_frame(r, NODE_ALL, FRAME_TICK_WISH, blob_of_writer(r, &w), true);
}

void replica_wish_tick(struct replica *r, struct moment moment, uint64_t time_ms)
{
    r->moment = moment;
    if (r->stopped || r->ended || !r->started || !tick_wish_is_news(r, time_ms)) return;
    tick_wish(r, time_ms);
    pump(r);
}

bool replica_hand_over(struct replica *r, struct moment moment)
{
    r->moment = moment;
    if (r->stopped || r->ended || !r->started) return false;
    engine_transfer(r);
    pump(r);
    return r->engine_status.hands_over;
}

void replica_timer(struct replica *r, struct moment moment)
{
    r->moment = moment;
    if (r->stopped || r->ended || !r->started) return;
    if (moment.now_ms >= r->engine_wake_ms && r->gated.count < GATED_MAX) engine_timer(r);
    pool_timer(r);
    seal_timer(r);
    sync_timer(r);
    pump(r);
}

uint64_t replica_wake_at(const struct replica *r)
{
    if (r->stopped || r->ended || !r->started) return UINT64_MAX;
    /* While the engine has to wait for the disk, the disk wakes it. */
    uint64_t at = r->gated.count < GATED_MAX ? r->engine_wake_ms : UINT64_MAX;
    at = min_u64(at, pool_wake_at(r));
    at = min_u64(at, reads_wake_at(r));
    at = min_u64(at, seal_wake_at(r));
    return min_u64(at, sync_wake_at(r));
}

void replica_status(const struct replica *r, struct replica_status *status)
{
    *status = (struct replica_status){
        .engine = r->engine_status,
        .epoch = r->config.epoch,
        .ended = r->ended,
        .height = r->head.header.height,
        .sealed_height = r->sealed_height,
        .sequence = r->executed_sequence,
        .handed = r->handed,
        .syncing = r->sync.waiting || r->sync.active,
        .votes = r->config.signer != NULL && r->config.self != VALIDATOR_NONE,
        .anchored = r->engine_status.placed,
        .tick_wish_ms = r->tick_wish_ms,
        .proposals = r->entries_count,
        .gated = r->gated.count,
        .checks = r->checks,
        .unsealed = store_unsealed(r),
        .undecided_max = r->undecided_max,
        .messages_dropped = r->messages_dropped,
        .conflicts = r->conflicts,
    };
    pool_stats(r->pool, &status->pool);
    status->target_height = sync_target(r);
}

void replica_progress(const struct replica *r, uint64_t *view, uint64_t *index_decided,
                      uint64_t *sealed_height)
{
    *view = r->engine_status.view;
    *index_decided = r->engine_status.index_decided;
    *sealed_height = r->sealed_height;
}

void replica_head(const struct replica *r, struct digest *hash, uint64_t *time_ms,
                  struct digest *state_root)
{
    *hash = r->head.hash;
    *time_ms = r->head.header.time_ms;
    *state_root = r->head.header.state_root;
}

const struct check_context *replica_check_context(const struct replica *r)
{
    return &r->context;
}

struct blob *replica_pool_get(const struct replica *r, const struct digest *txid)
{
    return pool_get(r->pool, txid);
}
