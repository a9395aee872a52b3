/* tests/unit/proof/cases.h -- every proof of tests/vectors/proofs: good ones of each kind and form,
 * and for each check some that fail it and no check before it.
 *
 * tests/tools/make_proof_vectors.c writes them as files, test_vectors.c makes them again and
 * compares.
 */
#ifndef TESTS_PROOF_CASES_H
#define TESTS_PROOF_CASES_H

#include "tests/unit/proof/story_proofs.h"

struct proof_case {
    const char *name;
    const char *expect; /* "verified", or the name of a check */
    struct span file;
    bool crash;                /* of the crash-model network */
    bool allow_crash;          /* and accepted */
    const struct trust *trust; /* what is remembered; NULL: nothing */
};

struct cases {
    struct story *s;
    struct genesis *crash;                 /* three validators of the crash-fault model */
    struct verify_cache *cache;            /* may be NULL */
    struct trust right, forked, elsewhere; /* memories of the story's chain */
    void (*emit)(void *context, const struct proof_case *item);
    void *context;
};

static inline void emit_file(struct cases *c, const char *name, const char *expect,
                             struct span file)
{
    struct proof_case item = { .name = name, .expect = expect, .file = file };
    c->emit(c->context, &item);
}

static inline void emit_proof(struct cases *c, const char *name, const char *expect,
                              const struct proof *proof)
{
    emit_file(c, name, expect, story_file(c->s, proof));
}

/* ---- makers ---------------------------------------------------------------------------------- */

static inline struct proof seal_proof(struct story *s, unsigned height)
{
    struct proof proof = story_proof(s, PROOF_SEAL, (unsigned)s->blocks[height].header.epoch);
    proof.seal = story_sealed(s, height);
    return proof;
}

static inline struct proof receipt_proof(struct story *s, unsigned height, unsigned index)
{
    struct proof proof = story_proof(s, PROOF_RECEIPT, (unsigned)s->blocks[height].header.epoch);
    proof.receipt = story_receipt(s, height, index);
    return proof;
}

static inline struct proof later_proof(struct story *s, unsigned height, unsigned index,
                                       unsigned later)
{
    struct proof proof = story_proof(s, PROOF_RECEIPT, (unsigned)s->blocks[later].header.epoch);
    proof.receipt = story_later_receipt(s, height, index, later);
    return proof;
}

static inline struct proof consistency_proof(struct story *s, unsigned first, unsigned second)
{
    struct proof proof =
        story_proof(s, PROOF_CONSISTENCY, (unsigned)s->blocks[second].header.epoch);
    proof.consistency = story_consistency(s, first, second);
    return proof;
}

/* About the state after block 8, which is of epoch 2. */
static inline struct proof state_proof(struct story *s, struct state_proof state)
{
    struct proof proof = story_proof(s, PROOF_STATE, 2);
    proof.state = state;
    return proof;
}

static inline struct proof between_proof(struct story *s, uint8_t kind, struct span key,
                                         struct receipt last, struct receipt next, unsigned epochs)
{
    struct proof proof = story_proof(s, PROOF_STATE, epochs);
    proof.state.form = STATE_BETWEEN;
    proof.state.kind = kind;
    proof.state.key = story_keep(s, key);
    proof.state.last = last;
    proof.state.next = next;
    return proof;
}

static inline struct proof x_between(struct story *s)
{
    uint8_t key[RECORD_KEY_MAX];
    size_t size = kv_key(&s->alice, span_text("x"), key);
    return between_proof(s, RECORD_KV, span_of(key, size), story_receipt(s, 1, 1),
                         story_receipt(s, 5, 1), 1);
}

static inline struct proof balance_between(struct story *s)
{
    uint8_t key[RECORD_KEY_MAX];
    size_t size = balance_key(&s->alice, &s->euro, key);
    return between_proof(s, RECORD_BALANCE, span_of(key, size), story_receipt(s, 4, 0),
                         story_receipt(s, 5, 0), 1);
}

static inline struct proof x_since(struct story *s)
{
    struct proof proof = state_proof(s, story_key_state(s, 8, &s->alice, "x"));
    proof.state.form = STATE_SINCE;
    proof.state.last = story_receipt(s, 5, 1);
    return proof;
}

static inline struct proof absence_proof(struct story *s, const struct transaction *tx)
{
    struct proof proof = story_proof(s, PROOF_ABSENCE, 2);
    proof.absence = story_absence(s, tx, 8);
    return proof;
}

/* A body that was never sent; the state ends its path with a neighbour, or with nothing. */
static inline struct proof unsent_proof(struct story *s, bool neighbour)
{
    static struct transaction tx;
    for (unsigned reference = 100;; reference++) {
        ASSERT(reference < 200);
        uint64_t step = WINDOW_STEP_MS * (uint64_t)(reference % 7);
        story_unsent(s, &tx, &s->alice, reference, STORY_TIME + 7500 - step);
        struct proof proof = absence_proof(s, &tx);
        if (proof.absence.state.has_neighbour == neighbour) return proof;
    }
}

/* A body with the reference of alice's first put, and its time. */
static inline struct proof same_reference_proof(struct story *s)
{
    static struct transaction tx;
    story_unsent(s, &tx, &s->alice, 2, STORY_TIME + 5500);
    return absence_proof(s, &tx);
}

static inline struct proof lane_proof(struct story *s, const struct id *source, uint32_t lane,
                                      uint64_t seq)
{
    static struct transaction tx;
    story_unsent(s, &tx, source, 50, STORY_TIME + 5500);
    tx.order = ORDER_LANE;
    tx.lane = lane;
    tx.seq = seq;
    return absence_proof(s, &tx);
}

/* Another body for number 1 of lane 7, and the receipt of the one that took it. */
static inline struct proof lane_other_proof(struct story *s, uint64_t seq)
{
    struct proof proof = lane_proof(s, &s->treasury, 7, seq);
    proof.absence.form = ABSENCE_OTHER;
    proof.absence.other = story_receipt(s, 7, 0);
    return proof;
}

static inline struct proof statement_proof(struct story *s)
{
    struct proof proof = story_proof(s, PROOF_STATEMENT, 2);
    proof.statement = story_statement(s);
    return proof;
}

static inline struct proof old_statement_proof(struct story *s)
{
    struct proof proof = story_proof(s, PROOF_STATEMENT, 1);
    proof.statement = story_old_statement(s);
    return proof;
}

/* Of somebody who never had any money. */
static inline struct proof empty_statement_proof(struct story *s)
{
    struct proof proof = story_proof(s, PROOF_STATEMENT, 2);
    proof.statement.account = story_id("member", 0);
    proof.statement.asset = s->euro;
    proof.statement.from_height = 0;
    proof.statement.to_height = 8;
    proof.statement.form = CLOSING_STATE;
    proof.statement.state = story_balance_state(s, 8, &proof.statement.account);
    return proof;
}

static inline struct proof evidence_proof(struct story *s, struct evidence_proof evidence,
                                          unsigned epochs)
{
    struct proof proof = story_proof(s, PROOF_EVIDENCE, epochs);
    proof.evidence = evidence;
    return proof;
}

