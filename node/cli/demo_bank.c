/* node/cli/demo_bank.c -- the money of the demo. */
#include "node/cli/demo.h"

#include <stdio.h>
#include <stdlib.h>

enum { EXPIRES_MS = 300000, PATIENCE_MS = 60000 };
enum { MONEY = 100000000 }; /* a million euros in cents */

enum status demo_bank_open(struct demo_bank *bank, const struct testnet *net,
                           struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    memset(bank, 0, sizeof *bank);
    bank->tx = malloc(sizeof *bank->tx);
    if (!bank->tx) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    bank->treasury = net->treasury;
    random_bytes(&bank->alice, sizeof bank->alice);
    random_bytes(&bank->bob, sizeof bank->bob);
    static const uint8_t code[12] = { 'E', 'U', 'R' };
    bank->asset = asset_id_of(&bank->treasury, code);
    bank->url_count = net->count;
    for (uint16_t i = 0; i < net->count; i++) {
        testnet_url(net, i, bank->urls[i]);
        bank->url_list[i] = bank->urls[i];
    }
    testnet_file(net, "1/config/genesis.json", path);
    enum status status = genesis_load(path, &bank->genesis, problem);
    if (status == STATUS_OK) status = testnet_treasury_key(net, &bank->key, problem);
    if (status == STATUS_OK) key_public(&bank->key, &bank->public_key);
    return status;
}

void demo_bank_close(struct demo_bank *bank)
{
    genesis_free(bank->genesis);
    key_wipe(&bank->key);
    free(bank->tx);
    *bank = (struct demo_bank){ .tx = NULL };
}

/* ---- sending ---- */

struct round_context {
    struct demo_bank *bank;
    struct demo_round *round;
    bool founding;
    enum status status;
};

static enum status sign(struct demo_bank *bank, struct send_item *item)
{
    item->not_after_ms = bank->tx->not_after_ms;
    return draft_sign(bank->tx, &bank->key, &item->bytes, &item->txid);
}

static void draft_transfer(struct demo_bank *bank)
{
    draft_begin(bank->tx, &bank->genesis->chain_id, &bank->alice, draft_now_ms() + EXPIRES_MS);
    struct operation *operation = draft_add(bank->tx, OP_TRANSFER, &bank->alice);
    operation->transfer.to = bank->bob;
    operation->transfer.asset = bank->asset;
    operation->transfer.amount = DEMO_UNITS;
}

static void draft_founding(struct demo_bank *bank, uint8_t signer[SIGNER_BYTES])
{
    draft_begin(bank->tx, &bank->genesis->chain_id, &bank->treasury, draft_now_ms() + EXPIRES_MS);
    draft_signer(&bank->public_key, signer);
    draft_add_account(bank->tx, &bank->treasury, &bank->alice, signer);
    draft_add_account(bank->tx, &bank->treasury, &bank->bob, signer);
    struct operation *operation = draft_add(bank->tx, OP_ASSET_CREATE, &bank->treasury);
    memcpy(operation->asset_create.code, "EUR", 3);
    operation->asset_create.scale = 2;
    operation->asset_create.max_supply = TX_AMOUNT_MAX;
    operation = draft_add(bank->tx, OP_ASSET_MINT, &bank->treasury);
    operation->asset_mint.asset = bank->asset;
    operation->asset_mint.to = bank->alice;
    operation->asset_mint.amount = MONEY;
}

static enum sender_next next(void *context, struct send_item *item)
{
    struct round_context *c = context;
    uint8_t signer[SIGNER_BYTES];
    if (c->status != STATUS_OK || c->round->sent == c->round->wanted) return SENDER_END;
    if (c->founding)
        draft_founding(c->bank, signer);
    else
        draft_transfer(c->bank);
    c->status = sign(c->bank, item);
    if (c->status == STATUS_OK) c->round->sent++;
    return c->status == STATUS_OK ? SENDER_ITEM : SENDER_END;
}

static const char *result_word(const json_t *status)
{
    const char *word =
        json_string_value(json_object_get(json_object_get(status, "result"), "code"));
    return word ? word : "";
}

static void done(void *context, const struct send_item *item, const struct send_result *result)
{
    struct round_context *c = context;
    free((void *)(uintptr_t)item->bytes.data);
    const char *word = result->end == SUBMIT_END_COMMITTED ? result_word(result->status) : "";
    if (strcmp(word, "ok") == 0) {
        c->round->ok++;
        sample_add(&c->round->latency_us, result->latency_us);
    } else if (!c->round->problem[0]) {
        snprintf(c->round->problem, sizeof c->round->problem, "a transaction ended as \"%s\" %s %s",
                 word, result->failure->kind, result->failure->text);
    }
}

static bool stop(void *context)
{
    struct round_context *c = context;
    return c->bank->stop && c->bank->stop();
}

static enum status run(struct round_context *c, uint32_t in_flight, enum submit_until until,
                       struct problem *problem)
{
    struct sender_options options = { .urls = c->bank->url_list,
                                      .url_count = c->bank->url_count,
                                      .in_flight = in_flight,
                                      .until = until,
                                      .patience_ms = PATIENCE_MS,
                                      .next = next,
                                      .done = done,
                                      .stop = stop,
                                      .context = c };
    enum status status = sender_run(&options, problem);
    if (status == STATUS_OK && c->status != STATUS_OK)
        status =
            problem_set(problem, c->status, "building a transaction: %s", status_text(c->status));
    return status;
}

enum status demo_bank_found(struct demo_bank *bank, struct problem *problem)
{
    struct demo_round round = { .wanted = 1 };
    struct round_context c = { .bank = bank, .round = &round, .founding = true };
    enum status status = run(&c, 1, SUBMIT_UNTIL_COMMITTED, problem);
    sample_free(&round.latency_us);
    if (status == STATUS_OK && round.ok != 1)
        status = problem_set(problem, STATUS_REFUSED, "%s", round.problem);
    return status;
}

enum status demo_bank_transfers(struct demo_bank *bank, uint32_t count, uint32_t in_flight,
                                enum submit_until until, struct demo_round *round,
                                struct problem *problem)
{
    *round = (struct demo_round){ .wanted = count };
    struct round_context c = { .bank = bank, .round = round };
    return run(&c, in_flight, until, problem);
}

enum status demo_bank_transfer(struct demo_bank *bank, struct span *bytes, struct digest *txid,
                               uint64_t *not_after_ms)
{
    draft_transfer(bank);
    *not_after_ms = bank->tx->not_after_ms;
    return draft_sign(bank->tx, &bank->key, bytes, txid);
}
