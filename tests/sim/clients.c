/* Clients: each has one transaction. It gives it to a node, and again to another one a while later
 * if it has not been told that it is in a sealed block; it gives up when it is refused. */
#include "sim_internal.h"

#include <stdlib.h>

enum { REFUSED_MAX = 3, HOPELESS_ATTEMPTS = 3 };

/* ---- by transaction id ---- */

static uint32_t *place(struct clients *clients, const struct digest *txid)
{
    uint64_t at = load_u64(txid->bytes);
    for (;; at++) {
        uint32_t *slot = &clients->table[at % clients->table_size];
        if (*slot == 0 || digest_equal(&clients->list[*slot - 1].txid, txid)) return slot;
    }
}

static void table_grow(struct clients *clients)
{
    free(clients->table);
    clients->table_size = clients->table_size ? clients->table_size * 4 : 1024;
    clients->table = calloc(clients->table_size, sizeof *clients->table);
    ASSERT(clients->table != NULL);
    for (uint32_t i = 0; i < clients->count; i++)
        if (clients->list[i].made) *place(clients, &clients->list[i].txid) = i + 1;
}

/* ---- submitting ---- */

/* A new client, at a time when it has something to submit. The same transaction may come twice. */
static uint32_t client_new(struct sim *sim)
{
    struct clients *clients = &sim->clients;
    if (clients->count == clients->capacity) {
        clients->capacity = clients->capacity ? clients->capacity * 2 : 256;
        clients->list = realloc(clients->list, clients->capacity * sizeof *clients->list);
        clients->open = realloc(clients->open, clients->capacity * sizeof *clients->open);
        ASSERT(clients->list != NULL);
        ASSERT(clients->open != NULL);
    }
    if (2 * (clients->count + 1) > clients->table_size) table_grow(clients);
    struct client *client = &clients->list[clients->count];
    *client = (struct client){ .came_ms = sim->now_ms, .at = REPLICAS_MAX };
    uint64_t wall_ms = (uint64_t)WORKLOAD_WALL_BASE * 1000 + sim->now_ms;
    client->transaction = workload_next(sim->workload, wall_ms, &client->txid, &client->hopeless);
    uint32_t *slot = place(clients, &client->txid);
    client->made = *slot == 0;
    client->place = clients->open_count;
    clients->open[clients->open_count++] = clients->count;
    clients->count++;
    if (client->made) {
        *slot = clients->count;
        checker_made(sim->checker, &client->txid, blob_span(client->transaction));
    }
    return clients->count - 1;
}

static void client_done(struct sim *sim, struct client *client)
{
    if (client->done) return;
    client->done = true;
    struct clients *clients = &sim->clients;
    uint32_t last = clients->open[--clients->open_count];
    clients->open[client->place] = last;
    clients->list[last].place = client->place;
}

static void submit_again(struct sim *sim, uint64_t number)
{
    uint64_t pause = stream_between(&sim->load, 1000, 3000);
    struct sim_event event = { .type = SIM_SUBMIT, .number = number };
    queue_push(sim, sim->now_ms + pause, &event);
}

static void submit_to(struct sim *sim, uint64_t number, uint16_t n)
{
    struct client *client = &sim->clients.list[number];
    struct sim_node *node = &sim->nodes[n];
    client->at = n;
    client->attempts++;
    submit_again(sim, number);
    if (!node->alive || sim->now_ms < node->paused_until_ms) return;
    replica_submit(node->replica, moment_of(sim, n), number + 1, client->transaction);
    world_drain(sim, n);
}

static uint16_t choose_node(struct sim *sim)
{
    uint64_t drawn = stream_between(&sim->load, 0, sim->replicas - 1u);
    if (sim->phase != PHASE_CORE) return (uint16_t)drawn;
    while (!(sim->plan->core >> drawn & 1))
        drawn = (drawn + 1) % sim->replicas;
    return (uint16_t)drawn;
}

/* number UINT64_MAX: a client that does not exist yet. */
void clients_submit(struct sim *sim, uint64_t number)
{
    if (number == UINT64_MAX) {
        number = client_new(sim);
        sim->clients.to_come--;
    }
    uint16_t n = choose_node(sim);
    struct client *client = &sim->clients.list[number];
    if (client->hopeless && client->attempts >= HOPELESS_ATTEMPTS) client_done(sim, client);
    if (!client->done) submit_to(sim, number, n);
}

