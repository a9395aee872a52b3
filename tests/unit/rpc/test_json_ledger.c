#include "rpc/json_ledger.h"
#include "tests/unit/format/samples.h"
#include <criterion/criterion.h>

Test(json_ledger, with_and_and_stay_null_after_the_first_failure)
{
    json_t *o = json_with(json_object(), "a", json_integer(1));
    cr_assert_not_null(o);
    o = json_with(o, "b", NULL);
    cr_assert_null(o);
    o = json_with(o, "c", json_integer(2));
    cr_assert_null(o);
    json_t *array = json_and(json_array(), json_integer(1));
    cr_assert_eq(json_array_size(array), 1);
    array = json_and(array, NULL);
    cr_assert_null(array);
    cr_assert_null(json_and(array, json_integer(2)));
}

Test(json_ledger, numbers_out_of_stored_bytes_never_leave_the_range_of_json)
{
    struct header header;
    memset(&header, 0xff, sizeof header);
    json_t *o = json_header(&header);
    cr_assert_not_null(o);
    cr_assert_eq(json_integer_value(json_object_get(o, "epoch")), INT64_MAX);
    json_decref(o);
}

Test(json_ledger, signatures_of_nobody_are_not_shown)
{
    static struct seal seal;
    static struct committee committee;
    uint64_t keys[4];
    sample_committee(&committee, 4, FAULT_BYZANTINE, keys);
    seal = (struct seal){ .count = 2 };
    seal.signatures[0].validator = 3;
    seal.signatures[1].validator = 4;
    json_t *o = json_seal(&seal, &committee);
    cr_assert_eq(json_array_size(json_object_get(o, "signatures")), 1);
    json_decref(o);
}

Test(json_ledger, words)
{
    cr_assert_str_eq(fault_model_word(FAULT_CRASH), "crash");
    cr_assert_str_eq(fault_model_word(FAULT_BYZANTINE), "byzantine");
    cr_assert_str_eq(validator_status_word(VALIDATOR_REMOVED), "removed");
    cr_assert_str_eq(validator_status_word(VALIDATOR_LEARNER), "learner");
}