/* Block 1 of the crash-model network, sealed by two of three. */
static inline struct proof crash_proof(struct cases *c)
{
    struct proof proof = { .kind = PROOF_SEAL, .chain_id = c->crash->chain_id };
    struct header *header = &proof.seal.header;
    static struct seal seal;
    uint8_t statement[SEAL_STATEMENT_BYTES];
    enum status status = anchor_header(c->crash, header);
    ASSERT(status == STATUS_OK);
    header->parent_hash = header_hash(header);
    header->history_root = merkle_root(&header->parent_hash, 1);
    header->flags = HEADER_TICK;
    header->height = 1;
    header->sequence = 1;
    header->time_ms += 1000;
    seal = (struct seal){ .height = 1, .block_hash = header_hash(header), .count = 2 };
    seal_statement_encode(&header->chain_id, 0, 1, &seal.block_hash, statement);
    for (uint16_t i = 0; i < 2; i++) {
        seal.signatures[i].validator = i;
        for (unsigned number = 0; number < 3; number++) {
            struct secret_key secret;
            struct public_key key = story_key("seal", number, &secret);
            if (key_equal(&key, &c->crash->committee.validators[i].seal_key))
                key_sign(&secret, TAG_SEAL, span_of(statement, sizeof statement),
                         &seal.signatures[i].signature);
        }
    }
    struct writer w;
    writer_init(&w, SEAL_BYTES_MAX);
    seal_write(&w, &seal);
    proof.seal.seal = story_take(c->s, &w);
    return proof;
}

/* ---- good proofs ----------------------------------------------------------------------------- */

static inline void emit_good_states(struct cases *c)
{
    struct story *s = c->s;
    struct proof proof;
    proof = state_proof(s, story_balance_state(s, 8, &s->alice));
    emit_proof(c, "state-balance", "verified", &proof);
    proof = state_proof(s, story_key_state(s, 8, &s->alice, "x"));
    emit_proof(c, "state-kv", "verified", &proof);
    proof = state_proof(s, story_state(s, 8, RECORD_ACCOUNT, span_of(s->alice.bytes, 16), 0));
    emit_proof(c, "state-account", "verified", &proof);
    proof = state_proof(s, story_state(s, 8, RECORD_ASSET, span_of(s->euro.bytes, 16), 0));
    emit_proof(c, "state-asset", "verified", &proof);
    proof = state_proof(s, story_state(s, 8, RECORD_GOVERNANCE, span_text("\3"), 0));
    emit_proof(c, "state-governance", "verified", &proof);
    proof = state_proof(s, unsent_proof(s, true).absence.state);
    emit_proof(c, "state-window-absent", "verified", &proof);
    proof = state_proof(s, story_state(s, 8, RECORD_HOLD, span_of(s->euro.bytes, 16), 0));
    emit_proof(c, "state-hold-absent", "verified", &proof);
    proof = x_between(s);
    emit_proof(c, "state-between-kv", "verified", &proof);
    proof = balance_between(s);
    emit_proof(c, "state-between-balance", "verified", &proof);
    proof = x_since(s);
    emit_proof(c, "state-since", "verified", &proof);
}

static inline void emit_good_absences(struct cases *c)
{
    struct story *s = c->s;
    struct proof proof = unsent_proof(s, true);
    emit_proof(c, "absence-neighbour", "verified", &proof);
    proof = unsent_proof(s, false);
    emit_proof(c, "absence-empty", "verified", &proof);
    proof = same_reference_proof(s);
    emit_proof(c, "absence-other-txid", "verified", &proof);
    proof = lane_proof(s, &s->alice, 3, 1);
    emit_proof(c, "absence-lane-unused", "verified", &proof);
    proof = lane_proof(s, &s->treasury, 7, 5);
    emit_proof(c, "absence-lane-behind", "verified", &proof);
    proof = lane_other_proof(s, 1);
    emit_proof(c, "absence-lane-taken", "verified", &proof);
}

static inline void emit_good_rest(struct cases *c)
{
    struct story *s = c->s;
    struct proof proof = statement_proof(s);
    emit_proof(c, "statement-state", "verified", &proof);
    proof = old_statement_proof(s);
    emit_proof(c, "statement-next", "verified", &proof);
    proof = empty_statement_proof(s);
    emit_proof(c, "statement-empty", "verified", &proof);
    proof = evidence_proof(s, story_equivocation(s), 1);
    emit_proof(c, "evidence-equivocation", "verified", &proof);
    proof = evidence_proof(s, story_fork(s), 2);
    emit_proof(c, "evidence-fork-height", "verified", &proof);
    proof = evidence_proof(s, story_history_fork(s), 2);
    emit_proof(c, "evidence-fork-history", "verified", &proof);
}

static inline void emit_good(struct cases *c)
{
    struct story *s = c->s;
    struct proof proof = story_anchor(s);
    emit_proof(c, "anchor", "verified", &proof);
    proof = seal_proof(s, 2);
    emit_proof(c, "seal-epoch-0", "verified", &proof);
    proof = seal_proof(s, 8);
    emit_proof(c, "seal-epoch-2", "verified", &proof);
    proof = story_proof(s, PROOF_EPOCHS, 0);
    emit_proof(c, "epochs-none", "verified", &proof);
    proof = story_proof(s, PROOF_EPOCHS, 2);
    emit_proof(c, "epochs", "verified", &proof);
    proof = receipt_proof(s, 1, 0);
    emit_proof(c, "receipt", "verified", &proof);
    proof = receipt_proof(s, 1, 2);
    emit_proof(c, "receipt-failed", "verified", &proof);
    proof = receipt_proof(s, 5, 1);
    proof.receipt.transaction = proof.receipt.effects = span_of(NULL, 0);
    emit_proof(c, "receipt-withheld", "verified", &proof);
    proof = receipt_proof(s, 6, 0);
    emit_proof(c, "receipt-enactment", "verified", &proof);
    proof = later_proof(s, 1, 1, 9);
    emit_proof(c, "receipt-later", "verified", &proof);
    proof = consistency_proof(s, 2, 9);
    emit_proof(c, "consistency", "verified", &proof);
    proof = consistency_proof(s, 8, 9);
    emit_proof(c, "consistency-power-of-two", "verified", &proof);
    emit_good_states(c);
    emit_good_absences(c);
    emit_good_rest(c);
}

/* ---- F: the file ----------------------------------------------------------------------------- */

static inline struct span altered(struct story *s, struct span file, size_t at, uint8_t value)
{
    story_alter(s, &file)[at] = value;
    return file;
}

static inline void emit_bad_files(struct cases *c)
{
    struct story *s = c->s;
    struct proof proof = receipt_proof(s, 1, 0);
    struct span file = story_file(s, &proof);
    struct proof none = story_proof(s, PROOF_EPOCHS, 0);
    emit_file(c, "magic", "F.1 magic", altered(s, file, 0, 'V'));
    emit_file(c, "nothing", "F.1 magic", span_of(file.data, 0));
    emit_file(c, "version-2", "F.2 version", altered(s, file, 8, 2));
    emit_file(c, "kind-snapshot", "F.3 kind", altered(s, file, 10, 8));
    emit_file(c, "kind-recovery", "F.3 kind", altered(s, file, 10, 10));
    emit_file(c, "kind-unknown", "F.3 kind", altered(s, file, 10, 11));
    emit_file(c, "cosignatures", "F.3 kind", altered(s, file, file.size - 6, 1));
    emit_file(c, "short", "F.5 form", span_of(file.data, file.size - 1));
    emit_file(c, "only-head", "F.5 form", span_of(file.data, PROOF_HEAD_BYTES));
    emit_file(c, "long", "F.5 form", story_keep(s, span_of(file.data, file.size + 1)));
    emit_file(c, "mark-2", "F.5 form", altered(s, file, PROOF_HEAD_BYTES + 100, 2));
    emit_file(c, "unknown-code", "F.5 form", altered(s, file, PROOF_HEAD_BYTES + 65, 1));
    emit_file(c, "epochs-10001", "F.4 size",
              altered(s, altered(s, file, file.size - 4, 0x11), file.size - 3, 0x27));
    proof = story_proof(s, PROOF_EPOCHS, 1);
    emit_file(c, "item-recovery", "F.3 kind",
              altered(s, story_file(s, &proof), PROOF_HEAD_BYTES + 4, 1));
    proof = evidence_proof(s, story_equivocation(s), 1);
    emit_file(c, "evidence-type-3", "F.3 kind",
              altered(s, story_file(s, &proof), PROOF_HEAD_BYTES, 3));
    none.chain_id = story_digest("another chain", 0);
    emit_proof(c, "another-chain", "F.6 chain", &none);
    proof = seal_proof(s, 2);
    emit_file(c, "signatures-259", "F.4 size",
              altered(s, story_file(s, &proof), PROOF_HEAD_BYTES + HEADER_BYTES + 49, 1));
}

