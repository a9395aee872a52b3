/* A twin with anything changed, missing or added is refused, or is another proof. */
#include "tests/unit/proof/cases.h"

#include "genesis/json.h"
#include <criterion/criterion.h>

static struct proof decoded;

static json_t *twin_of(struct span file)
{
    cr_assert_eq(proof_decode(file, &decoded, NULL), STATUS_OK);
    json_t *twin = proof_json(&decoded);
    cr_assert(twin);
    return twin;
}

/* STATUS_OK only with bytes that decode; another twin must not be the same bytes. */
static enum status read_twin(const json_t *twin, struct span file, const char *what)
{
    struct writer w;
    struct problem problem = { .text = "" };
    writer_init(&w, PROOF_BYTES_MAX);
    enum status status = proof_from_json(twin, &w, &problem);
    if (status == STATUS_OK)
        cr_expect_not(span_equal(writer_span(&w), file), "%s gives the same bytes", what);
    else
        cr_expect(problem.text[0] != '\0', "%s", what);
    if (status != STATUS_OK) cr_expect_eq(writer_span(&w).size, 0);
    writer_free(&w);
    return status;
}

enum { MEMBERS_MAX = 32 };

static size_t member_names(json_t *object, char *names[MEMBERS_MAX])
{
    const char *name;
    json_t *value;
    size_t count = 0;
    json_object_foreach(object, name, value)
    {
        cr_assert_lt(count, MEMBERS_MAX);
        names[count++] = strdup(name);
    }
    return count;
}

/* Takes each member away, at every depth, and adds one to each object. */
static size_t break_members(const json_t *twin, json_t *object, struct span file)
{
    char *names[MEMBERS_MAX];
    size_t count = member_names(object, names), broken = count;
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_incref(json_object_get(object, names[i]));
        if (json_is_object(value)) broken += break_members(twin, value, file);
        if (json_is_array(value) && json_is_object(json_array_get(value, 0)))
            broken += break_members(twin, json_array_get(value, 0), file);
        json_object_set_new(object, names[i], json_null());
        cr_expect_neq(read_twin(twin, file, names[i]), STATUS_OK, "null as %s", names[i]);
        json_object_del(object, names[i]);
        (void)read_twin(twin, file, names[i]);
        json_object_set_new(object, names[i], value);
        free(names[i]);
    }
    json_object_set_new(object, "extra", json_integer(1));
    cr_expect_neq(read_twin(twin, file, "extra"), STATUS_OK);
    json_object_del(object, "extra");
    return broken;
}

static void break_case(void *context, const struct proof_case *item)
{
    (void)context;
    json_t *twin = twin_of(item->file);
    cr_expect_gt(break_members(twin, twin, item->file), 3);
    json_decref(twin);
}

Test(text_json_read, refuses_missing_and_unknown_members)
{
    struct cases c = { .emit = break_case };
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    cases_open(&c);
    emit_good(&c);
    cases_close(&c);
}

Test(text_json_read, refuses_what_is_no_object)
{
    struct writer w;
    struct problem problem;
    json_t *array = json_array();
    writer_init(&w, 100);
    cr_expect_eq(proof_from_json(array, &w, &problem), STATUS_MALFORMED);
    writer_free(&w);
    json_decref(array);
}
