#include "genesis/params.h"

#include <inttypes.h>

/* Bytes that a batch needs beside its transactions (a time, a proposer, counts), and a transaction
 * beside the value of a kv.put. */
enum { BATCH_OVERHEAD = 35, KV_PUT_OVERHEAD = 1024, IDLE_MS_MIN = 1000, BYZANTINE_MIN = 4 };

struct param_row {
    const char *name;
    uint64_t standard;
    uint64_t least;
    uint64_t most;
};

static const struct param_row rows[PARAM_COUNT] = {
#define X(name, standard, least, most) { #name, standard, least, most },
    PARAM_LIST(X)
#undef X
};

void params_default(struct params *params)
{
    memset(params, 0, sizeof *params);
    params->version = 1;
    for (size_t i = 0; i < PARAM_COUNT; i++)
        params->values[i] = rows[i].standard;
}

const char *param_name(enum param_index index)
{
    ASSERT(index < PARAM_COUNT);
    return rows[index].name;
}

enum param_index param_find(const char *name, size_t name_size)
{
    for (size_t i = 0; i < PARAM_COUNT; i++)
        if (span_equal(span_text(rows[i].name), span_of(name, name_size)))
            return (enum param_index)i;
    return PARAM_COUNT;
}

bool param_is_fraction(enum param_index index)
{
    return index == PARAM_gov_routine || index == PARAM_gov_critical ||
           index == PARAM_gov_emergency;
}

static bool engine_param_place(struct params *params, struct span name, uint64_t value)
{
    if (params->engine_count == ENGINE_PARAMS_MAX || name.size > ENGINE_PARAM_NAME_MAX)
        return false;
    struct engine_param *param = &params->engine[params->engine_count++];
    memset(param, 0, sizeof *param);
    memcpy(param->name, name.data, name.size);
    param->value = value;
    return true;
}

bool params_place(struct params *params, const char *name, uint64_t value)
{
    const size_t prefix = strlen(ENGINE_PARAM_PREFIX);
    if (strcmp(name, PARAMS_VERSION_NAME) == 0) {
        params->version = value;
        return true;
    }
    if (strncmp(name, ENGINE_PARAM_PREFIX, prefix) == 0)
        return engine_param_place(params, span_text(name + prefix), value);
    enum param_index index = param_find(name, strlen(name));
    if (index == PARAM_COUNT) return false;
    params->values[index] = value;
    return true;
}

static enum status fraction_check(enum param_index index, uint64_t value, struct problem *problem)
{
    uint32_t numerator = (uint32_t)(value >> 32);
    uint32_t denominator = (uint32_t)value;
    if (numerator < denominator) return STATUS_OK;
    return problem_set(problem, STATUS_INVALID, "%s: %" PRIu32 "/%" PRIu32 " is not below 1",
                       rows[index].name, numerator, denominator);
}

static enum status range_check(enum param_index index, uint64_t value, struct problem *problem)
{
    const struct param_row *row = &rows[index];
    if (param_is_fraction(index)) return fraction_check(index, value, problem);
    if (value >= row->least && value <= row->most) return STATUS_OK;
    return problem_set(problem, STATUS_INVALID,
                       "%s: %" PRIu64 " is outside %" PRIu64 " to %" PRIu64, row->name, value,
                       row->least, row->most);
}

static enum status below(enum param_index index, uint64_t value, const char *bound, uint64_t least,
                         struct problem *problem)
{
    return problem_set(problem, STATUS_INVALID, "%s: %" PRIu64 " is less than %s, %" PRIu64,
                       rows[index].name, value, bound, least);
}

static enum status relations_check(const uint64_t *v, struct problem *problem)
{
    uint64_t batch_least = v[PARAM_tx_bytes_max] + BATCH_OVERHEAD;
    if (v[PARAM_batch_bytes_max] < batch_least)
        return below(PARAM_batch_bytes_max, v[PARAM_batch_bytes_max], "tx_bytes_max + 35",
                     batch_least, problem);

