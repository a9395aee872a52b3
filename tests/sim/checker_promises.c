/* Statements of honest members. A promise is made when its record is appended, holds when that is
 * durable, and may be said from then on. One slot -- kind and view -- has one statement, for ever:
 * through restarts, folds and cuts, until the member's journal is taken away from it. */
#include "checker_internal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "consensus/engine.h"
#include "node/frame.h"
#include "node/journal.h"

/* HotStuff's statements, as formats-consensus.md numbers them. Raft promises votes alone; what else
 * it says rests on its log (checker_raft.c). */
enum { PROPOSAL = 1, VOTE = 2, COMMIT_VOTE = 3, TIMEOUT = 4 };

struct said {
    uint8_t kind;
    uint64_t index, view, aux;
    struct digest digest;
};

static struct said said_of(const uint8_t bytes[STATEMENT_SIZE])
{
    struct said s = { .kind = bytes[0],
                      .index = load_u64(bytes + 1),
                      .view = load_u64(bytes + 9),
                      .aux = load_u64(bytes + 17) };
    memcpy(s.digest.bytes, bytes + 25, 32);
    return s;
}

static bool same(const struct promise *promise, const struct said *s)
{
    return promise->index == s->index && promise->aux == s->aux &&
           memcmp(promise->digest.bytes, s->digest.bytes, 32) == 0;
}

static void set(struct promise *promise, const struct said *s)
{
    promise->index = s->index;
    promise->aux = s->aux;
    promise->digest = s->digest;
    promise->life = promise->durable_life = 0;
}

static const char *kind_name(const struct checker *checker, uint8_t kind)
{
    const struct engine_ops *ops = checker->engine;
    if (kind == KIND_SEAL) return "seal";
    return kind > 0 && kind < ops->kinds_count ? ops->kinds[kind] : "unknown";
}

static bool two_statements(struct checker *checker, uint16_t replica, const struct said *s,
                           const char *how)
{
    return checker_fail(checker, CHECK_SLOT, "node %u %s a second %s for %" PRIu64, replica, how,
                        kind_name(checker, s->kind), s->view);
}

static struct promise *find(struct checker *checker, uint16_t replica, const struct said *s)
{
    struct promise_key key = { s->view, replica, s->kind };
    return shelf_find(&checker->promises, &key);
}

/* ---- made ---- */

static void wait_for_disk(struct watched *w, const struct waiting *item)
{
    if (w->waiting_first > 0 && w->waiting_first + w->waiting_count == w->waiting_capacity) {
        memmove(w->waiting, w->waiting + w->waiting_first, w->waiting_count * sizeof *w->waiting);
        w->waiting_first = 0;
    }
    if (w->waiting_count == w->waiting_capacity) {
        w->waiting_capacity = w->waiting_capacity ? 2 * w->waiting_capacity : 64;
        w->waiting = realloc(w->waiting, w->waiting_capacity * sizeof *w->waiting);
        ASSERT(w->waiting != NULL);
    }
    w->waiting[w->waiting_first + w->waiting_count++] = *item;
}

/* A new one goes beyond all of its kind; and who has left a view by a timeout takes no more part in
 * it. (Jolteon, section 3: r_vote, and the condition of commit votes.) Seals may be promised again
 * in any order: a ledger that a crash has set back executes its blocks anew. */
static bool in_order(const struct checker *checker, const struct watched *w, const struct said *s)
{
    if (s->kind == KIND_SEAL) return true;
    if (s->view <= w->made[s->kind] && w->made[s->kind] != 0) return false;
    if (checker->raft) return true;
    if (s->kind == VOTE || s->kind == COMMIT_VOTE) return s->view > w->made[TIMEOUT];
    if (s->kind == TIMEOUT) return s->view >= w->made[VOTE];
    return true;
}

static void made(struct checker *checker, uint16_t replica, uint64_t record, const struct said *s,
                 bool repeated)
{
    struct watched *w = &checker->watched[replica];
    struct promise_key key = { s->view, replica, s->kind };
    bool added;
    if (s->kind == 0 || s->kind >= KINDS) {
        checker_fail(checker, CHECK_SLOT, "node %u promises kind %u", replica, s->kind);
        return;
    }
    struct promise *promise = shelf_add(&checker->promises, &key, &added);
    if (added) set(promise, s);
    if (!same(promise, s)) {
        bool binding = promise->sent || promise->life == w->life;
        if (binding && !w->lapsed) two_statements(checker, replica, s, "promises");
        set(promise, s);
    }
    if (!repeated && !w->lapsed && !in_order(checker, w, s))
        checker_fail(checker, CHECK_SLOT, "node %u promises a %s for %" PRIu64 " too late", replica,
                     kind_name(checker, s->kind), s->view);
    if (s->view > w->made[s->kind]) w->made[s->kind] = s->view;
    promise->life = w->life;
    struct waiting item = { .record = record,
                            .promise = shelf_number(&checker->promises, promise) };
    wait_for_disk(w, &item);
}

