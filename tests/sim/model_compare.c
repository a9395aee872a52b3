/* The state of a ledger, read as any client reads it, against the reference executor's. */
#include "model_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "genesis/address.h"

enum { PAGE = 1000 };

struct comparison {
    const struct model *model;
    struct problem *problem;
    uint32_t count; /* read so far */
    bool same;
    struct id last;
    uint8_t key[TX_KEY_BYTES_MAX];
    size_t key_size;
};

bool model_sums_hold(struct model *m, struct problem *problem)
{
    for (uint32_t i = 0; i < m->assets.count; i++)
        ((struct model_asset *)shelf_at(&m->assets, i))->sum = 0;
    for (uint32_t i = 0; i < m->balances.count; i++) {
        const struct model_balance *balance = shelf_at(&m->balances, i);
        struct model_asset *asset = model_asset(m, &balance->asset);
        if (asset && balance->exists) asset->sum += balance->posted;
    }
    for (uint32_t i = 0; i < m->assets.count; i++) {
        const struct model_asset *asset = shelf_at(&m->assets, i);
        if (asset->sum == (int64_t)asset->supply) continue;
        problem_set(problem, STATUS_MISMATCH,
                    "an asset's supply is %" PRIu64 ", the sum of its balances %" PRId64,
                    asset->supply, asset->sum);
        return false;
    }
    return true;
}

static uint32_t existing(const struct shelf *shelf, size_t exists_at)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < shelf->count; i++) {
        uint64_t exists;
        memcpy(&exists, (const uint8_t *)shelf_at(shelf, i) + exists_at, sizeof exists);
        count += exists != 0;
    }
    return count;
}

static bool differs(struct comparison *c, enum address_kind kind, const struct id *id,
                    const char *what)
{
    char text[ADDRESS_TEXT];
    address_encode(kind, id, text);
    c->same = false;
    problem_set(c->problem, STATUS_MISMATCH, "%s of %s differs", what, text);
    return false;
}

static bool read_whole(struct comparison *c, enum status status, const char *what,
                       uint32_t expected)
{
    if (!c->same) return false;
    if (status != STATUS_OK) {
        problem_set(c->problem, status, "the %s cannot be read", what);
        return false;
    }
    if (c->count == expected) return true;
    problem_set(c->problem, STATUS_MISMATCH, "there are %u %s, not %u", c->count, what, expected);
    return false;
}

/* ---- accounts ---- */

static bool same_signers(const struct model_account *ours, const struct account *account)
{
    if (ours->signers != account->signer_count) return false;
    for (unsigned i = 0; i < ours->signers; i++)
        if (memcmp(ours->signer[i], account->signers[i].key.bytes, 32) != 0 ||
            ours->signer[i][32] != account->signers[i].weight)
            return false;
    return true;
}

static bool on_account(void *context, const struct account *a)
{
    struct comparison *c = context;
    const struct model_account *ours = model_account(c->model, &a->id);
    c->count++;
    c->last = a->id;
    if (!ours) return differs(c, ADDRESS_ACCOUNT, &a->id, "existence");
    if (ours->version != a->version) return differs(c, ADDRESS_ACCOUNT, &a->id, "version");
    if (a->flags != (ours->frozen ? ACCOUNT_FROZEN : 0))
        return differs(c, ADDRESS_ACCOUNT, &a->id, "frozen state");
    if (ours->roles != a->roles || ours->balances != a->balances ||
        !id_equal(&ours->sponsor, &a->sponsor) || !digest_equal(&ours->metadata, &a->metadata))
        return differs(c, ADDRESS_ACCOUNT, &a->id, "record");
    if (ours->low != a->low || ours->medium != a->medium || ours->high != a->high ||
        !same_signers(ours, a))
        return differs(c, ADDRESS_ACCOUNT, &a->id, "authority");
    return true;
}

static bool same_accounts(struct comparison *c, struct ledger_reader *reader)
{
    enum status status;
    uint32_t before;
    c->count = 0;
    do {
        struct id after = c->last;
        before = c->count;
        status = ledger_read_accounts(reader, before ? &after : NULL, 0, NULL, PAGE, on_account, c);
    } while (status == STATUS_OK && c->same && c->count == before + PAGE);
    return read_whole(c, status, "accounts",
                      existing(&c->model->accounts, offsetof(struct model_account, exists)));
}

/* ---- assets and balances ---- */

