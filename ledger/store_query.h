/* ledger/store_query.h -- the inside of a store: prepared statements, binding, stepping. Included
 * by the files store*.c only, and by tests.
 */
#ifndef LEDGER_STORE_QUERY_H
#define LEDGER_STORE_QUERY_H

#include "ledger/store.h"
#include <sqlite3.h>

/* X(name, SQL). Parameters and columns are numbered in the order of the table. */
#define STORE_STATEMENTS(X) \
    X(WRITE_BLOCK, "INSERT INTO block VALUES (?,?,?,?,?,?,?)") \
    X(WRITE_ENTRY, "INSERT INTO entry VALUES (?,?,?,?,?,?,?,?,?,?)") \
    X(WRITE_OPERATION, "INSERT INTO operation VALUES (?,?,?,?,?,?)") \
    X(WRITE_TOUCH, "INSERT INTO touch VALUES (?,?)") \
    X(WRITE_MOVEMENT, "INSERT INTO movement VALUES (?,?,?,?,?,?,?,?,?,?)") \
    X(WRITE_HISTORY, "INSERT INTO history VALUES (?,?,?)") \
    X(WRITE_EPOCH, "INSERT INTO epoch VALUES (?,?,?,?,?,?,?,NULL,?)") \
    X(READ_BLOCK, "SELECT header, hash FROM block WHERE height = ?") \
    X(READ_LAST_HEIGHT, "SELECT max(height) FROM block") \
    X(READ_HISTORY, "SELECT hash FROM history WHERE level = ? AND idx = ?") \
    X(READ_EPOCH, "SELECT validators, params, first_height FROM epoch WHERE number = ?") \
    X(READ_ENTRY, "SELECT position FROM entry WHERE id = ?") \
    X(WRITE_SEAL, "INSERT INTO seal VALUES (?,?,?) ON CONFLICT DO NOTHING") \
    X(WRITE_EVIDENCE, "INSERT INTO evidence VALUES (?,?,?,?) ON CONFLICT DO NOTHING") \
    X(COUNT_SEAL, "SELECT count(*) FROM seal WHERE height = ?") \
    X(READ_SEALED, "SELECT s.height, count(*), e.quorum FROM seal s" \
                   " CROSS JOIN block b ON b.height = s.height" \
                   " CROSS JOIN epoch e ON e.number = b.epoch" \
                   " GROUP BY s.height ORDER BY s.height DESC") \
    X(READ_ACCOUNT, "SELECT version, flags, roles, low, medium, high, sponsor, balances, metadata" \
                    " FROM account WHERE id = ?") \
    X(READ_SIGNERS, "SELECT key, weight FROM signer WHERE account = ? ORDER BY key") \
    X(READ_ASSET, "SELECT version, issuer, code, scale, flags, max_supply, supply, metadata" \
                  " FROM asset WHERE id = ?") \
    X(READ_LINES, "SELECT -coalesce(sum(floor), 0) FROM balance WHERE asset = ? AND floor < 0") \
    X(READ_BALANCE, "SELECT posted, held_out, held_in, floor, flags, seq, head FROM balance" \
                    " WHERE account = ? AND asset = ?") \
    X(READ_HOLD, \
      "SELECT version, payer, payee, arbiter, asset, amount, expires_ms, group_id, lock" \
      " FROM hold WHERE id = ?") \
    X(READ_GROUP, "SELECT id FROM hold WHERE group_id = ? AND arbiter = ? ORDER BY id LIMIT ?") \
    X(READ_DUE_HOLDS, "SELECT id FROM hold WHERE expires_ms <= ?" \
                      " ORDER BY expires_ms, id LIMIT ?") \
    X(READ_NEXT_EXPIRY, "SELECT min(expires_ms) FROM hold") \
    X(WRITE_HOLD, "INSERT INTO hold VALUES (?,?,?,?,?,?,?,?,?,?)") \
    X(REMOVE_HOLD, "DELETE FROM hold WHERE id = ?") \
    X(WRITE_HOLD_END, "INSERT INTO hold_end VALUES (?,?,?)") \
    X(READ_KV, "SELECT version, kind, value FROM kv WHERE owner = ? AND key = ?") \
    X(READ_WINDOW, "SELECT not_after_ms, txid, position, code, at FROM recent" \
                   " WHERE source = ? AND client_ref = ?") \
    X(READ_LANE, "SELECT next FROM lane WHERE account = ? AND lane = ?") \
    X(WRITE_ACCOUNT, "INSERT INTO account VALUES (?,?,?,?,?,?,?,?,?,?,?)" \
                     " ON CONFLICT DO UPDATE SET version = ?3, flags = ?4, roles = ?5, low = ?6," \
                     " medium = ?7, high = ?8, sponsor = ?9, balances = ?10, metadata = ?11") \
    X(REMOVE_SIGNERS, "DELETE FROM signer WHERE account = ?") \
    X(WRITE_SIGNER, "INSERT INTO signer VALUES (?,?,?)") \
    X(WRITE_ASSET, "INSERT INTO asset VALUES (?,?,?,?,?,?,?,?,?,?)" \
                   " ON CONFLICT DO UPDATE SET version = ?3, flags = ?7, supply = ?9") \
    X(WRITE_BALANCE, "INSERT INTO balance VALUES (?,?,?,?,?,?,?,?,?)" \
                     " ON CONFLICT DO UPDATE SET posted = ?3, held_out = ?4, held_in = ?5," \
                     " floor = ?6, flags = ?7, seq = ?8, head = ?9") \
    X(WRITE_KV, "INSERT INTO kv VALUES (?,?,?,?,?) ON CONFLICT (owner, key)" \
                " DO UPDATE SET version = ?1, kind = ?4, value = ?5") \
    X(REMOVE_KV, "DELETE FROM kv WHERE owner = ? AND key = ?") \
    X(WRITE_WINDOW, "INSERT INTO recent VALUES (?,?,?,?,?,?,?)") \
    X(REMOVE_WINDOW, "DELETE FROM recent WHERE source = ? AND client_ref = ?") \
    X(WRITE_LANE, "INSERT INTO lane VALUES (?,?,?) ON CONFLICT DO UPDATE SET next = ?3") \
    X(READ_EXPIRED, "SELECT source, client_ref, not_after_ms, txid FROM recent" \
                    " WHERE not_after_ms < ? ORDER BY not_after_ms, txid LIMIT ?") \
    X(WRITE_MEMBER, "INSERT INTO member VALUES (?,?)") \
    X(REMOVE_MEMBERS, "DELETE FROM member") \
    X(WRITE_VALIDATOR, "INSERT INTO validator VALUES (?,?,?,?,?,?,?)" \
                       " ON CONFLICT DO UPDATE SET member = ?3, seal_key = ?4, node_key = ?5," \
                       " endpoint = ?6, status = ?7") \
    X(READ_VALIDATOR, "SELECT member, seal_key, node_key, endpoint, status FROM validator" \
                      " WHERE id = ?") \
    X(READ_VALIDATOR_IDS, "SELECT id FROM validator ORDER BY id") \
    X(READ_SET, "SELECT validators FROM epoch ORDER BY number DESC LIMIT 1") \
    X(WRITE_PROPOSAL, "INSERT INTO proposal VALUES (?,?,?,?,?,?,?)" \
                      " ON CONFLICT DO UPDATE SET status = ?4, record = ?7") \
    X(READ_PROPOSAL, "SELECT record FROM proposal WHERE number = ?") \
    X(READ_LIVE_PROPOSALS, "SELECT number FROM proposal WHERE status IN (1, 2) ORDER BY number") \
    X(READ_LAST_PROPOSAL, "SELECT max(number) FROM proposal") \
    X(WRITE_BALLOT, "INSERT INTO ballot VALUES (?,?,?,?)" \
                    " ON CONFLICT DO UPDATE SET vote = ?3, position = ?4") \
    X(WRITE_PARAM, "INSERT INTO param VALUES (?,?) ON CONFLICT DO UPDATE SET value = ?2") \
    X(READ_PARAMS, "SELECT name, value FROM param ORDER BY name") \
    X(READ_MEMBERS, "SELECT account, name FROM member ORDER BY account") \
    X(READ_LEAVES, "SELECT path, hash, value_hash FROM leaf WHERE path BETWEEN ? AND ? " \
                   "ORDER BY path") \
    X(WRITE_LEAF, "INSERT INTO leaf VALUES (?,?,?) " \
                  "ON CONFLICT DO UPDATE SET hash = ?2, value_hash = ?3") \
    X(REMOVE_LEAF, "DELETE FROM leaf WHERE path = ?") \
    X(READ_SLOTS, "SELECT prefix, depth, count, hash FROM slot ORDER BY prefix") \
    X(WRITE_SLOT, "INSERT INTO slot VALUES (?,?,?,?)" \
                  " ON CONFLICT DO UPDATE SET depth = ?2, count = ?3, hash = ?4") \
    X(REMOVE_SLOT, "DELETE FROM slot WHERE prefix = ?") \
    X(WRITE_PLACE, "INSERT INTO ledger VALUES (1,?,?,?,?,?)") \
    X(MOVE_PLACE, "UPDATE ledger SET height = ?, epoch = ?, sequence = ?") \
    X(READ_PLACE, "SELECT chain_id, height, epoch, sequence FROM ledger")

