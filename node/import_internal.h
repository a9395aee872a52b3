/* node/import_internal.h -- an import under way, shared by its files.
 *
 *     import.c         the stages, in order; reading and checking the file
 *     import_ask.c     look-ups: many of one method in one request, to any node that answers
 *     import_fund.c    accounts made and funded by the treasury
 *     import_send.c    the rows
 */
#ifndef NODE_IMPORT_INTERNAL_H
#define NODE_IMPORT_INTERNAL_H

#include "node/draft.h"
#include "node/import.h"
#include "node/import_accounts.h"

enum { IMPORT_BATCH = 100, IMPORT_EXPIRES_MS = 300000 };

struct import {
    const struct import_options *options;
    struct import_report *report;
    struct problem *problem;
    struct csv csv;
    struct import_map map;
    struct import_row row; /* the last one read */
    struct import_accounts accounts;
    uint8_t *found; /* by row number - 1: its record is there */
    size_t found_capacity;
    struct id *refs; /* hashes of the references, to find doubled ones */
    struct rpc_client *clients[SUBMIT_NODES_MAX];
    size_t client;       /* that answered last */
    uint64_t min_height; /* look-ups are answered from here or later: see import_ask.c */
    struct transaction *tx;
    uint8_t signer[SIGNER_BYTES];
    uint64_t ticked_ms;
    uint64_t ticked_done; /* of the stage, at that time */
    bool stopped;
};

/* Calls the caller's tick each 100 ms, and for each sixteenth of a stage; true: stop. */
bool import_tick(struct import *im);

/* Goes back to the first row. */
enum status import_rewind(struct import *im);

/* The next row into im->row; STATUS_NOT_FOUND behind the last. From the second stage on, a row that
 * was not there in the first is refused. */
enum status import_next(struct import *im);

/* Both for a whole stage: on_row for each row from the first one. */
enum status import_walk(struct import *im, enum status (*on_row)(struct import *im, void *context),
                        void *context);

/* import_ask.c */
enum status import_clients_open(struct import *im);
void import_clients_close(struct import *im);

/* One request with a call for each of params (an array, taken over). answer is called for each
 * with the result, or NULL if there is no such thing. */
enum status import_ask(struct import *im, const char *method, json_t *params,
                       enum status (*answer)(void *context, size_t index, const json_t *result),
                       void *context);

/* import_fund.c */
enum status import_accounts_stage(struct import *im);
enum status import_make_stage(struct import *im);
enum status import_fund_stage(struct import *im);

/* import_send.c */
enum status import_send_stage(struct import *im);

/* A line of the result file, and the row's place in the report. txid and status may be NULL. */
void import_result(struct import *im, const struct import_row *row, const struct digest *txid,
                   const char *word, const char *code, uint64_t height);

#endif
