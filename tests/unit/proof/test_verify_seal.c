/* P1 and P2, one walk over three epochs. Each check's failures are in cases.h. */
#include "proof/judge.h"
#include "tests/unit/proof/cases.h"

#include <criterion/criterion.h>

struct bench {
    struct story *s;
    struct verdict verdict;
    struct proof_policy policy;
    struct judge judge;
};

static void bench_open(struct bench *b)
{
    cr_assert_eq(crypto_start(NULL), STATUS_OK);
    memset(b, 0, sizeof *b);
    b->s = story_new();
    verdict_init(&b->verdict);
    b->judge = (struct judge){ .genesis = b->s->genesis,
                               .policy = &b->policy,
                               .verdict = &b->verdict,
                               .set = malloc(sizeof *b->judge.set),
                               .next_set = malloc(sizeof *b->judge.set) };
    cr_assert(b->judge.set && b->judge.next_set);
}

static void bench_close(struct bench *b)
{
    free(b->judge.set);
    free(b->judge.next_set);
    verdict_free(&b->verdict);
    story_free(b->s);
}

Test(verify_seal, checks_each_block_under_the_set_of_its_epoch)
{
    static struct bench b;
    bench_open(&b);
    struct sealed blocks[3];
    struct sealed_facts facts[3];
    struct subject subjects[3];
    static const unsigned heights[] = { 2, 6, 9 };
    struct epoch_chain chain = story_epochs(b.s, 2);
    for (unsigned i = 0; i < 3; i++) {
        blocks[i] = story_sealed(b.s, heights[i]);
        subjects[i] = (struct subject){ &blocks[i], "a block", &facts[i], false };
    }
    cr_assert(judge_chain(&b.judge, &chain, subjects, 3, 0), "%s", b.verdict.text);
    for (unsigned i = 0; i < 3; i++) {
        cr_expect_eq(facts[i].epoch, i);
        cr_expect_eq(facts[i].height, heights[i]);
        cr_expect(subjects[i].done);
    }
    cr_expect_eq(b.judge.boundary.height, 6);
    cr_expect(digest_equal(&b.judge.set_hash, &b.s->blocks[9].header.validators_hash));
    bench_close(&b);
}

Test(verify_seal, names_the_block_whose_seal_is_wrong)
{
    static struct bench b;
    bench_open(&b);
    struct story_items items = story_items(b.s, 2);
    items.boundaries[1].seal = story_seal(b.s, &items.boundaries[1].header, 1, 1);
    struct epoch_chain chain = story_chain(b.s, &items);
    cr_expect_not(judge_chain(&b.judge, &chain, NULL, 0, 2));
    cr_expect_eq(b.verdict.check, CHECK_P1_QUORUM);
    cr_expect_str_eq(b.verdict.text, "the end of epoch 1: 1 of 4 signatures, 3 are a quorum");
    bench_close(&b);
}

Test(verify_seal, accepts_a_boundary_as_the_last_block_of_its_epoch)
{
    static struct bench b;
    bench_open(&b);
    struct sealed blocks[2] = { story_sealed(b.s, 3), story_sealed(b.s, 4) };
    struct sealed_facts facts[2];
    struct subject subjects[2] = { { &blocks[0], "the end", &facts[0], false },
                                   { &blocks[1], "what follows", &facts[1], false } };
    struct epoch_chain chain = story_epochs(b.s, 1);
    cr_expect(judge_chain(&b.judge, &chain, subjects, 2, 0), "%s", b.verdict.text);
    bench_close(&b);
}

Test(verify_seal, takes_a_set_of_one_validator_on_a_test_chain)
{
    static struct bench b;
    bench_open(&b);
    struct story_items items = story_items(b.s, 1);
    static struct committee set;
    set = b.s->sets[1];
    set.count = 1;
    items.sets[0] = story_set(b.s, &set);
    items.boundaries[0].header.next_validators_hash = committee_hash(&set);
    reseal(b.s, &items.boundaries[0]);
    struct epoch_chain chain = story_chain(b.s, &items);
    cr_expect_not(judge_chain(&b.judge, &chain, NULL, 0, 1));
    cr_expect_eq(b.verdict.check, CHECK_P2_SET);
    b.s->genesis->purpose = PURPOSE_TEST;
    cr_expect(judge_chain(&b.judge, &chain, NULL, 0, 1));
    bench_close(&b);
}
