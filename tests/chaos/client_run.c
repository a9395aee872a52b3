/* tests/chaos/client_run.c -- what a client does all day, drawn from its seed. */
#include "client.h"

#include <stdlib.h>
#include <time.h>

enum {
    TERM_MS = 60000,      /* of most transactions */
    TERM_SHORT_MS = 1500, /* of some, so that transactions expire, too */
    TERM_SETUP_MS = 120000,
    OVERDRAW = 1000000000, /* more than anybody has */
    PAY_MAX = 60000,       /* sometimes more than the payer has left */
    VALUE_BYTES = 16,
};

/* ---- transactions ---- */

static unsigned any_account(struct worker *w)
{
    return (unsigned)worker_draw(w, ACCOUNTS);
}

static void add_payment(struct worker *w, unsigned from, uint64_t amount)
{
    unsigned to = (from + 1 + (unsigned)worker_draw(w, ACCOUNTS - 1)) % ACCOUNTS;
    struct operation *operation = tx_add(w, OP_TRANSFER);
    operation->transfer.to = w->bank->accounts[to];
    operation->transfer.asset = w->bank->asset;
    operation->transfer.amount = amount;
}

static struct sent payment(struct worker *w, uint64_t amount, uint64_t term_ms, bool forged)
{
    unsigned from = any_account(w);
    tx_begin(w, &w->bank->accounts[from], term_ms);
    add_payment(w, from, amount);
    if (worker_draw(w, 8) == 0) add_payment(w, from, 1 + worker_draw(w, PAY_MAX));
    return tx_sign(w, &w->bank->payer_key, forged);
}

/* Kept to be asked for and sent again. */
static void remember(struct worker *w, struct sent sent)
{
    size_t at = w->remembered_count;
    if (at < REMEMBERED)
        w->remembered_count++;
    else {
        at = worker_draw(w, REMEMBERED);
        sent_free(&w->remembered[at]);
    }
    w->remembered[at] = sent;
}

static const struct sent *any_remembered(struct worker *w)
{
    return w->remembered_count > 0 ? &w->remembered[worker_draw(w, w->remembered_count)] : NULL;
}

static void do_pay(struct worker *w)
{
    bool sealed = worker_draw(w, 8) == 0;
    struct sent sent = payment(w, 1 + worker_draw(w, PAY_MAX), TERM_MS, false);
    submit_everywhere(w, &sent, "pay", false,
                      sealed ? SUBMIT_UNTIL_SEALED : SUBMIT_UNTIL_COMMITTED);
    remember(w, sent);
}

static void do_pay_once(struct worker *w)
{
    uint64_t term_ms = worker_draw(w, 3) == 0 ? TERM_SHORT_MS : TERM_MS;
    struct sent sent = payment(w, 1 + worker_draw(w, PAY_MAX), term_ms, false);
    submit_once(w, &sent, "pay_once", false);
    remember(w, sent);
}

static void do_pay_short(struct worker *w)
{
    struct sent sent = payment(w, 1 + worker_draw(w, PAY_MAX), TERM_SHORT_MS, false);
    submit_everywhere(w, &sent, "pay_short", false, SUBMIT_UNTIL_COMMITTED);
    remember(w, sent);
}

static void do_overdraw(struct worker *w)
{
    struct sent sent = payment(w, OVERDRAW, TERM_MS, false);
    submit_everywhere(w, &sent, "overdraw", false, SUBMIT_UNTIL_COMMITTED);
    remember(w, sent);
}

static void do_forge(struct worker *w)
{
    struct sent sent = payment(w, 1, TERM_MS, true);
    submit_once(w, &sent, "forged", false);
    sent_free(&sent);
}

/* The same bytes again, whatever became of them. */
static void do_repeat(struct worker *w)
{
    const struct sent *sent = any_remembered(w);
    if (!sent) return;
    if (worker_draw(w, 2) == 0)
        submit_once(w, sent, "repeat_once", true);
    else
        submit_everywhere(w, sent, "repeat", true, SUBMIT_UNTIL_COMMITTED);
}

/* Another payment under a reference that was used before: at most one of the two may count. */
static void do_conflict(struct worker *w)
{
    const struct sent *first = any_remembered(w);
    if (!first) return;
    unsigned from = 0;
    while (id_compare(&w->bank->accounts[from], &first->source) != 0)
        from++;
    tx_begin(w, &first->source, TERM_MS);
    w->tx->client_ref = first->reference;
    add_payment(w, from, 1 + worker_draw(w, PAY_MAX));
    struct sent second = tx_sign(w, &w->bank->payer_key, false);
    submit_once(w, &second, "conflict", false);
    sent_free(&second);
}

