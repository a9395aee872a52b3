/* Step 3 of execution: what ends by itself is the beginning of a block. */
#include "ledger/holds.h"
#include "ledger/ledger_inside.h"
#include <stdlib.h>

static void expire_one(struct ledger *ledger, const struct id *hold, struct execution *execution)
{
    static const struct outcome expired = { RESULT_ok, 0 };
    struct executor *x = &ledger->executor;
    uint32_t index = execution->entry_count;
    struct digest id = hold_entry_id(hold);
    hold_expire(x, hold, index);
    if (state_status(x->state) != STATUS_OK) return;
    ledger->leaves[index] = ledger_write_system(ledger, ENTRY_EXPIRY, &id, index, expired);
    execution->entries[execution->entry_count++] =
        (struct executed_entry){ .kind = ENTRY_EXPIRY, .id = id, .code = RESULT_ok };
}

/* Nothing of the block is in the state yet, so the rows tell all that is due. */
static enum status expire_due(struct ledger *ledger, struct execution *execution, struct id *ids)
{
    struct executor *x = &ledger->executor;
    uint32_t count = holds_due(x, ids);
    if (state_status(x->state) == STATUS_OK && !ledger_reserve_entries(ledger, execution, count))
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < count && state_status(x->state) == STATUS_OK; i++)
        expire_one(ledger, &ids[i], execution);
    return state_status(x->state);
}

enum status ledger_expire(struct ledger *ledger, struct execution *execution)
{
    const struct executor *x = &ledger->executor;
    if (holds_next_due_ms(x) > x->time_ms) return STATUS_OK;
    struct id *ids = calloc(x->params->values[PARAM_hold_sweep_max], sizeof *ids);
    if (!ids) return STATUS_NO_MEMORY;
    enum status status = expire_due(ledger, execution, ids);
    free(ids);
    return status;
}
