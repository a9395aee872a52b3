/* node/import.h -- bulk payments from a CSV file, each exactly once, whatever breaks on the way.
 *
 * A row becomes one transaction of its payer with two operations: a record `import/SET/REF` of the
 * payer that must not exist yet and holds the memo, and the transfer. The record makes the
 * ledger itself refuse a second payment of that row for ever, so an import that broke off is simply
 * run again: rows whose record is there are not even sent.
 *
 *     read      every row is checked before anything is sent
 *     accounts  which exist, and what payers have (100 calls a request)
 *     records   which rows are paid already (the same)
 *     make      accounts that are missing, by the treasury, 100 operations a transaction
 *     fund      each payer gets what its rows to be sent exceed its balance by
 *     send      `in_flight` rows at once to all nodes in turn (rpc/sender.h)
 *
 * Balances are read before records: should rows of an import that broke off be committed in
 * between, they are found, and their money is not minted a second time.
 *
 * Called by `witan tx import` and by the payments run. The file is read once for each of the three
 * stages that need it and must not change meanwhile; memory is 17 bytes for a row and 48 for an
 * account, however long the file is.
 */
#ifndef NODE_IMPORT_H
#define NODE_IMPORT_H

#include "format/transaction.h"
#include "node/import_map.h"
#include "node/sample.h"
#include "rpc/sender.h"

enum import_stage {
    IMPORT_READ,
    IMPORT_ACCOUNTS,
    IMPORT_RECORDS,
    IMPORT_MAKE,
    IMPORT_FUND,
    IMPORT_SEND,
    IMPORT_DONE,
};

struct import_report {
    enum import_stage stage;
    uint64_t stage_done, stage_total; /* rows or accounts of the stage; total 0: not known yet */
    uint64_t rows;
    uint64_t found;     /* paid before: not sent, or refused by the ledger because of the record */
    uint64_t committed; /* with result ok */
    uint64_t failed;    /* committed with another result */
    uint64_t refused;   /* by the nodes */
    uint64_t open;      /* not known: run the import again */
    uint64_t accounts_created, accounts_funded;
    struct sample latency_us;      /* of committed rows */
    uint64_t send_us;              /* of the stage */
    uint64_t gap_us;               /* longest time between two ends of rows */
    char problem[IMPORT_TEXT_MAX]; /* of the first row that was not paid */
};

struct import_options {
    const char *path;
    char delimiter;
    const char *columns[IMPORT_COLUMNS]; /* as import_map_open wants them */
    const char *set;                     /* of payments: 1 .. IMPORT_SET_MAX bytes, no slash */
    const char *names; /* the set of names that payers and payees belong to; likewise */
    struct digest chain_id;
    const struct secret_key *key; /* signs everything */
    struct id asset;
    unsigned scale;
    bool named;         /* payers and payees are names, accounts of `treasury`'s making */
    struct id treasury; /* registrar, and issuer if fund */
    bool fund;
    const char *const *urls;
    size_t url_count;
    uint32_t in_flight;
    uint64_t expires_ms; /* how long a transaction may be executed; 0: five minutes */
    FILE *result;        /* a line for each row; or NULL */

    /* Now and then; true: end as soon as may be. May be NULL. */
    bool (*tick)(void *context, const struct import_report *report);
    void *context;
};

/* STATUS_OK if every row was brought to an end of which the report tells, be it a good one or not.
 * Else nothing further was sent: STATUS_INVALID, STATUS_MALFORMED (the file), STATUS_NOT_FOUND (the
 * file, an account), STATUS_REFUSED (an account could not be made or funded), STATUS_CLOSED
 * (stopped), STATUS_TIMEOUT (no node answers), STATUS_IO, STATUS_NO_MEMORY. The report holds what
 * was done in every case; import_report_free. */
enum status import_run(const struct import_options *options, struct import_report *report,
                       struct problem *problem);
void import_report_free(struct import_report *report);

/* "reading", "looking up", ... */
const char *import_stage_word(enum import_stage stage);

#endif