/* The promise in a record of the engine or of the seals; false if there is none. */
static bool promise_in(uint8_t kind, struct span payload, struct said *s)
{
    if (kind == JOURNAL_ENGINE && payload.size >= 1 + STATEMENT_SIZE && payload.data[0] == 1) {
        *s = said_of(payload.data + 1);
        return true;
    }
    if (kind == JOURNAL_EXECUTED && payload.size == 56) {
        *s = (struct said){ .kind = KIND_SEAL, .view = load_u64(payload.data + 8) };
        memcpy(s->digest.bytes, payload.data + 24, 32);
        return true;
    }
    return false;
}

/* The next of a fold's items: kind u8 | bytes32. */
bool fold_next(struct span *rest, uint8_t *kind, struct span *payload)
{
    if (rest->size < 5) return false;
    *kind = rest->data[0];
    size_t size = load_u32(rest->data + 1);
    if (rest->size - 5 < size) return false;
    *payload = span_of(rest->data + 5, size);
    *rest = span_of(rest->data + 5 + size, rest->size - 5 - size);
    return true;
}

struct span fold_items(struct span fold)
{
    return fold.size < 4 ? span_of(NULL, 0) : span_of(fold.data + 4, fold.size - 4);
}

void promises_appended(struct checker *checker, uint16_t replica, uint64_t record, uint8_t kind,
                       struct span payload)
{
    struct said s;
    struct span rest = fold_items(payload), item;
    uint8_t item_kind;
    if (kind != JOURNAL_FOLD) {
        if (promise_in(kind, payload, &s)) made(checker, replica, record, &s, false);
        return;
    }
    while (fold_next(&rest, &item_kind, &item))
        if (promise_in(item_kind, item, &s)) made(checker, replica, record, &s, true);
}

/* epoch u64 | index u64, the first field of the proposal | ... | bytes32 proof. The index if there
 * is a proof, which counts for all before it; else 0. */
static uint64_t proof_in(uint8_t kind, struct span payload)
{
    enum { PROOF_AT = 8 + 88 };
    bool there = kind == JOURNAL_DECIDED && payload.size > PROOF_AT + 4 &&
                 load_u32(payload.data + PROOF_AT) > 0;
    return there ? load_u64(payload.data + 8) : 0;
}

void promises_decided(struct checker *checker, uint16_t replica, uint64_t record,
                      struct span payload)
{
    struct waiting item = { .record = record, .decided = proof_in(JOURNAL_DECIDED, payload) };
    if (item.decided) wait_for_disk(&checker->watched[replica], &item);
}

/* ---- durable, and cut ---- */

static void proves(struct watched *w, uint64_t index)
{
    if (index > w->proven) w->proven = index;
}

static void holds(struct watched *w, struct promise *promise, uint64_t record)
{
    uint32_t kind = promise->key.kind;
    promise->durable_life = w->life;
    if (promise->key.view < w->stands[kind]) return;
    w->stands[kind] = promise->key.view;
    w->stands_in[kind] = record;
}

void promises_durable(struct checker *checker, uint16_t replica, uint64_t record)
{
    struct watched *w = &checker->watched[replica];
    w->durable = record;
    while (w->waiting_count > 0 && w->waiting[w->waiting_first].record <= record) {
        const struct waiting *first = &w->waiting[w->waiting_first++];
        w->waiting_count--;
        if (first->decided)
            proves(w, first->decided);
        else
            holds(w, shelf_at(&checker->promises, first->promise), first->record);
    }
    if (w->waiting_count == 0) w->waiting_first = 0;
}

void promises_cut(struct checker *checker, uint16_t replica, uint64_t record)
{
    const struct watched *w = &checker->watched[replica];
    if (record > w->durable)
        checker_fail(checker, CHECK_LOST_UNSYNCED,
                     "node %u cuts its journal before %" PRIu64 ", but only %" PRIu64 " is durable",
                     replica, record, w->durable);
    raft_cut(checker, replica, record);
    for (uint8_t kind = 1; kind < KINDS; kind++)
        if (w->stands[kind] > 0 && w->stands_in[kind] < record)
            checker_fail(checker, CHECK_LOST_UNSYNCED,
                         "node %u cuts its journal before %" PRIu64
                         ", and with it its %s for %" PRIu64,
                         replica, record, kind_name(checker, kind), w->stands[kind]);
}

/* ---- through a crash ---- */

void promises_crashed(struct checker *checker, uint16_t replica)
{
    struct watched *w = &checker->watched[replica];
    w->life++;
    w->replayed = w->durable = 0;
    w->waiting_first = w->waiting_count = 0;
    memset(w->made, 0, sizeof w->made);
    memset(w->restored, 0, sizeof w->restored);
    memset(w->stands, 0, sizeof w->stands);
    memset(w->stands_in, 0, sizeof w->stands_in);
}

