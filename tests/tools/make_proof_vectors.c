/* tests/tools/make_proof_vectors.c -- writes tests/vectors/proofs: every case of
 * tests/unit/proof/cases.h as a file, and index.json.
 *
 * Everything is made from fixed seeds, so a second run gives the same files. A changed file is a
 * changed format: it wants a version, a line in the changelog and a look at
 * docs/reference/proofs.md.
 *
 *     cc -std=c17 -D_GNU_SOURCE -I. -o build/make_proof_vectors tests/tools/make_proof_vectors.c \
 *         build/debug/libwitan_proof.a build/debug/libwitan_format.a \
 *         build/debug/libwitan_genesis.a build/debug/libwitan_consensus.a \
 *         build/debug/libwitan_crypto.a -ljansson -lsodium -lcrypto -lssl
 *     build/make_proof_vectors tests/vectors/proofs
 */
#include "tests/unit/proof/cases_index.h"

static const char *folder;

static void save(const char *name, struct span bytes)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ASSERT(file != NULL);
    size_t written = fwrite(bytes.data, 1, bytes.size, file);
    ASSERT(written == bytes.size);
    int failed = fclose(file);
    ASSERT(failed == 0);
}

static void save_json(const char *name, const json_t *value)
{
    char *text = json_dumps(value, JSON_INDENT(1));
    ASSERT(text != NULL);
    size_t size = strlen(text);
    text[size] = '\n'; /* in the place of the zero byte */
    save(name, span_of(text, size + 1));
    free(text);
}

static void save_genesis(const char *name, const struct genesis *genesis)
{
    json_t *document = genesis_json(genesis);
    ASSERT(document != NULL);
    save_json(name, document);
    json_decref(document);
}

static void save_trust(const char *name, const struct trust *trust)
{
    json_t *document = trust_json(trust);
    ASSERT(document != NULL);
    save_json(name, document);
    json_decref(document);
}

static void save_texts(const json_t *item, const struct proof *proof, struct span file)
{
    struct writer w;
    json_t *twin = proof_json(proof);
    ASSERT(twin != NULL);
    save_json(json_string_value(json_object_get(item, "twin")), twin);
    json_decref(twin);
    writer_init(&w, PROOF_TEXT_BYTES_MAX);
    proof_armor_write(&w, file);
    ASSERT(writer_status(&w) == STATUS_OK);
    save(json_string_value(json_object_get(item, "armour")), writer_span(&w));
    writer_free(&w);
}

static void save_case(void *context, const struct proof_case *proof_case)
{
    struct index *index = context;
    json_t *item = index_item(index, proof_case);
    save(json_string_value(json_object_get(item, "file")), proof_case->file);
    if (json_object_get(item, "twin")) save_texts(item, &index->verdict.proof, proof_case->file);
    json_array_append_new(json_object_get(index->document, "cases"), item);
}

int main(int count, char **words)
{
    static struct index index;
    if (count != 2) {
        (void)fprintf(stderr, "usage: %s FOLDER\n", words[0]);
        return 2;
    }
    folder = words[1];
    enum status status = crypto_start(NULL);
    ASSERT(status == STATUS_OK);
    index_open(&index, save_case);
    save_genesis("genesis.json", index.cases.s->genesis);
    save_genesis("genesis-crash.json", index.cases.crash);
    save_trust("trust.json", &index.cases.right);
    save_trust("trust-another-block.json", &index.cases.forked);
    save_trust("trust-another-end.json", &index.cases.elsewhere);
    emit_good(&index.cases);
    emit_bad(&index.cases);
    save_json("index.json", index.document);
    index_close(&index);
    return 0;
}
