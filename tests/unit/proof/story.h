/* tests/unit/proof/story.h -- a short chain of fixed keys, to prove things about.
 *
 * Nine blocks over three epochs, built from the formats alone: nothing of the ledger is linked, so
 * what a verifier accepts here it accepts without a node. State roots are those of the definition.
 *
 *     0  genesis: treasury has 10,000.00 EUR, alice 100.00; four validators
 *     1  treasury pays alice 5.00 | alice puts x = "5" | alice fails to pay 1,000.00
 *     2  nothing
 *     3  proposal 1 enacted: validator 1 has a new seal key; ends epoch 0
 *     4  alice pays treasury 2.00
 *     5  treasury pays alice 3.00 | alice puts x = "6"
 *     6  proposal 2 enacted: a fifth validator; ends epoch 1
 *     7  treasury puts y = "1", number 1 of its lane 7
 *     8  alice pays treasury 1.00
 *     9  nothing
 *
 * Block h has the time of the genesis and h seconds.
 */
#ifndef TESTS_PROOF_STORY_H
#define TESTS_PROOF_STORY_H

#include "crypto/signer.h"
#include "format/effect_list.h"
#include "proof/anchor.h"
#include "proof/text.h"
#include "proof/verify.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    STORY_BLOCKS = 10,
    STORY_ENTRIES = 4,
    STORY_OBJECTS = 64,
    STORY_VALIDATORS = 5,
    STORY_SETS = 3,
    STORY_KEPT = 8192,
    STORY_SHORT_MS = 5500,  /* not_after of references 2 and 3: over in block 6 */
    STORY_REST_MS = 600000, /* how far away not_after is, where it is nothing else */
};
#define STORY_TIME UINT64_C(1767225600000) /* 2026-01-01T00:00:00.000Z */

struct story_entry {
    struct entry_record record;
    struct span transaction, effects; /* kept */
};

struct story_object {
    uint8_t kind;
    struct span key, value; /* kept */
    struct state_leaf leaf;
};

struct story_block {
    struct header header;
    struct digest hash;
    unsigned entry_count;
    struct story_entry entries[STORY_ENTRIES];
    unsigned object_count;
    struct story_object objects[STORY_OBJECTS]; /* the state after it, by path */
};

struct story {
    struct genesis *genesis;
    struct id alice, treasury, euro;
    struct secret_key alice_key, treasury_key;
    struct committee sets[STORY_SETS];
    struct secret_key seal_keys[STORY_SETS][STORY_VALIDATORS]; /* by index in the set */
    struct story_block blocks[STORY_BLOCKS];
    void *kept[STORY_KEPT];
    unsigned kept_count;
};

/* ---- memory that lives as long as the story ---------------------------------------------------
 */

static inline void *story_room(struct story *s, size_t size)
{
    ASSERT(s->kept_count < STORY_KEPT);
    void *room = calloc(1, size + 1);
    ASSERT(room != NULL);
    s->kept[s->kept_count++] = room;
    return room;
}

static inline struct span story_keep(struct story *s, struct span bytes)
{
    void *room = story_room(s, bytes.size);
    if (bytes.size > 0) memcpy(room, bytes.data, bytes.size);
    return span_of(room, bytes.size);
}

/* What is in a writer, kept; ends the writer. */
static inline struct span story_take(struct story *s, struct writer *w)
{
    ASSERT(writer_status(w) == STATUS_OK);
    struct span bytes = story_keep(s, writer_span(w));
    writer_free(w);
    return bytes;
}

/* ---- keys and ids ---------------------------------------------------------------------------- */

static inline struct digest story_digest(const char *word, unsigned number)
{
    char label[64];
    (void)snprintf(label, sizeof label, "witan proof story: %.30s %u", word, number);
    struct span part = span_text(label);
    return digest_plain(&part, 1);
}

static inline struct id story_id(const char *word, unsigned number)
{
    struct digest digest = story_digest(word, number);
    struct id id;
    memcpy(id.bytes, digest.bytes, sizeof id.bytes);
    return id;
}

static inline struct public_key story_key(const char *word, unsigned number,
                                          struct secret_key *secret)
{
    struct digest seed = story_digest(word, number);
    struct secret_key own;
    struct public_key key;
    key_from_seed(seed.bytes, secret ? secret : &own, &key);
    return key;
}

