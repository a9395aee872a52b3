/* What must hold of the file's own rows, whatever execution says: a mistake that the nodes and the
 * auditor have in common would show here. One walk for each; sums are built by SQLite, which
 * refuses to overflow. */
#include "ledger/audit_rows.h"
#include <inttypes.h>

static uint64_t last_height(const struct row_sides *sides)
{
    return ledger_head(sides->audit->ledger)->header.height;
}

#define FIND(sides, code, height, ...) \
    audit_find((sides)->audit, code, height, FINDING_NO_ENTRY, __VA_ARGS__)

/* ---- per asset ------------------------------------------------------------------------------- */

static const char sums[] =
    "SELECT s.id, s.supply, s.max_supply, coalesce(b.posted, 0), coalesce(b.held_out, 0),"
    " coalesce(b.held_in, 0), coalesce(h.amount, 0)"
    " FROM asset s"
    " LEFT JOIN (SELECT asset, sum(posted) AS posted, sum(held_out) AS held_out,"
    "  sum(held_in) AS held_in FROM balance GROUP BY asset) b ON b.asset = s.id"
    " LEFT JOIN (SELECT asset, sum(amount) AS amount FROM hold GROUP BY asset) h"
    "  ON h.asset = s.id";

static void check_assets(struct row_sides *sides)
{
    uint64_t height = last_height(sides);
    sqlite3_stmt *rows = audit_query(sides, sides->file, sums);
    while (rows && audit_row(sides, rows, "asset")) {
        char id[AUDIT_VALUE_TEXT];
        int64_t value[7];
        for (int i = 1; i < 7; i++)
            value[i] = sqlite3_column_int64(rows, i);
        audit_value(rows, 0, id);
        if (value[1] != value[3])
            FIND(sides, FINDING_supply_mismatch, height,
                 "asset %s: supply is %" PRId64 ", balances add up to %" PRId64, id, value[1],
                 value[3]);
        if (value[1] > value[2])
            FIND(sides, FINDING_supply_mismatch, height,
                 "asset %s: supply is %" PRId64 ", above its maximum %" PRId64, id, value[1],
                 value[2]);
        if (value[4] != value[6] || value[5] != value[6])
            FIND(sides, FINDING_holds_mismatch, height,
                 "asset %s: holds add up to %" PRId64 ", but %" PRId64 " is reserved and %" PRId64
                 " expected",
                 id, value[6], value[4], value[5]);
    }
    sqlite3_finalize(rows);
}

/* A balance of an asset that does not exist is in no sum above. */
static void check_balances(struct row_sides *sides)
{
    sqlite3_stmt *rows =
        audit_query(sides, sides->file,
                    "SELECT account, asset, posted - held_out, floor FROM balance"
                    " WHERE posted - held_out < floor OR held_out < 0 OR held_in < 0 OR floor > 0"
                    " OR asset NOT IN (SELECT id FROM asset)");
    while (rows && audit_row(sides, rows, "balance")) {
        char account[AUDIT_VALUE_TEXT], asset[AUDIT_VALUE_TEXT];
        FIND(sides, FINDING_floor_broken, last_height(sides),
             "balance account %s, asset %s: %lld is left, its floor is %lld",
             audit_value(rows, 0, account), audit_value(rows, 1, asset),
             (long long)sqlite3_column_int64(rows, 2), (long long)sqlite3_column_int64(rows, 3));
    }
    sqlite3_finalize(rows);
}

/* ---- movements ------------------------------------------------------------------------------- */

/* The movements of a balance, one after another, and the balance that they end in:
 *
 *     seq  d_posted  posted          posted(n) = posted(n - 1) + d_posted(n), and so for both
 *     1    +100      100             reservations; positions never fall; the last seq and the
 *     2    -30       70              last amounts are those of the balance
 */