/* Reads a record and replaces just that version: of two clients who do so at once, one loses. */
static void do_replace(struct worker *w)
{
    uint64_t version;
    uint8_t value[VALUE_BYTES];
    unsigned owner = any_account(w) % 2;
    uint8_t key[1] = { (uint8_t)worker_draw(w, KEYS) };
    if (!read_record(w, owner, key, worker_draw(w, 2) ? w->height : 0, &version)) return;
    tx_begin(w, &w->bank->accounts[owner], TERM_MS);
    store_u64(value, w->number);
    store_u64(value + 8, w->references);
    struct operation *operation = tx_add(w, OP_KV_PUT);
    operation->kv_put.key = span_of(key, sizeof key);
    operation->kv_put.expect = version > 0 ? EXPECT_VERSION : EXPECT_ABSENT;
    operation->kv_put.version = version;
    operation->kv_put.value = span_of(value, sizeof value);
    struct sent sent = tx_sign(w, &w->bank->payer_key, false);
    submit_everywhere(w, &sent, "replace", false, SUBMIT_UNTIL_COMMITTED);
    remember(w, sent);
}

/* ---- reads ---- */

static void do_balance(struct worker *w)
{
    uint64_t min_height = worker_draw(w, 2) == 0 ? w->height : 0;
    read_balance(w, any_account(w), min_height, 0);
}

static void do_past_balance(struct worker *w)
{
    if (w->height > 0) read_balance(w, any_account(w), 0, 1 + worker_draw(w, w->height));
}

static void do_record(struct worker *w)
{
    uint64_t version;
    uint8_t key[1] = { (uint8_t)worker_draw(w, KEYS) };
    (void)read_record(w, any_account(w) % 2, key, worker_draw(w, 2) ? w->height : 0, &version);
}

static void do_block(struct worker *w)
{
    uint64_t height = w->height > 0 && worker_draw(w, 2) ? 1 + worker_draw(w, w->height) : 0;
    read_block(w, height);
}

static void do_status(struct worker *w)
{
    const struct sent *sent = any_remembered(w);
    if (sent) read_status(w, sent);
}

/* ---- the day ---- */

static const struct {
    void (*act)(struct worker *);
    unsigned weight;
} acts[] = {
    { do_pay, 36 },     { do_pay_once, 10 }, { do_pay_short, 2 },    { do_overdraw, 3 },
    { do_forge, 2 },    { do_repeat, 5 },    { do_conflict, 3 },     { do_replace, 9 },
    { do_balance, 14 }, { do_record, 4 },    { do_past_balance, 4 }, { do_block, 4 },
    { do_status, 4 },
};
enum { WEIGHTS = 100 };

static void act(struct worker *w)
{
    uint64_t drawn = worker_draw(w, WEIGHTS);
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        if (drawn < acts[i].weight) {
            acts[i].act(w);
            return;
        }
        drawn -= acts[i].weight;
    }
}

void run_day(struct worker *w)
{
    while (!atomic_load(&w->bank->stop)) {
        act(w);
        uint64_t us = worker_draw(w, (uint64_t)w->bank->pace_ms * 2000 + 1);
        struct timespec pause = { (time_t)(us / 1000000), (long)(us % 1000000) * 1000 };
        nanosleep(&pause, NULL);
    }
}

/* ---- before it begins ---- */

static void add_account(struct worker *w, unsigned i, const uint8_t signer[SIGNER_BYTES])
{
    struct operation *operation = tx_add(w, OP_ACCOUNT_CREATE);
    operation->account_create.id = w->bank->accounts[i];
    operation->account_create.low = operation->account_create.medium =
        operation->account_create.high = 1;
    operation->account_create.signers.count = 1;
    operation->account_create.signers.bytes = span_of(signer, SIGNER_BYTES);
}

static bool treasury_does(struct worker *w)
{
    struct sent sent = tx_sign(w, &w->bank->treasury_key, false);
    bool done = submit_everywhere(w, &sent, "setup", false, SUBMIT_UNTIL_SEALED);
    sent_free(&sent);
    return done;
}

bool run_setup(struct worker *w)
{
    static const uint8_t code[12] = "EUR";
    uint8_t signer[SIGNER_BYTES];
    memcpy(signer, w->bank->payer_public.bytes, 32);
    signer[32] = 1;
    tx_begin(w, &w->bank->treasury, TERM_SETUP_MS);
    for (unsigned i = 0; i < ACCOUNTS; i++)
        add_account(w, i, signer);
    if (!treasury_does(w)) return false;
    tx_begin(w, &w->bank->treasury, TERM_SETUP_MS);
    struct operation *asset = tx_add(w, OP_ASSET_CREATE);
    memcpy(asset->asset_create.code, code, sizeof code);
    asset->asset_create.scale = 2;
    asset->asset_create.max_supply = INT64_MAX;
    if (!treasury_does(w)) return false;
    tx_begin(w, &w->bank->treasury, TERM_SETUP_MS);
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        struct operation *mint = tx_add(w, OP_ASSET_MINT);
        mint->asset_mint.asset = w->bank->asset;
        mint->asset_mint.to = w->bank->accounts[i];
        mint->asset_mint.amount = START_AMOUNT;
    }
    return treasury_does(w);
}
