/* The history tree (RFC 6962 over the block hashes), read node by node.
 *
 * The table `history` keeps every complete subtree from level 1 up, and a tree over the first n
 * blocks is complete everywhere but along its right-hand edge. So a path through it costs at most
 * two rows a level, however long the ledger is.
 */
#include "ledger/reader_query.h"

enum { LEVELS_MAX = 40 }; /* heights are below 2^39 */

static void read_node(struct ledger_reader *reader, unsigned level, uint64_t index,
                      struct digest *hash, enum status *status)
{
    if (*status != STATUS_OK) return;
    struct query q =
        query_of(reader, level == 0 ? "SELECT hash FROM block WHERE height = ?"
                                    : "SELECT hash FROM history WHERE idx = ? AND level = ?");
    bind_u64(&q, index);
    if (level > 0) bind_u64(&q, level);
    if (query_row(&q)) column_digest(&q, hash);
    *status = query_end_one(&q);
    if (*status == STATUS_OK && level == 0) *hash = merkle_leaf(hash);
}

/* The largest power of two below count, as its exponent. count >= 2. */
static unsigned split_level(uint64_t count)
{
    unsigned level = 0;
    while (((uint64_t)2 << level) < count)
        level++;
    return level;
}

/* The root over the blocks start ... start + count - 1, where start is a multiple of the smallest
 * power of two that is not below count. */
static struct digest read_root(struct ledger_reader *reader, uint64_t start, uint64_t count,
                               enum status *status)
{
    struct digest hash = { { 0 } };
    if (*status != STATUS_OK) return hash;
    if ((count & (count - 1)) == 0) {
        unsigned level = count == 1 ? 0 : split_level(count) + 1;
        read_node(reader, level, start >> level, &hash, status);
        return hash;
    }
    uint64_t split = (uint64_t)1 << split_level(count);
    struct digest left = read_root(reader, start, split, status);
    struct digest right = read_root(reader, start + split, count - split, status);
    return merkle_node(&left, &right);
}

/* PATH(m, D[n]) of RFC 6962, 2.1.1, over the blocks from start on. */
static size_t read_path(struct ledger_reader *reader, uint64_t start, uint64_t index,
                        uint64_t count, struct digest *path, enum status *status)
{
    if (count == 1 || *status != STATUS_OK) return 0;
    uint64_t split = (uint64_t)1 << split_level(count);
    size_t length;
    if (index < split) {
        length = read_path(reader, start, index, split, path, status);
        path[length] = read_root(reader, start + split, count - split, status);
    } else {
        length = read_path(reader, start + split, index - split, count - split, path, status);
        path[length] = read_root(reader, start, split, status);
    }
    return length + 1;
}

/* SUBPROOF(m, D[n], b) of RFC 6962, 2.1.2. */
static size_t read_subproof(struct ledger_reader *reader, uint64_t start, uint64_t older,
                            uint64_t count, bool whole, struct digest *proof, enum status *status)
{
    if (*status != STATUS_OK) return 0;
    if (older == count) {
        if (whole) return 0;
        proof[0] = read_root(reader, start, count, status);
        return 1;
    }
    uint64_t split = (uint64_t)1 << split_level(count);
    size_t length;
    if (older <= split) {
        length = read_subproof(reader, start, older, split, whole, proof, status);
        proof[length] = read_root(reader, start + split, count - split, status);
    } else {
        length = read_subproof(reader, start + split, older - split, count - split, false, proof,
                               status);
        proof[length] = read_root(reader, start, split, status);
    }
    return length + 1;
}

enum status ledger_read_history_path(struct ledger_reader *reader, uint64_t height, uint64_t size,
                                     struct digest path[MERKLE_PATH_MAX], uint8_t *count)
{
    ASSERT(height < size);
    if (size >> (LEVELS_MAX - 1) != 0) return STATUS_NOT_FOUND;
    enum status status = STATUS_OK;
    *count = (uint8_t)read_path(reader, 0, height, size, path, &status);
    return status;
}

enum status ledger_read_history_consistency(struct ledger_reader *reader, uint64_t older,
                                            uint64_t size, struct digest proof[MERKLE_PATH_MAX],
                                            uint8_t *count)
{
    ASSERT(older <= size);
    *count = 0;
    if (older == 0) return STATUS_OK;
    if (size >> (LEVELS_MAX - 1) != 0) return STATUS_NOT_FOUND;
    enum status status = STATUS_OK;
    *count = (uint8_t)read_subproof(reader, 0, older, size, true, proof, &status);
    return status;
}

/* ---- the entries of a block ------------------------------------------------------------------ */

enum status ledger_read_entry_leaves(struct ledger_reader *reader, uint64_t height,
                                     struct digest *leaves, uint32_t count)
{
    struct query q = query_of(reader, "SELECT leaf FROM entry WHERE position BETWEEN ? AND ? "
                                      "ORDER BY position");
    uint32_t found = 0;
    bind_u64(&q, position_first(height));
    bind_u64(&q, position_last(height));
    while (query_row(&q)) {
        if (found == count) {
            query_damaged(&q, "a block has more entries than its header says");
            break;
        }
        column_digest(&q, &leaves[found++]);
    }
    if (q.status == STATUS_OK && found < count)
        query_damaged(&q, "a block has fewer entries than its header says");
    return query_end(&q);
}
