/* proof/say_words.h -- what the files that put verdicts into words share: a text that is cut at its
 * end, and values as people read them.
 */
#ifndef PROOF_SAY_WORDS_H
#define PROOF_SAY_WORDS_H

#include "proof/say.h"

struct text {
    char *bytes;
    size_t size, used;
};

void say(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_hash(struct text *t, const struct digest *hash);
void say_short(struct text *t, const struct digest *hash); /* its first eight digits */
void say_hex(struct text *t, struct span bytes);
void say_address(struct text *t, enum address_kind kind, const struct id *id);
void say_time(struct text *t, uint64_t time_ms);

/* "120.05 EUR", or "12005 minor units of ast1..." of an asset that the genesis does not have. */
void say_amount(struct text *t, const struct genesis *genesis, const struct id *asset,
                int64_t amount);
void say_asset(struct text *t, const struct genesis *genesis, const struct id *asset);

/* What a state proof shows: "the posted balance of acc1... in EUR was 120.00 EUR after block 8".
 * (say_state.c) */
void say_state(struct text *t, const struct verdict *verdict, const struct genesis *genesis);

#endif
