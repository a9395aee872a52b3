#include "tests/unit/ledger/pool_fixture.h"

#include <criterion/criterion.h>

static struct pool *pool;
static struct fixture_ids out;
static struct refusal refusal;
static const struct pool_limits limits = { .txs_max = 300,
                                           .bytes_max = 100 * FIXTURE_BYTES,
                                           .source_txs_max = 80 };

static void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    pool = pool_new(&limits, fixture_key);
    cr_assert_not_null(pool);
}

static void finish(void)
{
    pool_free(pool);
}

TestSuite(pool, .init = start, .fini = finish);

static enum refusal_code add(struct transaction *tx, uint64_t next_lane)
{
    return fixture_add(pool, tx, FIXTURE_BYTES, next_lane, true, 1000, &refusal);
}

static void chosen(const uint64_t *numbers, uint32_t count)
{
    out.count = 0;
    uint32_t got = pool_choose(pool, 5000, 1000, UINT64_MAX, fixture_take, &out);
    cr_assert_eq(got, count);
    cr_assert(fixture_are(&out, numbers, count));
}

Test(pool, keeps_what_it_is_given)
{
    struct pool_stats stats;
    struct digest id = fixture_id(1);
    pool_stats(pool, &stats);
    cr_assert_eq(stats.oldest_ms, 0);
    cr_assert_not(pool_has(pool, &id));
    cr_assert_null(pool_get(pool, &id));
    cr_assert_eq(add(fixture_make(1, 1), 0), REFUSAL_none);
    cr_assert(pool_has(pool, &id));
    cr_assert_eq(memcmp(pool_get(pool, &id)->data, &id, sizeof id), 0);
    pool_stats(pool, &stats);
    cr_assert_eq(stats.txs, 1);
    cr_assert_eq(stats.bytes, FIXTURE_BYTES);
    cr_assert_eq(stats.unmarked, 1);
    cr_assert_eq(stats.oldest_ms, 1000);
    pool_remove(pool, &id);
    cr_assert_not(pool_has(pool, &id));
    pool_remove(pool, &id);
    pool_stats(pool, &stats);
    cr_assert_eq(stats.txs + stats.bytes + stats.unmarked + stats.oldest_ms, 0);
}

Test(pool, a_duplicate_changes_nothing)
{
    cr_assert_eq(add(fixture_make(1, 1), 0), REFUSAL_none);
    cr_assert_eq(add(fixture_make(1, 1), 0), REFUSAL_duplicate);
    struct digest id = fixture_id(1);
    cr_assert(digest_equal(&refusal.txid, &id));
    struct pool_stats stats;
    pool_stats(pool, &stats);
    cr_assert_eq(stats.txs, 1);
}

Test(pool, holds_one_reference_to_a_blob)
{
    struct transaction *tx = fixture_make(1, 1);
    struct blob *blob = fixture_blob(tx, FIXTURE_BYTES);
    tx->bytes = blob_span(blob);
    cr_assert_eq(pool_add(pool, blob, tx, 0, true, 0, &refusal), REFUSAL_none);
    cr_assert_eq(atomic_load(&blob->references), 2);
    cr_assert_eq(pool_add(pool, blob, tx, 0, true, 0, &refusal), REFUSAL_duplicate);
    cr_assert_eq(atomic_load(&blob->references), 2);
    pool_remove(pool, &tx->txid);
    cr_assert_eq(atomic_load(&blob->references), 1);
    blob_unref(blob);
}

