#include "ledger/prove_reading.h"

#include "ledger/ledger_inside.h"
#include <stdlib.h>

static bool governance_key_valid(const struct state_question *question)
{
    if (question->key_size == 0) return false;
    switch (question->key[0]) {
    case GOVERNANCE_PARAMS:
    case GOVERNANCE_MEMBERS:
    case GOVERNANCE_SET:
    case GOVERNANCE_NEXT_PROPOSAL: return question->key_size == 1;
    case GOVERNANCE_VALIDATOR: return question->key_size == 1 + sizeof(struct id);
    case GOVERNANCE_PROPOSAL: return question->key_size == 1 + sizeof(uint64_t);
    default: return false;
    }
}

bool state_question_valid(const struct state_question *question)
{
    size_t size = question->key_size;
    if (question->kind != RECORD_WINDOW && question->not_after_ms != 0) return false;
    switch (question->kind) {
    case RECORD_ACCOUNT:
    case RECORD_ASSET:
    case RECORD_HOLD: return size == 16;
    case RECORD_BALANCE:
    case RECORD_WINDOW: return size == 32;
    case RECORD_LANE: return size == 20;
    case RECORD_KV: return size > 16 && size <= RECORD_KEY_MAX;
    case RECORD_GOVERNANCE: return governance_key_valid(question);
    default: return false;
    }
}

/* The value of the object, if there is one, as its canonical bytes. */
struct value {
    uint8_t small[ACCOUNT_VALUE_MAX];
    struct span bytes;
};

static struct id id_at(const uint8_t *bytes)
{
    struct id id;
    memcpy(id.bytes, bytes, sizeof id.bytes);
    return id;
}

static bool kept(struct value *value, size_t size)
{
    value->bytes = span_of(value->small, size);
    return true;
}

static bool read_one_id(struct state *state, uint8_t kind, const struct id *id, struct value *value)
{
    if (kind == RECORD_ACCOUNT) {
        const struct account *account = state_account(state, id);
        return account && kept(value, account_encode(account, value->small));
    }
    if (kind == RECORD_ASSET) {
        const struct asset *asset = state_asset(state, id);
        return asset && kept(value, asset_encode(asset, value->small));
    }
    const struct hold *hold = state_hold(state, id);
    return hold && kept(value, hold_encode(hold, value->small));
}

static bool read_two_ids(struct state *state, uint8_t kind, const struct id *a, const struct id *b,
                         struct value *value, uint64_t *not_after_ms)
{
    if (kind == RECORD_BALANCE) {
        const struct balance *balance = state_balance(state, a, b);
        return balance && kept(value, balance_encode(balance, value->small));
    }
    const struct window_entry *entry = state_window(state, a, b);
    if (!entry) return false;
    *not_after_ms = entry->not_after_ms;
    return kept(value, window_encode(entry, value->small));
}

/* A lane without a record has next 1 and no leaf. */
static bool read_lane(struct state *state, const struct id *account, uint32_t number,
                      struct value *value)
{
    struct lane lane = { .account = *account, .lane = number };
    lane.next = state_lane_next(state, account, number);
    return lane.next > 1 && kept(value, lane_encode(&lane, value->small));
}

/* *not_after_ms: of a window entry. */
static bool read_value(struct state *state, const struct state_question *question,
                       struct value *value, uint64_t *not_after_ms)
{
    const uint8_t *key = question->key;
    if (question->kind == RECORD_GOVERNANCE)
        return state_governance(state, span_of(key, question->key_size), &value->bytes);
    struct id first = id_at(key);
    if (question->kind == RECORD_LANE) return read_lane(state, &first, load_u32(key + 16), value);
    if (question->kind == RECORD_KV) {
        const struct kv_record *kv =
            state_kv(state, &first, span_of(key + 16, question->key_size - 16u));
        return kv && kept(value, kv_encode(kv, value->small));
    }
    if (question->kind != RECORD_BALANCE && question->kind != RECORD_WINDOW)
        return read_one_id(state, question->kind, &first, value);
    struct id second = id_at(key + 16);
    return read_two_ids(state, question->kind, &first, &second, value, not_after_ms);
}

