/* The five safety properties of Raft (Ongaro's thesis, figure 3.2), and what its acknowledgements
 * rest on. Each member's log is built anew from the records that it hands to its disk, and who
 * leads from the entries that it sends; the product's memory is not looked at.
 *
 *     election-safety         one leader a term, and no member leads a term twice
 *     leader-append-only      who leads only appends to its log
 *     log-matching            an index and a term name one entry, and with it all before it
 *     leader-completeness     who leads a term has all that was decided in terms before it
 *     state-machine-safety    one entry is decided at an index (checker_chain.c)
 */
#include "checker_internal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "node/journal.h"

/* As formats-consensus.md numbers and writes them. */
enum { VOTE = 1, VOTE_REQUEST = 2, APPEND = 7, ACK = 8 };
enum { RECORD_TERM = 1, RECORD_ENTRY = 2, RECORD_COMMIT = 3, RECORD_LOG = 4 };
enum { HEADER_SIZE = 88, MEMBERS_SIZE = 1 + 3 * 32, NOBODY = 0xffff };

struct raft_entry {
    uint64_t view;
    struct digest digest;
    uint64_t record; /* of the journal; 0: it was replayed */
};

struct raft_seen {
    uint64_t term, term_record;
    uint16_t voted_for;
    uint64_t commit;   /* in this life */
    uint64_t led_term; /* that it leads or has led, in this life; 0: none */
    uint64_t fold_record;
    bool replaying;

    struct raft_entry base; /* at base_index */
    uint64_t base_index;
    struct raft_entry *entries; /* base_index + 1 .. */
    uint64_t count, capacity;

    /* Said to others: must survive. */
    uint64_t said_term;
    uint64_t acked;
    struct digest acked_digest;
};

struct leadership {
    uint64_t term;
    uint32_t member, life;
};

/* Whatever stands at an index, of a term. */
struct place {
    uint64_t index, view;
    struct digest digest;
};

struct raft_checker {
    struct raft_seen seen[MEMBERS_MAX];
    struct shelf leaders, places;
    uint64_t decided; /* highest index */
    bool root_known;
    struct digest root; /* what the first entry stands on: learnt, and the same for all */
};

void raft_new(struct checker *checker)
{
    enum { TERMS_EXPECTED = 256, PLACES_EXPECTED = 2048 };
    if (!plan_is_raft(checker->plan)) return;
    checker->raft = calloc(1, sizeof *checker->raft);
    ASSERT(checker->raft != NULL);
    shelf_init(&checker->raft->leaders, sizeof(struct leadership), sizeof(uint64_t),
               TERMS_EXPECTED);
    shelf_init(&checker->raft->places, sizeof(struct place), 2 * sizeof(uint64_t), PLACES_EXPECTED);
    for (uint16_t i = 0; i < checker->members; i++)
        checker->raft->seen[i].voted_for = NOBODY;
}

void raft_free(struct checker *checker)
{
    if (!checker->raft) return;
    for (uint16_t i = 0; i < checker->members; i++)
        free(checker->raft->seen[i].entries);
    shelf_free(&checker->raft->leaders);
    shelf_free(&checker->raft->places);
    free(checker->raft);
}

/* ---- a log ---- */

static uint64_t last_of(const struct raft_seen *seen)
{
    return seen->base_index + seen->count;
}

/* NULL if it stands neither in the log nor at its base. */
static const struct raft_entry *entry_at(const struct raft_seen *seen, uint64_t index)
{
    if (index == seen->base_index) return &seen->base;
    bool there = index > seen->base_index && index <= last_of(seen);
    return there ? &seen->entries[index - seen->base_index - 1] : NULL;
}