/* The offset of the transaction's mark, which the effects' follows. */
enum { RECEIPT_MARK = PROOF_HEAD_BYTES + ENTRY_RECORD_BYTES };

static inline void emit_bad_lists(struct cases *c)
{
    struct story *s = c->s;
    struct proof proof = receipt_proof(s, 1, 0);
    struct span file = story_file(s, &proof);
    size_t transaction = proof.receipt.transaction.size, effects = proof.receipt.effects.size;
    size_t path = RECEIPT_MARK + 1 + 4 + transaction + 1 + 4 + effects + 4;
    emit_file(c, "path-of-65", "F.4 size", altered(s, file, path, 65));
    emit_file(c, "place-2", "F.5 form",
              altered(s, file, path + 1 + 32 * proof.receipt.path.count, 2));
    proof.receipt.effects = span_text("\1\0\7\7");
    emit_proof(c, "effects-malformed", "F.5 form", &proof);
    proof = receipt_proof(s, 3, 0);
    proof.receipt.transaction = s->blocks[1].entries[0].transaction;
    emit_proof(c, "transaction-of-an-enactment", "F.5 form", &proof);
    proof = receipt_proof(s, 5, 1);
    proof.receipt.transaction = proof.receipt.effects = span_of(NULL, 0);
    file = story_file(s, &proof);
    uint8_t *bytes = story_room(s, file.size + 4); /* a transaction of no bytes: its length, zero */
    memcpy(bytes, file.data, RECEIPT_MARK);
    bytes[RECEIPT_MARK] = 1;
    memcpy(bytes + RECEIPT_MARK + 5, file.data + RECEIPT_MARK + 1, file.size - RECEIPT_MARK - 1);
    file = span_of(bytes, file.size + 4);
    emit_file(c, "transaction-empty", "F.5 form", file);
    proof = story_proof(s, PROOF_EPOCHS, 1);
    size_t set = PROOF_HEAD_BYTES + 4 + 1 + HEADER_BYTES + 50 + 3 * SEAL_SIGNATURE_BYTES;
    emit_file(c, "set-of-none", "F.4 size", altered(s, story_file(s, &proof), set + 2, 0));
    emit_file(c, "set-of-260", "F.4 size", altered(s, story_file(s, &proof), set + 3, 1));
}

static inline void emit_bad_forms(struct cases *c)
{
    struct story *s = c->s;
    struct movement movements[16];
    struct proof proof = state_proof(s, story_balance_state(s, 8, &s->alice));
    emit_file(c, "state-form-5", "F.5 form",
              altered(s, story_file(s, &proof), PROOF_HEAD_BYTES, 5));
    proof = unsent_proof(s, true);
    size_t form = PROOF_HEAD_BYTES + 32 + 4 + proof.absence.body.size;
    emit_file(c, "absence-form-3", "F.5 form", altered(s, story_file(s, &proof), form, 3));
    emit_file(c, "absence-by-the-past", "F.5 form", altered(s, story_file(s, &proof), form + 1, 4));
    proof = statement_proof(s);
    size_t count = PROOF_HEAD_BYTES + 16 + 16 + 8 + 8 + 32;
    form = count + 4 + 3 * MOVEMENT_BYTES;
    emit_file(c, "statement-form-3", "F.5 form", altered(s, story_file(s, &proof), form, 3));
    emit_file(c, "lines-16777219", "F.4 size", altered(s, story_file(s, &proof), count + 3, 1));
    (void)story_movements(s, 8, movements);
    movements[4].position |= UINT64_C(1) << 63;
    story_lines(s, &proof.statement, movements, 2, 5);
    emit_proof(c, "line-beyond-all-heights", "F.5 form", &proof);
    proof = evidence_proof(s, story_fork(s), 2);
    form = story_file(s, &proof).size - 4 - proof.epochs.items.size - HEADER_BYTES -
           proof.evidence.second.seal.size - 1;
    emit_file(c, "fork-form-3", "F.5 form", altered(s, story_file(s, &proof), form, 3));
}

static inline void emit_bad_siblings(struct cases *c)
{
    struct story *s = c->s;
    struct proof proof = state_proof(s, story_balance_state(s, 8, &s->alice));
    struct span file = story_file(s, &proof);
    /* form, kind, bytes16 key of 32, bytes32 value of 73, then depth */
    size_t depth = PROOF_HEAD_BYTES + 1 + 1 + 2 + 32 + 4 + BALANCE_VALUE_BYTES;
    emit_file(c, "depth-257", "F.5 form", altered(s, altered(s, file, depth, 1), depth + 1, 1));
    ASSERT(load_u16(file.data + depth) % 8 != 0);
    size_t last = depth + 1 + (load_u16(file.data + depth) + 7u) / 8;
    emit_file(c, "sibling-below-leaf", "F.5 form",
              altered(s, file, last, (uint8_t)(file.data[last] | 1)));
    struct digest *zeros = story_room(s, sizeof *zeros * STATE_DEPTH_MAX);
    proof.state.path.hashes = zeros;
    emit_proof(c, "sibling-zeros", "F.5 form", &proof);
    proof = unsent_proof(s, true);
    proof.absence.state.not_after_ms++;
    emit_proof(c, "window-step", "F.5 form", &proof);
    proof = state_proof(s, story_state(s, 8, RECORD_HOLD, span_of(s->euro.bytes, 16), 0));
    file = story_file(s, &proof);
    size_t key = PROOF_HEAD_BYTES + 1 + 1 + 2;
    emit_file(c, "absent-key-altered", "P5.2 object",
              altered(s, file, key, (uint8_t)(file.data[key] ^ 1)));
}

/* ---- P0 -------------------------------------------------------------------------------------- */

/* Where a validator's possession stands in the document. */
static inline size_t find_possession(struct story *s, struct span document)
{
    const struct signature *possession = &s->genesis->validators[0].possession;
    for (size_t i = 0; i + sizeof *possession <= document.size; i++)
        if (memcmp(document.data + i, possession, sizeof *possession) == 0) return i;
    ASSERT(false); /* a validator without possession */
    return 0;
}

static inline void emit_bad_anchors(struct cases *c)
{
    struct story *s = c->s, *other = calloc(1, sizeof *other);
    struct writer w;
    struct proof good = story_anchor(s), proof = good;
    proof.anchor.document.size--;
    emit_proof(c, "document-short", "P0.1 document", &proof);
    proof = good;
    size_t at = find_possession(s, proof.anchor.document);
    story_alter(s, &proof.anchor.document)[at] ^= 1;
    emit_proof(c, "possession-altered", "P0.3 possession", &proof);
    ASSERT(other != NULL);
    struct genesis *genesis = story_genesis(other, "another", ENGINE_HOTSTUFF, FAULT_BYZANTINE, 4);
    free(other);
    writer_init(&w, GENESIS_BYTES_MAX);
    genesis_encode(genesis, &w);
    genesis_free(genesis);
    proof = good;
    proof.anchor.document = story_take(s, &w);
    emit_proof(c, "document-of-another", "P0.2 chain_id", &proof);
    proof = good;
    proof.anchor.header.time_ms++;
    emit_proof(c, "block-0-time", "P0.4 block_0", &proof);
    proof = good;
    proof.anchor.header.version = 2;
    emit_proof(c, "block-0-version", "P0.4 block_0", &proof);
    proof = good;
    proof.anchor.header.params_hash.bytes[5] ^= 4;
    emit_proof(c, "block-0-params", "P0.4 block_0", &proof);
    proof = good;
    proof.anchor.header.state_root.bytes[31] ^= 1;
    emit_proof(c, "block-0-state", "P0.5 state_root", &proof);
}

