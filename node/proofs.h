/* node/proofs.h -- readings of the state for clients who want proofs: the questions, the wishes.
 *
 *     RPC threads                     loop                        ledger's thread
 *     proofs_ask, proofs_wish ------> proofs_waiting? ----------> proofs_run, between two blocks
 *         done(...) <--------------------------------------------------+
 *                                     proofs_on_block: wishes that are due
 *                                     proofs_tick: a block is wanted
 *
 * A question is answered with the state after the block that was last when its turn came. A wish is
 * for the proof that a transaction will never be executed: as soon as a block is later than its
 * not_after the reading is taken and kept, so that the proof can be had also when the window of the
 * ledger has passed. One wish a source: who wants more holds them by himself.
 *
 * Everything is bounded: PROOFS_ASKED_MAX questions wait, PROOFS_RUN_MAX of them are answered
 * between two blocks, PROOFS_WISHES_MAX sources are remembered. All functions may be called from
 * any thread, proofs_run only from the one that owns the ledger.
 */
#ifndef NODE_PROOFS_H
#define NODE_PROOFS_H

#include "ledger/prove_reading.h"
#include "rpc/backend.h"

enum {
    PROOFS_ASKED_MAX = 256,
    PROOFS_RUN_MAX = 16, /* about a tenth of a millisecond each */
    PROOFS_WISHES_MAX = 1024,
};

struct proofs;

struct proofs *proofs_new(void); /* NULL without memory */
void proofs_free(struct proofs *proofs);

/* Copies the question. false: stopped, done will not be called. With too many waiting, done is
 * called at once with STATE_BUSY. */
bool proofs_ask(struct proofs *proofs, const struct state_question *question, state_done *done,
                void *context);

/* The newest wish of a source replaces the one before, with what was kept for it. With too many
 * sources the one whose proof has been waiting longest goes; a wish is forgotten only if none has
 * one. */
void proofs_wish(struct proofs *proofs, const struct absence_wish *wish);

/* A copy of what was kept for a transaction; NULL: nothing. The caller frees. */
struct state_reading *proofs_absence(struct proofs *proofs, const struct digest *txid);

/* A block of this time was executed. */
void proofs_on_block(struct proofs *proofs, uint64_t time_ms);

/* Whether proofs_run has something to do. */
bool proofs_waiting(struct proofs *proofs);

/* Answers questions and takes readings for wishes that are due, PROOFS_RUN_MAX at most. */
void proofs_run(struct proofs *proofs, struct ledger *ledger);

/* The latest not_after, before wall_ms, of a wish that waits for a block behind it; 0: none. */
uint64_t proofs_tick(struct proofs *proofs, uint64_t wall_ms);

/* Whoever waits is answered STATE_DRAINING, and all later ones are refused. When it returns no done
 * is under way, nor will be one, but for STATE_BUSY within a proofs_ask that began before. */
void proofs_stop(struct proofs *proofs);

#endif
