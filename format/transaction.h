/* format/transaction.h -- the signed wish of an account, byte for byte.
 *
 *     body          offset size                         body          offset size
 *     version            0    2   1                     order             82    1   0 none, 1 lane
 *     chain_id           2   32                         lane              83    4   0 if none
 *     source            34   16                         seq               87    8   0 if none
 *     client_ref        50   16                         memo_hash         95   32   zeros = none
 *     not_before_ms     66    8   0 = at once           assert_count     127    1   then asserts
 *     not_after_ms      74    8                         op_count           .    1   then operations
 *
 *     transaction = u32 body_size | body | u8 count | count x (public key 32 | signature 64), by
 * key
 *
 * A signature carries the whole public key, so it can be checked without state, once, off the event
 * loop and before the vote. Signatures are outside the txid: nobody can give a payment a second id.
 */
#ifndef FORMAT_TRANSACTION_H
#define FORMAT_TRANSACTION_H

#include "crypto/certificate.h"
#include "format/result.h"
#include "genesis/genesis.h"

enum {
    TX_OPERATIONS_MAX = 100,
    TX_ASSERTS_MAX = 16,
    TX_SIGNATURES_MAX = 32,
    TX_KEY_BYTES_MAX = 255, /* of a kv key */
    TX_VERSION = 1,
    TX_HEAD_BYTES = 127, /* of a body, before the asserts */
    TX_BODY_BYTES_MIN = 147,
    TX_SIGNATURE_BYTES = 96, /* public key 32 | signature 64 */
    TX_SCALE_MAX = 12,
    TX_BYTES_LIMIT = 1048576, /* highest value of tx_bytes_max */
};
#define TX_AMOUNT_MAX ((uint64_t)INT64_MAX)
#define TX_TIME_LIMIT ((uint64_t)1 << 48)

/* X(name, code, text): the operations that this version builds; any other is tx_malformed. */
#define OPERATION_LIST(X) \
    X(ACCOUNT_CREATE, 0x0101, "account.create") \
    X(ACCOUNT_SET_SIGNERS, 0x0102, "account.set_signers") \
    X(ACCOUNT_FREEZE, 0x0103, "account.freeze") \
    X(ASSET_CREATE, 0x0201, "asset.create") \
    X(ASSET_MINT, 0x0202, "asset.mint") \
    X(ASSET_BURN, 0x0203, "asset.burn") \
    X(BALANCE_SET_FLOOR, 0x0207, "balance.set_floor") \
    X(TRANSFER, 0x0301, "transfer") \
    X(HOLD_CREATE, 0x0401, "hold.create") \
    X(HOLD_POST, 0x0402, "hold.post") \
    X(HOLD_VOID, 0x0403, "hold.void") \
    X(HOLD_POST_GROUP, 0x0406, "hold.post_group") \
    X(HOLD_VOID_GROUP, 0x0407, "hold.void_group") \
    X(KV_PUT, 0x0501, "kv.put") \
    X(KV_DELETE, 0x0502, "kv.delete") \
    X(GOV_PROPOSE, 0x0601, "gov.propose") \
    X(GOV_BALLOT, 0x0602, "gov.ballot")

enum operation_code {
#define X(name, code, text) OP_##name = code,
    OPERATION_LIST(X)
#undef X
};

const char *operation_name(uint16_t code); /* "unknown" if not built */
bool operation_find(const char *name, uint16_t *code);

enum level { LEVEL_LOW = 1, LEVEL_MEDIUM = 2, LEVEL_HIGH = 3 };
enum order { ORDER_NONE = 0, ORDER_LANE = 1 };
enum expect { EXPECT_ANY = 0, EXPECT_ABSENT = 1, EXPECT_VERSION = 2 };

/* A list of signers as it stands in the transaction: count x (key 32 | weight u8), by key. */
struct signer_list {
    uint8_t count;
    struct span bytes;
};
enum { SIGNER_BYTES = 33 };

