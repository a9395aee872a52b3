/* tests/unit/proof/story_proofs.h -- proofs about the story's chain, and how to forge them.
 *
 * Every function returns a struct that may be altered before it is written; `reseal` makes the
 * story's validators sign whatever a header says.
 */
#ifndef TESTS_PROOF_STORY_PROOFS_H
#define TESTS_PROOF_STORY_PROOFS_H

#include "tests/unit/proof/story.h"

/* ---- seals ----------------------------------------------------------------------------------- */

/* The seal of a header by the first `signers` of a set. */
static inline struct span story_seal(struct story *s, const struct header *header, unsigned set,
                                     unsigned signers)
{
    static struct seal seal;
    uint8_t statement[SEAL_STATEMENT_BYTES];
    seal.epoch = header->epoch;
    seal.height = header->height;
    seal.block_hash = header_hash(header);
    seal.count = (uint16_t)signers;
    seal_statement_encode(&header->chain_id, seal.epoch, seal.height, &seal.block_hash, statement);
    for (unsigned i = 0; i < signers; i++) {
        seal.signatures[i].validator = (uint16_t)i;
        key_sign(&s->seal_keys[set][i], TAG_SEAL, span_of(statement, sizeof statement),
                 &seal.signatures[i].signature);
    }
    struct writer w;
    writer_init(&w, SEAL_BYTES_MAX);
    seal_write(&w, &seal);
    return story_take(s, &w);
}

/* A quorum's seal on whatever the header says now. */
static inline void reseal(struct story *s, struct sealed *sealed)
{
    unsigned set = (unsigned)min_u64(sealed->header.epoch, STORY_SETS - 1);
    sealed->seal = story_seal(s, &sealed->header, set, committee_quorum(&s->sets[set]));
}

static inline struct sealed story_sealed(struct story *s, unsigned height)
{
    struct sealed sealed = { .header = s->blocks[height].header };
    reseal(s, &sealed);
    return sealed;
}

/* The same bytes, to be altered. */
static inline uint8_t *story_alter(struct story *s, struct span *bytes)
{
    *bytes = story_keep(s, *bytes);
    return (uint8_t *)bytes->data;
}

/* ---- epochs ---------------------------------------------------------------------------------- */

/* Items as structs, to be altered before they are put together. */
struct story_items {
    unsigned count;
    struct sealed boundaries[STORY_SETS];
    struct span sets[STORY_SETS];
};

static inline struct span story_set(struct story *s, const struct committee *set)
{
    struct writer w;
    writer_init(&w, COMMITTEE_BYTES_MAX);
    committee_encode(set, &w);
    return story_take(s, &w);
}

static inline struct story_items story_items(struct story *s, unsigned count)
{
    static const unsigned boundaries[] = { 3, 6 };
    struct story_items items = { .count = count };
    ASSERT(count <= 2);
    for (unsigned i = 0; i < count; i++) {
        items.boundaries[i] = story_sealed(s, boundaries[i]);
        items.sets[i] = story_set(s, &s->sets[i + 1]);
    }
    return items;
}

static inline struct epoch_chain story_chain(struct story *s, const struct story_items *items)
{
    struct writer w;
    writer_init(&w, 1 << 20);
    for (unsigned i = 0; i < items->count; i++) {
        write_u8(&w, 0);
        sealed_write(&w, &items->boundaries[i]);
        write_bytes(&w, items->sets[i]);
    }
    return (struct epoch_chain){ items->count, story_take(s, &w) };
}

static inline struct epoch_chain story_epochs(struct story *s, unsigned count)
{
    struct story_items items = story_items(s, count);
    return story_chain(s, &items);
}

static inline struct proof story_proof(struct story *s, enum proof_kind kind, unsigned epochs)
{
    struct proof proof = { .kind = kind, .chain_id = s->genesis->chain_id };
    proof.epochs = story_epochs(s, epochs);
    return proof;
}

/* ---- paths ----------------------------------------------------------------------------------- */

static inline struct proof_path story_path(struct story *s, const struct digest *leaves,
                                           size_t count, size_t index)
{
    struct digest *room = story_room(s, MERKLE_PATH_MAX * sizeof *room);
    size_t length = merkle_path(leaves, count, index, room);
    return (struct proof_path){ (uint8_t)length, room };
}

