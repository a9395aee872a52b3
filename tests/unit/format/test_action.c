#include "tests/unit/format/samples.h"

#include <criterion/criterion.h>

static void start(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
}

TestSuite(action, .init = start);

static struct span written(const struct action *action, uint8_t bytes[ACTION_BYTES_MAX])
{
    struct writer w;
    writer_init_fixed(&w, bytes, ACTION_BYTES_MAX);
    action_write(&w, action);
    cr_assert_eq(writer_status(&w), STATUS_OK);
    return writer_span(&w);
}

Test(action, every_kind_goes_there_and_back)
{
    for (unsigned kind = ACTION_PARAMS_SET; kind <= ACTION_ENGINE_PARAMS; kind++) {
        uint8_t bytes[ACTION_BYTES_MAX], again[ACTION_BYTES_MAX];
        struct action action = sample_action((enum action_kind)kind), read;
        struct span span = written(&action, bytes);
        struct reader r = reader_of(span);
        action_read(&r, &read);
        cr_assert_eq(reader_end(&r), STATUS_OK, "%s", action_name((uint8_t)kind));
        cr_assert_eq(read.kind, action.kind);
        cr_assert(span_equal(written(&read, again), span), "%s", action_name((uint8_t)kind));
    }
}

Test(action, every_cut_is_refused)
{
    for (unsigned kind = ACTION_PARAMS_SET; kind <= ACTION_ENGINE_PARAMS; kind++) {
        uint8_t bytes[ACTION_BYTES_MAX];
        struct action action = sample_action((enum action_kind)kind), read;
        struct span span = written(&action, bytes);
        for (size_t size = 0; size < span.size; size++) {
            struct reader r = reader_of(span_of(span.data, size));
            action_read(&r, &read);
            cr_assert_neq(reader_status(&r), STATUS_OK, "%s of %zu", action_name((uint8_t)kind),
                          size);
        }
    }
}

Test(action, the_reason_names_the_rule_and_the_place)
{
    uint8_t bytes[ACTION_BYTES_MAX];
    struct action action = sample_action(ACTION_ACCOUNT_ROLES), read;
    struct span span = written(&action, bytes);
    bytes[17] = 8;
    struct reader r = reader_of(span);
    struct action_reader reader = { .r = &r };
    action_reader_next(&reader, &read);
    cr_assert_eq(reader_status(&r), STATUS_INVALID);
    cr_assert_str_eq(reader.detail, "unknown role");
    cr_assert_eq(reader.offset, 17);
    r = reader_of(span_of(bytes, 5));
    reader = (struct action_reader){ .r = &r };
    action_reader_next(&reader, &read);
    cr_assert_null(reader.detail, "a length is no rule");
}

Test(action, points_are_looked_at_once)
{
    uint8_t bytes[ACTION_BYTES_MAX];
    struct action action = sample_action(ACTION_VALIDATOR_REKEY), read;
    memset(&action.validator_rekey.seal_key, 0, sizeof action.validator_rekey.seal_key);
    struct span span = written(&action, bytes);
    struct reader r = reader_of(span);
    action_read(&r, &read);
    cr_assert_eq(reader_status(&r), STATUS_INVALID);
    r = reader_of(span);
    action_read_again(&r, &read);
    cr_assert_eq(reader_end(&r), STATUS_OK);
}

Test(action, an_unknown_kind_is_not_written)
{
    uint8_t bytes[ACTION_BYTES_MAX];
    struct writer w;
    struct action action = { .kind = (enum action_kind)10 };
    writer_init_fixed(&w, bytes, sizeof bytes);
    action_write(&w, &action);
    cr_assert_eq(writer_status(&w), STATUS_INVALID);
}

Test(action, names)
{
    uint8_t kind = 0;
    for (unsigned i = ACTION_PARAMS_SET; i <= ACTION_ENGINE_PARAMS; i++) {
        cr_assert(action_find(action_name((uint8_t)i), &kind));
        cr_assert_eq(kind, i);
    }
    cr_assert_not(action_find("engine.switch", &kind));
    cr_assert_str_eq(action_name(0), "unknown");
    cr_assert_str_eq(proposal_class_name(CLASS_ROUTINE), "routine");
    cr_assert_str_eq(proposal_class_name(CLASS_EMERGENCY), "emergency");
    cr_assert_str_eq(proposal_class_name(0), "unknown");
}

