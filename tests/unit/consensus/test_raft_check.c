/* What check must believe, and everything that it must not. */
#include "tests/unit/consensus/lone.h"

static struct log_entry one, two;
static struct message message;
static struct message_facts facts;
static uint8_t bytes[1024];

static void setup(void)
{
    lone_configure(5);
    one = entry_on(NULL, 1, "one");
    two = entry_on(&one, 2, "two");
    message = (struct message){ .statement = { .view = 3 } };
}

TestSuite(raft_check, .init = setup);

static void expect(enum status expected, uint16_t from)
{
    enum status status = raft_ops.check(&lone_config, from, &message, &facts);
    cr_expect_eq(status, expected, "expected %s, got %s", status_name(expected),
                 status_name(status));
}

static void attach_append(const struct append *append)
{
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    append_write(&w, append);
    message.attachment = writer_span(&w);
}

static struct append append_two(void)
{
    message.statement =
        (struct statement){ .kind = APPEND, .view = 3, .index = 1, .digest = two.digest };
    message.batch = span_text("two");
    struct append append = { .before_view = 1, .commit = 1, .has_entry = true, .entry = two };
    attach_append(&append);
    return append;
}

static void sign(uint16_t signer)
{
    uint8_t encoded[STATEMENT_BYTES];
    statement_encode(&lone_config.domain, &message.statement, encoded);
    key_sign(&lone_secrets[signer], TAG_ENGINE, span_of(encoded, sizeof encoded),
             &message.signature);
}

static void vote_of(uint16_t from)
{
    message.statement = (struct statement){ .kind = VOTE, .view = 3, .aux = 2 };
    sign(from);
}

/* ---- every kind ---- */

Test(raft_check, strangers_and_kinds_that_do_not_exist)
{
    message.statement.kind = PRE_VOTE;
    expect(STATUS_OK, 4);
    expect(STATUS_NOT_MEMBER, 5);
    expect(STATUS_NOT_MEMBER, VALIDATOR_NONE);
    message.statement.kind = 0;
    expect(STATUS_INVALID, 1);
    message.statement.kind = RAFT_KINDS;
    expect(STATUS_INVALID, 1);
}

Test(raft_check, terms_and_indexes_are_bounded)
{
    message.statement.kind = PRE_VOTE;
    message.statement.view = 0;
    expect(STATUS_INVALID, 1);
    message.statement.view = TERM_HEARD_MAX;
    expect(STATUS_OK, 1);
    message.statement.view = TERM_HEARD_MAX + 1;
    expect(STATUS_INVALID, 1);
    message.statement.view = TERM_LIMIT - 1;
    expect(STATUS_INVALID, 1);
    message.statement.view = 1;
    message.statement.index = TERM_LIMIT;
    expect(STATUS_INVALID, 1);
}

Test(raft_check, simple_kinds_bring_nothing_with_them)
{
    static const enum raft_kind simple[] = { VOTE_REFUSAL, PRE_VOTE,     PRE_VOTE_REFUSAL, ACK,
                                             TIMEOUT_NOW,  READ_REQUEST, READ_INDEX };
    for (size_t i = 0; i < sizeof simple / sizeof *simple; i++) {
        message.statement.kind = (uint8_t)simple[i];
        message.attachment = message.batch = span_of(NULL, 0);
        message.signature.bytes[0] = 0;
        expect(STATUS_OK, 1);
        message.attachment = span_text("x");
        expect(STATUS_INVALID, 1);
        message.attachment = span_of(NULL, 0);
        message.batch = span_text("x");
        expect(STATUS_INVALID, 1);
        message.batch = span_of(NULL, 0);
        message.signature.bytes[0] = 1;
        expect(STATUS_INVALID, 1);
    }
}

/* ---- votes ---- */

Test(raft_check, a_vote_is_signed_by_who_says_it)
{
    vote_of(1);
    expect(STATUS_OK, 1);
    expect(STATUS_BAD_SIGNATURE, 2);
    message.signature.bytes[5] ^= 1;
    expect(STATUS_BAD_SIGNATURE, 1);
    message.signature = (struct signature){ { 0 } };
    expect(STATUS_BAD_SIGNATURE, 1);
}

