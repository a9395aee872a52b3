/* bench/workload.h -- accounts with money, and signed transfers between them as JSON-RPC bodies.
 *
 * Everything is signed before the clock starts: what is measured is the network, not the client.
 */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include "format/transaction.h"
#include "network.h"

enum { PAYERS = 128, TERM_MS = 570000, PUT_KEY_BYTES = 16, PUT_VALUE_BYTES = 128 };

struct workload {
    struct network *network;
    struct digest chain_id;
    struct secret_key treasury_key, payer_key;
    struct public_key payer_public;
    struct id treasury, asset, payers[PAYERS];
    uint64_t references;
};

static inline uint64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static inline void transaction_begin(struct workload *w, struct transaction *tx, struct id source)
{
    memset(tx, 0, sizeof *tx);
    tx->chain_id = w->chain_id;
    tx->source = source;
    store_u64(tx->client_ref.bytes, ++w->references);
    tx->not_after_ms = wall_ms() + TERM_MS;
}

static inline struct operation *operation_add(struct transaction *tx, enum operation_code code)
{
    struct operation *operation = &tx->operations[tx->operation_count++];
    operation->code = code;
    operation->actor = tx->source;
    return operation;
}

/* {"jsonrpc":"2.0","id":N,"method":"tx_submit","params":{"tx":"...","wait":WAIT,...}} */
static inline char *submit_body(const struct workload *w, const struct transaction *tx,
                                const struct secret_key *key, const char *wait)
{
    struct writer body;
    struct writer whole;
    struct tx_signature signature;
    writer_init(&body, TX_BYTES_LIMIT);
    transaction_write_body(&body, tx);
    if (writer_status(&body) != STATUS_OK) give_up("a transaction breaks a static rule");
    struct digest txid = transaction_id(writer_span(&body));
    transaction_sign(key, &w->chain_id, &txid, &signature);
    writer_init(&whole, TX_BYTES_LIMIT);
    transaction_write_signed(&whole, writer_span(&body), &signature, 1);
    struct span bytes = writer_span(&whole);
    char *text = malloc(2 * bytes.size + 256);
    if (!text) give_up("out of memory");
    int head = sprintf(text,
                       "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"method\":\"tx_submit\","
                       "\"params\":{\"tx\":\"",
                       (unsigned long long)w->references);
    hex_encode(bytes, text + head);
    const char *timeout = strcmp(wait, "admitted") == 0 ? "" : ",\"timeout_ms\":30000";
    (void)sprintf(text + strlen(text), "\",\"wait\":\"%s\"%s}}", wait, timeout);
    writer_free(&body);
    writer_free(&whole);
    return text;
}

/* A transfer of the smallest unit from one payer to the next; several operations go to several. */
static inline char *transfer_body(struct workload *w, unsigned operations, const char *wait)
{
    static struct transaction tx;
    unsigned from = (unsigned)(w->references % PAYERS);
    transaction_begin(w, &tx, w->payers[from]);
    for (unsigned i = 0; i < operations; i++) {
        struct operation *operation = operation_add(&tx, OP_TRANSFER);
        operation->transfer.to = w->payers[(from + 1 + i % (PAYERS - 1)) % PAYERS];
        operation->transfer.asset = w->asset;
        operation->transfer.amount = 1;
    }
    return submit_body(w, &tx, &w->payer_key, wait);
}

/* 128 bytes under a key that is new, since the reference is. */
static inline char *put_body(struct workload *w)
{
    static struct transaction tx;
    static uint8_t key[PUT_KEY_BYTES];
    static uint8_t value[PUT_VALUE_BYTES];
    transaction_begin(w, &tx, w->payers[w->references % PAYERS]);
    store_u64(key, w->references);
    random_bytes(value, sizeof value);
    struct operation *operation = operation_add(&tx, OP_KV_PUT);
    operation->kv_put.key = span_of(key, sizeof key);
    operation->kv_put.value = span_of(value, sizeof value);
    return submit_body(w, &tx, &w->payer_key, "committed");
}

