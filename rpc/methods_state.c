/* rpc/methods_state.c -- state_prove: one object of the state, or its absence, under a seal. */
#include "ledger/prove.h"
#include "proof/text.h"
#include "rpc/methods.h"
#include "rpc/state_wait.h"

#include <stdio.h>
#include <stdlib.h>

/* Which arguments name an object; the others must not be given. */
enum part {
    PART_ACCOUNT = 1,
    PART_ASSET = 2,
    PART_HOLD = 4,
    PART_KEY = 8,
    PART_LANE = 16,
    PART_REFERENCE = 32,
    PART_NOT_AFTER = 64,
    PART_VALIDATOR = 128,
    PART_PROPOSAL = 256,
};

static const char *const part_names[] = { "account",    "asset",     "hold",      "key",     "lane",
                                          "client_ref", "not_after", "validator", "proposal" };
enum { PART_COUNT = sizeof part_names / sizeof part_names[0] };

struct object {
    const char *word;
    uint8_t kind;       /* enum record_kind */
    uint8_t governance; /* of that kind: enum governance_record */
    unsigned parts, optional;
};

static const struct object objects[] = {
    { "account", RECORD_ACCOUNT, 0, PART_ACCOUNT, 0 },
    { "asset", RECORD_ASSET, 0, PART_ASSET, 0 },
    { "balance", RECORD_BALANCE, 0, PART_ACCOUNT | PART_ASSET, 0 },
    { "hold", RECORD_HOLD, 0, PART_HOLD, 0 },
    { "kv", RECORD_KV, 0, PART_ACCOUNT | PART_KEY, 0 },
    { "lane", RECORD_LANE, 0, PART_ACCOUNT | PART_LANE, 0 },
    { "window", RECORD_WINDOW, 0, PART_ACCOUNT | PART_REFERENCE, PART_NOT_AFTER },
    { "params", RECORD_GOVERNANCE, GOVERNANCE_PARAMS, 0, 0 },
    { "members", RECORD_GOVERNANCE, GOVERNANCE_MEMBERS, 0, 0 },
    { "validators", RECORD_GOVERNANCE, GOVERNANCE_SET, 0, 0 },
    { "validator", RECORD_GOVERNANCE, GOVERNANCE_VALIDATOR, PART_VALIDATOR, 0 },
    { "proposal", RECORD_GOVERNANCE, GOVERNANCE_PROPOSAL, PART_PROPOSAL, 0 },
};

static const char *const words_object[] = { "account", "asset",      "balance",   "hold",
                                            "kv",      "lane",       "window",    "params",
                                            "members", "validators", "validator", "proposal",
                                            NULL };

_Static_assert(sizeof words_object / sizeof words_object[0] ==
                   sizeof objects / sizeof objects[0] + 1,
               "a word for each object, and NULL");

/* ---- the question --------------------------------------------------------------------------- */

static bool check_parts(struct rpc_call *call, const struct object *object)
{
    for (unsigned i = 0; i < PART_COUNT; i++) {
        bool given = call_argument(call, part_names[i])->given;
        bool wanted = (object->parts >> i & 1) != 0;
        if (given == wanted || (object->optional >> i & 1) != 0) continue;
        char path[32];
        (void)snprintf(path, sizeof path, "/%s", part_names[i]);
        call_invalid(call, path, wanted ? "needed for this object" : "nothing for this object",
                     wanted ? "nothing" : "a value");
        return false;
    }
    size_t size = call_argument(call, "key")->bytes.size;
    if ((object->parts & PART_KEY) == 0 || (size > 0 && size <= TX_KEY_BYTES_MAX)) return true;
    call_invalid(call, "/key", "1 to 255 bytes", size == 0 ? "none" : "more");
    return false;
}

static size_t id_key(const struct id *id, uint8_t *key)
{
    memcpy(key, id->bytes, sizeof id->bytes);
    return sizeof id->bytes;
}

static size_t governance_key_of(const struct rpc_call *call, const struct object *object,
                                uint8_t *key)
{
    if (object->governance == GOVERNANCE_VALIDATOR)
        return governance_key_validator(&call_argument(call, "validator")->id, key);
    if (object->governance == GOVERNANCE_PROPOSAL)
        return governance_key_proposal(call_argument(call, "proposal")->number, key);
    return governance_key((enum governance_record)object->governance, key);
}

static size_t key_of(const struct rpc_call *call, const struct object *object, uint8_t *key)
{
    const struct id *account = &call_argument(call, "account")->id;
    switch (object->kind) {
    case RECORD_ACCOUNT: return id_key(account, key);
    case RECORD_ASSET: return id_key(&call_argument(call, "asset")->id, key);
    case RECORD_HOLD: return id_key(&call_argument(call, "hold")->id, key);
    case RECORD_BALANCE: return balance_key(account, &call_argument(call, "asset")->id, key);
    case RECORD_KV: return kv_key(account, call_argument(call, "key")->bytes, key);
    case RECORD_WINDOW: return window_key(account, &call_argument(call, "client_ref")->id, key);
    case RECORD_LANE: return lane_key(account, (uint32_t)call_argument(call, "lane")->number, key);
    default: return governance_key_of(call, object, key);
    }
}