static void replayed(struct checker *checker, uint16_t replica, const struct said *s)
{
    struct watched *w = &checker->watched[replica];
    struct promise_key key = { s->view, replica, s->kind };
    bool added;
    if (s->kind == 0 || s->kind >= KINDS) return;
    struct promise *promise = shelf_add(&checker->promises, &key, &added);
    if (added) set(promise, s);
    if (!same(promise, s)) {
        if (promise->sent && !w->lapsed) two_statements(checker, replica, s, "replays");
        set(promise, s);
    }
    promise->life = w->life;
    holds(w, promise, w->replayed);
    if (s->view > w->made[s->kind]) w->made[s->kind] = s->view;
    if (s->view > w->restored[s->kind]) w->restored[s->kind] = s->view;
}

void promises_replayed(struct checker *checker, uint16_t replica, uint8_t kind, struct span payload)
{
    struct said s;
    struct span rest = fold_items(payload), item;
    uint8_t item_kind;
    proves(&checker->watched[replica], proof_in(kind, payload));
    if (kind != JOURNAL_FOLD) {
        if (promise_in(kind, payload, &s)) replayed(checker, replica, &s);
        return;
    }
    while (fold_next(&rest, &item_kind, &item))
        if (promise_in(item_kind, item, &s)) replayed(checker, replica, &s);
}

/* What was said must be there, or a later one of its kind that forbids as much. */
void promises_restored(struct checker *checker, uint16_t replica, bool forgot)
{
    struct watched *w = &checker->watched[replica];
    for (uint8_t kind = 1; kind < KINDS && !w->lapsed; kind++) {
        if (w->sent[kind] <= w->restored[kind]) continue;
        if (forgot || w->frail)
            w->lapsed = true;
        else
            checker_fail(checker, CHECK_DURABLE,
                         "node %u said a %s for %" PRIu64 ", but its journal ends with %" PRIu64,
                         replica, kind_name(checker, kind), w->sent[kind], w->restored[kind]);
    }
}

/* ---- said ---- */

static void said(struct checker *checker, uint16_t replica, const struct said *s)
{
    struct watched *w = &checker->watched[replica];
    struct promise *promise = find(checker, replica, s);
    if (w->lapsed) return;
    if (!promise) {
        checker_fail(checker, CHECK_DURABLE, "node %u says a %s for %" PRIu64 " without a record",
                     replica, kind_name(checker, s->kind), s->view);
        return;
    }
    if (!same(promise, s)) {
        if (promise->sent) {
            two_statements(checker, replica, s, "says");
            return;
        }
        checker_fail(checker, CHECK_DURABLE,
                     "node %u says another %s for %" PRIu64 " than its record", replica,
                     kind_name(checker, s->kind), s->view);
        return;
    }
    /* A seal's signature may be passed on from a block that is sealed: its record is cut by then.
     */
    bool durable =
        s->kind == KIND_SEAL ? promise->durable_life > 0 : promise->durable_life == w->life;
    if (!durable)
        checker_fail(checker, CHECK_DURABLE,
                     "node %u says a %s for %" PRIu64 " before it is durable", replica,
                     kind_name(checker, s->kind), s->view);
    promise->sent = 1;
    if (s->view > w->sent[s->kind]) w->sent[s->kind] = s->view;
}

/* epoch u64 | height u64 | block hash 32 | validator u16 | signature 64; others' votes may be
 * among them. */
static void said_seals(struct checker *checker, uint16_t replica, struct span payload)
{
    enum { VOTE_SIZE = 114 };
    if (payload.size < 2) return;
    size_t count = load_u16(payload.data);
    for (size_t i = 0; i < count && payload.size >= 2 + (i + 1) * VOTE_SIZE; i++) {
        const uint8_t *vote = payload.data + 2 + i * VOTE_SIZE;
        if (load_u16(vote + 48) != replica) continue;
        struct said s = { .kind = KIND_SEAL, .view = load_u64(vote + 8) };
        memcpy(s.digest.bytes, vote + 16, 32);
        said(checker, replica, &s);
    }
}

void promises_sent(struct checker *checker, uint16_t replica, uint8_t frame, struct span payload)
{
    if (frame == FRAME_SEAL_VOTES) {
        said_seals(checker, replica, payload);
        return;
    }
    if (payload.size < STATEMENT_SIZE) return;
    struct said s = said_of(payload.data);
    if (checker->raft)
        raft_sent(checker, replica, payload);
    else
        warrant_sent(checker, replica, payload);
    if (!engine_signs(checker->engine, s.kind)) return;
    said(checker, replica, &s);
}
