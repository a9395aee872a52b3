/* rpc/methods_account.c -- account_get, account_list, account_history. */
#include "format/effect_list.h"
#include "rpc/cursor.h"
#include "rpc/json_entry.h"
#include "rpc/methods.h"
#include "rpc/page.h"

/* Balances shown with an account; the rest is balance_list's, where next_cursor leads. */
enum { BALANCES_ONE = 100, BALANCES_LISTED = 20 };

struct balances {
    uint64_t height;
    uint32_t limit, count;
    bool more;
    struct id last;
    json_t *items;
};

static bool add_balance(void *context, const struct balance *balance)
{
    struct balances *list = context;
    if (list->count == list->limit) {
        list->more = true;
        return false;
    }
    list->count++;
    list->last = balance->asset;
    list->items = json_and(list->items, json_balance(balance, list->height));
    return list->items != NULL;
}

/* The whole object: the account, its balances and, if it is a member, its name. */
static enum status account_object(struct rpc_call *call, const struct account *account,
                                  uint64_t height, uint32_t limit, json_t **result)
{
    struct balances list = { .height = height, .limit = limit, .items = json_array() };
    struct member member;
    enum status status =
        ledger_read_balances(call->reader, &account->id, NULL, NULL, limit + 1, add_balance, &list);
    enum status named = STATUS_NOT_FOUND;
    if (status == STATUS_OK) named = ledger_read_member(call->reader, &account->id, &member);
    if (status == STATUS_OK && named != STATUS_NOT_FOUND) status = named;
    if (status != STATUS_OK) {
        json_decref(list.items);
        return status;
    }
    json_t *next = list.more ? cursor_make_balances(call, &account->id, &list.last) : json_null();
    *result =
        json_account(account, list.items, next, height, named == STATUS_OK ? member.name : NULL);
    return STATUS_OK;
}

static json_t *no_account(struct rpc_call *call, const struct id *id, uint64_t height)
{
    char text[ADDRESS_TEXT];
    address_encode(ADDRESS_ACCOUNT, id, text);
    return call_not_found(call, "account", text, height);
}

/* ---- account_get ---------------------------------------------------------------------------- */

static json_t *account_get(struct rpc_call *call)
{
    const struct id *id = &call_argument(call, "account")->id;
    struct ledger_read_head head;
    struct account account;
    json_t *result = NULL;
    enum status status = ledger_read_head(call->reader, &head);
    if (status != STATUS_OK) return call_status(call, status);
    status = ledger_read_account(call->reader, id, &account);
    if (status == STATUS_NOT_FOUND) return no_account(call, id, head.header.height);
    if (status == STATUS_OK)
        status = account_object(call, &account, head.header.height, BALANCES_ONE, &result);
    return status == STATUS_OK ? result : call_status(call, status);
}

static const struct rpc_parameter account_get_parameters[] = {
    PARAMETER_REQUIRED("account", ARGUMENT_ACCOUNT),
    PARAMETERS_READ,
    PARAMETERS_CONSISTENCY,
};

const struct rpc_method method_account_get = {
    METHOD("account_get", ACCESS_READ, account_get_parameters),
    .reads = true,
    .handle = account_get,
};

/* ---- account_list --------------------------------------------------------------------------- */

static const char *const words_role[] = { "registrar", "issuer", "freezer", NULL };

struct account_page {
    struct page page;
    struct rpc_call *call;
    enum status status;
};

static bool add_account(void *context, const struct account *account)
{
    struct account_page *list = context;
    json_t *item = NULL;
    if (page_is_full(&list->page)) return false;
    list->status =
        account_object(list->call, account, list->page.head.header.height, BALANCES_LISTED, &item);
    if (list->status != STATUS_OK) return false;
    memcpy(list->page.key, account->id.bytes, sizeof list->page.key);
    return page_add(&list->page, item, sizeof *account);
}

static json_t *account_list(struct rpc_call *call)
{
    const struct argument *role = call_argument(call, "role");
    const struct argument *key = call_argument(call, "public_key");
    struct account_page list = { .call = call };
    struct page *page = &list.page;
    struct id id;
    const struct id *after;
    if (!page_start(page, call) || !page_after(page, call, &id, &after)) return NULL;
    uint32_t roles = role->given ? 1u << role->number : 0; /* the words stand in order of bits */
    enum status status =
        ledger_read_accounts(call->reader, after, roles, key->given ? &key->key : NULL,
                             page_limit(page), add_account, &list);
    return page_finish(page, call, status == STATUS_OK ? list.status : status);
}

