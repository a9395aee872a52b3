/* genesis/genesis_internal.h -- what the files of the genesis document share with each other.
 *
 * A document is taken apart (genesis_parse.c) or decoded (genesis_encode.c), sorted
 * (genesis_sort.c), checked (genesis_check.c) and hashed (genesis.c). Sorting remembers where each
 * item stood, so that a check that fails afterwards still names the place in the operator's file.
 */
#ifndef GENESIS_GENESIS_INTERNAL_H
#define GENESIS_GENESIS_INTERNAL_H

#include "genesis/genesis.h"

/* For each array: order[i] is where the item that is now at i stood before. NULL: at i. */
struct genesis_order {
    uint32_t *members;
    uint32_t *validators;
    uint32_t *accounts;
    uint32_t *assets;
    uint32_t *balances;
};

static inline uint32_t order_place(const uint32_t *order, uint32_t i)
{
    return order ? order[i] : i;
}

/* An all-zero document without parameters; NULL without memory. */
struct genesis *genesis_blank(void);

/* Memory for an array of a document, zeroed and never NULL for want of items. */
void *genesis_array(size_t count, size_t size);

/* Everything of a JSON document but the relations between its parts. */
enum status genesis_read(const json_t *document, struct genesis *genesis, struct problem *problem);

/* Sorts all arrays but signers, and says where each item was; end with genesis_order_free. */
enum status genesis_sort(struct genesis *genesis, struct genesis_order *order);
void genesis_order_free(struct genesis_order *order);

/* Signers of one account by key. After the checks, whose messages count them as they came. */
void signers_sort(struct genesis_account *account);

/* Every rule that a sorted document must meet. */
enum status genesis_check(const struct genesis *genesis, const struct genesis_order *order,
                          struct problem *problem);

/* Its parts about what the ledger begins with, in genesis_check_ledger.c. */
enum status accounts_check(const struct genesis *genesis, const uint32_t *order,
                           struct problem *problem);
enum status assets_check(const struct genesis *genesis, const uint32_t *order,
                         struct problem *problem);
enum status balances_check(const struct genesis *genesis, const struct genesis_order *order,
                           struct problem *problem);

/* By id; -1 if there is none. The arrays must be sorted. */
int64_t genesis_find_member(const struct genesis *genesis, const struct id *account);
int64_t genesis_find_account(const struct genesis *genesis, const struct id *id);
int64_t genesis_find_asset(const struct genesis *genesis, const struct id *id);

/* One row of an engine's table of parameters. */
struct engine_row {
    const char *name;
    uint64_t standard;
    uint64_t least;
    uint64_t most;
};

/* The table, in the order of the documentation; NULL for an engine that is not built. */
const struct engine_row *engine_rows(enum engine_kind engine, size_t *count);

/* The value of a parameter of the engine, or NULL. */
const uint64_t *engine_param_find(const struct params *params, const char *name);

/* Inserts a parameter in its place by name; false if there is no room or it is there already. */
bool engine_param_add(struct params *params, const char *name, uint64_t value);

/* Words of the document's lists, in the order of their bits. */
extern const char *const role_names[3];
extern const char *const asset_flag_names[3];
extern const char *const fault_model_names[2]; /* [fault_model - 1] */
extern const char *const purpose_names[2];     /* [purpose - 1] */
extern const char *const engine_names[6];      /* [engine_kind - 1] */

#endif
