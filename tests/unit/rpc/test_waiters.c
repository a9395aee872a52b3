#include "ledger/prove_reading.h"
#include "rpc/request.h"
#include "rpc/waiters.h"
#include "tests/unit/format/samples.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct waiters *waiters;
static uintptr_t woken[16];
static size_t woken_count;

static void wake(void *context, struct rpc_request *request)
{
    (void)context;
    woken[woken_count++] = (uintptr_t)request;
}

static void open_all(void)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    waiters = waiters_new(3, 2, wake, NULL);
    woken_count = 0;
    const struct rpc_head head = { .height = 7, .time_ms = 1000, .sealed_height = 6 };
    waiters_head_set(waiters, &head);
}

static void close_all(void)
{
    waiters_free(waiters);
}

TestSuite(waiters, .init = open_all, .fini = close_all);

/* Requests are only numbers here: nobody looks into them. */
static struct rpc_request *request(uintptr_t number)
{
    return (struct rpc_request *)number;
}

static void block(uint64_t height, uint64_t time_ms, const struct digest *txid)
{
    const struct rpc_head head = { .height = height, .time_ms = time_ms, .sealed_height = 6 };
    struct rpc_entry entry = { .code = 0, .entry = 5 };
    if (txid) entry.txid = *txid;
    waiters_on_block(waiters, &head, &entry, txid ? 1 : 0);
}

Test(waiters, a_height_that_is_there_already)
{
    struct waiter *waiter = waiters_add_height(waiters, 7, 0);
    cr_assert_not(waiter_arm(waiter, request(1)));
    cr_assert_eq(waiter_end(waiter), WAIT_HAPPENED);
    waiter_drop(waiter);
}

Test(waiters, a_height_that_comes)
{
    struct waiter *waiter = waiters_add_height(waiters, 9, 0);
    cr_assert(waiter_arm(waiter, request(1)));
    block(8, 1001, NULL);
    cr_assert_eq(woken_count, 0);
    block(9, 1002, NULL);
    cr_assert_eq(woken_count, 1);
    cr_assert_eq(woken[0], 1);
    block(10, 1003, NULL);
    cr_assert_eq(woken_count, 1); /* once */
    waiter_drop(waiter);
}

Test(waiters, what_happens_between_add_and_arm_is_not_missed)
{
    struct digest txid = sample_digest("tx", 1);
    struct waiter *waiter = waiters_add_tx(waiters, &txid, 0, false, 0);
    block(8, 1001, &txid);
    cr_assert_not(waiter_arm(waiter, request(1)));
    cr_assert_eq(woken_count, 0);
    struct tx_place place;
    cr_assert(waiter_place(waiter, &place));
    cr_assert_eq(place.position, position_of(8, 5, 0));
    cr_assert_eq(place.block_time_ms, 1001);
    cr_assert_eq(place.ledger_height, 8);
    waiter_drop(waiter);
}

Test(waiters, several_wait_for_one_transaction)
{
    struct digest txid = sample_digest("tx", 1), other = sample_digest("tx", 2);
    struct waiter *a = waiters_add_tx(waiters, &txid, 0, false, 0);
    struct waiter *b = waiters_add_tx(waiters, &txid, 0, true, 0);
    struct waiter *c = waiters_add_tx(waiters, &other, 0, false, 0);
    cr_assert_null(waiters_add_tx(waiters, &other, 0, false, 0)); /* the limit is 3 */
    cr_assert(waiter_arm(a, request(1)));
    cr_assert(waiter_arm(b, request(2)));
    cr_assert(waiter_arm(c, request(3)));
    block(8, 1001, &txid);
    cr_assert_eq(woken_count, 1);
    cr_assert_eq(woken[0], 1);
    waiters_on_sealed(waiters, 7);
    cr_assert_eq(woken_count, 1);
    waiters_on_sealed(waiters, 8);
    cr_assert_eq(woken_count, 2);
    cr_assert_eq(woken[1], 2);
    cr_assert_eq(waiter_end(c), WAIT_GOES_ON);
    waiter_drop(b);
    waiter_drop(a);
    waiter_drop(c);
    cr_assert_eq(waiters_count(waiters), 0);
}