/* The path that is asked about, and whether the value found stands there: a window entry of
 * another time is none at this one. */
static struct digest path_of(const struct state_question *question, uint64_t not_after_ms,
                             bool *present)
{
    struct span key = span_of(question->key, question->key_size);
    if (question->kind != RECORD_WINDOW) return state_path(question->kind, key);
    struct digest stands = state_path_window(key, not_after_ms);
    if (question->not_after_ms == 0) return stands;
    struct digest asked = state_path_window(key, question->not_after_ms);
    *present = *present && digest_equal(&asked, &stands);
    return asked;
}

static enum status keep_value(struct state_reading *reading, struct span value)
{
    reading->present = true;
    reading->value = malloc(value.size ? value.size : 1);
    if (!reading->value) return STATUS_NO_MEMORY;
    if (value.size > 0) memcpy(reading->value, value.data, value.size);
    reading->value_size = value.size;
    return STATUS_OK;
}

/* Holds rows and tree against one another: a proof that does not verify helps nobody. */
static enum status keep_place(struct state_reading *reading, const struct state_place *place,
                              const struct digest *path, struct problem *problem)
{
    const struct state_question *question = &reading->question;
    bool own = place->occupied && digest_equal(&place->leaf.path, path);
    struct digest value_hash = place->leaf.value_hash;
    if (reading->present)
        value_hash = state_value_hash(question->kind, span_of(question->key, question->key_size),
                                      span_of(reading->value, reading->value_size));
    struct digest leaf = state_leaf_hash(&place->leaf.path, &value_hash);
    if (own != reading->present || (place->occupied && !digest_equal(&leaf, &place->leaf.hash)))
        return problem_set(problem, STATUS_DAMAGED,
                           "ledger.db: a row of kind 0x%02x and the leaves do not fit",
                           question->kind);
    reading->has_neighbour = place->occupied && !own;
    if (reading->has_neighbour) {
        reading->neighbour_path = place->leaf.path;
        reading->neighbour_value_hash = place->leaf.value_hash;
    }
    reading->depth = place->depth;
    memcpy(reading->siblings, place->siblings, place->depth * sizeof place->siblings[0]);
    return STATUS_OK;
}

static enum status fill(struct ledger *ledger, struct state_reading *reading,
                        struct state_place *place, struct problem *problem)
{
    const struct state_question *question = &reading->question;
    struct value value;
    uint64_t not_after_ms = 0;
    state_trim(ledger->state);
    bool present = read_value(ledger->state, question, &value, &not_after_ms);
    enum status status = ledger_status(ledger);
    if (status != STATUS_OK) return status;
    bool timeless = question->kind == RECORD_WINDOW && question->not_after_ms == 0;
    if (timeless && !present) return STATUS_NOT_FOUND;

    struct digest path = path_of(question, not_after_ms, &present);
    if (present) status = keep_value(reading, value.bytes);
    if (status == STATUS_OK) status = state_tree_place(ledger->tree, &path, place, problem);
    if (status == STATUS_OK) status = keep_place(reading, place, &path, problem);
    return status;
}

enum status ledger_read_state(struct ledger *ledger, const struct state_question *question,
                              struct state_reading **reading, struct problem *problem)
{
    ASSERT(state_question_valid(question));
    *reading = NULL;
    if (ledger_status(ledger) != STATUS_OK)
        return problem_set(problem, ledger_status(ledger), "the ledger has failed before");
    struct state_reading *made = calloc(1, sizeof *made);
    struct state_place *place = malloc(sizeof *place);
    enum status status = STATUS_NO_MEMORY;
    if (made && place) {
        made->question = *question;
        made->header = ledger->head.header;
        made->hash = ledger->head.hash;
        status = fill(ledger, made, place, problem);
    }
    free(place);
    if (status == STATUS_OK) {
        *reading = made;
        return STATUS_OK;
    }
    state_reading_free(made);
    if (problem && problem->status != status)
        problem_set(problem, status, "%s", status_text(status));
    return status;
}

void state_reading_free(struct state_reading *reading)
{
    if (!reading) return;
    free(reading->value);
    free(reading);
}
