/* One chain, its epochs, every signature: what must hold whatever happens.
 *
 * The judge knows the genesis and what members proposed. From the blocks that honest machines
 * execute he follows which proposals were enacted, and so which set each epoch has; the ledger's
 * own word for it is compared with his. Quorums and signatures are counted here anew. */
#include "epochs.h"

#include <stdlib.h>

static struct epoch_seen *present(struct world *w)
{
    return &w->judge->epochs[w->judge->epoch];
}

static uint64_t slot_hash(const struct said_slot *s)
{
    uint64_t hash = load_u64(s->key.bytes) ^ s->epoch * 0x9e3779b97f4a7c15u ^
                    s->slot * 0xbf58476d1ce4e5b9u ^ (uint64_t)s->kind << 57;
    return hash ^ hash >> 31;
}

/* Where this slot of this key is, or is to be. */
static struct said_slot *slot_find(const struct judge *j, const struct said_slot *wanted)
{
    for (uint64_t i = slot_hash(wanted);; i++) {
        struct said_slot *s = &j->slots[i % j->slots_size];
        if (!s->used || (s->kind == wanted->kind && s->epoch == wanted->epoch &&
                         s->slot == wanted->slot && key_equal(&s->key, &wanted->key)))
            return s;
    }
}

/* For one more: at most half of them are used. */
static void slots_room(struct judge *j)
{
    if (j->slots && 2 * (j->slots_count + 1) <= j->slots_size) return;
    struct said_slot *before = j->slots;
    uint32_t size = j->slots_size;
    j->slots_size = size ? 2 * size : SLOTS_FIRST;
    j->slots = calloc(j->slots_size, sizeof *j->slots);
    ASSERT(j->slots != NULL);
    for (uint32_t i = 0; i < size; i++)
        if (before[i].used) *slot_find(j, &before[i]) = before[i];
    free(before);
}

void judge_begin(struct world *w)
{
    struct judge *j = w->judge;
    slots_room(j);
    j->epochs[0].committee = w->genesis->committee;
    j->epochs[0].first_height = 0;
    j->params_version = 1;
}

uint16_t judge_quorum(const struct committee *c)
{
    if (c->fault_model == FAULT_CRASH) return (uint16_t)(c->count / 2 + 1);
    return (uint16_t)((2 * c->count + 2) / 3);
}

uint16_t judge_machine_of(const struct world *w, const struct validator *validator)
{
    (void)w;
    return (uint16_t)(validator->id.bytes[15] - 1);
}

bool judge_in_set(const struct world *w, const struct machine *m)
{
    const struct committee *c = &w->judge->epochs[w->judge->epoch].committee;
    return committee_find_id(c, &m->identity.id) != VALIDATOR_NONE;
}

/* ---- what members wanted ---- */

static struct change *change_enacted(struct world *w, const struct digest *id)
{
    for (uint32_t i = 0; i < w->changes_count; i++) {
        struct change *change = &w->list[i];
        if (change->number == 0) continue;
        uint8_t number[8];
        store_u64(number, change->number);
        struct digest entry = digest_of(TAG_ENACTMENT, span_of(number, sizeof number));
        if (digest_equal(&entry, id)) return change;
    }
    return NULL;
}

static bool ends(const struct change *change)
{
    return change->kind != CHANGE_PARAM && change->kind != CHANGE_MEMBER_ADD &&
           change->kind != CHANGE_MEMBER_REMOVE;
}

static void set_without(struct committee *c, const struct id *id)
{
    uint16_t i = committee_find_id(c, id);
    if (i == VALIDATOR_NONE) return;
    memmove(&c->validators[i], &c->validators[i + 1],
            (size_t)(c->count - i - 1) * sizeof c->validators[0]);
    c->count--;
}

static void set_with(struct committee *c, const struct validator *validator)
{
    uint16_t i = c->count;
    while (i > 0 && memcmp(c->validators[i - 1].id.bytes, validator->id.bytes, 16) > 0) {
        c->validators[i] = c->validators[i - 1];
        i--;
    }
    c->validators[i] = *validator;
    c->count++;
}

