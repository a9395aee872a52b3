/* Raft under bytes of a peer and under histories. Histories are told in small numbers (who says
 * what of which term and index, an entry on which of the entries so far), so that a few bytes reach
 * deep; what check believes an engine must survive, whatever has come before, and its records must
 * open again as what it was. Then: raw messages, raw records, raw proofs. Engines of a ledger's
 * chain, and of one whose log changes its members. */
#include "consensus/raft.h"

#include <stdlib.h>

enum {
    MEMBERS = 4,
    BATCH_MAX = 1 << 16,
    STEPS_MAX = 512,
    ENTRIES_MAX = STEPS_MAX,
    RECORDS_MAX = 1 << 16
};

static struct committee committee;
static const struct engine_option options[] = { { "voters_first", 3 }, { "members_in_log", 1 } };
static struct engine_config config;
static struct effects effects;
static struct raft *engine;
static struct span records[RECORDS_MAX];
static size_t records_count;

static void start(void)
{
    committee.fault_model = FAULT_CRASH;
    committee.engine = ENGINE_RAFT;
    committee.count = MEMBERS;
    for (uint16_t i = 0; i < MEMBERS; i++) {
        uint8_t seed[32] = { (uint8_t)i };
        struct secret_key secret;
        committee.validators[i].id.bytes[0] = (uint8_t)(i + 1);
        key_from_seed(seed, &secret, &committee.validators[i].seal_key);
    }
    config = (struct engine_config){ .committee = &committee, .options = options };
    engine = calloc(1, raft_ops.size(&config));
    ASSERT(engine != NULL);
}

static void keep_records(void)
{
    for (uint32_t i = 0; i < effects.count; i++) {
        if (effects.list[i].kind != EFFECT_PERSIST) continue;
        struct span record = effects.list[i].persist.record;
        uint8_t *copy = malloc(record.size);
        ASSERT(copy != NULL);
        ASSERT(records_count < RECORDS_MAX);
        memcpy(copy, record.data, record.size);
        records[records_count++] = span_of(copy, record.size);
    }
}

static void forget_records(void)
{
    while (records_count > 0)
        free((void *)(uintptr_t)records[--records_count].data);
}

static enum status open_from(const struct span *list, size_t count)
{
    memset(engine, 0, sizeof *engine);
    effects_reset(&effects);
    return raft_ops.open(engine, &config, list, count, &effects);
}

static void step(struct event *event, uint64_t now_ms)
{
    event->now_ms = now_ms;
    effects_reset(&effects);
    raft_ops.step(engine, event, &effects);
    keep_records();
}

/* What one step is made of. */
struct word {
    uint8_t what, who, ms, term, index, aux;
};

static struct log_entry entries[ENTRIES_MAX];
static size_t entries_count;

static const struct log_entry *pick(uint8_t number)
{
    return number == 0 || entries_count == 0 ? NULL : &entries[number % entries_count];
}

/* An entry on one of those so far, or on the root. */
static struct log_entry grow_entry(const struct word *word, const struct log_entry *before)
{
    struct log_entry entry = { .proposal.index = 1, .proposal.parent = config.root };
    if (before) {
        entry.proposal.index = before->proposal.index + 1;
        entry.proposal.parent_view = before->proposal.view;
        entry.proposal.parent = before->digest;
    }
    entry.proposal.view = max_u64(word->term % 16u, entry.proposal.parent_view);
    entry.proposal.batch = digest_of(TAG_BATCH, span_of(&word->aux, 1));
    if (word->aux % 8 == 7) {
        entry.has_members = true;
        entry.members.voters.bits[0] = word->aux / 8 % (1 << MEMBERS);
        entry.proposal.batch = members_digest(&entry.members);
    }
    entry.digest = proposal_digest(&entry.proposal);
    if (entries_count < ENTRIES_MAX) entries[entries_count++] = entry;
    return entry;
}

static void attach(struct message *message, const struct word *word, struct writer *w)
{
    struct append append = { .commit = word->aux / 2 % 32u, .round = word->ms };
    const struct log_entry *before = pick(word->index);
    switch (message->statement.kind) {
    case VOTE_REQUEST: write_bool(w, word->index & 1); break;
    case APPEND_REFUSAL:
        refusal_write(w, &(struct refusal){ word->aux % 32u, word->aux % 8u, word->index / 2 });
        break;
    case APPEND:
        append.has_entry = word->aux & 1;
        append.before_view = before ? before->proposal.view : 0;
        message->statement.index = before ? before->proposal.index : 0;
        message->statement.aux = 0;
        message->statement.digest = before ? before->digest : config.root;
        if (append.has_entry) {
            append.entry = grow_entry(word, before);
            message->statement.digest = append.entry.digest;
            if (!append.entry.has_members) message->batch = span_of(&word->aux, 1);
        }
        append_write(w, &append);
        break;
    default: break;
    }
    message->attachment = writer_span(w);
}

