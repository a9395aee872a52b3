/* Operations of a client, drawn. One draw a statement: C leaves the order of arguments open. */
#include "workload_internal.h"

#include <assert.h>

enum { AMOUNT_MAX = 400, KEYS = 12, CREATE_EVERY = 3, ROLELESS = 4 };

static uint64_t draw(struct workload *w, uint64_t least, uint64_t most)
{
    return stream_between(&w->stream, least, most);
}

void sign_for(struct workload *w, uint64_t account, enum level level)
{
    bool made = account > WORKLOAD_ACCOUNTS; /* of those that the bank's key holds */
    w->sign_with |= made ? 1u : 1u << (account - 1);
    if (account == ACCOUNT_SHARED && level >= LEVEL_MEDIUM) w->sign_with |= 1u << KEY_SHARED;
    if (account == ACCOUNT_SHARED && level == LEVEL_HIGH) w->sign_with |= 2u << KEY_SHARED;
    if (account == ACCOUNT_ICY || made) w->risky = true;
}

struct operation *draw_add(struct workload *w, enum operation_code code, uint64_t actor)
{
    ASSERT(w->tx.operation_count < GROUP_MAX);
    struct operation *o = &w->tx.operations[w->tx.operation_count++];
    *o = (struct operation){ .code = code, .actor = workload_account(actor) };
    sign_for(w, actor, operation_level(code));
    return o;
}

uint64_t draw_account(struct workload *w)
{
    return draw(w, 1, WORKLOAD_ACCOUNTS);
}

/* Somebody else; at times an account that was, or is still to be, created. */
uint64_t draw_other_account(struct workload *w, uint64_t than)
{
    uint64_t step = draw(w, 1, WORKLOAD_ACCOUNTS - 1);
    uint64_t made = draw(w, 1, w->made_accounts + 1u);
    bool created = stream_chance(&w->stream, 150);
    if (created) return WORKLOAD_ACCOUNTS + made;
    return (than - 1 + step) % WORKLOAD_ACCOUNTS + 1;
}

static struct id made_asset(uint64_t number)
{
    uint8_t code[12] = { 'X', (uint8_t)('0' + number / 10), (uint8_t)('0' + number % 10) };
    struct id issuer = workload_account(number % 2 ? ACCOUNT_BANK : ACCOUNT_ISSUER);
    return asset_id_of(&issuer, code);
}

/* EUR mostly. */
struct id draw_asset(struct workload *w)
{
    uint64_t which = draw(w, 0, 99);
    uint64_t made = draw(w, 0, w->made_assets);
    if (which < 80) return workload_asset(ASSET_EUR);
    if (which < 95 || w->made_assets == 0) return workload_asset(ASSET_OIL);
    return made_asset(made);
}

static struct span any_key(struct workload *w)
{
    static_assert(KEYS <= 100, "a name has two digits");
    uint8_t *name = w->names[w->tx.operation_count + w->tx.assert_count];
    uint64_t number = draw(w, 0, KEYS - 1);
    memcpy(name, "key-", 4);
    name[4] = (uint8_t)('0' + number / 10);
    name[5] = (uint8_t)('0' + number % 10);
    return span_of(name, 6);
}

/* ---- kinds ---- */

static void pay(struct workload *w, uint64_t amount_most)
{
    uint64_t from = draw_account(w);
    uint64_t to = draw_other_account(w, from);
    uint64_t amount = draw(w, 1, amount_most);
    bool back = stream_chance(&w->stream, 300);
    if (back && to > WORKLOAD_ACCOUNTS) {
        uint64_t swap = from;
        from = to;
        to = swap;
    }
    struct id asset = draw_asset(w);
    struct operation *o = draw_add(w, OP_TRANSFER, from);
    o->transfer.to = workload_account(to);
    o->transfer.asset = asset;
    o->transfer.amount = amount;
}

static void signer_write(uint8_t *bytes, const struct public_key *key)
{
    memcpy(bytes, key->bytes, sizeof key->bytes);
    bytes[SIGNER_BYTES - 1] = 1;
}

