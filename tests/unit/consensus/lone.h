/* tests/unit/consensus/lone.h -- one Raft engine, driven by hand: what it is told, message by
 * message, and what it answers. All that it persists is kept, so that it can be opened again. */
#ifndef TESTS_LONE_H
#define TESTS_LONE_H

#include "consensus/raft.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { LONE_RECORDS_MAX = 4096, SELF = 0 };

static struct committee lone_committee;
static struct secret_key lone_secrets[COMMITTEE_MAX];
static struct engine_config lone_config;
static struct engine_option lone_options[8];
static struct span lone_records[LONE_RECORDS_MAX];
static size_t lone_records_count;
static struct raft *lone;
static struct effects *out;
static uint64_t now_ms;

static inline void lone_configure(uint16_t members)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    lone_committee.fault_model = FAULT_CRASH;
    lone_committee.engine = ENGINE_RAFT;
    lone_committee.count = members;
    for (uint16_t i = 0; i < members; i++) {
        uint8_t seed[32] = { 0x55, (uint8_t)i };
        lone_committee.validators[i].id.bytes[0] = (uint8_t)(i + 1);
        key_from_seed(seed, &lone_secrets[i], &lone_committee.validators[i].seal_key);
    }
    struct digest chain = digest_of(TAG_GENESIS, span_text("lone"));
    lone_config = (struct engine_config){
        .self = SELF, .committee = &lone_committee, .options = lone_options, .seed = 1
    };
    lone_config.domain = (struct domain){ .chain_id = chain, .engine = ENGINE_RAFT };
    lone_config.domain.validators_hash = committee_hash(&lone_committee);
    lone_config.root = root_digest(0, &chain);
    now_ms = 1000;
}

static inline void lone_option(const char *name, uint64_t value)
{
    lone_options[lone_config.options_count++] = (struct engine_option){ name, value };
}

static inline void lone_keep(void)
{
    for (uint32_t i = 0; i < out->count; i++) {
        if (out->list[i].kind != EFFECT_PERSIST) continue;
        struct span record = out->list[i].persist.record;
        uint8_t *copy = malloc(record.size);
        cr_assert_not_null(copy);
        memcpy(copy, record.data, record.size);
        cr_assert_lt(lone_records_count, LONE_RECORDS_MAX);
        lone_records[lone_records_count++] = span_of(copy, record.size);
    }
}

static inline enum status lone_open_with(const struct span *records, size_t count)
{
    free(lone);
    lone_config.now_ms = now_ms;
    lone = calloc(1, raft_ops.size(&lone_config));
    if (!out) out = calloc(1, sizeof *out);
    cr_assert_not_null(lone);
    cr_assert_not_null(out);
    effects_reset(out);
    enum status status = raft_ops.open(lone, &lone_config, records, count, out);
    if (status == STATUS_OK) lone_keep();
    return status;
}

static inline void lone_start(uint16_t members)
{
    lone_configure(members);
    cr_assert_eq(lone_open_with(NULL, 0), STATUS_OK);
}

/* Crashes after everything was synced, and opens again. */
static inline void lone_reopen(void)
{
    cr_assert_eq(lone_open_with(lone_records, lone_records_count), STATUS_OK);
}

static inline void lone_stop(void)
{
    for (size_t i = 0; i < lone_records_count; i++)
        free((void *)(uintptr_t)lone_records[i].data);
    lone_records_count = 0;
    free(lone);
    free(out);
    lone = NULL;
    out = NULL;
}

static inline void lone_step(struct event *event)
{
    event->now_ms = now_ms;
    effects_reset(out);
    raft_ops.step(lone, event, out);
    lone_keep();
}

/* ---- what it is told ---- */

static inline void tell(uint16_t from, struct statement statement, struct span attachment)
{
    struct message message = { .statement = statement, .attachment = attachment };
    struct event event = { .kind = EVENT_MESSAGE, .from = from, .message = &message };
    lone_step(&event);
}

static inline void tell_simple(uint16_t from, enum raft_kind kind, uint64_t term, uint64_t index,
                               uint64_t aux)
{
    tell(from,
         (struct statement){ .kind = (uint8_t)kind, .view = term, .index = index, .aux = aux },
         span_of(NULL, 0));
}

static inline void tell_vote_request(uint16_t from, uint64_t term, uint64_t last,
                                     uint64_t last_term, bool transfer)
{
    uint8_t flag = transfer;
    tell(from,
         (struct statement){ .kind = VOTE_REQUEST, .view = term, .index = last, .aux = last_term },
         span_of(&flag, 1));
}

static inline void tell_append(uint16_t from, struct statement statement,
                               const struct append *append)
{
    uint8_t bytes[1024];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    append_write(&w, append);
    tell(from, statement, writer_span(&w));
}

/* An entry on the one before; NULL: on the root. */
static inline struct log_entry entry_on(const struct log_entry *before, uint64_t term,
                                        const char *batch)
{
    struct log_entry entry = {
        .proposal = { .index = before ? before->proposal.index + 1 : 1,
                      .view = term,
                      .parent_view = before ? before->proposal.view : 0,
                      .parent = before ? before->digest : lone_config.root,
                      .batch = digest_of(TAG_BATCH, span_text(batch)) },
    };
    entry.digest = proposal_digest(&entry.proposal);
    return entry;
}

/* An entry that changes members, on the one before. */
static inline struct log_entry members_on(const struct log_entry *before, uint64_t term,
                                          const struct members *members)
{
    struct log_entry entry = entry_on(before, term, "");
    entry.has_members = true;
    entry.members = *members;
    entry.proposal.batch = members_digest(members);
    entry.digest = proposal_digest(&entry.proposal);
    return entry;
}

