/* format/action.h -- what a proposal of the consortium would do, byte for byte.
 *
 *     action  u8 kind, then
 *      1  params.set        index u16, value u64                       routine or critical: below
 *      2  account.roles     account 16, roles u32                      routine
 *      3  account.frozen    account 16, bool                           routine; a member: critical
 *      4  member.add        account 16, text8 name                     critical
 *      5  member.remove     account 16                                 critical
 *      6  validator.add     id 16, member 16, seal key 32, node key 32,
 *                           text8 endpoint, ready                      critical
 *      7  validator.remove  id 16                                      critical
 *      8  validator.rekey   id 16, seal key 32, ready                  critical
 *      9  engine.params     text8 name, value u64                      critical
 *
 *     ready = height u64 | block hash 32 | signature 64 by the seal key that is to be
 *
 * `params.set` is critical for the parameters named gov_ and validators_, for the window and for
 * the skew; of routine class otherwise. The class of a proposal is the highest of its actions'.
 *
 * The ready statement (tag witan/ready/v1: chain id 32 | validator 16 | member 16 | seal key 32 |
 * height u64 | block hash 32) proves possession of the key, and a working copy of the ledger, in
 * one.
 */
#ifndef FORMAT_ACTION_H
#define FORMAT_ACTION_H

#include "crypto/certificate.h"
#include "genesis/genesis.h"

enum {
    ACTIONS_MAX = 10,
    READY_BYTES = 8 + 32 + 64,
    READY_STATEMENT_BYTES = 136,
    ACTION_BYTES_MAX = 1 + 16 + 16 + 32 + 32 + 1 + ENDPOINT_MAX + READY_BYTES, /* validator.add */
};

/* X(name, code, text) */
#define ACTION_LIST(X) \
    X(PARAMS_SET, 1, "params.set") \
    X(ACCOUNT_ROLES, 2, "account.roles") \
    X(ACCOUNT_FROZEN, 3, "account.frozen") \
    X(MEMBER_ADD, 4, "member.add") \
    X(MEMBER_REMOVE, 5, "member.remove") \
    X(VALIDATOR_ADD, 6, "validator.add") \
    X(VALIDATOR_REMOVE, 7, "validator.remove") \
    X(VALIDATOR_REKEY, 8, "validator.rekey") \
    X(ENGINE_PARAMS, 9, "engine.params")

enum action_kind {
#define X(name, code, text) ACTION_##name = code,
    ACTION_LIST(X)
#undef X
};

const char *action_name(uint8_t kind); /* "unknown" if not built */
bool action_find(const char *name, uint8_t *kind);

/* How many of the members must say yes: more than the fraction gov_routine, gov_critical or
 * gov_emergency of them. */
enum proposal_class { CLASS_ROUTINE = 1, CLASS_CRITICAL = 2, CLASS_EMERGENCY = 3 };
const char *proposal_class_name(uint8_t class);

/* Of a machine that is to vote: it has this block, and the key. */
struct ready {
    uint64_t height;
    struct digest block_hash;
    struct signature signature;
};

struct action {
    enum action_kind kind;
    union {
        struct {
            uint16_t index; /* enum param_index */
            uint64_t value;
        } params_set;
        struct {
            struct id account;
            uint32_t roles;
        } account_roles;
        struct {
            struct id account;
            bool frozen;
        } account_frozen;
        struct {
            struct id account;
            char name[MEMBER_NAME_MAX + 1];
        } member_add;
        struct {
            struct id account;
        } member_remove;
        struct {
            struct id id, member;
            struct public_key seal_key, node_key;
            char endpoint[ENDPOINT_MAX + 1];
            struct ready ready;
        } validator_add;
        struct {
            struct id id;
        } validator_remove;
        struct {
            struct id id;
            struct public_key seal_key;
            struct ready ready;
        } validator_rekey;
        struct {
            char name[ENGINE_PARAM_NAME_MAX + 1];
            uint64_t value;
        } engine_params;
    };
};

void action_write(struct writer *w, const struct action *action);

/* Shape and static rules (known kind, known parameter, roles known, names not empty and valid
 * UTF-8, keys valid points, seal key and node key different, a well-formed host:port); the reader
 * is left failed otherwise. */
void action_read(struct reader *r, struct action *action);

/* The same for bytes that passed before in this process: points are not looked at again. */
void action_read_again(struct reader *r, struct action *action);

/* The same with the reason: when the reader has failed on a rule (not on a length), detail names it
 * and offset is that of the field. */
struct action_reader {
    struct reader *r;
    bool seen; /* as action_read_again */
    const char *detail;
    size_t offset;
};
void action_reader_next(struct action_reader *a, struct action *action);

/* Does it make its block the last of an epoch: the validator set, the engine's parameters, or a
 * parameter that is checked before execution (tx_bytes_max, batch_bytes_max, batch_txs_max,
 * skew_ms_max)? */
bool action_ends_epoch(const struct action *action);

/* is_member: whether the account of account.frozen is one. */
enum proposal_class action_class(const struct action *action, bool is_member);

/* What the new seal key signs. */
void ready_statement_encode(const struct digest *chain_id, const struct id *validator,
                            const struct id *member, const struct public_key *seal_key,
                            uint64_t height, const struct digest *block_hash,
                            uint8_t bytes[READY_STATEMENT_BYTES]);

/* STATUS_BAD_SIGNATURE. cache may be NULL. */
enum status ready_check(const struct ready *ready, const struct digest *chain_id,
                        const struct id *validator, const struct id *member,
                        const struct public_key *seal_key, struct verify_cache *cache);

/* JSON twin, as in transactions: {"action": "validator.add", ...}. NULL without memory; from JSON:
 * *problem names the member or the static rule. (format/action_json.c) */
json_t *action_json(const struct action *action);
enum status action_from_json(const json_t *json, struct action *action, struct problem *problem);

/* The members of an object that stands somewhere in a document, without json_fields_done and
 * without the static rules, for readers that judge the bytes. */
void action_fields_read(struct json_fields *fields, struct action *action);

#endif