static void apply(struct world *w, struct committee *set, const struct action *action)
{
    if (action->kind == ACTION_VALIDATOR_REMOVE) set_without(set, &action->validator_remove.id);
    if (action->kind == ACTION_VALIDATOR_ADD) {
        struct validator v = { action->validator_add.id, action->validator_add.member,
                               action->validator_add.seal_key };
        set_with(set, &v);
        for (uint16_t i = 0; i < PLACES_MAX; i++)
            if (memcmp(&w->machines[i].identity.id, &v.id, sizeof v.id) == 0)
                w->machines[i].identity.registered = true;
    }
    if (action->kind == ACTION_VALIDATOR_REKEY) {
        uint16_t i = committee_find_id(set, &action->validator_rekey.id);
        if (i != VALIDATOR_NONE) set->validators[i].seal_key = action->validator_rekey.seal_key;
    }
}

/* ---- blocks ---- */

/* What becomes final in the block. Returns the change that ends the epoch, if one was enacted;
 * fails if there are two. */
static struct change *judge_entries(struct world *w, struct machine *m,
                                    const struct execution *execution)
{
    struct change *last = NULL;
    for (uint32_t i = 0; i < execution->entry_count; i++) {
        const struct executed_entry *entry = &execution->entries[i];
        if (entry->kind == ENTRY_TRANSACTION) {
            for (uint32_t c = 0; c < w->clients_count; c++) {
                struct client *client = &w->clients[c];
                if (!digest_equal(&client->txid, &entry->id)) continue;
                if (client->done) fail(w, "twice: transaction %u is in two blocks", c);
                client->done = true;
                w->clients_done++;
                if (client->proposal == 0) {
                    w->figures->payments++;
                    break;
                }
                struct change *change = &w->list[client->proposal - 1];
                if (client->ballot) break;
                if (entry->code == RESULT_ok) {
                    change->number = ++w->judge->proposals;
                    w->figures->proposed[change->kind]++;
                } else {
                    change->settled = true;
                    w->figures->refused++;
                }
                remark(w, PLACES_MAX, "proposal %llu (kind %d, machine %u): result %u",
                       (unsigned long long)change->number, change->kind, change->machine,
                       entry->code);
                break;
            }
        }
        if (entry->kind != ENTRY_ENACTMENT) continue;
        struct change *change = change_enacted(w, &entry->id);
        if (!change) {
            fail(w, "enactment: of a proposal that nobody made");
            return NULL;
        }
        if (change->settled) fail(w, "enactment: a proposal twice");
        change->settled = true;
        remark(w, PLACES_MAX, "proposal %llu enacted: result %u at %u",
               (unsigned long long)change->number, entry->code, entry->at);
        if (entry->code != RESULT_ok) {
            w->figures->refused++;
            continue;
        }
        w->figures->enacted[change->kind]++;
        if (change->kind == CHANGE_ENGINE || change->kind == CHANGE_PARAM ||
            change->kind == CHANGE_PARAM_END)
            w->judge->params_version++;
        step_reached(w, m, STEP_ENACTED);
        if (!ends(change)) continue;
        if (last) fail(w, "boundary: two changes that end the epoch in one block");
        last = change;
    }
    return last;
}

static void judge_boundary(struct world *w, const struct header *header, const struct digest *hash,
                           const struct change *change)
{
    struct judge *j = w->judge;
    if (j->epoch + 1 >= EPOCHS_MAX) {
        fail(w, "too many epochs for the judge");
        return;
    }
    struct epoch_seen *before = present(w);
    struct epoch_seen *next = before + 1;
    before->boundary = header->height;
    next->committee = before->committee;
    next->first_height = header->height + 1;
    next->boundary_hash = *hash;
    j->epoch++;
    for (uint8_t i = 0; i < change->count; i++)
        apply(w, &next->committee, &change->actions[i]);
    struct digest set = committee_hash(&next->committee);
    if (!digest_equal(&set, &header->next_validators_hash))
        fail(w, "set: block %llu names another next set than was voted",
             (unsigned long long)header->height);
    w->figures->epochs++;
}

