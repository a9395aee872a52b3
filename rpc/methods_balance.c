/* rpc/methods_balance.c -- balance_get, balance_list, asset_get, asset_list. */
#include "rpc/cursor.h"
#include "rpc/json_ledger.h"
#include "rpc/methods.h"
#include "rpc/page.h"

static json_t *no_object(struct rpc_call *call, const char *what, enum address_kind kind,
                         const struct id *id, uint64_t height)
{
    char text[ADDRESS_TEXT];
    address_encode(kind, id, text);
    return call_not_found(call, what, text, height);
}

/* Records not_found, or what the reader says; false then. */
static bool check_account(struct rpc_call *call, const struct id *id, uint64_t height)
{
    struct account account;
    enum status status = ledger_read_account(call->reader, id, &account);
    if (status == STATUS_OK) return true;
    if (status == STATUS_NOT_FOUND)
        no_object(call, "account", ADDRESS_ACCOUNT, id, height);
    else
        call_status(call, status);
    return false;
}

static bool check_asset(struct rpc_call *call, const struct id *id, uint64_t height)
{
    struct asset asset;
    enum status status = ledger_read_asset(call->reader, id, &asset);
    if (status == STATUS_OK) return true;
    if (status == STATUS_NOT_FOUND)
        no_object(call, "asset", ADDRESS_ASSET, id, height);
    else
        call_status(call, status);
    return false;
}

/* ---- balance_get ---------------------------------------------------------------------------- */

/* The height that at_height or at_time names; the head's if neither is given. */
static bool balance_height(struct rpc_call *call, struct ledger_read_head *head,
                           struct block_row *block)
{
    struct argument at_height = *call_argument(call, "at_height");
    const struct argument *at_time = call_argument(call, "at_time");
    if (at_height.given && at_time->given) {
        call_invalid(call, "/at_time", "at_height or at_time, not both", "both");
        return false;
    }
    if (at_time->given) {
        enum status status =
            ledger_read_height_at(call->reader, at_time->number, &at_height.number);
        if (status == STATUS_NOT_FOUND) {
            call_not_found(call, "block", "at_time", 0);
            return false;
        }
        if (status != STATUS_OK) {
            call_status(call, status);
            return false;
        }
        at_height.given = true;
    }
    return call_block(call, &at_height, head, block);
}

static json_t *balance_get(struct rpc_call *call)
{
    const struct id *account = &call_argument(call, "account")->id;
    const struct id *asset = &call_argument(call, "asset")->id;
    struct ledger_read_head head;
    struct block_row block;
    struct balance balance;
    if (!balance_height(call, &head, &block)) return NULL;
    uint64_t height = block.header.height;
    bool now = height == head.header.height;
    enum status status =
        now ? ledger_read_balance(call->reader, account, asset, &balance)
            : ledger_read_balance_at(call->reader, account, asset, height, &balance);
    if (status == STATUS_NOT_FOUND) {
        /* What does not exist counts as zeros, if both sides of it do. */
        if (!check_account(call, account, head.header.height)) return NULL;
        if (!check_asset(call, asset, head.header.height)) return NULL;
        balance = (struct balance){ .account = *account, .asset = *asset };
    } else if (status != STATUS_OK) {
        return call_status(call, status);
    }
    json_t *o = json_balance(&balance, height);
    return json_with(o, "at_time", value_time(block.header.time_ms));
}

static const struct rpc_parameter balance_get_parameters[] = {
    PARAMETER_REQUIRED("account", ARGUMENT_ACCOUNT),
    PARAMETER_REQUIRED("asset", ARGUMENT_ASSET),
    PARAMETER_HEIGHT_OR_TAG("at_height"),
    PARAMETER_OPTIONAL("at_time", ARGUMENT_TIME),
    PARAMETERS_READ,
    PARAMETERS_CONSISTENCY,
};

const struct rpc_method method_balance_get = {
    METHOD("balance_get", ACCESS_READ, balance_get_parameters),
    .reads = true,
    .handle = balance_get,
};

/* ---- balance_list --------------------------------------------------------------------------- */

struct balance_page {
    struct page page;
    bool by_account;
};

static bool add_balance(void *context, const struct balance *balance)
{
    struct balance_page *list = context;
    if (page_is_full(&list->page)) return false;
    const struct id *key = list->by_account ? &balance->asset : &balance->account;
    memcpy(list->page.key, key->bytes, sizeof list->page.key);
    json_t *item = json_balance(balance, list->page.head.header.height);
    return page_add(&list->page, item, sizeof *balance);
}