Test(pool, a_reference_belongs_to_the_first)
{
    cr_assert_eq(add(fixture_make(1, 1), 0), REFUSAL_none);
    struct transaction *tx = fixture_make(2, 1);
    tx->client_ref = sample_id("reference", 1);
    cr_assert_eq(add(tx, 0), REFUSAL_tx_ref_conflict);
    struct digest first = fixture_id(1);
    cr_assert(digest_equal(&refusal.txid, &first));
    cr_assert_eq(refusal.code, REFUSAL_tx_ref_conflict);
    tx = fixture_make(3, 2);
    tx->client_ref = sample_id("reference", 1);
    cr_assert_eq(add(tx, 0), REFUSAL_none, "another source");
    tx = fixture_lane(4, 1, 1, 1);
    tx->client_ref = sample_id("reference", 1);
    cr_assert_eq(add(tx, 1), REFUSAL_none, "a lane has numbers instead");
}

Test(pool, bounds_by_number)
{
    for (uint64_t i = 0; i < limits.source_txs_max; i++)
        cr_assert_eq(fixture_add(pool, fixture_make(i, 1), 32, 0, true, 0, &refusal), REFUSAL_none);
    cr_assert_eq(fixture_add(pool, fixture_make(1000, 1), 32, 0, true, 0, &refusal),
                 REFUSAL_source_quota);
    cr_assert_eq(refusal.value, limits.source_txs_max);
    cr_assert_eq(refusal.limit, limits.source_txs_max);
    struct id source = sample_id("source", 1);
    cr_assert(id_equal(&refusal.account, &source));
    struct digest id = fixture_id(0);
    pool_remove(pool, &id);
    cr_assert_eq(fixture_add(pool, fixture_make(1000, 1), 32, 0, true, 0, &refusal), REFUSAL_none);
    for (uint64_t i = limits.source_txs_max; i < limits.txs_max; i++)
        cr_assert_eq(fixture_add(pool, fixture_make(i, 2 + i / 50), 32, 0, true, 0, &refusal),
                     REFUSAL_none);
    cr_assert_eq(fixture_add(pool, fixture_make(2000, 99), 32, 0, true, 0, &refusal),
                 REFUSAL_mempool_full);
    cr_assert_eq(refusal.value, limits.txs_max);
    cr_assert_eq(refusal.limit, limits.txs_max);
}

/* Lower than what is there already: that stays, and nothing comes until there is room. */
Test(pool, other_bounds_from_now_on)
{
    for (uint64_t i = 0; i < 10; i++)
        cr_assert_eq(fixture_add(pool, fixture_make(i, i), FIXTURE_BYTES, 0, true, 0, &refusal),
                     REFUSAL_none);
    struct pool_limits other = limits;
    other.bytes_max = 5 * FIXTURE_BYTES;
    pool_set_limits(pool, &other);
    cr_assert_eq(fixture_add(pool, fixture_make(20, 20), 32, 0, true, 0, &refusal),
                 REFUSAL_mempool_full);
    cr_assert_eq(refusal.limit, other.bytes_max);
    struct pool_stats stats;
    pool_stats(pool, &stats);
    cr_assert_eq(stats.txs, 10, "nobody is put out");
    other = limits;
    other.txs_max = 1;
    pool_set_limits(pool, &other);
    cr_assert_eq(fixture_add(pool, fixture_make(20, 20), 32, 0, true, 0, &refusal),
                 REFUSAL_mempool_full);
    struct digest batch = { { 1 } }, txids[10];
    for (uint64_t i = 0; i < 10; i++)
        txids[i] = fixture_id(i);
    pool_mark(pool, &batch, txids, 10); /* As far as the bounds allow, and no further. */
    pool_unmark(pool, &batch);
    pool_set_limits(pool, &limits);
    cr_assert_eq(fixture_add(pool, fixture_make(20, 20), 32, 0, true, 0, &refusal), REFUSAL_none);
}