/* ---- genesis --------------------------------------------------------------------------------- */

static inline void story_account(struct genesis_account *account, struct id id,
                                 struct public_key key, uint32_t roles)
{
    *account =
        (struct genesis_account){ .id = id, .roles = roles, .low = 1, .medium = 1, .high = 1 };
    account->signer_count = 1;
    account->signers[0] = (struct account_signer){ key, 1 };
}

static inline void story_validator(struct genesis *genesis, unsigned i)
{
    struct secret_key secret;
    struct validator *validator = &genesis->committee.validators[i];
    struct genesis_validator *more = &genesis->validators[i];
    validator->id = story_id("validator", i);
    validator->member = story_id("member", i);
    validator->seal_key = story_key("seal", i, &secret);
    more->node_key = story_key("node", i, NULL);
    (void)snprintf(more->endpoint, sizeof more->endpoint, "10.0.0.%u:7790", i + 1);
    possession_sign(&secret, genesis->network, &validator->id, &validator->member, &more->node_key,
                    &more->possession);
}

static inline void story_money(struct story *s, struct genesis *genesis)
{
    struct genesis_asset *asset = &genesis->assets[0];
    memcpy(asset->code, "EUR", 3);
    asset->issuer = s->treasury;
    asset->id = asset_id_of(&s->treasury, asset->code);
    asset->scale = 2;
    asset->max_supply = INT64_MAX;
    asset->supply = 1010000;
    s->euro = asset->id;
    genesis->balances[0] = (struct genesis_balance){ s->treasury, asset->id, 1000000 };
    genesis->balances[1] = (struct genesis_balance){ s->alice, asset->id, 10000 };
}

/* A network of count validators; the story's own is a Byzantine one of four. */
static inline struct genesis *story_genesis(struct story *s, const char *network,
                                            enum engine_kind engine, enum fault_model fault_model,
                                            unsigned count)
{
    struct genesis *genesis =
        genesis_new(network, PURPOSE_PRODUCTION, STORY_TIME, engine, fault_model);
    ASSERT(genesis != NULL);
    genesis->committee.count = (uint16_t)count;
    genesis->member_count = (uint16_t)count;
    genesis->account_count = count + 2;
    genesis->asset_count = 1;
    genesis->balance_count = 2;
    genesis->validators = calloc(count, sizeof *genesis->validators);
    genesis->members = calloc(count, sizeof *genesis->members);
    genesis->accounts = calloc(count + 2, sizeof *genesis->accounts);
    genesis->assets = calloc(1, sizeof *genesis->assets);
    genesis->balances = calloc(2, sizeof *genesis->balances);
    for (unsigned i = 0; i < count; i++) {
        genesis->members[i].account = story_id("member", i);
        (void)snprintf(genesis->members[i].name, MEMBER_NAME_MAX + 1, "bank-%u", i + 1);
        story_account(&genesis->accounts[i], story_id("member", i), story_key("member", i, NULL),
                      0);
        story_validator(genesis, i);
    }
    s->alice = story_id("alice", 0);
    s->treasury = story_id("treasury", 0);
    story_account(&genesis->accounts[count], s->alice, story_key("alice", 0, &s->alice_key), 0);
    story_account(&genesis->accounts[count + 1], s->treasury,
                  story_key("treasury", 0, &s->treasury_key), ROLE_ISSUER);
    story_money(s, genesis);
    struct problem problem;
    if (genesis_seal(genesis, &problem) != STATUS_OK) {
        (void)fprintf(stderr, "%s\n", problem.text);
        ASSERT(false); /* the genesis is wrong */
    }
    return genesis;
}

/* ---- validator sets -------------------------------------------------------------------------- */

static inline int story_compare_validators(const void *a, const void *b)
{
    return id_compare(&((const struct validator *)a)->id, &((const struct validator *)b)->id);
}

/* The secret of each index, found by its public key among the first seven that there are. */
static inline void story_find_keys(struct story *s, unsigned set)
{
    for (unsigned i = 0; i < s->sets[set].count; i++)
        for (unsigned number = 0; number < 7; number++) {
            struct secret_key secret;
            struct public_key key = story_key("seal", number, &secret);
            if (key_equal(&key, &s->sets[set].validators[i].seal_key))
                s->seal_keys[set][i] = secret;
        }
}