Test(waiters, only_the_seal_is_missing)
{
    struct digest txid = sample_digest("tx", 1);
    struct waiter *a = waiters_add_tx(waiters, &txid, 500, true, 0);
    waiter_set_height(a, 7);
    cr_assert(waiter_arm(a, request(1)));
    block(8, 1001, NULL); /* later than not_after, which no longer matters */
    cr_assert_eq(woken_count, 0);
    waiters_on_sealed(waiters, 7);
    cr_assert_eq(woken_count, 1);
    waiter_drop(a);
    a = waiters_add_tx(waiters, &txid, 0, true, 0);
    waiter_set_height(a, 6); /* sealed already */
    cr_assert_eq(waiter_end(a), WAIT_HAPPENED);
    waiter_drop(a);
}

Test(waiters, a_block_later_than_not_after)
{
    struct digest txid = sample_digest("tx", 1);
    struct waiter *a = waiters_add_tx(waiters, &txid, 1001, false, 0);
    cr_assert(waiter_arm(a, request(1)));
    cr_assert_eq(waiters_not_after(waiters), 1001);
    block(8, 1001, NULL);
    cr_assert_eq(woken_count, 0);
    block(9, 1002, NULL);
    cr_assert_eq(woken_count, 1);
    cr_assert_eq(waiter_end(a), WAIT_CHECK);
    struct tx_place place;
    cr_assert_not(waiter_place(a, &place));
    waiter_drop(a);
    cr_assert_eq(waiters_not_after(waiters), 0);
}

Test(waiters, the_last_moment_counts)
{
    struct digest txid = sample_digest("tx", 1);
    struct waiter *a = waiters_add_tx(waiters, &txid, 1001, false, 0);
    cr_assert(waiter_arm(a, request(1)));
    block(8, 5000, &txid); /* held by the very block that is later */
    cr_assert_eq(waiter_end(a), WAIT_HAPPENED);
    waiter_drop(a);
}

Test(waiters, deadlines)
{
    struct waiter *a = waiters_add_height(waiters, 99, 500);
    struct waiter *b = waiters_add_height(waiters, 99, 700);
    cr_assert(waiter_arm(a, request(1)));
    cr_assert(waiter_arm(b, request(2)));
    cr_assert_eq(waiters_sweep(waiters, 499), 500);
    cr_assert_eq(woken_count, 0);
    cr_assert_eq(waiters_sweep(waiters, 500), 700);
    cr_assert_eq(woken_count, 1);
    cr_assert_eq(waiter_end(a), WAIT_TIMEOUT);
    block(99, 1001, NULL); /* too late for a */
    cr_assert_eq(waiter_end(a), WAIT_TIMEOUT);
    cr_assert_eq(waiter_end(b), WAIT_HAPPENED);
    cr_assert_eq(waiters_sweep(waiters, 701), UINT64_MAX);
    waiter_drop(a);
    waiter_drop(b);
}

Test(waiters, submissions)
{
    struct waiter *a = waiters_add_submit(waiters, 0);
    struct waiter *b = waiters_add_submit(waiters, 0);
    cr_assert_null(waiters_add_submit(waiters, 0));
    cr_assert_eq(waiters_count(waiters), 0); /* counted apart */
    cr_assert(waiter_arm(a, request(1)));
    const struct submit_outcome outcome = { .kind = SUBMIT_PENDING };
    waiter_submitted(a, &outcome);
    cr_assert_eq(woken_count, 1);
    cr_assert_eq(waiter_outcome(a)->kind, SUBMIT_PENDING);
    waiter_drop(a);
    waiter_not_submitted(b);
    cr_assert_eq(waiter_outcome(b)->kind, SUBMIT_UNAVAILABLE);
    waiter_drop(b);
    a = waiters_add_submit(waiters, 0);
    cr_assert(a);
    waiter_drop(a); /* the request is gone, the answer is not: it still counts */
    b = waiters_add_submit(waiters, 0);
    cr_assert(b);
    cr_assert_null(waiters_add_submit(waiters, 0));
    waiter_submitted(a, &outcome);
    a = waiters_add_submit(waiters, 0);
    cr_assert(a);
    waiter_drop(a);
    waiter_drop(b); /* never answered: freed with the registry */
}