static const struct rpc_parameter account_list_parameters[] = {
    PARAMETER_WORD_OPTIONAL("role", words_role),
    PARAMETER_OPTIONAL("public_key", ARGUMENT_PUBLIC_KEY),
    PARAMETERS_PAGE,
};

const struct rpc_method method_account_list = {
    METHOD("account_list", ACCESS_READ, account_list_parameters),
    .reads = true,
    .handle = account_list,
};

/* ---- account_history ------------------------------------------------------------------------ */

struct history_page {
    struct page page;
    struct rpc_call *call;
    const struct id *account, *asset;
    struct block_row block; /* of the last item */
    bool has_block;
    enum status status;
};

/* What the entry did to this account's balances, out of its effects. */
static json_t *movements_json(const struct history_page *list, const struct entry_row *entry)
{
    json_t *array = json_array();
    struct effect_list effects = effect_list_of(entry->effects);
    struct ledger_effect effect;
    while (effect_list_next(&effects, &effect)) {
        if (effect.kind != LEDGER_EFFECT_BALANCE || !id_equal(&effect.id, list->account)) continue;
        if (list->asset && !id_equal(&effect.asset, list->asset)) continue;
        array = json_and(array, json_movement(&effect, entry, list->block.header.time_ms));
    }
    if (effect_list_end(&effects) == STATUS_OK) return array;
    json_decref(array);
    return NULL;
}

static bool add_history(void *context, const struct entry_row *entry)
{
    struct history_page *list = context;
    uint64_t height = position_height(entry->position);
    if (page_is_full(&list->page)) return false;
    if (!list->has_block || list->block.header.height != height)
        list->status = ledger_read_block(list->call->reader, height, &list->block);
    list->has_block = list->status == STATUS_OK;
    if (!list->has_block) return false;

    bool transaction = entry->kind == ENTRY_TRANSACTION;
    json_t *o = json_object();
    o = json_with(o, "position", value_entry_position(entry->position));
    o = json_with(o, "height", value_height(height));
    o = json_with(o, "entry", value_height(position_entry(entry->position)));
    o = json_with(o, "time", value_time(list->block.header.time_ms));
    o = json_with(o, "kind", json_string(entry_kind_word(entry->kind)));
    o = json_with(o, "id", value_hash(&entry->id));
    o = json_with(o, "code", json_string(result_name(entry->code)));
    o = json_with(o, "ops", transaction ? json_operation_words(entry->data) : json_array());
    o = json_with(o, "movements", movements_json(list, entry));
    list->page.last_key = entry->position;
    return page_add(&list->page, o, entry->effects.size);
}

static json_t *account_history(struct rpc_call *call)
{
    const struct argument *asset = call_argument(call, "asset");
    struct history_page list = { .call = call, .account = &call_argument(call, "account")->id };
    struct page *page = &list.page;
    struct account account;
    if (asset->given) list.asset = &asset->id;
    if (!page_start(page, call)) return NULL;
    enum status status = ledger_read_account(call->reader, list.account, &account);
    if (status == STATUS_NOT_FOUND) return no_account(call, list.account, page->head.header.height);
    if (status != STATUS_OK) return call_status(call, status);
    if (!page_range(page, call, true, true)) return NULL;

    struct entry_filter filter = { .account = list.account, .asset = list.asset };
    if (page_positions(page, &filter))
        status = ledger_read_filtered(call->reader, &filter, add_history, &list);
    return page_finish(page, call, status == STATUS_OK ? list.status : status);
}

static const struct rpc_parameter account_history_parameters[] = {
    PARAMETER_REQUIRED("account", ARGUMENT_ACCOUNT),
    PARAMETER_OPTIONAL("asset", ARGUMENT_ASSET),
    PARAMETER_OPTIONAL("from_time", ARGUMENT_TIME),
    PARAMETER_OPTIONAL("to_time", ARGUMENT_TIME),
    PARAMETERS_RANGE,
};

const struct rpc_method method_account_history = {
    METHOD("account_history", ACCESS_READ, account_history_parameters),
    .reads = true,
    .handle = account_history,
};
