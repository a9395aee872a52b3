/* The bytes of a peer: an engine message with its attachment, a proof, a record. What is read must
 * be written as it was, and what check believes the engine must survive; the first byte may also
 * choose to hand a bare statement to the engine, as a member with a key could. */
#include "consensus/hotstuff.h"

#include <stdlib.h>

enum { MEMBERS = 4, BATCH_MAX = 1 << 16 };

static struct committee committee;
static struct engine_config config;
static struct effects effects;
static void *engine;

static void start(void)
{
    committee.fault_model = FAULT_BYZANTINE;
    committee.engine = ENGINE_HOTSTUFF;
    committee.count = MEMBERS;
    for (uint16_t i = 0; i < MEMBERS; i++) {
        uint8_t seed[32] = { (uint8_t)i };
        struct secret_key secret;
        committee.validators[i].id.bytes[0] = (uint8_t)(i + 1);
        key_from_seed(seed, &secret, &committee.validators[i].seal_key);
    }
    config = (struct engine_config){ .committee = &committee };
    engine = calloc(1, hotstuff_ops.size(&config));
    ASSERT(engine != NULL);
    effects_reset(&effects);
    ASSERT(hotstuff_ops.open(engine, &config, NULL, 0, &effects) == STATUS_OK);
}

static void step(uint16_t from, const struct message *message)
{
    struct event event = { .kind = EVENT_MESSAGE, .from = from, .message = message };
    effects_reset(&effects);
    hotstuff_ops.step(engine, &event, &effects);
}

static void fuzz_message(struct span bytes, uint16_t from)
{
    struct message message;
    struct message_facts facts;
    if (message_read(bytes, BATCH_MAX, &message) != STATUS_OK) return;
    struct writer w;
    writer_init(&w, 1 << 20);
    message_write(&w, &message);
    ASSERT(span_equal(writer_span(&w), bytes));
    writer_free(&w);
    bool believed = hotstuff_ops.check(&config, from, &message, &facts) == STATUS_OK;
    if (believed) step(from, &message);
}

/* Votes carry nothing but a statement, so any member can say any of them. */
static void fuzz_statement(struct span bytes, uint16_t from)
{
    struct message message = { 0 };
    struct reader r = reader_of(bytes);
    statement_read(&r, &message.statement);
    const struct statement *statement = &message.statement;
    if (reader_end(&r) != STATUS_OK || statement->aux != 0) return;
    if (statement->kind != VOTE && statement->kind != COMMIT_VOTE) return;
    if (statement->view == 0 || statement->view >= VIEW_LIMIT) return;
    if (statement->index == 0 || statement->index >= VIEW_LIMIT) return;
    step(from, &message);
}

static void fuzz_record(struct span bytes)
{
    static struct record record;
    if (record_read(bytes, &record) != STATUS_OK) return;
    void *restored = calloc(1, hotstuff_ops.size(&config));
    ASSERT(restored != NULL);
    effects_reset(&effects);
    (void)hotstuff_ops.open(restored, &config, &bytes, 1, &effects);
    free(restored);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct proof proof;
    if (!engine) start();
    if (size == 0) return 0;
    struct span bytes = span_of(data + 1, size - 1);
    uint16_t from = data[0] / 4 % MEMBERS;
    switch (data[0] % 4) {
    case 0: fuzz_message(bytes, from); break;
    case 1: fuzz_statement(bytes, from); break;
    case 2: fuzz_record(bytes); break;
    case 3: (void)hotstuff_proof_read(bytes, &proof); break;
    }
    return 0;
}
