/* tests/unit/format/samples.h -- keys, ids and transactions made from small numbers.
 *
 * Everything is a function of its arguments, so that tests, vectors and benchmarks see the same
 * bytes on every machine.
 */
#ifndef TESTS_LEDGER_SAMPLES_H
#define TESTS_LEDGER_SAMPLES_H

#include "format/proposal.h"
#include "format/seal.h"

#include <stdlib.h>

/* A digest of a word and a number, to fill hashes, ids and seeds with. */
static inline struct digest sample_digest(const char *word, uint64_t number)
{
    uint8_t bytes[8];
    store_u64(bytes, number);
    struct span parts[] = { span_text(word), span_of(bytes, sizeof bytes) };
    return digest_plain(parts, 2);
}

static inline struct id sample_id(const char *word, uint64_t number)
{
    struct digest digest = sample_digest(word, number);
    struct id id;
    memcpy(id.bytes, digest.bytes, sizeof id.bytes);
    return id;
}

struct sample_key {
    struct digest seed;
    struct secret_key secret;
    struct public_key public_key;
};

static inline struct sample_key sample_key(uint64_t number)
{
    struct sample_key key;
    key.seed = sample_digest("key", number);
    key_from_seed(key.seed.bytes, &key.secret, &key.public_key);
    return key;
}

static inline struct digest sample_chain(void)
{
    return sample_digest("chain", 0);
}

/* One transfer of `amount` from account 1 to account 2, with reference `number`. */
static inline void sample_transfer(struct transaction *tx, uint64_t number, uint64_t amount)
{
    memset(tx, 0, sizeof *tx);
    tx->chain_id = sample_chain();
    tx->source = sample_id("account", 1);
    tx->client_ref = sample_id("reference", number);
    tx->not_after_ms = 1796115600000; /* 2026-12-01T09:00:00Z */
    tx->operation_count = 1;
    struct operation *operation = &tx->operations[0];
    operation->code = OP_TRANSFER;
    operation->actor = tx->source;
    operation->transfer.to = sample_id("account", 2);
    operation->transfer.asset = sample_id("asset", 1);
    operation->transfer.amount = amount;
}

/* Writes body and signatures by keys first ... first + count - 1. The caller frees with
 * writer_free. */
static inline void sample_sign(struct writer *w, const struct transaction *tx, uint64_t first,
                               uint8_t count)
{
    struct writer body;
    struct tx_signature signatures[TX_SIGNATURES_MAX];
    writer_init(&body, TX_BYTES_LIMIT);
    transaction_write_body(&body, tx);
    ASSERT(writer_status(&body) == STATUS_OK);
    struct digest txid = transaction_id(writer_span(&body));
    for (uint8_t i = 0; i < count; i++) {
        struct sample_key key = sample_key(first + i);
        transaction_sign(&key.secret, &tx->chain_id, &txid, &signatures[i]);
    }
    writer_init(w, TX_BYTES_LIMIT);
    transaction_write_signed(w, writer_span(&body), signatures, count);
    ASSERT(writer_status(w) == STATUS_OK);
    writer_free(&body);
}

/* count keys from `first` on, ascending, each with `weight`, as bytes of a signer list. */
static inline void sample_signers(uint8_t *bytes, struct signer_list *list, uint64_t first,
                                  uint8_t count, uint8_t weight)
{
    for (uint8_t i = 0; i < count; i++) {
        struct sample_key key = sample_key(first + i);
        size_t place = i;
        for (; place > 0; place--) {
            uint8_t *before = bytes + (place - 1) * SIGNER_BYTES;
            if (memcmp(before, key.public_key.bytes, 32) < 0) break;
            memcpy(before + SIGNER_BYTES, before, SIGNER_BYTES);
        }
        memcpy(bytes + place * SIGNER_BYTES, key.public_key.bytes, 32);
        bytes[place * SIGNER_BYTES + 32] = weight;
    }
    list->count = count;
    list->bytes = span_of(bytes, (size_t)count * SIGNER_BYTES);
}

/* A ready statement of block 7 for sample validator 1 of account 1, by sample key `key`. */
static inline struct ready sample_ready(uint64_t key)
{
    struct ready ready = { .height = 7, .block_hash = sample_digest("block", 7) };
    struct sample_key seal_key = sample_key(key);
    struct digest chain_id = sample_chain();
    struct id validator = sample_id("validator", 1), member = sample_id("account", 1);
    uint8_t statement[READY_STATEMENT_BYTES];
    ready_statement_encode(&chain_id, &validator, &member, &seal_key.public_key, ready.height,
                           &ready.block_hash, statement);
    key_sign(&seal_key.secret, TAG_READY, span_of(statement, sizeof statement), &ready.signature);
    return ready;
}