/* ---- P1 -------------------------------------------------------------------------------------- */

enum { SEAL_HEAD = 50 };

static inline uint8_t *signer_of(struct story *s, struct sealed *sealed, unsigned number)
{
    return story_alter(s, &sealed->seal) + SEAL_HEAD + SEAL_SIGNATURE_BYTES * number;
}

static inline void emit_bad_headers(struct cases *c)
{
    struct story *s = c->s;
    struct proof good = seal_proof(s, 2), proof = good;
    proof.seal.header.chain_id = story_digest("another chain", 0);
    reseal(s, &proof.seal);
    emit_proof(c, "header-of-another-chain", "P1.1 header", &proof);
    proof = good;
    proof.seal.header.flags = 8;
    reseal(s, &proof.seal);
    emit_proof(c, "header-unknown-flag", "P1.1 header", &proof);
    proof = good;
    proof.seal.header.state_root.bytes[0] ^= 1;
    emit_proof(c, "header-altered", "P1.2 hash", &proof);
    proof = good;
    story_alter(s, &proof.seal.seal)[8] ^= 1;
    emit_proof(c, "seal-of-another-height", "P1.3 place", &proof);
    proof = good;
    story_alter(s, &proof.seal.seal)[0] ^= 1;
    emit_proof(c, "seal-of-another-epoch", "P1.3 place", &proof);
    proof = good;
    proof.seal.header.validators_hash = committee_hash(&s->sets[1]);
    reseal(s, &proof.seal);
    emit_proof(c, "set-of-another-epoch", "P1.4 set", &proof);
    proof = good;
    proof.seal.header.fault_model = FAULT_CRASH;
    reseal(s, &proof.seal);
    emit_proof(c, "header-says-crash", "P1.5 fault_model", &proof);
}