Test(pool, bounds_by_bytes)
{
    for (uint64_t i = 0; i < 99; i++)
        cr_assert_eq(fixture_add(pool, fixture_make(i, i), FIXTURE_BYTES, 0, true, 0, &refusal),
                     REFUSAL_none);
    cr_assert_eq(fixture_add(pool, fixture_make(100, 100), FIXTURE_BYTES + 1, 0, true, 0, &refusal),
                 REFUSAL_mempool_full);
    cr_assert_eq(refusal.value, (uint64_t)99 * FIXTURE_BYTES);
    cr_assert_eq(refusal.limit, limits.bytes_max);
    cr_assert_eq(fixture_add(pool, fixture_make(100, 100), FIXTURE_BYTES, 0, true, 0, &refusal),
                 REFUSAL_none);
    cr_assert_eq(fixture_add(pool, fixture_make(101, 101), 32, 0, true, 0, &refusal),
                 REFUSAL_mempool_full);
}

Test(pool, a_lane_has_no_gaps)
{
    cr_assert_eq(add(fixture_lane(2, 1, 1, 6), 5), REFUSAL_tx_lane_gap);
    cr_assert_eq(refusal.value, 6);
    cr_assert_eq(refusal.limit, 5);
    cr_assert_eq(add(fixture_lane(1, 1, 1, 5), 5), REFUSAL_none);
    cr_assert_eq(add(fixture_lane(2, 1, 1, 6), 5), REFUSAL_none);
    cr_assert_eq(add(fixture_lane(4, 1, 1, 8), 5), REFUSAL_tx_lane_gap);
    cr_assert_eq(add(fixture_lane(3, 1, 1, 4), 5), REFUSAL_tx_lane_past);
    cr_assert(digest_is_zero(&refusal.txid), "of what is on the ledger only the ledger knows");
    cr_assert_eq(add(fixture_lane(3, 1, 1, 6), 5), REFUSAL_tx_lane_past);
    struct digest second = fixture_id(2);
    cr_assert(digest_equal(&refusal.txid, &second), "the one that has the number");
    cr_assert_eq(add(fixture_lane(5, 1, 2, 1), 1), REFUSAL_none, "another lane");
    cr_assert_eq(add(fixture_lane(6, 2, 1, 1), 1), REFUSAL_none, "another source");
}

Test(pool, a_lane_runs_ahead_64)
{
    for (uint64_t seq = 1; seq <= 1 + POOL_LANE_AHEAD_MAX; seq++)
        cr_assert_eq(add(fixture_lane(seq, 1, 1, seq), 1), REFUSAL_none, "%d", (int)seq);
    cr_assert_eq(add(fixture_lane(99, 1, 1, 2 + POOL_LANE_AHEAD_MAX), 1), REFUSAL_tx_lane_gap);
    cr_assert_eq(add(fixture_lane(99, 1, 1, 2 + POOL_LANE_AHEAD_MAX), 2), REFUSAL_none,
                 "the ledger went on");
    struct digest first = fixture_id(1);
    cr_assert_not(pool_has(pool, &first), "what is below the ledger's number is gone");
}

Test(pool, the_ledger_may_pass_a_whole_lane)
{
    cr_assert_eq(add(fixture_lane(1, 1, 1, 1), 1), REFUSAL_none);
    cr_assert_eq(add(fixture_lane(2, 1, 1, 2), 1), REFUSAL_none);
    cr_assert_eq(add(fixture_lane(3, 1, 1, 9), 9), REFUSAL_none);
    struct pool_stats stats;
    pool_stats(pool, &stats);
    cr_assert_eq(stats.txs, 1);
    cr_assert_eq(add(fixture_lane(4, 1, 1, UINT64_MAX), 9), REFUSAL_tx_lane_gap);
}

Test(pool, commit_takes_the_reference_with_it)
{
    cr_assert_eq(add(fixture_make(1, 1), 0), REFUSAL_none);
    out.count = 0;
    pool_committed(pool, fixture_make(1, 1), fixture_left, &out);
    cr_assert(fixture_are(&out, (const uint64_t[]){ 1 }, 1));
    cr_assert(out.committed[0]);

    cr_assert_eq(add(fixture_make(2, 1), 0), REFUSAL_none);
    struct transaction *other = fixture_make(3, 1);
    other->client_ref = sample_id("reference", 2);
    out.count = 0;
    pool_committed(pool, other, fixture_left, &out);
    cr_assert(fixture_are(&out, (const uint64_t[]){ 2 }, 1));
    cr_assert_not(out.committed[0], "another one used its reference");
    out.count = 0;
    pool_committed(pool, other, fixture_left, &out);
    cr_assert_eq(out.count, 0);
}

