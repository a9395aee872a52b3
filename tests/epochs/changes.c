/* What members propose and vote, and the payments in between: signed transactions, each handed to
 * one machine, and to another one only if that has crashed since. */
#include "epochs.h"

#include "format/proposal.h"
#include "format/transaction.h"
#include <stdio.h>
#include <stdlib.h>

enum { TERM_MS = 500000, ASK_AGAIN_MS = 400 };

/* ---- transactions ---- */

static struct transaction *draft(struct world *w, unsigned account)
{
    struct transaction *tx = calloc(1, sizeof *tx);
    ASSERT(tx != NULL);
    tx->chain_id = w->genesis->chain_id;
    tx->source = w->accounts[account];
    store_u64(tx->client_ref.bytes, w->clients_count + 1);
    tx->not_after_ms = wall_ms(w) + TERM_MS;
    tx->operation_count = 1;
    tx->operations[0].actor = w->accounts[account];
    return tx;
}

static struct client *client_new(struct world *w, struct transaction *tx, unsigned account)
{
    struct writer body, whole;
    struct tx_signature signature;
    ASSERT(w->clients_count < CLIENTS_MAX);
    writer_init(&body, TX_BYTES_LIMIT);
    transaction_write_body(&body, tx);
    ASSERT(writer_status(&body) == STATUS_OK);
    struct client *client = &w->clients[w->clients_count++];
    *client = (struct client){ .machine = VALIDATOR_NONE };
    client->txid = transaction_id(writer_span(&body));
    transaction_sign(&w->account_keys[account], &tx->chain_id, &client->txid, &signature);
    writer_init(&whole, TX_BYTES_LIMIT);
    transaction_write_signed(&whole, writer_span(&body), &signature, 1);
    client->transaction = blob_copy(writer_span(&whole));
    ASSERT(client->transaction != NULL);
    writer_free(&body);
    writer_free(&whole);
    free(tx);
    return client;
}

void pay(struct world *w)
{
    if (w->clients_count >= CLIENTS_MAX - 64) return;
    unsigned from = (unsigned)stream_between(&w->load, 0, ACCOUNTS - 1);
    struct transaction *tx = draft(w, from);
    tx->operations[0].code = OP_TRANSFER;
    tx->operations[0].transfer.to = w->accounts[(from + 1) % ACCOUNTS];
    tx->operations[0].transfer.asset = w->asset;
    tx->operations[0].transfer.amount = 1;
    client_new(w, tx, from);
}

void changes_load(struct world *w)
{
    if (!w->healing) pay(w);
}

/* ---- handing them over ---- */

/* Whether somebody still has it who was to see to it. */
static bool in_hand(const struct world *w, const struct client *client)
{
    if (client->machine == VALIDATOR_NONE) return false;
    const struct machine *m = &w->machines[client->machine];
    if (!m->alive || m->life != client->life) return false;
    if (m->liar && client->admitted) return w->now_ms < client->asked_ms + 3000;
    return client->admitted || w->now_ms < client->asked_ms + 3000;
}

void changes_ask(struct world *w)
{
    for (uint32_t i = 0; i < w->clients_count && !w->failed; i++) {
        struct client *client = &w->clients[i];
        if (client->done || in_hand(w, client)) continue;
        if (w->now_ms < client->asked_ms + ASK_AGAIN_MS && client->asked_ms > 0) continue;
        uint16_t place = (uint16_t)stream_between(&w->load, 0, w->machines_count - 1u);
        struct machine *m = &w->machines[place];
        if (!m->alive || m->epochs.ended || m->epochs.self == VALIDATOR_NONE) continue;
        client->machine = place;
        client->life = m->life;
        client->asked_ms = w->now_ms;
        client->admitted = false;
        replica_submit(m->replica, moment_of(w), i + 1, client->transaction);
        machine_drain(w, m);
    }
}