static struct action parameter(enum param_index index)
{
    return (struct action){ .kind = ACTION_PARAMS_SET, .params_set = { .index = (uint16_t)index } };
}

/* Every parameter, so that a new one is thought about. */
Test(action, which_parameters_are_critical_and_which_end_the_epoch)
{
    static const enum param_index critical[] = {
        PARAM_window_ms_max,  PARAM_window_grace_ms, PARAM_window_sweep_max, PARAM_skew_ms_max,
        PARAM_validators_min, PARAM_validators_max,  PARAM_gov_routine,      PARAM_gov_critical,
        PARAM_gov_emergency,  PARAM_gov_open_max,    PARAM_gov_term_ms_max,
    };
    static const enum param_index ending[] = { PARAM_tx_bytes_max, PARAM_batch_bytes_max,
                                               PARAM_batch_txs_max, PARAM_skew_ms_max };
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        bool is_critical = false, ends = false;
        for (size_t j = 0; j < sizeof critical / sizeof critical[0]; j++)
            is_critical |= critical[j] == i;
        for (size_t j = 0; j < sizeof ending / sizeof ending[0]; j++)
            ends |= ending[j] == i;
        struct action action = parameter((enum param_index)i);
        cr_assert_eq(action_class(&action, false), is_critical ? CLASS_CRITICAL : CLASS_ROUTINE,
                     "%s", param_name((enum param_index)i));
        cr_assert_eq(action_ends_epoch(&action), ends, "%s", param_name((enum param_index)i));
    }
}

Test(action, classes_and_epochs_of_the_other_kinds)
{
    static const bool ends[] = {
        [ACTION_VALIDATOR_ADD] = true,
        [ACTION_VALIDATOR_REMOVE] = true,
        [ACTION_VALIDATOR_REKEY] = true,
        [ACTION_ENGINE_PARAMS] = true,
    };
    for (unsigned kind = ACTION_ACCOUNT_ROLES; kind <= ACTION_ENGINE_PARAMS; kind++) {
        struct action action = sample_action((enum action_kind)kind);
        bool routine = kind == ACTION_ACCOUNT_ROLES || kind == ACTION_ACCOUNT_FROZEN;
        cr_assert_eq(action_class(&action, false), routine ? CLASS_ROUTINE : CLASS_CRITICAL);
        cr_assert_eq(action_ends_epoch(&action), ends[kind], "%s", action_name((uint8_t)kind));
    }
    struct action freeze = sample_action(ACTION_ACCOUNT_FROZEN);
    cr_assert_eq(action_class(&freeze, true), CLASS_CRITICAL, "a member's account");
    struct action roles = sample_action(ACTION_ACCOUNT_ROLES);
    cr_assert_eq(action_class(&roles, true), CLASS_ROUTINE);
}

/* ---- ready statements ---- */

static enum status check(const struct ready *ready, uint64_t chain, uint64_t validator,
                         uint64_t member, uint64_t key)
{
    struct digest chain_id = chain ? sample_digest("chain", chain) : sample_chain();
    struct id validator_id = sample_id("validator", validator);
    struct id member_id = sample_id("account", member);
    struct public_key seal_key = sample_key(key).public_key;
    return ready_check(ready, &chain_id, &validator_id, &member_id, &seal_key, NULL);
}

Test(action, a_ready_statement_holds_for_what_it_names_alone)
{
    struct ready ready = sample_ready(50);
    cr_assert_eq(check(&ready, 0, 1, 1, 50), STATUS_OK);
    cr_assert_eq(check(&ready, 1, 1, 1, 50), STATUS_BAD_SIGNATURE, "another chain");
    cr_assert_eq(check(&ready, 0, 2, 1, 50), STATUS_BAD_SIGNATURE, "another validator");
    cr_assert_eq(check(&ready, 0, 1, 2, 50), STATUS_BAD_SIGNATURE, "another member");
    cr_assert_eq(check(&ready, 0, 1, 1, 51), STATUS_BAD_SIGNATURE, "another key");
    struct ready other = ready;
    other.height++;
    cr_assert_eq(check(&other, 0, 1, 1, 50), STATUS_BAD_SIGNATURE, "another height");
    other = ready;
    other.block_hash.bytes[31] ^= 1;
    cr_assert_eq(check(&other, 0, 1, 1, 50), STATUS_BAD_SIGNATURE, "another block");
}