struct operation {
    enum operation_code code;
    struct id actor; /* whose authorisation it needs; the first field of every operation */
    union {
        struct {
            struct id id;
            uint16_t low, medium, high;
            struct digest metadata;
            struct signer_list signers;
        } account_create;
        struct {
            uint16_t low, medium, high;
            struct signer_list signers;
        } account_set_signers;
        struct {
            struct id account;
            bool frozen;
        } account_freeze;
        struct {
            uint8_t code[12];
            uint8_t scale, flags;
            uint64_t max_supply;
            struct digest metadata;
        } asset_create;
        struct {
            struct id asset, to;
            uint64_t amount;
        } asset_mint;
        struct {
            struct id asset;
            uint64_t amount;
        } asset_burn;
        struct {
            struct id asset, account;
            int64_t floor; /* 0 or below: how far its available amount reaches under zero */
        } balance_set_floor;
        struct {
            struct id to, asset;
            uint64_t amount;
        } transfer;
        struct {
            struct id payee, asset;
            uint64_t amount;
            uint64_t expires_ms;
            struct id arbiter; /* who posts it, or voids it, as the payee may too */
            struct id group;   /* zeros: none */
        } hold_create;
        struct {
            struct id hold;
            uint64_t amount; /* to be paid; the rest returns */
        } hold_post;
        struct {
            struct id hold;
        } hold_void;
        struct {
            struct id group;
        } hold_group; /* OP_HOLD_POST_GROUP, OP_HOLD_VOID_GROUP */
        struct {
            struct span key;
            uint8_t expect;
            uint64_t version;
            struct span value;
        } kv_put;
        struct {
            struct span key;
            uint8_t expect;
            uint64_t version;
        } kv_delete;
        struct {
            struct digest rationale; /* of a text that stays outside; zeros = none */
            uint64_t expects_params_version;
            uint64_t deadline_ms, activate_ms;
            uint8_t action_count;
            struct span actions; /* as they stand; for action_read_again */
        } gov_propose;
        struct {
            uint64_t proposal;
            uint8_t vote; /* enum vote */
        } gov_ballot;
    };
};

enum level operation_level(enum operation_code code);

enum assert_kind {
    ASSERT_BALANCE = 1,
    ASSERT_BALANCE_SEQ = 2,
    ASSERT_KV_VERSION = 3,
    ASSERT_KV_VALUE = 4,
    ASSERT_ACCOUNT_VERSION = 5,
    ASSERT_PARAMS_VERSION = 6,
    ASSERT_HEIGHT_MAX = 7,
};
enum balance_field { FIELD_POSTED = 1, FIELD_AVAILABLE = 2 };
enum relation { RELATION_EQUAL = 1, RELATION_LEAST = 2, RELATION_MOST = 3 };

struct tx_assert {
    enum assert_kind kind;
    struct id account; /* or the owner of the key */
    struct id asset;
    uint8_t field, relation;
    struct span key;
    struct digest value_hash;
    int64_t amount;  /* ASSERT_BALANCE */
    uint64_t number; /* seq, version, height */
};

struct tx_signature {
    struct public_key key;
    struct signature signature;
};

/* Decoded; spans borrow from the bytes it was decoded from. About 25 KiB: keep off small stacks. */
struct transaction {
    struct span bytes; /* the whole transaction */
    struct span body;
    struct digest chain_id;
    struct id source;
    struct id client_ref;
    uint64_t not_before_ms, not_after_ms;
    enum order order;
    uint32_t lane;
    uint64_t seq;
    struct digest memo_hash;
    uint8_t assert_count;
    struct tx_assert asserts[TX_ASSERTS_MAX];
    uint8_t operation_count;
    struct operation operations[TX_OPERATIONS_MAX];
    uint8_t signature_count;
    struct tx_signature signatures[TX_SIGNATURES_MAX];
    struct digest txid;        /* H(witan/transaction/v1, body) */
    struct digest signed_hash; /* H(witan/signed-transaction/v1, transaction) */
};