void changes_answered(struct world *w, struct machine *m, const struct output *output)
{
    if (output->ticket == 0 || output->ticket > w->clients_count) return;
    struct client *client = &w->clients[output->ticket - 1];
    if (client->machine != m->place) return;
    enum refusal_code code = output->refusal.code;
    if (code == REFUSAL_none) {
        client->admitted = true;
    } else {
        client->machine = VALIDATOR_NONE;
        if (code != REFUSAL_duplicate)
            remark(w, m->place, "refuses transaction %u: %s", (unsigned)output->ticket - 1,
                   refusal_name(code));
    }
}

/* ---- what may be wanted ---- */

/* All that were wanted. */
bool changes_decided(const struct world *w)
{
    if (w->changes_count < w->changes_wanted) return false;
    for (uint32_t i = 0; i < w->changes_count; i++)
        if (!w->list[i].settled) return false;
    return true;
}

static bool silent(const struct world *w, const struct machine *m)
{
    return (m->lost && m->key == m->lost_key) || m->number == w->liar;
}

/* A set of these machines keeps a quorum when those who cannot vote, or lie, stay away. */
static bool bearable(const struct world *w, uint32_t set)
{
    struct committee c = { .fault_model = w->genesis->committee.fault_model };
    unsigned bad = 0;
    for (uint16_t i = 0; i < w->machines_count; i++) {
        if (!(set >> i & 1)) continue;
        c.count++;
        bad += silent(w, &w->machines[i]);
    }
    unsigned most = w->engine == ENGINE_RAFT ? (c.count - 1u) / 2 : (c.count - 1u) / 3;
    return bad <= most && c.count >= w->set_min && c.count <= SET_MAX;
}

static uint32_t set_now(const struct world *w)
{
    uint32_t set = 0;
    for (uint16_t i = 0; i < w->machines_count; i++)
        if (judge_in_set(w, &w->machines[i])) set |= 1u << i;
    return set;
}

static bool changes_set(const struct change *change)
{
    return change->kind <= CHANGE_REKEY;
}

/* The open ones that touch the set: it may become what any of them make of it. */
static bool bearable_after(const struct world *w, uint32_t joins, uint32_t leaves)
{
    uint32_t set = set_now(w);
    for (uint32_t i = 0; i < w->changes_count; i++) {
        const struct change *change = &w->list[i];
        if (change->settled || !changes_set(change)) continue;
        if (change->kind == CHANGE_ADD || change->kind == CHANGE_REPLACE)
            joins |= 1u << change->machine;
        if (change->kind == CHANGE_REMOVE || change->kind == CHANGE_REPLACE)
            leaves |= 1u << change->gone;
    }
    return bearable(w, set) && bearable(w, set & ~leaves) && bearable(w, (set | joins) & ~leaves) &&
           bearable(w, set | joins);
}

static bool touched(const struct world *w, uint16_t machine);

/* Whoever has been voted out is still needed while the last block of its epoch may have to be
 * sealed once more: until two, of whom one may lose its ledger, are in the present epoch for good.
 */
static bool needed_before(const struct world *w, const struct machine *m)
{
    const struct judge *j = w->judge;
    if (j->epoch == 0) return false;
    const struct epoch_seen *before = &j->epochs[j->epoch - 1];
    if (committee_find_id(&before->committee, &m->identity.id) == VALIDATOR_NONE) return false;
    if (m->opened < j->epoch) return true;
    unsigned there = 0;
    for (uint16_t i = 0; i < w->machines_count; i++) {
        const struct machine *other = &w->machines[i];
        there += other->number != w->liar && other->opened >= j->epoch &&
                 other->epochs.sealed_height >= before->boundary;
    }
    return there < 2;
}