/* Numbers go up with time, but a wish may come twice, or fail and come again. */
static void create_account(struct workload *w)
{
    uint64_t back = draw(w, 0, CREATE_EVERY);
    uint64_t registrar = draw(w, ACCOUNT_BANK, ACCOUNT_ISSUER);
    uint8_t *signers = w->signers[w->tx.operation_count];
    if (w->made_accounts < MADE_ACCOUNTS_MAX && back > 0) w->made_accounts++;
    struct operation *o = draw_add(w, OP_ACCOUNT_CREATE, registrar);
    o->account_create.id = workload_account(WORKLOAD_ACCOUNTS + w->made_accounts);
    o->account_create.low = o->account_create.medium = o->account_create.high = 1;
    signer_write(signers, &w->keys[0]);
    o->account_create.signers = (struct signer_list){ 1, span_of(signers, SIGNER_BYTES) };
}

/* ACCOUNT_TURNING gets its next second signer; ACCOUNT_SHARED confirms its three. */
static void set_signers(struct workload *w)
{
    uint8_t *signers = w->signers[w->tx.operation_count];
    w->turns++;
    const struct public_key *stays = &w->keys[ACCOUNT_TURNING - 1];
    const struct public_key *turns = &w->keys[KEY_TURNING + w->turns % TURNING_KEYS];
    bool in_order = key_compare(stays, turns) < 0;
    struct operation *o = draw_add(w, OP_ACCOUNT_SET_SIGNERS, ACCOUNT_TURNING);
    o->account_set_signers.low = 1;
    o->account_set_signers.medium = 1;
    o->account_set_signers.high = 1;
    signer_write(signers, in_order ? stays : turns);
    signer_write(signers + SIGNER_BYTES, in_order ? turns : stays);
    o->account_set_signers.signers = (struct signer_list){ 2, span_of(signers, 2 * SIGNER_BYTES) };
}

static void freeze(struct workload *w)
{
    uint64_t which = draw(w, 0, 9);
    uint64_t made = draw(w, 1, w->made_accounts + 1u);
    bool frozen = stream_chance(&w->stream, 400);
    struct operation *o = draw_add(w, OP_ACCOUNT_FREEZE, ACCOUNT_BANK);
    uint64_t account = which < 6 ? ACCOUNT_ICY : WORKLOAD_ACCOUNTS + made;
    if (which == 9) account = ACCOUNT_BANK; /* a member's cannot be frozen */
    o->account_freeze.account = workload_account(account);
    o->account_freeze.frozen = frozen;
}

static void create_asset(struct workload *w)
{
    bool again = stream_chance(&w->stream, 300);
    if (!again && w->made_assets < MADE_ASSETS_MAX) w->made_assets++;
    uint32_t number = w->made_assets;
    struct operation *o = draw_add(w, OP_ASSET_CREATE, number % 2 ? ACCOUNT_BANK : ACCOUNT_ISSUER);
    o->asset_create.code[0] = 'X';
    o->asset_create.code[1] = (uint8_t)('0' + number / 10);
    o->asset_create.code[2] = (uint8_t)('0' + number % 10);
    o->asset_create.scale = 2;
    o->asset_create.max_supply = 5000;
}

static void mint(struct workload *w)
{
    uint64_t actor = draw(w, ACCOUNT_BANK, ACCOUNT_ISSUER);
    uint64_t amount = draw(w, 1, 2u * AMOUNT_MAX);
    uint64_t to = draw_account(w);
    struct id asset = draw_asset(w);
    struct operation *o = draw_add(w, OP_ASSET_MINT, actor);
    o->asset_mint.asset = asset;
    o->asset_mint.to = workload_account(to);
    o->asset_mint.amount = amount;
}

static void burn(struct workload *w)
{
    uint64_t actor = draw(w, ACCOUNT_BANK, ACCOUNT_ISSUER);
    uint64_t amount = draw(w, 1, AMOUNT_MAX);
    struct id asset = draw_asset(w);
    struct operation *o = draw_add(w, OP_ASSET_BURN, actor);
    o->asset_burn.asset = asset;
    o->asset_burn.amount = amount;
}

/* Versions are places in the chain, which a client that only writes does not know: now and then
 * one is right. */
static void put(struct workload *w)
{
    uint64_t owner = draw_account(w);
    uint64_t expect = draw(w, 0, 9);
    uint64_t height = draw(w, 1, 50);
    uint64_t size = draw(w, 0, 200);
    uint64_t large = draw(w, 0, 30);
    uint64_t fill = draw(w, 0, 255);
    uint8_t *value = w->values[w->tx.operation_count];
    struct span key = any_key(w);
    if (large == 0) size = VALUE_BYTES_MAX;
    memset(value, (int)fill, size);
    struct operation *o = draw_add(w, OP_KV_PUT, owner);
    o->kv_put.key = key;
    o->kv_put.expect = expect < 7 ? EXPECT_ANY : expect < 9 ? EXPECT_ABSENT : EXPECT_VERSION;
    o->kv_put.version = o->kv_put.expect == EXPECT_VERSION ? position_of(height, 0, 0) : 0;
    o->kv_put.value = span_of(value, size);
}

