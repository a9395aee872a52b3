/* rpc/openrpc.h -- the OpenRPC document: what rpc.discover and GET /openrpc.json answer.
 *
 * rpc/openrpc.json is the contract, embedded as it stands. Tests hold it against the method table
 * and the table of errors, both ways, and check example answers against its schemas.
 */
#ifndef RPC_OPENRPC_H
#define RPC_OPENRPC_H

#include "crypto/base.h"

/* The bytes of the document; constant. */
struct span openrpc_text(void);

#endif
