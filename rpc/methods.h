/* rpc/methods.h -- the names of all methods, in the order of rpc/openrpc.json.
 *
 * Each file methods_X.c defines its entries as `const struct rpc_method method_NAME`; rpc/methods.c
 * gathers them into rpc_methods[]. A test holds the table against the document, both ways.
 */
#ifndef RPC_METHODS_H
#define RPC_METHODS_H

#include "rpc/method.h"

/* X(name) */
#define RPC_METHOD_LIST(X) \
    X(node_status) \
    X(node_health) \
    X(peer_list) \
    X(chain_info) \
    X(chain_genesis) \
    X(chain_params) \
    X(epoch_list) \
    X(epoch_prove) \
    X(history_prove) \
    X(block_get) \
    X(block_list) \
    X(block_seal) \
    X(tx_submit) \
    X(tx_status) \
    X(tx_wait) \
    X(tx_get) \
    X(tx_list) \
    X(tx_decode) \
    X(tx_receipt) \
    X(tx_prove_absent) \
    X(account_get) \
    X(account_list) \
    X(account_history) \
    X(account_statement) \
    X(balance_get) \
    X(balance_list) \
    X(asset_get) \
    X(asset_list) \
    X(hold_get) \
    X(hold_list) \
    X(kv_get) \
    X(kv_list) \
    X(state_prove) \
    X(member_list) \
    X(validator_list) \
    X(gov_list) \
    X(gov_get) \
    X(gov_preview) \
    X(evidence_list) \
    X(mempool_status) \
    X(consensus_state) \
    X(rpc_discover) \
    X(admin_config) \
    X(admin_log_level) \
    X(admin_backup_create) \
    X(admin_shutdown)

#define X(name) extern const struct rpc_method method_##name;
RPC_METHOD_LIST(X)
#undef X

#endif