Test(raft_check, a_vote_signed_for_another_term_or_candidate)
{
    vote_of(1);
    message.statement.view = 4;
    expect(STATUS_BAD_SIGNATURE, 1);
    vote_of(1);
    message.statement.aux = 3;
    expect(STATUS_BAD_SIGNATURE, 1);
}

Test(raft_check, a_vote_has_one_shape)
{
    vote_of(1);
    message.statement.aux = 5;
    sign(1);
    expect(STATUS_INVALID, 1);
    vote_of(1);
    message.statement.index = 1;
    sign(1);
    expect(STATUS_INVALID, 1);
    vote_of(1);
    message.statement.digest.bytes[0] = 1;
    sign(1);
    expect(STATUS_INVALID, 1);
    vote_of(1);
    message.attachment = span_text("x");
    expect(STATUS_INVALID, 1);
    vote_of(1);
    message.attachment = span_of(NULL, 0);
    message.batch = span_text("x");
    expect(STATUS_INVALID, 1);
}

/* ---- requests ---- */

Test(raft_check, requests)
{
    const uint8_t flags[] = { 0, 1, 2 };
    message.statement = (struct statement){ .kind = VOTE_REQUEST, .view = 3, .index = 9, .aux = 2 };
    message.attachment = span_of(&flags[0], 1);
    expect(STATUS_OK, 1);
    message.attachment = span_of(&flags[1], 1);
    expect(STATUS_OK, 1);
    message.attachment = span_of(&flags[2], 1);
    expect(STATUS_MALFORMED, 1);
    message.attachment = span_of(flags, 2);
    expect(STATUS_MALFORMED, 1);
    message.attachment = span_of(NULL, 0);
    expect(STATUS_MALFORMED, 1);
    message.statement.kind = PRE_VOTE_REQUEST;
    expect(STATUS_OK, 1);
    message.attachment = span_of(flags, 1);
    expect(STATUS_MALFORMED, 1);
    message.attachment = span_of(NULL, 0);
    message.statement.aux = 3; /* The last entry is of a term that is not over. */
    expect(STATUS_INVALID, 1);
    message.statement.aux = 2;
    message.statement.digest.bytes[3] = 1;
    expect(STATUS_INVALID, 1);
}

/* ---- appends ---- */

Test(raft_check, an_append_reports_its_entry)
{
    append_two();
    expect(STATUS_OK, 1);
    cr_expect(facts.has_proposal);
    cr_expect(facts.certified, "a leader alone decides what stands in the log");
    struct digest digest = proposal_digest(&facts.proposal);
    cr_expect(digest_equal(&digest, &two.digest));
}

Test(raft_check, an_append_is_not_signed)
{
    append_two();
    message.signature.bytes[63] = 1;
    expect(STATUS_INVALID, 1);
}

Test(raft_check, an_entry_has_its_place)
{
    append_two();
    message.statement.index = 2;
    expect(STATUS_MISMATCH, 1);
    append_two();
    message.statement.digest.bytes[0] ^= 1;
    expect(STATUS_MISMATCH, 1);
    append_two();
    message.statement.view = 1; /* An entry of a later term than the leader's. */
    expect(STATUS_MISMATCH, 1);
    struct append append = append_two();
    append.before_view = 2;
    attach_append(&append);
    expect(STATUS_MISMATCH, 1);
}

Test(raft_check, an_entry_has_its_batch)
{
    append_two();
    message.batch = span_text("three");
    expect(STATUS_MISMATCH, 1);
    message.batch = span_of(NULL, 0);
    expect(STATUS_MISMATCH, 1);
}

Test(raft_check, append_forgeries)
{
    struct append append = append_two();
    append.commit = TERM_LIMIT;
    attach_append(&append);
    expect(STATUS_INVALID, 1);
    append_two();
    message.statement.aux = 1;
    expect(STATUS_INVALID, 1);
    append_two();
    message.attachment.size--;
    cr_expect_neq(raft_ops.check(&lone_config, 1, &message, &facts), STATUS_OK);
    message.attachment = span_of(NULL, 0);
    cr_expect_neq(raft_ops.check(&lone_config, 1, &message, &facts), STATUS_OK);
}

