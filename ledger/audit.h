/* ledger/audit.h -- is this ledger what its genesis and its signed transactions give?
 *
 * `witan audit verify` reads a ledger.db, read-only and offline, and believes no stored hash. Input
 * are only the raw bytes of headers, transactions and seal signatures, and the genesis. From them
 * it recomputes hashes, links, times and seals, executes every transaction again in an empty ledger
 * of its own, and compares each header with what that gives:
 *
 *     genesis --> empty ledger --execute(transactions of block 1)--> header' ?= header 1
 *                                --execute(transactions of block 2)--> header' ?= header 2 ...
 *
 * A header says everything about the state after its block, so equal headers mean an equal state.
 * At the end every row of every table and index is compared with those of the ledger that was
 * executed again (ledger/audit_rows.h): a balance that was edited where it lies is found although
 * every hash of the chain is right. That needs the state at the file's own head; where the audit
 * ends below it, or could not execute so far, the report says that rows were not compared.
 *
 * When a header is not what execution gives, the next block decides which of both the chain goes on
 * from, by its parent hash: if it names the executed one, the stored header was altered and the
 * audit goes on; else transactions or the genesis were, and what follows is only checked for links
 * and seals, which the report says.
 *
 * Seals. A block is covered by its own quorum or by that of a later block, whose history root
 * commits to it. A node that was down may lack signatures of a block forever, so a missing or short
 * seal below a sealed block is a note, unless every_seal asks for more. What signatures are there
 * must be right. (ledger.md, section 12; docs/reference/findings.md)
 */
#ifndef LEDGER_AUDIT_H
#define LEDGER_AUDIT_H

#include "format/block.h"
#include <jansson.h>

enum finding_severity { FINDING_ERROR, FINDING_NOTE };

/* X(code, severity, one sentence). The table of docs/reference/findings.md is this one; a test
 * compares them. Codes of what this release does not build are named for later ones. */
#define FINDING_LIST(X) \
    X(genesis_invalid, ERROR, "The genesis does not pass its own checks.") \
    X(genesis_other_chain, ERROR, "The ledger, or a header, is of another chain.") \
    X(genesis_state_mismatch, ERROR, "Block 0 is not what the genesis gives.") \
    X(block_missing, ERROR, "A block that later ones build on is not there.") \
    X(header_malformed, ERROR, "The bytes of a header are not a header.") \
    X(block_hash_mismatch, ERROR, "The stored hash is not the hash of the header.") \
    X(parent_mismatch, ERROR, "Height or parent hash do not continue the block before.") \
    X(history_mismatch, ERROR, "The history root is not that of the blocks before.") \
    X(time_not_rising, ERROR, "The time is not above that of the block before.") \
    X(horizon_wrong, ERROR, "The window horizon is not the one that the times before give.") \
    X(epoch_link_broken, ERROR, "Epoch or sequence do not continue those before.") \
    X(validators_mismatch, ERROR, "The validator set is not the one in force.") \
    X(members_mismatch, ERROR, "The members are not those that execution gives.") \
    X(params_mismatch, ERROR, "The parameters are not those that execution gives.") \
    X(tick_without_reason, ERROR, "A block without entries was not due, or is not marked.") \
    X(seal_missing, ERROR, "No signature of the block is stored.") \
    X(seal_below_quorum, ERROR, "Fewer valid signatures are stored than a quorum.") \
    X(seal_bad_signature, ERROR, "A stored signature of the block does not verify.") \
    X(seal_unknown_signer, ERROR, "A stored signature belongs to no validator of the set.") \
    X(seal_other_block, ERROR, "A stored signature is over another block's hash.") \
    X(tx_malformed, ERROR, "A transaction of the block does not decode or is of another chain.") \
    X(tx_bad_signature, ERROR, "A signature of a transaction does not verify.") \
    X(tx_not_permitted, ERROR, "A transaction lacks the authorisation of an actor.") \
    X(tx_outside_window, ERROR, "A transaction stands in a block outside its time.") \
    X(tx_duplicate, ERROR, "A transaction stands in the chain twice.") \
    X(ref_reused, ERROR, "A client reference was used for a second transaction.") \
    X(lane_broken, ERROR, "A lane number is not the next of its lane.") \
    X(limit_exceeded, ERROR, "A block or a transaction is larger than the parameters allow.") \
    X(entry_count_mismatch, ERROR, "Execution gives another number of entries.") \
    X(tx_root_mismatch, ERROR, "Execution gives other entries or results.") \
    X(result_mismatch, ERROR, "Execution gives another result code.") \
    X(effects_mismatch, ERROR, "Execution gives other effects.") \
    X(state_root_mismatch, ERROR, "Execution gives another state.") \
    X(governance_mismatch, ERROR, "Execution does not end the epoch here, or does.") \
    X(supply_mismatch, ERROR, "The balances of an asset do not add up to its supply.") \
    X(holds_mismatch, ERROR, "Reserved amounts do not add up to the holds.") \
    X(floor_broken, ERROR, "A balance is below its floor.") \
    X(movement_chain_broken, ERROR, "A movement does not continue its balance's chain.") \
    X(row_missing, ERROR, "A row of the state or history is missing.") \
    X(row_extra, ERROR, "A row stands in a table that execution does not give.") \
    X(row_mismatch, ERROR, "A row differs from what execution gives.") \
    X(leaf_mismatch, ERROR, "A leaf of the state tree differs from its row.") \
    X(slot_mismatch, ERROR, "A stored subtree differs from its leaves.") \
    X(index_mismatch, ERROR, "An index differs from its table.") \
    X(view_mismatch, ERROR, "An audit view differs from its tables.") \
    X(sqlite_damaged, ERROR, "SQLite cannot read the file.") \
    X(unsealed_tail, NOTE, "The last blocks are not covered by a seal yet.") \
    X(pruned_range, NOTE, "Transactions of a range are no longer kept.") \
    X(crash_model_range, NOTE, "Blocks were sealed under the crash-fault model.") \
    X(evidence_found, NOTE, "Evidence of misbehaviour is stored.") \
    X(truncated_by_recovery, NOTE, "A recovery cut the chain.")