bool changes_may_lose(const struct world *w, const struct machine *m)
{
    if (needed_before(w, m)) return false;
    if (!judge_in_set(w, m)) return !m->lost && !touched(w, m->place);
    struct world *mutable = (struct world *)w;
    struct machine *machine = &mutable->machines[m->place];
    bool lost = m->lost;
    unsigned key = m->lost_key;
    machine->lost = true;
    machine->lost_key = m->key;
    bool fine = bearable_after(w, 0, 0);
    machine->lost = lost;
    machine->lost_key = key;
    return fine && !lost;
}

static bool touched(const struct world *w, uint16_t machine)
{
    for (uint32_t i = 0; i < w->changes_count; i++) {
        const struct change *change = &w->list[i];
        if (change->settled || !changes_set(change)) continue;
        if (change->machine == machine || change->gone == machine) return true;
    }
    return false;
}

/* ---- proposals ---- */

static void sign_ready(struct world *w, struct machine *m, unsigned key, struct ready *ready)
{
    struct secret_key secret;
    struct public_key public_key;
    uint8_t statement[READY_STATEMENT_BYTES];
    secret_of(m->number, key, &secret, &public_key);
    ready->height = m->height;
    ready->block_hash =
        m->height == 0 ? w->judge->epochs[0].boundary_hash : w->judge->blocks[m->height].hash;
    ready_statement_encode(&w->genesis->chain_id, &m->identity.id, &w->accounts[0], &public_key,
                           ready->height, &ready->block_hash, statement);
    key_sign(&secret, TAG_READY, span_of(statement, sizeof statement), &ready->signature);
}

static void action_add(struct world *w, struct machine *m, struct action *action)
{
    struct secret_key secret;
    *action = (struct action){ .kind = ACTION_VALIDATOR_ADD };
    action->validator_add.id = m->identity.id;
    action->validator_add.member = w->accounts[0];
    action->validator_add.node_key = m->identity.node_key;
    secret_of(m->number, m->key, &secret, &action->validator_add.seal_key);
    snprintf(action->validator_add.endpoint, sizeof action->validator_add.endpoint, "127.0.0.1:%u",
             7000u + m->number);
    sign_ready(w, m, m->key, &action->validator_add.ready);
}

/* A machine outside, with an identity that the chain does not know yet. */
static bool find_joiner(struct world *w, uint16_t *place)
{
    uint16_t first = (uint16_t)stream_between(&w->changes, 0, w->machines_count - 1u);
    for (uint16_t i = 0; i < w->machines_count; i++) {
        struct machine *m = &w->machines[(first + i) % w->machines_count];
        if (judge_in_set(w, m) || touched(w, m->place) || !m->alive || m->height == 0) continue;
        if (m->number == w->liar || m->doom != DOOM_NONE || needed_before(w, m)) continue;
        if (m->identity.registered || (m->lost && m->key == m->lost_key)) {
            if (m->keys + 1 >= KEYS_A_MACHINE) continue;
            /* Its operator makes it a new machine: other keys, the data stay. */
            machine_end(w, m, DOOM_KILL);
            machine_identity(m);
            if (!storage_rekey(w, m, m->keys++)) return false;
            m->next_key = 0;
            machine_open(w, m);
            if (!m->alive) return false;
        }
        *place = m->place;
        return true;
    }
    return false;
}

/* Has the set a key of it that it has not taken into use yet? */
static bool awaited(const struct world *w, const struct machine *m)
{
    struct secret_key secret;
    struct public_key key;
    secret_of(m->number, m->key, &secret, &key);
    return committee_find_key(&w->judge->epochs[w->judge->epoch].committee, &key) == VALIDATOR_NONE;
}

static bool find_member(struct world *w, uint16_t *place, bool for_rekey)
{
    uint16_t first = (uint16_t)stream_between(&w->changes, 0, w->machines_count - 1u);
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint16_t i = 0; i < w->machines_count; i++) {
            struct machine *m = &w->machines[(first + i) % w->machines_count];
            if (!judge_in_set(w, m) || touched(w, m->place)) continue;
            if (for_rekey && awaited(w, m)) continue;
            if (for_rekey && (!m->alive || m->height == 0 || m->number == w->liar)) continue;
            if (for_rekey && pass == 0 && !m->lost) continue; /* Those first. */
            if (for_rekey && m->keys + 1 >= KEYS_A_MACHINE) continue;
            *place = m->place;
            return true;
        }
    return false;
}