static inline void story_sets(struct story *s)
{
    s->sets[0] = s->genesis->committee;
    s->sets[1] = s->sets[0];
    s->sets[1].validators[1].seal_key = story_key("seal", 5, NULL);
    s->sets[2] = s->sets[1];
    s->sets[2].validators[4] = (struct validator){ story_id("validator", 4), story_id("member", 3),
                                                   story_key("seal", 6, NULL) };
    s->sets[2].count = 5;
    qsort(s->sets[2].validators, 5, sizeof(struct validator), story_compare_validators);
    for (unsigned set = 0; set < STORY_SETS; set++)
        story_find_keys(s, set);
}

/* ---- state ----------------------------------------------------------------------------------- */

static inline struct state_leaf story_leaf(uint8_t kind, struct span key, struct span value)
{
    if (kind != RECORD_WINDOW) return record_leaf(kind, key, value);
    struct window_entry entry;
    enum status status = window_decode(value, &entry);
    ASSERT(status == STATUS_OK);
    struct digest path = state_path_window(key, entry.not_after_ms);
    struct digest value_hash = state_value_hash(kind, key, value);
    struct state_leaf leaf = { .path = path };
    leaf.hash = state_leaf_hash(&path, &value_hash);
    return leaf;
}

/* Sets an object of the state after a block; objects stay sorted by path. */
static inline void story_put(struct story *s, struct story_block *block, uint8_t kind,
                             struct span key, struct span value)
{
    struct story_object object = { kind, story_keep(s, key), story_keep(s, value),
                                   story_leaf(kind, key, value) };
    unsigned at = 0;
    while (at < block->object_count &&
           digest_compare(&block->objects[at].leaf.path, &object.leaf.path) < 0)
        at++;
    bool there =
        at < block->object_count && digest_equal(&block->objects[at].leaf.path, &object.leaf.path);
    if (!there) {
        ASSERT(block->object_count < STORY_OBJECTS);
        memmove(&block->objects[at + 1], &block->objects[at],
                (block->object_count - at) * sizeof object);
        block->object_count++;
    }
    block->objects[at] = object;
}

static inline const struct story_object *story_find(const struct story_block *block, uint8_t kind,
                                                    struct span key)
{
    for (unsigned i = 0; i < block->object_count; i++)
        if (block->objects[i].kind == kind && span_equal(block->objects[i].key, key))
            return &block->objects[i];
    return NULL;
}

static inline void story_leaves(const struct story_block *block, struct state_leaf *leaves)
{
    for (unsigned i = 0; i < block->object_count; i++)
        leaves[i] = block->objects[i].leaf;
}

static inline struct digest story_root(const struct story_block *block)
{
    struct state_leaf leaves[STORY_OBJECTS];
    story_leaves(block, leaves);
    return state_root_of(leaves, block->object_count, 0);
}

static inline struct balance story_balance(const struct story *s, const struct story_block *block,
                                           const struct id *account)
{
    uint8_t key[RECORD_KEY_MAX];
    size_t size = balance_key(account, &s->euro, key);
    const struct story_object *object = story_find(block, RECORD_BALANCE, span_of(key, size));
    struct balance balance = { .account = *account, .asset = s->euro };
    if (object) (void)balance_decode(object->value, &balance);
    return balance;
}

static inline void story_put_balance(struct story *s, struct story_block *block,
                                     const struct balance *balance)
{
    uint8_t key[RECORD_KEY_MAX], value[BALANCE_VALUE_BYTES];
    size_t key_size = balance_key(&balance->account, &balance->asset, key);
    size_t size = balance_encode(balance, value);
    story_put(s, block, RECORD_BALANCE, span_of(key, key_size), span_of(value, size));
}

