/* rpc/methods_kv.c -- kv_get, kv_list. */
#include "rpc/cursor.h"
#include "rpc/json_ledger.h"
#include "rpc/methods.h"
#include "rpc/page.h"
#include <stdlib.h>

struct kv_page {
    struct page page;
    struct rpc_call *call;
    uint64_t height; /* of the snapshot */
    enum status status;
    json_t *result; /* kv_get */
};

/* When it was written: the time of the block that its version names. */
static json_t *kv_object(struct kv_page *list, const struct kv_row *kv)
{
    struct block_row block;
    list->status = ledger_read_block(list->call->reader, position_height(kv->version), &block);
    if (list->status == STATUS_NOT_FOUND) list->status = STATUS_DAMAGED;
    if (list->status != STATUS_OK) return NULL;
    return json_kv(kv, block.header.time_ms, list->height);
}

/* ---- kv_get --------------------------------------------------------------------------------- */

static bool make_kv(void *context, const struct kv_row *kv)
{
    struct kv_page *one = context;
    one->result = kv_object(one, kv);
    return false;
}

static json_t *no_record(struct rpc_call *call, struct span key, uint64_t height)
{
    char text[2 * TX_KEY_BYTES_MAX + 1];
    hex_encode(key, text);
    return call_not_found(call, "record", text, height);
}

static bool check_key(struct rpc_call *call, const char *path, struct span key, size_t least)
{
    if (key.size >= least && key.size <= TX_KEY_BYTES_MAX) return true;
    call_invalid(call, path, "a key of 1 to 255 bytes", "another length");
    return false;
}

static json_t *kv_get(struct rpc_call *call)
{
    const struct id *owner = &call_argument(call, "owner")->id;
    struct span key = call_argument(call, "key")->bytes;
    struct ledger_read_head head;
    struct kv_page one = { .call = call };
    if (!check_key(call, "/key", key, 1)) return NULL;
    enum status status = ledger_read_head(call->reader, &head);
    if (status != STATUS_OK) return call_status(call, status);
    one.height = head.header.height;
    status = ledger_read_kv(call->reader, owner, key, make_kv, &one);
    if (status == STATUS_NOT_FOUND) return no_record(call, key, one.height);
    if (status == STATUS_OK) status = one.status;
    return status == STATUS_OK ? one.result : call_status(call, status);
}

static const struct rpc_parameter kv_get_parameters[] = {
    PARAMETER_REQUIRED("owner", ARGUMENT_ACCOUNT),
    PARAMETER_REQUIRED("key", ARGUMENT_HEX),
    PARAMETERS_READ,
    PARAMETERS_CONSISTENCY,
};

const struct rpc_method method_kv_get = {
    METHOD("kv_get", ACCESS_READ, kv_get_parameters),
    .reads = true,
    .handle = kv_get,
};

/* ---- kv_list -------------------------------------------------------------------------------- */

/* A key can be longer than a cursor may be. So the cursor names the version of the page's last
 * record, and the history says which key was written there: it stands in the operation at that
 * position, for ever, whatever has become of the record since. */
struct key_at {
    uint64_t version;
    uint8_t bytes[TX_KEY_BYTES_MAX];
    size_t size;
};

static bool keep_key(void *context, const struct entry_row *entry)
{
    struct key_at *at = context;
    struct transaction *tx = malloc(sizeof *tx);
    unsigned index = at->version & UINT8_MAX;
    if (tx && transaction_decode(entry->data, tx, NULL) == STATUS_OK &&
        index < tx->operation_count && tx->operations[index].code == OP_KV_PUT) {
        struct span key = tx->operations[index].kv_put.key;
        memcpy(at->bytes, key.data, key.size);
        at->size = key.size;
    }
    free(tx);
    return false;
}

/* false: an error is recorded. */
static bool key_after(struct rpc_call *call, struct key_at *at)
{
    uint8_t payload[8];
    bool present = false;
    at->size = 0;
    if (!cursor_read(call, payload, sizeof payload, &present)) return false;
    if (!present) return true;
    at->version = load_u64(payload);
    enum status status = ledger_read_entry_at(call->reader, at->version, keep_key, at);
    if (status == STATUS_OK && at->size > 0) return true;
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        call_error(call, RPC_ERROR_cursor_invalid, json_pack("{s:s}", "reason", "malformed"));
    else
        call_status(call, status);
    return false;
}

static bool add_kv(void *context, const struct kv_row *kv)
{
    struct kv_page *list = context;
    if (page_is_full(&list->page)) return false;
    json_t *item = kv_object(list, kv);
    if (list->status != STATUS_OK) return false;
    list->page.last_key = kv->version;
    return page_add(&list->page, item, kv->key.size + kv->value.size);
}

static json_t *kv_list(struct rpc_call *call)
{
    const struct id *owner = &call_argument(call, "owner")->id;
    struct span prefix = call_argument(call, "prefix")->bytes;
    struct kv_page list = { .call = call };
    struct page *page = &list.page;
    struct key_at at;
    if (!check_key(call, "/prefix", prefix, 0)) return NULL;
    if (!page_start(page, call) || !key_after(call, &at)) return NULL;
    page->by_version = true;
    page->items = json_array();
    list.height = page->head.header.height;
    enum status status = ledger_read_kvs(call->reader, owner, prefix, span_of(at.bytes, at.size),
                                         page_limit(page), add_kv, &list);
    return page_finish(page, call, status == STATUS_OK ? list.status : status);
}

static const struct rpc_parameter kv_list_parameters[] = {
    PARAMETER_REQUIRED("owner", ARGUMENT_ACCOUNT),
    PARAMETER_OPTIONAL("prefix", ARGUMENT_HEX),
    PARAMETERS_PAGE,
};

const struct rpc_method method_kv_list = {
    METHOD("kv_list", ACCESS_READ, kv_list_parameters),
    .reads = true,
    .handle = kv_list,
};