static bool draw_set_change(struct world *w, struct change *change)
{
    uint16_t joins = 0, leaves = 0;
    bool adds = change->kind == CHANGE_ADD || change->kind == CHANGE_REPLACE;
    bool removes = change->kind == CHANGE_REMOVE || change->kind == CHANGE_REPLACE;
    if (removes && !find_member(w, &leaves, false)) return false;
    if (adds && !find_joiner(w, &joins)) return false;
    if (!bearable_after(w, adds ? 1u << joins : 0, removes ? 1u << leaves : 0)) return false;
    change->machine = adds ? joins : leaves;
    change->gone = removes ? leaves : joins;
    if (removes)
        change->actions[change->count++] =
            (struct action){ .kind = ACTION_VALIDATOR_REMOVE,
                             .validator_remove = { w->machines[leaves].identity.id } };
    if (adds) action_add(w, &w->machines[joins], &change->actions[change->count++]);
    return true;
}

static bool draw_rekey(struct world *w, struct change *change)
{
    uint16_t place = 0;
    struct secret_key secret;
    if (!find_member(w, &place, true)) return false;
    struct machine *m = &w->machines[place];
    change->machine = change->gone = place;
    change->key = m->next_key = m->keys++;
    remark(w, place, "gets seal key %u, if members agree", change->key);
    struct action *action = &change->actions[change->count++];
    *action = (struct action){ .kind = ACTION_VALIDATOR_REKEY };
    action->validator_rekey.id = m->identity.id;
    secret_of(m->number, change->key, &secret, &action->validator_rekey.seal_key);
    sign_ready(w, m, change->key, &action->validator_rekey.ready);
    return true;
}

static void draw_param(struct world *w, struct change *change)
{
    struct action *action = &change->actions[change->count++];
    uint64_t value = stream_next(&w->changes);
    if (change->kind == CHANGE_ENGINE) {
        *action = (struct action){ .kind = ACTION_ENGINE_PARAMS };
        bool raft = w->engine == ENGINE_RAFT;
        snprintf(action->engine_params.name, sizeof action->engine_params.name, "%s",
                 raft ? "heartbeat_ms" : "phases");
        action->engine_params.value = raft ? 20 + value % 60 : 2 + value % 2;
        return;
    }
    *action = (struct action){ .kind = ACTION_PARAMS_SET };
    bool end = change->kind == CHANGE_PARAM_END;
    action->params_set.index = end ? PARAM_batch_txs_max : PARAM_tick_gap_ms_min;
    action->params_set.value = end ? 50 + value % 1000 : 100 + value % 900;
}

static void draw_member(struct world *w, struct change *change)
{
    struct action *action = &change->actions[change->count++];
    unsigned account = (unsigned)stream_between(&w->changes, 1, ACCOUNTS - 1);
    if (change->kind == CHANGE_MEMBER_ADD) {
        *action = (struct action){ .kind = ACTION_MEMBER_ADD };
        action->member_add.account = w->accounts[account];
        snprintf(action->member_add.name, sizeof action->member_add.name, "member %u", account);
    } else {
        *action = (struct action){ .kind = ACTION_MEMBER_REMOVE };
        action->member_remove.account = w->accounts[account];
    }
}

