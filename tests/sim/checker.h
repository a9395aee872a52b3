/* tests/sim/checker.h -- what must hold, after every event, judged by code of its own.
 *
 * The checker sees what a replica says and what is on its disk, never inside it. It shares formats
 * with the product (codec, hashes of bytes) and no rule: quorums, certificates, execution are
 * computed again in the simplest way. Every check has a name, so that a planted bug can be said to
 * be killed by it.
 */
#ifndef SIM_CHECKER_H
#define SIM_CHECKER_H

#include "ledger/ledger.h"
#include "ledger/reader.h"
#include "plan.h"

enum check_name {
    CHECK_NONE,
    CHECK_AGREEMENT,       /* two batches decided at one index, or two blocks at one height */
    CHECK_SEAL,            /* a seal that is stored or served does not hold, or two at one height */
    CHECK_CERTIFICATE,     /* a proof of decision that does not hold */
    CHECK_SLOT,            /* two statements of one honest member for one slot, restarts included */
    CHECK_DURABLE,         /* said before it was on the disk; or not on it after a crash */
    CHECK_ORDER,           /* decisions or blocks not ascending, one by one, or twice */
    CHECK_EXECUTION,       /* result, balances or supply differ from the reference executor's */
    CHECK_ONCE,            /* a transaction twice in the chain, or one that nobody has sent */
    CHECK_RECEIPT,         /* what a client was told is so no more */
    CHECK_MONOTONE,        /* view, decided index or sealed height of a running node fell */
    CHECK_BOUNDS,          /* a queue or a memory beyond its limit */
    CHECK_HONEST_ACCUSED,  /* an honest node was accused of a fault */
    CHECK_STOPPED,         /* a node ended itself, or cannot start, without cause */
    CHECK_REPLAY,          /* a journal or ledger that a crash left cannot be opened */
    CHECK_LIVENESS,        /* no progress of a healed quorum, or not everything final */
    CHECK_SILENCE,         /* something is written although nothing happens */
    CHECK_LOST_UNSYNCED,   /* a journal was cut before what stands for it is durable */
    CHECK_ELECTION_SAFETY, /* Raft: two leaders of a term */
    CHECK_LEADER_APPEND_ONLY,  /* Raft: a leader replaced entries of its own log */
    CHECK_LOG_MATCHING,        /* Raft: one index and term, but different logs up to there */
    CHECK_LEADER_COMPLETENESS, /* Raft: a leader without what was decided before its term */
    CHECK_STATE_MACHINE,       /* Raft: two entries decided at one index */
    CHECK_READS,               /* Raft: a read of the latest state that missed something */
    CHECK_NAMES
};
extern const char *const check_names[CHECK_NAMES]; /* "agreement", "one-vote", ... */

struct checker;

/* The first violation is reported through `failed`, once. */
struct checker *checker_new(const struct plan *plan, const struct genesis *genesis,
                            void (*failed)(void *user, enum check_name name, const char *text),
                            void *user);
void checker_free(struct checker *checker);

/* Members that are neither liars nor twins are honest; checks of promises concern them alone. */

/* A record of this replica's journal was handed over for writing; its number and bytes. */
void checker_appended(struct checker *checker, uint16_t replica, uint64_t record, uint8_t kind,
                      struct span payload);
/* Its disk has synced everything up to this record. */
void checker_durable(struct checker *checker, uint16_t replica, uint64_t record);
/* Records below this one were deleted. */
void checker_cut(struct checker *checker, uint16_t replica, uint64_t record);
/* It crashed: records behind `record` are gone. After a restart: every record that the journal
 * replayed, then checker_restored. `forgot`: its journal was taken away by the plan. */
void checker_crashed(struct checker *checker, uint16_t replica);
void checker_replayed(struct checker *checker, uint16_t replica, uint64_t record, uint8_t kind,
                      struct span payload);
void checker_restored(struct checker *checker, uint16_t replica, bool forgot);

/* It sends this frame (before a liar's decoration; honest members only). */
void checker_sent(struct checker *checker, uint16_t replica, uint8_t frame, struct span payload);

/* It has this decided batch executed. */
void checker_orders(struct checker *checker, uint16_t replica, uint64_t index);
/* Its ledger executed a batch or a block: after the commit. */
void checker_executed(struct checker *checker, uint16_t replica, const struct execution *execution);
/* Its ledger stands at this height again after a crash (0: it is gone). */
void checker_ledger_at(struct checker *checker, uint16_t replica, uint64_t height);

/* It stores this seal. */
void checker_sealed(struct checker *checker, uint16_t replica, const struct seal *seal);

/* A transaction was made by a client; bytes as submitted. Before anything else knows it. */
void checker_made(struct checker *checker, const struct digest *txid, struct span bytes);
/* A client was told by this replica that its transaction is in a sealed block. */
void checker_receipt(struct checker *checker, uint16_t replica, const struct digest *txid,
                     uint64_t height, uint16_t code);

/* A client was told by this replica that this block is committed, sealed or not. */
void checker_acknowledged(struct checker *checker, uint16_t replica, uint64_t height);
/* The height that a read of the latest state must show at least if it is asked for now. */
uint64_t checker_read_floor(const struct checker *checker);
/* Such a read has its answer, from a ledger of this height. */
void checker_read(struct checker *checker, uint16_t replica, uint64_t floor, uint64_t height);

/* After each event of a replica: what only rises. */
void checker_status(struct checker *checker, uint16_t replica, uint64_t view, uint64_t decided,
                    uint64_t sealed);

/* At the end: receipts, sums, and every account of this ledger against the reference executor. */
void checker_finish(struct checker *checker, uint16_t replica, struct ledger_reader *reader);

/* Blocks agreed on so far; transactions in them; the reference's result of a transaction, false if
 * it is in no block. */
uint64_t checker_height(const struct checker *checker);
uint64_t checker_committed(const struct checker *checker);
uint32_t checker_holds(const struct checker *checker); /* that have not ended after those blocks */
bool checker_result(const struct checker *checker, const struct digest *txid, uint64_t *height,
                    uint16_t *code);

#endif
