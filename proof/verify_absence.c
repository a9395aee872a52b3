/* P6: a transaction was never executed, and never will be.
 *
 * Execution leaves an entry in the window, which stays until the horizon is above its not_after. So
 * what is not there after not_after, under a horizon that is not above it, was never executed; and
 * no block after not_after executes it. A number of a lane is used once, and in order. */
#include "proof/judge.h"

#include "proof/tx_view.h"

#include <inttypes.h>

static bool key_is(const struct state_proof *state, uint8_t kind, const uint8_t *key, size_t size)
{
    return state->kind == kind && span_equal(state->key, span_of(key, size));
}

/* The time that the window path speaks of is the body's. */
static bool window_time_is(const struct state_proof *state, uint64_t not_after_ms)
{
    uint64_t step = not_after_ms / WINDOW_STEP_MS;
    if (state->form == STATE_ABSENT) return state->not_after_ms == step * WINDOW_STEP_MS;
    struct window_entry entry = { 0 };
    (void)window_decode(state->value, &entry); /* P5.2 has decoded it */
    return entry.not_after_ms / WINDOW_STEP_MS == step;
}

/* P6.2, of the body itself; *tx is filled in. */
static bool body_is_claimed(struct judge *judge, const struct absence_proof *absence,
                            struct tx_view *tx)
{
    const char *problem = tx_view_read_body(absence->body, tx);
    if (problem) return judge_fail(judge, CHECK_P6_BODY, "%s", problem);
    if (!digest_equal(&tx->chain_id, &judge->genesis->chain_id))
        return judge_fail(judge, CHECK_P6_BODY, "the body is of another chain");
    if (!digest_equal(&tx->txid, &absence->txid))
        return judge_fail(judge, CHECK_P6_BODY, "the body has another txid");
    return true;
}

/* P6.2, of the state: it is the window entry or lane that the body would have used. */
static bool state_is_body_place(struct judge *judge, const struct state_proof *state,
                                const struct tx_view *tx)
{
    uint8_t key[RECORD_KEY_MAX];
    if (tx->order == ORDER_LANE) {
        if (key_is(state, RECORD_LANE, key, lane_key(&tx->source, tx->lane, key))) return true;
        return judge_fail(judge, CHECK_P6_BODY, "the state is not that of the body's lane");
    }
    if (!key_is(state, RECORD_WINDOW, key, window_key(&tx->source, &tx->client_ref, key)))
        return judge_fail(judge, CHECK_P6_BODY, "the state is not that of the body's reference");
    if (!window_time_is(state, tx->not_after_ms))
        return judge_fail(judge, CHECK_P6_BODY, "the state is that of another not_after");
    return true;
}

/* P6.3. */
static bool time_is_over(struct judge *judge, const struct header *header, const struct tx_view *tx)
{
    if (header->time_ms <= tx->not_after_ms)
        return judge_fail(judge, CHECK_P6_TIME, "block %" PRIu64 " is not later than not_after",
                          header->height);
    if (tx->order == ORDER_NONE && header->window_horizon_ms > tx->not_after_ms)
        return judge_fail(judge, CHECK_P6_TIME,
                          "the window of block %" PRIu64 " no longer reaches back to not_after",
                          header->height);
    return true;
}

/* P6.4 with the state. */
static bool place_is_not_used(struct judge *judge, const struct state_proof *state,
                              const struct tx_view *tx)
{
    if (state->form == STATE_ABSENT) return true; /* no entry; a lane without a record: next 1 */
    if (tx->order == ORDER_LANE) {
        struct lane lane = { .next = 0 };
        (void)lane_decode(state->value, &lane); /* P5.2 has decoded it */
        if (lane.next <= tx->seq) return true;
        return judge_fail(judge, CHECK_P6_OTHER, "the number of the lane has been used");
    }
    struct window_entry entry = { 0 };
    (void)window_decode(state->value, &entry);
    if (!digest_equal(&entry.txid, &tx->txid)) return true;
    return judge_fail(judge, CHECK_P6_OTHER, "the transaction was executed");
}

static bool absence_by_state(struct judge *judge, const struct absence_proof *absence,
                             const struct tx_view *tx)
{
    return state_is_body_place(judge, &absence->state, tx) &&
           time_is_over(judge, &absence->state.sealed.header, tx) &&
           place_is_not_used(judge, &absence->state, tx);
}

/* The numbers of a lane are used once: by another transaction then. */
static bool absence_by_other(struct judge *judge, const struct absence_proof *absence,
                             const struct tx_view *tx)
{
    struct tx_view other;
    if (absence->other.transaction.size == 0)
        return judge_fail(judge, CHECK_P6_BODY, "the receipt withholds its transaction");
    const char *problem = tx_view_read(absence->other.transaction, &other);
    ASSERT(!problem); /* P3.3 has read it */
    if (tx->order != ORDER_LANE || other.order != ORDER_LANE || other.lane != tx->lane ||
        other.seq != tx->seq || !id_equal(&other.source, &tx->source))
        return judge_fail(judge, CHECK_P6_BODY,
                          "the receipt is not of the same place in the same lane");
    if (digest_equal(&other.txid, &tx->txid))
        return judge_fail(judge, CHECK_P6_OTHER, "the transaction was executed");
    return true;
}

bool judge_absence(struct judge *judge, const struct absence_proof *absence)
{
    struct tx_view tx;
    bool by_state = absence->form == ABSENCE_STATE;
    if (by_state && !judge_state(judge, &absence->state)) return false;
    if (!by_state && !judge_receipt(judge, &absence->other, "the receipt")) return false;
    if (!body_is_claimed(judge, absence, &tx)) return false;
    return by_state ? absence_by_state(judge, absence, &tx) : absence_by_other(judge, absence, &tx);
}
