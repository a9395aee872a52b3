/* genesis/genesis.h -- how a network begins.
 *
 * Strict JSON of at most 16 MiB. The chain id is the tagged hash (witan/genesis/v1) of the
 * document's canonical binary encoding, not of the file's bytes, so indentation cannot split a
 * network. Every check of genesis_parse names the field that fails.
 *
 *     version u16 = 1 | text8 network | time_ms u64 | purpose u8 | params record | validator set |
 *     for each validator: node key 32, text8 endpoint, possession 64 | members record |
 *     u32 count, accounts by id: id 16, roles u32, low medium high u16, metadata 32, u8 count,
 *         (key 32, weight u8) by key |
 *     u32 count, assets by id: id 16, issuer 16, code 12, scale u8, flags u8, max_supply u64,
 *         supply u64, metadata 32 |
 *     u32 count, balances by (account, asset): account 16, asset 16, posted u64 >= 1
 */
#ifndef GENESIS_GENESIS_H
#define GENESIS_GENESIS_H

#include "genesis/keyfile.h"
#include "genesis/params.h"

enum { GENESIS_BYTES_MAX = 16 * 1024 * 1024, SIGNERS_MAX = 20, NETWORK_NAME_MAX = 32 };
enum { MEMBER_NAME_MAX = 64, ENDPOINT_MAX = 255 };
enum { CHAIN_MEMBERS_MAX = 1024 }; /* each may have a ballot on every proposal */
enum purpose { PURPOSE_PRODUCTION = 1, PURPOSE_TEST = 2 };
enum role { ROLE_REGISTRAR = 1, ROLE_ISSUER = 2, ROLE_FREEZER = 4, ROLE_ALL = 7 };

struct account_signer {
    struct public_key key;
    uint8_t weight;
};

struct genesis_validator {
    struct public_key node_key;
    char endpoint[ENDPOINT_MAX + 1]; /* host:port */
    struct signature possession;
};

struct member {
    struct id account;
    char name[MEMBER_NAME_MAX + 1];
};

struct genesis_account {
    struct id id;
    uint32_t roles;
    uint16_t low, medium, high;
    struct digest metadata;
    uint8_t signer_count;
    struct account_signer signers[SIGNERS_MAX]; /* ascending by key */
};

struct genesis_asset {
    struct id id;
    struct id issuer;
    uint8_t code[12]; /* A-Z 0-9, zero-filled */
    uint8_t scale;
    uint8_t flags;
    uint64_t max_supply;
    uint64_t supply;
    struct digest metadata;
};

struct genesis_balance {
    struct id account;
    struct id asset;
    uint64_t posted;
};

struct genesis {
    char network[NETWORK_NAME_MAX + 1];
    uint64_t time_ms;
    enum purpose purpose;
    struct params params;
    struct committee committee;           /* fault model, engine, validators by id */
    struct genesis_validator *validators; /* committee.count of them, same order */
    uint16_t member_count;
    struct member *members; /* ascending by account */
    uint32_t account_count;
    struct genesis_account *accounts; /* ascending by id */
    uint32_t asset_count;
    struct genesis_asset *assets; /* ascending by id */
    uint32_t balance_count;
    struct genesis_balance *balances; /* ascending by (account, asset) */
    struct digest chain_id;           /* set by parse and by genesis_seal */
};

/* Reads, sorts, checks everything and computes the chain id. *genesis is set only on success; else
 * the status says what kind of mistake it is (STATUS_MALFORMED, STATUS_INVALID, STATUS_UNSUPPORTED,
 * STATUS_MISMATCH, STATUS_BAD_KEY, STATUS_BAD_SIGNATURE, STATUS_TOO_LARGE; of a file also
 * STATUS_NOT_FOUND, STATUS_IO) and *problem, which may be NULL, names the field. */
enum status genesis_parse(struct span text, struct genesis **genesis, struct problem *problem);
enum status genesis_load(const char *path, struct genesis **genesis, struct problem *problem);
void genesis_free(struct genesis *genesis);

/* For builders: an empty document with default parameters and the engine's default parameters
 * (validators_min is 1 for a test chain, 3 in the crash model); NULL without memory. The caller
 * fills in the arrays (heap, freed by genesis_free) and ends with genesis_seal, which sorts,
 * checks, and sets chain_id. A network name that is too long is left out, so that sealing refuses
 * it. */
struct genesis *genesis_new(const char *network, enum purpose purpose, uint64_t time_ms,
                            enum engine_kind engine, enum fault_model fault_model);
enum status genesis_seal(struct genesis *genesis, struct problem *problem);

/* The canonical bytes; chain_id = H(witan/genesis/v1, bytes). */
void genesis_encode(const struct genesis *genesis, struct writer *w);
enum status genesis_decode(struct span bytes, struct genesis **genesis, struct problem *problem);

/* The document as JSON, in the documented order of members. New reference. */
json_t *genesis_json(const struct genesis *genesis);

/* u16 count | (account 16 | text8 name), by account; and its tagged hash. */
void members_encode(const struct member *members, uint16_t count, struct writer *w);
struct digest members_hash(const struct member *members, uint16_t count);

/* 1 to MEMBER_NAME_MAX bytes of UTF-8 without control characters. */
bool member_name_valid(const char *name);

/* name:port, 10.0.0.1:port or [2001:db8::1]:port. Whether it leads anywhere is not ours to say. */
bool endpoint_valid(const char *endpoint);

/* Roles as a list of words; NULL without memory. From JSON: of the member `name`. */
json_t *role_list_json(uint32_t roles);
uint32_t role_list_read(struct json_fields *fields, const char *name);

/* "hotstuff", "raft", ...; NULL or false if unknown. */
const char *engine_name(enum engine_kind engine);
bool engine_find(const char *name, enum engine_kind *engine);

/* The engine's parameters with their defaults and ranges, from its table in genesis/engines.c;
 * every one must be in a genesis. */
void engine_params_default(enum engine_kind engine, struct params *params);
enum status engine_params_check(enum engine_kind engine, const struct params *params,
                                struct problem *problem);

/* Eight words to read a chain id over the phone. text has room for 128 characters. */
void chain_id_words(const struct digest *chain_id, char text[128]);

#endif
