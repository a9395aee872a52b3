/* format/records.h -- the objects of the state and their bytes in the authenticated map.
 *
 *     kind  object       key                  value
 *     0x10  account      id 16                version u64, flags u8 (1 frozen, 2 closed), roles
 * u32, low medium high u16, sponsor 16, balances u32, metadata 32, u8 count, (key 32, weight u8)
 *     0x20  asset        id 16                version u64, issuer 16, code 12, scale u8, flags u8,
 *                                             max_supply u64, supply u64, metadata 32
 *     0x30  balance      account 16 asset 16  posted held_out held_in floor i64, flags u8, seq u64,
 *                                             head 32
 *     0x40  hold         id 16                version u64, payer payee arbiter asset 16, amount
 * u64, expires_ms u64, group 16, lock 32 0x50  kv           owner 16, key        version u64, kind
 * u8, size u32, value hash 32 0x60  window       source 16 ref 16     txid 32, position u64, code
 * u16, at u8, not_after u64 0x70  lane         account 16 lane u32  next u64 0x80  governance   u8
 * what, then id or  1 params, 2 members, 3 validator set, 4 validator, number               5
 * proposal, 6 next proposal number
 *
 * A version is the position of the last change. What a client proves, an auditor recomputes and the
 * tables hold are these fields and nothing else. (ledger.md, section 6)
 */
#ifndef FORMAT_RECORDS_H
#define FORMAT_RECORDS_H

#include "format/state_root.h"
#include "format/transaction.h"

enum record_kind {
    RECORD_ACCOUNT = 0x10,
    RECORD_ASSET = 0x20,
    RECORD_BALANCE = 0x30,
    RECORD_HOLD = 0x40,
    RECORD_KV = 0x50,
    RECORD_WINDOW = 0x60,
    RECORD_LANE = 0x70,
    RECORD_GOVERNANCE = 0x80,
};

enum governance_record {
    GOVERNANCE_PARAMS = 1,
    GOVERNANCE_MEMBERS = 2,
    GOVERNANCE_SET = 3,
    GOVERNANCE_VALIDATOR = 4,
    GOVERNANCE_PROPOSAL = 5,
    GOVERNANCE_NEXT_PROPOSAL = 6,
};

enum { ACCOUNT_FROZEN = 1, ACCOUNT_CLOSED = 2 };
enum { KV_VALUE = 1, KV_COMMITMENT = 2 };
enum validator_status { VALIDATOR_LEARNER = 1, VALIDATOR_ACTIVE = 2, VALIDATOR_REMOVED = 3 };
enum { VERSION_GENESIS = 1 }; /* position 0.0.1 */

enum {
    RECORD_KEY_MAX = 16 + TX_KEY_BYTES_MAX,
    ACCOUNT_VALUE_MAX = 72 + SIGNER_BYTES * SIGNERS_MAX,
    ASSET_VALUE_BYTES = 86,
    BALANCE_VALUE_BYTES = 73,
    HOLD_VALUE_BYTES = 136,
    KV_VALUE_BYTES = 45,
    WINDOW_VALUE_BYTES = 51,
    LANE_VALUE_BYTES = 8,
    GOVERNANCE_KEY_MAX = 17,                /* what u8, then an id or a number */
    GOVERNANCE_BYTES_MAX = 8 * 1024 * 1024, /* more members than can be do not need so much */
    MOVEMENT_BYTES = 128,
};

struct account {
    struct id id;
    uint64_t version;
    uint8_t flags;
    uint32_t roles; /* enum role */
    uint16_t low, medium, high;
    struct id sponsor; /* zeros: the genesis */
    uint32_t balances; /* how many balance records it has; they are never removed */
    struct digest metadata;
    uint8_t signer_count;
    struct account_signer signers[SIGNERS_MAX]; /* ascending by key */
};

struct asset {
    struct id id;
    uint64_t version;
    struct id issuer;
    uint8_t code[12];
    uint8_t scale, flags;
    uint64_t max_supply, supply;
    struct digest metadata;

    /* The sum of its credit lines, which is that of the floors of its balances with the sign
     * turned. It follows from them, so it stands neither in the record's bytes nor in its row. */
    uint64_t lines;
};

struct balance {
    struct id account, asset;
    int64_t posted, held_out, held_in, floor; /* floor: 0 or, with a credit line, below */
    uint8_t flags;
    uint64_t seq;       /* of its last movement */
    struct digest head; /* of the chain of its movements */
};

/* What may be drawn: posted - held_out - floor. */
static inline int64_t balance_free(const struct balance *balance)
{
    return balance->posted - balance->held_out - balance->floor;
}

/* An amount of the payer's that is reserved for the payee until it is posted, voided or expires. It
 * stands in held_out of the one and in held_in of the other. */
