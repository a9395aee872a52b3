/* rpc/names.h -- a list of names from the settings, which threads of RPC read while a reload
 * replaces it: allowed hosts and origins, disabled methods.
 */
#ifndef RPC_NAMES_H
#define RPC_NAMES_H

#include "crypto/base.h"

enum { NAMES_MAX = 32 };

struct names; /* owns its copies */

/* An empty list; NULL without memory. */
struct names *names_new(void);
void names_free(struct names *names);

/* Other names, copied, at most NAMES_MAX. STATUS_NO_MEMORY: the old ones stay. */
enum status names_set(struct names *names, const char *const *items, size_t count);

/* The names as they are now, unchanged until names_done. Any number of threads at once. */
size_t names_read(struct names *names, const char *const **items);
void names_done(struct names *names);

#endif