static bool question_of(struct rpc_call *call, struct state_question *question)
{
    const struct object *object = &objects[call_argument(call, "object")->number];
    if (!check_parts(call, object)) return false;
    memset(question, 0, sizeof *question);
    question->kind = object->kind;
    question->key_size = (uint16_t)key_of(call, object, question->key);
    question->not_after_ms = call_argument(call, "not_after")->number;
    ASSERT(state_question_valid(question));
    return true;
}

/* ---- the proof ------------------------------------------------------------------------------ */

static void free_wait(void *state)
{
    state_wait_end(state);
    free(state);
}

/* Now, or in the past: then the reading is only wanted if nothing has happened since. */
static enum status prove(struct rpc_call *call, struct state_wait *wait, struct prover *p)
{
    const struct argument *height = call_argument(call, "at_height");
    if (height->given)
        return prove_balance_at(p, &call_argument(call, "account")->id,
                                &call_argument(call, "asset")->id, height->number, wait->reading);
    return wait->reading ? prove_state(p, wait->reading) : STATUS_STALE;
}

static json_t *prove_or_wait(struct rpc_call *call, struct state_wait *wait)
{
    struct prover p;
    prover_init(&p, call->reader);
    enum status status = prove(call, wait, &p);
    json_t *twin = NULL;
    switch (status) {
    case STATUS_OK: twin = proof_json(&p.proof); break;
    case STATUS_STALE: state_wait_ask(call, wait); break;
    case STATUS_NO_QUORUM: state_wait_seal(call, wait, &p); break;
    /* Its last movement is the genesis' own, of which there is no receipt; or it had none. */
    case STATUS_NOT_FOUND: call_no_proof(call, "pruned"); break;
    default: call_status(call, status); break;
    }
    prover_free(&p);
    return twin;
}

static bool check_past(struct rpc_call *call, const struct state_question *question)
{
    const struct argument *height = call_argument(call, "at_height");
    struct ledger_read_head head;
    if (!height->given) return true;
    if (question->kind != RECORD_BALANCE) {
        call_invalid(call, "/at_height", "only with a balance", "another object");
        return false;
    }
    enum status status = ledger_read_head(call->reader, &head);
    if (status != STATUS_OK) {
        call_status(call, status);
        return false;
    }
    if (height->number <= head.header.height) return true;
    call_error(call, RPC_ERROR_height_not_reached,
               json_pack("{s:o, s:o}", "height", value_height(height->number), "ledger_height",
                         value_height(head.header.height)));
    return false;
}

static json_t *state_prove(struct rpc_call *call)
{
    struct state_wait *wait = call->state;
    if (wait) {
        if (state_wait_ready(call, wait)) return prove_or_wait(call, wait);
        if (call->error != RPC_ERROR_none) return NULL;
        return call_invalid(call, "/not_after", "needed to show that the entry is not there",
                            "nothing");
    }
    wait = calloc(1, sizeof *wait);
    if (!wait) return NULL;
    call->state = wait;
    call->state_free = free_wait;
    uint64_t timeout_ms = call_argument(call, "timeout_ms")->number;
    if (timeout_ms > 0) wait->deadline_ms = rpc_monotonic_ms() + timeout_ms;
    if (!question_of(call, &wait->question) || !check_past(call, &wait->question)) return NULL;
    return prove_or_wait(call, wait);
}

static const struct rpc_parameter state_prove_parameters[] = {
    { .name = "object", .type = ARGUMENT_WORD, .required = true, .words = words_object },
    PARAMETER_OPTIONAL("account", ARGUMENT_ACCOUNT),
    PARAMETER_OPTIONAL("asset", ARGUMENT_ASSET),
    PARAMETER_OPTIONAL("hold", ARGUMENT_HOLD),
    PARAMETER_OPTIONAL("key", ARGUMENT_HEX),
    { .name = "lane", .type = ARGUMENT_INTEGER, .most = UINT32_MAX },
    PARAMETER_OPTIONAL("client_ref", ARGUMENT_ID16),
    PARAMETER_OPTIONAL("not_after", ARGUMENT_TIME),
    PARAMETER_OPTIONAL("validator", ARGUMENT_VALIDATOR),
    { .name = "proposal", .type = ARGUMENT_INTEGER, .most = HEIGHT_LIMIT - 1 },
    PARAMETER_OPTIONAL("at_height", ARGUMENT_HEIGHT),
    PARAMETER_INTEGER("timeout_ms", 10000, 0, RPC_WAIT_MS_MAX),
};

const struct rpc_method method_state_prove = {
    METHOD("state_prove", ACCESS_READ, state_prove_parameters),
    .reads = true,
    .waits = true,
    .handle = state_prove,
};