static bool on_asset(void *context, const struct asset *a)
{
    struct comparison *c = context;
    const struct model_asset *ours = model_asset(c->model, &a->id);
    c->count++;
    if (!ours) return differs(c, ADDRESS_ASSET, &a->id, "existence");
    if (ours->supply != a->supply) return differs(c, ADDRESS_ASSET, &a->id, "supply");
    if (ours->version != a->version || ours->max_supply != a->max_supply ||
        ours->scale != a->scale || a->flags != 0 || !id_equal(&ours->issuer, &a->issuer) ||
        memcmp(ours->code, a->code, sizeof a->code) != 0 ||
        !digest_equal(&ours->metadata, &a->metadata))
        return differs(c, ADDRESS_ASSET, &a->id, "record");
    return true;
}

static bool same_assets(struct comparison *c, struct ledger_reader *reader)
{
    c->count = 0;
    enum status status = ledger_read_assets(reader, NULL, NULL, NULL, PAGE, on_asset, c);
    return read_whole(c, status, "assets",
                      existing(&c->model->assets, offsetof(struct model_asset, exists)));
}

static bool on_balance(void *context, const struct balance *b)
{
    struct comparison *c = context;
    const struct model_balance *ours = model_balance(c->model, &b->account, &b->asset);
    c->count++;
    if (!ours) return differs(c, ADDRESS_ACCOUNT, &b->account, "a balance's existence");
    if (ours->posted != b->posted) return differs(c, ADDRESS_ACCOUNT, &b->account, "a balance");
    if (ours->seq != b->seq)
        return differs(c, ADDRESS_ACCOUNT, &b->account, "a balance's number of movements");
    if (b->held_in != 0 || b->held_out != 0 || b->floor != 0)
        return differs(c, ADDRESS_ACCOUNT, &b->account, "a balance's holds");
    return true;
}

static bool same_balances(struct comparison *c, struct ledger_reader *reader)
{
    enum status status = STATUS_OK;
    c->count = 0;
    for (uint32_t i = 0; i < c->model->assets.count && status == STATUS_OK && c->same; i++) {
        const struct model_asset *asset = shelf_at(&c->model->assets, i);
        status = ledger_read_balances(reader, NULL, &asset->id, NULL, PAGE, on_balance, c);
    }
    return read_whole(c, status, "balances",
                      existing(&c->model->balances, offsetof(struct model_balance, exists)));
}

/* ---- values and lanes ---- */

static bool on_value(void *context, const struct kv_row *row)
{
    struct comparison *c = context;
    const struct model_value *ours = model_value(c->model, &row->owner, row->key);
    c->count++;
    if (!ours) return differs(c, ADDRESS_ACCOUNT, &row->owner, "a value's existence");
    struct digest hash = digest_of(TAG_KV_VALUE, row->value);
    if (ours->version != row->version)
        return differs(c, ADDRESS_ACCOUNT, &row->owner, "a value's version");
    if (ours->size != row->value.size || !digest_equal(&ours->hash, &hash))
        return differs(c, ADDRESS_ACCOUNT, &row->owner, "a value");
    return true;
}

static bool same_values(struct comparison *c, struct ledger_reader *reader)
{
    enum status status = STATUS_OK;
    struct span empty = span_of(NULL, 0);
    c->count = 0;
    for (uint32_t i = 0; i < c->model->accounts.count && status == STATUS_OK && c->same; i++) {
        const struct model_account *account = shelf_at(&c->model->accounts, i);
        status = ledger_read_kvs(reader, &account->id, empty, empty, PAGE, on_value, c);
    }
    return read_whole(c, status, "values",
                      existing(&c->model->values, offsetof(struct model_value, exists)));
}

static bool same_lanes(struct comparison *c, struct ledger_reader *reader)
{
    for (uint32_t i = 0; i < c->model->lanes.count; i++) {
        const struct model_lane *lane = shelf_at(&c->model->lanes, i);
        uint64_t next;
        enum status status =
            ledger_read_lane(reader, &lane->key.account, (uint32_t)lane->key.lane, &next);
        if (status != STATUS_OK || next != lane->next)
            return differs(c, ADDRESS_ACCOUNT, &lane->key.account, "a lane");
    }
    return true;
}

bool model_equals(const struct model *model, struct ledger_reader *reader, struct problem *problem)
{
    struct comparison c = { .model = model, .problem = problem, .same = true };
    return same_accounts(&c, reader) && same_assets(&c, reader) && same_balances(&c, reader) &&
           same_values(&c, reader) && same_lanes(&c, reader);
}
