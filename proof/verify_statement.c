/* P7: these are all movements of a balance, none left out. */
#include "proof/judge.h"

#include <inttypes.h>

static struct movement last_movement(const struct statement_proof *statement)
{
    if (statement->count == 0) return (struct movement){ 0 };
    return statement_movement(statement, statement->count - 1);
}

/* The movement that an entry made, as its effect and place tell it. */
static struct movement movement_of(const struct receipt *receipt,
                                   const struct ledger_effect *effect)
{
    return (struct movement){
        .entry_id = receipt->entry.id,
        .position = receipt_position(receipt),
        .account = effect->id,
        .asset = effect->asset,
        .seq = effect->balance.seq,
        .d_posted = effect->balance.d_posted,
        .d_held_out = effect->balance.d_held_out,
        .d_held_in = effect->balance.d_held_in,
        .posted = effect->balance.posted,
        .held_out = effect->balance.held_out,
        .held_in = effect->balance.held_in,
    };
}

/* What the closing says about the chain of movements. */
struct closing {
    uint64_t seq;  /* of the last movement up to the end */
    bool by_state; /* head is its head; else that of `next` is, one movement on */
    struct digest head;
    struct movement next;
};

/* ---- P7.1 ------------------------------------------------------------------------------------ */

static bool close_by_state(struct judge *judge, const struct statement_proof *statement,
                           struct closing *closing)
{
    const struct state_proof *state = &statement->state;
    uint8_t key[RECORD_KEY_MAX];
    size_t size = balance_key(&statement->account, &statement->asset, key);
    if (state->kind != RECORD_BALANCE || !span_equal(state->key, span_of(key, size)))
        return judge_fail(judge, CHECK_P7_CLOSING, "the state is not that of this balance");
    if (state->sealed.header.height < statement->to_height)
        return judge_fail(judge, CHECK_P7_CLOSING,
                          "the state is that of block %" PRIu64 ", before the end of the range",
                          state->sealed.header.height);
    struct balance balance = { .seq = 0 }; /* absent: no movement, head zeros */
    if (state->form == STATE_PRESENT) (void)balance_decode(state->value, &balance);
    closing->by_state = true;
    closing->seq = balance.seq;
    closing->head = balance.head;
    return true;
}

static bool close_by_next(struct judge *judge, const struct statement_proof *statement,
                          struct closing *closing)
{
    struct ledger_effect effect;
    if (!receipt_balance_effect(&statement->next, &statement->account, &statement->asset, &effect))
        return judge_fail(judge, CHECK_P7_CLOSING, "the receipt has no effect on this balance");
    if (receipt_header(&statement->next)->height <= statement->to_height)
        return judge_fail(judge, CHECK_P7_CLOSING,
                          "the receipt is of block %" PRIu64 ", not after the end of the range",
                          receipt_header(&statement->next)->height);
    closing->by_state = false;
    closing->next = movement_of(&statement->next, &effect);
    closing->seq = effect.balance.seq - 1;
    closing->head = effect.balance.head;
    return true;
}

static bool closing_ends_lines(struct judge *judge, const struct statement_proof *statement,
                               struct closing *closing)
{
    bool found = statement->form == CLOSING_STATE ? close_by_state(judge, statement, closing)
                                                  : close_by_next(judge, statement, closing);
    if (!found) return false;
    uint64_t seq = last_movement(statement).seq;
    if (closing->seq == seq) return true;
    return judge_fail(judge, CHECK_P7_CLOSING,
                      "the last movement is number %" PRIu64 ", the closing says %" PRIu64, seq,
                      closing->seq);
}

/* ---- P7.2 ------------------------------------------------------------------------------------ */

static bool chain_begins(struct judge *judge, const struct statement_proof *statement)
{
    bool from_start = true;
    if (statement->count > 0) {
        struct movement first = statement_movement(statement, 0);
        from_start = first.seq == 1;
        bool opens = position_height(first.position) <= statement->from_height;
        if (!from_start && !opens)
            return judge_fail(judge, CHECK_P7_CHAIN,
                              "the movement before number %" PRIu64 " is missing", first.seq);
    }
    if (from_start && !digest_is_zero(&statement->head))
        return judge_fail(judge, CHECK_P7_CHAIN, "there is no head before movement 1");
    return true;
}