/* Why something was refused; what an error's data needs. Unused fields are zero. */
struct refusal {
    enum refusal_code code;
    uint32_t offset;        /* tx_malformed: where in the bytes */
    uint8_t operation;      /* tx_malformed: index, or 255 if outside operations */
    char detail[96];        /* tx_malformed, tx_bad_signature: a word or short sentence */
    struct digest expected; /* tx_wrong_chain */
    struct digest got;      /* tx_wrong_chain */
    struct public_key key;  /* tx_bad_signature */
    struct id account;      /* tx_not_permitted: the actor; source of others */
    uint8_t level;          /* tx_not_permitted */
    uint32_t weight_need, weight_have;
    struct digest txid;    /* tx_ref_conflict, tx_lane_past: the first one; duplicate: its own */
    uint64_t value, limit; /* sizes, times, lane numbers, counts: got and allowed */
};

/* Shape and static rules of every operation (admission check 2). STATUS_MALFORMED, and *refusal
 * (may be NULL) says where. Computes txid and signed hash. Does not look at signatures' validity.
 */
enum status transaction_decode(struct span bytes, struct transaction *tx, struct refusal *refusal);

/* The same for bytes that passed before in this process (out of the pool, out of a block just
 * executed). Everything is checked but the points of signer lists and actions: one of them costs as
 * much as fifty small transactions, and a megabyte holds thirty thousand. */
enum status transaction_decode_again(struct span bytes, struct transaction *tx);

/* As transaction_decode for a body alone, before it is signed or where a proof carries it so;
 * offsets count from its beginning. bytes, signatures and signed hash are left empty. */
enum status transaction_decode_body(struct span body, struct transaction *tx,
                                    struct refusal *refusal);

/* Checks 1, 2, 3 and 5, in this order; *tx is filled in. Pure; on a worker. cache may be NULL.
 * STATUS_TOO_LARGE, STATUS_MALFORMED, STATUS_MISMATCH (another chain), STATUS_BAD_SIGNATURE. */
enum status transaction_check(struct span bytes, const struct digest *chain_id,
                              const struct params *params, struct verify_cache *cache,
                              struct transaction *tx, struct refusal *refusal);

/* The body of a transaction's fields (bytes, body, txid and signatures are ignored). The writer
 * ends with STATUS_INVALID if a static rule is broken. */
void transaction_write_body(struct writer *w, const struct transaction *tx);

/* u32 body_size | body | signatures. Keys sorted; each key once. */
void transaction_write_signed(struct writer *w, struct span body,
                              const struct tx_signature *signatures, uint8_t count);

struct digest transaction_id(struct span body);

/* H(witan/hold/v1, txid | operation u8), its first 16 bytes: the id of the hold that an operation
 * of a transaction makes, known before it is sent. */
struct id hold_id_of(const struct digest *txid, uint8_t operation);

void transaction_sign(const struct secret_key *secret, const struct digest *chain_id,
                      const struct digest *txid, struct tx_signature *signature);

/* The accounts that must authorise, each once, with the highest level at which it acts; the source
 * at least at LOW. Room for TX_OPERATIONS_MAX + 1. Returns the count; ascending by account. */
struct actor {
    struct id account;
    enum level level;
};
size_t transaction_actors(const struct transaction *tx, struct actor *actors);

/* A place in the ledger: height << 24 | entry << 8 | operation. */
static inline uint64_t position_of(uint64_t height, uint32_t entry, uint8_t operation)
{
    return height << 24 | (uint64_t)entry << 8 | operation;
}

static inline uint64_t position_height(uint64_t position)
{
    return position >> 24;
}

static inline uint32_t position_entry(uint64_t position)
{
    return (uint32_t)(position >> 8 & 0xffff);
}

enum { POSITION_TEXT = 40 };
/* "1042.3.0" or, for a whole entry, "1042.3". */
void position_text(uint64_t position, char text[POSITION_TEXT]);
void position_entry_text(uint64_t position, char text[POSITION_TEXT]);
bool position_decode(const char *text, uint64_t *position); /* the form with operation */

#endif
