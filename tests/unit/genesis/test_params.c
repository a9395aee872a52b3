#include "genesis/params.h"
#include "vectors.h"

static void expect_good(const struct params *params, enum fault_model model, bool test_chain)
{
    struct problem problem = { .text = "" };
    cr_assert_eq(params_check(params, model, test_chain, &problem), STATUS_OK, "%s", problem.text);
}

static void expect_bad(const struct params *params, enum fault_model model, bool test_chain,
                       const char *fragment)
{
    struct problem problem = { .text = "" };
    cr_assert_neq(params_check(params, model, test_chain, &problem), STATUS_OK, "%s", fragment);
    cr_assert(strstr(problem.text, fragment) == problem.text, "%s instead of %s", problem.text,
              fragment);
}

Test(params, defaults_are_good)
{
    struct params params;
    params_default(&params);
    cr_assert_eq(params.version, 1);
    cr_assert_eq(params.engine_count, 0);
    cr_assert_eq(params.values[PARAM_tx_bytes_max], 65536);
    cr_assert_eq(params.values[PARAM_gov_critical], UINT64_C(2) << 32 | 3);
    expect_good(&params, FAULT_BYZANTINE, false);
    expect_good(&params, FAULT_CRASH, false);
}

Test(params, names)
{
    cr_assert_eq(param_find("gov_term_ms_max", 15), PARAM_gov_term_ms_max);
    cr_assert_eq(param_find("gov_term_ms_max", 14), PARAM_COUNT);
    cr_assert_eq(param_find("", 0), PARAM_COUNT);
    for (enum param_index i = 0; i < PARAM_COUNT; i++)
        cr_assert_eq(param_find(param_name(i), strlen(param_name(i))), i);
    cr_assert(param_is_fraction(PARAM_gov_emergency));
    cr_assert(!param_is_fraction(PARAM_gov_open_max));
}

struct bound {
    enum param_index index;
    uint64_t least;
    uint64_t most;
};

static const struct bound bounds[] = {
#define X(name, standard, least, most) { PARAM_##name, least, most },
    PARAM_LIST(X)
#undef X
};

/* Others that are tied to a parameter get room, so that its own bounds are what is tested. */
static struct params roomy(void)
{
    struct params params;
    params_default(&params);
    params.values[PARAM_tx_bytes_max] = 1024;
    params.values[PARAM_kv_value_max] = 0;
    params.values[PARAM_batch_txs_max] = 1;
    params.values[PARAM_batch_bytes_max] = 16777216;
    params.values[PARAM_window_sweep_max] = 200000;
    params.values[PARAM_validators_min] = 1;
    params.values[PARAM_validators_max] = 255;
    return params;
}

Test(params, each_bound)
{
    for (size_t i = 0; i < PARAM_COUNT; i++) {
        enum param_index index = bounds[i].index;
        if (param_is_fraction(index)) continue;
        struct params params = roomy();
        params.values[index] = bounds[i].most;
        if (index == PARAM_kv_value_max) params.values[PARAM_tx_bytes_max] = 1048576;
        expect_good(&params, FAULT_CRASH, true);
        params.values[index] = bounds[i].most + 1;
        expect_bad(&params, FAULT_CRASH, true, param_name(index));

        params = roomy();
        params.values[index] = bounds[i].least;
        expect_good(&params, FAULT_CRASH, true);
        if (bounds[i].least == 0) continue;
        params.values[index] = bounds[i].least - 1;
        expect_bad(&params, FAULT_CRASH, true, param_name(index));
    }
}

Test(params, fractions_are_below_one)
{
    static const enum param_index fractions[] = { PARAM_gov_routine, PARAM_gov_critical,
                                                  PARAM_gov_emergency };
    for (size_t i = 0; i < 3; i++) {
        struct params params;
        params_default(&params);
        params.values[fractions[i]] = PARAM_FRACTION(0, 1);
        expect_good(&params, FAULT_BYZANTINE, false);
        params.values[fractions[i]] = PARAM_FRACTION(UINT32_MAX - 1, UINT32_MAX);
        expect_good(&params, FAULT_BYZANTINE, false);
        params.values[fractions[i]] = PARAM_FRACTION(1, 1);
        expect_bad(&params, FAULT_BYZANTINE, false, param_name(fractions[i]));
        params.values[fractions[i]] = PARAM_FRACTION(0, 0);
        expect_bad(&params, FAULT_BYZANTINE, false, param_name(fractions[i]));
        params.values[fractions[i]] = PARAM_FRACTION(3, 2);
        expect_bad(&params, FAULT_BYZANTINE, false, param_name(fractions[i]));
    }
}