/* S + L: the same signature to whoever reduces S first. */
static inline void add_order(uint8_t signature[64])
{
    static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                       0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                       0,    0,    0,    0,    0,    0,    0,    0,
                                       0,    0,    0,    0,    0,    0,    0,    0x10 };
    unsigned carry = 0;
    for (unsigned i = 0; i < 32; i++) {
        carry += (unsigned)signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static inline void emit_bad_seals(struct cases *c)
{
    struct story *s = c->s;
    struct proof good = seal_proof(s, 2), proof = good;
    store_u16(signer_of(s, &proof.seal, 1), 0);
    emit_proof(c, "signer-twice", "P1.6 signers", &proof);
    proof = good;
    store_u16(signer_of(s, &proof.seal, 0), 2);
    emit_proof(c, "signers-descend", "P1.6 signers", &proof);
    proof = good;
    store_u16(signer_of(s, &proof.seal, 2), 4);
    emit_proof(c, "signer-beyond-set", "P1.6 signers", &proof);
    proof = good;
    proof.seal.seal = story_seal(s, &proof.seal.header, 0, 2);
    emit_proof(c, "quorum-short", "P1.7 quorum", &proof);
    proof.seal.seal = story_seal(s, &proof.seal.header, 0, 0);
    emit_proof(c, "quorum-none", "P1.7 quorum", &proof);
    proof = seal_proof(s, 8);
    proof.seal.seal = story_seal(s, &proof.seal.header, 2, 3);
    emit_proof(c, "quorum-of-old-set", "P1.7 quorum", &proof);
    proof = good;
    signer_of(s, &proof.seal, 0)[2 + 7] ^= 0x10;
    emit_proof(c, "signature-altered", "P1.8 signature", &proof);
    proof = good;
    add_order(signer_of(s, &proof.seal, 2) + 2);
    emit_proof(c, "signature-plus-order", "P1.8 signature", &proof);
    proof = good;
    store_u16(signer_of(s, &proof.seal, 2), 3);
    emit_proof(c, "signature-of-another", "P1.8 signature", &proof);
    proof = seal_proof(s, 4);
    proof.seal.seal = story_seal(s, &proof.seal.header, 0, 4);
    emit_proof(c, "signature-by-old-key", "P1.8 signature", &proof);
}

/* ---- P2 -------------------------------------------------------------------------------------- */

static inline void emit_chain(struct cases *c, const char *name, const char *expect,
                              const struct story_items *items)
{
    struct proof proof = { .kind = PROOF_EPOCHS, .chain_id = c->s->genesis->chain_id };
    proof.epochs = story_chain(c->s, items);
    emit_proof(c, name, expect, &proof);
}

static inline void emit_bad_boundaries(struct cases *c)
{
    struct story *s = c->s;
    struct story_items good = story_items(s, 2), items = good;
    items.boundaries[1].seal = story_seal(s, &items.boundaries[1].header, 1, 2);
    emit_chain(c, "boundary-quorum", "P1.7 quorum", &items);
    items = good;
    items.boundaries[0].header.flags = 0;
    reseal(s, &items.boundaries[0]);
    emit_chain(c, "boundary-without-flag", "P2.2 boundary", &items);
    items = good;
    items.boundaries[0].header.epoch = 1;
    items.boundaries[0].seal = story_seal(s, &items.boundaries[0].header, 0, 3);
    emit_chain(c, "boundary-of-another-epoch", "P2.2 boundary", &items);
    items = good;
    items.boundaries[1].header.height = 3;
    reseal(s, &items.boundaries[1]);
    emit_chain(c, "boundary-not-higher", "P2.2 boundary", &items);
    items = good;
    items.boundaries[1].header.time_ms = items.boundaries[0].header.time_ms;
    reseal(s, &items.boundaries[1]);
    emit_chain(c, "boundary-not-later", "P2.2 boundary", &items);
    items = good;
    items.sets[0] = story_set(s, &s->sets[0]);
    emit_chain(c, "next-set-of-another", "P2.3 next_set", &items);
}

/* The boundary of epoch 0 names a set that is none. */
static inline void emit_bad_set(struct cases *c, const char *name, const struct committee *set)
{
    struct story *s = c->s;
    struct story_items items = story_items(s, 1);
    items.sets[0] = story_set(s, set);
    items.boundaries[0].header.next_validators_hash = digest_of(TAG_VALIDATORS, items.sets[0]);
    reseal(s, &items.boundaries[0]);
    emit_chain(c, name, "P2.4 set_form", &items);
}

static inline void emit_bad_sets(struct cases *c)
{
    static struct committee set;
    struct story *s = c->s;
    set = s->sets[1];
    set.validators[0] = s->sets[1].validators[1];
    set.validators[1] = s->sets[1].validators[0];
    emit_bad_set(c, "set-not-sorted", &set);
    set = s->sets[1];
    set.validators[3].seal_key = set.validators[0].seal_key;
    emit_bad_set(c, "set-key-twice", &set);
    set = s->sets[1];
    memset(&set.validators[2].seal_key, 0, sizeof set.validators[2].seal_key);
    emit_bad_set(c, "set-small-order-key", &set);
    set = s->sets[1];
    set.count = 3;
    emit_bad_set(c, "set-of-three", &set);
    set = s->sets[1];
    set.fault_model = (enum fault_model)3;
    emit_bad_set(c, "set-unknown-model", &set);
}

static inline void emit_bad_subjects(struct cases *c)
{
    struct story *s = c->s;
    struct proof proof = seal_proof(s, 8);
    proof.epochs = story_epochs(s, 1);
    emit_proof(c, "epochs-too-few", "P2.5 subject", &proof);
    proof = seal_proof(s, 2);
    proof.epochs = story_epochs(s, 2);
    emit_proof(c, "epochs-too-many", "P2.5 subject", &proof);
    proof = seal_proof(s, 8);
    proof.seal.header.height = 6;
    reseal(s, &proof.seal);
    emit_proof(c, "below-its-epoch", "P2.5 subject", &proof);
    proof = seal_proof(s, 8);
    proof.seal.header.time_ms = s->blocks[6].header.time_ms;
    reseal(s, &proof.seal);
    emit_proof(c, "earlier-than-its-epoch", "P2.5 subject", &proof);
    proof = consistency_proof(s, 2, 9);
    proof.consistency.first.header.height = 4;
    reseal(s, &proof.consistency.first);
    emit_proof(c, "above-its-epoch", "P2.5 subject", &proof);
    proof = consistency_proof(s, 3, 9);
    proof.consistency.first.header.state_root.bytes[0] ^= 1;
    reseal(s, &proof.consistency.first);
    emit_proof(c, "another-end-of-epoch", "P2.5 subject", &proof);
}

/* ---- P3, P4 ---------------------------------------------------------------------------------- */

/* A receipt of a block that has but this entry, and that the story's validators sealed. */
static inline struct proof sealed_entry(struct story *s, struct receipt receipt)
{
    struct proof proof = story_proof(s, PROOF_RECEIPT, 0);
    struct digest leaf = entry_record_hash(&receipt.entry);
    receipt.index = 0;
    receipt.path.count = 0;
    receipt.sealed.header = s->blocks[2].header;
    receipt.sealed.header.entry_count = 1;
    receipt.sealed.header.tx_root = merkle_root(&leaf, 1);
    reseal(s, &receipt.sealed);
    proof.receipt = receipt;
    return proof;
}

static inline struct span transaction_body(const struct receipt *receipt)
{
    return span_of(receipt->transaction.data + 4, load_u32(receipt->transaction.data));
}

/* The receipt's body with one byte turned, signed as if it were right; the entry names it. */
static inline struct span signed_body(struct story *s, struct receipt *receipt, size_t at,
                                      uint8_t bits)
{
    struct span body = transaction_body(receipt);
    struct tx_signature signature;
    struct digest chain_id;
    struct writer w;
    story_alter(s, &body)[at] ^= bits;
    memcpy(chain_id.bytes, body.data + 2, sizeof chain_id.bytes);
    receipt->entry.id = transaction_id(body);
    transaction_sign(&s->treasury_key, &chain_id, &receipt->entry.id, &signature);
    writer_init(&w, TX_BYTES_LIMIT);
    transaction_write_signed(&w, body, &signature, 1);
    struct span bytes = story_take(s, &w);
    receipt->entry.signed_hash = digest_of(TAG_SIGNED_TRANSACTION, bytes);
    return bytes;
}

static inline void emit_bad_transactions(struct cases *c)
{
    struct story *s = c->s;
    struct proof good = receipt_proof(s, 1, 0), proof = good;
    story_alter(s, &proof.receipt.transaction)[4 + 40] ^= 1;
    emit_proof(c, "transaction-altered", "P3.3 transaction", &proof);
    proof = good;
    proof.receipt.transaction = s->blocks[1].entries[1].transaction;
    emit_proof(c, "transaction-of-another", "P3.3 transaction", &proof);
    proof = good;
    size_t size = proof.receipt.transaction.size;
    story_alter(s, &proof.receipt.transaction)[size - 1] ^= 1;
    emit_proof(c, "transaction-other-signatures", "P3.3 transaction", &proof);
    struct receipt receipt = proof.receipt;
    receipt.entry.signed_hash = digest_of(TAG_SIGNED_TRANSACTION, receipt.transaction);
    proof = sealed_entry(s, receipt);
    emit_proof(c, "transaction-bad-signature", "P3.3 transaction", &proof);
    receipt = good.receipt;
    receipt.transaction = signed_body(s, &receipt, 2, 1);
    proof = sealed_entry(s, receipt);
    emit_proof(c, "transaction-of-another-chain", "P3.3 transaction", &proof);
    receipt = good.receipt;
    receipt.transaction = signed_body(s, &receipt, 82, 2);
    proof = sealed_entry(s, receipt);
    emit_proof(c, "transaction-unknown-order", "P3.3 transaction", &proof);
    receipt = good.receipt;
    receipt.entry.id.bytes[0] ^= 1;
    proof = sealed_entry(s, receipt);
    emit_proof(c, "transaction-another-id", "P3.3 transaction", &proof);
    proof = good;
    struct span body = transaction_body(&good.receipt);
    proof.receipt.transaction = story_signed(s, body, &s->alice_key);
    emit_proof(c, "transaction-signed-by-another", "P3.3 transaction", &proof);
    proof = good;
    proof.receipt.transaction.size--;
    emit_proof(c, "transaction-short", "P3.3 transaction", &proof);
}

static inline void emit_bad_receipts(struct cases *c)
{
    struct story *s = c->s;
    struct proof good = receipt_proof(s, 1, 0), proof = later_proof(s, 1, 1, 9);
    proof.receipt.header.entry_count++;
    emit_proof(c, "later-header-altered", "P3.2 later", &proof);
    proof = later_proof(s, 1, 1, 9);
    proof.receipt.history = story_history(s, 2, 9);
    emit_proof(c, "later-path-of-another", "P3.2 later", &proof);
    emit_bad_transactions(c);
    proof = good;
    story_alter(s, &proof.receipt.effects)[2 + 33] ^= 1;
    emit_proof(c, "effects-altered", "P3.4 effects", &proof);
    proof = good;
    proof.receipt.entry.code = RESULT_insufficient_funds;
    emit_proof(c, "result-altered", "P3.5 path", &proof);
    proof = good;
    proof.receipt.entry.at = 1;
    emit_proof(c, "at-altered", "P3.5 path", &proof);
    proof = good;
    proof.receipt.index = 1;
    emit_proof(c, "index-of-another", "P3.5 path", &proof);
    proof = good;
    proof.receipt.index = 3;
    emit_proof(c, "index-beyond-block", "P3.5 path", &proof);
    proof = good;
    proof.receipt.path.count--;
    emit_proof(c, "path-short", "P3.5 path", &proof);
    proof = good;
    proof.receipt.path = story_receipt(s, 1, 2).path;
    emit_proof(c, "path-of-another", "P3.5 path", &proof);
}

static inline void emit_bad_consistency(struct cases *c)
{
    struct story *s = c->s;
    struct proof good = consistency_proof(s, 2, 9), proof = good;
    proof.consistency.consistency.count--;
    emit_proof(c, "consistency-short", "P4.2 history", &proof);
    proof = good;
    proof.consistency.inclusion = story_history(s, 1, 9);
    emit_proof(c, "inclusion-of-another", "P4.2 history", &proof);
    proof = good;
    proof.consistency.first.header.state_root.bytes[3] ^= 1;
    reseal(s, &proof.consistency.first);
    emit_proof(c, "first-not-in-history", "P4.2 history", &proof);
    proof = consistency_proof(s, 8, 9);
    proof.consistency.second = proof.consistency.first;
    proof.consistency.consistency.count = proof.consistency.inclusion.count = 0;
    emit_proof(c, "same-block-twice", "P4.2 history", &proof);
    proof = consistency_proof(s, 8, 9);
    proof.consistency.second.header.time_ms = s->blocks[8].header.time_ms - 1;
    reseal(s, &proof.consistency.second);
    emit_proof(c, "time-falls", "P4.3 order", &proof);
}

/* ---- P5 -------------------------------------------------------------------------------------- */

/* A state of this one object: its leaf is the root. */
static inline void lonely_state(struct story *s, struct state_proof *state)
{
    struct state_leaf leaf = story_leaf(state->kind, state->key, state->value);
    state->path = (struct state_siblings){ .depth = 0 };
    state->sealed.header.state_root = leaf.hash;
    reseal(s, &state->sealed);
}

static inline void emit_bad_objects(struct cases *c)
{
    struct story *s = c->s;
    struct proof good = state_proof(s, story_balance_state(s, 8, &s->alice)), proof = good;
    proof.state.kind = 0x11;
    emit_proof(c, "object-unknown-kind", "P5.2 object", &proof);
    proof = good;
    proof.state.key.size--;
    emit_proof(c, "object-short-key", "P5.2 object", &proof);
    proof = good;
    proof.state.value.size--;
    lonely_state(s, &proof.state);
    emit_proof(c, "object-short-value", "P5.2 object", &proof);
    proof = state_proof(s, story_state(s, 8, RECORD_GOVERNANCE, span_text("\4"), 0));
    emit_proof(c, "object-governance-key", "P5.2 object", &proof);
    proof = x_between(s);
    proof.state.key.size = 16;
    emit_proof(c, "object-kv-without-name", "P5.2 object", &proof);
}

static inline void emit_bad_leaves(struct cases *c)
{
    struct story *s = c->s;
    struct proof good = unsent_proof(s, true);
    struct proof proof = state_proof(s, story_balance_state(s, 8, &s->alice));
    proof.state.path.depth++;
    emit_proof(c, "leaf-without-sibling", "P5.3 leaf", &proof);
    proof = state_proof(s, good.absence.state);
    proof.state.neighbour_path = state_path_window(proof.state.key, proof.state.not_after_ms);
    emit_proof(c, "neighbour-is-object", "P5.3 leaf", &proof);
    proof = state_proof(s, good.absence.state);
    proof.state.neighbour_path.bytes[0] ^= 0x80;
    emit_proof(c, "neighbour-elsewhere", "P5.3 leaf", &proof);
    proof = state_proof(s, story_balance_state(s, 8, &s->alice));
    story_alter(s, &proof.state.value)[0] ^= 1;
    emit_proof(c, "balance-altered", "P5.4 root", &proof);
    proof = state_proof(s, story_balance_state(s, 8, &s->alice));
    story_alter(s, &proof.state.key)[0] ^= 1;
    emit_proof(c, "balance-of-another", "P5.4 root", &proof);
    proof = state_proof(s, story_balance_state(s, 8, &s->alice));
    proof.state.sealed = story_sealed(s, 7);
    emit_proof(c, "state-of-another-block", "P5.4 root", &proof);
    proof = state_proof(s, good.absence.state);
    proof.state.has_neighbour = false;
    emit_proof(c, "neighbour-hidden", "P5.4 root", &proof);
    proof = state_proof(s, good.absence.state);
    proof.state.not_after_ms -= 64 * WINDOW_STEP_MS;
    emit_proof(c, "window-of-another-time", "P5.3 leaf", &proof);
}

/* A receipt of a removal of alice's x: version `old` is gone. */
static inline struct receipt removal(struct story *s, uint64_t old)
{
    struct receipt receipt = story_receipt(s, 1, 1);
    struct writer w;
    struct digest none = { { 0 } };
    writer_init(&w, 512);
    write_u16(&w, 1);
    write_u8(&w, LEDGER_EFFECT_KV);
    write_id(&w, &s->alice);
    write_bytes8(&w, span_text("x"));
    write_u64(&w, old);
    write_u64(&w, 0);
    write_digest(&w, &none);
    receipt.effects = story_take(s, &w);
    receipt.entry.effects_hash = digest_of(TAG_EFFECTS, receipt.effects);
    return sealed_entry(s, receipt).receipt;
}

static inline void emit_bad_pasts(struct cases *c)
{
    struct story *s = c->s;
    struct proof proof = x_between(s);
    proof.state.last = story_receipt(s, 1, 0);
    emit_proof(c, "last-of-another-object", "P5.5 last", &proof);
    proof = x_between(s);
    proof.state.last.effects.size = 0;
    emit_proof(c, "last-withholds-effects", "P5.5 last", &proof);
    proof = x_between(s);
    proof.state.last = removal(s, position_of(1, 1, 0));
    emit_proof(c, "last-removed-object", "P5.5 last", &proof);
    proof = between_proof(s, RECORD_GOVERNANCE, span_text("\3"), story_receipt(s, 1, 0),
                          story_receipt(s, 5, 0), 1);
    emit_proof(c, "last-of-kind-without-past", "P5.5 last", &proof);
    proof = balance_between(s);
    proof.state.last = story_receipt(s, 1, 0);
    emit_proof(c, "next-not-following", "P5.6 next", &proof);
    proof = x_between(s);
    proof.state.next = story_receipt(s, 5, 0);
    emit_proof(c, "next-of-another-object", "P5.6 next", &proof);
    proof = x_between(s);
    proof.state.next.effects.size = 0;
    emit_proof(c, "next-withholds-effects", "P5.6 next", &proof);
    proof = x_between(s);
    proof.state.next = removal(s, position_of(1, 1, 0));
    proof.state.next.sealed.header.height = 1;
    reseal(s, &proof.state.next.sealed);
    proof.epochs = story_epochs(s, 0);
    emit_proof(c, "next-of-the-same-block", "P5.6 next", &proof);
    proof = x_since(s);
    proof.state.sealed.header = s->blocks[4].header;
    lonely_state(s, &proof.state);
    proof.epochs = story_epochs(s, 1);
    emit_proof(c, "state-before-the-change", "P5.6 next", &proof);
    proof = x_since(s);
    proof.state.last = story_receipt(s, 1, 1);
    emit_proof(c, "value-of-a-later-change", "P5.6 next", &proof);
    proof = state_proof(s, story_balance_state(s, 8, &s->alice));
    proof.state.form = STATE_SINCE;
    proof.state.last = story_receipt(s, 5, 0);
    emit_proof(c, "balance-moved-since", "P5.6 next", &proof);
}

/* ---- P6 -------------------------------------------------------------------------------------- */

static inline void emit_bad_bodies(struct cases *c)
{
    static struct transaction tx;
    struct story *s = c->s;
    struct proof good = unsent_proof(s, true), proof = good;
    proof.absence.txid.bytes[9] ^= 1;
    emit_proof(c, "body-another-txid", "P6.2 body", &proof);
    proof = good;
    story_alter(s, &proof.absence.body)[2] ^= 1;
    proof.absence.txid = transaction_id(proof.absence.body);
    emit_proof(c, "body-another-chain", "P6.2 body", &proof);
    proof = good;
    story_alter(s, &proof.absence.body)[50] ^= 1;
    proof.absence.txid = transaction_id(proof.absence.body);
    emit_proof(c, "body-another-reference", "P6.2 body", &proof);
    proof = good;
    story_alter(s, &proof.absence.body)[82] = 2;
    proof.absence.txid = transaction_id(proof.absence.body);
    emit_proof(c, "body-unknown-order", "P6.2 body", &proof);
    story_unsent(s, &tx, &s->alice, 2, STORY_TIME + 5500 - 2048);
    proof = absence_proof(s, &tx);
    proof.absence.state = same_reference_proof(s).absence.state;
    emit_proof(c, "body-another-time", "P6.2 body", &proof);
    proof = lane_proof(s, &s->treasury, 7, 5);
    proof.absence.state = lane_proof(s, &s->alice, 3, 1).absence.state;
    emit_proof(c, "body-another-lane", "P6.2 body", &proof);
    proof = lane_other_proof(s, 1);
    proof.absence.other.transaction.size = 0;
    emit_proof(c, "other-withheld", "P6.2 body", &proof);
    proof = lane_other_proof(s, 2);
    emit_proof(c, "other-another-number", "P6.2 body", &proof);
    proof = unsent_proof(s, true);
    proof.absence.form = ABSENCE_OTHER;
    proof.absence.other = story_receipt(s, 7, 0);
    emit_proof(c, "other-without-lane", "P6.2 body", &proof);
}

static inline void emit_bad_absences(struct cases *c)
{
    static struct transaction tx;
    struct story *s = c->s;
    emit_bad_bodies(c);
    story_unsent(s, &tx, &s->alice, 60, STORY_TIME + 8000);
    struct proof proof = absence_proof(s, &tx);
    emit_proof(c, "not-over-yet", "P6.3 time", &proof);
    proof = unsent_proof(s, true);
    proof.absence.state.sealed.header.window_horizon_ms = STORY_TIME + 7500;
    reseal(s, &proof.absence.state.sealed);
    emit_proof(c, "window-over", "P6.3 time", &proof);
    proof = lane_proof(s, &s->treasury, 7, 5);
    story_unsent(s, &tx, &s->treasury, 50, STORY_TIME + 9000);
    tx.order = ORDER_LANE;
    tx.lane = 7;
    tx.seq = 5;
    proof = absence_proof(s, &tx);
    emit_proof(c, "lane-not-over-yet", "P6.3 time", &proof);
    proof = same_reference_proof(s);
    struct span executed = s->blocks[1].entries[1].transaction;
    proof.absence.body = span_of(executed.data + 4, load_u32(executed.data));
    proof.absence.txid = s->blocks[1].entries[1].record.id;
    emit_proof(c, "was-executed", "P6.4 other", &proof);
    proof = lane_proof(s, &s->treasury, 7, 1);
    emit_proof(c, "lane-number-used", "P6.4 other", &proof);
    proof = lane_other_proof(s, 1);
    executed = s->blocks[7].entries[0].transaction;
    proof.absence.body = span_of(executed.data + 4, load_u32(executed.data));
    proof.absence.txid = s->blocks[7].entries[0].record.id;
    emit_proof(c, "other-is-itself", "P6.4 other", &proof);
}

/* ---- P7 -------------------------------------------------------------------------------------- */

static inline void emit_bad_closings(struct cases *c)
{
    struct story *s = c->s;
    struct movement movements[16];
    (void)story_movements(s, 8, movements);
    struct proof proof = statement_proof(s);
    proof.statement.state = story_balance_state(s, 8, &s->treasury);
    emit_proof(c, "closing-of-another", "P7.1 closing", &proof);
    proof = statement_proof(s);
    proof.statement.to_height = 9;
    emit_proof(c, "closing-before-end", "P7.1 closing", &proof);
    proof = statement_proof(s);
    story_lines(s, &proof.statement, movements, 2, 4);
    emit_proof(c, "last-line-missing", "P7.1 closing", &proof);
    proof = old_statement_proof(s);
    proof.statement.to_height = 5;
    emit_proof(c, "next-not-after-end", "P7.1 closing", &proof);
    proof = old_statement_proof(s);
    proof.statement.next.effects.size = 0;
    emit_proof(c, "next-effects-withheld", "P7.1 closing", &proof);
    proof = old_statement_proof(s);
    story_lines(s, &proof.statement, movements, 0, 2);
    emit_proof(c, "line-before-next-missing", "P7.1 closing", &proof);
    proof = empty_statement_proof(s);
    struct statement_proof empty = proof.statement;
    proof.statement.account = s->alice;
    proof.statement.state = story_balance_state(s, 8, &s->alice);
    emit_proof(c, "all-lines-missing", "P7.1 closing", &proof);
    proof.statement = empty;
    proof.statement.head.bytes[0] = 1;
    emit_proof(c, "head-before-nothing", "P7.2 chain", &proof);
}

static inline void emit_bad_lines(struct cases *c)
{
    struct story *s = c->s;
    struct movement movements[16];
    struct proof proof = statement_proof(s);
    struct movement *line = &movements[3];
    (void)story_movements(s, 8, movements);
    line->d_posted++;
    story_lines(s, &proof.statement, movements, 2, 5);
    emit_proof(c, "line-altered", "P7.2 chain", &proof);
    (void)story_movements(s, 8, movements);
    line->account = s->treasury;
    story_lines(s, &proof.statement, movements, 2, 5);
    emit_proof(c, "line-of-another", "P7.2 chain", &proof);
    (void)story_movements(s, 8, movements);
    memmove(&movements[3], &movements[4], sizeof *movements);
    story_lines(s, &proof.statement, movements, 2, 4);
    emit_proof(c, "line-missing", "P7.2 chain", &proof);
    (void)story_movements(s, 8, movements);
    story_lines(s, &proof.statement, movements, 3, 5);
    emit_proof(c, "opening-missing", "P7.2 chain", &proof);
    proof = statement_proof(s);
    proof.statement.head.bytes[0] ^= 1;
    emit_proof(c, "head-altered", "P7.2 chain", &proof);
    proof = statement_proof(s);
    proof.statement.from_height = 9;
    emit_proof(c, "range-backwards", "P7.3 range", &proof);
    proof = statement_proof(s);
    proof.statement.from_height = 5;
    emit_proof(c, "two-openings", "P7.3 range", &proof);
    proof = statement_proof(s);
    proof.statement.to_height = 7;
    emit_proof(c, "line-beyond-end", "P7.3 range", &proof);
}

/* Lines that are wrong, and a quorum that sealed the balance to which their heads chain. */
static inline void emit_sealed_lines(struct cases *c, const char *name, const char *expect,
                                     const struct movement *movements, unsigned first)
{
    struct story *s = c->s;
    struct proof proof = statement_proof(s);
    struct balance balance = story_balance(s, &s->blocks[8], &s->alice);
    uint8_t value[BALANCE_VALUE_BYTES];
    balance.head = (struct digest){ { 0 } };
    for (unsigned i = 0; i < 5; i++)
        balance.head = movement_head(&balance.head, &movements[i]);
    if (first == 0) proof.statement.from_height = 0;
    story_lines(s, &proof.statement, movements, first, 5);
    proof.statement.state.value = story_keep(s, span_of(value, balance_encode(&balance, value)));
    lonely_state(s, &proof.statement.state);
    emit_proof(c, name, expect, &proof);
}

static inline void emit_bad_sums(struct cases *c)
{
    struct story *s = c->s;
    struct movement movements[16];
    (void)story_movements(s, 8, movements);
    emit_sealed_lines(c, "lines-sealed-again", "verified", movements, 2);
    movements[3].posted += 50;
    emit_sealed_lines(c, "sums-do-not-tie", "P7.4 sums", movements, 2);
    (void)story_movements(s, 8, movements);
    movements[3].held_out = 1;
    emit_sealed_lines(c, "sums-of-holds-do-not-tie", "P7.4 sums", movements, 2);
    (void)story_movements(s, 8, movements);
    movements[0].d_posted--;
    emit_sealed_lines(c, "first-sum-does-not-tie", "P7.4 sums", movements, 0);
    (void)story_movements(s, 8, movements);
    movements[3].seq = 9;
    emit_sealed_lines(c, "numbers-with-a-gap", "P7.2 chain", movements, 2);
    (void)story_movements(s, 8, movements);
    movements[2].position = movements[1].position;
    emit_sealed_lines(c, "positions-do-not-rise", "P7.3 range", movements, 0);
    struct proof proof = empty_statement_proof(s);
    proof.statement.from_height = 9;
    emit_proof(c, "empty-range-backwards", "P7.3 range", &proof);
}

/* ---- P9, P11, T ------------------------------------------------------------------------------ */

static inline void emit_bad_evidence(struct cases *c)
{
    struct story *s = c->s;
    struct proof good = evidence_proof(s, story_equivocation(s), 1), proof = good;
    proof.evidence.validator = 4;
    emit_proof(c, "accused-beyond-set", "P9.1 validator", &proof);
    proof = good;
    proof.evidence.hashes[1] = proof.evidence.hashes[0];
    emit_proof(c, "one-hash-twice", "P9.2 conflict", &proof);
    proof = good;
    proof.evidence.hashes[0] = good.evidence.hashes[1];
    proof.evidence.hashes[1] = good.evidence.hashes[0];
    emit_proof(c, "hashes-descend", "P9.2 conflict", &proof);
    proof = good;
    proof.evidence.validator = 3;
    emit_proof(c, "accused-is-another", "P9.3 signatures", &proof);
    proof = good;
    proof.evidence.height = 4;
    emit_proof(c, "accused-of-another-height", "P9.3 signatures", &proof);
    proof = good;
    proof.epochs = story_epochs(s, 2);
    emit_proof(c, "accused-of-another-epoch", "P2.5 subject", &proof);
    proof = evidence_proof(s, story_fork(s), 2);
    proof.evidence.second = proof.evidence.first;
    emit_proof(c, "fork-of-one-block", "P9.2 conflict", &proof);
    proof = evidence_proof(s, story_fork(s), 2);
    struct sealed lower = story_sealed(s, 8), upper = story_sealed(s, 9);
    bool ascending = digest_compare(&s->blocks[8].hash, &s->blocks[9].hash) < 0;
    proof.evidence.first = ascending ? lower : upper;
    proof.evidence.second = ascending ? upper : lower;
    emit_proof(c, "fork-of-two-heights", "P9.2 conflict", &proof);
    proof = evidence_proof(s, story_history_fork(s), 2);
    proof.evidence.second = story_sealed(s, 9);
    proof.evidence.other = s->blocks[8].hash;
    proof.evidence.other_path = story_history(s, 8, 9);
    emit_proof(c, "fork-that-is-none", "P9.2 conflict", &proof);
    proof = evidence_proof(s, story_history_fork(s), 2);
    proof.evidence.second = story_sealed(s, 9);
    emit_proof(c, "fork-of-no-history", "P9.2 conflict", &proof);
    proof = evidence_proof(s, story_fork(s), 2);
    proof.evidence.first_epochs = story_epochs(s, 1);
    emit_proof(c, "fork-without-epochs", "P2.5 subject", &proof);
}

static inline void emit_policy(struct cases *c)
{
    struct story *s = c->s;
    struct proof proof = crash_proof(c);
    struct proof_case item = { .name = "crash-allowed",
                               .expect = "verified",
                               .crash = true,
                               .allow_crash = true,
                               .file = story_file(s, &proof) };
    c->emit(c->context, &item);
    item.name = "crash-not-allowed";
    item.expect = "P11 crash";
    item.allow_crash = false;
    c->emit(c->context, &item);
    proof = seal_proof(s, 8);
    item = (struct proof_case){ .name = "remembered",
                                .expect = "verified",
                                .file = story_file(s, &proof),
                                .trust = &c->right };
    c->emit(c->context, &item);
    item.name = "remembered-another-block";
    item.expect = "T.1 remembered";
    item.trust = &c->forked;
    c->emit(c->context, &item);
    item.name = "remembered-another-end";
    item.trust = &c->elsewhere;
    c->emit(c->context, &item);
    proof = later_proof(s, 8, 0, 9);
    item.name = "remembered-another-history";
    item.file = story_file(s, &proof);
    item.trust = &c->forked;
    c->emit(c->context, &item);
    proof = evidence_proof(s, story_fork(s), 2);
    item = (struct proof_case){ .name = "remembered-and-evidence",
                                .expect = "verified",
                                .file = story_file(s, &proof),
                                .trust = &c->forked };
    c->emit(c->context, &item);
}

static inline void emit_bad(struct cases *c)
{
    emit_bad_files(c);
    emit_bad_lists(c);
    emit_bad_forms(c);
    emit_bad_siblings(c);
    emit_bad_anchors(c);
    emit_bad_headers(c);
    emit_bad_seals(c);
    emit_bad_boundaries(c);
    emit_bad_sets(c);
    emit_bad_subjects(c);
    emit_bad_receipts(c);
    emit_bad_consistency(c);
    emit_bad_objects(c);
    emit_bad_leaves(c);
    emit_bad_pasts(c);
    emit_bad_absences(c);
    emit_bad_closings(c);
    emit_bad_lines(c);
    emit_bad_sums(c);
    emit_bad_evidence(c);
    emit_policy(c);
}

/* ---- all ------------------------------------------------------------------------------------- */

/* What somebody remembers who has seen block `height` as `hash`. */
static inline void remember(struct story *s, struct trust *trust, unsigned height,
                            const struct digest *hash, const struct digest *end_of_1)
{
    const struct header *header = &s->blocks[height].header;
    trust_init(trust);
    trust->chain_id = header->chain_id;
    trust->height = height;
    trust->epoch = header->epoch;
    trust->time_ms = header->time_ms;
    trust->block_hash = *hash;
    trust->history_root = header->history_root;
    enum status status = trust_add_boundary(trust, 3, &s->blocks[3].hash);
    if (status == STATUS_OK) status = trust_add_boundary(trust, 6, end_of_1);
    ASSERT(status == STATUS_OK);
}

static inline void cases_open(struct cases *c)
{
    struct digest other = story_digest("another block", 8);
    struct story *crash = calloc(1, sizeof *crash);
    ASSERT(crash != NULL);
    c->s = story_new();
    c->crash = story_genesis(crash, "proof-crash", ENGINE_RAFT, FAULT_CRASH, 3);
    free(crash);
    remember(c->s, &c->right, 9, &c->s->blocks[9].hash, &c->s->blocks[6].hash);
    struct sealed fork = story_other_block(c->s);
    struct digest hash = header_hash(&fork.header);
    remember(c->s, &c->forked, 8, &hash, &c->s->blocks[6].hash);
    remember(c->s, &c->elsewhere, 9, &c->s->blocks[9].hash, &other);
}

static inline void cases_close(struct cases *c)
{
    trust_free(&c->right);
    trust_free(&c->forked);
    trust_free(&c->elsewhere);
    genesis_free(c->crash);
    story_free(c->s);
}

/* Judges one as it wants to be judged. */
static inline enum status case_verify(const struct cases *c, const struct proof_case *item,
                                      struct verdict *verdict)
{
    struct proof_policy policy = { .allow_crash = item->allow_crash,
                                   .trust = item->trust,
                                   .cache = c->cache };
    return proof_verify(item->file, item->crash ? c->crash : c->s->genesis, &policy, verdict);
}

#endif
