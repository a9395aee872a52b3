/* tests/unit/rpc/proof_harness.h -- the methods that prove, over the ledger of story.h: every twin
 * that is answered is turned into its file and judged with nothing but the genesis. */
#ifndef TESTS_RPC_PROOF_HARNESS_H
#define TESTS_RPC_PROOF_HARNESS_H

#include "ledger/prove.h"
#include "proof/text.h"
#include "proof/verify.h"
#include "rpc/ledger_find.h"
#include "tests/unit/rpc/story_harness.h"

static struct verdict verdict;
static struct writer proof_bytes;

/* The server knows what the ledger's file says. */
static inline void tell_head(void)
{
    const struct ledger_head *head = ledger_head(story.f.ledger);
    const struct rpc_head told = { .height = head->header.height,
                                   .time_ms = head->header.time_ms,
                                   .sealed_height = ledger_sealed_height(story.f.ledger),
                                   .hash = head->hash };
    waiters_on_block(h.core.waiters, &told, NULL, 0);
    waiters_on_sealed(h.core.waiters, told.sealed_height);
}

static inline void proof_harness_open(void)
{
    story_harness_open();
    h.node->ledger = story.f.ledger;
    h.node->backend.find_tx = ledger_find_tx;
    const struct rpc_head nothing = { .height = 0 };
    waiters_head_set(h.core.waiters, &nothing);
    tell_head();
    verdict_init(&verdict);
    writer_init(&proof_bytes, PROOF_BYTES_MAX);
}

static inline void proof_harness_close(void)
{
    writer_free(&proof_bytes);
    verdict_free(&verdict);
    story_harness_close();
}

static inline const struct proof *judge(const json_t *twin)
{
    struct problem problem = { .text = "" };
    writer_free(&proof_bytes);
    writer_init(&proof_bytes, PROOF_BYTES_MAX);
    cr_assert_eq(proof_from_json(twin, &proof_bytes, &problem), STATUS_OK, "%s", problem.text);
    enum status status = proof_verify(writer_span(&proof_bytes), story.f.genesis, NULL, &verdict);
    cr_assert_eq(status, STATUS_OK, "%s: %s", proof_check_name(verdict.check), verdict.text);
    return &verdict.proof;
}

/* Calls, and runs on as long as nothing is waited for but the node itself. */
__attribute__((format(printf, 2, 3))) static inline void call_through(const char *method,
                                                                      const char *format, ...)
{
    char params[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(params, sizeof params, format, arguments);
    va_end(arguments);
    json_decref(answer);
    answer = harness_call(&h, method, params);
    while (!answer && h.woken)
        answer = harness_resumed(&h);
}

static inline void check_answered(void)
{
    cr_assert_not_null(answer, "it waits");
}

#define prove_call(method, ...) \
    (call_through(method, __VA_ARGS__), check_answered(), checked_result(method))
#define prove_fails(kind, method, ...) \
    (call_through(method, __VA_ARGS__), check_answered(), checked_error(kind))

#endif