Test(params, place_finds_the_field)
{
    struct params params = { 0 };
    cr_assert(params_place(&params, "params_version", 7));
    cr_expect_eq(params.version, 7);
    for (size_t i = 0; i < PARAM_COUNT; i++) {
        cr_assert(params_place(&params, param_name((enum param_index)i), 1000 + i));
        cr_expect_eq(params.values[i], 1000 + i);
    }
    cr_expect_eq(params.engine_count, 0);
    cr_assert(params_place(&params, "engine.timeout_ms", UINT64_MAX));
    cr_assert(params_place(&params, "engine.window", 2));
    cr_assert_eq(params.engine_count, 2);
    cr_expect_str_eq(params.engine[0].name, "timeout_ms");
    cr_expect_eq(params.engine[0].value, UINT64_MAX);
    cr_expect_str_eq(params.engine[1].name, "window");
    cr_expect_eq(params.engine[1].value, 2);
}

Test(params, place_refuses_other_names)
{
    static const char *const names[] = { "", "tx_bytes", "tx_bytes_maxi", "version", "engine" };
    struct params before, params;
    params_default(&params);
    before = params;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_not(params_place(&params, names[i], 5), "%s", names[i]);
    cr_expect_arr_eq(&params, &before, sizeof params);
}

Test(params, place_bounds_the_engine_s)
{
    struct params params = { 0 };
    char name[sizeof ENGINE_PARAM_PREFIX + ENGINE_PARAM_NAME_MAX + 1] = ENGINE_PARAM_PREFIX;
    memset(name + strlen(ENGINE_PARAM_PREFIX), 'a', ENGINE_PARAM_NAME_MAX + 1);
    cr_expect_not(params_place(&params, name, 1));
    cr_expect_eq(params.engine_count, 0);
    name[strlen(name) - 1] = '\0';
    for (size_t i = 0; i < ENGINE_PARAMS_MAX; i++)
        cr_expect(params_place(&params, name, i));
    cr_expect_eq(strlen(params.engine[0].name), ENGINE_PARAM_NAME_MAX);
    cr_expect_not(params_place(&params, name, 1));
    cr_expect_eq(params.engine_count, ENGINE_PARAMS_MAX);
}

Test(params, batch_holds_a_transaction)
{
    struct params params = roomy();
    params.values[PARAM_tx_bytes_max] = 2000;
    params.values[PARAM_batch_bytes_max] = 2035;
    expect_good(&params, FAULT_CRASH, true);
    params.values[PARAM_batch_bytes_max] = 2034;
    expect_bad(&params, FAULT_CRASH, true, "batch_bytes_max: 2034 is less than tx_bytes_max + 35");
}

Test(params, sweep_keeps_up_with_batches)
{
    struct params params = roomy();
    params.values[PARAM_batch_txs_max] = 100;
    params.values[PARAM_window_sweep_max] = 200;
    expect_good(&params, FAULT_CRASH, true);
    params.values[PARAM_window_sweep_max] = 199;
    expect_bad(&params, FAULT_CRASH, true, "window_sweep_max: 199 is less than 2 x batch_txs_max");
}

Test(params, value_fits_a_transaction)
{
    struct params params = roomy();
    params.values[PARAM_tx_bytes_max] = 2000;
    params.values[PARAM_kv_value_max] = 976;
    expect_good(&params, FAULT_CRASH, true);
    params.values[PARAM_kv_value_max] = 977;
    expect_bad(&params, FAULT_CRASH, true, "kv_value_max: 977 is more than tx_bytes_max - 1024");
}

Test(params, idle_is_off_or_a_second)
{
    struct params params = roomy();
    params.values[PARAM_max_idle_ms] = 999;
    expect_bad(&params, FAULT_CRASH, true, "max_idle_ms: 999 is neither 0");
    params.values[PARAM_max_idle_ms] = 1;
    expect_bad(&params, FAULT_CRASH, true, "max_idle_ms: 1 is neither 0");
    params.values[PARAM_max_idle_ms] = 1000;
    expect_good(&params, FAULT_CRASH, true);
}

