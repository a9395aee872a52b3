/* What check must believe, and everything that it must not. */
#include "tests/unit/consensus/crafted.h"

static struct certificate *root;
static struct proposal b1, b2, b5;
static struct certificate *votes1, *votes2;
static struct timeout_certificate *timeouts4;

/* b1 in view 1, b2 on it in view 2; b5 on b1 in view 5, after a timeout of view 4. */
static void setup(void)
{
    crafted_setup();
    root = craft_root();
    b1 = craft_proposal(root, 1, "one");
    votes1 = craft_votes(&b1);
    b2 = craft_proposal(votes1, 2, "two");
    votes2 = craft_votes(&b2);
    b5 = craft_proposal(votes1, 5, "five");
    timeouts4 = craft_timeouts(4, 1, 0, 1, votes1);
}

static void teardown(void)
{
    free(root);
    free(votes1);
    free(votes2);
    free(timeouts4);
}

TestSuite(hotstuff_check, .init = setup, .fini = teardown);

static void expect(enum status expected, uint16_t from, struct crafted *crafted)
{
    cr_expect_eq(crafted_check(from, crafted), expected, "expected %s, got %s",
                 status_name(expected), status_name(crafted_check(from, crafted)));
    free(crafted);
}

static struct crafted *good_proposal(void)
{
    return craft_proposal_message(crafted_leader(5), &b5, "five", votes1, timeouts4);
}

Test(hotstuff_check, proposal_on_the_root)
{
    expect(STATUS_OK, crafted_leader(1),
           craft_proposal_message(crafted_leader(1), &b1, "one", root, NULL));
}

Test(hotstuff_check, proposal_reports_its_header)
{
    struct message_facts facts;
    struct crafted *crafted = good_proposal();
    enum status status =
        hotstuff_ops.check(&crafted_config, crafted_leader(5), &crafted->message, &facts);
    cr_assert_eq(status, STATUS_OK);
    cr_expect(facts.has_proposal);
    cr_expect_eq(facts.proposal.view, 5);
    cr_expect_not(facts.certified);
    free(crafted);
}

Test(hotstuff_check, proposal_not_by_the_leader)
{
    uint16_t other = (uint16_t)((crafted_leader(5) + 1) % CRAFTED_MEMBERS);
    expect(STATUS_INVALID, other, craft_proposal_message(other, &b5, "five", votes1, timeouts4));
}

Test(hotstuff_check, proposal_signed_by_another)
{
    struct crafted *crafted = good_proposal();
    craft_sign(crafted, (uint16_t)((crafted_leader(5) + 1) % CRAFTED_MEMBERS));
    expect(STATUS_BAD_SIGNATURE, crafted_leader(5), crafted);
}

Test(hotstuff_check, proposal_with_another_batch)
{
    struct crafted *crafted = good_proposal();
    crafted->message.batch = span_text("six");
    expect(STATUS_MISMATCH, crafted_leader(5), crafted);
}

Test(hotstuff_check, proposal_statement_must_match_its_header)
{
    for (int i = 0; i < 4; i++) {
        struct crafted *crafted = good_proposal();
        struct statement *statement = &crafted->message.statement;
        if (i == 0) statement->index++;
        if (i == 1) statement->view++;
        if (i == 2) statement->digest.bytes[0]++;
        if (i == 3) statement->aux = 1;
        craft_sign(crafted, crafted_leader(5));
        expect(i == 3 ? STATUS_INVALID : STATUS_MISMATCH, crafted_leader(5), crafted);
    }
}

Test(hotstuff_check, header_must_match_the_certificate)
{
    for (int i = 0; i < 3; i++) {
        struct proposal wrong = b5;
        if (i == 0) wrong.index++;
        if (i == 1) wrong.parent.bytes[0]++;
        if (i == 2) wrong.parent_view = 0;
        expect(STATUS_MISMATCH, crafted_leader(5),
               craft_proposal_message(crafted_leader(5), &wrong, "five", votes1, timeouts4));
    }
}

