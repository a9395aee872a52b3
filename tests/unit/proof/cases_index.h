/* tests/unit/proof/cases_index.h -- the cases as items of tests/vectors/proofs/index.json. */
#ifndef TESTS_PROOF_CASES_INDEX_H
#define TESTS_PROOF_CASES_INDEX_H

#include "proof/say.h"
#include "tests/unit/proof/cases.h"

struct index {
    struct cases cases;
    json_t *document;
    struct verdict verdict; /* of the last item */
};

static inline void index_open(struct index *index,
                              void (*emit)(void *context, const struct proof_case *item))
{
    index->document = json_pack("{sss[]}", "about",
                                "Proof files, and what a verifier says of each. The formats and "
                                "checks are in docs/reference/proofs.md.",
                                "cases");
    ASSERT(index->document != NULL);
    verdict_init(&index->verdict);
    cases_open(&index->cases);
    index->cases.emit = emit;
    index->cases.context = index;
}

static inline void index_close(struct index *index)
{
    cases_close(&index->cases);
    verdict_free(&index->verdict);
    json_decref(index->document);
}

static inline void index_path(json_t *item, const char *member, const char *folder,
                              const char *name, const char *suffix)
{
    json_object_set_new(item, member, json_sprintf("%s%s%s", folder, name, suffix));
}

static inline const char *index_trust(const struct cases *c, const struct trust *trust)
{
    if (trust == &c->right) return "trust.json";
    return trust == &c->forked ? "trust-another-block.json" : "trust-another-end.json";
}

/* The item of a case, judged now: what must be is what is, or the tests say so. New reference. */
static inline json_t *index_item(struct index *index, const struct proof_case *proof_case)
{
    const struct cases *c = &index->cases;
    bool good = strcmp(proof_case->expect, "verified") == 0;
    enum status status = case_verify(c, proof_case, &index->verdict);
    ASSERT(status == (good ? STATUS_OK : STATUS_REFUSED));
    const struct genesis *genesis = proof_case->crash ? c->crash : c->s->genesis;
    json_t *item = json_pack("{ss}", "name", proof_case->name);
    const char *folder = good ? "" : "refused/";
    index_path(item, "file", folder, proof_case->name, ".witan");
    index_path(item, "genesis", "", proof_case->crash ? "genesis-crash" : "genesis", ".json");
    if (proof_case->allow_crash) json_object_set_new(item, "allow_crash", json_true());
    if (proof_case->trust)
        index_path(item, "remembered", "", index_trust(c, proof_case->trust), "");
    index_path(item, "expect", "", proof_case->expect, "");
    if (!good) return item;
    index_path(item, "twin", "", proof_case->name, ".json");
    index_path(item, "armour", "", proof_case->name, ".txt");
    json_t *verdict = proof_verdict_json(&index->verdict, genesis);
    json_object_del(verdict, "sentence"); /* words are no format */
    json_object_set_new(item, "verdict", verdict);
    return item;
}

#endif