Test(pool, commit_takes_lower_numbers_with_it)
{
    for (uint64_t seq = 1; seq <= 4; seq++)
        cr_assert_eq(add(fixture_lane(seq, 1, 1, seq), 1), REFUSAL_none);
    out.count = 0;
    pool_committed(pool, fixture_lane(77, 1, 1, 2), fixture_left, &out);
    cr_assert(fixture_are(&out, (const uint64_t[]){ 1, 2 }, 2));
    cr_assert_not(out.committed[0]);
    cr_assert_not(out.committed[1]);
    out.count = 0;
    pool_committed(pool, fixture_lane(3, 1, 1, 3), fixture_left, &out);
    cr_assert(fixture_are(&out, (const uint64_t[]){ 3 }, 1));
    cr_assert(out.committed[0]);
    chosen((const uint64_t[]){ 4 }, 1);
    out.count = 0;
    pool_committed(pool, fixture_lane(90, 1, 1, 9), fixture_left, &out);
    cr_assert(fixture_are(&out, (const uint64_t[]){ 4 }, 1));
    cr_assert_eq(add(fixture_lane(5, 1, 1, 10), 10), REFUSAL_none);
}

/* Block and pool are told by different threads: the ledger's answer may be older than the commit.
 */
Test(pool, commit_is_remembered_against_an_older_answer)
{
    for (uint64_t seq = 1; seq <= 2; seq++)
        cr_assert_eq(add(fixture_lane(seq, 1, 1, seq), 1), REFUSAL_none);
    pool_committed(pool, fixture_lane(1, 1, 1, 1), fixture_left, &out);
    cr_assert_eq(add(fixture_lane(9, 1, 1, 1), 1), REFUSAL_tx_lane_past);
    cr_assert_eq(add(fixture_lane(3, 1, 1, 3), 1), REFUSAL_none);
    pool_committed(pool, fixture_lane(1, 1, 1, 1), NULL, NULL);
    out.count = 0;
    chosen((const uint64_t[]){ 2, 3 }, 2);
}

Test(pool, a_skipped_number_takes_its_followers_with_it)
{
    for (uint64_t seq = 1; seq <= 4; seq++)
        cr_assert_eq(add(fixture_lane(seq, 1, 1, seq), 1), REFUSAL_none);
    struct digest id = fixture_id(2);
    pool_remove(pool, &id);
    chosen((const uint64_t[]){ 1 }, 1);
    cr_assert_eq(add(fixture_lane(3, 1, 1, 3), 1), REFUSAL_tx_lane_gap);
    cr_assert_eq(add(fixture_lane(2, 1, 1, 2), 1), REFUSAL_none);
    cr_assert_eq(add(fixture_lane(3, 1, 1, 3), 1), REFUSAL_none);
    chosen((const uint64_t[]){ 1, 2, 3 }, 3);
}

Test(pool, expires_by_block_time)
{
    for (uint64_t i = 1; i <= 3; i++) {
        struct transaction *tx = fixture_make(i, 1);
        tx->not_after_ms = 1000 * i;
        cr_assert_eq(add(tx, 0), REFUSAL_none);
    }
    out.count = 0;
    pool_expire(pool, 1000, fixture_left, &out);
    cr_assert_eq(out.count, 0, "not_after is the last time at which it may execute");
    pool_expire(pool, 1001, fixture_left, &out);
    cr_assert(fixture_are(&out, (const uint64_t[]){ 1 }, 1));
    cr_assert_not(out.committed[0]);
    out.count = 0;
    pool_expire(pool, 5000, fixture_left, &out);
    cr_assert(fixture_are(&out, (const uint64_t[]){ 2, 3 }, 2));
    cr_assert_eq(add(fixture_make(1, 1), 0), REFUSAL_none, "a pool without it takes it again");
}

