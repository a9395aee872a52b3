/* node/import_accounts.h -- the accounts of an import, by id. */
#ifndef NODE_IMPORT_ACCOUNTS_H
#define NODE_IMPORT_ACCOUNTS_H

#include "crypto/base.h"

struct import_account {
    struct id id;
    uint64_t sum;     /* what its rows to be sent pay */
    uint64_t balance; /* what it has; of payers */
    bool pays;        /* a row has it as payer */
    bool wanted;      /* a row to be sent names it */
    bool exists;
};

/* A hash table that keeps its entries in the order of their arrival. Ids are uniformly distributed
 * already: they are hashes, or random. */
struct import_accounts {
    struct import_account *list; /* pointers into it live until the next addition */
    size_t count, capacity;
    uint32_t *slots; /* index + 1; 0: free */
    size_t slot_count;
};

/* The entry of an id, made if missing; NULL without memory. */
struct import_account *import_accounts_add(struct import_accounts *accounts, const struct id *id);
struct import_account *import_accounts_find(const struct import_accounts *accounts,
                                            const struct id *id);
void import_accounts_free(struct import_accounts *accounts);

#endif
