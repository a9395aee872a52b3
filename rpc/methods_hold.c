/* rpc/methods_hold.c -- hold_get, hold_list. */
#include "format/effect_list.h"
#include "rpc/cursor.h"
#include "rpc/json_ledger.h"
#include "rpc/methods.h"
#include "rpc/page.h"
#include <stdlib.h>

/* ---- hold_get ------------------------------------------------------------------------------- */

/* A hold that has ended is told from the history: the operation that made it, and the effect of the
 * entry that ended it. */
struct ended_hold {
    struct hold hold;
    uint64_t ended;        /* position of the entry */
    enum hold_state state; /* 0 until it is found */
    uint64_t amount;       /* of the effect */
    bool made;             /* the operation is found */
};

static void take_operation(struct ended_hold *one, const struct operation *o)
{
    struct hold *hold = &one->hold;
    hold->payer = o->actor;
    hold->payee = o->hold_create.payee;
    hold->arbiter = o->hold_create.arbiter;
    hold->asset = o->hold_create.asset;
    hold->amount = o->hold_create.amount;
    hold->expires_ms = o->hold_create.expires_ms;
    hold->group = o->hold_create.group;
    one->made = true;
}

static bool find_operation(void *context, const struct entry_row *entry)
{
    struct ended_hold *one = context;
    struct transaction *tx = malloc(sizeof *tx);
    unsigned index = one->hold.version & UINT8_MAX;
    if (tx && transaction_decode(entry->data, tx, NULL) == STATUS_OK &&
        index < tx->operation_count && tx->operations[index].code == OP_HOLD_CREATE)
        take_operation(one, &tx->operations[index]);
    free(tx);
    return false;
}

static bool find_effect(void *context, const struct entry_row *entry)
{
    struct ended_hold *one = context;
    struct effect_list list = effect_list_of(entry->effects);
    struct ledger_effect effect;
    while (effect_list_next(&list, &effect)) {
        if (effect.kind != LEDGER_EFFECT_HOLD || !id_equal(&effect.id, &one->hold.id)) continue;
        one->state = effect.hold.state;
        one->amount = effect.hold.amount;
    }
    return false;
}

static enum status read_ended(struct ledger_reader *reader, struct ended_hold *one)
{
    enum status status =
        ledger_read_hold_end(reader, &one->hold.id, &one->hold.version, &one->ended);
    if (status != STATUS_OK) return status;
    status = ledger_read_entry_at(reader, one->hold.version, find_operation, one);
    if (status == STATUS_OK) status = ledger_read_entry_at(reader, one->ended, find_effect, one);
    if (status == STATUS_NOT_FOUND) return STATUS_DAMAGED;
    if (status != STATUS_OK) return status;
    return one->made && one->state > HOLD_MADE ? STATUS_OK : STATUS_DAMAGED;
}

static json_t *ended_json(const struct ended_hold *one, uint64_t height)
{
    json_t *o = json_hold(&one->hold, hold_state_word(one->state), height);
    if (one->state == HOLD_POSTED) o = json_with(o, "posted_amount", value_amount(one->amount));
    return json_with(o, "ended", value_entry_position(one->ended));
}

static json_t *hold_get(struct rpc_call *call)
{
    struct ended_hold one = { .hold.id = call_argument(call, "hold")->id };
    struct ledger_read_head head;
    enum status status = ledger_read_head(call->reader, &head);
    if (status != STATUS_OK) return call_status(call, status);
    uint64_t height = head.header.height;
    struct id id = one.hold.id;
    status = ledger_read_hold(call->reader, &id, &one.hold);
    if (status == STATUS_OK) return json_hold(&one.hold, "pending", height);
    if (status == STATUS_NOT_FOUND) status = read_ended(call->reader, &one);
    if (status == STATUS_OK) return ended_json(&one, height);
    if (status != STATUS_NOT_FOUND) return call_status(call, status);
    char text[ADDRESS_TEXT];
    address_encode(ADDRESS_HOLD, &id, text);
    return call_not_found(call, "hold", text, height);
}

static const struct rpc_parameter hold_get_parameters[] = {
    PARAMETER_REQUIRED("hold", ARGUMENT_HOLD),
    PARAMETERS_READ,
};

const struct rpc_method method_hold_get = {
    METHOD("hold_get", ACCESS_READ, hold_get_parameters),
    .reads = true,
    .handle = hold_get,
};

/* ---- hold_list ------------------------------------------------------------------------------ */

static bool add_hold(void *context, const struct hold *hold)
{
    struct page *page = context;
    if (page_is_full(page)) return false;
    memcpy(page->key, hold->id.bytes, sizeof page->key);
    return page_add(page, json_hold(hold, "pending", page->head.header.height), sizeof *hold);
}

static json_t *hold_list(struct rpc_call *call)
{
    const struct argument *account = call_argument(call, "account");
    const struct argument *group = call_argument(call, "group");
    struct page page;
    struct id id;
    const struct id *after;
    if (account->given == group->given)
        return call_invalid(call, account->given ? "/group" : "/account",
                            "exactly one of account and group", account->given ? "both" : "none");
    if (group->given && id_is_zero(&group->id))
        return call_invalid(call, "/group", "a group", "zeros, which stand for none");
    if (!page_start(&page, call) || !page_after(&page, call, &id, &after)) return NULL;
    enum status status = ledger_read_holds(call->reader, account->given ? &account->id : NULL,
                                           group->given ? &group->id : NULL, after,
                                           page_limit(&page), add_hold, &page);
    return page_finish(&page, call, status);
}

static const struct rpc_parameter hold_list_parameters[] = {
    PARAMETER_OPTIONAL("account", ARGUMENT_ACCOUNT),
    PARAMETER_OPTIONAL("group", ARGUMENT_ID16),
    PARAMETERS_PAGE,
};

const struct rpc_method method_hold_list = {
    METHOD("hold_list", ACCESS_READ, hold_list_parameters),
    .reads = true,
    .handle = hold_list,
};
