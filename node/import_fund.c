/* node/import_fund.c -- accounts of an import, made and funded by the treasury. */
#include "node/import_internal.h"

#include "genesis/json.h"
#include <stdlib.h>

enum { FUND_IN_FLIGHT = 16, PATIENCE_MS = 120000 };

/* ---- which exist, and what they have ---- */

/* The accounts asked about in one request: their indexes in the list. */
struct asked {
    struct import *im;
    size_t indexes[IMPORT_BATCH];
    size_t count;
};

static enum status on_account(void *context, size_t index, const json_t *result)
{
    struct asked *asked = context;
    asked->im->accounts.list[asked->indexes[index]].exists = result != NULL;
    return STATUS_OK;
}

static enum status on_balance(void *context, size_t index, const json_t *result)
{
    struct asked *asked = context;
    const char *available = json_string_value(json_object_get(result, "available"));
    uint64_t balance = 0;
    /* A negative one is no money at all. */
    if (available) (void)amount_decode(available, &balance);
    asked->im->accounts.list[asked->indexes[index]].balance = balance;
    return STATUS_OK;
}

static json_t *params_of(const struct asked *asked, bool balances)
{
    json_t *params = json_array();
    for (size_t i = 0; i < asked->count; i++) {
        const struct import_account *account = &asked->im->accounts.list[asked->indexes[i]];
        json_t *one =
            json_pack("{s:o}", "account", json_address_new(ADDRESS_ACCOUNT, &account->id));
        if (balances)
            json_object_set_new(one, "asset",
                                json_address_new(ADDRESS_ASSET, &asked->im->options->asset));
        if (json_array_append_new(params, one) != 0) {
            json_decref(params);
            return NULL;
        }
    }
    return params;
}

static enum status ask_all(struct import *im, bool balances)
{
    struct asked asked = { .im = im };
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i <= im->accounts.count; i++) {
        bool end = i == im->accounts.count;
        const struct import_account *account = end ? NULL : &im->accounts.list[i];
        bool wanted = account && (!balances || (account->exists && account->pays));
        if (wanted) asked.indexes[asked.count++] = i;
        if (asked.count == IMPORT_BATCH || (end && asked.count > 0)) {
            status =
                import_ask(im, balances ? "balance_get" : "account_get",
                           params_of(&asked, balances), balances ? on_balance : on_account, &asked);
            im->report->stage_done += balances ? 0 : asked.count;
            asked.count = 0;
        }
    }
    return status;
}

/* ---- transactions of the treasury ---- */

struct funding {
    struct import *im;
    bool mints; /* else it makes accounts */
    size_t at;  /* next account to look at */
    bool failed;
    char why[256];
    uint64_t done;
    enum status status;
};

/* What a payer lacks for its rows. */
static uint64_t lack_of(const struct import_account *account)
{
    return account->sum > account->balance ? account->sum - account->balance : 0;
}

static bool add_operation(struct funding *f, const struct import_account *account)
{
    struct import *im = f->im;
    const struct id *treasury = &im->options->treasury;
    if (!account->wanted) return false;
    if (!f->mints) {
        if (account->exists) return false;
        draft_add_account(im->tx, treasury, &account->id, im->signer);
        return true;
    }
    if (lack_of(account) == 0) return false;
    struct operation *operation = draft_add(im->tx, OP_ASSET_MINT, treasury);
    operation->asset_mint.asset = im->options->asset;
    operation->asset_mint.to = account->id;
    operation->asset_mint.amount = lack_of(account);
    return true;
}

static enum sender_next next(void *context, struct send_item *item)
{
    struct funding *f = context;
    struct import *im = f->im;
    if (f->failed || f->status != STATUS_OK) return SENDER_END;
    draft_begin(im->tx, &im->options->chain_id, &im->options->treasury,
                draft_now_ms() + IMPORT_EXPIRES_MS);
    while (f->at < im->accounts.count && im->tx->operation_count < TX_OPERATIONS_MAX)
        (void)add_operation(f, &im->accounts.list[f->at++]);
    if (im->tx->operation_count == 0) return SENDER_END;
    item->user = (void *)(uintptr_t)im->tx->operation_count;
    item->not_after_ms = im->tx->not_after_ms;
    f->status = draft_sign(im->tx, im->options->key, &item->bytes, &item->txid);
    return f->status == STATUS_OK ? SENDER_ITEM : SENDER_END;
}

