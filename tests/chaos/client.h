/* tests/chaos/client.h -- clients whose every operation is written down.
 *
 * Several threads, each a client with its own connections to all validators, pay each other, write
 * and read records, and read balances and blocks, while the network breaks around them. What each
 * of them did, when it began and ended, and what it was told, becomes one line of NDJSON; the
 * checker tests/chaos/history.py compares all lines with the ledgers in the end and lists their
 * members. Times are CLOCK_MONOTONIC in ns, which all processes of a machine share.
 *
 * What is known after an operation that sends a transaction:
 *
 *     ok        committed: height, entry, code, and the block's hash
 *     rejected  refused for good, or never sent: it is in no ledger, ever
 *     expired   its time is over and no block holds it
 *     unknown   anything is possible, but not twice
 *
 * and after one that reads: ok, none (there is no such thing, at that height) or unknown.
 */
#ifndef CHAOS_CLIENT_H
#define CHAOS_CLIENT_H

#include "format/transaction.h"
#include "rpc/submit.h"

#include <stdatomic.h>
#include <stdio.h>

enum {
    ACCOUNTS = 16,
    KEYS = 8,          /* records that all clients change */
    REMEMBERED = 64,   /* transactions of one client that it may ask for or send again */
    SUBMIT_MS = 20000, /* of one submission to all nodes */
    READ_MS = 3000,    /* of one read */
    START_AMOUNT = 1000000,
};

/* What all clients share; constant once they run. */
struct bank {
    const char *urls[SUBMIT_NODES_MAX];
    size_t node_count;
    struct digest chain_id;
    struct id treasury;
    struct secret_key treasury_key, payer_key; /* the latter signs for all accounts */
    struct public_key payer_public;
    struct id asset, accounts[ACCOUNTS];
    char asset_text[ADDRESS_TEXT], account_text[ACCOUNTS][ADDRESS_TEXT];
    unsigned pace_ms; /* the mean pause between two operations of a client */
    FILE *history;
    atomic_bool stop;
};

/* A signed transaction as it is sent. */
struct sent {
    uint8_t *bytes; /* malloc */
    size_t size;
    struct digest txid;
    struct id source, reference;
    uint64_t not_after_ms;
};

struct worker {
    struct bank *bank;
    unsigned number;
    uint64_t random_state;
    uint64_t references;
    struct rpc_client *nodes[SUBMIT_NODES_MAX];
    uint64_t height; /* the highest that this client has been told of */
    struct transaction *tx;
    struct sent remembered[REMEMBERED];
    size_t remembered_count;
    uint64_t operations;
};

/* ---- client_calls.c: one operation each, written down ---- */

void worker_open(struct worker *w, struct bank *bank, unsigned number, uint64_t seed);
void worker_close(struct worker *w);

/* Uniform in 0 .. below - 1. */
uint64_t worker_draw(struct worker *w, uint64_t below);

/* Begins w->tx; add operations to it; signs it. forged: with a signature that does not verify. */
void tx_begin(struct worker *w, const struct id *source, uint64_t term_ms);
struct operation *tx_add(struct worker *w, enum operation_code code);
struct sent tx_sign(struct worker *w, const struct secret_key *key, bool forged);
void sent_free(struct sent *sent);

/* To all nodes in turn until it is final, by the rule of rpc/submit.h. Returns whether it was
 * committed with code ok. */
bool submit_everywhere(struct worker *w, const struct sent *sent, const char *what, bool again,
                       enum submit_until until);

/* To one node, once. again: the same bytes may have been sent before. */
void submit_once(struct worker *w, const struct sent *sent, const char *what, bool again);

/* min_height and at_height: 0 for none. */
void read_balance(struct worker *w, unsigned account, uint64_t min_height, uint64_t at_height);
void read_block(struct worker *w, uint64_t height); /* 0: the latest */
void read_status(struct worker *w, const struct sent *sent);

/* false: nothing is known. *version is 0 if there is no such record. */
bool read_record(struct worker *w, unsigned owner, const uint8_t key[1], uint64_t min_height,
                 uint64_t *version);

/* ---- client_run.c: what a client does all day ---- */

/* Accounts and money. false: some transaction did not come out as ok. */
bool run_setup(struct worker *w);

/* Until bank->stop. */
void run_day(struct worker *w);

_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
