/* What clients are told, and that it stays true; a whole ledger at the end of a run. */
#include "checker_internal.h"

#include <inttypes.h>

void checker_receipt(struct checker *checker, uint16_t replica, const struct digest *txid,
                     uint64_t height, uint16_t code)
{
    char text[65];
    struct made *made = shelf_find(&checker->transactions, txid);
    if (!checker->watched[replica].honest) return;
    hex_encode(digest_span(txid), text);
    if (!made || made->height != height || made->code != code)
        checker_fail(checker, CHECK_RECEIPT,
                     "node %u says that %.16s is in block %" PRIu64 " (%s), which is not so",
                     replica, text, height, result_name(code));
    else if (height > checker->sealed)
        checker_fail(checker, CHECK_RECEIPT,
                     "node %u gives a receipt for block %" PRIu64 ", sealed is %" PRIu64, replica,
                     height, checker->sealed);
    else
        made->told = true;
}

/* ---- a whole ledger ---- */

struct walk {
    const struct checker *checker;
    uint64_t height; /* of the last block seen */
    bool same;
};

static bool on_block(void *context, const struct block_row *row)
{
    struct walk *walk = context;
    uint64_t height = row->header.height;
    const struct block *block =
        height < walk->checker->blocks_count ? &walk->checker->blocks[height] : NULL;
    walk->same = height == walk->height + 1 && block && block->known &&
                 memcmp(&block->hash, &row->hash, sizeof row->hash) == 0;
    walk->height = height;
    return walk->same;
}

static bool same_blocks(struct checker *checker, uint16_t replica, struct ledger_reader *reader,
                        uint64_t height)
{
    struct walk walk = { .checker = checker, .same = true };
    enum status status = ledger_read_blocks(reader, 1, height, false, UINT32_MAX, on_block, &walk);
    if (status == STATUS_OK && walk.same && walk.height == height) return true;
    return checker_fail(checker, CHECK_AGREEMENT,
                        "node %u: block %" PRIu64 " of its ledger is not what was executed",
                        replica, walk.height);
}

static bool same_receipts(struct checker *checker, uint16_t replica, struct ledger_reader *reader,
                          uint64_t upto)
{
    for (uint32_t i = 0; i < checker->transactions.count; i++) {
        const struct made *made = shelf_at(&checker->transactions, i);
        uint64_t position = 0;
        uint16_t code = 0;
        uint8_t at = 0;
        if (!made->told || made->height > upto) continue;
        enum status status = ledger_read_entry_place(reader, &made->txid, &position, &code, &at);
        if (status == STATUS_OK && position == position_of(made->height, made->entry, 0) &&
            code == made->code && at == made->at)
            continue;
        char text[65];
        hex_encode(digest_span(&made->txid), text);
        return checker_fail(checker, CHECK_RECEIPT,
                            "node %u: a client was told that %.16s is in block %" PRIu64, replica,
                            text, made->height);
    }
    return true;
}

static void finish(struct checker *checker, uint16_t replica, struct ledger_reader *reader)
{
    struct ledger_read_head head;
    struct problem problem = { .status = STATUS_OK };
    enum status status = ledger_read_head(reader, &head);
    if (status != STATUS_OK) {
        checker_fail(checker, CHECK_REPLAY, "node %u: its ledger cannot be read: %s", replica,
                     status_name(status));
        return;
    }
    uint64_t height = head.header.height;
    if (!same_blocks(checker, replica, reader, height)) return;
    if (!same_receipts(checker, replica, reader, height)) return;
    if (height == checker->height && !model_equals(checker->model, reader, &problem))
        checker_fail(checker, CHECK_EXECUTION, "node %u at height %" PRIu64 ": %s", replica, height,
                     problem.text);
}

void checker_finish(struct checker *checker, uint16_t replica, struct ledger_reader *reader)
{
    enum status status = ledger_reader_begin(reader);
    if (status != STATUS_OK) {
        checker_fail(checker, CHECK_REPLAY, "node %u: its ledger cannot be read: %s", replica,
                     status_name(status));
        return;
    }
    finish(checker, replica, reader);
    ledger_reader_end(reader);
}
