/* tests/fuzz/fuzz_proof.c -- any bytes as a proof, in each of its three forms.
 *
 * What decodes encodes to the same bytes; its armour and, if it has one, its twin read back to
 * them; and the verifier has a verdict on it under a genesis of its own: a refusal with a name, for
 * nobody signed it. Any text as armour or twin is refused or becomes a file that decodes. Seeds:
 * tests/vectors/proofs. */
#include "tests/unit/proof/story.h"

#include "proof/say.h"

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_BYTES_MAX = 1 << 22 };

static struct story *story;
static struct verdict verdict;

int LLVMFuzzerInitialize(int *count, char ***words)
{
    (void)count;
    (void)words;
    enum status status = crypto_start(NULL);
    ASSERT(status == STATUS_OK);
    story = story_new();
    verdict_init(&verdict);
    return 0;
}

static void expect_armour(struct span bytes)
{
    struct writer text, again;
    writer_init(&text, FUZZ_BYTES_MAX);
    writer_init(&again, FUZZ_BYTES_MAX);
    proof_armor_write(&text, bytes);
    enum status status = proof_load(writer_span(&text), &again, NULL);
    ASSERT(status == STATUS_OK);
    ASSERT(span_equal(writer_span(&again), bytes));
    writer_free(&again);
    writer_free(&text);
}

/* Numbers and words that JSON cannot carry are the reason why a proof may have no twin. */
static void expect_twin(const struct proof *proof, struct span bytes)
{
    struct writer again;
    json_t *twin = proof_json(proof);
    if (!twin) return;
    writer_init(&again, FUZZ_BYTES_MAX);
    enum status status = proof_from_json(twin, &again, NULL);
    ASSERT(status == STATUS_OK);
    ASSERT(span_equal(writer_span(&again), bytes));
    writer_free(&again);
    json_decref(twin);
}

static void expect_verdict(struct span bytes)
{
    char sentence[PROOF_SENTENCE_TEXT];
    char report[PROOF_REPORT_TEXT];
    enum status status = proof_verify(bytes, story->genesis, NULL, &verdict);
    ASSERT((status == STATUS_OK) == (verdict.check == CHECK_NONE));
    proof_sentence(&verdict, story->genesis, sentence);
    proof_report(&verdict, story->genesis, report);
    ASSERT(sentence[0] != '\0');
    ASSERT(report[strlen(report) - 1] == '\n');
    json_decref(proof_verdict_json(&verdict, story->genesis));
}

static void try_binary(struct span bytes)
{
    static struct proof proof;
    struct proof_refusal refusal;
    struct writer again;
    expect_verdict(bytes);
    if (proof_decode(bytes, &proof, &refusal) != STATUS_OK) {
        ASSERT(refusal.check != CHECK_NONE);
        ASSERT(refusal.offset <= bytes.size);
        return;
    }
    writer_init(&again, bytes.size);
    proof_write(&again, &proof);
    ASSERT(span_equal(writer_span(&again), bytes));
    writer_free(&again);
    expect_armour(bytes);
    expect_twin(&proof, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problem problem = { .status = STATUS_OK };
    struct writer bytes;
    writer_init(&bytes, FUZZ_BYTES_MAX);
    if (proof_load(span_of(data, size), &bytes, &problem) == STATUS_OK)
        try_binary(writer_span(&bytes));
    else
        ASSERT(problem.status != STATUS_OK);
    writer_free(&bytes);
    return 0;
}