/* Jolteon's evidence rule: each way of not having it. */
Test(hotstuff_check, proposal_without_evidence)
{
    uint16_t leader = crafted_leader(5);
    expect(STATUS_INVALID, leader, craft_proposal_message(leader, &b5, "five", votes1, NULL));

    struct timeout_certificate *of_view_3 = craft_timeouts(3, 1, 1, 1, votes1);
    expect(STATUS_INVALID, leader, craft_proposal_message(leader, &b5, "five", votes1, of_view_3));
    free(of_view_3);

    struct timeout_certificate *name_view_2 = craft_timeouts(4, 2, 1, 1, votes2);
    expect(STATUS_INVALID, leader,
           craft_proposal_message(leader, &b5, "five", votes1, name_view_2));
    free(name_view_2);
}

Test(hotstuff_check, proposal_with_too_much_evidence)
{
    struct timeout_certificate *timeouts1 = craft_timeouts(1, 0, 0, 0, root);
    uint16_t leader = crafted_leader(2);
    expect(STATUS_OK, leader, craft_proposal_message(leader, &b2, "two", votes1, NULL));
    expect(STATUS_INVALID, leader, craft_proposal_message(leader, &b2, "two", votes1, timeouts1));
    free(timeouts1);
}

Test(hotstuff_check, certificate_forgeries)
{
    uint16_t leader = crafted_leader(2);
    struct certificate *few = craft_certificate(votes1->statement, CRAFTED_QUORUM - 1);
    expect(STATUS_NO_QUORUM, leader, craft_proposal_message(leader, &b2, "two", few, NULL));
    free(few);

    struct certificate *many = craft_certificate(votes1->statement, CRAFTED_QUORUM + 1);
    expect(STATUS_NO_QUORUM, leader, craft_proposal_message(leader, &b2, "two", many, NULL));
    free(many);

    struct statement commit = votes1->statement;
    commit.kind = COMMIT_VOTE;
    struct certificate *commits = craft_certificate(commit, CRAFTED_QUORUM);
    expect(STATUS_INVALID, leader, craft_proposal_message(leader, &b2, "two", commits, NULL));
    free(commits);

    votes1->signatures[2].bytes[5] ^= 1;
    expect(STATUS_BAD_SIGNATURE, leader, craft_proposal_message(leader, &b2, "two", votes1, NULL));
}

/* "A certificate of view 0" must not be a way around signatures. */
Test(hotstuff_check, root_forgeries)
{
    uint16_t leader = crafted_leader(1);
    for (int i = 0; i < 3; i++) {
        struct certificate forged = *root;
        if (i == 0) forged.statement.digest.bytes[0]++;
        if (i == 1) forged.statement.index = 4;
        if (i == 2) signer_set_add(&forged.signers, 0);
        struct proposal proposal = craft_proposal(&forged, 1, "one");
        struct crafted *crafted = craft_proposal_message(leader, &proposal, "one", &forged, NULL);
        cr_expect_neq(crafted_check(leader, crafted), STATUS_OK, "forgery %d", i);
        free(crafted);
    }
}

Test(hotstuff_check, timeout_certificates_that_lie)
{
    uint16_t leader = crafted_leader(5);
    struct timeout_certificate *inflated = craft_timeouts(4, 1, 2, 1, votes1);
    expect(STATUS_MISMATCH, leader, craft_proposal_message(leader, &b5, "five", votes1, inflated));
    free(inflated);

    struct timeout_certificate *deflated = craft_timeouts(4, 0, 0, 0, votes1);
    expect(STATUS_MISMATCH, leader, craft_proposal_message(leader, &b5, "five", votes1, deflated));
    free(deflated);

    struct timeout_certificate *altered = craft_timeouts(4, 1, 0, 1, votes1);
    altered->timeouts.aux[1] = 1;
    expect(STATUS_BAD_SIGNATURE, leader,
           craft_proposal_message(leader, &b5, "five", votes1, altered));
    free(altered);

    struct timeout_certificate *of_votes = craft_timeouts(4, 1, 0, 1, votes1);
    of_votes->timeouts.certificate.statement.kind = VOTE;
    expect(STATUS_INVALID, leader, craft_proposal_message(leader, &b5, "five", votes1, of_votes));
    free(of_votes);

    struct certificate *forged = craft_certificate(votes1->statement, CRAFTED_QUORUM);
    forged->signatures[0].bytes[0] ^= 1;
    struct timeout_certificate *on_forged = craft_timeouts(4, 1, 0, 1, forged);
    expect(STATUS_BAD_SIGNATURE, leader,
           craft_proposal_message(leader, &b5, "five", votes1, on_forged));
    free(on_forged);
    free(forged);
}

