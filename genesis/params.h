/* genesis/params.h -- the chain's parameters: one table of names, defaults and ranges.
 *
 * All validators share them; they are part of the genesis, change by governance and are in force
 * from the next block. The record, whose tagged hash stands in every header:
 *
 *     params_version u64 | u16 count | count x u64 | u16 count | count x (text8 name | u64)
 *
 * the second list being the engine's own parameters, ascending by name. Fractions are
 * numerator x 2^32 + denominator.
 */
#ifndef GENESIS_PARAMS_H
#define GENESIS_PARAMS_H

#include "crypto/codec.h"
#include "crypto/committee.h"

/* X(name, default, least, most); the order is the order of the record. Relations between
 * parameters (batch_bytes_max against tx_bytes_max, ...) are checked by params_check. */
#define PARAM_LIST(X) \
    X(tx_bytes_max, 65536, 1024, 1048576) \
    X(batch_bytes_max, 4194304, 1059, 16777216) \
    X(batch_txs_max, 10000, 1, 60000) \
    X(window_ms_max, 600000, 60000, 86400000) \
    X(window_grace_ms, 600000, 0, 86400000) \
    X(window_sweep_max, 20000, 2, 200000) \
    X(hold_ms_max, 31536000000, 1000, 315360000000) \
    X(hold_sweep_max, 1000, 1, 5000) \
    X(kv_value_max, 32768, 0, 1047552) \
    X(max_idle_ms, 0, 0, 86400000) \
    X(tick_gap_ms_min, 1000, 100, 60000) \
    X(skew_ms_max, 2000, 100, 60000) \
    X(unsealed_max, 64, 1, 1024) \
    X(ready_blocks_max, 1000, 10, 100000) \
    X(validators_min, 4, 1, 255) \
    X(validators_max, 100, 1, 255) \
    X(gov_routine, PARAM_FRACTION(1, 2), 0, UINT64_MAX) \
    X(gov_critical, PARAM_FRACTION(2, 3), 0, UINT64_MAX) \
    X(gov_emergency, PARAM_FRACTION(1, 3), 0, UINT64_MAX) \
    X(gov_open_max, 10, 1, 100) \
    X(gov_term_ms_max, 2592000000, 3600000, 31536000000)

#define PARAM_FRACTION(numerator, denominator) ((uint64_t)(numerator) << 32 | (denominator))

enum param_index {
#define X(name, standard, least, most) PARAM_##name,
    PARAM_LIST(X)
#undef X
        PARAM_COUNT
};

enum { ENGINE_PARAMS_MAX = 32, ENGINE_PARAM_NAME_MAX = 31 };

/* A parameter of the engine, by name. */
struct engine_param {
    char name[ENGINE_PARAM_NAME_MAX + 1];
    uint64_t value;
};

struct params {
    uint64_t version;             /* params_version, 1 in the genesis */
    uint64_t values[PARAM_COUNT]; /* params.values[PARAM_tx_bytes_max] */
    uint16_t engine_count;
    struct engine_param engine[ENGINE_PARAMS_MAX]; /* ascending by name */
};

enum { PARAMS_BYTES_MAX = 8 + 2 + 8 * PARAM_COUNT + 2 + 40 * ENGINE_PARAMS_MAX };

/* 1 to ENGINE_PARAM_NAME_MAX of a-z, 0-9 and _. */
bool engine_param_name_valid(struct span name);

/* The defaults of the table, version 1, no engine parameters. */
void params_default(struct params *params);

/* "1/3" to and from numerator x 2^32 + denominator. */
enum { FRACTION_TEXT = 24 };
void fraction_encode(uint64_t fraction, char text[FRACTION_TEXT]);
bool fraction_decode(const char *text, uint64_t *fraction);

/* Name of a chain parameter; its index or PARAM_COUNT. */
const char *param_name(enum param_index index);
enum param_index param_find(const char *name, size_t name_size);
bool param_is_fraction(enum param_index index);

/* How a list of names and values, such as a ledger's table, calls the version and the engine's. */
#define PARAMS_VERSION_NAME "params_version"
#define ENGINE_PARAM_PREFIX "engine."

/* One line of such a list into its field: the version, a chain parameter or one more of the
 * engine's, which come ascending by name. false for any other name and beyond ENGINE_PARAMS_MAX. */
bool params_place(struct params *params, const char *name, uint64_t value);

/* Ranges and relations of the chain parameters; the message names the parameter. test_chain allows
 * validators_min below 4 in the Byzantine model. */
enum status params_check(const struct params *params, enum fault_model fault_model, bool test_chain,
                         struct problem *problem);

void params_encode(const struct params *params, struct writer *w);
enum status params_decode(struct reader *r, struct params *params);
struct digest params_hash(const struct params *params);

#endif
