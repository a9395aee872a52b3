/* rpc/waiters.h -- requests that wait for something to happen in the ledger.
 *
 * A waiter belongs to one request and waits for one of
 *
 *     WAIT_SUBMIT   the answer of admission
 *     WAIT_READ     that the ledger shows all that was decided when it was asked for
 *     WAIT_STATE    a reading of the state, for a proof
 *     WAIT_TX       the end of a transaction: committed, or sealed, or surely expired
 *     WAIT_HEIGHT   a height
 *     WAIT_SEALED   that everything up to a height is sealed
 *
 *     request:  waiter = waiters_add(...)     from here on nothing is missed
 *               look whether it has happened already
 *               waiter_arm(waiter)            false: it happened meanwhile, go on at once
 *               A submission that is to be waited for has both waiters from the start
 * (waiter_then): it wakes once, at its end, and nobody looks between. news:     waiters_on_block /
 * _on_sealed / waiter_submitted / waiter_read_done / waiter_state_done / waiters_sweep
 *               -> wake(context, request), exactly once after waiter_arm returned true
 *     request:  reads waiter->woken and what it found; waiter_drop
 *
 * All functions may be called from any thread. A transaction's waiters are found by a keyed hash,
 * since strangers choose the ids. The registry also keeps the head: the last committed block and
 * the sealed height, as the RPC tells them.
 */
#ifndef RPC_WAITERS_H
#define RPC_WAITERS_H

#include "rpc/backend.h"
#include "rpc/server.h"

struct waiters;
struct waiter;
struct rpc_request;

enum wait_kind { WAIT_SUBMIT, WAIT_READ, WAIT_STATE, WAIT_TX, WAIT_HEIGHT, WAIT_SEALED };

enum wait_end {
    WAIT_GOES_ON,
    WAIT_HAPPENED,
    WAIT_CHECK,   /* WAIT_TX: a block is later than not_after; the ledger has to be asked */
    WAIT_TIMEOUT, /* the deadline has come */
    WAIT_STOPPED, /* the server stops */
};

struct rpc_head {
    uint64_t height;
    uint64_t time_ms;
    uint64_t sealed_height;
    struct digest hash;
};

typedef void waiters_wake(void *context, struct rpc_request *request);

/* waiters_max counts WAIT_TX, WAIT_HEIGHT and WAIT_SEALED; submits_max WAIT_SUBMIT, WAIT_READ and
 * WAIT_STATE. NULL without memory. */
struct waiters *waiters_new(uint32_t waiters_max, uint32_t submits_max, waiters_wake *wake,
                            void *context);

/* Another waiters_max from now on; who waits already goes on. */
void waiters_limit(struct waiters *waiters, uint32_t waiters_max);

/* Nobody may hold a waiter any more; submissions never answered are dropped. */
void waiters_free(struct waiters *waiters);

void waiters_head(struct waiters *waiters, struct rpc_head *head);
void waiters_head_set(struct waiters *waiters, const struct rpc_head *head);

/* Waiting requests: WAIT_TX, WAIT_HEIGHT and WAIT_SEALED. */
uint32_t waiters_count(struct waiters *waiters);

/* deadline_ms: monotonic; 0 = never. Each returns NULL when the limit is reached or memory is
 * short. After waiters_stop every new one is WAIT_STOPPED from the start. */
struct waiter *waiters_add_submit(struct waiters *waiters, uint64_t deadline_ms);
struct waiter *waiters_add_read(struct waiters *waiters, uint64_t deadline_ms);
struct waiter *waiters_add_state(struct waiters *waiters, uint64_t deadline_ms);
struct waiter *waiters_add_height(struct waiters *waiters, uint64_t height, uint64_t deadline_ms);
struct waiter *waiters_add_sealed(struct waiters *waiters, uint64_t height, uint64_t deadline_ms);

/* not_after_ms 0: unknown. sealed: wait for the seal too. */
struct waiter *waiters_add_tx(struct waiters *waiters, const struct digest *txid,
                              uint64_t not_after_ms, bool sealed, uint64_t deadline_ms);

/* Before the submission is handed over: when it is admitted, the request that sleeps on it goes on
 * sleeping on `then`, which is of the same request, dropped after it, and armed by this. */
void waiter_then(struct waiter *submission, struct waiter *then);

/* A lookup has found the transaction at this height: only the seal is missing now. */
void waiter_set_height(struct waiter *waiter, uint64_t height);

/* true: the request sleeps, and wake will be called once. false: it is over, see the end. */
bool waiter_arm(struct waiter *waiter, struct rpc_request *request);

/* How it ended; after waiter_arm returned false, or after wake. */
enum wait_end waiter_end(struct waiter *waiter);

/* WAIT_TX after WAIT_HAPPENED: true and *place (all but effects) if a block brought it while the
 * waiter stood. */
bool waiter_place(struct waiter *waiter, struct tx_place *place);

/* WAIT_SUBMIT after WAIT_HAPPENED. */
const struct submit_outcome *waiter_outcome(const struct waiter *waiter);

/* WAIT_READ after WAIT_HAPPENED. */
enum read_outcome waiter_read_outcome(const struct waiter *waiter);

/* WAIT_STATE after WAIT_HAPPENED. A reading is the caller's from then on; NULL with every other
 * outcome than STATE_READ. */
enum state_outcome waiter_state(struct waiter *waiter, struct state_reading **reading);

/* The request is done with it. One that the node still owes an answer is kept until then. */
void waiter_drop(struct waiter *waiter);

/* The submit_done of rpc_backend.submit; context is the waiter. Exactly once. */
void waiter_submitted(void *waiter, const struct submit_outcome *outcome);

/* rpc_backend.submit returned false: there will be no answer. */
void waiter_not_submitted(struct waiter *waiter);

/* The read_done of rpc_backend.read; context is the waiter. Exactly once. */
void waiter_read_done(void *waiter, enum read_outcome outcome);

/* rpc_backend.read returned false: there will be no answer. */
void waiter_not_read(struct waiter *waiter);

/* The state_done of rpc_backend.prove; context is the waiter. Exactly once. */
void waiter_state_done(void *waiter, enum state_outcome outcome, struct state_reading *reading);

/* rpc_backend.prove returned false: there will be no answer. */
void waiter_not_proven(struct waiter *waiter);

void waiters_on_block(struct waiters *waiters, const struct rpc_head *head,
                      const struct rpc_entry *entries, size_t count);
void waiters_on_sealed(struct waiters *waiters, uint64_t sealed_height);

/* Ends what is past its deadline. Returns the next deadline, UINT64_MAX if none. */
uint64_t waiters_sweep(struct waiters *waiters, uint64_t now_ms);

/* Smallest not_after of the transactions waited for, 0 if none is known: what a tick would end. */
uint64_t waiters_not_after(struct waiters *waiters);

/* Ends all waits, and all later ones at once. */
void waiters_stop(struct waiters *waiters);

#endif