/* What a member has signed, by the certificates in a message: for itself to compare. */
Test(hotstuff_check, a_message_says_what_we_have_signed)
{
    struct crafted *crafted = good_proposal();
    struct engine_config config = crafted_config;
    for (config.self = 0; config.self <= CRAFTED_MEMBERS; config.self++) {
        struct message_facts facts;
        cr_assert_eq(hotstuff_ops.check(&config, crafted_leader(5), &crafted->message, &facts),
                     STATUS_OK);
        bool signed_votes =
            config.self < CRAFTED_MEMBERS && signer_set_has(&votes1->signers, config.self);
        bool signed_timeouts =
            config.self < CRAFTED_MEMBERS &&
            signer_set_has(&timeouts4->timeouts.certificate.signers, config.self);
        cr_assert_eq(facts.own_count, 2 * signed_votes + signed_timeouts);
        for (uint8_t i = 0; i < facts.own_count; i++) {
            const struct statement *own = &facts.own[i];
            bool timeout = own->kind == TIMEOUT;
            cr_assert(timeout || statement_equal(own, &votes1->statement));
            if (timeout) cr_assert_eq(own->view, 4);
            if (timeout) cr_assert_eq(own->aux, config.self == 1 ? 0 : 1, "its own, not another's");
        }
    }
    free(crafted);
}

Test(hotstuff_check, votes)
{
    expect(STATUS_OK, 2, craft_vote_message(2, VOTE, &b1));
    expect(STATUS_OK, 2, craft_vote_message(2, COMMIT_VOTE, &b1));
    expect(STATUS_BAD_SIGNATURE, 1, craft_vote_message(2, VOTE, &b1));
    expect(STATUS_NOT_MEMBER, CRAFTED_MEMBERS, craft_vote_message(2, VOTE, &b1));
    for (int i = 0; i < 6; i++) {
        struct crafted *crafted = craft_vote_message(2, VOTE, &b1);
        if (i == 0) crafted->message.statement.view = 0;
        if (i == 1) crafted->message.statement.index = 0;
        if (i == 2) crafted->message.statement.aux = 1;
        if (i == 3) crafted->message.statement.view = VIEW_LIMIT;
        if (i == 4) crafted->message.attachment = span_text("x");
        if (i == 5) crafted->message.batch = span_text("x");
        craft_sign(crafted, 2);
        expect(i < 4 ? STATUS_INVALID : STATUS_MALFORMED, 2, crafted);
    }
}

Test(hotstuff_check, timeouts)
{
    expect(STATUS_OK, 2, craft_timeout_message(2, 1, root, NULL));
    expect(STATUS_OK, 2, craft_timeout_message(2, 2, votes1, NULL));
    expect(STATUS_OK, 2, craft_timeout_message(2, 5, votes1, timeouts4));
    expect(STATUS_INVALID, 2, craft_timeout_message(2, 5, votes1, NULL));
    expect(STATUS_INVALID, 2, craft_timeout_message(2, 6, votes1, timeouts4));
    expect(STATUS_INVALID, 2, craft_timeout_message(2, 5, root, timeouts4));
    expect(STATUS_INVALID, 2, craft_timeout_message(2, 1, votes1, NULL));
    expect(STATUS_BAD_SIGNATURE, 1, craft_timeout_message(2, 2, votes1, NULL));
}

Test(hotstuff_check, timeout_must_name_what_it_carries)
{
    struct crafted *crafted = craft_timeout_message(2, 2, votes1, NULL);
    crafted->message.statement.aux = 0;
    craft_sign(crafted, 2);
    expect(STATUS_MISMATCH, 2, crafted);
    crafted = craft_timeout_message(2, 2, votes1, NULL);
    crafted->message.statement.index = 1;
    craft_sign(crafted, 2);
    expect(STATUS_INVALID, 2, crafted);
    crafted = craft_timeout_message(2, 2, votes1, NULL);
    crafted->message.batch = span_text("x");
    expect(STATUS_MALFORMED, 2, crafted);
}