    uint64_t sweep_least = 2 * v[PARAM_batch_txs_max];
    if (v[PARAM_window_sweep_max] < sweep_least)
        return below(PARAM_window_sweep_max, v[PARAM_window_sweep_max], "2 x batch_txs_max",
                     sweep_least, problem);

    uint64_t kv_most = v[PARAM_tx_bytes_max] - KV_PUT_OVERHEAD;
    if (v[PARAM_kv_value_max] > kv_most)
        return problem_set(problem, STATUS_INVALID,
                           "kv_value_max: %" PRIu64 " is more than tx_bytes_max - 1024, %" PRIu64,
                           v[PARAM_kv_value_max], kv_most);

    if (v[PARAM_max_idle_ms] != 0 && v[PARAM_max_idle_ms] < IDLE_MS_MIN)
        return problem_set(problem, STATUS_INVALID,
                           "max_idle_ms: %" PRIu64 " is neither 0 (off) nor at least 1000",
                           v[PARAM_max_idle_ms]);

    if (v[PARAM_validators_max] < v[PARAM_validators_min])
        return below(PARAM_validators_max, v[PARAM_validators_max], "validators_min",
                     v[PARAM_validators_min], problem);
    return STATUS_OK;
}

enum status params_check(const struct params *params, enum fault_model fault_model, bool test_chain,
                         struct problem *problem)
{
    const uint64_t *v = params->values;
    for (size_t i = 0; i < PARAM_COUNT; i++) {
        enum status status = range_check((enum param_index)i, v[i], problem);
        if (status != STATUS_OK) return status;
    }
    if (fault_model == FAULT_BYZANTINE && !test_chain && v[PARAM_validators_min] < BYZANTINE_MIN)
        return below(PARAM_validators_min, v[PARAM_validators_min],
                     "what the Byzantine model needs", BYZANTINE_MIN, problem);
    return relations_check(v, problem);
}

void params_encode(const struct params *params, struct writer *w)
{
    write_u64(w, params->version);
    write_u16(w, PARAM_COUNT);
    for (size_t i = 0; i < PARAM_COUNT; i++)
        write_u64(w, params->values[i]);
    write_u16(w, params->engine_count);
    for (size_t i = 0; i < params->engine_count; i++) {
        write_bytes8(w, span_text(params->engine[i].name));
        write_u64(w, params->engine[i].value);
    }
}

bool engine_param_name_valid(struct span name)
{
    if (name.size == 0 || name.size > ENGINE_PARAM_NAME_MAX) return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        bool letter = c >= 'a' && c <= 'z';
        bool digit = c >= '0' && c <= '9';
        if (!letter && !digit && c != '_') return false;
    }
    return true;
}

static void engine_params_read(struct reader *r, struct params *params)
{
    params->engine_count = read_u16(r);
    if (params->engine_count > ENGINE_PARAMS_MAX) {
        params->engine_count = 0;
        reader_fail(r, STATUS_TOO_LARGE);
    }
    for (size_t i = 0; i < params->engine_count; i++) {
        struct engine_param *param = &params->engine[i];
        struct span name = read_text8(r, ENGINE_PARAM_NAME_MAX);
        param->value = read_u64(r);
        if (reader_status(r) != STATUS_OK) return;
        bool ordered = i == 0 || span_compare(span_text(params->engine[i - 1].name), name) < 0;
        if (!engine_param_name_valid(name) || !ordered) {
            reader_fail(r, STATUS_MALFORMED);
            return;
        }
        memcpy(param->name, name.data, name.size);
    }
}

enum status params_decode(struct reader *r, struct params *params)
{
    memset(params, 0, sizeof *params);
    params->version = read_u64(r);
    if (read_u16(r) != PARAM_COUNT && reader_status(r) == STATUS_OK)
        reader_fail(r, STATUS_UNSUPPORTED);
    for (size_t i = 0; i < PARAM_COUNT; i++)
        params->values[i] = read_u64(r);
    engine_params_read(r, params);
    return reader_status(r);
}

struct digest params_hash(const struct params *params)
{
    uint8_t bytes[PARAMS_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    params_encode(params, &w);
    ASSERT(writer_status(&w) == STATUS_OK);
    return digest_of(TAG_PARAMS, writer_span(&w));
}