/* A request that sleeps until its submission is admitted sleeps on until the end. */
Test(waiters, an_admitted_submission_is_waited_for_without_waking)
{
    struct digest txid = sample_digest("tx", 1);
    struct waiter *admission = waiters_add_submit(waiters, 0);
    struct waiter *end = waiters_add_tx(waiters, &txid, 0, false, 0);
    waiter_then(admission, end);
    cr_assert(waiter_arm(admission, request(1)));
    const struct submit_outcome outcome = { .kind = SUBMIT_ADMITTED };
    waiter_submitted(admission, &outcome);
    cr_assert_eq(woken_count, 0);
    cr_assert_eq(waiter_end(admission), WAIT_HAPPENED);
    block(8, 1001, &txid);
    cr_assert_eq(woken_count, 1);
    cr_assert_eq(woken[0], 1);
    cr_assert_eq(waiter_end(end), WAIT_HAPPENED);
    waiter_drop(admission);
    waiter_drop(end);
}

Test(waiters, a_refused_submission_wakes_at_once)
{
    struct digest txid = sample_digest("tx", 1);
    struct waiter *admission = waiters_add_submit(waiters, 0);
    struct waiter *end = waiters_add_tx(waiters, &txid, 0, false, 0);
    waiter_then(admission, end);
    cr_assert(waiter_arm(admission, request(1)));
    const struct submit_outcome outcome = { .kind = SUBMIT_REFUSED };
    waiter_submitted(admission, &outcome);
    cr_assert_eq(woken_count, 1);
    block(8, 1001, &txid); /* Somebody else's copy: nobody sleeps on it. */
    cr_assert_eq(woken_count, 1);
    waiter_drop(admission);
    waiter_drop(end);
}

/* The block is here before the answer of admission is, or time has run out meanwhile. */
Test(waiters, an_end_before_the_admission_is_not_missed)
{
    struct digest txid = sample_digest("tx", 1);
    struct waiter *admission = waiters_add_submit(waiters, 0);
    struct waiter *end = waiters_add_tx(waiters, &txid, 0, false, 500);
    waiter_then(admission, end);
    cr_assert(waiter_arm(admission, request(1)));
    block(8, 1001, &txid);
    waiters_sweep(waiters, 501);
    cr_assert_eq(woken_count, 0);
    const struct submit_outcome outcome = { .kind = SUBMIT_ADMITTED };
    waiter_submitted(admission, &outcome);
    cr_assert_eq(woken_count, 1);
    cr_assert_eq(waiter_end(end), WAIT_HAPPENED);
    waiter_drop(admission);
    waiter_drop(end);
}

Test(waiters, whoever_goes_before_the_admission_is_not_woken)
{
    struct digest txid = sample_digest("tx", 1);
    struct waiter *admission = waiters_add_submit(waiters, 0);
    struct waiter *end = waiters_add_tx(waiters, &txid, 0, false, 0);
    waiter_then(admission, end);
    cr_assert(waiter_arm(admission, request(1)));
    waiter_drop(admission);
    waiter_drop(end);
    const struct submit_outcome outcome = { .kind = SUBMIT_ADMITTED };
    waiter_submitted(admission, &outcome); /* and frees it, without a look at what is gone */
    cr_assert_eq(woken_count, 0);
    cr_assert_eq(waiters_count(waiters), 0);
}

Test(waiters, reads)
{
    struct waiter *waiter = waiters_add_read(waiters, 0);
    cr_assert(waiter_arm(waiter, request(1)));
    waiter_read_done(waiter, READ_BUSY);
    cr_assert_eq(woken_count, 1);
    cr_assert_eq(waiter_end(waiter), WAIT_HAPPENED);
    cr_assert_eq(waiter_read_outcome(waiter), READ_BUSY);
    waiter_drop(waiter);
    /* They share the places of submissions, and keep theirs until the node has answered. */
    struct waiter *gone = waiters_add_read(waiters, 0);
    waiter_drop(gone);
    struct waiter *second = waiters_add_submit(waiters, 0);
    cr_assert_null(waiters_add_read(waiters, 0));
    waiter_read_done(gone, READ_NOW);
    struct waiter *third = waiters_add_read(waiters, 0);
    cr_assert_not_null(third);
    waiter_not_submitted(second);
    waiter_drop(second);
    waiter_not_read(third);
    cr_assert_eq(waiter_read_outcome(third), READ_DRAINING);
    waiter_drop(third);
    cr_assert_eq(woken_count, 1);
}

