/* tests/vectors/proofs: the files are the cases of cases.h, and read as index.json says. */
#include "tests/unit/proof/cases_index.h"

#include <criterion/criterion.h>

/* A file of the vectors, on the heap; frees with free. */
static struct span load(const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/proofs/%s", WITAN_VECTORS, name);
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s is missing", path);
    uint8_t *bytes = malloc(1 << 20);
    cr_assert(bytes);
    size_t size = fread(bytes, 1, 1 << 20, file);
    (void)fclose(file);
    return span_of(bytes, size);
}

static json_t *load_json(const char *name)
{
    struct span text = load(name);
    struct problem problem;
    json_t *json = json_read(text, text.size, &problem);
    cr_assert(json, "%s: %s", name, problem.text);
    free((void *)text.data);
    return json;
}

static const char *text_of(const json_t *item, const char *member)
{
    return json_string_value(json_object_get(item, member));
}

struct comparison {
    struct index index;
    json_t *file; /* index.json */
    size_t count;
};

/* A form in text gives the same bytes. */
static void expect_form(const json_t *item, const char *member, struct span expected)
{
    struct writer w;
    struct problem problem = { .text = "" };
    struct span text = load(text_of(item, member));
    writer_init(&w, PROOF_BYTES_MAX);
    cr_expect_eq(proof_load(text, &w, &problem), STATUS_OK, "%s: %s", text_of(item, member),
                 problem.text);
    cr_expect(span_equal(writer_span(&w), expected), "%s: other bytes", text_of(item, member));
    writer_free(&w);
    free((void *)text.data);
}

static void expect_texts(const struct comparison *comparison, const json_t *item,
                         const struct proof_case *proof_case)
{
    struct writer w;
    json_t *twin = load_json(text_of(item, "twin"));
    json_t *own = proof_json(&comparison->index.verdict.proof);
    cr_expect(json_equal(twin, own), "%s: another twin", proof_case->name);
    json_decref(own);
    json_decref(twin);
    struct span armour = load(text_of(item, "armour"));
    writer_init(&w, 1 << 20);
    proof_armor_write(&w, proof_case->file);
    cr_expect(span_equal(writer_span(&w), armour), "%s: another armour", proof_case->name);
    writer_free(&w);
    free((void *)armour.data);
    expect_form(item, "twin", proof_case->file);
    expect_form(item, "armour", proof_case->file);
}

static void compare_case(void *context, const struct proof_case *proof_case)
{
    struct comparison *comparison = context;
    json_t *cases = json_object_get(comparison->file, "cases");
    const json_t *item = json_array_get(cases, comparison->count++);
    cr_assert(item, "%s: not in index.json", proof_case->name);
    json_t *own = index_item(&comparison->index, proof_case);
    cr_expect(json_equal(own, item), "%s: another item of index.json", proof_case->name);
    json_decref(own);
    struct span file = load(text_of(item, "file"));
    cr_expect(span_equal(file, proof_case->file), "%s: other bytes", text_of(item, "file"));
    free((void *)file.data);
    if (text_of(item, "twin")) expect_texts(comparison, item, proof_case);
}

Test(vectors, are_the_cases)
{
    static struct comparison comparison;
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    index_open(&comparison.index, compare_case);
    comparison.index.cases.context = &comparison;
    comparison.file = load_json("index.json");
    emit_good(&comparison.index.cases);
    emit_bad(&comparison.index.cases);
    cr_expect_eq(json_array_size(json_object_get(comparison.file, "cases")), comparison.count);
    json_decref(comparison.file);
    index_close(&comparison.index);
}

/* What anybody does who has only the files. */
static void judge_files(const json_t *item)
{
    char path[1024];
    struct problem problem;
    struct genesis *genesis;
    struct verdict verdict;
    struct trust trust;
    struct proof_policy policy = { .allow_crash = json_object_get(item, "allow_crash") != NULL };
    (void)snprintf(path, sizeof path, "%s/proofs/%s", WITAN_VECTORS, text_of(item, "genesis"));
    cr_assert_eq(genesis_load(path, &genesis, &problem), STATUS_OK, "%s", problem.text);
    trust_init(&trust);
    if (text_of(item, "remembered")) {
        struct span text = load(text_of(item, "remembered"));
        cr_assert_eq(trust_parse(text, &trust, &problem), STATUS_OK, "%s", problem.text);
        policy.trust = &trust;
        free((void *)text.data);
    }
    struct span file = load(text_of(item, "file"));
    verdict_init(&verdict);
    enum status status = proof_verify(file, genesis, &policy, &verdict);
    const char *found = status == STATUS_OK ? "verified" : proof_check_name(verdict.check);
    cr_expect_str_eq(found, text_of(item, "expect"), "%s is %s: %s", text_of(item, "file"), found,
                     verdict.text);
    verdict_free(&verdict);
    free((void *)file.data);
    trust_free(&trust);
    genesis_free(genesis);
}

Test(vectors, are_judged_from_files_alone)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    json_t *index = load_json("index.json");
    json_t *cases = json_object_get(index, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++)
        judge_files(json_array_get(cases, i));
    json_decref(index);
}

Test(vectors, have_a_file_for_every_check)
{
    json_t *index = load_json("index.json");
    json_t *cases = json_object_get(index, "cases");
    bool failed[CHECK_COUNT] = { false };
    for (size_t i = 0; i < json_array_size(cases); i++) {
        enum proof_check check;
        if (proof_check_find(text_of(json_array_get(cases, i), "expect"), &check))
            failed[check] = true;
    }
    for (unsigned check = CHECK_NONE + 1; check < CHECK_COUNT; check++)
        cr_expect(failed[check], "no file fails %s", proof_check_name((enum proof_check)check));
    json_decref(index);
}
