/* tests/unit/consensus/crafted.h -- statements, certificates and messages made by hand, signed with
 * the keys of a small committee. */
#ifndef TESTS_CRAFTED_H
#define TESTS_CRAFTED_H

#include "consensus/hotstuff.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { CRAFTED_MEMBERS = 4, CRAFTED_QUORUM = 3 };

static struct committee crafted_committee;
static struct secret_key crafted_secrets[16];
static struct engine_config crafted_config;

static inline void crafted_start(uint16_t members)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    memset(&crafted_committee, 0, sizeof crafted_committee);
    crafted_committee.fault_model = FAULT_BYZANTINE;
    crafted_committee.engine = ENGINE_HOTSTUFF;
    crafted_committee.count = members;
    for (uint16_t i = 0; i < members; i++) {
        uint8_t seed[32] = { 0x33, (uint8_t)i };
        crafted_committee.validators[i].id.bytes[0] = (uint8_t)(i + 1);
        key_from_seed(seed, &crafted_secrets[i], &crafted_committee.validators[i].seal_key);
    }
    struct digest chain = digest_of(TAG_GENESIS, span_text("crafted"));
    crafted_config = (struct engine_config){ .committee = &crafted_committee };
    crafted_config.domain = (struct domain){ .chain_id = chain, .engine = ENGINE_HOTSTUFF };
    crafted_config.domain.validators_hash = committee_hash(&crafted_committee);
    crafted_config.root = root_digest(0, &chain);
}

static inline void crafted_setup(void)
{
    crafted_start(CRAFTED_MEMBERS);
}

static inline struct signature craft_signature(uint16_t signer, const struct statement *statement)
{
    uint8_t bytes[STATEMENT_BYTES];
    struct signature signature;
    statement_encode(&crafted_config.domain, statement, bytes);
    key_sign(&crafted_secrets[signer], TAG_ENGINE, span_of(bytes, sizeof bytes), &signature);
    return signature;
}

/* By the first `signers` members. */
static inline struct certificate *craft_certificate(struct statement statement, uint16_t signers)
{
    struct certificate *certificate = calloc(1, sizeof *certificate);
    cr_assert_not_null(certificate);
    certificate->statement = statement;
    certificate->count = crafted_committee.count;
    for (uint16_t i = 0; i < signers; i++) {
        signer_set_add(&certificate->signers, i);
        certificate->signatures[i] = craft_signature(i, &statement);
    }
    return certificate;
}

static inline struct certificate *craft_root(void)
{
    struct certificate *certificate = calloc(1, sizeof *certificate);
    cr_assert_not_null(certificate);
    certificate_of_root(&crafted_config, certificate);
    return certificate;
}

/* Timeouts of a view by the first three members, who name these views. */
static inline struct timeout_certificate *craft_timeouts(uint64_t view, uint64_t a, uint64_t b,
                                                         uint64_t c, const struct certificate *high)
{
    struct timeout_certificate *timeouts = calloc(1, sizeof *timeouts);
    cr_assert_not_null(timeouts);
    const uint64_t named[] = { a, b, c };
    struct certificate *certificate = &timeouts->timeouts.certificate;
    certificate->statement = (struct statement){ .kind = TIMEOUT, .view = view };
    certificate->count = crafted_committee.count;
    for (uint16_t i = 0; i < 3; i++) {
        struct statement own = certificate->statement;
        own.aux = named[i];
        signer_set_add(&certificate->signers, i);
        certificate->signatures[i] = craft_signature(i, &own);
        timeouts->timeouts.aux[i] = named[i];
    }
    timeouts->high = *high;
    return timeouts;
}

static inline struct proposal craft_proposal(const struct certificate *parent, uint64_t view,
                                             const char *batch)
{
    return (struct proposal){ .index = parent->statement.index + 1,
                              .view = view,
                              .parent_view = parent->statement.view,
                              .parent = parent->statement.digest,
                              .batch = digest_of(TAG_BATCH, span_text(batch)) };
}

static inline struct certificate *craft_votes(const struct proposal *proposal)
{
    return craft_certificate(proposal_statement(VOTE, proposal), CRAFTED_QUORUM);
}

/* A message and the memory of its attachment. */
struct crafted {
    struct message message;
    uint8_t bytes[ATTACHMENT_BYTES_MAX];
};

static inline void craft_sign(struct crafted *crafted, uint16_t signer)
{
    crafted->message.signature = craft_signature(signer, &crafted->message.statement);
}

static inline struct crafted *craft_proposal_message(uint16_t from, const struct proposal *proposal,
                                                     const char *batch,
                                                     const struct certificate *high,
                                                     const struct timeout_certificate *timeouts)
{
    struct crafted *crafted = calloc(1, sizeof *crafted);
    cr_assert_not_null(crafted);
    struct writer w;
    writer_init_fixed(&w, crafted->bytes, sizeof crafted->bytes);
    proposal_write(&w, proposal);
    warrant_write(&w, high, timeouts);
    crafted->message.statement = proposal_statement(PROPOSAL, proposal);
    crafted->message.attachment = writer_span(&w);
    crafted->message.batch = span_text(batch);
    craft_sign(crafted, from);
    return crafted;
}

static inline struct crafted *craft_timeout_message(uint16_t from, uint64_t view,
                                                    const struct certificate *high,
                                                    const struct timeout_certificate *timeouts)
{
    struct crafted *crafted = calloc(1, sizeof *crafted);
    cr_assert_not_null(crafted);
    struct writer w;
    writer_init_fixed(&w, crafted->bytes, sizeof crafted->bytes);
    warrant_write(&w, high, timeouts);
    crafted->message.statement =
        (struct statement){ .kind = TIMEOUT, .view = view, .aux = high->statement.view };
    crafted->message.attachment = writer_span(&w);
    craft_sign(crafted, from);
    return crafted;
}

static inline struct crafted *craft_vote_message(uint16_t from, enum hotstuff_kind kind,
                                                 const struct proposal *proposal)
{
    struct crafted *crafted = calloc(1, sizeof *crafted);
    cr_assert_not_null(crafted);
    crafted->message.statement = proposal_statement(kind, proposal);
    craft_sign(crafted, from);
    return crafted;
}

static inline struct crafted *craft_sync_message(const struct certificate *high,
                                                 const struct timeout_certificate *timeouts,
                                                 struct span proof)
{
    struct crafted *crafted = calloc(1, sizeof *crafted);
    cr_assert_not_null(crafted);
    struct writer w;
    writer_init_fixed(&w, crafted->bytes, sizeof crafted->bytes);
    warrant_write(&w, high, timeouts);
    write_bytes32(&w, proof);
    crafted->message.statement = (struct statement){ .kind = SYNC_INFO };
    crafted->message.attachment = writer_span(&w);
    return crafted;
}

static inline enum status crafted_check(uint16_t from, const struct crafted *crafted)
{
    struct message_facts facts;
    return hotstuff_ops.check(&crafted_config, from, &crafted->message, &facts);
}

static inline uint16_t crafted_leader(uint64_t view)
{
    struct pacer pacer;
    pacer_init(&pacer, &crafted_config);
    return pacer_leader(&pacer, view);
}

#endif
