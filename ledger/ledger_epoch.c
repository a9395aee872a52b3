/* What a block decides about those after it: enactments, what is then in force, the next epoch. */
#include "ledger/governance.h"
#include "ledger/holds.h"
#include "ledger/ledger_inside.h"
#include <stdlib.h>

/* ---- step 4 of execution --------------------------------------------------------------------- */

enum status ledger_enact(struct ledger *ledger, struct execution *execution)
{
    uint64_t numbers[ENACTMENTS_MAX];
    struct executor *x = &ledger->executor;
    size_t count = governance_due(x, numbers);
    for (size_t i = 0; i < count && state_status(x->state) == STATUS_OK; i++) {
        uint32_t index = execution->entry_count;
        struct digest id = governance_entry_id(numbers[i]);
        struct outcome outcome = governance_enact(x, numbers[i], index, &ledger->next.ends_epoch);
        if (state_status(x->state) != STATUS_OK) break;
        if (outcome.code == RESULT_ok) ledger->next.enacted = true;
        ledger->leaves[index] = ledger_write_system(ledger, ENTRY_ENACTMENT, &id, index, outcome);
        execution->entries[execution->entry_count++] = (struct executed_entry){
            .kind = ENTRY_ENACTMENT,
            .id = id,
            .code = (uint16_t)outcome.code,
            .at = outcome.at,
        };
    }
    return state_status(x->state);
}

/* ---- what is in force ------------------------------------------------------------------------ */

void ledger_next_begin(struct ledger *ledger)
{
    ledger_next_drop(ledger);
    ledger->next = (struct ledger_next){ .committee_hash = ledger->committee_hash,
                                         .members_hash = ledger->members_hash,
                                         .params_hash = ledger->params_hash };
}

void ledger_next_drop(struct ledger *ledger)
{
    free(ledger->next.members);
    ledger->next.members = NULL;
}

enum status ledger_next_end(struct ledger *ledger)
{
    struct ledger_next *next = &ledger->next;
    if (!next->enacted) return STATUS_OK;
    governance_read_set(ledger->state, &next->committee);
    governance_read_params(ledger->state, &next->params);
    next->members = governance_read_members(ledger->state, &next->member_count);
    if (state_status(ledger->state) != STATUS_OK) return state_status(ledger->state);
    next->committee_hash = committee_hash(&next->committee);
    next->params_hash = params_hash(&next->params);
    next->members_hash = members_hash(next->members, next->member_count);
    return STATUS_OK;
}

/* The row of the epoch that begins behind the block. */
void ledger_next_write(struct ledger *ledger, const struct header *header)
{
    const struct ledger_next *next = &ledger->next;
    if (next->ends_epoch)
        store_write_epoch(ledger->store, header->epoch + 1, header->height + 1, &next->committee,
                          &next->params);
}

enum status ledger_next_take(struct ledger *ledger)
{
    struct ledger_next *next = &ledger->next;
    if (next->enacted) {
        free(ledger->members);
        ledger->committee = next->committee;
        ledger->params = next->params;
        ledger->members = next->members;
        ledger->member_count = next->member_count;
        next->members = NULL;
        ledger->committee_hash = next->committee_hash;
        ledger->params_hash = next->params_hash;
        ledger->members_hash = next->members_hash;
        ledger->executor.members = ledger->members;
        ledger->executor.member_count = ledger->member_count;
    }
    enum status status = holds_settle(&ledger->executor);
    return status == STATUS_OK ? governance_settle(&ledger->executor) : status;
}

uint64_t ledger_next_due_ms(const struct ledger *ledger)
{
    return min_u64(governance_next_due_ms(&ledger->executor), holds_next_due_ms(&ledger->executor));
}

/* ---- epochs ---------------------------------------------------------------------------------- */

enum status ledger_read_epoch(struct ledger *ledger, uint64_t number, struct epoch_record *epoch)
{
    struct header header;
    enum status status = ledger_status(ledger);
    if (status != STATUS_OK) return status;
    epoch->number = number;
    bool found = store_read_epoch(ledger->store, number, &epoch->committee, &epoch->params,
                                  &epoch->first_height);
    if (store_status(ledger->store) != STATUS_OK) return store_status(ledger->store);
    if (!found) return STATUS_NOT_FOUND;
    uint64_t boundary = epoch->first_height > 0 ? epoch->first_height - 1 : 0;
    found = store_read_block(ledger->store, boundary, &header, &epoch->boundary_hash);
    if (store_status(ledger->store) != STATUS_OK) return store_status(ledger->store);
    return found ? STATUS_OK : STATUS_DAMAGED;
}
