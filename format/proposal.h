/* format/proposal.h -- a proposal of the consortium, as the state keeps it.
 *
 *     record 0x80, key 5 | number u64:
 *     proposer 16 | class u8 | status u8 | params_version u64 | deadline_ms u64 | activate_ms u64 |
 *     passed_ms u64 | rationale 32 | u8 count, actions | u16 count, (member 16 | vote u8) by member
 *
 * Open while it has not been decided and block time has not passed its deadline. It passes as soon
 * as more than the fraction of its class of the present members say yes; it is rejected as soon as
 * that is out of reach: yes and those who have not voted are not more than it. An abstention is a
 * vote that is not yes. A ballot may be replaced until then. Past its deadline an open one counts
 * as rejected; its record keeps saying open, for nothing touches it.
 */
#ifndef FORMAT_PROPOSAL_H
#define FORMAT_PROPOSAL_H

#include "format/action.h"

enum proposal_status {
    PROPOSAL_OPEN = 1,
    PROPOSAL_PASSED = 2,
    PROPOSAL_REJECTED = 3,
    PROPOSAL_ENACTED = 4,
    PROPOSAL_FAILED = 5,
    PROPOSAL_WITHDRAWN = 6,
};

enum vote { VOTE_YES = 1, VOTE_NO = 2, VOTE_ABSTAIN = 3 };

const char *proposal_status_name(uint8_t status);
const char *vote_name(uint8_t vote);
bool vote_find(const char *name, uint8_t *vote);

enum { BALLOTS_MAX = CHAIN_MEMBERS_MAX };

struct ballot {
    struct id member;
    uint8_t vote; /* enum vote */
};

/* About 30 KiB: keep off small stacks. */
struct proposal_record {
    struct id proposer;
    uint8_t class;  /* enum proposal_class */
    uint8_t status; /* enum proposal_status */
    uint64_t params_version;
    uint64_t deadline_ms, activate_ms;
    uint64_t passed_ms; /* 0 unless it has passed */
    struct digest rationale;
    uint8_t action_count;
    struct action actions[ACTIONS_MAX];
    uint16_t ballot_count;
    struct ballot ballots[BALLOTS_MAX]; /* ascending by member */
};

void proposal_record_write(struct writer *w, const struct proposal_record *record);
enum status proposal_record_decode(struct span bytes, struct proposal_record *record);

/* The fields of a record in front of its actions: what there is to know of each proposal that
 * waits, without reading its ballots. */
struct proposal_head {
    struct id proposer;
    uint8_t class, status;
    uint64_t params_version;
    uint64_t deadline_ms, activate_ms, passed_ms;
};
enum status proposal_head_decode(struct span bytes, struct proposal_head *head);

/* Yes and no among the present members; others' ballots do not count. */
struct tally {
    uint16_t members, yes, no, abstain;
};
struct tally proposal_tally(const struct proposal_record *record, const struct member *members,
                            uint16_t member_count);

/* Whether the tally decides it under a fraction (numerator x 2^32 + denominator): PROPOSAL_PASSED,
 * PROPOSAL_REJECTED, or PROPOSAL_OPEN while it is open. */
enum proposal_status proposal_judge(const struct tally *tally, uint64_t fraction);

/* The fraction of a class among the parameters. */
uint64_t proposal_fraction(const struct params *params, uint8_t class);

#endif
