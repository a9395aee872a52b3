/* crypto/committee.h -- the validators of one epoch and how many of them make a quorum.
 *
 * One validator, one vote. A quorum is ceil(2n/3) in the Byzantine model and floor(n/2)+1 in the
 * crash-fault model; never 2f+1, which for n = 6 gives two quorums with no validator in common.
 * Any two Byzantine quorums share 2q - n >= f+1 validators, so at least one honest one.
 *
 * The canonical encoding of a committee is the validator set of the ledger's formats:
 *     fault_model u8 | engine u8 | u16 n | n x (id 16 | member 16 | seal key 32), ascending by id
 * and its tagged hash stands in every block header and in every statement that is signed.
 */
#ifndef CRYPTO_COMMITTEE_H
#define CRYPTO_COMMITTEE_H

#include "crypto/codec.h"

enum fault_model { FAULT_BYZANTINE = 1, FAULT_CRASH = 2 };

enum engine_kind {
    ENGINE_HOTSTUFF = 1,
    ENGINE_RAFT = 2,
    ENGINE_PBFT = 3,
    ENGINE_TENDERMINT = 4,
    ENGINE_PAXOS = 5,
    ENGINE_ZAB = 6,
};

enum { COMMITTEE_MAX = 255, COMMITTEE_BYTES_MAX = 4 + 64 * COMMITTEE_MAX };

struct validator {
    struct id id;
    struct id member; /* the account of the organisation */
    struct public_key seal_key;
};

struct committee {
    enum fault_model fault_model;
    enum engine_kind engine;
    uint16_t count;
    struct validator validators[COMMITTEE_MAX]; /* ascending by id; the position is the index */
};

uint16_t quorum_of(enum fault_model fault_model, uint16_t count);
uint16_t max_faulty_of(enum fault_model fault_model, uint16_t count);

static inline uint16_t committee_quorum(const struct committee *committee)
{
    return quorum_of(committee->fault_model, committee->count);
}

static inline uint16_t committee_max_faulty(const struct committee *committee)
{
    return max_faulty_of(committee->fault_model, committee->count);
}

enum { VALIDATOR_NONE = 0xffff };

/* The index of a validator, or VALIDATOR_NONE. */
uint16_t committee_find_id(const struct committee *committee, const struct id *id);
uint16_t committee_find_key(const struct committee *committee, const struct public_key *seal_key);

void committee_encode(const struct committee *committee, struct writer *w);

/* Checks order, distinct and valid keys, 1 <= n <= COMMITTEE_MAX, known model and engine. After an
 * error, which the reader keeps, the committee is empty. */
enum status committee_decode(struct reader *r, struct committee *committee);

/* H(witan/validators/v1, encoding). */
struct digest committee_hash(const struct committee *committee);

#endif
