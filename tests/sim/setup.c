/* Keys, genesis, transactions; the beginning and the end of a run. */
#include "sim_internal.h"

#include <stdio.h>
#include <stdlib.h>

static void make_transaction(struct sim *sim, uint32_t i, uint64_t at_ms)
{
    struct transaction *tx = calloc(1, sizeof *tx);
    ASSERT(tx != NULL);
    uint64_t from = stream_between(&sim->load, 0, SIM_ACCOUNTS - 1);
    uint64_t step = stream_between(&sim->load, 1, SIM_ACCOUNTS - 1);
    uint64_t amount = stream_between(&sim->load, 1, 400);
    tx->chain_id = sim->genesis->chain_id;
    tx->source = sim->accounts[from];
    store_u64(tx->client_ref.bytes, i + 1);
    uint64_t term = stream_between(&sim->load, 200, 6000);
    bool brief = stream_chance(&sim->load, sim->options.brief_permille);
    tx->not_after_ms = WALL_MS + (brief ? at_ms + term : 590000);
    tx->operation_count = 1;
    tx->operations[0].code = OP_TRANSFER;
    tx->operations[0].actor = sim->accounts[from];
    tx->operations[0].transfer.to = sim->accounts[(from + step) % SIM_ACCOUNTS];
    tx->operations[0].transfer.asset = sim->asset;
    tx->operations[0].transfer.amount = amount;
    struct writer body;
    writer_init(&body, TX_BYTES_LIMIT);
    transaction_write_body(&body, tx);
    ASSERT(writer_status(&body) == STATUS_OK);
    sim->txids[i] = transaction_id(writer_span(&body));
    struct tx_signature signature;
    transaction_sign(&sim->account_key, &sim->genesis->chain_id, &sim->txids[i], &signature);
    struct writer w;
    writer_init(&w, TX_BYTES_LIMIT);
    transaction_write_signed(&w, writer_span(&body), &signature, 1);
    sim->txs[i] = blob_copy(writer_span(&w));
    writer_free(&w);
    writer_free(&body);
    free(tx);
}

static void seeded_key(uint64_t number, struct secret_key *secret, struct public_key *key)
{
    uint8_t seed[32] = { 0 };
    store_u64(seed, number);
    key_from_seed(seed, secret, key);
}

static void genesis_validators(struct sim *sim, struct genesis *genesis)
{
    uint16_t count = sim->options.nodes;
    genesis->committee.count = count;
    genesis->validators = calloc(count, sizeof *genesis->validators);
    genesis->member_count = 1;
    genesis->members = calloc(1, sizeof *genesis->members);
    ASSERT(genesis->validators != NULL);
    ASSERT(genesis->members != NULL);
    genesis->members[0].account = sim->accounts[0];
    snprintf(genesis->members[0].name, sizeof genesis->members[0].name, "member");
    for (uint16_t i = 0; i < count; i++) {
        struct validator *validator = &genesis->committee.validators[i];
        struct secret_key node_key;
        validator->id.bytes[15] = (uint8_t)(i + 1);
        validator->member = sim->accounts[0];
        seeded_key(1000u + i, &sim->seal_keys[i], &validator->seal_key);
        seeded_key(2000u + i, &node_key, &genesis->validators[i].node_key);
        snprintf(genesis->validators[i].endpoint, sizeof genesis->validators[i].endpoint,
                 "127.0.0.1:%u", 7000u + i);
        possession_sign(&sim->seal_keys[i], genesis->network, &validator->id, &validator->member,
                        &genesis->validators[i].node_key, &genesis->validators[i].possession);
    }
}

static void genesis_accounts(struct sim *sim, struct genesis *genesis)
{
    genesis->account_count = SIM_ACCOUNTS;
    genesis->accounts = calloc(SIM_ACCOUNTS, sizeof *genesis->accounts);
    genesis->asset_count = 1;
    genesis->assets = calloc(1, sizeof *genesis->assets);
    genesis->balance_count = SIM_ACCOUNTS;
    genesis->balances = calloc(SIM_ACCOUNTS, sizeof *genesis->balances);
    ASSERT(genesis->accounts != NULL);
    ASSERT(genesis->assets != NULL);
    ASSERT(genesis->balances != NULL);
    struct genesis_asset *asset = &genesis->assets[0];
    asset->issuer = sim->accounts[0];
    memcpy(asset->code, "EUR", 3);
    asset->scale = 2;
    asset->max_supply = INT64_MAX;
    asset->supply = 1000u * SIM_ACCOUNTS;
    asset->id = sim->asset = asset_id_of(&asset->issuer, asset->code);
    struct public_key key;
    seeded_key(1, &sim->account_key, &key);
    for (uint32_t i = 0; i < SIM_ACCOUNTS; i++) {
        struct genesis_account *account = &genesis->accounts[i];
        account->id = sim->accounts[i];
        account->roles = i == 0 ? ROLE_ALL : 0;
        account->low = account->medium = account->high = 1;
        account->signer_count = 1;
        account->signers[0] = (struct account_signer){ key, 1 };
        genesis->balances[i] = (struct genesis_balance){ sim->accounts[i], sim->asset, 1000 };
    }
}

