/* format/effect_list.h -- what an entry changed, decoded from its canonical list of effects.
 *
 *     u16 count, then records ascending by bytes; each begins with its kind:
 *     1 balance   account 16, asset 16, seq u64, three deltas i64, three results i64, head 32
 *     2 account   id 16, old u64, new u64                  versions; 0 = did not exist
 *     3 asset     id 16, old u64, new u64, supply u64
 *     4 hold      id 16, state u8, amount u64              1 made, 2 posted, 3 voided, 4 expired
 *     5 kv        owner 16, bytes8 key, old u64, new u64, value hash 32      new 0 = deleted
 *     6 proposal  number u64, status u8, yes u16, no u16
 *     7 observed  what u8, value i64                       only of an entry that failed
 *
 * Execution writes it, its tagged hash stands in the entry's leaf, and entry.effects holds it. Here
 * it is read: by the RPC, by receipts, by audits. (ledger.md, section 7)
 */
#ifndef FORMAT_EFFECT_LIST_H
#define FORMAT_EFFECT_LIST_H

#include "crypto/codec.h"

enum ledger_effect_kind {
    LEDGER_EFFECT_BALANCE = 1,
    LEDGER_EFFECT_ACCOUNT = 2,
    LEDGER_EFFECT_ASSET = 3,
    LEDGER_EFFECT_HOLD = 4,
    LEDGER_EFFECT_KV = 5,
    LEDGER_EFFECT_PROPOSAL = 6,
    LEDGER_EFFECT_OBSERVED = 7,
};

enum hold_state { HOLD_MADE = 1, HOLD_POSTED = 2, HOLD_VOIDED = 3, HOLD_EXPIRED = 4 };

struct ledger_effect {
    enum ledger_effect_kind kind;
    struct id id;    /* account, asset, hold, owner of the key; the balance's account */
    struct id asset; /* of a balance */
    union {
        struct {
            uint64_t seq;
            int64_t d_posted, d_held_out, d_held_in;
            int64_t posted, held_out, held_in;
            struct digest head;
        } balance;
        struct {
            uint64_t old, new;
            uint64_t supply; /* of an asset */
        } version;
        struct {
            uint8_t state;   /* enum hold_state; the last, if the entry both made and ended it */
            uint64_t amount; /* posted: what was paid, else what it reserves or reserved */
        } hold;
        struct {
            struct span key; /* borrows from the list */
            uint64_t old, new;
            struct digest value_hash;
        } kv;
        struct {
            uint64_t number;
            uint8_t status;
            uint16_t yes, no;
        } proposal;
        struct {
            uint8_t what;
            int64_t value;
        } observed;
    };
};

/* Walks a list. The first error sticks, also one in the order of the records.
 *
 *     struct effect_list list = effect_list_of(entry->effects);
 *     while (effect_list_next(&list, &effect)) ...
 *     if (effect_list_end(&list) != STATUS_OK) return STATUS_DAMAGED;
 */
struct effect_list {
    struct reader r;
    struct span previous;
    uint16_t left;
};

struct effect_list effect_list_of(struct span bytes);
bool effect_list_next(struct effect_list *list, struct ledger_effect *effect);
enum status effect_list_end(struct effect_list *list);

/* "balance", "account", ...; "available", "posted", "seq", ...; "made", "posted", ...; NULL beyond
 * the list. */
const char *effect_kind_word(unsigned kind);
const char *observed_word(unsigned what);
const char *hold_state_word(unsigned state);

/* The value that a failed entry observed, if it names one. */
bool effects_observed(struct span bytes, uint8_t *what, int64_t *value);

#endif