/* Followers that are not past their own not_after leave without being called expired. */
Test(pool, an_expired_number_takes_its_followers_with_it)
{
    for (uint64_t seq = 1; seq <= 5; seq++) {
        struct transaction *tx = fixture_lane(seq, 1, 1, seq);
        if (seq == 2 || seq == 4) tx->not_after_ms = 1000;
        cr_assert_eq(add(tx, 1), REFUSAL_none);
    }
    cr_assert_eq(add(fixture_make(9, 1), 0), REFUSAL_none);
    out.count = 0;
    pool_expire(pool, 1001, fixture_left, &out);
    cr_assert(fixture_are(&out, (const uint64_t[]){ 4, 2 }, 2));
    chosen((const uint64_t[]){ 1, 9 }, 2);
}

/* ---- against a model that is nothing but arrays and loops ---- */

enum { SOURCES = 3, LANES = 2, REFERENCES = 5, MODEL_MAX = 16, MARKS = 6, MARK_IDS = 5 };

static const struct pool_limits small = { .txs_max = MODEL_MAX,
                                          .bytes_max = MODEL_MAX * 90,
                                          .source_txs_max = 7 };

struct model_tx {
    uint64_t number, source, reference, seq;
    uint32_t lane;
    bool ordered;
    uint64_t not_before, not_after, arrived, gossiped, gossip_order;
    bool sent, chosen;
    size_t size;
};

struct model_mark {
    uint64_t batch;
    uint32_t count;
    uint64_t numbers[MARK_IDS];
};

static struct {
    struct model_tx txs[MODEL_MAX]; /* by arrival */
    uint32_t count;
    struct model_mark marks[MARKS];
    uint32_t mark_count;
    uint64_t next[SOURCES][LANES]; /* of the ledger */
    uint64_t now, numbers, gossips, batches;
    uint64_t seed;
} model;

