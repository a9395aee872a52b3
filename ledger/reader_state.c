#include "ledger/reader_query.h"
#include <stdlib.h>

#define NUMBER_MAX ((uint64_t)INT64_MAX)

static const struct id id_lowest; /* zeros: no key is below it, and none equals it in practice */

/* "Above *after": ids are compared as blobs; an empty blob is below every id. */
static void bind_after(struct query *q, const struct id *after)
{
    if (after)
        bind_id(q, after);
    else
        bind_blob(q, span_of("", 0));
}

/* ---- accounts ------------------------------------------------------------------------------- */

#define ACCOUNT_COLUMNS \
    "a.id, a.version, a.flags, a.roles, a.low, a.medium, a.high, a.sponsor, a.balances, " \
    "a.metadata"

static void account_of_row(struct query *q, struct account *account)
{
    memset(account, 0, sizeof *account);
    column_id(q, &account->id);
    account->version = column_u64(q, NUMBER_MAX);
    account->flags = (uint8_t)column_u64(q, UINT8_MAX);
    account->roles = (uint32_t)column_u64(q, UINT32_MAX);
    account->low = (uint16_t)column_u64(q, UINT16_MAX);
    account->medium = (uint16_t)column_u64(q, UINT16_MAX);
    account->high = (uint16_t)column_u64(q, UINT16_MAX);
    column_id(q, &account->sponsor);
    account->balances = (uint32_t)column_u64(q, UINT32_MAX);
    column_digest(q, &account->metadata);
}

static enum status read_signers(struct ledger_reader *reader, struct account *account)
{
    struct query q =
        query_of(reader, "SELECT key, weight FROM signer WHERE account = ? ORDER BY key");
    bind_id(&q, &account->id);
    while (query_row(&q)) {
        if (account->signer_count == SIGNERS_MAX) {
            query_damaged(&q, "an account has more signers than the format allows");
            break;
        }
        struct account_signer *signer = &account->signers[account->signer_count++];
        column_key(&q, &signer->key);
        signer->weight = (uint8_t)column_u64(&q, UINT8_MAX);
    }
    return query_end(&q);
}

enum status ledger_read_account(struct ledger_reader *reader, const struct id *id,
                                struct account *account)
{
    struct query q = query_of(reader, "SELECT " ACCOUNT_COLUMNS " FROM account a WHERE a.id = ?");
    bind_id(&q, id);
    if (query_row(&q)) account_of_row(&q, account);
    enum status status = query_end_one(&q);
    return status == STATUS_OK ? read_signers(reader, account) : status;
}

enum status ledger_read_accounts(struct ledger_reader *reader, const struct id *after,
                                 uint32_t roles, const struct public_key *key, uint32_t limit,
                                 ledger_on_account *on_account, void *context)
{
    const char *sql = key ? "SELECT " ACCOUNT_COLUMNS " FROM signer s CROSS JOIN account a "
                            "ON a.id = s.account WHERE s.account > ? AND a.roles & ? = ? "
                            "AND s.key = ? ORDER BY s.account LIMIT ?"
                          : "SELECT " ACCOUNT_COLUMNS " FROM account a WHERE a.id > ? "
                            "AND a.roles & ? = ? ORDER BY a.id LIMIT ?";
    struct query q = query_of(reader, sql);
    bind_after(&q, after);
    bind_u64(&q, roles);
    bind_u64(&q, roles);
    if (key) bind_key(&q, key);
    bind_u64(&q, limit);

    enum status status = STATUS_OK;
    while (query_row(&q)) {
        struct account account;
        account_of_row(&q, &account);
        if (q.status == STATUS_OK) status = read_signers(reader, &account);
        if (q.status != STATUS_OK || status != STATUS_OK || !on_account(context, &account)) break;
    }
    enum status ended = query_end(&q);
    return ended == STATUS_OK ? status : ended;
}

/* ---- assets --------------------------------------------------------------------------------- */

#define ASSET_COLUMNS "id, version, issuer, code, scale, flags, max_supply, supply, metadata"

/* The code is TEXT, without the zeros that fill it up in the formats. */
static void asset_of_row(struct query *q, struct asset *asset)
{
    char code[sizeof asset->code + 1];
    memset(asset, 0, sizeof *asset);
    column_id(q, &asset->id);
    asset->version = column_u64(q, NUMBER_MAX);
    column_id(q, &asset->issuer);
    column_text(q, code, sizeof code);
    memcpy(asset->code, code, strlen(code));
    asset->scale = (uint8_t)column_u64(q, UINT8_MAX);
    asset->flags = (uint8_t)column_u64(q, UINT8_MAX);
    asset->max_supply = column_u64(q, NUMBER_MAX);
    asset->supply = column_u64(q, NUMBER_MAX);
    column_digest(q, &asset->metadata);
}