static void delete (struct workload *w)
{
    uint64_t owner = draw_account(w);
    uint64_t height = draw(w, 1, 50);
    bool expects = stream_chance(&w->stream, 100);
    struct span key = any_key(w);
    struct operation *o = draw_add(w, OP_KV_DELETE, owner);
    o->kv_delete.key = key;
    o->kv_delete.expect = expects ? EXPECT_VERSION : EXPECT_ANY;
    o->kv_delete.version = expects ? position_of(height, 0, 0) : 0;
}

/* ---- what transactions are made of ---- */

void draw_payment(struct workload *w)
{
    pay(w, AMOUNT_MAX);
}

void draw_other(struct workload *w)
{
    uint64_t kind = draw(w, 0, 99);
    if (kind < 30)
        put(w);
    else if (kind < 43)
        delete (w);
    else if (kind < 55)
        create_account(w);
    else if (kind < 61)
        set_signers(w);
    else if (kind < 68)
        freeze(w);
    else if (kind < 73)
        create_asset(w);
    else if (kind < 80)
        mint(w);
    else if (kind < 86)
        burn(w);
    else
        draw_any_hold(w);
}

void draw_group(struct workload *w)
{
    uint64_t count = draw(w, 2, GROUP_MAX);
    for (uint64_t i = 0; i < count; i++) {
        bool payment = stream_chance(&w->stream, 700);
        if (payment)
            pay(w, AMOUNT_MAX / 4);
        else
            draw_other(w);
    }
}

/* What is executed and fails, the last operation undoing the first. */
void draw_failing(struct workload *w)
{
    uint64_t kind = draw(w, 0, 5);
    pay(w, AMOUNT_MAX / 4);
    switch (kind) {
    case 0: pay(w, TX_AMOUNT_MAX); return; /* more than there is */
    case 1:
        mint(w);
        w->tx.operations[1].asset_mint.amount = TX_AMOUNT_MAX;
        return;
    case 2: /* no role */
        create_account(w);
        w->tx.operations[0].actor = w->tx.operations[1].actor = workload_account(ROLELESS);
        w->tx.operations[0].transfer.to = workload_account(ACCOUNT_BANK);
        w->sign_with = 0;
        sign_for(w, ROLELESS, LEVEL_MEDIUM);
        return;
    case 3: w->tx.operations[0].transfer.to = workload_account(60000); return; /* nobody */
    case 4: w->tx.operations[0].transfer.asset = made_asset(99); return;       /* nothing */
    default: draw_condition(w, false); return;
    }
}

void draw_condition(struct workload *w, bool holds)
{
    uint64_t kind = draw(w, ASSERT_BALANCE, ASSERT_HEIGHT_MAX);
    uint64_t account = draw_account(w);
    uint64_t field = draw(w, FIELD_POSTED, FIELD_AVAILABLE);
    uint64_t relation = draw(w, RELATION_EQUAL, RELATION_MOST);
    uint64_t number = draw(w, 0, 2000);
    struct span key = any_key(w);
    struct tx_assert *a = &w->tx.asserts[w->tx.assert_count++];
    *a = (struct tx_assert){ .kind = (enum assert_kind)kind };
    if (kind <= ASSERT_ACCOUNT_VERSION) a->account = workload_account(account);
    if (kind <= ASSERT_BALANCE_SEQ) a->asset = workload_asset(ASSET_EUR);
    if (kind == ASSERT_KV_VERSION || kind == ASSERT_KV_VALUE) a->key = key;
    if (kind == ASSERT_BALANCE) {
        a->field = (uint8_t)field;
        a->relation = holds ? RELATION_LEAST : (uint8_t)relation;
        a->amount = holds ? 0 : (int64_t)number;
    }
    if (kind == ASSERT_PARAMS_VERSION) a->number = holds ? 1 : 2;
    if (kind == ASSERT_HEIGHT_MAX) a->number = holds ? INT64_MAX : number;
}
