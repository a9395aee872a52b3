#include "ledger/audit.h"
#include "ledger/reader.h"

static void read_head(struct audit_head *head, struct ledger_reader **reader,
                      struct problem *problem)
{
    struct ledger_read_head read;
    *reader = NULL;
    head->status = ledger_reader_open(reader, head->path, NULL, problem);
    if (head->status == STATUS_OK) head->status = ledger_reader_begin(*reader);
    if (head->status == STATUS_OK) head->status = ledger_read_head(*reader, &read);
    if (head->status != STATUS_OK) return;
    head->height = read.header.height;
    head->sealed_height = read.sealed_height;
    head->hash = read.hash;
    head->state_root = read.header.state_root;
}

/* The hash of a block of one ledger. */
static enum status hash_at(struct ledger_reader *reader, uint64_t height, struct digest *hash)
{
    struct block_row block;
    enum status status = ledger_read_block(reader, height, &block);
    if (status == STATUS_OK) *hash = header_hash(&block.header);
    return status == STATUS_NOT_FOUND ? STATUS_DAMAGED : status;
}

static enum status differ_at(struct ledger_reader *a, struct ledger_reader *b, uint64_t height,
                             bool *differ)
{
    struct digest first, second;
    enum status status = hash_at(a, height, &first);
    if (status == STATUS_OK) status = hash_at(b, height, &second);
    if (status == STATUS_OK) *differ = !digest_equal(&first, &second);
    return status;
}

/* They differ at `above`. A hash commits to all before it, so below the first difference they are
 * equal and above it they are not. */
static enum status first_difference(struct ledger_reader *a, struct ledger_reader *b,
                                    uint64_t above, uint64_t *height)
{
    uint64_t below = 0;
    bool differ = false;
    enum status status = differ_at(a, b, 0, &differ);
    if (status != STATUS_OK) return status;
    *height = 0;
    if (differ) return STATUS_OK;
    while (above - below > 1) {
        uint64_t middle = below + (above - below) / 2;
        status = differ_at(a, b, middle, &differ);
        if (status != STATUS_OK) return status;
        if (differ)
            above = middle;
        else
            below = middle;
    }
    *height = above;
    return STATUS_OK;
}

static enum status compare(struct audit_head *heads, struct ledger_reader **readers, uint32_t count,
                           struct audit_comparison *comparison)
{
    uint32_t first = 0;
    while (heads[first].status != STATUS_OK)
        first++;
    enum status status = hash_at(readers[first], comparison->common_height, &comparison->hash);
    comparison->equal = true;
    for (uint32_t i = first + 1; i < count && status == STATUS_OK; i++) {
        uint64_t height = 0;
        bool differ = false;
        if (heads[i].status != STATUS_OK) continue;
        status = differ_at(readers[first], readers[i], comparison->common_height, &differ);
        if (status != STATUS_OK || !differ) continue;
        status = first_difference(readers[first], readers[i], comparison->common_height, &height);
        if (status != STATUS_OK) break;
        if (comparison->equal || height < comparison->differs_at) {
            comparison->differs_at = height;
            comparison->differing = i;
        }
        comparison->equal = false;
    }
    return status;
}

enum status audit_compare(struct audit_head *heads, uint32_t count,
                          struct audit_comparison *comparison, struct problem *problem)
{
    struct ledger_reader *readers[AUDIT_LEDGERS_MAX] = { NULL };
    ASSERT(count > 0 && count <= AUDIT_LEDGERS_MAX);
    *comparison = (struct audit_comparison){ .common_height = UINT64_MAX };
    for (uint32_t i = 0; i < count; i++) {
        read_head(&heads[i], &readers[i], problem);
        if (heads[i].status != STATUS_OK) continue;
        comparison->readable++;
        comparison->common_height = min_u64(comparison->common_height, heads[i].height);
    }
    enum status status = STATUS_NOT_FOUND;
    if (comparison->readable > 0) {
        status = compare(heads, readers, count, comparison);
        if (status != STATUS_OK)
            problem_set(problem, status, "a block below the head cannot be read");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (readers[i]) ledger_reader_end(readers[i]);
        ledger_reader_close(readers[i]);
    }
    return status;
}
