/* rpc/methods.c -- the method table. */
#include "rpc/methods.h"

const struct rpc_method *const rpc_methods[] = {
#define X(name) &method_##name,
    RPC_METHOD_LIST(X)
#undef X
};

const size_t rpc_method_count = sizeof rpc_methods / sizeof rpc_methods[0];
