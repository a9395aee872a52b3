#include "ledger/reader_query.h"
#include <stdlib.h>

/* Stored numbers fit a signed 64-bit integer; heights are below 2^39, so positions do too. */
#define NUMBER_MAX ((uint64_t)INT64_MAX)
#define HEIGHT_LIMIT ((uint64_t)1 << 39)
#define BLOCK_COLUMNS "hash, header"

/* The hash is recomputed: a header that was edited in the file is not handed on as a block. */
static void block_of_row(struct query *q, struct block_row *block)
{
    column_digest(q, &block->hash);
    struct reader r = reader_of(column_blob(q));
    header_read(&r, &block->header);
    if (q->status == STATUS_OK && reader_end(&r) != STATUS_OK)
        query_damaged(q, "a stored header does not decode");
    struct digest hash = header_hash(&block->header);
    if (q->status == STATUS_OK && !digest_equal(&hash, &block->hash))
        query_damaged(q, "a stored header is not that of its hash");
}

enum status ledger_read_block(struct ledger_reader *reader, uint64_t height,
                              struct block_row *block)
{
    struct query q = query_of(reader, "SELECT " BLOCK_COLUMNS " FROM block WHERE height = ?");
    bind_u64(&q, height);
    if (query_row(&q)) block_of_row(&q, block);
    return query_end_one(&q);
}

enum status ledger_read_block_by_hash(struct ledger_reader *reader, const struct digest *hash,
                                      struct block_row *block)
{
    struct query q = query_of(reader, "SELECT " BLOCK_COLUMNS " FROM block WHERE hash = ?");
    bind_digest(&q, hash);
    if (query_row(&q)) block_of_row(&q, block);
    return query_end_one(&q);
}

enum status ledger_read_blocks(struct ledger_reader *reader, uint64_t from, uint64_t to,
                               bool descending, uint32_t limit, ledger_on_block *on_block,
                               void *context)
{
    const char *sql = descending ? "SELECT " BLOCK_COLUMNS " FROM block "
                                   "WHERE height BETWEEN ? AND ? ORDER BY height DESC LIMIT ?"
                                 : "SELECT " BLOCK_COLUMNS " FROM block "
                                   "WHERE height BETWEEN ? AND ? ORDER BY height LIMIT ?";
    struct query q = query_of(reader, sql);
    bind_u64(&q, from);
    bind_u64(&q, to);
    bind_u64(&q, limit);
    while (query_row(&q)) {
        struct block_row block;
        block_of_row(&q, &block);
        if (q.status != STATUS_OK || !on_block(context, &block)) break;
    }
    return query_end(&q);
}

