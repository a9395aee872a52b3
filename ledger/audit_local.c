/* What no two nodes have alike, and what therefore has to be right by itself: evidence, slots,
 * signatures of blocks that are not there, the sequence that was reached. */
#include "ledger/audit_rows.h"
#include "ledger/ledger_inside.h"
#include "ledger/state_tree.h"
#include <inttypes.h>

static uint64_t last_height(const struct row_sides *sides)
{
    return ledger_head(sides->audit->ledger)->header.height;
}

#define FIND(sides, code, ...) \
    audit_find((sides)->audit, code, last_height(sides), FINDING_NO_ENTRY, __VA_ARGS__)

/* ---- slots ----------------------------------------------------------------------------------- */

/* Which slots there are is the node's own history. But together they cover every path once, in
 * order, and each is what its leaves give:
 *
 *     0000.. +-------+---+---+---------------+ ffff..
 *              depth 2  3   3   1
 */
struct slot_walk {
    struct row_sides *sides;
    sqlite3_stmt *slots, *leaves;
    uint8_t next[STATE_PREFIX_BYTES]; /* where the next slot has to begin */
    bool wrapped;                     /* all paths are covered */
    bool leaf;                        /* the leaf in hand is not yet in a slot */
    struct state_leaf in_slot[STATE_SLOT_LEAVES];
};

/* Adds one at bit number depth - 1: the prefix behind a slot. false: there is none. */
static bool prefix_add(uint8_t prefix[STATE_PREFIX_BYTES], unsigned depth)
{
    if (depth == 0) return false;
    unsigned carry = 1u << (7 - (depth - 1) % 8);
    for (unsigned i = (depth - 1) / 8 + 1; i-- > 0 && carry > 0;) {
        unsigned sum = prefix[i] + carry;
        prefix[i] = (uint8_t)sum;
        carry = sum >> 8;
    }
    return carry == 0;
}

static bool shares_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0) return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool next_leaf(struct slot_walk *walk)
{
    walk->leaf = audit_row(walk->sides, walk->leaves, "leaf");
    return walk->leaf;
}

/* Takes the leaves below a prefix. Returns how many; those beyond the limit are only counted. */
static uint64_t take_leaves(struct slot_walk *walk, const uint8_t *prefix, unsigned depth)
{
    uint64_t count = 0;
    struct digest path, hash;
    while (walk->leaf && audit_digest(walk->leaves, 0, &path) &&
           audit_digest(walk->leaves, 1, &hash) && shares_bits(path.bytes, prefix, depth)) {
        if (count < STATE_SLOT_LEAVES)
            walk->in_slot[count] = (struct state_leaf){ .path = path, .hash = hash };
        count++;
        next_leaf(walk);
    }
    return count;
}

static bool is_prefix(const uint8_t *prefix, unsigned depth)
{
    for (unsigned bit = depth; bit < 8 * STATE_PREFIX_BYTES; bit++)
        if (path_bit(prefix, bit)) return false;
    return true;
}

/* false: what follows cannot be judged. */
static bool check_slot(struct slot_walk *walk)
{
    struct row_sides *sides = walk->sides;
    sqlite3_stmt *row = walk->slots;
    char text[AUDIT_VALUE_TEXT];
    uint8_t prefix[STATE_PREFIX_BYTES];
    struct digest stored, computed;
    int64_t depth = sqlite3_column_int64(row, 1), count = sqlite3_column_int64(row, 2);
    bool shaped = sqlite3_column_bytes(row, 0) == STATE_PREFIX_BYTES && depth >= 0 &&
                  depth <= STATE_SLOT_DEPTH_MAX && audit_digest(row, 3, &stored);
    audit_value(row, 0, text);
    if (shaped) memcpy(prefix, sqlite3_column_blob(row, 0), sizeof prefix);
    if (!shaped || !is_prefix(prefix, (unsigned)depth)) {
        FIND(sides, FINDING_slot_mismatch, "slot %s is none", text);
        return false;
    }
    if (walk->wrapped || memcmp(prefix, walk->next, sizeof prefix) != 0) {
        FIND(sides, FINDING_slot_mismatch, "slot %s, depth %d, does not follow the one before",
             text, (int)depth);
        return false;
    }
    uint64_t have = take_leaves(walk, prefix, (unsigned)depth);
    walk->wrapped = !prefix_add(walk->next, (unsigned)depth);
    if ((uint64_t)count != have || have > STATE_SLOT_LEAVES) {
        FIND(sides, FINDING_slot_mismatch,
             "slot %s, depth %d: its count is %" PRId64 ", it has %" PRIu64 " leaves", text,
             (int)depth, count, have);
        return true;
    }
    computed = state_root_of(walk->in_slot, (size_t)have, (unsigned)depth);
    if (!digest_equal(&computed, &stored))
        FIND(sides, FINDING_slot_mismatch, "slot %s, depth %d: its leaves give another hash", text,
             (int)depth);
    return true;
}

