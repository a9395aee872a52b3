/* rpc/ledger_find.h -- where a transaction stands, from the ledger: the node's rpc_backend.find_tx.
 */
#ifndef RPC_LEDGER_FIND_H
#define RPC_LEDGER_FIND_H

#include "rpc/backend.h"

/* context is ignored. place->found is false if no block holds it; head and seal are filled in
 * anyway. Whatever the reader says; never STATUS_NOT_FOUND. */
enum status ledger_find_tx(void *context, struct ledger_reader *reader, const struct digest *txid,
                           struct tx_place *place);

#endif