enum status ledger_read_asset(struct ledger_reader *reader, const struct id *id,
                              struct asset *asset)
{
    struct query q = query_of(reader, "SELECT " ASSET_COLUMNS " FROM asset WHERE id = ?");
    bind_id(&q, id);
    if (query_row(&q)) asset_of_row(&q, asset);
    return query_end_one(&q);
}

enum status ledger_read_assets(struct ledger_reader *reader, const struct id *after,
                               const struct id *issuer, const uint8_t *code, uint32_t limit,
                               ledger_on_asset *on_asset, void *context)
{
    /* A consortium has few assets; a filter looks at all of them. */
    struct query q = query_of(reader, "SELECT " ASSET_COLUMNS " FROM asset WHERE id > ? "
                                      "AND (? OR issuer = ?) AND (? OR code = ?) "
                                      "ORDER BY id LIMIT ?");
    char text[13] = "";
    if (code) memcpy(text, code, 12);
    bind_after(&q, after);
    bind_u64(&q, issuer == NULL);
    bind_id(&q, issuer ? issuer : &id_lowest);
    bind_u64(&q, code == NULL);
    bind_text(&q, text);
    bind_u64(&q, limit);
    while (query_row(&q)) {
        struct asset asset;
        asset_of_row(&q, &asset);
        if (q.status != STATUS_OK || !on_asset(context, &asset)) break;
    }
    return query_end(&q);
}

/* ---- balances and movements ----------------------------------------------------------------- */

#define BALANCE_COLUMNS "account, asset, posted, held_out, held_in, floor, flags, seq, head"

static void balance_of_row(struct query *q, struct balance *balance)
{
    column_id(q, &balance->account);
    column_id(q, &balance->asset);
    balance->posted = column_i64(q);
    balance->held_out = column_i64(q);
    balance->held_in = column_i64(q);
    balance->floor = column_i64(q);
    balance->flags = (uint8_t)column_u64(q, UINT8_MAX);
    balance->seq = column_u64(q, NUMBER_MAX);
    column_digest(q, &balance->head);
}

enum status ledger_read_balance(struct ledger_reader *reader, const struct id *account,
                                const struct id *asset, struct balance *balance)
{
    struct query q =
        query_of(reader, "SELECT " BALANCE_COLUMNS " FROM balance WHERE account = ? AND asset = ?");
    bind_id(&q, account);
    bind_id(&q, asset);
    if (query_row(&q)) balance_of_row(&q, balance);
    return query_end_one(&q);
}

enum status ledger_read_balances(struct ledger_reader *reader, const struct id *account,
                                 const struct id *asset, const struct id *after, uint32_t limit,
                                 ledger_on_balance *on_balance, void *context)
{
    ASSERT((account == NULL) != (asset == NULL));
    const char *sql = account ? "SELECT " BALANCE_COLUMNS " FROM balance "
                                "WHERE account = ? AND asset > ? ORDER BY asset LIMIT ?"
                              : "SELECT " BALANCE_COLUMNS " FROM balance "
                                "WHERE asset = ? AND account > ? ORDER BY account LIMIT ?";
    struct query q = query_of(reader, sql);
    bind_id(&q, account ? account : asset);
    bind_after(&q, after);
    bind_u64(&q, limit);
    while (query_row(&q)) {
        struct balance balance;
        balance_of_row(&q, &balance);
        if (q.status != STATUS_OK || !on_balance(context, &balance)) break;
    }
    return query_end(&q);
}

static void movement_of_row(struct query *q, struct movement_row *movement)
{
    movement->seq = column_u64(q, NUMBER_MAX);
    movement->position = column_u64(q, NUMBER_MAX);
    movement->d_posted = column_i64(q);
    movement->d_held_out = column_i64(q);
    movement->d_held_in = column_i64(q);
    movement->posted = column_i64(q);
    movement->held_out = column_i64(q);
    movement->held_in = column_i64(q);
}

enum status ledger_read_movements(struct ledger_reader *reader, const struct id *account,
                                  const struct id *asset, uint64_t first, uint64_t last,
                                  ledger_on_movement *on_movement, void *context)
{
    struct query q = query_of(reader, "SELECT seq, position, d_posted, d_held_out, d_held_in, "
                                      "posted, held_out, held_in FROM movement "
                                      "WHERE account = ? AND asset = ? AND seq BETWEEN ? AND ? "
                                      "ORDER BY seq");
    struct movement_row movement = { .account = *account, .asset = *asset };
    bind_id(&q, account);
    bind_id(&q, asset);
    bind_u64(&q, first);
    bind_u64(&q, last);
    while (query_row(&q)) {
        movement_of_row(&q, &movement);
        if (q.status != STATUS_OK || !on_movement(context, &movement)) break;
    }
    return query_end(&q);
}

