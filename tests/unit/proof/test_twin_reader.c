#include "tests/unit/proof/cases.h"

#include <criterion/criterion.h>

static struct proof decoded;

static json_t *twin_of(struct span file)
{
    cr_assert_eq(proof_decode(file, &decoded, NULL), STATUS_OK);
    json_t *twin = proof_json(&decoded);
    cr_assert(twin);
    return twin;
}

/* A twin with one member set; the problem's words. */
static void expect_problem(const struct proof *proof, struct story *s, const char *object,
                           const char *name, json_t *value, const char *part)
{
    struct writer w;
    struct problem problem = { .text = "" };
    json_t *twin = twin_of(story_file(s, proof));
    json_t *target = object ? json_object_get(twin, object) : twin;
    cr_assert(target);
    json_object_set_new(target, name, value);
    writer_init(&w, PROOF_BYTES_MAX);
    cr_expect_neq(proof_from_json(twin, &w, &problem), STATUS_OK, "%s", name);
    cr_expect(strstr(problem.text, part), "%s: %s", name, problem.text);
    writer_free(&w);
    json_decref(twin);
}

Test(twin_reader, names_what_is_wrong)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct proof proof = receipt_proof(s, 1, 0);
    expect_problem(&proof, s, NULL, "format", json_string("witan-proof/2"), "/format");
    expect_problem(&proof, s, NULL, "kind", json_string("snapshot"), "/kind");
    expect_problem(&proof, s, NULL, "kind", json_string("seal"), "/entry");
    expect_problem(&proof, s, NULL, "transaction", json_string("0G"), "/transaction");
    expect_problem(&proof, s, NULL, "transaction", json_string(""), "F.5 form");
    expect_problem(&proof, s, NULL, "index", json_integer(-1), "/index");
    expect_problem(&proof, s, "header", "time", json_string("2026-01-01"), "/header/time");
    expect_problem(&proof, s, "header", "flags", json_pack("[ss]", "tick", "epoch_end"),
                   "/header/flags");
    expect_problem(&proof, s, "header", "height", json_integer((json_int_t)1 << 39), "P1.1 header");
    expect_problem(&proof, s, "seal", "signatures", json_pack("[i]", 1), "/seal/signatures/0");
    expect_problem(&proof, s, "entry", "code", json_string("unknown"), "/entry/code");
    expect_problem(&proof, s, NULL, "path", json_pack("[s]", "00"), "/path/0");
    proof = state_proof(s, story_balance_state(s, 8, &s->alice));
    expect_problem(&proof, s, NULL, "depth", json_integer(1), "/siblings");
    expect_problem(&proof, s, NULL, "depth", json_integer(257), "/depth");
    expect_problem(&proof, s, NULL, "object", json_string("money"), "/object");
    expect_problem(&proof, s, NULL, "absent", json_false(), "/absent");
    proof = unsent_proof(s, true);
    expect_problem(&proof, s, "state", "path", json_string("00"), "/state/path");
    proof = evidence_proof(s, story_equivocation(s), 1);
    expect_problem(&proof, s, NULL, "hashes", json_pack("[]"), "/hashes");
    expect_problem(&proof, s, NULL, "type", json_string("fork"), "/first");
    story_free(s);
}
