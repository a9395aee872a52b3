#include "workload_internal.h"

#include <stdlib.h>

const uint16_t workload_key_numbers[WORKLOAD_KEYS] = {
    1, 2, 3, 4, 5, 6, 7, 8, 103, 203, 301, 302, 303, 304, 999,
};

enum {
    STREAM_WORKLOAD = 201,
    LONG_MS = 590000, /* validity, less than the chain allows */
    RISKY_MS_MIN = 3000,
    RISKY_MS_MAX = 20000,
    BRIEF_MS_MIN = 200,
    BRIEF_MS_MAX = 6000,
    LANES = 3, /* transactions of a lane */
};

/* ---- signing and remembering ---- */

static void remember(struct workload *w, const struct blob *bytes, const struct digest *txid,
                     bool hopeless)
{
    struct earlier *e = &w->earlier[w->earlier_count++ % EARLIER];
    blob_unref(e->bytes);
    e->bytes = blob_copy(blob_span(bytes));
    ASSERT(e->bytes != NULL);
    e->txid = *txid;
    e->source = w->tx.source;
    e->client_ref = w->tx.client_ref;
    e->lane = w->tx.order == ORDER_LANE;
    e->hopeless = hopeless;
}

/* The transaction in hand, signed with the keys of its set. */
static struct blob *signed_bytes(struct workload *w, struct digest *txid)
{
    struct tx_signature signatures[WORKLOAD_KEYS];
    uint8_t count = 0;
    struct writer body, bytes;
    writer_init(&body, TX_BYTES_LIMIT);
    writer_init(&bytes, TX_BYTES_LIMIT);
    transaction_write_body(&body, &w->tx);
    ASSERT(writer_status(&body) == STATUS_OK);
    *txid = transaction_id(writer_span(&body));
    holds_remember(w, txid);
    for (unsigned k = 0; k < WORKLOAD_KEYS; k++)
        if (w->sign_with >> k & 1)
            transaction_sign(&w->secrets[k], &w->tx.chain_id, txid, &signatures[count++]);
    transaction_write_signed(&bytes, writer_span(&body), signatures, count);
    ASSERT(writer_status(&bytes) == STATUS_OK);
    struct blob *blob = blob_copy(writer_span(&bytes));
    ASSERT(blob != NULL);
    writer_free(&body);
    writer_free(&bytes);
    return blob;
}

/* ---- kinds of transactions ---- */

static void begin(struct workload *w)
{
    w->sign_with = 0;
    w->risky = false;
    w->tx.asserts[0] = (struct tx_assert){ .kind = ASSERT_BALANCE };
    w->tx.chain_id = w->genesis->chain_id;
    w->tx.client_ref = (struct id){ { 0 } };
    store_u64(w->tx.client_ref.bytes, ++w->refs);
    w->tx.order = ORDER_NONE;
    w->tx.lane = 0;
    w->tx.seq = 0;
    w->tx.assert_count = 0;
    w->tx.operation_count = 0;
}

/* The source is the first who acts. ACCOUNT_TURNING's signer that turns may do for the other. */
static void end(struct workload *w, uint64_t wall_ms)
{
    uint64_t brief_term = stream_between(&w->stream, BRIEF_MS_MIN, BRIEF_MS_MAX);
    uint64_t risky_term = stream_between(&w->stream, RISKY_MS_MIN, RISKY_MS_MAX);
    uint64_t begins_in = stream_between(&w->stream, 0, 300);
    bool brief = stream_chance(&w->stream, w->brief_permille);
    bool later = stream_chance(&w->stream, 50);
    bool turned = stream_chance(&w->stream, 200);
    if (turned && w->sign_with == 1u << (ACCOUNT_TURNING - 1)) {
        w->sign_with = 1u << (KEY_TURNING + w->turns % TURNING_KEYS);
        w->risky = true;
    }
    uint64_t term = brief ? brief_term : w->risky ? risky_term : LONG_MS;
    w->tx.source = w->tx.operations[0].actor;
    w->tx.not_before_ms = later ? wall_ms + begins_in : 0;
    w->tx.not_after_ms = wall_ms + term + (later ? begins_in : 0);
}

/* Numbers of a lane, a few in each: if one is lost, those behind it wait until they expire. */
static void place_in_lane(struct workload *w)
{
    if (w->lane == 0 || w->lane_next > LANES) {
        w->lane++;
        w->lane_next = 1;
    }
    w->tx.operations[0].actor = workload_account(ACCOUNT_SHARED + 1 + w->lane % 3);
    w->tx.operations[0].transfer.to = workload_account(ACCOUNT_BANK);
    w->sign_with = 0;
    sign_for(w, ACCOUNT_SHARED + 1 + w->lane % 3, LEVEL_MEDIUM);
    w->tx.order = ORDER_LANE;
    w->tx.lane = w->lane;
    w->tx.seq = w->lane_next++;
    w->risky = true;
}

static void make_good(struct workload *w)
{
    uint64_t kind = stream_between(&w->stream, 0, 99);
    bool conditional = stream_chance(&w->stream, 120);
    if (kind < 42)
        draw_payment(w);
    else if (kind < 60)
        draw_any_hold(w);
    else if (kind < 85)
        draw_other(w);
    else if (kind < 95)
        draw_group(w);
    else {
        draw_payment(w);
        place_in_lane(w);
    }
    if (conditional) draw_condition(w, true);
}