static json_t *balance_list(struct rpc_call *call)
{
    const struct argument *account = call_argument(call, "account");
    const struct argument *asset = call_argument(call, "asset");
    struct balance_page list = { .by_account = account->given };
    struct page *page = &list.page;
    struct id id;
    const struct id *after;
    if (account->given == asset->given)
        return call_invalid(call, account->given ? "/asset" : "/account",
                            "exactly one of account and asset", account->given ? "both" : "none");
    if (!page_start(page, call)) return NULL;
    uint64_t height = page->head.header.height;
    if (account->given && !check_account(call, &account->id, height)) return NULL;
    if (asset->given && !check_asset(call, &asset->id, height)) return NULL;
    if (!page_after(page, call, &id, &after)) return NULL;
    enum status status = ledger_read_balances(call->reader, account->given ? &account->id : NULL,
                                              asset->given ? &asset->id : NULL, after,
                                              page_limit(page), add_balance, &list);
    return page_finish(page, call, status);
}

/* rpc/cursor.c knows these two parameters and their order. */
static const struct rpc_parameter balance_list_parameters[] = {
    PARAMETER_OPTIONAL("account", ARGUMENT_ACCOUNT),
    PARAMETER_OPTIONAL("asset", ARGUMENT_ASSET),
    PARAMETERS_PAGE,
};

const struct rpc_method method_balance_list = {
    METHOD("balance_list", ACCESS_READ, balance_list_parameters),
    .reads = true,
    .handle = balance_list,
};

/* ---- asset_get ------------------------------------------------------------------------------ */

/* The id itself, or the one derived from issuer and code. */
static bool asset_id_of_call(struct rpc_call *call, struct id *id)
{
    const struct argument *asset = call_argument(call, "asset");
    const struct argument *issuer = call_argument(call, "issuer");
    const struct argument *code = call_argument(call, "code");
    bool pair = issuer->given && code->given && !asset->given;
    bool alone = asset->given && !issuer->given && !code->given;
    if (!pair && !alone) {
        call_invalid(call, "/asset", "asset, or issuer and code", "another combination");
        return false;
    }
    *id = asset->id;
    if (pair) {
        uint8_t bytes[12] = { 0 };
        memcpy(bytes, code->text, strlen(code->text));
        *id = asset_id_of(&issuer->id, bytes);
    }
    return true;
}

static json_t *asset_get(struct rpc_call *call)
{
    struct ledger_read_head head;
    struct asset asset;
    struct id id;
    if (!asset_id_of_call(call, &id)) return NULL;
    enum status status = ledger_read_head(call->reader, &head);
    if (status == STATUS_OK) status = ledger_read_asset(call->reader, &id, &asset);
    if (status == STATUS_NOT_FOUND)
        return no_object(call, "asset", ADDRESS_ASSET, &id, head.header.height);
    if (status != STATUS_OK) return call_status(call, status);
    return json_asset(&asset, head.header.height);
}

static const struct rpc_parameter asset_get_parameters[] = {
    PARAMETER_OPTIONAL("asset", ARGUMENT_ASSET),
    PARAMETER_OPTIONAL("issuer", ARGUMENT_ACCOUNT),
    PARAMETER_OPTIONAL("code", ARGUMENT_CODE),
    PARAMETERS_READ,
};

const struct rpc_method method_asset_get = {
    METHOD("asset_get", ACCESS_READ, asset_get_parameters),
    .reads = true,
    .handle = asset_get,
};

/* ---- asset_list ----------------------------------------------------------------------------- */

static bool add_asset(void *context, const struct asset *asset)
{
    struct page *page = context;
    if (page_is_full(page)) return false;
    memcpy(page->key, asset->id.bytes, sizeof page->key);
    return page_add(page, json_asset(asset, page->head.header.height), sizeof *asset);
}

static json_t *asset_list(struct rpc_call *call)
{
    const struct argument *issuer = call_argument(call, "issuer");
    struct page page;
    struct id id;
    const struct id *after;
    if (!page_start(&page, call) || !page_after(&page, call, &id, &after)) return NULL;
    enum status status = ledger_read_assets(call->reader, after, issuer->given ? &issuer->id : NULL,
                                            NULL, page_limit(&page), add_asset, &page);
    return page_finish(&page, call, status);
}

static const struct rpc_parameter asset_list_parameters[] = {
    PARAMETER_OPTIONAL("issuer", ARGUMENT_ACCOUNT),
    PARAMETERS_PAGE,
};

const struct rpc_method method_asset_list = {
    METHOD("asset_list", ACCESS_READ, asset_list_parameters),
    .reads = true,
    .handle = asset_list,
};
