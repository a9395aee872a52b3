/* rpc/methods_block.c -- block_get, block_list. */
#include "rpc/json_entry.h"
#include "rpc/methods.h"
#include "rpc/page.h"
#include <stdlib.h>

/* A committee is 16 KiB and a seal 17 KiB: one block's facts live on the heap. */
struct block_view {
    struct block_row block;
    struct block_facts facts;
    struct epoch_row epoch;
    struct seal seal; /* count 0 if there is none */
};

static enum status view_block(struct rpc_call *call, const struct block_row *block,
                              uint64_t sealed_height, struct block_view *view)
{
    uint64_t height = block->header.height;
    view->block = *block;
    enum status status = STATUS_OK;
    if (!(view->epoch.committee.count > 0 && view->epoch.number == block->header.epoch))
        status = ledger_read_epoch_of(call->reader, height, &view->epoch);
    if (status == STATUS_OK)
        status = ledger_read_block_size(call->reader, height, &view->facts.size_bytes);
    if (status != STATUS_OK) return status;

    status = ledger_read_seal(call->reader, height, &view->seal);
    if (status == STATUS_NOT_FOUND) status = STATUS_OK;
    view->facts.sealed = height <= sealed_height;
    view->facts.signers = view->seal.count;
    view->facts.validators = view->epoch.committee.count;
    return status;
}

/* ---- block_get ------------------------------------------------------------------------------ */

enum { ENTRIES_NONE, ENTRIES_IDS, ENTRIES_FULL };
static const char *const words_entries[] = { "none", "ids", "full", NULL };

struct entry_list {
    const struct block_view *view;
    json_t *items;
    bool full;
};

static bool add_entry(void *context, const struct entry_row *entry)
{
    struct entry_list *list = context;
    json_t *item = json_entry(entry, &list->view->block, list->view->facts.sealed, list->full);
    list->items = json_and(list->items, item);
    return list->items != NULL;
}

static bool find_by_hash(struct rpc_call *call, const struct digest *hash,
                         struct ledger_read_head *head, struct block_row *block)
{
    char text[2 * sizeof hash->bytes + 1];
    enum status status = ledger_read_head(call->reader, head);
    if (status == STATUS_OK) status = ledger_read_block_by_hash(call->reader, hash, block);
    if (status == STATUS_OK) return true;
    hex_encode(digest_span(hash), text);
    if (status == STATUS_NOT_FOUND)
        call_not_found(call, "block", text, head->header.height);
    else
        call_status(call, status);
    return false;
}

static json_t *block_json(struct rpc_call *call, const struct block_view *view)
{
    uint64_t entries = call_argument(call, "entries")->number;
    json_t *o = json_with(json_object(), "header", json_block_header(&view->block, &view->facts));
    if (entries != ENTRIES_NONE) {
        struct entry_list list = { .view = view, .items = json_array() };
        list.full = entries == ENTRIES_FULL;
        enum status status =
            ledger_read_entries(call->reader, view->block.header.height, add_entry, &list);
        o = json_with(o, "entries", list.items);
        if (status != STATUS_OK) {
            json_decref(o);
            return call_status(call, status);
        }
    }
    if (call_argument(call, "seal")->flag && view->seal.count > 0)
        o = json_with(o, "seal", json_seal(&view->seal, &view->epoch.committee));
    return o;
}

static json_t *block_get(struct rpc_call *call)
{
    const struct argument *height = call_argument(call, "height");
    const struct argument *hash = call_argument(call, "hash");
    struct ledger_read_head head;
    struct block_row block;
    if (height->given && hash->given)
        return call_invalid(call, "/hash", "height or hash, not both", "both");
    bool found = hash->given ? find_by_hash(call, &hash->digest, &head, &block)
                             : call_block(call, height, &head, &block);
    if (!found) return NULL;

    struct block_view *view = calloc(1, sizeof *view);
    if (!view) return NULL;
    enum status status = view_block(call, &block, head.sealed_height, view);
    json_t *o = status == STATUS_OK ? block_json(call, view) : call_status(call, status);
    free(view);
    return o;
}

static const struct rpc_parameter block_get_parameters[] = {
    PARAMETER_HEIGHT_OR_TAG("height"),
    PARAMETER_OPTIONAL("hash", ARGUMENT_HASH),
    PARAMETER_WORD("entries", words_entries, ENTRIES_IDS),
    PARAMETER_FLAG("seal", false),
    PARAMETERS_READ,
};

const struct rpc_method method_block_get = {
    METHOD("block_get", ACCESS_READ, block_get_parameters),
    .reads = true,
    .handle = block_get,
};

/* ---- block_list ----------------------------------------------------------------------------- */

struct block_page {
    struct page page;
    struct rpc_call *call;
    struct block_view *view;
    enum status status; /* of what a row needed beside itself */
};

static bool add_block(void *context, const struct block_row *block)
{
    struct block_page *list = context;
    if (page_is_full(&list->page)) return false;
    list->status = view_block(list->call, block, list->page.head.sealed_height, list->view);
    if (list->status != STATUS_OK) return false;
    list->page.last_key = block->header.height;
    return page_add(&list->page, json_block_header(block, &list->view->facts), HEADER_BYTES);
}

static json_t *block_list(struct rpc_call *call)
{
    struct block_page list = { .call = call };
    struct page *page = &list.page;
    if (!page_start(page, call) || !page_range(page, call, true, false)) return NULL;

    /* The page begins behind the last one: below it when descending. */
    uint64_t from = page->from, to = page->to;
    bool none = from > to;
    if (page->resumed && page->descending) {
        none = none || page->resume <= from;
        if (!none) to = min_u64(to, page->resume - 1);
    } else if (page->resumed) {
        none = none || page->resume >= to;
        if (!none) from = max_u64(from, page->resume + 1);
    }
    list.view = calloc(1, sizeof *list.view);
    enum status status = list.view ? STATUS_OK : STATUS_NO_MEMORY;
    if (status == STATUS_OK && !none)
        status = ledger_read_blocks(call->reader, from, to, page->descending, page_limit(page),
                                    add_block, &list);
    free(list.view);
    return page_finish(page, call, status == STATUS_OK ? list.status : status);
}

static const struct rpc_parameter block_list_parameters[] = {
    PARAMETERS_RANGE,
};

const struct rpc_method method_block_list = {
    METHOD("block_list", ACCESS_READ, block_list_parameters),
    .reads = true,
    .handle = block_list,
};
