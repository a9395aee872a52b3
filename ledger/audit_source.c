#include "ledger/audit_source.h"
#include "ledger/reader_query.h"

#define NUMBER_MAX ((uint64_t)INT64_MAX)

void audit_block_init(struct audit_block *block)
{
    memset(block, 0, sizeof *block);
    buffer_init(&block->batch, AUDIT_BATCH_BYTES_MAX);
}

void audit_block_free(struct audit_block *block)
{
    buffer_free(&block->batch);
}

enum status audit_source_last(struct ledger_reader *reader, uint64_t *last)
{
    struct query q = query_of(reader, "SELECT max(coalesce((SELECT max(height) FROM block), 0), "
                                      "coalesce((SELECT max(height) FROM ledger), 0))");
    if (query_row(&q)) *last = column_u64(&q, NUMBER_MAX);
    return query_end_one(&q);
}

enum status audit_source_evidence(struct ledger_reader *reader, uint64_t *rows)
{
    struct query q = query_of(reader, "SELECT count(*) FROM evidence");
    if (query_row(&q)) *rows = column_u64(&q, NUMBER_MAX);
    return query_end_one(&q);
}

static enum status read_header_row(struct ledger_reader *reader, struct audit_block *block)
{
    struct query q = query_of(reader, "SELECT header, hash FROM block WHERE height = ?");
    bind_u64(&q, block->height);
    block->present = false;
    if (query_row(&q)) {
        struct span header = column_blob(&q);
        struct span hash = column_blob(&q);
        block->present = q.status == STATUS_OK;
        block->header_size = header.size;
        memset(block->header, 0, sizeof block->header);
        memset(&block->stored_hash, 0, sizeof block->stored_hash);
        if (header.size == HEADER_BYTES) memcpy(block->header, header.data, HEADER_BYTES);
        if (hash.size == sizeof block->stored_hash)
            memcpy(block->stored_hash.bytes, hash.data, hash.size);
    }
    return query_end(&q);
}

static enum status append_transaction(struct audit_block *block, struct span data)
{
    uint8_t size[4];
    if (data.size + sizeof size > block->batch.limit - block->batch.size) {
        block->oversized = true;
        return STATUS_OK;
    }
    store_u32(size, (uint32_t)data.size);
    enum status status = buffer_append(&block->batch, span_of(size, sizeof size));
    return status == STATUS_OK ? buffer_append(&block->batch, data) : status;
}

static enum status read_entries(struct ledger_reader *reader, struct audit_block *block)
{
    struct query q = query_of(reader, "SELECT kind, data FROM entry "
                                      "WHERE position BETWEEN ? AND ? ORDER BY position");
    enum status appended = STATUS_OK;
    bind_u64(&q, position_first(block->height));
    bind_u64(&q, position_last(block->height));
    block->transactions = 0;
    block->entries = 0;
    block->oversized = false;
    block->batch.size = 0;
    while (appended == STATUS_OK && !block->oversized && query_row(&q)) {
        block->entries++;
        if (column_i64(&q) != ENTRY_TRANSACTION) continue;
        /* Bytes that were taken away are a transaction of no bytes: it will not decode. */
        struct span data = column_null(&q) ? (struct span){ NULL, 0 } : column_blob(&q);
        if (q.status != STATUS_OK) break;
        block->transactions++;
        appended = append_transaction(block, data);
    }
    enum status status = query_end(&q);
    return status == STATUS_OK ? appended : status;
}

static enum status read_signatures(struct ledger_reader *reader, struct audit_block *block)
{
    struct query q = query_of(
        reader, "SELECT validator, signature FROM seal WHERE height = ? ORDER BY validator");
    bind_u64(&q, block->height);
    block->signatures_stored = 0;
    block->signature_count = 0;
    while (query_row(&q)) {
        block->signatures_stored++;
        if (block->signature_count == COMMITTEE_MAX) continue;
        struct audit_signature *by = &block->signatures[block->signature_count++];
        int64_t validator = column_i64(&q);
        struct span bytes = column_blob(&q);
        by->validator = validator < 0 ? UINT64_MAX : (uint64_t)validator;
        by->whole = bytes.size == sizeof by->signature;
        memset(&by->signature, 0, sizeof by->signature);
        if (by->whole) memcpy(by->signature.bytes, bytes.data, bytes.size);
    }
    return query_end(&q);
}

enum status audit_source_block(struct ledger_reader *reader, uint64_t height,
                               struct audit_block *block)
{
    block->height = height;
    enum status status = read_header_row(reader, block);
    if (status == STATUS_OK && block->present) status = read_entries(reader, block);
    if (status == STATUS_OK && block->present) status = read_signatures(reader, block);
    return status;
}

enum status audit_source_header(struct ledger_reader *reader, uint64_t height, bool *present,
                                struct header *header)
{
    struct query q = query_of(reader, "SELECT header FROM block WHERE height = ?");
    bind_u64(&q, height);
    *present = false;
    if (query_row(&q)) {
        struct reader r = reader_of(column_blob(&q));
        header_read(&r, header);
        *present = q.status == STATUS_OK && reader_end(&r) == STATUS_OK;
    }
    return query_end(&q);
}

bool audit_source_set(struct ledger_reader *reader, uint64_t epoch, struct committee *committee)
{
    struct query q = query_of(reader, "SELECT validators FROM epoch WHERE number = ?");
    bool found = false;
    bind_u64(&q, epoch);
    if (query_row(&q)) {
        struct reader r = reader_of(column_blob(&q));
        found = committee_decode(&r, committee) == STATUS_OK && reader_end(&r) == STATUS_OK;
    }
    return query_end(&q) == STATUS_OK && found;
}