/* One good action of a kind: about account 2, validator 1, keys 50 and 51. */
static inline struct action sample_action(enum action_kind kind)
{
    struct action action = { .kind = kind };
    struct id account = sample_id("account", 2), validator = sample_id("validator", 1);
    switch (kind) {
    case ACTION_PARAMS_SET:
        action.params_set.index = PARAM_gov_critical;
        action.params_set.value = PARAM_FRACTION(3, 4);
        break;
    case ACTION_ACCOUNT_ROLES:
        action.account_roles.account = account;
        action.account_roles.roles = ROLE_REGISTRAR | ROLE_FREEZER;
        break;
    case ACTION_ACCOUNT_FROZEN:
        action.account_frozen.account = account;
        action.account_frozen.frozen = true;
        break;
    case ACTION_MEMBER_ADD:
        action.member_add.account = account;
        memcpy(action.member_add.name, "Bank \xc3\x89", sizeof "Bank \xc3\x89");
        break;
    case ACTION_MEMBER_REMOVE: action.member_remove.account = account; break;
    case ACTION_VALIDATOR_ADD:
        action.validator_add.id = validator;
        action.validator_add.member = sample_id("account", 1);
        action.validator_add.seal_key = sample_key(50).public_key;
        action.validator_add.node_key = sample_key(51).public_key;
        memcpy(action.validator_add.endpoint, "[2001:db8::1]:7790", sizeof "[2001:db8::1]:7790");
        action.validator_add.ready = sample_ready(50);
        break;
    case ACTION_VALIDATOR_REMOVE: action.validator_remove.id = validator; break;
    case ACTION_VALIDATOR_REKEY:
        action.validator_rekey.id = validator;
        action.validator_rekey.seal_key = sample_key(50).public_key;
        action.validator_rekey.ready = sample_ready(50);
        break;
    case ACTION_ENGINE_PARAMS:
        memcpy(action.engine_params.name, "view_ms", sizeof "view_ms");
        action.engine_params.value = 2000;
        break;
    }
    return action;
}

/* One of each kind, and a parameter that is a number. */
static inline void sample_actions(uint8_t *bytes, size_t size, struct span *actions, uint8_t *count)
{
    struct writer w;
    writer_init_fixed(&w, bytes, size);
    for (unsigned kind = ACTION_PARAMS_SET; kind <= ACTION_ENGINE_PARAMS; kind++) {
        struct action action = sample_action((enum action_kind)kind);
        action_write(&w, &action);
    }
    struct action number = { .kind = ACTION_PARAMS_SET,
                             .params_set = { .index = PARAM_max_idle_ms, .value = 5000 } };
    action_write(&w, &number);
    ASSERT(writer_status(&w) == STATUS_OK);
    *actions = writer_span(&w);
    *count = ACTION_ENGINE_PARAMS + 1;
}

static inline void sample_params(struct params *params)
{
    memset(params, 0, sizeof *params);
    params_default(params);
}

/* count validators by id; validator i signs with the sample key whose number is in keys[i]. */
static inline void sample_committee(struct committee *committee, uint16_t count,
                                    enum fault_model fault_model, uint64_t *keys)
{
    memset(committee, 0, sizeof *committee);
    committee->fault_model = fault_model;
    committee->engine = fault_model == FAULT_CRASH ? ENGINE_RAFT : ENGINE_HOTSTUFF;
    committee->count = count;
    for (uint16_t i = 0; i < count; i++) {
        struct id id = sample_id("validator", i);
        uint16_t place = i;
        for (; place > 0; place--) {
            if (id_compare(&committee->validators[place - 1].id, &id) < 0) break;
            committee->validators[place] = committee->validators[place - 1];
            keys[place] = keys[place - 1];
        }
        keys[place] = 1000 + (uint64_t)i;
        committee->validators[place] = (struct validator){
            .id = id,
            .member = sample_id("member", i),
            .seal_key = sample_key(keys[place]).public_key,
        };
    }
}

static inline void sample_header(struct header *header, const struct committee *committee)
{
    *header = (struct header){
        .version = 1,
        .fault_model = (uint8_t)committee->fault_model,
        .entry_count = 3,
        .chain_id = sample_chain(),
        .epoch = 2,
        .height = 1042,
        .sequence = 977,
        .time_ms = 1796115600123,
        .window_horizon_ms = 1796115000000,
        .proposer = committee->validators[0].id,
        .parent_hash = sample_digest("parent", 0),
        .tx_root = sample_digest("tx_root", 0),
        .state_root = sample_digest("state_root", 0),
        .history_root = sample_digest("history_root", 0),
        .validators_hash = committee_hash(committee),
        .next_validators_hash = committee_hash(committee),
        .members_hash = sample_digest("members", 0),
        .params_hash = sample_digest("params", 0),
    };
}

#endif
