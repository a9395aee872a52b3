#include "consensus/hotstuff.h"

void certificate_of_root(const struct engine_config *config, struct certificate *certificate)
{
    certificate->statement = (struct statement){ .kind = VOTE, .digest = config->root };
    certificate->count = config->committee->count;
    memset(&certificate->signers, 0, sizeof certificate->signers);
}

/* Exactly a quorum has signed: honest members stop there, and more would only make a message too
 * long for whoever passes it on. */
static bool is_exact(const struct engine_config *config, const struct certificate *certificate)
{
    return signer_set_count(&certificate->signers) == committee_quorum(config->committee);
}

/* Who signs as we do says so with these. */
static void note_own(const struct engine_config *config, const struct certificate *certificate,
                     uint64_t aux, struct message_facts *facts)
{
    if (config->self >= config->committee->count) return;
    if (!signer_set_has(&certificate->signers, config->self)) return;
    ASSERT(facts->own_count < OWN_STATEMENTS_MAX);
    facts->own[facts->own_count] = certificate->statement;
    facts->own[facts->own_count++].aux = aux;
}

/* A signer's aux stands where its signature does: at its place among the signers. */
static void note_own_timeout(const struct engine_config *config,
                             const struct aux_certificate *timeouts, struct message_facts *facts)
{
    uint16_t place = 0;
    for (uint16_t i = 0; i < config->self && i < config->committee->count; i++)
        if (signer_set_has(&timeouts->certificate.signers, i)) place++;
    note_own(config, &timeouts->certificate, timeouts->aux[place], facts);
}

static void note_own_warrant(const struct engine_config *config, const struct warrant *warrant,
                             struct message_facts *facts)
{
    note_own(config, &warrant->high, 0, facts);
    if (!warrant->has_timeouts) return;
    note_own_timeout(config, &warrant->timeouts.timeouts, facts);
    note_own(config, &warrant->timeouts.high, 0, facts);
}

/* Of a proposal by votes; the root's is believed because it says nothing but what everybody knows,
 * to the last bit (a certificate of view 0 with anything else in it would be a forgery). */
static enum status check_certificate(const struct engine_config *config,
                                     const struct certificate *certificate)
{
    const struct statement *statement = &certificate->statement;
    if (statement->kind != VOTE) return STATUS_INVALID;
    if (statement->view >= VIEW_LIMIT || statement->index >= VIEW_LIMIT) return STATUS_INVALID;
    if (statement->view > 0) {
        if (!is_exact(config, certificate)) return STATUS_NO_QUORUM;
        return certificate_check(&config->domain, config->committee, config->cache, certificate);
    }
    if (statement->index != 0) return STATUS_INVALID;
    if (!digest_equal(&statement->digest, &config->root)) return STATUS_MISMATCH;
    if (certificate->count != config->committee->count) return STATUS_MISMATCH;
    return signer_set_count(&certificate->signers) == 0 ? STATUS_OK : STATUS_INVALID;
}

/* Diem, timeout_2chain.rs, verify: the certificate inside is older than the view, and of exactly
 * the highest view that the signers named -- no higher, no lower. */
static enum status check_timeouts(const struct engine_config *config,
                                  const struct timeout_certificate *timeouts)
{
    const struct certificate *certificate = &timeouts->timeouts.certificate;
    const struct statement *statement = &certificate->statement;
    if (statement->kind != TIMEOUT || statement->index != 0) return STATUS_INVALID;
    if (statement->view == 0 || statement->view >= VIEW_LIMIT) return STATUS_INVALID;
    if (!digest_is_zero(&statement->digest)) return STATUS_INVALID;
    if (timeouts->high.statement.view >= statement->view) return STATUS_INVALID;
    if (!is_exact(config, certificate)) return STATUS_NO_QUORUM;

    uint64_t highest = 0;
    uint16_t signers = signer_set_count(&certificate->signers);
    for (uint16_t i = 0; i < signers; i++)
        highest = max_u64(highest, timeouts->timeouts.aux[i]);
    if (highest != timeouts->high.statement.view) return STATUS_MISMATCH;

    enum status status = check_certificate(config, &timeouts->high);
    if (status != STATUS_OK) return status;
    return aux_certificate_check(&config->domain, config->committee, config->cache,
                                 &timeouts->timeouts);
}