/* count bodies in one JSON-RPC batch. */
static inline char *batch_body(struct workload *w, unsigned count, unsigned operations)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) give_up("out of memory");
    for (unsigned i = 0; i < count; i++) {
        char *body = transfer_body(w, operations, "admitted");
        (void)fprintf(stream, "%c%s", i == 0 ? '[' : ',', body);
        free(body);
    }
    (void)fputc(']', stream);
    (void)fclose(stream);
    return text;
}

/* ---- set-up ---- */

static inline void treasury_does(struct workload *w, const struct transaction *tx)
{
    char *body = submit_body(w, tx, &w->treasury_key, "committed");
    json_t *document = json_loads(body, 0, NULL);
    json_t *result =
        network_call(w->network, 0, "tx_submit", json_incref(json_object_get(document, "params")));
    json_t *outcome = json_object_get(result, "result");
    const char *code = json_string_value(json_object_get(outcome, "code"));
    if (!code || strcmp(code, "ok") != 0) give_up("setting up accounts: %s", code ? code : "?");
    json_decref(result);
    json_decref(document);
    free(body);
}

static inline void workload_accounts(struct workload *w, struct transaction *tx)
{
    uint8_t signer[SIGNER_BYTES];
    memcpy(signer, w->payer_public.bytes, 32);
    signer[32] = 1;
    for (unsigned first = 0; first < PAYERS; first += 64) {
        transaction_begin(w, tx, w->treasury);
        for (unsigned i = first; i < first + 64; i++) {
            random_bytes(w->payers[i].bytes, sizeof w->payers[i].bytes);
            struct operation *operation = operation_add(tx, OP_ACCOUNT_CREATE);
            operation->account_create.id = w->payers[i];
            operation->account_create.low = operation->account_create.medium =
                operation->account_create.high = 1;
            operation->account_create.signers.count = 1;
            operation->account_create.signers.bytes = span_of(signer, sizeof signer);
        }
        treasury_does(w, tx);
    }
}

static inline void workload_money(struct workload *w, struct transaction *tx)
{
    static const uint8_t code[12] = "EUR";
    w->asset = asset_id_of(&w->treasury, code);
    transaction_begin(w, tx, w->treasury);
    struct operation *asset = operation_add(tx, OP_ASSET_CREATE);
    memcpy(asset->asset_create.code, code, sizeof code);
    asset->asset_create.scale = 2;
    asset->asset_create.max_supply = INT64_MAX;
    treasury_does(w, tx);
    for (unsigned first = 0; first < PAYERS; first += 64) {
        transaction_begin(w, tx, w->treasury);
        for (unsigned i = first; i < first + 64; i++) {
            struct operation *mint = operation_add(tx, OP_ASSET_MINT);
            mint->asset_mint.asset = w->asset;
            mint->asset_mint.to = w->payers[i];
            mint->asset_mint.amount = 1000000000;
        }
        treasury_does(w, tx);
    }
}

/* Accounts and money on a fresh network. */
static inline void workload_open(struct workload *w, struct network *network)
{
    char path[PATH_BYTES_MAX];
    struct problem problem;
    struct genesis *genesis;
    struct transaction *tx = malloc(sizeof *tx);
    memset(w, 0, sizeof *w);
    w->network = network;
    testnet_file(&network->net, "1/config/genesis.json", path);
    if (!tx || genesis_load(path, &genesis, &problem) != STATUS_OK) give_up("%s", problem.text);
    w->chain_id = genesis->chain_id;
    genesis_free(genesis);
    if (testnet_treasury_key(&network->net, &w->treasury_key, &problem) != STATUS_OK)
        give_up("%s", problem.text);
    w->treasury = network->net.treasury;
    key_generate(&w->payer_key, &w->payer_public);
    workload_accounts(w, tx);
    workload_money(w, tx);
    free(tx);
}

#endif