/* Proof of b1 in the given form; the memory is static. */
static struct span proof_of_b1(enum proof_form form)
{
    static uint8_t bytes[PROOF_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    struct certificate *commits =
        craft_certificate(proposal_statement(COMMIT_VOTE, &b1), CRAFTED_QUORUM);
    hotstuff_proof_write(&w, form, &b2, form == PROOF_COMMIT_VOTES ? commits : votes2);
    free(commits);
    return writer_span(&w);
}

Test(hotstuff_check, sync_info)
{
    expect(STATUS_OK, 2, craft_sync_message(root, NULL, span_of(NULL, 0)));
    expect(STATUS_OK, 2, craft_sync_message(votes1, timeouts4, proof_of_b1(PROOF_COMMIT_VOTES)));
    expect(STATUS_OK, 2, craft_sync_message(votes2, NULL, proof_of_b1(PROOF_TWO_CHAIN)));
    struct crafted *crafted = craft_sync_message(votes1, NULL, span_of(NULL, 0));
    crafted->message.signature.bytes[63] = 1;
    expect(STATUS_BAD_SIGNATURE, 2, crafted);
    crafted = craft_sync_message(votes1, NULL, span_of(NULL, 0));
    crafted->message.statement.view = 1;
    expect(STATUS_INVALID, 2, crafted);
    votes1->signatures[0].bytes[0] ^= 1;
    expect(STATUS_BAD_SIGNATURE, 2, craft_sync_message(votes1, NULL, span_of(NULL, 0)));
}

Test(hotstuff_check, unknown_kinds)
{
    for (int kind = 0; kind < 256; kind++) {
        if (kind >= PROPOSAL && kind <= SYNC_INFO) continue;
        struct crafted *crafted = craft_vote_message(2, VOTE, &b1);
        crafted->message.statement.kind = (uint8_t)kind;
        craft_sign(crafted, 2);
        expect(STATUS_UNSUPPORTED, 2, crafted);
    }
}

Test(hotstuff_check, decided)
{
    struct span proof = proof_of_b1(PROOF_COMMIT_VOTES);
    cr_expect_eq(hotstuff_ops.check_decided(&crafted_config, &b1, proof), STATUS_OK);
    cr_expect_eq(hotstuff_ops.check_decided(&crafted_config, &b2, proof), STATUS_MISMATCH);
    proof = proof_of_b1(PROOF_TWO_CHAIN);
    cr_expect_eq(hotstuff_ops.check_decided(&crafted_config, &b1, proof), STATUS_OK);
    cr_expect_eq(hotstuff_ops.check_decided(&crafted_config, &b2, proof), STATUS_MISMATCH);
    cr_expect_neq(hotstuff_ops.check_decided(&crafted_config, &b1, span_of(NULL, 0)), STATUS_OK);
}

Test(hotstuff_check, a_child_in_a_later_view_decides_nothing)
{
    struct certificate *votes5 = craft_votes(&b5);
    uint8_t bytes[PROOF_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    hotstuff_proof_write(&w, PROOF_TWO_CHAIN, &b5, votes5);
    cr_expect_eq(hotstuff_ops.check_decided(&crafted_config, &b1, writer_span(&w)), STATUS_INVALID);
    free(votes5);
}

/* From here on the committee runs the three-chain. */
static void three_chain(void)
{
    static const struct engine_option option = { "phases", THREE_CHAIN };
    crafted_config.options = &option;
    crafted_config.options_count = 1;
}

/* b1 <- b2 <- b3, the last of them in this view; the proof of b1 by the certificate of b3. */
static struct span three_chain_proof(uint64_t view)
{
    static uint8_t bytes[PROOF_BYTES_MAX];
    struct proposal headers[] = { b2, craft_proposal(votes2, view, "three") };
    struct certificate *votes3 = craft_votes(&headers[1]);
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    hotstuff_proof_write(&w, PROOF_THREE_CHAIN, headers, votes3);
    free(votes3);
    return writer_span(&w);
}

Test(hotstuff_check, three_chain_decided)
{
    three_chain();
    struct span proof = three_chain_proof(3);
    cr_expect_eq(hotstuff_ops.check_decided(&crafted_config, &b1, proof), STATUS_OK);
    cr_expect_eq(hotstuff_ops.check_decided(&crafted_config, &b2, proof), STATUS_MISMATCH);
    expect(STATUS_OK, 2, craft_sync_message(votes2, NULL, proof));
    ((uint8_t *)proof.data)[proof.size - 1] ^= 1;
    cr_expect_eq(hotstuff_ops.check_decided(&crafted_config, &b1, proof), STATUS_BAD_SIGNATURE);
}

Test(hotstuff_check, three_views_must_be_consecutive)
{
    three_chain();
    struct span proof = three_chain_proof(4);
    cr_expect_eq(hotstuff_ops.check_decided(&crafted_config, &b1, proof), STATUS_INVALID);
}

Test(hotstuff_check, each_mode_has_its_own_proofs)
{
    struct span three = three_chain_proof(3);
    cr_expect_eq(hotstuff_ops.check_decided(&crafted_config, &b1, three), STATUS_UNSUPPORTED);
    expect(STATUS_UNSUPPORTED, 2, craft_sync_message(votes2, NULL, three));
    three_chain();
    struct span two = proof_of_b1(PROOF_TWO_CHAIN);
    cr_expect_eq(hotstuff_ops.check_decided(&crafted_config, &b1, two), STATUS_UNSUPPORTED);
    expect(STATUS_UNSUPPORTED, 2, craft_sync_message(votes2, NULL, two));
    struct span commits = proof_of_b1(PROOF_COMMIT_VOTES);
    cr_expect_eq(hotstuff_ops.check_decided(&crafted_config, &b1, commits), STATUS_UNSUPPORTED);
    expect(STATUS_UNSUPPORTED, 2, craft_sync_message(votes2, NULL, commits));
}

Test(hotstuff_check, a_three_chain_has_no_commit_votes)
{
    expect(STATUS_OK, 2, craft_vote_message(2, COMMIT_VOTE, &b1));
    three_chain();
    expect(STATUS_UNSUPPORTED, 2, craft_vote_message(2, COMMIT_VOTE, &b1));
    expect(STATUS_OK, 2, craft_vote_message(2, VOTE, &b1));
}

/* A proposal below what the timeouts name: whether to vote for it is for each lock to say. */
Test(hotstuff_check, a_three_chain_admits_old_certificates)
{
    struct proposal late = craft_proposal(root, 5, "late");
    uint16_t leader = crafted_leader(5);
    expect(STATUS_INVALID, leader, craft_proposal_message(leader, &late, "late", root, timeouts4));
    three_chain();
    expect(STATUS_OK, leader, craft_proposal_message(leader, &late, "late", root, timeouts4));
    expect(STATUS_INVALID, leader, craft_proposal_message(leader, &late, "late", root, NULL));
    late = craft_proposal(root, 6, "late");
    leader = crafted_leader(6);
    expect(STATUS_INVALID, leader, craft_proposal_message(leader, &late, "late", root, timeouts4));
}

Test(hotstuff_check, other_chains_epochs_and_sets_are_foreign)
{
    struct crafted *crafted = craft_vote_message(2, VOTE, &b1);
    struct engine_config original = crafted_config;
    crafted_config.domain.epoch++;
    cr_expect_eq(crafted_check(2, crafted), STATUS_BAD_SIGNATURE);
    crafted_config = original;
    crafted_config.domain.chain_id.bytes[0]++;
    cr_expect_eq(crafted_check(2, crafted), STATUS_BAD_SIGNATURE);
    crafted_config = original;
    crafted_config.domain.validators_hash.bytes[0]++;
    cr_expect_eq(crafted_check(2, crafted), STATUS_BAD_SIGNATURE);
    crafted_config = original;
    cr_expect_eq(crafted_check(2, crafted), STATUS_OK);
    free(crafted);
}

Test(hotstuff_check, quorum_of_six_is_four, .init = NULL, .fini = NULL)
{
    crafted_start(6);
    struct certificate *root6 = craft_root();
    struct proposal proposal = craft_proposal(root6, 1, "one");
    struct statement vote = proposal_statement(VOTE, &proposal);
    struct certificate *three = craft_certificate(vote, 3);
    struct certificate *four = craft_certificate(vote, 4);
    expect(STATUS_NO_QUORUM, 2, craft_timeout_message(2, 2, three, NULL));
    expect(STATUS_OK, 2, craft_timeout_message(2, 2, four, NULL));
    free(three);
    free(four);
    free(root6);
}
