/* tests/unit/consensus/scenario_hotstuff.h -- what liars may say in scripts for HotStuff.
 *
 *     vote KIND N TX to LIST      the liar's vote or commit_vote for a proposal
 *     propose N TX VIEW on PARENT [timeouts HIGH] to LIST
 *     timeout N VIEW on HIGH [timeouts HIGH] to LIST
 *
 * PARENT and HIGH name a proposal by its transaction, or "root"; its certificate is put together
 * from signatures that were really sent, and the liars'. "timeouts HIGH" adds the timeout
 * certificate of the view before, with HIGH's certificate as the one it claims to be the highest
 * ("aux V" behind it: the view that liars claim). So a script can lie as far as a liar's own key
 * and what others have signed allow, and no further. */
#ifndef TESTS_SCENARIO_HOTSTUFF_H
#define TESTS_SCENARIO_HOTSTUFF_H

#include "consensus/hotstuff.h"
#include "tests/unit/consensus/scenario_liar.h"

static inline bool certificate_named(const char *name, struct certificate *certificate)
{
    if (strcmp(name, "root") == 0) {
        certificate_of_root(&scenario.cluster.nodes[0].config, certificate);
        return true;
    }
    const struct proposal *proposal = &scenario.proposals[strtoull(name, NULL, 10) % TXS_MAX];
    static struct aux_certificate gathered;
    bool found = gather(proposal_statement(VOTE, proposal), false, 0, &gathered);
    *certificate = gathered.certificate;
    return found;
}

/* The warrant that a command describes; false (and said so) if nobody could have it. */
static inline bool forge_warrant(const struct words *words, uint64_t view, struct warrant *warrant)
{
    int on = words_find(words, "on");
    int timeouts = words_find(words, "timeouts");
    int aux = words_find(words, "aux");
    memset(warrant, 0, sizeof *warrant);
    if (!certificate_named(word(words, on), &warrant->high)) {
        say("no quorum for %s\n", word(words, on));
        return false;
    }
    if (!timeouts) return true;
    warrant->has_timeouts = true;
    struct statement statement = { .kind = TIMEOUT, .view = view - 1 };
    bool found = certificate_named(word(words, timeouts), &warrant->timeouts.high) &&
                 gather(statement, true, aux ? number(words, aux) : 0, &warrant->timeouts.timeouts);
    if (!found) say("no quorum of timeouts\n");
    return found;
}

static inline void forge_proposal(const struct words *words)
{
    static struct warrant warrant;
    static uint8_t bytes[ATTACHMENT_BYTES_MAX];
    uint16_t from = (uint16_t)number(words, 1);
    uint64_t tx = number(words, 2);
    uint64_t view = number(words, 3);
    if (!forge_warrant(words, view, &warrant)) return;
    uint8_t batch[8];
    struct proposal proposal = { .index = warrant.high.statement.index + 1,
                                 .view = view,
                                 .parent_view = warrant.high.statement.view,
                                 .parent = warrant.high.statement.digest,
                                 .batch = batch_of(&scenario.cluster, tx) };
    scenario.proposals[tx] = proposal;
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    proposal_write(&w, &proposal);
    warrant_write(&w, &warrant.high, warrant.has_timeouts ? &warrant.timeouts : NULL);
    struct statement statement = proposal_statement(PROPOSAL, &proposal);
    forge_send(from, &statement, writer_span(&w), batch_bytes(tx, batch),
               word(words, words_find(words, "to")));
}

static inline void forge_timeout(const struct words *words)
{
    static struct warrant warrant;
    static uint8_t bytes[ATTACHMENT_BYTES_MAX];
    uint16_t from = (uint16_t)number(words, 1);
    uint64_t view = number(words, 2);
    if (!forge_warrant(words, view, &warrant)) return;
    struct writer w;
    writer_init_fixed(&w, bytes, sizeof bytes);
    warrant_write(&w, &warrant.high, warrant.has_timeouts ? &warrant.timeouts : NULL);
    struct statement statement = { .kind = TIMEOUT,
                                   .view = view,
                                   .aux = warrant.high.statement.view };
    forge_send(from, &statement, writer_span(&w), span_of(NULL, 0),
               word(words, words_find(words, "to")));
}

static inline void forge_vote(const struct words *words)
{
    const struct proposal *proposal = &scenario.proposals[number(words, 3) % TXS_MAX];
    struct statement statement =
        proposal_statement((enum hotstuff_kind)kind_named(word(words, 1)), proposal);
    forge_send((uint16_t)number(words, 2), &statement, span_of(NULL, 0), span_of(NULL, 0),
               word(words, words_find(words, "to")));
}

static inline bool hotstuff_lie(const struct words *words)
{
    const char *what = words->word[0];
    if (strcmp(what, "propose") == 0)
        forge_proposal(words);
    else if (strcmp(what, "timeout") == 0)
        forge_timeout(words);
    else if (strcmp(what, "vote") == 0)
        forge_vote(words);
    else
        return false;
    return true;
}

static const struct scenario_engine scenario_hotstuff = {
    .name = "hotstuff", .kind = ENGINE_HOTSTUFF, .faults = FAULT_BYZANTINE, .lie = hotstuff_lie
};

#endif