static inline void story_governance(struct story *s, struct story_block *block, struct span key,
                                    struct writer *w)
{
    story_put(s, block, RECORD_GOVERNANCE, key, story_take(s, w));
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static inline void story_genesis_objects(struct story *s, struct story_block *block)
{
    const struct genesis *genesis = s->genesis;
    for (unsigned i = 0; i < genesis->account_count; i++) {
        const struct genesis_account *from = &genesis->accounts[i];
        struct account account = { .id = from->id,
                                   .version = 1,
                                   .roles = from->roles,
                                   .low = 1,
                                   .medium = 1,
                                   .high = 1,
                                   .signer_count = 1 };
        bool holds = id_equal(&from->id, &s->alice) || id_equal(&from->id, &s->treasury);
        uint8_t value[ACCOUNT_VALUE_MAX];
        account.balances = holds ? 1 : 0;
        account.signers[0] = from->signers[0];
        size_t size = account_encode(&account, value);
        story_put(s, block, RECORD_ACCOUNT, span_of(from->id.bytes, 16), span_of(value, size));
    }
    struct asset asset = { .id = s->euro,
                           .version = 1,
                           .issuer = s->treasury,
                           .code = "EUR",
                           .scale = 2,
                           .max_supply = INT64_MAX,
                           .supply = 1010000 };
    uint8_t value[ASSET_VALUE_BYTES];
    size_t size = asset_encode(&asset, value);
    story_put(s, block, RECORD_ASSET, span_of(s->euro.bytes, 16), span_of(value, size));
}

static inline void story_genesis_balances(struct story *s, struct story_block *block)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct genesis_balance *from = &s->genesis->balances[i];
        struct digest none = { { 0 } };
        struct movement movement = { .entry_id = s->genesis->chain_id,
                                     .position = 1,
                                     .account = from->account,
                                     .asset = from->asset,
                                     .seq = 1,
                                     .d_posted = (int64_t)from->posted,
                                     .posted = (int64_t)from->posted };
        struct balance balance = { .account = from->account,
                                   .asset = from->asset,
                                   .posted = (int64_t)from->posted,
                                   .seq = 1,
                                   .head = movement_head(&none, &movement) };
        story_put_balance(s, block, &balance);
    }
}

static inline void story_genesis_governance(struct story *s, struct story_block *block)
{
    static const uint8_t params = 1, members = 2, set = 3, next = 6;
    struct writer w;
    writer_init(&w, 1 << 20);
    params_encode(&s->genesis->params, &w);
    story_governance(s, block, span_of(&params, 1), &w);
    writer_init(&w, 1 << 20);
    members_encode(s->genesis->members, s->genesis->member_count, &w);
    story_governance(s, block, span_of(&members, 1), &w);
    writer_init(&w, 1 << 20);
    committee_encode(&s->genesis->committee, &w);
    story_governance(s, block, span_of(&set, 1), &w);
    writer_init(&w, 1 << 20);
    write_u64(&w, 1);
    story_governance(s, block, span_of(&next, 1), &w);
    for (unsigned i = 0; i < s->genesis->committee.count; i++) {
        uint8_t key[GOVERNANCE_KEY_MAX];
        size_t size = governance_key_validator(&s->genesis->committee.validators[i].id, key);
        writer_init(&w, 1 << 20);
        validator_record_encode(&s->genesis->committee.validators[i],
                                &s->genesis->validators[i].node_key, VALIDATOR_ACTIVE,
                                s->genesis->validators[i].endpoint, &w);
        story_governance(s, block, span_of(key, size), &w);
    }
}

static inline void story_add_entry(struct story *s, struct story_block *block, uint8_t kind,
                                   const struct digest *id, uint16_t code, struct span transaction,
                                   struct span effects)
{
    ASSERT(block->entry_count < STORY_ENTRIES);
    struct story_entry *entry = &block->entries[block->entry_count++];
    entry->record = (struct entry_record){ .kind = kind, .id = *id, .code = code };
    entry->record.effects_hash = digest_of(TAG_EFFECTS, effects);
    if (transaction.size > 0)
        entry->record.signed_hash = digest_of(TAG_SIGNED_TRANSACTION, transaction);
    entry->transaction = transaction.size > 0 ? story_keep(s, transaction) : transaction;
    entry->effects = story_keep(s, effects);
}

/* ---- transactions ---------------------------------------------------------------------------- */

/* A draft with one operation still to be filled in. */
static inline void story_draft(const struct story *s, struct transaction *tx,
                               const struct id *source, unsigned reference)
{
    memset(tx, 0, sizeof *tx);
    tx->chain_id = s->genesis->chain_id;
    tx->source = *source;
    tx->client_ref = story_id("reference", reference);
    tx->not_after_ms = STORY_TIME + STORY_REST_MS;
    tx->operation_count = 1;
    tx->operations[0].actor = *source;
}