static uint64_t draw(uint64_t limit)
{
    uint64_t z = (model.seed += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (z ^ z >> 31) % limit;
}

static uint32_t model_marks_of(uint64_t number)
{
    uint32_t marks = 0;
    for (uint32_t i = 0; i < model.mark_count; i++)
        for (uint32_t j = 0; j < model.marks[i].count; j++)
            if (model.marks[i].numbers[j] == number) marks++;
    return marks;
}

static struct model_tx *model_find(uint64_t number)
{
    for (uint32_t i = 0; i < model.count; i++)
        if (model.txs[i].number == number) return &model.txs[i];
    return NULL;
}

static bool same_lane(const struct model_tx *a, const struct model_tx *b)
{
    return a->ordered && b->ordered && a->source == b->source && a->lane == b->lane;
}

static struct model_tx *model_at(const struct model_tx *tx, uint64_t seq)
{
    for (uint32_t i = 0; i < model.count; i++)
        if (same_lane(tx, &model.txs[i]) && model.txs[i].seq == seq) return &model.txs[i];
    return NULL;
}

static void model_remove(uint64_t number)
{
    struct model_tx *tx = model_find(number);
    cr_assert_not_null(tx);
    size_t index = (size_t)(tx - model.txs);
    memmove(tx, tx + 1, (model.count - index - 1) * sizeof *tx);
    model.count--;
}

static void model_remove_followers(const struct model_tx *gone)
{
    for (uint32_t i = model.count; i-- > 0;)
        if (same_lane(gone, &model.txs[i]) && model.txs[i].seq > gone->seq)
            model_remove(model.txs[i].number);
}

static enum refusal_code model_refusal(const struct model_tx *tx)
{
    uint64_t bytes = tx->size;
    uint32_t of_source = 0;
    if (model_find(tx->number)) return REFUSAL_duplicate;
    if (tx->ordered) {
        uint64_t next = model.next[tx->source][tx->lane];
        for (uint32_t i = model.count; i-- > 0;)
            if (same_lane(tx, &model.txs[i]) && model.txs[i].seq < next)
                model_remove(model.txs[i].number);
        if (tx->seq < next || model_at(tx, tx->seq)) return REFUSAL_tx_lane_past;
        if (tx->seq - next > POOL_LANE_AHEAD_MAX) return REFUSAL_tx_lane_gap;
        for (uint64_t seq = next; seq < tx->seq; seq++)
            if (!model_at(tx, seq)) return REFUSAL_tx_lane_gap;
    }
    for (uint32_t i = 0; i < model.count; i++) {
        const struct model_tx *other = &model.txs[i];
        if (!tx->ordered && !other->ordered && other->source == tx->source &&
            other->reference == tx->reference)
            return REFUSAL_tx_ref_conflict;
        bytes += other->size;
        of_source += other->source == tx->source;
    }
    if (model.count == small.txs_max || bytes > small.bytes_max) return REFUSAL_mempool_full;
    if (of_source == small.source_txs_max) return REFUSAL_source_quota;
    return REFUSAL_none;
}

static struct transaction *real_of(const struct model_tx *tx)
{
    struct transaction *real = tx->ordered ? fixture_lane(tx->number, tx->source, tx->lane, tx->seq)
                                           : fixture_make(tx->number, tx->source);
    real->client_ref = sample_id("reference", tx->reference);
    real->not_before_ms = tx->not_before;
    real->not_after_ms = tx->not_after;
    return real;
}

static void step_add(void)
{
    struct model_tx tx = { .source = draw(SOURCES),
                           .reference = draw(REFERENCES),
                           .ordered = draw(2) == 0,
                           .not_before = draw(4) == 0 ? model.now + draw(30) : 0,
                           .not_after = model.now + draw(200),
                           .arrived = model.now,
                           .gossiped = model.now,
                           .sent = draw(2) == 0,
                           .size = 32 + draw(100) };
    tx.number =
        draw(10) == 0 && model.count > 0 ? model.txs[draw(model.count)].number : model.numbers++;
    if (tx.ordered) {
        tx.lane = (uint32_t)draw(LANES);
        tx.seq = model.next[tx.source][tx.lane] + draw(5) - (draw(8) == 0 ? 1 : 0);
    }
    enum refusal_code expected = model_refusal(&tx);
    uint64_t next = tx.ordered ? model.next[tx.source][tx.lane] : 0;
    enum refusal_code got =
        fixture_add(pool, real_of(&tx), tx.size, next, !tx.sent, model.now, &refusal);
    cr_assert_eq(got, expected, "%s, not %s", refusal_name(got), refusal_name(expected));
    if (expected != REFUSAL_none) return;
    tx.gossip_order = model.gossips++;
    model.txs[model.count++] = tx;
}

static void step_choose(void)
{
    static struct fixture_ids expected;
    uint32_t txs_max = (uint32_t)draw(MODEL_MAX + 1);
    uint64_t bytes_max = draw(2) == 0 ? UINT64_MAX : draw(MODEL_MAX * 90);
    uint64_t time = model.now + draw(20);
    uint64_t bytes = 0;
    expected.count = 0;
    for (uint32_t i = 0; i < model.count; i++)
        model.txs[i].chosen = false;
    for (uint32_t i = 0; i < model.count && expected.count < txs_max; i++) {
        struct model_tx *tx = &model.txs[i];
        const struct model_tx *before = tx->ordered ? model_at(tx, tx->seq - 1) : NULL;
        if (model_marks_of(tx->number) > 0) continue;
        if (time < tx->not_before || time > tx->not_after) continue;
        if (before && !before->chosen && model_marks_of(before->number) == 0) continue;
        if (tx->size + 4 > bytes_max - bytes) break;
        bytes += tx->size + 4;
        tx->chosen = true;
        struct digest id = fixture_id(tx->number);
        fixture_note(&expected, &id, false);
    }
    out.count = 0;
    cr_assert_eq(pool_choose(pool, time, txs_max, bytes_max, fixture_take, &out), expected.count);
    cr_assert_eq(out.count, expected.count);
    cr_assert_eq(memcmp(out.ids, expected.ids, expected.count * sizeof out.ids[0]), 0);
}

static void step_gossip(void)
{
    static struct fixture_ids expected;
    uint64_t older = model.now - draw(40);
    uint32_t txs_max = (uint32_t)draw(MODEL_MAX + 1);
    uint64_t bytes_max = draw(MODEL_MAX * 90);
    uint64_t bytes = 0;
    expected.count = 0;
    while (expected.count < txs_max) {
        struct model_tx *best = NULL;
        for (uint32_t i = 0; i < model.count && !(best && !best->sent); i++) {
            struct model_tx *tx = &model.txs[i];
            if (!tx->sent) best = tx;
            if (tx->sent && tx->gossiped < older &&
                (!best || tx->gossip_order < best->gossip_order))
                best = tx;
        }
        if (!best) break;
        if (expected.count > 0 && bytes + best->size + 4 > bytes_max) break;
        bytes += best->size + 4;
        best->sent = true;
        best->gossiped = model.now;
        best->gossip_order = model.gossips++;
        struct digest id = fixture_id(best->number);
        fixture_note(&expected, &id, false);
    }
    out.count = 0;
    cr_assert_eq(pool_gossip(pool, model.now, older, txs_max, bytes_max, fixture_take_blob, &out),
                 expected.count);
    cr_assert_eq(memcmp(out.ids, expected.ids, expected.count * sizeof out.ids[0]), 0);
}

/* Some that are here, some that come later, some that never come. */
static void step_mark(void)
{
    if (model.mark_count == MARKS) return;
    struct model_mark *mark = &model.marks[model.mark_count];
    struct digest ids[MARK_IDS];
    *mark = (struct model_mark){ .batch = model.batches++ };
    uint32_t count = (uint32_t)draw(MARK_IDS + 1);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t number = draw(2) == 0 && model.count > 0 ? model.txs[draw(model.count)].number
                                                          : model.numbers + draw(6);
        bool twice = false;
        for (uint32_t j = 0; j < mark->count; j++)
            twice = twice || mark->numbers[j] == number;
        if (twice) continue;
        ids[mark->count] = fixture_id(number);
        mark->numbers[mark->count++] = number;
    }
    struct digest batch = sample_digest("batch", mark->batch);
    pool_mark(pool, &batch, ids, mark->count);
    if (draw(4) == 0) pool_mark(pool, &batch, ids, mark->count);
    if (mark->count > 0) model.mark_count++;
}

