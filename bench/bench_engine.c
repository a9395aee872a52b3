/* How fast is the protocol alone? n engines in one process, messages passed by hand, nothing signed
 * and nothing checked: what is left is the state machine, its codec and SHA-256 of headers. And the
 * other half alone: what check costs for a message of each kind, with and without the memory of
 * verified signatures. */
#include "consensus/hotstuff.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MEMBERS_MAX = 16, QUEUE_MAX = 1 << 14, DECISIONS = 3000, CHECKS = 300 };

struct passing {
    struct message message;
    uint16_t from, to;
    uint8_t *bytes;
};

static struct committee committee;
static struct secret_key secrets[MEMBERS_MAX];
static struct engine_config configs[MEMBERS_MAX];
static void *engines[MEMBERS_MAX];
static struct effects effects;
static struct passing queue[QUEUE_MAX];
static size_t queue_first, queue_count;
static uint64_t decided, steps;

static uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void pass(uint16_t from, const struct effect *effect, uint16_t to)
{
    ASSERT(queue_count < QUEUE_MAX);
    struct passing *passing = &queue[(queue_first + queue_count++) % QUEUE_MAX];
    struct span attachment = effect->send.attachment;
    passing->from = from;
    passing->to = to;
    passing->bytes = malloc(attachment.size + 1);
    ASSERT(passing->bytes != NULL);
    if (attachment.size > 0) memcpy(passing->bytes, attachment.data, attachment.size);
    passing->message = (struct message){ .statement = effect->send.statement,
                                         .attachment = span_of(passing->bytes, attachment.size) };
}

static void perform(uint16_t self)
{
    for (uint32_t i = 0; i < effects.count; i++) {
        const struct effect *effect = &effects.list[i];
        if (effect->kind == EFFECT_COMMIT && self == 0) decided++;
        if (effect->kind != EFFECT_SEND) continue;
        for (uint16_t to = 0; to < committee.count; to++)
            if (effect->to == NODE_ALL || effect->to == to) pass(self, effect, to);
    }
}

static void step(uint16_t self, struct event *event)
{
    event->work = true;
    effects_reset(&effects);
    hotstuff_ops.step(engines[self], event, &effects);
    steps++;
    perform(self);
    if (effects.invite == INVITE_NONE) return;
    struct event batch = { .kind = EVENT_BATCH, .work = true, .batch = effects.parent };
    effects_reset(&effects);
    hotstuff_ops.step(engines[self], &batch, &effects);
    steps++;
    perform(self);
}

static void start(uint16_t members)
{
    committee.fault_model = FAULT_BYZANTINE;
    committee.engine = ENGINE_HOTSTUFF;
    committee.count = members;
    decided = steps = queue_first = queue_count = 0;
    for (uint16_t i = 0; i < members; i++) {
        uint8_t seed[32] = { (uint8_t)i };
        committee.validators[i].id.bytes[0] = (uint8_t)(i + 1);
        key_from_seed(seed, &secrets[i], &committee.validators[i].seal_key);
    }
    for (uint16_t i = 0; i < members; i++) {
        configs[i] = (struct engine_config){ .self = i, .committee = &committee };
        engines[i] = calloc(1, hotstuff_ops.size(&configs[i]));
        ASSERT(engines[i] != NULL);
        effects_reset(&effects);
        ASSERT(hotstuff_ops.open(engines[i], &configs[i], NULL, 0, &effects) == STATUS_OK);
    }
}

static void bench_decisions(uint16_t members)
{
    start(members);
    for (uint16_t i = 0; i < members; i++) {
        struct event event = { .kind = EVENT_TIMER };
        step(i, &event);
    }
    uint64_t begin = now_ns();
    while (decided < DECISIONS) {
        ASSERT(queue_count > 0);
        struct passing passing = queue[queue_first];
        queue_first = (queue_first + 1) % QUEUE_MAX;
        queue_count--;
        struct event event = { .kind = EVENT_MESSAGE,
                               .from = passing.from,
                               .message = &passing.message };
        step(passing.to, &event);
        free(passing.bytes);
    }
    uint64_t spent = now_ns() - begin;
    printf("figure engine_decision_rate_%u %.0f decisions/s\n", members,
           (double)decided * 1e9 / (double)spent);
    printf("figure engine_step_ns_%u %.0f ns\n", members, (double)spent / (double)steps);
    printf("figure engine_bytes_%u %zu bytes\n", members, hotstuff_ops.size(&configs[0]));
    for (; queue_count > 0; queue_count--) {
        free(queue[queue_first].bytes);
        queue_first = (queue_first + 1) % QUEUE_MAX;
    }
    for (uint16_t i = 0; i < members; i++)
        free(engines[i]);
}

static struct signature sign(uint16_t signer, const struct statement *statement)
{
    uint8_t bytes[STATEMENT_BYTES];
    struct signature signature;
    statement_encode(&configs[0].domain, statement, bytes);
    key_sign(&secrets[signer], TAG_ENGINE, span_of(bytes, sizeof bytes), &signature);
    return signature;
}

/* A timeout of view 2 with the certificate of view 1: the dearest of the small messages. */
static void bench_check(uint16_t members, struct verify_cache *cache, const char *name)
{
    static struct certificate certificate;
    static uint8_t bytes[ATTACHMENT_BYTES_MAX];
    struct engine_config config = configs[0];
    config.cache = cache;
    certificate.statement = (struct statement){ .kind = VOTE, .index = 1, .view = 1 };
    certificate.count = members;
    memset(&certificate.signers, 0, sizeof certificate.signers);
    for (uint16_t i = 0; i < committee_quorum(&committee); i++) {
        signer_set_add(&certificate.signers, i);
        certificate.signatures[i] = sign(i, &certificate.statement);
    }
    struct message message = { .statement = { .kind = TIMEOUT, .view = 2, .aux = 1 } };
    message.signature = sign(0, &message.statement);
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    warrant_write(&w, &certificate, NULL);
    message.attachment = writer_span(&w);
    uint64_t begin = now_ns();
    for (int i = 0; i < CHECKS; i++) {
        struct message_facts facts;
        ASSERT(hotstuff_ops.check(&config, 0, &message, &facts) == STATUS_OK);
    }
    printf("figure engine_check_us_%s_%u %.1f us\n", name, members,
           (double)(now_ns() - begin) / 1e3 / CHECKS);
}

int main(void)
{
    if (crypto_start(NULL) != STATUS_OK) return 1;
    static const uint16_t sizes[] = { 4, 16 };
    struct verify_cache *cache = verify_cache_new(1024);
    if (!cache) return 1;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bench_decisions(sizes[i]);
        bench_check(sizes[i], NULL, "plain");
        bench_check(sizes[i], cache, "remembered");
    }
    verify_cache_free(cache);
    return 0;
}