/* Of block `height` in the history of a later one. */
static inline struct proof_path story_history(struct story *s, unsigned height, unsigned later)
{
    struct digest hashes[STORY_BLOCKS];
    story_hashes(s, later, hashes);
    return story_path(s, hashes, later, height);
}

/* All siblings on the way to a path that may or may not be there, and where the way ends. */
static inline struct state_siblings story_siblings(struct story *s, const struct story_block *block,
                                                   const struct digest *path, int *found)
{
    struct state_leaf leaves[STORY_OBJECTS];
    struct digest siblings[STATE_DEPTH_MAX];
    struct state_siblings result;
    size_t first = 0, count = block->object_count;
    unsigned depth = 0;
    story_leaves(block, leaves);
    while (count > 1) {
        size_t left = leaves_left(leaves + first, count, depth);
        bool right = path_bit(path->bytes, depth) != 0;
        siblings[depth] = right ? state_root_of(leaves + first, left, depth + 1)
                                : state_root_of(leaves + first + left, count - left, depth + 1);
        first = right ? first + left : first;
        count = right ? count - left : left;
        depth++;
    }
    *found = count == 1 ? (int)first : -1;
    struct digest *room = story_room(s, STATE_DEPTH_MAX * sizeof *room);
    state_siblings_set(&result, siblings, (uint16_t)depth, room);
    return result;
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static inline struct receipt story_receipt(struct story *s, unsigned height, unsigned index)
{
    const struct story_block *block = &s->blocks[height];
    struct digest leaves[STORY_ENTRIES];
    for (unsigned i = 0; i < block->entry_count; i++)
        leaves[i] = entry_record_hash(&block->entries[i].record);
    return (struct receipt){
        .entry = block->entries[index].record,
        .transaction = block->entries[index].transaction,
        .effects = block->entries[index].effects,
        .index = index,
        .path = story_path(s, leaves, block->entry_count, index),
        .sealed = story_sealed(s, height),
    };
}

static inline struct receipt story_later_receipt(struct story *s, unsigned height, unsigned index,
                                                 unsigned later)
{
    struct receipt receipt = story_receipt(s, height, index);
    receipt.later = true;
    receipt.header = receipt.sealed.header;
    receipt.sealed = story_sealed(s, later);
    receipt.history = story_history(s, height, later);
    return receipt;
}

static inline struct consistency_proof story_consistency(struct story *s, unsigned first,
                                                         unsigned second)
{
    struct digest hashes[STORY_BLOCKS];
    struct digest *room = story_room(s, MERKLE_PATH_MAX * sizeof *room);
    story_hashes(s, second, hashes);
    size_t length = merkle_consistency(hashes, second, first, room);
    return (struct consistency_proof){
        .first = story_sealed(s, first),
        .second = story_sealed(s, second),
        .consistency = { (uint8_t)length, room },
        .inclusion = story_history(s, first, second),
    };
}

/* The state of an object after a block: present, or absent with or without a neighbour. */
static inline struct state_proof story_state(struct story *s, unsigned height, uint8_t kind,
                                             struct span key, uint64_t not_after_ms)
{
    const struct story_block *block = &s->blocks[height];
    struct state_proof state = { .kind = kind, .key = story_keep(s, key) };
    struct digest path =
        kind == RECORD_WINDOW ? state_path_window(key, not_after_ms) : state_path(kind, key);
    int found;
    state.path = story_siblings(s, block, &path, &found);
    state.sealed = story_sealed(s, height);
    const struct story_object *object = found < 0 ? NULL : &block->objects[found];
    if (object && digest_equal(&object->leaf.path, &path)) {
        state.form = STATE_PRESENT;
        state.value = object->value;
        return state;
    }
    state.form = STATE_ABSENT;
    if (kind == RECORD_WINDOW) state.not_after_ms = not_after_ms / WINDOW_STEP_MS * WINDOW_STEP_MS;
    state.has_neighbour = object != NULL;
    if (object) {
        state.neighbour_path = object->leaf.path;
        state.neighbour_value_hash = state_value_hash(object->kind, object->key, object->value);
    }
    return state;
}

static inline struct state_proof story_balance_state(struct story *s, unsigned height,
                                                     const struct id *account)
{
    uint8_t key[RECORD_KEY_MAX];
    size_t size = balance_key(account, &s->euro, key);
    return story_state(s, height, RECORD_BALANCE, span_of(key, size), 0);
}

static inline struct state_proof story_key_state(struct story *s, unsigned height,
                                                 const struct id *owner, const char *name)
{
    uint8_t key[RECORD_KEY_MAX];
    size_t size = kv_key(owner, span_text(name), key);
    return story_state(s, height, RECORD_KV, span_of(key, size), 0);
}

/* A body of alice's that was never sent, or one that takes the place of another. */
static inline void story_unsent(struct story *s, struct transaction *tx, const struct id *source,
                                unsigned reference, uint64_t not_after_ms)
{
    story_draft(s, tx, source, reference);
    tx->not_after_ms = not_after_ms;
    tx->memo_hash = story_digest("memo", reference);
    tx->operations[0].code = OP_KV_DELETE;
    tx->operations[0].kv_delete.key = span_text("z");
}

static inline struct absence_proof story_absence(struct story *s, const struct transaction *tx,
                                                 unsigned height)
{
    uint8_t key[RECORD_KEY_MAX];
    struct absence_proof absence = { .body = story_body(s, tx), .form = ABSENCE_STATE };
    absence.txid = transaction_id(absence.body);
    if (tx->order == ORDER_LANE) {
        size_t size = lane_key(&tx->source, tx->lane, key);
        absence.state = story_state(s, height, RECORD_LANE, span_of(key, size), 0);
    } else {
        size_t size = window_key(&tx->source, &tx->client_ref, key);
        absence.state = story_state(s, height, RECORD_WINDOW, span_of(key, size), tx->not_after_ms);
    }
    return absence;
}

/* All movements of alice up to a height, oldest first. */
static inline unsigned story_movements(const struct story *s, unsigned up_to,
                                       struct movement *movements)
{
    unsigned count = 0;
    for (unsigned i = 0; i < 2; i++) {
        const struct genesis_balance *from = &s->genesis->balances[i];
        if (!id_equal(&from->account, &s->alice)) continue;
        movements[count++] = (struct movement){ .entry_id = s->genesis->chain_id,
                                                .position = 1,
                                                .account = s->alice,
                                                .asset = s->euro,
                                                .seq = 1,
                                                .d_posted = (int64_t)from->posted,
                                                .posted = (int64_t)from->posted };
    }
    for (unsigned h = 1; h <= up_to; h++)
        for (unsigned i = 0; i < s->blocks[h].entry_count; i++) {
            const struct story_entry *entry = &s->blocks[h].entries[i];
            struct effect_list list = effect_list_of(entry->effects);
            struct ledger_effect effect;
            while (effect_list_next(&list, &effect)) {
                if (effect.kind != LEDGER_EFFECT_BALANCE || !id_equal(&effect.id, &s->alice))
                    continue;
                movements[count++] = (struct movement){ .entry_id = entry->record.id,
                                                        .position = position_of(h, i, 0),
                                                        .account = s->alice,
                                                        .asset = s->euro,
                                                        .seq = effect.balance.seq,
                                                        .d_posted = effect.balance.d_posted,
                                                        .posted = effect.balance.posted };
            }
        }
    return count;
}

/* The statement of movements first ... last - 1 as story_movements numbers them. */
static inline void story_lines(struct story *s, struct statement_proof *statement,
                               const struct movement *movements, unsigned first, unsigned last)
{
    struct writer w;
    statement->head = (struct digest){ { 0 } };
    for (unsigned i = 0; i < first; i++)
        statement->head = movement_head(&statement->head, &movements[i]);
    writer_init(&w, 1 << 20);
    for (unsigned i = first; i < last; i++) {
        uint8_t bytes[MOVEMENT_BYTES];
        movement_encode(&movements[i], bytes);
        write_bytes(&w, span_of(bytes, sizeof bytes));
    }
    statement->count = last - first;
    statement->movements = story_take(s, &w);
}

/* Alice's, from block 4 to block 8, closed by the state after block 8. */
static inline struct statement_proof story_statement(struct story *s)
{
    struct movement movements[16];
    struct statement_proof statement = { .account = s->alice,
                                         .asset = s->euro,
                                         .from_height = 4,
                                         .to_height = 8,
                                         .form = CLOSING_STATE };
    unsigned count = story_movements(s, 8, movements);
    ASSERT(count == 5);
    story_lines(s, &statement, movements, 2, 5);
    statement.state = story_balance_state(s, 8, &s->alice);
    return statement;
}

/* Alice's, from the genesis to block 4, closed by the receipt of what moved in block 5. */
static inline struct statement_proof story_old_statement(struct story *s)
{
    struct movement movements[16];
    struct statement_proof statement = { .account = s->alice,
                                         .asset = s->euro,
                                         .from_height = 0,
                                         .to_height = 4,
                                         .form = CLOSING_NEXT };
    (void)story_movements(s, 8, movements);
    story_lines(s, &statement, movements, 0, 3);
    statement.next = story_receipt(s, 5, 0);
    return statement;
}

static inline struct evidence_proof story_equivocation(struct story *s)
{
    struct evidence_proof evidence = {
        .type = EVIDENCE_EQUIVOCATION, .epoch = 1, .height = 5, .validator = 2
    };
    evidence.hashes[0] = s->blocks[5].hash;
    evidence.hashes[1] = story_digest("another block", 5);
    if (digest_compare(&evidence.hashes[0], &evidence.hashes[1]) > 0) {
        evidence.hashes[0] = evidence.hashes[1];
        evidence.hashes[1] = s->blocks[5].hash;
    }
    for (unsigned i = 0; i < 2; i++) {
        uint8_t statement[SEAL_STATEMENT_BYTES];
        seal_statement_encode(&s->genesis->chain_id, 1, 5, &evidence.hashes[i], statement);
        key_sign(&s->seal_keys[1][2], TAG_SEAL, span_of(statement, sizeof statement),
                 &evidence.signatures[i]);
    }
    return evidence;
}

/* Block 8 of another history, in which alice keeps her money. */
static inline struct sealed story_other_block(struct story *s)
{
    struct sealed other = { .header = s->blocks[8].header };
    other.header.state_root = s->blocks[7].header.state_root;
    reseal(s, &other);
    return other;
}

/* Two blocks at height 8. */
static inline struct evidence_proof story_fork(struct story *s)
{
    struct evidence_proof evidence = { .type = EVIDENCE_FORK, .form = FORK_HEIGHT };
    struct sealed a = story_sealed(s, 8), b = story_other_block(s);
    struct digest hash_a = header_hash(&a.header), hash_b = header_hash(&b.header);
    bool ascending = digest_compare(&hash_a, &hash_b) < 0;
    evidence.first = ascending ? a : b;
    evidence.second = ascending ? b : a;
    evidence.first_epochs = story_epochs(s, 2);
    return evidence;
}

/* Block 8, and a block 9 whose history has another block 8. */
static inline struct evidence_proof story_history_fork(struct story *s)
{
    struct evidence_proof evidence = { .type = EVIDENCE_FORK, .form = FORK_HISTORY };
    struct sealed other = story_other_block(s);
    struct digest hashes[STORY_BLOCKS];
    story_hashes(s, 9, hashes);
    hashes[8] = header_hash(&other.header);
    evidence.first = story_sealed(s, 8);
    evidence.first_epochs = story_epochs(s, 2);
    evidence.other = hashes[8];
    evidence.other_path = story_path(s, hashes, 9, 8);
    evidence.second.header = s->blocks[9].header;
    evidence.second.header.parent_hash = hashes[8];
    evidence.second.header.history_root = merkle_root(hashes, 9);
    reseal(s, &evidence.second);
    return evidence;
}

static inline struct proof story_anchor(struct story *s)
{
    struct writer w;
    struct proof proof = { .kind = PROOF_ANCHOR, .chain_id = s->genesis->chain_id };
    writer_init(&w, GENESIS_BYTES_MAX);
    genesis_encode(s->genesis, &w);
    proof.anchor.header = s->blocks[0].header;
    proof.anchor.document = story_take(s, &w);
    return proof;
}

/* ---- files ----------------------------------------------------------------------------------- */

static inline struct span story_file(struct story *s, const struct proof *proof)
{
    struct writer w;
    writer_init(&w, PROOF_BYTES_MAX);
    proof_write(&w, proof);
    return story_take(s, &w);
}

#endif