static inline struct span story_body(struct story *s, const struct transaction *tx)
{
    struct writer w;
    writer_init(&w, TX_BYTES_LIMIT);
    transaction_write_body(&w, tx);
    return story_take(s, &w);
}

static inline struct span story_signed(struct story *s, struct span body,
                                       const struct secret_key *key)
{
    struct writer w;
    struct tx_signature signature;
    struct digest txid = transaction_id(body);
    transaction_sign(key, &s->genesis->chain_id, &txid, &signature);
    writer_init(&w, TX_BYTES_LIMIT);
    transaction_write_signed(&w, body, &signature, 1);
    return story_take(s, &w);
}

static inline void story_put_window(struct story *s, struct story_block *block,
                                    const struct transaction *tx, const struct digest *txid,
                                    uint16_t code)
{
    uint8_t key[RECORD_KEY_MAX], value[WINDOW_VALUE_BYTES];
    struct window_entry entry = { .txid = *txid, .code = code, .not_after_ms = tx->not_after_ms };
    entry.position = position_of(block->header.height, block->entry_count, 0);
    size_t key_size = window_key(&tx->source, &tx->client_ref, key);
    size_t size = window_encode(&entry, value);
    story_put(s, block, RECORD_WINDOW, span_of(key, key_size), span_of(value, size));
}

/* One movement: the balance, its head, and the effect's bytes. */
static inline struct span story_move(struct story *s, struct story_block *block,
                                     const struct id *account, int64_t amount,
                                     const struct digest *entry_id)
{
    struct balance balance = story_balance(s, block, account);
    struct movement movement = { .entry_id = *entry_id,
                                 .account = *account,
                                 .asset = s->euro,
                                 .seq = balance.seq + 1,
                                 .d_posted = amount,
                                 .posted = balance.posted + amount };
    movement.position = position_of(block->header.height, block->entry_count, 0);
    balance.posted = movement.posted;
    balance.seq = movement.seq;
    balance.head = movement_head(&balance.head, &movement);
    story_put_balance(s, block, &balance);
    struct writer w;
    writer_init(&w, 256);
    write_u8(&w, LEDGER_EFFECT_BALANCE);
    write_id(&w, account);
    write_id(&w, &s->euro);
    write_u64(&w, movement.seq);
    write_i64(&w, amount);
    write_i64(&w, 0);
    write_i64(&w, 0);
    write_i64(&w, movement.posted);
    write_i64(&w, 0);
    write_i64(&w, 0);
    write_digest(&w, &balance.head);
    return story_take(s, &w);
}

/* The list of at most two effects. */
static inline struct span story_effects(struct story *s, struct span a, struct span b)
{
    struct writer w;
    bool swap = a.size > 0 && b.size > 0 && span_compare(a, b) > 0;
    writer_init(&w, 1024);
    write_u16(&w, (uint16_t)((a.size > 0) + (b.size > 0)));
    write_bytes(&w, swap ? b : a);
    write_bytes(&w, swap ? a : b);
    return story_take(s, &w);
}

static inline void story_transfer(struct story *s, struct story_block *block, bool to_alice,
                                  uint64_t amount, unsigned reference)
{
    static struct transaction tx;
    const struct id *source = to_alice ? &s->treasury : &s->alice;
    const struct id *target = to_alice ? &s->alice : &s->treasury;
    story_draft(s, &tx, source, reference);
    if (reference == 3) tx.not_after_ms = STORY_TIME + STORY_SHORT_MS;
    tx.operations[0].code = OP_TRANSFER;
    tx.operations[0].transfer.to = *target;
    tx.operations[0].transfer.asset = s->euro;
    tx.operations[0].transfer.amount = amount;
    struct span body = story_body(s, &tx);
    struct digest txid = transaction_id(body);
    struct span bytes = story_signed(s, body, to_alice ? &s->treasury_key : &s->alice_key);
    bool fails = (int64_t)amount > story_balance(s, block, source).posted;
    uint16_t code = fails ? RESULT_insufficient_funds : RESULT_ok;
    story_put_window(s, block, &tx, &txid, code);
    struct span a = { NULL, 0 }, b = { NULL, 0 };
    if (fails) {
        uint8_t observed[10] = { LEDGER_EFFECT_OBSERVED, 1 };
        store_u64(observed + 2, (uint64_t)story_balance(s, block, source).posted);
        a = story_keep(s, span_of(observed, sizeof observed));
    } else {
        a = story_move(s, block, source, -(int64_t)amount, &txid);
        b = story_move(s, block, target, (int64_t)amount, &txid);
    }
    story_add_entry(s, block, ENTRY_TRANSACTION, &txid, code, bytes, story_effects(s, a, b));
}

