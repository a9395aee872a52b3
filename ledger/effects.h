/* ledger/effects.h -- what an entry did, as canonical bytes: its effects and its movements.
 *
 * They are derived from the edits of the state (state_edit_at), one effect for each object that the
 * entry changed, whatever number of operations touched it; so nothing changes without an effect.
 * Changes of one balance within one entry are one effect, one `seq` and one movement, also when
 * they cancel out. A key that was absent before and after changed nothing; a hold that was made and
 * ended has ended. Only the sum of an asset's credit lines has no effect: it follows from balances.
 * Of governance, proposals have an effect; parameters, members and validators follow from the
 * proposal that was enacted.
 *
 * The list, u16 count and records ascending by bytes, is read back by format/effect_list.h.
 * (ledger.md, section 7)
 */
#ifndef LEDGER_EFFECTS_H
#define LEDGER_EFFECTS_H

#include "format/effect_list.h"
#include "format/proposal.h"
#include "ledger/state.h"

enum observed_what {
    OBSERVED_NOTHING = 0,
    OBSERVED_AVAILABLE = 1,
    OBSERVED_POSTED = 2,
    OBSERVED_SEQ = 3,
    OBSERVED_VERSION = 4,
    OBSERVED_HEIGHT = 5,
    OBSERVED_PARAMS_VERSION = 6,
    OBSERVED_SUPPLY_LEFT = 7,
};

/* What a failed assert or operation saw instead. */
struct observed {
    uint8_t what; /* enum observed_what */
    int64_t value;
};

enum {
    EFFECTS_GROUPED_MAX = 100, /* holds that the group operations of a transaction end */

    /* A new hold changes itself, two balances and the payee's account; each of those that a group
     * operation ends changes itself and two balances. */
    EFFECTS_MAX = 4 * TX_OPERATIONS_MAX + 3 * EFFECTS_GROUPED_MAX,
    MOVEMENTS_MAX = 2 * TX_OPERATIONS_MAX + 2 * EFFECTS_GROUPED_MAX,
    /* The most bytes that one operation needs: those of a kv effect with the longest key. */
    EFFECT_BYTES_MAX = 1 + 16 + 1 + TX_KEY_BYTES_MAX + 8 + 8 + 32,
    EFFECTS_BYTES_MAX = 2 + (TX_OPERATIONS_MAX + EFFECTS_GROUPED_MAX) * EFFECT_BYTES_MAX,
};

/* About 200 KiB: one a ledger, reused for each entry. */
struct effects {
    struct span list; /* into bytes */
    uint32_t movement_count;
    struct movement movements[MOVEMENTS_MAX];
    uint32_t record_count;
    struct span records[EFFECTS_MAX];
    struct proposal_record proposal; /* scratch */
    uint8_t bytes[EFFECTS_BYTES_MAX];
    uint8_t unsorted[EFFECTS_BYTES_MAX];
};

/* Ends a successful entry: gives each changed balance its next seq and head, writes the list and
 * the movements, and asserts the entry's invariants: for each asset the sum of its changes of
 * posted is the change of its supply, those of held_out and of held_in are the change of its holds,
 * supply stays within its maximum, nothing drawn below its floor. position is that of the entry. */
void effects_of_edits(struct effects *effects, struct state *state, const struct digest *entry_id,
                      uint64_t position);

/* The list of a failed entry: the observed value, or nothing. */
void effects_of_failure(struct effects *effects, const struct observed *observed);

#endif
