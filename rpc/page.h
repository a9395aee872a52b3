/* rpc/page.h -- what the listing methods share: one page of items, its range and its end.
 *
 *     struct page page;
 *     if (!page_start(&page, call)) return NULL;
 *     status = ledger_read_...(call->reader, ..., page_limit(&page), add_row, &page);
 *     return page_finish(&page, call, status);
 *
 * and in add_row:
 *
 *     if (page_is_full(page)) return false;
 *     return page_add(page, json_..., size of the row);
 *
 * A page ends with `limit` items, with PAGE_BYTES_MAX of stored bytes, with the last row, or when
 * the time of a read is over; in the last case it answers what it has, with a cursor.
 */
#ifndef RPC_PAGE_H
#define RPC_PAGE_H

#include "ledger/reader.h"
#include "rpc/method.h"

enum { PAGE_BYTES_MAX = 4 * 1024 * 1024, PAGE_KEY_MAX = 16 };

struct page {
    struct ledger_read_head head; /* of the snapshot */
    json_t *items;                /* NULL after running out of memory */
    uint32_t limit, count;
    size_t bytes;
    bool more;                 /* there was a row that did not fit */
    uint8_t key[PAGE_KEY_MAX]; /* id of the last item; the caller sets it with each item */
    bool by_version;           /* instead, last_key is the version of the last item */

    /* Set by page_range. */
    bool ranged;
    bool descending;
    uint64_t from, to; /* heights, inclusive, as they are answered */
    bool resumed;      /* there was a cursor: */
    uint64_t resume;   /* the last height or position of the page before */
    uint64_t last_key; /* of the last item of this page */
};

/* Reads the head and the limit. false: an error is recorded. */
bool page_start(struct page *page, struct rpc_call *call);

/* For methods with *range*: from_height, to_height, order and cursor. selective: the other filters
 * lead to the rows; otherwise a range of more than RPC_RANGE_BLOCKS_MAX is range_too_large. Times
 * (from_time, to_time), where the method has them, narrow the range. An empty range is from > to.
 * false: an error is recorded. */
bool page_range(struct page *page, struct rpc_call *call, bool selective, bool timed);

/* Sets a filter's positions, order and limit from the range and the cursor. false: the page is
 * empty, nothing is to be read. */
bool page_positions(const struct page *page, struct entry_filter *filter);

/* For methods with *page*: the last id of the page before, or NULL. */
bool page_after(struct page *page, struct rpc_call *call, struct id *id, const struct id **after);

/* One more than fits, so that the end is known. */
uint32_t page_limit(const struct page *page);

bool page_is_full(struct page *page);

/* Takes over item. Returns whether to go on: false without memory. */
bool page_add(struct page *page, json_t *item, size_t bytes);

/* {"items", "next_cursor", ["range",] "ledger_height"}, or NULL with an error recorded. */
json_t *page_finish(struct page *page, struct rpc_call *call, enum status status);

/* The block of an argument of type HEIGHT_OR_TAG (or HEIGHT): a number, "latest", "earliest"; not
 * given: the latest. Reads the head, too. false: height_not_reached, pruned or another error is
 * recorded. */
bool call_block(struct rpc_call *call, const struct argument *height, struct ledger_read_head *head,
                struct block_row *block);

#endif