enum status ledger_read_height_at(struct ledger_reader *reader, uint64_t time_ms, uint64_t *height)
{
    struct query q = query_of(
        reader, "SELECT height FROM block WHERE time_ms <= ? ORDER BY time_ms DESC LIMIT 1");
    bind_u64(&q, time_ms);
    if (query_row(&q)) *height = column_u64(&q, HEIGHT_LIMIT);
    return query_end_one(&q);
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Walks stored signatures by height and stops at the first height that has a quorum of its epoch.
 * A node adds late signatures only to the last blocks, so few rows are looked at. */
static enum status find_quorum(struct ledger_reader *reader, const char *sql, uint64_t from,
                               uint64_t *height)
{
    struct query q = query_of(reader, sql);
    uint64_t counted = UINT64_MAX, count = 0;
    bool found = false;
    bind_u64(&q, from);
    while (!found && query_row(&q)) {
        uint64_t at = column_u64(&q, HEIGHT_LIMIT);
        uint64_t quorum = column_u64(&q, COMMITTEE_MAX);
        count = at == counted ? count + 1 : 1;
        counted = at;
        found = q.status == STATUS_OK && count >= quorum;
        if (found) *height = at;
    }
    enum status status = query_end(&q);
    return status == STATUS_OK && !found ? STATUS_NOT_FOUND : status;
}

#define SEAL_QUORUMS \
    "SELECT s.height, e.quorum FROM seal s CROSS JOIN block b ON b.height = s.height " \
    "CROSS JOIN epoch e ON e.number = b.epoch "

enum status ledger_read_sealed_height(struct ledger_reader *reader, uint64_t *height)
{
    enum status status = find_quorum(
        reader, SEAL_QUORUMS "WHERE s.height <= ? ORDER BY s.height DESC", NUMBER_MAX, height);
    if (status != STATUS_NOT_FOUND) return status;
    *height = 0; /* Block 0 needs no seal: anyone recomputes it from the genesis. */
    return STATUS_OK;
}

enum status ledger_read_sealed_above(struct ledger_reader *reader, uint64_t height,
                                     uint64_t *sealed)
{
    return find_quorum(reader, SEAL_QUORUMS "WHERE s.height >= ? ORDER BY s.height", height,
                       sealed);
}

enum status ledger_read_head(struct ledger_reader *reader, struct ledger_read_head *head)
{
    struct query q = query_of(reader, "SELECT b.hash, b.header, l.epoch, l.sequence "
                                      "FROM ledger l CROSS JOIN block b ON b.height = l.height");
    if (query_row(&q)) {
        struct block_row block;
        block_of_row(&q, &block);
        head->header = block.header;
        head->hash = block.hash;
        head->epoch = column_u64(&q, NUMBER_MAX);
        head->sequence = column_u64(&q, NUMBER_MAX);
    }
    enum status status = query_end_one(&q);
    if (status != STATUS_OK) return status;
    return ledger_read_sealed_height(reader, &head->sealed_height);
}

enum status ledger_read_entry_total(struct ledger_reader *reader, uint64_t *entries)
{
    struct query q = query_of(
        reader, "SELECT max(height), coalesce(sum(entries), 0) FROM block WHERE height > ?");
    bind_u64(&q, reader->total_height);      /* block 0 has no entries */
    if (query_row(&q) && !column_null(&q)) { /* NULL: no block above the last call's */
        uint64_t height = column_u64(&q, HEIGHT_LIMIT);
        uint64_t total = column_u64(&q, NUMBER_MAX);
        if (q.status == STATUS_OK) {
            reader->total_height = height;
            reader->entry_total += total;
        }
    }
    enum status status = query_end_one(&q);
    if (status == STATUS_OK) *entries = reader->entry_total;
    return status;
}

enum status ledger_read_chain(struct ledger_reader *reader, struct digest *chain_id,
                              struct buffer *out)
{
    struct query q = query_of(reader, "SELECT chain_id, genesis FROM ledger");
    enum status appended = STATUS_OK;
    if (query_row(&q)) {
        column_digest(&q, chain_id);
        struct span genesis = column_blob(&q);
        if (q.status == STATUS_OK && out) appended = buffer_append(out, genesis);
    }
    enum status status = query_end_one(&q);
    return status == STATUS_OK ? appended : status;
}

enum status ledger_read_earliest(struct ledger_reader *reader, uint64_t *height)
{
    struct query q = query_of(reader, "SELECT min(height) FROM block");
    if (query_row(&q)) *height = column_u64(&q, HEIGHT_LIMIT);
    return query_end_one(&q);
}

/* ---- bytes and seals ------------------------------------------------------------------------ */

#define OF_BLOCK "FROM entry WHERE position BETWEEN ? AND ? AND kind = 1"

static void bind_block(struct query *q, uint64_t height)
{
    bind_u64(q, position_first(height));
    bind_u64(q, position_last(height));
}

/* How many transactions, and how many bytes they take with their lengths. */
static enum status block_extent(struct ledger_reader *reader, uint64_t height, uint64_t *count,
                                uint64_t *bytes)
{
    struct query q =
        query_of(reader, "SELECT count(*), coalesce(sum(length(data) + 4), 0) " OF_BLOCK);
    bind_block(&q, height);
    if (query_row(&q)) {
        *count = column_u64(&q, UINT32_MAX);
        *bytes = column_u64(&q, NUMBER_MAX);
    }
    return query_end_one(&q);
}

enum status ledger_read_block_size(struct ledger_reader *reader, uint64_t height, uint64_t *bytes)
{
    uint64_t count = 0, transactions = 0;
    enum status status = block_extent(reader, height, &count, &transactions);
    if (status == STATUS_OK) *bytes = HEADER_BYTES + 4 + transactions;
    return status;
}

static enum status append_u32(struct buffer *out, uint64_t value)
{
    uint8_t bytes[4];
    store_u32(bytes, (uint32_t)value);
    return buffer_append(out, span_of(bytes, sizeof bytes));
}

static enum status append_header(struct ledger_reader *reader, uint64_t height, struct buffer *out)
{
    struct query q = query_of(reader, "SELECT header FROM block WHERE height = ?");
    enum status appended = STATUS_OK;
    bind_u64(&q, height);
    if (query_row(&q)) {
        struct span header = column_blob(&q);
        if (header.size != HEADER_BYTES) query_damaged(&q, "a stored header has another size");
        if (q.status == STATUS_OK) appended = buffer_append(out, header);
    }
    enum status status = query_end_one(&q);
    return status == STATUS_OK ? appended : status;
}

static enum status append_transactions(struct ledger_reader *reader, uint64_t height,
                                       struct buffer *out)
{
    struct query q = query_of(reader, "SELECT data " OF_BLOCK " ORDER BY position");
    enum status appended = STATUS_OK;
    bind_block(&q, height);
    while (appended == STATUS_OK && query_row(&q)) {
        struct span data = column_blob(&q);
        if (q.status != STATUS_OK) break;
        appended = append_u32(out, data.size);
        if (appended == STATUS_OK) appended = buffer_append(out, data);
    }
    enum status status = query_end(&q);
    return status == STATUS_OK ? appended : status;
}

enum status ledger_read_block_bytes(struct ledger_reader *reader, uint64_t height,
                                    struct buffer *out)
{
    size_t before = out->size;
    uint64_t count = 0, bytes = 0;
    enum status status = block_extent(reader, height, &count, &bytes);
    if (status != STATUS_OK) return status;
    if (HEADER_BYTES + 4 + bytes > out->limit - out->size) {
        struct block_row block; /* A missing block is not a large one. */
        status = ledger_read_block(reader, height, &block);
        return status == STATUS_OK ? STATUS_TOO_LARGE : status;
    }

