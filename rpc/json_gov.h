/* rpc/json_gov.h -- proposals and what they would do, as the JSON of openrpc.json.
 *
 * As in rpc/json_ledger.h: new references, NULL without memory.
 */
#ifndef RPC_JSON_GOV_H
#define RPC_JSON_GOV_H

#include "ledger/reader.h"
#include "rpc/backend.h"
#include "rpc/method.h"

/* What proposals are judged by: the members and parameters of the snapshot, and its block time.
 * About 100 KiB. */
struct gov_facts {
    uint64_t time_ms;
    struct params params;
    uint16_t member_count;
    struct member members[BALLOTS_MAX]; /* ascending by account */
};

enum status gov_facts_read(struct ledger_reader *reader, struct gov_facts *facts);

/* The least number of yes that is more than the fraction of the members. */
uint64_t votes_needed(uint64_t fraction, uint64_t members);

/* The record's status, but "rejected" for an open one whose deadline has passed. */
uint8_t proposal_status_at(const struct proposal_record *record, uint64_t time_ms);

/* Reads the ballots, and the enactment if there was one. *status says why NULL. */
json_t *json_proposal(struct ledger_reader *reader, const struct proposal_row *proposal,
                      const struct gov_facts *facts, enum status *status);

/* Which of these actions, how many, and what the ledger says of them. */
struct preview_subject {
    const struct action *actions;
    uint8_t count;
    const struct preview *preview;
};

json_t *json_preview(struct ledger_reader *reader, const struct preview_subject *subject,
                     const struct gov_facts *facts, const struct node_view *view);

#endif