static enum status check_warrant(const struct engine_config *config, const struct warrant *warrant,
                                 struct message_facts *facts)
{
    enum status status = check_certificate(config, &warrant->high);
    if (status == STATUS_OK && warrant->has_timeouts)
        status = check_timeouts(config, &warrant->timeouts);
    if (status == STATUS_OK) note_own_warrant(config, warrant, facts);
    return status;
}

bool warrant_admits(const struct warrant *warrant, uint64_t view, enum hotstuff_phases phases)
{
    uint64_t before = view - 1;
    uint64_t certified = warrant->high.statement.view;
    if (!warrant->has_timeouts) return certified == before;
    /* What the signers name binds a two-chain's leader; a three-chain's is bound by their locks. */
    return warrant->timeouts.timeouts.certificate.statement.view == before && certified < before &&
           (phases == THREE_CHAIN || certified >= warrant->timeouts.high.statement.view);
}

/* The header says what the statement and the parent's certificate say. */
static enum status check_header(const struct proposal *proposal, const struct statement *statement,
                                const struct certificate *parent)
{
    struct digest digest = proposal_digest(proposal);
    if (proposal->view == 0 || proposal->view >= VIEW_LIMIT) return STATUS_INVALID;
    if (proposal->index >= VIEW_LIMIT) return STATUS_INVALID;
    if (statement->aux != 0) return STATUS_INVALID;
    if (statement->index != proposal->index || statement->view != proposal->view)
        return STATUS_MISMATCH;
    if (!digest_equal(&statement->digest, &digest)) return STATUS_MISMATCH;
    if (proposal->parent_view != parent->statement.view) return STATUS_MISMATCH;
    if (!digest_equal(&proposal->parent, &parent->statement.digest)) return STATUS_MISMATCH;
    return proposal->index == parent->statement.index + 1 ? STATUS_OK : STATUS_MISMATCH;
}

static enum status check_signature(const struct engine_config *config, uint16_t from,
                                   const struct message *message)
{
    return statement_verify(&config->domain, config->committee, config->cache, from,
                            &message->statement, &message->signature);
}

static enum status check_proposal(const struct engine_config *config, uint16_t from,
                                  const struct message *message, struct message_facts *facts)
{
    struct warrant warrant;
    struct proposal proposal;
    enum status status = proposal_attachment_read(message->attachment, &proposal, &warrant);
    if (status != STATUS_OK) return status;
    status = check_header(&proposal, &message->statement, &warrant.high);
    if (status != STATUS_OK) return status;
    if (!warrant_admits(&warrant, proposal.view, hotstuff_phases(config))) return STATUS_INVALID;

    struct pacer pacer;
    pacer_init(&pacer, config);
    if (pacer_leader(&pacer, proposal.view) != from) return STATUS_INVALID;
    status = check_signature(config, from, message);
    if (status != STATUS_OK) return status;
    status = check_warrant(config, &warrant, facts);
    if (status != STATUS_OK) return status;
    struct digest batch = digest_of(TAG_BATCH, message->batch);
    if (!digest_equal(&batch, &proposal.batch)) return STATUS_MISMATCH;
    facts->has_proposal = true;
    facts->proposal = proposal;
    return STATUS_OK;
}

/* VOTE and COMMIT_VOTE: a bare statement. */
static enum status check_vote(const struct engine_config *config, uint16_t from,
                              const struct message *message)
{
    const struct statement *statement = &message->statement;
    if (message->attachment.size > 0 || message->batch.size > 0) return STATUS_MALFORMED;
    if (statement->view == 0 || statement->view >= VIEW_LIMIT) return STATUS_INVALID;
    if (statement->index == 0 || statement->index >= VIEW_LIMIT) return STATUS_INVALID;
    if (statement->aux != 0) return STATUS_INVALID;
    return check_signature(config, from, message);
}

