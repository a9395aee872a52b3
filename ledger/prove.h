/* ledger/prove.h -- proofs, built from a ledger that is at rest or running.
 *
 * What a proof contains and how it is checked says proof/proof.h; here are the rows that go into
 * it. Everything but the state's tree is history, which never changes once it is written, so most
 * proofs are a matter of a reader (ledger/reader.h). Where something stands in the state of now
 * knows only the thread that owns the ledger: it makes a reading (ledger/prove_reading.h), and the
 * reader adds the seal as soon as there is one.
 *
 *     struct prover p;
 *     prover_init(&p, reader);
 *     ledger_reader_begin(reader);
 *     status = prove_receipt(&p, &txid, false);
 *     ledger_reader_end(reader);
 *     if (status == STATUS_OK) proof_write(&w, &p.proof);     or proof_json(&p.proof)
 *     prover_free(&p);
 *
 * Cost: a receipt reads its block's leaves, and of the history at most two rows a level; a
 * statement its lines. Nothing grows with the length of the ledger but the chain of validator sets,
 * which every proof carries, by one item an epoch.
 *
 * Every function returns STATUS_OK; STATUS_NOT_FOUND (no such entry, epoch, ...); STATUS_NO_QUORUM
 * (the block p->unsealed has no seal here yet, nor, where a later one would do, any behind it);
 * STATUS_DAMAGED (rows that do not fit one another); or what the reader returned. A prover makes
 * one proof.
 */
#ifndef LEDGER_PROVE_H
#define LEDGER_PROVE_H

#include "ledger/arena.h"
#include "ledger/prove_reading.h"
#include "ledger/reader.h"
#include "proof/proof.h"

struct prover {
    struct proof proof; /* complete after STATUS_OK; valid until prover_free */
    struct ledger_reader *reader;
    struct arena arena;      /* what the proof points to */
    uint64_t unsealed;       /* STATUS_NO_QUORUM: this height ... */
    uint16_t signed_by;      /* ... has so many signatures ... */
    uint16_t quorum;         /* ... of so many */
    struct seal *seal;       /* scratch */
    struct epoch_row *epoch; /* scratch: of the last height asked for */
};

void prover_init(struct prover *p, struct ledger_reader *reader);
void prover_free(struct prover *p);

/* P1: the block has a seal of its own. Block 0 needs none and has none. */
enum status prove_seal(struct prover *p, uint64_t height);

/* P2: the chain of validator sets up to that of an epoch. STATUS_NOT_FOUND: it has not begun. */
enum status prove_epochs(struct prover *p, uint64_t epoch);

/* P3: an entry by its id, also of a hold's expiry or an enactment. withhold: without transaction
 * and effects. If its block has no seal of its own, a later one's covers it. */
enum status prove_receipt(struct prover *p, const struct digest *id, bool withhold);

/* P4: the history at `to` continues that at `from`; 1 <= from < to, both with seals of their own.
 */
enum status prove_history(struct prover *p, uint64_t from, uint64_t to);

/* P5: a reading of the state, present or absent. STATUS_NO_QUORUM also if only a later block has a
 * seal: a newer reading is wanted then. */
enum status prove_state(struct prover *p, const struct state_reading *reading);

/* P5 in the past: a balance as it was after block `height`. The last movement up to there, and the
 * next one; reading is looked at only where there is no next one, and may be NULL otherwise.
 * STATUS_STALE: it is wanted (NULL), or is older than the movement. STATUS_NOT_FOUND: no movement
 * with an entry of its own is at or below height. */
enum status prove_balance_at(struct prover *p, const struct id *account, const struct id *asset,
                             uint64_t height, const struct state_reading *reading);

/* ---- P6: a transaction that was not executed and never can be ---------------------------------
 */

/* What a reading must be of: the window entry of its reference, or its lane. */
void absence_question(const struct transaction *tx, struct state_question *question);

/* What such a reading says of it. */
enum absence_shown {
    ABSENCE_SHOWN,     /* it is proven */
    ABSENCE_TOO_EARLY, /* block time has not passed its not_after: it may still be executed */
    ABSENCE_TOO_LATE,  /* the window has passed it: absence says nothing any more */
    ABSENCE_PRESENT,   /* it was executed */
    ABSENCE_LANE_USED, /* another has its place in the lane, or it has it itself */
};
enum absence_shown absence_of(const struct transaction *tx, const struct state_reading *reading);

/* tx: decoded, also from a body alone. STATUS_STALE: the reading does not show it. */
enum status prove_absence(struct prover *p, const struct transaction *tx,
                          const struct state_reading *reading);

/* Instead, by the other transaction that has its place in the lane. Looked for among the newest
 * PROVE_LANE_ENTRIES_MAX entries of the account. STATUS_NOT_FOUND: it is not there. */
enum { PROVE_LANE_ENTRIES_MAX = 100000 };
enum status prove_absence_other(struct prover *p, const struct transaction *tx);

/* ---- P7: all movements of a balance -----------------------------------------------------------
 */

/* Movements first ... first + count - 1 of a balance, those above block from_height and up to block
 * to_height with the one before them. A page is a range with less of them: not a proof by itself,
 * but the lines of all pages, with the first one's head and the closing of any, are one. */
struct statement_range {
    struct id account, asset;
    uint64_t from_height, to_height;
    uint64_t first; /* seq; at least 1 */
    uint32_t count; /* at most PROVE_LINES_MAX */
    uint64_t last;  /* seq of the last up to to_height; 0: it has not moved by then */
};
enum { PROVE_LINES_MAX = 1000000 };

/* STATUS_TOO_LARGE: more than PROVE_LINES_MAX lines. A balance that does not exist has none. */
enum status prove_statement_range(struct ledger_reader *reader, const struct id *account,
                                  const struct id *asset, uint64_t from, uint64_t to,
                                  struct statement_range *range);

/* The end is shown by the next movement's receipt or, if there is none, by the reading of the
 * balance. STATUS_STALE: it is wanted, and is NULL or too old. */
enum status prove_statement(struct prover *p, const struct statement_range *range,
                            const struct state_reading *reading);

/* P9: a row of the table evidence. */
enum status prove_evidence(struct prover *p, const struct evidence_row *row);

/* ---- for the files of the prover ------------------------------------------------------------- */

/* A piece of the arena with these bytes; NULL without memory. */
void *prover_keep(struct prover *p, struct span bytes);
bool prover_keep_span(struct prover *p, struct span bytes, struct span *kept);

/* The block of this height with a quorum's seal. */
enum status prover_sealed(struct prover *p, uint64_t height, struct sealed *sealed);

/* The chain of validator sets, at the end of the proof, up to an epoch. */
enum status prover_chain(struct prover *p, uint64_t epoch);

/* A receipt inside of any proof. */
enum status prover_receipt(struct prover *p, const struct digest *id, bool withhold,
                           struct receipt *receipt);
enum status prover_receipt_at(struct prover *p, uint64_t position, struct receipt *receipt);

/* The head of a balance's chain after its movement number seq; zeros for 0. */
enum status prover_movement_head(struct prover *p, const struct id *account, const struct id *asset,
                                 uint64_t seq, struct digest *head);

/* A reading inside of any proof, with the seal of its block. */
enum status prover_reading(struct prover *p, const struct state_reading *reading,
                           struct state_proof *state);

#endif
