#include "consensus/raft.h"

static bool is_unsigned(const struct message *message)
{
    static const struct signature none;
    return memcmp(&message->signature, &none, sizeof none) == 0;
}

/* A vote is the one promise that is signed. */
static enum status check_vote(const struct engine_config *config, uint16_t from,
                              const struct message *message)
{
    const struct statement *statement = &message->statement;
    bool shape = statement->index == 0 && digest_is_zero(&statement->digest) &&
                 statement->aux < config->committee->count && message->attachment.size == 0;
    if (!shape) return STATUS_INVALID;
    return statement_verify(&config->domain, config->committee, config->cache, from, statement,
                            &message->signature);
}

/* An entry's place is where the message says, its batch is the one that came with it. */
static enum status check_entry(const struct engine_config *config, const struct message *message,
                               const struct append *append, struct message_facts *facts)
{
    const struct statement *statement = &message->statement;
    const struct proposal *proposal = &append->entry.proposal;
    if (proposal->index != statement->index + 1 || proposal->view > statement->view ||
        proposal->parent_view != append->before_view ||
        !digest_equal(&append->entry.digest, &statement->digest))
        return STATUS_MISMATCH;
    if (append->entry.has_members) {
        /* On a ledger's chain members change with epochs, whatever the engine. */
        if (engine_option(config, "members_in_log", 0) == 0) return STATUS_UNSUPPORTED;
        return message->batch.size == 0 ? STATUS_OK : STATUS_INVALID;
    }
    struct digest batch = digest_of(TAG_BATCH, message->batch);
    if (!digest_equal(&batch, &proposal->batch)) return STATUS_MISMATCH;
    facts->has_proposal = true;
    facts->proposal = *proposal;
    /* A leader alone decides what stands in the log, and an entry may be older than its term. */
    facts->certified = true;
    return STATUS_OK;
}

static enum status check_append(const struct engine_config *config, const struct message *message,
                                struct message_facts *facts)
{
    struct append append;
    enum status status = append_read(message->attachment, &append);
    if (status != STATUS_OK) return status;
    if (append.before_view > message->statement.view || append.commit >= TERM_LIMIT ||
        message->statement.aux != 0)
        return STATUS_INVALID;
    if (append.has_entry) return check_entry(config, message, &append, facts);
    return message->batch.size == 0 ? STATUS_OK : STATUS_INVALID;
}

static enum status check_request(const struct message *message)
{
    bool has_flag = message->statement.kind == VOTE_REQUEST;
    if (message->attachment.size != (has_flag ? 1u : 0u)) return STATUS_MALFORMED;
    if (has_flag && message->attachment.data[0] > 1) return STATUS_MALFORMED;
    bool possible = message->statement.aux < message->statement.view &&
                    digest_is_zero(&message->statement.digest);
    return possible ? STATUS_OK : STATUS_INVALID;
}

static enum status check_refusal(const struct message *message)
{
    struct refusal refusal;
    enum status status = refusal_read(message->attachment, &refusal);
    if (status != STATUS_OK) return status;
    /* Index 0 stands in every log; it is refused to whoever leads a term that is over. */
    bool possible = refusal.last < TERM_LIMIT && refusal.conflict_view < TERM_LIMIT &&
                    refusal.conflict_first <= message->statement.index;
    return possible ? STATUS_OK : STATUS_INVALID;
}

enum status raft_check(const struct engine_config *config, uint16_t from,
                       const struct message *message, struct message_facts *facts)
{
    const struct statement *statement = &message->statement;
    *facts = (struct message_facts){ .has_proposal = false };
    if (from >= config->committee->count) return STATUS_NOT_MEMBER;
    if (statement->kind == 0 || statement->kind >= RAFT_KINDS) return STATUS_INVALID;
    if (statement->view == 0 || statement->view > TERM_HEARD_MAX) return STATUS_INVALID;
    if (statement->index >= TERM_LIMIT) return STATUS_INVALID;
    if (statement->kind == APPEND) {
        if (!is_unsigned(message)) return STATUS_INVALID;
        return check_append(config, message, facts);
    }
    if (message->batch.size != 0) return STATUS_INVALID;
    if (statement->kind == VOTE) return check_vote(config, from, message);
    if (!is_unsigned(message)) return STATUS_INVALID;
    switch ((enum raft_kind)statement->kind) {
    case VOTE_REQUEST:
    case PRE_VOTE_REQUEST: return check_request(message);
    case APPEND_REFUSAL: return check_refusal(message);
    default: return message->attachment.size == 0 ? STATUS_OK : STATUS_INVALID;
    }
}

enum status raft_check_decided(const struct engine_config *config, const struct proposal *proposal,
                               struct span proof)
{
    (void)config;
    if (proposal->view > TERM_HEARD_MAX || proposal->index >= TERM_LIMIT) return STATUS_INVALID;
    return commit_proof_check(proposal, proof);
}
