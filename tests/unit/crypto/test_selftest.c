#include "crypto/selftest.h"
#include "tests/unit/crypto/vectors.h"

#include <sodium.h>

Test(selftest, the_installed_library_has_the_ledgers_rule)
{
    struct problem problem = { .text = "" };
    cr_assert_eq(crypto_start(&problem), STATUS_OK, "%s", problem.text);
    cr_assert_eq(crypto_start(NULL), STATUS_OK, "a second call is harmless");
}

Test(selftest, the_table_is_that_of_the_vectors)
{
    json_t *document = vectors_load("ed25519");
    cr_assert_eq(json_array_size(document), selftest_cases_count);
    size_t i;
    const json_t *one;
    json_array_foreach(document, i, one)
    {
        const struct selftest_case *mine = &selftest_cases[i];
        cr_assert_str_eq(mine->name, vector_text(one, "name"));
        cr_assert_str_eq(mine->public_key, vector_text(one, "public_key"));
        cr_assert_str_eq(mine->message, vector_text(one, "message"));
        cr_assert_str_eq(mine->signature, vector_text(one, "signature"));
        cr_assert_eq(mine->valid, vector_bool(one, "valid"));
        cr_assert_eq(mine->key_valid, vector_bool(one, "key_valid"));
    }
    json_decref(document);
}

/* The rule as a whole, seen from the vectors: what is accepted satisfies the strict equation, and
 * cases exist where the cofactored equation alone, or the equation without the checks of order and
 * form, would have accepted. */
Test(selftest, the_vectors_separate_the_rules)
{
    json_t *document = vectors_load("ed25519");
    unsigned only_cofactored = 0;
    unsigned only_equation = 0;
    unsigned mixed_accepted = 0;
    size_t i;
    const json_t *one;
    json_array_foreach(document, i, one)
    {
        bool valid = vector_bool(one, "valid");
        bool strict = vector_bool(one, "equation");
        if (valid) cr_assert(strict, "%s", vector_text(one, "name"));
        if (valid && !vector_bool(one, "key_valid")) mixed_accepted++;
        if (!valid && strict) only_equation++;
        if (!strict && vector_bool(one, "equation_cofactored")) only_cofactored++;
    }
    cr_assert_geq(only_cofactored, 8);
    cr_assert_geq(only_equation, 10);
    cr_assert_geq(mixed_accepted, 3);
    json_decref(document);
}

/* What a library with another rule would meet: for every case, the opposite answer is noticed. */
Test(selftest, one_different_answer_is_enough)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    for (size_t i = 0; i < selftest_cases_count; i++) {
        struct selftest_case other = selftest_cases[i];
        struct problem problem = { .text = "" };
        other.valid = !other.valid;
        cr_assert_eq(selftest_run(&other, 1, &problem), STATUS_CRYPTO);
        cr_assert_not_null(strstr(problem.text, other.name), "%s", problem.text);
        cr_assert_not_null(strstr(problem.text, sodium_version_string()), "%s", problem.text);

        other = selftest_cases[i];
        other.key_valid = !other.key_valid;
        cr_assert_eq(selftest_run(&other, 1, &problem), STATUS_CRYPTO);
        cr_assert_not_null(strstr(problem.text, "public key"), "%s", problem.text);
    }
}

Test(selftest, the_problem_is_that_of_the_first_wrong_case)
{
    struct selftest_case cases[3] = { selftest_cases[0], selftest_cases[1], selftest_cases[2] };
    struct problem problem;
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    cr_assert_eq(selftest_run(cases, 3, &problem), STATUS_OK);
    cases[1].valid = false;
    cases[2].valid = false;
    cr_assert_eq(selftest_run(cases, 3, &problem), STATUS_CRYPTO);
    cr_assert_not_null(strstr(problem.text, cases[1].name));
}
