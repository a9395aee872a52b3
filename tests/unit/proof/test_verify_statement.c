/* P7: every range of alice's account can be stated, and no statement leaves anything out. */
#include "tests/unit/proof/cases.h"

#include <criterion/criterion.h>

/* The statement of a range with the lines that belong to it. */
static struct proof state_range(struct story *s, unsigned from, unsigned to, bool by_next)
{
    struct movement movements[16];
    unsigned count = story_movements(s, 8, movements), first = 0, last = 0;
    while (last < count && position_height(movements[last].position) <= to)
        last++;
    while (first + 1 < count && position_height(movements[first + 1].position) <= from)
        first++;
    struct proof proof = story_proof(s, PROOF_STATEMENT, 2);
    struct statement_proof *statement = &proof.statement;
    statement->account = s->alice;
    statement->asset = s->euro;
    statement->from_height = from;
    statement->to_height = to;
    story_lines(s, statement, movements, first, last);
    statement->form = by_next ? CLOSING_NEXT : CLOSING_STATE;
    if (!by_next) {
        statement->state = story_balance_state(s, 8, &s->alice);
        return proof;
    }
    unsigned height = (unsigned)position_height(movements[last].position);
    statement->next = story_receipt(s, height, position_entry(movements[last].position));
    proof.epochs = story_epochs(s, (unsigned)s->blocks[height].header.epoch);
    return proof;
}

Test(verify_statement, holds_for_every_range)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct verdict verdict;
    static const int64_t balance[] = {
        10000, 10500, 10500, 10500, 10300, 10600, 10600, 10600, 10500
    };
    verdict_init(&verdict);
    for (unsigned to = 0; to <= 8; to++)
        for (unsigned from = 0; from <= to; from++) {
            struct proof proof = state_range(s, from, to, to < 8);
            cr_assert_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict), STATUS_OK,
                         "%u to %u: %s %s", from, to, proof_check_name(verdict.check),
                         verdict.text);
            cr_expect_eq(verdict.opening.posted, balance[from]);
            cr_expect_eq(verdict.closing.posted, balance[to]);
        }
    verdict_free(&verdict);
    story_free(s);
}

/* Whatever single line is taken out, the rest proves nothing. */
Test(verify_statement, misses_every_line)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct verdict verdict;
    verdict_init(&verdict);
    for (unsigned missing = 0; missing < 5; missing++) {
        struct movement movements[16];
        struct proof proof = state_range(s, 0, 8, false);
        unsigned count = story_movements(s, 8, movements);
        memmove(&movements[missing], &movements[missing + 1],
                (count - missing - 1) * sizeof *movements);
        story_lines(s, &proof.statement, movements, 0, count - 1);
        cr_expect_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict),
                     STATUS_REFUSED, "without line %u", missing);
    }
    verdict_free(&verdict);
    story_free(s);
}

Test(verify_statement, counts_its_lines)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    struct story *s = story_new();
    struct verdict verdict;
    verdict_init(&verdict);
    struct proof proof = state_range(s, 0, 8, false);
    cr_assert_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict), STATUS_OK);
    cr_expect_eq(verdict.lines, 4);
    cr_expect_eq(verdict.opening.seq, 1);
    cr_expect_eq(verdict.closing.seq, 5);
    proof = empty_statement_proof(s);
    cr_assert_eq(proof_verify(story_file(s, &proof), s->genesis, NULL, &verdict), STATUS_OK);
    cr_expect_eq(verdict.lines, 0);
    cr_expect_eq(verdict.opening.seq, 0);
    verdict_free(&verdict);
    story_free(s);
}