Test(params, validators_range)
{
    struct params params = roomy();
    params.values[PARAM_validators_min] = 9;
    params.values[PARAM_validators_max] = 9;
    expect_good(&params, FAULT_CRASH, true);
    params.values[PARAM_validators_max] = 8;
    expect_bad(&params, FAULT_CRASH, true, "validators_max: 8 is less than validators_min");
}

Test(params, byzantine_needs_four)
{
    struct params params = roomy();
    params.values[PARAM_validators_min] = 3;
    expect_bad(&params, FAULT_BYZANTINE, false, "validators_min: 3 is less than");
    expect_good(&params, FAULT_BYZANTINE, true);
    expect_good(&params, FAULT_CRASH, false);
    params.values[PARAM_validators_min] = 4;
    expect_good(&params, FAULT_BYZANTINE, false);
}

static void vector_params(const json_t *vector, struct params *params)
{
    params_default(params);
    const json_t *values = json_object_get(vector, "params");
    for (enum param_index i = 0; i < PARAM_COUNT; i++) {
        const json_t *value = json_object_get(values, param_name(i));
        unsigned above, below;
        if (json_is_integer(value)) {
            params->values[i] = (uint64_t)json_integer_value(value);
        } else {
            cr_assert_eq(sscanf(json_string_value(value), "%u/%u", &above, &below), 2);
            params->values[i] = PARAM_FRACTION(above, below);
        }
    }
}

static int compare_engine_params(const void *a, const void *b)
{
    return strcmp(((const struct engine_param *)a)->name, ((const struct engine_param *)b)->name);
}

static void vector_engine_params(const json_t *vector, struct params *params)
{
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(vector, "engine_params"), name, value)
    {
        struct engine_param *param = &params->engine[params->engine_count++];
        snprintf(param->name, sizeof param->name, "%s", name);
        param->value = (uint64_t)json_integer_value(value);
    }
    qsort(params->engine, params->engine_count, sizeof params->engine[0], compare_engine_params);
}

Test(params, vectors)
{
    json_t *vectors = vectors_load("params.json");
    const json_t *list = vectors_list(vectors, "records");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        struct span expected = vector_span(vector, "bytes");
        struct params params, decoded;
        struct digest hash;
        struct writer w;
        vector_params(vector, &params);
        vector_engine_params(vector, &params);
        writer_init(&w, PARAMS_BYTES_MAX);
        params_encode(&params, &w);
        cr_assert(span_equal(writer_span(&w), expected), "%s", vector_text(vector, "name"));

        struct reader r = reader_of(expected);
        cr_assert_eq(params_decode(&r, &decoded), STATUS_OK);
        cr_assert_eq(reader_end(&r), STATUS_OK);
        cr_assert_eq(memcmp(&decoded, &params, sizeof params), 0);

        vector_bytes(vector, "hash", hash.bytes, sizeof hash.bytes);
        struct digest computed = params_hash(&params);
        cr_assert(digest_equal(&hash, &computed));
        writer_free(&w);
        span_free(expected);
    }
    json_decref(vectors);
}

Test(params, refused_bytes)
{
    json_t *vectors = vectors_load("params.json");
    const json_t *list = vectors_list(vectors, "refused");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        struct span bytes = vector_span(vector, "bytes");
        struct params params;
        struct reader r = reader_of(bytes);
        cr_assert_neq(params_decode(&r, &params), STATUS_OK, "%s", vector_text(vector, "why"));
        span_free(bytes);
    }
    json_decref(vectors);
}

Test(params, full_record_fits)
{
    struct params params, decoded;
    params_default(&params);
    params.engine_count = ENGINE_PARAMS_MAX;
    for (unsigned i = 0; i < ENGINE_PARAMS_MAX; i++) {
        memset(params.engine[i].name, 'a', ENGINE_PARAM_NAME_MAX);
        params.engine[i].name[ENGINE_PARAM_NAME_MAX - 1] = (char)('a' + i % 26);
        params.engine[i].name[0] = (char)('a' + i / 26);
        params.engine[i].value = UINT64_MAX - i;
    }
    uint8_t bytes[PARAMS_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    params_encode(&params, &w);
    cr_assert_eq(writer_status(&w), STATUS_OK);
    struct reader r = reader_of(writer_span(&w));
    cr_assert_eq(params_decode(&r, &decoded), STATUS_OK);
    cr_assert_eq(memcmp(&params, &decoded, sizeof params), 0);
    params.values[0]++;
    struct digest one = params_hash(&params), other = params_hash(&decoded);
    cr_assert(!digest_equal(&one, &other));
}
