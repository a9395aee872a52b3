#include "checker_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/frame.h"
#include "node/journal.h"

const char *const check_names[CHECK_NAMES] = {
    [CHECK_NONE] = "none",
    [CHECK_AGREEMENT] = "agreement",
    [CHECK_SEAL] = "seal",
    [CHECK_CERTIFICATE] = "certificate",
    [CHECK_SLOT] = "one-vote",
    [CHECK_DURABLE] = "durable",
    [CHECK_ORDER] = "order",
    [CHECK_EXECUTION] = "execution",
    [CHECK_ONCE] = "once",
    [CHECK_RECEIPT] = "receipt",
    [CHECK_MONOTONE] = "monotone",
    [CHECK_BOUNDS] = "bounds",
    [CHECK_HONEST_ACCUSED] = "honest-accused",
    [CHECK_STOPPED] = "stopped",
    [CHECK_REPLAY] = "replay",
    [CHECK_LIVENESS] = "liveness",
    [CHECK_SILENCE] = "silence",
    [CHECK_LOST_UNSYNCED] = "lost-unsynced",
    [CHECK_ELECTION_SAFETY] = "election-safety",
    [CHECK_LEADER_APPEND_ONLY] = "leader-append-only",
    [CHECK_LOG_MATCHING] = "log-matching",
    [CHECK_LEADER_COMPLETENESS] = "leader-completeness",
    [CHECK_STATE_MACHINE] = "state-machine-safety",
    [CHECK_READS] = "linearizable-reads",
};

enum { PROMISES_EXPECTED = 8192, TRANSACTIONS_EXPECTED = 2048, BATCHES_EXPECTED = 512 };

bool checker_fail(struct checker *checker, enum check_name name, const char *format, ...)
{
    if (checker->reported) return false;
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    checker->reported = true;
    checker->failed(checker->user, name, text);
    return false;
}

/* ceil((n + f + 1) / 2): two of them share an honest member. Where nobody lies, any member. */
static uint16_t quorum(uint16_t members, bool lies)
{
    unsigned faulty = lies ? (members - 1u) / 3 : 0;
    return (uint16_t)((members + faulty + 1 + 1) / 2);
}

/* chain id 32 | epoch u64 | validators hash 32 | engine u8; the same in every statement. */
static void write_signed_head(struct checker *checker)
{
    struct writer w;
    writer_init(&w, COMMITTEE_BYTES_MAX);
    committee_encode(&checker->genesis->committee, &w);
    ASSERT(writer_status(&w) == STATUS_OK);
    struct digest validators = digest_of(TAG_VALIDATORS, writer_span(&w));
    writer_free(&w);
    memcpy(checker->signed_head, checker->genesis->chain_id.bytes, 32);
    store_u64(checker->signed_head + 32, 0);
    memcpy(checker->signed_head + 40, validators.bytes, 32);
    checker->signed_head[72] = (uint8_t)checker->genesis->committee.engine;
}

struct checker *checker_new(const struct plan *plan, const struct genesis *genesis,
                            void (*failed)(void *user, enum check_name name, const char *text),
                            void *user)
{
    struct checker *checker = calloc(1, sizeof *checker);
    ASSERT(checker != NULL);
    checker->plan = plan;
    checker->genesis = genesis;
    checker->failed = failed;
    checker->user = user;
    checker->replicas = plan_replicas(plan);
    checker->members = plan->nodes;
    checker->quorum = quorum(plan->nodes, !plan_is_raft(plan));
    checker->engine = plan_is_raft(plan) ? &raft_ops : &hotstuff_ops;
    write_signed_head(checker);
    for (uint16_t i = 0; i < checker->replicas; i++) {
        struct watched *w = &checker->watched[i];
        uint64_t bit = UINT64_C(1) << i;
        w->honest = i < plan->nodes && !((plan->liars | plan->twins) & bit);
        w->frail = i < plan->nodes && (plan->frail & bit) != 0;
        w->life = 1;
    }
    shelf_init(&checker->promises, sizeof(struct promise), sizeof(struct promise_key),
               PROMISES_EXPECTED);
    shelf_init(&checker->transactions, sizeof(struct made), sizeof(struct digest),
               TRANSACTIONS_EXPECTED);
    shelf_init(&checker->batches, sizeof(struct kept_batch), sizeof(struct digest),
               BATCHES_EXPECTED);
    shelf_init(&checker->right, sizeof(uint64_t), sizeof(uint64_t), PROMISES_EXPECTED);
    checker->model = model_new(genesis);
    raft_new(checker);
    return checker;
}