static void check_slots(struct row_sides *sides)
{
    struct slot_walk walk = { .sides = sides };
    bool whole = true;
    walk.slots = audit_query(sides, sides->file, "SELECT prefix, depth, count, hash FROM slot");
    walk.leaves = audit_query(sides, sides->file, "SELECT path, hash FROM leaf");
    if (walk.slots && walk.leaves) {
        next_leaf(&walk);
        while (whole && audit_row(sides, walk.slots, "slot"))
            whole = check_slot(&walk);
        if (whole && (!walk.wrapped || walk.leaf))
            FIND(sides, FINDING_slot_mismatch, "the slots do not cover all leaves");
    }
    sqlite3_finalize(walk.slots);
    sqlite3_finalize(walk.leaves);
}

/* ---- signatures ------------------------------------------------------------------------------ */

/* Those of blocks were judged with their blocks. What stands out of order no search finds, and so
 * neither did the audit. */
static void check_seals(struct row_sides *sides)
{
    int64_t last[2] = { 0, -1 }, row[2];
    sqlite3_stmt *rows =
        audit_query(sides, sides->file, "SELECT height, validator FROM seal NOT INDEXED");
    while (rows && audit_row(sides, rows, "seal")) {
        row[0] = sqlite3_column_int64(rows, 0);
        row[1] = sqlite3_column_int64(rows, 1);
        bool behind = row[0] > last[0] || (row[0] == last[0] && row[1] > last[1]);
        if (row[0] < 1 || row[0] > (int64_t)last_height(sides))
            FIND(sides, FINDING_row_extra,
                 "seal height %" PRId64 ", validator %" PRId64 ": no block to be sealed", row[0],
                 row[1]);
        else if (!behind)
            FIND(sides, FINDING_row_extra,
                 "seal height %" PRId64 ", validator %" PRId64 ": out of order, no search finds it",
                 row[0], row[1]);
        memcpy(last, row, sizeof last);
    }
    sqlite3_finalize(rows);
}

/* ---- evidence -------------------------------------------------------------------------------- */

/* What seal_pair_write wrote. */
static bool read_pair(struct span data, struct seal_pair *pair)
{
    struct reader r = reader_of(data);
    memset(pair, 0, sizeof *pair);
    pair->first.epoch = pair->second.epoch = read_u64(&r);
    pair->first.height = pair->second.height = read_u64(&r);
    pair->first.by.validator = pair->second.by.validator = read_u16(&r);
    read_digest(&r, &pair->first.block_hash);
    read_digest(&r, &pair->second.block_hash);
    read_signature(&r, &pair->first.by.signature);
    read_signature(&r, &pair->second.by.signature);
    return reader_end(&r) == STATUS_OK;
}

/* Offers the file's evidence to the right ledger, which keeps what a node would keep: what proves
 * something, under the id that it must have. Then the table is compared like any other. */
void audit_take_evidence(struct row_sides *sides)
{
    sqlite3_stmt *rows = audit_query(sides, sides->file, "SELECT data FROM evidence");
    while (rows && audit_row(sides, rows, "evidence")) {
        struct seal_pair pair;
        struct span data =
            span_of(sqlite3_column_blob(rows, 0), (size_t)sqlite3_column_bytes(rows, 0));
        if (!read_pair(data, &pair)) continue;
        (void)ledger_store_evidence(sides->audit->ledger, &pair, NULL);
        if (ledger_status(sides->audit->ledger) != STATUS_OK)
            sides->audit->failed = ledger_status(sides->audit->ledger);
    }
    sqlite3_finalize(rows);
}

/* ---- the place ------------------------------------------------------------------------------- */

/* Batches that gave no block have a sequence, too: only a node's journal knows how many there were
 * behind the last block. */
static void check_place(struct row_sides *sides)
{
    const struct ledger_head *head = ledger_head(sides->audit->ledger);
    sqlite3_stmt *rows = audit_query(sides, sides->file, "SELECT sequence FROM ledger");
    if (rows && audit_row(sides, rows, "ledger")) {
        int64_t sequence = sqlite3_column_int64(rows, 0);
        if (sequence < 0 || (uint64_t)sequence < head->sequence)
            FIND(sides, FINDING_row_mismatch,
                 "ledger one 1: sequence is %" PRId64 ", below %" PRIu64 " of the last block",
                 sequence, head->sequence);
        else
            sides->audit->report->idle_batches = (uint64_t)sequence - head->sequence;
    }
    sqlite3_finalize(rows);
}

void audit_local(struct row_sides *sides)
{
    check_slots(sides);
    check_seals(sides);
    check_place(sides);
}