static void done(void *context, const struct send_item *item, const struct send_result *result)
{
    struct funding *f = context;
    free((void *)(uintptr_t)item->bytes.data);
    const json_t *outcome = json_object_get(result->status, "result");
    const char *code = json_string_value(json_object_get(outcome, "code"));
    if (result->end == SUBMIT_END_COMMITTED && code && strcmp(code, "ok") == 0) {
        f->done += (uint64_t)(uintptr_t)item->user;
        f->im->report->stage_done = f->done;
        return;
    }
    if (f->failed) return;
    f->failed = true;
    if (result->end == SUBMIT_END_COMMITTED)
        snprintf(f->why, sizeof f->why, "committed with result %s", code ? code : "unknown");
    else if (result->end == SUBMIT_END_REFUSED)
        snprintf(f->why, sizeof f->why, "refused: %s, %s", result->failure->kind,
                 result->failure->text);
    else
        snprintf(f->why, sizeof f->why, "not known to be committed");
}

static bool stop(void *context)
{
    return import_tick(((struct funding *)context)->im);
}

static enum status send_all(struct import *im, bool mints, uint64_t *count)
{
    struct funding f = { .im = im, .mints = mints };
    struct sender_options options = { .urls = im->options->urls,
                                      .url_count = im->options->url_count,
                                      .in_flight = FUND_IN_FLIGHT,
                                      .until = SUBMIT_UNTIL_COMMITTED,
                                      .patience_ms = PATIENCE_MS,
                                      .next = next,
                                      .done = done,
                                      .stop = stop,
                                      .context = &f };
    enum status status = sender_run(&options, im->problem);
    *count = f.done;
    if (status != STATUS_OK) return status;
    if (f.status != STATUS_OK)
        return problem_set(im->problem, f.status, "a transaction of the treasury: %s",
                           status_text(f.status));
    if (im->stopped) return problem_set(im->problem, STATUS_CLOSED, "stopped");
    if (f.failed)
        return problem_set(im->problem, STATUS_REFUSED, "the treasury's transaction that %s was %s",
                           mints ? "funds accounts" : "makes accounts", f.why);
    return STATUS_OK;
}

/* ---- the stages ---- */

static enum status refuse_missing(struct import *im)
{
    for (size_t i = 0; i < im->accounts.count; i++) {
        const struct import_account *account = &im->accounts.list[i];
        if (!account->wanted || account->exists) continue;
        char text[ADDRESS_TEXT];
        address_encode(ADDRESS_ACCOUNT, &account->id, text);
        return problem_set(im->problem, STATUS_NOT_FOUND, "account %s does not exist", text);
    }
    return STATUS_OK;
}

static uint64_t count_of(const struct import *im, bool mints)
{
    uint64_t count = 0;
    for (size_t i = 0; i < im->accounts.count; i++) {
        const struct import_account *account = &im->accounts.list[i];
        if (!account->wanted) continue;
        count += mints ? lack_of(account) > 0 : !account->exists;
    }
    return count;
}

enum status import_accounts_stage(struct import *im)
{
    enum status status = ask_all(im, false);
    return status == STATUS_OK && im->options->fund ? ask_all(im, true) : status;
}

enum status import_make_stage(struct import *im)
{
    if (!im->options->named) return refuse_missing(im);
    im->report->stage_total = count_of(im, false);
    return send_all(im, false, &im->report->accounts_created);
}

enum status import_fund_stage(struct import *im)
{
    im->report->stage_total = count_of(im, true);
    return send_all(im, true, &im->report->accounts_funded);
}