/* The leader of a term sends an entry. */
static inline void tell_entry(uint16_t from, uint64_t term, const struct log_entry *entry,
                              uint64_t commit, uint64_t round)
{
    struct append append = { .before_view = entry->proposal.parent_view,
                             .commit = commit,
                             .round = round,
                             .has_entry = true,
                             .entry = *entry };
    tell_append(from,
                (struct statement){ .kind = APPEND,
                                    .view = term,
                                    .index = entry->proposal.index - 1,
                                    .digest = entry->digest },
                &append);
}

/* A heartbeat that stands on this entry; NULL: on the root. */
static inline void tell_heartbeat(uint16_t from, uint64_t term, const struct log_entry *before,
                                  uint64_t commit, uint64_t round)
{
    struct append append = { .before_view = before ? before->proposal.view : 0,
                             .commit = commit,
                             .round = round };
    tell_append(from,
                (struct statement){ .kind = APPEND,
                                    .view = term,
                                    .index = before ? before->proposal.index : 0,
                                    .digest = before ? before->digest : lone_config.root },
                &append);
}

static inline void tell_refusal(uint16_t from, uint64_t term, uint64_t before,
                                struct refusal refusal)
{
    uint8_t bytes[64];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    refusal_write(&w, &refusal);
    tell(from, (struct statement){ .kind = APPEND_REFUSAL, .view = term, .index = before },
         writer_span(&w));
}

static inline void pass_ms(uint64_t ms)
{
    now_ms += ms;
    struct event event = { .kind = EVENT_TIMER };
    lone_step(&event);
}

static inline void give_batch(const char *batch)
{
    struct event event = { .kind = EVENT_BATCH, .batch = digest_of(TAG_BATCH, span_text(batch)) };
    lone_step(&event);
}

static inline void ask_read(uint64_t number)
{
    struct event event = { .kind = EVENT_READ, .read = number };
    lone_step(&event);
}

static inline void ask_transfer(uint16_t to)
{
    struct event event = { .kind = EVENT_TRANSFER, .transfer = to };
    lone_step(&event);
}

/* ---- what it has answered ---- */

/* The first message of that kind to that member; NULL if there is none. */
static inline const struct effect *sent(enum raft_kind kind, uint16_t to)
{
    for (uint32_t i = 0; i < out->count; i++) {
        const struct effect *e = &out->list[i];
        bool sends = e->kind == EFFECT_SEND || e->kind == EFFECT_SEND_EARLY;
        if (sends && e->to == to && e->send.statement.kind == kind) return e;
    }
    return NULL;
}

/* The first effect of that kind. */
static inline const struct effect *said(enum effect_kind kind)
{
    for (uint32_t i = 0; i < out->count; i++)
        if (out->list[i].kind == kind) return &out->list[i];
    return NULL;
}

static inline uint32_t said_count(enum effect_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < out->count; i++)
        count += out->list[i].kind == kind;
    return count;
}

/* A message that waits for what was persisted before it. */
static inline bool is_behind_record(const struct effect *effect)
{
    const struct effect *record = said(EFFECT_PERSIST);
    return effect && record && effect->kind == EFFECT_SEND && record < effect;
}

static inline bool has_note(const char *text)
{
    for (uint32_t i = 0; i < out->count; i++) {
        const struct effect *e = &out->list[i];
        if (e->kind == EFFECT_NOTE && memmem(e->note.data, e->note.size, text, strlen(text)))
            return true;
    }
    return false;
}

static inline struct append append_in(const struct effect *effect)
{
    struct append append;
    cr_assert_not_null(effect);
    cr_assert_eq(append_read(effect->send.attachment, &append), STATUS_OK);
    return append;
}

static inline struct refusal refusal_in(const struct effect *effect)
{
    struct refusal refusal;
    cr_assert_not_null(effect);
    cr_assert_eq(refusal_read(effect->send.attachment, &refusal), STATUS_OK);
    return refusal;
}

/* ---- longer ways ---- */

/* Until it asks for votes, with everybody's consent. */
static inline void make_candidate(void)
{
    now_ms = lone->deadline_ms;
    pass_ms(0);
    for (uint16_t i = 1; i < lone_committee.count && lone->role == PRE_CANDIDATE; i++)
        tell_simple(i, PRE_VOTE, lone->term + 1, 0, 0);
    cr_assert_eq(lone->role, CANDIDATE);
}

/* Elected by all, nothing acknowledged yet. */
static inline void make_leader(void)
{
    make_candidate();
    tell_simple(SELF, VOTE, lone->term, 0, SELF);
    for (uint16_t i = 1; i < lone_committee.count && lone->role == CANDIDATE; i++)
        tell_simple(i, VOTE, lone->term, 0, SELF);
    cr_assert_eq(lone->role, LEADER);
}

/* All that stands in its log is durable here. */
static inline void own_ack(void)
{
    tell_simple(SELF, ACK, lone->term, lone->log.last, lone->round);
}

static inline void ack_of(uint16_t from, uint64_t index)
{
    tell_simple(from, ACK, lone->term, index, lone->round);
}

/* A leader of whose term one entry is committed. */
static inline void make_settled_leader(void)
{
    make_leader();
    give_batch("first");
    own_ack();
    for (uint16_t i = 1; i < lone_committee.count; i++)
        ack_of(i, lone->log.last);
    cr_assert_eq(lone->commit, lone->log.last);
}

#endif