struct movement_walk {
    struct row_sides *sides;
    sqlite3_stmt *movements, *balances;
    bool balance; /* there is one in hand */
    struct {
        int64_t seq, position, amounts[3];
    } last;
};

enum { SEQ = 2, POSITION, DELTAS, AMOUNTS = DELTAS + 3, BALANCE_AMOUNTS = 2, BALANCE_SEQ = 5 };

static bool same_balance(sqlite3_stmt *a, sqlite3_stmt *b)
{
    for (int i = 0; i < 2; i++) {
        int size = sqlite3_column_bytes(a, i);
        if (size != sqlite3_column_bytes(b, i)) return false;
        const void *left = sqlite3_column_blob(a, i), *right = sqlite3_column_blob(b, i);
        if (size > 0 && memcmp(left, right, (size_t)size) != 0) return false;
    }
    return true;
}

static uint64_t height_of(const struct movement_walk *walk, int64_t position)
{
    uint64_t last = last_height(walk->sides);
    return position < 0 ? last : min_u64((uint64_t)position >> 24, last);
}

static void broken(struct movement_walk *walk, sqlite3_stmt *row, int64_t position,
                   const char *what)
{
    char account[AUDIT_VALUE_TEXT], asset[AUDIT_VALUE_TEXT];
    FIND(walk->sides, FINDING_movement_chain_broken, height_of(walk, position),
         "account %s, asset %s, after seq %" PRId64 ": %s", audit_value(row, 0, account),
         audit_value(row, 1, asset), walk->last.seq, what);
}

static void check_movement(struct movement_walk *walk)
{
    sqlite3_stmt *row = walk->movements;
    int64_t seq = sqlite3_column_int64(row, SEQ), position = sqlite3_column_int64(row, POSITION);
    bool right = seq == walk->last.seq + 1 && position >= walk->last.position;
    for (int i = 0; i < 3; i++) {
        int64_t sum, amount = sqlite3_column_int64(row, AMOUNTS + i);
        int64_t delta = sqlite3_column_int64(row, DELTAS + i);
        right &= !__builtin_add_overflow(walk->last.amounts[i], delta, &sum) && sum == amount;
        walk->last.amounts[i] = amount;
    }
    if (!right) broken(walk, row, position, "the movement does not continue it");
    walk->last.seq = seq;
    walk->last.position = position;
}

static void check_end(struct movement_walk *walk)
{
    sqlite3_stmt *row = walk->balances;
    bool right = sqlite3_column_int64(row, BALANCE_SEQ) == walk->last.seq;
    for (int i = 0; i < 3; i++)
        right &= sqlite3_column_int64(row, BALANCE_AMOUNTS + i) == walk->last.amounts[i];
    if (!right) broken(walk, row, walk->last.position, "the balance does not end it");
}

static void check_movements(struct row_sides *sides)
{
    struct movement_walk walk = { .sides = sides };
    walk.movements = audit_query(sides, sides->file,
                                 "SELECT account, asset, seq, position, d_posted, d_held_out,"
                                 " d_held_in, posted, held_out, held_in FROM movement NOT INDEXED");
    walk.balances = audit_query(sides, sides->file,
                                "SELECT account, asset, posted, held_out, held_in, seq"
                                " FROM balance NOT INDEXED");
    bool both = walk.movements && walk.balances;
    bool movement = both && audit_row(sides, walk.movements, "movement");
    while (both && audit_row(sides, walk.balances, "balance")) {
        memset(&walk.last, 0, sizeof walk.last);
        while (movement && same_balance(walk.movements, walk.balances)) {
            check_movement(&walk);
            movement = audit_row(sides, walk.movements, "movement");
        }
        check_end(&walk);
    }
    if (movement) broken(&walk, walk.movements, -1, "a movement of no balance");
    sqlite3_finalize(walk.movements);
    sqlite3_finalize(walk.balances);
}

void audit_sums(struct row_sides *sides)
{
    check_assets(sides);
    check_balances(sides);
    check_movements(sides);
}
