/* tests/sim/model.h -- the state machine a second time, in the simplest way.
 *
 * Accounts, assets, balances, values, lanes and used references as plain records in memory; each
 * operation as ledger.md and formats-state.md say it, and no line shared with ledger/'s execution.
 * Only bytes are read with the product's decoder. There is no tree, no cache and no file: what it
 * holds after a block is what every ledger at that height must hold.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "format/transaction.h"
#include "ledger/reader.h"

struct model;

struct model *model_new(const struct genesis *genesis);
void model_free(struct model *model);

uint64_t model_height(const struct model *model); /* 0: the genesis */
uint64_t model_time_ms(const struct model *model);
uint64_t model_horizon_ms(const struct model *model); /* references below it are forgotten */

/* What comes of a transaction in a batch: skipped for a reason, or an entry with its result. */
struct model_result {
    enum refusal_code refusal; /* REFUSAL_none: an entry */
    struct digest txid;        /* zeros if it does not decode */
    uint16_t code;
    uint8_t at;
};

/* The next block begins, with its time, and holds that are due end: returns how many, each an
 * entry. Then transactions in order; it ends. If none is due and all were refused nothing has
 * happened, and it need not end: there is no block. */
uint32_t model_begin(struct model *model, uint64_t time_ms);
struct id model_expired(const struct model *model, uint32_t number); /* in their order */
struct model_result model_run(struct model *model, struct span transaction);
void model_end(struct model *model);

/* Does an asset's supply differ from the sum of its balances, or what is held of it in them from
 * its holds? Then false, with a sentence. */
bool model_sums_hold(struct model *model, struct problem *problem);

/* Every account, asset, balance, hold, value and lane of this ledger, which stands at the same
 * height, and no more. False with a sentence. */
bool model_equals(const struct model *model, struct ledger_reader *reader, struct problem *problem);

/* How many holds there are that have not ended. */
uint32_t model_holds(const struct model *model);

/* For tests: 0 without a record. */
int64_t model_posted(const struct model *model, const struct id *account, const struct id *asset);

#endif