static bool is_same(const struct digest *a, const struct digest *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void learn_root(struct checker *checker, const struct digest *root)
{
    struct raft_checker *raft = checker->raft;
    if (raft->root_known) return;
    raft->root_known = true;
    raft->root = *root;
    for (uint16_t i = 0; i < checker->members; i++)
        if (raft->seen[i].base_index == 0) raft->seen[i].base.digest = *root;
}

static void log_add(struct raft_seen *seen, uint64_t index, const struct raft_entry *entry)
{
    seen->count = index - seen->base_index - 1;
    if (seen->count == seen->capacity) {
        seen->capacity = seen->capacity ? 2 * seen->capacity : 256;
        seen->entries = realloc(seen->entries, seen->capacity * sizeof *seen->entries);
        ASSERT(seen->entries != NULL);
    }
    seen->entries[seen->count++] = *entry;
}

/* ---- entries ---- */

struct item {
    uint64_t index, parent_view;
    struct digest parent;
    struct raft_entry entry;
};

/* index | view | parent view | parent 32 | batch 32 | has members bool | [members]. */
static bool take_item(struct taking *t, struct item *item)
{
    const uint8_t *header = take(t, HEADER_SIZE);
    const uint8_t *has_members = take(t, 1);
    if (t->failed) return false;
    if (*has_members) take(t, MEMBERS_SIZE);
    item->index = load_u64(header);
    item->entry.view = load_u64(header + 8);
    item->entry.record = 0;
    item->parent_view = load_u64(header + 16);
    memcpy(item->parent.bytes, header + 24, 32);
    item->entry.digest = digest_of(TAG_PROPOSAL, span_of(header, HEADER_SIZE));
    return !t->failed;
}

static void match(struct checker *checker, uint16_t replica, const struct item *item)
{
    uint64_t key[2] = { item->index, item->entry.view };
    bool added;
    struct place *place = shelf_add(&checker->raft->places, key, &added);
    if (added) place->digest = item->entry.digest;
    if (!is_same(&place->digest, &item->entry.digest))
        checker_fail(checker, CHECK_LOG_MATCHING,
                     "node %u holds another entry %" PRIu64 " of term %" PRIu64 " than others",
                     replica, item->index, item->entry.view);
}

/* What is dropped was never decided; and to have acknowledged it counts no more. */
static void dropped(struct checker *checker, uint16_t replica, uint64_t first)
{
    struct raft_seen *seen = &checker->raft->seen[replica];
    for (uint64_t index = first; index <= last_of(seen); index++) {
        const struct decision *decision = chain_decision(checker, index);
        if (!decision->known || !is_same(&decision->digest, &entry_at(seen, index)->digest))
            continue;
        checker_fail(checker, CHECK_LEADER_COMPLETENESS,
                     "node %u drops entry %" PRIu64 ", which is decided", replica, index);
    }
    if (seen->acked < first) return;
    seen->acked = first - 1;
    const struct raft_entry *before = entry_at(seen, first - 1);
    if (before) seen->acked_digest = before->digest;
}

static void appended_entry(struct checker *checker, uint16_t replica, const struct item *item)
{
    struct raft_seen *seen = &checker->raft->seen[replica];
    uint64_t last = last_of(seen);
    if (item->index == 1) learn_root(checker, &item->parent);
    const struct raft_entry *before = entry_at(seen, item->index - 1);
    if (item->index <= seen->base_index || !before || before->view != item->parent_view ||
        !is_same(&before->digest, &item->parent)) {
        checker_fail(checker, CHECK_LOG_MATCHING,
                     "node %u appends entry %" PRIu64 ", which does not fit its log", replica,
                     item->index);
        return;
    }
    match(checker, replica, item);
    bool leads = seen->led_term == seen->term && seen->term > 0 && !seen->replaying;
    if (leads && item->index <= last)
        checker_fail(checker, CHECK_LEADER_APPEND_ONLY,
                     "node %u leads term %" PRIu64 " and replaces entry %" PRIu64, replica,
                     seen->term, item->index);
    if (item->index <= last && !seen->replaying) dropped(checker, replica, item->index);
    log_add(seen, item->index, &item->entry);
}

/* ---- records ---- */

/* term u64 | voted for u16. */
static void read_term(struct checker *checker, uint16_t replica, uint64_t record, struct taking *t)
{
    struct raft_seen *seen = &checker->raft->seen[replica];
    const uint8_t *term = take(t, 8);
    const uint8_t *voted_for = take(t, 2);
    if (t->failed) return;
    if (load_u64(term) < seen->term)
        checker_fail(checker, CHECK_MONOTONE, "node %u: its term fell from %" PRIu64 " to %" PRIu64,
                     replica, seen->term, load_u64(term));
    if (load_u64(term) > seen->term || seen->replaying) seen->term_record = record;
    seen->term = load_u64(term);
    seen->voted_for = load_u16(voted_for);
}

/* index u64 | term u64 | digest 32 | members | count u32: what a LOG record begins with. */
static uint32_t take_log(struct taking *t, uint64_t *base_index, struct raft_entry *base)
{
    const uint8_t *head = take(t, 8 + 8 + 32);
    take(t, MEMBERS_SIZE);
    const uint8_t *count = take(t, 4);
    if (t->failed) return 0;
    *base_index = load_u64(head);
    *base = (struct raft_entry){ .view = load_u64(head + 8) };
    memcpy(base->digest.bytes, head + 16, 32);
    return load_u32(count);
}

/* The record that holds this entry: what stood there already is on the disk since then. */
static uint64_t record_of(const struct raft_seen *seen, uint64_t index, const struct digest *digest,
                          uint64_t record)
{
    const struct raft_entry *entry = entry_at(seen, index);
    return entry && is_same(&entry->digest, digest) ? entry->record : record;
}

/* Entries take the place of the old log. Who leads no longer does. */
static void log_begin(struct checker *checker, uint16_t replica, uint64_t record, struct taking *t)
{
    struct raft_seen *seen = &checker->raft->seen[replica];
    struct raft_seen before = *seen; /* its entries are freed below */
    struct raft_entry base = { .view = 0 };
    struct item item;
    uint64_t base_index = 0;
    uint32_t count = take_log(t, &base_index, &base);
    if (t->failed || chain_absurd(base_index)) return;
    if (base_index == 0) learn_root(checker, &base.digest);
    base.record = record_of(&before, base_index, &base.digest, record);
    seen->base_index = base_index;
    seen->base = base;
    seen->entries = NULL;
    seen->count = seen->capacity = 0;
    seen->led_term = 0;
    for (uint32_t i = 0; i < count && take_item(t, &item); i++) {
        item.entry.record = record_of(&before, item.index, &item.entry.digest, record);
        appended_entry(checker, replica, &item);
    }
    free(before.entries);
}

/* A log that begins anew, after an anchor: what it drops contradicts it. If it only ends sooner
 * than the old one, entries were dropped without a cause. */
static void read_log(struct checker *checker, uint16_t replica, uint64_t record, struct taking *t)
{
    struct raft_seen *seen = &checker->raft->seen[replica];
    struct taking peek = *t;
    struct raft_entry base;
    uint64_t base_index = 0;
    uint64_t end = take_log(&peek, &base_index, &base);
    end += base_index;
    const struct raft_entry *old = entry_at(seen, end);
    bool shorter = old != NULL && end < last_of(seen) && !seen->replaying;
    struct digest old_digest = old ? old->digest : base.digest;
    log_begin(checker, replica, record, t);
    const struct raft_entry *last = entry_at(seen, last_of(seen));
    if (shorter && is_same(&old_digest, &last->digest))
        checker_fail(checker, CHECK_DURABLE,
                     "node %u begins its log anew and drops what stood behind %" PRIu64, replica,
                     end);
    const struct raft_entry *acked = entry_at(seen, seen->acked);
    bool replaced = acked && !is_same(&acked->digest, &seen->acked_digest);
    if (!seen->replaying && (replaced || seen->acked > last_of(seen))) seen->acked = 0;
}

static void read_commit(struct checker *checker, uint16_t replica, struct taking *t)
{
    struct raft_seen *seen = &checker->raft->seen[replica];
    const uint8_t *bytes = take(t, 8);
    if (t->failed) return;
    uint64_t commit = load_u64(bytes);
    if (commit < seen->commit || commit > last_of(seen))
        checker_fail(checker, CHECK_MONOTONE,
                     "node %u commits %" PRIu64 " behind %" PRIu64 ", its log ends at %" PRIu64,
                     replica, commit, seen->commit, last_of(seen));
    seen->commit = commit;
}

/* promises bool | [statement 57] | version u8 = 1 | type u8 | body. The type; 0: not readable. */
static uint8_t take_type(struct taking *t)
{
    const uint8_t *promises = take(t, 1);
    if (promises && *promises) take(t, STATEMENT_SIZE);
    const uint8_t *head = take(t, 2);
    return !t->failed && head[0] == 1 ? head[1] : 0;
}

static void read_record(struct checker *checker, uint16_t replica, uint64_t record,
                        struct span payload)
{
    struct taking t = { payload.data, payload.size, false };
    struct item item;
    switch (take_type(&t)) {
    case RECORD_TERM: read_term(checker, replica, record, &t); break;
    case RECORD_ENTRY:
        if (!take_item(&t, &item)) break;
        item.entry.record = record;
        appended_entry(checker, replica, &item);
        break;
    case RECORD_COMMIT: read_commit(checker, replica, &t); break;
    case RECORD_LOG: read_log(checker, replica, record, &t); break;
    default: t.failed = true;
    }
    if (t.failed || t.size > 0)
        checker_fail(checker, CHECK_REPLAY, "node %u writes a record that nobody can read",
                     replica);
}

/* ---- folds ---- */

/* A fold says again what the records before it have said, all of it. */
struct fold_seen {
    bool term, holds;
    uint64_t last;
};

static void fold_entry(const struct raft_seen *seen, const struct item *item,
                       struct fold_seen *fold)
{
    const struct raft_entry *entry = entry_at(seen, item->index);
    fold->holds = fold->holds && item->index == fold->last + 1 && entry != NULL &&
                  is_same(&entry->digest, &item->entry.digest);
    fold->last = item->index;
}

static void fold_log(struct checker *checker, const struct raft_seen *seen, struct taking *t,
                     struct fold_seen *fold)
{
    struct item item;
    struct raft_entry base;
    uint32_t count = take_log(t, &fold->last, &base);
    if (t->failed) return;
    if (fold->last == 0) learn_root(checker, &base.digest);
    const struct raft_entry *own = entry_at(seen, fold->last);
    fold->holds = own != NULL && is_same(&own->digest, &base.digest);
    for (uint32_t i = 0; i < count && take_item(t, &item); i++)
        fold_entry(seen, &item, fold);
}

static void fold_item(struct checker *checker, const struct raft_seen *seen, struct span payload,
                      struct fold_seen *fold)
{
    struct taking t = { payload.data, payload.size, false };
    struct item item;
    const uint8_t *term;
    switch (take_type(&t)) {
    case RECORD_TERM:
        term = take(&t, 10);
        fold->term = term && load_u64(term) == seen->term && load_u16(term + 8) == seen->voted_for;
        break;
    case RECORD_LOG: fold_log(checker, seen, &t, fold); break;
    case RECORD_ENTRY:
        if (take_item(&t, &item)) fold_entry(seen, &item, fold);
        break;
    default: t.failed = true;
    }
    if (t.failed) fold->holds = false;
}

static void read_fold(struct checker *checker, uint16_t replica, uint64_t record,
                      struct span payload)
{
    struct raft_seen *seen = &checker->raft->seen[replica];
    struct fold_seen fold = { false, false, 0 };
    struct span rest = fold_items(payload), item;
    uint8_t kind;
    while (fold_next(&rest, &kind, &item))
        if (kind == JOURNAL_ENGINE) fold_item(checker, seen, item, &fold);
    if (!fold.term || !fold.holds || fold.last != last_of(seen))
        checker_fail(checker, CHECK_LOST_UNSYNCED,
                     "node %u folds its journal to a log up to %" PRIu64 ", which ends at %" PRIu64
                     ", or leaves out its term",
                     replica, fold.last, last_of(seen));
    seen->fold_record = record;
}

/* ---- the door: records ---- */

void raft_appended(struct checker *checker, uint16_t replica, uint64_t record, uint8_t kind,
                   struct span payload)
{
    if (!checker->raft) return;
    if (kind == JOURNAL_ENGINE) read_record(checker, replica, record, payload);
    if (kind == JOURNAL_FOLD) read_fold(checker, replica, record, payload);
}

void raft_cut(struct checker *checker, uint16_t replica, uint64_t record)
{
    if (checker->raft && record > checker->raft->seen[replica].fold_record)
        checker_fail(checker, CHECK_LOST_UNSYNCED,
                     "node %u cuts its journal before %" PRIu64 ", where no fold stands", replica,
                     record);
}

void raft_crashed(struct checker *checker, uint16_t replica)
{
    if (!checker->raft) return;
    struct raft_seen *seen = &checker->raft->seen[replica];
    seen->term = seen->term_record = seen->commit = seen->led_term = seen->fold_record = 0;
    seen->voted_for = NOBODY;
    seen->base_index = seen->count = 0;
    seen->base = (struct raft_entry){ .digest = checker->raft->root };
    seen->replaying = true;
}

void raft_replayed(struct checker *checker, uint16_t replica, uint8_t kind, struct span payload)
{
    if (!checker->raft) return;
    if (kind == JOURNAL_ENGINE) read_record(checker, replica, 0, payload);
    if (kind != JOURNAL_FOLD) return;
    checker->raft->seen[replica].term = 0; /* Everything begins anew with a fold. */
    struct span rest = fold_items(payload), item;
    uint8_t item_kind;
    while (fold_next(&rest, &item_kind, &item))
        if (item_kind == JOURNAL_ENGINE) read_record(checker, replica, 0, item);
}

/* What others were told must have been there. */
void raft_restored(struct checker *checker, uint16_t replica, bool forgot)
{
    if (!checker->raft) return;
    struct watched *w = &checker->watched[replica];
    struct raft_seen *seen = &checker->raft->seen[replica];
    const struct raft_entry *entry = entry_at(seen, seen->acked);
    bool held = seen->acked < seen->base_index ||
                (entry && is_same(&entry->digest, &seen->acked_digest)) || seen->acked == 0;
    seen->replaying = false;
    if (held && seen->term >= seen->said_term) return;
    if (forgot || w->frail) {
        w->lapsed = true;
        seen->acked = seen->said_term = 0;
        return;
    }
    checker_fail(checker, CHECK_DURABLE,
                 "node %u has acknowledged %" PRIu64 " in term %" PRIu64
                 ", but comes back with a log up to %" PRIu64 " and term %" PRIu64,
                 replica, seen->acked, seen->said_term, last_of(seen), seen->term);
}

/* ---- leaders ---- */

static bool holds_decision(struct checker *checker, const struct raft_seen *seen, uint64_t index)
{
    const struct raft_entry *entry = entry_at(seen, index);
    if (index < seen->base_index) return true;
    return entry && is_same(&entry->digest, &chain_decision(checker, index)->digest);
}

static void incomplete(struct checker *checker, uint16_t replica, uint64_t index)
{
    checker_fail(checker, CHECK_LEADER_COMPLETENESS,
                 "node %u leads term %" PRIu64 " without entry %" PRIu64
                 ", which was decided in term %" PRIu64,
                 replica, checker->raft->seen[replica].led_term, index,
                 chain_decision(checker, index)->term);
}

static void begins_to_lead(struct checker *checker, uint16_t replica, uint64_t term)
{
    struct raft_seen *seen = &checker->raft->seen[replica];
    uint32_t life = checker->watched[replica].life;
    bool added;
    struct leadership *leader = shelf_add(&checker->raft->leaders, &term, &added);
    if (!added)
        checker_fail(checker, CHECK_ELECTION_SAFETY,
                     "node %u leads term %" PRIu64 ", which node %u has led%s", replica, term,
                     leader->member, leader->life == life ? "" : " in another life");
    leader->member = replica;
    leader->life = life;
    if (term != seen->term)
        checker_fail(checker, CHECK_ELECTION_SAFETY,
                     "node %u leads term %" PRIu64 ", its own is %" PRIu64, replica, term,
                     seen->term);
    seen->led_term = term;
    uint64_t index = checker->raft->decided;
    while (index > 0 && chain_decision(checker, index)->term >= term)
        index--;
    if (index > 0 && !holds_decision(checker, seen, index)) incomplete(checker, replica, index);
}

/* Decided for the first time, by a member of this term: who leads a later one must have it. */
void raft_decided(struct checker *checker, uint16_t replica, uint64_t index)
{
    if (!checker->raft) return;
    uint64_t term = checker->raft->seen[replica].term;
    chain_decision(checker, index)->term = term;
    if (index > checker->raft->decided) checker->raft->decided = index;
    for (uint16_t i = 0; i < checker->members; i++) {
        const struct raft_seen *seen = &checker->raft->seen[i];
        bool leads = seen->led_term > term && seen->led_term == seen->term;
        if (leads && !holds_decision(checker, seen, index)) incomplete(checker, i, index);
    }
}

/* ---- the door: what is said ---- */

static bool is_durable(const struct watched *w, const struct raft_seen *seen, uint64_t index)
{
    const struct raft_entry *entry = entry_at(seen, index);
    return index < seen->base_index || (entry && entry->record <= w->durable);
}

/* What is said in a term says that the term is on the disk, and the log up to an index. Of a term
 * that is over nothing can be judged any more: its entries may have been replaced since. */
static void said(struct checker *checker, uint16_t replica, const char *what, uint64_t term,
                 uint64_t index)
{
    const struct watched *w = &checker->watched[replica];
    struct raft_seen *seen = &checker->raft->seen[replica];
    if (term != seen->term) return;
    if (seen->term_record > w->durable || !is_durable(w, seen, index))
        checker_fail(checker, CHECK_DURABLE,
                     "node %u sends a %s for %" PRIu64 " in term %" PRIu64
                     " before that is durable",
                     replica, what, index, term);
    seen->said_term = term;
}

static void acknowledged(struct checker *checker, uint16_t replica, uint64_t term, uint64_t index)
{
    struct raft_seen *seen = &checker->raft->seen[replica];
    const struct raft_entry *entry = entry_at(seen, index);
    said(checker, replica, "acknowledgement", term, index);
    if (term != seen->term || !entry) return;
    const struct leadership *leader = shelf_find(&checker->raft->leaders, &term);
    if (leader && checker->raft->seen[leader->member].led_term == term) {
        const struct raft_entry *theirs = entry_at(&checker->raft->seen[leader->member], index);
        if (theirs && !is_same(&theirs->digest, &entry->digest))
            checker_fail(checker, CHECK_LOG_MATCHING,
                         "node %u acknowledges entry %" PRIu64 ", the leader's is another", replica,
                         index);
    }
    if (index <= seen->acked) return;
    seen->acked = index;
    seen->acked_digest = entry->digest;
}

/* kind u8 | index u64 | view u64 | aux u64 | ... */
void raft_sent(struct checker *checker, uint16_t replica, struct span message)
{
    if (!checker->raft || checker->watched[replica].lapsed) return;
    uint64_t index = load_u64(message.data + 1);
    uint64_t term = load_u64(message.data + 9);
    struct raft_seen *seen = &checker->raft->seen[replica];
    switch (message.data[0]) {
    case APPEND:
        if (seen->led_term != term) begins_to_lead(checker, replica, term);
        break;
    case ACK: acknowledged(checker, replica, term, index); break;
    case VOTE_REQUEST: said(checker, replica, "vote_request", term, index); break;
    case VOTE: said(checker, replica, "vote", term, 0); break;
    default: break;
    }
}

/* 1 u8 | index u64 | term u64 | digest 32. */
const char *raft_proof_fails(const struct proposal *proposal, const struct digest *digest,
                             struct span proof)
{
    enum { PROOF_SIZE = 1 + 8 + 8 + 32 };
    if (proof.size != PROOF_SIZE || proof.data[0] != 1) return "no proof";
    bool names = load_u64(proof.data + 1) == proposal->index &&
                 load_u64(proof.data + 9) == proposal->view &&
                 memcmp(proof.data + 17, digest->bytes, 32) == 0;
    return names ? NULL : "of something else";
}