/* What kv.put leaves: a record of the state, and the effect with the version before. */
static inline struct span story_record(struct story *s, struct story_block *block,
                                       const struct id *owner, const char *name, const char *value)
{
    uint8_t key[RECORD_KEY_MAX], bytes[KV_VALUE_BYTES];
    struct span key_span = span_of(key, kv_key(owner, span_text(name), key));
    const struct story_object *before = story_find(block, RECORD_KV, key_span);
    struct kv_record kv = { .kind = KV_VALUE, .size = (uint32_t)strlen(value) };
    uint64_t old = before ? load_u64(before->value.data) : 0;
    kv.version = position_of(block->header.height, block->entry_count, 0);
    kv.value_hash = digest_of(TAG_KV_VALUE, span_text(value));
    story_put(s, block, RECORD_KV, key_span, span_of(bytes, kv_encode(&kv, bytes)));
    struct writer w;
    writer_init(&w, 512);
    write_u8(&w, LEDGER_EFFECT_KV);
    write_id(&w, owner);
    write_bytes8(&w, span_text(name));
    write_u64(&w, old);
    write_u64(&w, kv.version);
    write_digest(&w, &kv.value_hash);
    return story_take(s, &w);
}

/* One kv.put; with a lane, number seq of it, else with a reference and not_after. */
static inline void story_put_key(struct story *s, struct story_block *block, const struct id *owner,
                                 const char *name, const char *value, unsigned reference,
                                 uint32_t lane, uint64_t seq, uint64_t not_after_ms)
{
    static struct transaction tx;
    story_draft(s, &tx, owner, reference);
    tx.not_after_ms = not_after_ms;
    tx.order = lane > 0 ? ORDER_LANE : ORDER_NONE;
    tx.lane = lane;
    tx.seq = seq;
    tx.operations[0].code = OP_KV_PUT;
    tx.operations[0].kv_put.key = span_text(name);
    tx.operations[0].kv_put.value = span_text(value);
    struct span body = story_body(s, &tx);
    struct digest txid = transaction_id(body);
    bool alice = id_equal(owner, &s->alice);
    struct span bytes = story_signed(s, body, alice ? &s->alice_key : &s->treasury_key);
    if (lane > 0) {
        uint8_t key[RECORD_KEY_MAX], next[LANE_VALUE_BYTES];
        store_u64(next, seq + 1);
        story_put(s, block, RECORD_LANE, span_of(key, lane_key(owner, lane, key)),
                  span_of(next, sizeof next));
    } else {
        story_put_window(s, block, &tx, &txid, RESULT_ok);
    }
    struct span effect = story_record(s, block, owner, name, value);
    struct span none = { NULL, 0 };
    story_add_entry(s, block, ENTRY_TRANSACTION, &txid, RESULT_ok, bytes,
                    story_effects(s, effect, none));
}

static inline void story_enact(struct story *s, struct story_block *block, uint64_t number)
{
    static const uint8_t set_key = GOVERNANCE_SET;
    struct span none = { NULL, 0 };
    uint8_t little[8];
    store_u64(little, number);
    struct digest id = digest_of(TAG_ENACTMENT, span_of(little, sizeof little));
    struct writer w;
    writer_init(&w, 64);
    write_u8(&w, LEDGER_EFFECT_PROPOSAL);
    write_u64(&w, number);
    write_u8(&w, 4);
    write_u16(&w, 3);
    write_u16(&w, 1);
    struct span effect = story_take(s, &w);
    story_add_entry(s, block, ENTRY_ENACTMENT, &id, RESULT_ok, none,
                    story_effects(s, effect, none));
    writer_init(&w, COMMITTEE_BYTES_MAX);
    committee_encode(&s->sets[number], &w);
    story_governance(s, block, span_of(&set_key, 1), &w);
    block->header.flags = HEADER_EPOCH_END;
    block->header.next_validators_hash = committee_hash(&s->sets[number]);
}