static void judge_new_block(struct world *w, struct machine *m, const struct execution *execution)
{
    struct judge *j = w->judge;
    const struct header *header = &execution->header;
    unsigned long long height = header->height;
    if (height != j->height + 1 || height >= HEIGHTS_MAX) {
        fail(w, "chain: machine %u executes block %llu behind %llu", m->place, height,
             (unsigned long long)j->height);
        return;
    }
    if (height > 1 && !digest_equal(&header->parent_hash, &j->blocks[height - 1].hash))
        fail(w, "chain: block %llu has another parent", height);
    if (header->epoch != j->epoch)
        fail(w, "epoch: block %llu is of epoch %llu, the chain is in %llu", height,
             (unsigned long long)header->epoch, (unsigned long long)j->epoch);
    struct digest set = committee_hash(&present(w)->committee);
    if (!digest_equal(&set, &header->validators_hash))
        fail(w, "set: block %llu has another set than its epoch", height);
    j->blocks[height] = (struct block_seen){ *header, execution->hash, false };
    j->height = height;
    w->figures->heights++;
    bool first = height == present(w)->first_height && j->epoch > 0;
    struct change *change = judge_entries(w, m, execution);
    if (w->failed) return;
    bool flag = header->flags & HEADER_EPOCH_END;
    if (flag != (change != NULL))
        fail(w, "boundary: block %llu %s", height,
             flag ? "ends the epoch for no reason" : "should end its epoch");
    else if (flag)
        judge_boundary(w, header, &execution->hash, change);
    else if (!digest_equal(&set, &header->next_validators_hash))
        fail(w, "set: block %llu changes it", height);
    if (first) step_reached(w, m, STEP_FIRST);
    if (flag) step_reached(w, m, STEP_BOUNDARY);
}

void judge_executed(struct world *w, struct machine *m, const struct execution *execution)
{
    struct judge *j = w->judge;
    uint64_t height = execution->header.height;
    if (height > j->height) {
        judge_new_block(w, m, execution);
        return;
    }
    if (!digest_equal(&j->blocks[height].hash, &execution->hash))
        fail(w, "agreement: machine %u has another block %llu", m->place,
             (unsigned long long)height);
}

/* ---- signatures ---- */

static bool signed_by_validator(const struct world *w, const struct committee *set, uint16_t index,
                                uint64_t epoch, uint64_t height, const struct digest *hash,
                                const struct signature *signature)
{
    uint8_t bytes[80];
    if (index >= set->count) return false;
    memcpy(bytes, w->genesis->chain_id.bytes, 32);
    store_u64(bytes + 32, epoch);
    store_u64(bytes + 40, height);
    memcpy(bytes + 48, hash->bytes, 32);
    return key_verify(&set->validators[index].seal_key, TAG_SEAL, span_of(bytes, sizeof bytes),
                      signature);
}

/* Checks of a seal, by the set that voted members gave its epoch. */
static const char *seal_wrong(const struct world *w, const struct seal *seal)
{
    const struct judge *j = w->judge;
    if (seal->height > j->height || seal->height == 0) return "nobody has executed its block";
    const struct block_seen *block = &j->blocks[seal->height];
    if (seal->epoch != block->header.epoch) return "it is of another epoch";
    if (!digest_equal(&seal->block_hash, &block->hash)) return "it is of another block";
    const struct epoch_seen *epoch = &j->epochs[seal->epoch];
    if (seal->height < epoch->first_height || (epoch->boundary && seal->height > epoch->boundary))
        return "its height is not in its epoch";
    if (seal->count < judge_quorum(&epoch->committee)) return "too few have signed";
    for (uint16_t i = 0; i < seal->count; i++) {
        const struct seal_signature *s = &seal->signatures[i];
        if (i > 0 && s->validator <= seal->signatures[i - 1].validator) return "a signer twice";
        if (!signed_by_validator(w, &epoch->committee, s->validator, seal->epoch, seal->height,
                                 &seal->block_hash, &s->signature))
            return "a signature is not of a validator of its epoch";
    }
    return NULL;
}