/* A timeout proves that its view may be entered, so nobody has to store messages of views that may
 * never come. */
static enum status check_timeout(const struct engine_config *config, uint16_t from,
                                 const struct message *message, struct message_facts *facts)
{
    const struct statement *statement = &message->statement;
    struct warrant warrant;
    if (message->batch.size > 0) return STATUS_MALFORMED;
    enum status status = timeout_attachment_read(message->attachment, &warrant);
    if (status != STATUS_OK) return status;
    if (statement->view == 0 || statement->view >= VIEW_LIMIT) return STATUS_INVALID;
    if (statement->index != 0 || !digest_is_zero(&statement->digest)) return STATUS_INVALID;
    if (statement->aux != warrant.high.statement.view) return STATUS_MISMATCH;
    if (!warrant_admits(&warrant, statement->view, hotstuff_phases(config))) return STATUS_INVALID;

    status = check_signature(config, from, message);
    return status == STATUS_OK ? check_warrant(config, &warrant, facts) : status;
}

static enum status check_proof(const struct engine_config *config, struct span bytes,
                               struct position *position, struct message_facts *facts)
{
    struct proof proof;
    enum status status = hotstuff_proof_read(bytes, &proof);
    if (status != STATUS_OK) return status;
    if (!proof_fits(proof.form, hotstuff_phases(config))) return STATUS_UNSUPPORTED;
    *position = proof.position;
    if (!is_exact(config, &proof.certificate)) return STATUS_NO_QUORUM;
    note_own(config, &proof.certificate, 0, facts);
    return certificate_check(&config->domain, config->committee, config->cache, &proof.certificate);
}

/* Nobody signs it, so it must be the one message of its kind, and prove all that it says. */
static enum status check_sync_info(const struct engine_config *config,
                                   const struct message *message, struct message_facts *facts)
{
    static const struct statement nothing = { .kind = SYNC_INFO };
    static const struct signature nobody;
    struct warrant warrant;
    struct span proof;
    if (message->batch.size > 0) return STATUS_MALFORMED;
    if (!statement_equal(&message->statement, &nothing)) return STATUS_INVALID;
    if (memcmp(message->signature.bytes, nobody.bytes, sizeof nobody.bytes) != 0)
        return STATUS_BAD_SIGNATURE;
    enum status status = sync_attachment_read(message->attachment, &warrant, &proof);
    if (status != STATUS_OK) return status;
    struct position position;
    if (proof.size > 0) status = check_proof(config, proof, &position, facts);
    return status == STATUS_OK ? check_warrant(config, &warrant, facts) : status;
}

enum status hotstuff_check(const struct engine_config *config, uint16_t from,
                           const struct message *message, struct message_facts *facts)
{
    memset(facts, 0, sizeof *facts);
    if (from >= config->committee->count) return STATUS_NOT_MEMBER;
    switch (message->statement.kind) {
    case PROPOSAL: return check_proposal(config, from, message, facts);
    case VOTE: return check_vote(config, from, message);
    case COMMIT_VOTE:
        /* In a three-chain nobody who is honest says this, so nobody has to listen. */
        if (hotstuff_phases(config) == THREE_CHAIN) return STATUS_UNSUPPORTED;
        return check_vote(config, from, message);
    case TIMEOUT: return check_timeout(config, from, message, facts);
    case SYNC_INFO: return check_sync_info(config, message, facts);
    default: return STATUS_UNSUPPORTED;
    }
}

enum status hotstuff_check_decided(const struct engine_config *config,
                                   const struct proposal *proposal, struct span proof)
{
    struct position position;
    struct message_facts unused = { .own_count = 0 };
    enum status status = check_proof(config, proof, &position, &unused);
    if (status != STATUS_OK) return status;
    struct digest digest = proposal_digest(proposal);
    if (position.index != proposal->index || position.view != proposal->view)
        return STATUS_MISMATCH;
    return digest_equal(&position.digest, &digest) ? STATUS_OK : STATUS_MISMATCH;
}
