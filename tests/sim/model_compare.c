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

/* What balances say is held, against the holds; in all assets together, for each is asked alike. */
static bool holds_tie(const struct model *m, struct problem *problem)
{
    for (uint32_t a = 0; a < m->assets.count; a++) {
        const struct model_asset *asset = shelf_at(&m->assets, a);
        int64_t out = 0, in = 0, holds = 0;
        for (uint32_t i = 0; i < m->balances.count; i++) {
            const struct model_balance *balance = shelf_at(&m->balances, i);
            if (!balance->exists || !id_equal(&balance->asset, &asset->id)) continue;
            out += balance->held_out;
            in += balance->held_in;
        }
        for (uint32_t i = 0; i < m->holds.count; i++) {
            const struct model_hold *hold = shelf_at(&m->holds, i);
            if (hold->exists && id_equal(&hold->asset, &asset->id)) holds += (int64_t)hold->amount;
        }
        if (out == holds && in == holds) continue;
        problem_set(problem, STATUS_MISMATCH,
                    "an asset's holds are %" PRId64 ", held out %" PRId64 ", held in %" PRId64,
                    holds, out, in);
        return false;
    }
    return true;
}

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
    return holds_tie(m, problem);
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
    if (ours->held_in != b->held_in || ours->held_out != b->held_out)
        return differs(c, ADDRESS_ACCOUNT, &b->account, "what a balance holds");
    if (ours->floor != b->floor)
        return differs(c, ADDRESS_ACCOUNT, &b->account, "a balance's floor");
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

/* ---- holds ---- */

static bool on_hold(void *context, const struct hold *h)
{
    struct comparison *c = context;
    const struct model_hold *ours = model_hold(c->model, &h->id);
    c->count++;
    if (!ours) return differs(c, ADDRESS_HOLD, &h->id, "existence");
    if (ours->version != h->version || ours->amount != h->amount ||
        ours->expires_ms != h->expires_ms || !digest_is_zero(&h->lock))
        return differs(c, ADDRESS_HOLD, &h->id, "record");
    if (!id_equal(&ours->payer, &h->payer) || !id_equal(&ours->payee, &h->payee) ||
        !id_equal(&ours->arbiter, &h->arbiter) || !id_equal(&ours->asset, &h->asset) ||
        !id_equal(&ours->group, &h->group))
        return differs(c, ADDRESS_HOLD, &h->id, "a name in the record");
    return true;
}

/* Each stands with its payer and with its payee. */
static bool same_holds(struct comparison *c, struct ledger_reader *reader)
{
    enum status status = STATUS_OK;
    c->count = 0;
    for (uint32_t i = 0; i < c->model->accounts.count && status == STATUS_OK && c->same; i++) {
        const struct model_account *account = shelf_at(&c->model->accounts, i);
        status = ledger_read_holds(reader, &account->id, NULL, NULL, UINT32_MAX, on_hold, c);
    }
    return read_whole(c, status, "holds",
                      2 * existing(&c->model->holds, offsetof(struct model_hold, exists)));
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
           same_holds(&c, reader) && same_values(&c, reader) && same_lanes(&c, reader);
}