enum finding_code {
#define X(code, severity, text) FINDING_##code,
    FINDING_LIST(X)
#undef X
        FINDING_COUNT
};

const char *finding_name(enum finding_code code);
const char *finding_text(enum finding_code code);

#define FINDING_NO_ENTRY UINT32_MAX
enum { FINDING_TEXT = 320 };

struct finding {
    enum finding_code code;
    enum finding_severity severity;
    uint64_t height;
    uint32_t entry; /* FINDING_NO_ENTRY: of the block as a whole */
    char text[FINDING_TEXT];
};

struct audit_progress {
    uint64_t height, last; /* done, and where it ends */
    uint64_t rows;         /* compared; 0 until all blocks are done */
    double blocks_per_second;
    uint64_t remaining_ms;
    uint32_t errors;
};

#define AUDIT_NO_THREADS UINT32_MAX

/* Where an earlier audit ended; read out of its report (audit_mark_read). */
struct audit_mark {
    uint64_t height; /* executed up to here, without a finding */
    uint64_t sealed_height;
    struct digest hash;    /* of that block */
    struct digest scratch; /* of every byte of the ledger that was executed again */
};

struct audit_options {
    uint64_t last;         /* highest height to check; 0 = all there are */
    uint32_t findings_max; /* kept in the report, all are counted; 0 = 1000 */
    bool every_seal;       /* a block without an own quorum is an error */
    bool immutable;        /* the file is on a medium that cannot be written, or a copy at rest */
    /* File for the ledger that is executed again; it must not exist. NULL: one without a name,
     * which SQLite keeps in memory up to its cache and then in the directory for temporary files.
     */
    const char *scratch;
    /* Goes on behind an earlier audit, in its scratch file. NULL: from the genesis. */
    const struct audit_mark *from;
    uint32_t threads; /* that verify signatures ahead; 0 = a processor each but one */
    /* Signatures that are known to be valid, and room for more; borrowed. NULL = one of its own. */
    struct verify_cache *cache;
    const char *program; /* name and version for the report; may be NULL */