static void step_unmark(void)
{
    if (model.mark_count == 0) return;
    uint32_t index = (uint32_t)draw(model.mark_count);
    struct digest batch = sample_digest("batch", model.marks[index].batch);
    pool_unmark(pool, &batch);
    pool_unmark(pool, &batch);
    model.marks[index] = model.marks[--model.mark_count];
}

/* A waiting transaction or one that nobody here knew is executed. */
static void step_commit(void)
{
    struct model_tx tx = { .number = model.numbers++,
                           .source = draw(SOURCES),
                           .reference = draw(REFERENCES),
                           .ordered = draw(2) == 0 };
    if (tx.ordered) {
        tx.lane = (uint32_t)draw(LANES);
        tx.seq = model.next[tx.source][tx.lane];
    }
    if (draw(3) > 0 && model.count > 0) {
        const struct model_tx *waiting = &model.txs[draw(model.count)];
        bool turn = !waiting->ordered || waiting->seq == model.next[waiting->source][waiting->lane];
        if (turn) tx = *waiting;
    }
    uint32_t left = 0;
    for (uint32_t i = model.count; i-- > 0;) {
        const struct model_tx *other = &model.txs[i];
        bool gone = tx.ordered ? same_lane(&tx, other) && other->seq <= tx.seq
                               : !other->ordered && other->source == tx.source &&
                                     other->reference == tx.reference;
        if (!gone) continue;
        left++;
        model_remove(other->number);
    }
    out.count = 0;
    pool_committed(pool, real_of(&tx), fixture_left, &out);
    cr_assert_eq(out.count, left);
    for (uint32_t i = 0; i < out.count; i++) {
        struct digest id = fixture_id(tx.number);
        cr_assert_eq(out.committed[i], digest_equal(&out.ids[i], &id));
    }
    if (tx.ordered) model.next[tx.source][tx.lane] = tx.seq + 1;
}