static bool draw(struct world *w, struct change *change)
{
    static const uint16_t weights[CHANGES] = { 26, 20, 14, 16, 6, 6, 4, 4, 4 };
    uint64_t at = stream_between(&w->changes, 0, 99);
    unsigned kind = 0;
    while (at >= weights[kind])
        at -= weights[kind++];
    *change = (struct change){ .kind = (enum change_kind)kind, .begun_ms = w->now_ms };
    if (kind < CHANGE_REKEY) return draw_set_change(w, change);
    if (kind == CHANGE_REKEY) return draw_rekey(w, change);
    if (kind < CHANGE_MEMBER_ADD)
        draw_param(w, change);
    else
        draw_member(w, change);
    return true;
}

static void propose(struct world *w)
{
    struct change *change = &w->list[w->changes_count];
    if (w->changes_count >= w->changes_wanted || w->clients_count >= CLIENTS_MAX - 64) return;
    if (!draw(w, change)) return;
    uint8_t bytes[2 * ACTION_BYTES_MAX + 16];
    struct writer writer;
    writer_init_fixed(&writer, bytes, sizeof bytes);
    for (uint8_t i = 0; i < change->count; i++)
        action_write(&writer, &change->actions[i]);
    ASSERT(writer_status(&writer) == STATUS_OK);
    struct transaction *tx = draft(w, 0);
    struct operation *o = &tx->operations[0];
    bool later = stream_chance(&w->changes, 300);
    uint64_t pause = stream_between(&w->changes, 0, 3000);
    change->until_ms = wall_ms(w) + 20000;
    change->activate_ms = later ? wall_ms(w) + pause : 0;
    o->code = OP_GOV_PROPOSE;
    o->gov_propose.expects_params_version = w->judge->params_version;
    o->gov_propose.deadline_ms = change->until_ms;
    o->gov_propose.activate_ms = change->activate_ms;
    o->gov_propose.action_count = change->count;
    o->gov_propose.actions = writer_span(&writer);
    change->client = w->clients_count;
    client_new(w, tx, 0)->proposal = (uint16_t)(++w->changes_count);
    step_reached(w, NULL, STEP_PROPOSED);
}

static void vote(struct world *w, uint32_t index, bool all)
{
    struct change *change = &w->list[index];
    change->voted_ms = w->now_ms;
    for (unsigned account = 1; account < ACCOUNTS; account++) {
        bool yes = all || stream_chance(&w->changes, 850);
        bool no = stream_chance(&w->changes, 300);
        if (!yes && !no) continue;
        if (w->clients_count >= CLIENTS_MAX) return;
        struct transaction *tx = draft(w, account);
        tx->operations[0].code = OP_GOV_BALLOT;
        tx->operations[0].gov_ballot.proposal = change->number;
        tx->operations[0].gov_ballot.vote = yes ? VOTE_YES : VOTE_NO;
        struct client *client = client_new(w, tx, account);
        client->proposal = (uint16_t)(index + 1);
        client->ballot = true;
    }
    step_reached(w, NULL, STEP_VOTED);
}

/* It did not pass in its time, and nothing will make it pass. */
static bool dead(const struct world *w, const struct change *change)
{
    const struct judge *j = w->judge;
    uint64_t last = max_u64(change->until_ms, change->activate_ms);
    return change->number != 0 && j->height > 4 && j->blocks[j->height - 4].header.time_ms > last;
}

void changes_turn(struct world *w)
{
    unsigned open = 0;
    for (uint32_t i = 0; i < w->changes_count; i++) {
        struct change *change = &w->list[i];
        if (change->settled) continue;
        open++;
        if (change->number == 0) continue;
        if (dead(w, change))
            change->settled = true;
        else if (!change->votes_out) {
            change->votes_out = true;
            vote(w, i, false);
        } else if (w->now_ms > change->voted_ms + w->vote_again_ms && !change->votes_again) {
            change->votes_again = true;
            vote(w, i, true);
        }
    }
    unsigned most = 1 + (w->seed % 3 == 0);
    bool wants = w->no_faults ? true : stream_chance(&w->changes, 600);
    if (!w->healing && open < most && wants) propose(w);
}