    /* Called now and then, and at the end. false stops the audit: incomplete. May be NULL. */
    bool (*progress)(void *context, const struct audit_progress *progress);
    uint64_t (*clock_ms)(void *context); /* for rate and remaining time; may be NULL */
    void *context;
};

struct audit_report {
    char program[64];
    char network[33];
    struct digest chain_id;
    uint64_t first, last;                /* range of heights looked at */
    uint64_t executed_to;                /* every block up to here was executed again */
    uint64_t sealed_height;              /* highest block with a quorum of valid signatures */
    uint64_t blocks, entries;            /* read */
    uint64_t signatures;                 /* of seals, valid */
    uint64_t seals;                      /* quorums */
    uint64_t rows;                       /* of tables and indexes, compared */
    bool rows_compared;                  /* all of them */
    uint64_t idle_batches;               /* behind the last block, as the file says */
    bool has_scratch;                    /* a file was named, and is complete: */
    struct digest scratch;               /* of all its bytes */
    struct digest head_hash, state_root; /* of the last block that was executed */
    bool complete;                       /* looked at everything that was asked for */
    char incomplete[FINDING_TEXT];       /* why not */

    uint32_t error_count, note_count; /* all, also those not kept */
    uint32_t finding_count;           /* kept, in the order found */
    uint32_t findings_max;
    struct finding *findings;
};

/* Audits path. STATUS_OK whatever it finds; *report is then to be freed. Another status means that
 * nothing was audited: the file is missing (STATUS_NOT_FOUND), not a ledger (STATUS_UNSUPPORTED),
 * cannot be read (STATUS_IO, STATUS_BUSY), the scratch file is in the way (STATUS_EXISTS) or not
 * the one of options->from (STATUS_MISMATCH), or memory ran out. */
enum status audit_verify(struct audit_report **report, const struct genesis *genesis,
                         const char *path, const struct audit_options *options,
                         struct problem *problem);
void audit_report_free(struct audit_report *report);

/* 0 clean, 7 findings, 6 incomplete without findings, 10 the genesis is not this ledger's. */
int audit_exit_code(const struct audit_report *report);

/* The report as people read it, appended to *out (UTF-8, lines), and as JSON (format
 * "witan-audit/1"; new reference, NULL without memory). */
enum status audit_report_text(const struct audit_report *report, struct buffer *out);
json_t *audit_report_json(const struct audit_report *report);

/* ---- signed, and gone on from (ledger/audit_resume.c) ---------------------------------------- */

/* Adds the members `auditor` (the public key) and `signature`, over the document without the
 * latter. false without memory. */
bool audit_report_sign(json_t *document, const struct secret_key *secret,
                       const struct public_key *auditor);

/* Where the audit ended that made this report. auditor: whose signature it must carry, or NULL.
 * STATUS_MALFORMED, STATUS_MISMATCH (another chain), STATUS_BAD_SIGNATURE, STATUS_UNSUPPORTED (it
 * has findings, is not complete, or left no scratch file to go on in). */
enum status audit_mark_read(const json_t *document, const struct public_key *auditor,
                            const struct digest *chain_id, struct audit_mark *mark,
                            struct problem *problem);

/* SHA-256 of a file. */
enum status audit_file_hash(const char *path, struct digest *hash, struct problem *problem);

/* ---- heads of several ledgers --------------------------------------------------------------- */

enum { AUDIT_LEDGERS_MAX = 256 };

struct audit_head {
    const char *path;
    enum status status; /* why it could not be read */
    uint64_t height, sealed_height;
    struct digest hash, state_root;
};

struct audit_comparison {
    bool equal;             /* all that could be read agree at common_height */
    uint64_t common_height; /* lowest of their heights */
    struct digest hash;     /* of the first one at that height */
    uint64_t differs_at;    /* first height at which any two differ; with !equal */
    uint32_t differing;     /* index of a ledger that is not like the first one */
    uint32_t readable;
};

/* Compares count ledgers (heads[i].path is set by the caller) up to their common height. A block
 * hash commits to everything before it, so the first difference is found by halving. */
enum status audit_compare(struct audit_head *heads, uint32_t count,
                          struct audit_comparison *comparison, struct problem *problem);

#endif