void set_up(struct sim *sim)
{
    uint64_t seed = sim->options.seed;
    sim->net = stream_of(seed, STREAM_NET);
    sim->disk = stream_of(seed, STREAM_DISK);
    sim->threads = stream_of(seed, STREAM_THREADS);
    sim->crash = stream_of(seed, STREAM_CRASH);
    sim->load = stream_of(seed, STREAM_LOAD);
    sim->clock = stream_of(seed, STREAM_CLOCK);
    sim->liar = stream_of(seed, STREAM_LIAR);
    for (uint16_t i = 0; i < sim->options.liars; i++)
        sim->nodes[i].liar = true;
    sim->heap = calloc(EVENTS_MAX, sizeof *sim->heap);
    sim->cache = verify_cache_new(65536);
    ASSERT(sim->heap != NULL);
    ASSERT(sim->cache != NULL);
    for (uint32_t i = 0; i < SIM_ACCOUNTS; i++)
        sim->accounts[i].bytes[15] = (uint8_t)(i + 1);
    sim->genesis =
        genesis_new("sim", PURPOSE_TEST, WALL_MS - 1000, ENGINE_HOTSTUFF, FAULT_BYZANTINE);
    ASSERT(sim->genesis != NULL);
    if (sim->options.nodes < 4) sim->genesis->params.values[PARAM_validators_min] = 1;
    genesis_validators(sim, sim->genesis);
    genesis_accounts(sim, sim->genesis);
    struct problem problem = { .status = STATUS_OK };
    enum status status = genesis_seal(sim->genesis, &problem);
    if (status != STATUS_OK) fprintf(stderr, "%s\n", problem.text);
    ASSERT(status == STATUS_OK);
    for (uint32_t i = 0; i < sim->options.transactions; i++) {
        uint64_t at = stream_between(&sim->load, 1, sim->options.faults_ms);
        if (sim->options.far_behind) at = (uint64_t)i * SIM_FAR_BEAT_MS + 1;
        make_transaction(sim, i, at);
        schedule(sim, at, (struct sim_event){ .type = SUBMIT, .number = i });
    }
    schedule(sim, 1000, (struct sim_event){ .type = FAULT });
    schedule(sim, 5000, (struct sim_event){ .type = PING });
    for (uint16_t n = 0; n < sim->options.nodes; n++) {
        schedule(sim, 1000 + n, (struct sim_event){ .type = CHECKPOINT, .node = n });
        open_node(sim, n);
    }
}

static void node_free(struct sim_node *node)
{
    replica_free(node->replica);
    if (node->alive) signer_free(node->signer);
    ledger_close(node->ledger);
    while (node->records_count > 0)
        blob_unref(node->records[--node->records_count].payload);
    free(node->records);
    for (size_t h = 0; h < BLOCKS_MAX; h++) {
        blob_unref(node->blocks[h]);
        free(node->seals[h]);
    }
}

void finish(struct sim *sim)
{
    for (uint16_t n = 0; n < sim->options.nodes; n++) {
        struct replica_status status;
        if (sim->nodes[n].replica) {
            replica_status(sim->nodes[n].replica, &status);
            sim->result->timeouts += status.engine.timeouts;
        }
        node_free(&sim->nodes[n]);
    }
    for (size_t i = 0; i < sim->heap_count; i++)
        event_free(&sim->heap[i]);
    for (uint32_t i = 0; i < sim->options.transactions; i++)
        blob_unref(sim->txs[i]);
    for (size_t i = 0; i < HEARD_MAX; i++)
        blob_unref(sim->heard[i].blob);
    free(sim->heap);
    verify_cache_free(sim->cache);
    genesis_free(sim->genesis);
}