enum status ledger_read_movement_records(struct ledger_reader *reader, const struct id *account,
                                         const struct id *asset, uint64_t first, uint64_t last,
                                         ledger_on_movement_record *on_movement, void *context)
{
    struct query q =
        query_of(reader, "SELECT m.seq, m.position, m.d_posted, m.d_held_out, m.d_held_in, "
                         "m.posted, m.held_out, m.held_in, CASE WHEN m.position = 1 "
                         "THEN (SELECT chain_id FROM ledger) ELSE e.id END "
                         "FROM movement m LEFT JOIN entry e ON e.position = m.position "
                         "WHERE m.account = ? AND m.asset = ? AND m.seq BETWEEN ? AND ? "
                         "ORDER BY m.seq");
    bind_id(&q, account);
    bind_id(&q, asset);
    bind_u64(&q, first);
    bind_u64(&q, last);
    while (query_row(&q)) {
        struct movement_row row;
        struct movement movement = { .account = *account, .asset = *asset };
        movement_of_row(&q, &row);
        movement.seq = row.seq;
        movement.position = row.position;
        movement.d_posted = row.d_posted;
        movement.d_held_out = row.d_held_out;
        movement.d_held_in = row.d_held_in;
        movement.posted = row.posted;
        movement.held_out = row.held_out;
        movement.held_in = row.held_in;
        column_digest(&q, &movement.entry_id);
        if (q.status != STATUS_OK || !on_movement(context, &movement)) break;
    }
    return query_end(&q);
}

enum status ledger_read_movement_count(struct ledger_reader *reader, const struct id *account,
                                       const struct id *asset, uint64_t height, uint64_t *count)
{
    return movement_seq_at(reader, account, asset, position_last(height), count);
}

static bool keep_movement(void *context, const struct movement_row *movement)
{
    *(struct movement_row *)context = *movement;
    return false;
}

enum status ledger_read_balance_at(struct ledger_reader *reader, const struct id *account,
                                   const struct id *asset, uint64_t height, struct balance *balance)
{
    uint64_t seq = 0;
    struct movement_row movement = { 0 };
    enum status status = movement_seq_at(reader, account, asset, position_last(height), &seq);
    if (status != STATUS_OK) return status;
    if (seq == 0) return STATUS_NOT_FOUND;

    status = ledger_read_movements(reader, account, asset, seq, seq, keep_movement, &movement);
    if (status != STATUS_OK) return status;
    *balance = (struct balance){
        .account = *account,
        .asset = *asset,
        .posted = movement.posted,
        .held_out = movement.held_out,
        .held_in = movement.held_in,
        .seq = movement.seq,
    };
    return STATUS_OK;
}

/* ---- records -------------------------------------------------------------------------------- */

#define KV_COLUMNS "version, owner, key, kind, value"

static void kv_of_row(struct query *q, struct kv_row *kv)
{
    kv->version = column_u64(q, NUMBER_MAX);
    column_id(q, &kv->owner);
    kv->key = column_blob(q);
    kv->kind = (uint8_t)column_u64(q, UINT8_MAX);
    kv->value = column_blob(q);
}

enum status ledger_read_kv(struct ledger_reader *reader, const struct id *owner, struct span key,
                           ledger_on_kv *on_kv, void *context)
{
    struct query q = query_of(reader, "SELECT " KV_COLUMNS " FROM kv WHERE owner = ? AND key = ?");
    bind_id(&q, owner);
    bind_blob(&q, key);
    if (query_row(&q)) {
        struct kv_row kv;
        kv_of_row(&q, &kv);
        if (q.status == STATUS_OK) on_kv(context, &kv);
    }
    return query_end_one(&q);
}

static bool begins_with(struct span text, struct span prefix)
{
    return text.size >= prefix.size &&
           (prefix.size == 0 || memcmp(text.data, prefix.data, prefix.size) == 0);
}

enum status ledger_read_kvs(struct ledger_reader *reader, const struct id *owner,
                            struct span prefix, struct span after, uint32_t limit,
                            ledger_on_kv *on_kv, void *context)
{
    struct query q = query_of(reader, "SELECT " KV_COLUMNS " FROM kv WHERE owner = ? "
                                      "AND key >= ? AND key > ? ORDER BY key LIMIT ?");
    bind_id(&q, owner);
    bind_blob(&q, prefix);
    bind_blob(&q, after);
    bind_u64(&q, limit);
    while (query_row(&q)) {
        struct kv_row kv;
        kv_of_row(&q, &kv);
        if (q.status != STATUS_OK || !begins_with(kv.key, prefix) || !on_kv(context, &kv)) break;
    }
    return query_end(&q);
}

enum status ledger_read_lane(struct ledger_reader *reader, const struct id *account, uint32_t lane,
                             uint64_t *next)
{
    struct query q = query_of(reader, "SELECT next FROM lane WHERE account = ? AND lane = ?");
    bind_id(&q, account);
    bind_u64(&q, lane);
    *next = 1;
    if (query_row(&q)) *next = column_u64(&q, NUMBER_MAX);
    return query_end(&q);
}