/* ---- the chain ------------------------------------------------------------------------------- */

static inline void story_hashes(const struct story *s, unsigned count, struct digest *hashes)
{
    for (unsigned i = 0; i < count; i++)
        hashes[i] = s->blocks[i].hash;
}

/* Block h on top of h - 1: its state and the header's beginning. */
static inline struct story_block *story_begin(struct story *s, unsigned h)
{
    struct story_block *block = &s->blocks[h];
    const struct header *before = &s->blocks[h - 1].header;
    *block = s->blocks[h - 1];
    block->entry_count = 0;
    block->header.height = h;
    block->header.epoch = before->epoch + (before->flags & HEADER_EPOCH_END);
    block->header.sequence = before->epoch == block->header.epoch ? before->sequence + 1 : 1;
    block->header.flags = 0;
    block->header.time_ms = STORY_TIME + 1000 * h;
    uint64_t grace = s->genesis->params.values[PARAM_window_grace_ms];
    block->header.window_horizon_ms = before->time_ms - grace;
    block->header.proposer = s->sets[block->header.epoch].validators[0].id;
    block->header.parent_hash = s->blocks[h - 1].hash;
    block->header.validators_hash = before->next_validators_hash;
    return block;
}

static inline struct digest story_tx_root(const struct story_block *block)
{
    struct digest leaves[STORY_ENTRIES];
    for (unsigned i = 0; i < block->entry_count; i++)
        leaves[i] = entry_record_hash(&block->entries[i].record);
    return merkle_root(leaves, block->entry_count);
}

static inline void story_end(struct story *s, struct story_block *block)
{
    struct digest hashes[STORY_BLOCKS];
    unsigned height = (unsigned)block->header.height;
    story_hashes(s, height, hashes);
    block->header.entry_count = block->entry_count;
    if (block->entry_count == 0) block->header.flags |= HEADER_TICK;
    block->header.tx_root = story_tx_root(block);
    block->header.state_root = story_root(block);
    block->header.history_root = merkle_root(hashes, height);
    block->hash = header_hash(&block->header);
}

static inline void story_open(struct story *s)
{
    struct story_block *block = &s->blocks[0];
    s->genesis = story_genesis(s, "proof-story", ENGINE_HOTSTUFF, FAULT_BYZANTINE, 4);
    story_sets(s);
    story_genesis_objects(s, block);
    story_genesis_balances(s, block);
    story_genesis_governance(s, block);
    enum status status = anchor_header(s->genesis, &block->header);
    ASSERT(status == STATUS_OK);
    block->hash = header_hash(&block->header);
}

static inline struct story *story_new(void)
{
    struct story *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    uint64_t rest = STORY_TIME + STORY_REST_MS;
    story_open(s);
    story_transfer(s, story_begin(s, 1), true, 500, 1);
    story_put_key(s, &s->blocks[1], &s->alice, "x", "5", 2, 0, 0, STORY_TIME + STORY_SHORT_MS);
    story_transfer(s, &s->blocks[1], false, 100000, 3);
    story_end(s, &s->blocks[1]);
    story_end(s, story_begin(s, 2));
    story_enact(s, story_begin(s, 3), 1);
    story_end(s, &s->blocks[3]);
    story_transfer(s, story_begin(s, 4), false, 200, 4);
    story_end(s, &s->blocks[4]);
    story_transfer(s, story_begin(s, 5), true, 300, 5);
    story_put_key(s, &s->blocks[5], &s->alice, "x", "6", 6, 0, 0, rest);
    story_end(s, &s->blocks[5]);
    story_enact(s, story_begin(s, 6), 2);
    story_end(s, &s->blocks[6]);
    story_put_key(s, story_begin(s, 7), &s->treasury, "y", "1", 7, 7, 1, rest);
    story_end(s, &s->blocks[7]);
    story_transfer(s, story_begin(s, 8), false, 100, 8);
    story_end(s, &s->blocks[8]);
    story_end(s, story_begin(s, 9));
    return s;
}

static inline void story_free(struct story *s)
{
    for (unsigned i = 0; i < s->kept_count; i++)
        free(s->kept[i]);
    genesis_free(s->genesis);
    free(s);
}

#endif