/* Other words for a client reference that was used. */
static void make_reworded(struct workload *w, const struct earlier *e)
{
    draw_payment(w);
    w->tx.client_ref = e->client_ref;
}

/* ---- what must not get into a block ---- */

enum hopeless {
    BAD_SIGNATURE,
    EXPIRED_LONG_AGO,
    OTHER_CHAIN,
    CUT_SHORT,
    UNKNOWN_OPERATION,
    SIGNATURE_MISSING,
    SIGNATURE_FOREIGN,
    SIGNATURE_TOO_MANY,
    SOURCE_UNKNOWN,
    WINDOW_TOO_LONG,
    HOPELESS_KINDS
};

static void spoil_before(struct workload *w, enum hopeless how)
{
    switch (how) {
    case EXPIRED_LONG_AGO:
        w->tx.not_before_ms = 0;
        w->tx.not_after_ms = w->genesis->time_ms - 1;
        break;
    case OTHER_CHAIN: w->tx.chain_id.bytes[7] ^= 1; break;
    case SIGNATURE_MISSING: /* one of the two that it takes */
        w->tx.source = w->tx.operations[0].actor = workload_account(ACCOUNT_SHARED);
        w->tx.operations[0].transfer.to = workload_account(ACCOUNT_BANK);
        w->sign_with = 1u << KEY_SHARED;
        break;
    case SIGNATURE_FOREIGN: w->sign_with = 1u << KEY_STRANGER; break;
    case SIGNATURE_TOO_MANY: w->sign_with |= 1u << KEY_STRANGER; break;
    case SOURCE_UNKNOWN:
        w->tx.source = w->tx.operations[0].actor = workload_account(60001);
        w->sign_with = 1;
        break;
    case WINDOW_TOO_LONG: w->tx.not_after_ms = TX_TIME_LIMIT - 1; break;
    default: break;
    }
}

/* The bytes are changed; their id is what they would be called. */
static void spoil_after(struct blob *blob, enum hopeless how, uint64_t where, struct digest *txid)
{
    if (how == BAD_SIGNATURE) blob->data[blob->size - 1 - where % 60] ^= 1;
    if (how == CUT_SHORT) blob->size -= 1 + where % 90;
    /* Behind u32 and the head stand two counts: no assert, one operation; then its code. */
    if (how == UNKNOWN_OPERATION) blob->data[4 + TX_HEAD_BYTES + 3] = 0x77;
    if (how == CUT_SHORT || how == UNKNOWN_OPERATION) *txid = transaction_id(blob_span(blob));
}

static struct blob *make_hopeless(struct workload *w, uint64_t wall_ms, struct digest *txid)
{
    enum hopeless how = (enum hopeless)stream_between(&w->stream, 0, HOPELESS_KINDS - 1);
    uint64_t where = stream_next(&w->stream);
    draw_payment(w);
    end(w, wall_ms);
    spoil_before(w, how);
    struct blob *blob = signed_bytes(w, txid);
    spoil_after(blob, how, where, txid);
    return blob;
}

/* ---- the door ---- */

struct workload *workload_new(const struct plan *plan, const struct genesis *genesis)
{
    struct workload *w = calloc(1, sizeof *w);
    ASSERT(w != NULL);
    w->stream = stream_of(plan->seed, STREAM_WORKLOAD);
    w->genesis = genesis;
    w->brief_permille = plan->brief_permille;
    w->bad_permille = plan->bad_permille;
    for (unsigned k = 0; k < WORKLOAD_KEYS; k++)
        workload_key(workload_key_numbers[k], &w->secrets[k], &w->keys[k]);
    return w;
}

void workload_free(struct workload *w)
{
    if (!w) return;
    for (size_t i = 0; i < EARLIER; i++)
        blob_unref(w->earlier[i].bytes);
    free(w);
}

struct blob *workload_next(struct workload *w, uint64_t wall_ms, struct digest *txid,
                           bool *hopeless)
{
    uint64_t how = stream_between(&w->stream, 0, 999);
    uint64_t back = stream_between(&w->stream, 1, EARLIER);
    bool bad = stream_chance(&w->stream, w->bad_permille);
    bool never = stream_chance(&w->stream, 500);
    const struct earlier *e = NULL;
    if (back <= w->earlier_count) e = &w->earlier[(w->earlier_count - back) % EARLIER];

    if (e && how < 30) {
        *txid = e->txid;
        *hopeless = e->hopeless;
        return blob_ref(e->bytes);
    }
    begin(w);
    w->wall_ms = wall_ms;
    *hopeless = bad && never;
    if (*hopeless) {
        struct blob *blob = make_hopeless(w, wall_ms, txid);
        remember(w, blob, txid, true);
        return blob;
    }
    if (bad)
        draw_failing(w);
    else if (e && !e->lane && how < 60)
        make_reworded(w, e);
    else
        make_good(w);
    end(w, wall_ms);
    struct blob *blob = signed_bytes(w, txid);
    remember(w, blob, txid, false);
    return blob;
}