enum store_statement {
#define X(name, sql) STATEMENT_##name,
    STORE_STATEMENTS(X)
#undef X
        STATEMENT_COUNT
};

struct store {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT]; /* prepared when the schema is there */
    bool prepared;
    bool is_new;
    struct history_sink sink; /* row is NULL: there is none */
    int wal_frames;           /* after the last commit */
    enum status status;
    char error[256];
};

/* The first error stays. */
void store_fail(struct store *store, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, from what SQLite answered. */
void store_fail_sqlite(struct store *store, int code, const char *doing);

enum status status_of_store(int code);

/* A statement to bind and step, or NULL if the store has failed. */
sqlite3_stmt *store_statement(struct store *store, enum store_statement which);

/* The next row, or false at the end and after an error; resets the statement then. A caller that
 * stops before the end resets it. */
bool store_row(struct store *store, sqlite3_stmt *statement);

/* Steps a statement that has no rows. */
void store_run(struct store *store, sqlite3_stmt *statement);

/* Hands over what is bound to one of the four statements that append history, or inserts it. */
void store_append(struct store *store, enum history_table table, sqlite3_stmt *statement);

/* Binding and reading. Bytes must stay until the statement has run. u64 values of this format are
 * below 2^63 but for fractions, which come back by the same conversion. */
static inline void set_u64(sqlite3_stmt *s, int at, uint64_t value)
{
    sqlite3_bind_int64(s, at, (sqlite3_int64)value);
}

static inline void set_i64(sqlite3_stmt *s, int at, int64_t value)
{
    sqlite3_bind_int64(s, at, value);
}

static inline void set_bytes(sqlite3_stmt *s, int at, const void *bytes, size_t size)
{
    sqlite3_bind_blob64(s, at, size ? bytes : "", size, SQLITE_STATIC);
}

static inline void set_id(sqlite3_stmt *s, int at, const struct id *id)
{
    set_bytes(s, at, id->bytes, sizeof id->bytes);
}

static inline void set_id_or_null(sqlite3_stmt *s, int at, const struct id *id)
{
    if (id)
        set_id(s, at, id);
    else
        sqlite3_bind_null(s, at);
}

static inline void set_digest(sqlite3_stmt *s, int at, const struct digest *digest)
{
    set_bytes(s, at, digest->bytes, sizeof digest->bytes);
}

static inline void set_text(sqlite3_stmt *s, int at, const char *text)
{
    sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

static inline uint64_t get_u64(sqlite3_stmt *s, int at)
{
    return (uint64_t)sqlite3_column_int64(s, at);
}

static inline int64_t get_i64(sqlite3_stmt *s, int at)
{
    return sqlite3_column_int64(s, at);
}

/* Exactly size bytes, or the store fails: the schema says how long each column is. */
void get_bytes(struct store *store, sqlite3_stmt *s, int at, void *bytes, size_t size);

static inline void get_id(struct store *store, sqlite3_stmt *s, int at, struct id *id)
{
    get_bytes(store, s, at, id->bytes, sizeof id->bytes);
}

static inline void get_digest(struct store *store, sqlite3_stmt *s, int at, struct digest *digest)
{
    get_bytes(store, s, at, digest->bytes, sizeof digest->bytes);
}

#endif