Test(waiters, stopping_ends_all_and_all_later_ones)
{
    struct digest txid = sample_digest("tx", 1);
    struct waiter *a = waiters_add_tx(waiters, &txid, 0, false, 0);
    cr_assert(waiter_arm(a, request(1)));
    waiters_stop(waiters);
    cr_assert_eq(woken_count, 1);
    cr_assert_eq(waiter_end(a), WAIT_STOPPED);
    waiter_drop(a);
    a = waiters_add_tx(waiters, &txid, 0, false, 0);
    cr_assert_not(waiter_arm(a, request(2)));
    cr_assert_eq(waiter_end(a), WAIT_STOPPED);
    waiter_drop(a);
}

Test(waiters, heads_never_go_back)
{
    struct rpc_head head;
    block(9, 1002, NULL);
    waiters_on_sealed(waiters, 9);
    block(8, 1001, NULL);
    waiters_on_sealed(waiters, 8);
    waiters_head(waiters, &head);
    cr_assert_eq(head.height, 9);
    cr_assert_eq(head.time_ms, 1002);
    cr_assert_eq(head.sealed_height, 9);
}

Test(waiters, a_seal_that_is_there_already_and_one_that_comes)
{
    struct waiter *waiter = waiters_add_sealed(waiters, 6, 0);
    cr_assert_not(waiter_arm(waiter, request(1)));
    cr_assert_eq(waiter_end(waiter), WAIT_HAPPENED);
    waiter_drop(waiter);
    waiter = waiters_add_sealed(waiters, 8, 0);
    cr_assert(waiter_arm(waiter, request(2)));
    block(8, 1001, NULL);
    waiters_on_sealed(waiters, 7);
    cr_assert_eq(woken_count, 0);
    waiters_on_sealed(waiters, 9);
    cr_assert_eq(woken_count, 1);
    cr_assert_eq(waiter_end(waiter), WAIT_HAPPENED);
    waiter_drop(waiter);
}

Test(waiters, a_reading_is_handed_over_once)
{
    struct state_reading *reading = calloc(1, sizeof *reading), *taken = NULL;
    struct waiter *waiter = waiters_add_state(waiters, 0);
    cr_assert(waiter_arm(waiter, request(1)));
    waiter_state_done(waiter, STATE_READ, reading);
    cr_assert_eq(woken_count, 1);
    cr_assert_eq(waiter_state(waiter, &taken), STATE_READ);
    cr_assert_eq(taken, reading);
    cr_assert_eq(waiter_state(waiter, &taken), STATE_READ);
    cr_assert_null(taken);
    waiter_drop(waiter);
    state_reading_free(reading);
}

Test(waiters, a_reading_that_nobody_takes_is_freed)
{
    struct waiter *waiter = waiters_add_state(waiters, 0);
    waiter_state_done(waiter, STATE_READ, calloc(1, sizeof(struct state_reading)));
    waiter_drop(waiter);
    waiter = waiters_add_state(waiters, 0); /* The request goes first. */
    waiter_drop(waiter);
    waiter_state_done(waiter, STATE_READ, calloc(1, sizeof(struct state_reading)));
    waiter = waiters_add_state(waiters, 5); /* Its time is over first. */
    waiters_sweep(waiters, 6);
    cr_assert_eq(waiter_end(waiter), WAIT_TIMEOUT);
    waiter_state_done(waiter, STATE_READ, calloc(1, sizeof(struct state_reading)));
    waiter_drop(waiter);
}

Test(waiters, readings_count_with_submissions)
{
    struct waiter *first = waiters_add_state(waiters, 0);
    struct waiter *second = waiters_add_state(waiters, 0);
    cr_assert_null(waiters_add_state(waiters, 0));
    cr_assert_null(waiters_add_submit(waiters, 0));
    waiter_not_proven(first);
    struct state_reading *none = NULL;
    cr_assert_eq(waiter_state(first, &none), STATE_DRAINING);
    cr_assert_null(none);
    waiter_drop(first);
    waiter_not_proven(second);
    waiter_drop(second);
}