/* Votes are believed unsigned: a member with its key can say any. */
static void step_message(const struct word *word, uint64_t now_ms)
{
    struct message message = { .statement = { .kind = (uint8_t)(word->what % RAFT_KINDS),
                                              .view = word->term % 16u,
                                              .index = word->index % 32u,
                                              .aux = word->aux % 32u } };
    uint8_t bytes[1024];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    bool vote = message.statement.kind == VOTE && message.statement.view > 0;
    attach(&message, word, &w);
    struct message_facts facts;
    struct event event = { .kind = EVENT_MESSAGE, .from = word->who % MEMBERS };
    event.message = &message;
    if (vote || raft_ops.check(&config, event.from, &message, &facts) == STATUS_OK)
        step(&event, now_ms);
}

static void step_other(uint8_t what, uint64_t now_ms)
{
    struct event event = { .kind = EVENT_TIMER };
    struct members members = { .joint = false };
    switch (what % 5) {
    case 0: break;
    case 1:
        event.kind = EVENT_BATCH;
        event.batch = digest_of(TAG_BATCH, span_of(&what, 1));
        break;
    case 2: event.kind = EVENT_READ; break;
    case 3:
        event.kind = EVENT_TRANSFER;
        event.transfer = what / 5 % MEMBERS;
        break;
    case 4:
        event.kind = EVENT_MEMBERS;
        members.voters.bits[0] = what / 5 % (1 << MEMBERS);
        event.members = &members;
        break;
    }
    step(&event, now_ms);
}

static void fuzz_history(struct span bytes)
{
    uint64_t now_ms = 0;
    entries_count = 0;
    if (open_from(NULL, 0) != STATUS_OK) abort();
    for (size_t i = 0; i + sizeof(struct word) <= bytes.size && i < STEPS_MAX * sizeof(struct word);
         i += sizeof(struct word)) {
        struct word word;
        memcpy(&word, bytes.data + i, sizeof word);
        now_ms += word.ms * 8u;
        if (word.what < 0xc0)
            step_message(&word, now_ms);
        else
            step_other(word.aux, now_ms);
    }
    uint64_t term = engine->term;
    uint64_t last = engine->log.last;
    if (open_from(records, records_count) != STATUS_OK) abort();
    ASSERT(engine->term == term);
    ASSERT(engine->log.last == last);
    forget_records();
}

static void fuzz_message(struct span bytes)
{
    struct message message;
    struct message_facts facts;
    if (message_read(bytes, BATCH_MAX, &message) != STATUS_OK) return;
    if (raft_ops.check(&config, 1, &message, &facts) != STATUS_OK) return;
    static struct append append;
    if (message.statement.kind != APPEND) return;
    ASSERT(append_read(message.attachment, &append) == STATUS_OK);
    struct writer w;
    writer_init(&w, ATTACHMENT_BYTES_MAX);
    append_write(&w, &append);
    ASSERT(span_equal(writer_span(&w), message.attachment));
    writer_free(&w);
}

/* 32 bits of length before each. What opens, folds, and opens again. */
static void fuzz_records(struct span bytes)
{
    struct span list[STEPS_MAX];
    size_t count = 0;
    struct reader r = reader_of(bytes);
    while (count < STEPS_MAX) {
        list[count] = read_bytes32(&r, BATCH_MAX);
        if (reader_status(&r) != STATUS_OK) break;
        count++;
    }
    if (open_from(list, count) != STATUS_OK) return;
    uint64_t last = engine->log.last;
    effects_reset(&effects);
    raft_ops.fold(engine, &effects);
    keep_records();
    if (open_from(records, records_count) != STATUS_OK) abort();
    ASSERT(engine->log.last == last);
    forget_records();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct proposal proposal = { .index = 1, .view = 1 };
    if (!engine) start();
    if (size == 0) return 0;
    struct span bytes = span_of(data + 1, size - 1);
    config.options_count = data[0] / 4 % 2 * 2;
    switch (data[0] % 4) {
    case 0: fuzz_history(bytes); break;
    case 1: fuzz_message(bytes); break;
    case 2: fuzz_records(bytes); break;
    case 3: (void)raft_ops.check_decided(&config, &proposal, bytes); break;
    }
    return 0;
}
