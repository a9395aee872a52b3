/* tests/sim/workload_internal.h -- accounts and keys that the genesis and its clients both know.
 *
 *     workload_genesis.c   the genesis
 *     workload.c           the next transaction: what kind, when valid, signed by whom
 *     workload_draw.c      operations and conditions, drawn
 *     workload_holds.c     ... those that reserve and release
 *
 * Accounts are numbers from 1: those of the genesis, then those that transactions create. Keys are
 * numbers too, and stand here by index: one of each account, then the others of two accounts.
 */
#ifndef SIM_WORKLOAD_INTERNAL_H
#define SIM_WORKLOAD_INTERNAL_H

#include "format/transaction.h"
#include "workload.h"

enum {
    ACCOUNT_BANK = 1,    /* member, all roles, issuer of EUR */
    ACCOUNT_ISSUER = 2,  /* registrar, issuer of OIL */
    ACCOUNT_SHARED = 3,  /* three signers; two must sign a payment, all a change of signers */
    ACCOUNT_TURNING = 7, /* beside a signer that stays, one that changes */
    ACCOUNT_ICY = 8,     /* frozen and thawed now and then */
};

enum {
    KEY_SHARED = WORKLOAD_ACCOUNTS, /* two more of ACCOUNT_SHARED */
    KEY_TURNING = KEY_SHARED + 2,   /* those of ACCOUNT_TURNING, in turn */
    TURNING_KEYS = 4,
    KEY_STRANGER = KEY_TURNING + TURNING_KEYS, /* signs for nobody */
    WORKLOAD_KEYS,
};
extern const uint16_t workload_key_numbers[WORKLOAD_KEYS];

enum workload_asset { ASSET_EUR, ASSET_OIL };

void workload_key(uint64_t number, struct secret_key *secret, struct public_key *key);
struct id workload_account(uint64_t number);
struct id workload_asset(enum workload_asset asset);

enum {
    MADE_ACCOUNTS_MAX = 300, /* numbers of accounts that may be created: behind the first ones */
    MADE_ASSETS_MAX = 30,
    GROUP_MAX = 6, /* operations of a transaction */
    VALUE_BYTES_MAX = 1100,
    EARLIER = 32, /* transactions that may be sent again */
    HOLDS = 48,   /* that may be ended */
};

/* What was sent before, to be sent again or in other words. */
struct earlier {
    struct blob *bytes;
    struct digest txid;
    struct id source, client_ref;
    bool lane, hopeless;
};

/* What was reserved, by numbers of accounts; id and group as the operations have them. */
struct wished_hold {
    struct id id, group;
    uint64_t payee, arbiter, amount;
};

struct workload {
    struct stream stream;
    const struct genesis *genesis;
    unsigned brief_permille, bad_permille;
    uint64_t refs;          /* client references given out */
    uint32_t made_accounts; /* that some transaction wished to create */
    uint32_t made_assets;
    uint32_t turns;     /* of ACCOUNT_TURNING's second signer */
    uint32_t lane;      /* numbers of a few transactions each */
    uint64_t lane_next; /* in it */
    struct earlier earlier[EARLIER];
    uint32_t earlier_count; /* ever */
    struct wished_hold holds[HOLDS];
    uint32_t holds_count; /* ever */
    uint64_t wall_ms;
    struct secret_key secrets[WORKLOAD_KEYS];
    struct public_key keys[WORKLOAD_KEYS];

    /* The transaction in hand. What its spans point to is in the arrays behind it. */
    struct transaction tx;
    uint32_t sign_with; /* a set of keys */
    bool risky;         /* may wait for what does not happen: is made to expire soon */
    struct wished_hold wished[GROUP_MAX]; /* by operation; their ids follow from the whole */
    uint8_t names[GROUP_MAX + TX_ASSERTS_MAX][8];
    uint8_t signers[GROUP_MAX][2 * SIGNER_BYTES];
    uint8_t values[GROUP_MAX][VALUE_BYTES_MAX];
};

/* workload_draw.c. Operations are added to w->tx, and keys for their actors to w->sign_with. */
void draw_payment(struct workload *w);
void draw_group(struct workload *w);
void draw_other(struct workload *w); /* one of any kind but a payment */
void draw_failing(struct workload *w);
void draw_condition(struct workload *w, bool holds);
void sign_for(struct workload *w, uint64_t account, enum level level);
struct operation *draw_add(struct workload *w, enum operation_code code, uint64_t actor);
uint64_t draw_account(struct workload *w);
uint64_t draw_other_account(struct workload *w, uint64_t than);
struct id draw_asset(struct workload *w);

/* workload_holds.c. holds_remember: the transaction in hand has this id. */
void draw_hold(struct workload *w);
void draw_hold_end(struct workload *w);
void draw_group_end(struct workload *w);
void draw_floor(struct workload *w);
void draw_any_hold(struct workload *w); /* one of these four */
void holds_remember(struct workload *w, const struct digest *txid);

#endif
