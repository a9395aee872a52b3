/* tests/sim/model_internal.h -- the records of the reference executor.
 *
 *     model.c           blocks, checks, conditions: which transaction counts and what comes of it
 *     model_apply.c     operations
 *     model_holds.c     holds, and those that end by themselves
 *     model_compare.c   sums; a whole ledger compared
 *
 * Records begin with their key and say whether they exist; what a failed transaction changed is put
 * back from copies.
 */
#ifndef SIM_MODEL_INTERNAL_H
#define SIM_MODEL_INTERNAL_H

#include "model.h"
#include "shelf.h"

enum { MODEL_EXPIRED_MAX = 5000 }; /* the highest hold_sweep_max there can be */

struct model_account {
    struct id id;
    uint64_t exists;
    uint64_t version;
    uint64_t balances;
    uint32_t roles;
    uint16_t low, medium, high;
    uint16_t signers;
    bool frozen;
    uint8_t unused[3];
    struct id sponsor;
    struct digest metadata;
    uint8_t signer[SIGNERS_MAX][SIGNER_BYTES + 7]; /* key 32 | weight u8 */
};

struct model_asset {
    struct id id;
    uint64_t exists;
    uint64_t version;
    uint64_t max_supply, supply;
    int64_t sum; /* of its balances, when that was last asked */
    struct id issuer;
    struct digest metadata;
    uint8_t code[12];
    uint8_t scale, unused[3];
};

struct model_balance {
    struct id account, asset;
    uint64_t exists;
    int64_t posted, held_out, held_in, floor;
    uint64_t seq;     /* movements */
    uint64_t touched; /* by the transaction in hand, which is one movement */
};

struct model_hold {
    struct id id;
    uint64_t exists;
    uint64_t version;
    uint64_t amount, expires_ms;
    struct id payer, payee, arbiter, asset, group;
};

struct model_value_key {
    struct id owner;
    uint8_t size;
    uint8_t bytes[TX_KEY_BYTES_MAX];
};

struct model_value {
    struct model_value_key key;
    uint64_t exists;
    uint64_t version;
    uint64_t size;
    struct digest hash;
};

struct model_reference {
    struct id source, client_ref;
    uint64_t exists;
    uint64_t not_after_ms;
    struct digest txid;
};

struct model_lane_key {
    struct id account;
    uint64_t lane;
};

struct model_lane {
    struct model_lane_key key;
    uint64_t next;
};

/* A record as it was before the transaction in hand; its bytes follow. */
struct model_saved {
    struct shelf *shelf;
    uint32_t number;
    uint32_t at; /* of its bytes in model.saved_bytes */
};

struct model {
    const struct genesis *genesis;
    uint64_t height, time_ms, horizon_ms;
    uint64_t block_time_ms; /* of the block in hand */
    uint32_t entries;       /* in it */
    uint64_t number;        /* of the transaction in hand, the genesis being the first */
    struct shelf accounts, assets, balances, holds, values, references, lanes;
    struct id expired[MODEL_EXPIRED_MAX]; /* of the block in hand */
    uint32_t ended_groups; /* holds that groups of the transaction in hand have ended */
    struct model_saved *saved;
    uint32_t saved_count, saved_capacity;
    uint8_t *saved_bytes;
    uint32_t saved_size, saved_bytes_capacity;
    struct transaction tx;
};

/* model.c. Found: NULL unless it exists. Changed: saved first, made if it does not exist. */
struct model_account *model_account(const struct model *m, const struct id *id);
struct model_asset *model_asset(const struct model *m, const struct id *id);
struct model_balance *model_balance(const struct model *m, const struct id *account,
                                    const struct id *asset);
struct model_hold *model_hold(const struct model *m, const struct id *id);
struct model_value *model_value(const struct model *m, const struct id *owner, struct span key);
struct model_account *change_account(struct model *m, const struct id *id);
struct model_asset *change_asset(struct model *m, const struct id *id);
struct model_balance *change_balance(struct model *m, const struct id *account,
                                     const struct id *asset);
struct model_hold *change_hold(struct model *m, const struct id *id);
struct model_value *change_value(struct model *m, const struct id *owner, struct span key);

/* model_apply.c */
int64_t model_free_of(const struct model *m, const struct id *account, const struct id *asset);
struct model_balance *model_pay_into(struct model *m, const struct id *account,
                                     const struct id *asset, uint64_t position);
enum result_code model_apply(struct model *m, const struct operation *o, uint64_t position);

/* model_holds.c */
enum result_code model_hold_create(struct model *m, const struct operation *o, uint64_t position);
enum result_code model_hold_post(struct model *m, const struct operation *o);
enum result_code model_hold_void(struct model *m, const struct operation *o);
enum result_code model_hold_group(struct model *m, const struct operation *o);
void model_expire(struct model *m);

#endif