    status = append_header(reader, height, out);
    if (status == STATUS_OK) status = append_u32(out, count);
    if (status == STATUS_OK) status = append_transactions(reader, height, out);
    if (status != STATUS_OK) out->size = before;
    return status;
}

enum status ledger_read_seal(struct ledger_reader *reader, uint64_t height, struct seal *seal)
{
    struct query q = query_of(reader, "SELECT b.epoch, b.hash, s.validator, s.signature "
                                      "FROM seal s CROSS JOIN block b ON b.height = s.height "
                                      "WHERE s.height = ? ORDER BY s.validator");
    memset(seal, 0, sizeof *seal);
    seal->height = height;
    bind_u64(&q, height);
    while (query_row(&q)) {
        if (seal->count == COMMITTEE_MAX) {
            query_damaged(&q, "a block has more signatures than a set has validators");
            break;
        }
        struct seal_signature *by = &seal->signatures[seal->count++];
        seal->epoch = column_u64(&q, NUMBER_MAX);
        column_digest(&q, &seal->block_hash);
        by->validator = (uint16_t)column_u64(&q, UINT16_MAX);
        column_signature(&q, &by->signature);
    }
    return query_end_one(&q);
}

/* ---- epochs --------------------------------------------------------------------------------- */

#define EPOCH_COLUMNS "number, first_height, validators, params"

static void epoch_of_row(struct query *q, struct epoch_row *epoch)
{
    epoch->number = column_u64(q, NUMBER_MAX);
    epoch->first_height = column_u64(q, HEIGHT_LIMIT);
    struct reader r = reader_of(column_blob(q));
    enum status status = committee_decode(&r, &epoch->committee);
    if (q->status == STATUS_OK && (status != STATUS_OK || reader_end(&r) != STATUS_OK))
        query_damaged(q, "a stored validator set does not decode");
    r = reader_of(column_blob(q));
    status = params_decode(&r, &epoch->params);
    if (q->status == STATUS_OK && (status != STATUS_OK || reader_end(&r) != STATUS_OK))
        query_damaged(q, "an epoch's parameters do not decode");
}

enum status ledger_read_epochs(struct ledger_reader *reader, uint64_t from, uint32_t limit,
                               ledger_on_epoch *on_epoch, void *context)
{
    struct epoch_row *epoch = malloc(sizeof *epoch);
    if (!epoch) return STATUS_NO_MEMORY;
    struct query q = query_of(reader, "SELECT " EPOCH_COLUMNS " FROM epoch "
                                      "WHERE number >= ? ORDER BY number LIMIT ?");
    bind_u64(&q, from);
    bind_u64(&q, limit);
    while (query_row(&q)) {
        epoch_of_row(&q, epoch);
        if (q.status != STATUS_OK || !on_epoch(context, epoch)) break;
    }
    free(epoch);
    return query_end(&q);
}

enum status ledger_read_epoch_of(struct ledger_reader *reader, uint64_t height,
                                 struct epoch_row *epoch)
{
    struct query q = query_of(reader, "SELECT " EPOCH_COLUMNS " FROM epoch "
                                      "WHERE first_height <= ? ORDER BY number DESC LIMIT 1");
    bind_u64(&q, height);
    if (query_row(&q)) epoch_of_row(&q, epoch);
    return query_end_one(&q);
}

/* ---- evidence ------------------------------------------------------------------------------- */

enum status ledger_read_evidence(struct ledger_reader *reader, const struct digest *after,
                                 uint32_t limit, ledger_on_evidence *on_evidence, void *context)
{
    struct query q = query_of(reader, "SELECT id, kind, height, data FROM evidence WHERE id > ? "
                                      "ORDER BY id LIMIT ?");
    bind_blob(&q, after ? digest_span(after) : span_of("", 0));
    bind_u64(&q, limit);
    while (query_row(&q)) {
        struct evidence_row evidence;
        column_digest(&q, &evidence.id);
        evidence.kind = (uint8_t)column_u64(&q, UINT8_MAX);
        evidence.height = column_u64(&q, HEIGHT_LIMIT);
        evidence.data = column_blob(&q);
        if (q.status != STATUS_OK || !on_evidence(context, &evidence)) break;
    }
    return query_end(&q);
}
