/* Documents of operators: genesis as text and as bytes, key files, validator.json.
 *
 * What is accepted must say the same again: a decoded genesis encodes to the bytes it came from, a
 * parsed one has the chain id of its own JSON and of its own bytes. Give it genesis/samples/ as
 * seeds: fuzz_genesis -max_total_time=30 CORPUS genesis/samples
 */
#include "genesis/genesis.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    return crypto_start(NULL) == STATUS_OK ? 0 : 1;
}

static void same_again(const struct genesis *genesis)
{
    struct genesis *again = NULL;
    struct writer w;
    writer_init(&w, GENESIS_BYTES_MAX);
    genesis_encode(genesis, &w);
    ASSERT(writer_status(&w) == STATUS_OK);
    enum status status = genesis_decode(writer_span(&w), &again, NULL);
    ASSERT(status == STATUS_OK);
    ASSERT(digest_equal(&genesis->chain_id, &again->chain_id));
    genesis_free(again);
    writer_free(&w);

    json_t *document = genesis_json(genesis);
    ASSERT(document != NULL);
    char *text = json_line(document);
    again = NULL;
    status = genesis_parse(span_text(text), &again, NULL);
    ASSERT(status == STATUS_OK);
    ASSERT(digest_equal(&genesis->chain_id, &again->chain_id));
    genesis_free(again);
    free(text);
    json_decref(document);
}

static void fuzz_text(struct span text)
{
    struct problem problem = { .status = STATUS_OK };
    struct genesis *genesis = NULL;
    if (genesis_parse(text, &genesis, &problem) == STATUS_OK)
        same_again(genesis);
    else
        ASSERT(problem.status != STATUS_OK);
    genesis_free(genesis);
}

static void fuzz_bytes(struct span bytes)
{
    struct genesis *genesis = NULL;
    if (genesis_decode(bytes, &genesis, NULL) != STATUS_OK) return;
    struct writer w;
    writer_init(&w, GENESIS_BYTES_MAX);
    genesis_encode(genesis, &w);
    ASSERT(span_equal(writer_span(&w), bytes));
    writer_free(&w);
    same_again(genesis);
    genesis_free(genesis);
}

static void fuzz_key_documents(struct span text)
{
    struct key_file file;
    struct validator_document document;
    if (key_file_parse(text, &file, NULL) == STATUS_OK) ASSERT(key_valid(&file.public_key));
    if (validator_document_parse(text, &document, NULL) == STATUS_OK)
        ASSERT(key_valid(&document.seal_key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_of(data, size);
    fuzz_text(input);
    fuzz_bytes(input);
    fuzz_key_documents(input);
    return 0;
}