static void step_remove(void)
{
    if (model.count == 0) return;
    struct model_tx tx = model.txs[draw(model.count)];
    struct digest id = fixture_id(tx.number);
    pool_remove(pool, &id);
    model_remove(tx.number);
    model_remove_followers(&tx);
}

static void step_expire(void)
{
    uint64_t time = model.now + draw(30);
    uint32_t expired = 0;
    for (uint32_t i = 0; i < model.count; i++)
        expired += model.txs[i].not_after < time;
    for (uint32_t i = 0; i < model.count;) {
        struct model_tx tx = model.txs[i];
        if (tx.not_after >= time) {
            i++;
            continue;
        }
        model_remove(tx.number);
        model_remove_followers(&tx);
        i = 0;
    }
    out.count = 0;
    pool_expire(pool, time, fixture_left, &out);
    cr_assert_eq(out.count, expired);
}

static void compare(void)
{
    struct pool_stats stats;
    uint64_t bytes = 0;
    uint32_t unmarked = 0;
    for (uint32_t i = 0; i < model.count; i++) {
        struct digest id = fixture_id(model.txs[i].number);
        cr_assert(pool_has(pool, &id));
        cr_assert_eq(pool_get(pool, &id)->size, model.txs[i].size);
        bytes += model.txs[i].size;
        unmarked += model_marks_of(model.txs[i].number) == 0;
    }
    pool_stats(pool, &stats);
    cr_assert_eq(stats.txs, model.count);
    cr_assert_eq(stats.bytes, bytes);
    cr_assert_eq(stats.unmarked, unmarked);
    cr_assert_eq(stats.oldest_ms, model.count > 0 ? model.txs[0].arrived : 0);
}

static void run_model(uint64_t seed, unsigned steps)
{
    memset(&model, 0, sizeof model);
    model.seed = seed;
    model.now = 1000;
    for (size_t i = 0; i < SOURCES; i++)
        for (size_t j = 0; j < LANES; j++)
            model.next[i][j] = 1;
    for (unsigned i = 0; i < steps; i++) {
        uint64_t kind = draw(20);
        if (kind < 9)
            step_add();
        else if (kind < 11)
            step_choose();
        else if (kind < 13)
            step_gossip();
        else if (kind < 14)
            step_mark();
        else if (kind < 15)
            step_unmark();
        else if (kind < 17)
            step_commit();
        else if (kind < 18)
            step_remove();
        else
            step_expire();
        model.now += draw(6);
        if (draw(200) == 0) model.next[draw(SOURCES)][draw(LANES)] += draw(3); /* by sync */
        compare();
    }
}

Test(pool, agrees_with_the_model)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        pool_free(pool);
        pool = pool_new(&small, fixture_key);
        cr_assert_not_null(pool);
        run_model(seed, 3000);
    }
}