static bool movements_are_chained(struct judge *judge, const struct statement_proof *statement,
                                  const struct closing *closing)
{
    if (!chain_begins(judge, statement)) return false;
    struct digest head = statement->head;
    uint64_t seq = 0;
    for (uint32_t i = 0; i < statement->count; i++) {
        struct movement movement = statement_movement(statement, i);
        if (movement.seq == 0 || (i > 0 && movement.seq != seq + 1))
            return judge_fail(judge, CHECK_P7_CHAIN, "line %u is movement %" PRIu64, i,
                              movement.seq);
        seq = movement.seq;
        head = movement_head(&head, &movement);
    }
    if (!closing->by_state) head = movement_head(&head, &closing->next);
    if (digest_equal(&head, &closing->head)) return true;
    return judge_fail(judge, CHECK_P7_CHAIN, "the movements do not chain to the closing's head");
}

/* ---- P7.3, P7.4 ------------------------------------------------------------------------------ */

static bool movements_are_in_range(struct judge *judge, const struct statement_proof *statement)
{
    uint64_t position = 0;
    if (statement->from_height > statement->to_height)
        return judge_fail(judge, CHECK_P7_RANGE, "the range ends before it begins");
    for (uint32_t i = 0; i < statement->count; i++) {
        struct movement movement = statement_movement(statement, i);
        uint64_t height = position_height(movement.position);
        bool opens = i == 0 && height <= statement->from_height;
        if ((height <= statement->from_height && !opens) || height > statement->to_height)
            return judge_fail(judge, CHECK_P7_RANGE,
                              "movement %" PRIu64 " of block %" PRIu64 " is outside of the range",
                              movement.seq, height);
        if (movement.position <= position)
            return judge_fail(judge, CHECK_P7_RANGE,
                              "movement %" PRIu64 " is not behind the one before", movement.seq);
        position = movement.position;
    }
    return true;
}

/* before + change = after, without overflow. */
static bool adds_up(int64_t before, int64_t change, int64_t after)
{
    int64_t sum;
    return !__builtin_add_overflow(before, change, &sum) && sum == after;
}

static bool results_add_up(struct judge *judge, const struct statement_proof *statement)
{
    struct movement before = { 0 };
    for (uint32_t i = 0; i < statement->count; i++) {
        struct movement movement = statement_movement(statement, i);
        /* What was before the first of a later chain is vouched for by that chain alone. */
        bool known = i > 0 || movement.seq == 1;
        if (known && !(adds_up(before.posted, movement.d_posted, movement.posted) &&
                       adds_up(before.held_out, movement.d_held_out, movement.held_out) &&
                       adds_up(before.held_in, movement.d_held_in, movement.held_in)))
            return judge_fail(judge, CHECK_P7_SUMS,
                              "movement %" PRIu64 " does not lead from the balance before it",
                              movement.seq);
        before = movement;
    }
    return true;
}

static void fill_facts(struct judge *judge, const struct statement_proof *statement)
{
    struct verdict *verdict = judge->verdict;
    verdict->closing = last_movement(statement);
    verdict->lines = statement->count;
    if (statement->count == 0) return;
    struct movement first = statement_movement(statement, 0);
    if (position_height(first.position) > statement->from_height) return;
    verdict->opening = first;
    verdict->lines--;
}

bool judge_statement(struct judge *judge, const struct statement_proof *statement)
{
    struct closing closing = { .seq = 0 };
    if (statement->form == CLOSING_STATE && !judge_state(judge, &statement->state)) return false;
    if (statement->form == CLOSING_NEXT && !judge_receipt(judge, &statement->next, "the receipt"))
        return false;
    if (!closing_ends_lines(judge, statement, &closing)) return false;
    if (!movements_are_chained(judge, statement, &closing)) return false;
    if (!movements_are_in_range(judge, statement)) return false;
    if (!results_add_up(judge, statement)) return false;
    fill_facts(judge, statement);
    return true;
}