void checker_free(struct checker *checker)
{
    if (!checker) return;
    for (uint16_t i = 0; i < checker->replicas; i++)
        free(checker->watched[i].waiting);
    chain_free(checker);
    raft_free(checker);
    shelf_free(&checker->promises);
    shelf_free(&checker->transactions);
    shelf_free(&checker->batches);
    shelf_free(&checker->right);
    model_free(checker->model);
    free(checker);
}

/* ---- a replica's journal ---- */

void checker_appended(struct checker *checker, uint16_t replica, uint64_t record, uint8_t kind,
                      struct span payload)
{
    struct watched *w = &checker->watched[replica];
    if (!w->honest) return;
    if (record != w->last_record + 1 && w->last_record != 0)
        checker_fail(checker, CHECK_ORDER, "node %u appends record %" PRIu64 " behind %" PRIu64,
                     replica, record, w->last_record);
    w->last_record = record;
    raft_appended(checker, replica, record, kind, payload);
    switch (kind) {
    case JOURNAL_ENGINE:
    case JOURNAL_EXECUTED: promises_appended(checker, replica, record, kind, payload); break;
    case JOURNAL_FOLD:
        promises_appended(checker, replica, record, kind, payload);
        chain_folded(checker, replica);
        break;
    case JOURNAL_PROPOSAL: chain_proposal(checker, payload); break;
    case JOURNAL_DECIDED:
        chain_decided(checker, replica, payload);
        promises_decided(checker, replica, record, payload);
        break;
    default: break;
    }
}

void checker_durable(struct checker *checker, uint16_t replica, uint64_t record)
{
    if (checker->watched[replica].honest) promises_durable(checker, replica, record);
}

void checker_cut(struct checker *checker, uint16_t replica, uint64_t record)
{
    if (checker->watched[replica].honest) promises_cut(checker, replica, record);
}

void checker_crashed(struct checker *checker, uint16_t replica)
{
    struct watched *w = &checker->watched[replica];
    w->view = w->decided = w->sealed = 0;
    w->decided_last = w->repeat_until = w->repeat_at = 0;
    w->last_record = w->proven = 0;
    promises_crashed(checker, replica);
    raft_crashed(checker, replica);
}

void checker_replayed(struct checker *checker, uint16_t replica, uint64_t record, uint8_t kind,
                      struct span payload)
{
    struct watched *w = &checker->watched[replica];
    if (!w->honest) return;
    w->replayed = record;
    promises_replayed(checker, replica, kind, payload);
    raft_replayed(checker, replica, kind, payload);
}

void checker_restored(struct checker *checker, uint16_t replica, bool forgot)
{
    struct watched *w = &checker->watched[replica];
    if (!w->honest) return;
    w->durable = w->last_record = w->replayed;
    promises_restored(checker, replica, forgot);
    raft_restored(checker, replica, forgot);
}

/* What a restart could not prove it would not count as decided, but the ledger held it. */
void checker_orders(struct checker *checker, uint16_t replica, uint64_t index)
{
    const struct watched *w = &checker->watched[replica];
    if (w->honest && !w->frail && index > w->proven)
        checker_fail(checker, CHECK_DURABLE,
                     "node %u executes index %" PRIu64 ", but its disk proves %" PRIu64 " at most",
                     replica, index, w->proven);
}

/* ---- what it says, and what only rises ---- */

void checker_sent(struct checker *checker, uint16_t replica, uint8_t frame, struct span payload)
{
    if ((frame == FRAME_ENGINE || frame == FRAME_SEAL_VOTES) && checker->watched[replica].honest)
        promises_sent(checker, replica, frame, payload);
}

static void rises(struct checker *checker, uint16_t replica, const char *what, uint64_t *before,
                  uint64_t now)
{
    if (now < *before)
        checker_fail(checker, CHECK_MONOTONE, "node %u: its %s fell from %" PRIu64 " to %" PRIu64,
                     replica, what, *before, now);
    *before = now;
}

void checker_status(struct checker *checker, uint16_t replica, uint64_t view, uint64_t decided,
                    uint64_t sealed)
{
    struct watched *w = &checker->watched[replica];
    if (view == w->view && decided == w->decided && sealed == w->sealed) return;
    rises(checker, replica, "view", &w->view, view);
    rises(checker, replica, "decided index", &w->decided, decided);
    rises(checker, replica, "sealed height", &w->sealed, sealed);
}

/* ---- answers ---- */

uint64_t checker_height(const struct checker *checker)
{
    return checker->height;
}

uint32_t checker_holds(const struct checker *checker)
{
    return model_holds(checker->model);
}

uint64_t checker_committed(const struct checker *checker)
{
    return checker->committed;
}

bool checker_result(const struct checker *checker, const struct digest *txid, uint64_t *height,
                    uint16_t *code)
{
    const struct made *made = shelf_find(&checker->transactions, txid);
    if (!made || made->height == 0) return false;
    *height = made->height;
    *code = made->code;
    return true;
}
