/* tests/unit/proof/say_expect.h -- expects words of the sentence on a proof that is verified. */
#ifndef TESTS_PROOF_SAY_EXPECT_H
#define TESTS_PROOF_SAY_EXPECT_H

#include "proof/say.h"
#include "tests/unit/proof/cases.h"

#include <criterion/criterion.h>

static char sentence[PROOF_SENTENCE_TEXT];
static char report[PROOF_REPORT_TEXT];

/* Words a sentence must have: what matters, not how it is put. */
static inline void expect_words(struct story *s, const struct proof *proof,
                                const char *const *words, size_t count)
{
    struct verdict verdict;
    verdict_init(&verdict);
    cr_assert_eq(proof_verify(story_file(s, proof), s->genesis, NULL, &verdict), STATUS_OK, "%s",
                 verdict.text);
    proof_sentence(&verdict, s->genesis, sentence);
    proof_report(&verdict, s->genesis, report);
    for (size_t i = 0; i < count; i++)
        cr_expect(strstr(sentence, words[i]), "\"%s\" is not in: %s", words[i], sentence);
    cr_expect(strstr(report, "VERIFIED"));
    cr_expect(strstr(report, "chain       proof-story, id "));
    verdict_free(&verdict);
}

#define EXPECT_WORDS(s, proof, ...) \
    expect_words(s, proof, (const char *const[]){ __VA_ARGS__ }, \
                 sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

#endif
