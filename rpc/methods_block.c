/* rpc/methods_block.c -- block_get, block_list, block_seal. */
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

/* ---- block_seal: P1 as JSON ----------------------------------------------------------------- */

struct epoch_links {
    struct rpc_call *call;
    struct block_view *previous; /* scratch: the boundary that ended the epoch before */
    uint64_t epoch;              /* of the subject: links up to it */
    json_t *items;
    struct committee committee; /* of the epoch before */
    enum status status;
};

/* Each epoch but the first is a link: the sealed last block of the one before, and its own set. */
static bool add_link(void *context, const struct epoch_row *epoch)
{
    struct epoch_links *links = context;
    struct block_row boundary;
    if (epoch->number > links->epoch) return false;
    if (epoch->number > 0) {
        uint64_t height = epoch->first_height - 1;
        struct seal *seal = &links->previous->seal;
        links->status = ledger_read_block(links->call->reader, height, &boundary);
        if (links->status == STATUS_OK)
            links->status = ledger_read_seal(links->call->reader, height, seal);
        if (links->status != STATUS_OK) return false;
        json_t *o = json_with(json_object(), "header", json_header(&boundary.header));
        o = json_with(o, "seal", json_seal(seal, &links->committee));
        o = json_with(o, "validators", json_validator_set(&epoch->committee));
        links->items = json_and(links->items, o);
    }
    links->committee = epoch->committee;
    return links->items != NULL;
}

static json_t *epochs_json(struct rpc_call *call, uint64_t epoch, struct block_view *scratch)
{
    struct epoch_links *links = calloc(1, sizeof *links);
    if (!links) return NULL;
    *links = (struct epoch_links){
        .call = call, .previous = scratch, .epoch = epoch, .items = json_array()
    };
    enum status status = ledger_read_epochs(call->reader, 0, UINT32_MAX, add_link, links);
    if (status == STATUS_OK) status = links->status;
    json_t *items = links->items;
    free(links);
    if (status == STATUS_OK) return items;
    json_decref(items);
    return call_status(call, status);
}

static json_t *not_sealed(struct rpc_call *call, const struct block_view *view)
{
    return call_error(
        call, RPC_ERROR_not_sealed,
        json_pack("{s:o, s:o, s:i, s:i}", "height", value_height(view->block.header.height),
                  "signers", value_height(view->seal.count), "quorum",
                  (int)committee_quorum(&view->epoch.committee), "retry_after_ms", 1000));
}

static json_t *seal_proof(struct rpc_call *call, struct block_view *view)
{
    if (view->seal.count < committee_quorum(&view->epoch.committee)) return not_sealed(call, view);
    json_t *o = json_object();
    o = json_with(o, "format", json_string("witan-proof/1"));
    o = json_with(o, "kind", json_string("seal"));
    o = json_with(o, "chain_id", value_hash(&view->block.header.chain_id));
    o = json_with(o, "header", json_header(&view->block.header));
    o = json_with(o, "seal", json_seal(&view->seal, &view->epoch.committee));
    return json_with(o, "epochs", epochs_json(call, view->block.header.epoch, view));
}

static json_t *block_seal(struct rpc_call *call)
{
    struct argument height = *call_argument(call, "height");
    struct ledger_read_head head;
    struct block_row block;
    if (!height.given || height.number == HEIGHT_LATEST) {
        /* The latest that has a seal: that is what a light client asks for. */
        enum status status = ledger_read_sealed_height(call->reader, &height.number);
        if (status != STATUS_OK) return call_status(call, status);
        height.given = true;
    }
    if (!call_block(call, &height, &head, &block)) return NULL;

    struct block_view *view = calloc(1, sizeof *view);
    if (!view) return NULL;
    enum status status = view_block(call, &block, head.sealed_height, view);
    json_t *o = status == STATUS_OK ? seal_proof(call, view) : call_status(call, status);
    free(view);
    return o;
}

static const struct rpc_parameter block_seal_parameters[] = {
    PARAMETER_HEIGHT_OR_TAG("height"),
};

const struct rpc_method method_block_seal = {
    METHOD("block_seal", ACCESS_READ, block_seal_parameters),
    .reads = true,
    .handle = block_seal,
};
