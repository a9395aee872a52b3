/* rpc/arguments.h -- parameters of a call, checked and decoded from the method's table.
 *
 * What is wrong is said with a JSON Pointer to the parameter, what was expected and what came, and
 * for an unknown name with the nearest one there is. An array stands for the parameters in their
 * order; null in an array leaves an optional parameter out.
 */
#ifndef RPC_ARGUMENTS_H
#define RPC_ARGUMENTS_H

#include "rpc/method.h"

/* Fills in call->arguments; params may be NULL (none given). false after a recorded error.
 * call->method is set. Strings stay owned by params. */
bool arguments_read(struct rpc_call *call, const json_t *params);

/* Frees decoded bytes; the arguments are zeros after. */
void arguments_free(struct rpc_call *call);

#endif