Test(raft_check, a_heartbeat_has_no_batch)
{
    append_two();
    attach_append(&(struct append){ .before_view = 1 });
    expect(STATUS_INVALID, 1);
    message.batch = span_of(NULL, 0);
    expect(STATUS_OK, 1);
    cr_expect_not(facts.has_proposal);
    attach_append(&(struct append){ .before_view = 4 });
    expect(STATUS_INVALID, 1);
}

Test(raft_check, members_in_the_log_are_an_option)
{
    struct members members = { .joint = false };
    signer_set_add(&members.voters, 1);
    struct log_entry change = members_on(&one, 2, &members);
    message.statement =
        (struct statement){ .kind = APPEND, .view = 3, .index = 1, .digest = change.digest };
    struct append append = { .before_view = 1, .has_entry = true, .entry = change };
    attach_append(&append);
    expect(STATUS_UNSUPPORTED, 1);
    lone_option("members_in_log", 1);
    expect(STATUS_OK, 1);
    cr_expect_not(facts.has_proposal, "there is no batch that somebody could hold");
    message.batch = span_text("x");
    expect(STATUS_INVALID, 1);
}

/* ---- refusals ---- */

static void attach_refusal(struct refusal refusal)
{
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    refusal_write(&w, &refusal);
    message.attachment = writer_span(&w);
}

Test(raft_check, refusals)
{
    message.statement = (struct statement){ .kind = APPEND_REFUSAL, .view = 3, .index = 5 };
    attach_refusal((struct refusal){ .last = 9, .conflict_view = 2, .conflict_first = 5 });
    expect(STATUS_OK, 1);
    attach_refusal((struct refusal){ .last = 9, .conflict_view = 2, .conflict_first = 6 });
    expect(STATUS_INVALID, 1);
    attach_refusal((struct refusal){ .last = TERM_LIMIT });
    expect(STATUS_INVALID, 1);
    attach_refusal((struct refusal){ .conflict_view = TERM_LIMIT });
    expect(STATUS_INVALID, 1);
    attach_refusal((struct refusal){ .last = 4 });
    message.attachment.size--;
    cr_expect_neq(raft_ops.check(&lone_config, 1, &message, &facts), STATUS_OK);
}

/* Index 0 stands in every log; a leader of a term that is over is refused all the same. */
Test(raft_check, a_refusal_of_the_very_first_entry)
{
    message.statement = (struct statement){ .kind = APPEND_REFUSAL, .view = 3, .index = 0 };
    attach_refusal((struct refusal){ .last = 0 });
    expect(STATUS_OK, 1);
}

/* ---- proofs ---- */

/* A position that is put in place of the log brings its term along. */
Test(raft_check, a_proof_of_a_term_that_leaves_no_room)
{
    struct log_entry far = one;
    for (unsigned i = 0; i < 2; i++) {
        far.proposal.view = TERM_HEARD_MAX + i;
        far.digest = proposal_digest(&far.proposal);
        struct writer w;
        writer_init_fixed(&w, bytes, sizeof bytes);
        commit_proof_write(&w, &far.proposal, &far.digest);
        cr_expect_eq(raft_ops.check_decided(&lone_config, &far.proposal, writer_span(&w)),
                     i == 0 ? STATUS_OK : STATUS_INVALID);
    }
}

Test(raft_check, a_proof_names_one_proposal)
{
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    commit_proof_write(&w, &two.proposal, &two.digest);
    struct span proof = writer_span(&w);
    cr_expect_eq(raft_ops.check_decided(&lone_config, &two.proposal, proof), STATUS_OK);
    cr_expect_neq(raft_ops.check_decided(&lone_config, &one.proposal, proof), STATUS_OK);
    cr_expect_neq(raft_ops.check_decided(&lone_config, &two.proposal, span_of(NULL, 0)), STATUS_OK);
    for (size_t i = 0; i < proof.size; i++) {
        bytes[i] ^= 1;
        cr_expect_neq(raft_ops.check_decided(&lone_config, &two.proposal, proof), STATUS_OK,
                      "byte %zu", i);
        bytes[i] ^= 1;
    }
}