void judge_sealed(struct world *w, struct machine *m, const struct seal *seal)
{
    const char *wrong = seal_wrong(w, seal);
    if (wrong) {
        fail(w, "seal: machine %u believes the seal of block %llu, but %s", m->place,
             (unsigned long long)seal->height, wrong);
        return;
    }
    w->judge->blocks[seal->height].sealed = true;
    w->judge->sealed = max_u64(w->judge->sealed, seal->height);
}

static bool may_sign(struct world *w, struct machine *m, uint64_t epoch, const char *what);

/* One statement for each slot of a key, ever. What was said before may be repeated by whoever has
 * it, also by a machine that has lost everything and was told by others. */
static void one_word(struct world *w, struct machine *m, uint8_t kind, uint64_t epoch,
                     uint64_t slot, const struct digest *digest)
{
    struct judge *j = w->judge;
    struct said_slot wanted = { true,   *signer_public_key(m->epochs.signer), kind, epoch, slot,
                                *digest };
    struct said_slot *s = slot_find(j, &wanted);
    if (!s->used) {
        if (!may_sign(w, m, epoch, kind == 15 ? "seal" : "statement")) return;
        *s = wanted;
        j->slots_count++;
        slots_room(j);
        return;
    }
    if (!digest_equal(&s->digest, digest))
        fail(w, "one-vote: machine %u says two things of kind %u for %llu in epoch %llu", m->place,
             kind, (unsigned long long)slot, (unsigned long long)epoch);
}

/* May this machine's key sign in this epoch now? */
static bool may_sign(struct world *w, struct machine *m, uint64_t epoch, const char *what)
{
    const struct public_key *key = signer_public_key(m->epochs.signer);
    struct judge *j = w->judge;
    const char *why = NULL;
    if (epoch > j->epoch)
        why = "that has not begun";
    else if (committee_find_key(&j->epochs[epoch].committee, key) == VALIDATOR_NONE)
        why = "in which it is no validator";
    else if (epoch > 0 && !j->blocks[j->epochs[epoch - 1].boundary].sealed)
        why = "whose boundary is not sealed";
    else if (epoch < m->opened)
        why = "that its journal has left";
    else if (epoch > m->opened)
        why = "that its journal has not opened";
    else if (m->epochs.ended)
        why = "whose end it has announced";
    else if (m->lost && m->key == m->lost_key)
        why = "although it has lost what it promised";
    if (why)
        fail(w, "silence: machine %u says a %s in epoch %llu, %s", m->place, what,
             (unsigned long long)epoch, why);
    return !why;
}

static void judge_statement(struct world *w, struct machine *m, struct span payload)
{
    struct message message;
    if (message_read(payload, SIZE_MAX, &message) != STATUS_OK) {
        fail(w, "message: machine %u sends one that does not decode", m->place);
        return;
    }
    const struct statement *s = &message.statement;
    const struct engine_ops *ops = engine_find_ops(w->engine);
    uint64_t epoch = m->epochs.now->number;
    if (!engine_signs(ops, s->kind)) {
        if (w->engine == ENGINE_RAFT && m->epochs.self == VALIDATOR_NONE)
            fail(w, "silence: machine %u says a message of Raft and is no validator", m->place);
        return;
    }
    if (epoch > w->judge->epoch) {
        fail(w, "silence: machine %u sends a statement of an epoch to come", m->place);
        return;
    }
    struct domain domain = { .chain_id = w->genesis->chain_id,
                             .epoch = epoch,
                             .validators_hash = committee_hash(&w->judge->epochs[epoch].committee),
                             .engine = (uint8_t)w->engine };
    uint8_t bytes[STATEMENT_BYTES];
    statement_encode(&domain, s, bytes);
    if (!key_verify(signer_public_key(m->epochs.signer), TAG_ENGINE, span_of(bytes, sizeof bytes),
                    &message.signature))
        fail(w, "message: machine %u signs a statement of another epoch or set", m->place);
    uint8_t wire[STATEMENT_WIRE_BYTES];
    struct writer writer;
    writer_init_fixed(&writer, wire, sizeof wire);
    statement_write(&writer, s);
    struct span part = writer_span(&writer);
    struct digest digest = digest_plain(&part, 1);
    one_word(w, m, s->kind, epoch, s->view, &digest);
}

