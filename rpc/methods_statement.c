/* rpc/methods_statement.c -- account_statement: all movements of a balance, proven complete.
 *
 * A statement that fits one page is a proof as it is answered. A longer one comes in pages, each of
 * which is the same statement with only its own lines: the movements of all pages one behind the
 * other, with the rest as the first page has it, are the proof. (Lines cannot be cut at heights:
 * one block may move a balance ten thousand times.) The cursor keeps the first page's to_height.
 */
#include "ledger/prove.h"
#include "proof/text.h"
#include "rpc/cursor.h"
#include "rpc/json_ledger.h"
#include "rpc/methods.h"
#include "rpc/state_wait.h"

#include <stdlib.h>

enum { CURSOR_BYTES = 16 };

struct statement_call {
    struct state_wait wait;
    struct statement_range range; /* of this page */
};

static void free_statement(void *state)
{
    struct statement_call *s = state;
    state_wait_end(&s->wait);
    free(s);
}

/* ---- which lines ---------------------------------------------------------------------------- */

/* Both must exist; that they never met is a statement of no lines. */
static bool check_names(struct rpc_call *call, const struct ledger_read_head *head)
{
    const struct id *account_id = &call_argument(call, "account")->id;
    const struct id *asset_id = &call_argument(call, "asset")->id;
    char text[ADDRESS_TEXT];
    struct account account;
    struct asset asset;
    enum status status = ledger_read_account(call->reader, account_id, &account);
    if (status == STATUS_NOT_FOUND) {
        address_encode(ADDRESS_ACCOUNT, account_id, text);
        call_not_found(call, "account", text, head->header.height);
        return false;
    }
    if (status == STATUS_OK) status = ledger_read_asset(call->reader, asset_id, &asset);
    if (status == STATUS_OK) return true;
    address_encode(ADDRESS_ASSET, asset_id, text);
    if (status == STATUS_NOT_FOUND)
        call_not_found(call, "asset", text, head->header.height);
    else
        call_status(call, status);
    return false;
}

static bool check_range(struct rpc_call *call, const struct ledger_read_head *head, uint64_t from,
                        uint64_t to)
{
    if (from > call_argument(call, "to_height")->number) {
        call_invalid(call, "/to_height", "from_height or more", "less");
        return false;
    }
    if (from <= to) return true;
    call_error(call, RPC_ERROR_height_not_reached,
               json_pack("{s:o, s:o}", "height", value_height(from), "ledger_height",
                         value_height(head->header.height)));
    return false;
}

static bool take_range(struct rpc_call *call, struct statement_call *s)
{
    uint8_t payload[CURSOR_BYTES];
    struct ledger_read_head head;
    bool resumed = false;
    if (!cursor_read(call, payload, sizeof payload, &resumed)) return false;
    enum status status = ledger_read_head(call->reader, &head);
    if (status != STATUS_OK) {
        call_status(call, status);
        return false;
    }
    uint64_t from = call_argument(call, "from_height")->number;
    uint64_t to = resumed ? load_u64(payload) : call_argument(call, "to_height")->number;
    to = min_u64(to, head.header.height);
    if (!check_range(call, &head, from, to) || !check_names(call, &head)) return false;

    struct statement_range *range = &s->range;
    status = prove_statement_range(call->reader, &call_argument(call, "account")->id,
                                   &call_argument(call, "asset")->id, from, to, range);
    if (status == STATUS_TOO_LARGE) {
        call_error(call, RPC_ERROR_range_too_large,
                   json_pack("{s:i, s:o}", "max_blocks", RPC_RANGE_BLOCKS_MAX, "got",
                             value_height(to - from)));
        return false;
    }
    if (status != STATUS_OK) {
        call_status(call, status);
        return false;
    }
    uint64_t end = range->first + range->count;
    if (resumed) range->first = min_u64(max_u64(range->first, load_u64(payload + 8)), end);
    range->count = (uint32_t)min_u64(end - range->first, call_argument(call, "limit")->number);
    return true;
}

/* ---- the page ------------------------------------------------------------------------------- */

static json_t *next_cursor(const struct rpc_call *call, const struct statement_range *range)
{
    uint8_t payload[CURSOR_BYTES];
    if (range->first + range->count > range->last) return json_null();
    store_u64(payload, range->to_height);
    store_u64(payload + 8, range->first + range->count);
    return cursor_make(call, payload, sizeof payload);
}

static json_t *prove_or_wait(struct rpc_call *call, struct statement_call *s)
{
    struct prover p;
    prover_init(&p, call->reader);
    enum status status = prove_statement(&p, &s->range, s->wait.reading);
    json_t *twin = NULL;
    switch (status) {
    case STATUS_OK:
        twin = json_with(proof_json(&p.proof), "next_cursor", next_cursor(call, &s->range));
        break;
    case STATUS_STALE: state_wait_ask(call, &s->wait); break;
    case STATUS_NO_QUORUM: state_wait_seal(call, &s->wait, &p); break;
    default: call_status(call, status); break;
    }
    prover_free(&p);
    return twin;
}

static json_t *account_statement(struct rpc_call *call)
{
    struct statement_call *s = call->state;
    if (s) return state_wait_ready(call, &s->wait) ? prove_or_wait(call, s) : NULL;
    s = calloc(1, sizeof *s);
    if (!s) return NULL;
    call->state = s;
    call->state_free = free_statement;
    if (!take_range(call, s)) return NULL;
    uint64_t timeout_ms = call_argument(call, "timeout_ms")->number;
    if (timeout_ms > 0) s->wait.deadline_ms = rpc_monotonic_ms() + timeout_ms;
    struct state_question *question = &s->wait.question;
    question->kind = RECORD_BALANCE;
    question->key_size = (uint16_t)balance_key(&s->range.account, &s->range.asset, question->key);
    return prove_or_wait(call, s);
}

static const struct rpc_parameter account_statement_parameters[] = {
    PARAMETER_REQUIRED("account", ARGUMENT_ACCOUNT),
    PARAMETER_REQUIRED("asset", ARGUMENT_ASSET),
    PARAMETER_REQUIRED("from_height", ARGUMENT_HEIGHT),
    PARAMETER_REQUIRED("to_height", ARGUMENT_HEIGHT),
    PARAMETERS_PAGE,
    PARAMETER_INTEGER("timeout_ms", 0, 0, RPC_WAIT_MS_MAX),
};

const struct rpc_method method_account_statement = {
    METHOD("account_statement", ACCESS_READ, account_statement_parameters),
    .reads = true,
    .waits = true,
    .handle = account_statement,
};