struct hold {
    struct id id;
    uint64_t version; /* the operation that made it */
    struct id payer, payee, arbiter, asset;
    uint64_t amount;
    uint64_t expires_ms;
    struct id group;    /* chosen by who made it; zeros: none */
    struct digest lock; /* zeros: none, as in all holds of this version */
};

struct kv_record {
    struct id owner;
    uint8_t key_size;
    uint8_t key[TX_KEY_BYTES_MAX];
    uint64_t version;
    uint8_t kind;
    uint32_t size;
    struct digest value_hash;
};

struct window_entry {
    struct id source, client_ref;
    struct digest txid;
    uint64_t position; /* of the entry */
    uint16_t code;
    uint8_t at;
    uint64_t not_after_ms;
};

struct lane {
    struct id account;
    uint32_t lane;
    uint64_t next; /* a lane without a record: 1 */
};

/* Keys, into at most RECORD_KEY_MAX bytes; return the size. */
size_t balance_key(const struct id *account, const struct id *asset, uint8_t *key);
size_t kv_key(const struct id *owner, struct span name, uint8_t *key);
size_t window_key(const struct id *source, const struct id *client_ref, uint8_t *key);
size_t lane_key(const struct id *account, uint32_t lane, uint8_t *key);

/* Values; return the size. The buffer has the size of the constant above. */
size_t account_encode(const struct account *account, uint8_t value[ACCOUNT_VALUE_MAX]);
size_t asset_encode(const struct asset *asset, uint8_t value[ASSET_VALUE_BYTES]);
size_t balance_encode(const struct balance *balance, uint8_t value[BALANCE_VALUE_BYTES]);
size_t hold_encode(const struct hold *hold, uint8_t value[HOLD_VALUE_BYTES]);
size_t kv_encode(const struct kv_record *kv, uint8_t value[KV_VALUE_BYTES]);
size_t window_encode(const struct window_entry *entry, uint8_t value[WINDOW_VALUE_BYTES]);
size_t lane_encode(const struct lane *lane, uint8_t value[LANE_VALUE_BYTES]);

/* Back again, for proofs and audits; ids and keys come from the key and are left alone.
 * STATUS_MALFORMED. */
enum status account_decode(struct span value, struct account *account);
enum status asset_decode(struct span value, struct asset *asset);
enum status balance_decode(struct span value, struct balance *balance);
enum status hold_decode(struct span value, struct hold *hold);
enum status kv_decode(struct span value, struct kv_record *kv);
enum status window_decode(struct span value, struct window_entry *entry);
enum status lane_decode(struct span value, struct lane *lane);

/* The leaf of a record: path and hash. */
struct state_leaf record_leaf(uint8_t kind, struct span key, struct span value);
struct state_leaf account_leaf(const struct account *account);
struct state_leaf asset_leaf(const struct asset *asset);
struct state_leaf balance_leaf(const struct balance *balance);
struct state_leaf hold_leaf(const struct hold *hold);
struct state_leaf kv_leaf(const struct kv_record *kv);
struct state_leaf window_leaf(const struct window_entry *entry);
struct state_leaf lane_leaf(const struct lane *lane);

/* Keys of kind 0x80: the u8 alone, or with an id (validators) or a number (proposals) behind it. */
size_t governance_key(enum governance_record what, uint8_t *key);
size_t governance_key_validator(const struct id *id, uint8_t *key);
size_t governance_key_proposal(uint64_t number, uint8_t *key);

/* A validator's record, which stays when it has been removed: ids and keys are never used again. */
struct validator_record {
    struct id id, member;
    struct public_key seal_key, node_key;
    uint8_t status; /* enum validator_status */
    char endpoint[ENDPOINT_MAX + 1];
};

/* The record of one validator, kind 0x80, key 4 | id: member 16 | seal key 32 | node key 32 |
 * status u8 | text8 endpoint. */
void validator_record_encode(const struct validator *validator, const struct public_key *node_key,
                             uint8_t status, const char *endpoint, struct writer *w);
/* The id comes from the key and is left alone. STATUS_MALFORMED. */
enum status validator_record_decode(struct span value, struct validator_record *record);

/* The change of one balance by one entry:
 *     entry id 32 | position u64 | account 16 | asset 16 | seq u64 | three deltas | three results
 * Its head is H(movement tag, previous head | movement), zeros before the first. */
struct movement {
    struct digest entry_id;
    uint64_t position; /* of the entry; 1 for the balances of the genesis */
    struct id account, asset;
    uint64_t seq;
    int64_t d_posted, d_held_out, d_held_in;
    int64_t posted, held_out, held_in;
};

void movement_encode(const struct movement *movement, uint8_t bytes[MOVEMENT_BYTES]);
struct digest movement_head(const struct digest *previous, const struct movement *movement);

/* The first movement of a balance that the genesis gives: at position 1, with the chain id for an
 * entry. */
struct movement movement_of_genesis(const struct genesis_balance *from,
                                    const struct digest *chain_id);

#endif