static void judge_seal_votes(struct world *w, struct machine *m, struct span payload)
{
    struct reader r = reader_of(payload);
    const struct judge *j = w->judge;
    for (uint16_t left = read_u16(&r); left > 0; left--) {
        struct seal_vote vote;
        seal_vote_read(&r, &vote);
        if (reader_status(&r) != STATUS_OK) {
            fail(w, "message: machine %u sends seal votes that do not decode", m->place);
            return;
        }
        if (vote.epoch > j->epoch) {
            fail(w, "silence: machine %u sends a seal vote of an epoch to come", m->place);
            return;
        }
        const struct committee *set = &j->epochs[vote.epoch].committee;
        if (vote.by.validator >= set->count ||
            !key_equal(&set->validators[vote.by.validator].seal_key,
                       signer_public_key(m->epochs.signer)))
            continue; /* Somebody else's, handed on. */
        if (!signed_by_validator(w, set, vote.by.validator, vote.epoch, vote.height,
                                 &vote.block_hash, &vote.by.signature)) {
            fail(w, "message: machine %u sends a bad seal vote of its own", m->place);
            return;
        }
        if (vote.height > j->height ||
            !digest_equal(&vote.block_hash, &j->blocks[vote.height].hash))
            fail(w, "seal: machine %u signs another block %llu", m->place,
                 (unsigned long long)vote.height);
        else if (j->blocks[vote.height].header.epoch != vote.epoch)
            fail(w, "seal: machine %u signs block %llu in epoch %llu", m->place,
                 (unsigned long long)vote.height, (unsigned long long)vote.epoch);
        else
            one_word(w, m, 15, vote.epoch, vote.height, &vote.block_hash);
    }
}

void judge_sent(struct world *w, struct machine *m, uint8_t kind, struct span payload)
{
    if (m->liar || w->failed) return;
    if (kind == FRAME_ENGINE) judge_statement(w, m, payload);
    if (kind == FRAME_SEAL_VOTES) judge_seal_votes(w, m, payload);
}

/* ---- the end ---- */

/* The chain of epochs from the genesis, out of the machine's own tables. */
static void verify_ledger(struct world *w, struct machine *m)
{
    const struct judge *j = w->judge;
    struct seal *seal = calloc(1, sizeof *seal);
    ASSERT(seal != NULL);
    for (uint64_t epoch = 0; epoch <= j->epoch && !w->failed; epoch++) {
        uint64_t height = j->epochs[epoch].boundary;
        if (height == 0) break;
        struct block_row row;
        if (ledger_read_block(m->reader, height, &row) != STATUS_OK ||
            !digest_equal(&row.hash, &j->blocks[height].hash))
            fail(w, "proof: machine %u has another boundary %llu", m->place,
                 (unsigned long long)height);
        else if (ledger_read_seal(m->reader, height, seal) != STATUS_OK)
            fail(w, "proof: machine %u has no seal of the boundary %llu", m->place,
                 (unsigned long long)height);
        else if (seal_wrong(w, seal))
            fail(w, "proof: machine %u, boundary %llu: %s", m->place, (unsigned long long)height,
                 seal_wrong(w, seal));
    }
    free(seal);
}

void judge_finish(struct world *w)
{
    for (uint16_t i = 0; i < w->machines_count && !w->failed; i++)
        if (!w->machines[i].gone) verify_ledger(w, &w->machines[i]);
    for (uint64_t e = 0; e <= w->judge->epoch && !w->failed; e++)
        if (w->judge->epochs[e].committee.count < w->set_min)
            fail(w, "set: epoch %llu has %u validators", (unsigned long long)e,
                 w->judge->epochs[e].committee.count);
}
