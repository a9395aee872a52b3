#include "rpc/page.h"
#include "rpc/cursor.h"
#include "rpc/json_ledger.h"

enum { RANGE_PAYLOAD = 16, ID_PAYLOAD = 16 };

bool page_start(struct page *page, struct rpc_call *call)
{
    *page = (struct page){ .limit = (uint32_t)call_argument(call, "limit")->number };
    enum status status = ledger_read_head(call->reader, &page->head);
    if (status == STATUS_OK) return true;
    call_status(call, status);
    return false;
}

/* Heights of the blocks whose time is within from_time .. to_time. An open end stays as it is. */
static enum status narrow_by_time(struct page *page, struct rpc_call *call)
{
    const struct argument *from = call_argument(call, "from_time");
    const struct argument *to = call_argument(call, "to_time");
    uint64_t height = 0;
    if (from->given && from->number > 0) {
        enum status status = ledger_read_height_at(call->reader, from->number - 1, &height);
        if (status == STATUS_OK) page->from = max_u64(page->from, height + 1);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) return status;
    }
    if (!to->given) return STATUS_OK;
    enum status status = ledger_read_height_at(call->reader, to->number, &height);
    if (status == STATUS_OK) {
        page->to = min_u64(page->to, height);
        return STATUS_OK;
    }
    if (status != STATUS_NOT_FOUND) return status;
    page->from = 1; /* Before the first block there is nothing. */
    page->to = 0;
    return STATUS_OK;
}

static bool check_width(struct page *page, struct rpc_call *call, bool from_given)
{
    if (page->to - page->from < RPC_RANGE_BLOCKS_MAX || page->from > page->to) return true;
    if (!from_given) {
        page->from = page->to - (RPC_RANGE_BLOCKS_MAX - 1);
        return true;
    }
    call_error(call, RPC_ERROR_range_too_large,
               json_pack("{s:i, s:o}", "max_blocks", RPC_RANGE_BLOCKS_MAX, "got",
                         value_height(page->to - page->from + 1)));
    return false;
}

bool page_range(struct page *page, struct rpc_call *call, bool selective, bool timed)
{
    const struct argument *from = call_argument(call, "from_height");
    const struct argument *to = call_argument(call, "to_height");
    uint8_t payload[RANGE_PAYLOAD];
    page->ranged = true;
    page->descending = call_argument(call, "order")->number == ORDER_DESCENDING;
    if (!cursor_read(call, payload, sizeof payload, &page->resumed)) return false;

    uint64_t height = page->head.header.height;
    page->from = from->given ? from->number : 0;
    page->to = to->given ? min_u64(to->number, height) : height;
    if (page->resumed) {
        /* The first page fixed the end of the range: a scan is a snapshot. */
        page->to = min_u64(load_u64(payload), height);
        page->resume = load_u64(payload + 8);
    }
    enum status status = timed ? narrow_by_time(page, call) : STATUS_OK;
    if (status != STATUS_OK) {
        call_status(call, status);
        return false;
    }
    if (!selective && !check_width(page, call, from->given)) return false;
    page->items = json_array();
    return true;
}

bool page_positions(const struct page *page, struct entry_filter *filter)
{
    if (page->from > page->to) return false;
    filter->first = position_first(page->from);
    filter->last = position_last(page->to);
    filter->descending = page->descending;
    filter->limit = page_limit(page);
    if (!page->resumed) return true;
    if (page->descending) {
        if (page->resume <= filter->first) return false;
        filter->last = min_u64(filter->last, page->resume - 1);
    } else {
        if (page->resume >= filter->last) return false;
        filter->first = max_u64(filter->first, page->resume + 256); /* the next entry */
    }
    return true;
}

bool page_after(struct page *page, struct rpc_call *call, struct id *id, const struct id **after)
{
    *after = NULL;
    if (!cursor_read(call, id->bytes, sizeof id->bytes, &page->resumed)) return false;
    if (page->resumed) *after = id;
    page->items = json_array();
    return true;
}

uint32_t page_limit(const struct page *page)
{
    return page->limit + 1;
}

bool page_is_full(struct page *page)
{
    bool full = page->count == page->limit || page->bytes >= PAGE_BYTES_MAX;
    if (full) page->more = true;
    return full;
}

bool page_add(struct page *page, json_t *item, size_t bytes)
{
    page->items = json_and(page->items, item);
    page->count++;
    page->bytes += bytes;
    return page->items != NULL;
}

static json_t *next_cursor(const struct page *page, const struct rpc_call *call)
{
    uint8_t payload[RANGE_PAYLOAD];
    if (!page->more || page->count == 0) return json_null();
    store_u64(payload, page->last_key);
    if (page->by_version) return cursor_make(call, payload, 8);
    if (!page->ranged) return cursor_make(call, page->key, ID_PAYLOAD);
    store_u64(payload, page->to);
    store_u64(payload + 8, page->last_key);
    return cursor_make(call, payload, sizeof payload);
}

static json_t *range_json(const struct page *page)
{
    json_t *o = json_with(json_object(), "from_height", value_height(page->from));
    return json_with(o, "to_height", value_height(page->to));
}

json_t *page_finish(struct page *page, struct rpc_call *call, enum status status)
{
    /* Out of time with something in hand: the cursor goes on behind it. */
    if (status == STATUS_TIMEOUT && page->count > 0) {
        page->more = true;
        status = STATUS_OK;
    }
    if (status != STATUS_OK) {
        json_decref(page->items);
        return call_status(call, status);
    }
    json_t *o = json_with(json_object(), "items", page->items);
    o = json_with(o, "next_cursor", next_cursor(page, call));
    if (page->ranged) o = json_with(o, "range", range_json(page));
    return json_with(o, "ledger_height", value_height(page->head.header.height));
}

bool call_block(struct rpc_call *call, const struct argument *height, struct ledger_read_head *head,
                struct block_row *block)
{
    uint64_t wanted = 0, earliest = 0;
    enum status status = ledger_read_head(call->reader, head);
    if (status == STATUS_OK) status = ledger_read_earliest(call->reader, &earliest);
    if (status == STATUS_OK) {
        bool latest = !height->given || height->number == HEIGHT_LATEST;
        bool tagged = latest || height->number == HEIGHT_EARLIEST;
        wanted = latest ? head->header.height : tagged ? earliest : height->number;
        if (wanted > head->header.height) {
            call_error(call, RPC_ERROR_height_not_reached,
                       json_pack("{s:o, s:o}", "height", value_height(wanted), "ledger_height",
                                 value_height(head->header.height)));
            return false;
        }
        if (wanted < earliest) {
            call_error(call, RPC_ERROR_pruned,
                       json_pack("{s:s, s:o, s:o}", "what", "body", "height", value_height(wanted),
                                 "earliest_height", value_height(earliest)));
            return false;
        }
        status = ledger_read_block(call->reader, wanted, block);
    }
    if (status != STATUS_OK) call_status(call, status);
    return status == STATUS_OK;
}