void clients_burst(struct sim *sim, uint16_t n, uint64_t count)
{
    for (uint64_t i = 0; i < count && !sim->failed; i++) {
        uint32_t number = client_new(sim);
        submit_to(sim, number, n);
    }
}

/* ---- what they are told ---- */

/* The first one who has come since the leader was killed, and is served. */
static void recovered(struct sim *sim, const struct client *client)
{
    if (!sim->leaderless || client->came_ms <= sim->leader_died_ms) return;
    sim->leaderless = false;
    if (sim->result->recovered < KILLS_MAX)
        sim->result->recovered_ms[sim->result->recovered++] =
            (uint32_t)(sim->now_ms - sim->leader_died_ms);
}

/* The node says: in this block, which is sealed. A client believes that of an honest node alone (of
 * any node it would, with the proof). */
static void ask(struct sim *sim, struct sim_node *node, struct client *client)
{
    uint64_t position;
    uint16_t code;
    uint8_t at;
    if (client->done || !node->honest || node->frail) return;
    if (ledger_read_entry_place(node->reader, &client->txid, &position, &code, &at) != STATUS_OK)
        return;
    uint64_t height = position_height(position);
    if (height > node->sealed) return;
    checker_receipt(sim->checker, node->number, &client->txid, height, code);
    checker_acknowledged(sim->checker, node->number, height);
    recovered(sim, client);
    client_done(sim, client);
}

void clients_answered(struct sim *sim, struct sim_node *node, const struct output *output)
{
    ASSERT(output->ticket >= 1);
    ASSERT(output->ticket <= sim->clients.count);
    struct client *client = &sim->clients.list[output->ticket - 1];
    switch (output->refusal.code) {
    case REFUSAL_none:
    case REFUSAL_mempool_full:
    case REFUSAL_source_quota:
    case REFUSAL_tx_lane_gap:
    case REFUSAL_tx_too_early: return; /* It waits, or asks again. */
    case REFUSAL_duplicate: ask(sim, node, client); return;
    default: break;
    }
    client->refused++;
    if (client->refused >= REFUSED_MAX) client_done(sim, client);
}

/* Somebody's ledger has this block. */
void clients_executed(struct sim *sim, const struct execution *execution)
{
    for (uint32_t i = 0; i < execution->entry_count; i++) {
        uint32_t number = *place(&sim->clients, &execution->entries[i].id);
        if (number > 0 && sim->clients.list[number - 1].hopeless)
            sim_fail(sim, CHECK_EXECUTION, "a transaction that nobody may execute is in block %llu",
                     (unsigned long long)execution->header.height);
    }
}

/* These blocks are sealed at a node: whoever waits there is told. */
void clients_sealed(struct sim *sim, struct sim_node *node)
{
    for (uint32_t i = sim->clients.open_count; i-- > 0;) {
        struct client *client = &sim->clients.list[sim->clients.open[i]];
        if (client->at == node->number) ask(sim, node, client);
    }
}

/* ---- begin and end ---- */

void clients_begin(struct sim *sim)
{
    const struct plan *plan = sim->plan;
    if (sim->clients.table_size == 0) table_grow(&sim->clients);
    for (uint32_t i = 0; i < plan->transactions; i++) {
        uint64_t at = stream_between(&sim->load, 1, max_u64(plan->faults_ms, 1));
        if (plan->far_behind) at = (uint64_t)i * FAR_BEAT_MS + 1;
        struct sim_event event = { .type = SIM_SUBMIT, .number = UINT64_MAX };
        queue_push(sim, at, &event);
    }
    sim->clients.to_come = plan->transactions;
}

void clients_end(struct sim *sim)
{
    struct clients *clients = &sim->clients;
    for (uint32_t i = 0; i < clients->count; i++)
        blob_unref(clients->list[i].transaction);
    memset(clients->table, 0, clients->table_size * sizeof *clients->table);
    clients->count = clients->open_count = 0;
}
